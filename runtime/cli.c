/* cli.c: reads a command line by its tables (cli.h), and says what they hold: --help. cli_shell.c tells shells. */
#include "cli.h"
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { COLUMN = 30 };               /* of what is said of an option                                */

static bool no(char why[CLI_WHY], const char *format, ...) __attribute__((format(printf, 2, 3)));
static bool no(char why[CLI_WHY], const char *format, ...) {
  va_list args;
  va_start(args, format);
  vsnprintf(why, CLI_WHY, format, args);
  va_end(args);
  return false;
}

const CliCommand *cli_command(const Cli *c, const char *name) {
  for (int i = 0; i < c->ncommands; i++)
    if (strcmp(c->command[i].name, name) == 0) return &c->command[i];
  return NULL;
}

bool cli_has(const CliOption *o, const CliCommand *of) { return (o->commands & of->bit) != 0; }

/* --- what may have been meant ------------------------------------------------------------------------- */
enum { LONGEST = 32 };

/* Letters to add, drop, change or exchange with the next one. */
static int distance(const char *a, const char *b) {
  int n = (int)strlen(a), m = (int)strlen(b), d[LONGEST + 1][LONGEST + 1];
  if (n > LONGEST || m > LONGEST) return LONGEST;
  for (int i = 0; i <= n; i++)
    for (int j = 0; j <= m; j++) {
      if (i == 0 || j == 0) { d[i][j] = i + j; continue; }
      int best = d[i - 1][j - 1] + (a[i - 1] != b[j - 1]);
      if (d[i - 1][j] + 1 < best) best = d[i - 1][j] + 1;
      if (d[i][j - 1] + 1 < best) best = d[i][j - 1] + 1;
      bool crossed = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (crossed && d[i - 2][j - 2] + 1 < best) best = d[i - 2][j - 2] + 1;
      d[i][j] = best;
    }
  return d[n][m];
}

const char *cli_nearest(const char *word, const char *const *from, int n) {
  const char *nearest = NULL;
  int least = 1 + (int)strlen(word) / 3;          /* a third of the letters may be wrong, and fewer than all */
  for (int i = 0; i < n; i++) {
    int d = distance(word, from[i]);
    if (d > least || d >= (int)strlen(from[i]) || (nearest && d == least)) continue;
    nearest = from[i];
    least = d;
  }
  return nearest;
}

void cli_unknown(const Cli *c, const char *name, char why[CLI_WHY]) {
  const char *names[CLI_MOST] = { NULL };
  int n = 0;
  for (int i = 0; i < c->ncommands && n < CLI_MOST; i++) if (*c->command[i].name) names[n++] = c->command[i].name;
  const char *meant = cli_nearest(name, names, n);
  if (meant) { no(why, "there is no command `%.60s`; did you mean `%s`?", name, meant); return; }
  no(why, "there is no command `%.60s`; there are:", name);
  for (int i = 0; i < n; i++) {
    size_t k = strlen(why);
    snprintf(why + k, CLI_WHY - k, " %s", names[i]);
  }
}

/* --- reading --------------------------------------------------------------------------------------------- */
/* "eval: ", or nothing for what has no name. */
static const char *label(const CliCommand *of, char room[40]) {
  snprintf(room, 40, *of->name ? "%.30s: " : "%.30s", of->name);
  return room;
}

static const CliOption *find_option(const Cli *c, const CliCommand *of, const char *word, size_t n) {
  for (int i = 0; i < c->noptions; i++) {
    const CliOption *o = &c->option[i];
    if (!cli_has(o, of)) continue;
    if (strlen(o->name) == n && memcmp(o->name, word, n) == 0) return o;
    if (o->also && strlen(o->also) == n && memcmp(o->also, word, n) == 0) return o;
  }
  return NULL;
}

static const char *bare(const char *option) { return option + strspn(option, "-"); }      /* -- is never mistaken */

