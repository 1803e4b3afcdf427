/* test_check.c: the names half of the checker. Each test is a text and what is said about it, as "line:code" in the
 * order of the file, or a fact of the checked program. Clauses: LANGUAGE 3, 5, 6, 7, 11, 12. Rules have their own
 * tests. */
#include "front/program.h"
#include <criterion/criterion.h>

typedef struct Trial { Arena arena; Sources sources; Diags diags; Program *program; } Trial;

static void trial(Trial *t, const char *text) {
  *t = (Trial){ 0 };
  t->sources.arena = &t->arena;
  t->diags = (Diags){ .arena = &t->arena, .sources = &t->sources };
  const Ast *file = ast_parse(&t->arena, &t->diags, source_add(&t->sources, S("trial.gdl"), str_of(text)));
  if (!t->diags.nerrors) t->program = program_check(&t->arena, &t->diags, file, S("."));
  Why why = { .arena = &t->arena };
  if (t->program) cr_assert(program_verify(t->program, &why), "%.*s", STR(why.reason.at[0].text));
}

static void finish(Trial *t) {
  if (t->program) program_close(t->program);
  arena_free(&t->arena);
}

static Str codes(Trial *t) {
  Out o = { .arena = &t->arena };
  for (uint32_t line = 1; line < 200; line++)
    for (uint32_t i = 0; i < t->diags.all.n; i++) {
      const Diag *d = t->diags.all.at[i];
      if (span_place(&t->sources, d->at).line == line)
        out_printf(&o, "%s%u:%s", o.text.n ? " " : "", line, code_name(d->code));
    }
  return out_text(&o);
}

static void says(const char *want, const char *text) {
  Trial t;
  trial(&t, text);
  Str got = codes(&t);
  cr_expect(str_is(got, want), "%s\nis said to be \"%.*s\", not \"%s\"; first: %.*s", text, STR(got), want,
            t.diags.all.n ? (int)t.diags.all.at[0]->message.n : 0, t.diags.all.n ? t.diags.all.at[0]->message.at : "");
  finish(&t);
}

static void message_holds(const char *part, const char *text) {
  Trial t;
  trial(&t, text);
  cr_assert(t.diags.all.n > 0, "nothing is said");
  const char *message = str_copy(&t.arena, t.diags.all.at[0]->message).at;
  cr_expect(strstr(message, part) != NULL, "\"%s\" does not hold \"%s\"", message, part);
  finish(&t);
}

static void weights_are(const char *want, const char *text) {
  Trial t;
  trial(&t, text);
  Str said = codes(&t);
  cr_assert(t.program != NULL, "%.*s", STR(said));
  Out o = { .arena = &t.arena };
  const Model *m = t.program->model.at[0];
  for (uint32_t i = 0; i < m->weight.n; i++) out_printf(&o, "%s%.*s", i ? " " : "", STR(m->weight.at[i]->name));
  Str got = out_text(&o);
  cr_expect(str_is(got, want), "%.*s\nnot\n%s", STR(got), want);
  finish(&t);
}

#define MODEL(body) "model m(x: 4 scalar) -> (y: _) {\n" body "\n}\n"

/* --- names: LANGUAGE 3.2 --- */
Test(names, unknown) { says("2:E0101", MODEL("y = linaer(x, 8)")); }
Test(names, nearest) { message_holds("`linear`", MODEL("y = linaer(x, 8)")); }
Test(names, declared_twice_in_a_file) { says("2:E0102", "let n = 3\nlet n = 4\n" MODEL("y = n * x")); }
Test(names, declared_twice_in_a_body) { says("3:E0102", MODEL("let a = x\nlet a = x\ny = a")); }
Test(names, a_repeat_belongs_to_its_body) { says("3:E0102", MODEL("let a = x\nrepeat 2 { let a = x }\ny = a")); }
Test(names, circle) { says("2:E0103", "let a = b\nlet b = a\n" MODEL("y = a * x")); }
Test(names, layer_in_a_circle) {
  says("1:E0103", "layer f[n](x: n scalar) -> n scalar { f(x) + f(x) }\n" MODEL("y = f(x)"));
  says("2:E0103", "layer f[n](x: n scalar) { g(x) }\nlayer g[n](x: n scalar) { f(x) }\n" MODEL("y = f(x)"));
}
Test(names, order_does_not_matter) {
  says("", MODEL("y = f(x)") "layer f[n](x: n scalar) -> n scalar { k * x }\nlet k = 2\n");
}
Test(names, a_body_hides_its_file) { says("", "let k = 2\n" MODEL("let a = k\nlet relu = 3\ny = relu * a * x")); }
Test(names, unread) { says("2:W6", MODEL("let a = x\nlet _b = x\ny = x")); }
Test(names, unread_of_a_file) { says("1:W6", "let k = 2\n" MODEL("y = x")); }
Test(names, no_module) { says("1:E0110", "use nothing_here\n" MODEL("y = x")); }

