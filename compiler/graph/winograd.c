/* winograd.c: a convolution of 3 x 3 as products of transformed tiles, F(4,3) in both directions.
 *
 * Reads a Graph behind simplify and returns one in which
 *
 *     y[b,X,o] = sum over W, i of x[b,X+W,i] f[W,i,o]           contract of a window, stride 1, dilation 1
 * is
 *     t [b,T,u,v,i]    tiles of 6 x 6, 4 apart                  a window of stride 4; what lies outside is 0
 *     v [b,p,q,T,i]    B^T t B                                  two contracts of a table
 *     g [p,q,i,o]      G f G^T                                  two contracts of a table, without rows: once a call
 *     m [b,p,q,T,o]    sum over i of v g                        one contract, p and q in all three: a batch of 36 gemms
 *     y [b,X,o]        A^T m A                                 two contracts of a table, and the fold of tiles of 4 x 4
 *
 * The last tiles hang over the picture where 4 does not divide it; the fold drops what they compute there. A window
 * that runs backwards (the gradient by the input) is one that runs forwards with the filter backwards. The weight
 * gradient stays as it is.
 *
 * Why it is right: for every point s, the polynomials satisfy (f x)(s) = f(s) x(s); six points determine a product of
 * degree 5, and its transpose is a correlation. The points are 0, 3/4, -3/4, 3/2, -3/2 and infinity: all entries of A
 * and B are exact, and the error in f32 is half of what 0, 1, -1, 2, -2 give, twice that of the direct sum. A quarter
 * turn does not commute with any of these values, only with y; so they are waived, and the laws and audits hold y. */
#include "graph/winograd.h"

/* that are expected where nobody says how many: the filter is transformed once a call */
enum { FEW_SAMPLES = 4 };

static const double points[WINOGRAD_IN - 1] = { 0, 0.75, -0.75, 1.5, -1.5 };

/* Row i of B: the coefficients of the product of (s - p) over all points p but the i-th; of the last row, over all
 * points. Its value at point i goes to G. */
Winograd winograd_tables(bool flipped) {
  Winograd w = { 0 };
  for (int i = 0; i < WINOGRAD_IN; i++) {
    bool last = i == WINOGRAD_IN - 1;
    double value = 1;
    int degree = 0;
    w.b[i][0] = 1;
    for (int j = 0; j < WINOGRAD_IN - 1; j++) {
      if (j == i) continue;
      degree++;
      for (int d = degree; d >= 0; d--) w.b[i][d] = (d ? w.b[i][d - 1] : 0) - points[j] * w.b[i][d];
      if (!last) value *= points[i] - points[j];
    }
    double power = 1;
    for (int r = 0; r < WINOGRAD_OUT; r++) {
      w.a[r][i] = last ? r == WINOGRAD_OUT - 1 : power;
      if (!last) power *= points[i];
    }
    power = 1;
    for (int k = 0; k < WINOGRAD_TAPS; k++) {
      w.g[i][flipped ? WINOGRAD_TAPS - 1 - k : k] = last ? k == WINOGRAD_TAPS - 1 : power / value;
      if (!last) power *= points[i];
    }
  }
  return w;
}

WinogradPrice winograd_price(int64_t pixels, int64_t tiles, int64_t in, int64_t out, int64_t batch) {
  double ci = (double)in, co = (double)out, t = (double)tiles;
  enum { INPUT = 700, OUTPUT = 600, FILTER = 600 };   /* of a tile and channel, loads and stores included */
  return (WinogradPrice){ 9 * (double)pixels * ci * co,
                          t * (36 * ci * co + INPUT * ci + OUTPUT * co) + FILTER * ci * co / (double)batch };
}

/* --- which contracts -------------------------------------------------------------------------------------------- */
typedef struct Conv {
  Val view, filter;
  int x;                            /* operand that is the window                                  */
  uint8_t tap;                      /* the label of its places                                     */
  uint32_t tiles[2];
} Conv;

static int places(const uint8_t *labels, uint8_t l) {
  int n = 0;
  for (int a = 0; a < RANK_MOST; a++) n += labels[a] == l;
  return n;
}

