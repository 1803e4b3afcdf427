/* module.c: writes the constants of gdl.h and the entry functions into an LLVM module.
 *
 * Reads a checked model and its entries; every struct of gdl.h has one function here that writes it, member by
 * member in the order of the header, so the two can be read side by side. Literal structs of LLVM have the layout
 * of C for these members. Generated code keeps no state: `run` builds pointers on its stack and returns a status.
 * Elsewhere: kernels (llvm.c), objects and linking (link.c), the typed header (header.c). */
#include "back/header.h"
#include "gdl.h"
#include "graph/expand.h"
#include <llvm-c/Core.h>
#include <math.h>

typedef LLVMValueRef V;
typedef struct Describe {
  Arena *arena;
  const ModuleInput *in;
  const Model *model;
  Reps *reps;
  LLVMModuleRef m;
  LLVMContextRef c;
  LLVMBuilderRef b;
  LLVMTypeRef i8, i16, i32, i64, f32, f64, ptr;
  vec(const Group *) group;         /* 0: of the proof                                            */
  vec(const Kind *) kind;           /* action numbers: kinds first ...                             */
  vec(const Space *) space;         /* ... then spaces                                             */
} Describe;

/* --- constants --------------------------------------------------------------------------------- */
static V c8(Describe *d, uint64_t x) { return LLVMConstInt(d->i8, x, 0); }
static V c16(Describe *d, int64_t x) { return LLVMConstInt(d->i16, (uint64_t)x, 1); }
static V c32(Describe *d, int64_t x) { return LLVMConstInt(d->i32, (uint64_t)x, 1); }
static V c64(Describe *d, int64_t x) { return LLVMConstInt(d->i64, (uint64_t)x, 1); }
static V real(Describe *d, double x) { return LLVMConstReal(d->f64, x); }
static V null(Describe *d) { return LLVMConstNull(d->ptr); }

static V constant(Describe *d, V value) {             /* a private constant; its address            */
  V g = LLVMAddGlobal(d->m, LLVMTypeOf(value), "");
  LLVMSetInitializer(g, value);
  LLVMSetGlobalConstant(g, 1);
  LLVMSetLinkage(g, LLVMPrivateLinkage);
  return g;
}

static V text(Describe *d, Str s) {
  return s.at ? constant(d, LLVMConstStringInContext2(d->c, s.at, s.n, 0)) : null(d);
}

static V structure(Describe *d, const V *member, uint32_t n) {
  return LLVMConstStructInContext(d->c, (V *)member, n, 0);
}
#define STRUCT(d, ...) structure(d, (V[]){ __VA_ARGS__ }, sizeof((V[]){ __VA_ARGS__ }) / sizeof(V))

static V array(Describe *d, V *x, uint32_t n) {       /* address of n constants of one type, or NULL */
  return n ? constant(d, LLVMConstArray2(LLVMTypeOf(x[0]), x, n)) : null(d);
}

static V reals(Describe *d, const double *x, uint32_t n) {
  V *v = arena_array(d->arena, V, n + 1);
  for (uint32_t i = 0; i < n; i++) v[i] = real(d, x[i]);
  return array(d, v, n);
}

static Str place(Describe *d, Span at) {
  Place p = span_place(d->in->program->sources, at);
  return p.line ? str_format(d->arena, "%.*s:%u", STR(p.path), p.line) : (Str){ 0 };
}

/* --- groups and actions ------------------------------------------------------------------------- */
static int32_t group_number(Describe *d, const Group *g) {
  for (uint32_t i = 0; i < d->group.n; i++)
    if (d->group.at[i] == g || (g && d->group.at[i] && group_equal(d->group.at[i], g))) return (int32_t)i;
  vec_push(d->arena, &d->group, g);
  return (int32_t)d->group.n - 1;
}

static int32_t kind_action(Describe *d, const Kind *k) {
  if (!k->group) return -1;
  for (uint32_t i = 0; i < d->kind.n; i++)
    if (d->kind.at[i] == k) return (int32_t)i;
  vec_push(d->arena, &d->kind, k);
  return (int32_t)d->kind.n - 1;
}

static bool space_moves(const Space *s) {
  return s && s->sort != SPACE_LABELS && s->sort != SPACE_ORBITS && s->sort != SPACE_PAIRS;
}

/* Spaces are numbered behind all kinds: the number is fixed up when the kinds are complete. */
static int32_t space_action(Describe *d, const Space *s) {
  if (!space_moves(s)) return -1;
  for (uint32_t i = 0; i < d->space.n; i++)
    if (d->space.at[i] == s) return (int32_t)i;
  vec_push(d->arena, &d->space, s);
  return (int32_t)d->space.n - 1;
}

static uint32_t generators(const Group *g) { return g ? g->ngen : 0; }

static V describe_group(Describe *d, const Group *g) {
  Why why = { .arena = d->arena };
  const Elements *e = g && g->sort == GROUP_FINITE ? group_elements(d->reps->groups, g, &why) : NULL;
  if (e && e->n > 4096) e = NULL;
  uint32_t n = e ? e->n : 1;
  /* breadth first from 1: an element is a generator times one that is known; its word likewise */
  uint32_t *from = arena_array(d->arena, uint32_t, n), *by = arena_array(d->arena, uint32_t, n),
           *queue = arena_array(d->arena, uint32_t, n), head = 0, tail = 1;
  bool *seen = arena_array(d->arena, bool, n);
  seen[0] = true;
  while (e && head < tail) {
    uint32_t x = queue[head++];
    for (uint32_t k = 0; k < g->ngen; k++) {
      uint32_t y = e->times[x * g->ngen + k];
      if (seen[y]) continue;
      seen[y] = true;
      from[y] = x;
      by[y] = k;
      queue[tail++] = y;
    }
  }
  vec(V) word = { 0 };
  V *at = arena_array(d->arena, V, n + 1);
  for (uint32_t x = 0; x < n; x++) {
    at[x] = c32(d, word.n);
    for (uint32_t y = x; y; y = from[y]) vec_push(d->arena, &word, c32(d, by[y]));
  }
  at[n] = c32(d, word.n);
  V *names = arena_array(d->arena, V, generators(g) + 1);
  for (uint32_t i = 0; g && i < generators(g); i++) names[i] = text(d, g->gen[i]);
  return STRUCT(d, text(d, g ? g->name : S("1")), c32(d, 0), c32(d, generators(g)), c32(d, n), c32(d, 0),
                array(d, word.at, word.n), array(d, at, n + 1), array(d, names, generators(g)));
}

