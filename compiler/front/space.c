/* space.c: domains with axes, domains made from others, and the orbits of what moves them.
 *
 *     grid(28, 28)           a window; the group whose `vector` has two components acts about its centre
 *     torus(8, 8) in X       every second element of a torus X: element i stands at place 2 i of X
 *     orbits(complete(T))    one element for each orbit of pairs: on cycle(16), 16 relative positions
 *
 * Reads sizes and the groups that the file declares; gives interned Spaces, so that == says whether two values
 * live on one domain. Clauses [grid.1] to [grid.4] and [orbit.1] to [orbit.3] of lang/spec.md. Windows are
 * told apart by their sizes alone, since a group acts about the centre of each. A torus that strides made is told
 * by where its elements stand in the declared one: two of equal size move by other translations otherwise.
 * Elsewhere: sets and labels (evaluate.c), which sizes a stride fits (rule_grid.c). */
#include "front/check.h"
#include "rep/rep.h"

uint32_t common_divisor(uint32_t a, uint32_t b) {
  while (b) {
    uint32_t r = a % b;
    a = b;
    b = r;
  }
  return a;
}

static bool wraps(const Space *s) { return s->sort == SPACE_TORUS || s->sort == SPACE_CYCLE; }

bool space_same(const Space *a, const Space *b) { return a == b; }

uint64_t space_count(const Space *s) { return s->count; }

static Space *append(Check *c, const Space *like, Str name) {
  Space *s = arena_one(c->arena, Space);
  *s = *like;
  s->name = name;
  s->number = c->program->space.n;
  vec_push(c->program->arena, &c->program->space, s);
  return s;
}

/* --- grids, lines, tori, cycles --------------------------------------------------------------- */
static Str shape_name(Check *c, const Space *s) {
  static const char *const word[] = {
    [SPACE_LINE] = "line", [SPACE_CYCLE] = "cycle", [SPACE_GRID] = "grid", [SPACE_TORUS] = "torus"
  };
  Str size = s->ndim == 1 ? str_format(c->arena, "(%u)", s->shape[0])
                          : str_format(c->arena, "(%u, %u)", s->shape[0], s->shape[1]);
  return s->base ? str_format(c->arena, "%s%.*s in %.*s", word[s->sort], STR(size), STR(s->base->name))
                 : str_format(c->arena, "%s%.*s", word[s->sort], STR(size));
}

static const Group *acting(const Space *s) { return s->action ? s->action->group : NULL; }

static const Space *intern_grid(Check *c, const Space *want) {
  for (uint32_t i = 0; i < c->program->space.n; i++) {
    const Space *s = c->program->space.at[i];
    if (s->sort == want->sort && s->ndim == want->ndim && s->shape[0] == want->shape[0] &&
        s->shape[1] == want->shape[1] && acting(s) == acting(want) && s->base == want->base &&
        s->factor == want->factor && s->divide == want->divide && s->offset2 == want->offset2)
      return s;
  }
  return append(c, want, shape_name(c, want));
}

/* [grid.1] The one declared group whose `vector` has as many components as there are axes; NULL when none has. */
static bool find_acting(Check *c, uint32_t ndim, const Group **found, Why *why) {
  *found = NULL;
  for (uint32_t i = 0; i < c->declared.n; i++) {
    const Group *g = c->declared.at[i];
    if (g->sort != GROUP_FINITE || g->dim != ndim || g == *found) continue;
    if (*found) {
      why_witness(why, "`vector` of %.*s and `vector` of %.*s have %u component%s each", STR((*found)->name),
                  STR(g->name), ndim, ndim == 1 ? "" : "s");
      why_help(why, "say which: `of %.*s`", STR((*found)->name));
      return why_no(why, E0408, "%.*s and %.*s could both act on these %u axes", STR((*found)->name), STR(g->name),
                    ndim);
    }
    *found = g;
  }
  return true;
}

