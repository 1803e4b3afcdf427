/* entries.c: every entry of a program through every evaluator.
 *
 *     entries LIBRARY BATCH MARCH FILE...
 *
 * For each model of each file and each of its entries, on random data with BATCH samples: the Graph as lowered and as
 * simplified (f64, obvious loops), the plan in the Loops evaluator (bounds and races checked), and the generated code,
 * run in parts of the slots as 1, 2 and 7 threads would deal them; all of it once more with convolutions as products of
 * tiles. Graph evaluators agree to 1e-12 of the scale of a value (rounding of long sums), f64 code to 1e-12 and f32
 * code to 1e-5; Loops evaluator and generated code agree in every bit. Prints `pass` and `fail` lines. */
#include "laws/arguments.h"
#include "laws/program.h"
#include "back/llvm.h"
#include "graph/winograd.h"
#include <stdlib.h>

/* The largest difference over all arguments, as a part of the largest number of its argument. */
static double differ(const Trial *t, const Args *n, void *const *x, bool own_x, void *const *y, bool own_y, Base real,
    Where *where) {
  double worst = 0;
  *where = (Where){ 0 };
  for (uint32_t i = 0; i < t->g->arg.n; i++) {
    double scale = 1e-3, most = 0;
    uint64_t place = 0;
    for (uint64_t k = 0; k < n->n[i]; k++) {
      double a = at(t, i, x, k, own_x, real), b = at(t, i, y, k, own_y, real);
      if (fabs(a) > scale && isfinite(a)) scale = fabs(a);
      double d = a == b || (isnan(a) && isnan(b)) ? 0 : isfinite(a) && isfinite(b) ? fabs(a - b) : INFINITY;
      if (d > most) { most = d; place = k; }
    }
    if (most / scale > worst) { worst = most / scale; *where = (Where){ i, place }; }
  }
  return worst;
}

static bool run_code(const EntryCode *e, LlvmCode *code, const int64_t *sizes, void *const *args, int parts) {
  size_t bytes = (size_t)size_expr(&e->workspace, sizes);
  char *space = aligned_alloc(64, (bytes + 127) / 64 * 64);
  if (!space) exit(EXIT_MEMORY);
  memset(space, 0xff, bytes);
  for (uint32_t k = 0; k < e->kernel.n; k++) {
    const EntryKernel *kernel = &e->kernel.at[k];
    void **bufs = calloc(kernel->kernel->buf.n + 1, sizeof *bufs);
    for (uint32_t i = 0; i < kernel->kernel->buf.n; i++) {
      if (kernel->kernel->buf.at[i].scope != SCOPE_GLOBAL) continue;
      const EntryBuf *b = &e->buf.at[kernel->bind[i]];
      bufs[i] = b->arg >= 0 ? args[b->arg] : b->arg == BUF_CONSTANT ? (void *)(uintptr_t)b->constant
          : space + size_expr(&b->at, sizes);
    }
    Arena name = { 0 };
    LlvmFunction *f = llvm_find(code, str_copy(&name, kernel->kernel->name).at);
    arena_free(&name);
    if (!f) { free(bufs); free(space); return false; }
    for (int p = parts; p-- > 0;)                      /* the last part first: the order may not matter */
      f(bufs, sizes, space + size_expr(&e->slabs, sizes), (int64_t)p * e->slots / parts,
          (int64_t)(p + 1) * e->slots / parts);
    free(bufs);
  }
  free(space);
  return true;
}

static void result(const char *file, const Graph *g, const char *what, bool ok, double x, Where w) {
  if (ok) printf("pass %s %.*s: %s (%.1e)\n", file, STR(g->name), what, x);
  else printf("fail %s %.*s: %s: %.3e at %.*s[%lu]\n", file, STR(g->name), what, x, STR(g->arg.at[w.arg].name),
      (unsigned long)w.number);
  fflush(stdout);
}

typedef struct Asked { int64_t batch; const char *march; } Asked;

