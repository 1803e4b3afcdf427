/* test_parse.c: texts to trees. Clauses [text.*], [grammar.*] of lang/spec.md, named in each test.
 *
 * A case is a text and what is expected of it: the dump of its tree, or the places and codes of its errors as
 * "2:5 E0002, 3:1 E0001". Every tree, of right texts and wrong ones, is held against ast.def (ast_verify). */
#include "front/ast.h"
#include <criterion/criterion.h>
#include <stdlib.h>
#include <time.h>

typedef struct Trial { Arena arena; Sources sources; Diags diags; const Ast *file; } Trial;

static void trial_begin(Trial *t, Str text) {
  *t = (Trial){ 0 };
  t->sources.arena = t->diags.arena = &t->arena;
  t->diags.sources = &t->sources;
  t->file = ast_parse(&t->arena, &t->diags, source_add(&t->sources, S("t.gdl"), text));
  Why why = { .arena = &t->arena };
  cr_assert(t->file && t->file->kind == AST_FILE);
  cr_assert(ast_verify(t->file, &why), "%.*s\nof %.*s", STR(why.reason.at[0].text), STR(text));
}

/* The errors, in the order of their places, as "2:5 E0002, 3:1 E0001". */
static Str errors(Trial *t) {
  Out o = { .arena = &t->arena };
  uint32_t done = 0, from = 0;
  while (done < t->diags.all.n) {               /* few: the next place, again and again                */
    uint32_t next = UINT32_MAX;
    for (uint32_t i = 0; i < t->diags.all.n; i++)
      if (t->diags.all.at[i]->at.from >= from && t->diags.all.at[i]->at.from < next) next = t->diags.all.at[i]->at.from;
    for (uint32_t i = 0; i < t->diags.all.n; i++) {
      const Diag *x = t->diags.all.at[i];
      if (x->at.from != next) continue;
      Place p = span_place(&t->sources, x->at);
      out_printf(&o, "%s%u:%u %s", done++ ? ", " : "", p.line, p.column, code_name(x->code));
    }
    from = next + 1;
  }
  return out_text(&o);
}

static void expect_errors(const char *text, const char *expected) {
  Trial t;
  trial_begin(&t, str_of(text));
  Str got = errors(&t);
  cr_expect_str_eq(got.at, expected, "%s\nexpected %s\ngot      %s", text, expected, got.at);
  arena_free(&t.arena);
}

/* The whole dump, without the FILE line, lines joined by spaces and levels by parentheses: short to write down. */
static void shape(const Ast *x, Out *o) {
  if (!x) { out_printf(o, "-"); return; }
  out_printf(o, "%s", ast_name(x->kind));
  if (x->text.n) out_printf(o, " %.*s", STR(x->text));
  for (uint32_t i = 0; i < x->n; i++) { out_printf(o, i ? ", " : "("); shape(x->child[i], o); }
  if (x->n) out_printf(o, ")");
}

static void expect_shape(const char *text, const char *expected) {
  Trial t;
  trial_begin(&t, str_of(text));
  Out o = { .arena = &t.arena };
  for (uint32_t i = 0; i < t.file->n; i++) { if (i) out_printf(&o, "; "); shape(t.file->child[i], &o); }
  cr_expect_str_eq(out_text(&o).at, expected, "%s\nexpected %s\ngot      %s", text, expected, out_text(&o).at);
  cr_expect_eq(t.diags.all.n, 0, "%s: %s", text, errors(&t).at);
  arena_free(&t.arena);
}

static void expect_expr(const char *expr, const char *expected) {
  char text[512], tree[512];
  snprintf(text, sizeof text, "let a = %s", expr);
  snprintf(tree, sizeof tree, "LET_ITEM a(%s)", expected);
  expect_shape(text, tree);
}

