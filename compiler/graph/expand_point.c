/* expand_point.c: words that act at each element alone: arithmetic, functions, copies put together and taken apart.
 *
 * Terms of two operands are matched by kind; scalars that multiply everything are dealt out copy by copy in the
 * order of the terms, and one copy serves all. Constants and weights have no rows: labels broadcast them. */
#include "graph/expand.h"

static const Rep *rep_of_arg(const Value *v, uint32_t i) { return v->arg[i]->type.rep; }

/* The copies [from, from + n) of the MUL axis of x. */
static Val copies_from(Lower *l, Val x, uint32_t from, uint32_t n) {
  const Shape *s = &l->g->node.at[x].shape;
  /* an average of a train block has no axes */
  if (!from && (!s->rank || s->axis[s->rank - 1].n == (Size)n)) return x;
  return graph_view(l->g, x, &(View){ .sort = VIEW_SLICE, .axis = (uint8_t)(s->rank - 1), .from = from, .n = n });
}

/* The term of x that has this kind; a number or single scalar stands for every kind: then without its copies. */
static Val matching(Lower *l, const Terms *x, const Rep *rep, const Term *want) {
  for (uint32_t t = 0; t < rep->n; t++)
    if (rep->term[t].kind == want->kind)
      return rep->term[t].copies == 1 && want->copies > 1 ? squeeze(l, x->at[t]) : x->at[t];
  assert(rep->n == 1 && rep->term[0].kind->action == ACTION_FIXED);
  return rep->term[0].copies == 1 ? squeeze(l, x->at[0]) : x->at[0];
}

static void termwise(Lower *l, const Value *v, const char *expr, Val *out) {
  const Terms *x = lower_arg_on(l, 0, v->type.on), *y = lower_arg_on(l, 1, v->type.on);
  for (uint32_t t = 0; t < v->type.rep->n; t++) {
    const Term *want = &v->type.rep->term[t];
    Val both[] = { matching(l, x, rep_of_arg(v, 0), want), matching(l, y, rep_of_arg(v, 1), want) };
    out[t] = map_all(l, expr, both, 2);
  }
}
void expand_add(Lower *l, const Value *v, Val *out) { termwise(l, v, "x0 + x1", out); }
void expand_sub(Lower *l, const Value *v, Val *out) { termwise(l, v, "x0 - x1", out); }

