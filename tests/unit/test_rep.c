/* test_rep.c: kinds and their sums [LANGUAGE 3.5, 3.9, 3.10, 8; RULES 2, 11.2]. */
#include "rep_trial.h"

static const Kind *irrep(Trial *t, const Group *g, uint32_t k) { return kind_irrep(&t->reps, g, k, &t->why); }

Test(rep, equal_by_matrices_whatever_the_name) {
  Trial t;
  trial_open(&t);
  const Group *c4 = group_cyclic(&t.groups, 4), *d4 = group_dihedral(&t.groups, 4);
  cr_assert_eq(kind_sign(&t.reps, c4, &t.why), kind_scalar(&t.reps));
  cr_assert_eq(kind_sign(&t.reps, group_orthogonal(&t.groups, 3, true), &t.why), kind_scalar(&t.reps));
  cr_assert_eq(irrep(&t, d4, 0), kind_scalar(&t.reps));
  const Kind *one = irrep(&t, d4, 1);                /* asked first, and still named after the vector */
  cr_assert_eq(one, kind_vector(&t.reps, d4, &t.why));
  cr_assert(str_is(one->name, "vector"));
  cr_assert_eq(kind_pseudovector(&t.reps, c4, &t.why), kind_vector(&t.reps, c4, &t.why));
  cr_assert_neq(kind_pseudovector(&t.reps, d4, &t.why), one);
  cr_assert_eq(kind_quotient(&t.reps, d4, group_cyclic(&t.groups, 1), &t.why), kind_regular(&t.reps, d4, &t.why));
  cr_assert_eq(kind_quotient(&t.reps, d4, d4, &t.why), kind_scalar(&t.reps));
  const Group *so3 = group_orthogonal(&t.groups, 3, true), *o3 = group_orthogonal(&t.groups, 3, false);
  cr_assert_eq(kind_pseudovector(&t.reps, so3, &t.why), kind_vector(&t.reps, so3, &t.why));
  cr_assert_neq(kind_pseudovector(&t.reps, o3, &t.why), kind_vector(&t.reps, o3, &t.why));
  trial_close(&t);
}

Test(rep, classes_are_computed) {
  Trial t;
  trial_open(&t);
  const Group *c3 = group_cyclic(&t.groups, 3), *d4 = group_dihedral(&t.groups, 4),
      *o3 = group_orthogonal(&t.groups, 3, false);
  cr_assert_eq(kind_scalar(&t.reps)->action, ACTION_FIXED);
  cr_assert_eq(kind_regular(&t.reps, d4, &t.why)->action, ACTION_PERMUTES);
  cr_assert_eq(kind_sign(&t.reps, d4, &t.why)->action, ACTION_SIGNS);
  cr_assert_eq(kind_vector(&t.reps, d4, &t.why)->action, ACTION_SIGNS);
  cr_assert_eq(kind_vector(&t.reps, c3, &t.why)->action, ACTION_MIXES);
  cr_assert_eq(kind_vector(&t.reps, o3, &t.why)->action, ACTION_MIXES);
  cr_assert_eq(kind_sign(&t.reps, o3, &t.why)->action, ACTION_SIGNS);
  cr_assert_eq(kind_perm(&t.reps, trial_symmetric(&t, 4), &t.why)->action, ACTION_PERMUTES);
  cr_assert_null(kind_perm(&t.reps, d4, &t.why));
  cr_assert_null(kind_vector(&t.reps, trial_symmetric(&t, 4), &t.why));
  trial_close(&t);
}

Test(rep, abs_of_the_vector_of_D4_is_a_quotient) {
  Trial t;
  trial_open(&t);
  const Group *d4 = group_dihedral(&t.groups, 4);
  const Kind *bare = kind_vector(&t.reps, d4, &t.why)->bare;
  cr_assert_eq(bare, kind_quotient(&t.reps, d4, group_dihedral(&t.groups, 2), &t.why));
  cr_assert(str_is(bare->name, "quotient(D(2))"), "%.*s", STR(bare->name));
  cr_assert_eq(kind_sign(&t.reps, d4, &t.why)->bare, kind_scalar(&t.reps));
  trial_close(&t);
}

