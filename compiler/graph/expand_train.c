/* expand_train.c: averages of train blocks, and the optimiser as ordinary values.
 *
 * An averaging word is a pair (sum, count) over the batch, both without axes, so that the host can add the pairs
 * of many batches and the score of an epoch is that of one large batch. `where:` takes part in both.
 *
 * A step writes, for each trained weight w with gradient g (Kingma and Ba 2015; Loshchilov and Hutter 2019):
 *     g = g min(1, clip / |g|)         |g| over all weights
 *     adam    m = b1 m + (1 - b1) g,  v = b2 v + (1 - b2) g^2,  w -= rate c1 m / (sqrt(c2 v) + epsilon)
 *             c1, c2 = 1 / (1 - b^t) come from the host; decay is added to g (adam) or to the step (adamw)
 *     sgd     m = momentum m + g + decay w,  w -= rate m
 * and keeps every state where |g| is not finite: the step changes nothing then and says so. */
#include "graph/expand.h"

bool word_averages(Word w) {
  switch (w) {
  case WORD_cross_entropy: case WORD_accuracy: case WORD_top:
  case WORD_mse: case WORD_mae: case WORD_rmse: case WORD_huber: return true;
  default: return false;
  }
}

/* Sums x over everything that is left of it. */
static Val total(Lower *l, Val x) {
  char text[LETTERS] = "";
  letters(l->g, x, 'g', 'i', text);
  strcat(text, "->");
  return graph_contract(l->g, text, &x, 1);
}

static void masked_pair(Lower *l, const Value *v, uint32_t where, Val x, double each, Pair *p) {
  Val ones = lower_ones(l, x);
  if (v->nargs > where) {
    Val flag = lower_arg(l, where)->at[0];
    x = map_all(l, "select(x1, x0, 0)", (Val[]){ x, flag }, 2);
    ones = map_all(l, "select(x1, x0, 0)", (Val[]){ ones, flag }, 2);
  }
  p->sum = total(l, x);
  p->count = total(l, ones);
  if (each != 1) p->count = map_all(l, str_format(l->arena, "x0 * %.17g", each).at, &p->count, 1);
}

static const Space *where_it_lives(const Value *v) {
  return v->arg[0]->type.on ? v->arg[0]->type.on : v->arg[1]->type.on;
}

/* The logit of the true class at each row: sum over classes of logits * (class == label). */
static Val pick(Lower *l, Val logits, Val label) {
  const Shape *s = &l->g->node.at[logits].shape;
  Axis classes = s->axis[s->rank - 1];
  Val i = graph_iota(l->g, &(Shape){ .number = NUMBER_INT, .rank = 1, .axis = { classes } }, 0);
  char text[LETTERS] = "", rows[LETTERS] = "";
  letters(l->g, logits, 0, 'i', text);
  strcat(text, ",i,");
  letters(l->g, label, 0, 0, text);
  strcat(text, "->");
  letters(l->g, logits, 0, 'i', text);
  Val own = graph_map(l->g, text, "select(x1 == x2, x0, 0)", (Val[]){ logits, i, label }, 3);
  letters(l->g, own, 0, 0, rows);
  snprintf(text, sizeof text, "%si->%s", rows, rows);
  return graph_contract(l->g, text, &own, 1);
}

static void class_pair(Lower *l, const Value *v, Pair *p) {
  const Space *on = where_it_lives(v);
  Val logits = lower_full(l, lower_arg(l, 0)->at[0], on, true), label = lower_arg(l, 1)->at[0];
  Val own = pick(l, logits, label), x;
  if (v->word == WORD_cross_entropy) {
    Val all = graph_lse(l->g, logits, (uint16_t)(1u << (l->g->node.at[logits].shape.rank - 1)));
    x = map_all(l, "x0 - x1", (Val[]){ all, own }, 2);
  /* how many classes lie above the true one: no order among ties */
  } else {
    char text[LETTERS] = "", rows[LETTERS] = "";
    letters(l->g, own, 0, 0, rows);
    snprintf(text, sizeof text, "%si,%s->%si", rows, rows, rows);
    Val above = graph_map(l->g, text, "real(x1 < x0)", (Val[]){ logits, own }, 2);
    snprintf(text, sizeof text, "%si->%s", rows, rows);
    Val rank = graph_contract(l->g, text, &above, 1);
    Str e = str_format(l->arena, "real(x0 < %u)", v->word == WORD_top ? v->heads : 1);
    x = map_all(l, e.at, &rank, 1);
  }
  masked_pair(l, v, 2, x, 1, p);
}

