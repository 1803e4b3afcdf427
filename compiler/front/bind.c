/* bind.c: arguments to parameters, and declared types to what is found.
 *
 * Reads a header (of a word or of a layer: they bind by the same code), and arguments that are ready; fills a scope
 * with the generics and parameters. Positions come first, then names. Kinds and graphs bind first, then values from
 * left to right, defaults last, which may use all before (LANGUAGE 5.2). A declared type is a pattern that stays a
 * tree: `R on V` binds both names, `n scalar + m vector` binds n and m and accepts nothing else, `label(L)` and
 * `graph on V` bind L and V; a name that is bound must agree, and a value without a domain agrees with every domain.
 * Sums and products of what is not bound are checked, never solved.
 * A wrong argument is refused at the argument; two arguments that bind one name differently, at the call (RULES 13). */
#include "front/names.h"

typedef struct Match {
  Check *c;
  Scope *s;
  Module *module;                   /* whose names the types mean                                  */
  bool solve;                       /* unbound names may be bound                                  */
  bool exactly;                     /* a value without a domain does not do for a field            */
  bool lenient;                     /* a word's rule says what is wrong with the representation    */
  bool reported;                    /* by an expression in the type                                */
  Str param;                        /* whose argument is matched; empty: a result's type           */
  Code code;
  Str text, help;
} Match;

static bool PRINTF(3, 4) differs(Match *m, Code code, const char *format, ...) {
  va_list args;
  va_start(args, format);
  m->text = str_format_list(m->c->arena, format, args);
  va_end(args);
  m->code = code;
  return false;
}

static void refuse_match(Match *m, Span at, Str what) {
  Why why = { .arena = m->c->arena, .help = m->help };
  why_no(&why, m->code, "%.*s: %.*s", STR(what), STR(m->text));
  refuse_why(m->c, at, &why);
}

/* A type's expressions mean what they mean where the type is written. */
static Item type_eval(Match *m, const Ast *x) {
  Names *n = m->c->names;
  Module *before = n->module;
  n->module = m->s->module;
  Item y = eval(m->c, m->s, x);
  n->module = before;
  if (y.sort == ITEM_POISON) m->reported = true;
  return y;
}

static Entry *open_generic(Match *m, const Ast *x) {
  if (x->kind != AST_NAME) return NULL;
  Entry *e = scope_find(m->s, x->text, NULL);
  return e && e->sort == ENTRY_GENERIC && (!e->bound || e->nowhere) ? e : NULL;
}

static bool is_generic(Match *m, const Ast *x) {
  const Entry *e = x->kind == AST_NAME ? scope_find(m->s, x->text, NULL) : NULL;
  return e && e->sort == ENTRY_GENERIC;
}

static void bind_generic(const Match *m, Entry *e, Item x) {
  e->item = x;
  e->by = m->param;
  e->bound = true;
}

/* What a name of [ ] stands for and why, or what is asked for: "`x` binds `D` to `A`", "`A` is asked for". */
static Str asked_text(Match *m, const Ast *x, Str is) {
  const Entry *e = m->solve && is_generic(m, x) ? scope_find(m->s, x->text, NULL) : NULL;
  if (!e || !e->by.n) return str_format(m->c->arena, "`%.*s` is asked for", STR(is));
  return str_format(m->c->arena, "`%.*s` binds `%.*s` to `%.*s`", STR(e->by), STR(e->name), STR(is));
}

static Str rep_of_text(Match *m, const Rep *r) {
  Out o = { .arena = m->c->arena };
  rep_text(r, &o);
  return out_text(&o);
}

static Str space_text(const Space *s) { return s ? s->name : S("no domain"); }
static Str on_text(Match *m, const Space *s) {
  return s ? str_format(m->c->arena, "this is on `%.*s`", STR(s->name)) : S("this is one value, on no domain");
}

