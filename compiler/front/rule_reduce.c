/* rule_reduce.c: sums, means, maxima and softmax over elements; pairs, indices, degrees and orbits.
 *
 *     sum(x)  sum(m, at: e.dst)  max(m, at: e.dst, empty: 0)          [reduce.1] to [reduce.5]
 *     x[e.src]  degree(e.dst)  complete(V)  causal(T)  orbit(e)       [index.1] [pairs.1] [pairs.2] [orbit.4]
 *
 * A sum does not see the order of its terms, so it commutes with every permutation of the elements, whatever the
 * values are; a maximum of components needs a permutation representation besides. What is summed at a receiver is
 * named by a label, which moves with its elements. On a window none of these respects translations, as the border
 * shows. Clauses of lang/spec.md. Elsewhere: which orbits there are (space.c). */
#include "front/rule.h"

/* Does the domain, or what its pairs are of, have a border? */
static bool bordered(const Space *s) {
  return s && (space_window(s) || ((s->sort == SPACE_PAIRS || s->sort == SPACE_ORBITS) && bordered(s->base)));
}

/* Argument i as a label, flag or domain; NONE gives NULL and true. */
static bool site_label(Site *site, uint32_t i, What what, const char *asks, const Value **v) {
  const Item *x = &site->arg[i];
  *v = NULL;
  if (x->sort == ITEM_NONE) return true;
  if (x->sort == ITEM_POISON) return false;
  if (x->sort == ITEM_VALUE && x->value->type.what == what) {
    *v = x->value;
    return true;
  }
  site_refuse_code(site, site->arg_at ? site->arg_at[i] : site->at, E0106, "%s", asks);
  return false;
}

typedef struct Reduced { const Value *x, *at, *where; const Space *on, *to; } Reduced;

/* [reduce.1] Over the domain of x, or at the elements that a label on it names. */
static bool open_reduction(Site *site, Reduced *r) {
  *r = (Reduced){ .x = site_field(site, 0) };
  if (!r->x) return false;
  r->on = r->x->type.on;
  const Item *over = &site->arg[1];
  if (!site_label(site, 2, WHAT_LABEL, "`at:` takes a label, such as e.dst", &r->at)) return false;
  if (site->nargs > 3 && site->word != WORD_softmax &&
      !site_label(site, 3, WHAT_FLAG, "`where:` takes a flag", &r->where)) return false;
  if (over->sort == ITEM_POISON) return false;
  const Space *asked = over->sort == ITEM_DOMAIN || over->sort == ITEM_GRAPH ? over->space : NULL;
  if (over->sort != ITEM_NONE && !asked) {
    site_refuse_code(site, site->at, E0106, "`over:` takes a domain");
    return false;
  }
  if (asked && r->at) {
    site_refuse_code(site, site->at, E0105, "`over:` or `at:`, not both");
    return false;
  }
  const Space *named = r->at ? r->at->type.on : asked;
  if ((named && !r->on) || (named && !space_same(named, r->on))) {
    site_refuse_code(site, site->at, E0202, "`%s` goes over `%.*s`, and this is a value on `%.*s`",
                     word_name(site->word), STR(space_name(named)), STR(space_name(r->on)));
    return false;
  }
  if (!r->on) {
    Why why = site_why(site);
    if (site->word == WORD_softmax)
      why_help(&why, "logits of classes are left as they are: `cross_entropy` takes them");
    else why_help(&why, "a value for each element is declared so: `x: 8 scalar on X`");
    why_no(&why, E0106, "`%s` goes over the elements of a domain, and this is one value, on no domain",
           word_name(site->word));
    site_refuse(site, site->at, &why);
    return false;
  }
  const Space *met;
  if (r->where && !site_meet(site, r->x, r->where, &met)) return false;
  r->to = r->at ? r->at->type.to : NULL;
  return true;
}

/* [reduce.4] Has every receiver at least one element, whatever the data are? */
static bool never_empty(const Reduced *r) {
  if (r->where) return false;
  const Space *on = r->on;
  if (!r->at)
    return on->sort == SPACE_PAIRS ? on->base->count > 1 || (on->base->count == 1 && on->mask != PAIRS_NO_LOOPS)
                                   : on->count > 0;
  if (on->sort != SPACE_PAIRS || r->at->word != WORD_endpoint) return false;
  return on->mask != PAIRS_NO_LOOPS || on->base->count > 1;
}

