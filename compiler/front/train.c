/* train.c: train blocks. Settings are rows of SETTINGS, each with the function that reads its value.
 *
 * Reads the block of `train m(...)`; writes model->train, and the values of loss and metrics behind those of the model.
 * In scope are the inputs and outputs of the model and the targets; beside the built-in names the readers, optimizers,
 * schedules and precisions (rows of WORDS_OF_TRAIN). A schedule is a product of pieces over epochs. Columns bind by
 * name: of one npz file to the next they are inherited, and one that is not said is called as its input.
 * Elsewhere: what the averages are (rule_*.c), what a run does with all this (runtime/). */
#include "front/names.h"
#include <math.h>

typedef struct Schedule { uint32_t n; Piece piece[8]; } Schedule;
typedef struct Optimizer { Str name; uint32_t n; Setting setting[6]; } Optimizer;

/* --- arguments by name ------------------------------------------------------------------------- */
typedef struct Taken { Item item[4]; Span at[4]; } Taken;

/* names: "rate beta decay"; positions first, then names, all optional. */
static bool take(Check *c, Str word, const char *names, const Arg *arg, uint32_t nargs, Taken *out) {
  const char *name[4];
  uint32_t len[4], n = 0, next = 0;
  for (const char *p = names; *p; n++) {
    name[n] = p;
    while (*p && *p != ' ') p++;
    len[n] = (uint32_t)(p - name[n]);
    out->item[n] = item_of(ITEM_NONE, (Span){ 0, 0, 0 });
    if (*p) p++;
  }
  for (uint32_t i = 0; i < nargs; i++) {
    uint32_t k = next;
    if (arg[i].name.n) for (k = 0; k < n && !str_equal(arg[i].name, (Str){ name[k], len[k] }); k++) continue;
    else next++;
    if (k >= n && arg[i].name.n) {
      Near near = near_to(arg[i].name);
      for (k = 0; k < n; k++) nearer_or_part(&near, (Str){ name[k], len[k] });
      refuse(c, arg[i].at, E0105, "`%.*s` has no argument called `%.*s`%.*s", STR(word), STR(arg[i].name),
             STR(near_text(c, &near)));
      return false;
    }
    if (k >= n) { refuse(c, arg[i].at, E0105, "`%.*s` takes at most %u arguments", STR(word), n); return false; }
    if (out->item[k].sort != ITEM_NONE) {
      refuse(c, arg[i].at, E0105, "`%.*s` of `%.*s` is given twice", (int)len[k], name[k], STR(word));
      return false;
    }
    out->item[k] = arg[i].item;
    out->at[k] = arg[i].at;
  }
  return true;
}

/* A number in [least, most]; `fallback` when left out, NAN when it must not be. */
static bool number_in(Check *c, Str word, const char *what, const Item *x, Span x_at, Span at, double least,
                      double most, double fallback, double *out) {
  *out = fallback;
  if (x->sort == ITEM_NONE && !isnan(fallback)) return true;
  if (x->sort == ITEM_NONE) { refuse(c, at, E0105, "`%s` of `%.*s` is missing", what, STR(word)); return false; }
  if (x->sort != ITEM_NUMBER) {
    refuse(c, x_at, E0106, "`%s` of `%.*s` is a number, this is %s", what, STR(word), sort_text(x));
    return false;
  }
  *out = item_real(x);
  if (*out >= least && *out <= most) return true;
  if (isinf(most)) refuse(c, x_at, E0111, "`%s` of `%.*s` is at least %g", what, STR(word), least);
  else refuse(c, x_at, E0111, "`%s` of `%.*s` lies between %g and %g", what, STR(word), least, most);
  return false;
}

/* --- schedules --------------------------------------------------------------------------------- */
static Item schedule_item(Check *c, const Schedule *s, Span at) {
  Schedule *own = arena_one(c->program->arena, Schedule);
  *own = *s;
  Item x = item_of(ITEM_SCHEDULE, at);
  x.train = own;
  return x;
}

