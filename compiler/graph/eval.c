/* eval.c: a Graph in f64 by obvious loops: the oracle of mathematics, for values and gradients.
 *
 * Nodes run in order, each into memory of its own, which is freed behind its last reader; ints and flags are
 * doubles here. All inputs are read before anything is stored. Elsewhere: contract and map (eval_linear.c), other
 * rows (eval_rows.c), solid harmonics (harmonics.c). */
#include "graph/eval.h"
#include "graph/harmonics.h"
#include <math.h>
#include <stdlib.h>

/* --- arguments and constants ------------------------------------------------------------------ */
static bool integral(const Arg *a) { return a->number != NUMBER_REAL && a->role != ARG_SUMS; }

/* Rows (leading ROW axes) and numbers in a row of a value in an argument. */
static void rows_of(const Run *r, const Shape *s, uint64_t *rows, uint64_t *row) {
  *rows = *row = 1;
  bool leading = true;
  for (int a = 0; a < s->rank; a++) {
    leading &= s->axis[a].role == ROLE_ROW;
    *(leading ? rows : row) *= (uint64_t)run_size(r, s->axis[a].n);
  }
}

bool eval_input(const Run *r, Val v, double *y) {
  const Node *n = &r->g->node.at[v];
  uint64_t rows, row;
  rows_of(r, &n->shape, &rows, &row);
  const void *from = r->args[n->number];
  if (!from && rows && row)
    return why_no(r->why, CODE_NONE, "argument %.*s is missing", STR(r->g->arg.at[n->number].name));
  for (uint64_t i = 0; i < rows; i++)
    for (uint64_t k = 0; k < row; k++) {
      uint64_t at = i * (n->pitch ? n->pitch : row) + n->offset + k;
      y[i * row + k] = integral(&r->g->arg.at[n->number]) ? ((const int32_t *)from)[at] : ((const double *)from)[at];
    }
  return true;
}
bool eval_param(const Run *r, Val v, double *y) { return eval_input(r, v, y); }

bool eval_table(const Run *r, Val v, double *y) {
  const ConstTable *t = &r->g->table.at[r->g->node.at[v].number];
  uint64_t count = run_count(r, v);
  if (t->number != NUMBER_REAL) {
    for (uint64_t i = 0; i < count; i++) y[i] = t->dense[i];
    return true;
  }
  int64_t size[RANK_MOST], stride[RANK_MOST];
  run_strides(r, run_shape(r, v), size, stride);
  for (uint32_t e = 0; e < t->n; e++) {
    int64_t at = 0;
    for (int a = 0; a < t->rank; a++) at += t->nz[e].i[a] * stride[a];
    y[at] += t->nz[e].v;
  }
  return true;
}

bool eval_iota(const Run *r, Val v, double *y) {
  int64_t size[RANK_MOST], stride[RANK_MOST], count = (int64_t)run_count(r, v);
  uint32_t axis = r->g->node.at[v].number;
  run_strides(r, run_shape(r, v), size, stride);
  for (int64_t i = 0; i < count; i++) y[i] = (double)(i / stride[axis] % size[axis]);
  return true;
}

/* --- side by side, harmonics, random ---------------------------------------------------------- */
bool eval_join(const Run *r, Val v, double *y) {
  const Node *n = &r->g->node.at[v];
  int64_t size[RANK_MOST], stride[RANK_MOST];
  run_strides(r, &n->shape, size, stride);
  uint64_t whole = (uint64_t)(size[n->axis] * stride[n->axis]), pre = whole ? run_count(r, v) / whole : 0, from = 0;
  for (int i = 0; i < n->nargs; i++) {
    uint64_t part = (uint64_t)(run_size(r, run_shape(r, n->arg[i])->axis[n->axis].n) * stride[n->axis]);
    for (uint64_t p = 0; p < pre; p++) memcpy(y + p * whole + from, r->at[n->arg[i]] + p * part, part * sizeof *y);
    from += part;
  }
  return true;
}

bool eval_harmonics(const Run *r, Val v, double *y) {
  const Node *n = &r->g->node.at[v];
  const Shape *x = run_shape(r, n->arg[0]);
  int64_t pre = 1, post = 1;
  int at = 0;
  while (x->axis[at].role != ROLE_REP) pre *= run_size(r, x->axis[at++].n);
  for (int a = at + 1; a < x->rank; a++) post *= run_size(r, x->axis[a].n);
  uint32_t dim = (uint32_t)x->axis[at].n, out = harmonics_dim(dim, n->number);
  double vector[3], *all = heap_alloc(out, sizeof *all);
  for (int64_t p = 0; p < pre; p++)
    for (int64_t q = 0; q < post; q++) {
      for (uint32_t a = 0; a < dim; a++) vector[a] = r->at[n->arg[0]][(p * dim + a) * post + q];
      harmonics_at(dim, n->number, vector, all);
      for (uint32_t m = 0; m < out; m++) y[(p * out + m) * post + q] = all[m];
    }
  free(all);
  return true;
}

