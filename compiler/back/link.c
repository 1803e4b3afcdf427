/* link.c: objects become a program or a library, by the linker of binutils.
 *
 * A program is gdlrt.o (the runtime with start files, zlib and jansson inside) and the model's objects, linked to
 * libc and libm: no compiler and no header of libc is needed. Objects go to a private folder, the result to a
 * temporary name beside the target, which is renamed when it is complete: a failure leaves nothing behind. */
#include "back/link.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static Str temporary_name(Arena *arena, Str path) {
  return str_format(arena, "%.*s.%ld.tmp", STR(path), (long)getpid());
}

/* Not synced: what a compiler wrote can be written again. */
static bool write_all(const char *path, Bytes bytes, mode_t mode) {
  int fd;
  do fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
  while (fd < 0 && errno == EINTR);
  if (fd < 0) return false;
  size_t done = 0;
  while (done < bytes.n) {
    ssize_t n = write(fd, bytes.at + done, bytes.n - done);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) { int e = n ? errno : EIO; close(fd); errno = e; return false; }
    done += (size_t)n;
  }
  return close(fd) == 0 || errno == EINTR;            /* Linux has closed it then                        */
}

static bool replace(const char *name, const char *target) {
  int status;
  do status = rename(name, target);
  while (status && errno == EINTR);
  return !status;
}

/* A pipe or a device is written to; in its place nothing else may come to stand. */
bool file_is_stream(Arena *arena, Str path) {
  struct stat s;
  return !stat(str_copy(arena, path).at, &s) && !S_ISREG(s.st_mode) && !S_ISDIR(s.st_mode);
}

bool file_write(Arena *arena, Str path, Bytes bytes, bool executable, Why *why) {
  Str target = str_copy(arena, path), name = temporary_name(arena, path);
  if (file_is_stream(arena, path))
    return write_all(target.at, bytes, 0666) ||
           why_no(why, CODE_NONE, "cannot write %s: %s", target.at, strerror(errno));
  if (write_all(name.at, bytes, executable ? 0777 : 0666) && replace(name.at, target.at)) return true;
  int e = errno;
  unlink(name.at);
  return why_no(why, CODE_NONE, "cannot write %s: %s", target.at, strerror(e));
}

bool file_read(Arena *arena, Str path, Bytes *bytes, Why *why) {
  Str name = str_copy(arena, path);
  struct stat s;
  int fd = open(name.at, O_RDONLY | O_CLOEXEC);
  char *at = fd >= 0 && !fstat(fd, &s) ? arena_alloc(arena, (size_t)s.st_size + 1) : NULL;
  size_t done = 0;
  ssize_t n = at ? 1 : -1;
  while (at && n > 0 && done < (size_t)s.st_size) {
    n = read(fd, at + done, (size_t)s.st_size - done);
    if (n > 0) done += (size_t)n;
    else if (n < 0 && errno == EINTR) n = 1;
  }
  int e = errno;
  if (fd >= 0) close(fd);
  *bytes = (Bytes){ at, done };
  return n >= 0 || why_no(why, CODE_NONE, "cannot read %s: %s", name.at, strerror(e));
}

bool folder_make(Arena *arena, Str path, Why *why) {
  for (uint32_t i = 1; i < path.n; i++) {
    if (path.at[i] != '/') continue;
    Str folder = str_copy(arena, (Str){ path.at, i });
    if (mkdir(folder.at, 0777) && errno != EEXIST)
      return why_no(why, CODE_NONE, "cannot make the folder %s: %s", folder.at, strerror(errno));
  }
  return true;
}

