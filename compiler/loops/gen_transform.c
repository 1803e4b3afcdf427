/* gen_transform.c: small tables between rows, written out.
 *
 *     y[p] = sum over u of table[p][u] x[u]      six numbers from six, each a lane vector of channels
 *
 * A *transform* is a contract of one value with a table of two axes, both ROW axes of fixed number: Winograd's three
 * matrices. Where one is written, its table axes are no loops: every index of theirs is a literal, so that every entry
 * of the table is an operation with a literal factor, and a transform of a transform (along the other direction) lives
 * in registers: its numbers are remembered while the body runs. Nothing is remembered across a bracket.
 *
 * A *tiling* is a fold whose windows lie side by side and cover everything: each number of it is one number of one
 * window, so it is written window by window. Behind a transform it puts tiles of pixels back into the picture. */
#include "loops/gen.h"

enum { TABLE_MOST = 8, DEPTH_MOST = 4 };                /* rows of a table; transforms of transforms   */

static const Node *node(const Graph *g, Val v) { return &g->node.at[v]; }
static const Shape *shape(const Graph *g, Val v) { return &g->node.at[v].shape; }

static int places(const uint8_t *labels, uint8_t l) {
  int n = 0;
  for (int a = 0; a < RANK_MOST; a++) n += labels[a] == l;
  return n;
}

/* --- which values ---------------------------------------------------------------------------------------------- */
/* The operand that is the table, its axis that stays and its axis that is summed. */
typedef struct Transform { uint8_t table, x, stays, summed; } Transform;

static bool transform_of(const Graph *g, Val v, Transform *t) {
  const Node *n = node(g, v);
  if (n->op != OP_contract || n->nargs != 2) return false;
  for (uint8_t i = 0; i < 2; i++) {
    const Node *m = node(g, n->arg[i]);
    if (m->op != OP_table || m->shape.rank != 2 || m->shape.number != NUMBER_REAL) continue;
    bool rows = true;
    for (int a = 0; a < 2; a++)
      rows &= m->shape.axis[a].role == ROLE_ROW && m->shape.axis[a].n <= TABLE_MOST &&
          g->dom.at[m->shape.axis[a].what].ndim == 1;
    if (!rows) continue;
    for (uint8_t a = 0; a < 2; a++) {
      uint8_t stays = n->labels->of[i][a], summed = n->labels->of[i][!a];
      const uint8_t *x = n->labels->of[!i], *out = n->labels->out;
      if (places(out, stays) != 1 || places(x, stays) || places(out, summed) || places(x, summed) != 1) continue;
      bool once = n->shape.rank > 1;                   /* every other label once in both */
      for (int b = 0; b < n->shape.rank; b++)
        once &= out[b] == stays || (places(out, out[b]) == 1 && places(x, out[b]) == 1);
      if (!once || shape(g, n->arg[!i])->rank != n->shape.rank) continue;
      *t = (Transform){ i, !i, a, !a };
      return true;
    }
  }
  return false;
}

bool gen_transforms(const Graph *g, Val v) {
  Transform t;
  return transform_of(g, v, &t);
}

Val gen_transformed(const Graph *g, Val v) {
  Transform t;
  return transform_of(g, v, &t) ? node(g, v)->arg[t.x] : 0;
}

/* Does a renaming of axes leave the coordinates as they are? */
static bool renames(const Graph *g, Val v) {
  const Node *n = node(g, v);
  if (n->op != OP_view || n->view->sort != VIEW_RETYPE) return false;
  Coord a[COORDS_MOST], b[COORDS_MOST];
  uint32_t na = gen_coords(g, &n->shape, a), nb = gen_coords(g, shape(g, n->arg[0]), b);
  bool same = na == nb;
  for (uint32_t i = 0; same && i < na; i++) same = a[i].size == b[i].size;
  return same;
}

Val gen_renamed(const Graph *g, Val v) {
  while (renames(g, v)) v = node(g, v)->arg[0];
  return v;
}

static int64_t extent(const Dom *d, uint32_t direction, uint32_t dims) {
  return dims == 2 ? (int64_t)d->shape[direction] : d->n;
}

bool gen_tiles(const Graph *g, Val v) {
  const Node *n = node(g, v);
  if (n->op != OP_fold || n->view->sort != VIEW_WINDOW || !n->view->win || !n->view->axis) return false;
  const View *w = n->view;
  const Dom *d = &g->dom.at[n->shape.axis[w->axis].what], *rows = &g->dom.at[w->dom], *win = &g->dom.at[w->win];
  uint32_t dims = d->ndim == 2 ? 2 : 1;
  for (uint32_t i = 0; i < dims; i++) {
    int64_t size = extent(win, i, dims), covered = extent(rows, i, dims) * size, all = extent(d, i, dims);
    if (size > TABLE_MOST || w->d[i].row != size || w->d[i].win != 1 || w->d[i].add || w->d[i].div != 1) return false;
    if (covered < all || (d->wrap && covered != all)) return false;
  }
  return gen_transforms(g, gen_renamed(g, n->arg[0]));
}

