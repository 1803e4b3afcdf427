/* test_simplify.c: laws of simplify: values stay, types stay, it ends; and what it must reach on a training step.
 *
 * Every row of graph_cases.h with both orders of derivatives, and random Graphs of maps and sums, are simplified with
 * each rewrite alone, with all but it, and with all. Tolerance 1e-12 relative to the largest number of a value:
 * rewrites reorder sums of at most some thousand terms of its size. */
#include "graph_cases.h"
#include "graph/simplify.h"
#include <criterion/criterion.h>

static const char *const rewrite_names[] = {
#define REWRITE(name, equation) #name,
  REWRITES(REWRITE)
#undef REWRITE
};

/* Values are compared by storing them: one argument each. */
static void store(Case *c, Val v) {
  Shape s = c->g->node.at[v].shape;
  if (s.number != NUMBER_REAL) return;
  Arg a = { .name = S("y"), .role = ARG_OUT, .rank = 1, .axis = { axis_mul((Size)shape_count(&s, case_sizes)) } };
  graph_store(c->g, graph_arg(c->g, &a), 0, 0, v);
}

/* Numbers of all stores, one behind the other. */
static double *stored(const Case *c, const Graph *g, uint64_t *count) {
  void **args = calloc(g->arg.n + 1, sizeof *args);
  uint32_t first = g->arg.n - g->store.n;
  *count = 0;
  for (uint32_t k = 0; k < g->arg.n; k++) {
    if (k < first) args[k] = c->data[k] ? (void *)c->data[k] : (void *)c->idata[k];
    else args[k] = (void *)*count, *count += (uint64_t)g->arg.at[k].axis[0].n;
  }
  double *all = calloc(*count + 1, sizeof *all);
  for (uint32_t k = first; k < g->arg.n; k++) args[k] = all + (uintptr_t)args[k];
  Why why = { .arena = c->arena };
  cr_assert(graph_eval(g, case_sizes, args, NULL, &why), "%s", why.reason.n ? why.reason.at[0].text.at : "");
  free(args);
  return all;
}

static const char *dump(const Graph *g, Arena *arena) {
  Out out = { .arena = arena };
  graph_text(g, &out);
  return out_text(&out).at;
}

static void expect_same(const Case *c, uint32_t rewrites, const char *name, bool typed) {
  Arena arena = { 0 };
  Graph *to = graph_simplify_with(c->g, &arena, rewrites);
  Why why = { .arena = &arena };
  bool ok = typed ? graph_verify(to, &why) : graph_structure(to, &why);
  cr_expect(ok, "%s, rewrites %x: %s", name, rewrites, why.reason.n ? why.reason.at[0].text.at : "");
  uint64_t n, m;
  double *before = stored(c, c->g, &n), *after = stored(c, to, &m), most = 1, worst = 0;
  cr_assert_eq(n, m);
  for (uint64_t i = 0; i < n; i++) {
    if (before[i] == after[i]) continue;
    if (fabs(before[i]) > most && isfinite(before[i])) most = fabs(before[i]);
    if (!(fabs(before[i] - after[i]) <= worst)) worst = fabs(before[i] - after[i]);
  }
  cr_expect(worst <= 1e-12 * most, "%s, rewrites %x: values differ by %g of %g", name, rewrites, worst, most);
  Graph *again = graph_simplify_with(to, &arena, rewrites);
  cr_expect_str_eq(dump(to, &arena), dump(again, &arena), "%s, rewrites %x: not at its end", name, rewrites);
  free(before);
  free(after);
  arena_free(&arena);
}

Test(simplify, keeps_values_and_types_of_every_op_with_each_rewrite) {
  for (int i = 0; i < CASES; i++) {
    Arena arena = { 0 };
    Case c;
    case_open(&c, &arena, 5);
    Derived d = derive(&c, cases[i].build(&c));
    store(&c, d.f);
    for (uint32_t k = 0; k < d.n; k++) {
      if (d.first[k]) store(&c, d.first[k]);
      if (d.second[k]) store(&c, d.second[k]);
    }
    expect_same(&c, REWRITE_ALL, cases[i].name, true);
    expect_same(&c, 0, cases[i].name, true);
    for (int r = 0; r < REWRITE_COUNT; r++) {
      expect_same(&c, 1u << r, rewrite_names[r], true);
      expect_same(&c, REWRITE_ALL & ~(1u << r), rewrite_names[r], true);
    }
    case_close(&c);
    arena_free(&arena);
  }
}

