/* hint.c: what one who comes from another language may have meant, where a token does not fit.
 *
 *     y = x ** 2         `x^2` is the power
 *     if x > 0 { ... }   nothing that is known when running decides what is computed: where(test, a, b)
 *     modle m(...)       did you mean `model`?
 *
 * Reads the tokens around the place; gives a help text, or an empty one. Each hint is a row: what begins the
 * statement, what stands before, what does not fit. It decides nothing: the error stands without it. */
#include "front/parse.h"
#include "grammar.h"

typedef struct Hint { const char *first, *before, *token, *help; } Hint;      /* NULL: anything       */

static const Hint DECLARATIONS[] = {                     /* at the head of a file, first is the token   */
  { "import", NULL, NULL, "`use name` reads a module of the library, `use \"file.gdl\"` a file beside this one" },
  { "from", NULL, NULL, "`use name` reads a module of the library, `use \"file.gdl\"` a file beside this one" },
  { "include", NULL, NULL, "`use name` reads a module of the library, `use \"file.gdl\"` a file beside this one" },
  { "def", NULL, NULL,
      "a layer is declared as `layer f(x: _) { ... }`, a network as `model m(x: ...) -> (y: ...) { ... }`" },
  { "fn", NULL, NULL,
      "a layer is declared as `layer f(x: _) { ... }`, a network as `model m(x: ...) -> (y: ...) { ... }`" },
  { "func", NULL, NULL,
      "a layer is declared as `layer f(x: _) { ... }`, a network as `model m(x: ...) -> (y: ...) { ... }`" },
  { "function", NULL, NULL,
      "a layer is declared as `layer f(x: _) { ... }`, a network as `model m(x: ...) -> (y: ...) { ... }`" },
  { "class", NULL, NULL, "a network is declared as `model m(x: ...) -> (y: ...) { ... }`" },
  { "struct", NULL, NULL, "a network is declared as `model m(x: ...) -> (y: ...) { ... }`" },
  { "const", NULL, NULL, "`let k = 3` names a number" },
  { "/", NULL, NULL, "a comment begins with `//` and ends with its line" },
};

static const Hint STATEMENTS[] = {
  { "if", NULL, NULL,
      "nothing that is known when running decides what is computed: where(test, a, b) chooses between two values" },
  { "while", NULL, NULL, "nothing that is known when running decides how often: `repeat n { ... }`, n a whole number" },
  { "for", NULL, NULL, "`repeat n { ... }` writes its block n times, with a `var` for what goes on" },
  { "return", NULL, NULL,
      "an output is assigned, `y = ...`; the last line of a layer without named results is its value" },
  { NULL, "*", "*", "the power is `x^2`" },
  { NULL, "+", "=", "a `var` is replaced as `h = h + x`" },
  { NULL, "-", "=", "a `var` is replaced as `h = h - x`" },
  { NULL, "*", "=", "a `var` is replaced as `h = h * x`" },
  { NULL, "/", "=", "a `var` is replaced as `h = h / x`" },
  { NULL, ":", "=", "`let y = ...` names a value, `y = ...` assigns an output or a `var`" },
  { "let", "let", "(", "names stand without brackets: `let a, b = ...`" },
  { "var", "var", "(", "names stand without brackets: `var a, b = ...`" },
  { "layer", NULL, "<", "generic names stand in `[ ]`: `layer f[n](x: n scalar)`" },
};

/* Where the statement or declaration of token i begins. */
static uint32_t beginning(const Tokens *tokens, uint32_t i) {
  uint32_t depth = tokens->at[i].depth;
  while (i > 1) {
    const Token *t = &tokens->at[i - 1];
    if ((t->kind == T_SEP || t->kind == T_LBRACE) && t->depth <= depth) break;
    i--;
  }
  return i;
}

static bool is(const char *asked, Str word) { return !asked || str_is(word, asked); }

static Str nearest_declaration(const Parse *p, Str word) {
  static const char *const words[] = { "use", "let", "group", "rep", "domain", "layer", "model", "kernel", "train" };
  for (uint32_t i = 0; i < sizeof words / sizeof *words; i++)
    if (word.n > 3 && str_distance(word, str_of(words[i])) <= 2)
      return str_format(p->diags->arena, "did you mean `%s`?", words[i]);
  return S("");
}

static bool compares(int kind) {
  return kind == T_LESS || kind == T_AT_MOST || kind == T_GREATER || kind == T_AT_LEAST || kind == T_EQUAL ||
         kind == T_DIFFERS;
}

/* Hints that depend on kinds of tokens rather than on their texts. */
static Str by_kind(const Parse *p, const Tokens *tokens, uint32_t i, bool argument) {
  Token t = tokens->at[i], before = tokens->at[i - 1];
  Str word = parse_text(p, before.span);
  if (t.kind == T_EQ && before.kind == T_NAME && argument)
    return str_format(p->diags->arena, "an argument by name is written `%.*s: ...`", STR(word));
  if (t.kind == T_COLON && before.kind == T_NAME && beginning(tokens, i - 1) == i - 1)
    return str_format(p->diags->arena, "`%.*s = ...` gives a value; a type is said with `let %.*s: T = ...`", STR(word),
                      STR(word));
  if (t.kind == T_DOT && i + 1 < tokens->n && tokens->at[i + 1].kind == T_INT)
    return str_format(p->diags->arena, "a number has a digit before its point: 0.%.*s",
                      STR(parse_text(p, tokens->at[i + 1].span)));
  if (before.kind == T_DOT && i > 1 && tokens->at[i - 2].kind == T_INT)
    return str_format(p->diags->arena, "a number has a digit behind its point: %.*s.0",
                      STR(parse_text(p, tokens->at[i - 2].span)));
  if (t.kind == T_COMMA && before.kind == T_INT && !argument)
    return S("the points of a cycle stand side by side: (1 2 3)");
  if (t.kind == T_ARROW && argument)
    return S("there are no functions without a name: a `layer`, or a call with an argument left open, linear(_, 8)");
  if (compares(t.kind)) return S("comparisons do not chain: where(0 < x, where(x < 1, a, b), b)");
  return S("");
}

Str parse_hint(const Parse *p, const Tokens *tokens, uint32_t i, bool declares, bool argument) {
  Str word = parse_text(p, tokens->at[i].span), before = parse_text(p, tokens->at[i - 1].span);
  Str first = parse_text(p, tokens->at[beginning(tokens, i)].span);
  if (declares) {
    for (uint32_t k = 0; k < sizeof DECLARATIONS / sizeof *DECLARATIONS; k++)
      if (is(DECLARATIONS[k].first, word)) return str_of(DECLARATIONS[k].help);
    return nearest_declaration(p, word);
  }
  for (uint32_t k = 0; k < sizeof STATEMENTS / sizeof *STATEMENTS; k++) {
    const Hint *h = &STATEMENTS[k];
    if (is(h->first, first) && is(h->before, before) && is(h->token, word)) return str_of(h->help);
  }
  return by_kind(p, tokens, i, argument);
}
