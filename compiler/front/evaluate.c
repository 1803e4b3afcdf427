/* evaluate.c: expressions, with types in place of numbers.
 *
 * Reads a tree and the scope that it stands in; gives an Item. What is known when compiling is computed (known.c);
 * an operation on values becomes a Site of the word behind the operator (`+` is `add`), whose rule answers. A poisoned
 * operand poisons the result silently. `x |> f(a)` is f(x, a); a chain that begins with `_` is a layer, whose stages
 * have their other arguments already. Names in types mean what they mean here (bind.c calls eval for them). */
#include "front/names.h"

static Item poisoned(const Ast *x) { return item_poison(x->span); }

/* --- operators --------------------------------------------------------------------------------- */
static bool is_numbers(const Item *x) {
  if (x->sort != ITEM_LIST || !x->n) return false;
  for (uint32_t i = 0; i < x->n; i++)
    if (x->item[i].sort != ITEM_NUMBER) return false;
  return true;
}

static char sign_of(Word word) {
  switch (word) {
  case WORD_add: return '+';
  case WORD_sub: return '-';
  case WORD_mul: return '*';
  case WORD_div: return '/';
  default: return '^';
  }
}

/* A list and a number, or two lists of one length, element by element. */
static Item list_arith(Check *c, Word word, const Item *a, const Item *b, Span at) {
  uint32_t n = a->sort == ITEM_LIST ? a->n : b->n;
  if (a->sort == ITEM_LIST && b->sort == ITEM_LIST && a->n != b->n)
    return refuse(c, at, E0106, "lists of %u and of %u numbers", a->n, b->n);
  Item *y = arena_array(c->arena, Item, n);
  for (uint32_t i = 0; i < n; i++) {
    y[i] = number_arith(c, sign_of(word), a->sort == ITEM_LIST ? &a->item[i] : a, b->sort == ITEM_LIST ? &b->item[i]
                        : b, at);
    if (y[i].sort == ITEM_POISON) return y[i];
  }
  Item list = item_of(ITEM_LIST, at);
  list.n = n;
  list.item = y;
  return list;
}

static Item rep_arith(Check *c, Word word, const Item *a, const Item *b, Span at) {
  if (word == WORD_mul && a->sort == ITEM_NUMBER) return copies_of(c, a, b, at);
  if (word == WORD_mul && b->sort == ITEM_NUMBER) return copies_of(c, b, a, at);
  if (a->sort != ITEM_REP || b->sort != ITEM_REP || (word != WORD_add && word != WORD_mul))
    return refuse(c, at, E0106,
        "representations are added (R + S) and multiplied (R * S, n * R); this is `%s` of %s and %s",
                  word_name(word), sort_text(a), sort_text(b));
  Why why = { .arena = c->arena };
  Item x = item_of(ITEM_REP, at);
  if (word == WORD_mul) x.rep = rep_product(c->program->reps, a->rep, b->rep, &why);
  else {
    Term *term = arena_array(c->arena, Term, a->rep->n + b->rep->n);
    for (uint32_t i = 0; i < a->rep->n; i++) term[i] = a->rep->term[i];
    for (uint32_t i = 0; i < b->rep->n; i++) term[a->rep->n + i] = b->rep->term[i];
    x.rep = rep_sum(c->program->reps, term, a->rep->n + b->rep->n, &why);
  }
  return x.rep ? x : refuse_why(c, at, &why);
}

static Item group_times(Check *c, const Item *a, const Item *b, Span at) {
  if (a->sort == ITEM_GROUP && b->sort == ITEM_GROUP) {
    Item x = item_of(ITEM_GROUP, at);
    x.group = group_product(c->program->groups, a->group, b->group);
    return x;
  }
  Item x = a->sort == ITEM_TRANSLATIONS ? *a : *b, y = a->sort == ITEM_TRANSLATIONS ? *b : *a;
  x.at = at;
  if (y.sort == ITEM_TRANSLATIONS) {
    if (x.group && y.group) x.group = group_product(c->program->groups, x.group, y.group);
    else if (y.group) x.group = y.group;
    x.permutations |= y.permutations;
    x.by = x.by ? x.by : y.by;
  } else if (x.group) x.group = group_product(c->program->groups, x.group, y.group);
  else x.group = y.group;
  return x;
}

