/* proof.c: under what a value is proved equivariant, and how that shrinks.
 *
 *     kept      elements of the group on the inputs that are left           clauses [proof.1] to [proof.6]
 *     shift     translations by multiples of it are left                    lang/spec.md
 *     margin    on a window translations hold this far from the border
 *
 * A value starts with what its arguments have in common; its rule then shrinks it, under `break` only, or widens the
 * margin. What is left is computed, never declared: elements are tried one by one. So soundness rests on one lemma a
 * rule (if the arguments move by g, so does the result) and on this intersection. A stride on a torus leaves mirrors
 * about centres c with 2c = offset (mod stride); two values keep mirrors together only when one centre suits both.
 * Elsewhere: claims about the outcome (rule_claim.c), what may be a `param` (rule_fixed.c). */
#include "front/rule.h"
#include <math.h>

/* --- elements --------------------------------------------------------------------------------- */
uint32_t elements_acting(Check *c) {
  const Group *g = c->model ? c->model->group : NULL;
  if (!g) return 1;
  const Elements *e = group_elements(c->program->groups, g, NULL);
  return e ? e->n : 0;
}

/* Elements of a product as elements of one factor: the generators of the others do nothing. */
static uint32_t *project(Check *c, const Group *product, uint32_t factor) {
  const Elements *all = group_elements(c->program->groups, product, NULL);
  const Elements *part = group_elements(c->program->groups, product->factor[factor], NULL);
  if (!all || !part) return NULL;
  uint32_t first = 0, ngen = product->factor[factor]->ngen;
  for (uint32_t f = 0; f < factor; f++) first += product->factor[f]->ngen;
  uint32_t *map = arena_array(c->arena, uint32_t, all->n), *queue = arena_array(c->arena, uint32_t, all->n), head = 0,
           tail = 1;
  bool *seen = arena_array(c->arena, bool, all->n);
  seen[0] = true;
  while (head < tail) {
    uint32_t e = queue[head++];
    for (uint32_t g = 0; g < product->ngen; g++) {
      uint32_t to = all->times[e * product->ngen + g];
      if (seen[to]) continue;
      seen[to] = true;
      map[to] = g >= first && g < first + ngen ? part->times[map[e] * ngen + (g - first)] : map[e];
      queue[tail++] = to;
    }
  }
  return map;
}

bool is_factor(const Group *all, const Group *g) {
  bool found = false;
  for (uint32_t f = 0; all && f < all->nfactors; f++)
    found = found || group_equal(all->factor[f], g) || is_factor(all->factor[f], g);
  return found;
}

static const uint32_t *within(Check *c, const Group *large, const Group *g) {
  const Elements *all = group_elements(c->program->groups, large, NULL);
  if (!all) return NULL;
  uint32_t *map = arena_array(c->arena, uint32_t, all->n);
  if (group_equal(large, g)) {
    for (uint32_t e = 0; e < all->n; e++) map[e] = e;
    return map;
  }
  bool named = is_factor(large, g);                   /* a factor itself, before a subgroup of another   */
  for (uint32_t f = 0; f < large->nfactors; f++) {
    if (named && !group_equal(large->factor[f], g) && !is_factor(large->factor[f], g)) continue;
    const uint32_t *inner = within(c, large->factor[f], g);
    const uint32_t *outer = inner ? project(c, large, f) : NULL;
    if (!outer) continue;
    for (uint32_t e = 0; e < all->n; e++) map[e] = inner[outer[e]];
    return map;
  }
  const uint32_t *embed = large->nfactors || g->nfactors ? NULL : group_embed(c->program->groups, g, large, NULL);
  if (!embed) return NULL;
  for (uint32_t e = 0; e < all->n; e++) map[e] = NOT_IN;
  const Elements *small = group_elements(c->program->groups, g, NULL);
  for (uint32_t k = 0; k < small->n; k++) map[embed[k]] = k;
  return map;
}

const uint32_t *acting_as(Check *c, const Group *g) {
  return g && c->model && c->model->group ? within(c, c->model->group, g) : NULL;
}

