/* target_npy.c: NPY files. */
#include "fuzz/arrays.h"
#include "fuzz/target.h"

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t n) {
  Array a;
  Trouble t = { 0 };
  bool read = rt_parse_npy("input", at, n, &a, &t);
  array_claims(read, &a, &t);
  return 0;
}
