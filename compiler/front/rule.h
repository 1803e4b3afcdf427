/* rule.h: what the rules share: questions about proofs, domains and names of weights.
 *
 * A rule reads its Site, asks these, and either adds Values or refuses. What acts on the inputs of the model in hand
 * is model->group; an element is a number of its enumeration. A representation may be of that group, of a factor of
 * it or of a subgroup, so elements are translated by `acting_as` before a matrix is asked for. */
#ifndef GDLC_FRONT_RULE_H
#define GDLC_FRONT_RULE_H
#include "front/check.h"

/* --- proof.c ---------------------------------------------------------------------------------- */
enum { NOT_IN = UINT32_MAX };
/* How many elements acts on the inputs; 1 when nothing does, 0 when they cannot be enumerated. */
uint32_t elements_acting(Check *c);
/* map[e] = what element e of model->group is in g, NOT_IN when it does not lie there; NULL when g does not act here. */
const uint32_t *acting_as(Check *c, const Group *g);
/* Flags of the elements of model->group that lie in k; NULL when k is no subgroup. */
bool *elements_of(Check *c, const Group *k);
bool is_factor(const Group *all, const Group *g);            /* of a product, at any depth              */
/* The elements with a property: flags over the elements that act; none of these when they cannot be enumerated. */
typedef bool (*Keeps)(Check *c, const void *what, uint32_t element);
const bool *elements_that(Check *c, Keeps keeps, const void *what);
/* Elements that act on every copy of x as the identity. */
const bool *elements_fixing(Check *c, const Rep *x);
/* Elements whose matrices only permute the components of x (signs: and those of them that change none). */
const bool *elements_permuting(Check *c, const Rep *x);
/* Elements that map pixels of `on` to pixels and flip no flagged axis; elements that move no pixel. */
const bool *elements_upright(Check *c, const Space *on, const bool *axis);
const bool *elements_still(Check *c, const Space *on);
/* proof_shrink under `break`; under `assume` the value is audited and nothing of it is proved. */
void site_shrink(Site *site, Value *v, const bool *kept, uint32_t shift, const char *because);
/* A stride on a torus: translations by multiples of shift are left, and mirrors about c, 2c = centre2 (mod shift). */
void site_stride(Site *site, Value *v, uint32_t shift, int32_t centre2, const char *because);
/* [proof.6] Does x still move by what `out` is a representation of? false: E0214 was reported, or `break` shrank v. */
bool site_moves_as(Site *site, const Value *x, const Rep *out);
Str kept_name(Check *c, const bool *kept);                   /* "D(4)", "C(1)", "order 3"               */
Str residual_name(Check *c, const Proof *p);                 /* "translations(2) * C(4)"                */
bool depends_on_turned(Check *c, const Value *v);            /* on a domain where turns miss the pixels */

/* --- rule_sum.c ------------------------------------------------------------------------------- */
/* Argument i as a field (a number: a constant); NULL: E0106 was reported, or it is poison. */
const Value *site_field(Site *site, uint32_t i);
/* Where values of two domains meet: equal ones, or one of them everywhere. false: E0202 was reported. */
bool site_meet(Site *site, const Value *a, const Value *b, const Space **on);
/* x without the copies before `from`: the terms of `out`, from copy `from` of each. */
const Value *value_slice(Site *site, const Value *x, const Rep *out, uint32_t from);
const Value *value_join(Site *site, const Value *const *x, uint32_t n, const Space *on, Why *why);

/* --- rule_reduce.c ---------------------------------------------------------------------------- */
/* Is `on` a line that nothing reverses (for scan under `break` any line; flipped)? false: E0304 was reported. */
bool site_ordered(Site *site, const Space *on, bool *flipped);

/* --- rule_linear.c ---------------------------------------------------------------------------- */
/* The last name of a weight between two kinds, of one that stands on `out`, of one of several kinds. */
Str weight_name(Check *c, const char *name, const Kind *in, const Kind *out);

/* Blocks and biases of linear, conv and conv_transpose: basis_of gives the basis of a pair of kinds. */
typedef const Basis *(*BasisOf)(Site *site, const void *setting, const Kind *in, const Kind *out, Why *why);
typedef struct LinearSetting { const Rep *out; bool bias; double gain, reach; uint32_t groups; } LinearSetting;
/* Fills v->weight. false: why holds the reason (E0212 when no weight reaches anything). reach: how many of the
 * weights of a block reach one place, as a fraction. */
bool weights_linear(Site *site, Value *v, const LinearSetting *s, BasisOf basis_of, const void *setting, Why *why);

/* --- small ones ------------------------------------------------------------------------------- */
static inline bool space_wraps(const Space *s) { return s && (s->sort == SPACE_TORUS || s->sort == SPACE_CYCLE); }
static inline bool space_window(const Space *s) { return s && (s->sort == SPACE_GRID || s->sort == SPACE_LINE); }
static inline Type type_field(const Rep *rep, const Space *on) {
  return (Type){ .what = WHAT_FIELD, .rep = rep, .on = on };
}
static inline Why site_why(const Site *site) { return (Why){ .arena = site->check->arena }; }
static inline bool site_free(const Site *site) { return site->broken || site->assumed; }
static inline Reps *site_reps(const Site *site) { return site->check->program->reps; }
static inline const Rep *site_scalars(const Site *site, uint32_t n) {
  return rep_of(site_reps(site), kind_scalar(site_reps(site)), n);
}
static inline Str rep_name(Check *c, const Rep *x) {
  Out o = { .arena = c->arena };
  rep_text(x, &o);
  return out_text(&o);
}
static inline Str space_name(const Space *s) { return s ? s->name : S("everywhere"); }
#endif
