/* cli_shell.c: what bash, zsh and fish read to complete a command line. Reads the tables of cli.h, writes a text in the
 * language of the shell; the text knows nothing but these tables, and comes from the program whose tables they are.
 *
 * What is completed: commands; the options of the command; the words that an option takes, also behind a comma in a
 * list; folders for FOLDER, files for FILE. The name that is completed is the last part of the program's path. */
#include "cli.h"
#include <string.h>

const CliWord cli_shells[] = { { "bash", "to ~/.local/share/bash-completion/completions/" },
                               { "zsh", "to a folder of $fpath, as _PROGRAM" },
                               { "fish", "to ~/.config/fish/completions/" }, { NULL, NULL } };

static const char *base_name(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash && slash[1] ? slash + 1 : path;
}

static bool is_plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/* `_` and the name, as a function may be called. */
static void put_function(const char *name, FILE *to) {
  fputc('_', to);
  for (; *name; name++) fputc(is_plain(*name) ? *name : '_', to);
}

/* Inside single quotes; `also` are characters that zsh wants to be escaped. */
static void put_quoted(const char *text, const char *also, FILE *to) {
  for (; *text; text++) {
    if (*text == '\'') fputs("'\\''", to);
    else {
      if (strchr(also, *text)) fputc('\\', to);
      fputc(*text, to);
    }
  }
}

static void put_words(const CliWord *words, FILE *to) {
  for (int i = 0; words[i].name; i++) fprintf(to, "%s%s", i ? " " : "", words[i].name);
}

static void put_commands(const Cli *c, const char *between, FILE *to) {
  for (int i = 0, n = 0; i < c->ncommands; i++)
    if (*c->command[i].name) fprintf(to, "%s%s", n++ ? between : "", c->command[i].name);
}

typedef enum Value { VALUE_WORDS, VALUE_LIST, VALUE_FOLDER, VALUE_FILE, VALUE_ANY } Value;
static Value value_of(const char *argument, const CliWord *words) {
  if (words) return strchr(argument, ',') ? VALUE_LIST : VALUE_WORDS;
  if (strncmp(argument, "FOLDER", 6) == 0) return VALUE_FOLDER;
  return strncmp(argument, "FILE", 4) == 0 ? VALUE_FILE : VALUE_ANY;
}

/* --- bash: `=` splits words there, so they are put together first ------------------------------------------- */
static void put_bash_value(const char *argument, const CliWord *words, const char *suffix, FILE *to) {
  switch (value_of(argument, words)) {
  case VALUE_WORDS:
    fprintf(to, "COMPREPLY=($(compgen -W '");
    put_words(words, to);
    fprintf(to, "' -- \"$current\"))");
    break;
  case VALUE_LIST:
    fprintf(to, "before=''; [[ $current != *,* ]] || before=${current%%,*},\n"
                "        COMPREPLY=($(compgen -P \"$before\" -W '");
    put_words(words, to);
    fprintf(to, "' -- \"${current##*,}\"))");
    break;
  case VALUE_FOLDER: case VALUE_FILE:
    fprintf(to, "compopt -o filenames 2>/dev/null; COMPREPLY=(");
    if (value_of(argument, words) == VALUE_FILE && !suffix) fprintf(to, "$(compgen -f -- \"$current\"))");
    else if (suffix && value_of(argument, words) == VALUE_FILE)
      fprintf(to, "$(compgen -f -X '!*%s' -- \"$current\") $(compgen -d -- \"$current\"))", suffix);
    else fprintf(to, "$(compgen -d -- \"$current\"))");
    break;
  case VALUE_ANY: fprintf(to, ":"); break;
  }
}

static void put_bash_values(const Cli *c, const CliCommand *of, FILE *to) {
  for (int i = 0; i < c->noptions; i++) {
    const CliOption *o = &c->option[i];
    if (!cli_has(o, of) || o->takes == CLI_NOTHING) continue;
    fprintf(to, "      %s:%s", of->name, o->name);
    if (o->also) fprintf(to, "|%s:%s", of->name, o->also);
    fprintf(to, ") ");
    put_bash_value(o->argument, o->words, NULL, to);
    fprintf(to, ";;\n");
  }
}

