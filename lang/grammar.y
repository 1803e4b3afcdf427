/* grammar.y: the grammar of gdl, section 2 of spec.md, for Lemon. LALR(1), no conflicts, no precedence.
 *
 * Reads the tokens of layout.c, whose brackets match; each action is one call into parse.c. No rule is empty: so
 * grammar_accepts can ask, without a copy of the stack, whether a token would fit. parse.c asks before each token
 * and reports by itself; the rules with `error` are where it goes on: at the next SEP or `}`, or in the block that
 * a broken head has. BEGIN stands under all, since Lemon recovers on a stack that is not empty only.
 *
 * The stack: a level of nesting (layout.c counts 256 at most) takes at most 24 entries:
 *   LBRACE stmts SEP names EQ exprs COMMA expr PIPE postfix LPAREN args COMMA NAME COLON expr PIPE ...  */
%name Grammar
%token_prefix T_
%token_type { Token }
%extra_context { Parse *p }
%default_type { Ast * }
%stack_size 8192
%stack_overflow { parse_overflow(p); }
%syntax_error { (void)p; (void)yymajor; (void)yyminor; }        /* parse.c has reported it */
%token_destructor { (void)p; (void)$$; }
%start_symbol start
%token SEMICOLON JUNK END.

%include {
#ifndef NDEBUG
#define NDEBUG 1     /* Lemon's tracing keeps its state in globals */
#endif
#include "front/parse.h"
#include "grammar.h"
}

start ::= BEGIN.                             { parse_file(p, NULL); }
start ::= BEGIN items(L).                    { parse_file(p, L); }
start ::= BEGIN items(L) SEP.                { parse_file(p, L); }

/* --- declarations --- */
%type items { AstList * }
items(A) ::= item(X).                        { A = parse_list(p, NULL, X); }
items(A) ::= items(L) SEP item(X).           { A = parse_list(p, L, X); }

item(A) ::= USE(F) sources(L).               { A = parse_nodes(p, AST_USE, F.span, F.span, L); }
item(A) ::= LET(F) NAME(N) EQ expr(X).       { A = parse_node(p, AST_LET_ITEM, F.span, F.span, N, ROW(X)); }
item(A) ::= GROUP(F) NAME(N) EQ expr(X).     { A = parse_node(p, AST_GROUP, F.span, F.span, N, ROW(X)); }
item(A) ::= GROUP(F) NAME(N) EQ generators(X).  { A = parse_node(p, AST_GROUP, F.span, F.span, N, ROW(X)); }
item(A) ::= REP(F) NAME(N) EQ definition(X).    { A = parse_node(p, AST_REP, F.span, F.span, N, ROW(NULL, X)); }
item(A) ::= REP(F) NAME(N) OF name(G) EQ definition(X).
                                             { A = parse_node(p, AST_REP, F.span, F.span, N, ROW(G, X)); }
item(A) ::= DOMAIN(F) NAME(N) EQ expr(X).    { A = parse_node(p, AST_DOMAIN, F.span, F.span, N, ROW(X)); }
item(A) ::= LAYER(F) NAME(N) generics(G) params(P) block(B).
                                             { A = parse_node(p, AST_LAYER, F.span, F.span, N, ROW(G, P, NULL, B)); }
item(A) ::= LAYER(F) NAME(N) generics(G) params(P) ARROW results(R) block(B).
                                             { A = parse_node(p, AST_LAYER, F.span, F.span, N, ROW(G, P, R, B)); }
item(A) ::= LAYER(F) NAME(N) params(P) block(B).
  { A = parse_node(p, AST_LAYER, F.span, F.span, N,
                   ROW(parse_nodes(p, AST_GENERICS, N.span, N.span, NULL), P, NULL, B)); }
item(A) ::= LAYER(F) NAME(N) params(P) ARROW results(R) block(B).
  { A = parse_node(p, AST_LAYER, F.span, F.span, N, ROW(parse_nodes(p, AST_GENERICS, N.span, N.span, NULL), P, R, B)); }
item(A) ::= MODEL(F) NAME(N) params(P) ARROW outputs(R) block(B).
                                             { A = parse_node(p, AST_MODEL, F.span, F.span, N, ROW(P, R, B)); }
