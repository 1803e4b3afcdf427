/* show.c: what a program says about itself: summary, info.
 *
 * summary: a row for each value in the order of evaluation, from the entry that traces them. `work` is a value's share
 * of the multiplications and additions of one prediction, as the plan of that entry counts them; numbers are of one
 * sample. */
#include "run.h"
#include "text.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *verdict_name(int v) { return v == GDL_PROVED ? "proved" : v == GDL_AUDITED ? "audited" : "broken"; }

/* "16 regular on grid(14, 14)" */
static void type_text(const gdl_module *m, const gdl_arg *arg, char *out, size_t n) {
  Layout l = rt_layout(arg);
  size_t k = arg->rep ? (size_t)snprintf(out, n, "%s", arg->rep) : arg->nlabels ? (size_t)snprintf(out, n,
      "label(%d)", arg->nlabels)
           : arg->dtype == GDL_I32 ? (size_t)snprintf(out, n, "i32") : (size_t)snprintf(out, n, "%lld numbers",
               (long long)l.numbers);
  if (k >= n || l.nrows == 0) return;
  if (arg->rows >= 0) snprintf(out + k, n - k, " on %s", m->actions[arg->rows].name);
  else if (l.symbol < 0) snprintf(out + k, n - k, " on %lld rows", (long long)l.rows);
  else snprintf(out + k, n - k, " on a set");
}

/* --- summary ----------------------------------------------------------------------------------- */
typedef struct Row { const gdl_arg *arg; const char *word; char line[48], type[160],
    numbers[40]; int64_t weights; double flop; } Row;
typedef struct Table {
  Row *row;
  int32_t n;
  int line, layer, word, type, numbers;                /* widths */
  bool colour;
  double flop;
  int64_t weights, loose;           /* in all; of no value                                           */
} Table;

/* "conv1.weight.regular" belongs to the value "conv1"; of several the one with the longest name. */
static int32_t owner(const Table *x, const gdl_weight *w) {
  int32_t best = -1;
  size_t most = 0;
  for (int32_t i = 0; i < x->n; i++) {
    const char *name = x->row[i].arg->name;
    size_t n = strlen(name);
    if (x->row[i].arg->role != GDL_VALUE || n <= most || strncmp(w->name, name, n) != 0 || (w->name[n] &&
        w->name[n] != '.')) continue;
    best = i, most = n;
  }
  return best;
}

/* The number of the line; with its file where that is not the model's. */
static void line_text(const gdl_kernel *k, const char *source, char *out, size_t n) {
  const char *colon = source ? strrchr(source, ':') : NULL, *own = k->source ? strrchr(k->source, ':') : NULL;
  bool same = colon && own && colon - source == own - k->source && strncmp(source, k->source,
      (size_t)(colon - source)) == 0;
  snprintf(out, n, "%s", same ? colon + 1 : source ? rt_place(source) : "");
}

static int wider(int width, const char *text, int most) {
  int n = (int)strlen(text);
  return n > width ? n < most ? n : most : width;
}

/* The word that the source has there, `relu`; without a certificate the one that it stands for, `map`. */
static const char *word_of(const json_t *proof, const gdl_arg *arg) {
  json_t *row;
  size_t i;
  if (arg->role != GDL_VALUE) return arg->role == GDL_IN ? "input" : "output";
  json_array_foreach(json_object_get(proof, "layers"), i, row) {
    const char *path = json_string_value(json_object_get(row, "path")), *word = json_string_value(json_object_get(row,
        "word"));
    if (path && word && strcmp(path, arg->name) == 0) return word;
  }
  return arg->word ? arg->word : "";
}

/* The certificate of this model; NULL: there is none. */
static json_t *proof_of(const gdl_module *m) {
  json_t *all = json_loads(m->certificate ? m->certificate : "", JSON_DECODE_ANY, NULL), *model, *found = NULL;
  size_t i;
  json_array_foreach(json_object_get(all, "models"), i, model) {
    const char *name = json_string_value(json_object_get(model, "name"));
    if (name && strcmp(name, m->name) == 0) found = json_incref(model);
  }
  json_decref(all);
  return found;
}

