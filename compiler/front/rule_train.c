/* rule_train.c: what a train block averages over the batch.
 *
 * cross_entropy, accuracy and top read logits, one for each entry of a label's domain; mse, mae, rmse and huber read
 * two values of one type. All give one number, averaged over samples, elements and components [train.1] [train.2].
 * Clauses of lang/spec.md. Elsewhere: settings and readers (train.c), sums and counts (expand_train.c). */
#include "front/rule.h"

static bool by_class(Word w) { return w == WORD_cross_entropy || w == WORD_accuracy || w == WORD_top; }

static const Value *value_arg(Site *site, uint32_t i) {
  return site->arg[i].sort == ITEM_VALUE    ? site->arg[i].value
         : site->arg[i].sort == ITEM_POISON ? NULL
                                            : item_as_value(site, &site->arg[i]);
}

Item rule_average(Site *site) {
  const char *word = word_name(site->word);
  if (!site->check->in_train)
    return site_refuse_code(site, site->at, E0106, "`%s` averages over a batch, which only a `train` block has", word);
  const Value *x = site_field(site, 0);
  if (!x || site->arg[1].sort == ITEM_POISON) return item_poison(site->at);
  const Value *y = value_arg(site, 1), *where = NULL;
  uint32_t last = site->nargs - 1;
  int64_t count = 1;
  if (site->word == WORD_top && (!item_int(&site->arg[2], &count) || count < 1 || count > x->type.rep->copies))
    return site_refuse_code(site, site->at, E0111, "`top` takes how many of the %u logits count", x->type.rep->copies);
  if (by_class(site->word)) {                                                        /* [train.1] */
    if (!y || y->type.what != WHAT_LABEL)
      return site_refuse_code(site, site->at, E0106, "`%s` compares logits with a label", word);
    if (!rep_all_scalar(x->type.rep) || y->type.to->count != x->type.rep->copies)
      return site_refuse_code(site, site->at, E0202, "`%.*s` for a label of %llu entries",
                              STR(rep_name(site->check, x->type.rep)), (unsigned long long)y->type.to->count);
  } else {                                                                           /* [train.2] */
    if (!y || y->type.what != WHAT_FIELD)
      return site_refuse_code(site, site->at, E0106, "`%s` compares two values", word);
    if (y->type.rep != x->type.rep)
      return site_refuse_code(site, site->at, E0202, "`%s` compares `%.*s` with `%.*s`", word,
                              STR(rep_name(site->check, x->type.rep)), STR(rep_name(site->check, y->type.rep)));
  }
  const Space *on;
  if (!site_meet(site, x, y, &on)) return item_poison(site->at);
  if (site->arg[last].sort == ITEM_VALUE) {
    where = site->arg[last].value;
    Value both = { .type = { .on = on } };
    if (where->type.what != WHAT_FLAG) return site_refuse_code(site, site->at, E0106, "`where:` takes a flag");
    if (!site_meet(site, &both, where, &on)) return item_poison(site->at);
  } else if (site->arg[last].sort == ITEM_POISON) {
    return item_poison(site->at);
  }
  Value *v = value_add(site, site->word, type_field(site_scalars(site, 1), NULL), (const Value *[]){ x, y, where },
                       where ? 3 : 2);
  v->heads = (uint32_t)count;
  return item_value(v, site->at);
}

static bool averages(Word w) {
  return by_class(w) || w == WORD_mse || w == WORD_mae || w == WORD_rmse || w == WORD_huber;
}

/* [train.9] A loss and a metric are expressions of averages: what belongs to single samples meets them in an averaging
 * word only, since the score of many batches is made of their sums and counts. */
bool rule_scores(Check *c) {
  const Model *m = c->model;
  bool *average = arena_array(c->arena, bool, m->value.n + 1), *sample = arena_array(c->arena, bool, m->value.n + 1);
  for (uint32_t i = 0; i < m->value.n; i++) {
    const Value *v = m->value.at[i];
    bool word = averages(v->word);
    average[i] = word;
    sample[i] = v->word == WORD_input;
    for (uint32_t a = 0; a < v->nargs && !word; a++) {
      average[i] |= average[v->arg[a]->number];
      sample[i] |= sample[v->arg[a]->number];
    }
    bool mixed = average[i] && sample[i];
    bool alone = sample[i] && !average[i] && v == m->train->loss;
    for (uint32_t k = 0; k < m->train->nmetrics; k++)
      alone |= sample[i] && !average[i] && v == m->train->metric[k].value;
    if (!mixed && !alone) continue;
    Diag *d = diag_add(c->diags, E0106, v->at, mixed ? "an average over the batch meets numbers of single samples here"
                                                     : "this is one number a sample, not an average over the batch");
    d->help = S("a loss is made of averages and numbers, such as mse(y, t) + 0.1 * mse(z, u); "
                "what belongs to a sample goes inside an averaging word");
    return false;
  }
  return true;
}
