/* eval_rows.c: what reads other rows: gather, segment, lse, rmax, view, fold.
 *
 * Reductions and indices are one idea: for every number of the larger side, its place on the smaller side. The
 * places are computed first (-1: nowhere, the view's fill), then one loop does the sum, the maximum or the copy. */
#include "graph/eval.h"
#include <math.h>
#include <stdlib.h>

/* --- places ----------------------------------------------------------------------------------- */
/* of [pre J post], to [pre V post]: the place of each number of `of` in `to`, i being [J] or [sample J]. */
static int64_t *places_at_index(const Run *r, const Shape *to, Val index, uint8_t axis) {
  const Shape *is = run_shape(r, index);
  int shared = index_shares(r->g, to, is, axis), moved = is->rank - shared;
  int64_t pre = 1, rows = 1, post = 1, n = run_size(r, to->axis[axis].n);
  int64_t sample = shared ? run_size(r, is->axis[0].n) : 1;
  for (int a = 0; a < axis; a++) pre *= run_size(r, to->axis[a].n);
  for (int a = 0; a < moved; a++) rows *= run_size(r, is->axis[shared + a].n);
  for (int a = axis + 1; a < to->rank; a++) post *= run_size(r, to->axis[a].n);
  int64_t *place = heap_alloc((size_t)(pre * rows * post + 1), sizeof *place), inner = sample ? pre / sample : pre;
  const double *i = r->at[index];
  for (int64_t p = 0; p < pre; p++)
    for (int64_t j = 0; j < rows; j++) {
      double row = i[(shared ? p / inner * rows : 0) + j];
      if (!(row >= 0 && row < (double)n)) {
        free(place);
        why_no(r->why, CODE_NONE, "an index points to row %g of %lld", row, (long long)n);
        return NULL;
      }
      for (int64_t q = 0; q < post; q++) place[(p * rows + j) * post + q] = (p * n + (int64_t)row) * post + q;
    }
  return place;
}

/* Places of the numbers of x after the axes of the mask have gone. */
static int64_t *places_over_axes(const Run *r, const Shape *x, uint16_t axes) {
  int64_t size[RANK_MOST], stride[RANK_MOST], out[RANK_MOST] = { 0 }, i[RANK_MOST] = { 0 }, step = 1, at = 0;
  run_strides(r, x, size, stride);
  for (int a = x->rank - 1; a >= 0; a--)
    if (!(axes >> a & 1)) { out[a] = step; step *= size[a]; }
  int64_t n = (int64_t)shape_count(x, r->sizes), *place = heap_alloc((size_t)(n + 1), sizeof *place);
  for (int64_t e = 0; e < n; e++) {
    place[e] = at;
    for (int a = x->rank - 1; a >= 0; a--) {
      at += out[a];
      if (++i[a] < size[a]) break;
      at -= out[a] * size[a];
      i[a] = 0;
    }
  }
  return place;
}

static int64_t *places_of(const Run *r, const Node *n) {
  const Shape *x = run_shape(r, n->arg[0]);
  return n->axes ? places_over_axes(r, x, n->axes) : places_at_index(r, &n->shape, n->arg[1], n->axis);
}

bool eval_gather(const Run *r, Val v, double *y) {
  const Node *n = &r->g->node.at[v];
  int64_t *place = places_at_index(r, run_shape(r, n->arg[0]), n->arg[1], n->axis);
  if (!place) return false;
  uint64_t count = run_count(r, v);
  for (uint64_t e = 0; e < count; e++) y[e] = r->at[n->arg[0]][place[e]];
  free(place);
  return true;
}

bool eval_segment(const Run *r, Val v, double *y) {
  const Node *n = &r->g->node.at[v];
  int64_t *place = places_of(r, n);
  if (!place) return false;
  uint64_t count = run_count(r, n->arg[0]);
  for (uint64_t e = 0; e < count; e++) y[place[e]] += r->at[n->arg[0]][e];
  free(place);
  return true;
}

bool eval_lse(const Run *r, Val v, double *y) {
  const Node *n = &r->g->node.at[v];
  int64_t *place = places_of(r, n);
  if (!place) return false;
  uint64_t from = run_count(r, n->arg[0]), to = run_count(r, v);
  const double *x = r->at[n->arg[0]];
  double *most = heap_alloc(to + 1, sizeof *most);
  for (uint64_t e = 0; e < to; e++) most[e] = -INFINITY;
  for (uint64_t e = 0; e < from; e++)
    if (!(x[e] <= most[place[e]])) most[place[e]] = x[e];
  for (uint64_t e = 0; e < from; e++)
    if (x[e] != -INFINITY && most[place[e]] != INFINITY) y[place[e]] += exp(x[e] - most[place[e]]);
  for (uint64_t e = 0; e < to; e++) y[e] = isinf(most[e]) ? most[e] : most[e] + log(y[e]);
  free(most);
  free(place);
  return true;
}

