/* bind.c: an array of a file meets an argument of the module.
 *
 * Accepted for an argument of R rows with C numbers each, in files of N samples:
 *     [N, R..., C]   rows as one axis or as those of the grid; C may be left out when it is 1
 *     [N, C, R...]   numbers first, when that is not the form above
 *     [N, C]         no domain
 * and the same without N when the column is shared. Rows of a set may be any number. Labels are whole
 * numbers 0 ... n - 1, or entries of the label's list; flags are 0 and 1. */
#include "samples.h"
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct Want { int64_t shape[2], rows, numbers; int32_t naxes; bool open; } Want;

/* Do dims[0 .. n) spell the rows? One axis of all rows, the axes of the grid, or any two that multiply to them. */
static bool spells_rows(const Want *w, const int64_t *dim, uint32_t n, int64_t *rows) {
  int64_t product = 1;
  for (uint32_t i = 0; i < n; i++) product *= dim[i];
  *rows = product;
  if (w->open) return n == 1;
  if (product != w->rows) return false;
  if (n == 0 || n == 1) return true;
  if (n == 2 && w->naxes == 2) return dim[0] == w->shape[0] && dim[1] == w->shape[1];
  return n == 2 && w->naxes == 0;
}

static bool fit(Column *c, const Want *w, const int64_t *dim, uint32_t n) {
  int64_t rows = 0;
  if ((w->numbers == 1 && spells_rows(w, dim, n, &rows)) || (n > 0 && dim[n - 1] == w->numbers &&
      spells_rows(w, dim, n - 1, &rows))) {
    c->row = w->numbers;
    c->number = 1;
  } else if (n > 0 && dim[0] == w->numbers && spells_rows(w, dim + 1, n - 1, &rows)) {
    c->row = 1;
    c->number = rows;
  } else return false;
  c->rows = rows;
  c->numbers = w->numbers;
  c->sample = rows * w->numbers;
  return true;
}

static void describe(const Want *w, char *out, size_t n) {
  size_t k = (size_t)snprintf(out, n, "N");
  if (w->open) k += (size_t)snprintf(out + k, n - k, " x rows");
  else if (w->naxes == 2)
    k += (size_t)snprintf(out + k, n - k, " x %lld x %lld", (long long)w->shape[0], (long long)w->shape[1]);
  else if (w->rows > 1) k += (size_t)snprintf(out + k, n - k, " x %lld", (long long)w->rows);
  if (w->numbers > 1) snprintf(out + k, n - k, " x %lld", (long long)w->numbers);
}

static bool find_text(const gdl_arg *arg, const char *word, int32_t *label) {
  for (int32_t i = 0; i < arg->nlabels; i++)
    if (strcmp(arg->label_texts[i], word) == 0) {
      *label = i;
      return true;
    }
  return false;
}

static bool find_label(const gdl_arg *arg, const Array *a, int64_t i, int32_t *label, char *word, size_t n) {
  if (arg->label_texts) {
    if (a->kind != ARRAY_BYTES && a->kind != ARRAY_UCS4) {
      snprintf(word, n, "%g", rt_array_number(a, i));
      return false;
    }
    rt_array_word(a, i, word, n);
    return find_text(arg, word, label);
  }
  int64_t x = 0;
  if (a->kind == ARRAY_BYTES || a->kind == ARRAY_UCS4) {
    rt_array_word(a, i, word, n);
    return false;
  }
  snprintf(word, n, "%.17g", rt_array_number(a, i));
  if (!rt_array_integer(a, i, &x)) return false;
  *label = (int32_t)x;
  if (!arg->labels) return x >= 0 && x < (arg->nlabels ? arg->nlabels : 2);
  for (int32_t k = 0; k < arg->nlabels; k++)
    if (arg->labels[k] == x) {
      *label = k;
      return true;
    }
  return false;
}

