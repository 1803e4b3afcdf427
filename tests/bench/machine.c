/* machine.c: what this machine can do: flop rate of fused multiply-adds in registers, and memory bandwidth.
 *
 * machine THREADS: prints `flops GFLOP/s` and `bandwidth GB/s` of that many threads together, the best of several
 * tries. Vectors are as wide as the compiler makes them for -march=native; chains are independent and fit the
 * registers. Bandwidth is a sum over 256 MB a thread, more than any cache. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#if defined(__AVX512F__)
enum { LANES = 16, CHAINS = 20 };
#elif defined(__AVX__)
enum { LANES = 8, CHAINS = 12 };
#else
enum { LANES = 4, CHAINS = 12 };
#endif
typedef float Vector __attribute__((vector_size(LANES * 4)));

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

typedef struct Work { float *memory; double flops, bytes; float out; } Work;
enum { ROUNDS = 4000000, NUMBERS = 64 << 20 };

static void *multiply(void *context) {
  Work *w = context;
  Vector a[CHAINS], b = (Vector){ 0 } + 0.999999f, c = (Vector){ 0 } + 1e-6f;
  for (int i = 0; i < CHAINS; i++) a[i] = (Vector){ 0 } + (float)i;
  for (long r = 0; r < ROUNDS; r++)
#pragma GCC unroll 32
    for (int i = 0; i < CHAINS; i++) a[i] = a[i] * b + c;
  for (int i = 1; i < CHAINS; i++) a[0] += a[i];
  w->out = a[0][0];
  w->flops = 2.0 * ROUNDS * CHAINS * LANES;
  return NULL;
}

static void *add(void *context) {
  Work *w = context;
  const Vector *v = (const Vector *)w->memory;
  Vector s[8] = { { 0 } };
  for (long i = 0; i < NUMBERS / LANES; i += 8)
    for (int k = 0; k < 8; k++) s[k] += v[i + k];
  for (int k = 1; k < 8; k++) s[0] += s[k];
  w->out = s[0][0];
  w->bytes = 4.0 * NUMBERS;
  return NULL;
}

static double best(void *(*run)(void *), Work *w, int threads, int flops) {
  double most = 0;
  for (int t = 0; t < 7; t++) {
    pthread_t id[64];
    double start = now(), sum = 0;
    for (int i = 1; i < threads; i++) pthread_create(&id[i], NULL, run, &w[i]);
    run(&w[0]);
    for (int i = 1; i < threads; i++) pthread_join(id[i], NULL);
    double seconds = now() - start;
    for (int i = 0; i < threads; i++) sum += flops ? w[i].flops : w[i].bytes;
    if (sum / seconds > most) most = sum / seconds;
  }
  return most * 1e-9;
}

int main(int argc, char **argv) {
  int threads = argc > 1 ? atoi(argv[1]) : 1;
  if (threads < 1 || threads > 64) { fprintf(stderr, "usage: machine THREADS (1 to 64)\n"); return 2; }
  Work *w = calloc((size_t)threads, sizeof *w);
  for (int i = 0; w && i < threads; i++) {
    w[i].memory = aligned_alloc(64, 4ul * NUMBERS);
    if (!w[i].memory) return 4;
    for (long k = 0; k < NUMBERS; k++) w[i].memory[k] = (float)(k & 7);
  }
  if (!w) return 4;
  printf("flops %.1f\n", best(multiply, w, threads, 1));
  printf("bandwidth %.1f\n", best(add, w, threads, 0));
  for (int i = 0; i < threads; i++) free(w[i].memory);
  free(w);
  return 0;
}
