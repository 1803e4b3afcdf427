/* test_plan.c: an entry, planned and run in the Loops evaluator, computes what its Graph says.
 *
 * Every op, its first and second derivatives, plain and fused, f64 and f32, for schedules of 2 to 16 lanes; batches of
 * one, two and none. The evaluator checks bounds, poisons slabs and the workspace, and looks for races. Tolerances:
 * a value of n rounded operations errs by about n ulp of the largest number that took part. */
#include "graph/winograd.h"
#include "loops/plan.h"
#include "graph_cases.h"
#include <criterion/criterion.h>

typedef struct Wanted { Val v; uint32_t arg; uint64_t count; } Wanted;

/* Stores v to an argument of its own. */
static Wanted want(Case *c, Val v) {
  const Shape *s = &c->g->node.at[v].shape;
  uint64_t count = shape_count(s, case_sizes);
  Arg a = { .name = str_format(c->arena, "out%u", v), .role = ARG_OUT, .number = s->number, .rank = 1, .axis =
      { axis_mul((Size)count) } };
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

static void compare(Case *c, const char *name, const Target *target, bool f64, bool plain, int64_t b,
    const Wanted *w, uint32_t nw) {
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
    cr_expect(false, "%s (%.*s, %s, b = %d): %.*s", name, STR(target->name), plain ? "plain" : "fused", (int)b,
        STR(why.reason.at[0].text));
    return;
  }
  double tolerance = f64 ? 1e-11 : 1e-4;
  for (uint32_t i = 0; i < nw; i++) {
    double scale = 1, worst = 0;
    uint64_t at = 0;
    for (uint64_t k = 0; k < w[i].count; k++) {
      double x, y;
      if (g.arg.at[w[i].arg].number != NUMBER_REAL) { x = ((int32_t *)exact[w[i].arg])[k]; y =
          ((int32_t *)args[w[i].arg])[k]; }
      else { x = ((double *)exact[w[i].arg])[k]; y = f64 ? ((double *)args[w[i].arg])[k]
          : ((float *)args[w[i].arg])[k]; }
      if (isinf(x) && x == y) continue;
      if (fabs(x) > scale) scale = fabs(x);
      double d = fabs(x - y);
      if (!(d <= worst)) { worst = d; at = k; }
    }
    cr_expect(worst <= tolerance * scale, "%s: value %u (%s), %.*s, %s, %s, b = %d: number %d differs by %g of %g",
        name, w[i].v,
              op_name((Op)g.node.at[w[i].v].op), STR(target->name), f64 ? "f64" : "f32", plain ? "plain" : "fused",
                  (int)b, (int)at, worst, scale);
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

/* --- gemms with every tail ----------------------------------------------------------------------------------- */
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
      Val back = graph_contract(c.g, "bXo,io->bXi", (Val[]){ y, w }, 2), slope = graph_contract(c.g, "bXi,bXo->io",
          (Val[]){ x, y }, 2);
      Wanted wanted[] = { want(&c, y), want(&c, back), want(&c, slope) };
      Why why = { .arena = &arena };
      compare(&c, str_format(&arena, "gemm %d x %d x %d", rows, N, K).at, target_find(turn % 2 ? S("x86-64-v4")
          : S("x86-64-v3"), &why), turn % 3 == 0, false, 1 + turn % 2, wanted, 3);
      case_close(&c);
      arena_free(&arena);
    }
}