static bool map_labels(Column *c, Trouble *t) {
  const Array *a = &c->array;
  c->label = rt_alloc((size_t)a->count, sizeof *c->label, t);
  if (!c->label) return false;
  char word[80];
  for (int64_t i = 0; i < a->count; i++) {
    if (find_label(c->arg, a, i, &c->label[i], word, sizeof word)) continue;
    char range[200];
    if (!c->arg->nlabels) snprintf(range, sizeof range, "0 or 1");
    else if (!c->arg->labels && !c->arg->label_texts)
      snprintf(range, sizeof range, "a whole number from 0 to %d", c->arg->nlabels - 1);
    else {
      size_t k = (size_t)snprintf(range, sizeof range, "one of");
      for (int32_t j = 0; j < c->arg->nlabels && k < sizeof range; j++)
        k += c->arg->labels ? (size_t)snprintf(range + k, sizeof range - k, " %lld", (long long)c->arg->labels[j])
                            : (size_t)snprintf(range + k, sizeof range - k, " %s", c->arg->label_texts[j]);
    }
    char place[160];
    rt_array_place(a, i, !c->shared, place, sizeof place);
    return rt_fail(t, EXIT_REFUSED, "%s: %s is %s, but `%s` (%s) must be %s", a->name, place, word, c->arg->name,
        rt_place(c->arg->source), range);
  }
  rt_array_free(&c->array);
  return true;
}

static bool bind(Samples *s, Column *c, const gdl_module *m, const gdl_kernel *k, bool shared, Trouble *t) {
  const gdl_arg *arg = c->arg;
  const Array *a = &c->array;
  Layout l = rt_layout(arg);
  Want w = { .rows = l.rows, .numbers = l.numbers, .open = l.symbol >= 0 };
  const gdl_action *grid = arg->rows >= 0 && m->ngroups > 0 ? &m->actions[arg->rows] : NULL;
  if (grid && grid->dim == 2 && (int64_t)grid->shape[0] * grid->shape[1] == l.rows) {
    w.naxes = 2;
    w.shape[0] = grid->shape[0];
    w.shape[1] = grid->shape[1];
  }
  c->nrows = l.nrows;
  c->shared = shared;
  c->symbol = l.symbol >= 0 ? k->size_names[l.symbol] : NULL;
  bool label = arg->dtype == GDL_I32, text = a->kind == ARRAY_BYTES || a->kind == ARRAY_UCS4;
  char have[160], want[160];
  rt_array_shape(a, have, sizeof have);
  describe(&w, want, sizeof want);
  const char *place = rt_place(arg->source);
  if (text && !label)
    return rt_fail(t, EXIT_REFUSED, "%s: holds texts, but `%s` (%s) is of numbers", a->name, arg->name, place);
  uint32_t skip = shared ? 0 : 1;
  if (!shared && a->rank == 0)
    return rt_fail(t, EXIT_REFUSED, "%s: is one number, but `%s` (%s) needs %s, N samples", a->name, arg->name, place,
        want);
  if (!fit(c, &w, a->dim + skip, a->rank - skip))
    return rt_fail(t, EXIT_REFUSED, "%s: is %s, but `%s` (%s) needs %s", a->name, have, arg->name, place,
        shared ? want + 1 : want);
  if (!shared) {
    int64_t n = a->dim[0];
    for (int32_t i = 0; i < s->ncolumns; i++)
      if (s->n != n && s->column[i].arg && !s->column[i].shared)
        return rt_fail(t, EXIT_REFUSED, "%s: has %lld samples, but `%s` has %lld", a->name, (long long)n,
            s->column[i].arg->name, (long long)s->n);
    if (n == 0) return rt_fail(t, EXIT_REFUSED, "%s: has no samples", a->name);
    if (n > UINT32_MAX / 2) return rt_fail(t, EXIT_REFUSED, "%s: has too many samples", a->name);
    s->n = n;
  } else c->sample = 0;
  for (int32_t i = 0; c->symbol && i < s->ncolumns; i++)
    if (s->column[i].symbol && strcmp(s->column[i].symbol, c->symbol) == 0 && s->column[i].rows != c->rows)
      return rt_fail(t, EXIT_REFUSED, "%s: has %lld rows a sample, but `%s`, which lives on the same set, has %lld",
                     a->name, (long long)c->rows, s->column[i].arg ? s->column[i].arg->name : "another",
                     (long long)s->column[i].rows);
  c->factor = 1;
  if (label) return map_labels(c, t);
  if (a->kind == ARRAY_U8) c->factor = 1.0 / 255;
  double most = k->dtype == GDL_F32 ? FLT_MAX : DBL_MAX;
  for (int64_t i = 0; (a->kind == ARRAY_F32 || a->kind == ARRAY_F64) && i < a->count; i++) {
    double x = rt_array_number(a, i);
    if (fabs(x) <= most) continue;
    rt_array_place(a, i, !shared, want, sizeof want);
    if (!isfinite(x))
      return rt_fail(t, EXIT_REFUSED, "%s: %s is %s; `%s` (%s) must be finite", a->name, want,
          isnan(x) ? "not a number" : "infinite", arg->name, place);
    return rt_fail(t, EXIT_REFUSED, "%s: %s is %g, more than f32 can hold; scale `%s` (%s)", a->name, want, x,
        arg->name, place);
  }
  return true;
}

