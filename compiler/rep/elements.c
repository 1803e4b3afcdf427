/* elements.c: the elements of a finite group, one by one.
 *
 * An element is found by what it does: images of points, pairs of elements for a product, and for
 * matrices their image modulo a 62-bit prime p = 1 (mod n), which decides equality quickly. That the
 * group is no larger than its image is proved afterwards: every product generator * element is
 * computed exactly (for groups of more than CHECKED elements a second prime has to agree instead).
 *
 * The search is breadth first from 1, multiplying by the generators from the left, which is the order
 * of LANGUAGE 3.9. What it leaves behind is the table of generators times elements, and for each
 * element one word: by[e], by[from[e]], ...; all other products are walks through the table. */
#include "rep/matrix.h"
#include "rep/field.h"
#include <flint/ulong_extras.h>
#include <stdlib.h>

enum { LIMIT = 1000000, CHECKED = 5000 };

/* --- what an element does: a key ---------------------------------------------------------------- */
typedef struct Model {
  const Group *group;
  uint32_t words;                                    /* 64-bit words of a key                      */
  ulong prime;
  ulong *generator;                                  /* matrices modulo the prime                  */
} Model;

static ulong residue(const Exact *a, ulong p, ulong root, uint32_t order) {
  if (exact_is_rational(a)) {
    ulong d = fmpz_fdiv_ui(fmpq_denref(a->q), p);
    assert(d);
    return n_mulmod2(fmpz_fdiv_ui(fmpq_numref(a->q), p), n_invmod(d, p), p);
  }
  ulong x = n_powmod2(root, order / a->order, p), value = 0, d = fmpz_fdiv_ui(a->p->den, p);
  for (slong k = a->p->length - 1; k >= 0; k--)
    value = n_addmod(n_mulmod2(value, x, p), fmpz_fdiv_ui(a->p->coeffs + k, p), p);
  return n_mulmod2(value, n_invmod(d, p), p);
}

static ulong root_of_one(ulong p, uint32_t n) {
  for (ulong x = 2;; x++) {
    ulong z = n_powmod2(x, (slong)((p - 1) / n), p);
    bool primitive = true;
    for (uint32_t q = 2; q <= n; q++)
      if (n % q == 0 && n_is_prime(q)) primitive &= n_powmod2(z, n / q, p) != 1;
    if (primitive) return z;
  }
}

/* The `which`-th prime below 2^62 that suits the field of the generators and none of whose denominators it divides. */
static void model_matrices(Arena *scratch, const Group *g, uint32_t which, Model *m) {
  uint32_t order = 1, dim = g->dim;
  for (uint32_t i = 0; i < g->ngen; i++) {
    bool known = matrix_field(g->vector[i], &order);
    assert(known);
    (void)known;
  }
  ulong p = (((ulong)1 << 62) / order) * order + 1;
  for (uint32_t k = 0; k <= which;) {
    do p -= order;
    while (!n_is_prime(p));
    bool divides = false;
    for (uint32_t i = 0; i < g->ngen; i++)
      for (uint32_t j = 0; j < dim * dim; j++) {
        const Exact *a = g->vector[i].at[j];
        divides |= fmpz_divisible_si(a->order == 1 ? fmpq_denref(a->q) : a->p->den, (slong)p) != 0;
      }
    k += !divides;
  }
  m->prime = p;
  m->words = dim * dim;
  m->generator = arena_array(scratch, ulong, (size_t)g->ngen * m->words);
  ulong root = root_of_one(p, order);
  for (uint32_t i = 0; i < g->ngen; i++)
    for (uint32_t j = 0; j < m->words; j++)
      m->generator[(size_t)i * m->words + j] = residue(g->vector[i].at[j], p, root, order);
}

static void key_one(const Model *m, uint64_t *key) {
  const Group *g = m->group;
  memset(key, 0, sizeof *key * m->words);
  if (g->npoints)
    for (uint32_t i = 0; i < g->npoints; i++) ((uint16_t *)key)[i] = (uint16_t)i;
  else if (g->dim)
    for (uint32_t i = 0; i < g->dim; i++) key[i * g->dim + i] = 1;
}

