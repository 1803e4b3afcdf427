/* exact_linear.c: the null space of a matrix over a cyclotomic field.
 *
 * Rows of equations in, a basis in reduced echelon form out. Modulo a prime p = 1 (mod n) the field
 * Q(zeta_n) has phi(n) images in the numbers modulo p, one for each primitive root; the matrix is
 * reduced in each, with its columns reversed, so that the free columns are the first non-zero ones of
 * the basis. Values in all images give the coefficients (the inverse of a Vandermonde matrix), primes
 * are joined by Chinese remainders, and fractions reconstructed. Whatever comes out is then put into
 * every equation exactly. That proves it: vectors in echelon form are independent, and there cannot be
 * more of them than modulo p, where ranks only fall. */
#include "rep/field.h"
#include <flint/fmpz_vec.h>
#include <flint/nmod_mat.h>
#include <flint/ulong_extras.h>
#include <stdlib.h>

enum { UNKNOWNS = 1500, PRIMES = 64 };

typedef struct System {
  const Exact *const *A;
  uint32_t rows, dim, order, degree;                 /* of the field                               */
  uint32_t *live, nlive;                             /* rows that are not zero                     */
  fmpq_poly_struct *entry;                           /* [nlive * dim], lifted to the field; none if zero */
} System;

/* What has been found out: the free columns, and the coefficients modulo the product of primes. */
typedef struct Found {
  uint32_t n, *free;
  fmpz *coefficient;                                 /* [(vector * dim + column) * degree + power] */
  fmpz_t modulus;
} Found;

static bool zero_entry(const System *s, uint32_t row, uint32_t column) {
  return exact_is_zero(s->A[(size_t)s->live[row] * s->dim + column]);
}

/* A primitive n-th root of 1 modulo p. */
static ulong primitive_root(ulong p, uint32_t n) {
  for (ulong x = 2;; x++) {
    ulong z = n_powmod2(x, (slong)((p - 1) / n), p);
    bool primitive = true;
    uint32_t left = n;
    for (uint32_t q = 2; q <= left; q++) {
      if (left % q) continue;
      while (left % q == 0) left /= q;
      primitive &= n_powmod2(z, n / q, p) != 1;
    }
    if (primitive) return z;
  }
}

/* The matrix in the image zeta -> root, columns reversed; false when p divides a denominator. */
static bool image_matrix(const System *s, nmod_mat_t m, ulong root) {
  nmod_t mod = m->mod;
  for (uint32_t r = 0; r < s->nlive; r++)
    for (uint32_t c = 0; c < s->dim; c++) {
      ulong value = 0;
      if (!zero_entry(s, r, c)) {
        const fmpq_poly_struct *e = &s->entry[(size_t)r * s->dim + c];
        for (slong k = e->length - 1; k >= 0; k--)
          value = nmod_add(nmod_mul(value, root, mod), fmpz_fdiv_ui(e->coeffs + k, mod.n), mod);
        ulong den = fmpz_fdiv_ui(e->den, mod.n);
        if (!den) return false;
        if (den != 1) value = nmod_div(value, den, mod);
      }
      nmod_mat_entry(m, r, s->dim - 1 - c) = value;
    }
  return true;
}

/* Free columns of a reduced matrix, in the original order, and for each column its pivot row or -1. */
static uint32_t free_columns(const nmod_mat_t m, slong rank, uint32_t dim, uint32_t *free, int64_t *pivot) {
  for (uint32_t c = 0; c < dim; c++) pivot[c] = -1;
  for (slong r = 0, c = 0; r < rank; r++, c++) {
    while (!nmod_mat_entry(m, r, c)) c++;
    pivot[dim - 1 - c] = r;
  }
  uint32_t n = 0;
  for (uint32_t c = 0; c < dim; c++)
    if (pivot[c] < 0) free[n++] = c;
  return n;
}

/* Fewer free columns are nearer to the truth; of equally many the later ones, since pivots come first. */
static int nearer(const uint32_t *a, uint32_t na, const uint32_t *b, uint32_t nb) {
  if (na != nb) return na < nb ? 1 : -1;
  for (uint32_t i = na; i-- > 0;)
    if (a[i] != b[i]) return a[i] < b[i] ? 1 : -1;
  return 0;
}

