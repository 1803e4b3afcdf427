/* test_format.c: the layout of `gdlc fmt`. Clause by clause on small texts; then its laws on every source in the tree:
 * the same tree, the same comments, nothing left to do the second time, the same result whatever the blanks were. */
#include "front/parse.h"
#include <criterion/criterion.h>
#include <ftw.h>
#include <stdlib.h>

typedef struct Trial { Arena arena; Sources sources; Diags diags; } Trial;

static void trial_begin(Trial *t) {
  *t = (Trial){ 0 };
  t->sources.arena = t->diags.arena = &t->arena;
  t->diags.sources = &t->sources;
}

/* false: it does not parse. */
static bool formatted(Trial *t, Str text, Str *out) {
  return text_format(&t->arena, &t->diags, source_add(&t->sources, S("t.gdl"), text), out);
}

static Str tree(Trial *t, Str text) {
  Out o = { .arena = &t->arena };
  ast_dump(ast_parse(&t->arena, &t->diags, source_add(&t->sources, S("t.gdl"), text)), &o);
  return out_text(&o);
}

static void expect(const char *text, const char *expected) {
  Trial t;
  trial_begin(&t);
  Str got, again;
  cr_assert(formatted(&t, str_of(text), &got), "does not parse:\n%s", text);
  cr_expect_str_eq(got.at, expected, "of\n%s\nexpected\n%s\ngot\n%s", text, expected, got.at);
  cr_assert(formatted(&t, got, &again));
  cr_expect_str_eq(got.at, again.at, "the second time\n%s\nbecame\n%s", got.at, again.at);
  arena_free(&t.arena);
}

#define BODY(text) "layer f(x: _) {\n" text "}\n"

Test(format, blanks_around_operators_and_inside_brackets) {
  expect(BODY("let a=x+ 2 *y - -z\n"), BODY("  let a = x + 2 * y - -z\n"));
  expect(BODY("f( x ,y:2 ) [ 1 ]\n"), BODY("  f(x, y: 2)[1]\n"));
  expect(BODY("let a=u ^ 2+v^( p+1 )\n"), BODY("  let a = u^2 + v^(p + 1)\n"));
  expect(BODY("let a = (2*2)scalar+8   regular\n"), BODY("  let a = (2 * 2) scalar + 8 regular\n"));
  expect(BODY("g( -1,[-x ,  - y], a<b )\n"), BODY("  g(-1, [-x, -y], a < b)\n"));
  expect(BODY("x|>relu|>nn . gate\n"), BODY("  x |> relu |> nn.gate\n"));
  expect(BODY("e . dst [ 0 ]\n"), BODY("  e.dst[0]\n"));
  expect("layer f [ R ,D ] ( x :R   on D )->out   on D{x}\n", "layer f[R, D](x: R on D) -> out on D { x }\n");
  expect("layer f(){  }\n", "layer f() {}\n");
  expect("layer f() { a ;b }\n", "layer f() { a; b }\n");
}

Test(format, a_fraction_of_two_whole_numbers_is_one_word) {
  expect(BODY("let a = 1 / 12\n"), BODY("  let a = 1/12\n"));
  expect(BODY("let a = 1 / 12\nlet b = 2\n"), BODY("  let a = 1/12\n  let b = 2\n"));
  expect(BODY("let a = x/2 + (p+2)/2 + 1/ x + 1 /(2)\n"), BODY("  let a = x / 2 + (p + 2) / 2 + 1 / x + 1 / (2)\n"));
  expect(BODY("let a = x^1/2 + 8/2^3 + 1/2 scalar\n"), BODY("  let a = x^1 / 2 + 8 / 2^3 + 1 / 2 scalar\n"));
}