/* --- random Graphs ---------------------------------------------------------------------------- */
/* Values are [b V i], [i] or [b]; each new one is a map, a sum, a product or a broadcast of old ones. */
static Val random_node(Case *c, Val full[], uint32_t *nfull, Val small[], uint32_t *nsmall) {
  Val x = full[(uint32_t)(draw(c) * *nfull)], y = full[(uint32_t)(draw(c) * *nfull)],
      s = small[(uint32_t)(draw(c) * *nsmall)], t = small[(uint32_t)(draw(c) * *nsmall)];
  switch ((int)(draw(c) * 13)) {
  case 0: return full[(*nfull)++] = graph_map(c->g, "bXi,bXi->bXi", "x0 + x1", (Val[]){ x, y }, 2);
  case 1: return full[(*nfull)++] = graph_map(c->g, "bXi,i->bXi", "x0 - x1", (Val[]){ x, s }, 2);
  case 2: return full[(*nfull)++] = graph_map(c->g, "bXi,i->bXi", "0.5 * x0 * x1", (Val[]){ x, s }, 2);
  case 3: return full[(*nfull)++] = graph_map(c->g, "bXi,i,bXi->bXi", "(x0 * x1 - x2) / (b * 10)",
      (Val[]){ x, s, y }, 3);
  case 4: return full[(*nfull)++] = graph_map(c->g, "bXi->bXi", "tanh(x0)", &x, 1);
  case 5: return small[(*nsmall)++] = graph_contract(c->g, "bXi->i", &x, 1);
  case 6: return small[(*nsmall)++] = graph_contract(c->g, "bXi,bXi->i", (Val[]){ x, y }, 2);
  case 7: return small[(*nsmall)++] = graph_map(c->g, "i,i->i", "x0 / (b * 5) - x1", (Val[]){ s, t }, 2);
  case 8: return small[(*nsmall)++] = graph_map(c->g, "i->i", "x0 / (1 + x0 * x0)", &s, 1);
  case 9: return small[(*nsmall)++] = graph_contract(c->g, "bXi,i,i->i", (Val[]){ x, s, t }, 3);
  case 10: return full[(*nfull)++] = graph_contract(c->g, "bXi,i,bYi->bYi", (Val[]){ x, s, y }, 3);
  case 11: return full[(*nfull)++] = graph_map(c->g, "bXi,i,i->bXi", "x0 * x1 - x0 * x2 + 0 * x1",
      (Val[]){ x, s, t }, 3);
  default: return full[(*nfull)++] = graph_map(c->g, "bXi->bXi", "select(0 < x0, x0, 0)", &x, 1);
  }
}

Test(simplify, keeps_values_of_random_graphs_and_their_gradients) {
  for (uint64_t seed = 1; seed <= 60; seed++) {
    Arena arena = { 0 };
    Case c;
    case_open(&c, &arena, seed);
    Val full[40], small[40], last = 0, cotangent[2];
    uint32_t nfull = 0, nsmall = 0;
    full[nfull++] = real_input(&c, AXES(SAMPLE(&c), ROW(&c, V), MUL(3)));
    small[nsmall++] = real_input(&c, AXES(MUL(3)));
    for (int k = 0; k < 12; k++) last = random_node(&c, full, &nfull, small, &nsmall);
    Labels l = { 0 };
    for (uint8_t a = 0; a < c.g->node.at[last].shape.rank; a++) l.of[0][a] = (uint8_t)(a + 1);
    Val f = graph_contract_labels(c.g, &l, &last, 1, NULL);
    graph_grad(c.g, f, graph_constant(c.g, &(Shape){ 0 }, 1), (Val[]){ full[0], small[0] }, 2, cotangent);
    store(&c, f);
    for (int k = 0; k < 2; k++) if (cotangent[k]) store(&c, cotangent[k]);
    char name[32];
    snprintf(name, sizeof name, "seed %d", (int)seed);
    expect_same(&c, REWRITE_ALL, name, true);
    case_close(&c);
    arena_free(&arena);
  }
}

/* --- a training step -------------------------------------------------------------------------- */
typedef struct Step { Val w[8], slope[8], loss, mean; uint32_t n; } Step;

static Val weight(Case *c, Step *s, Shape shape) { return s->w[s->n++] = real_input(c, shape); }

