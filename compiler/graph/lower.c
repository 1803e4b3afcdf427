/* lower.c: a checked model becomes the Graph of one entry (COMPILER, "Entries and state").
 *
 * Reads the flat list of values of program.h; writes one Graph: arguments, the expansion of every value that
 * the entry needs, and the stores. The mode is read by batch_norm and dropout alone; nothing after this file
 * knows about training. What each entry reads and writes:
 *
 *   NAME          inputs, param                                  -> outputs
 *   NAME_step     inputs, targets, setting, key                  -> param, moment, average, sums
 *   NAME_eval     inputs, targets, param                         -> sums
 *   NAME_score    sums                                           -> scores
 *   NAME_trace    inputs, param                                  -> outputs, every value of the language
 *   NAME_slope    inputs, targets, param (batch statistics, no draws) -> loss, gradient
 *   NAME_pull     inputs, param, cotangents of the outputs       -> cotangents of the inputs and of param
 *
 * Elsewhere: what a word means in the core (expand_*.c), derivatives (pullback.c), the optimiser (expand_train.c). */
#include "graph/expand.h"

static const struct { const char *suffix; bool training, draws, targets; } entries[] = {
  [ENTRY_INFER] = { "", false, false, false },      [ENTRY_STEP] = { "_step", true, true, true },
  [ENTRY_EVAL] = { "_eval", false, false, true },   [ENTRY_SCORE] = { "_score", false, false, true },
  [ENTRY_TRACE] = { "_trace", false, false, false }, [ENTRY_SLOPE] = { "_slope", true, false, true },
  [ENTRY_PULL] = { "_pull", false, false, false },
};

/* --- the vectors -------------------------------------------------------------------------------- */
ParamLayout param_layout(Arena *arena, const Model *m) {
  ParamLayout p = { .offset = arena_array(arena, uint64_t, m->weight.n + 1) };
  for (int trained = 1; trained >= 0; trained--) {
    for (uint32_t i = 0; i < m->weight.n; i++) {
      if (m->weight.at[i]->trained != (bool)trained) continue;
      p.offset[i] = p.nparam;
      p.nparam = (p.nparam + m->weight.at[i]->count + 15) / 16 * 16;
    }
    if (trained) p.ntrained = p.nparam;
  }
  if (m->train) p.nmoment = p.ntrained * (str_is(m->train->optimizer, "sgd") ? 1 : 2);
  return p;
}

const char *step_setting_name(StepSetting s) {
  static const char *const names[] = {
#define SETTING(name, text) text,
    STEP_SETTINGS(SETTING)
#undef SETTING
  };
  return names[s];
}

uint32_t model_pairs(const Model *m) {
  uint32_t n = 0;
  for (uint32_t i = m->nmodel; i < m->value.n; i++) n += word_averages(m->value.at[i]->word);
  return n;
}

/* --- domains ------------------------------------------------------------------------------------ */
bool space_ragged(const Space *s) {
  return (s->sort == SPACE_SET && !s->count) || s->sort == SPACE_EDGES ||
         (s->sort == SPACE_PAIRS && space_ragged(s->base));
}

uint16_t lower_dom(Lower *l, const Space *s) {
  if (l->dom[s->number]) return l->dom[s->number];
  Dom d = { .name = s->name, .sort = DOM_DENSE, .ndim = (uint8_t)(s->ndim ? s->ndim : 1),
            .n = (Size)s->count, .shape = { (uint32_t)s->count, 1 } };
  if (s->ndim) { d.shape[0] = s->shape[0]; d.shape[1] = s->ndim > 1 ? s->shape[1] : 1; }
  switch (s->sort) {
  case SPACE_SET: d.moved = true; break;
  case SPACE_EDGES: d.moved = true; break;
  case SPACE_CYCLE: case SPACE_TORUS: d.moved = d.wrap = true; break;
  case SPACE_LINE: case SPACE_GRID: d.moved = s->action && s->action->group; d.window = true; break;
  case SPACE_LABELS: case SPACE_ORBITS: break;
  case SPACE_PAIRS: /* of a set: rows like edges; of others two axes, [receiver][sender] */
    if (!space_ragged(s)) bug("pairs are two axes");
    d.moved = true;
    break;
  }
  if (s->action && s->action->group) d.action = s->action;
  if (space_ragged(s)) {
    d.sort = DOM_RAGGED;
    d.parent = 1;
    d.n = graph_symbol(l->g, str_format(l->arena, "n_%.*s", STR(s->name)));
    d.shape[0] = 0;
  }
  return l->dom[s->number] = graph_dom(l->g, &d);
}

