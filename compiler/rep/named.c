/* named.c: the kinds that the language has names for, each from its formula (LANGUAGE 3.5, 3.9).
 *
 * A draft is a Kind with its name, group, dimension, degree and images or matrices; kind_make finishes
 * it. Irreps of C(n), D(n) are formulas; those of other groups are in irrep.c. The order of
 * `named_draft` decides which of several names equal kinds have. */
#include "rep/irrep.h"

static Kind draft(Reps *reps, const Group *g, Str name, uint32_t dim, uint32_t degree) {
  return (Kind){ .name = str_copy(reps->arena, name), .group = g, .dim = dim, .degree = degree };
}

static Matrix *fresh_matrices(Reps *reps, const Group *g) { return arena_array(reps->arena, Matrix, g->ngen + 1); }

/* E_ij - E_ji for i < j, times `scale`, or zeros of one row. */
static Matrix *algebra(Reps *reps, const Group *g, bool zero) {
  uint32_t n = group_algebra(g), at = 0, dim = zero ? 1 : g->dim;
  if (g->sort != GROUP_LIE) return NULL;
  Matrix *all = arena_array(reps->arena, Matrix, n + 1);
  for (uint32_t i = 0; i < g->dim; i++)
    for (uint32_t j = i + 1; j < g->dim; j++, at++) {
      all[at] = matrix_new(reps->groups->exacts, reps->arena, dim);
      if (zero) continue;
      all[at].at[(size_t)i * dim + j] = exact_int(reps->groups->exacts, 1);
      all[at].at[(size_t)j * dim + i] = exact_int(reps->groups->exacts, -1);
    }
  return all;
}

static Kind draft_sign(Reps *reps, const Group *g) {
  Kind k = draft(reps, g, g->sort == GROUP_LIE ? S("pseudoscalar") : S("sign"), 1, 0);
  k.matrix = fresh_matrices(reps, g);
  for (uint32_t i = 0; i < g->ngen; i++) {
    k.matrix[i] = matrix_new(reps->groups->exacts, reps->arena, 1);
    k.matrix[i].at[0] = matrix_determinant(reps->groups->exacts, reps->arena, g->vector[i]);
  }
  k.algebra = algebra(reps, g, true);
  return k;
}

static Kind draft_vector(Reps *reps, const Group *g, bool pseudo) {
  Kind k = draft(reps, g, pseudo ? S("pseudovector") : S("vector"), g->dim, 1);
  k.matrix = fresh_matrices(reps, g);
  for (uint32_t i = 0; i < g->ngen; i++) {
    k.matrix[i] = g->vector[i];
    if (!pseudo) continue;
    const Exact *det = matrix_determinant(reps->groups->exacts, reps->arena, g->vector[i]);
    k.matrix[i] = matrix_scale(reps->groups->exacts, reps->arena, det, g->vector[i]);
  }
  k.algebra = algebra(reps, g, false);
  return k;
}

static Kind draft_perm(Reps *reps, const Group *g) {
  Kind k = draft(reps, g, S("perm"), g->npoints, 0);
  k.image = arena_array(reps->arena, int32_t *, g->ngen + 1);
  for (uint32_t i = 0; i < g->ngen; i++) {
    k.image[i] = arena_array(reps->arena, int32_t, g->npoints);
    for (uint32_t j = 0; j < g->npoints; j++) k.image[i][j] = (int32_t)g->image[i][j] + 1;
  }
  return k;
}

/* The cosets hK, given the elements of K as elements of g, numbered by their first elements. */
static Kind draft_cosets(Reps *reps, const Group *g, Str name, const uint32_t *sub, uint32_t n) {
  const Elements *e = g->elements;
  uint32_t *coset = arena_array(reps->arena, uint32_t, e->n), ncosets = 0;
  uint32_t *first = arena_array(reps->arena, uint32_t, e->n);
  for (uint32_t h = 0; h < e->n; h++) {
    if (coset[h]) continue;
    first[ncosets++] = h;
    for (uint32_t i = 0; i < n; i++) coset[element_times(g, h, sub[i])] = ncosets;
  }
  Kind k = draft(reps, g, name, ncosets, 0);
  k.image = arena_array(reps->arena, int32_t *, g->ngen + 1);
  for (uint32_t i = 0; i < g->ngen; i++) {
    k.image[i] = arena_array(reps->arena, int32_t, ncosets);
    for (uint32_t c = 0; c < ncosets; c++) k.image[i][c] = (int32_t)coset[e->times[(size_t)first[c] * g->ngen + i]];
  }
  return k;
}

static Kind draft_regular(Reps *reps, const Group *g) {
  uint32_t one = 0;
  return draft_cosets(reps, g, S("regular"), &one, 1);
}

