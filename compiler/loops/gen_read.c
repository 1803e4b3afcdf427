/* gen_read.c: the stage `chain`: a value at an index, whatever op made it.
 *
 * Where a value has a Loc it is loaded; else its op is written out here, reading its arguments in turn. Sums and
 * maxima become loops with an accumulator. When the result has no lanes, the last long direction of a sum is given
 * the lanes and RSUM ends it. Views map indices; what falls outside reads the nearest inside and selects the fill.
 * A sparse table in a contract is walked entry by entry, grouped by the indices that are known. */
#include "loops/gen.h"
#include <math.h>
#include <stdlib.h>

static const Node *node(const Gen *x, Val v) { return &x->g->node.at[v]; }

/* --- expressions ------------------------------------------------------------------------------------------- */
static bool is_float(Base b) { return b == BASE_F32 || b == BASE_F64; }

static void same_base(Gen *x, Ref *a, Ref *b) {
  Base p = l_base(x->k, *a), q = l_base(x->k, *b);
  if (p == q) return;
  const Ins *pa = &x->k->ins.at[*a], *pb = &x->k->ins.at[*b];
  if (p == BASE_I64 && pb->op == L_CONST && pb->f == (double)(int64_t)pb->f) { *b = l_int(x->k,
      (int64_t)pb->f); return; }
  if (q == BASE_I64 && pa->op == L_CONST && pa->f == (double)(int64_t)pa->f) { *a = l_int(x->k,
      (int64_t)pa->f); return; }
  if (!is_float(p)) *a = l_cvt(x->k, x->real, *a);
  if (!is_float(q)) *b = l_cvt(x->k, x->real, *b);
}

static Ref real(Gen *x, double c) { return l_const(x->k, x->real, c); }
static Ref two(Gen *x, LoopsOp op, Ref a, Ref b) { return l_op2(x->k, op, a, b); }

/* sin(t) / t, its first and second derivative; near 0 by their series, where the closed forms cancel. */
static Ref sinc(Gen *x, Ref t, int order) {
  Kernel *k = x->k;
  Ref t2 = two(x, L_FMUL, t, t), near0 = two(x, L_FLT, t2, real(x, 1));
  double c[12] = { 1 };                               /* of sum (-1)^j t^2j / (2j + 1)! */
  for (int j = 1; j < 12; j++) c[j] = -c[j - 1] / ((2 * j) * (2 * j + 1));
  Ref series = real(x, 0);
  for (int j = 11; j >= (order ? 1 : 0); j--) {
    double factor = order == 0 ? 1 : order == 1 ? 2.0 * j : 2.0 * j * (2 * j - 1);
    series = l_op3(k, L_FMA, series, t2, real(x, c[j] * factor));
  }
  if (order == 1) series = two(x, L_FMUL, series, t);
  Ref safe = l_op3(k, L_SELECT, near0, real(x, 1), t), s = two(x, L_FDIV, l_sin(k, safe), safe);
  if (order == 0) return l_op3(k, L_SELECT, near0, series, s);
  Ref d = two(x, L_FDIV, two(x, L_FSUB, l_cos(k, safe), s), safe);
  if (order == 1) return l_op3(k, L_SELECT, near0, series, d);
  Ref d2 = two(x, L_FSUB, l_op1(k, L_FNEG, s), two(x, L_FDIV, two(x, L_FMUL, real(x, 2), d), safe));
  return l_op3(k, L_SELECT, near0, series, d2);
}

Ref gen_expr(Gen *x, ExprId e, const Ref *arg) {
  const ExprPool *pool = &x->g->expr;
  Kernel *k = x->k;
  uint32_t n;
  ExprId *order = expr_order(pool, e, x->arena, &n);
  uint32_t most = 0;
  for (uint32_t i = 0; i < n; i++) most = order[i] > most ? order[i] : most;
  Ref *of = arena_array(x->arena, Ref, most + 1);
  for (uint32_t i = 0; i < n; i++) {
    const Expr *z = &pool->at.at[order[i]];
    Ref a = z->a[0] ? of[z->a[0]] : 0, b = z->a[1] ? of[z->a[1]] : 0, c = z->a[2] ? of[z->a[2]] : 0, r = 0;
    switch ((ExprOp)z->op) {
    case EXPR_ARG: r = arg[z->number]; break;
    case EXPR_CONST: r = real(x, z->x); break;
    case EXPR_SIZE: r = l_cvt(k, x->real, l_size(k, z->number)); break;
    case EXPR_ADD: r = two(x, L_FADD, a, b); break;
    case EXPR_SUB: r = two(x, L_FSUB, a, b); break;
    case EXPR_MUL: r = two(x, L_FMUL, a, b); break;
    case EXPR_DIV: r = two(x, L_FDIV, a, b); break;
    case EXPR_NEG: r = l_op1(k, L_FNEG, a); break;
    case EXPR_MIN: r = two(x, L_FMIN, a, b); break;
    case EXPR_MAX: r = two(x, L_FMAX, a, b); break;
    case EXPR_SELECT: if (l_base(k, b) != BASE_I1) same_base(x, &b, &c); r = l_op3(k, L_SELECT, a, b, c); break;
    case EXPR_LT: same_base(x, &a, &b); r = two(x, is_float(l_base(k, a)) ? L_FLT : L_ILT, a, b); break;
    case EXPR_LE:
      same_base(x, &a, &b);
      r = is_float(l_base(k, a)) ? two(x, L_FLE, a, b) : l_op1(k, L_NOT, two(x, L_ILT, b, a));
      break;
    case EXPR_EQ: same_base(x, &a, &b); r = two(x, is_float(l_base(k, a)) ? L_FEQ : L_IEQ, a, b); break;
    case EXPR_AND: r = two(x, L_AND, a, b); break;
    case EXPR_OR: r = two(x, L_OR, a, b); break;
    case EXPR_NOT: r = l_op1(k, L_NOT, a); break;
    case EXPR_EXP: r = l_exp(k, a); break;
    case EXPR_LOG: r = l_log(k, a); break;
    case EXPR_TANH: r = l_tanh(k, a); break;
    case EXPR_SIGMOID: r = l_sigmoid(k, a); break;
    case EXPR_SIN: r = l_sin(k, a); break;
    case EXPR_COS: r = l_cos(k, a); break;
    case EXPR_SINC: r = sinc(x, a, 0); break;
    case EXPR_DSINC: r = sinc(x, a, 1); break;
    case EXPR_D2SINC: r = sinc(x, a, 2); break;
    case EXPR_ASINH: r = l_asinh(k, a); break;
    case EXPR_SQRT: r = l_op1(k, L_FSQRT, a); break;
    case EXPR_RSQRT: r = two(x, L_FDIV, real(x, 1), l_op1(k, L_FSQRT, a)); break;
    case EXPR_RSQRT0:
      r = l_op3(k, L_SELECT, two(x, L_FEQ, a, real(x, 0)), real(x, 0), two(x, L_FDIV, real(x, 1), l_op1(k, L_FSQRT,
          a)));
      break;
    case EXPR_POW: r = l_pow(k, a, b); break;
    case EXPR_REAL: r = l_cvt(k, x->real, a); break;
    case EXPR_COUNT: bug("no expression");
    }
    of[order[i]] = r;
  }
  return of[e];
}