Test(format, blocks_and_lines_that_go_on_stand_two_deeper) {
  expect("layer f(x: _) {\nrepeat 3 {\nx\n}\n}\n", "layer f(x: _) {\n  repeat 3 {\n    x\n  }\n}\n");
  expect(BODY("let a = x\n|> relu\n  |> tanh\na +\nb\n"),
         BODY("  let a = x\n    |> relu\n    |> tanh\n  a +\n    b\n"));
  expect("layer f(x: _)\n-> _ {\nx\n}\n", "layer f(x: _)\n      -> _ {\n  x\n}\n");
  expect(BODY("a,\nb\n"), BODY("  a,\n  b\n"));
  expect(BODY("let a, b = x,\ny\n"), BODY("  let a, b = x,\n             y\n"));
  expect(BODY("f(x,\ny +\nz)\n"), BODY("  f(x,\n    y +\n      z)\n"));
  expect(BODY("let long = f(\nx,\n[\n1,\n2\n]\n)\n"),
         BODY("  let long = f(\n    x,\n    [\n      1,\n      2\n    ]\n  )\n"));
  expect("group Q = matrices { i = [[0]]\nj = [[1]]\n}\n",
         "group Q = matrices { i = [[0]]\n                     j = [[1]]\n}\n");
}

Test(format, equals_of_like_statements_stand_in_one_column) {
  expect(BODY("a = 1\nlong = 2\n\nb = 3\n"), BODY("  a    = 1\n  long = 2\n\n  b = 3\n"));
  expect(BODY("let a = 1\nlet long = 2\nlong = 3\nb = 4\n"),
         BODY("  let a    = 1\n  let long = 2\n  long = 3\n  b    = 4\n"));
  expect(BODY("a = 1\n// why\nlong = 2\n"), BODY("  a = 1\n  // why\n  long = 2\n"));
  expect(BODY("a = x\n|> relu\nlong = 2\n"), BODY("  a = x\n    |> relu\n  long = 2\n"));
  expect(BODY("a = 1; b = 2\nlong = 2\n"), BODY("  a = 1; b = 2\n  long = 2\n"));
  expect("train m {\ndata = npy(a,\nb)\noptimizer = sgd\n}\n",
         "train m {\n  data      = npy(a,\n                  b)\n  optimizer = sgd\n}\n");
  expect("group G = D(4)\ndomain X = set\nrep s of G = a\nlet n = 3\n",
         "group  G      = D(4)\ndomain X      = set\nrep    s of G = a\nlet n = 3\n");
  expect("group G = D(4)\n\ndomain X = set\n", "group G = D(4)\n\ndomain X = set\n");
}

Test(format, pipes_stand_in_one_column_while_the_words_before_them_agree) {
  expect(BODY("let a = x\n|> conv(8, 3) |> relu |> pool(2)\n|> conv(16, 3) |> relu\n|> mean |> linear(3)\n"),
         BODY("  let a = x\n    |> conv(8, 3)  |> relu |> pool(2)\n    |> conv(16, 3) |> relu\n"
              "    |> mean |> linear(3)\n"));
  expect(BODY("let a = x\n|> f(1) |> g(1, 2) |> h\n|> f(10) |> g(1) |> h\n|> f(100) |> k(1) |> h\n"),
         BODY("  let a = x\n    |> f(1)   |> g(1, 2) |> h\n    |> f(10)  |> g(1)    |> h\n"
              "    |> f(100) |> k(1) |> h\n"));
  expect(BODY("let a = x\n|> f(1) |> g\n\n|> f(10) |> g\n"),
         BODY("  let a = x\n    |> f(1) |> g\n\n    |> f(10) |> g\n"));
}

Test(format, comments_keep_their_lines) {
  expect("// a  \r\n//b\nuse nn// c\n", "// a\n//b\nuse nn  // c\n");
  expect(BODY("a // one\nlong // two\n\nb // three\n"), BODY("  a     // one\n  long  // two\n\n  b  // three\n"));
  expect(BODY("a\n// last\n"), BODY("  a\n  // last\n"));
  expect(BODY("let a = x\n// why\n|> relu\n"), BODY("  let a = x\n    // why\n    |> relu\n"));
  expect(BODY("f( // first\nx, // second\ny\n// last\n)\n"),
         BODY("  f(  // first\n    x,  // second\n    y\n    // last\n  )\n"));
  expect("layer f() { // why\nx\n}\n// end", "layer f() {  // why\n  x\n}\n// end\n");
  expect(BODY("\"// none\" // \"one\n"), BODY("  \"// none\"  // \"one\n"));
  expect("", "");
  expect("// only", "// only\n");
}

