/* llvm.c: Loops to LLVM, one printer for scalars and vectors.
 *
 * - No fast-math flags: Loops has chosen the order, and fma is explicit.
 * - Every buffer has an alias scope of its own, so loads of one move across stores of another; buffers of a slab that
 * share
 *   bytes are not told apart.
 * - RSUM is a fixed tree of shuffles, so that bits do not depend on LLVM.
 * - A varying index has 32 bits (one gather, not two), a uniform one 64.
 * - A load or store of a uniform index with lstride 1 is one vector access; anything else varying gathers.
 * Four passes and code generation level 2 give the speed of O2 at a fifth of its time. instcombine pays for itself: of
 * 16,000 instructions, 16 ms more here and 65 ms less in generation; licm takes 3 ms. Without fma or rint in the
 * processor, calls to fmaf, fma, rintf, rint of the mathematical library remain, with the same bits: what is linked
 * needs it. */
#include "back/llvm.h"
#include "loops/plan.h"
#include <llvm-c/Analysis.h>
#include <llvm-c/Core.h>
#include <llvm-c/Target.h>
#include <llvm-c/TargetMachine.h>
#include <llvm-c/Support.h>
#include <llvm-c/Transforms/PassBuilder.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

typedef LLVMValueRef V;
typedef LLVMTypeRef T;
struct LlvmUnit {
  bool quick;
  LLVMContextRef c;
  LLVMModuleRef m;
  LLVMBuilderRef b;
  LLVMTargetMachineRef machine;
  T i1, i32, i64, f32, f64, ptr;
  unsigned scope, noalias, invariant;   /* metadata kinds                                          */
  bool wide;                        /* the target has 512-bit vectors                              */
  double began;
};

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static bool has_avx512(const char *cpu, const char *features) {
  return strstr(features, "+avx512vl") || !strcmp(cpu, "x86-64-v4");
}

/* LLVM's list of targets has no lock: two threads that enter x86 at once make a circle of it, or find it twice.
 * Three passes are off. Code is as fast without strength reduction, for our addresses are an index and a constant
 * already, and without the scheduler behind the allocation of registers: a third of the compile time was theirs. And
 * hoisting machine instructions out of loops keeps constants in the registers that the sums of a gemm need: up to
 * three times as slow. */
static void enter_target(void) {
  static const char *const options[] = { "gdlc", "-disable-lsr", "-disable-post-ra", "-disable-machine-licm" };
  LLVMParseCommandLineOptions(sizeof options / sizeof *options, options, NULL);
  LLVMInitializeX86TargetInfo();
  LLVMInitializeX86Target();
  LLVMInitializeX86TargetMC();
  LLVMInitializeX86AsmPrinter();
}

LlvmUnit *llvm_open(Str name, Str march, LlvmCare care, Why *why) {
  if (!processor_find(march, why)) return NULL;
  static pthread_once_t entered = PTHREAD_ONCE_INIT;
  pthread_once(&entered, enter_target);
  const char *triple = "x86_64-unknown-linux-gnu";
  LLVMTargetRef target;
  char *error = NULL;
  if (LLVMGetTargetFromTriple(triple, &target, &error)) {
    why_no(why, CODE_NONE, "LLVM has no target for %s: %s", triple, error);
    LLVMDisposeMessage(error);
    return NULL;
  }
  LlvmUnit *u = heap_alloc(1, sizeof *u);
  bool native = str_is(march, "native");
  char *cpu = native ? LLVMGetHostCPUName() : LLVMCreateMessage(march.at), *features = native
      ? LLVMGetHostCPUFeatures() : LLVMCreateMessage("");
  if (!cpu || !features) no_memory(0);                 /* texts for C come from strdup, which LLVM does not check */
  char named[32];
  snprintf(named, sizeof named, "%.*s", STR(march));
  u->machine = LLVMCreateTargetMachine(target, triple, native ? cpu : named, features,
                                       care == LLVM_QUICK ? LLVMCodeGenLevelNone : LLVMCodeGenLevelDefault,
                                           LLVMRelocPIC, LLVMCodeModelDefault);
  u->wide = has_avx512(native ? cpu : named, features);
  LLVMDisposeMessage(cpu);
  LLVMDisposeMessage(features);
  u->quick = care == LLVM_QUICK;
  u->c = LLVMContextCreate();
  LLVMContextSetDiscardValueNames(u->c, 1);
  char module[128];
  snprintf(module, sizeof module, "%.*s", (int)(name.n < 120 ? name.n : 120), name.at);
  u->m = LLVMModuleCreateWithNameInContext(module, u->c);
  u->b = LLVMCreateBuilderInContext(u->c);
  LLVMTargetDataRef layout = LLVMCreateTargetDataLayout(u->machine);
  LLVMSetModuleDataLayout(u->m, layout);
  LLVMDisposeTargetData(layout);
  LLVMSetTarget(u->m, triple);
  u->i1 = LLVMInt1TypeInContext(u->c);
  u->i32 = LLVMInt32TypeInContext(u->c);
  u->i64 = LLVMInt64TypeInContext(u->c);
  u->f32 = LLVMFloatTypeInContext(u->c);
  u->f64 = LLVMDoubleTypeInContext(u->c);
  u->ptr = LLVMPointerTypeInContext(u->c, 0);
  u->scope = LLVMGetMDKindIDInContext(u->c, "alias.scope", 11);
  u->noalias = LLVMGetMDKindIDInContext(u->c, "noalias", 7);
  u->invariant = LLVMGetMDKindIDInContext(u->c, "invariant.load", 14);
  u->began = now();
  return u;
}