item(A) ::= KERNEL(F) NAME(N) params(P) ARROW outputs(R) block(B).
                                             { A = parse_node(p, AST_KERNEL, F.span, F.span, N, ROW(P, R, B)); }
item(A) ::= TRAIN(F) NAME(N) block(B).       { A = parse_node(p, AST_TRAIN, F.span, F.span, N, ROW(NULL, B)); }
item(A) ::= TRAIN(F) NAME(N) params(P) block(B).
                                             { A = parse_node(p, AST_TRAIN, F.span, F.span, N, ROW(P, B)); }
item(A) ::= error.                           { A = parse_error(p); }
item(A) ::= error block.                     { A = parse_error(p); }

%type sources { AstList * }
sources(A) ::= source(X).                    { A = parse_list(p, NULL, X); }
sources(A) ::= sources(L) COMMA source(X).   { A = parse_list(p, L, X); }
source(A) ::= name(X).                       { A = X; }
source(A) ::= TEXT(T).                       { A = parse_unescaped(p, T); }
name(A) ::= NAME(N).                         { A = parse_leaf(p, AST_NAME, N); }

definition(A) ::= expr(X).                   { A = X; }
definition(A) ::= MATRICES(F) matrices(L).   { A = parse_nodes(p, AST_MATRICES, F.span, F.span, L); }
generators(A) ::= MATRICES(F) matrices(L).   { A = parse_nodes(p, AST_MATRICES, F.span, F.span, L); }
generators(A) ::= PERMUTATIONS(F) LBRACE perms(L) RBRACE(Z).      { A = parse_nodes(p, AST_PERMS, F.span, Z.span, L); }
generators(A) ::= PERMUTATIONS(F) LBRACE perms(L) SEP RBRACE(Z).  { A = parse_nodes(p, AST_PERMS, F.span, Z.span, L); }
generators(A) ::= ALGEBRA(F) basis(M).       { A = parse_node(p, AST_ALGEBRA, F.span, F.span, NO_WORD, ROW(M, NULL)); }
generators(A) ::= ALGEBRA(F) basis(M) COMPONENTS basis(C).
                                             { A = parse_node(p, AST_ALGEBRA, F.span, F.span, NO_WORD, ROW(M, C)); }
basis(A) ::= matrices(L).                    { A = parse_nodes(p, AST_MATRICES, NO_WORD.span, NO_WORD.span, L); }
%type matrices { AstList * }
matrices(A) ::= LBRACE defines(L) RBRACE(Z).      { A = parse_close(L, Z); }
matrices(A) ::= LBRACE defines(L) SEP RBRACE(Z).  { A = parse_close(L, Z); }
%type defines { AstList * }
defines(A) ::= define(X).                    { A = parse_list(p, NULL, X); }
defines(A) ::= defines(L) SEP define(X).     { A = parse_list(p, L, X); }
define(A) ::= NAME(N) EQ expr(X).            { A = parse_node(p, AST_DEFINE, N.span, N.span, N, ROW(X)); }
define(A) ::= error.                         { A = parse_error(p); }
define(A) ::= error block.                   { A = parse_error(p); }
%type perms { AstList * }
perms(A) ::= perm(X).                        { A = parse_list(p, NULL, X); }
perms(A) ::= perms(L) SEP perm(X).           { A = parse_list(p, L, X); }
perm(A) ::= NAME(N) EQ cycles(L).
  { A = parse_node(p, AST_DEFINE, N.span, N.span, N, ROW(parse_nodes(p, AST_CYCLES, NO_WORD.span, NO_WORD.span, L))); }
perm(A) ::= error.                           { A = parse_error(p); }
perm(A) ::= error block.                     { A = parse_error(p); }
%type cycles { AstList * }
cycles(A) ::= cycle(X).                      { A = parse_list(p, NULL, X); }
cycles(A) ::= cycles(L) cycle(X).            { A = parse_list(p, L, X); }
cycle(A) ::= LPAREN(F) ints(L) RPAREN(Z).    { A = parse_nodes(p, AST_CYCLE, F.span, Z.span, L); }
%type ints { AstList * }
ints(A) ::= INT(T).                          { A = parse_list(p, NULL, parse_leaf(p, AST_INT, T)); }
ints(A) ::= ints(L) INT(T).                  { A = parse_list(p, L, parse_leaf(p, AST_INT, T)); }

