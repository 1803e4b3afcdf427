/* machine.c: what this machine can do: flop rate of fused multiply-adds in registers, and memory bandwidth.
 *
 * machine THREADS: prints `flops GFLOP/s` and `bandwidth GB/s` of that many threads together, the best of many short
 * tries, so that what else runs does not matter much. A try lasts from the first thread's start to the last one's end.
 * Vectors are as wide as the compiler makes them for -march=native; chains are independent and fit the registers.
 * Bandwidth is a sum over 256 MB a thread, more than any cache. */
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

typedef struct Work {
  void (*run)(struct Work *w);
  pthread_barrier_t *together;
  float *memory;
  double flops, bytes, start, end;
  float out;
} Work;
enum { ROUNDS = 1000000, NUMBERS = 64 << 20, FLOP_TRIES = 200, BYTE_TRIES = 12, THREADS_MOST = 64 };

static void multiply(Work *w) {
  Vector a[CHAINS], b = (Vector){ 0 } + 0.999999f, c = (Vector){ 0 } + 1e-6f;
  for (int i = 0; i < CHAINS; i++) a[i] = (Vector){ 0 } + (float)i;
  for (long r = 0; r < ROUNDS; r++)
#pragma GCC unroll 32
    for (int i = 0; i < CHAINS; i++) a[i] = a[i] * b + c;
  for (int i = 1; i < CHAINS; i++) a[0] += a[i];
  w->out = a[0][0];
  w->flops = 2.0 * ROUNDS * CHAINS * LANES;
}

static void add(Work *w) {
  const Vector *v = (const Vector *)w->memory;
  Vector s[8] = { { 0 } };
  for (long i = 0; i < NUMBERS / LANES; i += 8)
    for (int k = 0; k < 8; k++) s[k] += v[i + k];
  for (int k = 1; k < 8; k++) s[0] += s[k];
  w->out = s[0][0];
  w->bytes = 4.0 * NUMBERS;
}

static void *one(void *context) {
  Work *w = context;
  pthread_barrier_wait(w->together);
  w->start = now();
  w->run(w);
  w->end = now();
  return NULL;
}

static double best(void (*run)(Work *), Work *w, int threads, int tries) {
  double most = 0;
  for (int t = 0; t < tries; t++) {
    pthread_t id[THREADS_MOST];
    for (int i = 0; i < threads; i++) w[i].run = run, w[i].flops = w[i].bytes = 0;
    for (int i = 1; i < threads; i++)
      if (pthread_create(&id[i], NULL, one, &w[i])) exit(4);
    one(&w[0]);
    for (int i = 1; i < threads; i++) pthread_join(id[i], NULL);
    double start = w[0].start, end = w[0].end, sum = 0;
    for (int i = 0; i < threads; i++) {
      if (w[i].start < start) start = w[i].start;
      if (w[i].end > end) end = w[i].end;
      sum += w[i].flops + w[i].bytes;
    }
    if (sum / (end - start) > most) most = sum / (end - start);
  }
  return most * 1e-9;
}

int main(int argc, char **argv) {
  int threads = argc > 1 ? atoi(argv[1]) : 1;
  if (threads < 1 || threads > THREADS_MOST) {
    fprintf(stderr, "usage: machine THREADS (1 to %d)\n", THREADS_MOST);
    return 2;
  }
  Work *w = calloc((size_t)threads, sizeof *w);
  pthread_barrier_t together;
  pthread_barrier_init(&together, NULL, (unsigned)threads);
  for (int i = 0; w && i < threads; i++) {
    w[i].together = &together;
    w[i].memory = aligned_alloc(64, 4ul * NUMBERS);
    if (!w[i].memory) return 4;
    for (long k = 0; k < NUMBERS; k++) w[i].memory[k] = (float)(k & 7);
  }
  if (!w) return 4;
  printf("flops %.1f\n", best(multiply, w, threads, FLOP_TRIES));
  printf("bandwidth %.1f\n", best(add, w, threads, BYTE_TRIES));
  for (int i = 0; i < threads; i++) free(w[i].memory);
  free(w);
  return 0;
}