/* One prime. Returns false when the prime does not serve. */
static bool one_prime(const System *s, ulong p, Found *found) {
  uint32_t degree = s->degree, dim = s->dim, n = 0;
  uint32_t *free_now = heap_alloc(dim, sizeof *free_now), *free_first = heap_alloc(dim, sizeof *free_first);
  int64_t *pivot = heap_alloc(dim, sizeof *pivot);
  nmod_mat_t *image = heap_alloc(degree, sizeof *image);
  nmod_mat_t powers, inverse;
  nmod_mat_init(powers, degree, degree, p);
  nmod_mat_init(inverse, degree, degree, p);
  ulong root = primitive_root(p, s->order);
  bool good = true;
  uint32_t made = 0;
  for (uint32_t a = 1; good && a <= s->order; a++) {
    if (n_gcd(a, s->order) != 1) continue;
    ulong z = n_powmod2(root, a, p), power = 1;
    for (uint32_t k = 0; k < degree; k++) {
      nmod_mat_entry(powers, made, k) = power;
      power = n_mulmod2(power, z, p);
    }
    nmod_mat_init(image[made], s->nlive, dim, p);
    good = image_matrix(s, image[made], z);
    slong rank = good ? nmod_mat_rref(image[made]) : 0;
    uint32_t *free_here = made ? free_now : free_first;
    uint32_t here = good ? free_columns(image[made], rank, dim, free_here, pivot) : 0;
    if (!made) n = here;
    else good = good && here == n && !memcmp(free_now, free_first, sizeof *free_now * n);
    made++;
  }
  int order = good && found->free ? nearer(free_first, n, found->free, found->n) : 1;
  if (good && order > 0) {                           /* the first prime, or a better one: start anew */
    if (found->free) {
      _fmpz_vec_clear(found->coefficient, (slong)((size_t)found->n * dim * degree));
      free(found->free);
    }
    found->n = n;
    found->free = heap_alloc(dim, sizeof *found->free);
    memcpy(found->free, free_first, sizeof *free_first * n);
    found->coefficient = _fmpz_vec_init((slong)((size_t)n * dim * degree));
    fmpz_one(found->modulus);
  }
  good = good && order >= 0 && nmod_mat_inv(inverse, powers);
  for (uint32_t v = 0; good && v < n; v++)
    for (uint32_t c = 0; c < dim; c++) {
      if (c == free_first[v] || pivot[c] < 0) continue;
      for (uint32_t k = 0; k < degree; k++) {
        ulong sum = 0;
        for (uint32_t a = 0; a < degree; a++) {
          ulong value = nmod_mat_entry(image[a], pivot[c], dim - 1 - free_first[v]);
          sum = n_submod(sum, n_mulmod2(nmod_mat_entry(inverse, k, a), value, p), p);
        }
        fmpz *x = &found->coefficient[((size_t)v * dim + c) * degree + k];
        fmpz_CRT_ui(x, x, found->modulus, sum, p, 0);
      }
    }
  if (good) fmpz_mul_ui(found->modulus, found->modulus, p);
  for (uint32_t a = 0; a < made; a++) nmod_mat_clear(image[a]);
  nmod_mat_clear(powers);
  nmod_mat_clear(inverse);
  free(image);
  free(pivot);
  free(free_now);
  free(free_first);
  return good;
}

/* Fractions for all coefficients of vector v; false when the modulus is still too small. */
static bool reconstruct(const System *s, const Found *f, uint32_t v, fmpq_poly_struct *vector) {
  fmpq_t q;
  fmpq_init(q);
  bool good = true;
  for (uint32_t c = 0; good && c < s->dim; c++) {
    fmpq_poly_zero(&vector[c]);
    if (c == f->free[v]) fmpq_poly_set_si(&vector[c], 1);
    else
      for (uint32_t k = 0; good && k < s->degree; k++) {
        const fmpz *x = &f->coefficient[((size_t)v * s->dim + c) * s->degree + k];
        if (fmpz_is_zero(x)) continue;
        good = fmpq_reconstruct_fmpz(q, x, f->modulus);
        if (good) fmpq_poly_set_coeff_fmpq(&vector[c], k, q);
      }
  }
  fmpq_clear(q);
  return good;
}

