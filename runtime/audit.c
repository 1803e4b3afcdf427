/* audit.c: does the compiled program have the symmetry that its certificate says?
 *
 * For elements g of the group, what domains imply, and every trial x: error of a value f is
 *
 *     max |f(g x) - s(g) f(x)| / (max |f(x)| + max |f(g x)|)        per sample, g and s(g) applied in f64
 *
 * in f64 of every value by `trace64`, in f32 by `trace`, of outputs by the entry that predicts. f64 must stay
 * below 1e-11 kappa, kappa the norm of the matrices squared. And without any tolerance: an equivariant value
 * is 2^29 times better in f64, a broken one is not; a ratio below 1e4 fails, unless f64 is at its floor.
 * The first value in order of evaluation that fails names its line. Twice the same input must give the same
 * bits. Elements that do not take pixels to pixels are held against the `within` of their claims. */
#include "audit.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ELEMENTS_MOST = 64, DRAWS = 16, PROBES_MOST = 112 };
static const double most64 = 1e-11, floor64 = 1e-13, ratio_least = 1e4, most32 = 5e-5, fused_most = 1e-3;

typedef enum ProbeKind { PROBE_SAME, PROBE_ELEMENT, PROBE_DRAW, PROBE_SHUFFLE, PROBE_SHIFT, PROBE_OFFSET } ProbeKind;
typedef struct Probe { ProbeKind kind; int32_t number; char name[64]; } Probe;
typedef struct Result {             /* of a value, over all probes and trials                        */
  double e32, e64, kappa;           /* kappa: of the worst probe                                     */
  int64_t asked;                    /* how often                                                      */
  char where[160];                  /* where f64 was worst                                            */
} Result;

/* --- probes --------------------------------------------------------------------------------------- */
static bool acts(const gdl_module *m, int moves, bool rows, const gdl_kernel *k) {
  for (int i = 0; m->ngroups > 0 && i < k->nargs; i++) {
    const gdl_arg *arg = &k->args[i];
    if (arg->role != GDL_IN) continue;
    if (rows && arg->rows >= 0 && m->actions[arg->rows].moves == moves) return true;
    for (int j = 0; !rows && j < arg->nterms; j++)
      if (arg->terms[j].action >= 0 && m->actions[arg->terms[j].action].moves == moves) return true;
  }
  return false;
}

static void add(Probe *p, int *n, ProbeKind kind, int32_t number, const char *name) {
  if (*n == PROBES_MOST) return;
  p[*n] = (Probe){ .kind = kind, .number = number };
  snprintf(p[*n].name, sizeof p[*n].name, "%s", name);
  (*n)++;
}

static int probes(const gdl_module *m, const gdl_kernel *infer, Probe *p) {
  int n = 0;
  char name[64];
  add(p, &n, PROBE_SAME, 0, "the same input again");
  const gdl_group *g = m->ngroups > 0 ? &m->groups[0] : NULL;
  if (g && g->lie == 0 && g->nelements <= ELEMENTS_MOST)
    for (int32_t e = 0; e < g->nelements; e++) {
      rt_move_name(m, 0, e, name, sizeof name);
      add(p, &n, PROBE_ELEMENT, e, name);
    }
  else if (g)
    for (int32_t i = 0; i < DRAWS * (1 + g->ngenerators - g->lie) && i < 2 * DRAWS; i++) {
      snprintf(name, sizeof name, "draw %d of %s", i + 1, g->name);
      add(p, &n, PROBE_DRAW, i, name);
    }
  if (acts(m, GDL_SET, true, infer)) {
    add(p, &n, PROBE_SHUFFLE, SHUFFLE_TWO, "two elements exchanged");
    add(p, &n, PROBE_SHUFFLE, SHUFFLE_CYCLE, "all elements one on");
    for (int32_t i = 0; i < 4; i++) add(p, &n, PROBE_SHUFFLE, SHUFFLE_ALL + 16 * (i + 1), "a permutation");
  }
  if (acts(m, GDL_TORUS, true, infer)) {
    add(p, &n, PROBE_SHIFT, 1, "a shift down");
    add(p, &n, PROBE_SHIFT, 2, "a shift right");
    add(p, &n, PROBE_SHIFT, 3, "a shift down and right");
  }
  static const char *const far[] = { "a translation by 0.1", "a translation by 1", "a translation by 100" };
  for (int32_t i = 0; i < 3 && acts(m, GDL_POINT, false, infer); i++) add(p, &n, PROBE_OFFSET, i, far[i]);
  return n;
}

