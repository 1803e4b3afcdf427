/* layout.c: lines and brackets. Reads the words of a file, returns the tokens that the grammar takes.
 *
 * Clauses [text.3], [text.5], [text.6] and [grammar.5] of spec.md:
 *   - a newline becomes SEP where it ends a statement, `;` does always; several make one SEP;
 *   - `use`, `model`, `matrices`, ... become tokens of their own where they open a declaration;
 *   - [text.6] `(`, `[` and `{` are matched. What is missing is reported once, at the bracket that is not closed, and
 *     made up as a silent token; what closes nothing is reported and dropped. So the grammar sees matching
 *     brackets only, and a mistake in one statement stays there.
 * Where a file has more `(`, `[` or `{` than it closes, a line that begins at its first column with a word and a
 * name that open a declaration closes them all: a guess, tried only when the file is wrong anyway.
 * Elsewhere: what may follow what (grammar.y). */
#include "front/parse.h"
#include "grammar.h"

enum { ENDS, GOES_ON };
static const uint8_t newline_behind[] = {
#define TOKEN(name, written, newline, listed) [T_##name] = newline,
#include "../../lang/tokens.def"
#undef TOKEN
};

static const struct { const char *word; uint16_t kind; } openers[] = {
  { "use", T_USE },     { "group", T_GROUP }, { "rep", T_REP },       { "domain", T_DOMAIN },
  { "layer", T_LAYER }, { "model", T_MODEL }, { "kernel", T_KERNEL }, { "train", T_TRAIN },
}, generators[] = {
  { "matrices", T_MATRICES }, { "permutations", T_PERMUTATIONS }, { "algebra", T_ALGEBRA },
  { "components", T_COMPONENTS },
};

typedef struct Open {
  uint16_t kind;
  uint32_t token;                   /* where it stands in `out`                                    */
  uint32_t nesting, run;            /* what they were outside of it                                */
} Open;

typedef struct Layout {
  Parse *p;
  Tokens out;
  vec(Open) open;
  uint16_t depth;                   /* `{` among the open ones                                     */
  uint32_t nesting;                 /* brackets open, and the runs around them                     */
  uint32_t run;                     /* prefix `-`, `^`, `break` since the last thing that ends one */
  uint32_t line;                    /* where the line's first token stands in `out`                */
  uint32_t made_up[2];              /* `)`, `]` made up: the late ones are dropped without a word  */
  uint32_t closed;                  /* in `out`, behind the last `}` of a declaration; 0: none     */
  bool opened;                      /* since then a declaration began                              */
  bool unbalanced;
} Layout;

static bool opens(int kind) { return kind == T_LPAREN || kind == T_LBRACK || kind == T_LBRACE; }
static bool closes(int kind) { return kind == T_RPAREN || kind == T_RBRACK || kind == T_RBRACE; }
static uint16_t closer(int open) { return open == T_LPAREN ? T_RPAREN : open == T_LBRACK ? T_RBRACK : T_RBRACE; }
static char sign(int kind) {
  switch (kind) {
  case T_LPAREN: return '(';
  case T_RPAREN: return ')';
  case T_LBRACK: return '[';
  case T_RBRACK: return ']';
  case T_LBRACE: return '{';
  default: return '}';
  }
}

static int innermost(const Layout *l) { return l->open.n ? l->open.at[l->open.n - 1].kind : T_LBRACE; }
static bool in_parens(const Layout *l) { return innermost(l) != T_LBRACE; }
static const Token *last(const Layout *l) { return &l->out.at[l->out.n - 1]; }
/* A place behind the last token: where what is missing is missing. */
static Span behind(const Layout *l) {
  Span at = last(l)->span;
  return (Span){ at.source, at.to, at.to };
}

static void emit(Layout *l, Token t) {
  t.depth = l->depth;
  vec_push(l->p->scratch, &l->out, t);
}

static void emit_sep(Layout *l, Span at) {
  if (last(l)->kind != T_SEP) emit(l, (Token){ .kind = T_SEP, .span = at });
}

static void push(Layout *l, Token t) {
  emit(l, t);
  vec_push(l->p->scratch, &l->open, (Open){ t.kind, l->out.n - 1, l->nesting, l->run });
  l->nesting += l->run + 1;
  l->run = 0;
  l->depth = (uint16_t)(l->depth + (t.kind == T_LBRACE));
}

static void pop(Layout *l, Token t) {
  Open x = l->open.at[--l->open.n];
  l->nesting = x.nesting;
  l->run = x.run;
  l->depth = (uint16_t)(l->depth - (x.kind == T_LBRACE));
  t.kind = closer(x.kind);
  emit(l, t);
  if (!l->open.n && t.kind == T_RBRACE) { l->closed = l->out.n; l->opened = false; }
}

