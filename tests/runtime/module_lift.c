/* module_lift.c: a module written by hand, as gdlc would write it, so that the runtime can be tested alone.
 *
 *     group C(4), domain X = grid(8, 8)
 *     y[g][j] = relu(sum over p of W[j][p] x(g p) + b[j])      8 regular        lift.gdl:3
 *     f[j]    = mean over g of y[g][j]                         8 scalar         lift.gdl:4
 *     logits  = f V + c                                        3 scalar         lift.gdl:5
 *
 * With -DBROKEN one pixel speaks for itself in the second value: the audit must name lift.gdl:4. With
 * -DEXPLODE=n step n finds a gradient that is not finite. Plain loops; partial sums a slot, added in order. */
#include "gdl.h"
#include <math.h>
#include <string.h>

enum { SIDE = 8, P = 64, J = 8, C = 3, G = 4, SLOTS = 4, W = 0, B = 512, V = 528, K = 560, MEAN = 576, NTRAINED = 576,
    NPARAM = 592, NSUMS = 5 };

static double get(const void *at, int dtype, int64_t i) {
  return dtype == GDL_F64 ? ((const double *)at)[i] : (double)((const float *)at)[i];
}
static void put(void *at, int dtype, int64_t i, double x) {
  if (dtype == GDL_F64) ((double *)at)[i] = x;
  else ((float *)at)[i] = (float)x;
}
static double rounded(int dtype, double x) { return dtype == GDL_F64 ? x : (double)(float)x; }

/* The pixel g p, for g = r^k: r = [[0, -1], [1, 0]] about the centre. */
static int turned(int k, int p) {
  int i = p / SIDE, j = p % SIDE;
  for (; k > 0; k--) {
    int t = i;
    i = SIDE - 1 - j;
    j = t;
  }
  return i * SIDE + j;
}

typedef struct Forward { double y[G][J], f[J], z[C]; } Forward;

static void forward(int dtype, const void *image, const void *param, Forward *o) {
  for (int g = 0; g < G; g++)
    for (int j = 0; j < J; j++) {
      double s = get(param, dtype, B + j);
      for (int p = 0; p < P; p++)
        s = rounded(dtype, s + rounded(dtype, get(param, dtype, W + j * P + p) * get(image, dtype, turned(g, p))));
      o->y[g][j] = s > 0 ? s : 0;
    }
  for (int j = 0; j < J; j++) {
    o->f[j] = rounded(dtype, (o->y[0][j] + o->y[1][j] + o->y[2][j] + o->y[3][j]) / 4);
#ifdef BROKEN
    o->f[j] += 0.01 * get(image, dtype, 0);
#endif
  }
  for (int c = 0; c < C; c++) {
    double s = get(param, dtype, K + c);
    for (int j = 0; j < J; j++) s = rounded(dtype, s + rounded(dtype, get(param, dtype, V + j * C + c) * o->f[j]));
    o->z[c] = s;
  }
}

static const void *sample(const void *images, int dtype, int64_t i) {
  return (const char *)images + i * P * (dtype == GDL_F64 ? 8 : 4);
}

/* Loss and whether the label is right; the softmax in `p`. */
static double loss_of(const Forward *o, int32_t label, double *p, double *right) {
  double top = o->z[0], sum = 0;
  int best = 0;
  for (int c = 1; c < C; c++)
    if (o->z[c] > top) top = o->z[c], best = c;
  for (int c = 0; c < C; c++) sum += p[c] = exp(o->z[c] - top);
  for (int c = 0; c < C; c++) p[c] /= sum;
  *right = best == label;
  return log(sum) + top - o->z[label];
}

typedef struct Job {
  int dtype, training;
  int64_t b;
  const void *image, *param;
  const int32_t *label;
  double *slot;                     /* [SLOTS][NTRAINED + NSUMS + 1]                                */
} Job;
enum { SLAB = NTRAINED + NSUMS + 1 };

