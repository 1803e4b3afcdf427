/* command.h: the command line of gdlc after it has been read, and what its commands do.
 *
 *     argv --main.c--> CommandLine --> compile (compile.h), or a function below
 *
 * Commands and options are rows of command.def; how rows are read, and what --help and shells are told, is
 * runtime/cli.h, which compiled programs use as well. */
#ifndef GDLC_COMMAND_H
#define GDLC_COMMAND_H
#include "cli.h"
#include "compile.h"

#define GDLC_VERSION "gdlc 0.1"
#define GDLC_DATE "2026-11-24"     /* of the manual */

typedef enum CommandName {
#define COMMAND(name, spelled, arguments, least, most, passes_on, words, what, more) COMMAND_##name,
#define OPTION(field, spelled, also, takes, commands, argument, words, what)
#include "command.def"
#undef COMMAND
#undef OPTION
  COMMANDS
} CommandName;

typedef struct CommandLine {
  const char *output, *entry, *model, *prefix, *dump_after, *march, *winograd, *error_format, *library;
  const char *emit[CLI_MOST], *argument[CLI_MOST];
  int nemit, nargument;
  bool no_audit, time, check;
} CommandLine;

/* command.c */
extern const Cli gdlc_command_line;
/* fmt.c: files in place, `-` to standard output */
int format_files(const CommandLine *line);
/* init.c */
int make_project(const char *name, Str library);
/* manual.c: one page; of the program itself for the command without a name */
void manual_page(const Cli *c, const CliCommand *of, FILE *to);
int write_manual(const Cli *c, const char *folder);
#endif
