/* eval_linear.c: contract and map, by loops over labels.
 *
 * contract: every label has a size, and a stride in each operand and in the result (0 where it lacks it, the sum
 * of strides where it stands twice). The loops run over all labels, an inner one over the longest run. One
 * operand that is a sparse table is walked by its entries instead. map: the expression becomes a straight
 * program over blocks of elements; operands are read into blocks first. */
#include "graph/eval.h"
#include <stdlib.h>

enum { BLOCK = 256 };

/* --- contract --------------------------------------------------------------------------------- */
typedef struct Loops {
  int nargs, n;                     /* operands walked by strides; loops, the innermost last        */
  int64_t size[LABELS_MOST], out[LABELS_MOST], of[ARGS_MOST][LABELS_MOST];
  const double *x[ARGS_MOST];
} Loops;

static void inner(const Loops *l, double *y, const int64_t *at, double scale) {
  int k = l->n - 1;
  int64_t n = l->size[k], sy = l->out[k];
  if (l->nargs == 1) {
    const double *a = l->x[0] + at[0];
    int64_t sa = l->of[0][k];
    for (int64_t i = 0; i < n; i++) y[i * sy] += scale * a[i * sa];
  } else if (l->nargs == 2) {
    const double *a = l->x[0] + at[0], *b = l->x[1] + at[1];
    int64_t sa = l->of[0][k], sb = l->of[1][k];
    if (sy == 0) {
      double sum = 0;
      for (int64_t i = 0; i < n; i++) sum += a[i * sa] * b[i * sb];
      *y += scale * sum;
    } else if (sa == 0 && sy == 1 && sb == 1) {
      double by = scale * *a;
      for (int64_t i = 0; i < n; i++) y[i] += by * b[i];
    } else {
      for (int64_t i = 0; i < n; i++) y[i * sy] += scale * a[i * sa] * b[i * sb];
    }
  } else {
    for (int64_t i = 0; i < n; i++) {
      double product = scale;
      for (int o = 0; o < l->nargs; o++) product *= l->x[o][at[o] + i * l->of[o][k]];
      y[i * sy] += product;
    }
  }
}

/* All loops but the innermost, as an odometer. */
static void walk(const Loops *l, double *y, const int64_t *start, double scale) {
  int64_t i[LABELS_MOST + 1] = { 0 }, at[ARGS_MOST + 1];
  if (l->nargs) memcpy(at, start, sizeof *at * (size_t)l->nargs);
  for (int k = 0; k < l->n; k++)
    if (l->size[k] == 0) return;
  for (;;) {
    inner(l, y, at, scale);
    int k = l->n - 2;
    for (; k >= 0; k--) {
      y += l->out[k];
      for (int o = 0; o < l->nargs; o++) at[o] += l->of[o][k];
      if (++i[k] < l->size[k]) break;
      y -= l->out[k] * l->size[k];
      for (int o = 0; o < l->nargs; o++) at[o] -= l->of[o][k] * l->size[k];
      i[k] = 0;
    }
    if (k < 0) return;
  }
}

/* The operand to be walked by its entries, or -1: the largest table that is at most half full. */
static int sparse_operand(const Run *r, const Node *n) {
  int best = -1;
  uint64_t most = 0;
  for (int i = 0; i < n->nargs; i++) {
    const Node *t = &r->g->node.at[n->arg[i]];
    if (t->op != OP_table) continue;
    uint64_t count = run_count(r, n->arg[i]);
    if (2 * (uint64_t)r->g->table.at[t->number].n <= count && count > most) { most = count; best = i; }
  }
  return best;
}

bool eval_contract(const Run *r, Val v, double *y) {
  const Node *n = &r->g->node.at[v];
  int sparse = sparse_operand(r, n);
  int64_t size[LABELS_MOST + 1] = { 0 }, out[LABELS_MOST + 1] = { 0 }, of[ARGS_MOST][LABELS_MOST + 1] = { 0 };
  bool seen[LABELS_MOST + 1] = { false }, fixed[LABELS_MOST + 1] = { false };
  int64_t own[RANK_MOST], stride[RANK_MOST];
  for (int i = 0; i < n->nargs; i++) {
    run_strides(r, run_shape(r, n->arg[i]), own, stride);
    for (int a = 0; a < run_shape(r, n->arg[i])->rank; a++) {
      int l = n->labels->of[i][a];
      of[i][l] += stride[a];
      size[l] = own[a];
      seen[l] = true;
      if (i == sparse) fixed[l] = true;
    }
  }
  run_strides(r, &n->shape, own, stride);
  for (int a = 0; a < n->shape.rank; a++) {
    int l = n->labels->out[a];
    out[l] += stride[a];
    size[l] = own[a];
    seen[l] = true;
  }

  Loops loops = { 0 };
  int labels[LABELS_MOST], operand[ARGS_MOST], count = 0, longest = -1;
  for (int pass = 0; pass < 2; pass++)                       /* those of the result outside */
    for (int l = 1; l <= LABELS_MOST; l++)
      if (seen[l] && !fixed[l] && (out[l] != 0) == (pass == 0)) labels[count++] = l;
  for (int k = 0; k < count; k++)                            /* inside: along the result if that is long enough */
    if (out[labels[k]] == 1 && size[labels[k]] >= 4) longest = k;
  for (int k = 0; k < count && (longest < 0 || out[labels[longest]] != 1); k++)
    if (longest < 0 || size[labels[k]] >= size[labels[longest]]) longest = k;
  if (longest >= 0) { int last = labels[longest]; labels[longest] = labels[count - 1]; labels[count - 1] = last; }
  for (int i = 0; i < n->nargs; i++) {
    if (i == sparse) continue;
    loops.x[loops.nargs] = r->at[n->arg[i]];
    operand[loops.nargs++] = i;
  }
  for (int k = 0; k < count; k++) {
    loops.size[k] = size[labels[k]];
    loops.out[k] = out[labels[k]];
    for (int o = 0; o < loops.nargs; o++) loops.of[o][k] = of[operand[o]][labels[k]];
  }
  loops.n = count;
  if (!count) { loops.size[0] = 1; loops.n = 1; }

  int64_t start[ARGS_MOST + 1] = { 0 };
  if (sparse < 0) { walk(&loops, y, start, 1); return true; }
  const ConstTable *t = &r->g->table.at[r->g->node.at[n->arg[sparse]].number];
  for (uint32_t e = 0; e < t->n; e++) {
    int64_t at[LABELS_MOST + 1] = { 0 }, to = 0;
    bool diagonal = true;
    for (int a = 0; a < t->rank; a++) {                      /* a label that stands twice in the table: its diagonal */
      int l = n->labels->of[sparse][a];
      for (int b = 0; b < a; b++) diagonal &= n->labels->of[sparse][b] != l || t->nz[e].i[b] == t->nz[e].i[a];
      at[l] = t->nz[e].i[a];
    }
    if (!diagonal) continue;
    for (int l = 1; l <= LABELS_MOST; l++)
      if (fixed[l]) to += at[l] * out[l];
    for (int o = 0; o < loops.nargs; o++) {
      start[o] = 0;
      for (int l = 1; l <= LABELS_MOST; l++)
        if (fixed[l]) start[o] += at[l] * of[operand[o]][l];
    }
    walk(&loops, y + to, start, t->nz[e].v);
  }
  return true;
}

