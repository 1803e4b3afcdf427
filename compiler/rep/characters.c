/* characters.c: the real characters of a finite group, exactly (Dixon's method).
 *
 * For a complex character c, the numbers |C| c(C) / c(1) are a common eigenvector of the matrices of
 * class multiplication. Modulo a prime p = 1 (mod the exponent) all of them lie in F_p, and one random
 * combination of the matrices tells them apart. The degree follows from the orthogonality relation; the
 * multiplicity of each root of 1 as an eigenvalue of an element is a small whole number, so the
 * sum over the powers of the element gives it modulo p and hence exactly. Over the reals, a character of
 * indicator 1 stays, one of indicator -1 doubles, two conjugate ones join. */
#include "rep/irrep.h"
#include <flint/nmod_mat.h>
#include <flint/nmod_poly.h>
#include <flint/ulong_extras.h>

enum { ORDER = 2000, CLASSES = 200 };

typedef struct Table {              /* modulo p                                                      */
  const Group *g;
  Characters *c;
  uint32_t *inverse, *square, *order;                /* of classes                                 */
  ulong p;
  uint32_t exponent;
  ulong root;                                        /* of order `exponent`                        */
  ulong *value;                                      /* [character * nclasses + class]             */
  uint32_t *degree;
} Table;

/* --- classes ------------------------------------------------------------------------------------------- */
static void find_classes(Arena *arena, const Group *g, Characters *c) {
  const Elements *e = g->elements;
  c->of = arena_array(arena, uint32_t, e->n);
  c->first = arena_array(arena, uint32_t, e->n);
  c->size = arena_array(arena, uint32_t, e->n);
  uint32_t *queue = arena_array(arena, uint32_t, e->n);
  bool *seen = arena_array(arena, bool, e->n);
  for (uint32_t x = 0; x < e->n; x++) {
    if (seen[x]) continue;
    uint32_t end = 1;
    queue[0] = x;
    seen[x] = true;
    for (uint32_t k = 0; k < end; k++) {
      c->of[queue[k]] = c->nclasses;
      for (uint32_t i = 0; i < g->ngen; i++) {
        uint32_t gen = e->times[i], to = element_times(g, e->times[(size_t)queue[k] * g->ngen + i], e->inverse[gen]);
        if (seen[to]) continue;
        seen[to] = true;
        queue[end++] = to;
      }
    }
    c->first[c->nclasses] = x;
    c->size[c->nclasses++] = end;
  }
}

static void find_powers(Arena *arena, Table *t) {
  uint32_t n = t->c->nclasses;
  t->inverse = arena_array(arena, uint32_t, n);
  t->square = arena_array(arena, uint32_t, n);
  t->order = arena_array(arena, uint32_t, n);
  t->exponent = 1;
  for (uint32_t k = 0; k < n; k++) {
    uint32_t x = t->c->first[k];
    t->inverse[k] = t->c->of[t->g->elements->inverse[x]];
    t->square[k] = t->c->of[element_times(t->g, x, x)];
    t->order[k] = element_order(t->g, x);
    t->exponent = t->exponent / (uint32_t)n_gcd(t->exponent, t->order[k]) * t->order[k];
  }
}

/* --- modulo p -------------------------------------------------------------------------------------------- */
static ulong inverse_of(const Table *t, ulong a) { return n_invmod(a % t->p, t->p); }

static ulong times(const Table *t, ulong a, ulong b) { return n_mulmod2(a, b, t->p); }

static void find_prime(Table *t) {
  t->p = (((ulong)1 << 61) / t->exponent) * t->exponent + 1;
  do t->p -= t->exponent;
  while (!n_is_prime(t->p));
  for (ulong x = 2;; x++) {
    t->root = n_powmod2(x, (slong)((t->p - 1) / t->exponent), t->p);
    bool primitive = true;
    for (uint32_t q = 2; q <= t->exponent; q++)
      if (t->exponent % q == 0 && n_is_prime(q)) primitive &= n_powmod2(t->root, t->exponent / q, t->p) != 1;
    if (primitive) return;
  }
}

