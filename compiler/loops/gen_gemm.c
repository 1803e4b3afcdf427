/* gen_gemm.c: the stage `gemm`: a tile of R rows and N vectors in registers, swept along k.
 *
 * Rows of a tile run along one coordinate of m; the others are loops around it, and so are the blocks of N vectors of
 * n. For each k: N loads of B, R numbers of A broadcast, R * N fused multiply-adds. R * N + N + 1 registers are live,
 * and must fit. Two shapes of tile: tall ones (14 x 2 with 32 registers, 6 x 2 with 16), which load least, and flat
 * ones (4 x 4, 1 x 4) for the rows that are left over where their number comes with the call.
 *
 *     batch, panel of k, rows that fit the cache:   columns:   other m:   tiles of rows:   k
 *
 * The sum of each number of C is one chain of fma in the order of the coordinates of k, from 0 (or from C): neither
 * tiles nor blocks nor panels change a bit. Convolutions in their three directions are this with more than one k or m
 * coordinate: a window is a pair of strides of the padded tile. The last block of n is masked. A coordinate of m that
 * moves B too is a batch. */
#include "loops/gen.h"

enum { TALL = 14, FLAT = 4, WAYS = 8, VECTORS_MOST = 4 };          /* rows of a tile, and vectors of a row     */

typedef struct Tile {
  const Gemm *g;
  const GemmDim *rows, *k;          /* k: of the panel in hand                                     */
  uint32_t nk;
  int height, vectors;
  Ref mask, b, fresh;
  bool add;
} Tile;

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

/* One tile: its first row is `row` of those that begin at `a` and `c`, its first column `col`. */
static void tile(Gen *x, const Tile *t, Ref row, Ref a, Ref c, Ref col) {
  Kernel *k = x->k;
  const Gemm *g = t->g;
  int V = k->lanes, R = t->height, N = t->vectors;
  int *acc = arena_array(x->arena, int, R * N);
  a = at_plus(x, a, row, t->rows->a);
  if (!g->finish) c = l_add(k, at_plus(x, c, row, t->rows->c), col);
  for (int r = 0; r < R; r++)
    for (int j = 0; j < N; j++) {
      acc[r * N + j] = kernel_var(k, x->real, true);
      Ref start = l_const(k, x->real, 0);
      if (t->add) {
        Ref m = j == N - 1 ? t->mask : 0;
        start = l_load(k, g->c.buf, c, g->c.offset + r * t->rows->c + j * V, 1, m);
        if (t->fresh) start = l_op3(k, L_SELECT, t->fresh, l_const(k, x->real, 0), start);
      }
      l_set(k, acc[r * N + j], start);
    }
  Ref b = t->b ? l_add(k, t->b, col) : col;
  for (uint32_t i = 0; i < t->nk; i++) {
    const GemmDim *d = &t->k[i];
    Ref step = l_for(k, FOR_SEQ, l_int(k, 0), d->n >= 0 ? l_int(k, d->n) : d->size, 1);
    a = at_plus(x, a, step, d->a);
    b = at_plus(x, b, step, d->b);
  }
  Ref vector[VECTORS_MOST];
  for (int j = 0; j < N; j++) vector[j] = l_load(k, g->b.buf, b, g->b.offset + j * V, 1, j == N - 1 ? t->mask : 0);
  for (int r = 0; r < R; r++) {
    Ref one = l_load(k, g->a.buf, a, g->a.offset + r * t->rows->a, 0, 0);
    for (int j = 0; j < N; j++) {
      int v = acc[r * N + j];
      l_set(k, v, l_op3(k, L_FMA, one, vector[j], l_get(k, v)));
    }
  }
  for (uint32_t i = 0; i < t->nk; i++) l_end(k);
  for (int r = 0; r < R; r++)
    for (int j = 0; j < N; j++) {
      Ref value = l_get(k, acc[r * N + j]), m = j == N - 1 ? t->mask : 0;
      if (g->finish) g->finish(x, l_addi(k, row, r), l_addi(k, col, j * V), m, value, g->context);
      else l_store(k, g->c.buf, c, g->c.offset + r * t->rows->c + j * V, 1, value, m);
    }
}

