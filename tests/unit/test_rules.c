/* test_rules.c: one small program for each clause of lang/spec.md; the test's name says which.
 *
 * REFUSED(clause, code, line, program): exactly one error, of that code, in that line, with a witness where the clause
 * promises one. ACCEPTED(clause, program): no error. FACT reads something off the checked program. */
#include "front/check.h"
#include "front/program.h"
#include <criterion/criterion.h>
#include <math.h>

typedef struct Checked { Arena arena; Sources sources; Diags diags; Program *program; } Checked;

static void check_text(Checked *k, const char *text) {
  memset(k, 0, sizeof *k);
  k->sources.arena = k->diags.arena = &k->arena;
  k->diags.sources = &k->sources;
  uint32_t source = source_add(&k->sources, S("test.gdl"), str_of(text));
  const Ast *file = ast_parse(&k->arena, &k->diags, source);
  k->program = k->diags.nerrors ? NULL : program_check(&k->arena, &k->diags, file, S("."));
}
static void close_text(Checked *k) {
  if (k->program) program_close(k->program);
  arena_free(&k->arena);
}

static void expect(const char *text, Code code, uint32_t line, bool witness) {
  Checked k;
  check_text(&k, text);
  uint32_t found = 0;
  for (uint32_t i = 0; i < k.diags.all.n; i++) {
    const Diag *d = k.diags.all.at[i];
    if (code_warns(d->code) && d->code != code) continue;
    Place p = span_place(&k.sources, d->at);
    found++;
    cr_expect_eq(d->code, code, "%s: %.*s, not %s", code_name(d->code), STR(d->message), code_name(code));
    cr_expect_eq(p.line, line, "%s in line %u, not %u", code_name(d->code), p.line, line);
    cr_expect(!witness || d->witness.n > 0, "%s has no witness", code_name(code));
  }
  cr_expect_eq(found, 1, "%u reports, not one", found);
  close_text(&k);
}

static void accept(const char *text) {
  Checked k;
  check_text(&k, text);
  for (uint32_t i = 0; i < k.diags.all.n; i++) {
    const Diag *d = k.diags.all.at[i];
    cr_expect(code_warns(d->code), "%s: %.*s", code_name(d->code), STR(d->message));
  }
  cr_expect(k.program != NULL);
  close_text(&k);
}

#define REFUSED(clause, code, line, text) Test(rules, clause) { expect(text, code, line, true); }
#define REFUSED_BARE(clause, code, line, text) Test(rules, clause) { expect(text, code, line, false); }
#define WARNED(clause, code, line, text) Test(rules, clause) { expect(text, code, line, false); }
#define ACCEPTED(clause, text) Test(rules, clause) { accept(text); }

#define D4 "group G = D(4)\n"
#define C4 "group G = C(4)\n"
#define GRID "domain X = grid(12, 12)\n"
#define TORUS "domain X = torus(12, 12)\n"
#define SET "domain V = set\n"

/* --- domains ---------------------------------------------------------------------------------- */
REFUSED(grid_1_two_groups, E0408, 3,
  "group A = D(4)\ngroup B = C(4)\ndomain X = grid(4, 4)\nmodel m(x: scalar on X) -> (y: scalar on X) { y = x }")
ACCEPTED(grid_1_of,
  "group A = D(4)\ngroup B = C(4)\ndomain X = grid(4, 4) of A\nmodel m(x: scalar on X) -> (y: scalar on X) { y = x }")
REFUSED(grid_2_sides, E0406, 2, C4 "domain X = grid(4, 6)\nmodel m(x: scalar on X) -> (y: scalar on X) { y = x }")
ACCEPTED(grid_2_no_exchange,
  "group G = D(2)\ndomain X = grid(4, 6)\nmodel m(x: scalar on X) -> (y: scalar on X) { y = x }")
ACCEPTED(grid_4_back_to_the_declared_torus, TORUS
  "model m(x: scalar on X) -> (y: scalar on X) {\n  break let low = mean_pool(x, 2)\n"
  "  y = x + upsample(low, by: 2)\n  claim residual(y) == translations(2)\n}")