Test(rep, trivial_parts) {
  Trial t;
  trial_open(&t);
  const Group *d4 = group_dihedral(&t.groups, 4), *c3 = group_cyclic(&t.groups, 3), *ico = trial_turns(&t, 'I');
  cr_assert_eq(kind_scalar(&t.reps)->trivial, 1u);
  cr_assert_eq(kind_regular(&t.reps, d4, &t.why)->trivial, 1u);
  cr_assert_eq(kind_vector(&t.reps, d4, &t.why)->trivial, 0u);
  cr_assert_eq(kind_vector(&t.reps, c3, &t.why)->trivial, 0u);
  cr_assert_eq(kind_vector(&t.reps, ico, &t.why)->trivial, 0u);
  const Rep *v = rep_of(&t.reps, kind_vector(&t.reps, ico, &t.why), 1);
  cr_assert_eq(rep_square(&t.reps, v, false, &t.why)->term[0].kind->trivial, 1u, "x^2 + y^2 + z^2");
  const Rep *lie = rep_of(&t.reps, kind_vector(&t.reps, group_orthogonal(&t.groups, 3, false), &t.why), 1);
  cr_assert_eq(rep_product(&t.reps, lie, lie, &t.why)->term[0].kind->trivial, 1u);
  trial_close(&t);
}

Test(rep, sums_have_no_order) {
  Trial t;
  trial_open(&t);
  const Group *d4 = group_dihedral(&t.groups, 4);
  const Kind *s = kind_scalar(&t.reps), *v = kind_vector(&t.reps, d4, &t.why), *r = kind_regular(&t.reps, d4, &t.why);
  Term one[] = { { v, 2 }, { s, 3 }, { r, 1 }, { v, 1 }, { s, 0 } }, two[] = { { s, 1 }, { r, 1 }, { v, 3 }, { s, 2 } };
  const Rep *a = rep_sum(&t.reps, one, 5, &t.why), *b = rep_sum(&t.reps, two, 4, &t.why);
  cr_assert_eq(a, b);
  cr_assert_str_eq(trial_text(&t, a), "3 scalar + regular + 3 vector");
  cr_assert(a->dim == 17 && a->copies == 7 && a->n == 3 && a->group == d4);
  cr_assert(rep_verify(a, &t.why));
  cr_assert_eq(rep_find(a, v), 2u);
  cr_assert_eq(rep_find(a, kind_sign(&t.reps, d4, &t.why)), a->n);
  cr_assert_eq(rep_action(a), ACTION_SIGNS);
  cr_assert_str_eq(trial_text(&t, rep_sum(&t.reps, NULL, 0, &t.why)), "0");
  cr_assert(rep_all_scalar(rep_of(&t.reps, s, 4)) && !rep_all_scalar(a));
  cr_assert_eq(rep_times(&t.reps, 2, rep_of(&t.reps, v, 3)), rep_of(&t.reps, v, 6));
  cr_assert_null(rep_sum(&t.reps, &(Term){ r, (1u << 21) + 1 }, 1, &t.why));
  cr_assert_eq(t.why.reason.at[0].code, E0106);
  trial_close(&t);
}

