/* text_read.c: reads what text.c has written; anything else is a reason with its line, never a crash.
 *
 * One pass, a cursor and a table of lines by their first word. Every number that is used as an index is checked
 * where it is read; what the nodes mean together is checked at the end by graph_structure (rules.c). Frames have
 * no kind, grids no elements: the flips and swaps that rules.c asks for are in the text. */
#include "graph/text.h"
#include <ctype.h>
#include <math.h>
#include <stdlib.h>

typedef struct Reader { Graph *g; const char *at, *end; uint32_t line; Why *why; bool failed; } Reader;

static bool fail(Reader *r, const char *what) {
  if (!r->failed) why_no(r->why, CODE_NONE, "line %u: %s", r->line, what);
  r->failed = true;
  return false;
}

/* --- tokens ----------------------------------------------------------------------------------- */
static void blanks(Reader *r) { while (r->at < r->end && (*r->at == ' ' || *r->at == '\t' || *r->at == '\r')) r->at++; }
static bool at_line_end(Reader *r) { blanks(r); return r->at == r->end || *r->at == '\n'; }

static bool take(Reader *r, const char *text) {
  blanks(r);
  size_t n = strlen(text);
  if ((size_t)(r->end - r->at) < n || memcmp(r->at, text, n)) return false;
  if (isalpha((unsigned char)*text) && r->at + n < r->end && isalnum((unsigned char)r->at[n])) return false;
  r->at += n;
  return true;
}

static bool expect(Reader *r, const char *text) {
  if (take(r, text)) return true;
  char message[80];
  snprintf(message, sizeof message, "`%s` is missing", text);
  return fail(r, message);
}

static bool integer(Reader *r, int64_t least, int64_t most, int64_t *out) {
  blanks(r);
  bool minus = r->at < r->end && *r->at == '-';
  if (minus) r->at++;
  if (r->at == r->end || !isdigit((unsigned char)*r->at)) return fail(r, "a whole number is missing");
  int64_t x = 0;
  while (r->at < r->end && isdigit((unsigned char)*r->at)) {
    if (x > INT64_MAX / 10 - 1) return fail(r, "a number out of range");
    x = 10 * x + (*r->at++ - '0');
  }
  *out = minus ? -x : x;
  return (*out >= least && *out <= most) || fail(r, "a number out of range");
}

static bool whole(Reader *r, uint32_t most, uint32_t *out) {
  int64_t x = 0;
  bool ok = integer(r, 0, most, &x);
  *out = (uint32_t)x;
  return ok;
}

static bool real(Reader *r, double *out) {
  char text[64];
  size_t n = 0;
  blanks(r);
  while (r->at < r->end && n + 1 < sizeof text && (isalnum((unsigned char)*r->at) || strchr("+-.", *r->at)) &&
      *r->at) text[n++] = *r->at++;
  text[n] = 0;
  char *end;
  *out = strtod(text, &end);
  if (isnan(*out)) *out = NAN;
  return (n && !*end) || fail(r, "a number is missing");
}

static bool one_of(Reader *r, const char *const *names, uint32_t *out) {
  for (*out = 0; names[*out]; ++*out)
    if (take(r, names[*out])) return true;
  return fail(r, "an unknown word");
}

static int digit(char c) { return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1; }

static bool quoted(Reader *r, Str *out) {
  if (!expect(r, "\"")) return false;
  char *text = arena_array(r->g->arena, char, r->end - r->at + 1 < 4096 ? r->end - r->at + 1 : 4096);
  uint32_t n = 0;
  while (r->at < r->end && *r->at != '"') {
    if (*r->at == '\n' || n + 1 >= 4096) return fail(r, "a name does not end");
    if (*r->at != '\\') { text[n++] = *r->at++; continue; }
    if (r->end - r->at < 4 || r->at[1] != 'x' || digit(r->at[2]) < 0 || digit(r->at[3]) < 0)
      return fail(r, "a bad escape");
    text[n++] = (char)(16 * digit(r->at[2]) + digit(r->at[3]));
    r->at += 4;
  }
  *out = (Str){ text, n };
  return expect(r, "\"");
}

static bool size(Reader *r, Size *out) {
  int64_t x;
  if (take(r, "$")) {
    if (!integer(r, 0, (int64_t)r->g->symbol.n - 1, &x)) return false;
    *out = (Size)(-x - 1);
    return true;
  }
  if (!integer(r, 0, INT32_MAX, &x)) return false;
  *out = (Size)x;
  return true;
}