static bool permits_maximum(Site *site, const Rep *rep) {
  for (uint32_t t = 0; t < rep->n; t++) {
    const Kind *k = rep->term[t].kind;
    if (k->action <= ACTION_PERMUTES || site_free(site)) continue;
    Why why = site_why(site);
    witness_max(site->check, k, &why);
    why_help(&why, "`sum` and `mean` take any representation");
    why.rule = S("a maximum of components needs a group that permutes them");
    why_no(&why, E0203, "`%s` of each component of `%.*s`, which %.*s %s", word_name(site->word), STR(k->name),
           STR(k->group->name), k->action == ACTION_SIGNS ? "changes in sign" : "mixes");
    site_refuse(site, site->at, &why);
    return false;
  }
  return true;
}

static Value *add_reduction(Site *site, const Reduced *r, Type type) {
  const Value *arg[3] = { r->x };
  uint32_t n = 1;
  if (r->at) arg[n++] = r->at;
  if (r->where) arg[n++] = r->where;
  Value *v = value_add(site, site->word, type, arg, n);
  v->over = r->on;
  if (bordered(r->on) || bordered(r->to)) v->proof.margin = -1;                      /* [reduce.5] */
  return v;
}

Item rule_reduce(Site *site) {
  Reduced r;
  if (!open_reduction(site, &r)) return item_poison(site->at);
  bool extreme = site->word == WORD_max || site->word == WORD_min;
  const Rep *rep = r.x->type.rep;
  if (extreme && !permits_maximum(site, rep)) return item_poison(site->at);          /* [reduce.3] */
  const Item *empty = extreme ? &site->arg[4] : NULL;
  if (empty && empty->sort == ITEM_POISON) return item_poison(site->at);
  if (empty && empty->sort == ITEM_NONE && !never_empty(&r)) {                       /* [reduce.4] */
    Why why = site_why(site);
    if (r.at)
      why_witness(&why, "an element of `%.*s` to which nothing on `%.*s` points", STR(space_name(r.to)),
                  STR(r.on->name));
    else why_witness(&why, "%s", r.where ? "a `where:` that no element passes" : "a sample without elements");
    why_help(&why, "say what it is then, such as `empty: 0`");
    why_no(&why, E0307, "the %simum of nothing", site->word == WORD_max ? "max" : "min");
    return site_refuse(site, site->at, &why);
  }
  Value *v = add_reduction(site, &r, type_field(rep, r.to));
  if (empty && empty->sort == ITEM_NUMBER) v->x = item_real(empty);
  if (extreme && rep_action(rep) > ACTION_PERMUTES)
    site_shrink(site, v, elements_permuting(site->check, rep), 1, "a maximum of components");
  return item_value(v, site->at);
}

/* [softmax.1] Weights from invariant logits are invariant. */
Item rule_softmax(Site *site) {
  Reduced r;
  if (!open_reduction(site, &r)) return item_poison(site->at);
  const Rep *rep = r.x->type.rep;
  if (!rep_all_scalar(rep)) {
    Why why = site_why(site);
    for (uint32_t t = rep->n; t-- > 0;)
      if (rep->term[t].kind->action != ACTION_FIXED) {
        witness_fixed(site->check, rep->term[t].kind, &why);
        break;
      }
    why_help(&why, "invariants(x), or dot of two values of one type");
    why_no(&why, E0207, "logits that move: `%.*s`", STR(rep_name(site->check, rep)));
    return site_refuse(site, site->at, &why);
  }
  return item_value(add_reduction(site, &r, r.x->type), site->at);
}

/* --- indices ---------------------------------------------------------------------------------- */
/* [index.1] x[i] lives where i lives. */
Item rule_index(Site *site) {
  const Value *x = site_field(site, 0), *i = NULL;
  if (!x) return item_poison(site->at);
  if (!site_label(site, 1, WHAT_LABEL, "an index is a label, such as e.src", &i) || !i) return item_poison(site->at);
  if (!x->type.on || !space_same(x->type.on, i->type.to))
    return site_refuse_code(site, site->at, E0202, "a value on `%.*s` is read at elements of `%.*s`",
                            STR(space_name(x->type.on)), STR(space_name(i->type.to)));
  Value *v = value_add(site, WORD_index, type_field(x->type.rep, i->type.on), (const Value *[]){ x, i }, 2);
  if ((i->word == WORD_endpoint || i->word == WORD_orbit) && bordered(i->type.on)) v->proof.margin = -1;
  return item_value(v, site->at);
}

