/* report.c: report.html, one page on one training, and curves.svg.
 *
 * Made of the certificate in the program and of the files in the folder, so `check` can make it again with its result.
 * The page needs nothing from outside and no script; it follows the reader's light or dark mode, fits a phone, and
 * prints. Each section is a function; a table that may be wider than a phone scrolls inside a `wide`. */
#include "report.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { EPOCHS_LISTED = 200 };

typedef struct Page {
  const gdl_module *module;
  json_t *config, *log, *proof, *pictures;             /* NULL where there is none; proof: of this model     */
  char *audit;
  const json_t *best;               /* the line of the log of the best epoch; NULL                   */
  bool validated;                   /* else the second scores are of the training data               */
} Page;

static void commas(Text *o, int64_t n) {
  char buffer[32];
  rt_print(o, "%s", rt_commas(n, buffer, sizeof buffer));
}

static void score(Text *o, double x) {
  if (isfinite(x)) rt_print(o, "%.6g", x);
  else rt_print(o, "–");
}

/* --- what is proved, in a sentence ----------------------------------------------------------------- */
/* C(4) and D(4) in words; "" where the name says it, or says more. */
static void in_words(const char *acts, char *out, size_t n) {
  static const struct { int n; const char *turns; } known[] = {
    { 2, "half turns" }, { 3, "third turns" }, { 4, "quarter turns" }, { 6, "sixth turns" }, { 8, "eighth turns" } };
  char family = 0;
  int order = 0, end = 0;
  snprintf(out, n, "%s", "");
  if (sscanf(acts, "%c(%d)%n", &family, &order, &end) != 2 || !end || acts[end]) return;
  if (family != 'C' && family != 'D') return;
  for (size_t i = 0; i < sizeof known / sizeof *known; i++)
    if (known[i].n == order) snprintf(out, n, " (%s%s)", known[i].turns, family == 'D' ? " and mirror images" : "");
  if (family == 'D' && order == 1) snprintf(out, n, " (mirror images)");
}

static bool stays(const gdl_arg *arg) {
  bool moves = arg->rows >= 0;
  for (int16_t i = 0; i < arg->nterms; i++) moves |= arg->terms[i].action >= 0;
  return !moves;
}

static void group(Text *o, const char *name) {
  char words[64];
  in_words(name, words, sizeof words);
  rt_escape(o, name);
  rt_print(o, "%s", words);
}

/* One sentence an output. */
static void sentence(Text *o, const Page *p, const json_t *output) {
  const char *name = rt_text_at(output, "name"), *verdict = rt_text_at(output, "verdict");
  const char *left = rt_text_at(output, "residual"), *acts = rt_text_at(p->proof, "acts");
  const gdl_kernel *infer = rt_entry(p->module, GDL_INFER, 0);
  int at = infer ? rt_find_arg(infer, name) : -1;
  bool still = at >= 0 && stays(&infer->args[at]);
  bool proved = strcmp(verdict, "proved") == 0, audited = strcmp(verdict, "audited") == 0;
  bool something = *left && strcmp(left, "nothing") != 0 && strcmp(left, "C(1)") != 0;
  rt_print(o, "<p class=\"lead\">");
  if (!proved && !something) {
    rt_print(o, "Nothing is proved of <code>");
    rt_escape(o, name);
    rt_print(o, audited ? "</code>: its symmetry under " : "</code>: the symmetry under ");
    group(o, acts);
    rt_print(o, audited ? " is audited, not proved.</p>" : " is given up.</p>");
    return;
  }
  rt_print(o, "Proved, whatever the weights: an input that is moved by ");
  group(o, proved ? acts : left);
  rt_print(o, " gives %s <code>", still ? "the same" : "an equally moved");
  rt_escape(o, name);
  rt_print(o, "</code>.");
  if (!proved) {
    rt_print(o, " For the rest of ");
    rt_escape(o, acts);
    rt_print(o, audited ? " this is audited, not proved." : " it is given up.");
  }
  rt_print(o, "</p>");
}

static void verdict_sentences(Text *o, const Page *p) {
  const char *acts = rt_text_at(p->proof, "acts");
  size_t i;
  json_t *output;
  if (!*acts || strcmp(acts, "nothing") == 0 || strcmp(acts, "C(1)") == 0) {
    rt_print(o, "<p class=\"lead\">No symmetry is claimed: nothing acts on the inputs of this model.</p>");
    return;
  }
  json_array_foreach(json_object_get(p->proof, "outputs"), i, output) sentence(o, p, output);
}

