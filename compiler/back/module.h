/* module.h: the descriptor of a compiled model, and the functions that its users call.
 *
 * For each entry behind the gdl_kernel a `run` that checks sizes and pointers, binds buffers and hands each pipeline
 * to parallel_for; in a library NAME and NAME_workspace too, typed, for people. Everything is a constant of gdl.h's
 * layout; runtime/gdl.h is the truth, and a test compiles both and compares sizes and offsets. */
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
  Str prefix;                       /* of external symbols; empty: none                             */
  /* a program: no typed functions, the descriptor is gdl_the_module; else NAME_module */
  bool the_module;
} ModuleInput;

/* The external symbol of an entry or model: prefix, name, tail; `_` behind a keyword. */
Str module_symbol(Arena *arena, const ModuleInput *in, Str name, const char *tail);
/* All symbols of n modules differ, those of kernels too; else false, and two that do not. */
bool module_symbols_differ(Arena *arena, const ModuleInput *in, uint32_t n, Why *why);

/* Adds everything to an LLVM module; kernels are declared external, hidden. */
void module_describe(LLVMModuleRef m, Arena *arena, const ModuleInput *in);
#endif
