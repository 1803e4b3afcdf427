/* gen_gemm.c: the stage `gemm`: a tile of MR rows and NV vectors in registers, swept along k.
 *
 * Rows of a tile run along one coordinate of m (the longest literal one, so that MR can divide it); the others are
 * loops around it, and so are the blocks of NV vectors of n. For each k: NV loads of B, MR numbers of A broadcast,
 * MR * NV fused multiply-adds. MR * NV + NV + 1 registers are live, and must fit.
 *
 *     order of k: the coordinates of Gemm.k in their order, each sum one chain of fma from 0 (or from C)
 *
 * Convolutions in their three directions are this with more than one k or m coordinate: a window is a pair of
 * strides of the padded tile. The last block of n is masked; rows that MR does not divide are a shorter tile. */
#include "loops/gen.h"

typedef struct Tile { const Gemm *g; int rows, vectors; Ref mask; } Tile;

static Ref at_plus(Gen *x, Ref at, Ref index, int64_t stride) {
  if (!stride) return at;
  Ref step = l_muli(x->k, index, stride);
  return at ? l_add(x->k, at, step) : step;
}

/* Coordinates that walk all operands as one: fewer loops, longer ones. */
static uint32_t merge(const GemmDim *dim, uint32_t dims, GemmDim *out) {
  uint32_t n = 0;
  for (uint32_t i = 0; i < dims; i++) {
    const GemmDim *d = &dim[i];
    if (d->n == 1) continue;
    GemmDim *up = n ? &out[n - 1] : NULL;
    if (up && d->n > 0 && up->n > 0 && up->a == d->n * d->a && up->b == d->n * d->b && up->c == d->n * d->c) {
      *up = (GemmDim){ .n = up->n * d->n, .a = d->a, .b = d->b, .c = d->c };
    } else {
      out[n++] = *d;
    }
  }
  return n;
}

/* One tile: rows from (ra, rc) on, columns from col on. */
static void tile(Gen *x, const Tile *t, Ref ra, Ref rc, const GemmDim *rows, Ref col) {
  Kernel *k = x->k;
  const Gemm *g = t->g;
  int V = k->lanes, R = t->rows, N = t->vectors;
  int *acc = arena_array(x->arena, int, R * N);
  Ref c = l_add(k, rc, col);
  for (int r = 0; r < R; r++)
    for (int j = 0; j < N; j++) {
      acc[r * N + j] = kernel_var(k, x->real, true);
      Ref start = l_const(k, x->real, 0);
      if (g->add) {
        Ref m = j == N - 1 ? t->mask : 0;
        start = l_load(k, g->c.buf, c, g->c.offset + r * rows->c + j * V, 1, m);
        if (g->fresh) start = l_op3(k, L_SELECT, g->fresh, l_const(k, x->real, 0), start);
      }
      l_set(k, acc[r * N + j], start);
    }
  GemmDim d[COORDS_MOST];
  uint32_t nk = merge(g->k, g->nk, d);
  Ref a = ra, b = col;
  b = g->b.at ? l_add(k, g->b.at, b) : b;
  for (uint32_t i = 0; i < nk; i++) {
    Ref step = l_for(k, FOR_SEQ, l_int(k, 0), d[i].n >= 0 ? l_int(k, d[i].n) : d[i].size, 1);
    a = at_plus(x, a, step, d[i].a);
    b = at_plus(x, b, step, d[i].b);
  }
  Ref vector[8];
  for (int j = 0; j < N; j++) vector[j] = l_load(k, g->b.buf, b, g->b.offset + j * V, 1, j == N - 1 ? t->mask : 0);
  for (int r = 0; r < R; r++) {
    Ref one = l_load(k, g->a.buf, a, g->a.offset + r * rows->a, 0, 0);
    for (int j = 0; j < N; j++) {
      int v = acc[r * N + j];
      l_set(k, v, l_op3(k, L_FMA, one, vector[j], l_get(k, v)));
    }
  }
  for (uint32_t i = 0; i < nk; i++) l_end(k);
  for (int r = 0; r < R; r++)
    for (int j = 0; j < N; j++)
      l_store(k, g->c.buf, c, g->c.offset + r * rows->c + j * V, 1, l_get(k, acc[r * N + j]), j == N - 1 ? t->mask : 0);
}