/* --- domains ----------------------------------------------------------------------------------- */
static bool match_space(Match *m, const Ast *x, const Space *have) {
  if (!x && have && !m->lenient) {
    m->help = str_format(m->c->arena, "mean(...) over `%.*s` is one value; or declare it `on %.*s`", STR(have->name),
                         STR(have->name));
    return differs(m, E0202, "one value is asked for, this is one for each element of `%.*s`", STR(have->name));
  }
  if (!x) return true;
  if (x->kind == AST_HOLE) return true;
  Entry *e = m->solve ? open_generic(m, x) : NULL;
  if (e && !(e->nowhere && !have)) {                          /* nowhere so far: a domain takes its place */
    Item d = item_of(ITEM_DOMAIN, x->span);
    d.space = have;
    bind_generic(m, e, d);
    e->nowhere = !have;
    return true;
  }
  if (e) return true;
  Item want = type_eval(m, x);
  if (m->reported) return false;
  bool is;
  const Space *space = item_space(&want, &is);
  if (!is) {
    refuse(m->c, x->span, E0106, "a domain is asked for behind `on`, this is %s", sort_text(&want));
    m->reported = true;
    return false;
  }
  if (space == have || (!have && !m->exactly)) return true;
  return differs(m, is_generic(m, x) && m->solve ? E0104 : E0202, "%.*s, %.*s",
                 STR(asked_text(m, x, space_text(space))), STR(on_text(m, have)));
}

/* --- representations --------------------------------------------------------------------------- */
static bool is_open_count(Match *m, const Ast *x) {
  if (x->kind != AST_COPIES) return false;
  return x->child[0]->kind == AST_HOLE || (m->solve && open_generic(m, x->child[0]));
}

static bool is_open_sum(Match *m, const Ast *x) {
  if (x->kind == AST_BINARY && str_is(x->text, "+")) return is_open_sum(m, x->child[0]) || is_open_sum(m, x->child[1]);
  return is_open_count(m, x);
}

static const Rep *kind_of_copies(Match *m, const Ast *x) {    /* the representation behind an open count */
  const Group *before = m->c->names->of;
  if (x->n > 2 && x->child[2]) {
    Item g = type_eval(m, x->child[2]);
    if (g.sort == ITEM_GROUP) m->c->names->of = g.group;
  }
  Item k = type_eval(m, x->child[1]);
  m->c->names->of = before;
  if (k.sort == ITEM_REP && k.rep->n == 1 && k.rep->copies == 1) return k.rep;
  if (k.sort != ITEM_POISON)
    refuse(m->c, x->child[1]->span, E0106, "a single representation is asked for behind a count that is inferred");
  m->reported = true;
  return NULL;
}

/* left[t]: copies of term t of `have` that no term of the pattern has taken. */
static bool take_known(Match *m, const Ast *x, const Rep *have, uint32_t *left) {
  Item y = type_eval(m, x);
  if (m->reported) return false;
  if (y.sort != ITEM_REP) {
    refuse(m->c, x->span, E0106, "a representation is asked for, this is %s", sort_text(&y));
    m->reported = true;
    return false;
  }
  for (uint32_t t = 0; t < y.rep->n; t++) {
    uint32_t i = rep_find(have, y.rep->term[t].kind);
    if (i == have->n || left[i] < y.rep->term[t].copies) return false;
    left[i] -= y.rep->term[t].copies;
  }
  return true;
}

static bool take_open(Match *m, const Ast *x, const Rep *have, uint32_t *left) {
  const Rep *k = kind_of_copies(m, x);
  if (!k) return false;
  uint32_t i = rep_find(have, k->term[0].kind);
  if (i == have->n || !left[i]) return false;
  if (x->child[0]->kind != AST_HOLE)
    bind_generic(m, open_generic(m, x->child[0]),
                 item_exact(exact_int(m->c->program->exacts, left[i]), x->child[0]->span));
  left[i] = 0;
  return true;
}

static bool take(Match *m, const Ast *x, const Rep *have, uint32_t *left, bool open) {
  if (x->kind == AST_BINARY && str_is(x->text, "+"))
    return take(m, x->child[0], have, left, open) && take(m, x->child[1], have, left, open);
  if (is_open_count(m, x)) return open ? take_open(m, x, have, left) : true;
  return open ? true : take_known(m, x, have, left);
}

