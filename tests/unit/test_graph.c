/* test_graph.c: building, text both ways, refusals of the type rule, the evaluator by hand numbers.
 *
 * Refusals: each row is a Graph that breaks one clause of lang/spec.md, with the clause in the reason, and a twin
 * that does not. Text is broken in thousands of ways; each must be read or refused, never crash. */
#include "graph_cases.h"
#include <criterion/criterion.h>
#include <Random123/threefry.h>

static Str dump(const Graph *g, Arena *arena) {
  Out out = { .arena = arena };
  graph_text(g, &out);
  return out_text(&out);
}

Test(graph, text_of_every_op_and_its_derivatives_reads_back) {
  for (int i = 0; i < CASES; i++) {
    Arena arena = { 0 };
    Case c;
    case_open(&c, &arena, 5);
    Derived d = derive(&c, cases[i].build(&c));
    Arg out = { .name = S("out\"\n\\"), .role = ARG_OUT, .rank = 1, .axis = { axis_mul(1) } };
    graph_store(c.g, graph_arg(c.g, &out), 0, 0, d.f);
    Str text = dump(c.g, &arena);
    Why why = { .arena = &arena };
    Graph *read = graph_read(&arena, text, &why);
    cr_assert(read, "%s: %s", cases[i].name, why.reason.n ? why.reason.at[0].text.at : "");
    cr_expect(str_equal(text, dump(read, &arena)), "%s: another text", cases[i].name);
    if (cases[i].moves) cr_expect(graph_verify(read, &why), "%s: the rule holds on what was read", cases[i].name);
    case_close(&c);
    arena_free(&arena);
  }
}

Test(graph, broken_text_is_a_reason_with_its_line) {
  Arena arena = { 0 };
  Case c;
  case_open(&c, &arena, 5);
  derive(&c, case_view_window(&c));
  derive(&c, case_contract_table(&c));
  case_segment(&c);
  case_rmax_at(&c);
  Str text = dump(c.g, &arena);
  uint64_t random = 1;
  uint32_t read = 0, refused = 0;
  for (int k = 0; k < 3000; k++) {
    Arena own = { 0 };
    char *copy = malloc(text.n + 1);
    memcpy(copy, text.at, text.n);
    uint32_t n = text.n;
    for (int changes = 1 + k % 3; changes; changes--) {
      random = random * 6364136223846793005u + 1442695040888963407u;
      uint32_t at = (uint32_t)(random >> 33) % n;
      static const char letters[] = "0123456789 -.%:*[]{}\"abwxgX+/$\n(,>";
      if (random >> 20 & 1) copy[at] = letters[(random >> 40) % (sizeof letters - 1)];
      else if (random >> 21 & 1) n = at + 1;
      else memmove(&copy[at], &copy[at + 1], n - at - 1);
    }
    Why why = { .arena = &own };
    Graph *g = graph_read(&own, (Str){ copy, n }, &why);
    if (g) { read++; graph_verify(g, &why); }
    else { refused++; cr_expect(why.reason.n, "refused without a reason"); }
    free(copy);
    arena_free(&own);
  }
  cr_expect(refused > 1000, "%u refused, %u read", refused, read);
  Why why = { .arena = &arena };
  cr_expect(!graph_read(&arena, S("graph \"x\" step f32\nsymbol \"b\" 1\nnonsense\n"), &why));
  cr_expect(strstr(why.reason.at[0].text.at, "line 3"), "%s", why.reason.at[0].text.at);
  case_close(&c);
  arena_free(&arena);
}

/* --- refusals --------------------------------------------------------------------------------- */
static void relu_on_signs(Case *c) { Val x = real_input(c, AXES(REP(c, vector))); graph_map(c->g, "g->g",
    "select(0 < x0, x0, 0)", &x, 1); }
static void relu_on_regular(Case *c) { Val x = real_input(c, AXES(REP(c, regular))); graph_map(c->g, "g->g",
    "select(0 < x0, x0, 0)", &x, 1); }
static void square_on_signs(Case *c) { Val x = real_input(c, AXES(REP(c, vector))); graph_map(c->g, "g->g",
    "x0 * x0", &x, 1); }
static void cube_on_signs(Case *c) { Val x = real_input(c, AXES(REP(c, vector))); graph_map(c->g, "g->g",
    "x0 * x0 * x0", &x, 1); }
static void cube_on_skew(Case *c) { Val x = real_input(c, AXES(REP(c, skew))); graph_map(c->g, "g->g",
    "x0 * x0 * x0", &x, 1); }
