/* test_expr.c: scalar expressions: one id for one tree, text both ways, bits kept by folding, derivatives against
 * central differences, classes refuted or confirmed by numbers. */
#include "graph/expr.h"
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>

typedef struct Pool { Arena arena; ExprPool p; Why why; } Pool;
static Pool *open(void) {
  Pool *o = calloc(1, sizeof *o);
  o->p.arena = o->why.arena = &o->arena;
  return o;
}
static void shut(Pool *o) { arena_free(&o->arena); free(o); }
static ExprId read(Pool *o, const char *text) {
  ExprId e = expr_read(&o->p, text, &o->why);
  cr_assert(e, "%s: %s", text, o->why.reason.n ? o->why.reason.at[0].text.at : "");
  return e;
}
static const char *text(Pool *o, ExprId e) {
  Out out = { .arena = &o->arena };
  expr_text(&o->p, e, &out);
  return out_text(&out).at;
}

Test(expr, equal_trees_are_one_and_text_reads_back) {
  static const char *const rows[] = {
    "x0 + x1 * x2", "(x0 + x1) * x2", "x0 - (x1 - x2)", "x0 - x1 - x2", "x0 / (x1 / x2)", "-(x0 + x1)", "-x0 * x1",
    "select(0 < x0 and x1 <= 2 or not x0 == x1, -x0, x0)", "x0 * rsqrt(x1 / (b * 6272) + 1e-05)",
        "not (x0 < x1) and x2 < 1",
    "pow(x0, 2.5) + min(x0, max(x1, -inf))", "real(x0 == x1) * size3", "0.1 + 1e+300 * x0 - 0.333333333333333315",
    "sinc(x0) + dsinc(x1) - d2sinc(x0) + asinh(sqrt(x1)) + rsqrt0(log(exp(x0)))", "x0 - -1.5", "nan + x0",
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    Pool *o = open();
    ExprId e = read(o, rows[i]), again = read(o, text(o, e));
    cr_expect_eq(e, again, "%s became %s", rows[i], text(o, e));
    Pool *fresh = open();
    ExprId copy = expr_copy(&fresh->p, &o->p, e);
    cr_expect_str_eq(text(o, e), text(fresh, copy));
    shut(fresh);
    shut(o);
  }
}

Test(expr, broken_text_is_a_reason) {
  static const char *const rows[] = { "", "x0 +", "(x0", "x0)", "foo(x0)", "select(x0, x1)", "x0 x1", "1..2",
      "x99999", "sin x0", "x0 & x1", "not", "- - -" };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    Pool *o = open();
    cr_expect(!expr_read(&o->p, rows[i], &o->why) && o->why.reason.n, "%s was read", rows[i]);
    shut(o);
  }
  Pool *o = open();
  char deep[5001];
  memset(deep, '(', 5000);
  deep[5000] = 0;
  cr_expect(!expr_read(&o->p, deep, &o->why));
  shut(o);
}

Test(expr, folding_keeps_bits) {
  Pool *o = open();
  ExprId x = read(o, "x0");
  cr_expect_eq(read(o, "x0 * 1"), x);
  cr_expect_eq(read(o, "x0 / 1 - 0"), x);
  cr_expect_neq(read(o, "x0 + 0"), x, "-0 + 0 is 0");
  cr_expect_neq(read(o, "x0 * 0"), read(o, "0"), "inf * 0 is no number");
  cr_expect_eq(read(o, "1 / 0"), read(o, "inf"));
  cr_expect_eq(read(o, "select(1 < 2, x0, x1)"), x);
  cr_expect_eq(read(o, "2 + 3 * 4"), read(o, "14"));
  static const char *const rows[] = { "x0 + x0", "x0 + -x1", "-x0 + x1", "-x0 * x1", "x0 / -x1", "x0 - -x1",
      "x0 * -1", "--x0" };
  static const double at[] = { 0.0, -0.0, 1.5, -3.25, 1e300, 5e-324, INFINITY, -INFINITY };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    for (int a = 0; a < 8; a++)
      for (int b = 0; b < 8; b++) {
        double v[2] = { at[a], at[b] }, want = i == 0 ? v[0] + v[0] : i == 1 ? v[0] + -v[1] : i == 2
            ? -v[0] + v[1] : i == 3 ? -v[0] * v[1]
                     : i == 4 ? v[0] / -v[1] : i == 5 ? v[0] - -v[1] : i == 6 ? v[0] * -1 : v[0];
        double got = expr_eval(&o->p, read(o, rows[i]), v, NULL);
        cr_expect((isnan(got) && isnan(want)) || !memcmp(&got, &want, sizeof got),
            "%s at %g, %g: %g, not %g", rows[i], v[0], v[1], got, want);
      }
  shut(o);
}

