/* read_idx.c: the format of MNIST and its heirs, compressed or not.
 *
 *     0 0 type rank    dim[0] ... dim[rank - 1]    elements        all numbers big-endian
 *
 * The magic number is the file's; a gz of another file is refused at its fourth byte. Sizes are believed only as far as
 * the file is long enough for them, packed or not, before memory is asked for. */
#include "array.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

enum { DEFLATE_MOST = 1032 };       /* bytes that one byte of a deflated stream can stand for            */

static const struct { uint8_t code; ArrayKind kind; uint8_t bytes; } types[] = {
  { 0x08, ARRAY_U8, 1 }, { 0x09, ARRAY_I8, 1 }, { 0x0B, ARRAY_I16, 2 }, { 0x0C, ARRAY_I32, 4 }, { 0x0D, ARRAY_F32, 4 },
      { 0x0E, ARRAY_F64, 8 },
};

/* What has not been read yet; with a packed file, of its stream. */
typedef struct Input { const char *name; const uint8_t *at; size_t n; bool packed; z_stream z; int status; } Input;

/* Up to n bytes more; fewer at the end, or where the stream is damaged: see status. */
static size_t read_some(Input *in, uint8_t *to, size_t n) {
  if (!in->packed) {
    if (n > in->n) n = in->n;
    memcpy(to, in->at, n);
    in->at += n;
    in->n -= n;
    return n;
  }
  size_t done = 0;
  while (done < n && in->status == Z_OK) {
    uInt room = n - done < 1u << 30 ? (uInt)(n - done) : 1u << 30, given = in->n < 1u << 30 ? (uInt)in->n : 1u << 30;
    in->z.next_in = (Bytef *)(uintptr_t)in->at;
    in->z.avail_in = given;
    in->z.next_out = to + done;
    in->z.avail_out = room;
    in->status = inflate(&in->z, Z_NO_FLUSH);
    in->at += given - in->z.avail_in;
    in->n -= given - in->z.avail_in;
    done += room - in->z.avail_out;
    /* files of several members, one after the other, are one stream */
    if (in->status == Z_STREAM_END && in->n > 1 && in->at[0] == 0x1f && in->at[1] == 0x8b)
      in->status = inflateReset(&in->z);
  }
  return done;
}

static bool read_all(Input *in, uint8_t *to, size_t n, const char *what, Trouble *t) {
  size_t done = read_some(in, to, n);
  if (done == n) return true;
  if (in->packed && in->status == Z_MEM_ERROR)
    return rt_fail(t, EXIT_MEMORY, "%s: out of memory for unpacking it", in->name);
  if (in->packed && in->status != Z_STREAM_END && in->status != Z_BUF_ERROR)
    return rt_fail(t, EXIT_IO, "%s: damaged in its %s, at byte %zu: %s; fetch the file again", in->name, what, done,
        in->z.msg ? in->z.msg : zError(in->status));
  return rt_fail(t, EXIT_IO, "%s: ends after %zu of the %zu bytes of its %s; fetch the file again", in->name, done, n,
      what);
}

/* Nothing may follow; the checksum of a packed file stands behind its elements. */
static bool read_end(Input *in, Trouble *t) {
  uint8_t beyond;
  bool more = read_some(in, &beyond, 1) || (in->packed && in->status == Z_STREAM_END && in->n) ||
      (!in->packed && in->n);
  if (in->packed && in->status == Z_MEM_ERROR)
    return rt_fail(t, EXIT_MEMORY, "%s: out of memory for unpacking it", in->name);
  if (more) return rt_fail(t, EXIT_REFUSED, "%s: is longer than its sizes say", in->name);
  return !in->packed || in->status == Z_STREAM_END ||
         rt_fail(t, EXIT_IO, "%s: damaged at its end: %s; fetch the file again", in->name,
             in->z.msg ? in->z.msg : "it is cut off");
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

static bool read_array(Input *in, Array *a, Trouble *t) {
  uint8_t head[4], size[4];
  if (!read_all(in, head, 4, "head", t)) return false;
  size_t k = 0, n = sizeof types / sizeof *types, bytes = 0;
  while (k < n && types[k].code != head[2]) k++;
  if (head[0] || head[1] || k == n || head[3] == 0 || head[3] > ARRAY_RANK)
    return rt_fail(t, EXIT_REFUSED, "%s: is no IDX file: it begins with %02x %02x %02x %02x", in->name, head[0],
        head[1], head[2], head[3]);
  int64_t dim[ARRAY_RANK];
  for (uint8_t i = 0; i < head[3]; i++) {
    if (!read_all(in, size, 4, "sizes", t)) return false;
    dim[i] = (int64_t)size[0] << 24 | (int64_t)size[1] << 16 | (int64_t)size[2] << 8 | size[3];
  }
  if (!rt_array_bytes(in->name, types[k].bytes, head[3], dim, &bytes, t)) return false;
  if (!in->packed && in->n < bytes)
    return rt_fail(t, EXIT_IO, "%s: ends after %zu of the %zu bytes of its elements; fetch the file again", in->name,
        in->n, bytes);
  if (in->packed && bytes / DEFLATE_MOST > in->n + in->z.total_in)
    return rt_fail(t, EXIT_REFUSED, "%s: its sizes say %zu bytes, more than a file of its length can hold", in->name,
        bytes);
  if (!rt_array_make(a, in->name, types[k].kind, types[k].bytes, head[3], dim, t)) return false;
  if (read_all(in, a->at, bytes, "elements", t) && read_end(in, t)) {
    to_native(a->at, (size_t)a->count, types[k].bytes);
    return true;
  }
  rt_array_free(a);
  return false;
}

bool rt_parse_idx(const char *name, const uint8_t *at, size_t n, Array *a, Trouble *t) {
  *a = (Array){ 0 };
  Input in = { .name = name, .at = at, .n = n, .packed = n > 1 && at[0] == 0x1f && at[1] == 0x8b };
  if (!in.packed) return read_array(&in, a, t);
  if (inflateInit2(&in.z, 16 + MAX_WBITS) != Z_OK)
    return rt_fail(t, EXIT_MEMORY, "%s: out of memory for unpacking it", name);
  bool ok = read_array(&in, a, t);
  inflateEnd(&in.z);
  return ok;
}

bool rt_read_idx(const char *path, Array *a, Trouble *t) {
  uint8_t *at;
  size_t n;
  *a = (Array){ 0 };
  if (access(path, R_OK) != 0)
    return rt_fail(t, EXIT_IO, "%s: %s; say --data FOLDER, the folder that holds it", path, strerror(errno));
  if (!rt_read_file(path, SIZE_MAX / 4, &at, &n, t)) return false;
  bool ok = rt_parse_idx(path, at, n, a, t);
  free(at);
  return ok;
}
