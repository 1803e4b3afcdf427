/* kind.c: one representation at a time: made from images of the generators, classified, named.
 *
 * The class of a kind is that of its generators, since each class of matrices is closed under
 * products. Equal matrices are one kind; so that its name does not depend on which was written first,
 * a new kind is compared with those that the language names for the group, in a fixed order, and takes
 * the name of the first that it equals. Kinds that the language can name are in named.c, sums in rep.c. */
#include "rep/kind.h"

/* --- groups of kinds ----------------------------------------------------------------------------- */
bool group_holds(const Group *g, const Group *leaf, uint32_t *first) {
  *first = 0;
  if (g == leaf) return true;
  uint32_t before = 0;
  for (uint32_t i = 0; i < g->nfactors; i++) {
    if (group_holds(g->factor[i], leaf, first)) {
      *first += before;
      return true;
    }
    before += g->factor[i]->ngen;
  }
  return false;
}

static bool holds_all(const Group *g, const Group *part) {
  uint32_t first;
  if (g == part || group_holds(g, part, &first)) return true;
  if (!part->nfactors) return false;
  for (uint32_t i = 0; i < part->nfactors; i++)
    if (!holds_all(g, part->factor[i])) return false;
  return true;
}

const Group *group_join(Groups *gs, const Group *a, const Group *b) {
  if (!a || !b) return a ? a : b;
  if (holds_all(a, b)) return a;
  if (holds_all(b, a)) return b;
  if (!b->nfactors) return group_product(gs, a, b);
  for (uint32_t i = 0; i < b->nfactors; i++) a = group_join(gs, a, b->factor[i]);
  return a;
}

uint32_t group_algebra(const Group *g) {
  uint32_t n = 0;
  if (g->sort == GROUP_LIE && !g->nfactors) return g->dim * (g->dim - 1) / 2;
  for (uint32_t i = 0; i < g->nfactors; i++) n += group_algebra(g->factor[i]);
  return n;
}

/* Where the algebra of `leaf` begins in that of g. */
static uint32_t algebra_before(const Group *g, const Group *leaf) {
  uint32_t n = 0, first;
  for (uint32_t i = 0; i < g->nfactors; i++) {
    if (group_holds(g->factor[i], leaf, &first)) return n + algebra_before(g->factor[i], leaf);
    n += group_algebra(g->factor[i]);
  }
  return 0;
}

/* --- classification -------------------------------------------------------------------------------- */
bool kind_signed(const Kind *k) { return k->action <= ACTION_SIGNS; }

static bool same_images(const Kind *a, const Kind *b) {
  if (a->group != b->group || a->dim != b->dim || !a->image != !b->image || !a->algebra != !b->algebra) return false;
  for (uint32_t g = 0; g < a->group->ngen; g++)
    if (a->image ? memcmp(a->image[g], b->image[g], sizeof *a->image[g] * a->dim) != 0
                 : !matrix_equal(a->matrix[g], b->matrix[g]))
      return false;
  for (uint32_t i = 0; a->algebra && i < group_algebra(a->group); i++)
    if (!matrix_equal(a->algebra[i], b->algebra[i])) return false;
  return true;
}

/* Each row and column one entry, all of them positive. */
static bool scales(Matrix m) {
  for (uint32_t i = 0; i < m.dim; i++) {
    uint32_t row = 0, column = 0;
    for (uint32_t j = 0; j < m.dim; j++) {
      const Exact *a = m.at[(size_t)i * m.dim + j];
      row += !exact_is_zero(a);
      column += !exact_is_zero(m.at[(size_t)j * m.dim + i]);
      if (!exact_is_zero(a) && exact_real(a) < 0) return false;
    }
    if (row != 1 || column != 1) return false;
  }
  return true;
}

static bool all_zero(Matrix m) {
  for (size_t i = 0; i < (size_t)m.dim * m.dim; i++)
    if (!exact_is_zero(m.at[i])) return false;
  return true;
}

static void classify(Kind *k) {
  uint32_t ngen = k->group->ngen, nalgebra = group_algebra(k->group);
  k->action = ACTION_FIXED;
  if (k->image) {
    for (uint32_t g = 0; g < ngen; g++)
      for (uint32_t j = 0; j < k->dim; j++) {
        if (k->image[g][j] < 0) k->action = ACTION_SIGNS;
        else if (k->image[g][j] != (int32_t)j + 1 && k->action == ACTION_FIXED) k->action = ACTION_PERMUTES;
      }
    return;
  }
  k->action = ACTION_SCALES;
  for (uint32_t g = 0; g < ngen; g++)
    if (!scales(k->matrix[g])) k->action = ACTION_MIXES;
  for (uint32_t i = 0; i < nalgebra; i++)
    if (!all_zero(k->algebra[i])) k->action = ACTION_MIXES;
}

