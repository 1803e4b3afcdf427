/* expand_linear.c: weights on bases of intertwiners: linear, conv, conv_transpose, tensor, couple; and windows.
 *
 * A block of weights w [k][i][o] on the basis table T [W][h][g][k] is expanded to a filter F [W][h][i][g][o] first:
 * it reads weights only, so it is computed once a call, and what remains is one dense contract per pair of terms.
 *
 *     y[b,Y,g,o] = sum over W h i of x[b, stride Y + dilation W - pad, h, i] F[W,h,i,g,o]      (conv)
 *     conv_transpose is the adjoint of the conv of the same settings: fold in place of view.
 *
 * Terms of the result are sums over the terms of x; the bias lies on Hom(1, out). */
#include "graph/expand.h"

/* weight[i * nout + j] and weight[nin * nout + j] of program.h */
static const Weight *block(const Value *v, uint32_t i, uint32_t j) { return v->weight[i * v->type.rep->n + j]; }
static const Weight *bias(const Value *v, uint32_t j) {
  uint32_t at = v->arg[0]->type.rep->n * v->type.rep->n + j;
  return at < v->nweights ? v->weight[at] : NULL;
}

/* "Wh" i "g" o with the letters that exist; copies out are p within a group when there are groups. */
static Val filter(Lower *l, const Weight *w, uint16_t window) {
  Val weight = lower_weight(l, w);
  bool h = w->in->action != ACTION_FIXED, g = w->out->action != ACTION_FIXED;
  if (!window && !h && !g) return graph_contract(l->g, "kio->io", &weight, 1);
  Val t = table_basis(l, w->basis, window, w->in, w->out, "Hom");
  char text[LETTERS];
  snprintf(text, sizeof text, "%s%s%sk,kio->%s%si%so", window ? "W" : "", h ? "h" : "", g ? "g" : "",
           window ? "W" : "", h ? "h" : "", g ? "g" : "");
  return graph_contract(l->g, text, (Val[]){ t, weight }, 2);
}

/* x . F over everything they share, the window included when x has one. */
static Val apply(Lower *l, Val x, Val f, const Weight *w, bool window_in, bool window_out) {
  bool h = w->in->action != ACTION_FIXED, g = w->out->action != ACTION_FIXED, groups = w->ngroups > 1;
  if (groups) {
    /* copies in: [G][i]; out copies of the filter: [G][p] */
    Shape s = l->g->node.at[x].shape;
    x = graph_view(l->g, x, &(View){ .sort = VIEW_SPLIT, .axis = (uint8_t)(s.rank - 1), .n = (int64_t)w->dim[1] });
    s = l->g->node.at[f].shape;
    f = graph_view(l->g, f, &(View){ .sort = VIEW_SPLIT, .axis = (uint8_t)(s.rank - 1),
        .n = s.axis[s.rank - 1].n / (int64_t)w->ngroups });
  }
  char text[LETTERS] = "", rows[LETTERS] = "";
  letters(l->g, x, 0, 0, rows);
  if (window_in) rows[strlen(rows) - 1] = 0;
  snprintf(text, sizeof text, "%s%s%s%si,%s%si%s%s->%s%s%s%s", rows, window_in ? "W" : "", h ? "h" : "",
      groups ? "q" : "",
           window_in || window_out ? "W" : "", h ? "h" : "", g ? "g" : "", groups ? "qp" : "o",
           rows, window_out ? "W" : "", g ? "g" : "", groups ? "qp" : "o");
  Val y = graph_contract(l->g, text, (Val[]){ x, f }, 2);
  if (groups) {
    const Shape *s = &l->g->node.at[y].shape;
    y = graph_view(l->g, y, &(View){ .sort = VIEW_MERGE, .axis = (uint8_t)(s->rank - 2) });
  }
  return y;
}

