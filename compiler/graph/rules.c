/* rules.c: is this a Graph, and does every op commute with the group?
 *
 * graph_structure: arguments before users, axes that exist, shapes as shape.c computes them, tables in order,
 * stores that fit. graph_verify adds the type rules, clause by clause of lang/spec.md, for every node that is
 * not waived; it runs behind every pass, on derivatives too. The rules ask representations only: smoothness and
 * audits stay with the front. The idea of them all: a copy of a component means something only where the group
 * permutes the basis, and a sum over a label is invariant when g cancels in it. */
#include "graph/graph.h"
#include <stdlib.h>

typedef struct Rules {
  const Graph *g;
  bool *counts;                     /* counts[v]: ints that are positions among rows that move      */
  Why *why;
} Rules;

static const Shape *shape(const Rules *r, const Node *n, int i) { return &r->g->node.at[n->arg[i]].shape; }
static const Dom *dom(const Rules *r, Axis a) { return &r->g->dom.at[a.what]; }
static bool moved_row(const Rules *r, Axis a) { return a.role == ROLE_ROW && dom(r, a)->moved; }
static Action action_of(const Rules *r, Axis a) {
  return a.role == ROLE_REP ? r->g->frame.at[a.what].action : ACTION_PERMUTES;
}
static bool permutes(const Rules *r, Axis a) { return action_of(r, a) <= ACTION_PERMUTES; }

/* --- contract --------------------------------------------------------------------------------- */
typedef struct Stand { Axis axis; bool result; } Stand;

/* Does g cancel between two places? Dual ones when both are of operands, equal ones between operand and result. */
static bool cancel(const Rules *r, Stand a, Stand b) {
  bool dual = a.axis.dual != b.axis.dual;
  return r->g->frame.at[a.axis.what].orthogonal || dual == (a.result == b.result);
}

static bool rule_contract(const Rules *r, const Node *n) {
  for (int l = 1; l <= LABELS_MOST; l++) {
    Stand first = { 0 }, second = { 0 };
    int places = 0;
    for (int i = 0; i <= n->nargs; i++) {
      const Shape *s = i < n->nargs ? shape(r, n, i) : &n->shape;
      const uint8_t *of = i < n->nargs ? n->labels->of[i] : n->labels->out;
      for (int a = 0; a < s->rank; a++) {
        if (of[a] != l) continue;
        second = (Stand){ s->axis[a], i == n->nargs };
        if (!places++) first = second;
      }
    }
    if (!places || permutes(r, first.axis)) continue;                              /* [contract.1] g renames terms */
    if (action_of(r, first.axis) == ACTION_SIGNS && places % 2 == 0) continue;      /* [contract.2] (-1)^2k = 1     */
    if (places == 2 && cancel(r, first, second)) continue;                          /* [contract.3] <gx, g*y>       */
    Str name = r->g->frame.at[first.axis.what].name;
    return why_no(r->why, CODE_NONE,
        "[contract.3] a label joins %d places of `%.*s`, whose components the group %s", places,
                  STR(name), action_of(r, first.axis) == ACTION_SIGNS ? "gives signs" : "mixes");
  }
  return true;
}

/* --- map -------------------------------------------------------------------------------------- */
/* Which arguments have this label; -1 if one has it twice. */
static int64_t arguments_with(const Node *n, uint8_t label) {
  int64_t mask = 0;
  for (int i = 0; i < n->nargs; i++) {
    int times = 0;
    for (int a = 0; a < RANK_MOST; a++) times += n->labels->of[i][a] == label;
    if (times > 1) return -1;
    if (times) mask |= INT64_C(1) << i;
  }
  return mask;
}

static bool dual_alike(const Rules *r, const Node *n, int axis) {
  Axis out = n->shape.axis[axis];
  if (r->g->frame.at[out.what].orthogonal) return true;
  for (int i = 0; i < n->nargs; i++)
    for (int a = 0; a < shape(r, n, i)->rank; a++)
      if (n->labels->of[i][a] == n->labels->out[axis] && shape(r, n, i)->axis[a].dual != out.dual) return false;
  return true;
}

