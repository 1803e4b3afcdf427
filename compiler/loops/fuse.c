/* fuse.c: pipelines of many values (COMPILER, section 3), for graphs on dense domains.
 *
 * A value either has rows (its first axis is the sample) or has none. Reading rows of the same sample is local; a value
 * without rows that is computed from rows needs all of them: a barrier. So every value has a *level*, the number of
 * barriers before it, and level L is one kernel. In it each slot
 *
 *     1. computes small values without rows for itself, all slots the same numbers            (prologue)
 *     2. computes its share of large values without rows: filters, panels, sums of gradients   (once)
 *     3. runs through its samples, a chunk at a time: gemms, sums, and what they need          (rows)
 *
 * A sum over rows is one partial a slot, added in the order of the slots by who reads it. A value with rows that a later
 * level reads is *kept* in memory when having it again costs a contract over 16 or more; else it is computed again from
 * what is kept. Within a level a value is in the slab of its slot when it is read more than once or by a gemm, and nowhere
 * otherwise: it is computed where it is read. A window read by a gemm is a padded copy of its source in the slab, whose
 * border is written once a slot. The stores that overwrite state come last, in a kernel of their own, those of one weight
 * together.
 *
 * Everything here chooses what is in memory and when; what a value is, gen_read.c says. */
#include "loops/schedule.h"
#include <stdlib.h>

enum { SMALL = 4096, EXPENSIVE = 16, SLAB_MOST = 1 << 20, WORTH_KEEPING = 4 };
typedef enum Sort { SORT_LEAF, SORT_ROWS, SORT_SUM, SORT_SMALL, SORT_LARGE, SORT_INLINE } Sort;
/* SUM: a partial a slot. LARGE: in memory, computed in shares. INLINE: a large map, computed where it is read. */

typedef struct GemmPlan {           /* how a contract is a gemm                                    */
  bool is, swap;                    /* swap: operand 1 is A                                        */
  uint8_t label[3][LABELS_MOST];    /* labels of M, N, K in order                                  */
  uint8_t n[3];
  Loc panel;                        /* B without rows: its own copy, [K][N]                        */
} GemmPlan;

typedef struct Fuse {
  Schedule *s;
  const Graph *g;
  uint8_t *sort;
  uint32_t *level;                  /* of the kernel that computes it                              */
  bool *needed, *kept, *late;       /* late: a sum whose operands are kept, computed as LARGE       */
  bool *state;                      /* reads weights or moments without anything in memory between  */
  bool *stored;                     /* LARGE: something but panels of gemms reads it               */
  GemmPlan *gemm;
  uint32_t levels;
  /* of the level in hand */
  bool *active, *local;
  double *times, *price;            /* how often a number of it is asked for, and what it costs     */
} Fuse;

static const Node *node(const Fuse *f, Val v) { return &f->g->node.at[v]; }
static bool has_rows(const Fuse *f, Val v) {
  const Shape *s = &node(f, v)->shape;
  return s->rank && s->axis[0].role == ROLE_ROW && s->axis[0].what == 1;
}
static int64_t numbers(const Fuse *f, Val v) {       /* a sample, for values with rows             */
  const Shape *s = &node(f, v)->shape;
  int64_t n = 1;
  for (uint8_t a = has_rows(f, v) ? 1 : 0; a < s->rank; a++) n *= s->axis[a].n;
  return n;
}
static bool leaf(const Node *n) { return n->op == OP_input || n->op == OP_param || n->op == OP_table || n->op == OP_iota; }

static bool windows(const Fuse *f, Val v) { return node(f, v)->op == OP_view && node(f, v)->view->sort == VIEW_WINDOW; }

/* --- contracts that are gemms ------------------------------------------------------------------------------------- */
static uint32_t places(const Node *n, uint8_t label, int operand) {
  uint32_t k = 0;
  const uint8_t *of = operand < 0 ? n->labels->out : n->labels->of[operand];
  for (int a = 0; a < RANK_MOST; a++) k += of[a] == label && label;
  return k;
}

static void add_label(GemmPlan *p, int class, uint8_t label) { p->label[class][p->n[class]++] = label; }

/* N must be the last axes of the result, in order; with `tail`, of operand B too. */
static bool is_tail(const Shape *s, const uint8_t *of, const uint8_t *label, uint8_t n) {
  if (n > s->rank) return false;
  for (uint8_t i = 0; i < n; i++)
    if (of[s->rank - n + i] != label[i]) return false;
  return true;
}

static int64_t label_size(const Fuse *f, const Node *n, int operand, uint8_t label) {
  const Shape *s = operand < 0 ? &n->shape : &node(f, n->arg[operand])->shape;
  const uint8_t *of = operand < 0 ? n->labels->out : n->labels->of[operand];
  for (uint8_t a = 0; a < s->rank; a++)
    if (of[a] == label) return s->axis[a].n;
  return 1;
}

static bool match(const Fuse *f, Val v, bool swap, GemmPlan *p) {
  const Node *n = node(f, v);
  int A = swap, B = !swap;
  *p = (GemmPlan){ .is = true, .swap = swap };
  const Shape *as = &node(f, n->arg[A])->shape, *bs = &node(f, n->arg[B])->shape;
  if (as->number != NUMBER_REAL || bs->number != NUMBER_REAL) return false;
  for (uint8_t a = 0; a < as->rank; a++) {
    uint8_t l = n->labels->of[A][a];
    bool b = places(n, l, B), out = places(n, l, -1);
    if (places(n, l, A) > 1 || places(n, l, B) > 1 || (b && out) || (!b && !out)) return false;
    add_label(p, b ? 2 : 0, l);
  }
  for (uint8_t a = 0; a < n->shape.rank; a++) {        /* N in the order of the result */
    uint8_t l = n->labels->out[a];
    if (!places(n, l, A) && !places(n, l, B)) return false;
    if (places(n, l, B)) add_label(p, 1, l);
  }
  for (uint8_t a = 0; a < bs->rank; a++) {
    uint8_t l = n->labels->of[B][a];
    if (!places(n, l, A) && !places(n, l, -1)) return false;
  }
  if (!p->n[1] || !is_tail(&n->shape, n->labels->out, p->label[1], p->n[1])) return false;
  bool rows_b = has_rows(f, n->arg[B]), rows_a = has_rows(f, n->arg[A]);
  if (!rows_a || (rows_b && has_rows(f, v))) return false;
  if (rows_b && (!is_tail(bs, n->labels->of[B], p->label[1], p->n[1]) || windows(f, n->arg[B]))) return false;
  int64_t N = 1, K = 1;
  for (uint8_t i = 0; i < p->n[1]; i++) N *= label_size(f, n, B, p->label[1][i]);
  for (uint8_t i = 0; i < p->n[2]; i++) K *= label_size(f, n, A, p->label[2][i]) < 0 ? 64 : label_size(f, n, A, p->label[2][i]);
  return N >= f->s->lanes && K >= 8;
}

static void find_gemms(Fuse *f) {
  for (Val v = 1; v < f->g->node.n; v++) {
    const Node *n = node(f, v);
    if (!f->needed[v] || n->op != OP_contract || n->nargs != 2) continue;
    GemmPlan p;
    if (match(f, v, false, &p) || match(f, v, true, &p)) f->gemm[v] = p;
  }
}

