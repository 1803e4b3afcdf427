/* simplify_contract.c: rewrites of contract, until it sums what must be summed and nothing else.
 *
 * The operands of a contract lose what the sum does not need: constants, moves, factors and whole operands without
 * the summed labels go to a map behind it, and labels that only they had leave the result or become a factor, the
 * count of the terms. What sums nothing is a map altogether. A sum over the batch of a sum goes to the terms when
 * the batch is waited for less then: Σ (z r + d q - a) waits for r, q and a, r Σ z + q Σ d - N a only for z and d.
 * A product of two sums is never multiplied out: Σ (y - m)^2 stays centred. */
#include "graph/simplify.h"

static Node node(const Rewriter *w, Val v) { return w->g->node.at[v]; }
static const Shape *shape(const Rewriter *w, Val v) { return &w->g->node.at[v].shape; }

static bool repeats(const uint8_t *labels) {
  for (int a = 0; a < RANK_MOST && labels[a]; a++)
    for (int b = 0; b < a; b++)
      if (labels[a] == labels[b]) return true;
  return false;
}

static bool summed(const Product *p, uint8_t l) { return !labels_have(p->labels.out, l); }
static bool sums(const Product *p, const uint8_t *labels) {   /* some label of it is summed */
  for (int a = 0; a < RANK_MOST && labels[a]; a++)
    if (summed(p, labels[a])) return true;
  return false;
}

static ExprId number_of(Rewriter *w, Size n) { return n >= 0 ? expr_const(&w->g->expr, n)
    : expr_size(&w->g->expr, (uint32_t)(-n - 1)); }
static ExprId times(Rewriter *w, ExprId a, ExprId b) { return expr_op(&w->g->expr, EXPR_MUL, a, b, 0); }

static Val plain(Rewriter *w, const Product *p) {
  return put_node(w, &(Node){ .op = OP_contract, .nargs = (uint8_t)p->n, .arg = p->x, .labels = &p->labels,
      .shape = p->shape });
}

/* --- what stands before and behind the sum ---------------------------------------------------- */
/* inside: operands of the contract; outside: those of the map behind it, whose operand 0 is the contract. */
typedef struct Parted { Product inside, outside; ExprId scale; Size size[LABELS_MOST + 1];
    bool had[LABELS_MOST + 1]; } Parted;

static void drop(Product *p, uint32_t i) {
  for (uint32_t k = i; k + 1 < p->n; k++) {
    p->x[k] = p->x[k + 1];
    memcpy(p->labels.of[k], p->labels.of[k + 1], RANK_MOST);
  }
  p->n--;
  memset(p->labels.of[p->n], 0, RANK_MOST);
}

/* Operands are a list here: equal ones stand as often as they are written. */
static void append(Product *p, Val x, const uint8_t *labels) {
  assert(p->n < ARGS_MOST);
  p->x[p->n] = x;
  memcpy(p->labels.of[p->n++], labels, RANK_MOST);
}

/* By value, then labels, so that products in another order are one. */
static void in_order(Product *p) {
  for (uint32_t i = 1; i < p->n; i++)
    for (uint32_t k = i; k && (p->x[k] < p->x[k - 1] || (p->x[k] == p->x[k - 1] && memcmp(p->labels.of[k],
        p->labels.of[k - 1], RANK_MOST) < 0)); k--) {
      Val x = p->x[k];
      uint8_t labels[RANK_MOST];
      memcpy(labels, p->labels.of[k], RANK_MOST);
      p->x[k] = p->x[k - 1];
      memcpy(p->labels.of[k], p->labels.of[k - 1], RANK_MOST);
      p->x[k - 1] = x;
      memcpy(p->labels.of[k - 1], labels, RANK_MOST);
    }
}

static void note_sizes(const Rewriter *w, Parted *t) {
  for (uint32_t i = 0; i < t->inside.n; i++)
    for (int a = 0; a < shape(w, t->inside.x[i])->rank; a++) {
      uint8_t l = t->inside.labels.of[i][a];
      t->size[l] = shape(w, t->inside.x[i])->axis[a].n;
      t->had[l] = true;
    }
}