/* --- rows that come with the call, panels of k, rows that fit the cache: none changes a bit -------------------- */
Test(plan, blocks_for_caches_and_rows_of_the_call_change_no_bit) {
  enum { MOST = 120, K = 70, N = 37, X = 60 };
  Arena arena = { 0 };
  Case c;
  case_open(&c, &arena, 31);
  uint16_t dom = graph_dom(c.g, &(Dom){ .name = S("R"), .n = X, .ndim = 1, .shape = { X, 1 } });
  Axis line[] = { SAMPLE(&c), MUL(K) }, rows[] = { SAMPLE(&c), axis_row(c.g, dom), MUL(K) };
  Arg in[] = { { .name = S("x"), .role = ARG_IN, .rank = 2 }, { .name = S("z"), .role = ARG_IN, .rank = 3 } };
  memcpy(in[0].axis, line, sizeof line);
  memcpy(in[1].axis, rows, sizeof rows);
  Shape shape[] = { AXES(line[0], line[1]), AXES(rows[0], rows[1], rows[2]) };
  Val x = graph_input(c.g, graph_arg(c.g, &in[0]), &shape[0], 0, 0), z = graph_input(c.g, graph_arg(c.g, &in[1]),
      &shape[1], 0, 0);
  c.n = 2;                                            /* cases number their inputs as arguments */
  Val w = real_input(&c, AXES(MUL(K), MUL(N)));
  Arg out[] = { { .name = S("y"), .role = ARG_OUT, .rank = 2, .axis = { SAMPLE(&c), MUL(N) } },
                { .name = S("u"), .role = ARG_OUT, .rank = 3, .axis = { SAMPLE(&c), rows[1], MUL(N) } },
                { .name = S("s"), .role = ARG_OUT, .rank = 2, .axis = { MUL(K), MUL(N) } } };
  Val y = graph_contract(c.g, "bi,io->bo", (Val[]){ x, w }, 2), u = graph_contract(c.g, "bXi,io->bXo", (Val[]){ z, w },
      2);
  graph_store(c.g, graph_arg(c.g, &out[0]), 0, 0, y);
  graph_store(c.g, graph_arg(c.g, &out[1]), 0, 0, u);
  graph_store(c.g, graph_arg(c.g, &out[2]), 0, 0, graph_contract(c.g, "bXi,bXo->io", (Val[]){ z, u }, 2));
  float *weight = arena_array(&arena, float, K * N), *xs = arena_array(&arena, float, MOST * K),
      *zs = arena_array(&arena, float, 3 * X * K);
  for (int i = 0; i < K * N; i++) weight[i] = (float)c.data[2][i] - 1;
  for (int i = 0; i < MOST * K; i++) xs[i] = (float)draw(&c) - 0.5f;
  for (int i = 0; i < 3 * X * K; i++) zs[i] = (float)draw(&c) - 0.5f;
  Why why = { .arena = &arena };
  Target near = *target_find(S("x86-64-v4"), &why), tight;
  near.slots = 2;                                     /* so that a slot has rows for tall tiles */
  tight = near;
  tight.l2 = 16 << 10;                                /* panels of 32, blocks of 56 rows */
  const EntryCode *code[2] = { entry_plan(&arena, c.g, &near, NULL), entry_plan(&arena, c.g, &tight, NULL) };
  static const int64_t batches[] = { 0, 1, 2, 3 }, longer[] = { 4, 5, 7, 15, 16, 17, 63, 64, 65, 68, 100, 119, 120 };
  float *want[3], *got[3];
  int64_t count[3] = { MOST * N, 3 * X * N, K * N };
  for (int k = 0; k < 3; k++) {
    want[k] = arena_array(&arena, float, count[k]);
    got[k] = arena_array(&arena, float, count[k]);
  }
  for (size_t i = 0; i < sizeof batches / sizeof *batches; i++) {
    for (int k = 0; k < 3; k++) memset(got[k], 0, (size_t)count[k] * sizeof(float));
    for (int t = 0; t < 2; t++) {
      cr_assert(entry_eval(code[t], &batches[i], (void *[]){ xs, zs, weight, want[0], want[1], want[2] }, true, &why),
          "%.*s", STR(why.reason.at[0].text));
      if (t)
        for (int k = 0; k < 3; k++)
          cr_expect(!memcmp(want[k], got[k], (size_t)(k < 2 ? batches[i] * count[k] / (k ? 3 : MOST)
              : count[k]) * sizeof(float)), "output %d, b = %d", k, (int)batches[i]);
      for (int k = 0; k < 3; k++) memcpy(got[k], want[k], (size_t)count[k] * sizeof(float));
    }
  }
  /* y alone: a row is the same whatever stands beside it, in tall tiles, flat ones and single rows */
  c.g->store.n = 1;
  code[0] = entry_plan(&arena, c.g, &near, NULL);
  code[1] = entry_plan(&arena, c.g, &tight, NULL);
  for (int i = 0; i < MOST; i++)
    cr_assert(entry_eval(code[0], (int64_t[8]){ 1 }, (void *[]){ xs + i * K, zs, weight, want[0] + i * N, want[1],
        want[2] }, true, &why));
  for (size_t i = 0; i < sizeof longer / sizeof *longer; i++)
    for (int t = 0; t < 2; t++) {
      memset(got[0], 0, (size_t)count[0] * sizeof(float));
      cr_assert(entry_eval(code[t], &longer[i], (void *[]){ xs, zs, weight, got[0], got[1], got[2] }, true, &why),
          "%.*s", STR(why.reason.at[0].text));
      cr_expect(!memcmp(want[0], got[0], (size_t)(longer[i] * N) * sizeof(float)), "b = %d, %s", (int)longer[i],
          t ? "small cache" : "large cache");
      for (int64_t k = longer[i] * N; k < count[0]; k++)
        cr_assert(got[0][k] == 0, "b = %d: row behind the end", (int)longer[i]);
    }
  case_close(&c);
  arena_free(&arena);
}

/* --- weights in place, and maps in the registers of a gemm ------------------------------------------------------- */
static int64_t slab_of(Case *c, Val y, uint32_t *kernels) {
  Graph g = *c->g;
  Why why = { .arena = c->arena };
  g.store.n = 0;
  g.store.at = NULL;
  g.store.cap = 0;
  graph_store(&g, 0, 0, 0, y);
  const EntryCode *code = entry_plan(c->arena, &g, target_find(S("x86-64-v4"), &why), NULL);
  *kernels = code->kernel.n;
  return code->slab;
}

