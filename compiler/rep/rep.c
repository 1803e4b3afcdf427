/* rep.c: sums of kinds, in canonical order, interned; products, duals, squares, restrictions.
 *
 * Everything ends in rep_sum, which merges equal kinds and sorts: scalars, then by degree, then by
 * name. Constructions work kind by kind, on the matrices of the generators. */
#include "rep/kind.h"

/* --- sums -------------------------------------------------------------------------------------------- */
static int kind_order(const Kind *a, const Kind *b) {
  if (!a->group || !b->group) return (a->group != NULL) - (b->group != NULL);
  if (a->degree != b->degree) return a->degree < b->degree ? -1 : 1;
  int by_name = str_compare(a->name, b->name);
  return by_name ? by_name : str_compare(a->group->name, b->group->name);
}

/* Kinds of the same name and group name: in the order in which they were made. */
static uint32_t made(const Reps *reps, const Kind *k) {
  uint32_t i = 0;
  while (i < reps->kind.n && reps->kind.at[i] != k) i++;
  return i;
}

static bool stands_before(const Reps *reps, const Kind *a, const Kind *b) {
  int order = kind_order(a, b);
  return order ? order < 0 : made(reps, a) < made(reps, b);
}

const Rep *rep_sum(Reps *reps, const Term *term, size_t n, Why *why) {
  Rep *x = arena_alloc(reps->arena, sizeof(Rep) + sizeof(Term) * (n + 1));
  uint64_t dim = 0;
  for (size_t i = 0; i < n; i++) {
    if (!term[i].copies) continue;
    uint32_t at = 0;
    while (at < x->n && x->term[at].kind != term[i].kind && stands_before(reps, x->term[at].kind, term[i].kind)) at++;
    dim += (uint64_t)term[i].copies * term[i].kind->dim;
    if (dim > 1u << 24) {
      why_no(why, E0106, "a representation of more than 16,777,216 numbers");
      return NULL;
    }
    if (at == x->n || x->term[at].kind != term[i].kind) {
      memmove(x->term + at + 1, x->term + at, sizeof *x->term * (x->n - at));
      x->term[at] = (Term){ term[i].kind, 0 };
      x->n++;
    }
    x->term[at].copies += term[i].copies;
    x->copies += term[i].copies;
  }
  x->dim = (uint32_t)dim;
  for (uint32_t i = 0; i < x->n; i++) x->group = group_join(reps->groups, x->group, x->term[i].kind->group);
  for (uint32_t i = 0; i < reps->rep.n; i++) {
    const Rep *known = reps->rep.at[i];
    bool same = known->n == x->n;
    for (uint32_t t = 0; same && t < x->n; t++)
      same = known->term[t].kind == x->term[t].kind && known->term[t].copies == x->term[t].copies;
    if (same) return known;
  }
  vec_push(reps->arena, &reps->rep, x);
  return x;
}

const Rep *rep_of(Reps *reps, const Kind *kind, uint32_t copies) {
  return rep_sum(reps, &(Term){ kind, copies }, 1, NULL);
}

const Rep *rep_times(Reps *reps, uint32_t n, const Rep *x) {
  Term *term = arena_array(reps->arena, Term, x->n);
  for (uint32_t i = 0; i < x->n; i++) {
    uint64_t copies = (uint64_t)n * x->term[i].copies;
    if (copies > 1u << 24) return NULL;
    term[i] = (Term){ x->term[i].kind, (uint32_t)copies };
  }
  return rep_sum(reps, term, x->n, NULL);
}

/* --- constructions -------------------------------------------------------------------------------------- */
/* What the generators (and the algebra) do, made by one formula for group elements and one for the algebra. */
typedef struct Making {
  Exacts *pool;
  Arena *arena;
  Matrix (*of_group)(const struct Making *m, Matrix a, Matrix b);
  Matrix (*of_algebra)(const struct Making *m, Matrix a, Matrix b);
  bool alternating;
} Making;

static const Kind *construct(Reps *reps, Making m, Str name, uint32_t dim, uint32_t degree, const Kind *x,
    const Kind *y, Why *why) {
  const Group *g = group_join(reps->groups, x->group, y->group);
  if (!g) return kind_scalar(reps);
  uint32_t field = 1;
  x = kind_lift(reps, x, g);
  y = kind_lift(reps, y, g);
  if ((uint64_t)x->dim * y->dim > KIND_DIM) {
    why_no(why, E0704, "one copy of `%.*s` has too many components", STR(name));
    return NULL;
  }
  for (uint32_t i = 0; i < g->ngen; i++)
    if (!matrix_field(x->matrix[i], &field) || !matrix_field(y->matrix[i], &field)) {
      why_no(why, E0704, "the numbers of `%.*s` lie in a cyclotomic field of order above 5040", STR(name));
      return NULL;
    }
  Kind k = { .name = name, .group = g, .dim = dim, .degree = degree };
  uint32_t nalgebra = group_algebra(g);
  k.matrix = arena_array(reps->arena, Matrix, g->ngen + 1);
  k.algebra = nalgebra ? arena_array(reps->arena, Matrix, nalgebra) : NULL;
  for (uint32_t i = 0; i < g->ngen; i++) k.matrix[i] = m.of_group(&m, x->matrix[i], y->matrix[i]);
  for (uint32_t i = 0; i < nalgebra; i++) k.algebra[i] = m.of_algebra(&m, x->algebra[i], y->algebra[i]);
  return kind_make(reps, k, why);
}

