/* text.c: a Graph as text that reads back (text_read.c) to a Graph with the same text.
 *
 *     graph "fashion_step" step f32
 *     symbol "b" 64
 *     dom "X" dense 784 shape 28 28 moved flips 1 1 swaps window
 *     frame "regular" permutes 8 orthogonal
 *     table "Hom(regular, regular)" real [regular:1 regular:1 8] invariant 64
 *       0 0 0 0.35355339059327379
 *     arg "image" in real [sample.1 X.2 1]
 *     %5 contract bXWi,Wigo->bXgo %3 %4  [sample.1 X.2 regular:1 8]  "conv1" 1:120-128
 *     store 2 +0 /0 %9
 *
 * Axes: rows NAME.dom, components NAME:frame (a star: dual), copies a number or $symbol; the number behind the name
 * counts, the name is for people. Labels get letters by what they name: b the sample, X Y Z rows, W V windows,
 * g h components, i o k copies. What is not in the text: kinds of frames, elements of groups on grids,
 * representations and spaces of arguments. */
#include "graph/graph.h"
#include "graph/text.h"

static void quote(Str s, Out *out) {
  out_printf(out, "\"");
  for (uint32_t i = 0; i < s.n; i++) {
    unsigned char c = (unsigned char)s.at[i];
    if (c < 32 || c > 126 || c == '"' || c == '\\') out_printf(out, "\\x%02x", c);
    else out_printf(out, "%c", c);
  }
  out_printf(out, "\"");
}

static void size(Size n, Out *out) {
  if (n >= 0) out_printf(out, "%d", n);
  else out_printf(out, "$%d", -n - 1);
}

/* --- labels ----------------------------------------------------------------------------------- */
static bool is_window(const Dom *d) { return d->name.n >= 6 && !memcmp(d->name.at, "window", 6); }