/* x * y where y is scalars or signs, copy by copy; or both permute and multiply by components. */
static void product(Lower *l, const Value *v, const char *expr, Val *out) {
  uint32_t scalars = rep_all_scalar(rep_of_arg(v, 1)) ? 1 : rep_all_scalar(rep_of_arg(v, 0)) ? 0 : 2;
  const Terms *x = lower_arg_on(l, scalars == 0, v->type.on), *s = lower_arg_on(l, scalars != 0, v->type.on);
  const Rep *rx = rep_of_arg(v, scalars == 0), *rs = rep_of_arg(v, scalars != 0);
  if (scalars == 0 && !strcmp(expr, "x0 / x1")) bug("a division by what moves");
  if (scalars == 2) {                                /* signs: the representations multiply, term by term */
    for (uint32_t t = 0; t < rx->n; t++) {
      uint32_t u = rs->n == 1 ? 0 : t;
      const Term *want = &v->type.rep->term[t];
      Val a = x->at[t], b = s->at[u];
      if (rx->term[t].kind == rs->term[u].kind && want->kind == rx->term[t].kind &&
          want->kind->action == ACTION_PERMUTES) {
        if (rs->term[u].copies == 1 && want->copies > 1) b = squeeze(l, b);
        if (rx->term[t].copies == 1 && want->copies > 1) a = squeeze(l, a);
        out[t] = map_all(l, expr, (Val[]){ a, b }, 2);
        continue;
      }
      Why why = { .arena = l->arena };
      const Basis *basis = hom_pairs(l->program->reps, rx->term[t].kind, rs->term[u].kind, want->kind, &why);
      if (!basis || basis->n != 1) bug("a product of signs has one path");
      if (rs->term[u].copies == 1) b = squeeze(l, b); else if (rx->term[t].copies == 1) a = squeeze(l, a);
      bool h = has_rep(l->g, a), e = has_rep(l->g, b), g = want->kind->action != ACTION_FIXED;
      char text[LETTERS] = "", rows[LETTERS] = "";
      letters_rows(l->g, (Val[]){ a, b }, 2, rows);
      letters(l->g, a, 'h', 'i', text);
      strcat(text, ",");
      letters(l->g, b, 'e', 'i', text);
      snprintf(text + strlen(text), sizeof text - strlen(text), ",%s%s%sk->%s%si", h ? "h" : "", e ? "e" : "",
          g ? "g" : "",
               rows, g ? "g" : "");
      Val table = table_pairs(l, basis, rx->term[t].kind, rs->term[u].kind, want->kind);
      out[t] = graph_contract(l->g, text, (Val[]){ a, b, table }, 3);
      /* the table is normalised; a product of components is not */
      double scale = 0;
      for (uint32_t z = 0; z < basis->nnz; z++)
        if (!scale) scale = 1 / (basis->nz[z].value < 0 ? -basis->nz[z].value : basis->nz[z].value);
      ExprId times = expr_op(&l->g->expr, EXPR_MUL, expr_arg(&l->g->expr, 0), expr_const(&l->g->expr, scale), 0);
      out[t] = graph_map_same(l->g, times, &out[t], 1);
    }
    return;
  }
  for (uint32_t t = 0, from = 0; t < v->type.rep->n; t++) {
    uint32_t copies = v->type.rep->term[t].copies;
    Val a = rx->n == 1 && rx->copies == 1 && v->type.rep->copies > 1 ? squeeze(l, x->at[0]) : x->at[t], b;
    b = rs->copies == 1 && v->type.rep->copies > 1 ? squeeze(l, s->at[0]) : copies_from(l, s->at[0], from, copies);
    out[t] = map_all(l, expr, (Val[]){ a, b }, 2);
    from += copies;
  }
}
void expand_mul(Lower *l, const Value *v, Val *out) { product(l, v, "x0 * x1", out); }
void expand_div(Lower *l, const Value *v, Val *out) { product(l, v, "x0 / x1", out); }

static void each_term(Lower *l, const Value *v, ExprId e, Val *out) {
  const Terms *x = lower_arg(l, 0);
  for (uint32_t t = 0; t < x->n; t++) out[t] = graph_map_same(l->g, e, &x->at[t], 1);
  (void)v;
}
void expand_neg(Lower *l, const Value *v, Val *out) { each_term(l, v, expr_of(l, "-x0"), out); }

/* Whole exponents by products, so that x^2 of a negative x is right; 1/2 by the root. */
void expand_power(Lower *l, const Value *v, Val *out) {
  ExprPool *p = &l->g->expr;
  ExprId x = expr_arg(p, 0), e = expr_const(p, 1);
  double k = v->x, whole = __builtin_fabs(k);
  if (whole == __builtin_floor(whole) && whole <= 64) {
    ExprId square = x;
    for (uint32_t n = (uint32_t)whole; n; n >>= 1) {
      if (n & 1) e = expr_op(p, EXPR_MUL, e, square, 0);
      if (n > 1) square = expr_op(p, EXPR_MUL, square, square, 0);
    }
    if (k < 0) e = expr_op(p, EXPR_DIV, expr_const(p, 1), e, 0);
  } else {
    e = k == 0.5 ? expr_op(p, EXPR_SQRT, x, 0, 0) : expr_op(p, EXPR_POW, x, expr_const(p, k), 0);
  }
  each_term(l, v, e, out);
}

static const char *const function_text[] = {
#define FN(name, parity, homogeneous, linear, smoothness, value) value,
#include "../../lang/functions.def"
#undef FN
};

