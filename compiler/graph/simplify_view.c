/* simplify_view.c: rewrites of view and fold.
 *
 * fold(contract(c, F)) over a window becomes a contract of the adjoint view of c with the same F, so that the patches
 * of a backward convolution never exist; whether the adjoint is a view at all (on a torus it need not be) is asked of
 * every row. A window with one place that covers its rows in order is a renaming. */
#include "graph/simplify.h"

static Node node(const Rewriter *w, Val v) { return w->g->node.at[v]; }
static const Shape *shape(const Rewriter *w, Val v) { return &w->g->node.at[v].shape; }

/* --- fold of contract ------------------------------------------------------------------------- */
static View adjoint(const View *v, uint16_t rows, uint8_t axis) {
  View a = { .sort = VIEW_WINDOW, .axis = axis, .dom = rows, .win = v->win };
  for (int d = 0; d < 2; d++) {
    a.d[d].row = v->d[d].div;
    a.d[d].win = -v->d[d].win;
    a.d[d].add = -v->d[d].add;
    a.d[d].div = v->d[d].row;
  }
  return a;
}

/* Element x is read by row r at place k exactly when the adjoint at (x, k) reads r. */
static bool is_adjoint(const Graph *g, const View *v, uint16_t from, const View *a) {
  int64_t n = g->dom.at[v->dom].n, places = g->dom.at[v->win].n, N = g->dom.at[from].n, there = 0, back = 0;
  for (int d = 0; d < 2; d++)
    if (a->d[d].div < 1) return false;
  for (int64_t k = 0; k < places; k++) {
    for (int64_t r = 0; r < n; r++) {
      int64_t x = view_row(g, v, from, r, k);
      if (x < 0) continue;
      there++;
      if (view_row(g, a, v->dom, x, k) != r) return false;
    }
    for (int64_t x = 0; x < N; x++) back += view_row(g, a, v->dom, x, k) >= 0;
  }
  return there == back;
}

static int axis_with(const uint8_t *labels, uint8_t l, int *times) {
  int at = -1;
  *times = 0;
  for (int a = 0; a < RANK_MOST && labels[a]; a++)
    if (labels[a] == l) { at = a; ++*times; }
  return at;
}

static Val fold_contract(Rewriter *w, const Node *n) {
  const View *v = n->view;
  Node m = node(w, n->arg[0]);
  if (!rewrite_on(w, REWRITE_fold_contract) || v->sort != VIEW_WINDOW || !v->win || m.op != OP_contract ||
      w->uses.at[n->arg[0]] > 1 || m.waived != w->g->waived)
    return 0;
  uint8_t row = m.labels->out[v->axis], win = m.labels->out[v->axis + 1];
  int c = -1, at = -1;
  for (int i = 0; i < m.nargs; i++) {             /* the rows stand once, in an operand without the window */
    int rows, wins, a = axis_with(m.labels->of[i], row, &rows);
    axis_with(m.labels->of[i], win, &wins);
    if (rows > 1 || (rows && (c >= 0 || wins))) return 0;
    if (rows) { c = i; at = a; }
  }
  int times;
  axis_with(m.labels->out, row, &times);
  if (c < 0 || times != 1 || shape(w, m.arg[c])->rank == RANK_MOST) return 0;
  axis_with(m.labels->out, win, &times);
  if (times != 1) return 0;
  uint16_t from = n->shape.axis[v->axis].what;
  View a = adjoint(v, from, (uint8_t)at);
  if (!is_adjoint(w->g, v, from, &a)) return 0;
  Val x[ARGS_MOST];
  Labels l = *m.labels;
  for (int i = 0; i < m.nargs; i++) x[i] = m.arg[i];
  Node view = { .op = OP_view, .nargs = 1, .arg = &x[c], .view = &a };
  Val read = put_view(w, &view);
  x[c] = read;
  memmove(&l.of[c][at + 2], &l.of[c][at + 1], (size_t)(RANK_MOST - at - 2));
  l.of[c][at + 1] = win;
  memmove(&l.out[v->axis + 1], &l.out[v->axis + 2], (size_t)(RANK_MOST - v->axis - 2));
  l.out[RANK_MOST - 1] = 0;
  w->applied++;
  Node y = { .op = OP_contract, .nargs = m.nargs, .arg = x, .labels = &l, .shape = n->shape };
  return put(w, &y);
}

