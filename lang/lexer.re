/* lexer.re: characters to words. Reads the text of one file, writes Tokens, reports E0001.
 *
 * Clauses [text.1] to [text.4] of spec.md. The text need not end in a zero byte: beyond its limit a zero is
 * read, and a zero byte inside of it is no character like any other. Whatever is none becomes T_BAD, which
 * the grammar takes for a value, so that one mistake gives one error. Elsewhere: newlines, and words that are
 * reserved in some places only (layout.c). */
#include "front/parse.h"
#include "grammar.h"

/*!re2c
  re2c:yyfill:enable     = 0;
  re2c:flags:input       = custom;
  re2c:api:style         = free-form;
  re2c:define:YYCTYPE    = "unsigned char";
  re2c:define:YYPEEK     = "at < limit ? *at : 0";
  re2c:define:YYSKIP     = "at += at < limit;";
  re2c:define:YYBACKUP   = "mark = at;";
  re2c:define:YYRESTORE  = "at = mark;";

  digit    = [0-9];
  word     = [A-Za-z0-9_];
  wide     = [\x80-\xff];
  name     = [A-Za-z_] word*;
  int      = digit+;
  exponent = "e" "-"? digit+;
  decimal  = digit+ "." digit+ exponent? | digit+ exponent;
  irrep    = (digit+ "x")? digit+ [eo];
  glued    = digit word* | digit+ "." digit word* | (digit+ ".")? digit+ "e-" digit word*;
*/

/* Where the first byte above 127 stands: the caret goes there, not to the word around it. */
static Span wide_byte(const Parse *p, Span at) {
  while (at.from < at.to && (unsigned char)p->text.at[at.from] < 128) at.from++;
  at.to = at.from;
  while (at.to < p->text.n && (unsigned char)p->text.at[at.to] >= 128) at.to++;
  return at;
}

static void report_wide(Parse *p, Span at) {
  at = wide_byte(p, at);
  Str s = parse_text(p, at);
  if (s.n > 40) s.n = 40;
  parse_report(p, E0001, at, "`%.*s` is not ASCII; outside comments and texts only ASCII is used", STR(s));
}

static void report_glued(Parse *p, Span at) {
  Str s = parse_text(p, at);
  if (s.n > 40) s.n = 40;
  uint32_t digits = 0;
  while (digits < s.n && (('0' <= s.at[digits] && s.at[digits] <= '9') || s.at[digits] == '.')) digits++;
  Diag *x = parse_report(p, E0001, at, "`%.*s`: a number with letters glued to it", STR(s));
  if (digits < s.n && s.at[digits] != '_' && !memchr(s.at + digits, '-', s.n - digits))
    x->help = str_format(p->diags->arena, "if it is a count and a representation: `%.*s %.*s`",
                         (int)digits, s.at, (int)(s.n - digits), s.at + digits);
}

static void report_character(Parse *p, Span at) {
  char c = p->text.at[at.from];
  if (c < 32 || c == 127) {
    parse_report(p, E0001, at, "the byte %d is no character of the language", c);
    return;
  }
  Diag *x = parse_report(p, E0001, at, "`%c` is no character of the language", c);
  if (c == '#') x->help = S("a comment begins with `//`");
  if (c == '\'') x->help = S("a text stands between double quotes: \"...\"");
  if (c == '|') x->help = S("the pipe is `|>`");
  if (c == '&') x->help = S("two tests in a row: where(a, where(b, yes, no), no)");
  if (c == '!') x->help = S("the opposite of a test: where(test, no, yes)");
}

static void report_escapes(Parse *p, Span at) {
  for (uint32_t i = at.from + 1; i + 1 < at.to; i++) {
    if (p->text.at[i] != '\\') continue;
    i++;
    if (p->text.at[i] == '"' || p->text.at[i] == '\\' || p->text.at[i] == 'n') continue;
    parse_report(p, E0001, (Span){ at.source, i - 1, i + 1 },
                 "an escape that is none; a text knows `\\\"`, `\\\\` and `\\n`");
    return;
  }
}