/* An even function of signs forgets them: f(-t) = f(t), so the result has the kind `bare`. */
void expand_map(Lower *l, const Value *v, Val *out) {
  const Terms *x = lower_arg(l, 0);
  ExprId e = expr_of(l, function_text[v->fn]);
  const Rep *from = rep_of_arg(v, 0), *to = v->type.rep;
  if (from == to) { each_term(l, v, e, out); return; }
  for (uint32_t j = 0; j < to->n; j++) {             /* terms may merge: several kinds have one bare kind */
    Val part[ARGS_MOST];
    uint32_t n = 0;
    for (uint32_t i = 0; i < from->n; i++) {
      const Kind *k = from->term[i].kind;
      const Kind *image = k->action == ACTION_SIGNS ? k->bare : k;
      if (image != to->term[j].kind) continue;
      if (image == k) { part[n++] = graph_map_same(l->g, e, &x->at[i], 1); continue; }
      Shape s = l->g->node.at[x->at[i]].shape;       /* the same numbers under the axes of the bare kind */
      uint8_t a = (uint8_t)(s.rank - 2);
      uint16_t frame = graph_frame(l->g, image);
      if (frame) s.axis[a] = axis_rep(l->g, frame, false);
      else { s.axis[a] = s.axis[a + 1]; s.rank--; }
      graph_at(l->g, v->at, v->path, true);          /* [pointwise.2]: even, so the signs cancel */
      Val y = graph_map_same(l->g, e, &x->at[i], 1);
      part[n++] = graph_view(l->g, y, &(View){ .sort = VIEW_RETYPE, .to = s });
      graph_at(l->g, v->at, v->path, v->waived);
    }
    out[j] = n == 1 ? part[0] : graph_join(l->g, part, n, (uint8_t)(l->g->node.at[part[0]].shape.rank - 1));
  }
}

/* --- copies ------------------------------------------------------------------------------------------- */
/* Puts parts together along their copies; parts that lack rows the others have are broadcast first. */
static Val join_parts(Lower *l, const Value *v, Val *part, uint32_t n) {
  if (n == 1) return part[0];
  bool sample = false;
  for (uint32_t i = 0; i < n; i++) sample |= has_sample(l->g, part[i]) || (v->type.on && space_ragged(v->type.on));
  bool rows = false, differ = false;
  for (uint32_t i = 0; i < n; i++) {
    rows |= rows_of(l->g, part[i]) > 0;
    differ |= rows_of(l->g, part[i]) != rows_of(l->g, part[0]);
  }
  if (rows && differ)
    for (uint32_t i = 0; i < n; i++) part[i] = lower_full(l, part[i], v->type.on, sample);
  Val y = part[0];
  uint32_t done = 1;
  while (done < n) {                                  /* at most ARGS_MOST at a time */
    Val some[ARGS_MOST] = { y };
    uint32_t k = 1;
    while (k < ARGS_MOST && done < n) some[k++] = part[done++];
    y = graph_join(l->g, some, k, (uint8_t)(l->g->node.at[y].shape.rank - 1));
  }
  return y;
}

void expand_join(Lower *l, const Value *v, Val *out) {
  Val *part = arena_array(l->arena, Val, v->nargs);
  for (uint32_t t = 0; t < v->type.rep->n; t++) {
    uint32_t n = 0;
    for (uint32_t a = 0; a < v->nargs; a++) {
      const Terms *x = lower_arg_on(l, a, v->type.on);
      uint32_t i = rep_find(rep_of_arg(v, a), v->type.rep->term[t].kind);
      if (i < rep_of_arg(v, a)->n) part[n++] = x->at[i];
    }
    out[t] = join_parts(l, v, part, n);
  }
}

/* split into equal parts, and part of one kind: `from` is the first copy of the first term of the result; of the
 * others in proportion, since all terms of a split have the same number of parts. */
