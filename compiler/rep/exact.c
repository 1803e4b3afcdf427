/* exact.c: arithmetic in cyclotomic fields, and nearest doubles of real elements.
 *
 * Rational numbers take a path of their own, and products with 0, 1, -1 and sums with 0 return what
 * is there: matrices of permutations cost no memory. Everything else is a polynomial modulo the
 * cyclotomic one (FLINT). A square root of a rational is a product of quadratic Gauss sums: the sum of
 * (a/p) zeta_p^a is sqrt(p) for p = 1 (mod 4) and i sqrt(p) for p = 3 (mod 4).
 *
 * The real value is the sum of c_k cos(2 pi k/n): first in long doubles with an error bound, and
 * where that does not decide the nearest double, in fixed point with as many digits as it takes; it
 * ends because zero is decided exactly before. Null spaces are in exact_linear.c. */
#include "rep/field.h"
#include <flint/fmpz.h>
#include <math.h>
#include <stdlib.h>

/* --- the pool ------------------------------------------------------------------------------ */
static struct Exact *fresh(Exacts *pool) {
  if (!pool->block || pool->block->n == FIELD_BLOCK) {
    Block *b = heap_alloc(1, sizeof *b);
    b->below = pool->block;
    pool->block = b;
  }
  struct Exact *e = &pool->block->at[pool->block->n++];
  e->order = 1;
  fmpq_init(e->q);
  return e;
}

/* FLINT and GMP abort when there is no memory; they ask here instead. */
static void *library_alloc(size_t size) { return heap_grow(NULL, size); }
static void *library_grow(void *old, size_t size) { return heap_grow(old, size); }
static void *gmp_grow(void *old, size_t old_size, size_t size) { (void)old_size; return heap_grow(old, size); }
static void gmp_free(void *at, size_t size) { (void)size; free(at); }

Exacts *exacts_open(void) {
  __flint_set_memory_functions(library_alloc, heap_alloc, library_grow, free);
  mp_set_memory_functions(library_alloc, gmp_grow, gmp_free);
  Exacts *pool = heap_alloc(1, sizeof *pool);
  for (int i = -FIELD_SMALL; i <= FIELD_SMALL; i++) {
    struct Exact *e = fresh(pool);
    fmpq_set_si(e->q, i, 1);
    pool->small[i + FIELD_SMALL] = e;
  }
  return pool;
}

void exacts_close(Exacts *pool) {
  if (!pool) return;
  while (pool->block) {
    Block *b = pool->block;
    for (uint32_t i = 0; i < b->n; i++) {
      if (b->at[i].order > 1) fmpq_poly_clear(b->at[i].p);
      fmpq_clear(b->at[i].q);
    }
    pool->block = b->below;
    free(b);
  }
  for (uint32_t n = 0; n <= FIELD_ORDER; n++)
    if (pool->phi[n]) {
      fmpq_poly_clear(pool->phi[n]);
      free(pool->phi[n]);
    }
  free(pool);
  flint_cleanup();
}

const fmpq_poly_struct *field_phi(Exacts *pool, uint32_t n) {
  assert(n >= 1 && n <= FIELD_ORDER);
  if (!pool->phi[n]) {
    fmpq_poly_struct *p = heap_alloc(1, sizeof *p);
    fmpz_poly_t z;
    fmpz_poly_init(z);
    fmpz_poly_cyclotomic(z, n);
    fmpq_poly_init(p);
    fmpq_poly_set_fmpz_poly(p, z);
    fmpz_poly_clear(z);
    pool->phi[n] = p;
  }
  return pool->phi[n];
}

static uint64_t divisor(uint64_t a, uint64_t b) {
  while (b) {
    uint64_t r = a % b;
    a = b;
    b = r;
  }
  return a;
}

uint32_t field_join(uint32_t a, uint32_t b) {
  uint64_t n = a / divisor(a, b) * (uint64_t)b;
  return n > FIELD_ORDER ? 0 : (uint32_t)n;
}

uint32_t exact_order(const Exact *a) { return a->order; }

void field_lift(fmpq_poly_t to, const Exact *a, uint32_t n, const fmpq_poly_struct *phi) {
  if (a->order == 1) {
    fmpq_poly_set_fmpq(to, a->q);
    return;
  }
  uint32_t step = n / a->order;
  if (step == 1) {
    fmpq_poly_set(to, a->p);
    return;
  }
  fmpq_poly_zero(to);
  for (slong k = a->p->length - 1; k >= 0; k--) fmpq_poly_set_coeff_fmpz(to, k * (slong)step, a->p->coeffs + k);
  fmpq_poly_scalar_div_fmpz(to, to, a->p->den);
  fmpq_poly_rem(to, to, phi);
}

