/* rule_norm.c: invariants of each copy, norms of layers, whole copies dropped, and what gives symmetry up by name.
 *
 * norm, dot and invariants use the form that an orthogonal representation preserves; a kind without one is refused
 * [form.1]. A layer's norm divides a copy by an invariant and shifts it along what the group fixes, so one mean and
 * one variance belong to a copy, never to a component [norm.1]. `components`, `assemble` and `restrict` are the doors
 * of `break` and `assume` [components.1] [restrict.1]. Clauses of lang/spec.md. */
#include "front/rule.h"
#include <math.h>

/* --- forms [form.1] --------------------------------------------------------------------------- */
static bool has_form(Site *site, const Rep *rep) {
  for (uint32_t t = 0; t < rep->n; t++) {
    const Kind *k = rep->term[t].kind;
    if (k->orthogonal) continue;
    Why why = site_why(site);
    witness_length(site->check, k, &why);
    why_help(&why, "`tensor(v, w, scalar)` has a weight for each invariant form that there is");
    why_no(&why, E0208, "%.*s keeps no length of `%.*s`", STR(k->group->name), STR(k->name));
    site_refuse(site, site->at, &why);
    return false;
  }
  return true;
}

Item rule_norm(Site *site) {
  const Value *x = site_field(site, 0);
  if (!x || !has_form(site, x->type.rep)) return item_poison(site->at);
  Type t = type_field(site_scalars(site, x->type.rep->copies), x->type.on);
  return item_value(value_add(site, WORD_norm, t, &x, 1), site->at);
}

Item rule_invariants(Site *site) {
  const Value *x = site_field(site, 0);
  if (!x || !has_form(site, x->type.rep)) return item_poison(site->at);
  if (rep_all_scalar(x->type.rep)) return item_value(x, site->at);
  Type t = type_field(site_scalars(site, x->type.rep->copies), x->type.on);
  return item_value(value_add(site, WORD_invariants, t, &x, 1), site->at);
}

/* Two kinds whose matrices differ by the determinant alone: their product by components, summed, is a sign [form.2]. */
static bool differ_by_sign(const Kind *a, const Kind *b, const Kind *sign) {
  if (a->dim != b->dim || !a->orthogonal || !sign || a->dim > 16) return false;
  double ma[256], mb[256], s;
  for (uint32_t g = 0; g < a->group->ngen; g++) {
    kind_generator(a, g, ma);
    kind_generator(b, g, mb);
    kind_generator(sign, g, &s);
    for (uint32_t i = 0; i < a->dim * a->dim; i++)
      if (fabs(ma[i] - s * mb[i]) > 1e-12) return false;
  }
  return true;
}

static Item dot_sign(Site *site, const Value *x, const Value *y, const Space *on, const Kind *sign) {
  const Rep *out = rep_of(site_reps(site), sign, x->type.rep->copies);
  const Value *pair = value_add(site, WORD_couple, type_field(out, on), (const Value *[]){ x, y }, 2);
  Value *scale = value_add(site, WORD_constant, type_field(site_scalars(site, 1), NULL), NULL, 0);
  scale->x = sqrt((double)x->type.rep->term[0].kind->dim);                           /* the basis is of norm 1 */
  return item_value(value_add(site, WORD_mul, pair->type, (const Value *[]){ pair, scale }, 2), site->at);
}

Item rule_dot(Site *site) {
  const Value *x = site_field(site, 0), *y = x ? site_field(site, 1) : NULL;
  const Space *on;
  int64_t heads = 0;
  if (!y || !site_meet(site, x, y, &on)) return item_poison(site->at);
  const Rep *a = x->type.rep, *b = y->type.rep;
  if (!item_int(&site->arg[2], &heads) || heads < 1 || a->copies % heads)
    return site->arg[2].sort == ITEM_POISON
               ? item_poison(site->at)
               : site_refuse_code(site, site->at, E0111, "`heads` does not divide the %u copies of `%.*s`", a->copies,
                                  STR(rep_name(site->check, a)));
  if (a != b) {
    bool alike = a->n == 1 && b->n == 1 && a->copies == b->copies && a->term[0].kind->group &&
                 a->term[0].kind->group == b->term[0].kind->group;
    const Kind *sign =
        alike && a->term[0].kind->group->dim ? kind_sign(site_reps(site), a->term[0].kind->group, NULL) : NULL;
    if (alike && heads == a->copies && differ_by_sign(a->term[0].kind, b->term[0].kind, sign)) {
      const Basis *path = hom_pairs(site_reps(site), a->term[0].kind, b->term[0].kind, sign, NULL);
      if (path && path->n == 1) return dot_sign(site, x, y, on, sign);
    }
    Why why = site_why(site);
    if (a->n == 1 && b->n == 1) witness_differ(site->check, a->term[0].kind, b->term[0].kind, &why);
    why_no(&why, E0208, "no invariant form pairs `%.*s` with `%.*s`", STR(rep_name(site->check, a)),
           STR(rep_name(site->check, b)));
    return site_refuse(site, site->at, &why);
  }
  if (!has_form(site, a)) return item_poison(site->at);
  Value *v =
      value_add(site, WORD_dot, type_field(site_scalars(site, (uint32_t)heads), on), (const Value *[]){ x, y }, 2);
  v->heads = (uint32_t)heads;
  return item_value(v, site->at);
}

