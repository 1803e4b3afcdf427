/* fuse.c: pipelines of many values, decided: what is in memory, and when [plan.3, plan.4, plan.7].
 *
 * A value either has rows (its first axis is the sample, or a set of unknown size) or has none. Reading one's own row
 * is local; a value without rows that is computed from rows, rows of another set, and other rows of one's own need all
 * of them: a barrier. So every value has a *level*, the number of barriers before it, and level L is one kernel. In it
 * each slot
 *
 *     1. computes small values without rows for itself, all slots the same numbers            (prologue)
 *     2. computes its share of large values without rows: filters, panels, sums of gradients   (once)
 *     3. runs through its rows, a chunk at a time: gemms, sums, and what they need             (rows)
 *
 * A sum over rows is one partial a slot, added in the order of the slots by who reads it. A value with rows that a
 * later level reads is *kept* in memory when having it again costs more than memory does, by the target's rates; else
 * it is computed again from what is kept. Within a level a value is in the slab of its slot when it is read more than
 * once or by a gemm, and nowhere otherwise: it is computed where it is read. A window read by a gemm is a padded copy
 * of its source in the slab, whose border is written once a slot. The stores that overwrite state come last, in a
 * kernel of their own, those of one weight together.
 *
 * Everything here chooses what is in memory and when; what a value is, gen_read.c says. */
#include "loops/fuse.h"

/* --- contracts that are gemms ------------------------------------------------------------------------------------- */
static void add_label(GemmPlan *p, int class, uint8_t label) { p->label[class][p->n[class]++] = label; }

/* The labels are the last of a value, in order. */
static bool is_tail(const Shape *s, const uint8_t *of, const uint8_t *label, uint8_t n) {
  if (n > s->rank) return false;
  for (uint8_t i = 0; i < n; i++)
    if (of[s->rank - n + i] != label[i]) return false;
  return true;
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
    if (places(n, l, A) > 1 || places(n, l, B) > 1 || places(n, l, -1) > 1 || (!b && !out)) return false;
    add_label(p, b && out ? 3 : b ? 2 : 0, l);
  }
  for (uint8_t a = 0; a < n->shape.rank; a++) {        /* N in the order of the result */
    uint8_t l = n->labels->out[a];
    if (!places(n, l, A) && !places(n, l, B)) return false;
    if (places(n, l, B) && !places(n, l, A)) add_label(p, 1, l);
  }
  for (uint8_t a = 0; a < bs->rank; a++) {
    uint8_t l = n->labels->of[B][a];
    if (!places(n, l, A) && !places(n, l, -1)) return false;
  }
  if (!p->n[1] || !is_tail(&n->shape, n->labels->out, p->label[1], p->n[1])) return false;
  bool rows_b = has_rows(f, n->arg[B]), rows_a = has_rows(f, n->arg[A]);
  if (!rows_a || (rows_b && (has_rows(f, v) || p->n[3]))) return false;
  if (rows_b && (!is_tail(bs, n->labels->of[B], p->label[1], p->n[1]) || windows(f, n->arg[B]))) return false;
  int64_t N = 1, K = 1;
  for (uint8_t i = 0; i < p->n[1]; i++) N *= label_size(f, n, B, p->label[1][i]);
  for (uint8_t i = 0; i < p->n[2]; i++) K *= label_size(f, n, A, p->label[2][i]) < 0 ? 64 : label_size(f, n, A,
      p->label[2][i]);
  return N >= f->s->lanes && K >= 8;
}

/* An argument whose columns lie side by side is read in place: a copy would be written in one thread's cache and read
 * from another's, and for few rows it would be most of the work. Where many rows are expected and what lies below each
 * other is pages apart, a copy that is not is worth it. */
