/* module.c: files and the names that they declare.
 *
 * A name is looked for in the body, then in the file, then in the modules that the file uses, then among what is
 * built in (LANGUAGE 3.2). Declarations are evaluated when they are first asked for; one that is asked for while
 * it is evaluated stands in a circle: E0103. `use nn` finds nn.gdl in the library, `use "blocks.gdl"` a file
 * beside the one that uses it. Names that begin with _ stay in their file, and so does what a module itself uses.
 * A module is checked as far as it is used. Elsewhere: what an expression is (evaluate.c), what a group or
 * representation is (known.c). */
#include "front/names.h"
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>

/* --- reads of names, for W6 -------------------------------------------------------------------- */
void mention_add(Check *c, Str name, Span at) {
  Names *n = c->names;
  if (at.source != n->main->source || n->mention_at[at.from]) return;
  vec_push(c->arena, &n->mention, (Mention){ .name = name, .at = at });
  n->mention_at[at.from] = n->mention.n;
}

void mention_read(Check *c, Span at) {
  Names *n = c->names;
  if (at.source == n->main->source && n->mention_at[at.from]) n->mention.at[n->mention_at[at.from] - 1].read = true;
}

/* --- opening ----------------------------------------------------------------------------------- */
Decl *module_find(Module *m, Str name) {
  uint32_t i;
  return table_find(&m->by_name, name, &i) ? m->decl.at[i] : NULL;
}

Module *module_used(Module *m, Str name) {
  for (uint32_t i = 0; i < m->use.n; i++)
    if (str_equal(m->use.at[i]->name, name)) return m->use.at[i];
  return NULL;
}

static void declare(Check *c, Module *m, const Ast *x) {
  uint32_t i;
  if (table_find(&m->by_name, x->text, &i)) {
    refuse(c, x->word, E0102, "`%.*s` is declared twice", STR(x->text));
    Diag *d = c->diags->all.at[c->diags->all.n - 1];
    diag_note(c->diags, d, m->decl.at[i]->ast->word, "first here");
    return;
  }
  Decl *d = arena_one(c->arena, Decl);
  *d = (Decl){ .name = x->text, .ast = x, .module = m };
  table_put(c->arena, &m->by_name, x->text, m->decl.n);
  vec_push(c->arena, &m->decl, d);
  if (x->kind == AST_GROUP) vec_push(c->arena, &m->group_decl, d);
  if (x->kind != AST_MODEL && x->kind != AST_KERNEL) mention_add(c, x->text, x->word);
}

static Str beside(Check *c, Module *m, Str file) {
  Str path = c->diags->sources->all.at[m->source - 1]->path;
  uint32_t n = path.n;
  while (n && path.at[n - 1] != '/') n--;
  if (file.n && file.at[0] == '/') return file;
  return str_format(c->arena, "%.*s%.*s", (int)n, path.at, STR(file));
}

static Str stem(Str file) {
  uint32_t from = file.n, to = file.n;
  while (from && file.at[from - 1] != '/') from--;
  if (to - from > 4 && !memcmp(file.at + to - 4, ".gdl", 4)) to -= 4;
  return (Str){ file.at + from, to - from };
}

static int in_order(const void *a, const void *b) {
  const Str *x = a, *y = b;
  int d = memcmp(x->at, y->at, x->n < y->n ? x->n : y->n);
  return d ? d : (x->n > y->n) - (x->n < y->n);
}

/* The modules of the library by name; false: there is no library. */
typedef vec(Str) Strs;
static bool library_modules(Check *c, Strs *module) {
  DIR *folder = opendir(str_format(c->arena, "%.*s/stdlib", STR(c->names->library)).at);
  if (!folder) return false;
  for (const struct dirent *d; (d = readdir(folder));) {
    Str file = str_of(d->d_name), name = stem(file);
    if (name.n < file.n) vec_push(c->arena, module, str_copy(c->arena, name));
  }
  closedir(folder);
  if (module->n) qsort(module->at, module->n, sizeof *module->at, in_order);
  return true;
}

/* The module of the library that declares a layer of this name; empty: none does. The library is read once. */
static Str library_has(Check *c, Str name) {
  Names *n = c->names;
  uint32_t number, found;
  if (!n->shelf.n) {
    Strs module = { 0 };
    library_modules(c, &module);
    vec_push(c->arena, &n->shelf, S(""));
    for (uint32_t i = 0; i < module.n; i++) {
      uint32_t id = source_read(c->diags->sources, str_format(c->arena, "%.*s/stdlib/%.*s.gdl", STR(n->library),
          STR(module.at[i])));
      Diags unheard = { .arena = c->arena, .sources = c->diags->sources };
      const Ast *file = id ? ast_parse(c->arena, &unheard, id) : NULL;
      for (uint32_t k = 0; file && k < file->n; k++)
        if (file->child[k]->kind == AST_LAYER && !table_find(&n->on_shelf, file->child[k]->text, &found))
          table_put(c->arena, &n->on_shelf, file->child[k]->text, n->shelf.n);
      vec_push(c->arena, &n->shelf, module.at[i]);
    }
  }
  return table_find(&n->on_shelf, name, &number) ? n->shelf.at[number] : S("");
}

