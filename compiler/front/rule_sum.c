/* rule_sum.c: sums and products at each element, copies put together and taken apart.
 *
 *     x + y       equal representations; one scalar and scalars; a number and what permutes     [sum.1] to [sum.3]
 *     x * y       one side scalars or signs, copy by copy; or both permute, by components         [mul.1] to [mul.4]
 *     [x, y]      the types add                                                                   [join.1]
 *     split part  become slices                                                                   [slice.1] [slice.2]
 *
 * Values on different domains do not mix; one without a domain mixes with all [sum.4]. Clauses of
 * lang/spec.md. Elsewhere: arithmetic of compile-time numbers (evaluate.c), witnesses (witness.c). */
#include "front/rule.h"

const Value *site_field(Site *site, uint32_t i) {
  const Item *x = &site->arg[i];
  if (x->sort == ITEM_POISON) return NULL;
  const Value *v = x->sort == ITEM_VALUE ? x->value : item_as_value(site, x);
  if (v && v->type.what == WHAT_FIELD) return v;
  Out o = { .arena = site->check->arena };
  if (v) type_text(&v->type, &o);
  site_refuse_code(site, site->arg_at ? site->arg_at[i] : site->at, E0106,
                   "`%s` takes numbers that move by a representation%s%.*s", word_name(site->word), v ? ", not " : "",
                   STR(v ? out_text(&o) : S("")));
  return NULL;
}

/* --- where operands meet [sum.4] -------------------------------------------------------------- */
/* The word that gave x its grid, behind words that keep it. */
static const Value *maker(const Value *x) {
  while (x->nargs && x->arg[0]->type.on == x->type.on) x = x->arg[0];
  return x;
}

/* A transposed convolution that misses the size wanted: the sizes as a formula, and settings that meet it. */
static void explain_size(const Value *x, const Space *want, Why *why) {
  const Value *v = maker(x);
  const Space *from = v->nargs ? v->arg[0]->type.on : NULL;
  if (v->word != WORD_conv_transpose || !from || !want || want->ndim != from->ndim || space_wraps(from)) return;
  int64_t n = from->shape[0], goal = want->shape[0], s = v->stride, d = v->dilation, k = v->kernel, p = v->pad;
  why_witness(why, "%lld -> %lld, not %lld: (%lld - 1) * %lld + %lld * %lld + 1 - 2 * %lld", (long long)n,
              (long long)v->type.on->shape[0], (long long)goal, (long long)n, (long long)s, (long long)d,
              (long long)(k - 1), (long long)p);
  int64_t best[2][2], found = 0;
  for (int64_t q = p; q >= 0 && found < 2; q--)
    for (int64_t m = 1; m <= k + 3 && found < 2; m++)
      if ((n - 1) * s + d * (m - 1) + 1 - 2 * q == goal && q < m) {
        best[found][0] = m;
        best[found++][1] = q;
      }
  if (found == 1) why_help(why, "kernel %lld, pad %lld", (long long)best[0][0], (long long)best[0][1]);
  if (found == 2)
    why_help(why, "kernel %lld, pad %lld, or kernel %lld, pad %lld", (long long)best[0][0], (long long)best[0][1],
             (long long)best[1][0], (long long)best[1][1]);
}

static Str sides(Check *c, const Space *s) {
  return s->ndim > 1 ? str_format(c->arena, "%u x %u", s->shape[0], s->shape[1]) : str_format(c->arena, "%u",
      s->shape[0]);
}
static bool same_sides(const Space *x, const Space *y) {
  return x->ndim == y->ndim && x->shape[0] == y->shape[0] && x->shape[1] == y->shape[1];
}

/* Two tori of equal sides that move differently: by their strides, or by half an element [grid.4]. */
static void explain_tori(const Space *x, const Space *y, Why *why) {
  const Space *made = x->base ? x : y, *other = x->base ? y : x;
  const Space *declared = made->base ? made->base : made;
  if (made->base && made->factor == 1 && made->divide == 1 && (other == declared || other->base == declared)) {
    int32_t n = (int32_t)declared->shape[0];
    why_witness(why,
        "the flip takes element 0 of `%.*s` to element %d, and element 0 of `%.*s`, which stands at %g, to %d",
                STR(other->name), (2 * n - other->offset2) % n, STR(made->name), made->offset2 / 2.0,
                (2 * n - made->offset2) % n);
    why_help(why, "an odd kernel puts its result where x stands");
    return;
  }
  why_witness(why, "shift %.*s by %u: one element on `%.*s`, nothing on `%.*s`", STR(declared->name),
              made->factor / (made->divide ? made->divide : 1), STR(made->name), STR(other->name));
  why_help(why, "values of one domain after the same strides");
}

