/* trouble.c: reasons, checked memory, and whole files.
 *
 * Memory comes zeroed, so that no run depends on what lay there before. Files are replaced atomically: a
 * temporary one in the same folder, fsync, rename, fsync of the folder; a crash leaves the old file. */
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

static bool write_all(int file, const uint8_t *at, size_t n) {
  while (n > 0) {
    ssize_t done = write(file, at, n < (1u << 30) ? n : (1u << 30));
    if (done < 0 && errno == EINTR) continue;
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
  if (n >= sizeof folder) return false;
  if (n) memcpy(folder, path, n);
  folder[n] = 0;
  int file = open(n ? folder : slash ? "/" : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (file < 0) return false;
  bool ok = fsync(file) == 0 || errno == EINVAL;      /* some file systems cannot sync a folder */
  return (close(file) == 0) && ok;
}

bool rt_write_file(const char *path, const Piece *piece, size_t n, Trouble *t) {
  char *temporary = rt_text(t, "%s.part", path);
  if (!temporary) return false;
  bool ok = false;
  int file = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (file >= 0) {
    ok = true;
    for (size_t i = 0; i < n && ok; i++) ok = write_all(file, piece[i].at, piece[i].n);
    ok = ok && fsync(file) == 0;
    int error = errno;
    ok = (close(file) == 0) && ok;
    errno = error;
  }
  ok = ok && rename(temporary, path) == 0 && sync_folder(path);
  if (!ok) {
    rt_fail(t, EXIT_IO, "%s: cannot be written: %s; choose a folder with room that you may write to", path, strerror(errno));
    if (file >= 0) unlink(temporary);
  }
  free(temporary);
  return ok;
}

bool rt_read_file(const char *path, size_t most, uint8_t **at, size_t *n, Trouble *t) {
  struct stat s;
  int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return rt_fail(t, EXIT_IO, "%s: %s", path, strerror(errno));
  bool ok = false;
  *at = NULL;
  if (fstat(file, &s) != 0 || !S_ISREG(s.st_mode)) {
    rt_fail(t, EXIT_IO, "%s: is no regular file", path);
  } else if ((uint64_t)s.st_size > most) {
    rt_fail(t, EXIT_MEMORY, "%s: has %lld bytes; at most %zu are read", path, (long long)s.st_size, most);
  } else if ((*at = rt_alloc((size_t)s.st_size + 1, 1, t))) {
    size_t done = 0;
    while (done < (size_t)s.st_size) {
      ssize_t got = read(file, *at + done, (size_t)s.st_size - done);
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) break;
      done += (size_t)got;
    }
    *n = done;
    ok = done == (size_t)s.st_size || rt_fail(t, EXIT_IO, "%s: reading ended after %zu of %lld bytes", path, done, (long long)s.st_size);
  }
  close(file);
  if (!ok) {
    free(*at);
    *at = NULL;
  }
  return ok;
}
