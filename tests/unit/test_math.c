/* test_math.c: functions written in Loops against the mathematical library in long double, by units in the last place
 * of the result; special values; random words against Random123. Bounds are those of the table in math.c. */
#include "loops/loops.h"
#include <Random123/threefry.h>
#include <criterion/criterion.h>
#include <criterion/logging.h>
#include <math.h>
#include <stdlib.h>

typedef Ref Function(Kernel *k, Ref x);
typedef long double Truth(long double x);

/* y[i] = f(x[i]), in base b */
static void apply(Function *f, Base b, const double *x, double *y, int n) {
  Arena arena = { 0 };
  Why why = { .arena = &arena };
  Kernel *k = kernel_open(&arena, S("f"), 1, 1, 1, 0);
  int in = kernel_global(k, S("x"), b, false, (SizeExpr){ n, { 0 } }), out = kernel_global(k, S("y"), b, true,
      (SizeExpr){ n, { 0 } });
  l_for(k, FOR_GRID, l_int(k, 0), l_int(k, 1), 1);
  Ref i = l_for(k, FOR_SEQ, l_int(k, 0), l_int(k, n), 1);
  l_store(k, out, i, 0, 0, f(k, l_load(k, in, i, 0, 0, 0)), 0);
  l_end(k);
  l_end(k);
  cr_assert(loops_verify(k, &why), "%s", why.reason.n ? why.reason.at[0].text.at : "");
  float *fx = arena_array(&arena, float, n), *fy = arena_array(&arena, float, n);
  for (int j = 0; j < n; j++) fx[j] = (float)x[j];
  void *bufs[] = { b == BASE_F32 ? (void *)fx : (void *)x, b == BASE_F32 ? (void *)fy : (void *)y };
  cr_assert(loops_eval(k, bufs, NULL, 0, 1, false, &why), "%s", why.reason.n ? why.reason.at[0].text.at : "");
  if (b == BASE_F32)
    for (int j = 0; j < n; j++) y[j] = (double)fy[j];
  arena_free(&arena);
}

static double ulps(Base b, double got, long double want) {
  bool f32 = b == BASE_F32;
  double near = f32 ? (double)(float)want : (double)want;
  if (isnan(near) || isnan(got)) return isnan(near) && isnan(got) ? 0 : INFINITY;
  if (isinf(near) || isinf(got)) return near == got ? 0 : INFINITY;
  int e;
  frexpl(want, &e);
  int least = f32 ? -125 : -1021;
  if (e < least || want == 0) e = least;
  return (double)(fabsl((long double)got - want) / ldexpl(1, e - (f32 ? 24 : 53)));
}

/* Spread evenly, or by powers of e with both signs. */
typedef enum Spread { EVEN, POSITIVE, BOTH } Spread;
static void check(const char *name, Function *f, Truth *truth, Base b, Spread spread, double low, double high,
    double bound) {
  enum { N = 4000 };
  static double x[N], y[N];
  uint64_t s = 9;
  for (int i = 0; i < N; i++) {
    s = s * 6364136223846793005u + 1442695040888963407u;
    double t = low + (high - low) * (double)(s >> 11) * 0x1p-53;
    if (spread != EVEN) t = exp(t) * (spread == BOTH && (s >> 5) % 2 ? -1 : 1);
    x[i] = b == BASE_F32 ? (double)(float)t : t;
  }
  apply(f, b, x, y, N);
  double worst = 0, at = 0;
  for (int i = 0; i < N; i++) {
    double u = ulps(b, y[i], truth(x[i]));
    if (u > worst) { worst = u; at = x[i]; }
  }
  cr_log_info("%s f%d: %.2f ulp, at most %.1f", name, b == BASE_F32 ? 32 : 64, worst, bound);
  cr_expect(worst <= bound, "%s f%d: %.2f ulp at %.17g, at most %.1f", name, b == BASE_F32 ? 32 : 64, worst, at, bound);
}

static long double sigmoid(long double x) { return 1 / (1 + expl(-x)); }