REFUSED(grid_4_other_torus, E0202, 5, TORUS "domain Z = torus(6, 6)\n"
  "model m(x: scalar on X, z: scalar on Z) -> (y: scalar on _) {\n  break let low = mean_pool(x, 2)\n  y = low + z\n}")
REFUSED_BARE(orbit_2_set, E0903, 3,
  SET "model m(x: 4 scalar on V) -> (y: 4 scalar on V) {\n  param place: 4 scalar on orbits(V)\n  y = x\n}")

/* --- sums and products ------------------------------------------------------------------------ */
REFUSED(sum_1_kinds, E0202, 4,
  D4 SET "model m(v: vector on V, w: irrep(2) + sign on V) -> (y: vector on V) {\n  y = v + w\n}")
REFUSED(sum_1_sign, E0202, 4, D4 SET "model m(s: scalar on V, t: sign on V) -> (y: scalar on V) {\n  y = s + t\n}")
ACCEPTED(sum_2_one_scalar, SET "model m(x: 8 scalar on V, s: scalar on V) -> (y: 8 scalar on V) { y = x + s }")
ACCEPTED(sum_3_number, D4 SET "model m(x: 3 regular on V) -> (y: 3 regular on V) { y = 1 + x }")
REFUSED_BARE(sum_3_number_on_a_vector, E0202, 4, D4 SET "model m(v: vector on V) -> (y: vector on V) {\n  y = v + 1\n}")
REFUSED_BARE(sum_4_domains, E0202, 4,
  SET "domain W = set\nmodel m(x: scalar on V, w: scalar on W) -> (y: scalar on V) {\n  y = x + w\n}")
ACCEPTED(sum_4_everywhere, SET "model m(x: scalar on V, w: scalar) -> (y: scalar on V) { y = x + w }")
ACCEPTED(mul_1_copies,
  D4 SET "model m(v: 3 vector on V, s: 3 scalar on V) -> (y: 3 vector on V) { y = v * s / (1 + s^2) }")
REFUSED_BARE(mul_1_copies_that_do_not_meet, E0202, 4,
  D4 SET "model m(v: 3 vector on V, s: 2 scalar on V) -> (y: 3 vector on V) {\n  y = v * s\n}")
ACCEPTED(mul_2_sign,
  D4 SET "model m(v: 2 vector + scalar on V, s: sign on V) -> (y: sign + 2 pseudovector on V) { y = s * v }")
ACCEPTED(mul_3_components, D4 SET "model m(v: 3 regular on V, w: regular on V) -> (y: 3 regular on V) { y = v * w }")
REFUSED(mul_4_vectors, E0205, 4, D4 SET "model m(v: vector on V, w: vector on V) -> (y: vector on V) {\n  y = v * w\n}")
REFUSED(mul_4_divisor, E0205, 4, D4 SET "model m(v: vector on V, w: vector on V) -> (y: vector on V) {\n  y = v / w\n}")
REFUSED_BARE(scale_1_groups, E0111, 3,
  SET "model m(x: 8 scalar on V, s: 3 scalar on V) -> (y: 8 scalar on V) {\n  y = scale(x, by: s)\n}")
ACCEPTED(slice_2_types,
  D4 SET "model m(x: 4 scalar + 2 vector on V) -> (y: scalar + vector on V) { let a, b = split(x, scalar + vector, 3 "
      "scalar + vector); y = a }")
REFUSED_BARE(slice_1_parts, E0111, 3,
  SET "model m(x: 8 scalar on V) -> (y: 3 scalar on V) {\n  let a, b, c = split(x, 3)\n  y = a\n}")

/* --- pointwise -------------------------------------------------------------------------------- */
ACCEPTED(pointwise_1_regular, D4 SET "model m(x: 2 regular on V) -> (y: 2 regular on V) { y = relu(exp(x)) }")
REFUSED(pointwise_2_neither, E0204, 4, D4 SET "model m(x: vector on V) -> (y: vector on V) {\n  y = relu(x)\n}")
ACCEPTED(pointwise_2_odd_and_even,
  D4 SET "model m(x: sign on V) -> (y: sign on V, z: 2 scalar on V) { y = tanh(x)^3; z = [abs(x), x^2] }")
