/* graph_cases.h: small Graphs, one or more for each op, with inputs that a group moves: the rows of the laws.
 *
 * D(4) acts on grids, windows, a torus, and on frames: regular (permutes), vector (signs), skew (mixes, and is not
 * orthogonal, so its dual is another). A set V and the samples are permuted. Inputs are random in (0.5, 1.5), so that
 * logarithms exist and maxima have no ties. */
#ifndef GDLC_TESTS_GRAPH_CASES_H
#define GDLC_TESTS_GRAPH_CASES_H
#include "graph/graph.h"
#include <math.h>
#include <stdlib.h>

enum { INPUTS_MOST = 24, BATCH = 2, SET = 5, POINTERS = 7 };

typedef struct Case {
  Arena *arena;
  Reps *reps;
  Graph *g;
  uint16_t X, W, Y, P1, T;           /* grids: 4x4, 3x3 window, 2x2, 1x1; torus 4x4                */
  uint16_t V, E, line;               /* a set, edges on it; three rows that nothing moves          */
  uint16_t regular, vector, skew;
  uint32_t n;
  Val x[INPUTS_MOST];
  double *data[INPUTS_MOST];                                  /* real inputs; ints as int32_t in idata */
  int32_t *idata[INPUTS_MOST];
  uint16_t points_to[INPUTS_MOST];
  uint64_t seed;
} Case;

static inline double draw(Case *c) {
  c->seed = c->seed * 6364136223846793005u + 1442695040888963407u;
  return (double)(c->seed >> 11) * 0x1p-53;
}

static inline Shape shape_of(const char *unused, int rank, const Axis *axis) {
  (void)unused;
  Shape s = { .number = NUMBER_REAL, .rank = (uint8_t)rank };
  memcpy(s.axis, axis, (size_t)rank * sizeof *axis);
  return s;
}
#define AXES(...) shape_of("", (int)(sizeof((Axis[]){ __VA_ARGS__ }) / sizeof(Axis)), (Axis[]){ __VA_ARGS__ })
#define ROW(c, d) axis_row((c)->g, (c)->d)
#define REP(c, f) axis_rep((c)->g, (c)->f, false)
#define DUAL(c, f) axis_rep((c)->g, (c)->f, true)
#define SAMPLE(c) axis_row((c)->g, 1)
#define MUL(n) axis_mul(n)
static const int64_t case_sizes[8] = { BATCH };

/* An argument holds up to 4 axes; the value may have more, so it is declared flat. */
static inline Val real_input(Case *c, Shape s) {
  uint64_t count = shape_count(&s, case_sizes);
  Arg a = { .name = str_format(c->arena, "x%u", c->n), .role = ARG_IN, .rank = 1, .axis = { axis_mul((Size)count) } };
  uint32_t arg = graph_arg(c->g, &a);
  c->data[c->n] = arena_array(c->arena, double, count);
  for (uint64_t i = 0; i < count; i++) c->data[c->n][i] = 0.5 + draw(c);
  return c->x[c->n++] = graph_input(c->g, arg, &s, 0, 0);
}

static inline Val int_input(Case *c, Shape s, uint16_t points_to) {
  uint64_t count = shape_count(&s, case_sizes);
  s.number = NUMBER_INT;
  Arg a = { .name = str_format(c->arena, "i%u", c->n), .role = ARG_INDEX, .number = NUMBER_INT, .rank = 1,
      .axis = { axis_mul((Size)count) } };
  uint32_t arg = graph_arg(c->g, &a);
  int64_t n = c->g->dom.at[points_to].n;
  c->idata[c->n] = arena_array(c->arena, int32_t, count);
  /* nobody points to the last */
  for (uint64_t i = 0; i < count; i++) c->idata[c->n][i] = (int32_t)(draw(c) * (double)(n - 1));
  c->points_to[c->n] = points_to;
  return c->x[c->n++] = graph_input(c->g, arg, &s, 0, 0);
}

/* --- the group -------------------------------------------------------------------------------- */
static inline uint16_t grid_dom(Case *c, const char *name, const GridAction *a, uint32_t h, uint32_t w,
    bool torus, bool window) {
  return graph_dom(c->g, &(Dom){ .name = str_of(name), .n = (Size)(h * w), .ndim = 2, .shape = { h, w },
      .moved = true, .action = a,
                                 .wrap = torus, .window = window });
}