/* key of generator * element */
static void key_times(const Model *m, uint32_t gen, const uint64_t *key, uint64_t *to) {
  const Group *g = m->group;
  memset(to, 0, sizeof *to * m->words);
  if (g->npoints) {
    const uint16_t *a = (const uint16_t *)key;
    for (uint32_t i = 0; i < g->npoints; i++) ((uint16_t *)to)[i] = (uint16_t)g->image[gen][a[i]];
  } else if (g->dim) {
    const ulong *a = m->generator + (size_t)gen * m->words;
    for (uint32_t i = 0; i < g->dim; i++)
      for (uint32_t k = 0; k < g->dim; k++) {
        ulong x = a[i * g->dim + k];
        for (uint32_t j = 0; x && j < g->dim; j++)
          to[i * g->dim + j] = n_addmod(to[i * g->dim + j], n_mulmod2(x, key[k * g->dim + j], m->prime), m->prime);
      }
  } else {
    const Group *a = g->factor[0], *b = g->factor[1];
    bool first = gen < a->ngen;
    to[0] = first ? a->elements->times[key[0] * a->ngen + gen] : key[0];
    to[1] = first ? key[1] : b->elements->times[key[1] * b->ngen + gen - a->ngen];
  }
}

/* --- the search ---------------------------------------------------------------------------------- */
typedef struct Search {
  uint64_t *key;                                     /* [n * words]                                */
  uint32_t *slot, nslots;                            /* element + 1                                */
  uint32_t *times, *by, *from, n, cap;
} Search;

static uint32_t place(const Search *s, const uint64_t *key, uint32_t words) {
  uint64_t h = 0x9e3779b97f4a7c15u;
  for (uint32_t i = 0; i < words; i++) {
    h = (h ^ key[i]) * 0xff51afd7ed558ccdu;
    h ^= h >> 32;
  }
  uint32_t at = (uint32_t)h & (s->nslots - 1);
  while (s->slot[at] && memcmp(s->key + (size_t)(s->slot[at] - 1) * words, key, sizeof *key * words))
    at = (at + 1) & (s->nslots - 1);
  return at;
}

static void grow(Search *s, const Model *m) {
  s->cap = s->cap ? 2 * s->cap : 64;
  s->key = heap_grow(s->key, sizeof *s->key * s->cap * m->words);
  s->times = heap_grow(s->times, sizeof *s->times * s->cap * (m->group->ngen ? m->group->ngen : 1));
  s->by = heap_grow(s->by, sizeof *s->by * s->cap);
  s->from = heap_grow(s->from, sizeof *s->from * s->cap);
  s->nslots = 4 * s->cap;
  s->slot = heap_grow(s->slot, sizeof *s->slot * s->nslots);
  memset(s->slot, 0, sizeof *s->slot * s->nslots);
  for (uint32_t i = 0; i < s->n; i++) s->slot[place(s, s->key + (size_t)i * m->words, m->words)] = i + 1;
}

static void end(Search *s) {
  free(s->key);
  free(s->slot);
  free(s->times);
  free(s->by);
  free(s->from);
}

static bool search(const Model *m, Search *s) {
  uint32_t ngen = m->group->ngen;
  *s = (Search){ 0 };
  grow(s, m);
  key_one(m, s->key);
  s->slot[place(s, s->key, m->words)] = 1;
  s->n = 1;
  s->by[0] = s->from[0] = 0;
  uint64_t *next = heap_grow(NULL, sizeof *next * m->words);
  bool good = true;
  for (uint32_t e = 0; good && e < s->n; e++)
    for (uint32_t g = 0; g < ngen; g++) {
      key_times(m, g, s->key + (size_t)e * m->words, next);
      if (s->n == s->cap) grow(s, m);
      uint32_t at = place(s, next, m->words);
      if (!s->slot[at]) {
        if (s->n == LIMIT) {
          good = false;
          break;
        }
        memcpy(s->key + (size_t)s->n * m->words, next, sizeof *next * m->words);
        s->by[s->n] = g;
        s->from[s->n] = e;
        s->slot[at] = ++s->n;
      }
      s->times[(size_t)e * ngen + g] = s->slot[at] - 1;
    }
  free(next);
  return good;
}

/* --- what is kept ---------------------------------------------------------------------------------- */
/* Word by word from the left: inverses of generators take b to a^-1 b. */
static uint32_t unapply(const Elements *e, uint32_t ngen, uint32_t a, uint32_t b) {
  for (; a; a = e->from[a]) b = e->untimes[(size_t)b * ngen + e->by[a]];
  return b;
}

static void fill_inverses(Elements *e, uint32_t ngen) {
  if (ngen == 1)
    for (uint32_t i = 0; i < e->n; i++) e->inverse[i] = i ? e->n - i : 0;
  else
    for (uint32_t i = 0; i < e->n; i++) e->inverse[i] = unapply(e, ngen, i, 0);
}