/* The sum of pseudorandom multiples of the class matrices: row s, column t counts x of class r with x^-1 z_t in s. */
static void class_matrix(const Table *t, uint64_t seed, nmod_mat_t m) {
  uint32_t n = t->c->nclasses, order = t->g->elements->n;
  for (uint32_t column = 0; column < n; column++)
    for (uint32_t x = 0; x < order; x++) {
      uint64_t weight = (t->c->of[x] + 1) * 0x9e3779b97f4a7c15u + seed;
      weight = (weight ^ (weight >> 29)) * 0xbf58476d1ce4e5b9u;
      weight ^= weight >> 32;
      uint32_t row = t->c->of[element_times(t->g, t->g->elements->inverse[x], t->c->first[column])];
      ulong *at = &nmod_mat_entry(m, row, column);
      *at = n_addmod(*at, weight % t->p, t->p);
    }
}

/* From an eigenvector: divided by its first number, it is |C| c(C) / c(1). */
static bool one_character(Table *t, const nmod_mat_t vectors, uint32_t k) {
  uint32_t n = t->c->nclasses;
  ulong scale = nmod_mat_entry(vectors, 0, 0), sum = 0;
  if (!scale) return false;
  scale = inverse_of(t, scale);
  ulong *value = t->value + (size_t)k * n;
  for (uint32_t s = 0; s < n; s++) value[s] = n_mulmod2(nmod_mat_entry(vectors, s, 0), scale, t->p);
  for (uint32_t s = 0; s < n; s++)
    sum = n_addmod(sum, times(t, times(t, value[s], value[t->inverse[s]]), inverse_of(t, t->c->size[s])), t->p);
  ulong square = n_mulmod2(t->g->elements->n, inverse_of(t, sum), t->p);
  uint32_t d = 1;
  while ((ulong)d * d < square && d <= t->g->elements->n) d++;
  if ((ulong)d * d != square) return false;
  t->degree[k] = d;
  for (uint32_t s = 0; s < n; s++) value[s] = times(t, times(t, value[s], d), inverse_of(t, t->c->size[s]));
  return true;
}

/* All characters modulo p; false when the combination did not tell them apart. */
static bool split(Table *t, uint64_t seed) {
  slong n = t->c->nclasses;
  nmod_mat_t m, shifted, vectors;
  nmod_poly_t poly;
  nmod_poly_factor_t factors;
  nmod_mat_init(m, n, n, t->p);
  nmod_mat_init(shifted, n, n, t->p);
  nmod_mat_init(vectors, n, n, t->p);
  nmod_poly_init(poly, t->p);
  nmod_poly_factor_init(factors);
  class_matrix(t, seed, m);
  nmod_mat_charpoly(poly, m);
  nmod_poly_factor(factors, poly);
  bool good = factors->num == n;
  for (slong k = 0; good && k < n; k++) {
    good = nmod_poly_degree(factors->p + k) == 1;
    if (!good) break;
    ulong shift = nmod_poly_get_coeff_ui(factors->p + k, 0);    /* the factor is x + shift           */
    nmod_mat_set(shifted, m);
    for (slong i = 0; i < n; i++) nmod_mat_entry(shifted, i, i) = n_addmod(nmod_mat_entry(m, i, i), shift, t->p);
    good = nmod_mat_nullspace(vectors, shifted) == 1 && one_character(t, vectors, (uint32_t)k);
  }
  nmod_mat_clear(m);
  nmod_mat_clear(shifted);
  nmod_mat_clear(vectors);
  nmod_poly_clear(poly);
  nmod_poly_factor_clear(factors);
  return good;
}

/* --- over the reals ------------------------------------------------------------------------------------------ */
/* Real part of character k on a class: multiplicities of roots of 1 times their cosines; NULL beyond the field. */
static const Exact *real_value(Exacts *pool, const Table *t, uint32_t k, uint32_t class) {
  uint32_t o = t->order[class], n = t->c->nclasses;
  ulong zeta = n_powmod2(t->root, t->exponent / o, t->p), share = inverse_of(t, o);
  const Exact *sum = exact_int(pool, 0);
  for (uint32_t j = 0; sum && j < o; j++) {          /* how often zeta^j is an eigenvalue          */
    ulong many = 0, back = n_invmod(n_powmod2(zeta, j, t->p), t->p), power = 1;
    for (uint32_t l = 0, x = 0; l < o; l++, x = element_times(t->g, t->c->first[class], x)) {
      many = n_addmod(many, n_mulmod2(t->value[(size_t)k * n + t->c->of[x]], power, t->p), t->p);
      power = n_mulmod2(power, back, t->p);
    }
    many = n_mulmod2(many, share, t->p);
    if (many > t->degree[k]) bug("a multiplicity that is no small number");
    if (!many) continue;
    const Exact *turn = exact_div(pool, exact_int(pool, j), exact_int(pool, o));
    const Exact *c = exact_cos(pool, turn);
    sum = c ? exact_add(pool, sum, exact_mul(pool, exact_int(pool, (int64_t)many), c)) : NULL;
  }
  return sum;
}