static bool match_open_sum(Match *m, const Ast *x, const Rep *have) {
  uint32_t *left = arena_array(m->c->arena, uint32_t, have->n);
  for (uint32_t t = 0; t < have->n; t++) left[t] = have->term[t].copies;
  bool ok = take(m, x, have, left, false) && take(m, x, have, left, true);
  for (uint32_t t = 0; ok && t < have->n; t++) ok = !left[t];
  return ok || m->reported || differs(m, E0200, "`%.*s` is asked for, this is `%.*s`", STR(source_text(m->c, x->span)),
                                      STR(rep_of_text(m, have)));
}

static bool match_rep(Match *m, const Ast *x, const Rep *have) {
  if (x->kind == AST_HOLE) return true;
  Entry *e = m->solve ? open_generic(m, x) : NULL;
  if (e) {
    Item r = item_of(ITEM_REP, x->span);
    r.rep = have;
    bind_generic(m, e, r);
    return true;
  }
  if (is_open_sum(m, x)) return match_open_sum(m, x, have) && !m->reported;
  Item want = type_eval(m, x);
  if (m->reported) return false;
  if (want.sort == ITEM_NUMBER) {
    refuse(m->c, x->span, E0106, "a type says what its numbers are: write `%.*s scalar`",
           STR(source_text(m->c, x->span)));
    m->reported = true;
    return false;
  }
  if (want.sort != ITEM_REP) {
    refuse(m->c, x->span, E0106, "a representation is asked for, this is %s", sort_text(&want));
    m->reported = true;
    return false;
  }
  if (want.rep == have) return true;
  const Ast *count = x->kind == AST_COPIES ? x->child[0] : NULL;        /* n scalar, and n is bound already */
  bool counts = m->solve && count && is_generic(m, count) && want.rep->n == 1 && have->n == 1 &&
      want.rep->term[0].kind == have->term[0].kind;
  Str asked = counts ? asked_text(m, count, str_format(m->c->arena, "%u", want.rep->copies))
                     : asked_text(m, x, rep_of_text(m, want.rep));
  return differs(m, counts || (is_generic(m, x) && m->solve) ? E0104 : E0200, "%.*s, this is `%.*s`", STR(asked),
                 STR(rep_of_text(m, have)));
}

/* --- types ------------------------------------------------------------------------------------- */
static bool is_word(Scope *s, const Ast *x, const char *word) {
  return x->kind == AST_NAME && str_is(x->text, word) && name_is_plain(s, x->text);
}
static bool is_label(Scope *s, const Ast *x) {
  return x->kind == AST_CALL && x->n == 2 && is_word(s, x->child[0], "label");
}

/* The domain that label(D), label(n), label([...]) names. */
static const Space *label_space(Match *m, const Ast *x, const Item *of) {
  bool is;
  const Space *s = item_space(of, &is);
  if (is && s) return s;
  Arg arg = { .name = S(""), .item = *of, .at = x->span };
  Item d = builtin_find(S("labels"))->call(m->c, S("label"), &arg, 1, x->span);
  if (d.sort == ITEM_DOMAIN) return d.space;
  m->reported = true;
  return NULL;
}

static bool match_label(Match *m, const Ast *x, const Space *have) {
  const Ast *of = x->child[1]->child[0];
  Entry *e = m->solve ? open_generic(m, of) : NULL;
  if (e) {
    Item d = item_of(ITEM_DOMAIN, x->span);
    d.space = have;
    bind_generic(m, e, d);
    return true;
  }
  if (of->kind == AST_HOLE) return true;
  Item want = type_eval(m, of);
  if (m->reported) return false;
  int64_t n;
  if (item_int(&want, &n) && n > 0 && have->count == (uint64_t)n)
    return true;              /* one of n, whatever they are called */
  const Space *to = label_space(m, of, &want);
  if (!to) return false;
  return to == have || differs(m, is_generic(m, of) && m->solve ? E0104 : E0200,
                               "a label of %.*s is asked for, this is one of %.*s", STR(to->name), STR(have->name));
}

