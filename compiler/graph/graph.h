/* graph.h: the first IR. Mathematics: values with typed axes, made by twelve core operations.
 *
 *     F   contract Wgk,kio->Wigo   T w        W i g o       conv1   fashion.gdl:8:8
 *
 * One Graph an entry (step, eval, ...). A value is a node; arguments come before their users, so a loop
 * over the nodes is a topological order. Axes stand slowest first, which is also the layout in memory:
 * rows of domains, then components, then copies: [b][X][g][o]. A grid is one ROW axis, and so is a window
 * of offsets. A language value is one Graph value for each term of its representation: scalars have no
 * REP axis, any other kind has one; the MUL axis is always there, be it of size 1.
 *
 * Batch: `sample` is domain 1, its size the symbol b. What lives on a dense domain under it has axes [b][X];
 * what lives on a ragged one (a set of unknown size) has one axis, all its rows side by side. Pairs of
 * elements of a dense domain V are two axes, [b][V][V], receiver first: a gather is a broadcast then.
 *
 * Numbers are real, i32 or flags; the width of a real is the entry's. Rules are those of lang/spec.md,
 * "graph"; graph_verify re-checks them after every pass, on derivatives too. A waived node skips its rule. */
#ifndef GDLC_GRAPH_GRAPH_H
#define GDLC_GRAPH_GRAPH_H
#include "graph/expr.h"
#include "rep/rep.h"

typedef uint32_t Val;               /* a node's number; 0 is none                                 */
typedef int32_t Size;               /* >= 0: literal; < 0: symbol number -s - 1 of graph->symbol  */
enum { RANK_MOST = 8, ARGS_MOST = 24, LABELS_MOST = 16 };

/* --- what axes are made of -------------------------------------------------------------------- */
typedef enum DomSort { DOM_DENSE, DOM_RAGGED } DomSort;
typedef struct Dom {                /* dom[0] is none, dom[1] is `sample`                         */
  Str name;                         /* "X", "window 5x5", "W"                                     */
  DomSort sort;
  uint16_t parent;                  /* RAGGED: 1, and its rows are grouped by sample              */
  Size n;                           /* DENSE: rows a sample; RAGGED: of all samples together      */
  uint8_t ndim;                     /* a grid or window: shape; else 1                            */
  uint32_t shape[2];
  bool moved;                       /* the group, or nothing but an unknown order, permutes its rows */
  bool wrap;                        /* torus, cycle                                               */
  const GridAction *action;         /* how; for the laws. NULL: not moved, or a set               */
  bool window;                      /* moved about its centre, else about element 0               */
} Dom;

typedef struct Frame {              /* what a REP axis is made of; frame[0] is none               */
  Str name;                         /* "regular"                                                  */
  Action action;
  uint32_t dim;
  bool orthogonal;                  /* dual axes are the same axis then                           */
  const Kind *kind;                 /* its matrices; NULL in a Graph that was read from text      */
} Frame;

typedef enum Role { ROLE_ROW, ROLE_REP, ROLE_MUL } Role;
typedef struct Axis { uint8_t role; bool dual; uint16_t what; Size n; } Axis;  /* what: ROW: dom; REP: frame; MUL: 0 */
typedef enum Number { NUMBER_REAL, NUMBER_INT, NUMBER_FLAG } Number;
typedef struct Shape { uint8_t number, rank; Axis axis[RANK_MOST]; } Shape;

/* --- nodes -------------------------------------------------------------------------------------- */
typedef enum Op {
#define CORE(op, what, rule, pull, eval) OP_##op,
#include "../../lang/ops.def"
#undef CORE
  OPS
} Op;

/* Row r of the result reads, in each direction, (row * r + win * w + add) / div of the operand; what is
 * not whole or falls outside is `fill` (wrapped on a torus). A window is (stride, dilation, -pad, 1). The
 * adjoint of (row, win, add, div) is (div, -win, -add, row): the class is closed. */
