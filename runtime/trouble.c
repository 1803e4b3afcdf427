/* trouble.c: reasons, checked memory, and whole files.
 *
 * Memory comes zeroed, so that no run depends on what lay there before. Files are replaced atomically: a
 * temporary one in the same folder, fsync, rename, fsync of the folder; a crash leaves the old file or the new one. */
#include "trouble.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool rt_fail(Trouble *t, int code, const char *format, ...) {
  if (t->code) return false;
  t->code = code;
  va_list args;
  va_start(args, format);
  vsnprintf(t->text, sizeof t->text, format, args);
  va_end(args);
  return false;
}

void *rt_alloc(size_t n, size_t size, Trouble *t) {
  size_t bytes = 0;
  if (__builtin_mul_overflow(n, size, &bytes) || bytes > SIZE_MAX - 64) {
    rt_fail(t, EXIT_MEMORY, "memory for %zu x %zu bytes cannot be addressed", n, size);
    return NULL;
  }
  bytes = (bytes + 63) / 64 * 64 + (bytes ? 0 : 64);
  void *at = aligned_alloc(64, bytes);
  if (!at) {
    rt_fail(t, EXIT_MEMORY, "out of memory: %zu bytes were asked for; a smaller --set batch=N needs less", bytes);
    return NULL;
  }
  memset(at, 0, bytes);
  return at;
}

bool rt_grow(void *at, size_t n, size_t *cap, size_t size, Trouble *t) {
  if (n <= *cap) return true;
  size_t more = n < 16 ? 16 : n + n / 2;
  void *old, *new;
  memcpy(&old, at, sizeof old);
  new = rt_alloc(more, size, t);
  if (!new) return false;
  if (old) memcpy(new, old, *cap * size);
  free(old);
  memcpy(at, &new, sizeof new);
  *cap = more;
  return true;
}

char *rt_text(Trouble *t, const char *format, ...) {
  va_list args, again;
  va_start(args, format);
  va_copy(again, args);
  int n = vsnprintf(NULL, 0, format, args);
  char *text = n < 0 ? NULL : rt_alloc((size_t)n + 1, 1, t);
  if (text) vsnprintf(text, (size_t)n + 1, format, again);
  va_end(again);
  va_end(args);
  return text;
}

/* Calls that a signal has interrupted are made again; of reads and writes that are cut short, the rest is done. */
static int open_file(const char *path, int flags) {
  int file;
  do file = open(path, flags | O_CLOEXEC, 0666);
  while (file < 0 && errno == EINTR);
  return file;
}

static bool sync_file(int file) {
  int status;
  do status = fsync(file);
  while (status != 0 && errno == EINTR);
  return status == 0;
}

/* On Linux the file is closed when this was interrupted, too. */
static bool close_file(int file) { return close(file) == 0 || errno == EINTR; }

static bool move_file(const char *from, const char *to) {
  int status;
  do status = rename(from, to);
  while (status != 0 && errno == EINTR);
  return status == 0;
}

static bool write_all(int file, const uint8_t *at, size_t n) {
  while (n > 0) {
    ssize_t done = write(file, at, n < (1u << 30) ? n : (1u << 30));
    if (done < 0 && errno == EINTR) continue;
    if (done == 0) errno = EIO;
    if (done <= 0) return false;
    at += done;
    n -= (size_t)done;
  }
  return true;
}

/* The rename is on the disk once its folder is. */
static bool sync_folder(const char *path) {
  char folder[4096];
  const char *slash = strrchr(path, '/');
  size_t n = slash ? (size_t)(slash - path) : 0;
  errno = ENAMETOOLONG;
  if (n >= sizeof folder) return false;
  if (n) memcpy(folder, path, n);
  folder[n] = 0;
  int file = open_file(n ? folder : slash ? "/" : ".", O_RDONLY | O_DIRECTORY);
  if (file < 0) return false;
  bool ok = sync_file(file) || errno == EINVAL;       /* some file systems cannot sync a folder */
  int error = errno;
  ok = close_file(file) && ok;
  if (!ok) errno = error;
  return ok;
}

/* A pipe or a device, as /dev/stdout: it is written to, and nothing else comes to stand in its place. */
static bool is_stream(const char *path) {
  struct stat s;
  return stat(path, &s) == 0 && !S_ISREG(s.st_mode) && !S_ISDIR(s.st_mode);
}

bool rt_write_file(const char *path, const Piece *piece, size_t n, Trouble *t) {
  bool stream = is_stream(path);
  char *temporary = rt_text(t, stream ? "%s" : "%s.part", path);
  if (!temporary) return false;
  int file = open_file(temporary, O_WRONLY | O_CREAT | O_TRUNC), error = errno;
  bool ok = file >= 0, moved = false;
  if (ok) {
    for (size_t i = 0; i < n && ok; i++) ok = write_all(file, piece[i].at, piece[i].n);
    ok = ok && (stream || sync_file(file));
    error = errno;
    if (!close_file(file) && ok) {
      ok = false;
      error = errno;
    }
  }
  if (ok && !stream) {
    moved = move_file(temporary, path);
    ok = moved && sync_folder(path);
    error = errno;
  }
  if (!ok) {
    rt_fail(t, EXIT_IO, "%s: cannot be written: %s; choose a folder with room that you may write to", path,
        strerror(error));
    if (file >= 0 && !moved && !stream) unlink(temporary);
  }
  free(temporary);
  return ok;
}

bool rt_find_file(const char *path, bool *there, Trouble *t) {
  struct stat s;
  *there = stat(path, &s) == 0;
  return *there || errno == ENOENT || rt_fail(t, EXIT_IO, "%s: cannot be looked up: %s", path, strerror(errno));
}

bool rt_read_file(const char *path, size_t most, uint8_t **at, size_t *n, Trouble *t) {
  struct stat s;
  *at = NULL;
  *n = 0;
  int file = open_file(path, O_RDONLY);
  if (file < 0) return rt_fail(t, EXIT_IO, "%s: %s", path, strerror(errno));
  bool ok = false;
  if (fstat(file, &s) != 0) {
    rt_fail(t, EXIT_IO, "%s: %s", path, strerror(errno));
  } else if (!S_ISREG(s.st_mode)) {
    rt_fail(t, EXIT_IO, "%s: is no regular file", path);
  } else if ((uint64_t)s.st_size > most) {
    rt_fail(t, EXIT_MEMORY, "%s: has %lld bytes; at most %zu are read", path, (long long)s.st_size, most);
  } else if ((*at = rt_alloc((size_t)s.st_size + 1, 1, t))) {
    ssize_t got = 1;
    while (*n < (size_t)s.st_size && got != 0) {
      got = read(file, *at + *n, (size_t)s.st_size - *n);
      if (got < 0 && errno != EINTR) break;
      if (got > 0) *n += (size_t)got;
    }
    ok = *n == (size_t)s.st_size || rt_fail(t, EXIT_IO, "%s: reading ended after %zu of %lld bytes%s%s", path, *n,
        (long long)s.st_size,
                                            got < 0 ? ": " : "", got < 0 ? strerror(errno) : "");
  }
  close(file);
  if (!ok) {
    free(*at);
    *at = NULL;
  }
  return ok;
}

/* Jansson says little when it has no memory: an array lacks an element, a text is empty. A checkpoint or a report with
 * less in it must not be written, so such a process ends here; no file is open then. */
void *rt_json_alloc(size_t n) {
  void *at = malloc(n ? n : 1);
  if (at) return at;
  fflush(stdout);
  fprintf(stderr, "%s: out of memory: %zu bytes were asked for\n", program_invocation_name, n);
  _exit(EXIT_MEMORY);
}
