/* calls.c: a caller of a library's functions, right and wrong. The model is tests/programs/small.gdl.
 *
 *     calls [ROUNDS]            prints `pass` and `fail` lines; ROUNDS: how often threads call at once
 *
 * The gradient is a central difference of the value, by the functions themselves: f64, bound 1e-7 of its length (as in
 * tests/laws/pulls.c), and in f32 it is that of f64 to 1e-4. Two threads that call at once, a host that lends threads
 * and deals ranges backwards, and samples one by one give the same bits. What is wrong is refused, and nothing is
 * written. */
#include "small.h"
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { B = 5, PIXELS = 144, CLASSES = 3, THREADS = 2 };
typedef struct Arrays {
  double image[B * PIXELS], param[small_nparam], logits[B * CLASSES], d_logits[B * CLASSES], d_image[B * PIXELS],
      d_param[small_nparam];
} Arrays;
typedef struct Floats {
  float image[B * PIXELS], param[small_nparam], logits[B * CLASSES], d_logits[B * CLASSES], d_image[B * PIXELS],
      d_param[small_nparam];
} Floats;

static int failed;
static void expect(int ok, const char *what) {
  printf("%s embed: %s\n", ok ? "pass" : "fail", what);
  failed += !ok;
}

static double uniform(uint64_t *state) {              /* in (-1, 1) */
  *state = *state * 6364136223846793005u + 1442695040888963407u;
  return (double)(int64_t)(*state >> 11) * 0x1p-52 - 1;
}

static void *space(size_t bytes) {
  void *at = aligned_alloc(64, bytes);
  if (!at) exit(4);
  memset(at, 0xff, bytes);
  return at;
}

static void fill(Arrays *a, Floats *f) {
  uint64_t state = 1;
  for (int i = 0; i < B * PIXELS; i++) a->image[i] = f->image[i] = (float)uniform(&state);
  for (int i = 0; i < small_nparam; i++) a->param[i] = f->param[i] = (float)(0.6 + 0.5 * uniform(&state));
  for (int i = 0; i < B * CLASSES; i++) a->d_logits[i] = f->d_logits[i] = (float)uniform(&state);
}

static double paired(const Arrays *a, const double *image, const double *param) {
  double y[B * CLASSES], sum = 0;
  void *w = space(small64_workspace(B));
  if (small64(B, image, param, y, w)) return NAN;
  free(w);
  for (int i = 0; i < B * CLASSES; i++) sum += y[i] * a->d_logits[i];
  return sum;
}

static int compare(const void *x, const void *y) {
  double a = *(const double *)x, b = *(const double *)y;
  return (a > b) - (a < b);
}

static void gradients(Arrays *a, Floats *f) {
  static double image[B * PIXELS], param[small_nparam], e[B * PIXELS + small_nparam];
  double worst[7], length = 0, most = 0;
  void *w = space(small_pull64_workspace(B)), *w32 = space(small_pull_workspace(B));
  for (int i = 0; i < small_nparam; i++) a->d_param[i] = f->d_param[i] = NAN;
  expect(small_pull64(B, a->image, a->param, a->d_logits, a->d_image, a->d_param, w) == GDL_OK &&
             small_pull(B, f->image, f->param, f->d_logits, f->d_image, f->d_param, w32) == GDL_OK,
      "the gradient in f64 and f32");
  free(w);
  free(w32);
  for (int i = 0; i < B * PIXELS; i++) length += a->d_image[i] * a->d_image[i];
  for (int i = 0; i < small_nparam; i++) length += a->d_param[i] * a->d_param[i];
  length = sqrt(length);
  uint64_t state = 2;
  for (int q = 0; q < 7; q++) {
    double slope = 0;
    for (int i = 0; i < B * PIXELS; i++) slope += (e[i] = uniform(&state)) * a->d_image[i];
    for (int i = 0; i < small_nparam; i++)
      slope += (e[B * PIXELS + i] = i < small_ntrained ? uniform(&state) : 0) * a->d_param[i];
    worst[q] = INFINITY;
    for (double h = 1e-4; h > 1e-7; h /= 10) {
      double y[2];
      for (int s = 0; s < 2; s++) {
        for (int i = 0; i < B * PIXELS; i++) image[i] = a->image[i] + (s ? -h : h) * e[i];
        for (int i = 0; i < small_nparam; i++) param[i] = a->param[i] + (s ? -h : h) * e[B * PIXELS + i];
        y[s] = paired(a, image, param);
      }
      worst[q] = fmin(worst[q], fabs((y[0] - y[1]) / (2 * h) - slope) / length);
    }
  }
  qsort(worst, 7, sizeof *worst, compare);
  expect(length > 1e-3 && worst[3] < 1e-7, "the gradient of the library = central differences of its value");
  for (int i = 0; i < B * PIXELS; i++) most = fmax(most, fabs(a->d_image[i] - (double)f->d_image[i]));
  for (int i = 0; i < small_nparam; i++)
    most = fmax(most, isnan(f->d_param[i]) ? INFINITY : fabs(a->d_param[i] - (double)f->d_param[i]));
  expect(most < 1e-4 * length, "the gradient in f32 = that in f64 to 1e-4");
}

