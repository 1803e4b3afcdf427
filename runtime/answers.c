/* answers.c: every sample of a part asked once: which label was taken for which, and which answers are worst.
 *
 * Reads the outputs of the entry that predicts. A label is judged by the output that has a number for each of its
 * entries: the largest is what the model says, and what it gives to an entry is the softmax, or the number itself
 * where the numbers are a distribution already. Numbers are judged by their distance to a target of the same shape.
 * Equally bad samples are in the order of their numbers, so the list does not depend on the order of asking. */
#include "report.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* --- what is judged ------------------------------------------------------------------------------ */
const gdl_arg *rt_labelled(const gdl_module *m) {
  const gdl_kernel *k = rt_data_entry(m);
  const gdl_arg *found = NULL;
  for (int i = k ? rt_find_role(k, GDL_TARGET, 0) : -1; i >= 0; i = rt_find_role(k, GDL_TARGET, i + 1)) {
    const gdl_arg *arg = &k->args[i];
    if (arg->dtype == GDL_I32 && rt_layout(arg).nrows == 0 && arg->nlabels > 0) found = arg;
  }
  return found;
}

/* Of many with the shape the first that is called as the target, else the first. */
static int find_output(const gdl_kernel *infer, const gdl_arg *target, int64_t numbers) {
  int found = -1;
  for (int i = rt_find_role(infer, GDL_OUT, 0); i >= 0; i = rt_find_role(infer, GDL_OUT, i + 1)) {
    Layout l = rt_layout(&infer->args[i]);
    if (l.nrows || l.numbers != numbers || infer->args[i].dtype == GDL_I32) continue;
    if (found < 0 || strcmp(infer->args[i].name, target->name) == 0) found = i;
  }
  return found;
}

static void find_judged(const gdl_module *m, const gdl_kernel *infer, Answers *a) {
  const gdl_kernel *k = rt_data_entry(m);
  const gdl_arg *label = rt_labelled(m);
  int out = label ? find_output(infer, label, label->nlabels) : -1;
  if (out >= 0) {
    a->judged = JUDGED_LABEL;
    a->target = label;
    a->output = &infer->args[out];
    a->n = label->nlabels <= LABELS_MOST ? label->nlabels : 0;
    return;
  }
  for (int i = k ? rt_find_role(k, GDL_TARGET, 0) : -1; i >= 0 && !a->judged; i = rt_find_role(k, GDL_TARGET, i + 1)) {
    Layout l = rt_layout(&k->args[i]);
    if (k->args[i].dtype == GDL_I32 || l.nrows || (out = find_output(infer, &k->args[i], l.numbers)) < 0) continue;
    a->judged = JUDGED_NUMBERS;
    a->target = &k->args[i];
    a->output = &infer->args[out];
  }
}

/* The first input on rows and columns with one or three numbers at each of them that do not mix when it is moved. */
static void find_image(const gdl_module *m, const gdl_kernel *infer, Answers *a) {
  for (int i = rt_find_role(infer, GDL_IN, 0); i >= 0 && !a->image; i = rt_find_role(infer, GDL_IN, i + 1)) {
    const gdl_arg *arg = &infer->args[i];
    const gdl_action *x = arg->rows >= 0 ? &m->actions[arg->rows] : NULL;
    Layout l = rt_layout(arg);
    bool moved = false;
    for (int16_t k = 0; k < arg->nterms; k++) moved |= arg->terms[k].action >= 0 && arg->terms[k].dim > 1;
    if (!x || x->dim != 2 || arg->dtype == GDL_I32 || l.nrows != 1 || (l.numbers != 1 && l.numbers != 3) ||
        moved) continue;
    if (x->shape[0] < 2 || x->shape[1] < 2 || (int64_t)x->shape[0] * x->shape[1] != l.rows) continue;
    a->image = arg;
    a->height = x->shape[0], a->width = x->shape[1], a->channels = (int32_t)l.numbers;
  }
}

static const void *numbers_of(const Batch *x, const gdl_arg *arg) {
  int32_t c = 0;
  while (strcmp(x->samples->column[c].arg->name, arg->name) != 0) c++;
  return x->at[c];
}

/* --- one sample ---------------------------------------------------------------------------------- */
/* The probabilities that n numbers give to entry i, times what `scale` returns by it. */
static bool distribution(const void *out, int real, int64_t from, int64_t n) {
  double sum = 0;
  for (int64_t k = 0; k < n; k++) {
    double x = rt_get(out, real, from + k);
    if (!(x >= 0)) return false;
    sum += x;
  }
  return fabs(sum - 1) < 1e-4;
}

