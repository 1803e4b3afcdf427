/* fuse_once.c: one kernel: what has no rows, then the rows; and the last kernel, of the stores.
 *
 * Values without rows: small ones by each slot for itself, large ones, sums of large ones and results at an index in
 * shares, panels of gemms. Stores that overwrite weights and moments are grouped so that every group reads and writes
 * its own numbers only, element by element: it may run in place. */
#include "loops/fuse.h"

static bool state(ArgRole r) { return r == ARG_PARAM || r == ARG_MOMENT || r == ARG_AVERAGE; }

/* --- values without rows ------------------------------------------------------------------------------------- */
/* Small values that something of this level reads directly: computed by each slot into its slab. */
/* Copies alone, which lanes run through several times a vector where components stand in front of them. */
static bool repeats(const Level *l, Val v) {
  const Shape *s = &node(l->f, v)->shape;
  return s->rank == 1 && s->number == NUMBER_REAL && s->axis[0].role == ROLE_MUL && s->axis[0].n > 1 &&
      s->axis[0].n % l->x.k->lanes;
}

static void need_small(Level *l, Val v, bool *want) {
  Fuse *f = l->f;
  const Node *n = node(f, v);
  for (uint8_t i = 0; i < n->nargs; i++) {
    Val a = n->arg[i];
    if (f->gemm[v].is && a == operand(f, v, 1) && !has_rows(f, a)) continue;   /* read from its panel */
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
  if (n >= k->lanes) {
    l_store(k, loc->local, l_int(k, 0), n, 1, l_load(k, loc->local, l_int(k, 0), 0, 1, 0), 0);
  } else {
    Ref i = l_for(k, FOR_SEQ, l_int(k, 0), l_int(k, k->lanes), 1);
    l_store(k, loc->local, i, n, 0, l_load(k, loc->local, l_op2(k, L_IMOD, i, l_int(k, n)), 0, 0, 0), 0);
    l_end(k);
  }
  loc->repeat = true;
}

static void prologue(Level *l, bool *want) {
  Fuse *f = l->f;
  for (Val v = f->g->node.n; v-- > 1;)                  /* what small values read in turn */
    if (want[v] && f->sort[v] == SORT_SMALL) need_small(l, v, want);
  for (Val v = 1; v < f->g->node.n; v++) {
    if (!want[v]) continue;
    int64_t n = numbers(f, v);
    Loc to = loc_contiguous(f->g, &node(f, v)->shape, LOC_LOCAL, 0, level_local(l, v, n + (repeats(l, v)
        ? l->x.k->lanes : 0)), 0);
    Nest nest = { .v = v, .to = to };
    l_bar(l->x.k);
    if (f->sort[v] == SORT_SUM || f->sort[v] == SORT_LEAF) gen_copy(&l->x, &nest);     /* a sum: adds the partials up */
    else gen_nest(&l->x, &nest);
    if (repeats(l, v)) repeat(l, &to, n);
    l->x.loc[v] = to;
  }
}

/* A large gemm over all samples: its rows (M) are shared out. */
static void emit_late(Level *l, Val v, const Loc *to) {
  Level all = *l;
  all.first = 0;
  all.count = l_size(l->x.k, root_symbol(l->f, root(l->f, operand(l->f, v, 0))));
  Gemm g = level_gemm_of(&all, v, to, false);
  l->x = all.x;                                        /* with the buffers that were bound */
  uint32_t most = 0;
  for (uint32_t i = 0; i < g.nm; i++) if (g.m[i].n > g.m[most].n) most = i;
  Ref low, high;
  schedule_share(&l->x, l->slot, l_int(l->x.k, g.m[most].n), 1, &low, &high);
  g.a.at = g.a.at ? l_add(l->x.k, g.a.at, l_muli(l->x.k, low, g.m[most].a)) : l_muli(l->x.k, low, g.m[most].a);
  g.c.at = g.c.at ? l_add(l->x.k, g.c.at, l_muli(l->x.k, low, g.m[most].c)) : l_muli(l->x.k, low, g.m[most].c);
  g.m[most].size = l_op2(l->x.k, L_ISUB, high, low);
  g.m[most].n = -1;
  gen_gemm(&l->x, &g, l->f->s->target);
}

/* At an index: each slot has a share of the rows of the result. */
static void emit_scatter(Level *l, Val v) {
  Fuse *f = l->f;
  const Shape *s = &node(f, v)->shape;
  Coord c[COORDS_MOST];
  gen_coords(f->g, s, c);
  Nest nest = { .v = v, .to = f->s->loc[v], .scratch = f->scratch[v] };
  schedule_share(&l->x, l->slot, gen_extent(&l->x, c[0].size), 1, &nest.low, &nest.high);
  gen_scatter(&l->x, &nest);
}

static void once(Level *l, uint32_t level) {
  Fuse *f = l->f;
  Kernel *k = l->x.k;
  for (Val v = 1; v < f->g->node.n; v++) {
    if (!once_here(f, v, level)) continue;
    const Node *n = node(f, v);
    if (f->late[v]) { emit_late(l, v, &f->s->loc[v]); continue; }
    if (f->sort[v] == SORT_SCATTER) { emit_scatter(l, v); continue; }
    if (f->sort[v] == SORT_LARGE) {
      Nest nest = { .v = v, .to = f->s->loc[v], .share = gen_share(f->g, &n->shape) };
      Coord c[COORDS_MOST];
      gen_coords(f->g, &n->shape, c);
      schedule_share(&l->x, l->slot, l_int(k, c[nest.share].n), 1, &nest.low, &nest.high);
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
    Loc to = loc_contiguous(f->g, &n->shape, LOC_LOCAL, 0, level_local(l, v, numbers(f, v)), 0);
    l->x.part_label = label;
    l->x.part_coord = part;
    schedule_share(&l->x, l->slot, l_int(k, longest), 1, &l->x.part_low, &l->x.part_high);
    Nest nest = { .v = v, .to = to };
    gen_nest(&l->x, &nest);
    l->x.part_label = 0;
    l_bar(k);
    Loc own = l->x.loc[v];
    l->x.loc[v] = to;
    level_flush(l, v, &partial);
    l->x.loc[v] = own;
  }
  for (Val v = 1; v < f->g->node.n; v++) {
    if (!total_here(f, v, level)) continue;
    Nest nest = { .v = v, .to = f->total_at[v], .share = gen_share(f->g, &node(f, v)->shape) };
    Coord c[COORDS_MOST];
    gen_coords(f->g, &node(f, v)->shape, c);
    schedule_share(&l->x, l->slot, l_int(k, c[nest.share].n), 1, &nest.low, &nest.high);
    gen_copy(&l->x, &nest);
  }
  /* panels of gemms whose B has this level */
  for (Val v = 1; v < f->g->node.n; v++) {
    if (!f->needed[v] || !f->gemm[v].copied) continue;
    Val b = operand(f, v, 1);
    if (f->level[b] != level) continue;
    Nest nest = { .v = b, .to = f->gemm[v].panel, .share = gen_share(f->g, &node(f, b)->shape) };
    Coord c[COORDS_MOST];
    gen_coords(f->g, &node(f, b)->shape, c);
    schedule_share(&l->x, l->slot, l_int(k, c[nest.share].n), 1, &nest.low, &nest.high);
    gen_nest(&l->x, &nest);
  }
}

static Level open_level(Fuse *f, const char *suffix, uint32_t number, uint32_t level) {
  Schedule *s = f->s;
  Level l = { .f = f };
  l.x = schedule_kernel(s, str_format(s->arena, "%.*s_%s%u", STR(s->g->name), suffix, number), &l.slot);
  l.x.loc = arena_array(s->arena, Loc, s->g->node.n);
  memcpy(l.x.loc, s->loc, s->g->node.n * sizeof *s->loc);
  for (Val v = 1; v < s->g->node.n; v++)
    if (f->total[v] && f->level[v] + 2 <= level) l.x.loc[v] = f->total_at[v];
  return l;
}

static void describe(Fuse *f, uint32_t level, Str *what, SizeExpr *flops) {
  Out out = { .arena = f->s->arena };
  Str last = { 0 };
  for (Val v = 1; v < f->g->node.n; v++) {
    bool here = (f->active[v] && (f->kept[v] ? f->level[v] == level : f->gemm[v].is)) || row_sum_here(f, v, level) ||
        once_here(f, v, level);
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

/* What the kernel keeps for later ones, and the sums that it leaves, in numbers. */
static void comment(const Fuse *f, uint32_t level, const Level *l, Str what, SizeExpr flops) {
  Out *o = f->s->comments;
  out_printf(o, "// %.*s_%u: %.*s\n//   %ld flop a row, slab %ld bytes\n", STR(f->g->name), level, STR(what),
      (long)flops.k[0], (long)l->x.k->slab);
  for (Val v = 1; v < f->g->node.n; v++) {
    const char *how = f->active[v] && f->kept[v] && f->level[v] == level ? "keeps" : row_sum_here(f, v, level) ? "sums"
                    : once_here(f, v, level) ? "once" : NULL;
    if (!how) continue;
    out_printf(o, "//   %-5s %%%u %s ", how, v, op_name((Op)node(f, v)->op));
    shape_text(f->g, &node(f, v)->shape, o);
    out_printf(o, " %.*s%s\n", STR(node(f, v)->path), f->gemm[v].is ? ", gemm" : "");
  }
}

void level_emit(Fuse *f, uint32_t level) {
  fuse_activate(f, level, false);
  bool any = false;
  bool *want = arena_array(f->s->arena, bool, f->g->node.n);
  fuse_places(f, level);
  Level l = open_level(f, "", level, level);
  for (Val v = 1; v < f->g->node.n; v++) {
    bool sum = row_sum_here(f, v, level), here = once_here(f, v, level) || total_here(f, v, level);
    if (f->needed[v] && f->gemm[v].is && !has_rows(f, operand(f, v, 1)) && f->level[operand(f, v, 1)] == level) {
      any = true;
      need_small(&l, operand(f, v, 1), want);
    }
    any |= f->active[v] || sum || here;
    if (f->active[v] || sum || here) need_small(&l, v, want);
  }
  if (!any) return;
  prologue(&l, want);
  l_bar(l.x.k);
  once(&l, level);
  for (uint16_t dom = 1; dom < f->g->dom.n; dom++) {
    bool some = false;
    for (Val v = 1; v < f->g->node.n; v++)
      some |= (f->active[v] && root(f, v) == dom) || (row_sum_here(f, v, level) && summed_root(f, v) == dom);
    if (some) level_rows(&l, level, dom);
  }
  Str what;
  SizeExpr flops = { 0 };
  describe(f, level, &what, &flops);
  if (f->s->comments) comment(f, level, &l, what, flops);
  schedule_close(f->s, &l.x, what, flops);
}

/* --- stores of values without rows --------------------------------------------------------------------------- */
/* Where a store of a moment belongs: to the weight at this offset of the first moments. */
static uint64_t home(const Fuse *f, const Store *s) {
  const Arg *a = &f->g->arg.at[s->arg];
  if (a->role != ARG_MOMENT) return s->offset;
  uint64_t half = (uint64_t)a->axis[0].n / 2;
  bool first = false;
  for (uint32_t i = 0; i < f->g->store.n; i++) {
    const Store *o = &f->g->store.at[i];
    first |= f->g->arg.at[o->arg].role == ARG_PARAM && o->offset == s->offset && shape_equal(f->g, &node(f,
        o->value)->shape, &node(f, s->value)->shape);
  }
  return first || s->offset < half ? s->offset : s->offset - half;
}

/* Is what `v` reads of the state, with nothing in memory between, overwritten only by the stores of the group? */
static bool safe(const Fuse *f, Val v, const uint32_t *group, uint32_t n) {
  const Node *x = node(f, v);
  if (f->sort[v] == SORT_SUM || f->sort[v] == SORT_LARGE || f->sort[v] == SORT_SCATTER || !f->state[v]) return true;
  if (x->op == OP_param || x->op == OP_input) {
    for (uint32_t i = 0; i < f->g->store.n; i++) {
      const Store *s = &f->g->store.at[i];
      uint64_t size = shape_count(&node(f, s->value)->shape, (int64_t[8]){ 1 }), own = shape_count(&x->shape,
          (int64_t[8]){ 1 });
      if (s->arg != x->number || s->offset >= x->offset + own || x->offset >= s->offset + size) continue;
      bool in = false;
      for (uint32_t k = 0; k < n; k++) in |= group[k] == i && s->offset == x->offset && shape_equal(f->g, &x->shape,
          &node(f, s->value)->shape);
      if (!in) return false;
    }
    return true;
  }
  if (x->op != OP_map && x->op != OP_stop) return false;       /* only element by element */
  for (uint8_t i = 0; i < x->nargs; i++) if (!safe(f, x->arg[i], group, n)) return false;
  return true;
}

uint32_t store_group(const Fuse *f, uint32_t first, const bool *done, uint32_t *group) {
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

bool stores_are_safe(Fuse *f) {
  bool *done = arena_array(f->s->arena, bool, f->g->store.n + 1);
  uint32_t group[8];
  for (uint32_t i = 0; i < f->g->store.n; i++) {
    if (done[i] || f->sort[f->g->store.at[i].value] == SORT_ROWS) continue;
    uint32_t n = store_group(f, i, done, group);
    for (uint32_t k = 0; k < n; k++) {
      done[group[k]] = true;
      if (!safe(f, f->g->store.at[group[k]].value, group, n)) return false;
    }
  }
  return true;
}

void level_stores(Fuse *f) {
  Level l = open_level(f, "store", 0, UINT32_MAX);
  Kernel *k = l.x.k;
  l.last = true;
  bool *want = arena_array(f->s->arena, bool, f->g->node.n), *done = arena_array(f->s->arena, bool,
      f->g->store.n + 1), any = false;
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
    uint32_t n = store_group(f, i, done, group);
    Nest nest[8];
    const Shape *s = &node(f, f->g->store.at[i].value)->shape;
    Ref low = 0, high = 0;
    uint32_t share = gen_share(f->g, s);
    if (s->rank) {
      Coord c[COORDS_MOST];
      gen_coords(f->g, s, c);
      schedule_share(&l.x, l.slot, gen_extent(&l.x, c[share].size), 1, &low, &high);
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