/* Makes up what closes the innermost bracket; its statement is not trusted any more. */
static void pop_silently(Layout *l) {
  Open x = l->open.at[l->open.n - 1];
  l->out.at[x.token].silent = true;
  if (x.kind != T_LBRACE) l->made_up[x.kind == T_LBRACK]++;
  pop(l, (Token){ .silent = true, .span = behind(l) });
}

static void report_unclosed(Layout *l, Token found) {
  Open x = l->open.at[l->open.n - 1];
  Diag *d = parse_report(l->p, E0002, l->out.at[x.token].span, "`%c` is not closed", sign(x.kind));
  d->label = str_format(l->p->diags->arena, "`%c` is missing", sign(closer(x.kind)));
  if (found.kind == T_END) diag_note(l->p->diags, d, (Span){ 0 }, "the file ends before it");
  else diag_note(l->p->diags, d, found.span, "`%.*s` comes before it", STR(parse_text(l->p, found.span)));
}

/* Closes what is open until `n` brackets are; the innermost is reported, as one mistake. */
static void close_down_to(Layout *l, uint32_t n, Token found) {
  if (l->open.n > n) report_unclosed(l, found);
  while (l->open.n > n) pop_silently(l);
}

/* `}` outside of all braces: what stands between it and the `}` before it was meant to be inside. */
static void stray_brace(Layout *l, Token t) {
  Diag *d = parse_report(l->p, E0002, t.span, "`}` closes nothing");
  if (l->closed && !l->opened) {
    diag_note(l->p->diags, d, l->out.at[l->closed - 1].span, "the block is closed here already");
    l->out.n = l->closed;
  }
}

static void close(Layout *l, Token t) {
  uint32_t n = l->open.n;             /* what it closes is open.at[n - 1]; not across a brace        */
  while (n && l->open.at[n - 1].kind != T_LBRACE && closer(l->open.at[n - 1].kind) != t.kind) n--;
  bool found = n && closer(l->open.at[n - 1].kind) == t.kind;
  if (found) {
    close_down_to(l, n, t);
    pop(l, t);
    return;
  }
  if (t.kind == T_RBRACE) { stray_brace(l, t); return; }
  uint32_t *late = &l->made_up[t.kind == T_RBRACK];
  if (*late) { --*late; return; }
  if (in_parens(l)) {                 /* f(x]: taken for the one that was meant                      */
    Open x = l->open.at[l->open.n - 1];
    Diag *d = parse_report(l->p, E0002, t.span, "`%c` does not close `%c`", sign(t.kind), sign(x.kind));
    diag_note(l->p->diags, d, l->out.at[x.token].span, "`%c` stands here", sign(x.kind));
    l->made_up[x.kind == T_LBRACK]++;
    pop(l, t);
    return;
  }
  parse_report(l->p, E0002, t.span, "`%c` closes nothing", sign(t.kind));
}

/* --- [text.3] words reserved by their place --- */
static uint16_t opener(const Layout *l, const Token *t) {     /* 0: it is none                         */
  if (l->open.n || t->kind != T_NAME || !(t->first || last(l)->kind == T_SEP)) return 0;
  Str word = parse_text(l->p, t->span);
  for (size_t i = 0; i < sizeof openers / sizeof *openers; i++)
    if (str_is(word, openers[i].word)) return openers[i].kind;
  return 0;
}

static uint16_t generator(const Layout *l, const Token *t) {
  if (l->open.n || t->kind != T_NAME || t[1].kind != T_LBRACE || t[1].first) return 0;
  Str word = parse_text(l->p, t->span);
  for (size_t i = 0; i < sizeof generators / sizeof *generators; i++)
    if (last(l)->kind == (generators[i].kind == T_COMPONENTS ? T_RBRACE : T_EQ) && str_is(word, generators[i].word))
      return generators[i].kind;
  return 0;
}

static bool begins_declaration(const Layout *l, const Token *t) {
  if (!t->first || t->kind != T_NAME || t[1].first || t[1].kind != T_NAME) return false;
  if (t->span.from && l->p->text.at[t->span.from - 1] != '\n') return false;
  Str word = parse_text(l->p, t->span);
  for (size_t i = 0; i < sizeof openers / sizeof *openers; i++)
    if (str_is(word, openers[i].word)) return true;
  return false;
}

static bool begins_statement(int kind) {
  return kind == T_LET || kind == T_VAR || kind == T_PARAM || kind == T_REPEAT || kind == T_CLAIM ||
         kind == T_BREAK || kind == T_ASSUME;
}