static inline void case_open(Case *c, Arena *arena, uint64_t seed) {
  *c = (Case){ .arena = arena, .seed = seed };
  Groups *groups = arena_one(arena, Groups);
  *groups = (Groups){ .arena = arena, .exacts = exacts_open() };
  c->reps = arena_one(arena, Reps);
  *c->reps = (Reps){ .arena = arena, .groups = groups };
  Exacts *e = groups->exacts;
  const Group *d4 = group_dihedral(groups, 4);
  c->g = graph_open(arena, S("law"), ENTRY_INFER);
  const GridAction *a = grid_action(c->reps, d4, 2, NULL);
  c->X = grid_dom(c, "X", a, 4, 4, false, true);
  c->W = grid_dom(c, "window 3x3", a, 3, 3, false, true);
  c->Y = grid_dom(c, "Y", a, 2, 2, false, true);
  c->P1 = grid_dom(c, "one", a, 1, 1, false, true);
  c->T = grid_dom(c, "T", a, 4, 4, true, false);
  c->V = graph_dom(c->g, &(Dom){ .name = S("V"), .n = SET, .ndim = 1, .shape = { SET, 1 }, .moved = true });
  c->E = graph_dom(c->g, &(Dom){ .name = S("E"), .n = POINTERS, .ndim = 1, .shape = { POINTERS, 1 }, .moved = true });
  c->line = graph_dom(c->g, &(Dom){ .name = S("words"), .n = 3, .ndim = 1, .shape = { 3, 1 } });
  c->regular = graph_frame(c->g, kind_regular(c->reps, d4, NULL));
  c->vector = graph_frame(c->g, kind_vector(c->reps, d4, NULL));
  /* the vector in the basis (1, 0), (1, 1): A = S^-1 g S with S = [[1, 1], [0, 1]] */
  static const int skew[2][4] = { { -1, -2, 1, 1 }, { 1, 2, 0, -1 } };
  Matrix m[2];
  for (int g = 0; g < 2; g++) {
    m[g] = (Matrix){ 2, arena_array(arena, const Exact *, 4) };
    for (int i = 0; i < 4; i++) m[g].at[i] = exact_int(e, skew[g][i]);
  }
  const Kind *k = kind_matrices(c->reps, d4, S("skew"), m, NULL);
  c->skew = graph_frame(c->g, k);
}
static inline void case_close(Case *c) { exacts_close(c->reps->groups->exacts); }

/* Where row i of a domain goes under generator gen. */
static inline uint32_t row_image(const Graph *g, uint16_t dom, uint32_t gen, uint32_t i, int64_t n) {
  const Dom *d = &g->dom.at[dom];
  if (!d->moved) return i;
  if (!d->action) return (uint32_t)((i + 1 + gen) % (uint32_t)n);
  uint32_t row[64];
  uint32_t p = 0;
  const GridAction *a = d->action;                            /* generators of D(4): elements 1 (r) and 4 (m) */
  while (a->pixel[p] != (gen ? 4u : 1u)) p++;
  if (d->window) grid_permute_window(a, p, d->shape, row);
  else grid_permute_torus(a, p, d->shape, row);
  return row[i];
}

static inline void invert2(uint32_t n, const double *m, double *out) {
  double a[64][128] = { { 0 } };
  for (uint32_t i = 0; i < n; i++)
    for (uint32_t j = 0; j < n; j++) { a[i][j] = m[i * n + j]; a[i][n + j] = i == j; }
  for (uint32_t k = 0; k < n; k++) {
    uint32_t best = k;
    for (uint32_t i = k; i < n; i++) if (fabs(a[i][k]) > fabs(a[best][k])) best = i;
    for (uint32_t j = 0; j < 2 * n; j++) { double t = a[k][j]; a[k][j] = a[best][j]; a[best][j] = t; }
    double by = a[k][k];
    for (uint32_t j = 0; j < 2 * n; j++) a[k][j] /= by;
    for (uint32_t i = 0; i < n; i++)
      if (i != k) { double f = a[i][k]; for (uint32_t j = 0; j < 2 * n; j++) a[i][j] -= f * a[k][j]; }
  }
  for (uint32_t i = 0; i < n; i++)
    for (uint32_t j = 0; j < n; j++) out[i * n + j] = a[i][n + j];
}

