/* expr.c: the pool of scalar expressions: building, folding, substituting, evaluating.
 *
 * Equal trees are one ExprId: a hash table over (operation, arguments, number, bits of the constant). An expression
 * is appended after its arguments, so a loop over rising ids is a topological order, and nothing here recurses.
 * Folding keeps bits: x * 1 is x, but x + 0 is not (-0 + 0 = 0) and x * 0 is not (inf). Signs move outwards,
 * (-a) * b = -(a * b), which rounds alike. Elsewhere: text (expr_text.c), derivatives (expr_diff.c), parity and
 * the like (expr_class.c). */
#include "graph/expr.h"
#include <math.h>
#include <stdlib.h>

static const uint8_t arity[EXPR_COUNT] = {
#define EXPR(op, n, name) [EXPR_##op] = n,
  EXPR_OPS(EXPR)
#undef EXPR
};

/* --- the pool --------------------------------------------------------------------------------- */
static uint64_t bits_of(double x) {
  uint64_t u;
  memcpy(&u, &x, sizeof u);
  return u;
}

static uint32_t hash(const Expr *e) {
  uint64_t h = e->op;
  for (int i = 0; i < 3; i++) h = (h ^ e->a[i]) * 0x9e3779b97f4a7c15u;
  h = (h ^ e->number) * 0x9e3779b97f4a7c15u;
  h = (h ^ bits_of(e->x)) * 0x9e3779b97f4a7c15u;
  return (uint32_t)(h >> 32);
}

static bool same(const Expr *a, const Expr *b) {
  return a->op == b->op && a->a[0] == b->a[0] && a->a[1] == b->a[1] && a->a[2] == b->a[2] && a->number == b->number &&
         bits_of(a->x) == bits_of(b->x);
}

static void rehash(ExprPool *p) {
  p->nslot = p->nslot ? 2 * p->nslot : 64;
  p->slot = arena_array(p->arena, uint32_t, p->nslot);
  for (ExprId e = 1; e < p->at.n; e++) {
    uint32_t i = hash(&p->at.at[e]) & (p->nslot - 1);
    while (p->slot[i]) i = (i + 1) & (p->nslot - 1);
    p->slot[i] = e;
  }
}

static ExprId intern(ExprPool *p, const Expr *e) {
  if (!p->at.n) vec_push(p->arena, &p->at, (Expr){ 0 });
  if (2 * p->at.n >= p->nslot) rehash(p);
  uint32_t i = hash(e) & (p->nslot - 1);
  while (p->slot[i]) {
    if (same(&p->at.at[p->slot[i]], e)) return p->slot[i];
    i = (i + 1) & (p->nslot - 1);
  }
  p->slot[i] = p->at.n;
  vec_push(p->arena, &p->at, *e);
  return p->at.n - 1;
}

ExprId expr_arg(ExprPool *p, uint32_t i) { return intern(p, &(Expr){ .op = EXPR_ARG, .number = i }); }
ExprId expr_const(ExprPool *p, double x) {
  if (isnan(x)) x = NAN;                                      /* one NaN, whatever its sign */
  return intern(p, &(Expr){ .op = EXPR_CONST, .x = x });
}
ExprId expr_size(ExprPool *p, uint32_t symbol) { return intern(p, &(Expr){ .op = EXPR_SIZE, .number = symbol }); }

/* --- one operation ---------------------------------------------------------------------------- */
/* The k-th derivative of sin(x) / x. Near 0 from its series, sum of (-1)^i x^2i / (2i + 1)!. */
static double sinc(int k, double x) {
  if (fabs(x) < 1) {
    double sum = 0, term = 1;                                 /* term = (-1)^i / (2i + 1)!, then times x^(2i - k) */
    for (int i = 0; i < 12; i++) {
      if (i) term /= -(2.0 * i) * (2.0 * i + 1);
      if (2 * i < k) continue;
      double falling = 1;
      for (int j = 0; j < k; j++) falling *= 2.0 * i - j;
      sum += term * falling * pow(x, 2 * i - k);
    }
    return sum;
  }
  double s = sin(x) / x, d = (cos(x) - s) / x;
  return k == 0 ? s : k == 1 ? d : -s - 2 * d / x;
}