/* Threefry 2x32, 20 rounds (Salmon, Moraes, Dror, Shaw 2011); the first word. */
static uint32_t threefry(uint32_t key0, uint32_t key1, uint32_t c0, uint32_t c1) {
  static const int turn[8] = { 13, 15, 26, 6, 17, 29, 16, 24 };
  const uint32_t key[3] = { key0, key1, 0x1BD11BDAu ^ key0 ^ key1 };
  uint32_t a = c0 + key0, b = c1 + key1;
  for (uint32_t round = 0; round < 20; round++) {
    a += b;
    b = b << turn[round % 8] | b >> (32 - turn[round % 8]);
    b ^= a;
    if (round % 4 != 3) continue;
    uint32_t k = round / 4 + 1;
    a += key[k % 3];
    b += key[(k + 1) % 3] + k;
  }
  return a;
}

bool eval_random(const Run *r, Val v, double *y) {
  const Node *n = &r->g->node.at[v];
  const double *key = r->at[n->arg[0]];
  uint64_t count = run_count(r, v);
  for (uint64_t i = 0; i < count; i++) {                      /* 24 bits, so that f32 and f64 draw equal numbers */
    uint32_t bits = threefry((uint32_t)(int32_t)key[0], (uint32_t)(int32_t)key[1], n->number, (uint32_t)i);
    y[i] = (double)(bits >> 8) * 0x1p-24;
  }
  return true;
}

bool eval_stop(const Run *r, Val v, double *y) {
  memcpy(y, r->at[r->g->node.at[v].arg[0]], run_count(r, v) * sizeof *y);
  return true;
}

/* --- the whole -------------------------------------------------------------------------------- */
static void store(const Run *r, const Store *s) {
  uint64_t rows, row;
  rows_of(r, run_shape(r, s->value), &rows, &row);
  for (uint64_t i = 0; i < rows; i++)
    for (uint64_t k = 0; k < row; k++) {
      uint64_t at = i * (s->pitch ? s->pitch : row) + s->offset + k;
      double x = r->at[s->value][i * row + k];
      if (integral(&r->g->arg.at[s->arg])) ((int32_t *)r->args[s->arg])[at] = (int32_t)x;
      else ((double *)r->args[s->arg])[at] = x;
    }
}

/* last[v]: the last node that reads v; stores read at the very end. */
static uint32_t *last_readers(const Graph *g) {
  uint32_t *last = heap_alloc(g->node.n, sizeof *last);
  for (Val v = 1; v < g->node.n; v++) {
    last[v] = v;
    for (int i = 0; i < g->node.at[v].nargs; i++) last[g->node.at[v].arg[i]] = v;
  }
  for (uint32_t s = 0; s < g->store.n; s++) last[g->store.at[s].value] = UINT32_MAX;
  return last;
}

bool graph_eval(const Graph *g, const int64_t *sizes, void *const *args, double **values, Why *why) {
  static bool (*const evals[])(const Run *, Val, double *) = {
#define CORE(op, what, rule, pull, eval) [OP_##op] = eval_##eval,
#include "../../lang/ops.def"
#undef CORE
  };
  Run r = { g, sizes, args, heap_alloc(g->node.n, sizeof(double *)), why };
  uint32_t *last = last_readers(g);
  bool ok = true;
  for (Val v = 1; v < g->node.n && ok; v++) {
    const Node *n = &g->node.at[v];
    r.at[v] = heap_alloc(run_count(&r, v) + 1, sizeof(double));
    if (!r.at[v]) { ok = why_no(why, CODE_NONE, "not enough memory"); break; }
    ok = evals[n->op](&r, v, r.at[v]);
    if (values) continue;
    for (int i = 0; i < n->nargs; i++)
      if (last[n->arg[i]] == v) { free(r.at[n->arg[i]]); r.at[n->arg[i]] = NULL; }
    if (last[v] == v) { free(r.at[v]); r.at[v] = NULL; }
  }
  for (uint32_t s = 0; s < g->store.n && ok; s++) store(&r, &g->store.at[s]);
  for (Val v = 1; v < g->node.n; v++) {
    if (values && ok) values[v] = r.at[v];
    else free(r.at[v]);
  }
  if (values) values[0] = NULL;
  if (values && !ok) memset(values, 0, sizeof *values * g->node.n);
  free(r.at);
  free(last);
  return ok;
}