/* --- shapes ----------------------------------------------------------------------------------- */
static bool axis(Reader *r, Axis *out) {
  blanks(r);
  if (r->at < r->end && (isdigit((unsigned char)*r->at) || *r->at == '$')) {
    const char *start = r->at;                               /* a number alone, or a name that begins with one */
    while (start < r->end && (isalnum((unsigned char)*start) || strchr("$_()", *start)) && *start) start++;
    if (start == r->end || (*start != '.' && *start != ':')) {
      *out = (Axis){ .role = ROLE_MUL };
      return size(r, &out->n);
    }
  }
  while (r->at < r->end && *r->at != '.' && *r->at != ':' && *r->at != ']' && *r->at != '\n') r->at++;
  bool row = r->at < r->end && *r->at == '.', rep = r->at < r->end && *r->at == ':';
  if (!row && !rep) return fail(r, "an axis is missing");
  r->at++;
  int64_t what;
  if (!integer(r, 1, (int64_t)(row ? r->g->dom.n : r->g->frame.n) - 1, &what)) return false;
  if (row) { *out = axis_row(r->g, (uint16_t)what); return true; }
  *out = (Axis){ ROLE_REP, take(r, "*"), (uint16_t)what, (Size)r->g->frame.at[what].dim };
  return true;
}

static bool shape(Reader *r, Shape *out, int most) {
  *out = (Shape){ 0 };
  if (!expect(r, "[")) return false;
  if (r->end - r->at > 4 && !memcmp(r->at, "int ", 4)) { out->number = NUMBER_INT; r->at += 4; }
  if (r->end - r->at > 5 && !memcmp(r->at, "flag ", 5)) { out->number = NUMBER_FLAG; r->at += 5; }
  while (!take(r, "]")) {
    if (out->rank == most) return fail(r, "too many axes");
    if (!axis(r, &out->axis[out->rank])) return false;
    out->rank++;
  }
  return true;
}

static bool span(Reader *r, Span *out) {
  return whole(r, UINT32_MAX, &out->source) && expect(r, ":") && whole(r, UINT32_MAX, &out->from) && expect(r, "-") &&
         whole(r, UINT32_MAX, &out->to);
}

/* --- lines ------------------------------------------------------------------------------------ */
static bool read_symbol(Reader *r) {
  Str name;
  int64_t n;
  if (r->g->dom.n > 2) return fail(r, "symbols stand before domains");
  if (r->g->symbol.n == 8) return fail(r, "too many symbols");
  if (!quoted(r, &name) || !integer(r, 0, INT64_MAX, &n)) return false;
  r->g->expect[r->g->symbol.n] = n;
  vec_push(r->g->arena, &r->g->symbol, name);
  return true;
}

static bool read_dom(Reader *r) {
  Dom d = { .ndim = 1, .shape = { 0, 1 } };
  uint32_t x, y;
  if (!quoted(r, &d.name)) return false;
  if (take(r, "ragged")) d.sort = DOM_RAGGED;
  else if (!expect(r, "dense")) return false;
  if (!size(r, &d.n)) return false;
  if (take(r, "parent")) {
    if (!whole(r, r->g->dom.n - 1, &x)) return false;
    d.parent = (uint16_t)x;
  }
  if (!expect(r, "shape") || !whole(r, INT32_MAX, &d.shape[0])) return false;
  blanks(r);
  if (r->at < r->end && isdigit((unsigned char)*r->at)) {
    d.ndim = 2;
    if (!whole(r, INT32_MAX, &d.shape[1])) return false;
  }
  d.moved = take(r, "moved");
  if (take(r, "flips")) {
    GridAction *a = arena_one(r->g->arena, GridAction);
    if (!whole(r, 1, &x) || !whole(r, 1, &y)) return false;
    *a = (GridAction){ .ndim = d.ndim, .flips = { x, y }, .swaps = take(r, "swaps") };
    a->exact = take(r, "exact");
    d.action = a;
  }
  d.wrap = take(r, "wrap");
  d.window = take(r, "window");
  if (r->g->dom.n == UINT16_MAX) return fail(r, "too many domains");
  vec_push(r->g->arena, &r->g->dom, d);
  return true;
}