/* The largest torus that something lives on, and the smallest: shifts go by their quotient. */
static void set_shift(Move *v, const gdl_kernel *trace, int which) {
  const gdl_module *m = v->module;
  for (int d = 0; d < 2; d++) {
    int32_t large = 0, small = INT32_MAX;
    for (int i = 0; i < trace->nargs; i++) {
      const gdl_action *x = trace->args[i].rows >= 0 ? &m->actions[trace->args[i].rows] : NULL;
      if (!x || x->moves != GDL_TORUS || d >= x->dim) continue;
      if (x->shape[d] > large) large = x->shape[d];
      if (x->shape[d] < small) small = x->shape[d];
    }
    if (large == 0 || !(which & (1 << d))) continue;
    v->shift_of[d] = large;
    v->shift[d] = (double)(large / small) * (which == 3 && large / small * 3 < large ? 3 : 1);
  }
}

static void set_probe(Move *v, const Probe *p, const gdl_kernel *trace) {
  static const double far[] = { 0.1, 1, 100 };
  rt_move_identity(v);
  switch (p->kind) {
  case PROBE_SAME: break;
  case PROBE_ELEMENT: rt_move_element(v, p->number); break;
  case PROBE_DRAW: rt_move_random(v, rt_key(DRAW_AUDIT, 11, (uint64_t)p->number)); break;
  case PROBE_SHUFFLE:
    v->shuffle = (Shuffle)(p->number % 16);
    v->key = rt_key(DRAW_AUDIT, 12, (uint64_t)p->number);
    break;
  case PROBE_SHIFT: set_shift(v, trace, p->number); break;
  case PROBE_OFFSET:
    for (int i = 0; i < 4; i++) v->offset[i] = far[p->number] * (i % 2 ? -0.6 : 0.8);
    break;
  }
}

/* The square of the largest norm among the matrices, bounded by those of rows and columns; and how far points go. */
static double kappa_of(const Move *v) {
  double most = 1;
  for (int32_t a = 0; a < v->module->nactions; a++) {
    int n = v->matrix[a] ? v->module->actions[v->group * v->module->nactions + a].dim : 0;
    double rows = 0, columns = 0;
    for (int i = 0; i < n; i++) {
      double r = 0, c = 0;
      for (int j = 0; j < n; j++) r += fabs(v->matrix[a][i * n + j]), c += fabs(v->matrix[a][j * n + i]);
      rows = fmax(rows, r);
      columns = fmax(columns, c);
    }
    most = fmax(most, rows * columns);
  }
  return most * (1 + fabs(v->offset[0]));
}

/* --- errors ---------------------------------------------------------------------------------------- */
/* As a part of the two values; a value that is rounding noise around 0 on this input (a difference of what a symmetric
 * input makes equal) is held against `least`, a hundredth of what it is on others. */
static double error_of(const double *moved, const double *want, int64_t n, double least) {
  double d = 0, a = 0, b = 0;
  for (int64_t i = 0; i < n; i++) {
    d = fmax(d, fabs(moved[i] - want[i]));
    a = fmax(a, fabs(want[i]));
    b = fmax(b, fabs(moved[i]));
    if (!isfinite(moved[i]) || !isfinite(want[i])) return INFINITY;
  }
  return d == 0 ? 0 : d / fmax(a + b, least);
}

static double worst_error(const gdl_arg *arg, const Trial *x, Move *move, const double *base, const double *moved,
    double *want, int64_t n, double least) {
  Layout l = rt_layout(arg);
  double worst = 0;
  for (int64_t s = 0; s < x->b; s++) {
    rt_move_apply(move, arg, rt_trial_rows(x, arg), l.numbers, l.nrows, base + s * n, want);
    worst = fmax(worst, error_of(moved + s * n, want, n, least));
  }
  return worst;
}

/* Does the certificate promise anything of this value under this probe? */
static bool promised(const gdl_arg *arg, const Probe *p) {
  if (p->kind == PROBE_SAME || arg->verdict != GDL_BROKEN) return true;
  return p->kind == PROBE_ELEMENT && arg->kept && arg->kept[p->number];
}

typedef struct Bases { Values v32[TRIALS_MOST], v64[TRIALS_MOST], out[TRIALS_MOST]; double *least; } Bases;

