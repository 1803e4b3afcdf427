/* report_pictures.c: numbers as PNG, PNG as text of a page.
 *
 * Rows are stored without a filter (type 0), deflated by zlib, one IDAT. Numbers that have a sign become a colour
 * whose opacity is their size, so that 0 is the page itself, light or dark. */
#include "report.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

static void base64(const uint8_t *at, size_t n, Text *o) {
  static const char digit[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (size_t i = 0; i < n; i += 3) {
    uint32_t three = (uint32_t)at[i] << 16 | (i + 1 < n ? (uint32_t)at[i + 1] << 8 : 0) | (i + 2 < n ? at[i + 2] : 0);
    char four[4] = { digit[three >> 18], digit[three >> 12 & 63], i + 1 < n ? digit[three >> 6 & 63] : '=',
                     i + 2 < n ? digit[three & 63] : '=' };
    rt_print(o, "%.4s", four);
  }
}

static uint8_t *big_endian(uint8_t *to, uint32_t x) {
  for (int i = 0; i < 4; i++) to[i] = (uint8_t)(x >> (24 - 8 * i));
  return to + 4;
}

/* length, name, bytes, CRC-32 of name and bytes */
static uint8_t *chunk(uint8_t *to, const char *name, const uint8_t *at, size_t n) {
  to = big_endian(to, (uint32_t)n);
  uint8_t *from = to;
  memcpy(to, name, 4);
  if (n) memcpy(to + 4, at, n);
  return big_endian(to + 4 + n, (uint32_t)crc32(0, from, (uInt)(n + 4)));
}

bool rt_png(const Picture *p, Text *o) {
  static const uint8_t colour[] = { 0, 0, 0, 2, 6 };
  size_t row = (size_t)p->width * (size_t)p->channels, n = (size_t)p->height * (row + 1);
  uLongf packed = compressBound((uLong)n);
  uint8_t *raw = rt_alloc(n, 1, o->trouble), *in = rt_alloc(packed, 1, o->trouble);
  uint8_t *file = rt_alloc(packed + 100, 1, o->trouble), head[13], *to = file;
  bool ok = raw && in && file;
  for (int32_t y = 0; ok && y < p->height; y++) memcpy(raw + (size_t)y * (row + 1) + 1, p->at + (size_t)y * row, row);
  ok = ok && (compress2(in, &packed, raw, (uLong)n, 9) == Z_OK || rt_fail(o->trouble, EXIT_MEMORY,
      "zlib: out of memory"));
  if (ok) {
    memcpy(to, "\x89PNG\r\n\x1a\n", 8);
    big_endian(big_endian(head, (uint32_t)p->width), (uint32_t)p->height);
    head[8] = 8, head[9] = colour[p->channels], head[10] = head[11] = head[12] = 0;
    to = chunk(to + 8, "IHDR", head, sizeof head);
    to = chunk(to, "IDAT", in, packed);
    to = chunk(to, "IEND", NULL, 0);
    base64(file, (size_t)(to - file), o);
  }
  free(raw);
  free(in);
  free(file);
  return ok && !o->trouble->code;
}

void rt_png_image(Text *o, const char *base64, const char *alt, int32_t height, int32_t width) {
  rt_print(o, "<img alt=\"");
  rt_escape(o, alt);
  rt_print(o, "\" width=\"%d\" height=\"%d\" src=\"data:image/png;base64,%s\">", width, height, base64);
}

static uint8_t byte(double x) { return x >= 1 ? 255 : x > 0 ? (uint8_t)lround(255 * x) : 0; }     /* NaN: 0 */

bool rt_paint_signed(const double *x, int32_t height, int32_t width, int32_t channels, double most, Text *o) {
  static const uint8_t below[] = { 43, 120, 214 }, above[] = { 222, 98, 30 };
  int64_t n = (int64_t)height * width;
  Picture p = { rt_alloc((size_t)n, 4, o->trouble), height, width, channels == 1 ? 4 : 3 };
  if (!p.at) return false;
  for (int64_t i = 0; i < n; i++) {
    if (channels == 1) memcpy(p.at + 4 * i, x[i] < 0 ? below : above, 3);
    if (channels == 1) p.at[4 * i + 3] = byte(most > 0 ? fabs(x[i]) / most : 0);
    for (int k = 0; channels == 3 && k < 3; k++) p.at[3 * i + k] = byte(0.5 + (most > 0 ? x[3 * i + k] / most / 2 : 0));
  }
  bool ok = rt_png(&p, o);
  free(p.at);
  return ok;
}
