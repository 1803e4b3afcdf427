/* rings.c: kernels for turns that do not map pixels to pixels (RULES 6), sampled from functions on the plane.
 *
 * A function is a ring times an angular part: exp(-(|x| - j)^2 / (2 * 0.6^2)) and cos or sin of m times the
 * angle of x, j = 0 ... size / 2, m = 0 ... 2j. With f = (cos, sin) one has f(gx) = F(g) f(x), where F
 * turns by m times the angle, so K(x) = B_0 cos + B_1 sin satisfies K(gx) = s(g) K(x) r(g)^-1 for all of
 * the group if and only if B is an intertwiner from r * F to s. Kinds that permute with signs: an orbit
 * on (in, out) at a time, whose first pair leaves those combinations of cos and sin that every way back to
 * it leaves alone. Others: hom_pairs. Samples that depend on earlier ones are dropped. What results is
 * exact under the turns that are symmetries of pixels, and says of itself that it is audited. */
#include "rep/kind.h"
#include <math.h>

/* at[(v * din * dout + i * dout + o) * 2 + (cos, sin)] */
typedef struct Angular { uint32_t n, cap; double *at; } Angular;

/* F of a matrix A of the plane for frequency m: A = turn * diag(1, -1)^(det < 0). */
static Matrix angular_matrix(Reps *reps, Matrix a, uint32_t m) {
  Exacts *pool = reps->groups->exacts;
  Matrix flip = matrix_identity(pool, reps->arena, 2), power = flip;
  bool mirror = exact_real(matrix_determinant(pool, reps->arena, a)) < 0;
  flip = matrix_identity(pool, reps->arena, 2);
  if (mirror) flip.at[3] = exact_int(pool, -1);
  Matrix turn = matrix_times(pool, reps->arena, a, flip);
  for (uint32_t k = 0; k < m; k++) power = matrix_times(pool, reps->arena, power, turn);
  return matrix_times(pool, reps->arena, power, flip);
}

static const Kind *angular_kind(Reps *reps, const Group *g, uint32_t m, Why *why) {
  Exacts *pool = reps->groups->exacts;
  if (!m) return kind_scalar(reps);
  Kind k = { .name = str_format(reps->arena, "angular(%u)", m), .group = g, .dim = 2, .degree = m };
  k.matrix = arena_array(reps->arena, Matrix, g->ngen + 1);
  for (uint32_t i = 0; i < g->ngen; i++) k.matrix[i] = angular_matrix(reps, g->vector[i], m);
  if (g->sort == GROUP_LIE) {
    k.algebra = arena_array(reps->arena, Matrix, 1);
    k.algebra[0] = matrix_new(pool, reps->arena, 2);
    k.algebra[0].at[1] = exact_int(pool, m);
    k.algebra[0].at[2] = exact_int(pool, -(int64_t)m);
  }
  return kind_make(reps, k, why);
}

/* --- kinds that permute with signs --------------------------------------------------------------------------- */
/* Row vectors b with b d = 0 for all d seen: starts as everything, loses what is not orthogonal. */
typedef struct Plane { uint32_t dim; double b[2][2]; } Plane;

static void constrain(Plane *p, const double d[4]) {
  for (uint32_t column = 0; column < 2 && p->dim; column++) {
    double x[2] = { 0, 0 };
    for (uint32_t v = 0; v < p->dim; v++) x[v] = p->b[v][0] * d[column] + p->b[v][1] * d[2 + column];
    if (fabs(x[0]) < 1e-9 && fabs(x[1]) < 1e-9) continue;
    if (p->dim == 2) {                               /* of b_0 and b_1 the combination that vanishes */
      double r = hypot(x[0], x[1]), b[2];
      for (int c = 0; c < 2; c++) b[c] = (x[1] * p->b[0][c] - x[0] * p->b[1][c]) / r;
      double sign = b[0] < -1e-9 || (fabs(b[0]) <= 1e-9 && b[1] < 0) ? -1 : 1;
      for (int c = 0; c < 2; c++) p->b[0][c] = fabs(b[c]) < 1e-15 ? 0 : sign * b[c];
    }
    p->dim--;
  }
}

