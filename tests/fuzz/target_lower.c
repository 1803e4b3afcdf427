/* target_lower.c: source text that the checker accepts, through every pass up to Loops: each entry of each model
 * lowered, simplified and planned, and after each pass its verifier. What is too large to be worth a second is left at
 * the graph. */
#include "front/ast.h"
#include "front/program.h"
#include "fuzz/texts.h"
#include "graph/graph.h"
#include "loops/plan.h"

static void entry(Arena *arena, const Program *p, const Model *m, EntryKind kind, bool f64) {
  Why why = { .arena = arena };
  Graph *g = graph_lower(arena, p, m, kind, f64);
  CLAIM(graph_verify(g, &why));
  Graph *s = graph_simplify(g, arena);
  CLAIM(graph_verify(s, &why));
  const Target *target = target_find(S("x86-64-v3"), &why);
  CLAIM(target);
  EntryCode *code = entry_plan(arena, s, target, NULL);
  for (uint32_t k = 0; k < code->kernel.n; k++) CLAIM(loops_verify(code->kernel.at[k].kernel, &why));
}

static void lower(Arena *arena, const Program *p) {
  static const EntryKind kinds[] = { ENTRY_INFER, ENTRY_TRACE, ENTRY_PULL, ENTRY_STEP, ENTRY_EVAL, ENTRY_SCORE,
      ENTRY_SLOPE };
  for (uint32_t i = 0; i < p->model.n; i++)
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++)
      if (k < 3 || p->model.at[i]->train) {
        Mark mark = arena_mark(arena);
        entry(arena, p, p->model.at[i], kinds[k], kinds[k] == ENTRY_SLOPE);
        arena_reset(arena, mark);
      }
}

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t n) {
  char library[4096];
  target_library(library);
  Opened o;
  source_open(&o, at, n);
  const Ast *file = ast_parse(&o.arena, &o.diags, o.source);
  Program *p = o.diags.nerrors ? NULL : program_check(&o.arena, &o.diags, file, str_of(library));
  if (p && !o.diags.nerrors) lower(&o.arena, p);
  if (p) program_close(p);
  arena_free(&o.arena);
  return 0;
}
