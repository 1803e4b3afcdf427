/* gen_nest.c: loops that write whole values.
 *
 * One loop a coordinate, slowest outside. The lanes run along the last axes: components and copies as one flat
 * coordinate where that is allowed; along another coordinate when the last one is shorter than half a vector. What is
 * left over behind the last full vector is done once more under a mask. */
#include "loops/gen.h"
#include <math.h>

static const Node *node(const Gen *x, Val v) { return &x->g->node.at[v]; }

/* coordinates that the lanes run along */
typedef struct Lanes { uint32_t first, n; Size size; int64_t extent; bool flat; } Lanes;

static Lanes choose(const Gen *x, const Shape *s, const Coord *c, uint32_t n, bool flat) {
  Lanes l = { .first = n };
  if (!n) return l;
  bool pair = flat && s->rank >= 2 && s->axis[s->rank - 1].role == ROLE_MUL &&
      s->axis[s->rank - 2].role == ROLE_REP && c[n - 1].n > 1;
  l = (Lanes){ n - (pair ? 2u : 1u), pair ? 2 : 1, c[n - 1].size, c[n - 1].n, pair };
  if (pair) { l.extent = c[n - 1].n * c[n - 2].n; l.size = (Size)l.extent; }
  if (x->serial || !flat || l.extent >= x->k->lanes / 2 || l.extent < 0) return l;
  if (c[0].n < 0 && c[0].size != -1) return (Lanes){ 0, 1, c[0].size, c[0].n, false };     /* rows of a set: many */
  if (flat && n > 1 && c[n - 2].n > 1 && c[n - 2].n * l.extent >= x->k->lanes / 2) {      /* the last two as one */
    if (l.extent == 1) return (Lanes){ n - 2, 1, c[n - 2].size, c[n - 2].n, false };
    return (Lanes){ n - 2, 2, (Size)(c[n - 2].n * c[n - 1].n), c[n - 2].n * c[n - 1].n, true };
  }
  for (uint32_t i = 0; i + 1 < n; i++)
    if (c[i].n > l.extent && c[i].n >= x->k->lanes / 2) l = (Lanes){ i, 1, c[i].size, c[i].n, false };
  return l;
}

uint32_t gen_share(const Graph *g, const Shape *s) {
  Coord c[COORDS_MOST];
  uint32_t n = gen_coords(g, s, c), best = 0;
  uint32_t last = n && s->axis[s->rank - 1].role == ROLE_MUL ? n - 1 : n;
  if (last && c[0].n < 0) return 0;                   /* rows of the data: always the outermost */
  for (uint32_t i = 1; i < last; i++)
    if (c[i].n > c[best].n || best >= last) best = i;
  return best;
}

static void set_lanes(Gen *x, const Lanes *l, Ref at, int lane, Ix *ix, int64_t low) {
  if (!l->flat) { ix[l->first] = (Ix){ .at = at, .lane = lane, .aligned = true }; return; }
  x->flat = (Ix){ .at = at, .lane = lane, .aligned = true };
  x->low = low;
  ix[l->first] = (Ix){ .part = IX_HIGH };
  ix[l->first + 1] = (Ix){ .part = IX_LOW };
}

