/* test_hom.c: intertwiners [RULES 11]: how many, that they are, that they are orthonormal, their order. */
#include "rep_trial.h"

/* Entries sorted, vectors orthonormal, first entry of each positive or the basis is not one of orbits. */
static void check_form(const Basis *b) {
  for (uint32_t i = 1; i < b->nnz; i++) {
    const BasisEntry *x = &b->nz[i - 1], *y = &b->nz[i];
    uint64_t a[2] = { x->k, ((uint64_t)x->offset * b->din + x->in) * b->dout + x->out };
    uint64_t c[2] = { y->k, ((uint64_t)y->offset * b->din + y->in) * b->dout + y->out };
    cr_assert(a[0] < c[0] || (a[0] == c[0] && a[1] < c[1]));
  }
  size_t total = (size_t)b->noffsets * b->din * b->dout;
  double *at = calloc(b->n * total + 1, sizeof *at);
  for (uint32_t i = 0; i < b->nnz; i++)
    at[b->nz[i].k * total + ((size_t)b->nz[i].offset * b->din + b->nz[i].in) * b->dout + b->nz[i].out] = b->nz[i].value;
  for (uint32_t u = 0; u < b->n; u++)
    for (uint32_t v = 0; v <= u; v++) {
      double dot = 0;
      for (size_t i = 0; i < total; i++) dot += at[u * total + i] * at[v * total + i];
      cr_assert(fabs(dot - (u == v)) < 1e-13 * sqrt((double)total) + 1e-14, "%u %u: %g", u, v, dot);
    }
  free(at);
}

/* |out(g) B - B in(g)| for every generator and basis element; unit vectors, so rounding is some 1e-16 a term. */
static void check_equivariance(Trial *t, const Basis *b, const Kind *in, const Kind *out) {
  uint32_t ngen = in->group ? in->group->ngen : out->group->ngen, p = in->dim, q = out->dim;
  double *A = calloc((size_t)p * p + 1, sizeof *A), *C = calloc((size_t)q * q + 1, sizeof *C),
      *B = calloc((size_t)b->n * p * q + 1, sizeof *B);
  for (uint32_t i = 0; i < b->nnz; i++) B[((size_t)b->nz[i].k * q + b->nz[i].out) * p + b->nz[i].in] = b->nz[i].value;
  for (uint32_t g = 0; g < ngen; g++) {
    kind_generator(in, g, A);
    kind_generator(out, g, C);
    for (uint32_t k = 0; k < b->n; k++)
      for (uint32_t o = 0; o < q; o++)
        for (uint32_t i = 0; i < p; i++) {
          double d = 0;
          for (uint32_t x = 0; x < q; x++) d += C[o * q + x] * B[((size_t)k * q + x) * p + i];
          for (uint32_t x = 0; x < p; x++) d -= B[((size_t)k * q + o) * p + x] * A[x * p + i];
          cr_assert(fabs(d) < 1e-14 * (p + q), "%.*s -> %.*s: %g", STR(in->name), STR(out->name), d);
        }
  }
  free(A);
  free(B);
  free(C);
  (void)t;
}

static uint32_t maps(Trial *t, const Kind *in, const Kind *out) {
  const Basis *b = hom_basis(&t->reps, in, out, &t->why);
  cr_assert(b, "%.*s", STR(t->why.reason.at[0].text));
  cr_assert_eq(b->n, hom_dim(&t->reps, in, out, &t->why));
  cr_assert_eq(b, hom_basis(&t->reps, in, out, &t->why));
  check_form(b);
  if (in->group || out->group) check_equivariance(t, b, in, out);
  return b->n;
}

static void row(Trial *t, const Group *g, const Kind *v, uint64_t order, uint32_t one, uint32_t two) {
  cr_assert(v);
  cr_assert_eq(group_order(&t->groups, g), order, "%.*s", STR(g->name));
  cr_assert_eq(maps(t, v, v), one, "%.*s", STR(g->name));
  const Rep *V = rep_of(&t->reps, v, 1);
  const Kind *vv = rep_product(&t->reps, V, V, &t->why)->term[0].kind;
  cr_assert_eq(maps(t, vv, vv), two, "%.*s", STR(g->name));
  cr_assert_eq(hom_pairs(&t->reps, v, v, vv, &t->why)->n, two);
}