static Str type_words(Match *m, const Type *t) {
  Out o = { .arena = m->c->arena };
  type_text(t, &o);
  return out_text(&o);
}

static bool match_type(Match *m, const Ast *type, const Type *have) {
  const Ast *head = type->child[0], *on = type->n > 1 ? type->child[1] : NULL;
  if (head->kind == AST_HOLE && !on) return true;
  bool label = is_label(m->s, head), flag = is_word(m->s, head, "flag");
  What want = label ? WHAT_LABEL : flag ? WHAT_FLAG : WHAT_FIELD;
  if (want != have->what && head->kind != AST_HOLE)
    return differs(m, E0200, "`%.*s` is asked for, this is `%.*s`", STR(source_text(m->c, type->span)),
                   STR(type_words(m, have)));
  if (label && !match_label(m, head, have->to)) return false;
  if (!label && !flag && head->kind != AST_HOLE && !match_rep(m, head, have->rep) && (m->reported || !m->lenient))
    return false;
  return match_space(m, on, have->on);
}

bool type_of(Check *c, Scope *s, const Ast *type, Type *out) {
  const Ast *head = type->child[0], *on = type->n > 1 ? type->child[1] : NULL;
  Match m = { .c = c, .s = s };
  *out = (Type){ .what = WHAT_FIELD };
  if (is_word(s, head, "graph")) {
    later(c, head->span, S("graph"), "edges that come with the data", true);
    return false;
  }
  if (on) {
    Item d = type_eval(&m, on);
    bool is;
    out->on = item_space(&d, &is);
    if (m.reported) return false;
    if (!is) {
      refuse(c, on->span, E0106, "a domain is asked for behind `on`, this is %s", sort_text(&d));
      return false;
    }
  }
  if (is_word(s, head, "flag")) { out->what = WHAT_FLAG; return true; }
  if (is_label(s, head)) {
    out->what = WHAT_LABEL;
    Item d = type_eval(&m, head->child[1]->child[0]);
    if (m.reported) return false;
    out->to = label_space(&m, head->child[1]->child[0], &d);
    return out->to != NULL;
  }
  Item r = type_eval(&m, head);
  if (m.reported) return false;
  if (r.sort == ITEM_NUMBER) {
    refuse(c, head->span, E0106, "a type says what its numbers are: write `%.*s scalar`",
           STR(source_text(c, head->span)));
    return false;
  }
  if (r.sort != ITEM_REP) {
    refuse(c, head->span, E0106, "a representation is asked for, this is %s", sort_text(&r));
    return false;
  }
  out->rep = r.rep;
  return true;
}

bool type_claim(Check *c, Scope *s, const Ast *type, Item *x, Span at, bool exactly, const char *what) {
  if (x->sort == ITEM_POISON) return false;
  const Ast *head = type->child[0];
  if (head->kind == AST_HOLE && type->n < 2) return true;
  if (x->sort == ITEM_GRAPH && is_word(s, head, "graph")) return true;
  Site made = { .check = c, .word = WORD_constant, .at = place_of(c, at), .written = at, .path = S("") };
  const Value *v = item_as_value(&made, x);
  if (!v) { refuse(c, at, E0106, "%s: a value is asked for, this is %s", what, sort_text(x)); return false; }
  *x = item_value(v, x->at);
  Match m = { .c = c, .s = s, .exactly = exactly };
  if (match_type(&m, type, &v->type)) return true;
  if (!m.reported) refuse_match(&m, at, str_of(what));
  return false;
}

/* --- one parameter ----------------------------------------------------------------------------- */
typedef enum Sort { SORT_VALUE, SORT_ANY, SORT_GRAPH, SORT_INT, SORT_NUMBER, SORT_FLAG, SORT_TEXT, SORT_LIST, SORT_REP,
                    SORT_GROUP,
                    SORT_DOMAIN, SORT_LAYER } Sort;