void llvm_close(LlvmUnit *u) {
  if (!u) return;
  LLVMDisposeBuilder(u->b);
  if (u->m) LLVMDisposeModule(u->m);
  LLVMDisposeTargetMachine(u->machine);
  LLVMContextDispose(u->c);
  free(u);
}

LLVMModuleRef llvm_module(LlvmUnit *u) { return u->m; }

/* --- printing one kernel ----------------------------------------------------------------------------- */
typedef struct Bracket { LLVMBasicBlockRef head, out; V phi; } Bracket;
typedef struct Print {
  LlvmUnit *u;
  const Kernel *k;
  Arena arena;                      /* as long as one kernel                                       */
  V fn, low, high, slab, *v, *var, *base;
  V *scope, *noalias;
  Bracket *open;
  uint32_t depth;
} Print;

static T scalar(Print *p, int base, bool vary) {
  LlvmUnit *u = p->u;
  switch ((Base)base) {
  case BASE_I1: return u->i1;
  case BASE_I32: return u->i32;
  case BASE_I64: return vary ? u->i32 : u->i64;      /* L9 */
  case BASE_F32: return u->f32;
  case BASE_F64: return u->f64;
  }
  bug("base %d", base);
}
static T type_of(Print *p, int base, bool vary) {
  T t = scalar(p, base, vary);
  return vary ? LLVMVectorType(t, (unsigned)p->k->lanes) : t;
}
static V i32(Print *p, int64_t x) { return LLVMConstInt(p->u->i32, (uint64_t)x, 1); }
static V i64(Print *p, int64_t x) { return LLVMConstInt(p->u->i64, (uint64_t)x, 1); }

static V splat(Print *p, V x) {
  LLVMBuilderRef b = p->u->b;
  if (LLVMTypeOf(x) == p->u->i64) x = LLVMBuildTrunc(b, x, p->u->i32, "");
  T t = LLVMVectorType(LLVMTypeOf(x), (unsigned)p->k->lanes);
  V none = LLVMGetPoison(t), one = LLVMBuildInsertElement(b, none, x, i32(p, 0), "");
  return LLVMBuildShuffleVector(b, one, none, LLVMConstNull(LLVMVectorType(p->u->i32, (unsigned)p->k->lanes)), "");
}

/* An argument, widened when its user varies. */
static V arg(Print *p, Ref a, bool vary) { return vary && !p->k->ins.at[a].vary ? splat(p, p->v[a]) : p->v[a]; }

static V intrinsic(Print *p, const char *name, T *over, size_t nover, V *args, unsigned n) {
  unsigned id = LLVMLookupIntrinsicID(name, strlen(name));
  V f = LLVMGetIntrinsicDeclaration(p->u->m, id, over, nover);
  return LLVMBuildCall2(p->u->b, LLVMIntrinsicGetType(p->u->c, id, over, nover), f, args, n, "");
}
static V call1(Print *p, const char *name, V a) { T t = LLVMTypeOf(a); return intrinsic(p, name, &t, 1, &a, 1); }