/* The table of RULES 11. */
Test(hom, dimensions_of_the_table) {
  Trial t;
  trial_open(&t);
  for (uint32_t n = 3; n <= 8; n++) {
    const Group *c = group_cyclic(&t.groups, n), *d = group_dihedral(&t.groups, n);
    if (n == 7) continue;
    row(&t, c, kind_vector(&t.reps, c, &t.why), n, 2, n == 4 ? 8 : 6);
    row(&t, d, kind_vector(&t.reps, d, &t.why), 2 * n, 1, n == 4 ? 4 : 3);
  }
  const Group *T = trial_turns(&t, 'T'), *O = trial_turns(&t, 'O'), *I = trial_turns(&t, 'I'),
      *Q = trial_quaternions(&t);
  row(&t, T, kind_vector(&t.reps, T, &t.why), 12, 1, 7);
  row(&t, O, kind_vector(&t.reps, O, &t.why), 24, 1, 4);
  row(&t, I, kind_vector(&t.reps, I, &t.why), 60, 1, 3);
  row(&t, Q, kind_vector(&t.reps, Q, &t.why), 8, 4, 64);
  const Group *s4 = trial_symmetric(&t, 4), *s5 = trial_symmetric(&t, 5);
  row(&t, s4, kind_perm(&t.reps, s4, &t.why), 24, 2, 15);
  row(&t, s5, kind_perm(&t.reps, s5, &t.why), 120, 2, 15);
  trial_close(&t);
}

Test(hom, regular_hits_everything_as_often_as_its_dimension) {
  Trial t;
  trial_open(&t);
  const Group *all[] = { group_cyclic(&t.groups, 5), group_dihedral(&t.groups, 6), trial_turns(&t, 'T'),
      trial_quaternions(&t) };
  for (int i = 0; i < 4; i++) {
    const Kind *r = kind_regular(&t.reps, all[i], &t.why), *v = kind_vector(&t.reps, all[i], &t.why);
    cr_assert_eq(maps(&t, r, v), v->dim);
    cr_assert_eq(maps(&t, v, r), v->dim);
    cr_assert_eq(maps(&t, r, r), r->dim);
    cr_assert_eq(maps(&t, kind_scalar(&t.reps), r), 1u);
  }
  trial_close(&t);
}

/* [RULES 11.5] orbits over the root of their size, first member positive, in the order of first members */
Test(hom, orbits_are_the_basis) {
  Trial t;
  trial_open(&t);
  const Group *d4 = group_dihedral(&t.groups, 4);
  const Basis *b = hom_basis(&t.reps, kind_vector(&t.reps, d4, &t.why), kind_regular(&t.reps, d4, &t.why), &t.why);
  cr_assert_eq(b->n, 2u);
  cr_assert(b->nz[0].in == 0 && b->nz[0].out == 0 && b->nz[0].value > 0);
  for (uint32_t i = 0; i < b->nnz; i++) cr_assert(fabs(fabs(b->nz[i].value) - sqrt(1 / 8.0)) < 1e-16);
  trial_close(&t);
}

/* Schur: 1, 2 or 4 numbers for an irreducible kind over the reals; of O(n), SO(n) through the algebra. */
Test(hom, commutants_of_turns_by_any_angle) {
  Trial t;
  trial_open(&t);
  for (uint32_t n = 2; n <= 4; n++)
    for (int special = 0; special < 2; special++) {
      const Group *g = group_orthogonal(&t.groups, n, special);
      const Kind *v = kind_vector(&t.reps, g, &t.why), *p = kind_pseudovector(&t.reps, g, &t.why),
          *s = kind_scalar(&t.reps);
      const Kind *sign = kind_sign(&t.reps, g, &t.why);
      cr_assert_eq(maps(&t, v, v), n == 2 && special ? 2u : 1u);
      cr_assert_eq(maps(&t, v, s), 0u);
      cr_assert_eq(maps(&t, sign, s), special ? 1u : 0u);
      cr_assert_eq(maps(&t, v, p), n == 2 ? special ? 2u : 1u : special ? 1u : 0u,
          "O(2) turns one into the other by 90 degrees");
      cr_assert_eq(hom_pairs(&t.reps, v, v, s, &t.why)->n, n == 2 && special ? 2u : 1u);
      if (n == 3) cr_assert_eq(hom_pairs(&t.reps, v, v, p, &t.why)->n, 1u, "the cross product");
      if (n == 3 && !special) cr_assert_eq(hom_pairs(&t.reps, v, v, v, &t.why)->n, 0u);
    }
  trial_close(&t);
}

Test(hom, too_many_unknowns) {
  Trial t;
  trial_open(&t);
  const Group *c60 = group_cyclic(&t.groups, 60);
  const Kind *v = kind_vector(&t.reps, c60, &t.why), *r = kind_regular(&t.reps, c60, &t.why);
  cr_assert_eq(maps(&t, r, v), 2u, "120 unknowns over a field of degree 16");
  const Rep *big = rep_product(&t.reps, rep_of(&t.reps, r, 1), rep_of(&t.reps, v, 1), &t.why);
  cr_assert_null(hom_basis(&t.reps, big->term[0].kind, r, &t.why));
  cr_assert_eq(t.why.reason.at[0].code, E0704);
  trial_close(&t);
}