/* 1 real, 0 complex, -1 quaternionic type: the mean of c(g^2). */
static int indicator(const Table *t, uint32_t k) {
  uint32_t n = t->c->nclasses;
  ulong sum = 0;
  for (uint32_t s = 0; s < n; s++)
    sum = n_addmod(sum, n_mulmod2(t->value[(size_t)k * n + t->square[s]], t->c->size[s], t->p), t->p);
  sum = n_mulmod2(sum, inverse_of(t, t->g->elements->n), t->p);
  if (sum > 1 && sum != t->p - 1) bug("an indicator that is none of 1, 0, -1");
  return sum > 1 ? -1 : (int)sum;
}

/* Is another character of a smaller number the conjugate of this one? */
static bool conjugate_before(const Table *t, uint32_t k) {
  uint32_t n = t->c->nclasses;
  for (uint32_t l = 0; l < k; l++) {
    bool same = true;
    for (uint32_t s = 0; same && s < n; s++)
      same = t->value[(size_t)l * n + s] == t->value[(size_t)k * n + t->inverse[s]];
    if (same) return true;
  }
  return false;
}

static int character_order(const Characters *c, uint32_t order, const Character *a, const Character *b) {
  if (a->dim != b->dim) return a->dim < b->dim ? -1 : 1;
  for (uint32_t e = 0; e < order; e++) {
    int larger = exact_compare(a->value[c->of[e]], b->value[c->of[e]]);
    if (larger) return -larger;
  }
  return 0;
}

static bool real_characters(Reps *reps, const Table *t, Why *why) {
  Characters *c = t->c;
  Exacts *pool = reps->groups->exacts;
  for (uint32_t k = 0; k < c->nclasses; k++) {
    int type = indicator(t, k);
    if (!type && conjugate_before(t, k)) continue;
    Character x = { type == 1 ? t->degree[k] : 2 * t->degree[k], type == 1 ? 1 : type ? 4 : 2, NULL };
    x.value = arena_array(reps->arena, const Exact *, c->nclasses);
    for (uint32_t s = 0; s < c->nclasses; s++) {
      const Exact *v = real_value(pool, t, k, s);
      if (!v) return why_no(why, E0704, "the characters of `%.*s` lie in a field of order above 5040", STR(t->g->name));
      x.value[s] = type == 1 ? v : exact_mul(pool, exact_int(pool, 2), v);
    }
    uint32_t at = c->n++;                            /* insertion keeps the table sorted           */
    for (; at && character_order(c, t->g->elements->n, &x, &c->table[at - 1]) < 0; at--)
      c->table[at] = c->table[at - 1];
    c->table[at] = x;
  }
  return true;
}

const Characters *group_characters(Reps *reps, const Group *g, Why *why) {
  Asked asked = { QUESTION_CHARACTERS, g, NULL, NULL, 0 };
  Characters *c = memory_get(reps, asked);
  if (c) return c;
  const Elements *e = group_elements(reps->groups, g, why);
  if (!e) return NULL;
  c = arena_one(reps->arena, Characters);
  if (e->n <= ORDER) find_classes(reps->arena, g, c);
  if (e->n > ORDER || c->nclasses > CLASSES) {
    why_no(why, E0704, "irreps of `%.*s`: they are found for groups of at most %d elements and %d classes",
        STR(g->name), ORDER, CLASSES);
    return NULL;
  }
  c->table = arena_array(reps->arena, Character, c->nclasses);
  Arena scratch = { 0 };
  Table t = { .g = g, .c = c };
  find_powers(&scratch, &t);
  find_prime(&t);
  t.value = arena_array(&scratch, ulong, (size_t)c->nclasses * c->nclasses);
  t.degree = arena_array(&scratch, uint32_t, c->nclasses);
  for (uint64_t seed = 1; !split(&t, seed); seed++)
    if (seed == 100) bug("classes of %.*s that nothing tells apart", STR(g->name));
  bool good = real_characters(reps, &t, why);
  arena_free(&scratch);
  if (!good) return NULL;
  memory_put(reps, asked, c);
  return c;
}
