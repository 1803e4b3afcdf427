/* main.c: the command line of a compiled program, and nothing else.
 *
 * Commands and options are rows of two tables; `--help` is made from them. Numbers are checked here; what
 * names files and settings mean is checked by the commands. Exit codes: docs/running.md. */
#include "run.h"
#include <errno.h>
#include <jansson.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern const gdl_module gdl_the_module;

enum { TRAIN = 1, EVAL = 2, PREDICT = 4, CHECK = 8, SUMMARY = 16, BENCH = 32, INFO = 64, EXPORT = 128, ALL = 255 };
static const struct CommandRow {
  const char *name;
  int bit;
  Command *run;
  const char *what;
} commands[] = {
  { "train", TRAIN, rt_train, "train on the data that the source names; write a folder of results" },
  { "eval", EVAL, rt_eval, "loss and metrics of trained weights" },
  { "predict", PREDICT, rt_predict, "outputs of the model for files: NPY or PNG, by position or NAME=FILE" },
  { "check", CHECK, rt_check, "audit symmetry, gradients and stability of the compiled program" },
  { "summary", SUMMARY, rt_summary, "a table of the values of the model: type, parameters, verdict" },
  { "bench", BENCH, rt_bench, "time the entries" },
  { "export", EXPORT, rt_export, "the weights as one vector in a file, for libraries of the model" },
  { "info", INFO, rt_info, "certificate, entries with their arguments, settings, hash" },
};

typedef enum Takes { TAKES_TEXT, TAKES_COUNT, TAKES_NUMBER, TAKES_NOTHING, TAKES_MANY } Takes;
static const struct OptionRow {
  const char *name;
  Takes takes;
  int commands;
  size_t at;
  const char *argument, *what;
} options[] = {
  { "--data", TAKES_TEXT, TRAIN | EVAL | CHECK, offsetof(Options, data), "FOLDER", "where the files of the source lie (here)" },
  { "--out", TAKES_TEXT, TRAIN, offsetof(Options, out), "FOLDER", "folder of results (run)" },
  { "--epochs", TAKES_COUNT, TRAIN, offsetof(Options, epochs), "N", "how often all data are seen" },
  { "--steps", TAKES_COUNT, TRAIN, offsetof(Options, steps), "N", "end after N steps in all" },
  { "--seed", TAKES_COUNT, TRAIN | CHECK | BENCH, offsetof(Options, seed), "N", "of weights, order and augmentation (0)" },
  { "--seed", TAKES_COUNT, EXPORT, offsetof(Options, seed), "N", "the weights that training with this seed begins with" },
  { "--resume", TAKES_NOTHING, TRAIN, offsetof(Options, resume), "", "go on from FOLDER/last.safetensors" },
  { "--weights", TAKES_TEXT, EVAL | PREDICT | CHECK | EXPORT, offsetof(Options, weights), "FILE", "a checkpoint (run/best.safetensors)" },
  { "--part", TAKES_TEXT, EVAL, offsetof(Options, part), "PART", "test, valid or data" },
  { "--move", TAKES_TEXT, EVAL, offsetof(Options, move), "WORD", "move the inputs first, by a word in the generators: \"r^2 m\"" },
  { "--out", TAKES_TEXT, PREDICT, offsetof(Options, output), "FILE", "NPY or CSV by its name (out.npy)" },
  { "--out", TAKES_TEXT, EXPORT, offsetof(Options, output), "FILE", "NPY or CSV by its name, else the numbers alone (param.npy)" },
  { "-o", TAKES_TEXT, PREDICT | EXPORT, offsetof(Options, output), "FILE", "the same" },
  { "--entry", TAKES_TEXT, BENCH, offsetof(Options, entry), "NAME", "this one alone: infer, step, eval, trace, trace64, slope64" },
  { "--seconds", TAKES_NUMBER, BENCH, offsetof(Options, seconds), "X", "how long each is timed (1)" },
  { "--csv", TAKES_NOTHING, BENCH, offsetof(Options, csv), "", "a heading and a line for each entry" },
  { "--set", TAKES_MANY, TRAIN | EVAL | CHECK | BENCH, offsetof(Options, set), "NAME=VALUE", "change a setting; `info` lists them" },
  { "--threads", TAKES_COUNT, ALL, offsetof(Options, threads), "N", "1 to 64 (as many as processors); results do not depend on it" },
};
enum { NCOMMANDS = sizeof commands / sizeof *commands, NOPTIONS = sizeof options / sizeof *options };