static void pullback(const Job *x, const void *image, const Forward *o, const double *p, int32_t label, double *d) {
  double dz[C], df[J] = { 0 };
  for (int c = 0; c < C; c++) {
    dz[c] = (p[c] - (c == label)) / (double)x->b;
    d[K + c] += dz[c];
    for (int j = 0; j < J; j++) {
      d[V + j * C + c] += o->f[j] * dz[c];
      df[j] += get(x->param, x->dtype, V + j * C + c) * dz[c];
    }
  }
  for (int g = 0; g < G; g++)
    for (int j = 0; j < J; j++) {
      if (o->y[g][j] <= 0) continue;
      d[B + j] += df[j] / 4;
      for (int q = 0; q < P; q++) d[W + j * P + q] += df[j] / 4 * get(image, x->dtype, turned(g, q));
    }
}

static int body(void *ctx, int64_t from, int64_t to) {
  const Job *x = ctx;
  for (int64_t s = from; s < to; s++) {
    double *d = x->slot + s * SLAB;
    memset(d, 0, sizeof(double) * SLAB);
    for (int64_t i = x->b * s / SLOTS; i < x->b * (s + 1) / SLOTS; i++) {
      Forward o;
      double p[C], right;
      const void *image = sample(x->image, x->dtype, i);
      forward(x->dtype, image, x->param, &o);
      d[NTRAINED + 1] += loss_of(&o, x->label[i], p, &right);
      d[NTRAINED + 2] += 1;
      d[NTRAINED + 3] += right;
      d[NTRAINED + 4] += 1;
      for (int q = 0; q < P; q++) d[NTRAINED + 5] += get(image, x->dtype, q) / P / (double)x->b;
      if (x->training) pullback(x, image, &o, p, x->label[i], d);
    }
  }
  return GDL_OK;
}

static void run_job(Job *x, const gdl_call *c) {
  x->b = c->sizes[0];
  x->slot = c->workspace;
  if (c->host && c->host->parallel_for) c->host->parallel_for(c->host->user, SLOTS, body, x);
  else body(x, 0, SLOTS);
  for (int s = 1; s < SLOTS; s++)
    for (int i = 0; i < SLAB; i++) x->slot[i] += x->slot[s * SLAB + i];
}

static int infer(const gdl_call *c, int dtype, int trace) {
  for (int64_t i = 0; i < c->sizes[0]; i++) {
    Forward o;
    forward(dtype, sample(c->args[0], dtype, i), c->args[1], &o);
    for (int k = 0; k < C; k++) put(c->args[2], dtype, i * C + k, o.z[k]);
    if (!trace) continue;
    for (int k = 0; k < G * J; k++) put(c->args[3], dtype, i * G * J + k, o.y[k / J][k % J]);
    for (int k = 0; k < J; k++) put(c->args[4], dtype, i * J + k, o.f[k]);
  }
  return GDL_OK;
}
static int run_infer(const gdl_call *c) { return infer(c, GDL_F32, 0); }
static int run_trace(const gdl_call *c) { return infer(c, GDL_F32, 1); }
static int run_trace64(const gdl_call *c) { return infer(c, GDL_F64, 1); }

static int run_eval(const gdl_call *c) {
  Job x = { .dtype = GDL_F32, .image = c->args[0], .label = c->args[1], .param = c->args[2] };
  run_job(&x, c);
  memcpy(c->args[3], x.slot + NTRAINED, sizeof(double) * NSUMS);
  return GDL_OK;
}

static int run_slope(const gdl_call *c) {
  Job x = { .dtype = GDL_F64, .training = 1, .image = c->args[0], .label = c->args[1], .param = c->args[2] };
  run_job(&x, c);
  ((double *)c->args[3])[0] = x.slot[NTRAINED + 1] / (double)x.b;
  memcpy(c->args[4], x.slot, sizeof(double) * NTRAINED);
  return GDL_OK;
}

