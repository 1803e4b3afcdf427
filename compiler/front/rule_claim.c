/* rule_claim.c: decides claims about values.
 *
 *     equivariant(y, K)                      K lies in what y keeps                            [claim.1]
 *     equivariant(y, translations, ...)      torus: by multiples of the stride; window: from the margin on    [claim.2]
 *     equivariant(y, K, within: e)           audited, when it is not proved                    [claim.3]
 *     residual(y) == K                       equal up to conjugation                           [claim.4]
 *     smooth(y) >= n                         the least class of what y is made of              [claim.5]
 *
 * A claim is proved, audited or refused, with what holds instead; one that is weaker than what is proved is W7. The
 * witness of a claim about a window is the model run on x = 1 with kernels of ones. Clauses of lang/spec.md. */
#include "front/rule.h"
#include <math.h>

static void accept(Check *c, const Claimed *k, const char *verdict) {
  Claim claim = { .text = k->text,
                  .verdict = str_of(verdict),
                  .within = k->has_within ? k->within : 0,
                  .value = k->value,
                  .group = k->of.sort == ITEM_GROUP ? k->of.group : NULL,
                  .at = k->at };
  vec_push(c->program->arena, &c->model->claim, claim);
}

static bool refuse(Check *c, const Claimed *k, const Why *why) {
  Diag *d = diag_why(c->diags, k->at, why);
  if (k->value->proof.because.n && d->code != E0402)
    diag_note(c->diags, d, (Span){ 0 }, "given up by %.*s", STR(k->value->proof.because));
  return false;
}

/* --- elements --------------------------------------------------------------------------------- */
/* All that acts, on a value that lost nothing: no elements are asked for, of which there may be too many. */
static bool is_whole(Check *c, const Group *k, const Proof *p) {
  return c->model->group && group_equal(k, c->model->group) && !p->kept;
}

/* Flags of K within what acts, or NULL: E0706 in why. */
static bool *members(Check *c, const Group *k, Why *why) {
  uint32_t n = elements_acting(c);
  bool *flags = arena_array(c->arena, bool, n + 1);
  flags[0] = true;
  if (group_order(c->program->groups, k) == 1) return flags;
  bool *lie = elements_of(c, k);
  if (!lie) {
    if (c->model->group && !c->model->group->nfactors && !k->nfactors)
      (void)group_embed(c->program->groups, k, c->model->group, why);
    if (!why->reason.n && str_is(c->model->acts, "nothing"))
      why_no(why, E0706, "%.*s is no subgroup of what acts: nothing acts on the inputs", STR(k->name));
    if (!why->reason.n)
      why_no(why, E0706, "%.*s is no subgroup of what acts on the inputs, %.*s", STR(k->name), STR(c->model->acts));
    return NULL;
  }
  return lie;
}

static uint32_t count(const bool *flags, uint32_t n) {
  uint32_t k = 0;
  for (uint32_t e = 0; e < n; e++) k += flags[e];
  return k;
}

static bool keeps_all(Check *c, const Proof *p, const bool *flags, uint32_t *missing) {
  for (uint32_t e = 0; e < elements_acting(c); e++)
    if (flags[e] && p->kept && !p->kept[e]) {
      *missing = e;
      return false;
    }
  return !(p->kept && elements_acting(c) == 0);
}