Test(format, a_far_longer_line_does_not_carry_the_comments_of_its_neighbours_along) {
  expect(BODY("a // one\nf(x, 1111111111, 2222222222, 3333333333, 4444444444) // two\n"),
         BODY("  a  // one\n  f(x, 1111111111, 2222222222, 3333333333, 4444444444)  // two\n"));
}

Test(format, at_most_one_blank_line_and_none_at_ends) {
  expect("\n\nuse nn\n\n\n\nuse atoms\n\n\n", "use nn\n\nuse atoms\n");
  expect("layer f() {\n\n\na\n\n\n\nb\n\n}\n", "layer f() {\n  a\n\n  b\n}\n");
  expect("\tuse\tnn\r\n", "use nn\n");
}

Test(format, columns_count_characters_not_bytes) {
  expect(BODY("f(\"\xc3\xa9\") // one\nf(\"e\") // two\n"), BODY("  f(\"\xc3\xa9\")  // one\n  f(\"e\")  // two\n"));
}

Test(format, what_does_not_parse_is_refused_with_its_errors) {
  Trial t;
  trial_begin(&t);
  Str out;
  cr_expect(!formatted(&t, S("layer f( {\n"), &out));
  cr_expect(t.diags.nerrors > 0);
  uint32_t before = t.diags.nerrors;
  cr_expect(formatted(&t, S("use nn\n"), &out), "the errors of another source");
  cr_expect_eq(t.diags.nerrors, before);
  arena_free(&t.arena);
}

/* --- laws, on every source ----------------------------------------------------------------------------- */
/* Comments of a text in their order, blanks behind them cut; found by their own rule: `//` outside of a text. */
static Str comments(Trial *t, Str text) {
  Out o = { .arena = &t->arena };
  bool inside = false;
  for (uint32_t i = 0; i < text.n; i++) {
    if (inside && text.at[i] == '\\') { i++; continue; }
    if (text.at[i] == '"') inside = !inside;
    if (inside || text.at[i] != '/' || i + 1 == text.n || text.at[i + 1] != '/') continue;
    uint32_t from = i;
    while (i < text.n && text.at[i] != '\n') i++;
    uint32_t to = i;
    while (strchr(" \t\r", text.at[to - 1])) to--;
    out_printf(&o, "%.*s\n", (int)(to - from), text.at + from);
  }
  return out_text(&o);
}

static uint32_t draw(uint64_t *state, uint32_t n) {
  *state = *state * 6364136223846793005u + 1442695040888963407u;
  return (uint32_t)(*state >> 33) % n;
}

/* Other blanks between the same pieces. A piece ends where a line, a bracket, `,` or `;` does, or blanks or a comment
 * begin: between two of them any blanks may stand; `breaks`: newlines too, inside of ( ) and [ ]. */
static Str disturbed(Trial *t, Str text, uint64_t seed, bool breaks) {
  Out o = { .arena = &t->arena };
  uint32_t depth = 0;
  for (uint32_t i = 0; i < text.n;) {
    char c = text.at[i];
    uint32_t from = i;
    bool comment = false;
    if (strchr(" \t\r\n", c)) {
      uint32_t newlines = 0;
      for (; i < text.n && strchr(" \t\r\n", text.at[i]); i++) newlines += text.at[i] == '\n';
      if (newlines > 1) newlines = 2 + draw(&seed, 3);
      for (uint32_t k = 0; k < newlines; k++) out_printf(&o, "%*s\n", (int)draw(&seed, 3), "");
      if (!newlines) out_printf(&o, " ");
    } else if (c == '"') {
      for (i++; text.at[i] != '"'; i++) i += text.at[i] == '\\';
      i++;
      out_printf(&o, "%.*s", (int)(i - from), text.at + from);
    } else if (c == '/' && i + 1 < text.n && text.at[i + 1] == '/') {
      while (i < text.n && text.at[i] != '\n') i++;
      out_printf(&o, "%.*s", (int)(i - from), text.at + from);
      comment = true;
    } else if (strchr("()[]{},;", c)) {
      depth += c == '(' || c == '[';
      depth -= c == ')' || c == ']';
      i++;
      out_printf(&o, "%c", c);
    } else {
      while (i < text.n && !strchr(" \t\r\n\"()[]{},;", text.at[i]) &&
             !(text.at[i] == '/' && i + 1 < text.n && text.at[i + 1] == '/')) i++;
      out_printf(&o, "%.*s", (int)(i - from), text.at + from);
    }
    if (comment) continue;
    static const char *const blank[] = { "", " ", "   ", "\t", " \r" };
    bool edge = strchr(" \t\r\n()[]{},;", i < text.n ? text.at[i] : ' ') || strchr(" \t\r\n()[]{},;", text.at[i - 1]);
    if (edge) out_printf(&o, "%s", blank[draw(&seed, 5)]);
    if (edge && breaks && depth && !draw(&seed, 6)) out_printf(&o, "\n");
  }
  return out_text(&o);
}