typedef enum ViewSort {
  /* axis `axis` (a ROW) becomes rows `dom`, and after it a window axis `win` (0: none) */
  VIEW_WINDOW,
  VIEW_SLICE,                       /* n elements from `from` of axis `axis`; a MUL axis, or a ROW that nothing moves
                                       (its rows become those of `dom`); `drop`: n is 1 and the axis goes (ROW) */
  VIEW_SPLIT,                       /* MUL axis `axis` of size p * n into two MUL axes, p then n   */
  VIEW_MERGE,                       /* MUL axes `axis` and `axis + 1` into one                      */
  VIEW_RETYPE,                      /* the same numbers under other axes; waived, but for rows that move alike (both not
                                       moved, or grids of one shape and action) and axes of size 1   */
} ViewSort;
typedef struct View {
  ViewSort sort;
  uint8_t axis;
  bool drop;
  uint16_t dom, win;                /* WINDOW; dom: SLICE of rows                                   */
  double fill;
  struct { int32_t row, win, add, div; } d[2];
  int64_t from, n;                  /* SLICE: from, n; SPLIT: n                                    */
  Shape to;                         /* RETYPE                                                      */
} View;

/* contract and map: labels are small numbers, 1 ... LABELS_MOST, 0 is unused. of[i][a]: of axis a of
 * operand i; out[a]: of axis a of the result. Axes with one label are one axis. contract: a label that the
 * result lacks is summed over. Both: a label that no operand has is broadcast. map: every label is in out. */
typedef struct Labels { uint8_t of[ARGS_MOST][RANK_MOST], out[RANK_MOST]; } Labels;

typedef struct Nz { uint16_t i[6]; double v; } Nz;
typedef struct ConstTable {         /* a constant: sparse over its axes (real), or dense (int)     */
  Str name;                         /* "Hom(scalar x window 5x5, regular)"                         */
  uint8_t number, rank;
  Axis axis[6];
  uint32_t n;                       /* non-zeros, sorted by index                                  */
  Nz *nz;
  const int32_t *dense;             /* NUMBER_INT: an index; product of the sizes                  */
  bool invariant, audited;          /* proved under the group; only within an error                */
} ConstTable;

typedef struct Node {
  uint8_t op, nargs;
  bool waived;
  Shape shape;
  const Val *arg;
  const Labels *labels;             /* contract map                                               */
  ExprId expr;                      /* map: of its arguments                                      */
  const View *view;                 /* view fold: fold takes the shape of what the view would read */
  uint32_t number;                  /* input param: of the Arg; table: of the ConstTable; random: of the draw;
                                       harmonics: highest degree; iota: the axis of shape that is counted */
  /* gather segment: the axis of x, of the result, that the index points into; join: along */
  uint8_t axis;
  uint16_t axes;                    /* lse rmax over axes of x: a bit mask; 0: at an index, args (x, i), as segment */
  double fill;                      /* rmax: of nothing                                            */
  uint64_t offset, pitch;           /* input param: the first number in a row of the argument, and the numbers from one
                                       row to the next (0: contiguous). A row: all leading ROW axes */
  Span at;                          /* the word of the language that it comes from                 */
  Str path;                         /* and its path, "conv1"; of a cotangent "conv1'"              */
} Node;

/* --- entries: arguments in, stores out ----------------------------------------------------------- */
typedef enum ArgRole {              /* the numbers of gdl.h                                       */
  ARG_IN = 1, ARG_OUT, ARG_PARAM, ARG_GRAD, ARG_TARGET, ARG_INDEX,
  ARG_MOMENT, ARG_AVERAGE, ARG_SETTING, ARG_KEY, ARG_SUMS, ARG_VALUE, ARG_COTANGENT,
} ArgRole;
typedef struct Arg {
  Str name;
  ArgRole role;
  uint8_t number;                   /* real, int, flag (as i32); SUMS are always f64               */
  /* rows, then MUL: the numbers of a row, terms side by side, each [component][copy] */
  uint8_t rank;
  Axis axis[4];
  const Rep *rep;                   /* NULL: nothing moves it                                      */
  const struct Space *space;              /* NULL: global                                                */
  Span at;
} Arg;
/* Writes all of `value` to rows of the argument, as Node.offset and .pitch say. After all reads. */
typedef struct Store { uint32_t arg; uint64_t offset, pitch; Val value; } Store;

