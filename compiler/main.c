/* main.c: gdlc from its command line to the function that does the work, and nothing else.
 *
 *     gdlc FILE -o PROGRAM | gdlc COMMAND ...        command.def has the commands and their options
 *
 * Exit codes: 0 ok, 1 the program is refused, 2 usage, 4 memory or limit, 5 input or output, 70 our own bug. */
#include "command.h"
#include "back/llvm.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static int misuse(const CliCommand *of, const char *why) {
  fprintf(stderr, "gdlc: %s", why);
  if (!strstr(why, "--help")) fprintf(stderr, " (gdlc%s%s --help)", of && *of->name ? " " : "", of ? of->name : "");
  fputc('\n', stderr);
  return EXIT_USAGE;
}

/* KIND[=OUT],KIND[=OUT]; cli_parse has found that the kinds exist. */
static bool read_emits(Options *o, Arena *arena, const char *list, char why[CLI_WHY]) {
  static const char *const kinds[] = {
#define EMIT(kind, what) #kind,
    EMITS(EMIT)
#undef EMIT
  };
  while (*list) {
    size_t n = strcspn(list, ","), name = strcspn(list, ",=");
    int kind = 0;
    while (kind < EMIT_COUNT && !(strlen(kinds[kind]) == name && !memcmp(kinds[kind], list, name))) kind++;
    if (kind == EMIT_COUNT) bug("--emit=%s", list);
    if (name < n && name + 1 == n) {
      snprintf(why, CLI_WHY, "--emit=%s= needs a file behind the `=`", kinds[kind]);
      return false;
    }
    if (o->emit[kind]) {
      snprintf(why, CLI_WHY, "--emit=%s stands twice", kinds[kind]);
      return false;
    }
    o->emit[kind] = true;
    if (name < n) o->emit_to[kind] = str_copy(arena, (Str){ list + name + 1, (uint32_t)(n - name - 1) });
    list += n;
    if (*list == ',') list++;
  }
  return true;
}

/* build/gdlc -> build/lib; PREFIX/bin/gdlc -> PREFIX/lib/gdlc */
static Str find_library(const CommandLine *line, Arena *arena) {
  char self[4096];
  if (line->library) return str_of(line->library);
  ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
  if (n <= 0) return S("lib");
  self[n] = 0;
  char *slash = strrchr(self, '/');
  if (slash) *slash = 0;
  Str beside = str_format(arena, "%s/lib", self), above = str_format(arena, "%s/../lib/gdlc", self);
  return !access(str_format(arena, "%s/stdlib", beside.at).at, R_OK) ? beside : above;
}

/* Prints the section of errors.md that begins with `## CODE:`. false: no such file, or no such section. */
static bool print_section(const char *path, const char *name) {
  FILE *f = fopen(path, "r");
  if (!f) return false;
  char *line = NULL;
  size_t room = 0;
  bool inside = false, found = false;
  while (getline(&line, &room, f) > 0) {
    if (!strncmp(line, "## ", 3)) inside = !strncmp(line + 3, name, strlen(name)) && line[3 + strlen(name)] == ':';
    if (inside) fputs(line, stdout);
    found |= inside;
  }
  free(line);
  fclose(f);
  return found;
}

static int explain(const CommandLine *line, const CliCommand *of, Arena *arena) {
  const char *name = line->argument[0];
  Code c = code_find(str_of(name));
  if (c == CODE_NONE) return misuse(of, str_format(arena, "there is no code `%s`", name).at);
  Str path = str_format(arena, "%.*s/errors.md", STR(find_library(line, arena)));
  if (!print_section(path.at, name)) printf("%s: %s\n  rule: %s\n", code_name(c), code_text(c), code_rule(c));
  return 0;
}