Test(math, functions_within_their_bounds) {
  for (int w = 0; w < 2; w++) {
    Base b = w ? BASE_F64 : BASE_F32;
    double far = w ? 710 : 88, tiny = w ? -700 : -86;
    check("exp", l_exp, expl, b, EVEN, -1, 1, 1.25);
    check("exp", l_exp, expl, b, EVEN, w ? -708 : -87, far, 1.25);
    check("exp, small results", l_exp, expl, b, EVEN, w ? -746 : -104, w ? -708 : -87, 1.5);
    check("log", l_log, logl, b, POSITIVE, w ? -740 : -103, far - 1, 1);
    check("log near 1", l_log, logl, b, EVEN, 0.5, 2, 1);
    check("tanh", l_tanh, tanhl, b, EVEN, -20, 20, 2);
    check("tanh near 0", l_tanh, tanhl, b, BOTH, tiny, 1, 2);
    check("sigmoid", l_sigmoid, sigmoid, b, EVEN, w ? -707 : -86, 40, 3);
    check("asinh", l_asinh, asinhl, b, BOTH, tiny, far - 1, 3);
    check("asinh", l_asinh, asinhl, b, EVEN, -2, 2, 3);
    check("sin", l_sin, sinl, b, EVEN, -8, 8, 2);
    check("cos", l_cos, cosl, b, EVEN, -8, 8, 2);
    check("sin", l_sin, sinl, b, EVEN, w ? -1e6 : -1e5, w ? 1e6 : 1e5, 2);
    check("cos", l_cos, cosl, b, EVEN, w ? -1e6 : -1e5, w ? 1e6 : 1e5, 2);
    check("sin near 0", l_sin, sinl, b, BOTH, tiny, 0, 2);
  }
}

