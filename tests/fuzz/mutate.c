/* mutate.c: bad sources. mutate COUNT LIBRARY FILE...: every truncation of each file, then COUNT mutated ones, all
 * parsed and, where they parse, checked, in this process and under its sanitizers. Prints one line a part:
 * `pass NAME` or `fail NAME: why`; the input that took longer than a second or ended oddly is left in the file
 * `mutant.gdl` of the working folder before it is tried, so a crash leaves its cause.
 *
 * Mutations, from a fixed seed: a byte changed, removed or doubled; a stretch removed, doubled or moved; a token of
 * another file put in; numbers made large; brackets nested deeply. */
#include "base/base.h"
#include "front/program.h"
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

typedef struct Random { uint64_t state; } Random;
static uint64_t draw(Random *r) {                     /* splitmix64 */
  uint64_t z = r->state += 0x9e3779b97f4a7c15u;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}
static uint32_t below(Random *r, uint32_t n) { return n ? (uint32_t)(draw(r) % n) : 0; }

typedef struct Text { char *at; uint32_t n, cap; } Text;
static void reserve(Text *t, uint32_t n) {
  if (n <= t->cap) return;
  t->cap = n * 2;
  t->at = realloc(t->at, t->cap);
  if (!t->at) exit(EXIT_MEMORY);
}
static void splice(Text *t, uint32_t at, uint32_t remove, const char *with, uint32_t n) {
  char *copy = malloc(n + 1);
  if (!copy) exit(EXIT_MEMORY);
  memcpy(copy, with, n);
  reserve(t, t->n + n);
  memmove(t->at + at + n, t->at + at + remove, t->n - at - remove);
  memcpy(t->at + at, copy, n);
  t->n += n - remove;
  free(copy);
}

static const char *const pieces[] = {
  "(", ")", "[", "]", "{", "}", "|>", "->", "=", "==", ",", ":", ";", "\n", "_", "+", "-", "*", "/", "^", "<", ".", "\"", "//",
  " on ", " of ", "let ", "var ", "param ", "repeat 3 {", "break ", "assume ", "claim ", "model m(x: scalar) -> (y: scalar) { y = x }",
  "layer f[R, D](x: R on D) -> R on D { f(x) }", "group G = D(4)", "group H = permutations { a = (1 2 3)(4 5) }", "use nn", "domain X = grid(9, 9)",
  "99999999999999999999", "4294967296", "2147483647", "-1", "0", "1/0", "1e308", "1e-400", "16x0e", "C(1000000)", "D(5040)", "regular",
  "vector", "sign", "quotient(C(2))", "irrep(3)", "sqrt(2)", "grid(4096, 4096)", "torus(3, 3)", "repeat 1000000 {", "conv(8 regular, kernel: 3)",
  "\xff", "\x80", "\xc3\xa9", "'", "@", "#", "\r", "\t",
};

static void mutate(Random *r, Text *t, const Text *other) {
  for (uint32_t k = 1 + below(r, 3); k; k--) {
    uint32_t at = below(r, t->n + 1), n = below(r, 24), far = below(r, t->n + 1);
    if (at + n > t->n) n = t->n - at;
    switch (below(r, 8)) {
    case 0: if (at < t->n) t->at[at] = (char)draw(r); break;
    case 1: splice(t, at, n, "", 0); break;
    case 2: splice(t, far, 0, t->at + at, n); break;
    case 3: { const char *p = pieces[below(r, sizeof pieces / sizeof *pieces)]; splice(t, at, 0, p, (uint32_t)strlen(p)); break; }
    case 4: { const char *p = pieces[below(r, sizeof pieces / sizeof *pieces)]; splice(t, at, n, p, (uint32_t)strlen(p)); break; }
    case 5: {
      uint32_t from = below(r, other->n), m = below(r, 64);
      if (from + m > other->n) m = other->n - from;
      splice(t, at, 0, other->at + from, m);
      break;
    }
    case 6:
      for (uint32_t i = at; i < t->n; i++)
        if (t->at[i] >= '0' && t->at[i] <= '9') { t->at[i] = (char)('0' + below(r, 10)); if (below(r, 4)) break; }
      break;
    case 7:
      for (uint32_t i = below(r, 400); i; i--) splice(t, at, 0, pieces[below(r, 6) & ~1u], 1);
      break;
    }
  }
}

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static double try_source(Str library, const char *path, const char *text, uint32_t n) {
  Arena arena = { 0 };
  Sources sources = { .arena = &arena };
  Diags diags = { .arena = &arena, .sources = &sources };
  double start = now();
  uint32_t source = source_add(&sources, str_of(path), str_copy(&arena, (Str){ text, n }));
  const Ast *file = ast_parse(&arena, &diags, source);
  if (!diags.nerrors) {
    Program *p = program_check(&arena, &diags, file, library);
    if (p) program_close(p);
  }
  double seconds = now() - start;
  arena_free(&arena);
  return seconds;
}

static void save(const char *text, uint32_t n) {
  FILE *f = fopen("mutant.gdl", "wb");
  if (!f) return;
  fwrite(text, 1, n, f);
  fclose(f);
}

static Text read_file(const char *path) {
  Text t = { 0 };
  FILE *f = fopen(path, "rb");
  if (!f) { perror(path); exit(EXIT_IO); }
  reserve(&t, 1 << 16);
  t.n = (uint32_t)fread(t.at, 1, 1 << 16, f);
  fclose(f);
  return t;
}

int main(int argc, char **argv) {
  if (argc < 4) { fprintf(stderr, "usage: mutate COUNT LIBRARY FILE...\n"); return EXIT_USAGE; }
  uint32_t count = (uint32_t)strtoul(argv[1], NULL, 10), nfiles = (uint32_t)argc - 3;
  Text *file = calloc(nfiles, sizeof *file);
  for (uint32_t i = 0; i < nfiles; i++) file[i] = read_file(argv[3 + i]);
  double worst = 0;
  uint64_t tried = 0;
  for (uint32_t i = 0; i < nfiles; i++) {
    for (uint32_t n = 0; n <= file[i].n; n++, tried++) {
      double s = try_source(str_of(argv[2]), argv[3 + i], file[i].at, n);
      if (s > worst) { worst = s; if (s > 1) { save(file[i].at, n); printf("fail truncations: %s cut at %u took %.1f s\n", argv[3 + i], n, s); } }
    }
  }
  printf("pass truncations (%lu sources, slowest %.3f s)\n", (unsigned long)tried, worst);
  Random r = { 1 };
  Text t = { 0 };
  bool slow = false;
  worst = 0;
  for (uint32_t k = 0; k < count; k++) {
    const Text *from = &file[below(&r, nfiles)];
    reserve(&t, from->n);
    memcpy(t.at, from->at, from->n);
    t.n = from->n;
    mutate(&r, &t, &file[below(&r, nfiles)]);
    if (k % 64 == 0 || getenv("MUTATE_SAVE")) save(t.at, t.n);
    double s = try_source(str_of(argv[2]), "mutant.gdl", t.at, t.n);
    if (s > worst) worst = s;
    if (s > 1) { slow = true; save(t.at, t.n); printf("fail mutations: number %u took %.1f s\n", k, s); }
  }
  if (!slow) { printf("pass mutations (%u sources, slowest %.3f s)\n", count, worst); unlink("mutant.gdl"); }
  for (uint32_t i = 0; i < nfiles; i++) free(file[i].at);
  free(file);
  free(t.at);
  return 0;
}
