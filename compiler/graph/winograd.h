/* winograd.h: convolutions of 3 x 3 with fewer multiplications.
 *
 *     y = fold of A (B^T x  .  G f)      16 pixels from 36 products, where they took 144
 *
 * Called after graph_simplify, for entries that are not plain; which convolutions it pays for, the price says. */
#ifndef GDLC_GRAPH_WINOGRAD_H
#define GDLC_GRAPH_WINOGRAD_H
#include "graph/graph.h"

enum { WINOGRAD_IN = 6, WINOGRAD_OUT = 4, WINOGRAD_TAPS = 3 };
typedef struct Winograd {             /* y = A^T (G f . B^T x), along one direction                   */
  double b[WINOGRAD_IN][WINOGRAD_IN], g[WINOGRAD_IN][WINOGRAD_TAPS], a[WINOGRAD_OUT][WINOGRAD_IN];
} Winograd;
/* flipped: f backwards. */
Winograd winograd_tables(bool flipped);

/* What a convolution costs for a sample, in fused multiply-adds of a gemm. */
typedef struct WinogradPrice { double direct, winograd; } WinogradPrice;
WinogradPrice winograd_price(int64_t pixels, int64_t tiles, int64_t in, int64_t out, int64_t batch);

/* The same stores; convolutions that gain are rewritten. `all`: those that lose, too. */
Graph *graph_winograd(const Graph *g, Arena *arena, bool all);
#endif
