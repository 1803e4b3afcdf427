/* arena.c: memory with one end.
 *
 * A chunk is one malloc; an arena is a list of chunks, the newest first. Allocation bumps an offset;
 * a mark is (chunk, offset), and resetting frees the chunks above it. When the system has no more
 * memory, the process says so and leaves with EXIT_MEMORY: a compiler has nothing to save then, and
 * every output file is written under a temporary name first, so nothing partial is left behind. It leaves
 * at once, because other threads may be in the middle of what exit() would take apart. */
#include "base/base.h"
#include <stdlib.h>
#include <unistd.h>

struct Chunk { Chunk *below; size_t size; _Alignas(16) unsigned char bytes[]; };

_Noreturn void no_memory(size_t size) {
  fprintf(stderr, "gdlc: out of memory (%zu bytes were asked for)\n", size);
  _exit(EXIT_MEMORY);
}

void *heap_alloc(size_t n, size_t size) {
  void *p = calloc(n ? n : 1, size);
  if (!p) no_memory(n * size);
  return p;
}

void *heap_grow(void *old, size_t size) {
  void *p = realloc(old, size ? size : 1);
  if (!p) no_memory(size);
  return p;
}

void *arena_alloc(Arena *a, size_t size) {
  if (size > SIZE_MAX / 2) no_memory(size);
  size = (size + 15) & ~(size_t)15;
  if (!a->chunk || a->chunk->size - a->used < size) {
    size_t want = size > 65536 - sizeof(Chunk) ? size : 65536 - sizeof(Chunk);
    if (a->chunk && a->chunk->size < 4u << 20 && want < 2 * a->chunk->size) want = 2 * a->chunk->size;
    Chunk *c = malloc(sizeof *c + want);
    if (!c) no_memory(want);
    c->below = a->chunk;
    c->size = want;
    a->chunk = c;
    a->used = 0;
  }
  void *p = a->chunk->bytes + a->used;
  a->used += size;
  return memset(p, 0, size);
}

void *arena_grow(Arena *a, const void *old, size_t old_size, size_t size) {
  void *p = arena_alloc(a, size);
  if (old_size) memcpy(p, old, old_size);
  return p;
}

Mark arena_mark(const Arena *a) { return (Mark){ a->chunk, a->used }; }

void arena_reset(Arena *a, Mark mark) {
  while (a->chunk != mark.chunk) {
    Chunk *below = a->chunk->below;
    free(a->chunk);
    a->chunk = below;
  }
  a->used = mark.used;
}

void arena_free(Arena *a) { arena_reset(a, (Mark){ NULL, 0 }); }

void bug_at(const char *file, int line, const char *format, ...) {
  va_list args;
  va_start(args, format);
  fprintf(stderr, "gdlc: this is a bug of gdlc, not of your program: ");
  vfprintf(stderr, format, args);
  fprintf(stderr, " (%s:%d)\n", file, line);
  va_end(args);
  exit(EXIT_BUG);
}
