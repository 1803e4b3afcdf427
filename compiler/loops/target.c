/* target.c: what schedules are made for. Named processors (processors.def) have the figures of their class; `native`
 * asks the processor which class it is. Only lanes and registers change the code; caches and speeds choose tiles and
 * what is kept, so a wrong estimate costs time, never a result. */
#include "loops/plan.h"

#define TARGET(name, ...) { { name, sizeof name - 1 }, __VA_ARGS__ }
static const Target processors[] = {
#define PROCESSOR(name, what, ...) TARGET(name, __VA_ARGS__),
#include "loops/processors.def"
#undef PROCESSOR
};
static const Target device = TARGET("cuda", 32, 32, 255, 128 << 10, 50 << 20, 0, 50e12, 3e12, 132, 1, 96 << 10);

const Target *processor_find(Str march, Why *why) {
  if (str_is(march, "native")) {
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq"))
      march = S("x86-64-v4");
    else march = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? S("x86-64-v3") : S("x86-64");
  }
  for (size_t i = 0; i < sizeof processors / sizeof *processors; i++)
    if (str_equal(processors[i].name, march)) return &processors[i];
  static const char names[] = "native"
#define PROCESSOR(name, ...) ", " name
#include "loops/processors.def"
#undef PROCESSOR
  ;
  why_no(why, CODE_NONE, "--march: `%.*s` is none of %s", STR(march), names);
  return NULL;
}

const Target *target_find(Str name, Why *why) {
  return str_equal(name, device.name) ? &device : processor_find(name, why);
}
