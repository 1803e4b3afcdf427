/* graph.c: building Graphs.
 *
 * Every builder fills in a Node, asks shape.c for its shape, and appends it; a failure there is a bug of the
 * caller and says where. Labels are renumbered in order of appearance, so that equal nodes are equal bytes.
 * Domains, frames and tables are found before they are added. Elsewhere: what the group allows (rules.c). */
#include "graph/graph.h"

Graph *graph_open(Arena *arena, Str name, EntryKind kind) {
  Graph *g = arena_one(arena, Graph);
  *g = (Graph){ .arena = arena, .name = str_copy(arena, name), .kind = kind, .expr.arena = arena };
  g->expect[0] = 1;
  vec_push(arena, &g->symbol, S("b"));
  vec_push(arena, &g->dom, (Dom){ 0 });
  vec_push(arena, &g->dom, (Dom){ .name = S("sample"), .sort = DOM_DENSE, .n = -1, .ndim = 1, .moved = true });
  vec_push(arena, &g->frame, (Frame){ 0 });
  vec_push(arena, &g->node, (Node){ 0 });
  return g;
}

/* --- what axes are made of -------------------------------------------------------------------- */
uint16_t graph_dom(Graph *g, const Dom *d) {
  for (uint32_t i = 1; i < g->dom.n; i++) {
    const Dom *o = &g->dom.at[i];
    if (str_equal(o->name, d->name) && o->sort == d->sort && o->parent == d->parent && o->n == d->n &&
        o->ndim == d->ndim &&
        o->shape[0] == d->shape[0] && o->shape[1] == d->shape[1] && o->moved == d->moved && o->wrap == d->wrap &&
        o->action == d->action && o->window == d->window)
      return (uint16_t)i;
  }
  assert(g->dom.n < UINT16_MAX);
  vec_push(g->arena, &g->dom, *d);
  return (uint16_t)(g->dom.n - 1);
}

uint16_t graph_frame_of(Graph *g, const Frame *f) {
  for (uint32_t i = 1; i < g->frame.n; i++) {
    const Frame *o = &g->frame.at[i];
    if (o->kind == f->kind && o->dim == f->dim && (f->kind || (str_equal(o->name, f->name) && o->action == f->action)))
      return (uint16_t)i;
  }
  assert(g->frame.n < UINT16_MAX);
  vec_push(g->arena, &g->frame, *f);
  return (uint16_t)(g->frame.n - 1);
}

uint16_t graph_frame(Graph *g, const Kind *k) {
  if (k->action == ACTION_FIXED && k->dim == 1) return 0;
  return graph_frame_of(g, &(Frame){ k->name, k->action, k->dim, k->orthogonal, k });
}

Size graph_symbol(Graph *g, Str name) {
  for (uint32_t i = 0; i < g->symbol.n; i++)
    if (str_equal(g->symbol.at[i], name)) return -(Size)i - 1;
  assert(g->symbol.n < sizeof g->expect / sizeof *g->expect);
  g->expect[g->symbol.n] = 1;
  vec_push(g->arena, &g->symbol, str_copy(g->arena, name));
  return -(Size)g->symbol.n;
}

uint32_t graph_arg(Graph *g, const Arg *arg) {
  vec_push(g->arena, &g->arg, *arg);
  return g->arg.n - 1;
}

static bool table_equal(const ConstTable *a, const ConstTable *b, uint64_t count) {
  if (a->number != b->number || a->rank != b->rank || a->n != b->n || a->invariant != b->invariant ||
      a->audited != b->audited || !a->dense != !b->dense)
    return false;
  for (int i = 0; i < a->rank; i++) {
    Axis x = a->axis[i], y = b->axis[i];
    if (x.role != y.role || x.dual != y.dual || x.what != y.what || x.n != y.n) return false;
  }
  for (uint32_t i = 0; i < a->n; i++)
    if (memcmp(a->nz[i].i, b->nz[i].i, a->rank * sizeof *a->nz[i].i) ||
        /* bits, not values. NOLINTNEXTLINE(bugprone-suspicious-memory-comparison) */
        memcmp(&a->nz[i].v, &b->nz[i].v, sizeof(double))) return false;
  return !a->dense || !memcmp(a->dense, b->dense, count * sizeof *a->dense);
}

