/* loops_cases.h: random Kernels, with memory, for every back end to agree on.
 *
 * A case has two TEAM loops with a BAR between, in a GRID of three slots: the first fills a slab and a tile, the second
 * reads what other threads have filled. Bodies are random operations of the table on values of every base, uniform and
 * varying, in loops and conditions, with variables and masks. Nothing undefined is built: whole numbers of 64 bits stay
 * small, divisors are above 0, what FTOI and SCALE2 take is in range, and EXPO and MANT see no NaN, whose bits differ
 * between machines. Results are compared bit by bit; one NaN is as good as another. */
#ifndef GDLC_TESTS_LOOPS_CASES_H
#define GDLC_TESTS_LOOPS_CASES_H
#include "loops/loops.h"
#include <math.h>
#include <stdlib.h>

enum { CASE_SLOTS = 3, CASE_TEAM = 5, CASE_WARPS = 2, CASE_IN = 512, CASE_ROWS = 24, CASE_POOL = 4096 };
enum { CASE_BUFS = 12 };            /* in: f32 f64 i32 i64; out: f32 f64 i32 i64; slab f32, f64; tile f32, f64 */
static const Base case_base[4] = { BASE_F32, BASE_F64, BASE_I32, BASE_I64 };

typedef struct RandomCase {
  Kernel *k;
  Arena *arena;
  uint64_t state;
  Ref pool[5][2][CASE_POOL];        /* by base, uniform or varying                                 */
  int n[5][2];
  int in[4], out[4], local[4];
  int var[5][2];
  Ref row;                          /* of the thread in the outputs                                */
  int stores[4], depth, budget;
  bool filled;                      /* slab and tile may be read                                   */
} RandomCase;

static inline uint32_t case_random(RandomCase *c, uint32_t below) {
  c->state = c->state * 6364136223846793005u + 1442695040888963407u;
  return (uint32_t)(((c->state >> 33) * below) >> 31);
}
static inline Ref case_keep(RandomCase *c, Ref r) {
  int b = l_base(c->k, r), v = l_vary(c->k, r);
  if (c->n[b][v] < CASE_POOL) c->pool[b][v][c->n[b][v]++] = r;
  return r;
}
static inline Ref case_pick(RandomCase *c, Base b, bool may_vary) {
  int v = may_vary && case_random(c, 3) && c->n[b][1] ? 1 : 0;
  int n = c->n[b][v], newest = n < 12 ? n : 12;                    /* new values more often: long chains */
  return c->pool[b][v][case_random(c, 2) ? n - 1 - (int)case_random(c, (uint32_t)newest) : (int)case_random(c,
      (uint32_t)n)];
}
static inline Ref case_small(RandomCase *c, Ref r, int64_t low, int64_t high) {
  return l_op2(c->k, L_IMIN, l_op2(c->k, L_IMAX, r, l_int(c->k, low)), l_int(c->k, high));
}
static inline Ref case_within(RandomCase *c, Ref r, double most) {   /* a NaN becomes the bound */
  Base b = l_base(c->k, r);
  return l_op2(c->k, L_FMAX, l_op2(c->k, L_FMIN, r, l_const(c->k, b, most)), l_const(c->k, b, -most));
}
static inline Base case_real(RandomCase *c) { return case_random(c, 2) ? BASE_F32 : BASE_F64; }
static inline Base case_whole(RandomCase *c) { return case_random(c, 2) ? BASE_I32 : BASE_I64; }

static inline void case_load(RandomCase *c) {
  Kernel *k = c->k;
  int which = (int)case_random(c, 4), buf = c->in[which], most = 100;
  if (c->filled && case_random(c, 3) == 0) {
    which = (int)case_random(c, 4);
    buf = c->local[which];
    most = k->lanes * CASE_TEAM - 1 - 3 * (k->lanes - 1) - 7;
  }
  if (most < 0) return;
  bool varies = case_random(c, 3) == 0;
  Ref index = case_small(c, case_pick(c, BASE_I64, varies), 0, most), mask = case_random(c, 3) ? 0
      : case_pick(c, BASE_I1, true);
  /* what was filled last */
  if (buf == c->local[which] && case_random(c, 2)) index = l_op2(k, L_ISUB, l_int(k, most), index);
  int stride = (int)case_random(c, 4);
  if (mask && l_vary(k, mask) && !l_vary(k, index) && !stride) stride = 1;
  Ref r = l_load(k, buf, index, case_random(c, 8), stride, mask);
  if (l_base(k, r) == BASE_I64) r = case_small(c, r, -30000, 30000);
  case_keep(c, r);
}

