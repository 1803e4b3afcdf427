/* report.c: what a training leaves for people: metrics.csv, metrics.jsonl, config.json, curves.svg, report.html.
 *
 * The report is made from the files of the folder alone, so `check` can make it again with its result. It is
 * one page without anything from outside, for light and dark, wide and narrow. */
#include "run.h"
#include "text.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool write_text(const char *folder, const char *name, const char *at, size_t n, Trouble *t) {
  char *path = rt_text(t, "%s/%s", folder, name);
  bool ok = path && rt_write_file(path, &(Piece){ at, n }, 1, t);
  free(path);
  return ok;
}

/* --- metrics ------------------------------------------------------------------------------------ */
static void csv_name(Text *o, const char *prefix, const char *name) {
  rt_print(o, ",\"%s ", prefix);
  for (; *name; name++) rt_print(o, *name == '"' ? "\"\"" : "%c", *name);
  rt_print(o, "\"");
}

/* The lines of an older file whose epoch is at most `kept`; `mark` is what stands before the number. */
static bool keep_lines(const char *folder, const char *name, const char *mark, int64_t kept, Text *o) {
  char *path = rt_text(o->trouble, "%s/%s", folder, name);
  uint8_t *at = NULL;
  size_t n = 0;
  if (!path) return false;
  bool ok = access(path, F_OK) != 0 || rt_read_file(path, 1u << 30, &at, &n, o->trouble);
  free(path);
  for (char *line = (char *)at, *end; ok && line && (end = strchr(line, '\n')); line = end + 1) {
    size_t skip = strlen(mark);
    if (strncmp(line, mark, skip) != 0) continue;
    char *after = NULL;
    long long epoch = strtoll(line + skip, &after, 10);
    if (after != line + skip && epoch >= 1 && epoch <= kept) rt_print(o, "%.*s\n", (int)(end - line), line);
  }
  free(at);
  return ok && !o->trouble->code;
}

static Text text_of(char *at, size_t n, size_t cap, Trouble *t) { return (Text){ at, n, cap, t }; }
static void put_back(Log *l, const Text *csv, const Text *jsonl) {
  l->csv = csv->at, l->ncsv = csv->n, l->cap_csv = csv->cap;
  l->jsonl = jsonl->at, l->njsonl = jsonl->n, l->cap_jsonl = jsonl->cap;
}

bool rt_log_open(Log *l, const gdl_module *m, const char *folder, int64_t epochs_kept, Trouble *t) {
  Text csv = { .trouble = t }, jsonl = { .trouble = t };
  rt_print(&csv, "epoch,step,rate");
  for (int32_t i = 0; i < m->nscores; i++) csv_name(&csv, "train", m->scores[i]);
  for (int32_t i = 0; i < m->nscores; i++) csv_name(&csv, "valid", m->scores[i]);
  rt_print(&csv, ",seconds,samples_per_second\n");
  rt_print(&jsonl, "%s", "");
  bool ok = epochs_kept == 0 || (keep_lines(folder, "metrics.csv", "", epochs_kept, &csv) && keep_lines(folder, "metrics.jsonl", "{\"epoch\": ", epochs_kept, &jsonl));
  put_back(l, &csv, &jsonl);
  return ok && !t->code && write_text(folder, "metrics.csv", l->csv, l->ncsv, t) && write_text(folder, "metrics.jsonl", l->jsonl, l->njsonl, t);
}

static json_t *number(double x) { return isfinite(x) ? json_real(x) : json_null(); }

static json_t *scores_json(const gdl_module *m, const double *scores) {
  json_t *o = json_object();
  for (int32_t i = 0; i < m->nscores; i++) json_object_set_new(o, m->scores[i], number(scores[i]));
  return o;
}