/* --- [grammar] shapes --- */
Test(parse, grammar_declarations) {
  expect_shape("", "");
  expect_shape("// nothing\n\n  // more", "");
  expect_shape("use nn, \"a b.gdl\"", "USE(NAME nn, TEXT a b.gdl)");
  expect_shape("let n = 3; let m = 4;", "LET_ITEM n(INT 3); LET_ITEM m(INT 4)");
  expect_shape("group G = D(4)\ndomain X = grid(28, 28) of G",
               "GROUP G(CALL(NAME D, ARG(INT 4))); DOMAIN X(OF(CALL(NAME grid, ARG(INT 28), ARG(INT 28)), NAME G))");
  expect_shape("group Q = matrices { i = [[-1]]\n j = [[1]]; }",
               "GROUP Q(MATRICES(DEFINE i(LIST(LIST(NEG(INT 1)))), DEFINE j(LIST(LIST(INT 1)))))");
  expect_shape("group P = permutations { a = (1 2)(3 4 5); b = (1 2) }",
               "GROUP P(PERMS(DEFINE a(CYCLES(CYCLE(INT 1, INT 2), CYCLE(INT 3, INT 4, INT 5))), "
               "DEFINE b(CYCLES(CYCLE(INT 1, INT 2)))))");
  expect_shape("group A = algebra { a = x }", "GROUP A(ALGEBRA(MATRICES(DEFINE a(NAME x)), -))");
  expect_shape("group A = algebra { a = x } components { b = y }",
               "GROUP A(ALGEBRA(MATRICES(DEFINE a(NAME x)), MATRICES(DEFINE b(NAME y))))");
  expect_shape("rep r = vector * vector\nrep s of G = matrices { i = x }",
               "REP r(-, BINARY *(NAME vector, NAME vector)); REP s(NAME G, MATRICES(DEFINE i(NAME x)))");
  expect_shape("layer f() { }", "LAYER f(GENERICS, PARAMS, -, BLOCK)");
  expect_shape("layer f[R, n](x: R on V, k: int = 3,) -> (n scalar, point on V) { x }",
               "LAYER f(GENERICS(NAME R, NAME n), PARAMS(PARAM x(TYPE(NAME R, NAME V), -), PARAM k(TYPE(NAME int, -), "
                   "INT 3)), "
               "RESULTS(TYPE(COPIES(NAME n, NAME scalar, -), -), TYPE(NAME point, NAME V)), BLOCK(VALUES(EXPRS(NAME "
                   "x))))");
  expect_shape("layer f(x: _) -> (R + S) on V { }",
               "LAYER f(GENERICS, PARAMS(PARAM x(TYPE(HOLE, -), -)), RESULTS(TYPE(BINARY +(NAME R, NAME S), NAME V)), "
                   "BLOCK)");
  expect_shape("layer f() -> (y: R,) { }", "LAYER f(GENERICS, PARAMS, RESULTS(RESULT y(TYPE(NAME R, -))), BLOCK)");
  expect_shape("kernel k(x: a) -> (y: b, z: c) { y = x }\ntrain k { batch = 64 }\ntrain k(t: a) { }",
               "KERNEL k(PARAMS(PARAM x(TYPE(NAME a, -), -)), RESULTS(RESULT y(TYPE(NAME b, -)), RESULT z(TYPE(NAME "
                   "c, -))), "
               "BLOCK(ASSIGN(NAMES(NAME y), EXPRS(NAME x)))); TRAIN k(-, BLOCK(ASSIGN(NAMES(NAME batch), EXPRS(INT "
                   "64)))); "
               "TRAIN k(PARAMS(PARAM t(TYPE(NAME a, -), -)), BLOCK)");
}