static const struct { const char *name; Sort sort; ItemSort item; const char *asked; } KINDS[] = {
  { "int", SORT_INT, ITEM_NUMBER, "a whole number" }, { "number", SORT_NUMBER, ITEM_NUMBER, "a number" },
  { "flag", SORT_FLAG, ITEM_FLAG, "a flag" }, { "text", SORT_TEXT, ITEM_TEXT, "a text" },
      { "list", SORT_LIST, ITEM_LIST, "a list" },
  { "rep", SORT_REP, ITEM_REP, "a representation" }, { "group", SORT_GROUP, ITEM_GROUP, "a group" },
  { "domain", SORT_DOMAIN, ITEM_DOMAIN, "a domain" }, { "layer", SORT_LAYER, ITEM_LAYER, "a layer" },
};
enum { NKINDS = sizeof KINDS / sizeof KINDS[0] };

static Sort sort_of_param(Scope *s, const Ast *type) {
  const Ast *head = type->child[0], *on = type->n > 1 ? type->child[1] : NULL;
  if (head->kind == AST_HOLE && !on) return SORT_ANY;
  if (is_word(s, head, "graph")) return SORT_GRAPH;
  for (uint32_t i = 0; !on && i < NKINDS; i++)
    if (is_word(s, head, KINDS[i].name)) return KINDS[i].sort;
  return SORT_VALUE;
}

static bool wrong_kind(Check *c, const Arg *a, Str param, const char *asked) {
  refuse(c, a->at, E0106, "the argument `%.*s` is %s, this is %s", STR(param), asked, sort_text(&a->item));
  return false;
}

static bool bind_kind(Check *c, Sort sort, Str param, const Arg *a, Item *out) {
  *out = a->item;
  const Item *x = &a->item;
  int64_t i;
  if (sort == SORT_INT && x->sort == ITEM_NUMBER && !item_int(x, &i)) {
    refuse(c, a->at, E0106, "`%.*s` takes a whole number, %.*s is none", STR(param), STR(number_text(c, x)));
    return false;
  }
  if (sort == SORT_INT) return item_int(x, &i) || wrong_kind(c, a, param, "a whole number");
  if (sort == SORT_REP) {
    const Rep *r = item_rep(c, x);
    if (!r && item_int(x, &i)) {
      refuse(c, a->at, E0111, "`%.*s`: a count lies between 1 and 2^24", STR(param));
      return false;
    }
    if (!r) return wrong_kind(c, a, param, "a representation");
    *out = item_of(ITEM_REP, x->at);
    out->rep = r;
    return true;
  }
  if (sort == SORT_DOMAIN) {
    bool is;
    const Space *s = item_space(x, &is);
    if (!is) return wrong_kind(c, a, param, "a domain");
    *out = item_of(ITEM_DOMAIN, x->at);
    out->space = s;
    return true;
  }
  if (sort == SORT_FLAG && x->sort == ITEM_VALUE && x->value->type.what == WHAT_FLAG) return true;
  for (uint32_t k = 0; k < NKINDS; k++)
    if (KINDS[k].sort == sort) return x->sort == KINDS[k].item || wrong_kind(c, a, param, KINDS[k].asked);
  bug("kind %d", (int)sort);
}

typedef struct Binding { Check *c; const Header *h; Scope *s; Span at; } Binding;

static bool bind_value(Binding *b, const Ast *param, const Arg *a, Item *out) {
  Check *c = b->c;
  Site made = { .check = c, .word = WORD_constant, .at = place_of(c, a->at), .written = a->at, .path = S("") };
  if (a->item.sort != ITEM_VALUE && !c->model) {
    refuse(c, b->at, E0106, "values stand in models and layers only");
    return false;
  }
  const Value *v = item_as_value(&made, &a->item);
  if (!v) return wrong_kind(c, a, param->text, "a value");
  *out = item_value(v, a->item.at);
  bool word_says = b->h->word && (b->h->which == WORD_softmax || b->h->which == WORD_scale);
  Match m = { .c = c, .s = b->s, .param = param->text, .solve = true,
              .lenient = word_says || (b->h->word && b->h->which == WORD_grad) };
  if (match_type(&m, param->child[0], &v->type)) return true;
  if (!m.reported)
    refuse_match(&m, m.code == E0104 ? b->at : a->at,
                 str_format(c->arena, "`%.*s` of `%.*s`", STR(param->text), STR(b->h->name)));
  return false;
}