bool rt_log_add(Log *l, const Run *r, const char *folder, double rate, const double *train, const double *valid, double seconds, double speed, Trouble *t) {
  const gdl_module *m = r->module;
  Text csv = text_of(l->csv, l->ncsv, l->cap_csv, t), jsonl = text_of(l->jsonl, l->njsonl, l->cap_jsonl, t);
  rt_print(&csv, "%lld,%lld,%.9g", (long long)r->state.epoch, (long long)r->state.step, rate);
  for (int32_t i = 0; i < m->nscores; i++) rt_print(&csv, ",%.9g", train[i]);
  for (int32_t i = 0; i < m->nscores; i++) rt_print(&csv, ",%.9g", valid[i]);
  rt_print(&csv, ",%.3f,%.1f\n", seconds, speed);
  json_t *o = json_object();
  json_object_set_new(o, "epoch", json_integer(r->state.epoch));
  json_object_set_new(o, "step", json_integer(r->state.step));
  json_object_set_new(o, "rate", number(rate));
  json_object_set_new(o, "train", scores_json(m, train));
  json_object_set_new(o, "valid", scores_json(m, valid));
  json_object_set_new(o, "seconds", number(seconds));
  json_object_set_new(o, "samples_per_second", number(speed));
  char *line = json_dumps(o, JSON_REAL_PRECISION(12));
  if (line) rt_print(&jsonl, "%s\n", line);
  else rt_fail(t, EXIT_MEMORY, "out of memory for metrics.jsonl");
  free(line);
  json_decref(o);
  put_back(l, &csv, &jsonl);
  return !t->code && write_text(folder, "metrics.csv", l->csv, l->ncsv, t) && write_text(folder, "metrics.jsonl", l->jsonl, l->njsonl, t);
}

void rt_log_close(Log *l) {
  free(l->csv);
  free(l->jsonl);
  *l = (Log){ 0 };
}

/* --- config ----------------------------------------------------------------------------------------- */
static json_t *settings_json(const Settings *s) {
  json_t *o = json_object();
  for (int32_t i = 0; i < s->n; i++) {
    const Setting *x = &s->at[i];
    if (strncmp(x->name, "optimizer.correction", 20) == 0) continue;
    if (!x->npieces) {
      json_object_set_new(o, x->name, isfinite(x->value) ? number(x->value) : json_string("none"));
      continue;
    }
    char text[400] = "";
    for (int32_t p = 0; p < x->npieces; p++) {
      size_t k = strlen(text);
      const gdl_piece *y = &x->pieces[p];
      const char *star = p ? " * " : "";
      if (strcmp(y->kind, "constant") == 0) snprintf(text + k, sizeof text - k, "%s%g", star, y->a);
      else if (strcmp(y->kind, "warmup") == 0) snprintf(text + k, sizeof text - k, "%swarmup(%g)", star, y->over);
      else snprintf(text + k, sizeof text - k, "%s%s(%g, %s: %g, %s: %g)", star, y->kind, y->a, strcmp(y->kind, "staircase") ? "to" : "factor", y->b,
                    strcmp(y->kind, "staircase") ? "over" : "every", y->over);
    }
    json_object_set_new(o, x->name, json_string(text));
  }
  return o;
}

static char *command_line(const Options *o, Trouble *t) {
  Text text = { .trouble = t };
  for (int i = 0; i < o->argc; i++) {
    if (strcmp(o->argv[i], "--resume") == 0) continue;
    bool quote = strpbrk(o->argv[i], " '\"$`\\*?()[]<>|&;") != NULL;
    rt_print(&text, "%s%s%s%s", i ? " " : "", quote ? "'" : "", o->argv[i], quote ? "'" : "");
  }
  return text.at;
}

bool rt_config_write(const Run *r, const char *folder, const Facts *f, Trouble *t) {
  const gdl_module *m = r->module;
  char *command = command_line(r->options, t);
  json_t *o = json_pack("{s:s, s:o, s:s, s:s, s:s, s:I, s:i, s:I, s:o, s:s}", "model", m->name, "hash", json_sprintf("%016llx", (unsigned long long)m->hash), "target",
                        m->target ? m->target : "", "compiler", m->compiler ? m->compiler : "", "precision", r->state.real == GDL_F64 ? "f64" : "f32", "seed",
                        (json_int_t)r->state.seed, "threads", rt_host_threads(r->host), "weights", (json_int_t)rt_count_trained(m), "settings", settings_json(&r->settings),
                        "command", command ? command : "");
  if (o) {
    json_object_set_new(o, "samples", json_pack("{s:I, s:I, s:I}", "train", (json_int_t)f->ntrain, "valid", (json_int_t)f->nvalid, "test", (json_int_t)f->ntest));
    json_object_set_new(o, "state", json_string(f->ended));
    json_object_set_new(o, "best_epoch", json_integer(r->state.best_epoch));
    if (f->speed > 0) json_object_set_new(o, "samples_per_second", number(floor(f->speed)));
    if (f->memory > 0) json_object_set_new(o, "memory_mb", json_integer(f->memory / 1024));
    if (f->test) json_object_set_new(o, "test", scores_json(m, f->test));
    if (f->confusion) {
      json_t *rows = json_array();
      for (int32_t i = 0; i < f->confusion->n; i++) {
        json_t *row = json_array();
        for (int32_t k = 0; k < f->confusion->n; k++) json_array_append_new(row, json_integer(f->confusion->count[i * f->confusion->n + k]));
        json_array_append_new(rows, row);
      }
      json_object_set_new(o, "confusion", rows);
    }
  }
  char *text = o ? json_dumps(o, JSON_INDENT(2) | JSON_REAL_PRECISION(12)) : NULL;
  bool ok = text ? write_text(folder, "config.json", text, strlen(text), t) : rt_fail(t, EXIT_MEMORY, "out of memory for config.json");
  free(text);
  free(command);
  json_decref(o);
  return ok;
}

