/* test_cli.c: a command line read by its tables (runtime/cli.h), which gdlc and every compiled program use. */
#include "cli.h"
#include <criterion/criterion.h>
#include <string.h>

enum { RUN = 1, LIST = 2, PASS = 4 };
typedef struct Fields {
  const char *text, *count, *number, *word, *list, *many[CLI_MOST], *argument[CLI_MOST];
  int nmany, nargument;
  bool flag;
} Fields;
static const CliWord words[] = { { "north", "" }, { "south", "" }, { NULL, NULL } };
static const CliCommand commands[] = {
  { "run", RUN, "FILE...", 1, 2, false, "runs", "More of it.", NULL },
  { "list", LIST, "", 0, 0, false, "lists", NULL, NULL },
  { "pass", PASS, "FILE ...", 1, 1, true, "passes on", NULL, NULL },
};
#define AT(field) offsetof(Fields, field), 0
static const CliOption options[] = {
  { "--text", "-t", CLI_TEXT, RUN | PASS, AT(text), "FILE", "a text", NULL },
  { "--count", NULL, CLI_COUNT, RUN, AT(count), "N", "a count", NULL },
  { "--number", NULL, CLI_NUMBER, RUN, AT(number), "X", "a number", NULL },
  { "--word", "-way", CLI_TEXT, RUN, AT(word), "WORD", "a word", words },
  { "--list", NULL, CLI_TEXT, RUN, AT(list), "WORD,...", "words", words },
  { "--many", NULL, CLI_MANY, RUN, offsetof(Fields, many), offsetof(Fields, nmany), "TEXT", "texts", NULL },
  { "--flag", NULL, CLI_NOTHING, RUN | LIST, AT(flag), "", "a flag", NULL },
};
static const Cli cli = { .program = "p", .purpose = "For tests.", .command = commands, .option = options,
                         .ncommands = 3, .noptions = 7,
                         .arguments = offsetof(Fields, argument), .narguments = offsetof(Fields, nargument) };

/* The words of a line, split at blanks, behind the name of the command. */
typedef struct Asked {
  CliAsked what;
  Fields fields;
  int next, n;
  char why[CLI_WHY], room[600], *argv[200];
} Asked;
static void ask(Asked *a, const char *command, const char *line) {
  *a = (Asked){ 0 };
  snprintf(a->room, sizeof a->room, "%s", line);
  for (char *w = strtok(a->room, " "); w; w = strtok(NULL, " ")) a->argv[a->n++] = strcmp(w, "''") ? w : (char *)"";
  a->what = cli_parse(&cli, cli_command(&cli, command), a->n, a->argv, &a->next, &a->fields, a->why);
}

Test(cli, values_stand_behind_an_equals_sign_or_a_blank) {
  Asked a;
  ask(&a, "run", "--text=x -t y --text= file");
  cr_expect_eq(a.what, CLI_MISUSE);
  ask(&a, "run", "--text=x=1 --word south --list=north,south --flag file --count 12 -way north");
  cr_assert_eq(a.what, CLI_WORK, "%s", a.why);
  cr_expect_str_eq(a.fields.text, "x=1");
  cr_expect_str_eq(a.fields.word, "north");
  cr_expect_str_eq(a.fields.list, "north,south");
  cr_expect_str_eq(a.fields.count, "12");
  cr_expect(a.fields.flag);
  cr_expect_eq(a.fields.nargument, 1);
  cr_expect_str_eq(a.fields.argument[0], "file");
  ask(&a, "run", "-t x f -t y");
  cr_expect_str_eq(a.fields.text, "y");
}

Test(cli, many_values_are_kept_in_order_up_to_a_limit) {
  Asked a;
  ask(&a, "run", "f --many a --many=b");
  cr_expect_eq(a.fields.nmany, 2);
  cr_expect_str_eq(a.fields.many[1], "b");
  char line[600] = "f";
  for (int i = 0; i <= CLI_MOST; i++) strcat(line, " --many=x");
  ask(&a, "run", line);
  cr_expect_eq(a.what, CLI_MISUSE);
  cr_expect_eq(a.fields.nmany, CLI_MOST);
}

