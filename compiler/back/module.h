/* module.h: the descriptor of a compiled file, and the functions that its users call.
 *
 * For each entry: NAME (typed, for people), NAME_workspace, and behind the gdl_kernel a `run` that checks sizes,
 * binds buffers and hands each pipeline to parallel_for. Everything is a constant of gdl.h's layout; runtime/gdl.h
 * is the truth, and a test compiles both and compares sizes and offsets. */
#ifndef GDLC_BACK_MODULE_H
#define GDLC_BACK_MODULE_H
#include "front/program.h"
#include "loops/plan.h"
#include <llvm-c/Types.h>

typedef struct ModuleEntry {
  const Graph *lowered;             /* before simplify: all arguments, in order                     */
  const EntryCode *code;
  Str name;                         /* "fashion_step"                                               */
  Span at;
} ModuleEntry;

typedef struct ModuleInput {
  Program *program;
  const Model *model;
  const ModuleEntry *entry;
  uint32_t nentries;
  Str target, source;               /* "x86-64-v4"; the text of the file                            */
  bool the_module;                  /* name it gdl_the_module (a program), else NAME_module          */
} ModuleInput;

/* Adds everything to an LLVM module; kernels are declared external, hidden. */
void module_describe(LLVMModuleRef m, Arena *arena, const ModuleInput *in);
#endif
