/* test_winograd.c: tiles compute what the convolution computes.
 *
 * The three tables in exact arithmetic; then the rewritten Graph against the direct one in f64, for every way a window
 * can lie: sizes that 4 divides and does not, pads, tori, windows that run backwards, either order of the operands,
 * channels in one axis and in two. The two Graphs differ by rounding: sums of up to 9 * 16 products, so 1e-13 of the
 * largest. */
#include "graph/winograd.h"
#include "graph_cases.h"
#include <criterion/criterion.h>

/* --- the tables ---------------------------------------------------------------------------------------------- */
static const Exact *exact(Exacts *e, double x) {       /* a double with few binary places                */
  cr_assert(ldexp(x, 20) == floor(ldexp(x, 20)), "%g has more than 20 binary places", x);
  return exact_div(e, exact_int(e, (int64_t)ldexp(x, 20)), exact_int(e, 1 << 20));
}

Test(winograd, six_products_are_four_sums_of_three_exactly) {
  Exacts *e = exacts_open();
  for (int flipped = 0; flipped < 2; flipped++) {
    Winograd w = winograd_tables(flipped);
    for (int r = 0; r < WINOGRAD_OUT; r++)
      for (int k = 0; k < WINOGRAD_TAPS; k++)
        for (int u = 0; u < WINOGRAD_IN; u++) {
          const Exact *sum = exact_int(e, 0);
          for (int i = 0; i < WINOGRAD_IN; i++) {
            bool last = i == WINOGRAD_IN - 1;
            int power = flipped ? WINOGRAD_TAPS - 1 - k : k;
            const Exact *g = exact_int(e, power == WINOGRAD_TAPS - 1), *value = exact_int(e, 0),
                *point = exact(e, w.a[1][i]);
            if (!last) {                               /* G is rounded: p^k over the polynomial of row i of B, at p */
              for (int d = 0; d < WINOGRAD_IN; d++)
                value = exact_add(e, value, exact_mul(e, exact(e, w.b[i][d]), exact_power(e, point, d)));
              g = exact_div(e, exact_power(e, point, power), value);
            }
            cr_expect(fabs(w.g[i][k] - exact_real(g)) <= 0x1p-52 * fabs(w.g[i][k]), "G[%d][%d] is %.17g, not %.17g", i,
                k, w.g[i][k], exact_real(g));
            sum = exact_add(e, sum, exact_mul(e, exact_mul(e, exact(e, w.a[r][i]), g), exact(e, w.b[i][u])));
          }
          int tap = flipped ? WINOGRAD_TAPS - 1 - k : k;
          cr_expect(exact_equal(sum, exact_int(e, u == r + tap)), "pixel %d, tap %d, input %d%s", r, k, u,
              flipped ? ", flipped" : "");
        }
  }
  exacts_close(e);
}

/* --- the rewrite --------------------------------------------------------------------------------------------- */
typedef struct Way {
  uint32_t h, w;
  int pad;
  bool wrap;
  int sign[2];                      /* of the window, in either direction                          */
  bool swapped, pairs;              /* filter first; channels in two axes                          */
} Way;

static uint32_t folds(const Graph *g) {
  uint32_t n = 0;
  for (Val v = 1; v < g->node.n; v++) n += g->node.at[v].op == OP_fold;
  return n;
}