/* --- report ----------------------------------------------------------------------------------------- */
static json_t *read_json(const char *folder, const char *name, bool lines) {
  Trouble ignored = { 0 };          /* a part of the report that is not there is left out               */
  char *path = rt_text(&ignored, "%s/%s", folder, name);
  uint8_t *at = NULL;
  size_t n = 0;
  json_t *x = NULL;
  if (path && rt_read_file(path, 1u << 28, &at, &n, &ignored)) {
    if (!lines) x = json_loadb((const char *)at, n, 0, NULL);
    else {
      x = json_array();
      for (char *line = (char *)at, *end; line && (end = strchr(line, '\n')); line = end + 1) {
        json_t *one = json_loadb(line, (size_t)(end - line), 0, NULL);
        if (one) json_array_append_new(x, one);
      }
    }
  }
  free(at);
  free(path);
  return x;
}

static double real_of(const json_t *x) { return json_is_number(x) ? json_number_value(x) : NAN; }

static const char page_head[] =
  "<!doctype html><html lang=en><head><meta charset=utf-8><meta name=viewport content=\"width=device-width,initial-scale=1\"><style>"
  ":root{color-scheme:light dark;--ink:#1c2430;--soft:#5d6775;--rule:#dfe3e8;--page:#f6f7f9;--card:#fff;--train:#2f6fb3;--valid:#c2502e;--good:#1d7a46;--heat:47,111,179}"
  "@media(prefers-color-scheme:dark){:root{--ink:#e6e9ee;--soft:#98a2b0;--rule:#333b46;--page:#101318;--card:#181d24;--train:#7ab5f0;--valid:#f0906f;--good:#63c990;--heat:122,181,240}}"
  "*{box-sizing:border-box}body{margin:0 auto;max-width:1080px;padding:24px 16px;background:var(--page);color:var(--ink);font:15px/1.5 system-ui,sans-serif}"
  "h1{font-size:24px;margin:0}h2{font-size:16px;margin:0 0 10px}p{margin:4px 0}.soft{color:var(--soft)}"
  "section{background:var(--card);border:1px solid var(--rule);border-radius:10px;padding:16px;margin:16px 0}"
  ".numbers{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:12px;margin:16px 0}"
  ".numbers div{background:var(--card);border:1px solid var(--rule);border-radius:10px;padding:12px}.numbers b{display:block;font-size:22px;font-weight:600}"
  "table{border-collapse:collapse;font-size:13.5px;font-variant-numeric:tabular-nums}th,td{text-align:left;padding:4px 12px 4px 0;border-bottom:1px solid var(--rule);vertical-align:top}"
  "th{color:var(--soft);font-weight:500}.wide{overflow-x:auto;max-width:100%}td .wide{overflow:visible}svg{width:100%;height:auto;display:block}"
  ".heat td,.heat th{text-align:center;padding:5px 8px;border:0;min-width:38px}.heat td{border-radius:4px}"
  "pre{overflow-x:auto;margin:0;font:13px/1.5 ui-monospace,monospace;white-space:pre-wrap;overflow-wrap:anywhere}"
  "pre.table{white-space:pre}.two{display:grid;grid-template-columns:repeat(auto-fit,minmax(300px,1fr));gap:0 16px}.two>*{min-width:0}</style>";

static void write_numbers(Text *o, const json_t *config, const json_t *last) {
  const json_t *test = json_object_get(config, "test");
  json_t *scores = test ? json_object_get(config, "test") : json_object_get(last, "valid"), *value;
  const char *name;
  rt_print(o, "<div class=numbers>");
  json_object_foreach(scores, name, value) {
    rt_print(o, "<div><b>%.4g</b>", real_of(value));
    rt_escape(o, name);
    rt_print(o, "<br><span class=soft>%s</span></div>", test ? "on test data" : "after the last epoch");
  }
  if (json_object_get(config, "samples_per_second")) rt_print(o, "<div><b>%.0f</b>samples a second<br><span class=soft>in training</span></div>", real_of(json_object_get(config, "samples_per_second")));
  if (json_object_get(config, "memory_mb")) rt_print(o, "<div><b>%.0f MB</b>memory<br><span class=soft>at its peak</span></div>", real_of(json_object_get(config, "memory_mb")));
  rt_print(o, "</div>");
}