static Matrix product(const Making *m, Matrix a, Matrix b) { return matrix_kronecker(m->pool, m->arena, a, b); }

static Matrix leibniz(const Making *m, Matrix a, Matrix b) {
  Matrix one = matrix_identity(m->pool, m->arena, a.dim), other = matrix_identity(m->pool, m->arena, b.dim);
  return matrix_add(m->pool, m->arena, matrix_kronecker(m->pool, m->arena, a, other),
      matrix_kronecker(m->pool, m->arena, one, b));
}

const Kind *kind_product(Reps *reps, const Kind *x, const Kind *y, Why *why) {
  if (!x->group) return y;
  if (!y->group) return x;
  Making m = { .pool = reps->groups->exacts, .arena = reps->arena, .of_group = product, .of_algebra = leibniz };
  Str name = str_format(reps->arena, "%.*s*%.*s", STR(x->name), STR(y->name));
  return construct(reps, m, name, x->dim * y->dim, x->degree + y->degree, x, y, why);
}

const Rep *rep_product(Reps *reps, const Rep *x, const Rep *y, Why *why) {
  Term *term = arena_array(reps->arena, Term, (size_t)x->n * y->n);
  for (uint32_t i = 0; i < x->n; i++)
    for (uint32_t j = 0; j < y->n; j++) {
      const Kind *k = kind_product(reps, x->term[i].kind, y->term[j].kind, why);
      uint64_t copies = (uint64_t)x->term[i].copies * y->term[j].copies;
      if (!k) return NULL;
      if (copies > 1u << 24) {
        why_no(why, E0106, "a representation of more than 16,777,216 numbers");
        return NULL;
      }
      term[i * y->n + j] = (Term){ k, (uint32_t)copies };
    }
  return rep_sum(reps, term, (size_t)x->n * y->n, why);
}

static Matrix inverse_transpose(const Making *m, Matrix a, Matrix b) {
  (void)b;
  Matrix inverse;
  bool regular = matrix_inverse(m->pool, m->arena, a, &inverse);
  assert(regular);
  (void)regular;
  return matrix_transpose(m->pool, m->arena, inverse);
}

static Matrix minus_transpose(const Making *m, Matrix a, Matrix b) {
  (void)b;
  return matrix_scale(m->pool, m->arena, exact_int(m->pool, -1), matrix_transpose(m->pool, m->arena, a));
}

const Rep *rep_dual(Reps *reps, const Rep *x) {
  Making m = { .pool = reps->groups->exacts, .arena = reps->arena, .of_group = inverse_transpose,
      .of_algebra = minus_transpose };
  Term *term = arena_array(reps->arena, Term, x->n);
  for (uint32_t i = 0; i < x->n; i++) {
    const Kind *k = x->term[i].kind;
    Str name = str_format(reps->arena, "dual(%.*s)", STR(k->name));
    if (!k->orthogonal) k = construct(reps, m, name, k->dim, k->degree, k, k, NULL);
    if (!k) bug("a dual outside the field of its representation");
    term[i] = (Term){ k, x->term[i].copies };
  }
  return rep_sum(reps, term, x->n, NULL);
}

/* The part of a map of pairs (i, j) on (e_ij +- e_ji)/sqrt(2), i < j, and e_ii. Row and column by i, then j. */
static Matrix on_pairs(const Making *m, Matrix t, uint32_t n) {
  Exacts *pool = m->pool;
  uint32_t dim = m->alternating ? n * (n - 1) / 2 : n * (n + 1) / 2, row = 0;
  const Exact *two = exact_int(pool, 2), *root = exact_sqrt(pool, two), *half = exact_div(pool, exact_int(pool, 1),
      two);
  Matrix s = matrix_new(pool, m->arena, dim);
  for (uint32_t i = 0; i < n; i++)
    for (uint32_t j = i + m->alternating; j < n; j++, row++)
      for (uint32_t k = 0, column = 0; k < n; k++)
        for (uint32_t l = k + m->alternating; l < n; l++, column++) {
          const Exact *a = t.at[((size_t)i * n + j) * n * n + k * n + l],
              *b = t.at[((size_t)j * n + i) * n * n + k * n + l];
          /* (t_ij,kl +- t_ji,kl +- t_ij,lk + t_ji,lk) / 2 where both differ; t commutes with the exchange of a pair */
          const Exact *sum = m->alternating ? exact_sub(pool, a, b) : i == j && k == l ? a : exact_add(pool, a, b);
          if (!m->alternating && (i == j) != (k == l)) {
            sum = exact_mul(pool, sum, root);
            sum = sum ? exact_mul(pool, sum, half) : exact_int(pool, 0);
          }
          s.at[(size_t)row * dim + column] = sum;
        }
  return s;
}

