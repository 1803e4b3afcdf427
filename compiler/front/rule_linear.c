/* rule_linear.c: weights on bases of intertwiners: linear, tensor, couple.
 *
 *     linear(x, 4 scalar + 2 regular)     a block [basis of Hom(in, out)][copies in][copies out] for each pair of terms
 *
 * Reads the terms of x and of `out`; writes the weights of the value in the order of program.h: blocks at
 * i * nout + j, then the biases. Clauses [linear.1] to [linear.5], [product.1] and [product.2] of lang/spec.md.
 * Every equivariant map is a combination of the basis, so these layers are complete as well as sound. A block starts
 * normal with variance d / m: d components in a copy of the result, m weights that reach it. Elsewhere: the bases
 * (rep/hom.c), convolutions, which share `weights_linear` (rule_grid.c). */
#include "front/rule.h"
#include <math.h>

/* --- names [linear.4] ------------------------------------------------------------------------- */
Str weight_name(Check *c, const char *name, const Kind *in, const Kind *out) {
  bool plain = (!in || in->action == ACTION_FIXED) && out->action == ACTION_FIXED;
  if (plain) return str_of(name);
  if (!in || in == out) return str_format(c->program->arena, "%s.%.*s", name, STR(out->name));
  if (str_equal(in->name, out->name))                                 /* vector of G to vector of H */
    return str_format(c->program->arena, "%s.%.*s.%.*s.%.*s.%.*s", name, STR(in->name),
                      STR(in->group ? in->group->name : S("")), STR(out->name),
                      STR(out->group ? out->group->name : S("")));
  return str_format(c->program->arena, "%s.%.*s.%.*s", name, STR(in->name), STR(out->name));
}

/* Two kinds of one name in a sum belong to different groups, and their weights say which. */
static Str name_in(Check *c, Str name, const Rep *rep, uint32_t t) {
  for (uint32_t i = 0; i < rep->n; i++)
    if (i != t && str_equal(rep->term[i].kind->name, rep->term[t].kind->name) && rep->term[t].kind->group)
      return str_format(c->program->arena, "%.*s.%.*s", STR(name), STR(rep->term[t].kind->group->name));
  return name;
}

/* --- weights ---------------------------------------------------------------------------------- */
static Weight *add_weight(Site *site, Value *v, WeightRole role, Str name, const Basis *basis, uint64_t in,
                          uint64_t out) {
  Weight *w = weight_add(site, v, role, name);
  if (!w) return NULL;
  w->role = role;
  w->trained = true;
  w->ngroups = 1;
  w->basis = basis;
  w->owner = v->number;
  w->at = v->at;
  w->rank = role == WEIGHT_BLOCK ? 3 : 2;
  w->dim[0] = basis->n;
  w->dim[1] = role == WEIGHT_BLOCK ? in : out;
  w->dim[2] = role == WEIGHT_BLOCK ? out : 1;
  w->count = w->dim[0] * w->dim[1] * w->dim[2];
  w->init = INIT_ZEROS;
  return w;
}

/* [linear.5] variance d / m */
static void start_normal(Weight *w, double gain, double reach) {
  w->init = INIT_NORMAL;
  w->scale = reach > 0 ? gain * sqrt((double)w->out->dim / reach) : 0;
}

bool weights_linear(Site *site, Value *v, const LinearSetting *s, BasisOf basis_of, const void *setting, Why *why) {
  Check *c = site->check;
  const Rep *in = v->arg[0]->type.rep, *out = s->out;
  const Basis **basis = arena_array(c->arena, const Basis *, in->n * out->n + 1);
  double *reach = arena_array(c->arena, double, out->n + 1);
  bool any = false;
  for (uint32_t i = 0; i < in->n; i++)
    for (uint32_t j = 0; j < out->n; j++) {
      uint32_t nreasons = why->reason.n;
      const Basis *b = basis_of(site, setting, in->term[i].kind, out->term[j].kind, why);
      if (!b && why->reason.n > nreasons) return false;
      if (!b || !b->n) continue;
      basis[i * out->n + j] = b;
      reach[j] += s->reach * b->n * (double)(in->term[i].copies / s->groups);
      any = true;
    }
  if (!any)                                                                          /* [linear.2] */
    return why_no(why, E0212, "no equivariant linear map from `%.*s` to `%.*s` except zero", STR(rep_name(c, in)),
                  STR(rep_name(c, out)));
  v->nweights = in->n * out->n + out->n;
  v->weight = arena_array(c->program->arena, const Weight *, v->nweights);
  for (uint32_t i = 0; i < in->n; i++)
    for (uint32_t j = 0; j < out->n; j++) {
      const Basis *b = basis[i * out->n + j];
      if (!b) continue;
      Str name = name_in(c, weight_name(c, "weight", in->term[i].kind, out->term[j].kind), out, j);
      Weight *w = add_weight(site, v, WEIGHT_BLOCK, name_in(c, name, in, i), b, in->term[i].copies / s->groups,
                             out->term[j].copies);
      if (!w) return false;
      w->in = in->term[i].kind;
      w->out = out->term[j].kind;
      w->ngroups = s->groups;
      start_normal(w, s->gain, reach[j]);
      v->weight[i * out->n + j] = w;
    }
  for (uint32_t j = 0; s->bias && j < out->n; j++) {                                 /* [linear.3] on Hom(1, out) */
    const Kind *k = out->term[j].kind;
    if (!k->trivial) continue;
    const Basis *b = hom_basis(site_reps(site), kind_scalar(site_reps(site)), k, why);
    if (!b) return false;
    Weight *w = add_weight(site, v, WEIGHT_BIAS, name_in(c, weight_name(c, "bias", NULL, k), out, j), b, 0,
                           out->term[j].copies);
    if (!w) return false;
    w->in = kind_scalar(site_reps(site));
    w->out = k;
    v->weight[in->n * out->n + j] = w;
  }
  return true;
}

