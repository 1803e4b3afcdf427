/* inject.c: lets system calls of a program fail, as a debugger: inject RESULT CLASSES WHAT N PROGRAM ARGUMENT...
 *
 * Counts the calls of some classes (open,read,write,...), of all threads, from the first instruction of the program on:
 * what the loader did before is not counted. At the N-th one, WHAT happens, once:
 *
 *   count      nothing              EIO ENOSPC EINTR ENOMEM EROFS EDQUOT   the call is not made and gives this error
 *   short      a read or write of half as many bytes, at least one (classes `read,write`); N = 0: of every one
 *   kill       SIGKILL before the call is made          late       SIGKILL after it was made
 *
 * RESULT is a file that says `calls CLASS-OF-N NAME-OF-FILE`: how many calls there were, of which class the N-th one
 * was, and what it names, if it is a path. Exits as the program did, with 128 + signal for a signal; 99: tracing is not
 * permitted here. Why not a library: stdio of libc opens and writes without calling a function that another one can
 * replace. x86-64 only. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>
#include <elf.h>

/* path: which argument names a file, from 1 */
static const struct { long call; const char *class; int path; } calls[] = {
  { SYS_open, "open", 1 }, { SYS_openat, "open", 2 }, { SYS_creat, "open", 1 },
  { SYS_read, "read", 0 }, { SYS_pread64, "read", 0 }, { SYS_write, "write", 0 }, { SYS_pwrite64, "write", 0 },
  { SYS_fsync, "fsync", 0 }, { SYS_fdatasync, "fsync", 0 },
  { SYS_rename, "rename", 1 }, { SYS_renameat, "rename", 2 }, { SYS_renameat2, "rename", 2 },
  { SYS_mmap, "mmap", 0 }, { SYS_close, "close", 0 }, { SYS_fstat, "stat", 0 }, { SYS_stat, "stat", 1 },
      { SYS_newfstatat, "stat", 2 },
  { SYS_access, "stat", 1 }, { SYS_faccessat, "stat", 2 }, { SYS_mkdir, "mkdir", 1 }, { SYS_flock, "flock", 0 },
      { SYS_unlink, "unlink", 1 },
  { SYS_clone3, "thread", 0 },
};
static const struct { const char *name; int error; } errors[] = {
  { "EIO", EIO }, { "ENOSPC", ENOSPC }, { "EINTR", EINTR }, { "ENOMEM", ENOMEM }, { "EROFS", EROFS },
      { "EDQUOT", EDQUOT },
};
enum { NCALLS = sizeof calls / sizeof *calls, NERRORS = sizeof errors / sizeof *errors, THREADS = 256 };

static void stop(const char *why) {
  perror(why);
  exit(99);
}

static bool chosen(const char *list, const char *class) {
  size_t n = strlen(class);
  for (const char *at = list; (at = strstr(at, class)); at += n)
    if ((at == list || at[-1] == ',') && (at[n] == 0 || at[n] == ',')) return true;
  return false;
}

/* Runs to the entry point of the program: the loader has done its work, and the constructors of the libraries have
 * run. */
static void to_entry(pid_t child) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/auxv", (int)child);
  Elf64_auxv_t a = { 0 };
  int file = open(path, O_RDONLY), status;
  if (file < 0) stop("auxv");
  while (read(file, &a, sizeof a) == sizeof a && a.a_type != AT_ENTRY) {}
  close(file);
  void *entry = (void *)a.a_un.a_val;
  errno = 0;
  long word = ptrace(PTRACE_PEEKTEXT, child, entry, NULL);
  if (errno || ptrace(PTRACE_POKETEXT, child, entry, (void *)((word & ~0xffL) | 0xcc))) stop("breakpoint");
  if (ptrace(PTRACE_CONT, child, NULL, NULL) || waitpid(child, &status, 0) < 0 || !WIFSTOPPED(status) ||
      WSTOPSIG(status) != SIGTRAP) stop("to the entry point");
  struct user_regs_struct r;
  ptrace(PTRACE_GETREGS, child, NULL, &r);
  r.rip = (unsigned long long)(uintptr_t)entry;
  ptrace(PTRACE_POKETEXT, child, entry, (void *)word);
  ptrace(PTRACE_SETREGS, child, NULL, &r);
}