static Val operand(const Fuse *f, Val v, int which) { return node(f, v)->arg[f->gemm[v].swap ? !which : which]; }

/* --- levels --------------------------------------------------------------------------------------------------------- */
static bool sums_rows(const Fuse *f, Val v) {
  const Node *n = node(f, v);
  if (n->op != OP_contract || has_rows(f, v)) return false;
  for (uint8_t i = 0; i < n->nargs; i++) if (has_rows(f, n->arg[i])) return true;
  return false;
}

/* A small sum over something large without rows: shared out over the slots. */
static bool sums_large(const Fuse *f, Val v) {
  const Node *n = node(f, v);
  if (n->op != OP_contract || numbers(f, v) > SMALL) return false;
  for (uint8_t i = 0; i < n->nargs; i++)
    if (!leaf(node(f, n->arg[i])) && numbers(f, n->arg[i]) > SMALL) return true;
  return false;
}

static uint32_t readable(const Fuse *f, Val v) {
  bool after = f->sort[v] == SORT_SUM || f->sort[v] == SORT_LARGE;
  return f->sort[v] == SORT_LEAF ? 0 : f->level[v] + after;
}

static bool supported(const Fuse *f, Val v) {
  const Node *n = node(f, v);
  if (n->op == OP_segment || n->op == OP_harmonics || gen_scatters(f->g, v)) return false;
  for (uint8_t a = 0; a < n->shape.rank; a++) {
    const Axis *x = &n->shape.axis[a];
    if (x->role == ROLE_ROW && x->what != 1 && f->g->dom.at[x->what].sort == DOM_RAGGED) return false;
    if (x->n < 0 && !(a == 0 && x->what == 1 && x->role == ROLE_ROW)) return false;
  }
  return true;
}

static bool find_levels(Fuse *f) {
  for (Val v = 1; v < f->g->node.n; v++) {
    const Node *n = node(f, v);
    if (!f->needed[v]) continue;
    if (!supported(f, v)) return false;
    uint32_t level = 0;
    for (uint8_t i = 0; i < n->nargs; i++) { uint32_t r = readable(f, n->arg[i]); if (r > level) level = r; }
    if (f->gemm[v].is && !has_rows(f, operand(f, v, 1))) {     /* its panel is written by the kernel of B's level */
      uint32_t r = f->level[operand(f, v, 1)] + 1;
      if (r > level) level = r;
    }
    f->level[v] = level;
    if (leaf(n)) f->sort[v] = SORT_LEAF;
    else if (has_rows(f, v)) f->sort[v] = SORT_ROWS;
    else if (sums_rows(f, v)) {
      f->sort[v] = SORT_SUM;
      /* one partial a slot of a large sum over few rows costs more memory than its operands: later, as one large gemm */
      if (f->gemm[v].is && !windows(f, operand(f, v, 0)) && numbers(f, v) * f->s->target->slots >
          2 * f->g->expect[0] * (numbers(f, operand(f, v, 0)) + numbers(f, operand(f, v, 1)))) {
        f->late[v] = true;
        f->sort[v] = SORT_LARGE;
        f->level[v] = level + 1;
        f->kept[operand(f, v, 0)] = f->kept[operand(f, v, 1)] = true;
      }
    } else if (sums_large(f, v)) f->sort[v] = SORT_SUM;
    else if (numbers(f, v) <= SMALL) f->sort[v] = SORT_SMALL;
    else f->sort[v] = n->op == OP_map || n->op == OP_stop ? SORT_INLINE : SORT_LARGE;
    if (f->level[v] + 1 > f->levels) f->levels = f->level[v] + 1;
  }
  return true;
}

/* --- keep or have again ----------------------------------------------------------------------------------------------- */
static bool expensive(const Fuse *f, Val v) {
  const Node *n = node(f, v);
  if (n->op != OP_contract) return false;
  double sum = 1, out = (double)numbers(f, v);
  for (int l = 1; l <= LABELS_MOST; l++) {
    int64_t size = 1;
    bool seen = false;
    for (uint8_t i = 0; i < n->nargs; i++)
      if (places(n, (uint8_t)l, i)) { seen = true; size = label_size(f, n, i, (uint8_t)l); }
    if (seen && !places(n, (uint8_t)l, -1)) sum *= size < 0 ? 1 : (double)size;
  }
  return out > 0 && sum >= EXPENSIVE;
}

/* What level L must compute of values with rows, from `v` down; what is kept by earlier levels ends the walk. */
static void activate(Fuse *f, Val v, uint32_t level, bool decide) {
  if (f->sort[v] != SORT_ROWS || f->active[v]) return;
  if (f->level[v] < level && (f->kept[v] || (decide && expensive(f, v)))) { f->kept[v] = true; return; }
  f->active[v] = true;
  const Node *n = node(f, v);
  for (uint8_t i = 0; i < n->nargs; i++) activate(f, n->arg[i], level, decide);
}

static bool state(ArgRole r) { return r == ARG_PARAM || r == ARG_MOMENT || r == ARG_AVERAGE; }

static void targets(Fuse *f, uint32_t level, bool decide) {
  memset(f->active, 0, f->g->node.n * sizeof *f->active);
  for (Val v = 1; v < f->g->node.n; v++) {
    if (!f->needed[v]) continue;
    if (f->sort[v] == SORT_SUM && f->level[v] == level)
      for (uint8_t i = 0; i < node(f, v)->nargs; i++) activate(f, node(f, v)->arg[i], level, decide);
    if (f->sort[v] == SORT_ROWS && f->kept[v] && f->level[v] == level) activate(f, v, level, decide);
  }
  for (uint32_t i = 0; i < f->g->store.n; i++) {
    Val v = f->g->store.at[i].value;
    if (f->sort[v] == SORT_ROWS && f->level[v] == level) activate(f, v, level, decide);
  }
}

/* --- places in the slab --------------------------------------------------------------------------------------------------- */
/* How often a number of argument i is read for each number of v. */
static double factor(const Fuse *f, Val v, uint8_t i) {
  const Node *n = node(f, v);
  double of_arg = (double)numbers(f, n->arg[i]), own = (double)numbers(f, v);
  if (n->op == OP_contract) {
    own = 1;
    for (int l = 1; l <= LABELS_MOST; l++)
      for (int o = -1; o < n->nargs; o++)
        if (places(n, (uint8_t)l, o)) {
          int64_t size = label_size(f, n, o, (uint8_t)l);
          own *= size < 0 ? 1 : (double)size;
          break;
        }
  }
  if (n->op == OP_rmax || n->op == OP_lse) own = of_arg * (n->op == OP_lse ? 2 : 1);
  if (n->op == OP_fold) own = of_arg;
  return of_arg > 0 ? own / of_arg : 0;
}

static bool row_sum_here(const Fuse *f, Val v, uint32_t level) {
  return f->needed[v] && f->sort[v] == SORT_SUM && f->level[v] == level && sums_rows(f, v);
}

/* Operations and loads that a number of v costs where it is read; what costs more than it is worth is in the slab. */
static double price(const Fuse *f, Val v) {
  const Node *x = node(f, v);
  double sum = x->op == OP_map ? (double)expr_nodes(&f->g->expr, x->expr) - x->nargs : 1;
  for (uint8_t i = 0; i < x->nargs; i++) {
    Val a = x->arg[i];
    bool here = f->sort[a] == SORT_ROWS && f->active[a] && !f->kept[a] && (node(f, a)->op == OP_map || node(f, a)->op == OP_view);
    double own = here ? f->price[a] : 1;
    sum += own > WORTH_KEEPING ? 1 : own;
  }
  return sum;
}