static V shuffle(Print *p, V x, const int *lane, int n) {
  V mask[64];
  for (int i = 0; i < n; i++) mask[i] = i32(p, lane[i]);
  return LLVMBuildShuffleVector(p->u->b, x, LLVMGetPoison(LLVMTypeOf(x)), LLVMConstVector(mask, (unsigned)n), "");
}

static V choose(Print *p, LLVMRealPredicate when, V a, V b) {
  return LLVMBuildSelect(p->u->b, LLVMBuildFCmp(p->u->b, when, a, b, ""), a, b, "");
}

static V across(Print *p, V x, bool most) {
  for (int h = p->k->lanes / 2; h; h /= 2) {
    int low[64], high[64];
    for (int i = 0; i < h; i++) { low[i] = i; high[i] = i + h; }
    V a = shuffle(p, x, low, h), b = shuffle(p, x, high, h);
    x = most ? choose(p, LLVMRealOGT, a, b) : LLVMBuildFAdd(p->u->b, a, b, "");
  }
  return LLVMBuildExtractElement(p->u->b, x, i32(p, 0), "");
}

static V with_scope(Print *p, V access, int buf) {
  LLVMSetMetadata(access, p->u->scope, p->scope[buf]);
  if (p->noalias[buf]) LLVMSetMetadata(access, p->u->noalias, p->noalias[buf]);
  return access;
}

/* What lies in a buffer, as it is loaded: i32 widens to I64, of which a varying one has 32 bits anyway. */
static V loaded(Print *p, const Ins *x, V r) {
  const Buf *buf = &p->k->buf.at[x->buf];
  if (buf->base == BASE_I32 && !x->vary) return LLVMBuildSExt(p->u->b, r, p->u->i64, "");
  if (buf->base == BASE_I64 && x->vary)
    return LLVMBuildTrunc(p->u->b, r, LLVMVectorType(p->u->i32, (unsigned)p->k->lanes), "");
  return r;
}
static V to_store(Print *p, const Ins *x, V r) {
  const Buf *buf = &p->k->buf.at[x->buf];
  if (buf->base == BASE_I32 && LLVMTypeOf(r) == p->u->i64) return LLVMBuildTrunc(p->u->b, r, p->u->i32, "");
  if (buf->base == BASE_I64 && x->vary)
    return LLVMBuildSExt(p->u->b, r, LLVMVectorType(p->u->i64, (unsigned)p->k->lanes), "");
  return r;
}

