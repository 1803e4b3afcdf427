/* statement.c: bodies and models.
 *
 * A body is a scope and a list of statements. Names are checked here: a `let` once, a `var` or an output on the left of
 * `=`, an output exactly once (E0107 E0108 E0109). `repeat` evaluates its block once a round, each round a scope and a
 * Block of its own. `break` and `assume` are flags that reach every Site within; a `break` after which nothing is more
 * broken than before is W8. A claim is taken apart here and decided in rule_claim.c.
 * A model is a body whose parameters are values `input`; what acts on them is asked of rule_inputs before the body. */
#include "front/names.h"

typedef struct Body {
  Scope *s;
  bool named;                       /* its results have names                                      */
  bool exactly;                     /* a model's: an output lives where it is declared             */
  bool inner;                       /* a repeat's block                                            */
  bool stray;                       /* E0108 was said: what should have been assigned is not missed as well */
  Item value;                       /* of the last line                                            */
} Body;

static void statement(Check *c, Body *b, const Ast *x, bool last);

/* --- names and values -------------------------------------------------------------------------- */
Item eval_list(Check *c, Scope *s, const Ast *exprs, uint32_t wanted) {
  Item *item = arena_array(c->arena, Item, exprs->n > wanted ? exprs->n : wanted);
  Item y = item_of(ITEM_TUPLE, exprs->span);
  bool poison = false;
  for (uint32_t i = 0; i < exprs->n; i++) {
    item[i] = eval(c, s, exprs->child[i]);
    item[i].at = exprs->child[i]->span;
    poison |= item[i].sort == ITEM_POISON;
    if (item[i].sort == ITEM_HOLE) {
      refuse(c, item[i].at, E0106, "`_` stands for an argument, or begins a chain of pipes");
      poison = true;
    }
  }
  y.item = item;
  y.n = exprs->n;
  if (exprs->n == 1 && item[0].sort == ITEM_TUPLE && wanted != 1) { y.item = item[0].item; y.n = item[0].n; }
  if (poison && (y.n != wanted || exprs->n == 1)) {
    for (uint32_t i = 0; i < wanted; i++) item[i] = item_poison(exprs->span);
    y.item = item;
    y.n = wanted;
    return y;
  }
  bool tuple = false;
  for (uint32_t i = 0; i < y.n; i++) tuple |= y.item[i].sort == ITEM_TUPLE;
  if (y.n == wanted && !tuple) return y;
  if (tuple) refuse(c, exprs->span, E0106, "several values where one is asked for");
  else refuse(c, exprs->span, E0106, "%u value%s for %u name%s", y.n, y.n == 1 ? "" : "s", wanted, wanted == 1 ? ""
              : "s");
  Item *none = arena_array(c->arena, Item, wanted);
  for (uint32_t i = 0; i < wanted; i++) none[i] = item_poison(exprs->span);
  y.item = none;
  y.n = wanted;
  return y;
}

void bind_names(Check *c, Scope *s, const Ast *names, const Item *tuple, EntrySort sort) {
  for (uint32_t i = 0; i < names->n; i++) {
    Item x = tuple->item[i];
    if (x.sort == ITEM_LAYER) x.layer = callee_named(c, x.layer, names->child[i]->text);
    scope_add(c, s, (Entry){ .name = names->child[i]->text, .sort = sort, .item = x, .at = names->child[i]->span,
                             .bound = true });
  }
}

/* Numbers where a type of as many components stands: a fixed value of that type. */
static Item fixed_value(Check *c, const Type *t, const Item *x, Span at) {
  Site site = { .check = c, .word = WORD_constant, .at = place_of(c, at), .written = at, .broken = c->names->broken,
                .assumed = c->names->assumed, .path = S("") };
  double *numbers = arena_array(c->program->arena, double, x->n);
  for (uint32_t i = 0; i < x->n; i++) numbers[i] = item_real(&x->item[i]);
  Value *v = value_add(&site, WORD_constant, *t, NULL, 0);
  v->numbers = numbers;
  return rule_fixed(&site, v) ? item_value(v, at) : item_poison(at);
}

static bool has_hole(const Ast *x) {
  if (x->kind == AST_HOLE) return true;
  for (uint32_t i = 0; i < x->n; i++)
    if (x->child[i] && has_hole(x->child[i])) return true;
  return false;
}