/* The matrices by which the generators of `g` move one copy of `k`, [generator][dim][dim]; identity where g does not
 * act. */
static V kind_matrices_under(Describe *d, const Group *g, const Kind *k) {
  uint32_t n = generators(g), size = k->dim * k->dim;
  double *m = arena_array(d->arena, double, n * size + 1);
  for (uint32_t i = 0; i < n; i++)
    for (uint32_t j = 0; j < k->dim; j++) m[i * size + j * k->dim + j] = 1;
  if (g == k->group || (g && group_equal(g, k->group))) {
    for (uint32_t i = 0; i < n; i++) kind_generator(k, i, &m[i * size]);
  } else if (g && g->sort == GROUP_FINITE && k->group->sort == GROUP_FINITE) {
    Why why = { .arena = d->arena };
    const Elements *e = group_elements(d->reps->groups, g, &why);
    const uint32_t *map = e ? group_embed(d->reps->groups, g, k->group, &why) : NULL;
    for (uint32_t i = 0; map && i < n; i++) kind_element(d->reps, k, map[e->times[i]], &m[i * size]);
  }
  return reals(d, m, n * size);
}

static V describe_kind(Describe *d, const Group *g, const Kind *k) {
  return STRUCT(d, text(d, k->name), kind_matrices_under(d, g, k), c32(d, GDL_MATRIX), c32(d, k->dim),
                LLVMConstArray2(d->i32, (V[]){ c32(d, 0), c32(d, 0) }, 2), real(d, 0));
}

static V describe_space(Describe *d, const Group *g, const Space *s) {
  bool grid = s->sort == SPACE_GRID || s->sort == SPACE_LINE, torus = s->sort == SPACE_TORUS || s->sort == SPACE_CYCLE;
  bool acts = (grid || torus) && g && g->dim == s->ndim;
  uint32_t n = acts ? generators(g) : 0, size = s->ndim * s->ndim;
  double *m = arena_array(d->arena, double, n * size + 1);
  for (uint32_t i = 0; i < n; i++)
    for (uint32_t j = 0; j < size; j++) m[i * size + j] = exact_real(g->vector[i].at[j]);
  return STRUCT(d, text(d, s->name), reals(d, m, n * size),
      c32(d, grid    ? acts ? GDL_GRID : GDL_FIXED
             : torus ? GDL_TORUS
                     : GDL_SET),
      c32(d, s->ndim),
      LLVMConstArray2(d->i32,
          (V[]){ c32(d, s->ndim ? s->shape[0] : (int64_t)s->count), c32(d, s->ndim > 1 ? s->shape[1] : 1) }, 2),
      real(d, torus && s->base ? -s->offset2 / (2.0 * s->factor)
                               : 0)); /* element i stands at (i factor + offset2 / 2) / divide */
}

/* --- arguments and entries ------------------------------------------------------------------------ */
static const Value *value_of_arg(const Describe *d, const Arg *a) {
  const Model *m = d->model;
  if (a->role == ARG_GRAD || a->role == ARG_COTANGENT) return NULL;
  for (uint32_t i = 0; i < m->ninputs; i++)
    if (str_equal(m->input[i]->name, a->name)) return m->input[i];
  for (uint32_t i = 0; m->train && i < m->train->ntargets; i++)
    if (str_equal(m->train->target[i]->name, a->name)) return m->train->target[i];
  for (uint32_t i = 0; i < m->noutputs; i++)
    if (a->role == ARG_OUT && str_equal(m->output[i].name, a->name)) return m->output[i].value;
  if (a->role != ARG_VALUE) return NULL;
  uint32_t at = a->name.n;
  while (at && a->name.at[at - 1] >= '0' && a->name.at[at - 1] <= '9') at--;
  uint32_t number = 0;
  for (uint32_t i = at; i < a->name.n; i++) number = 10 * number + (uint32_t)(a->name.at[i] - '0');
  return m->value.at[number];
}