/* --- head ---------------------------------------------------------------------------------------- */
static bool is_part(const char *name) { return strncmp(name, "accuracy", 8) == 0 || strncmp(name, "top", 3) == 0; }

/* A score that is a part of n samples, in percent with its standard error; others as they are. */
static void card(Text *o, const char *name, double x, int64_t n, const char *part) {
  char buffer[32];
  bool of = is_part(name) && x >= 0 && x <= 1;
  rt_print(o, "<li><strong>");
  if (of) rt_print(o, "%.2f%%", 100 * x);
  else if (isfinite(x)) rt_print(o, "%.4g", x);
  else rt_print(o, "–");
  rt_print(o, "</strong>");
  rt_escape(o, name);
  rt_print(o, "<br><span class=\"soft small\">%s %s samples", rt_commas(n, buffer, sizeof buffer), part);
  if (of && n > 0) rt_print(o, ", ± %.2f%% (standard error)", 100 * sqrt(x * (1 - x) / (double)n));
  rt_print(o, "</span></li>\n");
}

static void cards(Text *o, const Page *p) {
  const json_t *test = json_object_get(p->config, "test"), *samples = json_object_get(p->config, "samples");
  json_t *scores = json_object_get(test ? p->config : p->best, test ? "test" : "valid"), *value;
  const char *name, *part = test ? "test" : p->validated ? "validation" : "training";
  AuditSays says = rt_audit_said(p->audit);
  int64_t n = rt_count_at(samples, test ? "test" : p->validated ? "valid" : "train");
  int shown = 0;
  rt_print(o, "<ul class=\"numbers\">\n");
  json_object_foreach(scores, name, value)
    if (shown++ < 4) card(o, name, rt_real_of(value), n, part);
  rt_print(o, "<li><strong>");
  commas(o, rt_count_trained(p->module));
  rt_print(o, "</strong>weights<br><span class=\"soft small\">numbers that are trained</span></li>\n");
  if (json_object_get(p->config, "samples_per_second")) {
    rt_print(o, "<li><strong>");
    commas(o, (int64_t)rt_real_at(p->config, "samples_per_second"));
    rt_print(o, "</strong>samples a second<br><span class=\"soft small\">in training</span></li>\n");
  }
  static const char *const audits[][3] = { { "soft", "not run", "<code>check</code> runs it" },
                                           { "good", "✓ passed", "of the compiled program" },
                                           { "bad", "✗ failed", "of the compiled program" } };
  rt_print(o, "<li><strong class=\"%s\">%s</strong>audit<br><span class=\"soft small\">%s</span></li></ul>\n",
           audits[says][0], audits[says][1], audits[says][2]);
}

/* To the sections that the page has. */
static void links(Text *o, const Text *body) {
  static const struct { const char *id, *name; } link[] = {
    { "certificate", "Certificate" }, { "curves", "Curves" }, { "scores", "Scores" }, { "confusion", "Confusion" },
    { "mistakes", "Mistakes" }, { "filters", "Filters" }, { "audit", "Audit" }, { "speed", "Speed" },
    { "repeat", "Repeat it" } };
  char id[40];
  rt_print(o, "<nav aria-label=\"Sections\">");
  for (size_t i = 0; i < sizeof link / sizeof *link; i++) {
    snprintf(id, sizeof id, "<section id=\"%s\"", link[i].id);
    if (body->at && strstr(body->at, id)) rt_print(o, "<a href=\"#%s\">%s</a> ", link[i].id, link[i].name);
  }
  rt_print(o, "</nav>\n");
}

/* --- certificate --------------------------------------------------------------------------------- */
static void verdict(Text *o, const json_t *row) {
  static const struct { const char *name, *class, *sign; } signs[] = {
    { "proved", "good", "✓" }, { "audited", "warn", "≈" }, { "broken", "bad", "✗" }, { "assumed", "warn", "!" } };
  const char *name = rt_text_at(row, "verdict"), *left = rt_text_at(row, "residual"), *class = "soft", *sign = "";
  for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
    if (strcmp(signs[i].name, name) == 0) class = signs[i].class, sign = signs[i].sign;
  rt_print(o, "<span class=\"tag %s\">%s ", class, sign);
  rt_escape(o, name);
  rt_print(o, "</span>");
  if (strcmp(name, "proved") != 0 && *left) {
    rt_print(o, strcmp(name, "audited") == 0 ? "; proved: " : "; left: ");
    rt_escape(o, left);
  }
  if (rt_real_at(row, "within") > 0) rt_print(o, ", within %g", rt_real_at(row, "within"));
}