const Exact *field_rational(Exacts *pool, const fmpq_t q) {
  if (fmpz_is_one(fmpq_denref(q)) && fmpz_cmp_si(fmpq_numref(q), FIELD_SMALL) <= 0 &&
      fmpz_cmp_si(fmpq_numref(q), -FIELD_SMALL) >= 0)
    return pool->small[fmpz_get_si(fmpq_numref(q)) + FIELD_SMALL];
  struct Exact *e = fresh(pool);
  fmpq_set(e->q, q);
  return e;
}

const Exact *field_element(Exacts *pool, fmpq_poly_t reduced, uint32_t order) {
  if (fmpq_poly_length(reduced) <= 1) {
    fmpq_t q;
    fmpq_init(q);
    fmpq_poly_get_coeff_fmpq(q, reduced, 0);
    const Exact *e = field_rational(pool, q);
    fmpq_clear(q);
    return e;
  }
  struct Exact *e = fresh(pool);
  e->order = order;
  fmpq_poly_init(e->p);
  fmpq_poly_swap(e->p, reduced);
  return e;
}

/* --- arithmetic ----------------------------------------------------------------------------- */
typedef enum Sort { SORT_ADD, SORT_SUB, SORT_MUL } Sort;

static const Exact *rational(Exacts *pool, Sort sort, const Exact *a, const Exact *b) {
  fmpq_t q;
  fmpq_init(q);
  if (sort == SORT_ADD) fmpq_add(q, a->q, b->q);
  else if (sort == SORT_SUB) fmpq_sub(q, a->q, b->q);
  else fmpq_mul(q, a->q, b->q);
  const Exact *e = field_rational(pool, q);
  fmpq_clear(q);
  return e;
}

static const Exact *combine(Exacts *pool, Sort sort, const Exact *a, const Exact *b) {
  if (a->order == 1 && b->order == 1) return rational(pool, sort, a, b);
  uint32_t n = field_join(a->order, b->order);
  if (!n) return NULL;
  const fmpq_poly_struct *phi = field_phi(pool, n);
  fmpq_poly_t x, y;
  fmpq_poly_init(x);
  fmpq_poly_init(y);
  field_lift(x, a, n, phi);
  field_lift(y, b, n, phi);
  if (sort == SORT_ADD) fmpq_poly_add(x, x, y);
  else if (sort == SORT_SUB) fmpq_poly_sub(x, x, y);
  else {
    fmpq_poly_mul(x, x, y);
    fmpq_poly_rem(x, x, phi);
  }
  const Exact *e = field_element(pool, x, n);
  fmpq_poly_clear(x);
  fmpq_poly_clear(y);
  return e;
}

static bool is_unit(const Exact *a, int sign) {
  return a->order == 1 && fmpz_is_one(fmpq_denref(a->q)) && fmpz_equal_si(fmpq_numref(a->q), sign);
}

const Exact *exact_int(Exacts *pool, int64_t i) {
  if (i >= -FIELD_SMALL && i <= FIELD_SMALL) return pool->small[i + FIELD_SMALL];
  struct Exact *e = fresh(pool);
  fmpq_set_si(e->q, i, 1);
  return e;
}

const Exact *exact_add(Exacts *pool, const Exact *a, const Exact *b) {
  if (exact_is_zero(a)) return b;
  return exact_is_zero(b) ? a : combine(pool, SORT_ADD, a, b);
}

const Exact *exact_sub(Exacts *pool, const Exact *a, const Exact *b) {
  return exact_is_zero(b) ? a : combine(pool, SORT_SUB, a, b);
}

const Exact *exact_mul(Exacts *pool, const Exact *a, const Exact *b) {
  if (exact_is_zero(a) || is_unit(b, 1)) return a;
  if (exact_is_zero(b) || is_unit(a, 1)) return b;
  return combine(pool, SORT_MUL, a, b);
}