static V describe_arg(Describe *d, const Graph *g, const Arg *a, uint32_t nkinds) {
  const Value *v = value_of_arg(d, a);
  V *dims = arena_array(d->arena, V, a->rank + 1u);
  char axes[8] = "";
  for (uint8_t i = 0; i < a->rank; i++) {
    dims[i] = c64(d, a->axis[i].n);
    axes[i] = a->axis[i].role != ROLE_ROW ? 'm' : a->axis[i].what == 1 ? 'b' : 'r';
  }
  uint8_t rank = a->rank;
  V *term = arena_array(d->arena, V, a->rep ? a->rep->n + 1 : 1);
  Out rep = { .arena = d->arena };
  if (a->rep) rep_text(a->rep, &rep);
  for (uint32_t t = 0; a->rep && t < a->rep->n; t++) {
    const Term *x = &a->rep->term[t];
    term[t] = STRUCT(d, text(d, x->kind->name), c32(d, x->kind->dim), c32(d, x->copies),
        c32(d, kind_action(d, x->kind)), c32(d, 0));
  }
  const Space *labels = v && v->type.what == WHAT_LABEL ? v->type.to : NULL;
  uint32_t nlabels = labels ? labels->nlabels ? labels->nlabels : (uint32_t)labels->count : 0;
  V numbers = null(d), texts = null(d);
  if (labels && labels->number_of) {
    V *x = arena_array(d->arena, V, nlabels);
    for (uint32_t i = 0; i < nlabels; i++) x[i] = c64(d, labels->number_of[i]);
    numbers = array(d, x, nlabels);
  }
  if (labels && labels->text_of) {
    V *x = arena_array(d->arena, V, nlabels);
    for (uint32_t i = 0; i < nlabels; i++) x[i] = text(d, labels->text_of[i]);
    texts = array(d, x, nlabels);
  }
  int32_t rows = a->space ? space_action(d, a->space) : -1;
  uint8_t dtype = a->number != NUMBER_REAL ? GDL_I32 : a->role == ARG_SUMS || g->f64 ? GDL_F64 : GDL_F32;
  Str name = a->role == ARG_VALUE && v && v->path.n ? v->path : a->name;
  const Group *acting = d->model->group;
  V kept = null(d);
  if (v && v->proof.verdict == VERDICT_BROKEN && v->proof.kept && acting && acting->elements) {
    V *x = arena_array(d->arena, V, acting->elements->n);
    for (uint32_t i = 0; i < acting->elements->n; i++) x[i] = c8(d, v->proof.kept[i]);
    kept = array(d, x, acting->elements->n);
  }
  return STRUCT(d, text(d, name), a->rep ? text(d, out_text(&rep)) : null(d), text(d, str_of(axes)),
      text(d, place(d, v ? v->at : a->at)), array(d, dims, rank), c8(d, dtype), c8(d, a->role), c8(d, rank),
      c8(d, v ? v->proof.verdict : 0), c16(d, rows < 0 ? -1 : rows + (int32_t)nkinds), c16(d, a->rep ? a->rep->n : 0),
      array(d, term, a->rep ? a->rep->n : 0), v && a->role == ARG_VALUE ? text(d, str_of(word_name(v->word))) : null(d),
      c32(d, nlabels), c32(d, 0), numbers, texts, kept);
}

/* --- sizes ------------------------------------------------------------------------------------------ */
static V size_at(Describe *d, V sizes, uint32_t i) {
  V index = c64(d, i), p = LLVMBuildGEP2(d->b, d->i64, sizes, &index, 1, "");
  return LLVMBuildLoad2(d->b, d->i64, p, "");
}

static V size_value(Describe *d, const SizeExpr *e, V sizes, uint32_t n) {
  V sum = c64(d, e->c);
  for (uint32_t i = 0; i < n; i++)
    if (e->k[i]) sum = LLVMBuildAdd(d->b, sum, LLVMBuildMul(d->b, size_at(d, sizes, i), c64(d, e->k[i]), ""), "");
  return sum;
}

/* A kernel of less work than this is done before other threads would have begun: some 10 microseconds. Kernels count
 * the flops of their gemms; what else they do is guessed from the bytes of their buffers. */
enum { HANDED_OVER = 1 << 18, FLOP_A_BYTE = 4 };

/* --- symbols ---------------------------------------------------------------------------------------- */
Str module_symbol(Arena *arena, const ModuleInput *in, Str name, const char *tail) {
  Out out = { .arena = arena };
  header_name(str_format(arena, "%.*s%.*s%s", STR(in->prefix), STR(name), tail), &out);
  return out_text(&out);
}

static bool symbol_differs(Str name, Str *all, uint32_t *n, Why *why) {
  for (uint32_t i = 0; i < *n; i++)
    if (str_equal(all[i], name))
      return why_no(why, CODE_NONE, "two functions or descriptors would be called %.*s", STR(name));
  all[(*n)++] = name;
  return true;
}

bool module_symbols_differ(Arena *arena, const ModuleInput *in, uint32_t n, Why *why) {
  uint32_t most = n, k = 0;
  for (uint32_t m = 0; m < n; m++)
    for (uint32_t e = 0; e < in[m].nentries; e++) most += 2 + in[m].entry[e].code->kernel.n;
  Str *all = arena_array(arena, Str, most);
  for (uint32_t m = 0; m < n; m++) {
    if (!symbol_differs(module_symbol(arena, &in[m], in[m].model->name, "_module"), all, &k, why)) return false;
    for (uint32_t e = 0; e < in[m].nentries; e++) {
      const ModuleEntry *x = &in[m].entry[e];
      if (!symbol_differs(module_symbol(arena, &in[m], x->name, ""), all, &k, why) ||
          !symbol_differs(module_symbol(arena, &in[m], x->name, "_workspace"), all, &k, why))
        return false;
      for (uint32_t i = 0; i < x->code->kernel.n; i++)         /* they meet while they are linked */
        if (!symbol_differs(x->code->kernel.at[i].kernel->name, all, &k, why)) return false;
    }
  }
  return true;
}

/* --- functions ------------------------------------------------------------------------------------- */
static V function(Describe *d, Str name, LLVMTypeRef type, bool external) {
  V f = LLVMAddFunction(d->m, str_copy(d->arena, name).at, type);
  if (!external) LLVMSetLinkage(f, LLVMInternalLinkage);
  LLVMPositionBuilderAtEnd(d->b, LLVMAppendBasicBlockInContext(d->c, f, "entry"));
  return f;
}