static void twice_on_skew(Case *c) { Val x = real_input(c, AXES(REP(c, skew))); graph_map(c->g, "g->g",
    "2 * x0", &x, 1); }
static void bias_on_skew(Case *c) { Val x = real_input(c, AXES(REP(c, skew))), s = real_input(c,
    AXES(MUL(1))); graph_map(c->g, "g,i->gi", "x0 + x1", (Val[]){ x, s }, 2); }
static void scale_on_skew(Case *c) { Val x = real_input(c, AXES(REP(c, skew))), s = real_input(c,
    AXES(MUL(1))); graph_map(c->g, "g,i->gi", "x0 * x1", (Val[]){ x, s }, 2); }
static void diagonal_on_signs(Case *c) { Val x = real_input(c, AXES(REP(c, vector), REP(c, vector)));
    graph_map(c->g, "gg->g", "x0", &x, 1); }
static void diagonal_on_regular(Case *c) { Val x = real_input(c, AXES(REP(c, regular), REP(c, regular)));
    graph_map(c->g, "gg->g", "x0", &x, 1); }
static void sum_dual(Case *c) { Val x = real_input(c, AXES(REP(c, skew))), y = real_input(c, AXES(DUAL(c,
    skew))); graph_map(c->g, "g,g->g", "x0 + x1", (Val[]){ x, y }, 2); }
static void sum_alike(Case *c) { Val x = real_input(c, AXES(REP(c, skew))), y = real_input(c, AXES(REP(c,
    skew))); graph_map(c->g, "g,g->g", "x0 + x1", (Val[]){ x, y }, 2); }
static void thrice_on_skew(Case *c) { Val x = real_input(c, AXES(REP(c, skew))), y = real_input(c,
    AXES(DUAL(c, skew))); graph_contract(c->g, "g,g->g", (Val[]){ x, y }, 2); }
static void pair_not_dual(Case *c) { Val x = real_input(c, AXES(REP(c, skew))); graph_contract(c->g, "g,g->",
    (Val[]){ x, x }, 2); }
static void pair_dual(Case *c) { Val x = real_input(c, AXES(REP(c, skew))), y = real_input(c, AXES(DUAL(c,
    skew))); graph_contract(c->g, "g,g->", (Val[]){ x, y }, 2); }
static void sum_of_components(Case *c) { Val x = real_input(c, AXES(REP(c, vector))); graph_contract(c->g,
    "g->", &x, 1); }
static void sum_of_regular(Case *c) { Val x = real_input(c, AXES(REP(c, regular))); graph_contract(c->g,
    "g->", &x, 1); }
static void signs_thrice(Case *c) { Val x = real_input(c, AXES(REP(c, vector))); graph_contract(c->g,
    "g,g->g", (Val[]){ x, x }, 2); }
static void signs_four(Case *c) { Val x = real_input(c, AXES(REP(c, vector))); graph_contract(c->g,
    "g,g,g->g", (Val[]){ x, x, x }, 3); }
static void max_of_signs(Case *c) { Val x = real_input(c, AXES(REP(c, vector), MUL(2))); graph_rmax(c->g, x,
    1u << 1, 0); }
static void max_of_regular(Case *c) { Val x = real_input(c, AXES(REP(c, regular), MUL(2))); graph_rmax(c->g,
    x, 1u << 1, 0); }
static void lse_of_skew(Case *c) { Val x = real_input(c, AXES(REP(c, skew))); graph_lse(c->g, x, 1u << 0); }
static Val weight(Case *c, Shape s) {
  Arg a = { .name = S("param"), .role = ARG_PARAM, .rank = 1, .axis = { axis_mul(1000) } };
  return graph_param(c->g, graph_arg(c->g, &a), &s, 0);
}
static void weight_a_row(Case *c) { weight(c, AXES(ROW(c, V), MUL(2))); }
static void weight_a_word(Case *c) { weight(c, AXES(ROW(c, line), MUL(2))); }
static void weight_of_components(Case *c) { weight(c, AXES(REP(c, regular), MUL(2))); }
static Val places(Case *c, uint16_t dom) {
  Shape s = AXES(axis_row(c->g, dom));
  s.number = NUMBER_INT;
  return graph_iota(c->g, &s, 0);
}
static void place_less(Case *c) { Val i = places(c, c->V); graph_map(c->g, "X,Y->XY", "x0 < x1", (Val[]){ i, i }, 2); }
static void place_equal(Case *c) { Val i = places(c, c->V); graph_map(c->g, "X,Y->XY", "x0 == x1",
    (Val[]){ i, i }, 2); }
