/* cuda.c: Loops to CUDA C, one statement an instruction.
 *
 * A lane is a thread of a warp: a varying value is a variable of a thread, a uniform one is computed by each. GRID is
 * blocks over slots, TEAM warps over iterations (threadIdx.y), SLAB global memory, TILE shared memory. Every rounding
 * is an intrinsic (_rn), so nothing is contracted whatever the options. All control is uniform in a warp, and outside
 * TEAM in the block, so shuffles and barriers meet.
 *
 * Uniform stores are done by lane 0, after every lane has loaded and before any loads again (__syncwarp around).
 * Outside TEAM all warps compute the same, and warp 0 stores, between barriers of the block. At the end of a GRID
 * iteration stands a barrier: the next one may use the same TILE. No text of the user gets in but letters, digits and
 * _. Elsewhere: how an entry is launched (cuda_launch.c); NVRTC (nvrtc.c); that this equals the evaluator
 * (tests/unit/test_cuda.c, on the CPU by tests/shim). */
#include "back/cuda.h"
#include <inttypes.h>
#include <math.h>

typedef struct Print {
  const Kernel *k;
  Out *out;
  int64_t stride, tile;             /* tile: the first byte of a TILE buffer in the slab           */
  int warps;
  Ref team;
} Print;

static const char *c_type(int base, bool vary) {
  switch ((Base)base) {
  case BASE_I1: return "bool";
  case BASE_I32: return "int";
  case BASE_I64: return vary ? "int" : "long long";                /* L9 */
  case BASE_F32: return "float";
  case BASE_F64: return "double";
  }
  bug("base %d", base);
}
static const char *memory_type(const Buf *b) { return c_type(b->base, false); }

void cuda_name(Out *out, Str s) {
  for (uint32_t i = 0; i < s.n; i++) {
    char c = s.at[i];
    bool digit = c >= '0' && c <= '9', fine = digit || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (!i && digit) out_str(out, S("_"));
    out_printf(out, "%c", fine ? c : '_');
  }
  if (!s.n) out_str(out, S("_"));
}

int cuda_warps(const Kernel *k) {
  for (uint32_t i = 1; i < k->ins.n; i++)
    if (k->ins.at[i].op == L_FOR && k->ins.at[i].kind == FOR_TEAM) return k->warps;
  return 1;
}

static int64_t tile_begin(const Kernel *k) {
  int64_t least = INT64_MAX;
  for (uint32_t i = 0; i < k->buf.n; i++)
    if (k->buf.at[i].scope == SCOPE_TILE && k->buf.at[i].at < least) least = k->buf.at[i].at;
  return least == INT64_MAX ? 0 : least;
}
int64_t cuda_shared(const Kernel *k) {
  int64_t end = 0;
  for (uint32_t i = 0; i < k->buf.n; i++) {
    const Buf *b = &k->buf.at[i];
    int64_t e = b->at + b->elems.c * base_bytes((Base)b->base) - tile_begin(k);
    if (b->scope == SCOPE_TILE && e > end) end = e;
  }
  return end;
}

/* --- values ------------------------------------------------------------------------------------------------ */
/* Argument j of x: a uniform I64 has 32 bits where its user varies. */
static Str arg(Print *p, const Ins *x, int j) {
  const Ins *a = &p->k->ins.at[x->a[j]];
  bool narrow = x->vary && !a->vary && a->base == BASE_I64;
  return str_format(p->out->arena, narrow ? "(int)v%d" : "v%d", x->a[j]);
}

void cuda_int(Out *out, Base base, int64_t i) {
  bool i32 = base == BASE_I32;
  if (i == (i32 ? INT32_MIN : INT64_MIN)) out_str(out, i32 ? S("-2147483647 - 1") : S("-9223372036854775807ll - 1"));
  else out_printf(out, i32 ? "%" PRId64 : "%" PRId64 "ll", i);
}
void cuda_real(Out *out, Base base, double x) {
  bool f32 = base == BASE_F32;
  if (isnan(x)) {
    out_str(out, f32 ? S("__int_as_float(0x7fc00000)") : S("__longlong_as_double(0x7ff8000000000000ll)"));
    return;
  }
  if (isinf(x)) {
    out_printf(out, f32 ? "%s__int_as_float(0x7f800000)" : "%s__longlong_as_double(0x7ff0000000000000ll)",
        x < 0 ? "-" : "");
    return;
  }
  Str digits = str_format(out->arena, f32 ? "%.9g" : "%.17g", x);
  bool point = memchr(digits.at, '.', digits.n) || memchr(digits.at, 'e', digits.n);
  out_printf(out, "%.*s%s%s", STR(digits), point ? "" : ".", f32 ? "f" : "");
}

