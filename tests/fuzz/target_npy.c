/* target_npy.c: NPY files. */
#include "fuzz/arrays.h"
#include "fuzz/target.h"

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t n) { return array_of_bytes(rt_parse_npy, at, n); }
