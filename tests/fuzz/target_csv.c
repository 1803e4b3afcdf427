/* target_csv.c: tables, of which the column `x` is read. */
#include "fuzz/arrays.h"
#include "fuzz/target.h"

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t n) { return array_of_file(rt_read_csv, "x", at, n); }
