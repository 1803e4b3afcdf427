/* parse.c: a text to its tree, through lexer, layout and grammar; and what the grammar's actions build.
 *
 * Reads one source, returns a FILE node, reports E0001 and E0002. Section 2 of spec.md. One error a mistake:
 * before each token the grammar is asked whether it fits. If not, it is reported, and what follows is skipped up
 * to the end of the statement, or to the block that a broken head has; then Lemon pops its stack to the last
 * statement or declaration and goes on. A statement that has had its error says nothing more, `quiet`.
 * The height of the tree is bounded (PARSE_HEIGHT), so whoever walks it may recurse: a subtree that would be
 * higher is reported, and replaced by an ERROR node. */
#include "front/parse.h"
#include "grammar.h"

/* --- nodes --- */
typedef struct Grown {              /* a node with what only the parser needs to know of it        */
  Ast ast;
  uint32_t height;                  /* 1 + that of its highest child                               */
  bool parens;                      /* it was written (x): no name any more, left of a `=`         */
} Grown;

static uint32_t height(const Ast *x) { return x ? ((const Grown *)x)->height : 0; }
static bool in_parens(const Ast *x) { return ((const Grown *)x)->parens; }

Str parse_text(const Parse *p, Span at) { return (Str){ p->text.at + at.from, at.to - at.from }; }

Diag *parse_report(Parse *p, Code code, Span at, const char *format, ...) {
  if (p->nreports++ >= PARSE_REPORTS) return arena_one(p->scratch, Diag);
  va_list args;
  va_start(args, format);
  Str message = str_format_list(p->diags->arena, format, args);
  va_end(args);
  return diag_add(p->diags, code, at, "%.*s", STR(message));
}

static Ast *leaf(Parse *p, AstKind kind, Span at) {
  Grown *x = arena_one(p->arena, Grown);
  *x = (Grown){ { .kind = kind, .span = at, .word = at }, 1, false };
  return &x->ast;
}

Ast *parse_node(Parse *p, AstKind kind, Span from, Span to, Token word, uint32_t n, const Ast **child) {
  uint32_t highest = 0;
  Span span = span_join(from, to);
  for (uint32_t i = 0; i < n; i++) {
    if (child[i]) span = span_join(span, child[i]->span);
    if (height(child[i]) > highest) highest = height(child[i]);
  }
  if (highest >= PARSE_HEIGHT) {
    if (!p->tall)
      parse_report(p, E0002, word.kind ? word.span : span, "more than %d operators or brackets, one around the other",
                   PARSE_HEIGHT)->help = S("give a part a name of its own with `let`");
    p->tall = true;
    return leaf(p, AST_ERROR, span);
  }
  Ast *x = leaf(p, kind, span);
  ((Grown *)x)->height = highest + 1;
  if (word.kind) { x->word = word.span; x->text = parse_text(p, word.span); }
  x->n = n;
  x->child = arena_array(p->arena, const Ast *, n);
  if (n) memcpy(x->child, child, n * sizeof *child);
  return x;
}

Ast *parse_nodes(Parse *p, AstKind kind, Span from, Span to, const AstList *list) {
  if (!list) return leaf(p, kind, span_join(from, to));
  return parse_node(p, kind, from, span_join(to, list->close), NO_WORD, list->n, list->at);
}

Ast *parse_leaf(Parse *p, AstKind kind, Token word) {
  Ast *x = leaf(p, kind, word.span);
  if (kind != AST_ERROR && kind != AST_HOLE) x->text = parse_text(p, word.span);
  return x;
}

Ast *parse_error(Parse *p) { return leaf(p, AST_ERROR, p->broken); }

Ast *parse_unescaped(Parse *p, Token text) {
  Ast *x = leaf(p, AST_TEXT, text.span);
  Str raw = parse_text(p, text.span);
  char *at = arena_array(p->arena, char, raw.n);
  uint32_t n = 0;
  for (uint32_t i = 1; i + 1 < raw.n; i++) {
    char c = raw.at[i];
    if (c == '\\') c = raw.at[++i] == 'n' ? '\n' : raw.at[i];
    at[n++] = c;
  }
  x->text = (Str){ at, n };
  return x;
}

AstList *parse_list(Parse *p, AstList *list, const Ast *next) {
  if (!list) list = arena_one(p->scratch, AstList);
  vec_push(p->scratch, list, next);
  return list;
}

AstList *parse_close(AstList *list, Token close) {
  list->close = close.span;
  return list;
}

/* (x) is x: its span grows by the parentheses, its word stays. */
Ast *parse_parens(Parse *p, Token open, Ast *x, Token close) {
  (void)p;
  if (!x->text.n) x->word = span_join(open.span, close.span);
  x->span = span_join(open.span, close.span);
  ((Grown *)x)->parens = true;
  return x;
}

Ast *parse_call(Parse *p, const Ast *callee, const AstList *args, Token close) {
  uint32_t n = 1 + (args ? args->n : 0);
  const Ast **child = arena_array(p->scratch, const Ast *, n);
  child[0] = callee;
  if (args) memcpy(child + 1, args->at, args->n * sizeof *child);
  return parse_node(p, AST_CALL, callee->span, close.span, NO_WORD, n, child);
}

