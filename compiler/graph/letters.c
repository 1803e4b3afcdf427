/* letters.c: naming axes by letters, so that expansions read as the formulas they are.
 *
 * Reads shapes; writes labels for graph_contract and graph_map. Rows get b (sample), X, Y (the second axis of
 * pairs) and W (a window); the caller names components and copies. Operands that lack a row axis are broadcast
 * by the labels; a single copy that serves many is squeezed first, since a label has one size. */
#include "graph/expand.h"

static const Shape *shape(const Graph *g, Val x) { return &g->node.at[x].shape; }

bool axis_is_row(const Graph *g, Val x, uint8_t a) { return shape(g, x)->axis[a].role == ROLE_ROW; }

uint8_t rows_of(const Graph *g, Val x) {
  uint8_t n = 0;
  while (n < shape(g, x)->rank && axis_is_row(g, x, n)) n++;
  return n;
}

bool has_rep(const Graph *g, Val x) {
  for (uint8_t a = 0; a < shape(g, x)->rank; a++)
    if (shape(g, x)->axis[a].role == ROLE_REP) return true;
  return false;
}

bool has_sample(const Graph *g, Val x) {
  return shape(g, x)->rank && axis_is_row(g, x, 0) && shape(g, x)->axis[0].what == 1;
}

Size copies_axis(const Graph *g, Val x) {
  const Shape *s = shape(g, x);
  return s->rank && s->axis[s->rank - 1].role == ROLE_MUL ? s->axis[s->rank - 1].n : 1;
}

static bool is_window(const Graph *g, uint16_t dom) {
  return g->dom.at[dom].name.n >= 6 && !memcmp(g->dom.at[dom].name.at, "window", 6);
}

void letters(const Graph *g, Val x, char rep, char mul, char *out) {
  size_t n = strlen(out);
  const Shape *s = shape(g, x);
  char row = 'X';
  for (uint8_t a = 0; a < s->rank; a++) {
    const Axis *axis = &s->axis[a];
    char c = axis->role == ROLE_REP ? rep : axis->role == ROLE_MUL ? mul : 0;
    if (axis->role == ROLE_ROW)
      c = axis->what == 1 ? 'b' : is_window(g, axis->what) ? 'W' : row++;
    if (c) out[n++] = c;
  }
  out[n] = 0;
}

void letters_rows(const Graph *g, const Val *x, uint32_t n, char *out) {
  size_t at = strlen(out);
  for (const char *c = "bXYW"; *c; c++)
    for (uint32_t i = 0; i < n; i++) {
      char own[LETTERS] = "";
      letters(g, x[i], 0, 0, own);
      if (!strchr(own, *c)) continue;
      out[at++] = *c;
      break;
    }
  out[at] = 0;
}

/* "bXgi,bXi->bXgi": the operands, an arrow, the union of their rows and the tail. */
static void label_text(Lower *l, const Named *x, uint32_t n, const char *tail, char *out) {
  Val all[ARGS_MOST];
  out[0] = 0;
  for (uint32_t i = 0; i < n; i++) {
    if (i) strcat(out, ",");
    letters(l->g, x[i].x, x[i].rep, x[i].mul, out);
    all[i] = x[i].x;
  }
  strcat(out, "->");
  letters_rows(l->g, all, n, out);
  strcat(out, tail);
}

Val contract_named(Lower *l, const Named *x, uint32_t n, const char *tail) {
  char text[LETTERS];
  Val all[ARGS_MOST];
  label_text(l, x, n, tail, text);
  for (uint32_t i = 0; i < n; i++) all[i] = x[i].x;
  return graph_contract(l->g, text, all, n);
}

Val map_named(Lower *l, const char *expr, const Named *x, uint32_t n, const char *tail) {
  char text[LETTERS];
  Val all[ARGS_MOST];
  label_text(l, x, n, tail, text);
  for (uint32_t i = 0; i < n; i++) all[i] = x[i].x;
  return graph_map(l->g, text, expr, all, n);
}

Val map_all(Lower *l, const char *expr, const Val *x, uint32_t n) {
  Named named[ARGS_MOST];
  bool rep = false, mul = false;
  for (uint32_t i = 0; i < n; i++) {
    const Shape *s = shape(l->g, x[i]);
    rep |= has_rep(l->g, x[i]);
    mul |= s->rank && s->axis[s->rank - 1].role == ROLE_MUL;
    named[i] = (Named){ x[i], 'g', 'i' };
  }
  char tail[3] = "";
  if (rep) strcat(tail, "g");
  if (mul) strcat(tail, "i");
  return map_named(l, expr, named, n, tail);
}

Val squeeze(Lower *l, Val x) {
  const Shape *s = shape(l->g, x);
  if (!s->rank || s->axis[s->rank - 1].role != ROLE_MUL) return x;
  assert(s->axis[s->rank - 1].n == 1);
  return contract_named(l, &(Named){ x, 'g', 'i' }, 1, has_rep(l->g, x) ? "g" : "");
}

ExprId expr_of(Lower *l, const char *text) {
  Why why = { .arena = l->arena };
  ExprId e = expr_read(&l->g->expr, text, &why);
  if (!e) bug("expression %s", text);
  return e;
}

/* Rows of a value on `on`, as axes. */
static void row_axes(Lower *l, const Space *on, bool sample, Shape *out) {
  *out = (Shape){ .number = NUMBER_REAL };
  bool ragged = on && space_ragged(on);
  if (sample && !ragged) out->axis[out->rank++] = axis_row(l->g, 1);
  if (!on) return;
  if (on->sort == SPACE_PAIRS && !space_ragged(on->base)) {
    out->axis[out->rank++] = axis_row(l->g, lower_dom(l, on->base));
    out->axis[out->rank++] = axis_row(l->g, lower_dom(l, on->base));
  } else {
    out->axis[out->rank++] = axis_row(l->g, lower_dom(l, on));
  }
}

Val lower_full(Lower *l, Val x, const Space *on, bool sample) {
  x = lower_spread(l, x, on);
  Shape rows;
  row_axes(l, on, sample, &rows);
  if (rows_of(l->g, x) == rows.rank) return x;
  rows.number = shape(l->g, x)->number;
  Val blank = graph_constant(l->g, &(Shape){ .number = NUMBER_REAL, .rank = rows.rank,
    .axis = { rows.axis[0], rows.axis[1], rows.axis[2], rows.axis[3] } }, 1);
  bool rep = has_rep(l->g, x), mul = shape(l->g, x)->rank > rows_of(l->g, x) + rep;
  Named both[] = { { x, 'g', 'i' }, { blank, 0, 0 } };
  return contract_named(l, both, 2, rep && mul ? "gi" : rep ? "g" : mul ? "i" : "");
}

Val lower_ones(Lower *l, Val like) {
  Shape s = { .number = NUMBER_REAL, .rank = rows_of(l->g, like) };
  memcpy(s.axis, shape(l->g, like)->axis, s.rank * sizeof *s.axis);
  return graph_constant(l->g, &s, 1);
}