/* --- what shows that translations fail [claim.2] ---------------------------------------------- */
/* y on one row across the middle and down the side, for x = 1 and kernels of ones, one channel. */
static bool run_ones(Check *c, const Value *y, int64_t margin, Why *why) {
  const Value *chain[64];
  uint32_t n = 0;
  for (const Value *v = y; v->nargs && n < 64; v = v->arg[0]) {
    if (!space_window(v->type.on) || !space_window(v->arg[0]->type.on)) return false;
    chain[n++] = v;
  }
  if (n == 0 || n == 64) return false;
  const Space *on = chain[n - 1]->arg[0]->type.on;
  if (on->count > 1 << 16) return false;
  double *x = arena_array(c->arena, double, on->count);
  for (uint64_t i = 0; i < on->count; i++) x[i] = 1;
  while (n-- > 0) {
    const Value *v = chain[n];
    const Space *to = v->type.on;
    bool window = v->word == WORD_conv || v->word == WORD_mean_pool || v->word == WORD_max_pool;
    if (!window && to != on) return false;
    if (!window) continue;
    if (to->count > 1 << 16) return false;
    int64_t w = on->ndim > 1 ? on->shape[1] : 1, h = on->shape[0], wo = to->ndim > 1 ? to->shape[1] : 1;
    double *z = arena_array(c->arena, double, to->count);
    for (int64_t o = 0; o < (int64_t)to->count; o++) {
      double sum = 0, most = -INFINITY, cells = 0;
      for (int64_t k = 0; k < v->kernel; k++)
        for (int64_t l = 0; l < (on->ndim > 1 ? v->kernel : 1); l++) {
          int64_t i = o / wo * v->stride - v->pad + k * v->dilation,
                  j = on->ndim > 1 ? o % wo * v->stride - v->pad + l * v->dilation : 0;
          if (i < 0 || i >= h || j < 0 || j >= w) continue;
          sum += x[i * w + j];
          most = fmax(most, x[i * w + j]);
          cells++;
        }
      z[o] = v->word == WORD_conv ? sum : v->word == WORD_max_pool ? most : sum / cells;
    }
    x = z;
    on = to;
  }
  int64_t w = on->ndim > 1 ? on->shape[1] : 1, middle = w / 2, row = on->shape[0] / 2;
  int64_t edge = margin < 0 ? 0 : margin, side = margin < 0 ? 0 : middle;
  if (edge >= on->shape[0]) return false;
  double near = x[edge * w + side], inside = x[row * w + middle];
  if (near == inside) return false;
  if (margin < 0) why_witness(why, "x = 1 everywhere, kernels of ones: %g in the corner, %g inside", near, inside);
  else
    why_witness(why, "x = 1 everywhere, kernels of ones: %g at distance %lld from the border, %g inside", near,
                (long long)margin, inside);
  return true;
}

static bool refuse_window(Check *c, const Claimed *k) {
  const Proof *p = &k->value->proof;
  Why why = { .arena = c->arena };
  run_ones(c, k->value, k->has_interior ? k->interior : -1, &why);
  if (p->margin < 0) {
    if (!why.witness.n) why_witness(&why, "shift the input by one: what enters at the border reaches every element");
    why_no(&why, E0402,
           "translations of a window hold nowhere in this value: it reads all of the window, or where it is");
  } else {
    if (!why.witness.n) why_witness(&why, "shift the input by one: a row of the result comes from outside of it");
    why_help(&why, "interior: %d", p->margin);
    if (k->has_interior)
      why_no(&why, E0402, "the border reaches %d inside, not %lld", p->margin, (long long)k->interior);
    else why_no(&why, E0402, "translations do not act on a window: its border shows");
  }
  return refuse(c, k, &why);
}

static bool refuse_shift(Check *c, const Claimed *k) {
  const Proof *p = &k->value->proof;
  Why why = { .arena = c->arena };
  if (p->shift) {
    why_witness(&why, "shift the inputs by %lld, which is no multiple of %u", (long long)k->of.by, p->shift);
    why_help(&why, "translations(%u)", p->shift);
  } else {
    why_witness(&why, "shift the inputs by 1");
  }
  why_no(&why, E0403, p->shift ? "only translations by multiples of %u are left" : "no translations are left",
         p->shift);
  return refuse(c, k, &why);
}

static void where_inputs_live(const Model *m, bool *window, bool *torus) {
  *window = *torus = false;
  for (uint32_t i = 0; i < m->ninputs; i++) {
    *window = *window || space_window(m->input[i]->type.on);
    *torus = *torus || space_wraps(m->input[i]->type.on);
  }
}

/* The translations and permutations of a claim; false: reported. */
static bool decide_shifts(Check *c, const Claimed *k, bool *weaker) {
  const Item of = k->of;
  const Proof *p = &k->value->proof;
  bool window, torus;
  where_inputs_live(c->model, &window, &torus);
  if (of.permutations && (!c->model->permutations || p->numbered)) {
    Why why = { .arena = c->arena };
    if (c->model->permutations) why_witness(&why, "swap two elements: what was said of one is said of the other");
    why_no(&why, E0801, c->model->permutations ? "elements are told apart" : "no input lives on a set");
    return refuse(c, k, &why);
  }
  if (!of.by) return true;
  if (!window && !torus) {
    Why why = { .arena = c->arena };
    bool nothing = str_is(c->model->acts, "nothing");
    why_no(&why, E0801, "no input lives where translations act: %.*s", STR(nothing ? S("nothing acts on the inputs")
           : str_format(c->arena, "%.*s acts", STR(c->model->acts))));
    return refuse(c, k, &why);
  }
  if (window && (!k->has_interior || p->margin < 0 || k->interior < p->margin)) return refuse_window(c, k);
  if (p->shift == 0 || of.by % p->shift) return refuse_shift(c, k);
  *weaker = of.by > p->shift || (window && k->interior > p->margin);
  return true;
}

