/* write_npy.c: an array as NPY, or as CSV where the name ends so: a line for each element of the first axis. */
#include "array.h"
#include <stdlib.h>
#include <string.h>

static const char *const npy[] = {
#define KIND(name, type, npy, bytes) bytes == 1 ? "|" npy : "<" npy,
  ARRAY_KINDS(KIND)
#undef KIND
};

static bool write_csv(const char *path, const Array *a, Trouble *t) {
  int64_t rows = a->rank ? a->dim[0] : 1, columns = rows ? a->count / rows : 0;
  size_t cap = 0, n = 0;
  char *text = NULL;
  bool ok = rt_grow(&text, 1, &cap, 1, t);
  for (int64_t i = 0; ok && i < a->count; i++) {
    ok = rt_grow(&text, n + 40, &cap, 1, t);
    if (ok)
      n += (size_t)snprintf(text + n, 40, a->kind == ARRAY_F64 ? "%.17g%c" : "%.9g%c", rt_array_number(a, i),
          columns && (i + 1) % columns ? ',' : '\n');
  }
  ok = ok && rt_write_file(path, &(Piece){ text, n }, 1, t);
  free(text);
  return ok;
}

bool rt_write_array(const char *path, const Array *a, Trouble *t) {
  size_t length = strlen(path);
  if (length > 4 && strcmp(path + length - 4, ".csv") == 0) return write_csv(path, a, t);
  char head[512] = "\x93NUMPY\x01", shape[200] = "";
  size_t k = 0;
  for (uint32_t i = 0; i < a->rank; i++)
    k += (size_t)snprintf(shape + k, sizeof shape - k, "%lld,%s", (long long)a->dim[i], i + 1 < a->rank ? " " : "");
  if (a->rank > 1) shape[k - 1] = 0;
  size_t n = 10 + (size_t)snprintf(head + 10, sizeof head - 10,
      "{'descr': '%s', 'fortran_order': False, 'shape': (%s), }", npy[a->kind], shape);
  while ((n + 1) % 64) head[n++] = ' ';               /* the elements begin at a multiple of 64       */
  head[n++] = '\n';
  head[8] = (char)(uint8_t)((n - 10) & 255);
  head[9] = (char)(uint8_t)((n - 10) >> 8);
  return rt_write_file(path, (Piece[]){ { head, n }, { a->at, (size_t)a->count * a->item } }, 2, t);
}
