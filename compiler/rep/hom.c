/* hom.c: intertwiners, the matrices B with s(g) B = B r(g) for every generator g.
 *
 * Reads two kinds, on the group of both; returns a basis in the canonical order of RULES 11.5. Kinds
 * that permute with signs: orbits on pairs of components (orbits.c). Others: the exact null space of
 * the equations of all generators, and of the algebra of a Lie group, made orthonormal in its order.
 * The number of maps is counted a second way, as the average over the group of the product of the
 * characters, where the elements can be enumerated at moderate cost; a disagreement is a bug of ours. */
#include "rep/kind.h"

enum { AVERAGED = 20000000 };       /* elements times components, for the second count               */

/* --- characters --------------------------------------------------------------------------------------- */
/* The traces of all elements, exactly: integers where the kind has images. */
static const Exact **characters(Reps *reps, const Kind *k) {
  Exacts *pool = reps->groups->exacts;
  const Elements *e = k->group->elements;
  const Exact **of = arena_array(reps->arena, const Exact *, e->n);
  for (uint32_t i = 0; i < e->n; i++) {
    if (!kind_signed(k)) {
      of[i] = matrix_trace(pool, kind_matrix(reps, k, i));
      continue;
    }
    int64_t trace = 0;
    const int32_t *image = kind_image(reps, k, i);
    for (int32_t j = 0; j < (int32_t)k->dim; j++) trace += (image[j] == j + 1) - (image[j] == -j - 1);
    of[i] = exact_int(pool, trace);
  }
  return of;
}

static uint32_t average(Reps *reps, const Kind *in, const Kind *out) {
  Exacts *pool = reps->groups->exacts;
  const Elements *e = in->group->elements;
  const Exact **a = characters(reps, in), **b = characters(reps, out), *sum = exact_int(pool, 0);
  for (uint32_t i = 0; i < e->n; i++) sum = exact_add(pool, sum, exact_mul(pool, a[e->inverse[i]], b[i]));
  int64_t total;
  assert(e->n);
  bool whole = exact_as_int(sum, &total);
  if (!whole || total % e->n) bug("an average of characters that is no whole number");
  return (uint32_t)(total / e->n);
}

/* Is the second count affordable? Matrices that are not permutations cost their cube. */
static bool countable(Reps *reps, const Kind *in, const Kind *out) {
  const Group *g = in->group;
  if (g->sort == GROUP_LIE) return false;
  uint64_t order = group_order(reps->groups, g), dim = (uint64_t)in->dim + out->dim;
  uint64_t cost = kind_signed(in) && kind_signed(out) ? dim : 10 * dim * dim * dim;
  return order && order <= AVERAGED / cost && group_elements(reps->groups, g, NULL);
}

/* --- solving --------------------------------------------------------------------------------------------- */
/* Rows of out(g) B - B in(g) = 0, unknown B[o][i] at i * dout + o. */
static void equations(Reps *reps, Matrix in, Matrix out, const Exact **rows) {
  Exacts *pool = reps->groups->exacts;
  uint32_t din = in.dim, dout = out.dim, dim = din * dout;
  for (uint32_t o = 0; o < dout; o++)
    for (uint32_t i = 0; i < din; i++) {
      const Exact **row = rows + ((size_t)o * din + i) * dim;
      for (uint32_t c = 0; c < dim; c++) row[c] = exact_int(pool, 0);
      for (uint32_t x = 0; x < dout; x++) row[i * dout + x] = out.at[(size_t)o * dout + x];
      for (uint32_t x = 0; x < din; x++) {
        const Exact **at = &row[x * dout + o];
        *at = exact_sub(pool, *at, in.at[(size_t)x * din + i]);
      }
    }
}

bool hom_exact(Reps *reps, const Matrix *in, const Matrix *out, uint32_t n, uint32_t din, uint32_t dout,
    ExactBasis *basis, Why *why) {
  uint32_t order = 1;
  uint64_t dim = (uint64_t)din * dout;
  if (dim > 1500)
    return why_no(why, E0704, "maps from %u to %u components have %llu unknowns, and at most 1,500 are solved", din,
                  dout, (unsigned long long)dim);
  for (uint32_t k = 0; k < n; k++)
    if (!matrix_field(in[k], &order) || !matrix_field(out[k], &order))
      return why_no(why, E0704, "the numbers lie in a cyclotomic field of order above 5040");
  Arena scratch = { 0 };
  const Exact **rows = arena_array(&scratch, const Exact *, n * dim * dim);
  for (uint32_t k = 0; k < n; k++) equations(reps, in[k], out[k], rows + k * dim * dim);
  bool good = exact_null_space(reps->groups->exacts, reps->arena, rows, n * (uint32_t)dim, (uint32_t)dim, basis, why);
  arena_free(&scratch);
  return good;
}

