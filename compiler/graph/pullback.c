/* pullback.c: cotangents. One sweep back from a value, over what lies between it and what is asked for.
 *
 * A node's cotangent is complete when the sweep reaches it, since users come behind. The cotangent of a value of
 * type rho has type rho*, so REP axes of frames that are not orthogonal turn dual. Every pullback is built from
 * core ops, hence graph_grad may be applied to what it has made:
 *
 *     map        c de/dx, where x has all axes; else a contract of c with de/dx, over the axes x lacks
 *     contract   the same product with c in the place of x
 *     gather     segment, and the other way; view and fold likewise
 *     lse        c exp(x - y);  rmax: c shared equally by the ties, the only equivariant choice
 *     join       slices;  harmonics: a constant table times the harmonics themselves
 *
 * Nothing passes through ints, flags, stop, random. Cotangents stand at the word of their value, path "conv1'". */
#include "graph/graph.h"
#include "graph/harmonics.h"
#include <math.h>
#include <stdlib.h>

typedef struct Sweep {
  Graph *g;
  const bool *needed;
  Val *cotangent;
} Sweep;

static Node node(const Sweep *s, Val v) { return s->g->node.at[v]; }      /* a copy: the graph grows */
static const Shape *shape(const Sweep *s, Val v) { return &s->g->node.at[v].shape; }

static Val add(Graph *g, Val a, Val b) {
  ExprId e = expr_op(&g->expr, EXPR_ADD, expr_arg(&g->expr, 0), expr_arg(&g->expr, 1), 0);
  return graph_map_same(g, e, (Val[]){ a, b }, 2);
}

static void give(Sweep *s, Val x, Val c) { s->cotangent[x] = s->cotangent[x] ? add(s->g, s->cotangent[x], c) : c; }

/* The shape of a cotangent: components that are not orthogonal become dual. */
static Shape dual(const Graph *g, Shape s) {
  for (int a = 0; a < s.rank; a++)
    if (s.axis[a].role == ROLE_REP && !g->frame.at[s.axis[a].what].orthogonal) s.axis[a].dual = !s.axis[a].dual;
  return s;
}

/* --- map -------------------------------------------------------------------------------------- */
/* Operands of a new map or contract, with the labels they had in an old one. */
typedef struct Operands { Val x[ARGS_MOST]; Labels labels; uint32_t n; } Operands;

static uint32_t operand(Operands *o, Val x, const uint8_t *labels) {
  if (o->n == ARGS_MOST) bug("a product of more than %d operands", ARGS_MOST);
  o->x[o->n] = x;
  memcpy(o->labels.of[o->n], labels, RANK_MOST);
  return o->n++;
}

static bool has(const uint8_t *labels, uint8_t l) {
  for (int a = 0; a < RANK_MOST; a++)
    if (l && labels[a] == l) return true;
  return false;
}

/* The arguments of n that e reads become those of a new map; e is renumbered. */
static ExprId only_read(Sweep *s, const Node *n, ExprId e, Operands *o) {
  ExprId by[ARGS_MOST] = { 0 };
  for (uint32_t i = 0; i < n->nargs; i++) {
    by[i] = expr_arg(&s->g->expr, i);
    if (expr_reads(&s->g->expr, e, i)) by[i] = expr_arg(&s->g->expr, operand(o, n->arg[i], n->labels->of[i]));
  }
  return expr_substitute(&s->g->expr, e, by);
}

static bool same_axes(const Node *n, int i) {                 /* every label of the result once, none missing */
  for (int a = 0; a < n->shape.rank; a++)
    if (!has(n->labels->of[i], n->labels->out[a])) return false;
  for (int a = 0; a < RANK_MOST; a++)
    for (int b = 0; b < a; b++)
      if (n->labels->of[i][a] && n->labels->of[i][a] == n->labels->of[i][b]) return false;
  return true;
}

/* Is e a product of a constant and arguments? Then they are factors of a contract, constant apart. */
static bool monomial(const ExprPool *p, ExprId e, uint32_t *factors, uint32_t *n, double *scale) {
  const Expr *x = &p->at.at[e];
  switch (x->op) {
  case EXPR_ARG: if (*n == ARGS_MOST - 2) return false; factors[(*n)++] = x->number; return true;
  case EXPR_CONST: *scale *= x->x; return true;
  case EXPR_NEG: *scale = -*scale; return monomial(p, x->a[0], factors, n, scale);
  case EXPR_MUL: return monomial(p, x->a[0], factors, n, scale) && monomial(p, x->a[1], factors, n, scale);
  default: return false;
  }
}