static uint64_t table_count(const ConstTable *t) {
  uint64_t n = 1;
  for (int i = 0; i < t->rank; i++) n *= (uint64_t)t->axis[i].n;
  return n;
}

uint32_t graph_table(Graph *g, const ConstTable *t) {
  for (uint32_t i = 0; i < g->table.n; i++)
    if (table_equal(&g->table.at[i], t, table_count(t))) return i;
  vec_push(g->arena, &g->table, *t);
  return g->table.n - 1;
}

void graph_store(Graph *g, uint32_t arg, uint64_t offset, uint64_t pitch, Val value) {
  assert(arg < g->arg.n && value && value < g->node.n);
  vec_push(g->arena, &g->store, (Store){ arg, offset, pitch, value });
}

void graph_at(Graph *g, Span at, Str path, bool waived) {
  g->at = at;
  g->path = path;
  g->waived = waived;
}

Axis axis_row(const Graph *g, uint16_t dom) { return (Axis){ ROLE_ROW, false, dom, g->dom.at[dom].n }; }
Axis axis_rep(const Graph *g, uint16_t frame, bool dual) {
  return (Axis){ ROLE_REP, dual && !g->frame.at[frame].orthogonal, frame, (Size)g->frame.at[frame].dim };
}
Axis axis_mul(Size n) { return (Axis){ ROLE_MUL, false, 0, n }; }

/* --- one node --------------------------------------------------------------------------------- */
static Val append(Graph *g, Node n, const Val *x, uint32_t nargs) {
  if (nargs > ARGS_MOST) bug("%s of %u operands", op_name((Op)n.op), nargs);
  Val *arg = arena_array(g->arena, Val, nargs + 1);
  for (uint32_t i = 0; i < nargs; i++) {
    if (!x[i] || x[i] >= g->node.n) bug("%s: operand %u is no value", op_name((Op)n.op), i);
    arg[i] = x[i];
  }
  n.arg = arg;
  n.nargs = (uint8_t)nargs;
  n.at = g->at;
  n.path = g->path;
  n.waived = g->waived;
  Shape s;
  Arena scratch = { 0 };
  Why why = { .arena = &scratch };
  if (!node_shape(g, &n, &s, &why)) {
    Out out = { .arena = &scratch };
    for (uint32_t i = 0; i < nargs; i++) shape_text(g, &g->node.at[x[i]].shape, &out);
    bug("%.*s, at %.*s; operands %.*s", STR(why.reason.at[0].text), STR(g->path), STR(out_text(&out)));
  }
  arena_free(&scratch);
  n.shape = s;
  vec_push(g->arena, &g->node, n);
  return g->node.n - 1;
}

Val graph_input(Graph *g, uint32_t arg, const Shape *s, uint64_t offset, uint64_t pitch) {
  return append(g, (Node){ .op = OP_input, .number = arg, .shape = *s, .offset = offset, .pitch = pitch }, NULL, 0);
}
Val graph_param(Graph *g, uint32_t arg, const Shape *s, uint64_t offset) {
  return append(g, (Node){ .op = OP_param, .number = arg, .shape = *s, .offset = offset }, NULL, 0);
}
Val graph_const_table(Graph *g, uint32_t table) { return append(g, (Node){ .op = OP_table, .number = table },
    NULL, 0); }
Val graph_iota(Graph *g, const Shape *s, uint8_t axis) {
  return append(g, (Node){ .op = OP_iota, .number = axis, .shape = *s }, NULL, 0);
}

/* --- labels ----------------------------------------------------------------------------------- */
/* In order of appearance: operands first, then the result. */
static const Labels *canonical(Graph *g, const Labels *from, uint32_t n) {
  Labels *to = arena_one(g->arena, Labels);
  uint8_t name[256] = { 0 }, count = 0;
  for (uint32_t i = 0; i <= n; i++) {
    const uint8_t *in = i < n ? from->of[i] : from->out;
    uint8_t *out = i < n ? to->of[i] : to->out;
    for (int a = 0; a < RANK_MOST; a++) {
      if (!in[a]) continue;
      if (!name[in[a]]) name[in[a]] = ++count;
      out[a] = name[in[a]];
    }
  }
  if (count > LABELS_MOST) bug("%d labels", count);
  return to;
}