static bool is_window(const Graph *g, const Node *n) {
  if (n->op != OP_view || n->view->sort != VIEW_WINDOW || !n->view->win || n->view->axis != 1 || n->view->fill != 0)
    return false;
  const Dom *win = &g->dom.at[n->view->win], *rows = &g->dom.at[n->view->dom];
  if (win->ndim != 2 || rows->ndim != 2 || n->shape.axis[0].what != 1 || n->shape.axis[0].role != ROLE_ROW)
    return false;
  for (int d = 0; d < 2; d++)
    if (win->shape[d] != WINOGRAD_TAPS || n->view->d[d].row != 1 || n->view->d[d].div != 1 || (n->view->d[d].win != 1 &&
        n->view->d[d].win != -1)) return false;
  return true;
}

/* bXWi,Wio->bXo, with one or two axes of channels on either side. */
static bool conv_of(const Graph *g, const Node *n, bool all, Conv *c) {
  if (n->op != OP_contract || n->nargs != 2) return false;
  int x = is_window(g, &g->node.at[n->arg[1]]);
  const Node *view = &g->node.at[n->arg[x]];
  if (!is_window(g, view)) return false;
  const Shape *xs = &view->shape, *fs = &g->node.at[n->arg[!x]].shape;
  const uint8_t *xl = n->labels->of[x], *fl = n->labels->of[!x], *out = n->labels->out;
  if (n->shape.rank < 3 || out[0] != xl[0] || out[1] != xl[1] || xs->rank > 5 || n->shape.rank > 4) return false;
  int64_t in = 1, to = 1;
  for (int a = 0; a < xs->rank; a++) {
    bool row = a < 2;
    if (places(xl, xl[a]) != 1 || places(fl, xl[a]) != !row || places(out, xl[a]) != row) return false;
    if (a > 2) in *= xs->axis[a].n;
  }
  for (int a = 2; a < n->shape.rank; a++) {
    if (places(out, out[a]) != 1 || places(fl, out[a]) != 1 || places(xl, out[a])) return false;
    to *= n->shape.axis[a].n;
  }
  if (fs->rank != xs->rank - 2 + n->shape.rank - 2) return false;
  for (int a = 0; a < fs->rank; a++)
    if (fl[a] != xl[2] && fs->axis[a].role == ROLE_ROW) return false;
  *c = (Conv){ n->arg[x], n->arg[!x], x, xl[2], { 0 } };
  const Dom *rows = &g->dom.at[view->view->dom];
  for (int d = 0; d < 2; d++) c->tiles[d] = (rows->shape[d] + WINOGRAD_OUT - 1) / WINOGRAD_OUT;
  WinogradPrice p = winograd_price(rows->n, (int64_t)c->tiles[0] * c->tiles[1], in, to,
      g->expect[0] > 1 ? g->expect[0] : FEW_SAMPLES);
  return all || p.winograd < p.direct;
}

/* --- what they become ------------------------------------------------------------------------------------------- */
/* Rows that nothing moves. */
static uint16_t line(Graph *g, const char *name, uint32_t n) {
  return graph_dom(g, &(Dom){ .name = str_of(name), .n = (Size)n, .ndim = 1, .shape = { n, 1 } });
}
static uint16_t grid(Graph *g, const char *name, uint32_t y, uint32_t x) {
  return graph_dom(g, &(Dom){ .name = str_format(g->arena, "%s(%u, %u)", name, y, x), .n = (Size)(y * x), .ndim = 2,
      .shape = { y, x } });
}

/* entry[row][column] as a table of these two axes. */
static Val table(Graph *g, const char *name, uint16_t rows, uint16_t columns, const double *entry) {
  ConstTable t = { .name = str_of(name), .number = NUMBER_REAL, .rank = 2, .axis = { axis_row(g, rows),
      axis_row(g, columns) } };
  uint32_t n = (uint32_t)t.axis[0].n, m = (uint32_t)t.axis[1].n;
  t.nz = arena_array(g->arena, Nz, n * m);
  for (uint32_t i = 0; i < n * m; i++)
    if (entry[i] != 0) t.nz[t.n++] = (Nz){ .i = { (uint16_t)(i / m), (uint16_t)(i % m) }, .v = entry[i] };
  return graph_const_table(g, graph_table(g, &t));
}

static Val retyped(Graph *g, Val x, const Shape *to) {
  return graph_view(g, x, &(View){ .sort = VIEW_RETYPE, .to = *to });
}

