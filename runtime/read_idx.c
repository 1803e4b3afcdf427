/* read_idx.c: the format of MNIST and its heirs, compressed or not.
 *
 *     0 0 type rank    dim[0] ... dim[rank - 1]    elements        all numbers big-endian
 *
 * The magic number is the file's; a gz of another file is refused at its fourth byte. */
#include "array.h"
#include <errno.h>
#include <string.h>
#include <zlib.h>

static const struct { uint8_t code; ArrayKind kind; uint8_t bytes; } types[] = {
  { 0x08, ARRAY_U8, 1 }, { 0x09, ARRAY_I8, 1 }, { 0x0B, ARRAY_I16, 2 }, { 0x0C, ARRAY_I32, 4 }, { 0x0D, ARRAY_F32, 4 }, { 0x0E, ARRAY_F64, 8 },
};

static bool read_all(gzFile file, const char *path, uint8_t *at, size_t n, const char *what, Trouble *t) {
  size_t done = 0;
  while (done < n) {
    unsigned part = n - done < (1u << 24) ? (unsigned)(n - done) : 1u << 24;
    int got = gzread(file, at + done, part);
    int error = Z_OK;
    const char *why = gzerror(file, &error);
    if (got < 0 || (got == 0 && error != Z_OK && error != Z_STREAM_END))
      return rt_fail(t, EXIT_IO, "%s: damaged in its %s, at byte %zu: %s; fetch the file again", path, what, done, why);
    if (got == 0) return rt_fail(t, EXIT_IO, "%s: ends after %zu of the %zu bytes of its %s; fetch the file again", path, done, n, what);
    done += (size_t)got;
  }
  return true;
}

static void to_native(uint8_t *at, size_t n, uint8_t bytes) {
  if (bytes == 1) return;
  for (size_t i = 0; i < n; i++, at += bytes)
    for (uint8_t k = 0; k < bytes / 2; k++) {
      uint8_t x = at[k];
      at[k] = at[bytes - 1 - k];
      at[bytes - 1 - k] = x;
    }
}

static bool read_open(gzFile file, const char *path, Array *a, Trouble *t) {
  uint8_t head[4], size[4];
  if (!read_all(file, path, head, 4, "head", t)) return false;
  size_t k = 0, n = sizeof types / sizeof *types;
  while (k < n && types[k].code != head[2]) k++;
  if (head[0] || head[1] || k == n || head[3] == 0 || head[3] > ARRAY_RANK)
    return rt_fail(t, EXIT_REFUSED, "%s: is no IDX file: it begins with %02x %02x %02x %02x", path, head[0], head[1], head[2], head[3]);
  int64_t dim[ARRAY_RANK];
  for (uint8_t i = 0; i < head[3]; i++) {
    if (!read_all(file, path, size, 4, "sizes", t)) return false;
    dim[i] = (int64_t)size[0] << 24 | (int64_t)size[1] << 16 | (int64_t)size[2] << 8 | size[3];
  }
  if (!rt_array_make(a, path, types[k].kind, types[k].bytes, head[3], dim, t)) return false;
  if (read_all(file, path, a->at, (size_t)a->count * a->item, "elements", t)) {
    uint8_t beyond;
    if (gzread(file, &beyond, 1) <= 0) {
      to_native(a->at, (size_t)a->count, types[k].bytes);
      return true;
    }
    rt_fail(t, EXIT_REFUSED, "%s: is longer than its sizes say", path);
  }
  rt_array_free(a);
  return false;
}

bool rt_read_idx(const char *path, Array *a, Trouble *t) {
  *a = (Array){ 0 };
  gzFile file = gzopen(path, "rb");
  if (!file) return rt_fail(t, errno == ENOMEM ? EXIT_MEMORY : EXIT_IO, "%s: %s; say --data FOLDER, the folder that holds it", path, strerror(errno));
  bool ok = read_open(file, path, a, t);
  gzclose_r(file);
  return ok;
}
