/* cuda.c: the CUDA text of every entry of a program, run on the CPU.
 *
 *     cuda LIBRARY BATCH [--entry=NAME] FILE...
 *
 * For each model of each file and each of its entries, or that one, on random data: the plan for CUDA is verified and
 * evaluated, with bounds and races; its text is compiled behind the shim (tests/shim) and launched as the comment in it
 * says and docs/cuda.md explains, with one block, threads in order, and with three, backwards. Every argument then has
 * the bits of the evaluator. Kernels get `__restrict__` pointers, so the buffers of one lie apart. Prints `pass` and
 * `fail`. */
#include "laws/arguments.h"
#include "laws/program.h"
#include "shim/shim.h"
#include <stdlib.h>

enum { WORDS_MOST = 256 };
typedef struct Line { Str word[WORDS_MOST]; uint32_t n; } Line;
typedef struct Launch {                                /* what the comment says                              */
  Str entry, workspace;
  vec(Str) size;
  vec(Line) kernel;
  vec(Str) name;                                       /* of the kernels                                     */
} Launch;

static Line words(Str line) {
  Line l = { .n = 0 };
  for (uint32_t i = 0; i < line.n;) {
    uint32_t from = i;
    while (i < line.n && line.at[i] != ' ') i++;
    if (l.n == WORDS_MOST) bug("more than %d words in a line", WORDS_MOST);
    l.word[l.n++] = (Str){ line.at + from, i++ - from };
  }
  return l;
}

static Launch read_launch(Arena *arena, Str text) {
  Launch x = { .entry = { 0 } };
  const char *end = strstr(text.at, "\n*/\n");
  for (const char *at = strchr(strstr(text.at, "/* launch: "), '\n') + 1; at < end + 1;) {
    const char *stop = strchr(at, '\n');
    Line l = words((Str){ at, (uint32_t)(stop - at) });
    if (str_is(l.word[0], "entry")) x.entry = l.word[1];
    else if (str_is(l.word[0], "workspace")) x.workspace = l.word[1];
    else if (str_is(l.word[0], "size")) vec_push(arena, &x.size, l.word[1]);
    else if (str_is(l.word[0], "kernel")) { vec_push(arena, &x.kernel, l); vec_push(arena, &x.name, l.word[1]); }
    else if (!str_is(l.word[0], "constant") && !str_is(l.word[0], "argument"))
      bug("a line of the comment begins with %.*s", STR(l.word[0]));
    at = stop + 1;
  }
  return x;
}

static int64_t find(const Str *names, uint32_t n, Str name) {
  for (uint32_t i = 0; i < n; i++)
    if (str_equal(names[i], name)) return i;
  bug("the comment has no %.*s", STR(name));
}

/* 2137344, 9216*b+2137344 */
static int64_t linear(const Launch *x, Str s, const int64_t *sizes) {
  int64_t sum = 0;
  for (const char *at = s.at, *end = s.at + s.n; at < end;) {
    char *after;
    int64_t k = strtoll(at, &after, 10);
    at = after;
    if (at < end && *at == '*') {
      const char *name = ++at;
      while (at < end && *at != '+') at++;
      k *= sizes[find(x->size.at, x->size.n, (Str){ name, (uint32_t)(at - name) })];
    }
    sum += k;
    if (at < end) at++;
  }
  return sum;
}

static int number(Str s) { return (int)strtol(s.at, NULL, 10); }

/* Launches all kernels in order: "kernel NAME blocks N threads 32 W shared N slab N with ...". NULL, or what went
 * wrong. */
static const char *launch(const Shim *shim, const Launch *x, const int64_t *sizes, void *const *args, int blocks,
    bool backwards) {
  int64_t bytes = linear(x, x->workspace, sizes);
  char *space = aligned_alloc(64, ((size_t)bytes + 127) / 64 * 64);
  if (!space) exit(EXIT_MEMORY);
  memset(space, 0xff, (size_t)bytes);
  const char *trouble = NULL;
  for (uint32_t k = 0; k < x->kernel.n && !trouble; k++) {
    const Line *l = &x->kernel.at[k];
    long long params[WORDS_MOST];
    int n = 0;
    for (uint32_t i = 12; i < l->n; i++) {
      const char *colon = memchr(l->word[i].at, ':', l->word[i].n);
      Str kind = { l->word[i].at, (uint32_t)(colon - l->word[i].at) };
      Str what = { colon + 1, l->word[i].n - kind.n - 1 };
      Arena name = { 0 };
      const void *at = str_is(kind, "argument") ? args[number(what)]
                       : str_is(kind, "constant") ? shim_symbol(shim, str_copy(&name, what).at)
                       : str_is(kind, "workspace") ? space + linear(x, what, sizes) : NULL;
      arena_free(&name);
      params[n++] = str_is(kind, "size") ? sizes[find(x->size.at, x->size.n, what)]
                    : str_is(kind, "number") ? number(what) : (intptr_t)at;
    }
    trouble = shim_launch(shim, k, params, blocks, number(l->word[6]), backwards);
  }
  free(space);
  return trouble;
}