const Exact *exact_div(Exacts *pool, const Exact *a, const Exact *b) {
  if (exact_is_zero(b)) return NULL;
  if (is_unit(b, 1)) return a;
  if (b->order == 1) {
    fmpq_t q;
    fmpq_init(q);
    fmpq_set_fmpz_frac(q, fmpq_denref(b->q), fmpq_numref(b->q));
    const Exact *inverse = field_rational(pool, q);
    fmpq_clear(q);
    return exact_mul(pool, a, inverse);
  }
  fmpq_poly_t g, s, t;                               /* s b + t phi = g = 1                        */
  fmpq_poly_init(g);
  fmpq_poly_init(s);
  fmpq_poly_init(t);
  fmpq_poly_xgcd(g, s, t, b->p, field_phi(pool, b->order));
  const Exact *inverse = field_element(pool, s, b->order);
  fmpq_poly_clear(g);
  fmpq_poly_clear(s);
  fmpq_poly_clear(t);
  return exact_mul(pool, a, inverse);
}

static uint64_t bits(const Exact *a) {
  if (a->order == 1) return fmpz_bits(fmpq_numref(a->q)) + fmpz_bits(fmpq_denref(a->q));
  slong top = _fmpz_vec_max_bits(a->p->coeffs, a->p->length);
  return (uint64_t)(top < 0 ? -top : top) + fmpz_bits(a->p->den);
}

const Exact *exact_power(Exacts *pool, const Exact *a, int64_t k) {
  enum { BITS = 100000 };
  if (k < 0 && exact_is_zero(a)) return NULL;
  if (exact_is_zero(a) || is_unit(a, 1)) return k ? a : exact_int(pool, 1);
  if (is_unit(a, -1)) return exact_int(pool, k % 2 ? -1 : 1);
  if (k < 0) {
    if (k == INT64_MIN) return NULL;
    a = exact_div(pool, exact_int(pool, 1), a);
    k = -k;
  }
  const Exact *result = exact_int(pool, 1);
  for (; a && result; k >>= 1) {
    if (k & 1) result = bits(result) + bits(a) > BITS ? NULL : exact_mul(pool, result, a);
    if (k <= 1) break;
    a = bits(a) > BITS / 2 ? NULL : exact_mul(pool, a, a);
  }
  return a && result && bits(result) <= BITS ? result : NULL;
}

const Exact *exact_decimal(Exacts *pool, Str digits) {
  uint32_t i = 0;
  bool negative = false, any = false;
  if (i < digits.n && (digits.at[i] == '-' || digits.at[i] == '+')) negative = digits.at[i++] == '-';
  fmpz_t whole, ten;
  fmpz_init(whole);
  fmpz_init_set_ui(ten, 10);
  int64_t shift = 0;
  bool point = false, good = true;
  for (; i < digits.n; i++) {
    char c = digits.at[i];
    if (c == '.' && !point) point = true;
    else if (c >= '0' && c <= '9') {
      fmpz_mul_ui(whole, whole, 10);
      fmpz_add_ui(whole, whole, (ulong)(c - '0'));
      any = true;
      shift -= point;
    } else break;
  }
  if (i < digits.n && (digits.at[i] == 'e' || digits.at[i] == 'E')) {
    i++;
    bool down = false;
    int64_t exponent = 0;
    if (i < digits.n && (digits.at[i] == '-' || digits.at[i] == '+')) down = digits.at[i++] == '-';
    good = i < digits.n;
    for (; i < digits.n && digits.at[i] >= '0' && digits.at[i] <= '9'; i++)
      if (exponent <= 400) exponent = 10 * exponent + (digits.at[i] - '0');
    good &= exponent <= 400;
    shift += down ? -exponent : exponent;
  }
  const Exact *e = NULL;
  if (good && any && i == digits.n) {
    fmpq_t q;
    fmpq_init(q);
    fmpz_pow_ui(ten, ten, (ulong)(shift < 0 ? -shift : shift));
    if (negative) fmpz_neg(whole, whole);
    if (shift < 0) fmpq_set_fmpz_frac(q, whole, ten);
    else {
      fmpz_mul(whole, whole, ten);
      fmpz_set(fmpq_numref(q), whole);
    }
    e = field_rational(pool, q);
    fmpq_clear(q);
  }
  fmpz_clear(whole);
  fmpz_clear(ten);
  return e;
}

