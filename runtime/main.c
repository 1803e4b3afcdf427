/* main.c: the command line of a compiled program, and nothing else.
 *
 * Commands and options are rows of two tables; how they are read, --help and what shells complete is cli.h. What names
 * of files and settings mean is checked by the commands. Exit codes: docs/running.md. */
#include "cli.h"
#include "run.h"
#include <assert.h>
#include <errno.h>
#include <jansson.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern const gdl_module gdl_the_module;

static const CliWord part_words[] = { { "test", "" }, { "valid", "" }, { "data", "" }, { NULL, NULL } };

/* COMMAND(bit, name, function, arguments, least, most, words, what it does); those without a function are done here. */
#define COMMANDS(COMMAND) \
  COMMAND(TRAIN, "train", rt_train, "", 0, 0, NULL, \
          "train on the data that the source names; write a folder of results") \
  COMMAND(EVAL, "eval", rt_eval, "", 0, 0, NULL, "loss and metrics of trained weights") \
  COMMAND(PREDICT, "predict", rt_predict, "FILE...", 0, CLI_MOST, NULL, \
          "outputs of the model for files: NPY or PNG, by position or NAME=FILE") \
  COMMAND(CHECK, "check", rt_check, "", 0, 0, NULL, "audit symmetry, gradients and stability of the compiled program") \
  COMMAND(SUMMARY, "summary", rt_summary, "", 0, 0, NULL, \
          "a table of the values of the model: type, parameters, verdict") \
  COMMAND(BENCH, "bench", rt_bench, "", 0, 0, NULL, "time the entries") \
  COMMAND(EXPORT, "export", rt_export, "", 0, 0, NULL, \
          "the weights as one vector in a file, for libraries of the model") \
  COMMAND(INFO, "info", rt_info, "", 0, 0, NULL, "certificate, entries with their arguments, settings, hash") \
  COMMAND(COMPLETION, "completion", NULL, "SHELL", 1, 1, cli_shells, \
          "the text that a shell reads to complete command lines") \
  COMMAND(HELP, "help", NULL, "[COMMAND]", 0, 1, NULL, "what --help says")
enum {
#define COMMAND(bit, name, run, arguments, least, most, words, what) INDEX_##bit,
  COMMANDS(COMMAND)
#undef COMMAND
  NCOMMANDS
};
enum {
#define COMMAND(bit, name, run, arguments, least, most, words, what) bit = 1 << INDEX_##bit,
  COMMANDS(COMMAND)
#undef COMMAND
  ALL = COMPLETION - 1
};
static const CliCommand commands[] = {
#define COMMAND(bit, name, run, arguments, least, most, words, what) \
  { name, bit, arguments, least, most, false, what, NULL, words },
  COMMANDS(COMMAND)
#undef COMMAND
};
static Command *const functions[] = {
#define COMMAND(bit, name, run, arguments, least, most, words, what) run,
  COMMANDS(COMMAND)
#undef COMMAND
};

#define AT(field) offsetof(Options, field), 0
static const CliOption options[] = {
  { "--data", NULL, CLI_TEXT, TRAIN | EVAL | CHECK, AT(data), "FOLDER", "where the files of the source lie (here)",
    NULL },
  { "--out", "-o", CLI_TEXT, TRAIN, AT(out), "FOLDER", "folder of results (run)", NULL },
  { "--epochs", NULL, CLI_COUNT, TRAIN, AT(epochs), "N", "how often all data are seen", NULL },
  { "--steps", NULL, CLI_COUNT, TRAIN, AT(steps), "N", "end after N steps in all", NULL },
  { "--seed", NULL, CLI_COUNT, TRAIN | CHECK | BENCH, AT(seed), "N", "of weights, order and augmentation (0)", NULL },
  { "--seed", NULL, CLI_COUNT, EXPORT, AT(seed), "N", "the weights that training with this seed begins with", NULL },
  { "--resume", NULL, CLI_NOTHING, TRAIN, AT(resume), "", "go on from FOLDER/last.safetensors", NULL },
  { "--weights", NULL, CLI_TEXT, EVAL | PREDICT | CHECK | EXPORT, AT(weights), "FILE",
    "a checkpoint (run/best.safetensors)", NULL },
  { "--part", NULL, CLI_TEXT, EVAL, AT(part), "PART", "which part of the data; without it the first there is",
    part_words },
  { "--move", NULL, CLI_TEXT, EVAL, AT(move), "WORD", "move the inputs first, by a word in the generators: \"r^2 m\"",
    NULL },
  { "--out", "-o", CLI_TEXT, PREDICT, AT(output), "FILE", "NPY or CSV by its name (out.npy)", NULL },
  { "--out", "-o", CLI_TEXT, EXPORT, AT(output), "FILE", "NPY or CSV by its name, else the numbers alone (param.npy)",
    NULL },
  { "--entry", NULL, CLI_TEXT, BENCH, AT(entry), "NAME", "this one alone: infer, step, eval, trace, trace64, slope64",
    NULL },
  { "--seconds", NULL, CLI_NUMBER, BENCH, AT(seconds), "X", "how long each is timed (1)", NULL },
  { "--csv", NULL, CLI_NOTHING, BENCH, AT(csv), "", "a heading and a line for each entry", NULL },
  { "--set", NULL, CLI_MANY, TRAIN | EVAL | CHECK | BENCH, offsetof(Options, set), offsetof(Options, nset),
    "NAME=VALUE",
    "change a setting; `info` lists them", NULL },
  { "--threads", NULL, CLI_COUNT, ALL, AT(threads), "N",
    "1 to 64 (as many as processors); results do not depend on it", NULL },
};
static_assert((int)OPTIONS_MOST == (int)CLI_MOST, "fields of Options that cli_parse fills");