Test(parse, grammar_statements) {
  static const struct { const char *text, *tree; } cases[] = {
    { "let a, b = x, y", "LET(NAMES(NAME a, NAME b), EXPRS(NAME x, NAME y))" },
    { "let a: R on V = x", "LET_TYPED a(TYPE(NAME R, NAME V), NAME x)" },
    { "var h = x", "VAR(NAMES(NAME h), EXPRS(NAME x))" },
    { "param w: R", "PARAM_STMT w(TYPE(NAME R, -), -)" },
    { "param w: R = zeros", "PARAM_STMT w(TYPE(NAME R, -), NAME zeros)" },
    { "repeat n + 1 { h = f(h) }",
      "REPEAT(BINARY +(NAME n, INT 1), BLOCK(ASSIGN(NAMES(NAME h), EXPRS(CALL(NAME f, ARG(NAME h))))))" },
    { "claim smooth(y) >= 2", "CLAIM(BINARY >=(CALL(NAME smooth, ARG(NAME y)), INT 2))" },
    { "break let y = x", "BREAK(LET(NAMES(NAME y), EXPRS(NAME x)))" },
    { "assume h, x = f(h)", "ASSUME(ASSIGN(NAMES(NAME h, NAME x), EXPRS(CALL(NAME f, ARG(NAME h)))))" },
    { "h, x", "VALUES(EXPRS(NAME h, NAME x))" },
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    char text[256], tree[512];
    snprintf(text, sizeof text, "layer f() { %s }", cases[i].text);
    snprintf(tree, sizeof tree, "LAYER f(GENERICS, PARAMS, -, BLOCK(%s))", cases[i].tree);
    expect_shape(text, tree);
  }
}

Test(parse, grammar_expressions) {
  expect_expr("a + b - c", "BINARY -(BINARY +(NAME a, NAME b), NAME c)");
  expect_expr("a * b / c + d", "BINARY +(BINARY /(BINARY *(NAME a, NAME b), NAME c), NAME d)");
  expect_expr("-x^2", "NEG(BINARY ^(NAME x, INT 2))");
  expect_expr("x^-y^2", "BINARY ^(NAME x, NEG(BINARY ^(NAME y, INT 2)))");
  expect_expr("a - -b", "BINARY -(NAME a, NEG(NAME b))");
  expect_expr("a + 1 == b", "BINARY ==(BINARY +(NAME a, INT 1), NAME b)");
  expect_expr("[]", "LIST");
  expect_expr("[a, [1,],]", "LIST(NAME a, LIST(INT 1))");
  expect_expr("f(1, at: e.dst,)[i](x)",
      "CALL(INDEX(CALL(NAME f, ARG(INT 1), ARG at(MEMBER dst(NAME e))), NAME i), ARG(NAME x))");
  expect_expr("f()", "CALL(NAME f)");
  expect_expr("mlp(_, 32)", "CALL(NAME mlp, ARG(HOLE), ARG(INT 32))");
}

Test(parse, grammar_1_copies_bind_tightest) {
  expect_expr("3 * n scalar", "BINARY *(INT 3, COPIES(NAME n, NAME scalar, -))");
  expect_expr("n scalar + m vector", "BINARY +(COPIES(NAME n, NAME scalar, -), COPIES(NAME m, NAME vector, -))");
  expect_expr("2 * n + 1 scalar", "BINARY +(BINARY *(INT 2, NAME n), COPIES(INT 1, NAME scalar, -))");
  expect_expr("(2 * n + 1) scalar", "COPIES(BINARY +(BINARY *(INT 2, NAME n), INT 1), NAME scalar, -)");
  expect_expr("4 quotient(C(2)) of G", "COPIES(INT 4, CALL(NAME quotient, ARG(CALL(NAME C, ARG(INT 2)))), NAME G)");
  expect_expr("2 1o of G", "COPIES(INT 2, IRREP 1o, NAME G)");
  expect_expr("vector of C(5)", "OF(NAME vector, CALL(NAME C, ARG(INT 5)))");
}

Test(parse, grammar_2_pipes) {
  expect_expr("x |> f(a) |> nn.g", "PIPE(PIPE(NAME x, CALL(NAME f, ARG(NAME a))), MEMBER g(NAME nn))");
  expect_expr("a + b |> f", "PIPE(BINARY +(NAME a, NAME b), NAME f)");
  expect_expr("y + (x |> f)", "BINARY +(NAME y, PIPE(NAME x, NAME f))");
  expect_errors("let a = x |> f + y", "1:16 E0002");
  expect_errors("let a = x |> f == y", "1:16 E0002");
  expect_errors("let a = x |> (f)", "1:14 E0002");
  expect_errors("let a = x |> f[0] |> g", "1:14 E0002");
  Trial t;
  trial_begin(&t, S("let a = x |> f - y"));
  cr_expect(strstr(t.diags.all.at[0]->message.at, "(x |> f) - y"));
  arena_free(&t.arena);
}

