/* irrep.c: the matrices of a real irreducible representation, exact and orthogonal.
 *
 * Given its character (characters.c). Let H be a subgroup and s a character of H with values 1, -1. On the
 * cosets of H, with signs, the representation occurs as often as s occurs in it, over the dimension of its
 * commutant. Where that is once, the projection of the unit vectors spans a space of the right
 * dimension, and Gram and Schmidt make a basis of it orthonormal, as long as the lengths have square
 * roots in a small field: of the candidates for the next basis vector the first is taken whose length
 * has one. Subgroups of two generators are tried in the order of their elements, so the result is
 * canonical. Where none serves, E0704. */
#include "rep/irrep.h"

typedef struct Cosets {             /* of H, each with a sign: g takes coset c to image[g][c]           */
  uint32_t size, n;                 /* of H; how many                                              */
  uint32_t *coset;                  /* [element] its coset                                         */
  int8_t *sign;                     /* [element] against the first element of its coset            */
  uint32_t *first;
} Cosets;

/* H = <a, b> with signs of a and b; false when the signs are no character. */
static bool subgroup(Arena *arena, const Group *g, uint32_t a, uint32_t b, int sa, int sb, int8_t *sign,
    uint32_t *size) {
  uint32_t n = g->elements->n, end = 1, *queue = arena_array(arena, uint32_t, n);
  memset(sign, 0, n);
  sign[0] = 1;
  for (uint32_t k = 0; k < end; k++)
    for (int i = 0; i < 2; i++) {
      uint32_t to = element_times(g, i ? b : a, queue[k]);
      int8_t s = (int8_t)(sign[queue[k]] * (i ? sb : sa));
      if (!sign[to]) {
        sign[to] = s;
        queue[end++] = to;
      } else if (sign[to] != s) return false;
    }
  *size = end;
  return true;
}

/* How often does the character of H occur in psi? Times the order of H, as a number. */
static bool occurs(Exacts *pool, const Characters *c, const Character *psi, const int8_t *sign, uint32_t n,
    uint32_t size) {
  const Exact *sum = exact_int(pool, 0);
  for (uint32_t h = 0; h < n; h++)
    if (sign[h]) {
      const Exact *v = psi->value[c->of[h]];
      sum = sign[h] > 0 ? exact_add(pool, sum, v) : exact_sub(pool, sum, v);
    }
  int64_t whole;
  return exact_as_int(sum, &whole) && whole == (int64_t)size * psi->commutant;
}

static Cosets cosets(Arena *arena, const Group *g, const int8_t *sign, uint32_t size) {
  uint32_t n = g->elements->n;
  Cosets c = { .size = size, .coset = arena_array(arena, uint32_t, n), .sign = arena_array(arena, int8_t, n),
      .first = arena_array(arena, uint32_t, n) };
  for (uint32_t x = 0; x < n; x++) {
    if (c.sign[x]) continue;
    c.first[c.n] = x;
    for (uint32_t h = 0; h < n; h++)
      if (sign[h]) {
        uint32_t to = element_times(g, x, h);
        c.coset[to] = c.n;
        c.sign[to] = sign[h];
      }
    c.n++;
  }
  return c;
}

static const Exact *dot(Exacts *pool, const Exact *const *a, const Exact *const *b, uint32_t n) {
  const Exact *sum = exact_int(pool, 0);
  for (uint32_t i = 0; sum && i < n; i++) {
    if (exact_is_zero(a[i]) || exact_is_zero(b[i])) continue;
    const Exact *x = exact_mul(pool, a[i], b[i]);
    sum = x ? exact_add(pool, sum, x) : NULL;
  }
  return sum;
}

/* The projection of the unit vector of a coset, up to a factor: the sum over g of psi(g^-1) g. */
static const Exact **project(Exacts *pool, Arena *arena, const Group *g, const Characters *c, const Character *psi,
    const Cosets *w, uint32_t i) {
  const Exact **v = arena_array(arena, const Exact *, w->n);
  for (uint32_t k = 0; k < w->n; k++) v[k] = exact_int(pool, 0);
  for (uint32_t x = 0; x < g->elements->n; x++) {
    uint32_t to = element_times(g, x, w->first[i]), k = w->coset[to];
    const Exact *value = psi->value[c->of[g->elements->inverse[x]]];
    v[k] = w->sign[to] > 0 ? exact_add(pool, v[k], value) : exact_sub(pool, v[k], value);
    if (!v[k]) return NULL;
  }
  return v;
}

/* v minus its part along the orthonormal u; false beyond the field. */
static bool subtract(Exacts *pool, const Exact **v, const Exact *const *u, uint32_t n) {
  const Exact *along = dot(pool, v, u, n);
  if (!along) return false;
  for (uint32_t i = 0; i < n && !exact_is_zero(along); i++) {
    const Exact *x = exact_mul(pool, along, u[i]);
    v[i] = x ? exact_sub(pool, v[i], x) : NULL;
    if (!v[i]) return false;
  }
  return true;
}

