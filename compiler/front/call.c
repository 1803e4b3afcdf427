/* call.c: what a call does: words ask their rule, layers are written out, holes make layers.
 *
 * A call has a callee and arguments that are ready. Words and layers bind them by the same code (bind.c). A word's
 * rule gets a Site; the weights that it makes are then settled: a layer made with `_`, or run along a line, meets its
 * own weights again on its second use, and they must be the same; any other weight of a name that is taken is an
 * error. A layer's body is evaluated in a scope of its own (statement.c), within a Block of its own.
 * Layers do not call themselves: as nothing is conditional, one that did would never end, so it is met as bodies
 * within bodies, at a limit. */
#include "front/names.h"

/* --- weights met again ---------------------------------------------------------------------------------- */
static bool same_weight(const Weight *a, const Weight *b) {
  return a->role == b->role && a->in == b->in && a->out == b->out && a->ngroups == b->ngroups &&
         !a->basis == !b->basis &&
         (!a->basis || (a->basis->n == b->basis->n && a->basis->noffsets == b->basis->noffsets)) &&
         a->on == b->on && a->count == b->count && a->rank == b->rank && a->dim[0] == b->dim[0] &&
             a->dim[1] == b->dim[1] &&
         a->dim[2] == b->dim[2];
}

static void replace(Check *c, uint32_t first_value, const Weight *by, const Weight *gone) {
  for (uint32_t i = first_value; i < c->model->value.n; i++) {
    Value *v = c->model->value.at[i];
    for (uint32_t k = 0; k < v->nweights; k++)
      if (v->weight[k] == gone) v->weight[k] = by;
  }
}

bool weights_settle(Check *c, uint32_t first_weight, uint32_t first_value, Span at) {
  uint32_t kept = first_weight, n = c->model->weight.n;
  bool ok = true;
  for (uint32_t i = first_weight; i < n; i++) {
    Weight *w = c->model->weight.at[i];
    uint32_t k;
    bool found = table_find(&c->names->weight, w->name, &k);
    if (found && k < n && c->model->weight.at[k] == w) {      /* settled within: a layer that a word has called */
      c->model->weight.at[kept++] = w;
    } else if (!found) {
      table_put(c->arena, &c->names->weight, w->name, kept);
      c->model->weight.at[kept++] = w;
    } else if (!c->names->block->shared) {
      refuse(c, at, E0102, "two weights would be called `%.*s`", STR(w->name));
      ok = false;
    } else if (!same_weight(c->model->weight.at[k], w)) {
      refuse(c, at, E0200, "the layer owns its weights, and `%.*s` was made for values of another type", STR(w->name));
      ok = false;
    } else replace(c, first_value, c->model->weight.at[k], w);
  }
  c->model->weight.n = kept;
  return ok;
}

/* --- words ------------------------------------------------------------------------------------- */
typedef Item Rule(Site *site);
static Rule *rule_of(Word word) {
  static Rule *const rules[] = {
#define WORD(name, signature, rule, expand) [WORD_##name] = rule_##rule,
#include "../../lang/words.def"
#undef WORD
  };
  return rules[word];
}

Item word_site(Check *c, Word word, FnId fn, const Item *arg, uint32_t nargs, Span at) {
  Names *n = c->names;
  Span *arg_at = arena_array(c->arena, Span, nargs);
  for (uint32_t i = 0; i < nargs; i++) {
    if (arg[i].sort == ITEM_POISON) return item_poison(at);
    arg_at[i] = arg[i].at.source && arg[i].at.source != n->words->source ? arg[i].at : at;
  }
  /* no values */
  bool known = word == WORD_copies || word == WORD_range || word == WORD_complete || word == WORD_causal;
  if (!c->model && !known) return refuse(c, at, E0106, "values stand in models and layers only");
  Site site = { .check = c, .word = word, .fn = fn, .at = place_of(c, at), .written = at, .nargs = nargs, .arg = arg,
                .arg_at = arg_at,
                .broken = n->broken, .assumed = n->assumed, .path = S("") };
  uint32_t first_weight = c->model ? c->model->weight.n : 0, first_value = c->model ? c->model->value.n : 0;
  Item y = rule_of(word)(&site);
  if (c->model && !weights_settle(c, first_weight, first_value, at)) return item_poison(at);
  if (!spend(c, at)) return item_poison(at);
  y.at = at;
  return y;
}

