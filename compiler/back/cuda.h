/* cuda.h: the printer from Loops to CUDA C, and NVRTC.
 *
 * A kernel of an entry becomes
 *     extern "C" __global__ void NAME(buffers..., long long sizes..., char *slabs, long long low, long long high)
 * for blocks of 32 x W threads and N bytes of dynamic shared memory, which the comment above it states. Buffers are
 * the GLOBAL ones of the Kernel, in order. Any number of blocks gives the same bits. */
#ifndef GDLC_BACK_CUDA_H
#define GDLC_BACK_CUDA_H
#include "loops/plan.h"

/* cuda_launch.c: a comment that says how to launch the entry, its constants, its kernels. Complete on its own. */
void cuda_text(const EntryCode *e, Out *out);
/* One kernel; `stride`: bytes from the slab of a slot to the next. */
void cuda_kernel(const Kernel *k, int64_t stride, Out *out);
int cuda_warps(const Kernel *k);                             /* W: 1 when the kernel has no TEAM    */
int64_t cuda_shared(const Kernel *k);                        /* N                                   */
void cuda_name(Out *out, Str s);                             /* letters, digits and _                */
void cuda_int(Out *out, Base base, int64_t i);
void cuda_real(Out *out, Base base, double x);               /* reads back in every bit              */
/* PTX for compute_90, or code for sm_90a. false and why: NVRTC is not installed, or refuses the text. */
bool cuda_compile(Arena *arena, Str text, bool cubin, Str *code, Why *why);
#endif
