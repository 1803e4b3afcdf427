/* witness.c: numbers that show a refusal, found by evaluating the primitive that was refused.
 *
 *     g = r, v = (1, -1): relu(g v) = (1, 1), but g relu(v) = (0, 1)
 *
 * Reads a kind and a function of its components; tries small whole vectors and the generators of the group, which
 * suffice: what commutes with the generators commutes with all. The first that differs is printed. A search that
 * finds nothing leaves the witness empty: the rule refuses more than it must then, and says nothing false.
 * Elsewhere: which functions are refused (rule_*.c). Clause [witness.1] of lang/spec.md. */
#include "front/rule.h"
#include "graph/expr.h"
#include <math.h>

enum { MOST = 48 };                 /* components of a kind that is tried                             */

/* A function of the components of one vector, or of two. */
typedef struct Tried {
  const char *moved, *after;        /* as a message writes it: "relu(g v)", "g relu(v)"                */
  void (*apply)(const struct Tried *t, const double *v, const double *w, uint32_t n, double *out);
  const ExprPool *pool;
  ExprId e;                         /* of pointwise                                                    */
  double exponent;
  bool two;
} Tried;

static void pointwise(const Tried *t, const double *v, const double *w, uint32_t n, double *out) {
  (void)w;
  for (uint32_t i = 0; i < n; i++) out[i] = expr_eval(t->pool, t->e, &v[i], NULL);
}
static void powers(const Tried *t, const double *v, const double *w, uint32_t n, double *out) {
  (void)w;
  for (uint32_t i = 0; i < n; i++) out[i] = pow(v[i], t->exponent);
}
static void product(const Tried *t, const double *v, const double *w, uint32_t n, double *out) {
  (void)t;
  for (uint32_t i = 0; i < n; i++) out[i] = v[i] * w[i];
}
static void quotient(const Tried *t, const double *v, const double *w, uint32_t n, double *out) {
  (void)t;
  for (uint32_t i = 0; i < n; i++) out[i] = v[i] / w[i];
}
static void largest(const Tried *t, const double *v, const double *w, uint32_t n, double *out) {
  (void)t;
  for (uint32_t i = 0; i < n; i++) out[i] = v[i] > w[i] ? v[i] : w[i];
}

static void act(const double *m, uint32_t n, const double *v, double *out) {
  for (uint32_t i = 0; i < n; i++) {
    out[i] = 0;
    for (uint32_t j = 0; j < n; j++) out[i] += m[i * n + j] * v[j];
  }
}

static bool differ(const double *a, const double *b, uint32_t n) {
  for (uint32_t i = 0; i < n; i++) {
    if (!isfinite(a[i]) || !isfinite(b[i])) continue;
    if (fabs(a[i] - b[i]) > 1e-6) return true;
  }
  return false;
}

static void print_vector(const double *v, uint32_t n, Out *o) {
  if (n > 1) out_printf(o, "(");
  for (uint32_t i = 0; i < n; i++) {
    double rounded = round(v[i] * 100) / 100;
    out_printf(o, i ? ", %g" : "%g", rounded == 0 ? 0.0 : rounded);
  }
  if (n > 1) out_printf(o, ")");
}
static const char *vector_text(Check *c, const double *v, uint32_t n) {
  Out o = { .arena = c->arena };
  print_vector(v, n, &o);
  return out_text(&o).at;
}

/* The k-th small vector: the axes, their opposites, then (1, -1), (1, 1), ... on neighbouring axes. */
static bool small_vector(uint32_t k, uint32_t n, double *v) {
  memset(v, 0, n * sizeof *v);
  if (k < 2 * n) {
    v[k / 2] = k % 2 ? -1 : 1;
    return true;
  }
  k -= 2 * n;
  if (k >= 3 * (n - 1)) return false;
  v[k / 3] = k % 3 == 2 ? 2 : 1;
  v[k / 3 + 1] = k % 3 == 1 ? 1 : -1;
  return true;
}