static bool bind_graph(Binding *b, const Ast *param, const Arg *a, Item *out) {
  if (a->item.sort != ITEM_GRAPH) return wrong_kind(b->c, a, param->text, "a graph");
  *out = a->item;
  const Ast *type = param->child[0];
  Match m = { .c = b->c, .s = b->s, .param = param->text, .solve = true };
  if (match_space(&m, type->n > 1 ? type->child[1] : NULL, a->item.space->base)) return true;
  if (!m.reported)
    refuse(b->c, m.code == E0104 ? b->at : a->at, m.code == E0104 ? E0104 : E0202, "`%.*s` of `%.*s`: %.*s",
           STR(param->text), STR(b->h->name), STR(m.text));
  return false;
}

static bool bind_param(Binding *b, uint32_t i, const Arg *a) {
  const Ast *param = b->h->params->child[i];
  Entry *e = &b->s->entry.at[b->h->generics->n + i];
  Sort sort = sort_of_param(b->s, param->child[0]);
  Item x = a->item;
  bool ok = x.sort == ITEM_NONE || sort == SORT_ANY ? true : sort == SORT_GRAPH ? bind_graph(b, param, a, &x)
          : sort == SORT_VALUE ? bind_value(b, param, a, &x) : bind_kind(b->c, sort, param->text, a, &x);
  e->item = ok ? x : item_poison(a->at);
  e->bound = true;
  return ok;
}

/* --- headers: every generic is bound by a parameter -------------------------------------------- */
static bool is_name(const Ast *x, Str name) { return x && x->kind == AST_NAME && str_equal(x->text, name); }

static bool binds_rep(const Ast *x, Str name) {
  if (x->kind == AST_BINARY && str_is(x->text, "+"))
    return binds_rep(x->child[0], name) || binds_rep(x->child[1], name);
  return x->kind == AST_COPIES && is_name(x->child[0], name);
}

static bool binds(const Ast *type, Str name) {
  const Ast *head = type->child[0], *on = type->n > 1 ? type->child[1] : NULL;
  if (is_name(on, name) || is_name(head, name) || binds_rep(head, name)) return true;
  return head->kind == AST_CALL && head->n == 2 && is_name(head->child[1]->child[0], name);
}

static bool some_param_binds(const Header *h, Str name) {
  for (uint32_t p = 0; p < h->params->n; p++)
    if (binds(h->params->child[p]->child[0], name)) return true;
  return false;
}

/* --- all of them ------------------------------------------------------------------------------- */
static void open_scope(Check *c, const Header *h, Scope *s) {
  for (uint32_t i = 0; i < h->generics->n + h->params->n; i++) {
    bool generic = i < h->generics->n;
    const Ast *x = generic ? h->generics->child[i] : h->params->child[i - h->generics->n];
    Span at = generic ? x->span : x->word;
    bool lost = generic && !some_param_binds(h, x->text);     /* header_check has said so                  */
    vec_push(c->arena, &s->entry, (Entry){ .name = x->text, .sort = generic ? ENTRY_GENERIC : ENTRY_PARAM, .at = at,
                                           .item = item_poison(at), .bound = lost });
    table_put(c->arena, &s->by_name, x->text, i);
    if (!generic) mention_add(c, x->text, at);
  }
}

static uint32_t param_named(const Header *h, Str name) {
  uint32_t i = 0;
  while (i < h->params->n && !str_equal(h->params->child[i]->text, name)) i++;
  return i;
}

