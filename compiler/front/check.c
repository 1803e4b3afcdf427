/* check.c: from a tree to a checked program, and what every part of the checker stands on.
 *
 * Reads the tree of the file; writes a Program. The order is: open all modules (module.c), evaluate the
 * declarations of the file, then each model with its train block (statement.c, train.c). A declaration is
 * evaluated when it is first asked for, so the order in a file does not matter and a circle is met as a
 * declaration that is busy.
 *
 * Here: where an error stands (RULES 13: the innermost line of the file that is checked, the rest as notes),
 * how values are appended, and how weights are named (LANGUAGE 7.1). A Block is a body whose calls are counted;
 * its number is taken when the first weight inside asks for a path, so what owns no weights is not counted.
 * Elsewhere: names (module.c), expressions (evaluate.c), arguments (bind.c), rules and proofs (rule_*.c, proof.c). */
#include "front/names.h"

/* --- tables ------------------------------------------------------------------------------------------- */
static Slot *slot_of(const Table *t, Str name) {
  uint32_t i = (uint32_t)str_hash(name) & (t->cap - 1);
  while (t->slot[i].name.at && !str_equal(t->slot[i].name, name)) i = (i + 1) & (t->cap - 1);
  return &t->slot[i];
}

bool table_find(const Table *t, Str name, uint32_t *number) {
  if (!t->cap) return false;
  const Slot *s = slot_of(t, name);
  if (!s->name.at) return false;
  *number = s->number;
  return true;
}

void table_put(Arena *a, Table *t, Str name, uint32_t number) {
  if (2 * t->n >= t->cap) {
    Table wide = { .cap = t->cap ? 2 * t->cap : 8 };
    wide.slot = arena_array(a, Slot, wide.cap);
    for (uint32_t i = 0; i < t->cap; i++)
      if (t->slot[i].name.at) *slot_of(&wide, t->slot[i].name) = t->slot[i];
    wide.n = t->n;
    *t = wide;
  }
  Slot *s = slot_of(t, name);
  if (!s->name.at) t->n++;
  *s = (Slot){ .name = name.at ? name : S(""), .number = number };
}

/* --- places and reports ------------------------------------------------------------------------ */
Span place_of(const Check *c, Span written) {
  const Names *n = c->names;
  if (written.source == n->main->source) return written;
  for (const Call *k = n->call; k; k = k->up)
    if (k->at.source == n->main->source) return k->at;
  return written;
}

static bool same_span(Span a, Span b) { return a.source == b.source && a.from == b.from && a.to == b.to; }

enum { MOST_NOTES = 6 };
/* The lines that are not the primary one: the text of a module, and each call on the way. */
static void note_calls(const Check *c, Diag *d, Span written) {
  const Names *n = c->names;
  Str name = n->call ? n->call->name : S("");
  if (!same_span(d->at, written)) diag_note(c->diags, d, written, "here, in the layer `%.*s`", STR(name));
  for (const Call *k = n->call; k && d->note.n < MOST_NOTES; k = k->up) {
    bool said = same_span(d->at, k->at);                      /* layers in a circle come by one place often */
    for (uint32_t i = 0; i < d->note.n; i++) said = said || same_span(d->note.at[i].at, k->at);
    if (!said) diag_note(c->diags, d, k->at, "`%.*s` is called here", STR(k->name));
  }
}

/* A layer that is used twice, or repeated, reports its mistake once. */
static bool reported(const Check *c, Code code, Span at) {
  for (uint32_t i = 0; i < c->diags->all.n; i++)
    if (c->diags->all.at[i]->code == code && same_span(c->diags->all.at[i]->at, at)) return true;
  return false;
}

Item refuse_why(Check *c, Span written, const Why *why) {
  Span at = place_of(c, written);
  if (!why->reason.n) bug("a refusal without a reason");
  if (!reported(c, why->reason.at[0].code, at)) note_calls(c, diag_why(c->diags, at, why), written);
  return item_poison(at);
}

static void report(Check *c, Span written, Code code, Str text) {
  Span at = place_of(c, written);
  if (!reported(c, code, at)) note_calls(c, diag_add(c->diags, code, at, "%.*s", STR(text)), written);
}

Item refuse(Check *c, Span written, Code code, const char *format, ...) {
  va_list args;
  va_start(args, format);
  report(c, written, code, str_format_list(c->arena, format, args));
  va_end(args);
  return item_poison(written);
}

void warn(Check *c, Span written, Code code, const char *format, ...) {
  va_list args;
  va_start(args, format);
  report(c, written, code, str_format_list(c->arena, format, args));
  va_end(args);
}