static V workspace_function(Describe *d, const ModuleEntry *e) {
  LLVMTypeRef type = LLVMFunctionType(d->i64, &d->ptr, 1, 0);
  V f = function(d, str_format(d->arena, "%.*s_workspace_of", STR(e->name)), type, false);
  LLVMBuildRet(d->b, size_value(d, &e->code->workspace, LLVMGetParam(f, 0), e->lowered->symbol.n));
  return f;
}

static V member(Describe *d, V base, uint64_t offset) {
  V at = c64(d, (int64_t)offset);
  return LLVMBuildGEP2(d->b, d->i8, base, &at, 1, "");
}

/* body(ctx = {bufs, sizes, slabs}, low, high): what parallel_for calls. */
static V body_function(Describe *d, const EntryKernel *k) {
  LLVMTypeRef kernel_type = LLVMFunctionType(d->i32, (LLVMTypeRef[]){ d->ptr, d->ptr, d->ptr, d->i64, d->i64 }, 5, 0);
  char *name = (char *)str_copy(d->arena, k->kernel->name).at;
  V kernel = LLVMAddFunction(d->m, name, kernel_type);
  LLVMSetVisibility(kernel, LLVMHiddenVisibility);
  V f = function(d, str_format(d->arena, "%.*s_body", STR(k->kernel->name)),
                 LLVMFunctionType(d->i32, (LLVMTypeRef[]){ d->ptr, d->i64, d->i64 }, 3, 0), false);
  V ctx = LLVMGetParam(f, 0), args[5];
  for (uint32_t i = 0; i < 3; i++) args[i] = LLVMBuildLoad2(d->b, d->ptr, member(d, ctx, 8 * i), "");
  args[3] = LLVMGetParam(f, 1);
  args[4] = LLVMGetParam(f, 2);
  LLVMBuildRet(d->b, LLVMBuildCall2(d->b, kernel_type, kernel, args, 5, ""));
  return f;
}

static LLVMBasicBlockRef block(Describe *d, V f) { return LLVMAppendBasicBlockInContext(d->c, f, ""); }

/* Returns `status` from f when `bad`. */
static void refuse_if(Describe *d, V f, V bad, int status) {
  LLVMBasicBlockRef no = block(d, f), go = block(d, f);
  LLVMBuildCondBr(d->b, bad, no, go);
  LLVMPositionBuilderAtEnd(d->b, no);
  LLVMBuildRet(d->b, c32(d, status));
  LLVMPositionBuilderAtEnd(d->b, go);
}

/* An argument that has numbers is a pointer, to a multiple of their width. */
static void refuse_pointer(Describe *d, V f, V args, V sizes, const Graph *g, uint32_t i) {
  const Arg *a = &g->arg.at[i];
  V p = LLVMBuildPtrToInt(d->b, LLVMBuildLoad2(d->b, d->ptr, member(d, args, 8 * (uint64_t)i), ""), d->i64, "");
  uint64_t width = a->number != NUMBER_REAL ? 4 : a->role == ARG_SUMS || g->f64 ? 8 : 4;
  V missing = LLVMBuildICmp(d->b, LLVMIntEQ, p, c64(d, 0), "");
  for (uint8_t k = 0; k < a->rank; k++) {
    Size n = a->axis[k].n;
    V count = n < 0 ? size_at(d, sizes, (uint32_t)(-n - 1)) : c64(d, n);
    missing = LLVMBuildAnd(d->b, missing, LLVMBuildICmp(d->b, LLVMIntNE, count, c64(d, 0), ""), "");
  }
  V crooked = LLVMBuildICmp(d->b, LLVMIntNE, LLVMBuildAnd(d->b, p, c64(d, (int64_t)width - 1), ""), c64(d, 0), "");
  refuse_if(d, f, LLVMBuildOr(d->b, missing, crooked, ""), GDL_BAD_ARG);
}

/* The numbers of a constant buffer, as bytes. */
static V data_constant(Describe *d, const EntryBuf *x) {
  size_t n = (size_t)(x->elems.c * base_bytes(x->base));
  V g = constant(d, LLVMConstStringInContext2(d->c, x->constant, n, 1));
  LLVMSetAlignment(g, 64);
  return g;
}