/* Adam; the setting vector is rate, beta1, beta2, correction1, correction2, epsilon. */
static int run_step(const gdl_call *c) {
  Job x = { .dtype = GDL_F32, .training = 1, .image = c->args[0], .label = c->args[1], .param = c->args[4] };
  const float *set = c->args[2];
  float *param = c->args[4], *m = c->args[5], *v = m + NTRAINED, *average = c->args[6];
  double *sums = c->args[7], norm = 0;
  run_job(&x, c);
  for (int i = 0; i < NTRAINED; i++) norm += x.slot[i] * x.slot[i];
#ifdef EXPLODE
  if (((const int32_t *)c->args[3])[1] + 1 == EXPLODE) norm = INFINITY;
#endif
  memcpy(sums, x.slot + NTRAINED, sizeof(double) * NSUMS);
  sums[0] = !(norm < INFINITY);
  if (sums[0] != 0) return GDL_OK;
  for (int i = 0; i < NTRAINED; i++) {
    float g = (float)x.slot[i];
    m[i] = set[1] * m[i] + (1 - set[1]) * g;
    v[i] = set[2] * v[i] + (1 - set[2]) * g * g;
    param[i] -= set[0] * (m[i] * set[3]) / (sqrtf(v[i] * set[4]) + set[5]);
  }
  param[MEAN] = 0.9f * param[MEAN] + 0.1f * (float)x.slot[NTRAINED + 5];
  for (int i = 0; i < NPARAM; i++) average[i] = 0.9f * average[i] + 0.1f * param[i];
  return GDL_OK;
}

static int run_score(const gdl_call *c) {
  const double *sums = c->args[0];
  double *scores = c->args[1];
  scores[0] = sums[1] / sums[2];
  scores[1] = sums[3] / sums[4];
  return GDL_OK;
}

static size_t workspace(const int64_t *sizes) { return sizes[0] > 0 ? sizeof(double) * SLAB * SLOTS : 0; }

/* --- tables ----------------------------------------------------------------------------------------- */
static const char *const sizes[] = { "b" };
static const char *const generators[] = { "r" };
static const int32_t words[] = { 0, 0, 0, 0, 0, 0 }, at[] = { 0, 0, 1, 3, 6 };
static const double turn[] = { 0, -1, 1, 0 };
static const double regular[] = { 0, 0, 0, 1, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0 };
static const gdl_group groups[] = { { .name = "C(4)", .ngenerators = 1, .nelements = 4, .word = words, .at = at,
    .generators = generators } };
static const gdl_action actions[] = {
  { .name = "grid(8, 8)", .matrix = turn, .moves = GDL_GRID, .dim = 2, .shape = { 8, 8 } },
  { .name = "regular", .matrix = regular, .moves = GDL_MATRIX, .dim = 4 },
};
static const gdl_term scalar1[] = { { "scalar", 1, 1, -1, 0 } }, scalar3[] = { { "scalar", 1, 3, -1, 0 } }, scalar8[] =
    { { "scalar", 1, 8, -1, 0 } },
                      regular8[] = { { "regular", 4, 8, 1, 0 } };
static const int64_t d_image[] = { -1, 64, 1 }, d_label[] = { -1 }, d_logits[] = { -1, 3 }, d_y[] = { -1, 32 },
    d_f[] = { -1, 8 }, d_param[] = { NPARAM },
                     d_moment[] = { 2 * NTRAINED }, d_set[] = { 6 }, d_two[] = { 2 }, d_sums[] = { NSUMS },
                         d_one[] = { 1 }, d_trained[] = { NTRAINED };