/* x without axis `at`, and `n` others in its place. */
static Shape replaced(const Shape *x, int at, const Axis *by, int n) {
  Shape s = { .number = x->number };
  for (int a = 0; a < x->rank; a++) {
    if (a != at) { s.axis[s.rank++] = x->axis[a]; continue; }
    for (int k = 0; k < n; k++) s.axis[s.rank++] = by[k];
  }
  return s;
}

/* Labels: a letter for each axis; the channels that go are i and j, those that come o and k. */
static void name_axes(char *to, const uint8_t *labels, int from, int rank, const char *letters,
    char of[LABELS_MOST + 1]) {
  for (int a = from; a < rank; a++) to[a - from] = of[labels[a]] = letters[a - from];
  to[rank - from] = 0;
}

static Val rewrite(Graph *g, const Graph *old, const Node *n, const Conv *c, Val x, Val filter) {
  const Node *view = &old->node.at[c->view];
  const View *w = view->view;
  const Dom rows = g->dom.at[w->dom];
  uint16_t six_y = line(g, "winograd in", WINOGRAD_IN), six_x = six_y, four = line(g, "winograd out", WINOGRAD_OUT);
  uint16_t three = line(g, "winograd tap", WINOGRAD_TAPS), point = line(g, "winograd point", WINOGRAD_IN);
  uint16_t tiles = grid(g, "tiles", c->tiles[0], c->tiles[1]), in = grid(g, "tile", WINOGRAD_IN, WINOGRAD_IN),
      out = grid(g, "tile", WINOGRAD_OUT, WINOGRAD_OUT);
  Axis in_axes[] = { axis_row(g, six_y), axis_row(g, six_x) }, taps[] = { axis_row(g, three), axis_row(g, three) };
  char of[LABELS_MOST + 1] = { 0 }, ci[4], co[4], f[8], labels[64];
  name_axes(ci, n->labels->of[c->x], 3, view->shape.rank, "ij", of);
  name_axes(co, n->labels->out, 2, n->shape.rank, "ok", of);
  /* tiles of the picture */
  View v = { .sort = VIEW_WINDOW, .axis = 1, .dom = tiles, .win = in };
  for (int d = 0; d < 2; d++) {
    v.d[d].row = WINOGRAD_OUT;
    v.d[d].win = v.d[d].div = 1;
    v.d[d].add = w->d[d].add + (w->d[d].win < 0 ? 1 - WINOGRAD_TAPS : 0);
  }
  Val t = graph_view(g, x, &v);
  Shape s = replaced(&g->node.at[t].shape, 2, in_axes, 2);
  t = retyped(g, t, &s);
  Winograd forth = winograd_tables(false), back = winograd_tables(true);
  const Winograd *wy = w->d[0].win > 0 ? &forth : &back, *wx = w->d[1].win > 0 ? &forth : &back;
  Val b = table(g, "winograd B", point, six_y, &forth.b[0][0]), a = table(g, "winograd A", four, point, &forth.a[0][0]);
  Val gy = table(g, "winograd G", point, three, &wy->g[0][0]), gx = table(g, "winograd G", point, three, &wx->g[0][0]);
  snprintf(labels, sizeof labels, "pu,bTuv%s->bpTv%s", ci, ci);
  t = graph_contract(g, labels, (Val[]){ b, t }, 2);
  snprintf(labels, sizeof labels, "qv,bpTv%s->bpqT%s", ci, ci);
  t = graph_contract(g, labels, (Val[]){ b, t }, 2);
  /* the filter, its channels in the order of the products */
  int at = 0;
  const Shape *fs = &g->node.at[filter].shape;
  for (int l = 0, e = 0; l < fs->rank; l++) {
    if (n->labels->of[!c->x][l] == c->tap) { at = l; f[e++] = 'u'; f[e++] = 'v'; f[e] = 0; }
    else { f[e++] = of[n->labels->of[!c->x][l]]; f[e] = 0; }
  }
  s = replaced(fs, at, taps, 2);
  Val u = retyped(g, filter, &s);
  snprintf(labels, sizeof labels, "pu,%s->pv%s%s", f, ci, co);
  u = graph_contract(g, labels, (Val[]){ gy, u }, 2);
  snprintf(labels, sizeof labels, "qv,pv%s%s->pq%s%s", ci, co, ci, co);
  u = graph_contract(g, labels, (Val[]){ gx, u }, 2);
  /* products, and back to pixels */
  snprintf(labels, sizeof labels, "bpqT%s,pq%s%s->bpqT%s", ci, ci, co, co);
  Val m = graph_contract(g, labels, (Val[]){ t, u }, 2);
  snprintf(labels, sizeof labels, "rp,bpqT%s->brqT%s", co, co);
  m = graph_contract(g, labels, (Val[]){ a, m }, 2);
  snprintf(labels, sizeof labels, "sq,brqT%s->bTrs%s", co, co);
  m = graph_contract(g, labels, (Val[]){ a, m }, 2);
  Shape y = n->shape;
  bool hangs = c->tiles[0] * WINOGRAD_OUT != rows.shape[0] || c->tiles[1] * WINOGRAD_OUT != rows.shape[1];
  /* nothing comes in on the other side */
  if (rows.wrap && hangs) y.axis[1] = axis_row(g, grid(g, "pixels", rows.shape[0], rows.shape[1]));
  s = (Shape){ .number = NUMBER_REAL, .rank = 3, .axis = { y.axis[0], axis_row(g, tiles), axis_row(g, out) } };
  for (int k = 2; k < y.rank; k++) s.axis[s.rank++] = y.axis[k];
  View places = { .sort = VIEW_WINDOW, .axis = 1, .dom = tiles, .win = out };
  for (int d = 0; d < 2; d++) {
    places.d[d].row = WINOGRAD_OUT;
    places.d[d].win = places.d[d].div = 1;
  }
  m = graph_fold(g, retyped(g, m, &s), &places, &y);
  return rows.wrap && hangs ? retyped(g, m, &n->shape) : m;
}

