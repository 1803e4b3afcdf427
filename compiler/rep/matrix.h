/* matrix.h: exact square matrices, and permutations with signs.
 *
 *     Matrix    at[i * dim + j], every entry an Exact; a column is the image of a basis vector
 *     signed    image[j] = +-(i + 1): e_j goes to +-e_i
 *
 * Matrices here have entries in one cyclotomic field of order at most 5040: `matrix_field` is asked
 * when one comes from outside, and after that no operation fails. */
#ifndef GDLC_REP_MATRIX_H
#define GDLC_REP_MATRIX_H
#include "rep/group.h"

Matrix matrix_new(Exacts *pool, Arena *arena, uint32_t dim);          /* zeros                      */
Matrix matrix_identity(Exacts *pool, Arena *arena, uint32_t dim);
Matrix matrix_times(Exacts *pool, Arena *arena, Matrix a, Matrix b);
Matrix matrix_transpose(Exacts *pool, Arena *arena, Matrix a);
Matrix matrix_scale(Exacts *pool, Arena *arena, const Exact *s, Matrix a);
Matrix matrix_kronecker(Exacts *pool, Arena *arena, Matrix a, Matrix b);   /* row (i, k), column (j, l): a_ij b_kl */
Matrix matrix_add(Exacts *pool, Arena *arena, Matrix a, Matrix b);
bool matrix_inverse(Exacts *pool, Arena *arena, Matrix a, Matrix *inverse);
const Exact *matrix_determinant(Exacts *pool, Arena *scratch, Matrix a);
const Exact *matrix_trace(Exacts *pool, Matrix a);
bool matrix_equal(Matrix a, Matrix b);
bool matrix_is_identity(Matrix a);
/* The order of a field that holds all entries: joined to *order; false beyond 5040. */
bool matrix_field(Matrix a, uint32_t *order);
void matrix_text(Matrix a, Out *out);                                 /* "1", or "[[0, -1], [1, 0]]" */
/* Each row and column one entry, 1 or -1? Then image, if not NULL, is filled. */
bool matrix_signed(Matrix a, int32_t *image);
Matrix matrix_of_signed(Exacts *pool, Arena *arena, const int32_t *image, uint32_t dim);
/* first b, then a; to may be b */
void signed_times(const int32_t *a, const int32_t *b, int32_t *to, uint32_t dim);
#endif
