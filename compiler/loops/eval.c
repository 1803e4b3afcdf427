/* eval.c: the meaning of Loops, slow and obvious, and strict.
 *
 * Runs slots [low, high) of the GRID one after another. A varying value is an array of lanes, a uniform one is one
 * cell. Every access is checked against the extent of its buffer (L7), every number of a lane against 32 bits (L9), and
 * what back ends leave undefined is a fault: a divisor below 1, FTOI and SCALE2 out of range. SLAB and TILE are filled
 * with NaN at the start of each slot. With `races`, each location remembers who touched it (L5, race.c). */
#include "loops/race.h"
#include <math.h>
#include <stdlib.h>

typedef union Cell { float f; double d; int64_t i; } Cell;

typedef struct Run {
  const Kernel *k;
  const int64_t *sizes;
  Cell *v, *var;
  char **base;
  int64_t *extent;
  uint32_t *end;                    /* of FOR and IF: the number of their END                      */
  Races *races;                     /* NULL: not asked for                                         */
  Why *why;
} Run;

int64_t size_expr(const SizeExpr *e, const int64_t *sizes) {
  int64_t n = e->c;
  for (int i = 0; i < 8; i++)
    if (e->k[i]) n += e->k[i] * sizes[i];
  return n;
}


static bool access(Run *r, const Ins *x, uint32_t at) {
  const Kernel *k = r->k;
  const Buf *b = &k->buf.at[x->buf];
  assert(r->v);
  int V = k->lanes, n = x->vary ? V : 1;
  bool store = x->op == L_STORE;
  Ref mask = store ? x->a[2] : x->a[1];
  const Cell *index = &r->v[x->a[0] * V], *m = mask ? &r->v[mask * V] : NULL;
  const Cell *value = store ? &r->v[x->a[1] * V] : NULL;
  bool iv = k->ins.at[x->a[0]].vary, mv = mask && k->ins.at[mask].vary, vv = store && k->ins.at[x->a[1]].vary;
  Cell *to = &r->v[at * (uint32_t)V];
  for (int l = 0; l < n; l++) {
    if (m && !m[mv ? l : 0].i) { if (!store) to[l] = (Cell){ .i = 0 }; continue; }
    int64_t place = (int64_t)((uint64_t)index[iv ? l : 0].i + (uint64_t)x->imm + (uint64_t)((int64_t)l * x->lstride));
    if (place < 0 || place >= r->extent[x->buf])
      return why_no(r->why, CODE_NONE, "L7: %%%u %s %.*s[%ld] of %ld", at, store ? "stores to" : "loads", STR(b->name),
                    (long)place, (long)r->extent[x->buf]);
    if (iv && place > INT32_MAX) return why_no(r->why, CODE_NONE, "L9: %%%u: a lane's index beyond 32 bits", at);
    if (r->races && !race_touch(r->races, x, at, place, l, r->why)) return false;
    char *p = r->base[x->buf] + place * base_bytes((Base)b->base);
    if (!store) {
      switch ((Base)b->base) {
      case BASE_F32: memcpy(&to[l].f, p, 4); break;
      case BASE_F64: memcpy(&to[l].d, p, 8); break;
      case BASE_I64: memcpy(&to[l].i, p, 8); break;
      case BASE_I32: { int32_t w; memcpy(&w, p, 4); to[l].i = w; break; }
      case BASE_I1: bug("a buffer of flags");
      }
      continue;
    }
    const Cell *c = &value[vv ? l : 0];
    switch ((Base)b->base) {
    case BASE_F32: memcpy(p, &c->f, 4); break;
    case BASE_F64: memcpy(p, &c->d, 8); break;
    case BASE_I64: memcpy(p, &c->i, 8); break;
    case BASE_I32: { int32_t w = (int32_t)c->i; memcpy(p, &w, 4); break; }
    case BASE_I1: bug("a buffer of flags");
    }
  }
  return true;
}

static int64_t wrap32(uint64_t x) { return (int32_t)(uint32_t)x; }

/* RSUM, RMAX: a tree by halves over the lanes. */
static Cell across(const Kernel *k, const Ins *x, const Cell *a, bool varies) {
  Cell t[64];
  for (int l = 0; l < k->lanes; l++) t[l] = a[varies ? l : 0];
  for (int h = k->lanes / 2; h; h /= 2)
    for (int l = 0; l < h; l++) {
      if (x->base == BASE_F32)
        t[l].f = x->op == L_RSUM ? t[l].f + t[l + h].f : t[l].f > t[l + h].f ? t[l].f : t[l + h].f;
      else t[l].d = x->op == L_RSUM ? t[l].d + t[l + h].d : t[l].d > t[l + h].d ? t[l].d : t[l + h].d;
    }
  return t[0];
}

