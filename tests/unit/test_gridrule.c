/* test_gridrule.c: the grid rule [grid.5] to [grid.8] against a plain implementation.
 *
 * For every configuration of word, size, kernel, stride, pad, dilation under C(4), D(4) on squares and O(1) on lines:
 * which elements does the rule keep, and for which does f(g x) = g f(x) hold on random whole images and random
 * equivariant kernels? One that the rule keeps and the numbers refute would be unsound: there is none. One that holds
 * and is refused is allowed where RULES 6 says so: outputs of one element, windows that read padding alone, kernels as
 * wide as the grid. On a torus: about the centre that the rule states, and by the translations that it states. */
#include "front/grid.h"
#include "rep/rep.h"
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>

enum { SIDE = 32, DIM = 8, CELLS = SIDE * SIDE };

typedef struct Field { uint32_t ndim, shape[2], dim; double *at; } Field;     /* at[row * dim + component] */

typedef struct Audit {
  Arena arena, scratch;             /* scratch: fields of one configuration                     */
  Exacts *exacts;
  Groups groups;
  Reps reps;
  uint64_t random;
  uint32_t tried, kept, refused, over_one, over_padding, over_wide, unsound, over;
} Audit;

static int32_t draw(Audit *a, int32_t most) {
  a->random = a->random * 6364136223846793005u + 1442695040888963407u;
  return (int32_t)((a->random >> 33) % (uint64_t)(2 * most + 1)) - most;
}

static Field field_of(Audit *a, uint32_t ndim, int64_t n, uint32_t dim) {
  Field f = { .ndim = ndim, .shape = { (uint32_t)n, ndim > 1 ? (uint32_t)n : 1 }, .dim = dim };
  f.at = arena_array(&a->scratch, double, f.shape[0] * f.shape[1] * dim);
  return f;
}
static uint32_t rows(const Field *f) { return f->shape[0] * f->shape[1]; }

static void fill(Audit *a, Field *f) {
  for (uint32_t i = 0; i < rows(f) * f->dim; i++) f->at[i] = draw(a, 9);
}

/* --- the plain implementation ----------------------------------------------------------------- */
typedef struct Filter { int64_t size; uint32_t in, out; double *at; } Filter;  /* at[(offset * out + o) * in + i] */

/* Element `i` of an axis of n, or -1 outside. */
static int64_t wrap(int64_t i, int64_t n, bool wraps) { return wraps ? ((i % n) + n) % n : i >= 0 && i < n ? i : -1; }

static int64_t first_of(const AxisCase *c) { return c->wraps ? (c->kernel - 1) / 2 * c->dilation : c->pad; }

/* conv and its adjoint: each pair of an element of the small side and an offset meets one of the large side. */
static void run_conv(const AxisCase *c, const Field *x, const Filter *k, Field *y) {
  bool up = c->stencil == STENCIL_TRANSPOSE;
  const Field *small = up ? x : y, *large = up ? y : x;
  int64_t w = large->ndim > 1 ? k->size : 1, ns = small->ndim > 1 ? small->shape[1] : 1,
          nl = large->ndim > 1 ? large->shape[1] : 1;
  memset(y->at, 0, rows(y) * y->dim * sizeof *y->at);
  for (int64_t s = 0; s < (int64_t)rows(small); s++)
    for (int64_t a = 0; a < k->size; a++)
      for (int64_t b = 0; b < w; b++) {
        int64_t i = wrap(s / ns * c->stride + a * c->dilation - first_of(c), large->shape[0], c->wraps);
        int64_t j =
            large->ndim > 1 ? wrap(s % ns * c->stride + b * c->dilation - first_of(c), large->shape[1], c->wraps) : 0;
        if (i < 0 || j < 0) continue;
        const double *from = &x->at[(up ? s : i * nl + j) * x->dim];
        double *to = &y->at[(up ? i * nl + j : s) * y->dim];
        const double *f = &k->at[(a * w + b) * k->in * k->out];
        for (uint32_t o = 0; o < k->out; o++)
          for (uint32_t h = 0; h < k->in; h++) to[o] += f[o * k->in + h] * from[h];
      }
}