static bool satisfies(const System *s, const fmpq_poly_struct *vector, const fmpq_poly_struct *phi) {
  fmpq_poly_t sum, term;
  fmpq_poly_init(sum);
  fmpq_poly_init(term);
  bool good = true;
  for (uint32_t r = 0; good && r < s->nlive; r++) {
    fmpq_poly_zero(sum);
    for (uint32_t c = 0; c < s->dim; c++) {
      if (zero_entry(s, r, c) || fmpq_poly_is_zero(&vector[c])) continue;
      fmpq_poly_mul(term, &s->entry[(size_t)r * s->dim + c], &vector[c]);
      fmpq_poly_add(sum, sum, term);
    }
    fmpq_poly_rem(sum, sum, phi);
    good = fmpq_poly_is_zero(sum);
  }
  fmpq_poly_clear(sum);
  fmpq_poly_clear(term);
  return good;
}

/* All vectors reconstructed and confirmed in every equation. */
static bool confirmed(Exacts *pool, const System *s, const Found *f, Arena *arena, ExactBasis *basis) {
  fmpq_poly_struct *vector = heap_alloc(s->dim, sizeof *vector);
  for (uint32_t c = 0; c < s->dim; c++) fmpq_poly_init(&vector[c]);
  const Exact **at = arena_array(arena, const Exact *, (size_t)f->n * s->dim);
  bool good = true;
  for (uint32_t v = 0; good && v < f->n; v++) {
    good = reconstruct(s, f, v, vector) && satisfies(s, vector, field_phi(pool, s->order));
    for (uint32_t c = 0; good && c < s->dim; c++)
      at[(size_t)v * s->dim + c] = field_element(pool, &vector[c], s->order);
  }
  for (uint32_t c = 0; c < s->dim; c++) fmpq_poly_clear(&vector[c]);
  free(vector);
  *basis = (ExactBasis){ f->n, s->dim, at };
  return good;
}

static bool build(Exacts *pool, System *s, Why *why) {
  s->order = 1;
  size_t size = (size_t)s->rows * s->dim;
  for (size_t i = 0; i < size; i++) {
    s->order = field_join(s->order, exact_order(s->A[i]));
    if (!s->order) return why_no(why, E0704, "the numbers lie in a cyclotomic field of order above %d", FIELD_ORDER);
  }
  s->degree = (uint32_t)n_euler_phi(s->order);
  s->live = heap_alloc(s->rows, sizeof *s->live);
  for (uint32_t r = 0; r < s->rows; r++)
    for (uint32_t c = 0; c < s->dim; c++)
      if (!exact_is_zero(s->A[(size_t)r * s->dim + c])) {
        s->live[s->nlive++] = r;
        break;
      }
  s->entry = heap_alloc((size_t)s->nlive * s->dim, sizeof *s->entry);
  for (uint32_t r = 0; r < s->nlive; r++)
    for (uint32_t c = 0; c < s->dim; c++) {
      if (zero_entry(s, r, c)) continue;
      fmpq_poly_struct *e = &s->entry[(size_t)r * s->dim + c];
      fmpq_poly_init(e);
      field_lift(e, s->A[(size_t)s->live[r] * s->dim + c], s->order, field_phi(pool, s->order));
    }
  return true;
}

static void drop(System *s) {
  for (uint32_t r = 0; s->entry && r < s->nlive; r++)
    for (uint32_t c = 0; c < s->dim; c++)
      if (!zero_entry(s, r, c)) fmpq_poly_clear(&s->entry[(size_t)r * s->dim + c]);
  free(s->entry);
  free(s->live);
}

bool exact_null_space(Exacts *pool, Arena *arena, const Exact *const *A, uint32_t rows, uint32_t dim,
                      ExactBasis *basis, Why *why) {
  if (dim > UNKNOWNS)
    return why_no(why, E0704, "%u unknowns, and intertwiners are solved exactly up to %d", dim, UNKNOWNS);
  System s = { .A = A, .rows = rows, .dim = dim };
  Found found = { 0 };
  fmpz_init(found.modulus);
  bool good = build(pool, &s, why), done = false;
  ulong p = (((ulong)1 << 62) / (good ? s.order : 1)) * (good ? s.order : 1) + 1;
  for (uint32_t tries = 0; good && !done && tries < PRIMES; tries++) {
    do p -= s.order;
    while (!n_is_prime(p));
    done = one_prime(&s, p, &found) && confirmed(pool, &s, &found, arena, basis);
  }
  if (good && !done) why_no(why, E0704, "the intertwiners have too many digits");
  if (found.free) {
    _fmpz_vec_clear(found.coefficient, (slong)((size_t)found.n * dim * s.degree));
    free(found.free);
  }
  fmpz_clear(found.modulus);
  drop(&s);
  return done;
}
