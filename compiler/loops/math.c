/* math.c: elementary functions and random words, written in Loops, so that every back end gives the same bits.
 *
 * Reads a value of base f32 or f64, appends the instructions of a function of it. Each function is a reduction to a
 * short interval, exact or in two or three parts of a constant (Cody and Waite; each step is one fma), a polynomial or
 * rational function there, and the reconstruction. No branch: special values fall out of the order of arguments of
 * FMIN and FMAX (a NaN in the second one passes, one in the first does not), or are selected at the end.
 *
 *            f32                    f64                 where
 *   exp      1 ulp                  1 ulp               everywhere; below the normal numbers rounded once more
 *   log      1 ulp                  1 ulp               everywhere, numbers below the normal ones included
 *   tanh     2 ulp                  2 ulp               everywhere
 *   sigmoid  3 ulp                  3 ulp               everywhere
 *   sin cos  2 ulp                  2 ulp               |x| <= 1e5 (f32), 1e6 (f64); beyond, only within [-1, 1]
 *   asinh    3 ulp                  3 ulp               everywhere
 *   pow      a rounding a product   the same            constant whole exponents up to 64
 *            2 + 3 |y log x| ulp    the same            else, x >= 0 (NaN below)
 *
 * The polynomial of exp interpolates (exp r - 1 - r) / r^2 at the Chebyshev nodes of |r| <= log(2)/2; the others are
 * those of Cephes (f32, and tanh, asinh of f64) and fdlibm (log, sin, cos of f64). Tests: tests/unit/test_math.c. */
#include "loops/loops.h"
#include <math.h>

/* --- short words for what follows -------------------------------------------------------------------- */
static Ref num(Kernel *k, Ref like, double c) { return l_const(k, l_base(k, like), c); }
static Ref add(Kernel *k, Ref a, Ref b) { return l_op2(k, L_FADD, a, b); }
static Ref sub(Kernel *k, Ref a, Ref b) { return l_op2(k, L_FSUB, a, b); }
static Ref mul(Kernel *k, Ref a, Ref b) { return l_op2(k, L_FMUL, a, b); }
static Ref quotient(Kernel *k, Ref a, Ref b) { return l_op2(k, L_FDIV, a, b); }
static Ref madd(Kernel *k, Ref a, Ref b, Ref c) { return l_op3(k, L_FMA, a, b, c); }
static Ref scaled(Kernel *k, double c, Ref a) { return mul(k, a, num(k, a, c)); }
static Ref negative(Kernel *k, Ref a) { return l_op1(k, L_FNEG, a); }
static Ref less(Kernel *k, Ref a, Ref b) { return l_op2(k, L_FLT, a, b); }
static Ref choose(Kernel *k, Ref when, Ref a, Ref b) { return l_op3(k, L_SELECT, when, a, b); }
static Ref magnitude(Kernel *k, Ref x) { return l_op2(k, L_FMAX, negative(k, x), x); }            /* NaN passes */
static Ref with_sign(Kernel *k, Ref of, Ref x) { return choose(k, less(k, of, num(k, of, 0)), negative(k, x), x); }
static bool single(Kernel *k, Ref x) { return l_base(k, x) == BASE_F32; }

/* c[0] x^(n-1) + ... + c[n-1] */
static Ref polynomial(Kernel *k, Ref x, const double *c, int n) {
  Ref r = num(k, x, c[0]);
  for (int i = 1; i < n; i++) r = madd(k, r, x, num(k, x, c[i]));
  return r;
}
#define POLYNOMIAL(k, x, c) polynomial(k, x, c, (int)(sizeof(c) / sizeof *(c)))

