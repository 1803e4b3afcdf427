/* verify.c: what every printer and the evaluator may rely on: rules L1 to L4 and L6 of loops.h, and indices of
 * buffers and variables in range. L5, L7 and L8 depend on data: the evaluator checks them.
 *
 * A variable is got where a set before it, in an enclosing bracket, has given it a value. A set does not reach into a
 * GRID or TEAM that sets the same variable, nor out of it: there each slot or warp has a variable of its own. */
#include "loops/loops.h"

static const struct { const char *name; uint8_t args; } ops[] = {
#define LOOPS(op, n) { #op, n },
  LOOPS_OPS(LOOPS)
#undef LOOPS
};
const char *loops_op_name(LoopsOp op) { return ops[op].name; }

static bool is_float(Base b) { return b == BASE_F32 || b == BASE_F64; }
static bool is_whole(Base b) { return b == BASE_I32 || b == BASE_I64; }

/* L6: bases of arguments and result, by op. */
static bool bases(const Kernel *k, const Ins *x, uint32_t i, Why *why) {
  Base a[3] = { BASE_I1, BASE_I1, BASE_I1 }, b = (Base)x->base;
  for (int j = 0; j < 3; j++)
    if (x->a[j] > 0) a[j] = (Base)k->ins.at[x->a[j]].base;
  bool ok = true;
  switch ((LoopsOp)x->op) {
  case L_CONST: ok = is_float(b); break;
  case L_ICONST: ok = is_whole(b); break;
  case L_SIZE: case L_LANE: ok = b == BASE_I64; break;
  case L_FADD: case L_FSUB: case L_FMUL: case L_FDIV: case L_FMIN: case L_FMAX:
    ok = is_float(b) && a[0] == b && a[1] == b;
    break;
  case L_SCALE2: ok = is_float(b) && a[0] == b && a[1] == b; break;
  case L_FMA: ok = is_float(b) && a[0] == b && a[1] == b && a[2] == b; break;
  case L_FNEG: case L_FSQRT: case L_FRINT: case L_EXPO: case L_MANT: ok = is_float(b) && a[0] == b; break;
  case L_ITOF: ok = is_float(b) && !is_float(a[0]); break;
  case L_FTOI: ok = is_whole(b) && is_float(a[0]); break;
  case L_CVT: ok = (is_float(b) && is_float(a[0])) || (is_whole(b) && is_whole(a[0])); break;
  case L_RSUM: case L_RMAX: ok = is_float(b) && a[0] == b; break;
  case L_LXOR: ok = b != BASE_I1 && a[0] == b; break;
  case L_IADD: case L_ISUB: case L_IMUL: case L_IDIV: case L_IMOD: case L_IMIN: case L_IMAX:
  case L_IAND: case L_IXOR: case L_ISHL: case L_ISHR: ok = is_whole(b) && a[0] == b && a[1] == b; break;
  case L_ILT: case L_IEQ: ok = b == BASE_I1 && is_whole(a[0]) && a[0] == a[1]; break;
  case L_FLT: case L_FLE: case L_FEQ: ok = b == BASE_I1 && is_float(a[0]) && a[0] == a[1]; break;
  case L_AND: case L_OR: ok = b == BASE_I1 && a[0] == BASE_I1 && a[1] == BASE_I1; break;
  case L_NOT: ok = b == BASE_I1 && a[0] == BASE_I1; break;
  case L_SELECT: ok = a[0] == BASE_I1 && a[1] == b && a[2] == b; break;
  case L_LOAD: case L_STORE: {
    if (x->buf < 0 || (uint32_t)x->buf >= k->buf.n) return why_no(why, CODE_NONE, "%%%u: no buffer %d", i, x->buf);
    const Buf *buf = &k->buf.at[x->buf];
    Ref mask = x->op == L_LOAD ? x->a[1] : x->a[2];
    ok = a[0] == BASE_I64 && (!mask || k->ins.at[mask].base == BASE_I1);
    if (x->op == L_LOAD) ok = ok && b == (buf->base == BASE_I32 ? BASE_I64 : buf->base) && buf->base != BASE_I1;
    else ok = ok && a[1] == b && (b == buf->base || (buf->base == BASE_I32 && b == BASE_I64)) && buf->out;
    break;
  }
  case L_GET: case L_SET:
    if (x->buf < 0 || (uint32_t)x->buf >= k->var.n) return why_no(why, CODE_NONE, "%%%u: no variable %d", i, x->buf);
    ok = b == k->var.at[x->buf].base && x->vary == k->var.at[x->buf].vary && (x->op == L_GET || a[0] == b);
    break;
  case L_FOR: ok = a[0] == BASE_I64 && a[1] == BASE_I64 && x->imm > 0 && x->kind <= FOR_TEAM; break;
  case L_IF: ok = a[0] == BASE_I1; break;
  case L_NONE: case L_END: case L_BAR: break;
  case L_OPS: ok = false; break;
  }
  return ok || why_no(why, CODE_NONE, "L6: %%%u %s has arguments of other bases", i, loops_op_name((LoopsOp)x->op));
}

