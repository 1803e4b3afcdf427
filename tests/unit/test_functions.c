/* test_functions.c: the columns of functions.def are true of the function, and seen in its expression.
 *
 * Parity and homogeneity decide which functions a representation allows [pointwise.1] to [pointwise.5]. A column that
 * promises too much would make the checker unsound; one that the rules of Graph do not see in the expression [map.2]
 * would make the compiler refuse what the checker proved. 4,096 arguments of both signs, from 1e-6 to 1e3, and 0. */
#include "graph/expr.h"
#include <criterion/criterion.h>
#include <math.h>

typedef enum Parity { NONE, ODD, EVEN } Parity;
typedef enum Smoothness { PIECEWISE, C1, SMOOTH } Smoothness;
typedef struct Row { const char *name, *value; Parity parity; bool homogeneous, linear; Smoothness smoothness; } Row;
static const Row rows[] = {
#define FN(name, parity, homogeneous, linear, smoothness, value) { #name, value, parity, homogeneous, linear, smoothness },
#include "../../lang/functions.def"
#undef FN
};
enum { ROWS = sizeof rows / sizeof rows[0], POINTS = 4096 };

static double point(int k) {
  double size = k < 2 ? 0 : 1e-6 * pow(10, 9.0 * (k / 2) / (POINTS / 2));
  return k % 2 ? -size : size;
}
static bool near(double a, double b) { return a == b || fabs(a - b) <= 1e-12 * fmax(fabs(a), fabs(b)); }

Test(functions, columns_are_true) {
  Arena arena = { 0 };
  ExprPool pool = { .arena = &arena };
  for (int i = 0; i < ROWS; i++) {
    const Row *r = &rows[i];
    ExprId e = expr_read(&pool, r->value, NULL);
    cr_assert(e, "%s: \"%s\" is no expression", r->name, r->value);
    for (int k = 0; k < POINTS; k++) {
      double x = point(k), minus = -x, y = expr_eval(&pool, e, &x, NULL), back = expr_eval(&pool, e, &minus, NULL);
      if (isnan(y) || isnan(back)) { cr_expect_eq(r->parity, NONE, "%s(%g) is none", r->name, x); continue; }
      if (r->parity == ODD)
        cr_expect(near(back, -y), "%s(%g) = %g and %s(%g) = %g: not odd", r->name, x, y, r->name, minus, back);
      if (r->parity == EVEN)
        cr_expect(near(back, y), "%s(%g) = %g and %s(%g) = %g: not even", r->name, x, y, r->name, minus, back);
      for (int s = 0; s < 2 && (r->homogeneous || r->linear); s++) {
        double by = s ? 0.37 : 3, scaled = by * x, z = expr_eval(&pool, e, &scaled, NULL);
        cr_expect(near(z, by * y), "%s(%g * %g) = %g, not %g times %g", r->name, by, x, z, by, y);
      }
    }
  }
  arena_free(&arena);
}

Test(functions, columns_are_seen_in_the_expression) {
  Arena arena = { 0 };
  ExprPool pool = { .arena = &arena };
  for (int i = 0; i < ROWS; i++) {
    const Row *r = &rows[i];
    ExprId e = expr_read(&pool, r->value, NULL);
    cr_assert(e);
    cr_expect_eq(expr_odd(&pool, e, 1), r->parity == ODD, "odd: %s", r->name);
    cr_expect_eq(expr_even(&pool, e, 1), r->parity == EVEN, "even: %s", r->name);
    cr_expect_eq(expr_homogeneous(&pool, e, 1), r->homogeneous, "homogeneous: %s", r->name);
    cr_expect_eq(expr_linear(&pool, e, 1), r->linear, "linear: %s", r->name);
  }
  arena_free(&arena);
}

/* Derivatives on both sides of 0, where the rows are pieced together: the first that jumps. A slope of the next
 * derivative of up to 10 is no jump of 1e-3. A function that ends at 0 has a corner there when its slope is none. */
Test(functions, smoothness_is_true) {
  const double h = 1e-6;
  Arena arena = { 0 };
  ExprPool pool = { .arena = &arena };
  for (int i = 0; i < ROWS; i++) {
    const Row *r = &rows[i];
    ExprId e = expr_read(&pool, r->value, NULL);
    cr_assert(e);
    double left = -h, right = h, zero = 0;
    if (isnan(expr_eval(&pool, e, &left, NULL))) {
      bool corner = isfinite(expr_eval(&pool, e, &zero, NULL)) && fabs(expr_eval(&pool, expr_diff(&pool, e, 0), &right,
          NULL)) > 100;
      cr_expect_eq(r->smoothness == PIECEWISE, corner, "%s ends at 0", r->name);
      continue;
    }
    Smoothness found = SMOOTH;
    for (int k = 0; k <= 2; k++, e = expr_diff(&pool, e, 0)) {
      double jump = fabs(expr_eval(&pool, e, &right, NULL) - expr_eval(&pool, e, &left, NULL));
      if (!(jump > 1e-3)) continue;
      cr_expect_neq(k, 0, "%s is not continuous", r->name);
      found = k == 2 ? C1 : PIECEWISE;
      break;
    }
    cr_expect_eq(r->smoothness, found, "smoothness of %s: %d stated, %d found", r->name, (int)r->smoothness,
        (int)found);
  }
  arena_free(&arena);
}