static void read_text(pid_t from, unsigned long long at, char *out, size_t n) {
  for (size_t k = 0; k + 8 < n; k += 8) {
    errno = 0;
    long word = ptrace(PTRACE_PEEKDATA, from, (void *)(uintptr_t)(at + k), NULL);
    if (errno) break;
    memcpy(out + k, &word, 8);
    out[k + 8] = 0;
    if (memchr(&word, 0, 8)) break;
  }
}

int main(int argc, char **argv) {
  if (argc < 6) return fputs("inject RESULT CLASSES WHAT N PROGRAM ARGUMENT...\n", stderr), 98;
  const char *classes = argv[2], *what = argv[3];
  long wanted = atol(argv[4]), count = 0;
  int error = 0, status, end = 98;
  for (int i = 0; i < NERRORS; i++) if (!strcmp(errors[i].name, what)) error = errors[i].error;
  bool shorter = !strcmp(what, "short"), kills = !strcmp(what, "kill"), late = !strcmp(what, "late");
  if (!error && !shorter && !kills && !late && strcmp(what, "count"))
    return fputs("inject: WHAT is none\n", stderr), 98;
  char hit[16] = "none", named[512] = "-";
  pid_t child = fork();
  if (child < 0) stop("fork");
  if (child == 0) {
    if (ptrace(PTRACE_TRACEME, 0, NULL, NULL)) _exit(99);
    execvp(argv[5], argv + 5);
    _exit(127);
  }
  if (waitpid(child, &status, 0) < 0) stop("waitpid");
  if (!WIFSTOPPED(status)) return WIFEXITED(status) ? WEXITSTATUS(status) : 99;
  if (ptrace(PTRACE_SETOPTIONS, child, NULL, PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE | PTRACE_O_EXITKILL))
    stop("options");
  to_entry(child);
  ptrace(PTRACE_SYSCALL, child, NULL, NULL);
  struct { pid_t thread; bool inside, mine; } at[THREADS] = { { child, false, false } };
  int threads = 1;
  for (pid_t who; (who = waitpid(-1, &status, __WALL)) > 0;) {
    if (WIFEXITED(status) || WIFSIGNALED(status)) {
      if (who == child) end = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
      for (int i = 0; i < threads; i++) if (at[i].thread == who) at[i].thread = 0;     /* the number may come again */
      continue;
    }
    int i = 0, signal = WSTOPSIG(status);
    while (i < threads && at[i].thread != who) i++;
    if (i == threads) {                               /* a thread that is new stops once, with SIGSTOP */
      if (threads == THREADS) return fputs("inject: too many threads\n", stderr), 98;
      at[threads++].thread = who;
      if (signal == SIGSTOP) signal = 0;
    }
    if (signal == (SIGTRAP | 0x80)) {
      signal = 0;
      struct user_regs_struct r;
      if (ptrace(PTRACE_GETREGS, who, NULL, &r) == 0) {
        at[i].inside = !at[i].inside;
        if (at[i].inside) {
          for (int k = 0; k < NCALLS; k++) {
            if (calls[k].call != (long)r.orig_rax || !chosen(classes, calls[k].class)) continue;
            count++;
            bool now = wanted == 0 ? shorter : count == wanted;
            if (now) {
              snprintf(hit, sizeof hit, "%s", calls[k].class);
              if (calls[k].path) read_text(who, calls[k].path == 1 ? r.rdi : r.rsi, named, sizeof named);
            }
            if (now && kills) kill(child, SIGKILL);
            if (now && shorter) r.rdx = r.rdx / 2 + (r.rdx == 1);
            if (now && error) r.orig_rax = (unsigned long long)-1;      /* no such call: nothing is done */
            at[i].mine = now && (error || late);
            if (now) ptrace(PTRACE_SETREGS, who, NULL, &r);
          }
        } else if (at[i].mine) {
          at[i].mine = false;
          if (late) kill(child, SIGKILL);
          else {
            r.rax = (unsigned long long)-error;
            ptrace(PTRACE_SETREGS, who, NULL, &r);
          }
        }
      }
    } else if (signal == SIGTRAP) signal = 0;         /* the event of a new thread                     */
    ptrace(PTRACE_SYSCALL, who, NULL, (void *)(uintptr_t)signal);
  }
  FILE *f = fopen(argv[1], "w");
  if (!f || fprintf(f, "%ld %s %s\n", count, hit, *named ? named : "-") < 0 || fclose(f) != 0) stop(argv[1]);
  return end;
}
