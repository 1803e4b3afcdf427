/* expand_reduce.c: sums, means, maxima, softmax; indices and pairs; invariants of each copy.
 *
 * Over a dense domain a reduction is over axes; over a set it runs at the index of the sample. Pairs (receiver,
 * sender) of a dense domain are two axes X, Y, so `at: e.dst` sums over Y and `at: e.src` over X. Pairs that the
 * mask leaves out count for nothing: 0 in a sum, -inf in a maximum or a softmax. */
#include "graph/expand.h"

static bool dense_pairs(const Space *s) { return s && s->sort == SPACE_PAIRS && !space_ragged(s->base); }

/* Flag [X][Y]: is the pair an edge? 0 when all are. */
static Val pair_mask(Lower *l, const Space *pairs) {
  if (pairs->mask == PAIRS_ALL) return 0;
  Axis row = axis_row(l->g, lower_dom(l, pairs->base));
  Val dst = graph_iota(l->g, &(Shape){ .number = NUMBER_INT, .rank = 1, .axis = { row } }, 0);
  return graph_map(l->g, "X,Y->XY", pairs->mask == PAIRS_CAUSAL ? "x1 <= x0" : "not (x0 == x1)", (Val[]){ dst, dst },
      2);
}

/* What of x counts: the flag of `where` and the mask of pairs, or 0 when everything does. */
static Val counted(Lower *l, const Value *v, uint32_t where) {
  const Space *on = v->arg[0]->type.on;
  Val mask = dense_pairs(on) ? pair_mask(l, on) : 0;
  if (!where) return mask;
  Val w = lower_arg_on(l, where, on)->at[0];
  return mask ? map_all(l, "x0 and x1", (Val[]){ w, mask }, 2) : w;
}

/* Arguments behind x: a label says at which element, a flag which count (words.def). */
static void arguments(const Value *v, uint32_t *at, uint32_t *where) {
  *at = *where = 0;
  for (uint32_t i = 1; i < v->nargs; i++) *(v->arg[i]->type.what == WHAT_FLAG ? where : at) = i;
}

/* Letters of the rows that a reduction over axes removes: a subset of "bXY". */
static const char *removed(const Value *v, uint32_t at) {
  if (!at) return "XY";
  return v->arg[at]->from ? "Y" : "X";               /* e.dst: over senders; e.src: over receivers */
}

static void without(char *rows, const char *gone) {
  char *to = rows;
  for (char *c = rows; *c; c++)
    if (!strchr(gone, *c)) *to++ = *c;
  *to = 0;
}

static uint16_t axis_mask(Lower *l, Val x, const char *gone) {
  char own[LETTERS] = "";
  letters(l->g, x, 'g', 'i', own);
  uint16_t mask = 0;
  for (uint32_t a = 0; own[a]; a++)
    if (strchr(gone, own[a])) mask |= (uint16_t)(1u << a);
  return mask;
}

static bool by_index(const Value *v, uint32_t at) {
  return at ? v->arg[at]->word != WORD_endpoint || space_ragged(v->arg[at]->over) : space_ragged(v->arg[0]->type.on);
}

/* The index of a reduction, the axis it points into, and the rows it gives. */
static Val index_of(Lower *l, const Value *v, uint32_t at, uint8_t *axis, uint16_t *dom) {
  if (!at) {
    *axis = 0;
    *dom = 1;
    return lower_parent(l, v->arg[0]->type.on);
  }
  Val i = lower_arg(l, at)->at[0];
  *axis = has_sample(l->g, i) ? 1 : 0;
  *dom = lower_dom(l, v->arg[at]->type.to);
  return i;
}

static Val add_up(Lower *l, const Value *v, Val x, uint32_t at) {
  if (by_index(v, at)) {
    uint8_t axis;
    uint16_t dom;
    Val i = index_of(l, v, at, &axis, &dom);
    return graph_segment(l->g, x, i, axis, dom);
  }
  char text[LETTERS] = "", rows[LETTERS] = "";
  letters(l->g, x, 'g', 'i', text);
  letters(l->g, x, 0, 0, rows);
  without(rows, removed(v, at));
  const Shape *s = &l->g->node.at[x].shape;
  bool rep = has_rep(l->g, x), mul = s->rank > rows_of(l->g, x) + rep;
  snprintf(text + strlen(text), sizeof text - strlen(text), "->%s%s%s", rows, rep ? "g" : "", mul ? "i" : "");
  return graph_contract(l->g, text, &x, 1);
}