/* --- roots and turns ------------------------------------------------------------------------- */
/* zeta_n^k + zeta_n^-k, times 1/2 when half. */
static const Exact *cosine(Exacts *pool, uint32_t n, uint32_t k, bool half) {
  fmpq_poly_t p;
  fmpq_poly_init(p);
  fmpq_poly_set_coeff_si(p, k, 1);
  if ((2 * k) % n) fmpq_poly_set_coeff_si(p, n - k, 1);
  else fmpq_poly_set_coeff_si(p, k, 2);
  fmpq_poly_rem(p, p, field_phi(pool, n));
  if (half) fmpq_poly_scalar_div_si(p, p, 2);
  const Exact *e = field_element(pool, p, n);
  fmpq_poly_clear(p);
  return e;
}

/* sqrt(p) for a prime p by its Gauss sum; -i is zeta_4^3. */
static const Exact *root_of_prime(Exacts *pool, uint32_t p) {
  if (p == 2) return cosine(pool, 8, 1, false);
  uint32_t n = p % 4 == 1 ? p : 4 * p;
  if (n > FIELD_ORDER) return NULL;
  fmpq_poly_t sum;
  fmpq_poly_init(sum);
  for (uint32_t a = 1; a < p; a++) {
    uint64_t symbol = 1, base = a;
    for (uint32_t k = (p - 1) / 2; k; k >>= 1) {
      if (k & 1) symbol = symbol * base % p;
      base = base * base % p;
    }
    uint64_t at = n == p ? a : (4ull * a + 3ull * p) % n;
    fmpq_poly_set_coeff_si(sum, (slong)at, symbol == 1 ? 1 : -1);
  }
  fmpq_poly_rem(sum, sum, field_phi(pool, n));
  const Exact *e = field_element(pool, sum, n);
  fmpq_poly_clear(sum);
  return e;
}

const Exact *exact_sqrt(Exacts *pool, const Exact *a) {
  if (a->order != 1 || fmpq_sgn(a->q) < 0) return NULL;
  if (exact_is_zero(a)) return a;
  fmpz_t d, square, root;                            /* sqrt(n/d) = sqrt(n d) / d                  */
  fmpz_init(d);
  fmpz_init_set_ui(square, 1);
  fmpz_init(root);
  fmpz_mul(d, fmpq_numref(a->q), fmpq_denref(a->q));
  const Exact *e = exact_int(pool, 1);
  for (uint32_t p = 2; e && p <= FIELD_ORDER; p++)   /* composite p never divide what is left      */
    while (fmpz_divisible_si(d, p)) {
      fmpz_divexact_si(d, d, p);
      if (fmpz_divisible_si(d, p)) {
        fmpz_divexact_si(d, d, p);
        fmpz_mul_ui(square, square, p);
      } else {
        const Exact *r = root_of_prime(pool, p);
        e = r ? exact_mul(pool, e, r) : NULL;
        break;
      }
    }
  if (e && !fmpz_is_square(d)) e = NULL;
  if (e) {
    fmpz_sqrt(root, d);
    fmpz_mul(root, root, square);
    fmpq_t q;
    fmpq_init(q);
    fmpq_set_fmpz_frac(q, root, fmpq_denref(a->q));
    e = exact_mul(pool, field_rational(pool, q), e);
    fmpq_clear(q);
  }
  fmpz_clear(d);
  fmpz_clear(square);
  fmpz_clear(root);
  return e;
}

const Exact *exact_cos(Exacts *pool, const Exact *turns) {
  if (turns->order != 1 || fmpz_cmp_ui(fmpq_denref(turns->q), FIELD_ORDER) > 0) return NULL;
  uint32_t n = (uint32_t)fmpz_get_ui(fmpq_denref(turns->q));
  return cosine(pool, n, (uint32_t)fmpz_fdiv_ui(fmpq_numref(turns->q), n), true);
}

const Exact *exact_sin(Exacts *pool, const Exact *turns) {
  if (turns->order != 1) return NULL;                /* sin(t) = cos(t - 1/4 of a turn)            */
  const Exact *quarter = exact_div(pool, exact_int(pool, 1), exact_int(pool, 4));
  return exact_cos(pool, exact_sub(pool, turns, quarter));
}

/* --- questions -------------------------------------------------------------------------------- */
bool exact_is_zero(const Exact *a) { return a->order == 1 && fmpq_is_zero(a->q); }
bool exact_is_rational(const Exact *a) { return a->order == 1; }

