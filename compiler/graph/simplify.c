/* simplify.c: algebra on a Graph, in rounds until nothing changes.
 *
 * A round copies what the stores need, in order, into a new Graph; every node passes through the rewrites of its op
 * (simplify_map.c, simplify_contract.c, simplify_view.c; their equations are in simplify.h), and equal nodes become
 * one. What nobody reads any more is not copied by the next round. Every rewrite removes a node, an operand or a
 * factor, or lowers the number of sums over the batch that something waits for, and none is undone by another, so
 * the rounds end. Values keep their bits up to rounding; types are kept, which graph_verify re-checks. The new
 * Graph shares names, tables and domains with the old one. */
#include "graph/simplify.h"
#include <stdlib.h>

enum { ROUNDS_MOST = 64 };

/* --- interning -------------------------------------------------------------------------------- */
static uint64_t mix(uint64_t h, uint64_t x) { return (h ^ x) * 0x9e3779b97f4a7c15u ^ (h >> 29); }

static uint64_t bits(double x) {
  uint64_t u;
  memcpy(&u, &x, sizeof u);
  return u;
}

static uint64_t node_hash(const Node *n) {
  uint64_t h = mix(n->op, n->nargs);
  for (int i = 0; i < n->nargs; i++) h = mix(h, n->arg[i]);
  h = mix(mix(mix(h, n->expr), n->number), n->axis);
  h = mix(mix(mix(h, n->axes), n->offset), n->pitch);
  if (n->labels)
    for (int i = 0; i <= n->nargs; i++) {
      uint64_t l;
      memcpy(&l, i < n->nargs ? n->labels->of[i] : n->labels->out, sizeof l);
      h = mix(h, l);
    }
  return mix(h, n->waived);
}

static bool axis_same(Axis a, Axis b) { return a.role == b.role && a.dual == b.dual && a.what == b.what && a.n == b.n; }

static bool shape_same(const Shape *a, const Shape *b) {
  if (a->number != b->number || a->rank != b->rank) return false;
  for (int i = 0; i < a->rank; i++)
    if (!axis_same(a->axis[i], b->axis[i])) return false;
  return true;
}

static bool view_same(const View *a, const View *b) {
  return a->sort == b->sort && a->axis == b->axis && a->drop == b->drop && a->dom == b->dom && a->win == b->win &&
         bits(a->fill) == bits(b->fill) && !memcmp(a->d, b->d, sizeof a->d) && a->from == b->from && a->n == b->n &&
         (a->sort != VIEW_RETYPE || shape_same(&a->to, &b->to));
}

static bool node_same(const Node *a, const Node *b) {
  if (a->op != b->op || a->nargs != b->nargs || a->waived != b->waived || a->expr != b->expr ||
      a->number != b->number ||
      a->axis != b->axis || a->axes != b->axes || bits(a->fill) != bits(b->fill) || a->offset != b->offset ||
      a->pitch != b->pitch || !shape_same(&a->shape, &b->shape))
    return false;
  if (a->nargs && memcmp(a->arg, b->arg, a->nargs * sizeof *a->arg)) return false;
  if (a->labels && memcmp(a->labels, b->labels, sizeof *a->labels)) return false;
  return !a->view || view_same(a->view, b->view);
}

static bool sums_batch(const Graph *g, const Node *n) {
  if (n->op == OP_contract) {
    for (int i = 0; i < n->nargs; i++)
      for (int a = 0; a < g->node.at[n->arg[i]].shape.rank; a++)
        if (g->node.at[n->arg[i]].shape.axis[a].n < 0 && !labels_have(n->labels->out, n->labels->of[i][a])) return true;
    return false;
  }
  if (n->op == OP_segment) return true;
  if (n->op != OP_lse && n->op != OP_rmax) return false;
  if (!n->axes) return true;
  for (int a = 0; a < g->node.at[n->arg[0]].shape.rank; a++)
    if (n->axes >> a & 1 && g->node.at[n->arg[0]].shape.axis[a].n < 0) return true;
  return false;
}

static void rehash(Rewriter *w) {
  w->nslot = w->nslot ? 2 * w->nslot : 256;
  w->slot = arena_array(w->g->arena, uint32_t, w->nslot);
  for (Val v = 1; v < w->g->node.n; v++) {
    uint32_t i = (uint32_t)node_hash(&w->g->node.at[v]) & (w->nslot - 1);
    while (w->slot[i]) i = (i + 1) & (w->nslot - 1);
    w->slot[i] = v;
  }
}

