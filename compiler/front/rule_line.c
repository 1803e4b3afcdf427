/* rule_line.c: layers written out: scan along a line, averages over a finite group; gradients; compile-time words.
 *
 *     scan(x, f, state)            h_0 = 0, h_i = f(h_{i-1}, x_i): one layer, its weights shared    [scan.1] [scan.2]
 *     symmetrize(x, f, over, out)    1 / |K| sum over g of s(g) f(r(g)^-1 x)                              [average.1]
 *
 * Both become other words here. The average over a group is equivariant whatever f does with single components
 * (Reynolds), so these are taken apart and put together without a rule: their values are waived, and what holds for
 * the average is stated on the last one. Clauses of lang/spec.md. Elsewhere: calls of layers (call.c). */
#include "front/rule.h"
#include <math.h>

enum { SCAN_MOST = 512, AVERAGE_MOST = 1024, VALUES_MOST = 1 << 16 };

/* --- scan ------------------------------------------------------------------------------------- */
static const Value *zeros(Site *site, const Rep *rep) {
  Value *v = value_add(site, WORD_constant, type_field(rep, NULL), NULL, 0);
  v->numbers = arena_array(site->check->program->arena, double, rep->dim + 1);
  return v;
}

/* The result of a layer as one field of this type, or NULL: reported. */
static const Value *call_field(Site *site, const Item *f, const Item *arg, uint32_t n, Str path, const Rep *want,
                               const Space *on) {
  Item y = call_layer(site, f, arg, n, path);
  if (y.sort == ITEM_POISON) return NULL;
  const Value *v = y.sort == ITEM_VALUE ? y.value : item_as_value(site, &y);
  if (v && v->type.what == WHAT_FIELD && v->type.rep == want && (!v->type.on || v->type.on == on)) return v;
  Out o = { .arena = site->check->arena };
  if (v) type_text(&v->type, &o);
  site_refuse_code(site, site->at, E0200, "the layer given to `%s` gives %s%.*s%s, not `%.*s`", word_name(site->word),
                   v ? "`" : "no value", STR(v ? out_text(&o) : S("")), v ? "`" : "",
                   STR(rep_name(site->check, want)));
  return NULL;
}

Item rule_scan(Site *site) {
  const Value *x = site_field(site, 0);
  if (!x || site->arg[1].sort == ITEM_POISON) return item_poison(site->at);
  bool flipped;
  if (!site_ordered(site, x->type.on, &flipped)) return item_poison(site->at);       /* [scan.1] */
  const Space *line = x->type.on;
  if (line->count > SCAN_MOST) {
    Why why = site_why(site);
    why_help(&why, "a shorter line, such as conv with a stride gives; or attention over causal(%.*s), which is not "
             "written out", STR(line->name));
    why_no(&why, E0703, "`scan` is written out, and %llu elements are more than %d", (unsigned long long)line->count,
           SCAN_MOST);
    return site_refuse(site, site->at, &why);
  }
  const Rep *state = site->arg[2].rep;
  Str path = site_path(site);
  const Value **row = arena_array(site->check->arena, const Value *, line->count);
  const bool *upright = flipped ? elements_upright(site->check, line, (bool[]){ true, true }) : NULL;
  uint32_t first = site->check->model->value.n;
  const Value *h = zeros(site, state);
  for (uint32_t i = 0; i < line->count; i++) {                                       /* [scan.2] */
    Value *xi = value_add(site, WORD_row, type_field(x->type.rep, NULL), &x, 1);
    xi->from = i;
    xi->proof.margin = -1;                                /* a row stays where it is when the line is reversed */
    if (flipped) site_shrink(site, xi, upright, 1, "an order along a line");
    Item arg[2] = { item_value(h, site->at), item_value(xi, site->at) };
    h = row[i] = call_field(site, &site->arg[1], arg, 2, path, state, NULL);
    if (!h) return item_poison(site->at);
  }
  for (uint32_t i = first; i < site->check->model->value.n; i++) site->check->model->value.at[i]->step = true;
  Value *v = value_add(site, WORD_rows, type_field(state, line), row, (uint32_t)line->count);
  v->path = path;
  v->proof.margin = -1;
  return item_value(v, site->at);
}