static Labels read_labels(const char *text, uint32_t n) {
  Labels l = { 0 };
  uint8_t name[256] = { 0 }, count = 0;
  uint32_t i = 0, a = 0;
  bool out = n == 0;
  for (const char *c = text; *c; c++) {
    if (*c == ',' && !out) { i++; a = 0; continue; }
    if (*c == '-' && c[1] == '>') { out = true; a = 0; c++; continue; }
    if (a >= RANK_MOST || (!out && i >= n)) bug("labels %s for %u operands", text, n);
    uint8_t *slot = out ? &l.out[a++] : &l.of[i][a++];
    if (!name[(unsigned char)*c]) name[(unsigned char)*c] = ++count;
    *slot = name[(unsigned char)*c];
  }
  if (!out || (n && i + 1 != n)) bug("labels %s for %u operands", text, n);
  return l;
}

Val graph_contract_labels(Graph *g, const Labels *labels, const Val *x, uint32_t n, const Shape *broadcast) {
  if (n > ARGS_MOST) bug("contract of %u operands", n);
  return append(g, (Node){ .op = OP_contract, .labels = canonical(g, labels, n), .shape = broadcast
      ? *broadcast : (Shape){ 0 } }, x, n);
}

Val graph_contract(Graph *g, const char *labels, const Val *x, uint32_t n) {
  Labels l = read_labels(labels, n);
  return graph_contract_labels(g, &l, x, n, NULL);
}

Val graph_map_labels(Graph *g, const Labels *labels, ExprId e, const Val *x, uint32_t n, const Shape *broadcast) {
  if (n > ARGS_MOST) bug("map of %u operands", n);
  return append(g, (Node){ .op = OP_map, .expr = e, .labels = canonical(g, labels, n), .shape = broadcast
      ? *broadcast : (Shape){ 0 } }, x, n);
}

Val graph_map(Graph *g, const char *labels, const char *expr, const Val *x, uint32_t n) {
  Arena scratch = { 0 };
  Why why = { .arena = &scratch };
  ExprId e = expr_read(&g->expr, expr, &why);
  if (!e) bug("%s: %.*s", expr, STR(why.reason.at[0].text));
  arena_free(&scratch);
  Labels l = read_labels(labels, n);
  return graph_map_labels(g, &l, e, x, n, NULL);
}

Val graph_map_same(Graph *g, ExprId e, const Val *x, uint32_t n) {
  Labels l = { 0 };
  assert(n);
  for (int a = 0; a < g->node.at[x[0]].shape.rank; a++) {
    for (uint32_t i = 0; i < n; i++) l.of[i][a] = (uint8_t)(a + 1);
    l.out[a] = (uint8_t)(a + 1);
  }
  return graph_map_labels(g, &l, e, x, n, NULL);
}

Val graph_constant(Graph *g, const Shape *s, double x) {
  Labels l = { 0 };
  for (int a = 0; a < s->rank; a++) l.out[a] = (uint8_t)(a + 1);
  return graph_map_labels(g, &l, expr_const(&g->expr, x), NULL, 0, s);
}

/* --- rows, reductions, views ------------------------------------------------------------------ */
Val graph_gather(Graph *g, Val x, Val i, uint8_t axis) {
  return append(g, (Node){ .op = OP_gather, .axis = axis }, (Val[]){ x, i }, 2);
}

/* The shape that tells which rows stand at `axis`. */
static Shape rows_at(const Graph *g, uint8_t axis, uint16_t dom) {
  Shape s = { .rank = (uint8_t)(axis + 1) };
  if (axis >= RANK_MOST) bug("axis %d", axis);
  s.axis[axis] = axis_row(g, dom);
  return s;
}

Val graph_segment(Graph *g, Val x, Val i, uint8_t axis, uint16_t dom) {
  return append(g, (Node){ .op = OP_segment, .axis = axis, .shape = rows_at(g, axis, dom) }, (Val[]){ x, i }, 2);
}
Val graph_lse(Graph *g, Val x, uint16_t axes) {
  assert(axes);
  return append(g, (Node){ .op = OP_lse, .axes = axes }, &x, 1);
}
Val graph_lse_at(Graph *g, Val x, Val i, uint8_t axis, uint16_t dom) {
  return append(g, (Node){ .op = OP_lse, .axis = axis, .shape = rows_at(g, axis, dom) }, (Val[]){ x, i }, 2);
}
Val graph_rmax(Graph *g, Val x, uint16_t axes, double fill) {
  assert(axes);
  return append(g, (Node){ .op = OP_rmax, .axes = axes, .fill = fill }, &x, 1);
}
Val graph_rmax_at(Graph *g, Val x, Val i, uint8_t axis, uint16_t dom, double fill) {
  return append(g, (Node){ .op = OP_rmax, .axis = axis, .fill = fill, .shape = rows_at(g, axis, dom) },
      (Val[]){ x, i }, 2);
}