/* --- the group ---------------------------------------------------------------------------------------- */
/* Every generator moves pictures as the descriptor says: the pixel at p goes to M p, about the middle. */
static void moved(const Arrays *a) {
  const gdl_module *m = &small_module;
  const gdl_arg *arg = &m->kernels[0].args[0];
  static double image[B * PIXELS], d_image[B * PIXELS], d_param[small_nparam];
  void *w = space(small_pull64_workspace(B));
  double worst[2] = { 0 }, length[2] = { 0 };          /* of the pictures, of the weights                     */
  int seen = 0, ok = 1;
  for (int32_t g = 0; g < m->groups[0].ngenerators; g++) {
    const gdl_action *act = &m->actions[arg->rows];
    const double *matrix = act->matrix + 4 * g;
    int n = act->shape[0], to[PIXELS];
    for (int i = 0; i < PIXELS; i++) {
      double y = i / n - (n - 1) / 2.0, x = i % n - (n - 1) / 2.0;
      to[i] = (int)lround(matrix[0] * y + matrix[1] * x + (n - 1) / 2.0) * n +
              (int)lround(matrix[2] * y + matrix[3] * x + (n - 1) / 2.0);
      seen += to[i] != i;
    }
    for (int i = 0; i < B * PIXELS; i++) image[i / PIXELS * PIXELS + to[i % PIXELS]] = a->image[i];
    ok &= !small_pull64(B, image, a->param, a->d_logits, d_image, d_param, w);
    for (int i = 0; i < B * PIXELS; i++) {
      worst[0] = fmax(worst[0], fabs(d_image[i / PIXELS * PIXELS + to[i % PIXELS]] - a->d_image[i]));
      length[0] = fmax(length[0], fabs(a->d_image[i]));
    }
    for (int i = 0; i < small_nparam; i++) {
      worst[1] = fmax(worst[1], fabs(d_param[i] - a->d_param[i]));
      length[1] = fmax(length[1], fabs(a->d_param[i]));
    }
  }
  free(w);
  expect(ok && seen > 0 && length[0] > 0 && length[1] > 0 && worst[0] <= 1e-12 * length[0] &&
             worst[1] <= 1e-12 * length[1],
      "a moved picture has the moved cotangent, by the matrices of the descriptor, and weights the same one");
}

/* --- at once ------------------------------------------------------------------------------------------ */
typedef struct Job { const Floats *in; Floats own; int rounds, status; } Job;
static void *both(void *context) {
  Job *j = context;
  for (int i = 0; i < j->rounds && !j->status; i++) {
    void *w = space(small_workspace(B)), *w2 = space(small_pull_workspace(B));
    j->status = small(B, j->in->image, j->in->param, j->own.logits, w) ||
                small_pull(B, j->in->image, j->in->param, j->in->d_logits, j->own.d_image, j->own.d_param, w2);
    j->status |= memcmp(j->own.logits, j->in->logits, sizeof j->in->logits) ||
                 memcmp(j->own.d_image, j->in->d_image, sizeof j->in->d_image) ||
                 memcmp(j->own.d_param, j->in->d_param, sizeof j->in->d_param);
    free(w);
    free(w2);
  }
  return NULL;
}

static void at_once(Floats *f, int rounds) {
  static Job job[THREADS];
  pthread_t thread[THREADS];
  void *w = space(small_workspace(B));
  int ok = !small(B, f->image, f->param, f->logits, w);
  free(w);
  for (int i = 0; i < THREADS; i++) {
    job[i].in = f;
    job[i].rounds = rounds;
    ok &= !pthread_create(&thread[i], NULL, both, &job[i]);
  }
  for (int i = 0; i < THREADS; i++) { pthread_join(thread[i], NULL); ok &= !job[i].status; }
  expect(ok, "two threads at once give the bits of one");
}

static int backwards(void *user, int64_t n, int (*body)(void *, int64_t, int64_t), void *ctx) {
  ++*(int *)user;
  for (int64_t i = n; i-- > 0;) if (body(ctx, i, i + 1)) return 1;
  return 0;
}

