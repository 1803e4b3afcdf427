/* target_format.c: the layout of source text. What parses is laid out anew, still parses, and comes out of a second
 * time as it went in. */
#include "base/base.h"
#include "front/ast.h"
#include "fuzz/target.h"

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t n) {
  Arena arena = { 0 };
  Sources sources = { .arena = &arena };
  Diags diags = { .arena = &arena, .sources = &sources };
  uint32_t source = source_add(&sources, S("fuzz.gdl"), str_copy(&arena, (Str){ (const char *)at, (uint32_t)n }));
  Str once, again;
  bool parses = text_format(&arena, &diags, source, &once);
  CLAIM(parses == !diags.nerrors);
  if (parses) {
    CLAIM(text_format(&arena, &diags, source_add(&sources, S("once.gdl"), once), &again));
    CLAIM(str_equal(once, again));
  }
  arena_free(&arena);
  return 0;
}