Test(plan, a_map_that_alone_reads_a_gemm_is_computed_in_its_registers) {
  static const int sizes[] = { 8, 15, 16, 17, 33, 64, 70 };
  enum { SIZES = sizeof sizes / sizeof *sizes };
  for (int i = 0; i < SIZES * SIZES; i++) {
    int K = sizes[i / SIZES], N = sizes[i % SIZES];
    Arena arena = { 0 };
    Case c;
    case_open(&c, &arena, 77 + (uint64_t)i);
    Val x = real_input(&c, AXES(SAMPLE(&c), MUL(K))), w = real_input(&c, AXES(MUL(K), MUL(N))),
        bias = real_input(&c, AXES(MUL(N))), other = real_input(&c, AXES(SAMPLE(&c), MUL(N))),
        back = real_input(&c, AXES(MUL(N), MUL(N)));
    Val y = graph_contract(c.g, "bi,io->bo", (Val[]){ x, w }, 2);
    Val z = graph_map(c.g, "bi,i->bi", "max(x0 + x1, 0)", (Val[]){ y, bias }, 2);
    uint32_t kernels;
    if (K >= 16 && N >= 16)
      cr_expect(slab_of(&c, z, &kernels) <= 64 * (N % 16 ? (N + 31) / 16 : 0) && kernels == 1,
          "%d x %d: a slab of %d bytes, %u kernels", K, N, (int)slab_of(&c, z, &kernels), kernels);
    if (K >= 16 && N >= 16) cr_expect(slab_of(&c, y, &kernels) == 0 && kernels == 1, "%d x %d alone", K, N);
    /* stored and read by a gemm; beside a row of another value; a gemm that two read; one of two gemms, both ways */
    Val u = graph_map(c.g, "bi,bi,i->bi", "x0 * x1 - x2", (Val[]){ graph_contract(c.g, "bi,io->bo", (Val[]){ z, back },
        2), other, bias }, 3);
    Val twice = graph_contract(c.g, "bi,oi->bo", (Val[]){ other, back }, 2);
    Val first = graph_map(c.g, "bi->bi", "tanh(x0)", (Val[]){ twice }, 1),
        second = graph_map(c.g, "bi,bi->bi", "x0 * x1", (Val[]){ twice, first }, 2);
    Val early = graph_contract(c.g, "bi,io->bo", (Val[]){ u, back }, 2),
        late = graph_contract(c.g, "bi,oi->bo", (Val[]){ u, back }, 2);
    Val both = graph_map(c.g, "bi,bi->bi", "x0 - 2 * x1", (Val[]){ early, late }, 2);
    Val turned = graph_map(c.g, "bi,i->bi", "x0 + x1", (Val[]){ graph_contract(c.g, "bi,io->bo", (Val[]){ both, back },
        2), bias }, 2);
    Val alone = graph_contract(c.g, "bi,io->bo", (Val[]){ other, back }, 2);
    Wanted wanted[] = { want(&c, z), want(&c, u), want(&c, second), want(&c, both), want(&c, turned), want(&c, alone) };
    Why why = { .arena = &arena };
    for (int f64 = 0; f64 < 2; f64++)
      for (int b = 0; b <= BATCH; b++)
        compare(&c, str_format(&arena, "maps behind %d x %d", K, N).at, target_find(str_of(marches[i % 3]), &why), f64,
            false, b, wanted, 6);
    case_close(&c);
    arena_free(&arena);
  }
}

Test(plan, labels_of_all_three_are_a_batch_of_gemms) {
  static const int sizes[] = { 8, 15, 16, 17, 33 };
  uint32_t turn = 0;
  for (int i = 0; i < 5; i++)
    for (int j = 1; j < 5; j++, turn++) {
      Arena arena = { 0 };
      Case c;
      case_open(&c, &arena, 7 + turn);
      uint16_t rows = graph_dom(c.g, &(Dom){ .name = S("R"), .n = (Size)(turn % 17 + 1), .ndim = 1,
          .shape = { turn % 17 + 1, 1 } });
      Axis r = axis_row(c.g, rows), k = MUL(sizes[i]), n = MUL(sizes[j]);
      Val w = real_input(&c, AXES(MUL(2), MUL(3), k, n));
      Val y[] = {
        graph_contract(c.g, "bghXi,ghio->bghXo", (Val[]){ real_input(&c, AXES(SAMPLE(&c), MUL(2), MUL(3), r, k)), w },
            2),
        graph_contract(c.g, "ghio,bXghi->bXgho", (Val[]){ w, real_input(&c, AXES(SAMPLE(&c), r, MUL(2), MUL(3), k)) },
            2),
        graph_contract(c.g, "bgXih,ghio->bhXgo", (Val[]){ real_input(&c, AXES(SAMPLE(&c), MUL(2), r, k, MUL(3))), w },
            2),
      };
      Wanted wanted[] = { want(&c, y[0]), want(&c, y[1]), want(&c, y[2]) };
      Why why = { .arena = &arena };
      compare(&c, str_format(&arena, "a batch of %d x %d", sizes[i], sizes[j]).at,
          target_find(turn % 2 ? S("x86-64-v4") : S("x86-64-v3"), &why),
          turn % 3 == 0, false, turn % 3, wanted, 3);
      case_close(&c);
      arena_free(&arena);
    }
}

