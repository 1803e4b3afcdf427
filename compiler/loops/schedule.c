/* schedule.c: kernels, the workspace, and the plain plan.
 *
 * Plain: every value that something reads has a buffer and a kernel of its own, in order; the outermost coordinate is
 * shared out over the slots. It lowers anything, and the audit holds the fused plan against it. Buffers of the
 * workspace are placed by lifetime, counted in kernels: largest first, at the lowest place that is free while they
 * live. Each symbol of the sizes (b, n, ...) has a stretch of its own, so offsets are linear in the sizes. */
#include "loops/schedule.h"

Gen schedule_kernel(Schedule *s, Str name, Ref *slot) {
  Gen x = { .arena = s->arena, .g = s->g, .code = s->code, .real = s->code->real, .loc = s->loc };
  x.k = kernel_open(s->arena, name, s->lanes, s->target->warps, s->code->slots, s->g->symbol.n);
  *slot = l_for(x.k, FOR_GRID, l_int(x.k, 0), l_int(x.k, s->code->slots), 1);
  return x;
}

static void live(Schedule *s, uint32_t entry, uint32_t kernel) {
  if (entry >= s->nlife) {
    uint32_t n = s->code->buf.n + 64;
    uint32_t *first = arena_array(s->arena, uint32_t, n), *last = arena_array(s->arena, uint32_t, n);
    for (uint32_t i = 0; i < n; i++) {
      first[i] = i < s->nlife ? s->first[i] : UINT32_MAX;
      last[i] = i < s->nlife ? s->last[i] : 0;
    }
    s->first = first;
    s->last = last;
    s->nlife = n;
  }
  if (kernel < s->first[entry]) s->first[entry] = kernel;
  if (kernel > s->last[entry]) s->last[entry] = kernel;
}

void schedule_close(Schedule *s, Gen *x, Str what, SizeExpr flops) {
  l_end(x->k);
  uint32_t number = s->code->kernel.n;
  EntryKernel e = { .kernel = x->k, .what = what, .flops = flops };
  e.bind = arena_array(s->arena, uint32_t, x->k->buf.n + 1);
  for (uint32_t i = 0; i < x->k->buf.n; i++)
    if (x->k->buf.at[i].scope == SCOPE_GLOBAL) {
      e.bind[i] = x->bind[i];
      live(s, x->bind[i], number);
      const EntryBuf *b = &s->code->buf.at[x->bind[i]];
      for (int z = 0; z < 8; z++) e.bytes.k[z] += b->elems.k[z] * base_bytes(b->base);
      e.bytes.c += b->elems.c * base_bytes(b->base);
    }
  if (x->k->slab > s->code->slab) s->code->slab = x->k->slab;
  vec_push(s->arena, &s->code->kernel, e);
}

void schedule_share(Gen *x, Ref slot, Ref n, int64_t unit, Ref *low, Ref *high) {
  Kernel *k = x->k;
  Ref slots = l_int(k, x->code->slots), units = n;
  if (unit > 1) units = l_op2(k, L_IDIV, l_addi(k, n, unit - 1), l_int(k, unit));
  *low = l_muli(k, l_op2(k, L_IDIV, l_op2(k, L_IMUL, slot, units), slots), unit);
  *high = l_muli(k, l_op2(k, L_IDIV, l_op2(k, L_IMUL, l_addi(k, slot, 1), units), slots), unit);
  if (unit == 1) return;
  *low = l_op2(k, L_IMIN, *low, n);
  *high = l_op2(k, L_IMIN, *high, n);
}

Loc schedule_buffer(Schedule *s, Val v, const char *what) {
  const Shape *shape = &s->g->node.at[v].shape;
  Base base = shape->number == NUMBER_REAL ? s->code->real : BASE_I32;
  Str name = str_format(s->arena, "%s%u", what, v);
  uint32_t entry = code_buffer(s->code, s->arena, name, base, BUF_WORKSPACE, shape_elems(s->g, shape));
  return loc_contiguous(s->g, shape, LOC_ENTRY, entry, 0, 0);
}

Loc schedule_store_loc(Schedule *s, const Store *store) {
  return loc_argument(s->code, s->g, &s->g->node.at[store->value].shape, store->arg, store->offset, store->pitch);
}

/* --- the plain plan -------------------------------------------------------------------------------------------- */
static bool in_memory(const Node *n) {
  return n->op != OP_input && n->op != OP_param && n->op != OP_table && n->op != OP_iota;
}

