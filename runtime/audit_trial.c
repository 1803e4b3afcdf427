/* audit_trial.c: inputs to try a program on, and calls of its entries on them.
 *
 * Inputs matter more than group elements: beside noise there are zeros, single numbers, ties (all numbers
 * equal), magnitudes far from 1, sets of sizes off the vector width, and the first samples of the data. */
#include "audit.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

void rt_say(Audit *a, const char *format, ...) {
  char line[2000];
  va_list args;
  va_start(args, format);
  vsnprintf(line, sizeof line, format, args);
  va_end(args);
  fputs(line, stdout);
  fflush(stdout);
  rt_print(&a->out, "%s", line);
}

void rt_measured(Audit *a, double value, const char *format, ...) {
  char name[400];
  va_list args;
  va_start(args, format);
  vsnprintf(name, sizeof name, format, args);
  va_end(args);
  rt_print(&a->lines, "audit %s %.4g\n", name, value);
}

void rt_audit_fail(Audit *a, const char *format, ...) {
  va_list args;
  va_start(args, format);
  if (!a->failed) vsnprintf(a->first, sizeof a->first, format, args);
  va_end(args);
  a->failed = true;
}

int64_t rt_trial_rows(const Trial *x, const gdl_arg *arg) {
  Layout l = rt_layout(arg);
  return l.symbol < 0 ? l.rows : l.nrows == 2 ? x->set_rows * x->set_rows : x->set_rows;
}

bool rt_trial_make(Audit *a, const char *name, int64_t b, int64_t set_rows, Trial **trial, Trouble *t) {
  Trial *x = &a->trial[a->ntrials];
  if (a->ntrials == TRIALS_MOST) return rt_fail(t, EXIT_BUG, "too many trials");
  *x = (Trial){ name, b, set_rows, rt_alloc((size_t)a->infer->nargs, sizeof(double *), t) };
  if (!x->in) return false;
  a->ntrials++;
  for (int i = 0; i < a->infer->nargs; i++) {
    const gdl_arg *arg = &a->infer->args[i];
    if (arg->role != GDL_IN) continue;
    int64_t n = rt_trial_rows(x, arg) * rt_layout(arg).numbers;
    if (n > a->rows_most) a->rows_most = n;
    if (!(x->in[i] = rt_alloc((size_t)(b * n), sizeof(double), t))) return false;
  }
  *trial = x;
  return true;
}

void rt_trials_free(Audit *a) {
  for (int k = 0; k < a->ntrials; k++) {
    for (int i = 0; a->trial[k].in && i < a->infer->nargs; i++) free(a->trial[k].in[i]);
    free(a->trial[k].in);
  }
  a->ntrials = 0;
}

/* --- kinds of inputs -------------------------------------------------------------------------------- */
enum { NOISE, ZERO, ONE, TIE, SMALL, LARGE, KINDS };
static const char *const kinds[] = { "noise", "zero", "one-hot", "ties", "small", "large" };

static void fill(const gdl_arg *arg, int kind, Key key, double *x, int64_t n) {
  bool label = arg->dtype == GDL_I32;
  uint64_t range = arg->nlabels > 0 ? (uint64_t)arg->nlabels : 2;
  for (int64_t i = 0; i < n; i++) {
    double noise = rt_normal(key, (uint64_t)i);
    if (label) x[i] = kind == ZERO ? 0 : (double)rt_below(key, (uint64_t)i, range);
    else if (kind == ZERO || kind == ONE) x[i] = 0;
    else x[i] = kind == TIE ? 1 : kind == SMALL ? 1e-6 * noise : kind == LARGE ? 1e3 * noise : noise;
  }
  if (kind == ONE && !label && n > 0) x[rt_below(key, 0, (uint64_t)n)] = 1;
}

static bool synthetic(Audit *a, int kind, int64_t b, int64_t set_rows, uint64_t seed, Trouble *t) {
  Trial *x;
  if (!rt_trial_make(a, kinds[kind], b, set_rows, &x, t)) return false;
  for (int i = 0; i < a->infer->nargs; i++) {
    const gdl_arg *arg = &a->infer->args[i];
    if (!x->in[i]) continue;
    int64_t n = rt_trial_rows(x, arg) * rt_layout(arg).numbers;
    for (int64_t s = 0; s < b; s++)
      fill(arg, kind, rt_key(DRAW_AUDIT, seed + (uint64_t)kind * 1000 + (uint64_t)s, (uint64_t)i), x->in[i] + s * n, n);
  }
  return true;
}