static void put_bash(const Cli *c, const char *name, FILE *to) {
  fprintf(to, "# bash completion of %s, made by `%s completion bash`\n", name, name);
  put_function(name, to);
  fprintf(to, "() {\n  local words=() word glue='' command='' current option='' before='' whole='' i\n  COMPREPLY=()\n"
              "  for ((i = 1; i <= COMP_CWORD; i++)); do\n    word=${COMP_WORDS[i]}\n"
              "    if [[ $word == '=' && ${#words[@]} -gt 0 && ${words[-1]} == -* ]]; then words[-1]+='='; glue=1\n"
              "    elif [[ $glue ]]; then words[-1]+=$word; glue=''\n    else words+=(\"$word\"); fi\n  done\n"
              "  current=${words[-1]}\n"
              "  if [[ ${#words[@]} -gt 1 ]]; then case ${words[0]} in ");
  put_commands(c, "|", to);
  fprintf(to, ") command=${words[0]};; esac; fi\n"
              "  if [[ $current == --*=* ]]; then option=${current%%%%=*}; current=${current#*=}\n"
              "    [[ $COMP_WORDBREAKS == *=* ]] || whole=$option=\n"
              "  elif [[ ${#words[@]} -gt 1 && ${words[-2]} == -* && ${words[-2]} != *=* ]]; then\n"
              "    option=${words[-2]}\n  fi\n"
              "  if [[ $option ]]; then\n    case $command:$option in\n");
  for (int i = 0; i < c->ncommands; i++) put_bash_values(c, &c->command[i], to);
  fprintf(to, "      *) option='';;                 # a flag: what follows stands for itself\n"
              "    esac\n  fi\n  [[ $option ]] || case $command:$current in\n");
  for (int i = 0; i < c->ncommands; i++) {
    const CliCommand *of = &c->command[i];
    fprintf(to, "    %s:-*) COMPREPLY=($(compgen -W '--help", of->name);
    if (!*of->name) fprintf(to, " --version");
    for (int k = 0; k < c->noptions; k++) if (cli_has(&c->option[k], of)) fprintf(to, " %s", c->option[k].name);
    fprintf(to, "' -- \"$current\"));;\n    %s:*) ", of->name);
    put_bash_value(of->arguments, of->words, c->suffix, to);
    if (!*of->name) {
      fprintf(to, "\n      [[ ${#words[@]} -gt 1 ]] || COMPREPLY+=($(compgen -W '");
      put_commands(c, " ", to);
      fprintf(to, "' -- \"$current\"))");
    }
    fprintf(to, ";;\n");
  }
  if (!cli_command(c, "")) {
    fprintf(to, "    *) COMPREPLY=($(compgen -W '--help ");
    put_commands(c, " ", to);
    fprintf(to, "' -- \"$current\"));;\n");
  }
  fprintf(to, "  esac\n  COMPREPLY=(\"${COMPREPLY[@]/#/$whole}\")\n}\ncomplete -F ");
  put_function(name, to);
  fprintf(to, " '");
  put_quoted(name, "", to);
  fprintf(to, "'\n");
}

/* --- zsh -------------------------------------------------------------------------------------------------------- */
static void put_zsh_value(const char *argument, const CliWord *words, const char *suffix, FILE *to) {
  fprintf(to, ":");
  put_quoted(argument, ":[]", to);
  switch (value_of(argument, words)) {
  case VALUE_WORDS: fprintf(to, ":("); put_words(words, to); fprintf(to, ")"); break;
  case VALUE_LIST: fprintf(to, ":_sequence compadd - "); put_words(words, to); break;
  case VALUE_FOLDER: fprintf(to, ":_files -/"); break;
  case VALUE_FILE:
    fprintf(to, ":_files");
    if (suffix) fprintf(to, " -g \"*%s\"", suffix);
    break;
  case VALUE_ANY: fprintf(to, ": "); break;
  }
}

static void put_zsh_arguments(const Cli *c, const CliCommand *of, FILE *to) {
  fprintf(to, "_arguments -s '--help[this command]'");
  for (int i = 0; i < c->noptions; i++) {
    const CliOption *o = &c->option[i];
    if (!cli_has(o, of)) continue;
    for (int k = 0; k < 1 + (o->also != NULL); k++) {
      fprintf(to, " \\\n        '%s%s%s[", o->takes == CLI_MANY ? "*" : "", k ? o->also : o->name,
              o->takes == CLI_NOTHING ? "" : k ? "" : "=");
      put_quoted(o->what, ":[]", to);
      fprintf(to, "]");
      if (o->takes != CLI_NOTHING) put_zsh_value(o->argument, o->words, NULL, to);
      fprintf(to, "'");
    }
  }
  if (of->most == 0) return;
  fprintf(to, " \\\n        '%s", of->passes_on ? "1" : "*");
  put_zsh_value(of->arguments, of->words, c->suffix, to);
  fprintf(to, "'%s", of->passes_on ? " '*::argument:_default'" : "");
}