/* Positions among rows that move are compared with each other, nothing else. */
static bool counts_rightly(const Rules *r, const Node *n) {
  bool any = false;
  for (int i = 0; i < n->nargs; i++) any |= r->counts[n->arg[i]];
  if (!any) return true;
  Arena scratch = { 0 };
  uint32_t steps;
  bool ok = true;
  const Expr *pool = r->g->expr.at.at;
  ExprId *order = expr_order(&r->g->expr, n->expr, &scratch, &steps);
  for (uint32_t k = 0; k < steps; k++) {
    const Expr *e = &pool[order[k]];
    for (int a = 0; a < 3 && e->a[a]; a++) {
      const Expr *x = &pool[e->a[a]];
      if (x->op != EXPR_ARG || !r->counts[n->arg[x->number]]) continue;
      ok &= e->op == EXPR_EQ && pool[e->a[0]].op == EXPR_ARG && pool[e->a[1]].op == EXPR_ARG;
    }
  }
  arena_free(&scratch);
  return ok;
}

static bool rule_map(const Rules *r, const Node *n) {
  const ExprPool *p = &r->g->expr;
  if (!counts_rightly(r, n))
    return why_no(r->why, CODE_NONE,
        "[map.5] positions among rows that move are only compared, with ==, with labels of such rows");
  for (int a = 0; a < n->shape.rank; a++) {
    Axis x = n->shape.axis[a];
    if (permutes(r, x)) continue;                                                   /* [map.1] */
    int64_t with = arguments_with(n, n->labels->out[a]);
    Str name = r->g->frame.at[x.what].name;
    if (with < 0) return why_no(r->why, CODE_NONE, "[map.4] a map reads the diagonal of `%.*s`", STR(name));
    if (!dual_alike(r, n, a)) return why_no(r->why, CODE_NONE, "[map.4] a map joins `%.*s` and its dual", STR(name));
    uint32_t mask = (uint32_t)with;
    Action action = action_of(r, x);
    if (action == ACTION_SIGNS && !expr_odd(p, n->expr, mask))
      return why_no(r->why, CODE_NONE,
          "[map.2] signs of `%.*s` change, and the expression is not odd in them", STR(name));
    if (action == ACTION_SCALES && !expr_homogeneous(p, n->expr, mask))
      return why_no(r->why, CODE_NONE,
          "[map.2] components of `%.*s` are scaled, and the expression is not homogeneous", STR(name));
    if (action == ACTION_MIXES && !expr_linear(p, n->expr, mask))
      return why_no(r->why, CODE_NONE,
          "[map.3] the group mixes `%.*s`, and the expression is not linear in it", STR(name));
  }
  return true;
}

/* --- rows at an index, reductions ------------------------------------------------------------- */
static bool rule_gather(const Rules *r, const Node *n) {
  const Node *i = &r->g->node.at[n->arg[1]];
  Axis rows = n->op == OP_gather ? shape(r, n, 0)->axis[n->axis] : n->shape.axis[n->axis];
  if (moved_row(r, rows) && i->op == OP_map)
    return why_no(r->why, CODE_NONE, "[gather.1] a computed index into `%.*s`, whose rows move",
        STR(dom(r, rows)->name));
  return true;
}
static bool rule_segment(const Rules *r, const Node *n) { return rule_gather(r, n); }

/* The maximum and lse act number by number, along the axes that go and along those that stay. */
static bool rule_lse(const Rules *r, const Node *n) {
  const Shape *x = shape(r, n, 0);
  for (int a = 0; a < x->rank; a++)
    if (!permutes(r, x->axis[a]))
      return why_no(r->why, CODE_NONE, "[lse.1] %s of components of `%.*s`", op_name((Op)n->op),
          STR(r->g->frame.at[x->axis[a].what].name));
  return n->axes || rule_gather(r, n);
}
static bool rule_rmax(const Rules *r, const Node *n) { return rule_lse(r, n); }

/* --- views ------------------------------------------------------------------------------------ */
static int64_t side(const Dom *d, int direction) {
  return d->ndim == 1 ? (direction ? 1 : (int64_t)d->n) : (int64_t)d->shape[direction];
}