/* The first generator and vectors for which t does not commute. */
static void find(Check *c, const Tried *t, const Kind *kind, Why *why) {
  if (!kind->group || kind->dim > MOST) return;
  uint32_t n = kind->dim, most = 5 * n;
  double m[MOST * MOST], v[MOST], w[MOST] = { 0 }, gv[MOST], gw[MOST], left[MOST], plain[MOST], right[MOST];
  for (uint32_t g = 0; g < kind->group->ngen; g++) {
    kind_generator(kind, g, m);
    for (uint32_t k = 0; k < most && small_vector(k, n, v); k++)
      for (uint32_t l = 0; l < (t->two ? most : 1); l++) {
        if (t->two && !small_vector(l, n, w)) break;
        act(m, n, v, gv);
        act(m, n, w, gw);
        t->apply(t, gv, gw, n, left);
        t->apply(t, v, w, n, plain);
        act(m, n, plain, right);
        if (!differ(left, right, n)) continue;
        Str gen = kind->group->gen[g];
        why_witness(why, "g = %.*s, v = %s%s%s: %s = %s, but %s = %s", STR(gen), vector_text(c, v, n),
                    t->two ? ", w = " : "", t->two ? vector_text(c, w, n) : "", t->moved, vector_text(c, left, n),
                    t->after, vector_text(c, right, n));
        return;
      }
  }
}

static const struct { const char *name, *value; } fn[] = {
#define FN(name, parity, homogeneous, linear, smoothness, value) { #name, value },
#include "../../lang/functions.def"
#undef FN
};

void witness_pointwise(Check *c, FnId id, const Kind *kind, Why *why) {
  ExprPool pool = { .arena = c->arena };
  ExprId e = expr_read(&pool, fn[id].value, NULL);
  if (!e) bug("functions.def: \"%s\" is no expression", fn[id].value);
  find(c, &(Tried){ .moved = str_format(c->arena, "%s(g v)", fn[id].name).at,
                    .after = str_format(c->arena, "g %s(v)", fn[id].name).at, .apply = pointwise, .pool = &pool,
                        .e = e },
       kind, why);
}

void witness_power(Check *c, double exponent, const Kind *kind, Why *why) {
  find(c, &(Tried){ .moved = str_format(c->arena, "(g v)^%g", exponent).at,
                    .after = str_format(c->arena, "g (v^%g)", exponent).at, .apply = powers, .exponent = exponent },
       kind, why);
}

void witness_product(Check *c, const Kind *kind, Why *why) {
  find(c, &(Tried){ .moved = "g v * g w", .after = "g (v * w)", .apply = product, .two = true }, kind, why);
}

/* A number, or what moves as the divisor does, by what moves. */
void witness_quotient(Check *c, const Kind *kind, bool number, Why *why) {
  if (number)
    find(c, &(Tried){ .moved = "1 / (g v)", .after = "g (1 / v)", .apply = powers, .exponent = -1 }, kind, why);
  else find(c, &(Tried){ .moved = "g v / g w", .after = "g (v / w)", .apply = quotient, .two = true }, kind, why);
}

void witness_max(Check *c, const Kind *kind, Why *why) {
  find(c, &(Tried){ .moved = "max(g v, g w)", .after = "g max(v, w)", .apply = largest, .two = true }, kind, why);
}

/* A fixed vector, or a component: g v is not v. */
void witness_fixed(Check *c, const Kind *kind, Why *why) {
  if (!kind->group || kind->dim > MOST) return;
  uint32_t n = kind->dim;
  double m[MOST * MOST], v[MOST], gv[MOST];
  for (uint32_t g = 0; g < kind->group->ngen; g++) {
    kind_generator(kind, g, m);
    for (uint32_t k = 0; k < 2 * n && small_vector(k, n, v); k++) {
      act(m, n, v, gv);
      if (!differ(gv, v, n)) continue;
      why_witness(why, "g = %.*s takes %s to %s", STR(kind->group->gen[g]), vector_text(c, v, n),
                  vector_text(c, gv, n));
      return;
    }
  }
}

/* A number made of the components, that should not change. */
void witness_length(Check *c, const Kind *kind, Why *why) {
  if (!kind->group || kind->dim > MOST) return;
  uint32_t n = kind->dim;
  double m[MOST * MOST], v[MOST], gv[MOST];
  for (uint32_t g = 0; g < kind->group->ngen; g++) {
    kind_generator(kind, g, m);
    for (uint32_t k = 0; k < 5 * n && small_vector(k, n, v); k++) {
      double before = 0, after = 0, most_before = -INFINITY, most_after = -INFINITY;
      act(m, n, v, gv);
      for (uint32_t i = 0; i < n; i++) {
        before += v[i] * v[i];
        after += gv[i] * gv[i];
        most_before = fmax(most_before, v[i]);
        most_after = fmax(most_after, gv[i]);
      }
      bool length = !kind->orthogonal;
      if (fabs(length ? before - after : most_before - most_after) < 1e-6) continue;
      why_witness(why, "g = %.*s takes %s to %s: %s %g before, %g after", STR(kind->group->gen[g]),
                  vector_text(c, v, n), vector_text(c, gv, n), length ? "the sum of squares is" : "the largest is",
                  length ? before : most_before, length ? after : most_after);
      return;
    }
  }
}

