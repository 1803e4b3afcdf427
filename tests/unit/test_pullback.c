/* test_pullback.c: laws over all ops: derivatives against central differences, twice; equivariance of values and of
 * all derivatives under D(4), permutations of sets and of the batch; the type rule on everything that graph_grad makes.
 *
 * Tolerances: central differences with step h err by h^2 f''' / 6 and by rounding, 2^-53 f / h; at h = 1e-5 and
 * numbers of order 1 to 100 that is 1e-9 to 1e-8, so 1e-7 at first order; the second order differentiates what is
 * larger by the size of a slope, so 1e-6. */
#include "graph_cases.h"
#include <criterion/criterion.h>

static double value_at(Case *c, Val v) {
  Why why = { .arena = c->arena };
  double **values = case_values(c, c->g, NULL, NULL, &why);
  cr_assert(values, "%s", why.reason.n ? why.reason.at[0].text.at : "");
  double x = values[v][0];
  values_free(c->g, values);
  return x;
}

/* The largest difference between `of` and central differences of f, relative to the largest slope. */
static double against_differences(Case *c, const Derived *d, Val f, const Val *of) {
  double **values = case_values(c, c->g, NULL, NULL, NULL), worst = 0, most = 1e-3;
  for (uint32_t i = 0; i < d->n; i++) {
    if (!c->data[i]) continue;
    uint64_t count = shape_count(&c->g->node.at[c->x[i]].shape, case_sizes), step = count > 12 ? count / 12 : 1;
    for (uint64_t k = 0; k < count; k += step) {
      double x = c->data[i][k], h = 1e-5;
      c->data[i][k] = x + h;
      double above = value_at(c, f);
      c->data[i][k] = x - h;
      double below = value_at(c, f), slope = of[i] ? values[of[i]][k] : 0, difference = (above - below) / (2 * h);
      c->data[i][k] = x;
      if (fabs(difference) > most) most = fabs(difference);
      if (fabs(difference - slope) > worst) worst = fabs(difference - slope);
    }
  }
  values_free(c->g, values);
  return worst / most;
}

Test(pullback, first_and_second_order_agree_with_central_differences) {
  for (int i = 0; i < CASES; i++) {
    if (cases[i].build == case_stop) continue;                /* its slope is meant to differ */
    Arena arena = { 0 };
    Case c;
    case_open(&c, &arena, 7 + (uint64_t)i);
    Derived d = derive(&c, cases[i].build(&c));
    double first = against_differences(&c, &d, d.f, d.first), second = against_differences(&c, &d, d.pairing, d.second);
    cr_expect_lt(first, 1e-7, "%s: first order %.1e", cases[i].name, first);
    cr_expect_lt(second, 1e-6, "%s: second order %.1e", cases[i].name, second);
    case_close(&c);
    arena_free(&arena);
  }
}

Test(pullback, type_rule_accepts_values_and_derivatives_of_every_op) {
  for (int i = 0; i < CASES; i++) {
    Arena arena = { 0 };
    Case c;
    case_open(&c, &arena, 7);
    derive(&c, cases[i].build(&c));
    Why why = { .arena = &arena };
    cr_expect(graph_verify(c.g, &why), "%s: %s", cases[i].name, why.reason.n ? why.reason.at[0].text.at : "");
    case_close(&c);
    arena_free(&arena);
  }
}

/* Every real value of the Graph, derivatives included, moves as its axes say when the inputs do. */
static void expect_equivariant(Case *c, const char *name, uint32_t gen) {
  double *moved[INPUTS_MOST] = { 0 };
  int32_t *imoved[INPUTS_MOST] = { 0 };
  for (uint32_t i = 0; i < c->n; i++) {
    const Shape *s = &c->g->node.at[c->x[i]].shape;
    uint64_t count = shape_count(s, case_sizes);
    double *x = calloc(count + 1, sizeof *x);
    moved[i] = calloc(count + 1, sizeof *x);
    imoved[i] = calloc(count + 1, sizeof(int32_t));
    for (uint64_t k = 0; k < count; k++)
      x[k] = c->data[i] ? c->data[i][k] : row_image(c->g, c->points_to[i], gen, (uint32_t)c->idata[i][k],
          c->g->dom.at[c->points_to[i]].n);
    act(c->g, s, gen, x, moved[i]);
    for (uint64_t k = 0; k < count; k++) imoved[i][k] = (int32_t)moved[i][k];
    free(x);
  }
  double **before = case_values(c, c->g, NULL, NULL, NULL), **after = case_values(c, c->g, moved, imoved, NULL);
  cr_assert(before && after);
  for (Val v = 1; v < c->g->node.n; v++) {
    const Node *n = &c->g->node.at[v];
    if (n->shape.number != NUMBER_REAL) continue;
    uint64_t count = shape_count(&n->shape, case_sizes);
    double *want = calloc(count + 1, sizeof *want), worst = 0, most = 1;
    act(c->g, &n->shape, gen, before[v], want);
    for (uint64_t k = 0; k < count; k++) {
      if (want[k] == after[v][k]) continue;                   /* infinities */
      if (fabs(want[k]) > most) most = fabs(want[k]);
      if (!(fabs(want[k] - after[v][k]) <= worst)) worst = fabs(want[k] - after[v][k]);
    }
    cr_expect(worst <= 1e-11 * most, "%s, generator %u: %%%u %s moves differently, %g", name, gen, v,
        op_name((Op)n->op), worst / most);
    free(want);
  }
  values_free(c->g, before);
  values_free(c->g, after);
  for (uint32_t i = 0; i < c->n; i++) { free(moved[i]); free(imoved[i]); }
}

