/* walk.c: a caller of a compiled model, as a user writes one: everything that gdl.h says of the descriptor holds in the
 * one that the compiler wrote, so sizes and offsets of structs are the same on both sides. Compiled as C11, C17 and
 * C++17. The model is tests/programs/small.gdl: 12 x 12 images, 3 classes. Prints `pass` and `fail` lines. */
#include "small.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif
extern const gdl_module small_module;
#ifdef __cplusplus
}
#define WHAT "C++17"
#elif __STDC_VERSION__ >= 201710L
#define WHAT "C17"
#else
#define WHAT "C11"
#endif

static int failed;
static void expect(int ok, const char *what) {
  if (!ok) { printf("fail abi, " WHAT ": %s\n", what); failed++; }
}

static int text(const char *s) { return s && *s && strlen(s) < 100000; }

static void walk_entry(const gdl_kernel *k) {
  int64_t sizes[8] = { 2, 2, 2, 2, 2, 2, 2, 2 };
  expect(text(k->name) && k->nargs > 0 && k->nargs < 64 && k->nsizes >= 1 && k->nsizes < 8 && k->slots > 0,
      "an entry has a name, arguments, sizes, slots");
  expect(k->entry >= GDL_INFER && k->entry <= GDL_PREPARE && (k->dtype == GDL_F32 || k->dtype == GDL_F64),
      "an entry has a kind and a type of reals");
  expect(k->align >= 16 && (k->align & (k->align - 1)) == 0 && k->workspace(sizes) < (size_t)1 << 32,
      "an entry has a workspace and its alignment");
  expect(strcmp(k->size_names[0], "b") == 0, "the first size is b");
  for (int32_t i = 0; i < k->nstages; i++)
    expect(text(k->stages[i]) && k->flops[i] >= 0, "a stage has a text and a count");
  for (int32_t i = 0; i < k->nargs; i++) {
    const gdl_arg *a = &k->args[i];
    expect(text(a->name) && a->role >= GDL_IN && a->role <= GDL_COTANGENT && a->dtype >= GDL_F32 &&
               a->dtype <= GDL_I64 && a->rank <= 8,
        "an argument has a name, a role, a type, a rank");
    for (int d = 0; d < a->rank; d++) expect(a->dims[d] >= -k->nsizes, "an extent is a number or a size");
    int32_t dim = 0;
    for (int16_t t = 0; t < a->nterms; t++) {
      expect(text(a->terms[t].kind) && a->terms[t].dim > 0 && a->terms[t].copies > 0 &&
                 a->terms[t].action < small_module.nactions,
          "a term has a kind, components, copies, an action");
      dim += a->terms[t].dim * a->terms[t].copies;
    }
    if (a->nterms) expect(a->dims[a->rank - 1] == dim, "the last extent is the sum of the terms");
    expect(a->rows < small_module.nactions, "rows are moved by an action of the module");
  }
}

static void walk(const gdl_module *m) {
  expect(m->abi == GDL_ABI && m->device == GDL_CPU && strcmp(m->name, "small") == 0, "abi, device and name");
  expect(text(m->target) && text(m->compiler) && m->certificate && m->certificate[0] == '{' &&
             strstr(m->source, "model small"),
      "target, certificate, source");
  expect(m->nkernels == 10 && m->ngroups >= 1 && m->nreaders == 2 && m->nscores == 2 && m->optimizer &&
             !strcmp(m->optimizer, "adam"),
      "counts, as the source says");
  expect(fabs(m->valid_part - 0.125) < 1e-12 && m->naugment == 0, "the validation part");
  for (int32_t i = 0; i < m->nkernels; i++) walk_entry(&m->kernels[i]);
  int64_t at = 0;
  for (int32_t i = 0; i < m->nweights; i++) {
    const gdl_weight *w = &m->weights[i];
    int64_t n = 1;
    for (int d = 0; d < w->rank; d++) n *= w->dims[d];
    expect(text(w->name) && w->count == n && w->offset == at && w->init <= GDL_NUMBERS && w->trained <= 1,
        "a weight has a name, a shape, its place");
    at = (at + n + 15) / 16 * 16;
  }
  expect(at == m->nparam && m->ntrained <= m->nparam && m->nmoment == 2 * m->ntrained && m->nsums == 5,
      "vectors hold all weights; adam has two moments");
  const gdl_group *g = &m->groups[0];
  expect(text(g->name) && g->lie == 0 && g->ngenerators == 2 && g->nelements == 8 && !strcmp(g->generators[0], "r"),
      "D(4) has 2 generators and 8 elements");
  for (int32_t i = 0; i < m->ngroups * m->nactions; i++)
    expect(text(m->actions[i].name) && m->actions[i].moves <= GDL_TORUS, "an action has a name and a way to move");
  for (int32_t i = 0; i < m->nsettings; i++) {
    const gdl_setting *s = &m->settings[i];
    expect(text(s->name) && s->least <= s->value && s->value <= s->most && s->npieces < 8,
        "a setting lies between its bounds");
    for (int32_t k = 0; k < s->npieces; k++) expect(text(s->pieces[k].kind), "a piece of a schedule has a kind");
  }
  for (int32_t i = 0; i < m->nreaders; i++) {
    const gdl_reader *r = &m->readers[i];
    expect(!strcmp(r->format, "idx") && r->ncolumns == 2 && !strcmp(r->columns[0].input, "image"),
        "a reader has a format and columns");
  }
}

/* The typed function and the descriptor's entry give the same bits, and a call that is wrong is refused. */
static void call(const gdl_module *m) {
  enum { B = 2 };
  static float image[B * 144], param[4096], x[B * 3], y[B * 3];
  for (int i = 0; i < B * 144; i++) image[i] = (float)((i * 37 % 101) - 50) / 50;
  for (int64_t i = 0; i < m->nparam && i < 4096; i++) param[i] = (float)((i * 53 % 97) + 1) / 97;
  const gdl_kernel *k = &m->kernels[0];
  int64_t sizes[1] = { B };
  size_t bytes = (k->workspace(sizes) + k->align) / k->align * k->align;
  void *space = aligned_alloc(k->align, bytes);
  void *args[3] = { image, param, y };
  gdl_call c = { sizes, args, space, NULL, NULL, NULL };
  expect(k->nargs == 3 && k->args[2].role == GDL_OUT, "infer takes image, param, logits");
  expect(small(B, image, param, x, space) == GDL_OK && k->run(&c) == GDL_OK && !memcmp(x, y, sizeof x),
      "the function and the entry give the same bits");
  int finite = 1;
  for (int i = 0; i < B * 3; i++) finite &= isfinite(x[i]) != 0;
  expect(finite && (x[0] < x[1] || x[0] > x[1] || x[1] < x[2] || x[1] > x[2]), "it computes something");
  c.workspace = (char *)space + 8;
  expect(k->run(&c) == GDL_BAD_WORKSPACE, "a workspace that is not aligned is refused");
  c.workspace = space;
  sizes[0] = -1;
  expect(k->run(&c) == GDL_BAD_SIZE, "a size below 0 is refused");
  free(space);
}

int main(void) {
  walk(&small_module);
  call(&small_module);
  if (!failed) printf("pass abi, " WHAT ": the descriptor is what gdl.h says\n");
  return 0;
}
