/* test_grid.c: groups on pixels and steerable kernels [LANGUAGE 3.8; RULES 6]. */
#include "rep_trial.h"

static const GridAction *acting(Trial *t, const Group *g, uint32_t ndim) {
  const GridAction *a = grid_action(&t->reps, g, ndim, &t->why);
  cr_assert(a);
  return a;
}

/* [LANGUAGE 3.8] r of C(4) is numpy's rot90: out[i][j] = in[j][n - 1 - i]; m changes left and right. */
Test(grid, turns_and_mirrors_of_arrays) {
  Trial t;
  trial_open(&t);
  const GridAction *a = acting(&t, group_dihedral(&t.groups, 4), 2);
  cr_assert(a->npixel == 8 && a->exact && a->flips[0] && a->flips[1] && a->swaps);
  for (uint32_t n = 3; n <= 4; n++) {
    uint32_t row[16], shape[2] = { n, n };
    grid_permute_window(a, 1, shape, row);
    for (uint32_t i = 0; i < n; i++)
      for (uint32_t j = 0; j < n; j++) cr_assert_eq(row[j * n + (n - 1 - i)], i * n + j);
    grid_permute_window(a, 4, shape, row);
    for (uint32_t i = 0; i < n; i++)
      for (uint32_t j = 0; j < n; j++) cr_assert_eq(row[i * n + j], i * n + (n - 1 - j));
    grid_permute_torus(a, 1, shape, row);            /* about element 0: it stays                  */
    cr_assert_eq(row[0], 0u);
    grid_permute_torus(a, 4, shape, row);
    for (uint32_t j = 0; j < n; j++) cr_assert_eq(row[n + j], n + (n - j) % n);
  }
  trial_close(&t);
}

/* A row goes to a row as the elements multiply. */
Test(grid, products_of_moves) {
  Trial t;
  trial_open(&t);
  const Group *g = group_dihedral(&t.groups, 4);
  const GridAction *a = acting(&t, g, 2);
  uint32_t shape[2] = { 5, 5 }, x[25], y[25], z[25];
  for (uint32_t p = 0; p < 8; p++)
    for (uint32_t q = 0; q < 8; q++)
      for (int window = 0; window < 2; window++) {
        void (*move)(const GridAction *, uint32_t, const uint32_t *,
            uint32_t *) = window ? grid_permute_window : grid_permute_torus;
        move(a, p, shape, x);
        move(a, q, shape, y);
        move(a, element_times(g, p, q), shape, z);
        for (uint32_t i = 0; i < 25; i++) cr_assert_eq(z[i], x[y[i]]);
      }
  trial_close(&t);
}

Test(grid, which_elements_map_pixels_to_pixels) {
  Trial t;
  trial_open(&t);
  struct { const Group *g; uint32_t ndim, npixel; bool exact; } rows[] = {
    { group_cyclic(&t.groups, 8), 2, 4, false }, { group_cyclic(&t.groups, 3), 2, 1, false },
        { group_dihedral(&t.groups, 3), 2, 2, false },
    { group_cyclic(&t.groups, 2), 2, 2, true }, { group_orthogonal(&t.groups, 2, false), 2, 8, false },
    { group_orthogonal(&t.groups, 2, true), 2, 4, false }, { group_orthogonal(&t.groups, 1, false), 1, 2, true },
    { group_cyclic(&t.groups, 4), 1, 1, true }, { trial_symmetric(&t, 3), 2, 1, true }, { NULL, 2, 1, true } };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    const GridAction *a = acting(&t, rows[i].g, rows[i].ndim);
    cr_assert(a->npixel == rows[i].npixel && a->exact == rows[i].exact, "row %zu: %u", i, a->npixel);
    cr_assert_eq(a->group, i < 7 ? rows[i].g : NULL, "row %zu", i);
  }
  cr_assert(acting(&t, group_orthogonal(&t.groups, 1, false), 1)->flips[0]);
  cr_assert(!acting(&t, group_cyclic(&t.groups, 2), 2)->swaps);
  uint32_t orbit[25], shape[2] = { 5, 5 };
  cr_assert_eq(grid_orbits(acting(&t, group_dihedral(&t.groups, 4), 2), true, shape, orbit, &t.arena), 6u);
  cr_assert_eq(grid_orbits(acting(&t, group_cyclic(&t.groups, 4), 2), true, shape, orbit, &t.arena), 7u);
  cr_assert(orbit[0] == 0 && orbit[1] == 1 && orbit[2] == 2 && orbit[4] == 0);
  trial_close(&t);
}