bool exact_as_int(const Exact *a, int64_t *i) {
  if (a->order != 1 || !fmpz_is_one(fmpq_denref(a->q)) || !fmpz_fits_si(fmpq_numref(a->q))) return false;
  *i = fmpz_get_si(fmpq_numref(a->q));
  return true;
}

/* Is a = b, in the field of both, however large it is? The pool is not at hand here, so the polynomial is
 * made again; numbers of one field, the usual case, need none. */
static bool same(const Exact *a, const Exact *b) {
  if (a->order == b->order) return a->order == 1 ? fmpq_equal(a->q, b->q) : fmpq_poly_equal(a->p, b->p);
  if (a->order == 1 || b->order == 1) return false;  /* elements of order > 1 are irrational       */
  double x = exact_real(a), y = exact_real(b);
  if (fabs(x - y) > 1e-9 * (fabs(x) + fabs(y))) return false;
  uint32_t n = (uint32_t)(a->order / divisor(a->order, b->order) * b->order);
  fmpz_poly_t z;
  fmpq_poly_t phi, p, q;
  fmpz_poly_init(z);
  fmpq_poly_init(phi);
  fmpq_poly_init(p);
  fmpq_poly_init(q);
  fmpz_poly_cyclotomic(z, n);
  fmpq_poly_set_fmpz_poly(phi, z);
  field_lift(p, a, n, phi);
  field_lift(q, b, n, phi);
  bool equal = fmpq_poly_equal(p, q);
  fmpz_poly_clear(z);
  fmpq_poly_clear(phi);
  fmpq_poly_clear(p);
  fmpq_poly_clear(q);
  return equal;
}

bool exact_equal(const Exact *a, const Exact *b) { return a == b || same(a, b); }

/* --- real values ------------------------------------------------------------------------------ */
/* n / d, to the nearest double: 64 bits of the quotient, the last one sticky. */
static double quotient(const fmpz_t n, const fmpz_t d) {
  if (fmpz_is_zero(n)) return 0;
  slong shift = (slong)fmpz_bits(d) - (slong)fmpz_bits(n) + 63;
  fmpz_t a, b, q, r;
  fmpz_init(a);
  fmpz_init(b);
  fmpz_init(q);
  fmpz_init(r);
  fmpz_abs(a, n);
  fmpz_set(b, d);
  if (shift > 0) fmpz_mul_2exp(a, a, (ulong)shift);
  else fmpz_mul_2exp(b, b, (ulong)-shift);
  fmpz_fdiv_qr(q, r, a, b);
  uint64_t top = fmpz_get_ui(q) | (fmpz_is_zero(r) ? 0u : 1u);
  double x = ldexp((double)top, (int)(shift > 4000 ? -4000 : shift < -4000 ? 4000 : -shift));
  x = fmpz_sgn(n) < 0 ? -x : x;
  fmpz_clear(a);
  fmpz_clear(b);
  fmpz_clear(q);
  fmpz_clear(r);
  return x;
}

/* arctan(1/m) 2^digits, by its series; the error is below one unit for each term. */
static void arc(fmpz_t sum, uint32_t m, ulong digits) {
  fmpz_t power, term;
  fmpz_init(power);
  fmpz_init(term);
  fmpz_one(power);
  fmpz_mul_2exp(power, power, digits);
  fmpz_tdiv_q_ui(power, power, m);
  fmpz_zero(sum);
  for (ulong k = 1; !fmpz_is_zero(power); k += 2) {
    fmpz_tdiv_q_ui(term, power, k);
    if (k % 4 == 1) fmpz_add(sum, sum, term);
    else fmpz_sub(sum, sum, term);
    fmpz_tdiv_q_ui(power, power, (ulong)m * m);
  }
  fmpz_clear(power);
  fmpz_clear(term);
}

/* cos(2 pi / n) 2^digits: Machin's formula, then the series of the cosine. */
static void first_cosine(fmpz_t sum, uint32_t n, ulong digits) {
  fmpz_t x, t, term;
  fmpz_init(x);
  fmpz_init(t);
  fmpz_init(term);
  arc(x, 5, digits);
  arc(t, 239, digits);
  fmpz_mul_ui(x, x, 32);                             /* 2 pi = 32 arctan(1/5) - 8 arctan(1/239)    */
  fmpz_submul_ui(x, t, 8);
  fmpz_tdiv_q_ui(x, x, n);
  fmpz_mul(x, x, x);
  fmpz_tdiv_q_2exp(x, x, digits);
  fmpz_one(term);
  fmpz_mul_2exp(term, term, digits);
  fmpz_set(sum, term);
  for (ulong k = 1; !fmpz_is_zero(term); k++) {
    fmpz_mul(term, term, x);
    fmpz_tdiv_q_2exp(term, term, digits);
    fmpz_tdiv_q_ui(term, term, (2 * k - 1) * (2 * k));
    if (k % 2) fmpz_sub(sum, sum, term);
    else fmpz_add(sum, sum, term);
  }
  fmpz_clear(x);
  fmpz_clear(t);
  fmpz_clear(term);
}

