/* audit_deform.c: stability to small smooth deformations, after Petrini et al., NeurIPS 2021.
 *
 *     D = <|f(tau x) - f(x)|^2> / <|f(x) - f(z)|^2>        G: the same with x + eta, |eta| = |tau x - x|
 *     R = D / G                                            below 1: deformations count less than noise
 *
 * tau moves pixels by a field of sines of low frequency, u = sum c_ij sin(i pi y) sin(j pi x), i^2 + j^2 <= 9,
 * c_ij normal with variance 1 / (i^2 + j^2), scaled to the stated root mean square. A measurement, no test. */
#include "audit.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { CUT = 3, FIELDS = 4 };

static const gdl_action *grid_of(const Audit *a, const gdl_arg *arg) {
  const gdl_action *x = arg->rows >= 0 ? &a->run->module->actions[arg->rows] : NULL;
  return x && x->dim == 2 && x->shape[0] > 1 && x->shape[1] > 1 && (x->moves == GDL_GRID || x->moves == GDL_TORUS ||
      x->moves == GDL_FIXED) ? x : NULL;
}

static void field(Key key, int h, int w, double size, double *u) {
  double total = 0;
  for (int y = 0; y < h; y++)
    for (int x = 0; x < w; x++)
      for (int d = 0; d < 2; d++) {
        double s = 0;
        for (int i = 1; i <= CUT; i++)
          for (int j = 1; j <= CUT; j++)
            if (i * i + j * j <= CUT * CUT)
              s += rt_normal(key, (uint64_t)(d * 100 + i * 10 + j)) / sqrt(i * i + j * j) * sin(i * M_PI * (y
                  + 0.5) / h) * sin(j * M_PI * (x + 0.5) / w);
        u[(y * w + x) * 2 + d] = s;
        total += s * s;
      }
  double factor = size / sqrt(total / (h * w));
  for (int i = 0; i < 2 * h * w; i++) u[i] *= factor;
}

static double at(const double *x, int h, int w, int64_t c, int64_t k, int y, int z) {
  y = y < 0 ? 0 : y >= h ? h - 1 : y;
  z = z < 0 ? 0 : z >= w ? w - 1 : z;
  return x[((int64_t)y * w + z) * c + k];
}

static void deform(const double *u, int h, int w, int64_t c, const double *x, double *out) {
  for (int y = 0; y < h; y++)
    for (int z = 0; z < w; z++)
      for (int64_t k = 0; k < c; k++) {
        double p = y + u[(y * w + z) * 2], q = z + u[(y * w + z) * 2 + 1], fp = floor(p), fq = floor(q), b = p - fp,
            d = q - fq;
        int i = (int)fp, j = (int)fq;
        out[((int64_t)y * w + z) * c + k] = (1 - b) * (1 - d) * at(x, h, w, c, k, i, j) + (1 - b) * d * at(x, h, w, c,
            k, i, j + 1) +
                                            b * (1 - d) * at(x, h, w, c, k, i + 1, j) + b * d * at(x, h, w, c, k,
                                                i + 1, j + 1);
      }
}

/* Mean over pairs of samples; `shift` 0: sample s of one against sample s of the other. */
static double distance(const double *x, const double *y, int64_t b, int64_t n, int64_t shift) {
  double sum = 0;
  for (int64_t s = 0; s < b; s++)
    for (int64_t i = 0; i < n; i++) {
      double d = x[s * n + i] - y[(s + shift) % b * n + i];
      sum += d * d;
    }
  return sum / (double)b;
}