#define EACH(expression) for (int l = 0; l < n; l++) { expression; }
#define A(m) a[l * sa].m
#define B(m) b[l * sb].m
#define C(m) c[l * sc].m
#define FLOAT(result, of) if (f32) { EACH(to[l].f = (float)(of(f))) } else { EACH(to[l].d = (of(d))) } (void)0

static void compute(Run *r, const Ins *x, uint32_t at) {
  const Kernel *k = r->k;
  int V = k->lanes, n = x->vary ? V : 1;
  Cell *to = &r->v[at * (uint32_t)V];
  const Cell *a = &r->v[x->a[0] * V], *b = &r->v[x->a[1] * V], *c = &r->v[x->a[2] * V];
  int sa = k->ins.at[x->a[0]].vary, sb = k->ins.at[x->a[1]].vary, sc = k->ins.at[x->a[2]].vary;
  Base from = (Base)k->ins.at[x->a[0]].base;
  bool f32 = x->base == BASE_F32, i32 = x->base == BASE_I32, a32 = from == BASE_F32;
  bool word = i32 || (x->base == BASE_I64 && x->vary);             /* L9 */
  switch ((LoopsOp)x->op) {
  case L_CONST: if (f32) to->f = (float)x->f; else to->d = x->f; break;
  case L_ICONST: to->i = x->imm; break;
  case L_SIZE: to->i = r->sizes[x->buf]; break;
  case L_LANE: EACH(to[l].i = l) break;
#define ADD(m) A(m) + B(m)
#define SUB(m) A(m) - B(m)
#define MUL(m) A(m) * B(m)
#define DIV(m) A(m) / B(m)
#define MIN(m) A(m) < B(m) ? A(m) : B(m)
#define MAX(m) A(m) > B(m) ? A(m) : B(m)
#define NEG(m) -A(m)
  case L_FADD: FLOAT(to, ADD); break;
  case L_FSUB: FLOAT(to, SUB); break;
  case L_FMUL: FLOAT(to, MUL); break;
  case L_FDIV: FLOAT(to, DIV); break;
  case L_FMIN: FLOAT(to, MIN); break;
  case L_FMAX: FLOAT(to, MAX); break;
  case L_FNEG: FLOAT(to, NEG); break;
  case L_FMA: if (f32) { EACH(to[l].f = fmaf(A(f), B(f), C(f))) } else { EACH(to[l].d = fma(A(d), B(d), C(d))) } break;
  case L_FSQRT: if (f32) { EACH(to[l].f = sqrtf(A(f))) } else { EACH(to[l].d = sqrt(A(d))) } break;
  case L_FRINT: if (f32) { EACH(to[l].f = rintf(A(f))) } else { EACH(to[l].d = rint(A(d))) } break;
  case L_SCALE2:
    if (f32) {
      EACH(uint32_t w = (uint32_t)((int32_t)B(f) + 127) << 23; float s; memcpy(&s, &w, 4); to[l].f = A(f) * s)
    }
    else { EACH(uint64_t w = (uint64_t)((int64_t)B(d) + 1023) << 52; double s; memcpy(&s, &w, 8); to[l].d = A(d) * s) }
    break;
  case L_EXPO:
    if (f32) { EACH(uint32_t w; memcpy(&w, &a[l * sa].f, 4); to[l].f = (float)((int32_t)((w >> 23) & 255) - 127)) }
    else { EACH(uint64_t w; memcpy(&w, &a[l * sa].d, 8); to[l].d = (double)((int64_t)((w >> 52) & 2047) - 1023)) }
    break;
  case L_MANT:
    if (f32) { EACH(uint32_t w; memcpy(&w, &a[l * sa].f, 4); w = (w & 0x7fffff) | 0x3f800000; memcpy(&to[l].f, &w, 4)) }
    else {
      EACH(uint64_t w; memcpy(&w, &a[l * sa].d, 8); w = (w & 0xfffffffffffff) | 0x3ff0000000000000;
           memcpy(&to[l].d, &w, 8))
    }
    break;
  case L_ITOF: if (f32) { EACH(to[l].f = (float)A(i)) } else { EACH(to[l].d = (double)A(i)) } break;
  case L_FTOI: if (a32) { EACH(to[l].i = (int64_t)A(f)) } else { EACH(to[l].i = (int64_t)A(d)) } if (i32) { EACH(to[l].i = (int32_t)to[l].i) } break;
  case L_CVT:
    if (x->base == from) { EACH(to[l] = a[l * sa]) }
    else if (f32) { EACH(to[l].f = (float)A(d)) }
    else if (x->base == BASE_F64) { EACH(to[l].d = (double)A(f)) }
    else if (i32) { EACH(to[l].i = wrap32((uint64_t)A(i))) }
    else { EACH(to[l].i = A(i)) }
    break;
  case L_RSUM: case L_RMAX: *to = across(k, x, a, sa); break;
  case L_LXOR: EACH(to[l] = a[(l ^ (int)x->imm) * sa]) break;
#define INT(expression) if (i32) { EACH(to[l].i = wrap32((uint64_t)(expression))) } else { EACH(to[l].i = (int64_t)(expression)) } (void)0
#define U(x) ((uint64_t)(x))
  case L_IADD: INT(U(A(i)) + U(B(i))); break;
  case L_ISUB: INT(U(A(i)) - U(B(i))); break;
  case L_IMUL: INT(U(A(i)) * U(B(i))); break;
  case L_IDIV: EACH(to[l].i = A(i) / B(i)) break;
  case L_IMOD: EACH(to[l].i = A(i) % B(i)) break;
  case L_IMIN: EACH(to[l].i = A(i) < B(i) ? A(i) : B(i)) break;
  case L_IMAX: EACH(to[l].i = A(i) > B(i) ? A(i) : B(i)) break;
  case L_IAND: INT(U(A(i)) & U(B(i))); break;
  case L_IXOR: INT(U(A(i)) ^ U(B(i))); break;
  case L_ISHL: if (word) { EACH(to[l].i = wrap32((uint64_t)(uint32_t)A(i) << (B(i) & 31))) } else { EACH(to[l].i = (int64_t)(U(A(i)) << (B(i) & 63))) } break;
  case L_ISHR: if (word) { EACH(to[l].i = wrap32((uint32_t)A(i) >> (B(i) & 31))) } else { EACH(to[l].i = (int64_t)(U(A(i)) >> (B(i) & 63))) } break;
  case L_ILT: EACH(to[l].i = A(i) < B(i)) break;
  case L_IEQ: EACH(to[l].i = A(i) == B(i)) break;
  case L_FLT: if (a32) { EACH(to[l].i = A(f) < B(f)) } else { EACH(to[l].i = A(d) < B(d)) } break;
  case L_FLE: if (a32) { EACH(to[l].i = A(f) <= B(f)) } else { EACH(to[l].i = A(d) <= B(d)) } break;
  case L_FEQ: if (a32) { EACH(to[l].i = A(f) == B(f)) } else { EACH(to[l].i = A(d) == B(d)) } break;
  case L_AND: EACH(to[l].i = A(i) && B(i)) break;
  case L_OR: EACH(to[l].i = A(i) || B(i)) break;
  case L_NOT: EACH(to[l].i = !A(i)) break;
  case L_SELECT: EACH(to[l] = A(i) ? b[l * sb] : c[l * sc]) break;
  case L_GET: memcpy(to, &r->var[x->buf * V], (size_t)n * sizeof *to); break;
  case L_SET: EACH(r->var[x->buf * V + l] = a[l * sa]) break;
  default: bug("%s computes nothing", loops_op_name((LoopsOp)x->op));
  }
}

