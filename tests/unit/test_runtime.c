/* test_runtime.c: the parts of the runtime that need no file: draws, schedules, the group at work, threads. */
#include "../../runtime/act.h"
#include "../../runtime/host.h"
#include "../../runtime/settings.h"
#include <Random123/threefry.h>
#include <criterion/criterion.h>
#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* --- draws ---------------------------------------------------------------------------------------- */
Test(runtime, threefry_is_that_of_random123) {
  for (uint64_t i = 0; i < 200; i++) {
    uint64_t key[2] = { i * 0x9E3779B97F4A7C15u, ~i }, counter[2] = { i, i << 40 }, out[2];
    rt_threefry(key, counter, out);
    threefry2x64_ctr_t c = { { counter[0], counter[1] } };
    threefry2x64_key_t k = { { key[0], key[1] } };
    threefry2x64_ctr_t want = threefry2x64_R(20, c, k);
    cr_assert(out[0] == want.v[0] && out[1] == want.v[1]);
  }
}

/* The mean of n normals has deviation 1/sqrt(n), their mean square sqrt(2/n): six of them are allowed. */
Test(runtime, normals_have_mean_0_and_variance_1) {
  Key k = rt_key(DRAW_WEIGHT, 3, 4);
  enum { N = 20000 };
  double sum = 0, square = 0;
  for (uint64_t i = 0; i < N; i++) {
    double x = rt_normal(k, i);
    sum += x;
    square += x * x;
  }
  cr_assert_lt(fabs(sum / N), 6 / sqrt(N));
  cr_assert_lt(fabs(square / N - 1), 6 * sqrt(2.0 / N));
}

Test(runtime, permutations_hold_each_number_once_and_depend_on_the_key) {
  enum { N = 1000 };
  uint32_t a[N], b[N], seen[N] = { 0 };
  rt_permutation(rt_key(DRAW_ORDER, 1, 2), a, N);
  rt_permutation(rt_key(DRAW_ORDER, 1, 3), b, N);
  int equal = 0;
  for (int i = 0; i < N; i++) seen[a[i]]++, equal += a[i] == b[i];
  for (int i = 0; i < N; i++) cr_assert_eq(seen[i], 1);
  cr_assert_lt(equal, 20);          /* one is expected                                                */
}

/* --- schedules ------------------------------------------------------------------------------------ */
Test(runtime, schedules_are_those_of_the_language) {
  const gdl_piece warmup = { "warmup", 0, 0, 2 }, cosine = { "cosine", 4, 2, 10 }, ramp = { "ramp", 1, 3, 4 },
      stairs = { "staircase", 8, 0.5, 3 }, flat = { "constant", 7, 0, 0 };
  cr_assert_eq(rt_piece(&warmup, 0), 0);
  cr_assert_eq(rt_piece(&warmup, 1), 0.5);
  cr_assert_eq(rt_piece(&warmup, 5), 1);
  cr_assert_eq(rt_piece(&cosine, 0), 4);
  cr_assert_float_eq(rt_piece(&cosine, 5), 3, 1e-15);
  cr_assert_float_eq(rt_piece(&cosine, 2.5), 3 + cos(M_PI / 4), 1e-15);
  cr_assert_eq(rt_piece(&cosine, 10), 2);
  cr_assert_eq(rt_piece(&cosine, 11), 2);
  cr_assert_eq(rt_piece(&ramp, 2), 2);
  cr_assert_eq(rt_piece(&ramp, 9), 3);
  cr_assert_eq(rt_piece(&stairs, 2.9), 8);
  cr_assert_eq(rt_piece(&stairs, 6), 2);
  cr_assert_eq(rt_piece(&flat, 100), 7);
}