static void library_help(Check *c, Why *why) {
  Strs module = { 0 };
  if (!library_modules(c, &module)) {
    why_help(why, "the library is not found: `--library FOLDER` says where stdlib/ is");
    return;
  }
  Out o = { .arena = c->arena };
  for (uint32_t i = 0; i < module.n; i++) out_printf(&o, i ? ", %.*s" : "%.*s", STR(module.at[i]));
  why_help(why, "its modules are: %.*s", STR(out_text(&o)));
}

/* Whether the module is there now; if not, reported. */
static bool use(Check *c, Module *m, const Ast *source) {
  bool named = source->kind == AST_NAME;
  Str path = named ? str_format(c->arena, "%.*s/stdlib/%.*s.gdl", STR(c->names->library), STR(source->text))
      : beside(c, m, source->text);
  Str name = named ? source->text : stem(source->text);
  for (uint32_t i = 0; i < c->names->modules.n; i++) {
    Module *k = c->names->modules.at[i];
    if (!str_equal(c->diags->sources->all.at[k->source - 1]->path, path)) continue;
    if (k->stage == STAGE_BUSY) refuse(c, source->span, E0103, "`%.*s` uses itself", STR(name));
    else vec_push(c->arena, &m->use, k);
    return k->stage != STAGE_BUSY;
  }
  if (c->names->modules.n >= 256) {
    refuse(c, source->span, E0110, "more than 256 modules");
    return false;
  }
  errno = 0;
  uint32_t id = source_read(c->diags->sources, path);
  if (!id) {
    int reason = errno;
    Why why = { .arena = c->arena };
    if (named) library_help(c, &why);
    if (named) why_no(&why, E0110, "no module `%.*s` in the library", STR(source->text));
    else why_no(&why, E0110, "no file `%.*s` beside this one: %s", STR(source->text), strerror(reason));
    refuse_why(c, source->span, &why);
    return false;
  }
  uint32_t before = c->diags->nerrors;
  const Ast *file = ast_parse(c->arena, c->diags, id);
  if (c->diags->nerrors > before) return false;               /* its own syntax errors have been reported  */
  vec_push(c->arena, &m->use, module_open(c, file, id, name));
  return true;
}

Module *module_open(Check *c, const Ast *file, uint32_t source, Str name) {
  Module *m = arena_one(c->arena, Module);
  *m = (Module){ .name = name, .source = source, .file = file, .stage = STAGE_BUSY };
  vec_push(c->arena, &c->names->modules, m);
  if (!name.n) c->names->main = m;
  for (uint32_t i = 0; i < file->n; i++) {
    const Ast *x = file->child[i];
    switch (x->kind) {
    case AST_USE: for (uint32_t k = 0; k < x->n; k++) m->lacks |= !use(c, m, x->child[k]); break;
    case AST_LET_ITEM: case AST_GROUP: case AST_REP: case AST_DOMAIN: case AST_LAYER: case AST_MODEL: case AST_KERNEL:
      declare(c, m, x);
      break;
    default: break;                                           /* TRAIN goes with its model; ERROR was reported */
    }
  }
  m->stage = STAGE_DONE;
  return m;
}

/* --- declarations ------------------------------------------------------------------------------ */
static Item layer_item(Check *c, Decl *d) {
  Callee *f = arena_one(c->arena, Callee);
  *f = (Callee){ .sort = CALLEE_LAYER, .name = d->name, .decl = d };
  Item x = item_of(ITEM_LAYER, d->ast->word);
  x.layer = f;
  return x;
}

static Item domain_item(Check *c, Scope *s, const Ast *x) {
  Item y = eval(c, s, x->child[0]);
  if (y.sort == ITEM_POISON) return y;
  if (y.sort != ITEM_DOMAIN)
    return refuse(c, x->child[0]->span, E0106, "a domain is asked for, this is %s", sort_text(&y));
  Names *n = c->names;
  for (uint32_t i = 0; i < n->named.n; i++)
    if (n->named.at[i] == y.space) return y;                  /* two names for one: the first one prints */
  vec_push(c->arena, &n->named, y.space);
  for (uint32_t i = 0; i < c->program->space.n; i++)
    if (c->program->space.at[i] == y.space) c->program->space.at[i]->name = x->text;
  return y;
}

