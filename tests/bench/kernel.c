/* kernel.c: times a function of a library of gdlc on one thread, without a host.
 *
 * kernel NAME BATCH SECONDS: prints the best time of a call in milliseconds. Linked with a library whose model is
 * called `k`; arguments are numbers between -1/2 and 1/2. */
#include "gdl.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

extern const gdl_module k_module;

static double seconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void *numbers(const gdl_arg *a, int64_t b) {
  size_t n = 1, width = a->dtype == GDL_F64 ? 8 : 4;
  for (int i = 0; i < a->rank; i++) n *= (size_t)(a->dims[i] < 0 ? b : a->dims[i]);
  void *at = aligned_alloc(64, (n * width / 64 + 1) * 64);
  for (size_t i = 0; at && i < n; i++) {
    double x = (double)(i * 2654435761u % 1000) / 1000 - 0.5;
    if (width == 8) ((double *)at)[i] = x;
    else ((float *)at)[i] = (float)x;
  }
  return at;
}

int main(int argc, char **argv) {
  if (argc != 4) return 2;
  const gdl_kernel *k = NULL;
  for (int32_t i = 0; i < k_module.nkernels; i++)
    if (!strcmp(k_module.kernels[i].name, argv[1])) k = &k_module.kernels[i];
  if (!k) return 2;
  int64_t sizes[1] = { atoll(argv[2]) };
  void **args = calloc((size_t)k->nargs, sizeof *args);
  size_t room = (k->workspace(sizes) / 64 + 1) * 64;
  gdl_call call = { .sizes = sizes, .args = args, .workspace = aligned_alloc(64, room) };
  for (int32_t i = 0; args && i < k->nargs; i++) args[i] = numbers(&k->args[i], sizes[0]);
  double best = 1e9, began = seconds();
  do {
    double from = seconds();
    int status = k->run(&call);
    if (status) return status;
    if (seconds() - from < best) best = seconds() - from;
  } while (seconds() - began < atof(argv[3]));
  printf("%.6f\n", 1e3 * best);
  for (int32_t i = 0; i < k->nargs; i++) free(args[i]);
  free(args);
  free(call.workspace);
  return 0;
}
