/* expand_norm.c: batch_norm, layer_norm, dropout. The only words that read the mode.
 *
 * A norm treats each copy by itself (batch) or each kind by itself (layer). Of a kind that holds the trivial
 * representation the mean of that part is subtracted; then all components are divided by the root of their mean
 * square, which is invariant, multiplied by a scale and shifted along the trivial part. For a kind that permutes
 * its components, such as regular, the trivial part is taken along (1, ..., 1): one mean and one variance a copy.
 * Weights of a term: scale, shift, and for batch_norm mean, variance; shift and mean only where there is a trivial
 * part (program.h). A kind that does not permute and yet holds scalars (a product of one's own) is normalised
 * without a mean: any choice is equivariant, since the norm is invariant. */
#include "graph/expand.h"

typedef struct NormWeights { const Weight *scale, *shift, *mean, *variance; } NormWeights;

/* Weights are found by role and kind, in the order of the terms. */
static NormWeights weights_of(const Value *v, const Kind *kind) {
  NormWeights n = { 0 };
  for (uint32_t i = 0; i < v->nweights; i++) {
    const Weight *w = v->weight[i];
    if (!w || w->out != kind) continue;
    switch (w->role) {
    case WEIGHT_SCALE: n.scale = w; break;
    case WEIGHT_SHIFT: n.shift = w; break;
    case WEIGHT_MEAN: n.mean = w; break;
    case WEIGHT_VARIANCE: n.variance = w; break;
    default: bug("a norm has no weight %d", (int)w->role);
    }
  }
  return n;
}

static void update(Lower *l, const Weight *w, Val value) {
  uint32_t i = 0;
  while (l->model->weight.at[i] != w) i++;
  vec_push(l->arena, &l->update, (Update){ i, value });
}

/* "select"-free affine expressions with a literal: c0 * x0 + c1 * x1. */
static Val blend(Lower *l, double c0, Val x0, double c1, Val x1) {
  return map_all(l, str_format(l->arena, "%.17g * x0 + %.17g * x1", c0, c1).at, (Val[]){ x0, x1 }, 2);
}

/* What both norms end with: d over the root of its mean square, scaled and shifted. */
static Val normed(Lower *l, const NormWeights *w, Val d, Val square) {
  Val x[4] = { d, map_all(l, "rsqrt(x0 + 1e-05)", &square, 1) };
  x[2] = lower_weight(l, w->scale);
  if (!w->shift) return map_all(l, "x0 * x1 * x2", x, 3);
  x[3] = lower_weight(l, w->shift);
  return map_all(l, "x0 * x1 * x2 + x3", x, 4);
}

void expand_batch_norm(Lower *l, const Value *v, Val *out) {
  const Terms *x = lower_arg(l, 0);
  for (uint32_t t = 0; t < x->n; t++) {
    const Kind *kind = v->type.rep->term[t].kind;
    NormWeights w = weights_of(v, kind);
    bool rep = has_rep(l->g, x->at[t]), centred = w.mean != NULL;
    Val y = lower_full(l, x->at[t], v->type.on, true), mean = 0, square, d = y;
    if (l->training) {
      /* how many numbers a copy has in the batch: size of the rows times components */
      Val ones = lower_ones(l, y);
      char rows[LETTERS] = "", text[LETTERS];
      letters(l->g, ones, 0, 0, rows);
      snprintf(text, sizeof text, "%s->", rows);
      Val n = graph_contract(l->g, text, &ones, 1);
      n = map_all(l, str_format(l->arena, "x0 * %u", kind->dim).at, &n, 1);
      if (centred) {
        snprintf(text, sizeof text, "%s%so->o", rows, rep ? "g" : "");
        Val sum = graph_contract(l->g, text, &y, 1);
        mean = map_all(l, "x0 / x1", (Val[]){ sum, n }, 2);
        d = map_all(l, "x0 - x1", (Val[]){ y, mean }, 2);
        update(l, w.mean, blend(l, 1 - v->x, lower_weight(l, w.mean), v->x, mean));
      }
      snprintf(text, sizeof text, "%s%so,%s%so->o", rows, rep ? "g" : "", rows, rep ? "g" : "");
      Val sum = graph_contract(l->g, text, (Val[]){ d, d }, 2);
      square = map_all(l, "x0 / x1", (Val[]){ sum, n }, 2);
      /* the stored variance is the unbiased one; of a single number it is 0 over 1 */
      Val unbiased = map_all(l, "x0 / max(x1 - 1, 1)", (Val[]){ sum, n }, 2);
      update(l, w.variance, blend(l, 1 - v->x, lower_weight(l, w.variance), v->x, unbiased));
    } else {
      if (centred) d = map_all(l, "x0 - x1", (Val[]){ y, lower_weight(l, w.mean) }, 2);
      square = lower_weight(l, w.variance);
    }
    out[t] = normed(l, &w, d, square);
  }
}

void expand_layer_norm(Lower *l, const Value *v, Val *out) {
  const Terms *x = lower_arg(l, 0);
  for (uint32_t t = 0; t < x->n; t++) {
    const Term *term = &v->type.rep->term[t];
    NormWeights w = weights_of(v, term->kind);
    Val y = lower_full(l, x->at[t], v->type.on, true), d = y;
    const char *gi = has_rep(l->g, y) ? "gi" : "i";
    char rows[LETTERS] = "", text[LETTERS];
    letters(l->g, y, 0, 0, rows);
    Str over = str_format(l->arena, "x0 * %.17g", 1 / ((double)term->copies * term->kind->dim));
    if (w.shift) {
      snprintf(text, sizeof text, "%s%s->%s", rows, gi, rows);
      Val mean = graph_contract(l->g, text, &y, 1);
      mean = map_all(l, over.at, &mean, 1);
      d = map_all(l, "x0 - x1", (Val[]){ y, mean }, 2);
    }
    snprintf(text, sizeof text, "%s%s,%s%s->%s", rows, gi, rows, gi, rows);
    Val square = graph_contract(l->g, text, (Val[]){ d, d }, 2);
    square = map_all(l, over.at, &square, 1);
    out[t] = normed(l, &w, d, square);
  }
}

/* One bit for each element and copy: whole copies are dropped, the others grow by 1 / (1 - rate). */
void expand_dropout(Lower *l, const Value *v, Val *out) {
  const Terms *x = lower_arg(l, 0);
  for (uint32_t t = 0; t < x->n; t++) {
    out[t] = x->at[t];
    if (!l->draws || v->x == 0) continue;
    Val y = lower_full(l, x->at[t], v->type.on, true);
    const Shape *s = &l->g->node.at[y].shape;
    Shape bits = { .number = NUMBER_REAL, .rank = rows_of(l->g, y) };
    memcpy(bits.axis, s->axis, bits.rank * sizeof *s->axis);
    bits.axis[bits.rank++] = s->axis[s->rank - 1];
    Val u = graph_random(l->g, &bits, l->ndraws++, l->key);
    Str e = str_format(l->arena, "select(x1 < %.17g, 0, x0 * %.17g)", v->x, 1 / (1 - v->x));
    out[t] = map_all(l, e.at, (Val[]){ y, u }, 2);
  }
}
