/* orbits.c: bases of invariant maps, from orbits or from vectors.
 *
 * Maps are numbers on (offset, in, out), counted row-major. Where every move sends a number to one
 * number or its negative, the invariant maps are the orbits: one for each orbit in which no number
 * meets its own negative, with entries 1 or -1 over the root of its size, the first 1. Orbits in the
 * order of their first members are also the reduced echelon basis, so both ways agree where both can
 * be gone. Otherwise the vectors are made orthonormal one after the other. */
#include "rep/kind.h"
#include <math.h>

/* What it sees of the orbits: number + 1 of the orbit of v, negative for members of sign -1; 0: dropped out. */
static uint32_t find_orbits(Arena *arena, uint32_t din, uint32_t dout, const Move *move, size_t nmoves, uint32_t total,
                            int32_t *orbit) {
  uint32_t *queue = arena_array(arena, uint32_t, total), n = 0;
  bool *seen = arena_array(arena, bool, total);
  for (uint32_t first = 0; first < total; first++) {
    if (seen[first]) continue;
    uint32_t end = 1;
    bool flips = false;
    queue[0] = first;
    seen[first] = true;
    orbit[first] = (int32_t)n + 1;
    for (uint32_t k = 0; k < end; k++) {
      uint32_t v = queue[k], out = v % dout, in = v / dout % din, offset = v / dout / din;
      for (size_t g = 0; g < nmoves; g++) {
        int32_t i = move[g].in[in], o = move[g].out[out];
        bool negative = (i < 0) != (o < 0);
        uint32_t x = move[g].offset ? move[g].offset[offset] : offset;
        uint32_t to = (x * din + (uint32_t)(i < 0 ? -i : i) - 1) * dout + (uint32_t)(o < 0 ? -o : o) - 1;
        int32_t mark = negative ? -orbit[v] : orbit[v];
        if (!seen[to]) {
          seen[to] = true;
          orbit[to] = mark;
          queue[end++] = to;
        } else flips |= orbit[to] != mark;
      }
    }
    if (flips)
      for (uint32_t k = 0; k < end; k++) orbit[queue[k]] = 0;
    else n++;
  }
  return n;
}

Basis *basis_of_orbits(Arena *arena, uint32_t noffsets, uint32_t din, uint32_t dout, const Move *move, size_t nmoves) {
  uint32_t total = noffsets * din * dout;
  Basis *b = arena_one(arena, Basis);
  *b = (Basis){ .noffsets = noffsets, .din = din, .dout = dout };
  Arena scratch = { 0 };
  int32_t *orbit = arena_array(&scratch, int32_t, total);
  b->n = find_orbits(&scratch, din, dout, move, nmoves, total, orbit);
  uint32_t *at = arena_array(&scratch, uint32_t, b->n + 1);   /* where the entries of an orbit begin   */
  for (uint32_t v = 0; v < total; v++) {
    if (!orbit[v]) continue;
    at[orbit[v] < 0 ? -orbit[v] : orbit[v]]++;
    b->nnz++;
  }
  for (uint32_t k = 1; k <= b->n; k++) at[k] += at[k - 1];
  b->nz = arena_array(arena, BasisEntry, b->nnz);
  uint32_t *next = arena_array(&scratch, uint32_t, b->n + 1);
  memcpy(next, at, sizeof *at * (b->n + 1));
  for (uint32_t v = 0; v < total; v++) {
    if (!orbit[v]) continue;
    uint32_t k = (uint32_t)(orbit[v] < 0 ? -orbit[v] : orbit[v]) - 1;
    double value = 1 / sqrt((double)(at[k + 1] - at[k]));
    b->nz[next[k]++] = (BasisEntry){ k, v / dout / din, v / dout % din, v % dout, orbit[v] < 0 ? -value : value };
  }
  arena_free(&scratch);
  return b;
}

/* Where x is not zero; most vectors live on one orbit of components. */
static size_t support(const double *x, size_t total, uint32_t *at) {
  size_t n = 0;
  for (size_t i = 0; i < total; i++)
    if (x[i] != 0) at[n++] = (uint32_t)i;
  return n;
}

/* Which components (in, out) of a vector are not zero: a set of bits. */
static void columns(const uint32_t *live, size_t nlive, uint32_t dim, uint64_t *set) {
  memset(set, 0, sizeof *set * (dim / 64 + 1));
  for (size_t i = 0; i < nlive; i++) set[live[i] % dim / 64] |= (uint64_t)1 << (live[i] % dim % 64);
}

static bool meet(const uint64_t *a, const uint64_t *b, uint32_t words) {
  for (uint32_t i = 0; i < words; i++)
    if (a[i] & b[i]) return true;
  return false;
}

Basis *basis_of_vectors(Arena *arena, uint32_t noffsets, uint32_t din, uint32_t dout, double *at, uint32_t n,
    bool drop) {
  size_t total = (size_t)noffsets * din * dout;
  uint32_t kept = 0;
  Arena scratch = { 0 };
  uint32_t *live = arena_array(&scratch, uint32_t, total);
  uint32_t dim = din * dout, words = dim / 64 + 1;
  uint64_t *set = arena_array(&scratch, uint64_t, (size_t)(n + 1) * words);
  for (uint32_t v = 0; v < n; v++) {
    double *x = at + v * total, *to = at + kept * total, before = 0, after = 0;
    uint64_t *here = set + (size_t)kept * words;
    size_t nlive = support(x, total, live);
    columns(live, nlive, dim, here);
    for (size_t i = 0; i < nlive; i++) before += x[live[i]] * x[live[i]];
    for (int round = 0; round < 2; round++)          /* twice is enough                            */
      for (uint32_t u = 0; u < kept && nlive; u++) {
        const double *y = at + u * total;
        double dot = 0;
        if (!meet(here, set + (size_t)u * words, words)) continue;
        for (size_t i = 0; i < nlive; i++) dot += x[live[i]] * y[live[i]];
        if (dot == 0) continue;
        for (size_t i = 0; i < total; i++) x[i] -= dot * y[i];
        nlive = support(x, total, live);
        columns(live, nlive, dim, here);
      }
    for (size_t i = 0; i < nlive; i++) after += x[live[i]] * x[live[i]];
    if (after <= 1e-16 * before) {                   /* what is left is below 1e-8 of the length   */
      if (!drop) bug("vectors of a basis depend on each other");
      continue;
    }
    double scale = 1 / sqrt(after);
    for (size_t i = 0; i < total; i++) to[i] = x[i] * scale;
    kept++;
  }
  arena_free(&scratch);
  const double nothing = 1e-13;                      /* of length 1: what cancelled, up to rounding */
  Basis *b = arena_one(arena, Basis);
  *b = (Basis){ .n = kept, .noffsets = noffsets, .din = din, .dout = dout };
  for (size_t i = 0; i < kept * total; i++) b->nnz += fabs(at[i]) > nothing;
  b->nz = arena_array(arena, BasisEntry, b->nnz);
  uint32_t next = 0;
  for (uint32_t k = 0; k < kept; k++)
    for (size_t i = 0; i < total; i++) {
      double value = at[k * total + i];
      if (fabs(value) > nothing)
        b->nz[next++] = (BasisEntry){ k, (uint32_t)(i / dout / din), (uint32_t)(i / dout % din),
            (uint32_t)(i % dout), value };
    }
  return b;
}