static V access(Print *p, const Ins *x) {
  LLVMBuilderRef b = p->u->b;
  const Buf *buf = &p->k->buf.at[x->buf];
  bool store = x->op == L_STORE, index_varies = p->k->ins.at[x->a[0]].vary;
  Ref mask = store ? x->a[2] : x->a[1];
  T element = buf->base == BASE_I32 ? p->u->i32 : buf->base == BASE_I64 ? p->u->i64 : buf->base == BASE_F32
      ? p->u->f32 : p->u->f64;
  T vector = LLVMVectorType(element, (unsigned)p->k->lanes);
  V value = store ? to_store(p, x, arg(p, x->a[1], x->vary)) : NULL;
  unsigned align = (unsigned)base_bytes((Base)buf->base);
  if (!index_varies && (!x->vary || x->lstride == 1)) {
    V at = x->imm ? LLVMBuildAdd(b, p->v[x->a[0]], i64(p, x->imm), "") : p->v[x->a[0]];
    V place = LLVMBuildGEP2(b, element, p->base[x->buf], &at, 1, "");
    if (!mask) {
      V r = store ? LLVMBuildStore(b, value, place) : LLVMBuildLoad2(b, x->vary ? vector : element, place, "");
      LLVMSetAlignment(r, align);
      with_scope(p, r, x->buf);
      return store ? r : loaded(p, x, r);
    }
    if (x->vary) {
      V m = arg(p, mask, true);
      T over[2] = { vector, p->u->ptr };
      if (store)
        return with_scope(p, intrinsic(p, "llvm.masked.store", over, 2, (V[]){ value, place, i32(p, align), m }, 4),
            x->buf);
      return loaded(p, x, with_scope(p, intrinsic(p, "llvm.masked.load", over, 2, (V[]){ place, i32(p, align), m,
          LLVMConstNull(vector) }, 4), x->buf));
    }
    /* one value under a flag */
    LLVMBasicBlockRef before = LLVMGetInsertBlock(b), then = LLVMAppendBasicBlockInContext(p->u->c, p->fn, ""),
        after = LLVMAppendBasicBlockInContext(p->u->c, p->fn, "");
    LLVMBuildCondBr(b, p->v[mask], then, after);
    LLVMPositionBuilderAtEnd(b, then);
    V r = store ? LLVMBuildStore(b, value, place) : LLVMBuildLoad2(b, element, place, "");
    LLVMSetAlignment(r, align);
    with_scope(p, r, x->buf);
    LLVMBuildBr(b, after);
    LLVMPositionBuilderAtEnd(b, after);
    if (store) return r;
    V phi = LLVMBuildPhi(b, element, "");
    LLVMAddIncoming(phi, (V[]){ LLVMConstNull(element), r }, (LLVMBasicBlockRef[]){ before, then }, 2);
    return loaded(p, x, phi);
  }
  V index = arg(p, x->a[0], true), step[64], base = p->base[x->buf];
  for (int l = 0; l < p->k->lanes; l++) step[l] = i32(p, (index_varies ? x->imm : 0) + (int64_t)l * x->lstride);
  if (!index_varies) {                                /* a far uniform index stays 64 bits wide */
    V at = LLVMBuildAdd(b, p->v[x->a[0]], i64(p, x->imm), "");
    base = LLVMBuildGEP2(b, element, base, &at, 1, "");
    index = LLVMConstVector(step, (unsigned)p->k->lanes);
  } else {
    index = LLVMBuildAdd(b, index, LLVMConstVector(step, (unsigned)p->k->lanes), "");
  }
  V place = LLVMBuildGEP2(b, element, base, &index, 1, "");
  V m = mask ? arg(p, mask, true) : LLVMConstAllOnes(LLVMVectorType(p->u->i1, (unsigned)p->k->lanes));
  T over[2] = { vector, LLVMVectorType(p->u->ptr, (unsigned)p->k->lanes) };
  if (store)
    return with_scope(p, intrinsic(p, "llvm.masked.scatter", over, 2, (V[]){ value, place, i32(p, align), m }, 4),
        x->buf);
  return loaded(p, x, with_scope(p, intrinsic(p, "llvm.masked.gather", over, 2, (V[]){ place, i32(p, align), m,
      LLVMConstNull(vector) }, 4), x->buf));
}

/* bits of a float as whole numbers: for SCALE2, EXPO, MANT */
typedef struct FloatBits { T whole; int shift; int64_t bias, exponent, mantissa; } FloatBits;
static FloatBits bits_of(Print *p, const Ins *x) {
  bool f32 = x->base == BASE_F32;
  T t = f32 ? p->u->i32 : p->u->i64;
  if (x->vary) t = LLVMVectorType(t, (unsigned)p->k->lanes);
  return f32 ? (FloatBits){ t, 23, 127, 255, 0x7fffff } : (FloatBits){ t, 52, 1023, 2047, 0xfffffffffffff };
}
static V all(T whole, int64_t x) {
  if (LLVMGetTypeKind(whole) != LLVMVectorTypeKind) return LLVMConstInt(whole, (uint64_t)x, 1);
  V one = LLVMConstInt(LLVMGetElementType(whole), (uint64_t)x, 1), v[64];
  unsigned n = LLVMGetVectorSize(whole);
  for (unsigned i = 0; i < n; i++) v[i] = one;
  return LLVMConstVector(v, n);
}

/* A count of 0 to the width less 1: what is beyond is undefined in LLVM. */
static V shift_count(Print *p, V n) {
  T t = LLVMTypeOf(n), element = LLVMGetTypeKind(t) == LLVMVectorTypeKind ? LLVMGetElementType(t) : t;
  return LLVMBuildAnd(p->u->b, n, all(t, (int64_t)LLVMGetIntTypeWidth(element) - 1), "");
}