/* warmup(over), ramp(a, to:, over:), cosine(a, to:, over:), staircase(a, by:, every:), all over epochs */
static Item call_schedule(Check *c, Str name, const Arg *arg, uint32_t nargs, Span at) {
  Taken t;
  Piece p = { .kind = name };
  bool ok;
  if (str_is(name, "warmup"))
    ok = take(c, name, "over", arg, nargs, &t) &&
        number_in(c, name, "over", &t.item[0], t.at[0], at, 0, INFINITY, NAN, &p.over);
  else {
    bool stairs = str_is(name, "staircase");
    ok = take(c, name, stairs ? "from by every" : "from to over", arg, nargs, &t) &&
         number_in(c, name, "from", &t.item[0], t.at[0], at, 0, INFINITY, NAN, &p.a) &&
         number_in(c, name, stairs ? "by" : "to", &t.item[1], t.at[1], at, 0, INFINITY, NAN, &p.b) &&
         number_in(c, name, stairs ? "every" : "over", &t.item[2], t.at[2], at, 1e-9, INFINITY, NAN, &p.over);
  }
  return ok ? schedule_item(c, &(Schedule){ .n = 1, .piece = { p } }, at) : item_poison(at);
}

static bool as_schedule(const Item *x, Schedule *out) {
  if (x->sort == ITEM_SCHEDULE) { *out = *(const Schedule *)x->train; return true; }
  *out = (Schedule){ .n = 1, .piece = { { .kind = S("constant"), .a = item_real(x) } } };
  return x->sort == ITEM_NUMBER;
}

Item schedule_operate(Check *c, Word word, const Item *a, const Item *b, Span at) {
  Schedule x, y;
  if (word != WORD_mul || !as_schedule(a, &x) || !as_schedule(b, &y))
    return refuse(c, at, E0106, "schedules are multiplied, by numbers and by each other");
  if (x.n + y.n > 8) return refuse(c, at, E0111, "a schedule is a product of at most 8 pieces");
  for (uint32_t i = 0; i < y.n; i++) x.piece[x.n++] = y.piece[i];
  return schedule_item(c, &x, at);
}

/* --- optimizers -------------------------------------------------------------------------------- */
static Setting plain(const char *name, double value, double least, double most) {
  return (Setting){ .name = str_of(name), .value = value, .least = least, .most = most };
}

static bool rate_of(Check *c, Str word, const Item *x, Span x_at, Span at, double fallback, Setting *out) {
  *out = plain("optimizer.rate", fallback, 0, INFINITY);
  if (x->sort == ITEM_SCHEDULE) {
    const Schedule *s = x->train;
    out->npieces = s->n;
    out->piece = arena_array(c->program->arena, Piece, s->n);
    for (uint32_t i = 0; i < s->n; i++) out->piece[i] = s->piece[i];
    return true;
  }
  return number_in(c, word, "rate", x, x_at, at, 0, INFINITY, fallback, &out->value);
}

static bool betas(Check *c, Str word, const Item *x, Span x_at, double beta[2]) {
  if (x->sort == ITEM_NONE) return true;
  bool ok = x->sort == ITEM_LIST && x->n == 2 && x->item[0].sort == ITEM_NUMBER && x->item[1].sort == ITEM_NUMBER;
  if (!ok) { refuse(c, x_at, E0106, "`beta` of `%.*s` is a list of two numbers", STR(word)); return false; }
  for (int i = 0; i < 2; i++) {
    beta[i] = item_real(&x->item[i]);
    if (!(beta[i] >= 0 && beta[i] < 1)) {
      refuse(c, x_at, E0111, "`beta` of `%.*s` lies from 0 to below 1", STR(word));
      return false;
    }
  }
  return true;
}

static Item call_optimizer(Check *c, Str name, const Arg *arg, uint32_t nargs, Span at) {
  Optimizer *o = arena_one(c->program->arena, Optimizer);
  bool sgd = str_is(name, "sgd"), ok;
  Taken t;
  o->name = name;
  if (!take(c, name, sgd ? "rate momentum" : "rate beta decay", arg, nargs, &t)) return item_poison(at);
  ok = rate_of(c, name, &t.item[0], t.at[0], at, sgd ? NAN : 1e-3, &o->setting[o->n++]);
  if (sgd) {
    Setting *m = &o->setting[o->n++];
    *m = plain("optimizer.momentum", 0, 0, 1);
    ok = ok && number_in(c, name, "momentum", &t.item[1], t.at[1], at, 0, 1, 0, &m->value);
  } else {
    double beta[2] = { 0.9, 0.999 };
    ok = ok && betas(c, name, &t.item[1], t.at[1], beta);
    o->setting[o->n++] = plain("optimizer.beta1", beta[0], 0, 1);
    o->setting[o->n++] = plain("optimizer.beta2", beta[1], 0, 1);
    Setting *d = &o->setting[o->n++];
    *d = plain("optimizer.decay", 0, 0, INFINITY);
    ok = ok && number_in(c, name, "decay", &t.item[2], t.at[2], at, 0, INFINITY, str_is(name, "adamw") ? 0.01 : 0,
                         &d->value);
  }
  Item x = item_of(ITEM_OPTIMIZER, at);
  x.train = o;
  return ok ? x : item_poison(at);
}