const bool *elements_that(Check *c, Keeps keeps, const void *what) {
  uint32_t n = elements_acting(c);
  bool *kept = arena_array(c->program->arena, bool, n + 1);
  for (uint32_t e = 0; e < n; e++) kept[e] = e == 0 || keeps(c, what, e);
  return kept;
}

static bool is_identity(const double *m, uint32_t n) {
  for (uint32_t i = 0; i < n; i++)
    for (uint32_t j = 0; j < n; j++)
      if (fabs(m[i * n + j] - (i == j)) > 1e-12) return false;
  return true;
}

static bool is_permutation(const double *m, uint32_t n) {
  for (uint32_t i = 0; i < n; i++) {
    uint32_t ones = 0, others = 0;
    for (uint32_t j = 0; j < n; j++) {
      if (fabs(m[i * n + j] - 1) <= 1e-12) ones++;
      else if (fabs(m[i * n + j]) > 1e-12) others++;
    }
    if (ones != 1 || others) return false;
  }
  return true;
}

/* Elements whose matrices on every kind of x pass a test. */
static const bool *elements_with(Check *c, const Rep *x, bool (*test)(const double *m, uint32_t n)) {
  uint32_t n = elements_acting(c);
  bool *kept = arena_array(c->program->arena, bool, n + 1);
  for (uint32_t e = 0; e < n; e++) kept[e] = true;
  for (uint32_t t = 0; t < x->n; t++) {
    const Kind *k = x->term[t].kind;
    const uint32_t *map = acting_as(c, k->group);
    if (!map) continue;
    double *m = arena_array(c->arena, double, k->dim * k->dim);
    for (uint32_t e = 0; e < n; e++) {
      if (map[e] == NOT_IN) { kept[e] = false; continue; }
      kind_element(c->program->reps, k, map[e], m);
      kept[e] = kept[e] && test(m, k->dim);
    }
  }
  return kept;
}

const bool *elements_fixing(Check *c, const Rep *x) { return elements_with(c, x, is_identity); }
const bool *elements_permuting(Check *c, const Rep *x) { return elements_with(c, x, is_permutation); }

/* The number of an element among those that map pixels to pixels, or NOT_IN. */
static uint32_t pixel_of(const GridAction *a, uint32_t element) {
  for (uint32_t p = 0; p < a->npixel; p++)
    if (a->pixel[p] == element) return p;
  return NOT_IN;
}

typedef struct Upright { const GridAction *action; const uint32_t *map; const bool *axis; bool still; } Upright;

static bool stays_upright(Check *c, const void *what, uint32_t e) {
  (void)c;
  const Upright *u = what;
  uint32_t p = u->map[e] == NOT_IN ? NOT_IN : pixel_of(u->action, u->map[e]);
  if (p == NOT_IN) return false;
  for (uint32_t d = 0; d < u->action->ndim; d++) {
    int32_t to = u->action->image[p][d];
    if (u->still ? to != (int32_t)d + 1 : to < 0 && u->axis[d]) return false;
  }
  return true;
}

static const bool *elements_on(Check *c, const Space *on, const bool *axis, bool still) {
  if (!on || !on->action || !on->action->group) return NULL;
  Upright u = { on->action, acting_as(c, on->action->group), axis, still };
  return u.map ? elements_that(c, stays_upright, &u) : NULL;
}

const bool *elements_upright(Check *c, const Space *on, const bool *axis) { return elements_on(c, on, axis, false); }
const bool *elements_still(Check *c, const Space *on) { return elements_on(c, on, NULL, true); }

/* Elements that flip no axis of any torus or cycle among the inputs. */
static const bool *elements_unflipped(Check *c) {
  static const bool both[2] = { true, true };
  uint32_t n = elements_acting(c);
  bool *kept = arena_array(c->program->arena, bool, n + 1);
  for (uint32_t e = 0; e < n; e++) kept[e] = true;
  for (uint32_t i = 0; i < c->model->ninputs; i++) {
    const Space *on = c->model->input[i]->type.on;
    const bool *some = space_wraps(on) ? elements_upright(c, on, both) : NULL;
    for (uint32_t e = 0; some && e < n; e++) kept[e] = kept[e] && some[e];
  }
  return kept;
}