/* Why something is less than proved: each reason once. */
static void reasons(Text *o, const Page *p) {
  json_t *said = json_object(), *row;
  const char *lists[] = { "layers", "outputs" };
  char reason[200];
  size_t k;
  for (int l = 0; l < 2; l++)
    json_array_foreach(json_object_get(p->proof, lists[l]), k, row) {
      const char *why = rt_text_at(row, "because");
      if (!*why || json_object_get(said, why)) continue;
      json_object_set_new(said, why, json_true());
      rt_print(o, "<p class=\"soft\">Not proved because of ");
      rt_escape(o, rt_reason(why, reason, sizeof reason));
      rt_print(o, ".</p>");
    }
  json_decref(said);
}

/* Of a layer, under its path, or of an output or claim, which have neither a line nor weights. */
static void proved_row(Text *o, const json_t *row, const char *name, const char *word) {
  rt_cell(o, "num soft");
  if (!word) rt_print(o, "%lld", (long long)rt_count_at(row, "line"));
  rt_row_head(o, "");
  rt_escape(o, rt_text_at(row, name));
  rt_cell(o, "soft also");
  rt_escape(o, word ? word : rt_text_at(row, "word"));
  rt_cell(o, "type");
  rt_escape(o, rt_text_at(row, "type"));
  rt_cell(o, "num");
  if (rt_count_at(row, "parameters")) commas(o, rt_count_at(row, "parameters"));
  rt_cell(o, "");
  verdict(o, row);
  rt_end_row(o);
}

static void certificate(Text *o, const Page *p) {
  static const struct { const char *rows, *name, *word; } lists[] = {
    { "layers", "path", NULL }, { "outputs", "name", "output" }, { "claims", "text", "claim" } };
  char words[64];
  size_t k;
  json_t *row;
  if (!p->proof) return;
  rt_print(o, "<section id=\"certificate\"><h2>What is proved</h2><p class=\"soft\">"
              "The compiler's certificate, layer by layer. On the inputs acts: ");
  in_words(rt_text_at(p->proof, "acts"), words, sizeof words);
  rt_escape(o, *rt_text_at(p->proof, "acts") ? rt_text_at(p->proof, "acts") : "nothing");
  rt_print(o, "%s.</p>", words);
  rt_open_table(o, "Certificate", ">line|layer|-word|type|>weights|verdict");
  for (int l = 0; l < 3; l++)
    json_array_foreach(json_object_get(p->proof, lists[l].rows), k, row)
      proved_row(o, row, lists[l].name, lists[l].word);
  rt_print(o, "</tbody><tfoot>");
  rt_cell(o, "");
  rt_row_head(o, "");
  rt_print(o, "all");
  rt_cell(o, "also");
  rt_cell(o, "");
  rt_cell(o, "num");
  commas(o, rt_count_at(p->proof, "parameters"));
  rt_cell(o, "");
  rt_end_row(o);
  rt_print(o, "</tfoot></table></div>");
  if (rt_count_at(p->proof, "statistics"))
    rt_print(o, "<p class=\"soft\">Beside these weights there are %lld statistics that are not trained.</p>",
             (long long)rt_count_at(p->proof, "statistics"));
  reasons(o, p);
  rt_print(o, "</section>\n");
}

/* --- curves and epochs ----------------------------------------------------------------------------- */
static const char *second(const Page *p) { return p->validated ? "validation" : "data, evaluated"; }

/* Seconds of one epoch: the log counts from the start of the process. */
static double seconds_of(const Page *p, size_t e) {
  double now = rt_real_at(json_array_get(p->log, e), "seconds");
  double before = e ? rt_real_at(json_array_get(p->log, e - 1), "seconds") : 0;
  return before < now ? now - before : now;
}

