/* main.c: the command line of gdlc, and nothing else. Options come from one table, --help too.
 *
 *     gdlc FILE -o PROGRAM | gdlc check FILE | gdlc FILE --emit=KIND[=OUT],... | gdlc explain CODE
 *
 * Exit codes: 0 ok, 1 the program is refused, 2 usage, 4 memory or limit, 5 input or output, 70 our own bug. */
#include "compile.h"
#include "back/llvm.h"
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/* OPTION(name, takes, help): long options; `takes` is empty for flags. */
#define OPTIONS(OPTION)                                                                            \
  OPTION(output, "FILE", "where the program goes (-o FILE)")                                       \
  OPTION(emit, "KIND[=OUT],...", "writes intermediate forms; without OUT to standard output")      \
  OPTION(entry, "NAME,...", "only these: infer infer64 pull pull64 step eval score trace trace64 slope64") \
  OPTION(model, "NAME", "which model of the file; default: the one that trains, else the last; of a library: all") \
  OPTION(prefix, "TEXT", "stands before every name of a library: TEXT + fashion, TEXT + fashion_pull") \
  OPTION(dump_after, "PASS", "the form after one pass, to standard output")                        \
  OPTION(march, "CPU", "native (default), x86-64, x86-64-v3, x86-64-v4")                            \
  OPTION(no_audit, "", "leaves out the entries that `PROGRAM check` and `summary` use")             \
  OPTION(time, "", "prints the milliseconds of each pass to standard error")                       \
  OPTION(error_format, "human|json", "how errors are printed; json: one object a line, on standard output") \
  OPTION(library, "FOLDER", "where stdlib/, gdlrt.o and errors.md are; default: found beside gdlc")            \
  OPTION(help, "", "this text")                                                                    \
  OPTION(version, "", "the version")
typedef enum Option {
#define OPTION(name, takes, help) OPTION_##name,
  OPTIONS(OPTION)
#undef OPTION
  OPTION_COUNT
} Option;
static const struct { const char *name, *takes, *help; } options[] = {
#define OPTION(name, takes, help) { #name, takes, help },
  OPTIONS(OPTION)
#undef OPTION
};

static void usage(FILE *f) {
  fputs("gdlc compiles geometric network specifications: it proves a model equivariant, or refuses it with a\n"
        "counterexample, and compiles it to a program that trains, evaluates, predicts and audits itself.\n\n"
        "  gdlc FILE -o PROGRAM            compile and link\n"
        "  gdlc check FILE                 prove only: the certificate, or the errors\n"
        "  gdlc FILE --emit=KIND[=OUT],... intermediate forms\n"
        "  gdlc run FILE COMMAND ...       compile to a temporary program and run it\n"
        "  gdlc explain CODE               what an error code means\n\noptions:\n", f);
  for (int i = 0; i < OPTION_COUNT; i++) {
    char name[64];
    snprintf(name, sizeof name, "--%s%s%s", options[i].name, *options[i].takes ? "=" : "", options[i].takes);
    for (char *c = name; *c && *c != '='; c++) if (*c == '_') *c = '-';
    fprintf(f, "  %-28s %s\n", name, options[i].help);
  }
  fputs("\nkinds of --emit:\n", f);
#define EMIT(kind, what) fprintf(f, "  %-8s %s\n", #kind, what);
  EMITS(EMIT)
#undef EMIT
  fputs("\npasses:\n", f);
#define PASS(name, writes, what) fprintf(f, "  %-10s %-8s %s\n", #name, writes, what);
  PASSES(PASS)
#undef PASS
}

static int misuse(const char *format, ...) PRINTF(1, 2);
static int misuse(const char *format, ...) {
  va_list args;
  va_start(args, format);
  fputs("gdlc: ", stderr);
  vfprintf(stderr, format, args);
  fputs(" (gdlc --help)\n", stderr);
  va_end(args);
  return EXIT_USAGE;
}

/* "--dump-after=lower" is option dump_after with "lower". -1: no such option. */
static int find_option(const char *arg, const char **value) {
  const char *equals = strchr(arg, '=');
  size_t n = equals ? (size_t)(equals - arg) : strlen(arg);
  *value = equals ? equals + 1 : NULL;
  for (int i = 0; i < OPTION_COUNT; i++) {
    if (strlen(options[i].name) != n) continue;
    size_t k = 0;
    while (k < n && (options[i].name[k] == arg[k] || (options[i].name[k] == '_' && arg[k] == '-'))) k++;
    if (k == n) return i;
  }
  return -1;
}

static int read_emits(Options *o, Arena *arena, const char *list) {
  static const char *const kinds[] = {
#define EMIT(kind, what) #kind,
    EMITS(EMIT)
#undef EMIT
  };
  while (*list) {
    size_t n = strcspn(list, ","), name = strcspn(list, ",=");
    int kind = 0;
    while (kind < EMIT_COUNT && !(strlen(kinds[kind]) == name && !memcmp(kinds[kind], list, name))) kind++;
    if (kind == EMIT_COUNT) return misuse("--emit has no kind `%.*s`", (int)name, list);
    if (name < n && name + 1 == n) return misuse("--emit=%s= needs a file behind the `=`", kinds[kind]);
    o->emit[kind] = true;
    if (name < n) o->emit_to[kind] = str_copy(arena, (Str){ list + name + 1, (uint32_t)(n - name - 1) });
    list += n;
    if (*list == ',') list++;
  }
  return 0;
}