/* --- exp, log ------------------------------------------------------------------------------------------ */
Ref l_exp(Kernel *k, Ref x) {
  static const double p32[] = {
    0.0013926183587713494, 0.008363179052722578, 0.041666554617204574, 0.16666576989698775, 0.5
  };
  static const double p64[] = {
    2.510038549551032e-08, 2.7620088445409746e-07, 2.7557268459997064e-06, 2.4801521295954376e-05,
    0.00019841269863053618, 0.0013888888917213717, 0.008333333333330062, 0.04166666666662413, 0.16666666666666669, 0.5
  };
  bool f32 = single(k, x);
  /* between the clamps the scaling itself gives infinity, zero, and the numbers near zero */
  x = l_op2(k, L_FMAX, num(k, x, f32 ? -105 : -750), l_op2(k, L_FMIN, num(k, x, f32 ? 90 : 710), x));
  Ref n = l_op1(k, L_FRINT, scaled(k, 1.4426950408889634, x)), minus = negative(k, n);
  Ref r = madd(k, minus, num(k, x, f32 ? 0.6931471824645996 : 0.6931471805599453), x);
  r = madd(k, minus, num(k, x, f32 ? -1.9046542121259336e-09 : 2.3190468138462996e-17), r);
  Ref p = f32 ? POLYNOMIAL(k, r, p32) : POLYNOMIAL(k, r, p64);
  Ref y = add(k, madd(k, mul(k, r, r), p, r), num(k, x, 1));
  /* 2^n in two halves: each a normal number; the first product is exact. The clamp catches the n of a NaN */
  n = l_op2(k, L_FMIN, n, num(k, x, f32 ? 130 : 1025));
  Ref half = l_op1(k, L_FRINT, scaled(k, 0.5, n));
  return l_op2(k, L_SCALE2, l_op2(k, L_SCALE2, y, half), sub(k, n, half));
}

Ref l_log(Kernel *k, Ref x) {
  static const double p32[] = { 0.24279078841, 0.28498786688, 0.40000972152, 0.66666662693 };
  static const double p64[] = {
    1.479819860511658591e-01, 1.531383769920937332e-01, 1.818357216161805012e-01, 2.222219843214978396e-01,
    2.857142874366239149e-01, 3.999999999940941908e-01, 6.666666666666735130e-01
  };
  bool f32 = single(k, x);
  double least = f32 ? 0x1p-126 : 0x1p-1022;
  Ref zero = num(k, x, 0), one = num(k, x, 1), small = less(k, x, num(k, x, least));
  Ref normal = choose(k, small, scaled(k, f32 ? 0x1p23 : 0x1p52, x), x);
  Ref e = sub(k, l_op1(k, L_EXPO, normal), choose(k, small, num(k, x, f32 ? 23 : 52), zero)),
      m = l_op1(k, L_MANT, normal);
  Ref high = less(k, num(k, x, 1.4142135623730951), m);            /* m in [sqrt(1/2), sqrt(2)] */
  m = choose(k, high, scaled(k, 0.5, m), m);
  e = choose(k, high, add(k, e, one), e);
  Ref f = sub(k, m, one), s = quotient(k, f, add(k, f, num(k, x, 2))), z = mul(k, s, s),
      h = mul(k, scaled(k, 0.5, f), f);
  Ref r = mul(k, z, f32 ? POLYNOMIAL(k, z, p32) : POLYNOMIAL(k, z, p64));
  /* log m = f - (h - s (h + r)), and e log 2 in two parts */
  Ref low = mul(k, e, num(k, x, f32 ? 9.0580006145e-06 : 1.90821492927058770002e-10));
  Ref y = sub(k, f, sub(k, h, madd(k, s, add(k, h, r), low)));
  y = madd(k, e, num(k, x, f32 ? 6.9313812256e-01 : 6.93147180369123816490e-01), y);
  y = choose(k, less(k, x, num(k, x, INFINITY)), y, x);           /* infinity and NaN pass */
  y = choose(k, less(k, x, zero), num(k, x, NAN), y);
  return choose(k, l_op2(k, L_FEQ, x, zero), num(k, x, -INFINITY), y);
}

