/* audit_slope.c: the gradient of the compiled loss against central differences, in f64.
 *
 * Along a random direction d the slope is g . d; the difference (L(w + h d) - L(w - h d)) / 2h deviates by
 * h^2 and by rounding / h, so three h are tried and the best counts. A kink (relu, a maximum) that lies between
 * spoils a direction now and then: the median must be small, and no direction may be far off. */
#include "audit.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { DIRECTIONS = 7 };
static const double median_most = 1e-6, any_most = 1e-2;

typedef struct Slope { Call call; double *param, *moved; int at, loss, gradient; int64_t n; } Slope;

static bool loss_at(Slope *s, const double *direction, double h, double *loss, Trouble *t) {
  for (int64_t i = 0; i < s->n; i++) s->moved[i] = s->param[i] + (direction ? h * direction[i] : 0);
  s->call.args[s->at] = s->moved;
  bool ok = rt_call_run(&s->call, t);
  *loss = ((double *)s->call.args[s->loss])[0];
  return ok;
}

static int compare(const void *x, const void *y) {
  double a = *(const double *)x, b = *(const double *)y;
  return (a > b) - (a < b);
}

static bool measure(Audit *a, Slope *s, Trouble *t) {
  const gdl_module *m = a->run->module;
  double error[DIRECTIONS], loss, *direction = rt_alloc((size_t)s->n, sizeof(double), t);
  double *gradient = rt_alloc((size_t)m->ntrained, sizeof(double), t);
  bool ok = direction && gradient && loss_at(s, NULL, 0, &loss, t);
  if (ok) memcpy(gradient, s->call.args[s->gradient], sizeof(double) * (size_t)m->ntrained);
  for (int d = 0; ok && d < DIRECTIONS; d++) {
    double slope = 0, g2 = 0, d2 = 0;
    memset(direction, 0, sizeof(double) * (size_t)s->n);
    for (int32_t w = 0; w < m->nweights; w++)
      for (int64_t i = 0; m->weights[w].trained && i < m->weights[w].count; i++) {
        int64_t j = m->weights[w].offset + i;
        direction[j] = rt_normal(rt_key(DRAW_AUDIT, (uint64_t)d, 77), (uint64_t)j);
        slope += gradient[j] * direction[j];
        g2 += gradient[j] * gradient[j];
        d2 += direction[j] * direction[j];
      }
    double scale = fmax(fabs(slope), 1e-3 * sqrt(g2)), best = INFINITY;
    for (double h = 1e-4; ok && h > 1e-7 && d2 > 0; h /= 10) {
      double up = 0, down = 0;
      ok = loss_at(s, direction, h, &up, t) && loss_at(s, direction, -h, &down, t);
      if (scale > 0) best = fmin(best, fabs((up - down) / (2 * h) - slope) / scale);
      else best = fmin(best, fabs(up - down) / (2 * h));
    }
    error[d] = best;
  }
  if (ok) {
    qsort(error, DIRECTIONS, sizeof *error, compare);
    bool fine = error[DIRECTIONS / 2] <= median_most && error[DIRECTIONS - 1] <= any_most;
    rt_say(a,
        "\ngradient of the loss against central differences, %d directions, f64\n  median %.2e, largest %.2e  %s\n",
        DIRECTIONS, error[DIRECTIONS / 2], error[DIRECTIONS - 1], fine ? "ok" : "FAILS");
    rt_measured(a, error[DIRECTIONS / 2], "gradient.median");
    rt_measured(a, error[DIRECTIONS - 1], "gradient.largest");
    if (!fine)
      rt_audit_fail(a, "the gradient of the loss differs from central differences by %.2e", error[DIRECTIONS - 1]);
  }
  free(gradient);
  free(direction);
  return ok;
}

/* Inputs of the trial from the data, or noise; targets are drawn: any targets will do. */
static bool fill(Audit *a, Slope *s, const Trial *x, Trouble *t) {
  const gdl_kernel *k = a->slope;
  for (int32_t i = 0; i < k->nsizes; i++) s->call.sizes[i] = i == 0 ? x->b : x->b * x->set_rows;
  for (int i = 0; i < k->nargs; i++) {
    const gdl_arg *arg = &k->args[i];
    int dtype = arg->dtype == GDL_I32 ? GDL_I32 : GDL_F64, from = rt_find_arg(a->infer, arg->name);
    int64_t count = rt_arg_count(arg, s->call.sizes);
    if (arg->role == GDL_PARAM) {
      s->at = i;
      continue;
    }
    if (!(s->call.args[i] = rt_alloc((size_t)count, rt_width(dtype), t))) return false;
    if (arg->role == GDL_OUT) s->loss = i;
    if (arg->role == GDL_GRAD) s->gradient = i;
    Key key = rt_key(DRAW_AUDIT, 5, (uint64_t)i);
    for (int64_t j = 0; j < count; j++) {
      if (arg->role == GDL_INDEX) rt_put(s->call.args[i], dtype, j, (double)(j * x->b / count));
      else if (arg->role == GDL_IN) rt_put(s->call.args[i], dtype, j, x->in[from][j]);
      else if (arg->role == GDL_TARGET)
        rt_put(s->call.args[i], dtype, j, dtype == GDL_I32 ? (double)rt_below(key, (uint64_t)j,
            arg->nlabels > 0 ? (uint64_t)arg->nlabels : 2) : rt_normal(key, (uint64_t)j));
    }
  }
  return s->loss >= 0 && s->gradient >= 0 && s->at >= 0 ? true : rt_fail(t, EXIT_BUG,
      "%s: lacks loss, gradient or param", k->name);
}

bool rt_audit_slope(Audit *a, Trouble *t) {
  const gdl_module *m = a->run->module;
  if (!a->slope || m->ntrained == 0) {
    rt_say(a, "\ngradient: not audited, %s has no training\n", m->name);
    return true;
  }
  Slope s = { .at = -1, .loss = -1, .gradient = -1, .n = m->nparam };
  s.param = rt_alloc((size_t)m->nparam, sizeof(double), t);
  s.moved = rt_alloc((size_t)m->nparam, sizeof(double), t);
  bool ok = s.param && s.moved && rt_call_open(&s.call, a->slope, rt_host_lend(a->run->host), a->run->device, t);
  if (ok) rt_convert(a->run->state.param, a->run->state.real, s.param, GDL_F64, m->nparam);
  ok = ok && fill(a, &s, &a->trial[a->data >= 0 ? a->data : 0], t) && measure(a, &s, t);
  for (int i = 0; s.call.args && i < a->slope->nargs; i++)
    if (i != s.at) free(s.call.args[i]);
  rt_call_close(&s.call);
  free(s.param);
  free(s.moved);
  return ok;
}