static void let_typed(Check *c, Body *b, const Ast *x) {
  Item y = eval(c, b->s, x->child[1]);
  const Ast *type = x->child[0];
  y.at = x->child[1]->span;
  bool numbers = y.sort == ITEM_LIST && y.n > 0;
  for (uint32_t i = 0; numbers && i < y.n; i++) numbers = y.item[i].sort == ITEM_NUMBER;
  Type t;
  if (numbers && c->model && !has_hole(type)) {
    if (!type_of(c, b->s, type, &t)) y = item_poison(y.at);
    else if (t.what == WHAT_FIELD && t.rep->dim == y.n && !rep_all_scalar(t.rep)) y = fixed_value(c, &t, &y, x->span);
    else if (!type_claim(c, b->s, type, &y, y.at, false, "the type of this `let`")) y = item_poison(y.at);
  } else if (y.sort != ITEM_POISON && !type_claim(c, b->s, type, &y, y.at, false,
                                                  "the type of this `let`")) y = item_poison(y.at);
  scope_add(c, b->s, (Entry){ .name = x->text, .sort = ENTRY_LET, .item = y, .at = x->word, .bound = true });
}

/* --- parameters -------------------------------------------------------------------------------- */
typedef struct Start { Init init; double scale; const double *number; } Start;

/* normal(s), uniform(a), zeros, a number, a list; without one: normal(1). */
static bool start_of(Check *c, Scope *s, const Ast *x, uint64_t count, Start *out) {
  *out = (Start){ .init = INIT_NORMAL, .scale = 1 };
  if (!x) return true;
  const Ast *head = x->kind == AST_CALL ? x->child[0] : x;
  bool plain = head->kind == AST_NAME && name_is_plain(s, head->text);
  if (x->kind == AST_NAME && plain && str_is(x->text, "zeros")) { out->init = INIT_ZEROS; return true; }
  if (x->kind == AST_CALL && plain && (str_is(head->text, "normal") || str_is(head->text, "uniform"))) {
    if (x->n != 2 || x->child[1]->text.n) {
      refuse(c, x->span, E0105, "`%.*s` takes one argument", STR(head->text));
      return false;
    }
    Item a = eval(c, s, x->child[1]->child[0]);
    if (a.sort == ITEM_POISON) return false;
    if (a.sort != ITEM_NUMBER) {
      refuse(c, a.at, E0106, "a number is asked for, this is %s", sort_text(&a));
      return false;
    }
    if (!(item_real(&a) >= 0) || item_real(&a) > 1e6) {
      refuse(c, a.at, E0111, "a spread lies between 0 and 10^6");
      return false;
    }
    *out = (Start){ .init = str_is(head->text, "normal") ? INIT_NORMAL : INIT_UNIFORM, .scale = item_real(&a) };
    return true;
  }
  Item a = eval(c, s, x);
  if (a.sort == ITEM_POISON) return false;
  uint32_t n = a.sort == ITEM_LIST ? a.n : 1;
  for (uint32_t i = 0; i < n; i++)
    if ((a.sort == ITEM_LIST ? a.item[i] : a).sort != ITEM_NUMBER) {
      refuse(c, x->span, E0106, "weights start as normal(s), uniform(a), zeros, a number or a list of numbers");
      return false;
    }
  if (a.sort == ITEM_LIST && n != count) {
    refuse(c, x->span, E0111, "%u numbers for %llu weights", n, (unsigned long long)count);
    return false;
  }
  double *number = arena_array(c->program->arena, double, count);
  for (uint64_t i = 0; i < count; i++) number[i] = item_real(a.sort == ITEM_LIST ? &a.item[i] : &a);
  *out = (Start){ .init = INIT_NUMBERS, .number = number };
  return true;
}