static void choose_places(Fuse *f, uint32_t level) {
  uint32_t n = f->g->node.n;
  for (Val v = 1; v < n; v++) f->price[v] = f->active[v] ? price(f, v) : 1;
  memset(f->local, 0, n * sizeof *f->local);
  memset(f->times, 0, n * sizeof *f->times);
  for (Val v = n; v-- > 1;) {
    bool sum = row_sum_here(f, v, level);
    if (!f->active[v] && !sum) continue;
    const Node *x = node(f, v);
    bool gemm = f->gemm[v].is, reduces = x->op == OP_contract || x->op == OP_rmax || x->op == OP_lse || x->op == OP_fold || x->op == OP_random;
    bool far = false;                                  /* reads something that is itself computed on the spot */
    for (uint8_t i = 0; i < x->nargs; i++)
      far |= f->sort[x->arg[i]] == SORT_ROWS && f->active[x->arg[i]] && !f->kept[x->arg[i]];
    if (!sum && !f->kept[v] && (gemm || (reduces && f->times[v] > 1.01) || (x->op == OP_map && far && (f->times[v] - 1) * (f->price[v] - 1) > WORTH_KEEPING))) f->local[v] = true;
    double each = f->kept[v] || f->local[v] || sum ? 1 : f->times[v];
    for (uint8_t i = 0; i < x->nargs; i++) {
      Val a = x->arg[i];
      if (f->sort[a] != SORT_ROWS) continue;
      if (gemm) {                                      /* operands with rows lie in memory; a window as a padded copy */
        if (!f->kept[a] || windows(f, a)) f->local[a] = true;
        if (windows(f, a)) { if (f->times[a] == 0) f->times[node(f, a)->arg[0]] += 1; f->times[a] += 1e-9; continue; }
      }
      f->times[a] += each * factor(f, v, i);
    }
  }
}

/* --- code -------------------------------------------------------------------------------------------------------------------- */
typedef struct Level {
  Fuse *f;
  Gen x;
  Ref slot, low, high, first, count, fresh;            /* samples of the slot, of the chunk; fresh: the first chunk */
  int64_t slab;
  bool last;                        /* the kernel of the stores                                    */
} Level;

static int64_t bytes(const Gen *x, int64_t n) { return ((n * (x->real == BASE_F64 ? 8 : 4)) + 63) / 64 * 64 + 64; }

static int local_buffer(Level *l, Val v, int64_t n) {
  const Shape *s = &node(l->f, v)->shape;
  Base base = number_base(&l->x, s->number);
  int b = kernel_local(l->x.k, str_format(l->x.arena, "s%u", v), base, SCOPE_SLAB, n, l->slab);
  l->slab += bytes(&l->x, n);
  return b;
}

/* Where a label's coordinates lie in an operand: strides, by its Loc. */
static void dims_of(Level *l, const Node *n, int operand, const Loc *loc, uint8_t label, int64_t *stride, int64_t *size, uint32_t *coords) {
  const Shape *s = operand < 0 ? &n->shape : &node(l->f, n->arg[operand])->shape;
  const uint8_t *of = operand < 0 ? n->labels->out : n->labels->of[operand];
  Coord c[COORDS_MOST];
  uint32_t total = gen_coords(l->f->g, s, c);
  *coords = 0;
  for (uint32_t i = 0; i < total; i++)
    if (of[c[i].axis] == label) {
      stride[*coords] = loc->stride[i];
      size[(*coords)++] = c[i].n;
    }
}

static GemmOperand base_of(Level *l, const Loc *loc, const Shape *s) {
  GemmOperand o = { .buf = loc->sort == LOC_ENTRY ? gen_bind(&l->x, loc->entry) : loc->local, .offset = loc->offset };
  bool rows = s->rank && s->axis[0].role == ROLE_ROW && s->axis[0].what == 1;
  if (rows && !loc->chunk && l->first) o.at = l_muli(l->x.k, l->first, loc->stride[0]);
  return o;
}

/* Dims of the labels of one class; the sample runs over the chunk. */
static uint32_t dims(Level *l, const Node *n, const GemmPlan *p, int class, int opA, const Loc *A, int opB, const Loc *B, const Loc *C, GemmDim *out) {
  uint32_t count = 0;
  for (uint8_t i = 0; i < p->n[class]; i++) {
    int64_t stride[3][2] = { { 0 } }, size[2] = { 1, 1 };
    uint32_t coords = 0, ignored;
    if (class == 0) {
      dims_of(l, n, -1, C, p->label[class][i], stride[2], size, &ignored);
      dims_of(l, n, opA, A, p->label[class][i], stride[0], size, &coords);
    } else {
      dims_of(l, n, opB, B, p->label[class][i], stride[1], size, &ignored);
      dims_of(l, n, opA, A, p->label[class][i], stride[0], size, &coords);
    }
    for (uint32_t q = 0; q < coords; q++)
      out[count++] = (GemmDim){ .n = size[q], .size = size[q] < 0 ? l->count : 0, .a = stride[0][q], .b = stride[1][q], .c = stride[2][q] };
  }
  return count;
}

static int64_t columns(const Fuse *f, Val v) {
  const GemmPlan *p = &f->gemm[v];
  int64_t n = 1;
  for (uint8_t i = 0; i < p->n[1]; i++) n *= label_size(f, node(f, v), -1, p->label[1][i]);
  return n;
}

static void emit_gemm(Level *l, Val v, const Loc *to, bool add) {
  Fuse *f = l->f;
  const Node *n = node(f, v);
  GemmPlan *p = &f->gemm[v];
  int opA = p->swap, opB = !p->swap;
  Val a = n->arg[opA], b = n->arg[opB];
  const Loc *A = &l->x.loc[a], *B = has_rows(f, b) ? &l->x.loc[b] : &p->panel;
  Gemm g = { .a = base_of(l, A, &node(f, a)->shape), .b = base_of(l, B, &node(f, b)->shape), .n = columns(f, v), .add = add, .fresh = add ? l->fresh : 0 };
  g.c = base_of(l, to, &n->shape);
  if (!has_rows(f, v) && to->parts) g.c.at = l_muli(l->x.k, l->slot, to->part_stride);
  if (!has_rows(f, b)) g.b.at = 0;
  g.nm = dims(l, n, p, 0, opA, A, opB, B, to, g.m);
  g.nk = dims(l, n, p, 2, opA, A, opB, B, to, g.k);
  gen_gemm(&l->x, &g, f->s->target->registers);
}