/* --- rows a page apart: lower and wider tiles -------------------------------------------------------------------- */
Test(plan, rows_a_page_apart_have_the_bits_of_rows_alone) {
  enum { B = 23, K = 1024, N = 53 };
  Arena arena = { 0 };
  Case c;
  case_open(&c, &arena, 41);
  Arg in = { .name = S("x"), .role = ARG_IN, .rank = 2, .axis = { SAMPLE(&c), MUL(K) } };
  Arg out = { .name = S("y"), .role = ARG_OUT, .rank = 2, .axis = { SAMPLE(&c), MUL(N) } };
  Shape rows = AXES(SAMPLE(&c), MUL(K));
  Val x = graph_input(c.g, graph_arg(c.g, &in), &rows, 0, 0);
  c.n = 1;                                            /* cases number their inputs as arguments */
  Val w = real_input(&c, AXES(MUL(K), MUL(N)));
  graph_store(c.g, graph_arg(c.g, &out), 0, 0, graph_contract(c.g, "bi,io->bo", (Val[]){ x, w }, 2));
  float *weight = arena_array(&arena, float, K * N), *xs = arena_array(&arena, float, B * K), y[B * N], one[N];
  for (int i = 0; i < K * N; i++) weight[i] = (float)c.data[1][i] - 1;
  for (int i = 0; i < B * K; i++) xs[i] = (float)draw(&c) - 0.5f;
  Why why = { .arena = &arena };
  Target target = *target_find(S("x86-64-v4"), &why);
  target.slots = 1;
  const EntryCode *code = entry_plan(&arena, c.g, &target, NULL);
  cr_assert(entry_eval(code, (int64_t[8]){ B }, (void *[]){ xs, weight, y }, true, &why), "%.*s",
      STR(why.reason.at[0].text));
  for (int i = 0; i < B; i++) {
    cr_assert(entry_eval(code, (int64_t[8]){ 1 }, (void *[]){ xs + i * K, weight, one }, true, &why), "row %d", i);
    cr_expect(!memcmp(one, y + i * N, sizeof one), "row %d", i);
  }
  case_close(&c);
  arena_free(&arena);
}

/* --- windows of all kinds, as operands of gemms in three directions ------------------------------------------ */
typedef struct WindowRow { uint32_t h, w, k; int32_t stride, dilation, pad; bool wrap; int in, out; } WindowRow;
static const WindowRow window_rows[] = {
  { 6, 6, 3, 1, 1, 1, false, 3, 16 }, { 7, 5, 3, 1, 1, 1, false, 16, 17 }, { 8, 8, 5, 1, 1, 2, false, 1, 32 },
  { 8, 8, 3, 2, 1, 1, false, 4, 16 }, { 9, 9, 3, 1, 2, 2, false, 2, 24 },  { 6, 6, 3, 1, 1, 1, true, 3, 16 },
  { 5, 5, 5, 1, 1, 0, false, 4, 33 }, { 8, 8, 2, 2, 1, 0, false, 16, 16 }, { 6, 4, 3, 1, 1, 0, false, 5, 64 },
};

static uint16_t grid_of(Case *c, const char *name, uint32_t h, uint32_t w, bool wrap) {
  return graph_dom(c->g, &(Dom){ .name = str_format(c->arena, "%s%ux%u", name, h, w), .n = (Size)(h * w), .ndim = 2,
      .shape = { h, w }, .wrap = wrap });
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
    uint16_t X = grid_of(&c, "X", z->h, z->w, z->wrap), Y = grid_of(&c, "Y", oh, ow, z->wrap), W = grid_of(&c, "W",
        z->k, z->k, false);
    Val x = real_input(&c, AXES(SAMPLE(&c), axis_row(c.g, X), MUL(z->in))), f = real_input(&c, AXES(axis_row(c.g, W),
        MUL(z->in), MUL(z->out)));
    View v = { .sort = VIEW_WINDOW, .axis = 1, .dom = Y, .win = W };
    for (int d = 0; d < 2; d++) { v.d[d].row = z->stride; v.d[d].win = z->dilation; v.d[d].add =
        -z->pad; v.d[d].div = 1; }
    Val y = graph_contract(c.g, "bYWi,Wio->bYo", (Val[]){ graph_view(c.g, x, &v), f }, 2);
    Derived d = derive(&c, y);
    Wanted w[8];
    uint32_t n = 0;
    w[n++] = want(&c, y);
    for (uint32_t k = 0; k < 2; k++) { w[n++] = want(&c, d.first[k]); w[n++] = want(&c, d.second[k]); }
    Graph *g = graph_simplify(c.g, &arena);
    Graph *keep = c.g;
    /* as built; with folds of contracts as adjoint views; as products of tiles */
    for (int pass = 0; pass < 3; pass++) {
      c.g = pass == 2 ? graph_winograd(g, &arena, true) : pass ? g : keep;
      for (int m = 1; m < 3; m++)
        for (int b = 1; b <= BATCH; b++) {
          Why why = { .arena = &arena };
          compare(&c, str_format(&arena, "window %u%s", r, (const char *[]){ "", ", simplified", ", tiles" }[pass]).at,
              target_find(str_of(marches[m]), &why), true, false, b, w, n);
        }
    }
    c.g = keep;
    case_close(&c);
    arena_free(&arena);
  }
}