/* What an instruction computes, as C. $0 $1 $2: its arguments. */
/* i32: wraps; also varying I64 where it differs */
typedef struct Form { LoopsOp op; const char *f32, *f64, *i64, *i32; } Form;
static const Form forms[] = {
  { L_FADD, "__fadd_rn($0, $1)", "__dadd_rn($0, $1)", NULL, NULL },
  { L_FSUB, "__fsub_rn($0, $1)", "__dsub_rn($0, $1)", NULL, NULL },
  { L_FMUL, "__fmul_rn($0, $1)", "__dmul_rn($0, $1)", NULL, NULL },
  { L_FDIV, "__fdiv_rn($0, $1)", "__ddiv_rn($0, $1)", NULL, NULL },
  { L_FMA, "__fmaf_rn($0, $1, $2)", "__fma_rn($0, $1, $2)", NULL, NULL },
  { L_FSQRT, "__fsqrt_rn($0)", "__dsqrt_rn($0)", NULL, NULL },
  { L_FRINT, "rintf($0)", "rint($0)", NULL, NULL },
  { L_FMIN, "$0 < $1 ? $0 : $1", "$0 < $1 ? $0 : $1", NULL, NULL },
  { L_FMAX, "$0 > $1 ? $0 : $1", "$0 > $1 ? $0 : $1", NULL, NULL },
  { L_FNEG, "-$0", "-$0", NULL, NULL },
  { L_SCALE2, "__fmul_rn($0, __int_as_float(((int)$1 + 127) << 23))",
      "__dmul_rn($0, __longlong_as_double(((long long)$1 + 1023) << 52))", NULL, NULL },
  { L_EXPO, "(float)(((__float_as_int($0) >> 23) & 255) - 127)",
      "(double)((int)((__double_as_longlong($0) >> 52) & 2047) - 1023)", NULL, NULL },
  { L_MANT, "__int_as_float((__float_as_int($0) & 0x7fffff) | 0x3f800000)",
    "__longlong_as_double((__double_as_longlong($0) & 0xfffffffffffffll) | 0x3ff0000000000000ll)", NULL, NULL },
  { L_ITOF, "(float)$0", "(double)$0", NULL, NULL },
  { L_FTOI, NULL, NULL, "(long long)$0", "(int)$0" },
  { L_CVT, "(float)$0", "(double)$0", "(long long)$0", "(int)$0" },
  { L_RSUM, "gdl_sum($0)", "gdl_sum($0)", NULL, NULL },
  { L_RMAX, "gdl_most($0)", "gdl_most($0)", NULL, NULL },
  { L_IADD, NULL, NULL, "$0 + $1", "(int)((unsigned)$0 + (unsigned)$1)" },
  { L_ISUB, NULL, NULL, "$0 - $1", "(int)((unsigned)$0 - (unsigned)$1)" },
  { L_IMUL, NULL, NULL, "$0 * $1", "(int)((unsigned)$0 * (unsigned)$1)" },
  { L_IDIV, NULL, NULL, "$0 / $1", "$0 / $1" },
  { L_IMOD, NULL, NULL, "$0 % $1", "$0 % $1" },
  { L_IMIN, NULL, NULL, "$0 < $1 ? $0 : $1", "$0 < $1 ? $0 : $1" },
  { L_IMAX, NULL, NULL, "$0 > $1 ? $0 : $1", "$0 > $1 ? $0 : $1" },
  { L_IAND, NULL, NULL, "$0 & $1", "$0 & $1" },
  { L_IXOR, NULL, NULL, "$0 ^ $1", "$0 ^ $1" },
  { L_ISHL, NULL, NULL, "(long long)((unsigned long long)$0 << ($1 & 63))", "(int)((unsigned)$0 << ($1 & 31))" },
  { L_ISHR, NULL, NULL, "(long long)((unsigned long long)$0 >> ($1 & 63))", "(int)((unsigned)$0 >> ($1 & 31))" },
};
static const struct { LoopsOp op; const char *form; } flags[] = {           /* of any base */
  { L_ILT, "$0 < $1" }, { L_IEQ, "$0 == $1" }, { L_FLT, "$0 < $1" }, { L_FLE, "$0 <= $1" }, { L_FEQ, "$0 == $1" },
  { L_AND, "$0 && $1" }, { L_OR, "$0 || $1" }, { L_NOT, "!$0" }, { L_SELECT, "$0 ? $1 : $2" },
};