static void word_less(Case *c) { Val i = places(c, c->line); graph_map(c->g, "X,Y->XY", "x0 < x1",
    (Val[]){ i, i }, 2); }
static void place_third(Case *c) { Val i = places(c, c->V); graph_map(c->g, "X->X", "x0 == 3", &i, 1); }
static void table_varies(Case *c) {
  Nz *nz = arena_one(c->arena, Nz);
  *nz = (Nz){ { 0 }, 1 };
  graph_const_table(c->g, graph_table(c->g, &(ConstTable){ .name = S("first"), .rank = 1, .axis = { REP(c,
      vector) }, .n = 1, .nz = nz }));
}
static void table_holds(Case *c) { invariant_table(c, AXES(REP(c, vector), REP(c, vector))); }
static void window_off(Case *c) { Val x = real_input(c, AXES(SAMPLE(c), ROW(c, X))); View v = WINDOW(c, Y, W,
    2, 1, 1); graph_view(c->g, x, &v); }
static void window_fits(Case *c) { Val x = real_input(c, AXES(SAMPLE(c), ROW(c, X))); View v = WINDOW(c, Y,
    W, 1, 1, 0); graph_view(c->g, x, &v); }
static void window_on_set(Case *c) {
  Val x = real_input(c, AXES(SAMPLE(c), ROW(c, V)));
  View v = { .sort = VIEW_WINDOW, .axis = 1, .dom = c->V, .win = c->V, .d = { { 1, 1, 0, 1 }, { 1, 1, 0, 1 } } };
  graph_view(c->g, x, &v);
}
static void slice_of_rows(Case *c) { Val x = real_input(c, AXES(SAMPLE(c), ROW(c, V))); graph_view(c->g, x,
    &(View){ .sort = VIEW_SLICE, .axis = 1, .n = 1, .drop = true }); }
static void slice_of_words(Case *c) { Val x = real_input(c, AXES(SAMPLE(c), ROW(c, line))); graph_view(c->g,
    x, &(View){ .sort = VIEW_SLICE, .axis = 1, .n = 1, .drop = true }); }
static void forget_signs(Case *c) { Val x = real_input(c, AXES(REP(c, vector))); graph_view(c->g, x,
    &(View){ .sort = VIEW_RETYPE, .to = AXES(MUL(2)) }); }
static void forget_waived(Case *c) { graph_at(c->g, (Span){ 0 }, S("break"), true); forget_signs(c); }
static void draw_components(Case *c) {
  Shape two = AXES(MUL(2));
  Val key = int_input(c, two, c->line);
  Shape s = AXES(REP(c, regular));
  graph_random(c->g, &s, 0, key);
}
static void draw_copies(Case *c) {
  Shape two = AXES(MUL(2));
  Val key = int_input(c, two, c->line);
  Shape s = AXES(SAMPLE(c), MUL(3));
  graph_random(c->g, &s, 0, key);
}

static const struct { const char *clause; void (*refused)(Case *), (*twin)(Case *); } pairs[] = {
  { "[map.2]", relu_on_signs, relu_on_regular },      { "[map.2]", square_on_signs, cube_on_signs },
  { "[map.3]", cube_on_skew, twice_on_skew },         { "[map.3]", bias_on_skew, scale_on_skew },
  { "[map.4]", diagonal_on_signs, diagonal_on_regular }, { "[map.4]", sum_dual, sum_alike },
  { "[map.5]", place_less, place_equal },             { "[map.5]", place_third, word_less },
  { "[contract.3]", thrice_on_skew, pair_dual },      { "[contract.3]", pair_not_dual, pair_dual },
  { "[contract.3]", sum_of_components, sum_of_regular }, { "[contract.3]", signs_thrice, signs_four },
  { "[lse.1]", max_of_signs, max_of_regular },        { "[lse.1]", lse_of_skew, max_of_regular },
  { "[weight.1]", weight_a_row, weight_a_word },       { "[weight.1]", weight_of_components, weight_a_word },
  { "[table.1]", table_varies, table_holds },         { "[view.1]", window_off, window_fits },
  { "[view.1]", window_on_set, window_fits },         { "[view.2]", slice_of_rows, slice_of_words },
  { "[view.3]", forget_signs, forget_waived },        { "[random.1]", draw_components, draw_copies },
};

