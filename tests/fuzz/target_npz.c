/* target_npz.c: NPZ files, of which the array `x` is read. */
#include "fuzz/arrays.h"
#include "fuzz/target.h"
#include <dlfcn.h>

/* Libzip stays open, so that the reader finds it loaded: loading it takes a hundred times as long as a file. */
__attribute__((constructor)) static void load_libzip(void) { (void)dlopen("libzip.so.4", RTLD_NOW | RTLD_LOCAL); }

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t n) {
  Shelf shelf = shelf_open(at, n);
  Array a;
  Trouble t = { 0 };
  bool read = rt_read_npz(shelf.path, "x", &a, &t);
  array_claims(read, &a, &t);
  shelf_close(&shelf);
  return 0;
}