static void open_for(Print *p, const Ins *x, Ref at) {
  LlvmUnit *u = p->u;
  V from = x->kind == FOR_GRID ? p->low : p->v[x->a[0]], until = x->kind == FOR_GRID ? p->high : p->v[x->a[1]];
  LLVMBasicBlockRef before = LLVMGetInsertBlock(u->b), body = LLVMAppendBasicBlockInContext(u->c, p->fn, "for"),
      out = LLVMAppendBasicBlockInContext(u->c, p->fn, "end");
  LLVMBuildCondBr(u->b, LLVMBuildICmp(u->b, LLVMIntSLT, from, until, ""), body, out);
  LLVMPositionBuilderAtEnd(u->b, body);
  V phi = LLVMBuildPhi(u->b, u->i64, "");
  LLVMAddIncoming(phi, &from, &before, 1);
  p->v[at] = phi;
  p->open[p->depth++] = (Bracket){ body, out, phi };
  if (x->kind != FOR_GRID) return;
  for (uint32_t i = 0; i < p->k->buf.n; i++) {         /* the slab of this slot */
    if (p->k->buf.at[i].scope == SCOPE_GLOBAL) continue;
    V place = LLVMBuildAdd(u->b, LLVMBuildMul(u->b, phi, p->slab, ""), i64(p, p->k->buf.at[i].at), "");
    p->base[i] = LLVMBuildGEP2(u->b, LLVMInt8TypeInContext(u->c), LLVMGetParam(p->fn, 2), &place, 1, "");
  }
}

static void close_bracket(Print *p, const Ins *x) {
  LlvmUnit *u = p->u;
  const Ins *o = &p->k->ins.at[x->a[0]];
  Bracket *s = &p->open[--p->depth];
  if (o->op == L_IF) {
    LLVMBuildBr(u->b, s->out);
  } else {
    V next = LLVMBuildNSWAdd(u->b, s->phi, i64(p, o->imm), ""), until = o->kind == FOR_GRID ? p->high : p->v[o->a[1]];
    LLVMBasicBlockRef here = LLVMGetInsertBlock(u->b);
    LLVMAddIncoming(s->phi, &next, &here, 1);
    LLVMBuildCondBr(u->b, LLVMBuildICmp(u->b, LLVMIntSLT, next, until, ""), s->head, s->out);
  }
  LLVMPositionBuilderAtEnd(u->b, s->out);
}

