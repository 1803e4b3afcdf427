/* loops.h: the second IR. How: loops over buffers, for a machine whose threads are lanes.
 *
 *     %12 f32v = FMA %9 %10 %11        a varying value: one number a lane
 *
 * A Kernel is one pipeline: a straight array of instructions with FOR/IF ... END brackets and no phi (what
 * changes in a loop is a Var). Values are UNIFORM (one) or VARYING (one per lane). Order of floating point is
 * part of the text: printers add no fast-math flag, `fma` is written out, so every back end gives the same bits.
 *
 *              CPU                               CUDA                             evaluator
 *   GRID       task range of parallel_for        blocks, grid-stride              serial
 *   TEAM       serial                            warps of the block               serial, marks threads
 *   lane       vector lane (16, 8)               thread of the warp (32)          array
 *   uniform    scalar                            every lane; stored by lane 0     array of equal values
 *   SLAB       slab of the slot, aims at L2      global memory, one a block       poisoned with NaN
 *   TILE       part of the slab                  shared memory                    poisoned with NaN
 *   BAR        nothing                           __syncthreads                    new race epoch
 *
 * Rules, checked by loops_verify or by the evaluator:
 *   L1 arguments are defined before, in an enclosing bracket      L6 types agree
 *   L2 uniform never depends on varying, but for RSUM RMAX        L7 every access within its extent
 *   L3 GRID is outermost, one a kernel; TEAM does not nest        L8 loads of tail lanes clamp or mask, stores mask;
 *   L4 BAR only outside TEAM, inside GRID                            padded rows never reach a GLOBAL buffer
 *   L5 between two BARs a location touched by two threads is      L9 a varying index has 32 bits, a uniform one 64
 *      written by neither; the end of a GRID iteration is no BAR
 *
 * L1 for variables: a GET stands behind a SET in an enclosing bracket; what is set in a GRID or TEAM is of that
 * iteration alone. L3 also: only what is in the GRID stores. L5: a thread is a warp and a lane; a uniform load is by
 * all lanes, a uniform store by the warp, which meets before and after it; different slots never meet, whatever BARs
 * there are (race.h). Undefined, and a fault in the evaluator: IDIV and IMOD by less than 1, FTOI out of range, SCALE2
 * by what is no exponent. i32 arithmetic wraps, shifts take their count modulo the width, ISHR is logical. FMIN(a, b)
 * is a < b ? a : b, FMAX a > b ? a : b (a NaN in b passes). RSUM is a fixed tree by halves. A GRID iteration is a slot:
 * slots are fixed when compiling, 16 on the CPU. */
#ifndef GDLC_LOOPS_LOOPS_H
#define GDLC_LOOPS_LOOPS_H
#include "base/base.h"

typedef int32_t Ref;                /* an instruction's number; 0 is none                        */
typedef enum Base { BASE_I1, BASE_I32, BASE_I64, BASE_F32, BASE_F64 } Base;
static inline int64_t base_bytes(Base b) { return b == BASE_F64 || b == BASE_I64 ? 8 : 4; }        /* in memory */
typedef enum Scope { SCOPE_GLOBAL, SCOPE_SLAB, SCOPE_TILE } Scope;
typedef enum ForKind { FOR_SEQ, FOR_GRID, FOR_TEAM } ForKind;

/* LOOPS(op, arguments). Integers are I64, or I32 where both are (Threefry); F: f32 or f64 alike. */
#define LOOPS_OPS(LOOPS)                                                                           \
  LOOPS(NONE, 0) LOOPS(CONST, 0) LOOPS(ICONST, 0) LOOPS(SIZE, 0) LOOPS(LANE, 0)                     \
  LOOPS(FADD, 2) LOOPS(FSUB, 2) LOOPS(FMUL, 2) LOOPS(FDIV, 2) LOOPS(FMA, 3)                         \
  LOOPS(FMIN, 2) LOOPS(FMAX, 2) LOOPS(FNEG, 1) LOOPS(FSQRT, 1) LOOPS(FRINT, 1)                      \
  LOOPS(SCALE2, 2)      /* a * 2^b, b whole and in range                          */               \
  LOOPS(EXPO, 1)        /* the exponent of a normal number, as a float            */               \
  LOOPS(MANT, 1)        /* its mantissa in [1, 2)                                 */               \
  LOOPS(ITOF, 1) LOOPS(FTOI, 1) LOOPS(CVT, 1)   /* FTOI truncates; CVT between f32 and f64, i32 and i64: to .base */ \
  LOOPS(RSUM, 1) LOOPS(RMAX, 1) LOOPS(LXOR, 1)  /* LXOR: the value of lane xor imm */               \
  LOOPS(IADD, 2) LOOPS(ISUB, 2) LOOPS(IMUL, 2) LOOPS(IDIV, 2) LOOPS(IMOD, 2) LOOPS(IMIN, 2) LOOPS(IMAX, 2) \
  LOOPS(IAND, 2) LOOPS(IXOR, 2) LOOPS(ISHL, 2) LOOPS(ISHR, 2)                                       \
  LOOPS(ILT, 2) LOOPS(IEQ, 2) LOOPS(FLT, 2) LOOPS(FLE, 2) LOOPS(FEQ, 2)                             \
  LOOPS(AND, 2) LOOPS(OR, 2) LOOPS(NOT, 1) LOOPS(SELECT, 3)                                         \
  LOOPS(LOAD, 2)        /* buf[a0 + imm + lane * lstride], mask a1 (0: all): masked lanes read 0   */ \
  LOOPS(STORE, 3)       /* the same = a1, mask a2                                                  */ \
  LOOPS(GET, 0) LOOPS(SET, 1)                                                                       \
  LOOPS(FOR, 2) LOOPS(IF, 1) LOOPS(END, 0) LOOPS(BAR, 0)