REFUSED(pointwise_4_mixes, E0203, 4,
  "group G = C(3)\n" SET "model m(x: vector on V) -> (y: vector on V) {\n  y = tanh(x)\n}")
ACCEPTED(pointwise_4_linear, "group G = C(3)\n" SET "model m(x: vector on V) -> (y: vector on V) { y = x^1 }")
ACCEPTED(pointwise_5_what_is_left, D4 SET
  "group K = matrices { d = [[0, 1], [1, 0]] }\nmodel m(x: vector of G on V) -> (y: vector of G on V) {\n"
  "  break y = relu(x)\n  claim residual(y) == K\n}")

/* --- weights ---------------------------------------------------------------------------------- */
REFUSED(linear_2_no_map, E0212, 4, D4 SET "model m(x: vector on V) -> (y: scalar on V) {\n  y = linear(x, scalar)\n}")
REFUSED_BARE(product_1_no_path, E0211, 4,
  D4 SET "model m(x: vector on V, s: scalar on V) -> (y: sign on V) {\n  y = tensor(x, s, sign)\n}")
ACCEPTED(product_1_paths,
  D4 SET "model m(x: vector on V) -> (y: scalar + irrep(2) on V) { y = tensor(x, x, scalar + irrep(2)) }")
REFUSED(proof_6_smaller_group, E0214, 4,
  D4 GRID "model m(x: scalar on X) -> (y: regular of C(4) on X) {\n"
  "  y = conv(x, regular of C(4), kernel: 3, pad: 1)\n}")
REFUSED(param_1_moves, E0201, 4,
  D4 SET "model m(x: vector on V) -> (y: vector on V) {\n  param b: vector\n  y = x + b\n}")
ACCEPTED(param_1_group_that_does_not_act,
  "group G = D(4)\n" SET "model m(x: scalar on V) -> (y: scalar on V) {\n  param b: vector\n  y = x + dot(b, b)\n}")
REFUSED(param_2_set, E0301, 3,
  "domain V = set(5)\nmodel m(x: scalar on V) -> (y: scalar on V) {\n  param b: scalar on V\n  y = x + b\n}")
REFUSED(param_2_torus, E0301, 3,
  TORUS "model m(x: scalar on X) -> (y: scalar on X) {\n  param b: scalar on X\n  y = x + b\n}")
ACCEPTED(param_2_line,
  "domain T = line(9)\nmodel m(x: scalar on T) -> (y: scalar on T) {\n  param b: scalar on T\n  y = x + b\n}")
ACCEPTED(param_3_every_vector,
  D4 SET "model m(x: vector on V) -> (y: vector on V) {\n  break param b: vector\n  y = x + b\n"
  "  claim residual(y) == C(1)\n}")
ACCEPTED(param_4_these_numbers, D4 SET "group K = matrices { m = [[1, 0], [0, -1]] }\n"
  "model m(x: vector of G on V) -> (y: vector of G on V) {\n  break let b: vector of G = [1, 0]\n  y = x + b\n"
  "  claim residual(y) == K\n}")
WARNED(param_3_nothing_broken, W8, 4,
  D4 SET "model m(x: scalar on V) -> (y: scalar on V) {\n  break param b: scalar\n  y = x + b\n}")

Test(rules, param_3_no_warning_where_break_is_needed) {
  Checked k;
  check_text(&k, D4 SET "model m(v: vector on V) -> (y: 2 scalar on V) {\n  break param b: vector\n"
  "  break y = components(v + b)\n}");
  for (uint32_t i = 0; i < k.diags.all.n; i++) cr_expect_neq(k.diags.all.at[i]->code, W8);
  close_text(&k);
}
WARNED(grid_6_break_that_is_not_needed, W8, 3,
  GRID "model m(x: scalar on X) -> (y: scalar on _) {\n  break y = conv(x, scalar, kernel: 3, stride: 2, pad: 1)\n}")

/* --- invariants and doors --------------------------------------------------------------------- */
REFUSED(form_1_shear, E0208, 4,
  "group Z = matrices { a = [[0, -1], [1, 1]] }\n" SET "model m(x: vector on V) -> (y: scalar on V) {\n"
  "  y = norm(x)\n}")
