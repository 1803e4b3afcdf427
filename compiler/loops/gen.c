/* gen.c: coordinates, buffers and addresses of values. */
#include "loops/gen.h"

uint32_t gen_coords(const Graph *g, const Shape *s, Coord *out) {
  uint32_t n = 0;
  for (uint8_t a = 0; a < s->rank; a++) {
    const Axis *axis = &s->axis[a];
    const Dom *d = axis->role == ROLE_ROW ? &g->dom.at[axis->what] : NULL;
    uint32_t parts = d && d->ndim == 2 ? 2 : 1;
    for (uint32_t p = 0; p < parts; p++, n++)
      if (out) {
        Size size = parts == 2 ? (Size)d->shape[p] : axis->n;
        out[n] = (Coord){ size, size >= 0 ? size : -1, a };
      }
  }
  assert(n <= COORDS_MOST);
  return n;
}

uint32_t gen_first_coord(const Graph *g, const Shape *s, uint8_t axis) {
  Shape before = *s;
  before.rank = axis;
  return gen_coords(g, &before, NULL);
}

Ref gen_extent(Gen *x, Size n) { return n >= 0 ? l_int(x->k, n) : l_size(x->k, (uint32_t)(-n - 1)); }

uint32_t code_buffer(EntryCode *code, Arena *arena, Str name, Base base, int32_t arg, SizeExpr elems) {
  vec_push(arena, &code->buf, (EntryBuf){
    .name = name, .base = (uint8_t)base, .out = true, .arg = arg, .elems = elems });
  return code->buf.n - 1;
}

uint32_t code_constant(EntryCode *code, Arena *arena, Str name, Base base, int64_t n, const void *data) {
  size_t bytes = (size_t)(n * base_bytes(base));
  for (uint32_t i = 0; i < code->buf.n; i++) {         /* equal ones are one */
    const EntryBuf *b = &code->buf.at[i];
    if (b->arg == BUF_CONSTANT && b->base == base && b->elems.c == n && !memcmp(b->constant, data, bytes)) return i;
  }
  vec_push(arena, &code->buf, (EntryBuf){ .name = name, .base = (uint8_t)base, .arg = BUF_CONSTANT,
      .elems = { .c = n }, .constant = data });
  return code->buf.n - 1;
}

SizeExpr shape_elems(const Graph *g, const Shape *s) {
  (void)g;
  SizeExpr e = { .c = 1 };
  int64_t literal = 1;
  int32_t symbol = -1;
  for (uint8_t a = 0; a < s->rank; a++) {
    if (s->axis[a].n >= 0) literal *= s->axis[a].n;
    else if (symbol < 0) symbol = -s->axis[a].n - 1;
    else bug("a value with two sizes that are not known");
  }
  e.c = symbol < 0 ? literal : 0;
  if (symbol >= 0) e.k[symbol] = literal;
  return e;
}

Loc loc_contiguous(const Graph *g, const Shape *s, LocSort sort, uint32_t entry, int local, int64_t offset) {
  Loc l = { .sort = sort, .entry = entry, .local = local, .offset = offset };
  Coord c[COORDS_MOST];
  uint32_t n = gen_coords(g, s, c);
  int64_t step = 1;
  for (uint32_t i = n; i-- > 0;) {
    l.stride[i] = step;
    step *= c[i].n >= 0 ? c[i].n : 1;               /* a symbol stands first */
  }
  return l;
}

Loc loc_argument(const EntryCode *code, const Graph *g, const Shape *s, uint32_t arg, uint64_t offset, uint64_t pitch) {
  uint32_t entry = 0;
  while (code->buf.at[entry].arg != (int32_t)arg) entry++;             /* arguments come first */
  Loc l = loc_contiguous(g, s, LOC_ENTRY, entry, 0, (int64_t)offset);
  if (!pitch) return l;
  Coord c[COORDS_MOST];
  uint32_t n = gen_coords(g, s, c), rows = 0;
  while (rows < n && s->axis[c[rows].axis].role == ROLE_ROW) rows++;
  int64_t step = (int64_t)pitch;
  for (uint32_t i = rows; i-- > 0;) {
    l.stride[i] = step;
    step *= c[i].n >= 0 ? c[i].n : 1;
  }
  return l;
}