Test(runtime, setting_vector_holds_schedules_and_the_corrections_of_adam) {
  const gdl_piece rate[] = { { "warmup", 0, 0, 1 }, { "constant", 0.5, 0, 0 } };
  const gdl_setting s[] = {
    { "optimizer.rate", 0, 0, 1, 1, 2, rate }, { "optimizer.beta1", 0.9, 0, 1, 0, 0, NULL }, { "optimizer.beta2", 0.99,
        0, 1, 2, 0, NULL },
    { "optimizer.correction1", 0, 0, 0, 3, 0, NULL }, { "optimizer.correction2", 0, 0, 0, 4, 0, NULL },
        { "clip", 0, 0, 0, 5, 0, NULL },
  };
  const gdl_module m = { .settings = s, .nsettings = 6 };
  Settings set;
  Trouble t = { 0 };
  cr_assert(rt_settings_open(&set, &m, &t));
  double v[6];
  rt_settings_fill(&set, 0.5, 2, GDL_F64, v);
  const double want[6] = { 0.9, 0.25, 0.99, 1 / (1 - pow(0.9, 3)), 1 / (1 - pow(0.99, 3)), INFINITY };
  for (int i = 0; i < 5; i++) cr_assert_float_eq(v[i], want[i], 1e-12 * want[i]);
  cr_assert(isinf(v[5]));
  cr_assert(rt_settings_set(&set, "optimizer.rate=0.125", &t));
  rt_settings_fill(&set, 0, 0, GDL_F64, v);
  cr_assert_eq(v[1], 0.125);        /* what is given replaces the schedule                             */
  cr_assert(!rt_settings_set(&set, "optimizer.rate=2", &t) && t.code == EXIT_USAGE);
  t = (Trouble){ 0 };
  cr_assert(!rt_settings_set(&set, "batch=1.5", &t) && t.code == EXIT_USAGE);
  t = (Trouble){ 0 };
  cr_assert(!rt_settings_set(&set, "optimizer.correction1=2", &t) && t.code == EXIT_USAGE);
  rt_settings_close(&set);
}

/* --- the group at work ------------------------------------------------------------------------------ */
/* D(4): r = [[0,-1],[1,0]], m = diag(1,-1), on a 3 x 3 window, on a 4 x 4 torus, on vectors. */
static const double plane[] = { 0, -1, 1, 0, 1, 0, 0, -1 };
static const int32_t words[] = { 0, 0, 0, 0, 0, 0, 1, 0, 1, 0, 0, 1, 0, 0, 0, 1 }, ends[] = { 0, 0, 1, 3, 6, 7, 9, 12,
    16 };
static const char *const names[] = { "r", "m" };
static const gdl_group d4 = { .name = "D(4)", .ngenerators = 2, .nelements = 8, .word = words, .at = ends,
    .generators = names };
static const gdl_action acting[] = {
  { .name = "grid(3, 3)", .matrix = plane, .moves = GDL_GRID, .dim = 2, .shape = { 3, 3 } },
  { .name = "torus(4, 4)", .matrix = plane, .moves = GDL_TORUS, .dim = 2, .shape = { 4, 4 } },
  { .name = "vector", .matrix = plane, .moves = GDL_MATRIX, .dim = 2 },
  { .name = "set", .moves = GDL_SET },
};
static const gdl_module on_plane = { .groups = &d4, .actions = acting, .ngroups = 1, .nactions = 4 };

Test(runtime, r_turns_pictures_as_rot90_does) {
  const double x[9] = { 1, 2, 3, 4, 5, 6, 7, 8, 9 }, want[9] = { 3, 6, 9, 2, 5, 8, 1, 4, 7 }, mirrored[9] = { 3, 2, 1,
      6, 5, 4, 9, 8, 7 };
  double y[9];
  const gdl_arg arg = { .dtype = GDL_F64, .rows = 0 };
  Move v;
  Trouble t = { 0 };
  cr_assert(rt_move_open(&v, &on_plane, 0, 16, &t));
  cr_assert(rt_move_parse(&v, "r", &t));
  rt_move_apply(&v, &arg, 9, 1, 1, x, y);
  for (int i = 0; i < 9; i++) cr_assert_eq(y[i], want[i]);
  cr_assert(rt_move_parse(&v, "m", &t));
  rt_move_apply(&v, &arg, 9, 1, 1, x, y);
  for (int i = 0; i < 9; i++) cr_assert_eq(y[i], mirrored[i]);
  cr_assert(!rt_move_parse(&v, "r q", &t) && t.code == EXIT_USAGE);
  rt_move_close(&v);
}