static void run_pool(const AxisCase *c, bool mean, const Field *x, Field *y) {
  int64_t w = x->ndim > 1 ? c->kernel : 1, n = x->ndim > 1 ? x->shape[1] : 1, m = y->ndim > 1 ? y->shape[1] : 1;
  for (int64_t s = 0; s < (int64_t)rows(y); s++)
    for (uint32_t o = 0; o < y->dim; o++) {
      double sum = 0, most = -INFINITY, count = 0;
      for (int64_t a = 0; a < c->kernel; a++)
        for (int64_t b = 0; b < w; b++) {
          int64_t i = wrap(s / m * c->stride + a - first_of(c), x->shape[0], c->wraps);
          int64_t j = x->ndim > 1 ? wrap(s % m * c->stride + b - first_of(c), x->shape[1], c->wraps) : 0;
          if (i < 0 || j < 0) continue;
          double v = x->at[(i * n + j) * x->dim + o];
          sum += v;
          most = v > most ? v : most;
          count++;
        }
      y->at[s * y->dim + o] = mean ? (count ? sum / count : 0) : most;
    }
}

/* Linear: centres at (k + 1/2) / by - 1/2, the border repeated; around a torus elements 0 meet. Else nearest. */
static double sample_axis(const AxisCase *c, int64_t k, int64_t tap, int64_t *at) {
  if (!c->smooth) {
    int64_t first = c->wraps ? (c->stride - 1) / 2 : 0, n = c->size * c->stride;
    *at = (c->wraps ? (k + first) % n : k) / c->stride;
    return tap == 0;
  }
  double place = c->wraps ? (double)k / (double)c->stride : ((double)k + 0.5) / (double)c->stride - 0.5,
         low = floor(place), part = place - low;
  int64_t i = (int64_t)low + tap;
  *at = c->wraps ? wrap(i, c->size, true) : i < 0 ? 0 : i >= c->size ? c->size - 1 : i;
  return tap ? part : 1 - part;
}

static void run_upsample(const AxisCase *c, const Field *x, Field *y) {
  int64_t n = x->ndim > 1 ? x->shape[1] : 1, m = y->ndim > 1 ? y->shape[1] : 1;
  memset(y->at, 0, rows(y) * y->dim * sizeof *y->at);
  for (int64_t s = 0; s < (int64_t)rows(y); s++)
    for (int64_t a = 0; a < 2; a++)
      for (int64_t b = 0; b < (x->ndim > 1 ? 2 : 1); b++) {
        int64_t i, j = 0;
        double part = sample_axis(c, s / m, a, &i);
        if (x->ndim > 1) part *= sample_axis(c, s % m, b, &j);
        for (uint32_t o = 0; o < y->dim && part != 0; o++)
          y->at[s * y->dim + o] += part * x->at[(i * n + j) * x->dim + o];
      }
}

/* --- how elements act ------------------------------------------------------------------------- */
/* (g f)(g x) = r(g) f(x); mirrors of an axis of n take i to from - i (window: n - 1; torus: twice the centre). */
static Field moved(Audit *a, const GridAction *action, uint32_t p, const Kind *kind, const Field *f, bool wraps,
                   int64_t centre2) {
  Field y = field_of(a, f->ndim, f->shape[0], f->dim);
  double m[DIM * DIM] = { 1 };
  if (kind->group) kind_element(&a->reps, kind, action->pixel[p], m);
  int64_t n = f->ndim > 1 ? f->shape[1] : 1;
  for (int64_t r = 0; r < (int64_t)rows(f); r++) {
    int64_t from[2] = { r / n, r % n }, to[2] = { 0, 0 };
    for (uint32_t d = 0; d < f->ndim; d++) {
      int32_t image = action->image[p][d];
      uint32_t axis = (uint32_t)(image < 0 ? -image : image) - 1;
      int64_t size = f->shape[axis];
      to[axis] = image > 0 ? from[d] : wraps ? wrap(centre2 - from[d], size, true) : size - 1 - from[d];
    }
    for (uint32_t o = 0; o < f->dim; o++)
      for (uint32_t h = 0; h < f->dim; h++)
        y.at[(to[0] * n + to[1]) * f->dim + o] += m[o * f->dim + h] * f->at[r * f->dim + h];
  }
  return y;
}