static int64_t largest(const Values *v) {
  int64_t most = 1;
  for (int i = 0; i < v->n; i++)
    if (v->sample[i] > most) most = v->sample[i];
  return most;
}

/* A hundredth of the largest number of each value over all trials. */
static bool find_least(Audit *a, Bases *base, Trouble *t) {
  base->least = rt_alloc((size_t)a->trace64->nargs, sizeof *base->least, t);
  if (!base->least) return false;
  for (int k = 0; k < a->ntrials; k++)
    for (int i = 0; i < base->v64[k].n; i++)
      for (int64_t j = 0; base->v64[k].at[i] && j < a->trial[k].b * base->v64[k].sample[i]; j++)
        base->least[i] = fmax(base->least[i], fabs(base->v64[k].at[i][j]) / 100);
  return true;
}

/* One probe on one trial: all values, in all three entries. */
static bool probe_trial(Audit *a, const Probe *p, int trial, Move *move, const Bases *base, Result *result,
    Trouble *t) {
  const Trial *x = &a->trial[trial];
  Values v32 = { 0 }, v64 = { 0 }, out = { 0 };
  double kappa = kappa_of(move), *want = rt_alloc((size_t)largest(&base->v64[trial]), sizeof *want, t);
  bool ok = want && rt_values(a, a->trace64, x, move, &v64, t) && rt_values(a, a->trace, x, move, &v32, t) &&
      rt_values(a, a->infer, x, move, &out, t);
  for (int i = 0; ok && i < v64.n; i++) {
    const gdl_arg *arg = &a->trace64->args[i];
    if (!v64.at[i] || !promised(arg, p)) continue;
    bool output = arg->role == GDL_OUT;
    int j = rt_find_arg(output ? a->infer : a->trace, arg->name);
    if (j < 0) continue;
    double least = base->least[i];
    double e64 = worst_error(arg, x, move, base->v64[trial].at[i], v64.at[i], want, v64.sample[i], least);
    double e32 = worst_error(arg, x, move, output ? base->out[trial].at[j] : base->v32[trial].at[j],
        output ? out.at[j] : v32.at[j], want, v64.sample[i], least);
    if (p->kind == PROBE_SAME && (e64 != 0 || e32 != 0))
      rt_audit_fail(a, "the value `%s` (%s) has other bits when it is computed again", arg->name,
          rt_place(arg->source));
    Result *r = &result[i];
    r->asked++;
    r->e32 = fmax(r->e32, e32 / kappa);
    if (e64 / kappa > r->e64) {
      r->e64 = e64 / kappa;
      snprintf(r->where, sizeof r->where, "under %s, input %s", p->name, x->name);
    }
  }
  free(want);
  rt_values_free(&v32);
  rt_values_free(&v64);
  rt_values_free(&out);
  return ok;
}

/* The entry that predicts against the plain one in f64: fusion and tiles. What a symmetric input makes zero (1e-17 of
 * what the value is on others) has no digits of its own, so it is held against those, as above. Where f32 loses digits
 * whoever adds, since what is large cancels, an error counts in proportion to that of the plain entry in f32. */
static void compare_fused(Audit *a, const Bases *base, double *worst) {
  for (int k = 0; k < a->ntrials; k++)
    for (int i = rt_find_role(a->infer, GDL_OUT, 0); i >= 0; i = rt_find_role(a->infer, GDL_OUT, i + 1)) {
      int j = rt_find_arg(a->trace64, a->infer->args[i].name), j32 = rt_find_arg(a->trace, a->infer->args[i].name);
      int64_t n = base->out[k].sample[i];
      for (int64_t s = 0; j >= 0 && s < a->trial[k].b; s++) {
        const double *plain = base->v64[k].at[j] + s * n;
        double size = 0;
        for (int64_t e = 0; e < n; e++) size = fmax(size, fabs(plain[e]));
        double least = size < 1e-9 * base->least[j] ? base->least[j] : 0,
               lost = j32 < 0 ? 0 : error_of(base->v32[k].at[j32] + s * n, plain, n, least);
        *worst = fmax(*worst, error_of(base->out[k].at[i] + s * n, plain, n, least) / fmax(1, lost / most32));
      }
    }
}

