/* simplify.h: the rewrites of Graph, one row each, and what they share. For simplify*.c and their laws alone.
 *
 * A rewrite sees one node whose operands are already in the new Graph, and returns a value equal to it. REWRITE(name,
 * equation); the bit 1 << REWRITE_name switches it on. */
#ifndef GDLC_GRAPH_SIMPLIFY_H
#define GDLC_GRAPH_SIMPLIFY_H
#include "graph/graph.h"

#define REWRITES(REWRITE)                                                                                       \
  REWRITE(common, "equal nodes are one")                                                                        \
  REWRITE(constants, "f(c, x) = f_c(x);  sum over l of c x = c |l| (sum of x without l);  a table of one number") \
  REWRITE(moves, "f(x moved) = f(x) under other labels; what moves nothing is x, a sum of one weight is it")     \
  REWRITE(products, "a contract that sums nothing is a map; factors that lack what is summed leave the sum")     \
  REWRITE(map_map, "f(g(x), y) = (f g)(x, y), where nobody else reads g(x) and no element of it is read twice")  \
  REWRITE(contract_contract, "sum over k of (sum over l of x) = sum over k, l of x")                            \
  REWRITE(sum_split, "sum over rows of (a + k b) = (sum of a) + k (sum of b), where the batch is waited for less") \
  REWRITE(moments, "sum of (y - m)^2 = sum of (y - m_b)^2 + P sum of (m_b - m)^2, where m waits for the batch")   \
  REWRITE(cancel, "a - a = 0, a + a = 2 a, 0 a = 0")                                                            \
  REWRITE(fold_contract, "fold(contract(c, F; W), v) = contract(adjoint v of c, F; W)")                         \
  REWRITE(window_all, "the one window that covers everything is a renaming of the axis")                        \
  REWRITE(view_view, "a slice of a slice, a slice of a join, split of merge, renaming of a renaming")
typedef enum Rewrite {
#define REWRITE(name, equation) REWRITE_##name,
  REWRITES(REWRITE)
#undef REWRITE
  REWRITE_COUNT
} Rewrite;
enum { REWRITE_ALL = (1 << REWRITE_COUNT) - 1 };

/* simplify.c */
Graph *graph_simplify_with(const Graph *g, Arena *arena, uint32_t rewrites);

typedef struct Rewriter {
  Graph *g;                         /* the new one                                                  */
  uint32_t on, applied;             /* applied: how many, in this round                             */
  vec(uint32_t) uses;               /* of each new value: readers in the old Graph; made on the way: 0 */
  vec(uint16_t) level;              /* how many sums over the batch stand before it                 */
  uint32_t *slot, nslot;            /* hash of nodes                                                */
} Rewriter;
static inline bool rewrite_on(const Rewriter *w, Rewrite r) { return w->on >> r & 1; }
/* Interns a node whose arg, labels and view may be on the stack; computes its shape. */
Val put_node(Rewriter *w, const Node *n);
Val put(Rewriter *w, const Node *n);                          /* with rewrites                      */

/* Operands under labels, the common form of map and contract. */
typedef struct Product {
  Val x[ARGS_MOST];
  Labels labels;
  uint32_t n;
  Shape shape;                      /* axes of labels.out                                           */
} Product;
Product product_of(const Node *n);
bool product_room(const Product *p, uint32_t more);
/* x[i] is the map m: its operands take its place, labels translated. by[k]: the new number of argument k of m. */
void product_inline(Product *p, uint32_t i, const Node *m, uint32_t *by);
uint32_t product_add(Product *p, Val x, const uint8_t *labels);      /* found or added                */
static inline bool labels_have(const uint8_t *labels, uint8_t l) {
  for (int a = 0; a < RANK_MOST && labels[a]; a++)
    if (labels[a] == l) return true;
  return false;
}

/* simplify_map.c */
Val put_map(Rewriter *w, const Product *p, ExprId e);
bool is_move(const Graph *g, const Node *n);                  /* a map that only places its operand  */
/* e = scale * num[0] * ... / (den[0] * ...), as far as it is written so. */
typedef struct Factors { ExprId num[16], den[16]; uint32_t nnum, nden; } Factors;
void factors_of(ExprPool *p, ExprId e, Factors *f);
/* Terms of a sum: signs in `minus`. */
typedef struct Sums { ExprId term[16]; bool minus[16]; uint32_t n; } Sums;
void terms_of(const ExprPool *p, ExprId e, Sums *s);
/* simplify_contract.c, simplify_view.c */
Val put_contract(Rewriter *w, const Product *p);
/* simplify_moments.c; 0: it is no such sum */
Val put_moments(Rewriter *w, const Product *p);
Val put_view(Rewriter *w, const Node *n);
Val put_fold(Rewriter *w, const Node *n);
#endif