/* [view.1] A mirror takes row r to n' - 1 - r, place k to K - 1 - k, element x to N - 1 - x; the view commutes with it
 * when row (n' - 1) + win (K - 1) + 2 add = div (N - 1): for a window (stride s, dilation d, pad p) that is
 * N + 2p - d (K - 1) - 1 = s (n' - 1). On a torus translations commute when row n' = div N;
 * they leave the window alone. */
static bool rule_window(const Rules *r, const View *v, const Dom *from) {
  const Dom *to = &r->g->dom.at[v->dom], *win = v->win ? &r->g->dom.at[v->win] : NULL;
  if (!from->moved && (!to->moved || from->n == 1) && (!win || !win->moved || from->n == 1)) return true;
  if ((!from->moved && from->n != 1) || (!to->moved && to->n != 1) ||
      (win && !win->moved && win->n != 1 && from->action))
    return why_no(r->why, CODE_NONE, "[view.1] a window between rows that move and rows that do not");
  if (from->ndim != to->ndim || (win && win->ndim != from->ndim))
    return why_no(r->why, CODE_NONE, "[view.1] a window of other dimension");
  if (from->moved && !from->action && !from->wrap) return why_no(r->why, CODE_NONE, "[view.1] a window on a set");
  for (int d = 0; d < from->ndim; d++) {
    int64_t N = side(from, d), n = side(to, d), K = win ? side(win, d) : 1;
    if (from->wrap) {
      if (v->d[d].row * n != v->d[d].div * N)
        return why_no(r->why, CODE_NONE, "[view.1] the stride does not divide the torus");
      continue;
    }
    if (from->action->flips[d] &&
        v->d[d].row * (n - 1) + v->d[d].win * (K - 1) + 2 * (int64_t)v->d[d].add != v->d[d].div * (N - 1))
      return why_no(r->why, CODE_NONE, "[view.1] the last window does not end where the first begins, mirrored");
  }
  bool swaps = from->action && from->action->swaps && from->ndim == 2;
  if (swaps && (memcmp(&v->d[0], &v->d[1], sizeof v->d[0]) || side(from, 0) != side(from, 1) ||
                side(to, 0) != side(to, 1) ||
                (win && side(win, 0) != side(win, 1))))
    return why_no(r->why, CODE_NONE, "[view.1] the group exchanges two directions that differ");
  return true;
}

bool rows_alike(const Dom *a, const Dom *b) {
  if (!a->moved && !b->moved) return true;
  bool flips = a->action && b->action && !memcmp(a->action->flips, b->action->flips, sizeof a->action->flips) &&
               a->action->swaps == b->action->swaps;
  return a->moved == b->moved && flips && a->ndim == b->ndim && !memcmp(a->shape, b->shape, sizeof a->shape) &&
         a->wrap == b->wrap && a->window == b->window;
}

/* [view.3] Axis by axis, those of size 1 apart (no REP of size 1 comes or goes: it may carry a sign). */
static bool rule_retype(const Rules *r, const Shape *x, const Shape *y) {
  int a = 0, b = 0;
  while (a < x->rank || b < y->rank) {
    Axis p = a < x->rank ? x->axis[a] : (Axis){ 0 }, q = b < y->rank ? y->axis[b] : (Axis){ 0 };
    bool more = a < x->rank && b < y->rank;
    if (more && axis_equal(r->g, p, q) && p.dual == q.dual) { a++; b++; continue; }
    if (more && p.n == q.n && p.role == ROLE_ROW && q.role == ROLE_ROW && p.what != 1 && q.what != 1 &&
        rows_alike(dom(r, p), dom(r, q))) { a++; b++; continue; }
    if (a < x->rank && p.n == 1 && p.role != ROLE_REP) { a++; continue; }
    if (b < y->rank && q.n == 1 && q.role != ROLE_REP) { b++; continue; }
    return why_no(r->why, CODE_NONE, "[view.3] the axes of a renaming move differently");
  }
  return true;
}