/* The bias of a term: [g][o], or [o] for scalars. */
static Val bias_value(Lower *l, const Weight *w) {
  Val weight = lower_weight(l, w);
  if (w->out->action == ACTION_FIXED) return graph_contract(l->g, "ko->o", &weight, 1);
  Val t = table_basis(l, w->basis, 0, kind_scalar(l->program->reps), w->out, "Hom");
  return graph_contract(l->g, "gk,ko->go", (Val[]){ t, weight }, 2);
}

/* The terms of a result without any map into them are zero. */
static Val zero_term(Lower *l, const Value *v, uint32_t j) {
  const Term *t = &v->type.rep->term[j];
  Shape s = { .number = NUMBER_REAL };
  uint16_t frame = graph_frame(l->g, t->kind);
  if (frame) s.axis[s.rank++] = axis_rep(l->g, frame, false);
  s.axis[s.rank++] = axis_mul((Size)t->copies);
  return lower_full(l, graph_constant(l->g, &s, 0), v->type.on, true);
}

static Val finish(Lower *l, const Value *v, uint32_t j, Val sum) {
  if (!sum) sum = zero_term(l, v, j);
  const Weight *b = bias(v, j);
  return b ? map_all(l, "x0 + x1", (Val[]){ sum, bias_value(l, b) }, 2) : sum;
}

static Val plus(Lower *l, Val a, Val b) { return a && b ? map_all(l, "x0 + x1", (Val[]){ a, b }, 2) : a ? a : b; }

void expand_linear(Lower *l, const Value *v, Val *out) {
  const Terms *x = lower_arg(l, 0);
  for (uint32_t j = 0; j < v->type.rep->n; j++) {
    Val sum = 0;
    for (uint32_t i = 0; i < x->n; i++) {
      const Weight *w = block(v, i, j);
      if (w) sum = plus(l, sum, apply(l, x->at[i], filter(l, w, 0), w, false, false));
    }
    out[j] = finish(l, v, j, sum);
  }
}

/* The ROW axis of a value on `s` behind the sample, 0 when nothing depends on the sample. */
static uint8_t row_axis(const Lower *l, Val x) { return has_sample(l->g, x) ? 1 : 0; }

/* Which element of the source a window of `size` begins at: -pad, or on a torus centred (LANGUAGE 8). */
static View window_view(Lower *l, Val x, const Value *v, const Space *to, uint32_t size, uint16_t window) {
  const Space *from = to == v->type.on ? v->arg[0]->type.on : v->type.on;
  bool wraps = from->sort == SPACE_TORUS || from->sort == SPACE_CYCLE;
  int32_t dilation = v->dilation ? v->dilation : 1;
  int32_t before = wraps ? ((int32_t)size - 1) / 2 * dilation : v->pad;
  View w = { .sort = VIEW_WINDOW, .axis = row_axis(l, x), .dom = lower_dom(l, to), .win = window };
  for (int d = 0; d < 2; d++) {
    w.d[d].row = v->stride; w.d[d].win = dilation; w.d[d].add = -before; w.d[d].div = 1;
  }
  return w;
}

/* One pair of terms: x read through the window; or, for the adjoint, what every x writes into it, folded together. */
static Val conv_term(Lower *l, Val x, const Value *v, const Weight *w, uint16_t window) {
  View view = window_view(l, x, v, v->type.on, (uint32_t)v->kernel, window);
  return apply(l, graph_view(l->g, x, &view), filter(l, w, window), w, true, false);
}

static Val transpose_term(Lower *l, Val x, const Value *v, const Weight *w, uint16_t window) {
  Val spread = apply(l, x, filter(l, w, window), w, false, true);                /* b X W g o */
  View view = window_view(l, x, v, v->arg[0]->type.on, (uint32_t)v->kernel, window);
  Shape of = l->g->node.at[spread].shape;                                        /* b Y g o: X W become Y */
  of.axis[view.axis] = axis_row(l->g, lower_dom(l, v->type.on));
  memmove(&of.axis[view.axis + 1], &of.axis[view.axis + 2], (size_t)(of.rank - view.axis - 2) * sizeof *of.axis);
  of.rank--;
  return graph_fold(l->g, spread, &view, &of);
}