Ast *parse_pipe(Parse *p, const Ast *left, const Ast *right) {     /* [grammar.2]                     */
  bool fits = right->kind == AST_NAME || right->kind == AST_CALL || right->kind == AST_MEMBER ||
              right->kind == AST_ERROR;
  if (!fits || in_parens(right)) {
    parse_report(p, E0002, right->span, "the right side of `|>` is a name or a call")->help =
      S("`x |> f(a)` is `f(x, a)`, and `x |> f` is `f(x)`");
    right = leaf(p, AST_ERROR, right->span);
  }
  return parse_node(p, AST_PIPE, left->span, right->span, NO_WORD, ROW(left, right));
}

static Ast *bind(Parse *p, AstKind kind, Span from, const AstList *names, const AstList *exprs) {
  const Ast *left = parse_nodes(p, AST_NAMES, NO_WORD.span, NO_WORD.span, names);
  const Ast *right = parse_nodes(p, AST_EXPRS, NO_WORD.span, NO_WORD.span, exprs);
  return parse_node(p, kind, from, from, NO_WORD, ROW(left, right));
}

Ast *parse_binding(Parse *p, AstKind kind, Token word, const AstList *names, const AstList *exprs) {
  return bind(p, kind, word.span, names, exprs);
}

Ast *parse_assign(Parse *p, const AstList *left, const AstList *right) {     /* [grammar.4]           */
  bool reported = false;
  for (uint32_t i = 0; i < left->n; i++) {
    const Ast *x = left->at[i];
    if ((x->kind == AST_NAME && !in_parens(x)) || x->kind == AST_ERROR) continue;
    if (!reported) parse_report(p, E0002, x->span, "left of `=` stand names only");
    reported = true;
    left->at[i] = leaf(p, AST_ERROR, x->span);
  }
  return bind(p, AST_ASSIGN, NO_WORD.span, left, right);
}

Ast *parse_values(Parse *p, const AstList *exprs) {
  const Ast *x = parse_nodes(p, AST_EXPRS, NO_WORD.span, NO_WORD.span, exprs);
  return parse_node(p, AST_VALUES, x->span, x->span, NO_WORD, ROW(x));
}

void parse_file(Parse *p, const AstList *items) {
  p->file = parse_nodes(p, AST_FILE, (Span){ p->source, 0, p->text.n }, NO_WORD.span, items);
}

void parse_overflow(Parse *p) { p->overflow = true; }

/* --- what a message says of tokens --- */
typedef enum Listed { NOT, ITSELF, START, VALUE, OPERATOR, STATEMENT, DECLARATION } Listed;
static const struct { uint16_t kind; const char *written; Listed listed; } tokens_known[] = {
#define TOKEN(name, written, newline, listed) { T_##name, written, listed },
#include "../../lang/tokens.def"
#undef TOKEN
};
enum { KNOWN = sizeof tokens_known / sizeof *tokens_known };

static bool fits(const void *grammar, int kind) { return grammar_accepts(grammar, kind == T_END ? 0 : kind); }

static bool begins_value(int kind) {
  return kind == T_NAME || kind == T_INT || kind == T_DECIMAL || kind == T_IRREP || kind == T_TEXT || kind == T_HOLE ||
         kind == T_LPAREN || kind == T_LBRACK;
}

/* "an operator, `,` or the end of the statement": what would fit, classes by one word. */
static Str expected(Parse *p, const void *grammar) {
  bool value = fits(grammar, T_HOLE), operator = fits(grammar, T_PLUS), pipe = fits(grammar, T_PIPE);
  const char *name[KNOWN + 4];
  uint32_t n = 0;
  if (fits(grammar, T_DOMAIN)) name[n++] = "a declaration (use, let, group, rep, domain, layer, model, kernel, train)";
  else if (fits(grammar, T_REPEAT)) name[n++] = "a statement";
  else if (value) name[n++] = "a value";
  else if (operator) name[n++] = "an operator";
  else if (pipe) name[n++] = "`|>`";
  for (uint32_t i = 0; i < KNOWN; i++) {
    Listed listed = tokens_known[i].listed;
    if (listed != ITSELF && (listed != START || value || pipe)) continue;
    if (tokens_known[i].kind == T_RBRACE && fits(grammar, T_SEP)) continue;     /* it ends a statement, too  */
    if (fits(grammar, tokens_known[i].kind)) name[n++] = tokens_known[i].written;
  }
  Out o = { p->diags->arena, { 0 } };
  for (uint32_t i = 0; i < n; i++) out_printf(&o, "%s%s", !i ? "expected " : i + 1 < n ? ", " : " or ", name[i]);
  return out_text(&o);
}

/* The token as a message shows it; long ones are cut. */
static Str shown(const Parse *p, Token t) {
  Str s = parse_text(p, t.span);
  if (s.n <= 40) return str_format(p->diags->arena, "`%.*s`", STR(s));
  return str_format(p->diags->arena, "`%.*s...`", 37, s.at);
}