/* --- labels: two coordinates at the most each ----------------------------------------------------------------- */
typedef struct LabelIx { Ix at[2]; uint8_t coords; bool known; Coord c[2]; } LabelIx;

static void label_axes(Gen *x, const Shape *s, const uint8_t *label, LabelIx *of) {
  Coord c[COORDS_MOST];
  gen_coords(x->g, s, c);
  for (uint8_t a = 0, at = 0; a < s->rank; a++) {
    Shape one = { .rank = 1, .axis = { s->axis[a] } };
    uint8_t n = (uint8_t)gen_coords(x->g, &one, NULL);
    LabelIx *l = &of[label[a]];
    l->coords = n;
    for (uint8_t i = 0; i < n; i++) l->c[i] = c[at + i];
    at = (uint8_t)(at + n);
  }
}

static void known(Gen *x, const Shape *s, const uint8_t *label, const Ix *ix, LabelIx *of) {
  label_axes(x, s, label, of);
  for (uint8_t a = 0, at = 0; a < s->rank; a++) {
    LabelIx *l = &of[label[a]];
    for (uint8_t i = 0; i < l->coords; i++) l->at[i] = ix[at++];
    l->known = true;
  }
}

static void indices(const Shape *s, const uint8_t *label, const LabelIx *of, Ix *out) {
  for (uint8_t a = 0; a < s->rank; a++)
    for (uint8_t i = 0; i < of[label[a]].coords; i++) *out++ = of[label[a]].at[i];
}

static bool varies(Gen *x, Ix ix) { return ix.part ? x->flat.lane != 0 : ix.lane || l_vary(x->k, ix.at); }

/* --- contract --------------------------------------------------------------------------------------------------- */
/* A sparse table grouped by its known axes: rows of entries, each with its indices along the other axes. */
typedef struct Sparse { uint32_t row, value, index[6]; } Sparse;

static uint32_t keep_ints(Gen *x, const int32_t *v, int64_t n, const char *what) {
  return code_constant(x->code, x->arena, str_of(what), BASE_I32, n, v);
}


static Sparse sparse_of(Gen *x, const ConstTable *t, const bool *is_known) {
  uint32_t rows = 1;
  for (uint8_t a = 0; a < t->rank; a++) if (is_known[a]) rows *= (uint32_t)t->axis[a].n;
  int32_t *count = arena_array(x->arena, int32_t, rows + 1), *row = arena_array(x->arena, int32_t, t->n);
  for (uint32_t e = 0; e < t->n; e++) {
    uint32_t at = 0;
    for (uint8_t a = 0; a < t->rank; a++) if (is_known[a]) at = at * (uint32_t)t->axis[a].n + t->nz[e].i[a];
    row[e] = (int32_t)at;
    count[at + 1]++;
  }
  for (uint32_t i = 0; i < rows; i++) count[i + 1] += count[i];
  int32_t *place = arena_array(x->arena, int32_t, t->n), *next = arena_array(x->arena, int32_t, rows + 1);
  memcpy(next, count, rows * sizeof *next);
  for (uint32_t e = 0; e < t->n; e++) place[e] = next[row[e]]++;
  Sparse s = { .row = keep_ints(x, count, rows + 1, "rows of a table") };
  for (uint8_t a = 0; a < t->rank; a++) {
    if (is_known[a]) continue;
    int32_t *index = arena_array(x->arena, int32_t, t->n);
    for (uint32_t e = 0; e < t->n; e++) index[place[e]] = t->nz[e].i[a];
    s.index[a] = keep_ints(x, index, t->n, "indices of a table");
  }
  if (x->real == BASE_F32) {
    float *v = arena_array(x->arena, float, t->n);
    for (uint32_t e = 0; e < t->n; e++) v[place[e]] = (float)t->nz[e].v;
    s.value = code_constant(x->code, x->arena, t->name, BASE_F32, t->n, v);
  } else {
    double *v = arena_array(x->arena, double, t->n);
    for (uint32_t e = 0; e < t->n; e++) v[place[e]] = t->nz[e].v;
    s.value = code_constant(x->code, x->arena, t->name, BASE_F64, t->n, v);
  }
  return s;
}