/* A copy in which what the sort does not use is 0, so that equal views are equal bytes. */
static const View *view_copy(Graph *g, const View *v, const Shape *of) {
  View *w = arena_one(g->arena, View);
  w->sort = v->sort;
  switch (v->sort) {
  case VIEW_WINDOW:
    w->axis = v->axis; w->dom = v->dom; w->win = v->win; w->fill = v->fill;
    memcpy(w->d, v->d, sizeof w->d);
    break;
  case VIEW_SLICE:
    w->axis = v->axis; w->drop = v->drop; w->from = v->from; w->n = v->n;
    if (v->axis < of->rank && of->axis[v->axis].role == ROLE_ROW && !v->drop) w->dom = v->dom;
    break;
  case VIEW_SPLIT: w->axis = v->axis; w->n = v->n; break;
  case VIEW_MERGE: w->axis = v->axis; break;
  case VIEW_RETYPE: w->to = v->to; break;
  }
  return w;
}

Val graph_view(Graph *g, Val x, const View *v) {
  return append(g, (Node){ .op = OP_view, .view = view_copy(g, v, &g->node.at[x].shape) }, &x, 1);
}
Val graph_fold(Graph *g, Val x, const View *v, const Shape *of) {
  return append(g, (Node){ .op = OP_fold, .view = view_copy(g, v, of), .shape = *of }, &x, 1);
}
Val graph_join(Graph *g, const Val *x, uint32_t n, uint8_t axis) { return append(g, (Node){ .op = OP_join,
    .axis = axis }, x, n); }

/* The components of the result are a frame of their own: the sum of the degrees 0 ... L. */
Val graph_harmonics(Graph *g, Val r, uint32_t degree) {
  Shape s = g->node.at[r].shape;
  for (int a = 0; a < s.rank; a++) {
    if (s.axis[a].role != ROLE_REP) continue;
    uint32_t dim = s.axis[a].n == 2 ? 2 * degree + 1 : (degree + 1) * (degree + 1);
    Str name = str_format(g->arena, "degrees 0 to %u of %.*s", degree, STR(g->frame.at[s.axis[a].what].name));
    s.axis[a] = axis_rep(g, graph_frame_of(g, &(Frame){ name, ACTION_MIXES, dim, true, NULL }), false);
    break;
  }
  return append(g, (Node){ .op = OP_harmonics, .number = degree, .shape = s }, &r, 1);
}

Val graph_random(Graph *g, const Shape *s, uint32_t draw, Val key) {
  return append(g, (Node){ .op = OP_random, .number = draw, .shape = *s }, &key, 1);
}
Val graph_stop(Graph *g, Val x) { return append(g, (Node){ .op = OP_stop }, &x, 1); }

/* --- for people ------------------------------------------------------------------------------- */
void shape_text(const Graph *g, const Shape *s, Out *out) {
  static const char *const numbers[] = { "", "int ", "flag " };
  out_printf(out, "[%s", numbers[s->number]);
  for (int i = 0; i < s->rank; i++) {
    Axis a = s->axis[i];
    if (i) out_printf(out, " ");
    if (a.role == ROLE_MUL) {
      if (a.n >= 0) out_printf(out, "%d", a.n);
      else out_printf(out, "$%d", -a.n - 1);
      continue;
    }
    Str name = a.role == ROLE_ROW ? g->dom.at[a.what].name : g->frame.at[a.what].name;
    for (uint32_t c = 0; c < name.n; c++) {
      char letter = name.at[c];
      bool plain = (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') || (letter >= '0' &&
          letter <= '9') || letter == '(' || letter == ')';
      out_str(out, plain ? (Str){ &name.at[c], 1 } : S("_"));
    }
    out_printf(out, "%s%d%s", a.role == ROLE_ROW ? "." : ":", a.what, a.dual ? "*" : "");
  }
  out_printf(out, "]");
}
