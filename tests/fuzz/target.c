/* target.c: files in memory, the library, and claims. */
#include "fuzz/target.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

void claim_at(const char *file, int line, const char *claim) {
  fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, claim);
  abort();
}

Shelf shelf_open(const uint8_t *at, size_t n) {
  Shelf s = { .file = memfd_create("input", MFD_CLOEXEC) };
  CLAIM(s.file >= 0);
  snprintf(s.path, sizeof s.path, "/proc/self/fd/%d", s.file);
  CLAIM(write(s.file, at, n) == (ssize_t)n);
  return s;
}

void shelf_close(Shelf *s) { close(s->file); }

void target_library(char *path) {
  ssize_t n = readlink("/proc/self/exe", path, 4096 - 8);
  CLAIM(n > 0);
  path[n] = 0;
  for (int k = 0; k < 2; k++) {
    char *slash = strrchr(path, '/');
    CLAIM(slash);
    *slash = 0;
  }
  strcat(path, "/lib");
}