/* y = generator gen acting on the axes of x, one axis after another. */
static inline void act(const Graph *g, const Shape *s, uint32_t gen, const double *x, double *y) {
  uint64_t count = shape_count(s, case_sizes);
  double *now = malloc(sizeof *now * (count + 1)), *next = calloc(count + 1, sizeof *next);
  memcpy(now, x, count * sizeof *now);
  for (int a = 0; a < s->rank; a++) {
    int64_t n = s->axis[a].n >= 0 ? s->axis[a].n : case_sizes[-s->axis[a].n - 1], post = 1;
    for (int b = a + 1; b < s->rank; b++) post *= s->axis[b].n >= 0 ? s->axis[b].n : case_sizes[-s->axis[b].n - 1];
    memset(next, 0, count * sizeof *next);
    double m[64 * 64] = { 0 }, inverse[64 * 64];
    if (s->axis[a].role == ROLE_REP) {
      kind_generator(g->frame.at[s->axis[a].what].kind, gen, m);
      if (s->axis[a].dual) {
        invert2((uint32_t)n, m, inverse);
        for (int64_t i = 0; i < n; i++) for (int64_t j = 0; j < n; j++) m[i * n + j] = inverse[j * n + i];
      }
    }
    for (uint64_t e = 0; e < count; e++) {
      int64_t i = (int64_t)e / post % n, base = (int64_t)e - i * post;
      if (s->axis[a].role == ROLE_REP) for (int64_t k = 0; k < n; k++) next[base + k * post] += m[k * n + i] * now[e];
      else if (s->axis[a].role == ROLE_ROW)
        next[base + row_image(g, s->axis[a].what, gen, (uint32_t)i, n) * post] = now[e];
      else next[e] = now[e];
    }
    double *t = now; now = next; next = t;
  }
  memcpy(y, now, count * sizeof *y);
  free(now);
  free(next);
}

/* An invariant table by averaging a random one over the eight elements. */
static inline Val invariant_table(Case *c, Shape s) {
  uint64_t count = shape_count(&s, case_sizes);
  double *x = calloc(count, sizeof *x), *sum = calloc(count, sizeof *sum), *y = calloc(count, sizeof *y);
  for (uint64_t i = 0; i < count; i++) x[i] = draw(c);
  for (int turn = 0; turn < 8; turn++) {
    for (uint64_t i = 0; i < count; i++) sum[i] += x[i] / 8;
    act(c->g, &s, turn == 3 ? 1 : 0, x, y);                   /* 1 r r2 r3, then a mirror, then turns of it */
    memcpy(x, y, count * sizeof *x);
  }
  ConstTable t = { .name = S("invariant"), .rank = s.rank, .invariant = true };
  memcpy(t.axis, s.axis, s.rank * sizeof *s.axis);
  t.nz = arena_array(c->arena, Nz, count);
  for (uint64_t i = 0; i < count; i++) {
    if (fabs(sum[i]) < 1e-12) continue;
    uint64_t rest = i;
    for (int a = s.rank - 1; a >= 0; a--) { t.nz[t.n].i[a] = (uint16_t)(rest % (uint64_t)s.axis[a].n);
        rest /= (uint64_t)s.axis[a].n; }
    t.nz[t.n++].v = sum[i];
  }
  free(x); free(sum); free(y);
  return graph_const_table(c->g, graph_table(c->g, &t));
}