void gen_each(Gen *x, const Shape *s, uint32_t share, Ref low, Ref high, bool flat, GenBody *body, void *context) {
  Kernel *k = x->k;
  Coord c[COORDS_MOST];
  Ix ix[COORDS_MOST] = { 0 };
  uint32_t n = gen_coords(x->g, s, c), opened = 0;
  Lanes l = x->dots ? (Lanes){ .first = n } : choose(x, s, c, n, flat);
  bool lanes_shared = high && share >= l.first && share < l.first + l.n;
  if (lanes_shared && l.flat) { l = (Lanes){ share, 1, c[share].size, c[share].n, false }; }
  if (lanes_shared && l.extent == 1) {                /* one number: no lanes */
    l = (Lanes){ .first = n };
    lanes_shared = false;
  }
  for (uint32_t i = 0; i < n; i++) {
    if (i >= l.first && i < l.first + l.n) continue;
    bool shared = high && i == share;
    if (c[i].n == 1 && !shared) { ix[i] = ix_of(l_int(k, 0)); continue; }
    ix[i] = ix_of(l_for(k, FOR_SEQ, shared ? low : l_int(k, 0), shared ? high : gen_extent(x, c[i].size), 1));
    opened++;
  }
  Ref mask = x->mask;
  Ix flat_before = x->flat;
  int64_t low_before = x->low;
  int V = k->lanes;
  if (l.first == n) {
    body(x, ix, context);
  } else if (l.extent == 1 && !lanes_shared) {
    set_lanes(x, &l, l_int(k, 0), 0, ix, c[n - 1].n);
    body(x, ix, context);
  } else if (l.extent < 0 || lanes_shared) {          /* ends where the data or the share do */
    Ref end = lanes_shared ? high : gen_extent(x, l.size), at = l_for(k, FOR_SEQ, lanes_shared ? low : l_int(k, 0),
        end, V);
    set_lanes(x, &l, at, 1, ix, c[n - 1].n);
    ix[l.first].aligned = !lanes_shared;
    x->mask = l_op2(k, L_ILT, l_op2(k, L_IADD, at, l_lane(k)), end);
    body(x, ix, context);
    l_end(k);
  } else {
    int64_t full = l.extent / V * V;
    if (full > 0) {
      set_lanes(x, &l, full == V ? l_int(k, 0) : l_for(k, FOR_SEQ, l_int(k, 0), l_int(k, full), V), 1, ix, c[n - 1].n);
      body(x, ix, context);
      if (full > V) l_end(k);
    }
    if (full < l.extent) {
      set_lanes(x, &l, l_int(k, full), 1, ix, c[n - 1].n);
      x->mask = l_op2(k, L_ILT, l_lane(k), l_int(k, l.extent - full));
      body(x, ix, context);
    }
  }
  x->mask = mask;
  x->flat = flat_before;
  x->low = low_before;
  while (opened--) l_end(k);
}

/* A contract with a sparse table walks it; components may not vary from lane to lane then. */
static bool reads_table(const Gen *x, Val v, uint32_t depth) {
  if (depth > 8 || (depth && x->loc[v].sort != LOC_NONE)) return false;
  const Node *n = node(x, v);
  if (n->op == OP_contract)
    for (uint8_t i = 0; i < n->nargs; i++)
      if (node(x, n->arg[i])->op == OP_table && node(x, n->arg[i])->shape.rank > 1) return true;
  if (n->op == OP_map || n->op == OP_stop || n->op == OP_contract)
    for (uint8_t i = 0; i < n->nargs; i++)
      if (reads_table(x, n->arg[i], depth + 1)) return true;
  return false;
}

typedef struct Together { const Nest *nest; uint32_t n; } Together;

static void write_all(Gen *x, const Ix *ix, void *context) {
  const Together *t = context;
  Ref *value = arena_array(x->arena, Ref, t->n);
  for (uint32_t i = 0; i < t->n; i++) {
    const Nest *nest = &t->nest[i];
    value[i] = gen_compute(x, nest->v, ix);
    if (!nest->add) continue;
    Ref before = gen_load(x, &nest->to, &node(x, nest->v)->shape, ix);
    if (nest->fresh) before = l_op3(x->k, L_SELECT, nest->fresh, l_const(x->k, x->real, 0), before);
    value[i] = l_op2(x->k, L_FADD, before, value[i]);
  }
  for (uint32_t i = 0; i < t->n; i++) gen_store(x, &t->nest[i].to, &node(x, t->nest[i].v)->shape, ix, value[i]);
}

