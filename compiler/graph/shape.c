/* shape.c: the shape of a node, computed from its operands by the rule of its op.
 *
 * Read by the builders (graph.c), where a failure is a bug of ours, and by the verifier (rules.c), where it is a
 * reason. It looks at nothing but shapes, labels and views; whether the group lets the op do that is rules.c. */
#include "graph/graph.h"

const char *op_name(Op op) {
  static const char *const names[] = {
#define CORE(op, what, rule, pull, eval) [OP_##op] = #op,
#include "../../lang/ops.def"
#undef CORE
  };
  return op < OPS ? names[op] : "none";
}

static bool no(Why *why, const Node *n, const char *what) {
  return why_no(why, CODE_NONE, "%s: %s", op_name((Op)n->op), what);
}

static const Shape *shape(const Graph *g, const Node *n, int i) { return &g->node.at[n->arg[i]].shape; }

/* --- axes ------------------------------------------------------------------------------------- */
bool axis_equal(const Graph *g, Axis a, Axis b) {
  (void)g;
  return a.role == b.role && a.what == b.what && a.n == b.n;
}

static bool axis_same(const Graph *g, Axis a, Axis b) {
  if (!axis_equal(g, a, b)) return false;
  return a.dual == b.dual || a.role != ROLE_REP || g->frame.at[a.what].orthogonal;
}

bool shape_equal(const Graph *g, const Shape *a, const Shape *b) {
  if (a->number != b->number || a->rank != b->rank) return false;
  for (int i = 0; i < a->rank; i++)
    if (!axis_same(g, a->axis[i], b->axis[i])) return false;
  return true;
}

uint64_t shape_count(const Shape *s, const int64_t *sizes) {
  uint64_t n = 1;
  for (int i = 0; i < s->rank; i++) n *= (uint64_t)(s->axis[i].n >= 0 ? s->axis[i].n : sizes[-s->axis[i].n - 1]);
  return n;
}

static bool remove_axis(Shape *s, int at) {
  memmove(&s->axis[at], &s->axis[at + 1], (size_t)(s->rank - at - 1) * sizeof *s->axis);
  s->axis[--s->rank] = (Axis){ 0 };
  return true;
}

static bool insert_axis(Shape *s, int at, Axis x) {
  if (s->rank == RANK_MOST) return false;
  memmove(&s->axis[at + 1], &s->axis[at], (size_t)(s->rank - at) * sizeof *s->axis);
  s->axis[at] = x;
  s->rank++;
  return true;
}

static Axis rows(const Graph *g, uint16_t dom) { return (Axis){ ROLE_ROW, false, dom, g->dom.at[dom].n }; }

/* --- contract and map ------------------------------------------------------------------------- */
static bool labelled(const Graph *g, const Node *n, bool map, Shape *out, Why *why) {
  Axis axis[LABELS_MOST + 1] = { 0 };
  bool seen[LABELS_MOST + 1] = { false };
  if (!n->labels) return no(why, n, "labels are missing");
  for (int i = 0; i < n->nargs; i++) {
    const Shape *s = shape(g, n, i);
    for (int a = 0; a < RANK_MOST; a++) {
      uint8_t l = n->labels->of[i][a];
      if (a >= s->rank ? l != 0 : l == 0 || l > LABELS_MOST) return no(why, n, "as many labels as axes");
      if (a >= s->rank) continue;
      if (seen[l] && !axis_equal(g, axis[l], s->axis[a]))
        return why_no(why, CODE_NONE, "%s: label %d joins different axes", op_name((Op)n->op), l);
      if (!seen[l]) axis[l] = s->axis[a];
      seen[l] = true;
    }
  }
  *out = (Shape){ .number = NUMBER_REAL };
  bool given[LABELS_MOST + 1] = { false };
  while (out->rank < RANK_MOST && n->labels->out[out->rank]) {
    uint8_t l = n->labels->out[out->rank];
    if (l > LABELS_MOST) return no(why, n, "a label beyond the last");
    if (map && given[l]) return no(why, n, "a label twice in the result");
    if (!seen[l]) {                                          /* broadcast: the axis comes with the node */
      if (out->rank >= n->shape.rank) return no(why, n, "a label that no operand has, and no axis for it");
      if (given[l] && !axis_equal(g, axis[l], n->shape.axis[out->rank]))
        return no(why, n, "a label joins different axes");
      axis[l] = n->shape.axis[out->rank];
    }
    given[l] = true;
    out->axis[out->rank++] = axis[l];
  }
  for (int a = out->rank; a < RANK_MOST; a++)
    if (n->labels->out[a]) return no(why, n, "a gap in the labels");
  if (map)
    for (int l = 1; l <= LABELS_MOST; l++)
      if (seen[l] && !given[l]) return no(why, n, "a label that the result lacks");
  /* a repeated or broadcast place may be dual where the first is not: the result says */
  for (int a = 0; a < out->rank && a < n->shape.rank; a++)
    if (!seen[n->labels->out[a]] || out->axis[a].dual != n->shape.axis[a].dual) {
      int places = 0;
      for (int b = 0; b < out->rank; b++) places += n->labels->out[b] == n->labels->out[a];
      if (places > 1) out->axis[a].dual = n->shape.axis[a].dual;
    }
  return true;
}

