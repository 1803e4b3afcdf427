/* expr_text.c: expressions as text, both ways.
 *
 *     x0 * rsqrt(x1 / (b * 6272) + 1e-5)        select(x0 < 0 or x1 == 2, -x0, x0)
 *
 * Precedence, loosest first: or, and, not, comparison (one), + -, * /, unary -, calls. What is printed reads back
 * as the same tree: numbers have as many digits as they need, and parentheses stand where the tree asks for them.
 * `x` is x0; `a > b` is read as b < a. Broken text is a reason, never a crash: nesting is limited. */
#include "graph/expr.h"
#include <ctype.h>
#include <math.h>
#include <stdlib.h>

enum { DEPTH_MOST = 200, ARGUMENT_MOST = 1000, TEXT_MOST = 1 << 16 };   /* printing recurses along sums */

static const struct { const char *name; uint8_t arity; } ops[EXPR_COUNT] = {
#define EXPR(op, n, text) [EXPR_##op] = { text, n },
  EXPR_OPS(EXPR)
#undef EXPR
};

/* --- reading ---------------------------------------------------------------------------------- */
typedef struct Reader { ExprPool *p; const char *start, *at; int depth; Why *why; bool failed; } Reader;

static ExprId fail(Reader *r, const char *what) {
  if (!r->failed) why_no(r->why, CODE_NONE, "expression, column %d: %s", (int)(r->at - r->start) + 1, what);
  r->failed = true;
  return 0;
}

static void blanks(Reader *r) { while (*r->at == ' ' || *r->at == '\t') r->at++; }

static bool take(Reader *r, const char *sign) {
  blanks(r);
  size_t n = strlen(sign);
  if (strncmp(r->at, sign, n)) return false;
  if (isalpha((unsigned char)*sign) && (isalnum((unsigned char)r->at[n]) || r->at[n] == '_')) return false;
  r->at += n;
  return true;
}

static ExprId build(Reader *r, ExprOp op, ExprId a, ExprId b) { return a && b ? expr_op(r->p, op, a, b, 0) : 0; }

static ExprId read_or(Reader *r);

/* x, x3, size2: digits behind a name. */
static bool number_behind(const char *word, size_t n, const char *name, uint32_t *i) {
  size_t k = strlen(name);
  if (n <= k || n > k + 4 || strncmp(word, name, k)) return false;
  *i = 0;
  for (size_t c = k; c < n; c++) {
    if (!isdigit((unsigned char)word[c])) return false;
    *i = 10 * *i + (uint32_t)(word[c] - '0');
  }
  return true;
}

static ExprId read_call(Reader *r, ExprOp op) {
  ExprId a[3] = { 0 };
  if (!take(r, "(")) return fail(r, "`(` is missing");
  for (int i = 0; i < ops[op].arity; i++) {
    if (i && !take(r, ",")) return fail(r, "`,` is missing");
    if (!(a[i] = read_or(r))) return 0;
  }
  if (!take(r, ")")) return fail(r, "`)` is missing");
  return expr_op(r->p, op, a[0], a[1], a[2]);
}

static ExprId read_word(Reader *r) {
  const char *word = r->at;
  while (isalnum((unsigned char)*r->at) || *r->at == '_') r->at++;
  size_t n = (size_t)(r->at - word);
  uint32_t i = 0;
  if (n == 1 && *word == 'x') return expr_arg(r->p, 0);
  if (n == 1 && *word == 'b') return expr_size(r->p, 0);
  if (n == 3 && !strncmp(word, "inf", 3)) return expr_const(r->p, INFINITY);
  if (n == 3 && !strncmp(word, "nan", 3)) return expr_const(r->p, NAN);
  if (number_behind(word, n, "x", &i))
    return i < ARGUMENT_MOST ? expr_arg(r->p, i) : fail(r, "an argument too many");
  if (number_behind(word, n, "size", &i)) return expr_size(r->p, i);
  for (int op = EXPR_SIZE + 1; op < EXPR_COUNT; op++)
    if (isalpha((unsigned char)*ops[op].name) && strlen(ops[op].name) == n && !strncmp(word, ops[op].name, n) &&
        op != EXPR_AND && op != EXPR_OR && op != EXPR_NOT)
      return read_call(r, (ExprOp)op);
  r->at = word;
  return fail(r, "unknown name");
}

static ExprId read_primary(Reader *r) {
  blanks(r);
  if (take(r, "(")) {
    ExprId e = read_or(r);
    return !e || take(r, ")") ? e : fail(r, "`)` is missing");
  }
  if (isdigit((unsigned char)*r->at) || *r->at == '.') {
    char *end;
    double x = strtod(r->at, &end);
    if (end == r->at) return fail(r, "no number");
    r->at = end;
    return expr_const(r->p, x);
  }
  if (isalpha((unsigned char)*r->at)) return read_word(r);
  return fail(r, *r->at ? "a number, name or `(` is missing" : "it ends too early");
}