/* conv, bias, batch norm, relu, max pool, conv, mean, group pool, linear, cross entropy; WALK section 3. */
static Step training_step(Case *c) {
  Step s = { 0 };
  Graph *g = c->g;
  Val image = real_input(c, AXES(SAMPLE(c), ROW(c, X), MUL(1)));
  View v = WINDOW(c, X, W, 1, 1, 1);
  Val t = invariant_table(c, AXES(ROW(c, W), REP(c, regular), MUL(3)));
  Val f = graph_contract(g, "Wgk,kio->Wigo", (Val[]){ t, weight(c, &s, AXES(MUL(3), MUL(1), MUL(2))) }, 2);
  Val y = graph_contract(g, "bXWi,Wigo->bXgo", (Val[]){ graph_view(g, image, &v), f }, 2);
  Nz *same = arena_array(c->arena, Nz, 8);                     /* Hom(scalar, regular) */
  for (uint16_t i = 0; i < 8; i++) same[i] = (Nz){ { i }, sqrt(0.125) };
  ConstTable constant = { .name = S("Hom"), .rank = 2, .axis = { REP(c, regular), MUL(1) }, .n = 8,
      .nz = same, .invariant = true };
  Val one = graph_const_table(g, graph_table(g, &constant)), bias = weight(c, &s, AXES(MUL(1), MUL(2)));
  y = graph_map(g, "bXgo,go->bXgo", "x0 + x1", (Val[]){ y, graph_contract(g, "gk,ko->go", (Val[]){ one,
      bias }, 2) }, 2);
  Val sum = graph_contract(g, "bXgo->o", &y, 1), mean = graph_map(g, "o->o", "x0 / (b * 128)", &sum, 1);
  s.mean = graph_map(g, "o->o", "0.1 * x0", &mean, 1);        /* running statistics read the mean too */
  Val d = graph_map(g, "bXgo,o->bXgo", "x0 - x1", (Val[]){ y, mean }, 2);
  Val q = graph_contract(g, "bXgo,bXgo->o", (Val[]){ d, d }, 2), r = graph_map(g, "o->o",
      "rsqrt(x0 / (b * 128) + 1e-5)", &q, 1);
  Val z = graph_map(g, "bXgo,o,o,o->bXgo", "x0 * x1 * x2 + x3", (Val[]){ d, r, weight(c, &s, AXES(MUL(2))),
      weight(c, &s, AXES(MUL(2))) }, 4);
  Val a = graph_map(g, "bXgo->bXgo", "select(0 < x0, x0, 0)", &z, 1);
  View pool = WINDOW(c, Y, Y, 2, 1, 0);
  pool.fill = -INFINITY;
  Val h = graph_rmax(g, graph_view(g, a, &pool), 1u << 2, -INFINITY);
  Val t2 = invariant_table(c, AXES(ROW(c, W), REP(c, regular), REP(c, regular), MUL(2)));
  Val f2 = graph_contract(g, "Whgk,kio->Whigo", (Val[]){ t2, weight(c, &s, AXES(MUL(2), MUL(2), MUL(2))) }, 2);
  View v2 = WINDOW(c, Y, W, 1, 1, 1);
  Val y2 = graph_contract(g, "bYWhi,Whigo->bYgo", (Val[]){ graph_view(g, h, &v2), f2 }, 2);
  y2 = graph_map(g, "bXgo->bXgo", "select(0 < x0, x0, 0)", &y2, 1);
  Val pooled = graph_rmax(g, graph_contract(g, "bYgo->bgo", &y2, 1), 1u << 1, -INFINITY);
  Val logits = graph_contract(g, "bo,oc->bc", (Val[]){ pooled, weight(c, &s, AXES(MUL(2), MUL(3))) }, 2);
  Val label = int_input(c, AXES(SAMPLE(c)), c->line);
  Shape classes = { .number = NUMBER_INT, .rank = 1, .axis = { axis_mul(3) } };
  Val own = graph_map(g, "bi,i,b->bi", "select(x1 == x2, x0, 0)", (Val[]){ logits, graph_iota(g, &classes,
      0), label }, 3);
  Val each = graph_map(g, "b,b->b", "x0 - x1", (Val[]){ graph_lse(g, logits, 1u << 1), graph_contract(g,
      "bi->b", &own, 1) }, 2);
  Shape samples = AXES(SAMPLE(c));
  Val ones = graph_constant(g, &samples, 1);
  s.loss = graph_map(g, ",->", "x0 / x1", (Val[]){ graph_contract(g, "b->", &each, 1), graph_contract(g,
      "b->", &ones, 1) }, 2);
  graph_grad(g, s.loss, graph_constant(g, &(Shape){ 0 }, 1), s.w, s.n, s.slope);
  return s;
}

