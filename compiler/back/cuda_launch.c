/* cuda_launch.c: the text of an entry: how it is launched, its constants, its kernels (cuda.c).
 *
 * Whoever launches needs nothing but the text. It begins with a comment of one statement a line, words apart by one
 * space; what a kernel is given stands behind `with`, in order:
 *
 *     entry small_step
 *     size b
 *     argument 0 image in float 144*b
 *     workspace 90176+4096*b
 *     kernel small_step_0 blocks 132 threads 32 1 shared 0 slab 512 with argument:0 workspace:2048 size:b ...
 *
 * Arguments are numbered as in the entry; their names need not differ. Numbers of elements and bytes are linear in the
 * sizes. Names are letters, digits and _, as in the text. docs/cuda.md. */
#include "back/cuda.h"
#include <inttypes.h>
#include <math.h>

static const char *const roles[] = {
  [ARG_IN] = "in", [ARG_OUT] = "out", [ARG_PARAM] = "param", [ARG_GRAD] = "grad", [ARG_TARGET] = "target",
  [ARG_INDEX] = "index", [ARG_MOMENT] = "moment", [ARG_AVERAGE] = "average", [ARG_SETTING] = "setting",
  [ARG_KEY] = "key", [ARG_SUMS] = "sums", [ARG_VALUE] = "value", [ARG_COTANGENT] = "cotangent",
};

static const char *c_type(int base) {
  switch ((Base)base) {
  case BASE_I32: return "int";
  case BASE_I64: return "long long";
  case BASE_F32: return "float";
  case BASE_F64: return "double";
  case BASE_I1: break;
  }
  bug("base %d in memory", base);
}

static void linear(const EntryCode *e, const SizeExpr *x, Out *out) {
  bool first = true;
  for (uint32_t i = 0; i < e->graph->symbol.n; i++) {
    if (!x->k[i]) continue;
    out_printf(out, "%s%" PRId64 "*", first ? "" : "+", x->k[i]);
    cuda_name(out, e->graph->symbol.at[i]);
    first = false;
  }
  if (x->c || first) out_printf(out, "%s%" PRId64, first ? "" : "+", x->c);
}

static void constant_name(const EntryCode *e, uint32_t number, Out *out) {
  cuda_name(out, e->graph->name);
  out_printf(out, "_constant%u", number);
}

/* --- the comment ----------------------------------------------------------------------------------------------- */
static void bound(const EntryCode *e, uint32_t number, Out *out) {
  const EntryBuf *b = &e->buf.at[number];
  if (b->arg >= 0) out_printf(out, " argument:%d", b->arg);
  else if (b->arg == BUF_CONSTANT) { out_str(out, S(" constant:")); constant_name(e, number, out); }
  else { out_str(out, S(" workspace:")); linear(e, &b->at, out); }
}

static void kernel_line(const EntryCode *e, const EntryKernel *x, Out *out) {
  const Kernel *k = x->kernel;
  out_str(out, S("kernel "));
  cuda_name(out, k->name);
  out_printf(out, " blocks %d threads 32 %d shared %" PRId64, e->slots, cuda_warps(k), cuda_shared(k));
  out_printf(out, " slab %" PRId64 " with", e->slab);
  for (uint32_t i = 0; i < k->buf.n; i++)
    if (k->buf.at[i].scope == SCOPE_GLOBAL) bound(e, x->bind[i], out);
  for (uint32_t i = 0; i < k->nsizes; i++) { out_str(out, S(" size:")); cuda_name(out, e->graph->symbol.at[i]); }
  out_str(out, S(" workspace:"));
  linear(e, &e->slabs, out);
  out_printf(out, " number:0 number:%d\n", e->slots);
}

static void comment(const EntryCode *e, Out *out) {
  const Graph *g = e->graph;
  out_str(out, S("\n/* launch: docs/cuda.md\nentry "));
  cuda_name(out, g->name);
  out_str(out, S("\n"));
  for (uint32_t i = 0; i < g->symbol.n; i++) {
    out_str(out, S("size "));
    cuda_name(out, g->symbol.at[i]);
    out_str(out, S("\n"));
  }
  for (uint32_t i = 0; i < e->buf.n; i++) {
    const EntryBuf *b = &e->buf.at[i];
    if (b->arg == BUF_WORKSPACE) continue;
    if (b->arg == BUF_CONSTANT) {
      out_str(out, S("constant "));
      constant_name(e, i, out);
      out_printf(out, " %s ", c_type(b->base));
    } else {
      out_printf(out, "argument %d ", b->arg);
      cuda_name(out, g->arg.at[b->arg].name);
      out_printf(out, " %s %s ", roles[g->arg.at[b->arg].role], c_type(b->base));
    }
    linear(e, &b->elems, out);
    out_str(out, S("\n"));
  }
  out_str(out, S("workspace "));
  linear(e, &e->workspace, out);
  out_str(out, S("\n"));
  for (uint32_t i = 0; i < e->kernel.n; i++) kernel_line(e, &e->kernel.at[i], out);
  out_str(out, S("*/\n"));
}

/* --- constants --------------------------------------------------------------------------------------------------- */
/* Finite: a NaN or an infinity has no literal in CUDA C. */
static void element(const EntryBuf *b, int64_t i, Out *out) {
  switch ((Base)b->base) {
  case BASE_I32: cuda_int(out, BASE_I32, ((const int32_t *)b->constant)[i]); return;
  case BASE_I64: cuda_int(out, BASE_I64, ((const int64_t *)b->constant)[i]); return;
  case BASE_F32: cuda_real(out, BASE_F32, (double)((const float *)b->constant)[i]); return;
  case BASE_F64: cuda_real(out, BASE_F64, ((const double *)b->constant)[i]); return;
  case BASE_I1: break;
  }
  bug("base %d in memory", b->base);
}

static void constant(const EntryCode *e, uint32_t number, Out *out) {
  const EntryBuf *b = &e->buf.at[number];
  out_printf(out, "extern \"C\" __device__ const %s ", c_type(b->base));
  constant_name(e, number, out);
  out_printf(out, "[%" PRId64 "] = {", b->elems.c ? b->elems.c : 1);
  for (int64_t i = 0; i < b->elems.c; i++) {
    out_str(out, i ? i % 16 ? S(", ") : S(",\n  ") : S("\n  "));
    element(b, i, out);
  }
  out_str(out, b->elems.c ? S("\n};\n") : S(" 0 };\n"));
}

void cuda_text(const EntryCode *e, Out *out) {
  comment(e, out);
  for (uint32_t i = 0; i < e->buf.n; i++)
    if (e->buf.at[i].arg == BUF_CONSTANT) constant(e, i, out);
  for (uint32_t i = 0; i < e->kernel.n; i++) cuda_kernel(e->kernel.at[i].kernel, e->slab, out);
}