Test(parse, grammar_4_names_left_of_equals) {
  expect_errors("layer f() { f(x) = 3 }", "1:13 E0002");
  expect_errors("layer f() { a, b.c, 3 = x }", "1:16 E0002");
  expect_errors("layer f() { (a) = 3 }", "1:13 E0002");
  expect_errors("layer f() { let _ = 3 }", "1:17 E0002");
}

/* --- [text] words --- */
Test(parse, text_2_text_4_words) {
  expect_expr("_a1", "NAME _a1");
  expect_expr("1.5e3 + 1e-3", "BINARY +(DECIMAL 1.5e3, DECIMAL 1e-3)");
  expect_expr("0e+1o", "BINARY +(IRREP 0e, IRREP 1o)");
  expect_expr("16x0e + 8x1o", "BINARY +(IRREP 16x0e, IRREP 8x1o)");
  expect_expr("2e", "IRREP 2e");
  expect_expr("\"a\\\"b\\\\c\"", "TEXT a\"b\\c");
  expect_expr("\"\xc3\xa9 // no comment\" // \xc3\xa9", "TEXT \xc3\xa9 // no comment");
  expect_errors("let a = 8regular", "1:9 E0001");
  expect_errors("let a = 1ex + 5.0x + 1e-3o + 1o2 + 2x3", "1:9 E0001, 1:15 E0001, 1:22 E0001, 1:30 E0001, 1:36 E0001");
  expect_errors("let a = \"abc\nlet b = 3", "1:9 E0001");
  expect_errors("let a = f([\"abc])\nlet b = 3", "1:12 E0001");
  expect_errors("let a = \"\\t\"", "1:10 E0001");
  expect_errors("let a = #\nlet b = x @ y\nlet c = 'abc'", "1:9 E0001, 2:11 E0001, 3:9 E0001");
  expect_errors("let caf\xc3\xa9 = 3\nlet b = \xff", "1:8 E0001, 2:9 E0001");
  Trial t;
  trial_begin(&t, (Str){ "let a = \0\nlet b = 1", 19 });
  cr_expect_str_eq(errors(&t).at, "1:9 E0001");
  cr_expect_eq(t.file->n, 2);
  arena_free(&t.arena);
}

Test(parse, text_3_words_reserved_where_they_open_a_declaration) {
  expect_expr("conv(x, 8, kernel: 3)", "CALL(NAME conv, ARG(NAME x), ARG(INT 8), ARG kernel(INT 3))");
  expect_shape("let model = rep", "LET_ITEM model(NAME rep)");
  expect_shape("layer use(\n  group: rep,\n  model: domain) {\n  train\n}",
               "LAYER use(GENERICS, PARAMS(PARAM group(TYPE(NAME rep, -), -), PARAM model(TYPE(NAME domain, -), -)), "
                   "-, "
               "BLOCK(VALUES(EXPRS(NAME train))))");
  expect_shape("let matrices = permutations", "LET_ITEM matrices(NAME permutations)");
  expect_shape("group algebra = components", "GROUP algebra(NAME components)");
  expect_shape("layer f() { let a = matrices }",
               "LAYER f(GENERICS, PARAMS, -, BLOCK(LET(NAMES(NAME a), EXPRS(NAME matrices))))");
  expect_shape("group G =\n  matrices { i = x }", "GROUP G(MATRICES(DEFINE i(NAME x)))");
  expect_shape("domain X = set; group G = X", "DOMAIN X(NAME set); GROUP G(NAME X)");
  expect_errors("let on = 3\nlet repeat = 3", "1:5 E0002, 2:5 E0002");
  expect_errors("let n =\nmodel m(x: a) -> (y: b) { y = x }", "1:8 E0002");
}