typedef enum LoopsOp {
#define LOOPS(op, n) L_##op,
  LOOPS_OPS(LOOPS)
#undef LOOPS
  L_OPS
} LoopsOp;

typedef struct Ins {
  uint8_t op, base, vary, kind;     /* kind: FOR                                                  */
  int32_t buf;                      /* LOAD STORE: buffer; GET SET: variable; SIZE: which          */
  Ref a[3];                         /* FOR: low, high; END: the FOR or IF                          */
  int32_t lstride;                  /* LOAD STORE of a uniform index: elements between lanes; 0: one value */
  int64_t imm;                      /* ICONST; LOAD STORE: constant offset; FOR: step; LXOR        */
  double f;                         /* CONST                                                       */
} Ins;

/* Sizes are linear in the symbols of the entry: c + sum of k[i] * size i. */
typedef struct SizeExpr { int64_t c, k[8]; } SizeExpr;

typedef struct Buf {                /* as a kernel sees memory                                    */
  Str name;
  uint8_t base, scope;
  bool out;                         /* may be stored to                                           */
  SizeExpr elems;                   /* GLOBAL; for SLAB and TILE .c only                           */
  int64_t at;                       /* SLAB, TILE: first byte within the slab of the slot (a multiple of 64) */
} Buf;
typedef struct LVar { uint8_t base, vary; } LVar;

typedef struct Kernel {
  Arena *arena;
  Str name;                         /* "fashion_step_3"                                           */
  int lanes, warps, slots;          /* what the schedule was built for                            */
  vec(Buf) buf;
  vec(LVar) var;
  vec(Ins) ins;                     /* ins[0] is NONE                                             */
  vec(Ref) open;                    /* the builder's open brackets                                */
  int64_t slab;                     /* bytes of a slot: its SLAB and TILE buffers                  */
  uint32_t nsizes;
} Kernel;

/* --- build.c: integers are folded, everything else is left as written ------------------------------ */
Kernel *kernel_open(Arena *arena, Str name, int lanes, int warps, int slots, uint32_t nsizes);
int kernel_global(Kernel *k, Str name, Base base, bool out, SizeExpr elems);
int kernel_local(Kernel *k, Str name, Base base, Scope scope, int64_t elems, int64_t at);  /* at: byte in the slab */
int kernel_var(Kernel *k, Base base, bool vary);
Ref l_const(Kernel *k, Base base, double x);
Ref l_int(Kernel *k, int64_t i);                             /* I64                                */
Ref l_i32(Kernel *k, int32_t i);
Ref l_size(Kernel *k, uint32_t which);
Ref l_lane(Kernel *k);                                       /* I64, varying                       */
Ref l_op1(Kernel *k, LoopsOp op, Ref a);
Ref l_op2(Kernel *k, LoopsOp op, Ref a, Ref b);
Ref l_op3(Kernel *k, LoopsOp op, Ref a, Ref b, Ref c);
Ref l_cvt(Kernel *k, Base to, Ref a);                        /* CVT, ITOF, FTOI by the bases        */
Ref l_add(Kernel *k, Ref a, Ref b);                          /* integers, folded: + 0              */
Ref l_addi(Kernel *k, Ref a, int64_t b);
Ref l_muli(Kernel *k, Ref a, int64_t b);
/* i32 widens to I64 when uniform or varying */
Ref l_load(Kernel *k, int buf, Ref index, int64_t offset, int lstride, Ref mask);
void l_store(Kernel *k, int buf, Ref index, int64_t offset, int lstride, Ref value, Ref mask);
Ref l_lxor(Kernel *k, Ref a, int h);
Ref l_get(Kernel *k, int var);
void l_set(Kernel *k, int var, Ref value);
Ref l_for(Kernel *k, ForKind kind, Ref low, Ref high, int64_t step);     /* returns the counter     */
void l_if(Kernel *k, Ref condition);
void l_end(Kernel *k);
void l_bar(Kernel *k);
Base l_base(const Kernel *k, Ref a);
bool l_vary(const Kernel *k, Ref a);
/* math.c: functions written in Loops, the same bits everywhere; f32 and f64 by the base of x. */
Ref l_exp(Kernel *k, Ref x);
Ref l_log(Kernel *k, Ref x);
Ref l_tanh(Kernel *k, Ref x);
Ref l_sigmoid(Kernel *k, Ref x);
Ref l_sin(Kernel *k, Ref x);
Ref l_cos(Kernel *k, Ref x);
Ref l_asinh(Kernel *k, Ref x);
Ref l_pow(Kernel *k, Ref x, Ref y);                          /* whole y by products when constant   */
Ref l_threefry(Kernel *k, Ref key0, Ref key1, Ref c0, Ref c1);    /* i32s; the first word of Threefry 2x32-20 */
Ref l_uniform(Kernel *k, Base base, Ref bits);               /* [0, 1) from the upper 24 bits           */

/* --- verify.c, text.c, eval.c ------------------------------------------------------------------------ */
bool loops_verify(const Kernel *k, Why *why);
void loops_text(const Kernel *k, Out *out);                  /* reads back                          */
Kernel *loops_read(Arena *arena, Str text, Why *why);
const char *loops_op_name(LoopsOp op);
/* The meaning. bufs[i]: memory of GLOBAL buffer i (others NULL); runs slots [low, high). Checks L7 against the
 * extents (SizeExpr at `sizes`) and, with races, L5. false and why (buffer, index, instruction) at the first fault. */
bool loops_eval(const Kernel *k, void *const *bufs, const int64_t *sizes, int64_t low, int64_t high, bool races,
    Why *why);
int64_t size_expr(const SizeExpr *e, const int64_t *sizes);
#endif