/* (g h) x = g (h x), exactly, for all elements, on windows, tori and vectors with two copies. */
Test(runtime, elements_act_as_a_group) {
  const gdl_term term = { "vector", 2, 2, 2, 0 };
  Trouble t = { 0 };
  Move g, h, gh;
  cr_assert(rt_move_open(&g, &on_plane, 0, 16, &t) && rt_move_open(&h, &on_plane, 0, 16, &t) &&
      rt_move_open(&gh, &on_plane, 0, 16, &t));
  for (int16_t rows = 0; rows < 2; rows++) {
    const gdl_arg arg = { .dtype = GDL_F64, .rows = rows, .nterms = 1, .terms = &term };
    int64_t n = rows ? 16 : 9;
    double x[64], a[64], b[64], c[64];
    for (int64_t i = 0; i < n * 4; i++) x[i] = rt_normal(rt_key(DRAW_AUDIT, 1, 1), (uint64_t)i);
    for (int32_t i = 0; i < 8; i++)
      for (int32_t j = 0; j < 8; j++) {
        rt_move_element(&g, i);
        rt_move_element(&h, j);
        rt_move_element(&gh, i);
        for (int32_t k = ends[j]; k < ends[j + 1]; k++) rt_move_generator(&gh, words[k], false);
        rt_move_apply(&h, &arg, n, 4, 1, x, a);
        rt_move_apply(&g, &arg, n, 4, 1, a, b);
        rt_move_apply(&gh, &arg, n, 4, 1, x, c);
        for (int64_t k = 0; k < n * 4; k++) cr_assert_eq(b[k], c[k]);
      }
  }
  rt_move_parse(&g, "r^3 m^-1 r", &t);
  rt_move_parse(&h, "r^2 m", &t);   /* m r = r^-1 m */
  for (int i = 0; i < 4; i++) cr_assert_eq(g.matrix[2][i], h.matrix[2][i]);
  rt_move_close(&g);
  rt_move_close(&h);
  rt_move_close(&gh);
}

Test(runtime, shifts_of_a_torus_wrap_and_go_in_proportion) {
  const gdl_arg arg = { .dtype = GDL_F64, .rows = 1 };
  double x[16] = { 0 }, y[16];
  Trouble t = { 0 };
  Move v;
  cr_assert(rt_move_open(&v, &on_plane, 0, 16, &t));
  v.shift_of[0] = 8;                /* counted on a torus twice as large                               */
  v.shift[0] = 6;
  x[2 * 4 + 1] = 1;
  rt_move_apply(&v, &arg, 16, 1, 1, x, y);
  for (int i = 0; i < 16; i++) cr_assert_eq(y[i], i == 1 * 4 + 1);
  rt_move_close(&v);
}

Test(runtime, sets_are_permuted_alike_and_pairs_on_both_axes) {
  const gdl_arg arg = { .dtype = GDL_F64, .rows = 3 };
  double x[5], y[5], pairs[25], moved[25];
  Trouble t = { 0 };
  Move v;
  cr_assert(rt_move_open(&v, &on_plane, 0, 25, &t));
  v.shuffle = SHUFFLE_ALL;
  v.key = rt_key(DRAW_AUGMENT, 4, 4);
  for (int i = 0; i < 5; i++) x[i] = i;
  for (int i = 0; i < 25; i++) pairs[i] = i;
  rt_move_apply(&v, &arg, 5, 1, 1, x, y);
  rt_move_apply(&v, &arg, 25, 1, 2, pairs, moved);
  for (int i = 0; i < 5; i++)
    for (int j = 0; j < 5; j++) cr_assert_eq(moved[i * 5 + j], y[i] * 5 + y[j]);
  rt_move_close(&v);
}