/* [RULES 11.2] images that do not multiply as the elements do, with the first product that differs */
Test(rep, one_s_own_matrices) {
  Trial t;
  trial_open(&t);
  const Group *c3 = group_cyclic(&t.groups, 3), *d4 = group_dihedral(&t.groups, 4);
  Matrix minus = trial_matrix(&t, 1, 1, (int64_t[]){ -1 }), plus = trial_matrix(&t, 1, 1, (int64_t[]){ 1 });
  cr_assert_null(kind_matrices(&t.reps, c3, S("odd"), &minus, &t.why));
  cr_assert_eq(t.why.reason.at[0].code, E0701);
  cr_assert(str_is(t.why.witness, "r^3 = 1 in C(3), but of the images the left side is -1, the right side 1"), "%.*s",
      STR(t.why.witness));
  cr_assert_eq(kind_matrices(&t.reps, d4, S("mine"), (Matrix[]){ plus, minus }, &t.why),
      kind_sign(&t.reps, d4, &t.why));
  cr_assert_eq(kind_matrices(&t.reps, d4, S("one"), (Matrix[]){ plus, plus }, &t.why), kind_scalar(&t.reps));
  /* C(3) on a hexagonal lattice: a representation that is not orthogonal; its dual is another one */
  Matrix hexagonal = trial_matrix(&t, 2, 1, (int64_t[]){ 0, -1, 1, -1 });
  const Kind *h = kind_matrices(&t.reps, c3, S("hexagonal"), &hexagonal, &t.why);
  cr_assert(h && !h->orthogonal && h->action == ACTION_MIXES);
  const Rep *dual = rep_dual(&t.reps, rep_of(&t.reps, h, 2));
  cr_assert(dual->term[0].kind != h && dual->copies == 2);
  cr_assert_eq(rep_dual(&t.reps, dual), rep_of(&t.reps, h, 2));
  cr_assert_eq(hom_dim(&t.reps, h, kind_vector(&t.reps, c3, &t.why), &t.why), 2u);
  const Rep *v = rep_of(&t.reps, kind_vector(&t.reps, d4, &t.why), 1);
  cr_assert_eq(rep_dual(&t.reps, v), v);
  trial_close(&t);
}

Test(rep, products_and_squares) {
  Trial t;
  trial_open(&t);
  const Group *d4 = group_dihedral(&t.groups, 4);
  const Kind *v = kind_vector(&t.reps, d4, &t.why), *sign = kind_sign(&t.reps, d4, &t.why), *s = kind_scalar(&t.reps);
  const Rep *V = rep_of(&t.reps, v, 1), *sg = rep_of(&t.reps, sign, 1);
  cr_assert_eq(rep_product(&t.reps, sg, sg, &t.why), rep_of(&t.reps, s, 1));
  cr_assert_eq(rep_product(&t.reps, sg, V, &t.why), rep_of(&t.reps, kind_pseudovector(&t.reps, d4, &t.why), 1));
  cr_assert_eq(rep_square(&t.reps, V, true, &t.why), sg, "the area changes sign as the determinant");
  const Rep *sym = rep_square(&t.reps, V, false, &t.why);
  cr_assert(sym->dim == 3 && sym->term[0].kind->trivial == 1 && sym->term[0].kind->orthogonal);
  const Rep *three = rep_sum(&t.reps, (Term[]){ { v, 2 }, { s, 1 } }, 2, &t.why);      /* 5 numbers          */
  cr_assert_eq(rep_square(&t.reps, three, false, &t.why)->dim, 15u);
  cr_assert_eq(rep_square(&t.reps, three, true, &t.why)->dim, 10u);
  cr_assert_eq(rep_product(&t.reps, three, V, &t.why)->dim, 10u);
  const Group *c3 = group_cyclic(&t.groups, 3);      /* a square that needs the root of 2          */
  const Rep *W = rep_of(&t.reps, kind_vector(&t.reps, c3, &t.why), 1), *sym3 = rep_square(&t.reps, W, false, &t.why);
  cr_assert(sym3->term[0].kind->orthogonal && sym3->term[0].kind->trivial == 1);
  trial_close(&t);
}

Test(rep, several_groups_meet_on_their_product) {
  Trial t;
  trial_open(&t);
  const Group *c4 = group_cyclic(&t.groups, 4), *s3 = trial_symmetric(&t, 3);
  const Kind *v = kind_vector(&t.reps, c4, &t.why), *colour = kind_perm(&t.reps, s3, &t.why);
  const Rep *both = rep_sum(&t.reps, (Term[]){ { v, 1 }, { colour, 2 } }, 2, &t.why);
  cr_assert_eq(both->group, group_product(&t.groups, colour->group, v->group));
  const Rep *pair = rep_product(&t.reps, rep_of(&t.reps, v, 1), rep_of(&t.reps, colour, 1), &t.why);
  cr_assert_eq(pair->dim, 6u);
  cr_assert_eq(hom_dim(&t.reps, v, colour, &t.why), 0u);
  cr_assert_eq(hom_dim(&t.reps, pair->term[0].kind, v, &t.why), 2u, "the mean over the colours, and turns of it");
  cr_assert_eq(hom_dim(&t.reps, colour, kind_scalar(&t.reps), &t.why), 1u);
  trial_close(&t);
}