static Item param_value(Check *c, Body *b, const Ast *x, const Type *t, Span at) {
  uint64_t rows = t->on ? space_count(t->on) : 1, count = rows * t->rep->dim;
  Start start;
  if (count > 1u << 30) return refuse(c, at, E0111, "more than 2^30 weights");
  Site site = { .check = c, .word = WORD_param, .at = place_of(c, at), .written = at, .broken = c->names->broken,
                .assumed = c->names->assumed,
                .path = str_format(c->program->arena, "%.*s%.*s", STR(block_path(c, c->names->block)), STR(x->text)) };
  Value *v = value_add(&site, WORD_param, *t, NULL, 0);
  v->name = x->text;
  if (!rule_fixed(&site, v)) return item_poison(at);
  if (!start_of(c, b->s, x->n > 1 ? x->child[1] : NULL, count, &start)) return item_poison(at);
  uint32_t first = c->model->weight.n;
  v->nweights = t->rep->n;
  v->weight = arena_array(c->program->arena, const Weight *, v->nweights);
  uint64_t from = 0;
  for (uint32_t i = 0; i < t->rep->n; i++) {
    const Kind *k = t->rep->term[i].kind;
    Weight *w = arena_one(c->program->arena, Weight);
    *w = (Weight){ .role = WEIGHT_PARAM, .trained = true, .out = k, .ngroups = 1, .on = t->on,
                   .owner = v->number, .at = site.at,
                   .init = start.init, .scale = start.scale, .number = start.number ? start.number + from : NULL,
                   .name = k->action == ACTION_FIXED ? site.path
                       : str_format(c->program->arena, "%.*s.%.*s", STR(site.path), STR(k->name)) };
    if (t->on) w->dim[w->rank++] = rows;
    if (k->dim > 1) w->dim[w->rank++] = k->dim;
    w->dim[w->rank++] = t->rep->term[i].copies;
    w->count = rows * k->dim * t->rep->term[i].copies;
    from += w->count;
    v->weight[i] = w;
    vec_push(c->program->arena, &c->model->weight, w);
  }
  return weights_settle(c, first, v->number, at) ? item_value(v, at) : item_poison(at);
}

static void param_statement(Check *c, Body *b, const Ast *x) {
  Type t;
  Item y = item_poison(x->span);
  if (c->in_train || c->model->kernel)
    refuse(c, x->span, E0113, "a %s has no weights", c->in_train ? "train block" : "kernel");
  else if (type_of(c, b->s, x->child[0], &t)) {
    if (t.what != WHAT_FIELD) refuse(c, x->child[0]->span, E0106, "a parameter is a representation");
    else y = param_value(c, b, x, &t, x->span);
  }
  scope_add(c, b->s, (Entry){ .name = x->text, .sort = ENTRY_LET, .item = y, .at = x->word, .bound = true });
}

/* --- repeat ------------------------------------------------------------------------------------ */
static void repeat(Check *c, Body *b, const Ast *x) {
  Item n = eval(c, b->s, x->child[0]);
  int64_t rounds;
  if (n.sort == ITEM_POISON) return;
  if (!item_int(&n, &rounds)) {
    refuse(c, x->child[0]->span, E0106, n.sort == ITEM_NUMBER ? "`repeat` takes a whole number, %.*s is none"
           : "`repeat` takes a whole number, this is %.*s", STR(n.sort == ITEM_NUMBER ? number_text(c, &n)
           : str_of(sort_text(&n))));
    return;
  }
  if (rounds < 0 || rounds > MOST_ROUNDS) {
    refuse(c, x->child[0]->span, E0111, "`repeat` takes 0 to %d rounds", MOST_ROUNDS);
    return;
  }
  Names *names = c->names;
  Block *before = names->block, *all = block_new(c, before, S("repeat"), true);
  uint32_t errors = c->diags->nerrors;
  for (int64_t i = 1; i <= rounds && c->diags->nerrors == errors && spend(c, x->span); i++) {
    Scope s = { .up = b->s, .module = b->s->module };
    Body round = { .s = &s, .named = b->named, .exactly = b->exactly, .inner = true };
    names->block = block_new(c, all, str_format(c->arena, "%lld", (long long)i), false);
    for (uint32_t k = 0; k < x->child[1]->n; k++) statement(c, &round, x->child[1]->child[k], false);
    b->stray |= round.stray;
  }
  names->block = before;
}

/* --- claims ------------------------------------------------------------------------------------ */
static bool is_call_of(Scope *s, const Ast *x, const char *name) {
  return x->kind == AST_CALL && x->child[0]->kind == AST_NAME && str_is(x->child[0]->text, name) &&
         name_is_plain(s, x->child[0]->text);
}

static bool claimed_value(Check *c, Scope *s, const Ast *arg, Claimed *out) {
  Item v = eval(c, s, arg->child[0]);
  if (v.sort == ITEM_POISON) return false;
  out->value = v.value;
  if (v.sort != ITEM_VALUE) refuse(c, arg->span, E0106, "a claim is about a value, this is %s", sort_text(&v));
  return v.sort == ITEM_VALUE;
}

