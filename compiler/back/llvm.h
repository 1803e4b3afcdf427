/* llvm.h: the printer from Loops to LLVM, and what is made of its modules.
 *
 * A unit is one LLVM module in a context of its own, so that units compile in parallel. Kernels become functions
 *     int NAME(void *const *bufs, const int64_t *sizes, char *slabs, int64_t low, int64_t high)
 * that run slots [low, high); the slab of slot s begins at slabs + s * stride. Hidden, so that a library exports only
 * what module.c defines. */
#ifndef GDLC_BACK_LLVM_H
#define GDLC_BACK_LLVM_H
#include "back/link.h"
#include "loops/loops.h"
#include <llvm-c/Types.h>

typedef struct LlvmUnit LlvmUnit;
typedef enum LlvmOutput { LLVM_TEXT, LLVM_ASSEMBLY, LLVM_OBJECT } LlvmOutput;
typedef struct LlvmCost { uint32_t instructions; double print, optimise, generate; } LlvmCost;   /* seconds */

/* QUICK: a quarter of the time for code of a third of the speed, with the same bits: for what runs rarely. */
typedef enum LlvmCare { LLVM_CAREFUL, LLVM_QUICK } LlvmCare;
/* march: native, or a row of processors.def. NULL and why: an unknown one, or LLVM lacks the target. Objects for
 * x86-64 want fma, fmaf, rint, rintf of the mathematical library; the others want nothing. */
LlvmUnit *llvm_open(Str name, Str march, LlvmCare care, Why *why);
void llvm_close(LlvmUnit *u);
LLVMModuleRef llvm_module(LlvmUnit *u);
void llvm_kernel(LlvmUnit *u, const Kernel *k, int64_t stride);
/* Verifies, optimises and writes; *bytes lives in the arena. The unit is spent. */
bool llvm_emit(LlvmUnit *u, LlvmOutput output, Arena *arena, Bytes *bytes, LlvmCost *cost, Why *why);
/* llvm_ends.c: from then on LLVM leaves with EXIT_MEMORY and EXIT_BUG, and does not abort. Once a process. */
void llvm_ends(void);
/* jit.c: the functions of a unit in this process; takes the unit. lookup: NULL when there is none. */
typedef struct LlvmCode LlvmCode;
typedef int LlvmFunction(void *const *bufs, const int64_t *sizes, char *slabs, int64_t low, int64_t high);
LlvmCode *llvm_load(LlvmUnit *u, Why *why);
LlvmFunction *llvm_find(LlvmCode *c, const char *name);
void llvm_unload(LlvmCode *c);
#endif