/* Runs a program by name; its standard error is the user's. Exit status, or -1 when it could not be started. */
static int run(char *const *argv) {
  fflush(NULL);
  pid_t child = fork();
  if (child < 0) return -1;
  if (!child) {
    execvp(argv[0], argv);
    _exit(127);
  }
  int status;
  while (waitpid(child, &status, 0) < 0)
    if (errno != EINTR) return -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* The objects as files in a folder of their own. All names are made first: between making a file and removing it
 * nothing asks for memory, so that a process that ends for lack of it has left nothing behind. */
typedef struct Folder { Str path; const char **name; uint32_t n; } Folder;

static Folder folder_name(Arena *arena, uint32_t n) {
  const char *base = getenv("TMPDIR");
  Folder f = { str_format(arena, "%s/gdlc-XXXXXX", base && *base ? base : "/tmp"),
    arena_array(arena, const char *, n + 1), n };
  for (uint32_t i = 0; i < n; i++) f.name[i] = str_format(arena, "%s/%u.o", f.path.at, i).at;
  return f;
}

/* The XXXXXX of the folder is known now, and stands in each name. NULL, or what could not be written, and errno. */
static const char *write_objects(const Folder *f, const Bytes *object) {
  if (!mkdtemp((char *)f->path.at)) return f->path.at;
  for (uint32_t i = 0; i < f->n; i++) {
    memcpy((char *)f->name[i], f->path.at, f->path.n);
    if (!write_all(f->name[i], object[i], 0600)) return f->name[i];
  }
  return NULL;
}

static void remove_objects(const Folder *f) {
  for (uint32_t i = 0; i < f->n; i++) unlink(f->name[i]);
  rmdir(f->path.at);
}

static bool link_with(Arena *arena, Str out, const char *const *before, uint32_t nbefore, const char *const *after,
    uint32_t nafter, const Bytes *object, uint32_t n, Why *why) {
  Folder folder = folder_name(arena, n);
  Str name = temporary_name(arena, out), target = str_copy(arena, out);
  const char *given = getenv("GDLC_LD");
  const char *linkers[] = { given && *given ? given : "ld", given && *given ? NULL : "ld.lld" };
  char **argv = arena_array(arena, char *, nbefore + nafter + n + 4);
  uint32_t k = 1;
  argv[k++] = (char *)"-o";
  argv[k++] = (char *)name.at;
  for (uint32_t i = 0; i < nbefore; i++) argv[k++] = (char *)before[i];
  for (uint32_t i = 0; i < n; i++) argv[k++] = (char *)folder.name[i];
  for (uint32_t i = 0; i < nafter; i++) argv[k++] = (char *)after[i];
  const char *failed = write_objects(&folder, object);
  int e = errno, status = 127;
  for (int tried = 0; !failed && tried < 2 && linkers[tried] && status == 127; tried++) {
    argv[0] = (char *)linkers[tried];
    status = run(argv);
  }
  remove_objects(&folder);
  if (failed) return why_no(why, CODE_NONE, "cannot write %s: %s; TMPDIR names another folder", failed, strerror(e));
  bool linked = status == 0, moved = linked && replace(name.at, target.at);
  if (moved) return true;
  e = errno;
  unlink(name.at);
  if (status == 127 || status < 0)
    return why_no(why, CODE_NONE, "no linker: install binutils (ld) or lld, or name one in GDLC_LD");
  return linked ? why_no(why, CODE_NONE, "cannot write %s: %s", target.at, strerror(e))
                : why_no(why, CODE_NONE, "cannot write %s: the linker failed with status %d", target.at, status);
}

bool link_program(Arena *arena, Str out, Str runtime, const Bytes *object, uint32_t n, Why *why) {
  const char *before[] = { "-pie", "-z", "noexecstack", "-z", "now", "--dynamic-linker", "/lib64/ld-linux-x86-64.so.2",
    "--build-id=none", str_copy(arena, runtime).at };
  const char *after[] = { "-l:libm.so.6", "-l:libc.so.6" };
  return link_with(arena, out, before, sizeof before / sizeof *before, after, 2, object, n, why);
}

static Str file_name(Str path) {
  uint32_t from = path.n;
  while (from && path.at[from - 1] != '/') from--;
  return (Str){ path.at + from, path.n - from };
}

/* ld -r, then hidden symbols become local, so that nothing but the functions of the library meets other names. */
static bool link_object(Arena *arena, Str out, const Bytes *object, uint32_t n, Why *why) {
  Str name = str_copy(arena, out);
  if (!link_with(arena, out, (const char *const[]){ "-r" }, 1, NULL, 0, object, n, why)) return false;
  int status = run((char *[]){ (char *)"objcopy", (char *)"--localize-hidden", (char *)name.at, NULL });
  if (!status) return true;
  unlink(name.at);
  return status == 127 || status < 0
             ? why_no(why, CODE_NONE, "no objcopy: install binutils")
             : why_no(why, CODE_NONE, "cannot write %s: objcopy failed with status %d", name.at, status);
}

/* An archive of one member, of the archive's name: libfashion.a has libfashion.o. ar names it after its file, so that
 * stands in a folder beside the archive for a moment. */
static bool link_archive(Arena *arena, Str out, const Bytes *object, uint32_t n, Why *why) {
  Str stem = file_name(out), target = str_copy(arena, out), folder = temporary_name(arena, out);
  if (stem.n > 2 && !memcmp(stem.at + stem.n - 2, ".a", 2)) stem.n -= 2;
  Str whole = str_format(arena, "%s.o", folder.at), member = str_format(arena, "%s/%.*s.o", folder.at, STR(stem));
  Str archive = str_format(arena, "%s/archive", folder.at);
  if (!link_object(arena, whole, object, n, why)) return false;
  bool placed = !mkdir(folder.at, 0700) && replace(whole.at, member.at);
  int status =
      placed ? run((char *[]){ (char *)"ar", (char *)"rcsD", (char *)archive.at, (char *)member.at, NULL }) : 0;
  bool moved = placed && !status && replace(archive.at, target.at);
  int e = errno;
  unlink(placed ? member.at : whole.at);
  if (!moved) unlink(archive.at);
  rmdir(folder.at);
  if (status == 127 || status < 0) return why_no(why, CODE_NONE, "no ar: install binutils");
  return status ? why_no(why, CODE_NONE, "cannot write %s: ar failed with status %d", target.at, status)
                : moved || why_no(why, CODE_NONE, "cannot write %s: %s", target.at, strerror(e));
}

bool link_library(Arena *arena, Str out, LinkKind kind, const Bytes *object, uint32_t n, Why *why) {
  if (kind == LINK_SHARED) {
    const char *before[] = { "-shared", "-z", "noexecstack", "--build-id=none", "-soname",
      str_copy(arena, file_name(out)).at },
               *after[] = { "-l:libm.so.6" };
    return link_with(arena, out, before, 6, after, 1, object, n, why);
  }
  if (kind == LINK_OBJECT) return link_object(arena, out, object, n, why);
  return link_archive(arena, out, object, n, why);
}