static void sum_terms(Lower *l, const Value *v, Val *out, bool mean) {
  uint32_t at, where;
  arguments(v, &at, &where);
  const Space *on = v->arg[0]->type.on;
  Val mask = counted(l, v, where), count = 0;
  const Terms *x = lower_arg(l, 0);
  for (uint32_t t = 0; t < x->n; t++) {
    Val y = lower_full(l, x->at[t], on, true);
    if (mask) y = map_all(l, "select(x1, x0, 0)", (Val[]){ y, mask }, 2);
    out[t] = add_up(l, v, y, at);
    if (!mean) continue;
    if (!count) {
      Val ones = lower_ones(l, y);
      if (mask) ones = map_all(l, "select(x1, x0, 0)", (Val[]){ ones, mask }, 2);
      count = add_up(l, v, ones, at);
    }
    out[t] = map_all(l, "select(0 < x1, x0 / x1, 0)", (Val[]){ out[t], count }, 2);    /* the mean of nothing is 0 */
  }
}
/* A mean over a whole dense domain divides by a literal. */
static bool literal_mean(const Value *v) {
  return v->nargs == 1 && v->type.on == NULL && !space_ragged(v->arg[0]->type.on) && !dense_pairs(v->arg[0]->type.on);
}

void expand_sum(Lower *l, const Value *v, Val *out) { sum_terms(l, v, out, false); }
void expand_mean(Lower *l, const Value *v, Val *out) {
  if (!literal_mean(v)) { sum_terms(l, v, out, true); return; }
  sum_terms(l, v, out, false);
  ExprPool *p = &l->g->expr;
  ExprId e = expr_op(p, EXPR_MUL, expr_arg(p, 0), expr_const(p, 1 / (double)v->arg[0]->type.on->count), 0);
  for (uint32_t t = 0; t < v->type.rep->n; t++) out[t] = graph_map_same(l->g, e, &out[t], 1);
}

static void extreme(Lower *l, const Value *v, Val *out, bool least) {
  uint32_t at, where;
  arguments(v, &at, &where);
  const Space *on = v->arg[0]->type.on;
  Val mask = counted(l, v, where);
  const Terms *x = lower_arg(l, 0);
  double nothing = v->x;                              /* the number for empty, when there is one */
  for (uint32_t t = 0; t < x->n; t++) {
    Val y = lower_full(l, x->at[t], on, true);
    if (least) y = map_all(l, "-x0", &y, 1);
    if (mask)
      y = map_named(l, "select(x1, x0, -1 / 0)", (Named[]){ { y, 'g', 'i' }, { mask, 0, 0 } }, 2,
          has_rep(l->g, y) ? "gi" : "i");
    double fill = least ? -nothing : nothing;
    if (by_index(v, at)) {
      uint8_t axis;
      uint16_t dom;
      Val i = index_of(l, v, at, &axis, &dom);
      y = graph_rmax_at(l->g, y, i, axis, dom, fill);
    } else {
      y = graph_rmax(l->g, y, axis_mask(l, y, removed(v, at)), fill);
    }
    if (mask)                                         /* all masked: -inf stands for nothing */
      y = graph_map_same(l->g, expr_op(&l->g->expr, EXPR_SELECT,
            expr_op(&l->g->expr, EXPR_LT, expr_const(&l->g->expr, -__builtin_inf()), expr_arg(&l->g->expr, 0), 0),
            expr_arg(&l->g->expr, 0), expr_const(&l->g->expr, fill)), &y, 1);
    out[t] = least ? map_all(l, "-x0", &y, 1) : y;
  }
}
void expand_max(Lower *l, const Value *v, Val *out) { extreme(l, v, out, false); }
void expand_min(Lower *l, const Value *v, Val *out) { extreme(l, v, out, true); }

/* exp(x - lse(x)); what is masked has weight 0 and does not enter the sum. */
void expand_softmax(Lower *l, const Value *v, Val *out) {
  uint32_t at, where;
  arguments(v, &at, &where);
  Val x = lower_full(l, lower_arg(l, 0)->at[0], v->arg[0]->type.on, true), mask = counted(l, v, where), y = x, total;
  if (mask) y = map_named(l, "select(x1, x0, -1 / 0)", (Named[]){ { x, 'g', 'i' }, { mask, 0, 0 } }, 2, "i");
  if (by_index(v, at)) {
    uint8_t axis;
    uint16_t dom;
    Val i = index_of(l, v, at, &axis, &dom);
    total = graph_gather(l->g, graph_lse_at(l->g, y, i, axis, dom), i, axis);
    out[0] = map_all(l, "exp(x0 - x1)", (Val[]){ y, total }, 2);
    return;
  }
  const char *gone = removed(v, at);
  total = graph_lse(l->g, y, axis_mask(l, y, gone));
  char text[LETTERS] = "", rows[LETTERS] = "";
  letters(l->g, y, 0, 'i', text);
  strcat(text, ",");
  letters(l->g, y, 0, 0, rows);
  without(rows, gone);
  snprintf(text + strlen(text), sizeof text - strlen(text), "%si->", rows);
  letters(l->g, y, 0, 'i', text);
  out[0] = graph_map(l->g, text, mask ? "select(-1 / 0 < x0, exp(x0 - x1), 0)" : "exp(x0 - x1)", (Val[]){ y, total },
      2);
}