/* Vectors of a flat tile: as many as there are, at most four, that the registers hold. */
static int flat_vectors(const Gen *x, const Gemm *g, const Target *target) {
  int64_t vectors = (g->n + x->k->lanes - 1) / x->k->lanes, most = (target->registers - 2) / (FLAT + 1);
  if (most > VECTORS_MOST) most = VECTORS_MOST;
  return (int)(vectors < most ? vectors : most);
}

/* --- rows: tiles of one height, and what is left over -------------------------------------------------------- */
/* Rows first, first + height, ... of `count`; literal ones (n >= 0) in as many tiles as are needed, as equal as can be.
 * most: no tile begins behind it (0: none does); what it then writes once more has the same bits. */
typedef struct Rows { Ref first, count, most; int64_t n; } Rows;

static void row_tiles(Gen *x, const Tile *t, const Rows *rows, Ref a, Ref c, Ref col) {
  Kernel *k = x->k;
  if (rows->n < 0) {
    Ref row = l_add(k, rows->first, l_for(k, FOR_SEQ, l_int(k, 0), rows->count, t->height));
    tile(x, t, rows->most ? l_op2(k, L_IMIN, row, rows->most) : row, a, c, col);
    l_end(k);
    return;
  }
  int64_t tiles = (rows->n + t->height - 1) / t->height, each = (rows->n + tiles - 1) / tiles, full = rows->n / each;
  Tile u = *t;
  u.height = (int)each;
  Ref i = full > 1 ? l_muli(k, l_for(k, FOR_SEQ, l_int(k, 0), l_int(k, full), 1), each) : l_int(k, 0);
  tile(x, &u, l_add(k, rows->first, i), a, c, col);
  if (full > 1) l_end(k);
  u.height = (int)(rows->n - full * each);
  if (u.height) tile(x, &u, l_addi(k, rows->first, full * each), a, c, col);
}

/* All columns of some rows: blocks of N vectors, then the rest, masked. */
static void columns(Gen *x, const Tile *t, const Rows *rows, Ref a, Ref c) {
  Kernel *k = x->k;
  const Gemm *g = t->g;
  int V = k->lanes;
  int64_t block = (int64_t)t->vectors * V, full = g->n / block, rest = g->n - full * block;
  for (int part = 0; part < 2; part++) {
    int64_t blocks = part == 0 ? full : rest > 0;
    if (!blocks) continue;
    Tile u = *t;
    if (part) u.vectors = (int)((rest + V - 1) / V);
    u.mask = part && rest % V ? l_op2(k, L_ILT, l_lane(k), l_int(k, rest % V)) : 0;
    bool loop = !part && blocks > 1;
    Ref col = part ? l_int(k, full * block) : l_int(k, 0), ma = a, mc = c;
    if (loop) col = l_muli(k, l_for(k, FOR_SEQ, l_int(k, 0), l_int(k, blocks), 1), block);
    uint32_t opened = loop;
    for (uint32_t i = 0; i < g->nm; i++) {
      const GemmDim *m = &g->m[i];
      if (m == t->rows || m->b) continue;
      Ref step = l_for(k, FOR_SEQ, l_int(k, 0), m->n >= 0 ? l_int(k, m->n) : m->size, 1);
      opened++;
      ma = at_plus(x, ma, step, m->a);
      mc = at_plus(x, mc, step, m->c);
    }
    row_tiles(x, &u, rows, ma, mc, col);
    while (opened--) l_end(k);
  }
}

/* --- blocks ---------------------------------------------------------------------------------------------------- */
/* Numbers of A that a sweep over the columns reads, with n rows: from its first to its last, or all of them. */
static int64_t span(const Tile *t, int64_t n) {
  int64_t s = 1 + (n - 1) * t->rows->a, product = n;
  for (uint32_t i = 0; i < t->g->nm; i++) {
    const GemmDim *m = &t->g->m[i];
    if (m == t->rows || m->b || m->n < 0) continue;
    s += (m->n - 1) * m->a;
    product *= m->n;
  }
  for (uint32_t i = 0; i < t->nk; i++) {
    if (t->k[i].n < 0) continue;
    s += (t->k[i].n - 1) * t->k[i].a;
    product *= t->k[i].n;
  }
  return s < product ? s : product;
}