/* A window as strides of a padded copy of its source. */
typedef struct Padded { int64_t low[2], size[2], width; uint32_t dims; } Padded;
static Padded padded_of(const Fuse *f, Val v) {
  const Node *n = node(f, v);
  const View *w = n->view;
  const Shape *s = &node(f, n->arg[0])->shape;
  const Dom *d = &f->g->dom.at[s->axis[w->axis].what], *rows = &f->g->dom.at[w->dom], *win = w->win ? &f->g->dom.at[w->win] : NULL;
  Padded p = { .dims = d->ndim == 2 ? 2 : 1, .width = 1 };
  for (uint32_t i = 0; i < p.dims; i++) {
    int64_t size = p.dims == 2 ? (int64_t)d->shape[i] : d->n, nrow = p.dims == 2 ? (int64_t)rows->shape[i] : rows->n;
    int64_t nwin = win ? p.dims == 2 ? (int64_t)win->shape[i] : win->n : 1, r = w->d[i].row, q = w->d[i].win;
    int64_t least = w->d[i].add + (r < 0 ? r * (nrow - 1) : 0) + (q < 0 ? q * (nwin - 1) : 0);
    int64_t most = w->d[i].add + (r > 0 ? r * (nrow - 1) : 0) + (q > 0 ? q * (nwin - 1) : 0);
    if (!d->wrap) {                                    /* all of the source fits, so no row of it is asked for */
      if (least > 0) least = 0;
      if (most < (size - 1) * w->d[i].div) most = (size - 1) * w->d[i].div;
    }
    p.low[i] = least;
    p.size[i] = most - least + 1;
  }
  for (uint8_t a = w->axis + 1; a < s->rank; a++) p.width *= s->axis[a].n;
  return p;
}

static void window_loc(Level *l, Val v, int buf, const Padded *p) {
  const Node *n = node(l->f, v);
  const View *w = n->view;
  Loc loc = { .sort = LOC_LOCAL, .local = buf, .chunk = true };
  uint32_t at = gen_first_coord(l->f->g, &node(l->f, n->arg[0])->shape, w->axis), nc = gen_coords(l->f->g, &n->shape, NULL);
  int64_t step[2] = { p->dims == 2 ? p->size[1] * p->width : p->width, p->width };
  for (uint32_t i = 0; i < p->dims; i++) {
    loc.stride[at + i] = w->d[i].row * step[i];
    if (w->win) loc.stride[at + p->dims + i] = w->d[i].win * step[i];
    loc.offset += (w->d[i].add - p->low[i]) * step[i];
  }
  loc.stride[0] = p->size[0] * (p->dims == 2 ? p->size[1] : 1) * p->width;
  Coord c[COORDS_MOST];
  gen_coords(l->f->g, &n->shape, c);
  int64_t inner = 1;
  for (uint32_t i = nc; i-- > at + p->dims * (w->win ? 2 : 1);) { loc.stride[i] = inner; inner *= c[i].n; }
  l->x.loc[v] = loc;
}

typedef struct Fill { Level *l; Val v; const Padded *p; Ix sample, row[2]; Ref place; } Fill;
static void fill_one(Gen *x, const Ix *ix, void *context) {
  const Fill *z = context;
  Val src = node(z->l->f, z->v)->arg[0];
  const Shape *s = &node(z->l->f, src)->shape;
  uint8_t axis = node(z->l->f, z->v)->view->axis;
  uint32_t n = gen_coords(x->g, s, NULL), at = gen_first_coord(x->g, s, axis);
  Ix full[COORDS_MOST];
  full[0] = z->sample;
  for (uint32_t i = 0; i < z->p->dims; i++) full[at + i] = z->row[i];
  for (uint32_t i = at + z->p->dims, q = 0; i < n; i++, q++) full[i] = ix[q];
  Ref v = gen_read(x, src, full);
  Shape rest = { .number = s->number };
  for (uint8_t a = axis + 1; a < s->rank; a++) rest.axis[rest.rank++] = s->axis[a];
  Loc to = loc_contiguous(x->g, &rest, LOC_LOCAL, 0, z->l->x.loc[z->v].local, 0);
  /* a Loc with a base: through a coordinate that is always there */
  Ix shifted[COORDS_MOST];
  Shape with = { .number = s->number, .rank = 1, .axis = { axis_mul(1 << 30) } };
  for (uint8_t a = 0; a < rest.rank; a++) with.axis[with.rank++] = rest.axis[a];
  for (uint32_t i = gen_coords(x->g, &with, NULL); i-- > 1;) to.stride[i] = to.stride[i - 1];
  to.stride[0] = 1;
  shifted[0] = ix_of(z->place);
  for (uint32_t i = 1; i < gen_coords(x->g, &with, NULL); i++) shifted[i] = ix[i - 1];
  gen_store(x, &to, &with, shifted, v);
}

static void emit_window(Level *l, Val v) {
  const Node *n = node(l->f, v);
  Kernel *k = l->x.k;
  const View *w = n->view;
  Padded p = padded_of(l->f, v);
  const Shape *s = &node(l->f, n->arg[0])->shape;
  const Dom *d = &l->f->g->dom.at[s->axis[w->axis].what];
  Shape rest = { .number = s->number };
  for (uint8_t a = w->axis + 1; a < s->rank; a++) rest.axis[rest.rank++] = s->axis[a];
  Fill z = { .l = l, .v = v, .p = &p };
  Ref t = l_for(k, FOR_SEQ, l_int(k, 0), l->count, 1);
  z.sample = ix_of(l_op2(k, L_IADD, l->first, t));
  Ref place = l_muli(k, t, l->x.loc[v].stride[0]);
  uint32_t opened = 1;
  for (uint32_t i = 0; i < p.dims; i++) {
    int64_t size = p.dims == 2 ? (int64_t)d->shape[i] : d->n, step = i + 1 < p.dims ? p.size[1] * p.width : p.width;
    if (d->wrap) {
      Ref u = l_for(k, FOR_SEQ, l_int(k, 0), l_int(k, p.size[i]), 1);
      int64_t lift = p.low[i] < 0 ? (-p.low[i] + size - 1) / size * size : 0;
      z.row[i] = ix_of(l_op2(k, L_IMOD, l_addi(k, u, p.low[i] + lift), l_int(k, size)));
      place = l_add(k, place, l_muli(k, u, step));
    } else {
      Ref q = l_for(k, FOR_SEQ, l_int(k, 0), l_int(k, size), 1);
      z.row[i] = ix_of(q);
      place = l_add(k, place, l_addi(k, l_muli(k, q, w->d[i].div * step), -p.low[i] * step));
    }
    opened++;
  }
  z.place = place;
  gen_each(&l->x, &rest, 0, 0, 0, true, fill_one, &z);
  while (opened--) l_end(k);
  l_bar(k);
}

/* The border of a padded copy: everything is the fill until rows are written over it. */
static void clear_window(Level *l, Val v, int64_t total) {
  Kernel *k = l->x.k;
  Ref fill = l_const(k, l->x.real, node(l->f, v)->view->fill);
  int64_t full = total / k->lanes * k->lanes;
  if (full) {
    Ref i = l_for(k, FOR_SEQ, l_int(k, 0), l_int(k, full), k->lanes);
    l_store(k, l->x.loc[v].local, i, 0, 1, fill, 0);
    l_end(k);
  }
  if (full < total) l_store(k, l->x.loc[v].local, l_int(k, full), 0, 1, fill, l_op2(k, L_ILT, l_lane(k), l_int(k, total - full)));
  l_bar(k);
}