static bool view_rule(const Rules *r, const Node *n, const Shape *x, const Shape *y) {
  const View *v = n->view;
  switch (v->sort) {
  case VIEW_WINDOW: return rule_window(r, v, dom(r, x->axis[v->axis]));
  case VIEW_SLICE:
    return !moved_row(r, x->axis[v->axis]) || why_no(r->why, CODE_NONE, "[view.2] a slice of rows that move");
  case VIEW_SPLIT: case VIEW_MERGE: return true;
  case VIEW_RETYPE: return rule_retype(r, x, y);
  }
  bug("view %d", (int)v->sort);
}
static bool rule_view(const Rules *r, const Node *n) { return view_rule(r, n, shape(r, n, 0), &n->shape); }
static bool rule_fold(const Rules *r, const Node *n) {
  return view_rule(r, n, &n->shape, n->view->sort == VIEW_RETYPE ? &n->view->to : shape(r, n, 0));
}

/* --- what stands at the beginning ------------------------------------------------------------- */
static bool rule_param(const Rules *r, const Node *n) {
  for (int a = 0; a < n->shape.rank; a++) {
    Axis x = n->shape.axis[a];
    if (moved_row(r, x))
      return why_no(r->why, CODE_NONE, "[weight.1] a weight for each row of `%.*s`, which move", STR(dom(r, x)->name));
    if (x.role == ROLE_REP && action_of(r, x) != ACTION_FIXED)
      return why_no(r->why, CODE_NONE, "[weight.1] a weight with components of `%.*s`",
          STR(r->g->frame.at[x.what].name));
  }
  return true;
}

static bool rule_table(const Rules *r, const Node *n) {
  const ConstTable *t = &r->g->table.at[n->number];
  return t->invariant || t->audited || why_no(r->why, CODE_NONE, "[table.1] `%.*s` is not invariant", STR(t->name));
}

static bool rule_iota(const Rules *r, const Node *n) {
  for (int a = 0; a < n->shape.rank; a++)
    if (!permutes(r, n->shape.axis[a])) return why_no(r->why, CODE_NONE, "[iota.1] positions with components");
  return true;
}

static bool rule_random(const Rules *r, const Node *n) {
  for (int a = 0; a < n->shape.rank; a++)
    if (n->shape.axis[a].role == ROLE_REP)
      return why_no(r->why, CODE_NONE, "[random.1] a draw for each component of `%.*s`",
          STR(r->g->frame.at[n->shape.axis[a].what].name));
  return true;
}

static bool rule_input(const Rules *r, const Node *n) { (void)r; (void)n; return true; }
static bool rule_join(const Rules *r, const Node *n) { (void)r; (void)n; return true; }
static bool rule_stop(const Rules *r, const Node *n) { (void)r; (void)n; return true; }

/* The whole sum of degrees moves by MIXES, whatever the vector does; its frame is made for it. */
static bool rule_harmonics(const Rules *r, const Node *n) {
  for (int a = 0; a < n->shape.rank; a++) {
    const Frame *f = n->shape.axis[a].role == ROLE_REP ? &r->g->frame.at[n->shape.axis[a].what] : NULL;
    if (f && (f->action != ACTION_MIXES || !f->orthogonal))
      return why_no(r->why, CODE_NONE, "[harmonics.1] harmonics in a frame of their own");
  }
  const Shape *of = shape(r, n, 0);
  assert(of);
  for (int a = 0; a < of->rank; a++) {
    Axis x = of->axis[a];
    const Frame *f = x.role == ROLE_REP ? &r->g->frame.at[x.what] : NULL;
    if (f && !f->orthogonal)
      return why_no(r->why, CODE_NONE, "[harmonics.1] of a vector that is not orthogonal");
  }
  return true;
}

/* --- structure -------------------------------------------------------------------------------- */
static bool size_exists(const Graph *g, Size n) { return n >= 0 || (uint32_t)(-(int64_t)n - 1) < g->symbol.n; }

static bool axis_exists(const Graph *g, Axis a) {
  switch (a.role) {
  case ROLE_ROW: return a.what && a.what < g->dom.n && a.n == g->dom.at[a.what].n && !a.dual;
  case ROLE_REP: return a.what && a.what < g->frame.n && a.n == (Size)g->frame.at[a.what].dim;
  case ROLE_MUL: return !a.what && !a.dual && size_exists(g, a.n);
  default: return false;
  }
}

