/* rep.h: a representation says how the numbers at one place move when the group acts.
 *
 *     4 scalar + 2 regular      term[0]: 4 copies of scalar     term[1]: 2 copies of regular
 *
 * Pure mathematics: knows no syntax, no machine. Terms are in the canonical order of LANGUAGE 8 (scalars,
 * then by degree, then by name), equal kinds are merged: kinds are equal when the matrices of the
 * generators are, whatever their names. The trivial kind `scalar` is one kind for all groups.
 * A Kind and a Rep are interned, so == is equality; they live in reps->arena and never change. */
#ifndef GDLC_REP_REP_H
#define GDLC_REP_REP_H
#include "rep/group.h"

/* The most special class that holds the matrices of all elements; computed, never declared. */
typedef enum Action {
  ACTION_FIXED,                     /* the identity: scalar                                      */
  ACTION_PERMUTES,                  /* each row one entry, 1: regular, quotient, perm            */
  ACTION_SIGNS,                     /* each row one entry, 1 or -1: sign, vector under D(4)      */
  ACTION_SCALES,                    /* each row one entry, positive                              */
  ACTION_MIXES,                     /* anything else: vector under C(3), 1o                      */
} Action;

typedef struct Kind {               /* a summand, under the name that the language gives it      */
  Str name;                         /* "scalar", "regular", "irrep(2)": for people and for files */
  const Group *group;               /* NULL for scalar                                           */
  Action action;
  uint32_t dim;                     /* components of one copy                                    */
  uint32_t degree;                  /* for the order of terms                                    */
  uint32_t trivial;                 /* how often scalar occurs in it                             */
  bool orthogonal;                  /* its dual is itself                                        */
  int32_t **image;                  /* FIXED PERMUTES SIGNS: [generator][j] = +-(i + 1): e_j goes to +-e_i */
  Matrix *matrix;                   /* [generator], always present; NULL only for scalar         */
  Matrix *algebra;                  /* GROUP_LIE: images of E_ij - E_ji, i < j, row by row; else NULL */
  const struct Kind *bare;          /* SIGNS: the same permutation without signs; else NULL      */
} Kind;

typedef struct Term { const Kind *kind; uint32_t copies; } Term;
typedef struct Rep {                /* dim == sum of copies * kind->dim; every copies > 0        */
  const Group *group;               /* NULL: only scalars                                        */
  uint32_t n, dim, copies;          /* terms; numbers; copies of all terms                       */
  Term term[];
} Rep;

typedef struct Memory Memory;         /* of answers given: memory.c                               */
typedef struct Reps { Arena *arena; Groups *groups; vec(const Rep *) rep; vec(const Kind *) kind; Memory *memory;
    } Reps;

/* A basis of equivariant linear maps, orthonormal, in the canonical order of RULES 11.5. Entry: the
 * k-th map takes component `in` at `offset` (linear: 0; kernels: row-major over the window) to component
 * `out` with `value`. Sorted by (k, offset, in, out). The arithmetic average of characters confirmed n. */
typedef struct BasisEntry { uint32_t k, offset, in, out; double value; } BasisEntry;
typedef struct Basis {
  uint32_t n, noffsets, din, dout;
  uint32_t nnz;
  BasisEntry *nz;
  bool audited;                     /* sampled kernels of turns that are no pixel symmetries     */
} Basis;