static Listed listed(int kind) {
  for (uint32_t i = 0; i < KNOWN; i++)
    if (tokens_known[i].kind == kind) return tokens_known[i].listed;
  bug("token %d", kind);
}

static bool reserved(int kind) {
  return listed(kind) == STATEMENT || listed(kind) == DECLARATION || kind == T_ON || kind == T_OF;
}

static void report_unexpected(Parse *p, const void *grammar, const Tokens *tokens, uint32_t i) {
  Token t = tokens->at[i], before = tokens->at[i - 1];
  Diag *x;
  bool ends = (t.kind == T_SEP && t.span.from == t.span.to) || (t.kind == T_RBRACE && t.first &&
      before.kind != T_LBRACE);
  if (t.kind == T_END || ends) {
    x = parse_report(p, E0002, (Span){ t.span.source, before.span.to, before.span.to },
        "the %s ends too early, behind %.*s",
                     t.kind == T_END ? "file" : "line", STR(shown(p, before)));
  } else if (listed(t.kind) == OPERATOR && fits(grammar, T_PIPE) && !fits(grammar, T_PLUS)) {   /* [grammar.2] */
    x = parse_report(p, E0002, t.span, "%.*s behind `|>`: write `(x |> f) %.*s y`", STR(shown(p, t)),
                     STR(parse_text(p, t.span)));
    x->help = S("the right side of `|>` is a name or a call, and ends the expression");
    return;
  } else if (fits(grammar, T_DOMAIN)) {
    x = parse_report(p, E0002, t.span, "%.*s begins no declaration", STR(shown(p, t)));
  } else if (reserved(t.kind) && fits(grammar, T_NAME)) {
    x = parse_report(p, E0002, t.span, "%.*s is a reserved word", STR(shown(p, t)));
  } else {
    x = parse_report(p, E0002, t.span, "%.*s does not fit behind %.*s", STR(shown(p, t)), STR(shown(p, before)));
    if (before.kind == T_NAME && begins_value(t.kind) && fits(grammar, T_EQ) &&
        (tokens->at[i - 2].kind == T_SEP || tokens->at[i - 2].kind == T_LBRACE))
      x->help = str_format(p->diags->arena, "`%.*s = %.*s`?", STR(parse_text(p, before.span)),
          STR(parse_text(p, t.span)));
  }
  x->label = expected(p, grammar);
  bool argument = fits(grammar, T_RPAREN) && fits(grammar, T_PLUS);
  if (!x->help.n && t.kind != T_END && !ends) x->help = parse_hint(p, tokens, i, fits(grammar, T_DOMAIN), argument);
}

/* --- the parse --- */
/* Where a statement at this depth can end behind token i, or its block begin. */
static uint32_t resume_at(const Tokens *tokens, uint32_t i, uint32_t depth) {
  for (;; i++) {
    const Token *t = &tokens->at[i];
    if (t->kind == T_END) return i;
    if (t->kind == T_SEP && t->depth == depth) return i;
    if (t->kind == T_LBRACE && t->depth == depth) return i;
    if (t->kind == T_RBRACE && t->depth < depth) return i;
  }
}

static void drive(Parse *p, const Tokens *tokens) {
  void *grammar = grammar_new(p);
  bool quiet[PARSE_NESTING + 2] = { 0 };      /* by depth: the statement there has had its error     */
  uint32_t depth = 0;
  for (uint32_t i = 0; !p->overflow; i++) {
    Token t = tokens->at[i];
    if (t.silent) quiet[t.depth] = true;
    if (!fits(grammar, t.kind)) {
      if (!quiet[depth] && !t.silent) report_unexpected(p, grammar, tokens, i);
      quiet[depth] = true;
      p->broken = t.span;
      i = resume_at(tokens, i, depth);
      t = tokens->at[i];
    }
    if (t.kind == T_END) {
      if (!fits(grammar, T_END)) grammar_take(grammar, T_SEP, t);
      grammar_take(grammar, 0, t);
      return;
    }
    grammar_take(grammar, t.kind, t);         /* what does not fit still makes Lemon pop its stack   */
    if (t.kind == T_LBRACE) quiet[++depth] = false;
    if (t.kind == T_RBRACE) depth--;
    if (t.kind == T_SEP) { quiet[depth] = false; p->tall = false; }
  }
  parse_report(p, E0002, tokens->at[0].span, "nested too deep");
}

const Ast *ast_parse(Arena *arena, Diags *diags, uint32_t source) {
  Arena scratch = { 0 };
  Parse p = { .arena = arena, .scratch = &scratch, .diags = diags, .source = source,
              .text = diags->sources->all.at[source - 1]->text };
  Tokens words = lex(&p);
  Tokens tokens = layout(&p, &words);
  drive(&p, &tokens);
  if (!p.file) parse_file(&p, NULL);
  arena_free(&scratch);
  return p.file;
}
