/* irrep.h: irreducible representations, over the reals, of finite groups that are neither C(n) nor D(n). */
#ifndef GDLC_REP_IRREP_H
#define GDLC_REP_IRREP_H
#include "rep/kind.h"

/* Numbered by dimension, then by their characters on the elements in order (LANGUAGE 3.9). */
const Kind *irrep_of(Reps *reps, const Group *g, uint32_t k, Why *why);
#endif