/* --- readers ----------------------------------------------------------------------------------- */
static Item call_shared(Check *c, Str name, const Arg *arg, uint32_t nargs, Span at) {
  if (!plain_args(c, name, arg, nargs, 1, 1, at)) return item_poison(at);
  if (arg[0].item.sort != ITEM_TEXT)
    return refuse(c, arg[0].at, E0106, "a column is a text, this is %s", sort_text(&arg[0].item));
  Item x = arg[0].item;
  x.flag = true;                                              /* shared by all samples                    */
  return x;
}

static Item call_reader(Check *c, Str name, const Arg *arg, uint32_t nargs, Span at) {
  Reader *r = arena_one(c->program->arena, Reader);
  *r = (Reader){ .format = name, .file = S(""), .at = at, .column = arena_array(c->program->arena, Column, nargs) };
  for (uint32_t i = 0; i < nargs; i++) {
    if (arg[i].item.sort != ITEM_TEXT)
      return refuse(c, arg[i].at, E0106, "files and columns are texts, this is %s", sort_text(&arg[i].item));
    if (!arg[i].name.n) {
      if (!str_is(name, "npz"))
        return refuse(c, arg[i].at, E0105, "`%.*s` takes a file for each input: `input: \"file\"`", STR(name));
      if (r->file.n) return refuse(c, arg[i].at, E0105, "`npz` takes one file");
      r->file = arg[i].item.text;
      continue;
    }
    for (uint32_t k = 0; k < r->ncolumns; k++)
      if (str_equal(r->column[k].input, arg[i].name))
        return refuse(c, arg[i].at, E0105, "`%.*s` is given twice", STR(arg[i].name));
    const Train *t = c->model->train;
    Near near = near_to(arg[i].name);
    for (uint32_t k = 0; k < c->model->ninputs; k++) nearer_or_part(&near, c->model->input[k]->name);
    for (uint32_t k = 0; k < t->ntargets; k++) nearer_or_part(&near, t->target[k]->name);
    if (!str_equal(near.best, arg[i].name))
      return refuse(c, arg[i].at, E0902, "the model has no input `%.*s`, and the train block no such parameter%.*s",
                    STR(arg[i].name), STR(near_text(c, &near)));
    r->column[r->ncolumns++] = (Column){ .input = arg[i].name, .column = arg[i].item.text, .shared = arg[i].item.flag };
  }
  if (str_is(name, "npz") && !r->file.n) return refuse(c, at, E0105, "`npz` takes a file");
  Item x = item_of(ITEM_READER, at);
  x.train = r;
  return x;
}

static Item call_later_reader(Check *c, Str name, const Arg *arg, uint32_t nargs, Span at) {
  (void)arg, (void)nargs;
  return refuse(c, at, E0901, "the reader `%.*s` belongs to a later version; there are idx, npy and npz", STR(name));
}

static Item call_later_setting(Check *c, Str name, const Arg *arg, uint32_t nargs, Span at) {
  (void)arg, (void)nargs;
  return refuse(c, at, E0901, "`%.*s` belongs to a later version", STR(name));
}

static const Column *column_of(const Reader *r, Str input) {
  for (uint32_t i = 0; i < r->ncolumns; i++)
    if (str_equal(r->column[i].input, input)) return &r->column[i];
  return NULL;
}

static bool complete_column(Check *c, Reader *r, const Reader *from, Str input, Column *out) {
  bool npz = str_is(r->format, "npz");
  const Column *own = column_of(r, input);
  if (!own && npz && from && str_is(from->format, "npz")) own = column_of(from, input);
  if (own) *out = *own;
  else if (npz) *out = (Column){ .input = input, .column = input };
  else { refuse(c, r->at, E0902, "`%.*s` has no file here", STR(input)); return false; }
  return true;
}