/* Chunks: as many samples at a time as a gemm with few rows a sample wants, while the slab stays small. */
static int64_t choose_chunk(const Fuse *f) {
  int64_t want = 1, each = 0;
  for (Val v = 1; v < f->g->node.n; v++) {
    if (!f->active[v]) continue;
    if (f->local[v]) { Padded p; each += windows(f, v) ? (p = padded_of(f, v), p.size[0] * (p.dims == 2 ? p.size[1] : 1) * p.width) : numbers(f, v); }
    if (f->gemm[v].is && numbers(f, v) / columns(f, v) < 8) want = 8;
  }
  int64_t slots = f->s->target->slots, per_slot = (f->g->expect[0] + slots - 1) / slots;
  if (want > per_slot) want = per_slot;
  while (want > 1 && want * each * 4 > SLAB_MOST) want--;
  return want < 1 ? 1 : want;
}

static void emit_sum(Level *l, Val v) {                /* this chunk's part is added to that of the slot */
  Fuse *f = l->f;
  if (f->gemm[v].is) { emit_gemm(l, v, &l->x.loc[v], true); return; }
  const Node *n = node(f, v);
  for (uint8_t i = 0; i < n->nargs && !l->x.part_label; i++)
    if (has_rows(f, n->arg[i])) l->x.part_label = n->labels->of[i][0];
  l->x.part_coord = 0;
  l->x.part_low = l->first;
  l->x.part_high = l_op2(l->x.k, L_IADD, l->first, l->count);
  Nest nest = { .v = v, .to = l->x.loc[v], .add = true };
  gen_nest(&l->x, &nest);
  l->x.part_label = 0;
}

/* Sums live in the slab of the slot while it runs, and are written to the slot's partial at its end. */
static void flush_sum(Level *l, Val v, const Loc *partial) {
  Kernel *k = l->x.k;
  int64_t total = numbers(l->f, v);
  int from = l->x.loc[v].local, to = gen_bind(&l->x, partial->entry);
  Ref base = l_muli(k, l->slot, partial->part_stride);
  int64_t full = total / k->lanes * k->lanes;
  if (full) {
    Ref i = l_for(k, FOR_SEQ, l_int(k, 0), l_int(k, full), k->lanes);
    l_store(k, to, l_add(k, base, i), 0, 1, l_load(k, from, i, 0, 1, 0), 0);
    l_end(k);
  }
  if (full < total) {
    Ref m = l_op2(k, L_ILT, l_lane(k), l_int(k, total - full));
    l_store(k, to, base, full, 1, l_load(k, from, l_int(k, full), 0, 1, m), m);
  }
}

static void clear_partial(Level *l, Val v, bool local, const Loc *partial) {
  Kernel *k = l->x.k;
  int64_t total = numbers(l->f, v), full = total / k->lanes * k->lanes;
  int to = local ? l->x.loc[v].local : gen_bind(&l->x, partial->entry);
  Ref base = local ? l_int(k, 0) : l_muli(k, l->slot, partial->part_stride), zero = l_const(k, l->x.real, 0);
  if (full) {
    Ref i = l_for(k, FOR_SEQ, l_int(k, 0), l_int(k, full), k->lanes);
    l_store(k, to, l_add(k, base, i), 0, 1, zero, 0);
    l_end(k);
  }
  if (full < total) l_store(k, to, base, full, 1, zero, l_op2(k, L_ILT, l_lane(k), l_int(k, total - full)));
  l_bar(k);
}

/* --- values without rows ------------------------------------------------------------------------------------------------- */
/* Small values that something of this level reads directly: computed by each slot into its slab. */
/* Copies alone, which lanes run through several times a vector where components stand in front of them. */
static bool repeats(const Level *l, Val v) {
  const Shape *s = &node(l->f, v)->shape;
  return s->rank == 1 && s->number == NUMBER_REAL && s->axis[0].role == ROLE_MUL && s->axis[0].n > 1 && s->axis[0].n % l->x.k->lanes;
}

static void need_small(Level *l, Val v, bool *want) {
  Fuse *f = l->f;
  const Node *n = node(f, v);
  for (uint8_t i = 0; i < n->nargs; i++) {
    Val a = n->arg[i];
    if (f->sort[a] == SORT_SMALL && node(f, a)->nargs) {
      if (l->last && f->state[a]) need_small(l, a, want);      /* read from what this kernel overwrites: on the spot */
      else want[a] = true;
    }
    else if (f->sort[a] == SORT_SUM && numbers(f, a) <= SMALL) want[a] = true;
    else if (f->sort[a] == SORT_INLINE) need_small(l, a, want);
    else if (f->sort[a] == SORT_LEAF && has_rows(f, v) && repeats(l, a)) want[a] = true;
  }
}

/* The first lanes once more behind the end. */
static void repeat(Level *l, Loc *loc, int64_t n) {
  Kernel *k = l->x.k;
  l_bar(k);
  Ref i = l_for(k, FOR_SEQ, l_int(k, 0), l_int(k, k->lanes), 1);
  l_store(k, loc->local, i, n, 0, l_load(k, loc->local, l_op2(k, L_IMOD, i, l_int(k, n)), 0, 0, 0), 0);
  l_end(k);
  loc->repeat = true;
}

static void prologue(Level *l, bool *want) {
  Fuse *f = l->f;
  for (Val v = f->g->node.n; v-- > 1;)                  /* what small values read in turn */
    if (want[v] && f->sort[v] == SORT_SMALL) need_small(l, v, want);
  for (Val v = 1; v < f->g->node.n; v++) {
    if (!want[v]) continue;
    int64_t n = numbers(f, v);
    Loc to = loc_contiguous(f->g, &node(f, v)->shape, LOC_LOCAL, 0, local_buffer(l, v, n + (repeats(l, v) ? l->x.k->lanes : 0)), 0);
    Nest nest = { .v = v, .to = to };
    l_bar(l->x.k);
    if (f->sort[v] == SORT_SUM || f->sort[v] == SORT_LEAF) gen_copy(&l->x, &nest);     /* a sum: adds the partials up */
    else gen_nest(&l->x, &nest);
    if (repeats(l, v)) repeat(l, &to, n);
    l->x.loc[v] = to;
  }
}

static bool once_here(const Fuse *f, Val v, uint32_t level) {
  return f->needed[v] && f->level[v] == level && ((f->sort[v] == SORT_LARGE && f->stored[v]) || (f->sort[v] == SORT_SUM && !sums_rows(f, v)));
}

/* A large gemm over all samples: its rows (M) are shared out. */
static void emit_late(Level *l, Val v, const Loc *to) {
  Fuse *f = l->f;
  const Node *n = node(f, v);
  GemmPlan *p = &f->gemm[v];
  Level all = *l;
  all.first = 0;
  all.count = l_size(l->x.k, 0);
  int opA = p->swap, opB = !p->swap;
  Val a = n->arg[opA], b = n->arg[opB];
  const Loc *A = &l->x.loc[a], *B = &l->x.loc[b];
  Gemm g = { .a = base_of(&all, A, &node(f, a)->shape), .b = base_of(&all, B, &node(f, b)->shape), .n = columns(f, v) };
  g.c = base_of(&all, to, &n->shape);
  g.nm = dims(&all, n, p, 0, opA, A, opB, B, to, g.m);
  g.nk = dims(&all, n, p, 2, opA, A, opB, B, to, g.k);
  l->x = all.x;                                        /* with the buffers that were bound */
  uint32_t most = 0;
  for (uint32_t i = 0; i < g.nm; i++) if (g.m[i].n > g.m[most].n) most = i;
  Ref low, high;
  schedule_share(&l->x, l->slot, l_int(l->x.k, g.m[most].n), &low, &high);
  g.a.at = g.a.at ? l_add(l->x.k, g.a.at, l_muli(l->x.k, low, g.m[most].a)) : l_muli(l->x.k, low, g.m[most].a);
  g.c.at = g.c.at ? l_add(l->x.k, g.c.at, l_muli(l->x.k, low, g.m[most].c)) : l_muli(l->x.k, low, g.m[most].c);
  g.m[most].size = l_op2(l->x.k, L_ISUB, high, low);
  g.m[most].n = -1;
  gen_gemm(&l->x, &g, f->s->target->registers);
}

