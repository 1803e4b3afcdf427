/* shim.h: compiles CUDA text with g++ behind cuda_shim.h and runs it. For tests: a failure ends the test. */
#ifndef GDLC_TESTS_SHIM_H
#define GDLC_TESTS_SHIM_H
#include "back/cuda.h"

typedef struct Shim Shim;
/* NULL and *error (in the arena) when g++ refuses the text. `kernel` is called `name` in it. */
Shim *shim_open(Arena *arena, Str text, Str name, Str *error);
/* Several kernels. shim_launch: parameters of one as whole numbers; blocks of 32 x warps threads. */
Shim *shim_open_all(Arena *arena, Str text, const Str *names, uint32_t n, Str *error);
const char *shim_launch(const Shim *s, uint32_t kernel, const long long *params, int blocks, int warps, bool backwards);
const void *shim_symbol(const Shim *s, const char *name);   /* a constant of the text              */
/* bufs as for loops_eval, of the only kernel. NULL, or what went wrong: a barrier that not all reach. */
const char *shim_run(const Shim *s, const Kernel *k, void *const *bufs, const int64_t *sizes, char *slabs, int blocks,
    bool backwards);
void shim_close(Shim *s);
#endif
