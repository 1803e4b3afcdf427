/* fmt.c: `gdlc fmt`: files in, files out. What the layout is, is front/format.c.
 *
 * A file is replaced whole, under its own mode, also behind a symbolic link; one that is laid out already is not
 * written. Every file is tried; the exit code is the largest that one of them gives. */
#include "command.h"
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { STDIN_MOST = 16 << 20 };     /* as source_read                                              */

static uint32_t read_standard_input(Sources *s) {
  vec(char) text = { 0 };
  size_t n;
  char block[65536];
  while ((n = fread(block, 1, sizeof block, stdin)) > 0) {
    if (text.n + n > STDIN_MOST) { errno = EFBIG; return 0; }
    for (size_t i = 0; i < n; i++) vec_push(s->arena, &text, block[i]);
  }
  if (ferror(stdin)) return 0;
  return source_add(s, S("-"), (Str){ text.at ? text.at : "", text.n });
}

static bool write_file(const char *path, mode_t mode, Str text, Arena *arena) {
  char *name = (char *)str_format(arena, "%s.XXXXXX", path).at;
  int fd = mkstemp(name);
  if (fd < 0) return false;
  size_t done = 0;
  bool ok = !fchmod(fd, mode & 07777);
  while (ok && done < text.n) {
    ssize_t n = write(fd, text.at + done, text.n - done);
    if (n < 0 && errno == EINTR) continue;
    ok = n > 0;
    if (ok) done += (size_t)n;
  }
  ok = ok && !fsync(fd);
  ok = !close(fd) && ok && !rename(name, path);
  int e = errno;
  if (!ok) unlink(name);
  errno = e;
  return ok;
}

static int cannot(const char *what, const char *path) {
  fprintf(stderr, "gdlc: cannot %s %s: %s\n", what, path, strerror(errno));
  return EXIT_IO;
}

static int format_file(const CommandLine *line, const char *name, Arena *arena) {
  Sources sources = { .arena = arena };
  Diags diags = { .arena = arena, .sources = &sources };
  bool standard = !strcmp(name, "-"), json = line->error_format && !strcmp(line->error_format, "json");
  uint32_t source = standard ? read_standard_input(&sources) : source_read(&sources, str_of(name));
  if (!source) return cannot("read", standard ? "standard input" : name);
  Str before = sources.all.at[source - 1]->text, after;
  if (!text_format(arena, &diags, source, &after)) {
    diag_print(&diags, json ? DIAG_JSON : DIAG_HUMAN, json ? stdout : stderr);
    return EXIT_REFUSED;
  }
  if (line->check) {
    if (str_equal(before, after)) return 0;
    puts(name);
    return EXIT_REFUSED;
  }
  if (standard) { fwrite(after.at, 1, after.n, stdout); return 0; }
  if (str_equal(before, after)) return 0;
  struct stat s;
  char *path = realpath(name, NULL);
  int status = path && !stat(path, &s) && write_file(path, s.st_mode, after, arena) ? 0 : cannot("write", name);
  free(path);
  return status;
}

int format_files(const CommandLine *line) {
  int status = 0;
  for (int i = 0; i < line->nargument; i++) {
    Arena arena = { 0 };
    int s = format_file(line, line->argument[i], &arena);
    if (s > status) status = s;
    arena_free(&arena);
  }
  return status;
}