void witness_differ(Check *c, const Kind *a, const Kind *b, Why *why) {
  if (a->dim != b->dim || a->dim > MOST || (a->group && b->group && a->group != b->group)) return;
  const Group *group = a->group ? a->group : b->group;
  uint32_t n = a->dim;
  double ma[MOST * MOST], mb[MOST * MOST], v[MOST], left[MOST], right[MOST];
  for (uint32_t g = 0; group && g < group->ngen; g++) {
    for (uint32_t i = 0; i < n * n; i++) ma[i] = mb[i] = i % (n + 1) == 0;
    if (a->group) kind_generator(a, g, ma);
    if (b->group) kind_generator(b, g, mb);
    for (uint32_t k = 0; k < 2 * n && small_vector(k, n, v); k++) {
      act(ma, n, v, left);
      act(mb, n, v, right);
      if (!differ(left, right, n)) continue;
      why_witness(why, "g = %.*s takes %s to %s as `%.*s`, to %s as `%.*s`", STR(group->gen[g]), vector_text(c, v, n),
                  vector_text(c, left, n), STR(a->name), vector_text(c, right, n), STR(b->name));
      return;
    }
  }
}

/* --- kernels ---------------------------------------------------------------------------------- */
/* The average over P of the kernel 1, 2, 3, ...: s(g) K(g^-1 x) r(g)^-1, offsets about the centre. */
void witness_kernel(Check *c, const GridAction *a, uint32_t size, const Kind *in, const Kind *out, Why *why) {
  const Group *group = in->group ? in->group : out->group;
  uint32_t offsets = a->ndim > 1 ? size * size : size, ni = in->dim, no = out->dim, total = offsets * ni * no;
  if (!a->group || (group && group != a->group) || ni > MOST || no > MOST || total > 4096) return;
  double *sum = arena_array(c->arena, double, total), r[MOST * MOST], s[MOST * MOST];
  uint32_t *row = arena_array(c->arena, uint32_t, offsets), shape[2] = { size, size };
  for (uint32_t p = 0; p < a->npixel; p++) {
    grid_permute_window(a, p, shape, row);
    for (uint32_t i = 0; i < ni * ni; i++) r[i] = i % (ni + 1) == 0;
    for (uint32_t i = 0; i < no * no; i++) s[i] = i % (no + 1) == 0;
    uint32_t inverse = a->group->elements->inverse[a->pixel[p]];
    if (in->group) kind_element(c->program->reps, in, inverse, r);
    if (out->group) kind_element(c->program->reps, out, a->pixel[p], s);
    for (uint32_t x = 0; x < offsets; x++)
      for (uint32_t o = 0; o < no; o++)
        for (uint32_t i = 0; i < ni; i++)
          for (uint32_t q = 0; q < no; q++)
            for (uint32_t j = 0; j < ni; j++)
              sum[(row[x] * no + o) * ni + i] +=
                  s[o * no + q] * (double)((x * no + q) * ni + j + 1) * r[j * ni + i] / a->npixel;
  }
  for (uint32_t k = 0; k < total; k++)
    if (fabs(sum[k]) > 1e-9 * total) return;
  const char *numbers = total == 1 ? "1" : total == 2 ? "1, 2" : str_format(c->arena, "1, 2, ..., %u", total).at;
  why_witness(why, "the kernel %s, averaged over %.*s, is 0 everywhere", numbers, STR(a->group->name));
  for (uint32_t more = size + 1; more <= size + 2; more++) {
    const Basis *b = kernel_basis(c->program->reps, a, more, in, out, NULL);
    if (!b || !b->n) continue;
    why_help(why, "with kernel %u there %s %u weight%s for a pair of copies", more, b->n == 1 ? "is" : "are", b->n,
             b->n == 1 ? "" : "s");
    return;
  }
}