const Space *space_grid(Check *c, SpaceSort sort, uint32_t ndim, const uint32_t *shape, const Group *of, Span at,
                        Why *why) {
  (void)at;
  assert(ndim == 1 || ndim == 2);
  Space s = { .sort = sort, .ndim = ndim, .shape = { shape[0], ndim > 1 ? shape[1] : 0 }, .factor = 1, .divide = 1 };
  s.count = ndim > 1 ? (uint64_t)shape[0] * shape[1] : shape[0];
  if (!of && !find_acting(c, ndim, &of, why)) return NULL;
  s.action = grid_action(c->program->reps, of && of->dim == ndim ? of : NULL, ndim, why);
  if (!s.action) return NULL;
  if (s.action->swaps && shape[0] != shape[ndim - 1]) {                              /* [grid.2] */
    assert(of);
    why_witness(why, "exchanging the axes makes %u x %u pixels of %u x %u", shape[1], shape[0], shape[0], shape[1]);
    why_help(why, "grid(%u, %u), or a group that exchanges no axes, such as D(2)", shape[0], shape[0]);
    why_no(why, E0406, "%.*s exchanges the axes, and %u is not %u", STR(of->name), shape[0], shape[1]);
    return NULL;
  }
  return intern_grid(c, &s);
}

/* Place of element j: (j stride + off2 / 2) / by in `from`, whose element i stands at (i f + o / 2) / d of its base.
 * Windows and lines forget it [grid.3]: a group acts about the centre, translations are the proof's. */
const Space *space_derived(Check *c, const Space *from, const uint32_t *shape, uint32_t stride, uint32_t by,
                           int32_t off2) {
  Space s = *from;
  s.shape[0] = shape[0];
  s.shape[1] = from->ndim > 1 ? shape[1] : 0;
  s.count = from->ndim > 1 ? (uint64_t)shape[0] * shape[1] : shape[0];
  if (!wraps(from)) return intern_grid(c, &s);
  const Space *base = from->base ? from->base : from;                                /* [grid.4] */
  s.base = base;
  s.factor = from->factor * stride;
  s.divide = from->divide * by;
  s.offset2 = (int32_t)from->factor * off2 + from->offset2 * (int32_t)by;
  uint32_t common = common_divisor(common_divisor(s.factor, s.divide),
      (uint32_t)(s.offset2 < 0 ? -s.offset2 : s.offset2));
  s.factor /= common;
  s.divide /= common;
  s.offset2 /= (int32_t)common;
  int32_t around = (int32_t)(2 * base->shape[0] * s.divide);                         /* once around the torus */
  s.offset2 = ((s.offset2 % around) + around) % around;
  if (s.factor == 1 && s.divide == 1 && s.offset2 == 0 && s.shape[0] == base->shape[0] &&
      s.shape[1] == base->shape[1])
    return base;
  return intern_grid(c, &s);
}

/* --- pairs and orbits ------------------------------------------------------------------------- */
const Space *space_pairs(Check *c, const Space *base, PairMask mask) {
  static const char *const word[] = { [PAIRS_ALL] = "complete(%.*s)", [PAIRS_NO_LOOPS] = "complete(%.*s, loops: false)",
                                      [PAIRS_CAUSAL] = "causal(%.*s)" };
  for (uint32_t i = 0; i < c->program->space.n; i++) {
    const Space *s = c->program->space.at[i];
    if (s->sort == SPACE_PAIRS && s->base == base && s->mask == mask) return s;
  }
  Space s = {
    .sort = SPACE_PAIRS, .base = base, .mask = mask, .count = base->count * base->count, .factor = 1, .divide = 1
  };
  return append(c, &s, str_format(c->arena, word[mask], STR(base->name)));
}

static uint32_t root(uint32_t *up, uint32_t i) {
  while (up[i] != i) i = up[i] = up[up[i]];
  return i;
}

/* Joins each element (or pair of elements) with where one generator takes it; the smaller number is the root. */
static void join_orbits(uint32_t *up, uint32_t n, bool pairs, const uint32_t *row) {
  uint32_t total = pairs ? n * n : n;
  for (uint32_t i = 0; i < total; i++) {
    uint32_t to = pairs ? row[i / n] * n + row[i % n] : row[i];
    uint32_t a = root(up, i), b = root(up, to);
    if (a < b) up[b] = a; else up[a] = b;
  }
}

