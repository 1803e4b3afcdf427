/* export.c: the vector `param` of a checkpoint as a file, as the entries of a library want it (docs/abi.md).
 *
 * NPY or CSV by the name of the file; any other name gets the numbers alone, little-endian, in the width of the
 * program. As in predict, the average stands in for the weights where there is one. */
#include "run.h"
#include <stdlib.h>
#include <string.h>

bool rt_export(Run *r, Trouble *t) {
  const gdl_module *m = r->module;
  const Options *o = r->options;
  const char *path = o->output ? o->output : "param.npy", *suffix = strrchr(path, '.');
  if (m->nparam == 0) return rt_fail(t, EXIT_REFUSED, "%s has no weights", m->name);
  if (o->seed && o->weights)
    return rt_fail(t, EXIT_USAGE, "export: --seed draws new weights, --weights reads some: one of them");
  if (o->seed) {
    if (!rt_state_open(&r->state, m, t)) return false;
    rt_state_draw(&r->state, strtoull(o->seed, NULL, 10));
  } else if (!rt_load_weights(r, t)) {
    return false;
  }
  const void *param = rt_state_eval(&r->state);
  size_t width = rt_width(r->state.real);
  bool ok;
  if (suffix && (strcmp(suffix, ".npy") == 0 || strcmp(suffix, ".csv") == 0)) {
    Array a;
    ok = rt_array_make(&a, path, r->state.real == GDL_F64 ? ARRAY_F64 : ARRAY_F32, width, 1, &m->nparam, t);
    if (ok) {
      memcpy(a.at, param, (size_t)m->nparam * width);
      ok = rt_write_array(path, &a, t);
      rt_array_free(&a);
    }
  } else {
    ok = rt_write_file(path, &(Piece){ param, (size_t)m->nparam * width }, 1, t);
  }
  if (ok)
    printf("param: %s, %lld numbers of %s, the first %lld trained\n", path, (long long)m->nparam,
        r->state.real == GDL_F64 ? "f64" : "f32", (long long)m->ntrained);
  return ok;
}