/* SO(3) by its algebra: turns are orthogonal to rounding, and the mean of many is 0, as Haar measure asks. */
Test(runtime, turns_of_space_are_orthogonal_and_uniform) {
  static const double algebra[] = { 0, 0, 0, 0, 0, -1, 0, 1, 0, 0, 0, 1, 0, 0, 0, -1, 0, 0, 0, -1, 0, 1, 0, 0, 0, 0,
      0 };
  const gdl_group so3 = { .name = "SO(3)", .lie = 3, .ngenerators = 3 };
  const gdl_action vector = { .name = "vector", .matrix = algebra, .moves = GDL_MATRIX, .dim = 3 };
  const gdl_module m = { .groups = &so3, .actions = &vector, .ngroups = 1, .nactions = 1 };
  Trouble t = { 0 };
  Move v;
  double mean[9] = { 0 };
  enum { N = 2000 };
  cr_assert(rt_move_open(&v, &m, 0, 1, &t));
  for (uint64_t k = 0; k < N; k++) {
    rt_move_random(&v, rt_key(DRAW_AUDIT, 9, k));
    const double *a = v.matrix[0];
    for (int i = 0; i < 3; i++)
      for (int j = 0; j < 3; j++) {
        double dot = a[i * 3] * a[j * 3] + a[i * 3 + 1] * a[j * 3 + 1] + a[i * 3 + 2] * a[j * 3 + 2];
        cr_assert_float_eq(dot, i == j, 1e-13);
        mean[i * 3 + j] += a[i * 3 + j] / N;
      }
  }
  for (int i = 0; i < 9; i++) cr_assert_lt(fabs(mean[i]), 6 / sqrt(3.0 * N));      /* an entry has variance 1/3 */
  rt_move_close(&v);
}

/* --- threads ------------------------------------------------------------------------------------------ */
typedef struct Count { _Atomic int seen[64]; } Count;
static int once(void *ctx, int64_t from, int64_t to) {
  for (int64_t i = from; i < to; i++) atomic_fetch_add(&((Count *)ctx)->seen[i], 1);
  return GDL_OK;
}
/* So long that other threads go to sleep, or so short that they come too late. */
static int once_slowly(void *ctx, int64_t from, int64_t to) {
  for (int64_t i = from; i < to; i++)
    if (i % 16 == 5) usleep(500);
  return once(ctx, from, to);
}
static int refuse_seven(void *ctx, int64_t from, int64_t to) {
  once(ctx, from, to);
  return from <= 7 && 7 < to ? GDL_BAD_SIZE : GDL_OK;
}

Test(runtime, every_slot_runs_once_whatever_the_number_of_threads) {
  for (int threads = 1; threads <= 7; threads += 3) {
    Trouble t = { 0 };
    Host *h = rt_host_open(threads, &t);
    cr_assert(h && rt_host_threads(h) == threads);
    const gdl_host *lend = rt_host_lend(h);
    for (int round = 0; round < 300; round++) {
      Count c = { 0 };
      cr_assert_eq(lend->parallel_for(lend->user, 64, once, &c), GDL_OK);
      for (int i = 0; i < 64; i++) cr_assert_eq(c.seen[i], 1);
    }
    for (int round = 0; round < 300; round++) {        /* other lengths, and pauses in which workers sleep */
      Count c = { 0 };
      int n = round * 7 % 64;
      if (round % 20 == 0) usleep(1000);
      cr_assert_eq(lend->parallel_for(lend->user, n, round % 25 ? once : once_slowly, &c), GDL_OK);
      for (int i = 0; i < 64; i++) cr_assert_eq(c.seen[i], i < n);
    }
    Count c = { 0 };
    cr_assert_eq(lend->parallel_for(lend->user, 16, refuse_seven, &c), GDL_BAD_SIZE);
    rt_host_close(h);
  }
}