/* Does the operation give a value, and is it varying? As the builder decides. */
static bool gives(const Ins *x) {
  return x->op != L_NONE && x->op != L_STORE && x->op != L_SET && x->op != L_IF && x->op != L_END && x->op != L_BAR;
}
static bool varies(const Kernel *k, const Ins *x) {
  switch ((LoopsOp)x->op) {
  case L_LANE: case L_LXOR: return true;
  case L_RSUM: case L_RMAX: return false;
  case L_GET: case L_SET: return k->var.at[x->buf].vary;
  case L_LOAD: case L_STORE: return k->ins.at[x->a[0]].vary || x->lstride;
  case L_FOR: return false;
  default: break;
  }
  bool any = false;
  for (int j = 0; j < 3; j++) any |= k->ins.at[x->a[j]].vary;
  return any && x->op != L_IF;
}

typedef struct Scan {
  const Kernel *k;
  Why *why;
  Ref *open, *last, *before;        /* last[v]: the latest SET of v that counts; before[i]: the one before SET i */
  bool *live;
  uint32_t depth;
  Ref team, grid;                   /* the open ones                                               */
  uint32_t grids;
} Scan;

static bool parallel(const Ins *o) { return o->op == L_FOR && o->kind != FOR_SEQ; }

/* What was set before does not count in a GRID or TEAM that sets it. */
static void enter(Scan *s, uint32_t o) {
  const Kernel *k = s->k;
  s->open[s->depth++] = (Ref)o;
  if (!parallel(&k->ins.at[o])) return;
  uint32_t depth = 1;
  for (uint32_t i = o + 1; i < k->ins.n && depth; i++) {
    const Ins *x = &k->ins.at[i];
    depth += x->op == L_FOR || x->op == L_IF;
    depth -= x->op == L_END;
    if (x->op == L_SET && x->buf >= 0 && (uint32_t)x->buf < k->var.n) s->last[x->buf] = 0;
  }
}

static bool leave(Scan *s, uint32_t i) {
  const Kernel *k = s->k;
  if (!s->depth) return why_no(s->why, CODE_NONE, "L1: %%%u ends nothing", i);
  Ref o = s->open[--s->depth];
  if (k->ins.at[i].a[0] != o) return why_no(s->why, CODE_NONE, "L1: %%%u ends %%%d, not %%%d", i, k->ins.at[i].a[0], o);
  if (s->team == o) s->team = 0;
  if (s->grid == o) s->grid = 0;
  for (uint32_t j = (uint32_t)o; j < i; j++) {
    s->live[j] = false;
    const Ins *x = &k->ins.at[j];
    if (x->op != L_SET) continue;
    while (s->last[x->buf] > o) s->last[x->buf] = s->before[s->last[x->buf]];
    if (parallel(&k->ins.at[o])) s->last[x->buf] = 0;
  }
  return true;
}

static bool arguments(const Scan *s, const Ins *x, uint32_t i) {
  const Kernel *k = s->k;
  const char *name = ops[x->op].name;
  if (x->base > BASE_F64 || x->vary > 1) return why_no(s->why, CODE_NONE, "L6: %%%u has no base", i);
  for (int j = 0; j < 3; j++) {
    if (x->a[j] < 0 || (x->a[j] > 0 && ((uint32_t)x->a[j] >= i || !s->live[x->a[j]])))
      return why_no(s->why, CODE_NONE, "L1: %%%u uses %%%d, which is not defined there", i, x->a[j]);
    bool must = j < ops[x->op].args && !((x->op == L_LOAD && j == 1) || (x->op == L_STORE && j == 2));
    if (must && !x->a[j]) return why_no(s->why, CODE_NONE, "L1: %%%u %s lacks an argument", i, name);
    if (x->a[j] && j >= ops[x->op].args)
      return why_no(s->why, CODE_NONE, "L1: %%%u %s has an argument too many", i, name);
    if (x->a[j] && k->ins.at[x->a[j]].vary && !x->vary && x->op != L_RSUM && x->op != L_RMAX)
      return why_no(s->why, CODE_NONE, "L2: uniform %%%u %s uses varying %%%d", i, name, x->a[j]);
  }
  return true;
}

