/* span.c: source files, and places in them. */
#include "base/base.h"
#include <errno.h>

enum { SOURCE_MOST = 16 << 20 };

uint32_t source_add(Sources *s, Str path, Str text) {
  Source *x = arena_one(s->arena, Source);
  *x = (Source){ str_copy(s->arena, path), text, NULL, 1 };
  for (uint32_t i = 0; i < text.n; i++) x->nlines += text.at[i] == '\n';
  x->line = arena_array(s->arena, uint32_t, x->nlines);
  uint32_t line = 1;
  for (uint32_t i = 0; i < text.n; i++)
    if (text.at[i] == '\n') x->line[line++] = i + 1;
  vec_push(s->arena, &s->all, x);
  return s->all.n;
}

uint32_t source_read(Sources *s, Str path) {
  Str name = str_copy(s->arena, path);
  FILE *f;
  do f = fopen(name.at, "rb");
  while (!f && errno == EINTR);
  if (!f && errno == ENOMEM) no_memory(sizeof *f);
  if (!f) return 0;
  vec(char) text = { 0 };
  size_t n;
  char block[65536];
  while ((n = fread(block, 1, sizeof block, f)) > 0 || (ferror(f) && errno == EINTR)) {
    if (n < sizeof block && ferror(f) && errno == EINTR) clearerr(f);
    if (text.n + n > SOURCE_MOST) { fclose(f); errno = EFBIG; return 0; }
    if (text.n + n + 1 > text.cap) {
      uint32_t cap = text.cap ? text.cap : 65536;
      while (cap < text.n + n + 1) cap *= 2;
      text.at = arena_grow(s->arena, text.at, text.n, cap);
      text.cap = cap;
    }
    memcpy(text.at + text.n, block, n);
    text.n += (uint32_t)n;
  }
  int failed = ferror(f) ? errno : 0;
  fclose(f);
  if (failed) { errno = failed; return 0; }
  return source_add(s, path, str_copy(s->arena, (Str){ text.at, text.n }));
}

Place span_place(const Sources *s, Span at) {
  if (!at.source) return (Place){ 0 };
  const Source *x = s->all.at[at.source - 1];
  uint32_t low = 0, high = x->nlines;
  while (high - low > 1) {
    uint32_t middle = (low + high) / 2;
    if (x->line[middle] <= at.from) low = middle; else high = middle;
  }
  uint32_t end = low + 1 < x->nlines ? x->line[low + 1] - 1 : x->text.n;
  return (Place){ x->path, low + 1, at.from - x->line[low] + 1,
                  { x->text.at + x->line[low], end - x->line[low] } };
}

Span span_join(Span a, Span b) {
  if (!a.source) return b;
  if (!b.source) return a;
  return (Span){ a.source, a.from < b.from ? a.from : b.from, a.to > b.to ? a.to : b.to };
}