/* --- [text.5] newlines --- */
Test(parse, text_5_newlines_end_statements) {
  static const struct { const char *body; uint32_t statements; } cases[] = {
    { "a\nb", 2 },           { "\n\na\n\n\nb\n\n", 2 },  { "a; b;", 2 },          { "a;\n;b\n;", 2 },
    { "a // c\nb", 2 },      { "a\r\nb\r\n", 2 },        { "f(a,\n\nb\n)\nc", 2 }, { "[a\n,\nb\n]", 1 },
    { "f(a\n+ b\n- c)", 1 }, { "a +\nb *\nc -\nd", 1 },  { "a ==\nb", 1 },         { "a |>\nb\n|> c", 1 },
    { "y =\n// c\nx", 1 },   { "a,\nb = x,\ny", 1 },     { "let a:\nR on\nV = x", 1 }, { "n vector of\nG", 1 },
    { "a.\nb", 1 },          { "y = -x\n(-x)", 2 },      { "y =\n-x", 1 },         { "\n-x", 1 },
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    char text[256];
    snprintf(text, sizeof text, "layer f() {%s}", cases[i].body);
    Trial t;
    trial_begin(&t, str_of(text));
    cr_expect_eq(t.diags.all.n, 0, "%s: %s", text, errors(&t).at);
    const Ast *block = t.file->child[0]->child[3];
    cr_expect_eq(block->n, cases[i].statements, "%s: %u statements", text, block->n);
    arena_free(&t.arena);
  }
  expect_shape("layer f(x: R)\n  -> R {\n  x\n}\n",
               "LAYER f(GENERICS, PARAMS(PARAM x(TYPE(NAME R, -), -)), RESULTS(TYPE(NAME R, -)), "
                   "BLOCK(VALUES(EXPRS(NAME x))))");
}

Test(parse, text_5_lines_that_cannot_stand) {
  expect_errors("layer f() {\n  let d = x\n    - y\n}", "3:5 E0002");
  expect_errors("layer f() {\n  let d = x\n    + y\n    + z\n}", "3:5 E0002, 4:5 E0002");
  expect_errors("layer f()\n{\n  x\n}", "2:1 E0002");
  expect_errors("group A = algebra { a = x }\ncomponents { b = y }", "2:1 E0002");
  expect_errors("layer f() { ; }", "1:13 E0002");
  expect_errors("let a = f(1; 2)\nlet b = 3", "1:12 E0002");
  expect_errors("layer f() {\n  break\n  x\n}", "2:8 E0002");
}

/* --- one error a mistake --- */
Test(parse, text_6_brackets) {
  expect_errors("layer f() {\n  y = g(x\n}\nlet n = 3\nlayer h() { y = x ] }", "2:8 E0002, 5:19 E0002");
  expect_errors("layer f() {\n  y = g(x\n  z = 3\n}", "2:8 E0002");
  expect_errors("layer f() {\n  y = g(x\n  let z = 3\n}", "2:8 E0002");
  expect_errors("layer f() {\n  y = g([x)]\n  z = h(x]\n}", "2:9 E0002, 3:10 E0002");
  expect_errors("layer f() {\n  y = x\nlayer g(x: a) {\n  x\n}\n", "1:11 E0002");
  expect_errors("domain X = grid(28, 28\nlayer g(x: a) {\n  x\n}\n", "1:16 E0002");
  expect_errors("layer f() {\n  let a = x }\n  y = a\n}\nlet n = 3", "4:1 E0002");
  expect_errors("}", "1:1 E0002");
}