Test(pullback, values_and_derivatives_are_equivariant) {
  for (int i = 0; i < CASES; i++) {
    if (!cases[i].moves) continue;
    Arena arena = { 0 };
    Case c;
    case_open(&c, &arena, 11);
    derive(&c, cases[i].build(&c));
    for (uint32_t gen = 0; gen < 2; gen++) expect_equivariant(&c, cases[i].name, gen);
    case_close(&c);
    arena_free(&arena);
  }
}

Test(pullback, stop_has_no_slope_and_what_does_not_reach_has_none) {
  Arena arena = { 0 };
  Case c;
  case_open(&c, &arena, 3);
  Val x = real_input(&c, AXES(MUL(3))), y = real_input(&c, AXES(MUL(3)));
  Val s = graph_stop(c.g, x), p = graph_map(c.g, "i,i->i", "x0 * x1", (Val[]){ x, s }, 2);
  Val f = graph_contract(c.g, "i->", &p, 1), one = graph_constant(c.g, &(Shape){ 0 }, 1), out[2];
  graph_grad(c.g, f, one, (Val[]){ x, y }, 2, out);
  cr_assert(out[0] && !out[1]);
  double **v = case_values(&c, c.g, NULL, NULL, NULL);
  for (int i = 0; i < 3; i++) cr_expect_float_eq(v[out[0]][i], c.data[0][i], 1e-15);
  values_free(c.g, v);
  case_close(&c);
  arena_free(&arena);
}

Test(pullback, ties_of_a_maximum_share_the_cotangent) {
  Arena arena = { 0 };
  Case c;
  case_open(&c, &arena, 3);
  Val x = real_input(&c, AXES(SAMPLE(&c), MUL(4)));
  memcpy(c.data[0], (double[]){ 1, 2, 2, 0, 3, 3, 3, 3 }, 8 * sizeof(double));
  Val y = graph_rmax(c.g, x, 1u << 1, -INFINITY), f = graph_contract(c.g, "b->", &y, 1), out;
  graph_grad(c.g, f, graph_constant(c.g, &(Shape){ 0 }, 1), &x, 1, &out);
  double **v = case_values(&c, c.g, NULL, NULL, NULL), want[] = { 0, 0.5, 0.5, 0, 0.25, 0.25, 0.25, 0.25 };
  for (int i = 0; i < 8; i++) cr_expect_float_eq(v[out][i], want[i], 0);
  values_free(c.g, v);
  case_close(&c);
  arena_free(&arena);
}

Test(pullback, norm_at_zero_has_no_slope_in_first_and_second_order) {
  Arena arena = { 0 };
  Case c;
  case_open(&c, &arena, 3);
  Val x = real_input(&c, AXES(REP(&c, vector)));
  memset(c.data[0], 0, 2 * sizeof(double));
  Val s = graph_contract(c.g, "g,g->", (Val[]){ x, x }, 2), r = graph_map(c.g, "->", "x0 * rsqrt0(x0)", &s,
      1), out, second;
  Val one = graph_constant(c.g, &(Shape){ 0 }, 1);
  graph_grad(c.g, r, one, &x, 1, &out);
  Val f = graph_contract(c.g, "g,g->", (Val[]){ out, out }, 2);
  graph_grad(c.g, f, one, &x, 1, &second);
  double **v = case_values(&c, c.g, NULL, NULL, NULL);
  for (int i = 0; i < 2; i++) cr_expect(v[out][i] == 0 && v[second][i] == 0);
  values_free(c.g, v);
  case_close(&c);
  arena_free(&arena);
}
