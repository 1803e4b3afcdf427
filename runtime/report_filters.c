/* report_filters.c: the filters of the first convolution, measured: what does it answer to one bright pixel?
 *
 * The value y of the first `conv`, traced in f64, is linear in its input plus what it says to nothing:
 *
 *     y(q) - y0(q) = K(p - s q)         input 1 at the pixel p alone; s: stride
 *
 * so pixels over one block of s x s (over more, where receivers are few) give K at every offset. Before it is
 * believed, the answer to -1 must be the negative one, and that to a pixel s further on the same, one receiver
 * on; a value that is no convolution of the input is left out. Nothing is assumed of bases or padding.
 *
 * The group: K(g d) = rho(g) K(d) for the components of a copy, so the first filter of a copy, turned by g, is row 0
 * of rho(g^-1) times its filters. On a grid that g takes to itself, that is also compared with the picture of the
 * first filter, turned. */
#include "report.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { STRIDE_MOST = 4, RADIUS = 16, SIDE = 2 * RADIUS + 1, ASKED_MOST = 128, ROWS_MOST = 8, ELEMENTS_SHOWN = 16 };
static const double same_most = 1e-9, flop_most = 6e9;
static const size_t memory_most = 512u << 20;

typedef struct Probing {
  Run *run;
  const gdl_kernel *trace;
  Call call;
  int in, value;                    /* arguments: the picture, what the convolution makes of it      */
  int32_t n[2], m[2], stride[2];    /* pixels and receivers along each axis                          */
  int64_t channels, numbers;        /* of a pixel, of a receiver                                     */
  double *nothing, *first, *other;  /* answers, [receiver][number]                                   */
  double most;
  double *kernel;                   /* [SIDE][SIDE][channel][number]: offset p - s q from the centre's */
  int32_t centre[2];                /* twice the offset at the centre                                */
  int32_t low[2], high[2];          /* where the kernel is not zero                                  */
  bool beyond;                      /* ... it is, further out                                        */
} Probing;

/* --- answers ------------------------------------------------------------------------------------- */
static bool grid_of(const gdl_module *m, const gdl_arg *arg, int32_t *n) {
  const gdl_action *x = arg->rows >= 0 ? &m->actions[arg->rows] : NULL;
  Layout l = rt_layout(arg);
  if (!x || x->dim != 2 || l.nrows != 1 || arg->dtype == GDL_I32 ||
      (int64_t)x->shape[0] * x->shape[1] != l.rows) return false;
  n[0] = x->shape[0], n[1] = x->shape[1];
  return true;
}

static const char *find(Probing *x) {
  const gdl_module *m = x->run->module;
  const gdl_kernel *k = x->trace;
  for (int i = rt_find_role(k, GDL_VALUE, 0); i >= 0 && x->value < 0; i = rt_find_role(k, GDL_VALUE, i + 1))
    if (k->args[i].word && strcmp(k->args[i].word, "conv") == 0) x->value = i;
  if (x->value < 0) return "the model has no convolution";
  if (!grid_of(m, &k->args[x->value], x->m)) return "its first convolution is not on rows and columns";
  for (int i = rt_find_role(k, GDL_IN, 0); i >= 0 && x->in < 0; i = rt_find_role(k, GDL_IN, i + 1))
    if (grid_of(m, &k->args[i], x->n)) x->in = i;
  if (x->in < 0) return "no input is a picture";
  x->channels = rt_layout(&k->args[x->in]).numbers;
  x->numbers = rt_layout(&k->args[x->value]).numbers;
  bool moved = false;
  for (int16_t j = 0; j < k->args[x->in].nterms; j++) moved |= k->args[x->in].terms[j].action >= 0;
  if (moved || (x->channels != 1 && x->channels != 3)) return "the input is no picture of one or three scalars";
  if (x->n[0] < 2 || x->n[1] < 2 || x->m[0] < 3 || x->m[1] < 3) return "its first convolution has too few receivers "
      "to be measured";
  return NULL;
}

