/* batch.c: which samples train, in which order, and how they come side by side.
 *
 * The split is the same for every seed; the order is a function of (seed, epoch), so a position in a
 * checkpoint is (epoch, batch). The last batch of an epoch is smaller, never dropped, never filled. A thread
 * gathers the next batch while one is computed; what it writes depends on the position alone. */
#include "samples.h"
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

bool rt_batch_open(Batch *x, const Samples *s, int real, int64_t most, Trouble *t) {
  *x = (Batch){ .samples = s, .real = real, .most = most };
  size_t largest = 1;
  bool ok = true;
  for (int32_t i = 0; ok && i < s->ncolumns; i++) {
    const Column *c = &s->column[i];
    size_t n = (size_t)(c->rows * c->numbers);
    if (n > largest) largest = n;
    x->at[i] = rt_alloc((size_t)most, n * rt_width(c->arg->dtype == GDL_I32 ? GDL_I32 : real), t);
    ok = x->at[i] != NULL;
  }
  x->from = ok ? rt_alloc(largest, sizeof(double), t) : NULL;
  x->to = x->from ? rt_alloc(largest, sizeof(double), t) : NULL;
  if (!x->to) rt_batch_close(x);
  return x->to != NULL;
}

void rt_batch_close(Batch *x) {
  for (int32_t i = 0; i < COLUMNS_MOST; i++) free(x->at[i]);
  free(x->from);
  free(x->to);
  *x = (Batch){ 0 };
}

/* The common layouts at full speed: numbers of a sample lie side by side, as bytes or as floats. */
static bool copy_fast(const Column *c, int64_t sample, int real, void *to) {
  int64_t n = c->rows * c->numbers, from = sample * c->sample;
  if (real != GDL_F32 || (c->number != 1 && c->rows != 1 && c->numbers != 1)) return false;
  float *out = to;
  if (c->array.kind == ARRAY_U8) {
    const uint8_t *x = c->array.at + from;
    for (int64_t i = 0; i < n; i++) out[i] = (float)(x[i] * c->factor);
    return true;
  }
  if (c->array.kind == ARRAY_F32)
    memcpy(out, (const float *)(const void *)c->array.at + from, sizeof(float) * (size_t)n);
  return c->array.kind == ARRAY_F32;
}

static double number_at(const Column *c, int64_t sample, int64_t i) {
  if (c->label) return c->label[(c->shared ? 0 : sample * c->rows) + i];
  int64_t row = i / c->numbers, k = i % c->numbers;
  return rt_array_number(&c->array, sample * c->sample + row * c->row + k * c->number) * c->factor;
}

static bool moved(const Column *c) {
  if (c->arg->rows >= 0) return true;
  for (int16_t i = 0; i < c->arg->nterms; i++)
    if (c->arg->terms[i].action >= 0) return true;
  return false;
}

static void fill_sample(Batch *x, int32_t column, int64_t sample, int64_t place, Augment *augment, Move *move) {
  const Column *c = &x->samples->column[column];
  int64_t n = c->rows * c->numbers;
  int dtype = c->arg->dtype == GDL_I32 ? GDL_I32 : x->real;
  if (c->arg->role == GDL_INDEX) {
    for (int64_t i = 0; i < n; i++) ((int32_t *)x->at[column])[place * n + i] = (int32_t)place;
    return;
  }
  bool moves = (augment || move) && moved(c);
  if (!moves && dtype == GDL_I32) {
    memcpy((int32_t *)x->at[column] + place * n, c->label + (c->shared ? 0 : sample * c->rows),
        sizeof(int32_t) * (size_t)n);
    return;
  }
  if (!moves && copy_fast(c, sample, x->real, (float *)x->at[column] + place * n)) return;
  for (int64_t i = 0; i < n; i++) x->from[i] = number_at(c, sample, i);
  for (int32_t k = 0; moves && k < (augment ? augment->n : 0) + (move ? 1 : 0); k++) {
    rt_move_apply(augment && k < augment->n ? &augment->move[k] : move, c->arg, c->rows, c->numbers, c->nrows, x->from,
        x->to);
    double *swap = x->from;
    x->from = x->to;
    x->to = swap;
  }
  for (int64_t i = 0; i < n; i++) rt_put(x->at[column], dtype, place * n + i, x->from[i]);
}