static void lent(const Floats *f) {
  int calls = 0;
  gdl_host host = { &calls, backwards };
  for (int32_t i = 0; i < small_module.nkernels; i++) {
    const gdl_kernel *k = &small_module.kernels[i];
    if (k->entry != GDL_PULL || k->dtype != GDL_F32) continue;
    static Floats y;
    int64_t sizes[1] = { B };
    void *w = space(small_pull_workspace(B)), *args[] = { (void *)(uintptr_t)f->image, (void *)(uintptr_t)f->param,
      (void *)(uintptr_t)f->d_logits, y.d_image, y.d_param };
    gdl_call c = { sizes, args, w, NULL, NULL, &host };
    expect(k->nargs == 5 && k->args[2].role == GDL_COTANGENT && k->args[3].role == GDL_GRAD &&
               k->args[4].role == GDL_GRAD,
        "pull takes image, param, d_logits, d_image, d_param");
    expect(k->args[3].nterms == k->args[0].nterms && k->args[3].rows == k->args[0].rows &&
               k->args[3].terms[0].action == k->args[0].terms[0].action && !strcmp(k->args[3].rep, k->args[0].rep),
        "a cotangent has the type of its value");
    /* of the stages, those with little work do not call it */
    expect(k->run(&c) == GDL_OK && calls > 0 && calls <= k->nstages &&
               !memcmp(y.d_image, f->d_image, sizeof y.d_image) && !memcmp(y.d_param, f->d_param, sizeof y.d_param),
        "a host that lends threads, the last range first, gets the same bits");
    free(w);
  }
}

static void one_by_one(const Floats *f) {
  float y[B * CLASSES], dx[B * PIXELS], dw[small_nparam];
  void *w = space(small_workspace(1)), *w2 = space(small_pull_workspace(1));
  int ok = 1;
  for (int i = 0; i < B; i++) {
    ok &= !small(1, f->image + i * PIXELS, f->param, y + i * CLASSES, w);
    ok &= !small_pull(1, f->image + i * PIXELS, f->param, f->d_logits + i * CLASSES, dx + i * PIXELS, dw, w2);
  }
  free(w);
  free(w2);
  expect(ok && !memcmp(y, f->logits, sizeof y) && !memcmp(dx, f->d_image, sizeof dx),
      "samples one by one have the bits of a batch, and so have their gradients");
}

/* --- wrong calls -------------------------------------------------------------------------------------- */
static void misuse(const Floats *f) {
  float y[B * CLASSES], before[B * CLASSES];
  memset(y, 0x55, sizeof y);
  memcpy(before, y, sizeof y);
  char *w = space(small_workspace(B) + 64), odd[sizeof y + 4];
  expect(small(-1, f->image, f->param, y, w) == GDL_BAD_SIZE &&
             small(INT64_C(1) << 31, f->image, f->param, y, w) == GDL_BAD_SIZE &&
             small(INT64_MIN, f->image, f->param, y, w) == GDL_BAD_SIZE,
      "a size below 0 or above 2^31 - 1 is refused");
  expect(small(B, f->image, f->param, y, w + 4) == GDL_BAD_WORKSPACE &&
             small(B, f->image, f->param, y, w + 32) == GDL_BAD_WORKSPACE,
      "a workspace that is not aligned is refused");
  expect(small(B, f->image, f->param, y, NULL) == GDL_BAD_WORKSPACE, "no workspace is refused");
  expect(small(B, NULL, f->param, y, w) == GDL_BAD_ARG && small(B, f->image, NULL, y, w) == GDL_BAD_ARG &&
             small(B, f->image, f->param, NULL, w) == GDL_BAD_ARG,
      "NULL for an argument is refused");
  expect(small(B, f->image, f->param, (float *)(void *)(odd + 1 + (-(uintptr_t)odd & 3)), w) == GDL_BAD_ARG,
      "an argument between two numbers is refused");
  expect(!memcmp(y, before, sizeof y), "a call that is refused writes nothing");
  expect(small(0, NULL, f->param, NULL, w) == GDL_OK && !memcmp(y, before, sizeof y), "no sample is no work");
  float dw[small_nparam];
  int zero = 1;
  void *w2 = space(small_pull_workspace(0));
  expect(small_pull(0, NULL, f->param, NULL, NULL, dw, w2) == GDL_OK, "the gradient of no sample");
  for (int i = 0; i < small_nparam; i++) zero &= dw[i] == 0;
  expect(zero, "... is 0");
  expect(small_workspace(-1) == 0 && small_workspace(INT64_C(1) << 31) == 0 && small_workspace(7) % 64 == 0 &&
             small_workspace(0) > 0,
      "the workspace of a size");
  free(w);
  free(w2);
}

int main(int argc, char **argv) {
  static Arrays a;
  static Floats f;
  fill(&a, &f);
  gradients(&a, &f);
  moved(&a);
  at_once(&f, argc > 1 ? atoi(argv[1]) : 20);
  lent(&f);
  one_by_one(&f);
  misuse(&f);
  return failed > 0;
}