static inline void case_store(RandomCase *c) {
  Kernel *k = c->k;
  int which = (int)case_random(c, 4);
  if (c->stores[which] == CASE_ROWS) return;
  Ref value = case_pick(c, case_base[which], true), mask = case_random(c, 2) ? 0 : case_pick(c, BASE_I1, true);
  Ref at = l_add(k, l_muli(k, c->row, (int64_t)CASE_ROWS * 2 * k->lanes),
      l_int(k, (int64_t)c->stores[which]++ * 2 * k->lanes));
  bool uniform = !l_vary(k, value) && (!mask || !l_vary(k, mask)) && case_random(c, 2);
  bool varies = !uniform && case_random(c, 3) == 0;
  if (varies) at = l_add(k, at, l_lane(k));
  l_store(k, c->out[which], at, 0, uniform ? 0 : varies ? (int)case_random(c, 2) : 1 + (int)case_random(c, 2), value,
      mask);
}

static inline void case_math(RandomCase *c) {
  Kernel *k = c->k;
  Base b = case_real(c);
  Ref x = case_pick(c, b, true);
  switch (case_random(c, 9)) {
  case 0: x = l_exp(k, x); break;
  case 1: x = l_log(k, x); break;
  case 2: x = l_tanh(k, x); break;
  case 3: x = l_sigmoid(k, x); break;
  case 4: x = l_sin(k, x); break;
  case 5: x = l_cos(k, x); break;
  case 6: x = l_asinh(k, x); break;
  case 7:
    x = l_pow(k, x, case_random(c, 2) ? l_const(k, b, (double)case_random(c, 9) - 4) : case_pick(c, b, true));
    break;
  case 8: {
    Ref w[4];
    for (int i = 0; i < 4; i++) w[i] = case_pick(c, BASE_I32, true);
    x = l_uniform(k, b, l_threefry(k, w[0], w[1], w[2], w[3]));
    break;
  }
  }
  case_keep(c, x);
}

static inline void case_body(RandomCase *c, int length);

static inline void case_bracket(RandomCase *c, bool loop) {
  Kernel *k = c->k;
  if (c->depth == 3 || c->budget < 10) return;
  int before[5][2], stores[4];
  memcpy(before, c->n, sizeof before);
  memcpy(stores, c->stores, sizeof stores);
  if (loop) {
    Ref low = case_small(c, case_pick(c, BASE_I64, false), 0, 2), high = l_addi(k, low, case_random(c, 4));
    case_keep(c, l_for(k, FOR_SEQ, low, high, 1 + case_random(c, 2)));
  } else {
    l_if(k, case_pick(c, BASE_I1, false));
  }
  c->depth++;
  case_body(c, 8);
  c->depth--;
  l_end(k);
  memcpy(c->n, before, sizeof before);                             /* values end with their bracket */
}