/* All operands lie side by side along a long sum: lanes run along the sum, not along the result. */
static bool is_dots(const Gen *x, Val v) {
  const Node *n = node(x, v);
  const Shape *s = &n->shape;
  if (n->op != OP_contract || !n->nargs) return false;
  if (s->rank && s->axis[0].n < 0 && s->axis[0].what != 1) return false;           /* lanes along rows of a set */
  for (uint8_t i = 0; i < n->nargs; i++) {
    const Shape *o = &node(x, n->arg[i])->shape;
    if (!o->rank || node(x, n->arg[i])->op == OP_table || o->axis[o->rank - 1].n < x->k->lanes) return false;
    for (uint8_t a = 0; a < s->rank; a++)
      if (n->labels->out[a] == n->labels->of[i][o->rank - 1]) return false;
  }
  return true;
}

void gen_nest_together(Gen *x, const Nest *nest, uint32_t n) {
  bool flat = true;
  x->dots = n == 1 && is_dots(x, nest->v);
  for (uint32_t i = 0; i < n; i++) flat &= !reads_table(x, nest[i].v, 0);
  gen_each(x, &node(x, nest->v)->shape, nest->share, nest->low, nest->high, flat, write_all, &(Together){ nest, n });
  x->dots = false;
}

void gen_nest(Gen *x, const Nest *nest) {
  if (node(x, nest->v)->op == OP_harmonics) gen_harmonics(x, nest);
  else if (!gen_transform(x, nest)) gen_nest_together(x, nest, 1);
}

static void copy_one(Gen *x, const Ix *ix, void *context) {
  const Nest *nest = context;
  gen_store(x, &nest->to, &node(x, nest->v)->shape, ix, gen_read(x, nest->v, ix));
}

void gen_copy(Gen *x, const Nest *nest) {
  gen_each(x, &node(x, nest->v)->shape, nest->share, nest->low, nest->high, !reads_table(x, nest->v, 0), copy_one,
      (void *)nest);
}

/* --- at an index: rows in order ------------------------------------------------------------------------------ */
bool gen_scatters(const Graph *g, Val v) {
  const Node *n = &g->node.at[v];
  return n->op == OP_segment || ((n->op == OP_lse || n->op == OP_rmax) && !n->axes);
}

typedef enum Meet { MEET_ADD, MEET_MAX, MEET_EXP, MEET_LOG, MEET_FILL } Meet;
typedef struct Scatter { const Nest *nest; const Node *n; Meet meet; } Scatter;

/* One number meets those that came before it. */
static void meet(Gen *x, const Scatter *s, const Ix *out, Ref v) {
  Kernel *k = x->k;
  const Shape *to = &s->n->shape;
  if (s->meet == MEET_EXP) {
    Ref m = gen_load(x, &s->nest->to, to, out);
    m = l_op3(k, L_SELECT, l_op2(k, L_FLT, l_const(k, x->real, -INFINITY), m), m, l_const(k, x->real, 0));
    Ref sum = l_op2(k, L_FADD, gen_load(x, &s->nest->scratch, to, out), l_exp(k, l_op2(k, L_FSUB, v, m)));
    gen_store(x, &s->nest->scratch, to, out, sum);
    return;
  }
  Ref now = gen_load(x, &s->nest->to, to, out);
  gen_store(x, &s->nest->to, to, out, s->meet == MEET_ADD ? l_op2(k, L_FADD, now, v) : l_op2(k, L_FMAX, v, now));
  if (s->meet == MEET_MAX && s->n->op == OP_rmax && gen_scatter_scratch(s->n))
    gen_store(x, &s->nest->scratch, to, out, l_const(k, x->real, 1));
}

