/* llvm_ends.c: what happens when LLVM cannot go on: a message of gdlc and an exit code, instead of abort().
 *
 * LLVM throws no exceptions; it calls one handler when memory has ended, another one for what it cannot do. Its C
 * interface sets only the latter. So the two functions of its C++ interface that set the former are called by their
 * names in the library: one for what LLVM takes from malloc, one that makes C++ `new` end there too. Both leave at
 * once, since another thread may be compiling; nothing is open then but memory. */
#include "back/llvm.h"
#include <llvm-c/ErrorHandling.h>
#include <unistd.h>

void llvm_on_bad_alloc(void (*end)(void *context, const char *reason, bool dump), void *context)
  __asm__("_ZN4llvm31install_bad_alloc_error_handlerEPFvPvPKcbES0_");
void llvm_on_bad_new(void) __asm__("_ZN4llvm33install_out_of_memory_new_handlerEv");

static void out_of_memory(void *context, const char *reason, bool dump) {
  (void)context, (void)reason, (void)dump;
  fputs("gdlc: out of memory in LLVM\n", stderr);     /* not buffered: it takes no memory */
  _exit(EXIT_MEMORY);
}

static void cannot(const char *reason) {
  fprintf(stderr, "gdlc: this is a bug of gdlc, not of your program: LLVM: %s\n", reason);
  _exit(EXIT_BUG);
}

void llvm_ends(void) {
  llvm_on_bad_alloc(out_of_memory, NULL);
  llvm_on_bad_new();
  LLVMInstallFatalErrorHandler(cannot);
}