static void print(Print *p, Ref at) {
  LLVMBuilderRef b = p->u->b;
  const Ins *x = &p->k->ins.at[at];
  V r = NULL;
#define A(n) arg(p, x->a[n], x->vary)
#define OP2(build) r = build(b, A(0), A(1), ""); break
  switch ((LoopsOp)x->op) {
  case L_NONE: case L_BAR: break;
  case L_CONST: r = LLVMConstReal(scalar(p, x->base, false), x->f); break;
  case L_ICONST: r = LLVMConstInt(scalar(p, x->base, false), (uint64_t)x->imm, 1); break;
  case L_SIZE: {
    V i = i64(p, x->buf);
    r = LLVMBuildLoad2(b, p->u->i64, LLVMBuildGEP2(b, p->u->i64, LLVMGetParam(p->fn, 1), &i, 1, ""), "");
    LLVMSetMetadata(r, p->u->invariant, LLVMMetadataAsValue(p->u->c, LLVMMDNodeInContext2(p->u->c, NULL, 0)));
    break;
  }
  case L_LANE: {
    V lane[64];
    for (int l = 0; l < p->k->lanes; l++) lane[l] = i32(p, l);
    r = LLVMConstVector(lane, (unsigned)p->k->lanes);
    break;
  }
  case L_FADD: OP2(LLVMBuildFAdd);
  case L_FSUB: OP2(LLVMBuildFSub);
  case L_FMUL: OP2(LLVMBuildFMul);
  case L_FDIV: OP2(LLVMBuildFDiv);
  case L_FMIN: r = choose(p, LLVMRealOLT, A(0), A(1)); break;
  case L_FMAX: r = choose(p, LLVMRealOGT, A(0), A(1)); break;
  case L_FNEG: r = LLVMBuildFNeg(b, A(0), ""); break;
  case L_FMA:
    { V a[3] = { A(0), A(1), A(2) }; T t = LLVMTypeOf(a[0]); r = intrinsic(p, "llvm.fma", &t, 1, a, 3); break; }
  case L_FSQRT: r = call1(p, "llvm.sqrt", A(0)); break;
  case L_FRINT: r = call1(p, "llvm.rint", A(0)); break;
  case L_SCALE2: {
    FloatBits f = bits_of(p, x);
    V n = LLVMBuildFPToSI(b, A(1), f.whole, "");
    n = LLVMBuildShl(b, LLVMBuildAdd(b, n, all(f.whole, f.bias), ""), all(f.whole, f.shift), "");
    r = LLVMBuildFMul(b, A(0), LLVMBuildBitCast(b, n, type_of(p, x->base, x->vary), ""), "");
    break;
  }
  case L_EXPO: {
    FloatBits f = bits_of(p, x);
    V w = LLVMBuildBitCast(b, A(0), f.whole, "");
    w = LLVMBuildAnd(b, LLVMBuildLShr(b, w, all(f.whole, f.shift), ""), all(f.whole, f.exponent), "");
    r = LLVMBuildSIToFP(b, LLVMBuildSub(b, w, all(f.whole, f.bias), ""), type_of(p, x->base, x->vary), "");
    break;
  }
  case L_MANT: {
    FloatBits f = bits_of(p, x);
    V w = LLVMBuildAnd(b, LLVMBuildBitCast(b, A(0), f.whole, ""), all(f.whole, f.mantissa), "");
    w = LLVMBuildOr(b, w, all(f.whole, f.bias << f.shift), "");
    r = LLVMBuildBitCast(b, w, type_of(p, x->base, x->vary), "");
    break;
  }
  case L_ITOF: {
    T t = type_of(p, x->base, x->vary);
    r = p->k->ins.at[x->a[0]].base == BASE_I1 ? LLVMBuildUIToFP(b, A(0), t, "") : LLVMBuildSIToFP(b, A(0), t, "");
    break;
  }
  case L_FTOI: r = LLVMBuildFPToSI(b, A(0), type_of(p, x->base, x->vary), ""); break;
  case L_CVT: {
    V a = A(0);
    T t = type_of(p, x->base, x->vary);
    if (LLVMTypeOf(a) == t) r = a;
    else if (x->base == BASE_F32) r = LLVMBuildFPTrunc(b, a, t, "");
    else if (x->base == BASE_F64) r = LLVMBuildFPExt(b, a, t, "");
    else r = x->base == BASE_I32 ? LLVMBuildTrunc(b, a, t, "") : LLVMBuildSExt(b, a, t, "");
    break;
  }
  case L_RSUM: r = across(p, arg(p, x->a[0], true), false); break;
  case L_RMAX: r = across(p, arg(p, x->a[0], true), true); break;
  case L_LXOR: {
    int lane[64];
    for (int l = 0; l < p->k->lanes; l++) lane[l] = l ^ (int)x->imm;
    r = shuffle(p, arg(p, x->a[0], true), lane, p->k->lanes);
    break;
  }
  case L_IADD: OP2(LLVMBuildAdd);
  case L_ISUB: OP2(LLVMBuildSub);
  case L_IMUL: OP2(LLVMBuildMul);
  case L_IDIV: OP2(LLVMBuildSDiv);
  case L_IMOD: OP2(LLVMBuildSRem);
  case L_IMIN:
    { V l = A(0), q = A(1); r = LLVMBuildSelect(b, LLVMBuildICmp(b, LLVMIntSLT, l, q, ""), l, q, ""); break; }
  case L_IMAX:
    { V l = A(0), q = A(1); r = LLVMBuildSelect(b, LLVMBuildICmp(b, LLVMIntSGT, l, q, ""), l, q, ""); break; }
  case L_IAND: OP2(LLVMBuildAnd);
  case L_IXOR: OP2(LLVMBuildXor);
  case L_ISHL: r = LLVMBuildShl(b, A(0), shift_count(p, A(1)), ""); break;
  case L_ISHR: r = LLVMBuildLShr(b, A(0), shift_count(p, A(1)), ""); break;
  case L_ILT: r = LLVMBuildICmp(b, LLVMIntSLT, A(0), A(1), ""); break;
  case L_IEQ: r = LLVMBuildICmp(b, LLVMIntEQ, A(0), A(1), ""); break;
  case L_FLT: r = LLVMBuildFCmp(b, LLVMRealOLT, A(0), A(1), ""); break;
  case L_FLE: r = LLVMBuildFCmp(b, LLVMRealOLE, A(0), A(1), ""); break;
  case L_FEQ: r = LLVMBuildFCmp(b, LLVMRealOEQ, A(0), A(1), ""); break;
  case L_AND: OP2(LLVMBuildAnd);
  case L_OR: OP2(LLVMBuildOr);
  case L_NOT: r = LLVMBuildNot(b, A(0), ""); break;
  case L_SELECT: r = LLVMBuildSelect(b, A(0), A(1), A(2), ""); break;
  case L_LOAD: r = access(p, x); break;
  case L_STORE: (void)access(p, x); break;
  case L_GET: r = LLVMBuildLoad2(b, type_of(p, x->base, x->vary), p->var[x->buf], ""); break;
  case L_SET: LLVMBuildStore(b, A(0), p->var[x->buf]); break;
  case L_FOR: open_for(p, x, at); return;
  case L_IF: {
    LLVMBasicBlockRef body = LLVMAppendBasicBlockInContext(p->u->c, p->fn, "then"),
        out = LLVMAppendBasicBlockInContext(p->u->c, p->fn, "fi");
    LLVMBuildCondBr(b, p->v[x->a[0]], body, out);
    LLVMPositionBuilderAtEnd(b, body);
    p->open[p->depth++] = (Bracket){ NULL, out, NULL };
    return;
  }
  case L_END: close_bracket(p, x); return;
  case L_OPS: bug("no operation");
  }
  p->v[at] = r;
}

