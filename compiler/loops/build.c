/* build.c: making Kernels, one instruction at a time.
 *
 * Integers are folded, so that stages may add offsets freely; everything else is left as written, because the
 * order of floating point operations is part of the meaning. Misuse (bases that do not fit) is our own bug and
 * asserted here; loops_verify checks the same of kernels that were read from text. */
#include "loops/loops.h"

Kernel *kernel_open(Arena *arena, Str name, int lanes, int warps, int slots, uint32_t nsizes) {
  Kernel *k = arena_one(arena, Kernel);
  *k = (Kernel){ .arena = arena, .name = name, .lanes = lanes, .warps = warps, .slots = slots, .nsizes = nsizes };
  vec_push(arena, &k->ins, (Ins){ .op = L_NONE });
  return k;
}

int kernel_global(Kernel *k, Str name, Base base, bool out, SizeExpr elems) {
  vec_push(k->arena, &k->buf, (Buf){ .name = name, .base = (uint8_t)base, .scope = SCOPE_GLOBAL, .out = out,
      .elems = elems });
  return (int)k->buf.n - 1;
}


int kernel_local(Kernel *k, Str name, Base base, Scope scope, int64_t elems, int64_t at) {
  assert(scope != SCOPE_GLOBAL && at % 64 == 0);
  vec_push(k->arena, &k->buf, (Buf){ .name = name, .base = (uint8_t)base, .scope = (uint8_t)scope, .out = true,
      .elems = { .c = elems }, .at = at });
  int64_t end = (at + elems * base_bytes(base) + 63) / 64 * 64;
  if (end > k->slab) k->slab = end;
  return (int)k->buf.n - 1;
}

int kernel_var(Kernel *k, Base base, bool vary) {
  vec_push(k->arena, &k->var, (LVar){ (uint8_t)base, vary });
  return (int)k->var.n - 1;
}

static Ref add(Kernel *k, Ins x) {
  vec_push(k->arena, &k->ins, x);
  return (Ref)k->ins.n - 1;
}
static const Ins *at(const Kernel *k, Ref a) {
  assert(a > 0 && (uint32_t)a < k->ins.n);
  return &k->ins.at[a];
}
Base l_base(const Kernel *k, Ref a) { return (Base)at(k, a)->base; }
bool l_vary(const Kernel *k, Ref a) { return at(k, a)->vary; }
static bool whole(Base b) { return b == BASE_I32 || b == BASE_I64; }
static bool literal(const Kernel *k, Ref a) { return at(k, a)->op == L_ICONST && at(k, a)->base == BASE_I64; }

Ref l_const(Kernel *k, Base base, double x) {
  assert(base == BASE_F32 || base == BASE_F64);
  return add(k, (Ins){ .op = L_CONST, .base = (uint8_t)base, .f = base == BASE_F32 ? (float)x : x });
}
Ref l_int(Kernel *k, int64_t i) { return add(k, (Ins){ .op = L_ICONST, .base = BASE_I64, .imm = i }); }
Ref l_i32(Kernel *k, int32_t i) { return add(k, (Ins){ .op = L_ICONST, .base = BASE_I32, .imm = i }); }
Ref l_size(Kernel *k, uint32_t which) {
  assert(which < k->nsizes);
  return add(k, (Ins){ .op = L_SIZE, .base = BASE_I64, .buf = (int32_t)which });
}
Ref l_lane(Kernel *k) { return add(k, (Ins){ .op = L_LANE, .base = BASE_I64, .vary = 1 }); }

Ref l_op1(Kernel *k, LoopsOp op, Ref a) {
  bool sums = op == L_RSUM || op == L_RMAX;
  return add(k, (Ins){ .op = (uint8_t)op, .base = at(k, a)->base, .vary = !sums && at(k, a)->vary, .a = { a } });
}

static bool fold(LoopsOp op, int64_t p, int64_t q, int64_t *r) {
  switch (op) {
  case L_IADD: return !__builtin_add_overflow(p, q, r);
  case L_ISUB: return !__builtin_sub_overflow(p, q, r);
  case L_IMUL: return !__builtin_mul_overflow(p, q, r);
  case L_IMIN: *r = p < q ? p : q; return true;
  case L_IMAX: *r = p > q ? p : q; return true;
  case L_IDIV: if (q <= 0) return false; *r = p / q; return true;
  case L_IMOD: if (q <= 0) return false; *r = p % q; return true;
  default: return false;
  }
}