Test(cli, arguments_are_counted_and_may_look_like_options_behind_two_dashes) {
  Asked a;
  ask(&a, "run", "a b");
  cr_expect_eq(a.what, CLI_WORK);
  ask(&a, "run", "-- --flag -");
  cr_expect_eq(a.what, CLI_WORK, "%s", a.why);
  cr_expect_str_eq(a.fields.argument[0], "--flag");
  cr_expect_not(a.fields.flag);
  ask(&a, "run", "- --flag");
  cr_expect_str_eq(a.fields.argument[0], "-");
}

Test(cli, the_rest_is_left_to_a_command_that_passes_it_on) {
  Asked a;
  ask(&a, "pass", "-t x file --flag --help -t");
  cr_expect_eq(a.what, CLI_WORK, "%s", a.why);
  cr_expect_eq(a.next, 3);
  cr_expect_str_eq(a.fields.text, "x");
}

Test(cli, help_is_asked_for_wherever_it_stands) {
  Asked a;
  ask(&a, "run", "--help");
  cr_expect_eq(a.what, CLI_HELP);
  ask(&a, "run", "f -h");
  cr_expect_eq(a.what, CLI_HELP);
  ask(&a, "run", "-- --help");
  cr_expect_eq(a.what, CLI_WORK);
}

Test(cli, what_is_wrong_is_said_in_one_line) {
  static const struct { const char *command, *line, *why; } rows[] = {
    { "run", "", "run: no FILE... is named" },
    { "run", "a b c", "run: takes 2 at the most, FILE...; `c` is one too many" },
    { "list", "a", "list: takes no arguments; `a` is one too many" },
    { "list", "--text x", "list: there is no option --text here; it belongs to `pass`" },
    { "run", "f --flga", "run: there is no option --flga; did you mean --flag?" },
    { "run", "f --zzzzzz=1", "run: there is no option --zzzzzz; p run --help lists them" },
    { "run", "f --flag=1", "--flag takes no value" },
    { "run", "f --text", "run: --text: expects FILE behind it" },
    { "run", "f --text ''", "run: --text: expects FILE behind it" },
    { "run", "f --count 1x", "--count 1x: expects a whole number" },
    { "run", "f --count -1", "--count -1: expects a whole number" },
    { "run", "f --count 99999999999999999999", "--count 99999999999999999999: expects a whole number" },
    { "run", "f --number nan", "--number nan: expects a number from 0 to a million" },
    { "run", "f --number -1", "--number -1: expects a number from 0 to a million" },
    { "run", "f --word west", "--word knows no `west`; it knows north south" },
    { "run", "f --word nroth", "--word knows no `nroth`; did you mean `north`?" },
    { "run", "f --word north,south", "--word knows no `north,south`; it knows north south" },
    { "run", "f --list north,soth", "--list knows no `soth`; did you mean `south`?" },
    { "run", "f --list north=1", "--list knows no `north=1`; did you mean `north`?" },
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    Asked a;
    ask(&a, rows[i].command, rows[i].line);
    cr_expect_eq(a.what, CLI_MISUSE, "%s %s", rows[i].command, rows[i].line);
    cr_expect_str_eq(a.why, rows[i].why, "%s %s: %s", rows[i].command, rows[i].line, a.why);
  }
}

Test(cli, the_nearest_name_is_one_that_could_have_been_meant) {
  const char *names[] = { "train", "trace", "check" };
  cr_expect_str_eq(cli_nearest("trian", names, 3), "train");
  cr_expect_str_eq(cli_nearest("chek", names, 3), "check");
  cr_expect_str_eq(cli_nearest("trace", names, 3), "trace");
  cr_expect_null(cli_nearest("fly", names, 3));
  cr_expect_null(cli_nearest("", names, 3));
  cr_expect_null(cli_nearest("a_word_that_is_much_longer_than_any_of_the_names", names, 3));
  char why[CLI_WHY];
  cli_unknown(&cli, "rnu", why);
  cr_expect_str_eq(why, "there is no command `rnu`; did you mean `run`?");
  cli_unknown(&cli, "fly", why);
  cr_expect_str_eq(why, "there is no command `fly`; there are: run list pass");
}

Test(cli, long_words_are_cut_in_what_is_said) {
  char line[500];
  Asked a;
  memset(line, 'x', sizeof line - 1);
  line[sizeof line - 1] = 0;
  memcpy(line, "f --", 4);
  ask(&a, "run", line);
  cr_expect_eq(a.what, CLI_MISUSE);
  cr_expect_lt(strlen(a.why), 200);
}