static Ref product(Gen *x, const Node *n, const LabelIx *of, uint32_t skip, Ref start, Ref accumulate) {
  Kernel *k = x->k;
  Ref p = start, last = 0;
  for (uint8_t i = 0; i < n->nargs; i++) {
    if (i == skip) continue;
    Ix ix[COORDS_MOST];
    indices(&node(x, n->arg[i])->shape, n->labels->of[i], of, ix);
    Ref r = gen_read(x, n->arg[i], ix);
    if (last) p = p ? l_op2(k, L_FMUL, p, last) : last;
    last = r;
  }
  if (!last) { last = p ? p : real(x, 1); p = 0; }
  if (!accumulate) return p ? l_op2(k, L_FMUL, p, last) : last;
  return p ? l_op3(k, L_FMA, p, last, accumulate) : l_op2(k, L_FADD, accumulate, last);
}

/* The table operand that is worth walking: none of its known axes varies from lane to lane. */
static uint32_t sparse_operand(Gen *x, const Node *n, const LabelIx *of) {
  for (uint8_t i = 0; i < n->nargs; i++) {
    const Node *t = node(x, n->arg[i]);
    if (t->op != OP_table || x->loc[n->arg[i]].sort != LOC_NONE) continue;
    if (x->g->table.at[t->number].number != NUMBER_REAL) continue;
    bool good = true;
    for (uint8_t a = 0; a < t->shape.rank; a++) {
      const LabelIx *l = &of[n->labels->of[i][a]];
      if (l->coords == 2 && l->known && (varies(x, l->at[0]) || varies(x, l->at[1]))) good = false;
      if (l->coords == 1 && l->known && varies(x, l->at[0])) good = false;
      for (uint8_t b = 0; b < a; b++) if (n->labels->of[i][a] == n->labels->of[i][b]) good = false;
    }
    if (good) return i;
  }
  return UINT32_MAX;
}

/* A number of one axis as the coordinates of its label. */
static void split_index(Gen *x, LabelIx *l, Ref i) {
  if (l->coords == 1) { l->at[0] = ix_of(i); return; }
  Ref w = l_int(x->k, l->c[1].n);
  l->at[0] = ix_of(l_op2(x->k, L_IDIV, i, w));
  l->at[1] = ix_of(l_op2(x->k, L_IMOD, i, w));
}
static Ref join_index(Gen *x, const LabelIx *l) {
  Ref i = ix_ref(x, l->at[0]);
  return l->coords == 1 ? i : l_add(x->k, l_muli(x->k, i, l->c[1].n), ix_ref(x, l->at[1]));
}

static Ref contract_sum(Gen *x, const Node *n, const Ix *ix) {
  Kernel *k = x->k;
  LabelIx of[LABELS_MOST + 1] = { 0 };
  known(x, &n->shape, n->labels->out, ix, of);
  bool vary = false;
  for (int l = 1; l <= LABELS_MOST; l++)
    for (int i = 0; of[l].known && i < of[l].coords; i++) vary |= varies(x, of[l].at[i]);
  for (uint8_t i = 0; i < n->nargs; i++) {             /* labels that are summed: how far they run */
    LabelIx seen[LABELS_MOST + 1] = { 0 };
    label_axes(x, &node(x, n->arg[i])->shape, n->labels->of[i], seen);
    for (int l = 1; l <= LABELS_MOST; l++)
      if (seen[l].coords && !of[l].known) {
        of[l].coords = seen[l].coords;
        memcpy(of[l].c, seen[l].c, sizeof of[l].c);
      }
  }
  uint32_t table = sparse_operand(x, n, of), loops = 0, opened = 0;
  bool by_table[LABELS_MOST + 1] = { 0 };
  if (table != UINT32_MAX)
    for (uint8_t a = 0; a < node(x, n->arg[table])->shape.rank; a++) {
      uint8_t label = n->labels->of[table][a];
      by_table[label] = !of[label].known;
    }
  /* the coordinates that are summed, slowest first; lanes for the last long one when the result has none */
  struct { uint8_t label, part; } sum[2 * LABELS_MOST];
  for (uint8_t l = 1; l <= (uint8_t)LABELS_MOST; l++)
    for (uint8_t i = 0; i < of[l].coords && !of[l].known && !by_table[l]; i++) {
      sum[loops].label = l;
      sum[loops++].part = i;
    }
  int lanes = -1;
  Ref outer_mask = x->mask;
  Ix outer_flat = x->flat;
  int64_t outer_low = x->low;
  if (!vary && !outer_mask)
    for (uint32_t s = 0; s < loops; s++) {
      const Coord *c = &of[sum[s].label].c[sum[s].part];
      if (c->n < 0 || c->n >= k->lanes) lanes = (int)s;
    }
  if (lanes >= 0 && (uint32_t)lanes + 1 < loops) {    /* the lanes run innermost */
    uint8_t label = sum[lanes].label, part = sum[lanes].part;
    for (uint32_t s = (uint32_t)lanes; s + 1 < loops; s++) sum[s] = sum[s + 1];
    sum[loops - 1].label = label;
    sum[loops - 1].part = part;
    lanes = (int)loops - 1;
  }
  uint8_t part_label = x->part_label, part_coord = x->part_coord;
  x->part_label = 0;                                  /* of this contract alone, not of what it reads */
  int var = kernel_var(k, x->real, vary || lanes >= 0);
  l_set(k, var, real(x, 0));
  /* gcc does not see that it is set before it is read. NOLINTNEXTLINE(clang-analyzer-deadcode.DeadStores) */
  Sparse walk = { 0 };
  Ref value = 0;
  for (uint32_t s = 0; s < loops; s++) {
    LabelIx *l = &of[sum[s].label];
    const Coord *c = &l->c[sum[s].part];
    bool part = part_label == sum[s].label && part_coord == sum[s].part;
    Ref low = part ? x->part_low : l_int(k, 0), high = part ? x->part_high : gen_extent(x, c->size);
    bool here = (int)s == lanes;
    Ref i = l_for(k, FOR_SEQ, low, high, here ? k->lanes : 1);
    opened++;
    l->at[sum[s].part] = (Ix){ .at = i, .lane = here, .aligned = here && !part };
    l->known = sum[s].part + 1 == l->coords;
    if (here && !(c->n >= 0 && c->n % k->lanes == 0 && !part))
      x->mask = l_op2(k, L_ILT, l_op2(k, L_IADD, i, l_lane(k)), high);
  }
  if (table != UINT32_MAX) {
    const Node *t = node(x, n->arg[table]);
    bool is_known[6] = { 0 };
    Ref row = l_int(k, 0);
    for (uint8_t a = 0; a < t->shape.rank; a++) {
      uint8_t label = n->labels->of[table][a];
      is_known[a] = !by_table[label];
      if (is_known[a]) row = l_add(k, l_muli(k, row, t->shape.axis[a].n), join_index(x, &of[label]));
    }
    walk = sparse_of(x, &x->g->table.at[t->number], is_known);
    int rows = gen_bind(x, walk.row);
    Ref e = l_for(k, FOR_SEQ, l_load(k, rows, row, 0, 0, 0), l_load(k, rows, row, 1, 0, 0), 1);
    opened++;
    for (uint8_t a = 0; a < t->shape.rank; a++)
      if (!is_known[a]) {
        split_index(x, &of[n->labels->of[table][a]], l_load(k, gen_bind(x, walk.index[a]), e, 0, 0, 0));
        of[n->labels->of[table][a]].known = true;
      }
    value = l_load(k, gen_bind(x, walk.value), e, 0, 0, 0);
  }
  if (!opened) {
    x->mask = outer_mask;
    return product(x, n, of, table, value, 0);
  }
  Ref sum_now = l_get(k, var), next = product(x, n, of, table, value, sum_now);
  if (x->mask && lanes >= 0) next = l_op3(k, L_SELECT, x->mask, next, l_get(k, var));
  l_set(k, var, next);
  while (opened--) l_end(k);
  x->mask = outer_mask;
  x->flat = outer_flat;
  x->low = outer_low;
  return lanes >= 0 ? l_op1(k, L_RSUM, l_get(k, var)) : l_get(k, var);
}

