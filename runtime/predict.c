/* predict.c: outputs of the model for arrays in files.
 *
 * Inputs are NPY or PNG, in the order of the model's inputs or as NAME=FILE. An array without the axis of
 * samples is one sample. One output goes to FILE, several to FILE with their name before the suffix. */
#include "run.h"
#include <stdlib.h>
#include <string.h>

static bool ends_with(const char *path, const char *suffix) {
  size_t n = strlen(path), k = strlen(suffix);
  return n >= k && strcmp(path + n - k, suffix) == 0;
}

static bool read_input(const char *path, Array *a, Trouble *t) {
  return ends_with(path, ".png") ? rt_read_png(path, a, t) : rt_read_npy(path, a, t);
}

/* The file of input number `i` with the name `name`; NULL: none. */
static const char *find_input(const Options *o, const char *name, int i) {
  size_t n = strlen(name);
  int place = 0;
  for (int k = 0; k < o->ninputs; k++) {
    const char *equal = strchr(o->input[k], '=');
    if (equal && (size_t)(equal - o->input[k]) == n && strncmp(o->input[k], name, n) == 0) return equal + 1;
    if (!equal && place++ == i) return o->input[k];
  }
  return NULL;
}

/* One sample has an axis less than many: it gets a first axis of 1, if the array cannot be many as it is. */
static bool bind_input(Samples *s, const gdl_module *m, const gdl_kernel *k, const gdl_arg *arg, Array *a, Trouble *t) {
  Layout l = rt_layout(arg);
  uint32_t least = (l.nrows > 0) + (l.numbers > 1 ? 1u : 0u);
  bool picture = ends_with(a->name, ".png"), single = picture || a->rank == least;
  if (!single && a->rank == least + 1 && l.nrows == 1 && l.symbol < 0 && a->dim[0] * a->dim[1] == l.rows &&
      (l.numbers > 1 || a->rank == 2)) single = true;
  if (single && a->rank < ARRAY_RANK) {
    memmove(a->dim + 1, a->dim, sizeof *a->dim * a->rank);
    a->dim[0] = 1;
    a->rank++;
  }
  bool deep = picture && a->kind == ARRAY_U16;
  if (!rt_bind(s, m, k, arg, a, false, t)) return false;
  if (deep) s->column[s->ncolumns - 1].factor = 1.0 / 65535;       /* pictures lie between 0 and 1      */
  return true;
}

static bool read_inputs(Run *r, const gdl_kernel *k, Samples *s, Trouble *t) {
  const Options *o = r->options;
  int n = 0, given = 0;
  for (int i = rt_find_role(k, GDL_IN, 0); i >= 0; i = rt_find_role(k, GDL_IN, i + 1), n++) {
    const char *path = find_input(o, k->args[i].name, n);
    Array a;
    if (!path)
      return rt_fail(t, EXIT_USAGE, "predict: a file for the input `%s` is missing; say %s=FILE", k->args[i].name,
          k->args[i].name);
    given++;
    if (!read_input(path, &a, t) || !bind_input(s, r->module, k, &k->args[i], &a, t)) return false;
  }
  if (given != o->ninputs)
    return rt_fail(t, EXIT_USAGE, "predict: %d files were given, %s has %d inputs", o->ninputs, r->module->name, n);
  return rt_bind_indexes(s, r->module, t);
}