/* given[i]: the argument of parameter i, or NULL. */
static bool assign(Check *c, const Header *h, const Arg *arg, uint32_t nargs, Span at, const Arg **given) {
  uint32_t n = h->params->n, next = 0;
  for (uint32_t i = 0; i < nargs; i++) {
    uint32_t k = arg[i].name.n ? param_named(h, arg[i].name) : next++;
    if (arg[i].name.n && k == n) {
      Near near = near_to(arg[i].name);
      for (uint32_t p = 0; p < n; p++) nearer_or_part(&near, h->params->child[p]->text);
      refuse(c, arg[i].at, E0105, "`%.*s` has no argument called `%.*s`%.*s", STR(h->name), STR(arg[i].name),
             STR(near_text(c, &near)));
      return false;
    }
    if (k >= n) {
      refuse(c, arg[i].at, E0105, "`%.*s` takes %u argument%s, this is one more", STR(h->name), n, n == 1 ? "" : "s");
      return false;
    }
    if (given[k]) {
      refuse(c, arg[i].at, E0105, "`%.*s` of `%.*s` is given twice", STR(h->params->child[k]->text), STR(h->name));
      return false;
    }
    given[k] = &arg[i];
  }
  for (uint32_t k = 0; k < n; k++)
    if (!given[k] && (h->params->child[k]->n < 2 || !h->params->child[k]->child[1])) {
      refuse(c, at, E0105, "`%.*s` of `%.*s` is missing", STR(h->params->child[k]->text), STR(h->name));
      return false;
    }
  return true;
}

bool bind_args(Check *c, const Header *h, Scope *callee, const Arg *arg, uint32_t nargs, Span at) {
  uint32_t n = h->params->n;
  const Arg **given = arena_array(c->arena, const Arg *, n);
  if (!assign(c, h, arg, nargs, at, given)) return false;
  open_scope(c, h, callee);
  Binding b = { c, h, callee, at };
  bool ok = true;
  for (int values = 0; values < 2; values++)                  /* kinds and graphs, then values */
    for (uint32_t i = 0; i < n && ok; i++)
      if (given[i] && (sort_of_param(callee, h->params->child[i]->child[0]) == SORT_VALUE) == values)
        ok = bind_param(&b, i, given[i]);
  return ok;
}

bool bind_defaults(Check *c, const Header *h, Scope *callee, Span at) {
  Binding b = { c, h, callee, at };
  for (uint32_t i = 0; i < h->params->n; i++) {
    const Ast *param = h->params->child[i];
    if (callee->entry.at[h->generics->n + i].bound) continue;
    bool none = h->word && param->child[1]->kind == AST_NAME && str_is(param->child[1]->text, "none");
    Item x = none ? item_of(ITEM_NONE, at) : eval(c, callee, param->child[1]);
    if (x.sort == ITEM_POISON) return false;
    Arg a = { .name = param->text, .item = x, .at = h->word ? at : param->child[1]->span };
    if (!bind_param(&b, i, &a)) return false;
  }
  return true;
}

void header_check(Check *c, const Header *h, Module *m) {
  Module *before = c->names->module;
  c->names->module = m;
  Table seen = { 0 };
  for (uint32_t i = 0; i < h->generics->n + h->params->n; i++) {
    bool generic = i < h->generics->n;
    const Ast *x = generic ? h->generics->child[i] : h->params->child[i - h->generics->n];
    uint32_t k;
    if (!str_is(x->text, "_") && table_find(&seen, x->text, &k))
      refuse(c, generic ? x->span : x->word, E0102, "`%.*s` is declared twice in this header", STR(x->text));
    table_put(c->arena, &seen, x->text, i);
    if (!generic) continue;
    if (some_param_binds(h, x->text)) continue;
    Why why = { .arena = c->arena };
    why_help(&why,
        "a parameter binds it: `x: %.*s on D`, `x: %.*s scalar` or `%.*s: int`; sums and products of names are "
             "checked, not solved", STR(x->text), STR(x->text), STR(x->text));
    why_no(&why, E0104, "no parameter binds `%.*s`", STR(x->text));
    refuse_why(c, x->span, &why);
  }
  c->names->module = before;
}