static bool read_frame(Reader *r) {
  Frame f = { 0 };
  uint32_t action;
  if (!quoted(r, &f.name) || !one_of(r, action_names, &action) || !whole(r, 1 << 24, &f.dim)) return false;
  f.action = (Action)action;
  f.orthogonal = take(r, "orthogonal");
  if (r->g->frame.n == UINT16_MAX) return fail(r, "too many frames");
  vec_push(r->g->arena, &r->g->frame, f);
  return true;
}

static void newlines(Reader *r) {
  for (blanks(r); r->at < r->end && *r->at == '\n'; blanks(r)) { r->at++; r->line++; }
}

static bool read_dense(Reader *r, ConstTable *t) {
  vec(int32_t) all = { 0 };
  uint64_t count = 1;
  for (int a = 0; a < t->rank; a++) {
    count *= (uint64_t)t->axis[a].n;
    if (count > 1 << 28) return fail(r, "too large a table");
  }
  for (uint64_t i = 0; i < count; i++) {
    int64_t x;
    newlines(r);
    if (!integer(r, INT32_MIN, INT32_MAX, &x)) return false;
    vec_push(r->g->arena, &all, (int32_t)x);
  }
  t->dense = all.at ? all.at : arena_one(r->g->arena, int32_t);
  return true;
}

static bool read_table(Reader *r) {
  ConstTable t = { 0 };
  uint32_t number;
  Shape s;
  if (!quoted(r, &t.name) || !one_of(r, number_names, &number) || !shape(r, &s, 6)) return false;
  t.number = (uint8_t)number;
  t.rank = s.rank;
  for (int a = 0; a < s.rank; a++) {
    if (s.axis[a].n < 0) return fail(r, "tables have literal sizes");
    t.axis[a] = s.axis[a];
  }
  t.invariant = take(r, "invariant");
  t.audited = take(r, "audited");
  if (number != NUMBER_REAL) {
    if (!read_dense(r, &t)) return false;
  } else {
    vec(Nz) nz = { 0 };
    if (!whole(r, UINT32_MAX, &t.n)) return false;
    for (uint32_t e = 0; e < t.n; e++) {
      Nz x = { .v = 0 };
      newlines(r);
      for (int a = 0; a < t.rank; a++) {
        int64_t i;
        if (!integer(r, 0, t.axis[a].n < 65536 ? (int64_t)t.axis[a].n - 1 : 65535, &i)) return false;
        x.i[a] = (uint16_t)i;
      }
      if (!real(r, &x.v)) return false;
      vec_push(r->g->arena, &nz, x);
    }
    t.nz = nz.at;
  }
  vec_push(r->g->arena, &r->g->table, t);
  return true;
}

static bool read_arg(Reader *r) {
  Arg a = { 0 };
  uint32_t role, number;
  Shape s;
  if (!quoted(r, &a.name) || !one_of(r, arg_role_names, &role) || !one_of(r, number_names, &number) ||
      !shape(r, &s, 4) ||
      !span(r, &a.at))
    return false;
  if (!role) return fail(r, "an unknown word");
  a.role = (ArgRole)role;
  a.number = (uint8_t)number;
  a.rank = s.rank;
  memcpy(a.axis, s.axis, sizeof a.axis);
  vec_push(r->g->arena, &r->g->arg, a);
  return true;
}

static bool value(Reader *r, Val *out) {
  int64_t v;
  if (!expect(r, "%") || !integer(r, 1, (int64_t)r->g->node.n - 1, &v)) return false;
  *out = (Val)v;
  return true;
}

static bool offset_pitch(Reader *r, uint64_t *offset, uint64_t *pitch) {
  int64_t x, y;
  if (!expect(r, "+") || !integer(r, 0, INT64_C(1) << 48, &x) || !expect(r, "/") || !integer(r, 0,
      INT64_C(1) << 48, &y)) return false;
  *offset = (uint64_t)x;
  *pitch = (uint64_t)y;
  return true;
}

static bool read_store(Reader *r) {
  Store s = { 0 };
  if (!whole(r, r->g->arg.n ? r->g->arg.n - 1 : 0, &s.arg) || !offset_pitch(r, &s.offset, &s.pitch) ||
      !value(r, &s.value)) return false;
  if (!r->g->arg.n) return fail(r, "no such argument");
  vec_push(r->g->arena, &r->g->store, s);
  return true;
}