typedef struct Pairs {              /* orbits on (in, out)                                             */
  uint32_t total;
  bool *seen;
  uint32_t *queue, n;
  double (*way)[4];                 /* B of the pair is B of the first pair times this                 */
} Pairs;

/* The orbit of pair `first`, and which B the first pair may have. F: [generator] of the kinds' group, row by row. */
static Plane walk(Pairs *w, uint32_t first, const Kind *in, const Kind *out, const double *F, uint32_t nangular) {
  Plane plane = { nangular, { { 1, 0 }, { 0, 1 } } };
  uint32_t dout = out->dim;
  w->n = 1;
  w->queue[0] = first;
  w->seen[first] = true;
  memcpy(w->way[first], (double[4]){ 1, 0, 0, 1 }, sizeof *w->way);
  for (uint32_t k = 0; k < w->n; k++)
    for (uint32_t g = 0; g < in->group->ngen; g++) {
      uint32_t v = w->queue[k];
      int32_t i = in->image[g][v / dout], o = out->image[g][v % dout];
      double sign = (i < 0) != (o < 0) ? -1 : 1, m[4];
      uint32_t to = ((uint32_t)(i < 0 ? -i : i) - 1) * dout + (uint32_t)(o < 0 ? -o : o) - 1;
      const double *a = w->way[v], *f = F + 4 * g;   /* B(to) F = sign B(v): F is orthogonal            */
      for (int r = 0; r < 2; r++)
        for (int c = 0; c < 2; c++) m[2 * r + c] = sign * (a[2 * r] * f[2 * c] + a[2 * r + 1] * f[2 * c + 1]);
      if (!w->seen[to]) {
        w->seen[to] = true;
        w->queue[w->n++] = to;
        memcpy(w->way[to], m, sizeof m);
      } else {
        for (int c = 0; c < 4; c++) m[c] -= w->way[to][c];
        if (nangular == 1) m[1] = m[2] = m[3] = 0;
        constrain(&plane, m);
      }
    }
  return plane;
}

/* Room for one more combination, of `size` numbers. */
static double *more(Arena *arena, Angular *a, size_t size) {
  if (a->n == a->cap) {
    uint32_t cap = a->cap ? 2 * a->cap : 4;
    a->at = arena_grow(arena, a->at, sizeof *a->at * size * a->cap, sizeof *a->at * size * cap);
    a->cap = cap;
  }
  return a->at + size * a->n++;
}

static Angular by_pairs(Reps *reps, const Group *plane_group, uint32_t m, const Kind *in, const Kind *out) {
  Arena *arena = reps->arena;
  const Group *g = in->group;
  uint32_t total = in->dim * out->dim, first_gen;
  bool held = group_holds(g, plane_group, &first_gen);
  assert(held);
  (void)held;
  double *F = arena_array(arena, double, 4 * g->ngen + 4);
  for (uint32_t i = 0; i < g->ngen; i++) F[4 * i] = F[4 * i + 3] = 1;
  for (uint32_t i = 0; i < plane_group->ngen; i++) {
    Matrix a = angular_matrix(reps, plane_group->vector[i], m);
    for (int c = 0; m && c < 4; c++) F[4 * (first_gen + i) + (uint32_t)c] = exact_real(a.at[c]);
  }
  Pairs w = { .total = total, .seen = arena_array(arena, bool, total), .queue = arena_array(arena, uint32_t, total) };
  w.way = arena_alloc(arena, sizeof *w.way * total);
  Angular result = { 0 };
  for (uint32_t first = 0; first < total; first++) {
    if (w.seen[first]) continue;
    Plane p = walk(&w, first, in, out, F, m ? 2 : 1);
    if (m && plane_group->sort == GROUP_LIE) p.dim = 0;   /* turns by any angle leave no direction      */
    for (uint32_t v = 0; v < p.dim; v++) {
      double *all = more(arena, &result, 2 * (size_t)total);
      for (uint32_t k = 0; k < w.n; k++) {
        double *to = all + (size_t)w.queue[k] * 2;
        const double *a = w.way[w.queue[k]];
        for (int c = 0; c < 2; c++) to[c] = p.b[v][0] * a[c] + p.b[v][1] * a[2 + c];
      }
    }
  }
  return result;
}