static V run_function(Describe *d, const ModuleEntry *e) {
  const EntryCode *code = e->code;
  V *body = arena_array(d->arena, V, code->kernel.n + 1), *constants = arena_array(d->arena, V, code->buf.n + 1);
  for (uint32_t k = 0; k < code->kernel.n; k++) body[k] = body_function(d, &code->kernel.at[k]);
  V f = function(d, str_format(d->arena, "%.*s_run", STR(e->name)), LLVMFunctionType(d->i32, &d->ptr, 1, 0), false);
  V call = LLVMGetParam(f, 0);
  V sizes = LLVMBuildLoad2(d->b, d->ptr, member(d, call, offsetof(gdl_call, sizes)), "");
  V args = LLVMBuildLoad2(d->b, d->ptr, member(d, call, offsetof(gdl_call, args)), "");
  V space = LLVMBuildLoad2(d->b, d->ptr, member(d, call, offsetof(gdl_call, workspace)), "");
  V host = LLVMBuildLoad2(d->b, d->ptr, member(d, call, offsetof(gdl_call, host)), "");
  uint32_t most = 1, nsizes = e->lowered->symbol.n;
  for (uint32_t k = 0; k < code->kernel.n; k++)
    if (code->kernel.at[k].kernel->buf.n > most) most = code->kernel.at[k].kernel->buf.n;
  /* {bufs, sizes, slabs}, then what bufs points to: few lines of the cache for other threads to fetch */
  V ctx = LLVMBuildAlloca(d->b, LLVMArrayType2(d->ptr, most + 3), ""), bufs = member(d, ctx, 24);
  LLVMSetAlignment(ctx, 64);
  for (uint32_t i = 0; i < nsizes; i++) {             /* 0 <= size < 2^31: a lane's index has 32 bits */
    V s = size_at(d, sizes, i);
    refuse_if(d, f, LLVMBuildICmp(d->b, LLVMIntUGT, s, c64(d, INT32_MAX), ""), GDL_BAD_SIZE);
  }
  V address = LLVMBuildPtrToInt(d->b, space, d->i64, "");
  V crooked = LLVMBuildICmp(d->b, LLVMIntNE, LLVMBuildAnd(d->b, address, c64(d, 63), ""), c64(d, 0), ""),
    none = LLVMBuildIsNull(d->b, space, "");
  none = LLVMBuildAnd(d->b, none,
      LLVMBuildICmp(d->b, LLVMIntNE, size_value(d, &code->workspace, sizes, nsizes), c64(d, 0), ""), "");
  refuse_if(d, f, LLVMBuildOr(d->b, crooked, none, ""), GDL_BAD_WORKSPACE);
  for (uint32_t i = 0; i < e->lowered->arg.n; i++) refuse_pointer(d, f, args, sizes, e->lowered, i);
  /* what the host lends */
  LLVMBasicBlockRef lent = block(d, f), start = block(d, f), entry = LLVMGetInsertBlock(d->b);
  LLVMBuildCondBr(d->b, LLVMBuildIsNull(d->b, host, ""), start, lent);
  LLVMPositionBuilderAtEnd(d->b, lent);
  V lent_user = LLVMBuildLoad2(d->b, d->ptr, member(d, host, offsetof(gdl_host, user)), "");
  V lent_for = LLVMBuildLoad2(d->b, d->ptr, member(d, host, offsetof(gdl_host, parallel_for)), "");
  LLVMBuildBr(d->b, start);
  LLVMPositionBuilderAtEnd(d->b, start);
  V user = LLVMBuildPhi(d->b, d->ptr, ""), each = LLVMBuildPhi(d->b, d->ptr, "");
  LLVMAddIncoming(user, (V[]){ null(d), lent_user }, (LLVMBasicBlockRef[]){ entry, lent }, 2);
  LLVMAddIncoming(each, (V[]){ null(d), lent_for }, (LLVMBasicBlockRef[]){ entry, lent }, 2);
  V at = size_value(d, &code->slabs, sizes, nsizes), slabs = LLVMBuildGEP2(d->b, d->i8, space, &at, 1, "");
  LLVMBuildStore(d->b, bufs, member(d, ctx, 0));
  LLVMBuildStore(d->b, sizes, member(d, ctx, 8));
  LLVMBuildStore(d->b, slabs, member(d, ctx, 16));
  LLVMTypeRef body_type = LLVMFunctionType(d->i32, (LLVMTypeRef[]){ d->ptr, d->i64, d->i64 }, 3, 0);
  LLVMTypeRef for_type = LLVMFunctionType(d->i32, (LLVMTypeRef[]){ d->ptr, d->i64, d->ptr, d->ptr }, 4, 0);
  for (uint32_t k = 0; k < code->kernel.n; k++) {
    const EntryKernel *kernel = &code->kernel.at[k];
    for (uint32_t i = 0; i < kernel->kernel->buf.n; i++) {
      if (kernel->kernel->buf.at[i].scope != SCOPE_GLOBAL) continue;
      const EntryBuf *x = &code->buf.at[kernel->bind[i]];
      V p;
      if (x->arg == BUF_CONSTANT) {
        V *known = &constants[kernel->bind[i]];
        if (!*known) *known = data_constant(d, x);
        p = *known;
      } else if (x->arg >= 0) {
        p = LLVMBuildLoad2(d->b, d->ptr, member(d, args, 8 * (uint64_t)x->arg), "");
      } else {
        V offset = size_value(d, &x->at, sizes, nsizes);
        p = LLVMBuildGEP2(d->b, d->i8, space, &offset, 1, "");
      }
      LLVMBuildStore(d->b, p, member(d, bufs, 8 * (uint64_t)i));
    }
    LLVMBasicBlockRef alone = block(d, f), shared = block(d, f), done = block(d, f);
    V work = LLVMBuildAdd(d->b, size_value(d, &kernel->flops, sizes, nsizes),
        LLVMBuildMul(d->b, size_value(d, &kernel->bytes, sizes, nsizes), c64(d, FLOP_A_BYTE), ""), "");
    V brief = LLVMBuildICmp(d->b, LLVMIntSLT, work, c64(d, HANDED_OVER), "");
    LLVMBuildCondBr(d->b, LLVMBuildOr(d->b, brief, LLVMBuildIsNull(d->b, each, ""), ""), alone, shared);
    LLVMPositionBuilderAtEnd(d->b, alone);
    V one = LLVMBuildCall2(d->b, body_type, body[k], (V[]){ ctx, c64(d, 0), c64(d, kernel->kernel->slots) }, 3, "");
    LLVMBuildBr(d->b, done);
    LLVMPositionBuilderAtEnd(d->b, shared);
    V many = LLVMBuildCall2(d->b, for_type, each, (V[]){ user, c64(d, kernel->kernel->slots), body[k], ctx }, 4, "");
    LLVMBuildBr(d->b, done);
    LLVMPositionBuilderAtEnd(d->b, done);
    V status = LLVMBuildPhi(d->b, d->i32, "");
    LLVMAddIncoming(status, (V[]){ one, many }, (LLVMBasicBlockRef[]){ alone, shared }, 2);
    LLVMBasicBlockRef stop = block(d, f), next = block(d, f);
    LLVMBuildCondBr(d->b, LLVMBuildICmp(d->b, LLVMIntNE, status, c32(d, 0), ""), stop, next);
    LLVMPositionBuilderAtEnd(d->b, stop);
    LLVMBuildRet(d->b, status);
    LLVMPositionBuilderAtEnd(d->b, next);
  }
  LLVMBuildRet(d->b, c32(d, GDL_OK));
  return f;
}

