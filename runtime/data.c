/* data.c: the readers of a module, by format, each column an array.
 *
 *     format   `file`          `column`
 *     idx npy                  a file for each column
 *     npz      the archive     the array in it
 *     csv      the table       its heading (read_csv.c)
 *     bytes    the text        how many bytes after the window's first it begins: "0", "1"
 *
 * A text is cut into windows as long as the argument has rows, one after the other; what is left over at its
 * end is not used. Such samples are consecutive: their end validates.
 * Several readers of one part are one after the other. Columns that `valid` and `test` do not name are those
 * of `data`. Paths start at --data. */
#include "samples.h"
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

typedef struct Ask { const gdl_reader *reader; const gdl_arg *arg; } Ask;
typedef bool Read(const char *path, const char *column, const Ask *ask, Array *a, Trouble *t);

static bool read_idx(const char *path, const char *column, const Ask *ask, Array *a, Trouble *t) {
  (void)column, (void)ask;          /* the file holds one array                                      */
  return rt_read_idx(path, a, t);
}
static bool read_npy(const char *path, const char *column, const Ask *ask, Array *a, Trouble *t) {
  (void)column, (void)ask;
  return rt_read_npy(path, a, t);
}
static bool read_npz(const char *path, const char *column, const Ask *ask, Array *a, Trouble *t) {
  (void)ask;
  return rt_read_npz(path, column, a, t);
}
static bool read_csv(const char *path, const char *column, const Ask *ask, Array *a, Trouble *t) {
  (void)ask;
  return rt_read_csv(path, column, a, t);
}

/* All columns have as many windows, so the one that begins last decides. */
static bool read_bytes(const char *path, const char *column, const Ask *ask, Array *a, Trouble *t) {
  int64_t last = 0, from = strtoll(column, NULL, 10), rows = rt_layout(ask->arg).rows;
  for (int32_t i = 0; i < ask->reader->ncolumns; i++) {
    int64_t begin = strtoll(ask->reader->columns[i].column, NULL, 10);
    if (begin > last) last = begin;
  }
  if (from < 0 || rows < 1) return rt_fail(t, EXIT_REFUSED, "%s: `%s` is no window of a text", path, ask->arg->name);
  uint8_t *text = NULL;
  size_t n = 0;
  if (!rt_read_file(path, SIZE_MAX / 4, &text, &n, t)) return false;
  const int64_t dim[2] = { ((int64_t)n - last) / rows, rows };
  bool ok = (int64_t)n >= last + rows || rt_fail(t, EXIT_REFUSED, "%s: has %zu bytes, less than one window of %lld",
      path, n, (long long)(rows + last));
  ok = ok && rt_array_make(a, path, ARRAY_U8, 1, 2, dim, t);
  if (ok) memcpy(a->at, text + from, (size_t)a->count);
  free(text);
  return ok;
}

static const struct Format {
  const char *name;
  bool per_column;                  /* each column is a file of its own                              */
  Read *read;
} formats[] = {
  { "idx", true, read_idx }, { "npy", true, read_npy }, { "npz", false, read_npz }, { "csv", false, read_csv },
      { "bytes", false, read_bytes },
};

bool rt_part_exists(const gdl_module *m, const char *part) {
  for (int32_t i = 0; i < m->nreaders; i++)
    if (strcmp(m->readers[i].part, part) == 0) return true;
  return false;
}

static const gdl_column *find_column(const gdl_reader *r, const char *input) {
  for (int32_t i = 0; i < r->ncolumns; i++)
    if (strcmp(r->columns[i].input, input) == 0) return &r->columns[i];
  return NULL;
}

static bool read_column(const gdl_module *m, const gdl_reader *r, const char *folder, const gdl_arg *arg, Array *a,
    bool *shared, Trouble *t) {
  const char *input = arg->name;
  const gdl_column *c = find_column(r, input);
  for (int32_t i = 0; !c && i < m->nreaders; i++)
    if (strcmp(m->readers[i].part, "data") == 0) c = find_column(&m->readers[i], input);
  if (!c) return rt_fail(t, EXIT_REFUSED, "`%s` has no column in the reader of `%s`", input, r->part);
  size_t k = 0, n = sizeof formats / sizeof *formats;
  while (k < n && strcmp(formats[k].name, r->format) != 0) k++;
  if (k == n)
    return rt_fail(t, EXIT_REFUSED,
        "data of format `%s` are not read by this runtime; it reads idx, npy, npz, csv and bytes", r->format);
  const char *file = formats[k].per_column ? c->column : r->file;
  char *path = file[0] == '/' || !folder[0] ? rt_text(t, "%s", file) : rt_text(t, "%s/%s", folder, file);
  *shared = c->shared != 0;
  bool ok = path && formats[k].read(path, c->column, &(Ask){ r, arg }, a, t);
  free(path);
  return ok;
}

static bool read_part(Samples *s, const gdl_module *m, const gdl_kernel *k, const gdl_arg *arg, const char *part,
    const char *folder, uint32_t *crc, Trouble *t) {
  Array all = { 0 };
  bool first = true, shared = false;
  for (int32_t i = 0; i < m->nreaders; i++) {
    Array a;
    if (strcmp(m->readers[i].part, part) != 0 || (!first && shared)) continue;
    if (!read_column(m, &m->readers[i], folder, arg, &a, &shared, t) || (!first && !rt_array_append(&all, &a, t))) {
      rt_array_free(&all);
      return false;
    }
    if (first) all = a;
    first = false;
    s->consecutive |= strcmp(m->readers[i].format, "bytes") == 0;
  }
  for (size_t from = 0, n = (size_t)all.count * all.item; crc && from < n;) {
    size_t part_n = n - from < (1u << 30) ? n - from : 1u << 30;
    *crc = (uint32_t)crc32(*crc, all.at + from, (uInt)part_n);
    from += part_n;
  }
  return rt_bind(s, m, k, arg, &all, shared, t);
}

bool rt_read_samples(Samples *s, const gdl_module *m, const gdl_kernel *k, const char *part, const char *folder,
    uint32_t *crc, Trouble *t) {
  *s = (Samples){ 0 };
  if (!rt_part_exists(m, part)) return rt_fail(t, EXIT_REFUSED, "%s has no reader for `%s`", m->name, part);
  bool ok = true;
  for (int i = 0; ok && i < k->nargs; i++)
    if (k->args[i].role == GDL_IN || k->args[i].role == GDL_TARGET)
      ok = read_part(s, m, k, &k->args[i], part, folder, crc, t);
  ok = ok && rt_bind_indexes(s, m, t);
  if (ok && s->n == 0)
    ok = rt_fail(t, EXIT_REFUSED, "all columns of `%s` are shared: nothing says how many samples there are", part);
  if (!ok) rt_samples_free(s);
  return ok;
}