/* --- augment ------------------------------------------------------------------------------------ */
enum { AUGMENT_PERMUTATIONS = 1, AUGMENT_TRANSLATIONS = 2 };

bool rt_augment_open(Augment *a, const gdl_module *m, const Samples *s, uint64_t seed, Trouble *t) {
  *a = (Augment){ .module = m, .seed = seed };
  int32_t n = m->naugment ? m->naugment : m->augment_flags ? 1 : 0;
  if (n == 0) return true;
  a->move = rt_alloc((size_t)n, sizeof *a->move, t);
  if (!a->move) return false;
  for (; a->n < n; a->n++) {
    int32_t group = m->naugment ? m->augment[a->n] : 0;
    if (m->naugment && !rt_move_uniform(m, group))
      return rt_fail(t, EXIT_REFUSED, "augment: %s has no uniform element that this runtime can draw",
          m->groups[group].name);
    if (!rt_move_open(&a->move[a->n], m, group, rt_rows_most(s), t)) return false;
  }
  return true;
}

void rt_augment_close(Augment *a) {
  for (int32_t i = 0; i < a->n; i++) rt_move_close(&a->move[i]);
  free(a->move);
  *a = (Augment){ 0 };
}

/* The element of a sample in an epoch: the same wherever training began. */
static void draw(Augment *a, uint64_t sample) {
  for (int32_t i = 0; i < a->n; i++) {
    Move *v = &a->move[i];
    Key key = rt_key(DRAW_AUGMENT, a->seed ^ (a->epoch << 32), sample * 64 + (uint64_t)i);
    if (a->module->naugment) rt_move_random(v, key);
    else rt_move_identity(v);
    if (i > 0) continue;
    v->key = key;
    if (a->module->augment_flags & AUGMENT_PERMUTATIONS) v->shuffle = SHUFFLE_ALL;
    for (int32_t k = 0; (a->module->augment_flags & AUGMENT_TRANSLATIONS) && k < a->module->nactions; k++) {
      const gdl_action *x = &a->module->actions[v->group * a->module->nactions + k];
      if (x->moves != GDL_TORUS || x->shape[0] < v->shift_of[0]) continue;
      for (int d = 0; d < x->dim && d < 2; d++) {
        v->shift_of[d] = x->shape[d];
        v->shift[d] = (double)rt_below(key, 200 + (uint64_t)d, (uint64_t)x->shape[d]);
      }
    }
  }
}

void rt_batch_fill(Batch *x, const uint32_t *index, int64_t b, Augment *augment, Move *move) {
  x->b = b;
  if (augment && augment->n == 0) augment = NULL;
  for (int64_t i = 0; i < b; i++) {
    if (augment) draw(augment, index[i]);
    for (int32_t c = 0; c < x->samples->ncolumns; c++) fill_sample(x, c, index[i], i, augment, move);
  }
}

bool rt_batch_attach(const Batch *x, Call *call, Trouble *t) {
  const gdl_kernel *k = call->kernel;
  const Samples *s = x->samples;
  for (int32_t i = 0; i < k->nsizes; i++) {
    int64_t rows = i == 0 ? 1 : -1;
    for (int32_t c = 0; c < s->ncolumns && rows < 0; c++)
      if (s->column[c].symbol && strcmp(s->column[c].symbol, k->size_names[i]) == 0) rows = s->column[c].rows;
    if (rows < 0) return rt_fail(t, EXIT_REFUSED, "%s: no data say how large `%s` is", k->name, k->size_names[i]);
    call->sizes[i] = rows * x->b;
  }
  for (int32_t i = 0; i < k->nargs; i++) {
    int role = k->args[i].role;
    if (role != GDL_IN && role != GDL_TARGET && role != GDL_INDEX) continue;
    int32_t c = 0;
    while (c < s->ncolumns && strcmp(s->column[c].arg->name, k->args[i].name) != 0) c++;
    if (c == s->ncolumns)
      return rt_fail(t, EXIT_REFUSED, "%s: no data for its argument `%s`", k->name, k->args[i].name);
    call->args[i] = x->at[c];
  }
  return true;
}