/* The kind of the word at *cursor, which moves behind it; T_SEP stands for a newline. */
static int scan(const unsigned char **cursor, const unsigned char *limit, const unsigned char **from) {
  const unsigned char *at = *cursor, *mark = at;
#define TAKE(kind) do { *cursor = at; return (kind); } while (0)
again:
  *from = at;
  /*!re2c
    [ \t\r]+            { goto again; }
    "//" [^\n\x00]*     { goto again; }
    "\n"                { TAKE(T_SEP); }
    "\x00"              { TAKE(*from == limit ? T_END : T_JUNK); }

    "let"               { TAKE(T_LET); }
    "var"               { TAKE(T_VAR); }
    "param"             { TAKE(T_PARAM); }
    "repeat"            { TAKE(T_REPEAT); }
    "claim"             { TAKE(T_CLAIM); }
    "break"             { TAKE(T_BREAK); }
    "assume"            { TAKE(T_ASSUME); }
    "on"                { TAKE(T_ON); }
    "of"                { TAKE(T_OF); }
    "_"                 { TAKE(T_HOLE); }
    name                { TAKE(T_NAME); }
    int                 { TAKE(T_INT); }
    irrep               { TAKE(T_IRREP); }
    decimal             { TAKE(T_DECIMAL); }
    glued               { TAKE(T_BAD); }
    word* wide (word | wide)*                { TAKE(T_BAD); }
    ["] ([^"\\\n\x00] | "\\" [^\n\x00])* ["]   { TAKE(T_TEXT); }
    ["] ([^"\\\n\x00] | "\\" [^\n\x00])*       { TAKE(T_BAD); }

    ['] [^'\n\x00]* [']  { TAKE(T_BAD); }

    "="   { TAKE(T_EQ); }       ","   { TAKE(T_COMMA); }    ":"   { TAKE(T_COLON); }    ";"   { TAKE(T_SEMICOLON); }
    "->"  { TAKE(T_ARROW); }    "."   { TAKE(T_DOT); }      "|>"  { TAKE(T_PIPE); }     "+"   { TAKE(T_PLUS); }
    "-"   { TAKE(T_MINUS); }    "*"   { TAKE(T_STAR); }     "/"   { TAKE(T_SLASH); }    "^"   { TAKE(T_CARET); }
    "=="  { TAKE(T_EQUAL); }    "!="  { TAKE(T_DIFFERS); }  "<"   { TAKE(T_LESS); }     "<="  { TAKE(T_AT_MOST); }
    ">"   { TAKE(T_GREATER); }  ">="  { TAKE(T_AT_LEAST); } "("   { TAKE(T_LPAREN); }   ")"   { TAKE(T_RPAREN); }
    "["   { TAKE(T_LBRACK); }   "]"   { TAKE(T_RBRACK); }   "{"   { TAKE(T_LBRACE); }   "}"   { TAKE(T_RBRACE); }
    *                   { TAKE(T_JUNK); }
  */
#undef TAKE
}

Tokens lex(Parse *p) {
  Tokens words = { 0 };
  const unsigned char *start = (const unsigned char *)(p->text.n ? p->text.at : ""), *limit = start + p->text.n;
  const unsigned char *at = start, *from;
  bool first = true;
  for (;;) {
    int kind = scan(&at, limit, &from);
    if (kind == T_SEP) { first = true; continue; }
    Token t = { .kind = (uint16_t)kind, .first = first,
                .span = { p->source, (uint32_t)(from - start), (uint32_t)(at - start) } };
    if (kind == T_JUNK) {                                     /* a run of one character is one mistake   */
      while (at < limit && *at == *from) at++;
      t.span.to = (uint32_t)(at - start);
      report_character(p, t.span);
      t.kind = T_BAD;
    } else if (kind == T_BAD) {
      if (*from == '"') parse_report(p, E0001, t.span, "this text is not closed before the end of its line");
      else if (*from == '\'') report_character(p, t.span);
      else if (wide_byte(p, t.span).from < t.span.to) report_wide(p, t.span);
      else report_glued(p, t.span);
    } else if (kind == T_TEXT) {
      report_escapes(p, t.span);
    }
    vec_push(p->scratch, &words, t);
    first = false;
    if (kind == T_END) return words;
  }
}