bool eval_rmax(const Run *r, Val v, double *y) {
  const Node *n = &r->g->node.at[v];
  int64_t *place = places_of(r, n);
  if (!place) return false;
  uint64_t from = run_count(r, n->arg[0]), to = run_count(r, v);
  const double *x = r->at[n->arg[0]];
  bool *seen = heap_alloc(to + 1, sizeof *seen);
  for (uint64_t e = 0; e < from; e++) {
    double *most = &y[place[e]];
    if (!seen[place[e]] || *most < x[e] || isnan(x[e])) *most = x[e];
    seen[place[e]] = true;
  }
  for (uint64_t e = 0; e < to; e++)
    if (!seen[e]) y[e] = n->fill;
  free(seen);
  free(place);
  return true;
}

/* --- views ------------------------------------------------------------------------------------ */
int64_t view_row(const Graph *g, const View *v, uint16_t from, int64_t row, int64_t win) {
  const Dom *to = &g->dom.at[v->dom], *w = v->win ? &g->dom.at[v->win] : NULL, *of = &g->dom.at[from];
  int64_t source = 0;
  for (int d = 0; d < of->ndim; d++) {
    int64_t r = of->ndim == 1 ? row : d == 0 ? row / to->shape[1] : row % to->shape[1];
    int64_t k = !w ? 0 : of->ndim == 1 ? win : d == 0 ? win / w->shape[1] : win % w->shape[1];
    int64_t x = r * v->d[d].row + k * v->d[d].win + v->d[d].add, n = of->ndim == 1 ? (int64_t)of->n
        : (int64_t)of->shape[d];
    if (x % v->d[d].div) return -1;
    x /= v->d[d].div;
    if (of->wrap) x = ((x % n) + n) % n;
    if (x < 0 || x >= n) return -1;
    source = source * n + x;
  }
  return source;
}

/* For each number of what the view reads, its place in x [pre V post], or -1. */
static int64_t *places_of_view(const Run *r, const View *v, const Shape *x) {
  int64_t pre = 1, post = 1, n = run_size(r, x->axis[v->axis].n), rows, wins = 1, from = 0;
  for (int a = 0; a < v->axis; a++) pre *= run_size(r, x->axis[a].n);
  for (int a = v->axis + 1; a < x->rank; a++) post *= run_size(r, x->axis[a].n);
  if (v->sort == VIEW_WINDOW) {
    rows = r->g->dom.at[v->dom].n;
    wins = v->win ? r->g->dom.at[v->win].n : 1;
  } else {
    rows = v->n;
    from = v->from;
  }
  int64_t *place = heap_alloc((size_t)(pre * rows * wins * post + 1), sizeof *place), at = 0;
  for (int64_t p = 0; p < pre; p++)
    for (int64_t i = 0; i < rows; i++)
      for (int64_t k = 0; k < wins; k++) {
        int64_t row = v->sort == VIEW_WINDOW ? view_row(r->g, v, x->axis[v->axis].what, i, k) : from + i;
        for (int64_t q = 0; q < post; q++) place[at++] = row < 0 ? -1 : (p * n + row) * post + q;
      }
  return place;
}

static bool renames(const View *v) { return v->sort == VIEW_SPLIT || v->sort == VIEW_MERGE || v->sort == VIEW_RETYPE; }

bool eval_view(const Run *r, Val v, double *y) {
  const Node *n = &r->g->node.at[v];
  uint64_t count = run_count(r, v);
  const double *x = r->at[n->arg[0]];
  if (renames(n->view)) { memcpy(y, x, count * sizeof *y); return true; }
  int64_t *place = places_of_view(r, n->view, run_shape(r, n->arg[0]));
  for (uint64_t e = 0; e < count; e++) y[e] = place[e] < 0 ? n->view->fill : x[place[e]];
  free(place);
  return true;
}

bool eval_fold(const Run *r, Val v, double *y) {
  const Node *n = &r->g->node.at[v];
  uint64_t count = run_count(r, n->arg[0]);
  const double *x = r->at[n->arg[0]];
  if (renames(n->view)) { memcpy(y, x, count * sizeof *y); return true; }
  int64_t *place = places_of_view(r, n->view, &n->shape);
  for (uint64_t e = 0; e < count; e++)
    if (place[e] >= 0) y[place[e]] += x[e];
  free(place);
  return true;
}