static bool open_table(Table *x, const gdl_module *m, const gdl_kernel *k, const json_t *proof, Trouble *t) {
  static const int order[] = { GDL_IN, GDL_VALUE, GDL_OUT };
  const char *term = getenv("TERM"), *plain = getenv("NO_COLOR");
  *x = (Table){ .row = rt_alloc((size_t)k->nargs, sizeof *x->row, t), .line = 4, .layer = 5, .word = 4, .type = 4,
      .numbers = 7,
                .colour = isatty(1) && !(plain && *plain) && !(term && strcmp(term, "dumb") == 0) };
  for (int j = 0; x->row && j < 3 * k->nargs; j++) {
    const gdl_arg *arg = &k->args[j % k->nargs];
    if (arg->role != order[j / k->nargs]) continue;
    Row *r = &x->row[x->n++];
    Layout l = rt_layout(arg);
    r->arg = arg;
    r->word = word_of(proof, arg);
    line_text(k, arg->source, r->line, sizeof r->line);
    type_text(m, arg, r->type, sizeof r->type);
    rt_commas((l.rows ? l.rows : 1) * l.numbers, r->numbers, sizeof r->numbers - 8);
    if (l.symbol >= 0) strcat(r->numbers, "/row");
    for (int32_t i = 0; arg->role == GDL_VALUE && k->flops && k->stages && i < k->nstages; i++)
      if (strcmp(k->stages[i], arg->name) == 0) r->flop += k->flops[i];
    x->flop += r->flop;
    x->line = wider(x->line, r->line, 20);
    x->layer = wider(x->layer, arg->name, 28);
    x->word = wider(x->word, r->word, 14);
    x->type = wider(x->type, r->type, 60);
    x->numbers = wider(x->numbers, r->numbers, 16);
  }
  for (int32_t w = 0; x->row && w < m->nweights; w++) {
    if (!m->weights[w].trained) continue;
    int32_t i = owner(x, &m->weights[w]);
    x->weights += m->weights[w].count;
    *(i >= 0 ? &x->row[i].weights : &x->loose) += m->weights[w].count;
  }
  return x->row != NULL;
}

static void print_row(const Table *x, const Row *r) {
  static const char *const colours[] = { "\033[32m", "\033[33m", "\033[31m" };
  const gdl_arg *arg = r->arg;
  char weights[32] = "", work[16] = "";
  if (r->weights) rt_commas(r->weights, weights, sizeof weights);
  if (r->flop > 0) snprintf(work, sizeof work, "%.1f%%", 100 * r->flop / x->flop);
  printf("%*s  %-*s  %-*s  %-*s  %*s", x->line, r->line, x->layer, arg->name, x->word, r->word, x->type, r->type,
      x->numbers, r->numbers);
  if (arg->role != GDL_IN) printf("  %9s  %6s  %s%s%s", weights, work, x->colour ? colours[arg->verdict] : "",
      verdict_name(arg->verdict), x->colour ? "\033[0m" : "");
  printf("\n");
}

/* What is less than proved, and why: each reason once. */
static void print_reasons(const json_t *proof) {
  json_t *said = json_object(), *row;
  char reason[200];
  size_t k;
  for (int l = 0; l < 2; l++)
    json_array_foreach(json_object_get(proof, l ? "outputs" : "layers"), k, row) {
      const char *why = json_string_value(json_object_get(row, "because")),
          *left = json_string_value(json_object_get(row, "residual"));
      const char *verdict = json_string_value(json_object_get(row, "verdict"));
      if (!why || !verdict || json_object_get(said, why)) continue;
      json_object_set_new(said, why, json_true());
      printf("%s: %s; %s %s\n", verdict, rt_reason(why, reason, sizeof reason), strcmp(verdict, "audited") == 0
          ? "proved is" : "what is left is", left && *left ? left : "nothing");
    }
  json_decref(said);
}

/* A step at the batch of the settings; sets of 16 rows, as `bench` has them. */
static void print_memory(const Run *r) {
  const gdl_module *m = r->module;
  const gdl_kernel *k = rt_entry(m, GDL_STEP, 0);
  bool step = k != NULL;
  if (!k && !(k = rt_entry(m, GDL_INFER, 0))) return;
  int64_t b = (int64_t)rt_setting(&r->settings, "batch"), sizes[SIZES_MOST] = { 0 };
  for (int32_t i = 0; i < k->nsizes; i++) sizes[i] = i == 0 ? b : 16 * b;
  double data = 0, flop = 0, kept = (double)(m->nparam + (step ? m->nmoment : 0)) * (double)rt_width(k->dtype);
  char text[4][32];
  for (int i = 0; i < k->nargs; i++) {
    const gdl_arg *arg = &k->args[i];
    if (step && arg->role == GDL_AVERAGE) kept += (double)m->nparam * (double)rt_width(k->dtype);
    if (arg->role == GDL_IN || arg->role == GDL_TARGET || (!step && arg->role == GDL_OUT))
      data += (double)rt_arg_count(arg, sizes) * (double)rt_width(arg->dtype == GDL_I32 ? GDL_I32 : k->dtype);
  }
  for (int32_t i = 0; k->flops && i < k->nstages; i++) flop += k->flops[i] * (double)b;
  printf("%s of %lld%s: workspace %s, %s %s, data %s", step ? "a step" : "a prediction", (long long)b, k->nsizes > 1
      ? ", sets of 16 rows" : "",
         rt_scaled((double)(k->workspace ? k->workspace(sizes) : 0), "B", text[0], sizeof text[0]), step
             ? "weights and moments" : "weights",
         rt_scaled(kept, "B", text[1], sizeof text[1]), rt_scaled(data, "B", text[2], sizeof text[2]));
  if (flop > 0 && k->nsizes == 1) printf(", work %s", rt_scaled(flop, "FLOP", text[3], sizeof text[3]));
  printf("\n");
}