/* --- windows that cover everything ------------------------------------------------------------ */
static bool covers(const Graph *g, const View *v, uint16_t from) {
  if (v->sort != VIEW_WINDOW || !v->win || g->dom.at[v->dom].n != 1 || g->dom.at[v->win].n != g->dom.at[from].n)
    return false;
  for (int64_t k = 0; k < g->dom.at[from].n; k++)
    if (view_row(g, v, from, 0, k) != k) return false;
  return rows_alike(&g->dom.at[from], &g->dom.at[v->win]);
}

static Val retyped(Rewriter *w, Val x, const Shape *to) {
  View v = { .sort = VIEW_RETYPE, .to = *to };
  Node n = { .op = OP_view, .nargs = 1, .arg = &x, .view = &v };
  return put_view(w, &n);
}

/* --- views of views --------------------------------------------------------------------------- */
static bool whole_slice(const Rewriter *w, const View *v, Val x) {
  Axis a = shape(w, x)->axis[v->axis];
  return v->sort == VIEW_SLICE && a.role == ROLE_MUL && v->from == 0 && v->n == a.n;
}

/* A slice of a join that lies within one part. */
static Val part_of_join(Rewriter *w, const View *v, const Node *join) {
  int64_t from = 0;
  for (int i = 0; i < join->nargs; i++) {
    int64_t n = shape(w, join->arg[i])->axis[join->axis].n;
    if (v->from >= from && v->from + v->n <= from + n) {
      View s = *v;
      Val x = join->arg[i];
      s.from -= from;
      return put_view(w, &(Node){ .op = OP_view, .nargs = 1, .arg = &x, .view = &s });
    }
    from += n;
  }
  return 0;
}

static Val view_view(Rewriter *w, const Node *n) {
  const View *v = n->view;
  Val x = n->arg[0];
  Node m = node(w, x);
  if (!rewrite_on(w, REWRITE_view_view)) return 0;
  if (whole_slice(w, v, x)) return x;
  if (v->sort == VIEW_RETYPE && shape_equal(w->g, &v->to, shape(w, x))) return x;
  if (m.waived != w->g->waived) return 0;
  if (m.op == OP_join && v->sort == VIEW_SLICE && m.axis == v->axis) return part_of_join(w, v, &m);
  if (m.op != OP_view) return 0;
  Val below = m.arg[0];
  if (v->sort == VIEW_RETYPE && m.view->sort == VIEW_RETYPE) return retyped(w, below, &v->to);
  if (v->sort == VIEW_SLICE && m.view->sort == VIEW_SLICE && v->axis == m.view->axis &&
      shape(w, below)->axis[v->axis].role == ROLE_MUL) {
    View s = *v;
    s.from += m.view->from;
    return put_view(w, &(Node){ .op = OP_view, .nargs = 1, .arg = &below, .view = &s });
  }
  bool undone = v->axis == m.view->axis && ((v->sort == VIEW_MERGE && m.view->sort == VIEW_SPLIT) ||
                (v->sort == VIEW_SPLIT && m.view->sort == VIEW_MERGE && v->n == shape(w, below)->axis[v->axis + 1].n));
  return undone ? below : 0;
}

/* --- the two ---------------------------------------------------------------------------------- */
Val put_view(Rewriter *w, const Node *n) {
  Val y = view_view(w, n);
  if (y) { w->applied++; return y; }
  const Shape *x = shape(w, n->arg[0]);
  if (rewrite_on(w, REWRITE_window_all) && n->view->sort == VIEW_WINDOW && covers(w->g, n->view,
      x->axis[n->view->axis].what)) {
    Shape to;
    node_shape(w->g, n, &to, NULL);
    w->applied++;
    return retyped(w, n->arg[0], &to);
  }
  return put_node(w, n);
}

Val put_fold(Rewriter *w, const Node *n) {
  const View *v = n->view;
  if (rewrite_on(w, REWRITE_window_all) && v->sort == VIEW_WINDOW && covers(w->g, v, n->shape.axis[v->axis].what)) {
    w->applied++;
    return retyped(w, n->arg[0], &n->shape);
  }
  Val y = fold_contract(w, n);
  return y ? y : put_node(w, n);
}