Item rule_degree(Site *site) {
  const Value *i;
  if (!site_label(site, 0, WHAT_LABEL, "`degree` takes a label, such as e.dst", &i) || !i) return item_poison(site->at);
  if (!i->type.on)
    return site_refuse_code(site, site->at, E0106, "`degree` counts the elements of a domain that point to one");
  Value *v = value_add(site, WORD_degree, type_field(site_scalars(site, 1), i->type.to), &i, 1);
  v->over = i->type.on;
  if (bordered(i->type.on)) v->proof.margin = -1;
  return item_value(v, site->at);
}

/* [orbit.4] The orbit of each element or pair is a constant that moves with nothing. */
Item rule_orbit(Site *site) {
  const Item *of = &site->arg[0];
  if (of->sort == ITEM_POISON) return item_poison(site->at);
  if (of->sort != ITEM_GRAPH && of->sort != ITEM_DOMAIN)
    return site_refuse_code(site, site->at, E0106, "`orbit` takes a domain or a graph");
  Why why = site_why(site);
  const Space *orbits = space_orbits(site->check, of->space, &why);
  if (!orbits) return site_refuse(site, site->at, &why);
  Value *v = value_add(site, WORD_orbit, (Type){ .what = WHAT_LABEL, .on = of->space, .to = orbits }, NULL, 0);
  v->over = orbits;
  if (bordered(of->space)) v->proof.margin = -1;
  return item_value(v, site->at);
}

/* --- pairs ------------------------------------------------------------------------------------ */
static Item graph_of(Site *site, const Space *base, PairMask mask) {
  return (Item){ .sort = ITEM_GRAPH, .at = site->at, .space = space_pairs(site->check, base, mask) };
}

/* [pairs.2] An order that nothing reverses. Shared with scan. */
bool site_ordered(Site *site, const Space *on, bool *flipped) {
  const GridAction *a = on ? on->action : NULL;
  bool line = on && on->sort == SPACE_LINE;
  *flipped = line && a && a->group && a->flips[0];
  if (line && (!*flipped || (site_free(site) && site->word == WORD_scan))) return true;
  Why why = site_why(site);
  double ab = 0, ba = 0;
  const double first[2] = { 1, 3 };
  for (int i = 0; i < 2; i++) {                       /* the recurrence h / 2 + x, forwards and backwards */
    ab = ab / 2 + first[i];
    ba = ba / 2 + first[1 - i];
  }
  const char *what = *flipped ? "reverse" : on && on->sort == SPACE_CYCLE ? "turn round" : "swap";
  if (site->word == WORD_scan)
    why_witness(&why, "%s the elements 1, 3: h = h / 2 + x ends at %g, and at %g after it", what, ab, ba);
  else why_witness(&why, "%s two elements: the pair (first, second) becomes (second, first), which is left out", what);
  if (*flipped) {
    why_help(&why, "a line on which nothing acts, or sum and mean, which see no order");
    why_no(&why, E0304, "`%s` needs an order, and %.*s reverses `%.*s`", word_name(site->word), STR(a->group->name),
           STR(on->name));
  } else {
    why_help(&why, "sum and mean see no order");
    why_no(&why, E0304, "`%s` needs an order, and `%.*s` has none", word_name(site->word), STR(space_name(on)));
  }
  site_refuse(site, site->at, &why);
  return false;
}

Item rule_pairs(Site *site) {
  const Item *d = &site->arg[0];
  if (d->sort == ITEM_POISON) return item_poison(site->at);
  const Space *base = d->space;
  bool flipped;
  if (!base || d->sort != ITEM_DOMAIN || base->sort == SPACE_PAIRS || base->sort == SPACE_EDGES ||
      base->sort == SPACE_ORBITS)
    return site_refuse_code(site, site->at, E0106, "`%s` takes a domain of elements", word_name(site->word));
  if (site->word == WORD_causal)
    return site_ordered(site, base, &flipped) ? graph_of(site, base, PAIRS_CAUSAL) : item_poison(site->at);
  return graph_of(site, base, site->arg[1].flag ? PAIRS_ALL : PAIRS_NO_LOOPS);        /* [pairs.1] */
}
