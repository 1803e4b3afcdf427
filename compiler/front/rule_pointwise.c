/* rule_pointwise.c: functions of each number alone, powers, and maxima that no number may decide.
 *
 * One lemma: f(A x) = A f(x) for all x, row by row. A row of A with the one entry a asks for f(a t) = a f(t); a row
 * with two makes a continuous f linear. So the entries of the matrices decide, never the name of the group. Clauses
 * [pointwise.1] to [pointwise.5] of lang/spec.md. Under `break` the elements are left whose matrices pass.
 * Elsewhere: parity and homogeneity (functions.def), witnesses (witness.c). */
#include "front/rule.h"
#include <math.h>

typedef enum Parity { ODD, EVEN, NONE } Parity;
typedef struct Class { Parity parity; bool homogeneous, linear; } Class;

static const Class fn_class[] = {
#define FN(name, parity, homogeneous, linear, smoothness, value) { parity, homogeneous, linear },
#include "../../lang/functions.def"
#undef FN
};
static const char *const fn_name[] = {
#define FN(name, parity, homogeneous, linear, smoothness, value) #name,
#include "../../lang/functions.def"
#undef FN
};

static bool may_act(const Class *f, const char *name, const Kind *k, Why *why) {
  switch (k->action) {
  case ACTION_FIXED: case ACTION_PERMUTES: return true;                              /* [pointwise.1] a = 1     */
  case ACTION_SIGNS:                                                                 /* [pointwise.2] a = 1, -1 */
    return f->parity != NONE ||
           why_no(why, E0204, "%.*s changes signs of the components of `%.*s`, and `%s` is neither odd nor even",
                  STR(k->group->name), STR(k->name), name);
  case ACTION_SCALES:                                                                /* [pointwise.3] a > 0     */
    return f->homogeneous || f->linear ||
           why_no(why, E0203, "%.*s scales the components of `%.*s`, and factors do not pass `%s`", STR(k->group->name),
                  STR(k->name), name);
  case ACTION_MIXES:                                                                 /* [pointwise.4]           */
    return f->linear || why_no(why, E0203, "%.*s mixes the %u components of `%.*s`, and `%s` acts on each alone",
                               STR(k->group->name), k->dim, STR(k->name), name);
  }
  bug("action %d", (int)k->action);
}

/* --- what `break` leaves ---------------------------------------------------------------------- */
typedef struct Passing { const Class *f; const Rep *rep; const uint32_t **map; double *m; } Passing;

static bool matrix_passes(const Class *f, const double *m, uint32_t n) {
  for (uint32_t i = 0; i < n; i++) {
    uint32_t entries = 0;
    double a = 0;
    for (uint32_t j = 0; j < n; j++)
      if (fabs(m[i * n + j]) > 1e-12) { entries++; a = m[i * n + j]; }
    bool one = entries == 1 &&
               (fabs(a - 1) < 1e-12 || (fabs(a + 1) < 1e-12 && f->parity == ODD) || (a > 0 && f->homogeneous));
    if (!one && !f->linear) return false;
  }
  return true;
}

static bool element_passes(Check *c, const void *what, uint32_t e) {
  const Passing *p = what;
  for (uint32_t t = 0; t < p->rep->n; t++) {
    const Kind *k = p->rep->term[t].kind;
    if (!p->map[t]) continue;
    if (p->map[t][e] == NOT_IN) return false;
    kind_element(c->program->reps, k, p->map[t][e], p->m);
    if (!matrix_passes(p->f, p->m, k->dim)) return false;
  }
  return true;
}

static const bool *elements_passing(Check *c, const Class *f, const Rep *rep) {
  Passing p = { f, rep, arena_array(c->arena, const uint32_t *, rep->n + 1), NULL };
  uint32_t most = 1;
  for (uint32_t t = 0; t < rep->n; t++) {
    const Kind *k = rep->term[t].kind;
    p.map[t] = k->group ? acting_as(c, k->group) : NULL;
    if (k->dim > most) most = k->dim;
  }
  p.m = arena_array(c->arena, double, most * most);
  return elements_that(c, element_passes, &p);
}

/* --- the rule --------------------------------------------------------------------------------- */
static Item apply(Site *site, const Value *x, const Class *f, const char *name, double exponent) {
  Check *c = site->check;
  const Rep *rep = x->type.rep;
  Why why = site_why(site);
  Term *term = arena_array(c->arena, Term, rep->n + 1);
  bool ok = true;
  for (uint32_t t = 0; t < rep->n; t++) {               /* all terms, so that one report holds all reasons */
    const Kind *k = rep->term[t].kind;
    term[t] = rep->term[t];
    bool may = may_act(f, name, k, site_free(site) ? NULL : &why);
    if (!may && ok && !site_free(site)) {
      if (site->word == WORD_power) witness_power(c, exponent, k, &why);
      else witness_pointwise(c, site->fn, k, &why);
    }
    ok = ok && may;
    if (k->action == ACTION_SIGNS && f->parity == EVEN) term[t].kind = k->bare;      /* [pointwise.2] f(-t) = f(t) */
  }
  if (!ok && !site_free(site)) {
    assert(why.reason.n);
    bool signs = why.reason.at[0].code == E0204, scales = false;
    for (uint32_t t = 0; t < rep->n; t++) scales = scales || rep->term[t].kind->action == ACTION_SCALES;
    why_help(&why, signs ? "an odd function, such as tanh; or gate(x)"
             : scales ? "relu, abs: positive factors pass them" : "gate(x), or a function of norm(x)");
    return site_refuse(site, site->at, &why);
  }
  if (f->linear) return item_value(x, site->at);
  const Rep *out = ok ? rep_sum(site_reps(site), term, rep->n, &why) : rep;
  if (!out) return site_refuse(site, site->at, &why);
  Value *v = value_add(site, site->word, type_field(out, x->type.on), &x, 1);
  v->fn = site->fn;
  v->x = exponent;
  if (!ok) site_shrink(site, v, elements_passing(c, f, rep), 1, "a function of components");       /* [pointwise.5] */
  return item_value(v, site->at);
}

Item rule_pointwise(Site *site) {
  const Value *x = site_field(site, 0);
  return x ? apply(site, x, &fn_class[site->fn], fn_name[site->fn], 0) : item_poison(site->at);
}

/* x^k: odd or even as k is, for whole k. */
Item rule_power(Site *site) {
  const Value *x = site_field(site, 0);
  const Item *k = &site->arg[1];
  if (!x || k->sort == ITEM_POISON) return item_poison(site->at);
  if (k->sort != ITEM_NUMBER)
    return site_refuse_code(site, site->at, E0106, "an exponent is a number that is known when compiling");
  double e = item_real(k);
  Class f = { NONE, e == 1, e == 1 };
  if (e == floor(e) && fabs(e) <= 64) f.parity = fmod(e, 2) == 0 ? EVEN : ODD;
  return apply(site, x, &f, str_format(site->check->arena, "^%g", e).at, e);
}