/* Makes trial `to` of trial `from`: deformed, or with noise of the norm that the deformation has. */
static void change(Audit *a, const Trial *from, const Trial *deformed, Trial *to, double *u, double size, int draw) {
  for (int i = 0; i < a->infer->nargs; i++) {
    const gdl_arg *arg = &a->infer->args[i];
    const gdl_action *grid = grid_of(a, arg);
    if (!from->in[i]) continue;
    int64_t c = rt_layout(arg).numbers, n = rt_trial_rows(from, arg) * c;
    memcpy(to->in[i], from->in[i], sizeof(double) * (size_t)(n * from->b));
    for (int64_t s = 0; grid && arg->dtype != GDL_I32 && s < from->b; s++) {
      Key key = rt_key(DRAW_AUDIT, (uint64_t)draw * 1000 + (uint64_t)s, 991);
      double *x = to->in[i] + s * n, norm = 0, noise = 0;
      if (!deformed) {
        field(key, grid->shape[0], grid->shape[1], size, u);
        deform(u, grid->shape[0], grid->shape[1], c, from->in[i] + s * n, x);
        continue;
      }
      for (int64_t j = 0; j < n; j++) {
        double d = deformed->in[i][s * n + j] - from->in[i][s * n + j], e = rt_normal(key, 1000 + (uint64_t)j);
        norm += d * d;
        noise += e * e;
      }
      for (int64_t j = 0; j < n; j++) x[j] += rt_normal(key, 1000 + (uint64_t)j) * sqrt(norm / noise);
    }
  }
}

bool rt_audit_deform(Audit *a, Trouble *t) {
  int64_t most = 0;
  for (int i = 0; i < a->infer->nargs; i++) {
    const gdl_action *g = a->infer->args[i].role == GDL_IN ? grid_of(a, &a->infer->args[i]) : NULL;
    if (g && (int64_t)g->shape[0] * g->shape[1] > most) most = (int64_t)g->shape[0] * g->shape[1];
  }
  if (most == 0) return true;
  const Trial *x = &a->trial[a->data >= 0 ? a->data : 0];
  Trial *deformed = NULL, *noisy = NULL;
  double *u = rt_alloc((size_t)(2 * most), sizeof *u, t);
  Values base = { 0 };
  bool ok = u && rt_trial_make(a, "deformed", x->b, x->set_rows, &deformed, t) && rt_trial_make(a, "noisy", x->b,
      x->set_rows, &noisy, t) &&
            rt_values(a, a->infer, x, NULL, &base, t);
  if (ok)
    rt_say(a,
        "\nstability on %s: R below 1 means that deformations count less than noise of the same norm\n  %-16s %8s "
            "%12s %12s %12s\n", x->name, "output", "pixels", "D", "G", "R");
  for (double size = 0.5; ok && size < 3; size *= 2)
    for (int i = rt_find_role(a->infer, GDL_OUT, 0); ok && i >= 0; i = rt_find_role(a->infer, GDL_OUT, i + 1)) {
      double d = 0, g = 0, apart = x->b > 1 ? distance(base.at[i], base.at[i], x->b, base.sample[i], 1) : 1;
      for (int k = 0; ok && k < FIELDS; k++) {
        Values v = { 0 }, w = { 0 };
        change(a, x, NULL, deformed, u, size, k);
        change(a, x, deformed, noisy, u, size, k);
        ok = rt_values(a, a->infer, deformed, NULL, &v, t) && rt_values(a, a->infer, noisy, NULL, &w, t);
        if (ok)
          d += distance(v.at[i], base.at[i], x->b, base.sample[i], 0) / FIELDS, g += distance(w.at[i], base.at[i],
              x->b, base.sample[i], 0) / FIELDS;
        rt_values_free(&v);
        rt_values_free(&w);
      }
      if (!ok) break;
      const char *name = a->infer->args[i].name;
      if (apart > 0) d /= apart, g /= apart;
      rt_say(a, "  %-16s %8.1f %12.4g %12.4g %12.4g\n", name, size, d, g, g > 0 ? d / g : NAN);
      if (g > 0) rt_measured(a, d / g, "stability.%s.%g", name, size);
    }
  rt_values_free(&base);
  free(u);
  return ok;
}
