/* read_npz.c: one array of an NPZ, which is a zip of NPY files.
 *
 * libzip is opened when an NPZ is read and not before, because distributions ship no static form of it: a
 * program that reads no NPZ does not need it. The few functions are declared here, so that no header of it
 * is needed either; they have been the same since version 1.0. */
#include "array.h"
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct Zip {
  void *library;
  void *(*open)(const char *, int, int *);
  void *(*fopen)(void *, const char *, uint32_t);
  int64_t (*fread)(void *, void *, uint64_t);
  int (*fclose)(void *);
  void (*discard)(void *);
  int64_t (*entries)(void *, uint32_t);
  const char *(*name)(void *, uint64_t, uint32_t);
  void *(*error)(void *);
  int (*code)(const void *);
} Zip;
enum { ZIP_ABSENT = 9, ZIP_MEMORY = 14 };           /* codes of its errors, as of version 1.0          */

enum { FIRST = 1 << 17 };           /* has all of a header                                            */

static bool find(void *library, const char *name, void *to) {
  void *at = dlsym(library, name);
  memcpy(to, &at, sizeof at);
  return at != NULL;
}

static bool zip_open(Zip *z, Trouble *t) {
  z->library = dlopen("libzip.so.4", RTLD_NOW | RTLD_LOCAL);
  if (!z->library) z->library = dlopen("libzip.so.5", RTLD_NOW | RTLD_LOCAL);
  if (!z->library)
    return rt_fail(t, EXIT_IO,
        "reading NPZ files needs libzip: install the package libzip4, or store the arrays as NPY files");
  if (find(z->library, "zip_open", &z->open) && find(z->library, "zip_fopen", &z->fopen) &&
      find(z->library, "zip_fread", &z->fread) &&
      find(z->library, "zip_fclose", &z->fclose) && find(z->library, "zip_discard", &z->discard) &&
      find(z->library, "zip_get_num_entries", &z->entries) && find(z->library, "zip_get_name", &z->name) &&
      find(z->library, "zip_get_error", &z->error) && find(z->library, "zip_error_code_zip", &z->code))
    return true;
  dlclose(z->library);
  return rt_fail(t, EXIT_IO, "the libzip that is installed lacks functions of version 1.0; install a newer libzip4");
}

static bool read_member(const Zip *z, void *zip, const char *path, const char *member, uint8_t **at, size_t *n,
    Trouble *t) {
  char *name = rt_text(t, "%s.npy", member);
  if (!name) return false;
  void *file = z->fopen(zip, name, 0);
  int code = file ? 0 : z->code(z->error(zip));
  if (!file && code != ZIP_ABSENT) {
    free(name);
    if (code == ZIP_MEMORY) return rt_fail(t, EXIT_MEMORY, "%s: out of memory for unpacking it", path);
    return rt_fail(t, EXIT_IO, "%s: `%s` cannot be read (libzip error %d); fetch or write the file again", path,
        member, code);
  }
  if (!file) {
    char all[400] = "";
    for (int64_t i = 0, most = z->entries(zip, 0); i < most; i++) {
      const char *other = z->name(zip, (uint64_t)i, 0);
      size_t k = strlen(all), m = other ? strlen(other) : 0;
      if (m > 4 && strcmp(other + m - 4, ".npy") == 0) snprintf(all + k, sizeof all - k, " %.*s", (int)(m - 4), other);
    }
    free(name);
    return rt_fail(t, EXIT_REFUSED, "%s: has no array `%s`; it has:%s", path, member, all);
  }
  free(name);
  /* few bytes may unpack to many: no more is read than its header says */
  size_t cap = 0, most = FIRST;
  bool ok = true, whole = false;
  for (*n = 0, *at = NULL; ok;) {
    ok = rt_grow(at, *n + FIRST < most ? *n + FIRST : most, &cap, 1, t);
    int64_t got = ok && *n < most ? z->fread(file, *at + *n, (cap < most ? cap : most) - *n) : 0;
    if (got < 0) ok = rt_fail(t, EXIT_IO, "%s: `%s` is damaged; fetch or write the file again", path, member);
    if (got > 0) *n += (size_t)got;
    else if (whole || *n < FIRST) break;
    else whole = ok = ok && rt_npy_length(path, *at, *n, &most, t);
  }
  z->fclose(file);
  return ok;
}

bool rt_read_npz(const char *path, const char *member, Array *a, Trouble *t) {
  Zip z = { 0 };
  *a = (Array){ 0 };
  if (access(path, R_OK) != 0)
    return rt_fail(t, EXIT_IO, "%s: %s; say --data FOLDER, the folder that holds it", path, strerror(errno));
  if (!zip_open(&z, t)) return false;
  int code = 0;
  void *zip = z.open(path, 16 /* ZIP_RDONLY */, &code);
  uint8_t *at = NULL;
  size_t n = 0;
  bool ok = false;
  if (!zip && code == ZIP_MEMORY) rt_fail(t, EXIT_MEMORY, "%s: out of memory for unpacking it", path);
  else if (!zip)
    rt_fail(t, EXIT_IO, "%s: is no zip file that can be read (libzip error %d); fetch or write it again", path, code);
  else if (read_member(&z, zip, path, member, &at, &n, t)) {
    char *name = rt_text(t, "%s: %s", path, member);
    ok = name && rt_parse_npy(name, at, n, a, t);
    free(name);
  }
  free(at);
  if (zip) z.discard(zip);
  dlclose(z.library);
  return ok;
}