Val lower_parent(Lower *l, const Space *s) {
  if (l->parent[s->number]) return l->parent[s->number];
  Axis rows = axis_row(l->g, lower_dom(l, s));
  Arg a = { .name = str_format(l->arena, "%.*s_sample", STR(s->name)), .role = ARG_INDEX, .number = NUMBER_INT,
            .rank = 1, .axis = { rows }, .space = s };
  Shape places = { .number = NUMBER_INT, .rank = 1, .axis = { rows } };
  return l->parent[s->number] = graph_input(l->g, graph_arg(l->g, &a), &places, 0, 0);
}

Val lower_spread(Lower *l, Val x, const Space *on) {
  if (!on || !space_ragged(on) || !has_sample(l->g, x)) return x;
  return graph_gather(l->g, x, lower_parent(l, on), 0);
}

const Terms *lower_arg(Lower *l, uint32_t i) { return &l->of[l->value->arg[i]->number]; }

const Terms *lower_arg_on(Lower *l, uint32_t i, const Space *on) {
  const Terms *x = lower_arg(l, i);
  Terms *y = arena_one(l->arena, Terms);
  *y = (Terms){ arena_array(l->arena, Val, x->n), x->n };
  for (uint32_t t = 0; t < x->n; t++) y->at[t] = lower_spread(l, x->at[t], on);
  return y;
}

/* --- weights ------------------------------------------------------------------------------------ */
Val lower_weight(Lower *l, const Weight *w) {
  uint32_t i = 0;
  while (l->model->weight.at[i] != w) i++;
  if (l->weight[i]) return l->weight[i];
  Shape s = { .number = NUMBER_REAL };
  if (w->role == WEIGHT_PARAM) {
    if (w->on) s.axis[s.rank++] = axis_row(l->g, lower_dom(l, w->on));
    uint16_t frame = graph_frame(l->g, w->out);
    if (frame) s.axis[s.rank++] = axis_rep(l->g, frame, false);
    s.axis[s.rank++] = axis_mul((Size)w->dim[w->rank - 1]);
  } else {
    for (uint32_t a = 0; a < w->rank; a++) s.axis[s.rank++] = axis_mul((Size)w->dim[a]);
  }
  return l->weight[i] = graph_param(l->g, l->param, &s, l->offset[i]);
}

/* --- arguments ---------------------------------------------------------------------------------- */
static uint32_t flat_arg(Lower *l, Str name, ArgRole role, uint8_t number, uint64_t n) {
  Arg a = { .name = name, .role = role, .number = number, .rank = 1, .axis = { axis_mul((Size)n) } };
  return graph_arg(l->g, &a);
}

/* The rows of an argument, slowest first; the last axis holds the numbers of a row. */
static Arg value_arg(Lower *l, Str name, ArgRole role, const Value *v) {
  const Type *t = &v->type;
  Arg a = { .name = name, .role = role, .rep = t->what == WHAT_FIELD ? t->rep : NULL, .space = t->on, .at = v->at,
            .number = t->what == WHAT_FIELD ? NUMBER_REAL : t->what == WHAT_LABEL ? NUMBER_INT : NUMBER_FLAG };
  if (!t->on || !space_ragged(t->on)) a.axis[a.rank++] = axis_row(l->g, 1);
  if (t->on && t->on->sort == SPACE_PAIRS && !space_ragged(t->on->base)) {
    a.axis[a.rank++] = axis_row(l->g, lower_dom(l, t->on->base));
    a.axis[a.rank++] = axis_row(l->g, lower_dom(l, t->on->base));
  } else if (t->on) {
    a.axis[a.rank++] = axis_row(l->g, lower_dom(l, t->on));
  }
  if (t->what == WHAT_FIELD) a.axis[a.rank++] = axis_mul((Size)t->rep->dim);
  return a;
}

