/* test_diag.c: reports for people and for tools, by every byte of both forms. */
#include "base/base.h"
#include <criterion/criterion.h>
#include <jansson.h>
#include <stdlib.h>

typedef struct Trial { Arena arena; Sources sources; Diags diags; } Trial;

static uint32_t trial_begin(Trial *t, Str text) {
  *t = (Trial){ 0 };
  t->sources.arena = t->diags.arena = &t->arena;
  t->diags.sources = &t->sources;
  return source_add(&t->sources, S("egnn.gdl"), text);
}

static char *printed(const Trial *t, DiagFormat format) {
  char *text = NULL;
  size_t n = 0;
  FILE *f = open_memstream(&text, &n);
  cr_assert(f);
  diag_print(&t->diags, format, f);
  fclose(f);
  return text;
}

static void expect_printed(const Trial *t, DiagFormat format, const char *expected) {
  char *got = printed(t, format);
  cr_expect_str_eq(got, expected, "expected\n%s\ngot\n%s", expected, got);
  free(got);
}

Test(diag, codes_have_names_texts_and_rules) {
  cr_expect_str_eq(code_name(E0203), "E0203");
  cr_expect_eq(code_find(S("W5")), W5);
  cr_expect_eq(code_find(S("E02")), CODE_NONE);
  cr_expect_eq(code_find(S("")), CODE_NONE);
  for (Code c = 1; c < CODES; c++) {
    cr_expect_eq(code_find(str_of(code_name(c))), c);
    cr_expect(*code_text(c) && *code_rule(c));
    cr_expect_eq(code_warns(c), code_name(c)[0] == 'W');
  }
}

Test(diag, for_people) {
  Trial t;
  uint32_t k = trial_begin(&t, S("group G = O(3)\n  let h = relu(v)\n"));
  Diag *x = diag_add(&t.diags, E0203, (Span){ k, 25, 32 }, "`%s` cannot act componentwise on `%s`", "relu", "vector");
  x->label = S("O(3) mixes these 3 components");
  x->witness = S("g = a quarter turn");
  x->help = S("gate it");
  diag_note(&t.diags, x, (Span){ k, 6, 7 }, "%s is declared here", "G");
  diag_note(&t.diags, x, (Span){ 0 }, "and this has no place");
  expect_printed(&t, DIAG_HUMAN,
    "egnn.gdl:2:11: error[E0203]: `relu` cannot act componentwise on `vector`\n"
    "  2 |   let h = relu(v)\n"
    "    |           ^^^^^^^ O(3) mixes these 3 components\n"
    "  rule:    pointwise functions need a permutation representation (odd functions: a signed one)\n"
    "  witness: g = a quarter turn\n"
    "  note:    egnn.gdl:1:7: G is declared here\n"
    "  note:    and this has no place\n"
    "  help:    gate it\n");
  cr_expect_eq(t.diags.nerrors, 1);
  arena_free(&t.arena);
}

Test(diag, for_tools) {
  Trial t;
  uint32_t k = trial_begin(&t, S("a\nb c\n"));
  Diag *x = diag_add(&t.diags, W6, (Span){ k, 4, 5 }, "a \"b\" \\ \n\t\x01");
  x->rule = S("r");
  x->help = S("h");
  x->label = S("l");
  x->witness = S("w");
  diag_note(&t.diags, x, (Span){ k, 0, 1 }, "here");
  diag_note(&t.diags, x, (Span){ 0 }, "nowhere");
  expect_printed(&t, DIAG_JSON,
    "{\"severity\":\"warning\",\"code\":\"W6\",\"file\":\"egnn.gdl\",\"line\":2,\"column\":3,\"end_line\":2,\"end_column\":4,"
    "\"message\":\"a \\\"b\\\" \\\\ \\n\\t\\u0001\",\"label\":\"l\",\"rule\":\"r\",\"witness\":\"w\","
    "\"notes\":[{\"message\":\"here\",\"file\":\"egnn.gdl\",\"line\":1,\"column\":1},{\"message\":\"nowhere\"}],"
    "\"help\":\"h\"}\n");
  cr_expect_eq(t.diags.nerrors, 0);
  arena_free(&t.arena);
}

/* Every byte, and every pair of them, in message, path and line: what comes out is JSON, and text without
 * characters that move the cursor. */
