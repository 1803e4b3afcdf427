/* act.c: moves samples by the matrices of the module. The reference for augmentation and for the audit.
 *
 * Rows on a window turn about its centre, on a torus about element 0. Where the matrix takes pixels to
 * pixels they are copied; else values are read between pixels, linearly along each axis, zero outside a
 * window. Components of a term, [component][copy], are multiplied by the matrix of its action. */
#include "act.h"
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const gdl_action *action_of(const Move *v, int a) {
  return &v->module->actions[v->group * v->module->nactions + a];
}
static bool moving(const gdl_action *a) {
  return a->matrix && a->moves != GDL_FIXED && a->moves != GDL_SET && a->dim > 0;
}

bool rt_move_open(Move *v, const gdl_module *m, int32_t group, int64_t rows_most, Trouble *t) {
  *v = (Move){ .module = m, .group = group };
  size_t n = 0, most = 1;
  for (int32_t a = 0; group < m->ngroups && a < m->nactions; a++) {
    const gdl_action *x = action_of(v, a);
    if (!moving(x)) continue;
    n += (size_t)x->dim * (size_t)x->dim;
    if ((size_t)x->dim > most) most = (size_t)x->dim;
  }
  v->matrix = rt_alloc((size_t)m->nactions, sizeof *v->matrix, t);
  v->memory = rt_alloc(n, sizeof(double), t);
  v->scratch = rt_alloc(5 * most * most, sizeof(double), t);
  v->order = rt_alloc((size_t)rows_most, sizeof *v->order, t);
  if (!v->matrix || !v->memory || !v->scratch || !v->order) {
    rt_move_close(v);
    return false;
  }
  n = 0;
  for (int32_t a = 0; group < m->ngroups && a < m->nactions; a++) {
    const gdl_action *x = action_of(v, a);
    if (!moving(x)) continue;
    v->matrix[a] = v->memory + n;
    n += (size_t)x->dim * (size_t)x->dim;
  }
  rt_move_identity(v);
  return true;
}

void rt_move_close(Move *v) {
  free(v->matrix);
  free(v->memory);
  free(v->scratch);
  free(v->order);
  *v = (Move){ 0 };
}

static void identity(double *m, int n) {
  for (int i = 0; i < n; i++)
    for (int j = 0; j < n; j++) m[i * n + j] = i == j;
}

void rt_move_identity(Move *v) {
  for (int32_t a = 0; a < v->module->nactions; a++)
    if (v->matrix[a]) identity(v->matrix[a], action_of(v, a)->dim);
  v->shift[0] = v->shift[1] = 0;
  v->shift_of[0] = v->shift_of[1] = 0;
  memset(v->offset, 0, sizeof v->offset);
  v->shuffle = SHUFFLE_NONE;
  v->norder = 0;
}

static void multiply(const double *x, const double *y, double *out, int n) {
  for (int i = 0; i < n; i++)
    for (int j = 0; j < n; j++) {
      double s = 0;
      for (int k = 0; k < n; k++) s += x[i * n + k] * y[k * n + j];
      out[i * n + j] = s;
    }
}

/* Gauss-Jordan with pivots; matrices of group elements have an inverse. */
static void invert(const double *m, double *out, double *w, int n) {
  memcpy(w, m, sizeof(double) * (size_t)(n * n));
  identity(out, n);
  for (int c = 0; c < n; c++) {
    int p = c;
    for (int i = c + 1; i < n; i++)
      if (fabs(w[i * n + c]) > fabs(w[p * n + c])) p = i;
    for (int j = 0; j < n && p != c; j++) {
      double x = w[c * n + j], y = out[c * n + j];
      w[c * n + j] = w[p * n + j], w[p * n + j] = x;
      out[c * n + j] = out[p * n + j], out[p * n + j] = y;
    }
    double pivot = w[c * n + c];
    for (int j = 0; j < n; j++) w[c * n + j] /= pivot, out[c * n + j] /= pivot;
    for (int i = 0; i < n; i++) {
      double f = i == c ? 0 : w[i * n + c];
      for (int j = 0; j < n && f != 0; j++) w[i * n + j] -= f * w[c * n + j], out[i * n + j] -= f * out[c * n + j];
    }
  }
}