void expand_input(Lower *l, const Value *v, Val *out) {
  bool target = v->number >= l->model->nmodel;
  Arg a = value_arg(l, v->name, target ? ARG_TARGET : ARG_IN, v);
  uint32_t arg = graph_arg(l->g, &a);
  if (v->type.what != WHAT_FIELD) {
    Shape s = { .number = a.number, .rank = a.rank };
    memcpy(s.axis, a.axis, sizeof a.axis);
    out[0] = graph_input(l->g, arg, &s, 0, 0);
    return;
  }
  const Rep *rep = v->type.rep;
  uint64_t offset = 0;
  for (uint32_t t = 0; t < rep->n; t++) {
    Shape s = { .number = NUMBER_REAL, .rank = (uint8_t)(a.rank - 1) };
    memcpy(s.axis, a.axis, sizeof a.axis);
    uint16_t frame = graph_frame(l->g, rep->term[t].kind);
    if (frame) s.axis[s.rank++] = axis_rep(l->g, frame, false);
    s.axis[s.rank++] = axis_mul((Size)rep->term[t].copies);
    out[t] = graph_input(l->g, arg, &s, offset, rep->n > 1 ? rep->dim : 0);
    offset += (uint64_t)rep->term[t].copies * rep->term[t].kind->dim;
  }
}

void expand_param(Lower *l, const Value *v, Val *out) {
  for (uint32_t t = 0; t < v->nweights; t++) out[t] = lower_weight(l, v->weight[t]);
}

void expand_constant(Lower *l, const Value *v, Val *out) {
  if (!v->numbers) {
    out[0] = graph_constant(l->g, &(Shape){ .number = NUMBER_REAL, .rank = 1, .axis = { axis_mul(1) } }, v->x);
    return;
  }
  for (uint32_t t = 0, from = 0; t < v->type.rep->n; t++) {
    const Term *term = &v->type.rep->term[t];
    uint32_t dim = term->kind->dim;
    ConstTable c = { .name = S("numbers"), .number = NUMBER_REAL, .n = dim * term->copies, .invariant = !v->waived };
    uint16_t frame = graph_frame(l->g, term->kind);
    if (frame) c.axis[c.rank++] = axis_rep(l->g, frame, false);
    c.axis[c.rank++] = axis_mul((Size)term->copies);
    c.nz = arena_array(l->arena, Nz, c.n);
    for (uint32_t i = 0; i < c.n; i++) {
      if (frame) c.nz[i].i[0] = (uint16_t)(i / term->copies);
      c.nz[i].i[c.rank - 1] = (uint16_t)(i % term->copies);
      c.nz[i].v = v->numbers[from + i];
    }
    from += c.n;
    out[t] = graph_const_table(l->g, graph_table(l->g, &c));
  }
}

/* --- values ------------------------------------------------------------------------------------- */
typedef void Expansion(Lower *, const Value *, Val *);
static Expansion *const expansions[] = {
#define expand_none NULL           /* rules have turned these words into others */
#define WORD(name, signature, rule, expand) [WORD_##name] = expand_##expand,
#include "../../lang/words.def"
#undef WORD
#undef expand_none
};

static uint32_t term_count(const Value *v) { return v->type.what == WHAT_FIELD ? v->type.rep->n : 1; }

static void lower_value(Lower *l, const Value *v) {
  if (l->of[v->number].at) return;
  l->value = v;
  graph_at(l->g, v->at, v->path.n ? v->path : str_of(word_name(v->word)), v->waived);
  Terms *t = &l->of[v->number];
  *t = (Terms){ arena_array(l->arena, Val, term_count(v) + 1), term_count(v) };
  Expansion *expand = expansions[v->word];
  if (!expand) bug("the word %s reached the lowering", word_name(v->word));
  expand(l, v, t->at);
}

/* Marks what `v` needs; arguments have smaller numbers, so one sweep down suffices. */
static void need(const Model *m, bool *needed, uint32_t below) {
  for (uint32_t i = below; i-- > 0;)
    if (needed[i])
      for (uint32_t a = 0; a < m->value.at[i]->nargs; a++) needed[m->value.at[i]->arg[a]->number] = true;
}

static void store_value(Lower *l, uint32_t arg, const Value *v) {
  uint64_t offset = 0;
  const Terms *t = &l->of[v->number];
  for (uint32_t i = 0; i < t->n; i++) {
    const Term *term = v->type.what == WHAT_FIELD ? &v->type.rep->term[i] : NULL;
    Val x = lower_full(l, t->at[i], v->type.on, true);
    graph_store(l->g, arg, offset, t->n > 1 ? v->type.rep->dim : 0, x);
    if (term) offset += (uint64_t)term->copies * term->kind->dim;
  }
}

static Val scalar_input(Lower *l, uint32_t arg, uint64_t offset) {
  return graph_input(l->g, arg, &(Shape){ .number = NUMBER_REAL }, offset, 1);
}