static bool shape_contract(const Graph *g, const Node *n, Shape *out, Why *why) {
  if (!labelled(g, n, false, out, why)) return false;
  for (int i = 0; i < n->nargs; i++)
    if (shape(g, n, i)->number != NUMBER_REAL) return no(why, n, "operands are real");
  return true;
}

static bool shape_map(const Graph *g, const Node *n, Shape *out, Why *why) {
  if (!labelled(g, n, true, out, why)) return false;
  if (!n->expr || n->expr >= g->expr.at.n) return no(why, n, "no expression");
  uint8_t of[ARGS_MOST];
  for (int i = 0; i < n->nargs; i++) of[i] = shape(g, n, i)->number;
  if (!expr_number(&g->expr, n->expr, of, n->nargs, &out->number))
    return no(why, n, "numbers of different sorts meet, or an argument is missing");
  if (out->number == NUMBERS_ANY) out->number = n->shape.number;
  return true;
}

/* One operation on numbers; ANY is a literal, which fits anywhere. */
static int number_of(const Expr *e, const int *a, bool *ok) {
  int both = a[0] == NUMBERS_ANY ? a[1] : a[0];
  bool fit = a[0] == a[1] || a[0] == NUMBERS_ANY || a[1] == NUMBERS_ANY;
  bool flags = (a[0] == NUMBER_FLAG || a[0] == NUMBERS_ANY) && (a[1] == NUMBER_FLAG || a[1] == NUMBERS_ANY);
  switch (e->op) {
  case EXPR_ADD: case EXPR_SUB: case EXPR_MUL: case EXPR_MIN: case EXPR_MAX:
    *ok = fit && both != NUMBER_FLAG;
    return both;
  case EXPR_NEG: *ok = a[0] != NUMBER_FLAG; return a[0];
  case EXPR_LT: case EXPR_LE: *ok = fit && both != NUMBER_FLAG; return NUMBER_FLAG;
  case EXPR_EQ: *ok = fit; return NUMBER_FLAG;
  case EXPR_AND: case EXPR_OR: *ok = flags; return NUMBER_FLAG;
  case EXPR_NOT: *ok = a[0] == NUMBER_FLAG || a[0] == NUMBERS_ANY; return NUMBER_FLAG;
  case EXPR_SELECT:
    *ok = (a[0] == NUMBER_FLAG || a[0] == NUMBERS_ANY) && (a[1] == a[2] || a[1] == NUMBERS_ANY || a[2] == NUMBERS_ANY);
    return a[1] == NUMBERS_ANY ? a[2] : a[1];
  case EXPR_REAL: return NUMBER_REAL;
  default:                                                   /* functions of reals */
    for (int i = 0; i < 2; i++) *ok &= !e->a[i] || a[i] == NUMBER_REAL || a[i] == NUMBERS_ANY;
    return NUMBER_REAL;
  }
}

bool expr_number(const ExprPool *p, ExprId e, const uint8_t *of_args, uint32_t nargs, uint8_t *number) {
  Arena scratch = { 0 };
  uint32_t n;
  ExprId *order = expr_order(p, e, &scratch, &n);
  uint8_t *of = arena_array(&scratch, uint8_t, e + 1);
  bool ok = true;
  for (uint32_t k = 0; k < n && ok; k++) {
    const Expr *x = &p->at.at[order[k]];
    if (x->op == EXPR_ARG) {
      ok = x->number < nargs;
      of[order[k]] = ok ? of_args[x->number] : 0;
    } else if (x->op == EXPR_CONST || x->op == EXPR_SIZE) {
      of[order[k]] = NUMBERS_ANY;
    } else {
      of[order[k]] = (uint8_t)number_of(x, (const int[]){ of[x->a[0]], of[x->a[1]], of[x->a[2]] }, &ok);
    }
  }
  *number = of[e];
  arena_free(&scratch);
  return ok;
}

