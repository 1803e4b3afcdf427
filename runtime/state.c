/* state.c: memory of the vectors, and where their numbers begin. */
#include "state.h"
#include "rng.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

bool rt_state_open(State *s, const gdl_module *m, Trouble *t) {
  *s = (State){ .module = m, .real = rt_real(m), .best = NAN };
  const gdl_kernel *step = rt_entry(m, GDL_STEP, 0);
  size_t width = rt_width(s->real);
  s->param = rt_alloc((size_t)m->nparam, width, t);
  s->sums = rt_alloc((size_t)m->nsums, sizeof(double), t);
  bool ok = s->param && s->sums;
  if (ok && m->nmoment) ok = (s->moment = rt_alloc((size_t)m->nmoment, width, t)) != NULL;
  if (ok && step && rt_find_role(step, GDL_AVERAGE, 0) >= 0)
    ok = (s->average = rt_alloc((size_t)m->nparam, width, t)) != NULL;
  if (!ok) rt_state_close(s);
  return ok;
}

void rt_state_close(State *s) {
  free(s->param);
  free(s->moment);
  free(s->average);
  free(s->sums);
  *s = (State){ 0 };
}

void rt_state_draw(State *s, uint64_t seed) {
  s->seed = seed;
  for (int32_t i = 0; i < s->module->nweights; i++) {
    const gdl_weight *w = &s->module->weights[i];
    Key key = rt_key(DRAW_WEIGHT, seed, rt_hash(w->name));
    for (int64_t k = 0; k < w->count; k++) {
      double x = 0;
      switch (w->init) {
      case GDL_ONES: x = 1; break;
      case GDL_NORMAL: x = w->scale * rt_normal(key, (uint64_t)k); break;
      case GDL_UNIFORM: x = w->scale * (2 * rt_uniform(key, (uint64_t)k) - 1); break;
      case GDL_NUMBERS: x = w->numbers[k]; break;
      default: break;
      }
      rt_put(s->param, s->real, w->offset + k, x);
    }
  }
  if (s->average) memcpy(s->average, s->param, (size_t)s->module->nparam * rt_width(s->real));
}

/* Biases off zero, scales off one, statistics as if batches had been seen; variances stay positive. */
void rt_state_shake(State *s, uint64_t seed) {
  rt_state_draw(s, seed);
  for (int32_t i = 0; i < s->module->nweights; i++) {
    const gdl_weight *w = &s->module->weights[i];
    Key key = rt_key(DRAW_AUDIT, seed, rt_hash(w->name));
    for (int64_t k = 0; k < w->count; k++) {
      double n = rt_normal(key, (uint64_t)k), x = rt_get(s->param, s->real, w->offset + k);
      if (w->init == GDL_ONES) x = w->trained ? 1 + 0.3 * n : 0.5 + fabs(n);
      else if (w->init != GDL_NORMAL || w->scale == 0) x += 0.3 * n;
      rt_put(s->param, s->real, w->offset + k, x);
    }
  }
  if (s->average) memcpy(s->average, s->param, (size_t)s->module->nparam * rt_width(s->real));
}

const char *rt_state_not_finite(const State *s) {
  const gdl_module *m = s->module;
  for (int32_t i = 0; i < m->nweights; i++) {
    const gdl_weight *w = &m->weights[i];
    for (int64_t k = w->offset; k < w->offset + w->count; k++) {
      bool fine = isfinite(rt_get(s->param, s->real, k)) && (!s->average || isfinite(rt_get(s->average, s->real, k)));
      for (int64_t at = k; fine && w->trained && s->moment && at < m->nmoment; at += m->ntrained)
        fine = isfinite(rt_get(s->moment, s->real, at));
      if (!fine) return w->name;
    }
  }
  return NULL;
}

const void *rt_state_eval(const State *s) { return s->average ? s->average : s->param; }

void rt_convert(const void *from, int from_real, void *to, int to_real, int64_t n) {
  for (int64_t i = 0; i < n; i++) rt_put(to, to_real, i, rt_get(from, from_real, i));

}
