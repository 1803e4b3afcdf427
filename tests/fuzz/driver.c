/* driver.c: runs a fuzz target without libFuzzer. driver RUNS DICTIONARY FILE|FOLDER...: every seed, every truncation
 * of each, then RUNS mutated ones, all in this process; where RUNS is 0 the seeds alone. Prints one line a part: `pass
 * NAME (figures)` or `fail NAME: why`. An input lies in `input` of the working folder while it is tried, so whatever
 * ends the process leaves its cause; one that takes more than a second of this process's time is a finding, and kept as
 * `slow`.
 *
 * Mutations, from a fixed seed: a byte or a number changed, a stretch removed, doubled or moved, a word of the
 * dictionary put in or repeated, a stretch of another seed put in, digits changed. The dictionary is libFuzzer's: a
 * line a word, "text" with \xAB. */
#include "fuzz/target.h"
#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { SIZE_MOST = 1 << 16, WORDS_MOST = 1000, SEEDS_MOST = 1000, STATUS_USAGE = 2 };

typedef struct Bytes { uint8_t *at; size_t n, cap; } Bytes;
typedef struct Seed { char *name; Bytes bytes; } Seed;
typedef struct Fuzz {
  Seed seed[SEEDS_MOST];
  Bytes word[WORDS_MOST];
  size_t nseeds, nwords;
  uint64_t random;
  int input;
} Fuzz;

static uint64_t draw(Fuzz *f) {                       /* splitmix64 */
  uint64_t z = f->random += 0x9e3779b97f4a7c15u;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}
static size_t below(Fuzz *f, size_t n) { return n ? (size_t)(draw(f) % n) : 0; }

static void reserve(Bytes *b, size_t n) {
  if (b->at && n <= b->cap) return;
  b->cap = n * 2 + 16;
  b->at = realloc(b->at, b->cap);
  CLAIM(b->at);
}

/* `with` may lie in b itself. */
static void replace(Bytes *b, size_t at, size_t remove, const uint8_t *with, size_t n) {
  if (b->n + n > SIZE_MOST) return;
  uint8_t *copy = malloc(n + 1);
  CLAIM(copy);
  if (n) memcpy(copy, with, n);
  reserve(b, b->n + n);
  memmove(b->at + at + n, b->at + at + remove, b->n - at - remove);
  memcpy(b->at + at, copy, n);
  b->n += n - remove;
  free(copy);
}

/* Numbers where sizes overflow, in either order of bytes. */
static void number(Fuzz *f, Bytes *b, size_t at) {
  static const uint64_t numbers[] = { 0, 1, 2, 127, 128, 255, 256, 65535, 65536, 0x7fffffff, 0x80000000, 0xffffffff,
      1ull << 32,
                                      1ull << 60, 0x7fffffffffffffff, 1ull << 63, UINT64_MAX };
  uint64_t x = numbers[below(f, sizeof numbers / sizeof *numbers)];
  size_t width = (size_t)1 << below(f, 4);
  bool big = below(f, 2);
  for (size_t k = 0; k < width && at + k < b->n; k++) b->at[at + k] = (uint8_t)(x >> 8 * (big ? width - 1 - k : k));
}

static void mutate(Fuzz *f, Bytes *b) {
  const Bytes *other = &f->seed[below(f, f->nseeds)].bytes, *word = &f->word[below(f, f->nwords)];
  for (size_t k = 1 + below(f, 3); k; k--) {
    size_t at = below(f, b->n + 1), n = below(f, 24), far = below(f, b->n + 1);
    if (at + n > b->n) n = b->n - at;
    switch (below(f, 9)) {
    case 0: if (at < b->n) b->at[at] = (uint8_t)draw(f); break;
    case 1: replace(b, at, n, NULL, 0); break;
    case 2: replace(b, far, 0, b->at + at, n); break;
    case 3: replace(b, at, 0, word->at, word->n); break;
    case 4: replace(b, at, n, word->at, word->n); break;
    case 5: {
      size_t from = below(f, other->n), m = below(f, 64);
      replace(b, at, 0, other->at + from, from + m > other->n ? other->n - from : m);
      break;
    }
    case 6:
      for (size_t i = at; i < b->n; i++)
        if (b->at[i] >= '0' && b->at[i] <= '9') { b->at[i] = (uint8_t)('0' + below(f, 10)); if (below(f, 4)) break; }
      break;
    case 7:                                           /* deep nesting, long lines                     */
      for (size_t i = below(f, word->n < 3 ? 400 : 20); i; i--) replace(b, at, 0, word->at, word->n);
      break;
    case 8: number(f, b, at); break;
    }
    word = &f->word[below(f, f->nwords)];
  }
}