/* Arguments are zero but for the weights; sets have one row. */
static bool open_call(Probing *x, Trouble *t) {
  const gdl_kernel *k = x->trace;
  const State *s = &x->run->state;
  if (!rt_call_open(&x->call, k, rt_host_lend(x->run->host), x->run->device, t)) return false;
  for (int32_t i = 0; i < k->nsizes; i++) x->call.sizes[i] = 1;
  for (int i = 0; i < k->nargs; i++) {
    int dtype = k->args[i].dtype == GDL_I32 ? GDL_I32 : k->dtype;
    int64_t n = rt_arg_count(&k->args[i], x->call.sizes);
    if (!(x->call.args[i] = rt_alloc((size_t)n, rt_width(dtype), t))) return false;
    if (k->args[i].role == GDL_PARAM) rt_convert(rt_state_eval(s), s->real, x->call.args[i], dtype, n);
  }
  size_t n = (size_t)x->m[0] * (size_t)x->m[1] * (size_t)x->numbers;
  x->nothing = rt_alloc(n, sizeof(double), t);
  x->first = rt_alloc(n, sizeof(double), t);
  x->other = rt_alloc(n, sizeof(double), t);
  x->kernel = rt_alloc((size_t)SIDE * SIDE * (size_t)x->channels * (size_t)x->numbers, sizeof(double), t);
  return x->nothing && x->first && x->other && x->kernel;
}

/* What the value is when one number of the input is `light`, less what it is without. */
static bool ask(Probing *x, int64_t row, int64_t column, int64_t channel, double light, double *answer, Trouble *t) {
  int64_t at = (row * x->n[1] + column) * x->channels + channel, n = (int64_t)x->m[0] * x->m[1] * x->numbers;
  rt_put(x->call.args[x->in], x->trace->dtype, at, light);
  bool ok = rt_call_run(&x->call, t);
  rt_put(x->call.args[x->in], x->trace->dtype, at, 0);
  for (int64_t i = 0; ok && i < n; i++)
    answer[i] = rt_get(x->call.args[x->value], x->trace->dtype, i) - (answer == x->nothing ? 0 : x->nothing[i]);
  return ok;
}

/* Is `other` what `first` is, one receiver further along an axis? */
static bool one_on(const Probing *x, int axis) {
  double worst = 0;
  for (int64_t q = 0; q < x->m[0] - (axis == 0); q++)
    for (int64_t r = 0; r < x->m[1] - (axis == 1); r++)
      for (int64_t k = 0; k < x->numbers; k++) {
        double a = x->first[(q * x->m[1] + r) * x->numbers + k];
        worst = fmax(worst, fabs(a - x->other[((q + (axis == 0)) * x->m[1] + r + (axis == 1)) * x->numbers + k]));
      }
  return worst <= same_most * x->most;
}

/* NULL: it is a convolution of the input, with these strides. */
static const char *find_strides(Probing *x, Trouble *t) {
  int64_t p = x->n[0] / 2, q = x->n[1] / 2, n = (int64_t)x->m[0] * x->m[1] * x->numbers;
  double odd = 0;
  if (!ask(x, p, q, 0, 0, x->nothing, t) || !ask(x, p, q, 0, 1, x->first, t) || !ask(x, p, q, 0, -1, x->other,
      t)) return "";
  for (int64_t i = 0; i < n; i++) {
    x->most = fmax(x->most, fabs(x->first[i]));
    odd = fmax(odd, fabs(x->first[i] + x->other[i]));
  }
  if (!(x->most > 0) || !isfinite(x->most)) return "it does not answer to a single bright pixel";
  if (odd > same_most * x->most) return "it is not linear in the input";
  for (int axis = 0; axis < 2; axis++) {
    bool found = false;
    for (int32_t s = 1; s <= STRIDE_MOST && !found && (axis ? q : p) + s < x->n[axis]; s++) {
      if (!ask(x, p + (axis == 0 ? s : 0), q + (axis == 1 ? s : 0), 0, 1, x->other, t)) return "";
      found = one_on(x, axis);
      if (found) x->stride[axis] = s;
    }
    if (!found) return "it does not do the same at every pixel";
  }
  return NULL;
}

/* --- the kernel ---------------------------------------------------------------------------------- */
/* The rows (or columns) of pixels to be asked: a block of s in the middle; all blocks that m receivers leave apart. */
static int32_t pixels(const Probing *x, int axis, int32_t *at) {
  int32_t s = x->stride[axis], span = s * x->m[axis], n = 0;
  if (span + s > x->n[axis])                          /* receivers everywhere */
    for (int32_t i = 0; i < s; i++) at[n++] = (x->n[axis] - s) / 2 + i;
  else
    for (int32_t from = 0; from < x->n[axis]; from += span)
      for (int32_t i = from; i < from + s && i < x->n[axis] && n < ASKED_MOST; i++) at[n++] = i;
  return n;
}