/* --- numbers: LANGUAGE 3.1 --- */
Test(numbers, exact) {
  says("", MODEL("claim 1/3 + 1/6 == 1/2\nclaim sqrt(2) * sqrt(2) == 2\nclaim 2^10 == 1024\nclaim 4^(1/2) == 2\ny = "
      "x"));
  says("", MODEL("claim cos(2 * pi / 3) == -1/2\nclaim sin(pi / 6) == 1/2\nclaim 2 * pi / pi == 2\ny = x"));
  says("", MODEL("claim cos(pi / 5) - cos(2 * pi / 5) == 1/2\nclaim 1.5e-3 == 3/2000\ny = x"));
  says("2:E0801", MODEL("claim 1/3 == 0.3333333333333333\ny = x"));
}
Test(numbers, out_of_range) { says("2:E0111", MODEL("let a = 1 / 0\ny = a * x")); }
Test(numbers, a_count_is_whole) { says("2:E0106", MODEL("y = linear(x, 5/2 scalar)")); }
Test(numbers, n_is_n_scalars_but_not_in_a_type) { says("1:E0106", "model m(x: 4) -> (y: _) { y = x }\n"); }
Test(numbers, operators_of_comparison) {
  says("", MODEL("claim 1 < 2\nclaim 2 <= 2\nclaim 3 > 2\nclaim 2 >= 2\nclaim 1 != 2\nclaim -2^2 == -4\ny = x"));
}

/* --- arguments: LANGUAGE 5.2 --- */
Test(bind, missing) { says("2:E0105", MODEL("y = linear(x)")); }
Test(bind, too_many) { says("2:E0105", MODEL("y = relu(x, x)")); }
Test(bind, misnamed) { says("2:E0105", MODEL("y = linear(x, to: 8)")); }
Test(bind, given_twice) { says("2:E0105", MODEL("y = linear(x, 8, out: 8)")); }
Test(bind, kind) { says("2:E0106", MODEL("y = linear(x, x)")); }
Test(bind, a_default_uses_what_is_before) {
  weights_are("f1.linear1.weight f1.linear1.bias",
              "layer f[n](x: n scalar, k: int = 2 * n) -> k scalar { linear(x, k) }\n" MODEL("y = f(x)\nclaim "
                  "copies(y) == 8"));
}
Test(bind, counts) {
  says("", "layer f[n](x: n scalar) -> 2 * n scalar { [x, x] }\n" MODEL("y = f(x)\nclaim copies(y) == 8"));
}
Test(bind, a_generic_that_nothing_binds) { says("1:E0104", "layer f[R, S](x: R) -> R { x }\n" MODEL("y = f(x)")); }
Test(bind, two_things) {
  says("2:E0104",
      "layer f[R](a: R, b: R) -> R { a + b }\nmodel m(x: 4 scalar, z: 3 scalar) -> (y: _) { y = f(x, z) }\n");
}
Test(bind, a_wrong_argument) { says("3:E0200", "layer f(a: 3 scalar) -> _ { a }\n" MODEL("y = f(x)")); }
Test(bind, nowhere_agrees_with_a_domain) {
  says("", "domain X = set\nlayer f[D](a: scalar on D, b: scalar on D) -> scalar on D { a * b }\n"
           "model m(a: scalar, b: scalar on X) -> (y: scalar on X) { y = f(a, b) }\n");
}
Test(bind, domains_do_not_mix) {
  says("4:E0104",
      "domain X = set\ndomain Y = set\nlayer f[D](a: scalar on D, b: scalar on D) -> scalar on D { a * b }\n"
                  "model m(a: scalar on Y, b: scalar on X) -> (y: scalar on X) { y = f(a, b) }\n");
}
Test(bind, an_error_in_a_layer_stands_in_the_layer_once) {
  says("1:E0101", "layer f[n](x: n scalar) { nonsense(x) }\n" MODEL("var h = x\nrepeat 3 { h = f(h) }\ny = f(h)"));
}
Test(bind, layers_as_arguments) {
  weights_are("f1.q1.linear1.weight f2.q1.linear1.weight",
              "layer f[n](x: n scalar, g: layer) -> n scalar { x + g(x) }\n"
              "layer q[n](x: n scalar) -> n scalar { linear(x, n, bias: false) }\n" MODEL("y = f(f(f(x, q), q), "
                  "tanh)"));
}

