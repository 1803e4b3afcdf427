/* manual.c: the manual pages, in the man macros of troff, from the tables of cli.h: one for each command. */
#include "command.h"
#include "back/link.h"
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

static const CliWord exits[] = {
  { "0", "Done" }, { "1", "The program is refused; or, of fmt --check, a file is laid out otherwise" },
  { "2", "Usage" },
  { "4", "Memory, or a limit" }, { "5", "Input or output" }, { "70", "A mistake of gdlc itself" }, { NULL, NULL }
}, environment[] = {
  { "GDLC_LD", "The linker; without it ld, else ld.lld" }, { "TMPDIR", "Where temporary files go; without it /tmp" },
      { NULL, NULL }
};

/* Hyphens are minus signs, for copying; a backslash and what begins a line of troff are escaped. */
static void put(const char *text, FILE *to) {
  bool first = true;
  for (; *text; text++) {
    if (first && (*text == '.' || *text == '\'')) fputs("\\&", to);
    first = *text == '\n';
    if (*text == '-') fputs("\\-", to);
    else if (*text == '\\') fputs("\\e", to);
    else if (*text == '`' || *text == '"') fputs(*text == '`' ? "\\(ga" : "\\(dq", to);
    else fputc(*text, to);
  }
}

/* One sentence of a table, without its full stop; lines of source stay short. */
static void put_sentence(const char *text, FILE *to) {
  if (!*text) { fputs("\\&\n", to); return; }
  char line[80];
  while (*text) {
    size_t n = strlen(text);
    if (n >= 72) {
      n = 72;
      while (n && text[n] != ' ') n--;
      if (!n) n = strcspn(text, " ");
    }
    snprintf(line, sizeof line, "%.*s", (int)n, text);
    put(line, to);
    text += n + (text[n] == ' ');
    fputs(*text ? "\n" : ".\n", to);
  }
}

/* Paragraphs; lines that begin with blanks stand as they are. */
static void put_paragraphs(const char *text, FILE *to) {
  bool literal = false, gap = false;            /* the first stands behind a heading                   */
  while (text && *text) {
    size_t n = strcspn(text, "\n");
    char line[200];
    snprintf(line, sizeof line, "%.*s", (int)n, text);
    bool indented = line[0] == ' ';
    if (!n) gap = true;
    else {
      if (indented && !literal) fputs(".PP\n.in +2n\n.nf\n", to);
      if (!indented && literal) fputs(".fi\n.in\n.PP\n", to);
      else if (!indented && gap) fputs(".PP\n", to);
      literal = indented;
      gap = false;
      put(line + strspn(line, " "), to);
      fputc('\n', to);
    }
    text += n + (text[n] == '\n');
  }
  if (literal) fputs(".fi\n.in\n", to);
}

static void put_words(const CliWord *words, FILE *to) {
  for (; words->name; words++) {
    fputs(".TP\n.B ", to);
    put(words->name, to);
    fputc('\n', to);
    put_sentence(words->what, to);
  }
}

static void put_option(const CliOption *o, FILE *to) {
  fputs(".TP\n.BI ", to);
  if (o->also) {
    put(o->also, to);
    if (*o->argument) { fputs(" \\  ", to); put(o->argument, to); fputs(" \", \" ", to); }
    else fputs(", ", to);
  }
  put(o->name, to);
  if (*o->argument) { fputs("= ", to); put(o->argument, to); }
  fputc('\n', to);
  put_sentence(o->what, to);
  for (const CliWord *w = o->words; w && w->name && !*w->what; w++) {       /* those without a list of their own */
    fputs(w == o->words ? "One of " : w[1].name ? ", " : " and ", to);
    put(w->name, to);
    if (!w[1].name) fputs(".\n", to);
  }
}

static void put_section(const char *title, const char *text, FILE *to) {
  fprintf(to, ".SH %s\n", title);
  if (text) { put(text, to); fputc('\n', to); }
}