static ExprId read_unary(Reader *r) {
  if (take(r, "-")) {
    if (++r->depth > DEPTH_MOST) return fail(r, "nested too deep");
    ExprId e = read_unary(r);
    r->depth--;
    return e ? expr_op(r->p, EXPR_NEG, e, 0, 0) : 0;
  }
  return read_primary(r);
}

static ExprId read_product(Reader *r) {
  ExprId e = read_unary(r);
  while (e) {
    if (take(r, "*")) e = build(r, EXPR_MUL, e, read_unary(r));
    else if (take(r, "/")) e = build(r, EXPR_DIV, e, read_unary(r));
    else break;
  }
  return e;
}

static ExprId read_sum(Reader *r) {
  ExprId e = read_product(r);
  while (e) {
    if (take(r, "+")) e = build(r, EXPR_ADD, e, read_product(r));
    else if (take(r, "-")) e = build(r, EXPR_SUB, e, read_product(r));
    else break;
  }
  return e;
}

static ExprId read_comparison(Reader *r) {
  ExprId e = read_sum(r);
  if (!e) return 0;
  if (take(r, "<=")) return build(r, EXPR_LE, e, read_sum(r));
  if (take(r, ">=")) return build(r, EXPR_LE, read_sum(r), e);
  if (take(r, "==")) return build(r, EXPR_EQ, e, read_sum(r));
  if (take(r, "<")) return build(r, EXPR_LT, e, read_sum(r));
  if (take(r, ">")) return build(r, EXPR_LT, read_sum(r), e);
  return e;
}

static ExprId read_not(Reader *r) {
  if (!take(r, "not")) return read_comparison(r);
  if (++r->depth > DEPTH_MOST) return fail(r, "nested too deep");
  ExprId e = read_not(r);
  r->depth--;
  return e ? expr_op(r->p, EXPR_NOT, e, 0, 0) : 0;
}

static ExprId read_and(Reader *r) {
  ExprId e = read_not(r);
  while (e && take(r, "and")) e = build(r, EXPR_AND, e, read_not(r));
  return e;
}

static ExprId read_or(Reader *r) {
  if (++r->depth > DEPTH_MOST) return fail(r, "nested too deep");
  ExprId e = read_and(r);
  while (e && take(r, "or")) e = build(r, EXPR_OR, e, read_and(r));
  r->depth--;
  return e;
}

ExprId expr_read(ExprPool *p, const char *text, Why *why) {
  Reader r = { .p = p, .start = text, .at = text, .why = why };
  if (strlen(text) > TEXT_MOST) return fail(&r, "too long");
  ExprId e = read_or(&r);
  if (!e) return 0;
  blanks(&r);
  return *r.at ? fail(&r, "something is left over") : e;
}

/* --- printing --------------------------------------------------------------------------------- */
enum { AT_OR, AT_AND, AT_NOT, AT_COMPARISON, AT_SUM, AT_PRODUCT, AT_UNARY, AT_PRIMARY };

static int level(const Expr *e) {
  switch (e->op) {
  case EXPR_OR: return AT_OR;
  case EXPR_AND: return AT_AND;
  case EXPR_NOT: return AT_NOT;
  case EXPR_LT: case EXPR_LE: case EXPR_EQ: return AT_COMPARISON;
  case EXPR_ADD: case EXPR_SUB: return AT_SUM;
  case EXPR_MUL: case EXPR_DIV: return AT_PRODUCT;
  case EXPR_NEG: return AT_UNARY;
  case EXPR_CONST: return signbit(e->x) ? AT_UNARY : AT_PRIMARY;
  default: return AT_PRIMARY;
  }
}

static void text_of(const ExprPool *p, ExprId id, int least, Out *out) {
  const Expr *e = &p->at.at[id];
  int own = level(e);
  if (own < least) out_printf(out, "(");
  switch (e->op) {
  case EXPR_ARG: out_printf(out, "x%u", e->number); break;
  case EXPR_CONST: out_number(out, e->x); break;
  case EXPR_SIZE: if (e->number) out_printf(out, "size%u", e->number); else out_printf(out, "b"); break;
  case EXPR_NEG: out_printf(out, "-"); text_of(p, e->a[0], AT_UNARY, out); break;
  case EXPR_NOT: out_printf(out, "not "); text_of(p, e->a[0], AT_NOT, out); break;
  case EXPR_ADD: case EXPR_SUB: case EXPR_MUL: case EXPR_DIV: case EXPR_AND: case EXPR_OR:
  case EXPR_LT: case EXPR_LE: case EXPR_EQ:
    text_of(p, e->a[0], own == AT_COMPARISON ? AT_SUM : own, out);          /* all others associate to the left */
    out_printf(out, " %s ", ops[e->op].name);
    text_of(p, e->a[1], own + 1, out);
    break;
  default:
    out_printf(out, "%s(", ops[e->op].name);
    for (int i = 0; i < ops[e->op].arity; i++) {
      if (i) out_printf(out, ", ");
      text_of(p, e->a[i], AT_OR, out);
    }
    out_printf(out, ")");
  }
  if (own < least) out_printf(out, ")");
}

void expr_text(const ExprPool *p, ExprId e, Out *out) { text_of(p, e, AT_OR, out); }
