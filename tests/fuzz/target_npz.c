/* target_npz.c: NPZ files, of which the array `x` is read. */
#include "fuzz/arrays.h"
#include "fuzz/target.h"
#include <dlfcn.h>

/* Libzip stays open, so that the reader finds it loaded: loading it takes a hundred times as long as a file. */
__attribute__((constructor)) static void load_libzip(void) { (void)dlopen("libzip.so.4", RTLD_NOW | RTLD_LOCAL); }

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t n) { return array_of_file(rt_read_npz, "x", at, n); }