static void error_pair(Lower *l, const Value *v, Pair *p) {
  const Space *on = where_it_lives(v);
  const char *e = v->word == WORD_mae ? "select(x0 < x1, x1 - x0, x0 - x1)"
                : v->word == WORD_huber
                    ? "select(x0 - x1 < -1, x1 - x0 - 0.5, select(1 < x0 - x1, x0 - x1 - 0.5, 0.5 * (x0 - x1) * (x0 - "
                        "x1)))"
                : "(x0 - x1) * (x0 - x1)";
  const Terms *x = lower_arg(l, 0), *y = lower_arg(l, 1);
  const Rep *rep = v->arg[0]->type.rep;
  Val sum = 0;
  for (uint32_t t = 0; t < rep->n; t++) {
    Val both[] = { lower_full(l, x->at[t], on, true), lower_full(l, y->at[t], on, true) };
    bool moves = rep->term[t].kind->action != ACTION_FIXED;
    Val d, rows_sum;
    char text[LETTERS] = "", rows[LETTERS] = "";
    letters(l->g, both[0], 0, 0, rows);
    if (moves && (v->word == WORD_mse || v->word == WORD_rmse)) {       /* the invariant form, whatever moves */
      d = map_all(l, "x0 - x1", both, 2);
      snprintf(text, sizeof text, "%sgi,%sgi->%s", rows, rows, rows);
      rows_sum = graph_contract(l->g, text, (Val[]){ d, d }, 2);
    } else {
      d = map_all(l, e, both, 2);
      snprintf(text, sizeof text, "%s%si->%s", rows, moves ? "g" : "", rows);
      rows_sum = graph_contract(l->g, text, &d, 1);
    }
    sum = sum ? map_all(l, "x0 + x1", (Val[]){ sum, rows_sum }, 2) : rows_sum;
  }
  masked_pair(l, v, 2, sum, rep->dim, p);
}

Pair *lower_pair(Lower *l, const Value *v) {
  Pair *p = &l->pair[v->number];
  if (p->sum) return p;
  if (v->word == WORD_cross_entropy || v->word == WORD_accuracy || v->word == WORD_top) class_pair(l, v, p);
  else error_pair(l, v, p);
  return p;
}

/* The average, as one copy of a scalar, so that it mixes with numbers. */
static void average(Lower *l, const Value *v, Val *out) {
  Pair *p = lower_pair(l, v);
  Val one = graph_constant(l->g, &(Shape){ .number = NUMBER_REAL, .rank = 1, .axis = { axis_mul(1) } }, 1);
  Named x[] = { { p->sum, 0, 0 }, { p->count, 0, 0 }, { one, 0, 'i' } };
  out[0] = map_named(l, v->word == WORD_rmse ? "sqrt(x0 / x1) * x2" : "x0 / x1 * x2", x, 3, "i");
}
void expand_cross_entropy(Lower *l, const Value *v, Val *out) { average(l, v, out); }
void expand_accuracy(Lower *l, const Value *v, Val *out) { average(l, v, out); }
void expand_top(Lower *l, const Value *v, Val *out) { average(l, v, out); }
void expand_mse(Lower *l, const Value *v, Val *out) { average(l, v, out); }
void expand_mae(Lower *l, const Value *v, Val *out) { average(l, v, out); }
void expand_rmse(Lower *l, const Value *v, Val *out) { average(l, v, out); }
void expand_huber(Lower *l, const Value *v, Val *out) { average(l, v, out); }

/* --- the optimiser ----------------------------------------------------------------------------------------- */
static uint32_t vector_arg(Lower *l, Str name, ArgRole role, uint64_t n) {
  Arg a = { .name = name, .role = role, .number = NUMBER_REAL, .rank = 1, .axis = { axis_mul((Size)n) } };
  return graph_arg(l->g, &a);
}

static bool has_setting(const Train *t, const char *name) {
  for (uint32_t i = 0; i < t->nsettings; i++)
    if (str_is(t->setting[i].name, name)) return true;
  return false;
}

/* expr over nfull values of one shape and then numbers without axes. */
static Val lift(Lower *l, const char *expr, uint32_t nfull, const Val *x, uint32_t n) {
  char own[RANK_MOST + 1] = "", text[LETTERS] = "";
  const Shape *s = &l->g->node.at[x[0]].shape;
  for (uint8_t a = 0; a < s->rank; a++) own[a] = (char)('a' + a);
  for (uint32_t i = 0; i < n; i++) {
    if (i) strcat(text, ",");
    if (i < nfull) strcat(text, own);
  }
  strcat(text, "->");
  strcat(text, own);
  return graph_map(l->g, text, expr, x, n);
}
#define LIFT(expr, nfull, ...) \
  lift(l, expr, nfull, (Val[]){ __VA_ARGS__ }, sizeof((Val[]){ __VA_ARGS__ }) / sizeof(Val))

/* |g|^2 over all weights, a number: the one barrier between gradients and update. */
static Val norm_square(Lower *l, const Val *slope, uint32_t n) {
  Val square = 0;
  for (uint32_t i = 0; i < n; i++) {
    if (!slope[i]) continue;
    char text[LETTERS] = "", own[RANK_MOST + 1] = "";
    for (uint8_t a = 0; a < l->g->node.at[slope[i]].shape.rank; a++) own[a] = (char)('a' + a);
    snprintf(text, sizeof text, "%s,%s->", own, own);
    Val part = graph_contract(l->g, text, (Val[]){ slope[i], slope[i] }, 2);
    square = square ? map_all(l, "x0 + x1", (Val[]){ square, part }, 2) : part;
  }
  return square ? square : graph_constant(l->g, &(Shape){ .number = NUMBER_REAL }, 0);
}

