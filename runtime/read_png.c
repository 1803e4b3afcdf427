/* read_png.c: a picture as an array, height x width for gray, height x width x channels for the rest.
 *
 *     signature   IHDR  [others]  IDAT ...  IEND        chunk: length, type, bytes, CRC-32
 *
 * 8 and 16 bits, gray, gray with alpha, RGB, RGBA. Palettes, fewer bits and interlacing are refused with the
 * remedy. All IDAT chunks are one zlib stream of rows, each led by its filter: the prediction from the
 * bytes to the left (a), above (b) and above left (c). */
#include "array.h"
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum { DEFLATE_MOST = 1032 };       /* bytes that one byte of a deflated stream can stand for            */

static uint32_t big(const uint8_t *at) {
  return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static uint8_t paeth(int a, int b, int c) {
  int p = a + b - c, pa = abs(p - a), pb = abs(p - b), pc = abs(p - c);
  return (uint8_t)(pa <= pb && pa <= pc ? a : pb <= pc ? b : c);
}

/* In place: row follows row in `at`, each with its filter in front; they are moved together. */
static bool unfilter(uint8_t *at, size_t height, size_t bytes, size_t pixel) {
  for (size_t y = 0; y < height; y++) {
    const uint8_t *from = at + y * (bytes + 1) + 1, *above = y ? at + (y - 1) * bytes : at;
    uint8_t *to = at + y * bytes, filter = from[-1];
    if (filter > 4) return false;
    for (size_t x = 0; x < bytes; x++) {
      int a = x >= pixel ? to[x - pixel] : 0, b = y ? above[x] : 0, c = y && x >= pixel ? above[x - pixel] : 0;
      int add = filter == 1 ? a : filter == 2 ? b : filter == 3 ? (a + b) / 2 : filter == 4 ? paeth(a, b, c) : 0;
      to[x] = (uint8_t)(from[x] + add);
    }
  }
  return true;
}

static bool join_chunks(const char *name, const uint8_t *at, size_t n, uint8_t *out, size_t *nout, Trouble *t) {
  for (size_t i = 8; n - i >= 12;) {
    size_t length = big(at + i);
    if (length > n - i - 12) break;
    if (crc32(crc32(0, NULL, 0), at + i + 4, (uInt)(length + 4)) != big(at + i + 8 + length))
      return rt_fail(t, EXIT_IO, "%s: the chunk at byte %zu is damaged; fetch the file again", name, i);
    if (memcmp(at + i + 4, "IDAT", 4) == 0) {
      memcpy(out + *nout, at + i + 8, length);
      *nout += length;
    }
    if (memcmp(at + i + 4, "IEND", 4) == 0) return true;
    i += length + 12;
  }
  return rt_fail(t, EXIT_IO, "%s: ends before its last chunk; fetch the file again", name);
}

bool rt_parse_png(const char *name, const uint8_t *at, size_t n, Array *a, Trouble *t) {
  static const uint8_t channels[7] = { 1, 0, 3, 0, 2, 0, 4 };
  *a = (Array){ 0 };
  if (n < 33 || memcmp(at, "\x89PNG\r\n\x1a\n", 8) != 0 || memcmp(at + 12, "IHDR", 4) != 0 || big(at + 8) != 13)
    return rt_fail(t, EXIT_REFUSED, "%s: is no PNG file", name);
  uint32_t width = big(at + 16), height = big(at + 20);
  uint8_t depth = at[24], color = at[25], interlace = at[28];
  if (color > 6 || !channels[color] || (depth != 8 && depth != 16))
    return rt_fail(t, EXIT_REFUSED, "%s: has %s; store it with 8 or 16 bits, as gray or RGB", name,
        color == 3 ? "a palette" : "fewer than 8 bits");
  if (interlace) return rt_fail(t, EXIT_REFUSED, "%s: is interlaced; store it without", name);
  if (!width || !height || width > 1u << 16 || height > 1u << 16)
    return rt_fail(t, EXIT_REFUSED, "%s: %u x %u pixels are not read", name, height, width);
  size_t pixel = (size_t)channels[color] * depth / 8, bytes = width * pixel, raw = height * (bytes + 1), packed = 0;
  if (raw / DEFLATE_MOST > n)
    return rt_fail(t, EXIT_REFUSED, "%s: %u x %u pixels are more than a file of its length can hold", name, height,
        width);
  int64_t dim[3] = { height, width, channels[color] };
  uint8_t *in = rt_alloc(n, 1, t), *out = in ? rt_alloc(raw, 1, t) : NULL;
  bool ok = out && join_chunks(name, at, n, in, &packed, t);
  if (ok) {
    uLongf got = raw;
    int error = uncompress(out, &got, in, packed);
    if (error == Z_MEM_ERROR) rt_fail(t, EXIT_MEMORY, "%s: out of memory for unpacking it", name);
    ok = (error == Z_OK && got == raw && unfilter(out, height, bytes, pixel)) ||
         rt_fail(t, EXIT_IO, "%s: its pixels are damaged; fetch the file again", name);
  }
  ok = ok && rt_array_make(a, name, depth == 8 ? ARRAY_U8 : ARRAY_U16, depth / 8, channels[color] > 1 ? 3 : 2, dim, t);
  /* big-endian in the file */
  for (size_t i = 0; ok && i < height * bytes; i++) a->at[i] = out[depth == 16 ? i ^ 1 : i];
  free(out);
  free(in);
  return ok;
}

bool rt_read_png(const char *path, Array *a, Trouble *t) {
  uint8_t *at;
  size_t n;
  *a = (Array){ 0 };
  if (!rt_read_file(path, 1u << 30, &at, &n, t)) return false;
  bool ok = rt_parse_png(path, at, n, a, t);
  free(at);
  return ok;
}