/* Labels in order of appearance, as graph.c has them. */
static void canonical(Labels *l, uint32_t n) {
  uint8_t name[256] = { 0 }, count = 0;
  for (uint32_t i = 0; i <= n; i++) {
    uint8_t *of = i < n ? l->of[i] : l->out;
    for (int a = 0; a < RANK_MOST && of[a]; a++) {
      if (!name[of[a]]) name[of[a]] = ++count;
      of[a] = name[of[a]];
    }
  }
  for (uint32_t i = n; i < ARGS_MOST; i++) memset(l->of[i], 0, RANK_MOST);
}

Val put_node(Rewriter *w, const Node *from) {
  Graph *g = w->g;
  Node n = *from;
  Labels labels;
  if (n.labels) {
    labels = *n.labels;
    canonical(&labels, n.nargs);
    n.labels = &labels;
  }
  n.at = g->at;
  n.path = g->path;
  n.waived = g->waived;
  Arena scratch = { 0 };
  Why why = { .arena = &scratch };
  Shape s;
  if (!node_shape(g, &n, &s, &why)) bug("simplify: %.*s, at %.*s", STR(why.reason.at[0].text), STR(g->path));
  arena_free(&scratch);
  n.shape = s;
  if (2 * g->node.n >= w->nslot) rehash(w);
  uint32_t i = (uint32_t)node_hash(&n) & (w->nslot - 1);
  for (; w->slot[i]; i = (i + 1) & (w->nslot - 1))
    if (rewrite_on(w, REWRITE_common) && node_same(&g->node.at[w->slot[i]], &n)) return w->slot[i];
  Val *arg = arena_array(g->arena, Val, n.nargs + 1);
  uint16_t level = sums_batch(g, &n);
  for (int k = 0; k < n.nargs; k++) {
    arg[k] = n.arg[k];
    uint16_t below = (uint16_t)(w->level.at[arg[k]] + sums_batch(g, &n));
    if (below > level) level = below;
  }
  n.arg = arg;
  if (n.labels) {
    Labels *l = arena_one(g->arena, Labels);
    *l = labels;
    n.labels = l;
  }
  if (n.view) {
    View *v = arena_one(g->arena, View);
    *v = *n.view;
    n.view = v;
  }
  w->slot[i] = g->node.n;
  vec_push(g->arena, &g->node, n);
  vec_push(g->arena, &w->uses, 0);
  vec_push(g->arena, &w->level, level);
  return g->node.n - 1;
}

/* --- products --------------------------------------------------------------------------------- */
Product product_of(const Node *n) {
  Product p = { .labels = *n->labels, .n = n->nargs, .shape = n->shape };
  if (n->nargs) memcpy(p.x, n->arg, n->nargs * sizeof *p.x);
  return p;
}

bool product_room(const Product *p, uint32_t more) { return p->n + more <= ARGS_MOST; }

uint32_t product_add(Product *p, Val x, const uint8_t *labels) {
  for (uint32_t i = 0; i < p->n; i++)
    if (p->x[i] == x && !memcmp(p->labels.of[i], labels, RANK_MOST)) return i;
  assert(p->n < ARGS_MOST);
  p->x[p->n] = x;
  memcpy(p->labels.of[p->n], labels, RANK_MOST);
  return p->n++;
}

void product_inline(Product *p, uint32_t i, const Node *m, uint32_t *by) {
  uint8_t to[LABELS_MOST + 1] = { 0 };
  for (int a = 0; a < m->shape.rank; a++) to[m->labels->out[a]] = p->labels.of[i][a];
  for (uint32_t k = 0; k < m->nargs; k++) {
    uint8_t labels[RANK_MOST] = { 0 };
    for (int a = 0; a < RANK_MOST && m->labels->of[k][a]; a++) labels[a] = to[m->labels->of[k][a]];
    by[k] = product_add(p, m->arg[k], labels);
  }
}

/* --- rounds ----------------------------------------------------------------------------------- */
/* A table of one number everywhere is a constant, where it has no components that do not permute: the bias of a
 * regular representation is such a one. 0: it is not. */