/* int NAME(int64_t sizes..., args..., void *workspace): for people; header.c prints its prototype. */
static void typed_function(Describe *d, const ModuleEntry *e, V run) {
  uint32_t nsizes = e->lowered->symbol.n, nargs = e->lowered->arg.n, n = 0;
  LLVMTypeRef *type = arena_array(d->arena, LLVMTypeRef, nsizes + nargs + 1);
  for (uint32_t i = 0; i < nsizes; i++) type[n++] = d->i64;
  for (uint32_t i = 0; i < nargs + 1; i++) type[n++] = d->ptr;
  V f = function(d, module_symbol(d->arena, d->in, e->name, ""), LLVMFunctionType(d->i32, type, n, 0), true);
  V sizes = LLVMBuildAlloca(d->b, LLVMArrayType2(d->i64, nsizes), ""),
    args = LLVMBuildAlloca(d->b, LLVMArrayType2(d->ptr, nargs ? nargs : 1), "");
  V call = LLVMBuildAlloca(d->b, LLVMArrayType2(d->ptr, sizeof(gdl_call) / 8), "");
  for (uint32_t i = 0; i < nsizes; i++) LLVMBuildStore(d->b, LLVMGetParam(f, i), member(d, sizes, 8 * (uint64_t)i));
  for (uint32_t i = 0; i < nargs; i++)
    LLVMBuildStore(d->b, LLVMGetParam(f, nsizes + i), member(d, args, 8 * (uint64_t)i));
  for (uint64_t i = 0; i < sizeof(gdl_call); i += 8) LLVMBuildStore(d->b, null(d), member(d, call, i));
  LLVMBuildStore(d->b, sizes, member(d, call, offsetof(gdl_call, sizes)));
  LLVMBuildStore(d->b, args, member(d, call, offsetof(gdl_call, args)));
  LLVMBuildStore(d->b, LLVMGetParam(f, nsizes + nargs), member(d, call, offsetof(gdl_call, workspace)));
  LLVMBuildRet(d->b, LLVMBuildCall2(d->b, LLVMFunctionType(d->i32, &d->ptr, 1, 0), run, &call, 1, ""));
}

/* size_t NAME_workspace(int64_t sizes...): a multiple of 64 that is not 0, as aligned_alloc wants it; 0 for bad
 * sizes. */
static void typed_workspace(Describe *d, const ModuleEntry *e, V workspace) {
  uint32_t n = e->lowered->symbol.n;
  LLVMTypeRef *type = arena_array(d->arena, LLVMTypeRef, n);
  for (uint32_t i = 0; i < n; i++) type[i] = d->i64;
  V f = function(d, module_symbol(d->arena, d->in, e->name, "_workspace"), LLVMFunctionType(d->i64, type, n, 0), true);
  V sizes = LLVMBuildAlloca(d->b, LLVMArrayType2(d->i64, n), ""), bad = LLVMConstInt(LLVMInt1TypeInContext(d->c), 0, 0);
  for (uint32_t i = 0; i < n; i++) {
    LLVMBuildStore(d->b, LLVMGetParam(f, i), member(d, sizes, 8 * (uint64_t)i));
    bad = LLVMBuildOr(d->b, bad, LLVMBuildICmp(d->b, LLVMIntUGT, LLVMGetParam(f, i), c64(d, INT32_MAX), ""), "");
  }
  V bytes = LLVMBuildCall2(d->b, LLVMFunctionType(d->i64, &d->ptr, 1, 0), workspace, &sizes, 1, "");
  bytes = LLVMBuildAnd(d->b, LLVMBuildAdd(d->b, bytes, c64(d, 64), ""), c64(d, -64), "");
  LLVMBuildRet(d->b, LLVMBuildSelect(d->b, bad, c64(d, 0), bytes, ""));
}

static V describe_kernel(Describe *d, const ModuleEntry *e, V args) {
  const EntryCode *code = e->code;
  V workspace = workspace_function(d, e), run = run_function(d, e);
  if (!d->in->the_module) {
    typed_function(d, e, run);
    typed_workspace(d, e, workspace);
  }
  uint32_t nsizes = e->lowered->symbol.n;
  V *names = arena_array(d->arena, V, nsizes), *stages = arena_array(d->arena, V, code->kernel.n + 1);
  double *flops = arena_array(d->arena, double, code->kernel.n + 1);
  for (uint32_t i = 0; i < nsizes; i++) names[i] = text(d, e->lowered->symbol.at[i]);
  for (uint32_t k = 0; k < code->kernel.n; k++) {
    stages[k] = text(d, code->kernel.at[k].what);
    flops[k] = (double)code->kernel.at[k].flops.k[0];
  }
  return STRUCT(d, text(d, e->name), text(d, place(d, e->at)), array(d, names, nsizes), args, c32(d, nsizes),
                c32(d, e->lowered->arg.n), c32(d, code->slots), c32(d, e->lowered->kind), c64(d, 64), workspace, run,
                c32(d, code->real == BASE_F64 ? GDL_F64 : GDL_F32), c32(d, code->kernel.n),
                array(d, stages, code->kernel.n), reals(d, flops, code->kernel.n));
}

