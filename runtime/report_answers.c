/* report_answers.c: which label was taken for which, and the worst answers, as sections of the page.
 *
 * A matrix of a few labels is a table of numbers; of many it is a picture, a pixel a cell, beside the confusions that
 * occur most. Shares are of the row: what became of the samples with this label. */
#include "report.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { TABLE_MOST = 20, PAIRS_SHOWN = 20, HARDEST_SHOWN = 10 };

static const char *part_name(const char *part) {
  return !part ? "" : strcmp(part, "valid") == 0 ? "validation" : strcmp(part, "data") == 0 ? "training" : part;
}

static const char *label_name(const gdl_arg *target, int64_t i, char *buffer, size_t n) {
  if (target && target->label_texts && i >= 0 && i < target->nlabels) return target->label_texts[i];
  snprintf(buffer, n, "%lld", target && target->labels && i >= 0 && i < target->nlabels
      ? (long long)target->labels[i] : (long long)i);
  return buffer;
}

static void name(Text *o, const gdl_arg *target, int64_t i) {
  char buffer[32];
  rt_escape(o, label_name(target, i, buffer, sizeof buffer));
}

/* --- confusion ----------------------------------------------------------------------------------- */
typedef struct Matrix { size_t n; int64_t *count, *row, *column, all, right; } Matrix;

static bool open_matrix(Matrix *x, const json_t *rows, Trouble *t) {
  x->n = json_array_size(rows);
  x->count = rt_alloc(x->n * x->n, sizeof *x->count, t);
  x->row = rt_alloc(x->n, sizeof *x->row, t);
  x->column = rt_alloc(x->n, sizeof *x->column, t);
  for (size_t i = 0; x->count && x->row && x->column && i < x->n; i++)
    for (size_t k = 0; k < x->n; k++) {
      int64_t c = json_integer_value(json_array_get(json_array_get(rows, i), k));
      x->count[i * x->n + k] = c;
      x->row[i] += c, x->column[k] += c, x->all += c;
      if (i == k) x->right += c;
    }
  return x->count && x->row && x->column;
}

static double share(int64_t part, int64_t all) { return all > 0 ? (double)part / (double)all : 0; }

static void percent(Text *o, int64_t part, int64_t all) {
  if (all > 0) rt_print(o, "%.1f%%", 100 * share(part, all));
  else rt_print(o, "–");
}

/* The end of a row: how many samples, and the part of them that is right. */
static void sum(Text *o, int64_t all, int64_t right) {
  char buffer[32];
  rt_cell(o, "edge");
  rt_print(o, "%s", rt_commas(all, buffer, sizeof buffer));
  rt_cell(o, "");
  percent(o, right, all);
  rt_end_row(o);
}

static void table(Text *o, const Matrix *x, const gdl_arg *target) {
  rt_open_heads(o, "Confusion matrix", "heat", "true \\ said");
  for (size_t k = 0; k < x->n; k++) {
    rt_column_head(o, "");
    name(o, target, (int64_t)k);
  }
  rt_column_head(o, "edge");
  rt_print(o, "samples");
  rt_heads(o, "found");
  rt_open_rows(o);
  for (size_t i = 0; i < x->n; i++) {
    rt_row_head(o, "");
    name(o, target, (int64_t)i);
    for (size_t k = 0; k < x->n; k++) {
      int64_t c = x->count[i * x->n + k];
      char heat[20];
      snprintf(heat, sizeof heat, "--h:%.2f", sqrt(share(c, x->row[i])));
      rt_styled_cell(o, !c ? "none" : i == k ? "hit" : "miss", c ? heat : "");
      rt_print(o, "%lld", (long long)c);
    }
    sum(o, x->row[i], x->count[i * x->n + i]);
  }
  rt_print(o, "</tbody><tfoot>");
  rt_row_head(o, "");
  rt_print(o, "right of said");
  for (size_t k = 0; k < x->n; k++) {
    rt_cell(o, "");
    percent(o, x->count[k * x->n + k], x->column[k]);
  }
  sum(o, x->all, x->right);
  rt_print(o, "</tfoot></table></div>");
}

/* A pixel a cell: hits blue, misses orange, as opaque as their share. */
static void picture(Text *o, const Matrix *x) {
  double *heat = rt_alloc(x->n * x->n, sizeof *heat, o->trouble);
  Text png = { .trouble = o->trouble };
  for (size_t i = 0; heat && i < x->n * x->n; i++)
    heat[i] = (i / x->n == i % x->n ? -1 : 1) * sqrt(share(x->count[i], x->row[i / x->n]));
  int32_t n = (int32_t)x->n, side = n < 100 ? 4 * n : n < 200 ? 3 * n : 2 * n;
  if (heat && rt_paint_signed(heat, n, n, 1, 1, &png)) {
    rt_print(o, "<figure class=\"matrix\">");
    rt_png_image(o, png.at, "Confusion matrix: true labels downwards, what was said to the right", side, side);
    rt_print(o, "<figcaption class=\"soft\">Rows from top to bottom: the %d true labels in their order. "
                "Columns: what was said. Blue: right, orange: wrong.</figcaption></figure>", n);
  }
  free(png.at);
  free(heat);
}