static void row_blocks(Gen *x, const Tile *most, Ref a, Ref c, const GemmDim *rows, Ref col) {
  Kernel *k = x->k;
  Tile t = *most;
  if (rows->n >= 0) {
    int64_t blocks = (rows->n + t.rows - 1) / t.rows, each = (rows->n + blocks - 1) / blocks, full = rows->n / each;
    t.rows = (int)each;
    Ref i = full > 1 ? l_for(k, FOR_SEQ, l_int(k, 0), l_int(k, full), 1) : l_int(k, 0);
    tile(x, &t, at_plus(x, a, i, each * rows->a), at_plus(x, c, i, each * rows->c), rows, col);
    if (full > 1) l_end(k);
    t.rows = (int)(rows->n - full * each);
    if (t.rows) tile(x, &t, l_addi(k, a, full * each * rows->a), l_addi(k, c, full * each * rows->c), rows, col);
    return;
  }
  /* rows that come with the call: blocks of four, then one by one */
  if (t.rows > 4) t.rows = 4;
  Ref full = l_op2(k, L_IDIV, rows->size, l_int(k, t.rows));
  Ref i = l_for(k, FOR_SEQ, l_int(k, 0), full, 1);
  tile(x, &t, at_plus(x, a, i, t.rows * rows->a), at_plus(x, c, i, t.rows * rows->c), rows, col);
  l_end(k);
  Ref from = l_muli(k, full, t.rows);
  t.rows = 1;
  i = l_for(k, FOR_SEQ, from, rows->size, 1);
  tile(x, &t, at_plus(x, a, i, rows->a), at_plus(x, c, i, rows->c), rows, col);
  l_end(k);
}

void gen_gemm(Gen *x, const Gemm *given, int registers) {
  Kernel *k = x->k;
  Gemm merged = *given, *g = &merged;
  g->nm = merge(given->m, given->nm, g->m);
  int V = k->lanes;
  uint32_t best = 0;
  for (uint32_t i = 0; i < g->nm; i++)                /* the rows of a tile; of equal ones the innermost */
    if (g->m[i].n >= g->m[best].n && g->m[i].n > 1) best = i;
  if (g->m[best].n >= 0 && g->m[best].n < 4)          /* too short: rows that come with the call are better */
    for (uint32_t i = 0; i < g->nm; i++)
      if (g->m[i].n < 0) best = i;
  GemmDim one = { .n = 1 };
  const GemmDim *rows = g->nm ? &g->m[best] : &one;
  int64_t vectors = (g->n + V - 1) / V;
  int N = vectors >= 2 ? 2 : 1;
  if (rows->n >= 0 && rows->n < 6 && vectors >= 4) N = 4;              /* few rows: more columns */
  if (rows->n < 0 && vectors >= 4) N = 4;
  int most = (registers - N - 1) / N;
  if (most > 14) most = 14;
  int64_t block = (int64_t)N * V, full = g->n / block, rest = g->n - full * block;
  for (int part = 0; part < 2; part++) {
    int64_t blocks = part == 0 ? full : rest > 0;
    if (!blocks) continue;
    Tile t = { .g = g, .rows = most, .vectors = part == 0 ? N : (int)((rest + V - 1) / V) };
    if (part && rest % V) t.mask = l_op2(k, L_ILT, l_lane(k), l_int(k, rest % V));
    uint32_t opened = 0;
    Ref col = part ? l_int(k, full * block) : l_int(k, 0);
    if (part == 0 && blocks > 1) { col = l_muli(k, l_for(k, FOR_SEQ, l_int(k, 0), l_int(k, blocks), 1),
        block); opened++; }
    Ref a = g->a.at ? g->a.at : l_int(k, 0), c = g->c.at ? g->c.at : l_int(k, 0);
    for (uint32_t i = 0; i < g->nm; i++) {
      if (i == best || g->m[i].n == 1) continue;
      Ref step = l_for(k, FOR_SEQ, l_int(k, 0), g->m[i].n >= 0 ? l_int(k, g->m[i].n) : g->m[i].size, 1);
      opened++;
      a = at_plus(x, a, step, g->m[i].a);
      c = at_plus(x, c, step, g->m[i].c);
    }
    row_blocks(x, &t, a, c, rows, col);
    while (opened--) l_end(k);
  }
}
