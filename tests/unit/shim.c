/* shim.c: CUDA text to a shared object in a folder of its own, which goes when it is closed. */
#include "shim/shim.h"
#include <dlfcn.h>
#include <stdlib.h>
#include <unistd.h>

typedef const char *Launch(unsigned kernel, const long long *args, int blocks, int warps, bool backwards);
struct Shim { void *library; Launch *launch; char folder[32]; };

static bool write_text(const char *path, Str text, const Str *names, uint32_t n) {
  FILE *f = fopen(path, "w");
  if (!f) return false;
  fprintf(f,
      "%.*s\nextern \"C\" const char *shim_launch(unsigned kernel, const long long *a, int blocks, int warps, bool "
          "backwards) {\n", STR(text));
  for (uint32_t i = 0; i < n; i++)
    fprintf(f, "  if (kernel == %u) return shim::launch(%.*s, a, blocks, warps, backwards);\n", i, STR(names[i]));
  fprintf(f, "  return \"no such kernel\";\n}\n");
  return fclose(f) == 0;
}

static Str contents(Arena *arena, const char *path) {
  char *text = arena_array(arena, char, 4096);
  FILE *f = fopen(path, "r");
  size_t n = f ? fread(text, 1, 4095, f) : 0;
  if (f) fclose(f);
  return (Str){ text, (uint32_t)n };
}

static void remove_all(const char *folder) {
  static const char *const files[] = { "text.cc", "text.so", "log" };
  char path[64];
  for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
    snprintf(path, sizeof path, "%s/%s", folder, files[i]);
    unlink(path);
  }
  rmdir(folder);
}

Shim *shim_open_all(Arena *arena, Str text, const Str *names, uint32_t n, Str *error) {
  Shim *s = arena_one(arena, Shim);
  snprintf(s->folder, sizeof s->folder, "/tmp/gdlc-shim-XXXXXX");
  if (!mkdtemp(s->folder)) { *error = S("no folder for files"); return NULL; }
  char path[64], log[64];
  snprintf(path, sizeof path, "%s/text.cc", s->folder);
  snprintf(log, sizeof log, "%s/log", s->folder);
  const char *shim = getenv("GDLC_SHIM");                          /* where the tests are run from another folder */
  Str command = str_format(arena,
      "g++ -std=c++17 -O0 -w -ffp-contract=off -fPIC -shared -include %s/cuda_shim.h -o %s/text.so %s >%s 2>&1",
                           shim ? shim : "tests/shim", s->folder, path, log);
  if (!write_text(path, text, names, n) || system(command.at)) {
    *error = contents(arena, log);
    remove_all(s->folder);
    return NULL;
  }
  snprintf(path, sizeof path, "%s/text.so", s->folder);
  s->library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  void *launch = s->library ? dlsym(s->library, "shim_launch") : NULL;
  if (!launch) {
    *error = str_format(arena, "%s", dlerror());
    remove_all(s->folder);
    return NULL;
  }
  memcpy(&s->launch, &launch, sizeof launch);
  return s;
}

Shim *shim_open(Arena *arena, Str text, Str name, Str *error) { return shim_open_all(arena, text, &name, 1, error); }
const void *shim_symbol(const Shim *s, const char *name) { return dlsym(s->library, name); }

const char *shim_launch(const Shim *s, uint32_t kernel, const long long *params, int blocks, int warps,
    bool backwards) {
  return s->launch(kernel, params, blocks, warps, backwards);
}

const char *shim_run(const Shim *s, const Kernel *k, void *const *bufs, const int64_t *sizes, char *slabs, int blocks,
    bool backwards) {
  long long args[64];
  int n = 0;
  assert(k->buf.n + k->nsizes + 3 <= 64);
  for (uint32_t i = 0; i < k->buf.n; i++)
    if (k->buf.at[i].scope == SCOPE_GLOBAL) args[n++] = (long long)(intptr_t)bufs[i];
  for (uint32_t i = 0; i < k->nsizes; i++) args[n++] = sizes[i];
  args[n++] = (long long)(intptr_t)slabs;
  args[n++] = 0;
  args[n++] = k->slots;
  return s->launch(0, args, blocks, cuda_warps(k), backwards);
}

void shim_close(Shim *s) {
  dlclose(s->library);
  remove_all(s->folder);
}
