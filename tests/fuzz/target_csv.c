/* target_csv.c: tables, of which the column `x` is read. */
#include "fuzz/arrays.h"
#include "fuzz/target.h"

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t n) {
  Shelf shelf = shelf_open(at, n);
  Array a;
  Trouble t = { 0 };
  bool read = rt_read_csv(shelf.path, "x", &a, &t);
  array_claims(read, &a, &t);
  shelf_close(&shelf);
  return 0;
}