/* --- map -------------------------------------------------------------------------------------- */
#define EACH(formula) for (int j = 0; j < n; j++) y[j] = (formula); break
static void apply(ExprOp op, double *y, const double *a, const double *b, const double *c, int n) {
  switch (op) {
  case EXPR_ADD: EACH(a[j] + b[j]);
  case EXPR_SUB: EACH(a[j] - b[j]);
  case EXPR_MUL: EACH(a[j] * b[j]);
  case EXPR_DIV: EACH(a[j] / b[j]);
  case EXPR_NEG: EACH(-a[j]);
  case EXPR_LT: EACH(a[j] < b[j]);
  case EXPR_EQ: EACH(a[j] == b[j]);
  case EXPR_SELECT: EACH(a[j] != 0 ? b[j] : c[j]);
  default: EACH(expr_apply(op, a[j], b ? b[j] : 0, c ? c[j] : 0));
  }
}
#undef EACH

bool eval_map(const Run *r, Val v, double *y) {
  const Node *n = &r->g->node.at[v];
  Arena scratch = { 0 };
  uint32_t steps;
  ExprId *order = expr_order(&r->g->expr, n->expr, &scratch, &steps);
  double **of = arena_array(&scratch, double *, n->expr + 1);
  double *arg[ARGS_MOST] = { 0 };
  for (int i = 0; i < n->nargs; i++) arg[i] = arena_array(&scratch, double, BLOCK);
  for (uint32_t k = 0; k < steps; k++) {
    const Expr *e = &r->g->expr.at.at[order[k]];
    if (e->op == EXPR_ARG) { of[order[k]] = arg[e->number]; continue; }
    of[order[k]] = arena_array(&scratch, double, BLOCK);
    double x = e->op == EXPR_CONST ? e->x : e->op == EXPR_SIZE ? (double)r->sizes[e->number] : 0;
    for (int j = 0; j < BLOCK; j++) of[order[k]][j] = x;
  }

  int rank = n->shape.rank;
  int64_t size[RANK_MOST], stride[RANK_MOST], step[ARGS_MOST][RANK_MOST] = { 0 }, at[ARGS_MOST] = { 0 },
      i[RANK_MOST] = { 0 };
  for (int o = 0; o < n->nargs; o++) {
    const Shape *s = run_shape(r, n->arg[o]);
    run_strides(r, s, size, stride);
    for (int a = 0; a < s->rank; a++)
      for (int b = 0; b < rank; b++)
        if (n->labels->of[o][a] == n->labels->out[b]) step[o][b] += stride[a];
  }
  run_strides(r, &n->shape, size, stride);
  uint64_t total = run_count(r, v);
  for (uint64_t done = 0; done < total;) {
    int block = total - done < BLOCK ? (int)(total - done) : BLOCK;
    for (int j = 0; j < block; j++) {
      for (int o = 0; o < n->nargs; o++) arg[o][j] = r->at[n->arg[o]][at[o]];
      for (int a = rank - 1; a >= 0; a--) {
        for (int o = 0; o < n->nargs; o++) at[o] += step[o][a];
        if (++i[a] < size[a]) break;
        for (int o = 0; o < n->nargs; o++) at[o] -= step[o][a] * size[a];
        i[a] = 0;
      }
    }
    for (uint32_t k = 0; k < steps; k++) {
      const Expr *e = &r->g->expr.at.at[order[k]];
      if (e->op > EXPR_SIZE)
        apply((ExprOp)e->op, of[order[k]], of[e->a[0]], e->a[1] ? of[e->a[1]] : NULL, e->a[2] ? of[e->a[2]]
            : NULL, block);
    }
    memcpy(y + done, of[n->expr], (size_t)block * sizeof *y);
    done += (uint64_t)block;
  }
  arena_free(&scratch);
  return true;
}