/* [orbit.1] What moves the elements of a domain: pixel symmetries, translations of what wraps, orders of a set. */
static void join_all(Check *c, const Space *s, bool pairs, uint32_t *up) {
  uint32_t n = (uint32_t)s->count;
  uint32_t *row = arena_array(c->arena, uint32_t, n);
  if (s->action && s->action->group) {
    for (uint32_t p = 0; p < s->action->npixel; p++) {
      if (wraps(s)) grid_permute_torus(s->action, p, s->shape, row);
      else grid_permute_window(s->action, p, s->shape, row);
      join_orbits(up, n, pairs, row);
    }
  }
  if (wraps(s)) {
    uint32_t w = s->ndim > 1 ? s->shape[1] : n;
    for (uint32_t i = 0; i < n; i++) row[i] = i / w * w + (i % w + 1) % w;
    join_orbits(up, n, pairs, row);
    if (s->ndim > 1) {
      for (uint32_t i = 0; i < n; i++) row[i] = (i + w) % n;
      join_orbits(up, n, pairs, row);
    }
  }
  if (s->sort == SPACE_SET && n > 1) {
    for (uint32_t i = 0; i < n; i++) row[i] = (i + 1) % n;
    join_orbits(up, n, pairs, row);
    for (uint32_t i = 0; i < n; i++) row[i] = i < 2 ? 1 - i : i;
    join_orbits(up, n, pairs, row);
  }
}

static bool masked(const Space *s, uint32_t n, uint32_t pair) {
  if (s->sort != SPACE_PAIRS || s->mask == PAIRS_ALL) return false;
  return s->mask == PAIRS_NO_LOOPS ? pair / n == pair % n : pair % n > pair / n;     /* receiver n + sender */
}

const Space *space_orbits(Check *c, const Space *base, Why *why) {
  for (uint32_t i = 0; i < c->program->space.n; i++)
    if (c->program->space.at[i]->sort == SPACE_ORBITS && c->program->space.at[i]->base == base)
      return c->program->space.at[i];
  bool pairs = base->sort == SPACE_PAIRS;
  const Space *of = pairs ? base->base : base;
  if (base->sort == SPACE_EDGES || base->sort == SPACE_ORBITS || of->sort == SPACE_EDGES || of->sort == SPACE_PAIRS ||
      !of->count) {
    why_help(why, "orbits are of cycles, lines, windows, tori, sets of a known size, and of the pairs of these");
    why_no(why, E0903, "the orbits on %.*s are known with the data only", STR(base->name));     /* [orbit.2] */
    return NULL;
  }
  uint64_t total = pairs ? of->count * of->count : of->count;
  if (total > 1u << 24) {
    why_no(why, E0703, "%.*s has %llu elements, more than 2^24", STR(base->name), (unsigned long long)total);
    return NULL;
  }
  uint32_t n = (uint32_t)of->count, norbits = 0;
  uint32_t *up = arena_array(c->arena, uint32_t, total);
  uint32_t *orbit = arena_array(c->program->arena, uint32_t, total);
  for (uint32_t i = 0; i < total; i++) up[i] = i;
  join_all(c, of, pairs, up);
  uint32_t *number = arena_array(c->arena, uint32_t, total); /* 1 + orbit of a root, 0: none yet */
  for (uint32_t i = 0; i < total; i++) {                                             /* [orbit.3] by first member */
    if (masked(base, n, i)) continue;
    uint32_t r = root(up, i);
    if (!number[r]) number[r] = ++norbits;
    orbit[i] = number[r] - 1;
  }
  Space s = { .sort = SPACE_ORBITS, .base = base, .count = norbits, .orbit = orbit, .factor = 1, .divide = 1 };
  return append(c, &s, str_format(c->arena, "orbits(%.*s)", STR(base->name)));
}