static void meet_row(Gen *x, const Ix *ix, void *context) {
  const Scatter *s = context;
  Kernel *k = x->k;
  const Shape *from = &node(x, s->n->arg[0])->shape, *is = &node(x, s->n->arg[1])->shape, *to = &s->n->shape;
  uint32_t at = gen_first_coord(x->g, to, s->n->axis), shared = index_shares(x->g, to, is, s->n->axis);
  uint32_t ni = gen_coords(x->g, is, NULL), nx = gen_coords(x->g, from, NULL);
  Ix index[COORDS_MOST], out[COORDS_MOST];
  for (uint32_t i = 0; i < ni; i++) index[i] = i < shared ? ix[0] : ix[at + i - shared];
  for (uint32_t i = 0; i < at; i++) out[i] = ix[i];
  Ref row = gen_read(x, s->n->arg[1], index);
  const Dom *d = &x->g->dom.at[to->axis[s->n->axis].what];
  uint32_t o = at;
  if (d->ndim == 2) {
    out[o++] = ix_of(l_op2(k, L_IDIV, row, l_int(k, d->shape[1])));
    out[o++] = ix_of(l_op2(k, L_IMOD, row, l_int(k, d->shape[1])));
  } else {
    out[o++] = ix_of(row);
  }
  for (uint32_t q = at + ni - shared; q < nx; q++) out[o++] = ix[q];
  bool guarded = s->nest->high && s->n->axis == 0;     /* rows of the result that another slot has */
  if (guarded) {
    Ref mine = l_op1(k, L_NOT, l_op2(k, L_ILT, out[0].at, s->nest->low));
    l_if(k, l_op2(k, L_AND, mine, l_op2(k, L_ILT, out[0].at, s->nest->high)));
  }
  meet(x, s, out, gen_read(x, s->n->arg[0], ix));
  if (guarded) l_end(k);
}
static void each_result(Gen *x, const Ix *ix, void *context) {
  const Scatter *s = context;
  Kernel *k = x->k;
  const Shape *to = &s->n->shape;
  if (s->meet == MEET_FILL) {
    gen_store(x, &s->nest->to, to, ix, l_const(k, x->real, s->n->op == OP_segment ? 0 : -INFINITY));
    if (gen_scatter_scratch(s->n)) gen_store(x, &s->nest->scratch, to, ix, l_const(k, x->real, 0));
    return;
  }
  Ref m = gen_load(x, &s->nest->to, to, ix), sum = gen_load(x, &s->nest->scratch, to, ix);
  if (s->n->op == OP_rmax) {                          /* what nobody points to */
    Ref none = l_op2(k, L_FEQ, sum, l_const(k, x->real, 0));
    gen_store(x, &s->nest->to, to, ix, l_op3(k, L_SELECT, none, l_const(k, x->real, s->n->fill), m));
    return;
  }
  Ref some = l_op2(k, L_FLT, l_const(k, x->real, -INFINITY), m);
  Ref safe = l_op3(k, L_SELECT, some, m, l_const(k, x->real, 0));
  gen_store(x, &s->nest->to, to, ix, l_op2(k, L_FADD, l_log(k, sum), safe));
}

bool gen_scatter_scratch(const Node *n) {
  return n->op == OP_lse || (n->op == OP_rmax && !(isinf(n->fill) && n->fill < 0));
}

void gen_scatter(Gen *x, const Nest *nest) {
  const Node *n = node(x, nest->v);
  const Shape *from = &node(x, n->arg[0])->shape, *to = &n->shape;
  /* rows that an index may share must not be lanes: only axes behind it are, and those are the last */
  Scatter s = { nest, n, MEET_FILL };
  gen_each(x, to, 0, nest->low, nest->high, true, each_result, &s);
  l_bar(x->k);                                        /* lanes run along other axes there */
  s.meet = n->op == OP_segment ? MEET_ADD : MEET_MAX;
  x->serial = true;
  bool rows_last = from->rank && from->axis[from->rank - 1].role == ROLE_ROW, bounded = n->axis > 0;
  Shape walk = *from;
  /* a lane axis of size 1 keeps rows serial */
  if (rows_last) { walk.rank++; walk.axis[walk.rank - 1] = axis_mul(1); }
  Ref low = bounded ? nest->low : 0, high = bounded ? nest->high : 0;
  gen_each(x, &walk, 0, low, high, true, meet_row, &s);
  if (n->op == OP_lse) {
    s.meet = MEET_EXP;
    gen_each(x, &walk, 0, low, high, true, meet_row, &s);
  }
  x->serial = false;
  if (!gen_scatter_scratch(n)) return;
  l_bar(x->k);
  s.meet = MEET_LOG;
  gen_each(x, to, 0, nest->low, nest->high, true, each_result, &s);
}
