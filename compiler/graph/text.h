/* text.h: the words of graph text, for text.c and text_read.c alone. */
#ifndef GDLC_GRAPH_TEXT_H
#define GDLC_GRAPH_TEXT_H
#include "graph/graph.h"

static const char *const number_names[] = { "real", "int", "flag", NULL };
static const char *const view_names[] = { "window", "slice", "split", "merge", "retype", NULL };
static const char *const action_names[] = { "fixed", "permutes", "signs", "scales", "mixes", NULL };
static const char *const entry_names[] = { "none", "infer", "step", "eval", "score", "trace", "slope", "pull", NULL };
static const char *const arg_role_names[] = { "none", "in", "out", "param", "grad", "target", "index", "moment",
                                              "average", "setting", "key", "sums", "value", "cotangent", NULL };

/* "bXWi,Wigo->bXgo" of a map or contract. */
void labels_text(const Graph *g, const Node *n, Out *out);
#endif
