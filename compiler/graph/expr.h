/* expr.h: scalar expressions, hash-consed in a pool, differentiated symbolically.
 *
 *     select(0 < x0, x0, 0)        x0 * rsqrt(x1 / (b * 6272) + 1e-5)
 *
 * Leaves: arguments x0, x1, ... (real, int or flag), constants, sizes (a symbol as a number). Equal trees are
 * one ExprId. `select` is differentiated by selecting, never by a mask, so that a branch not taken cannot
 * leak a NaN. rsqrt0(0) = 0, so the gradient of a norm at 0 is 0. */
#ifndef GDLC_GRAPH_EXPR_H
#define GDLC_GRAPH_EXPR_H
#include "base/base.h"

typedef uint32_t ExprId;            /* 0 is none                                                 */
/* EXPR(op, arguments, name or infix in text). Comparisons and logic give flags. */
#define EXPR_OPS(EXPR)                                                                             \
  EXPR(ARG, 0, "x") EXPR(CONST, 0, "") EXPR(SIZE, 0, "size")                                       \
  EXPR(ADD, 2, "+") EXPR(SUB, 2, "-") EXPR(MUL, 2, "*") EXPR(DIV, 2, "/") EXPR(NEG, 1, "-")          \
  EXPR(MIN, 2, "min") EXPR(MAX, 2, "max") EXPR(SELECT, 3, "select")                                \
  EXPR(LT, 2, "<") EXPR(LE, 2, "<=") EXPR(EQ, 2, "==") EXPR(AND, 2, "and") EXPR(OR, 2, "or") EXPR(NOT, 1, "not") \
  EXPR(EXP, 1, "exp") EXPR(LOG, 1, "log") EXPR(TANH, 1, "tanh") EXPR(SIGMOID, 1, "sigmoid")          \
  EXPR(SIN, 1, "sin") EXPR(COS, 1, "cos") EXPR(SINC, 1, "sinc") EXPR(DSINC, 1, "dsinc")              \
  EXPR(D2SINC, 1, "d2sinc") EXPR(ASINH, 1, "asinh") EXPR(SQRT, 1, "sqrt") EXPR(RSQRT, 1, "rsqrt")    \
  EXPR(RSQRT0, 1, "rsqrt0") EXPR(POW, 2, "pow") EXPR(REAL, 1, "real")   /* int or flag to real */
typedef enum ExprOp {
#define EXPR(op, n, name) EXPR_##op,
  EXPR_OPS(EXPR)
#undef EXPR
  EXPR_COUNT
} ExprOp;

typedef struct Expr {
  uint8_t op;
  ExprId a[3];
  uint32_t number;                  /* ARG: which; SIZE: which symbol                             */
  double x;                         /* CONST                                                      */
} Expr;
typedef struct ExprPool { Arena *arena; vec(Expr) at; uint32_t *slot, nslot; } ExprPool;   /* at[0] is none */

/* expr.c; expr_text.c: reading and printing; expr_diff.c; expr_class.c: linear, odd, even, homogeneous.
 * In text a size is `b` (symbol 0) or `size3`. Building folds constants and x*1, x+0, x*0 only where every x gives the
 * same bits (x*0 is kept). */
ExprId expr_arg(ExprPool *p, uint32_t i);
ExprId expr_const(ExprPool *p, double x);
ExprId expr_size(ExprPool *p, uint32_t symbol);
ExprId expr_op(ExprPool *p, ExprOp op, ExprId a, ExprId b, ExprId c);
ExprId expr_read(ExprPool *p, const char *text, Why *why);   /* "x0 * sigmoid(x0)"; `x` is x0       */
ExprId expr_diff(ExprPool *p, ExprId e, uint32_t arg);       /* never refers to a new argument       */
ExprId expr_substitute(ExprPool *p, ExprId e, const ExprId *by);      /* argument i becomes by[i]    */
ExprId expr_copy(ExprPool *to, const ExprPool *from, ExprId e);
double expr_eval(const ExprPool *p, ExprId e, const double *args, const int64_t *sizes);   /* flags are 0 or 1 */
double expr_apply(ExprOp op, double a, double b, double c);  /* one operation, not of a leaf          */
/* What e is made of, arguments before users, e last; *n of them. */
ExprId *expr_order(const ExprPool *p, ExprId e, Arena *arena, uint32_t *n);
uint32_t expr_args(const ExprPool *p, ExprId e);             /* one more than the highest argument   */
bool expr_reads(const ExprPool *p, ExprId e, uint32_t arg);
uint32_t expr_nodes(const ExprPool *p, ExprId e);            /* of the tree as a graph, for limits   */
/* Linear in the arguments of the mask, without a constant; even, odd, homogeneous in all arguments of it. */
bool expr_linear(const ExprPool *p, ExprId e, uint32_t mask);
bool expr_odd(const ExprPool *p, ExprId e, uint32_t mask);
bool expr_even(const ExprPool *p, ExprId e, uint32_t mask);
bool expr_homogeneous(const ExprPool *p, ExprId e, uint32_t mask);
void expr_text(const ExprPool *p, ExprId e, Out *out);
#endif