/* Does the slope read signs along an axis that x has too? Then c times the slope must be one map: alone it is even. */
static bool signs_stay(const Sweep *s, const Node *n, int i, ExprId slope) {
  for (int j = 0; j < n->nargs; j++)
    for (int a = 0; a < shape(s, n->arg[j])->rank; a++) {
      Axis x = shape(s, n->arg[j])->axis[a];
      if (x.role == ROLE_REP && s->g->frame.at[x.what].action == ACTION_SIGNS && has(n->labels->of[i],
          n->labels->of[j][a]) &&
          expr_reads(&s->g->expr, slope, (uint32_t)j))
        return true;
    }
  return false;
}

/* c * e; a select stays a select, so that what is not chosen may be infinite. */
static ExprId scaled(ExprPool *p, ExprId c, ExprId e) {
  Expr x = p->at.at[e];
  if (x.op == EXPR_CONST && x.x == 0) return e;
  if (x.op == EXPR_NEG) return expr_op(p, EXPR_NEG, scaled(p, c, x.a[0]), 0, 0);
  if (x.op == EXPR_SELECT) return expr_op(p, EXPR_SELECT, x.a[0], scaled(p, c, x.a[1]), scaled(p, c, x.a[2]));
  return expr_op(p, EXPR_MUL, c, e, 0);
}

/* c times the slope, at every element of the result. */
static Val times_slope(Sweep *s, const Node *n, Val c, ExprId slope) {
  ExprPool *p = &s->g->expr;
  Operands o = { 0 };
  operand(&o, c, n->labels->out);
  ExprId e = only_read(s, n, slope, &o);
  memcpy(o.labels.out, n->labels->out, RANK_MOST);
  Shape broadcast = dual(s->g, n->shape);
  return graph_map_labels(s->g, &o.labels, scaled(p, expr_arg(p, 0), e), o.x, o.n, &broadcast);
}

/* A map over the labels that its operands have; the result joins the product. */
static void slope_operand(Sweep *s, const Node *n, ExprId slope, Operands *product) {
  Operands o = { 0 };
  ExprId e = only_read(s, n, slope, &o);
  uint8_t k = 0;
  for (int a = 0; a < n->shape.rank; a++)
    for (uint32_t i = 0; i < o.n; i++)
      if (has(o.labels.of[i], n->labels->out[a])) { o.labels.out[k++] = n->labels->out[a]; break; }
  operand(product, graph_map_labels(s->g, &o.labels, e, o.x, o.n, NULL), o.labels.out);
}

static void pull_map(Sweep *s, Val v, Val c) {
  Node n = node(s, v);
  ExprPool *p = &s->g->expr;
  for (int i = 0; i < n.nargs; i++) {
    if (!s->needed[n.arg[i]]) continue;
    ExprId slope = expr_diff(p, n.expr, (uint32_t)i);
    if (slope == expr_const(p, 0)) continue;
    if (same_axes(&n, i) && n.shape.rank == shape(s, n.arg[i])->rank && !memcmp(n.labels->of[i],
        n.labels->out, RANK_MOST)) {
      give(s, n.arg[i], slope == expr_const(p, 1) ? c : times_slope(s, &n, c, slope));
      continue;
    }
    Operands o = { 0 };
    uint32_t factors[ARGS_MOST], nfactors = 0;
    double scale = 1;
    if (monomial(p, slope, factors, &nfactors, &scale)) {
      operand(&o, c, n.labels->out);
      for (uint32_t k = 0; k < nfactors; k++) operand(&o, n.arg[factors[k]], n.labels->of[factors[k]]);
      if (scale != 1)
        operand(&o, graph_constant(s->g, &(Shape){ .number = NUMBER_REAL }, scale), (uint8_t[RANK_MOST]){ 0 });
    } else if (signs_stay(s, &n, i, slope)) {
      operand(&o, times_slope(s, &n, c, slope), n.labels->out);
    } else {
      operand(&o, c, n.labels->out);
      slope_operand(s, &n, slope, &o);
    }
    memcpy(o.labels.out, n.labels->of[i], RANK_MOST);
    Shape of = dual(s->g, *shape(s, n.arg[i]));
    give(s, n.arg[i], graph_contract_labels(s->g, &o.labels, o.x, o.n, &of));
  }
}