/* The end of a row: a number of samples, and a part of all. */
static void counted(Text *o, int64_t n, int64_t part, int64_t all) {
  rt_cell(o, "num");
  rt_print(o, "%lld", (long long)n);
  rt_cell(o, "num");
  percent(o, part, all);
  rt_end_row(o);
}

static void most(Text *o, const Matrix *x, const gdl_arg *target) {
  rt_print(o, "<div><table><caption>Taken for another most often</caption><thead>");
  rt_heads(o, "true|said|>samples|>of the true");
  rt_open_rows(o);
  int64_t last = INT64_MAX;
  size_t after = 0;
  for (int shown = 0; shown < PAIRS_SHOWN; shown++) {           /* the next in order of (count, place) */
    size_t best = x->n * x->n;
    for (size_t i = 0; i < x->n * x->n; i++) {
      bool later = x->count[i] < last || (x->count[i] == last && i > after);
      bool miss = i / x->n != i % x->n && x->count[i] > 0;
      if (miss && later && (best == x->n * x->n || x->count[i] > x->count[best])) best = i;
    }
    if (best == x->n * x->n) break;
    last = x->count[best], after = best;
    rt_cell(o, "");
    name(o, target, (int64_t)(best / x->n));
    rt_cell(o, "");
    name(o, target, (int64_t)(best % x->n));
    counted(o, x->count[best], x->count[best], x->row[best / x->n]);
  }
  rt_close_table(o);
  rt_print(o, "<div><table><caption>Found least often</caption><thead>");
  rt_heads(o, "label|>samples|>found");
  rt_open_rows(o);
  double least = -1;
  after = 0;
  for (int shown = 0; shown < HARDEST_SHOWN; shown++) {
    size_t best = x->n;
    for (size_t i = 0; i < x->n; i++) {
      double s = share(x->count[i * x->n + i], x->row[i]);
      bool later = s > least || (s == least && i > after);
      bool less = best == x->n || s < share(x->count[best * x->n + best], x->row[best]);
      if (x->row[i] > 0 && later && less) best = i;
    }
    if (best == x->n) break;
    least = share(x->count[best * x->n + best], x->row[best]), after = best;
    rt_cell(o, "");
    name(o, target, (int64_t)best);
    counted(o, x->row[best], x->count[best * x->n + best], x->row[best]);
  }
  rt_close_table(o);
}

void rt_write_confusion(Text *o, const gdl_module *m, const json_t *config) {
  const gdl_arg *target = rt_labelled(m);
  const json_t *rows = json_object_get(config, "confusion"), *answers = json_object_get(config, "answers");
  char buffer[32];
  Matrix x = { 0 };
  if (!answers || (!rows && !target)) return;
  rt_print(o, "<section id=\"confusion\"><h2>Which label was taken for which</h2>");
  if (!rows)
    rt_print(o, "<p class=\"soft\">Left out: %d labels are more than the %d that are counted against each other.</p>",
             target->nlabels, LABELS_MOST);
  else if (open_matrix(&x, rows, o->trouble)) {
    rt_print(o, "<p class=\"soft\">%s samples of the %s data, by the weights that are kept. Rows are true labels, "
                "columns what the model said; colour is the square root of the share of the row.</p>",
             rt_commas(x.all, buffer, sizeof buffer), part_name(json_string_value(json_object_get(answers, "part"))));
    if (x.n <= TABLE_MOST) table(o, &x, target);
    else {
      rt_print(o, "<div class=\"beside\">");
      picture(o, &x);
      most(o, &x, target);
      rt_print(o, "</div>");
    }
  }
  rt_print(o, "</section>\n");
  free(x.count);
  free(x.row);
  free(x.column);
}

/* --- mistakes ------------------------------------------------------------------------------------ */
static void number(Text *o, const json_t *x) {
  if (json_is_number(x)) rt_print(o, "%.4g", json_number_value(x));
  else rt_print(o, "not finite");
}

static void vector(Text *o, const json_t *x, int64_t whole) {
  for (size_t i = 0; i < json_array_size(x); i++) {
    rt_print(o, i ? ", " : "");
    number(o, json_array_get(x, i));
  }
  if ((int64_t)json_array_size(x) < whole) rt_print(o, ", …");
}

/* of: "truth" or "said"; share: its probability */
static void answer(Text *o, const gdl_arg *target, const json_t *w, bool labels, const char *of, const char *share) {
  const json_t *x = json_object_get(w, of);
  double p = rt_real_at(w, share);
  rt_print(o, "<span class=\"%s\">", of);
  if (labels) name(o, target, json_integer_value(x));
  else vector(o, x, target ? rt_layout(target).numbers : 0);
  rt_print(o, "</span>");
  int digits = p < 0.001 ? 3 : p < 0.01 ? 2 : p < 0.1 || p > 0.99 ? 1 : 0;
  if (labels && isfinite(p)) rt_print(o, " <span class=\"soft\">%.*f%%</span>", digits, 100 * p);
}
static void truth(Text *o, const gdl_arg *target, const json_t *w, bool labels) {
  answer(o, target, w, labels, "truth", "share_truth");
}
static void said(Text *o, const gdl_arg *target, const json_t *w, bool labels) {
  answer(o, target, w, labels, "said", "share_said");
}