/* Two buffers of the slab may share bytes, one after the other. */
static bool apart(const Buf *a, const Buf *b) {
  if (a->scope == SCOPE_GLOBAL || b->scope == SCOPE_GLOBAL) return true;
  return a->at + a->elems.c * base_bytes((Base)a->base) <= b->at ||
      b->at + b->elems.c * base_bytes((Base)b->base) <= a->at;
}

/* A buffer aliases none that lies apart: its accesses are in its scope and in no other. */
static void scopes(Print *p) {
  const Kernel *k = p->k;
  LLVMContextRef c = p->u->c;
  LLVMMetadataRef name = LLVMMDStringInContext2(c, k->name.at, k->name.n), domain = LLVMMDNodeInContext2(c, &name, 1);
  LLVMMetadataRef *scope = arena_array(&p->arena, LLVMMetadataRef, k->buf.n + 1), *rest = arena_array(&p->arena,
      LLVMMetadataRef, k->buf.n + 1);
  p->scope = arena_array(&p->arena, V, k->buf.n + 1);
  p->noalias = arena_array(&p->arena, V, k->buf.n + 1);
  for (uint32_t i = 0; i < k->buf.n; i++) {
    Str own = str_format(&p->arena, "%.*s %u", STR(k->buf.at[i].name), i);
    LLVMMetadataRef pair[2] = { LLVMMDStringInContext2(c, own.at, own.n), domain };
    scope[i] = LLVMMDNodeInContext2(c, pair, 2);
  }
  for (uint32_t i = 0; i < k->buf.n; i++) {
    size_t n = 0;
    for (uint32_t j = 0; j < k->buf.n; j++)
      if (j != i && apart(&k->buf.at[i], &k->buf.at[j])) rest[n++] = scope[j];
    p->scope[i] = LLVMMetadataAsValue(c, LLVMMDNodeInContext2(c, &scope[i], 1));
    if (n) p->noalias[i] = LLVMMetadataAsValue(c, LLVMMDNodeInContext2(c, rest, n));
  }
}

static void attribute(Print *p, const char *key, const char *value) {
  LLVMAddAttributeAtIndex(p->fn, (LLVMAttributeIndex)LLVMAttributeFunctionIndex,
    LLVMCreateStringAttribute(p->u->c, key, (unsigned)strlen(key), value, (unsigned)strlen(value)));
}

