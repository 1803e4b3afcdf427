/* cli.h: a command line, as tables: of gdlc and of every program that it compiles.
 *
 *     PROGRAM COMMAND --option=value argument ...        Cli: commands, options, and the words that an option takes
 *
 * A row is all that a command or an option needs: reading it, refusing it where it does not belong, `--help`, the
 * manual page (compiler/manual.c) and what a shell completes come from the row. Tables are constant; nothing here is
 * allocated. What a command does, and what a value means, is not known here. */
#ifndef GDL_RT_CLI_H
#define GDL_RT_CLI_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

typedef struct CliWord { const char *name, *what; } CliWord;    /* a list of them ends with the name NULL  */

typedef enum CliTakes {
  CLI_NOTHING,                      /* a flag: the field is a bool                                 */
  CLI_TEXT,                         /* the field is a const char *; the last one given holds       */
  CLI_COUNT,                        /* the same, a whole number >= 0                               */
  CLI_NUMBER,                       /* the same, a number from 0 to a million                     */
  CLI_MANY,                         /* const char *[CLI_MOST] and, at `count`, an int              */
} CliTakes;
enum { CLI_MOST = 64, CLI_WHY = 512 };

typedef struct CliOption {
  const char *name, *also;          /* "--output", "-o"; also NULL: no other spelling              */
  CliTakes takes;
  uint32_t commands;                /* the bits of those that have it                              */
  size_t at, count;                 /* fields: offsets in the struct that cli_parse fills          */
  const char *argument, *what;      /* "FILE", "FOLDER": a shell completes them; "KIND,...": a list */
  const CliWord *words;             /* what the value is one of; NULL: anything                    */
} CliOption;

typedef struct CliCommand {
  const char *name;                 /* "": what the program does when no command is named          */
  uint32_t bit;
  const char *arguments;            /* "FILE ..."                                                  */
  int least, most;                  /* how many                                                    */
  bool passes_on;                   /* what follows the first argument is another program's        */
  const char *what, *text;          /* one line; paragraphs, lines of which are broken; or NULL    */
  const CliWord *words;             /* what an argument is one of                                  */
} CliCommand;

typedef struct CliList { const char *title; const CliWord *words; } CliList;      /* in help, behind the options */

typedef struct Cli {
  const char *program, *purpose;    /* as it was called; paragraphs                                */
  const char *version;              /* what --version prints; NULL: no such option                 */
  const CliCommand *command;
  const CliOption *option;
  const CliList *list;              /* of the command without a name; ends with the title NULL, or is NULL */
  int ncommands, noptions;
  const char *suffix;               /* of files that are arguments; NULL: any                      */
  size_t arguments, narguments;     /* fields: const char *[CLI_MOST], int                         */
} Cli;

/* --- cli.c --- */
const CliCommand *cli_command(const Cli *c, const char *name);          /* NULL: there is none             */
bool cli_has(const CliOption *o, const CliCommand *of);
/* The word that `word` may have been meant for; NULL. */
const char *cli_nearest(const char *word, const char *const *from, int n);
/* argv[*next] and so on into fields. What was asked for: the command, or --help; or that nothing can be done, and why,
 * in one line. *next: behind what has been read. */
typedef enum CliAsked { CLI_MISUSE, CLI_WORK, CLI_HELP } CliAsked;
CliAsked cli_parse(const Cli *c, const CliCommand *of, int argc, char *const *argv, int *next, void *fields,
                   char why[CLI_WHY]);
void cli_unknown(const Cli *c, const char *name, char why[CLI_WHY]);    /* why there is no such command    */
/* only NULL: what there is; else one command and its options. */
void cli_help(const Cli *c, const CliCommand *only, FILE *to);

/* --- cli_shell.c --- */
extern const CliWord cli_shells[];
/* The text that a shell reads to complete the command line. false: no such shell. */
bool cli_completion(const Cli *c, const char *shell, FILE *to);
#endif
