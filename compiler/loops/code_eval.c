/* code_eval.c: an entry in the Loops evaluator, as the oracle of generated code.
 *
 * The workspace is exactly as large as the entry says; the evaluator checks every access against its buffer, so a
 * buffer that is too small or a slab that is overrun is found, not survived. Slots run one after another. */
#include "loops/plan.h"
#include <stdlib.h>
#include <stdio.h>

bool entry_eval(const EntryCode *e, const int64_t *sizes, void *const *args, bool races, Why *why) {
  size_t bytes = (size_t)size_expr(&e->workspace, sizes);
  char *space = aligned_alloc(64, (bytes + 63) / 64 * 64 + 64);
  if (!space) no_memory(bytes);
  memset(space, 0xff, bytes);                         /* NaN: what is read before it is written shows */
  bool ok = true;
  for (uint32_t k = 0; ok && k < e->kernel.n; k++) {
    const EntryKernel *kernel = &e->kernel.at[k];
    uint32_t n = kernel->kernel->buf.n;
    void **bufs = heap_alloc(n + 1, sizeof *bufs);
    for (uint32_t i = 0; i < n; i++) {
      if (kernel->kernel->buf.at[i].scope != SCOPE_GLOBAL) continue;
      const EntryBuf *b = &e->buf.at[kernel->bind[i]];
      bufs[i] = b->arg >= 0 ? args[b->arg] : b->arg == BUF_CONSTANT ? (void *)b->constant : space + size_expr(&b->at,
          sizes);
    }
    ok = loops_eval(kernel->kernel, bufs, sizes, 0, e->slots, races, why);
    if (!ok) why_no(why, CODE_NONE, "in %.*s (%.*s)", STR(kernel->kernel->name), STR(kernel->what));
    free(bufs);
  }
  free(space);
  return ok;
}
