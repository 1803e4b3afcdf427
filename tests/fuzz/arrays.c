/* arrays.c: an array that was read has its sizes, and every element can be asked for. */
#include "fuzz/arrays.h"
#include "fuzz/target.h"
#include <string.h>

/* Frees the array. */
static int claims(bool read, Array *a, const Trouble *t) {
  CLAIM(read == !t->code);
  CLAIM(read || (t->text[0] && strlen(t->text) < sizeof t->text && t->code != EXIT_MEMORY));
  if (!read) { CLAIM(!a->at && !a->name); return 0; }
  CLAIM(a->name && a->at && a->rank <= ARRAY_RANK && a->item > 0);
  int64_t count = 1, x;
  for (uint32_t i = 0; i < a->rank; i++) {
    CLAIM(a->dim[i] >= 0);
    count *= a->dim[i];
  }
  CLAIM(count == a->count);
  char text[200];
  rt_array_shape(a, text, sizeof text);
  for (int64_t i = 0; i < count; i++) {
    if (a->kind == ARRAY_BYTES || a->kind == ARRAY_UCS4) rt_array_word(a, i, text, sizeof text);
    else if (rt_array_integer(a, i, &x)) CLAIM(rt_array_number(a, i) == (double)x);
  }
  rt_array_free(a);
  return 0;
}

int array_of_bytes(BytesReader *reader, const uint8_t *at, size_t n) {
  Array a;
  Trouble t = { 0 };
  bool read = reader("input", at, n, &a, &t);
  return claims(read, &a, &t);
}

int array_of_file(FileReader *reader, const char *part, const uint8_t *at, size_t n) {
  Shelf shelf = shelf_open(at, n);
  Array a;
  Trouble t = { 0 };
  bool read = reader(shelf.path, part, &a, &t);
  shelf_close(&shelf);
  return claims(read, &a, &t);
}