/* --- symmetrize ------------------------------------------------------------------------------- */
/* The matrix of element e on all numbers of rep, which stand as [component][copy], term after term. */
static double *matrix_of(Site *site, const Rep *rep, uint32_t e) {
  double *m = arena_array(site->check->arena, double, (uint64_t)rep->dim * rep->dim);
  for (uint32_t t = 0, from = 0; t < rep->n; from += rep->term[t].copies * rep->term[t].kind->dim, t++) {
    const Kind *k = rep->term[t].kind;
    uint32_t copies = rep->term[t].copies;
    double *one = arena_array(site->check->arena, double, k->dim * k->dim);
    if (k->group) kind_element(site_reps(site), k, e, one);
    else one[0] = 1;
    for (uint32_t i = 0; i < k->dim; i++)
      for (uint32_t j = 0; j < k->dim; j++)
        for (uint32_t c = 0; c < copies; c++)
          m[(uint64_t)(from + i * copies + c) * rep->dim + from + j * copies + c] = one[i * k->dim + j];
  }
  return m;
}

static const Value *times_number(Site *site, const Value *x, double a) {
  if (a == 1) return x;
  if (a == -1) return value_add(site, WORD_neg, x->type, &x, 1);
  Value *c = value_add(site, WORD_constant, type_field(site_scalars(site, 1), NULL), NULL, 0);
  c->x = a;
  return value_add(site, WORD_mul, x->type, (const Value *[]){ x, c }, 2);
}

/* m x for n scalars x given one by one, put together again. */
static const Value *apply_matrix(Site *site, const double *m, const Value *const *x, uint32_t n, const Space *on) {
  const Value **y = arena_array(site->check->arena, const Value *, n);
  for (uint32_t i = 0; i < n; i++) {
    const Value *sum = NULL;
    for (uint32_t j = 0; j < n; j++) {
      double a = m[(uint64_t)i * n + j];
      if (fabs(a) < 1e-15) continue;
      const Value *part = times_number(site, x[j], a);
      sum = sum ? value_add(site, WORD_add, part->type, (const Value *[]){ sum, part }, 2) : part;
    }
    y[i] = sum;
  }
  return n == 1 ? y[0] : value_join(site, y, n, on, NULL);
}

static const Value **one_by_one(Site *site, const Value *x) {
  uint32_t n = x->type.rep->copies;
  const Value **y = arena_array(site->check->arena, const Value *, n);
  for (uint32_t i = 0; i < n; i++) y[i] = value_slice(site, x, site_scalars(site, 1), i);
  return y;
}

/* Does each kind belong to the group of the average, or to none? */
static bool kinds_of(const Rep *rep, const Group *g) { return !rep->group || group_equal(rep->group, g); }

Item rule_symmetrize(Site *site) {
  const Value *x = site_field(site, 0);
  const Group *over = site->arg[2].group;
  const Rep *out = site->arg[3].rep;
  if (!x || !over || !out || site->arg[1].sort == ITEM_POISON) return item_poison(site->at);
  Check *c = site->check;
  Why why = site_why(site);
  const Elements *all = group_elements(c->program->groups, over, &why);
  if (all && all->n > AVERAGE_MOST)
    why_no(&why, E0703, "an average over %u elements, more than %d", all->n, AVERAGE_MOST);
  else if (all && (uint64_t)all->n * (x->type.rep->dim + out->dim) > VALUES_MOST)
    why_no(&why, E0703, "an average over %u elements of %u numbers, more than %d in all", all->n, x->type.rep->dim,
           VALUES_MOST);
  if (why.reason.n) return site_refuse(site, site->at, &why);
  const Rep *in = kinds_of(x->type.rep, over) ? x->type.rep : rep_restrict(site_reps(site), x->type.rep, over, &why);
  if (!in) return site_refuse(site, site->at, &why);
  if (!kinds_of(out, over)) {
    why_help(&why, "say of which: `%.*s of %.*s`", STR(out->n == 1 ? out->term[0].kind->name : S("vector")),
             STR(over->name));
    why_no(&why, E0106, "`%.*s` is no representation of %.*s", STR(rep_name(c, out)), STR(over->name));
    return site_refuse(site, site->at, &why);
  }
  const uint32_t *map = acting_as(c, over);
  for (uint32_t e = 0; map && e < elements_acting(c) && !site_free(site);
       e++) { /* less than what x keeps is given up */
    if (map[e] != NOT_IN || (x->proof.kept && !x->proof.kept[e])) continue;
    why_witness(&why, "`%.*s` lies in what acts and not in %.*s", STR(c->model->group->elements->name[e]),
                STR(over->name));
    why_no(&why, E0214, "the average over %.*s gives the rest of %.*s up without a word", STR(over->name),
           STR(kept_name(c, x->proof.kept)));
    return site_refuse(site, site->at, &why);
  }
  const Value *flat = x;
  uint32_t nbroken = c->nbroken;
  if (!rep_all_scalar(x->type.rep)) {
    Value *taken = value_add(site, WORD_components, type_field(site_scalars(site, in->dim), x->type.on), &x, 1);
    taken->waived = true;
    taken->proof.kept = elements_fixing(c, x->type.rep);
    flat = taken;
  }
  const Value **number = one_by_one(site, flat), *sum = NULL;
  assert(all && all->n);                                     /* else a reason was given, and 1 is an element */
  Str path = site_path(site);
  for (uint32_t e = 0; e < all->n; e++) {                                            /* [average.1] */
    const Value *moved = apply_matrix(site, matrix_of(site, in, all->inverse[e]), number, in->dim, x->type.on);
    Item arg = item_value(moved, site->at);
    const Value *y = call_field(site, &site->arg[1], &arg, 1, path, site_scalars(site, out->dim), x->type.on);
    if (!y) return item_poison(site->at);
    const Value *back = apply_matrix(site, matrix_of(site, out, e), one_by_one(site, y), out->dim, y->type.on);
    sum = sum ? value_add(site, WORD_add, back->type, (const Value *[]){ sum, back }, 2) : back;
  }
  Value *share = value_add(site, WORD_constant, type_field(site_scalars(site, 1), NULL), NULL, 0);
  share->x = 1.0 / all->n;
  assert(sum);
  Value *v = value_add(site, WORD_mul, sum->type, (const Value *[]){ sum, share }, 2);
  if (!rep_all_scalar(out)) {
    const Value *mean = v;
    v = value_add(site, WORD_assemble, type_field(out, mean->type.on), &mean, 1);
    v->waived = true;
  }
  if (c->nbroken == nbroken) v->proof = x->proof; /* f gave nothing up: the average keeps what x keeps, within K */
  bool *kept = arena_array(c->program->arena, bool, elements_acting(c) + 1);
  for (uint32_t e = 0; map && e < elements_acting(c); e++) kept[e] = map[e] != NOT_IN;
  if (map) proof_shrink(c, v, kept, 1, "an average over less than acts");
  return item_value(v, site->at);
}