static void take(Probing *x, const int32_t *p, int64_t channel) {
  for (int32_t q = 0; q < x->m[0]; q++)
    for (int32_t r = 0; r < x->m[1]; r++) {
      const double *from = x->other + (q * x->m[1] + r) * x->numbers;
      int32_t d[2] = { p[0] - x->stride[0] * q, p[1] - x->stride[1] * r }, to[2];
      bool some = false, inside = true;
      for (int64_t k = 0; k < x->numbers; k++) some |= fabs(from[k]) > same_most * x->most;
      for (int i = 0; i < 2; i++) {
        to[i] = d[i] - (x->centre[i] - (x->centre[i] & 1)) / 2 + RADIUS;      /* the centre's floor in the middle */
        inside &= to[i] >= 0 && to[i] < SIDE;
      }
      x->beyond |= some && !inside;
      if (!inside || !some) continue;
      memcpy(x->kernel + ((to[0] * SIDE + to[1]) * x->channels + channel) * x->numbers, from,
          sizeof *from * (size_t)x->numbers);
      for (int i = 0; i < 2; i++) {
        if (to[i] < x->low[i]) x->low[i] = to[i];
        if (to[i] > x->high[i]) x->high[i] = to[i];
      }
    }
}

static const char *measure(Probing *x, Trouble *t) {
  int32_t rows[ASKED_MOST], columns[ASKED_MOST];
  int32_t nrows = pixels(x, 0, rows), ncolumns = pixels(x, 1, columns);
  if ((int64_t)nrows * ncolumns * x->channels > ASKED_MOST) return "its window is too large to be measured";
  for (int i = 0; i < 2; i++) {
    x->centre[i] = x->n[i] - 1 - x->stride[i] * (x->m[i] - 1);
    x->low[i] = SIDE, x->high[i] = -1;
  }
  for (int64_t c = 0; c < x->channels; c++)
    for (int32_t i = 0; i < nrows * ncolumns; i++) {
      int32_t p[2] = { rows[i / ncolumns], columns[i % ncolumns] };
      if (!ask(x, p[0], p[1], c, 1, x->other, t)) return "";
      take(x, p, c);
    }
  return x->beyond ? "its window is larger than 33 pixels" : NULL;
}

/* --- turned -------------------------------------------------------------------------------------- */
/* The move that undoes element e. */
static void undo(Move *v, int32_t e) {
  const gdl_group *g = &v->module->groups[v->group];
  rt_move_identity(v);
  for (int32_t i = g->at[e + 1]; i-- > g->at[e];) rt_move_generator(v, g->word[i] < 0 ? -1 - g->word[i] : g->word[i],
      g->word[i] >= 0);
}

/* [height][width][channel] of the first filter of a copy under row 0 of `matrix`. */
static void filter(const Probing *x, const gdl_term *term, int64_t first, int32_t copy, const double *matrix,
    double *out) {
  for (int32_t i = x->low[0]; i <= x->high[0]; i++)
    for (int32_t j = x->low[1]; j <= x->high[1]; j++)
      for (int64_t c = 0; c < x->channels; c++) {
        const double *at = x->kernel + ((i * SIDE + j) * x->channels + c) * x->numbers + first + copy;
        double sum = matrix ? 0 : at[0];
        for (int32_t k = 0; matrix && k < term->dim; k++)
          if (matrix[k] != 0) sum += matrix[k] * at[(int64_t)k * term->copies];
        *out++ = sum;
      }
}

/* Largest difference between `turned` and the picture `plain` moved by the coordinates whose inverse is given; -1: not
 * to itself, or not from pixel to pixel. */
static double difference(const Probing *x, const double *inverse, const double *plain, const double *turned) {
  int32_t h = x->high[0] - x->low[0] + 1, w = x->high[1] - x->low[1] + 1;
  double worst = 0;
  for (int32_t i = 0; i < h; i++)
    for (int32_t j = 0; j < w; j++) {
      double y = i - (h - 1) / 2.0, z = j - (w - 1) / 2.0;
      double from[2] = { inverse[0] * y + inverse[1] * z + (h - 1) / 2.0,
          inverse[2] * y + inverse[3] * z + (w - 1) / 2.0 };
      long a = lround(from[0]), b = lround(from[1]);
      if (fabs(from[0] - (double)a) > 1e-9 || fabs(from[1] - (double)b) > 1e-9 || a < 0 || b < 0 || a >= h ||
          b >= w) return -1;
      for (int64_t c = 0; c < x->channels; c++)
        worst = fmax(worst, fabs(turned[(i * w + j) * x->channels + c] - plain[(a * w + b) * x->channels + c]));
    }
  return worst;
}

