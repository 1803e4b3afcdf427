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

enum { HEAD_MOST = 65536 };

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

/* What a header says; the elements begin at `from` and have `bytes`. */
typedef struct Head { ArrayKind kind; size_t item, from, bytes; uint32_t rank; int64_t dim[ARRAY_RANK]; bool big,
    fortran; } Head;

static bool parse_head(const char *name, const uint8_t *at, size_t n, Head *h, Trouble *t) {
  *h = (Head){ 0 };
  if (n < 12 || memcmp(at, "\x93NUMPY", 6) != 0) return rt_fail(t, EXIT_REFUSED, "%s: is no NPY file", name);
  size_t wide = at[6] == 1 ? 2 : 4, length = 0;
  for (size_t i = wide; i-- > 0;) length = length << 8 | at[8 + i];
  h->from = 8 + wide + length;
  if (length > HEAD_MOST || h->from > n)
    return rt_fail(t, EXIT_IO, "%s: ends in its header; fetch or write the file again", name);
  char *head = rt_alloc(length + 1, 1, t);
  if (!head) return false;
  memcpy(head, at + 8 + wide, length);
  const char *order = after(head, "'fortran_order'");
  h->fortran = order && *order == 'T';
  bool ok = parse_type(name, after(head, "'descr'"), &h->kind, &h->item, &h->big, t) &&
            parse_shape(name, after(head, "'shape'"), &h->rank, h->dim, t) &&
            rt_array_bytes(name, h->item, h->rank, h->dim, &h->bytes, t);
  free(head);
  return ok;
}

bool rt_npy_length(const char *name, const uint8_t *at, size_t n, size_t *length, Trouble *t) {
  Head h;
  return parse_head(name, at, n, &h, t) &&
         (!__builtin_add_overflow(h.from, h.bytes, length) ||
             rt_fail(t, EXIT_REFUSED, "%s: its sizes are no array that fits into memory", name));
}

bool rt_parse_npy(const char *name, const uint8_t *at, size_t n, Array *a, Trouble *t) {
  Head h;
  *a = (Array){ 0 };
  if (!parse_head(name, at, n, &h, t)) return false;
  if (n - h.from < h.bytes)
    return rt_fail(t, EXIT_IO, "%s: ends after %zu of the %zu bytes of its elements; fetch or write the file again",
        name, n - h.from, h.bytes);
  if (!rt_array_make(a, name, h.kind, h.item, h.rank, h.dim, t)) return false;
  if (!h.big && !h.fortran) memcpy(a->at, at + h.from, h.bytes);
  else copy_elements(a, at + h.from, h.fortran, h.big);
  return true;
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
