/* evaluate.c: the loss and the metrics of a set of samples, as those of one large batch.
 *
 * The entry `eval` gives pairs (sum, count) of a batch; they are added in f64 in order of the batches, and the
 * entry `score` makes loss and metrics of them. `average` stands in for `param` where there is one. */
#include "run.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

const gdl_kernel *rt_data_entry(const gdl_module *m) {
  const gdl_kernel *k = rt_entry(m, GDL_EVAL, 0);
  if (!k) k = rt_entry(m, GDL_STEP, 0);
  return k;
}

bool rt_evaluate(Run *r, const Samples *s, const uint32_t *index, int64_t n, Move *move, double *sums, Trouble *t) {
  const gdl_module *m = r->module;
  const gdl_kernel *k = rt_entry_needed(m, GDL_EVAL, 0, t);
  Call call = { 0 };
  double *part = rt_alloc((size_t)m->nsums, sizeof *part, t);
  bool ok = k && part && rt_call_open(&call, k, rt_host_lend(r->host), r->device, t);
  Loader *l = ok ? rt_loader_open(s, k->dtype, index, n, (int64_t)rt_setting(&r->settings, "batch"), 0, NULL, move, t)
      : NULL;
  void *param = (void *)(uintptr_t)rt_state_eval(&r->state);
  memset(sums, 0, sizeof(double) * (size_t)m->nsums);
  ok = l != NULL;
  for (const Batch *x; ok && (x = rt_loader_next(l));) {
    for (int i = 0; i < k->nargs; i++) {
      if (k->args[i].role == GDL_PARAM) call.args[i] = param;
      if (k->args[i].role == GDL_SUMS) call.args[i] = part;
    }
    ok = rt_batch_attach(x, &call, t) && rt_call_run(&call, t);
    for (int64_t i = 1; ok && i < m->nsums; i++) sums[i] += part[i];
    if (rt_interrupted()) break;
  }
  rt_loader_close(l);
  rt_call_close(&call);
  free(part);
  return ok;
}

bool rt_score(Run *r, const double *sums, double *scores, Trouble *t) {
  const gdl_kernel *k = rt_entry_needed(r->module, GDL_SCORE, 0, t);
  Call call;
  if (!k || !rt_call_open(&call, k, NULL, r->device, t)) return false;
  for (int i = 0; i < k->nargs; i++)
    call.args[i] = k->args[i].role == GDL_SUMS ? (void *)(uintptr_t)sums : (void *)scores;
  call.sizes[0] = 1;
  bool ok = rt_call_run(&call, t);
  rt_call_close(&call);
  return ok;
}

bool rt_load_weights(Run *r, Trouble *t) {
  const char *path = r->options->weights ? r->options->weights : "run/best.safetensors";
  if (!rt_state_open(&r->state, r->module, t)) return false;
  if (rt_checkpoint_load(&r->state, NULL, path, false, t)) return true;
  if (t->code == EXIT_IO && !r->options->weights) {
    size_t n = strlen(t->text);
    snprintf(t->text + n, sizeof t->text - n, "; train first, or say --weights FILE");
  }
  return false;
}

/* `eval`: a line for each score, after one that says of what. */
bool rt_eval(Run *r, Trouble *t) {
  const gdl_module *m = r->module;
  const Options *o = r->options;
  const gdl_kernel *k = rt_entry_needed(m, GDL_EVAL, 0, t);
  if (!k || !rt_load_weights(r, t)) return false;
  const char *part = o->part ? o->part : rt_part_exists(m, "test") ? "test" : rt_part_exists(m, "valid") ||
      m->valid_part > 0 ? "valid" : "data";
  bool cut = strcmp(part, "valid") == 0 && !rt_part_exists(m, "valid");
  if (cut && m->valid_part <= 0)
    return rt_fail(t, EXIT_USAGE, "--part valid: the source of %s keeps no validation data", m->name);
  Samples s;
  Split split = { 0 };
  Move move = { 0 };
  double *sums = rt_alloc((size_t)m->nsums, sizeof *sums, t), *scores = rt_alloc((size_t)m->nscores, sizeof *scores, t);
  bool ok = sums && scores && rt_read_samples(&s, m, k, cut ? "data" : part, o->data ? o->data : "", NULL, t);
  if (!ok) {
    free(sums);
    free(scores);
    return false;
  }
  bool whole = strcmp(part, "data") != 0 || rt_part_exists(m, "valid");
  ok = rt_split(&split, &s, cut || !whole ? m->valid_part : 0, t);
  if (ok && o->move) {
    int32_t group = 0;                                 /* the first that moves something */
    while (group < m->ngroups && m->groups[group].ngenerators == 0) group++;
    ok = (group < m->ngroups || rt_fail(t, EXIT_USAGE, "--move: no group acts on the inputs of %s", m->name)) &&
         rt_move_open(&move, m, group, rt_rows_most(&s), t) && rt_move_parse(&move, o->move, t);
  }
  const uint32_t *index = split.index + (cut ? split.ntrain : 0);
  int64_t n = cut ? split.nvalid : split.ntrain;
  ok = ok && rt_evaluate(r, &s, index, n, o->move ? &move : NULL, sums, t) && rt_score(r, sums, scores, t);
  if (ok) {
    printf("%s: %lld samples of `%s`%s%s%s\n", m->name, (long long)n, part, o->move ? ", moved by " : "",
        o->move ? o->move : "",
           o->move && !rt_move_exact(&move) ? " (between pixels)" : "");
    for (int32_t i = 0; i < m->nscores; i++) printf("%s %.9g\n", m->scores[i], scores[i]);
  }
  rt_move_close(&move);
  rt_samples_free(&s);
  free(split.index);
  free(sums);
  free(scores);
  return ok;
}