static json_t *numbers(const double *x, int64_t n) {
  json_t *o = json_array();
  for (int64_t i = 0; i < n; i++) json_array_append_new(o, rt_number(x[i]));
  return o;
}

/* One copy, under each element that is shown. */
static json_t *turns(const Probing *x, const gdl_term *term, int64_t first, int32_t copy, Move *move, int32_t elements,
                     double *worst, int32_t *compared, double *plain, double *turned) {
  const gdl_module *m = x->run->module;
  int64_t n = (int64_t)(x->high[0] - x->low[0] + 1) * (x->high[1] - x->low[1] + 1) * x->channels;
  json_t *row = json_array();
  int32_t rows = x->trace->args[x->in].rows, compares = 0;
  bool on_grid = move->matrix && (m->actions[rows].moves == GDL_GRID || m->actions[rows].moves == GDL_TORUS);
  for (int32_t e = 0; e < elements; e++) {
    if (move->matrix) undo(move, e);
    filter(x, term, first, copy, move->matrix && term->action >= 0 ? move->matrix[term->action] : NULL, e ? turned
        : plain);
    const double *inverse = on_grid && move->matrix && e ? move->matrix[rows] : NULL;
    double d = inverse ? difference(x, inverse, plain, turned) : -1;
    if (d >= 0) *worst = fmax(*worst, d), compares++;
    json_array_append_new(row, numbers(e ? turned : plain, n));
  }
  *compared = compares;
  return row;
}

static json_t *describe(const Probing *x, Trouble *t) {
  const gdl_module *m = x->run->module;
  const gdl_arg *arg = &x->trace->args[x->value];
  int32_t h = x->high[0] - x->low[0] + 1, w = x->high[1] - x->low[1] + 1, compared = 0;
  double worst = 0, *plain = rt_alloc((size_t)h * (size_t)w, (size_t)x->channels * sizeof(double), t);
  double *turned = rt_alloc((size_t)h * (size_t)w, (size_t)x->channels * sizeof(double), t);
  Move move = { 0 };
  const gdl_group *g = m->ngroups > 0 && m->groups[0].lie == 0 && m->groups[0].nelements > 1 ? &m->groups[0] : NULL;
  json_t *o = NULL, *rows = json_array(), *names = json_array();
  if (plain && turned && (!g || rt_move_open(&move, m, 0, 1, t))) {
    int32_t elements = !g ? 1 : g->nelements < ELEMENTS_SHOWN ? g->nelements : ELEMENTS_SHOWN, left = ROWS_MOST;
    for (int32_t e = 0; e < elements; e++) {
      char name[64] = "1";
      if (g) rt_move_name(m, 0, e, name, sizeof name);
      json_array_append_new(names, json_string(name));
    }
    int64_t first = 0;
    for (int16_t k = 0; k < arg->nterms; k++) {
      const gdl_term *term = &arg->terms[k];
      bool moved = g && term->action >= 0;
      int32_t share = left / (arg->nterms - k), shown = (moved ? share : 2 * share);
      if (shown < 1) shown = 1;
      if (shown > term->copies) shown = term->copies;
      for (int32_t c = 0; c < shown; c++) {
        json_t *one = json_pack("{s:s, s:i}", "kind", term->kind, "copy", c + 1);
        int32_t n = 0;
        json_object_set_new(one, "turns", turns(x, term, first, c, &move, moved ? elements : 1, &worst, &n, plain,
            turned));
        if (n > compared) compared = n;
        json_array_append_new(rows, one);
      }
      left -= moved ? shown : (shown + 1) / 2;
      if (left < 1) left = 1;
      first += (int64_t)term->dim * term->copies;
    }
    o = json_pack("{s:s, s:s, s:s, s:s, s:i, s:i, s:i, s:[i,i]}", "value", arg->name, "source", rt_place(arg->source),
        "type", arg->rep ? arg->rep : "", "input",
                  x->trace->args[x->in].name, "height", h, "width", w, "channels", (int)x->channels, "stride",
                      x->stride[0], x->stride[1]);
    if (g) json_object_set_new(o, "group", json_string(g->name));
    json_object_set(o, "elements", names);
    json_object_set_new(o, "of", json_integer(g ? g->nelements : 1));
    if (compared) json_object_set_new(o, "difference", rt_number(worst / x->most));
    if (compared) json_object_set_new(o, "compared", json_integer(compared));
    json_object_set(o, "filters", rows);
  }
  rt_move_close(&move);
  free(plain);
  free(turned);
  json_decref(rows);
  json_decref(names);
  return o;
}