static bool from_data(Audit *a, Trouble *t) {
  const gdl_module *m = a->run->module;
  const char *part = rt_part_exists(m, "test") ? "test" : "data";
  Trouble why = { 0 };
  Samples s;
  if (!rt_part_exists(m, part)) return true;
  if (!rt_read_samples(&s, m, a->infer, part, a->run->options->data ? a->run->options->data : "", NULL, &why)) {
    if (a->run->options->data) return rt_fail(t, why.code, "%s", why.text);
    rt_say(a, "not on data: %s\n", why.text);
    return true;
  }
  int64_t b = s.n < 4 ? s.n : 4, set_rows = 1;
  uint32_t index[4] = { 0, 1, 2, 3 };
  for (int32_t c = 0; c < s.ncolumns; c++)
    if (s.column[c].symbol) set_rows = s.column[c].rows;
  Trial *x;
  Batch batch;
  a->data = a->ntrials;
  bool ok = rt_trial_make(a, "data", b, set_rows, &x, t) && rt_batch_open(&batch, &s, GDL_F64, b, t);
  if (ok) {
    rt_batch_fill(&batch, index, b, NULL, NULL);
    for (int i = 0; i < a->infer->nargs; i++)
      for (int32_t c = 0; x->in[i] && c < s.ncolumns; c++) {
        if (strcmp(s.column[c].arg->name, a->infer->args[i].name) != 0) continue;
        int64_t n = b * s.column[c].rows * s.column[c].numbers;
        rt_convert(batch.at[c], a->infer->args[i].dtype == GDL_I32 ? GDL_I32 : GDL_F64, x->in[i], GDL_F64, n);
      }
    rt_batch_close(&batch);
  }
  rt_samples_free(&s);
  return ok;
}

bool rt_trials(Audit *a, uint64_t seed, Trouble *t) {
  bool sets = false;
  a->data = -1;
  a->rows_most = 1;
  for (int i = 0; i < a->infer->nargs; i++)
    sets |= a->infer->args[i].role == GDL_IN && rt_layout(&a->infer->args[i]).symbol >= 0;
  for (int k = 0; k < KINDS; k++)
    if (!synthetic(a, k, k == NOISE ? 3 : 1, 6, seed, t)) return false;
  static const int64_t odd[] = { 1, 2, 33 };
  for (int i = 0; sets && i < 3; i++)
    if (!synthetic(a, NOISE, 2, odd[i], seed + 7 + (uint64_t)i, t)) return false;
  return from_data(a, t);
}

/* --- calls -------------------------------------------------------------------------------------------- */
void rt_values_free(Values *v) {
  for (int i = 0; i < v->n; i++) free(v->at ? v->at[i] : NULL);
  free(v->at);
  free(v->sample);
  *v = (Values){ 0 };
}

static bool set_arg(Audit *a, const gdl_kernel *k, int i, const Trial *x, Move *move, Call *call, double *moved,
    Trouble *t) {
  const gdl_arg *arg = &k->args[i];
  int dtype = arg->dtype == GDL_I32 ? GDL_I32 : k->dtype;
  int64_t count = rt_arg_count(arg, call->sizes);
  State *s = &a->run->state;
  if (!(call->args[i] = rt_alloc((size_t)count, rt_width(dtype), t))) return false;
  if (arg->role == GDL_PARAM) rt_convert(rt_state_eval(s), s->real, call->args[i], dtype, count);
  if (arg->role == GDL_INDEX)
    for (int64_t j = 0; j < count; j++) rt_put(call->args[i], dtype, j, (double)(j * x->b / count));
  if (arg->role != GDL_IN) return true;
  int from = rt_find_arg(a->infer, arg->name);
  Layout l = rt_layout(arg);
  int64_t rows = rt_trial_rows(x, arg), n = rows * l.numbers;
  for (int64_t b = 0; b < x->b; b++) {
    const double *in = x->in[from] + b * n;
    if (move) rt_move_apply(move, arg, rows, l.numbers, l.nrows, in, moved);
    for (int64_t j = 0; j < n; j++) rt_put(call->args[i], dtype, b * n + j, move ? moved[j] : in[j]);
  }
  return true;
}

bool rt_values(Audit *a, const gdl_kernel *k, const Trial *x, Move *move, Values *v, Trouble *t) {
  *v = (Values){ .n = k->nargs };
  v->at = rt_alloc((size_t)k->nargs, sizeof *v->at, t);
  v->sample = rt_alloc((size_t)k->nargs, sizeof *v->sample, t);
  double *moved = rt_alloc((size_t)a->rows_most, sizeof *moved, t);
  Call call = { 0 };
  bool ok = v->at && v->sample && moved && rt_call_open(&call, k, rt_host_lend(a->run->host), a->run->device, t);
  for (int32_t i = 0; ok && i < k->nsizes; i++) call.sizes[i] = i == 0 ? x->b : x->b * x->set_rows;
  for (int i = 0; ok && i < k->nargs; i++) ok = set_arg(a, k, i, x, move, &call, moved, t);
  ok = ok && rt_call_run(&call, t);
  for (int i = 0; ok && i < k->nargs; i++) {
    if (k->args[i].role != GDL_OUT && k->args[i].role != GDL_VALUE) continue;
    int64_t count = rt_arg_count(&k->args[i], call.sizes);
    ok = (v->at[i] = rt_alloc((size_t)count, sizeof(double), t)) != NULL;
    if (ok) rt_convert(call.args[i], k->args[i].dtype == GDL_I32 ? GDL_I32 : k->dtype, v->at[i], GDL_F64, count);
    v->sample[i] = count / x->b;
  }
  for (int i = 0; call.args && i < k->nargs; i++) free(call.args[i]);
  rt_call_close(&call);
  free(moved);
  return ok;
}