static bool lies_in_place(const Fuse *f, Val v, Loc *lies) {
  const GemmPlan *p = &f->gemm[v];
  const Node *n = node(f, v), *b = node(f, operand(f, v, 1));
  if (b->op != OP_param && b->op != OP_input) return false;
  *lies = loc_argument(f->s->code, f->g, &b->shape, b->number, b->offset, b->pitch);
  Coord c[COORDS_MOST];
  uint32_t coords = gen_coords(f->g, &b->shape, c);
  int64_t step = 1, width = base_bytes(f->s->code->real);
  for (uint8_t i = p->n[1]; i-- > 0;)
    for (uint32_t q = coords; q-- > 0;) {
      if (n->labels->of[!p->swap][c[q].axis] != p->label[1][i]) continue;
      if (lies->stride[q] != step) return false;
      step *= c[q].n;
    }
  bool pages = step * width % PAGE == 0 && numbers(f, operand(f, v, 1)) * width > f->s->target->l2 / 2;
  return !pages || f->g->expect[0] < CHUNK_MOST;
}

static void find_gemms(Fuse *f) {
  for (Val v = 1; v < f->g->node.n; v++) {
    const Node *n = node(f, v);
    if (!f->needed[v] || n->op != OP_contract || n->nargs != 2) continue;
    GemmPlan p;
    if (!match(f, v, false, &p) && !match(f, v, true, &p)) continue;
    f->gemm[v] = p;
    f->gemm[v].copied = !has_rows(f, operand(f, v, 1)) && !lies_in_place(f, v, &f->gemm[v].panel);
  }
}


/* --- levels -------------------------------------------------------------------------------------------------- */
/* A small sum over something large without rows: shared out over the slots. */
static bool sums_large(const Fuse *f, Val v) {
  const Node *n = node(f, v);
  if (n->op != OP_contract || numbers(f, v) > SMALL) return false;
  for (uint8_t i = 0; i < n->nargs; i++)
    if (!leaf(node(f, n->arg[i])) && numbers(f, n->arg[i]) > SMALL) return true;
  return false;
}

/* Entries of a table are not walked in parts. */
static bool walks_table(const Fuse *f, Val v) {
  for (uint8_t i = 0; i < node(f, v)->nargs; i++)
    if (node(f, node(f, v)->arg[i])->op == OP_table) return true;
  return false;
}

/* How often a walk along the entries of a table reads a number of argument i of v. */
static double walked(const Fuse *f, Val v, uint8_t i) {
  const Node *n = node(f, v);
  double most = 0;
  for (uint8_t t = 0; n->op == OP_contract && t < n->nargs; t++) {
    const Node *x = node(f, n->arg[t]);
    if (x->op != OP_table || t == i || f->g->table.at[x->number].number != NUMBER_REAL) continue;
    double shared = 1;
    for (uint8_t a = 0; a < x->shape.rank; a++)
      if (places(n, n->labels->of[t][a], i)) shared *= (double)x->shape.axis[a].n;
    double often = f->g->table.at[x->number].n / shared;
    if (often > most) most = often;
  }
  return most;
}

static bool known_size(const Fuse *f, Val v) {
  const Shape *s = &node(f, v)->shape;
  for (uint8_t a = 0; a < s->rank; a++)
    if (s->axis[a].n < 0 && !(a == 0 && root(f, v))) return false;
  return true;
}

/* Does row r of v read row r of its argument i and no other? */
static bool reads_own_row(const Fuse *f, Val v, uint8_t i) {
  const Node *n = node(f, v);
  if (root(f, v) != root(f, n->arg[i])) return false;
  switch ((Op)n->op) {
  case OP_map: case OP_contract: return n->labels->of[i][0] == n->labels->out[0];
  case OP_gather: return i == 1 || n->axis > 0;
  case OP_lse: case OP_rmax: return n->axes && !(n->axes & 1);
  case OP_segment: return false;
  default: return true;
  }
}

/* The partial of a slot covers its rows: all operands with rows must run along with them. */
static bool sums_one_row(const Fuse *f, Val v) {
  const Node *n = node(f, v);
  uint8_t label = 0;
  for (uint8_t i = 0; i < n->nargs; i++) {
    if (!has_rows(f, n->arg[i])) continue;
    if (label && n->labels->of[i][0] != label) return false;
    label = n->labels->of[i][0];
  }
  return !places(n, label, -1);
}