static void complete_columns(Check *c, Reader *r, const Reader *from) {
  Model *m = c->model;
  uint32_t n = m->ninputs + m->train->ntargets, k = 0;
  Column *all = arena_array(c->program->arena, Column, n);
  for (uint32_t i = 0; i < m->ninputs; i++)
    if (!complete_column(c, r, from, m->input[i]->name, &all[k++])) return;
  for (uint32_t i = 0; i < m->train->ntargets; i++)
    if (!complete_column(c, r, from, m->train->target[i]->name, &all[k++])) return;
  r->column = all;
  r->ncolumns = k;
}

/* --- the settings ------------------------------------------------------------------------------ */
typedef struct Set { Check *c; Scope *s; const Ast *names, *exprs; const Item *item; uint32_t n; } Set;

static void set_add(Set *x, Setting s) {
  Train *t = x->c->model->train;
  t->setting[t->nsettings++] = s;
}

static bool one(Set *x, ItemSort sort, const char *asked) {
  if (x->n == 1 && x->item[0].sort == sort) return true;
  if (x->n == 1 && x->item[0].sort == ITEM_POISON) return false;
  refuse(x->c, x->exprs->span, E0106, "`%.*s` is %s%s%s", STR(x->names->child[0]->text), asked, x->n == 1
         ? ", this is " : "", x->n == 1 ? sort_text(&x->item[0]) : "");
  return false;
}

static void whole_setting(Set *x, double least, double most) {
  int64_t i;
  if (!one(x, ITEM_NUMBER, "a whole number")) return;
  if (!item_int(&x->item[0], &i))
    refuse(x->c, x->exprs->span, E0106, "`%.*s` is a whole number", STR(x->names->child[0]->text));
  else if ((double)i < least || (double)i > most)
    refuse(x->c, x->exprs->span, E0111, "`%.*s` lies between %lld and %lld", STR(x->names->child[0]->text),
           (long long)least, (long long)most);
  else set_add(x, (Setting){ .name = x->names->child[0]->text, .value = (double)i, .least = least, .most = most });
}

static void set_batch(Set *x) { whole_setting(x, 1, 1e9); }
static void set_epochs(Set *x) { whole_setting(x, 1, 1e9); }
static void set_steps(Set *x) { whole_setting(x, 0, 1e15); }
static void set_seed(Set *x) { whole_setting(x, 0, 2147483647); }
static void set_checkpoint(Set *x) { whole_setting(x, 0, 1e15); }

static void real_setting(Set *x, double most, bool open, const char *range) {
  if (!one(x, ITEM_NUMBER, "a number")) return;
  double v = item_real(&x->item[0]);
  if (!(v > 0) || v > most || (open && v >= most))
    refuse(x->c, x->exprs->span, E0111, "`%.*s` is %s", STR(x->names->child[0]->text), range);
  else set_add(x, (Setting){ .name = x->names->child[0]->text, .value = v, .least = 0, .most = most });
}

static void set_clip(Set *x) { real_setting(x, INFINITY, false, "a norm above 0"); }
static void set_average(Set *x) { real_setting(x, 1, true, "a decay between 0 and 1"); }

static void set_precision(Set *x) {
  if (!one(x, ITEM_TEXT, "f32 or f64")) return;
  Str p = x->item[0].text;
  if (str_is(p, "f32") || str_is(p, "f64")) x->c->model->train->precision = p;
  else refuse(x->c, x->exprs->span, E0111, "`precision` is f32 or f64, this is `%.*s`", STR(p));
}

static void set_optimizer(Set *x) {
  if (!one(x, ITEM_OPTIMIZER, "adam(...), adamw(...) or sgd(...)")) return;
  const Optimizer *o = x->item[0].train;
  x->c->model->train->optimizer = o->name;
  for (uint32_t i = 0; i < o->n; i++) set_add(x, o->setting[i]);
}

static bool one_scalar(Check *c, const Item *x, const char *what) {
  if (x->sort == ITEM_POISON) return false;
  const Type *t = x->sort == ITEM_VALUE ? &x->value->type : NULL;
  if (!t) { refuse(c, x->at, E0106, "%s is a value, this is %s", what, sort_text(x)); return false; }
  if (t->what == WHAT_FIELD && !t->on && t->rep->dim == 1 && rep_all_scalar(t->rep)) return true;
  Out o = { .arena = c->arena };
  type_text(t, &o);
  Str text = out_text(&o);
  refuse(c, x->at, E0200, "%s is one scalar, this is `%.*s`", what, STR(text));
  return false;
}