/* --- linear ----------------------------------------------------------------------------------- */
/* Kinds of different groups meet in what neither moves only: nothing is shared between moving ones. */
static bool one_group(const Kind *a, const Kind *b) { return !a->group || !b->group || a->group == b->group; }

static const Basis *hom_of(Site *site, const void *setting, const Kind *in, const Kind *out, Why *why) {
  (void)setting;
  return one_group(in, out) ? hom_basis(site_reps(site), in, out, why) : NULL;
}

/* No map: the average over the group of any matrix is zero. */
static void witness_linear(Site *site, const Rep *in, const Rep *out, Why *why) {
  const Kind *a = in->term[0].kind, *b = out->term[0].kind;
  if (!one_group(a, b)) return;
  const Group *g = a->group ? a->group : b->group;
  why_witness(why, "the average over %.*s of any %u x %u matrix M, that is of g M g^-1, is 0",
              STR(g ? g->name : S("the group")), b->dim, a->dim);
  (void)site;
}

Item rule_linear(Site *site) {
  const Value *x = site_field(site, 0);
  if (!x) return item_poison(site->at);
  const Rep *out = site->arg[1].rep;
  if (!site_moves_as(site, x, out)) return item_poison(site->at);
  Why why = site_why(site);
  Value *v = value_add(site, WORD_linear, type_field(out, x->type.on), &x, 1);
  LinearSetting s = {
    .out = out, .bias = site->arg[2].flag, .gain = item_real(&site->arg[3]), .reach = 1, .groups = 1
  };
  if (!weights_linear(site, v, &s, hom_of, NULL, &why)) {
    if (why.reason.n && why.reason.at[0].code == E0212) witness_linear(site, x->type.rep, out, &why);
    return why.reason.n ? site_refuse(site, site->at, &why) : item_poison(site->at);
  }
  return item_value(v, site->at);
}

/* --- products of two representations ---------------------------------------------------------- */
static const Basis *pair_basis(Site *site, const Kind *x, const Kind *y, const Kind *out, Why *why) {
  if (!one_group(x, y) || !one_group(x, out) || !one_group(y, out)) return NULL;
  return hom_pairs(site_reps(site), x, y, out, why);
}

/* The kinds that the product could give, among those the language has names for, and how often. */
static Str possible_outputs(Site *site, const Rep *x, const Rep *y) {
  Check *c = site->check;
  const Group *g = x->group ? x->group : y->group;
  Out o = { .arena = c->arena };
  const Kind *names[40] = { kind_scalar(site_reps(site)) };
  uint32_t n = 1;
  if (g) {
    const Kind *(*const makers[])(Reps *, const Group *, Why *) = { kind_sign, kind_vector, kind_pseudovector,
                                                                    kind_regular, kind_perm };
    for (size_t i = 0; i < sizeof makers / sizeof *makers; i++) {
      const Kind *k = (i == 4   ? g->npoints > 0
                       : i == 3 ? group_order(c->program->groups, g) > 0 && group_order(c->program->groups, g) <= 48
                                : g->dim > 0)
                          ? makers[i](site_reps(site), g, NULL)
                          : NULL;
      if (k) names[n++] = k;
    }
    for (uint32_t k = 1; k < 8 && g->dim == 2; k++) {
      const Kind *irrep = kind_irrep(site_reps(site), g, k, NULL);
      if (!irrep) break;
      names[n++] = irrep;
    }
  }
  for (uint32_t k = 0; k < n; k++) {
    uint32_t total = 0;
    bool seen = false;
    for (uint32_t e = 0; e < k; e++) seen = seen || names[e] == names[k];
    for (uint32_t i = 0; i < x->n && !seen; i++)
      for (uint32_t j = 0; j < y->n; j++) {
        const Basis *b = pair_basis(site, x->term[i].kind, y->term[j].kind, names[k], NULL);
        total += b ? b->n : 0;
      }
    if (total) out_printf(&o, "%s%.*s (%u)", o.text.n ? ", " : "", STR(names[k]->name), total);
  }
  return out_text(&o);
}