static Span as_written(const Site *site, Span at) { return same_span(at, site->at) ? site->written : at; }

/* Where operands come from: what each is, at the line that made it. */
static void note_operands(const Site *site, Diag *d) {
  Check *c = site->check;
  for (uint32_t i = 0; i < site->nargs && i < 3; i++) {
    const Value *v = site->arg[i].sort == ITEM_VALUE ? site->arg[i].value : NULL;
    Span written = site->arg_at[i];
    if (!v || !v->at.source || !written.source || written.to - written.from > 40 || same_span(v->at, written)) continue;
    if (span_place(c->diags->sources, v->at).line == span_place(c->diags->sources, d->at).line &&
        v->at.source == d->at.source)
      continue;
    Out type = { .arena = c->arena };
    type_text(&v->type, &type);
    Str text = out_text(&type), name = source_text(c, written);
    diag_note(c->diags, d, v->at, "`%.*s` is `%.*s`", STR(name), STR(text));
  }
}

Item site_refuse(Site *site, Span at, const Why *why) {
  Diags *d = site->check->diags;
  uint32_t before = d->all.n;
  Item x = refuse_why(site->check, as_written(site, at), why);
  if (d->all.n > before) note_operands(site, d->all.at[before]);
  return x;
}

Item site_refuse_code(Site *site, Span at, Code code, const char *format, ...) {
  va_list args;
  va_start(args, format);
  report(site->check, as_written(site, at), code, str_format_list(site->check->arena, format, args));
  va_end(args);
  return item_poison(at);
}

Str source_text(const Check *c, Span at) {
  const Source *s = c->diags->sources->all.at[at.source - 1];
  return (Str){ s->text.at + at.from, at.to - at.from };
}

bool spend(Check *c, Span at) {
  Names *n = c->names;
  if (n->stopped) return false;
  if (++n->steps <= MOST_STEPS && n->nvalues <= MOST_VALUES) return true;
  n->stopped = true;
  refuse(c, at, E0111, n->nvalues > MOST_VALUES ? "written out, the program has more than %d values"
                                                : "the program asks for more than %d evaluations while compiling",
         n->nvalues > MOST_VALUES ? (int)MOST_VALUES : (int)MOST_STEPS);
  return false;
}

/* --- values and weights ------------------------------------------------------------------------ */
Value *value_push(Check *c, Value v) {
  Value *x = arena_one(c->program->arena, Value);
  *x = v;
  x->number = c->model->value.n;
  vec_push(c->program->arena, &c->model->value, x);
  c->names->nvalues++;
  return x;
}

Value *value_add(Site *site, Word word, Type type, const Value *const *arg, uint32_t nargs) {
  Check *c = site->check;
  const Value **own = arena_array(c->program->arena, const Value *, nargs);
  for (uint32_t i = 0; i < nargs; i++) own[i] = arg[i];
  Value *v = value_push(c, (Value){ .word = word, .type = type, .nargs = nargs, .arg = own, .fn = site->fn,
                                    .at = site->at,
                                    .path = site->path, .waived = site->broken || site->assumed });
  proof_of_args(c, v);
  return v;
}

Block *block_new(Check *c, Block *up, Str word, bool counted) {
  Block *b = arena_one(c->arena, Block);
  *b = (Block){ .up = up, .word = word, .counted = counted, .shared = up && up->shared, .path = S("") };
  return b;
}

static uint32_t next_of(Check *c, Block *b, Str word) {
  uint32_t n = 0;
  table_find(&b->count, word, &n);
  table_put(c->arena, &b->count, word, n + 1);
  return n + 1;
}

Str block_path(Check *c, Block *b) {
  if (b->known) return b->path;
  b->known = true;
  if (b->as) return b->path = block_path(c, b->as);
  Str up = b->up ? block_path(c, b->up) : S("");
  b->path = b->counted ? str_format(c->program->arena, "%.*s%.*s%u.", STR(up), STR(b->word), next_of(c, b->up, b->word))
                       : str_format(c->program->arena, "%.*s%.*s.", STR(up), STR(b->word));
  return b->path;
}

Str site_path(Site *site) {
  Check *c = site->check;
  if (!site->path.n) {
    Block *b = c->names->block;
    Str up = block_path(c, b), word = str_of(word_name(site->word));
    if (b->itself) site->path = (Str){ up.at, up.n - 1 };
    else site->path = str_format(c->program->arena, "%.*s%.*s%u", STR(up), STR(word), next_of(c, b, word));
  }
  return site->path;
}

