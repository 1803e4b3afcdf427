/* arrays.h: a reader of arrays on any bytes, and what every such reader promises. A target is one call. */
#ifndef GDLC_TESTS_ARRAYS_H
#define GDLC_TESTS_ARRAYS_H
#include "array.h"

/* Whether it was read or not, the promises of array.h and trouble.h hold. Return 0, as a target does. */
typedef bool BytesReader(const char *name, const uint8_t *at, size_t n, Array *a, Trouble *t);
typedef bool FileReader(const char *path, const char *part, Array *a, Trouble *t);
int array_of_bytes(BytesReader *reader, const uint8_t *at, size_t n);
int array_of_file(FileReader *reader, const char *part, const uint8_t *at, size_t n);
#endif
