/* rep_trial.h: one compilation's worth of representations, for the tests of compiler/rep. */
#ifndef GDLC_TESTS_REP_TRIAL_H
#define GDLC_TESTS_REP_TRIAL_H
#include "rep/rep.h"
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>

typedef struct Trial { Arena arena; Exacts *pool; Groups groups; Reps reps; Why why; } Trial;

static inline void trial_open(Trial *t) {
  *t = (Trial){ .pool = exacts_open() };
  t->groups = (Groups){ .arena = &t->arena, .exacts = t->pool };
  t->reps = (Reps){ .arena = &t->arena, .groups = &t->groups };
  t->why = (Why){ .arena = &t->arena };
}

static inline void trial_close(Trial *t) {
  arena_free(&t->arena);
  exacts_close(t->pool);
}

/* "0 -1 1/2 sqrt(5)" would need a parser: entries are numerators over one denominator, row by row. */
static inline Matrix trial_matrix(Trial *t, uint32_t dim, int64_t den, const int64_t *num) {
  Matrix m = { dim, arena_array(&t->arena, const Exact *, dim * dim) };
  for (uint32_t i = 0; i < dim * dim; i++) m.at[i] = exact_div(t->pool, exact_int(t->pool, num[i]),
      exact_int(t->pool, den));
  return m;
}

/* A permutation from its cycles, points from 1: { 1, 2, 3, 0, 4, 5, 0, 0 } is (1 2 3)(4 5). */
static inline uint32_t *trial_cycles(Trial *t, uint32_t npoints, const uint32_t *cycles) {
  uint32_t *image = arena_array(&t->arena, uint32_t, npoints);
  for (uint32_t i = 0; i < npoints; i++) image[i] = i;
  for (; *cycles; cycles++) {
    uint32_t first = *cycles;
    for (; cycles[1]; cycles++) image[cycles[0] - 1] = cycles[1] - 1;
    image[cycles[0] - 1] = first - 1;
    cycles++;
  }
  return image;
}

static inline const Group *trial_symmetric(Trial *t, uint32_t n) {
  uint32_t *all = arena_array(&t->arena, uint32_t, n + 2);
  for (uint32_t i = 0; i < n; i++) all[i] = i + 1;
  uint32_t *image[2] = { trial_cycles(t, n, (uint32_t[]){ 1, 2, 0, 0 }), trial_cycles(t, n, all) };
  Str gen[2] = { S("s"), S("c") };
  return group_permutations(&t->groups, str_format(&t->arena, "S%u", n), gen, image, 2, n, &t->why);
}

/* Turns of the tetrahedron (T), the cube (O), the icosahedron (I). */
static inline const Group *trial_turns(Trial *t, char which) {
  Matrix m[2];
  Str gen[2] = { S("a"), S("b") };
  m[0] = trial_matrix(t, 3, 1, (int64_t[]){ 0, 0, 1, 1, 0, 0, 0, 1, 0 });
  if (which == 'T') m[1] = trial_matrix(t, 3, 1, (int64_t[]){ 1, 0, 0, 0, -1, 0, 0, 0, -1 });
  if (which == 'O') m[1] = trial_matrix(t, 3, 1, (int64_t[]){ 0, -1, 0, 1, 0, 0, 0, 0, 1 });
  if (which == 'I') {
    const Exact *two = exact_int(t->pool, 2), *one = exact_int(t->pool, 1), *zero = exact_int(t->pool, 0);
    const Exact *golden = exact_div(t->pool, exact_add(t->pool, one, exact_sqrt(t->pool, exact_int(t->pool, 5))), two);
    const Exact *a = exact_div(t->pool, one, two), *b = exact_div(t->pool, golden, two);
    const Exact *c = exact_sub(t->pool, b, a), *na = exact_sub(t->pool, zero, a), *nb = exact_sub(t->pool, zero, b);
    m[1] = (Matrix){ 3, arena_array(&t->arena, const Exact *, 9) };
    const Exact *at[9] = { a, nb, c, b, c, na, c, a, b };
    memcpy(m[1].at, at, sizeof at);
  }
  return group_matrices(&t->groups, str_format(&t->arena, "%c", which), gen, m, 2, &t->why);
}

/* Left multiplication of quaternions by i and j. */
static inline const Group *trial_quaternions(Trial *t) {
  Matrix m[2] = { trial_matrix(t, 4, 1, (int64_t[]){ 0, -1, 0, 0, 1, 0, 0, 0, 0, 0, 0, -1, 0, 0, 1, 0 }),
                  trial_matrix(t, 4, 1, (int64_t[]){ 0, 0, -1, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, -1, 0, 0 }) };
  Str gen[2] = { S("i"), S("j") };
  return group_matrices(&t->groups, S("Q8"), gen, m, 2, &t->why);
}

static inline const char *trial_text(Trial *t, const Rep *x) {
  Out o = { .arena = &t->arena };
  rep_text(x, &o);
  return out_text(&o).at;
}
#endif