/* Loss, then the metrics, from sums: each averaging word is a pair that has been added up over all batches. */
static void lower_score(Lower *l) {
  const Model *m = l->model;
  uint32_t sums = flat_arg(l, S("sums"), ARG_SUMS, NUMBER_REAL, 1 + 2 * (uint64_t)model_pairs(m));
  bool *needed = arena_array(l->arena, bool, m->value.n);
  needed[m->train->loss->number] = true;
  for (uint32_t i = 0; i < m->train->nmetrics; i++) needed[m->train->metric[i].value->number] = true;
  for (uint32_t i = m->value.n; i-- > m->nmodel;)    /* averaging words are leaves here */
    if (needed[i] && !word_averages(m->value.at[i]->word))
      for (uint32_t a = 0; a < m->value.at[i]->nargs; a++) needed[m->value.at[i]->arg[a]->number] = true;
  uint32_t pair = 0;
  for (uint32_t i = 0; i < m->value.n; i++) {
    const Value *v = m->value.at[i];
    bool averages = i >= m->nmodel && word_averages(v->word);
    if (averages) {
      uint64_t at = 1 + 2 * (uint64_t)pair++;
      l->pair[i] = (Pair){ scalar_input(l, sums, at), scalar_input(l, sums, at + 1) };
    }
    if (needed[i] && (averages || v->word != WORD_input)) lower_value(l, v);
  }
  uint32_t scores = flat_arg(l, S("scores"), ARG_OUT, NUMBER_REAL, 1 + m->train->nmetrics);
  for (uint32_t i = 0; i <= m->train->nmetrics; i++) {
    const Value *v = i ? m->train->metric[i - 1].value : m->train->loss;
    graph_store(l->g, scores, i, 0, squeeze(l, l->of[v->number].at[0]));
  }
}

static void store_sums(Lower *l, Val flag) {
  const Model *m = l->model;
  uint32_t arg = flat_arg(l, S("sums"), ARG_SUMS, NUMBER_REAL, 1 + 2 * (uint64_t)model_pairs(m));
  if (!flag) flag = graph_constant(l->g, &(Shape){ .number = NUMBER_REAL }, 0);
  graph_store(l->g, arg, 0, 0, flag);
  uint32_t pair = 0;
  for (uint32_t i = m->nmodel; i < m->value.n; i++) {
    if (!word_averages(m->value.at[i]->word)) continue;
    graph_store(l->g, arg, 1 + 2 * (uint64_t)pair, 0, l->pair[i].sum);
    graph_store(l->g, arg, 2 + 2 * (uint64_t)pair, 0, l->pair[i].count);
    pair++;
  }
}

/* The loss is one number without rows: an expression of averages over the batch (train.9). */
static Val lower_loss(Lower *l) { return squeeze(l, l->of[l->model->train->loss->number].at[0]); }

static void lower_slope(Lower *l) {
  const Model *m = l->model;
  ParamLayout p = param_layout(l->arena, m);
  Val loss = lower_loss(l), *by = arena_array(l->arena, Val, m->weight.n),
      *slope = arena_array(l->arena, Val, m->weight.n);
  for (uint32_t i = 0; i < m->weight.n; i++)
    if (m->weight.at[i]->trained) by[i] = lower_weight(l, m->weight.at[i]);
  Val one = graph_constant(l->g, &(Shape){ .number = NUMBER_REAL }, 1);
  graph_grad(l->g, loss, one, by, m->weight.n, slope);
  graph_store(l->g, flat_arg(l, S("loss"), ARG_OUT, NUMBER_REAL, 1), 0, 0, loss);
  uint32_t gradient = flat_arg(l, S("gradient"), ARG_GRAD, NUMBER_REAL, p.ntrained);
  for (uint32_t i = 0; i < m->weight.n; i++) {
    if (!m->weight.at[i]->trained) continue;
    const Shape *s = &l->g->node.at[by[i]].shape;
    graph_store(l->g, gradient, l->offset[i], 0, slope[i] ? slope[i] : graph_constant(l->g, s, 0));
  }
}

/* --- the pullback of the outputs ---------------------------------------------------------------- */
static bool pulls(const Value *v) { return v->type.what == WHAT_FIELD; }      /* labels and flags have no cotangents */

/* `d_logits`, or what is free. */
static Str cotangent_name(const Lower *l, Str of) {
  Str name = str_format(l->arena, "d_%.*s", STR(of));
  for (uint32_t i = 0; i < l->g->arg.n; i++)
    if (str_equal(l->g->arg.at[i].name, name)) { name = str_format(l->arena, "%.*s_", STR(name)); i = UINT32_MAX; }
  return name;
}