/* "a^2 b": equal letters in a row are one power; tail is what stands behind the first power. */
static void fill_names(Arena *arena, const Group *g, Elements *e) {
  uint32_t *run = heap_grow(NULL, sizeof *run * e->n), *tail = heap_grow(NULL, sizeof *tail * e->n);
  e->name[0] = S("1");
  run[0] = tail[0] = 0;
  for (uint32_t i = 1; i < e->n; i++) {
    uint32_t f = e->from[i];
    bool longer = f && e->by[f] == e->by[i];
    run[i] = longer ? run[f] + 1 : 1;
    tail[i] = longer ? tail[f] : f;
    Str rest = tail[i] ? e->name[tail[i]] : S(""), letter = g->gen[e->by[i]];
    const char *space = tail[i] ? " " : "";
    e->name[i] = run[i] == 1 ? str_format(arena, "%.*s%s%.*s", STR(letter), space, STR(rest))
                             : str_format(arena, "%.*s^%u%s%.*s", STR(letter), run[i], space, STR(rest));
  }
  free(run);
  free(tail);
}

static Elements *keep(Groups *gs, const Group *g, const Search *s) {
  Elements *e = arena_one(gs->arena, Elements);
  size_t n = s->n, table = n * g->ngen;
  e->n = s->n;
  e->times = arena_array(gs->arena, uint32_t, table);
  e->untimes = arena_array(gs->arena, uint32_t, table);
  e->inverse = arena_array(gs->arena, uint32_t, n);
  e->by = arena_array(gs->arena, uint32_t, n);
  e->from = arena_array(gs->arena, uint32_t, n);
  e->name = arena_array(gs->arena, Str, n);
  if (table) memcpy(e->times, s->times, sizeof *s->times * table);
  memcpy(e->by, s->by, sizeof *s->by * n);
  memcpy(e->from, s->from, sizeof *s->from * n);
  for (size_t i = 0; i < table; i++) e->untimes[(size_t)e->times[i] * g->ngen + i % g->ngen] = (uint32_t)(i / g->ngen);
  fill_inverses(e, g->ngen);
  fill_names(gs->arena, g, e);
  return e;
}

static void fill_vectors(Groups *gs, const Group *g, Elements *e) {
  if (e->vector) return;
  e->vector = arena_array(gs->arena, Matrix, e->n);
  e->vector[0] = matrix_identity(gs->exacts, gs->arena, g->dim);
  for (uint32_t i = 1; i < e->n; i++)
    e->vector[i] = matrix_times(gs->exacts, gs->arena, g->vector[e->by[i]], e->vector[e->from[i]]);
}

/* Do the exact matrices multiply as the table says? */
static bool exactly(Groups *gs, const Group *g, Elements *e) {
  fill_vectors(gs, g, e);
  for (uint32_t i = 0; i < e->n; i++)
    for (uint32_t k = 0; k < g->ngen; k++) {
      Mark mark = arena_mark(gs->arena);
      uint32_t to = e->times[(size_t)i * g->ngen + k];
      bool same = matrix_equal(matrix_times(gs->exacts, gs->arena, g->vector[k], e->vector[i]), e->vector[to]);
      arena_reset(gs->arena, mark);
      if (!same) return false;
    }
  return true;
}

static bool second_prime(Groups *gs, const Group *g, const Search *first) {
  Mark mark = arena_mark(gs->arena);
  Model m = { .group = g };
  Search s;
  model_matrices(gs->arena, g, 1, &m);
  bool same = search(&m, &s) && s.n == first->n && !memcmp(s.times, first->times, sizeof *s.times * s.n * g->ngen);
  end(&s);
  arena_reset(gs->arena, mark);
  return same;
}

static bool too_many(const Group *g, Why *why) {
  why_no(why, E0703, "`%.*s` has more than 1,000,000 elements", STR(g->name));
  return false;
}

/* A matrix of finite order k has k-th roots of 1 as eigenvalues, and is diagonal over them: so its trace is an
 * algebraic integer, no larger than dim, and dim at the identity alone; and its determinant is 1 or -1. Few words of an
 * infinite group are all like that: a walk of some steps finds one sooner than a million elements are found. Powers of
 * zeta_n are an integral basis. */
static bool finite_order(Exacts *pool, Matrix x) {
  const Exact *trace = matrix_trace(pool, x), *dim = exact_int(pool, x.dim);
  bool whole = exact_is_rational(trace) ? fmpz_is_one(fmpq_denref(trace->q)) : fmpz_is_one(trace->p->den);
  if (!whole || exact_compare(trace, dim) > 0 || exact_compare(exact_sub(pool, exact_int(pool, 0), trace), dim) > 0)
    return false;
  return !exact_equal(trace, dim) || matrix_is_identity(x);
}