static void write_confusion(Text *o, const gdl_module *m, const json_t *rows) {
  const gdl_kernel *k = rt_data_entry(m);
  const gdl_arg *target = NULL;
  size_t n = json_array_size(rows);
  if (n == 0) return;
  for (int i = 0; k && i < k->nargs; i++)
    if (k->args[i].role == GDL_TARGET && k->args[i].dtype == GDL_I32 && (size_t)k->args[i].nlabels == n) target = &k->args[i];
  rt_print(o, "<section><h2>Which label was taken for which</h2><p class=soft>Rows: the true label. Columns: what the model said.</p><div class=wide><table class=heat><tr><th>");
  for (size_t row = 0; row <= n; row++) {
    double total = 0;
    for (size_t c = 0; row && c < n; c++) total += real_of(json_array_get(json_array_get(rows, row - 1), c));
    for (size_t c = row ? 0 : 1; c <= n; c++) {
      if (row == 0 || c == 0) {
        size_t i = row ? row - 1 : c - 1;
        rt_print(o, c == 0 ? "<tr><th>" : "<th>");
        if (target && target->label_texts) rt_escape(o, target->label_texts[i]);
        else rt_print(o, "%lld", target && target->labels ? (long long)target->labels[i] : (long long)i);
      } else {
        double x = real_of(json_array_get(json_array_get(rows, row - 1), c - 1));
        rt_print(o, "<td style=\"background:rgba(var(--heat),%.2f)\">%.0f", total > 0 ? 0.75 * x / total : 0, x);
      }
    }
  }
  rt_print(o, "</table></div></section>");
}

static bool curves(Text *page, Text *picture, const gdl_module *m, const json_t *log, Trouble *t) {
  size_t n = json_array_size(log), scores = (size_t)m->nscores;
  Series *s = rt_alloc(scores, sizeof *s, t);
  double *numbers = rt_alloc((2 * scores + 1) * (n + 1), sizeof *numbers, t);
  if (!s || !numbers) {
    free(s);
    free(numbers);
    return false;
  }
  for (size_t i = 0; i < scores; i++) {
    s[i] = (Series){ m->scores[i], (int64_t)n, numbers + (2 * i + 1) * (n + 1), numbers + (2 * i + 2) * (n + 1) };
    for (size_t e = 0; e < n; e++) {
      const json_t *row = json_array_get(log, e);
      numbers[e] = real_of(json_object_get(row, "epoch"));
      s[i].train[e] = real_of(json_object_get(json_object_get(row, "train"), m->scores[i]));
      s[i].valid[e] = real_of(json_object_get(json_object_get(row, "valid"), m->scores[i]));
    }
  }
  rt_curves(picture, s, m->nscores, numbers, true);
  rt_print(page, "<section><h2>Learning curves</h2><div class=two>");
  for (int32_t i = 0; i < m->nscores; i++) rt_curves(page, &s[i], 1, numbers, false);
  rt_print(page, "</div></section>");
  free(s);
  free(numbers);
  return !t->code;
}

/* One table: a row a layer, then outputs and claims; where it is not proved, what is left of the group. */
static void write_proof(Text *o, const json_t *proof, const gdl_module *m) {
  size_t i, k;
  json_t *model, *row;
  static const struct { const char *list, *name, *kind; } lists[] = {
    { "layers", "path", NULL }, { "outputs", "name", "output" }, { "claims", "text", "claim" } };
  json_array_foreach(json_object_get(proof, "models"), i, model) {
    const char *name = json_string_value(json_object_get(model, "name")), *acts = json_string_value(json_object_get(model, "acts"));
    if (!name || strcmp(name, m->name)) continue;
    rt_print(o, "<p>What acts on the inputs: <b>");
    rt_escape(o, acts && *acts ? acts : "nothing");
    rt_print(o, "</b></p><div class=wide><table><tr><th>layer<th>type<th>weights<th>verdict<th>line");
    for (size_t l = 0; l < sizeof lists / sizeof *lists; l++)
      json_array_foreach(json_object_get(model, lists[l].list), k, row) {
        const char *text = json_string_value(json_object_get(row, lists[l].name)), *type = json_string_value(json_object_get(row, "type"));
        const char *verdict = json_string_value(json_object_get(row, "verdict")), *left = json_string_value(json_object_get(row, "residual"));
        long long weights = json_integer_value(json_object_get(row, "parameters")), line = json_integer_value(json_object_get(row, "line"));
        rt_print(o, "<tr><td>%s%s", lists[l].kind ? lists[l].kind : "", lists[l].kind ? " " : "");
        rt_escape(o, text ? text : "");
        rt_print(o, "<td>");
        rt_escape(o, type ? type : "");
        if (weights) rt_print(o, "<td>%lld<td>", weights);
        else rt_print(o, "<td><td>");
        rt_escape(o, verdict ? verdict : "");
        if (verdict && strcmp(verdict, "proved") && left) {
          rt_print(o, ", left: ");
          rt_escape(o, left);
        }
        if (line) rt_print(o, "<td>%lld", line);
        else rt_print(o, "<td>");
      }
    rt_print(o, "</table></div>");
  }
}