/* Step 1e-5: the error of central differences is below 1e-10 f''' / 6 + 1e-11 f; numbers here are of order 10. */
Test(expr, derivatives_of_all_orders_agree_with_central_differences) {
  static const char *const rows[] = {
    "x0 + x1 * x0", "x0 / x1", "min(x0, x1) * max(x0, x1)", "select(x0 < x1, x0 * x0, x1)",
        "exp(x0) - log(x1)", "tanh(x0) * sigmoid(x1)",
    "sin(x0) * cos(x1)", "sinc(x0)", "dsinc(x0)", "d2sinc(x0)", "d2sinc(2 * x0 + x1)", "asinh(x0 * x1)",
        "sqrt(x0) * rsqrt(x1)", "rsqrt0(x0)", "pow(x0, x1)",
    "pow(x0, 3)", "real(x0 < x1) * x0", "x0 * sigmoid(x0)", "-x0 * size0",
  };
  int64_t sizes[1] = { 3 };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    Pool *o = open();
    ExprId e = read(o, rows[i]);
    for (int order = 1; order <= 3; order++) {
      ExprId d = expr_diff(&o->p, e, 0);
      for (int k = 0; k < 5; k++) {
        double at[2] = { 0.31 + 0.4 * k, 1.7 - 0.2 * k }, x = at[0], h = 1e-5;
        double slope = expr_eval(&o->p, d, at, sizes);
        at[0] = x + h;
        double above = expr_eval(&o->p, e, at, sizes);
        at[0] = x - h;
        double below = expr_eval(&o->p, e, at, sizes), want = (above - below) / (2 * h);
        cr_expect(fabs(slope - want) <= 1e-7 * (1 + fabs(want)), "%s, order %d at %g: %.12g, not %.12g",
            rows[i], order, x, slope, want);
      }
      e = d;
    }
    shut(o);
  }
}

Test(expr, a_branch_not_taken_leaks_nothing) {
  Pool *o = open();
  ExprId e = read(o, "select(0 < x0, log(x0) * sqrt(x0), 0)");
  double at = 0;
  for (int order = 0; order < 3; order++) {
    cr_expect_eq(expr_eval(&o->p, e, &at, NULL), 0);
    e = expr_diff(&o->p, e, 0);
  }
  ExprId r = read(o, "x0 * rsqrt0(x0)");
  for (int order = 0; order < 3; order++) {
    cr_expect_eq(expr_eval(&o->p, r, &at, NULL), 0);
    r = expr_diff(&o->p, r, 0);
  }
  shut(o);
}

Test(expr, sinc_is_smooth_where_its_series_ends) {
  Pool *o = open();
  for (int k = 0; k < 3; k++) {
    ExprId e = read(o, k == 0 ? "sinc(x0)" : k == 1 ? "dsinc(x0)" : "d2sinc(x0)");
    double below = nextafter(1, 0), above = 1;
    double a = expr_eval(&o->p, e, &below, NULL), b = expr_eval(&o->p, e, &above, NULL);
    cr_expect(fabs(a - b) < 4e-15, "%d: %.17g and %.17g", k, a, b);
  }
  double zero = 0;
  cr_expect_eq(expr_eval(&o->p, read(o, "sinc(x0)"), &zero, NULL), 1);
  cr_expect_float_eq(expr_eval(&o->p, read(o, "d2sinc(x0)"), &zero, NULL), -1 / 3.0, 1e-16);
  shut(o);
}

/* Classes: what the analysis proves, numbers confirm; what it must see, it sees. */
typedef struct Row { const char *text; uint32_t mask; bool linear, odd, even, homogeneous; } Row;
static const Row rows[] = {
  { "x0 * x1 + x2 / x1", 1 | 4, true, true, false, true },   { "x0 * x1", 1 | 2, false, false, true, false },
  { "x0 + 1", 1, false, false, false, false },               { "tanh(x0) * cos(x0)", 1, false, true, false, false },
  { "select(x0 < 0, -x0, x0)", 1, false, false, true, true }, { "select(0 < x0, x0, 0)", 1, false, false, false, true },
  { "sqrt(x0 * x0 + x1 * x1)", 1 | 2, false, false, true, true }, { "select(x1 < 0, x0, 2 * x0)", 1, true,
      true, false, true },
  { "x0 * x0 * x0", 1, false, true, false, false },          { "0", 1, true, true, true, true },
  { "pow(x0, 3) + sin(x0)", 1, false, true, false, false },   { "max(x0, x1)", 1 | 2, false, false, false, true },
  { "x1", 1, false, false, true, false },                    { "x0 / x0", 1, false, false, true, false },
  { "exp(x0)", 1, false, false, false, false },              { "real(x0 == 0)", 1, false, false, true, false },
};

Test(expr, classes_are_seen_and_true) {
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    Pool *o = open();
    ExprId e = read(o, rows[i].text);
    cr_expect_eq(expr_linear(&o->p, e, rows[i].mask), rows[i].linear, "linear: %s", rows[i].text);
    cr_expect_eq(expr_odd(&o->p, e, rows[i].mask), rows[i].odd, "odd: %s", rows[i].text);
    cr_expect_eq(expr_even(&o->p, e, rows[i].mask), rows[i].even, "even: %s", rows[i].text);
    cr_expect_eq(expr_homogeneous(&o->p, e, rows[i].mask), rows[i].homogeneous, "homogeneous: %s", rows[i].text);
    for (int k = 0; k < 64; k++) {
      double at[3], minus[3], twice[3];
      for (int a = 0; a < 3; a++) {
        at[a] = k == 0 ? 0 : (double)((k * 37 + a * 23) % 41 - 20) / 7;
        minus[a] = rows[i].mask >> a & 1 ? -at[a] : at[a];
        twice[a] = rows[i].mask >> a & 1 ? 2 * at[a] : at[a];
      }
      double y = expr_eval(&o->p, e, at, NULL), ym = expr_eval(&o->p, e, minus, NULL), y2 = expr_eval(&o->p,
          e, twice, NULL);
      if (isnan(y)) continue;
      if (rows[i].odd) cr_expect_eq(ym, -y, "odd: %s", rows[i].text);
      if (rows[i].even) cr_expect_eq(ym, y, "even: %s", rows[i].text);
      if (rows[i].homogeneous || rows[i].linear) cr_expect_eq(y2, 2 * y, "homogeneous: %s", rows[i].text);
    }
    shut(o);
  }
}