static Item refuse_product(Site *site, const Rep *x, const Rep *y, const Rep *out) {
  Why why = site_why(site);
  why_help(&why, "`%.*s` times `%.*s` reaches: %.*s", STR(rep_name(site->check, x)), STR(rep_name(site->check, y)),
           STR(possible_outputs(site, x, y)));
  why_no(&why, E0211, "no path from `%.*s` times `%.*s` into `%.*s`", STR(rep_name(site->check, x)),
         STR(rep_name(site->check, y)), STR(rep_name(site->check, out)));
  return site_refuse(site, site->at, &why);
}

Item rule_tensor(Site *site) {
  const Value *x = site_field(site, 0), *y = x ? site_field(site, 1) : NULL;
  const Space *on;
  if (!y || !site_meet(site, x, y, &on)) return item_poison(site->at);
  Check *c = site->check;
  const Rep *rx = x->type.rep, *ry = y->type.rep, *out = site->arg[2].rep;
  double gain = item_real(&site->arg[3]);
  if (!site_moves_as(site, x, out) || !site_moves_as(site, y, out)) return item_poison(site->at);
  Why why = site_why(site);
  uint32_t nblocks = rx->n * ry->n * out->n;
  const Basis **basis = arena_array(c->arena, const Basis *, nblocks);
  double *reach = arena_array(c->arena, double, out->n);
  bool any = false;
  for (uint32_t b = 0; b < nblocks; b++) {
    uint32_t i = b / out->n / ry->n, j = b / out->n % ry->n, k = b % out->n;
    basis[b] = pair_basis(site, rx->term[i].kind, ry->term[j].kind, out->term[k].kind, &why);
    if (!basis[b] && why.reason.n) return site_refuse(site, site->at, &why);
    if (!basis[b] || !basis[b]->n) continue;
    reach[k] += (double)basis[b]->n * rx->term[i].copies * ry->term[j].copies;
    any = true;
  }
  if (!any) return refuse_product(site, rx, ry, out);                               /* [product.1] */
  Value *v = value_add(site, WORD_tensor, type_field(out, on), (const Value *[]){ x, y }, 2);
  v->nweights = nblocks;
  v->weight = arena_array(c->program->arena, const Weight *, nblocks);
  for (uint32_t b = 0; b < nblocks; b++) {
    if (!basis[b] || !basis[b]->n) continue;
    const Term *tx = &rx->term[b / out->n / ry->n], *ty = &ry->term[b / out->n % ry->n], *to = &out->term[b % out->n];
    bool plain =
        tx->kind->action == ACTION_FIXED && ty->kind->action == ACTION_FIXED && to->kind->action == ACTION_FIXED;
    Str name = plain ? S("weight")
                     : str_format(c->program->arena, "weight.%.*s.%.*s.%.*s", STR(tx->kind->name),
                                  STR(ty->kind->name), STR(to->kind->name));
    Weight *w = add_weight(site, v, WEIGHT_BLOCK, name, basis[b], (uint64_t)tx->copies * ty->copies, to->copies);
    if (!w) return item_poison(site->at);
    w->in = tx->kind;
    w->out = to->kind;
    start_normal(w, gain, reach[b % out->n]);
    v->weight[b] = w;
  }
  return item_value(v, site->at);
}

/* [product.2] Copy by copy: equal numbers of copies, or a single one on either side. A copy of the result for each
 * element of the basis, first all of the first pair of terms. */
Item rule_couple(Site *site) {
  const Value *x = site_field(site, 0), *y = x ? site_field(site, 1) : NULL;
  const Space *on;
  if (!y || !site_meet(site, x, y, &on)) return item_poison(site->at);
  Check *c = site->check;
  const Rep *rx = x->type.rep, *ry = y->type.rep, *out = site->arg[2].rep;
  if (!site_moves_as(site, x, out)) return item_poison(site->at);
  Why why = site_why(site);
  Term *term = arena_array(c->arena, Term, out->n);
  uint32_t n = 0;
  for (uint32_t k = 0; k < out->n; k++) {
    uint32_t copies = 0;
    for (uint32_t i = 0; i < rx->n; i++)
      for (uint32_t j = 0; j < ry->n; j++) {
        uint32_t a = rx->term[i].copies, b = ry->term[j].copies;
        const Basis *basis = pair_basis(site, rx->term[i].kind, ry->term[j].kind, out->term[k].kind, &why);
        if (!basis && why.reason.n) return site_refuse(site, site->at, &why);
        if (!basis || !basis->n) continue;
        if (a != b && a != 1 && b != 1)
          return site_refuse_code(site, site->at, E0202, "copy by copy, %u copies of `%.*s` do not meet %u of `%.*s`",
                                  a, STR(rx->term[i].kind->name), b, STR(ry->term[j].kind->name));
        copies += basis->n * (a > b ? a : b);
      }
    if (copies) term[n++] = (Term){ out->term[k].kind, copies };
  }
  if (!n) return refuse_product(site, rx, ry, out);
  const Rep *rep = rep_sum(site_reps(site), term, n, &why);
  if (!rep) return site_refuse(site, site->at, &why);
  return item_value(value_add(site, WORD_couple, type_field(rep, on), (const Value *[]){ x, y }, 2), site->at);
}