typedef enum EntryKind { ENTRY_INFER = 1, ENTRY_STEP, ENTRY_EVAL, ENTRY_SCORE, ENTRY_TRACE, ENTRY_SLOPE,
    ENTRY_PULL } EntryKind;

typedef struct Graph {
  Arena *arena;
  Str name;                         /* of the entry: "fashion_step"                                */
  EntryKind kind;
  bool plain, f64;                  /* plain: no fusion, stage `chain` only; f64: reals are doubles */
  vec(Str) symbol;                  /* symbol[0] is "b"                                            */
  int64_t expect[8];                /* sizes to be expected: they choose tiles, never results      */
  vec(Dom) dom;
  vec(Frame) frame;
  vec(Node) node;                   /* node[0] is none                                             */
  vec(ConstTable) table;
  vec(Arg) arg;
  vec(Store) store;
  ExprPool expr;
  Span at;                          /* what graph_at has set: of the nodes to come                 */
  Str path;
  bool waived;
} Graph;

/* --- graph.c: building. Shapes are computed by the rules; a mistake in the arguments is a bug. ------ */
Graph *graph_open(Arena *arena, Str name, EntryKind kind);   /* dom 1 and symbol 0 exist            */
uint16_t graph_dom(Graph *g, const Dom *dom);                /* found or added                      */
uint16_t graph_frame(Graph *g, const Kind *kind);            /* 0 for scalar                        */
uint16_t graph_frame_of(Graph *g, const Frame *frame);       /* found or added, by name and size when kind is NULL */
Size graph_symbol(Graph *g, Str name);
uint32_t graph_arg(Graph *g, const Arg *arg);                /* added                               */
uint32_t graph_table(Graph *g, const ConstTable *t);         /* equal ones are shared               */
void graph_store(Graph *g, uint32_t arg, uint64_t offset, uint64_t pitch, Val value);
/* The place that new nodes take: set before building the nodes of a word. */
void graph_at(Graph *g, Span at, Str path, bool waived);

Axis axis_row(const Graph *g, uint16_t dom);
Axis axis_rep(const Graph *g, uint16_t frame, bool dual);
Axis axis_mul(Size n);
bool axis_equal(const Graph *g, Axis a, Axis b);             /* may one label join them (dual apart) */

Val graph_input(Graph *g, uint32_t arg, const Shape *shape, uint64_t offset, uint64_t pitch);
Val graph_param(Graph *g, uint32_t arg, const Shape *shape, uint64_t offset);    /* contiguous      */
Val graph_const_table(Graph *g, uint32_t table);
Val graph_iota(Graph *g, const Shape *shape, uint8_t axis);  /* i32: the position along an axis     */
/* Labels as text: "bXWi,Wigo->bXgo"; letters stand for themselves, an operand without axes is empty. */
Val graph_contract(Graph *g, const char *labels, const Val *x, uint32_t n);
Val graph_contract_labels(Graph *g, const Labels *labels, const Val *x, uint32_t n, const Shape *broadcast);
/* broadcast: gives the axes of labels that no operand has; NULL when there are none. */
Val graph_map(Graph *g, const char *labels, const char *expr, const Val *x, uint32_t n);    /* expr over x0, x1, ... */
Val graph_map_labels(Graph *g, const Labels *labels, ExprId e, const Val *x, uint32_t n, const Shape *broadcast);
Val graph_map_same(Graph *g, ExprId e, const Val *x, uint32_t n);      /* all of one shape           */
Val graph_constant(Graph *g, const Shape *shape, double x);            /* a map without arguments    */
/* An index points into rows; it stands where they stood: x [pre V post], i [J] gives [pre J post], and segment is
 * the adjoint. Where x and i both begin with `sample` (and axis > 0) that axis is shared: x [b V i], i [b E]: [b E
 * i]. */
