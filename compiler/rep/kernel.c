/* kernel.c: kernels K on the offsets of a window with K(gx) = s(g) K(x) r(g)^-1.
 *
 * Reads how a group moves the axes and the kinds of input and output; returns a basis. x is the offset
 * from the centre of the window, between pixels for even sizes. Groups that act on values only, beside
 * one that moves the axes or alone, constrain each offset by itself.
 *
 * Where P is all of the group: with kinds that permute with signs, orbits on (offset, in, out). In
 * general one offset of each orbit of offsets, its stabiliser S, an exact basis of Hom_S there, carried
 * to the others by the elements of P. Where it is not, the rings of rings.c. */
#include "rep/kind.h"

typedef struct Ask {                /* what is asked: kinds lifted to the group of all that acts     */
  Reps *reps;
  const GridAction *action;
  const Group *all;
  const Kind *in, *out;
  uint32_t shape[2], noffsets;
  uint32_t first;                   /* where the generators of the moving group begin among all      */
} Ask;

/* The letters of element e of the moving group, outermost first, are generators of `all`. */
static void image_of(const Ask *q, const Kind *k, uint32_t e, int32_t *image) {
  const Elements *el = q->action->group->elements;
  int32_t *left = arena_array(q->reps->arena, int32_t, k->dim);
  for (uint32_t j = 0; j < k->dim; j++) image[j] = (int32_t)j + 1;
  for (uint32_t x = e; x; x = el->from[x]) {
    memcpy(left, image, sizeof *image * k->dim);
    signed_times(left, k->image[q->first + el->by[x]], image, k->dim);
  }
}

static Matrix matrix_of(const Ask *q, const Kind *k, uint32_t e) {
  Exacts *pool = q->reps->groups->exacts;
  const Elements *el = q->action->group->elements;
  Matrix m = matrix_identity(pool, q->reps->arena, k->dim);
  for (uint32_t x = e; x; x = el->from[x]) m = matrix_times(pool, q->reps->arena, m, k->matrix[q->first + el->by[x]]);
  return m;
}

static bool moves_axes(const Ask *q, uint32_t gen) {
  return gen >= q->first && gen < q->first + q->action->group->ngen;
}

/* --- orbits ----------------------------------------------------------------------------------------------- */
static Basis *by_orbits(const Ask *q) {
  Arena *arena = q->reps->arena;
  const GridAction *a = q->action;
  Move *move = arena_array(arena, Move, a->npixel + q->all->ngen);
  size_t n = 0;
  for (uint32_t p = 0; p < a->npixel; p++) {
    uint32_t *offset = arena_array(arena, uint32_t, q->noffsets);
    int32_t *in = arena_array(arena, int32_t, q->in->dim), *out = arena_array(arena, int32_t, q->out->dim);
    grid_permute_window(a, p, q->shape, offset);
    image_of(q, q->in, a->pixel[p], in);
    image_of(q, q->out, a->pixel[p], out);
    move[n++] = (Move){ offset, in, out };
  }
  for (uint32_t g = 0; g < q->all->ngen; g++)
    if (!moves_axes(q, g)) move[n++] = (Move){ NULL, q->in->image[g], q->out->image[g] };
  return basis_of_orbits(arena, q->noffsets, q->in->dim, q->out->dim, move, n);
}

/* --- stabilisers --------------------------------------------------------------------------------------------- */
/* s B r^-1, given r^-1; B is [in][out] as unknowns are counted. */
static void carry(const double *s, const double *back, const double *b, uint32_t din, uint32_t dout, double *to) {
  for (uint32_t i = 0; i < din; i++)
    for (uint32_t o = 0; o < dout; o++) {
      double sum = 0;
      for (uint32_t x = 0; x < din; x++)
        for (uint32_t y = 0; y < dout; y++) sum += s[o * dout + y] * b[x * dout + y] * back[x * din + i];
      to[i * dout + o] = sum;
    }
}