/* --- intersection ----------------------------------------------------------------------------- */
/* [proof.1] What both keep. Returns whether `p` lost anything. */
static bool meet_kept(Check *c, Proof *p, const bool *kept) {
  if (!kept) return false;
  uint32_t n = elements_acting(c);
  bool *both = arena_array(c->program->arena, bool, n + 1), lost = n == 0 && !p->kept;
  for (uint32_t e = 0; e < n; e++) {
    bool had = !p->kept || p->kept[e];
    both[e] = had && kept[e];
    lost = lost || (had && !kept[e]);
  }
  if (lost) p->kept = both;
  return lost;
}

/* [proof.2] Translations by multiples of both; mirrors whose centre suits both, else no flips. */
static bool meet_shift(Check *c, Proof *p, uint32_t shift, int32_t centre2) {
  if (shift == 1 || p->shift == 0) return false;
  uint32_t old = p->shift;
  if (shift == 0) {
    p->shift = 0;
    if (centre2 != p->centre2) meet_kept(c, p, elements_unflipped(c));
    return true;
  }
  uint32_t common = common_divisor(old, shift), both = old / common * shift;
  int64_t x = p->centre2;
  if ((x - centre2) % (int32_t)common) meet_kept(c, p, elements_unflipped(c));
  else
    while ((x - centre2) % (int32_t)shift) x += old;
  p->shift = both;
  p->centre2 = (int32_t)(x % both);
  return both != old;
}

static void meet_window(Proof *p, const Proof *q, bool fields) {
  if (p->margin < 0 || q->margin < 0) { p->margin = -1; return; }                    /* [proof.3] */
  if (fields && (uint64_t)p->spacing * q->per != (uint64_t)q->spacing * p->per) { p->margin = -1; return; }
  if (q->margin > p->margin) p->margin = q->margin;
}

void proof_of_args(Check *c, Value *v) {
  Proof p = { .verdict = VERDICT_PROVED, .shift = 1, .spacing = 1, .per = 1 };
  bool fields = false;
  for (uint32_t i = 0; i < v->nargs; i++) {
    const Proof *q = &v->arg[i]->proof;
    bool field = space_window(v->arg[i]->type.on);
    meet_kept(c, &p, q->kept);
    meet_shift(c, &p, q->shift, q->centre2);
    meet_window(&p, q, field && fields);
    if (field && !fields) { p.spacing = q->spacing; p.per = q->per; fields = true; }
    p.numbered = p.numbered || q->numbered;
    if (q->verdict == VERDICT_AUDITED || p.verdict == VERDICT_PROVED)
      p.verdict = q->verdict == VERDICT_PROVED ? p.verdict : q->verdict;
    if (!p.because.n) p.because = q->because;
  }
  v->proof = p;
}

/* --- shrinking -------------------------------------------------------------------------------- */
static Str because_at(Check *c, const char *because, Span at) {
  if (!at.source) return str_of(because);
  Place p = span_place(c->program->sources, at);
  return str_format(c->program->arena, "%s, %.*s:%u", because, STR(p.path), p.line);
}

static void shrink(Check *c, Value *v, const bool *kept, uint32_t shift, int32_t centre2, const char *because) {
  bool lost = meet_kept(c, &v->proof, kept);
  lost = meet_shift(c, &v->proof, shift, centre2) || lost;
  if (!lost) return;
  c->nbroken++;
  if (v->proof.verdict == VERDICT_PROVED) v->proof.verdict = VERDICT_BROKEN;
  if (!v->proof.because.n) v->proof.because = because_at(c, because, v->at);
}

void proof_shrink(Check *c, Value *v, const bool *kept, uint32_t shift, const char *because) {
  shrink(c, v, kept, shift, v->proof.centre2, because);
}

static bool nothing(Check *c, const void *what, uint32_t element) {
  (void)c; (void)what; (void)element;
  return false;
}

