/* rng.c: Threefry-2x64-20 (Salmon et al. 2011) and what is made of its bits. */
#include "rng.h"
#include <math.h>

static uint64_t turn(uint64_t x, unsigned by) { return (x << by) | (x >> (64 - by)); }

void rt_threefry(const uint64_t key[2], const uint64_t counter[2], uint64_t out[2]) {
  static const unsigned by[8] = { 16, 42, 12, 31, 16, 32, 24, 21 };
  const uint64_t k[3] = { key[0], key[1], UINT64_C(0x1BD11BDAA9FC1A22) ^ key[0] ^ key[1] };
  uint64_t x = counter[0] + k[0], y = counter[1] + k[1];
  for (unsigned round = 0; round < 20; round++) {
    x += y;
    y = turn(y, by[round % 8]) ^ x;
    if (round % 4 == 3) {
      unsigned s = round / 4 + 1;
      x += k[s % 3];
      y += k[(s + 1) % 3] + s;
    }
  }
  out[0] = x;
  out[1] = y;
}

Key rt_key(int what, uint64_t seed, uint64_t number) {
  Key k;
  rt_threefry((const uint64_t[2]){ seed, (uint64_t)what }, (const uint64_t[2]){ number, 0 }, k.at);
  return k;
}

uint64_t rt_hash(const char *text) {
  uint64_t h = UINT64_C(14695981039346656037);
  for (; *text; text++) h = (h ^ (uint8_t)*text) * UINT64_C(1099511628211);
  return h;
}

uint64_t rt_bits(Key k, uint64_t i) {
  uint64_t out[2];
  rt_threefry(k.at, (const uint64_t[2]){ i / 2, 0 }, out);
  return out[i % 2];
}

double rt_uniform(Key k, uint64_t i) { return (double)(rt_bits(k, i) >> 11) * 0x1p-53; }

double rt_normal(Key k, uint64_t i) {
  uint64_t out[2];
  rt_threefry(k.at, (const uint64_t[2]){ i / 2, 1 }, out);
  double u = ((double)(out[0] >> 11) + 1) * 0x1p-53, angle = 6.283185307179586 * (double)(out[1] >> 11) * 0x1p-53;
  double r = sqrt(-2 * log(u));
  return i % 2 ? r * sin(angle) : r * cos(angle);
}

uint64_t rt_below(Key k, uint64_t i, uint64_t n) {
  return (uint64_t)((double)n * rt_uniform(k, i)) % n;       /* n < 2^32 here: the bias is below 2^-20 / n */
}

void rt_permutation(Key k, uint32_t *order, uint32_t n) {
  for (uint32_t i = 0; i < n; i++) order[i] = i;
  for (uint32_t i = n; i > 1; i--) {
    uint32_t j = (uint32_t)rt_below(k, i, i), x = order[i - 1];
    order[i - 1] = order[j];
    order[j] = x;
  }
}