/* --- kernels ----------------------------------------------------------------------------------------------- */
/* K(gx) = s(g) K(x) r(g)^-1, that is s(g) K(x) = K(gx) r(g), for all g in P; and orthonormal. For unit vectors
 * rounding is below 1e-14 a component. */
static void check_kernels(Trial *t, const GridAction *a, uint32_t size, const Kind *in, const Kind *out,
    const Basis *b) {
  uint32_t p = in->dim, q = out->dim, n = b->noffsets, shape[2] = { size, size };
  size_t dim = (size_t)p * q, total = dim * n;
  double *at = calloc(b->n * total + 1, sizeof *at), *R = calloc((size_t)p * p, sizeof *R),
      *S = calloc((size_t)q * q, sizeof *S);
  uint32_t *to = calloc(n, sizeof *to);
  for (uint32_t i = 0; i < b->nnz; i++)
    at[b->nz[i].k * total + b->nz[i].offset * dim + b->nz[i].in * q + b->nz[i].out] = b->nz[i].value;
  for (uint32_t e = 0; e < a->npixel; e++) {
    grid_permute_window(a, e, shape, to);
    R[0] = S[0] = 1;
    if (in->group) kind_element(&t->reps, in, a->pixel[e], R);
    if (out->group) kind_element(&t->reps, out, a->pixel[e], S);
    for (uint32_t k = 0; k < b->n; k++)
      for (uint32_t x = 0; x < n; x++) {
        const double *here = at + k * total + x * dim, *there = at + k * total + to[x] * dim;
        for (uint32_t o = 0; o < q; o++)
          for (uint32_t i = 0; i < p; i++) {
            double d = 0;
            for (uint32_t y = 0; y < q; y++) d += S[o * q + y] * here[i * q + y];
            for (uint32_t y = 0; y < p; y++) d -= there[y * q + o] * R[y * p + i];
            cr_assert(fabs(d) < 1e-14 * (p + q), "kernel %u of %.*s -> %.*s at %u: %g", k, STR(in->name),
                STR(out->name), x, d);
          }
      }
  }
  for (uint32_t u = 0; u < b->n; u++)
    for (uint32_t v = 0; v <= u; v++) {
      double dot = 0;
      for (size_t i = 0; i < total; i++) dot += at[u * total + i] * at[v * total + i];
      cr_assert(fabs(dot - (u == v)) < 1e-13, "%u %u: %g", u, v, dot);
    }
  free(at);
  free(R);
  free(S);
  free(to);
}

static uint32_t kernels(Trial *t, const Group *g, uint32_t ndim, uint32_t size, const Kind *in, const Kind *out) {
  const GridAction *a = acting(t, g, ndim);
  const Basis *b = kernel_basis(&t->reps, a, size, in, out, &t->why);
  cr_assert(b, "%s", t->why.reason.n ? t->why.reason.at[0].text.at : "no reason");
  cr_assert(b->audited == !a->exact && b->noffsets == (ndim == 2 ? size * size : size));
  check_kernels(t, a, size, in, out, b);
  return b->n;
}

