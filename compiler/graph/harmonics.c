/* harmonics.c: solid harmonics by recursion in the degree, and their gradients.
 *
 * With P_l^m (m >= 0) proportional to (x + iy)^m and c_m = sqrt(2) Re P^m, s_m = sqrt(2) Im P^m, the components are
 * s_l ... s_1, P^0, c_1 ... c_l. Recursions:
 *     P_l^l = sqrt((2l - 1) / 2l) (x + iy) P_{l-1}^{l-1}
 *     sqrt(l^2 - m^2) P_l^m = (2l - 1) z P_{l-1}^m - sqrt((l - 1)^2 - m^2) r^2 P_{l-2}^m
 * Gradients (the solid harmonics of a lower degree, Hobson 1931):
 *     dz P_l^m = sqrt(l^2 - m^2) P_{l-1}^m
 *     (dx + i dy) P_l^m = -sqrt((l - m)(l - m - 1)) P_{l-1}^{m+1}
 *     (dx - i dy) P_l^m =  sqrt((l + m)(l + m - 1)) P_{l-1}^{m-1}     (m > 0) */
#include "graph/harmonics.h"
#include <math.h>
#include <stdlib.h>

enum { DEGREE_MOST = 16 };

uint32_t harmonics_dim(uint32_t dim, uint32_t degree) {
  return dim == 2 ? 2 * degree + 1 : (degree + 1) * (degree + 1);
}

static void circular(uint32_t degree, const double *r, double *y) {
  double re = 1, im = 0;
  y[0] = 1;
  for (uint32_t l = 1; l <= degree; l++) {
    double next = re * r[0] - im * r[1];
    im = re * r[1] + im * r[0];
    re = next;
    y[2 * l - 1] = re;
    y[2 * l] = im;
  }
}

void harmonics_at(uint32_t dim, uint32_t degree, const double *r, double *y) {
  if (dim == 2) { circular(degree, r, y); return; }
  double re[DEGREE_MOST + 1][DEGREE_MOST + 1] = { { 1 } }, im[DEGREE_MOST + 1][DEGREE_MOST + 1] = { { 0 } };
  double square = r[0] * r[0] + r[1] * r[1] + r[2] * r[2];
  for (uint32_t l = 0; l <= degree; l++) {
    for (uint32_t m = 0; m <= l && l; m++) {
      if (m == l) {
        double k = sqrt((2.0 * l - 1) / (2.0 * l)), a = re[l - 1][l - 1], b = im[l - 1][l - 1];
        re[l][l] = k * (r[0] * a - r[1] * b);
        im[l][l] = k * (r[0] * b + r[1] * a);
        continue;
      }
      double k = sqrt((double)l * l - (double)m * m), up = (2.0 * l - 1) * r[2] / k;
      double down = l >= 2 && m + 1 < l ? sqrt((l - 1.0) * (l - 1.0) - (double)m * m) * square / k : 0;
      re[l][m] = up * re[l - 1][m] - (down != 0 ? down * re[l - 2][m] : 0);
      im[l][m] = up * im[l - 1][m] - (down != 0 ? down * im[l - 2][m] : 0);
    }
    double *at = y + l * l + l;
    at[0] = re[l][0];
    for (uint32_t m = 1; m <= l; m++) {
      at[m] = sqrt(2) * re[l][m];
      *(at - m) = sqrt(2) * im[l][m];
    }
  }
}

/* --- gradients -------------------------------------------------------------------------------- */
typedef struct Entries { Nz *at; uint32_t n; } Entries;

/* d y(l, m) / d r[a] += v y(l - 1, q); m, q < 0: the s. */
static void entry(Entries *e, int l, int m, int q, int a, double v) {
  if (v == 0 || abs(q) > l - 1) return;
  e->at[e->n++] = (Nz){ { (uint16_t)(l * l + l + m), (uint16_t)((l - 1) * (l - 1) + l - 1 + q), (uint16_t)a }, v };
}

static void solid_gradient(Entries *e, int l) {
  for (int m = 0; m <= l; m++) {
    double a = sqrt((double)(l - m) * (l - m - 1)), b = sqrt((double)(l + m) * (l + m - 1)),
        z = sqrt((double)l * l - (double)m * m);
    entry(e, l, m, m, 2, z);
    if (m == 0) {                                            /* d P^0 = -a (c_1, s_1) / sqrt(2) */
      entry(e, l, 0, 1, 0, -a / sqrt(2));
      entry(e, l, 0, -1, 1, -a / sqrt(2));
      continue;
    }
    double low = m == 1 ? b / sqrt(2) : b / 2;               /* c_0 is sqrt(2) P^0, s_0 is 0 */
    entry(e, l, -m, -m, 2, z);
    entry(e, l, m, m + 1, 0, -a / 2);
    entry(e, l, m, m - 1, 0, low);
    entry(e, l, m, -(m + 1), 1, -a / 2);
    entry(e, l, -m, -(m + 1), 0, -a / 2);
    entry(e, l, -m, m + 1, 1, a / 2);
    entry(e, l, -m, m - 1, 1, low);
    if (m == 1) continue;
    entry(e, l, m, -(m - 1), 1, -b / 2);
    entry(e, l, -m, -(m - 1), 0, b / 2);
  }
}

static void circular_gradient(Entries *e, int l) {            /* d z^l = l z^(l - 1) (dx + i dy) */
  int re = 2 * l - 1, lower = l == 1 ? 0 : 2 * l - 3;
  const int to[4] = { re, re, re + 1, re + 1 }, of[4] = { lower, lower + 1, lower + 1, lower },
      axis[4] = { 0, 1, 0, 1 };
  const double v[4] = { l, -l, l, l };
  for (int i = 0; i < 4; i++)
    if (l > 1 || of[i] == 0) e->at[e->n++] = (Nz){ { (uint16_t)to[i], (uint16_t)of[i], (uint16_t)axis[i] }, v[i] };
}

static int by_index(const void *a, const void *b) {
  const Nz *x = a, *y = b;
  for (int i = 0; i < 3; i++)
    if (x->i[i] != y->i[i]) return x->i[i] < y->i[i] ? -1 : 1;
  return 0;
}

Nz *harmonics_gradient(uint32_t dim, uint32_t degree, Arena *arena, uint32_t *n) {
  assert(degree <= DEGREE_MOST);
  Entries e = { arena_array(arena, Nz, 16 * harmonics_dim(dim, degree)), 0 };
  for (int l = 1; l <= (int)degree; l++) {
    if (dim == 2) circular_gradient(&e, l);
    else solid_gradient(&e, l);
  }
  qsort(e.at, e.n, sizeof *e.at, by_index);
  *n = e.n;
  return e.at;
}