Test(rep, restriction) {
  Trial t;
  trial_open(&t);
  const Group *d4 = group_dihedral(&t.groups, 4), *c4 = group_cyclic(&t.groups, 4), *c2 = group_cyclic(&t.groups, 2);
  const Rep *v = rep_of(&t.reps, kind_vector(&t.reps, d4, &t.why), 3),
      *sign = rep_of(&t.reps, kind_sign(&t.reps, d4, &t.why), 2);
  cr_assert_eq(rep_restrict(&t.reps, v, c4, &t.why), rep_of(&t.reps, kind_vector(&t.reps, c4, &t.why), 3));
  cr_assert_eq(rep_restrict(&t.reps, sign, c4, &t.why), rep_of(&t.reps, kind_scalar(&t.reps), 2));
  cr_assert_str_eq(trial_text(&t, rep_restrict(&t.reps, v, c2, &t.why)), "3 vector", "nothing is taken apart");
  const Rep *regular = rep_restrict(&t.reps, rep_of(&t.reps, kind_regular(&t.reps, d4, &t.why), 1), c4, &t.why);
  cr_assert(regular->dim == 8 && regular->term[0].kind->trivial == 2);
  cr_assert_null(rep_restrict(&t.reps, v, group_cyclic(&t.groups, 3), &t.why));
  cr_assert_eq(t.why.reason.at[0].code, E0706);
  const Rep *lie = rep_of(&t.reps, kind_pseudovector(&t.reps, group_orthogonal(&t.groups, 2, false), &t.why), 1);
  cr_assert_eq(rep_restrict(&t.reps, lie, d4, &t.why), rep_of(&t.reps, kind_pseudovector(&t.reps, d4, &t.why), 1));
  const Group *o3 = group_orthogonal(&t.groups, 3, false), *so3 = group_orthogonal(&t.groups, 3, true);
  const Kind *space = kind_vector(&t.reps, o3, &t.why);
  const Rep *turned = rep_restrict(&t.reps, rep_of(&t.reps, space, 1), c4, &t.why);     /* a block on the first axes */
  cr_assert(turned->dim == 3 && turned->term[0].kind->trivial == 1);
  cr_assert_eq(rep_restrict(&t.reps, rep_of(&t.reps, space, 1), so3, &t.why)->term[0].kind,
      kind_vector(&t.reps, so3, &t.why));
  const Rep *plane = rep_restrict(&t.reps, rep_of(&t.reps, space, 1), group_orthogonal(&t.groups, 2, false), &t.why);
  cr_assert(plane->term[0].kind->trivial == 1 && commutant_dim(&t.reps, plane->term[0].kind, &t.why) == 2);
  cr_assert_null(rep_restrict(&t.reps, rep_of(&t.reps, kind_vector(&t.reps, so3, &t.why), 1), d4, &t.why));
  trial_close(&t);
}

/* [LANGUAGE 3.9] irrep(k): r turns by k/n, or is 1 or -1; m is diag(1, -1) or 1 */
Test(rep, irreps_of_turns) {
  Trial t;
  trial_open(&t);
  for (uint32_t n = 1; n <= 12; n++)
    for (int mirrors = 0; mirrors < 2; mirrors++) {
      const Group *g = mirrors ? group_dihedral(&t.groups, n) : group_cyclic(&t.groups, n);
      for (uint32_t k = 0; 2 * k <= n; k++) {
        const Kind *a = irrep(&t, g, k);
        cr_assert_eq(a->dim, k && 2 * k != n ? 2u : 1u);
        cr_assert_eq(commutant_dim(&t.reps, a, &t.why), a->dim == 2 && !mirrors ? 2u : 1u);
        for (uint32_t l = 0; l < k; l++) cr_assert_eq(hom_dim(&t.reps, a, irrep(&t, g, l), &t.why), 0u,
            "%u %u of %u", k, l, n);
      }
      cr_assert_null(irrep(&t, g, n / 2 + 1));
    }
  trial_close(&t);
}

