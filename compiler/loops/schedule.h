/* schedule.h: what plain and fused plans share: kernels being written, and memory of the workspace. */
#ifndef GDLC_LOOPS_SCHEDULE_H
#define GDLC_LOOPS_SCHEDULE_H
#include "loops/gen.h"

typedef struct Schedule {
  Arena *arena;
  const Graph *g;
  const Target *target;
  EntryCode *code;
  Loc *loc;                         /* [node.n]: where values lie between kernels                  */
  uint32_t *first, *last;           /* [code->buf.n] of the workspace: kernels that write first, read last; grow */
  uint32_t nlife;
  int lanes;
  Out *comments;
} Schedule;

/* Opens a kernel with its GRID loop; `slot` is its counter. Locs are those of the schedule. */
Gen schedule_kernel(Schedule *s, Str name, Ref *slot);
/* Ends it and appends it; buffers that it binds live until now. */
void schedule_close(Schedule *s, Gen *x, Str what, SizeExpr flops);
/* The share [low, high) of `n` that slot has, in whole units but for the end. */
void schedule_share(Gen *x, Ref slot, Ref n, int64_t unit, Ref *low, Ref *high);
/* A buffer of the workspace for a value. */
Loc schedule_buffer(Schedule *s, Val v, const char *what);
Loc schedule_store_loc(Schedule *s, const Store *store);
void schedule_memory(Schedule *s);  /* offsets of all buffers, by lifetime; then the slabs          */

/* fuse.c: pipelines of many values; false when the graph is not one that it knows (sets of unknown size). */
bool schedule_fused(Schedule *s);
#endif