static void write_audit(Text *o, const char *folder) {
  Trouble none = { 0 };
  char *path = rt_text(&none, "%s/audit.txt", folder);
  uint8_t *at = NULL;
  size_t n = 0;
  if (path && access(path, F_OK) == 0 && rt_read_file(path, 1u << 24, &at, &n, &none)) {
    rt_print(o, "<section><h2>Audit of the compiled program</h2><pre class=table>");
    for (char *line = (char *)at, *end; (end = strchr(line, '\n')); line = end + 1) {
      *end = 0;
      if (strncmp(line, "audit ", 6) == 0 && line != (char *)at) continue;      /* the numbers for machines */
      rt_escape(o, line);
      rt_print(o, "\n");
    }
    rt_print(o, "</pre></section>");
  } else rt_print(o, "<section><h2>Audit of the compiled program</h2><p class=soft>Not run yet: the command <code>check</code> adds it here.</p></section>");
  free(at);
  free(path);
}

bool rt_report_write(const gdl_module *m, const char *folder, Trouble *t) {
  json_t *config = read_json(folder, "config.json", false), *log = read_json(folder, "metrics.jsonl", true), *proof = json_loads(m->certificate ? m->certificate : "", JSON_DECODE_ANY, NULL);
  Text o = { .trouble = t }, picture = { .trouble = t };
  size_t epochs = json_array_size(log);
  const char *state = json_string_value(json_object_get(config, "state")), *command = json_string_value(json_object_get(config, "command"));
  rt_print(&o, "%s<title>", page_head);
  rt_escape(&o, m->name);
  rt_print(&o, "</title></head><body><h1>");
  rt_escape(&o, m->name);
  rt_print(&o, "</h1><p class=soft>%lld trained numbers, training %s; best epoch %.0f</p>", (long long)rt_count_trained(m), state ? state : "of unknown end",
           json_object_get(config, "best_epoch") ? real_of(json_object_get(config, "best_epoch")) : 0);
  write_numbers(&o, config, json_array_get(log, epochs ? epochs - 1 : 0));
  bool ok = curves(&o, &picture, m, log, t);
  if (proof) {
    rt_print(&o, "<section><h2>What is proved</h2>");
    write_proof(&o, proof, m);
    rt_print(&o, "</section>");
  }
  write_audit(&o, folder);
  write_confusion(&o, m, json_object_get(config, "confusion"));
  rt_print(&o, "<section><h2>Settings</h2>");
  rt_html(&o, json_object_get(config, "settings"));
  rt_print(&o, "</section><section><h2>Data</h2>");
  rt_html(&o, json_object_get(config, "samples"));
  rt_print(&o, "</section><section><h2>To repeat it</h2><pre>");
  rt_escape(&o, command ? command : "");
  rt_print(&o, "</pre><p class=soft>seed %.0f, precision %s, target %s, %s, hash %016llx</p></section>", real_of(json_object_get(config, "seed")),
           rt_real(m) == GDL_F64 ? "f64" : "f32", m->target ? m->target : "", m->compiler ? m->compiler : "", (unsigned long long)m->hash);
  if (m->source) {
    rt_print(&o, "<section><h2>Source</h2><pre>");
    rt_escape(&o, m->source);
    rt_print(&o, "</pre></section>");
  }
  rt_print(&o, "</body></html>\n");
  ok = ok && !t->code && write_text(folder, "report.html", o.at, o.n, t) && write_text(folder, "curves.svg", picture.at, picture.n, t);
  free(o.at);
  free(picture.at);
  json_decref(config);
  json_decref(log);
  json_decref(proof);
  return ok;
}
