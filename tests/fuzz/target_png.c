/* target_png.c: PNG files. Checksums would stop nearly every mutation at the door, so an input is read three times: as
 * it is; with the checksum of each chunk put right; and as a recipe, its first 13 bytes the head and the rest the
 * filtered rows, packed here into a picture. */
#include "fuzz/arrays.h"
#include "fuzz/target.h"
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

static void put(uint8_t *to, uint32_t x) {
  for (int k = 0; k < 4; k++) to[k] = (uint8_t)(x >> (24 - 8 * k));
}

static size_t chunk(uint8_t *to, const char *type, const uint8_t *at, size_t n) {
  put(to, (uint32_t)n);
  memcpy(to + 4, type, 4);
  if (n) memmove(to + 8, at, n);
  put(to + 8 + n, (uint32_t)crc32(crc32(0, NULL, 0), to + 4, (uInt)(n + 4)));
  return n + 12;
}

static void put_right(uint8_t *at, size_t n) {
  for (size_t i = 8; i + 12 <= n;) {
    size_t length = (size_t)at[i] << 24 | (size_t)at[i + 1] << 16 | (size_t)at[i + 2] << 8 | at[i + 3];
    if (length > n - i - 12) break;
    i += chunk(at + i, (const char *)at + i + 4, at + i + 8, length);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t n) {
  array_of_bytes(rt_parse_png, at, n);
  if (n < 13) return 0;
  uLongf packed = compressBound(n - 13);
  uint8_t *file = malloc(n + packed + 100), *rows = malloc(packed);
  CLAIM(file && rows);
  memcpy(file, at, n);
  put_right(file, n);
  array_of_bytes(rt_parse_png, file, n);
  CLAIM(compress2(rows, &packed, at + 13, n - 13, 1) == Z_OK);
  size_t k = 8;
  memcpy(file, "\x89PNG\r\n\x1a\n", 8);
  k += chunk(file + k, "IHDR", at, 13);
  k += chunk(file + k, "IDAT", rows, packed);
  k += chunk(file + k, "IEND", NULL, 0);
  array_of_bytes(rt_parse_png, file, k);
  free(rows);
  free(file);
  return 0;
}