/* A label that stands twice in the result: only its diagonal is not 0. */
static Ref compute_contract(Gen *x, Val v, const Ix *ix) {
  const Node *n = node(x, v);
  Ref written = x->writes ? gen_transform_at(x, v, ix) : 0;
  if (written) return written;
  Kernel *k = x->k;
  Ref diagonal = 0;
  for (uint8_t a = 0; a < n->shape.rank; a++)
    for (uint8_t b = (uint8_t)(a + 1); b < n->shape.rank; b++) {
      if (n->labels->out[a] != n->labels->out[b]) continue;
      uint32_t i = gen_first_coord(x->g, &n->shape, a), j = gen_first_coord(x->g, &n->shape, b);
      uint32_t next = gen_first_coord(x->g, &n->shape, (uint8_t)(a + 1));
      for (; i < next; i++, j++) {
        Ref equal = l_op2(k, L_IEQ, ix_ref(x, ix[i]), ix_ref(x, ix[j]));
        diagonal = diagonal ? l_op2(k, L_AND, diagonal, equal) : equal;
      }
      break;
    }
  uint8_t part = x->part_label;                       /* a nest may write its body more than once */
  Ref sum = contract_sum(x, n, ix);
  x->part_label = part;
  return diagonal ? l_op3(k, L_SELECT, diagonal, sum, real(x, 0)) : sum;
}

/* --- maxima and log-sums over axes -------------------------------------------------------------------------------- */
typedef struct Over { uint32_t n; uint8_t coord[COORDS_MOST]; Coord c[COORDS_MOST]; } Over;

static Over over_axes(Gen *x, const Node *n, const Ix *ix, Ix *full) {
  const Shape *s = &node(x, n->arg[0])->shape;
  Over o = { 0 };
  uint32_t coords = gen_coords(x->g, s, o.c), from = 0;
  for (uint32_t i = 0; i < coords; i++) {
    if (n->axes >> o.c[i].axis & 1) o.coord[o.n++] = (uint8_t)i;
    else full[i] = ix[from++];
  }
  return o;
}

static uint32_t open_over(Gen *x, const Over *o, Ix *full) {
  for (uint32_t i = 0; i < o->n; i++)
    full[o->coord[i]] = ix_of(l_for(x->k, FOR_SEQ, l_int(x->k, 0), gen_extent(x, o->c[o->coord[i]].size), 1));
  return o->n;
}