/* NULL, or the kernel that has two buffers in one place. */
static const EntryKernel *overlaps(const EntryCode *e, const int64_t *sizes) {
  for (uint32_t k = 0; k < e->kernel.n; k++) {
    const EntryKernel *x = &e->kernel.at[k];
    for (uint32_t i = 0; i < x->kernel->buf.n; i++)
      for (uint32_t j = 0; j < i; j++) {
        if (x->kernel->buf.at[i].scope != SCOPE_GLOBAL || x->kernel->buf.at[j].scope != SCOPE_GLOBAL) continue;
        const EntryBuf *a = &e->buf.at[x->bind[i]], *b = &e->buf.at[x->bind[j]];
        if (a == b) return x;
        if (a->arg != BUF_WORKSPACE || b->arg != BUF_WORKSPACE) continue;
        int64_t width_a = a->base == BASE_F64 ? 8 : 4, width_b = b->base == BASE_F64 ? 8 : 4;
        int64_t at_a = size_expr(&a->at, sizes), end_a = at_a + width_a * size_expr(&a->elems, sizes);
        int64_t at_b = size_expr(&b->at, sizes), end_b = at_b + width_b * size_expr(&b->elems, sizes);
        if (at_a < end_b && at_b < end_a) return x;
      }
  }
  return NULL;
}

static void trial(const char *file, const Program *p, const Model *m, EntryKind kind, bool f64, int64_t batch) {
  Arena arena = { 0 };
  Graph *g = graph_lower(&arena, p, m, kind, f64), *s = graph_simplify(g, &arena);
  Trial t = { .arena = &arena, .g = g, .sizes = { batch, 5, 4, 3, 6, 2, 1, 1 }, .state = 7 };
  Base real = g->f64 ? BASE_F64 : BASE_F32;
  Why why = { .arena = &arena };
  Shim *shim = NULL;
  EntryCode *e = entry_plan(&arena, s, target_find(S("cuda"), &why), NULL);
  const char *wrong = NULL;
  for (uint32_t k = 0; k < e->kernel.n && !wrong; k++)
    if (!loops_verify(e->kernel.at[k].kernel, &why)) wrong = "verifier";
  Args a = make_args(&t, p, m, real);
  void **x = copy_args(&t, &a, real);
  if (!wrong && !entry_eval(e, t.sizes, x, true, &why)) wrong = "bounds and races";
  if (wrong) {
    printf("fail %s %.*s: %s:", file, STR(g->name), wrong);
    for (uint32_t i = 0; i < why.reason.n; i++) printf(" %.*s", STR(why.reason.at[i].text));
    printf("\n");
    goto out;
  }
  printf("pass %s %.*s: bounds and races\n", file, STR(g->name));
  const EntryKernel *twice = overlaps(e, t.sizes);
  if (twice) printf("fail %s %.*s: buffers of %.*s overlap\n", file, STR(g->name), STR(twice->kernel->name));
  Out text = { .arena = &arena };
  cuda_text(e, &text);
  Launch launches = read_launch(&arena, out_text(&text));
  Str error;
  shim = shim_open_all(&arena, out_text(&text), launches.name.at, launches.name.n, &error);
  if (!shim) {
    printf("fail %s %.*s: g++ refuses the text\n", file, STR(g->name));
    fprintf(stderr, "%.*s\n", STR(error));
    goto out;
  }
  for (int blocks = 1; blocks <= 3; blocks += 2) {
    void **y = copy_args(&t, &a, real);
    Where where = { 0 };
    const char *trouble = launch(shim, &launches, t.sizes, y, blocks, blocks > 1);
    bool same = same_bits(&t, &a, x, y, real, &where);
    bool good = !trouble && same;
    printf("%s %s %.*s: CUDA text = Loops in every bit, %d blocks", good ? "pass" : "fail", file, STR(g->name), blocks);
    if (good) printf("\n");
    else if (trouble) printf(": %s\n", trouble);
    else
      printf(": %.*s[%lu] is %.17g, not %.17g\n", STR(g->arg.at[where.arg].name), (unsigned long)where.number,
             at(&t, where.arg, y, where.number, true, real), at(&t, where.arg, x, where.number, true, real));
  }
out:
  fflush(stdout);
  if (shim) shim_close(shim);
  arena_free(&arena);
}

static const struct { const char *name; EntryKind kind; bool f64, trains; } entries[] = {
  { "infer", ENTRY_INFER, false, false }, { "pull", ENTRY_PULL, false, false }, { "step", ENTRY_STEP, false, true },
  { "eval", ENTRY_EVAL, false, true }, { "score", ENTRY_SCORE, true, true },
  { "trace64", ENTRY_TRACE, true, false }, { "slope64", ENTRY_SLOPE, true, true },
};
typedef struct Asked { int64_t batch; const char *entry; } Asked;   /* entry NULL: all */

static void all_entries(const char *name, const Program *p, const Model *m, void *context) {
  const Asked *asked = context;
  for (size_t q = 0; q < sizeof entries / sizeof *entries; q++)
    if ((m->train || !entries[q].trains) && (!asked->entry || strcmp(asked->entry, entries[q].name) == 0))
      trial(name, p, m, entries[q].kind, entries[q].f64, asked->batch);
}

int main(int argc, char **argv) {
  if (argc < 4) { fprintf(stderr, "usage: cuda LIBRARY BATCH [--entry=NAME] FILE...\n"); return EXIT_USAGE; }
  Asked asked = { .batch = strtol(argv[2], NULL, 10) };
  int i = 3;
  if (strncmp(argv[i], "--entry=", 8) == 0) asked.entry = argv[i++] + 8;
  for (; i < argc; i++) each_model(argv[1], argv[i], all_entries, &asked);
  return 0;
}