static Item call_word(Check *c, const Callee *f, const Arg *arg, uint32_t nargs, Span at) {
  const Ast *head = c->names->header[f->word];
  if (!head) return later(c, at, f->name, "a word", true);
  if (rule_of(f->word) == rule_average && !c->in_train)
    return refuse(c, at, E0106, "`%.*s` averages over a batch: it stands in train blocks only", STR(f->name));
  if (f->word == WORD_split && nargs > 2) {                   /* split(x, R, S): the types as a list      */
    Item *type = arena_array(c->arena, Item, nargs - 1);
    for (uint32_t i = 1; i < nargs; i++) type[i - 1] = arg[i].item;
    Item list = item_of(ITEM_LIST, arg[1].at);
    list.item = type;
    list.n = nargs - 1;
    Arg *packed = arena_array(c->arena, Arg, 2);
    packed[0] = arg[0];
    packed[1] = (Arg){ .name = arg[1].name, .item = list, .at = arg[1].at };
    arg = packed;
    nargs = 2;
  }
  Scope s = { .module = c->names->words };
  Header h = { .name = f->name, .generics = head->child[0], .params = head->child[1], .word = true, .which = f->word };
  Module *before = c->names->module;
  if (!bind_args(c, &h, &s, arg, nargs, at)) return item_poison(at);
  c->names->module = c->names->words;
  bool ok = bind_defaults(c, &h, &s, at);
  c->names->module = before;
  if (!ok) return item_poison(at);
  uint32_t n = h.params->n;
  Item *bound = arena_array(c->arena, Item, n);
  for (uint32_t i = 0; i < n; i++) bound[i] = s.entry.at[h.generics->n + i].item;
  return word_site(c, f->word, (FnId)0, bound, n, at);
}

static Item call_fn(Check *c, const Callee *f, const Arg *arg, uint32_t nargs, Span at) {
  if (nargs != 1) return refuse(c, at, E0105, "`%.*s` takes one argument, not %u", STR(f->name), nargs);
  if (arg->name.n && !str_is(arg->name, "x"))
    return refuse(c, arg->at, E0105, "`%.*s` has no argument called `%.*s`", STR(f->name), STR(arg->name));
  Item x = arg->item;
  if (x.sort == ITEM_NUMBER) {
    Item y = number_fn(c, f->fn, &x, at);
    if (y.sort != ITEM_NONE) return y;
  }
  Site made = { .check = c, .word = WORD_map, .at = place_of(c, at), .written = at, .path = S("") };
  const Value *v = x.sort == ITEM_VALUE ? x.value : c->model ? item_as_value(&made, &x) : NULL;
  if (!v) return refuse(c, arg->at, E0106, "a value is asked for, this is %s", sort_text(&x));
  x = item_value(v, x.at);
  return word_site(c, WORD_map, f->fn, &x, 1, at);
}

/* --- layers ------------------------------------------------------------------------------------ */
Parts decl_parts(const Decl *d) {
  const Ast *x = d->ast;
  if (x->kind == AST_LAYER) return (Parts){ x->child[0], x->child[1], x->child[2], x->child[3] };
  return (Parts){ NULL, x->child[0], x->child[1], x->child[2] };
}

static Item write_out(Check *c, const Callee *f, const Header *h, const Parts *parts, Scope *s, const Arg *arg,
                      uint32_t nargs, Span at) {
  Names *n = c->names;
  if (!bind_args(c, h, s, arg, nargs, at)) return item_poison(at);
  Call here = { .up = n->call, .name = f->name, .at = at };
  n->call = &here;
  n->module = f->decl->module;
  n->of = NULL;
  Item y = item_poison(at);
  if (bind_defaults(c, h, s, at)) y = body_eval(c, s, parts->block, parts->results, at);
  n->call = here.up;
  return y;
}

static Item call_layer_in(Check *c, const Callee *f, const Arg *arg, uint32_t nargs, Span at, Block *block) {
  Names *n = c->names;
  Decl *d = f->decl;
  if (!c->model) return refuse(c, at, E0106, "values stand in models and layers only");
  if (n->layers >= MOST_LAYERS) {
    n->stopped = true;
    return refuse(c, at, E0103, d->active > 1 ? "the layer `%.*s` calls itself"
                  : "layers within layers, more than 64 deep, at `%.*s`", STR(f->name));
  }
  if (++n->bodies > MOST_BODIES) {
    n->stopped = true;
    return refuse(c, at, E0111, "written out, the program has more than %d layers", (int)MOST_BODIES);
  }
  static const Ast nothing = { .kind = AST_GENERICS };
  Parts parts = decl_parts(d);
  Header h = { .name = f->name, .generics = parts.generics ? parts.generics : &nothing, .params = parts.params };
  if (!d->headed) {
    d->headed = true;
    header_check(c, &h, d->module);
  }
  Scope s = { .module = d->module };
  Module *module = n->module;
  const Group *of = n->of;
  Block *before = n->block;
  n->block = block;
  n->layers++;
  d->active++;
  Item y = write_out(c, f, &h, &parts, &s, arg, nargs, at);
  d->active--;
  n->layers--;
  n->block = before;
  n->module = module;
  n->of = of;
  y.at = at;
  return y;
}

/* --- layers made with `_` ---------------------------------------------------------------------- */
static const Callee *partial(Check *c, const Callee *target, const Arg *arg, uint32_t nargs) {
  Callee *f = arena_one(c->arena, Callee);
  Arg *own = arena_array(c->arena, Arg, nargs);
  for (uint32_t i = 0; i < nargs; i++) own[i] = arg[i];
  *f = (Callee){ .sort = CALLEE_PARTIAL, .name = target->name, .target = target, .nargs = nargs, .arg = own,
                 .own = block_new(c, c->names->block, target->name, true) };
  return f;
}