static void help(FILE *to, const char *program, const struct CommandRow *only) {
  fprintf(to, "%s: %s, compiled by %s\n\n", program, gdl_the_module.name, gdl_the_module.compiler ? gdl_the_module.compiler : "gdlc");
  for (int c = 0; c < NCOMMANDS; c++) {
    if (only && only != &commands[c]) continue;
    fprintf(to, "  %s %s [options]%s\n      %s\n", program, commands[c].name, commands[c].bit == PREDICT ? " INPUT..." : "", commands[c].what);
    for (int i = 0; only && i < NOPTIONS; i++) {
      char left[40];
      if (!(options[i].commands & commands[c].bit)) continue;
      snprintf(left, sizeof left, "%s %s", options[i].name, options[i].argument);
      fprintf(to, "        %-22s %s\n", left, options[i].what);
    }
  }
  if (!only) fprintf(to, "\n  %s COMMAND --help lists the options of a command.\n", program);
}

static bool parse_option(Options *o, const struct OptionRow *row, const char *value, Trouble *t) {
  char *field = (char *)o + row->at;
  if (row->takes == TAKES_NOTHING) {
    const bool yes = true;
    memcpy(field, &yes, sizeof yes);
    return true;
  }
  if (row->takes == TAKES_MANY) {
    if (o->nset == OPTIONS_MOST) return rt_fail(t, EXIT_USAGE, "more than %d times --set", OPTIONS_MOST);
    o->set[o->nset++] = value;
    return true;
  }
  if (row->takes == TAKES_COUNT) {
    char *end = NULL;
    errno = 0;
    long long n = strtoll(value, &end, 10);
    if (end == value || *end || errno || n < 0) return rt_fail(t, EXIT_USAGE, "%s %s: expects a whole number", row->name, value);
  }
  if (row->takes == TAKES_NUMBER) {
    char *end = NULL;
    double x = strtod(value, &end);
    if (end == value || *end || !(x >= 0) || x > 1e6) return rt_fail(t, EXIT_USAGE, "%s %s: expects a number from 0 to a million", row->name, value);
  }
  memcpy(field, &value, sizeof value);
  return true;
}

/* After the command. Whole options or --name=value; what does not begin with a dash is an input of predict. */
static bool parse(Options *o, const struct CommandRow *c, int argc, char **argv, Trouble *t) {
  for (int i = 2; i < argc; i++) {
    const char *word = argv[i], *equal = strncmp(word, "--", 2) == 0 ? strchr(word, '=') : NULL;
    size_t n = equal ? (size_t)(equal - word) : strlen(word);
    if (word[0] != '-') {
      if (c->bit != PREDICT) return rt_fail(t, EXIT_USAGE, "%s: takes no files; `%s` is one too many", c->name, word);
      if (o->ninputs == OPTIONS_MOST) return rt_fail(t, EXIT_USAGE, "predict: more than %d inputs", OPTIONS_MOST);
      o->input[o->ninputs++] = word;
      continue;
    }
    const struct OptionRow *row = NULL;
    for (int k = 0; k < NOPTIONS; k++)
      if ((options[k].commands & c->bit) && strlen(options[k].name) == n && strncmp(options[k].name, word, n) == 0) row = &options[k];
    if (!row) return rt_fail(t, EXIT_USAGE, "%s: has no option %.*s; %s %s --help lists them", c->name, (int)n, word, o->program, c->name);
    const char *value = equal ? equal + 1 : NULL;
    if (row->takes == TAKES_NOTHING && equal) return rt_fail(t, EXIT_USAGE, "%s takes no value", row->name);
    if (row->takes != TAKES_NOTHING && !value) {
      if (i + 1 == argc) return rt_fail(t, EXIT_USAGE, "%s: expects %s behind it", row->name, row->argument);
      value = argv[++i];
    }
    if (!parse_option(o, row, value, t)) return false;
  }
  return true;
}

