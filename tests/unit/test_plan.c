/* test_plan.c: an entry, planned and run in the Loops evaluator, computes what its Graph says.
 *
 * Every op, its first and second derivatives, plain and fused, f64 and f32, for schedules of 2 to 16 lanes; batches of
 * one, two and none. The evaluator checks bounds, poisons slabs and the workspace, and looks for races. Tolerances:
 * a value of n rounded operations errs by about n ulp of the largest number that took part. */
#include "loops/plan.h"
#include "graph_cases.h"
#include <criterion/criterion.h>

typedef struct Wanted { Val v; uint32_t arg; uint64_t count; } Wanted;

/* Stores v to an argument of its own. */
static Wanted want(Case *c, Val v) {
  const Shape *s = &c->g->node.at[v].shape;
  uint64_t count = shape_count(s, case_sizes);
  Arg a = { .name = str_format(c->arena, "out%u", v), .role = ARG_OUT, .number = s->number, .rank = 1, .axis = { axis_mul((Size)count) } };
  Wanted w = { v, graph_arg(c->g, &a), count };
  graph_store(c->g, w.arg, 0, 0, v);
  return w;
}

/* Arguments in the width of the entry; inputs of the case come first. */
static void **arguments(Case *c, const Graph *g, bool f64) {
  void **args = arena_array(c->arena, void *, g->arg.n + 1);
  for (uint32_t i = 0; i < g->arg.n; i++) {
    uint64_t n = (uint64_t)g->arg.at[i].axis[0].n;
    bool given = i < c->n && (c->data[i] || c->idata[i]);
    if (g->arg.at[i].number != NUMBER_REAL) {
      int32_t *x = arena_array(c->arena, int32_t, n + 1);
      if (given) memcpy(x, c->idata[i], n * sizeof *x);
      args[i] = x;
    } else if (f64) {
      double *x = arena_array(c->arena, double, n + 1);
      if (given) memcpy(x, c->data[i], n * sizeof *x);
      args[i] = x;
    } else {
      float *x = arena_array(c->arena, float, n + 1);
      for (uint64_t k = 0; given && k < n; k++) x[k] = (float)c->data[i][k];
      args[i] = x;
    }
  }
  return args;
}

static void compare(Case *c, const char *name, const Target *target, bool f64, bool plain, int64_t b, const Wanted *w, uint32_t nw) {
  Graph g = *c->g;
  g.f64 = f64;
  g.plain = plain;
  int64_t sizes[8] = { b };
  Why why = { .arena = c->arena };
  void **exact = arguments(c, &g, true);
  cr_assert(graph_eval(&g, sizes, exact, NULL, &why), "%s: %.*s", name, STR(why.reason.at[0].text));
  const EntryCode *code = entry_plan(c->arena, &g, target, NULL);
  for (uint32_t k = 0; k < code->kernel.n; k++)
    cr_assert(loops_verify(code->kernel.at[k].kernel, &why), "%s: %.*s", name, STR(why.reason.at[0].text));
  void **args = arguments(c, &g, f64);
  if (!entry_eval(code, sizes, args, true, &why)) {
    cr_expect(false, "%s (%.*s, %s, b = %d): %.*s", name, STR(target->name), plain ? "plain" : "fused", (int)b, STR(why.reason.at[0].text));
    return;
  }
  double tolerance = f64 ? 1e-11 : 1e-4;
  for (uint32_t i = 0; i < nw; i++) {
    double scale = 1, worst = 0;
    uint64_t at = 0;
    for (uint64_t k = 0; k < w[i].count; k++) {
      double x, y;
      if (g.arg.at[w[i].arg].number != NUMBER_REAL) { x = ((int32_t *)exact[w[i].arg])[k]; y = ((int32_t *)args[w[i].arg])[k]; }
      else { x = ((double *)exact[w[i].arg])[k]; y = f64 ? ((double *)args[w[i].arg])[k] : ((float *)args[w[i].arg])[k]; }
      if (isinf(x) && x == y) continue;
      if (fabs(x) > scale) scale = fabs(x);
      double d = fabs(x - y);
      if (!(d <= worst)) { worst = d; at = k; }
    }
    cr_expect(worst <= tolerance * scale, "%s: value %u (%s), %.*s, %s, %s, b = %d: number %d differs by %g of %g", name, w[i].v,
              op_name((Op)g.node.at[w[i].v].op), STR(target->name), f64 ? "f64" : "f32", plain ? "plain" : "fused", (int)b, (int)at, worst, scale);
  }
}

