/* simplify_moments.c: squares about a mean of the batch, in one sweep.
 *
 *     sum over b, x of (y - m)^2  =  sum over b, x of (y - m_b)^2  +  P sum over b of (m_b - m)^2
 *
 * where m_b is the mean of y over the P places x of sample b. It holds for every m that does not depend on x, and
 * nothing cancels: the first term is within samples, the second between them. While m waits for the batch the left side
 * needs y again, once m is known; the right side needs m for one number a sample. So a batch norm reads its input once
 * for both of its statistics. (Chan, Golub and LeVeque, 1983, with samples as the groups.) */
#include "graph/simplify.h"

static const Node *node(const Rewriter *w, Val v) { return &w->g->node.at[v]; }

/* Axes of y that are summed: the batch, and P places of a sample. */
typedef struct Summed { bool is[RANK_MOST]; uint32_t batch; int64_t places; } Summed;

static bool summed_axes(const Product *p, const Shape *y, Summed *s) {
  *s = (Summed){ .batch = RANK_MOST, .places = 1 };
  for (uint32_t a = 0; a < y->rank; a++) {
    s->is[a] = !labels_have(p->labels.out, p->labels.of[0][a]);
    if (!s->is[a]) continue;
    if (y->axis[a].n >= 0) s->places *= y->axis[a].n;
    else if (s->batch == RANK_MOST) s->batch = a;
    else return false;
  }
  return s->batch < RANK_MOST && s->places > 1;
}

Val put_moments(Rewriter *w, const Product *p) {
  if (!rewrite_on(w, REWRITE_moments) || p->n != 2 || p->x[0] != p->x[1]) return 0;
  if (memcmp(p->labels.of[0], p->labels.of[1], RANK_MOST)) return 0;
  ExprPool *pool = &w->g->expr;
  Node d = *node(w, p->x[0]);
  if (d.op != OP_map || pool->at.at[d.expr].op != EXPR_SUB) return 0;
  ExprId first = pool->at.at[d.expr].a[0], second = pool->at.at[d.expr].a[1];
  if (pool->at.at[first].op != EXPR_ARG || expr_reads(pool, second, pool->at.at[first].number)) return 0;
  uint32_t which = pool->at.at[first].number;
  Val y = d.arg[which];
  Summed s;
  if (memcmp(d.labels->of[which], d.labels->out, RANK_MOST) || !summed_axes(p, &d.shape, &s)) return 0;
  bool waits = false;                                  /* what is subtracted has no places, and comes later */
  for (uint32_t k = 0; k < d.nargs; k++) {
    if (k == which) continue;
    for (uint32_t a = 0; a < d.shape.rank; a++)
      if (s.is[a] && a != s.batch && labels_have(d.labels->of[k], d.labels->out[a])) return 0;
    waits |= w->level.at[d.arg[k]] > w->level.at[y];
  }
  if (!waits) return 0;

  /* m_b, with the axes of y that stay and the batch */
  Product sum = { .x = { y }, .n = 1, .shape = { .number = NUMBER_REAL } };
  memcpy(sum.labels.of[0], d.labels->out, RANK_MOST);
  for (uint32_t a = 0; a < d.shape.rank; a++)
    if (!s.is[a] || a == s.batch) {
      sum.labels.out[sum.shape.rank] = d.labels->out[a];
      sum.shape.axis[sum.shape.rank++] = d.shape.axis[a];
    }
  Product scaled = { .x = { put(w, &(Node){ .op = OP_contract, .nargs = 1, .arg = sum.x, .labels = &sum.labels,
      .shape = sum.shape }) }, .n = 1, .shape = sum.shape };
  memcpy(scaled.labels.of[0], sum.labels.out, RANK_MOST);
  memcpy(scaled.labels.out, sum.labels.out, RANK_MOST);
  Val mean = put_map(w, &scaled,
      expr_op(pool, EXPR_MUL, expr_const(pool, 1 / (double)s.places), expr_arg(pool, 0), 0));

  /* y - m_b, and m_b - m: the operands of d with m_b in the place of m, of y */
  Product within = { .x = { y, mean }, .n = 2, .shape = d.shape }, between = { .n = d.nargs, .shape = sum.shape };
  memcpy(within.labels.of[0], d.labels->out, RANK_MOST);
  memcpy(within.labels.of[1], sum.labels.out, RANK_MOST);
  memcpy(within.labels.out, d.labels->out, RANK_MOST);
  for (uint32_t k = 0; k < d.nargs; k++) {
    between.x[k] = k == which ? mean : d.arg[k];
    memcpy(between.labels.of[k], k == which ? sum.labels.out : d.labels->of[k], RANK_MOST);
  }
  memcpy(between.labels.out, sum.labels.out, RANK_MOST);
  Val parts[2] = { put_map(w, &within, expr_op(pool, EXPR_SUB, expr_arg(pool, 0), expr_arg(pool, 1), 0)),
                   put_map(w, &between, d.expr) };

  Product both = { .n = 2, .shape = p->shape };
  memcpy(both.labels.out, p->labels.out, RANK_MOST);
  for (uint32_t i = 0; i < 2; i++) {
    Product square = { .x = { parts[i], parts[i] }, .n = 2, .shape = p->shape };
    memcpy(square.labels.out, p->labels.out, RANK_MOST);
    for (uint32_t a = 0, b = 0; a < d.shape.rank; a++)
      if (i == 0 || !s.is[a] || a == s.batch) square.labels.of[0][b++] = p->labels.of[0][a];
    memcpy(square.labels.of[1], square.labels.of[0], RANK_MOST);
    both.x[i] = put_contract(w, &square);
    memcpy(both.labels.of[i], p->labels.out, RANK_MOST);
  }
  w->applied++;
  return put_map(w, &both, expr_op(pool, EXPR_ADD, expr_arg(pool, 0), expr_op(pool, EXPR_MUL,
      expr_const(pool, (double)s.places), expr_arg(pool, 1), 0), 0));
}