static Val table_constant(Rewriter *w, const Node *n) {
  const ConstTable *t = &w->g->table.at[n->number];
  uint64_t count = 1;
  Labels l = { 0 };
  if (!rewrite_on(w, REWRITE_constants) || t->number != NUMBER_REAL || !t->n) return 0;
  for (int a = 0; a < t->rank; a++) {
    if (t->axis[a].role == ROLE_REP && w->g->frame.at[t->axis[a].what].action > ACTION_PERMUTES) return 0;
    count *= (uint64_t)t->axis[a].n;
    l.out[a] = (uint8_t)(a + 1);
  }
  if (t->n != count) return 0;
  for (uint32_t e = 1; e < t->n; e++)
    if (bits(t->nz[e].v) != bits(t->nz[0].v)) return 0;
  w->applied++;
  return put_node(w, &(Node){ .op = OP_map, .labels = &l, .expr = expr_const(&w->g->expr, t->nz[0].v),
      .shape = n->shape });
}

Val put(Rewriter *w, const Node *n) {
  switch (n->op) {
  case OP_table: { Val v = table_constant(w, n); return v ? v : put_node(w, n); }
  case OP_map: { Product p = product_of(n); return put_map(w, &p, n->expr); }
  case OP_contract: { Product p = product_of(n); return put_contract(w, &p); }
  case OP_view: return put_view(w, n);
  case OP_fold: return put_fold(w, n);
  default: return put_node(w, n);
  }
}

static uint32_t *count_uses(const Graph *g) {
  uint32_t *uses = heap_alloc(g->node.n, sizeof *uses);
  for (uint32_t s = 0; s < g->store.n; s++) uses[g->store.at[s].value]++;
  for (Val v = g->node.n - 1; v; v--)
    for (int i = 0; uses[v] && i < g->node.at[v].nargs; i++) uses[g->node.at[v].arg[i]]++;
  return uses;
}

#define COPY(field) do {                                                                                         \
    to->field.n = to->field.cap = g->field.n;                                                                    \
    to->field.at = arena_grow(arena, g->field.at, sizeof *g->field.at * g->field.n,                               \
                              sizeof *g->field.at * (g->field.n + 1));                                           \
  } while (0)

static Graph *opened_like(const Graph *g, Arena *arena) {
  Graph *to = arena_one(arena, Graph);
  *to = (Graph){ .arena = arena, .name = g->name, .kind = g->kind, .plain = g->plain, .f64 = g->f64 };
  to->expr.arena = arena;
  memcpy(to->expect, g->expect, sizeof g->expect);
  COPY(symbol);
  COPY(dom);
  COPY(frame);
  COPY(table);
  COPY(arg);
  vec_push(arena, &to->node, (Node){ 0 });
  return to;
}
#undef COPY

static Graph *one_round(const Graph *g, Arena *arena, uint32_t rewrites, uint32_t *applied) {
  Rewriter w = { .g = opened_like(g, arena), .on = rewrites };
  vec_push(arena, &w.uses, 0);
  vec_push(arena, &w.level, 0);
  uint32_t *uses = count_uses(g);
  Val *now = heap_alloc(g->node.n, sizeof *now);
  for (Val v = 1; v < g->node.n; v++) {
    if (!uses[v]) continue;
    Node n = g->node.at[v];
    Val arg[ARGS_MOST];
    for (int i = 0; i < n.nargs; i++) arg[i] = now[n.arg[i]];
    n.arg = arg;
    if (n.op == OP_map) n.expr = expr_copy(&w.g->expr, &g->expr, n.expr);
    graph_at(w.g, n.at, n.path, n.waived);
    now[v] = put(&w, &n);
    w.uses.at[now[v]] += uses[v];
  }
  for (uint32_t s = 0; s < g->store.n; s++) {
    const Store *x = &g->store.at[s];
    vec_push(arena, &w.g->store, (Store){ x->arg, x->offset, x->pitch, now[x->value] });
  }
  graph_at(w.g, g->at, g->path, g->waived);
  *applied = w.applied;
  free(now);
  free(uses);
  return w.g;
}

Graph *graph_simplify_with(const Graph *g, Arena *arena, uint32_t rewrites) {
  uint32_t applied = 1;
  Graph *to = NULL;
  for (int round = 0; applied && round < ROUNDS_MOST; round++) {
    to = one_round(to ? to : g, arena, rewrites, &applied);
    if (!applied) to = one_round(to, arena, rewrites, &applied);           /* without what nobody reads any more */
  }
  return to;
}

Graph *graph_simplify(const Graph *g, Arena *arena) { return graph_simplify_with(g, arena, REWRITE_ALL); }