void rt_move_generator(Move *v, int32_t g, bool inverse) {
  for (int32_t a = 0; a < v->module->nactions; a++) {
    if (!v->matrix[a]) continue;
    int n = action_of(v, a)->dim, nn = n * n;
    const double *m = action_of(v, a)->matrix + (ptrdiff_t)g * nn;
    if (inverse) {
      invert(m, v->scratch, v->scratch + nn, n);
      m = v->scratch;
    }
    multiply(v->matrix[a], m, v->scratch + 2 * nn, n);
    memcpy(v->matrix[a], v->scratch + 2 * nn, sizeof(double) * (size_t)nn);
  }
}

void rt_move_element(Move *v, int32_t element) {
  const gdl_group *g = &v->module->groups[v->group];
  rt_move_identity(v);
  for (int32_t i = g->at[element]; i < g->at[element + 1]; i++)
    rt_move_generator(v, g->word[i] < 0 ? -1 - g->word[i] : g->word[i], g->word[i] < 0);
}

/* exp by halving the argument until it is small, fourteen terms, and squaring: better than 1e-15. */
static void exponential(const double *x, double *out, double *term, double *next, int n) {
  double norm = 0;
  for (int i = 0; i < n * n; i++) norm += fabs(x[i]);
  int halvings = norm > 0.25 ? (int)ceil(log2(norm / 0.25)) : 0;
  double factor = ldexp(1, -halvings);
  identity(out, n);
  identity(term, n);
  for (int k = 1; k < 15; k++) {
    multiply(term, x, next, n);
    for (int i = 0; i < n * n; i++) out[i] += term[i] = next[i] * factor / k;
  }
  for (int k = 0; k < halvings; k++) {
    multiply(out, out, next, n);
    memcpy(out, next, sizeof(double) * (size_t)(n * n));
  }
}

bool rt_move_uniform(const gdl_module *m, int32_t group) {
  int lie = m->groups[group].lie;
  return lie == 0 ? m->groups[group].nelements > 0 : lie == 1 || lie == 3;
}

/* A turn of space is uniform when its quaternion is; other Lie groups get coordinates of deviation 1. */
static void lie_coordinates(int n, Key key, double *theta) {
  for (int i = 0; i < n; i++) theta[i] = rt_normal(key, (uint64_t)i);
  if (n == 1) theta[0] = 6.283185307179586 * (rt_uniform(key, 8) - 0.5);
  if (n != 3) return;
  double q = rt_normal(key, 3), r = sqrt(theta[0] * theta[0] + theta[1] * theta[1] + theta[2] * theta[2]);
  double angle = 2 * atan2(r, q);
  for (int i = 0; i < 3; i++) theta[i] *= r > 0 ? angle / r : 0;
}

void rt_move_random(Move *v, Key key) {
  const gdl_group *g = &v->module->groups[v->group];
  rt_move_identity(v);
  if (g->lie == 0) {
    if (g->nelements > 0) rt_move_element(v, (int32_t)rt_below(key, 0, (uint64_t)g->nelements));
    return;
  }
  double theta[64];
  int lie = g->lie < 64 ? g->lie : 64;
  lie_coordinates(lie, key, theta);
  int component = (int)rt_below(key, 100, (uint64_t)(g->ngenerators - g->lie + 1));
  for (int32_t a = 0; a < v->module->nactions; a++) {
    if (!v->matrix[a]) continue;
    int n = action_of(v, a)->dim, nn = n * n;
    double *x = v->scratch + 4 * nn;
    memset(x, 0, sizeof(double) * (size_t)nn);
    for (int i = 0; i < lie; i++)
      for (int k = 0; k < nn; k++) x[k] += theta[i] * action_of(v, a)->matrix[(ptrdiff_t)i * nn + k];
    exponential(x, v->matrix[a], v->scratch, v->scratch + nn, n);
  }
  if (component > 0) rt_move_generator(v, g->lie + component - 1, false);
}