/* --- what back ends leave undefined ------------------------------------------------------------------------ */
static bool fault(Run *r, const Ins *x, uint32_t at, const char *what, double value) {
  return why_no(r->why, CODE_NONE, "%%%u %s: %s, %g", at, loops_op_name((LoopsOp)x->op), what, value);
}

static double real(Base b, Cell c) { return b == BASE_F32 ? (double)c.f : c.d; }

static bool arguments(Run *r, const Ins *x, uint32_t at) {
  const Kernel *k = r->k;
  int V = k->lanes, n = x->vary ? V : 1;
  if (x->vary)
    for (int j = 0; j < 3; j++) {
      const Ins *a = &k->ins.at[x->a[j]];
      bool index = j == 0 && (x->op == L_LOAD || x->op == L_STORE);
      int64_t i = r->v[x->a[j] * V].i;
      if (x->a[j] && a->base == BASE_I64 && !a->vary && !index && i != (int32_t)i)
        return fault(r, x, at, "L9: a lane's number beyond 32 bits", (double)i);
    }
  bool divides = x->op == L_IDIV || x->op == L_IMOD, scales = x->op == L_SCALE2;
  if (!divides && !scales && x->op != L_FTOI) return true;
  Ref a = x->a[divides || scales ? 1 : 0];
  Base base = (Base)k->ins.at[a].base;
  double most = x->op == L_FTOI ? (x->base == BASE_I64 && !x->vary ? 0x1p63 : 0x1p31) : base == BASE_F32 ? 128 : 1024;
  double least = x->op == L_FTOI ? -most - (most < 0x1p63) : 1 - most;
  for (int l = 0; l < n; l++) {
    Cell c = r->v[a * V + (k->ins.at[a].vary ? l : 0)];
    if (divides) {
      if (c.i < 1) return fault(r, x, at, "a divisor below 1", (double)c.i);
      continue;
    }
    double y = real(base, c);
    if (!(y > least && y < most) || (scales && y != rint(y))) return fault(r, x, at, "out of range", y);
  }
  return true;
}