/* Tracing keeps every value of a sample, slowly: is that small beside a step, and over in a minute or so? */
static const char *afford(const Probing *x) {
  const gdl_kernel *step = rt_entry(x->run->module, GDL_STEP, 0);
  int64_t one[SIZES_MOST], batch[SIZES_MOST], b = (int64_t)rt_setting(&x->run->settings, "batch");
  double flop = 0;
  for (int i = 0; i < SIZES_MOST; i++) one[i] = 1, batch[i] = b;
  size_t need = x->trace->workspace ? x->trace->workspace(one) : 0, have = step && step->workspace
      ? step->workspace(batch) : 0;
  for (int32_t i = 0; x->trace->flops && i < x->trace->nstages; i++) flop += x->trace->flops[i];
  if (need > have && need > memory_most) return "tracing a sample takes more memory than a step of the training";
  return flop > flop_most ? "tracing a sample takes too long" : NULL;
}

/* What cannot be measured is no failure of the training: it is said instead. */
json_t *rt_filters(Run *r) {
  Trouble t = { 0 };
  Probing x = { .run = r, .trace = rt_entry(r->module, GDL_TRACE, GDL_F64), .in = -1, .value = -1 };
  const char *why = x.trace ? find(&x) : "the program was compiled with --no-audit";
  if (!why) why = afford(&x);
  if (!why && !open_call(&x, &t)) why = "";
  if (!why) why = find_strides(&x, &t);
  if (!why) why = measure(&x, &t);
  json_t *o = why ? NULL : describe(&x, &t);
  if (!o) {
    o = json_pack("{s:s}", "none", t.code || !why ? t.text : why);
    if (x.value >= 0) json_object_set_new(o, "value", json_sprintf("%s (%s)", x.trace->args[x.value].name,
        rt_place(x.trace->args[x.value].source)));
  }
  for (int i = 0; x.call.args && i < x.trace->nargs; i++) free(x.call.args[i]);
  rt_call_close(&x.call);
  free(x.nothing);
  free(x.first);
  free(x.other);
  free(x.kernel);
  return o;
}

/* --- the section --------------------------------------------------------------------------------- */
static int32_t count_of(const json_t *o, const char *key) { return (int32_t)rt_count_at(o, key); }

static double largest(const json_t *turns) {
  double most = 0;
  for (size_t e = 0; e < json_array_size(turns); e++)
    for (size_t i = 0; i < json_array_size(json_array_get(turns, e)); i++)
      most = fmax(most, fabs(rt_real_of(json_array_get(json_array_get(turns, e), i))));
  return most;
}

static void image(Text *o, const json_t *f, const json_t *filter, const char *kind, int32_t copy, const char *element,
    double most) {
  int32_t h = count_of(f, "height"), w = count_of(f, "width"), c = count_of(f, "channels"), side = h > w ? h : w;
  int32_t times = side > 28 ? 2 : (56 + side - 1) / side;
  double *x = rt_alloc((size_t)h * (size_t)w, (size_t)c * sizeof *x, o->trouble);
  Text png = { .trouble = o->trouble };
  char alt[160];
  for (int32_t i = 0; x && i < h * w * c; i++) x[i] = rt_real_of(json_array_get(filter, (size_t)i));
  snprintf(alt, sizeof alt, "filter of %s %d%s%s", kind, copy, *element ? ", turned by " : "", element);
  if (x && rt_paint_signed(x, h, w, c, most, &png)) rt_png_image(o, png.at, alt, h * times, w * times);
  free(png.at);
  free(x);
}

