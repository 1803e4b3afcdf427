/* model.c: looks things up in the tables of a module, and calls its entries. */
#include "model.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

bool rt_module_verify(const gdl_module *m, Trouble *t) {
  if (m->abi != GDL_ABI)
    return rt_fail(t, EXIT_BUG, "the module speaks version %u of the interface, this runtime %u: compile it again",
        m->abi, GDL_ABI);
  if (m->device != GDL_CPU)
    return rt_fail(t, EXIT_REFUSED, "the module is for a GPU; this runtime runs modules for the CPU");
  for (int32_t i = 0; i < m->nkernels; i++)
    if (m->kernels[i].nsizes > SIZES_MOST)
      return rt_fail(t, EXIT_BUG, "%s: %d sizes", m->kernels[i].name, m->kernels[i].nsizes);
  return true;
}

const gdl_kernel *rt_entry(const gdl_module *m, enum gdl_entry entry, int dtype) {
  for (int32_t i = 0; i < m->nkernels; i++)
    if (m->kernels[i].entry == (int)entry && (!dtype || m->kernels[i].dtype == dtype)) return &m->kernels[i];
  return NULL;
}

const gdl_kernel *rt_entry_needed(const gdl_module *m, enum gdl_entry entry, int dtype, Trouble *t) {
  static const char *const name[] = { "", "prediction", "training step", "evaluation", "score", "trace", "slope",
      "pullback", "preparation" };
  const gdl_kernel *k = rt_entry(m, entry, dtype);
  if (!k) rt_fail(t, EXIT_REFUSED, "%s has no entry for %s%s: %s", m->name, name[entry], dtype == GDL_F64 ? " in f64"
      : "",
                  entry == GDL_TRACE || entry == GDL_SLOPE ? "compile it without --no-audit"
                      : "its source has no `train` block");
  return k;
}

int rt_real(const gdl_module *m) {
  const gdl_kernel *k = rt_entry(m, GDL_STEP, 0);
  if (!k) k = rt_entry(m, GDL_INFER, 0);
  return k && k->dtype == GDL_F64 ? GDL_F64 : GDL_F32;
}

int64_t rt_count_trained(const gdl_module *m) {
  int64_t n = 0;
  for (int32_t i = 0; i < m->nweights; i++) n += m->weights[i].trained ? m->weights[i].count : 0;
  return n;
}

size_t rt_width(int dtype) {
  return dtype == GDL_F64 || dtype == GDL_I64 ? 8 : dtype == GDL_F16 || dtype == GDL_BF16 ? 2 : 4;
}

int rt_find_arg(const gdl_kernel *k, const char *name) {
  for (int i = 0; i < k->nargs; i++)
    if (strcmp(k->args[i].name, name) == 0) return i;
  return -1;
}

int rt_find_role(const gdl_kernel *k, enum gdl_role role, int from) {
  for (int i = from; i < k->nargs; i++)
    if (k->args[i].role == (int)role) return i;
  return -1;
}

/* Without `axes` the first axis is b if it is the size 0, and numbers that are real have an axis of their own. */
Layout rt_layout(const gdl_arg *arg) {
  Layout l = { .symbol = -1, .rows = 1, .numbers = 1 };
  for (int i = 0; i < arg->rank; i++) {
    int64_t d = arg->dims[i];
    bool last = i + 1 == arg->rank, real = arg->dtype != GDL_I32 && arg->dtype != GDL_I64;
    char axis = arg->axes ? arg->axes[i] : i == 0 && d == -1 ? 'b' : last && real ? 'm' : 'r';
    if (axis == 'b') l.batched = true;
    else if (axis == 'r') {
      if (d < 0) l.symbol = (int32_t)(-d - 1), d = 0;
      if (l.nrows < 4) l.shape[l.nrows++] = d;
      l.rows *= d;
    } else l.numbers *= d < 0 ? 1 : d;
  }
  return l;
}

int64_t rt_arg_count(const gdl_arg *arg, const int64_t *sizes) {
  int64_t n = 1;
  for (int i = 0; i < arg->rank; i++) n *= arg->dims[i] >= 0 ? arg->dims[i] : sizes[-arg->dims[i] - 1];
  return n;
}

double rt_get(const void *at, int dtype, int64_t i) {
  return dtype == GDL_F64 ? ((const double *)at)[i] : dtype == GDL_I32 ? ((const int32_t *)at)[i]
      : (double)((const float *)at)[i];
}

void rt_put(void *at, int dtype, int64_t i, double x) {
  if (dtype == GDL_F64) ((double *)at)[i] = x;
  else if (dtype == GDL_I32) ((int32_t *)at)[i] = (int32_t)x;
  else ((float *)at)[i] = (float)x;
}

const char *rt_place(const char *source) {
  const char *slash = source ? strrchr(source, '/') : NULL;
  return slash ? slash + 1 : source ? source : "no place";
}

const char *rt_generator(const gdl_group *g, int i, char *buffer, size_t n) {
  if (g->generators) return g->generators[i];
  snprintf(buffer, n, "%d", i + 1);
  return buffer;
}

bool rt_call_open(Call *c, const gdl_kernel *k, const gdl_host *host, void *state, Trouble *t) {
  *c = (Call){ .kernel = k };
  c->args = rt_alloc((size_t)k->nargs, sizeof *c->args, t);
  c->call = (gdl_call){ .sizes = c->sizes, .args = c->args, .state = state, .host = host };
  return c->args != NULL;
}

static bool room(Call *c, size_t bytes, Trouble *t) {
  if (bytes <= c->workspace && c->call.workspace) return true;
  size_t align = c->kernel->align < 64 ? 64 : c->kernel->align;
  free(c->call.workspace);
  bytes = (bytes / align + 1) * align;
  c->call.workspace = aligned_alloc(align, bytes);
  c->workspace = c->call.workspace ? bytes : 0;
  return c->call.workspace || rt_fail(t, EXIT_MEMORY,
      "%s: its workspace of %zu MB does not fit into memory; try --set batch=%lld",
                                      c->kernel->name, bytes >> 20, (long long)(c->sizes[0] + 1) / 2);
}

bool rt_call_run(Call *c, Trouble *t) {
  static const char *const why[] = { "fine", "another version of the interface", "a bad argument", "a bad size",
      "a bad workspace", "a bad device", "a capacity that is too small" };
  if (!room(c, c->kernel->workspace ? c->kernel->workspace(c->sizes) : 0, t)) return false;
  int status = c->kernel->run(&c->call);
  return status == GDL_OK || rt_fail(t, EXIT_BUG, "%s returned %d, %s", c->kernel->name, status, status > 0 &&
      status <= GDL_MORE ? why[status] : "an unknown status");
}

void rt_call_close(Call *c) {
  free(c->call.workspace);
  free(c->args);
  *c = (Call){ 0 };
}