/* --- functions of exp and log ---------------------------------------------------------------------------- */
Ref l_tanh(Kernel *k, Ref x) {
  static const double p32[] = {
    -5.70498872745e-3, 2.06390887954e-2, -5.37397155531e-2, 1.33314422036e-1, -3.33332819422e-1
  };
  static const double p64[] = { -9.64399179425052238628e-1, -9.92877231001918586564e1, -1.61468768441708447952e3 };
  static const double q64[] = { 1, 1.12811678491632931402e2, 2.23548839060100448583e3, 4.84406305325125486048e3 };
  bool f32 = single(k, x);
  Ref a = magnitude(k, x), z = mul(k, x, x), one = num(k, x, 1);
  Ref ratio = f32 ? POLYNOMIAL(k, z, p32) : quotient(k, POLYNOMIAL(k, z, p64), POLYNOMIAL(k, z, q64));
  Ref near = madd(k, mul(k, x, z), ratio, x);
  Ref far = sub(k, one, quotient(k, num(k, x, 2), add(k, l_exp(k, add(k, a, a)), one)));
  return choose(k, less(k, a, num(k, x, 0.625)), near, with_sign(k, x, far));
}

Ref l_sigmoid(Kernel *k, Ref x) {
  /* of -|x|, so that the exponential neither overflows nor loses the small results */
  Ref e = l_exp(k, l_op2(k, L_FMIN, negative(k, x), x)), t = quotient(k, num(k, x, 1), add(k, e, num(k, x, 1)));
  return choose(k, less(k, x, num(k, x, 0)), mul(k, e, t), t);
}

Ref l_asinh(Kernel *k, Ref x) {
  static const double p32[] = { 2.0122003309e-2, -4.2699340972e-2, 7.4847586088e-2, -1.6666288134e-1 };
  static const double p64[] = {
    -4.33231683752342103572e-3, -5.91750212056387121207e-1, -4.37390226194356683570e0, -9.09030533308377316566e0,
    -5.56682227230859640450e0
  };
  static const double q64[] = {
    1, 1.28757002067426453537e1, 4.86042483805291788324e1, 6.95722521337257608734e1, 3.34009336338516356383e1
  };
  bool f32 = single(k, x);
  Ref a = magnitude(k, x), z = mul(k, x, x), one = num(k, x, 1);
  Ref ratio = f32 ? POLYNOMIAL(k, z, p32) : quotient(k, POLYNOMIAL(k, z, p64), POLYNOMIAL(k, z, q64));
  Ref near = madd(k, mul(k, x, z), ratio, x);
  /* log(a + sqrt(a^2 + 1)); where a^2 is so large that the 1 is lost, log(a) + log(2) */
  Ref huge = less(k, num(k, x, f32 ? 1e8 : 1e17), a);
  Ref inside = choose(k, huge, a, add(k, a, l_op1(k, L_FSQRT, madd(k, a, a, one))));
  Ref far = add(k, l_log(k, inside), choose(k, huge, num(k, x, 0.6931471805599453), num(k, x, 0)));
  return choose(k, less(k, a, num(k, x, 0.5)), near, with_sign(k, x, far));
}

Ref l_pow(Kernel *k, Ref x, Ref y) {
  const Ins *c = &k->ins.at[y];
  if (c->op == L_CONST && c->f == rint(c->f) && fabs(c->f) <= 64) {
    int n = (int)fabs(c->f);
    bool inverse = c->f < 0;
    Ref r = 0, square = x;
    for (; n; n >>= 1) {
      if (n & 1) r = r ? mul(k, r, square) : square;
      if (n > 1) square = mul(k, square, square);
    }
    if (!r) r = num(k, x, 1);
    return inverse ? quotient(k, num(k, x, 1), r) : r;
  }
  Ref r = l_exp(k, mul(k, y, l_log(k, x)));
  return choose(k, l_op2(k, L_FEQ, y, num(k, y, 0)), num(k, x, 1), r);
}

/* --- sin, cos ---------------------------------------------------------------------------------------------- */
/* x = q pi/2 + r. The first product is subtracted exactly: q is whole, so it and x are multiples of the last place of
 * pi/2, and the difference is below 1. Far away r means nothing; it is kept in [-1, 1], so that the results are. */