static double now(void) {                             /* of this process alone: others may use the machine */
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void keep(int file, const uint8_t *at, size_t n) {
  CLAIM(pwrite(file, at, n, 0) == (ssize_t)n && ftruncate(file, (off_t)n) == 0);
}

/* A copy of exactly its size, so that a sanitizer sees a byte too far. */
static double try(Fuzz *f, const uint8_t *at, size_t n) {
  keep(f->input, at, n);
  uint8_t *copy = malloc(n);
  CLAIM(copy || !n);
  if (n) memcpy(copy, at, n);
  double start = now();
  LLVMFuzzerTestOneInput(copy, n);
  double seconds = now() - start;
  free(copy);
  if (seconds > 1) {
    int file = open("slow", O_WRONLY | O_CREAT, 0666);
    CLAIM(file >= 0);
    keep(file, at, n);
    close(file);
  }
  return seconds;
}

/* --- what is read ------------------------------------------------------------------------------------------- */
static void add_seeds(Fuzz *f, const char *path) {
  DIR *folder = opendir(path);
  if (folder) {
    struct dirent **all;
    int n = scandir(path, &all, NULL, alphasort);
    for (int i = 0; i < n; i++) {
      char inner[4096];
      snprintf(inner, sizeof inner, "%s/%s", path, all[i]->d_name);
      if (all[i]->d_name[0] != '.') add_seeds(f, inner);
      free(all[i]);
    }
    free(all);
    closedir(folder);
    return;
  }
  FILE *file = fopen(path, "rb");
  if (!file || f->nseeds == SEEDS_MOST) { perror(path); exit(STATUS_USAGE); }
  Seed *s = &f->seed[f->nseeds++];
  s->name = strdup(path);
  reserve(&s->bytes, SIZE_MOST);
  s->bytes.n = fread(s->bytes.at, 1, SIZE_MOST, file);
  fclose(file);
}

static void add_words(Fuzz *f, const char *path) {
  char line[1000];
  FILE *file = fopen(path, "r");
  if (!file) { perror(path); exit(STATUS_USAGE); }
  while (fgets(line, sizeof line, file)) {
    const char *at = strchr(line, '"'), *end = strrchr(line, '"');
    if (line[0] == '#' || !at || end == at || f->nwords == WORDS_MOST) continue;
    Bytes *w = &f->word[f->nwords++];
    for (at++; at < end; at++) {
      uint8_t byte = (uint8_t)*at;
      unsigned code;
      if (*at == '\\' && at[1] == 'x' && sscanf(at + 2, "%2x", &code) == 1) { byte = (uint8_t)code; at += 3; }
      else if (*at == '\\') byte = (uint8_t)*++at;
      replace(w, w->n, 0, &byte, 1);
    }
  }
  fclose(file);
  if (!f->nwords) { fprintf(stderr, "%s: no words\n", path); exit(STATUS_USAGE); }
}

/* --- the three parts ---------------------------------------------------------------------------------------- */
typedef struct Tally { const char *what; uint64_t runs, slow; double worst; } Tally;

static void count(Tally *t, double seconds, const char *seed, const char *detail) {
  t->runs++;
  if (seconds > t->worst) t->worst = seconds;
  if (seconds > 1 && !t->slow++) printf("fail %s: %s%s took %.1f s\n", t->what, seed, detail, seconds);
}

static void report(const Tally *t) {
  if (!t->slow) printf("pass %s (%lu inputs, slowest %.3f s)\n", t->what, (unsigned long)t->runs, t->worst);
  fflush(stdout);
}

int main(int argc, char **argv) {
  if (argc < 4) { fprintf(stderr, "usage: %s RUNS DICTIONARY FILE|FOLDER...\n", argv[0]); return STATUS_USAGE; }
  Fuzz *f = calloc(1, sizeof *f);
  CLAIM(f);
  f->random = 1;
  f->input = open("input", O_WRONLY | O_CREAT | O_TRUNC, 0666);
  CLAIM(f->input >= 0);
  uint64_t runs = strtoull(argv[1], NULL, 10);
  add_words(f, argv[2]);
  for (int i = 3; i < argc; i++) add_seeds(f, argv[i]);
  if (!f->nseeds) { fprintf(stderr, "no seeds\n"); return STATUS_USAGE; }

  Tally seeds = { .what = "seeds" }, cuts = { .what = "truncations" }, mutants = { .what = "mutations" };
  for (size_t i = 0; i < f->nseeds; i++)
    count(&seeds, try(f, f->seed[i].bytes.at, f->seed[i].bytes.n), f->seed[i].name, "");
  report(&seeds);
  for (size_t i = 0; runs && i < f->nseeds; i++)
    for (size_t n = 0; n < f->seed[i].bytes.n; n++)
      count(&cuts, try(f, f->seed[i].bytes.at, n), f->seed[i].name, ", cut,");
  if (runs) report(&cuts);
  Bytes b = { 0 };
  for (uint64_t k = 0; k < runs; k++) {
    const Seed *from = &f->seed[below(f, f->nseeds)];
    b.n = 0;
    replace(&b, 0, 0, from->bytes.at, from->bytes.n);
    mutate(f, &b);
    count(&mutants, try(f, b.at, b.n), from->name, ", changed,");
  }
  if (runs) report(&mutants);

  free(b.at);
  for (size_t i = 0; i < f->nseeds; i++) { free(f->seed[i].name); free(f->seed[i].bytes.at); }
  for (size_t i = 0; i < f->nwords; i++) free(f->word[i].at);
  close(f->input);
  free(f);
  unlink("input");
  return 0;
}