static void explain_domains(Check *c, const Space *x, const Space *y, Why *why) {
  bool axes_x = space_window(x) || space_wraps(x), axes_y = space_window(y) || space_wraps(y);
  if (axes_x && axes_y && !same_sides(x, y))
    why_witness(why, "%.*s elements on one side, %.*s on the other", STR(sides(c, x)), STR(sides(c, y)));
  else if (space_wraps(x) && space_wraps(y)) explain_tori(x, y, why);
  else if (space_wraps(x) != space_wraps(y) && axes_x && axes_y)
    why_witness(why, "shift `%.*s` by one: `%.*s`, which has a border, does not move",
        STR((space_wraps(x) ? x : y)->name),
                STR((space_wraps(x) ? y : x)->name));
  else if ((x->sort == SPACE_PAIRS && x->base == y) || (y->sort == SPACE_PAIRS && y->base == x)) {
    why_witness(why, "one number for each element of `%.*s`, one for each pair of them",
                STR((x->sort == SPACE_PAIRS ? y : x)->name));
    why_help(why,
        "x[e.src] and x[e.dst] read a value at the ends of each pair; sum(..., at: e.dst) sums over the pairs");
  } else if (x->sort == SPACE_SET || y->sort == SPACE_SET) {
    const Space *set = x->sort == SPACE_SET ? x : y, *other = set == x ? y : x;
    why_witness(why, "swap two elements of `%.*s`: `%.*s` does not move", STR(set->name), STR(other->name));
    why_help(why, "mean(...) or sum(...) of one side is one value, which mixes with all");
  }
}

bool site_meet(Site *site, const Value *a, const Value *b, const Space **on) {
  const Space *x = a->type.on, *y = b->type.on;
  *on = x ? x : y;
  if (!x || !y || space_same(x, y)) return true;
  Why why = site_why(site);
  explain_size(a, y, &why);
  if (!why.witness.n) explain_size(b, x, &why);
  if (!why.witness.n) explain_domains(site->check, x, y, &why);
  why_no(&why, E0202, "values on `%.*s` and on `%.*s` do not mix", STR(x->name), STR(y->name));
  site_refuse(site, site->at, &why);
  return false;
}

/* --- sums ------------------------------------------------------------------------------------- */
static bool is_number(const Value *v) { return v->word == WORD_constant && !v->numbers; }
static bool one_scalar(const Rep *x) { return rep_all_scalar(x) && x->copies == 1; }

static Item refuse_sum(Site *site, const Value *x, const Value *y) {
  Why why = site_why(site);
  const Rep *a = x->type.rep, *b = y->type.rep;
  if (a->n == 1 && b->n == 1) witness_differ(site->check, a->term[0].kind, b->term[0].kind, &why);
  if (!why.witness.n)
    why_witness(&why, "%u number%s on one side, %u on the other", a->dim, a->dim == 1 ? "" : "s", b->dim);
  why_no(&why, E0202, "`%.*s` and `%.*s` do not add", STR(rep_name(site->check, a)), STR(rep_name(site->check, b)));
  return site_refuse(site, site->at, &why);
}

/* What x and y have in common when one stands for all of the other, or NULL. */
static const Rep *common_rep(const Value *x, const Value *y) {
  const Rep *a = x->type.rep, *b = y->type.rep;
  if (a == b) return a;                                                              /* [sum.1] */
  if (one_scalar(a) && rep_all_scalar(b)) return b;                                  /* [sum.2] */
  if (one_scalar(b) && rep_all_scalar(a)) return a;
  if (is_number(x) && rep_action(b) <= ACTION_PERMUTES) return b;                    /* [sum.3] */
  if (is_number(y) && rep_action(a) <= ACTION_PERMUTES) return a;
  return NULL;
}

Item rule_add(Site *site) {
  const Value *x = site_field(site, 0), *y = x ? site_field(site, 1) : NULL;
  const Space *on;
  if (!y || !site_meet(site, x, y, &on)) return item_poison(site->at);
  const Rep *rep = common_rep(x, y);
  if (!rep) return refuse_sum(site, x, y);
  return item_value(value_add(site, site->word, type_field(rep, on), (const Value *[]){ x, y }, 2), site->at);
}