/* --- equivariant ------------------------------------------------------------------------------ */
static bool missing_pixels(Check *c, const Value *y, uint32_t e) {
  if (!depends_on_turned(c, y)) return false;
  for (uint32_t i = 0; i < c->model->ninputs; i++) {
    const Value *x = c->model->input[i];
    if (x->proof.kept && !x->proof.kept[e]) return true;
  }
  return false;
}

static void weak(Check *c, const Claimed *k) {
  const Proof *p = &k->value->proof;
  Str proved = k->has_interior && p->margin >= 0 && k->interior > p->margin
                   ? str_format(c->arena, "interior: %d", p->margin) : residual_name(c, p);
  diag_add(c->diags, W7, k->at, "`%.*s` is weaker than what is proved: %.*s", STR(k->text), STR(proved));
}

static bool claim_equivariant(Check *c, const Claimed *k) {
  const Proof *p = &k->value->proof;
  Why why = { .arena = c->arena };
  const Group *group = k->of.group;
  bool weaker = false;
  if (k->of.sort == ITEM_TRANSLATIONS && !k->has_within && !decide_shifts(c, k, &weaker)) return false;
  bool whole = group && is_whole(c, group, p);
  bool *flags = group && !whole ? members(c, group, &why) : NULL;
  if (group && !whole && !flags) return refuse(c, k, &why);
  uint32_t missing = 0;
  bool proved = !flags || keeps_all(c, p, flags, &missing);
  if (proved && !(k->has_within && k->of.sort == ITEM_TRANSLATIONS)) {
    uint32_t n = elements_acting(c);
    if (flags && n && p->verdict == VERDICT_PROVED && k->of.sort == ITEM_GROUP &&
        count(flags, n) < (p->kept ? count(p->kept, n) : n))
      weaker = true;
    if (weaker || (k->has_within && group)) weak(c, k);
    accept(c, k, "proved");
    return true;
  }
  if (k->has_within) {                                                               /* [claim.3] */
    accept(c, k, "audited");
    return true;
  }
  const Str *name = c->model->group->elements->name;
  if (missing_pixels(c, k->value, missing)) {
    why_witness(&why, "`%.*s` maps no pixel beside the centre to a pixel", STR(name[missing]));
    why_help(&why, "within: 0.1, which is audited");
    why_no(&why, E0405, "turns of %.*s that miss the pixels are not proved", STR(group->name));
  } else {
    why_witness(&why, "`%.*s` is not left", STR(name[missing]));
    why_help(&why, "what holds: equivariant under %.*s", STR(residual_name(c, p)));
    why_no(&why, E0801, "not equivariant under %.*s, but under %.*s", STR(group->name), STR(residual_name(c, p)));
  }
  return refuse(c, k, &why);
}

/* A residual that no declared group names: by its elements. */
static void explain_residual(Check *c, const Proof *p, Why *why) {
  enum { SHOWN = 8 };
  Out o = { .arena = c->arena };
  for (uint32_t e = 0, n = 0; e < elements_acting(c) && n <= SHOWN; e++) {
    if (p->kept && !p->kept[e]) continue;
    if (n++ == SHOWN) out_printf(&o, ", ...");
    else out_printf(&o, n > 1 ? ", %.*s" : "%.*s", STR(c->model->group->elements->name[e]));
  }
  why_witness(why, "what is left: %.*s", STR(out_text(&o)));
  why_help(why, "declare the group that these make, and claim it");
}