bool rt_move_parse(Move *v, const char *word, Trouble *t) {
  const gdl_group *g = &v->module->groups[v->group];
  char buffer[24];
  rt_move_identity(v);
  for (const char *at = word; *at;) {
    if (isspace((unsigned char)*at) || *at == '*' || *at == '.') {
      at++;
      continue;
    }
    int best = -1;
    size_t length = 0;
    for (int i = g->lie; i < g->ngenerators; i++) {
      const char *name = rt_generator(g, i, buffer, sizeof buffer);
      size_t n = strlen(name);
      if (n > length && strncmp(name, at, n) == 0) best = i, length = n;
    }
    if (best < 0 && strcmp(word, "1") == 0) return true;
    if (best < 0) {
      char all[300] = "";
      for (int i = g->lie; i < g->ngenerators; i++) {
        size_t k = strlen(all);
        snprintf(all + k, sizeof all - k, " %s", rt_generator(g, i, buffer, sizeof buffer));
      }
      return rt_fail(t, EXIT_USAGE, "--move %s: no generator of %s stands at `%s`; they are:%s", word, g->name, at,
          all);
    }
    at += length;
    long power = 1;
    if (*at == '^') {
      char *end = NULL;
      power = strtol(at + 1, &end, 10);
      if (end == at + 1 || labs(power) > 1000)
        return rt_fail(t, EXIT_USAGE, "--move %s: a power from -1000 to 1000 must follow `^`", word);
      at = end;
    }
    for (long k = 0; k < labs(power); k++) rt_move_generator(v, best, power < 0);
  }
  return true;
}

void rt_move_name(const gdl_module *m, int32_t group, int32_t element, char *out, size_t n) {
  const gdl_group *g = &m->groups[group];
  char buffer[24];
  size_t k = 0;
  out[0] = 0;
  for (int32_t i = g->at[element]; i < g->at[element + 1] && k < n;) {
    int32_t w = g->word[i], run = 0;
    while (i < g->at[element + 1] && g->word[i] == w) i++, run++;
    const char *name = rt_generator(g, w < 0 ? -1 - w : w, buffer, sizeof buffer);
    int power = w < 0 ? -run : run;
    k += power == 1 ? (size_t)snprintf(out + k, n - k, "%s%s", k ? " " : "", name)
                    : (size_t)snprintf(out + k, n - k, "%s%s^%d", k ? " " : "", name, power);
  }
  if (!k) snprintf(out, n, "1");
}

static bool near_whole(double x) { return fabs(x - rint(x)) < 1e-9; }

bool rt_move_exact(const Move *v) {
  for (int32_t a = 0; a < v->module->nactions; a++) {
    const gdl_action *x = action_of(v, a);
    if (!v->matrix[a] || (x->moves != GDL_GRID && x->moves != GDL_TORUS)) continue;
    for (int i = 0; i < x->dim * x->dim; i++)
      if (!near_whole(v->matrix[a][i])) return false;
  }
  return true;
}

static double shift_on(const Move *v, int axis, int64_t n) {
  return v->shift_of[axis] ? v->shift[axis] * (double)n / v->shift_of[axis] : 0;
}

static void permutation(Move *v, int a, int64_t n) {
  v->norder = n;
  Key key = rt_key(DRAW_AUGMENT, v->key.at[0] ^ v->key.at[1], (uint64_t)a);
  if (v->shuffle == SHUFFLE_ALL) {
    rt_permutation(key, v->order, (uint32_t)n);
    return;
  }
  for (int64_t i = 0; i < n; i++) v->order[i] = (uint32_t)(v->shuffle == SHUFFLE_CYCLE ? (i + 1) % n : i);
  if (v->shuffle == SHUFFLE_TWO && n > 1) v->order[0] = 1, v->order[1] = 0;
}

/* Adds weight * row (y, x) of `in`, where there is one. */
static void add_row(const double *in, double *out, int64_t numbers, const int64_t *shape, int64_t y, int64_t x,
    bool wrap, double weight) {
  if (wrap) y = (y % shape[0] + shape[0]) % shape[0], x = (x % shape[1] + shape[1]) % shape[1];
  if (weight == 0 || y < 0 || x < 0 || y >= shape[0] || x >= shape[1]) return;
  const double *from = in + (y * shape[1] + x) * numbers;
  for (int64_t c = 0; c < numbers; c++) out[c] += weight * from[c];
}