static void once(Level *l, uint32_t level) {
  Fuse *f = l->f;
  Kernel *k = l->x.k;
  for (Val v = 1; v < f->g->node.n; v++) {
    if (!once_here(f, v, level)) continue;
    const Node *n = node(f, v);
    if (f->late[v]) { emit_late(l, v, &f->s->loc[v]); continue; }
    if (f->sort[v] == SORT_LARGE) {
      Nest nest = { .v = v, .to = f->s->loc[v], .share = gen_share(f->g, &n->shape) };
      Coord c[COORDS_MOST];
      gen_coords(f->g, &n->shape, c);
      schedule_share(&l->x, l->slot, l_int(k, c[nest.share].n), &nest.low, &nest.high);
      Loc own = l->x.loc[v];
      l->x.loc[v].sort = LOC_NONE;
      gen_nest(&l->x, &nest);
      l->x.loc[v] = own;
      continue;
    }
    /* a sum over something large: this slot's share of its longest label */
    uint8_t label = 0, part = 0;
    int64_t longest = 0;
    for (uint8_t i = 0; i < n->nargs; i++) {
      const Shape *s = &node(f, n->arg[i])->shape;
      Coord c[COORDS_MOST];
      uint32_t nc = gen_coords(f->g, s, c), q = 0;
      for (uint32_t z = 0; z < nc; z++) {
        q = z && c[z].axis == c[z - 1].axis ? q + 1 : 0;
        uint8_t x = n->labels->of[i][c[z].axis];
        if (!places(n, x, -1) && c[z].n > longest) { longest = c[z].n; label = x; part = (uint8_t)q; }
      }
    }
    Loc partial = f->s->loc[v];
    Loc to = loc_contiguous(f->g, &n->shape, LOC_LOCAL, 0, local_buffer(l, v, numbers(f, v)), 0);
    l->x.part_label = label;
    l->x.part_coord = part;
    schedule_share(&l->x, l->slot, l_int(k, longest), &l->x.part_low, &l->x.part_high);
    Nest nest = { .v = v, .to = to };
    gen_nest(&l->x, &nest);
    l->x.part_label = 0;
    l_bar(k);
    Loc own = l->x.loc[v];
    l->x.loc[v] = to;
    flush_sum(l, v, &partial);
    l->x.loc[v] = own;
  }
  /* panels of gemms whose B has this level */
  for (Val v = 1; v < f->g->node.n; v++) {
    if (!f->needed[v] || !f->gemm[v].is || has_rows(f, operand(f, v, 1))) continue;
    Val b = operand(f, v, 1);
    if (f->level[b] != level) continue;
    Nest nest = { .v = b, .to = f->gemm[v].panel, .share = gen_share(f->g, &node(f, b)->shape) };
    Coord c[COORDS_MOST];
    gen_coords(f->g, &node(f, b)->shape, c);
    schedule_share(&l->x, l->slot, l_int(k, c[nest.share].n), &nest.low, &nest.high);
    gen_nest(&l->x, &nest);
  }
}

/* --- rows --------------------------------------------------------------------------------------------------------------------- */
static bool row_store(const Fuse *f, const Store *s, uint32_t level) {
  return f->sort[s->value] == SORT_ROWS && f->level[s->value] == level;
}

static void row_places(Level *l, uint32_t level, int64_t chunk) {
  Fuse *f = l->f;
  for (Val v = 1; v < f->g->node.n; v++) {
    if (row_sum_here(f, v, level) && !f->gemm[v].is) {
      l->x.loc[v] = loc_contiguous(f->g, &node(f, v)->shape, LOC_LOCAL, 0, local_buffer(l, v, numbers(f, v)), 0);
      clear_partial(l, v, true, NULL);
    }
    if (!f->active[v] || !f->local[v]) continue;
    if (windows(f, v)) {
      Padded p = padded_of(f, v);
      int64_t total = chunk * p.size[0] * (p.dims == 2 ? p.size[1] : 1) * p.width;
      window_loc(l, v, local_buffer(l, v, total), &p);
      clear_window(l, v, total);
    } else {
      Loc to = loc_contiguous(f->g, &node(f, v)->shape, LOC_LOCAL, 0, local_buffer(l, v, chunk * numbers(f, v)), 0);
      to.chunk = true;
      l->x.loc[v] = to;
    }
  }
}

static void rows(Level *l, uint32_t level) {
  Fuse *f = l->f;
  Kernel *k = l->x.k;
  int64_t chunk = choose_chunk(f);
  schedule_share(&l->x, l->slot, l_size(k, 0), &l->low, &l->high);
  row_places(l, level, chunk);
  bool gemms = false;
  for (Val v = 1; v < f->g->node.n; v++) gemms |= row_sum_here(f, v, level) && f->gemm[v].is;
  if (gemms) {                                         /* a slot without samples adds nothing */
    l_if(k, l_op2(k, L_IEQ, l->low, l->high));
    for (Val v = 1; v < f->g->node.n; v++)
      if (row_sum_here(f, v, level) && f->gemm[v].is) clear_partial(l, v, false, &l->x.loc[v]);
    l_end(k);
  }
  l->first = l->x.first = l_for(k, FOR_SEQ, l->low, l->high, chunk);
  l->count = chunk == 1 ? l_int(k, 1) : l_op2(k, L_IMIN, l_int(k, chunk), l_op2(k, L_ISUB, l->high, l->first));
  l->fresh = l_op2(k, L_IEQ, l->first, l->low);
  Ref end = l_op2(k, L_IADD, l->first, l->count);
  for (Val v = 1; v < f->g->node.n; v++) {
    bool written = f->active[v] && (f->local[v] || (f->kept[v] && f->level[v] == level));
    if (written || row_sum_here(f, v, level)) l_bar(k);
    if (written) {
      Loc to = f->local[v] ? l->x.loc[v] : f->s->loc[v];
      Nest nest = { .v = v, .to = to, .low = l->first, .high = end };
      if (f->local[v] && windows(f, v)) emit_window(l, v);
      else if (f->gemm[v].is) emit_gemm(l, v, &to, false);
      else gen_nest(&l->x, &nest);
    }
    if (row_sum_here(f, v, level)) emit_sum(l, v);
    for (uint32_t i = 0; i < f->g->store.n; i++) {
      const Store *s = &f->g->store.at[i];
      if (s->value != v || !row_store(f, s, level)) continue;
      l_bar(k);
      Nest nest = { .v = v, .to = schedule_store_loc(f->s, s), .low = l->first, .high = end };
      gen_copy(&l->x, &nest);
    }
  }
  l_end(k);
  l->x.first = 0;
  l_bar(k);
  for (Val v = 1; v < f->g->node.n; v++)
    if (row_sum_here(f, v, level) && !f->gemm[v].is) flush_sum(l, v, &f->s->loc[v]);
}

