/* ast.c: names, check and dump of the tree, all three by the rows of ast.def.
 *
 * A row lists the children of its kind: `expr` one, `init?` one or NULL, `item...` any number. Each word stands
 * for a set of kinds (the table below); an ERROR node, what did not parse, may stand anywhere. All functions
 * recurse: the parser bounds the height of a tree (PARSE_HEIGHT). */
#include "front/ast.h"

static const struct { const char *name, *text, *children; } rows[] = {
#define AST(kind, text, children) { #kind, text, children },
#include "front/ast.def"
#undef AST
};

#define BIT(kind) ((uint64_t)1 << AST_##kind)
static_assert(AST_KINDS <= 64, "a set of kinds is 64 bits");
#define EXPR (BIT(NAME) | BIT(INT) | BIT(DECIMAL) | BIT(IRREP) | BIT(TEXT) | BIT(HOLE) | BIT(LIST) | BIT(NEG) | BIT(BINARY) | \
              BIT(PIPE) | BIT(COPIES) | BIT(OF) | BIT(CALL) | BIT(INDEX) | BIT(MEMBER))
#define ITEM (BIT(USE) | BIT(LET_ITEM) | BIT(GROUP) | BIT(REP) | BIT(DOMAIN) | BIT(LAYER) | BIT(MODEL) | BIT(KERNEL) | BIT(TRAIN))
#define STMT (BIT(LET) | BIT(LET_TYPED) | BIT(VAR) | BIT(PARAM_STMT) | BIT(REPEAT) | BIT(CLAIM) | BIT(BREAK) | BIT(ASSUME) | \
              BIT(ASSIGN) | BIT(VALUES))

/* What a word of ast.def's third column may be. A row under a kind's name holds for that kind only. */
static const struct { AstKind of; const char *word; uint64_t kinds; } words[] = {
  { AST_GROUP, "definition", EXPR | BIT(MATRICES) | BIT(PERMS) | BIT(ALGEBRA) },
  { AST_REP, "definition", EXPR | BIT(MATRICES) },
  { AST_REP, "of", BIT(NAME) },
  { AST_DEFINE, "value", EXPR | BIT(CYCLES) },
  { AST_COPIES, "kind", BIT(NAME) | BIT(CALL) | BIT(IRREP) },
  { AST_PIPE, "right", BIT(NAME) | BIT(MEMBER) | BIT(CALL) },
  { AST_TYPE, "rep", EXPR },
  { AST_CALL, "arg", BIT(ARG) },
  { AST_KINDS, "item", ITEM },
  { AST_KINDS, "source", BIT(NAME) | BIT(TEXT) },
  { AST_KINDS, "generics", BIT(GENERICS) },
  { AST_KINDS, "params", BIT(PARAMS) },
  { AST_KINDS, "param", BIT(PARAM) },
  { AST_KINDS, "results", BIT(RESULTS) },
  { AST_KINDS, "result", BIT(TYPE) | BIT(RESULT) },
  { AST_KINDS, "block", BIT(BLOCK) },
  { AST_KINDS, "define", BIT(DEFINE) },
  { AST_KINDS, "matrices", BIT(MATRICES) },
  { AST_KINDS, "components", BIT(MATRICES) },
  { AST_KINDS, "cycle", BIT(CYCLE) },
  { AST_KINDS, "int", BIT(INT) },
  { AST_KINDS, "name", BIT(NAME) },
  { AST_KINDS, "type", BIT(TYPE) },
  { AST_KINDS, "stmt", STMT },
  { AST_KINDS, "names", BIT(NAMES) },
  { AST_KINDS, "exprs", BIT(EXPRS) },
};

const char *ast_name(AstKind kind) {
  assert(kind < AST_KINDS);
  return rows[kind].name;
}