static Item flag_of(bool flag, Span at) {
  Item x = item_of(ITEM_FLAG, at);
  x.flag = flag;
  return x;
}

/* A label beside an entry of its list: the entry becomes its number. */
static Item entry_of(Check *c, const Value *label, const Item *x) {
  const Space *to = label->type.to;
  int64_t k;
  Item found = item_of(ITEM_NONE, x->at);
  for (uint32_t i = 0; i < to->nlabels && found.sort == ITEM_NONE; i++) {
    if (x->sort == ITEM_TEXT ? to->text_of && str_equal(to->text_of[i], x->text) : to->number_of && item_int(x, &k) &&
        to->number_of[i] == k)
      found = item_exact(exact_int(c->program->exacts, i), x->at);
  }
  if (!to->nlabels && item_int(x, &k) && k >= 0 && (!to->count || (uint64_t)k < to->count)) found = *x;
  if (found.sort == ITEM_NONE) {
    Why why = { .arena = c->arena };
    Out o = { .arena = c->arena };
    for (uint32_t i = 0; i < to->nlabels && i < 12; i++)
      if (to->text_of) out_printf(&o, i ? ", \"%.*s\"" : "\"%.*s\"", STR(to->text_of[i]));
      else if (to->number_of) out_printf(&o, i ? ", %lld" : "%lld", (long long)to->number_of[i]);
    if (to->nlabels) why_help(&why, "its entries are %.*s%s", STR(out_text(&o)), to->nlabels > 12 ? ", ..." : "");
    else if (to->count) why_help(&why, "its entries are 0 to %llu", (unsigned long long)to->count - 1);
    if (x->sort == ITEM_TEXT) why_no(&why, E0111, "%.*s has no entry \"%.*s\"", STR(to->name), STR(x->text));
    else why_no(&why, E0111, "%.*s has no entry %.*s", STR(to->name), STR(number_text(c, x)));
    return refuse_why(c, x->at, &why);
  }
  return found;
}

static bool is_label(const Item *x) { return x->sort == ITEM_VALUE && x->value->type.what == WHAT_LABEL; }

static Item value_operate(Check *c, Word word, const Item *a, const Item *b, Span at) {
  Item arg[2] = { *a, *b };
  Site made = { .check = c, .word = word, .at = place_of(c, at), .written = at, .path = S("") };
  if (word == WORD_power && b->sort != ITEM_NUMBER)
    return refuse(c, b->at, E0106, "an exponent is a number known when compiling, this is %s", sort_text(b));
  if (word == WORD_power) return word_site(c, word, (FnId)0, arg, 2, at);
  for (uint32_t i = 0; i < 2; i++) {
    if (is_label(&arg[1 - i]) && (arg[i].sort == ITEM_TEXT || arg[i].sort == ITEM_NUMBER)) {
      arg[i] = entry_of(c, arg[1 - i].value, &arg[i]);
      if (arg[i].sort == ITEM_POISON) return arg[i];
    }
    const Value *v = item_as_value(&made, &arg[i]);
    if (!v) return refuse(c, arg[i].at, E0106, "a value is asked for, this is %s", sort_text(&arg[i]));
    arg[i] = item_value(v, arg[i].at);
  }
  return word_site(c, word, (FnId)0, arg, 2, at);
}

