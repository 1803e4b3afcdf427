/* matrix.c: exact square matrices and permutations with signs. Plain formulas; products skip zeros,
 * because most matrices here have one entry a row. */
#include "rep/matrix.h"
#include "rep/field.h"

Matrix matrix_new(Exacts *pool, Arena *arena, uint32_t dim) {
  Matrix m = { dim, arena_array(arena, const Exact *, (size_t)dim * dim) };
  for (size_t i = 0; i < (size_t)dim * dim; i++) m.at[i] = exact_int(pool, 0);
  return m;
}

Matrix matrix_identity(Exacts *pool, Arena *arena, uint32_t dim) {
  Matrix m = matrix_new(pool, arena, dim);
  for (uint32_t i = 0; i < dim; i++) m.at[(size_t)i * dim + i] = exact_int(pool, 1);
  return m;
}

Matrix matrix_times(Exacts *pool, Arena *arena, Matrix a, Matrix b) {
  assert(a.dim == b.dim);
  uint32_t n = a.dim;
  Matrix m = matrix_new(pool, arena, n);
  for (uint32_t i = 0; i < n; i++)
    for (uint32_t k = 0; k < n; k++) {
      const Exact *x = a.at[(size_t)i * n + k];
      if (exact_is_zero(x)) continue;
      for (uint32_t j = 0; j < n; j++) {
        const Exact *y = b.at[(size_t)k * n + j];
        const Exact **to = &m.at[(size_t)i * n + j];
        if (!exact_is_zero(y)) *to = exact_add(pool, *to, exact_mul(pool, x, y));
      }
    }
  return m;
}

Matrix matrix_transpose(Exacts *pool, Arena *arena, Matrix a) {
  Matrix m = matrix_new(pool, arena, a.dim);
  for (uint32_t i = 0; i < a.dim; i++)
    for (uint32_t j = 0; j < a.dim; j++) m.at[(size_t)j * a.dim + i] = a.at[(size_t)i * a.dim + j];
  return m;
}

Matrix matrix_scale(Exacts *pool, Arena *arena, const Exact *s, Matrix a) {
  Matrix m = matrix_new(pool, arena, a.dim);
  for (size_t i = 0; i < (size_t)a.dim * a.dim; i++) m.at[i] = exact_mul(pool, s, a.at[i]);
  return m;
}

Matrix matrix_add(Exacts *pool, Arena *arena, Matrix a, Matrix b) {
  Matrix m = matrix_new(pool, arena, a.dim);
  for (size_t i = 0; i < (size_t)a.dim * a.dim; i++) m.at[i] = exact_add(pool, a.at[i], b.at[i]);
  return m;
}

Matrix matrix_kronecker(Exacts *pool, Arena *arena, Matrix a, Matrix b) {
  uint32_t n = a.dim * b.dim;
  Matrix m = matrix_new(pool, arena, n);
  for (uint32_t i = 0; i < a.dim; i++)
    for (uint32_t j = 0; j < a.dim; j++) {
      const Exact *x = a.at[(size_t)i * a.dim + j];
      if (exact_is_zero(x)) continue;
      for (uint32_t k = 0; k < b.dim; k++)
        for (uint32_t l = 0; l < b.dim; l++)
          m.at[(size_t)(i * b.dim + k) * n + j * b.dim + l] = exact_mul(pool, x, b.at[(size_t)k * b.dim + l]);
    }
  return m;
}

/* Gauss-Jordan on (a | 1); returns the determinant, 0 when there is no inverse. */
static const Exact *eliminate(Exacts *pool, Arena *arena, Matrix a, Matrix *inverse) {
  uint32_t n = a.dim;
  Matrix m = matrix_new(pool, arena, n), w = matrix_identity(pool, arena, n);
  memcpy(m.at, a.at, sizeof *a.at * n * n);
  const Exact *det = exact_int(pool, 1);
  for (uint32_t c = 0; c < n; c++) {
    uint32_t r = c;
    while (r < n && exact_is_zero(m.at[(size_t)r * n + c])) r++;
    if (r == n) return exact_int(pool, 0);
    if (r != c) {
      det = exact_sub(pool, exact_int(pool, 0), det);
      for (uint32_t j = 0; j < n; j++) {
        const Exact *x = m.at[(size_t)r * n + j], *y = w.at[(size_t)r * n + j];
        m.at[(size_t)r * n + j] = m.at[(size_t)c * n + j];
        w.at[(size_t)r * n + j] = w.at[(size_t)c * n + j];
        m.at[(size_t)c * n + j] = x;
        w.at[(size_t)c * n + j] = y;
      }
    }
    const Exact *pivot = m.at[(size_t)c * n + c];
    det = exact_mul(pool, det, pivot);
    for (uint32_t j = 0; j < n; j++) {
      m.at[(size_t)c * n + j] = exact_div(pool, m.at[(size_t)c * n + j], pivot);
      w.at[(size_t)c * n + j] = exact_div(pool, w.at[(size_t)c * n + j], pivot);
    }
    for (uint32_t i = 0; i < n; i++) {
      const Exact *x = m.at[(size_t)i * n + c];
      if (i == c || exact_is_zero(x)) continue;
      for (uint32_t j = 0; j < n; j++) {
        m.at[(size_t)i * n + j] = exact_sub(pool, m.at[(size_t)i * n + j], exact_mul(pool, x, m.at[(size_t)c * n + j]));
        w.at[(size_t)i * n + j] = exact_sub(pool, w.at[(size_t)i * n + j], exact_mul(pool, x, w.at[(size_t)c * n + j]));
      }
    }
  }
  if (inverse) *inverse = w;
  return det;
}