/* --- contract --------------------------------------------------------------------------------- */
static void pull_contract(Sweep *s, Val v, Val c) {
  Node n = node(s, v);
  for (int i = 0; i < n.nargs; i++) {
    if (!s->needed[n.arg[i]]) continue;
    Operands o = { 0 };
    for (int j = 0; j < n.nargs; j++) {
      if (j == i) operand(&o, c, n.labels->out);
      else operand(&o, n.arg[j], n.labels->of[j]);
    }
    memcpy(o.labels.out, n.labels->of[i], RANK_MOST);
    Shape of = dual(s->g, *shape(s, n.arg[i]));
    give(s, n.arg[i], graph_contract_labels(s->g, &o.labels, o.x, o.n, &of));
  }
}

/* --- rows at an index, reductions ------------------------------------------------------------- */
static void pull_gather(Sweep *s, Val v, Val c) {
  Node n = node(s, v);
  give(s, n.arg[0], graph_segment(s->g, c, n.arg[1], n.axis, shape(s, n.arg[0])->axis[n.axis].what));
}

static void pull_segment(Sweep *s, Val v, Val c) {
  Node n = node(s, v);
  give(s, n.arg[0], graph_gather(s->g, c, n.arg[1], n.axis));
}

/* A map over x and values of the shape of the result, each put at the place of every x. */
static Val spread(Sweep *s, const Node *n, const char *expr, const Val *small, uint32_t count) {
  Labels l = { 0 };
  Val x[4] = { n->arg[0] };
  uint8_t rank = shape(s, n->arg[0])->rank;
  for (uint8_t a = 0; a < rank; a++) l.of[0][a] = l.out[a] = (uint8_t)(a + 1);
  for (uint32_t i = 0; i < count; i++) {
    x[i + 1] = n->axes ? small[i] : graph_gather(s->g, small[i], n->arg[1], n->axis);
    for (uint8_t a = 0, k = 0; a < rank; a++)
      if (!(n->axes >> a & 1)) l.of[i + 1][k++] = (uint8_t)(a + 1);
  }
  Why why = { 0 };
  return graph_map_labels(s->g, &l, expr_read(&s->g->expr, expr, &why), x, count + 1, NULL);
}

static void pull_lse(Sweep *s, Val v, Val c) {
  Node n = node(s, v);
  give(s, n.arg[0], spread(s, &n, "select(-inf < x0, x2 * exp(x0 - x1), 0)", (Val[]){ v, c }, 2));
}

static void pull_rmax(Sweep *s, Val v, Val c) {
  Node n = node(s, v);
  Val hit = spread(s, &n, "real(x0 == x1)", &v, 1), ties;
  if (n.axes) {
    Labels l = { 0 };
    for (uint8_t a = 0, k = 0; a < shape(s, hit)->rank; a++) {
      l.of[0][a] = (uint8_t)(a + 1);
      if (!(n.axes >> a & 1)) l.out[k++] = (uint8_t)(a + 1);
    }
    ties = graph_contract_labels(s->g, &l, &hit, 1, NULL);
  } else {
    ties = graph_segment(s->g, hit, n.arg[1], n.axis, n.shape.axis[n.axis].what);
  }
  Why why = { 0 };
  Val share = graph_map_same(s->g, expr_read(&s->g->expr, "select(0 < x1, x0 / x1, 0)", &why), (Val[]){ c, ties }, 2);
  give(s, n.arg[0], spread(s, &n, "select(x0 == x1, x2, 0)", (Val[]){ v, share }, 2));
}

/* --- views ------------------------------------------------------------------------------------ */
static View view_of_cotangent(const Sweep *s, const View *v) {
  View w = *v;
  if (w.sort == VIEW_RETYPE) w.to = dual(s->g, w.to);
  w.fill = 0;                                                 /* what fills does not depend on x */
  return w;
}

static void pull_view(Sweep *s, Val v, Val c) {
  Node n = node(s, v);
  View w = view_of_cotangent(s, n.view);
  Shape of = dual(s->g, *shape(s, n.arg[0]));
  give(s, n.arg[0], graph_fold(s->g, c, &w, &of));
}

