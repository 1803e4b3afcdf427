/* gen_harmonics.c: solid harmonics of vectors, all degrees at once, by the recursion of graph/harmonics.c.
 *
 * A nest over everything but the components; in it the components of the vector are read, those of the result
 * follow from each other, and each is stored. Degrees are literals, so the code is straight. */
#include "loops/gen.h"
#include <math.h>

enum { DEGREE_MOST = 16 };

static Ref times(Gen *x, double c, Ref a) { return c == 1 ? a : l_op2(x->k, L_FMUL, l_const(x->k, x->real, c), a); }
static Ref product(Gen *x, Ref a, Ref b) { return l_op2(x->k, L_FMUL, a, b); }

/* (a + ib) (u + iv) */
static void complex_product(Gen *x, Ref a, Ref b, Ref u, Ref v, Ref *re, Ref *im) {
  Kernel *k = x->k;
  *re = l_op3(k, L_FMA, a, u, l_op1(k, L_FNEG, product(x, b, v)));
  *im = l_op3(k, L_FMA, a, v, product(x, b, u));
}

static void circular(Gen *x, uint32_t degree, const Ref *r, Ref *y) {
  y[0] = l_const(x->k, x->real, 1);
  for (uint32_t l = 1; l <= degree; l++) {
    if (l == 1) { y[1] = r[0]; y[2] = r[1]; }
    else complex_product(x, y[2 * l - 3], y[2 * l - 2], r[0], r[1], &y[2 * l - 1], &y[2 * l]);
  }
}

static void solid(Gen *x, uint32_t degree, const Ref *r, Ref *y) {
  Kernel *k = x->k;
  Ref re[DEGREE_MOST + 1][DEGREE_MOST + 1] = { { 0 } }, im[DEGREE_MOST + 1][DEGREE_MOST + 1] = { { 0 } };
  re[0][0] = l_const(k, x->real, 1);
  Ref square = l_op3(k, L_FMA, r[2], r[2], l_op3(k, L_FMA, r[1], r[1], product(x, r[0], r[0])));
  for (uint32_t l = 0; l <= degree; l++) {
    for (uint32_t m = 0; m <= l && l; m++) {
      if (m == l) {                                   /* im of m = 0 is nothing, and is never asked for */
        double c = sqrt((2.0 * l - 1) / (2.0 * l));
        if (l == 1) { re[1][1] = times(x, c, r[0]); im[1][1] = times(x, c, r[1]); continue; }
        Ref a, b;
        complex_product(x, re[l - 1][l - 1], im[l - 1][l - 1], r[0], r[1], &a, &b);
        re[l][l] = times(x, c, a);
        im[l][l] = times(x, c, b);
        continue;
      }
      double c = sqrt((double)l * l - (double)m * m);
      Ref up = times(x, (2.0 * l - 1) / c, r[2]);
      re[l][m] = product(x, up, re[l - 1][m]);
      if (m) im[l][m] = product(x, up, im[l - 1][m]);
      if (l < 2 || m + 1 >= l) continue;
      Ref down = times(x, -sqrt((l - 1.0) * (l - 1.0) - (double)m * m) / c, square);
      re[l][m] = l_op3(k, L_FMA, down, re[l - 2][m], re[l][m]);
      if (m) im[l][m] = l_op3(k, L_FMA, down, im[l - 2][m], im[l][m]);
    }
    uint32_t at = l * l + l;
    y[at] = re[l][0];
    for (uint32_t m = 1; m <= l; m++) {
      y[at + m] = times(x, sqrt(2), re[l][m]);
      y[at - m] = times(x, sqrt(2), im[l][m]);
    }
  }
}

typedef struct Components { const Nest *nest; uint32_t at; } Components;

static void one_vector(Gen *x, const Ix *ix, void *context) {
  const Components *c = context;
  const Node *n = &x->g->node.at[c->nest->v];
  const Shape *of = &x->g->node.at[n->arg[0]].shape;
  uint32_t coords = gen_coords(x->g, of, NULL);
  Ix full[COORDS_MOST];
  for (uint32_t i = 0; i < coords; i++)
    if (i != c->at) full[i] = ix[i < c->at ? i : i - 1];
  uint32_t dim = 0;
  for (uint8_t a = 0; a < of->rank; a++)
    if (of->axis[a].role == ROLE_REP) dim = (uint32_t)of->axis[a].n;
  Ref r[3] = { 0 }, y[(DEGREE_MOST + 1) * (DEGREE_MOST + 1)];
  for (uint32_t i = 0; i < dim; i++) {
    full[c->at] = ix_of(l_int(x->k, i));
    r[i] = gen_read(x, n->arg[0], full);
  }
  uint32_t out = dim == 2 ? 2 * n->number + 1 : (n->number + 1) * (n->number + 1);
  if (dim == 2) circular(x, n->number, r, y);
  else solid(x, n->number, r, y);
  for (uint32_t i = 0; i < out; i++) {
    full[c->at] = ix_of(l_int(x->k, i));
    gen_store(x, &c->nest->to, &n->shape, full, y[i]);
  }
}

void gen_harmonics(Gen *x, const Nest *nest) {
  const Node *n = &x->g->node.at[nest->v];
  Shape rest = n->shape;
  uint8_t axis = 0;
  while (rest.axis[axis].role != ROLE_REP) axis++;
  Components c = { nest, gen_first_coord(x->g, &rest, axis) };
  memmove(&rest.axis[axis], &rest.axis[axis + 1], (size_t)(rest.rank - axis - 1) * sizeof *rest.axis);
  rest.rank--;
  /* shares of components: the whole to the one that has the first */
  bool shared = nest->high && nest->share != c.at;
  uint32_t share = nest->share > c.at ? nest->share - 1 : nest->share;
  if (nest->high && !shared) l_if(x->k, l_op2(x->k, L_IEQ, nest->low, l_int(x->k, 0)));
  gen_each(x, &rest, shared ? share : 0, shared ? nest->low : 0, shared ? nest->high : 0, true, one_vector, &c);
  if (nest->high && !shared) l_end(x->k);
}