/* --- gradients [grad.1] ----------------------------------------------------------------------- */
Item rule_grad(Site *site) {
  const Value *y = site_field(site, 0), *x = y ? site_field(site, 1) : NULL;
  if (!x) return item_poison(site->at);
  const Rep *rep = y->type.rep;
  if (y->type.on || !rep_all_scalar(rep) || rep->copies != 1) {
    Why why = site_why(site);
    if (y->type.on) why_help(&why, "sum(y, over: %.*s) is one number", STR(y->type.on->name));
    Out o = { .arena = site->check->arena };
    type_text(&y->type, &o);
    if (rep->n && rep->term[0].kind->action != ACTION_FIXED) witness_fixed(site->check, rep->term[0].kind, &why);
    else why_witness(&why, "`%.*s` has more than one number, each with a gradient of its own", STR(out_text(&o)));
    why_no(&why, E0213, "the gradient of `%.*s`, which is not one invariant", STR(out_text(&o)));
    return site_refuse(site, site->at, &why);
  }
  Value *v = value_add(site, WORD_grad, type_field(rep_dual(site_reps(site), x->type.rep), x->type.on),
                       (const Value *[]){ y, x }, 2);
  if (space_window(x->type.on)) v->proof.margin = -1;
  return item_value(v, site->at);
}

/* --- compile-time words ----------------------------------------------------------------------- */
static Item number_of(Site *site, int64_t i) {
  return (Item){
    .sort = ITEM_NUMBER, .at = site->at, .exact = exact_int(site->check->program->exacts, i), .real = (double)i
  };
}

Item rule_copies(Site *site) {
  const Item *x = &site->arg[0];
  if (x->sort == ITEM_POISON) return item_poison(site->at);
  const Rep *rep = x->sort == ITEM_REP                                          ? x->rep
                   : x->sort == ITEM_VALUE && x->value->type.what == WHAT_FIELD ? x->value->type.rep
                                                                                : NULL;
  return rep ? number_of(site, rep->copies)
             : site_refuse_code(site, site->at, E0106, "`copies` takes a value or a representation");
}

Item rule_range(Site *site) {
  int64_t a, b;
  if (site->arg[0].sort == ITEM_POISON || site->arg[1].sort == ITEM_POISON) return item_poison(site->at);
  if (!item_int(&site->arg[0], &a) || !item_int(&site->arg[1], &b))
    return site_refuse_code(site, site->at, E0106, "`range` takes whole numbers");
  if (b < a || b - a >= 1 << 16)
    return site_refuse_code(site, site->at, E0111, "a range from %lld to %lld", (long long)a, (long long)b);
  uint32_t n = (uint32_t)(b - a + 1);
  Item *item = arena_array(site->check->arena, Item, n);
  for (uint32_t i = 0; i < n; i++) item[i] = number_of(site, a + i);
  return (Item){ .sort = ITEM_LIST, .at = site->at, .n = n, .item = item };
}