/* --epochs N is --set epochs=N, and so on. */
static bool apply(Run *r, const Options *o, Trouble *t) {
  const struct { const char *name, *value; } shorts[] = {
    { "epochs", o->epochs }, { "steps", o->steps }, { "seed", o->seed },
  };
  bool ok = rt_settings_open(&r->settings, r->module, t);
  for (int i = 0; ok && i < o->nset; i++) ok = rt_settings_set(&r->settings, o->set[i], t);
  for (size_t i = 0; ok && i < sizeof shorts / sizeof *shorts; i++) {
    char assignment[80];
    if (!shorts[i].value) continue;
    snprintf(assignment, sizeof assignment, "%s=%.60s", shorts[i].name, shorts[i].value);
    ok = rt_settings_set(&r->settings, assignment, t);
  }
  long long threads = o->threads ? strtoll(o->threads, NULL, 10) : 0;
  if (ok && o->threads && (threads < 1 || threads > THREADS_MOST))
    ok = rt_fail(t, EXIT_USAGE, "--threads %s: must lie between 1 and %d", o->threads, THREADS_MOST);
  ok = ok && (r->host = rt_host_open((int)threads, t)) != NULL;
  if (ok && r->module->open && r->module->open(&r->device) != GDL_OK)
    ok = rt_fail(t, EXIT_IO, "the device could not be opened");
  return ok;
}

static int work(const CliCommand *c, Options *o) {
  signal(SIGPIPE, SIG_IGN);         /* a reader that leaves ends the output, not a training             */
  signal(SIGXFSZ, SIG_IGN);         /* a file that may not grow is an error of write, with its message  */
  json_set_alloc_funcs(rt_json_alloc, free);
  Trouble t = { 0 };
  Run r = { .module = &gdl_the_module, .options = o };
  bool ok = rt_module_verify(r.module, &t) && apply(&r, o, &t) && functions[c - commands](&r, &t);
  rt_state_close(&r.state);
  rt_settings_close(&r.settings);
  rt_host_close(r.host);
  if (r.device && r.module->close) r.module->close(r.device);
  int error = fflush(stdout) != 0 ? errno : ferror(stdout) ? EIO : 0;
  if (ok && error && error != EPIPE && c->bit != TRAIN)          /* what a training leaves is in its folder */
    ok = rt_fail(&t, EXIT_IO, "standard output cannot be written: %s", strerror(error));
  if (!ok && t.text[0]) fprintf(stderr, "%s: %s\n", o->program, t.text);
  return ok ? EXIT_OK : t.code ? t.code : EXIT_BUG;
}

static int misuse(const char *program, const char *why) {
  fprintf(stderr, "%s: %s\n", program, why);
  return EXIT_USAGE;
}

int main(int argc, char **argv) {
  const char *program = argc > 0 ? argv[0] : "model", *name = argc > 1 ? argv[1] : "";
  char purpose[200], why[CLI_WHY];
  const char *compiler = gdl_the_module.compiler ? gdl_the_module.compiler : "gdlc";
  snprintf(purpose, sizeof purpose, "%s, compiled by %s", gdl_the_module.name, compiler);
  const Cli cli = { .program = program, .purpose = purpose, .command = commands, .option = options,
                    .ncommands = NCOMMANDS, .noptions = sizeof options / sizeof *options,
                    .arguments = offsetof(Options, input), .narguments = offsetof(Options, ninputs) };
  if (argc < 2 || strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0) {
    cli_help(&cli, NULL, argc < 2 ? stderr : stdout);
    return argc < 2 ? EXIT_USAGE : EXIT_OK;
  }
  const CliCommand *c = cli_command(&cli, name);
  if (!c) {
    cli_unknown(&cli, name, why);
    return misuse(program, why);
  }
  Options o = { .program = program, .command = c->name, .argc = argc, .argv = argv };
  int next = 2;
  CliAsked asked = cli_parse(&cli, c, argc, argv, &next, &o, why);
  if (asked == CLI_MISUSE) return misuse(program, why);
  if (asked == CLI_WORK && c->bit == HELP && o.ninputs) {
    c = cli_command(&cli, o.input[0]);
    if (!c) cli_unknown(&cli, o.input[0], why);
    if (!c) return misuse(program, why);
    asked = CLI_HELP;
  }
  if (asked == CLI_HELP || c->bit == HELP) {
    cli_help(&cli, asked == CLI_HELP ? c : NULL, stdout);
    return EXIT_OK;
  }
  if (c->bit != COMPLETION) return work(c, &o);
  snprintf(why, sizeof why, "there is no completion for `%.60s`", o.input[0]);
  return cli_completion(&cli, o.input[0], stdout) ? EXIT_OK : misuse(program, why);
}
