/* gen.h: writing Loops for values of Graph; shared by gen_*.c and schedule.c.
 *
 * A *coordinate* is a direction that a loop can run in: a ROW axis of a grid has two (row and column of the
 * picture), any other axis one. A value is read at an Ix for each of its coordinates, in order. `gen_read` loads
 * a value where it lies (its Loc), and computes it on the spot where it lies nowhere: maps, views, small
 * reductions are never in memory unless the plan says so. So fusing is choosing which values get a Loc.
 *
 * One coordinate of a nest may be the lanes: its Ix is at + lane. Components and copies that lie side by side may
 * be run through as one (a flat coordinate f = g * copies + o), so that vectors are full when there are few copies:
 * the Ix of g and o are then its high and low part, taken apart only where a value lacks one of them. */
#ifndef GDLC_LOOPS_GEN_H
#define GDLC_LOOPS_GEN_H
#include "loops/plan.h"

enum { COORDS_MOST = 16, PAGE = 4096 };
typedef enum IxPart { IX_WHOLE, IX_HIGH, IX_LOW } IxPart;
typedef struct Ix {
  Ref at;                           /* uniform; or varying, and lane is 0 then                    */
  int32_t lane;                     /* the index of lane l is at + l * lane                        */
  IxPart part;                      /* HIGH LOW: of gen->flat                                      */
  bool aligned;                     /* at is a multiple of the lanes                               */
} Ix;

typedef enum LocSort { LOC_NONE, LOC_ENTRY, LOC_LOCAL } LocSort;
typedef struct Loc {                /* where a value lies in memory                                */
  LocSort sort;
  uint32_t entry;                   /* ENTRY: number in code->buf                                  */
  int local;                        /* LOCAL: number in kernel->buf                                */
  int64_t offset;                   /* numbers                                                     */
  int64_t stride[COORDS_MOST];      /* numbers from one index of a coordinate to the next           */
  bool chunk;                       /* the first coordinate counts from gen->first                  */
  bool repeat;                      /* one axis, and its first lanes once more behind its end        */
  uint32_t parts;                   /* > 0: so many partial sums, part_stride apart, to be added     */
  int64_t part_stride;
} Loc;

typedef struct Coord {
  Size size;                        /* literal or symbol                                           */
  int64_t n;                        /* its literal, or -1                                          */
  uint8_t axis;
} Coord;

/* What the body of a transform has computed already (gen_transform.c): numbers of values, and (v 0) places of a Loc
 * where every literal index is 0. */
typedef struct Known { Val v; Loc loc; Ix ix[COORDS_MOST]; Ref r; int32_t lane; } Known;

typedef struct Gen {
  Arena *arena;
  const Graph *g;
  EntryCode *code;
  Kernel *k;
  uint32_t *bind;                   /* entry buffer of each kernel buffer; grows                   */
  uint32_t nbind;
  int *bound;                       /* [code->buf.n]: kernel buffer, -1                            */
  uint32_t nbound;
  Base real;
  Loc *loc;                         /* [node.n]                                                    */
  Ref mask;                         /* lanes that count; 0: all                                    */
  Ref first;                        /* the first sample of the chunk; 0: none                      */
  Val held;                         /* its number at the index in hand is `held_at`; 0: none        */
  Ref held_at;
  Ix flat;                          /* the flat coordinate that HIGH and LOW belong to             */
  int64_t low;                      /* copies: f = high * low + low part                           */
  bool serial;                      /* lanes may run along the last axes only                     */
  bool dots;                        /* lanes run along what the contract in hand sums over         */
  uint8_t part_label, part_coord;   /* the next contract sums this coordinate of this label over   */
  Ref part_low, part_high;          /* [part_low, part_high) only; part_label 0: over all of it     */
  bool writes;                      /* a transform is being written out, in the bracket of this depth */
  uint32_t depth;
  Ref zero;                         /* the literal, in that bracket                                  */
  vec(Known) known;
} Gen;

/* --- gen.c: coordinates, buffers, addresses ----------------------------------------------------------- */
uint32_t gen_coords(const Graph *g, const Shape *s, Coord *out);       /* how many; out may be NULL   */
uint32_t gen_first_coord(const Graph *g, const Shape *s, uint8_t axis);
Ref gen_extent(Gen *x, Size n);
int gen_bind(Gen *x, uint32_t entry);                                  /* the kernel buffer of an entry buffer */
uint32_t code_buffer(EntryCode *code, Arena *arena, Str name, Base base, int32_t arg, SizeExpr elems);
uint32_t code_constant(EntryCode *code, Arena *arena, Str name, Base base, int64_t n, const void *data);
SizeExpr shape_elems(const Graph *g, const Shape *s);                  /* at most one symbol: linear   */
Loc loc_contiguous(const Graph *g, const Shape *s, LocSort sort, uint32_t entry, int local, int64_t offset);
/* A value of this shape within an argument: first number, and numbers from row to row (0: contiguous), as Node and
 * Store say. */