static void judge_label(const void *out, int real, int64_t from, int64_t n, Mistake *w) {
  double sum = 0;
  for (int64_t k = 1; k < n; k++)
    if (rt_get(out, real, from + k) > rt_get(out, real, from + w->said)) w->said = (int32_t)k;
  double top = rt_get(out, real, from + w->said), truth = rt_get(out, real, from + w->truth);
  bool is = distribution(out, real, from, n);
  for (int64_t k = 0; k < n && !is; k++) sum += exp(rt_get(out, real, from + k) - top);
  w->share[0] = is ? truth : exp(truth - top) / sum;
  w->share[1] = is ? top : 1 / sum;
  w->loss = is ? -log(truth) : top - truth + log(sum);
}

static void judge_numbers(const void *out, const void *want, int real, int64_t from, int64_t n, Mistake *w) {
  for (int64_t k = 0; k < n; k++) {
    double x = rt_get(out, real, from + k), y = rt_get(want, real, from + k);
    w->loss += (x - y) * (x - y);
    if (k < NUMBERS_SHOWN) w->numbers[0][k] = y, w->numbers[1][k] = x;
  }
}

static bool worse(const Mistake *x, const Mistake *y) { return x->loss > y->loss || (x->loss == y->loss &&
    x->sample < y->sample); }

/* Into the list, if it belongs there; the picture of the one that leaves is used again. */
static bool insert(Answers *a, Mistake w, const Batch *x, int64_t place, Trouble *t) {
  int32_t last = a->nworst < MISTAKES_MOST ? a->nworst : MISTAKES_MOST - 1;
  if (a->nworst == MISTAKES_MOST && !worse(&w, &a->worst[last])) return true;
  int64_t n = a->image ? (int64_t)a->height * a->width * a->channels : 0;
  w.picture = a->nworst == MISTAKES_MOST ? a->worst[last].picture : n ? rt_alloc((size_t)n, sizeof(float), t) : NULL;
  if (n && !w.picture) return false;
  for (int64_t i = 0; i < n; i++) w.picture[i] = (float)rt_get(numbers_of(x, a->image), x->real, place * n + i);
  int32_t at = last;
  for (; at > 0 && worse(&w, &a->worst[at - 1]); at--) a->worst[at] = a->worst[at - 1];
  a->worst[at] = w;
  if (a->nworst < MISTAKES_MOST) a->nworst++;
  return true;
}

static bool judge(Answers *a, const Batch *x, const uint32_t *index, const void *out, Trouble *t) {
  const void *want = numbers_of(x, a->target);
  int64_t n = rt_layout(a->output).numbers;
  for (int64_t i = 0; i < x->b; i++) {
    Mistake w = { .sample = index[i] };
    if (a->judged == JUDGED_LABEL) {
      w.truth = ((const int32_t *)want)[i];
      judge_label(out, x->real, i * n, n, &w);
      if (a->n) a->count[(int64_t)w.truth * a->n + w.said]++;
    } else judge_numbers(out, want, x->real, i * n, n, &w);
    if (isnan(w.loss)) w.loss = INFINITY;
    bool wrong = a->judged == JUDGED_NUMBERS || w.said != w.truth;
    a->wrong += wrong;
    if (wrong && !insert(a, w, x, i, t)) return false;
  }
  a->samples += x->b;
  return true;
}

/* --- all samples --------------------------------------------------------------------------------- */
bool rt_answers(Run *r, const Samples *s, const uint32_t *index, int64_t n, Answers *a, Trouble *t) {
  const gdl_kernel *k = rt_entry_needed(r->module, GDL_INFER, 0, t);
  if (!k) return false;
  find_judged(r->module, k, a);
  find_image(r->module, k, a);
  if (!a->judged) return true;
  Call call = { 0 };
  void **out = rt_alloc((size_t)k->nargs, sizeof *out, t);
  a->count = rt_alloc((size_t)a->n * (size_t)a->n, sizeof *a->count, t);
  bool ok = out && a->count && rt_call_open(&call, k, rt_host_lend(r->host), r->device, t);
  Loader *l = ok ? rt_loader_open(s, k->dtype, index, n, (int64_t)rt_setting(&r->settings, "batch"), 0, NULL, NULL,
      t) : NULL;
  ok = l != NULL;
  for (const Batch *x; ok && (x = rt_loader_next(l));) {
    ok = rt_batch_attach(x, &call, t);
    for (int i = 0; ok && i < k->nargs; i++) {
      if (k->args[i].role == GDL_PARAM) call.args[i] = (void *)(uintptr_t)rt_state_eval(&r->state);
      if (k->args[i].role == GDL_OUT && !out[i])
        ok = (out[i] = rt_alloc((size_t)rt_arg_count(&k->args[i], call.sizes), rt_width(k->dtype), t)) != NULL;
      if (k->args[i].role == GDL_OUT) call.args[i] = out[i];
    }
    ok = ok && rt_call_run(&call, t) && judge(a, x, index + a->samples, out[a->output - k->args], t);
  }
  rt_loader_close(l);
  rt_call_close(&call);
  for (int i = 0; out && i < k->nargs; i++) free(out[i]);
  free(out);
  return ok;
}

