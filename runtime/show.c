/* show.c: what a program says about itself: summary, info. */
#include "run.h"
#include <stdlib.h>
#include <string.h>

static const char *verdict_name(int v) { return v == GDL_PROVED ? "proved" : v == GDL_AUDITED ? "audited" : "broken"; }

/* "16 regular on grid(14, 14)" */
static void type_text(const gdl_module *m, const gdl_arg *arg, char *out, size_t n) {
  Layout l = rt_layout(arg);
  size_t k = arg->rep ? (size_t)snprintf(out, n, "%s", arg->rep) : arg->nlabels ? (size_t)snprintf(out, n, "label(%d)", arg->nlabels)
           : arg->dtype == GDL_I32 ? (size_t)snprintf(out, n, "i32") : (size_t)snprintf(out, n, "%lld numbers", (long long)l.numbers);
  if (k >= n || l.nrows == 0) return;
  if (arg->rows >= 0) snprintf(out + k, n - k, " on %s", m->actions[arg->rows].name);
  else if (l.symbol < 0) snprintf(out + k, n - k, " on %lld rows", (long long)l.rows);
  else snprintf(out + k, n - k, " on a set");
}

/* A weight belongs to the value of its line whose word is the start of its own name's last layer. */
static bool owns(const gdl_weight *w, const gdl_arg *arg, bool *taken) {
  if (*taken || !w->source || !arg->source || strcmp(w->source, arg->source) != 0) return false;
  return *taken = !arg->word || strstr(w->name, arg->word) || strcmp(arg->word, "param") == 0;
}

bool rt_summary(Run *r, Trouble *t) {
  const gdl_module *m = r->module;
  const gdl_kernel *k = rt_entry_needed(m, GDL_TRACE, 0, t);
  bool *taken = rt_alloc((size_t)m->nweights, sizeof *taken, t);
  if (!k || !taken) {
    free(taken);
    return false;
  }
  printf("%-14s %-20s %-40s %12s %12s  %s\n", "value", "source", "type", "numbers", "weights", "verdict");
  int64_t rest = 0, all = 0;
  static const int order[] = { GDL_IN, GDL_VALUE, GDL_OUT };
  for (int j = 0; j < 3 * k->nargs; j++) {
    const gdl_arg *arg = &k->args[j % k->nargs];
    if (arg->role != order[j / k->nargs]) continue;
    char type[160];
    int64_t weights = 0;
    type_text(m, arg, type, sizeof type);
    for (int32_t w = 0; arg->role == GDL_VALUE && w < m->nweights; w++)
      if (m->weights[w].trained && owns(&m->weights[w], arg, &taken[w])) weights += m->weights[w].count;
    Layout l = rt_layout(arg);
    printf("%-14s %-20s %-40s %12lld ", arg->name, rt_place(arg->source), type, (long long)((l.rows ? l.rows : 1) * l.numbers));
    if (weights) printf("%12lld", (long long)weights);
    else printf("%12s", "");
    printf("  %s\n", arg->role == GDL_IN ? "input" : verdict_name(arg->verdict));
  }
  for (int32_t w = 0; w < m->nweights; w++) {
    if (!m->weights[w].trained) continue;
    all += m->weights[w].count;
    if (!taken[w]) rest += m->weights[w].count;
  }
  if (rest) printf("%-14s %-20s %-40s %12s %12lld\n", "other", "", "", "", (long long)rest);
  printf("%-14s %-20s %-40s %12s %12lld\n", "all", "", "", "", (long long)all);
  free(taken);
  return true;
}

bool rt_info(Run *r, Trouble *t) {
  const gdl_module *m = r->module;
  static const char *const roles[] = { "", "in", "out", "param", "gradient", "target", "index", "moment", "average", "setting", "key", "sums", "value" };
  (void)t;
  printf("%s: compiled by %s for %s, interface %u, hash %016llx\n", m->name, m->compiler ? m->compiler : "gdlc", m->target ? m->target : "this machine", m->abi, (unsigned long long)m->hash);
  printf("%lld trained numbers; param has %lld numbers, moment %lld; %d weights\n\ncertificate\n%s\n", (long long)rt_count_trained(m), (long long)m->nparam, (long long)m->nmoment, m->nweights,
         m->certificate ? m->certificate : "none");
  for (int32_t c = 0; c < m->nclaims; c++) printf("  %s: %s%s%s\n", m->claims[c].text, m->claims[c].verdict, m->claims[c].residual ? ", " : "", m->claims[c].residual ? m->claims[c].residual : "");
  printf("\nentries\n");
  for (int32_t e = 0; e < m->nkernels; e++) {
    const gdl_kernel *k = &m->kernels[e];
    printf("  %s  %s, %d slots, %d pipelines%s%s\n", k->name, k->dtype == GDL_F64 ? "f64" : "f32", k->slots, k->nstages, k->source ? "  " : "", k->source ? k->source : "");
    for (int i = 0; i < k->nargs; i++) {
      const gdl_arg *a = &k->args[i];
      char type[160];
      if (a->role == GDL_VALUE) continue;
      type_text(m, a, type, sizeof type);
      printf("    %-12s %-8s %s  [", a->name, a->role <= GDL_VALUE ? roles[a->role] : "?", type);
      for (int d = 0; d < a->rank; d++) {
        if (a->dims[d] >= 0) printf("%s%lld", d ? " " : "", (long long)a->dims[d]);
        else printf("%s%s", d ? " " : "", k->size_names[-a->dims[d] - 1]);
      }
      printf("]\n");
    }
  }
  printf("\nsettings\n");
  for (int32_t i = 0; i < r->settings.n; i++) {
    const Setting *x = &r->settings.at[i];
    printf("  %-24s ", x->name);
    if (!x->npieces) printf("%g\n", x->value);
    for (int32_t p = 0; p < x->npieces; p++) printf("%s%s(%g, %g, over %g)%s", p ? " * " : "", x->pieces[p].kind, x->pieces[p].a, x->pieces[p].b, x->pieces[p].over, p + 1 < x->npieces ? "" : "\n");
  }
  return true;
}