/* --- rows at an index ------------------------------------------------------------------------- */
static bool is_sample(Axis a) { return a.role == ROLE_ROW && a.what == 1; }

bool index_shares(const Graph *g, const Shape *x, const Shape *i, uint8_t axis) {
  (void)g;
  return axis > 0 && i->rank > 0 && x->rank > 0 && is_sample(x->axis[0]) && is_sample(i->axis[0]);
}

static bool rows_only(const Shape *i) {
  for (int a = 0; a < i->rank; a++)
    if (i->axis[a].role != ROLE_ROW) return false;
  return i->number == NUMBER_INT;
}

static bool shape_gather(const Graph *g, const Node *n, Shape *out, Why *why) {
  const Shape *x = shape(g, n, 0), *i = shape(g, n, 1);
  if (!rows_only(i)) return no(why, n, "an index is int and has rows only");
  if (n->axis >= x->rank || x->axis[n->axis].role != ROLE_ROW) return no(why, n, "an index points into rows");
  *out = *x;
  remove_axis(out, n->axis);
  for (int a = index_shares(g, x, i, n->axis), at = n->axis; a < i->rank; a++)
    if (!insert_axis(out, at++, i->axis[a])) return no(why, n, "too many axes");
  return true;
}

/* Also of lse and rmax at an index. The rows of the result are those of the node. */
static bool shape_segment(const Graph *g, const Node *n, Shape *out, Why *why) {
  const Shape *x = shape(g, n, 0), *i = shape(g, n, 1);
  if (!rows_only(i)) return no(why, n, "an index is int and has rows only");
  if (x->number != NUMBER_REAL) return no(why, n, "x is real");
  int first = index_shares(g, x, i, n->axis), gone = i->rank - first;
  if (n->axis + gone > x->rank) return no(why, n, "x has the rows of the index");
  for (int a = 0; a < gone; a++)
    if (!axis_equal(g, x->axis[n->axis + a], i->axis[first + a])) return no(why, n, "x has the rows of the index");
  if (n->axis >= n->shape.rank || n->shape.axis[n->axis].role != ROLE_ROW)
    return no(why, n, "an index points into rows");
  *out = *x;
  for (int a = 0; a < gone; a++) remove_axis(out, n->axis);
  return insert_axis(out, n->axis, n->shape.axis[n->axis]) || no(why, n, "too many axes");
}

static bool shape_over(const Graph *g, const Node *n, Shape *out, Why *why) {
  if (!n->axes) {
    if (n->nargs != 2) return no(why, n, "an index is missing");
    return shape_segment(g, n, out, why);
  }
  const Shape *x = shape(g, n, 0);
  if (n->nargs != 1) return no(why, n, "one operand");
  if (x->number != NUMBER_REAL) return no(why, n, "x is real");
  if (n->axes >> x->rank) return no(why, n, "an axis that x lacks");
  *out = *x;
  for (int a = x->rank - 1; a >= 0; a--)
    if (n->axes >> a & 1) remove_axis(out, a);
  return true;
}
static bool shape_lse(const Graph *g, const Node *n, Shape *out, Why *why) { return shape_over(g, n, out, why); }
static bool shape_rmax(const Graph *g, const Node *n, Shape *out, Why *why) { return shape_over(g, n, out, why); }

/* --- views ------------------------------------------------------------------------------------ */
static bool literal_count(const Shape *s, int64_t *count, int *symbols) {
  *count = 1;
  for (int a = 0; a < s->rank; a++) {
    if (s->axis[a].n < 0) { symbols[-s->axis[a].n - 1]++; continue; }
    *count *= s->axis[a].n;
    if (*count > INT64_C(1) << 40) return false;
  }
  return true;
}