static Item known_equal(Check *c, const Item *a, const Item *b, Span at) {
  if (a->sort == ITEM_NUMBER && b->sort == ITEM_NUMBER) return flag_of(!number_compare(a, b), at);
  if (a->sort == b->sort) switch (a->sort) {
    case ITEM_FLAG: return flag_of(a->flag == b->flag, at);
    case ITEM_TEXT: return flag_of(str_equal(a->text, b->text), at);
    case ITEM_REP: return flag_of(a->rep == b->rep, at);
    case ITEM_GROUP: return flag_of(group_equal(a->group, b->group), at);
    case ITEM_DOMAIN: return flag_of(a->space == b->space, at);
    default: break;
    }
  return refuse(c, at, E0106, "%s and %s are not compared", sort_text(a), sort_text(b));
}

Item operate(Check *c, Word word, const Item *a, const Item *b, Span at) {
  if (a->sort == ITEM_POISON || b->sort == ITEM_POISON) return item_poison(at);
  bool compares = word == WORD_less || word == WORD_equal;
  if (a->sort == ITEM_VALUE || b->sort == ITEM_VALUE) return value_operate(c, word, a, b, at);
  if (word == WORD_equal) return known_equal(c, a, b, at);
  if (a->sort == ITEM_NUMBER && b->sort == ITEM_NUMBER)
    return compares ? flag_of(number_compare(a, b) < 0, at) : number_arith(c, sign_of(word), a, b, at);
  if (a->sort == ITEM_SCHEDULE || b->sort == ITEM_SCHEDULE) return schedule_operate(c, word, a, b, at);
  if (!compares && (is_numbers(a) || is_numbers(b)) && (is_numbers(a) || a->sort == ITEM_NUMBER) &&
      (is_numbers(b) || b->sort == ITEM_NUMBER))
    return list_arith(c, word, a, b, at);
  if (!compares && (a->sort == ITEM_REP || b->sort == ITEM_REP)) return rep_arith(c, word, a, b, at);
  bool groups = (a->sort == ITEM_GROUP || a->sort == ITEM_TRANSLATIONS) &&
      (b->sort == ITEM_GROUP || b->sort == ITEM_TRANSLATIONS);
  if (groups && word == WORD_mul) return group_times(c, a, b, at);
  return refuse(c, at, E0106, "no operation `%s` of %s and %s", word_name(word), sort_text(a), sort_text(b));
}

static Item negated(Check *c, const Item *x, Span at) {
  Item zero = item_exact(exact_int(c->program->exacts, 0), at);
  if (x->sort == ITEM_POISON) return *x;
  if (x->sort == ITEM_NUMBER)
    return x->turns ? number_arith(c, '*', x, &(Item){ .sort = ITEM_NUMBER, .exact = exact_int(c->program->exacts, -1),
                                                       .real = -1 }, at)
                                              : number_arith(c, '-', &zero, x, at);
  if (is_numbers(x)) return list_arith(c, WORD_sub, &zero, x, at);
  if (x->sort == ITEM_VALUE) return word_site(c, WORD_neg, (FnId)0, x, 1, at);
  return refuse(c, at, E0106, "no operation `-` of %s", sort_text(x));
}

/* a > b is b < a; a <= b is not b < a. */
static Item binary(Check *c, Scope *s, const Ast *x) {
  static const struct { const char *text; Word word; bool swap, not; } OPERATOR[] = {
    { "+", WORD_add, false, false }, { "-", WORD_sub, false, false }, { "*", WORD_mul, false, false },
        { "/", WORD_div, false, false },
    { "^", WORD_power, false, false }, { "==", WORD_equal, false, false }, { "!=", WORD_equal, false, true },
    { "<", WORD_less, false, false }, { ">", WORD_less, true, false }, { "<=", WORD_less, true, true },
        { ">=", WORD_less, false, true },
  };
  Item a = eval(c, s, x->child[0]), b = eval(c, s, x->child[1]);
  for (uint32_t i = 0; i < sizeof OPERATOR / sizeof OPERATOR[0]; i++) {
    if (!str_is(x->text, OPERATOR[i].text)) continue;
    Item y = OPERATOR[i].swap ? operate(c, OPERATOR[i].word, &b, &a, x->span)
        : operate(c, OPERATOR[i].word, &a, &b, x->span);
    if (!OPERATOR[i].not || y.sort == ITEM_POISON) return y;
    if (y.sort == ITEM_FLAG) return flag_of(!y.flag, x->span);
    Site made = { .check = c, .word = WORD_not, .at = place_of(c, x->span), .written = x->span, .path = S("") };
    return item_value(value_add(&made, WORD_not, y.value->type, &y.value, 1), x->span);
  }
  bug("operator %.*s", STR(x->text));
}