static void epochs(Text *o, const Page *p) {
  const gdl_module *m = p->module;
  size_t n = json_array_size(p->log), every = (n + EPOCHS_LISTED - 1) / EPOCHS_LISTED;
  rt_print(o, "<details><summary>Numbers of each epoch</summary>");
  rt_open_heads(o, "Numbers of each epoch", "tall", ">epoch|>rate");
  for (int32_t i = 0; i < 2 * m->nscores; i++) {
    rt_column_head(o, "num");
    rt_escape(o, m->scores[i % m->nscores]);
    rt_print(o, "<br>%s", i < m->nscores ? "training" : second(p));
  }
  rt_heads(o, ">seconds|>samples/s");
  rt_open_rows(o);
  for (size_t e = 0; e < n; e++) {
    const json_t *row = json_array_get(p->log, e);
    if (e % every && e + 1 < n && row != p->best) continue;
    rt_row_head(o, "num");
    rt_print(o, "%lld%s", (long long)rt_count_at(row, "epoch"), row == p->best ? " ★" : "");
    rt_cell(o, "num");
    rt_print(o, "%.4g", rt_real_at(row, "rate"));
    for (int32_t i = 0; i < 2 * m->nscores; i++) {
      rt_cell(o, "num");
      score(o, rt_real_at(json_object_get(row, i < m->nscores ? "train" : "valid"), m->scores[i % m->nscores]));
    }
    rt_cell(o, "num");
    rt_print(o, "%.3g", seconds_of(p, e));
    rt_cell(o, "num");
    commas(o, (int64_t)rt_real_at(row, "samples_per_second"));
    rt_end_row(o);
  }
  rt_close_table(o);
  if (every > 1) rt_print(o, "<p class=\"soft\">One in %zu; <code>metrics.csv</code> has all %zu.</p>", every, n);
  rt_print(o, "</details>");
}

static bool curves(Text *o, Text *picture, const Page *p, Trouble *t) {
  const gdl_module *m = p->module;
  size_t n = json_array_size(p->log), scores = (size_t)m->nscores;
  int64_t best = rt_count_at(p->best, "epoch");
  Series *s = rt_alloc(scores, sizeof *s, t);
  double *numbers = rt_alloc((2 * scores + 1) * (n + 1), sizeof *numbers, t);
  for (size_t i = 0; s && numbers && i < scores; i++) {
    double *train = numbers + (2 * i + 1) * (n + 1);
    s[i] = (Series){ m->scores[i], (int64_t)n, train, train + n + 1, second(p) };
    for (size_t e = 0; e < n; e++) {
      const json_t *row = json_array_get(p->log, e);
      numbers[e] = rt_real_at(row, "epoch");
      s[i].train[e] = rt_real_at(json_object_get(row, "train"), m->scores[i]);
      s[i].valid[e] = rt_real_at(json_object_get(row, "valid"), m->scores[i]);
    }
  }
  if (s && numbers) {
    rt_curves(picture, s, m->nscores, numbers, best, true);
    rt_print(o, "<section id=\"curves\"><h2>Learning curves</h2>");
    if (n == 0) rt_print(o, "<p class=\"soft\">No epoch has ended.</p>");
    else {
      rt_print(o, "<p class=\"soft\">Training: the mean over the batches of an epoch, while the weights change. "
                  "%s: after the epoch, on %s.", p->validated ? "Validation" : "Evaluated",
               p->validated ? "data kept for it" : "the training data, as none are kept for validation");
      if (n > 1) rt_print(o, " Dotted: the best epoch, %lld, whose weights are kept.", (long long)best);
      rt_print(o, "</p><div class=\"curves\">");
      for (int32_t i = 0; i < m->nscores; i++) rt_curves(o, &s[i], 1, numbers, best, false);
      rt_print(o, "</div>");
      epochs(o, p);
    }
    rt_print(o, "</section>\n");
  }
  free(s);
  free(numbers);
  return !t->code;
}

/* --- scores ---------------------------------------------------------------------------------------- */
static void scores(Text *o, const Page *p) {
  const json_t *test = json_object_get(p->config, "test"), *samples = json_object_get(p->config, "samples");
  if (!test && !p->best) return;
  rt_print(o, "<section id=\"scores\"><h2>Scores</h2><p class=\"soft\">");
  if (p->best) rt_print(o, "Of epoch %lld, the best; its weights are kept.", (long long)rt_count_at(p->best, "epoch"));
  else rt_print(o, "Of the last weights; no epoch has ended.");
  rt_print(o, "</p>");
  rt_open_heads(o, "Scores", "", "score");
  const struct { const char *name; const json_t *of; int64_t n; } columns[] = {
    { "training", json_object_get(p->best, "train"), rt_count_at(samples, "train") },
    { second(p), json_object_get(p->best, "valid"), rt_count_at(samples, p->validated ? "valid" : "train") },
    { "test", test, rt_count_at(samples, "test") } };
  for (int c = 0; c < 3; c++) {
    if (!columns[c].of) continue;
    rt_column_head(o, "num");
    rt_print(o, "%s<br>n = ", columns[c].name);
    commas(o, columns[c].n);
  }
  rt_open_rows(o);
  for (int32_t i = 0; i < p->module->nscores; i++) {
    rt_row_head(o, "");
    rt_escape(o, p->module->scores[i]);
    for (int c = 0; c < 3; c++) {
      if (!columns[c].of) continue;
      rt_cell(o, "num");
      score(o, rt_real_at(columns[c].of, p->module->scores[i]));
    }
    rt_end_row(o);
  }
  rt_close_table(o);
  rt_print(o, "</section>\n");
}