Test(bind, an_element_by_its_number) {
  says("2:E0301", "domain V = set\nmodel m(x: scalar on V) -> (y: scalar) { y = x[3] }\n");
}

/* --- statements: LANGUAGE 5.4, 6 --- */
Test(statements, output_not_assigned) { says("1:E0107", "model m(x: scalar) -> (y: scalar, z: scalar) { z = x }\n"); }
Test(statements, output_twice) { says("3:E0107", MODEL("y = x\ny = x")); }
Test(statements, output_in_a_repeat) { says("2:E0107", MODEL("repeat 2 { y = x }")); }
Test(statements, output_read_before) { says("2:E0107", MODEL("let a = y\ny = x + a")); }
Test(statements, value_alone) { says("2:E0108", MODEL("x\ny = x")); }
Test(statements, no_var) { says("3:E0109", MODEL("let a = x\na = x\ny = a")); }
Test(statements, nearly_an_output) {
  says("2:E0109", "model m(x: scalar) -> (logits: scalar) {\nlogit = x\n}\n");
  says("2:E0109", MODEL("n = 3\ny = x"));
}
Test(statements, var_of_another_type) {
  says("", MODEL("var a, n = x, 1\nrepeat 3 { a = linear(a, 8); n = 2 * n }\ny = a\nclaim n == 8"));
}
Test(statements, counts_of_names) { says("2:E0106", MODEL("let a, b = x\ny = x")); }
Test(statements, weights_in_a_kernel) {
  says("1:E0113", "kernel k(x: scalar) -> (y: scalar) { y = linear(x, 1) }\n");
  says("1:E0113", "kernel k(x: scalar) -> (y: scalar) { param a: scalar; y = a * x }\n");
}
Test(statements, type_of_a_let) { says("2:E0200", MODEL("let a: 3 scalar = x\ny = a")); }
Test(statements, nothing_broken) { says("2:W8", MODEL("break let a = x\ny = a")); }

/* --- weights: LANGUAGE 7 --- */
Test(weights, paths) {
  weights_are("f1.linear1.weight f1.linear1.bias f1.linear2.weight f1.linear2.bias linear1.weight linear1.bias "
      "f2.linear1.weight "
              "f2.linear1.bias f2.linear2.weight f2.linear2.bias",
              "layer f[n](x: n scalar) -> n scalar { x |> linear(n) |> relu |> linear(n) }\nlayer g[R](x: R) -> R { x "
                  "}\n"
              MODEL("let a = f(x)\nlet b = g(a)\nlet c = linear(b, 4)\ny = f(g(c))"));
}
Test(weights, rounds) {
  weights_are("repeat1.1.linear1.weight repeat1.1.linear1.bias repeat1.2.linear1.weight repeat1.2.linear1.bias",
              MODEL("var h = x\nrepeat 2 { h = tanh(h) }\nrepeat 2 { h = linear(h, 4) }\ny = h"));
}
Test(weights, arguments_first) {
  weights_are("linear1.weight linear2.weight", MODEL("y = linear(linear(x, 3, bias: false), 2, bias: false)"));
}
Test(weights, shared) {
  weights_are("stem.weight stem.bias", MODEL("let stem = linear(_, 4)\ny = stem(stem(x))"));
  weights_are("both.linear1.weight both.linear1.bias both.linear2.weight both.linear2.bias",
              MODEL("let both = _ |> linear(8) |> relu |> linear(4)\ny = both(both(x))"));
  says("3:E0200", MODEL("let stem = linear(_, 8)\ny = stem(stem(x))"));
}
Test(weights, a_name_that_is_taken) { says("3:E0102", MODEL("let linear1 = linear(_, 4)\ny = linear(linear1(x), 3)")); }
Test(weights, params) {
  weights_are("b f1.a",
      "layer f[n](x: n scalar) { param a: n scalar; a * x }\n" MODEL("param b: scalar = 0\ny = b * f(x)"));
}

/* --- modules: LANGUAGE 12 --- */
Test(modules, a_word_of_a_later_version) { says("2:E0903", MODEL("y = harmonics(x, 3)")); }
Test(modules, one_of_a_kind_is_said_once) { says("1:E0903", "model m(x: 8x0e + 4x1o, z: 2x2e) -> (y: _) { y = x }\n"); }
Test(modules, later_domains) { says("1:E0903", "domain M = mesh\n" MODEL("y = x")); }