/* r turns two components by k/n of a turn, or is 1 or -1; m is diag(1, -1) or 1. */
static Kind draft_turn(Reps *reps, const Group *g, uint32_t n, bool mirrors, uint32_t k) {
  Exacts *pool = reps->groups->exacts;
  bool plane = k && 2 * k != n;
  Kind x = draft(reps, g, str_format(reps->arena, "irrep(%u)", k), plane ? 2 : 1, k);
  x.matrix = fresh_matrices(reps, g);
  x.matrix[0] = matrix_new(pool, reps->arena, x.dim);
  if (plane) {
    const Exact *angle = exact_div(pool, exact_int(pool, k), exact_int(pool, n)), *s = exact_sin(pool, angle);
    x.matrix[0].at[0] = x.matrix[0].at[3] = exact_cos(pool, angle);
    x.matrix[0].at[1] = exact_sub(pool, exact_int(pool, 0), s);
    x.matrix[0].at[2] = s;
  } else x.matrix[0].at[0] = exact_int(pool, k ? -1 : 1);
  if (mirrors) {
    x.matrix[1] = matrix_identity(pool, reps->arena, x.dim);
    if (plane) x.matrix[1].at[3] = exact_int(pool, -1);
  }
  return x;
}

/* Divisors of n twice: cosets of C(d), then of D(d); the subgroup D(d) has the turns by n/d and m. */
static bool draft_quotient(Reps *reps, const Group *g, uint32_t n, bool mirrors, uint32_t i, uint32_t dim,
    Named *named) {
  uint32_t d = i / 2 + 1;
  if (d > n) return false;
  bool dihedral = i % 2;
  uint32_t size = dihedral ? 2 * d : d;
  named->exists = n % d == 0 && size > 1 && (!dihedral || mirrors) && g->elements->n / size == dim;
  if (!named->exists) return true;
  uint32_t *sub = arena_array(reps->arena, uint32_t, size);
  for (uint32_t k = 0; k < d; k++) {
    sub[k] = k * (n / d);
    if (dihedral) sub[d + k] = n + k * (n / d);
  }
  named->kind = draft_cosets(reps, g, str_format(reps->arena, "quotient(%s(%u))", dihedral ? "D" : "C", d), sub, size);
  return true;
}

bool named_draft(Reps *reps, const Group *g, uint32_t i, uint32_t dim, Named *named) {
  enum { SIGN, VECTOR, PSEUDOVECTOR, PERM, REGULAR, OTHERS };
  *named = (Named){ 0 };
  switch (i) {
  case SIGN:
    if ((named->exists = g->dim && dim == 1)) named->kind = draft_sign(reps, g);
    break;
  case VECTOR: case PSEUDOVECTOR:
    if ((named->exists = g->dim && dim == g->dim)) named->kind = draft_vector(reps, g, i == PSEUDOVECTOR);
    break;
  case PERM:
    if ((named->exists = g->npoints && dim == g->npoints)) named->kind = draft_perm(reps, g);
    break;
  case REGULAR:
    if ((named->exists = g->elements && dim == g->elements->n)) named->kind = draft_regular(reps, g);
    break;
  default: {
    uint32_t n, k = i - OTHERS;
    bool mirrors;
    if (g->nfactors || !group_turns(reps->groups, g, &n, &mirrors)) return false;
    if (k > n / 2) return draft_quotient(reps, g, n, mirrors, k - n / 2 - 1, dim, named);
    if ((named->exists = dim == (k && 2 * k != n ? 2 : 1))) named->kind = draft_turn(reps, g, n, mirrors, k);
  }
  }
  if (named->exists && !named->kind.image) kind_find_images(reps, &named->kind);
  return true;
}

/* --- the verbs ------------------------------------------------------------------------------------- */
static bool has_vector(const Group *g, const char *word, Why *why) {
  enum { LIE_DIM = 32 };                             /* the algebra has a matrix for each two axes  */
  if (g->sort == GROUP_LIE && g->dim > LIE_DIM)
    return why_no(why, E0704, "`%s` of `%.*s`: representations of O(n) and SO(n) are handled up to n = %d", word,
        STR(g->name), LIE_DIM);
  return g->dim || why_no(why, E0106, "`%.*s` is not a group of matrices, so it has no `%s`", STR(g->name), word);
}

const Kind *kind_sign(Reps *reps, const Group *g, Why *why) {
  return has_vector(g, "sign", why) ? kind_make(reps, draft_sign(reps, g), why) : NULL;
}

const Kind *kind_vector(Reps *reps, const Group *g, Why *why) {
  return has_vector(g, "vector", why) ? kind_make(reps, draft_vector(reps, g, false), why) : NULL;
}

const Kind *kind_pseudovector(Reps *reps, const Group *g, Why *why) {
  return has_vector(g, "pseudovector", why) ? kind_make(reps, draft_vector(reps, g, true), why) : NULL;
}

const Kind *kind_perm(Reps *reps, const Group *g, Why *why) {
  if (g->npoints) return kind_make(reps, draft_perm(reps, g), why);
  why_no(why, E0106, "`%.*s` is not a group of permutations, so it has no `perm`", STR(g->name));
  return NULL;
}