/* --- sets of unknown size ------------------------------------------------------------------------------------ */
enum { SETS_ARGS = 24 };
typedef struct Sets {
  Arena *arena;
  Graph *g;
  uint16_t atoms, bonds;
  int64_t sizes[8];                 /* b, n, e                                                     */
  void *data[SETS_ARGS], *got[SETS_ARGS];
} Sets;

static Val sets_input(Sets *t, const char *name, ArgRole role, uint8_t number, Shape s) {
  s.number = number;
  Arg a = { .name = str_of(name), .role = role, .number = number, .rank = s.rank };
  memcpy(a.axis, s.axis, s.rank * sizeof *s.axis);
  return graph_input(t->g, graph_arg(t->g, &a), &s, 0, 0);
}
static void sets_output(Sets *t, const char *name, Val v) {
  Arg a = { .name = str_of(name), .role = ARG_OUT, .number = t->g->node.at[v].shape.number, .rank =
      t->g->node.at[v].shape.rank };
  memcpy(a.axis, t->g->node.at[v].shape.axis, a.rank * sizeof *a.axis);
  graph_store(t->g, graph_arg(t->g, &a), 0, 0, v);
}

/* Messages along bonds, attention, harmonics, sums to atoms and samples; gradients by weights and places. */
static void sets_graph(Sets *t, Arena *arena) {
  *t = (Sets){ .arena = arena, .g = graph_open(arena, S("sets"), ENTRY_INFER) };
  Graph *g = t->g;
  t->atoms = graph_dom(g, &(Dom){ .name = S("A"), .sort = DOM_RAGGED, .parent = 1, .n = graph_symbol(g, S("n")),
      .ndim = 1, .moved = true });
  t->bonds = graph_dom(g, &(Dom){ .name = S("B"), .sort = DOM_RAGGED, .parent = 1, .n = graph_symbol(g, S("e")),
      .ndim = 1, .moved = true });
  Axis A = axis_row(g, t->atoms), B = axis_row(g, t->bonds);
  uint16_t arrow = graph_frame_of(g, &(Frame){ S("arrow"), ACTION_MIXES, 3, true, NULL });
  Val src = sets_input(t, "src", ARG_INDEX, NUMBER_INT, AXES(B)), dst = sets_input(t, "dst", ARG_INDEX, NUMBER_INT,
      AXES(B));
  Val parent = sets_input(t, "parent", ARG_INDEX, NUMBER_INT, AXES(A));
  Val h = sets_input(t, "h", ARG_IN, NUMBER_REAL, AXES(A, axis_mul(20)));
  Val r = sets_input(t, "r", ARG_IN, NUMBER_REAL, AXES(A, axis_rep(g, arrow, false), axis_mul(1)));
  Val w = sets_input(t, "w", ARG_PARAM, NUMBER_REAL, AXES(axis_mul(20), axis_mul(24)));
  Val u = sets_input(t, "u", ARG_PARAM, NUMBER_REAL, AXES(axis_mul(24), axis_mul(20)));
  Val d = graph_map(g, "Bgi,Bgi->Bgi", "x0 - x1", (Val[]){ graph_gather(g, r, src, 0), graph_gather(g, r, dst, 0) }, 2);
  Val y = graph_harmonics(g, d, 2);
  Val q = sets_input(t, "q", ARG_PARAM, NUMBER_REAL, AXES(g->node.at[y].shape.axis[1], axis_mul(24)));
  Val radial = graph_contract(g, "Bki,ko->Bo", (Val[]){ graph_map(g, "Bki->Bki", "tanh(x0)", &y, 1), q }, 2);
  Val hidden = graph_contract(g, "Ai,io->Ao", (Val[]){ h, w }, 2);
  Val m = graph_map(g, "Bo,Bo,Bo->Bo", "(x0 + x1) * sigmoid(x0 + x1) * x2", (Val[]){ graph_gather(g, hidden, src, 0),
      graph_gather(g, hidden, dst, 0), radial }, 3);
  Val back = graph_contract(g, "Bo,oi->Bi", (Val[]){ m, u }, 2);
  Val logits = graph_contract(g, "Bi,Bi->B", (Val[]){ back, graph_gather(g, h, dst, 0) }, 2);
  Val all = graph_lse_at(g, logits, dst, 0, t->atoms);
  Val weight = graph_map(g, "B,B->B", "exp(x0 - x1)", (Val[]){ logits, graph_gather(g, all, dst, 0) }, 2);
  Val sent = graph_segment(g, graph_map(g, "Bi,B->Bi", "x0 * x1", (Val[]){ back, weight }, 2), dst, 0, t->atoms);
  Val most = graph_rmax_at(g, back, src, 0, t->atoms, 0);
  Val next = graph_map(g, "Ai,Ai,Ai->Ai", "x0 + tanh(x1) + 0.5 * x2", (Val[]){ h, sent, most }, 3);
  Val total = graph_segment(g, next, parent, 0, 1);
  Val loss = graph_contract(g, "bi,bi->", (Val[]){ total, total }, 2), one = graph_constant(g, &(Shape){ 0 }, 1),
      by[] = { w, u, q, h, r }, slope[5];
  graph_grad(g, loss, one, by, 5, slope);
  sets_output(t, "next", next);
  sets_output(t, "total", total);
  sets_output(t, "loss", loss);
  sets_output(t, "weights", weight);
  for (int i = 0; i < 5; i++) sets_output(t, "slope", slope[i]);
}

