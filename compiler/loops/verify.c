/* verify.c: what every printer and the evaluator may rely on: rules L1 to L4 and L6 of loops.h, and indices of
 * buffers and variables in range. L5, L7 and L8 depend on data: the evaluator checks them. */
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
  case L_FADD: case L_FSUB: case L_FMUL: case L_FDIV: case L_FMIN: case L_FMAX: ok = is_float(b) && a[0] == b && a[1] == b; break;
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

static bool check(const Kernel *k, Arena *arena, Why *why) {
  uint32_t n = k->ins.n, depth = 0, grids = 0;
  Ref *open = arena_array(arena, Ref, n + 1);
  bool *live = arena_array(arena, bool, n + 1);
  int team = 0, grid = 0;
  if (k->lanes < 1 || k->lanes > 64 || (k->lanes & (k->lanes - 1)) || k->warps < 1 || k->slots < 1)
    return why_no(why, CODE_NONE, "lanes %d, warps %d, slots %d", k->lanes, k->warps, k->slots);
  if (!n || k->ins.at[0].op != L_NONE) return why_no(why, CODE_NONE, "instruction 0 is none");
  for (uint32_t i = 1; i < n; i++) {
    const Ins *x = &k->ins.at[i];
    if (x->op >= L_OPS) return why_no(why, CODE_NONE, "%%%u: no operation %u", i, x->op);
    if (x->op == L_END) {
      if (!depth) return why_no(why, CODE_NONE, "L1: %%%u ends nothing", i);
      Ref o = open[--depth];
      if (x->a[0] != o) return why_no(why, CODE_NONE, "L1: %%%u ends %%%d, not %%%d", i, x->a[0], o);
      if (k->ins.at[o].op == L_FOR) { team -= k->ins.at[o].kind == FOR_TEAM; grid -= k->ins.at[o].kind == FOR_GRID; }
      for (uint32_t j = (uint32_t)o; j < i; j++) live[j] = false;
      continue;
    }
    for (int j = 0; j < 3; j++) {
      if (x->a[j] < 0 || (x->a[j] > 0 && ((uint32_t)x->a[j] >= i || !live[x->a[j]])))
        return why_no(why, CODE_NONE, "L1: %%%u uses %%%d, which is not defined there", i, x->a[j]);
      bool must = j < ops[x->op].args && !((x->op == L_LOAD && j == 1) || (x->op == L_STORE && j == 2));
      if (must && !x->a[j]) return why_no(why, CODE_NONE, "L1: %%%u %s lacks an argument", i, ops[x->op].name);
      if (x->a[j] && k->ins.at[x->a[j]].vary && !x->vary && x->op != L_RSUM && x->op != L_RMAX)
        return why_no(why, CODE_NONE, "L2: uniform %%%u %s uses varying %%%d", i, ops[x->op].name, x->a[j]);
      if (j == 0 && (x->op == L_IF || x->op == L_FOR) && k->ins.at[x->a[0]].vary)
        return why_no(why, CODE_NONE, "L2: control of %%%u depends on a varying value", i);
    }
    if (!bases(k, x, i, why)) return false;
    if (x->op == L_SIZE && (x->buf < 0 || (uint32_t)x->buf >= k->nsizes)) return why_no(why, CODE_NONE, "%%%u: no size %d", i, x->buf);
    if (x->op == L_FOR) {
      if (x->kind == FOR_GRID && (depth || grids++)) return why_no(why, CODE_NONE, "L3: GRID %%%u is not the one outermost", i);
      if (x->kind == FOR_TEAM && team++) return why_no(why, CODE_NONE, "L3: TEAM %%%u stands in another", i);
      if (x->kind == FOR_TEAM && !grid) return why_no(why, CODE_NONE, "L3: TEAM %%%u stands outside GRID", i);
      grid += x->kind == FOR_GRID;
    }
    if (x->op == L_BAR && (team || !grid)) return why_no(why, CODE_NONE, "L4: BAR %%%u inside TEAM or outside GRID", i);
    live[i] = true;
    if (x->op == L_FOR || x->op == L_IF) open[depth++] = (Ref)i;
  }
  return !depth || why_no(why, CODE_NONE, "L1: %%%d is not ended", open[depth - 1]);
}

bool loops_verify(const Kernel *k, Why *why) {
  Arena scratch = { 0 };
  bool ok = check(k, &scratch, why);
  arena_free(&scratch);
  return ok;
}