/* --- speed ------------------------------------------------------------------------------------------ */
static void fact(Text *o, const char *name) {
  rt_row_head(o, "");
  rt_escape(o, name);
  rt_cell(o, "");
}

static void speed(Text *o, const Page *p) {
  const gdl_kernel *step = rt_entry(p->module, GDL_STEP, 0);
  double rate = rt_real_at(p->config, "samples_per_second"), flop = 0, all = 0;
  double batch = rt_real_at(json_object_get(p->config, "settings"), "batch");
  size_t n = json_array_size(p->log);
  char text[32];
  for (int32_t i = 0; step && step->flops && i < step->nstages; i++) flop += step->flops[i];
  for (size_t e = 0; e < n; e++) all += seconds_of(p, e);
  if (!(rate > 0) && n == 0 && !json_object_get(p->config, "memory_mb")) return;
  rt_print(o, "<section id=\"speed\"><h2>Speed and memory</h2><table class=\"facts\"><tbody>\n");
  if (rate > 0) {
    fact(o, "training");
    commas(o, (int64_t)rate);
    rt_print(o, " samples/s, %.3g ms for a step of %.0f, %lld threads", 1e3 * batch / rate, batch,
             (long long)rt_count_at(p->config, "threads"));
    rt_end_row(o);
  }
  if (n) {
    double least = INFINITY, most = 0;
    for (size_t e = 0; e < n; e++) least = fmin(least, seconds_of(p, e)), most = fmax(most, seconds_of(p, e));
    fact(o, "time");
    rt_print(o, "%.3g s for %zu epoch%s", all, n, n == 1 ? "" : "s");
    if (n > 1) rt_print(o, "; %.3g to %.3g s each", least, most);
    rt_end_row(o);
  }
  if (flop > 0) {
    fact(o, "arithmetic");
    rt_print(o, "%s a sample in matrix products", rt_scaled(flop, "FLOP", text, sizeof text));
    if (rate > 0) rt_print(o, ", %s", rt_scaled(flop * rate, "FLOP/s", text, sizeof text));
    rt_end_row(o);
  }
  if (json_object_get(p->config, "memory_mb")) {
    fact(o, "memory");
    rt_print(o, "%lld MB resident at the peak, data and all", (long long)rt_count_at(p->config, "memory_mb"));
    rt_end_row(o);
  }
  if (json_object_get(p->config, "workspace_bytes")) {
    fact(o, "workspace of a step");
    rt_print(o, "%s at a batch of %.0f", rt_scaled(rt_real_at(p->config, "workspace_bytes"), "B", text, sizeof text),
        batch);
    rt_end_row(o);
  }
  rt_print(o, "</tbody></table></section>\n");
}

/* --- to repeat it ----------------------------------------------------------------------------------- */
static void settings(Text *o, const Page *p) {
  json_t *value;
  const char *name;
  rt_print(o, "<details><summary>Settings</summary><table class=\"facts\"><tbody>\n");
  json_object_foreach(json_object_get(p->config, "settings"), name, value) {
    fact(o, name);
    if (json_is_string(value)) rt_escape(o, json_string_value(value));
    else rt_print(o, "%.9g", rt_real_of(value));
    rt_end_row(o);
  }
  rt_print(o, "</tbody></table></details>");
}