static void pictures(Text *o, const gdl_arg *target, const json_t *mistakes, bool labels) {
  const json_t *about = json_object_get(mistakes, "picture"), *worst = json_object_get(mistakes, "worst");
  int32_t h = (int32_t)rt_count_at(about, "height"), w = (int32_t)rt_count_at(about, "width"), large = h > w ? h : w;
  int32_t times = large >= 84 ? 1 : (84 + large - 1) / large;
  rt_print(o, "<ol class=\"pictures\">\n");
  for (size_t i = 0; i < json_array_size(worst); i++) {
    const json_t *one = json_array_get(worst, i);
    const char *png = json_string_value(json_object_get(one, "png"));
    char alt[64];
    snprintf(alt, sizeof alt, "sample %lld", (long long)rt_count_at(one, "sample"));
    rt_print(o, "<li>");
    if (png) rt_png_image(o, png, alt, h * times, w * times);
    rt_print(o, "<p>");
    truth(o, target, one, labels);
    rt_print(o, "<br>");
    said(o, target, one, labels);
    rt_print(o, "<br><span class=\"soft small\">no. %lld</span></p></li>\n", (long long)rt_count_at(one, "sample"));
  }
  rt_print(o, "</ol>");
}

static void rows(Text *o, const gdl_arg *target, const json_t *worst, bool labels) {
  rt_open_table(o, "Worst answers", labels ? ">sample|true|said|>loss" : ">sample|true|said|>squared distance");
  for (size_t i = 0; i < json_array_size(worst); i++) {
    const json_t *one = json_array_get(worst, i);
    rt_row_head(o, "num");
    rt_print(o, "%lld", (long long)rt_count_at(one, "sample"));
    rt_cell(o, "");
    truth(o, target, one, labels);
    rt_cell(o, "");
    said(o, target, one, labels);
    rt_cell(o, "num");
    number(o, json_object_get(one, "loss"));
    rt_end_row(o);
  }
  rt_close_table(o);
}

void rt_write_mistakes(Text *o, const gdl_module *m, const json_t *x) {
  const json_t *worst = json_object_get(x, "worst"), *about = json_object_get(x, "picture");
  const char *none = json_string_value(json_object_get(x, "none"));
  const char *part = part_name(json_string_value(json_object_get(x, "part")));
  const char *output = json_string_value(json_object_get(x, "output"));
  bool labels = json_is_true(json_object_get(x, "labels"));
  const gdl_kernel *k = rt_data_entry(m);
  const char *asked = json_string_value(json_object_get(x, "target"));
  int at = k && asked ? rt_find_arg(k, asked) : -1;
  const gdl_arg *target = at >= 0 ? &k->args[at] : NULL;
  char wrong[32], samples[32];
  rt_commas(rt_count_at(x, "wrong"), wrong, sizeof wrong);
  rt_commas(rt_count_at(x, "samples"), samples, sizeof samples);
  rt_print(o, "<section id=\"mistakes\"><h2>The worst %s</h2>", labels || !x ? "mistakes" : "answers");
  if (!x || none) {
    rt_print(o, "<p class=\"soft\">Left out: ");
    rt_escape(o, none ? none : "the training has not ended");
    rt_print(o, ".</p></section>\n");
    return;
  }
  if (labels && json_array_size(worst) == 0) {
    rt_print(o, "<p class=\"soft\">None: all %s samples of the %s data are answered rightly.</p></section>\n",
        samples, part);
    return;
  }
  rt_print(o, "<p class=\"soft\">");
  if (labels)
    rt_print(o, "%s of %s samples of the %s data are wrong; these are the %zu that gave least probability (softmax of "
                "<code>%s</code>) to the truth.", wrong, samples, part, json_array_size(worst), output ? output : "");
  else
    rt_print(o, "The %zu of %s samples of the %s data where <code>%s</code> is furthest from its target.",
             json_array_size(worst), samples, part, output ? output : "");
  rt_print(o, " Above: the truth; below: <span class=\"said\">what was said</span>%s; no.: the sample's number, from "
      "0.",
           labels ? ", each with its probability" : "");
  if (about) {
    double low = rt_real_at(about, "low"), high = rt_real_at(about, "high");
    long long block = rt_count_at(about, "block");
    const char *input = json_string_value(json_object_get(about, "input"));
    rt_print(o, " The picture is <code>%s</code>, black %.3g, white %.3g", input ? input : "", low, high);
    if (block > 1) rt_print(o, ", %lld × %lld pixels averaged", block, block);
    rt_print(o, ".</p>");
    pictures(o, target, x, labels);
  } else {
    rt_print(o, " No input is a picture.</p>");
    rows(o, target, worst, labels);
  }
  rt_print(o, "</section>\n");
}