/* Laid out as `logits`, and moved as it is. */
static uint32_t cotangent_arg(Lower *l, Str of, ArgRole role, const Value *v) {
  Arg a = value_arg(l, cotangent_name(l, of), role, v);
  return graph_arg(l->g, &a);
}

/* <y, dy> summed over all outputs and samples: its derivatives are the cotangents. */
static Val lower_paired(Lower *l) {
  Val sum = 0;
  for (uint32_t i = 0; i < l->model->noutputs; i++) {
    const Value *v = l->model->output[i].value;
    if (!pulls(v)) continue;
    uint32_t arg = cotangent_arg(l, l->model->output[i].name, ARG_COTANGENT, v);
    const Terms *t = &l->of[v->number];
    uint64_t offset = 0;
    for (uint32_t k = 0; k < t->n; k++) {
      Val y = lower_full(l, t->at[k], v->type.on, true);
      Shape s = l->g->node.at[y].shape;
      Labels labels = { 0 };
      for (uint8_t a = 0; a < s.rank; a++) {
        labels.of[0][a] = labels.of[1][a] = (uint8_t)(a + 1);
        if (s.axis[a].role == ROLE_REP && !l->g->frame.at[s.axis[a].what].orthogonal) s.axis[a].dual = !s.axis[a].dual;
      }
      Val dy = graph_input(l->g, arg, &s, offset, t->n > 1 ? v->type.rep->dim : 0);
      Val part = graph_contract_labels(l->g, &labels, (Val[]){ y, dy }, 2, NULL);
      sum = sum ? graph_map(l->g, ",->", "x0 + x1", (Val[]){ sum, part }, 2) : part;
      offset += (uint64_t)v->type.rep->term[k].copies * v->type.rep->term[k].kind->dim;
    }
  }
  return sum ? sum : graph_constant(l->g, &(Shape){ .number = NUMBER_REAL }, 0);
}

static Val zeros(Lower *l, uint64_t n) {
  return graph_constant(l->g, &(Shape){ .number = NUMBER_REAL, .rank = 1, .axis = { axis_mul((Size)n) } }, 0);
}

/* Every number of the cotangent of param is written: 0 between the weights and for the statistics. */
static void store_param_cotangent(Lower *l, const Val *weight, const Val *slope) {
  const Model *m = l->model;
  ParamLayout p = param_layout(l->arena, m);
  uint32_t arg = flat_arg(l, cotangent_name(l, S("param")), ARG_GRAD, NUMBER_REAL, p.nparam);
  for (uint32_t i = 0; i < m->weight.n; i++) {
    const Weight *w = m->weight.at[i];
    if (!w->trained) continue;
    uint64_t end = l->offset[i] + w->count;
    graph_store(l->g, arg, l->offset[i], 0,
        slope[i] ? slope[i] : graph_constant(l->g, &l->g->node.at[weight[i]].shape, 0));
    if (end % 16) graph_store(l->g, arg, end, 0, zeros(l, 16 - end % 16));
  }
  if (p.ntrained < p.nparam) graph_store(l->g, arg, p.ntrained, 0, zeros(l, p.nparam - p.ntrained));
}

static void lower_pull(Lower *l) {
  const Model *m = l->model;
  Val paired = lower_paired(l), one = graph_constant(l->g, &(Shape){ .number = NUMBER_REAL }, 1);
  uint32_t n = m->weight.n;
  for (uint32_t i = 0; i < m->ninputs; i++) n += l->of[m->input[i]->number].n;
  Val *by = arena_array(l->arena, Val, n + 1), *slope = arena_array(l->arena, Val, n + 1);
  for (uint32_t i = 0; i < m->weight.n; i++)
    if (m->weight.at[i]->trained) by[i] = lower_weight(l, m->weight.at[i]);
  for (uint32_t i = 0, k = m->weight.n; i < m->ninputs; i++)
    for (uint32_t t = 0; t < l->of[m->input[i]->number].n; t++) by[k++] = l->of[m->input[i]->number].at[t];
  graph_grad(l->g, paired, one, by, n, slope);
  for (uint32_t i = 0, k = m->weight.n; i < m->ninputs; i++) {
    const Value *v = m->input[i];
    if (!pulls(v)) { k++; continue; }
    uint32_t arg = cotangent_arg(l, v->name, ARG_GRAD, v);
    for (uint32_t t = 0; t < v->type.rep->n; t++, k++) {
      const Node *x = &l->g->node.at[by[k]];
      uint64_t offset = x->offset, pitch = x->pitch;
      graph_store(l->g, arg, offset, pitch, slope[k] ? slope[k] : graph_constant(l->g, &x->shape, 0));
    }
  }
  if (m->weight.n) store_param_cotangent(l, by, slope);
}

