/* test_exact.c: exact numbers [RULES 11], against identities that the fields satisfy. */
#include "rep_trial.h"

static const Exact *ratio(Trial *t, int64_t a, int64_t b) {
  return exact_div(t->pool, exact_int(t->pool, a), exact_int(t->pool, b));
}

static const char *text(Trial *t, const Exact *a) {
  Out o = { .arena = &t->arena };
  exact_text(a, &o);
  return out_text(&o).at;
}

Test(exact, decimals_are_fractions) {
  Trial t;
  trial_open(&t);
  cr_assert(exact_equal(exact_decimal(t.pool, S("1e-3")), ratio(&t, 1, 1000)));
  cr_assert(exact_equal(exact_decimal(t.pool, S("5.0")), exact_int(t.pool, 5)));
  cr_assert(exact_equal(exact_decimal(t.pool, S("-12.50e1")), exact_int(t.pool, -125)));
  cr_assert_str_eq(text(&t, exact_decimal(t.pool, S("0.125"))), "1/8");
  const char *wrong[] = { "", ".", "1e", "1.2.3", "1x", "1e401", "e5", "--1" };
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
    cr_assert_null(exact_decimal(t.pool, str_of(wrong[i])), "%s", wrong[i]);
  trial_close(&t);
}

Test(exact, roots_and_cosines_meet) {
  Trial t;
  trial_open(&t);
  Exacts *p = t.pool;
  const Exact *root5 = exact_sqrt(p, exact_int(p, 5));
  const Exact *c = exact_div(p, exact_sub(p, root5, exact_int(p, 1)), exact_int(p, 4));
  cr_assert(exact_equal(c, exact_cos(p, ratio(&t, 1, 5))));
  cr_assert(exact_equal(exact_cos(p, ratio(&t, 1, 6)), ratio(&t, 1, 2)));
  cr_assert(exact_equal(exact_sin(p, ratio(&t, 1, 12)), ratio(&t, 1, 2)));
  const Exact *half_root2 = exact_div(p, exact_sqrt(p, exact_int(p, 2)), exact_int(p, 2));
  cr_assert(exact_equal(half_root2, exact_cos(p, ratio(&t, 1, 8))));
  for (int64_t n = 1; n <= 60; n++) {                /* the square is n, the sign is positive      */
    const Exact *r = exact_sqrt(p, ratio(&t, n, 7));
    cr_assert(r && exact_equal(exact_mul(p, r, r), ratio(&t, n, 7)), "sqrt(%d/7)", (int)n);
    cr_assert_eq(exact_compare(r, exact_int(p, 0)), 1, "sqrt(%d/7)", (int)n);
  }
  cr_assert_null(exact_sqrt(p, exact_int(p, -1)));
  cr_assert_null(exact_sqrt(p, exact_int(p, 5003)), "a field of order 4 * 5003");
  cr_assert_null(exact_sqrt(p, root5));
  cr_assert_null(exact_cos(p, root5));
  trial_close(&t);
}

Test(exact, division_and_powers) {
  Trial t;
  trial_open(&t);
  Exacts *p = t.pool;
  const Exact *x = exact_add(p, exact_sqrt(p, exact_int(p, 2)), exact_sqrt(p, exact_int(p, 3)));
  const Exact *y = exact_div(p, exact_int(p, 1), x);  /* sqrt(3) - sqrt(2)                         */
  cr_assert(exact_equal(y, exact_sub(p, exact_sqrt(p, exact_int(p, 3)), exact_sqrt(p, exact_int(p, 2)))));
  cr_assert(exact_equal(exact_power(p, x, -2), exact_mul(p, y, y)));
  cr_assert(exact_equal(exact_power(p, x, 4), exact_add(p, exact_int(p, 49),
      exact_mul(p, exact_int(p, 20), exact_sqrt(p, exact_int(p, 6))))));
  cr_assert_null(exact_div(p, x, exact_sub(p, x, x)));
  cr_assert_null(exact_power(p, exact_int(p, 0), -1));
  cr_assert_null(exact_power(p, exact_int(p, 3), 1000000000));
  cr_assert(exact_equal(exact_power(p, exact_int(p, -1), 1000000001), exact_int(p, -1)));
  int64_t i;
  cr_assert(exact_as_int(exact_power(p, exact_int(p, 2), 40), &i) && i == (int64_t)1 << 40);
  cr_assert_not(exact_as_int(exact_power(p, exact_int(p, 2), 80), &i));
  trial_close(&t);
}

Test(exact, real_values_are_nearest) {
  Trial t;
  trial_open(&t);
  Exacts *p = t.pool;
  cr_assert_eq(exact_real(ratio(&t, 1, 3)), 1.0 / 3);
  cr_assert_eq(exact_real(exact_sqrt(p, exact_int(p, 2))), sqrt(2.0));
  cr_assert_eq(exact_real(exact_decimal(p, S("0.1"))), 0.1);
  cr_assert_eq(exact_real(exact_decimal(p, S("1e300"))), 1e300);
  cr_assert_eq(exact_real(exact_int(p, ((int64_t)1 << 53) + 1)), 0x1p53, "ties to even");
  /* (sqrt(2) - 1)^60 = 1.08e-23: coefficients of 23 digits cancel */
  const Exact *tiny = exact_power(p, exact_sub(p, exact_sqrt(p, exact_int(p, 2)), exact_int(p, 1)), 60);
  double expected = exp(60 * log(sqrt(2.0) - 1));
  cr_assert(fabs(exact_real(tiny) - expected) < 1e-13 * expected);
  cr_assert_eq(exact_compare(tiny, exact_int(p, 0)), 1);
  const Exact *near = exact_decimal(p, S("1.41421356237309504880168872420969807856967187537694"));
  cr_assert_eq(exact_compare(near, exact_sqrt(p, exact_int(p, 2))), -1, "they differ in digit 51");
  trial_close(&t);
}

Test(exact, null_space_is_reduced_and_exact) {
  Trial t;
  trial_open(&t);
  Exacts *p = t.pool;
  const Exact *c = exact_cos(p, ratio(&t, 1, 5)), *o = exact_int(p, 0), *i = exact_int(p, 1);
  const Exact *A[] = { i, c, o, o,   o, o, i, c,   i, c, i, c };      /* the third row is the sum          */
  ExactBasis b;
  cr_assert(exact_null_space(p, &t.arena, A, 3, 4, &b, &t.why));
  cr_assert_eq(b.n, 2u);
  const Exact *minus = exact_sub(p, o, exact_div(p, i, c));
  const Exact *want[] = { i, minus, o, o,   o, o, i, minus };
  for (int k = 0; k < 8; k++) cr_assert(exact_equal(b.at[k], want[k]), "entry %d", k);
  const Exact *big = exact_power(p, exact_int(p, 7), 90);             /* needs more than one prime         */
  const Exact *B[] = { big, exact_int(p, -3), o, o, o, o };
  cr_assert(exact_null_space(p, &t.arena, B, 2, 3, &b, &t.why));
  cr_assert(b.n == 2 && exact_equal(b.at[1], exact_div(p, big, exact_int(p, 3))) && exact_equal(b.at[5], i));
  cr_assert(exact_null_space(p, &t.arena, B + 2, 1, 3, &b, &t.why));  /* no equation at all                */
  cr_assert_eq(b.n, 3u);
  cr_assert_not(exact_null_space(p, &t.arena, NULL, 0, 1501, &b, &t.why));
  cr_assert_eq(t.why.reason.at[0].code, E0704);
  trial_close(&t);
}
