/* group.c: groups from their generators, interned, and how they are written.
 *
 * Two groups are one when the names and the matrices (points, factors) of their generators are. The
 * elements of C(n) and D(n) are known by formula and made at once; of other groups they are
 * enumerated in elements.c, the order of permutation groups is counted in order.c. */
#include "rep/matrix.h"
#include <math.h>

/* --- interning ------------------------------------------------------------------------------- */
bool group_equal(const Group *a, const Group *b) {
  if (a == b) return true;
  if (!a || !b || a->sort != b->sort || a->ngen != b->ngen || a->dim != b->dim || a->npoints != b->npoints ||
      a->nfactors != b->nfactors)
    return false;
  if (a->sort == GROUP_LIE && !a->nfactors && a->special != b->special) return false;
  for (uint32_t g = 0; g < a->ngen; g++) {
    if (!str_equal(a->gen[g], b->gen[g])) return false;
    if (a->dim && !matrix_equal(a->vector[g], b->vector[g])) return false;
    if (a->npoints && memcmp(a->image[g], b->image[g], sizeof *a->image[g] * a->npoints)) return false;
  }
  for (uint32_t i = 0; i < a->nfactors; i++)
    if (!group_equal(a->factor[i], b->factor[i])) return false;
  return true;
}

static Group *find(const Groups *gs, const Group *g) {
  for (uint32_t i = 0; i < gs->all.n; i++)
    if (group_equal(gs->all.at[i], g)) return gs->all.at[i];
  return NULL;
}

static Group *intern(Groups *gs, Group g) {
  Group *known = find(gs, &g);
  if (known) return known;
  g.special = g.dim > 0;
  for (uint32_t i = 0; i < g.ngen && g.dim; i++)
    g.special &= exact_equal(matrix_determinant(gs->exacts, gs->arena, g.vector[i]), exact_int(gs->exacts, 1));
  Group *at = arena_one(gs->arena, Group);
  *at = g;
  vec_push(gs->arena, &gs->all, at);
  return at;
}

/* --- the named groups ------------------------------------------------------------------------ */
static Matrix turn(Groups *gs, uint32_t n) {
  Exacts *pool = gs->exacts;
  const Exact *angle = exact_div(pool, exact_int(pool, 1), exact_int(pool, n));
  const Exact *c = exact_cos(pool, angle), *s = exact_sin(pool, angle);
  Matrix m = matrix_new(pool, gs->arena, 2);
  if (!c || !s) return (Matrix){ 0, NULL };
  m.at[0] = m.at[3] = c;
  m.at[1] = exact_sub(pool, exact_int(pool, 0), s);
  m.at[2] = s;
  uint32_t order = 1;
  return matrix_field(m, &order) ? m : (Matrix){ 0, NULL };
}

static Matrix mirror(Groups *gs, uint32_t dim, uint32_t axis) {
  Matrix m = matrix_identity(gs->exacts, gs->arena, dim);
  m.at[(size_t)axis * dim + axis] = exact_int(gs->exacts, -1);
  return m;
}

static Str power_name(Arena *arena, uint32_t k, bool m) {
  const char *tail = m ? k ? " m" : "m" : "";
  if (k == 0) return str_copy(arena, m ? S("m") : S("1"));
  return k == 1 ? str_format(arena, "r%s", tail) : str_format(arena, "r^%u%s", k, tail);
}

/* r^k is element k, r^k m element n + k; m r^k = r^-k m. */
static Elements *turns_elements(Groups *gs, uint32_t n, bool mirrors) {
  uint32_t ngen = mirrors ? 2 : 1, order = mirrors ? 2 * n : n;
  Elements *e = arena_one(gs->arena, Elements);
  e->n = order;
  e->times = arena_array(gs->arena, uint32_t, order * ngen);
  e->untimes = arena_array(gs->arena, uint32_t, order * ngen);
  e->inverse = arena_array(gs->arena, uint32_t, order);
  e->by = arena_array(gs->arena, uint32_t, order);
  e->from = arena_array(gs->arena, uint32_t, order);
  e->name = arena_array(gs->arena, Str, order);
  for (uint32_t i = 0; i < order; i++) {
    uint32_t k = i % n, m = i - k;                   /* m: 0, or n for mirrors                     */
    e->times[i * ngen] = (k + 1) % n + m;
    if (mirrors) e->times[i * ngen + 1] = (n - k) % n + (n - m);
    e->inverse[i] = m ? i : (n - k) % n;
    e->by[i] = k ? 0 : m ? 1 : 0;
    e->from[i] = k ? i - 1 : 0;
    e->name[i] = power_name(gs->arena, k, m > 0);
  }
  for (uint32_t i = 0; i < order * ngen; i++) e->untimes[e->times[i] * ngen + i % ngen] = i / ngen;
  return e;
}

static const Group *turning(Groups *gs, uint32_t n, bool mirrors) {
  if (!n) return NULL;
  Matrix r = turn(gs, n);
  if (!r.dim) return NULL;
  Group g = { .name = str_format(gs->arena, "%s(%u)", mirrors ? "D" : "C", n), .ngen = mirrors ? 2 : 1, .dim = 2 };
  g.gen = arena_array(gs->arena, Str, g.ngen);
  g.vector = arena_array(gs->arena, Matrix, g.ngen);
  g.gen[0] = S("r");
  g.vector[0] = r;
  if (mirrors) {
    g.gen[1] = S("m");
    g.vector[1] = mirror(gs, 2, 1);
  }
  Group *known = intern(gs, g);
  if (!known->elements) known->elements = turns_elements(gs, n, mirrors);
  return known;
}

