/* target.c: what schedules are made for. Named processors have the figures of their class; `native` asks the
 * processor which class it is. Only lanes and registers change the code; caches and speeds choose tiles and what is
 * kept, so a wrong estimate costs time, never a result. */
#include "loops/plan.h"

static const Target targets[] = {
  /* name, lanes f32, f64, registers, L1, L2, L3, flop/s, bytes/s, slots, warps, TILE */
  { { "x86-64", 6 }, 4, 2, 16, 32 << 10, 512 << 10, 8 << 20, 30e9, 15e9, 16, 1, 0 },
  { { "x86-64-v3", 9 }, 8, 4, 16, 32 << 10, 512 << 10, 16 << 20, 200e9, 25e9, 16, 1, 0 },
  { { "x86-64-v4", 9 }, 16, 8, 32, 32 << 10, 1 << 20, 32 << 20, 400e9, 30e9, 16, 1, 0 },
  { { "cuda", 4 }, 32, 32, 255, 128 << 10, 50 << 20, 0, 50e12, 3e12, 132, 1, 96 << 10 },
};

const Target *target_find(Str march, Why *why) {
  if (str_is(march, "native")) {
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq"))
      march = S("x86-64-v4");
    else march = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? S("x86-64-v3") : S("x86-64");
  }
  for (size_t i = 0; i < sizeof targets / sizeof *targets; i++)
    if (str_equal(targets[i].name, march)) return &targets[i];
  why_no(why, CODE_NONE, "--march: `%.*s` is not native, x86-64, x86-64-v3, x86-64-v4", STR(march));
  return NULL;
}
