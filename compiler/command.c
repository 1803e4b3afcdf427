/* command.c: command.def as the tables of cli.h, with the words that options take: kinds, passes, entries,
 * processors, codes. */
#include "command.h"

static const CliWord emit_words[] = {
#define EMIT(kind, what) { #kind, what },
  EMITS(EMIT)
#undef EMIT
  { NULL, NULL }
}, pass_words[] = {
#define PASS(name, writes, what) { #name, what },
  PASSES(PASS)
#undef PASS
  { NULL, NULL }
}, entry_words[] = {
#define ENTRY(name, kind, f64, of, what) { #name, what },
  ENTRIES(ENTRY)
#undef ENTRY
  { NULL, NULL }
}, march_words[] = {
  { "native", "the one that compiles" },
#define PROCESSOR(name, what, ...) { name, what },
#include "loops/processors.def"
#undef PROCESSOR
  { NULL, NULL }
}, winograd_words[] = {
  { "on", "where it pays" }, { "off", "nowhere" }, { NULL, NULL }
}, format_words[] = {
  { "human", "" }, { "json", "" }, { NULL, NULL }
}, code_words[] = {
#define ERROR(code, text, rule) { #code, text },
#define WARNING(code, text, rule) { #code, text },
#include "../lang/errors.def"
#undef ERROR
#undef WARNING
  { NULL, NULL }
}, all_commands[] = {
#define COMMAND(name, spelled, arguments, least, most, passes_on, words, what, more) { spelled, what },
#define OPTION(field, spelled, also, takes, commands, argument, words, what)
#include "command.def"
#undef COMMAND
#undef OPTION
  { NULL, NULL }
};

#define command_words (all_commands + 1)      /* without the one that has no name, which is the first */
static const CliCommand commands[] = {
#define COMMAND(name, spelled, arguments, least, most, passes_on, words, what, more) \
  { spelled, 1u << COMMAND_##name, arguments, least, most, passes_on, what, more, words },
#define OPTION(field, spelled, also, takes, commands, argument, words, what)
#include "command.def"
#undef COMMAND
#undef OPTION
};

#define ON(command) (1u << COMMAND_##command)
#define COUNT_NOTHING(field) 0
#define COUNT_TEXT(field) 0
#define COUNT_MANY(field) offsetof(CommandLine, n##field)
static const CliOption options[] = {
#define COMMAND(name, spelled, arguments, least, most, passes_on, words, what, more)
#define OPTION(field, spelled, also, takes, commands, argument, words, what) \
  { spelled, also, CLI_##takes, commands, offsetof(CommandLine, field), COUNT_##takes(field), argument, what, words },
#include "command.def"
#undef COMMAND
#undef OPTION
};

static const CliList lists[] = {
  { "kinds of --emit", emit_words }, { "passes, for --dump-after", pass_words },
  { "entries, for --entry", entry_words }, { "processors, for --march", march_words }, { NULL, NULL },
};

const Cli gdlc_command_line = {
  .program = "gdlc",
  .version = GDLC_VERSION,
  .purpose = "gdlc compiles geometric network specifications: it proves a model equivariant, or refuses it with a\n"
             "counterexample, and compiles it to a program that trains, evaluates, predicts and audits itself.",
  .command = commands,
  .option = options,
  .list = lists,
  .ncommands = COMMANDS,
  .noptions = sizeof options / sizeof *options,
  .suffix = ".gdl",
  .arguments = offsetof(CommandLine, argument),
  .narguments = offsetof(CommandLine, nargument),
};