static void put_zsh(const Cli *c, const char *name, FILE *to) {
  fprintf(to, "#compdef %s\n# zsh completion of %s, made by `%s completion zsh`\n", name, name, name);
  put_function(name, to);
  fprintf(to, "() {\n  local -a commands=(\n");
  for (int i = 0; i < c->ncommands; i++) {
    if (!*c->command[i].name) continue;
    fprintf(to, "    '%s:", c->command[i].name);
    put_quoted(c->command[i].what, ":", to);
    fprintf(to, "'\n");
  }
  fprintf(to, "  )\n  if (( CURRENT == 2 )) && [[ $words[2] != -* ]]; then\n    _describe command commands\n");
  if (cli_command(c, "") && c->suffix) fprintf(to, "    _files -g '*%s'\n", c->suffix);
  fprintf(to, "    return\n  fi\n  case $words[2] in\n");
  for (int i = 0; i < c->ncommands; i++) {
    if (!*c->command[i].name) continue;
    fprintf(to, "    %s)\n      shift words\n      (( CURRENT-- ))\n      ", c->command[i].name);
    put_zsh_arguments(c, &c->command[i], to);
    fprintf(to, ";;\n");
  }
  fprintf(to, "    *)\n      ");
  if (cli_command(c, "")) put_zsh_arguments(c, cli_command(c, ""), to);
  else fprintf(to, "_message 'no such command'");
  fprintf(to, ";;\n  esac\n}\n");
  put_function(name, to);
  fprintf(to, " \"$@\"\n");
}

/* --- fish ------------------------------------------------------------------------------------------------------- */
static void put_fish_line(const char *name, const CliCommand *of, const char *commands, FILE *to) {
  if (*of->name) fprintf(to, "complete -c %s -n '__fish_seen_subcommand_from %s'", name, of->name);
  else fprintf(to, "complete -c %s -n 'not __fish_seen_subcommand_from %s'", name, commands);
}

static void put_fish(const Cli *c, const char *name, FILE *to) {
  char commands[512] = "";
  for (int i = 0; i < c->ncommands; i++) {
    size_t n = strlen(commands);
    if (*c->command[i].name) snprintf(commands + n, sizeof commands - n, "%s%s", n ? " " : "", c->command[i].name);
  }
  fprintf(to, "# fish completion of %s, made by `%s completion fish`\n", name, name);
  if (!cli_command(c, "")) fprintf(to, "complete -c %s -f\n", name);
  for (int i = 0; i < c->ncommands; i++) {
    const CliCommand *of = &c->command[i];
    if (*of->name) {
      fprintf(to, "complete -c %s -n '__fish_use_subcommand' -a %s -d '", name, of->name);
      put_quoted(of->what, "\\", to);
      fprintf(to, "'\n");
    }
    if (of->words) {
      put_fish_line(name, of, commands, to);
      fprintf(to, " -f -a '");
      put_words(of->words, to);
      fprintf(to, "'\n");
    }
    for (int k = 0; k < c->noptions; k++) {
      const CliOption *o = &c->option[k];
      if (!cli_has(o, of)) continue;
      put_fish_line(name, of, commands, to);
      if (strncmp(o->name, "--", 2) == 0) fprintf(to, " -l %s", o->name + 2);
      if (o->also) fprintf(to, strlen(o->also) == 2 ? " -s %s" : " -o %s", o->also + 1);
      Value value = value_of(o->argument, o->words);
      if (o->takes != CLI_NOTHING) fprintf(to, value == VALUE_FILE || value == VALUE_FOLDER ? " -r" : " -x");
      if (o->words) { fprintf(to, " -a '"); put_words(o->words, to); fprintf(to, "'"); }
      else if (value == VALUE_FOLDER) fprintf(to, " -a '(__fish_complete_directories)'");
      fprintf(to, " -d '");
      put_quoted(o->what, "\\", to);
      fprintf(to, "'\n");
    }
  }
}

bool cli_completion(const Cli *c, const char *shell, FILE *to) {
  static const struct { const char *shell; void (*put)(const Cli *c, const char *name, FILE *to); } rows[] = {
    { "bash", put_bash }, { "zsh", put_zsh }, { "fish", put_fish },
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    if (strcmp(rows[i].shell, shell) != 0) continue;
    rows[i].put(c, base_name(c->program), to);
    return true;
  }
  return false;
}
