/* exact.h: exact numbers, elements of a cyclotomic field Q(zeta_n), and compile-time numbers.
 *
 *     1/3      1.5      sqrt(2)/2 = (zeta_8 + zeta_8^-1)/2      cos(2 pi/5)
 *
 * An Exact is immutable and belongs to the pool that made it (`Exacts`, which owns FLINT's memory and
 * frees it on close). Arithmetic joins fields by the least common multiple of their orders; a result
 * keeps the smallest order that its operands need, at most 5040, else the operation returns NULL.
 * Every Exact here is used as a real number: matrices of real representations have real entries. */
#ifndef GDLC_REP_EXACT_H
#define GDLC_REP_EXACT_H
#include "base/base.h"

typedef struct Exact Exact;
typedef struct Exacts Exacts;

/* exact.c */
Exacts *exacts_open(void);
void exacts_close(Exacts *pool);
const Exact *exact_int(Exacts *pool, int64_t i);
/* "5.0", "1e-3"; NULL: no number, or exponent beyond 400 */
const Exact *exact_decimal(Exacts *pool, Str digits);
const Exact *exact_add(Exacts *pool, const Exact *a, const Exact *b);
const Exact *exact_sub(Exacts *pool, const Exact *a, const Exact *b);
const Exact *exact_mul(Exacts *pool, const Exact *a, const Exact *b);
const Exact *exact_div(Exacts *pool, const Exact *a, const Exact *b);      /* NULL when b is 0 */
/* NULL: 0^-1, or a result beyond 10^5 bits */
const Exact *exact_power(Exacts *pool, const Exact *a, int64_t k);
/* of a rational >= 0 whose root has a small enough field; else NULL */
const Exact *exact_sqrt(Exacts *pool, const Exact *a);
const Exact *exact_cos(Exacts *pool, const Exact *turns);    /* cos(2 pi turns), turns rational; NULL if not */
const Exact *exact_sin(Exacts *pool, const Exact *turns);
bool exact_equal(const Exact *a, const Exact *b);
bool exact_is_zero(const Exact *a);
bool exact_is_rational(const Exact *a);
bool exact_as_int(const Exact *a, int64_t *i);               /* false: not whole, or beyond 64 bits */
double exact_real(const Exact *a);                           /* nearest double of the real value   */
int exact_compare(const Exact *a, const Exact *b);           /* -1, 0, 1 as real numbers           */
void exact_text(const Exact *a, Out *out);                   /* "1/3"; irrational ones as a decimal */
/* exact_linear.c: a matrix over one field, rows of equations. Sizes beyond 1,500 unknowns: E0704. */
typedef struct ExactBasis { uint32_t n, dim; const Exact **at; } ExactBasis;       /* at[k * dim + i] */
/* Basis of {v : A v = 0} in reduced echelon form, each vector's first non-zero entry 1, in order. */
bool exact_null_space(Exacts *pool, Arena *arena, const Exact *const *A, uint32_t rows, uint32_t dim,
                      ExactBasis *basis, Why *why);
#endif