ACCEPTED(form_2_sign, D4 SET "model m(v: vector on V, w: pseudovector on V) -> (y: sign on V) { y = dot(v, w) }")
REFUSED(pool_1_vector, E0203, 4, D4 SET "model m(v: vector on V) -> (y: scalar on V) {\n  y = group_pool(v)\n}")
REFUSED(components_1, E0209, 4, D4 SET "model m(v: vector on V) -> (y: 2 scalar on V) {\n  y = components(v)\n}")
ACCEPTED(components_1_broken,
  D4 SET "model m(v: vector on V) -> (y: 2 scalar on V) {\n  break y = components(v)\n  claim residual(y) == C(1)\n}")
REFUSED_BARE(restrict_1_subgroup, E0706, 4,
  D4 SET "model m(v: vector on V) -> (y: vector of C(3) on V) {\n  break y = restrict(v, C(3))\n}")
REFUSED(grad_1_field, E0213, 4, D4 SET "model m(v: vector on V) -> (y: vector on V) {\n  y = grad(norm(v), v)\n}")
ACCEPTED(grad_1, D4 SET "model m(v: vector on V) -> (y: vector on V) { y = grad(sum(norm(v)), v) }")
ACCEPTED(average_1,
  "use nn\n" D4 "model m(v: vector) -> (y: vector) {\n  let f = mlp(_, 8, 2)\n"
  "  y = symmetrize(v, f, over: G, out: vector)\n  claim residual(y) == G\n}")
REFUSED(average_1_less, E0214, 4,
  D4 SET "model m(w: vector on V, v: scalar) -> (y: scalar) {\n"
  "  y = symmetrize(v, _ |> linear(1), over: C(4), out: scalar)\n}")

/* --- grids ------------------------------------------------------------------------------------ */
REFUSED(grid_6_conv, E0401, 4,
  C4 GRID "model m(x: scalar on X) -> (y: scalar on _) {\n  y = conv(x, scalar, kernel: 3, stride: 2, pad: 1)\n}")
REFUSED(grid_6_pool, E0401, 4,
  C4 "domain X = grid(9, 9)\nmodel m(x: scalar on X) -> (y: scalar on _) {\n  y = max_pool(x, 2)\n}")
ACCEPTED(grid_6_nothing_flips,
  GRID "model m(x: scalar on X) -> (y: scalar on _) { y = conv(x, scalar, kernel: 3, stride: 2, pad: 1) }")
ACCEPTED(grid_6_diagonal, "group G = D(4)\ngroup K = matrices { d = [[0, 1], [1, 0]] }\ndomain X = grid(12, 12) of G\n"
  "model m(x: scalar on X) -> (y: scalar on _) {\n  break y = conv(x, scalar, kernel: 3, stride: 2, pad: 1)\n"
  "  claim residual(y) == K\n}")
REFUSED(grid_8_stride, E0403, 3,
  TORUS "model m(x: scalar on X) -> (y: scalar on _) {\n  y = conv(x, scalar, kernel: 3, stride: 2)\n}")
ACCEPTED(grid_8_mirrors_after_a_stride, D4 TORUS
  "model m(x: scalar on X) -> (y: scalar on _) {\n  break y = conv(x, scalar, kernel: 3, stride: 2)\n"
  "  claim residual(y) == translations(2) * G\n}")
REFUSED(grid_8_even_kernel, E0202, 4,
  D4 TORUS "model m(x: scalar on X) -> (y: scalar on X) {\n  y = x + conv(x, scalar, kernel: 2)\n}")
ACCEPTED(grid_8_even_kernel_without_flips,
  TORUS "model m(x: scalar on X) -> (y: scalar on X) { y = x + conv(x, scalar, kernel: 2) }")
ACCEPTED(grid_8_centres_that_differ, D4
  "domain X = torus(12, 12) of G\nmodel m(x: scalar on X) -> (y: scalar) {\n"
  "  break let a = mean(conv(x, scalar, kernel: 3, stride: 2))\n"
  "  break let b = mean(conv(x, scalar, kernel: 2, stride: 2))\n"
  "  y = a + b\n  claim residual(y) == translations(2)\n  claim residual(a) == G\n  claim residual(y) == K\n"
  "}\ngroup K = matrices { d = [[0, 1], [1, 0]] }")