static void set_loss(Set *x) {
  if (x->n != 1) refuse(x->c, x->exprs->span, E0106, "`loss` is one scalar");
  else if (one_scalar(x->c, &x->item[0], "a loss")) x->c->model->train->loss = x->item[0].value;
}

static void set_metric(Set *x) {
  Train *t = x->c->model->train;
  t->metric = arena_array(x->c->program->arena, Metric, x->n + 1);      /* one more: what `stop` may ask for */
  for (uint32_t i = 0; i < x->n; i++)
    if (one_scalar(x->c, &x->item[i], "a metric"))
      t->metric[t->nmetrics++] = (Metric){ .text = str_copy(x->c->program->arena, source_text(x->c, x->item[i].at)),
                                           .value = x->item[i].value };
}

static Reader *readers(Set *x, uint32_t *n) {
  Reader *r = arena_array(x->c->program->arena, Reader, x->n);
  *n = 0;
  for (uint32_t i = 0; i < x->n; i++) {
    if (x->item[i].sort == ITEM_READER) r[(*n)++] = *(const Reader *)x->item[i].train;
    else if (x->item[i].sort != ITEM_POISON)
      refuse(x->c, x->item[i].at, E0106, "a reader is asked for, as npz(\"file.npz\"); this is %s",
             sort_text(&x->item[i]));
  }
  return r;
}

static void set_data(Set *x) { Train *t = x->c->model->train; t->data = readers(x, &t->ndata); }
static void set_test(Set *x) { Train *t = x->c->model->train; t->test = readers(x, &t->ntest); }
static void set_valid(Set *x) {
  Train *t = x->c->model->train;
  int64_t i;
  if (x->n != 1 || x->item[0].sort != ITEM_NUMBER) { t->valid = readers(x, &t->nvalid); return; }
  double v = item_real(&x->item[0]);
  if (v > 0 && v < 1) t->valid_part = v;
  else if (item_int(&x->item[0], &i) && i >= 1) t->valid_part = v;
  else refuse(x->c, x->exprs->span, E0111, "`valid` is a fraction below 1 or a whole number of samples");
}

/* Are all outputs proved under these elements of what acts? */
static bool proved_under(Check *c, const Group *k) {
  const Model *m = c->model;
  const uint32_t *map = m->group ? group_embed(c->program->groups, k, m->group, NULL) : NULL;
  const Elements *e = map ? group_elements(c->program->groups, k, NULL) : NULL;
  for (uint32_t i = 0; e && i < m->noutputs; i++) {
    const Proof *p = &m->output[i].value->proof;
    if (p->verdict == VERDICT_AUDITED) return false;
    for (uint32_t j = 0; p->kept && j < e->n; j++)
      if (!p->kept[map[j]]) return false;
  }
  return e != NULL;
}

static bool proved_implied(const Model *m, bool permutations) {
  if (permutations ? !m->permutations : !m->translations) return false;
  for (uint32_t i = 0; i < m->noutputs; i++) {
    const Proof *p = &m->output[i].value->proof;
    if (p->verdict == VERDICT_AUDITED || (permutations ? p->numbered : p->shift != 1)) return false;
  }
  return true;
}

static bool has_sort(const Model *m, bool torus) {
  for (uint32_t i = 0; i < m->ninputs; i++) {
    const Space *s = m->input[i]->type.on;
    if (s && (torus ? s->sort == SPACE_TORUS || s->sort == SPACE_CYCLE : s->sort == SPACE_SET)) return true;
  }
  return false;
}

static void augment_implied(Set *x, const Item *a) {
  Check *c = x->c;
  Train *t = c->model->train;
  if (a->group || a->by > 1) {
    refuse(c, a->at, E0901, "augmentation by products and by multiples of a shift belongs to a later version");
    return;
  }
  if (!has_sort(c->model, !a->permutations)) {
    refuse(c, a->at, a->permutations ? E0802 : E0402, a->permutations ? "no input lives on a set"
           : "no input lives on a torus or a cycle, so translations move nothing");
    return;
  }
  if (a->permutations) t->augment_permutations = true;
  else t->augment_translations = true;
  if (proved_implied(c->model, a->permutations))
    warn(c, a->at, W9, "the model is proved under `%s` already", a->permutations ? "permutations" : "translations");
}