/* Multiplications and additions of a contraction over rows, for one of the rows that the sizes count. */
static SizeExpr contract_flops(const Graph *g, const Node *n) {
  SizeExpr flops = { 0 };
  int64_t each = n->nargs, count = 1;
  if (n->op != OP_contract || !n->shape.rank || n->shape.axis[0].n >= 0) return flops;
  for (uint8_t a = 1; a < n->shape.rank; a++) count *= n->shape.axis[a].n;
  bool seen[LABELS_MOST + 1] = { 0 }, sums = false;
  for (uint8_t a = 0; a < n->shape.rank; a++) seen[n->labels->out[a]] = true;
  for (uint8_t i = 0; i < n->nargs; i++) {
    const Shape *x = &g->node.at[n->arg[i]].shape;
    for (uint8_t a = 0; a < x->rank; a++) {
      uint8_t label = n->labels->of[i][a];
      if (seen[label] || x->axis[a].n < 0) continue;
      seen[label] = sums = true;
      each *= x->axis[a].n;
    }
  }
  flops.k[0] = count * (sums ? each : each - 1);
  return flops;
}

static Str kernel_name(Schedule *s) { return str_format(s->arena, "%.*s_k%u", STR(s->g->name), s->code->kernel.n); }

static void write_value(Schedule *s, Val v, Loc to, Str what) {
  const Node *n = &s->g->node.at[v];
  Ref slot;
  Gen x = schedule_kernel(s, kernel_name(s), &slot);
  Nest nest = { .v = v, .to = to };
  if (gen_scatters(s->g, v)) {
    if (gen_scatter_scratch(n)) nest.scratch = schedule_buffer(s, v, "scratch");
    Coord c[COORDS_MOST];
    gen_coords(s->g, &n->shape, c);
    schedule_share(&x, slot, gen_extent(&x, c[0].size), 1, &nest.low, &nest.high);
    gen_scatter(&x, &nest);
  } else if (!n->shape.rank) {
    l_if(x.k, l_op2(x.k, L_IEQ, slot, l_int(x.k, 0)));
    gen_nest(&x, &nest);
    l_end(x.k);
  } else {
    Coord c[COORDS_MOST];
    gen_coords(s->g, &n->shape, c);
    nest.share = gen_share(s->g, &n->shape);
    schedule_share(&x, slot, gen_extent(&x, c[nest.share].size), 1, &nest.low, &nest.high);
    gen_nest(&x, &nest);
  }
  schedule_close(s, &x, what, contract_flops(s->g, n));
}

static void plain(Schedule *s) {
  const Graph *g = s->g;
  bool *needed = arena_array(s->arena, bool, g->node.n), *stored = arena_array(s->arena, bool, g->node.n);
  for (uint32_t i = 0; i < g->store.n; i++) needed[g->store.at[i].value] = stored[g->store.at[i].value] = true;
  for (uint32_t v = g->node.n; v-- > 1;)
    if (needed[v])
      for (uint8_t a = 0; a < g->node.at[v].nargs; a++) needed[g->node.at[v].arg[a]] = true;
  for (uint32_t v = 1; v < g->node.n; v++) {
    const Node *n = &g->node.at[v];
    /* a stored argument may be overwritten by another store */
    if (!needed[v] || !(in_memory(n) || stored[v])) continue;
    Loc to = schedule_buffer(s, v, op_name((Op)n->op));
    write_value(s, v, to, n->path.n ? n->path : str_of(op_name((Op)n->op)));
    s->loc[v] = to;
  }
  for (uint32_t i = 0; i < g->store.n; i++) {          /* after all reads: a step overwrites what it read */
    const Store *st = &g->store.at[i];
    Ref slot;
    Gen x = schedule_kernel(s, kernel_name(s), &slot);
    Nest nest = { .v = st->value, .to = schedule_store_loc(s, st) };
    const Shape *shape = &g->node.at[st->value].shape;
    /* copying reads the value where it lies */
    if (shape->rank) {
      Coord c[COORDS_MOST];
      gen_coords(g, shape, c);
      nest.share = gen_share(g, shape);
      schedule_share(&x, slot, gen_extent(&x, c[nest.share].size), 1, &nest.low, &nest.high);
      gen_copy(&x, &nest);
    } else {
      l_if(x.k, l_op2(x.k, L_IEQ, slot, l_int(x.k, 0)));
      gen_copy(&x, &nest);
      l_end(x.k);
    }
    schedule_close(s, &x, S("store"), (SizeExpr){ 0 });
  }
}

/* --- memory ------------------------------------------------------------------------------------------------------ */
static int64_t bytes(const EntryBuf *b, int64_t n) { return (n * base_bytes(b->base) + 63) / 64 * 64; }

/* Which symbol a size grows with; 8: none. */
static int class_of(const EntryBuf *b) {
  for (int i = 0; i < 8; i++)
    if (b->elems.k[i]) return i;
  return 8;
}