bool rt_summary(Run *r, Trouble *t) {
  const gdl_module *m = r->module;
  const gdl_kernel *k = rt_entry_needed(m, GDL_TRACE, 0, t);
  Table x = { 0 };
  json_t *proof = proof_of(m);
  bool ok = k && open_table(&x, m, k, proof, t);
  char all[32], loose[32], work[32];
  int before = x.layer + x.word + x.type + x.numbers + 6;
  if (ok) {
    rt_commas(x.weights, all, sizeof all);
    rt_commas(x.loose, loose, sizeof loose);
    printf("%*s  %-*s  %-*s  %-*s  %*s  %9s  %6s  %s\n", x.line, "line", x.layer, "value", x.word, "word", x.type,
        "type", x.numbers, "numbers", "weights", "work", "verdict");
    for (int32_t i = 0; i < x.n; i++) print_row(&x, &x.row[i]);
    if (x.loose) printf("%*s  %-*s  %9s\n", x.line, "", before, "other weights", loose);
    printf("%*s  %-*s  %9s", x.line, "", before, "all", all);
    if (x.flop > 0) printf("  %s a sample%s", rt_scaled(x.flop, "FLOP", work, sizeof work), k->nsizes > 1
        ? " of one row" : "");
    printf("\n\n");
    print_memory(r);
    print_reasons(proof);
  }
  free(x.row);
  json_decref(proof);
  return ok;
}

/* --- info ---------------------------------------------------------------------------------------- */
bool rt_info(Run *r, Trouble *t) {
  const gdl_module *m = r->module;
  static const char *const roles[] = { "", "in", "out", "param", "gradient", "target", "index", "moment", "average",
      "setting", "key", "sums", "value", "cotangent" };
  (void)t;
  printf("%s: compiled by %s for %s, interface %u, hash %016llx\n", m->name, m->compiler ? m->compiler : "gdlc",
      m->target ? m->target : "this machine", m->abi, (unsigned long long)m->hash);
  printf("%lld trained numbers; param has %lld numbers, moment %lld; %d weights\n\ncertificate\n%s\n",
      (long long)rt_count_trained(m), (long long)m->nparam, (long long)m->nmoment, m->nweights,
         m->certificate ? m->certificate : "none");
  for (int32_t c = 0; c < m->nclaims; c++) printf("  %s: %s%s%s\n", m->claims[c].text, m->claims[c].verdict,
      m->claims[c].residual ? ", " : "", m->claims[c].residual ? m->claims[c].residual : "");
  printf("\nentries\n");
  for (int32_t e = 0; e < m->nkernels; e++) {
    const gdl_kernel *k = &m->kernels[e];
    printf("  %s  %s, %d slots, %d pipelines%s%s\n", k->name, k->dtype == GDL_F64 ? "f64" : "f32", k->slots,
        k->nstages, k->source ? "  " : "", k->source ? k->source : "");
    for (int i = 0; i < k->nargs; i++) {
      const gdl_arg *a = &k->args[i];
      char type[160];
      if (a->role == GDL_VALUE) continue;
      type_text(m, a, type, sizeof type);
      printf("    %-12s %-8s %s  [", a->name, a->role <= GDL_COTANGENT ? roles[a->role] : "?", type);
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
    for (int32_t p = 0; p < x->npieces; p++) printf("%s%s(%g, %g, over %g)%s", p ? " * " : "", x->pieces[p].kind,
        x->pieces[p].a, x->pieces[p].b, x->pieces[p].over, p + 1 < x->npieces ? "" : "\n");
  }
  return true;
}
