/* fuse.h: pipelines of many values: what fuse.c decides, and fuse_rows.c, fuse_once.c write.
 *
 *     level 3    once: F2 panel2        rows of sample: y1 -> z a h -> y2, sum of y2        kept: y2
 *
 * The rows of a value are its first axis: samples, or the rows of a set of unknown size; that domain is its *root*.
 * Within a root reading one's own row is local; everything else waits for the next level, and reads memory. */
#ifndef GDLC_LOOPS_FUSE_H
#define GDLC_LOOPS_FUSE_H
#include "loops/schedule.h"

enum { SMALL = 4096, SLAB_MOST = 1 << 20, CHUNK_MOST = 64, ROWS_SHARED = 4, ROW_SMALL = 1 << 14, WORTH_KEEPING = 4,
    FAR_WORTH_KEEPING = 24 };
typedef enum Sort { SORT_LEAF, SORT_ROWS, SORT_SUM, SORT_SCATTER, SORT_SMALL, SORT_LARGE, SORT_INLINE } Sort;
/* SUM: a partial a slot. SCATTER: at an index, rows of the result shared out. LARGE: in memory, computed in shares.
 * SMALL: by each slot for itself. INLINE: a large map, computed where it is read. */

typedef struct GemmPlan {           /* how a contract is a gemm                                    */
  bool is, swap;                    /* swap: operand 1 is A                                        */
  uint8_t label[4][LABELS_MOST];    /* labels of M, N, K in order; and of a batch: in A, B and the result */
  uint8_t n[4];
  Loc panel;                        /* B without rows as [batch][K][N]: where it lies, or its copy */
  bool copied;
} GemmPlan;

typedef struct Fuse {
  Schedule *s;
  const Graph *g;
  uint8_t *sort;
  uint32_t *level;                  /* of the kernel that computes it                              */
  bool *needed, *kept, *late;       /* late: a sum whose operands are kept, computed as LARGE       */
  Loc *scratch;                     /* of lse at an index                                          */
  bool *total;                      /* a sum whose partials are added up before it is read often   */
  Loc *total_at;
  bool *state;                      /* reads weights or moments without anything in memory between  */
  bool *stored;                     /* LARGE: something but panels of gemms reads it               */
  bool *written;                    /* part of a transform or tiling that is written out            */
  GemmPlan *gemm;
  uint32_t levels;
  /* of the level in hand */
  bool *active, *local;
  Val *finishes;                    /* of a map, or of itself: the gemm that has no place, as nothing else reads it */
  double *times, *price;            /* how often a number of it is asked for, and what it costs     */
} Fuse;

typedef struct Level {
  Fuse *f;
  Gen x;
  uint16_t root;                    /* of the rows in hand                                         */
  uint32_t level;                   /* whose rows they are                                         */
  Ref slot, low, high, first, count, fresh;            /* rows of the slot, of the chunk; fresh: the first chunk */
  int64_t slab, rows;               /* rows: of a chunk                                            */
  bool last;                        /* the kernel of the stores                                    */
} Level;