static uint64_t arg_count(const Sets *t, uint32_t a) {
  Shape s = { .rank = t->g->arg.at[a].rank };
  memcpy(s.axis, t->g->arg.at[a].axis, sizeof s.axis[0] * s.rank);
  return shape_count(&s, t->sizes);
}

static void sets_fill(Sets *t, bool f64, void **to) {
  uint64_t seed = 9;
  for (uint32_t a = 0; a < t->g->arg.n; a++) {
    uint64_t n = arg_count(t, a);
    to[a] = arena_alloc(t->arena, (n + 1) * 8);
    for (uint64_t k = 0; k < n; k++) {
      seed = seed * 6364136223846793005u + 1442695040888963407u;
      double x = (double)(seed >> 11) * 0x1p-53 - 0.5;
      if (a == 2) ((int32_t *)to[a])[k] = (int32_t)(k * (uint64_t)t->sizes[0] / n);
      else if (t->g->arg.at[a].number == NUMBER_INT) ((int32_t *)to[a])[k] =
          (int32_t)((x + 0.5) * (double)(t->sizes[1] > 1 ? t->sizes[1] - 1 : 1));
      else if (f64) ((double *)to[a])[k] = x;
      else ((float *)to[a])[k] = (float)x;
    }
  }
}

/* Slots in the order of `order`: bits may not depend on it. */
static bool run_slots(const EntryCode *e, const int64_t *sizes, void *const *args, int turn, Why *why) {
  size_t bytes = (size_t)size_expr(&e->workspace, sizes);
  char *space = aligned_alloc(64, (bytes + 127) / 64 * 64);
  memset(space, 0xff, bytes);
  bool ok = true;
  for (uint32_t k = 0; ok && k < e->kernel.n; k++) {
    const EntryKernel *kernel = &e->kernel.at[k];
    void *bufs[256] = { 0 };
    for (uint32_t i = 0; i < kernel->kernel->buf.n; i++) {
      if (kernel->kernel->buf.at[i].scope != SCOPE_GLOBAL) continue;
      const EntryBuf *b = &e->buf.at[kernel->bind[i]];
      bufs[i] = b->arg >= 0 ? args[b->arg] : b->arg == BUF_CONSTANT ? (void *)(uintptr_t)b->constant
          : space + size_expr(&b->at, sizes);
    }
    for (int i = 0; ok && i < e->slots; i++) {
      int slot = turn == 0 ? i : turn == 1 ? e->slots - 1 - i : (i * 7 + 3) % e->slots;
      ok = loops_eval(kernel->kernel, bufs, sizes, slot, slot + 1, false, why);
    }
  }
  free(space);
  return ok;
}