static bool audit_weights(Audit *a, const char *what, const Probe *p, int nprobes, Result *result, double *fused,
    Trouble *t) {
  Bases base = { 0 };
  Move move;
  int skipped = 0;
  if (!rt_move_open(&move, a->run->module, 0, a->rows_most, t)) return false;
  bool ok = true;
  for (int k = 0; ok && k < a->ntrials; k++)
    ok = rt_values(a, a->trace64, &a->trial[k], NULL, &base.v64[k], t) && rt_values(a, a->trace, &a->trial[k], NULL,
        &base.v32[k], t) && rt_values(a, a->infer, &a->trial[k], NULL, &base.out[k], t);
  ok = ok && find_least(a, &base, t);
  if (ok) compare_fused(a, &base, fused);
  for (int i = 0; ok && i < nprobes; i++) {
    set_probe(&move, &p[i], a->trace64);
    if (!rt_move_exact(&move)) {
      skipped++;
      continue;
    }
    for (int k = 0; ok && k < a->ntrials; k++) ok = probe_trial(a, &p[i], k, &move, &base, result, t);
  }
  rt_say(a, "%s weights: %d moves, and none, on %d kinds of inputs%s\n", what, nprobes - 1 - skipped, a->ntrials,
      skipped ? "; the others do not take pixels to pixels" : "");
  for (int k = 0; k < a->ntrials; k++) {
    rt_values_free(&base.v32[k]);
    rt_values_free(&base.v64[k]);
    rt_values_free(&base.out[k]);
  }
  free(base.least);
  rt_move_close(&move);
  return ok;
}

static void judge(Audit *a, const Result *result, double fused) {
  const gdl_kernel *k = a->trace64;
  static const int order[] = { GDL_VALUE, GDL_OUT };
  rt_say(a, "\n%-16s %-20s %10s %10s %10s  %s\n", "value", "source", "f32", "f64", "ratio", "");
  for (int j = 0; j < 2 * k->nargs; j++) {
    const gdl_arg *arg = &k->args[j % k->nargs];
    const Result *r = &result[j % k->nargs];
    if (arg->role != order[j / k->nargs]) continue;
    const char *source = rt_place(arg->source), *verdict = arg->verdict == GDL_BROKEN ? (r->asked > 0 &&
        arg->kept ? "ok for what is left" : "broken on purpose") : "ok";
    double ratio = r->e64 > 0 ? r->e32 / r->e64 : INFINITY;
    bool single = a->trace->dtype == GDL_F32;       /* in f64 alone there is no ratio                      */
    bool mathematics = r->e64 > most64 || (single && r->e64 > floor64 && ratio < ratio_least),
        code = r->e32 > fmax(most32, 1e10 * r->e64);
    if (mathematics)
      rt_audit_fail(a, "`%s` (%s) does not move as its type says: error %.2e in f64 %s", arg->name, source, r->e64,
          r->where);
    else if (code)
      rt_audit_fail(a,
          "`%s` (%s) moves as its type says in f64, but its error in f32 is %.2e: the compiled code is wrong",
          arg->name, source, r->e32);
    if (mathematics || code) verdict = "FAILS";
    char quotient[24] = "-";
    if (single && r->e64 > floor64) snprintf(quotient, sizeof quotient, "%.1e", ratio);
    rt_say(a, "%-16s %-20s %10.2e %10.2e %10s  %s\n", arg->name, source, r->e32, r->e64, quotient, verdict);
    rt_measured(a, r->e32, "%s.f32", arg->name);
    rt_measured(a, r->e64, "%s.f64", arg->name);
  }
  rt_say(a, "prediction against its plain form in f64: %.2e\n", fused);
  rt_measured(a, fused, "fused");
  if (fused > fused_most)
    rt_audit_fail(a, "the entry %s differs from its plain form by %.2e: the compiled code is wrong", a->infer->name,
        fused);
}