/* One partial a slot of a large sum over few rows costs more memory than its operands: later, as one large gemm. */
static bool better_late(const Fuse *f, Val v) {
  if (!f->gemm[v].is || summed_root(f, v) != 1 || windows(f, operand(f, v, 0))) return false;
  return numbers(f, v) * f->s->target->slots > 2 * f->g->expect[0] * (numbers(f, operand(f, v, 0)) + numbers(f,
      operand(f, v, 1)));
}

/* Transforms, and renamings below them, that nothing but transforms and tilings reads: written out where they are
 * read. */
static void find_written(Fuse *f) {
  bool *other = arena_array(f->s->arena, bool, f->g->node.n);
  for (uint32_t i = 0; i < f->g->store.n; i++) other[f->g->store.at[i].value] = true;
  for (Val v = f->g->node.n; v-- > 1;) {
    const Node *n = node(f, v);
    if (!f->needed[v]) continue;
    bool transforms = gen_transforms(f->g, v);
    f->written[v] &= !other[v] && (transforms || gen_renamed(f->g, v) != v);
    bool through = transforms || f->written[v] || gen_tiles(f->g, v);
    for (uint8_t i = 0; i < n->nargs; i++) *(through ? &f->written[n->arg[i]] : &other[n->arg[i]]) = true;
  }
}

static bool find_levels(Fuse *f) {
  for (Val v = 1; v < f->g->node.n; v++) {
    const Node *n = node(f, v);
    if (!f->needed[v]) continue;
    if (!known_size(f, v)) return false;
    uint16_t summed = summed_root(f, v);
    if (summed && !sums_one_row(f, v)) return false;
    uint32_t level = 0;
    for (uint8_t i = 0; i < n->nargs; i++) {
      Val a = n->arg[i];
      uint32_t r = readable(f, a);
      if (f->sort[a] == SORT_SUM && numbers(f, a) > SMALL && walked(f, v, i) >= 2) {
        f->total[a] = true;
        r = f->level[a] + 2;
      }
      if (has_rows(f, a) && f->sort[a] == SORT_ROWS && !summed && !reads_own_row(f, v, i)) {
        f->kept[a] = true;                             /* rows of others: through memory */
        r = f->level[a] + 1;
      }
      if (r > level) level = r;
    }
    if (f->gemm[v].copied) {                           /* its panel is written by the kernel of B's level */
      uint32_t r = f->level[operand(f, v, 1)] + 1;
      if (r > level) level = r;
    }
    f->level[v] = level;
    if (leaf(n)) f->sort[v] = SORT_LEAF;
    else if (gen_scatters(f->g, v)) f->sort[v] = SORT_SCATTER;
    else if (has_rows(f, v)) f->sort[v] = SORT_ROWS;
    else if (summed) {
      f->sort[v] = SORT_SUM;
      if (better_late(f, v)) {
        f->late[v] = true;
        f->sort[v] = SORT_LARGE;
        f->level[v] = level + 1;
        f->kept[operand(f, v, 0)] = f->kept[operand(f, v, 1)] = true;
      }
    } else if (f->written[v]) f->sort[v] = SORT_INLINE;
    else if (sums_large(f, v)) f->sort[v] = walks_table(f, v) ? SORT_LARGE : SORT_SUM;
    else if (numbers(f, v) <= SMALL) f->sort[v] = SORT_SMALL;
    else f->sort[v] = n->op == OP_map || n->op == OP_stop ? SORT_INLINE : SORT_LARGE;
    if (f->level[v] + 1 > f->levels) f->levels = f->level[v] + 1;
  }
  return true;
}

/* --- keep or have again -------------------------------------------------------------------------------------- */
/* To keep a number is to write and to read it: 8 bytes, at the bandwidth of the memory. To have a sum of K terms again
 * is K multiply-adds, at about a third of the flop rate, since short sums do not fill tiles. (Both halve alike in
 * f64.) */