Test(plan, sets_of_unknown_size_empty_ones_too) {
  Arena arena = { 0 };
  Sets t;
  sets_graph(&t, &arena);
  Graph *simple = graph_simplify(t.g, &arena);
  static const int64_t cases_of[][3] = { { 2, 9, 30 }, { 3, 5, 0 }, { 1, 0, 0 }, { 0, 0, 0 }, { 4, 70, 200 }, { 1, 1,
      1 } };
  for (uint32_t z = 0; z < sizeof cases_of / sizeof *cases_of; z++)
    for (int plain = 0; plain < 2; plain++)
      for (int m = 0; m < 3; m++) {
        memcpy(t.sizes, cases_of[z], sizeof cases_of[z]);
        Graph g = m == 1 ? *t.g : *simple;
        g.plain = plain;
        g.f64 = true;
        Why why = { .arena = &arena };
        sets_fill(&t, true, t.data);
        cr_assert(graph_eval(&g, t.sizes, t.data, NULL, &why), "%.*s", STR(why.reason.at[0].text));
        const EntryCode *code = entry_plan(&arena, &g, target_find(str_of(marches[m]), &why), NULL);
        void *twice[2][SETS_ARGS];
        sets_fill(&t, true, t.got);
        bool ok = entry_eval(code, t.sizes, t.got, true, &why);
        cr_expect(ok, "%s %s, case %u: %.*s", marches[m], plain ? "plain" : "fused", z, STR(why.reason.at[0].text));
        for (int turn = 1; ok && turn < 3; turn++) {
          sets_fill(&t, true, twice[turn - 1]);
          ok = run_slots(code, t.sizes, twice[turn - 1], turn, &why);
        }
        for (uint32_t a = 0; ok && a < g.arg.n; a++) {
          if (g.arg.at[a].number != NUMBER_REAL) continue;
          double worst = 0, scale = 1;
          uint64_t n = arg_count(&t, a);
          for (uint64_t k = 0; k < n; k++) {
            double x = ((double *)t.data[a])[k], y = ((double *)t.got[a])[k];
            if (fabs(x) > scale) scale = fabs(x);
            if (!(fabs(x - y) <= worst) && !(isinf(x) && x == y)) worst = fabs(x - y);
          }
          cr_expect(worst <= 1e-11 * scale, "%s %s, case %u: argument %u (%.*s) differs by %g of %g", marches[m],
              plain ? "plain" : "fused", z, a,
                    STR(g.arg.at[a].name), worst, scale);
          for (int turn = 0; turn < 2; turn++)
            cr_expect(!memcmp(t.got[a], twice[turn][a], n * sizeof(double)),
                "%s %s, case %u: bits of %.*s depend on the order of slots", marches[m],
                      plain ? "plain" : "fused", z, STR(g.arg.at[a].name));
        }
      }
  arena_free(&arena);
}

/* --- a sample alone is that sample in a batch ---------------------------------------------------------------- */
Test(plan, a_sample_alone_has_the_bits_it_has_in_a_batch) {
  Arena arena = { 0 };
  Case c;
  case_open(&c, &arena, 77);
  uint16_t X = grid_of(&c, "X", 6, 6, false), W = grid_of(&c, "W", 3, 3, false);
  enum { B = 5, IN = 36 * 3, OUT = 20 };
  Arg in = { .name = S("x"), .role = ARG_IN, .rank = 3, .axis = { SAMPLE(&c), axis_row(c.g, X), MUL(3) } };
  Arg out = { .name = S("y"), .role = ARG_OUT, .rank = 2, .axis = { SAMPLE(&c), MUL(OUT) } };
  Shape images = AXES(SAMPLE(&c), axis_row(c.g, X), MUL(3));
  Val x = graph_input(c.g, graph_arg(c.g, &in), &images, 0, 0);
  c.n = 1;                                            /* cases number their inputs as arguments */
  Val f = real_input(&c, AXES(axis_row(c.g, W), MUL(3), MUL(33))), w = real_input(&c, AXES(MUL(33), MUL(OUT)));
  View v = { .sort = VIEW_WINDOW, .axis = 1, .dom = X, .win = W };
  for (int d = 0; d < 2; d++) { v.d[d].row = v.d[d].win = v.d[d].div = 1; v.d[d].add = -1; }
  Val y = graph_contract(c.g, "bYWi,Wio->bYo", (Val[]){ graph_view(c.g, x, &v), f }, 2);
  Val z = graph_map(c.g, "bYo->bYo", "x0 * sigmoid(x0)", &y, 1);
  Val pooled = graph_contract(c.g, "bYo->bo", &z, 1), logits = graph_contract(c.g, "bo,oi->bi", (Val[]){ pooled, w },
      2);
  Val p = graph_map(c.g, "bi,b->bi", "exp(x0 - x1)", (Val[]){ logits, graph_lse(c.g, logits, 1u << 1) }, 2);
  graph_store(c.g, graph_arg(c.g, &out), 0, 0, p);
  float batch[B * IN], all[B * OUT], one[OUT];
  for (int i = 0; i < B * IN; i++) batch[i] = (float)draw(&c) - 0.5f;
  float *weight[2] = { arena_array(&arena, float, 9 * 3 * 33), arena_array(&arena, float, 33 * OUT) };
  for (int i = 0; i < 9 * 3 * 33; i++) weight[0][i] = (float)c.data[1][i] - 1;
  for (int i = 0; i < 33 * OUT; i++) weight[1][i] = (float)c.data[2][i] - 1;
  for (int expect = 1; expect <= 64; expect += 63)
    for (int plain = 0; plain < 2; plain++) {
      Why why = { .arena = &arena };
      Graph g = *c.g;
      g.plain = plain;
      g.expect[0] = expect;                           /* chooses chunks, never results */
      const EntryCode *code = entry_plan(&arena, &g, target_find(S("x86-64-v4"), &why), NULL);
      cr_assert(entry_eval(code, (int64_t[8]){ B }, (void *[]){ batch, weight[0], weight[1], all }, true, &why),
          "%.*s", STR(why.reason.at[0].text));
      for (int i = 0; i < B; i++) {
        cr_assert(entry_eval(code, (int64_t[8]){ 1 }, (void *[]){ batch + i * IN, weight[0], weight[1], one }, true,
            &why), "sample %d", i);
        cr_expect(!memcmp(one, all + i * OUT, sizeof one), "sample %d, %s, expect %d", i, plain ? "plain" : "fused",
            expect);
      }
    }
  case_close(&c);
  arena_free(&arena);
}