/* --- lists, members, places -------------------------------------------------------------------- */
static Item list(Check *c, Scope *s, const Ast *x) {
  Item y = item_of(ITEM_LIST, x->span), *item = arena_array(c->arena, Item, x->n);
  bool values = false, poison = false;
  for (uint32_t i = 0; i < x->n; i++) {
    item[i] = eval(c, s, x->child[i]);
    poison |= item[i].sort == ITEM_POISON;
    values |= item[i].sort == ITEM_VALUE;
  }
  if (poison) return poisoned(x);
  Site made = { .check = c, .word = WORD_join, .at = place_of(c, x->span), .written = x->span, .path = S("") };
  for (uint32_t i = 0; i < x->n; i++) {
    const Value *v = values ? item_as_value(&made, &item[i]) : NULL;
    if (values && !v)
      return refuse(c, item[i].at, E0106, "a value is asked for beside values, this is %s", sort_text(&item[i]));
    if (v) item[i] = item_value(v, item[i].at);
    else if (item[i].sort == ITEM_LAYER || item[i].sort == ITEM_HOLE || item[i].sort == ITEM_TUPLE)
      return refuse(c, item[i].at, E0106, "%s in a list", sort_text(&item[i]));
  }
  if (values) return word_site(c, WORD_join, (FnId)0, item, x->n, x->span);
  y.n = x->n;
  y.item = item;
  return y;
}

static Item member(Check *c, Scope *s, const Ast *x) {
  const Ast *of = x->child[0];
  Module *m = of->kind == AST_NAME && name_is_plain(s, of->text) ? module_used(s->module, of->text) : NULL;
  if (m) {
    Decl *d = x->text.at[0] == '_' ? NULL : module_find(m, x->text);
    if (!d) return refuse(c, x->word, E0101, "the module `%.*s` has no `%.*s`", STR(of->text), STR(x->text));
    Item y = decl_item(c, d, x->span);
    y.at = x->span;
    return y;
  }
  Item g = eval(c, s, of);
  if (g.sort == ITEM_POISON) return g;
  if (g.sort != ITEM_GRAPH) return refuse(c, x->span, E0106, "a graph has `src` and `dst`; this is %s", sort_text(&g));
  bool dst = str_is(x->text, "dst");
  if (!dst && !str_is(x->text, "src"))
    return refuse(c, x->word, E0101, "a graph has `src` and `dst`, no `%.*s`", STR(x->text));
  Site made = { .check = c, .word = WORD_endpoint, .at = place_of(c, x->span), .written = x->span, .path = S("") };
  Value *v = value_add(&made, WORD_endpoint, (Type){ .what = WHAT_LABEL, .on = g.space, .to = g.space->base }, NULL, 0);
  v->from = dst;
  v->over = g.space;
  return item_value(v, x->span);
}