static bool claimed_group(Check *c, Scope *s, const Ast *x, Claimed *out) {
  c->names->as_claim = true;
  out->of = eval(c, s, x);
  c->names->as_claim = false;
  if (out->of.sort == ITEM_POISON) return false;
  bool ok = out->of.sort == ITEM_GROUP || out->of.sort == ITEM_TRANSLATIONS;
  if (!ok) refuse(c, x->span, E0106, "a group is asked for, this is %s", sort_text(&out->of));
  return ok;
}

static bool equivariant(Check *c, Scope *s, const Ast *x, Claimed *out) {
  out->sort = CLAIM_EQUIVARIANT;
  if (x->n < 3 || x->child[1]->text.n || x->child[2]->text.n) {
    refuse(c, x->span, E0105, "equivariant(y, K): a value and a group, then `interior:` or `within:`");
    return false;
  }
  if (!claimed_value(c, s, x->child[1], out) || !claimed_group(c, s, x->child[2]->child[0], out)) return false;
  for (uint32_t i = 3; i < x->n; i++) {
    const Ast *a = x->child[i];
    bool interior = str_is(a->text, "interior"), within = str_is(a->text, "within");
    if ((!interior && !within) || (interior && out->has_interior) || (within && out->has_within)) {
      refuse(c, a->span, E0105, "equivariant(y, K) takes `interior:` and `within:`, each once");
      return false;
    }
    Item v = eval(c, s, a->child[0]);
    if (v.sort == ITEM_POISON) return false;
    if (v.sort != ITEM_NUMBER) {
      refuse(c, a->span, E0106, "a number is asked for, this is %s", sort_text(&v));
      return false;
    }
    if (interior ? !item_int(&v, &out->interior) || out->interior < 0 : !(item_real(&v) > 0)) {
      refuse(c, a->span, E0111, interior ? "`interior` is a whole number from 0" : "`within` is above 0");
      return false;
    }
    if (within) out->within = item_real(&v);
    out->has_interior |= interior;
    out->has_within |= within;
  }
  return true;
}

static void claim(Check *c, Body *b, const Ast *x) {
  const Ast *e = x->child[0], *left = e->kind == AST_BINARY ? e->child[0] : e;
  Scope *s = b->s;
  if (c->in_train) { refuse(c, x->span, E0106, "claims stand in models and layers"); return; }
  Claimed out = { .at = place_of(c, e->span), .text = str_copy(c->program->arena, source_text(c, e->span)) };
  bool ok;
  if (is_call_of(s, e, "equivariant")) ok = equivariant(c, s, e, &out);
  else if (is_call_of(s, left, "residual")) {
    out.sort = CLAIM_RESIDUAL;
    ok = left != e && str_is(e->text, "==") && left->n == 2;
    if (!ok) refuse(c, e->span, E0105, "a residual is claimed as residual(y) == K");
    ok = ok && claimed_value(c, s, left->child[1], &out) && claimed_group(c, s, e->child[1], &out);
  } else if (is_call_of(s, left, "smooth")) {
    out.sort = CLAIM_SMOOTH;
    ok = left != e && str_is(e->text, ">=") && left->n == 2;
    if (!ok) refuse(c, e->span, E0105, "smoothness is claimed as smooth(y) >= k");
    ok = ok && claimed_value(c, s, left->child[1], &out);
    if (ok) {
      Item k = eval(c, s, e->child[1]);
      ok = k.sort != ITEM_POISON;
      if (ok && !item_int(&k, &out.order)) {
        refuse(c, e->child[1]->span, E0106, "a whole number is asked for");
        ok = false;
      }
    }
  } else {
    Item f = eval(c, s, e);
    if (f.sort != ITEM_POISON && f.sort != ITEM_FLAG)
      refuse(c, e->span, E0106, "a claim is equivariant(y, K), residual(y) == K, smooth(y) >= k or a comparison known "
             "when compiling; this is %s", sort_text(&f));
    else if (f.sort == ITEM_FLAG && !f.flag) refuse(c, e->span, E0801, "`%.*s` is false", STR(out.text));
    ok = false;
  }
  if (ok) rule_claim(c, &out);
}

/* --- outputs, vars ----------------------------------------------------------------------------- */
/* A name that nothing declares, left of `=`. One that is nearly an output stands for it, so that the output is not
 * missed as well. */