bool matrix_inverse(Exacts *pool, Arena *arena, Matrix a, Matrix *inverse) {
  return !exact_is_zero(eliminate(pool, arena, a, inverse));
}

const Exact *matrix_determinant(Exacts *pool, Arena *scratch, Matrix a) {
  Mark mark = arena_mark(scratch);
  const Exact *det = eliminate(pool, scratch, a, NULL);
  arena_reset(scratch, mark);
  return det;
}

const Exact *matrix_trace(Exacts *pool, Matrix a) {
  const Exact *sum = exact_int(pool, 0);
  for (uint32_t i = 0; i < a.dim; i++) sum = exact_add(pool, sum, a.at[(size_t)i * a.dim + i]);
  return sum;
}

bool matrix_equal(Matrix a, Matrix b) {
  if (a.dim != b.dim) return false;
  for (size_t i = 0; i < (size_t)a.dim * a.dim; i++)
    if (!exact_equal(a.at[i], b.at[i])) return false;
  return true;
}

static int unit(const Exact *a) {
  int64_t i;
  return exact_as_int(a, &i) && i >= -1 && i <= 1 ? (int)i : 2;
}

bool matrix_is_identity(Matrix a) {
  for (uint32_t i = 0; i < a.dim; i++)
    for (uint32_t j = 0; j < a.dim; j++)
      if (unit(a.at[(size_t)i * a.dim + j]) != (i == j)) return false;
  return true;
}

bool matrix_field(Matrix a, uint32_t *order) {
  for (size_t i = 0; i < (size_t)a.dim * a.dim; i++) {
    *order = field_join(*order, exact_order(a.at[i]));
    if (!*order) return false;
  }
  return true;
}

void matrix_text(Matrix a, Out *out) {
  if (a.dim == 1) {
    exact_text(a.at[0], out);
    return;
  }
  for (uint32_t i = 0; i < a.dim; i++)
    for (uint32_t j = 0; j < a.dim; j++) {
      out_printf(out, "%s", j ? ", " : i ? ", [" : "[[");
      exact_text(a.at[(size_t)i * a.dim + j], out);
      if (j + 1 == a.dim) out_printf(out, "]");
    }
  out_printf(out, "]");
}

bool matrix_signed(Matrix a, int32_t *image) {
  for (uint32_t j = 0; j < a.dim; j++) {
    uint32_t found = 0;
    for (uint32_t i = 0; i < a.dim; i++) {
      int u = unit(a.at[(size_t)i * a.dim + j]);
      if (u == 2 || (u && found++)) return false;
      if (u && image) image[j] = u * (int32_t)(i + 1);
    }
    if (!found) return false;
  }
  for (uint32_t i = 0; i < a.dim; i++) {
    uint32_t found = 0;
    for (uint32_t j = 0; j < a.dim; j++) found += unit(a.at[(size_t)i * a.dim + j]) != 0;
    if (found != 1) return false;
  }
  return true;
}

Matrix matrix_of_signed(Exacts *pool, Arena *arena, const int32_t *image, uint32_t dim) {
  Matrix m = matrix_new(pool, arena, dim);
  for (uint32_t j = 0; j < dim; j++) {
    uint32_t i = (uint32_t)(image[j] < 0 ? -image[j] : image[j]) - 1;
    m.at[(size_t)i * dim + j] = exact_int(pool, image[j] < 0 ? -1 : 1);
  }
  return m;
}

void signed_times(const int32_t *a, const int32_t *b, int32_t *to, uint32_t dim) {
  for (uint32_t j = 0; j < dim; j++) to[j] = b[j] < 0 ? -a[-b[j] - 1] : a[b[j] - 1];
}