const Callee *callee_chain(Check *c, const Callee *const *stage, uint32_t nstages) {
  Callee *f = arena_one(c->arena, Callee);
  *f = (Callee){ .sort = CALLEE_CHAIN, .name = S("chain"), .stage = stage, .nstages = nstages,
                 .own = block_new(c, c->names->block, S("chain"), true) };
  return f;
}

const Callee *callee_named(Check *c, const Callee *f, Str name) {
  if ((f->sort != CALLEE_PARTIAL && f->sort != CALLEE_CHAIN) || f->given.n) return f;
  Callee *g = arena_one(c->arena, Callee);
  *g = *f;
  g->given = name;
  g->own = block_new(c, f->own->up, name, false);
  return g;
}

/* The arguments of a call take the holes in order; the rest, and named ones, are added. */
static Arg *fill(Check *c, const Callee *f, const Arg *arg, uint32_t nargs, uint32_t *n) {
  Arg *all = arena_array(c->arena, Arg, f->nargs + nargs);
  bool *used = arena_array(c->arena, bool, nargs);
  *n = 0;
  for (uint32_t i = 0, k = 0; i < f->nargs; i++) {
    Arg a = f->arg[i];
    if (a.item.sort == ITEM_HOLE) {
      while (k < nargs && arg[k].name.n) k++;
      if (k < nargs) {
        used[k] = true;
        a.item = arg[k].item;
        a.at = arg[k++].at;
      }
    }
    all[(*n)++] = a;
  }
  for (uint32_t k = 0; k < nargs; k++)
    if (!used[k]) all[(*n)++] = arg[k];
  return all;
}

static Item call_in(Check *c, const Callee *f, const Arg *arg, uint32_t nargs, Span at, Block *block);

static Item call_made(Check *c, const Callee *f, const Arg *arg, uint32_t nargs, Span at) {
  Names *n = c->names;
  Block *use = block_new(c, f->own->up, f->own->word, false), *before = n->block;
  if (!use->up) use->up = before;                             /* made in a file: the model's            */
  use->as = f->own;
  use->known = false;
  use->shared = true;
  uint32_t all;
  if (f->sort == CALLEE_PARTIAL) {
    const Arg *filled = fill(c, f, arg, nargs, &all);
    use->itself = f->target->sort != CALLEE_LAYER;
    return call_in(c, f->target, filled, all, at, use);
  }
  if (nargs != 1 || arg->name.n) return refuse(c, at, E0105, "this layer takes one argument");
  Arg x = *arg;
  n->block = use;
  for (uint32_t i = 0; i < f->nstages && x.item.sort != ITEM_POISON; i++) {
    const Arg *filled = fill(c, f->stage[i], &x, 1, &all);
    x.item = call(c, f->stage[i]->target, filled, all, at);
    x.item.at = at;
  }
  n->block = before;
  return x.item;
}

/* `block`: where the weights of the callee stand; NULL: counted in the block that is written. */
static Item call_in(Check *c, const Callee *f, const Arg *arg, uint32_t nargs, Span at, Block *block) {
  Names *n = c->names;
  for (uint32_t i = 0; i < nargs; i++)
    if (arg[i].item.sort == ITEM_POISON) return item_poison(at);
  for (uint32_t i = 0; i < nargs; i++)
    if (arg[i].item.sort == ITEM_HOLE) {
      if (f->sort == CALLEE_BUILTIN)
        return refuse(c, arg[i].at, E0106, "`%.*s` is no layer that could be left open", STR(f->name));
      Item x = item_of(ITEM_LAYER, at);
      x.layer = partial(c, f, arg, nargs);
      return x;
    }
  if (f->sort == CALLEE_LAYER)
    return call_layer_in(c, f, arg, nargs, at, block ? block : block_new(c, n->block, f->name, true));
  Block *before = n->block;
  if (block) n->block = block;
  Item y = f->sort == CALLEE_WORD ? call_word(c, f, arg, nargs, at)
         : f->sort == CALLEE_FN ? call_fn(c, f, arg, nargs, at)
         : f->sort == CALLEE_BUILTIN ? f->builtin->call(c, f->name, arg, nargs, at) : call_made(c, f, arg, nargs, at);
  n->block = before;
  return y;
}

Item call(Check *c, const Callee *f, const Arg *arg, uint32_t nargs, Span at) {
  return call_in(c, f, arg, nargs, at, NULL);
}

Item call_layer(Site *site, const Item *layer, const Item *arg, uint32_t nargs, Str path) {
  Check *c = site->check;
  Names *n = c->names;
  Block *before = n->block;
  if (path.n) {
    n->block = block_new(c, before, S(""), false);
    n->block->path = str_format(c->program->arena, "%.*s.", STR(path));
    n->block->known = n->block->shared = true;
  }
  Arg *own = arena_array(c->arena, Arg, nargs);
  for (uint32_t i = 0; i < nargs; i++) own[i] = (Arg){ .name = S(""), .item = arg[i], .at = site->written };
  Item y = call(c, layer->layer, own, nargs, site->written);
  n->block = before;
  return y;
}