/* Sums over the batch, and how many of them one waits for behind another. */
static uint32_t batch_sums(const Graph *g, uint32_t *deepest) {
  uint32_t n = 0, *level = calloc(g->node.n, sizeof *level);
  *deepest = 0;
  for (Val v = 1; v < g->node.n; v++) {
    const Node *x = &g->node.at[v];
    bool sum = false;
    for (int i = 0; i < x->nargs; i++) {
      const Shape *s = &g->node.at[x->arg[i]].shape;
      if (level[x->arg[i]] > level[v]) level[v] = level[x->arg[i]];
      for (int a = 0; x->op == OP_contract && a < s->rank; a++) sum |= s->axis[a].n < 0 &&
          !labels_have(x->labels->out, x->labels->of[i][a]);
    }
    n += sum;
    level[v] += sum;
    if (level[v] > *deepest) *deepest = level[v];
  }
  free(level);
  return n;
}

static uint32_t count_ops(const Graph *g, Op op) {
  uint32_t n = 0;
  for (Val v = 1; v < g->node.n; v++) n += g->node.at[v].op == op;
  return n;
}

Test(simplify, batch_norm_needs_two_sums_and_a_bias_before_it_none) {
  Arena arena = { 0 };
  Case c;
  case_open(&c, &arena, 5);
  Step s = training_step(&c);
  store(&c, s.loss);
  for (uint32_t k = 0; k < s.n; k++) store(&c, s.slope[k]);
  store(&c, s.mean);
  expect_same(&c, REWRITE_ALL, "step", true);
  for (int r = 0; r < REWRITE_COUNT; r++) expect_same(&c, REWRITE_ALL & ~(1u << r), rewrite_names[r], true);
  Graph *to = graph_simplify(c.g, &arena);
  uint32_t before, after, without, sums = batch_sums(to, &after);
  batch_sums(c.g, &before);
  batch_sums(graph_simplify_with(c.g, &arena, REWRITE_ALL & ~(1u << REWRITE_sum_split)), &without);
  /* loss, s, q within samples, S0, S1, and the products of three weights: filters of both convolutions, linear; and q
   * between samples, which waits for s and needs one number a sample: y itself is read once */
  cr_expect_eq(sums, 9, "%u sums over the batch", sums);
  const Graph *swept = graph_simplify_with(c.g, &arena, REWRITE_ALL & ~(1u << REWRITE_moments));
  uint32_t depth, centred = batch_sums(swept, &depth);
  cr_expect(centred == 8 && depth == 4, "with q in a sweep of its own: %u, %u", centred, depth);
  cr_expect_eq(after, 4, "s, q, S1, filter: %u one behind another, %u before", after, before);
  cr_expect_eq(without, 5, "without splitting one more: %u", without);
  const Node *bias = &to->node.at[to->store.at[2].value];
  cr_expect(bias->op == OP_map && bias->nargs == 0 && to->expr.at.at[bias->expr].op == EXPR_CONST &&
      to->expr.at.at[bias->expr].x == 0,
            "the gradient of the bias is nothing");
  /* the patches of the backward convolution do not exist; the fold that is left is that of the pool */
  cr_expect_eq(count_ops(to, OP_fold), 1);
  case_close(&c);
  arena_free(&arena);
}

/* --- rewrites, one by one --------------------------------------------------------------------- */
static Graph *simplified(Case *c, Val y) {
  store(c, y);
  expect_same(c, REWRITE_ALL, "one", true);
  return graph_simplify(c->g, c->arena);
}

Test(simplify, fold_of_contract_is_a_contract_of_the_adjoint_view) {
  static const struct { bool torus; int to, win, stride, pad; } rows[] = {
    { false, 4, 3, 1, 1 }, { false, 2, 3, 1, 0 }, { false, 2, 2, 2, 0 }, { true, 4, 3, 1, 1 }, { true, 2, 3,
        2, 1 }, { true, 2, 2, 2, 0 },
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    Arena arena = { 0 };
    Case c;
    case_open(&c, &arena, 5);
    const GridAction *act = c.g->dom.at[c.X].action;
    uint32_t n = (uint32_t)rows[i].to, k = (uint32_t)rows[i].win;
    uint16_t to = rows[i].torus ? grid_dom(&c, "to", act, n, n, true, false) : grid_dom(&c, "to", act, n, n,
        false, true);
    uint16_t win = grid_dom(&c, "window", act, k, k, false, true), from = rows[i].torus ? c.T : c.X;
    Val x = real_input(&c, AXES(SAMPLE(&c), axis_row(c.g, to), MUL(2))), f = real_input(&c,
        AXES(axis_row(c.g, win), MUL(3), MUL(2)));
    Val patches = graph_contract(c.g, "bXo,Wio->bXWi", (Val[]){ x, f }, 2);
    View v = { .sort = VIEW_WINDOW, .axis = 1, .dom = to, .win = win };
    for (int d = 0; d < 2; d++) { v.d[d].row = rows[i].stride; v.d[d].win = 1; v.d[d].add = -rows[i].pad;
        v.d[d].div = 1; }
    Shape of = AXES(SAMPLE(&c), axis_row(c.g, from), MUL(3));
    Graph *g = simplified(&c, graph_fold(c.g, patches, &v, &of));
    cr_expect(count_ops(g, OP_fold) == 0 && count_ops(g, OP_contract) == 1 && count_ops(g, OP_view) == 1, "row %zu", i);
    case_close(&c);
    arena_free(&arena);
  }
}

