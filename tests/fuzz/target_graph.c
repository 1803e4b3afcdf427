/* target_graph.c: the text form of Graph. What is read prints the same again, and what satisfies the rules still does
 * after simplify. */
#include "base/base.h"
#include "fuzz/target.h"
#include "graph/graph.h"

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t n) {
  Arena arena = { 0 };
  Why why = { .arena = &arena };
  Graph *g = graph_read(&arena, str_copy(&arena, (Str){ (const char *)at, (uint32_t)n }), &why);
  CLAIM(g || why.reason.n);
  if (g) {
    Out once = { .arena = &arena }, again = { .arena = &arena };
    graph_text(g, &once);
    Graph *same = graph_read(&arena, out_text(&once), &why);
    CLAIM(same);
    graph_text(same, &again);
    CLAIM(str_equal(out_text(&once), out_text(&again)));
    if (graph_verify(g, &why)) CLAIM(graph_verify(graph_simplify(g, &arena), &why));
  }
  arena_free(&arena);
  return 0;
}