static Ref circular(Kernel *k, Ref x, bool cosine) {
  static const double s32[] = { -1.9515295891e-4, 8.3321608736e-3, -1.6666654611e-1 };
  static const double c32[] = { 2.443315711809948e-5, -1.388731625493765e-3, 4.166664568298827e-2 };
  static const double s64[] = {
    1.58969099521155010221e-10, -2.50507602534068634195e-08, 2.75573137070700676789e-06, -1.98412698298579493134e-04,
    8.33333333332248946124e-03, -1.66666666666666324348e-01
  };
  static const double c64[] = {
    -1.13596475577881948265e-11, 2.08757232129817482790e-09, -2.75573143513906633035e-07, 2.48015872894767294178e-05,
    -1.38888888888741095749e-03, 4.16666666666666019037e-02
  };
  static const double pi32[] = { 1.5707963705062866, -4.371138828673793e-08, -1.7151245100058819e-15 };
  static const double pi64[] = { 1.5707963267948966, 6.123233995736766e-17, -1.4973849048591698e-33 };
  bool f32 = single(k, x);
  Ref q = l_op1(k, L_FRINT, scaled(k, 0.6366197723675814, x)), minus = negative(k, q), r = x, one = num(k, x, 1);
  for (int i = 0; i < 3; i++) r = madd(k, minus, num(k, x, f32 ? pi32[i] : pi64[i]), r);
  r = l_op2(k, L_FMAX, num(k, x, -1), l_op2(k, L_FMIN, one, r));
  Ref z = mul(k, r, r);
  Ref s = madd(k, mul(k, r, z), f32 ? POLYNOMIAL(k, z, s32) : POLYNOMIAL(k, z, s64), r);
  Ref c = madd(k, mul(k, z, z), f32 ? POLYNOMIAL(k, z, c32) : POLYNOMIAL(k, z, c64), madd(k, num(k, x, -0.5), z, one));
  /* the quarter turn q mod 4, as -2 -1 0 1 2; stays a float, so that no far x has to fit an integer */
  Ref turn = madd(k, num(k, x, -4), l_op1(k, L_FRINT, scaled(k, 0.25, q)), q);
  Ref side = l_op2(k, L_FEQ, magnitude(k, turn), one), back = less(k, num(k, x, 1.5), magnitude(k, turn));
  Ref flip = l_op2(k, L_FEQ, turn, num(k, x, cosine ? 1 : -1));
  Ref y = cosine ? choose(k, side, s, c) : choose(k, side, c, s);
  return choose(k, l_op2(k, L_OR, back, flip), negative(k, y), y);
}
Ref l_sin(Kernel *k, Ref x) { return circular(k, x, false); }
Ref l_cos(Kernel *k, Ref x) { return circular(k, x, true); }

/* --- random words -------------------------------------------------------------------------------------------- */
Ref l_threefry(Kernel *k, Ref key0, Ref key1, Ref c0, Ref c1) {
  static const int rotation[8] = { 13, 15, 26, 6, 17, 29, 16, 24 };
  Ref key[3] = { key0, key1, l_op2(k, L_IXOR, l_op2(k, L_IXOR, key0, key1), l_i32(k, 0x1BD11BDA)) };
  Ref x = l_op2(k, L_IADD, c0, key0), y = l_op2(k, L_IADD, c1, key1);
  for (int i = 0; i < 20; i++) {
    int n = rotation[i % 8];
    x = l_op2(k, L_IADD, x, y);
    y = l_op2(k, L_IADD, l_op2(k, L_ISHL, y, l_i32(k, n)), l_op2(k, L_ISHR, y, l_i32(k, 32 - n)));
    y = l_op2(k, L_IXOR, y, x);
    if (i % 4 != 3) continue;
    int s = i / 4 + 1;                                             /* a key goes in after each four rounds */
    x = l_op2(k, L_IADD, x, key[s % 3]);
    y = l_op2(k, L_IADD, l_op2(k, L_IADD, y, key[(s + 1) % 3]), l_i32(k, s));
  }
  return x;
}

Ref l_uniform(Kernel *k, Base base, Ref bits) {
  Ref high = l_op2(k, L_ISHR, bits, l_i32(k, 8));                  /* 24 bits: exact in both widths */
  return mul(k, l_cvt(k, base, high), l_const(k, base, 0x1p-24));
}
