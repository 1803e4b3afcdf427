/* fuse_rows.c: the rows of one root in one kernel, a chunk at a time.
 *
 * In order of the values: those in the slab or kept are written (a gemm by its stage, a window as a padded copy, the
 * rest by a nest that computes what it reads on the spot), sums over rows add the chunk's part to the slot's. A chunk
 * is one sample unless a gemm has few rows a sample; of a set it is 64 rows. Results do not depend on it. */
#include "loops/fuse.h"
#include <stdlib.h>

static int64_t bytes(const Gen *x, int64_t n) { return (n * base_bytes(x->real) + 63) / 64 * 64 + 64; }

int level_local(Level *l, Val v, int64_t n) {
  const Shape *s = &node(l->f, v)->shape;
  Base base = number_base(&l->x, s->number);
  int b = kernel_local(l->x.k, str_format(l->x.arena, "s%u", v), base, SCOPE_SLAB, n, l->slab);
  l->slab += bytes(&l->x, n);
  return b;
}

/* Where a label's coordinates lie in an operand: strides, by its Loc. */
static void dims_of(Level *l, const Node *n, int operand, const Loc *loc, uint8_t label, int64_t *stride,
    int64_t *size, uint32_t *coords) {
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
  if (root_of(l->f->g, s) && !loc->chunk && l->first) o.at = l_muli(l->x.k, l->first, loc->stride[0]);
  return o;
}

/* Dims of the labels of one class; the sample runs over the chunk. */
static uint32_t dims(Level *l, const Node *n, const GemmPlan *p, int class, int opA, const Loc *A, int opB,
    const Loc *B, const Loc *C, GemmDim *out) {
  uint32_t count = 0;
  for (uint8_t i = 0; i < p->n[class]; i++) {
    int64_t stride[3][2] = { { 0 } }, size[2] = { 1, 1 };
    uint32_t coords = 0, ignored;
    if (class != 2) dims_of(l, n, -1, C, p->label[class][i], stride[2], size, &ignored);
    if (class != 0) dims_of(l, n, opB, B, p->label[class][i], stride[1], size, &ignored);
    dims_of(l, n, opA, A, p->label[class][i], stride[0], size, &coords);
    for (uint32_t q = 0; q < coords; q++)
      out[count++] = (GemmDim){ .n = size[q], .size = size[q] < 0 ? l->count : 0, .most = size[q] < 0 ? l->rows : 0,
          .a = stride[0][q], .b =
          stride[1][q], .c = stride[2][q] };
  }
  return count;
}

int64_t gemm_columns(const Fuse *f, Val v) {
  const GemmPlan *p = &f->gemm[v];
  int64_t n = 1;
  for (uint8_t i = 0; i < p->n[1]; i++) n *= label_size(f, node(f, v), -1, p->label[1][i]);
  return n;
}

static int64_t gemm_batch(const Fuse *f, Val v) {
  const GemmPlan *p = &f->gemm[v];
  int64_t n = 1;
  for (uint8_t i = 0; i < p->n[3]; i++) n *= label_size(f, node(f, v), -1, p->label[3][i]);
  return n;
}

Gemm level_gemm_of(Level *l, Val v, const Loc *to, bool add) {
  Fuse *f = l->f;
  const Node *n = node(f, v);
  GemmPlan *p = &f->gemm[v];
  int opA = p->swap, opB = !p->swap;
  Val a = n->arg[opA], b = n->arg[opB];
  const Loc *A = &l->x.loc[a], *B = has_rows(f, b) ? &l->x.loc[b] : &p->panel;
  Gemm g = { .a = base_of(l, A, &node(f, a)->shape), .b = base_of(l, B, &node(f, b)->shape), .n = gemm_columns(f, v),
      .add = add };
  if (add) g.fresh = l->fresh;
  g.c = base_of(l, to, &n->shape);
  if (!has_rows(f, v) && to->parts) g.c.at = l_muli(l->x.k, l->slot, to->part_stride);
  if (!has_rows(f, b)) g.b.at = 0;
  g.nm = dims(l, n, p, 3, opA, A, opB, B, to, g.m);
  g.nm += dims(l, n, p, 0, opA, A, opB, B, to, g.m + g.nm);
  g.nk = dims(l, n, p, 2, opA, A, opB, B, to, g.k);
  return g;
}