static void both(const Way *z) {
  Arena arena = { 0 };
  Case c;
  case_open(&c, &arena, 17 + z->h * 31 + z->w);
  int h = (int)z->h + (z->wrap ? 0 : 2 * z->pad - 2), w = (int)z->w + (z->wrap ? 0 : 2 * z->pad - 2);
  uint16_t X = graph_dom(c.g, &(Dom){ .name = S("from"), .n = (Size)(z->h * z->w), .ndim = 2, .shape = { z->h, z->w },
      .wrap = z->wrap });
  uint16_t Y = graph_dom(c.g, &(Dom){ .name = S("to"), .n = (Size)(h * w), .ndim = 2, .shape = { (uint32_t)h,
      (uint32_t)w }, .wrap = z->wrap });
  uint16_t W = graph_dom(c.g, &(Dom){ .name = S("3x3"), .n = 9, .ndim = 2, .shape = { 3, 3 } });
  Val x, f, y, arg[2];
  if (z->pairs) {
    x = real_input(&c, AXES(SAMPLE(&c), axis_row(c.g, X), REP(&c, vector), MUL(3)));
    f = real_input(&c, AXES(axis_row(c.g, W), REP(&c, regular), MUL(2), REP(&c, vector), MUL(3)));
  } else {
    x = real_input(&c, AXES(SAMPLE(&c), axis_row(c.g, X), MUL(5)));
    f = real_input(&c, AXES(axis_row(c.g, W), MUL(5), MUL(3)));
  }
  View v = { .sort = VIEW_WINDOW, .axis = 1, .dom = Y, .win = W };
  for (int d = 0; d < 2; d++) {
    v.d[d].row = v.d[d].div = 1;
    v.d[d].win = z->sign[d];
    v.d[d].add = z->sign[d] > 0 ? -z->pad : 2 - z->pad;
  }
  arg[z->swapped] = graph_view(c.g, x, &v);
  arg[!z->swapped] = f;
  const char *labels = z->pairs ? z->swapped ? "Whogi,bXWgi->bXho" : "bXWgi,Whogi->bXho" : z->swapped
      ? "Wio,bXWi->bXo" : "bXWi,Wio->bXo";
  y = graph_contract(c.g, labels, arg, 2);
  uint64_t n = shape_count(&c.g->node.at[y].shape, case_sizes);
  Arg out = { .name = S("y"), .role = ARG_OUT, .rank = 1, .axis = { axis_mul((Size)n) } };
  uint32_t to = graph_arg(c.g, &out);
  graph_store(c.g, to, 0, 0, y);
  Graph *tiles = graph_winograd(c.g, &arena, true);
  Why why = { .arena = &arena };
  cr_assert(graph_verify(tiles, &why), "%.*s", why.reason.n ? (int)why.reason.at[0].text.n : 0,
      why.reason.n ? why.reason.at[0].text.at : "");
  cr_assert_eq(folds(c.g), 0);
  cr_assert_eq(folds(tiles), 1, "%u x %u, pad %d: is not rewritten", z->h, z->w, z->pad);
  double *result[2];
  for (int i = 0; i < 2; i++) {
    void *args[] = { c.data[0], c.data[1], result[i] = arena_array(&arena, double, n) };
    cr_assert(graph_eval(i ? tiles : c.g, case_sizes, args, NULL, &why));
  }
  double scale = 0, worst = 0;
  for (uint64_t i = 0; i < n; i++) {
    scale = fmax(scale, fabs(result[0][i]));
    worst = fmax(worst, fabs(result[0][i] - result[1][i]));
  }
  cr_expect(scale > 0 && worst <= 1e-13 * scale, "%u x %u, pad %d%s, window (%d, %d): %g of %g", z->h, z->w, z->pad,
      z->wrap ? ", torus" : "", z->sign[0], z->sign[1],
      worst, scale);
  case_close(&c);
  arena_free(&arena);
}

Test(winograd, tiles_compute_the_convolution_for_every_window) {
  uint32_t turn = 0;
  for (uint32_t h = 1; h <= 9; h++)
    for (uint32_t w = 1; w <= 9; w += 1 + h % 2)
      for (int pad = 0; pad < 4; pad++, turn++) {
        bool wrap = pad == 3;
        if (!wrap && (h + 2 * (uint32_t)pad < 3 || w + 2 * (uint32_t)pad < 3)) continue;
        both(&(Way){ h, w, wrap ? (int)(turn % 2) : pad, wrap, { turn & 1 ? -1 : 1, turn & 2 ? -1 : 1 }, turn & 4,
            turn % 3 == 0 });
      }
}

/* --- which it is done for ---------------------------------------------------------------------------------------- */
Test(winograd, price_says_no_to_few_channels_and_to_a_filter_that_nobody_shares) {
  static const struct { int64_t side, in, out, batch; bool pays; } rows[] = {
    { 32, 64, 64, 128, true }, { 16, 128, 128, 128, true }, { 8, 256, 256, 64, true }, { 7, 128, 256, 64, true },
    { 32, 3, 32, 128, false }, { 28, 1, 8, 64, false }, { 32, 8, 8, 128, false }, { 1, 256, 512, 64, false },
        { 4, 512, 512, 1, false },
  };
  for (uint32_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    int64_t side = rows[i].side, tiles = (side + 3) / 4;
    WinogradPrice p = winograd_price(side * side, tiles * tiles, rows[i].in, rows[i].out, rows[i].batch);
    cr_expect_eq(p.winograd < p.direct, rows[i].pays, "%d x %d, %d to %d, batch %d: %g for %g", (int)side, (int)side,
        (int)rows[i].in, (int)rows[i].out,
        (int)rows[i].batch, p.winograd, p.direct);
  }
}