REFUSED(grid_9_nothing_left, E0409, 3,
  "domain X = grid(3, 3)\nmodel m(x: scalar on X) -> (y: scalar on _) {\n  y = conv(x, scalar, kernel: 5)\n}")
REFUSED_BARE(grid_9_pad, E0111, 3,
  TORUS "model m(x: scalar on X) -> (y: scalar on _) {\n  y = conv(x, scalar, kernel: 3, pad: 1)\n}")
REFUSED(grid_11_no_kernel, E0212, 4,
  D4 GRID "model m(x: scalar on X) -> (y: sign on X) {\n  y = conv(x, sign, kernel: 3, pad: 1)\n}")
REFUSED_BARE(grid_12_groups, E0111, 3,
  GRID "model m(x: 4 scalar on X) -> (y: 6 scalar on _) {\n  y = conv(x, 6, kernel: 3, groups: 4)\n}")
REFUSED(grid_13_max, E0203, 4, D4 GRID "model m(x: vector on X) -> (y: vector on _) {\n  y = max_pool(x, 2)\n}")
ACCEPTED(grid_13_mean, D4 GRID "model m(x: vector on X) -> (y: vector on _) { y = mean_pool(x, 2) }")
REFUSED(grid_14_head, E0405, 3,
  "group G = C(8)\ndomain X = grid(9, 9)\nmodel m(x: scalar on X) -> (y: scalar) {\n  y = mean(x)\n}")
REFUSED(grid_14_torus, E0405, 3,
  "group G = C(8)\ndomain X = torus(9, 9)\nmodel m(x: scalar on X) -> (y: scalar) {\n  y = mean(x)\n"
  "  claim equivariant(y, G, within: 0.1)\n}")
REFUSED(grid_14_claim, E0405, 6,
  "group G = C(8)\ndomain X = grid(9, 9)\nmodel m(x: scalar on X) -> (y: scalar) {\n  y = mean(x)\n"
  "  claim equivariant(y, G, within: 0.1)\n  claim equivariant(y, G)\n}")
REFUSED_BARE(grid_5_set, E0106, 3,
  SET "model m(x: scalar on V) -> (y: scalar on V) {\n  y = conv(x, scalar, kernel: 3)\n}")

/* --- many elements ---------------------------------------------------------------------------- */
REFUSED(reduce_3_max, E0203, 4, D4 SET "model m(x: vector on V) -> (y: vector) {\n  y = max(x, empty: 0)\n}")
REFUSED(reduce_4_empty, E0307, 3, SET "model m(x: scalar on V) -> (y: scalar) {\n  y = max(x)\n}")
ACCEPTED(reduce_4_never_empty, "domain V = set(5)\nmodel m(x: scalar on V) -> (y: scalar) { y = max(x) }")
REFUSED(reduce_4_where, E0307, 3,
  "domain V = set(5)\nmodel m(x: scalar on V) -> (y: scalar) {\n  y = max(x, where: x < 1)\n}")
REFUSED(softmax_1_sign, E0207, 4, D4 SET "model m(x: sign on V) -> (y: scalar on V) {\n  y = softmax(x)\n}")
REFUSED_BARE(index_1_domain, E0202, 5,
  SET "domain W = set\nmodel m(x: scalar on W) -> (y: scalar on V) {\n  let e = complete(V)\n"
  "  y = sum(x[e.src], at: e.dst)\n}")
REFUSED(pairs_2_causal, E0304, 3,
  SET "model m(x: scalar on V) -> (y: scalar on V) {\n  let e = causal(V)\n  y = sum(x[e.src], at: e.dst)\n}")
REFUSED(scan_1_set, E0304, 4,
  "use nn\n" SET "model m(x: 2 scalar on V) -> (y: 2 scalar on V) {\n  y = scan(x, gru, 2 scalar)\n}")
ACCEPTED(scan_2_line,
  "use nn\ndomain T = line(5)\nmodel m(x: 2 scalar on T) -> (y: 3 scalar on T) { y = scan(x, gru, 3 scalar) }")

