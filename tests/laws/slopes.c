/* slopes.c: the gradient of a loss, and its own derivative, against central differences.
 *
 *     slopes LIBRARY BATCH FILE...
 *
 * For each trained model of each file: the entry `slope` in f64, in the evaluator of Graph, whose values are
 * differentiated. Along a random direction d the slope is g . d, and the curvature along d and e is d . H e: the Graph
 * is extended by its gradient once more, along d. Both are compared with differences of what stands one order below, at
 * the weights moved by +-h. The difference errs by h^2 and by rounding / h, so some h are tried and the best counts; a
 * kink (relu, a maximum) that lies between two places spoils a direction now and then, so the middle one of seven is
 * judged: 1e-7 of the gradient's length at first order, 1e-6 of the length of H e at second, and where these are tiny,
 * of 1. */
#include "laws/program.h"
#include "graph/graph.h"
#include <math.h>
#include <stdlib.h>

enum { DIRECTIONS = 7 };
typedef struct Trial {
  Arena *arena;
  Graph *g;
  int64_t sizes[8];
  void **args;
  uint64_t *n, state;
  uint32_t param, loss, gradient, direction, curve;
} Trial;

static double uniform(Trial *t) {                      /* splitmix64, in (-1, 1) */
  uint64_t z = t->state += 0x9e3779b97f4a7c15u;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return (double)((z ^ (z >> 31)) >> 11) * 0x1p-52 - 1;
}

/* d . gradient as a value, and its gradient: what is stored in `gradient` says which weights there are. */
static void extend(Trial *t) {
  Graph *g = t->g;
  uint64_t n = 0;
  Arg a = { .name = S("direction"), .role = ARG_IN, .number = NUMBER_REAL, .rank = 1,
      .axis = { g->arg.at[t->gradient].axis[0] } };
  t->direction = graph_arg(g, &a);
  a.name = S("curve");
  a.role = ARG_OUT;
  t->curve = graph_arg(g, &a);
  uint32_t stores = g->store.n;
  Val *by = arena_array(t->arena, Val, stores), *slope = arena_array(t->arena, Val, stores), sum = 0;
  uint64_t *offset = arena_array(t->arena, uint64_t, stores);
  uint32_t nodes = g->node.n;
  for (uint32_t s = 0; s < stores; s++) {
    if (g->store.at[s].arg != t->gradient) continue;
    Val x = g->store.at[s].value, w = 0;
    for (uint32_t v = 1; v < nodes; v++)
      if (g->node.at[v].op == OP_param && g->node.at[v].number == t->param &&
          g->node.at[v].offset == g->store.at[s].offset) w = v;
    if (!w) continue;                                  /* a weight that nothing reads */
    Shape shape = g->node.at[x].shape;
    Val d = graph_param(g, t->direction, &shape, g->store.at[s].offset);
    char own[RANK_MOST + 1] = "", text[64];
    for (uint8_t k = 0; k < shape.rank; k++) own[k] = (char)('a' + k);
    snprintf(text, sizeof text, "%s,%s->", own, own);
    Val part = graph_contract(g, text, (Val[]){ x, d }, 2);
    sum = sum ? graph_map(g, ",->", "x0 + x1", (Val[]){ sum, part }, 2) : part;
    by[n] = w;
    offset[n++] = g->store.at[s].offset;
  }
  if (!sum) return;
  graph_grad(g, sum, graph_constant(g, &(Shape){ .number = NUMBER_REAL }, 1), by, (uint32_t)n, slope);
  for (uint64_t k = 0; k < n; k++)
    graph_store(g, t->curve, offset[k], 0, slope[k] ? slope[k] : graph_constant(g, &g->node.at[by[k]].shape, 0));
}

static void fill(Trial *t, const Model *m) {
  Graph *g = t->g;
  t->args = arena_array(t->arena, void *, g->arg.n);
  t->n = arena_array(t->arena, uint64_t, g->arg.n);
  for (uint32_t i = 0; i < g->arg.n; i++) {
    const Arg *a = &g->arg.at[i];
    Shape s = { .rank = a->rank };
    memcpy(s.axis, a->axis, sizeof a->axis);
    uint64_t n = t->n[i] = shape_count(&s, t->sizes), most = 2;
    double *x = arena_array(t->arena, double, n + 1);
    int32_t *w = arena_array(t->arena, int32_t, n + 1);
    for (uint32_t k = 0; k < m->train->ntargets; k++)
      if (str_equal(m->train->target[k]->name, a->name) && a->number == NUMBER_INT)
        most = m->train->target[k]->type.to->count;
    for (uint32_t k = 0; k < m->ninputs; k++)
      if (str_equal(m->input[k]->name, a->name) && a->number == NUMBER_INT) most = m->input[k]->type.to->count;
    bool pair = a->role == ARG_INDEX && a->space && a->space->base && a->name.at[a->name.n - 1] != 'e';
    for (uint64_t k = 0; k < n; k++) {
      x[k] = a->role == ARG_PARAM ? 0.5 * uniform(t) : a->role == ARG_OUT || a->role == ARG_GRAD ? 0 : uniform(t);
      w[k] = a->role == ARG_INDEX && !pair ? (int32_t)(k * (uint64_t)t->sizes[0] / n)
           : (int32_t)floor((uniform(t) + 1) / 2 * (pair ? 5 : (double)most));
    }
    t->args[i] = a->number == NUMBER_REAL ? (void *)x : w;
  }
}

