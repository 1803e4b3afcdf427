/* rule_model.c: what acts on a model, found from its inputs; and what is left to say at its end.
 *
 * What must not matter is everything that acts on the inputs: the groups of their types and domains, the orders of
 * sets, the translations of what wraps [model.1]. At the end every value gets the name of its residual, an output
 * that depends on turned pixels must have said how far it is meant [grid.14], and zeros that reach an output [model.2]
 * and groups that move nothing [model.3] are told. Clauses of lang/spec.md. Elsewhere: claims (rule_claim.c), the
 * proof itself (proof.c). */
#include "front/rule.h"

/* --- the head [model.1] ----------------------------------------------------------------------- */
static bool add_group(const Group **all, uint32_t *n, const Group *g) {
  if (!g) return false;
  for (uint32_t i = 0; i < *n; i++)
    if (group_equal(all[i], g)) return false;
  if (*n < 16) all[(*n)++] = g;
  return true;
}

/* A product by its factors. Is one of them new? */
static bool add_factors(const Group **all, uint32_t *n, const Group *g) {
  if (!g || !g->nfactors) return add_group(all, n, g);
  bool new = false;
  for (uint32_t f = 0; f < g->nfactors; f++) new |= add_group(all, n, g->factor[f]);
  return new;
}

static void groups_of(const Type *t, const Group **all, uint32_t *n) {
  const Space *places[2] = { t->on, t->to };
  for (int p = 0; p < 2; p++)
    for (const Space *s = places[p]; s;
         s = s->sort == SPACE_PAIRS || s->sort == SPACE_ORBITS || s->sort == SPACE_EDGES ? s->base : NULL)
      if (s->action) add_group(all, n, s->action->group);
  for (uint32_t k = 0; t->rep && k < t->rep->n; k++) add_factors(all, n, t->rep->term[k].kind->group);
}

static bool unordered(const Space *s) {
  for (; s; s = s->base)
    if (s->sort == SPACE_SET || s->sort == SPACE_EDGES) return true;
  return false;
}

/* Pixels start at P: what else there is misses them, and is audited [grid.14]. */
typedef struct Turned { const GridAction *action; const uint32_t *map; } Turned;
static bool hits_pixels(Check *c, const void *what, uint32_t e) {
  (void)c;
  const Turned *t = what;
  for (uint32_t p = 0; p < t->action->npixel; p++)
    if (t->action->pixel[p] == t->map[e]) return true;
  return false;
}

static void open_input(Check *c, Value *v) {
  const GridAction *a = v->type.on ? v->type.on->action : NULL;
  if (!a || !a->group || a->exact) return;
  Turned t = { a, acting_as(c, a->group) };
  v->proof.verdict = VERDICT_AUDITED;
  v->proof.kept = t.map ? elements_that(c, hits_pixels, &t) : NULL;
  v->proof.because = str_format(c->program->arena, "turns of %.*s that miss the pixels of %.*s", STR(a->group->name),
                                STR(v->type.on->name));
}

void rule_inputs(Check *c, Model *m) {
  const Group *all[16];
  uint32_t n = 0;
  for (uint32_t i = 0; i < m->ninputs; i++) {
    const Type *t = &m->input[i]->type;
    groups_of(t, all, &n);
    m->permutations = m->permutations || unordered(t->on) || unordered(t->to);
    m->translations = m->translations || space_wraps(t->on) || space_wraps(t->to);
  }
  m->group = n ? all[0] : NULL;
  for (uint32_t i = 1; i < n; i++) m->group = group_product(c->program->groups, m->group, all[i]);
  Model *before = c->model;
  c->model = m;
  for (uint32_t i = 0; i < m->value.n; i++) {
    Value *v = m->value.at[i];
    proof_of_args(c, v);
    if (v->word == WORD_input) open_input(c, v);
  }
  Proof whole = { .shift = 1 };
  bool any = m->group || m->permutations || m->translations;
  m->acts = any ? residual_name(c, &whole) : S("nothing");
  c->model = before;
}

/* --- zeros [model.2] -------------------------------------------------------------------------- */
/* zero[t]: no weight reaches term t of v. Only words that keep the terms apart pass a zero on. */
static bool *zeros_of(Check *c, const Value *v, bool *const *known) {
  const Rep *rep = v->type.rep;
  bool *zero = arena_array(c->arena, bool, rep->n + 1);
  assert(rep->n);
  switch (v->word) {
  case WORD_linear: case WORD_conv: case WORD_conv_transpose: {
    uint32_t nin = v->arg[0]->type.rep->n;
    for (uint32_t j = 0; j < rep->n; j++) {
      zero[j] = !v->weight[nin * rep->n + j];
      for (uint32_t i = 0; i < nin && zero[j]; i++) zero[j] = !v->weight[i * rep->n + j] || known[v->arg[0]->number][i];
    }
    break;
  }
  case WORD_tensor:
    for (uint32_t b = 0; b < v->nweights; b++)
      if (b < rep->n) zero[b] = true;
    for (uint32_t b = 0; b < v->nweights; b++)
      if (v->weight[b]) zero[b % rep->n] = false;
    break;
  case WORD_neg:
  case WORD_slice:
  case WORD_dropout:
  case WORD_sum:
  case WORD_mean:
  case WORD_mean_pool:
  case WORD_max_pool:
  case WORD_upsample: case WORD_index: case WORD_mul: case WORD_add: case WORD_join:
    for (uint32_t t = 0; t < rep->n; t++) {
      bool all = true, any = false;
      for (uint32_t a = 0; a < v->nargs; a++) {
        if (v->arg[a]->type.what != WHAT_FIELD) continue;
        uint32_t i = rep_find(v->arg[a]->type.rep, rep->term[t].kind);
        bool is = i < v->arg[a]->type.rep->n && known[v->arg[a]->number][i];
        if (i == v->arg[a]->type.rep->n && v->word == WORD_join) continue;
        all = all && is;
        any = any || is;
      }
      zero[t] = v->word == WORD_mul ? any : any && all;
    }
    break;
  default: break;
  }
  return zero;
}