static const char *form_of(const Ins *x) {
  for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
    if (flags[i].op == (LoopsOp)x->op) return flags[i].form;
  for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
    const Form *f = &forms[i];
    if (f->op != (LoopsOp)x->op) continue;
    const char *form = x->base == BASE_F32 ? f->f32 : x->base == BASE_F64 ? f->f64 : x->base == BASE_I32 || x->vary
        ? f->i32 : f->i64;
    if (form) return form;
  }
  bug("%s has no form for base %d", loops_op_name((LoopsOp)x->op), x->base);
}

static void filled(Print *p, const char *form, const Ins *x) {
  for (; *form; form++) {
    if (*form == '$') out_str(p->out, arg(p, x, *++form - '0'));
    else out_printf(p->out, "%c", *form);
  }
}

/* --- memory ---------------------------------------------------------------------------------------------- */
/* (b + index + lane * stride)[offset]: one register, and many offsets */
static Str place(Print *p, const Ins *x) {
  Arena *arena = p->out->arena;
  Str lane = x->lstride == 0 ? S("") : x->lstride == 1 ? S(" + lane") : str_format(arena, " + (long long)lane * %d",
      x->lstride);
  return str_format(arena, "(b%d + v%d%.*s)[%" PRId64 "]", x->buf, x->a[0], STR(lane), x->imm);
}

static void load(Print *p, const Ins *x, Ref at) {
  const char *type = c_type(x->base, x->vary);
  out_printf(p->out, "const %s v%d = ", type, at);
  if (x->a[1]) out_printf(p->out, "!v%d ? (%s)0 : ", x->a[1], type);
  out_printf(p->out, "(%s)%.*s;\n", type, STR(place(p, x)));
}

static void store(Print *p, const Ins *x) {
  Arena *arena = p->out->arena;
  bool block = p->warps > 1 && !p->team;                           /* all warps are here: one of them stores */
  const char *fence = block ? "__syncthreads(); " : x->vary ? "" : "__syncwarp(); ";
  Str who = block ? (x->vary ? S("threadIdx.y == 0") : S("threadIdx.y == 0 && lane == 0")) : x->vary ? S("")
      : S("lane == 0");
  if (x->a[2]) who = str_format(arena, "%.*s%sv%d", STR(who), who.n ? " && " : "", x->a[2]);
  out_str(p->out, str_of(fence));
  if (who.n) out_printf(p->out, "if (%.*s) ", STR(who));
  out_printf(p->out, "%.*s = (%s)v%d;", STR(place(p, x)), memory_type(&p->k->buf.at[x->buf]), x->a[1]);
  out_printf(p->out, " %s\n", fence);
}

/* --- control ----------------------------------------------------------------------------------------------- */
static void local_buffers(Print *p, Ref slot) {
  for (uint32_t i = 0; i < p->k->buf.n; i++) {
    const Buf *b = &p->k->buf.at[i];
    if (b->scope == SCOPE_GLOBAL) continue;
    const char *type = memory_type(b);
    if (b->scope == SCOPE_TILE)
      out_printf(p->out, "  %s *const b%u = (%s *)(tile + %" PRId64 ");\n", type, i, type, b->at - p->tile);
    else out_printf(p->out, "  %s *const b%u = (%s *)(slabs + v%d * %" PRId64 "ll + %" PRId64 ");\n", type, i, type,
        slot, p->stride, b->at);
  }
}

static void open_for(Print *p, const Ins *x, Ref at) {
  out_str(p->out, S("\n  #pragma unroll 1\n  "));
  if (x->kind == FOR_GRID) {
    out_printf(p->out, "for (long long v%d = low + blockIdx.x; v%d < high; v%d += gridDim.x) {\n", at, at, at);
    local_buffers(p, at);
  } else if (x->kind == FOR_TEAM) {
    p->team = at;
    out_printf(p->out,
        "for (long long v%d = v%d + (long long)threadIdx.y * %" PRId64 "; v%d < v%d; v%d += %" PRId64 ") {\n", at,
        x->a[0], x->imm, at,
               x->a[1], at, x->imm * p->warps);
  } else {
    out_printf(p->out, "for (long long v%d = v%d; v%d < v%d; v%d += %" PRId64 ") {\n", at, x->a[0], at, x->a[1], at,
        x->imm);
  }
}

static void end(Print *p, const Ins *x) {
  const Ins *o = &p->k->ins.at[x->a[0]];
  if (o->op == L_FOR && o->kind == FOR_GRID) out_str(p->out, S("__syncthreads(); "));
  if (x->a[0] == p->team) p->team = 0;
  out_str(p->out, S("}\n"));
}

