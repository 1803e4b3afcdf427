/* jit.c: the functions of a unit, in this process. For tests and measurements.
 *
 * Takes a unit, writes its object as for a file (llvm_emit), and lets ORC link that: what runs here is, to the bit,
 * what a compiled program runs. Functions that kernels call (fma of the mathematical library, on processors without
 * one) come from this process. Kernels are hidden in objects, and ORC finds only what is exported, so they become
 * visible first. */
#include "back/llvm.h"
#include <llvm-c/Core.h>
#include <llvm-c/LLJIT.h>
#include <llvm-c/Orc.h>
#include <llvm-c/Target.h>
#include <stdlib.h>

struct LlvmCode { LLVMOrcLLJITRef jit; };

/* true when there is no error; else false and why. */
static bool fine(LLVMErrorRef error, Why *why) {
  if (!error) return true;
  char *message = LLVMGetErrorMessage(error);
  why_no(why, CODE_NONE, "LLVM: %.400s", message);
  LLVMDisposeErrorMessage(message);
  return false;
}

static bool add_process(LLVMOrcLLJITRef jit, Why *why) {
  LLVMOrcDefinitionGeneratorRef process;
  if (!fine(LLVMOrcCreateDynamicLibrarySearchGeneratorForProcess(&process, LLVMOrcLLJITGetGlobalPrefix(jit), NULL,
      NULL), why)) return false;
  LLVMOrcJITDylibAddGenerator(LLVMOrcLLJITGetMainJITDylib(jit), process);
  return true;
}

static bool add_object(LLVMOrcLLJITRef jit, Bytes object, Why *why) {
  LLVMMemoryBufferRef copy = LLVMCreateMemoryBufferWithMemoryRangeCopy(object.at, object.n, "kernels");
  return fine(LLVMOrcLLJITAddObjectFile(jit, LLVMOrcLLJITGetMainJITDylib(jit), copy), why);
}

LlvmCode *llvm_load(LlvmUnit *u, Why *why) {
  Arena arena = { 0 };
  Bytes object;
  LLVMModuleRef m = llvm_module(u);
  for (LLVMValueRef f = LLVMGetFirstFunction(m); f; f = LLVMGetNextFunction(f))
    if (LLVMCountBasicBlocks(f)) LLVMSetVisibility(f, LLVMDefaultVisibility);
  bool ok = llvm_emit(u, LLVM_OBJECT, &arena, &object, NULL, why);
  LLVMOrcLLJITRef jit = NULL;
  ok = ok && fine(LLVMOrcCreateLLJIT(&jit, NULL), why) && add_process(jit, why) && add_object(jit, object, why);
  arena_free(&arena);
  llvm_close(u);
  LlvmCode *c = ok ? heap_alloc(1, sizeof *c) : NULL;
  if (c) c->jit = jit;
  else if (jit) LLVMConsumeError(LLVMOrcDisposeLLJIT(jit));
  return c;
}

LlvmFunction *llvm_find(LlvmCode *c, const char *name) {
  LLVMOrcExecutorAddress at = 0;
  LLVMErrorRef error = LLVMOrcLLJITLookup(c->jit, &at, name);
  if (error) {
    LLVMConsumeError(error);
    return NULL;
  }
  LlvmFunction *f;
  void *address = (void *)(uintptr_t)at;
  memcpy(&f, &address, sizeof f);
  return f;
}

void llvm_unload(LlvmCode *c) {
  if (!c) return;
  LLVMConsumeError(LLVMOrcDisposeLLJIT(c->jit));
  free(c);
}