void expand_slice(Lower *l, const Value *v, Val *out) {
  const Terms *x = lower_arg(l, 0);
  const Rep *from = rep_of_arg(v, 0), *to = v->type.rep;
  for (uint32_t t = 0; t < to->n; t++) {
    uint32_t i = rep_find(from, to->term[t].kind);
    uint32_t first = to->n ? (uint32_t)((uint64_t)v->from * to->term[t].copies / to->term[0].copies) : 0;
    out[t] = copies_from(l, x->at[i], first, to->term[t].copies);
  }
}

/* n numbers, each for copies / n neighbouring copies of every term in order. */
void expand_scale(Lower *l, const Value *v, Val *out) {
  const Terms *x = lower_arg_on(l, 0, v->type.on), *by = lower_arg_on(l, 1, v->type.on);
  uint32_t n = v->heads ? v->heads : rep_of_arg(v, 1)->copies, width = v->type.rep->copies / n;
  for (uint32_t t = 0, from = 0; t < v->type.rep->n; t++) {
    uint32_t copies = v->type.rep->term[t].copies;
    assert(from % width == 0 && copies % width == 0);
    Val s = copies_from(l, by->at[0], from / width, copies / width);
    uint8_t last = (uint8_t)(l->g->node.at[x->at[t]].shape.rank - 1);
    Val a = graph_view(l->g, x->at[t], &(View){ .sort = VIEW_SPLIT, .axis = last, .n = width });
    char text[LETTERS] = "", rows[LETTERS] = "";
    bool rep = has_rep(l->g, a);
    letters(l->g, a, 'g', 0, text);
    strcat(text, "ih,");
    letters(l->g, s, 0, 'i', text);
    letters_rows(l->g, (Val[]){ a, s }, 2, rows);
    snprintf(text + strlen(text), sizeof text - strlen(text), "->%s%sih", rows, rep ? "g" : "");
    Val y = graph_map(l->g, text, "x0 * x1", (Val[]){ a, s }, 2);
    out[t] = graph_view(l->g, y, &(View){ .sort = VIEW_MERGE, .axis = (uint8_t)(l->g->node.at[y].shape.rank - 2) });
    from += copies;
  }
}

/* --- tests ---------------------------------------------------------------------------------------------- */
/* Flags have rows only. A label compares with a constant entry of its list: its number. */
static void compare(Lower *l, const Value *v, const char *expr, Val *out) {
  Val x[2];
  for (uint32_t i = 0; i < 2; i++) {
    const Terms *t = lower_arg_on(l, i, v->type.on);
    /* a whole number, not a real */
    if (v->arg[i]->type.what == WHAT_LABEL && v->arg[1 - i]->type.what == WHAT_FIELD) {
      out[0] = map_all(l, str_format(l->arena, "x0 == %.0f", v->arg[1 - i]->x).at, t->at, 1);
      return;
    }
    x[i] = v->arg[i]->type.what == WHAT_FIELD ? squeeze(l, t->at[0]) : t->at[0];
  }
  out[0] = map_all(l, expr, x, 2);
}
void expand_less(Lower *l, const Value *v, Val *out) { compare(l, v, "x0 < x1", out); }
void expand_equal(Lower *l, const Value *v, Val *out) { compare(l, v, "x0 == x1", out); }
void expand_not(Lower *l, const Value *v, Val *out) { out[0] = map_all(l, "not x0", lower_arg(l, 0)->at, 1); (void)v; }

void expand_where(Lower *l, const Value *v, Val *out) {
  Val test = lower_arg_on(l, 0, v->type.on)->at[0];
  const Terms *yes = lower_arg_on(l, 1, v->type.on), *no = lower_arg_on(l, 2, v->type.on);
  for (uint32_t t = 0; t < v->type.rep->n; t++) {
    const Term *want = &v->type.rep->term[t];
    Val x[] = { test, matching(l, yes, rep_of_arg(v, 1), want), matching(l, no, rep_of_arg(v, 2), want) };
    out[t] = map_all(l, "select(x0, x1, x2)", x, 3);
  }
}

/* --- other names for the same numbers -------------------------------------------------------------------- */
static uint64_t numbers_of(const Term *t) { return (uint64_t)t->copies * t->kind->dim; }