/* Constant and moved operands. */
static void constants_and_moves(Rewriter *w, Parted *t) {
  for (uint32_t i = 0; i < t->inside.n;) {
    Node m = node(w, t->inside.x[i]);
    if (m.op == OP_map && m.nargs == 0 && rewrite_on(w, REWRITE_constants)) {
      t->scale = times(w, t->scale, m.expr);
      drop(&t->inside, i);
      w->applied++;
    } else if (is_move(w->g, &m) && rewrite_on(w, REWRITE_moves)) {
      uint8_t to[LABELS_MOST + 1] = { 0 }, labels[RANK_MOST] = { 0 };
      for (int a = 0; a < m.shape.rank; a++) to[m.labels->out[a]] = t->inside.labels.of[i][a];
      for (int a = 0; a < shape(w, m.arg[0])->rank; a++) labels[a] = to[m.labels->of[0][a]];
      t->inside.x[i] = m.arg[0];
      memcpy(t->inside.labels.of[i], labels, RANK_MOST);
      w->applied++;
    } else {
      i++;
    }
  }
}

/* A map over the arguments of m that e reads, under the labels of the product. */
static Val factor_value(Rewriter *w, const Node *m, const Product *p, uint32_t i, ExprId e, uint8_t *labels) {
  Product q = { .shape = { .number = NUMBER_REAL } };
  uint8_t to[LABELS_MOST + 1] = { 0 };
  ExprId by[ARGS_MOST] = { 0 };
  for (int a = 0; a < m->shape.rank; a++) to[m->labels->out[a]] = p->labels.of[i][a];
  for (uint32_t k = 0; k < m->nargs; k++) {
    by[k] = expr_arg(&w->g->expr, k);
    if (!expr_reads(&w->g->expr, e, k)) continue;
    by[k] = expr_arg(&w->g->expr, product_add(&q, m->arg[k], m->labels->of[k]));
  }
  for (int a = 0; a < m->shape.rank; a++)                    /* axes that some argument has */
    for (uint32_t k = 0; k < q.n; k++)
      if (labels_have(q.labels.of[k], m->labels->out[a])) {
        q.labels.out[q.shape.rank] = m->labels->out[a];
        labels[q.shape.rank] = to[m->labels->out[a]];
        q.shape.axis[q.shape.rank++] = m->shape.axis[a];
        break;
      }
  return put_map(w, &q, expr_substitute(&w->g->expr, e, by));
}

static bool factor_sums(const Rewriter *w, const Node *m, const Product *p, uint32_t i, ExprId e) {
  for (uint32_t k = 0; k < m->nargs; k++) {
    if (!expr_reads(&w->g->expr, e, k)) continue;
    for (int a = 0; a < RANK_MOST && m->labels->of[k][a]; a++)
      for (int b = 0; b < m->shape.rank; b++)
        if (m->labels->out[b] == m->labels->of[k][a] && summed(p, p->labels.of[i][b])) return true;
  }
  return false;
}

/* Would a factor of signs stand alone? Outside the product it is not the odd expression that the rule asks for, unless
 * it is a plain argument. */
static bool may_leave(const Rewriter *w, const Node *m, ExprId e) {
  if (w->g->expr.at.at[e].op == EXPR_ARG) return true;
  for (uint32_t k = 0; k < m->nargs; k++) {
    const Shape *s = shape(w, m->arg[k]);
    for (int a = 0; a < s->rank; a++)
      if (s->axis[a].role == ROLE_REP && w->g->frame.at[s->axis[a].what].action > ACTION_PERMUTES &&
          expr_reads(&w->g->expr, e, k)) return false;
  }
  return true;
}