const Group *group_cyclic(Groups *gs, uint32_t n) { return turning(gs, n, false); }
const Group *group_dihedral(Groups *gs, uint32_t n) { return turning(gs, n, true); }

/* The n for which these generators are those of C(n) or D(n); 0: none. */
static uint32_t turns_of(Groups *gs, const Group *g) {
  if (g->sort != GROUP_FINITE || g->dim != 2 || g->ngen > 2 || !str_is(g->gen[0], "r")) return 0;
  if (g->ngen == 2 && (!str_is(g->gen[1], "m") || !matrix_equal(g->vector[1], mirror(gs, 2, 1)))) return 0;
  double angle = atan2(exact_real(g->vector[0].at[2]), exact_real(g->vector[0].at[0]));
  double n = angle > 1e-6 ? round(2 * 3.14159265358979323846 / angle) : 1;
  if (n > 5040) return 0;
  Matrix r = turn(gs, (uint32_t)n);
  return r.dim && matrix_equal(r, g->vector[0]) ? (uint32_t)n : 0;
}

bool group_turns(Groups *gs, const Group *g, uint32_t *n, bool *mirrors) {
  *n = turns_of(gs, g);
  *mirrors = g->ngen == 2;
  return *n > 0;
}

const Group *group_orthogonal(Groups *gs, uint32_t n, bool special) {
  if (!n || n > 256) return NULL;
  Group g = { .name = str_format(gs->arena, "%s(%u)", special ? "SO" : "O", n), .dim = n };
  g.sort = n == 1 ? GROUP_FINITE : GROUP_LIE;
  g.special = special;
  g.ngen = special ? 0 : 1;
  if (!special) {
    g.gen = arena_array(gs->arena, Str, 1);
    g.vector = arena_array(gs->arena, Matrix, 1);
    g.gen[0] = S("m");
    g.vector[0] = mirror(gs, n, 0);
  }
  return intern(gs, g);
}

/* --- one's own ------------------------------------------------------------------------------- */
const Group *group_matrices(Groups *gs, Str name, const Str *gen, const Matrix *m, uint32_t n, Why *why) {
  Group g = { .name = str_copy(gs->arena, name), .ngen = n, .dim = n ? m[0].dim : 0 };
  if (!g.dim) {
    why_no(why, E0106, "a group of matrices needs a generator of at least one row");
    return NULL;
  }
  g.gen = arena_array(gs->arena, Str, n);
  g.vector = arena_array(gs->arena, Matrix, n);
  uint32_t order = 1;
  for (uint32_t i = 0; i < n; i++) {
    if (m[i].dim != g.dim) {
      why_no(why, E0106, "`%.*s` has %u rows, `%.*s` %u", STR(gen[i]), m[i].dim, STR(gen[0]), g.dim);
      return NULL;
    }
    if (!matrix_field(m[i], &order)) {
      why_no(why, E0704, "the numbers lie in a cyclotomic field of order above 5040");
      return NULL;
    }
    if (exact_is_zero(matrix_determinant(gs->exacts, gs->arena, m[i]))) {
      why_no(why, E0701, "`%.*s` has determinant 0, so it is no element of a group", STR(gen[i]));
      return NULL;
    }
    g.gen[i] = str_copy(gs->arena, gen[i]);
    g.vector[i] = matrix_new(gs->exacts, gs->arena, g.dim);
    memcpy(g.vector[i].at, m[i].at, sizeof *m[i].at * g.dim * g.dim);
  }
  Group *known = intern(gs, g);
  uint32_t turns = turns_of(gs, known);
  if (turns && !known->elements) known->elements = turns_elements(gs, turns, n == 2);
  return known;
}

const Group *group_permutations(Groups *gs, Str name, const Str *gen, uint32_t **image, uint32_t n, uint32_t npoints,
                                Why *why) {
  if (!n || !npoints) {
    why_no(why, E0106, "a permutation group needs a generator and a point");
    return NULL;
  }
  Group g = { .name = str_copy(gs->arena, name), .ngen = n, .npoints = npoints };
  g.gen = arena_array(gs->arena, Str, n);
  g.image = arena_array(gs->arena, uint32_t *, n);
  for (uint32_t i = 0; i < n; i++) {
    bool *hit = arena_array(gs->arena, bool, npoints);
    for (uint32_t j = 0; j < npoints; j++) {
      if (image[i][j] >= npoints || hit[image[i][j]]) {
        why_no(why, E0701, "`%.*s` is no permutation of %u points", STR(gen[i]), npoints);
        return NULL;
      }
      hit[image[i][j]] = true;
    }
    g.gen[i] = str_copy(gs->arena, gen[i]);
    g.image[i] = arena_array(gs->arena, uint32_t, npoints);
    memcpy(g.image[i], image[i], sizeof *image[i] * npoints);
  }
  return intern(gs, g);
}

const Group *group_product(Groups *gs, const Group *a, const Group *b) {
  Group g = { .name = str_format(gs->arena, "%.*s * %.*s", STR(a->name), STR(b->name)), .nfactors = 2 };
  g.sort = a->sort == GROUP_LIE || b->sort == GROUP_LIE ? GROUP_LIE : GROUP_FINITE;
  g.ngen = a->ngen + b->ngen;
  g.factor = arena_array(gs->arena, const Group *, 2);
  g.factor[0] = a;
  g.factor[1] = b;
  g.gen = arena_array(gs->arena, Str, g.ngen);
  for (uint32_t i = 0; i < g.ngen; i++) g.gen[i] = i < a->ngen ? a->gen[i] : b->gen[i - a->ngen];
  return intern(gs, g);
}

void group_text(const Group *g, Out *out) { out_str(out, g->name); }