Test(parse, grammar_several_errors_no_cascade) {
  expect_errors("domain X : set\ngraph e on X\nlet k = 3", "1:10 E0002, 2:1 E0002");
  expect_errors("train m {\n  batch 64\n  epochs 5 6\n  seed = 1\n}", "2:9 E0002, 3:10 E0002");
  expect_errors("layer f() {\n  f(x) = 3\n  x y z\n  x |> (g)\n}", "2:3 E0002, 3:7 E0002, 4:8 E0002");
  expect_errors("model m(x: a b c d) -> (y: b) {\n  y = 3 3\n}\nlet n n", "1:16 E0002, 2:9 E0002, 4:7 E0002");
  expect_errors("layer f() {\n  repeat 3 a b {\n    y = 3 3\n  }\n  z = 3 3\n}", "2:14 E0002, 3:11 E0002, 5:9 E0002");
  expect_errors("layer f() {\n  let a =\n  let b = 3\n  y = x +\n}", "2:10 E0002, 4:10 E0002");
  expect_errors("group H = matrices { i = x; j y; k = z z z }", "1:31 E0002, 1:42 E0002");
  expect_errors("group H = permutations { i = (1 2)(3 x); j = y; k = (1) }", "1:38 E0002, 1:46 E0002");
  expect_errors("let a = 3 +", "1:12 E0002");
}

Test(parse, spans_run_from_the_first_to_the_last_token) {
  Trial t;
  trial_begin(&t, S("layer f() {\n  y = (a + b) * g(c)\n}"));
  const Ast *assign = t.file->child[0]->child[3]->child[0], *product = assign->child[1]->child[0];
  Str text = t.sources.all.at[0]->text;
  cr_expect_str_eq(str_copy(&t.arena, (Str){ text.at + assign->span.from, assign->span.to - assign->span.from }).at,
                   "y = (a + b) * g(c)");
  cr_expect_str_eq(str_copy(&t.arena, (Str){ text.at + product->span.from, product->span.to - product->span.from }).at,
                   "(a + b) * g(c)");
  cr_expect_eq(product->word.from, product->span.from + 8);
  cr_expect_eq(text.at[product->child[0]->span.from], '(');
  arena_free(&t.arena);
}

Test(parse, dump_is_one_node_a_line) {
  Trial t;
  trial_begin(&t, S("layer f() { y = \"a\\n\\\"\" }"));
  Out o = { .arena = &t.arena };
  ast_dump(t.file, &o);
  cr_expect_str_eq(out_text(&o).at,
                   "FILE\n  LAYER f\n    GENERICS\n    PARAMS\n    -\n    BLOCK\n      ASSIGN\n        NAMES\n"
                   "          NAME y\n        EXPRS\n          TEXT \"a\\n\\\"\"\n");
  arena_free(&t.arena);
}

Test(parse, verify_holds_a_tree_against_its_rows) {
  Trial t;
  trial_begin(&t, S("let a = b + c"));
  Why why = { .arena = &t.arena };
  Ast item = *t.file->child[0];
  const Ast *wrong[] = { t.file, &item };
  item.n = 0;
  cr_expect(!ast_verify(&item, &why));                          /* a child too few                      */
  item.child = wrong;
  item.n = 1;
  cr_expect(!ast_verify(&item, &why));                          /* a FILE where an expression stands    */
  item = *t.file->child[0];
  item.text.n = 0;
  cr_expect(!ast_verify(&item, &why));                          /* no name                              */
  item = *t.file->child[0];
  item.span.to = item.span.from + 5;
  cr_expect(!ast_verify(&item, NULL));                          /* its child stands outside             */
  cr_expect_eq(why.reason.n, 3);
  arena_free(&t.arena);
}

/* --- [grammar.5] limits --- */
static Str repeated(Arena *a, const char *head, const char *part, uint32_t n, const char *middle, const char *end,
    const char *tail) {
  Out o = { .arena = a };
  out_printf(&o, "%s", head);
  for (uint32_t i = 0; i < n; i++) out_printf(&o, "%s", part);
  out_printf(&o, "%s", middle);
  for (uint32_t i = 0; i < n; i++) out_printf(&o, "%s", end);
  out_printf(&o, "%s", tail);
  return out_text(&o);
}