static char letter(const Graph *g, Axis a, bool *taken) {
  const char *wish = a.role == ROLE_REP ? "ghpqrst" : a.role == ROLE_MUL ? "iokjlmncd"
                   : a.what == 1 ? "b" : is_window(&g->dom.at[a.what]) ? "WVU" : "XYZTSRQP";
  for (int pass = 0; pass < 2; pass++, wish = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
    for (const char *c = wish; *c; c++)
      if (!taken[(unsigned char)*c]) { taken[(unsigned char)*c] = true; return *c; }
  bug("more labels than letters");
}

void labels_text(const Graph *g, const Node *n, Out *out) {
  char name[LABELS_MOST + 1] = { 0 };
  bool taken[256] = { false };
  for (int i = 0; i <= n->nargs; i++) {
    const Shape *s = i < n->nargs ? &g->node.at[n->arg[i]].shape : &n->shape;
    const uint8_t *of = i < n->nargs ? n->labels->of[i] : n->labels->out;
    if (i) out_printf(out, i < n->nargs ? "," : "->");
    else if (!n->nargs) out_printf(out, "->");
    for (int a = 0; a < s->rank; a++) {
      if (!name[of[a]]) name[of[a]] = letter(g, s->axis[a], taken);
      out_printf(out, "%c", name[of[a]]);
    }
  }
}

/* --- nodes ------------------------------------------------------------------------------------ */
static void view_text(const Graph *g, const View *v, Out *out) {
  out_printf(out, " %s", view_names[v->sort]);
  if (v->sort == VIEW_RETYPE) { out_printf(out, " "); shape_text(g, &v->to, out); return; }
  out_printf(out, " %d", v->axis);
  if (v->sort == VIEW_WINDOW) {
    out_printf(out, " dom %d win %d fill ", v->dom, v->win);
    out_number(out, v->fill);
    for (int d = 0; d < 2; d++) out_printf(out, " (%d %d %d %d)", v->d[d].row, v->d[d].win, v->d[d].add, v->d[d].div);
  } else if (v->sort == VIEW_SLICE) {
    out_printf(out, " dom %d%s from %lld n %lld", v->dom, v->drop ? " drop" : "", (long long)v->from, (long long)v->n);
  } else if (v->sort == VIEW_SPLIT) {
    out_printf(out, " n %lld", (long long)v->n);
  }
}

static void node_text(const Graph *g, Val v, Out *out) {
  const Node *n = &g->node.at[v];
  out_printf(out, "%%%u %s", v, op_name((Op)n->op));
  switch ((Op)n->op) {
  case OP_input: case OP_param:
    out_printf(out, " %u +%llu /%llu", n->number, (unsigned long long)n->offset, (unsigned long long)n->pitch);
    break;
  case OP_table: case OP_iota: case OP_harmonics: case OP_random: out_printf(out, " %u", n->number); break;
  case OP_map:
    out_printf(out, " ");
    labels_text(g, n, out);
    out_printf(out, " {");
    expr_text(&g->expr, n->expr, out);
    out_printf(out, "}");
    break;
  case OP_contract: out_printf(out, " "); labels_text(g, n, out); break;
  case OP_gather: case OP_segment: case OP_join: out_printf(out, " %d", n->axis); break;
  case OP_lse: case OP_rmax:
    out_printf(out, n->axes ? " over %d" : " at %d", n->axes ? n->axes : n->axis);
    if (n->op == OP_rmax) { out_printf(out, " fill "); out_number(out, n->fill); }
    break;
  case OP_view: case OP_fold: view_text(g, n->view, out); break;
  case OP_stop: break;
  case OPS: bug("no such op");
  }
  for (int i = 0; i < n->nargs; i++) out_printf(out, " %%%u", n->arg[i]);
  out_printf(out, "  ");
  shape_text(g, &n->shape, out);
  out_printf(out, "  ");
  quote(n->path, out);
  out_printf(out, " %u:%u-%u%s\n", n->at.source, n->at.from, n->at.to, n->waived ? " waived" : "");
}

/* --- what stands in front --------------------------------------------------------------------- */
static void dom_text(const Dom *d, Out *out) {
  out_printf(out, "dom ");
  quote(d->name, out);
  out_printf(out, d->sort == DOM_DENSE ? " dense " : " ragged ");
  size(d->n, out);
  if (d->parent) out_printf(out, " parent %d", d->parent);
  out_printf(out, " shape %u", d->shape[0]);
  if (d->ndim == 2) out_printf(out, " %u", d->shape[1]);
  if (d->moved) out_printf(out, " moved");
  if (d->action)
    out_printf(out, " flips %d %d%s%s", d->action->flips[0], d->action->flips[1], d->action->swaps
        ? " swaps" : "", d->action->exact ? " exact" : "");
  if (d->wrap) out_printf(out, " wrap");
  if (d->window) out_printf(out, " window");
  out_printf(out, "\n");
}

static void table_text(const Graph *g, const ConstTable *t, Out *out) {
  Shape s = { .number = NUMBER_REAL, .rank = t->rank };
  uint64_t count = 1;
  memcpy(s.axis, t->axis, t->rank * sizeof *t->axis);
  for (int a = 0; a < t->rank; a++) count *= (uint64_t)t->axis[a].n;
  out_printf(out, "table ");
  quote(t->name, out);
  out_printf(out, " %s ", number_names[t->number]);
  shape_text(g, &s, out);
  out_printf(out, "%s%s", t->invariant ? " invariant" : "", t->audited ? " audited" : "");
  if (t->number != NUMBER_REAL) {
    for (uint64_t i = 0; i < count; i++) out_printf(out, i % 16 ? " %d" : "\n  %d", t->dense[i]);
    out_printf(out, "\n");
    return;
  }
  out_printf(out, " %u\n", t->n);
  for (uint32_t e = 0; e < t->n; e++) {
    out_printf(out, "  ");
    for (int a = 0; a < t->rank; a++) out_printf(out, "%d ", t->nz[e].i[a]);
    out_number(out, t->nz[e].v);
    out_printf(out, "\n");
  }
}

static void arg_text(const Graph *g, const Arg *a, Out *out) {
  Shape s = { .number = NUMBER_REAL, .rank = a->rank };
  memcpy(s.axis, a->axis, a->rank * sizeof *a->axis);
  out_printf(out, "arg ");
  quote(a->name, out);
  out_printf(out, " %s %s ", arg_role_names[a->role], number_names[a->number]);
  shape_text(g, &s, out);
  out_printf(out, " %u:%u-%u\n", a->at.source, a->at.from, a->at.to);
}

void graph_text(const Graph *g, Out *out) {
  out_printf(out, "graph ");
  quote(g->name, out);
  out_printf(out, " %s %s%s\n", entry_names[g->kind], g->f64 ? "f64" : "f32", g->plain ? " plain" : "");
  for (uint32_t i = 0; i < g->symbol.n; i++) {
    out_printf(out, "symbol ");
    quote(g->symbol.at[i], out);
    out_printf(out, " %lld\n", (long long)g->expect[i]);
  }
  for (uint32_t i = 2; i < g->dom.n; i++) dom_text(&g->dom.at[i], out);
  for (uint32_t i = 1; i < g->frame.n; i++) {
    const Frame *f = &g->frame.at[i];
    out_printf(out, "frame ");
    quote(f->name, out);
    out_printf(out, " %s %u%s\n", action_names[f->action], f->dim, f->orthogonal ? " orthogonal" : "");
  }
  for (uint32_t i = 0; i < g->table.n; i++) table_text(g, &g->table.at[i], out);
  for (uint32_t i = 0; i < g->arg.n; i++) arg_text(g, &g->arg.at[i], out);
  for (Val v = 1; v < g->node.n; v++) node_text(g, v, out);
  for (uint32_t i = 0; i < g->store.n; i++) {
    const Store *s = &g->store.at[i];
    out_printf(out, "store %u +%llu /%llu %%%u\n", s->arg, (unsigned long long)s->offset,
        (unsigned long long)s->pitch, s->value);
  }
}