/* --- parameters and types --- */
generics(A) ::= LBRACK(F) names(L) RBRACK(Z).  { A = parse_nodes(p, AST_GENERICS, F.span, Z.span, L); }
%type names { AstList * }
names(A) ::= name(X).                        { A = parse_list(p, NULL, X); }
names(A) ::= names(L) COMMA name(X).         { A = parse_list(p, L, X); }
params(A) ::= LPAREN(F) RPAREN(Z).           { A = parse_nodes(p, AST_PARAMS, F.span, Z.span, NULL); }
params(A) ::= LPAREN(F) param_list(L) RPAREN(Z).        { A = parse_nodes(p, AST_PARAMS, F.span, Z.span, L); }
params(A) ::= LPAREN(F) param_list(L) COMMA RPAREN(Z).  { A = parse_nodes(p, AST_PARAMS, F.span, Z.span, L); }
%type param_list { AstList * }
param_list(A) ::= param(X).                  { A = parse_list(p, NULL, X); }
param_list(A) ::= param_list(L) COMMA param(X).         { A = parse_list(p, L, X); }
param(A) ::= NAME(N) COLON type(T).          { A = parse_node(p, AST_PARAM, N.span, N.span, N, ROW(T, NULL)); }
param(A) ::= NAME(N) COLON type(T) EQ expr(X).          { A = parse_node(p, AST_PARAM, N.span, N.span, N, ROW(T, X)); }
results(A) ::= type(T).                      { A = parse_node(p, AST_RESULTS, T->span, T->span, NO_WORD, ROW(T)); }
results(A) ::= LPAREN(F) types(L) RPAREN(Z).            { A = parse_nodes(p, AST_RESULTS, F.span, Z.span, L); }
results(A) ::= outputs(X).                   { A = X; }
%type types { AstList * }
types(A) ::= type(X) COMMA type(Y).          { A = parse_list(p, parse_list(p, NULL, X), Y); }
types(A) ::= types(L) COMMA type(X).         { A = parse_list(p, L, X); }
outputs(A) ::= LPAREN(F) output_list(L) RPAREN(Z).        { A = parse_nodes(p, AST_RESULTS, F.span, Z.span, L); }
outputs(A) ::= LPAREN(F) output_list(L) COMMA RPAREN(Z).  { A = parse_nodes(p, AST_RESULTS, F.span, Z.span, L); }
%type output_list { AstList * }
output_list(A) ::= output(X).                { A = parse_list(p, NULL, X); }
output_list(A) ::= output_list(L) COMMA output(X).        { A = parse_list(p, L, X); }
output(A) ::= NAME(N) COLON type(T).         { A = parse_node(p, AST_RESULT, N.span, N.span, N, ROW(T)); }
type(A) ::= expr(X).                         { A = parse_node(p, AST_TYPE, X->span, X->span, NO_WORD, ROW(X, NULL)); }
type(A) ::= expr(X) ON expr(D).              { A = parse_node(p, AST_TYPE, X->span, X->span, NO_WORD, ROW(X, D)); }

/* --- statements --- */
block(A) ::= LBRACE(F) RBRACE(Z).            { A = parse_nodes(p, AST_BLOCK, F.span, Z.span, NULL); }
block(A) ::= LBRACE(F) stmts(L) RBRACE(Z).      { A = parse_nodes(p, AST_BLOCK, F.span, Z.span, L); }
block(A) ::= LBRACE(F) stmts(L) SEP RBRACE(Z).  { A = parse_nodes(p, AST_BLOCK, F.span, Z.span, L); }
%type stmts { AstList * }
stmts(A) ::= stmt(X).                        { A = parse_list(p, NULL, X); }
stmts(A) ::= stmts(L) SEP stmt(X).           { A = parse_list(p, L, X); }

stmt(A) ::= LET(F) names(L) EQ exprs(R).     { A = parse_binding(p, AST_LET, F, L, R); }
stmt(A) ::= LET(F) NAME(N) COLON type(T) EQ expr(X).
                                             { A = parse_node(p, AST_LET_TYPED, F.span, F.span, N, ROW(T, X)); }