static void assign_unknown(Check *c, Body *b, const Ast *name) {
  Entry *near = NULL;
  uint32_t distance = name->text.n < 2 ? 1 : name->text.n < 4 ? 2 : 3;
  for (Scope *s = b->s; s; s = s->up)
    for (uint32_t i = 0; i < s->entry.n; i++) {
      Entry *e = &s->entry.at[i];
      uint32_t d = str_distance(e->name, name->text);
      if ((e->sort != ENTRY_VAR && e->sort != ENTRY_OUTPUT) || d >= distance) continue;
      near = e;
      distance = d;
    }
  Why why = { .arena = c->arena };
  if (near) {
    why_no(&why, E0109, "`%.*s` is no `var` and no output; did you mean `%.*s`?", STR(name->text), STR(near->name));
    if (near->sort == ENTRY_OUTPUT) near->bound = true;
  } else {
    why_help(&why, "`let %.*s = ...` names a new value", STR(name->text));
    why_no(&why, E0109, "`%.*s` is no `var` and no output", STR(name->text));
  }
  refuse_why(c, name->span, &why);
  Scope *body = b->s;
  while (body && body->up) body = body->up;
  Entry *e = scope_add(c, body, (Entry){ .name = name->text, .sort = ENTRY_LET, .at = name->span, .bound = true,
                                          .item = item_poison(name->span) });
  if (e) mention_read(c, e->at);                              /* said once: who reads it, or does not, is silent */
}

static void assign(Check *c, Body *b, const Ast *name, Item x) {
  Scope *where = NULL;
  Entry *e = scope_find(b->s, name->text, &where);
  if (!e) { assign_unknown(c, b, name); return; }
  if (e->sort != ENTRY_VAR && e->sort != ENTRY_OUTPUT) {
    Why why = { .arena = c->arena };
    why_help(&why, e->sort == ENTRY_LET ? "`var %.*s = ...` may be replaced, `let` names a value once"
             : "`let` under another name, or `var z = %.*s`, which may be replaced", STR(name->text));
    why_no(&why, E0109, "`%.*s` is no `var` and no output", STR(name->text));
    refuse_why(c, name->span, &why);
    return;
  }
  if (e->sort == ENTRY_OUTPUT) {
    if (e->bound) {
      Why why = { .arena = c->arena };
      why_help(&why, "a `var` may be replaced; assign it to `%.*s` once, at the end", STR(name->text));
      why_no(&why, E0107, "the output `%.*s` is assigned twice", STR(name->text));
      refuse_why(c, name->span, &why);
      return;
    }
    const char *what = str_format(c->arena, "the output `%.*s`", STR(name->text)).at;
    if (x.sort != ITEM_POISON && !type_claim(c, where, e->type, &x, name->span, b->exactly, what))
      x = item_poison(name->span);
    if (x.sort != ITEM_POISON && x.sort != ITEM_VALUE && b->exactly)
      x = refuse(c, name->span, E0106, "%s: a value is asked for, this is %s", what, sort_text(&x));
  }
  if (x.sort == ITEM_LAYER) x.layer = callee_named(c, x.layer, name->text);
  e->item = x;
  e->bound = true;
}

static void excused(Check *c, Body *b, const Ast *x, bool last) {
  Names *n = c->names;
  bool broken = n->broken, assumed = n->assumed;
  uint32_t before = c->nbroken, errors = c->diags->nerrors;
  if (x->kind == AST_BREAK) n->broken = true;
  else n->assumed = true;
  if (x->kind == AST_ASSUME) warn(c, x->span, W3, "assumed, not proved: `PROGRAM check` audits it");
  statement(c, b, x->child[0], last);
  n->broken = broken;
  n->assumed = assumed;
  if (x->kind == AST_BREAK && c->nbroken == before && c->diags->nerrors == errors)
    warn(c, x->span, W8, "nothing is broken here");
}

static void values(Check *c, Body *b, const Ast *x, bool last) {
  const Ast *exprs = x->child[0];
  if (!last || b->named || b->inner) {
    Why why = { .arena = c->arena };
    if (!b->named) why_help(&why, "`let z = ...` names it");
    why_no(&why, E0108, b->named ? "a value alone on a line: outputs are assigned, `name = value`"
           : "a value alone on a line that is not the last");
    refuse_why(c, x->span, &why);
    b->stray = true;
    return;
  }
  if (exprs->n == 1) {
    b->value = eval(c, b->s, exprs->child[0]);
    b->value.at = exprs->child[0]->span;
    if (b->value.sort == ITEM_HOLE)
      b->value = refuse(c, x->span, E0106, "`_` stands for an argument, or begins a chain of pipes");
  } else b->value = eval_list(c, b->s, exprs, exprs->n);
}