static void move_grid(const Move *v, int a, bool label, int64_t numbers, const double *in, double *out) {
  const gdl_action *x = action_of(v, a);
  bool torus = x->moves == GDL_TORUS, line = x->dim == 1;
  int64_t shape[2] = { x->shape[0], line ? 1 : x->shape[1] };
  double inverse[4] = { 1, 0, 0, 1 }, w[4];
  if (v->matrix[a] && line) inverse[0] = 1 / v->matrix[a][0];
  if (v->matrix[a] && !line) invert(v->matrix[a], inverse, w, 2);
  double centre[2] = { torus ? x->centre : (double)(shape[0] - 1) / 2, torus ? line ? 0 : x->centre
      : (double)(shape[1] - 1) / 2 };
  double shift[2] = { torus ? shift_on(v, 0, shape[0]) : 0, torus && !line ? shift_on(v, 1, shape[1]) : 0 };
  for (int64_t i = 0; i < shape[0]; i++)
    for (int64_t j = 0; j < shape[1]; j++) {
      double p = (double)i - centre[0] - shift[0], q = (double)j - centre[1] - shift[1];
      double y = line ? inverse[0] * p : inverse[0] * p + inverse[1] * q, u = line ? 0 : inverse[2] * p
          + inverse[3] * q;
      y += centre[0], u += line ? 0 : centre[1];
      if (label || near_whole(y)) y = rint(y);
      if (label || near_whole(u)) u = rint(u);
      double fy = floor(y), fu = floor(u), b = y - fy, c = u - fu, *to = out + (i * shape[1] + j) * numbers;
      for (int64_t k = 0; k < numbers; k++) to[k] = 0;
      int64_t r = (int64_t)fy, s = (int64_t)fu;
      add_row(in, to, numbers, shape, r, s, torus, (1 - b) * (1 - c));
      add_row(in, to, numbers, shape, r, s + 1, torus, (1 - b) * c);
      add_row(in, to, numbers, shape, r + 1, s, torus, b * (1 - c));
      add_row(in, to, numbers, shape, r + 1, s + 1, torus, b * c);
    }
}

static void move_set(Move *v, int a, int64_t rows, int64_t numbers, int32_t nrows, const double *in, double *out) {
  int64_t side = nrows == 2 ? (int64_t)llround(sqrt((double)rows)) : rows;
  permutation(v, a, side);
  for (int64_t i = 0; i < rows; i++) {
    int64_t to = nrows == 2 ? v->order[i / side] * side + v->order[i % side] : v->order[i];
    memcpy(out + to * numbers, in + i * numbers, sizeof(double) * (size_t)numbers);
  }
}

/* The components of each row, in place. */
static void mix(const Move *v, const gdl_arg *arg, int64_t rows, int64_t numbers, double *x) {
  double column[256];
  for (int16_t k = 0, from = 0; k < arg->nterms; k++) {
    const gdl_term *term = &arg->terms[k];
    int dim = term->dim, copies = term->copies;
    const gdl_action *act = term->action >= 0 ? action_of(v, term->action) : NULL;
    const double *m = act ? v->matrix[term->action] : NULL;
    bool point = act && act->moves == GDL_POINT;
    for (int64_t r = 0; (m || point) && dim <= 256 && r < rows; r++)
      for (int c = 0; c < copies; c++) {
        double *at = x + r * numbers + from + c;
        for (int i = 0; i < dim; i++) column[i] = at[i * copies];
        for (int i = 0; i < dim; i++) {
          double s = m ? 0 : column[i];
          for (int j = 0; m && j < dim; j++)
            if (m[i * dim + j] != 0) s += m[i * dim + j] * column[j];
          at[i * copies] = s + (point && i < 4 ? v->offset[i] : 0);
        }
      }
    from = (int16_t)(from + dim * copies);
  }
}

void rt_move_apply(Move *v, const gdl_arg *arg, int64_t rows, int64_t numbers, int32_t nrows, const double *in,
    double *out) {
  const gdl_action *act = arg->rows >= 0 && v->group < v->module->ngroups ? action_of(v, arg->rows) : NULL;
  int32_t moves = act ? act->moves : GDL_FIXED;
  if (moves == GDL_GRID || moves == GDL_TORUS) move_grid(v, arg->rows, arg->dtype == GDL_I32, numbers, in, out);
  else if (moves == GDL_SET && v->shuffle != SHUFFLE_NONE) move_set(v, arg->rows, rows, numbers, nrows, in, out);
  else memcpy(out, in, sizeof(double) * (size_t)(rows * numbers));
  if (v->group < v->module->ngroups) mix(v, arg, rows, numbers, out);
}