static bool assume(Site *site, Value *v, const char *because) {
  Check *c = site->check;
  if (!site->assumed) return false;
  v->proof.kept = c->model->group ? elements_that(c, nothing, NULL) : NULL;          /* [proof.5] */
  v->proof.verdict = VERDICT_AUDITED;
  v->proof.shift = 0;
  v->proof.margin = -1;
  v->proof.numbered = true;
  v->proof.because = because_at(c, because, v->at);
  c->nbroken++;
  return true;
}

/* A rule that would have refused counts as broken even where nothing more was left to lose: the `break` is needed. */
void site_shrink(Site *site, Value *v, const bool *kept, uint32_t shift, const char *because) {
  uint32_t before = site->check->nbroken;
  if (!assume(site, v, because)) proof_shrink(site->check, v, kept, shift, because);
  if (site_free(site) && site->check->nbroken == before) site->check->nbroken++;
}

void site_stride(Site *site, Value *v, uint32_t shift, int32_t centre2, const char *because) {
  if (!assume(site, v, because)) shrink(site->check, v, NULL, shift, centre2, because);
}

/* --- names ------------------------------------------------------------------------------------ */
static uint32_t count_kept(const bool *kept, uint32_t n) {
  uint32_t k = 0;
  for (uint32_t e = 0; e < n; e++) k += kept[e];
  return k;
}

/* [proof.4] A declared group that it is conjugate to, else C(n), D(n), else its order; flags are over `all`. */
static Str name_within(Check *c, const Group *all, const bool *kept, uint32_t n) {
  Groups *gs = c->program->groups;
  uint32_t order = count_kept(kept, n), ntry = 0;
  if (order == n) return all->name;
  if (order <= 1) return S("C(1)");
  const Group **try_ = arena_array(c->arena, const Group *, c->declared.n + 3);
  for (uint32_t i = 0; i < c->declared.n; i++) try_[ntry++] = c->declared.at[i];
  try_[ntry++] = group_cyclic(gs, order);
  if (order % 2 == 0) try_[ntry++] = group_dihedral(gs, order / 2);
  try_[ntry++] = group_orthogonal(gs, 1, false);
  for (uint32_t i = 0; i < ntry && !all->nfactors; i++) {
    if (try_[i]->sort != GROUP_FINITE || try_[i]->nfactors || group_order(gs, try_[i]) != order) continue;
    const uint32_t *embed = group_embed(gs, try_[i], all, NULL);
    if (!embed) continue;
    bool *flags = arena_array(c->arena, bool, n);
    for (uint32_t e = 0; e < order; e++) flags[embed[e]] = true;
    if (subgroup_conjugate(gs, all, kept, flags)) return try_[i]->name;
  }
  return str_format(c->program->arena, "order %u", order);
}

/* Of a product: of each factor what its elements are, when that is all there is. */
static Str name_of_product(Check *c, const Group *all, const bool *kept, uint32_t n) {
  if (!all->nfactors) return name_within(c, all, kept, n);
  Out o = { .arena = c->program->arena };
  uint64_t combined = 1;
  for (uint32_t f = 0; f < all->nfactors; f++) {
    const uint32_t *part = project(c, all, f);
    uint32_t size = all->factor[f]->elements->n;
    bool *flags = arena_array(c->arena, bool, size);
    for (uint32_t e = 0; e < n; e++)
      if (kept[e]) flags[part[e]] = true;
    combined *= count_kept(flags, size);
    Str name = name_of_product(c, all->factor[f], flags, size);
    if (str_is(name, "C(1)")) continue;
    out_printf(&o, "%s%.*s", o.text.n ? " * " : "", STR(name));
  }
  if (combined != count_kept(kept, n)) return name_within(c, all, kept, n);
  return o.text.n ? out_text(&o) : S("C(1)");
}

Str kept_name(Check *c, const bool *kept) {
  const Group *all = c->model->group;
  uint32_t n = elements_acting(c);
  if (!all || (kept && n == 0)) return S("C(1)");
  return kept ? name_of_product(c, all, kept, n) : all->name;
}

/* Which elements of `large` lie in K. In a product an element is a tuple: each entry lies in a factor of K that acts
 * there, or is 1. */