static void statement(Check *c, Body *b, const Ast *x, bool last) {
  if (!spend(c, x->span)) return;
  switch (x->kind) {
  case AST_LET: case AST_VAR: {
    Item y = eval_list(c, b->s, x->child[1], x->child[0]->n);
    bind_names(c, b->s, x->child[0], &y, x->kind == AST_LET ? ENTRY_LET : ENTRY_VAR);
    break;
  }
  case AST_LET_TYPED: let_typed(c, b, x); break;
  case AST_PARAM_STMT: param_statement(c, b, x); break;
  case AST_REPEAT: repeat(c, b, x); break;
  case AST_CLAIM: claim(c, b, x); break;
  case AST_BREAK: case AST_ASSUME: excused(c, b, x, last); break;
  case AST_ASSIGN: {
    Item y = eval_list(c, b->s, x->child[1], x->child[0]->n);
    for (uint32_t i = 0; i < x->child[0]->n; i++) assign(c, b, x->child[0]->child[i], y.item[i]);
    break;
  }
  case AST_VALUES: values(c, b, x, last); break;
  case AST_ERROR: break;
  default: bug("%s is no statement", ast_name(x->kind));
  }
}

/* --- bodies ------------------------------------------------------------------------------------ */
static void run(Check *c, Body *b, const Ast *block) {
  for (uint32_t i = 0; i < block->n; i++) statement(c, b, block->child[i], i + 1 == block->n);
}

static void declare_outputs(Check *c, Scope *s, const Ast *results) {
  for (uint32_t i = 0; i < results->n; i++) {
    const Ast *r = results->child[i];
    scope_add(c, s, (Entry){ .name = r->text, .sort = ENTRY_OUTPUT, .at = r->word, .type = r->child[0],
                             .item = item_poison(r->word) });
  }
}

static bool outputs_assigned(Check *c, const Body *b, const Ast *results) {
  bool ok = true;
  for (uint32_t i = 0; i < results->n && !c->names->stopped; i++) {
    const Entry *e = scope_find(b->s, results->child[i]->text, NULL);
    if (!e || e->sort != ENTRY_OUTPUT) ok = false;            /* E0102 has been said                     */
    else if (!e->bound && b->stray) ok = false;
    else if (!e->bound) { refuse(c, e->at, E0107, "the output `%.*s` is not assigned", STR(e->name)); ok = false; }
    else ok &= e->item.sort != ITEM_POISON;
  }
  return ok && !c->names->stopped;
}

static Item tuple_of(Item *item, uint32_t n, Span at) {
  if (n == 1) return item[0];
  Item y = item_of(ITEM_TUPLE, at);
  y.n = n;
  y.item = item;
  return y;
}

static Item unnamed_results(Check *c, Scope *s, const Ast *results, Item value, Span at) {
  uint32_t n = value.sort == ITEM_TUPLE ? value.n : 1;
  if (value.sort == ITEM_POISON) return value;
  if (n != results->n)
    return refuse(c, value.at, E0106, "%u value%s for %u declared result%s", n, n == 1 ? "" : "s", results->n,
                  results->n == 1 ? "" : "s");
  Item *item = arena_array(c->arena, Item, n);
  for (uint32_t i = 0; i < n; i++) {
    item[i] = value.sort == ITEM_TUPLE ? value.item[i] : value;
    if (!type_claim(c, s, results->child[i], &item[i], value.at, false, "the result")) return item_poison(value.at);
  }
  return tuple_of(item, n, at);
}

void statement_eval(Check *c, Scope *s, const Ast *x) {
  Body b = { .s = s, .named = true };
  statement(c, &b, x, false);
}