/* Literal rows: so many at a time as leave their part of A in the cache while the columns pass. */
static void literal_rows(Gen *x, const Tile *t, int64_t room, Ref a, Ref c) {
  Kernel *k = x->k;
  int64_t n = t->rows->n, most = n;
  while (most > 4 * t->height && span(t, most) > room) most = (most / 2 + t->height - 1) / t->height * t->height;
  int64_t full = n / most, rest = n - full * most;
  Ref first = l_int(k, 0);
  if (full > 1) first = l_muli(k, l_for(k, FOR_SEQ, l_int(k, 0), l_int(k, full), 1), most);
  columns(x, t, &(Rows){ .first = first, .n = most }, a, c);
  if (full > 1) l_end(k);
  if (rest) columns(x, t, &(Rows){ .first = l_int(k, full * most), .n = rest }, a, c);
}

/* Rows whose number comes with the call: tall tiles, flat ones for the rest, single rows where there are fewer than a
 * flat tile has. */
static void counted_rows(Gen *x, const Tile *tall, int vectors, Ref a, Ref c) {
  Kernel *k = x->k;
  Tile flat = *tall, single = *tall;
  flat.height = FLAT;
  single.height = 1;
  flat.vectors = single.vectors = vectors;
  Ref n = tall->rows->size, done = l_int(k, 0);
  if (tall->height > FLAT && (!tall->rows->most || tall->rows->most >= tall->height)) {
    done = l_muli(k, l_op2(k, L_IDIV, n, l_int(k, tall->height)), tall->height);
    columns(x, tall, &(Rows){ .first = l_int(k, 0), .count = done, .n = -1 }, a, c);
  }
  Ref left = l_op2(k, L_ISUB, n, done);
  Rows flats = { .first = done, .n = -1 };
  if (tall->add) {                                     /* nothing may be added twice */
    flats.count = l_muli(k, l_op2(k, L_IDIV, left, l_int(k, FLAT)), FLAT);
  } else {
    flats.count = l_op3(k, L_SELECT, l_op2(k, L_ILT, n, l_int(k, FLAT)), l_int(k, 0), left);
    flats.most = l_addi(k, n, -FLAT);
  }
  columns(x, &flat, &flats, a, c);
  Rows singles = { .first = l_add(k, done, flats.count), .count = l_op2(k, L_ISUB, left, flats.count), .n = -1 };
  columns(x, &single, &singles, a, c);
}

static void rows_of(Gen *x, const Tile *t, const Target *target, Ref a, Ref c) {
  int64_t size = base_bytes(x->real);
  if (t->rows->n >= 0) literal_rows(x, t, target->l2 / 2 / size, a, c);
  else counted_rows(x, t, flat_vectors(x, t->g, target), a, c);
}

/* Numbers of k whose block of B, by the columns of a tile, fills a quarter of the cache. */
static int64_t panel_length(const Target *target, Base real, int vectors) {
  int64_t width = base_bytes(real), lanes = real == BASE_F64 ? target->lanes64 : target->lanes32;
  return target->l2 / 4 / (vectors * lanes * width);
}

int64_t gen_gemm_whole(const Target *target, Base real) { return panel_length(target, real, VECTORS_MOST); }

/* Where a block of B, all of k by the columns of a tile, outgrows a quarter of the cache, k is cut into panels, and C
 * is read again for each: loops over the first coordinates of k, the last of them in steps. `in` is what is left of k
 * inside. */