stmt(A) ::= VAR(F) names(L) EQ exprs(R).     { A = parse_binding(p, AST_VAR, F, L, R); }
stmt(A) ::= PARAM(F) NAME(N) COLON type(T).  { A = parse_node(p, AST_PARAM_STMT, F.span, F.span, N, ROW(T, NULL)); }
stmt(A) ::= PARAM(F) NAME(N) COLON type(T) EQ expr(X).
                                             { A = parse_node(p, AST_PARAM_STMT, F.span, F.span, N, ROW(T, X)); }
stmt(A) ::= REPEAT(F) expr(X) block(B).      { A = parse_node(p, AST_REPEAT, F.span, F.span, NO_WORD, ROW(X, B)); }
stmt(A) ::= CLAIM(F) expr(X).                { A = parse_node(p, AST_CLAIM, F.span, F.span, NO_WORD, ROW(X)); }
stmt(A) ::= BREAK(F) stmt(X).                { A = parse_node(p, AST_BREAK, F.span, F.span, NO_WORD, ROW(X)); }
stmt(A) ::= ASSUME(F) stmt(X).               { A = parse_node(p, AST_ASSUME, F.span, F.span, NO_WORD, ROW(X)); }
stmt(A) ::= exprs(L) EQ exprs(R).            { A = parse_assign(p, L, R); }
stmt(A) ::= exprs(L).                        { A = parse_values(p, L); }
stmt(A) ::= error.                           { A = parse_error(p); }
stmt(A) ::= error block.                     { A = parse_error(p); }

/* --- expressions, from loose to tight --- */
%type exprs { AstList * }
exprs(A) ::= expr(X).                        { A = parse_list(p, NULL, X); }
exprs(A) ::= exprs(L) COMMA expr(X).         { A = parse_list(p, L, X); }

expr(A) ::= compare(X).                      { A = X; }
expr(A) ::= expr(X) PIPE postfix(Y).         { A = parse_pipe(p, X, Y); }
compare(A) ::= sum(X).                       { A = X; }
compare(A) ::= sum(X) relation(O) sum(Y).    { A = parse_node(p, AST_BINARY, X->span, Y->span, O, ROW(X, Y)); }
%type relation { Token }
relation(A) ::= EQUAL(O).                    { A = O; }
relation(A) ::= DIFFERS(O).                  { A = O; }
relation(A) ::= LESS(O).                     { A = O; }
relation(A) ::= AT_MOST(O).                  { A = O; }
relation(A) ::= GREATER(O).                  { A = O; }
relation(A) ::= AT_LEAST(O).                 { A = O; }
sum(A) ::= term(X).                          { A = X; }
sum(A) ::= sum(X) PLUS(O) term(Y).           { A = parse_node(p, AST_BINARY, X->span, Y->span, O, ROW(X, Y)); }
sum(A) ::= sum(X) MINUS(O) term(Y).          { A = parse_node(p, AST_BINARY, X->span, Y->span, O, ROW(X, Y)); }
term(A) ::= factor(X).                       { A = X; }
term(A) ::= term(X) STAR(O) factor(Y).       { A = parse_node(p, AST_BINARY, X->span, Y->span, O, ROW(X, Y)); }
term(A) ::= term(X) SLASH(O) factor(Y).      { A = parse_node(p, AST_BINARY, X->span, Y->span, O, ROW(X, Y)); }
factor(A) ::= power(X).                      { A = X; }
factor(A) ::= MINUS(F) factor(X).            { A = parse_node(p, AST_NEG, F.span, X->span, NO_WORD, ROW(X)); }
power(A) ::= copies(X).                      { A = X; }
power(A) ::= copies(X) CARET(O) factor(Y).   { A = parse_node(p, AST_BINARY, X->span, Y->span, O, ROW(X, Y)); }
copies(A) ::= postfix(X).                    { A = X; }
copies(A) ::= postfix(X) named(K).        { A = parse_node(p, AST_COPIES, X->span, K->span, NO_WORD, ROW(X, K, NULL)); }
copies(A) ::= postfix(X) OF postfix(G).      { A = parse_node(p, AST_OF, X->span, G->span, NO_WORD, ROW(X, G)); }
copies(A) ::= postfix(X) named(K) OF postfix(G).
                                             { A = parse_node(p, AST_COPIES, X->span, G->span, NO_WORD, ROW(X, K, G)); }