/* expr, default, init, on, at, left, ...: a word that the table does not know is an expression. */
static uint64_t kinds_of(AstKind of, Str word) {
  for (size_t i = 0; i < sizeof words / sizeof *words; i++)
    if ((words[i].of == of || words[i].of == AST_KINDS) && str_is(word, words[i].word)) return words[i].kinds;
  return EXPR;
}

/* Takes the next word off a row, and its mark: '?', '.' (any number) or ' ' (one). */
static Str next_word(const char **row, char *mark) {
  const char *at = *row;
  while (*at == ' ') at++;
  const char *end = at;
  while (*end && *end != ' ' && *end != '?' && *end != '.') end++;
  *mark = *end ? *end : ' ';
  *row = end;
  while (**row == '?' || **row == '.') ++*row;
  return (Str){ at, (uint32_t)(end - at) };
}

static bool child_verify(const Ast *x, uint32_t i, Str word, bool optional, Why *why) {
  const Ast *c = x->child[i];
  if (!c) return optional || why_no(why, E0002, "%s: child %u, %.*s, is missing", ast_name(x->kind), i, STR(word));
  if (c->kind >= AST_KINDS) return why_no(why, E0002, "%s: child %u has no kind", ast_name(x->kind), i);
  if (c->kind != AST_ERROR && !(kinds_of(x->kind, word) >> c->kind & 1))
    return why_no(why, E0002, "%s: child %u is %s, not %.*s", ast_name(x->kind), i, ast_name(c->kind), STR(word));
  if (c->span.source != x->span.source || c->span.from < x->span.from || c->span.to > x->span.to)
    return why_no(why, E0002, "%s: child %u, %s, stands outside of it", ast_name(x->kind), i, ast_name(c->kind));
  return ast_verify(c, why);
}

bool ast_verify(const Ast *x, Why *why) {
  if (x->kind >= AST_KINDS) return why_no(why, E0002, "a node without a kind");
  const char *name = ast_name(x->kind), *text = rows[x->kind].text, *row = rows[x->kind].children;
  bool may_be_empty = !*text || x->kind == AST_TEXT || x->kind == AST_ARG;
  if (!*text && x->text.n) return why_no(why, E0002, "%s has a text", name);
  if (!may_be_empty && !x->text.n) return why_no(why, E0002, "%s has no text", name);
  if (x->word.from < x->span.from || x->word.to > x->span.to)
    return why_no(why, E0002, "%s: its word stands outside of it", name);
  uint32_t i = 0;
  while (*row) {
    char mark;
    Str word = next_word(&row, &mark);
    if (mark == '.') {
      for (; i < x->n; i++)
        if (!child_verify(x, i, word, false, why)) return false;
    } else {
      if (i == x->n) return why_no(why, E0002, "%s: %u children, %.*s is missing", name, x->n, STR(word));
      if (!child_verify(x, i++, word, mark == '?', why)) return false;
    }
  }
  return i == x->n || why_no(why, E0002, "%s: %u children, %u are known", name, x->n, i);
}

static void dump(const Ast *x, uint32_t indent, Out *out) {
  out_printf(out, "%*s", (int)(2 * indent), "");
  if (!x) { out_printf(out, "-\n"); return; }
  out_printf(out, "%s", ast_name(x->kind));
  if (x->kind == AST_TEXT) {
    out_printf(out, " \"");
    for (uint32_t i = 0; i < x->text.n; i++) {
      char c = x->text.at[i];
      if (c == '\n') out_printf(out, "\\n");
      else if (c == '"' || c == '\\') out_printf(out, "\\%c", c);
      else out_str(out, (Str){ &x->text.at[i], 1 });
    }
    out_printf(out, "\"");
  } else if (x->text.n) {
    out_printf(out, " %.*s", STR(x->text));
  }
  out_printf(out, "\n");
  for (uint32_t i = 0; i < x->n; i++) dump(x->child[i], indent + 1, out);
}

void ast_dump(const Ast *x, Out *out) { dump(x, 0, out); }