/* --- weights, settings, readers, claims --------------------------------------------------------------- */
static V describe_weight(Describe *d, const Weight *w, uint64_t offset) {
  V *dims = arena_array(d->arena, V, w->rank + 1);
  for (uint32_t i = 0; i < w->rank; i++) dims[i] = c64(d, (int64_t)w->dim[i]);
  V numbers = null(d);
  if (w->init == INIT_NUMBERS) {
    V *x = arena_array(d->arena, V, w->count);
    for (uint64_t i = 0; i < w->count; i++) x[i] = LLVMConstReal(d->f32, w->number[i]);
    numbers = array(d, x, (uint32_t)w->count);
  }
  return STRUCT(d, text(d, w->name), text(d, w->out ? w->out->name : S("scalar")), text(d, place(d, w->at)),
      array(d, dims, w->rank), c64(d, (int64_t)offset), c64(d, (int64_t)w->count), c8(d, w->rank), c8(d, w->trained),
      c8(d, w->init), c8(d, 0), LLVMConstReal(d->f32, w->scale), numbers);
}

static V describe_setting(Describe *d, Str name, double value, double least, double most, int32_t index,
    const Piece *piece, uint32_t n) {
  V *p = arena_array(d->arena, V, n + 1);
  for (uint32_t i = 0; i < n; i++)
    p[i] = STRUCT(d, text(d, piece[i].kind), real(d, piece[i].a), real(d, piece[i].b), real(d, piece[i].over));
  return STRUCT(d, text(d, name), real(d, value), real(d, least), real(d, most), c32(d, index), c32(d, n),
      array(d, p, n));
}

static const double step_defaults[] = {
  [STEP_rate] = 1e-3, [STEP_beta1] = 0.9, [STEP_beta2] = 0.999, [STEP_correction1] = 1, [STEP_correction2] = 1,
  [STEP_epsilon] = 1e-8, [STEP_decay] = 0, [STEP_momentum] = 0, [STEP_clip] = INFINITY, [STEP_average] = 0,
};

static V describe_settings(Describe *d, uint32_t *n) {
  const Train *t = d->model->train;
  *n = 0;
  if (!t) return null(d);
  V *all = arena_array(d->arena, V, t->nsettings + STEP_SETTING_COUNT);
  bool given[STEP_SETTING_COUNT] = { 0 };
  for (uint32_t i = 0; i < t->nsettings; i++) {
    const Setting *s = &t->setting[i];
    int32_t index = -1;
    for (int32_t k = 0; k < STEP_SETTING_COUNT; k++)
      if (str_is(s->name, step_setting_name((StepSetting)k))) { index = k; given[k] = true; }
    all[(*n)++] = describe_setting(d, s->name, s->value, s->least, s->most, index, s->piece, s->npieces);
  }
  for (int32_t k = 0; k < STEP_SETTING_COUNT; k++)
    if (!given[k])
      all[(*n)++] = describe_setting(d, str_of(step_setting_name((StepSetting)k)), step_defaults[k], -INFINITY,
          INFINITY, k, NULL, 0);
  return array(d, all, *n);
}

static V describe_readers(Describe *d, uint32_t *n) {
  const Train *t = d->model->train;
  *n = 0;
  if (!t) return null(d);
  V *all = arena_array(d->arena, V, t->ndata + t->nvalid + t->ntest + 1);
  struct { const Reader *r; uint32_t n; const char *part; } parts[] = {
    { t->data, t->ndata, "data" }, { t->valid, t->nvalid, "valid" }, { t->test, t->ntest, "test" } };
  for (int p = 0; p < 3; p++)
    for (uint32_t i = 0; i < parts[p].n; i++) {
      const Reader *r = &parts[p].r[i];
      V *column = arena_array(d->arena, V, r->ncolumns + 1);
      for (uint32_t c = 0; c < r->ncolumns; c++)
        column[c] = STRUCT(d, text(d, r->column[c].input), text(d, r->column[c].column), c32(d, r->column[c].shared),
            c32(d, 0));
      all[(*n)++] = STRUCT(d, text(d, r->format), r->file.n ? text(d, r->file) : null(d),
          text(d, str_of(parts[p].part)), array(d, column, r->ncolumns), c32(d, r->ncolumns), c32(d, 0));
    }
  return array(d, all, *n);
}

static V describe_claims(Describe *d, uint32_t *n) {
  const Model *m = d->model;
  V *all = arena_array(d->arena, V, m->noutputs + m->claim.n + 1);
  *n = 0;
  static const char *const verdicts[] = { "proved", "audited", "broken" };
  for (uint32_t i = 0; i < m->noutputs; i++) {
    const Proof *p = &m->output[i].value->proof;
    all[(*n)++] = STRUCT(d, text(d, m->output[i].name), text(d, str_of(verdicts[p->verdict])),
        text(d, p->residual.n ? p->residual : m->acts), text(d, place(d, m->output[i].at)), real(d, 0));
  }
  for (uint32_t i = 0; i < m->claim.n; i++) {
    const Claim *c = &m->claim.at[i];
    all[(*n)++] = STRUCT(d, text(d, c->text), text(d, c->verdict), text(d, c->group ? c->group->name : S("")),
        text(d, place(d, c->at)), real(d, c->within));
  }
  return array(d, all, *n);
}

