/* eval.h: one run of the evaluator; shared by eval.c, eval_linear.c and eval_rows.c alone. */
#ifndef GDLC_GRAPH_EVAL_H
#define GDLC_GRAPH_EVAL_H
#include "graph/graph.h"

typedef struct Run {
  const Graph *g;
  const int64_t *sizes;
  void *const *args;
  double **at;                      /* at[v]: the numbers of v, whatever their sort, or NULL        */
  Why *why;
} Run;

static inline int64_t run_size(const Run *r, Size n) { return n >= 0 ? n : r->sizes[-n - 1]; }
static inline const Shape *run_shape(const Run *r, Val v) { return &r->g->node.at[v].shape; }
static inline uint64_t run_count(const Run *r, Val v) { return shape_count(run_shape(r, v), r->sizes); }
/* Sizes and contiguous strides of the axes. */
static inline void run_strides(const Run *r, const Shape *s, int64_t *size, int64_t *stride) {
  int64_t step = 1;
  for (int a = s->rank - 1; a >= 0; a--) {
    size[a] = run_size(r, s->axis[a].n);
    stride[a] = step;
    step *= size[a];
  }
}

/* Each writes all numbers of v to y, which is zero before. */
#define CORE(op, what, rule, pull, eval) bool eval_##op(const Run *r, Val v, double *y);
#include "../../lang/ops.def"
#undef CORE
#endif
