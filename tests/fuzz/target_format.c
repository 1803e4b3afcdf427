/* target_format.c: the layout of source text. What parses is laid out anew, still parses, and comes out of a second
 * time as it went in. */
#include "front/ast.h"
#include "fuzz/texts.h"

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t n) {
  Opened o;
  Str once, again;
  source_open(&o, at, n);
  bool parses = text_format(&o.arena, &o.diags, o.source, &once);
  CLAIM(parses == !o.diags.nerrors);
  if (parses) {
    CLAIM(text_format(&o.arena, &o.diags, source_add(&o.sources, S("once.gdl"), once), &again));
    CLAIM(str_equal(once, again));
  }
  arena_free(&o.arena);
  return 0;
}