static bool expensive(const Fuse *f, Val v) {
  const Target *target = f->s->target;
  const Node *n = node(f, v);
  if (gen_tiles(f->g, v)) return true;                 /* with the transform and the gemm below it */
  if (n->op != OP_contract) return false;
  double sum = 1, out = (double)numbers(f, v);
  for (int l = 1; l <= LABELS_MOST; l++) {
    int64_t size = 1;
    bool seen = false;
    for (uint8_t i = 0; i < n->nargs; i++)
      if (places(n, (uint8_t)l, i)) { seen = true; size = label_size(f, n, i, (uint8_t)l); }
    if (seen && !places(n, (uint8_t)l, -1)) sum *= size < 0 ? 1 : (double)size;
  }
  return out > 0 && 2 * sum / (target->flops / 3) >= 8 / target->bandwidth;
}

/* What level L must compute of values with rows, from `v` down; what is kept by earlier levels ends the walk. */
static void activate(Fuse *f, Val v, uint32_t level, bool decide) {
  if (f->sort[v] != SORT_ROWS || f->active[v]) return;
  if (f->level[v] < level && (f->kept[v] || (decide && expensive(f, v)))) { f->kept[v] = true; return; }
  f->active[v] = true;
  const Node *n = node(f, v);
  for (uint8_t i = 0; i < n->nargs; i++) activate(f, n->arg[i], level, decide);
}