/* The table of RULES 6. */
Test(kernel, numbers_of_the_table) {
  Trial t;
  trial_open(&t);
  const Group *g[3] = { group_cyclic(&t.groups, 4), group_dihedral(&t.groups, 4),
      group_orthogonal(&t.groups, 1, false) };
  const uint32_t want[3][6][3] = {
    { { 3, 4, 7 }, { 4, 8, 12 }, { 10, 16, 26 }, { 9, 16, 25 }, { 36, 64, 100 }, { 3, 4, 7 } },
    { { 3, 3, 6 }, { 2, 4, 6 }, { 5, 8, 13 }, { 9, 16, 25 }, { 72, 128, 200 }, { 0, 1, 1 } },
    { { 2, 2, 3 }, { 1, 2, 2 }, { 2, 2, 3 }, { 3, 4, 5 }, { 6, 8, 10 }, { 1, 2, 2 } } };
  for (int i = 0; i < 3; i++) {
    const Kind *s = kind_scalar(&t.reps), *v = kind_vector(&t.reps, g[i], &t.why);
    const Kind *r = kind_regular(&t.reps, g[i], &t.why), *sign = kind_sign(&t.reps, g[i], &t.why);
    const Kind *in[6] = { s, s, v, s, r, s }, *out[6] = { s, v, v, r, r, sign };
    for (int c = 0; c < 6; c++)
      for (uint32_t size = 3; size <= 5; size++)
        cr_assert_eq(kernels(&t, g[i], g[i]->dim, size, in[c], out[c]), want[i][c][size - 3],
            "%.*s column %d size %u", STR(g[i]->name), c, size);
  }
  trial_close(&t);
}

/* WALK 1: 72 orbits of 8, entries 1/sqrt(8), in the order of their first members. */
Test(kernel, orbits_of_D4) {
  Trial t;
  trial_open(&t);
  const Group *d4 = group_dihedral(&t.groups, 4);
  const Kind *r = kind_regular(&t.reps, d4, &t.why);
  const Basis *b = kernel_basis(&t.reps, acting(&t, d4, 2), 3, r, r, &t.why);
  cr_assert(b->n == 72 && b->nnz == 576 && !b->audited);
  uint32_t before = 0;
  for (uint32_t i = 0; i < b->nnz; i++) {
    cr_assert_eq(b->nz[i].k, i / 8);
    cr_assert(fabs(b->nz[i].value - sqrt(1 / 8.0)) < 1e-16);
    uint32_t at = (b->nz[i].offset * 8 + b->nz[i].in) * 8 + b->nz[i].out;
    if (i % 8 == 0) {
      cr_assert(!i || at > before);
      before = at;
    } else cr_assert_gt(at, before);
  }
  cr_assert_eq(kernel_basis(&t.reps, acting(&t, d4, 2), 5, kind_scalar(&t.reps), r, &t.why)->nnz, 200u);
  trial_close(&t);
}

/* A representation of D(4) that is the vector in a basis turned by a Pythagorean angle: nothing permutes, the numbers
 * stay. */
Test(kernel, kinds_that_mix) {
  Trial t;
  trial_open(&t);
  const Group *d4 = group_dihedral(&t.groups, 4);
  Matrix m[2] = { trial_matrix(&t, 2, 1, (int64_t[]){ 0, -1, 1, 0 }),
      trial_matrix(&t, 2, 25, (int64_t[]){ 7, 24, 24, -7 }) };
  const Kind *turned = kind_matrices(&t.reps, d4, S("turned"), m, &t.why), *v = kind_vector(&t.reps, d4, &t.why),
      *s = kind_scalar(&t.reps);
  cr_assert(turned && turned->action == ACTION_MIXES);
  const uint32_t few[] = { 2, 4, 6 }, more[] = { 5, 8, 13 };
  for (uint32_t size = 3; size <= 5; size++) {
    cr_assert_eq(kernels(&t, d4, 2, size, s, turned), few[size - 3]);
    cr_assert_eq(kernels(&t, d4, 2, size, turned, v), more[size - 3]);
    cr_assert_eq(kernels(&t, d4, 2, size, turned, turned), more[size - 3]);
  }
  trial_close(&t);
}