/* [pool.1] The largest component of each copy: its place moves, it does not. */
Item rule_group_pool(Site *site) {
  const Value *x = site_field(site, 0);
  if (!x) return item_poison(site->at);
  const Rep *rep = x->type.rep;
  for (uint32_t t = 0; t < rep->n && !site_free(site); t++) {
    const Kind *k = rep->term[t].kind;
    if (k->action <= ACTION_PERMUTES) continue;
    Why why = site_why(site);
    witness_length(site->check, k, &why);
    why_help(&why, "norm(x), or invariants(x)");
    why.rule = S("a maximum of components needs a group that permutes them");
    why_no(&why, E0203, "the largest component of `%.*s`, which %.*s does not permute", STR(k->name),
           STR(k->group->name));
    return site_refuse(site, site->at, &why);
  }
  Value *v = value_add(site, WORD_group_pool, type_field(site_scalars(site, rep->copies), x->type.on), &x, 1);
  if (rep_action(rep) > ACTION_PERMUTES)
    site_shrink(site, v, elements_permuting(site->check, rep), 1, "a maximum of components");
  return item_value(v, site->at);
}

/* --- norms of layers [norm.1] ----------------------------------------------------------------- */
static const Weight *norm_weight(Site *site, Value *v, WeightRole role, const char *name, const Term *t, bool several) {
  Str last = several ? str_format(site->check->program->arena, "%s.%.*s", name, STR(t->kind->name)) : str_of(name);
  Weight *w = weight_add(site, v, role, last);
  if (!w) return NULL;
  w->role = role;
  w->trained = role == WEIGHT_SCALE || role == WEIGHT_SHIFT;
  w->out = t->kind;
  w->ngroups = 1;
  w->rank = 1;
  w->dim[0] = w->count = t->copies;
  w->dim[1] = w->dim[2] = 1;
  w->init = role == WEIGHT_SCALE || role == WEIGHT_VARIANCE ? INIT_ONES : INIT_ZEROS;
  w->owner = v->number;
  w->at = v->at;
  return w;
}

Item rule_norm_layer(Site *site) {
  static const struct { WeightRole role; const char *name; bool batch, trivial; } row[] = {
    { WEIGHT_SCALE, "scale", false, false },    { WEIGHT_SHIFT, "shift", false, true },
    { WEIGHT_MEAN, "mean", true, true },        { WEIGHT_VARIANCE, "variance", true, false },
  };
  const Value *x = site_field(site, 0);
  if (!x || !has_form(site, x->type.rep)) return item_poison(site->at);
  const Rep *rep = x->type.rep;
  bool batch = site->word == WORD_batch_norm;
  double momentum = batch ? item_real(&site->arg[1]) : 0;
  if (batch && !(momentum > 0 && momentum <= 1))
    return site_refuse_code(site, site->at, E0111, "`momentum` lies above 0 and up to 1");
  Value *v = value_add(site, site->word, x->type, &x, 1);
  v->x = momentum;
  v->weight = arena_array(site->check->program->arena, const Weight *, 4 * rep->n + 1);
  for (uint32_t t = 0; t < rep->n; t++)
    for (size_t r = 0; r < sizeof row / sizeof *row; r++) {
      if ((row[r].batch && !batch) || (row[r].trivial && rep->term[t].kind->action > ACTION_PERMUTES)) continue;
      const Weight *w = norm_weight(site, v, row[r].role, row[r].name, &rep->term[t], rep->n > 1);
      if (!w) return item_poison(site->at);
      v->weight[v->nweights++] = w;
    }
  return item_value(v, site->at);
}