Loc loc_argument(const EntryCode *code, const Graph *g, const Shape *s, uint32_t arg, uint64_t offset, uint64_t pitch);
Base number_base(const Gen *x, uint8_t number);                        /* as it lies in memory: flags are i32 */
Ref gen_load(Gen *x, const Loc *loc, const Shape *s, const Ix *ix);
void gen_store(Gen *x, const Loc *loc, const Shape *s, const Ix *ix, Ref value);
Ix ix_of(Ref at);
Ref ix_ref(Gen *x, Ix ix);                                             /* as one index, lanes and all  */
Ix ix_whole(Gen *x, Ix ix);                                            /* HIGH and LOW taken apart      */

/* --- gen_read.c: the stage `chain`: any value at an index ------------------------------------------------ */
Ref gen_read(Gen *x, Val v, const Ix *ix);
Ref gen_compute(Gen *x, Val v, const Ix *ix);                          /* though it has a Loc          */
Ref gen_expr(Gen *x, ExprId e, const Ref *arg);

/* --- gen_gemm.c: the dense contract ----------------------------------------------------------------------- */
/* C[m][n] = sum over k of A[m][k] B[k][n]: m and k run through several coordinates, n is flat, side by side in B and C.
 * Strides in numbers; a coordinate's n is literal, or -1 and a Ref, at most `most` (0: not known). A coordinate of m
 * with a stride in B is a batch: a loop around everything. add: C is added to, but starts at 0 where fresh. */
typedef struct GemmDim { int64_t n; Ref size; int64_t most, a, b, c; } GemmDim;
typedef struct GemmOperand { int buf; Ref at; int64_t offset; } GemmOperand;
/* What becomes of a number of C in a register instead of a store: vectors of row `row` from column `col` on. */
typedef void GemmFinish(Gen *x, Ref row, Ref col, Ref mask, Ref value, void *context);
typedef struct Gemm {
  GemmOperand a, b, c;
  GemmDim m[COORDS_MOST], k[COORDS_MOST];
  uint32_t nm, nk;
  int64_t n;
  bool add;
  Ref fresh;
  GemmFinish *finish;               /* NULL: C is stored. Else m is one coordinate, and k is short enough */
  void *context;
} Gemm;
void gen_gemm(Gen *x, const Gemm *g, const Target *target);
int64_t gen_gemm_whole(const Target *target, Base real);               /* so long a k is swept in one piece */

/* --- gen_transform.c: small tables between rows, written out ---------------------------------------------- */
bool gen_transforms(const Graph *g, Val v);
Val gen_transformed(const Graph *g, Val v);                            /* what a transform reads; 0: it is none */
/* v, or what it is a renaming of, coordinate by coordinate */
Val gen_renamed(const Graph *g, Val v);
bool gen_tiles(const Graph *g, Val v);                                 /* a fold of windows that tile, of a transform */
/* Writes v when it is a transform or a tiling; false: it is none, or the share cuts through a table axis. */
struct Nest;
bool gen_transform(Gen *x, const struct Nest *nest);
Ref gen_transform_at(Gen *x, Val v, const Ix *ix);                     /* 0: it is none, or its index is not literal */
/* What the body knows: a number of v, or (v 0) the place of a Loc; NULL: nothing yet. */
const Known *gen_known(const Gen *x, Val v, const Loc *loc, const Ix *ix, uint32_t n);
void gen_learn(Gen *x, Known *known, const Ix *ix, uint32_t n);

/* --- gen_nest.c: loops that write a value ---------------------------------------------------------------- */
/* Writes v to loc. Coordinate `share` runs over [low, high) when they are given. `add`: adds to what lies there, but
 * starts from 0 where `fresh` is true.
 * scratch: for lse at an index, as large as v. */
typedef struct Nest { Val v; Loc to, scratch; uint32_t share; Ref low, high; bool add; Ref fresh; } Nest;
void gen_nest(Gen *x, const Nest *nest);
void gen_copy(Gen *x, const Nest *nest);                               /* reads v where it lies        */
/* Several values of one shape: all are computed before any is stored (they may overwrite what they read). */
void gen_nest_together(Gen *x, const Nest *nest, uint32_t n);
/* Values that are summed or maximised at an index, gather's adjoints, in the order of the rows: [low, high) of the
 * first coordinate of the result, or all of it. scratch: as large as v, where it needs one. */
void gen_scatter(Gen *x, const Nest *nest);
bool gen_scatter_scratch(const Node *n);
bool gen_scatters(const Graph *g, Val v);
/* gen_harmonics.c: all components of each vector at once. */
void gen_harmonics(Gen *x, const Nest *nest);
/* Runs `body` at every index of a shape; lanes along the last axes, or where there is more to run through. */
typedef void GenBody(Gen *x, const Ix *ix, void *context);
void gen_each(Gen *x, const Shape *s, uint32_t share, Ref low, Ref high, bool flat, GenBody *body, void *context);
/* The coordinate that is best shared out: the longest that the lanes need not run along. */
uint32_t gen_share(const Graph *g, const Shape *s);
#endif