Item rule_neg(Site *site) {
  const Value *x = site_field(site, 0);
  return x ? item_value(value_add(site, WORD_neg, x->type, &x, 1), site->at) : item_poison(site->at);
}

/* --- products --------------------------------------------------------------------------------- */
static bool is_sign(const Rep *x) {
  return x->n == 1 && x->term[0].kind->action == ACTION_SIGNS && x->term[0].kind->dim == 1;
}

/* Copy by copy: equally many, or one on either side. 0: they do not meet. */
static uint32_t copies_meet(uint32_t a, uint32_t b) { return a == b || b == 1 ? a : a == 1 ? b : 0; }

static Item multiply(Site *site, const Rep *rep, const Space *on, const Value *x, const Value *y) {
  return item_value(value_add(site, site->word, type_field(rep, on), (const Value *[]){ x, y }, 2), site->at);
}

static Item refuse_copies(Site *site, const Rep *a, const Rep *b) {
  return site_refuse_code(site, site->at, E0202, "copy by copy, `%.*s` and `%.*s` do not meet: %u and %u copies",
                          STR(rep_name(site->check, a)), STR(rep_name(site->check, b)), a->copies, b->copies);
}

/* [mul.2] A sign multiplies each term of x by itself: the kinds change, and with them the order of the terms. */
static Item multiply_signs(Site *site, const Value *x, const Value *sign, const Space *on) {
  const Rep *a = x->type.rep, *s = sign->type.rep;
  Why why = site_why(site);
  if (!copies_meet(a->copies, s->copies) || (a->copies == 1 && s->copies > 1 && a->n > 1))
    return refuse_copies(site, a, s);
  const Value **part = arena_array(site->check->arena, const Value *, a->n);
  for (uint32_t t = 0, from = 0; t < a->n; from += a->term[t].copies, t++) {
    const Kind *k = a->term[t].kind;
    const Rep *one = rep_product(site_reps(site), rep_of(site_reps(site), k, 1),
                                 rep_of(site_reps(site), s->term[0].kind, 1), &why);
    const Basis *path =
        one && one->n == 1 ? hom_pairs(site_reps(site), k, s->term[0].kind, one->term[0].kind, &why) : NULL;
    if (!path) return site_refuse(site, site->at, &why);
    if (path->n != 1)
      return site_refuse_code(site, site->at, E0205, "`%.*s` times `%.*s` has %u paths: say `tensor` or `couple`",
                              STR(k->name), STR(s->term[0].kind->name), path->n);
    uint32_t copies = a->copies == 1 ? s->copies : a->term[t].copies;
    const Value *left = value_slice(site, x, rep_of(site_reps(site), k, a->term[t].copies), 0);
    const Value *right = s->copies == 1 || a->copies == 1
                             ? sign
                             : value_slice(site, sign, rep_of(site_reps(site), s->term[0].kind, copies), from);
    part[t] = value_add(site, WORD_mul, type_field(rep_of(site_reps(site), one->term[0].kind, copies), on),
                        (const Value *[]){ left, right }, 2);
  }
  if (a->n == 1) return item_value(part[0], site->at);
  const Value *all = value_join(site, part, a->n, on, &why);
  return all ? item_value(all, site->at) : site_refuse(site, site->at, &why);
}