/* --- claims with `within` -------------------------------------------------------------------------- */
/* Gaussian noise two pixels wide inside the disc that every turn keeps. */
static bool smooth_noise(Audit *a, Trial *x, Trouble *t) {
  double *white = rt_alloc((size_t)a->rows_most, sizeof *white, t);
  if (!white) return false;
  for (int i = 0; i < a->infer->nargs; i++) {
    const gdl_arg *arg = &a->infer->args[i];
    if (!x->in[i]) continue;
    int64_t c = rt_layout(arg).numbers, rows = rt_trial_rows(x, arg);
    const gdl_action *g = arg->rows >= 0 ? &a->run->module->actions[arg->rows] : NULL;
    bool grid = g && g->dim == 2 && g->shape[0] > 1 && arg->dtype != GDL_I32;
    for (int64_t s = 0; s < x->b; s++) {
      double *out = x->in[i] + s * rows * c;
      Key key = rt_key(DRAW_AUDIT, 500 + (uint64_t)s, (uint64_t)i);
      for (int64_t j = 0; j < rows * c; j++)
        white[j] = arg->dtype == GDL_I32 ? (double)rt_below(key, (uint64_t)j,
            arg->nlabels > 0 ? (uint64_t)arg->nlabels : 2) : rt_normal(key, (uint64_t)j);
      if (!grid) memcpy(out, white, sizeof(double) * (size_t)(rows * c));
      for (int64_t j = 0; grid && j < rows * c; j++) {
        int64_t h = g->shape[0], w = g->shape[1], y = j / c / w, z = j / c % w;
        double sum = 0, cy = (double)(h - 1) / 2, cz = (double)(w - 1) / 2, radius = fmin(cy, cz);
        bool inside = ((double)y - cy) * ((double)y - cy) + ((double)z - cz) * ((double)z - cz) <= radius * radius;
        for (int64_t p = y - 6; inside && p <= y + 6; p++)
          for (int64_t q = z - 6; q <= z + 6; q++)
            if (p >= 0 && q >= 0 && p < h && q < w)
              sum += white[(p * w + q) * c + j % c] * exp(-(double)((p - y) * (p - y) + (q - z) * (q - z)) / 8);
        out[j] = sum;
      }
    }
  }
  free(white);
  return true;
}

static bool claim_error(Audit *a, const Trial *x, int output, int32_t group, double *worst, Trouble *t) {
  const gdl_module *m = a->run->module;
  const gdl_group *g = &m->groups[group];
  const gdl_arg *arg = &a->infer->args[output];
  Values base = { 0 };
  Move move;
  if (!rt_move_open(&move, m, group, a->rows_most, t)) return false;
  bool ok = rt_values(a, a->infer, x, NULL, &base, t), all = g->lie == 0 && g->nelements <= ELEMENTS_MOST;
  double *want = ok ? rt_alloc((size_t)largest(&base), sizeof *want, t) : NULL;
  for (int32_t e = 0; want && ok && e < (all ? g->nelements : 2 * DRAWS); e++) {
    Values v = { 0 };
    if (all) rt_move_element(&move, e);
    else rt_move_random(&move, rt_key(DRAW_AUDIT, 21, (uint64_t)e));
    ok = rt_values(a, a->infer, x, &move, &v, t);
    if (ok)
      *worst = fmax(*worst, worst_error(arg, x, &move, base.at[output], v.at[output], want, base.sample[output], 0));
    rt_values_free(&v);
  }
  free(want);
  rt_values_free(&base);
  rt_move_close(&move);
  return ok && want;
}

static bool names(const char *text, const char *word) {
  size_t n = strlen(word);
  for (const char *at = strstr(text, word); at; at = strstr(at + 1, word))
    if ((at == text || strchr("(, ", at[-1])) && (!at[n] || strchr("), ", at[n]))) return true;
  return false;
}

static bool audit_claims(Audit *a, const char *what, Trouble *t) {
  const gdl_module *m = a->run->module;
  Trial *x = NULL;
  for (int32_t c = 0; c < m->nclaims; c++) {
    const gdl_claim *claim = &m->claims[c];
    if (claim->within <= 0 || m->ngroups == 0) continue;
    int32_t group = 0;
    for (int32_t g = 0; g < m->ngroups; g++)
      if (names(claim->text, m->groups[g].name)) group = g;
    if (!x && (!rt_trial_make(a, "smooth noise", 3, 6, &x, t) || !smooth_noise(a, x, t))) return false;
    for (int i = rt_find_role(a->infer, GDL_OUT, 0); i >= 0; i = rt_find_role(a->infer, GDL_OUT, i + 1)) {
      double smooth = 0, data = 0;
      if (!names(claim->text, a->infer->args[i].name)) continue;
      if (!claim_error(a, x, i, group, &smooth, t) || (a->data >= 0 && !claim_error(a, &a->trial[a->data], i, group,
          &data, t))) return false;
      bool fine = smooth <= claim->within;
      rt_say(a, "\nclaim %s (%s), %s weights\n  %.3g on smooth noise", claim->text, rt_place(claim->source), what,
          smooth);
      if (a->data >= 0) rt_say(a, ", %.3g on data", data);
      rt_say(a, ", within %g  %s\n", claim->within, fine ? "ok" : "FAILS");
      rt_measured(a, smooth, "claim.%d.%s", c + 1, what);
      if (!fine)
        rt_audit_fail(a, "the claim %s (%s) is not kept: %.3g is above %g", claim->text, rt_place(claim->source),
            smooth, claim->within);
    }
  }
  if (x) {                          /* the last trial made; the other parts of the audit do not want it */
    for (int i = 0; i < a->infer->nargs; i++) free(x->in[i]);
    free(x->in);
    a->ntrials--;
  }
  return true;
}

