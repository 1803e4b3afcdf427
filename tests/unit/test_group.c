/* test_group.c: groups by their generators: orders, order of elements, subgroups [LANGUAGE 3.4, 3.9; RULES 11]. */
#include "rep_trial.h"

Test(group, elements_of_turns_stand_as_powers_then_mirrors) {
  Trial t;
  trial_open(&t);
  const Group *g = group_dihedral(&t.groups, 4);
  const Elements *e = group_elements(&t.groups, g, &t.why);
  const char *names[] = { "1", "r", "r^2", "r^3", "m", "r m", "r^2 m", "r^3 m" };
  for (int i = 0; i < 8; i++) cr_assert(str_is(e->name[i], names[i]), "%d: %.*s", i, STR(e->name[i]));
  for (uint32_t a = 0; a < 8; a++)
    for (uint32_t b = 0; b < 8; b++) {               /* products are those of the matrices         */
      Matrix x = element_vector(&t.groups, g, a), y = element_vector(&t.groups, g, b);
      Matrix z = element_vector(&t.groups, g, element_times(g, a, b));
      for (int k = 0; k < 4; k++) {
        const Exact *sum = exact_add(t.pool, exact_mul(t.pool, x.at[k / 2 * 2], y.at[k % 2]),
            exact_mul(t.pool, x.at[k / 2 * 2 + 1], y.at[2 + k % 2]));
        cr_assert(exact_equal(sum, z.at[k]), "%u %u", a, b);
      }
    }
  for (uint32_t a = 0; a < 8; a++) cr_assert_eq(element_times(g, a, e->inverse[a]), 0u);
  cr_assert_eq(element_order(g, 1), 4u);
  cr_assert_eq(element_order(g, 5), 2u);
  trial_close(&t);
}

Test(group, written_equally_is_equal) {
  Trial t;
  trial_open(&t);
  Matrix m[2] = { trial_matrix(&t, 2, 1, (int64_t[]){ 0, -1, 1, 0 }),
      trial_matrix(&t, 2, 1, (int64_t[]){ 1, 0, 0, -1 }) };
  Str gen[2] = { S("r"), S("m") };
  const Group *mine = group_matrices(&t.groups, S("Mine"), gen, m, 2, &t.why);
  cr_assert_eq(mine, group_dihedral(&t.groups, 4));
  cr_assert(str_is(group_elements(&t.groups, mine, &t.why)->name[5], "r m"));
  cr_assert_neq(group_cyclic(&t.groups, 4), mine);
  cr_assert(group_cyclic(&t.groups, 4)->special && !mine->special && group_orthogonal(&t.groups, 3, true)->special);
  cr_assert_null(group_cyclic(&t.groups, 0));
  trial_close(&t);
}

Test(group, orders) {
  Trial t;
  trial_open(&t);
  cr_assert_eq(group_order(&t.groups, trial_turns(&t, 'T')), 12u);
  cr_assert_eq(group_order(&t.groups, trial_turns(&t, 'O')), 24u);
  cr_assert_eq(group_order(&t.groups, trial_turns(&t, 'I')), 60u);
  cr_assert_eq(group_order(&t.groups, trial_quaternions(&t)), 8u);
  cr_assert_eq(group_order(&t.groups, group_cyclic(&t.groups, 12)), 12u);
  cr_assert_eq(group_order(&t.groups, group_orthogonal(&t.groups, 1, false)), 2u);
  cr_assert_eq(group_order(&t.groups, group_orthogonal(&t.groups, 3, false)), 0u);
  uint64_t factorial = 1;
  for (uint32_t n = 2; n <= 12; n++) {
    factorial *= n;
    cr_assert_eq(group_order(&t.groups, trial_symmetric(&t, n)), factorial, "S%u", n);
  }
  cr_assert_eq(group_elements(&t.groups, trial_symmetric(&t, 5), &t.why)->n, 120u);
  trial_close(&t);
}

