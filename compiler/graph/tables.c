/* tables.c: bases of intertwiners and other exact constants as tables of Graph.
 *
 * Reads a Basis of rep.h (its proof was made there) and gives its entries axes: offsets of a window, components
 * in (dual, since they meet the components of a value) and out, number in the basis. Equal tables are shared. */
#include "graph/expand.h"
#include <stdlib.h>

static int by_index(const void *a, const void *b) {
  const Nz *x = a, *y = b;
  for (int i = 0; i < 6; i++)
    if (x->i[i] != y->i[i]) return x->i[i] < y->i[i] ? -1 : 1;
  return 0;
}

/* sorted by index, as ConstTable wants them */
static void sort_entries(Nz *nz, uint32_t n) {
  /* entries of a basis come nearly sorted; a stable order needs no more than distinct indices */

  qsort(nz, n, sizeof *nz, by_index);
}

uint16_t window_dom(Lower *l, const Space *s, uint32_t size) {
  Dom d = { .sort = DOM_DENSE, .ndim = (uint8_t)s->ndim, .shape = { size, s->ndim > 1 ? size : 1 },
            .moved = s->action && s->action->group, .action = s->action, .window = true };
  d.n = (Size)(s->ndim > 1 ? size * size : size);
  d.name = s->ndim > 1 ? str_format(l->arena, "window %ux%u", size, size) : str_format(l->arena, "window %u", size);
  if (d.action && !d.action->group) d.action = NULL;
  return graph_dom(l->g, &d);
}

Val table_basis(Lower *l, const Basis *b, uint16_t window, const Kind *in, const Kind *out, const char *what) {
  ConstTable t = { .number = NUMBER_REAL, .invariant = !b->audited, .audited = b->audited, .n = b->nnz };
  uint16_t fin = graph_frame(l->g, in), fout = graph_frame(l->g, out);
  int at_window = -1, at_in = -1, at_out = -1;
  if (window) { at_window = t.rank; t.axis[t.rank++] = axis_row(l->g, window); }
  if (fin) { at_in = t.rank; t.axis[t.rank++] = axis_rep(l->g, fin, true); }
  if (fout) { at_out = t.rank; t.axis[t.rank++] = axis_rep(l->g, fout, false); }
  int at_k = t.rank;
  t.axis[t.rank++] = axis_mul((Size)b->n);
  t.nz = arena_array(l->arena, Nz, b->nnz);
  for (uint32_t e = 0; e < b->nnz; e++) {
    const BasisEntry *x = &b->nz[e];
    if (at_window >= 0) t.nz[e].i[at_window] = (uint16_t)x->offset;
    if (at_in >= 0) t.nz[e].i[at_in] = (uint16_t)x->in;
    if (at_out >= 0) t.nz[e].i[at_out] = (uint16_t)x->out;
    t.nz[e].i[at_k] = (uint16_t)x->k;
    t.nz[e].v = x->value;
  }
  sort_entries(t.nz, t.n);
  t.name = str_format(l->arena, "%s(%.*s, %.*s)", what, STR(in->name), STR(out->name));
  return graph_const_table(l->g, graph_table(l->g, &t));
}

Val table_pairs(Lower *l, const Basis *b, const Kind *x, const Kind *y, const Kind *out) {
  ConstTable t = { .number = NUMBER_REAL, .invariant = true, .n = b->nnz };
  uint16_t fx = graph_frame(l->g, x), fy = graph_frame(l->g, y), fout = graph_frame(l->g, out);
  int at_x = -1, at_y = -1, at_out = -1;
  if (fx) { at_x = t.rank; t.axis[t.rank++] = axis_rep(l->g, fx, true); }
  if (fy) { at_y = t.rank; t.axis[t.rank++] = axis_rep(l->g, fy, true); }
  if (fout) { at_out = t.rank; t.axis[t.rank++] = axis_rep(l->g, fout, false); }
  int at_k = t.rank;
  t.axis[t.rank++] = axis_mul((Size)b->n);
  t.nz = arena_array(l->arena, Nz, b->nnz);
  for (uint32_t e = 0; e < b->nnz; e++) {
    const BasisEntry *z = &b->nz[e];
    if (at_x >= 0) t.nz[e].i[at_x] = (uint16_t)(z->in / y->dim);
    if (at_y >= 0) t.nz[e].i[at_y] = (uint16_t)(z->in % y->dim);
    if (at_out >= 0) t.nz[e].i[at_out] = (uint16_t)z->out;
    t.nz[e].i[at_k] = (uint16_t)z->k;
    t.nz[e].v = z->value;
  }
  sort_entries(t.nz, t.n);
  t.name = str_format(l->arena, "Hom(%.*s x %.*s, %.*s)", STR(x->name), STR(y->name), STR(out->name));
  return graph_const_table(l->g, graph_table(l->g, &t));
}

Val table_rows(Lower *l, uint16_t to, uint16_t from, const Nz *nz, uint32_t n, Str name) {
  ConstTable t = { .name = name, .number = NUMBER_REAL, .rank = 2, .invariant = true, .n = n };
  t.axis[0] = axis_row(l->g, to);
  t.axis[1] = axis_row(l->g, from);
  t.nz = arena_array(l->arena, Nz, n);
  memcpy(t.nz, nz, n * sizeof *nz);
  sort_entries(t.nz, n);
  return graph_const_table(l->g, graph_table(l->g, &t));
}

Val table_index(Lower *l, const Space *of, const uint32_t *index, Str name) {
  ConstTable t = { .name = name, .number = NUMBER_INT, .rank = of->sort == SPACE_PAIRS ? 2 : 1, .invariant = true };
  const Space *rows = of->sort == SPACE_PAIRS ? of->base : of;
  uint64_t count = 1;
  for (int a = 0; a < t.rank; a++) {
    t.axis[a] = axis_row(l->g, lower_dom(l, rows));
    count *= (uint64_t)t.axis[a].n;
  }
  int32_t *dense = arena_array(l->arena, int32_t, count);
  for (uint64_t i = 0; i < count; i++) dense[i] = (int32_t)index[i];
  t.dense = dense;
  return graph_const_table(l->g, graph_table(l->g, &t));
}