Base number_base(const Gen *x, uint8_t number) { return number == NUMBER_REAL ? x->real : BASE_I32; }

int gen_bind(Gen *x, uint32_t entry) {
  if (entry >= x->nbound) {
    uint32_t n = x->code->buf.n + 16;
    int *bound = arena_array(x->arena, int, n);
    for (uint32_t i = 0; i < n; i++) bound[i] = i < x->nbound ? x->bound[i] : -1;
    x->bound = bound;
    x->nbound = n;
  }
  if (x->bound[entry] >= 0) return x->bound[entry];
  const EntryBuf *b = &x->code->buf.at[entry];
  int k = kernel_global(x->k, b->name, (Base)b->base, b->arg != BUF_CONSTANT, b->elems);
  uint32_t *bind = arena_array(x->arena, uint32_t, (uint32_t)k + 1);
  for (uint32_t i = 0; i < x->nbind; i++) bind[i] = x->bind[i];
  bind[k] = entry;
  x->bind = bind;
  x->nbind = (uint32_t)k + 1;
  return x->bound[entry] = k;
}

/* --- indices -------------------------------------------------------------------------------------------- */
Ix ix_of(Ref at) { return (Ix){ .at = at }; }

Ix ix_whole(Gen *x, Ix ix) {
  if (ix.part == IX_WHOLE) return ix;
  Kernel *k = x->k;
  Ref low = l_int(k, x->low);
  bool whole_vectors = x->flat.lane && x->low % k->lanes == 0;      /* a vector lies within one component */
  if (whole_vectors || !x->flat.lane) {
    LoopsOp op = ix.part == IX_HIGH ? L_IDIV : L_IMOD;
    return (Ix){ .at = l_op2(k, op, x->flat.at, low), .lane = ix.part == IX_LOW ? x->flat.lane : 0,
                 .aligned = whole_vectors && x->flat.aligned };
  }
  Ref f = l_op2(k, L_IADD, x->flat.at, l_lane(k));
  return (Ix){ .at = l_op2(k, ix.part == IX_HIGH ? L_IDIV : L_IMOD, f, low) };
}

Ref ix_ref(Gen *x, Ix ix) {
  ix = ix_whole(x, ix);
  if (!ix.lane) return ix.at;
  Ref lane = ix.lane == 1 ? l_lane(x->k) : l_op2(x->k, L_IMUL, l_lane(x->k), l_int(x->k, ix.lane));
  return l_op2(x->k, L_IADD, ix.at, lane);
}

/* --- addresses -------------------------------------------------------------------------------------------- */
typedef struct Address { Ref at; int64_t offset; int32_t lane; } Address;

static Address plain_address(Gen *x, const Loc *loc, const Shape *s, const Ix *ix) {
  Coord c[COORDS_MOST];
  uint32_t n = gen_coords(x->g, s, c);
  Address a = { .at = 0, .offset = loc->offset };
  Kernel *k = x->k;
  for (uint32_t i = 0; i < n; i++) {
    Ix at = ix[i];
    int64_t stride = loc->stride[i];
    if (at.part == IX_HIGH && i + 1 < n && ix[i + 1].part == IX_LOW && loc->stride[i] == x->low * loc->stride[i + 1]) {
      at = x->flat;                                   /* both parts, side by side: the flat coordinate itself */
      stride = loc->stride[++i];
    } else if (at.part == IX_LOW && loc->repeat && x->flat.lane == 1) {
      /* copies that repeat within a vector: the position of its first lane, which is a multiple of the lanes */
      Ref first = k->lanes % x->low == 0 ? l_int(k, 0) : l_op2(k, L_IMOD, x->flat.at, l_int(k, x->low));
      at = (Ix){ .at = first, .lane = 1 };
    } else {
      at = ix_whole(x, at);
    }
    if (!stride || c[i].n == 1) continue;
    Ref place = at.at;
    if (i == 0 && loc->chunk && x->first) place = l_op2(k, L_ISUB, place, x->first);
    place = l_muli(k, place, stride);
    a.at = a.at ? l_add(k, a.at, place) : place;
    a.lane += at.lane * (int32_t)stride;
  }
  if (!a.at) a.at = l_int(k, 0);
  return a;
}