static bool view_shape(const Graph *g, const Node *n, const View *v, const Shape *x, Shape *out, Why *why) {
  *out = *x;
  if (v->sort == VIEW_RETYPE) {
    int64_t from, to;
    int symbols_from[8] = { 0 }, symbols_to[8] = { 0 };
    if (!literal_count(x, &from, symbols_from) || !literal_count(&v->to, &to, symbols_to) || from != to ||
        memcmp(symbols_from, symbols_to, sizeof symbols_to) || v->to.number != x->number)
      return no(why, n, "retyped to another count of numbers");
    *out = v->to;
    return true;
  }
  if (v->axis >= x->rank) return no(why, n, "an axis that x lacks");
  Axis *a = &out->axis[v->axis];
  switch (v->sort) {
  case VIEW_WINDOW:
    if (a->role != ROLE_ROW || a->n < 0 || !v->dom || v->dom >= g->dom.n || v->win >= g->dom.n ||
        g->dom.at[v->dom].n < 0 ||
        (v->win && g->dom.at[v->win].n < 0))
      return no(why, n, "a window reads rows of known number");
    for (int d = 0; d < 2; d++)
      if (v->d[d].div < 1 || v->d[d].row < -4096 || v->d[d].row > 4096 || v->d[d].win < -4096 || v->d[d].win > 4096 ||
          v->d[d].add < -(1 << 24) || v->d[d].add > 1 << 24 || v->d[d].div > 4096)
        return no(why, n, "a window out of range");
    *a = rows(g, v->dom);
    return !v->win || insert_axis(out, v->axis + 1, rows(g, v->win)) || no(why, n, "too many axes");
  case VIEW_SLICE:
    if (a->n < 0 || v->from < 0 || v->n < 1 || v->from > a->n || v->n > a->n - v->from)
      return no(why, n, "a slice beyond the end");
    if (a->role == ROLE_REP) return no(why, n, "a slice of components");
    if (a->role == ROLE_MUL) { a->n = (Size)v->n; return true; }
    if (v->drop) return v->n == 1 ? remove_axis(out, v->axis) : no(why, n, "only one row can be dropped");
    if (!v->dom || v->dom >= g->dom.n || g->dom.at[v->dom].n != v->n)
      return no(why, n, "a slice of rows needs their domain");
    *a = rows(g, v->dom);
    return true;
  case VIEW_SPLIT:
    if (a->role != ROLE_MUL || a->n < 0 || v->n < 1 || v->n > a->n || a->n % v->n)
      return no(why, n, "copies do not split like that");
    a->n = (Size)(a->n / v->n);
    return insert_axis(out, v->axis + 1, (Axis){ ROLE_MUL, false, 0, (Size)v->n }) || no(why, n, "too many axes");
  case VIEW_MERGE:
    if (v->axis + 1 >= x->rank || a->role != ROLE_MUL || a[1].role != ROLE_MUL || a->n < 0 || a[1].n < 0 ||
        (int64_t)a->n * a[1].n > INT32_MAX)
      return no(why, n, "two axes of copies merge");
    a->n *= a[1].n;
    return remove_axis(out, v->axis + 1);
  default: return no(why, n, "no such view");
  }
}

static bool shape_view(const Graph *g, const Node *n, Shape *out, Why *why) {
  if (!n->view) return no(why, n, "no view");
  return view_shape(g, n, n->view, shape(g, n, 0), out, why);
}

static bool shape_fold(const Graph *g, const Node *n, Shape *out, Why *why) {
  Shape read;
  if (!n->view) return no(why, n, "no view");
  if (shape(g, n, 0)->number != NUMBER_REAL) return no(why, n, "x is real");
  if (!view_shape(g, n, n->view, &n->shape, &read, why)) return false;
  if (!shape_equal(g, &read, shape(g, n, 0))) return no(why, n, "the view reads another shape");
  *out = n->shape;
  return true;
}

/* --- the rest --------------------------------------------------------------------------------- */
static bool shape_join(const Graph *g, const Node *n, Shape *out, Why *why) {
  int64_t sum = 0;
  if (!n->nargs) return no(why, n, "nothing to join");
  *out = *shape(g, n, 0);
  if (n->axis >= out->rank || out->axis[n->axis].role != ROLE_MUL) return no(why, n, "values are joined along copies");
  for (int i = 0; i < n->nargs; i++) {
    Shape s = *shape(g, n, i);
    if (n->axis >= s.rank || s.axis[n->axis].n < 0) return no(why, n, "values are joined along copies");
    sum += s.axis[n->axis].n;
    s.axis[n->axis].n = out->axis[n->axis].n;
    if (!shape_equal(g, &s, out)) return no(why, n, "values joined have the same other axes");
  }
  if (sum > INT32_MAX) return no(why, n, "too many copies");
  out->axis[n->axis].n = (Size)sum;
  return true;
}