/* Groups that act on values only: each offset by itself. Beside a group that moves the axes: both at once. */
Test(kernel, values_only_and_both) {
  Trial t;
  trial_open(&t);
  const Group *s3 = trial_symmetric(&t, 3), *d4 = group_dihedral(&t.groups, 4);
  const Kind *colour = kind_perm(&t.reps, s3, &t.why), *s = kind_scalar(&t.reps);
  const Basis *b = kernel_basis(&t.reps, acting(&t, s3, 2), 3, colour, colour, &t.why);
  cr_assert(b->n == 9 * 2 && b->nnz == 9 * 9 && b->nz[9].k == 2 && b->nz[9].offset == 1);
  cr_assert_eq(kernel_basis(&t.reps, acting(&t, NULL, 1), 5, s, s, &t.why)->n, 5u);
  b = kernel_basis(&t.reps, acting(&t, d4, 2), 3, colour, colour, &t.why);
  cr_assert_eq(b->n, 3u * 2u, "orbits of offsets times orbits of pairs of colours");
  b = kernel_basis(&t.reps, acting(&t, d4, 2), 3, colour, kind_vector(&t.reps, d4, &t.why), &t.why);
  cr_assert_eq(b->n, 2u);
  trial_close(&t);
}

/* [RULES 6, other turns on pixels] exact under P, audited */
Test(kernel, rings) {
  Trial t;
  trial_open(&t);
  const Group *c8 = group_cyclic(&t.groups, 8), *c3 = group_cyclic(&t.groups, 3), *d6 = group_dihedral(&t.groups, 6);
  const Kind *s = kind_scalar(&t.reps);
  const Kind *r = kind_regular(&t.reps, c8, &t.why), *v = kind_vector(&t.reps, c8, &t.why);
  cr_assert_eq(kernels(&t, c8, 2, 3, s, s), 2u, "rings 0 and 1, frequency 0: below 8 no other is invariant");
  cr_assert_eq(kernels(&t, c8, 2, 5, s, s), 3u);
  cr_assert_eq(kernels(&t, c8, 2, 3, s, v), 2u, "ring 1, frequency 1: along x and across");
  cr_assert_eq(kernels(&t, c8, 2, 5, s, v), 4u);
  /* an orbit of pairs with nothing to fix it: on 3x3 all combinations of rings that pixels tell apart */
  cr_assert_eq(kernels(&t, c8, 2, 3, s, r), 6u, "1 + 1 + 2 + 2");
  cr_assert_eq(kernels(&t, c8, 2, 5, r, r), 8u * (1 + 5 + 9));
  kernels(&t, c8, 2, 5, r, v);
  const Kind *r3 = kind_regular(&t.reps, c3, &t.why);
  kernels(&t, c3, 2, 5, r3, r3);
  kernels(&t, d6, 2, 5, kind_regular(&t.reps, d6, &t.why), kind_sign(&t.reps, d6, &t.why));
  cr_assert_null(kernel_basis(&t.reps, acting(&t, c8, 2), 4, s, s, &t.why));
  cr_assert_eq(t.why.reason.at[0].code, E0111);
  trial_close(&t);
}

/* Turns by any angle: frequencies that the vector carries. */
Test(kernel, rings_of_all_turns) {
  Trial t;
  trial_open(&t);
  for (int special = 0; special < 2; special++) {
    const Group *g = group_orthogonal(&t.groups, 2, special);
    const Kind *s = kind_scalar(&t.reps), *v = kind_vector(&t.reps, g, &t.why), *sign = kind_sign(&t.reps, g, &t.why);
    const GridAction *a = acting(&t, g, 2);
    uint32_t twice = special ? 2 : 1;
    cr_assert_eq(kernel_basis(&t.reps, a, 5, s, s, &t.why)->n, 3u);
    cr_assert_eq(kernel_basis(&t.reps, a, 5, s, sign, &t.why)->n, special ? 3u : 0u);
    cr_assert_eq(kernel_basis(&t.reps, a, 5, s, v, &t.why)->n, 2 * twice,
        "x and, under SO(2), its quarter turn, on two rings");
    cr_assert_eq(kernel_basis(&t.reps, a, 5, v, v, &t.why)->n, 5 * twice, "frequency 0 on three rings, 2 on two");
  }
  trial_close(&t);
}