static Field shifted(Audit *a, const Field *f, int64_t by) {
  Field y = field_of(a, f->ndim, f->shape[0], f->dim);
  int64_t n = f->ndim > 1 ? f->shape[1] : 1;
  for (int64_t r = 0; r < (int64_t)rows(f); r++) {
    int64_t i = (r / n + by) % f->shape[0], j = f->ndim > 1 ? (r % n + by) % n : 0;
    memcpy(&y.at[(i * n + j) * f->dim], &f->at[r * f->dim], f->dim * sizeof *f->at);
  }
  return y;
}

static bool equal(const Field *x, const Field *y) {
  double most = 1;
  for (uint32_t i = 0; i < rows(x) * x->dim; i++)
    if (isfinite(x->at[i])) most = fmax(most, fabs(x->at[i]));
  for (uint32_t i = 0; i < rows(x) * x->dim; i++) {
    if (x->at[i] == y->at[i]) continue;
    if (!(fabs(x->at[i] - y->at[i]) <= 1e-9 * most)) return false;
  }
  return true;
}

/* --- one configuration ------------------------------------------------------------------------ */
typedef struct Trial { AxisCase axis; bool mean; const GridAction *action; const Kind *in, *out; Filter filter; } Trial;

static Field apply(Audit *a, const Trial *t, const Field *x, int64_t size) {
  Field y = field_of(a, x->ndim, size, t->out->dim);
  switch (t->axis.stencil) {
  case STENCIL_CONV: case STENCIL_TRANSPOSE: run_conv(&t->axis, x, &t->filter, &y); break;
  case STENCIL_POOL: run_pool(&t->axis, t->mean, x, &y); break;
  case STENCIL_UPSAMPLE: run_upsample(&t->axis, x, &y); break;
  }
  return y;
}

/* A random combination of the basis; false: there is no kernel. */
static bool draw_filter(Audit *a, Trial *t) {
  if (t->axis.stencil == STENCIL_POOL || t->axis.stencil == STENCIL_UPSAMPLE) return true;
  const Basis *b = kernel_basis(&a->reps, t->action, (uint32_t)t->axis.kernel, t->in, t->out, NULL);
  if (!b || !b->n) return false;
  t->filter = (Filter){ t->axis.kernel, t->in->dim, t->out->dim,
                        arena_array(&a->scratch, double, b->noffsets * b->din * b->dout) };
  double *w = arena_array(&a->scratch, double, b->n);
  for (uint32_t k = 0; k < b->n; k++) w[k] = draw(a, 50) + 0.5;
  for (uint32_t i = 0; i < b->nnz; i++) {
    const BasisEntry *e = &b->nz[i];
    t->filter.at[(e->offset * b->dout + e->out) * b->din + e->in] += w[e->k] * e->value;
  }
  return true;
}

static bool flips(const GridAction *a, uint32_t p) {
  for (uint32_t d = 0; d < a->ndim; d++)
    if (a->image[p][d] < 0) return true;
  return false;
}

/* Does some row of the result read padding alone? */
static bool reads_padding(const AxisCase *c, int64_t size) {
  for (int64_t i = 0; i < size; i++) {
    bool inside = false;
    for (int64_t k = 0; k < c->kernel; k++) {
      int64_t at = i * c->stride - c->pad + k * c->dilation;
      inside = inside || (at >= 0 && at < c->size);
    }
    if (!inside) return true;
  }
  return false;
}