Test(math, special_values) {
  const double inf = INFINITY, nan = NAN;
  const struct { const char *name; Function *f; double x, y; } rows[] = {
    { "exp", l_exp, -inf, 0 }, { "exp", l_exp, inf, inf }, { "exp", l_exp, nan, nan }, { "exp", l_exp, 0, 1 },
        { "exp", l_exp, 1e4, inf }, { "exp", l_exp, -1e4, 0 },
    { "log", l_log, 0, -inf }, { "log", l_log, -0.0, -inf }, { "log", l_log, -1, nan }, { "log", l_log, -inf, nan },
        { "log", l_log, inf, inf },
    { "log", l_log, nan, nan }, { "log", l_log, 1, 0 },
    { "tanh", l_tanh, inf, 1 }, { "tanh", l_tanh, -inf, -1 }, { "tanh", l_tanh, nan, nan }, { "tanh", l_tanh, 0, 0 },
        { "tanh", l_tanh, 1e30, 1 },
    { "sigmoid", l_sigmoid, inf, 1 }, { "sigmoid", l_sigmoid, -inf, 0 }, { "sigmoid", l_sigmoid, nan, nan },
        { "sigmoid", l_sigmoid, 0, 0.5 },
    { "asinh", l_asinh, inf, inf }, { "asinh", l_asinh, -inf, -inf }, { "asinh", l_asinh, nan, nan },
        { "asinh", l_asinh, 0, 0 },
    { "sin", l_sin, inf, nan }, { "sin", l_sin, nan, nan }, { "sin", l_sin, 0, 0 }, { "cos", l_cos, -inf, nan },
        { "cos", l_cos, 0, 1 },
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    for (int w = 0; w < 2; w++) {
      double y;
      apply(rows[i].f, w ? BASE_F64 : BASE_F32, &rows[i].x, &y, 1);
      cr_expect(y == rows[i].y || (isnan(y) && isnan(rows[i].y)), "%s(%g) is %g, must be %g", rows[i].name, rows[i].x,
          y, rows[i].y);
    }
}

Test(math, far_arguments_of_sin_and_cos_stay_in_range) {
  for (int w = 0; w < 2; w++)
    for (double x = 1e7; x < (w ? 1e300 : 1e37); x *= 37) {
      double s, c;
      apply(l_sin, w ? BASE_F64 : BASE_F32, &x, &s, 1);
      apply(l_cos, w ? BASE_F64 : BASE_F32, &x, &c, 1);
      cr_expect(fabs(s) <= 1 && fabs(c) <= 1, "%g: %g %g", x, s, c);
    }
}

static Ref cube(Kernel *k, Ref x) { return l_pow(k, x, l_const(k, l_base(k, x), 3)); }
static Ref inverse_square(Kernel *k, Ref x) { return l_pow(k, x, l_const(k, l_base(k, x), -2)); }
static Ref to_zero(Kernel *k, Ref x) { return l_pow(k, x, l_const(k, l_base(k, x), 0)); }
static Ref to_half(Kernel *k, Ref x) { return l_pow(k, x, l_const(k, l_base(k, x), 1.5)); }
static long double cubel(long double x) { return x * x * x; }
static long double inverse_squarel(long double x) { return 1 / (x * x); }
static long double to_halfl(long double x) { return x < 0 ? (long double)NAN : powl(x, 1.5L); }

Test(math, powers) {
  for (int w = 0; w < 2; w++) {
    Base b = w ? BASE_F64 : BASE_F32;
    check("x^3", cube, cubel, b, EVEN, -10, 10, 2);                 /* two roundings, of half a unit relative to 1..2 */
    check("x^-2", inverse_square, inverse_squarel, b, EVEN, -10, 10, 2.5);
    check("x^1.5", to_half, to_halfl, b, POSITIVE, -10, 10, 2 + 3 * 15);  /* |1.5 log x| <= 15 */
    double x[4] = { -3, 0, NAN, -8 }, y[4];
    apply(cube, b, x, y, 2);
    cr_expect(y[0] == -27 && y[1] == 0);
    apply(to_zero, b, x, y, 3);
    cr_expect(y[0] == 1 && y[1] == 1 && y[2] == 1);
    apply(to_half, b, x, y, 4);
    cr_expect(isnan(y[0]) && y[1] == 0 && isnan(y[2]) && isnan(y[3]));
  }
}

/* Words of key and counter from memory; the word, and the number of it in both widths, to memory. */
Test(math, threefry_is_that_of_Random123) {
  enum { N = 256 };
  Arena arena = { 0 };
  Why why = { .arena = &arena };
  Kernel *k = kernel_open(&arena, S("words"), 8, 1, 1, 0);
  int in = kernel_global(k, S("in"), BASE_I32, false, (SizeExpr){ 4 * N, { 0 } }), out = kernel_global(k, S("out"),
      BASE_I32, true, (SizeExpr){ N, { 0 } });
  int f = kernel_global(k, S("f"), BASE_F32, true, (SizeExpr){ N, { 0 } }), d = kernel_global(k, S("d"), BASE_F64,
      true, (SizeExpr){ N, { 0 } });
  l_for(k, FOR_GRID, l_int(k, 0), l_int(k, 1), 1);
  Ref i = l_for(k, FOR_SEQ, l_int(k, 0), l_int(k, N), 8), w[4];
  for (int j = 0; j < 4; j++) w[j] = l_cvt(k, BASE_I32, l_load(k, in, i, j * N, 1, 0));
  Ref word = l_threefry(k, w[0], w[1], w[2], w[3]);
  l_store(k, out, i, 0, 1, word, 0);
  l_store(k, f, i, 0, 1, l_uniform(k, BASE_F32, word), 0);
  l_store(k, d, i, 0, 1, l_uniform(k, BASE_F64, word), 0);
  l_end(k);
  l_end(k);
  cr_assert(loops_verify(k, &why));
  uint32_t x[4 * N], y[N];
  float fy[N];
  double dy[N];
  uint64_t s = 3;
  for (int j = 0; j < 4 * N; j++)
    x[j] = j % N == 0 ? 0 : j % N == 1 ? ~0u : (uint32_t)((s = s * 6364136223846793005u + 1) >> 32);
  void *bufs[] = { x, y, fy, dy };
  cr_assert(loops_eval(k, bufs, NULL, 0, 1, true, &why), "%s", why.reason.n ? why.reason.at[0].text.at : "");
  for (int j = 0; j < N; j++) {
    threefry2x32_ctr_t c = { { x[2 * N + j], x[3 * N + j] } };
    threefry2x32_key_t key = { { x[j], x[N + j] } };
    uint32_t want = threefry2x32(c, key).v[0];
    cr_expect(y[j] == want, "word %d: %08x, must be %08x", j, y[j], want);
    cr_expect(dy[j] == (double)(want >> 8) * 0x1p-24 && fy[j] == (float)(want >> 8) * 0x1p-24f && fy[j] >= 0 &&
        fy[j] < 1);
  }
  arena_free(&arena);
}