static const char *const marches[] = { "x86-64", "x86-64-v3", "x86-64-v4" };

static void compare_all(Case *c, const char *name, const Wanted *w, uint32_t nw) {
  for (int m = 0; m < 3; m++)
    for (int plain = 0; plain < 2; plain++)
      for (int b = 0; b <= BATCH; b++)
        for (int f64 = 0; f64 < 2; f64++)
          if (f64 || (m == 2 && b == BATCH)) {
            Why why = { .arena = c->arena };
            compare(c, name, target_find(str_of(marches[m]), &why), f64, plain, b, w, nw);
          }
}

Test(plan, every_op_and_its_derivatives_compute_what_graph_says) {
  for (int i = 0; i < CASES; i++) {
    Arena arena = { 0 };
    Case c;
    case_open(&c, &arena, 11 + (uint64_t)i);
    Val y = cases[i].build(&c);
    Wanted w[2 + 2 * INPUTS_MOST];
    uint32_t n = 0;
    if (c.g->node.at[y].shape.number == NUMBER_REAL) {
      Derived d = derive(&c, y);
      w[n++] = want(&c, y);
      w[n++] = want(&c, d.f);
      for (uint32_t k = 0; k < d.n; k++) {
        if (d.first[k]) w[n++] = want(&c, d.first[k]);
        if (d.second[k]) w[n++] = want(&c, d.second[k]);
      }
    } else {
      w[n++] = want(&c, y);
    }
    compare_all(&c, cases[i].name, w, n);
    case_close(&c);
    arena_free(&arena);
  }
}

/* --- gemms with every tail ------------------------------------------------------------------------------------------ */
Test(plan, gemm_of_every_size_has_its_tails) {
  static const int sizes[] = { 1, 2, 3, 5, 7, 8, 9, 13, 15, 16, 17, 24, 31, 32, 33, 47, 48, 49, 63, 64, 65 };
  enum { SIZES = sizeof sizes / sizeof *sizes };
  uint32_t turn = 0;
  for (int i = 0; i < SIZES; i++)
    for (int j = 0; j < SIZES; j++) {
      if (sizes[i] > 9 && sizes[j] > 9 && (i + j) % 3) continue;
      Arena arena = { 0 };
      Case c;
      case_open(&c, &arena, 5 + (uint64_t)(i * SIZES + j));
      int K = sizes[i], N = sizes[j], rows = sizes[turn++ % SIZES] % 20 + 1;
      uint16_t dom = graph_dom(c.g, &(Dom){ .name = S("R"), .n = rows, .ndim = 1, .shape = { (uint32_t)rows, 1 } });
      Val x = real_input(&c, AXES(SAMPLE(&c), axis_row(c.g, dom), MUL(K))), w = real_input(&c, AXES(MUL(K), MUL(N)));
      Val y = graph_contract(c.g, "bXi,io->bXo", (Val[]){ x, w }, 2);
      Val back = graph_contract(c.g, "bXo,io->bXi", (Val[]){ y, w }, 2), slope = graph_contract(c.g, "bXi,bXo->io", (Val[]){ x, y }, 2);
      Wanted wanted[] = { want(&c, y), want(&c, back), want(&c, slope) };
      Why why = { .arena = &arena };
      compare(&c, str_format(&arena, "gemm %d x %d x %d", rows, N, K).at, target_find(turn % 2 ? S("x86-64-v4") : S("x86-64-v3"), &why), turn % 3 == 0, false, 1 + turn % 2, wanted, 3);
      case_close(&c);
      arena_free(&arena);
    }
}