static Ref largest(Gen *x, const Node *n, const Ix *ix, double fill) {
  Kernel *k = x->k;
  Ix full[COORDS_MOST];
  Over o = over_axes(x, n, ix, full);
  int64_t count = 1;
  for (uint32_t i = 0; i < o.n; i++) count *= o.c[o.coord[i]].n >= 0 ? o.c[o.coord[i]].n : 1 << 20;
  bool vary = false;
  for (uint32_t i = 0; i < gen_coords(x->g, &n->shape, NULL); i++) vary |= varies(x, ix[i]);
  if (count > 0 && count <= 9) {                      /* written out: a pooling window */
    Ref m = 0;
    for (int64_t e = 0; e < count; e++) {
      int64_t rest = e;
      for (uint32_t i = o.n; i-- > 0;) {
        full[o.coord[i]] = ix_of(l_int(k, rest % o.c[o.coord[i]].n));
        rest /= o.c[o.coord[i]].n;
      }
      Ref v = gen_read(x, n->arg[0], full);
      m = m ? l_op2(k, L_FMAX, v, m) : v;             /* the newer first: a NaN so far passes */
    }
    return m;
  }
  int var = kernel_var(k, x->real, vary);
  l_set(k, var, real(x, fill));
  uint32_t opened = open_over(x, &o, full);
  Ref v = gen_read(x, n->arg[0], full);
  l_set(k, var, l_op2(k, L_FMAX, v, l_get(k, var)));
  while (opened--) l_end(k);
  return l_get(k, var);
}

/* log sum exp(x): the largest m first; of nothing -inf, and exp is not asked there. */
static Ref compute_lse(Gen *x, const Node *n, const Ix *ix) {
  Kernel *k = x->k;
  Ref m = largest(x, n, ix, -INFINITY);
  bool vary = l_vary(k, m);
  Ref safe = l_op3(k, L_SELECT, l_op2(k, L_FLT, real(x, -INFINITY), m), m, real(x, 0));
  Ix full[COORDS_MOST];
  Over o = over_axes(x, n, ix, full);
  int var = kernel_var(k, x->real, vary);
  l_set(k, var, real(x, 0));
  uint32_t opened = open_over(x, &o, full);
  Ref v = gen_read(x, n->arg[0], full);
  l_set(k, var, l_op2(k, L_FADD, l_get(k, var), l_exp(k, l_op2(k, L_FSUB, v, safe))));
  while (opened--) l_end(k);
  return l_op2(k, L_FADD, l_log(k, l_get(k, var)), safe);
}

/* --- views --------------------------------------------------------------------------------------------------- */
/* The index of one direction of a window view, and whether it lies inside (0: always). */
static Ix window_index(Gen *x, const View *v, int d, Ix row, Ix win, int64_t nrow, int64_t nwin, int64_t n,
    bool wrap, Ref *inside) {
  Kernel *k = x->k;
  int64_t r = v->d[d].row, w = v->d[d].win, a = v->d[d].add, div = v->d[d].div;
  row = ix_whole(x, row);
  win = ix_whole(x, win);
  Ref u = l_addi(k, l_add(k, l_muli(k, row.at, r), l_muli(k, win.at, w)), a);
  int32_t lane = (int32_t)(row.lane * r + win.lane * w);
  int64_t least = a + (r < 0 ? r * (nrow - 1) : 0) + (w < 0 ? w * (nwin - 1) : 0);
  int64_t most = a + (r > 0 ? r * (nrow - 1) : 0) + (w > 0 ? w * (nwin - 1) : 0);
  if (div == 1 && !wrap && least >= 0 && most < n) return (Ix){ .at = u, .lane = lane };
  if (div == 1 && !wrap && !lane && !l_vary(k, u)) {
    Ref in = l_op2(k, L_AND, l_op2(k, L_ILT, l_int(k, -1), u), l_op2(k, L_ILT, u, l_int(k, n)));
    *inside = *inside ? l_op2(k, L_AND, *inside, in) : in;
    return ix_of(l_op2(k, L_IMAX, l_int(k, 0), l_op2(k, L_IMIN, u, l_int(k, n - 1))));
  }
  if (lane) u = l_op2(k, L_IADD, u, lane == 1 ? l_lane(k) : l_op2(k, L_IMUL, l_lane(k), l_int(k, lane)));
  Ref q = u, in = 0;
  /* whole: shifted so that the remainder of what is below 0 is right */
  if (div != 1) {
    int64_t shift = least < 0 ? (-least + div - 1) / div * div : 0;
    Ref s = l_addi(k, u, shift);
    in = l_op2(k, L_IEQ, l_op2(k, L_IMOD, s, l_int(k, div)), l_int(k, 0));
    q = l_op2(k, L_ISUB, l_op2(k, L_IDIV, s, l_int(k, div)), l_int(k, shift / div));
  }
  if (wrap) {
    int64_t low = least < 0 ? (-least + n - 1) / n * n : 0;
    q = l_op2(k, L_IMOD, l_addi(k, q, low), l_int(k, n));
  } else {
    Ref fits = l_op2(k, L_AND, l_op2(k, L_ILT, l_int(k, -1), q), l_op2(k, L_ILT, q, l_int(k, n)));
    in = in ? l_op2(k, L_AND, in, fits) : fits;
    q = l_op2(k, L_IMAX, l_int(k, 0), l_op2(k, L_IMIN, q, l_int(k, n - 1)));
  }
  if (in) *inside = *inside ? l_op2(k, L_AND, *inside, in) : in;
  return ix_of(q);
}