static void set_augment(Set *x) {
  Check *c = x->c;
  Train *t = c->model->train;
  t->augment = arena_array(c->program->arena, const Group *, x->n);
  for (uint32_t i = 0; i < x->n; i++) {
    const Item *a = &x->item[i];
    if (a->sort == ITEM_POISON) continue;
    if (a->sort == ITEM_TRANSLATIONS) { augment_implied(x, a); continue; }
    if (a->sort != ITEM_GROUP) {
      refuse(c, a->at, E0106, "`augment` is a group, this is %s", sort_text(a));
      continue;
    }
    if (a->group->sort == GROUP_LIE) {
      refuse(c, a->at, E0903, "augmentation by %.*s, a group of infinitely many elements, belongs to a later version",
             STR(a->group->name));
      continue;
    }
    t->augment[t->naugment++] = a->group;
    if (proved_under(c, a->group)) warn(c, a->at, W9, "the model is proved under %.*s already", STR(a->group->name));
  }
}

/* patience(m, n): n epochs without a better m. */
typedef struct Patience { const Value *value; Str text; int64_t epochs; } Patience;
static Item call_patience(Check *c, Str name, const Arg *arg, uint32_t nargs, Span at) {
  Patience *p = arena_one(c->program->arena, Patience);
  if (!plain_args(c, name, arg, nargs, 2, 2, at) || !one_scalar(c, &arg[0].item, "what `patience` watches"))
    return item_poison(at);
  if (!item_int(&arg[1].item, &p->epochs))
    return refuse(c, arg[1].at, E0106, "`patience` waits a whole number of epochs");
  if (p->epochs < 1 || p->epochs > 1000000000) return refuse(c, arg[1].at, E0111, "`patience` waits 1 to 10^9 epochs");
  p->value = arg[0].item.value;
  p->text = str_copy(c->program->arena, source_text(c, arg[0].at));
  Item x = item_of(ITEM_SCHEDULE, at);
  x.train = p;
  x.flag = true;                                              /* no schedule of a rate: what ends a run   */
  return x;
}

/* Which score it is: 0 the loss, then the metrics; one that is no metric becomes one. */
static void stop(Check *c, const Patience *p) {
  Train *t = c->model->train;
  uint32_t k = 0;
  while (k < t->nmetrics && !str_equal(t->metric[k].text, p->text)) k++;
  if (p->value == t->loss) k = UINT32_MAX;
  if (k == t->nmetrics) {
    if (!t->metric) t->metric = arena_array(c->program->arena, Metric, 1);
    t->metric[t->nmetrics++] = (Metric){ .text = p->text, .value = p->value };
  }
  t->setting[t->nsettings++] = plain("stop.patience", (double)p->epochs, 0, 1e9);
  t->setting[t->nsettings++] = plain("stop.metric", k + 1.0 > t->nmetrics ? 0 : k + 1.0, 0, 1e9);
}

static void set_stop(Set *x) {
  if (x->n == 1 && x->item[0].sort == ITEM_SCHEDULE && x->item[0].flag) return;      /* read when metrics are known */
  if (x->n == 1 && x->item[0].sort == ITEM_POISON) return;
  refuse(x->c, x->exprs->span, E0106, "`stop` is patience(m, n)");
}

static void set_start(Set *x) { refuse(x->c, x->names->span, E0901, "`start` belongs to a later version"); }

/* WORD: a name that nothing declares stands for itself; which ones there are, the setting says. */
typedef enum Takes { TAKES_VALUE, TAKES_WORD, TAKES_LIST } Takes;
static const struct { const char *name; void (*set)(Set *); Takes takes; } SETTINGS[] = {
  { "data", set_data, TAKES_LIST },
  { "valid", set_valid, TAKES_LIST },
  { "test", set_test, TAKES_LIST },
  { "loss", set_loss, TAKES_VALUE },
  { "metric", set_metric, TAKES_LIST },
  { "optimizer", set_optimizer, TAKES_VALUE },
  { "augment", set_augment, TAKES_LIST },
  { "batch", set_batch, TAKES_VALUE },
  { "epochs", set_epochs, TAKES_VALUE },
  { "steps", set_steps, TAKES_VALUE },
  { "seed", set_seed, TAKES_VALUE },
  { "clip", set_clip, TAKES_VALUE },
  { "average", set_average, TAKES_VALUE },
  { "stop", set_stop, TAKES_VALUE },
  { "precision", set_precision, TAKES_WORD },
  { "checkpoint", set_checkpoint, TAKES_VALUE },
  { "start", set_start, TAKES_VALUE },
};
enum { NSETTINGS = sizeof SETTINGS / sizeof SETTINGS[0] };