/* Operand i is a product of which some factors lack the summed labels: they go outside, and the operand if all do. */
static void split_factors(Rewriter *w, Parted *t, uint32_t i) {
  Node m = node(w, t->inside.x[i]);
  if (m.op != OP_map || m.shape.number != NUMBER_REAL || m.waived != w->g->waived) return;
  ExprPool *p = &w->g->expr;
  Factors f;
  factors_of(p, m.expr, &f);
  ExprId stay = 0, leave = 0, below_stay = 0, below_leave = 0;
  for (uint32_t k = 0; k < f.nnum + f.nden; k++) {
    ExprId e = k < f.nnum ? f.num[k] : f.den[k - f.nnum];
    bool leaves = !factor_sums(w, &m, &t->inside, i, e) && may_leave(w, &m, e);
    ExprId *side = k < f.nnum ? (leaves ? &leave : &stay) : (leaves ? &below_leave : &below_stay);
    *side = *side ? times(w, *side, e) : e;
  }
  if ((!leave && !below_leave) || t->outside.n + 2 >= ARGS_MOST) return;
  if (below_leave) leave = expr_op(p, EXPR_DIV, leave ? leave : expr_const(p, 1), below_leave, 0);
  if (below_stay) stay = expr_op(p, EXPR_DIV, stay ? stay : expr_const(p, 1), below_stay, 0);
  uint8_t labels[RANK_MOST] = { 0 }, inner[RANK_MOST] = { 0 };
  if (expr_args(p, leave) == 0) {
    t->scale = times(w, t->scale, leave);
  } else {
    Val out = factor_value(w, &m, &t->inside, i, leave, labels);
    append(&t->outside, out, labels);
  }
  w->applied++;
  if (!stay) { drop(&t->inside, i); return; }
  Val in = factor_value(w, &m, &t->inside, i, stay, inner);
  t->inside.x[i] = in;
  memcpy(t->inside.labels.of[i], inner, RANK_MOST);
}

/* Components that the group does not permute, which another operand has too: the places count together. */
static bool shares_components(const Rewriter *w, const Product *p, uint32_t i) {
  const Shape *s = shape(w, p->x[i]);
  for (int a = 0; a < s->rank; a++) {
    if (s->axis[a].role != ROLE_REP || w->g->frame.at[s->axis[a].what].action <= ACTION_PERMUTES) continue;
    for (uint32_t k = 0; k < p->n; k++)
      if (k != i && sums(p, p->labels.of[k]) && labels_have(p->labels.of[k], p->labels.of[i][a])) return true;
  }
  return false;
}

/* --- sums of sums ----------------------------------------------------------------------------- */
static uint32_t wait_of(const Rewriter *w, const Node *m, ExprId e) {
  uint32_t level = 0;
  for (uint32_t k = 0; k < m->nargs; k++)
    if (expr_reads(&w->g->expr, e, k) && w->level.at[m->arg[k]] > level) level = w->level.at[m->arg[k]];
  return level;
}

/* How many sums over the batch the terms still wait for when factors without the summed labels are outside; UINT32_MAX:
 * nothing would change. */
static uint32_t wait_after(Rewriter *w, const Node *m, const Product *p, const Sums *s) {
  uint32_t most = 0;
  bool gain = false;
  for (uint32_t k = 0; k < s->n; k++) {
    Factors f;
    factors_of(&w->g->expr, s->term[k], &f);
    bool body = false;
    for (uint32_t j = 0; j < f.nnum + f.nden; j++) {
      ExprId e = j < f.nnum ? f.num[j] : f.den[j - f.nnum];
      if (!factor_sums(w, m, p, 0, e)) { gain = true; continue; }
      body = true;
      uint32_t level = wait_of(w, m, e);
      if (level > most) most = level;
    }
    gain |= !body;
  }
  return gain || s->n > 1 ? most : UINT32_MAX;
}

static bool over_batch(const Rewriter *w, const Product *p) {
  for (int a = 0; a < shape(w, p->x[0])->rank; a++)
    if (shape(w, p->x[0])->axis[a].n < 0 && summed(p, p->labels.of[0][a])) return true;
  return false;
}

/* Is every term, but for factors that leave, a sum that nobody else reads? Then sum and sum become one. */
static bool terms_are_sums(Rewriter *w, const Node *m, const Product *p, ExprId e) {
  Sums s;
  terms_of(&w->g->expr, e, &s);
  for (uint32_t k = 0; k < s.n; k++) {
    Factors f;
    ExprId body = 0;
    factors_of(&w->g->expr, s.term[k], &f);
    for (uint32_t j = 0; j < f.nnum + f.nden; j++) {
      ExprId x = j < f.nnum ? f.num[j] : f.den[j - f.nnum];
      if (!factor_sums(w, m, p, 0, x)) continue;
      if (body || j >= f.nnum) return false;
      body = x;
    }
    if (!body) continue;
    Expr x = w->g->expr.at.at[body];
    if (x.op == EXPR_ADD || x.op == EXPR_SUB) {
      if (!terms_are_sums(w, m, p, body)) return false;
      continue;
    }
    if (x.op != EXPR_ARG) return false;
    const Node *sum = &w->g->node.at[m->arg[x.number]];
    if (sum->op != OP_contract || sum->nargs != 1 || sum->waived != w->g->waived || w->uses.at[m->arg[x.number]] > 1)
      return false;
  }
  return true;
}

