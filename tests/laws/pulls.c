/* pulls.c: the cotangents that the entry `pull` writes, against central differences of the entry `infer`.
 *
 *     pulls LIBRARY BATCH FILE...
 *
 * For each model and kernel of each file, both entries in f64 in the evaluator of Graph. For random cotangents c of the
 * outputs and a random direction e of the inputs and trained weights, <pull(c), e> is the slope of <c, infer> along e.
 * The bound is that of slopes.c, for its reasons: the middle one of seven directions, the best of some steps, 1e-7 of
 * the cotangents' length. Along inputs alone and weights alone too, lest one hide the other. Every number that
 * the entry has to write is written: none is left as it was, statistics and what lies between weights are 0. */
#include "graph/expand.h"
#include "laws/arguments.h"
#include "laws/program.h"
#include <stdlib.h>

enum { DIRECTIONS = 7 };
typedef struct Side { Trial t; Args args; } Side;      /* an entry and its arguments                         */
typedef enum Along { ALONG_INPUTS, ALONG_WEIGHTS } Along;

static Side open_side(Arena *arena, const Program *p, const Model *m, EntryKind kind, int64_t batch) {
  Side s = { .t = { .arena = arena,
                 .g = graph_lower(arena, p, m, kind, true),
                 .sizes = { batch, 5, 4, 3, 6, 2, 1, 1 },
                 .state = 7 } };
  s.args = make_args(&s.t, p, m, BASE_F64);
  return s;
}

static int find(const Graph *g, Str name) {
  for (uint32_t i = 0; i < g->arg.n; i++)
    if (str_equal(g->arg.at[i].name, name)) return (int)i;
  return -1;
}

static void run(Side *s) {
  Why why = { .arena = s->t.arena };
  if (graph_eval(s->t.g, s->t.sizes, s->args.f64, NULL, &why)) return;
  printf("fail %.*s: %.*s\n", STR(s->t.g->name), STR(why.reason.at[0].text));
  exit(1);
}

static int compare(const void *x, const void *y) {
  double a = *(const double *)x, b = *(const double *)y;
  return (a > b) - (a < b);
}

/* <c, y> summed over the outputs that have cotangents. */
static double paired(const Side *value, const Side *pull, Arena *arena) {
  double sum = 0;
  for (uint32_t i = 0; i < value->t.g->arg.n; i++) {
    const Arg *y = &value->t.g->arg.at[i];
    if (y->role != ARG_OUT || y->number != NUMBER_REAL) continue;
    int c = find(pull->t.g, str_format(arena, "d_%.*s", STR(y->name)));
    for (uint64_t k = 0; k < value->args.n[i]; k++)
      sum += ((double *)value->args.f64[i])[k] * ((double *)pull->args.f64[c])[k];
  }
  return sum;
}

/* What the entry writes has been something else before. */
static bool all_written(const Side *pull) {
  for (uint32_t i = 0; i < pull->t.g->arg.n; i++)
    for (uint64_t k = 0; pull->t.g->arg.at[i].role == ARG_GRAD && k < pull->args.n[i]; k++)
      if (isnan(((double *)pull->args.f64[i])[k])) return false;
  return true;
}

static void clear_all(Side *pull) {
  for (uint32_t i = 0; i < pull->t.g->arg.n; i++)
    for (uint64_t k = 0; pull->t.g->arg.at[i].role == ARG_GRAD && k < pull->args.n[i]; k++)
      ((double *)pull->args.f64[i])[k] = NAN;
}

/* Statistics, and what no weight owns. */
static bool rest_is_zero(const Side *pull, const Model *m, int gradient, Arena *arena) {
  ParamLayout p = param_layout(arena, m);
  bool *own = arena_array(arena, bool, p.nparam + 1);
  for (uint32_t i = 0; i < m->weight.n; i++)
    for (uint64_t k = 0; m->weight.at[i]->trained && k < m->weight.at[i]->count; k++) own[p.offset[i] + k] = true;
  for (uint64_t k = 0; k < p.nparam; k++)
    if (!own[k] && ((double *)pull->args.f64[gradient])[k] != 0) return false;
  return pull->args.n[gradient] == p.nparam;
}

