/* kind.h: the inside of kinds, for the files of this folder.
 *
 * A kind knows the images of the generators of its group. A product of groups has the generators of its
 * factors in order, so a kind of a factor becomes one of the product by letting the other generators do
 * nothing (`kind_lift`), and two kinds of different groups meet on the product of both (`group_join`).
 * Answers that cost something are kept in a Memory, by what was asked. */
#ifndef GDLC_REP_KIND_H
#define GDLC_REP_KIND_H
#include "rep/matrix.h"
#include "rep/rep.h"

enum { KIND_DIM = 2048 };           /* components of one copy, at most: its matrices are kept        */

/* kind.c */
/* from name, group, dim, degree and image or matrix, algebra */
const Kind *kind_make(Reps *reps, Kind draft, Why *why);
const Kind *kind_lift(Reps *reps, const Kind *k, const Group *g);
void kind_find_images(Reps *reps, Kind *draft);               /* from matrices, where all of them have images */
bool kind_signed(const Kind *k);                             /* FIXED, PERMUTES or SIGNS              */
const int32_t *kind_image(Reps *reps, const Kind *k, uint32_t e);        /* of element e of its group; kind_signed */
Matrix kind_matrix(Reps *reps, const Kind *k, uint32_t e);   /* of element e, exactly                 */
const Kind *kind_product(Reps *reps, const Kind *x, const Kind *y, Why *why);
const Group *group_join(Groups *gs, const Group *a, const Group *b);
/* Is `leaf`, which is no product, the group or a factor of it? *first: the number of its first generator. */
bool group_holds(const Group *g, const Group *leaf, uint32_t *first);
uint32_t group_algebra(const Group *g);                      /* elements of the basis of its algebra  */

/* named.c: the i-th kind with `dim` components that the language has a name for; false: no more.
 * Some do not exist for every group: then !exists. */
typedef struct Named { Kind kind; bool exists; } Named;
bool named_draft(Reps *reps, const Group *g, uint32_t i, uint32_t dim, Named *named);

/* orbits.c: bases of maps on (offset, in, out), a number for each: ((offset * din) + in) * dout + out */
typedef struct Move { const uint32_t *offset; const int32_t *in, *out; } Move;   /* offset NULL: stays */
Basis *basis_of_orbits(Arena *arena, uint32_t noffsets, uint32_t din, uint32_t dout, const Move *move, size_t n);
/* Orthonormal from independent vectors (each noffsets * din * dout numbers), in their order; those that
 * depend on earlier ones are dropped when `drop`, else that is a bug. The vectors are overwritten. */
Basis *basis_of_vectors(Arena *arena, uint32_t noffsets, uint32_t din, uint32_t dout, double *at, uint32_t n,
    bool drop);

/* hom.c: {B : out[k] B = B in[k] for all k}, B[o][i] at i * dout + o, in reduced echelon form; in the arena of reps */
bool hom_exact(Reps *reps, const Matrix *in, const Matrix *out, uint32_t n, uint32_t din, uint32_t dout,
    ExactBasis *basis, Why *why);

/* rings.c: kernels of turns that are no symmetries of pixels; kinds on one group that holds a->group */
Basis *kernel_rings(Reps *reps, const GridAction *a, uint32_t size, const Kind *in, const Kind *out, Why *why);

/* memory.c */
typedef enum Question { QUESTION_HOM, QUESTION_KERNEL, QUESTION_LIFT, QUESTION_MATRICES, QUESTION_IMAGES, QUESTION_DIM,
                        QUESTION_GRID, QUESTION_CHARACTERS, QUESTION_IRREP } Question;
typedef struct Asked { Question question; const void *a, *b, *c; uint32_t n; } Asked;
void *memory_get(const Reps *reps, Asked asked);             /* NULL: not known                       */
void memory_put(Reps *reps, Asked asked, const void *answer);
#endif