/* --- names of a train block -------------------------------------------------------------------- */
static Item word_itself(Check *c, Str name, Span at) {
  (void)c;
  Item x = item_of(ITEM_TEXT, at);
  x.text = name;
  return x;
}

static const Builtin WORDS_OF_TRAIN[] = {
  { "idx", NULL, call_reader },
  { "npy", NULL, call_reader },
  { "npz", NULL, call_reader },
  { "xyz", NULL, call_later_reader },
  { "csv", NULL, call_later_reader },
  { "off", NULL, call_later_reader },
  { "bytes", NULL, call_later_reader },
  { "relation", NULL, call_later_reader },
  { "shared", NULL, call_shared },
  { "adam", NULL, call_optimizer },
  { "adamw", NULL, call_optimizer },
  { "sgd", NULL, call_optimizer },
  { "warmup", NULL, call_schedule },
  { "ramp", NULL, call_schedule },
  { "cosine", NULL, call_schedule },
  { "staircase", NULL, call_schedule },
  { "patience", NULL, call_patience },
  { "weights", NULL, call_later_setting },
  { "data_mean", NULL, call_later_setting },
  { "data_rms", NULL, call_later_setting },
  { "f32", word_itself, NULL },
  { "f64", word_itself, NULL },
};

Item train_name(Check *c, Str name, Span at) {
  for (uint32_t i = 0; i < sizeof WORDS_OF_TRAIN / sizeof WORDS_OF_TRAIN[0]; i++)
    if (str_is(name, WORDS_OF_TRAIN[i].name)) return builtin_item(c, &WORDS_OF_TRAIN[i], name, at);
  return item_of(ITEM_NONE, at);
}

void train_names(void (*each)(void *, Str), void *with) {
  for (uint32_t i = 0; i < sizeof WORDS_OF_TRAIN / sizeof WORDS_OF_TRAIN[0]; i++)
    each(with, str_of(WORDS_OF_TRAIN[i].name));
}

/* --- the block --------------------------------------------------------------------------------- */
typedef struct Seen { Span at[NSETTINGS]; const Patience *patience; } Seen;

static void unknown_setting(Check *c, const Ast *name) {
  const char *best = NULL;
  uint32_t distance = name->text.n < 5 ? 3 : 4;
  for (uint32_t i = 0; i < NSETTINGS; i++) {
    uint32_t d = str_distance(name->text, str_of(SETTINGS[i].name));
    if (d < distance) { distance = d; best = SETTINGS[i].name; }
  }
  if (best) refuse(c, name->span, E0901, "no setting `%.*s`; did you mean `%s`?", STR(name->text), best);
  else refuse(c, name->span, E0901, "no setting `%.*s`", STR(name->text));
}

static Item setting_value(Check *c, Scope *s, const Ast *x, Takes takes) {
  bool word = takes == TAKES_WORD && x->kind == AST_NAME && name_is_plain(s, x->text);
  Item item = word ? word_itself(c, x->text, x->span) : eval(c, s, x);
  item.at = x->span;
  return item;
}

static void setting(Check *c, Scope *s, const Ast *x, Seen *seen) {
  const Ast *names = x->child[0], *exprs = x->child[1];
  if (names->n != 1) { refuse(c, x->span, E0901, "a setting has one name"); return; }
  uint32_t k = 0;
  while (k < NSETTINGS && !str_is(names->child[0]->text, SETTINGS[k].name)) k++;
  if (k == NSETTINGS) { unknown_setting(c, names->child[0]); return; }
  if (seen->at[k].source) { refuse(c, names->span, E0107, "`%s` is assigned twice", SETTINGS[k].name); return; }
  seen->at[k] = names->span;
  if (SETTINGS[k].set == set_start) { set_start(&(Set){ .c = c, .s = s, .names = names, .exprs = exprs }); return; }
  if (exprs->n > 1 && SETTINGS[k].takes != TAKES_LIST) {
    refuse(c, exprs->span, E0106, "`%s` is one value", SETTINGS[k].name);
    return;
  }
  c->names->as_claim = SETTINGS[k].set == set_augment;
  Item *item = arena_array(c->arena, Item, exprs->n);
  uint32_t n = exprs->n;
  for (uint32_t i = 0; i < n; i++) item[i] = setting_value(c, s, exprs->child[i], SETTINGS[k].takes);
  c->names->as_claim = false;
  const Item *all = item;
  if (n == 1 && item[0].sort == ITEM_LIST && SETTINGS[k].takes == TAKES_LIST) { all = item[0].item; n = item[0].n; }
  if (SETTINGS[k].set == set_stop && all[0].sort == ITEM_SCHEDULE && all[0].flag) seen->patience = all[0].train;
  SETTINGS[k].set(&(Set){ .c = c, .s = s, .names = names, .exprs = exprs, .item = all, .n = n });
}