Weight *weight_add(Site *site, Value *owner, WeightRole role, Str last_name) {
  Check *c = site->check;
  if (c->model->kernel || c->in_train)
    site_refuse_code(site, site->at, E0113, c->in_train ? "a train block has no weights" : "a kernel has no weights");
  Str path = site_path(site);
  owner->path = path;
  Weight *w = arena_one(c->program->arena, Weight);
  *w = (Weight){ .role = role, .owner = owner->number, .at = site->at, .ngroups = 1,
                 .trained = role != WEIGHT_MEAN && role != WEIGHT_VARIANCE,
                 .name = str_format(c->program->arena, "%.*s.%.*s", STR(path), STR(last_name)) };
  vec_push(c->program->arena, &c->model->weight, w);
  return w;
}

/* --- items ------------------------------------------------------------------------------------- */
Item item_value(const Value *v, Span at) { return (Item){ .sort = ITEM_VALUE, .at = at, .value = v }; }
Item item_poison(Span at) { return (Item){ .sort = ITEM_POISON, .at = at }; }
bool item_int(const Item *x, int64_t *i) { return x->sort == ITEM_NUMBER && x->exact && exact_as_int(x->exact, i); }
double item_real(const Item *x) { return x->sort == ITEM_NUMBER && x->exact ? exact_real(x->exact) : x->real; }

const Value *item_as_value(Site *site, const Item *x) {
  Check *c = site->check;
  if (x->sort == ITEM_VALUE) return x->value;
  const Kind *scalar = kind_scalar(c->program->reps);
  Site made = *site;
  made.path = S("");
  made.broken = made.assumed = false;
  if (x->sort == ITEM_NUMBER) {
    Value *v = value_add(&made, WORD_constant,
                         (Type){ .what = WHAT_FIELD, .rep = rep_of(c->program->reps, scalar, 1) }, NULL, 0);
    v->x = item_real(x);
    return v;
  }
  if (x->sort != ITEM_LIST || !x->n || x->n > 1u << 24) return NULL;
  for (uint32_t i = 0; i < x->n; i++)
    if (x->item[i].sort != ITEM_NUMBER) return NULL;
  double *numbers = arena_array(c->program->arena, double, x->n);
  for (uint32_t i = 0; i < x->n; i++) numbers[i] = item_real(&x->item[i]);
  Value *v = value_add(&made, WORD_constant, (Type){ .what = WHAT_FIELD,
                                                     .rep = rep_of(c->program->reps, scalar, x->n) }, NULL, 0);
  v->numbers = numbers;
  return v;
}

/* Words that syntax makes have no call, and those of later versions no rule. */
Item rule_none(Site *site) { bug("`%s` is no call", word_name(site->word)); }
Item rule_later(Site *site) {
  return site_refuse_code(site, site->at, E0903, "`%s` belongs to a later version", word_name(site->word));
}

/* --- the words' headers ------------------------------------------------------------------------ */
static void read_headers(Check *c) {
  static const char *const signature[] = {
#define WORD(name, signature, rule, expand) [WORD_##name] = signature,
#include "../../lang/words.def"
#undef WORD
  };
  Names *n = c->names;
  Out text = { .arena = c->arena };
  for (uint32_t w = 0; w < WORDS; w++)
    if (signature[w][0] && strcmp(signature[w], "(...)"))
      out_printf(&text, "layer %s%s { x }\n", word_name((Word)w), signature[w]);
  Diags own = { .arena = c->arena, .sources = c->diags->sources };
  uint32_t source = source_add(c->diags->sources, S("words.def"), out_text(&text));
  const Ast *file = ast_parse(c->arena, &own, source);
  n->words = arena_one(c->arena, Module);
  *n->words = (Module){ .name = S("words"), .source = source, .file = file, .stage = STAGE_DONE };
  if (own.nerrors) {
    diag_print(&own, DIAG_HUMAN, stderr);
    bug("words.def does not parse");
  }
  uint32_t i = 0;
  for (uint32_t w = 0; w < WORDS; w++) {
    if (!signature[w][0]) continue;
    Callee *f = arena_one(c->arena, Callee);
    *f = (Callee){ .sort = CALLEE_WORD, .name = str_of(word_name((Word)w)), .word = (Word)w };
    n->word_callee[w] = f;
    if (strcmp(signature[w], "(...)")) n->header[w] = file->child[i++];
  }
  static const char *const fn[] = {
#define FN(name, parity, homogeneous, linear, smoothness, value) [FN_##name] = #name,
#include "../../lang/functions.def"
#undef FN
  };
  for (uint32_t k = 0; k < FNS; k++) {
    Callee *f = arena_one(c->arena, Callee);
    *f = (Callee){ .sort = CALLEE_FN, .name = str_of(fn[k]), .word = WORD_map, .fn = (FnId)k };
    n->fn_callee[k] = f;
  }
}