/* --- claims ----------------------------------------------------------------------------------- */
REFUSED(claim_1_false, E0801, 6,
  D4 SET "model m(v: vector on V) -> (y: vector on V) {\n  break param z: vector\n  y = v + z\n"
  "  claim equivariant(y, D(4))\n}")
REFUSED_BARE(claim_1_no_subgroup, E0706, 5,
  D4 SET "model m(v: vector on V) -> (y: vector on V) {\n  y = v\n  claim equivariant(y, C(3))\n}")
REFUSED(claim_2_window, E0402, 4,
  GRID "model m(x: scalar on X) -> (y: scalar on X) {\n  y = conv(x, scalar, kernel: 3, pad: 1)\n"
  "  claim equivariant(y, translations)\n}")
REFUSED(claim_2_strides, E0403, 4,
  "domain X = grid(12, 12)\nmodel m(x: scalar on X) -> (y: scalar on _) {\n  y = mean_pool(x, 2)\n"
  "  claim equivariant(y, translations, interior: 0)\n}")
ACCEPTED(claim_2_interior,
  GRID "model m(x: scalar on X) -> (y: scalar on _) {\n"
  "  y = mean_pool(conv(x, scalar, kernel: 5, pad: 2), 2)\n  claim equivariant(y, translations(2), interior: 1)\n}")
REFUSED(claim_2_sum_over_a_window, E0402, 4,
  GRID "model m(x: scalar on X) -> (y: scalar on X) {\n  y = x - mean(x)\n"
  "  claim equivariant(y, translations, interior: 2)\n}")
REFUSED(claim_2_place, E0402, 5,
  GRID "model m(x: scalar on X) -> (y: scalar on X) {\n  param p: scalar on X\n  y = x + p\n"
  "  claim equivariant(y, translations, interior: 2)\n}")
REFUSED_BARE(claim_4_residual, E0801, 5,
  D4 SET "model m(v: vector on V) -> (y: vector on V) {\n  y = v\n  claim residual(y) == C(4)\n}")
ACCEPTED(claim_5_smooth,
  SET "model m(x: scalar on V) -> (y: scalar on V) {\n  y = tanh(elu(x))\n  claim smooth(y) >= 1\n}")
REFUSED(claim_5_relu, E0801, 4,
  SET "model m(x: scalar on V) -> (y: scalar on V) {\n  y = tanh(relu(x))\n  claim smooth(y) >= 1\n}")
WARNED(claim_6_weaker, W7, 5,
  D4 SET "model m(v: vector on V) -> (y: vector on V) {\n  y = v\n  claim equivariant(y, C(4))\n}")
WARNED(model_2_zero, W5, 4,
  D4 SET "model m(v: vector on V) -> (y: scalar + vector on V) {\n  y = linear(v, scalar + vector, bias: false)\n}")

#define TWO "group A = D(4)\ngroup B = permutations { a = (1 2 3); b = (1 2) }\n"
ACCEPTED(claim_1_a_factor_of_a_product, TWO
  "model m(v: vector of A, w: perm of B) -> (y: vector of C(4), z: perm of B) {\n  break y = restrict(v, C(4))\n"
  "  z = w\n  claim equivariant(y, B)\n  claim equivariant(y, C(4))\n  claim residual(y) == C(4) * B\n}")
REFUSED(claim_1_a_factor_that_shrank, E0801, 5, TWO
  "model m(v: vector of A, w: perm of B) -> (y: vector of C(4), z: perm of B) {\n  break y = restrict(v, C(4)); z = w\n"
  "  claim equivariant(y, A)\n}")
ACCEPTED(claim_1_more_elements_than_can_be_listed,
  "group G = permutations { a = (1 2 3 4 5 6 7 8 9 10 11 12); b = (1 2) }\n"
  "model m(x: perm) -> (y: 3 perm) {\n  y = relu(linear(x, 3 perm))\n  claim equivariant(y, G)\n"
  "  claim residual(y) == G\n}")
ACCEPTED(scan_1_reversed_under_break, "use nn\ngroup G = O(1)\ndomain T = line(4)\n"
  "model m(x: 2 scalar on T) -> (y: 2 scalar on T) {\n  break y = scan(x, gru, 2 scalar)\n"
  "  claim residual(y) == C(1)\n}")