static void conv_terms(Lower *l, const Value *v, Val *out, Val (*term)(Lower *, Val, const Value *, const Weight *,
    uint16_t)) {
  const Terms *x = lower_arg(l, 0);
  uint16_t window = window_dom(l, v->type.on, (uint32_t)v->kernel);
  for (uint32_t j = 0; j < v->type.rep->n; j++) {
    Val sum = 0;
    for (uint32_t i = 0; i < x->n; i++)
      if (block(v, i, j)) sum = plus(l, sum, term(l, x->at[i], v, block(v, i, j), window));
    out[j] = finish(l, v, j, sum);
  }
}
void expand_conv(Lower *l, const Value *v, Val *out) { conv_terms(l, v, out, conv_term); }
void expand_conv_transpose(Lower *l, const Value *v, Val *out) { conv_terms(l, v, out, transpose_term); }

/* --- windows without weights ----------------------------------------------------------------------- */
static Val pool_window(Lower *l, Val x, const Value *v, double fill) {
  uint16_t window = window_dom(l, v->type.on, (uint32_t)v->kernel);
  View view = window_view(l, x, v, v->type.on, (uint32_t)v->kernel, window);
  view.fill = fill;
  return graph_view(l->g, x, &view);
}

static Val without_window(Lower *l, Val p) {
  bool rep = has_rep(l->g, p);
  char text[LETTERS] = "", rows[LETTERS] = "";
  letters(l->g, p, 'g', 'i', text);
  letters(l->g, p, 0, 0, rows);
  rows[strlen(rows) - 1] = 0;
  snprintf(text + strlen(text), sizeof text - strlen(text), "->%s%si", rows, rep ? "g" : "");
  return graph_contract(l->g, text, &p, 1);
}

void expand_max_pool(Lower *l, const Value *v, Val *out) {
  const Terms *x = lower_arg(l, 0);
  for (uint32_t t = 0; t < x->n; t++) {
    Val p = pool_window(l, x->at[t], v, -__builtin_inf());
    out[t] = graph_rmax(l->g, p, (uint16_t)(1u << (row_axis(l, p) + 1)), -__builtin_inf());
  }
}

/* Padding is not counted: each sum is divided by how many elements its window really holds. */
void expand_mean_pool(Lower *l, const Value *v, Val *out) {
  const Terms *x = lower_arg(l, 0);
  const Space *from = v->arg[0]->type.on;
  bool wraps = from->sort == SPACE_TORUS || from->sort == SPACE_CYCLE;
  for (uint32_t t = 0; t < x->n; t++) {
    Val sum = without_window(l, pool_window(l, x->at[t], v, 0));
    double size = from->ndim > 1 ? (double)v->kernel * v->kernel : v->kernel;
    if (!v->pad || wraps) {
      ExprId e = expr_op(&l->g->expr, EXPR_MUL, expr_arg(&l->g->expr, 0), expr_const(&l->g->expr, 1 / size), 0);
      out[t] = graph_map_same(l->g, e, &sum, 1);
      continue;
    }
    Shape ones = { .number = NUMBER_REAL, .rank = 2, .axis = { axis_row(l->g, lower_dom(l, from)), axis_mul(1) } };
    Val count = squeeze(l, without_window(l, pool_window(l, graph_constant(l->g, &ones, 1), v, 0)));
    out[t] = map_all(l, "x0 / x1", (Val[]){ sum, count }, 2);
  }
}

/* Nearest: every element is written to the `by` places of its window, the adjoint of reading them.
 * Smooth: linear interpolation between centres of elements, the border repeated (a table of rows). */