/* One image may hold by chance, a maximum above all: what is refused must fail for one of these. */
enum { IMAGES = 24 };
static bool holds_again(Audit *a, const Trial *trial, const AxisVerdict *v, uint32_t p, int64_t shift) {
  Trial own = *trial, *t = &own;
  for (int i = 0; i < IMAGES; i++) {
    draw_filter(a, t);
    Field x = field_of(a, t->action->ndim, t->axis.size, t->in->dim);
    fill(a, &x);
    Field y = apply(a, t, &x, v->size);
    Field gx = shift ? shifted(a, &x, shift) : moved(a, t->action, p, t->in, &x, false, 0);
    Field gy = shift ? shifted(a, &y, 1) : moved(a, t->action, p, t->out, &y, false, 0),
          fgx = apply(a, t, &gx, v->size);
    if (!equal(&gy, &fgx)) return false;
  }
  return true;
}

static void try_window(Audit *a, Trial *t, const AxisVerdict *v, const Field *x, const Field *y) {
  const AxisCase *c = &t->axis;
  for (uint32_t p = 0; p < t->action->npixel; p++) {
    Field gx = moved(a, t->action, p, t->in, x, false, 0), gy = moved(a, t->action, p, t->out, y, false, 0),
          fgx = apply(a, t, &gx, v->size);
    bool rule = v->mirrored || !flips(t->action, p), holds = equal(&gy, &fgx);
    a->kept += rule;
    a->refused += !rule;
    if (rule && !holds) {
      a->unsound++;
      cr_log_error("unsound: stencil %d size %d kernel %d stride %d pad %d dilation %d", (int)c->stencil,
                   (int)c->size, (int)c->kernel, (int)c->stride, (int)c->pad, (int)c->dilation);
    }
    if (rule || !holds || !holds_again(a, t, v, p, 0)) continue;
    if (v->size == 1) a->over_one++;
    else if (reads_padding(c, v->size)) a->over_padding++;
    else if (c->dilation * (c->kernel - 1) + 1 >= c->size) a->over_wide++;
    else {
      a->over++;
      cr_log_error("refused, and holds: stencil %d size %d kernel %d stride %d pad %d dilation %d", (int)c->stencil,
                   (int)c->size, (int)c->kernel, (int)c->stride, (int)c->pad, (int)c->dilation);
    }
  }
}

/* [grid.8] The result of a stride keeps mirrors about its own element 0 when x is mirrored about c, 2c = off2; what
 * goes up is mirrored about 2c = off2 (in elements of the result) when x is about 0. */
static void try_torus(Audit *a, Trial *t, const AxisVerdict *v, const Field *x, const Field *y) {
  bool up = t->axis.stencil == STENCIL_TRANSPOSE || t->axis.stencil == STENCIL_UPSAMPLE;
  for (uint32_t p = 0; p < t->action->npixel && v->divides; p++) {
    Field gx = moved(a, t->action, p, t->in, x, true, up ? 0 : v->off2);
    Field gy = moved(a, t->action, p, t->out, y, true, up ? -v->off2 : 0), fgx = apply(a, t, &gx, v->size);
    a->kept++;
    if (!equal(&gy, &fgx)) {
      a->unsound++;
      cr_log_error("unsound on a torus: stencil %d size %d kernel %d stride %d dilation %d", (int)t->axis.stencil,
                   (int)t->axis.size, (int)t->axis.kernel, (int)t->axis.stride, (int)t->axis.dilation);
    }
  }
  int64_t s = t->axis.stride;
  Field sx = shifted(a, x, up ? 1 : s), sy = shifted(a, y, up ? s : 1), fsx = apply(a, t, &sx, v->size);
  bool holds = equal(&sy, &fsx);
  if (v->divides && !holds) a->unsound++;
  if (!v->divides && holds && v->size > 1 && t->axis.dilation * t->axis.kernel < t->axis.size &&
      holds_again(a, t, v, 0, s)) {
    a->over++;
    cr_log_error("refused, and holds on a torus: %.*s to %.*s, size %d kernel %d stride %d dilation %d",
                 STR(t->in->name), STR(t->out->name), (int)t->axis.size, (int)t->axis.kernel, (int)s,
                 (int)t->axis.dilation);
  }
}