void schedule_memory(Schedule *s) {
  EntryCode *code = s->code;
  uint32_t n = code->buf.n;
  live(s, n - 1, s->first ? s->first[n - 1] : 0);
  SizeExpr base = { 0 };
  uint32_t *order = arena_array(s->arena, uint32_t, n), *placed = arena_array(s->arena, uint32_t, n);
  int64_t *size = arena_array(s->arena, int64_t, n), *at = arena_array(s->arena, int64_t, n);
  for (int class = 8; class >= 0; class--) {
    uint32_t count = 0, done = 0;
    for (uint32_t i = 0; i < n; i++) {
      const EntryBuf *b = &code->buf.at[i];
      if (b->arg != BUF_WORKSPACE || class_of(b) != class || i >= s->nlife || s->first[i] == UINT32_MAX) continue;
      size[i] = bytes(b, class == 8 ? b->elems.c : b->elems.k[class]);
      uint32_t k = count++;
      while (k && size[order[k - 1]] < size[i]) { order[k] = order[k - 1]; k--; }
      order[k] = i;
    }
    int64_t total = 0;
    for (uint32_t k = 0; k < count; k++) {
      uint32_t i = order[k];
      int64_t place = 0;
      bool moved = true;
      /* above everything that lives at the same time and is in the way */
      while (moved) {
        moved = false;
        for (uint32_t j = 0; j < done; j++) {
          uint32_t o = placed[j];
          bool together = s->first[o] <= s->last[i] && s->first[i] <= s->last[o];
          if (together && place < at[o] + size[o] && at[o] < place + size[i]) { place = at[o] + size[o]; moved = true; }
        }
      }
      at[i] = place;
      placed[done++] = i;
      if (place + size[i] > total) total = place + size[i];
    }
    for (uint32_t k = 0; k < count; k++) {
      SizeExpr *e = &code->buf.at[order[k]].at;
      *e = base;
      if (class == 8) e->c += at[order[k]];
      else e->k[class] += at[order[k]];
    }
    if (class == 8) base.c += total;
    else base.k[class] += total;
  }
  code->slabs = base;
  code->slab = (code->slab + 63) / 64 * 64;
  code->workspace = base;
  code->workspace.c += code->slab * code->slots + 64;
}

static void size_comment(const Schedule *s, const SizeExpr *e) {
  out_printf(s->comments, "%ld", (long)e->c);
  for (uint32_t i = 0; i < s->g->symbol.n; i++)
    if (e->k[i]) out_printf(s->comments, " + %ld %.*s", (long)e->k[i], STR(s->g->symbol.at[i]));
}

/* The workspace beside what lives in it while each kernel runs: buffers of which something is still read, and slabs. */
static void memory_comment(const Schedule *s) {
  const EntryCode *code = s->code;
  out_printf(s->comments, "// %.*s: workspace ", STR(s->g->name));
  size_comment(s, &code->workspace);
  out_printf(s->comments, " bytes\n");
  for (uint32_t k = 0; k < code->kernel.n; k++) {
    const Kernel *kernel = code->kernel.at[k].kernel;
    SizeExpr alive = { .c = kernel->slab * code->slots };
    for (uint32_t i = 0; i < code->buf.n && i < s->nlife; i++) {
      const EntryBuf *b = &code->buf.at[i];
      if (b->arg != BUF_WORKSPACE || s->first[i] > k || s->last[i] < k) continue;
      int64_t width = base_bytes(b->base);
      alive.c += width * b->elems.c;
      for (int z = 0; z < 8; z++) alive.k[z] += width * b->elems.k[z];
    }
    out_printf(s->comments, "//   %.*s: alive ", STR(kernel->name));
    size_comment(s, &alive);
    out_printf(s->comments, " bytes\n");
  }
}

EntryCode *entry_plan(Arena *arena, const Graph *g, const Target *target, Out *comments) {
  EntryCode *code = arena_one(arena, EntryCode);
  *code = (EntryCode){ .graph = g, .real = g->f64 ? BASE_F64 : BASE_F32, .slots = target->slots };
  for (uint32_t i = 0; i < g->arg.n; i++) {
    const Arg *a = &g->arg.at[i];
    Shape s = { .rank = a->rank };
    memcpy(s.axis, a->axis, sizeof a->axis);
    Base base = a->number != NUMBER_REAL ? BASE_I32 : a->role == ARG_SUMS ? BASE_F64 : code->real;
    code_buffer(code, arena, a->name, base, (int32_t)i, shape_elems(g, &s));
  }
  Schedule s = { .arena = arena, .g = g, .target = target, .code = code, .comments = comments,
                 .lanes = g->f64 ? target->lanes64 : target->lanes32, .loc = arena_array(arena, Loc, g->node.n) };
  if (g->plain || !schedule_fused(&s)) plain(&s);
  schedule_memory(&s);
  if (comments) memory_comment(&s);
  return code;
}