void expand_upsample(Lower *l, const Value *v, Val *out) {
  const Terms *x = lower_arg(l, 0);
  const Space *from = v->arg[0]->type.on, *to = v->type.on;
  uint32_t by = (uint32_t)v->stride;
  bool wraps = from->sort == SPACE_TORUS || from->sort == SPACE_CYCLE;
  if (!v->smooth) {
    uint16_t window = window_dom(l, to, by);
    for (uint32_t t = 0; t < x->n; t++) {
      Shape ones = { .number = NUMBER_REAL, .rank = 1, .axis = { axis_row(l->g, window) } };
      Named both[] = { { x->at[t], 'g', 'i' }, { graph_constant(l->g, &ones, 1), 0, 0 } };
      bool rep = has_rep(l->g, x->at[t]);
      Val spread = contract_named(l, both, 2, rep ? "gi" : "i");
      View view = { .sort = VIEW_WINDOW, .axis = row_axis(l, x->at[t]), .dom = lower_dom(l, from), .win = window };
      int32_t before = wraps ? ((int32_t)by - 1) / 2 : 0;
      for (int d = 0; d < 2; d++) {
        view.d[d].row = (int32_t)by; view.d[d].win = 1; view.d[d].add = -before; view.d[d].div = 1;
      }
      Shape of = l->g->node.at[x->at[t]].shape;
      of.axis[view.axis] = axis_row(l->g, lower_dom(l, to));
      out[t] = graph_fold(l->g, spread, &view, &of);
    }
    return;
  }
  uint32_t ndim = from->ndim, taps = ndim > 1 ? 4 : 2, n = 0;
  Nz *nz = arena_array(l->arena, Nz, to->count * taps);
  for (uint32_t r = 0; r < to->count; r++) {
    uint32_t at[2] = { ndim > 1 ? r / to->shape[1] : r, ndim > 1 ? r % to->shape[1] : 0 }, low[2] = { 0, 0 },
        high[2] = { 0, 0 };
    double part[2] = { 0, 0 };
    for (uint32_t d = 0; d < ndim; d++) {
      /* the centre of element k of the result lies at (k + 1/2) / by - 1/2 of the source; on a torus element 0 of both
       * meet */
      double place = wraps ? (double)at[d] / by : (at[d] + 0.5) / by - 0.5;
      double floor_ = __builtin_floor(place);
      part[d] = place - floor_;
      int64_t size = from->shape[d], a = (int64_t)floor_, b = a + 1;
      low[d] = (uint32_t)(wraps ? (a + size) % size : a < 0 ? 0 : a);
      high[d] = (uint32_t)(wraps ? b % size : b >= size ? size - 1 : b);
    }
    for (uint32_t c = 0; c < taps; c++) {
      uint32_t i = c & 1 ? high[0] : low[0], j = c & 2 ? high[1] : low[1];
      double weight = (c & 1 ? part[0] : 1 - part[0]) * (ndim > 1 ? c & 2 ? part[1] : 1 - part[1] : 1);
      if (weight == 0) continue;
      uint32_t column = ndim > 1 ? i * from->shape[1] + j : i, e = n;
      /* the border meets itself */
      for (uint32_t k = n; k-- > 0 && nz[k].i[0] == r;) if (nz[k].i[1] == column) e = k;
      if (e == n) nz[n++] = (Nz){ { (uint16_t)r, (uint16_t)column }, 0 };
      nz[e].v += weight;
    }
  }
  Val table = table_rows(l, lower_dom(l, to), lower_dom(l, from), nz, n,
                         str_format(l->arena, "interpolate(%.*s, %.*s)", STR(from->name), STR(to->name)));
  for (uint32_t t = 0; t < x->n; t++) {
    bool rep = has_rep(l->g, x->at[t]), sample = has_sample(l->g, x->at[t]);
    char text[LETTERS];
    snprintf(text, sizeof text, "YX,%sX%si->%sY%si", sample ? "b" : "", rep ? "g" : "", sample ? "b" : "",
        rep ? "g" : "");
    out[t] = graph_contract(l->g, text, (Val[]){ table, x->at[t] }, 2);
  }
}

/* --- products of two representations ------------------------------------------------------------------ */
/* tensor: every pair of copies, mixed by weights [k][i * j][o] (in copies: the pairs, x slow). couple: copy by copy,
 * one copy of the result for each element of the basis. */