#define IMAGE(t) { .name = "image", .rep = "1 scalar", .axes = "brm", .source = "lift.gdl:2", .dims = d_image, .dtype = t, .role = GDL_IN, .rank = 3, .rows = 0, .nterms = 1, .terms = scalar1 }
#define LABEL { .name = "class", .axes = "b", .source = "lift.gdl:8", .dims = d_label, .dtype = GDL_I32, .role = GDL_TARGET, .rank = 1, .rows = -1, .nlabels = 3 }
#define VEC(n, d, t, r) { .name = n, .axes = "m", .dims = d, .dtype = t, .role = r, .rank = 1, .rows = -1 }
#define LOGITS(t) { .name = "logits", .rep = "3 scalar", .axes = "bm", .source = "lift.gdl:5", .dims = d_logits, .dtype = t, .role = GDL_OUT, .rank = 2, .rows = -1, .nterms = 1, .terms = scalar3 }
#define VALUES(t) \
  { .name = "lift1", .word = "lift", .rep = "8 regular", .axes = "bm", .source = "lift.gdl:3", .dims = d_y, \
    .dtype = t, .role = GDL_VALUE, .rank = 2, .rows = -1, .nterms = 1, .terms = regular8 }, \
  { .name = "mean2", .word = "mean", .rep = "8 scalar", .axes = "bm", .source = "lift.gdl:4", .dims = d_f, .dtype = t, \
    .role = GDL_VALUE, .rank = 2, .rows = -1, .nterms = 1, .terms = scalar8 }
static const gdl_arg a_infer[] = { IMAGE(GDL_F32), VEC("param", d_param, GDL_F32, GDL_PARAM), LOGITS(GDL_F32) };
static const gdl_arg a_trace[] = { IMAGE(GDL_F32), VEC("param", d_param, GDL_F32, GDL_PARAM), LOGITS(GDL_F32),
    VALUES(GDL_F32) };
static const gdl_arg a_trace64[] = { IMAGE(GDL_F64), VEC("param", d_param, GDL_F64, GDL_PARAM), LOGITS(GDL_F64),
    VALUES(GDL_F64) };
static const gdl_arg a_eval[] = { IMAGE(GDL_F32), LABEL, VEC("param", d_param, GDL_F32, GDL_PARAM),
    VEC("sums", d_sums, GDL_F64, GDL_SUMS) };
static const gdl_arg a_slope[] = { IMAGE(GDL_F64), LABEL, VEC("param", d_param, GDL_F64, GDL_PARAM),
    VEC("loss", d_one, GDL_F64, GDL_OUT), VEC("gradient", d_trained, GDL_F64, GDL_GRAD) };
static const gdl_arg a_step[] = { IMAGE(GDL_F32), LABEL, VEC("setting", d_set, GDL_F32, GDL_SETTING),
    VEC("key", d_two, GDL_I32, GDL_KEY), VEC("param", d_param, GDL_F32, GDL_PARAM),
                                  VEC("moment", d_moment, GDL_F32, GDL_MOMENT), VEC("average", d_param, GDL_F32,
                                      GDL_AVERAGE), VEC("sums", d_sums, GDL_F64, GDL_SUMS) };
static const gdl_arg a_score[] = { VEC("sums", d_sums, GDL_F64, GDL_SUMS), VEC("scores", d_two, GDL_F64, GDL_OUT) };
#define KERNEL(n, a, e, r, t) { .name = n, .source = "lift.gdl:2", .size_names = sizes, .args = a, .nsizes = 1, .nargs = sizeof a / sizeof *a, .slots = SLOTS, .entry = e, .align = 64, \
                                .workspace = workspace, .run = r, .dtype = t }
