/* preload.c: a library that lets allocations fail, for programs that are started with it in LD_PRELOAD.
 *
 * Counted is what malloc, calloc, realloc, aligned_alloc, posix_memalign, memalign and mmap are asked for from main on:
 * what is taken before belongs to the loader. FAULT_FROM says by whom: `own` is the program file itself, with all that
 * is linked into it; `libraries` is any other. FAULT_PART is a part of the program file as two hexadecimal numbers, as
 * `nm -S` prints them, with which `part` and `rest` divide `own`. FAULT_LOG names a file, to which at the end `count
 * PART REST LIBRARIES` is written.
 *
 *   FAULT_AT=N       the N-th one fails, once
 *   FAULT_EVERY=S,L  a tree of processes: at every S-th own one and every L-th of the libraries (0: none) the process
 *                    forks. In the child that one fails, once; the parent waits, writes a line `STATUS SAID LIBRARY` to
 *                    the log, and goes on as if nothing had been. STATUS is the exit code, or 128 + signal; SAID is 1
 *                    when standard error had `out of memory`. So one run serves for all.
 *                    A child of a process with threads has one only: FAULT_ALONE=1 lets pthread_create fail, and gdlc
 *                    does the work of the thread itself; without it children are right for allocations that end the
 *                    process at once. A child shares the places in open files, so it must not go on reading one. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

void *__libc_malloc(size_t), *__libc_calloc(size_t, size_t), *__libc_realloc(void *, size_t), *__libc_memalign(size_t,
    size_t);

static struct {
  bool counts, alone, from[3];      /* from: the classes that may fail                               */
  uintptr_t low, high, part, end;   /* of the program file, of its part                              */
  long at, every[2];                /* every: own, libraries                                         */
  const char *log;
  pid_t parent;
} fault;
enum { PART, REST, LIBRARIES };
static long taken[3];
static __thread bool busy;          /* what fork and this file take themselves is not counted         */

static int find_program(struct dl_phdr_info *info, size_t size, void *user) {
  (void)size, (void)user;
  for (int i = 0; i < info->dlpi_phnum; i++) {
    if (info->dlpi_phdr[i].p_type != PT_LOAD) continue;
    uintptr_t from = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr, to = from + info->dlpi_phdr[i].p_memsz;
    if (!fault.low || from < fault.low) fault.low = from;
    if (to > fault.high) fault.high = to;
  }
  return 1;                         /* the program is the first                                      */
}

static void write_log(const char *before, long a, long b, long c) {
  char line[100];
  int n = snprintf(line, sizeof line, "%s%ld %ld %ld\n", before, a, b, c), file = open(fault.log,
      O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
  if (file < 0 || write(file, line, (size_t)n) != n) abort();
  close(file);
}

/* true in the child. */
static bool branch(bool library) {
  int ends[2], status = 0;
  if (pipe(ends) != 0) abort();
  pid_t child = fork();
  if (child < 0) abort();
  if (child == 0) {
    int nothing = open("/dev/null", O_WRONLY);
    dup2(nothing, 1);
    dup2(ends[1], 2);
    close(nothing);
    close(ends[0]);
    close(ends[1]);
    fault.counts = false;
    alarm(60);
    return true;
  }
  close(ends[1]);
  char said[4096] = "";
  size_t k = 0;
  for (ssize_t got; k < sizeof said - 1 && ((got = read(ends[0], said + k, sizeof said - 1 - k)) > 0 ||
      (got < 0 && errno == EINTR));) k += got > 0 ? (size_t)got : 0;
  close(ends[0]);
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {}
  int ended = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  write_log("", ended, strstr(said, "out of memory") != NULL, library);
  return false;
}

static bool fails(const void *caller) {
  if (!fault.counts || busy) return false;
  uintptr_t at = (uintptr_t)caller;
  int class = at < fault.low || at >= fault.high ? LIBRARIES : at >= fault.part && at < fault.end ? PART : REST;
  __atomic_add_fetch(&taken[class], 1, __ATOMIC_RELAXED);
  if (!fault.from[class]) return false;
  static long asked[2];
  bool library = class == LIBRARIES, now = false;
  long n = __atomic_add_fetch(&asked[library], 1, __ATOMIC_RELAXED);
  busy = true;
  if (fault.at) now = n == fault.at;
  else if (fault.every[library] && n % fault.every[library] == 0) now = branch(library);
  busy = false;
  if (now) errno = ENOMEM;
  return now;
}
#define FAILS() fails(__builtin_return_address(0))

void *malloc(size_t n) { return FAILS() ? NULL : __libc_malloc(n); }
void *calloc(size_t n, size_t size) { return FAILS() ? NULL : __libc_calloc(n, size); }
void *realloc(void *at, size_t n) { return FAILS() ? NULL : __libc_realloc(at, n); }
void *memalign(size_t align, size_t n) { return FAILS() ? NULL : __libc_memalign(align, n); }
void *aligned_alloc(size_t align, size_t n) { return FAILS() ? NULL : __libc_memalign(align, n); }
int posix_memalign(void **at, size_t align, size_t n) {
  if (FAILS() || !(*at = __libc_memalign(align, n))) return ENOMEM;
  return 0;
}
void *mmap(void *at, size_t n, int protection, int flags, int file, off_t offset) {
  return FAILS() ? (void *)-1 : (void *)syscall(SYS_mmap, at, n, protection, flags, file, offset);
}

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*start)(void *), void *user) {
  if (fault.alone) return EAGAIN;
  int (*real)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
  void *at = dlsym(RTLD_NEXT, "pthread_create");
  memcpy(&real, &at, sizeof real);
  return real(thread, attributes, start, user);
}

static int (*real_main)(int, char **, char **);
static int counted_main(int argc, char **argv, char **environment) {
  fault.counts = fault.log != NULL;
  return real_main(argc, argv, environment);
}

__attribute__((destructor)) static void over(void) {
  bool counts = fault.counts;
  fault.counts = false;
  if (counts && getpid() == fault.parent) write_log("count ", taken[PART], taken[REST], taken[LIBRARIES]);
}

int __libc_start_main(int (*main)(int, char **, char **), int argc, char **argv, void (*init)(void),
    void (*fini)(void), void (*rtld_fini)(void), void *stack) {
  int (*real)(int (*)(int, char **, char **), int, char **, void (*)(void), void (*)(void), void (*)(void), void *);
  void *at = dlsym(RTLD_NEXT, "__libc_start_main");
  memcpy(&real, &at, sizeof real);
  const char *from = getenv("FAULT_FROM"), *n = getenv("FAULT_AT"), *every = getenv("FAULT_EVERY"),
      *part = getenv("FAULT_PART");
  fault.log = getenv("FAULT_LOG");
  bool own = !from || strcmp(from, "own") == 0;
  fault.from[PART] = own || strcmp(from, "part") == 0;
  fault.from[REST] = own || strcmp(from, "rest") == 0;
  fault.from[LIBRARIES] = every || (!own && strcmp(from, "libraries") == 0);
  fault.alone = getenv("FAULT_ALONE") != NULL;
  fault.at = n ? atol(n) : 0;
  if (every) sscanf(every, "%ld,%ld", &fault.every[0], &fault.every[1]);
  fault.parent = getpid();
  unsetenv("LD_PRELOAD");           /* linkers that are started are none of this                      */
  dl_iterate_phdr(find_program, NULL);
  if (part) {
    char *behind;
    fault.part = fault.low + strtoul(part, &behind, 16);
    fault.end = fault.part + strtoul(behind, NULL, 16);
  }
  real_main = main;
  return real(counted_main, argc, argv, init, fini, rtld_fini, stack);
}