/* --- nodes ------------------------------------------------------------------------------------ */
/* Letters to numbers in order of appearance; commas are counted against the operands later. */
static bool read_labels(Reader *r, Labels *l, uint32_t *operands) {
  uint8_t name[256] = { 0 }, count = 0;
  uint32_t i = 0, a = 0;
  bool out = false, any = false;
  blanks(r);
  for (; r->at < r->end && *r->at != ' ' && *r->at != '\n'; r->at++) {
    if (*r->at == ',' && !out) {
      any = true;
      a = 0;
      if (++i == ARGS_MOST) return fail(r, "too many operands");
      continue;
    }
    if (*r->at == '-' && r->at + 1 < r->end && r->at[1] == '>' && !out) { out = true; a = 0; r->at++; continue; }
    if (!isalpha((unsigned char)*r->at)) return fail(r, "labels are letters");
    uint8_t *n = &name[(unsigned char)*r->at];
    if (!*n && count == LABELS_MOST) return fail(r, "too many labels");
    if (!*n) *n = ++count;
    if (a == RANK_MOST) return fail(r, "too many axes");
    if (out) l->out[a++] = *n;
    else { l->of[i][a++] = *n; any = true; }
  }
  *operands = any ? i + 1 : 0;                               /* 0: none, or one without axes */
  return out || fail(r, "`->` is missing");
}

static bool read_expr(Reader *r, ExprId *out) {
  if (!expect(r, "{")) return false;
  const char *close = memchr(r->at, '}', (size_t)(r->end - r->at));
  if (!close) return fail(r, "`}` is missing");
  Str text = str_copy(r->g->arena, (Str){ r->at, (uint32_t)(close - r->at) });
  Why why = { .arena = r->g->arena };
  *out = expr_read(&r->g->expr, text.at, &why);
  if (!*out) return fail(r, why.reason.n ? why.reason.at[0].text.at : "no expression");
  r->at = close + 1;
  const Expr *pool = r->g->expr.at.at;
  for (ExprId e = 1; e <= *out; e++)
    if (pool[e].op == EXPR_SIZE && pool[e].number >= r->g->symbol.n) return fail(r, "no such symbol");
  return true;
}

static bool read_view(Reader *r, View *v) {
  uint32_t sort, axis = 0, dom = 0, win = 0;
  int64_t x;
  if (!one_of(r, view_names, &sort)) return false;
  v->sort = (ViewSort)sort;
  if (v->sort == VIEW_RETYPE) return shape(r, &v->to, RANK_MOST);
  if (!whole(r, RANK_MOST - 1, &axis)) return false;
  v->axis = (uint8_t)axis;
  if (v->sort == VIEW_WINDOW || v->sort == VIEW_SLICE) {
    if (!expect(r, "dom") || !whole(r, r->g->dom.n - 1, &dom)) return false;
    v->dom = (uint16_t)dom;
  }
  if (v->sort == VIEW_WINDOW) {
    if (!expect(r, "win") || !whole(r, r->g->dom.n - 1, &win) || !expect(r, "fill") || !real(r, &v->fill)) return false;
    v->win = (uint16_t)win;
    for (int d = 0; d < 2; d++) {
      int32_t *part[4] = { &v->d[d].row, &v->d[d].win, &v->d[d].add, &v->d[d].div };
      if (!expect(r, "(")) return false;
      for (int k = 0; k < 4; k++) {
        if (!integer(r, INT32_MIN, INT32_MAX, &x)) return false;
        *part[k] = (int32_t)x;
      }
      if (!expect(r, ")")) return false;
    }
  }
  if (v->sort == VIEW_SLICE) {
    v->drop = take(r, "drop");
    if (!expect(r, "from") || !integer(r, 0, INT32_MAX, &v->from)) return false;
  }
  if (v->sort == VIEW_SLICE || v->sort == VIEW_SPLIT) return expect(r, "n") && integer(r, 1, INT32_MAX, &v->n);
  return true;
}