/* Two turns of the faces of the cube, on 48 stickers: their group has 73,483,200 elements. */
Test(group, faces_of_the_cube) {
  Trial t;
  trial_open(&t);
  uint32_t *image[2] = {
    trial_cycles(&t, 48, (uint32_t[]){ 1, 3, 8, 6, 0, 2, 5, 7, 4, 0, 9, 33, 25, 17, 0, 10, 34, 26, 18, 0, 11, 35, 27,
        19, 0, 0 }),
    trial_cycles(&t, 48, (uint32_t[]){ 9, 11, 16, 14, 0, 10, 13, 15, 12, 0, 1, 17, 41, 40, 0, 4, 20, 44, 37, 0, 6,
        22, 46, 35, 0, 0 }) };
  Str gen[2] = { S("U"), S("L") };
  const Group *g = group_permutations(&t.groups, S("Cube"), gen, image, 2, 48, &t.why);
  cr_assert_eq(group_order(&t.groups, g), 73483200u);
  cr_assert_null(group_elements(&t.groups, g, &t.why));
  cr_assert_eq(t.why.reason.at[0].code, E0703);
  /* 6 corners turn: 18 stickers, one orbit; 7 edges are never flipped: 2 orbits; 16 stickers stay. No element is
   * listed. */
  cr_assert_eq(hom_dim(&t.reps, kind_perm(&t.reps, g, &t.why), kind_scalar(&t.reps), &t.why), 1u + 2u + 16u);
  trial_close(&t);
}

Test(group, what_is_no_finite_group) {
  Trial t;
  trial_open(&t);
  Matrix shear = trial_matrix(&t, 2, 1, (int64_t[]){ 1, 1, 0, 1 }),
      flat = trial_matrix(&t, 2, 1, (int64_t[]){ 1, 0, 0, 0 });
  Str a = S("a");
  const Group *g = group_matrices(&t.groups, S("Shear"), &a, &shear, 1, &t.why);
  cr_assert_null(group_elements(&t.groups, g, &t.why));
  cr_assert_eq(t.why.reason.at[0].code, E0703);
  cr_assert_null(group_matrices(&t.groups, S("Flat"), &a, &flat, 1, &t.why));
  cr_assert_eq(t.why.reason.at[1].code, E0701);
  cr_assert_null(group_elements(&t.groups, group_orthogonal(&t.groups, 2, true), &t.why));
  trial_close(&t);
}

Test(group, subgroups_by_their_elements) {
  Trial t;
  trial_open(&t);
  const Group *d4 = group_dihedral(&t.groups, 4);
  Matrix exchange = trial_matrix(&t, 2, 1, (int64_t[]){ 0, 1, 1, 0 });
  Str d = S("d");
  const Group *diagonal = group_matrices(&t.groups, S("Diagonal"), &d, &exchange, 1, &t.why);
  const uint32_t *map = group_embed(&t.groups, diagonal, d4, &t.why);
  cr_assert(map && map[0] == 0 && map[1] == 5, "the exchange of axes is r m");
  const uint32_t *c2 = group_embed(&t.groups, group_cyclic(&t.groups, 2), d4, &t.why);
  cr_assert(c2 && c2[1] == 2);
  cr_assert_null(group_embed(&t.groups, group_cyclic(&t.groups, 3), d4, &t.why));
  cr_assert_eq(t.why.reason.at[0].code, E0706);
  const uint32_t *block = group_embed(&t.groups, group_cyclic(&t.groups, 4), trial_turns(&t, 'O'), &t.why);
  cr_assert(block && element_order(trial_turns(&t, 'O'), block[1]) == 4);
  const uint32_t *s3 = group_embed(&t.groups, trial_symmetric(&t, 3), trial_symmetric(&t, 5), &t.why);
  cr_assert(s3 && element_order(trial_symmetric(&t, 5), s3[2]) == element_order(trial_symmetric(&t, 3), 2));
  bool m0[8] = { [0] = true, [4] = true }, m1[8] = { [0] = true, [6] = true }, m2[8] = { [0] = true, [5] = true };
  cr_assert(subgroup_conjugate(&t.groups, d4, m0, m1));
  cr_assert_not(subgroup_conjugate(&t.groups, d4, m0, m2), "mirrors in axes and in diagonals are two classes");
  trial_close(&t);
}

Test(group, products) {
  Trial t;
  trial_open(&t);
  const Group *c4 = group_cyclic(&t.groups, 4), *s3 = trial_symmetric(&t, 3), *g = group_product(&t.groups, c4, s3);
  const Elements *e = group_elements(&t.groups, g, &t.why);
  cr_assert_eq(e->n, 24u);
  cr_assert_eq(g->ngen, 3u);
  cr_assert_eq(group_order(&t.groups, group_product(&t.groups, g, group_cyclic(&t.groups, 2))), 48u);
  const uint32_t *in_first = group_embed(&t.groups, c4, g, &t.why), *in_second = group_embed(&t.groups, s3, g, &t.why);
  cr_assert(in_first && in_second);
  for (uint32_t a = 0; a < 4; a++)
    for (uint32_t b = 0; b < 6; b++)
      cr_assert_eq(element_times(g, in_first[a], in_second[b]), element_times(g, in_second[b], in_first[a]));
  trial_close(&t);
}