static bool no_option(const Cli *c, const CliCommand *of, const char *word, size_t n, char why[CLI_WHY]) {
  char head[40], given[61];
  const char *names[CLI_MOST] = { NULL }, *elsewhere = NULL;
  int count = 0;
  snprintf(given, sizeof given, "%.*s", n < 60 ? (int)n : 60, word);
  for (int i = 0; i < c->noptions && count < CLI_MOST; i++) {
    if (cli_has(&c->option[i], of)) names[count++] = bare(c->option[i].name);
    else if (strcmp(c->option[i].name, given) == 0)
      for (int k = 0; k < c->ncommands; k++) if (cli_has(&c->option[i], &c->command[k])) elsewhere = c->command[k].name;
  }
  const char *meant = cli_nearest(bare(given), names, count);
  label(of, head);
  if (meant && !elsewhere) return no(why, "%sthere is no option %s; did you mean --%s?", head, given, meant);
  if (elsewhere && *elsewhere)
    return no(why, "%sthere is no option %s here; it belongs to `%s`", head, given, elsewhere);
  const char *here = elsewhere ? " here" : "";
  return no(why, "%sthere is no option %s%s; %s%s%s --help lists them", head, given, here, c->program,
            *of->name ? " " : "", of->name);
}

static bool is_list(const CliOption *o) { return strchr(o->argument, ',') != NULL; }

/* Each word of the value is one of those that there are. */
static bool check_words(const CliOption *o, const char *value, char why[CLI_WHY]) {
  const char *names[CLI_MOST] = { NULL };
  const char *ends = strchr(o->argument, '=') ? ",=" : ",";               /* "KIND[=OUT],...": of the word */
  int n = 0;
  for (; n < CLI_MOST && o->words[n].name; n++) names[n] = o->words[n].name;
  while (*value) {
    size_t all = is_list(o) ? strcspn(value, ",") : strlen(value), k = is_list(o) ? strcspn(value, ends) : all;
    int i = 0;
    while (i < n && !(strlen(names[i]) == k && memcmp(names[i], value, k) == 0)) i++;
    if (i == n) {
      char given[41];
      snprintf(given, sizeof given, "%.*s", k < 40 ? (int)k : 40, value);
      const char *meant = cli_nearest(given, names, n);
      no(why, "%s knows no `%s`; ", o->name, given);
      size_t at = strlen(why);
      if (meant) { snprintf(why + at, CLI_WHY - at, "did you mean `%s`?", meant); return false; }
      for (i = 0; i < n; i++, at = strlen(why)) snprintf(why + at, CLI_WHY - at, i ? " %s" : "it knows %s", names[i]);
      return false;
    }
    value += all;
    if (*value == ',') value++;
  }
  return true;
}

static bool set_field(const CliOption *o, const char *value, void *fields, char why[CLI_WHY]) {
  char *field = (char *)fields + o->at, *end = NULL;
  if (o->words && !check_words(o, value, why)) return false;
  if (o->takes == CLI_MANY) {
    int *n = (int *)(void *)((char *)fields + o->count);
    if (*n == CLI_MOST) return no(why, "more than %d times %s", CLI_MOST, o->name);
    memcpy(field + (size_t)(*n)++ * sizeof value, &value, sizeof value);
    return true;
  }
  if (o->takes == CLI_COUNT) {
    errno = 0;
    long long n = strtoll(value, &end, 10);
    if (end == value || *end || errno || n < 0) return no(why, "%s %.60s: expects a whole number", o->name, value);
  }
  if (o->takes == CLI_NUMBER) {
    double x = strtod(value, &end);
    bool fits = end != value && !*end && x >= 0 && x <= 1e6;
    if (!fits) return no(why, "%s %.60s: expects a number from 0 to a million", o->name, value);
  }
  memcpy(field, &value, sizeof value);
  return true;
}

static bool add_argument(const Cli *c, const CliCommand *of, const char *word, void *fields, char why[CLI_WHY]) {
  char head[40];
  const char **at = (const char **)(void *)((char *)fields + c->arguments);
  int *n = (int *)(void *)((char *)fields + c->narguments);
  if (of->most == 0) return no(why, "%stakes no arguments; `%.60s` is one too many", label(of, head), word);
  if (*n == of->most || *n == CLI_MOST)
    return no(why, "%stakes %d at the most, %s; `%.60s` is one too many", label(of, head), *n, of->arguments, word);
  at[(*n)++] = word;
  return true;
}

static bool read_option(const Cli *c, const CliCommand *of, int argc, char *const *argv, int *next, void *fields,
                        char why[CLI_WHY]) {
  char head[40];
  const char *word = argv[*next], *equal = strchr(word, '='), *value = equal ? equal + 1 : NULL;
  size_t length = equal ? (size_t)(equal - word) : strlen(word);
  const CliOption *o = find_option(c, of, word, length);
  if (!o) return no_option(c, of, word, length, why);
  if (o->takes == CLI_NOTHING) {
    const bool yes = true;
    if (equal) return no(why, "%s takes no value", o->name);
    memcpy((char *)fields + o->at, &yes, sizeof yes);
    return true;
  }
  if (!value && *next + 1 < argc) value = argv[++*next];
  if (!value || !*value)
    return no(why, "%s%.*s: expects %s behind it", label(of, head), (int)length, word, o->argument);
  return set_field(o, value, fields, why);
}