/* Numerator of the value times 2^digits. The recurrence cos((k+1)t) = 2 cos t cos kt - cos((k-1)t) loses
 * at most k^2 units times those of the first cosine: 40 bits, of which the caller knows. */
static void fixed_point(fmpz_t sum, const Exact *a, ulong digits) {
  fmpz_t first, before, now, next;
  fmpz_init(first);
  fmpz_init(before);
  fmpz_init(now);
  fmpz_init(next);
  first_cosine(first, a->order, digits);
  fmpz_one(before);
  fmpz_mul_2exp(before, before, digits);
  fmpz_set(now, first);
  fmpz_mul(sum, a->p->coeffs + 0, before);
  for (slong k = 1; k < a->p->length; k++) {
    fmpz_addmul(sum, a->p->coeffs + k, now);
    fmpz_mul(next, first, now);
    fmpz_fdiv_q_2exp(next, next, digits - 1);
    fmpz_sub(next, next, before);
    fmpz_swap(before, now);
    fmpz_swap(now, next);
  }
  fmpz_clear(first);
  fmpz_clear(before);
  fmpz_clear(now);
  fmpz_clear(next);
}

/* In long doubles: sets *x to the nearest double and returns true where the error bound allows. */
static bool quick(const Exact *a, double *x) {
  long double sum = 0, size = 0;
  if (!fmpz_fits_si(a->p->den)) return false;
  long double den = (long double)fmpz_get_si(a->p->den);
  for (slong k = 0; k < a->p->length; k++) {
    if (!fmpz_fits_si(a->p->coeffs + k)) return false;
    long double c = (long double)fmpz_get_si(a->p->coeffs + k);
    sum += c * cosl(2 * 3.14159265358979323846264338327950288L * (long double)k / a->order);
    size += fabsl(c);
  }
  long double slack = size * 0x1p-60L;               /* rounding of angle, cosine, product, sum    */
  double low = (double)((sum - slack) / den), high = (double)((sum + slack) / den);
  *x = low;
  return low == high && low != 0;
}

double exact_real(const Exact *a) {
  if (a->order == 1) return quotient(fmpq_numref(a->q), fmpq_denref(a->q));
  double x;
  if (quick(a, &x)) return x;
  slong top = _fmpz_vec_max_bits(a->p->coeffs, a->p->length);
  ulong size = (ulong)(top < 0 ? -top : top) + 53;   /* bits that coefficients and errors may take */
  fmpz_t sum, den;
  fmpz_init(sum);
  fmpz_init(den);
  for (ulong digits = 192;; digits *= 2) {
    fixed_point(sum, a, digits);
    if (fmpz_bits(sum) > size + 70) {
      fmpz_mul_2exp(den, a->p->den, digits);
      break;
    }
  }
  x = quotient(sum, den);
  fmpz_clear(sum);
  fmpz_clear(den);
  return x;
}

int exact_compare(const Exact *a, const Exact *b) {
  if (exact_equal(a, b)) return 0;
  if (a->order == 1 && b->order == 1) return fmpq_cmp(a->q, b->q) < 0 ? -1 : 1;
  double x = exact_real(a), y = exact_real(b);
  if (x != y) return x < y ? -1 : 1;                 /* nearest doubles keep the order             */
  Exacts *pool = exacts_open();
  const Exact *d = combine(pool, SORT_SUB, a, b);    /* NULL: closer than doubles tell, in fields that do not join */
  int order = d && exact_real(d) < 0 ? -1 : 1;
  exacts_close(pool);
  return order;
}

void exact_text(const Exact *a, Out *out) {
  if (a->order != 1) {
    out_printf(out, "%.12g", exact_real(a));
    return;
  }
  char *text = fmpq_get_str(NULL, 10, a->q);
  out_str(out, str_of(text));
  flint_free(text);
}