static inline void case_op(RandomCase *c, LoopsOp op) {
  Kernel *k = c->k;
  Base f = case_real(c), w = case_whole(c);
  Ref r = 0;
  switch (op) {
  case L_CONST: r = l_const(k, f, ((double)case_random(c, 4000) - 2000) / 512); break;
  case L_ICONST:
    r = w == BASE_I32 ? l_i32(k, (int32_t)(case_random(c, 1u << 31) * 2u)) : l_int(k, (int64_t)case_random(c, 200)
        - 100);
    break;
  case L_SIZE: r = l_size(k, case_random(c, 2)); break;
  case L_LANE: r = l_lane(k); break;
  case L_FADD: case L_FSUB: case L_FMUL: case L_FDIV: case L_FMIN: case L_FMAX:
    r = l_op2(k, op, case_pick(c, f, true), case_pick(c, f, true));
    break;
  case L_FMA: r = l_op3(k, op, case_pick(c, f, true), case_pick(c, f, true), case_pick(c, f, true)); break;
  case L_FNEG: case L_FSQRT: case L_FRINT: r = l_op1(k, op, case_pick(c, f, true)); break;
  case L_SCALE2:
    r = l_op2(k, op, case_pick(c, f, true), l_op1(k, L_FRINT, case_within(c, case_pick(c, f, true), 100)));
    break;
  case L_EXPO: case L_MANT: {
    Ref x = case_pick(c, f, true);
    r = l_op1(k, op, l_op3(k, L_SELECT, l_op2(k, L_FEQ, x, x), x, l_const(k, f, 1)));
    break;
  }
  case L_ITOF: r = l_cvt(k, f, case_pick(c, case_random(c, 3) ? w : BASE_I1, true)); break;
  case L_FTOI: r = l_cvt(k, w, case_within(c, case_pick(c, f, true), 20000)); break;
  case L_CVT:
    r = case_random(c, 2) ? l_cvt(k, f == BASE_F32 ? BASE_F64 : BASE_F32, case_pick(c, f, true))
        : l_cvt(k, w == BASE_I32 ? BASE_I64 : BASE_I32, case_pick(c, w, true));
    break;
  case L_RSUM: case L_RMAX: r = l_op1(k, op, case_pick(c, f, true)); break;
  case L_LXOR:
    { Base any = case_random(c, 2) ? f : w; r = l_lxor(k, case_pick(c, any, true),
        (int)case_random(c, (uint32_t)k->lanes)); break; }
  case L_IDIV: case L_IMOD:
    r = l_op2(k, op, case_pick(c, w, true), l_op2(k, L_IMAX, case_pick(c, w, true), w == BASE_I32 ? l_i32(k,
        1) : l_int(k, 1)));
    break;
  case L_ISHL: case L_ISHR:
    r = l_op2(k, op, case_pick(c, w, true), w == BASE_I32 ? case_pick(c, w, true) : l_int(k, case_random(c, 12)));
    break;
  case L_IADD: case L_ISUB: case L_IMUL: case L_IMIN: case L_IMAX: case L_IAND: case L_IXOR: case L_ILT: case L_IEQ:
    r = l_op2(k, op, case_pick(c, w, true), case_pick(c, w, true));
    break;
  case L_FLT: case L_FLE: case L_FEQ: r = l_op2(k, op, case_pick(c, f, true), case_pick(c, f, true)); break;
  case L_AND: case L_OR: r = l_op2(k, op, case_pick(c, BASE_I1, true), case_pick(c, BASE_I1, true)); break;
  case L_NOT: r = l_op1(k, op, case_pick(c, BASE_I1, true)); break;
  case L_SELECT:
    { Base b = (Base)case_random(c, 5); r = l_op3(k, op, case_pick(c, BASE_I1, true), case_pick(c, b, true),
        case_pick(c, b, true)); break; }
  case L_LOAD: case_load(c); return;
  case L_STORE: if (c->depth == 0) case_store(c); return;
  case L_GET: r = l_get(k, c->var[case_random(c, 5)][case_random(c, 2)]); break;
  case L_SET: {
    int b = (int)case_random(c, 5), v = (int)case_random(c, 2);
    l_set(k, c->var[b][v], case_pick(c, (Base)b, v));
    return;
  }
  case L_FOR: case_bracket(c, true); return;
  case L_IF: case_bracket(c, false); return;
  case L_NONE: case L_END: case L_BAR: case L_OPS: case_math(c); return;
  }
  if (l_base(k, r) == BASE_I64) r = case_small(c, r, -30000, 30000);
  case_keep(c, r);
}

static inline void case_body(RandomCase *c, int length) {
  for (int i = 0; i < length && c->budget > 0; i++, c->budget--) case_op(c, (LoopsOp)case_random(c, L_OPS));
}