static bool few_enough(const Group *g, const char *word, uint32_t dim, Why *why) {
  return dim <= KIND_DIM || why_no(why, E0704, "`%s` of `%.*s` has %u components, and at most %d are handled", word,
                                   STR(g->name), dim, KIND_DIM);
}

const Kind *kind_regular(Reps *reps, const Group *g, Why *why) {
  const Elements *e = group_elements(reps->groups, g, why);
  return e && few_enough(g, "regular", e->n, why) ? kind_make(reps, draft_regular(reps, g), why) : NULL;
}

const Kind *kind_quotient(Reps *reps, const Group *g, const Group *k, Why *why) {
  const uint32_t *sub = group_embed(reps->groups, k, g, why);
  if (!sub || !few_enough(g, "quotient", g->elements->n / k->elements->n, why)) return NULL;
  return kind_make(reps, draft_cosets(reps, g, str_format(reps->arena, "quotient(%.*s)", STR(k->name)), sub,
      k->elements->n), why);
}

const Kind *kind_irrep(Reps *reps, const Group *g, uint32_t k, Why *why) {
  uint32_t n;
  bool mirrors;
  if (!group_turns(reps->groups, g, &n, &mirrors)) return irrep_of(reps, g, k, why);
  if (2 * k <= n) return kind_make(reps, draft_turn(reps, g, n, mirrors, k), why);
  why_no(why, E0106, "`%.*s` has irrep(0) to irrep(%u)", STR(g->name), n / 2);
  return NULL;
}

/* --- one's own ---------------------------------------------------------------------------------------- */
/* The images define a representation if and only if they multiply as the elements do. */
static bool multiplies(Reps *reps, const Group *g, const Matrix *m, Matrix *of, Why *why) {
  Exacts *pool = reps->groups->exacts;
  const Elements *e = g->elements;
  of[0] = matrix_identity(pool, reps->arena, m[0].dim);
  for (uint32_t i = 1; i < e->n; i++) of[i] = matrix_times(pool, reps->arena, m[e->by[i]], of[e->from[i]]);
  for (uint32_t i = 0; i < e->n; i++)
    for (uint32_t k = 0; k < g->ngen; k++) {
      uint32_t to = e->times[(size_t)i * g->ngen + k];
      Matrix found = matrix_times(pool, reps->arena, m[k], of[i]);
      if (matrix_equal(found, of[to])) continue;
      if (!why) return false;
      uint32_t run = 1, x = i;                       /* the word, with its first letters as one power */
      for (; x && e->by[x] == k; x = e->from[x]) run++;
      Out word = { .arena = reps->arena }, want = { .arena = reps->arena }, have = { .arena = reps->arena };
      out_printf(&word, run > 1 ? "%.*s^%u" : "%.*s", STR(g->gen[k]), run);
      if (x) out_printf(&word, " %.*s", STR(e->name[x]));
      matrix_text(of[to], &want);
      matrix_text(found, &have);
      why_witness(why, "%.*s = %.*s in %.*s, but of the images the left side is %.*s, the right side %.*s",
                  STR(out_text(&word)), STR(to ? e->name[to] : S("1")), STR(g->name), STR(out_text(&have)),
                  STR(out_text(&want)));
      return why_no(why, E0701, "the images do not multiply as the elements of `%.*s` do", STR(g->name));
    }
  return true;
}

const Kind *kind_matrices(Reps *reps, const Group *g, Str name, const Matrix *m, Why *why) {
  const Elements *e = group_elements(reps->groups, g, why);
  if (!e) return NULL;
  if (!g->ngen) return kind_scalar(reps);
  uint32_t dim = m[0].dim, field = 1;
  for (uint32_t i = 0; i < g->ngen; i++) {
    if (m[i].dim != dim || !dim) {
      why_no(why, E0106, "the image of `%.*s` has %u rows, that of `%.*s` %u", STR(g->gen[i]), m[i].dim,
          STR(g->gen[0]), dim);
      return NULL;
    }
    if (!matrix_field(m[i], &field)) {
      why_no(why, E0704, "the numbers of `%.*s` lie in a cyclotomic field of order above 5040", STR(name));
      return NULL;
    }
  }
  if (!few_enough(g, "rep", dim, why)) return NULL;
  Mark mark = arena_mark(reps->arena);
  Matrix *of = arena_array(reps->arena, Matrix, e->n);
  bool good = multiplies(reps, g, m, of, why);
  if (good) arena_reset(reps->arena, mark);          /* reasons may lie there                      */
  if (!good) return NULL;
  Kind k = draft(reps, g, name, dim, 0);
  k.matrix = fresh_matrices(reps, g);
  for (uint32_t i = 0; i < g->ngen; i++) {
    k.matrix[i] = matrix_new(reps->groups->exacts, reps->arena, dim);
    memcpy(k.matrix[i].at, m[i].at, sizeof *m[i].at * dim * dim);
  }
  return kind_make(reps, k, why);
}