static void statement(Print *p, Ref at) {
  const Ins *x = &p->k->ins.at[at];
  Out *out = p->out;
  out_str(out, S("  "));
  switch ((LoopsOp)x->op) {
  case L_LOAD: load(p, x, at); return;
  case L_STORE: store(p, x); return;
  case L_SET: out_printf(out, "r%d = %.*s;\n", x->buf, STR(arg(p, x, 0))); return;
  case L_FOR: open_for(p, x, at); return;
  case L_IF: out_printf(out, "if (v%d) {\n", x->a[0]); return;
  case L_END: end(p, x); return;
  case L_BAR: out_str(out, S("__syncthreads();\n")); return;
  default: break;
  }
  out_printf(out, "const %s v%d = ", c_type(x->base, x->vary), at);
  switch ((LoopsOp)x->op) {
  case L_CONST: cuda_real(out, (Base)x->base, x->f); break;
  case L_ICONST: cuda_int(out, (Base)x->base, x->imm); break;
  case L_SIZE: out_printf(out, "s%d", x->buf); break;
  case L_LANE: out_str(out, S("lane")); break;
  case L_GET: out_printf(out, "r%d", x->buf); break;
  case L_LXOR: out_printf(out, "__shfl_xor_sync(0xffffffffu, %.*s, %" PRId64 ")", STR(arg(p, x, 0)), x->imm); break;
  default: filled(p, form_of(x), x);
  }
  out_str(out, S(";\n"));
}

/* Trees by halves: after step h, lanes whose numbers agree modulo h hold the same. The lower lane stands first, so
 * that all lanes get what lane 0 gets, zeros and NaN included. */
static void opening(Out *out) {
  out_str(out, S("#ifndef GDL_LANES\n#define GDL_LANES\n"));
  static const char *const types[] = { "float", "double" };
  for (int i = 0; i < 2; i++) {
    out_printf(out, "static __device__ __forceinline__ %s gdl_sum(%s v) {\n", types[i], types[i]);
    for (int h = 16; h; h /= 2)
      out_printf(out, "  v = %s(v, __shfl_xor_sync(0xffffffffu, v, %d));\n", i ? "__dadd_rn" : "__fadd_rn", h);
    out_printf(out, "  return v;\n}\nstatic __device__ __forceinline__ %s gdl_most(%s v) {\n", types[i], types[i]);
    for (int h = 16; h; h /= 2) {
      out_printf(out,
          "  { const %s o = __shfl_xor_sync(0xffffffffu, v, %d), a = threadIdx.x & %d ? o : v, b = threadIdx.x & %d ? "
              "v : o;", types[i], h, h, h);
      out_str(out, S(" v = a > b ? a : b; }\n"));
    }
    out_str(out, S("  return v;\n}\n"));
  }
  out_str(out, S("#endif\n"));
}

void cuda_kernel(const Kernel *k, int64_t stride, Out *out) {
  assert(k->lanes == 32);
  Arena text = { 0 };                                                /* pieces of lines */
  Out lines = { .arena = &text };
  Print p = { .k = k, .out = &lines, .stride = stride, .tile = tile_begin(k), .warps = cuda_warps(k) };
  opening(&lines);
  out_printf(&lines, "\n/* blocks of 32 x %d threads, %" PRId64 " bytes of shared memory, at most %d blocks work */\n",
      p.warps, cuda_shared(k), k->slots);
  out_printf(&lines, "extern \"C\" __global__ void __launch_bounds__(%d) ", 32 * p.warps);
  cuda_name(&lines, k->name);
  out_str(&lines, S("("));
  for (uint32_t i = 0; i < k->buf.n; i++)
    if (k->buf.at[i].scope == SCOPE_GLOBAL)
      out_printf(&lines, "%s%s *__restrict__ b%u, ", k->buf.at[i].out ? "" : "const ", memory_type(&k->buf.at[i]), i);
  for (uint32_t i = 0; i < k->nsizes; i++) out_printf(&lines, "long long s%u, ", i);
  out_str(&lines, S("char *slabs, long long low, long long high) {\n  const int lane = threadIdx.x;\n"));
  if (cuda_shared(k))
    out_str(&lines, S("  extern __shared__ double tile_memory[];\n  char *const tile = (char *)tile_memory;\n"));
  for (uint32_t i = 0; i < k->var.n; i++)
    out_printf(&lines, "  %s r%u;\n", c_type(k->var.at[i].base, k->var.at[i].vary), i);
  for (uint32_t at = 1; at < k->ins.n; at++) statement(&p, (Ref)at);
  out_str(&lines, S("}\n"));
  out_str(out, out_text(&lines));
  arena_free(&text);
}