Graph *graph_lower(Arena *arena, const Program *program, const Model *model, EntryKind kind, bool f64) {
  const char *real = f64 && kind != ENTRY_SCORE ? "64" : "";
  Str name = str_format(arena, "%.*s%s%s", STR(model->name), entries[kind].suffix, real);
  ParamLayout layout = param_layout(arena, model);
  Lower l = { .arena = arena, .program = program, .model = model, .kind = kind,
    .training = entries[kind].training, .draws = entries[kind].draws,
    .g = graph_open(arena, name, kind), .offset = layout.offset,
    .of = arena_array(arena, Terms, model->value.n + 1), .pair = arena_array(arena, Pair, model->value.n + 1),
    .weight = arena_array(arena, Val, model->weight.n + 1), .dom = arena_array(arena, uint16_t, program->space.n + 1),
    .parent = arena_array(arena, Val, program->space.n + 1) };
  l.g->f64 = f64;
  l.g->plain = kind == ENTRY_TRACE || kind == ENTRY_SLOPE || kind == ENTRY_SCORE;
  l.g->expect[0] = 1;
  if (kind == ENTRY_SCORE) {
    l.g->f64 = true;
    lower_score(&l);
    return l.g;
  }
  bool targets = entries[kind].targets, *needed = arena_array(arena, bool, model->value.n + 1);
  if (targets || (kind == ENTRY_PULL && model->train))
    for (uint32_t i = 0; i < model->train->nsettings; i++)
      if (str_is(model->train->setting[i].name, "batch")) l.g->expect[0] = (int64_t)model->train->setting[i].value;
  if (targets) {
    needed[model->train->loss->number] = true;
    for (uint32_t i = model->nmodel; i < model->value.n; i++) needed[i] |= word_averages(model->value.at[i]->word);
  } else {
    for (uint32_t i = 0; i < model->noutputs; i++) needed[model->output[i].value->number] = true;
    if (kind == ENTRY_TRACE)
      for (uint32_t i = 0; i < model->nmodel; i++) needed[i] = model->value.at[i]->type.what == WHAT_FIELD;
  }
  need(model, needed, model->value.n);
  /* Arguments in the order of the ABI: inputs, targets, then the vectors. All inputs are arguments, read or not. */
  for (uint32_t i = 0; i < model->ninputs; i++) lower_value(&l, model->input[i]);
  if (targets)
    for (uint32_t i = 0; i < model->train->ntargets; i++) lower_value(&l, model->train->target[i]);
  if (!model->kernel) l.param = flat_arg(&l, S("param"), ARG_PARAM, NUMBER_REAL, layout.nparam);
  if (kind == ENTRY_STEP) {
    uint32_t key = flat_arg(&l, S("key"), ARG_KEY, NUMBER_INT, 2);
    l.key = graph_input(l.g, key, &(Shape){ .number = NUMBER_INT, .rank = 1, .axis = { axis_mul(2) } }, 0, 0);
  }
  for (uint32_t i = 0; i < model->value.n; i++)
    if (needed[i]) lower_value(&l, model->value.at[i]);
  switch (kind) {
  case ENTRY_STEP: store_sums(&l, lower_optimizer(&l, lower_loss(&l))); break;
  case ENTRY_EVAL: store_sums(&l, 0); break;
  case ENTRY_SLOPE: lower_slope(&l); break;
  case ENTRY_PULL: lower_pull(&l); break;
  case ENTRY_INFER: case ENTRY_TRACE:
    for (uint32_t i = 0; i < model->noutputs; i++) {
      Arg a = value_arg(&l, model->output[i].name, ARG_OUT, model->output[i].value);
      store_value(&l, graph_arg(l.g, &a), model->output[i].value);
    }
    for (uint32_t i = 0; kind == ENTRY_TRACE && i < model->nmodel; i++) {
      const Value *v = model->value.at[i];
      if (v->type.what != WHAT_FIELD || v->word == WORD_input || v->word == WORD_constant) continue;
      Arg a = value_arg(&l, str_format(arena, "%s%u", word_name(v->word), v->number), ARG_VALUE, v);
      store_value(&l, graph_arg(l.g, &a), v);
    }
    break;
  case ENTRY_SCORE: bug("entry %d", (int)kind);
  }
  return l.g;
}