static bool orthogonal(Reps *reps, const Kind *k) {
  if (k->image) return true;
  Exacts *pool = reps->groups->exacts;
  Mark mark = arena_mark(reps->arena);
  bool good = true;
  for (uint32_t g = 0; good && g < k->group->ngen; g++) {
    Matrix t = matrix_transpose(pool, reps->arena, k->matrix[g]);
    good = matrix_is_identity(matrix_times(pool, reps->arena, t, k->matrix[g]));
  }
  for (uint32_t i = 0; good && k->algebra && i < group_algebra(k->group); i++)
    good = all_zero(matrix_add(pool, reps->arena, matrix_transpose(pool, reps->arena, k->algebra[i]), k->algebra[i]));
  arena_reset(reps->arena, mark);
  return good;
}

/* Vectors that nothing moves: an orbit each, unless it meets its own negative; else a null space. */
static bool count_trivial(Reps *reps, Kind *k, Why *why) {
  Exacts *pool = reps->groups->exacts;
  uint32_t ngen = k->group->ngen, nalgebra = k->algebra ? group_algebra(k->group) : 0, dim = k->dim;
  Mark mark = arena_mark(reps->arena);
  bool good = true;
  if (k->image) {
    Move *move = arena_array(reps->arena, Move, ngen + 1);
    int32_t stay = 1;
    for (uint32_t g = 0; g < ngen; g++) move[g] = (Move){ NULL, &stay, k->image[g] };
    k->trivial = basis_of_orbits(reps->arena, 1, 1, dim, move, ngen)->n;
  } else {
    size_t size = (size_t)dim * dim;
    const Exact **rows = arena_array(reps->arena, const Exact *, (ngen + nalgebra) * size);
    for (uint32_t g = 0; g < ngen; g++)
      for (size_t i = 0; i < size; i++)
        rows[g * size + i] = exact_sub(pool, k->matrix[g].at[i], exact_int(pool, i % (dim + 1) == 0));
    for (uint32_t g = 0; g < nalgebra; g++) memcpy(rows + (ngen + g) * size, k->algebra[g].at, sizeof *rows * size);
    ExactBasis basis;
    good = exact_null_space(pool, reps->arena, rows, (ngen + nalgebra) * dim, dim, &basis, why);
    if (good) k->trivial = basis.n;
  }
  arena_reset(reps->arena, mark);
  return good;
}

/* --- making ------------------------------------------------------------------------------------------ */
/* Signed images where all matrices have them; else none. */
void kind_find_images(Reps *reps, Kind *k) {
  for (uint32_t i = 0; k->algebra && i < group_algebra(k->group); i++)
    if (!all_zero(k->algebra[i])) return;
  for (uint32_t g = 0; g < k->group->ngen; g++)
    if (!matrix_signed(k->matrix[g], NULL)) return;
  k->image = arena_array(reps->arena, int32_t *, k->group->ngen + 1);
  for (uint32_t g = 0; g < k->group->ngen; g++) {
    k->image[g] = arena_array(reps->arena, int32_t, k->dim);
    matrix_signed(k->matrix[g], k->image[g]);
  }
}

static void find_matrices(Reps *reps, Kind *k) {
  k->matrix = arena_array(reps->arena, Matrix, k->group->ngen + 1);
  for (uint32_t g = 0; g < k->group->ngen; g++)
    k->matrix[g] = matrix_of_signed(reps->groups->exacts, reps->arena, k->image[g], k->dim);
}

static const Kind *bare(Reps *reps, const Kind *k, Why *why) {
  Kind b = { .name = str_format(reps->arena, "abs(%.*s)", STR(k->name)), .group = k->group, .dim = k->dim };
  b.image = arena_array(reps->arena, int32_t *, k->group->ngen + 1);
  for (uint32_t g = 0; g < k->group->ngen; g++) {
    b.image[g] = arena_array(reps->arena, int32_t, k->dim);
    for (uint32_t j = 0; j < k->dim; j++) b.image[g][j] = k->image[g][j] < 0 ? -k->image[g][j] : k->image[g][j];
  }
  return kind_make(reps, b, why);
}