static Level open_level(Fuse *f, const char *suffix, uint32_t number) {
  Schedule *s = f->s;
  Level l = { .f = f };
  l.x = schedule_kernel(s, str_format(s->arena, "%.*s_%s%u", STR(s->g->name), suffix, number), &l.slot);
  l.x.loc = arena_array(s->arena, Loc, s->g->node.n);
  memcpy(l.x.loc, s->loc, s->g->node.n * sizeof *s->loc);
  return l;
}

static void describe(Fuse *f, uint32_t level, Str *what, SizeExpr *flops) {
  Out out = { .arena = f->s->arena };
  Str last = { 0 };
  for (Val v = 1; v < f->g->node.n; v++) {
    bool here = (f->active[v] && (f->kept[v] ? f->level[v] == level : f->gemm[v].is)) || row_sum_here(f, v, level) || once_here(f, v, level);
    if (!here) continue;
    const Node *n = node(f, v);
    if (f->gemm[v].is) {
      double k = 1;
      for (uint8_t i = 0; i < f->gemm[v].n[2]; i++) {
        int64_t size = label_size(f, n, f->gemm[v].swap, f->gemm[v].label[2][i]);
        k *= size < 0 ? 1 : (double)size;
      }
      flops->k[0] += (int64_t)(2 * k * (double)numbers(f, v));
    }
    if (!n->path.n || str_equal(n->path, last)) continue;
    if (out.text.n < 120) out_printf(&out, "%s%.*s", out.text.n ? " " : "", STR(n->path));
    last = n->path;
  }
  *what = out.text.n ? out_text(&out) : S("weights");
}

static void emit_level(Fuse *f, uint32_t level) {
  targets(f, level, false);
  bool any = false, some_rows = false;
  bool *want = arena_array(f->s->arena, bool, f->g->node.n);
  choose_places(f, level);
  Level l = open_level(f, "", level);
  for (Val v = 1; v < f->g->node.n; v++) {
    bool sum = row_sum_here(f, v, level), here = once_here(f, v, level);
    if (f->needed[v] && f->gemm[v].is && !has_rows(f, operand(f, v, 1)) && f->level[operand(f, v, 1)] == level) {
      any = true;
      need_small(&l, operand(f, v, 1), want);
    }
    some_rows |= f->active[v] || sum;
    any |= f->active[v] || sum || here;
    if (f->active[v] || sum || here) need_small(&l, v, want);
  }
  if (!any) return;
  prologue(&l, want);
  l_bar(l.x.k);
  once(&l, level);
  if (some_rows) rows(&l, level);
  Str what;
  SizeExpr flops = { 0 };
  describe(f, level, &what, &flops);
  if (f->s->comments)
    out_printf(f->s->comments, "// %.*s: level %u, slab %ld bytes, %ld flop a sample: %.*s\n", STR(f->g->name), level, (long)l.x.k->slab,
               (long)flops.k[0], STR(what));
  schedule_close(f->s, &l.x, what, flops);
}

/* --- stores of values without rows ------------------------------------------------------------------------------------------- */
/* Where a store of a moment belongs: to the weight at this offset of the first moments. */
static uint64_t home(const Fuse *f, const Store *s) {
  const Arg *a = &f->g->arg.at[s->arg];
  if (a->role != ARG_MOMENT) return s->offset;
  uint64_t half = (uint64_t)a->axis[0].n / 2;
  bool first = false;
  for (uint32_t i = 0; i < f->g->store.n; i++) {
    const Store *o = &f->g->store.at[i];
    first |= f->g->arg.at[o->arg].role == ARG_PARAM && o->offset == s->offset && shape_equal(f->g, &node(f, o->value)->shape, &node(f, s->value)->shape);
  }
  return first || s->offset < half ? s->offset : s->offset - half;
}

/* Is what `v` reads of the state, with nothing in memory between, overwritten only by the stores of the group? */
static bool safe(const Fuse *f, Val v, const uint32_t *group, uint32_t n) {
  const Node *x = node(f, v);
  if (f->sort[v] == SORT_SUM || f->sort[v] == SORT_LARGE || !f->state[v]) return true;
  if (x->op == OP_param || x->op == OP_input) {
    for (uint32_t i = 0; i < f->g->store.n; i++) {
      const Store *s = &f->g->store.at[i];
      uint64_t size = shape_count(&node(f, s->value)->shape, (int64_t[8]){ 1 }), own = shape_count(&x->shape, (int64_t[8]){ 1 });
      if (s->arg != x->number || s->offset >= x->offset + own || x->offset >= s->offset + size) continue;
      bool in = false;
      for (uint32_t k = 0; k < n; k++) in |= group[k] == i && s->offset == x->offset && shape_equal(f->g, &x->shape, &node(f, s->value)->shape);
      if (!in) return false;
    }
    return true;
  }
  if (x->op != OP_map && x->op != OP_stop) return false;       /* only element by element */
  for (uint8_t i = 0; i < x->nargs; i++) if (!safe(f, x->arg[i], group, n)) return false;
  return true;
}

static uint32_t group_of(const Fuse *f, uint32_t first, const bool *done, uint32_t *group) {
  const Store *s = &f->g->store.at[first];
  uint32_t n = 0;
  bool in_place = state(f->g->arg.at[s->arg].role);
  group[n++] = first;
  for (uint32_t i = first + 1; in_place && i < f->g->store.n && n < 8; i++) {
    const Store *o = &f->g->store.at[i];
    if (done[i] || !state(f->g->arg.at[o->arg].role) || home(f, o) != home(f, s)) continue;
    if (shape_equal(f->g, &node(f, o->value)->shape, &node(f, s->value)->shape)) group[n++] = i;
  }
  return n;
}

static bool stores_are_safe(Fuse *f) {
  bool *done = arena_array(f->s->arena, bool, f->g->store.n + 1);
  uint32_t group[8];
  for (uint32_t i = 0; i < f->g->store.n; i++) {
    if (done[i] || f->sort[f->g->store.at[i].value] == SORT_ROWS) continue;
    uint32_t n = group_of(f, i, done, group);
    for (uint32_t k = 0; k < n; k++) {
      done[group[k]] = true;
      if (!safe(f, f->g->store.at[group[k]].value, group, n)) return false;
    }
  }
  return true;
}