Item body_eval(Check *c, Scope *s, const Ast *block, const Ast *results, Span at) {
  bool named = results && results->n && results->child[0]->kind == AST_RESULT;
  Body b = { .s = s, .named = named, .value = item_of(ITEM_NONE, at) };
  if (named) declare_outputs(c, s, results);
  run(c, &b, block);
  if (named) {
    if (!outputs_assigned(c, &b, results)) return item_poison(at);
    Item *item = arena_array(c->arena, Item, results->n);
    for (uint32_t i = 0; i < results->n; i++) item[i] = scope_find(s, results->child[i]->text, NULL)->item;
    return tuple_of(item, results->n, at);
  }
  if (c->names->stopped) return item_poison(at);
  if (b.value.sort == ITEM_NONE && b.stray) return item_poison(at);
  if (b.value.sort == ITEM_NONE) return refuse(c, block->span, E0107, "the last line of a layer is its value");
  return results ? unnamed_results(c, s, results, b.value, at) : b.value;
}

/* --- models ------------------------------------------------------------------------------------ */
static void inputs(Check *c, Scope *s, const Ast *params) {
  Model *m = c->model;
  m->input = arena_array(c->program->arena, const Value *, params->n);
  for (uint32_t i = 0; i < params->n; i++) {
    const Ast *p = params->child[i];
    Type t;
    Item x = item_poison(p->word);
    if (p->n > 1 && p->child[1]) refuse(c, p->child[1]->span, E0105, "an input has no default");
    if (type_of(c, s, p->child[0], &t)) {
      Value *v = value_push(c, (Value){ .word = WORD_input, .type = t, .name = p->text, .at = p->word,
                                        .path = p->text });
      m->input[m->ninputs++] = v;
      x = item_value(v, p->word);
    }
    scope_add(c, s, (Entry){ .name = p->text, .sort = ENTRY_PARAM, .item = x, .at = p->word, .bound = true });
  }
}

static void outputs(Check *c, Scope *s, const Ast *results) {
  Model *m = c->model;
  m->output = arena_array(c->program->arena, Output, results->n);
  for (uint32_t i = 0; i < results->n; i++) {
    const Entry *e = scope_find(s, results->child[i]->text, NULL);
    m->output[m->noutputs++] = (Output){ .name = e->name, .value = e->item.value, .claim = e->item.value->type,
                                         .at = e->at };
  }
}

/* Trained weights in order of first use, then statistics. */
static void order_weights(Check *c) {
  Weight **all = arena_array(c->program->arena, Weight *, c->model->weight.n);
  uint32_t n = 0;
  for (int trained = 1; trained >= 0; trained--)
    for (uint32_t i = 0; i < c->model->weight.n; i++)
      if (c->model->weight.at[i]->trained == trained) all[n++] = c->model->weight.at[i];
  for (uint32_t i = 0; i < n; i++) c->model->weight.at[i] = all[i];
}

/* Values that own no weights are called after their word: relu1, relu2, mlp1.relu1. */
static void name_values(Check *c) {
  Table count = { 0 };
  for (uint32_t i = 0; i < c->model->value.n; i++) {
    Value *v = c->model->value.at[i];
    if (v->path.n) continue;
    Str word = v->word == WORD_map ? c->names->fn_callee[v->fn]->name : str_of(word_name(v->word));
    uint32_t n = 0;
    table_find(&count, word, &n);
    table_put(c->arena, &count, word, n + 1);
    v->path = str_format(c->program->arena, "%.*s%u", STR(word), n + 1);
  }
}

void model_check(Check *c, Decl *d, const Ast *train) {
  Names *n = c->names;
  Parts parts = decl_parts(d);
  Model *m = arena_one(c->program->arena, Model);
  *m = (Model){ .name = d->name, .kernel = d->ast->kind == AST_KERNEL, .at = d->ast->word };
  uint32_t errors = c->diags->nerrors;
  Scope s = { .module = d->module };
  Block *files = n->block, root = { .known = true, .path = S("") };
  c->model = m;
  n->block = &root;
  n->weight = (Table){ 0 };
  n->nvalues = 0;
  inputs(c, &s, parts.params);
  if (m->ninputs == parts.params->n) {                        /* else nothing can be said about the body  */
    rule_inputs(c, m);
    declare_outputs(c, &s, parts.results);
    Body b = { .s = &s, .named = true, .exactly = true };
    run(c, &b, parts.block);
    if (outputs_assigned(c, &b, parts.results) && c->diags->nerrors == errors) {
      outputs(c, &s, parts.results);
      rule_model(c, m->at);
      m->nmodel = m->value.n;
      if (train) train_check(c, &s, train);
      order_weights(c);
      name_values(c);
      vec_push(c->program->arena, &c->program->model, m);
    }
  }
  n->block = files;
  c->model = NULL;
}