static inline void case_team(RandomCase *c, Ref slot, bool fills) {
  Kernel *k = c->k;
  int before[5][2];
  memcpy(before, c->n, sizeof before);
  Ref t = l_for(k, FOR_TEAM, l_int(k, 0), l_int(k, CASE_TEAM), 1);
  c->row = l_add(k, l_muli(k, l_add(k, l_muli(k, slot, CASE_TEAM), t), 2), l_int(k, fills ? 0 : 1));
  memset(c->stores, 0, sizeof c->stores);
  case_keep(c, t);
  /* a varying and a uniform value of each base to begin with */
  for (int i = 0; i < 4; i++) {
    Ref at = l_add(k, l_muli(k, t, 7), l_muli(k, slot, 3));
    Ref x = l_load(k, c->in[i], at, 0, 1, 0), y = l_load(k, c->in[i], at, 5, 0, 0);
    for (int v = 0; v < 2; v++) {
      Ref z = v ? x : y;
      if (l_base(k, z) == BASE_I64) z = case_small(c, z, -30000, 30000);
      if (i == 2) z = l_cvt(k, BASE_I32, z);
      case_keep(c, z);
      l_set(k, c->var[case_base[i]][v], z);
      Ref flag = i < 2 ? l_op2(k, L_FLT, z, l_const(k, case_base[i], 0.5))
          : l_op2(k, L_ILT, z, i == 2 ? l_i32(k, 40) : l_int(k, 40));
      case_keep(c, flag);
      l_set(k, c->var[BASE_I1][v], flag);
    }
  }
  /* what another warp has filled, to the outputs at once */
  for (int i = 0; i < 4 && !fills; i++) {
    Ref far = l_muli(k, l_op2(k, L_ISUB, l_int(k, CASE_TEAM - 1), t), k->lanes), to = l_muli(k, c->row,
        (int64_t)CASE_ROWS * 2 * k->lanes);
    l_store(k, c->out[i % 2], to, (int64_t)c->stores[i % 2]++ * 2 * k->lanes, 1,
        case_keep(c, l_load(k, c->local[i], far, 0, 1, 0)), 0);
  }
  c->budget = 160;
  case_body(c, 1000);
  if (fills)
    for (int i = 0; i < 4; i++)
      l_store(k, c->local[i], l_muli(k, t, k->lanes), 0, 1, case_pick(c, (Base[]){ BASE_F32, BASE_F64, BASE_F32,
          BASE_F64 }[i], true), 0);
  for (int i = 0; i < 12; i++) case_store(c);
  l_end(k);
  memcpy(c->n, before, sizeof before);
}

static inline Kernel *case_random_kernel(Arena *arena, uint64_t seed, int lanes) {
  RandomCase *c = arena_one(arena, RandomCase);
  Kernel *k = c->k = kernel_open(arena, S("random_case"), lanes, CASE_WARPS, CASE_SLOTS, 2);
  c->state = seed * 0x9E3779B97F4A7C15u + 1;
  for (int i = 0; i < 4; i++)
    c->in[i] = kernel_global(k, S("in"), case_base[i], false, (SizeExpr){ CASE_IN - 40, { 2, 0 } });
  int64_t out = (int64_t)(CASE_SLOTS * CASE_TEAM * 2 + 2 * CASE_SLOTS) * CASE_ROWS * 2 * lanes;
  for (int i = 0; i < 4; i++) c->out[i] = kernel_global(k, S("out"), case_base[i], true, (SizeExpr){ out, { 0 } });
  int64_t at = 0, n = (int64_t)CASE_TEAM * lanes;
  for (int i = 0; i < 4; i++) {
    Base b = i % 2 ? BASE_F64 : BASE_F32;
    c->local[i] = kernel_local(k, i < 2 ? S("slab") : S("tile"), b, i < 2 ? SCOPE_SLAB : SCOPE_TILE, n, at);
    at += (n * (b == BASE_F64 ? 8 : 4) + 63) / 64 * 64;
  }
  for (int b = 0; b < 5; b++)
    for (int v = 0; v < 2; v++) c->var[b][v] = kernel_var(k, (Base)b, v);
  case_keep(c, l_size(k, 0));
  Ref slot = case_keep(c, l_for(k, FOR_GRID, l_int(k, 0), l_int(k, CASE_SLOTS), 1));
  case_team(c, slot, true);
  l_bar(k);
  c->filled = true;
  case_team(c, slot, false);
  l_bar(k);
  /* outside TEAM: all warps, one of which stores */
  Ref x = l_load(k, c->local[0], l_int(k, 0), 0, 1, 0), sum = l_op1(k, L_RSUM, x);
  Ref row = l_muli(k, l_add(k, l_muli(k, slot, 2), l_int(k, (int64_t)CASE_SLOTS * CASE_TEAM * 2)),
      (int64_t)CASE_ROWS * 2 * lanes);
  l_store(k, c->out[0], row, 0, 1, l_op2(k, L_FADD, x, sum), 0);
  l_store(k, c->out[0], row, 2 * lanes, 0, sum, l_op2(k, L_ILT, slot, l_int(k, 2)));
  l_end(k);
  return k;
}

