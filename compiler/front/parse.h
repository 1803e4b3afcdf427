/* parse.h: a text on its way to a tree, between the four steps that parse.c calls.
 *
 *     text --lexer.re--> words --layout.c--> tokens --grammar.y--> calls of parse_* --> Ast
 *
 * The lexer knows characters only. Layout knows lines and brackets: it decides which newline ends a statement
 * (SEP), which words are reserved where they stand, and which bracket closes which. Behind it brackets always
 * match: what is missing is made up, after it has been reported. The grammar knows the rest; each of its actions
 * is one call of a parse_ function below. Token kinds are those that Lemon numbers (T_NAME, ... in grammar.h);
 * the end of a file is T_END here and 0 for Lemon. */
#ifndef GDLC_FRONT_PARSE_H
#define GDLC_FRONT_PARSE_H
#include "front/ast.h"

enum {
  PARSE_NESTING = 256,              /* brackets, `-`, `^`, `break` inside one another              */
  PARSE_HEIGHT = 1000,              /* of the tree: whoever walks it may recurse                   */
  PARSE_REPORTS = 100,              /* syntax errors reported for one file                         */
};

typedef struct Token {
  uint16_t kind;
  uint16_t depth;                   /* `{` open around it; a brace stands outside of its block     */
  bool first;                       /* first on its line                                           */
  bool silent;                      /* made up, or reported already: its statement is not trusted  */
  Span span;
} Token;
typedef vec(Token) Tokens;

/* A list while it grows; `close` is the bracket behind it, where there is one. */
typedef struct AstList { const Ast **at; uint32_t n, cap; Span close; } AstList;

typedef struct Parse {
  Arena *arena, *scratch;           /* of the tree; of what goes when the tree is there            */
  Diags *diags;
  uint32_t source;
  Str text;                         /* of the file                                                 */
  uint32_t nreports;
  bool tall;                        /* this statement's tree was cut at PARSE_HEIGHT and reported  */
  Span broken;                      /* the last token that did not fit                             */
  bool overflow;                    /* Lemon's stack was full: the rest is not read                */
  Ast *file;
} Parse;

/* --- lexer.re --- */
/* All words of the file, T_END last; `first` and `span` are set, `depth` is 0. Reports E0001 and gives T_BAD
 * instead. Words reserved by their place only are T_NAME, `;` is T_SEMICOLON. */
Tokens lex(Parse *p);

/* --- layout.c --- */
Tokens layout(Parse *p, const Tokens *words);

/* --- grammar.y --- */
void *grammar_new(Parse *p);
bool grammar_accepts(const void *grammar, int kind);       /* would this token fit now?            */
void grammar_take(void *grammar, int kind, Token token);

/* --- hint.c --- */
/* What may have been meant by token i, which does not fit; or empty. declares: a declaration is expected; argument: an
 * argument could go on here. */
Str parse_hint(const Parse *p, const Tokens *tokens, uint32_t i, bool declares, bool argument);

/* --- parse.c, for the others --- */
Str parse_text(const Parse *p, Span at);
/* Adds an error unless PARSE_REPORTS have been; the Diag returned may be filled in any case. */
Diag *parse_report(Parse *p, Code code, Span at, const char *format, ...) PRINTF(4, 5);

/* --- parse.c, for the actions of grammar.y --- */
#define ROW(...) (uint32_t)(sizeof((const Ast *[]){ __VA_ARGS__ }) / sizeof(const Ast *)), (const Ast *[]){ __VA_ARGS__ }
#define NO_WORD ((Token){ 0 })
/* A node of these children; from `from` to `to`, and over all of them; `word` is where its text stands. */
Ast *parse_node(Parse *p, AstKind kind, Span from, Span to, Token word, uint32_t n, const Ast **child);
Ast *parse_nodes(Parse *p, AstKind kind, Span from, Span to, const AstList *children);
Ast *parse_call(Parse *p, const Ast *callee, const AstList *args, Token close);
Ast *parse_leaf(Parse *p, AstKind kind, Token word);
Ast *parse_error(Parse *p);
Ast *parse_unescaped(Parse *p, Token text);
Ast *parse_parens(Parse *p, Token open, Ast *x, Token close);
Ast *parse_pipe(Parse *p, const Ast *left, const Ast *right);
Ast *parse_assign(Parse *p, const AstList *left, const AstList *right);
Ast *parse_values(Parse *p, const AstList *exprs);
Ast *parse_binding(Parse *p, AstKind kind, Token word, const AstList *names, const AstList *exprs);
AstList *parse_list(Parse *p, AstList *list, const Ast *next);     /* list NULL: a new one             */
AstList *parse_close(AstList *list, Token close);
void parse_file(Parse *p, const AstList *items);
void parse_overflow(Parse *p);
#endif
