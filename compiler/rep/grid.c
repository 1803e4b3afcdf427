/* grid.c: how a group moves the pixels of a grid.
 *
 * P are the elements whose matrices permute the axes, with signs. An element takes the position x to
 * A x: axis a goes to +-axis a'. Positions count from the centre of a window (doubled, so that they
 * are whole numbers), or from element 0 of a torus; component k of a vector lies along axis k of the
 * array. Of O(2) and SO(2) the elements of P are those of D(4) and C(4), in their order. */
#include "rep/kind.h"

/* Signed permutation matrices among the elements; of a line or a plane there are at most 8. */
static void find_pixels(Reps *reps, const Group *g, GridAction *a) {
  const Elements *e = g->elements;
  uint32_t most = a->ndim == 1 ? 2 : 8;
  a->pixel = arena_array(reps->arena, uint32_t, most);
  a->image = arena_alloc(reps->arena, sizeof *a->image * most);
  for (uint32_t i = 0; i < e->n; i++) {
    int32_t image[2] = { 1, 2 };
    if (!matrix_signed(element_vector(reps->groups, g, i), image)) continue;
    bool known = false;                              /* matrices are faithful, so this cannot be   */
    for (uint32_t p = 0; p < a->npixel; p++) known |= !memcmp(a->image[p], image, sizeof *image * a->ndim);
    assert(!known && a->npixel < most);
    a->pixel[a->npixel] = i;
    memcpy(a->image[a->npixel++], image, sizeof image);
  }
}

const GridAction *grid_action(Reps *reps, const Group *g, uint32_t ndim, Why *why) {
  assert(ndim == 1 || ndim == 2);
  Asked asked = { QUESTION_GRID, g, NULL, NULL, ndim };
  GridAction *a = memory_get(reps, asked);
  if (a) return a;
  a = arena_one(reps->arena, GridAction);
  a->ndim = ndim;
  a->exact = true;
  if (g && g->dim == ndim && !g->nfactors) {
    /* whose elements are counted: O(2) and SO(2) turn pixels as D(4), C(4) */
    const Group *counted = g;
    if (g->sort == GROUP_LIE) counted = g->special ? group_cyclic(reps->groups, 4) : group_dihedral(reps->groups, 4);
    const Elements *e = group_elements(reps->groups, counted, why);
    if (!e) return NULL;
    a->group = g;
    find_pixels(reps, counted, a);
    a->exact = g->sort == GROUP_FINITE && a->npixel == e->n;
    for (uint32_t p = 0; p < a->npixel; p++)
      for (uint32_t axis = 0; axis < ndim; axis++) {
        int32_t to = a->image[p][axis];
        if (to < 0) a->flips[axis] = a->flips[-to - 1] = true;
        a->swaps |= to != (int32_t)axis + 1 && to != -(int32_t)axis - 1;
      }
  } else {
    a->npixel = 1;                                   /* nothing moves: the element 1               */
    a->pixel = arena_array(reps->arena, uint32_t, 1);
    a->image = arena_alloc(reps->arena, sizeof *a->image);
    a->image[0][0] = 1;
    a->image[0][1] = 2;
  }
  memory_put(reps, asked, a);
  return a;
}

/* Position of a row along an axis, moved, and back to a row. Doubled from the centre, or modulo the size. */
static void permute(const GridAction *a, uint32_t p, const uint32_t *shape, bool window, uint32_t *row) {
  uint32_t n[2] = { shape[0], a->ndim == 2 ? shape[1] : 1 };
  for (uint32_t i = 0; i < n[0] * n[1]; i++) {
    int64_t at[2] = { i / n[1], i % n[1] }, to[2] = { 0, 0 };
    for (uint32_t axis = 0; axis < a->ndim; axis++) {
      int32_t image = a->image[p][axis];
      uint32_t other = (uint32_t)(image < 0 ? -image : image) - 1;
      if (window) {
        int64_t x = 2 * at[axis] - (n[axis] - 1);
        to[other] = ((image < 0 ? -x : x) + (n[other] - 1)) / 2;
      } else to[other] = image < 0 ? (n[other] - at[axis]) % n[other] : at[axis];
    }
    assert(to[0] >= 0 && to[0] < n[0] && to[1] >= 0 && to[1] < n[1]);   /* swapped axes are equal: E0406 */
    row[i] = (uint32_t)(to[0] * n[1] + to[1]);
  }
}

void grid_permute_window(const GridAction *a, uint32_t p, const uint32_t *shape, uint32_t *row) {
  permute(a, p, shape, true, row);
}

void grid_permute_torus(const GridAction *a, uint32_t p, const uint32_t *shape, uint32_t *row) {
  permute(a, p, shape, false, row);
}

uint32_t grid_orbits(const GridAction *a, bool window, const uint32_t *shape, uint32_t *orbit, Arena *arena) {
  uint32_t rows = shape[0] * (a->ndim == 2 ? shape[1] : 1), n = 0;
  Mark mark = arena_mark(arena);
  uint32_t **to = arena_array(arena, uint32_t *, a->npixel);
  for (uint32_t p = 0; p < a->npixel; p++) permute(a, p, shape, window, to[p] = arena_array(arena, uint32_t, rows));
  for (uint32_t i = 0; i < rows; i++) orbit[i] = UINT32_MAX;
  for (uint32_t i = 0; i < rows; i++) {
    if (orbit[i] != UINT32_MAX) continue;
    for (uint32_t p = 0; p < a->npixel; p++) orbit[to[p][i]] = n;    /* P is a group: all of the orbit */
    n++;
  }
  arena_reset(arena, mark);
  return n;
}