/* Where a view of shape `of` reads for the index ix of its result; *inside 0: always inside. */
static void view_indices(Gen *x, const View *v, const Shape *of, const Ix *ix, Ix *from, Ref *inside) {
  const Graph *g = x->g;
  Kernel *k = x->k;
  uint32_t at = gen_first_coord(g, of, v->axis), n = gen_coords(g, of, NULL), to = 0;
  for (; to < at; to++) from[to] = ix[to];
  switch (v->sort) {
  case VIEW_WINDOW: {
    const Dom *d = &g->dom.at[of->axis[v->axis].what], *rows = &g->dom.at[v->dom], *win = v->win ? &g->dom.at[v->win]
        : NULL;
    uint32_t dims = d->ndim == 2 ? 2 : 1, src = at;
    for (uint32_t i = 0; i < dims; i++) {
      int64_t size = dims == 2 ? (int64_t)d->shape[i] : d->n, nrow = dims == 2 ? (int64_t)rows->shape[i] : rows->n;
      int64_t nwin = win ? dims == 2 ? (int64_t)win->shape[i] : win->n : 1;
      Ix w = win ? ix[at + dims + i] : ix_of(l_int(k, 0));
      from[src++] = window_index(x, v, (int)i, ix[at + i], w, nrow, nwin, size, d->wrap, inside);
    }
    for (uint32_t i = at + dims * (win ? 2 : 1); src < n; i++) from[src++] = ix[i];
    break;
  }
  case VIEW_SLICE: {
    Coord c[COORDS_MOST];
    gen_coords(g, of, c);
    uint32_t i = at;
    Ix slice = v->drop ? ix_of(l_int(k, 0)) : ix_whole(x, ix[i++]);
    from[at] = (Ix){ .at = l_addi(k, slice.at, v->from), .lane = slice.lane, .aligned = slice.aligned &&
        v->from % k->lanes == 0 };
    for (uint32_t src = at + 1; src < n; src++) from[src] = ix[i++];
    break;
  }
  case VIEW_SPLIT: {                                  /* index = p * n + i */
    Ix p = ix_whole(x, ix[at]), i = ix_whole(x, ix[at + 1]);
    from[at] = (Ix){ .at = l_add(k, l_muli(k, p.at, v->n), i.at), .lane = p.lane * (int32_t)v->n + i.lane,
                     .aligned = i.aligned && !p.lane && v->n % k->lanes == 0 };
    for (uint32_t src = at + 1; src < n; src++) from[src] = ix[src + 1];
    break;
  }
  case VIEW_MERGE: {                                  /* p = index / n, i = index % n */
    Ix m = ix_whole(x, ix[at]);
    /* a vector lies within one p */
    bool together = m.aligned && m.lane == 1 && of->axis[v->axis + 1].n % k->lanes == 0;
    Ref i = together ? m.at : ix_ref(x, m), width = l_int(k, of->axis[v->axis + 1].n);
    from[at] = ix_of(l_op2(k, L_IDIV, i, width));
    from[at + 1] = (Ix){ .at = l_op2(k, L_IMOD, i, width), .lane = together, .aligned = together };
    for (uint32_t src = at + 2; src < n; src++) from[src] = ix[src - 1];
    break;
  }
  case VIEW_RETYPE: {                                 /* the same place in memory: through its number */
    Coord a[COORDS_MOST], b[COORDS_MOST];
    uint32_t na = gen_coords(g, &v->to, a), nb = gen_coords(g, of, b), same = 0;
    while (same < na && same < nb && a[same].size == b[same].size) { from[same] = ix[same]; same++; }
    if (same == nb) break;                            /* only axes of size 1 are left of the result */
    Ref number = l_int(k, 0);
    bool plain = na - same == 1 && nb - same == 1;
    if (plain) { from[same] = ix[same]; break; }
    for (uint32_t i = same; i < na; i++) number = l_add(k, l_muli(k, number, a[i].n), ix_ref(x, ix[i]));
    for (uint32_t i = nb; i-- > same;) {
      from[i] = ix_of(i > same ? l_op2(k, L_IMOD, number, l_int(k, b[i].n)) : number);
      if (i > same) number = l_op2(k, L_IDIV, number, l_int(k, b[i].n));
    }
    break;
  }
  }
}

static Ref filled(Gen *x, const Node *n, Ref inside, Ref r) {
  if (!inside) return r;
  Ref fill = n->shape.number == NUMBER_REAL ? real(x, n->view->fill) : l_int(x->k, (int64_t)n->view->fill);
  return l_op3(x->k, L_SELECT, inside, r, fill);
}

static Ref compute_view(Gen *x, const Node *n, const Ix *ix) {
  Ix from[COORDS_MOST];
  Ref inside = 0;
  view_indices(x, n->view, &node(x, n->arg[0])->shape, ix, from, &inside);
  return filled(x, n, inside, gen_read(x, n->arg[0], from));
}

/* The adjoint: y[p] = sum of x over the rows and places of the window that read p. For each place of the window
 * there is at most one row: (p * div - win * w - add) / row. */
