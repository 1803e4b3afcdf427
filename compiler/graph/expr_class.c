/* expr_class.c: how an expression answers when some of its arguments are scaled or change sign together.
 *
 * Each question is one sweep from the leaves up over a small set of answers; the answer "unknown" is always
 * allowed, so "yes" is a proof and "no" is not. A constant 0 has every class. Comparisons count as fixed when
 * both sides are multiplied by one positive number; a change of sign exchanges the branches of
 * select(u < 0, a, b) when u is odd, which is how |x| is seen to be even. */
#include "graph/expr.h"
#include <math.h>

/* --- linear: 0 fixed, 1 linear, 2 zero, 3 neither --------------------------------------------- */
enum { FIXED, LINEAR, ZERO, NEITHER };

static int join(int a, int b) { return a == ZERO ? b : b == ZERO ? a : a == b ? a : NEITHER; }

static int linear_of(const ExprPool *p, const Expr *e, const uint8_t *of, uint32_t mask) {
  int a = of[e->a[0]], b = of[e->a[1]], c = of[e->a[2]];
  switch (e->op) {
  case EXPR_ARG: return e->number < 32 && mask >> e->number & 1 ? LINEAR : FIXED;
  case EXPR_CONST: return e->x == 0 ? ZERO : FIXED;
  case EXPR_SIZE: return FIXED;
  case EXPR_ADD: case EXPR_SUB: return join(a, b);
  case EXPR_NEG: return a;
  case EXPR_MUL:
    if (a == NEITHER || b == NEITHER) return NEITHER;
    if (a == ZERO || b == ZERO) return ZERO;
    return a == LINEAR && b == LINEAR ? NEITHER : a == LINEAR || b == LINEAR ? LINEAR : FIXED;
  case EXPR_DIV: return b != FIXED ? NEITHER : a;
  case EXPR_SELECT: return a == FIXED || a == ZERO ? join(b, c) : NEITHER;
  default: break;
  }
  (void)p;
  bool fixed = true;
  const int all[3] = { a, b, c };
  for (int i = 0; i < 3; i++) fixed &= !e->a[i] || all[i] == FIXED || all[i] == ZERO;
  return fixed ? FIXED : NEITHER;
}

bool expr_linear(const ExprPool *p, ExprId e, uint32_t mask) {
  Arena scratch = { 0 };
  uint32_t n;
  ExprId *order = expr_order(p, e, &scratch, &n);
  uint8_t *of = arena_array(&scratch, uint8_t, e + 1);
  for (uint32_t k = 0; k < n; k++) of[order[k]] = (uint8_t)linear_of(p, &p->at.at[order[k]], of, mask);
  bool yes = of[e] == LINEAR || of[e] == ZERO;
  arena_free(&scratch);
  return yes;
}

/* --- parity: bits EVEN and ODD, both for 0, none for unknown ---------------------------------- */
enum { EVEN = 1, ODD = 2 };

static int product(int a, int b) {                            /* even of like, odd of unlike parities */
  int even = (a & b & EVEN) | (a & ODD && b & ODD ? EVEN : 0);
  int odd = (a & EVEN && b & ODD) || (a & ODD && b & EVEN) ? ODD : 0;
  return a == 3 || b == 3 ? (a && b ? 3 : 0) : even | odd;
}

static bool zero(const ExprPool *p, ExprId e) { return p->at.at[e].op == EXPR_CONST && p->at.at[e].x == 0; }

/* Is a = -b, or a = b? */
static bool opposite(const ExprPool *p, ExprId a, ExprId b) {
  const Expr *x = &p->at.at[a], *y = &p->at.at[b];
  return (x->op == EXPR_NEG && x->a[0] == b) || (y->op == EXPR_NEG && y->a[0] == a) ||
         (x->op == EXPR_CONST && y->op == EXPR_CONST && x->x == -y->x);
}

/* select(u < 0, a, b) with u odd: at -u the other branch is taken; at u = 0 it is b, which then must be u or -u
 * itself, so that both branches are 0. */
static int exchanged(const ExprPool *p, const Expr *e, const uint8_t *of) {
  const Expr *test = &p->at.at[e->a[0]];
  if (test->op != EXPR_LT && test->op != EXPR_LE) return 0;
  ExprId u = zero(p, test->a[1]) ? test->a[0] : zero(p, test->a[0]) ? test->a[1] : 0;
  if (!u || !(of[u] & ODD)) return 0;
  ExprId b = e->a[1], c = e->a[2];
  if (b != u && !opposite(p, b, u) && c != u && !opposite(p, c, u)) return 0;
  return opposite(p, b, c) && of[b] & ODD ? EVEN : 0;
}