Ref l_op2(Kernel *k, LoopsOp op, Ref a, Ref b) {
  assert(at(k, a)->base == at(k, b)->base || op == L_SCALE2);
  int64_t r;
  if (literal(k, a) && literal(k, b) && fold(op, at(k, a)->imm, at(k, b)->imm, &r)) return l_int(k, r);
  bool compares = op == L_ILT || op == L_IEQ || op == L_FLT || op == L_FLE || op == L_FEQ;
  return add(k, (Ins){ .op = (uint8_t)op, .base = compares ? BASE_I1 : at(k, a)->base, .vary = at(k, a)->vary | at(k,
      b)->vary, .a = { a, b } });
}

Ref l_op3(Kernel *k, LoopsOp op, Ref a, Ref b, Ref c) {
  return add(k, (Ins){ .op = (uint8_t)op, .base = op == L_SELECT ? at(k, b)->base : at(k, a)->base,
                       .vary = at(k, a)->vary | at(k, b)->vary | at(k, c)->vary, .a = { a, b, c } });
}

Ref l_cvt(Kernel *k, Base to, Ref a) {
  Base from = l_base(k, a);
  if (from == to) return a;
  LoopsOp op = whole(from) == whole(to) && from != BASE_I1 ? L_CVT : whole(from) || from == BASE_I1 ? L_ITOF : L_FTOI;
  return add(k, (Ins){ .op = (uint8_t)op, .base = (uint8_t)to, .vary = at(k, a)->vary, .a = { a } });
}

Ref l_add(Kernel *k, Ref a, Ref b) {
  if (literal(k, a) && at(k, a)->imm == 0) return b;
  if (literal(k, b) && at(k, b)->imm == 0) return a;
  return l_op2(k, L_IADD, a, b);
}
Ref l_addi(Kernel *k, Ref a, int64_t b) { return b ? l_add(k, a, l_int(k, b)) : a; }
Ref l_muli(Kernel *k, Ref a, int64_t b) { return b == 1 ? a : b == 0 ? l_int(k, 0) : l_op2(k, L_IMUL, a, l_int(k, b)); }

Ref l_load(Kernel *k, int buf, Ref index, int64_t offset, int lstride, Ref mask) {
  Base base = (Base)k->buf.at[buf].base;
  if (base == BASE_I32) base = BASE_I64;
  bool vary = at(k, index)->vary || lstride != 0;
  return add(k, (Ins){ .op = L_LOAD, .base = (uint8_t)base, .vary = vary, .buf = buf, .a = { index, mask },
      .lstride = lstride, .imm = offset });
}

void l_store(Kernel *k, int buf, Ref index, int64_t offset, int lstride, Ref value, Ref mask) {
  assert(k->buf.at[buf].out);
  bool vary = at(k, index)->vary || lstride != 0;
  add(k, (Ins){ .op = L_STORE, .base = at(k, value)->base, .vary = vary, .buf = buf, .a = { index, value, mask },
      .lstride = lstride, .imm = offset });
}

Ref l_lxor(Kernel *k, Ref a, int h) { return add(k, (Ins){ .op = L_LXOR, .base = at(k, a)->base, .vary = 1, .a = { a },
    .imm = h }); }
Ref l_get(Kernel *k, int var) {
  return add(k, (Ins){ .op = L_GET, .base = k->var.at[var].base, .vary = k->var.at[var].vary, .buf = var });
}
void l_set(Kernel *k, int var, Ref value) {
  assert(k->var.at[var].base == at(k, value)->base);
  add(k, (Ins){ .op = L_SET, .base = k->var.at[var].base, .vary = k->var.at[var].vary, .buf = var, .a = { value } });
}

static void open_bracket(Kernel *k, Ref r) { vec_push(k->arena, &k->open, r); }
Ref l_for(Kernel *k, ForKind kind, Ref low, Ref high, int64_t step) {
  Ref r = add(k, (Ins){ .op = L_FOR, .base = BASE_I64, .kind = (uint8_t)kind, .a = { low, high }, .imm = step });
  open_bracket(k, r);
  return r;
}
void l_if(Kernel *k, Ref condition) { open_bracket(k, add(k, (Ins){ .op = L_IF, .a = { condition } })); }
void l_end(Kernel *k) {
  assert(k->open.n);
  Ref r = k->open.at[--k->open.n];
  add(k, (Ins){ .op = L_END, .a = { r } });
}
void l_bar(Kernel *k) { add(k, (Ins){ .op = L_BAR }); }