/* --- the rows --------------------------------------------------------------------------------- */
static inline Val case_map_signs(Case *c) {
  Val x = real_input(c, AXES(SAMPLE(c), REP(c, vector), MUL(2))), s = real_input(c, AXES(MUL(2)));
  return graph_map(c->g, "bgi,i->bgi", "tanh(x0) * x1 + asinh(x0 * x1)", (Val[]){ x, s }, 2);
}
static inline Val case_map_mixes(Case *c) {
  Val x = real_input(c, AXES(SAMPLE(c), REP(c, skew), MUL(2))), s = real_input(c, AXES(SAMPLE(c))),
      t = real_input(c, AXES(SAMPLE(c), REP(c, skew), MUL(2)));
  return graph_map(c->g, "bgi,b,bgi->bgi", "x0 * exp(x1) - x2 / x1", (Val[]){ x, s, t }, 3);
}
static inline Val case_map_permutes(Case *c) {
  Val x = real_input(c, AXES(SAMPLE(c), REP(c, regular), MUL(2))), s = real_input(c, AXES(MUL(2)));
  return graph_map(c->g, "bgi,i->bgi", "select(1 < x0, x0 * x1 * sigmoid(x0), x1 * x0) + max(x0, x1)",
      (Val[]){ x, s }, 2);
}
static inline Val case_map_functions(Case *c) {
  Val x = real_input(c, AXES(SAMPLE(c), MUL(3))), y = real_input(c, AXES(SAMPLE(c)));
  return graph_map(c->g, "bi,b->bi",
      "exp(x0) + log(x1) * tanh(x0) + sigmoid(x1) * sin(x0) * cos(x1) + sqrt(x0) * rsqrt(x1) + rsqrt0(x0 * x1) + "
                                     "sinc(x0) * dsinc(x1) + d2sinc(x0) + asinh(x1) + pow(x0, x1) + min(x0, x1) + x0 "
                                         "/ x1 - pow(x1, 2.5)", (Val[]){ x, y }, 2);
}
static inline Val case_map_diagonal(Case *c) {
  Val x = real_input(c, AXES(SAMPLE(c), ROW(c, V), ROW(c, V)));
  return graph_map(c->g, "bXX->bX", "x0 * x0", &x, 1);
}
static inline Val case_map_labels(Case *c) {                  /* the label of a moved row against a position */
  Val x = real_input(c, AXES(SAMPLE(c), ROW(c, V))), i = int_input(c, AXES(SAMPLE(c)), c->V);
  Shape s = AXES(ROW(c, V));
  s.number = NUMBER_INT;
  Val at = graph_iota(c->g, &s, 0);
  return graph_map(c->g, "bX,X,b->bX", "select(x1 == x2, x0 * x0, 0)", (Val[]){ x, at, i }, 3);
}
static inline Val case_contract_gemm(Case *c) {
  Val x = real_input(c, AXES(SAMPLE(c), ROW(c, V), MUL(3))), w = real_input(c, AXES(MUL(3), MUL(2)));
  return graph_contract(c->g, "bXi,io->bXo", (Val[]){ x, w }, 2);
}
static inline Val case_contract_table(Case *c) {
  Val x = real_input(c, AXES(SAMPLE(c), REP(c, skew), MUL(2))), y = real_input(c, AXES(SAMPLE(c), REP(c,
      regular))), w = real_input(c, AXES(MUL(3), MUL(2)));
  Val t = invariant_table(c, AXES(DUAL(c, skew), REP(c, regular), REP(c, vector), MUL(3)));
  return graph_contract(c->g, "bgi,bh,ghqk,ki->bqi", (Val[]){ x, y, t, w }, 4);
}
static inline Val case_contract_dual(Case *c) {
  Val x = real_input(c, AXES(SAMPLE(c), REP(c, skew), MUL(2))), y = real_input(c, AXES(SAMPLE(c), DUAL(c,
      skew), MUL(2)));
  return graph_contract(c->g, "bgi,bgi->b", (Val[]){ x, y }, 2);
}
static inline Val case_contract_power(Case *c) {
  Val x = real_input(c, AXES(SAMPLE(c), REP(c, regular), MUL(2)));
  return graph_contract(c->g, "bgi,bgi,bgo->bio", (Val[]){ x, x, x }, 3);
}
static inline Val case_contract_signs(Case *c) {
  Val x = real_input(c, AXES(SAMPLE(c), REP(c, vector), MUL(2)));
  return graph_contract(c->g, "bgi,bgi,bgo->bgo", (Val[]){ x, x, x }, 3);
}
static inline Val case_contract_trace(Case *c) {
  Val x = real_input(c, AXES(SAMPLE(c), ROW(c, V), ROW(c, V), MUL(2)));
  return graph_contract(c->g, "bXXi->bi", &x, 1);
}
static inline Val case_contract_broadcast(Case *c) {
  Val x = real_input(c, AXES(MUL(2)));
  Shape s = AXES(SAMPLE(c), ROW(c, V), MUL(2));
  Labels l = { .of = { { 1 } }, .out = { 2, 3, 1 } };
  return graph_contract_labels(c->g, &l, &x, 1, &s);
}
static inline Val case_gather(Case *c) {
  Val x = real_input(c, AXES(SAMPLE(c), ROW(c, V), REP(c, skew), MUL(2))), i = int_input(c, AXES(SAMPLE(c),
      ROW(c, E)), c->V);
  return graph_gather(c->g, x, i, 1);
}
static inline Val case_gather_alone(Case *c) {                /* the index is the same for all samples */
  Val x = real_input(c, AXES(SAMPLE(c), ROW(c, V), MUL(2))), i = int_input(c, AXES(ROW(c, E)), c->V);
  return graph_gather(c->g, x, i, 1);
}
static inline Val case_gather_words(Case *c) {
  Val x = real_input(c, AXES(ROW(c, line), MUL(2))), i = int_input(c, AXES(SAMPLE(c), ROW(c, V)), c->line);
  return graph_gather(c->g, x, i, 0);
}
static inline Val case_segment(Case *c) {
  Val x = real_input(c, AXES(SAMPLE(c), ROW(c, E), REP(c, vector), MUL(2))), i = int_input(c, AXES(SAMPLE(c),
      ROW(c, E)), c->V);
  return graph_segment(c->g, x, i, 1, c->V);
}
static inline Val case_lse(Case *c) {
  Val x = real_input(c, AXES(SAMPLE(c), ROW(c, V), REP(c, regular), MUL(2)));
  return graph_lse(c->g, x, 1u << 1 | 1u << 2);
}
static inline Val not_empty(Case *c, Val y) { return graph_map(c->g, "bXi->bXi", "select(-inf < x0, x0, 0)", &y, 1); }
static inline Val case_lse_at(Case *c) {
  Val x = real_input(c, AXES(SAMPLE(c), ROW(c, E), MUL(2))), i = int_input(c, AXES(SAMPLE(c), ROW(c, E)), c->V);
  return not_empty(c, graph_lse_at(c->g, x, i, 1, c->V));
}
static inline Val case_rmax(Case *c) {
  Val x = real_input(c, AXES(SAMPLE(c), ROW(c, V), REP(c, regular)));
  return graph_rmax(c->g, x, 1u << 2, -INFINITY);
}
static inline Val case_rmax_at(Case *c) {
  Val x = real_input(c, AXES(SAMPLE(c), ROW(c, E), MUL(2))), i = int_input(c, AXES(SAMPLE(c), ROW(c, E)), c->V);
  return graph_rmax_at(c->g, x, i, 1, c->V, 0.25);
}
#define WINDOW(c, to, w, stride, by, pad) \
  (View){ .sort = VIEW_WINDOW, .axis = 1, .dom = (c)->to, .win = (c)->w, .d = { { stride, by, -(pad), 1 }, \
      { stride, by, -(pad), 1 } } }