static Item declared_item(Check *c, Decl *d) {
  Scope s = { .module = d->module };
  const Ast *x = d->ast;
  switch (x->kind) {
  case AST_LET_ITEM: {
    Item y = eval(c, &s, x->child[0]);
    if (y.sort == ITEM_VALUE)
      return refuse(c, x->child[0]->span, E0106, "a file declares what is known when compiling; this is a value");
    if (y.sort == ITEM_LAYER) y.layer = callee_named(c, y.layer, x->text);
    return y;
  }
  case AST_GROUP: return group_define(c, &s, x->text, x->child[0]);
  case AST_REP: {
    const Group *before = c->names->of;
    if (x->child[0]) {
      Item g = name_item(c, &s, x->child[0]->text, x->child[0]->span);
      if (g.sort == ITEM_POISON) return g;
      if (g.sort != ITEM_GROUP)
        return refuse(c, x->child[0]->span, E0106, "a group is asked for, this is %s", sort_text(&g));
      c->names->of = g.group;
    }
    Item y = rep_define(c, &s, x->text, x->child[1], x->word);
    c->names->of = before;
    return y;
  }
  case AST_DOMAIN: return domain_item(c, &s, x);
  default: return layer_item(c, d);
  }
}

Item decl_item(Check *c, Decl *d, Span at) {
  if (d->stage == STAGE_BUSY) return refuse(c, at, E0103, "`%.*s` is defined by itself", STR(d->name));
  if (d->stage == STAGE_DONE) return d->item;
  Names *n = c->names;
  Names before = *n;
  d->stage = STAGE_BUSY;
  n->module = d->module;
  n->of = NULL;
  n->as_claim = false;
  d->item = declared_item(c, d);
  d->stage = STAGE_DONE;
  n->module = before.module;
  n->of = before.of;
  n->as_claim = before.as_claim;
  if (d->item.sort == ITEM_GROUP) {
    bool in = false;
    for (uint32_t i = 0; i < d->module->group.n; i++) in |= d->module->group.at[i] == d->item.group;
    if (!in) vec_push(c->arena, &d->module->group, d->item.group);
  }
  return d->item;
}

/* --- looking up -------------------------------------------------------------------------------- */
Entry *scope_find(Scope *s, Str name, Scope **where) {
  for (; s; s = s->up) {
    uint32_t i;
    if (!table_find(&s->by_name, name, &i)) continue;
    if (where) *where = s;
    return &s->entry.at[i];
  }
  return NULL;
}

Entry *scope_add(Check *c, Scope *s, Entry e) {
  if (str_is(e.name, "_")) return NULL;
  Entry *first = scope_find(s, e.name, NULL);
  if (first) {
    Why why = { .arena = c->arena };
    if (first->sort == ENTRY_OUTPUT) {
      why_help(&why, "an output is assigned: `%.*s = ...`, without `let`", STR(e.name));
      first->bound = true;                                    /* what was meant; so it is not missed as well */
    }
    why_no(&why, E0102, "`%.*s` is declared twice in this body", STR(e.name));
    refuse_why(c, e.at, &why);
    Diag *d = c->diags->all.at[c->diags->all.n - 1];
    if (d->code == E0102 && !d->note.n) diag_note(c->diags, d, first->at, "first here");
    return NULL;
  }
  table_put(c->arena, &s->by_name, e.name, s->entry.n);
  vec_push(c->arena, &s->entry, e);
  if (e.sort != ENTRY_OUTPUT && e.sort != ENTRY_GENERIC) mention_add(c, e.name, e.at);
  return &s->entry.at[s->entry.n - 1];
}

Near near_to(Str name) {
  return (Near){ .name = name, .best = S(""), .distance = name.n < 2 ? 1 : name.n < 5 ? 2 : name.n < 8 ? 3 : 4 };
}

/* Letters in common at the two ends: `liner` is rather `linear` than `line`. */
static uint32_t shared(Str a, Str b) {
  uint32_t least = a.n < b.n ? a.n : b.n, head = 0, tail = 0;
  while (head < least && a.at[head] == b.at[head]) head++;
  while (head + tail < least && a.at[a.n - 1 - tail] == b.at[b.n - 1 - tail]) tail++;
  return head + tail;
}

void nearer(void *with, Str name) {
  Near *n = with;
  uint32_t d = str_distance(n->name, name);
  bool closer = d == n->distance && n->best.n && shared(name, n->name) > shared(n->best, n->name);
  if (d < n->distance || closer) *n = (Near){ .name = n->name, .best = name, .distance = d };
}

void nearer_or_part(Near *n, Str name) {
  uint32_t least = name.n < n->name.n ? name.n : n->name.n;
  if (least >= 3 && n->distance > 1 && !memcmp(name.at, n->name.at, least)) { n->best = name; n->distance = 1; }
  nearer(n, name);
}

Str near_text(const Check *c, const Near *n) {
  return n->best.n ? str_format(c->arena, "; did you mean `%.*s`?", STR(n->best)) : S("");
}