static void try_one(Audit *a, Trial *t) {
  AxisVerdict v = grid_axis(&t->axis);
  if (v.size < 1 || v.size > SIDE) return;
  if (draw_filter(a, t)) {
    Field x = field_of(a, t->action->ndim, t->axis.size, t->in->dim);
    fill(a, &x);
    Field y = apply(a, t, &x, v.size);
    a->tried++;
    if (t->axis.wraps) try_torus(a, t, &v, &x, &y);
    else try_window(a, t, &v, &x, &y);
  }
  arena_reset(&a->scratch, (Mark){ 0 });
}

static const GridAction *action_of(Audit *a, uint32_t which) {
  const Group *g = which == 0   ? group_cyclic(&a->groups, 4)
                   : which == 1 ? group_dihedral(&a->groups, 4)
                                : group_orthogonal(&a->groups, 1, false);
  cr_assert(group_elements(&a->groups, g, NULL));
  return grid_action(&a->reps, g, which < 2 ? 2 : 1, NULL);
}

static const Kind *kind_of(Audit *a, const Group *g, uint32_t which) {
  switch (which % 4) {
  case 0: return kind_scalar(&a->reps);
  case 1: return kind_vector(&a->reps, g, NULL);
  case 2: return kind_sign(&a->reps, g, NULL);
  default: return kind_regular(&a->reps, g, NULL);
  }
}

static void open_audit(Audit *a) {
  *a = (Audit){ .random = 7 };
  a->exacts = exacts_open();
  a->groups = (Groups){ .arena = &a->arena, .exacts = a->exacts };
  a->reps = (Reps){ .arena = &a->arena, .groups = &a->groups };
}

static void close_audit(Audit *a, const char *what) {
  printf(
      "%s: %u configurations, %u elements kept, %u refused; refused and holding: %u one element, %u padding alone, "
      "%u wide kernels; "
      "unsound %u, other over-refusals %u\n",
      what, a->tried, a->kept, a->refused, a->over_one, a->over_padding, a->over_wide, a->unsound, a->over);
  exacts_close(a->exacts);
  arena_free(&a->scratch);
  arena_free(&a->arena);
}

static uint32_t try_all(Audit *a, Stencil stencil, bool wraps) {
  bool weights = stencil == STENCIL_CONV || stencil == STENCIL_TRANSPOSE;
  uint32_t pair = 0;
  for (uint32_t group = 0; group < 3; group++) {
    const GridAction *action = action_of(a, group);
    for (int64_t size = 1; size <= 8; size++)
      for (int64_t kernel = 1; kernel <= (stencil == STENCIL_UPSAMPLE ? 1 : 5); kernel++)
        for (int64_t stride = 1; stride <= 3; stride++)
          for (int64_t pad = 0; pad <= (wraps || stencil == STENCIL_UPSAMPLE ? 0 : 2); pad++)
            for (int64_t more = 0; more < 2; more++) {
              if (stencil == STENCIL_POOL && pad >= kernel) continue;                 /* E0401 whatever acts */
              pair++;
              Trial t = { .action = action,
                          .mean = more,
                          .in = kind_of(a, action->group, weights ? pair : 0),
                          .out = kind_of(a, action->group, weights ? pair / 4 : 0),
                          .axis = { .stencil = stencil,
                                    .wraps = wraps,
                                    .smooth = stencil == STENCIL_UPSAMPLE && more,
                                    .size = size,
                                    .kernel = kernel,
                                    .stride = stride,
                                    .pad = pad,
                                    .dilation = weights ? 1 + more : 1 } };
              try_one(a, &t);
            }
  }
  return a->tried;
}