/* --- numbers that the body has already ------------------------------------------------------------------------- */
static bool literal(const Kernel *k, Ref r) { return r && k->ins.at[r].op == L_ICONST; }

static bool same_index(const Kernel *k, Ix a, Ix b) {
  if (a.lane != b.lane || a.part != b.part) return false;
  return a.at == b.at || (literal(k, a.at) && literal(k, b.at) && k->ins.at[a.at].imm == k->ins.at[b.at].imm);
}

static bool same_loc(const Loc *a, const Loc *b, uint32_t coords) {
  if (a->sort != b->sort || a->entry != b->entry || a->local != b->local || a->chunk != b->chunk ||
      a->repeat != b->repeat) return false;
  return !memcmp(a->stride, b->stride, coords * sizeof *a->stride);
}

const Known *gen_known(const Gen *x, Val v, const Loc *loc, const Ix *ix, uint32_t n) {
  for (uint32_t i = 0; i < x->known.n; i++) {
    const Known *o = &x->known.at[i];
    bool same = o->v == v && (!loc || same_loc(&o->loc, loc, n));
    for (uint32_t c = 0; same && c < n; c++) same = same_index(x->k, o->ix[c], ix[c]);
    if (same) return o;
  }
  return NULL;
}

void gen_learn(Gen *x, Known *known, const Ix *ix, uint32_t n) {
  if (x->k->open.n != x->depth) return;                /* it would not be there any more behind the bracket */
  memcpy(known->ix, ix, n * sizeof *ix);
  vec_push(x->arena, &x->known, *known);
}

/* --- one number of a transform --------------------------------------------------------------------------------- */
static Ref term(Gen *x, double c, Ref v, Ref sum) {
  Kernel *k = x->k;
  if (!sum) return c == 1 ? v : l_op2(k, L_FMUL, l_const(k, x->real, c), v);
  if (c == 1) return l_op2(k, L_FADD, sum, v);
  return l_op3(k, L_FMA, l_const(k, x->real, c), v, sum);
}

Ref gen_transform_at(Gen *x, Val v, const Ix *ix) {
  const Graph *g = x->g;
  const Node *n = node(g, v);
  Transform t;
  if (!transform_of(g, v, &t)) return 0;
  const uint8_t *labels = n->labels->of[t.x], *out = n->labels->out;
  const Shape *xs = shape(g, n->arg[t.x]);
  Ix from[COORDS_MOST];
  Ref row = 0;
  uint32_t summed = 0;
  for (uint8_t a = 0; a < n->shape.rank; a++)
    if (out[a] == n->labels->of[t.table][t.stays]) row = ix[gen_first_coord(g, &n->shape, a)].at;
  if (!literal(x->k, row)) return 0;
  for (uint8_t a = 0; a < xs->rank; a++) {
    uint32_t to = gen_first_coord(g, xs, a), next = gen_first_coord(g, xs, (uint8_t)(a + 1));
    if (labels[a] == n->labels->of[t.table][t.summed]) { summed = to; continue; }
    for (uint8_t b = 0; b < n->shape.rank; b++)
      if (out[b] == labels[a])
        for (uint32_t at = gen_first_coord(g, &n->shape, b); to < next; at++) from[to++] = ix[at];
  }
  const ConstTable *table = &g->table.at[node(g, n->arg[t.table])->number];
  int64_t index = x->k->ins.at[row].imm;
  uint32_t first = UINT32_MAX;                         /* a factor 1, which needs no multiplication */
  for (uint32_t e = 0; e < table->n; e++)
    if (table->nz[e].i[t.stays] == index && table->nz[e].v == 1 && first == UINT32_MAX) first = e;
  Ref sum = 0;
  for (uint32_t pass = first == UINT32_MAX; pass < 2; pass++)
    for (uint32_t e = 0; e < table->n; e++) {
      const Nz *z = &table->nz[e];
      if (z->i[t.stays] != index || (pass == 0) != (e == first)) continue;
      from[summed] = ix_of(l_int(x->k, z->i[t.summed]));
      sum = term(x, z->v, gen_read(x, n->arg[t.x], from), sum);
    }
  return sum ? sum : l_const(x->k, x->real, 0);
}