/* --epochs N is --set epochs=N, and so on. */
static bool apply(Run *r, const Options *o, Trouble *t) {
  const struct { const char *name, *value; } shorts[] = { { "epochs", o->epochs }, { "steps", o->steps }, { "seed", o->seed } };
  bool ok = rt_settings_open(&r->settings, r->module, t);
  for (int i = 0; ok && i < o->nset; i++) ok = rt_settings_set(&r->settings, o->set[i], t);
  for (size_t i = 0; ok && i < sizeof shorts / sizeof *shorts; i++) {
    char assignment[80];
    if (!shorts[i].value) continue;
    snprintf(assignment, sizeof assignment, "%s=%.60s", shorts[i].name, shorts[i].value);
    ok = rt_settings_set(&r->settings, assignment, t);
  }
  long long threads = o->threads ? strtoll(o->threads, NULL, 10) : 0;
  if (ok && o->threads && (threads < 1 || threads > THREADS_MOST)) ok = rt_fail(t, EXIT_USAGE, "--threads %s: must lie between 1 and %d", o->threads, THREADS_MOST);
  ok = ok && (r->host = rt_host_open((int)threads, t)) != NULL;
  if (ok && r->module->open && r->module->open(&r->device) != GDL_OK) ok = rt_fail(t, EXIT_IO, "the device could not be opened");
  return ok;
}

int main(int argc, char **argv) {
  const char *program = argc > 0 ? argv[0] : "model";
  if (argc < 2 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0) {
    help(argc < 2 ? stderr : stdout, program, NULL);
    return argc < 2 ? EXIT_USAGE : EXIT_OK;
  }
  const struct CommandRow *c = NULL;
  for (int i = 0; i < NCOMMANDS; i++)
    if (strcmp(commands[i].name, argv[1]) == 0) c = &commands[i];
  if (!c) {
    fprintf(stderr, "%s: there is no command `%s`; there are:", program, argv[1]);
    for (int i = 0; i < NCOMMANDS; i++) fprintf(stderr, " %s", commands[i].name);
    fprintf(stderr, "\n");
    return EXIT_USAGE;
  }
  for (int i = 2; i < argc; i++)
    if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
      help(stdout, program, c);
      return EXIT_OK;
    }
  signal(SIGPIPE, SIG_IGN);         /* a reader that leaves ends the output, not a training             */
  signal(SIGXFSZ, SIG_IGN);         /* a file that may not grow is an error of write, with its message  */
  json_set_alloc_funcs(rt_json_alloc, free);
  Trouble t = { 0 };
  Options o = { .program = program, .command = c->name, .argc = argc, .argv = argv };
  Run r = { .module = &gdl_the_module, .options = &o };
  bool ok = rt_module_verify(r.module, &t) && parse(&o, c, argc, argv, &t) && apply(&r, &o, &t) && c->run(&r, &t);
  rt_state_close(&r.state);
  rt_settings_close(&r.settings);
  rt_host_close(r.host);
  if (r.device && r.module->close) r.module->close(r.device);
  int error = fflush(stdout) != 0 ? errno : ferror(stdout) ? EIO : 0;
  if (ok && error && error != EPIPE && c->bit != TRAIN)          /* what a training leaves is in its folder */
    ok = rt_fail(&t, EXIT_IO, "standard output cannot be written: %s", strerror(error));
  if (!ok && t.text[0]) fprintf(stderr, "%s: %s\n", program, t.text);
  return ok ? EXIT_OK : t.code ? t.code : EXIT_BUG;
}