/* Is a factor of a one of b? */
static bool share(const Group *a, const Group *b) {
  uint32_t first;
  if (!a->nfactors) return group_holds(b, a, &first);
  return share(a->factor[0], b) || share(a->factor[1], b);
}

/* Does only one factor of its group do anything? Then it is a kind of that factor; but of G * G there are two. */
static bool narrow(Kind *k) {
  const Group *g = k->group;
  for (uint32_t f = 0, gen = 0, alg = 0; f < g->nfactors; f++) {
    const Group *part = g->factor[f];
    uint32_t nalgebra = group_algebra(part);
    bool alone = !share(part, g->factor[1 - f]);
    for (uint32_t i = 0; alone && i < g->ngen; i++) {
      if (i >= gen && i < gen + part->ngen) continue;
      if (k->matrix) alone = matrix_is_identity(k->matrix[i]);
      else
        for (uint32_t j = 0; j < k->dim; j++) alone &= k->image[i][j] == (int32_t)j + 1;
    }
    for (uint32_t i = 0; alone && k->algebra && i < group_algebra(g); i++)
      if (i < alg || i >= alg + nalgebra) alone = all_zero(k->algebra[i]);
    if (alone) {
      k->group = part;
      if (k->matrix) k->matrix += gen;
      if (k->image) k->image += gen;
      k->algebra = k->algebra && nalgebra ? k->algebra + alg : NULL;
      return true;
    }
    gen += part->ngen;
    alg += nalgebra;
  }
  return false;
}

const Kind *kind_make(Reps *reps, Kind k, Why *why) {
  if (k.dim > KIND_DIM) {
    why_no(why, E0704, "one copy of `%.*s` has %u components, and at most %d are handled", STR(k.name), k.dim,
        KIND_DIM);
    return NULL;
  }
  uint32_t field = 1;
  for (uint32_t g = 0; k.matrix && g < k.group->ngen; g++)
    if (!matrix_field(k.matrix[g], &field)) {
      why_no(why, E0704, "the numbers of `%.*s` lie in a cyclotomic field of order above 5040", STR(k.name));
      return NULL;
    }
  if (!k.image) kind_find_images(reps, &k);
  while (narrow(&k)) {}
  classify(&k);
  if (k.action == ACTION_FIXED && k.dim == 1) return kind_scalar(reps);
  for (uint32_t i = 0; i < reps->kind.n; i++)
    if (reps->kind.at[i]->group && same_images(reps->kind.at[i], &k)) return reps->kind.at[i];
  Named named;
  for (uint32_t i = 0; named_draft(reps, k.group, i, k.dim, &named); i++)
    if (named.exists && same_images(&named.kind, &k)) {
      k.name = named.kind.name;
      k.degree = named.kind.degree;
      break;
    }
  if (!k.matrix) find_matrices(reps, &k);
  k.orthogonal = orthogonal(reps, &k);
  if (!count_trivial(reps, &k, why)) return NULL;
  if (k.action == ACTION_SIGNS && !(k.bare = bare(reps, &k, why))) return NULL;
  Kind *at = arena_one(reps->arena, Kind);
  *at = k;
  at->name = str_copy(reps->arena, k.name);
  vec_push(reps->arena, &reps->kind, at);
  return at;
}

const Kind *kind_scalar(Reps *reps) {
  for (uint32_t i = 0; i < reps->kind.n; i++)
    if (!reps->kind.at[i]->group) return reps->kind.at[i];
  Kind *k = arena_one(reps->arena, Kind);
  *k = (Kind){ .name = S("scalar"), .action = ACTION_FIXED, .dim = 1, .trivial = 1, .orthogonal = true };
  vec_push(reps->arena, &reps->kind, k);
  return k;
}

/* --- on a larger group ------------------------------------------------------------------------------- */
/* Puts what `k` has for the leaves of its group into the places of the same leaves of g. */
static void carry(const Kind *k, const Group *part, const Group *g, Kind *to) {
  for (uint32_t i = 0; i < part->nfactors; i++) carry(k, part->factor[i], g, to);
  if (part->nfactors) return;
  uint32_t here, there;
  bool held = group_holds(k->group, part, &here) && group_holds(g, part, &there);
  assert(held);
  (void)held;
  for (uint32_t i = 0; i < part->ngen; i++) {
    if (k->image) to->image[there + i] = k->image[here + i];
    to->matrix[there + i] = k->matrix[here + i];
  }
  uint32_t a = algebra_before(k->group, part), b = algebra_before(g, part);
  for (uint32_t i = 0; k->algebra && i < group_algebra(part); i++) to->algebra[b + i] = k->algebra[a + i];
}