/* --- train blocks: LANGUAGE 11 --- */
#define TRAIN(body) "model m(x: 4 scalar) -> (y: 2 scalar) { y = linear(x, 2) }\ntrain m(z: 2 scalar) {\n" body "\n}\n"
#define FIRST "data = npz(\"a.npz\", z: \"q\")\nloss = mse(y, z)\n"
static const Setting *setting(const Trial *t, const char *name) {
  const Train *x = t->program->model.at[0]->train;
  for (uint32_t i = 0; i < x->nsettings; i++)
    if (str_is(x->setting[i].name, name)) return &x->setting[i];
  return NULL;
}
Test(train, settings) {
  Trial t;
  trial(&t,
      TRAIN(FIRST "optimizer = adam(rate: warmup(2) * 3 * cosine(1e-3, to: 1e-5, over: 10), beta: [0.9, 0.95])\nbatch "
          "= 8\n"
                  "metric = mae(y, z), rmse(y, z)\nstop = patience(rmse(y, z), 4)\nvalid = 1/10\nprecision = "
                      "f64\ntest = npz(\"b.npz\")"));
  Str said = codes(&t);
  cr_assert(t.program, "%.*s %.*s", STR(said), (int)t.diags.all.at[0]->message.n, t.diags.all.at[0]->message.at);
  const Train *x = t.program->model.at[0]->train;
  const Setting *rate = setting(&t, "optimizer.rate");
  cr_assert_eq(rate->npieces, 3);
  cr_expect(str_is(rate->piece[0].kind, "warmup") && rate->piece[0].over == 2);
  cr_expect(str_is(rate->piece[1].kind, "constant") && rate->piece[1].a == 3);
  cr_expect(str_is(rate->piece[2].kind, "cosine") && rate->piece[2].b == 1e-5);
  cr_expect_eq(setting(&t, "optimizer.beta2")->value, 0.95);
  cr_expect_eq(setting(&t, "batch")->value, 8);
  cr_expect_eq(setting(&t, "stop.metric")->value, 2);
  cr_expect_eq(x->valid_part, 0.1);
  cr_expect_eq(x->nmetrics, 2);
  cr_expect(str_is(x->metric[1].text, "rmse(y, z)"));
  cr_expect(str_is(x->precision, "f64"));
  cr_expect(str_is(x->test[0].column[1].column, "q"), "a column is inherited from `data`");
  cr_expect(str_is(x->data[0].column[0].column, "x"), "a column that is not said is called as its input");
  finish(&t);
}
Test(train, defaults) {
  Trial t;
  trial(&t, TRAIN(FIRST));
  cr_assert(t.program);
  cr_expect(str_is(t.program->model.at[0]->train->optimizer, "adam"));
  cr_expect_eq(setting(&t, "optimizer.rate")->value, 1e-3);
  cr_expect_eq(setting(&t, "optimizer.beta1")->value, 0.9);
  finish(&t);
}
Test(train, unknown_setting) { says("5:E0901", TRAIN(FIRST "bach = 8")); }
Test(train, reader_of_a_later_version) { says("3:E0901", TRAIN("data = csv(\"a.csv\")\nloss = mse(y, z)")); }
Test(train, column_of_no_input) { says("3:E0902", TRAIN("data = npz(\"a.npz\", w: \"q\")\nloss = mse(y, z)")); }
Test(train, input_without_a_file) { says("3:E0902", TRAIN("data = npy(x: \"x.npy\")\nloss = mse(y, z)")); }
Test(train, out_of_range) { says("5:E0111", TRAIN(FIRST "batch = 0")); }
Test(train, loss_is_one_scalar) { says("4:E0200", TRAIN("data = npz(\"a.npz\")\nloss = y")); }
Test(train, no_weights) { says("5:E0113", TRAIN(FIRST "metric = mse(linear(y, 2), z)")); }
Test(train, averages_stand_in_train_blocks) { says("2:E0106", MODEL("y = mse(x, x)")); }

/* --- limits --- */
Test(limits, rounds) { says("2:E0111", MODEL("repeat 2000000 { let _a = x }\ny = x")); }
Test(limits, steps) { says("2:E0111", MODEL("repeat 1000000 { repeat 1000000 { let _a = 1 } }\ny = x")); }
Test(limits, layers_that_are_passed_to_themselves) {
  says("1:E0103", "layer f(x: _, g: layer) { g(x, g) }\n" MODEL("y = f(x, f)"));
}