/* --- the file ---------------------------------------------------------------------------------- */
static const Ast *train_of(Check *c, const Ast *file, Str model, bool first) {
  const Ast *found = NULL;
  for (uint32_t i = 0; i < file->n; i++) {
    const Ast *x = file->child[i];
    if (x->kind != AST_TRAIN || !str_equal(x->text, model)) continue;
    if (found && first) refuse(c, x->word, E0102, "`%.*s` is trained twice", STR(model));
    if (!found) found = x;
  }
  return found;
}

static void declarations(Check *c) {
  Module *m = c->names->main;
  for (uint32_t i = 0; i < m->decl.n; i++)                    /* groups first: domains ask which could act */
    if (m->decl.at[i]->ast->kind == AST_GROUP) {
      Item g = decl_item(c, m->decl.at[i], m->decl.at[i]->ast->word);
      if (g.sort == ITEM_GROUP) vec_push(c->arena, &c->declared, g.group);
    }
  for (uint32_t i = 0; i < m->decl.n; i++) decl_item(c, m->decl.at[i], m->decl.at[i]->ast->word);
  for (uint32_t i = 0; i < m->decl.n; i++)
    if (m->decl.at[i]->ast->kind == AST_LAYER) {
      const Ast *x = m->decl.at[i]->ast;
      m->decl.at[i]->headed = true;
      header_check(c, &(Header){ .name = x->text, .generics = x->child[0], .params = x->child[1] }, m);
    }
}

static void unread(Check *c) {
  for (uint32_t i = 0; i < c->names->mention.n; i++) {
    const Mention *m = &c->names->mention.at[i];
    if (!m->read && m->name.at[0] != '_') warn(c, m->at, W6, "nothing reads `%.*s`", STR(m->name));
  }
}

static uint64_t mix(uint64_t a, uint64_t b) { return (a ^ b) * 0x100000001b3u; }

Program *program_check(Arena *arena, Diags *diags, const Ast *file, Str library) {
  Program *p = arena_one(arena, Program);
  *p = (Program){ .arena = arena, .sources = diags->sources, .exacts = exacts_open() };
  p->groups = arena_one(arena, Groups);
  *p->groups = (Groups){ .arena = arena, .exacts = p->exacts };
  p->reps = arena_one(arena, Reps);
  *p->reps = (Reps){ .arena = arena, .groups = p->groups };
  Block files = { .known = true, .path = S("") };             /* layers that a file makes with `_`, outside of models */
  Names names = { .library = library, .block = &files };
  Check c = { .arena = arena, .diags = diags, .program = p, .names = &names };
  Module *none = arena_one(arena, Module);
  none->source = file->span.source;
  names.main = names.module = none;                           /* until the file is open: where errors of `use` stand */
  read_headers(&c);
  names.mention_at = arena_array(arena, uint32_t, diags->sources->all.at[file->span.source - 1]->text.n + 1);
  names.main = names.module = module_open(&c, file, file->span.source, S(""));
  declarations(&c);
  for (uint32_t i = 0; i < names.main->decl.n; i++) {
    Decl *d = names.main->decl.at[i];
    if (d->ast->kind == AST_MODEL || d->ast->kind == AST_KERNEL)
      model_check(&c, d, train_of(&c, file, d->name, true));
  }
  for (uint32_t i = 0; i < file->n; i++) {
    if (file->child[i]->kind != AST_TRAIN) continue;
    const Decl *d = module_find(names.main, file->child[i]->text);
    if (!d || (d->ast->kind != AST_MODEL && d->ast->kind != AST_KERNEL))
      refuse(&c, file->child[i]->word, E0101, "no model `%.*s` to train", STR(file->child[i]->text));
    else if (d->ast->kind == AST_KERNEL)
      refuse(&c, file->child[i]->word, E0113, "the kernel `%.*s` has nothing to train", STR(d->name));
  }
  for (uint32_t i = 0; i < names.modules.n; i++)
    p->hash = mix(p->hash, str_hash(diags->sources->all.at[names.modules.at[i]->source - 1]->text));
  if (!diags->nerrors) unread(&c);
  if (!diags->nerrors) return p;
  program_close(p);
  return NULL;
}

void program_close(Program *p) {
  if (p->exacts) exacts_close(p->exacts);
  p->exacts = NULL;
}