static bool surely_infinite(Groups *gs, const Group *g) {
  enum { STEPS = 200, PRODUCTS = 100000 };             /* of numbers */
  uint64_t cube = (uint64_t)g->dim * g->dim * g->dim, state = 1;
  Mark mark = arena_mark(gs->arena);
  Matrix x = matrix_identity(gs->exacts, gs->arena, g->dim);
  bool finite = true;
  assert(g->ngen);
  for (uint32_t k = 0; finite && k < g->ngen; k++) {
    const Exact *d = matrix_determinant(gs->exacts, gs->arena, g->vector[k]);
    finite = finite_order(gs->exacts, g->vector[k]) && exact_equal(exact_mul(gs->exacts, d, d), exact_int(gs->exacts,
        1));
  }
  for (uint64_t step = 0; finite && step < STEPS && step * cube < PRODUCTS; step++) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    x = matrix_times(gs->exacts, gs->arena, g->vector[(state >> 33) % g->ngen], x);
    finite = finite_order(gs->exacts, x);
  }
  arena_reset(gs->arena, mark);
  return !finite;
}

static bool enumerate(Groups *gs, Group *g, Why *why) {
  Model m = { .group = g };
  if (g->npoints) {
    uint64_t order = group_order(gs, g);
    if (order > LIMIT) {
      why_no(why, E0703, "`%.*s` has %s%llu elements, and they are enumerated up to 1,000,000", STR(g->name),
             order == UINT64_MAX ? "at least " : "", (unsigned long long)order);
      return false;
    }
    m.words = (g->npoints + 3) / 4;
    if (g->npoints > UINT16_MAX) return why_no(why, E0703, "a permutation group on more than 65,535 points");
  } else if (g->dim) {
    if (g->ngen && surely_infinite(gs, g))
      return why_no(why, E0703, "`%.*s` has infinitely many elements", STR(g->name));
    if (g->ngen) model_matrices(gs->arena, g, 0, &m);
    else m.words = g->dim * g->dim;
  } else {
    const Elements *a = group_elements(gs, g->factor[0], why), *b = a ? group_elements(gs, g->factor[1], why) : NULL;
    if (!b) return false;
    if ((uint64_t)a->n * b->n > LIMIT) return too_many(g, why);
    m.words = 2;
  }
  Search s;
  bool good = search(&m, &s) || too_many(g, why);
  Elements *e = good ? keep(gs, g, &s) : NULL;
  if (good && g->dim && g->ngen && !(e->n <= CHECKED ? exactly(gs, g, e) : second_prime(gs, g, &s)))
    good = too_many(g, why);
  end(&s);
  if (good) g->elements = e;
  return good;
}

const Elements *group_elements(Groups *gs, const Group *g, Why *why) {
  if (g->elements) return g->elements;
  if (g->sort == GROUP_LIE) {
    why_no(why, E0703, "`%.*s` has infinitely many elements", STR(g->name));
    return NULL;
  }
  for (uint32_t i = 0; i < gs->all.n; i++)           /* the group is const for all but its owner   */
    if (gs->all.at[i] == g) return enumerate(gs, gs->all.at[i], why) ? g->elements : NULL;
  bug("a group that its owner does not know: %.*s", STR(g->name));
}

/* --- calculating with elements ----------------------------------------------------------------------- */
uint32_t element_times(const Group *g, uint32_t a, uint32_t b) {
  return unapply(g->elements, g->ngen, g->elements->inverse[a], b);
}

uint32_t element_order(const Group *g, uint32_t a) {
  uint32_t k = 1;
  for (uint32_t x = a; x; x = element_times(g, a, x)) k++;
  return k;
}

Matrix element_vector(Groups *gs, const Group *g, uint32_t e) {
  assert(g->dim && g->elements && e < g->elements->n);
  fill_vectors(gs, g, g->elements);
  return g->elements->vector[e];
}