Test(rules, each_clause_refuses_and_its_twin_passes) {
  for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
    for (int twin = 0; twin < 2; twin++) {
      Arena arena = { 0 };
      Case c;
      case_open(&c, &arena, 5);
      (twin ? pairs[i].twin : pairs[i].refused)(&c);
      Why why = { .arena = &arena };
      bool ok = graph_verify(c.g, &why);
      if (twin)
        cr_expect(ok, "twin of row %zu %s: %s", i, pairs[i].clause, why.reason.n ? why.reason.at[0].text.at : "");
      else cr_expect(!ok && strstr(why.reason.at[0].text.at, pairs[i].clause), "row %zu %s: %s", i,
          pairs[i].clause, why.reason.n ? why.reason.at[0].text.at : "accepted");
      case_close(&c);
      arena_free(&arena);
    }
}

/* --- hand numbers ----------------------------------------------------------------------------- */
static void expect_values(Case *c, Val v, const double *want, int n) {
  Why why = { .arena = c->arena };
  double **values = case_values(c, c->g, NULL, NULL, &why);
  cr_assert(values, "%s", why.reason.n ? why.reason.at[0].text.at : "");
  for (int i = 0; i < n; i++)
    cr_expect(values[v][i] == want[i] || fabs(values[v][i] - want[i]) <= 1e-14, "%d: %g, not %g", i,
        values[v][i], want[i]);
  values_free(c->g, values);
}

Test(eval, by_hand) {
  Arena arena = { 0 };
  Case c;
  case_open(&c, &arena, 5);
  Val x = real_input(&c, AXES(ROW(&c, line), MUL(2))), w = real_input(&c, AXES(MUL(2), MUL(2)));
  memcpy(c.data[0], (double[]){ 1, 2, 3, 4, 5, 6 }, sizeof(double[6]));
  memcpy(c.data[1], (double[]){ 1, 10, 100, 1000 }, sizeof(double[4]));
  expect_values(&c, graph_contract(c.g, "Xi,io->Xo", (Val[]){ x, w }, 2), (double[]){ 201, 2010, 403, 4030,
      605, 6050 }, 6);
  expect_values(&c, graph_contract(c.g, "ii->i", &w, 1), (double[]){ 1, 1000 }, 2);
  expect_values(&c, graph_contract(c.g, "Xi->i", &x, 1), (double[]){ 9, 12 }, 2);
  expect_values(&c, graph_map(c.g, "Xi,io->oXi", "x0 - x1", (Val[]){ x, w }, 2), (double[]){ 0, -98, 2, -96,
      4, -94, -9, -998, -7, -996, -5, -994 }, 12);
  expect_values(&c, graph_rmax(c.g, x, 1, 0), (double[]){ 5, 6 }, 2);
  expect_values(&c, graph_lse(c.g, x, 2), (double[]){ 2 + log(1 + exp(-1)), 4 + log(1 + exp(-1)),
      6 + log(1 + exp(-1)) }, 3);
  Val i = int_input(&c, AXES(ROW(&c, V)), c.line);
  memcpy(c.idata[2], (int32_t[]){ 2, 0, 2, 2, 0 }, sizeof(int32_t[5]));
  Val g = graph_gather(c.g, x, i, 0);
  expect_values(&c, g, (double[]){ 5, 6, 1, 2, 5, 6, 5, 6, 1, 2 }, 10);
  expect_values(&c, graph_segment(c.g, g, i, 0, c.line), (double[]){ 2, 4, 0, 0, 15, 18 }, 6);
  expect_values(&c, graph_rmax_at(c.g, g, i, 0, c.line, -7), (double[]){ 1, 2, -7, -7, 5, 6 }, 6);
  expect_values(&c, graph_lse_at(c.g, g, i, 0, c.line), (double[]){ 1 + log(2), 2 + log(2), -INFINITY,
      -INFINITY, 5 + log(3), 6 + log(3) }, 6);
  View v = { .sort = VIEW_WINDOW, .axis = 0, .dom = c.line, .win = c.line, .fill = 9, .d = { { 1, 1, -1, 1 },
      { 1, 1, 0, 1 } } };
  Val p = graph_view(c.g, graph_contract(c.g, "Xi->X", &x, 1), &v);
  expect_values(&c, p, (double[]){ 9, 3, 7, 3, 7, 11, 7, 11, 9 }, 9);
  Shape of = AXES(ROW(&c, line));
  expect_values(&c, graph_fold(c.g, p, &v, &of), (double[]){ 6, 21, 22 }, 3);
  Shape s = AXES(ROW(&c, line), MUL(2));
  s.number = NUMBER_INT;
  expect_values(&c, graph_iota(c.g, &s, 0), (double[]){ 0, 0, 1, 1, 2, 2 }, 6);
  expect_values(&c, graph_join(c.g, (Val[]){ x, x }, 2, 1), (double[]){ 1, 2, 1, 2, 3, 4, 3, 4, 5, 6, 5, 6 }, 12);
  case_close(&c);
  arena_free(&arena);
}

