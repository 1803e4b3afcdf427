/* irrep.h: irreducible representations, over the reals, of finite groups that are neither C(n) nor D(n).
 *
 *     Characters   table[k]: dim, commutant (1 real, 2 complex, 4 quaternionic type), value[class]
 *
 * Numbered by dimension, then by their characters on the elements in order, larger values first, so
 * that scalar is number 0 (LANGUAGE 3.9). */
#ifndef GDLC_REP_IRREP_H
#define GDLC_REP_IRREP_H
#include "rep/kind.h"

typedef struct Character { uint32_t dim, commutant; const Exact **value; } Character;
typedef struct Characters {
  uint32_t nclasses, *of, *first, *size;             /* of[element]: class; first[class]: element  */
  uint32_t n;
  Character *table;                                  /* sorted                                     */
} Characters;

/* characters.c */
const Characters *group_characters(Reps *reps, const Group *g, Why *why);
/* irrep.c */
const Kind *irrep_of(Reps *reps, const Group *g, uint32_t k, Why *why);
#endif
