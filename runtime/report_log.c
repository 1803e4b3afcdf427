/* report_log.c: the files of a run folder that are for programs: metrics.csv and metrics.jsonl, a line an epoch, and
 * config.json, what was trained how and what came out. Numbers that are not finite are null in JSON. */
#include "report.h"
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool rt_write_text(const char *folder, const char *name, const Text *o, Trouble *t) {
  char *path = t->code ? NULL : rt_text(t, "%s/%s", folder, name);
  bool ok = path && rt_write_file(path, &(Piece){ o->at, o->n }, 1, t);
  free(path);
  return ok;
}

static bool write_json(const char *folder, const char *name, const json_t *x, Trouble *t) {
  Text o = { .trouble = t };
  char *text = json_dumps(x, JSON_INDENT(2) | JSON_REAL_PRECISION(12));
  if (text) rt_print(&o, "%s\n", text);
  else rt_fail(t, EXIT_MEMORY, "out of memory for %s", name);
  bool ok = rt_write_text(folder, name, &o, t);
  free(text);
  free(o.at);
  return ok;
}

/* A part of the report that is not there is left out, so the reason is not kept. */
json_t *rt_read_json(const char *folder, const char *name, bool lines) {
  Trouble ignored = { 0 };
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

json_t *rt_number(double x) { return isfinite(x) ? json_real(x) : json_null(); }
double rt_real_of(const json_t *x) { return json_is_number(x) ? json_number_value(x) : NAN; }
double rt_real_at(const json_t *o, const char *key) { return rt_real_of(json_object_get(o, key)); }
int64_t rt_count_at(const json_t *o, const char *key) { return json_integer_value(json_object_get(o, key)); }
const char *rt_text_at(const json_t *o, const char *key) {
  const char *s = json_string_value(json_object_get(o, key));
  return s ? s : "";
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

static bool write_log(const Log *l, const char *folder, Trouble *t) {
  return rt_write_text(folder, "metrics.csv", &l->csv, t) && rt_write_text(folder, "metrics.jsonl", &l->jsonl, t);
}

bool rt_log_open(Log *l, const gdl_module *m, const char *folder, int64_t epochs_kept, Trouble *t) {
  *l = (Log){ { .trouble = t }, { .trouble = t } };
  rt_print(&l->csv, "epoch,step,rate");
  for (int32_t i = 0; i < m->nscores; i++) csv_name(&l->csv, "train", m->scores[i]);
  for (int32_t i = 0; i < m->nscores; i++) csv_name(&l->csv, "valid", m->scores[i]);
  rt_print(&l->csv, ",seconds,samples_per_second\n");
  rt_print(&l->jsonl, "%s", "");
  bool ok = epochs_kept == 0 || (keep_lines(folder, "metrics.csv", "", epochs_kept, &l->csv) &&
                                 keep_lines(folder, "metrics.jsonl", "{\"epoch\": ", epochs_kept, &l->jsonl));
  return ok && write_log(l, folder, t);
}

static json_t *scores_json(const gdl_module *m, const double *scores) {
  json_t *o = json_object();
  for (int32_t i = 0; i < m->nscores; i++) json_object_set_new(o, m->scores[i], rt_number(scores[i]));
  return o;
}

bool rt_log_add(Log *l, const Run *r, const char *folder, double rate, const double *train, const double *valid,
                double seconds, double speed, Trouble *t) {
  const gdl_module *m = r->module;
  l->csv.trouble = l->jsonl.trouble = t;
  rt_print(&l->csv, "%lld,%lld,%.9g", (long long)r->state.epoch, (long long)r->state.step, rate);
  for (int32_t i = 0; i < m->nscores; i++) rt_print(&l->csv, ",%.9g", train[i]);
  for (int32_t i = 0; i < m->nscores; i++) rt_print(&l->csv, ",%.9g", valid[i]);
  rt_print(&l->csv, ",%.3f,%.1f\n", seconds, speed);
  json_t *o = json_object();
  json_object_set_new(o, "epoch", json_integer(r->state.epoch));
  json_object_set_new(o, "step", json_integer(r->state.step));
  json_object_set_new(o, "rate", rt_number(rate));
  json_object_set_new(o, "train", scores_json(m, train));
  json_object_set_new(o, "valid", scores_json(m, valid));
  json_object_set_new(o, "seconds", rt_number(seconds));
  json_object_set_new(o, "samples_per_second", rt_number(speed));
  char *line = json_dumps(o, JSON_REAL_PRECISION(12));
  if (line) rt_print(&l->jsonl, "%s\n", line);
  else rt_fail(t, EXIT_MEMORY, "out of memory for metrics.jsonl");
  free(line);
  json_decref(o);
  return write_log(l, folder, t);
}

void rt_log_close(Log *l) {
  free(l->csv.at);
  free(l->jsonl.at);
  *l = (Log){ 0 };
}

/* --- config ----------------------------------------------------------------------------------------- */
static json_t *schedule_json(const Setting *x) {
  char text[400] = "";
  for (int32_t p = 0; p < x->npieces; p++) {
    size_t k = strlen(text);
    const gdl_piece *y = &x->pieces[p];
    const char *star = p ? " * " : "";
    bool stairs = strcmp(y->kind, "staircase") == 0;
    if (strcmp(y->kind, "constant") == 0) snprintf(text + k, sizeof text - k, "%s%g", star, y->a);
    else if (strcmp(y->kind, "warmup") == 0) snprintf(text + k, sizeof text - k, "%swarmup(%g)", star, y->over);
    else snprintf(text + k, sizeof text - k, "%s%s(%g, %s: %g, %s: %g)", star, y->kind, y->a, stairs ? "factor"
        : "to", y->b, stairs ? "every" : "over", y->over);
  }
  return json_string(text);
}

static json_t *settings_json(const Settings *s) {
  json_t *o = json_object();
  for (int32_t i = 0; i < s->n; i++) {
    const Setting *x = &s->at[i];
    if (strncmp(x->name, "optimizer.correction", 20) == 0) continue;
    json_object_set_new(o, x->name, x->npieces ? schedule_json(x) : !isfinite(x->value) ? json_string("none")
                                  : x->whole ? json_integer((json_int_t)x->value) : rt_number(x->value));
  }
  return o;
}

/* As a shell reads it: what is not plain stands in single quotes. */
static void print_word(Text *text, const char *word) {
  bool quote = !*word || strspn(word,
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./=,:+@%") != strlen(word);
  rt_print(text, "%s%s", text->n ? " " : "", quote ? "'" : "");
  for (; *word; word++) rt_print(text, *word == '\'' ? "'\\''" : "%c", *word);
  rt_print(text, "%s", quote ? "'" : "");
}

/* The program; or `gdlc run FILE`, which stands in its place. */
static void print_program(Text *text, const char *program) {
  const char *run = "gdlc run ";
  if (strncmp(program, run, strlen(run)) != 0) { print_word(text, program); return; }
  print_word(text, "gdlc");
  print_word(text, "run");
  print_word(text, program + strlen(run));
}

/* A path may hold any bytes, JSON may not. */
static json_t *text_json(const Text *text) {
  json_t *x = json_string(text->at ? text->at : "");
  for (char *c = text->at; c && *c && !x; c++)
    if ((unsigned char)*c >= 128) *c = '?';
  return x ? x : json_string(text->at);
}

/* What trains again, from the beginning; what audits the weights that are kept. */
static json_t *train_command(const Options *o, Trouble *t) {
  Text text = { .trouble = t };
  print_program(&text, o->program);
  for (int i = 1; i < o->argc; i++)
    if (strcmp(o->argv[i], "--resume") != 0) print_word(&text, o->argv[i]);
  json_t *x = text_json(&text);
  free(text.at);
  return x;
}

static json_t *check_command(const Options *o, Trouble *t) {
  Text text = { .trouble = t };
  char *weights = rt_text(t, "%s/best.safetensors", o->out ? o->out : "run");
  print_program(&text, o->program);
  print_word(&text, "check");
  print_word(&text, "--weights");
  if (weights) print_word(&text, weights);
  if (o->data) print_word(&text, "--data");
  if (o->data) print_word(&text, o->data);
  json_t *x = text_json(&text);
  free(weights);
  free(text.at);
  return x;
}

static json_t *confusion_json(const Answers *a) {
  json_t *rows = json_array();
  for (int32_t i = 0; i < a->n; i++) {
    json_t *row = json_array();
    for (int32_t k = 0; k < a->n; k++) json_array_append_new(row, json_integer(a->count[i * a->n + k]));
    json_array_append_new(rows, row);
  }
  return rows;
}

bool rt_config_write(const Run *r, const char *folder, const Facts *f, Trouble *t) {
  const gdl_module *m = r->module;
  json_t *o = json_pack("{s:s, s:o, s:s, s:s, s:s, s:I, s:i, s:I, s:o, s:o, s:o, s:o}", "model", m->name, "hash",
                        json_sprintf("%016llx", (unsigned long long)m->hash), "target", m->target ? m->target : "",
                            "compiler",
                        m->compiler ? m->compiler : "", "precision", r->state.real == GDL_F64 ? "f64" : "f32", "seed",
                        (json_int_t)r->state.seed, "threads", rt_host_threads(r->host), "weights",
                        (json_int_t)rt_count_trained(m), "origin", json_sprintf("%016llx",
                        (unsigned long long)r->state.origin), "settings", settings_json(&r->settings), "command",
                        train_command(r->options, t), "check", check_command(r->options, t));
  if (o) {
    json_object_set_new(o, "samples", json_pack("{s:I, s:I, s:I}", "train", (json_int_t)f->ntrain, "valid",
        (json_int_t)f->nvalid, "test", (json_int_t)f->ntest));
    json_object_set_new(o, "state", json_string(f->ended));
    json_object_set_new(o, "best_epoch", json_integer(r->state.best_epoch));
    if (f->speed > 0) json_object_set_new(o, "samples_per_second", rt_number(floor(f->speed)));
    if (f->memory > 0) json_object_set_new(o, "memory_mb", json_integer(f->memory / 1024));
    if (f->workspace > 0) json_object_set_new(o, "workspace_bytes", json_integer((json_int_t)f->workspace));
    if (f->test) json_object_set_new(o, "test", scores_json(m, f->test));
    if (f->answers && f->answers->judged)
      json_object_set_new(o, "answers", json_pack("{s:s, s:I, s:I}", "part", f->answers->part, "samples",
          (json_int_t)f->answers->samples, "wrong", (json_int_t)f->answers->wrong));
    if (f->answers && f->answers->n) json_object_set_new(o, "confusion", confusion_json(f->answers));
  }
  bool ok = o ? write_json(folder, "config.json", o, t) : rt_fail(t, EXIT_MEMORY, "out of memory for config.json");
  json_decref(o);
  return ok;
}

/* An audit.txt that lies there is of earlier weights. */
static bool drop_audit(const char *folder, Trouble *t) {
  char *path = rt_text(t, "%s/audit.txt", folder);
  bool ok = path && (unlink(path) == 0 || errno == ENOENT || rt_fail(t, EXIT_IO,
      "%s: is of earlier weights and cannot be removed: %s", path, strerror(errno)));
  free(path);
  return ok;
}

bool rt_pictures_write(Run *r, const char *folder, const Answers *a, Trouble *t) {
  json_t *mistakes = rt_mistakes(a, t), *filters = mistakes ? rt_filters(r) : NULL;
  json_t *o = filters ? json_pack("{s:O, s:O}", "mistakes", mistakes, "filters", filters) : NULL;
  bool ok = o ? write_json(folder, "pictures.json", o, t) : rt_fail(t, EXIT_MEMORY, "out of memory for pictures.json");
  json_decref(mistakes);
  json_decref(filters);
  json_decref(o);
  return ok && drop_audit(folder, t);
}
