/* nvrtc.c: CUDA C to PTX or to code, by NVIDIA's compiler as a library.
 *
 * Opened when asked for, so that gdlc needs no CUDA; where it is absent, the reason names the package. The few
 * functions are declared here: their header comes with the same package. */
#include "back/cuda.h"
#include <dlfcn.h>

typedef struct Program Program;     /* NVRTC's own                                                 */
typedef struct Nvrtc {
  int (*create)(Program **, const char *text, const char *name, int nheaders, const char *const *headers,
      const char *const *names);
  int (*compile)(Program *, int noptions, const char *const *options);
  int (*log_size)(Program *, size_t *), (*log)(Program *, char *);
  int (*ptx_size)(Program *, size_t *), (*ptx)(Program *, char *);
  int (*cubin_size)(Program *, size_t *), (*cubin)(Program *, char *);
  int (*destroy)(Program **);
} Nvrtc;

static void *open_library(void) {
  static const char *const names[] = { "libnvrtc.so", "libnvrtc.so.13", "libnvrtc.so.12",
      "/usr/local/cuda/lib64/libnvrtc.so", "/usr/local/cuda/lib/libnvrtc.so" };
  void *library = NULL;
  for (size_t i = 0; i < sizeof names / sizeof *names && !library; i++)
    library = dlopen(names[i], RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  return library;
}

static bool find(void *library, Nvrtc *n, Why *why) {
  struct { const char *name; void *to; } want[] = {
    { "nvrtcCreateProgram", &n->create }, { "nvrtcCompileProgram", &n->compile }, { "nvrtcGetProgramLogSize",
        &n->log_size },
    { "nvrtcGetProgramLog", &n->log }, { "nvrtcGetPTXSize", &n->ptx_size }, { "nvrtcGetPTX", &n->ptx },
    { "nvrtcGetCUBINSize", &n->cubin_size }, { "nvrtcGetCUBIN", &n->cubin }, { "nvrtcDestroyProgram", &n->destroy },
  };
  for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
    void *at = dlsym(library, want[i].name);
    if (!at) return why_no(why, CODE_NONE, "NVRTC has no `%s`", want[i].name);
    memcpy(want[i].to, &at, sizeof at);
  }
  return true;
}

static bool refused(const Nvrtc *n, Program *p, Arena *arena, Why *why) {
  size_t size = 0;
  char *log = n->log_size(p, &size) ? NULL : arena_array(arena, char, size + 1);
  if (log && n->log(p, log)) log = NULL;
  return why_no(why, CODE_NONE, "NVRTC refuses the text: %.1000s", log ? log : "no reason given");
}

bool cuda_compile(Arena *arena, Str text, bool cubin, Str *code, Why *why) {
  void *library = open_library();
  if (!library)
    return why_no(why, CODE_NONE,
        "PTX and code for GPUs need NVRTC (libnvrtc.so of the CUDA toolkit, for example the package cuda-nvrtc-13-0)");
  Nvrtc n;
  Program *p = NULL;
  const char *options[] = { cubin ? "--gpu-architecture=sm_90a" : "--gpu-architecture=compute_90", "--fmad=false",
      "--std=c++17" };
  bool ok = find(library, &n, why);
  if (ok && n.create(&p, str_copy(arena, text).at, "kernels.cu", 0, NULL, NULL))
    ok = why_no(why, CODE_NONE, "NVRTC does not start");
  if (ok && n.compile(p, sizeof options / sizeof *options, options)) ok = refused(&n, p, arena, why);
  size_t size = 0;
  if (ok && (cubin ? n.cubin_size : n.ptx_size)(p, &size)) ok = why_no(why, CODE_NONE, "NVRTC gives no code");
  char *bytes = ok ? arena_array(arena, char, size + 1) : NULL;
  if (ok && (cubin ? n.cubin : n.ptx)(p, bytes)) ok = why_no(why, CODE_NONE, "NVRTC gives no code");
  if (ok) *code = (Str){ bytes, (uint32_t)(cubin || !size ? size : size - 1) };   /* PTX ends with a zero byte */
  if (p) n.destroy(&p);
  dlclose(library);
  return ok;
}