static bool normalize(Exacts *pool, const Exact **v, uint32_t n) {
  const Exact *square = dot(pool, v, v, n), *root = square ? exact_sqrt(pool, square) : NULL;
  if (!root || exact_is_zero(root)) return false;
  for (uint32_t i = 0; i < n; i++) {
    uint32_t order = 1;
    Matrix one = { 1, &v[i] }, other = { 1, &root };
    if (!matrix_field(one, &order) || !matrix_field(other, &order)) return false;
    v[i] = exact_div(pool, v[i], root);
  }
  return true;
}

/* An orthonormal basis of the space, u[0 ... dim - 1]; false when the lengths of no candidate have roots. */
static bool orthonormal(Exacts *pool, Arena *arena, const Group *g, const Characters *c, const Character *psi,
    const Cosets *w, const Exact ***u) {
  uint32_t made = 0;
  for (uint32_t i = 0; i < w->n && made < psi->dim; i++) {
    const Exact **v = project(pool, arena, g, c, psi, w, i);
    bool good = v != NULL;
    for (uint32_t k = 0; good && k < made; k++) good = subtract(pool, v, u[k], w->n);
    if (good && normalize(pool, v, w->n)) u[made++] = v;
  }
  return made == psi->dim;
}

/* Row i, column j: u_i . g u_j. */
static bool fill(Exacts *pool, Arena *arena, const Group *g, uint32_t gen, const Cosets *w, const Exact ***u,
    Matrix *m) {
  const Exact **moved = arena_array(arena, const Exact *, w->n);
  for (uint32_t j = 0; j < m->dim; j++) {
    for (uint32_t k = 0; k < w->n; k++) {
      uint32_t to = g->elements->times[(size_t)w->first[k] * g->ngen + gen];
      moved[w->coset[to]] = w->sign[to] > 0 ? u[j][k] : exact_sub(pool, exact_int(pool, 0), u[j][k]);
    }
    for (uint32_t i = 0; i < m->dim; i++)
      if (!(m->at[(size_t)i * m->dim + j] = dot(pool, u[i], moved, w->n))) return false;
  }
  uint32_t order = 1;
  return matrix_field(*m, &order);
}

/* One subgroup with signs; true when matrices came out. */
static bool attempt(Reps *reps, Arena *scratch, const Group *g, const Characters *c, const Character *psi,
    const int8_t *sign, uint32_t size, Matrix *m) {
  Exacts *pool = reps->groups->exacts;
  Cosets w = cosets(scratch, g, sign, size);
  const Exact ***u = arena_array(scratch, const Exact **, psi->dim);
  if (!orthonormal(pool, scratch, g, c, psi, &w, u)) return false;
  for (uint32_t i = 0; i < g->ngen; i++) {
    m[i] = matrix_new(pool, reps->arena, psi->dim);
    if (!fill(pool, scratch, g, i, &w, u, &m[i])) return false;
  }
  return true;
}

static bool find_matrices(Reps *reps, const Group *g, const Characters *c, const Character *psi, Matrix *m) {
  static const int signs[4][2] = { { 1, 1 }, { 1, -1 }, { -1, 1 }, { -1, -1 } };
  uint32_t n = g->elements->n;
  Arena scratch = { 0 };
  int8_t *sign = arena_array(&scratch, int8_t, n);
  Mark mark = arena_mark(&scratch);
  bool good = false;
  for (uint32_t b = 0; !good && b < n; b++)
    for (uint32_t a = 0; !good && a <= b; a++)
      for (int s = 0; !good && s < 4; s++) {
        uint32_t size;
        if (subgroup(&scratch, g, a, b, signs[s][0], signs[s][1], sign, &size) &&
            occurs(reps->groups->exacts, c, psi, sign, n, size))
          good = attempt(reps, &scratch, g, c, psi, sign, size, m);
        arena_reset(&scratch, mark);
      }
  arena_free(&scratch);
  return good;
}

const Kind *irrep_of(Reps *reps, const Group *g, uint32_t k, Why *why) {
  const Characters *c = group_characters(reps, g, why);
  if (!c) return NULL;
  if (k >= c->n) {
    why_no(why, E0106, "`%.*s` has irrep(0) to irrep(%u)", STR(g->name), c->n - 1);
    return NULL;
  }
  const Character *psi = &c->table[k];
  Asked asked = { QUESTION_IRREP, g, NULL, NULL, k };
  const Kind *known = memory_get(reps, asked);
  if (known) return known;
  Kind draft = { .name = str_format(reps->arena, "irrep(%u)", k), .group = g, .dim = psi->dim, .degree = k };
  draft.matrix = arena_array(reps->arena, Matrix, g->ngen + 1);
  if (!find_matrices(reps, g, c, psi, draft.matrix)) {
    why_no(why, E0704, "irrep(%u) of `%.*s` has no orthonormal basis that was found in a cyclotomic field", k,
        STR(g->name));
    return NULL;
  }
  const Kind *made = kind_make(reps, draft, why);
  if (made) memory_put(reps, asked, made);
  return made;
}