static uint32_t open_panels(Gen *x, Tile *t, const Target *target, Ref *a, GemmDim *in) {
  Kernel *k = x->k;
  int64_t most = panel_length(target, x->real, t->vectors), inner = 1;
  memcpy(in, t->k, t->nk * sizeof *in);
  for (uint32_t i = 0; i < t->nk; i++) {
    if (in[i].n < 0) return 0;
    inner *= in[i].n;
  }
  uint32_t opened = 0;
  while (inner > most && opened < t->nk) {
    GemmDim *d = &in[opened++];
    inner /= d->n;
    int64_t step = inner < most ? most / inner : 1;
    if (step > d->n) step = d->n;
    Ref p = l_for(k, FOR_SEQ, l_int(k, 0), l_int(k, d->n), step), first = l_op2(k, L_IEQ, p, l_int(k, 0));
    *a = at_plus(x, *a, p, d->a);
    t->b = at_plus(x, t->b, p, d->b);
    /* before the first panel C is what it was: nothing, or what is added to */
    if (!t->add || t->fresh) t->fresh = t->fresh ? l_op2(k, L_AND, t->fresh, first) : first;
    t->add = true;
    d->size = d->n % step ? l_op2(k, L_IMIN, l_int(k, step), l_op2(k, L_ISUB, l_int(k, d->n), p)) : 0;
    d->n = d->size ? -1 : step;
    if (step > 1) break;
  }
  t->k = in;
  return opened;
}

/* The rows of a tile: the longest coordinate of m, so that its height can divide it; of equal ones the innermost. */
static const GemmDim *tile_rows(const Gemm *g) {
  static const GemmDim one = { .n = 1 };
  const GemmDim *best = &one, *counted = NULL;
  for (uint32_t i = 0; i < g->nm; i++) {
    if (g->m[i].b) continue;
    if (g->m[i].n < 0) counted = &g->m[i];
    else if (g->m[i].n >= best->n) best = &g->m[i];
  }
  return counted && best->n < 4 ? counted : best;      /* too short: rows that come with the call are better */
}

/* Rows a page apart share one set of the cache near the core: no more of them in a tile than it has ways. */
static bool one_set(const Gen *x, const GemmDim *rows) {
  return rows->a && rows->a * base_bytes(x->real) % PAGE == 0;
}

void gen_gemm(Gen *x, const Gemm *given, const Target *target) {
  Kernel *k = x->k;
  Gemm merged = *given, *g = &merged;
  g->nm = merge(given->m, given->nm, g->m);
  g->nk = merge(given->k, given->nk, g->k);
  int64_t vectors = (g->n + k->lanes - 1) / k->lanes;
  Tile t = { .g = g, .rows = tile_rows(g), .k = g->k, .nk = g->nk, .b = g->b.at, .add = g->add, .fresh = g->fresh };
  t.vectors = vectors >= 2 ? 2 : 1;
  if (t.rows->n >= 0 && t.rows->n < 6 && vectors >= 4) t.vectors = flat_vectors(x, g, target);
  t.height = (target->registers - t.vectors - 1) / t.vectors;
  if (t.height > TALL) t.height = TALL;
  if (t.height > WAYS && one_set(x, t.rows)) {
    t.height = WAYS;
    t.vectors = (target->registers - 1) / (WAYS + 1);
    if (t.vectors > vectors) t.vectors = (int)vectors;
  }
  if (t.rows->n < 0 && t.height > FLAT) t.height = t.height / FLAT * FLAT;
  Ref a = g->a.at ? g->a.at : l_int(k, 0), c = g->c.at ? g->c.at : l_int(k, 0);
  uint32_t opened = 0;
  for (uint32_t i = 0; i < g->nm; i++) {
    const GemmDim *m = &g->m[i];
    if (!m->b) continue;
    Ref step = l_for(k, FOR_SEQ, l_int(k, 0), m->n >= 0 ? l_int(k, m->n) : m->size, 1);
    opened++;
    a = at_plus(x, a, step, m->a);
    t.b = at_plus(x, t.b, step, m->b);
    c = at_plus(x, c, step, m->c);
  }
  GemmDim in[COORDS_MOST];
  opened += open_panels(x, &t, target, &a, in);
  rows_of(x, &t, target, a, c);
  while (opened--) l_end(k);
}
