/* arrays.h: what every reader of arrays promises, asked by its target. */
#ifndef GDLC_TESTS_ARRAYS_H
#define GDLC_TESTS_ARRAYS_H
#include "array.h"

/* read: what the reader said. Frees the array. */
void array_claims(bool read, Array *a, const Trouble *t);
#endif