bool rt_bind(Samples *s, const gdl_module *m, const gdl_kernel *k, const gdl_arg *arg, Array *array, bool shared,
    Trouble *t) {
  if (s->ncolumns == COLUMNS_MOST) {
    rt_array_free(array);
    return rt_fail(t, EXIT_MEMORY, "more than %d arguments are bound", COLUMNS_MOST);
  }
  Column *c = &s->column[s->ncolumns];
  *c = (Column){ .arg = arg, .array = *array };
  *array = (Array){ 0 };
  if (bind(s, c, m, k, shared, t)) {
    s->ncolumns++;
    return true;
  }
  rt_array_free(&c->array);
  free(c->label);
  *c = (Column){ 0 };
  return false;
}

/* `atoms_sample`: for each row of all samples of a set, the sample that it belongs to. */
bool rt_bind_indexes(Samples *s, const gdl_module *m, Trouble *t) {
  for (int32_t e = 0; e < m->nkernels; e++) {
    const gdl_kernel *k = &m->kernels[e];
    for (int i = rt_find_role(k, GDL_INDEX, 0); i >= 0; i = rt_find_role(k, GDL_INDEX, i + 1)) {
      const gdl_arg *arg = &k->args[i];
      bool there = false;
      for (int32_t c = 0; c < s->ncolumns; c++) there |= strcmp(s->column[c].arg->name, arg->name) == 0;
      if (there) continue;
      Layout l = rt_layout(arg);
      size_t n = strlen(arg->name);
      if (l.symbol < 0 || n < 8 || strcmp(arg->name + n - 7, "_sample") != 0)
        return rt_fail(t, EXIT_REFUSED,
            "`%s` of %s is a list of edges; this runtime makes none from data files: call the library instead",
            arg->name, k->name);
      int64_t rows = -1;
      for (int32_t c = 0; c < s->ncolumns; c++)
        if (s->column[c].symbol && strcmp(s->column[c].symbol, k->size_names[l.symbol]) == 0) rows = s->column[c].rows;
      if (rows < 0) return rt_fail(t, EXIT_REFUSED, "no column says how many rows `%s` has", k->size_names[l.symbol]);
      if (s->ncolumns == COLUMNS_MOST) return rt_fail(t, EXIT_MEMORY, "more than %d arguments are bound", COLUMNS_MOST);
      s->column[s->ncolumns++] = (Column){ .arg = arg, .symbol = k->size_names[l.symbol], .rows = rows, .numbers = 1,
          .nrows = 1 };
    }
  }
  return true;
}

void rt_samples_free(Samples *s) {
  for (int32_t i = 0; i < s->ncolumns; i++) {
    rt_array_free(&s->column[i].array);
    free(s->column[i].label);
  }
  *s = (Samples){ 0 };
}

int64_t rt_rows_most(const Samples *s) {
  int64_t most = 1;
  for (int32_t i = 0; i < s->ncolumns; i++)
    if (s->column[i].rows > most) most = s->column[i].rows;
  return most;
}