/* --- whole values ------------------------------------------------------------------------------------------------ */
/* Axes of v that are table axes, of it and of transforms below it that are in memory nowhere. */
static uint32_t written_axes(const Gen *x, Val v, uint32_t depth) {
  const Graph *g = x->g;
  const Node *n = node(g, v);
  Transform t;
  if (depth == DEPTH_MOST || (depth && x->loc[v].sort != LOC_NONE) || !transform_of(g, v, &t)) return 0;
  uint32_t axes = 0, below = written_axes(x, n->arg[t.x], depth + 1);
  for (uint8_t a = 0; a < n->shape.rank; a++) {
    if (n->labels->out[a] == n->labels->of[t.table][t.stays]) axes |= 1u << a;
    for (uint8_t b = 0; b < shape(g, n->arg[t.x])->rank; b++)
      if (below >> b & 1 && n->labels->of[t.x][b] == n->labels->out[a]) axes |= 1u << a;
  }
  return axes;
}

typedef struct Body {
  const Nest *nest;
  const Shape *walk;                /* of the values that are run through: v's, or of a tiling those of its windows */
  uint32_t axes;                    /* of them written out                                          */
} Body;

/* One number: of v itself, or of the place of a window. */
static void write_one(Gen *x, const Body *b, const Ix *ix) {
  Kernel *k = x->k;
  const Nest *nest = b->nest;
  const Node *n = node(x->g, nest->v);
  if (n->op != OP_fold) {
    gen_store(x, &nest->to, &n->shape, ix, gen_compute(x, nest->v, ix));
    return;
  }
  const View *w = n->view;
  const Dom *d = &x->g->dom.at[n->shape.axis[w->axis].what], *rows = &x->g->dom.at[w->dom];
  uint32_t dims = d->ndim == 2 ? 2 : 1, at = gen_first_coord(x->g, &n->shape, w->axis), coords = gen_coords(x->g,
      &n->shape, NULL);
  Ref value = gen_read(x, n->arg[0], ix), inside = 0, mask = x->mask;
  Ix to[COORDS_MOST];
  for (uint32_t i = 0; i < at; i++) to[i] = ix[i];
  for (uint32_t i = 0; i < dims; i++) {
    Ix row = ix_whole(x, ix[at + i]);
    to[at + i] = (Ix){ .at = l_add(k, l_muli(k, row.at, w->d[i].row), ix[at + dims + i].at),
        .lane = row.lane * w->d[i].row };
    if (extent(rows, i, dims) * w->d[i].row == extent(d, i, dims)) continue;
    Ref in = l_op2(k, L_ILT, ix_ref(x, to[at + i]), l_int(k, extent(d, i, dims)));
    inside = inside ? l_op2(k, L_AND, inside, in) : in;
  }
  for (uint32_t i = at + dims; i < coords; i++) to[i] = ix[i + dims];
  bool jump = inside && !l_vary(k, inside);
  if (jump) l_if(k, inside);
  else if (inside) x->mask = mask ? l_op2(k, L_AND, mask, inside) : inside;
  gen_store(x, &nest->to, &n->shape, to, value);
  if (jump) l_end(k);
  x->mask = mask;
}

static void write_all(Gen *x, const Ix *ix, void *context) {
  const Body *b = context;
  Coord c[COORDS_MOST];
  uint32_t n = gen_coords(x->g, b->walk, c), q = 0;
  int64_t count = 1;
  for (uint32_t i = 0; i < n; i++)
    if (b->axes >> c[i].axis & 1) count *= c[i].n;
  x->zero = l_int(x->k, 0);
  x->writes = true;
  x->depth = x->k->open.n;
  x->known.n = 0;
  for (int64_t e = 0; e < count; e++) {
    Ix full[COORDS_MOST];
    int64_t rest = e, inner = count;
    q = 0;
    for (uint32_t i = 0; i < n; i++) {
      if (!(b->axes >> c[i].axis & 1)) { full[i] = ix[q++]; continue; }
      inner /= c[i].n;
      full[i] = ix_of(l_int(x->k, rest / inner));
      rest %= inner;
    }
    write_one(x, b, full);
  }
  x->writes = false;
}

bool gen_transform(Gen *x, const Nest *nest) {
  const Node *n = node(x->g, nest->v);
  Body b = { .nest = nest, .walk = &n->shape };
  uint32_t share = nest->share;
  if (gen_tiles(x->g, nest->v)) {
    b.walk = shape(x->g, n->arg[0]);
    b.axes = 2u << n->view->axis;
    if (nest->high && share) return false;             /* shares of pixels are no tiles */
  } else {
    b.axes = written_axes(x, nest->v, 0);
  }
  if (!b.axes || nest->add) return false;
  Coord c[COORDS_MOST];
  uint32_t coords = gen_coords(x->g, b.walk, c), before = 0;
  for (uint32_t i = 0; i < coords; i++) {
    if (!(b.axes >> c[i].axis & 1)) continue;
    if (nest->high && i == share) return false;
    before += i < share;
  }
  Shape rest = { .number = b.walk->number };
  for (uint8_t a = 0; a < b.walk->rank; a++)
    if (!(b.axes >> a & 1)) rest.axis[rest.rank++] = b.walk->axis[a];
  gen_each(x, &rest, share - before, nest->low, nest->high, true, write_all, &b);
  return true;
}