static bool fits(Run *r, const Ins *x, uint32_t at) {
  if (!x->vary || x->base != BASE_I64) return true;
  const Cell *to = &r->v[at * (uint32_t)r->k->lanes];
  for (int l = 0; l < r->k->lanes; l++)
    if (to[l].i != (int32_t)to[l].i) return fault(r, x, at, "L9: a lane's number beyond 32 bits", (double)to[l].i);
  return true;
}

/* --- control -------------------------------------------------------------------------------------------------- */
static void poison(Run *r) {
  const Kernel *k = r->k;
  for (uint32_t i = 0; i < k->buf.n; i++)
    if (k->buf.at[i].scope != SCOPE_GLOBAL)
      memset(r->base[i], 0xff, (size_t)(r->extent[i] * base_bytes((Base)k->buf.at[i].base)));
}

static int64_t low_of(const Run *r, const Ins *x, int64_t low) {
  return x->kind == FOR_GRID ? low : r->v[x->a[0] * r->k->lanes].i;
}
static int64_t high_of(const Run *r, const Ins *x, int64_t high) {
  return x->kind == FOR_GRID ? high : r->v[x->a[1] * r->k->lanes].i;
}

static bool steps(Run *r, int64_t low, int64_t high) {
  const Kernel *k = r->k;
  int V = k->lanes;
  for (uint32_t at = 1; at < k->ins.n; at++) {
    const Ins *x = &k->ins.at[at];
    Cell *to = &r->v[at * (uint32_t)V];
    switch ((LoopsOp)x->op) {
    case L_LOAD: if (!access(r, x, at) || !fits(r, x, at)) return false; break;
    case L_STORE: if (!arguments(r, x, at) || !access(r, x, at)) return false; break;
    case L_FOR:
      to->i = low_of(r, x, low);
      if (to->i >= high_of(r, x, high)) { at = r->end[at]; break; }
      if (x->kind == FOR_GRID) poison(r);
      if (r->races) race_enter(r->races, x, to->i);
      break;
    case L_IF: if (!r->v[x->a[0] * V].i) at = r->end[at]; break;
    case L_END: {
      const Ins *o = &k->ins.at[x->a[0]];
      if (o->op == L_IF) break;
      Cell *counter = &r->v[x->a[0] * V];
      bool more = !__builtin_add_overflow(counter->i, o->imm, &counter->i) && counter->i < high_of(r, o, high);
      if (r->races) race_next(r->races, o, counter->i, more);
      if (!more) break;
      at = (uint32_t)x->a[0];
      if (o->kind == FOR_GRID) poison(r);
      break;
    }
    case L_BAR: if (r->races) race_barrier(r->races); break;
    case L_NONE: break;
    default:
      if (!arguments(r, x, at)) return false;
      compute(r, x, at);
      if (!fits(r, x, at)) return false;
    }
  }
  return true;
}

bool loops_eval(const Kernel *k, void *const *bufs, const int64_t *sizes, int64_t low, int64_t high, bool races,
                Why *why) {
  Arena arena = { 0 };
  Run r = { .k = k, .sizes = sizes, .why = why };
  r.v = arena_array(&arena, Cell, k->ins.n * (uint32_t)k->lanes);
  r.var = arena_array(&arena, Cell, (k->var.n + 1) * (uint32_t)k->lanes);
  r.base = arena_array(&arena, char *, k->buf.n + 1);
  r.extent = arena_array(&arena, int64_t, k->buf.n + 1);
  r.end = arena_array(&arena, uint32_t, k->ins.n);
  for (uint32_t i = 1; i < k->ins.n; i++)
    if (k->ins.at[i].op == L_END) r.end[k->ins.at[i].a[0]] = i;
  char *slab = arena_alloc(&arena, (size_t)k->slab + 64);
  for (uint32_t i = 0; i < k->buf.n; i++) {
    const Buf *b = &k->buf.at[i];
    r.extent[i] = size_expr(&b->elems, sizes);
    r.base[i] = b->scope == SCOPE_GLOBAL ? bufs[i] : slab + b->at;
  }
  if (races) r.races = races_open(&arena, k, r.extent);
  bool ok = steps(&r, low, high);
  arena_free(&arena);
  return ok;
}
