/* plan.h: what an entry does, in order: its pipelines as kernels, and where every value lives.
 *
 *     fashion_step    16 kernels    workspace = 12,345,678 + 439,808 b bytes    16 slots of 612,352 bytes
 *
 * Written by schedule.c from a Graph (fuse.c says which values form a pipeline, gen_*.c write them), read by
 * the back ends and by code_eval. Everything an entry touches is one of its EntryBufs: an argument of the
 * caller, or a stretch of the one workspace. */
#ifndef GDLC_LOOPS_PLAN_H
#define GDLC_LOOPS_PLAN_H
#include "graph/graph.h"
#include "loops/loops.h"

typedef struct Target {             /* schedules come from it, never from one processor           */
  Str name;                         /* "x86-64-v4", "cuda"                                        */
  int lanes32, lanes64, registers;  /* vector lanes of f32 and f64; vector registers               */
  int64_t l1, l2, l3;               /* bytes a core (l3: shared)                                   */
  double flops, bandwidth;          /* of the machine, for keep or rebuild; estimates              */
  int slots, warps;
  int64_t tile_most;                /* bytes of TILE a block may have                              */
} Target;

enum { BUF_WORKSPACE = -1, BUF_CONSTANT = -2 };
typedef struct EntryBuf {
  Str name;                         /* "y1", "param"                                              */
  uint8_t base;
  bool out;
  int32_t arg;                      /* number in graph->arg, BUF_WORKSPACE, or BUF_CONSTANT: data of its own */
  const void *constant;             /* elems.c numbers of base, BUF_CONSTANT                        */
  SizeExpr elems;
  SizeExpr at;                      /* workspace: first byte, a multiple of 64                     */
} EntryBuf;

typedef struct EntryKernel {
  Kernel *kernel;
  uint32_t *bind;                   /* [kernel->buf.n]: EntryBuf of each GLOBAL buffer             */
  Str what;                         /* "conv2 batch_norm2": for people                             */
  SizeExpr flops, bytes;            /* for `bench` and for the plan's own prices                   */
} EntryKernel;

typedef struct EntryCode {
  const Graph *graph;               /* after all its passes                                        */
  Base real;                        /* BASE_F32 or BASE_F64                                        */
  vec(EntryBuf) buf;
  vec(EntryKernel) kernel;          /* in order; all slots of one end before the next begins       */
  int slots;
  int64_t slab;                     /* bytes of one slot, a multiple of 64                         */
  SizeExpr slabs;                   /* where the slabs begin in the workspace                      */
  SizeExpr workspace;               /* bytes; alignment 64                                         */
} EntryCode;

/* schedule.c. The Graph is simplified already. Plain graphs become one value a kernel. Text of the
 * plan (pipelines, what they keep) goes to `comments` when it is not NULL. */
EntryCode *entry_plan(Arena *arena, const Graph *g, const Target *target, Out *comments);
/* code_eval.c: runs an entry in the Loops evaluator. args[k] as the caller of the ABI gives them: float or
 * double by `real`, int32_t; SUMS double. */
bool entry_eval(const EntryCode *e, const int64_t *sizes, void *const *args, bool races, Why *why);
/* target.c */
const Target *processor_find(Str march, Why *why);           /* "native", or a row of processors.def */
const Target *target_find(Str name, Why *why);               /* the same, or "cuda" */
#endif