Val graph_gather(Graph *g, Val x, Val i, uint8_t axis);
Val graph_segment(Graph *g, Val x, Val i, uint8_t axis, uint16_t dom); /* rows of `dom` stand at `axis` */
Val graph_lse(Graph *g, Val x, uint16_t axes);
Val graph_lse_at(Graph *g, Val x, Val i, uint8_t axis, uint16_t dom);
Val graph_rmax(Graph *g, Val x, uint16_t axes, double fill);
Val graph_rmax_at(Graph *g, Val x, Val i, uint8_t axis, uint16_t dom, double fill);
Val graph_view(Graph *g, Val x, const View *v);
Val graph_fold(Graph *g, Val x, const View *v, const Shape *of);       /* adjoint of view on shape `of` */
Val graph_join(Graph *g, const Val *x, uint32_t n, uint8_t axis);
Val graph_harmonics(Graph *g, Val r, uint32_t degree);
/* uniform in [0, 1): Threefry 2x32, key (seed, step), counter (draw, position in the value) */
Val graph_random(Graph *g, const Shape *shape, uint32_t draw, Val key);
Val graph_stop(Graph *g, Val x);

/* --- shape.c: the shape of a node by the rule of its op. What no operand gives (axes that are broadcast, rows of
 * a segment, inputs, random, fold) is taken from node->shape. -------------------------------------------- */
bool node_shape(const Graph *g, const Node *node, Shape *out, Why *why);
/* The number of a map; false: operations on numbers that do not fit. A literal alone is NUMBERS_ANY. */
enum { NUMBERS_ANY = NUMBER_FLAG + 1 };
bool expr_number(const ExprPool *p, ExprId e, const uint8_t *of_args, uint32_t nargs, uint8_t *number);
bool index_shares(const Graph *g, const Shape *x, const Shape *i, uint8_t axis);     /* the sample, as above */
/* eval_rows.c: the row of `from` that VIEW_WINDOW reads for a row and a place of the window; -1: the fill. */
int64_t view_row(const Graph *g, const View *v, uint16_t from, int64_t row, int64_t win);
const char *op_name(Op op);
uint64_t shape_count(const Shape *s, const int64_t *sizes);  /* numbers; sizes of the symbols        */
bool shape_equal(const Graph *g, const Shape *a, const Shape *b);
void shape_text(const Graph *g, const Shape *s, Out *out);

/* --- the verbs, by file ------------------------------------------------------------------------- */
/* rules.c: the type rule of every op, and structure. Clauses in lang/spec.md. */
bool graph_verify(const Graph *g, Why *why);
bool rows_alike(const Dom *a, const Dom *b);                 /* do they move alike: may one be renamed to the other */
/* The structure alone: what text must satisfy to be a Graph, waived nodes too. */
bool graph_structure(const Graph *g, Why *why);
/* text.c, text_read.c: a dump that reads back. Unknown or broken text: NULL and why, with the line. */
void graph_text(const Graph *g, Out *out);
Graph *graph_read(Arena *arena, Str text, Why *why);
/* pullback.c: cotangent of `of` (one number a sample or none, seeded with `seed`, a value of its shape) with
 * respect to each of `by`; of what does not reach it: 0 (no Val). Sweeps over what is needed only. */
void graph_grad(Graph *g, Val of, Val seed, const Val *by, uint32_t n, Val *cotangent);
/* simplify.c: algebra, common terms, sums split, fold of contract, dead code. Same stores, same bits up to rounding. */
Graph *graph_simplify(const Graph *g, Arena *arena);
/* eval.c: in f64 by obvious loops. args[k]: double * (real, SUMS) or int32_t * (int, flag). Reads all inputs before
 * the stores. values: NULL, or node.n pointers that receive each value (malloc, the caller frees). */
bool graph_eval(const Graph *g, const int64_t *sizes, void *const *args, double **values, Why *why);

/* lower.c: a checked model becomes the Graph of one entry; expansions in expand_*.c. */
struct Model; struct Program;
Graph *graph_lower(Arena *arena, const struct Program *program, const struct Model *model, EntryKind kind, bool f64);
#endif