static Val retype(Lower *l, Val x, const Kind *kind, uint32_t copies) {
  Shape s = l->g->node.at[x].shape;
  s.rank = rows_of(l->g, x);
  uint16_t frame = graph_frame(l->g, kind);
  if (frame) s.axis[s.rank++] = axis_rep(l->g, frame, false);
  s.axis[s.rank++] = axis_mul((Size)copies);
  return graph_view(l->g, x, &(View){ .sort = VIEW_RETYPE, .to = s });
}

/* restrict: each kind as a representation of the smaller group; kinds that become equal are joined in order. */
void expand_restrict(Lower *l, const Value *v, Val *out) {
  const Terms *x = lower_arg(l, 0);
  const Rep *from = rep_of_arg(v, 0), *to = v->type.rep;
  Why why = { .arena = l->arena };
  for (uint32_t j = 0; j < to->n; j++) {
    Val *part = arena_array(l->arena, Val, from->n);
    uint32_t n = 0;
    for (uint32_t i = 0; i < from->n; i++) {
      const Rep *r = rep_restrict(l->program->reps, rep_of(l->program->reps, from->term[i].kind, 1), to->group, &why);
      const Kind *kind = !to->group ? to->term[j].kind : r->term[0].kind;
      if (kind == to->term[j].kind)
        part[n++] = kind == from->term[i].kind ? x->at[i] : retype(l, x->at[i], kind, from->term[i].copies);
    }
    out[j] = join_parts(l, v, part, n);
  }
}

void expand_components(Lower *l, const Value *v, Val *out) {
  const Terms *x = lower_arg(l, 0);
  Val *part = arena_array(l->arena, Val, x->n);
  for (uint32_t t = 0; t < x->n; t++) {
    const Term *term = &rep_of_arg(v, 0)->term[t];
    part[t] = term->kind->action == ACTION_FIXED ? x->at[t]
            : retype(l, x->at[t], kind_scalar(l->program->reps), (uint32_t)numbers_of(term));
  }
  out[0] = join_parts(l, v, part, x->n);
}

void expand_assemble(Lower *l, const Value *v, Val *out) {
  Val x = lower_arg(l, 0)->at[0];
  for (uint32_t t = 0, from = 0; t < v->type.rep->n; t++) {
    const Term *term = &v->type.rep->term[t];
    Val y = copies_from(l, x, from, (uint32_t)numbers_of(term));
    out[t] = term->kind->action == ACTION_FIXED ? y : retype(l, y, term->kind, term->copies);
    from += (uint32_t)numbers_of(term);
  }
}

/* --- one element of a line, and a line of elements: scan written out ------------------------------------- */
void expand_row(Lower *l, const Value *v, Val *out) {
  const Terms *x = lower_arg(l, 0);
  for (uint32_t t = 0; t < x->n; t++)
    out[t] = graph_view(l->g, x->at[t], &(View){ .sort = VIEW_SLICE, .axis = has_sample(l->g, x->at[t]) ? 1 : 0,
        .drop = true,
                                                 .from = v->from, .n = 1 });
}

void expand_rows(Lower *l, const Value *v, Val *out) {
  Axis row = axis_row(l->g, lower_dom(l, v->type.on));
  for (uint32_t t = 0; t < v->type.rep->n; t++) {
    Val sum = 0;
    for (uint32_t k = 0; k < v->nargs; k++) {
      Val x = lower_full(l, lower_arg(l, k)->at[t], NULL, true);
      Shape of = l->g->node.at[x].shape;
      memmove(&of.axis[2], &of.axis[1], (size_t)(of.rank - 1) * sizeof *of.axis);
      of.axis[1] = row;
      of.rank++;
      Val y = graph_fold(l->g, x, &(View){ .sort = VIEW_SLICE, .axis = 1, .drop = true, .from = k, .n = 1 }, &of);
      sum = sum ? map_all(l, "x0 + x1", (Val[]){ sum, y }, 2) : y;
    }
    out[t] = sum;
  }
}