static inline Val case_view_window(Case *c) {
  Val x = real_input(c, AXES(SAMPLE(c), ROW(c, X), REP(c, vector)));
  View v = WINDOW(c, X, W, 1, 1, 1);
  return graph_view(c->g, x, &v);
}
static inline Val case_view_stride(Case *c) {
  Val x = real_input(c, AXES(SAMPLE(c), ROW(c, X), MUL(2)));
  View v = WINDOW(c, Y, Y, 2, 1, 0);
  return graph_view(c->g, x, &v);
}
static inline Val case_view_torus(Case *c) {
  Val x = real_input(c, AXES(SAMPLE(c), ROW(c, T), MUL(2)));
  View v = WINDOW(c, T, W, 1, 1, 1);
  return graph_view(c->g, x, &v);
}
static inline Val case_view_slice(Case *c) {
  Val x = real_input(c, AXES(SAMPLE(c), REP(c, skew), MUL(4)));
  return graph_view(c->g, x, &(View){ .sort = VIEW_SLICE, .axis = 2, .from = 1, .n = 2 });
}
static inline Val case_view_row(Case *c) {
  Val x = real_input(c, AXES(SAMPLE(c), ROW(c, line), MUL(2)));
  return graph_view(c->g, x, &(View){ .sort = VIEW_SLICE, .axis = 1, .from = 2, .n = 1, .drop = true });
}
static inline Val case_view_split(Case *c) {
  Val x = real_input(c, AXES(SAMPLE(c), REP(c, vector), MUL(6)));
  return graph_view(c->g, x, &(View){ .sort = VIEW_SPLIT, .axis = 2, .n = 3 });
}
static inline Val case_view_merge(Case *c) {
  Val x = real_input(c, AXES(SAMPLE(c), REP(c, vector), MUL(2), MUL(3)));
  return graph_view(c->g, x, &(View){ .sort = VIEW_MERGE, .axis = 2 });
}
static inline Val case_view_retype(Case *c) {
  Val x = real_input(c, AXES(SAMPLE(c), ROW(c, P1), REP(c, skew), MUL(2)));
  return graph_view(c->g, x, &(View){ .sort = VIEW_RETYPE, .to = AXES(SAMPLE(c), REP(c, skew), MUL(2)) });
}
static inline Val case_fold_window(Case *c) {
  Val x = real_input(c, AXES(SAMPLE(c), ROW(c, X), ROW(c, W), MUL(2)));
  View v = WINDOW(c, X, W, 1, 1, 1);
  Shape of = AXES(SAMPLE(c), ROW(c, X), MUL(2));
  return graph_fold(c->g, x, &v, &of);
}
static inline Val case_fold_slice(Case *c) {
  Val x = real_input(c, AXES(SAMPLE(c), MUL(2)));
  Shape of = AXES(SAMPLE(c), MUL(5));
  return graph_fold(c->g, x, &(View){ .sort = VIEW_SLICE, .axis = 1, .from = 2, .n = 2 }, &of);
}
static inline Val case_join(Case *c) {
  Val x = real_input(c, AXES(SAMPLE(c), REP(c, skew), MUL(2))), y = real_input(c, AXES(SAMPLE(c), REP(c,
      skew), MUL(3)));
  return graph_join(c->g, (Val[]){ x, y, x }, 3, 2);
}
static inline Val case_stop(Case *c) {
  Val x = real_input(c, AXES(SAMPLE(c), MUL(2)));
  return graph_map(c->g, "bi,bi->bi", "x0 * x1", (Val[]){ x, graph_map(c->g, "bi->bi", "0 * x0 + 2",
      (Val[]){ graph_stop(c->g, x) }, 1) }, 2);
}
static inline Val harmonics_of(Case *c, uint32_t dim, uint32_t degree) {
  uint16_t f = graph_frame_of(c->g, &(Frame){ S("arrow"), ACTION_MIXES, dim, true, NULL });
  Val x = real_input(c, AXES(SAMPLE(c), axis_rep(c->g, f, false), MUL(2)));
  return graph_harmonics(c->g, x, degree);
}
static inline Val case_harmonics2(Case *c) { return harmonics_of(c, 2, 4); }
static inline Val case_harmonics3(Case *c) { return harmonics_of(c, 3, 4); }
static inline Val case_layer(Case *c) {                       /* several ops together: attention on a set */
  Val x = real_input(c, AXES(SAMPLE(c), ROW(c, V), MUL(2))), k = real_input(c, AXES(MUL(2), MUL(2)));
  Val q = graph_contract(c->g, "bXi,io->bXo", (Val[]){ x, k }, 2);
  Val logits = graph_contract(c->g, "bXi,bYi->bXY", (Val[]){ q, x }, 2);
  Val a = graph_map(c->g, "bXY,bX->bXY", "exp(x0 - x1)", (Val[]){ logits, graph_lse(c->g, logits, 1u << 2) }, 2);
  return graph_contract(c->g, "bXY,bYi->bXi", (Val[]){ a, x }, 2);
}