double expr_apply(ExprOp op, double a, double b, double c) {
  switch (op) {
  case EXPR_ADD: return a + b;
  case EXPR_SUB: return a - b;
  case EXPR_MUL: return a * b;
  case EXPR_DIV: return a / b;
  case EXPR_NEG: return -a;
  case EXPR_MIN: return a < b ? a : b;
  case EXPR_MAX: return b < a ? a : b;
  case EXPR_SELECT: return a != 0 ? b : c;
  case EXPR_LT: return a < b;
  case EXPR_LE: return a <= b;
  case EXPR_EQ: return a == b;
  case EXPR_AND: return a != 0 && b != 0;
  case EXPR_OR: return a != 0 || b != 0;
  case EXPR_NOT: return a == 0;
  case EXPR_EXP: return exp(a);
  case EXPR_LOG: return log(a);
  case EXPR_TANH: return tanh(a);
  case EXPR_SIGMOID: return a < 0 ? exp(a) / (1 + exp(a)) : 1 / (1 + exp(-a));
  case EXPR_SIN: return sin(a);
  case EXPR_COS: return cos(a);
  case EXPR_SINC: return sinc(0, a);
  case EXPR_DSINC: return sinc(1, a);
  case EXPR_D2SINC: return sinc(2, a);
  case EXPR_ASINH: return asinh(a);
  case EXPR_SQRT: return sqrt(a);
  case EXPR_RSQRT: return 1 / sqrt(a);
  case EXPR_RSQRT0: return a == 0 ? 0 : 1 / sqrt(a);
  case EXPR_POW: return pow(a, b);
  case EXPR_REAL: return a;
  case EXPR_ARG: case EXPR_CONST: case EXPR_SIZE: case EXPR_COUNT: break;
  }
  bug("operation %d", (int)op);
}

/* --- building --------------------------------------------------------------------------------- */
static bool is(const ExprPool *p, ExprId e, ExprOp op) { return p->at.at[e].op == op; }
static bool is_const(const ExprPool *p, ExprId e, double x) {
  return is(p, e, EXPR_CONST) && bits_of(p->at.at[e].x) == bits_of(x);
}
static ExprId arg_of(const ExprPool *p, ExprId e, int i) { return p->at.at[e].a[i]; }

/* The same bits in fewer operations, or 0. */
static ExprId fold(ExprPool *p, ExprOp op, ExprId a, ExprId b, ExprId c) {
  switch (op) {
  case EXPR_ADD:
    if (is_const(p, b, -0.0)) return a;
    if (is_const(p, a, -0.0)) return b;
    if (a == b) return expr_op(p, EXPR_MUL, expr_const(p, 2), a, 0);
    if (is(p, b, EXPR_NEG)) return expr_op(p, EXPR_SUB, a, arg_of(p, b, 0), 0);
    if (is(p, a, EXPR_NEG)) return expr_op(p, EXPR_SUB, b, arg_of(p, a, 0), 0);
    return 0;
  case EXPR_SUB:
    if (is_const(p, b, 0.0)) return a;
    if (is_const(p, a, -0.0)) return expr_op(p, EXPR_NEG, b, 0, 0);
    if (is(p, b, EXPR_NEG)) return expr_op(p, EXPR_ADD, a, arg_of(p, b, 0), 0);
    return 0;
  case EXPR_MUL: case EXPR_DIV:
    if (is_const(p, b, 1)) return a;
    if (is_const(p, b, -1)) return expr_op(p, EXPR_NEG, a, 0, 0);
    if (op == EXPR_MUL && is_const(p, a, 1)) return b;
    if (op == EXPR_MUL && is_const(p, a, -1)) return expr_op(p, EXPR_NEG, b, 0, 0);
    if (is(p, a, EXPR_NEG)) return expr_op(p, EXPR_NEG, expr_op(p, op, arg_of(p, a, 0), b, 0), 0, 0);
    if (is(p, b, EXPR_NEG)) return expr_op(p, EXPR_NEG, expr_op(p, op, a, arg_of(p, b, 0), 0), 0, 0);
    return 0;
  case EXPR_NEG: return is(p, a, EXPR_NEG) ? arg_of(p, a, 0) : 0;
  case EXPR_NOT: return is(p, a, EXPR_NOT) ? arg_of(p, a, 0) : 0;
  case EXPR_MIN: case EXPR_MAX: return a == b ? a : 0;
  case EXPR_AND: case EXPR_OR:
    if (is(p, a, EXPR_CONST)) return (p->at.at[a].x != 0) == (op == EXPR_AND) ? b : a;
    if (is(p, b, EXPR_CONST)) return (p->at.at[b].x != 0) == (op == EXPR_AND) ? a : b;
    return a == b ? a : 0;
  case EXPR_SELECT:
    if (is(p, a, EXPR_CONST)) return p->at.at[a].x != 0 ? b : c;
    if (is(p, a, EXPR_NOT)) return expr_op(p, EXPR_SELECT, arg_of(p, a, 0), c, b);
    return b == c ? b : 0;
  case EXPR_POW:
    if (is_const(p, b, 1)) return a;
    return is_const(p, b, 0) ? expr_const(p, 1) : 0;
  default: return 0;
  }
}