/* [dropout.1] One bit for an element and copy, so the mask is invariant. */
Item rule_dropout(Site *site) {
  const Value *x = site_field(site, 0);
  if (!x) return item_poison(site->at);
  double rate = item_real(&site->arg[1]);
  if (!(rate >= 0 && rate < 1))
    return site_refuse_code(site, site->at, E0111, "`rate` lies from 0 to below 1, this is %g", rate);
  if (rate == 0) return item_value(x, site->at);
  Value *v = value_add(site, WORD_dropout, x->type, &x, 1);
  v->x = rate;
  return item_value(v, site->at);
}

/* --- components [components.1] ---------------------------------------------------------------- */
static const Kind *first_moving(const Rep *rep) {
  for (uint32_t t = 0; t < rep->n; t++)
    if (rep->term[t].kind->action != ACTION_FIXED) return rep->term[t].kind;
  return NULL;
}

Item rule_components(Site *site) {
  const Value *x = site_field(site, 0);
  if (!x) return item_poison(site->at);
  const Kind *k = first_moving(x->type.rep);
  if (!k) return item_value(x, site->at);
  if (!site_free(site)) {
    Why why = site_why(site);
    witness_fixed(site->check, k, &why);
    why_help(&why, "norm(x), dot(x, y) or invariants(x) are numbers that do not move");
    why_no(&why, E0209, "%.*s moves the components of `%.*s` into each other", STR(k->group->name), STR(k->name));
    return site_refuse(site, site->at, &why);
  }
  Value *v = value_add(site, WORD_components, type_field(site_scalars(site, x->type.rep->dim), x->type.on), &x, 1);
  site_shrink(site, v, elements_fixing(site->check, x->type.rep), 1, "single components");
  return item_value(v, site->at);
}

Item rule_assemble(Site *site) {
  const Value *x = site_field(site, 0);
  if (!x) return item_poison(site->at);
  const Rep *out = site->arg[1].rep;
  const Kind *k = first_moving(out);
  if (!rep_all_scalar(x->type.rep) || x->type.rep->dim != out->dim)
    return site_refuse_code(site, site->at, E0202, "`%.*s` is made of %u scalars, not of `%.*s`",
                            STR(rep_name(site->check, out)), out->dim, STR(rep_name(site->check, x->type.rep)));
  if (!k) return item_value(x, site->at);
  if (!site_free(site)) {
    Why why = site_why(site);
    witness_fixed(site->check, k, &why);
    why_no(&why, E0209, "scalars do not move, and %.*s moves the components of `%.*s`", STR(k->group->name),
           STR(k->name));
    return site_refuse(site, site->at, &why);
  }
  Value *v = value_add(site, WORD_assemble, type_field(out, x->type.on), &x, 1);
  site_shrink(site, v, elements_fixing(site->check, out), 1, "a value put together from components");
  return item_value(v, site->at);
}

/* --- restrict [restrict.1] -------------------------------------------------------------------- */
typedef struct Member { const uint32_t *map; } Member;
static bool is_member(Check *c, const void *what, uint32_t e) {
  (void)c;
  return ((const Member *)what)->map[e] != NOT_IN;
}

Item rule_restrict(Site *site) {
  const Value *x = site_field(site, 0);
  const Group *k = site->arg[1].group;
  if (!x || !k) return item_poison(site->at);
  Check *c = site->check;
  Why why = site_why(site);
  const Group *whole = x->type.rep->group ? x->type.rep->group : c->model->group;
  const uint32_t *map = acting_as(c, k);
  if (!whole || !map) {
    if (whole) (void)group_embed(c->program->groups, k, whole, &why);
    if (!why.reason.n) why_no(&why, E0706, "%.*s is no subgroup of what acts here", STR(k->name));
    return site_refuse(site, site->at, &why);
  }
  const bool *kept = elements_that(c, is_member, &(Member){ map });
  if (!site_free(site)) {
    for (uint32_t e = 0; e < elements_acting(c); e++)
      if (!kept[e]) {
        why_witness(&why, "`%.*s` lies in %.*s and not in %.*s", STR(c->model->group->elements->name[e]),
                    STR(c->model->group->name), STR(k->name));
        break;
      }
    why_help(&why, "`break let` gives the rest up on purpose");
    why_no(&why, E0214, "%.*s is given up for %.*s without a word", STR(c->model->group->name), STR(k->name));
    return site_refuse(site, site->at, &why);
  }
  const Rep *rep = x->type.rep->group ? rep_restrict(site_reps(site), x->type.rep, k, &why) : x->type.rep;
  if (!rep) return site_refuse(site, site->at, &why);
  Value *v = value_add(site, WORD_restrict, type_field(rep, x->type.on), &x, 1);
  site_shrink(site, v, kept, 1, "restrict");
  return item_value(v, site->at);
}