Test(parse, grammar_5_nesting) {
  static const struct { const char *head, *part, *middle, *end, *tail; uint32_t inside; } cases[] = {
    { "let a = ", "(", "x", ")", "", 0 },          { "let a = ", "[", "x", "]", "", 0 },
    { "let a = ", "-", "x", "", "", 0 },           { "let a = ", "x^", "x", "", "", 0 },
    { "layer f() { ", "break ", "x", "", "}", 1 }, { "layer f() { ", "repeat 2 {", "x", "}", "}", 1 },
    { "let a = ", "y == a + b * n x of f(c, d: ", "x", ")", "", 0 },
  };
  Arena a = { 0 };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    for (uint32_t over = 0; over < 2; over++) {
      uint32_t n = 256 - cases[i].inside + over;
      bool high = i == 6;                       /* the height of the tree is the smaller limit there    */
      if (high) n = over ? 256 : 150;
      Str text = repeated(&a, cases[i].head, cases[i].part, n, cases[i].middle, cases[i].end, cases[i].tail);
      Trial t;
      trial_begin(&t, text);
      cr_expect_eq(t.diags.nerrors, over, "%s%s x %u: %u errors", cases[i].head, cases[i].part, n, t.diags.nerrors);
      if (over && !high)
        cr_expect_eq(t.diags.all.at[0]->at.from, strlen(cases[i].head) + (n - 1) * strlen(cases[i].part) +
                     strspn(cases[i].part, "x") + (i == 5 ? 9 : 0), "case %zu: at %u", i, t.diags.all.at[0]->at.from);
      if (over) cr_expect_eq(t.diags.all.at[0]->code, E0002);
      arena_free(&t.arena);
    }
  }
  arena_free(&a);
}

Test(parse, grammar_5_chains_are_bounded) {
  static const char *const part[] = { "x + ", "x * ", "f.", "x |> " };
  Arena a = { 0 };
  for (size_t i = 0; i < sizeof part / sizeof *part; i++)
    for (uint32_t n = 900; n <= 100000; n += 99100) {
      Trial t;
      Str text = i == 3 ? repeated(&a, "let a = x", " |> f", n, "", "", "\nlet b = 3 3")
                        : repeated(&a, "let a = ", part[i], n, "x", "", "\nlet b = 3 3");
      trial_begin(&t, text);
      cr_expect_eq(t.diags.nerrors, n > 1000 ? 2 : 1, "%s x %u: %u errors", part[i], n, t.diags.nerrors);
      arena_free(&t.arena);
    }
  arena_free(&a);
}

/* --- no text does harm --- */
static const char *const programs[] = {
  "// a comment\nuse nn, \"blocks.gdl\"\ngroup G = D(4)\ngroup Q = matrices {  // two\n  i = [[0, -1], [1, 0]]\n  j = "
      "[[1, 0], [0, 1]]\n}\n"
  "group P = permutations { a = (1 2)(3 4); b = (1 2 3) }\ngroup W = algebra { J = [[0, -1]] } components { m = [[1]] "
      "}\n"
  "rep flip of Q = matrices { i = [[-1]]; j = [[1]] }\ndomain X = grid(28, 28) of G\nlet n = 1/3 + 5.0 * 1e-3\n",
  "layer move[n, V](h: n scalar on V, x: point on V, e: graph on V)\n      -> (n scalar on V, point on V) {\n"
  "  let d = x[e.dst] - x[e.src]\n  let y, z: 16x0e + 8x1o = split(f(d, at: e.dst), 2)\n  repeat 4 { h = h + g(h) }\n"
  "  h + mlp([h, sum(m, at: e.dst)], n, n),\n  x + v * (-d)^2\n}\n",
  "model m(image: scalar on X) -> (logits: 10 scalar) {\n  let features = image\n"
  "    |> conv(8 regular, kernel: 5, pad: 2) |> relu\n    |> conv(4 quotient(C(2)) of G, kernel: 3)\n"
  "  break param north: vector = normal(1/50)\n  assume logits = features |> mean |> linear(10)\n"
  "  claim equivariant(logits, G, within: 0.05); claim smooth(logits) >= 2\n}\n"
  "train m(class: label([\"a\", \"b\\n\"])) {\n  valid = 1/12\n  metric = mae(a, b), mse(c, d)\n  f = part == "
      "\"x\"\n}\n",
};
enum { PROGRAMS = sizeof programs / sizeof *programs };