/* regular: g carries the component of h to that of gh */
Test(rep, regular_and_elements) {
  Trial t;
  trial_open(&t);
  const Group *g = group_dihedral(&t.groups, 3);
  const Kind *r = kind_regular(&t.reps, g, &t.why), *v = kind_vector(&t.reps, g, &t.why);
  for (uint32_t e = 0; e < 6; e++) {
    double at[36], turn[4];
    kind_element(&t.reps, r, e, at);
    for (uint32_t h = 0; h < 6; h++)
      for (uint32_t i = 0; i < 6; i++) cr_assert_eq(at[i * 6 + h], i == element_times(g, e, h) ? 1 : 0);
    kind_element(&t.reps, v, e, turn);
    Matrix m = element_vector(&t.groups, g, e);
    for (uint32_t i = 0; i < 4; i++) cr_assert_eq(turn[i], exact_real(m.at[i]));
  }
  trial_close(&t);
}

/* [LANGUAGE 3.9] other groups: by dimension, then by characters; all of them, irreducible, of the right type */
Test(rep, irreps_of_other_groups) {
  Trial t;
  trial_open(&t);
  struct { const Group *g; uint32_t n; uint32_t dim[8], commutant[8]; } rows[] = {
    { trial_turns(&t, 'T'), 3, { 1, 2, 3 }, { 1, 2, 1 } },
    { trial_turns(&t, 'O'), 5, { 1, 1, 2, 3, 3 }, { 1, 1, 1, 1, 1 } },
    { trial_turns(&t, 'I'), 5, { 1, 3, 3, 4, 5 }, { 1, 1, 1, 1, 1 } },
    { trial_quaternions(&t), 5, { 1, 1, 1, 1, 4 }, { 1, 1, 1, 1, 4 } },
    { trial_symmetric(&t, 4), 5, { 1, 1, 2, 3, 3 }, { 1, 1, 1, 1, 1 } },
    { trial_symmetric(&t, 5), 7, { 1, 1, 4, 4, 5, 5, 6 }, { 1, 1, 1, 1, 1, 1, 1 } },
    { group_product(&t.groups, group_cyclic(&t.groups, 3), group_cyclic(&t.groups, 3)), 5, { 1, 2, 2, 2, 2 },
        { 1, 2, 2, 2, 2 } } };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    const Kind *all[8];
    for (uint32_t k = 0; k < rows[i].n; k++) {
      all[k] = irrep(&t, rows[i].g, k);
      cr_assert(all[k], "irrep(%u) of %.*s: %s", k, STR(rows[i].g->name),
          t.why.reason.n ? t.why.reason.at[0].text.at : "");
      cr_assert(all[k]->dim == rows[i].dim[k] && all[k]->orthogonal, "irrep(%u) of %.*s has %u", k,
          STR(rows[i].g->name), all[k]->dim);
      cr_assert_eq(commutant_dim(&t.reps, all[k], &t.why), rows[i].commutant[k], "irrep(%u) of %.*s", k,
          STR(rows[i].g->name));
      for (uint32_t l = 0; l < k; l++) cr_assert_eq(hom_dim(&t.reps, all[l], all[k], &t.why), 0u);
      if (all[k]->group == rows[i].g && rows[i].g->ngen) {
        t.why = (Why){ .arena = &t.arena };
        cr_assert_eq(kind_matrices(&t.reps, rows[i].g, S("again"), all[k]->matrix, &t.why), all[k],
            "its matrices multiply as the elements do");
      }
    }
    cr_assert_null(irrep(&t, rows[i].g, rows[i].n));
  }
  cr_assert_eq(irrep(&t, trial_turns(&t, 'T'), 0), kind_scalar(&t.reps));
  trial_close(&t);
}
