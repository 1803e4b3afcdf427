/* ast.h: the syntax tree, with the place of everything and no types.
 *
 *     y = x |> relu        ASSIGN(NAMES(NAME y), EXPRS(PIPE(NAME x, NAME relu)))
 *
 * One node shape for all kinds; what stands where is said once, in ast.def, and checked by ast_verify.
 * Nodes live in the arena that the parser was given and are never changed after it. */
#ifndef GDLC_FRONT_AST_H
#define GDLC_FRONT_AST_H
#include "base/base.h"

typedef enum AstKind {
#define AST(kind, text, children) AST_##kind,
#include "front/ast.def"
#undef AST
  AST_KINDS
} AstKind;

typedef struct Ast {
  AstKind kind;
  Span span;                        /* from its first to its last token                       */
  Span word;                        /* where node.text stands, for carets; else equal to span */
  Str text;
  uint32_t n;
  const struct Ast **child;
} Ast;

/* parse.c. Reports every syntax error it can tell apart and returns a FILE node always; the tree may
 * hold AST_ERROR nodes then. Nesting deeper than 256 is E0002 with its place. */
const Ast *ast_parse(Arena *arena, Diags *diags, uint32_t source);
/* ast.c */
const char *ast_name(AstKind kind);
bool ast_verify(const Ast *x, Why *why);
void ast_dump(const Ast *x, Out *out);                      /* --emit=ast: one node a line, indented  */
/* format.c. The text of a source in the layout of `gdlc fmt`: the same tokens, comments and lines, so the same tree.
 * false: it does not parse, and diags says why. */
bool text_format(Arena *arena, Diags *diags, uint32_t source, Str *text);
#endif