static Matrix square(const Making *m, Matrix a, Matrix b) { return on_pairs(m, product(m, a, b), a.dim); }
static Matrix square_leibniz(const Making *m, Matrix a, Matrix b) { return on_pairs(m, leibniz(m, a, b), a.dim); }

static const Kind *kind_square(Reps *reps, const Kind *k, bool alternating, Why *why) {
  if (!k->group) return k;
  uint32_t field = 8;                                /* the square root of 2, where signs do not do */
  for (uint32_t g = 0; !kind_signed(k) && g < k->group->ngen; g++)
    if (!matrix_field(k->matrix[g], &field)) {
      why_no(why, E0704, "the square of `%.*s` needs a cyclotomic field of order above 5040", STR(k->name));
      return NULL;
    }
  Making m = { .pool = reps->groups->exacts, .arena = reps->arena, .of_group = square, .of_algebra = square_leibniz,
      .alternating = alternating };
  uint32_t dim = alternating ? k->dim * (k->dim - 1) / 2 : k->dim * (k->dim + 1) / 2;
  Str name = str_format(reps->arena, "%s(%.*s)", alternating ? "alt2" : "sym2", STR(k->name));
  return construct(reps, m, name, dim, 2 * k->degree, k, k, why);
}

/* The square of a sum: squares of copies, and products of two of them. */
const Rep *rep_square(Reps *reps, const Rep *x, bool alternating, Why *why) {
  vec(Term) term = { 0 };
  for (uint32_t i = 0; i < x->n; i++) {
    const Kind *k = x->term[i].kind;
    uint64_t copies = x->term[i].copies, pairs = copies * (copies - 1) / 2;
    for (uint32_t j = i; j < x->n; j++) {
      uint64_t n = j == i ? pairs : copies * x->term[j].copies;
      const Kind *p = n ? kind_product(reps, k, x->term[j].kind, why) : NULL;
      if (n && !p) return NULL;
      if (n > 1u << 24) {
        why_no(why, E0106, "a representation of more than 16,777,216 numbers");
        return NULL;
      }
      if (n) vec_push(reps->arena, &term, (Term){ p, (uint32_t)n });
    }
    if (alternating && k->dim == 1) continue;
    const Kind *s = kind_square(reps, k, alternating, why);
    if (!s) return NULL;
    vec_push(reps->arena, &term, (Term){ s, x->term[i].copies });
  }
  return rep_sum(reps, term.at, term.n, why);
}

/* --- restriction ------------------------------------------------------------------------------------------ */
static bool same_word(const Kind *k, const char *word) { return str_is(k->name, word); }

/* A matrix as the block on the first axes: 1 on the others, or 0 for the algebra. */
static Matrix block(Reps *reps, Matrix m, uint32_t dim, bool algebra) {
  Exacts *pool = reps->groups->exacts;
  Matrix large = algebra ? matrix_new(pool, reps->arena, dim) : matrix_identity(pool, reps->arena, dim);
  for (uint32_t i = 0; i < m.dim; i++)
    for (uint32_t j = 0; j < m.dim; j++) large.at[(size_t)i * dim + j] = m.at[(size_t)i * m.dim + j];
  return large;
}

/* O(n) and SO(n) hold a group of matrices when its generators keep lengths, and have determinant 1 for SO(n). */
static bool lies_in(Reps *reps, const Group *small, const Group *lie, Why *why) {
  Exacts *pool = reps->groups->exacts;
  bool good = small->dim && small->dim <= lie->dim && (small->special || !lie->special);
  for (uint32_t g = 0; good && g < small->ngen; g++) {
    Matrix t = matrix_transpose(pool, reps->arena, small->vector[g]);
    good = matrix_is_identity(matrix_times(pool, reps->arena, t, small->vector[g]));
  }
  return good || why_no(why, E0706, "not every element of `%.*s` lies in `%.*s`", STR(small->name), STR(lie->name));
}

