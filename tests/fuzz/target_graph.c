/* target_graph.c: the text form of Graph. What is read prints the same again, and what satisfies the rules still does
 * after simplify. */
#include "fuzz/texts.h"
#include "graph/graph.h"

READS_AGAIN(Graph, graph_read, graph_text)

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t n) {
  Arena arena = { 0 };
  Why why = { .arena = &arena };
  const Graph *g = read_again(&arena, at, n, &why);
  if (g && graph_verify(g, &why)) CLAIM(graph_verify(graph_simplify(g, &arena), &why));
  arena_free(&arena);
  return 0;
}