static void turned(Text *o, const json_t *f, const json_t *row) {
  const json_t *turns = json_object_get(row, "turns"), *names = json_object_get(f, "elements");
  double most = largest(turns);
  rt_row_head(o, "");
  rt_escape(o, rt_text_at(row, "kind"));
  rt_print(o, " %d", count_of(row, "copy"));
  for (size_t e = 0; e < json_array_size(turns); e++) {
    rt_cell(o, "");
    image(o, f, json_array_get(turns, e), rt_text_at(row, "kind"), count_of(row, "copy"),
        json_string_value(json_array_get(names, e)), most);
  }
  rt_cell(o, "num");
  rt_print(o, "%.3g", most);
  rt_end_row(o);
}

static void explain(Text *o, const json_t *f) {
  rt_print(o, "<p class=\"soft\">What <code>");
  rt_escape(o, rt_text_at(f, "value"));
  rt_print(o, "</code> (");
  rt_escape(o, rt_text_at(f, "source"));
  rt_print(o, ", ");
  rt_escape(o, rt_text_at(f, "type"));
  rt_print(o, ") answers to single bright pixels of <code>");
  rt_escape(o, rt_text_at(f, "input"));
  rt_print(o, "</code>, measured on the compiled program in f64: filters of %d × %d pixels. ", count_of(f, "height"),
      count_of(f, "width"));
  if (count_of(f, "channels") == 1) rt_print(o, "<span class=\"scale\" role=\"img\" aria-label=\"scale of "
      "colours\"></span> from blue, negative, to orange, positive, up to the largest number of the row.</p>");
  else rt_print(o, "Red, green and blue are the three channels; grey is 0.</p>");
}

void rt_write_filters(Text *o, const json_t *f) {
  const json_t *rows = json_object_get(f, "filters"), *names = json_object_get(f, "elements"), *row;
  const char *none = json_string_value(json_object_get(f, "none"));
  size_t i, moved = 0;
  rt_print(o, "<section id=\"filters\"><h2>Filters of the first layer</h2>");
  if (!f || none) {
    rt_print(o, "<p class=\"soft\">Left out: ");
    if (*rt_text_at(f, "value")) {
      rt_print(o, "of <code>");
      rt_escape(o, rt_text_at(f, "value"));
      rt_print(o, "</code>, ");
    }
    rt_escape(o, none ? none : "the training has not ended");
    rt_print(o, ".</p></section>\n");
    return;
  }
  explain(o, f);
  json_array_foreach(rows, i, row) moved += json_array_size(json_object_get(row, "turns")) > 1;
  if (moved) {
    rt_print(o, "<p>One set of weights, as each element of ");
    rt_escape(o, rt_text_at(f, "group"));
    rt_print(o, " turns it");
    if ((int32_t)json_array_size(names) < count_of(f, "of")) rt_print(o, " (%zu of %d elements)",
        json_array_size(names), count_of(f, "of"));
    rt_print(o, ".");
    double worst = rt_real_at(f, "difference");
    char up_to[64] = "to the last bit";
    if (worst > 0) snprintf(up_to, sizeof up_to, "up to %.1e of the largest number", worst);
    if (worst >= 0 && count_of(f, "compared") + 1 == (int32_t)json_array_size(names)) rt_print(o,
        " Each is the first one, turned, %s.", up_to);
    else if (worst >= 0) rt_print(o, " For the %d that take pixels to pixels it is the first one, turned, %s.",
        count_of(f, "compared"), up_to);
    rt_print(o, "</p>");
    rt_open_heads(o, "Turned filters", "filters", "copy");
    for (i = 0; i < json_array_size(names); i++) {
      rt_column_head(o, "");
      rt_escape(o, json_string_value(json_array_get(names, i)));
    }
    rt_heads(o, ">largest");
    rt_open_rows(o);
    json_array_foreach(rows, i, row)
      if (json_array_size(json_object_get(row, "turns")) > 1) turned(o, f, row);
    rt_close_table(o);
  }
  if (moved < json_array_size(rows)) {
    rt_print(o, "<ul class=\"strip\">");
    json_array_foreach(rows, i, row) {
      const json_t *turns = json_object_get(row, "turns");
      if (json_array_size(turns) > 1) continue;
      rt_print(o, "<li>");
      image(o, f, json_array_get(turns, 0), rt_text_at(row, "kind"), count_of(row, "copy"), "", largest(turns));
      rt_print(o, "<br><span class=\"soft small\">");
      rt_escape(o, rt_text_at(row, "kind"));
      rt_print(o, " %d</span></li>\n", count_of(row, "copy"));
    }
    rt_print(o, "</ul>");
  }
  rt_print(o, "</section>\n");
}
