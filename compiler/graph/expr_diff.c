/* expr_diff.c: the derivative of an expression by one of its arguments.
 *
 * One sweep from the leaves up; terms whose derivative is 0 are not built, so nothing is multiplied by 0. The
 * derivative of a quotient is written with the quotient itself, (a' - (a / b) b') / b, and of rsqrt0 with rsqrt0:
 * it is 0 at 0, like that of everything made of it. A select is differentiated by selecting, so that what is not
 * chosen may be infinite. The operations are closed: sinc has two derivatives of its own, and the third is
 * written with sin and cos, near 0 as a polynomial. */
#include "graph/expr.h"
#include <math.h>

typedef struct Diff { ExprPool *p; ExprId zero, one; } Diff;

static ExprId op2(const Diff *d, ExprOp op, ExprId a, ExprId b) { return expr_op(d->p, op, a, b, 0); }
static ExprId op1(const Diff *d, ExprOp op, ExprId a) { return expr_op(d->p, op, a, 0, 0); }
static ExprId number(const Diff *d, double x) { return expr_const(d->p, x); }
static ExprId times(const Diff *d, ExprId a, ExprId b) {
  return a == d->zero || b == d->zero ? d->zero : op2(d, EXPR_MUL, a, b);
}
static ExprId plus(const Diff *d, ExprId a, ExprId b) {
  return a == d->zero ? b : b == d->zero ? a : op2(d, EXPR_ADD, a, b);
}
static ExprId minus(const Diff *d, ExprId a, ExprId b) {
  return b == d->zero ? a : a == d->zero ? op1(d, EXPR_NEG, b) : op2(d, EXPR_SUB, a, b);
}
static ExprId over(const Diff *d, ExprId a, ExprId b) { return a == d->zero ? a : op2(d, EXPR_DIV, a, b); }

/* sinc''': -(dsinc) - 2 d2sinc / x + 2 dsinc / x^2; for |x| < 1 its series, the coefficients of x^(2i - 3) being
 * (-1)^i (2i)(2i - 1)(2i - 2) / (2i + 1)!, by Horner in x^2. */
static ExprId d3sinc(const Diff *d, ExprId x) {
  double c[12], f = 1;
  for (int i = 0; i < 12; i++) {
    if (i) f /= -(2.0 * i) * (2.0 * i + 1);
    c[i] = f * (2.0 * i) * (2.0 * i - 1) * (2.0 * i - 2);
  }
  ExprId square = times(d, x, x), near = number(d, c[11]);
  for (int i = 10; i >= 2; i--) near = op2(d, EXPR_ADD, times(d, near, square), number(d, c[i]));
  ExprId s1 = op1(d, EXPR_DSINC, x), s2 = op1(d, EXPR_D2SINC, x), two = number(d, 2);
  ExprId far = minus(d, op1(d, EXPR_NEG, s1), times(d, two, over(d, minus(d, s2, over(d, s1, x)), x)));
  return expr_op(d->p, EXPR_SELECT, op2(d, EXPR_LT, square, d->one), times(d, x, near), far);
}

/* f'(a) for the functions of one argument; y is f(a). */
static ExprId slope(const Diff *d, ExprOp op, ExprId a, ExprId y) {
  switch (op) {
  case EXPR_EXP: return y;
  case EXPR_LOG: return op2(d, EXPR_DIV, d->one, a);
  case EXPR_TANH: return minus(d, d->one, times(d, y, y));
  case EXPR_SIGMOID: return times(d, y, minus(d, d->one, y));
  case EXPR_SIN: return op1(d, EXPR_COS, a);
  case EXPR_COS: return op1(d, EXPR_NEG, op1(d, EXPR_SIN, a));
  case EXPR_SINC: return op1(d, EXPR_DSINC, a);
  case EXPR_DSINC: return op1(d, EXPR_D2SINC, a);
  case EXPR_D2SINC: return d3sinc(d, a);
  case EXPR_ASINH: return op1(d, EXPR_RSQRT, op2(d, EXPR_ADD, times(d, a, a), d->one));
  case EXPR_SQRT: return op2(d, EXPR_DIV, number(d, 0.5), y);
  case EXPR_RSQRT: case EXPR_RSQRT0: return times(d, number(d, -0.5), times(d, times(d, y, y), y));
  default: bug("operation %d has no slope", (int)op);
  }
}

static ExprId pow_diff(const Diff *d, ExprId a, ExprId b, ExprId y, ExprId da, ExprId db) {
  ExprId sum = d->zero;
  if (da != d->zero) sum = times(d, times(d, b, op2(d, EXPR_POW, a, op2(d, EXPR_SUB, b, d->one))), da);
  if (db == d->zero) return sum;
  ExprId grows = times(d, y, op1(d, EXPR_LOG, a));                          /* 0 where a is 0: so is y */
  return plus(d, sum, times(d, expr_op(d->p, EXPR_SELECT, op2(d, EXPR_LT, d->zero, a), grows, d->zero), db));
}

ExprId expr_diff(ExprPool *p, ExprId e, uint32_t arg) {
  Arena scratch = { 0 };
  uint32_t n;
  ExprId *order = expr_order(p, e, &scratch, &n), *of = arena_array(&scratch, ExprId, e + 1);
  Diff d = { p, expr_const(p, 0), expr_const(p, 1) };
  for (uint32_t k = 0; k < n; k++) {
    ExprId i = order[k];
    Expr x = p->at.at[i];                                                   /* a copy: the pool grows */
    ExprId a = x.a[0], b = x.a[1], da = of[a], db = of[b];
    switch (x.op) {
    case EXPR_ARG: of[i] = x.number == arg ? d.one : d.zero; break;
    case EXPR_CONST: case EXPR_SIZE: case EXPR_LT: case EXPR_LE: case EXPR_EQ: case EXPR_AND: case EXPR_OR:
    case EXPR_NOT: case EXPR_REAL: of[i] = d.zero; break;
    case EXPR_ADD: of[i] = plus(&d, da, db); break;
    case EXPR_SUB: of[i] = minus(&d, da, db); break;
    case EXPR_NEG: of[i] = da == d.zero ? da : op1(&d, EXPR_NEG, da); break;
    case EXPR_MUL: of[i] = plus(&d, times(&d, da, b), times(&d, a, db)); break;
    case EXPR_DIV: of[i] = over(&d, minus(&d, da, times(&d, i, db)), b); break;
    case EXPR_MIN: of[i] = expr_op(p, EXPR_SELECT, op2(&d, EXPR_LT, a, b), da, db); break;
    case EXPR_MAX: of[i] = expr_op(p, EXPR_SELECT, op2(&d, EXPR_LT, b, a), da, db); break;
    case EXPR_SELECT: of[i] = expr_op(p, EXPR_SELECT, a, db, of[x.a[2]]); break;
    case EXPR_POW: of[i] = pow_diff(&d, a, b, i, da, db); break;
    default: of[i] = da == d.zero ? da : times(&d, da, slope(&d, (ExprOp)x.op, a, i));
    }
  }
  ExprId result = of[e];
  arena_free(&scratch);
  return result;
}
