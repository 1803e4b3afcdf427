/* array.c: elements of an array, whatever their type. */
#include "array.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

bool rt_array_bytes(const char *name, size_t item, uint32_t rank, const int64_t *dim, size_t *bytes, Trouble *t) {
  int64_t count = 1;
  if (rank > ARRAY_RANK)
    return rt_fail(t, EXIT_REFUSED, "%s: has %u axes; at most %d are read", name, rank, ARRAY_RANK);
  for (uint32_t i = 0; i < rank; i++)
    if (dim[i] < 0 || __builtin_mul_overflow(count, dim[i], &count) || count > INT64_MAX / 64)
      return rt_fail(t, EXIT_REFUSED, "%s: its sizes are no array that fits into memory", name);
  return !__builtin_mul_overflow((size_t)count, item, bytes) ||
      rt_fail(t, EXIT_REFUSED, "%s: its sizes are no array that fits into memory", name);
}

bool rt_array_make(Array *a, const char *name, ArrayKind kind, size_t item, uint32_t rank, const int64_t *dim,
    Trouble *t) {
  size_t bytes = 0;
  *a = (Array){ .kind = kind, .item = item, .rank = rank };
  if (!rt_array_bytes(name, item, rank, dim, &bytes, t)) return false;
  for (uint32_t i = 0; i < rank; i++) a->dim[i] = dim[i];
  a->count = (int64_t)(bytes / item);
  a->at = rt_alloc(bytes, 1, t);
  a->name = a->at ? rt_text(t, "%s", name) : NULL;
  if (a->name) return true;
  rt_array_free(a);
  return false;
}

void rt_array_free(Array *a) {
  free(a->at);
  free(a->name);
  *a = (Array){ 0 };
}

double rt_array_number(const Array *a, int64_t i) {
  switch (a->kind) {
#define KIND(name, type, npy, bytes) case ARRAY_##name: return (double)((const type *)(const void *)a->at)[i];
    ARRAY_KINDS(KIND)
#undef KIND
  case ARRAY_BYTES: case ARRAY_UCS4: break;
  }
  return NAN;
}

bool rt_array_integer(const Array *a, int64_t i, int64_t *x) {
  if (a->kind == ARRAY_I64) {
    *x = ((const int64_t *)(const void *)a->at)[i];
    return true;
  }
  double v = rt_array_number(a, i);
  if (!(fabs(v) < 0x1p53) || v != floor(v)) return false;
  *x = (int64_t)v;
  return true;
}

void rt_array_word(const Array *a, int64_t i, char *out, size_t n) {
  const uint8_t *at = a->at + (size_t)i * a->item;
  size_t k = 0;
  if (a->kind == ARRAY_BYTES) {
    for (; k + 1 < n && k < a->item && at[k]; k++) out[k] = (char)at[k];
  } else {
    for (size_t c = 0; c + 4 <= a->item && k + 5 < n; c += 4) {
      uint32_t u;
      memcpy(&u, at + c, 4);
      if (!u) break;
      if (u < 0x80) out[k++] = (char)u;
      else if (u < 0x800) out[k++] = (char)(0xC0 | u >> 6), out[k++] = (char)(0x80 | (u & 63));
      else if (u < 0x10000)
        out[k++] = (char)(0xE0 | u >> 12), out[k++] = (char)(0x80 | (u >> 6 & 63)), out[k++] = (char)(0x80 | (u & 63));
      else out[k++] = (char)(0xF0 | (u >> 18 & 7)), out[k++] = (char)(0x80 | (u >> 12 & 63)), out[k++] =
          (char)(0x80 | (u >> 6 & 63)),
        out[k++] = (char)(0x80 | (u & 63));
    }
  }
  out[k] = 0;
}

bool rt_array_append(Array *a, Array *more, Trouble *t) {
  bool fits = a->kind == more->kind && a->item == more->item && a->rank == more->rank && a->rank > 0;
  for (uint32_t i = 1; i < a->rank && fits; i++) fits = a->dim[i] == more->dim[i];
  if (!fits) {
    char one[160], other[160];
    rt_array_shape(a, one, sizeof one);
    rt_array_shape(more, other, sizeof other);
    rt_fail(t, EXIT_REFUSED, "%s is %s, but %s is %s: files of one list must agree but for the number of samples",
        a->name, one, more->name, other);
    rt_array_free(more);
    return false;
  }
  Array both;
  int64_t dim[ARRAY_RANK];
  memcpy(dim, a->dim, sizeof dim);
  dim[0] += more->dim[0];
  bool ok = rt_array_make(&both, a->name, a->kind, a->item, a->rank, dim, t);
  if (ok) {
    size_t n = (size_t)a->count * a->item;
    memcpy(both.at, a->at, n);
    memcpy(both.at + n, more->at, (size_t)more->count * more->item);
    rt_array_free(a);
    *a = both;
  }
  rt_array_free(more);
  return ok;
}

void rt_array_shape(const Array *a, char *out, size_t n) {
  static const char *const name[] = {
#define KIND(name, type, npy, bytes) npy,
    ARRAY_KINDS(KIND)
#undef KIND
    "text", "text",
  };
  size_t k = 0;
  for (uint32_t i = 0; i < a->rank && k < n; i++)
    k += (size_t)snprintf(out + k, n - k, "%s%lld", i ? " x " : "", (long long)a->dim[i]);
  if (k < n) snprintf(out + k, n - k, "%s%s", k ? " " : "one ", name[a->kind]);
}

void rt_array_place(const Array *a, int64_t i, bool samples, char *out, size_t n) {
  int64_t step = a->count;
  size_t k = 0;
  for (uint32_t d = 0; d < a->rank && k < n; d++) {
    step /= a->dim[d];
    const char *before = d == 0 && samples ? "sample " : d == (samples ? 1 : 0) ? (d ? ", element " : "element ") : " ";
    k += (size_t)snprintf(out + k, n - k, "%s%lld", before, (long long)(i / step % a->dim[d]));
  }
  if (a->rank == 0) snprintf(out, n, "the number");
}