Item rule_mul(Site *site) {
  const Value *x = site_field(site, 0), *y = x ? site_field(site, 1) : NULL;
  const Space *on;
  if (!y || !site_meet(site, x, y, &on)) return item_poison(site->at);
  const Rep *a = x->type.rep, *b = y->type.rep;
  bool division = site->word == WORD_div;
  if (rep_all_scalar(b) || (!division && rep_all_scalar(a))) {                        /* [mul.1] scalars */
    const Rep *s = rep_all_scalar(b) ? b : a, *other = s == b ? a : b;
    if (other->copies == 1 && s->copies > 1) other = rep_times(site_reps(site), s->copies, other);
    else if (!copies_meet(other->copies, s->copies)) return refuse_copies(site, a, b);
    return multiply(site, other, on, x, y);
  }
  if (!division && (is_sign(a) || is_sign(b)))
    return is_sign(b) ? multiply_signs(site, x, y, on) : multiply_signs(site, y, x, on);
  if (rep_action(a) <= ACTION_PERMUTES && rep_action(b) <= ACTION_PERMUTES) {         /* [mul.3] by components */
    if (a == b) return multiply(site, a, on, x, y);
    if (a->n == 1 && b->n == 1 && a->term[0].kind == b->term[0].kind && copies_meet(a->copies, b->copies))
      return multiply(site, a->copies > b->copies ? a : b, on, x, y);
    if (division && is_number(x)) return multiply(site, b, on, x, y);
  }
  Why why = site_why(site);                                                           /* [mul.4] */
  const Rep *moves = division || rep_action(b) > ACTION_PERMUTES ? b : a;
  const Rep *other = moves == b ? a : b;
  bool alike = a->n == 1 && b->n == 1 && a->term[0].kind == b->term[0].kind;
  if (division && moves->n == 1 && (alike || rep_all_scalar(other)))
    witness_quotient(site->check, moves->term[0].kind, !alike, &why);
  else if (alike) witness_product(site->check, moves->term[0].kind, &why);
  else if (a->n == 1 && b->n == 1) witness_differ(site->check, a->term[0].kind, b->term[0].kind, &why);
  if (!why.witness.n && a->dim != b->dim)
    why_witness(&why, "%u number%s on one side, %u on the other", a->dim, a->dim == 1 ? "" : "s", b->dim);
  why_help(&why,
           "an invariant factor, such as norm(v) or dot(v, w); for a product of representations `tensor` or `couple`");
  why_no(&why, E0205, division ? "a divisor that moves: `%.*s` by `%.*s`" : "a factor that moves: `%.*s` times `%.*s`",
         STR(rep_name(site->check, a)), STR(rep_name(site->check, b)));
  return site_refuse(site, site->at, &why);
}

/* [scale.1] n scalars, each for an equal group of neighbouring copies of every term in order. */
Item rule_scale(Site *site) {
  const Value *x = site_field(site, 0), *by = x ? site_field(site, 1) : NULL;
  const Space *on;
  if (!by || !site_meet(site, x, by, &on)) return item_poison(site->at);
  uint32_t n = by->type.rep->copies, width = x->type.rep->copies / n;
  if (!rep_all_scalar(by->type.rep))
    return site_refuse_code(site, site->at, E0205, "a factor that moves: `%.*s`",
                            STR(rep_name(site->check, by->type.rep)));
  bool whole = width * n == x->type.rep->copies;
  for (uint32_t t = 0; whole && t < x->type.rep->n; t++) whole = x->type.rep->term[t].copies % width == 0;
  if (!whole)
    return site_refuse_code(site, site->at, E0111, "%u scales for %u copies: each scales as many neighbouring copies "
                            "of one kind", n, x->type.rep->copies);
  Value *v = value_add(site, WORD_scale, type_field(x->type.rep, on), (const Value *[]){ x, by }, 2);
  v->heads = n;
  return item_value(v, site->at);
}

/* --- copies ----------------------------------------------------------------------------------- */
const Value *value_slice(Site *site, const Value *x, const Rep *out, uint32_t from) {
  if (out == x->type.rep && from == 0) return x;
  Value *v = value_add(site, WORD_slice, type_field(out, x->type.on), &x, 1);
  v->from = from;
  return v;
}

const Value *value_join(Site *site, const Value *const *x, uint32_t n, const Space *on, Why *why) {
  uint32_t nterms = 0;
  for (uint32_t i = 0; i < n; i++) nterms += x[i]->type.rep->n;
  Term *term = arena_array(site->check->arena, Term, nterms + 1);
  nterms = 0;
  for (uint32_t i = 0; i < n; i++)
    for (uint32_t t = 0; t < x[i]->type.rep->n; t++) term[nterms++] = x[i]->type.rep->term[t];
  const Rep *rep = rep_sum(site_reps(site), term, nterms, why);
  return rep ? value_add(site, WORD_join, type_field(rep, on), x, n) : NULL;
}

/* [join.1] Also of a list of values in one argument. */
Item rule_join(Site *site) {
  Site each = *site;
  if (site->nargs == 1 && site->arg[0].sort == ITEM_LIST) {
    each.arg = site->arg[0].item;
    each.nargs = site->arg[0].n;
    each.arg_at = NULL;
  }
  const Value **x = arena_array(site->check->arena, const Value *, each.nargs + 1);
  const Space *on = NULL;
  for (uint32_t i = 0; i < each.nargs; i++) {
    x[i] = site_field(&each, i);
    Value somewhere = { .type = { .on = on } };
    if (!x[i] || !site_meet(&each, &somewhere, x[i], &on)) return item_poison(site->at);
  }
  if (each.nargs == 1) return item_value(x[0], site->at);
  Why why = site_why(site);
  const Value *v = value_join(site, x, each.nargs, on, &why);
  return v ? item_value(v, site->at) : site_refuse(site, site->at, &why);
}