/* |difference - slope| / length, the middle of seven; -1: there is nothing along which to go. */
static double trial_along(Side *value, Side *pull, const Model *m, Along along, Arena *arena) {
  uint32_t n = value->t.g->arg.n;
  double **at = arena_array(arena, double *, n), **e = arena_array(arena, double *, n), worst[DIRECTIONS], length = 0;
  const double **slope = arena_array(arena, const double *, n);
  bool any = false;
  for (uint32_t i = 0; i < n; i++) {
    const Arg *a = &value->t.g->arg.at[i];
    if (a->role != (along == ALONG_INPUTS ? ARG_IN : ARG_PARAM) || a->number != NUMBER_REAL) continue;
    int d = find(pull->t.g, str_format(arena, "d_%.*s", STR(a->name)));
    slope[i] = pull->args.f64[d];
    at[i] = arena_array(arena, double, value->args.n[i] + 1);
    e[i] = arena_array(arena, double, value->args.n[i] + 1);
    memcpy(at[i], value->args.f64[i], value->args.n[i] * sizeof(double));
    for (uint64_t k = 0; k < value->args.n[i]; k++) length += slope[i][k] * slope[i][k];
    any |= value->args.n[i] > 0;
  }
  if (!any) return -1;
  ParamLayout layout = param_layout(arena, m);
  for (int q = 0; q < DIRECTIONS; q++) {
    double expected = 0;
    for (uint32_t i = 0; i < n; i++)
      for (uint64_t k = 0; at[i] && k < value->args.n[i]; k++) {
        e[i][k] = along == ALONG_WEIGHTS && k >= layout.ntrained ? 0 : uniform(&value->t);
        expected += slope[i][k] * e[i][k];
      }
    worst[q] = INFINITY;
    for (double h = 1e-3; h > 1e-7; h /= 10) {
      double y[2];
      for (int s = 0; s < 2; s++) {
        for (uint32_t i = 0; i < n; i++)
          for (uint64_t k = 0; at[i] && k < value->args.n[i]; k++)
            ((double *)value->args.f64[i])[k] = at[i][k] + (s ? -h : h) * e[i][k];
        run(value);
        y[s] = paired(value, pull, arena);
      }
      worst[q] = fmin(worst[q], fabs((y[0] - y[1]) / (2 * h) - expected) / fmax(sqrt(length), 1));
    }
  }
  for (uint32_t i = 0; i < n; i++)
    if (at[i]) memcpy(value->args.f64[i], at[i], value->args.n[i] * sizeof(double));
  qsort(worst, DIRECTIONS, sizeof *worst, compare);
  return worst[DIRECTIONS / 2];
}

static void trial(const char *file, const Program *p, const Model *m, void *batch) {
  Arena arena = { 0 };
  Side value = open_side(&arena, p, m, ENTRY_INFER, *(const int64_t *)batch),
       pull = open_side(&arena, p, m, ENTRY_PULL, *(const int64_t *)batch);
  for (uint32_t i = 0; i < value.t.g->arg.n; i++) {    /* inputs and weights are the same */
    int k = find(pull.t.g, value.t.g->arg.at[i].name);
    if (k >= 0)
      pull.args.f64[k] = memcpy(pull.args.f64[k], value.args.f64[i],
          value.args.n[i] * (value.t.g->arg.at[i].number == NUMBER_REAL ? 8 : 4));
  }
  clear_all(&pull);
  run(&pull);
  const char *name = pull.t.g->name.at;
  if (all_written(&pull)) printf("pass %s %s: all numbers are written\n", file, name);
  else printf("fail %s %s: some numbers are not written\n", file, name);
  int gradient = find(pull.t.g, S("d_param"));
  if (gradient >= 0)
    printf("%s %s %s: nothing for statistics and between weights\n",
        rest_is_zero(&pull, m, gradient, &arena) ? "pass" : "fail", file, name);
  for (int along = 0; along < 2; along++) {
    double x = trial_along(&value, &pull, m, (Along)along, &arena);
    if (x >= 0)
      printf("%s %s %s: cotangents of the %s = central differences (%.1e)\n", x <= 1e-7 ? "pass" : "fail", file, name,
          along == ALONG_INPUTS ? "inputs" : "weights", x);
  }
  fflush(stdout);
  arena_free(&arena);
}

int main(int argc, char **argv) {
  if (argc < 4) { fprintf(stderr, "usage: pulls LIBRARY BATCH FILE...\n"); return EXIT_USAGE; }
  int64_t batch = strtol(argv[2], NULL, 10);
  for (int i = 3; i < argc; i++) each_model(argv[1], argv[i], trial, &batch);
  return 0;
}
