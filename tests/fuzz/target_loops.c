/* target_loops.c: the text form of Loops. What is read satisfies the verifier and prints the same again. */
#include "fuzz/texts.h"
#include "loops/loops.h"

READS_AGAIN(Kernel, loops_read, loops_text)

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t n) {
  Arena arena = { 0 };
  Why why = { .arena = &arena };
  read_again(&arena, at, n, &why);
  arena_free(&arena);
  return 0;
}