/* --- other kinds ------------------------------------------------------------------------------------------------ */
static bool by_intertwiners(Reps *reps, const Group *g, uint32_t m, const Kind *in, const Kind *out, Angular *result,
    Why *why) {
  const Kind *f = angular_kind(reps, g, m, why);
  const Basis *b = f ? hom_pairs(reps, in, f, out, why) : NULL;
  if (!b) return false;
  uint32_t total = in->dim * out->dim;
  *result = (Angular){ b->n, b->n, arena_array(reps->arena, double, (size_t)b->n * total * 2) };
  for (uint32_t e = 0; e < b->nnz; e++) {
    const BasisEntry *z = &b->nz[e];
    result->at[((size_t)z->k * total + z->in / f->dim * out->dim + z->out) * 2 + z->in % f->dim] = z->value;
  }
  return true;
}

/* --- sampling --------------------------------------------------------------------------------------------------- */
static double ring(double radius, uint32_t j) {
  double d = radius - j;
  return exp(-d * d / (2 * 0.6 * 0.6));
}

static void sample(const Angular *a, uint32_t v, uint32_t total, uint32_t size, uint32_t j, uint32_t m, double *to) {
  int half = (int)(size / 2);
  for (uint32_t x = 0; x < size * size; x++) {
    int y0 = (int)(x / size) - half, y1 = (int)(x % size) - half;
    double angle = m * atan2(y1, y0), value = ring(sqrt((double)(y0 * y0 + y1 * y1)), j);
    bool centre = !y0 && !y1;                        /* which has no angle                         */
    double c = centre && m ? 0 : value * cos(angle), s = centre || !m ? 0 : value * sin(angle);
    for (uint32_t p = 0; p < total; p++) {
      const double *b = a->at + ((size_t)v * total + p) * 2;
      to[(size_t)x * total + p] = b[0] * c + b[1] * s;
    }
  }
}

Basis *kernel_rings(Reps *reps, const GridAction *a, uint32_t size, const Kind *in, const Kind *out, Why *why) {
  const Group *g = a->group;
  Exacts *pool = reps->groups->exacts;
  if (size % 2 == 0) {
    why_no(why, E0111, "a kernel of size %u: `%.*s` has turns that do not map pixels to pixels, and needs an odd one",
           size, STR(g->name));
    return NULL;
  }
  for (uint32_t i = 0; i < g->ngen; i++) {
    Matrix t = matrix_transpose(pool, reps->arena, g->vector[i]);
    if (matrix_is_identity(matrix_times(pool, reps->arena, t, g->vector[i]))) continue;
    why_no(why, E0405, "`%.*s` of `%.*s` does not keep distances, so it turns no pixels", STR(g->gen[i]), STR(g->name));
    return NULL;
  }
  uint32_t most = 2 * (size / 2), total = in->dim * out->dim, n = 0, next = 0;
  Angular *angular = arena_array(reps->arena, Angular, most + 1);
  bool by_sign = kind_signed(in) && kind_signed(out);
  for (uint32_t m = 0; m <= most; m++) {
    if (by_sign) angular[m] = by_pairs(reps, g, m, in, out);
    else if (!by_intertwiners(reps, g, m, in, out, &angular[m], why)) return NULL;
    for (uint32_t j = 0; j <= size / 2; j++) n += m <= 2 * j ? angular[m].n : 0;
  }
  size_t length = (size_t)size * size * total;
  Arena scratch = { 0 };
  double *at = arena_array(&scratch, double, n * length);
  for (uint32_t j = 0; j <= size / 2; j++)
    for (uint32_t m = 0; m <= 2 * j; m++)
      for (uint32_t v = 0; v < angular[m].n; v++) sample(&angular[m], v, total, size, j, m, at + length * next++);
  Basis *basis = basis_of_vectors(reps->arena, size * size, in->dim, out->dim, at, n, true);
  arena_free(&scratch);
  basis->audited = true;
  return basis;
}