void level_gemm(Level *l, Val v, const Loc *to, bool add) {
  Gemm g = level_gemm_of(l, v, to, add);
  gen_gemm(&l->x, &g, l->f->s->target);
}

/* A window as strides of a padded copy of its source. */
typedef struct Padded { int64_t low[2], size[2], width; uint32_t dims; } Padded;
static Padded padded_of(const Fuse *f, Val v) {
  const Node *n = node(f, v);
  const View *w = n->view;
  const Shape *s = &node(f, n->arg[0])->shape;
  const Dom *d = &f->g->dom.at[s->axis[w->axis].what], *rows = &f->g->dom.at[w->dom], *win = w->win
      ? &f->g->dom.at[w->win] : NULL;
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
  uint32_t at = gen_first_coord(l->f->g, &node(l->f, n->arg[0])->shape, w->axis), nc = gen_coords(l->f->g, &n->shape,
      NULL);
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

static void copy_window(Level *l, Val v) {
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
  if (full < total) l_store(k, l->x.loc[v].local, l_int(k, full), 0, 1, fill, l_op2(k, L_ILT, l_lane(k), l_int(k,
      total - full)));
  l_bar(k);
}

/* Places in the slab. Values whose lifetimes within a chunk do not meet share a buffer (one buffer, so that no two
 * buffers alias); padded windows and sums, which outlive a chunk, have their own. */
typedef struct Places {
  uint32_t *last;                   /* of each value: the last one that is written while it is read */
  uint32_t *of;                     /* [node.n]: the shared buffer                                  */
  struct { int64_t size; uint8_t number; uint32_t until; Val first; int buf; } *at;
  uint32_t n;
} Places;

static bool written(const Fuse *f, Val v, uint32_t level) {
  return f->active[v] && (f->local[v] || f->finishes[v] || (f->kept[v] && f->level[v] == level));
}

static int64_t window_size(const Padded *p) { return p->size[0] * (p->dims == 2 ? p->size[1] : 1) * p->width; }

static Places share_places(const Level *l, uint32_t level) {
  const Fuse *f = l->f;
  uint32_t n = f->g->node.n;
  Arena *a = l->x.arena;
  Places p = { arena_array(a, uint32_t, n), arena_array(a, uint32_t, n), arena_alloc(a, n * sizeof *p.at), 0 };
  for (uint32_t i = 0; i < f->g->store.n; i++) p.last[f->g->store.at[i].value] = f->g->store.at[i].value;
  for (Val v = n; v-- > 1;) {
    bool here = written(f, v, level) || row_sum_here(f, v, level);
    uint32_t until = here ? v : p.last[v];
    if (!here && !f->active[v]) continue;
    for (uint8_t i = 0; i < node(f, v)->nargs; i++)
      if (until > p.last[node(f, v)->arg[i]]) p.last[node(f, v)->arg[i]] = until;
  }
  for (Val v = 1; v < n; v++) {
    if (!f->active[v] || !f->local[v] || root(f, v) != l->root || windows(f, v)) continue;
    int64_t size = numbers(f, v);
    uint32_t best = p.n;
    for (uint32_t i = 0; i < p.n; i++) {               /* the smallest that is large enough, else the largest */
      if (p.at[i].until >= v || p.at[i].number != node(f, v)->shape.number) continue;
      bool fits = p.at[i].size >= size, before = best < p.n && p.at[best].size >= size;
      if (best == p.n || (fits && (!before || p.at[i].size < p.at[best].size)) || (!fits && !before &&
          p.at[i].size > p.at[best].size)) best = i;
    }
    if (best == p.n) { p.at[best].size = 0; p.at[best].number = node(f, v)->shape.number; p.at[best].first = v; p.n++; }
    if (p.at[best].size < size) p.at[best].size = size;
    p.at[best].until = p.last[v] > v ? p.last[v] : v;
    p.of[v] = best;
  }
  return p;
}

/* How rows are taken. A gemm with few rows a sample wants many samples at a time: where the cache near the core holds
 * what they need, enough for its tiles to be tall and for B to be read seldom; else a few. Small rows are shared out by
 * whole tiles. */
typedef struct Chunk { int64_t rows, unit; } Chunk;
static Chunk choose_chunk(const Level *l, const Places *p) {
  const Fuse *f = l->f;
  const Target *target = f->s->target;
  bool samples = l->root == 1, few = false;
  int64_t each = 1, number = base_bytes(l->x.real);
  for (uint32_t i = 0; i < p->n; i++) each += p->at[i].size;
  for (Val v = 1; v < f->g->node.n; v++) {
    if (!f->active[v] || root(f, v) != l->root) continue;
    if (f->local[v] && windows(f, v)) { Padded w = padded_of(f, v); each += window_size(&w); }
    few |= f->gemm[v].is && numbers(f, v) / gemm_columns(f, v) / gemm_batch(f, v) < 8;
  }
  if (samples && !few) return (Chunk){ 1, 1 };
  Chunk c = { CHUNK_MOST, few && each <= ROW_SMALL ? ROWS_SHARED : 1 };
  int64_t per_slot = (f->g->expect[0] + target->slots - 1) / target->slots;
  if (samples && f->g->expect[0] > 1 && c.rows > per_slot) c.rows = per_slot;
  while (c.rows > 1 && c.rows * each * number > (c.rows > 8 ? target->l2 / 2 : SLAB_MOST)) c.rows--;
  return c;
}

static bool row_store(const Fuse *f, const Store *s, uint32_t level) {
  return f->sort[s->value] == SORT_ROWS && f->level[s->value] == level;
}

/* --- stages: each writes one value for the rows of the chunk; nest.add: this chunk's part is added to that of the slot
 * --- */
static bool match_window(const Fuse *f, Val v) { return f->local[v] && windows(f, v); }
static bool match_finish(const Fuse *f, Val v) { return f->finishes[v] != 0; }
static bool match_gemm(const Fuse *f, Val v) { return f->gemm[v].is; }
static bool match_chain(const Fuse *f, Val v) { (void)f; (void)v; return true; }

static void emit_window(Level *l, const Nest *nest) { copy_window(l, nest->v); }

typedef struct Finish { Level *l; Val map; const Loc *to; } Finish;

/* The map's number of a row, and vectors of its columns: to its place, and to where it is stored. */
static void finish_row(Gen *x, Ref row, Ref col, Ref mask, Ref value, void *context) {
  const Finish *z = context;
  const Fuse *f = z->l->f;
  const Shape *s = &node(f, z->map)->shape;
  Ix ix[COORDS_MOST] = { ix_of(l_add(x->k, x->first, row)), { .at = col, .lane = 1 } };
  x->held = f->finishes[z->map];
  x->held_at = value;
  x->mask = mask;
  Ref y = z->map == x->held ? value : gen_compute(x, z->map, ix);
  if (z->to) gen_store(x, z->to, s, ix, y);
  for (uint32_t i = 0; i < f->g->store.n; i++) {
    const Store *store = &f->g->store.at[i];
    if (store->value != z->map || !row_store(f, store, z->l->level)) continue;
    Loc to = schedule_store_loc(f->s, store);
    gen_store(x, &to, s, ix, y);
  }
  x->held = 0;
  x->mask = 0;
}

static void emit_finish(Level *l, const Nest *nest) {
  Val v = l->f->finishes[nest->v];
  Finish z = { l, nest->v, nest->to.sort == LOC_NONE ? NULL : &nest->to };
  Gemm g = level_gemm_of(l, v, &(Loc){ .chunk = true }, false);
  g.finish = finish_row;
  g.context = &z;
  gen_gemm(&l->x, &g, l->f->s->target);
}

static void emit_gemm(Level *l, const Nest *nest) { level_gemm(l, nest->v, &nest->to, nest->add); }
static void emit_chain(Level *l, const Nest *nest) {
  Fuse *f = l->f;
  const Node *n = node(f, nest->v);
  if (nest->add) {                                     /* a sum: over the rows of the chunk alone */
    for (uint8_t i = 0; i < n->nargs && !l->x.part_label; i++)
      if (has_rows(f, n->arg[i])) l->x.part_label = n->labels->of[i][0];
    l->x.part_coord = 0;
    l->x.part_low = nest->low;
    l->x.part_high = nest->high;
  }
  Nest whole = *nest;
  if (nest->add) whole.low = whole.high = 0;           /* the result has no rows */
  gen_nest(&l->x, &whole);
  l->x.part_label = 0;
}

static const struct { bool (*match)(const Fuse *, Val); void (*emit)(Level *, const Nest *); } stages[] = {
#define STAGE(name, what) { match_##name, emit_##name },
#include "loops/stages.def"
#undef STAGE
};

static void emit(Level *l, const Nest *nest) {
  uint32_t i = 0;
  while (!stages[i].match(l->f, nest->v)) i++;         /* the last one matches everything */
  stages[i].emit(l, nest);
}

/* Sums live in the slab of the slot while it runs, and are written to the slot's partial at its end. */
void level_flush(Level *l, Val v, const Loc *partial) {
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

/* --- rows ---------------------------------------------------------------------------------------------------- */
static bool sum_here(const Level *l, Val v, uint32_t level) {
  return row_sum_here(l->f, v, level) && summed_root(l->f, v) == l->root;
}

static void row_places(Level *l, uint32_t level, int64_t chunk, Places *p) {
  Fuse *f = l->f;
  for (uint32_t i = 0; i < p->n; i++) p->at[i].buf = level_local(l, p->at[i].first, chunk * p->at[i].size);
  for (Val v = 1; v < f->g->node.n; v++) {
    if (sum_here(l, v, level) && !f->gemm[v].is) {
      l->x.loc[v] = loc_contiguous(f->g, &node(f, v)->shape, LOC_LOCAL, 0, level_local(l, v, numbers(f, v)), 0);
      clear_partial(l, v, true, NULL);
    }
    if (!f->active[v] || !f->local[v] || root(f, v) != l->root) continue;
    if (windows(f, v)) {
      Padded w = padded_of(f, v);
      int64_t total = chunk * window_size(&w);
      window_loc(l, v, level_local(l, v, total), &w);
      clear_window(l, v, total);
    } else {
      Loc to = loc_contiguous(f->g, &node(f, v)->shape, LOC_LOCAL, 0, p->at[p->of[v]].buf, 0);
      to.chunk = true;
      l->x.loc[v] = to;
    }
  }
}

void level_rows(Level *l, uint32_t level, uint16_t dom) {
  Fuse *f = l->f;
  Kernel *k = l->x.k;
  l->root = dom;
  l->level = level;
  Places places = share_places(l, level);
  Chunk chunk = choose_chunk(l, &places);
  schedule_share(&l->x, l->slot, l_size(k, root_symbol(f, dom)), chunk.unit, &l->low, &l->high);
  row_places(l, level, chunk.rows, &places);
  bool gemms = false;
  for (Val v = 1; v < f->g->node.n; v++) gemms |= sum_here(l, v, level) && f->gemm[v].is;
  if (gemms) {                                         /* a slot without samples adds nothing */
    l_if(k, l_op2(k, L_IEQ, l->low, l->high));
    for (Val v = 1; v < f->g->node.n; v++)
      if (sum_here(l, v, level) && f->gemm[v].is) clear_partial(l, v, false, &l->x.loc[v]);
    l_end(k);
  }
  l->first = l->x.first = l_for(k, FOR_SEQ, l->low, l->high, chunk.rows);
  l->rows = chunk.rows;
  l->count = chunk.rows == 1 ? l_int(k, 1) : l_op2(k, L_IMIN, l_int(k, chunk.rows), l_op2(k, L_ISUB, l->high,
      l->first));
  l->fresh = l_op2(k, L_IEQ, l->first, l->low);
  Ref end = l_op2(k, L_IADD, l->first, l->count);
  for (Val v = 1; v < f->g->node.n; v++) {
    bool here = root(f, v) == dom && written(f, v, level);
    if (here || sum_here(l, v, level)) l_bar(k);
    if (here) {
      Nest nest = { .v = v, .to = f->local[v] ? l->x.loc[v] : f->s->loc[v], .low = l->first, .high = end };
      emit(l, &nest);
    }
    if (sum_here(l, v, level)) {
      Nest sum = { .v = v, .to = l->x.loc[v], .low = l->first, .high = end, .add = true };
      emit(l, &sum);
    }
    for (uint32_t i = 0; i < f->g->store.n; i++) {
      const Store *s = &f->g->store.at[i];
      if (s->value != v || f->finishes[v] || root(f, v) != dom || !row_store(f, s, level)) continue;
      l_bar(k);
      Nest nest = { .v = v, .to = schedule_store_loc(f->s, s), .low = l->first, .high = end };
      gen_copy(&l->x, &nest);
    }
  }
  l_end(k);
  l->x.first = 0;
  l_bar(k);
  for (Val v = 1; v < f->g->node.n; v++)
    if (sum_here(l, v, level) && !f->gemm[v].is) level_flush(l, v, &f->s->loc[v]);
}