/* --- [text.5] newlines: called at the first word of a line --- */
static void newline(Layout *l, const Token *t) {
  Str lead = parse_text(l->p, t->span);
  if (last(l)->kind == T_BAD && l->p->text.at[last(l)->span.from] == '"')   /* it swallowed what closes the line */
    while (in_parens(l) && l->open.at[l->open.n - 1].token >= l->line) pop_silently(l);
  if (in_parens(l) && begins_statement(t->kind)) {            /* these words stand in no expression          */
    uint32_t n = l->open.n;
    while (n && l->open.at[n - 1].kind != T_LBRACE) n--;
    close_down_to(l, n, *t);
  }
  l->made_up[0] = l->made_up[1] = 0;
  if (in_parens(l)) return;
  int before = last(l)->kind;
  bool ends = newline_behind[before] == ENDS;
  if (begins_statement(t->kind) || opener(l, t)) {            /* no statement goes on with one of these      */
    if (before != T_LBRACE && before != T_BEGIN) emit_sep(l, behind(l));
  } else if (ends && (t->kind == T_LBRACE || generator(l, t) == T_COMPONENTS)) {
    parse_report(l->p, E0002, t->span, "`%.*s` stands on the line that it belongs to", STR(lead))->help =
      S("join it with the line before");
  } else if (ends && (t->kind == T_PLUS || t->kind == T_MINUS)) {
    Diag *d = parse_report(l->p, E0002, t->span, "a line that starts with `%.*s`", STR(lead));
    d->help = str_format(l->p->diags->arena, "end the line before with `%.*s`%s", STR(lead),
                         t->kind == T_MINUS ? "; a value of its own is `(-x)`" : "");
  } else if (ends && t->kind != T_RBRACE && t->kind != T_END && t->kind != T_PIPE && t->kind != T_ARROW) {
    emit_sep(l, behind(l));
  }
}

/* --- [grammar.5] nesting --- */
static void count_run(Layout *l, const Token *t) {
  int before = last(l)->kind;
  switch (t->kind) {
  case T_CARET: case T_BREAK: case T_ASSUME: l->run++; return;
  case T_MINUS:                                               /* behind an operand it is a difference        */
    if (newline_behind[before] == GOES_ON && before != T_SEP) l->run++;
    else l->run = 0;
    return;
  default:
    if (newline_behind[t->kind] == GOES_ON && t->kind != T_DOT && t->kind != T_OF && !opens(t->kind)) l->run = 0;
  }
}

static bool too_deep(Layout *l, const Token *t) {
  if (l->nesting + l->run + opens(t->kind) <= PARSE_NESTING) return false;
  parse_report(l->p, E0002, t->span, "nested more than %d deep", PARSE_NESTING)->help =
    S("give an inner part a name of its own with `let`; the rest of the file is not read");
  return true;
}

static bool surplus(const Tokens *words, int open) {
  uint32_t nopen = 0, nclosed = 0;
  for (uint32_t i = 0; i < words->n; i++) {
    nopen += words->at[i].kind == open;
    nclosed += words->at[i].kind == closer(open);
  }
  return nopen > nclosed;
}

Tokens layout(Parse *p, const Tokens *words) {
  Layout l = { .p = p };
  l.unbalanced = surplus(words, T_LPAREN) || surplus(words, T_LBRACK) || surplus(words, T_LBRACE);
  vec_push(p->scratch, &l.out, (Token){ .kind = T_BEGIN, .span = { p->source, 0, 0 } });
  for (const Token *t = words->at;; t++) {
    if (l.unbalanced && l.open.n && begins_declaration(&l, t)) close_down_to(&l, 0, *t);
    if (t->first) newline(&l, t);
    if (t->first) l.line = l.out.n;
    Token x = *t;
    if (opener(&l, t)) x.kind = opener(&l, t);
    if (generator(&l, t)) x.kind = generator(&l, t);
    if (!l.open.n && (x.kind != t->kind || x.kind == T_LET)) l.opened = true;
    count_run(&l, &x);
    if (x.kind == T_END || too_deep(&l, &x)) {
      if (x.kind == T_END) close_down_to(&l, 0, x);
      while (l.open.n) pop_silently(&l);
      emit(&l, (Token){ .kind = T_END, .silent = x.kind != T_END, .span = words->at[words->n - 1].span });
      return l.out;
    }
    if (opens(x.kind)) push(&l, x);
    else if (closes(x.kind)) close(&l, x);
    else if (x.kind != T_SEMICOLON) { x.silent = x.kind == T_BAD; emit(&l, x); }
    else if (!in_parens(&l)) emit_sep(&l, x.span);
    else {
      parse_report(p, E0002, x.span, "`;` inside `%c %c`", sign(innermost(&l)), sign(closer(innermost(&l))));
      x.kind = T_BAD;
      x.silent = true;
      emit(&l, x);
    }
  }
}
