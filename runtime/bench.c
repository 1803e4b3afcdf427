/* bench.c: how long the entries take on arguments of the right size, and how much memory.
 *
 * An entry runs until a tenth of the time has passed, and is then timed call by call: at least 4, until the time is
 * over or there are RUNS_MOST. The best says what the code can do, the median what to expect. Entries that are not
 * fused get few samples. With --csv the lines are for programs; the memory is the most that was resident up to then,
 * so it belongs to an entry where that is the only one. */
#include "run.h"
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { RUNS_MOST = 20000, RUNS_LEAST = 4, FEW = 4 };

static double seconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* In KiB. Not that of getrusage, which has what the parent had before it became us. */
static long resident_most(void) {
  char line[256];
  long kb = 0;
  FILE *f = fopen("/proc/self/status", "r");
  while (f && fgets(line, sizeof line, f))
    if (sscanf(line, "VmHWM: %ld", &kb) == 1) break;
  if (f) fclose(f);
  return kb;
}

/* Inputs and moments positive noise, labels in range, weights as they begin. */
static bool fill(Run *r, const gdl_kernel *k, Call *call, Trouble *t) {
  for (int i = 0; i < k->nargs; i++) {
    const gdl_arg *a = &k->args[i];
    int dtype = a->role == GDL_SUMS || (k->entry == GDL_SCORE && a->role == GDL_OUT) ? GDL_F64 : a->dtype == GDL_I32
        ? GDL_I32 : k->dtype;
    int64_t n = rt_arg_count(a, call->sizes);
    Key key = rt_key(DRAW_AUDIT, 1, (uint64_t)i);
    if (!(call->args[i] = rt_alloc((size_t)n, rt_width(dtype), t))) return false;
    if (a->role == GDL_PARAM || a->role == GDL_AVERAGE)
      rt_convert(r->state.param, r->state.real, call->args[i], dtype, n);
    else if (a->role == GDL_SETTING) rt_settings_fill(&r->settings, 0, 0, dtype, call->args[i]);
    else if (a->role == GDL_INDEX) {
      for (int64_t j = 0; j < n; j++) rt_put(call->args[i], dtype, j, (double)(j * call->sizes[0] / n));
    } else if (a->role == GDL_IN || a->role == GDL_TARGET || a->role == GDL_COTANGENT) {
      for (int64_t j = 0; j < n; j++)
        rt_put(call->args[i], dtype, j, dtype == GDL_I32 ? (double)rt_below(key, (uint64_t)j,
            (uint64_t)(a->nlabels > 0 ? a->nlabels : 2)) : rt_uniform(key, (uint64_t)j));
    }
  }
  return true;
}

static int by_time(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* time[0 .. *runs) in order. */
static bool measure(Call *call, double limit, double *time, int *runs, Trouble *t) {
  double began = seconds();
  do
    if (!rt_call_run(call, t)) return false;
  while (seconds() - began < limit / 10);
  began = seconds();
  for (*runs = 0; *runs < RUNS_LEAST || (*runs < RUNS_MOST && seconds() - began < limit); ++*runs) {
    double from = seconds();
    if (!rt_call_run(call, t)) return false;
    time[*runs] = seconds() - from;
  }
  qsort(time, (size_t)*runs, sizeof *time, by_time);
  return true;
}

static void print(const Run *r, const Call *call, const double *time, int runs) {
  const gdl_kernel *k = call->kernel;
  double flops = 0, b = (double)call->sizes[0], best = time[0], median = time[runs / 2];
  const char *dtype = k->dtype == GDL_F64 ? "f64" : "f32";
  for (int32_t i = 0; k->flops && i < k->nstages; i++) flops += k->flops[i];
  if (r->options->csv) {
    printf("%s,%s,%.0f,%d,%.6f,%.6f,%d,%.0f,%zu,%ld\n", k->name, dtype, b, rt_host_threads(r->host), 1e3 * best,
        1e3 * median, runs, flops * b, call->workspace, resident_most());
    return;
  }
  printf("%-20s %s  b = %-5.0f %10.3f ms  %12.0f samples/s", k->name, dtype, b, 1e3 * best, b / best);
  if (flops > 0) printf("  %8.2f GFLOP/s", flops * b / best / 1e9);
  printf("  best of %d, median %.3f ms, %zu MB workspace\n", runs, 1e3 * median, call->workspace >> 20);
  for (int32_t i = 0; flops > 0 && k->flops && k->stages && k->nstages > 1 && k->entry != GDL_TRACE &&
      k->entry != GDL_SLOPE && i < k->nstages; i++)
    printf("  %5.1f%% of the work  %s\n", 100 * k->flops[i] / flops, k->stages[i]);
}

static bool bench(Run *r, const gdl_kernel *k, int64_t b, double limit, Trouble *t) {
  Call call;
  int runs = 0;
  double *time = rt_alloc(RUNS_MOST, sizeof *time, t);
  bool ok = time && rt_call_open(&call, k, rt_host_lend(r->host), r->device, t);
  if (ok) {
    for (int32_t i = 0; i < k->nsizes; i++) call.sizes[i] = i == 0 ? b : 16 * b;       /* sets of 16 rows  */
    ok = fill(r, k, &call, t) && measure(&call, limit, time, &runs, t);
    if (ok) print(r, &call, time, runs);
    for (int i = 0; i < k->nargs; i++) free(call.args[i]);
    rt_call_close(&call);
  }
  free(time);
  return ok;
}

/* The words of gdlc's --entry. NULL: not timed, since it is called once an epoch. */
static const char *entry_word(const gdl_kernel *k) {
  switch (k->entry) {
    case GDL_INFER: return k->dtype == GDL_F64 ? "infer64" : "infer";
    case GDL_PULL: return k->dtype == GDL_F64 ? "pull64" : "pull";
    case GDL_STEP: return "step";
    case GDL_EVAL: return "eval";
    case GDL_TRACE: return k->dtype == GDL_F64 ? "trace64" : "trace";
    case GDL_SLOPE: return "slope64";
    default: return NULL;
  }
}

bool rt_bench(Run *r, Trouble *t) {
  const gdl_module *m = r->module;
  const Options *o = r->options;
  int64_t b = (int64_t)rt_setting(&r->settings, "batch");
  double limit = o->seconds ? strtod(o->seconds, NULL) : 1;
  bool some = false;
  if (!rt_state_open(&r->state, m, t)) return false;
  rt_state_draw(&r->state, (uint64_t)rt_setting(&r->settings, "seed"));
  if (o->csv) printf("entry,dtype,b,threads,best_ms,median_ms,runs,flop,workspace_bytes,resident_kb\n");
  else printf("%s: batches of %lld, %d threads, target %s\n", m->name, (long long)b, rt_host_threads(r->host),
      m->target ? m->target : "?");
  for (int32_t i = 0; i < m->nkernels; i++) {
    const gdl_kernel *k = &m->kernels[i];
    const char *word = entry_word(k);
    bool plain = k->entry == GDL_TRACE || k->entry == GDL_SLOPE;
    if (!word || (o->entry && strcmp(o->entry, word) != 0)) continue;
    some = true;
    if (!bench(r, k, plain && b > FEW ? FEW : b, limit, t)) return false;
  }
  return some || rt_fail(t, EXIT_USAGE, "--entry %s: %s has no such entry to time; `info` lists its entries",
      o->entry ? o->entry : "", m->name);
}