/* --- indices --------------------------------------------------------------------------------------------- */
void expand_endpoint(Lower *l, const Value *v, Val *out) {
  if (dense_pairs(v->over)) {                          /* read by index and reduce through its word, never as numbers */
    Axis row = axis_row(l->g, lower_dom(l, v->over->base));
    Shape s = { .number = NUMBER_INT, .rank = 1, .axis = { row } };
    out[0] = graph_iota(l->g, &s, 0);
    return;
  }
  Axis rows = axis_row(l->g, lower_dom(l, v->over));
  Arg a = { .name = str_format(l->arena, "%.*s_%s", STR(v->over->name), v->from ? "dst" : "src"), .role = ARG_INDEX,
            .number = NUMBER_INT, .rank = 1, .axis = { rows }, .space = v->over, .at = v->at };
  for (uint32_t i = 0; i < l->g->arg.n; i++)
    if (str_equal(l->g->arg.at[i].name, a.name)) {
      out[0] = graph_input(l->g, i, &(Shape){ .number = NUMBER_INT, .rank = 1, .axis = { rows } }, 0, 0);
      return;
    }
  out[0] = graph_input(l->g, graph_arg(l->g, &a), &(Shape){ .number = NUMBER_INT, .rank = 1, .axis = { rows } }, 0, 0);
}

void expand_index(Lower *l, const Value *v, Val *out) {
  const Value *index = v->arg[1];
  const Terms *x = lower_arg(l, 0);
  if (index->word == WORD_endpoint && dense_pairs(index->over)) {
    Axis row = axis_row(l->g, lower_dom(l, index->over->base));
    Val other = graph_constant(l->g, &(Shape){ .number = NUMBER_REAL, .rank = 1, .axis = { row } }, 1);
    for (uint32_t t = 0; t < x->n; t++) {              /* a gather is a broadcast over the other axis */
      Val y = lower_full(l, x->at[t], v->arg[0]->type.on, true);
      bool rep = has_rep(l->g, y), dst = index->from;
      char text[LETTERS];
      snprintf(text, sizeof text, "b%s%si,%s->bXY%si", dst ? "X" : "Y", rep ? "g" : "", dst ? "Y" : "X",
          rep ? "g" : "");
      out[t] = graph_contract(l->g, text, (Val[]){ y, other }, 2);
    }
    return;
  }
  Val i = lower_arg(l, 1)->at[0];
  for (uint32_t t = 0; t < x->n; t++) {
    Val y = x->at[t];
    if (space_ragged(v->arg[0]->type.on ? v->arg[0]->type.on : v->type.on ? v->type.on
        : &(Space){ .sort = SPACE_LABELS }))
      y = lower_full(l, y, v->arg[0]->type.on, true);
    out[t] = graph_gather(l->g, y, i, has_sample(l->g, y) ? 1 : 0);
  }
}

void expand_orbit(Lower *l, const Value *v, Val *out) {
  const Space *of = v->over->base;
  out[0] = table_index(l, of, v->over->orbit, str_format(l->arena, "orbit(%.*s)", STR(of->name)));
}

/* How many elements point to each element of what the label names: the sum of ones. */
void expand_degree(Lower *l, const Value *v, Val *out) {
  const Value *index = v->arg[0];
  const Space *edges = index->type.on;
  if (index->word == WORD_endpoint && dense_pairs(edges)) {
    Axis row = axis_row(l->g, lower_dom(l, edges->base));
    Val mask = pair_mask(l, edges);
    Val ones = graph_constant(l->g, &(Shape){ .number = NUMBER_REAL, .rank = 3, .axis = { row, row, axis_mul(1) } }, 1);
    if (mask) ones = graph_map(l->g, "XYi,XY->XYi", "select(x1, x0, 0)", (Val[]){ ones, mask }, 2);
    out[0] = graph_contract(l->g, index->from ? "XYi->Xi" : "XYi->Yi", &ones, 1);
    return;
  }
  Val i = lower_arg(l, 0)->at[0];
  Shape s = l->g->node.at[i].shape;
  s.number = NUMBER_REAL;
  s.axis[s.rank++] = axis_mul(1);
  out[0] = graph_segment(l->g, graph_constant(l->g, &s, 1), i, has_sample(l->g, i) ? 1 : 0,
      lower_dom(l, index->type.to));
}

/* --- invariants of each copy -------------------------------------------------------------------------------- */
static Val sum_over_components(Lower *l, Val x, Val y) {
  bool rep = has_rep(l->g, x);
  Named both[] = { { x, rep ? 'g' : 0, 'i' }, { y, rep ? 'g' : 0, 'i' } };
  return contract_named(l, both, 2, "i");
}