/* --- state is overwritten after all reads [plan.8] ------------------------------------------------------------- */
Test(plan, stores_overwrite_what_has_been_read) {
  for (int crossed = 0; crossed < 3; crossed++) {
    Arena arena = { 0 };
    Graph *g = graph_open(&arena, S("step"), ENTRY_STEP);
    enum { N = 21, B = 3 };
    Axis copies = axis_mul(N), sample = axis_row(g, 1);
    Arg x_arg = { .name = S("x"), .role = ARG_IN, .rank = 2, .axis = { sample, copies } };
    Arg w_arg = { .name = S("w"), .role = ARG_PARAM, .rank = 1, .axis = { axis_mul(64) } };
    Arg m_arg = { .name = S("m"), .role = ARG_MOMENT, .rank = 1, .axis = { axis_mul(64) } };
    uint32_t x_at = graph_arg(g, &x_arg), w_at = graph_arg(g, &w_arg), m_at = graph_arg(g, &m_arg);
    Shape line = AXES(copies), rows = AXES(sample, copies);
    Val x = graph_input(g, x_at, &rows, 0, 0), w1 = graph_param(g, w_at, &line, 0), w2 = graph_param(g, w_at, &line,
        32);
    Val m1 = graph_param(g, m_at, &line, 0), m2 = graph_param(g, m_at, &line, 32);
    Val slope = graph_contract(g, "bi->i", (Val[]){ graph_map(g, "bi,i->bi", "x0 * x1", (Val[]){ x, w1 }, 2) }, 1);
    Val square = graph_contract(g, "i,i->", (Val[]){ slope, slope }, 2);
    Val n1 = graph_map(g, "i,i,->i", "0.9 * x0 + x1 * rsqrt(x2 + 1)", (Val[]){ m1, slope, square }, 3);
    Val v1 = graph_map(g, "i,i->i", "x0 - 0.1 * x1", (Val[]){ w1, n1 }, 2);
    Val n2 = graph_map(g, "i,i->i", "0.9 * x0 + x1", (Val[]){ m2, w2 }, 2);
    Val v2 = graph_map(g, "i,i->i", "x0 + x1", (Val[]){ w2, crossed == 1 ? w1 : n2 }, 2);
    graph_store(g, m_at, 0, 0, n1);
    graph_store(g, m_at, 32, 0, n2);
    graph_store(g, w_at, 0, 0, crossed == 2 ? w2 : v1);     /* 2: the weights change places */
    graph_store(g, w_at, 32, 0, crossed == 2 ? w1 : v2);
    double state[2][2][64], batch[B * N];
    for (int i = 0; i < B * N; i++) batch[i] = 0.1 * (i % 7) - 0.2;
    for (int plain = 0; plain < 2; plain++) {
      for (int i = 0; i < 64; i++)
        for (int k = 0; k < 2; k++) { state[k][0][i] = 0.01 * i - 0.3; state[k][1][i] = 0.02 * (i % 9); }
      Why why = { .arena = &arena };
      Graph h = *g;
      h.plain = plain;
      h.f64 = true;
      cr_assert(graph_eval(&h, (int64_t[8]){ B }, (void *[]){ batch, state[0][0], state[0][1] }, NULL, &why), "eval");
      const EntryCode *code = entry_plan(&arena, &h, target_find(S("x86-64-v4"), &why), NULL);
      bool ok = entry_eval(code, (int64_t[8]){ B }, (void *[]){ batch, state[1][0], state[1][1] }, true, &why);
      cr_assert(ok, "%.*s", STR(why.reason.at[0].text));
      for (int i = 0; i < 64; i++)
        for (int k = 0; k < 2; k++)
          cr_expect(fabs(state[0][k][i] - state[1][k][i]) <= 1e-14, "crossed %d, %s: %s %d is %g, not %g", crossed,
                    plain ? "plain" : "fused", k ? "moment" : "weight", i, state[1][k][i], state[0][k][i]);
    }
    arena_free(&arena);
  }
}