static inline const Node *node(const Fuse *f, Val v) { return &f->g->node.at[v]; }
static inline uint16_t root_of(const Graph *g, const Shape *s) {
  if (!s->rank || s->axis[0].role != ROLE_ROW) return 0;
  return s->axis[0].what == 1 || g->dom.at[s->axis[0].what].sort == DOM_RAGGED ? s->axis[0].what : 0;
}
static inline uint16_t root(const Fuse *f, Val v) { return root_of(f->g, &node(f, v)->shape); }
static inline bool has_rows(const Fuse *f, Val v) { return root(f, v) != 0; }
static inline uint32_t root_symbol(const Fuse *f, uint16_t dom) { return (uint32_t)(-f->g->dom.at[dom].n - 1); }
static inline int64_t numbers(const Fuse *f, Val v) {  /* of a row, for values with rows                */
  const Shape *s = &node(f, v)->shape;
  int64_t n = 1;
  for (uint8_t a = has_rows(f, v) ? 1 : 0; a < s->rank; a++) n *= s->axis[a].n;
  return n;
}
static inline bool leaf(const Node *n) {
  return n->op == OP_input || n->op == OP_param || n->op == OP_table || n->op == OP_iota;
}
static inline bool windows(const Fuse *f, Val v) {
  return node(f, v)->op == OP_view && node(f, v)->view->sort == VIEW_WINDOW;
}
/* The window that a transform reads (gen_transform.c), through renamings and transforms; 0: it reads none. */
static inline Val transformed_window(const Fuse *f, Val v) {
  if (!gen_transforms(f->g, v)) return 0;
  while (gen_transforms(f->g, v)) v = gen_renamed(f->g, gen_transformed(f->g, v));
  return windows(f, v) ? v : 0;
}
/* How often a label stands in an operand, or in the result (-1). */
static inline uint32_t places(const Node *n, uint8_t label, int operand) {
  uint32_t k = 0;
  const uint8_t *of = operand < 0 ? n->labels->out : n->labels->of[operand];
  for (int a = 0; a < RANK_MOST; a++) k += of[a] == label && label;
  return k;
}
static inline int64_t label_size(const Fuse *f, const Node *n, int operand, uint8_t label) {
  const Shape *s = operand < 0 ? &n->shape : &node(f, n->arg[operand])->shape;
  const uint8_t *of = operand < 0 ? n->labels->out : n->labels->of[operand];
  for (uint8_t a = 0; a < s->rank; a++)
    if (of[a] == label) return s->axis[a].n;
  return 1;
}
static inline Val operand(const Fuse *f, Val v, int which) { return node(f, v)->arg[f->gemm[v].swap ? !which : which]; }
/* The root of the rows that a contract without rows sums over; 0: it does not. */
static inline uint16_t summed_root(const Fuse *f, Val v) {
  const Node *n = node(f, v);
  if (n->op != OP_contract || has_rows(f, v)) return 0;
  for (uint8_t i = 0; i < n->nargs; i++)
    if (has_rows(f, n->arg[i])) return root(f, n->arg[i]);
  return 0;
}
static inline bool row_sum_here(const Fuse *f, Val v, uint32_t level) {
  return f->needed[v] && f->sort[v] == SORT_SUM && f->level[v] == level && summed_root(f, v);
}
static inline bool once_here(const Fuse *f, Val v, uint32_t level) {
  if (!f->needed[v] || f->level[v] != level) return false;
  return (f->sort[v] == SORT_LARGE && f->stored[v]) || f->sort[v] == SORT_SCATTER || (f->sort[v] == SORT_SUM &&
      !summed_root(f, v));
}
static inline uint32_t readable(const Fuse *f, Val v) {      /* from which level on                        */
  bool after = f->sort[v] == SORT_SUM || f->sort[v] == SORT_LARGE || f->sort[v] == SORT_SCATTER;
  return f->sort[v] == SORT_LEAF ? 0 : f->level[v] + after;
}

/* The kernel that adds the partials of a sum up, for those after it. */
static inline bool total_here(const Fuse *f, Val v, uint32_t level) { return f->needed[v] && f->total[v] &&
    f->level[v] + 1 == level; }

/* fuse_rows.c: rows of one root, a chunk at a time; and what once.c shares with it. */
void level_rows(Level *l, uint32_t level, uint16_t root);
int level_local(Level *l, Val v, int64_t n);                 /* a slab buffer                              */
void level_gemm(Level *l, Val v, const Loc *to, bool add);
Gemm level_gemm_of(Level *l, Val v, const Loc *to, bool add);
void level_flush(Level *l, Val v, const Loc *partial);
int64_t gemm_columns(const Fuse *f, Val v);
/* fuse_once.c: values without rows, and kernels. */
void level_emit(Fuse *f, uint32_t level);
void level_stores(Fuse *f);
uint32_t store_group(const Fuse *f, uint32_t first, const bool *done, uint32_t *group);
bool stores_are_safe(Fuse *f);
/* fuse.c: what level L computes of values with rows, and which of them lie in the slab. */
void fuse_activate(Fuse *f, uint32_t level, bool decide);
void fuse_places(Fuse *f, uint32_t level);
#endif