static int read_prefix(Options *o, const char *value) {
  size_t n = strspn(value, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789");
  if (value[n] || (*value >= '0' && *value <= '9')) return misuse("--prefix=%s: a name of C begins with it: letters, digits and _", value);
  o->prefix = str_of(value);
  return 0;
}

static int set_option(Options *o, Arena *arena, int option, const char *value) {
  if (*options[option].takes && (!value || !*value)) return misuse("--%s needs %s", options[option].name, options[option].takes);
  if (!*options[option].takes && value) return misuse("--%s takes no value", options[option].name);
  switch ((Option)option) {
  case OPTION_output: o->out = str_of(value); break;
  case OPTION_emit: return read_emits(o, arena, value);
  case OPTION_entry: o->entry = str_of(value); break;
  case OPTION_prefix: return read_prefix(o, value);
  case OPTION_model: o->model = str_of(value); break;
  case OPTION_dump_after: o->dump_after = str_of(value); break;
  case OPTION_march: o->march = str_of(value); break;
  case OPTION_no_audit: o->audit = false; break;
  case OPTION_time: o->time = true; break;
  case OPTION_error_format:
    if (!strcmp(value, "json")) o->format = DIAG_JSON;
    else if (strcmp(value, "human")) return misuse("--error-format is human or json");
    break;
  case OPTION_library: o->library = str_of(value); break;
  case OPTION_help: case OPTION_version: case OPTION_COUNT: break;
  }
  return 0;
}

/* build/gdlc -> build/lib; PREFIX/bin/gdlc -> PREFIX/lib/gdlc */
static Str find_library(Arena *arena) {
  char self[4096];
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

static int explain(Arena *arena, const char *name) {
  Code c = code_find(str_of(name));
  if (c == CODE_NONE) return misuse("there is no code `%s`", name);
  Str path = str_format(arena, "%.*s/errors.md", STR(find_library(arena)));
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

/* gdlc run FILE COMMAND ...: a program under a temporary name, removed when it has ended. */
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
  if (!status) {
    signal(SIGINT, SIG_IGN);                          /* the program's own business: it checkpoints */
    child = fork();
    if (!child) {
      signal(SIGINT, SIG_DFL);
      rest[-1] = (char *)pattern.at;
      execv(pattern.at, rest - 1);
      fprintf(stderr, "gdlc: cannot run %s: %s\n", pattern.at, strerror(errno));
      _exit(EXIT_IO);
    }
    status = wait_for(child);
  }
  unlink(pattern.at);
  return status;
}

static int command(int argc, char **argv, Arena *arena) {
  Options o = { .march = S("native"), .audit = true };
  int first = 1;
  const char *verb = argc > 1 ? argv[1] : "";
  if (!strcmp(verb, "explain")) return argc == 3 ? explain(arena, argv[2]) : misuse("explain takes one code, such as E0203");
  bool runs = !strcmp(verb, "run");
  if (!strcmp(verb, "check")) o.check = true;
  if (o.check || runs) first = 2;
  int i = first;
  for (; i < argc; i++) {
    const char *a = argv[i];
    if (!strcmp(a, "-h")) a = "--help";
    if (!strncmp(a, "-march", 6)) a = str_format(arena, "-%s", a).at;     /* as compilers of C spell it */
    if (!strcmp(a, "-o")) {
      if (++i == argc) return misuse("-o needs a file");
      o.out = str_of(argv[i]);
    } else if (!strncmp(a, "--", 2)) {
      const char *value;
      int option = find_option(a + 2, &value);
      if (option < 0) return misuse("there is no option `%s`", a);
      if (option == OPTION_help) { usage(stdout); return 0; }
      if (option == OPTION_version) { puts("gdlc 0.1"); return 0; }
      if (*options[option].takes && !value && i + 1 < argc) value = argv[++i];
      int status = set_option(&o, arena, option, value);
      if (status) return status;
    } else if (a[0] == '-' && a[1]) {
      return misuse("there is no option `%s`", a);
    } else if (o.file.n) {
      return misuse("one file at a time: `%.*s` and `%s`", STR(o.file), a);
    } else {
      o.file = str_of(a);
      if (runs) { i++; break; }
    }
  }
  if (!o.file.n) { if (argc == 1) usage(stderr); return argc == 1 ? EXIT_USAGE : misuse("no file was named"); }
  if (!o.library.n) o.library = find_library(arena);
  if (runs) return run(&o, arena, argv + i);
  bool emits = o.dump_after.n > 0;
  for (int k = 0; k < EMIT_COUNT; k++) emits |= o.emit[k];
  if (!o.check && !emits && !o.out.n) return misuse("say where the program goes: gdlc %.*s -o PROGRAM", STR(o.file));
  return compile(&o);
}

int main(int argc, char **argv) {
  Arena arena = { 0 };
  llvm_ends();
  int status = command(argc, argv, &arena);
  arena_free(&arena);
  if (fflush(stdout) || ferror(stdout)) { fprintf(stderr, "gdlc: cannot write standard output: %s\n", strerror(errno)); status = status ? status : EXIT_IO; }
  return status;
}