static void repeat(Text *o, const Page *p) {
  const gdl_module *m = p->module;
  const json_t *samples = json_object_get(p->config, "samples");
  rt_print(o, "<section id=\"repeat\"><h2>To repeat it</h2><pre class=\"command\">");
  rt_escape(o, rt_text_at(p->config, "command"));
  rt_print(o, "</pre><p class=\"soft\">gives the same bits with the same program and data, with any number of "
              "threads.</p><table class=\"facts\"><tbody>\n");
  fact(o, "training");
  rt_escape(o, *rt_text_at(p->config, "state") ? rt_text_at(p->config, "state") : "of unknown end");
  rt_end_row(o);
  fact(o, "seed");
  rt_print(o, "%lld", (long long)rt_count_at(p->config, "seed"));
  rt_end_row(o);
  fact(o, "data");
  commas(o, rt_count_at(samples, "train"));
  rt_print(o, " samples to train, ");
  commas(o, rt_count_at(samples, "valid"));
  rt_print(o, " to validate, ");
  commas(o, rt_count_at(samples, "test"));
  rt_print(o, " to test");
  rt_end_row(o);
  fact(o, "program");
  rt_print(o, "hash <code>%016llx</code>, ", (unsigned long long)m->hash);
  rt_escape(o, m->compiler ? m->compiler : "");
  rt_print(o, ", for ");
  rt_escape(o, m->target ? m->target : "");
  rt_print(o, ", %s", rt_real(m) == GDL_F64 ? "f64" : "f32");
  rt_end_row(o);
  rt_print(o, "</tbody></table>");
  settings(o, p);
  if (m->source) {
    rt_print(o, "<details><summary>Source</summary><pre>");
    rt_escape(o, m->source);
    rt_print(o, "</pre></details>");
  }
  rt_print(o, "</section>\n");
}

/* --- the page ---------------------------------------------------------------------------------------- */
static char *read_audit(const char *folder) {
  Trouble none = { 0 };
  char *path = rt_text(&none, "%s/audit.txt", folder);
  uint8_t *at = NULL;
  size_t n = 0;
  if (path && access(path, F_OK) == 0) rt_read_file(path, 1u << 24, &at, &n, &none);
  free(path);
  return (char *)at;
}

static void open_page(Page *p, const char *folder) {
  const gdl_module *m = p->module;
  json_t *all = json_loads(m->certificate ? m->certificate : "", JSON_DECODE_ANY, NULL), *one;
  size_t i;
  p->config = rt_read_json(folder, "config.json", false);
  p->log = rt_read_json(folder, "metrics.jsonl", true);
  p->pictures = rt_read_json(folder, "pictures.json", false);
  p->audit = read_audit(folder);
  p->validated = rt_count_at(json_object_get(p->config, "samples"), "valid") > 0;
  json_array_foreach(json_object_get(all, "models"), i, one)
    if (strcmp(rt_text_at(one, "name"), m->name) == 0) p->proof = json_incref(one);
  json_array_foreach(p->log, i, one)
    if (rt_count_at(one, "epoch") == rt_count_at(p->config, "best_epoch")) p->best = one;
  json_decref(all);
}

static void close_page(Page *p) {
  json_decref(p->config);
  json_decref(p->log);
  json_decref(p->proof);
  json_decref(p->pictures);
  free(p->audit);
}

static bool sections(Text *o, Text *picture, const Page *p, Trouble *t) {
  certificate(o, p);
  if (!curves(o, picture, p, t)) return false;
  scores(o, p);
  rt_write_confusion(o, p->module, p->config);
  rt_write_mistakes(o, p->module, json_object_get(p->pictures, "mistakes"));
  rt_write_filters(o, json_object_get(p->pictures, "filters"));
  rt_write_audit(o, p->audit, rt_text_at(p->config, "check"));
  speed(o, p);
  repeat(o, p);
  return !t->code;
}

bool rt_report_write(const gdl_module *m, const char *folder, Trouble *t) {
  Page p = { .module = m };
  Text o = { .trouble = t }, body = { .trouble = t }, picture = { .trouble = t };
  open_page(&p, folder);
  bool ok = sections(&body, &picture, &p, t);
  rt_print(&o, "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
               "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n<title>");
  rt_escape(&o, m->name);
  rt_print(&o, ": report of a training</title>\n<style>");
  for (int i = 0; rt_report_style[i]; i++) rt_print(&o, "%s", rt_report_style[i]);
  rt_print(&o, "%s</style></head>\n<body><header><h1>", rt_curves_style);
  rt_escape(&o, m->name);
  rt_print(&o, "</h1>");
  verdict_sentences(&o, &p);
  links(&o, &body);
  rt_print(&o, "</header>\n<main>");
  cards(&o, &p);
  if (ok) rt_print(&o, "%s", body.at);
  rt_print(&o, "</main></body></html>\n");
  ok = ok && !t->code && rt_write_text(folder, "report.html", &o, t);
  ok = ok && rt_write_text(folder, "curves.svg", &picture, t);
  free(o.at);
  free(body.at);
  free(picture.at);
  close_page(&p);
  return ok;
}