static bool doms_exist(const Graph *g, Why *why) {
  if (!g->symbol.n || g->symbol.n > 8 || g->dom.n < 2 || g->frame.n < 1 || g->node.n < 1)
    return why_no(why, CODE_NONE, "an empty Graph");
  for (uint32_t i = 1; i < g->dom.n; i++) {
    const Dom *d = &g->dom.at[i];
    bool ok = size_exists(g, d->n) && (d->ndim == 1 || d->ndim == 2) && d->parent < g->dom.n;
    if (ok && d->ndim == 2) ok = d->n >= 0 && (uint64_t)d->shape[0] * d->shape[1] == (uint64_t)d->n;
    if (ok && (d->wrap || d->window || d->action)) ok = d->n >= 0;
    if (!ok) return why_no(why, CODE_NONE, "domain %u: rows and shape do not agree", i);
  }
  for (ExprId e = 1; e < g->expr.at.n; e++)
    if (g->expr.at.at[e].op == EXPR_SIZE && g->expr.at.at[e].number >= g->symbol.n)
      return why_no(why, CODE_NONE, "an expression reads a size that is none");
  return true;
}

static bool tables_sorted(const Graph *g, Why *why) {
  for (uint32_t i = 0; i < g->table.n; i++) {
    const ConstTable *t = &g->table.at[i];
    bool ok = t->rank <= 6 && t->number <= NUMBER_FLAG && (t->number == NUMBER_REAL || t->dense);
    for (int a = 0; ok && a < t->rank; a++) ok = axis_exists(g, t->axis[a]) && t->axis[a].n >= 0;
    for (uint32_t e = 0; ok && t->number == NUMBER_REAL && e < t->n; e++) {
      int order = e ? 0 : 1;                                 /* of entry e against the one before */
      for (int a = 0; ok && a < t->rank; a++) {
        ok = t->nz[e].i[a] < t->axis[a].n;
        if (!order) order = t->nz[e].i[a] - t->nz[e - 1].i[a];
      }
      ok = ok && order > 0;
    }
    if (!ok) return why_no(why, CODE_NONE, "table %u: entries in order, within the axes", i);
  }
  return true;
}

/* The last number of a value within an argument, when all sizes are literal. */
static bool fits(const Graph *g, const Arg *a, const Shape *s, uint64_t offset, uint64_t pitch) {
  uint64_t rows = 1, row = 1, all = 1;
  bool leading = true;
  for (int k = 0; k < s->rank; k++) {
    leading &= s->axis[k].role == ROLE_ROW;
    if (s->axis[k].n < 0) return true;
    *(leading ? &rows : &row) *= (uint64_t)s->axis[k].n;
    if (rows > UINT64_C(1) << 40 || row > UINT64_C(1) << 40) return false;
  }
  for (int k = 0; k < a->rank; k++) {
    if (!axis_exists(g, a->axis[k])) return false;
    if (a->axis[k].n < 0) return true;
    all *= (uint64_t)a->axis[k].n;
    if (all > UINT64_C(1) << 50) return false;
  }
  return !rows || !row || (rows - 1) * (pitch ? pitch : row) + offset + row <= all;
}