static Val product_term(Lower *l, Val x, Val y, const Kind *kx, const Kind *ky, const Kind *out, char yi) {
  Why why = { .arena = l->arena };
  const Basis *b = hom_pairs(l->program->reps, kx, ky, out, &why);
  if (!b || !b->n) return 0;
  bool h = kx->action != ACTION_FIXED, e = ky->action != ACTION_FIXED, g = out->action != ACTION_FIXED;
  char text[LETTERS] = "", rows[LETTERS] = "";
  letters_rows(l->g, (Val[]){ x, y }, 2, rows);
  letters(l->g, x, 'h', 'i', text);
  strcat(text, ",");
  letters(l->g, y, 'e', yi, text);
  char pairs[3] = { 'i', yi == 'i' ? 0 : yi, 0 };
  snprintf(text + strlen(text), sizeof text - strlen(text), ",%s%s%sk->%s%sk%s", h ? "h" : "", e ? "e" : "",
      g ? "g" : "",
           rows, g ? "g" : "", pairs);
  Val t = table_pairs(l, b, kx, ky, out);
  return graph_contract(l->g, text, (Val[]){ x, y, t }, 3);
}

void expand_couple(Lower *l, const Value *v, Val *out) {
  const Terms *x = lower_arg(l, 0), *y = lower_arg(l, 1);
  const Rep *rx = v->arg[0]->type.rep, *ry = v->arg[1]->type.rep;
  for (uint32_t j = 0; j < v->type.rep->n; j++) {
    Val parts[ARGS_MOST];
    uint32_t n = 0;
    for (uint32_t a = 0; a < rx->n; a++)
      for (uint32_t b = 0; b < ry->n; b++) {
        Val left = x->at[a], right = y->at[b];
        if (ry->term[b].copies == 1) right = squeeze(l, right);
        else if (rx->term[a].copies == 1) left = squeeze(l, left);
        Val p = product_term(l, left, right, rx->term[a].kind, ry->term[b].kind, v->type.rep->term[j].kind, 'i');
        if (!p) continue;
        parts[n++] = graph_view(l->g, p, &(View){ .sort = VIEW_MERGE, .axis = (uint8_t)(l->g->node.at[p].shape.rank
            - 2) });
      }
    out[j] = n == 1 ? parts[0] : graph_join(l->g, parts, n, (uint8_t)(l->g->node.at[parts[0]].shape.rank - 1));
  }
}

/* weights: block of the pair (a, b) of terms and output term j at (a * ny + b) * nout + j, [k][i * j][o]. */
void expand_tensor(Lower *l, const Value *v, Val *out) {
  const Terms *x = lower_arg(l, 0), *y = lower_arg(l, 1);
  const Rep *rx = v->arg[0]->type.rep, *ry = v->arg[1]->type.rep;
  uint32_t nout = v->type.rep->n;
  for (uint32_t j = 0; j < nout; j++) {
    Val sum = 0;
    for (uint32_t a = 0; a < rx->n; a++)
      for (uint32_t b = 0; b < ry->n; b++) {
        const Weight *w = v->weight[(a * ry->n + b) * nout + j];
        if (!w) continue;
        Val p = product_term(l, x->at[a], y->at[b], rx->term[a].kind, ry->term[b].kind, v->type.rep->term[j].kind, 'j');
        bool g = has_rep(l->g, p);                                   /* rows g k i j -> rows g k p */
        p = graph_view(l->g, p, &(View){ .sort = VIEW_MERGE, .axis = (uint8_t)(l->g->node.at[p].shape.rank - 2) });
        char text[LETTERS] = "", rows[LETTERS] = "";
        letters_rows(l->g, &p, 1, rows);
        snprintf(text, sizeof text, "%s%skp,kpo->%s%so", rows, g ? "g" : "", rows, g ? "g" : "");
        sum = plus(l, sum, graph_contract(l->g, text, (Val[]){ p, lower_weight(l, w) }, 2));
      }
    out[j] = sum ? sum : zero_term(l, v, j);
  }
}