/* The exit status of a child, as a shell counts; child -1: it could not be started. */
static int wait_for(pid_t child) {
  int status = 0;
  while (child > 0 && waitpid(child, &status, 0) < 0)
    if (errno != EINTR) child = -1;
  if (child < 0) fprintf(stderr, "gdlc: cannot start a process: %s\n", strerror(errno));
  return child < 0 ? EXIT_IO : WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* gdlc run FILE COMMAND ...: a program without a name, which takes this process's place: signals are its own business,
 * and nothing is left of it. It is called by what was typed, since that is what runs it again. */
static int run(Options *o, Arena *arena, char **rest) {
  const char *base = getenv("TMPDIR");
  Str pattern = str_format(arena, "%s/gdlc-run-XXXXXX", base && *base ? base : "/tmp");
  int fd = mkstemp((char *)pattern.at);
  if (fd < 0) { fprintf(stderr, "gdlc: cannot make %s: %s\n", pattern.at, strerror(errno)); return EXIT_IO; }
  close(fd);
  o->out = pattern;
  fflush(NULL);
  pid_t child = fork();                               /* however compiling ends, the file is removed below */
  if (!child) exit(compile(o));
  int status = wait_for(child);
  fd = status ? -1 : open(pattern.at, O_RDONLY | O_CLOEXEC);
  if (!status && fd < 0) fprintf(stderr, "gdlc: cannot read %s: %s\n", pattern.at, strerror(errno));
  unlink(pattern.at);
  if (fd < 0) return status ? status : EXIT_IO;
  rest[-1] = (char *)str_format(arena, "gdlc run %.*s", STR(o->file)).at;
  fexecve(fd, rest - 1, environ);
  fprintf(stderr, "gdlc: cannot run %.*s: %s\n", STR(o->file), strerror(errno));
  close(fd);
  return EXIT_IO;
}

static bool is_prefix(const char *x) {
  size_t n = strspn(x, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789");
  return !x[n] && !(*x >= '0' && *x <= '9');
}

/* gdlc FILE, check, run: what the pipeline is asked. */
static int pipeline(const CommandLine *line, const CliCommand *of, Arena *arena, char **rest) {
  Options o = { .file = str_of(line->argument[0]), .check = of->bit == 1u << COMMAND_check, .march = S("native"),
                .audit = !line->no_audit, .time = line->time, .library = find_library(line, arena) };
  char why[CLI_WHY];
  bool wants = line->output || line->dump_after || line->nemit;
  if (line->output) o.out = str_of(line->output);
  if (line->entry) o.entry = str_of(line->entry);
  if (line->model) o.model = str_of(line->model);
  if (line->prefix && !is_prefix(line->prefix))
    return misuse(of, "--prefix: a name of C begins with it, so it has letters, digits and _");
  if (line->prefix) o.prefix = str_of(line->prefix);
  if (line->dump_after) o.dump_after = str_of(line->dump_after);
  if (line->march) o.march = str_of(line->march);
  if (line->winograd) o.winograd = str_of(line->winograd);
  if (line->error_format && !strcmp(line->error_format, "json")) o.format = DIAG_JSON;
  for (int i = 0; i < line->nemit; i++) if (!read_emits(&o, arena, line->emit[i], why)) return misuse(of, why);
  if (of->bit == 1u << COMMAND_run) return run(&o, arena, rest);
  if (of->bit == 1u << COMMAND_check || wants) return compile(&o);
  return misuse(of, str_format(arena, "say where the program goes: gdlc %.*s -o PROGRAM", STR(o.file)).at);
}

static int help(const CommandLine *line) {
  const CliCommand *of = line->nargument ? cli_command(&gdlc_command_line, line->argument[0]) : NULL;
  char why[CLI_WHY];
  if (line->nargument && !of) {
    cli_unknown(&gdlc_command_line, line->argument[0], why);
    return misuse(NULL, why);
  }
  cli_help(&gdlc_command_line, of, stdout);
  return 0;
}

static int completion(const CommandLine *line, const CliCommand *of, Arena *arena) {
  if (cli_completion(&gdlc_command_line, line->argument[0], stdout)) return 0;
  return misuse(of, str_format(arena, "there is no completion for `%s`", line->argument[0]).at);
}

static int command(int argc, char **argv, Arena *arena) {
  const Cli *c = &gdlc_command_line;
  if (argc < 2) { cli_help(c, NULL, stderr); return EXIT_USAGE; }
  if (!strcmp(argv[1], "--version")) { puts(GDLC_VERSION); return 0; }
  const CliCommand *of = *argv[1] ? cli_command(c, argv[1]) : NULL;
  int next = of ? 2 : 1;
  CommandLine line = { 0 };
  char why[CLI_WHY];
  if (!of && !strpbrk(argv[1], "-./") && access(argv[1], F_OK)) {      /* gdlc chekc */
    cli_unknown(c, argv[1], why);
    return misuse(NULL, why);
  }
  if (!of) of = cli_command(c, "");
  switch (cli_parse(c, of, argc, argv, &next, &line, why)) {
  case CLI_HELP: cli_help(c, of, stdout); return 0;
  case CLI_MISUSE: return misuse(of, why);
  case CLI_WORK: break;
  }
  switch ((CommandName)(of - c->command)) {
  case COMMAND_compile: case COMMAND_check: case COMMAND_run: return pipeline(&line, of, arena, argv + next);
  case COMMAND_fmt: return format_files(&line);
  case COMMAND_init: return make_project(line.argument[0], find_library(&line, arena));
  case COMMAND_explain: return explain(&line, of, arena);
  case COMMAND_completion: return completion(&line, of, arena);
  case COMMAND_man: return write_manual(c, line.argument[0]);
  case COMMAND_help: return help(&line);
  case COMMANDS: break;
  }
  bug("command %s", of->name);
}

int main(int argc, char **argv) {
  Arena arena = { 0 };
  llvm_ends();
  signal(SIGXFSZ, SIG_IGN);                           /* a file that may not grow: an error of write  */
  int status = command(argc, argv, &arena);
  arena_free(&arena);
  if (!fflush(stdout) && !ferror(stdout)) return status;
  fprintf(stderr, "gdlc: cannot write standard output: %s\n", strerror(errno));
  return status ? status : EXIT_IO;
}