static bool node_stands(const Graph *g, Val v, Why *why) {
  const Node *n = &g->node.at[v];
  for (int i = 0; i < n->nargs; i++)
    if (!n->arg[i] || n->arg[i] >= v) return why_no(why, CODE_NONE, "an operand behind its user");
  if (n->shape.rank > RANK_MOST || n->shape.number > NUMBER_FLAG) return why_no(why, CODE_NONE, "too many axes");
  for (int a = 0; a < n->shape.rank; a++)
    if (!axis_exists(g, n->shape.axis[a])) return why_no(why, CODE_NONE, "axis %d does not exist", a);
  if (n->view && n->view->sort == VIEW_RETYPE)
    for (int a = 0; a < n->view->to.rank; a++)
      if (!axis_exists(g, n->view->to.axis[a])) return why_no(why, CODE_NONE, "axis %d does not exist", a);
  if (n->view && n->view->sort == VIEW_WINDOW) {
    const Shape *x = n->op == OP_fold ? &n->shape : &g->node.at[n->arg[0]].shape;
    const View *w = n->view;
    if (w->axis < x->rank && x->axis[w->axis].role == ROLE_ROW && w->dom < g->dom.n && w->win < g->dom.n) {
      uint8_t ndim = g->dom.at[x->axis[w->axis].what].ndim;
      if (g->dom.at[w->dom].ndim != ndim || (w->win && g->dom.at[w->win].ndim != ndim))
        return why_no(why, CODE_NONE, "a window of other dimension");
    }
  }
  Shape s;
  if (!node_shape(g, n, &s, why)) return false;
  if (!shape_equal(g, &s, &n->shape)) return why_no(why, CODE_NONE, "its shape is another");
  if ((n->op == OP_input || n->op == OP_param) && !fits(g, &g->arg.at[n->number], &s, n->offset, n->pitch))
    return why_no(why, CODE_NONE, "it reads beyond its argument");
  return true;
}

/* Adds the node to the reason. */
static bool blame(const Graph *g, Val v, Why *why) {
  if (!why || !why->reason.n) return false;
  Reason *first = &why->reason.at[0];
  first->text = str_format(why->arena, "%%%u %s, at `%.*s`: %.*s", v, op_name((Op)g->node.at[v].op),
      STR(g->node.at[v].path), STR(first->text));
  return false;
}

bool graph_structure(const Graph *g, Why *why) {
  if (!doms_exist(g, why) || !tables_sorted(g, why)) return false;
  for (uint32_t i = 0; i < g->arg.n; i++) {
    const Arg *a = &g->arg.at[i];
    bool ok = a->rank <= 4 && a->number <= NUMBER_FLAG && a->role >= ARG_IN && a->role <= ARG_COTANGENT;
    for (int k = 0; ok && k < a->rank; k++) ok = axis_exists(g, a->axis[k]);
    if (!ok) return why_no(why, CODE_NONE, "argument %u: its axes do not exist", i);
  }
  for (Val v = 1; v < g->node.n; v++)
    if (!node_stands(g, v, why)) return blame(g, v, why);
  for (uint32_t i = 0; i < g->store.n; i++) {
    const Store *s = &g->store.at[i];
    bool ok = s->arg < g->arg.n && s->value && s->value < g->node.n;
    ok = ok && (g->node.at[s->value].shape.number == NUMBER_REAL) == (g->arg.at[s->arg].number == NUMBER_REAL);
    if (!ok || !fits(g, &g->arg.at[s->arg], &g->node.at[s->value].shape, s->offset, s->pitch))
      return why_no(why, CODE_NONE, "store %u does not fit its argument", i);
  }
  return true;
}

/* --- the whole -------------------------------------------------------------------------------- */
/* Positions among moving rows begin at iota and pass through what copies numbers. */
static bool counts(const Rules *r, const Node *n) {
  if (n->op == OP_iota) return moved_row(r, n->shape.axis[n->number]);
  if (n->shape.number != NUMBER_INT) return false;
  if (n->op == OP_map) {
    const Expr *e = &r->g->expr.at.at[n->expr];
    return e->op == EXPR_ARG && r->counts[n->arg[e->number]];
  }
  return (n->op == OP_gather || n->op == OP_view || n->op == OP_join || n->op == OP_stop) && r->counts[n->arg[0]];
}

bool graph_verify(const Graph *g, Why *why) {
  static bool (*const rules[])(const Rules *, const Node *) = {
#define CORE(op, what, rule, pull, eval) [OP_##op] = rule_##rule,
#include "../../lang/ops.def"
#undef CORE
  };
  if (!graph_structure(g, why)) return false;
  Rules r = { g, heap_alloc(g->node.n, sizeof(bool)), why };
  bool ok = true;
  for (Val v = 1; v < g->node.n && ok; v++) {
    const Node *n = &g->node.at[v];
    r.counts[v] = counts(&r, n);
    ok = n->waived || rules[n->op](&r, n) || blame(g, v, why);
  }
  free(r.counts);
  return ok;
}