static Item index_at(Check *c, Scope *s, const Ast *x) {
  Item of = eval(c, s, x->child[0]), at = eval(c, s, x->child[1]);
  if (of.sort == ITEM_POISON || at.sort == ITEM_POISON) return poisoned(x);
  if (of.sort != ITEM_VALUE) return refuse(c, x->child[0]->span, E0106, "a value is indexed, not %s", sort_text(&of));
  if (at.sort == ITEM_NUMBER && of.value->type.on && of.value->type.on->sort == SPACE_SET) {
    Why why = { .arena = c->arena, .rule = S("elements of a set have no numbers, so that no order decides") };
    why_help(&why, "sum(x), mean(x) and max(x) see all elements alike; x[e.src] and x[e.dst] read the ends of pairs");
    why_witness(&why, "swap two elements: the first one is another");
    why_no(&why, E0301, "an element of %.*s addressed by its number: nothing orders a set",
        STR(of.value->type.on->name));
    return refuse_why(c, x->child[1]->span, &why);
  }
  if (!is_label(&at))
    return refuse(c, x->child[1]->span, E0106, "an index is a label such as `e.src`, this is %s",
                  at.sort == ITEM_VALUE ? "another value" : sort_text(&at));
  return word_site(c, WORD_index, (FnId)0, (Item[]){ of, at }, 2, x->span);
}

/* vector of Q8, grid(4, 4) of G */
static Item of_group(Check *c, Scope *s, const Ast *kind, const Ast *group) {
  const Group *before = c->names->of;
  Item g = eval(c, s, group);
  if (g.sort == ITEM_POISON) return g;
  if (g.sort != ITEM_GROUP)
    return refuse(c, group->span, E0106, "a group is asked for behind `of`, this is %s", sort_text(&g));
  c->names->of = g.group;
  Item y = eval(c, s, kind);
  c->names->of = before;
  if (y.sort == ITEM_REP && y.rep->group && y.rep->group != g.group)
    return refuse(c, kind->span, E0106, "this is a representation of %.*s", STR(y.rep->group->name));
  if (y.sort != ITEM_REP && y.sort != ITEM_DOMAIN && y.sort != ITEM_POISON)
    return refuse(c, kind->span, E0106, "`of` follows a representation or a domain, not %s", sort_text(&y));
  return y;
}

static Item copies(Check *c, Scope *s, const Ast *x) {
  Item n = eval(c, s, x->child[0]);
  Item kind = x->n > 2 && x->child[2] ? of_group(c, s, x->child[1], x->child[2]) : eval(c, s, x->child[1]);
  return copies_of(c, &n, &kind, x->span);
}

/* --- calls ------------------------------------------------------------------------------------- */
static Item callee_of(Check *c, Scope *s, const Ast *x) {
  Item f;
  const Builtin *b = x->kind == AST_NAME && name_is_plain(s, x->text) ? builtin_find(x->text) : NULL;
  if (b && b->bare) {                                         /* set, translations: a name, and a call too */
    Builtin *call_only = arena_one(c->arena, Builtin);
    *call_only = (Builtin){ .name = b->name, .call = b->call };
    f = builtin_item(c, call_only, x->text, x->span);
  } else f = eval(c, s, x);
  if (f.sort == ITEM_POISON || f.sort == ITEM_LAYER) return f;
  if (x->kind == AST_NAME) return refuse(c, x->span, E0106, "`%.*s` is %s, not a layer", STR(x->text), sort_text(&f));
  return refuse(c, x->span, E0106, "this is %s, not a layer", sort_text(&f));
}

/* The arguments of a call behind `first`, which a pipe brings; NULL: none. False when one is poison. */
static bool args_of(Check *c, Scope *s, const Ast *x, const Arg *first, Arg *arg, uint32_t *nargs) {
  bool ok = true;
  uint32_t n = 0;
  if (first) arg[n++] = *first;
  for (uint32_t i = 1; x->kind == AST_CALL && i < x->n; i++) {
    const Ast *a = x->child[i];
    Item y = eval(c, s, a->child[0]);
    y.at = a->child[0]->span;
    arg[n++] = (Arg){ .name = a->text, .item = y, .at = a->text.n ? a->span : a->child[0]->span };
    ok &= y.sort != ITEM_POISON;
  }
  *nargs = n;
  return ok && (!first || first->item.sort != ITEM_POISON);
}

