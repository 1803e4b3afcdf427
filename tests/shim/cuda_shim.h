/* cuda_shim.h: CUDA text that gdlc has printed, on the CPU, slow and strict.
 *
 * Put before the text (g++ -include). A thread of a block is a fiber; __syncthreads, __syncwarp and shuffles are
 * meeting points. A fiber runs until it waits, then the next one does, forwards or backwards, so that what is not
 * fenced shows in one of the two orders. Threads that meet at different lines, or end while others wait, are reported.
 * Blocks run one after another. Shared memory is filled with NaN at the start of a block. One launch at a time. */
#pragma once
#include <cmath>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <cstdint>
#include <utility>

#define __global__
#define __device__
#define __shared__
#define __forceinline__ inline
#define __launch_bounds__(n)
#define __restrict__

struct shim_dim { unsigned x = 0, y = 0, z = 0; };
static shim_dim threadIdx, blockIdx, gridDim, blockDim;
double tile_memory[227 * 128];      /* what `extern __shared__` names */

/* Keeps the registers of who calls on its stack, and goes on with the stack `to`. x86-64. */
extern "C" void shim_switch(void **from, void *to);
__asm__(".text\n"
        "shim_switch:\n"
        "  push %rbp\n  push %rbx\n  push %r12\n  push %r13\n  push %r14\n  push %r15\n"
        "  mov %rsp, (%rdi)\n  mov %rsi, %rsp\n"
        "  pop %r15\n  pop %r14\n  pop %r13\n  pop %r12\n  pop %rbx\n  pop %rbp\n"
        "  ret\n");

namespace shim {
enum State { READY, WAITS_WARP, WAITS_BLOCK, DONE };
struct Thread {
  void *stack;
  State state;
  int line, turn;                   /* where it waits; the parity of its shuffles                  */
  long long word[2];                /* what it gives to others in a shuffle                        */
};
enum { STACK = 64 << 10, MOST = 1024 };
static Thread thread[MOST];
static void *scheduler;
static int n, now;
static void (*body)(void *);
static void *argument;
static char trouble[256];

static void wait(State state, int line) {
  thread[now].state = state;
  thread[now].line = line;
  shim_switch(&thread[now].stack, scheduler);
}
template <class T> T exchange(T v, int h, int line) {
  int me = now, turn = thread[me].turn ^= 1;
  std::memcpy(&thread[me].word[turn], &v, sizeof v);
  wait(WAITS_WARP, line);
  std::memcpy(&v, &thread[me ^ h].word[turn], sizeof v);
  return v;
}
static void enter() {
  body(argument);
  thread[now].state = DONE;
  shim_switch(&thread[now].stack, scheduler);
}
static bool report(const char *format, ...) {
  va_list list;
  va_start(list, format);
  vsnprintf(trouble, sizeof trouble, format, list);
  va_end(list);
  return false;
}
/* Lets threads [from, from + count) go on when all of them wait for `state`, at one line. */
static bool meet(State state, int from, int count, bool *moved) {
  for (int i = from; i < from + count; i++)
    if (thread[i].state != state) return true;
  for (int i = from; i < from + count; i++) {
    if (thread[i].line != thread[from].line)
      return report("threads %d and %d of block %u meet at lines %d and %d", from, i, blockIdx.x, thread[from].line,
          thread[i].line);
    thread[i].state = READY;
  }
  return *moved = true;
}
static bool block(bool backwards, char *stacks) {
  std::memset(tile_memory, 0xff, sizeof tile_memory);
  for (int i = 0; i < n; i++) {
    thread[i].state = READY;
    thread[i].turn = 0;
    void **top = (void **)(((uintptr_t)(stacks + (size_t)(i + 1) * STACK) & ~(uintptr_t)15) - 64);
    top[6] = (void *)enter;           /* where the first switch returns to, above six registers      */
    thread[i].stack = top;
  }
  for (;;) {
    bool moved = false;
    int done = 0;
    for (int j = 0; j < n; j++) {
      int i = backwards ? n - 1 - j : j;
      if (thread[i].state != READY) continue;
      now = i;
      threadIdx.x = (unsigned)i % 32;
      threadIdx.y = (unsigned)i / 32;
      moved = true;
      shim_switch(&scheduler, thread[i].stack);
    }
    for (int w = 0; w < n; w += 32)
      if (!meet(WAITS_WARP, w, 32, &moved)) return false;
    if (!meet(WAITS_BLOCK, 0, n, &moved)) return false;
    for (int i = 0; i < n; i++) done += thread[i].state == DONE;
    if (done == n) return true;
    if (moved) continue;
    for (int i = 0; i < n; i++)
      if (thread[i].state != DONE)
        return report("thread %d of block %u waits at line %d, and others do not come", i, blockIdx.x, thread[i].line);
  }
}
template <class... P, size_t... I> void call(void (*kernel)(P...), const long long *a, std::index_sequence<I...>) {
  kernel((P)a[I]...);
}
/* Runs it; NULL, or what went wrong. args: pointers and whole numbers, in order. */
template <class... P> const char *launch(void (*kernel)(P...), const long long *args, int blocks, int warps,
    bool backwards) {
  struct Bound { void (*kernel)(P...); const long long *args; } bound = { kernel, args };
  body = [](void *b) { call(((Bound *)b)->kernel, ((Bound *)b)->args, std::make_index_sequence<sizeof...(P)>()); };
  argument = &bound;
  n = 32 * warps;
  gridDim.x = (unsigned)blocks;
  blockDim.x = 32;
  blockDim.y = (unsigned)warps;
  char *stacks = (char *)std::malloc((size_t)n * STACK);
  bool ok = n <= MOST || report("%d threads in a block", n);
  for (int b = 0; ok && b < blocks; b++) {
    blockIdx.x = (unsigned)b;
    ok = block(backwards, stacks);
  }
  std::free(stacks);
  return ok ? nullptr : trouble;
}
}  /* namespace shim */

#define __syncthreads() shim::wait(shim::WAITS_BLOCK, __LINE__)
#define __syncwarp() shim::wait(shim::WAITS_WARP, __LINE__)
#define __shfl_xor_sync(mask, v, h) shim::exchange(v, h, __LINE__)

template <class To, class From> To shim_bits(From x) {
  To y;
  static_assert(sizeof x == sizeof y, "bits");
  std::memcpy(&y, &x, sizeof y);
  return y;
}
#define __int_as_float(i) shim_bits<float>((int)(i))
#define __float_as_int(x) shim_bits<int>((float)(x))
#define __longlong_as_double(i) shim_bits<double>((long long)(i))
#define __double_as_longlong(x) shim_bits<long long>((double)(x))
#define __fadd_rn(a, b) ((float)(a) + (float)(b))
#define __fsub_rn(a, b) ((float)(a) - (float)(b))
#define __fmul_rn(a, b) ((float)(a) * (float)(b))
#define __fdiv_rn(a, b) ((float)(a) / (float)(b))
#define __fmaf_rn(a, b, c) fmaf(a, b, c)
#define __fsqrt_rn(a) sqrtf(a)
#define __dadd_rn(a, b) ((double)(a) + (double)(b))
#define __dsub_rn(a, b) ((double)(a) - (double)(b))
#define __dmul_rn(a, b) ((double)(a) * (double)(b))
#define __ddiv_rn(a, b) ((double)(a) / (double)(b))
#define __fma_rn(a, b, c) fma(a, b, c)
#define __dsqrt_rn(a) sqrt(a)