static Ref compute_fold(Gen *x, const Node *n, const Ix *ix) {
  const Graph *g = x->g;
  Kernel *k = x->k;
  const View *v = n->view;
  const Shape *s = &node(x, n->arg[0])->shape;
  uint32_t at = gen_first_coord(g, &n->shape, v->axis), nx = gen_coords(g, s, NULL);
  Ix from[COORDS_MOST];
  for (uint32_t i = 0; i < at; i++) from[i] = ix[i];
  if (v->sort == VIEW_SLICE) {
    Ix place = ix_whole(x, ix[at]);
    Ref i = l_op2(k, L_ISUB, ix_ref(x, place), l_int(k, v->from));
    Ref in = l_op2(k, L_AND, l_op2(k, L_ILT, l_int(k, -1), i), l_op2(k, L_ILT, i, l_int(k, v->n)));
    uint32_t src = at;
    if (!v->drop) from[src++] = ix_of(l_op2(k, L_IMAX, l_int(k, 0), l_op2(k, L_IMIN, i, l_int(k, v->n - 1))));
    for (uint32_t q = at + 1; src < nx; q++) from[src++] = ix[q];
    return l_op3(k, L_SELECT, in, gen_read(x, n->arg[0], from), real(x, 0));
  }
  if (v->sort != VIEW_WINDOW) {                       /* one to one: reading the other way round */
    View back = *v;
    Shape of = n->shape;
    if (v->sort == VIEW_SPLIT) back = (View){ .sort = VIEW_MERGE, .axis = v->axis };
    else if (v->sort == VIEW_MERGE)
      back = (View){ .sort = VIEW_SPLIT, .axis = v->axis, .n = n->shape.axis[v->axis + 1].n };
    else back = (View){ .sort = VIEW_RETYPE, .to = of };
    Ref inside = 0;
    view_indices(x, &back, s, ix, from, &inside);
    return gen_read(x, n->arg[0], from);
  }
  const Dom *d = &g->dom.at[n->shape.axis[v->axis].what], *rows = &g->dom.at[v->dom], *win = v->win
      ? &g->dom.at[v->win] : NULL;
  uint32_t dims = d->ndim == 2 ? 2 : 1;
  bool vary = false;
  for (uint32_t i = 0; i < gen_coords(g, &n->shape, NULL); i++) vary |= varies(x, ix[i]);
  int var = kernel_var(k, x->real, vary);
  l_set(k, var, real(x, 0));
  View back = *v;                                     /* its adjoint as a reading */
  Ref in = 0;
  Ix w[2];
  uint32_t opened = 0;
  for (uint32_t i = 0; i < dims; i++) {
    int64_t nwin = win ? dims == 2 ? (int64_t)win->shape[i] : win->n : 1;
    w[i] = ix_of(nwin > 1 ? l_for(k, FOR_SEQ, l_int(k, 0), l_int(k, nwin), 1) : l_int(k, 0));
    opened += nwin > 1;
  }
  for (uint32_t i = 0; i < dims; i++) {
    int64_t size = dims == 2 ? (int64_t)d->shape[i] : d->n, nrow = dims == 2 ? (int64_t)rows->shape[i] : rows->n;
    int64_t nwin = win ? dims == 2 ? (int64_t)win->shape[i] : win->n : 1;
    back.d[i].row = v->d[i].div;
    back.d[i].win = -v->d[i].win;
    back.d[i].add = -v->d[i].add;
    back.d[i].div = v->d[i].row;
    if (d->wrap) {
      /* (row r + win w + add) mod size = p: with size a multiple of r, the rows wrap as the elements do */
      Ix place = ix_whole(x, ix[at + i]);
      Ref u = l_op2(k, L_ISUB, l_muli(k, ix_ref(x, place), v->d[i].div), l_addi(k, l_muli(k, w[i].at, v->d[i].win),
          v->d[i].add));
      int64_t lift = (llabs((long long)v->d[i].add) + llabs((long long)v->d[i].win) * nwin) / size + 1;
      u = l_op2(k, L_IMOD, l_addi(k, u, lift * size), l_int(k, size));
      Ref whole = l_op2(k, L_IEQ, l_op2(k, L_IMOD, u, l_int(k, v->d[i].row)), l_int(k, 0));
      Ref row = l_op2(k, L_IDIV, u, l_int(k, v->d[i].row));
      Ref fits = l_op2(k, L_AND, whole, l_op2(k, L_ILT, row, l_int(k, nrow)));
      in = in ? l_op2(k, L_AND, in, fits) : fits;
      from[at + i] = ix_of(l_op2(k, L_IMIN, row, l_int(k, nrow - 1)));
    } else {
      from[at + i] = window_index(x, &back, (int)i, ix[at + i], w[i], size, nwin, nrow, false, &in);
    }
    if (win) from[at + dims + i] = w[i];
  }
  uint32_t src = at + dims * (win ? 2 : 1);
  for (uint32_t q = at + dims; src < nx; q++) from[src++] = ix[q];
  bool skip = in && !l_vary(k, in);                   /* nothing to read: jump over it */
  if (skip) l_if(k, in);
  Ref r = gen_read(x, n->arg[0], from);
  if (in && !skip) r = l_op3(k, L_SELECT, in, r, real(x, 0));
  l_set(k, var, l_op2(k, L_FADD, l_get(k, var), r));
  if (skip) l_end(k);
  while (opened--) l_end(k);
  return l_get(k, var);
}

/* --- the rest ------------------------------------------------------------------------------------------------ */
static Ref compute_input(Gen *x, const Node *n, const Ix *ix) {
  Loc loc = loc_argument(x->code, x->g, &n->shape, n->number, n->offset, n->pitch);
  return gen_load(x, &loc, &n->shape, ix);
}

static Ref compute_table(Gen *x, const Node *n, const Ix *ix) {
  const ConstTable *t = &x->g->table.at[n->number];
  int64_t count = 1;
  for (uint8_t a = 0; a < t->rank; a++) count *= t->axis[a].n;
  uint32_t entry;
  if (t->number == NUMBER_INT) {
    entry = code_constant(x->code, x->arena, t->name, BASE_I32, count, t->dense);
  } else {
    float *f = x->real == BASE_F32 ? arena_array(x->arena, float, count) : NULL;
    double *d = f ? NULL : arena_array(x->arena, double, count);
    for (uint32_t e = 0; e < t->n; e++) {
      int64_t at = 0;
      for (uint8_t a = 0; a < t->rank; a++) at = at * t->axis[a].n + t->nz[e].i[a];
      if (f) f[at] = (float)t->nz[e].v; else d[at] = t->nz[e].v;
    }
    entry = code_constant(x->code, x->arena, t->name, x->real, count, f ? (const void *)f : d);
  }
  Loc loc = loc_contiguous(x->g, &n->shape, LOC_ENTRY, entry, 0, 0);
  return gen_load(x, &loc, &n->shape, ix);
}