static void emit_stores(Fuse *f) {
  Level l = open_level(f, "store", 0);
  Kernel *k = l.x.k;
  l.last = true;
  bool *want = arena_array(f->s->arena, bool, f->g->node.n), *done = arena_array(f->s->arena, bool, f->g->store.n + 1), any = false;
  memset(f->active, 0, f->g->node.n * sizeof *f->active);
  for (uint32_t i = 0; i < f->g->store.n; i++) {
    Val v = f->g->store.at[i].value;
    if (f->sort[v] == SORT_ROWS) continue;
    any = true;
    if (f->sort[v] == SORT_SUM && numbers(f, v) <= SMALL) want[v] = true;
    else if (f->sort[v] != SORT_LARGE && f->sort[v] != SORT_SUM) need_small(&l, v, want);
  }
  if (!any) return;
  prologue(&l, want);
  l_bar(k);
  uint32_t group[8];
  for (uint32_t i = 0; i < f->g->store.n; i++) {
    if (done[i] || f->sort[f->g->store.at[i].value] == SORT_ROWS) continue;
    uint32_t n = group_of(f, i, done, group);
    Nest nest[8];
    const Shape *s = &node(f, f->g->store.at[i].value)->shape;
    Ref low = 0, high = 0;
    uint32_t share = gen_share(f->g, s);
    if (s->rank) {
      Coord c[COORDS_MOST];
      gen_coords(f->g, s, c);
      schedule_share(&l.x, l.slot, l_int(k, c[share].n), &low, &high);
    } else {
      l_if(k, l_op2(k, L_IEQ, l.slot, l_int(k, 0)));
    }
    for (uint32_t q = 0; q < n; q++) {
      done[group[q]] = true;
      const Store *st = &f->g->store.at[group[q]];
      nest[q] = (Nest){ .v = st->value, .to = schedule_store_loc(f->s, st), .share = share, .low = low, .high = high };
    }
    if (n == 1 && l.x.loc[nest[0].v].sort != LOC_NONE) gen_copy(&l.x, &nest[0]);
    else gen_nest_together(&l.x, nest, n);
    if (!s->rank) l_end(k);
  }
  schedule_close(f->s, &l.x, S("stores"), (SizeExpr){ 0 });
}

/* --- all of it ------------------------------------------------------------------------------------------------------------------ */
static Loc partial_buffer(Fuse *f, Val v) {
  Schedule *s = f->s;
  int64_t n = numbers(f, v), stride = (n + 15) / 16 * 16;
  uint32_t entry = code_buffer(s->code, s->arena, str_format(s->arena, "parts%u", v), s->code->real, BUF_WORKSPACE, (SizeExpr){ .c = stride * s->target->slots });
  Loc l = loc_contiguous(s->g, &node(f, v)->shape, LOC_ENTRY, entry, 0, 0);
  l.parts = (uint32_t)s->target->slots;
  l.part_stride = stride;
  return l;
}

/* B of a gemm as [K][N], rows not a power of two apart. */
static Loc panel_buffer(Fuse *f, Val v) {
  Schedule *s = f->s;
  const GemmPlan *p = &f->gemm[v];
  const Node *n = node(f, v);
  int opB = !p->swap;
  Val b = n->arg[opB];
  const Shape *bs = &node(f, b)->shape;
  Coord c[COORDS_MOST];
  uint32_t nc = gen_coords(f->g, bs, c);
  Loc l = { .sort = LOC_ENTRY };
  int64_t step = 1, width = columns(f, v), pitch = width % 256 == 0 ? width + 16 : width;
  for (int class = 1; class <= 2; class++) {           /* N, then K: from the last label to the first */
    if (class == 2) step = pitch;
    for (uint8_t i = p->n[class]; i-- > 0;) {
      uint8_t label = p->label[class][i];
      for (uint32_t q = nc; q-- > 0;)
        if (n->labels->of[opB][c[q].axis] == label) { l.stride[q] = step; step *= c[q].n; }
    }
  }
  l.entry = code_buffer(s->code, s->arena, str_format(s->arena, "panel%u", v), s->code->real, BUF_WORKSPACE, (SizeExpr){ .c = step });
  return l;
}

static Loc input_loc(Schedule *s, const Node *n) {
  uint32_t entry = 0;
  while (s->code->buf.at[entry].arg != (int32_t)n->number) entry++;
  Loc l = loc_contiguous(s->g, &n->shape, LOC_ENTRY, entry, 0, (int64_t)n->offset);
  if (!n->pitch) return l;
  Coord c[COORDS_MOST];
  uint32_t nc = gen_coords(s->g, &n->shape, c), rows_n = 0;
  while (rows_n < nc && n->shape.axis[c[rows_n].axis].role == ROLE_ROW) rows_n++;
  int64_t step = (int64_t)n->pitch;
  for (uint32_t i = rows_n; i-- > 0;) { l.stride[i] = step; step *= c[i].n >= 0 ? c[i].n : 1; }
  return l;
}

static void mark(Fuse *f) {
  const Graph *g = f->g;
  for (uint32_t i = 0; i < g->store.n; i++) f->needed[g->store.at[i].value] = true;
  for (Val v = g->node.n; v-- > 1;)
    if (f->needed[v])
      for (uint8_t a = 0; a < g->node.at[v].nargs; a++) f->needed[g->node.at[v].arg[a]] = true;
}

bool schedule_fused(Schedule *s) {
  uint32_t n = s->g->node.n;
  Arena *a = s->arena;
  Fuse f = { .s = s, .g = s->g, .sort = arena_array(a, uint8_t, n), .level = arena_array(a, uint32_t, n), .needed = arena_array(a, bool, n),
    .kept = arena_array(a, bool, n), .late = arena_array(a, bool, n), .stored = arena_array(a, bool, n), .state = arena_array(a, bool, n),
    .gemm = arena_array(a, GemmPlan, n), .active = arena_array(a, bool, n), .local = arena_array(a, bool, n), .times = arena_array(a, double, n),
    .price = arena_array(a, double, n) };
  mark(&f);
  find_gemms(&f);
  if (!find_levels(&f)) return false;
  for (Val v = 1; v < n; v++) {
    const Node *x = node(&f, v);
    if (!f.needed[v]) continue;
    bool reads = (x->op == OP_param || x->op == OP_input) && state(s->g->arg.at[x->number].role);
    if (f.sort[v] != SORT_SUM && f.sort[v] != SORT_LARGE)
      for (uint8_t i = 0; i < x->nargs; i++) reads |= f.state[x->arg[i]];
    f.state[v] = reads;
  }
  if (!stores_are_safe(&f)) return false;
  bool more = true;
  while (more) {                                       /* what is kept asks for more where it is computed */
    uint32_t before = 0, after = 0;
    for (Val v = 1; v < n; v++) before += f.kept[v];
    for (uint32_t level = 0; level < f.levels; level++) targets(&f, level, true);
    for (Val v = 1; v < n; v++) after += f.kept[v];
    more = after != before;
  }
  for (Val v = 1; v < n; v++) {                        /* who reads large values from memory */
    const Node *x = node(&f, v);
    for (uint8_t i = 0; f.needed[v] && i < x->nargs; i++) {
      bool panel = f.gemm[v].is && i == (f.gemm[v].swap ? 0 : 1) && !has_rows(&f, x->arg[i]);
      if (f.sort[x->arg[i]] == SORT_LARGE && !panel) f.stored[x->arg[i]] = true;
    }
  }
  for (uint32_t i = 0; i < s->g->store.n; i++) f.stored[s->g->store.at[i].value] |= f.sort[s->g->store.at[i].value] == SORT_LARGE;
  for (Val v = 1; v < n; v++) {
    if (!f.needed[v]) continue;
    const Node *x = node(&f, v);
    if (x->op == OP_input) s->loc[v] = input_loc(s, x);
    if (f.sort[v] == SORT_SUM) s->loc[v] = partial_buffer(&f, v);
    if ((f.sort[v] == SORT_LARGE && f.stored[v]) || (f.sort[v] == SORT_ROWS && f.kept[v])) s->loc[v] = schedule_buffer(s, v, op_name((Op)x->op));
    if (f.gemm[v].is && !has_rows(&f, operand(&f, v, 1))) f.gemm[v].panel = panel_buffer(&f, v);
  }
  for (uint32_t level = 0; level < f.levels; level++) emit_level(&f, level);
  emit_stores(&f);
  return true;
}