void rt_answers_close(Answers *a) {
  for (int32_t i = 0; i < a->nworst; i++) free(a->worst[i].picture);
  free(a->count);
  *a = (Answers){ 0 };
}

/* --- as JSON ------------------------------------------------------------------------------------- */
enum { SIDE_MOST = 64 };            /* of a picture that is kept; a larger one is averaged in blocks        */

static char *picture_text(const Answers *a, const float *x, int32_t block, double low, double high, Trouble *t) {
  Picture p = { .height = a->height / block, .width = a->width / block, .channels = a->channels };
  Text o = { .trouble = t };
  p.at = rt_alloc((size_t)p.height * (size_t)p.width, (size_t)p.channels, t);
  int64_t row = (int64_t)p.width * p.channels;
  for (int64_t i = 0; p.at && i < p.height * row; i++) {
    int64_t y = i / row, z = i % row / p.channels, k = i % p.channels;
    double sum = 0;
    for (int64_t d = 0; d < (int64_t)block * block; d++)
      sum += (double)x[((y * block + d / block) * a->width + z * block + d % block) * a->channels + k];
    double level = high > low ? (sum / block / block - low) / (high - low) : 0;
    p.at[i] = level >= 1 ? 255 : level > 0 ? (uint8_t)lround(255 * level) : 0;
  }
  bool ok = p.at && rt_png(&p, &o);
  free(p.at);
  if (ok) return o.at;
  free(o.at);
  return NULL;
}

static json_t *list(const double *x, int64_t n) {
  json_t *o = json_array();
  for (int64_t i = 0; i < n; i++) json_array_append_new(o, rt_number(x[i]));
  return o;
}

static json_t *mistake(const Answers *a, const Mistake *w) {
  json_t *o = json_pack("{s:I, s:o}", "sample", (json_int_t)w->sample, "loss", rt_number(w->loss));
  if (a->judged == JUDGED_LABEL) {
    json_object_set_new(o, "truth", json_integer(w->truth));
    json_object_set_new(o, "said", json_integer(w->said));
    json_object_set_new(o, "share_truth", rt_number(w->share[0]));
    json_object_set_new(o, "share_said", rt_number(w->share[1]));
  } else {
    int64_t n = rt_layout(a->output).numbers;
    json_object_set_new(o, "truth", list(w->numbers[0], n < NUMBERS_SHOWN ? n : NUMBERS_SHOWN));
    json_object_set_new(o, "said", list(w->numbers[1], n < NUMBERS_SHOWN ? n : NUMBERS_SHOWN));
  }
  return o;
}

/* Between 0 and 1 if all that is shown lies there, as bytes do; else from the smallest number to the largest. */
static void range(const Answers *a, double *low, double *high) {
  *low = 0, *high = 1;
  for (int32_t i = 0; i < a->nworst; i++)
    for (int64_t k = 0; a->image && k < (int64_t)a->height * a->width * a->channels; k++) {
      *low = fmin(*low, (double)a->worst[i].picture[k]);
      *high = fmax(*high, (double)a->worst[i].picture[k]);
    }
}

json_t *rt_mistakes(const Answers *a, Trouble *t) {
  double low, high;
  if (!a->judged) return json_pack("{s:s}", "none", "no target is one label or some numbers for each sample that an "
      "output has too");
  int32_t side = a->height > a->width ? a->height : a->width, block = (side + SIDE_MOST - 1) / SIDE_MOST;
  range(a, &low, &high);
  json_t *o = json_pack("{s:s, s:I, s:I, s:s, s:s, s:b}", "part", a->part, "samples", (json_int_t)a->samples, "wrong",
                        (json_int_t)a->wrong, "target", a->target->name, "output", a->output->name, "labels",
                            a->judged == JUDGED_LABEL);
  json_t *worst = json_array();
  if (a->image)
    json_object_set_new(o, "picture", json_pack("{s:s, s:i, s:i, s:i, s:f, s:f}", "input", a->image->name, "height",
        a->height / block, "width",
                                                a->width / block, "block", block, "low", low, "high", high));
  for (int32_t i = 0; i < a->nworst; i++) {
    json_t *one = mistake(a, &a->worst[i]);
    char *png = a->image ? picture_text(a, a->worst[i].picture, block, low, high, t) : NULL;
    if (png) json_object_set_new(one, "png", json_string(png));
    free(png);
    json_array_append_new(worst, one);
  }
  json_object_set_new(o, "worst", worst);
  if (!t->code) return o;
  json_decref(o);
  return NULL;
}