/* One operand, a map: the sum over the batch goes to its terms if it waits for less then, and any sum goes to terms
 * that are sums. 0: it does not; factors: or it is one term, whose factors are to go outside whoever reads it. */
static Val split_sum(Rewriter *w, const Product *p, bool *factors) {
  if (!rewrite_on(w, REWRITE_sum_split) || p->n != 1 || !sums(p, p->labels.of[0]) || repeats(p->labels.of[0])) return 0;
  Node m = node(w, p->x[0]);
  if (m.op != OP_map || m.nargs == 0 || m.waived != w->g->waived) return 0;
  Sums s;
  ExprPool *pool = &w->g->expr;
  terms_of(pool, m.expr, &s);
  bool less = over_batch(w, p) && wait_after(w, &m, p, &s) < wait_of(w, &m, m.expr);
  bool merges = rewrite_on(w, REWRITE_contract_contract) && w->uses.at[p->x[0]] <= 1 && terms_are_sums(w, &m,
      p, m.expr);
  if (!less && !merges) return 0;
  if (s.n == 1) { *factors = true; return 0; }
  w->applied++;
  Product sum = { .shape = p->shape };
  ExprId e = 0;
  memcpy(sum.labels.out, p->labels.out, RANK_MOST);
  for (uint32_t k = 0; k < s.n; k++) {
    Product term = *p;
    if (expr_args(pool, s.term[k]) == 0) {                    /* a constant, as often as it is summed */
      ExprId count = s.term[k];
      for (int a = 0; a < m.shape.rank; a++)
        if (summed(p, p->labels.of[0][a])) count = times(w, count, number_of(w, m.shape.axis[a].n));
      e = !e ? (s.minus[k] ? expr_op(pool, EXPR_NEG, count, 0, 0) : count) : expr_op(pool, s.minus[k]
          ? EXPR_SUB : EXPR_ADD, e, count, 0);
      continue;
    }
    Product whole = product_of(&m);
    term.x[0] = put_map(w, &whole, s.term[k]);
    Val part = put_contract(w, &term);
    uint8_t labels[RANK_MOST];
    memcpy(labels, p->labels.out, RANK_MOST);
    ExprId x = expr_arg(pool, product_add(&sum, part, labels));
    e = !e ? (s.minus[k] ? expr_op(pool, EXPR_NEG, x, 0, 0) : x) : expr_op(pool, s.minus[k] ? EXPR_SUB
        : EXPR_ADD, e, x, 0);
  }
  return put_map(w, &sum, e);
}

/* --- contract of contract --------------------------------------------------------------------- */
/* Both have one operand: labels that the inner sums get new numbers. */
static bool merge(Rewriter *w, Product *p) {
  if (!rewrite_on(w, REWRITE_contract_contract) || p->n != 1 || w->uses.at[p->x[0]] > 1) return false;
  Node m = node(w, p->x[0]);
  if (m.op != OP_contract || m.nargs != 1 || m.waived != w->g->waived || repeats(m.labels->out)) return false;
  uint8_t to[LABELS_MOST + 1] = { 0 }, next = 0, labels[RANK_MOST] = { 0 };
  for (int a = 0; a < RANK_MOST; a++) {
    if (p->labels.of[0][a] > next) next = p->labels.of[0][a];
    if (p->labels.out[a] > next) next = p->labels.out[a];
  }
  for (int a = 0; a < m.shape.rank; a++) to[m.labels->out[a]] = p->labels.of[0][a];
  for (int a = 0; a < shape(w, m.arg[0])->rank; a++) {
    uint8_t l = m.labels->of[0][a];
    if (!to[l]) to[l] = ++next;
    labels[a] = to[l];
  }
  if (next > LABELS_MOST) return false;
  p->x[0] = m.arg[0];
  memcpy(p->labels.of[0], labels, RANK_MOST);
  w->applied++;
  return true;
}

/* --- the whole -------------------------------------------------------------------------------- */
static bool same_labels(const Product *p) {
  return p->n == 1 && !memcmp(p->labels.of[0], p->labels.out, RANK_MOST);
}