/* --- the module ----------------------------------------------------------------------------------------- */
void module_describe(LLVMModuleRef module, Arena *arena, const ModuleInput *in) {
  LLVMContextRef c = LLVMGetModuleContext(module);
  Describe d = { .arena = arena, .in = in, .model = in->model, .reps = in->program->reps, .m = module, .c = c,
    .b = LLVMCreateBuilderInContext(c), .i8 = LLVMInt8TypeInContext(c), .i16 = LLVMInt16TypeInContext(c),
    .i32 = LLVMInt32TypeInContext(c), .i64 = LLVMInt64TypeInContext(c), .f32 = LLVMFloatTypeInContext(c),
    .f64 = LLVMDoubleTypeInContext(c), .ptr = LLVMPointerTypeInContext(c, 0) };
  const Model *m = in->model;
  group_number(&d, m->group);
  for (uint32_t i = 0; m->train && i < m->train->naugment; i++) group_number(&d, m->train->augment[i]);
  for (uint32_t i = 0; i < m->claim.n; i++)
    if (m->claim.at[i].group) group_number(&d, m->claim.at[i].group);
  if (d.group.n == 1 &&
      !generators(d.group.at[0])) /* so that `eval --move r` can turn the data of any model on square pictures */
    for (uint32_t i = 0; i < m->ninputs && d.group.n == 1; i++) {
      const Space *s = m->input[i]->type.on;
      if (s && (s->sort == SPACE_GRID || s->sort == SPACE_TORUS) && s->shape[0] == s->shape[1])
        group_number(&d, group_dihedral(d.reps->groups, 4));
    }
  for (uint32_t e = 0; e < in->nentries; e++)         /* all kinds first: spaces are numbered behind them */
    for (uint32_t a = 0; a < in->entry[e].lowered->arg.n; a++) {
      const Arg *x = &in->entry[e].lowered->arg.at[a];
      for (uint32_t t = 0; x->rep && t < x->rep->n; t++) kind_action(&d, x->rep->term[t].kind);
    }
  uint32_t nkinds = d.kind.n;
  V *kernel = arena_array(arena, V, in->nentries + 1);
  for (uint32_t e = 0; e < in->nentries; e++) {
    const Graph *g = in->entry[e].lowered;
    V *arg = arena_array(arena, V, g->arg.n + 1);
    for (uint32_t a = 0; a < g->arg.n; a++) arg[a] = describe_arg(&d, g, &g->arg.at[a], nkinds);
    kernel[e] = describe_kernel(&d, &in->entry[e], array(&d, arg, g->arg.n));
  }
  V *group = arena_array(arena, V, d.group.n), *action = arena_array(arena, V, d.group.n * (nkinds + d.space.n) + 1);
  for (uint32_t g = 0, n = 0; g < d.group.n; g++) {
    group[g] = describe_group(&d, d.group.at[g]);
    for (uint32_t k = 0; k < nkinds; k++) action[n++] = describe_kind(&d, d.group.at[g], d.kind.at[k]);
    for (uint32_t s = 0; s < d.space.n; s++) action[n++] = describe_space(&d, d.group.at[g], d.space.at[s]);
  }
  ParamLayout layout = param_layout(arena, m);
  V *weight = arena_array(arena, V, m->weight.n + 1);
  for (uint32_t i = 0; i < m->weight.n; i++) weight[i] = describe_weight(&d, m->weight.at[i], layout.offset[i]);
  uint32_t nsettings, nreaders, nclaims, nscores = m->train ? 1 + m->train->nmetrics : 0;
  V settings = describe_settings(&d, &nsettings), readers = describe_readers(&d, &nreaders),
    claims = describe_claims(&d, &nclaims);
  V *score = arena_array(arena, V, nscores + 1);
  for (uint32_t i = 0; i < nscores; i++) score[i] = text(&d, i ? m->train->metric[i - 1].text : S("loss"));
  V *augment = arena_array(arena, V, m->train ? m->train->naugment + 1 : 1);
  for (uint32_t i = 0; m->train && i < m->train->naugment; i++)
    augment[i] = c32(&d, group_number(&d, m->train->augment[i]));
  Out certificate = { .arena = arena };
  program_certificate_json(in->program, &certificate);
  uint32_t naugment = m->train ? m->train->naugment : 0;
  int32_t flags = m->train ? m->train->augment_permutations + 2 * m->train->augment_translations : 0;
  V all = STRUCT(&d, c32(&d, GDL_ABI), c32(&d, GDL_CPU), text(&d, m->name), text(&d, in->target),
      text(&d, S("gdlc 0.1")), text(&d, out_text(&certificate)), text(&d, in->source),
      c64(&d, (int64_t)in->program->hash), array(&d, kernel, in->nentries), array(&d, weight, m->weight.n),
      array(&d, group, d.group.n), array(&d, action, d.group.n * (nkinds + d.space.n)), settings, claims, readers,
      c32(&d, in->nentries), c32(&d, m->weight.n), c32(&d, d.group.n), c32(&d, nkinds + d.space.n), c32(&d, nsettings),
      c32(&d, nclaims), c32(&d, nscores), c32(&d, nreaders), c64(&d, (int64_t)layout.nparam),
      c64(&d, (int64_t)layout.ntrained), c64(&d, (int64_t)layout.nmoment),
      c64(&d, m->train ? 1 + 2 * (int64_t)model_pairs(m) : 0), array(&d, score, nscores),
      m->train ? text(&d, m->train->optimizer) : null(&d), real(&d, m->train ? m->train->valid_part : 0),
      array(&d, augment, naugment), c32(&d, naugment), c32(&d, flags), null(&d), null(&d));
  Str name = in->the_module ? S("gdl_the_module") : module_symbol(arena, in, m->name, "_module");
  V g = LLVMAddGlobal(module, LLVMTypeOf(all), name.at);
  LLVMSetInitializer(g, all);
  LLVMSetGlobalConstant(g, 1);
  LLVMDisposeBuilder(d.b);
}