/* --- memory ---------------------------------------------------------------------------------------------- */
typedef struct CaseMemory { void *buf[CASE_BUFS]; int64_t bytes[CASE_BUFS], sizes[8]; char *slabs; int64_t stride;
    } CaseMemory;

static inline CaseMemory case_memory(const Kernel *k, uint64_t seed) {
  CaseMemory m = { .sizes = { 20, 3 }, .stride = (k->slab + 63) / 64 * 64 };
  RandomCase r = { .state = seed + 77 };
  for (uint32_t i = 0; i < k->buf.n; i++) {
    const Buf *b = &k->buf.at[i];
    if (b->scope != SCOPE_GLOBAL) continue;
    int64_t n = size_expr(&b->elems, m.sizes), size = b->base == BASE_F64 || b->base == BASE_I64 ? 8 : 4;
    m.bytes[i] = n * size;
    m.buf[i] = aligned_alloc(64, (size_t)((n * size + 63) / 64 * 64));
    for (int64_t j = 0; j < n; j++) {
      int64_t w = (int64_t)case_random(&r, 256) - 64;
      double x = ((double)case_random(&r, 1 << 20) - (1 << 19)) / (1 << 17);
      if (case_random(&r, 8) == 0)
        x = (const double[]){ 0, -0.0, INFINITY, -INFINITY, NAN, 1e-40, 3e38, -1e-310 }[case_random(&r, 8)];
      if (b->out) memset((char *)m.buf[i] + j * size, 0x55, (size_t)size);
      else if (b->base == BASE_F32) ((float *)m.buf[i])[j] = (float)x;
      else if (b->base == BASE_F64) ((double *)m.buf[i])[j] = x;
      else if (b->base == BASE_I32) ((int32_t *)m.buf[i])[j] = (int32_t)w;
      else ((int64_t *)m.buf[i])[j] = w;
    }
  }
  m.slabs = aligned_alloc(64, (size_t)(m.stride * CASE_SLOTS + 64));
  memset(m.slabs, 0xff, (size_t)(m.stride * CASE_SLOTS + 64));
  return m;
}
static inline void case_free(CaseMemory *m) {
  for (int i = 0; i < CASE_BUFS; i++) free(m->buf[i]);
  free(m->slabs);
}

/* The first difference of two runs, or NULL. Of NaN only that it is one counts. */
static inline const char *case_differs(Arena *arena, const Kernel *k, const CaseMemory *a, const CaseMemory *b) {
  for (uint32_t i = 0; i < k->buf.n; i++) {
    Base base = (Base)k->buf.at[i].base;
    for (int64_t j = 0; j * 4 < a->bytes[i]; j++) {
      if (base == BASE_F64 || base == BASE_I64) {
        if (j * 8 >= a->bytes[i]) break;
        double x = ((double *)a->buf[i])[j], y = ((double *)b->buf[i])[j];
        if (memcmp(&x, &y, 8) && !(base == BASE_F64 && isnan(x) && isnan(y)))
          return str_format(arena, "buffer %u[%ld]: %a (%ld), %a (%ld)", i, (long)j, x,
              (long)((int64_t *)a->buf[i])[j], y, (long)((int64_t *)b->buf[i])[j]).at;
      } else {
        float x = ((float *)a->buf[i])[j], y = ((float *)b->buf[i])[j];
        if (memcmp(&x, &y, 4) && !(base == BASE_F32 && isnan(x) && isnan(y)))
          return str_format(arena, "buffer %u[%ld]: %a (%d), %a (%d)", i, (long)j, (double)x,
              ((int32_t *)a->buf[i])[j], (double)y, ((int32_t *)b->buf[i])[j]).at;
      }
    }
  }
  return NULL;
}
#endif