static Item tuple_of(Site *site, const Item *item, uint32_t n) {
  return (Item){ .sort = ITEM_TUPLE, .at = site->at, .n = n, .item = item };
}

/* [slice.1] Into n equal parts: every term into n. */
static Item split_equally(Site *site, const Value *x, int64_t parts) {
  const Rep *rep = x->type.rep;
  if (parts < 1 || parts > rep->copies)
    return site_refuse_code(site, site->at, E0111, "%lld parts of %u copies", (long long)parts, rep->copies);
  uint32_t n = (uint32_t)parts;
  for (uint32_t t = 0; t < rep->n; t++)
    if (rep->term[t].copies % n)
      return site_refuse_code(site, site->at, E0111, "%u copies of `%.*s` do not split into %u equal parts",
                              rep->term[t].copies, STR(rep->term[t].kind->name), n);
  Item *item = arena_array(site->check->arena, Item, n);
  Term *term = arena_array(site->check->arena, Term, rep->n);
  for (uint32_t t = 0; t < rep->n; t++) term[t] = (Term){ rep->term[t].kind, rep->term[t].copies / n };
  const Rep *part = rep_sum(site_reps(site), term, rep->n, NULL);
  for (uint32_t i = 0; i < n; i++) item[i] = item_value(value_slice(site, x, part, i * term[0].copies), site->at);
  return tuple_of(site, item, n);
}

/* [slice.2] By types: each takes the next copies of its kinds; all copies are taken. */
static Item split_by_types(Site *site, const Value *x, const Rep *const *part, uint32_t n) {
  const Rep *rep = x->type.rep;
  uint32_t *taken = arena_array(site->check->arena, uint32_t, rep->n + 1);
  Item *item = arena_array(site->check->arena, Item, n);
  Why why = site_why(site);
  for (uint32_t i = 0; i < n; i++) {
    const Value **slice = arena_array(site->check->arena, const Value *, part[i]->n + 1);
    for (uint32_t t = 0; t < part[i]->n; t++) {
      uint32_t u = rep_find(rep, part[i]->term[t].kind);
      if (u == rep->n || taken[u] + part[i]->term[t].copies > rep->term[u].copies)
        return site_refuse_code(site, site->at, E0202, "`%.*s` has no %u more copies of `%.*s`",
                                STR(rep_name(site->check, rep)), part[i]->term[t].copies,
                                STR(part[i]->term[t].kind->name));
      slice[t] = value_slice(site, x, rep_of(site_reps(site), rep->term[u].kind, part[i]->term[t].copies), taken[u]);
      taken[u] += part[i]->term[t].copies;
    }
    const Value *v = part[i]->n == 1 ? slice[0] : value_join(site, slice, part[i]->n, x->type.on, &why);
    if (!v) return site_refuse(site, site->at, &why);
    item[i] = item_value(v, site->at);
  }
  for (uint32_t u = 0; u < rep->n; u++)
    if (taken[u] != rep->term[u].copies)
      return site_refuse_code(site, site->at, E0202, "%u of the copies of `%.*s` %s in no part",
                              rep->term[u].copies - taken[u], STR(rep->term[u].kind->name),
                              rep->term[u].copies - taken[u] == 1 ? "is" : "are");
  return tuple_of(site, item, n);
}

Item rule_split(Site *site) {
  const Value *x = site_field(site, 0);
  if (!x) return item_poison(site->at);
  const Item *parts = &site->arg[1];
  uint32_t n = site->nargs - 1;
  int64_t count;
  if (n == 1 && parts->sort == ITEM_NUMBER && item_int(parts, &count)) return split_equally(site, x, count);
  if (n == 1 && (parts->sort == ITEM_LIST || parts->sort == ITEM_TUPLE)) { n = parts->n; parts = parts->item; }
  const Rep **rep = arena_array(site->check->arena, const Rep *, n);
  for (uint32_t i = 0; i < n; i++) {
    if (parts[i].sort == ITEM_NUMBER && item_int(&parts[i], &count) && count > 0 && count < 1 << 24)
      rep[i] = site_scalars(site, (uint32_t)count);
    else if (parts[i].sort == ITEM_REP) rep[i] = parts[i].rep;
    else
      return parts[i].sort == ITEM_POISON
                 ? item_poison(site->at)
                 : site_refuse_code(site, site->at, E0106, "`split` takes a number of parts, or types");
  }
  return split_by_types(site, x, rep, n);
}