typedef struct CaseRow { const char *name; Val (*build)(Case *); bool moves; } CaseRow;   /* moves: frames have kinds */
static const CaseRow cases[] = {
  { "map, signs", case_map_signs, true }, { "map, mixes", case_map_mixes, true }, { "map, permutes",
      case_map_permutes, true },
  { "map, functions", case_map_functions, true }, { "map, diagonal", case_map_diagonal, true },
      { "map, labels", case_map_labels, true },
  { "contract, gemm", case_contract_gemm, true }, { "contract, table", case_contract_table, true },
      { "contract, dual", case_contract_dual, true },
  { "contract, power", case_contract_power, true }, { "contract, signs", case_contract_signs, true },
      { "contract, trace", case_contract_trace, true },
  { "contract, broadcast", case_contract_broadcast, true }, { "gather", case_gather, true },
      { "gather, alone", case_gather_alone, true },
  { "gather, words", case_gather_words, true }, { "segment", case_segment, true }, { "lse", case_lse, true },
      { "lse at", case_lse_at, true },
  { "rmax", case_rmax, true }, { "rmax at", case_rmax_at, true }, { "view, window", case_view_window, true },
  { "view, stride", case_view_stride, true }, { "view, torus", case_view_torus, true }, { "view, slice",
      case_view_slice, true },
  { "view, row", case_view_row, true }, { "view, split", case_view_split, true }, { "view, merge",
      case_view_merge, true },
  { "view, retype", case_view_retype, true }, { "fold, window", case_fold_window, true }, { "fold, slice",
      case_fold_slice, true },
  { "join", case_join, true }, { "stop", case_stop, true }, { "harmonics, circular", case_harmonics2, false },
  { "harmonics, solid", case_harmonics3, false }, { "attention", case_layer, true },
};
enum { CASES = sizeof cases / sizeof *cases };