/* Rules of single operations: where they stand, and their numbers. */
static bool stands(Scan *s, const Ins *x, uint32_t i) {
  const Kernel *k = s->k;
  switch ((LoopsOp)x->op) {
  case L_SIZE:
    return (x->buf >= 0 && (uint32_t)x->buf < k->nsizes) || why_no(s->why, CODE_NONE, "%%%u: no size %d", i, x->buf);
  case L_LXOR:
    return (x->imm >= 0 && x->imm < k->lanes) || why_no(s->why, CODE_NONE, "%%%u: no lane %ld", i, (long)x->imm);
  case L_GET:
    return s->last[x->buf] || why_no(s->why, CODE_NONE, "L1: %%%u gets variable %d, which no set has reached", i,
        x->buf);
  case L_LOAD:
    return s->grid || k->buf.at[x->buf].scope == SCOPE_GLOBAL || why_no(s->why, CODE_NONE,
        "L3: %%%u loads of a slab outside GRID", i);
  case L_STORE: return s->grid || why_no(s->why, CODE_NONE, "L3: %%%u stores outside GRID", i);
  case L_BAR: return (s->grid && !s->team) || why_no(s->why, CODE_NONE, "L4: BAR %%%u inside TEAM or outside GRID", i);
  case L_FOR:
    if (x->kind == FOR_GRID && (s->depth || s->grids++))
      return why_no(s->why, CODE_NONE, "L3: GRID %%%u is not the one outermost", i);
    if (x->kind == FOR_GRID && x->imm != 1) return why_no(s->why, CODE_NONE, "L3: GRID %%%u leaves out slots", i);
    if (x->kind == FOR_TEAM && s->team) return why_no(s->why, CODE_NONE, "L3: TEAM %%%u stands in another", i);
    if (x->kind == FOR_TEAM && !s->grid) return why_no(s->why, CODE_NONE, "L3: TEAM %%%u stands outside GRID", i);
    return true;
  default: return true;
  }
}

static bool head(const Kernel *k, Why *why) {
  if (k->lanes < 1 || k->lanes > 64 || (k->lanes & (k->lanes - 1)) || k->warps < 1 || k->warps > 32 || k->slots < 1 ||
      k->nsizes > 8)
    return why_no(why, CODE_NONE, "lanes %d, warps %d, slots %d, sizes %u", k->lanes, k->warps, k->slots, k->nsizes);
  for (uint32_t i = 0; i < k->buf.n; i++) {
    const Buf *b = &k->buf.at[i];
    bool ok = b->base > BASE_I1 && b->base <= BASE_F64 && b->scope <= SCOPE_TILE && b->elems.c >= 0;
    if (ok && b->scope != SCOPE_GLOBAL)
      ok = b->at >= 0 && b->at % 64 == 0 && b->elems.c <= (k->slab - b->at) / base_bytes((Base)b->base);
    for (uint32_t j = 0; j < 8; j++) ok = ok && (b->elems.k[j] == 0 || (j < k->nsizes && b->scope == SCOPE_GLOBAL));
    if (!ok) return why_no(why, CODE_NONE, "buffer %u `%.*s` has no such extent", i, STR(b->name));
  }
  for (uint32_t i = 0; i < k->var.n; i++)
    if (k->var.at[i].base > BASE_F64 || k->var.at[i].vary > 1)
      return why_no(why, CODE_NONE, "L6: variable %u has no base", i);
  return (k->ins.n && k->ins.at[0].op == L_NONE) || why_no(why, CODE_NONE, "instruction 0 is none");
}

static bool check(const Kernel *k, Arena *arena, Why *why) {
  uint32_t n = k->ins.n;
  Scan s = { .k = k, .why = why };
  s.open = arena_array(arena, Ref, n + 1);
  s.before = arena_array(arena, Ref, n + 1);
  s.last = arena_array(arena, Ref, k->var.n + 1);
  s.live = arena_array(arena, bool, n + 1);
  if (!head(k, why)) return false;
  for (uint32_t i = 1; i < n; i++) {
    const Ins *x = &k->ins.at[i];
    if (x->op >= L_OPS || x->op == L_NONE) return why_no(why, CODE_NONE, "%%%u: no operation %u", i, x->op);
    if (x->op == L_END) {
      if (!leave(&s, i)) return false;
      continue;
    }
    if (!arguments(&s, x, i) || !bases(k, x, i, why) || !stands(&s, x, i)) return false;
    if (x->vary != varies(k, x))
      return why_no(why, CODE_NONE, "L2: %%%u %s is %s", i, ops[x->op].name, x->vary ? "uniform" : "varying");
    s.live[i] = gives(x);
    if (x->op == L_SET) {
      s.before[i] = s.last[x->buf];
      s.last[x->buf] = (Ref)i;
    }
    if (x->op == L_FOR && x->kind == FOR_TEAM) s.team = (Ref)i;
    if (x->op == L_FOR && x->kind == FOR_GRID) s.grid = (Ref)i;
    if (x->op == L_FOR || x->op == L_IF) enter(&s, i);
  }
  return !s.depth || why_no(why, CODE_NONE, "L1: %%%d is not ended", s.open[s.depth - 1]);
}

bool loops_verify(const Kernel *k, Why *why) {
  Arena scratch = { 0 };
  bool ok = check(k, &scratch, why);
  arena_free(&scratch);
  return ok;
}
