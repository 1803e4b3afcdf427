/* field.h: the inside of an Exact, for the files that compute with FLINT.
 *
 * An element of Q(zeta_n) is its polynomial in zeta_n, reduced by the n-th cyclotomic polynomial; a
 * rational number is order 1 and has no polynomial. A pool hands Exacts out of blocks and clears
 * them in order when it closes. Small whole numbers are made once. */
#ifndef GDLC_REP_FIELD_H
#define GDLC_REP_FIELD_H
#include "rep/exact.h"
#include <flint/fmpq.h>
#include <flint/fmpq_poly.h>

enum { FIELD_ORDER = 5040, FIELD_SMALL = 64, FIELD_BLOCK = 256 };

struct Exact {
  uint32_t order;                   /* 1: q is the number, else p is                               */
  fmpq_t q;
  fmpq_poly_t p;                    /* set up only when order > 1                                  */
};

typedef struct Block { struct Block *below; uint32_t n; struct Exact at[FIELD_BLOCK]; } Block;
struct Exacts {
  Block *block;
  const Exact *small[2 * FIELD_SMALL + 1];           /* -64 ... 64                                 */
  fmpq_poly_struct *phi[FIELD_ORDER + 1];            /* cyclotomic polynomials, as they are asked for */
};

const fmpq_poly_struct *field_phi(Exacts *pool, uint32_t n);
uint32_t field_join(uint32_t a, uint32_t b);         /* least common multiple; 0 beyond FIELD_ORDER */
/* a as a polynomial in zeta_n, n a multiple of its order; phi is the n-th cyclotomic polynomial. */
void field_lift(fmpq_poly_t to, const Exact *a, uint32_t n, const fmpq_poly_struct *phi);
const Exact *field_rational(Exacts *pool, const fmpq_t q);
const Exact *field_element(Exacts *pool, fmpq_poly_t reduced, uint32_t order);   /* takes what is in `reduced` */
uint32_t exact_order(const Exact *a);
#endif