/* Kinds on one group: its generators, and the basis of its algebra. */
static Basis *solve(Reps *reps, const Kind *in, const Kind *out, Why *why) {
  const Group *g = in->group;
  uint32_t nalgebra = group_algebra(g), n = g->ngen + nalgebra, dim = in->dim * out->dim;
  Matrix *a = arena_array(reps->arena, Matrix, n + 1), *b = arena_array(reps->arena, Matrix, n + 1);
  for (uint32_t k = 0; k < n; k++) {
    a[k] = k < g->ngen ? in->matrix[k] : in->algebra[k - g->ngen];
    b[k] = k < g->ngen ? out->matrix[k] : out->algebra[k - g->ngen];
  }
  ExactBasis exact;
  if (!hom_exact(reps, a, b, n, in->dim, out->dim, &exact, why)) return NULL;
  double *at = arena_array(reps->arena, double, (size_t)exact.n * dim);
  for (size_t i = 0; i < (size_t)exact.n * dim; i++) at[i] = exact_real(exact.at[i]);
  return basis_of_vectors(reps->arena, 1, in->dim, out->dim, at, exact.n, false);
}

/* --- the verbs --------------------------------------------------------------------------------------------- */
const Basis *hom_basis(Reps *reps, const Kind *in, const Kind *out, Why *why) {
  Asked asked = { QUESTION_HOM, in, out, NULL, 0 };
  Basis *basis = memory_get(reps, asked);
  if (basis) return basis;
  const Group *g = group_join(reps->groups, in->group, out->group);
  if (!g) basis = basis_of_orbits(reps->arena, 1, 1, 1, NULL, 0);
  else {
    in = kind_lift(reps, in, g);
    out = kind_lift(reps, out, g);
    if (kind_signed(in) && kind_signed(out)) {
      Move *move = arena_array(reps->arena, Move, g->ngen + 1);
      for (uint32_t k = 0; k < g->ngen; k++) move[k] = (Move){ NULL, in->image[k], out->image[k] };
      basis = basis_of_orbits(reps->arena, 1, in->dim, out->dim, move, g->ngen);
    } else basis = solve(reps, in, out, why);
    if (basis && countable(reps, in, out) && basis->n != average(reps, in, out))
      bug("%u maps from %.*s to %.*s, against %u by characters", basis->n, STR(in->name), STR(out->name),
          average(reps, in, out));
  }
  if (basis) memory_put(reps, asked, basis);
  return basis;
}

uint32_t hom_dim(Reps *reps, const Kind *in, const Kind *out, Why *why) {
  const Basis *known = memory_get(reps, (Asked){ QUESTION_HOM, in, out, NULL, 0 });
  if (known) return known->n;
  const Group *g = group_join(reps->groups, in->group, out->group);
  Asked asked = { QUESTION_DIM, in, out, NULL, 0 };
  uint32_t *dim = memory_get(reps, asked);
  if (dim) return *dim;
  const Kind *a = g ? kind_lift(reps, in, g) : NULL, *b = g ? kind_lift(reps, out, g) : NULL;
  if (!g || (kind_signed(a) && kind_signed(b)) || !countable(reps, a, b)) {
    known = hom_basis(reps, in, out, why);
    return known ? known->n : 0;
  }
  dim = arena_one(reps->arena, uint32_t);
  *dim = average(reps, a, b);
  memory_put(reps, asked, dim);
  return *dim;
}

const Basis *hom_pairs(Reps *reps, const Kind *x, const Kind *y, const Kind *out, Why *why) {
  const Kind *pair = kind_product(reps, x, y, why);
  return pair ? hom_basis(reps, pair, out, why) : NULL;
}

uint32_t commutant_dim(Reps *reps, const Kind *k, Why *why) { return hom_dim(reps, k, k, why); }