/* Of O(n) and SO(n): the determinant, and the vector times its power. */
static const Kind *restrict_lie(Reps *reps, const Kind *k, const Group *to, Why *why) {
  Exacts *pool = reps->groups->exacts;
  bool vector = same_word(k, "vector"), pseudo = same_word(k, "pseudovector");
  if (!lies_in(reps, to, k->group, why)) return NULL;
  if (same_word(k, "pseudoscalar")) return kind_sign(reps, to, why);
  if (!vector && !pseudo) {
    why_no(why, E0704, "`%.*s` of `%.*s` is not restricted to `%.*s`", STR(k->name), STR(k->group->name),
        STR(to->name));
    return NULL;
  }
  uint32_t nalgebra = group_algebra(to);
  Kind small = { .name = str_format(reps->arena, "%.*s of %.*s", STR(k->name), STR(k->group->name)), .group = to,
      .dim = k->dim, .degree = k->degree };
  small.matrix = arena_array(reps->arena, Matrix, to->ngen + 1);
  small.algebra = nalgebra ? arena_array(reps->arena, Matrix, nalgebra) : NULL;
  for (uint32_t i = 0; i < to->ngen; i++) {
    small.matrix[i] = block(reps, to->vector[i], k->dim, false);
    const Exact *det = matrix_determinant(pool, reps->arena, to->vector[i]);
    if (pseudo) small.matrix[i] = matrix_scale(pool, reps->arena, det, small.matrix[i]);
  }
  const Kind *turns = nalgebra ? kind_vector(reps, to, why) : NULL;
  for (uint32_t i = 0; turns && i < nalgebra; i++) small.algebra[i] = block(reps, turns->algebra[i], k->dim, true);
  return kind_make(reps, small, why);
}

static const Kind *restrict_kind(Reps *reps, const Kind *k, const Group *to, Why *why) {
  if (!k->group || k->group == to) return k;
  if (k->group->sort == GROUP_LIE && !k->group->nfactors) return restrict_lie(reps, k, to, why);
  uint32_t first;
  if (group_holds(to, k->group, &first)) return k;
  const uint32_t *map = group_embed(reps->groups, to, k->group, why);
  if (!map) return NULL;
  Kind small = { .name = str_format(reps->arena, "%.*s of %.*s", STR(k->name), STR(k->group->name)), .group = to,
      .dim = k->dim, .degree = k->degree };
  const uint32_t *times = to->elements->times;       /* the element of generator i is times[i]     */
  small.matrix = arena_array(reps->arena, Matrix, to->ngen + 1);
  for (uint32_t i = 0; i < to->ngen; i++) small.matrix[i] = kind_matrix(reps, k, map[times[i]]);
  return kind_make(reps, small, why);
}

const Rep *rep_restrict(Reps *reps, const Rep *x, const Group *k, Why *why) {
  Term *term = arena_array(reps->arena, Term, x->n);
  for (uint32_t i = 0; i < x->n; i++) {
    term[i] = (Term){ restrict_kind(reps, x->term[i].kind, k, why), x->term[i].copies };
    if (!term[i].kind) return NULL;
  }
  return rep_sum(reps, term, x->n, why);
}

/* --- questions --------------------------------------------------------------------------------------------- */
bool rep_all_scalar(const Rep *x) { return !x->n || (x->n == 1 && !x->term[0].kind->group); }

uint32_t rep_find(const Rep *x, const Kind *kind) {
  uint32_t i = 0;
  while (i < x->n && x->term[i].kind != kind) i++;
  return i;
}

Action rep_action(const Rep *x) {
  Action least = ACTION_FIXED;
  for (uint32_t i = 0; i < x->n; i++) {
    Action a = x->term[i].kind->action;
    bool both = (least == ACTION_SIGNS && a == ACTION_SCALES) || (least == ACTION_SCALES && a == ACTION_SIGNS);
    if (both) a = ACTION_MIXES;
    if (a > least) least = a;
  }
  return least;
}

void rep_text(const Rep *x, Out *out) {
  if (!x->n) out_printf(out, "0");
  for (uint32_t i = 0; i < x->n; i++) {
    const Term *t = &x->term[i];
    if (i) out_printf(out, " + ");
    if (t->copies != 1) out_printf(out, "%u ", t->copies);
    out_str(out, t->kind->name);
  }
}

bool rep_verify(const Rep *x, Why *why) {
  uint64_t dim = 0, copies = 0;
  for (uint32_t i = 0; i < x->n; i++) {
    if (!x->term[i].copies) return why_no(why, E0106, "term %u has no copies", i);
    if (i && kind_order(x->term[i - 1].kind, x->term[i].kind) > 0)
      return why_no(why, E0106, "term %u is out of order", i);
    for (uint32_t j = 0; j < i; j++)
      if (x->term[j].kind == x->term[i].kind) return why_no(why, E0106, "terms %u and %u are equal", j, i);
    copies += x->term[i].copies;
    dim += (uint64_t)x->term[i].copies * x->term[i].kind->dim;
  }
  return (dim == x->dim && copies == x->copies) || why_no(why, E0106, "the numbers do not add up");
}