named(A) ::= name(X).                        { A = X; }
named(A) ::= name(X) LPAREN RPAREN(Z).       { A = parse_call(p, X, NULL, Z); }
named(A) ::= name(X) LPAREN args(L) RPAREN(Z).        { A = parse_call(p, X, L, Z); }
named(A) ::= name(X) LPAREN args(L) COMMA RPAREN(Z).  { A = parse_call(p, X, L, Z); }
named(A) ::= IRREP(T).                       { A = parse_leaf(p, AST_IRREP, T); }

postfix(A) ::= primary(X).                   { A = X; }
postfix(A) ::= postfix(X) LPAREN RPAREN(Z).  { A = parse_call(p, X, NULL, Z); }
postfix(A) ::= postfix(X) LPAREN args(L) RPAREN(Z).        { A = parse_call(p, X, L, Z); }
postfix(A) ::= postfix(X) LPAREN args(L) COMMA RPAREN(Z).  { A = parse_call(p, X, L, Z); }
postfix(A) ::= postfix(X) LBRACK expr(I) RBRACK(Z).
                                             { A = parse_node(p, AST_INDEX, X->span, Z.span, NO_WORD, ROW(X, I)); }
postfix(A) ::= postfix(X) DOT NAME(N).       { A = parse_node(p, AST_MEMBER, X->span, N.span, N, ROW(X)); }

primary(A) ::= name(X).                      { A = X; }
primary(A) ::= INT(T).                       { A = parse_leaf(p, AST_INT, T); }
primary(A) ::= DECIMAL(T).                   { A = parse_leaf(p, AST_DECIMAL, T); }
primary(A) ::= IRREP(T).                     { A = parse_leaf(p, AST_IRREP, T); }
primary(A) ::= TEXT(T).                      { A = parse_unescaped(p, T); }
primary(A) ::= HOLE(T).                      { A = parse_leaf(p, AST_HOLE, T); }
primary(A) ::= BAD(T).                       { A = parse_leaf(p, AST_ERROR, T); }
primary(A) ::= LPAREN(F) expr(X) RPAREN(Z).  { A = parse_parens(p, F, X, Z); }
primary(A) ::= LBRACK(F) RBRACK(Z).          { A = parse_nodes(p, AST_LIST, F.span, Z.span, NULL); }
primary(A) ::= LBRACK(F) exprs(L) RBRACK(Z).        { A = parse_nodes(p, AST_LIST, F.span, Z.span, L); }
primary(A) ::= LBRACK(F) exprs(L) COMMA RBRACK(Z).  { A = parse_nodes(p, AST_LIST, F.span, Z.span, L); }

%type args { AstList * }
args(A) ::= arg(X).                          { A = parse_list(p, NULL, X); }
args(A) ::= args(L) COMMA arg(X).            { A = parse_list(p, L, X); }
arg(A) ::= expr(X).                          { A = parse_node(p, AST_ARG, X->span, X->span, NO_WORD, ROW(X)); }
arg(A) ::= NAME(N) COLON expr(X).            { A = parse_node(p, AST_ARG, N.span, X->span, N, ROW(X)); }

%code {
void *grammar_new(Parse *p) {
  yyParser *y = arena_one(p->scratch, yyParser);
  GrammarInit(y, p);
  return y;
}

void grammar_take(void *grammar, int kind, Token token) {
  Grammar(grammar, kind, token);
}

/* Follows the reductions that the token would cause. Each pops at least one entry, since no rule is empty, and
 * pushes one: so of the stack above the entries that stay only one state need be known. */
bool grammar_accepts(const void *grammar, int kind) {
  const yyParser *y = grammar;
  const yyStackEntry *below = y->yytos;      /* the entry that stays, then the state above it, if `above` */
  YYACTIONTYPE state = below->stateno;
  int above = 0;
  for (;;) {
    YYACTIONTYPE action = yy_find_shift_action((YYCODETYPE)kind, state);
    if (action <= YY_MAX_SHIFTREDUCE || action == YY_ACCEPT_ACTION) return true;
    if (action < YY_MIN_REDUCE) return false;
    unsigned rule = action - YY_MIN_REDUCE;
    below += yyRuleInfoNRhs[rule] + above;
    above = 1;
    state = yy_find_reduce_action(below->stateno, yyRuleInfoLhs[rule]);
  }
}
}