Test(simplify, one_window_over_everything_is_a_renaming) {
  Arena arena = { 0 };
  Case c;
  case_open(&c, &arena, 5);
  Val x = real_input(&c, AXES(SAMPLE(&c), ROW(&c, X), MUL(2)));
  uint16_t all = grid_dom(&c, "window 4x4", c.g->dom.at[c.X].action, 4, 4, false, true);
  View v = { .sort = VIEW_WINDOW, .axis = 1, .dom = c.P1, .win = all, .d = { { 1, 1, 0, 1 }, { 1, 1, 0, 1 } } };
  Graph *g = simplified(&c, graph_view(c.g, x, &v));
  cr_expect(g->node.n == 3 && g->node.at[2].view->sort == VIEW_RETYPE);
  case_close(&c);
  arena_free(&arena);
}

Test(simplify, products_of_sums_stay_centred) {
  Arena arena = { 0 };
  Case c;
  case_open(&c, &arena, 5);
  Val x = real_input(&c, AXES(SAMPLE(&c), MUL(2))), s = graph_contract(c.g, "bi->i", &x, 1);
  Val d = graph_map(c.g, "bi,i->bi", "x0 - x1 / b", (Val[]){ x, s }, 2);
  Graph *g = simplified(&c, graph_contract(c.g, "bi,bi->i", (Val[]){ d, d }, 2));
  cr_expect_eq(g->node.n - 1, 4, "input, sum, difference, sum of squares");
  case_close(&c);
  arena_free(&arena);
}

Test(simplify, what_nobody_reads_goes_and_equal_values_are_one) {
  Arena arena = { 0 };
  Case c;
  case_open(&c, &arena, 5);
  Val x = real_input(&c, AXES(SAMPLE(&c), MUL(2)));
  graph_map(c.g, "bi->bi", "exp(x0)", &x, 1);
  Val a = graph_rmax(c.g, x, 1u << 1, 0), b = graph_rmax(c.g, x, 1u << 1, 0);
  Graph *g = simplified(&c, graph_map(c.g, "b,b->b", "x0 - x1", (Val[]){ a, b }, 2));
  cr_expect_eq(g->node.n - 1, 1, "zero, and nothing else");
  case_close(&c);
  arena_free(&arena);
}

Test(simplify, slices_of_joins_are_parts_and_split_undoes_merge) {
  Arena arena = { 0 };
  Case c;
  case_open(&c, &arena, 5);
  Val x = real_input(&c, AXES(SAMPLE(&c), MUL(2))), y = real_input(&c, AXES(SAMPLE(&c), MUL(4)));
  Val j = graph_join(c.g, (Val[]){ x, y }, 2, 1), s = graph_view(c.g, j, &(View){ .sort = VIEW_SLICE,
      .axis = 1, .from = 2, .n = 4 });
  Val p = graph_view(c.g, s, &(View){ .sort = VIEW_SPLIT, .axis = 1, .n = 2 }), q = graph_view(c.g, p,
      &(View){ .sort = VIEW_MERGE, .axis = 1 });
  Graph *g = simplified(&c, q);
  cr_expect_eq(g->node.n - 1, 1, "y itself");
  case_close(&c);
  arena_free(&arena);
}

Test(simplify, deviations_from_a_mean_that_others_read_add_up_to_nothing) {
  Arena arena = { 0 };
  Case c;
  case_open(&c, &arena, 5);
  Val x = real_input(&c, AXES(SAMPLE(&c), MUL(2))), s = graph_contract(c.g, "bi->i", &x, 1),
      m = graph_map(c.g, "i->i", "x0 / b", &s, 1);
  Val d = graph_map(c.g, "bi,i->bi", "x0 - x1", (Val[]){ x, m }, 2);
  store(&c, m);
  store(&c, graph_map(c.g, "i->i", "tanh(x0)", &m, 1));
  store(&c, d);
  Graph *g = simplified(&c, graph_contract(c.g, "bi->i", &d, 1));
  const Node *sum = &g->node.at[g->store.at[3].value];
  cr_expect(sum->op == OP_map && sum->nargs == 0);
  case_close(&c);
  arena_free(&arena);
}