static const gdl_kernel kernels[] = {
  KERNEL("lift", a_infer, GDL_INFER, run_infer, GDL_F32), KERNEL("lift_step", a_step, GDL_STEP, run_step, GDL_F32),
      KERNEL("lift_eval", a_eval, GDL_EVAL, run_eval, GDL_F32),
  KERNEL("lift_score", a_score, GDL_SCORE, run_score, GDL_F64), KERNEL("lift_trace", a_trace, GDL_TRACE, run_trace,
      GDL_F32),
  KERNEL("lift_trace64", a_trace64, GDL_TRACE, run_trace64, GDL_F64), KERNEL("lift_slope64", a_slope, GDL_SLOPE,
      run_slope, GDL_F64),
};
static const int64_t w_w[] = { J, P }, w_b[] = { J }, w_v[] = { J, C }, w_k[] = { C }, w_m[] = { 1 };
static const gdl_weight weights[] = {
  { .name = "lift1.weight", .source = "lift.gdl:3", .dims = w_w, .offset = W, .count = J * P, .rank = 2, .trained = 1,
      .init = GDL_NORMAL, .scale = 0.125f },
  { .name = "lift1.bias", .source = "lift.gdl:3", .dims = w_b, .offset = B, .count = J, .rank = 1, .trained = 1,
      .init = GDL_ZEROS },
  { .name = "linear1.weight", .source = "lift.gdl:5", .dims = w_v, .offset = V, .count = J * C, .rank = 2,
      .trained = 1, .init = GDL_NORMAL, .scale = 0.35f },
  { .name = "linear1.bias", .source = "lift.gdl:5", .dims = w_k, .offset = K, .count = C, .rank = 1, .trained = 1,
      .init = GDL_ZEROS },
  { .name = "norm1.mean", .source = "lift.gdl:3", .dims = w_m, .offset = MEAN, .count = 1, .rank = 1, .trained = 0,
      .init = GDL_ZEROS },
};
static const gdl_piece rate[] = { { "warmup", 0, 0, 0.5 }, { "cosine", 0.02, 0, 6 } };
static const gdl_setting settings[] = {
  { "optimizer.rate", 0, 0, 1e3, 0, 2, rate }, { "optimizer.beta1", 0.9, 0, 1, 1, 0, NULL },
      { "optimizer.beta2", 0.999, 0, 1, 2, 0, NULL },
  { "optimizer.correction1", 0, 0, 0, 3, 0, NULL }, { "optimizer.correction2", 0, 0, 0, 4, 0, NULL },
      { "optimizer.epsilon", 1e-8, 0, 1, 5, 0, NULL },
  { "batch", 32, 1, 1e6, -1, 0, NULL }, { "epochs", 6, 1, 1e6, -1, 0, NULL }, { "seed", 0, 0, 2147483647, -1, 0, NULL },
};
static const gdl_column train_columns[] = { { "image", "train-images.idx.gz", 0, 0 }, { "class", "train-labels.idx", 0,
    0 } }, test_columns[] = { { "image", "test-images.idx.gz", 0, 0 }, { "class", "test-labels.idx", 0, 0 } };
static const gdl_reader readers[] = { { "idx", NULL, "data", train_columns, 2, 0 }, { "idx", NULL, "test",
    test_columns, 2, 0 } };
static const char *const scores[] = { "loss", "accuracy(logits, class)" };
static const int32_t augment[] = { 0 };

const gdl_module gdl_the_module = {
  .abi = GDL_ABI, .device = GDL_CPU, .name = "lift", .target = "x86-64", .compiler = "gdlc (by hand)",
  .certificate =
      "{\"model\": \"lift\", \"group\": \"C(4)\", \"outputs\": [{\"name\": \"logits\", \"type\": \"3 scalar\", "
          "\"verdict\": \"proved\", \"residual\": \"C(4)\"}]}",
  .source = "group C4 = C(4)\nmodel lift(image: scalar on grid(8, 8)) -> (logits: 3 scalar) { ... }\n",
      .hash = UINT64_C(0x1234567890abcdef),
  .kernels = kernels, .weights = weights, .groups = groups, .actions = actions, .settings = settings, .readers =
      readers, .nkernels = sizeof kernels / sizeof *kernels,
  .nweights = 5, .ngroups = 1, .nactions = 2, .nsettings = sizeof settings / sizeof *settings, .nscores = 2, .nreaders =
      2, .nparam = NPARAM, .ntrained = NTRAINED,
  .nmoment = 2 * NTRAINED, .nsums = NSUMS, .scores = scores, .optimizer = "adam", .valid_part = 1.0 / 6, .augment =
      augment, .naugment = 1,
};