/* Each name that could be meant is held against the unknown one. Of the first mistakes only: to look further would take
 * the square of the time that the file needs, for what nobody reads. */
enum { SUGGESTIONS_MOST = 100 };
static void suggest(const Check *c, const Scope *s, Near *near) {
  if (c->diags->nerrors >= SUGGESTIONS_MOST) return;
  const Module *m = s->module;
  for (const Scope *k = s; k; k = k->up)
    for (uint32_t i = 0; i < k->entry.n; i++) nearer(near, k->entry.at[i].name);
  for (uint32_t i = 0; i < m->decl.n; i++) nearer(near, m->decl.at[i]->name);
  for (uint32_t u = 0; u < m->use.n; u++)
    for (uint32_t i = 0; i < m->use.at[u]->decl.n; i++)
      if (m->use.at[u]->decl.at[i]->name.at[0] != '_') nearer(near, m->use.at[u]->decl.at[i]->name);
  builtin_names(nearer, near);
  for (uint32_t w = 0; w < WORDS; w++)
    if (c->names->word_callee[w]) nearer(near, c->names->word_callee[w]->name);
  for (uint32_t f = 0; f < FNS; f++) nearer(near, c->names->fn_callee[f]->name);
  if (c->in_train) train_names(nearer, near);
}

static Item unknown(Check *c, Scope *s, Str name, Span at) {
  if (s->module->lacks && name.at[0] != '_') return item_poison(at);    /* the missing file has been reported */
  Near near = near_to(name);
  suggest(c, s, &near);
  if (module_used(s->module, name))
    return refuse(c, at, E0101, "`%.*s` is a module; its names follow after a dot", STR(name));
  Str module = library_has(c, name);
  if (module.n) {
    Why why = { .arena = c->arena };
    why_help(&why, "`use %.*s` brings it from the library", STR(module));
    why_no(&why, E0101, "no `%.*s` is known", STR(name));
    return refuse_why(c, at, &why);
  }
  return refuse(c, at, E0101, "no `%.*s` is known%.*s", STR(name), STR(near_text(c, &near)));
}

static Item callee_item(const Callee *f, Span at) {
  Item x = item_of(ITEM_LAYER, at);
  x.layer = f;
  return x;
}

static Item built_in(Check *c, Str name, Span at) {
  for (uint32_t w = 0; w < WORDS; w++)
    if (c->names->word_callee[w] && str_equal(c->names->word_callee[w]->name, name))
      return callee_item(c->names->word_callee[w], at);
  for (uint32_t f = 0; f < FNS; f++)
    if (str_equal(c->names->fn_callee[f]->name, name)) return callee_item(c->names->fn_callee[f], at);
  return builtin_name(c, name, at);
}

/* What the modules in use export under this name; `other`: a second one. */
static Decl *imported(Module *m, Str name, Decl **other) {
  Decl *found = NULL;
  *other = NULL;
  if (name.at[0] == '_') return NULL;
  for (uint32_t i = 0; i < m->use.n; i++) {
    Decl *d = module_find(m->use.at[i], name);
    if (d && found && found != d) *other = d;
    if (d && !found) found = d;
  }
  return found;
}

static Item read_entry(Check *c, Entry *e, Span at) {
  mention_read(c, e->at);
  if (e->sort == ENTRY_OUTPUT && !e->bound)
    return refuse(c, at, E0107, "`%.*s` is read before it is assigned", STR(e->name));
  if (e->sort == ENTRY_GENERIC && !e->bound)
    return refuse(c, at, E0104, "`%.*s` is not bound here: sums and products are checked, not solved", STR(e->name));
  Item x = e->item;
  x.at = at;
  return x;
}

Item name_item(Check *c, Scope *s, Str name, Span at) {
  Entry *e = scope_find(s, name, NULL);
  if (e) return read_entry(c, e, at);
  Decl *d = module_find(s->module, name);
  Decl *other = NULL;
  if (!d) d = imported(s->module, name, &other);
  if (other)
    return refuse(c, at, E0112, "both `%.*s` and `%.*s` have a `%.*s`: write `%.*s.%.*s`", STR(d->module->name),
                  STR(other->module->name),
                  STR(name), STR(d->module->name), STR(name));
  if (d) {
    mention_read(c, d->ast->word);
    Item x = decl_item(c, d, at);
    x.at = at;
    return x;
  }
  if (c->in_train) {
    Item x = train_name(c, name, at);
    if (x.sort != ITEM_NONE) return x;
  }
  Item x = built_in(c, name, at);
  return x.sort == ITEM_NONE ? unknown(c, s, name, at) : x;
}

bool name_is_plain(Scope *s, Str name) {
  Decl *other;
  return !scope_find(s, name, NULL) && !module_find(s->module, name) && !imported(s->module, name, &other);
}