static void targets(Check *c, Scope *s, const Ast *params) {
  Train *t = c->model->train;
  t->target = arena_array(c->program->arena, const Value *, params->n);
  for (uint32_t i = 0; i < params->n; i++) {
    const Ast *p = params->child[i];
    Type type;
    Item x = item_poison(p->word);
    if (p->n > 1 && p->child[1]) refuse(c, p->child[1]->span, E0105, "what the data give has no default");
    if (type_of(c, s, p->child[0], &type)) {
      Value *v = value_push(c, (Value){ .word = WORD_input, .type = type, .name = p->text, .at = p->word,
                                        .path = p->text });
      proof_of_args(c, v);
      t->target[t->ntargets++] = v;
      x = item_value(v, p->word);
    }
    scope_add(c, s, (Entry){ .name = p->text, .sort = ENTRY_PARAM, .item = x, .at = p->word, .bound = true });
  }
}

/* What the block sees of the model: its inputs and outputs. */
static void open_model(Check *c, Scope *s, const Scope *model) {
  for (uint32_t i = 0; i < model->entry.n; i++) {
    const Entry *e = &model->entry.at[i];
    bool input = e->sort == ENTRY_PARAM, output = e->sort == ENTRY_OUTPUT;
    if (input || output)
      scope_add(c, s, (Entry){ .name = e->name, .sort = ENTRY_OUTPUT, .item = e->item, .at = e->at, .bound = true });
  }
}

void train_check(Check *c, Scope *model_scope, const Ast *x) {
  Train *t = c->model->train = arena_one(c->program->arena, Train);
  const Ast *params = x->child[0], *block = x->child[1];
  *t = (Train){ .precision = S("f32"), .optimizer = S("") };
  t->setting = arena_array(c->program->arena, Setting, NSETTINGS + 8);
  Scope s = { .module = model_scope->module };
  Seen seen = { .patience = NULL };
  uint32_t errors = c->diags->nerrors;
  c->in_train = true;
  open_model(c, &s, model_scope);
  if (params) targets(c, &s, params);
  for (uint32_t i = 0; i < block->n && c->diags->nerrors < errors + 20; i++) {
    const Ast *k = block->child[i];
    const Ast *names = k->kind == AST_ASSIGN ? k->child[0] : NULL;
    const Entry *of = names && names->n == 1 ? scope_find(&s, names->child[0]->text, NULL) : NULL;
    if (names && !(of && of->sort == ENTRY_VAR)) setting(c, &s, k, &seen);
    else if (k->kind != AST_ERROR) statement_eval(c, &s, k);
  }
  if (!t->optimizer.n) {                                      /* not said: adam(), as it comes            */
    Item o = call_optimizer(c, S("adam"), NULL, 0, x->word);
    set_optimizer(&(Set){ .c = c, .s = &s, .item = &o, .n = 1 });
  }
  if (c->diags->nerrors == errors) {
    if (!t->loss) refuse(c, x->word, E0107, "the setting `loss` is missing");
    if (!t->ndata) refuse(c, x->word, E0107, "the setting `data` is missing");
    for (uint32_t i = 0; i < t->ndata; i++) complete_columns(c, &t->data[i], i ? &t->data[0] : NULL);
    for (uint32_t i = 0; i < t->nvalid; i++) complete_columns(c, &t->valid[i], t->ndata ? &t->data[0] : NULL);
    for (uint32_t i = 0; i < t->ntest; i++) complete_columns(c, &t->test[i], t->ndata ? &t->data[0] : NULL);
    if (seen.patience && t->loss) stop(c, seen.patience);
    if (t->loss) rule_scores(c);
  }
  c->in_train = false;
}