ACCEPTED(grid_11_values_beside_pixels, "group A = D(4)\ngroup B = permutations { a = (1 2 3); b = (1 2) }\n"
  "domain X = grid(9, 9) of A\nmodel m(x: perm of B on X) -> (y: 4 perm of B on X) {\n"
  "  y = conv(x, 4 perm of B, kernel: 3, pad: 1)\n  claim equivariant(y, A * B)\n}")

/* --- facts ------------------------------------------------------------------------------------ */
static const Weight *weight_of(const Model *m, const char *name) {
  for (uint32_t i = 0; i < m->weight.n; i++)
    if (str_is(m->weight.at[i]->name, name)) return m->weight.at[i];
  cr_assert(false, "no weight %s", name);
  return NULL;
}

Test(rules, linear_4_names_and_5_variance) {
  Checked k;
  check_text(&k, "group G = D(4)\ndomain X = grid(28, 28)\n"
                 "model m(image: scalar on X) -> (y: 10 scalar) {\n"
                 "  y = image |> conv(8 regular, kernel: 5, pad: 2) |> batch_norm |> relu |> max_pool(2)\n"
                 "            |> conv(16 regular, kernel: 3, pad: 1) |> mean |> group_pool |> linear(10)\n}");
  cr_assert(k.program);
  const Model *m = k.program->model.at[0];
  static const struct { const char *name; uint64_t dim[3]; double scale; } row[] = {
  { "conv1.weight.scalar.regular", { 25, 1, 8 }, 0 }, { "conv1.bias.regular", { 1, 8, 1 }, 0 }, { "batch_norm1.scale",
      { 8, 1, 1 }, 0 },
  { "batch_norm1.shift", { 8, 1, 1 }, 0 }, { "batch_norm1.mean", { 8, 1, 1 }, 0 }, { "batch_norm1.variance",
      { 8, 1, 1 }, 0 },
  { "conv2.weight.regular", { 72, 8, 16 }, 0 }, { "linear1.weight", { 1, 16, 10 }, 0 }, { "linear1.bias", { 1, 10, 1 },
      0 },
  };
  for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
    const Weight *w = weight_of(m, row[i].name);
    uint64_t count = row[i].dim[0] * row[i].dim[1] * row[i].dim[2];
    cr_expect_eq(w->count, count, "%s has %llu numbers", row[i].name, (unsigned long long)w->count);
    cr_expect_eq(w->dim[0], row[i].dim[0], "%s begins with %llu", row[i].name, (unsigned long long)w->dim[0]);
  }
  cr_expect_float_eq(weight_of(m, "conv1.weight.scalar.regular")->scale, sqrt(8.0 / 25), 1e-15);
  cr_expect_float_eq(weight_of(m, "conv2.weight.regular")->scale, sqrt(8.0 / (72 * 8)), 1e-15);
  cr_expect_float_eq(weight_of(m, "linear1.weight")->scale, sqrt(1.0 / 16), 1e-15);
  cr_expect(!weight_of(m, "batch_norm1.variance")->trained);
  close_text(&k);
}

Test(rules, orbit_1_relative_positions) {
  Checked k;
  check_text(&k, "use nn\ndomain T = cycle(16)\nmodel m(x: 8 scalar on T) -> (y: 8 scalar on T) {\n"
                 "  let all = complete(T)\n  y = sum(relative(all, 1) * x[all.src], at: all.dst)\n}");
  cr_assert(k.program);
  cr_expect_eq(model_parameters(k.program->model.at[0]), 16);
  close_text(&k);
}

Test(rules, orbit_1_pixels_under_D4) {
  Checked k;
  check_text(&k, "group G = D(4)\ndomain X = grid(28, 28)\nmodel m(x: 4 scalar on X) -> (y: 4 scalar on X) {\n"
                 "  param place: 4 scalar on orbits(X)\n  y = x + place[orbit(X)]\n}");
  cr_assert(k.program);
  cr_expect_eq(model_parameters(k.program->model.at[0]), 420);
  close_text(&k);
}
