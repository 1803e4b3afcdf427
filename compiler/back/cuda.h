/* cuda.h: the printer from Loops to CUDA text, and NVRTC where it can be loaded. */
#ifndef GDLC_BACK_CUDA_H
#define GDLC_BACK_CUDA_H
#include "loops/plan.h"
/* All kernels of an entry, one __global__ function each. */
void cuda_text(const EntryCode *e, Out *out);
/* PTX, or machine code for sm_90a, by NVRTC; why names the package when it is absent. */
bool cuda_compile(Arena *arena, Str text, bool cubin, Str *code, Why *why);
#endif