/* --- rep.c: kinds and sums ----------------------------------------------------------------- */
const Kind *kind_scalar(Reps *reps);
/* the determinant; E0106 when g has no vector */
const Kind *kind_sign(Reps *reps, const Group *g, Why *why);
const Kind *kind_vector(Reps *reps, const Group *g, Why *why);
const Kind *kind_pseudovector(Reps *reps, const Group *g, Why *why);    /* det(A) A                 */
const Kind *kind_regular(Reps *reps, const Group *g, Why *why);
const Kind *kind_quotient(Reps *reps, const Group *g, const Group *k, Why *why);
const Kind *kind_perm(Reps *reps, const Group *g, Why *why);
const Kind *kind_irrep(Reps *reps, const Group *g, uint32_t k, Why *why);   /* LANGUAGE 3.9         */
/* E0701: no representation */
const Kind *kind_matrices(Reps *reps, const Group *g, Str name, const Matrix *m, Why *why);
const Rep *rep_of(Reps *reps, const Kind *kind, uint32_t copies);
const Rep *rep_sum(Reps *reps, const Term *term, size_t n, Why *why);   /* any order; E0106 beyond 2^24 numbers */
const Rep *rep_times(Reps *reps, uint32_t n, const Rep *x);
const Rep *rep_product(Reps *reps, const Rep *x, const Rep *y, Why *why);   /* tensor product, one copy each pair */
const Rep *rep_dual(Reps *reps, const Rep *x);
const Rep *rep_square(Reps *reps, const Rep *x, bool alternating, Why *why);   /* sym2, alt2       */
const Rep *rep_restrict(Reps *reps, const Rep *x, const Group *k, Why *why);   /* E0706            */
bool rep_all_scalar(const Rep *x);
uint32_t rep_find(const Rep *x, const Kind *kind);           /* term number, or x->n               */
Action rep_action(const Rep *x);                             /* the least special of its terms     */
void rep_text(const Rep *x, Out *out);                       /* "4 scalar + 2 regular"; "0" if empty */
bool rep_verify(const Rep *x, Why *why);
/* The matrix of element e (elements enumerated) or, numerically, of any kind: at[i * dim + j]. */
void kind_element(Reps *reps, const Kind *k, uint32_t e, double *at);
void kind_generator(const Kind *k, uint32_t g, double *at);

/* --- hom.c: intertwiners ------------------------------------------------------------------- */
uint32_t hom_dim(Reps *reps, const Kind *in, const Kind *out, Why *why);    /* by characters; E0703  */
const Basis *hom_basis(Reps *reps, const Kind *in, const Kind *out, Why *why);
/* Bilinear maps x (x) y -> out; entry.in = i * dim(y) + j. For tensor, couple, dot. */
const Basis *hom_pairs(Reps *reps, const Kind *x, const Kind *y, const Kind *out, Why *why);
uint32_t commutant_dim(Reps *reps, const Kind *k, Why *why);    /* Schur: 1, 2 or 4 for an irrep    */

/* --- grid.c: groups on pixels (RULES 6) ---------------------------------------------------- */
typedef struct GridAction {         /* how a group moves the axes of a domain                    */
  const Group *group;               /* NULL: nothing acts                                        */
  uint32_t ndim;
  uint32_t npixel;                  /* elements of P: those whose matrices are signed permutations */
  uint32_t *pixel;                  /* their numbers                                             */
  int32_t (*image)[2];              /* image[p][axis] = +-(axis' + 1): axis goes to +-axis'      */
  bool flips[2], swaps, exact;      /* exact: P is all of the group                              */
} GridAction;
/* ndim 1 or 2; a group whose vector has another size acts on values only (group NULL). */
const GridAction *grid_action(Reps *reps, const Group *g, uint32_t ndim, Why *why);
/* Rows after element p of a window of this shape: row[i] = where row i goes; about the centre. */
void grid_permute_window(const GridAction *a, uint32_t p, const uint32_t *shape, uint32_t *row);
/* About element 0 of a torus or cycle. */
void grid_permute_torus(const GridAction *a, uint32_t p, const uint32_t *shape, uint32_t *row);
/* Orbits of P on the rows: orbit[i], numbered by first member; returns how many. */
uint32_t grid_orbits(const GridAction *a, bool window, const uint32_t *shape, uint32_t *orbit, Arena *arena);

/* --- kernel.c: steerable kernels ----------------------------------------------------------- */
/* K(gx) = s(g) K(x) r(g)^-1 for g in P; for g outside P (C(8), ...) the sampled rings of RULES 6. */
const Basis *kernel_basis(Reps *reps, const GridAction *a, uint32_t size, const Kind *in, const Kind *out, Why *why);
#endif