Test(eval, an_index_beyond_the_rows_is_a_reason) {
  Arena arena = { 0 };
  Case c;
  case_open(&c, &arena, 5);
  Val x = real_input(&c, AXES(ROW(&c, line))), i = int_input(&c, AXES(ROW(&c, V)), c.line);
  graph_gather(c.g, x, i, 0);
  c.idata[1][3] = 3;
  Why why = { .arena = &arena };
  cr_expect(!case_values(&c, c.g, NULL, NULL, &why) && why.reason.n);
  case_close(&c);
  arena_free(&arena);
}

Test(eval, random_is_threefry_with_key_seed_step_and_counter_draw_position) {
  Arena arena = { 0 };
  Case c;
  case_open(&c, &arena, 5);
  Val key = int_input(&c, AXES(MUL(2)), c.line);
  memcpy(c.idata[0], (int32_t[]){ -5, 77 }, sizeof(int32_t[2]));
  Shape s = AXES(SAMPLE(&c), MUL(100));
  Val u = graph_random(c.g, &s, 3, key);
  double **values = case_values(&c, c.g, NULL, NULL, NULL);
  for (uint32_t i = 0; i < 200; i++) {
    threefry2x32_ctr_t counter = { { 3, i } };
    threefry2x32_key_t k = { { (uint32_t)-5, 77 } };
    uint32_t bits = threefry2x32(counter, k).v[0];
    cr_expect_eq(values[u][i], (double)(bits >> 8) / 16777216.0, "%u", i);
  }
  values_free(c.g, values);
  case_close(&c);
  arena_free(&arena);
}

/* Racah: the squares of degree l add to r^2l. A rotation keeps <R_l(p), R_l(q)>: harmonics move as irreps. */
Test(eval, solid_harmonics_move_with_the_vector) {
  for (uint32_t dim = 2; dim <= 3; dim++) {
    Arena arena = { 0 };
    Case c;
    case_open(&c, &arena, 5);
    uint16_t f = graph_frame_of(c.g, &(Frame){ S("arrow"), ACTION_MIXES, dim, true, NULL });
    Val x = real_input(&c, AXES(axis_rep(c.g, f, false), MUL(4)));        /* p, q, and both rotated */
    double a = 0.7, b = -1.1, *at = c.data[0];
    for (int k = 0; k < 2; k++) {
      double v[3] = { at[k], at[4 + k], dim == 3 ? at[8 + k] : 0 };
      double u[3] = { cos(a) * v[0] - sin(a) * v[1], sin(a) * v[0] + cos(a) * v[1], v[2] };
      double w[3] = { u[0], cos(b) * u[1] - sin(b) * u[2], sin(b) * u[1] + cos(b) * u[2] };
      for (uint32_t d = 0; d < dim; d++) at[4 * d + 2 + (uint32_t)k] = dim == 3 ? w[d] : u[d];
    }
    Val y = graph_harmonics(c.g, x, 6);
    double **values = case_values(&c, c.g, NULL, NULL, NULL);
    double square = 0;
    for (uint32_t d = 0; d < dim; d++) square += at[4 * d] * at[4 * d];
    for (uint32_t l = 0, m = 0; l <= 6; l++) {
      double own = 0, before = 0, after = 0;
      for (uint32_t i = 0; i < (dim == 3 ? 2 * l + 1 : l ? 2 : 1); i++, m++) {
        const double *r = values[y] + 4 * m;
        own += r[0] * r[0];
        before += r[0] * r[1];
        after += r[2] * r[3];
      }
      cr_expect_float_eq(own, pow(square, l), 1e-12 * pow(square, l), "%u, degree %u", dim, l);
      cr_expect_float_eq(before, after, 1e-12 * (1 + fabs(before)), "%u, degree %u", dim, l);
    }
    values_free(c.g, values);
    case_close(&c);
    arena_free(&arena);
  }
}