/* tiles: with every convolution of 3 x 3 that can be rewritten; nothing where there is none. */
static void trial(const char *file, const Program *p, const Model *m, EntryKind kind, bool f64, bool tiles,
    const Asked *asked) {
  Arena arena = { 0 };
  Graph *g = graph_lower(&arena, p, m, kind, f64);
  Graph *s = graph_simplify(g, &arena), *direct = s;
  const char *march = asked->march;
  if (tiles) s = graph_winograd(direct, &arena, true);
  if (tiles && (g->plain || s->node.n == direct->node.n)) { arena_free(&arena); return; }
  Trial t = { .arena = &arena, .g = g, .sizes = { asked->batch, 5, 4, 3, 6, 2, 1, 1 }, .state = 7 };
  Base real = g->f64 ? BASE_F64 : BASE_F32;
  Why why = { .arena = &arena };
  if (!graph_verify(g, &why) || !graph_verify(s, &why)) {
    printf("fail %s %.*s: %.*s\n", file, STR(g->name), STR(why.reason.at[0].text));
    goto out;
  }
  Args a = make_args(&t, p, m, real);
  Args b = { arena_array(&arena, void *, g->arg.n), a.own, a.n };
  for (uint32_t i = 0; i < g->arg.n; i++) {            /* a second copy for the simplified graph */
    size_t bytes = a.n[i] * (g->arg.at[i].number != NUMBER_REAL ? 4 : 8);
    b.f64[i] = arena_alloc(&arena, bytes + 8);
    memcpy(b.f64[i], a.f64[i], bytes);
  }
  Where where = { 0 };
  if (!graph_eval(g, t.sizes, a.f64, NULL, &why) || !graph_eval(s, t.sizes, b.f64, NULL, &why)) {
    printf("fail %s %.*s: evaluator of Graph: %.*s\n", file, STR(g->name), STR(why.reason.at[0].text));
    goto out;
  }
  double d = differ(&t, &a, a.f64, false, b.f64, false, real, &where);
  result(file, g, tiles ? "Graph of tiles = Graph" : "simplified Graph = Graph", d < 1e-12, d, where);
  const Target *target = target_find(str_of(march), &why);
  EntryCode *e = entry_plan(&arena, s, target, NULL);
  for (uint32_t k = 0; k < e->kernel.n; k++)
    if (!loops_verify(e->kernel.at[k].kernel, &why)) {
      printf("fail %s %.*s: %.*s\n", file, STR(g->name), STR(why.reason.at[0].text));
      goto out;
    }
  void **x = copy_args(&t, &a, real);
  bool ok = entry_eval(e, t.sizes, x, true, &why);
  if (!ok) {
    printf("fail %s %.*s: bounds and races: %.*s\n", file, STR(g->name), STR(why.reason.at[0].text));
    goto out;
  }
  result(file, g, "bounds and races", true, 0, where);
  d = differ(&t, &a, a.f64, false, x, true, real, &where);
  result(file, g, tiles ? f64 ? "Loops of tiles = Graph, f64" : "Loops of tiles = Graph, f32" : f64
      ? "Loops = Graph, f64" : "Loops = Graph, f32", d < (real == BASE_F64 ? 1e-12 : 1e-5), d, where);
  LlvmUnit *u = llvm_open(S("law"), str_of(march), LLVM_CAREFUL, &why);
  for (uint32_t k = 0; k < e->kernel.n; k++) llvm_kernel(u, e->kernel.at[k].kernel, e->slab);
  LlvmCode *code = llvm_load(u, &why);
  if (!code) { printf("fail %s %.*s: %.*s\n", file, STR(g->name), STR(why.reason.at[0].text)); goto out; }
  static const int parts[] = { 1, 2, 7 };
  for (int q = 0; q < 3; q++) {
    void **y = copy_args(&t, &a, real);
    ok = run_code(e, code, t.sizes, y, parts[q]) && same_bits(&t, &a, x, y, real, &where);
    char what[64];
    snprintf(what, sizeof what, "LLVM = Loops in every bit, %d parts%s", parts[q], tiles ? ", tiles" : "");
    result(file, g, what, ok, 0, where);
  }
  llvm_unload(code);
out:
  arena_free(&arena);
}

static const struct { EntryKind kind; bool f64, trains; } entries[] = {
  { ENTRY_INFER, false, false }, { ENTRY_INFER, true, false }, { ENTRY_PULL, false, false },
      { ENTRY_PULL, true, false },
  { ENTRY_TRACE, true, false }, { ENTRY_STEP, false, true }, { ENTRY_STEP, true, true }, { ENTRY_EVAL, false, true },
  { ENTRY_SCORE, true, true }, { ENTRY_SLOPE, true, true },
};

static void all_entries(const char *name, const Program *p, const Model *m, void *context) {
  for (uint32_t i = 0; i < sizeof entries / sizeof *entries; i++)
    for (int tiles = 0; tiles < 2; tiles++)
      if (m->train || !entries[i].trains) trial(name, p, m, entries[i].kind, entries[i].f64, tiles, context);
}

int main(int argc, char **argv) {
  if (argc < 5) { fprintf(stderr, "usage: entries LIBRARY BATCH MARCH FILE...\n"); return EXIT_USAGE; }
  Asked asked = { strtol(argv[2], NULL, 10), argv[3] };
  for (int i = 4; i < argc; i++) each_model(argv[1], argv[i], all_entries, &asked);
  return 0;
}