static Item call_with(Check *c, Scope *s, const Ast *x, const Arg *first, Span at) {
  Item f = callee_of(c, s, x->kind == AST_CALL ? x->child[0] : x);
  Arg *arg = arena_array(c->arena, Arg, x->n + 1);
  uint32_t nargs;
  bool ok = args_of(c, s, x, first, arg, &nargs);
  if (!ok || f.sort == ITEM_POISON) return item_poison(at);
  return call(c, f.layer, arg, nargs, at);
}

static const Ast *first_of_pipe(const Ast *x) {
  while (x->kind == AST_PIPE) x = x->child[0];
  return x;
}

/* _ |> linear(8) |> relu: each stage a layer with one place open. */
static Item chain(Check *c, Scope *s, const Ast *x) {
  uint32_t n = 0;
  for (const Ast *k = x; k->kind == AST_PIPE; k = k->child[0]) n++;
  const Ast **right = arena_array(c->arena, const Ast *, n);
  const Callee **stage = arena_array(c->arena, const Callee *, n);
  uint32_t i = n;
  for (const Ast *k = x; k->kind == AST_PIPE; k = k->child[0]) right[--i] = k->child[1];
  for (i = 0; i < n; i++) {
    Arg hole = { .name = S(""), .item = item_of(ITEM_HOLE, x->span), .at = right[i]->span };
    Item f = call_with(c, s, right[i], &hole, right[i]->span);
    if (f.sort != ITEM_LAYER) return item_poison(x->span);
    stage[i] = f.layer;
  }
  Item y = item_of(ITEM_LAYER, x->span);
  y.layer = callee_chain(c, stage, n);
  return y;
}

static Item pipe(Check *c, Scope *s, const Ast *x) {
  if (first_of_pipe(x)->kind == AST_HOLE) return chain(c, s, x);
  Item left = eval(c, s, x->child[0]);
  left.at = x->child[0]->span;
  Arg first = { .name = S(""), .item = left, .at = x->child[0]->span };
  return call_with(c, s, x->child[1], &first, x->child[1]->span);
}

static Item number(Check *c, const Ast *x) {
  const Exact *e = exact_decimal(c->program->exacts, x->text);
  return e ? item_exact(e, x->span) : refuse(c, x->span, E0111, "the number `%.*s` is too large", STR(x->text));
}

static Item expression(Check *c, Scope *s, const Ast *x) {
  switch (x->kind) {
  case AST_NAME: return name_item(c, s, x->text, x->span);
  case AST_INT: case AST_DECIMAL: return number(c, x);
  case AST_IRREP: return later(c, x->span, x->text, "an irrep of O(3)", false);
  case AST_TEXT: { Item y = item_of(ITEM_TEXT, x->span); y.text = x->text; return y; }
  case AST_HOLE: return item_of(ITEM_HOLE, x->span);
  case AST_LIST: return list(c, s, x);
  case AST_NEG: { Item y = eval(c, s, x->child[0]); return negated(c, &y, x->span); }
  case AST_BINARY: return binary(c, s, x);
  case AST_PIPE: return pipe(c, s, x);
  case AST_COPIES: return copies(c, s, x);
  case AST_OF: return of_group(c, s, x->child[0], x->child[1]);
  case AST_CALL: return call_with(c, s, x, NULL, x->span);
  case AST_INDEX: return index_at(c, s, x);
  case AST_MEMBER: return member(c, s, x);
  case AST_ERROR: return poisoned(x);
  default: bug("%s is no expression", ast_name(x->kind));
  }
}

Item eval(Check *c, Scope *s, const Ast *x) {
  Names *n = c->names;
  if (!spend(c, x->span)) return poisoned(x);
  if (n->depth >= MOST_DEPTH) {
    n->stopped = true;
    return refuse(c, x->span, E0111, "expressions and layers are nested too deep");
  }
  n->depth++;
  Item y = expression(c, s, x);
  n->depth--;
  if (!y.at.source) y.at = x->span;
  return y;
}