void llvm_kernel(LlvmUnit *u, const Kernel *k, int64_t stride) {
  Print p = { .u = u, .k = k };
  T params[] = { u->ptr, u->ptr, u->ptr, u->i64, u->i64 };
  p.fn = LLVMAddFunction(u->m, str_copy(&p.arena, k->name).at, LLVMFunctionType(u->i32, params, 5, 0));
  LLVMSetVisibility(p.fn, LLVMHiddenVisibility);
  LLVMAddAttributeAtIndex(p.fn, (LLVMAttributeIndex)LLVMAttributeFunctionIndex, LLVMCreateEnumAttribute(u->c,
      LLVMGetEnumAttributeKindForName("nounwind", 8), 0));
  if (u->wide) { attribute(&p, "prefer-vector-width", "512"); attribute(&p, "min-legal-vector-width", "512"); }
  LLVMPositionBuilderAtEnd(u->b, LLVMAppendBasicBlockInContext(u->c, p.fn, "entry"));
  p.low = LLVMGetParam(p.fn, 3);
  p.high = LLVMGetParam(p.fn, 4);
  p.slab = i64(&p, stride);
  p.v = arena_array(&p.arena, V, k->ins.n);
  p.var = arena_array(&p.arena, V, k->var.n + 1);
  p.base = arena_array(&p.arena, V, k->buf.n + 1);
  p.open = arena_array(&p.arena, Bracket, k->ins.n);
  scopes(&p);
  for (uint32_t i = 0; i < k->buf.n; i++) {
    if (k->buf.at[i].scope != SCOPE_GLOBAL) continue;
    V at = i64(&p, i);
    p.base[i] = LLVMBuildLoad2(u->b, u->ptr, LLVMBuildGEP2(u->b, u->ptr, LLVMGetParam(p.fn, 0), &at, 1, ""), "");
  }
  for (uint32_t i = 0; i < k->var.n; i++)
    p.var[i] = LLVMBuildAlloca(u->b, type_of(&p, k->var.at[i].base, k->var.at[i].vary), "");
  for (uint32_t at = 1; at < k->ins.n; at++) print(&p, (Ref)at);
  LLVMBuildRet(u->b, i32(&p, 0));
  arena_free(&p.arena);
}

/* --- from a module to bytes ------------------------------------------------------------------------------ */
static uint32_t count(LLVMModuleRef m) {
  uint32_t n = 0;
  for (V f = LLVMGetFirstFunction(m); f; f = LLVMGetNextFunction(f))
    for (LLVMBasicBlockRef b = LLVMGetFirstBasicBlock(f); b; b = LLVMGetNextBasicBlock(b))
      for (V i = LLVMGetFirstInstruction(b); i; i = LLVMGetNextInstruction(i)) n++;
  return n;
}

bool llvm_emit(LlvmUnit *u, LlvmOutput output, Arena *arena, Bytes *bytes, LlvmCost *cost, Why *why) {
  char *error = NULL;
  if (LLVMVerifyModule(u->m, LLVMReturnStatusAction, &error)) {
    why_no(why, CODE_NONE, "LLVM refuses the module: %.400s", error);
    LLVMDisposeMessage(error);
    return false;
  }
  LLVMDisposeMessage(error);
  double printed = now();
  uint32_t instructions = count(u->m);
  LLVMPassBuilderOptionsRef options = LLVMCreatePassBuilderOptions();
  const char *passes = u->quick ? "function(sroa,early-cse)"
      : "function(sroa,early-cse,instcombine<no-verify-fixpoint>,loop-mssa(licm))";
  LLVMErrorRef failed = LLVMRunPasses(u->m, passes, u->machine, options);
  LLVMDisposePassBuilderOptions(options);
  if (failed) {
    char *message = LLVMGetErrorMessage(failed);
    why_no(why, CODE_NONE, "LLVM: %s", message);
    LLVMDisposeErrorMessage(message);
    return false;
  }
  double optimised = now();
  if (output == LLVM_TEXT) {
    char *text = LLVMPrintModuleToString(u->m);
    if (!text) no_memory(0);
    Str copy = str_copy(arena, str_of(text));
    *bytes = (Bytes){ copy.at, copy.n };
    LLVMDisposeMessage(text);
  } else {
    LLVMMemoryBufferRef buffer;
    if (LLVMTargetMachineEmitToMemoryBuffer(u->machine, u->m, output == LLVM_OBJECT ? LLVMObjectFile
        : LLVMAssemblyFile, &error, &buffer)) {
      why_no(why, CODE_NONE, "LLVM: %s", error);
      LLVMDisposeMessage(error);
      return false;
    }
    if (!buffer) no_memory(0);                         /* the copy into it is the one `new` that does not end there */
    size_t n = LLVMGetBufferSize(buffer);
    char *copy = arena_array(arena, char, n + 1);
    memcpy(copy, LLVMGetBufferStart(buffer), n);
    *bytes = (Bytes){ copy, n };
    LLVMDisposeMemoryBuffer(buffer);
  }
  if (cost) *cost = (LlvmCost){ instructions, printed - u->began, optimised - printed, now() - optimised };
  return true;
}