static Ref linear_number(Gen *x, const Shape *s, const Ix *ix) {
  Coord c[COORDS_MOST];
  uint32_t n = gen_coords(x->g, s, c);
  Ref number = l_int(x->k, 0);
  for (uint32_t i = 0; i < n; i++) number = l_add(x->k, i ? l_muli(x->k, number, c[i].n) : number, ix_ref(x, ix[i]));
  return number;
}

static Ref compute_random(Gen *x, const Node *n, const Ix *ix) {
  Kernel *k = x->k;
  Ix zero = ix_of(l_int(k, 0)), one = ix_of(l_int(k, 1));
  Ref seed = l_cvt(k, BASE_I32, gen_read(x, n->arg[0], &zero)), step = l_cvt(k, BASE_I32, gen_read(x, n->arg[0], &one));
  Ref place = l_cvt(k, BASE_I32, linear_number(x, &n->shape, ix));
  return l_uniform(k, x->real, l_threefry(k, seed, step, l_i32(k, (int32_t)n->number), place));
}

static Ref compute_gather(Gen *x, const Node *n, const Ix *ix) {
  const Shape *s = &node(x, n->arg[0])->shape, *is = &node(x, n->arg[1])->shape;
  uint32_t at = gen_first_coord(x->g, s, n->axis), shared = index_shares(x->g, s, is, n->axis);
  uint32_t ni = gen_coords(x->g, is, NULL), nx = gen_coords(x->g, s, NULL);
  Ix index[COORDS_MOST], from[COORDS_MOST];
  for (uint32_t i = 0; i < ni; i++) index[i] = i < shared ? ix[0] : ix[at + i - shared];
  for (uint32_t i = 0; i < at; i++) from[i] = ix[i];
  Ref row = gen_read(x, n->arg[1], index);
  const Axis *axis = &s->axis[n->axis];
  const Dom *d = &x->g->dom.at[axis->what];
  uint32_t src = at;
  if (axis->role == ROLE_ROW && d->ndim == 2) {
    from[src++] = ix_of(l_op2(x->k, L_IDIV, row, l_int(x->k, d->shape[1])));
    from[src++] = ix_of(l_op2(x->k, L_IMOD, row, l_int(x->k, d->shape[1])));
  } else {
    from[src++] = ix_of(row);
  }
  for (uint32_t q = at + ni - shared; src < nx; q++) from[src++] = ix[q];
  return gen_read(x, n->arg[0], from);
}

static Ref compute_join(Gen *x, const Node *n, const Ix *ix) {
  Kernel *k = x->k;
  uint32_t at = gen_first_coord(x->g, &n->shape, n->axis), coords = gen_coords(x->g, &n->shape, NULL);
  Ref i = ix_ref(x, ix[at]), r = 0;
  int64_t from = 0;
  Ix part[COORDS_MOST];
  for (uint32_t q = 0; q < coords; q++) part[q] = ix[q];
  for (uint8_t a = 0; a < n->nargs; a++) {
    int64_t size = node(x, n->arg[a])->shape.axis[n->axis].n;
    Ref own = l_op2(k, L_IMAX, l_int(k, 0), l_op2(k, L_IMIN, l_addi(k, i, -from), l_int(k, size - 1)));
    part[at] = ix_of(own);
    Ref v = gen_read(x, n->arg[a], part);
    r = r ? l_op3(k, L_SELECT, l_op2(k, L_ILT, i, l_int(k, from)), r, v) : v;
    from += size;
  }
  return r;
}

Ref gen_compute(Gen *x, Val v, const Ix *ix) {
  const Node *n = node(x, v);
  switch ((Op)n->op) {
  case OP_input: case OP_param: return compute_input(x, n, ix);
  case OP_table: return compute_table(x, n, ix);
  case OP_iota: return ix_ref(x, ix[gen_first_coord(x->g, &n->shape, (uint8_t)n->number)]);
  case OP_map: {
    LabelIx of[LABELS_MOST + 1] = { 0 };
    known(x, &n->shape, n->labels->out, ix, of);
    Ref arg[ARGS_MOST];
    for (uint8_t i = 0; i < n->nargs; i++) {
      Ix own[COORDS_MOST];
      indices(&node(x, n->arg[i])->shape, n->labels->of[i], of, own);
      arg[i] = expr_reads(&x->g->expr, n->expr, i) ? gen_read(x, n->arg[i], own) : 0;
    }
    return gen_expr(x, n->expr, arg);
  }
  case OP_contract: return compute_contract(x, v, ix);
  case OP_gather: return compute_gather(x, n, ix);
  case OP_lse: return compute_lse(x, n, ix);
  case OP_rmax: return largest(x, n, ix, n->fill);
  case OP_view: return compute_view(x, n, ix);
  case OP_fold: return compute_fold(x, n, ix);
  case OP_join: return compute_join(x, n, ix);
  case OP_random: return compute_random(x, n, ix);
  case OP_stop: return gen_read(x, n->arg[0], ix);
  case OP_segment: case OP_harmonics: case OPS: break;
  }
  bug("%s is not read in place", op_name((Op)n->op));
}

Ref gen_read(Gen *x, Val v, const Ix *ix) {
  if (v == x->held) return x->held_at;
  const Loc *loc = &x->loc[v];
  if (loc->sort != LOC_NONE) return gen_load(x, loc, &node(x, v)->shape, ix);
  if (!x->writes || !gen_transforms(x->g, v)) return gen_compute(x, v, ix);
  uint32_t n = gen_coords(x->g, &node(x, v)->shape, NULL);
  const Known *known = gen_known(x, v, NULL, ix, n);
  if (known) return known->r;
  Ref r = gen_compute(x, v, ix);
  gen_learn(x, &(Known){ .v = v, .r = r }, ix, n);
  return r;
}
