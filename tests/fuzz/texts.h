/* texts.h: bytes as text of the compiler. A text form: read, and printed the same again. Source text: a file of a table
 * of sources, with what was said of it. */
#ifndef GDLC_TESTS_TEXTS_H
#define GDLC_TESTS_TEXTS_H
#include "base/base.h"
#include "fuzz/target.h"

static inline Str text_of(Arena *arena, const uint8_t *at, size_t n) {
  return str_copy(arena, (Str){ (const char *)at, (uint32_t)n });
}

/* Type *read_again(arena, at, n, why): what the bytes say, or NULL with a reason; claims that `print` writes what
 * `read` reads, and that this prints the same. */
#define READS_AGAIN(Type, read, print)                                                             \
  static Type *read_again(Arena *arena, const uint8_t *at, size_t n, Why *why) {                   \
    Type *x = read(arena, text_of(arena, at, n), why);                                             \
    CLAIM(x || why->reason.n);                                                                     \
    if (!x) return NULL;                                                                           \
    Out once = { .arena = arena }, again = { .arena = arena };                                     \
    print(x, &once);                                                                               \
    Type *same = read(arena, out_text(&once), why);                                                \
    CLAIM(same);                                                                                   \
    print(same, &again);                                                                           \
    CLAIM(str_equal(out_text(&once), out_text(&again)));                                           \
    return x;                                                                                      \
  }

/* Points into itself: stays where it was opened. */
typedef struct Opened {
  Arena arena;
  Sources sources;
  Diags diags;
  uint32_t source;                  /* of the bytes                                                  */
} Opened;
static inline void source_open(Opened *o, const uint8_t *at, size_t n) {
  *o = (Opened){ .sources.arena = &o->arena, .diags = { .arena = &o->arena, .sources = &o->sources } };
  o->source = source_add(&o->sources, S("fuzz.gdl"), text_of(&o->arena, at, n));
}
#endif