static void pull_fold(Sweep *s, Val v, Val c) {
  Node n = node(s, v);
  View w = view_of_cotangent(s, n.view);
  give(s, n.arg[0], graph_view(s->g, c, &w));
}

static void pull_join(Sweep *s, Val v, Val c) {
  Node n = node(s, v);
  int64_t from = 0;
  for (int i = 0; i < n.nargs; i++) {
    Size part = shape(s, n.arg[i])->axis[n.axis].n;
    if (s->needed[n.arg[i]])
      give(s, n.arg[i], graph_view(s->g, c, &(View){ .sort = VIEW_SLICE, .axis = n.axis, .from = from, .n = part }));
    from += part;
  }
}

/* d y[m] / d r[a] = T[m, q, a] y[q]. */
static void pull_harmonics(Sweep *s, Val v, Val c) {
  Node n = node(s, v);
  uint8_t at = 0;
  while (n.shape.axis[at].role != ROLE_REP) at++;
  Axis vector = shape(s, n.arg[0])->axis[at], out = n.shape.axis[at];
  ConstTable t = { .name = S("gradient of harmonics"), .number = NUMBER_REAL, .rank = 3, .axis = { out, out,
      vector }, .invariant = true };
  t.nz = harmonics_gradient((uint32_t)vector.n, n.number, s->g->arena, &t.n);
  Val x[3] = { c, v, graph_const_table(s->g, graph_table(s->g, &t)) };
  Labels l = { .of[2] = { RANK_MOST + 1, RANK_MOST + 2, RANK_MOST + 3 } };
  for (uint8_t a = 0; a < n.shape.rank; a++) l.of[0][a] = l.of[1][a] = l.out[a] = (uint8_t)(a + 1);
  l.of[0][at] = RANK_MOST + 1;
  l.of[1][at] = RANK_MOST + 2;
  l.out[at] = RANK_MOST + 3;
  give(s, n.arg[0], graph_contract_labels(s->g, &l, x, 3, NULL));
}

static void pull_none(Sweep *s, Val v, Val c) { (void)s; (void)v; (void)c; }

/* --- the sweep -------------------------------------------------------------------------------- */
typedef void Pull(Sweep *s, Val v, Val c);
static Pull *pull_of(uint8_t op) {
  static Pull *const pulls[] = {
#define CORE(op, what, rule, pull, eval) [OP_##op] = pull_##pull,
#include "../../lang/ops.def"
#undef CORE
  };
  return pulls[op];
}

/* What depends on one of `by`, by numbers that have derivatives. */
static bool *needed_of(const Graph *g, Val of, const Val *by, uint32_t n) {
  bool *needed = heap_alloc(of + 1, sizeof *needed);
  for (uint32_t i = 0; i < n; i++)
    if (by[i] <= of) needed[by[i]] = true;
  for (Val v = 1; v <= of; v++) {
    const Node *x = &g->node.at[v];
    if (pull_of(x->op) == pull_none || x->shape.number != NUMBER_REAL) continue;
    for (int i = 0; i < x->nargs; i++)
      needed[v] |= needed[x->arg[i]] && g->node.at[x->arg[i]].shape.number == NUMBER_REAL;
  }
  return needed;
}

void graph_grad(Graph *g, Val of, Val seed, const Val *by, uint32_t n, Val *cotangent) {
  Span at = g->at;
  Str path = g->path;
  bool waived = g->waived, *needed = needed_of(g, of, by, n);
  Sweep s = { g, needed, heap_alloc(of + 1, sizeof(Val)) };
  if (needed[of]) s.cotangent[of] = seed;
  for (Val v = of; v; v--) {
    const Node *x = &g->node.at[v];
    if (!needed[v] || !s.cotangent[v]) continue;
    graph_at(g, x->at, str_format(g->arena, "%.*s'", STR(x->path)), x->waived);
    pull_of(x->op)(&s, v, s.cotangent[v]);
  }
  for (uint32_t i = 0; i < n; i++) cotangent[i] = by[i] <= of ? s.cotangent[by[i]] : 0;
  graph_at(g, at, path, waived);
  free(s.cotangent);
  free(needed);
}