/* What stands between the op and its operands. */
static bool read_parts(Reader *r, Node *n, uint32_t *operands) {
  uint32_t x = 0;
  Labels *l;
  View *v;
  switch ((Op)n->op) {
  case OP_input: case OP_param: return whole(r, UINT32_MAX, &n->number) && offset_pitch(r, &n->offset, &n->pitch);
  case OP_table: case OP_iota: case OP_harmonics: case OP_random: return whole(r, UINT32_MAX, &n->number);
  case OP_map: case OP_contract:
    n->labels = l = arena_one(r->g->arena, Labels);
    return read_labels(r, l, operands) && (n->op == OP_contract || read_expr(r, &n->expr));
  case OP_gather: case OP_segment: case OP_join:
    if (!whole(r, RANK_MOST - 1, &x)) return false;
    n->axis = (uint8_t)x;
    return true;
  case OP_lse: case OP_rmax:
    if (take(r, "over")) {
      if (!whole(r, (1 << RANK_MOST) - 1, &x)) return false;
      if (!x) return fail(r, "no axes");
      n->axes = (uint16_t)x;
    } else {
      if (!expect(r, "at") || !whole(r, RANK_MOST - 1, &x)) return false;
      n->axis = (uint8_t)x;
    }
    return n->op == OP_lse || (expect(r, "fill") && real(r, &n->fill));
  case OP_view: case OP_fold: n->view = v = arena_one(r->g->arena, View); return read_view(r, v);
  case OP_stop: return true;
  case OPS: break;
  }
  bug("no such op");
}

static bool read_node(Reader *r) {
  Node n = { 0 };
  int64_t number;
  uint32_t op, operands = 0;
  static const char *const names[] = {
#define CORE(op, what, rule, pull, eval) #op,
#include "../../lang/ops.def"
#undef CORE
    NULL,
  };
  if (!integer(r, r->g->node.n, r->g->node.n, &number) || !one_of(r, names, &op)) return false;
  n.op = (uint8_t)op;
  if (!read_parts(r, &n, &operands)) return false;
  Val *arg = arena_array(r->g->arena, Val, ARGS_MOST);
  for (blanks(r); r->at < r->end && *r->at == '%'; blanks(r)) {
    if (n.nargs == ARGS_MOST) return fail(r, "too many operands");
    if (!value(r, &arg[n.nargs])) return false;
    n.nargs++;
  }
  n.arg = arg;
  if (n.labels && operands != n.nargs && !(operands == 0 && n.nargs == 1)) return fail(r, "as many operands as labels");
  if (!shape(r, &n.shape, RANK_MOST) || !quoted(r, &n.path) || !span(r, &n.at)) return false;
  n.waived = take(r, "waived");
  vec_push(r->g->arena, &r->g->node, n);
  return true;
}

static bool read_head(Reader *r) {
  Str name;
  uint32_t kind;
  if (!expect(r, "graph") || !quoted(r, &name) || !one_of(r, entry_names, &kind)) return false;
  if (!kind) return fail(r, "an unknown word");
  Graph *g = graph_open(r->g->arena, name, (EntryKind)kind);
  if (take(r, "f64")) g->f64 = true;
  else if (!expect(r, "f32")) return false;
  g->plain = take(r, "plain");
  g->symbol.n = 0;                                           /* they are all in the text */
  r->g = g;
  return at_line_end(r) || fail(r, "something is left over");
}

static bool read_line(Reader *r) {
  static const struct { const char *word; bool (*read)(Reader *); } lines[] = {
    { "symbol", read_symbol }, { "dom", read_dom }, { "frame", read_frame }, { "table", read_table },
    { "arg", read_arg }, { "%", read_node }, { "store", read_store },
  };
  for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
    if (take(r, lines[i].word)) {
      if (lines[i].read != read_symbol && !r->g->symbol.n) return fail(r, "the batch has no symbol");
      return lines[i].read(r) && (at_line_end(r) || fail(r, "something is left over"));
    }
  return fail(r, "an unknown line");
}

Graph *graph_read(Arena *arena, Str text, Why *why) {
  Graph blank = { .arena = arena };
  Reader r = { .g = &blank, .at = text.at, .end = text.at + text.n, .line = 1, .why = why };
  newlines(&r);
  if (!read_head(&r)) return NULL;
  for (newlines(&r); r.at < r.end; newlines(&r))
    if (!read_line(&r)) return NULL;
  if (!r.g->symbol.n) { fail(&r, "the batch has no symbol"); return NULL; }
  return graph_structure(r.g, why) ? r.g : NULL;
}