/* --- residual [claim.4] ----------------------------------------------------------------------- */
static bool claim_residual(Check *c, const Claimed *k) {
  const Proof *p = &k->value->proof;
  Why why = { .arena = c->arena };
  uint32_t n = elements_acting(c);
  bool ok = true;
  if (k->of.sort == ITEM_TRANSLATIONS) {
    if (k->of.by) ok = c->model->translations && (int64_t)p->shift == k->of.by;
    if (k->of.permutations) ok = ok && c->model->permutations && !p->numbered;
  }
  if (k->of.group && !is_whole(c, k->of.group, p)) {
    bool *flags = members(c, k->of.group, &why);
    if (!flags) return refuse(c, k, &why);
    bool *kept = arena_array(c->arena, bool, n + 1);
    for (uint32_t e = 0; e < n; e++) kept[e] = !p->kept || p->kept[e];
    ok = ok && (c->model->group ? count(kept, n) == count(flags, n) &&
                                      (memcmp(kept, flags, n) == 0 ||
                                       subgroup_conjugate(c->program->groups, c->model->group, kept, flags))
                                : true);
  }
  if (!ok) {
    Str holds = residual_name(c, p);
    bool unnamed = memmem(holds.at, holds.n, "order ", 6);
    if (unnamed) explain_residual(c, p, &why);
    else why_help(&why, "claim residual(...) == %.*s", STR(holds));
    why_no(&why, E0801, "the residual is %s%.*s", unnamed ? "of " : "", STR(holds));
    return refuse(c, k, &why);
  }
  accept(c, k, "proved");
  return true;
}

/* --- smooth [claim.5] ------------------------------------------------------------------------- */
enum { JUMPS = -1, PIECEWISE = 0, C1 = 1, SMOOTH = 99 };

static const int fn_smoothness[] = {
#define FN(name, parity, homogeneous, linear, smoothness, value) smoothness,
#include "../../lang/functions.def"
#undef FN
};
static const char *const fn_name[] = {
#define FN(name, parity, homogeneous, linear, smoothness, value) #name,
#include "../../lang/functions.def"
#undef FN
};

static int own_class(const Value *v) {
  switch (v->word) {
  case WORD_map: return fn_smoothness[v->fn];
  case WORD_norm: case WORD_max: case WORD_min: case WORD_max_pool: case WORD_group_pool: return PIECEWISE;
  case WORD_invariants: return rep_all_scalar(v->arg[0]->type.rep) ? SMOOTH : PIECEWISE;
  case WORD_less: case WORD_equal: case WORD_not: return JUMPS;
  case WORD_power: return v->x == floor(v->x) && v->x >= 0 ? SMOOTH : v->x > 0 ? (int)ceil(v->x) - 1 : SMOOTH;
  default: return SMOOTH;
  }
}

static bool claim_smooth(Check *c, const Claimed *k) {
  const Model *m = c->model;
  int *least = arena_array(c->arena, int, m->value.n + 1);
  const Value **from = arena_array(c->arena, const Value *, m->value.n + 1);
  for (uint32_t i = 0; i < m->value.n; i++) {
    const Value *v = m->value.at[i];
    least[i] = own_class(v);
    from[i] = v;
    for (uint32_t a = 0; a < v->nargs; a++) {
      uint32_t j = v->arg[a]->number;
      int reached = v->word == WORD_grad && a == 0 && least[j] < SMOOTH ? least[j] - 1 : least[j];
      if (reached >= least[i]) continue;
      least[i] = reached;
      from[i] = from[j];
    }
  }
  int found = least[k->value->number];
  if (found >= k->order) {
    if (found < SMOOTH && found > k->order)
      diag_add(c->diags, W7, k->at, "`%.*s` is weaker than what is proved: smooth %d", STR(k->text), found);
    accept(c, k, "proved");
    return true;
  }
  const Value *v = from[k->value->number];
  Why why = { .arena = c->arena };
  Place p = span_place(c->program->sources, v->at);
  const char *name = v->word == WORD_map ? fn_name[v->fn] : word_name(v->word);
  int own = own_class(v);
  if (own < 0) why_witness(&why, "`%s` in line %u jumps where its test changes", name, p.line);
  else
    why_witness(&why, "`%s` in line %u is of class C^%d%s", name, p.line, own,
        own > found ? ", and grad takes one away" : "");
  if (found < 0) why_no(&why, E0801, "not even continuous");
  else why_no(&why, E0801, "of class C^%d, not C^%lld", found, (long long)k->order);
  return refuse(c, k, &why);
}

bool rule_claim(Check *c, const Claimed *k) {
  switch (k->sort) {
  case CLAIM_EQUIVARIANT: return claim_equivariant(c, k);
  case CLAIM_RESIDUAL: return claim_residual(c, k);
  case CLAIM_SMOOTH: return claim_smooth(c, k);
  }
  bug("claim %d", (int)k->sort);
}