const Kind *kind_lift(Reps *reps, const Kind *k, const Group *g) {
  if (k->group == g) return k;
  Asked asked = { QUESTION_LIFT, k, g, NULL, 0 };
  Kind *known = memory_get(reps, asked);
  if (known) return known;
  Exacts *pool = reps->groups->exacts;
  Kind *to = arena_one(reps->arena, Kind);
  *to = *k;
  to->group = g;
  to->matrix = arena_array(reps->arena, Matrix, g->ngen + 1);
  to->image = kind_signed(k) ? arena_array(reps->arena, int32_t *, g->ngen + 1) : NULL;
  for (uint32_t i = 0; i < g->ngen; i++) {
    to->matrix[i] = matrix_identity(pool, reps->arena, k->dim);
    if (!to->image) continue;
    to->image[i] = arena_array(reps->arena, int32_t, k->dim);
    for (uint32_t j = 0; j < k->dim; j++) to->image[i][j] = (int32_t)j + 1;
  }
  uint32_t nalgebra = group_algebra(g);
  to->algebra = nalgebra ? arena_array(reps->arena, Matrix, nalgebra) : NULL;
  for (uint32_t i = 0; i < nalgebra; i++) to->algebra[i] = matrix_new(pool, reps->arena, k->dim);
  if (k->group) carry(k, k->group, g, to);
  memory_put(reps, asked, to);
  return to;
}

/* --- elements ------------------------------------------------------------------------------------------ */
static int32_t *unit_image(Reps *reps, const Kind *k) {
  int32_t *image = arena_array(reps->arena, int32_t, k->dim);
  for (uint32_t j = 0; j < k->dim; j++) image[j] = (int32_t)j + 1;
  return image;
}

/* Of each element once: that of one letter more from that of the rest of the word, as kind_matrix does. */
const int32_t *kind_image(Reps *reps, const Kind *k, uint32_t e) {
  if (!k->group || !e) return unit_image(reps, k);   /* the unit is there before elements are listed    */
  const Elements *all = k->group->elements;
  Asked asked = { QUESTION_IMAGES, k, NULL, NULL, 0 };
  int32_t **of = memory_get(reps, asked);
  if (!of) {
    of = arena_array(reps->arena, int32_t *, all->n);
    of[0] = unit_image(reps, k);
    memory_put(reps, asked, of);
  }
  while (!of[e]) {
    uint32_t x = e, above = e;
    for (; !of[x]; x = all->from[x]) above = x;
    of[above] = arena_array(reps->arena, int32_t, k->dim);
    signed_times(k->image[all->by[above]], of[x], of[above], k->dim);
  }
  return of[e];
}

Matrix kind_matrix(Reps *reps, const Kind *k, uint32_t e) {
  Exacts *pool = reps->groups->exacts;
  if (!k->group) return matrix_identity(pool, reps->arena, 1);
  const Elements *all = k->group->elements;
  Asked asked = { QUESTION_MATRICES, k, NULL, NULL, 0 };
  Matrix *of = memory_get(reps, asked);
  if (!of) {
    of = arena_array(reps->arena, Matrix, all->n);
    of[0] = matrix_identity(pool, reps->arena, k->dim);
    memory_put(reps, asked, of);
  }
  uint32_t depth = 0;
  while (!of[e].at) {                                /* the nearest known one, then one letter more */
    uint32_t x = e, above = e;
    for (; !of[x].at; x = all->from[x]) above = x;
    of[above] = matrix_times(pool, reps->arena, k->matrix[all->by[above]], of[x]);
    depth++;
  }
  assert(depth <= all->n);
  return of[e];
}

static void to_doubles(Matrix m, double *at) {
  for (size_t i = 0; i < (size_t)m.dim * m.dim; i++) at[i] = exact_real(m.at[i]);
}

void kind_generator(const Kind *k, uint32_t g, double *at) {
  if (k->matrix) to_doubles(k->matrix[g], at);
  else at[0] = 1;
}

void kind_element(Reps *reps, const Kind *k, uint32_t e, double *at) {
  if (!kind_signed(k)) {
    to_doubles(kind_matrix(reps, k, e), at);
    return;
  }
  const int32_t *image = kind_image(reps, k, e);
  memset(at, 0, sizeof *at * k->dim * k->dim);
  for (uint32_t j = 0; j < k->dim; j++)
    at[(size_t)((image[j] < 0 ? -image[j] : image[j]) - 1) * k->dim + j] = image[j] < 0 ? -1 : 1;
}