static Val join_scalars(Lower *l, Val *part, uint32_t n) {
  return n == 1 ? part[0] : graph_join(l->g, part, n, (uint8_t)(l->g->node.at[part[0]].shape.rank - 1));
}

static Val length(Lower *l, Val x) {                   /* s rsqrt0(s): its gradient at 0 is 0 (RULES 8) */
  Val s = sum_over_components(l, x, x);
  return map_all(l, "x0 * rsqrt0(x0)", &s, 1);
}

void expand_norm(Lower *l, const Value *v, Val *out) {
  const Terms *x = lower_arg(l, 0);
  Val part[ARGS_MOST];
  for (uint32_t t = 0; t < x->n; t++) part[t] = length(l, lower_full(l, x->at[t], v->type.on, true));
  out[0] = join_scalars(l, part, x->n);
}

void expand_invariants(Lower *l, const Value *v, Val *out) {
  const Terms *x = lower_arg(l, 0);
  Val part[ARGS_MOST];
  for (uint32_t t = 0; t < x->n; t++) {
    Val y = lower_full(l, x->at[t], v->type.on, true);
    part[t] = v->arg[0]->type.rep->term[t].kind->action == ACTION_FIXED ? y : length(l, y);
  }
  out[0] = join_scalars(l, part, x->n);
}

void expand_group_pool(Lower *l, const Value *v, Val *out) {
  const Terms *x = lower_arg(l, 0);
  Val part[ARGS_MOST];
  for (uint32_t t = 0; t < x->n; t++) {
    Val y = lower_full(l, x->at[t], v->type.on, true);
    bool rep = has_rep(l->g, y);
    part[t] = rep ? graph_rmax(l->g, y, (uint16_t)(1u << rows_of(l->g, y)), -__builtin_inf()) : y;
  }
  out[0] = join_scalars(l, part, x->n);
}

/* Products of each copy, added in `heads` equal groups of copies over all terms in order. */
void expand_dot(Lower *l, const Value *v, Val *out) {
  const Terms *x = lower_arg_on(l, 0, v->type.on), *y = lower_arg_on(l, 1, v->type.on);
  const Rep *rep = v->arg[0]->type.rep;
  uint32_t heads = v->heads ? v->heads : rep->copies, width = rep->copies / heads;
  Val part[ARGS_MOST];
  for (uint32_t t = 0; t < x->n; t++) {
    if (x->n == 1 && width > 1) {                      /* one contract: no value of all the copies */
      Val a = graph_view(l->g, x->at[0], &(View){ .sort = VIEW_SPLIT,
          .axis = (uint8_t)(l->g->node.at[x->at[0]].shape.rank - 1), .n = width });
      Val b = graph_view(l->g, y->at[0], &(View){ .sort = VIEW_SPLIT,
          .axis = (uint8_t)(l->g->node.at[y->at[0]].shape.rank - 1), .n = width });
      char text[LETTERS] = "", rows[LETTERS] = "";
      letters(l->g, a, 'g', 0, text);
      strcat(text, "hi,");
      letters(l->g, b, 'g', 0, text);
      strcat(text, "hi->");
      letters_rows(l->g, (Val[]){ a, b }, 2, rows);
      snprintf(text + strlen(text), sizeof text - strlen(text), "%sh", rows);
      out[0] = graph_contract(l->g, text, (Val[]){ a, b }, 2);
      return;
    }
    part[t] = sum_over_components(l, x->at[t], y->at[t]);
  }
  out[0] = join_scalars(l, part, x->n);
  if (width == 1) return;
  Val a = graph_view(l->g, out[0], &(View){ .sort = VIEW_SPLIT, .axis = (uint8_t)(l->g->node.at[out[0]].shape.rank
      - 1), .n = width });
  char text[LETTERS] = "", rows[LETTERS] = "";
  letters(l->g, a, 0, 0, rows);
  snprintf(text, sizeof text, "%shi->%sh", rows, rows);
  out[0] = graph_contract(l->g, text, &a, 1);
}

/* The derivative of one invariant a sample; samples do not meet, so the sum over them has the same gradient. */
void expand_grad(Lower *l, const Value *v, Val *out) {
  Val y = lower_full(l, lower_arg(l, 0)->at[0], NULL, true);
  const Terms *x = lower_arg(l, 1);
  Val seed = graph_constant(l->g, &l->g->node.at[y].shape, 1);
  graph_grad(l->g, y, seed, x->at, x->n, out);
  for (uint32_t t = 0; t < x->n; t++)
    if (!out[t]) out[t] = graph_constant(l->g, &l->g->node.at[x->at[t]].shape, 0);
  (void)v;
}