static int parity_of(const ExprPool *p, const Expr *e, const uint8_t *of, uint32_t mask) {
  int a = of[e->a[0]], b = of[e->a[1]], c = of[e->a[2]];
  switch (e->op) {
  case EXPR_ARG: return e->number < 32 && mask >> e->number & 1 ? ODD : EVEN;
  case EXPR_CONST: return e->x == 0 ? 3 : EVEN;
  case EXPR_SIZE: return EVEN;
  case EXPR_ADD: case EXPR_SUB: return a & b;
  case EXPR_NEG: case EXPR_TANH: case EXPR_SIN: case EXPR_ASINH: case EXPR_DSINC: return a;
  case EXPR_COS: case EXPR_SINC: case EXPR_D2SINC: return a ? EVEN : 0;
  case EXPR_MUL: return product(a, b);
  case EXPR_DIV: return b == 3 ? 0 : product(a, b);
  case EXPR_SELECT: return a & EVEN ? b & c : exchanged(p, e, of);
  case EXPR_EQ: return (a & EVEN && b & EVEN) || (a & ODD && b & ODD) ? EVEN : 0;
  case EXPR_POW: {
    const Expr *k = &p->at.at[e->a[1]];
    if (a & EVEN && b & EVEN) return EVEN;
    if (!(a & ODD) || k->op != EXPR_CONST || k->x != floor(k->x)) return 0;
    return fmod(k->x, 2) == 0 ? EVEN : ODD;
  }
  default: break;
  }
  bool even = true;
  const int all[3] = { a, b, c };
  for (int i = 0; i < 3; i++) even &= !e->a[i] || all[i] & EVEN;
  return even ? EVEN : 0;
}

static bool has_parity(const ExprPool *p, ExprId e, uint32_t mask, int parity) {
  Arena scratch = { 0 };
  uint32_t n;
  ExprId *order = expr_order(p, e, &scratch, &n);
  uint8_t *of = arena_array(&scratch, uint8_t, e + 1);
  for (uint32_t k = 0; k < n; k++) of[order[k]] = (uint8_t)parity_of(p, &p->at.at[order[k]], of, mask);
  bool yes = of[e] & parity;
  arena_free(&scratch);
  return yes;
}

bool expr_odd(const ExprPool *p, ExprId e, uint32_t mask) { return has_parity(p, e, mask, ODD); }
bool expr_even(const ExprPool *p, ExprId e, uint32_t mask) { return has_parity(p, e, mask, EVEN); }

/* --- degree: e(t x) = t^k e(x) for t > 0 ------------------------------------------------------ */
typedef struct Degree { bool known, any; double k; } Degree;

static Degree meet(Degree a, Degree b) {
  if (a.known && a.any) return b;
  if (b.known && b.any) return a;
  return a.known && b.known && a.k == b.k ? a : (Degree){ 0 };
}

static Degree degree_of(const ExprPool *p, const Expr *e, const Degree *of, uint32_t mask) {
  Degree a = of[e->a[0]], b = of[e->a[1]], c = of[e->a[2]], none = { 0 };
  switch (e->op) {
  case EXPR_ARG: return (Degree){ true, false, e->number < 32 && mask >> e->number & 1 };
  case EXPR_CONST: return (Degree){ true, e->x == 0, 0 };
  case EXPR_SIZE: return (Degree){ true, false, 0 };
  case EXPR_ADD: case EXPR_SUB: case EXPR_MIN: case EXPR_MAX: return meet(a, b);
  case EXPR_NEG: return a;
  case EXPR_MUL:
    if (!a.known || !b.known) return none;
    return a.any ? a : b.any ? b : (Degree){ true, false, a.k + b.k };
  case EXPR_DIV:
    if (!a.known || !b.known || b.any) return none;
    return a.any ? a : (Degree){ true, false, a.k - b.k };
  case EXPR_SELECT: return a.known && (a.any || a.k == 0) ? meet(b, c) : none;
  case EXPR_LT: case EXPR_LE: case EXPR_EQ: return meet(a, b).known ? (Degree){ true, false, 0 } : none;
  case EXPR_SQRT: return a.known && !a.any ? (Degree){ true, false, a.k / 2 } : a;
  case EXPR_RSQRT: return a.known && !a.any ? (Degree){ true, false, -a.k / 2 } : none;
  case EXPR_RSQRT0: return a.known && !a.any ? (Degree){ true, false, -a.k / 2 } : a;
  case EXPR_POW:
    if (a.known && !a.any && p->at.at[e->a[1]].op == EXPR_CONST)
      return (Degree){ true, false, a.k * p->at.at[e->a[1]].x };
    break;
  default: break;
  }
  const Degree all[3] = { a, b, c };
  for (int i = 0; i < 3; i++)
    if (e->a[i] && !(all[i].known && (all[i].any || all[i].k == 0))) return none;
  return (Degree){ true, false, 0 };
}

bool expr_homogeneous(const ExprPool *p, ExprId e, uint32_t mask) {
  Arena scratch = { 0 };
  uint32_t n;
  ExprId *order = expr_order(p, e, &scratch, &n);
  Degree *of = arena_array(&scratch, Degree, e + 1);
  for (uint32_t k = 0; k < n; k++) of[order[k]] = degree_of(p, &p->at.at[order[k]], of, mask);
  bool yes = of[e].known && (of[e].any || of[e].k == 1);
  arena_free(&scratch);
  return yes;
}