static bool shape_harmonics(const Graph *g, const Node *n, Shape *out, Why *why) {
  const Shape *x = shape(g, n, 0);
  if (x->number != NUMBER_REAL) return no(why, n, "x is real");
  int at = -1;
  for (int a = 0; a < x->rank; a++)
    if (x->axis[a].role == ROLE_REP) { if (at >= 0) return no(why, n, "one vector"); at = a; }
  if (at < 0 || (x->axis[at].n != 2 && x->axis[at].n != 3)) return no(why, n, "a vector of 2 or 3 components");
  if (n->number > 16) return no(why, n, "degrees up to 16");
  Size dim = x->axis[at].n == 2 ? 2 * (Size)n->number + 1 : (Size)((n->number + 1) * (n->number + 1));
  *out = *x;
  if (at >= n->shape.rank || n->shape.axis[at].role != ROLE_REP || n->shape.axis[at].n != dim)
    return no(why, n, "components of another number");
  out->axis[at] = n->shape.axis[at];
  return true;
}

static bool shape_random(const Graph *g, const Node *n, Shape *out, Why *why) {
  const Shape *key = shape(g, n, 0);
  if (key->number != NUMBER_INT || key->rank != 1 || key->axis[0].n != 2) return no(why, n, "a key is two ints");
  *out = n->shape;
  out->number = NUMBER_REAL;
  return true;
}

static bool shape_stop(const Graph *g, const Node *n, Shape *out, Why *why) {
  (void)why;
  *out = *shape(g, n, 0);
  return true;
}

static bool shape_iota(const Graph *g, const Node *n, Shape *out, Why *why) {
  (void)g;
  if (n->number >= n->shape.rank) return no(why, n, "an axis that it lacks");
  *out = n->shape;
  out->number = NUMBER_INT;
  return true;
}

static bool shape_table(const Graph *g, const Node *n, Shape *out, Why *why) {
  if (n->number >= g->table.n) return no(why, n, "no such table");
  const ConstTable *t = &g->table.at[n->number];
  *out = (Shape){ .number = t->number, .rank = t->rank };
  memcpy(out->axis, t->axis, t->rank * sizeof *t->axis);
  return true;
}

static bool shape_input(const Graph *g, const Node *n, Shape *out, Why *why) {
  if (n->number >= g->arg.n) return no(why, n, "no such argument");
  *out = n->shape;
  out->number = g->arg.at[n->number].number;
  return true;
}
static bool shape_param(const Graph *g, const Node *n, Shape *out, Why *why) { return shape_input(g, n, out, why); }

bool node_shape(const Graph *g, const Node *n, Shape *out, Why *why) {
  static const struct { bool (*rule)(const Graph *, const Node *, Shape *, Why *); int least, most; } rules[] = {
    [OP_input] = { shape_input, 0, 0 }, [OP_param] = { shape_param, 0, 0 }, [OP_table] = { shape_table, 0, 0 },
    [OP_iota] = { shape_iota, 0, 0 }, [OP_map] = { shape_map, 0, ARGS_MOST },
        [OP_contract] = { shape_contract, 0, ARGS_MOST },
    [OP_gather] = { shape_gather, 2, 2 }, [OP_segment] = { shape_segment, 2, 2 }, [OP_lse] = { shape_lse, 1, 2 },
    [OP_rmax] = { shape_rmax, 1, 2 }, [OP_view] = { shape_view, 1, 1 }, [OP_fold] = { shape_fold, 1, 1 },
    [OP_join] = { shape_join, 1, ARGS_MOST }, [OP_harmonics] = { shape_harmonics, 1, 1 },
    [OP_random] = { shape_random, 1, 1 }, [OP_stop] = { shape_stop, 1, 1 },
  };
  if (n->op >= OPS) return why_no(why, CODE_NONE, "no such op");
  if (n->nargs < rules[n->op].least || n->nargs > rules[n->op].most) return no(why, n, "another number of operands");
  return rules[n->op].rule(g, n, out, why);
}