/* Where a transform is written out: literal indices are part of the offset, and what is left is one place for all of
 * them. */
static Address address(Gen *x, const Loc *loc, const Shape *s, const Ix *ix) {
  if (!x->writes) return plain_address(x, loc, s, ix);
  Ix moving[COORDS_MOST];
  uint32_t n = gen_coords(x->g, s, NULL);
  int64_t offset = loc->offset;
  for (uint32_t i = 0; i < n; i++) {
    moving[i] = ix[i];
    bool literal = !ix[i].part && !ix[i].lane && x->k->ins.at[ix[i].at].op == L_ICONST && !(i == 0 && loc->chunk);
    if (!literal) continue;
    offset += x->k->ins.at[ix[i].at].imm * loc->stride[i];
    moving[i].at = x->zero;
  }
  const Known *known = gen_known(x, 0, loc, moving, n);
  if (known) return (Address){ known->r, offset, known->lane };
  Address a = plain_address(x, loc, s, moving);
  gen_learn(x, &(Known){ .loc = *loc, .r = a.at, .lane = a.lane }, moving, n);
  a.offset = offset;
  return a;
}

static int buffer(Gen *x, const Loc *loc) { return loc->sort == LOC_ENTRY ? gen_bind(x, loc->entry) : loc->local; }

/* Flags lie in memory as i32. */
static Ref from_memory(Gen *x, uint8_t number, Ref r) {
  if (number == NUMBER_REAL) return l_cvt(x->k, x->real, r);
  return number == NUMBER_FLAG ? l_op1(x->k, L_NOT, l_op2(x->k, L_IEQ, r, l_int(x->k, 0))) : r;
}

Ref gen_load(Gen *x, const Loc *loc, const Shape *s, const Ix *ix) {
  Address a = address(x, loc, s, ix);
  bool vary = a.lane || l_vary(x->k, a.at);
  Ref mask = vary ? x->mask : 0;
  if (!loc->parts) return from_memory(x, s->number, l_load(x->k, buffer(x, loc), a.at, a.offset, a.lane, mask));
  /* partial sums of the slots, in their order */
  int sum = kernel_var(x->k, x->real, vary), b = buffer(x, loc);
  l_set(x->k, sum, l_const(x->k, x->real, 0));
  Ref p = l_for(x->k, FOR_SEQ, l_int(x->k, 0), l_int(x->k, loc->parts), 1);
  Ref at = l_add(x->k, a.at, l_muli(x->k, p, loc->part_stride));
  l_set(x->k, sum, l_op2(x->k, L_FADD, l_get(x->k, sum), l_load(x->k, b, at, a.offset, a.lane, mask)));
  l_end(x->k);
  return l_get(x->k, sum);
}

void gen_store(Gen *x, const Loc *loc, const Shape *s, const Ix *ix, Ref value) {
  Address a = address(x, loc, s, ix);
  Kernel *k = x->k;
  bool vary = a.lane || l_vary(k, a.at);
  int b = buffer(x, loc);
  if (l_base(k, value) == BASE_I1) value = l_op3(k, L_SELECT, value, l_int(k, 1), l_int(k, 0));
  Base to = (Base)k->buf.at[b].base;
  if (to == BASE_I32) { if (l_base(k, value) != BASE_I64 && l_base(k, value) != BASE_I32) value = l_cvt(k, BASE_I64,
      value); }
  else value = l_cvt(k, to, value);
  l_store(k, b, a.at, a.offset, a.lane, value, vary ? x->mask : 0);
}