static Basis *by_stabilisers(const Ask *q, Why *why) {
  Reps *reps = q->reps;
  Arena *arena = reps->arena;
  const GridAction *a = q->action;
  uint32_t din = q->in->dim, dout = q->out->dim, dim = din * dout, np = a->npixel, ngen = q->all->ngen;
  size_t total = (size_t)q->noffsets * dim;
  Matrix *in = arena_array(arena, Matrix, np + ngen), *out = arena_array(arena, Matrix, np + ngen);
  uint32_t **to = arena_array(arena, uint32_t *, np), *orbit = arena_array(arena, uint32_t, q->noffsets);
  double *s = arena_array(arena, double, (size_t)np * dout * dout),
      *back = arena_array(arena, double, (size_t)np * din * din);
  for (uint32_t p = 0; p < np; p++) {
    grid_permute_window(a, p, q->shape, to[p] = arena_array(arena, uint32_t, q->noffsets));
    Matrix inverse = matrix_of(q, q->in, a->group->elements->inverse[a->pixel[p]]);
    in[p] = matrix_of(q, q->in, a->pixel[p]);
    out[p] = matrix_of(q, q->out, a->pixel[p]);
    for (uint32_t i = 0; i < din * din; i++) back[(size_t)p * din * din + i] = exact_real(inverse.at[i]);
    for (uint32_t i = 0; i < dout * dout; i++) s[(size_t)p * dout * dout + i] = exact_real(out[p].at[i]);
  }
  uint32_t norbits = grid_orbits(a, true, q->shape, orbit, arena), n = 0, x0 = 0;
  ExactBasis *local = arena_array(arena, ExactBasis, norbits);
  uint32_t *first = arena_array(arena, uint32_t, norbits);
  Matrix *fix_in = arena_array(arena, Matrix, np + ngen), *fix_out = arena_array(arena, Matrix, np + ngen);
  for (uint32_t k = 0; k < norbits; k++, x0++) {
    while (orbit[x0] != k) x0++;
    first[k] = x0;
    uint32_t nfix = 0;
    for (uint32_t p = 0; p < np; p++)
      if (to[p][x0] == x0) {
        fix_in[nfix] = in[p];
        fix_out[nfix++] = out[p];
      }
    for (uint32_t g = 0; g < ngen; g++)
      if (!moves_axes(q, g)) {
        fix_in[nfix] = q->in->matrix[g];
        fix_out[nfix++] = q->out->matrix[g];
      }
    if (!hom_exact(reps, fix_in, fix_out, nfix, din, dout, &local[k], why)) return NULL;
    n += local[k].n;
  }
  double *at = arena_array(arena, double, n * total), *b = arena_array(arena, double, dim);
  uint32_t next = 0;
  for (uint32_t k = 0; k < norbits; k++)
    for (uint32_t v = 0; v < local[k].n; v++, next++) {
      for (uint32_t i = 0; i < dim; i++) b[i] = exact_real(local[k].at[(size_t)v * dim + i]);
      for (uint32_t p = np; p-- > 0;)                /* the element 1 last: there B is what was solved */
        carry(s + (size_t)p * dout * dout, back + (size_t)p * din * din, b, din, dout,
              at + next * total + (size_t)to[p][first[k]] * dim);
    }
  return basis_of_vectors(arena, q->noffsets, din, dout, at, n, false);
}

/* --- values only ------------------------------------------------------------------------------------------------ */
static Basis *each_offset(const Basis *hom, uint32_t noffsets, Arena *keep) {
  Basis *b = arena_one(keep, Basis);
  *b = (Basis){ .n = noffsets * hom->n, .noffsets = noffsets, .din = hom->din, .dout = hom->dout,
      .nnz = noffsets * hom->nnz };
  b->nz = arena_array(keep, BasisEntry, b->nnz);
  for (uint32_t x = 0; x < noffsets; x++)
    for (uint32_t i = 0; i < hom->nnz; i++) {
      BasisEntry e = hom->nz[i];
      b->nz[x * hom->nnz + i] = (BasisEntry){ x * hom->n + e.k, x, e.in, e.out, e.value };
    }
  return b;
}

const Basis *kernel_basis(Reps *reps, const GridAction *a, uint32_t size, const Kind *in, const Kind *out, Why *why) {
  Asked asked = { QUESTION_KERNEL, a, in, out, size };
  Basis *basis = memory_get(reps, asked);
  if (basis) return basis;
  uint32_t noffsets = a->ndim == 2 ? size * size : size;
  if (!size || (uint64_t)size * size * in->dim * out->dim > UINT32_MAX / 4) {
    why_no(why, E0704, "a kernel of %u elements a side from `%.*s` to `%.*s`", size, STR(in->name), STR(out->name));
    return NULL;
  }
  if (!a->group) {
    const Basis *hom = hom_basis(reps, in, out, why);
    basis = hom ? each_offset(hom, noffsets, reps->arena) : NULL;
  } else {
    Ask q = { .reps = reps, .action = a, .shape = { size, size }, .noffsets = noffsets };
    q.all = group_join(reps->groups, a->group, group_join(reps->groups, in->group, out->group));
    q.in = kind_lift(reps, in, q.all);
    q.out = kind_lift(reps, out, q.all);
    bool held = group_holds(q.all, a->group, &q.first);
    assert(held);
    (void)held;
    if (!a->exact) basis = kernel_rings(reps, a, size, q.in, q.out, why);
    else basis = kind_signed(in) && kind_signed(out) ? by_orbits(&q) : by_stabilisers(&q, why);
  }
  if (basis) memory_put(reps, asked, basis);
  return basis;
}