static void evaluate(Trial *t) {
  Why why = { .arena = t->arena };
  if (graph_eval(t->g, t->sizes, t->args, NULL, &why)) return;
  printf("fail %.*s: %.*s\n", STR(t->g->name), STR(why.reason.at[0].text));
  exit(1);
}

static double dot(const double *x, const double *y, uint64_t n) {
  double sum = 0;
  for (uint64_t i = 0; i < n; i++) sum += x[i] * y[i];
  return sum;
}

static int compare(const void *x, const void *y) {
  double a = *(const double *)x, b = *(const double *)y;
  return (a > b) - (a < b);
}

static void trial(const char *file, const Program *p, const Model *m, int64_t batch) {
  Arena arena = { 0 };
  Trial t = { .arena = &arena, .g = graph_lower(&arena, p, m, ENTRY_SLOPE, true), .sizes = { batch, 5, 4, 3, 6, 2, 1,
      1 }, .state = 7 };
  for (uint32_t i = 0; i < t.g->arg.n; i++) {
    if (t.g->arg.at[i].role == ARG_PARAM) t.param = i;
    if (t.g->arg.at[i].role == ARG_OUT) t.loss = i;
    if (t.g->arg.at[i].role == ARG_GRAD) t.gradient = i;
  }
  extend(&t);
  fill(&t, m);
  uint64_t n = t.n[t.gradient];
  double *w = t.args[t.param], *g = t.args[t.gradient], *loss = t.args[t.loss], *d = t.args[t.direction],
      *curve = t.args[t.curve];
  double *at = arena_array(&arena, double, n + 1), *e = arena_array(&arena, double, n + 1), first[DIRECTIONS],
      second[DIRECTIONS];
  memcpy(at, w, n * sizeof *w);
  for (int k = 0; k < DIRECTIONS; k++) {
    for (uint64_t i = 0; i < n; i++) { d[i] = uniform(&t); e[i] = uniform(&t); }
    memcpy(w, at, n * sizeof *w);
    evaluate(&t);
    double slope = dot(g, e, n), bend = dot(curve, e, n), length = sqrt(dot(g, g, n)),
        bends = sqrt(dot(curve, curve, n));
    first[k] = second[k] = INFINITY;
    for (double h = 1e-3; h > 1e-7; h /= 10) {
      double value[2], own[2];
      for (int s = 0; s < 2; s++) {
        for (uint64_t i = 0; i < n; i++) w[i] = at[i] + (s ? -h : h) * e[i];
        evaluate(&t);
        value[s] = loss[0];
        own[s] = dot(g, d, n);
      }
      first[k] = fmin(first[k], fabs((value[0] - value[1]) / (2 * h) - slope) / fmax(length, 1));
      second[k] = fmin(second[k], fabs((own[0] - own[1]) / (2 * h) - bend) / fmax(bends, 1));
    }
  }
  qsort(first, DIRECTIONS, sizeof *first, compare);
  qsort(second, DIRECTIONS, sizeof *second, compare);
  if (sqrt(dot(g, g, n)) < 1e-6 || sqrt(dot(curve, curve, n)) < 1e-6)
    printf("fail %s %.*s: slopes of nothing\n", file, STR(m->name));
  double a = first[DIRECTIONS / 2], b = second[DIRECTIONS / 2];
  printf("%s %s %.*s: gradient = central differences (%.1e)\n", a <= 1e-7 ? "pass" : "fail", file, STR(m->name), a);
  printf("%s %s %.*s: second derivatives = central differences of the gradient (%.1e)\n", b <= 1e-6 ? "pass" : "fail",
      file, STR(m->name), b);
  arena_free(&arena);
}

static void if_trained(const char *name, const Program *p, const Model *m, void *batch) {
  if (m->train) trial(name, p, m, *(const int64_t *)batch);
}

int main(int argc, char **argv) {
  if (argc < 4) { fprintf(stderr, "usage: slopes LIBRARY BATCH FILE...\n"); return EXIT_USAGE; }
  int64_t batch = strtol(argv[2], NULL, 10);
  for (int i = 3; i < argc; i++) each_model(argv[1], argv[i], if_trained, &batch);
  return 0;
}