/* The new value of `old` at `offset` of an argument, kept when something is not finite; the kept value. */
static Val keep(Lower *l, uint32_t arg, uint64_t offset, Val fine, Val fresh, Val old) {
  Val kept = LIFT("select(x2, x0, x1)", 2, fresh, old, fine);
  graph_store(l->g, arg, offset, 0, kept);
  return kept;
}

Val lower_optimizer(Lower *l, Val loss) {
  const Model *m = l->model;
  const Train *train = m->train;
  Graph *g = l->g;
  ParamLayout layout = param_layout(l->arena, m);
  uint32_t n = m->weight.n;
  Val *w = arena_array(l->arena, Val, n), *slope = arena_array(l->arena, Val, n), set[STEP_SETTING_COUNT];
  for (uint32_t i = 0; i < n; i++)
    if (m->weight.at[i]->trained) w[i] = lower_weight(l, m->weight.at[i]);
  graph_at(g, (Span){ 0 }, S("gradient"), false);
  graph_grad(g, loss, graph_constant(g, &(Shape){ .number = NUMBER_REAL }, 1), w, n, slope);

  graph_at(g, (Span){ 0 }, S("optimizer"), false);
  uint32_t setting = vector_arg(l, S("setting"), ARG_SETTING, STEP_SETTING_COUNT);
  for (uint32_t s = 0; s < STEP_SETTING_COUNT; s++)
    set[s] = graph_input(g, setting, &(Shape){ .number = NUMBER_REAL }, s, 1);
  Val square = norm_square(l, slope, n), fine = map_all(l, "x0 < 1 / 0", &square, 1);
  Val factor = map_all(l, "select(x1 * x1 < x0, x1 * rsqrt(x0), 1)", (Val[]){ square, set[STEP_clip] }, 2);

  bool sgd = str_is(train->optimizer, "sgd"), adamw = str_is(train->optimizer, "adamw");
  bool averaged = has_setting(train, "average");
  uint32_t moment = vector_arg(l, S("moment"), ARG_MOMENT, layout.nmoment);
  uint32_t average_arg = averaged ? vector_arg(l, S("average"), ARG_AVERAGE, layout.nparam) : 0;
  Val *fresh = arena_array(l->arena, Val, n);           /* of each weight, then of the running statistics */
  for (uint32_t i = 0; i < n; i++) {
    if (!w[i]) continue;
    const Shape s = g->node.at[w[i]].shape;
    Val slope_i = slope[i] ? slope[i] : graph_constant(g, &s, 0), m1 = graph_param(g, moment, &s, l->offset[i]);
    Val pull = adamw ? LIFT("x0 * x1", 1, slope_i, factor) : LIFT("x0 * x2 + x3 * x1", 2, slope_i, w[i], factor,
        set[STEP_decay]);
    if (sgd) {
      Val first = LIFT("x2 * x0 + x1", 2, m1, pull, set[STEP_momentum]);
      keep(l, moment, l->offset[i], fine, first, m1);
      fresh[i] = LIFT("x0 - x2 * x1", 2, w[i], first, set[STEP_rate]);
      continue;
    }
    uint64_t second_at = layout.ntrained + l->offset[i];
    Val m2 = graph_param(g, moment, &s, second_at);
    Val first = LIFT("x2 * x0 + (1 - x2) * x1", 2, m1, pull, set[STEP_beta1]);
    Val second = LIFT("x2 * x0 + (1 - x2) * x1 * x1", 2, m2, pull, set[STEP_beta2]);
    keep(l, moment, l->offset[i], fine, first, m1);
    keep(l, moment, second_at, fine, second, m2);
    Val step = LIFT("x2 * x0 / (sqrt(x3 * x1) + x4)", 2, first, second, set[STEP_correction1], set[STEP_correction2],
        set[STEP_epsilon]);
    if (adamw) step = LIFT("x0 + x2 * x1", 2, step, w[i], set[STEP_decay]);
    fresh[i] = LIFT("x0 - x2 * x1", 2, w[i], step, set[STEP_rate]);
  }
  for (uint32_t u = 0; u < l->update.n; u++) fresh[l->update.at[u].weight] = l->update.at[u].value;
  for (uint32_t i = 0; i < n; i++) {
    if (!fresh[i]) continue;
    Val old = lower_weight(l, m->weight.at[i]);
    Val kept = keep(l, l->param, l->offset[i], fine, fresh[i], old);
    if (!averaged) continue;
    Val before = graph_param(g, average_arg, &g->node.at[old].shape, l->offset[i]);
    keep(l, average_arg, l->offset[i], fine, LIFT("x2 * x1 + (1 - x2) * x0", 2, kept, before, set[STEP_average]),
        before);
  }
  return map_all(l, "select(x0, 0, 1)", &fine, 1);
}
