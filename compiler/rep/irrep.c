/* irrep.c: irreducible representations of other finite groups than C(n), D(n). */
#include "rep/irrep.h"

const Kind *irrep_of(Reps *reps, const Group *g, uint32_t k, Why *why) {
  if (!k) return kind_scalar(reps);
  why_no(why, E0704, "irrep(%u) of `%.*s`: irreps have numbers for C(n) and D(n) only", k, STR(g->name));
  return NULL;
}
