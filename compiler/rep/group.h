/* group.h: a group is its generators: names, and how each moves vectors, points or nothing.
 *
 *     D(4)      generators r = [[0,-1],[1,0]], m = [[1,0],[0,-1]]     order 8, elements r^k, then r^k m
 *
 * Groups are interned in Groups (== is equality of what was written: same generators by name and
 * matrix). Elements are enumerated where they are asked for, once, in the order of LANGUAGE 3.9: of
 * C(n), D(n) r^k, then r^k m; of others 1 first, then breadth first by the generators. */
#ifndef GDLC_REP_GROUP_H
#define GDLC_REP_GROUP_H
#include "rep/exact.h"

typedef enum GroupSort { GROUP_FINITE, GROUP_LIE } GroupSort;

/* An exact square matrix, row by row: at[i * dim + j]. */
typedef struct Matrix { uint32_t dim; const Exact **at; } Matrix;

typedef struct Elements {           /* element 0 is 1                                           */
  uint32_t n;
  uint32_t *times;                  /* times[e * ngen + g]: the element generator_g * e  (left) */
  uint32_t *untimes;                /* the inverse: untimes[times[e * ngen + g] * ngen + g] = e */
  uint32_t *by, *from;              /* e = generator by[e] * element from[e]; from[e] < e, e > 0 */
  Matrix *vector;                   /* [n], where the group has a vector; made when first asked */
  uint32_t *inverse;
  Str *name;                        /* "1", "r", "r^2 m"                                        */
} Elements;

typedef struct Group {
  Str name;                         /* "D(4)", or the name under which it was declared          */
  GroupSort sort;
  uint32_t ngen;
  Str *gen;                         /* names of the generators                                  */
  uint32_t dim;                     /* of `vector`; 0: a permutation group or a product         */
  Matrix *vector;                   /* [ngen], when dim > 0; for GROUP_LIE: representatives of the components,
                                       and ngen counts these only                               */
  uint32_t npoints;                 /* permutation groups: `perm`                               */
  uint32_t **image;                 /* [ngen][npoints]                                          */
  uint32_t nfactors;                /* products: generators are those of the factors in order   */
  const struct Group **factor;
  bool special;                     /* every determinant is 1, so `sign` is `scalar`            */
  Elements *elements;               /* NULL until group_elements                                */
} Group;

typedef struct Groups { Arena *arena; Exacts *exacts; vec(Group *) all; } Groups;

/* group.c; NULL: n is 0 or too large for the field of the numbers (lcm(n, 4) <= 5040; n <= 256 for O(n), SO(n)) */
const Group *group_cyclic(Groups *gs, uint32_t n);           /* C(n), n >= 1                       */
const Group *group_dihedral(Groups *gs, uint32_t n);         /* D(n), n >= 1                       */
const Group *group_orthogonal(Groups *gs, uint32_t n, bool special);   /* O(1) is finite; others GROUP_LIE */
const Group *group_matrices(Groups *gs, Str name, const Str *gen, const Matrix *m, uint32_t n, Why *why);
const Group *group_permutations(Groups *gs, Str name, const Str *gen, uint32_t **image, uint32_t n, uint32_t npoints,
    Why *why);
const Group *group_product(Groups *gs, const Group *a, const Group *b);
const Elements *group_elements(Groups *gs, const Group *g, Why *why);  /* E0703 beyond 10^6, or a Lie group */
uint64_t group_order(Groups *gs, const Group *g);            /* 0: infinite                        */
uint32_t element_times(const Group *g, uint32_t a, uint32_t b);        /* a b; elements enumerated  */
uint32_t element_order(const Group *g, uint32_t a);
Matrix element_vector(Groups *gs, const Group *g, uint32_t e);
/* The elements of `small` as elements of `large` (smaller matrices are a block on the first axes):
 * map[e of small] = e of large. NULL and E0706 if one of them does not lie in it. */
const uint32_t *group_embed(Groups *gs, const Group *small, const Group *large, Why *why);
/* Does any conjugate of the element set `a` (n flags over g's elements) equal `b`? */
bool subgroup_conjugate(Groups *gs, const Group *g, const bool *a, const bool *b);
bool group_equal(const Group *a, const Group *b);
/* Is it C(n), or D(n) with mirrors, whatever name it was declared under? */
bool group_turns(Groups *gs, const Group *g, uint32_t *n, bool *mirrors);
void group_text(const Group *g, Out *out);
#endif