/* Sums of one term each of a weight, its axes in order: the weight without the axes of one element. 0: it is not. */
static Val one_term(Rewriter *w, const Product *p) {
  Node x = node(w, p->x[0]);
  if (p->n != 1 || x.op != OP_param || !rewrite_on(w, REWRITE_moves)) return 0;
  uint8_t kept[RANK_MOST] = { 0 };
  int n = 0;
  for (int a = 0; a < x.shape.rank; a++) {
    uint8_t label = p->labels.of[0][a];
    if (!summed(p, label)) kept[n++] = label;
    else if (x.shape.axis[a].n != 1) return 0;
  }
  if (memcmp(kept, p->labels.out, RANK_MOST)) return 0;
  w->applied++;
  return put_node(w, &(Node){ .op = OP_param, .number = x.number, .offset = x.offset, .shape = p->shape });
}

Val put_contract(Rewriter *w, const Product *from) {
  Product p = *from;
  while (merge(w, &p)) {}
  if (repeats(p.labels.out)) return plain(w, &p);
  Val term = one_term(w, &p);
  if (term) return term;
  Val moments = put_moments(w, &p);
  if (moments) return moments;
  bool factors = false;
  Val split = split_sum(w, &p, &factors);
  if (split) return split;

  Parted t = { .inside = p, .scale = expr_const(&w->g->expr, 1) };
  note_sizes(w, &t);
  constants_and_moves(w, &t);
  bool products = rewrite_on(w, REWRITE_products);
  for (uint32_t i = t.inside.n; products && i-- > 0;)         /* from the last: an operand may go */
    if (factors || w->uses.at[t.inside.x[i]] <= 1) split_factors(w, &t, i);
  for (uint32_t i = 0; products && i < t.inside.n;) {         /* whole operands that sum nothing */
    if (sums(&t.inside, t.inside.labels.of[i]) || t.outside.n + 2 >= ARGS_MOST ||
        shares_components(w, &t.inside, i)) {
      i++;
      continue;
    }
    append(&t.outside, t.inside.x[i], t.inside.labels.of[i]);
    drop(&t.inside, i);
  }
  bool now[LABELS_MOST + 1] = { false };
  for (uint32_t i = 0; i < t.inside.n; i++)
    for (int a = 0; a < RANK_MOST && t.inside.labels.of[i][a]; a++) now[t.inside.labels.of[i][a]] = true;
  /* nobody depends on it any more: as many equal terms */
  for (uint8_t l = 1; l <= (uint8_t)LABELS_MOST; l++)
    if (t.had[l] && !now[l] && summed(&t.inside, l)) t.scale = times(w, t.scale, number_of(w, t.size[l]));

  Product out = { .shape = p.shape };                         /* the map behind */
  memcpy(out.labels.out, p.labels.out, RANK_MOST);
  ExprId e = 0;
  if (t.inside.n) {
    Shape inner = { .number = NUMBER_REAL };
    uint8_t labels[RANK_MOST] = { 0 };
    for (int a = 0; a < p.shape.rank; a++)                    /* broadcast axes come behind too */
      if (now[p.labels.out[a]] || !products) {
        labels[inner.rank] = p.labels.out[a];
        inner.axis[inner.rank++] = p.shape.axis[a];
      }
    memcpy(t.inside.labels.out, labels, RANK_MOST);
    t.inside.shape = inner;
    bool nothing = products && same_labels(&t.inside) && !repeats(labels);
    Val y = nothing ? t.inside.x[0] : 0;
    if (!y && t.inside.n != from->n) y = put_contract(w, &t.inside);     /* fewer operands: perhaps it splits now */
    if (!y) y = plain(w, &t.inside);
    if (t.outside.n == 0 && !memcmp(labels, p.labels.out, RANK_MOST) && t.scale == expr_const(&w->g->expr, 1)) return y;
    append(&t.outside, y, labels);
  }
  in_order(&t.outside);
  for (uint32_t i = 0; i < t.outside.n; i++) {
    ExprId x = expr_arg(&w->g->expr, product_add(&out, t.outside.x[i], t.outside.labels.of[i]));
    e = e ? times(w, e, x) : x;
  }
  e = e ? times(w, t.scale, e) : t.scale;
  if (w->g->expr.at.at[t.scale].op == EXPR_CONST && w->g->expr.at.at[t.scale].x == 0) e = t.scale;
  w->applied++;
  return put_map(w, &out, e);
}