/* --- windows of all kinds, as operands of gemms in three directions ------------------------------------------------------ */
typedef struct WindowRow { uint32_t h, w, k; int32_t stride, dilation, pad; bool wrap; int in, out; } WindowRow;
static const WindowRow window_rows[] = {
  { 6, 6, 3, 1, 1, 1, false, 3, 16 }, { 7, 5, 3, 1, 1, 1, false, 16, 17 }, { 8, 8, 5, 1, 1, 2, false, 1, 32 },
  { 8, 8, 3, 2, 1, 1, false, 4, 16 }, { 9, 9, 3, 1, 2, 2, false, 2, 24 },  { 6, 6, 3, 1, 1, 1, true, 3, 16 },
  { 5, 5, 5, 1, 1, 0, false, 4, 33 }, { 8, 8, 2, 2, 1, 0, false, 16, 16 }, { 6, 4, 3, 1, 1, 0, false, 5, 64 },
};

static uint16_t grid_of(Case *c, const char *name, uint32_t h, uint32_t w, bool wrap) {
  return graph_dom(c->g, &(Dom){ .name = str_format(c->arena, "%s%ux%u", name, h, w), .n = (Size)(h * w), .ndim = 2, .shape = { h, w }, .wrap = wrap });
}

Test(plan, convolution_and_its_derivatives_for_every_window) {
  for (uint32_t r = 0; r < sizeof window_rows / sizeof *window_rows; r++) {
    const WindowRow *z = &window_rows[r];
    Arena arena = { 0 };
    Case c;
    case_open(&c, &arena, 3 + r);
    int32_t span = z->dilation * ((int32_t)z->k - 1) + 1;
    uint32_t oh = z->wrap ? z->h : (uint32_t)(((int32_t)z->h + 2 * z->pad - span) / z->stride + 1);
    uint32_t ow = z->wrap ? z->w : (uint32_t)(((int32_t)z->w + 2 * z->pad - span) / z->stride + 1);
    uint16_t X = grid_of(&c, "X", z->h, z->w, z->wrap), Y = grid_of(&c, "Y", oh, ow, z->wrap), W = grid_of(&c, "W", z->k, z->k, false);
    Val x = real_input(&c, AXES(SAMPLE(&c), axis_row(c.g, X), MUL(z->in))), f = real_input(&c, AXES(axis_row(c.g, W), MUL(z->in), MUL(z->out)));
    View v = { .sort = VIEW_WINDOW, .axis = 1, .dom = Y, .win = W };
    for (int d = 0; d < 2; d++) { v.d[d].row = z->stride; v.d[d].win = z->dilation; v.d[d].add = -z->pad; v.d[d].div = 1; }
    Val y = graph_contract(c.g, "bYWi,Wio->bYo", (Val[]){ graph_view(c.g, x, &v), f }, 2);
    Derived d = derive(&c, y);
    Wanted w[8];
    uint32_t n = 0;
    w[n++] = want(&c, y);
    for (uint32_t k = 0; k < 2; k++) { w[n++] = want(&c, d.first[k]); w[n++] = want(&c, d.second[k]); }
    Graph *g = graph_simplify(c.g, &arena);
    Graph *keep = c.g;
    for (int pass = 0; pass < 2; pass++) {                  /* as built, and with folds of contracts as adjoint views */
      c.g = pass ? g : keep;
      for (int m = 1; m < 3; m++)
        for (int b = 1; b <= BATCH; b++) {
          Why why = { .arena = &arena };
          compare(&c, str_format(&arena, "window %u%s", r, pass ? ", simplified" : "").at, target_find(str_of(marches[m]), &why), true, false, b, w, n);
        }
    }
    c.g = keep;
    case_close(&c);
    arena_free(&arena);
  }
}