void fuse_activate(Fuse *f, uint32_t level, bool decide) {
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

/* --- places in the slab -------------------------------------------------------------------------------------- */
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

/* Operations and loads that a number of v costs where it is read; what costs more than it is worth is in the slab. */
static double price(const Fuse *f, Val v) {
  const Node *x = node(f, v);
  double sum = x->op == OP_map ? (double)expr_nodes(&f->g->expr, x->expr) - x->nargs : 1;
  for (uint8_t i = 0; i < x->nargs; i++) {
    Val a = x->arg[i];
    bool here = f->sort[a] == SORT_ROWS && f->active[a] && !f->kept[a] && (node(f, a)->op == OP_map || node(f,
        a)->op == OP_view);
    double own = here ? f->price[a] : 1;
    sum += own > WORTH_KEEPING ? 1 : own;
  }
  return sum;
}

static bool stored_by(const Fuse *f, Val v) {
  for (uint32_t i = 0; i < f->g->store.n; i++)
    if (f->g->store.at[i].value == v) return true;
  return false;
}

/* How often values read v, and the last of them. */
static uint32_t readers(const Fuse *f, Val v, Val *last) {
  uint32_t times = 0;
  for (Val w = v + 1; w < f->g->node.n; w++)
    for (uint8_t i = 0; f->needed[w] && i < node(f, w)->nargs; i++)
      if (node(f, w)->arg[i] == v) { *last = w; times++; }
  return times;
}

/* The one map that reads gemm v and may do so in its registers: the rows are one coordinate, the columns another, k is
 * swept in one piece, and what else the map reads is there before v. v itself where nothing but stores reads it. 0:
 * none. */
static Val finished_by(const Fuse *f, Val v) {
  const GemmPlan *p = &f->gemm[v];
  const Node *n = node(f, v);
  int64_t k = 1;
  if (!p->is || f->kept[v] || !has_rows(f, v) || n->shape.rank != 2 || gen_coords(f->g, &n->shape, NULL) != 2 ||
      p->n[0] != 1 || p->n[3]) return 0;
  for (uint8_t i = 0; i < p->n[2]; i++) {
    int64_t size = label_size(f, n, p->swap, p->label[2][i]);
    if (size < 0) return 0;
    k *= size;
  }
  if (k > gen_gemm_whole(f->s->target, f->s->code->real)) return 0;
  Val by = 0, last;
  uint32_t times = readers(f, v, &by);
  if (stored_by(f, v)) return times == 0 ? v : 0;
  const Node *w = node(f, by);
  if (times != 1 || w->op != OP_map || !f->active[by] || !shape_equal(f->g, &w->shape, &n->shape)) return 0;
  for (uint8_t i = 0; i < w->nargs; i++) {
    if (w->arg[i] > v && has_rows(f, w->arg[i])) return 0;
    if (w->arg[i] == v && memcmp(w->labels->of[i], w->labels->out, RANK_MOST)) return 0;
  }
  /* without a place of its own, only a store may read it */
  return f->local[by] || f->kept[by] || readers(f, by, &last) == 0 ? by : 0;
}

void fuse_places(Fuse *f, uint32_t level) {
  uint32_t n = f->g->node.n;
  memset(f->finishes, 0, n * sizeof *f->finishes);
  for (Val v = 1; v < n; v++) f->price[v] = f->active[v] ? price(f, v) : 1;
  memset(f->local, 0, n * sizeof *f->local);
  memset(f->times, 0, n * sizeof *f->times);
  for (uint32_t i = 0; i < f->g->store.n; i++) {        /* a store reads each number once */
    Val v = f->g->store.at[i].value;
    if (f->sort[v] == SORT_ROWS && f->level[v] == level) f->times[v] += 1;
  }
  for (Val v = n; v-- > 1;) {
    bool sum = row_sum_here(f, v, level);
    if (!f->active[v] && !sum) continue;
    const Node *x = node(f, v);
    /* what leaves the cache near the core costs several times as much to write and to read */
    double worth = numbers(f, v) * 4 > f->s->target->l2 ? FAR_WORTH_KEEPING : WORTH_KEEPING;
    bool gemm = f->gemm[v].is, folds = x->op == OP_fold && x->view->sort == VIEW_WINDOW;
    bool reduces = x->op == OP_contract || x->op == OP_rmax || x->op == OP_lse || folds || x->op == OP_random ||
        x->op == OP_gather;
    bool far = false;                                  /* reads something that is itself computed on the spot */
    for (uint8_t i = 0; i < x->nargs; i++)
      far |= f->sort[x->arg[i]] == SORT_ROWS && f->active[x->arg[i]] && !f->kept[x->arg[i]];
    bool again = x->op == OP_map && far && (f->times[v] - 1) * (f->price[v] - 1) > worth;
    bool must = gemm || expensive(f, v) || x->op == OP_harmonics || (reduces && f->times[v] > 1.01);
    Val by = sum ? 0 : finished_by(f, v);
    if (by) f->finishes[by] = v;
    else if (!sum && !f->kept[v] && !f->written[v] && (must || again)) f->local[v] = true;
    Val window = f->local[v] || f->kept[v] ? transformed_window(f, v) : 0;
    if (window) f->local[window] = true;               /* as for a gemm: a padded copy of its source */
    double each = f->kept[v] || f->local[v] || sum || by ? 1 : f->times[v];
    for (uint8_t i = 0; i < x->nargs; i++) {
      Val a = x->arg[i];
      if (f->sort[a] != SORT_ROWS && !(gemm && windows(f, a))) continue;
      if (gemm) {                                      /* operands with rows lie in memory; a window as a padded copy */
        if (!f->kept[a] || windows(f, a)) f->local[a] = true;
        if (windows(f, a)) { if (f->times[a] == 0) f->times[node(f, a)->arg[0]] += 1; f->times[a] += 1e-9; continue; }
      }
      f->times[a] += each * factor(f, v, i);
    }
  }
}

static bool state(ArgRole r) { return r == ARG_PARAM || r == ARG_MOMENT || r == ARG_AVERAGE; }

/* --- all of it ----------------------------------------------------------------------------------------------- */
static Loc partial_buffer(Fuse *f, Val v) {
  Schedule *s = f->s;
  int64_t n = numbers(f, v), stride = (n + 15) / 16 * 16;
  uint32_t entry = code_buffer(s->code, s->arena, str_format(s->arena, "parts%u", v), s->code->real, BUF_WORKSPACE,
      (SizeExpr){ .c = stride * s->target->slots });
  Loc l = loc_contiguous(s->g, &node(f, v)->shape, LOC_ENTRY, entry, 0, 0);
  l.parts = (uint32_t)s->target->slots;
  l.part_stride = stride;
  return l;
}

/* B of a gemm as [batch][K][N], rows not a power of two apart. */
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
  int64_t step = 1, width = gemm_columns(f, v), pitch = width % 256 == 0 ? width + 16 : width;
  for (int class = 1; class <= 3; class++) {           /* N, then K, then the batch: from the last label to the first */
    if (class == 2) step = pitch;
    for (uint8_t i = p->n[class]; i-- > 0;) {
      uint8_t label = p->label[class][i];
      for (uint32_t q = nc; q-- > 0;)
        if (n->labels->of[opB][c[q].axis] == label) { l.stride[q] = step; step *= c[q].n; }
    }
  }
  l.entry = code_buffer(s->code, s->arena, str_format(s->arena, "panel%u", v), s->code->real, BUF_WORKSPACE,
      (SizeExpr){ .c = step });
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
  Fuse f = {
    .s = s,
    .g = s->g,
    .sort = arena_array(a, uint8_t, n),
    .level = arena_array(a, uint32_t, n),
    .needed = arena_array(a, bool, n),
    .kept = arena_array(a, bool, n),
    .stored = arena_array(a, bool, n),
    .state = arena_array(a, bool, n),
    .total = arena_array(a, bool, n),
    .late = arena_array(a, bool, n),
    .written = arena_array(a, bool, n),
    .active = arena_array(a, bool, n),
    .local = arena_array(a, bool, n),
    .gemm = arena_array(a, GemmPlan, n),
    .finishes = arena_array(a, Val, n),
    .scratch = arena_array(a, Loc, n),
    .total_at = arena_array(a, Loc, n),
    .times = arena_array(a, double, n),
    .price = arena_array(a, double, n),
  };
  mark(&f);
  find_gemms(&f);
  find_written(&f);
  if (!find_levels(&f)) return false;
  for (Val v = 1; v < n; v++) {
    const Node *x = node(&f, v);
    if (!f.needed[v]) continue;
    bool reads = (x->op == OP_param || x->op == OP_input) && state(s->g->arg.at[x->number].role);
    if (f.sort[v] != SORT_SUM && f.sort[v] != SORT_LARGE && f.sort[v] != SORT_SCATTER)
      for (uint8_t i = 0; i < x->nargs; i++) reads |= f.state[x->arg[i]];
    f.state[v] = reads;
  }
  if (!stores_are_safe(&f)) return false;
  bool more = true;
  while (more) {                                       /* what is kept asks for more where it is computed */
    uint32_t before = 0, after = 0;
    for (Val v = 1; v < n; v++) before += f.kept[v];
    for (uint32_t level = 0; level < f.levels; level++) fuse_activate(&f, level, true);
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
  for (uint32_t i = 0; i < s->g->store.n; i++) {
    Val v = s->g->store.at[i].value;
    f.stored[v] |= f.sort[v] == SORT_LARGE;
  }
  for (Val v = 1; v < n; v++) {
    if (!f.needed[v]) continue;
    const Node *x = node(&f, v);
    if (x->op == OP_input) s->loc[v] = loc_argument(s->code, s->g, &x->shape, x->number, x->offset, x->pitch);
    if (f.sort[v] == SORT_SUM) s->loc[v] = partial_buffer(&f, v);
    if (f.total[v]) f.total_at[v] = schedule_buffer(s, v, "total");
    if (f.sort[v] == SORT_SCATTER) {
      s->loc[v] = schedule_buffer(s, v, op_name((Op)x->op));
      if (gen_scatter_scratch(x)) f.scratch[v] = schedule_buffer(s, v, "scratch");
    }
    if ((f.sort[v] == SORT_LARGE && f.stored[v]) || (f.sort[v] == SORT_ROWS && f.kept[v])) s->loc[v] =
        schedule_buffer(s, v, op_name((Op)x->op));
    if (f.gemm[v].copied) f.gemm[v].panel = panel_buffer(&f, v);
  }
  for (uint32_t level = 0; level < f.levels; level++) level_emit(&f, level);
  level_stores(&f);
  return true;
}

