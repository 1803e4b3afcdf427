/* arguments.h: random arguments of an entry, such as a host gives them, for the programs of this folder. Settings have
 * the values of an optimiser, indices and classes are in range, what is squared or divided by is positive. Every
 * program draws the same numbers. */
#ifndef GDLC_TESTS_ARGUMENTS_H
#define GDLC_TESTS_ARGUMENTS_H
#include "front/program.h"
#include "graph/graph.h"
#include "loops/plan.h"
#include <math.h>

typedef struct Trial {
  Arena *arena;
  const Graph *g;                   /* as lowered: all arguments                                   */
  int64_t sizes[8];
  uint64_t state;
} Trial;

static inline double uniform(Trial *t) {                      /* splitmix64, in (-1, 1) */
  uint64_t z = t->state += 0x9e3779b97f4a7c15u;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return (double)(z >> 11) * 0x1p-52 - 1;
}

static inline uint64_t count(const Trial *t, const Arg *a) {
  Shape s = { .rank = a->rank };
  memcpy(s.axis, a->axis, sizeof a->axis);
  return shape_count(&s, t->sizes);
}

/* Settings as a host gives them: rate, betas, corrections, epsilon, decay, momentum, clip, average. */
static const double settings[] = { 1e-2, 0.9, 0.999, 2, 3, 1e-8, 1e-2, 0.9, 1e3, 0.5 };

static inline double value(Trial *t, const Arg *a, uint64_t i, const Program *p, const Model *m) {
  (void)p;
  switch (a->role) {
  case ARG_SETTING: return i < sizeof settings / sizeof *settings ? settings[i] : 0;
  case ARG_KEY: return (double)(i + 1);
  case ARG_SUMS: return i ? 1 + fabs(uniform(t)) : 0;
  case ARG_PARAM: case ARG_AVERAGE: {                  /* variances are positive */
    return 0.5 * uniform(t) + (a->role == ARG_PARAM ? 0.6 : 0.6);
  }
  case ARG_MOMENT: return fabs(0.1 * uniform(t));
  default: break;
  }
  if (a->number == NUMBER_REAL) return uniform(t);
  if (a->number == NUMBER_FLAG) return uniform(t) > 0;
  uint64_t most = 2;
  for (uint32_t k = 0; m->train && k < m->train->ntargets; k++)
    if (str_equal(m->train->target[k]->name, a->name)) most = m->train->target[k]->type.to->count;
  for (uint32_t k = 0; k < m->ninputs; k++)
    if (str_equal(m->input[k]->name, a->name) && m->input[k]->type.to) most = m->input[k]->type.to->count;
  return floor((uniform(t) + 1) / 2 * (double)most);
}

/* Rows of a set belong to samples in order; the ends of a pair are any rows of its set. */
static inline double index_at(Trial *t, const Arg *a, uint64_t k, uint64_t n) {
  const Space *s = a->space;
  bool sample = a->name.n > 7 && !memcmp(a->name.at + a->name.n - 7, "_sample", 7);
  if (sample || !s || !s->base) return floor((double)k * (double)t->sizes[0] / (double)n);
  for (uint32_t i = 1; i < t->g->dom.n; i++)
    if (str_equal(t->g->dom.at[i].name, s->base->name)) {
      Size rows = t->g->dom.at[i].n;
      return floor((uniform(t) + 1) / 2 * (double)(rows >= 0 ? rows : t->sizes[-rows - 1]));
    }
  return 0;
}

typedef struct Args { void **f64, **own; uint64_t *n; } Args;     /* own: as the ABI wants them, in the entry's width */

static inline Args make_args(Trial *t, const Program *p, const Model *m, Base real) {
  const Graph *g = t->g;
  Args a = { arena_array(t->arena, void *, g->arg.n), arena_array(t->arena, void *, g->arg.n), arena_array(t->arena,
      uint64_t, g->arg.n) };
  for (uint32_t i = 0; i < g->arg.n; i++) {
    const Arg *arg = &g->arg.at[i];
    uint64_t n = a.n[i] = count(t, arg);
    bool whole = arg->number != NUMBER_REAL, f64 = arg->role == ARG_SUMS || real == BASE_F64;
    int32_t *w = whole ? arena_array(t->arena, int32_t, n + 1) : NULL, *w2 = whole ? arena_array(t->arena, int32_t,
        n + 1) : NULL;
    double *d = whole ? NULL : arena_array(t->arena, double, n + 1);
    float *f = whole || f64 ? NULL : arena_array(t->arena, float, n + 1);
    double *d2 = whole || !f64 ? NULL : arena_array(t->arena, double, n + 1);
    for (uint64_t k = 0; k < n; k++) {
      double x = arg->role == ARG_INDEX ? index_at(t, arg, k, n) : (float)value(t, arg, k, p, m);
      if (whole) { w[k] = (int32_t)x; w2[k] = (int32_t)x; continue; }
      d[k] = x;
      if (f) f[k] = (float)x; else d2[k] = x;
    }
    a.f64[i] = whole ? (void *)w : d;
    a.own[i] = whole ? (void *)w2 : f ? (void *)f : d2;
  }
  return a;
}

static inline void **copy_args(Trial *t, const Args *a, Base real) {
  void **c = arena_array(t->arena, void *, t->g->arg.n);
  for (uint32_t i = 0; i < t->g->arg.n; i++) {
    const Arg *arg = &t->g->arg.at[i];
    size_t bytes = a->n[i] * (arg->number != NUMBER_REAL ? 4 : arg->role == ARG_SUMS || real == BASE_F64 ? 8 : 4);
    c[i] = arena_alloc(t->arena, bytes + 64);
    memcpy(c[i], a->own[i], bytes);
  }
  return c;
}

static inline double at(const Trial *t, uint32_t arg, void *const *args, uint64_t k, bool own, Base real) {
  const Arg *a = &t->g->arg.at[arg];
  if (a->number != NUMBER_REAL) return ((int32_t **)args)[arg][k];
  return own && a->role != ARG_SUMS && real == BASE_F32 ? ((float **)args)[arg][k] : ((double **)args)[arg][k];
}

typedef struct Where { uint32_t arg; uint64_t number; } Where;

static inline bool same_bits(const Trial *t, const Args *n, void *const *x, void *const *y, Base real, Where *where) {
  for (uint32_t i = 0; i < t->g->arg.n; i++) {
    const Arg *arg = &t->g->arg.at[i];
    size_t width = arg->number != NUMBER_REAL ? 4 : arg->role == ARG_SUMS || real == BASE_F64 ? 8 : 4;
    for (uint64_t k = 0; k < n->n[i]; k++)
      if (memcmp((const char *)x[i] + k * width, (const char *)y[i] + k * width, width)) {
        *where = (Where){ i, k };
        return false;
      }
  }
  return true;
}
#endif
