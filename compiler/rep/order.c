/* order.c: the order of a group; of a permutation group by Schreier and Sims, without its elements.
 *
 * A chain of stabilisers: level i knows a base point, the generators that fix the base points before
 * it, and for each point of the orbit of its base point a permutation that takes the base point there.
 * The order is the product of the sizes of the orbits. The chain is complete when every Schreier
 * generator of a level sifts through the levels below; one that does not becomes a generator there. */
#include "rep/group.h"

typedef struct Level {
  uint32_t base, norbit;
  uint32_t *orbit;                                   /* [norbit] points, in the order they were found */
  uint32_t **to;                                     /* [point] takes base to point; NULL outside  */
  vec(uint32_t *) gen;
  uint32_t checked_gens, *checked;                   /* [orbit number] generators already tried there */
} Level;
typedef struct Chain { Arena *arena; uint32_t n; vec(Level) level; } Chain;

static void times(uint32_t n, const uint32_t *a, const uint32_t *b, uint32_t *to) {
  for (uint32_t i = 0; i < n; i++) to[i] = a[b[i]];
}

/* to = a^-1 b */
static void undo(uint32_t n, const uint32_t *a, const uint32_t *b, uint32_t *to, uint32_t *scratch) {
  for (uint32_t i = 0; i < n; i++) scratch[a[i]] = i;
  for (uint32_t i = 0; i < n; i++) to[i] = scratch[b[i]];
}

static uint32_t moved(uint32_t n, const uint32_t *p) {
  for (uint32_t i = 0; i < n; i++)
    if (p[i] != i) return i;
  return n;
}

static void extend_orbit(Chain *c, Level *l) {
  for (uint32_t k = 0; k < l->norbit; k++)
    for (uint32_t g = 0; g < l->gen.n; g++) {
      uint32_t to = l->gen.at[g][l->orbit[k]];
      if (l->to[to]) continue;
      l->to[to] = arena_array(c->arena, uint32_t, c->n);
      times(c->n, l->gen.at[g], l->to[l->orbit[k]], l->to[to]);
      l->orbit[l->norbit++] = to;
    }
}

static void add_level(Chain *c, uint32_t base) {
  Level l = { .base = base, .norbit = 1 };
  l.orbit = arena_array(c->arena, uint32_t, c->n);
  l.checked = arena_array(c->arena, uint32_t, c->n);
  l.to = arena_array(c->arena, uint32_t *, c->n);
  l.orbit[0] = base;
  l.to[base] = arena_array(c->arena, uint32_t, c->n);
  for (uint32_t i = 0; i < c->n; i++) l.to[base][i] = i;
  vec_push(c->arena, &c->level, l);
}

/* Divides p by transversals from level i on; returns where it stopped: the number of levels if p came through. */
static uint32_t sift(const Chain *c, uint32_t i, uint32_t *p, uint32_t *scratch) {
  for (; i < c->level.n; i++) {
    const Level *l = &c->level.at[i];
    const uint32_t *t = l->to[p[l->base]];
    if (!t) return i;
    undo(c->n, t, p, p, scratch);
  }
  return i;
}

/* p fixes the base points before level i: a generator of the levels from `from` to i. */
static void add_generator(Chain *c, uint32_t from, uint32_t i, const uint32_t *p) {
  if (i == c->level.n) add_level(c, moved(c->n, p));
  uint32_t *copy = arena_array(c->arena, uint32_t, c->n);
  memcpy(copy, p, sizeof *p * c->n);
  for (uint32_t k = from; k <= i; k++) {
    vec_push(c->arena, &c->level.at[k].gen, copy);
    extend_orbit(c, &c->level.at[k]);
  }
}

/* Tries the Schreier generators of level i that were not tried yet; true if one was new. */
static bool find_new(Chain *c, uint32_t i, uint32_t *p, uint32_t *q, uint32_t *scratch) {
  for (uint32_t k = 0; k < c->level.at[i].norbit; k++)
    for (Level *l = &c->level.at[i]; l->checked[k] < l->gen.n;) {
      const uint32_t *g = l->gen.at[l->checked[k]++];
      uint32_t point = l->orbit[k];
      times(c->n, g, l->to[point], q);
      undo(c->n, l->to[g[point]], q, p, scratch);    /* fixes the base point                       */
      uint32_t stop = sift(c, i + 1, p, scratch);
      if (stop < c->level.n || moved(c->n, p) < c->n) {
        add_generator(c, i + 1, stop, p);
        return true;
      }
    }
  return false;
}

static uint64_t product(uint64_t a, uint64_t b) {
  uint64_t c;
  return __builtin_mul_overflow(a, b, &c) ? UINT64_MAX : c;
}

static uint64_t permutation_order(Groups *gs, const Group *g) {
  Mark mark = arena_mark(gs->arena);
  Chain c = { .arena = gs->arena, .n = g->npoints };
  uint32_t *p = arena_array(gs->arena, uint32_t, c.n), *q = arena_array(gs->arena, uint32_t, c.n);
  uint32_t *scratch = arena_array(gs->arena, uint32_t, c.n);
  for (uint32_t i = 0; i < g->ngen; i++) {
    if (moved(c.n, g->image[i]) == c.n) continue;
    memcpy(p, g->image[i], sizeof *p * c.n);
    uint32_t stop = 0;                               /* the last level whose base points before are fixed */
    while (stop < c.level.n && p[c.level.at[stop].base] == c.level.at[stop].base) stop++;
    add_generator(&c, 0, stop, p);
  }
  for (uint32_t i = c.level.n; i-- > 0;)             /* from below; a new generator starts again below */
    if (find_new(&c, i, p, q, scratch)) i = c.level.n;
  uint64_t order = 1;
  for (uint32_t i = 0; i < c.level.n; i++) order = product(order, c.level.at[i].norbit);
  arena_reset(gs->arena, mark);
  return order;
}

uint64_t group_order(Groups *gs, const Group *g) {
  if (g->sort == GROUP_LIE) return 0;
  if (g->elements) return g->elements->n;
  if (g->npoints) return permutation_order(gs, g);
  if (g->nfactors) {
    uint64_t order = 1;
    for (uint32_t i = 0; i < g->nfactors && order; i++) {
      uint64_t next = group_order(gs, g->factor[i]);
      order = next ? product(order, next) : 0;
    }
    return order;
  }
  const Elements *e = group_elements(gs, g, NULL);
  return e ? e->n : 0;
}