Item rule_part(Site *site) {
  const Value *x = site_field(site, 0);
  if (!x) return item_poison(site->at);
  const Rep *want = site->arg[1].rep, *rep = x->type.rep;
  const Kind *kind = want->n == 1 ? want->term[0].kind : NULL;
  uint32_t t = kind ? rep_find(rep, kind) : rep->n;
  if (t == rep->n)
    return site_refuse_code(site, site->at, E0202, "`%.*s` has no `%.*s`", STR(rep_name(site->check, rep)),
                            STR(rep_name(site->check, want)));
  return item_value(value_slice(site, x, rep_of(site_reps(site), kind, rep->term[t].copies), 0), site->at);
}

/* --- tests ------------------------------------------------------------------------------------ */
/* [where.1] A flag does not move, so it may choose between values that move alike. */
Item rule_where(Site *site) {
  const Value *test = site->arg[0].sort == ITEM_VALUE ? site->arg[0].value : NULL;
  if (!test) return site->arg[0].sort == ITEM_POISON ? item_poison(site->at)
                  : site_refuse_code(site, site->at, E0106, "`where` takes a flag that is known when running");
  const Value *yes = site_field(site, 1), *no = yes ? site_field(site, 2) : NULL;
  const Space *on;
  if (!no || !site_meet(site, yes, no, &on)) return item_poison(site->at);
  Value both = { .type = { .on = on } };
  if (!site_meet(site, &both, test, &on)) return item_poison(site->at);
  const Rep *rep = common_rep(yes, no);
  if (!rep) return refuse_sum(site, yes, no);
  return item_value(value_add(site, WORD_where, type_field(rep, on), (const Value *[]){ test, yes, no }, 3), site->at);
}

/* [compare.1] Single scalars, or a label and an entry of its list. */
Item rule_compare(Site *site) {
  const Value *x[2];
  for (uint32_t i = 0; i < 2; i++) {
    if (site->arg[i].sort == ITEM_POISON) return item_poison(site->at);
    x[i] = site->arg[i].sort == ITEM_VALUE ? site->arg[i].value : NULL;
  }
  for (uint32_t i = 0; i < 2; i++) { /* an entry of a list, by number or by text, is its place there */
    const Value *label = x[1 - i];
    if (x[i] || !label || label->type.what != WHAT_LABEL) continue;
    const Space *to = label->type.to;
    int64_t number = -1, at = -1;
    bool text = site->arg[i].sort == ITEM_TEXT;
    if (!text && !item_int(&site->arg[i], &number))
      return site_refuse_code(site, site->at, E0106, "a label is compared with an entry of its list");
    for (uint32_t k = 0; k < to->nlabels; k++)
      if (text ? to->text_of && str_equal(to->text_of[k], site->arg[i].text)
               : to->number_of && to->number_of[k] == number)
        at = k;
    if (!text && !to->number_of && !to->text_of && number >= 0 && (to->count == 0 || (uint64_t)number < to->count))
      at = number;
    if (at < 0)
      return text ? site_refuse_code(site, site->at, E0111, "\"%.*s\" is no entry of `%.*s`", STR(site->arg[i].text),
                                     STR(to->name))
                  : site_refuse_code(site, site->at, E0111, "%lld is no entry of `%.*s`", (long long)number,
                                     STR(to->name));
    Value *c = value_add(site, WORD_constant, type_field(site_scalars(site, 1), NULL), NULL, 0);
    c->x = (double)at;
    x[i] = c;
  }
  for (uint32_t i = 0; i < 2; i++) {
    if (!x[i]) x[i] = site_field(site, i);
    if (!x[i]) return item_poison(site->at);
    if (x[i]->type.what == WHAT_LABEL || (x[i]->type.what == WHAT_FIELD && one_scalar(x[i]->type.rep))) continue;
    Out o = { .arena = site->check->arena };
    type_text(&x[i]->type, &o);
    return site_refuse_code(site, site->at, E0106,
                            "comparisons take single scalars, or a label and an entry of its list, not `%.*s`",
                            STR(out_text(&o)));
  }
  const Space *on;
  if (!site_meet(site, x[0], x[1], &on)) return item_poison(site->at);
  return item_value(value_add(site, site->word, (Type){ .what = WHAT_FLAG, .on = on }, x, 2), site->at);
}
