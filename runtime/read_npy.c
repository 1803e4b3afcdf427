/* read_npy.c: NumPy's format, versions 1 to 3, from a file or from memory (a member of an NPZ).
 *
 *     \x93NUMPY  major minor  length  {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }\n  elements
 *
 * The header is a Python literal; only its three keys are looked for. Big-endian numbers are turned, columns
 * become rows. Objects (pickles) are refused: they are programs. */
#include "array.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static const char *after(const char *head, const char *key) {
  const char *at = strstr(head, key);
  if (!at) return NULL;
  at += strlen(key);
  while (*at == ' ' || *at == ':') at++;
  return at;
}

static bool parse_type(const char *name, const char *descr, ArrayKind *kind, size_t *item, bool *big, Trouble *t) {
  static const struct { const char *npy; ArrayKind kind; size_t bytes; } types[] = {
#define KIND(name, type, npy, bytes) { npy, ARRAY_##name, bytes },
    ARRAY_KINDS(KIND)
#undef KIND
  };
  if (!descr || descr[0] != '\'' || !strchr("<>|=", descr[1]) || !descr[1])
    return rt_fail(t, EXIT_REFUSED, "%s: its elements are records; only numbers and texts are read", name);
  *big = descr[1] == '>';
  descr += 2;
  for (size_t i = 0; i < sizeof types / sizeof *types; i++)
    if (strncmp(descr, types[i].npy, 2) == 0 && descr[2] == '\'') {
      *kind = types[i].kind;
      *item = types[i].bytes;
      return true;
    }
  char *end = NULL;
  long n = descr[0] == 'S' || descr[0] == 'U' ? strtol(descr + 1, &end, 10) : 0;
  if (n > 0 && n < 65536 && *end == '\'') {
    *kind = descr[0] == 'S' ? ARRAY_BYTES : ARRAY_UCS4;
    *item = (size_t)n * (descr[0] == 'S' ? 1 : 4);
    return true;
  }
  return rt_fail(t, EXIT_REFUSED, "%s: elements of type %.12s are not read; store it as float32 or as int64", name,
      descr);
}

static bool parse_shape(const char *name, const char *at, uint32_t *rank, int64_t *dim, Trouble *t) {
  *rank = 0;
  if (!at || *at != '(') return rt_fail(t, EXIT_REFUSED, "%s: has no shape", name);
  at++;
  for (;;) {
    while (*at == ' ' || *at == ',') at++;
    if (*at == ')') return true;
    char *end = NULL;
    if (!isdigit((unsigned char)*at) || *rank == ARRAY_RANK)
      return rt_fail(t, EXIT_REFUSED, "%s: its shape is not read", name);
    dim[(*rank)++] = strtoll(at, &end, 10);
    at = end;
  }
}

static void copy_elements(Array *a, const uint8_t *from, bool fortran, bool big) {
  size_t word = a->kind == ARRAY_UCS4 ? 4 : a->kind == ARRAY_BYTES ? 1 : a->item;
  int64_t at[ARRAY_RANK] = { 0 };
  for (int64_t i = 0; i < a->count; i++) {
    int64_t j = i;
    if (fortran) {
      j = 0;
      for (uint32_t d = a->rank; d-- > 0;) j = j * a->dim[d] + at[d];
      for (uint32_t d = a->rank; d-- > 0 && ++at[d] == a->dim[d];) at[d] = 0;
    }
    uint8_t *to = a->at + (size_t)i * a->item;
    const uint8_t *x = from + (size_t)j * a->item;
    if (!big) memcpy(to, x, a->item);
    else
      for (size_t k = 0; k < a->item; k++) to[k] = x[k / word * word + word - 1 - k % word];
  }
}

bool rt_parse_npy(const char *name, const uint8_t *at, size_t n, Array *a, Trouble *t) {
  *a = (Array){ 0 };
  if (n < 12 || memcmp(at, "\x93NUMPY", 6) != 0) return rt_fail(t, EXIT_REFUSED, "%s: is no NPY file", name);
  size_t wide = at[6] == 1 ? 2 : 4, length = 0, from = 8 + wide;
  for (size_t i = wide; i-- > 0;) length = length << 8 | at[8 + i];
  if (length > 65536 || from + length > n)
    return rt_fail(t, EXIT_IO, "%s: ends in its header; fetch or write the file again", name);
  char *head = rt_alloc(length + 1, 1, t);
  if (!head) return false;
  memcpy(head, at + from, length);
  from += length;
  ArrayKind kind = ARRAY_U8;
  size_t item = 1;
  bool big = false, ok = false;
  uint32_t rank = 0;
  int64_t dim[ARRAY_RANK];
  size_t bytes = 0;
  const char *order = after(head, "'fortran_order'");
  if (parse_type(name, after(head, "'descr'"), &kind, &item, &big, t) && parse_shape(name, after(head, "'shape'"),
      &rank, dim, t) &&
      rt_array_bytes(name, item, rank, dim, &bytes, t)) {
    if (n - from < bytes) {
      rt_fail(t, EXIT_IO, "%s: ends after %zu of the %zu bytes of its elements; fetch or write the file again", name,
          n - from, bytes);
    } else if (rt_array_make(a, name, kind, item, rank, dim, t)) {
      if (!big && !(order && *order == 'T')) memcpy(a->at, at + from, bytes);
      else copy_elements(a, at + from, order && *order == 'T', big);
      ok = true;
    }
  }
  free(head);
  return ok;
}

bool rt_read_npy(const char *path, Array *a, Trouble *t) {
  uint8_t *at;
  size_t n;
  *a = (Array){ 0 };
  if (!rt_read_file(path, SIZE_MAX / 4, &at, &n, t)) return false;
  bool ok = rt_parse_npy(path, at, n, a, t);
  free(at);
  return ok;
}
