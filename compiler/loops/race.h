/* race.h: who touched what since the last BAR (L5), as the machine with most threads would.
 *
 * A thread is a warp and a lane. The warp of a TEAM iteration is its number modulo the warps; outside TEAM all warps
 * are one. A varying access is by its lane; a uniform load by all lanes; a uniform store by the warp, which meets
 * before and after it. Slots never meet: a location of a GLOBAL buffer is written by one slot, or by none. */
#ifndef GDLC_LOOPS_RACE_H
#define GDLC_LOOPS_RACE_H
#include "loops/loops.h"

typedef struct Races Races;
Races *races_open(Arena *arena, const Kernel *k, const int64_t *extent);
void race_enter(Races *r, const Ins *loop, int64_t counter);
void race_next(Races *r, const Ins *loop, int64_t counter, bool more);  /* the end of an iteration */
void race_barrier(Races *r);
bool race_touch(Races *r, const Ins *x, uint32_t at, int64_t place, int lane, Why *why);
#endif