Test(parse, every_truncation_is_parsed) {
  for (size_t i = 0; i < PROGRAMS; i++) {
    uint32_t n = (uint32_t)strlen(programs[i]);
    for (uint32_t k = 0; k <= n; k++) {
      char *copy = malloc(k ? k : 1);                           /* of its own: reading past its end is seen */
      memcpy(copy, programs[i], k);
      Trial t;
      trial_begin(&t, (Str){ copy, k });
      if (k == n && i != 1) cr_expect_eq(t.diags.all.n, 0, "%s", errors(&t).at);
      arena_free(&t.arena);
      free(copy);
    }
  }
}

static uint64_t draw(uint64_t *state) {                         /* xorshift64 */
  *state ^= *state << 13;
  *state ^= *state >> 7;
  return *state ^= *state << 17;
}

Test(parse, mutations_are_parsed) {
  static const char pieces[][8] = { "(", ")", "[", "]", "{", "}", ";", "\n", "|>", "->", "= ", "let ", "\"", "8x",
      "\xc3", "\n+", "\nmodel ", ": " };
  uint64_t state = 88172645463325252u;
  for (uint32_t round = 0; round < 6000; round++) {
    const char *program = programs[draw(&state) % PROGRAMS];
    size_t n = strlen(program);
    char *text = malloc(n + 64);
    memcpy(text, program, n);
    for (uint64_t k = 1 + draw(&state) % 4; k > 0; k--) {
      size_t at = draw(&state) % n;
      switch (draw(&state) % 4) {
      case 0: text[at] = (char)draw(&state); break;
      case 1: memmove(text + at, text + at + 1, n - at - 1); n--; break;
      case 2: {
        const char *piece = pieces[draw(&state) % (sizeof pieces / sizeof *pieces)];
        size_t m = strlen(piece);
        memmove(text + at + m, text + at, n - at);
        memcpy(text + at, piece, m);
        n += m;
        break;
      }
      default: { char c = text[at]; size_t b = draw(&state) % n; text[at] = text[b]; text[b] = c; }
      }
    }
    Trial t;
    trial_begin(&t, (Str){ text, (uint32_t)n });
    for (uint32_t i = 0; i < t.diags.all.n; i++)
      cr_assert(t.diags.all.at[i]->at.source == 1 && t.diags.all.at[i]->at.from <= t.diags.all.at[i]->at.to &&
                t.diags.all.at[i]->at.to <= n);
    arena_free(&t.arena);
    free(text);
  }
}

static double seconds(Str text) {
  clock_t start = clock();
  Trial t;
  trial_begin(&t, text);
  arena_free(&t.arena);
  return (double)(clock() - start) / CLOCKS_PER_SEC;
}

/* Eight times the text takes eight times as long, not 64 times: between them, 24, lies the bound. The shortest of
 * three runs counts, and what takes less than 40 ms is not judged. */
Test(parse, time_is_linear) {
  static const char *const part[] = { "let a = f(x) + 3 scalar\n", "x y z\n", "x = (\n", "x\n}\n",
      "model a(x: b) -> (y: c) {\n y = [\n",
                                      "\"a\n", "#$", "1e-", "let a = x\n  + y\n", ")]}",
                                          "layer f() { f(x) = ; a b c }\n" };
  Arena a = { 0 };
  for (size_t i = 0; i < sizeof part / sizeof *part; i++) {
    double least[2] = { 1e9, 1e9 };
    for (uint32_t k = 0; k < 2; k++) {
      Str text = repeated(&a, "", part[i], k ? 16000 : 2000, "", "", "");
      for (uint32_t run = 0; run < 3; run++) {
        double s = seconds(text);
        if (s < least[k]) least[k] = s;
      }
    }
    cr_expect(least[1] < 0.04 || least[1] < 24 * least[0], "%s: %g s, then %g s", part[i], least[0], least[1]);
  }
  arena_free(&a);
}