CliAsked cli_parse(const Cli *c, const CliCommand *of, int argc, char *const *argv, int *next, void *fields,
                   char why[CLI_WHY]) {
  char head[40];
  const int *n = (const int *)(const void *)((const char *)fields + c->narguments);
  bool options = true;                            /* until `--`                                            */
  for (; *next < argc && !(of->passes_on && *n); ++*next) {
    const char *word = argv[*next];
    if (options && strcmp(word, "--") == 0) options = false;
    else if (options && (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0)) return CLI_HELP;
    else if (options && word[0] == '-' && word[1]) {
      if (!read_option(c, of, argc, argv, next, fields, why)) return CLI_MISUSE;
    } else if (!add_argument(c, of, word, fields, why)) return CLI_MISUSE;
  }
  if (*n < of->least) {
    no(why, "%sno %s is named", label(of, head), of->arguments);
    return CLI_MISUSE;
  }
  return CLI_WORK;
}

/* --- help -------------------------------------------------------------------------------------------------- */
static void print_row(FILE *to, const char *left, const char *what) {
  if (strlen(left) + 4 > COLUMN) fprintf(to, "  %s\n%*s%s\n", left, COLUMN, "", what);
  else fprintf(to, "  %-*s%s\n", COLUMN - 2, left, what);
}

static void print_options(const Cli *c, const CliCommand *of, FILE *to) {
  fprintf(to, "\noptions:\n");
  for (int i = 0; i < c->noptions; i++) {
    const CliOption *o = &c->option[i];
    char left[100], what[300];
    if (!cli_has(o, of)) continue;
    snprintf(left, sizeof left, "%s%s%s%s%s", o->also ? o->also : "", o->also ? ", " : "", o->name,
             *o->argument ? "=" : "", o->argument);
    snprintf(what, sizeof what, "%s", o->what);
    for (const CliWord *w = o->words; w && w->name && !*w->what; w++) {       /* those without a list of their own */
      size_t n = strlen(what);
      snprintf(what + n, sizeof what - n, "%s%s%s", w == o->words ? " (" : " ", w->name, w[1].name ? "" : ")");
    }
    print_row(to, left, what);
  }
  print_row(to, "-h, --help", "this text");
  if (c->version && !*of->name) print_row(to, "--version", c->version);
}

static void print_words(FILE *to, const char *title, const CliWord *words) {
  fprintf(to, "\n%s:\n", title);
  for (; words->name; words++) fprintf(to, "  %-12s%s%s\n", words->name, *words->what ? " " : "", words->what);
}

static void print_usage(const Cli *c, const CliCommand *of, char *left, size_t room) {
  bool any = false;
  for (int i = 0; i < c->noptions; i++) any |= cli_has(&c->option[i], of);
  snprintf(left, room, "%s%s%s%s%s%s", c->program, *of->name ? " " : "", of->name, any && *of->name ? " [OPTIONS]" : "",
           *of->arguments ? " " : "", of->arguments);
}

void cli_help(const Cli *c, const CliCommand *only, FILE *to) {
  char left[160];
  if (only && *only->name) {
    print_usage(c, only, left, sizeof left);
    fprintf(to, "%s\n    %s\n", left, only->what);
    if (only->text) fprintf(to, "\n%s\n", only->text);
    print_options(c, only, to);
    if (only->words) print_words(to, only->arguments, only->words);
    return;
  }
  fprintf(to, "%s\n\n", c->purpose);
  for (int i = 0; i < c->ncommands; i++) {
    snprintf(left, sizeof left, "%s%s%s %s", c->program, *c->command[i].name ? " " : "", c->command[i].name,
             c->command[i].arguments);
    print_row(to, left, c->command[i].what);
  }
  fprintf(to, "\n  %s COMMAND --help lists the options of a command.\n", c->program);
  const CliCommand *nameless = cli_command(c, "");
  if (nameless) print_options(c, nameless, to);
  for (const CliList *l = c->list; l && l->title; l++) print_words(to, l->title, l->words);
}