/* --- all of it ---------------------------------------------------------------------------------------------------- */
#define COPY(field)                                                                                              \
  do {                                                                                                           \
    to->field.at = NULL;                                                                                         \
    to->field.n = to->field.cap = 0;                                                                             \
    for (uint32_t i = 0; i < g->field.n; i++) vec_push(arena, &to->field, g->field.at[i]);                       \
  } while (0)

Graph *graph_winograd(const Graph *g, Arena *arena, bool all) {
  Graph *to = arena_one(arena, Graph);
  *to = *g;
  to->arena = arena;
  COPY(dom);
  COPY(table);
  to->node.at = NULL;
  to->node.n = to->node.cap = 0;
  vec_push(arena, &to->node, (Node){ 0 });
  Conv *conv = arena_array(arena, Conv, g->node.n);
  uint32_t *readers = arena_array(arena, uint32_t, g->node.n);
  for (uint32_t s = 0; s < g->store.n; s++) readers[g->store.at[s].value]++;
  for (Val v = g->node.n; v-- > 1;) {                  /* windows that nobody reads any more are gone */
    const Node *n = &g->node.at[v];
    if (!readers[v]) continue;
    if (!conv_of(g, n, all, &conv[v])) conv[v] = (Conv){ 0 };
    for (int i = 0; i < n->nargs; i++) {
      if (conv[v].view && n->arg[i] == conv[v].view) readers[g->node.at[n->arg[i]].arg[0]]++;
      else readers[n->arg[i]]++;
    }
  }
  Val *now = arena_array(arena, Val, g->node.n);
  for (Val v = 1; v < g->node.n; v++) {
    if (!readers[v]) continue;
    Node n = g->node.at[v];
    if (conv[v].view) {
      graph_at(to, n.at, n.path, true);
      now[v] = rewrite(to, g, &n, &conv[v], now[g->node.at[conv[v].view].arg[0]], now[conv[v].filter]);
      continue;
    }
    Val *arg = arena_array(arena, Val, n.nargs + 1u);
    for (int i = 0; i < n.nargs; i++) arg[i] = now[n.arg[i]];
    n.arg = arg;
    vec_push(arena, &to->node, n);
    now[v] = to->node.n - 1;
  }
  COPY(store);
  for (uint32_t s = 0; s < to->store.n; s++) to->store.at[s].value = now[to->store.at[s].value];
  graph_at(to, g->at, g->path, g->waived);
  return to;
}
#undef COPY