void manual_page(const Cli *c, const CliCommand *of, FILE *to) {
  bool main_page = !*of->name;
  char name[60], upper[60];
  snprintf(name, sizeof name, main_page ? "%s" : "%s-%s", c->program, of->name);
  for (size_t i = 0; i < sizeof name; i++) upper[i] = (char)(name[i] >= 'a' && name[i] <= 'z' ? name[i] - 32 : name[i]);
  fprintf(to, ".\\\" made by gdlc man\n.TH %s 1 %s \"%s\" \"gdlc\"\n.SH NAME\n", upper, GDLC_DATE, GDLC_VERSION);
  put(name, to);
  fputs(" \\- ", to);
  put(main_page ? "compiler for geometric networks" : of->what, to);
  fputc('\n', to);
  put_section("SYNOPSIS", NULL, to);
  if (main_page) {
    fputs(".nf\n", to);
    for (int i = 0; i < c->ncommands; i++) {
      fprintf(to, ".BI \"%s%s%s \" \"", c->program, *c->command[i].name ? " " : "", c->command[i].name);
      put(*c->command[i].name ? c->command[i].arguments : "FILE -o PROGRAM", to);
      fputs("\"\n", to);
    }
    fputs(".fi\n", to);
  } else {
    fprintf(to, ".BI \"%s %s \" \"[OPTIONS] ", c->program, of->name);
    put(of->arguments, to);
    fputs("\"\n", to);
  }
  put_section("DESCRIPTION", NULL, to);
  put_paragraphs(of->text, to);
  if (main_page) {
    put_section("COMMANDS", NULL, to);
    for (int i = 0; i < c->ncommands; i++) {
      if (!*c->command[i].name) continue;
      fprintf(to, ".TP\n.BI \"%s \" \"", c->command[i].name);
      put(c->command[i].arguments, to);
      fputs("\"\n", to);
      put_sentence(c->command[i].what, to);
    }
  }
  put_section("OPTIONS", NULL, to);
  for (int i = 0; i < c->noptions; i++) if (cli_has(&c->option[i], of)) put_option(&c->option[i], to);
  fputs(".TP\n.B \\-\\-help\nSays what is here, shorter.\n", to);
  if (main_page) {
    fputs(".TP\n.B \\-\\-version\nSays which gdlc this is.\n", to);
    for (const CliList *l = c->list; l && l->title; l++) {
      fputs(".SS ", to);
      put(l->title, to);
      fputc('\n', to);
      put_words(l->words, to);
    }
  }
  if (of->words) {
    put_section("WORDS", NULL, to);
    put_words(of->words, to);
  }
  put_section("EXIT STATUS", NULL, to);
  put_words(exits, to);
  if (main_page || of->bit == 1u << COMMAND_run) {
    put_section("ENVIRONMENT", NULL, to);
    put_words(environment, to);
  }
  put_section("SEE ALSO", NULL, to);
  const char *between = "";
  for (int i = 0; i < c->ncommands; i++) {
    if (of == &c->command[i]) continue;
    fprintf(to, "%s.BR %s%s%s (1)", between, c->program, *c->command[i].name ? "\\-" : "", c->command[i].name);
    between = ",\n";
  }
  fputc('\n', to);
}

int write_manual(const Cli *c, const char *folder) {
  Arena arena = { 0 };
  Why why = { .arena = &arena };
  bool ok = !mkdir(folder, 0777) || errno == EEXIST ||
            why_no(&why, CODE_NONE, "cannot make %s: %s", folder, strerror(errno));
  for (int i = 0; ok && i < c->ncommands; i++) {
    const char *name = c->command[i].name;
    char *text = NULL;
    size_t n = 0;
    FILE *to = open_memstream(&text, &n);
    if (!to) { ok = why_no(&why, CODE_NONE, "cannot write a page: %s", strerror(errno)); break; }
    manual_page(c, &c->command[i], to);
    fclose(to);
    Str path = str_format(&arena, "%s/%s%s%s.1", folder, c->program, *name ? "-" : "", name);
    ok = file_write(&arena, path, (Bytes){ text, n }, false, &why);
    free(text);
  }
  if (!ok) fprintf(stderr, "gdlc: %.*s\n", STR(why.reason.at[0].text));
  arena_free(&arena);
  return ok ? 0 : EXIT_IO;
}
