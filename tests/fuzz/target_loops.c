/* target_loops.c: the text form of Loops. What is read satisfies the verifier and prints the same again. */
#include "base/base.h"
#include "fuzz/target.h"
#include "loops/loops.h"

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t n) {
  Arena arena = { 0 };
  Why why = { .arena = &arena };
  Kernel *k = loops_read(&arena, str_copy(&arena, (Str){ (const char *)at, (uint32_t)n }), &why);
  CLAIM(k || why.reason.n);
  if (k) {
    Out once = { .arena = &arena }, again = { .arena = &arena };
    loops_text(k, &once);
    Kernel *same = loops_read(&arena, out_text(&once), &why);
    CLAIM(same);
    loops_text(same, &again);
    CLAIM(str_equal(out_text(&once), out_text(&again)));
  }
  arena_free(&arena);
  return 0;
}