static void tell_zeros(Check *c, Model *m) {
  bool **known = arena_array(c->arena, bool *, m->value.n + 1);
  for (uint32_t i = 0; i < m->value.n; i++)
    if (m->value.at[i]->type.what == WHAT_FIELD) known[i] = zeros_of(c, m->value.at[i], known);
  for (uint32_t o = 0; o < m->noutputs; o++) {
    const Value *v = m->output[o].value;
    if (!v || v->type.what != WHAT_FIELD) continue;
    for (uint32_t t = 0; t < v->type.rep->n; t++) {
      if (!known[v->number][t]) continue;
      Diag *d = diag_add(c->diags, W5, v->at, "`%.*s` of output `%.*s` is zero for all weights",
                         STR(v->type.rep->term[t].kind->name), STR(m->output[o].name));
      d->help = S("no path reaches it: another kernel, or an input of another type");
    }
  }
}

/* --- groups that move nothing [model.3] --------------------------------------------------------- */
/* Where an input has places that a group could move: who gives scalars alone has said that nothing moves. */
static bool has_places(const Model *m) {
  bool any = false;
  for (uint32_t i = 0; i < m->ninputs; i++) any |= m->input[i]->type.on && m->input[i]->type.on->ndim > 0;
  return any;
}

static void tell_idle(Check *c, Model *m) {
  if (!has_places(m)) return;
  const Group *told[16];                                  /* those that act, then those that are told             */
  uint32_t n = 0;
  for (uint32_t i = 0; i < m->ninputs; i++) groups_of(&m->input[i]->type, told, &n);
  for (uint32_t i = 0; i < m->value.n; i++) {
    const Value *v = m->value.at[i];
    for (uint32_t t = 0; v->type.what == WHAT_FIELD && t < v->type.rep->n; t++) {
      const Kind *k = v->type.rep->term[t].kind;
      if (!k->group || acting_as(c, k->group) || !add_factors(told, &n, k->group)) continue;
      Diag *d = diag_add(c->diags, W10, v->at, "%.*s moves no input of `%.*s`: nothing is proved of its `%.*s`",
                         STR(k->group->name), STR(m->name), STR(k->name));
      d->help = S("inputs of its kinds, or a domain that it acts on, as C(4) and D(4) on a grid");
    }
  }
}

/* --- the end ---------------------------------------------------------------------------------- */
static bool says_within(const Model *m, const Value *y) {
  for (uint32_t i = 0; i < m->claim.n; i++)
    if (m->claim.at[i].value == y && m->claim.at[i].within > 0) return true;
  return false;
}

/* [grid.14] What misses the pixels: an element, and where it takes the pixel beside the centre. */
static void witness_turn(Check *c, const GridAction *a, Why *why) {
  const Elements *all = group_elements(c->program->groups, a->group, NULL);
  for (uint32_t e = 0; all && e < all->n; e++) {
    bool hits = false;
    for (uint32_t p = 0; p < a->npixel; p++) hits = hits || a->pixel[p] == e;
    if (hits) continue;
    Matrix m = element_vector(c->program->groups, a->group, e);
    why_witness(why, "`%.*s` takes the pixel (1, 0) beside the centre to (%.2f, %.2f)", STR(all->name[e]),
                exact_real(m.at[0]), a->ndim > 1 ? exact_real(m.at[m.dim]) : 0.0);
    return;
  }
}

static void demand_within(Check *c, Model *m, Span head) {
  for (uint32_t o = 0; o < m->noutputs; o++) {
    const Value *y = m->output[o].value;
    if (!y || !depends_on_turned(c, y)) continue;
    const Space *on = NULL;
    for (uint32_t i = 0; i < m->ninputs; i++) {
      const Space *s = m->input[i]->type.on;
      if (s && s->action && s->action->group && !s->action->exact && (!on || space_wraps(s))) on = s;
    }
    assert(on);                                             /* y depends on it */
    if (!space_wraps(on) && says_within(m, y)) continue;
    Why why = { .arena = c->arena };
    witness_turn(c, on->action, &why);
    if (space_wraps(on))
      why_help(&why, "a group that maps the elements of a torus to each other, such as C(4) or D(4)");
    else
      why_help(&why, "say how far the rest is meant: claim equivariant(%.*s, %.*s, within: 0.1)",
               STR(m->output[o].name), STR(on->action->group->name));
    why_no(&why, E0405, "not every element of %.*s maps pixels of %.*s to pixels", STR(on->action->group->name),
           STR(on->name));
    diag_why(c->diags, head, &why);
    return;
  }
}

void rule_model(Check *c, Span head) {
  Model *m = c->model;
  for (uint32_t i = 0; i < m->value.n; i++) m->value.at[i]->proof.residual = residual_name(c, &m->value.at[i]->proof);
  demand_within(c, m, head);
  tell_zeros(c, m);
  tell_idle(c, m);
}
