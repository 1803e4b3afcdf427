/* harmonics.h: solid harmonics, polynomials of a vector that move as irreps.
 *
 *     of (x, y, z): degree l has 2l + 1 components m = -l ... l, their squares add to r^2l (Racah):
 *                   1;  y, z, x;  sqrt(3) xy, sqrt(3) yz, z^2 - (x^2 + y^2) / 2, sqrt(3) xz, sqrt(3)/2 (x^2 - y^2); ...
 *     of (x, y):    Re and Im of (x + iy)^l:   1;  x, y;  x^2 - y^2, 2xy; ...
 *
 * Degrees 0 ... L stand side by side. The gradient of degree l is a constant table times degree l - 1. */
#ifndef GDLC_GRAPH_HARMONICS_H
#define GDLC_GRAPH_HARMONICS_H
#include "graph/graph.h"

uint32_t harmonics_dim(uint32_t dim, uint32_t degree);
void harmonics_at(uint32_t dim, uint32_t degree, const double *r, double *y);
/* Entries (m, q, a, v): d y[m] / d r[a] = sum of v y[q]; sorted. Returns them in the arena. */
Nz *harmonics_gradient(uint32_t dim, uint32_t degree, Arena *arena, uint32_t *n);
#endif