ExprId expr_op(ExprPool *p, ExprOp op, ExprId a, ExprId b, ExprId c) {
  ExprId in[3] = { a, b, c };
  assert(op > EXPR_SIZE && op < EXPR_COUNT);
  bool constant = true;
  for (int i = 0; i < 3; i++) {
    assert((in[i] != 0) == (i < arity[op]) && in[i] < p->at.n);
    if (in[i] && !is(p, in[i], EXPR_CONST)) constant = false;
  }
  if (constant) {
    double x[3] = { 0 };
    for (int i = 0; i < arity[op]; i++) x[i] = p->at.at[in[i]].x;
    return expr_const(p, expr_apply(op, x[0], x[1], x[2]));
  }
  ExprId e = fold(p, op, a, b, c);
  return e ? e : intern(p, &(Expr){ .op = (uint8_t)op, .a = { a, b, c } });
}

/* --- walking ---------------------------------------------------------------------------------- */
/* What e is made of, as bits: asked of small expressions in large pools, so 64 at once. Operands stand before their
 * users. */
ExprId *expr_order(const ExprPool *p, ExprId e, Arena *arena, uint32_t *n) {
  assert(e && e < p->at.n);
  uint64_t *needed = arena_array(arena, uint64_t, e / 64 + 1), left;
  needed[e / 64] = UINT64_C(1) << e % 64;
  *n = 0;
  for (uint32_t w = e / 64 + 1; w--;)
    for (uint64_t lower = UINT64_MAX; (left = needed[w] & lower) != 0; ++*n) {
      uint32_t bit = 63 - (uint32_t)__builtin_clzll(left);
      const Expr *x = &p->at.at[64 * w + bit];
      lower = (UINT64_C(1) << bit) - 1;
      for (int k = 0; k < 3; k++)
        if (x->a[k]) needed[x->a[k] / 64] |= UINT64_C(1) << x->a[k] % 64;
    }
  ExprId *order = arena_array(arena, ExprId, *n);
  for (uint32_t w = 0, k = 0; w <= e / 64; w++)
    for (left = needed[w]; left; left &= left - 1) order[k++] = 64 * w + (uint32_t)__builtin_ctzll(left);
  return order;
}

/* Rebuilds e in `to`, arguments replaced when `by` is not NULL. */
static ExprId rebuild(ExprPool *to, const ExprPool *from, ExprId e, const ExprId *by) {
  Arena scratch = { 0 };
  uint32_t n;
  ExprId *order = expr_order(from, e, &scratch, &n), *now = arena_array(&scratch, ExprId, e + 1);
  for (uint32_t k = 0; k < n; k++) {
    Expr x = from->at.at[order[k]];
    if (x.op == EXPR_ARG && by) now[order[k]] = by[x.number];
    else if (x.op <= EXPR_SIZE) now[order[k]] = intern(to, &x);
    else now[order[k]] = expr_op(to, (ExprOp)x.op, now[x.a[0]], now[x.a[1]], now[x.a[2]]);
  }
  ExprId done = now[e];
  arena_free(&scratch);
  return done;
}

ExprId expr_substitute(ExprPool *p, ExprId e, const ExprId *by) { return rebuild(p, p, e, by); }
ExprId expr_copy(ExprPool *to, const ExprPool *from, ExprId e) { return rebuild(to, from, e, NULL); }

double expr_eval(const ExprPool *p, ExprId e, const double *args, const int64_t *sizes) {
  Arena scratch = { 0 };
  uint32_t n;
  ExprId *order = expr_order(p, e, &scratch, &n);
  double *x = arena_array(&scratch, double, e + 1);
  for (uint32_t k = 0; k < n; k++) {
    const Expr *s = &p->at.at[order[k]];
    x[order[k]] = s->op == EXPR_ARG ? args[s->number] : s->op == EXPR_CONST ? s->x
                : s->op == EXPR_SIZE ? (double)sizes[s->number]
                : expr_apply((ExprOp)s->op, x[s->a[0]], x[s->a[1]], x[s->a[2]]);
  }
  double y = x[e];
  arena_free(&scratch);
  return y;
}

uint32_t expr_args(const ExprPool *p, ExprId e) {
  Arena scratch = { 0 };
  uint32_t n, most = 0;
  ExprId *order = expr_order(p, e, &scratch, &n);
  for (uint32_t k = 0; k < n; k++) {
    const Expr *s = &p->at.at[order[k]];
    if (s->op == EXPR_ARG && s->number >= most) most = s->number + 1;
  }
  arena_free(&scratch);
  return most;
}

bool expr_reads(const ExprPool *p, ExprId e, uint32_t arg) {
  Arena scratch = { 0 };
  uint32_t n;
  bool found = false;
  ExprId *order = expr_order(p, e, &scratch, &n);
  for (uint32_t k = 0; k < n; k++) found |= is(p, order[k], EXPR_ARG) && p->at.at[order[k]].number == arg;
  arena_free(&scratch);
  return found;
}

uint32_t expr_nodes(const ExprPool *p, ExprId e) {
  Arena scratch = { 0 };
  uint32_t n;
  expr_order(p, e, &scratch, &n);
  arena_free(&scratch);
  return n;
}