static bool write_output(const Run *r, const gdl_arg *arg, const Samples *s, const void *all, int64_t count,
    bool several, int dtype, Trouble *t) {
  const char *path = r->options->output ? r->options->output : "out.npy", *suffix = ends_with(path, ".csv") ? ".csv"
      : ".npy";
  size_t stem = ends_with(path, suffix) ? strlen(path) - strlen(suffix) : strlen(path);
  char *name = several ? rt_text(t, "%.*s.%s%s", (int)stem, path, arg->name, suffix) : rt_text(t, "%s", path);
  Layout l = rt_layout(arg);
  int64_t dim[ARRAY_RANK] = { s->n };
  uint32_t rank = 1;
  const gdl_action *act = arg->rows >= 0 ? &r->module->actions[arg->rows] : NULL;
  bool grid = act && act->dim == 2 && l.nrows == 1 && (int64_t)act->shape[0] * act->shape[1] == l.rows;
  if (grid) dim[rank++] = act->shape[0], dim[rank++] = act->shape[1];
  else if (l.symbol >= 0) dim[rank++] = s->n ? count / s->n / l.numbers : 0;
  else
    for (int32_t i = 0; i < l.nrows; i++) dim[rank++] = l.shape[i];
  if (l.numbers > 1 || rank == 1) dim[rank++] = l.numbers;
  Array a;
  bool integer = arg->dtype == GDL_I32;
  bool ok = name && rt_array_make(&a, name, integer ? ARRAY_I32 : dtype == GDL_F64 ? ARRAY_F64 : ARRAY_F32,
      integer ? 4 : rt_width(dtype), rank, dim, t);
  if (ok) {
    memcpy(a.at, all, (size_t)a.count * a.item);
    ok = rt_write_array(name, &a, t);
    char shape[120];
    rt_array_shape(&a, shape, sizeof shape);
    if (ok) printf("%s: %s, %s\n", arg->name, name, shape);
    rt_array_free(&a);
  }
  free(name);
  return ok;
}

static bool run_batches(Run *r, const gdl_kernel *k, const Samples *s, void **out, int64_t *count, Trouble *t) {
  int64_t most = s->n < 256 ? s->n : 256;
  Batch x;
  Call call = { 0 };
  uint32_t *index = rt_alloc((size_t)most, sizeof *index, t);
  bool ok = index && rt_batch_open(&x, s, k->dtype, most, t);
  if (!ok) {
    free(index);
    return false;
  }
  ok = rt_call_open(&call, k, rt_host_lend(r->host), r->device, t);
  for (int64_t from = 0; ok && from < s->n; from += most) {
    int64_t b = s->n - from < most ? s->n - from : most;
    for (int64_t i = 0; i < b; i++) index[i] = (uint32_t)(from + i);
    rt_batch_fill(&x, index, b, NULL, NULL);
    ok = rt_batch_attach(&x, &call, t);
    for (int i = 0; ok && i < k->nargs; i++) {
      const gdl_arg *arg = &k->args[i];
      if (arg->role == GDL_PARAM) call.args[i] = (void *)(uintptr_t)rt_state_eval(&r->state);
      if (arg->role != GDL_OUT) continue;
      size_t width = rt_width(arg->dtype == GDL_I32 ? GDL_I32 : k->dtype);
      int64_t part = rt_arg_count(arg, call.sizes);
      if (!out[i]) ok = (out[i] = rt_alloc((size_t)(part / b + 1) * (size_t)s->n, width, t)) != NULL;
      call.args[i] = (char *)out[i] + (size_t)count[i] * width;
      count[i] += part;
    }
    ok = ok && rt_call_run(&call, t);
  }
  rt_call_close(&call);
  rt_batch_close(&x);
  free(index);
  return ok;
}

bool rt_predict(Run *r, Trouble *t) {
  const gdl_kernel *k = rt_entry_needed(r->module, GDL_INFER, 0, t);
  if (!k) return false;
  Samples s = { 0 };
  void **out = rt_alloc((size_t)k->nargs, sizeof *out, t);
  int64_t *count = rt_alloc((size_t)k->nargs, sizeof *count, t);
  int first = rt_find_role(k, GDL_OUT, 0);
  bool several = first >= 0 && rt_find_role(k, GDL_OUT, first + 1) >= 0;
  bool weights = r->module->nparam == 0 ? rt_state_open(&r->state, r->module, t) : rt_load_weights(r, t);
  bool ok = weights && out && count && read_inputs(r, k, &s, t) && run_batches(r, k, &s, out, count, t);
  for (int i = first; ok && i >= 0; i = rt_find_role(k, GDL_OUT, i + 1))
    ok = write_output(r, &k->args[i], &s, out[i], count[i], several, k->dtype, t);
  for (int i = 0; out && i < k->nargs; i++) free(out[i]);
  free(out);
  free(count);
  rt_samples_free(&s);
  return ok;
}