static void hold_laws(const char *path) {
  Trial t;
  trial_begin(&t);
  uint32_t source = source_read(&t.sources, str_of(path));
  cr_assert(source, "%s", path);
  Str text = t.sources.all.at[source - 1]->text, once, twice;
  if (formatted(&t, text, &once)) {
    Str before = tree(&t, text);
    cr_expect_str_eq(before.at, tree(&t, once).at, "%s: another tree", path);
    cr_expect_str_eq(comments(&t, text).at, comments(&t, once).at, "%s: other comments", path);
    cr_assert(formatted(&t, once, &twice), "%s: does not parse any more", path);
    cr_expect_str_eq(once.at, twice.at, "%s: not done the first time", path);
    for (uint64_t seed = 0; seed < 4; seed++) {
      Str other = disturbed(&t, text, seed, false), same;
      cr_assert(formatted(&t, other, &same), "%s, disturbed:\n%s", path, other.at);
      cr_expect_str_eq(once.at, same.at, "%s: blanks decide\n%s", path, same.at);
      other = disturbed(&t, text, seed, true);
      cr_assert(formatted(&t, other, &same), "%s, disturbed:\n%s", path, other.at);
      cr_expect_str_eq(before.at, tree(&t, same).at, "%s: another tree", path);
      cr_assert(formatted(&t, same, &twice));
      cr_expect_str_eq(same.at, twice.at, "%s: not done the first time\n%s", path, same.at);
    }
  }
  arena_free(&t.arena);
}

static bool is_source(const char *path) {
  size_t n = strlen(path);
  return n > 4 && !strcmp(path + n - 4, ".gdl");
}

static int nheld;                   /* of nftw, which hands nothing through                          */
static int hold(const char *path, const struct stat *s, int kind, struct FTW *where) {
  (void)s, (void)where;
  if (kind == FTW_F && is_source(path)) { hold_laws(path); nheld++; }
  return 0;
}

Test(format, same_tree_same_comments_and_nothing_left_to_do_for_every_source) {
  static const char *const folders[] = { "tests", "examples", "stdlib" };
  for (int i = 0; i < 3; i++) cr_assert(!nftw(folders[i], hold, 16, FTW_PHYS));
  cr_expect(nheld > 90, "%d sources", nheld);
}

static int expect_formatted(const char *path, const struct stat *s, int kind, struct FTW *where) {
  (void)s, (void)where;
  if (kind != FTW_F || !is_source(path)) return 0;
  Trial t;
  trial_begin(&t);
  uint32_t source = source_read(&t.sources, str_of(path));
  Str text = t.sources.all.at[source - 1]->text, out;
  cr_assert(formatted(&t, text, &out), "%s", path);
  cr_expect(str_equal(text, out), "gdlc fmt %s", path);
  arena_free(&t.arena);
  return 0;
}

Test(format, the_library_and_the_examples_are_formatted) {
  cr_assert(!nftw("stdlib", expect_formatted, 16, FTW_PHYS) && !nftw("examples", expect_formatted, 16, FTW_PHYS));
}