/* --- the command -------------------------------------------------------------------------------------- */
/* Beside the weights, where the report finds it. */
static bool keep(Audit *a, const char *weights, Trouble *t) {
  const char *slash = strrchr(weights, '/');
  char *folder = rt_text(t, "%.*s", slash ? (int)(slash - weights) : 1, slash ? weights : "."), *path = folder
      ? rt_text(t, "%s/audit.txt", folder) : NULL;
  char *config = path ? rt_text(t, "%s/config.json", folder) : NULL;
  bool ok = false;
  if (config) {
    FILE *there = fopen(config, "r");               /* only a folder of a training has a report             */
    ok = !there || (rt_write_file(path, &(Piece){ a->out.at, a->out.n }, 1, t) && rt_report_write(a->run->module,
        folder, t));
    if (there) fclose(there);
  }
  free(config);
  free(path);
  free(folder);
  return ok;
}

static bool audit(Audit *a, Trouble *t) {
  Run *r = a->run;
  const gdl_module *m = r->module;
  Probe probe[PROBES_MOST];
  int n = probes(m, a->infer, probe);
  double fused = 0;
  Result *result = rt_alloc((size_t)a->trace64->nargs, sizeof *result, t);
  rt_say(a, "audit of %s%s%s\n", m->name, m->ngroups ? " under " : "", m->ngroups ? m->groups[0].name : "");
  rt_state_shake(&r->state, (uint64_t)rt_setting(&r->settings, "seed") + 1);
  bool ok = result && rt_trials(a, 1, t) && audit_weights(a, "random", probe, n, result, &fused, t) &&
      audit_claims(a, "random", t);
  Trouble why = { 0 };
  const char *weights = r->options->weights ? r->options->weights : "run/best.safetensors";
  bool trained = ok && m->nparam > 0 && rt_checkpoint_load(&r->state, NULL, weights, false, &why);
  if (ok && !trained && m->nparam > 0) {
    if (r->options->weights || why.code != EXIT_IO) ok = rt_fail(t, why.code, "%s", why.text);
    else rt_say(a, "no trained weights: %s; say --weights FILE\n", why.text);
  }
  if (ok && trained) ok = audit_weights(a, "trained", probe, n, result, &fused, t) && audit_claims(a, "trained", t);
  if (ok) judge(a, result, fused);
  ok = ok && rt_audit_slope(a, t) && rt_audit_deform(a, t);
  if (ok) {
    rt_say(a, "\n");
    for (char *line = a->lines.at, *end; line && (end = strchr(line, '\n')); line = end + 1)
      rt_say(a, "%.*s\n", (int)(end - line), line);
    rt_say(a, "%s\n", a->failed ? "the audit FAILED" : "the audit found nothing wrong");
  }
  free(result);
  return ok && (!trained || keep(a, weights, t));
}

bool rt_check(Run *r, Trouble *t) {
  const gdl_module *m = r->module;
  Audit *a = rt_alloc(1, sizeof *a, t);
  if (!a) return false;
  *a = (Audit){ .run = r, .infer = rt_entry_needed(m, GDL_INFER, 0, t), .out = { .trouble = t },
      .lines = { .trouble = t }, .data = -1 };
  bool ok = a->infer && (a->trace = rt_entry_needed(m, GDL_TRACE, a->infer->dtype, t)) &&
      (a->trace64 = rt_entry_needed(m, GDL_TRACE, GDL_F64, t)) && rt_state_open(&r->state, m, t);
  a->slope = rt_entry(m, GDL_SLOPE, GDL_F64);
  ok = ok && audit(a, t);
  if (ok && a->failed) ok = rt_fail(t, EXIT_AUDIT, "%s", a->first);
  rt_trials_free(a);
  free(a->out.at);
  free(a->lines.at);
  free(a);
  return ok;
}