static bool *mark_members(Check *c, const Group *large, const Group *k) {
  const Elements *all = group_elements(c->program->groups, large, NULL);
  if (!all) return NULL;
  bool *flags = arena_array(c->arena, bool, all->n + 1), found = false;
  if (group_equal(large, k)) {
    memset(flags, true, all->n);
    return flags;
  }
  if (!large->nfactors && !k->nfactors) {
    const uint32_t *map = within(c, large, k);
    for (uint32_t e = 0; map && e < all->n; e++) flags[e] = map[e] != NOT_IN;
    return map ? flags : NULL;
  }
  memset(flags, true, all->n);
  for (uint32_t f = 0; f < large->nfactors; f++) {
    const uint32_t *part = project(c, large, f);
    const Group *factor = large->factor[f];
    bool *inside = NULL, exact = is_factor(large, k) && !group_equal(factor, k) && !is_factor(factor, k);
    for (uint32_t i = 0; i < (k->nfactors ? k->nfactors : 1) && !inside && !exact; i++)
      inside = mark_members(c, factor, k->nfactors ? k->factor[i] : k);
    found = found || inside;
    for (uint32_t e = 0; e < all->n; e++) flags[e] = flags[e] && (inside ? inside[part[e]] : part[e] == 0);
  }
  return found ? flags : NULL;
}

bool *elements_of(Check *c, const Group *k) {
  return c->model->group ? mark_members(c, c->model->group, k) : NULL;
}

Str residual_name(Check *c, const Proof *p) {
  const Model *m = c->model;
  Out o = { .arena = c->program->arena };
  if (m->permutations && !p->numbered) out_printf(&o, "permutations");
  if (m->translations && p->shift) {
    if (o.text.n) out_printf(&o, " * ");
    if (p->shift == 1) out_printf(&o, "translations");
    else out_printf(&o, "translations(%u)", p->shift);
  }
  if (m->group && (!o.text.n || !p->kept || elements_acting(c) == 0 || count_kept(p->kept, elements_acting(c)) > 1)) {
    if (o.text.n) out_printf(&o, " * ");
    out_str(&o, kept_name(c, p->kept));
  }
  return o.text.n ? out_text(&o) : S("C(1)");
}

/* --- questions of rules ----------------------------------------------------------------------- */
bool depends_on_turned(Check *c, const Value *v) {
  bool *turned = arena_array(c->arena, bool, v->number + 1);
  for (uint32_t i = 0; i <= v->number && i < c->model->value.n; i++) {
    const Value *u = c->model->value.at[i];
    const GridAction *a = u->type.on ? u->type.on->action : NULL;
    turned[i] = u->word == WORD_input && a && a->group && !a->exact;
    for (uint32_t k = 0; k < u->nargs; k++) turned[i] = turned[i] || turned[u->arg[k]->number];
  }
  return turned[v->number];
}


/* [proof.6] A representation of K has matrices for K only: what else is left in x would be given up silently. */
bool site_moves_as(Site *site, const Value *x, const Rep *out) {
  Check *c = site->check;
  if (!c->model) return true;
  for (uint32_t t = 0; t < out->n; t++) {
    const Kind *k = out->term[t].kind;
    const uint32_t *map =
        k->group && !(c->model->group && group_equal(k->group, c->model->group)) ? acting_as(c, k->group) : NULL;
    for (uint32_t e = 0; map && e < elements_acting(c); e++) {
      if (map[e] != NOT_IN || (x->proof.kept && !x->proof.kept[e])) continue;
      Why why = site_why(site);
      why_witness(&why, "`%.*s of %.*s` has no matrix for `%.*s`", STR(k->name), STR(k->group->name),
                  STR(c->model->group->elements->name[e]));
      why_help(&why, "break let ... = restrict(x, %.*s) gives the rest up on purpose", STR(k->group->name));
      why_no(&why, E0214, "%.*s is given up for %.*s without a word", STR(kept_name(c, x->proof.kept)),
             STR(k->group->name));
      site_refuse(site, site->at, &why);
      return false;
    }
  }
  return true;
}