/* --- subgroups ----------------------------------------------------------------------------------------- */
/* Which element of `large` is generator `gen` of `small`? UINT32_MAX: none. */
static uint32_t find_generator(Groups *gs, const Group *small, uint32_t gen, const Group *large) {
  const Elements *e = large->elements;
  if (small->dim && large->dim && small->dim <= large->dim) {
    fill_vectors(gs, large, large->elements);
    for (uint32_t x = 0; x < e->n; x++) {
      bool same = true;
      for (uint32_t i = 0; same && i < large->dim; i++)
        for (uint32_t j = 0; same && j < large->dim; j++) {
          const Exact *a = e->vector[x].at[(size_t)i * large->dim + j];
          bool inside = i < small->dim && j < small->dim;
          const Exact *b = inside ? small->vector[gen].at[(size_t)i * small->dim + j] : exact_int(gs->exacts, i == j);
          same = exact_equal(a, b);
        }
      if (same) return x;
    }
  }
  if (small->npoints && small->npoints <= large->npoints)
    for (uint32_t x = 0; x < e->n; x++) {
      bool same = true;
      for (uint32_t i = 0; same && i < large->npoints; i++) {
        uint32_t at = i;                             /* the word of x, its last letter first: x^-1 undoes it */
        for (uint32_t y = e->inverse[x]; y; y = e->from[y]) {
          const uint32_t *image = large->image[e->by[y]];
          uint32_t back = 0;
          while (image[back] != at) back++;
          at = back;
        }
        same = at == (i < small->npoints ? small->image[gen][i] : i);
      }
      if (same) return x;
    }
  return UINT32_MAX;
}

static uint32_t factor_element(const Group *product, uint32_t which, uint32_t e) {
  const Group *f = product->factor[which];
  uint32_t at = 0, offset = which ? product->factor[0]->ngen : 0;
  uint32_t depth = 0;
  for (uint32_t x = e; x; x = f->elements->from[x]) depth++;
  for (; depth; depth--) {                           /* the innermost letter first                 */
    uint32_t x = e;
    for (uint32_t i = 1; i < depth; i++) x = f->elements->from[x];
    at = product->elements->times[(size_t)at * product->ngen + offset + f->elements->by[x]];
  }
  return at;
}

static bool images(Groups *gs, const Group *small, const Group *large, uint32_t *image);

/* A group that is no product lies in one of the factors. */
static bool images_in_factor(Groups *gs, const Group *small, const Group *large, uint32_t *image) {
  for (uint32_t f = 0; f < large->nfactors; f++) {
    if (!group_elements(gs, large->factor[f], NULL) || !images(gs, small, large->factor[f], image)) continue;
    for (uint32_t i = 0; i < small->ngen; i++) image[i] = factor_element(large, f, image[i]);
    return true;
  }
  return false;
}

/* The generators of small as elements of large. */
static bool images(Groups *gs, const Group *small, const Group *large, uint32_t *image) {
  if (small == large) {
    for (uint32_t i = 0; i < small->ngen; i++) image[i] = large->elements->times[i];
    return true;
  }
  if (small->nfactors)
    return images(gs, small->factor[0], large, image) &&
           images(gs, small->factor[1], large, image + small->factor[0]->ngen);
  if (large->nfactors) return images_in_factor(gs, small, large, image);
  for (uint32_t i = 0; i < small->ngen; i++)
    if ((image[i] = find_generator(gs, small, i, large)) == UINT32_MAX) return false;
  return true;
}

const uint32_t *group_embed(Groups *gs, const Group *small, const Group *large, Why *why) {
  if (!group_elements(gs, large, why) || !group_elements(gs, small, why)) return NULL;
  const Elements *s = small->elements;
  uint32_t *image = arena_array(gs->arena, uint32_t, small->ngen + 1), *map = arena_array(gs->arena, uint32_t, s->n);
  if (!images(gs, small, large, image)) {
    why_no(why, E0706, "not every element of `%.*s` lies in `%.*s`", STR(small->name), STR(large->name));
    return NULL;
  }
  for (uint32_t i = 1; i < s->n; i++) map[i] = element_times(large, image[s->by[i]], map[s->from[i]]);
  for (uint32_t i = 0; i < s->n; i++)                /* a product of factors that meet is no subgroup */
    for (uint32_t g = 0; g < small->ngen; g++)
      if (element_times(large, image[g], map[i]) != map[s->times[(size_t)i * small->ngen + g]] || (i && !map[i])) {
        why_no(why, E0706, "`%.*s` is no subgroup of `%.*s`", STR(small->name), STR(large->name));
        return NULL;
      }
  return map;
}

bool subgroup_conjugate(Groups *gs, const Group *g, const bool *a, const bool *b) {
  const Elements *e = group_elements(gs, g, NULL);
  assert(e);
  uint32_t na = 0, nb = 0;
  for (uint32_t i = 0; i < e->n; i++) {
    na += a[i];
    nb += b[i];
  }
  bool found = false;
  for (uint32_t h = 0; na == nb && !found && h < e->n; h++) {
    found = true;
    for (uint32_t i = 0; found && i < e->n; i++)
      if (a[i]) found = b[element_times(g, element_times(g, h, i), e->inverse[h])];
  }
  return found;
}