Test(diag, bytes_that_are_no_text) {
  for (uint32_t first = 1; first < 256; first++) {
    char text[2 * 256];
    for (uint32_t second = 0; second < 256; second++) {
      text[2 * second] = (char)first;
      text[2 * second + 1] = second == '\n' ? ' ' : (char)second;
    }
    if (first == '\n') text[0] = ' ';
    Trial t;
    uint32_t k = trial_begin(&t, (Str){ text, sizeof text });
    Diag *x = diag_add(&t.diags, E0001, (Span){ k, 100, 300 }, "m");
    x->message = (Str){ text, sizeof text };
    char *json = printed(&t, DIAG_JSON), *human = printed(&t, DIAG_HUMAN);
    json_error_t error;
    json_t *object = json_loads(json, JSON_ALLOW_NUL, &error);
    cr_expect(object, "first byte %u: %s", first, error.text);
    json_decref(object);
    for (const char *c = human; *c; c++)
      cr_assert((unsigned char)*c >= 32 ? *c != 127 : *c == '\n' || *c == '\t', "first byte %u: byte %d", first, *c);
    free(json);
    free(human);
    arena_free(&t.arena);
  }
}

Test(diag, by_file_and_place_and_once) {
  Trial t;
  uint32_t one = trial_begin(&t, S("abc\n"));
  uint32_t two = source_add(&t.sources, S("a.gdl"), S("abc"));
  diag_add(&t.diags, E0002, (Span){ two, 0, 1 }, "last");
  diag_add(&t.diags, E0101, (Span){ one, 2, 3 }, "third");
  diag_add(&t.diags, E0101, (Span){ one, 1, 2 }, "second");
  diag_add(&t.diags, E0101, (Span){ one, 1, 3 }, "dropped: place and code are those of the second");
  diag_add(&t.diags, E0001, (Span){ one, 1, 2 }, "first: another code at the same place");
  char *got = printed(&t, DIAG_JSON), *at = got;
  static const char *const order[] = { "first", "second", "third", "last" };
  for (size_t i = 0; i < 4; i++) {
    at = strstr(at, order[i]);
    cr_assert(at, "%s\n%s", order[i], got);
  }
  cr_expect(!strstr(got, "dropped"));
  free(got);
  arena_free(&t.arena);
}

Test(diag, carets_stand_under_what_is_meant) {
  Trial t;
  uint32_t k = trial_begin(&t, S("\t\"\xc3\xa9\" x\r\nab"));
  diag_add(&t.diags, W1, (Span){ k, 6, 7 }, "m")->rule.n = 0;            /* behind a tab and two bytes that are one */
  diag_add(&t.diags, W2, (Span){ k, 2, 4 }, "m")->rule.n = 0;
  diag_add(&t.diags, W3, (Span){ k, 6, 11 }, "m")->rule.n = 0;           /* beyond the line: to its end             */
  diag_add(&t.diags, W4, (Span){ k, 11, 11 }, "m")->rule.n = 0;          /* behind the last byte                    */
  expect_printed(&t, DIAG_HUMAN,
    "egnn.gdl:1:3: warning[W2]: m\n  1 | \t\"\xc3\xa9\" x\n    | \t ^\n"
    "egnn.gdl:1:7: warning[W1]: m\n  1 | \t\"\xc3\xa9\" x\n    | \t    ^\n"
    "egnn.gdl:1:7: warning[W3]: m\n  1 | \t\"\xc3\xa9\" x\n    | \t    ^\n"
    "egnn.gdl:2:3: warning[W4]: m\n  2 | ab\n    |   ^\n");
  arena_free(&t.arena);
}

Test(diag, long_lines_are_cut_around_the_caret) {
  char text[100000];
  memset(text, 'x', sizeof text);
  text[50000] = '#';
  Trial t;
  uint32_t k = trial_begin(&t, (Str){ text, sizeof text });
  diag_add(&t.diags, E0001, (Span){ k, 50000, 50001 }, "m");
  char *got = printed(&t, DIAG_HUMAN), *line = strchr(got, '\n') + 1, *caret = strchr(line, '\n') + 1;
  cr_expect(strlen(got) < 600);
  cr_expect_eq(strchr(caret, '^') - caret, strchr(line, '#') - line);
  free(got);
  arena_free(&t.arena);
}

Test(diag, reasons) {
  Trial t;
  uint32_t k = trial_begin(&t, S("abc"));
  Arena other = { 0 };
  Why why = { .arena = &other };
  cr_expect(!why_no(NULL, E0101, "nobody asks"));
  cr_expect(!why_witness(NULL, "nobody asks"));
  cr_expect(!why_no(&why, E0201, "the %s", "first"));
  cr_expect(!why_no(&why, E0202, "the second"));
  cr_expect(!why_witness(&why, "w %d", 1));
  cr_expect(!why_help(&why, "h %d", 2));
  Diag *x = diag_why(&t.diags, (Span){ k, 0, 1 }, &why);
  arena_free(&other);                                         /* the report owns what it says               */
  cr_expect_eq(x->code, E0201);
  cr_expect_str_eq(x->message.at, "the first");
  cr_assert_eq(x->note.n, 1);
  cr_expect_str_eq(x->note.at[0].text.at, "the second");
  cr_expect_str_eq(x->witness.at, "w 1");
  cr_expect_str_eq(x->help.at, "h 2");
  arena_free(&t.arena);
}