static uint32_t audit(const char *what, Stencil stencil, bool wraps) {
  Audit a;
  open_audit(&a);
  uint32_t tried = try_all(&a, stencil, wraps);
  close_audit(&a, what);
  cr_assert_eq(a.unsound, 0, "%s: the rule keeps what numbers refute", what);
  cr_assert_eq(a.over, 0, "%s: the rule refuses what holds, beyond what is documented", what);
  return tried;
}

Test(gridrule, grid_6_convolutions_on_windows) { cr_assert_geq(audit("conv, window", STENCIL_CONV, false), 1000); }
Test(gridrule, grid_6_pools_on_windows) { cr_assert_geq(audit("pool, window", STENCIL_POOL, false), 800); }
Test(gridrule, grid_7_transposed_convolutions) {
  cr_assert_geq(audit("conv_transpose, window", STENCIL_TRANSPOSE, false), 1000);
}
Test(gridrule, grid_7_upsampling) { cr_assert_geq(audit("upsample, window", STENCIL_UPSAMPLE, false), 100); }
Test(gridrule, grid_8_strides_on_a_torus) { cr_assert_geq(audit("conv, torus", STENCIL_CONV, true), 500); }
Test(gridrule, grid_8_pools_on_a_torus) { cr_assert_geq(audit("pool, torus", STENCIL_POOL, true), 500); }
Test(gridrule, grid_8_upwards_on_a_torus) {
  cr_assert_geq(audit("conv_transpose, torus", STENCIL_TRANSPOSE, true), 500);
  cr_assert_geq(audit("upsample, torus", STENCIL_UPSAMPLE, true), 100);
}

/* Figures of RULES 6 and of the cases. */
static AxisVerdict verdict(Stencil s, int64_t n, int64_t k, int64_t stride, int64_t pad) {
  return grid_axis(&(AxisCase){ .stencil = s, .size = n, .kernel = k, .stride = stride, .pad = pad, .dilation = 1 });
}
Test(gridrule, grid_6_figures) {
  cr_assert(!verdict(STENCIL_CONV, 32, 3, 2, 1).mirrored);
  cr_assert(verdict(STENCIL_CONV, 33, 3, 2, 1).mirrored);
  cr_assert_eq(verdict(STENCIL_CONV, 33, 3, 2, 1).size, 17);
  cr_assert(verdict(STENCIL_CONV, 32, 4, 2, 1).mirrored);
  cr_assert(verdict(STENCIL_CONV, 225, 7, 2, 3).mirrored && !verdict(STENCIL_CONV, 224, 7, 2, 3).mirrored);
  cr_assert(verdict(STENCIL_POOL, 32, 2, 2, 0).mirrored && !verdict(STENCIL_POOL, 33, 2, 2, 0).mirrored);
  cr_assert(verdict(STENCIL_POOL, 33, 3, 2, 0).mirrored);
  cr_assert_eq(verdict(STENCIL_TRANSPOSE, 14, 3, 2, 1).size, 27);
  cr_assert_eq(verdict(STENCIL_TRANSPOSE, 14, 4, 2, 1).size, 28);
  cr_assert_lt(verdict(STENCIL_CONV, 2, 5, 1, 0).size, 1);
}
Test(gridrule, grid_10_margins) {
  AxisCase conv = { .stencil = STENCIL_CONV, .size = 16, .kernel = 3, .stride = 1, .pad = 1, .dilation = 1 };
  cr_assert_eq(grid_margin(&conv, grid_margin(&conv, 0)), 2);
  AxisCase up = { .stencil = STENCIL_UPSAMPLE, .size = 16, .stride = 2, .smooth = true };
  cr_assert_eq(grid_margin(&up, 1), 3);
  AxisCase back = { .stencil = STENCIL_TRANSPOSE, .size = 8, .kernel = 2, .stride = 2, .dilation = 1 };
  cr_assert_eq(grid_margin(&back, 0), 0);
  cr_assert_eq(grid_margin(&back, 1), 2);
}