/* --- running them ----------------------------------------------------------------------------- */
/* All values, to be freed by case_free; data: the inputs (NULL: those of the case). */
static inline double **case_values(const Case *c, const Graph *g, double *const *data, int32_t *const *idata,
    Why *why) {
  double **values = calloc(g->node.n, sizeof *values);
  void *args[INPUTS_MOST + 4] = { 0 };
  for (uint32_t i = 0; i < c->n; i++) args[i] = c->data[i] ? (void *)(data ? data[i] : c->data[i])
      : (void *)(idata ? idata[i] : c->idata[i]);
  if (graph_eval(g, case_sizes, args, values, why)) return values;
  free(values);
  return NULL;
}
static inline void values_free(const Graph *g, double **values) {
  if (!values) return;
  for (Val v = 0; v < g->node.n; v++) free(values[v]);
  free(values);
}

static inline Shape dual_shape(const Graph *g, Shape s) {
  for (int a = 0; a < s.rank; a++)
    if (s.axis[a].role == ROLE_REP && !g->frame.at[s.axis[a].what].orthogonal) s.axis[a].dual = !s.axis[a].dual;
  return s;
}

/* A number: the value paired with a random one. */
static inline Val paired(Case *c, Val y) {
  Shape s = c->g->node.at[y].shape;
  Val w = real_input(c, dual_shape(c->g, s));
  Labels l = { 0 };
  for (uint8_t a = 0; a < s.rank; a++) l.of[0][a] = l.of[1][a] = (uint8_t)(a + 1);
  return graph_contract_labels(c->g, &l, (Val[]){ y, w }, 2, NULL);
}
/* f = <y, w> + <y, w>^2, its gradients by the inputs of the row, their pairing, and its gradients. */
typedef struct Derived { uint32_t n; Val f, first[INPUTS_MOST], pairing, second[INPUTS_MOST]; } Derived;
static inline Derived derive(Case *c, Val y) {
  Derived d = { .n = c->n };
  Val s = paired(c, y), one = graph_constant(c->g, &(Shape){ 0 }, 1), by[INPUTS_MOST], sum = 0;
  d.f = graph_map(c->g, "->", "x0 + x0 * x0", &s, 1);
  uint32_t which[INPUTS_MOST], n = 0;
  for (uint32_t i = 0; i < d.n; i++)
    if (c->data[i]) { by[n] = c->x[i]; which[n++] = i; }
  Val out[INPUTS_MOST];
  graph_grad(c->g, d.f, one, by, n, out);
  for (uint32_t k = 0; k < n; k++) {
    d.first[which[k]] = out[k];
    if (!out[k]) continue;
    Val p = paired(c, out[k]);
    sum = sum ? graph_map(c->g, ",->", "x0 + x1", (Val[]){ sum, p }, 2) : p;
  }
  d.pairing = sum;
  graph_grad(c->g, sum, one, by, n, out);
  for (uint32_t k = 0; k < n; k++) d.second[which[k]] = out[k];
  return d;
}
#endif