/* --- split and order ------------------------------------------------------------------------------ */
bool rt_split(Split *p, const Samples *s, double valid, Trouble *t) {
  int64_t n = s->n;
  *p = (Split){ 0 };
  double want = valid < 1 ? floor((double)n * valid + 0.5) : valid;
  if (want < 0 || want >= (double)n)
    return rt_fail(t, EXIT_REFUSED, "valid: %g of %lld samples leave none to train with", want, (long long)n);
  p->index = rt_alloc((size_t)n, sizeof *p->index, t);
  if (!p->index) return false;
  p->nvalid = (uint32_t)want;
  p->ntrain = (uint32_t)n - p->nvalid;
  if (p->nvalid && !s->consecutive) rt_permutation(rt_key(DRAW_SPLIT, 0, 0), p->index, (uint32_t)n);
  else
    for (uint32_t i = 0; i < (uint32_t)n; i++) p->index[i] = i;
  return true;
}

void rt_order(const Split *p, uint64_t seed, uint64_t epoch, uint32_t *order) {
  rt_permutation(rt_key(DRAW_ORDER, seed, epoch), order, p->ntrain);
  for (uint32_t i = 0; i < p->ntrain; i++) order[i] = p->index[order[i]];
}

/* --- loader --------------------------------------------------------------------------------------- */
struct Loader {
  Batch batch[2];
  const uint32_t *order;
  int64_t n, size, next, given;     /* next: to be gathered; given: to be handed out; both in batches */
  Augment *augment;
  Move *move;
  bool over, started;
  pthread_t thread;
  pthread_mutex_t mutex;
  pthread_cond_t changed;
};

static int64_t batches(const Loader *l) { return (l->n + l->size - 1) / l->size; }

static void *gather(void *user) {
  Loader *l = user;
  pthread_mutex_lock(&l->mutex);
  while (!l->over && l->next < batches(l)) {
    if (l->next > l->given + 1) {   /* one is ready, the other in use                                */
      pthread_cond_wait(&l->changed, &l->mutex);
      continue;
    }
    int64_t i = l->next, from = i * l->size, b = l->n - from < l->size ? l->n - from : l->size;
    pthread_mutex_unlock(&l->mutex);
    rt_batch_fill(&l->batch[i % 2], l->order + from, b, l->augment, l->move);
    pthread_mutex_lock(&l->mutex);
    l->next++;
    pthread_cond_broadcast(&l->changed);
  }
  pthread_mutex_unlock(&l->mutex);
  return NULL;
}

Loader *rt_loader_open(const Samples *s, int real, const uint32_t *order, int64_t n, int64_t batch, int64_t first,
    Augment *augment, Move *move, Trouble *t) {
  Loader *l = rt_alloc(1, sizeof *l, t);
  if (!l) return NULL;
  if (batch > n) batch = n > 0 ? n : 1;
  *l = (Loader){ .order = order, .n = n, .size = batch, .next = first, .given = first - 1, .augment = augment,
      .move = move };
  pthread_mutex_init(&l->mutex, NULL);
  pthread_cond_init(&l->changed, NULL);
  if (rt_batch_open(&l->batch[0], s, real, batch, t) && rt_batch_open(&l->batch[1], s, real, batch, t)) {
    l->started = pthread_create(&l->thread, NULL, gather, l) == 0;
    if (l->started) return l;
    rt_fail(t, EXIT_MEMORY, "the thread that gathers batches could not be started");
  }
  rt_loader_close(l);
  return NULL;
}

/* Batch `given` is handed out; asking for the next one gives its place back. */
const Batch *rt_loader_next(Loader *l) {
  pthread_mutex_lock(&l->mutex);
  l->given++;
  pthread_cond_broadcast(&l->changed);
  const Batch *x = NULL;
  if (l->given < batches(l)) {
    while (l->next <= l->given) pthread_cond_wait(&l->changed, &l->mutex);
    x = &l->batch[l->given % 2];
  }
  pthread_mutex_unlock(&l->mutex);
  return x;
}

void rt_loader_close(Loader *l) {
  if (!l) return;
  if (l->started) {
    pthread_mutex_lock(&l->mutex);
    l->over = true;
    pthread_cond_broadcast(&l->changed);
    pthread_mutex_unlock(&l->mutex);
    pthread_join(l->thread, NULL);
  }
  rt_batch_close(&l->batch[0]);
  rt_batch_close(&l->batch[1]);
  pthread_cond_destroy(&l->changed);
  pthread_mutex_destroy(&l->mutex);
  free(l);
}
