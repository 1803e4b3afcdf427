/* host.c: a pool of threads behind gdl_host.parallel_for.
 *
 * The caller works too. A job is published by its generation; every worker takes part in every job, so the
 * fields of a job may be written again as soon as `busy` is 0. Workers look for the next generation for a
 * short while before they sleep: a step is a row of short jobs. They do not look where threads outnumber
 * processors, since looking would keep the others from running. */
#include "host.h"
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

enum { LOOKS = 4000 };

struct Host {
  gdl_host lend;
  int threads, started, looks;
  pthread_t thread[THREADS_MOST];
  struct Worker { Host *host; int number; } worker[THREADS_MOST];
  pthread_mutex_t mutex;
  pthread_cond_t wake, done;
  _Atomic uint64_t generation;
  struct Lot { _Atomic int64_t next; int64_t end; } lot[THREADS_MOST];   /* next: the first that nobody has taken */
  _Atomic int busy, status;
  _Atomic bool over;
  int (*body)(void *, int64_t, int64_t);
  void *ctx;
};

static void pause_briefly(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

/* First its own lot, the same slots in every job, whose rows and slabs lie in its cache; then what others have left. */
static void take_slots(Host *h, int me) {
  int lots = h->started + 1;
  for (int k = 0; k < lots; k++) {
    struct Lot *lot = &h->lot[(me + k) % lots];
    for (;;) {
      int64_t i = atomic_fetch_add_explicit(&lot->next, 1, memory_order_relaxed);
      if (i >= lot->end) break;
      int status = h->body(h->ctx, i, i + 1);
      int fine = GDL_OK;
      if (status != GDL_OK) atomic_compare_exchange_strong(&h->status, &fine, status);
    }
  }
}

static void *work(void *user) {
  Host *h = ((struct Worker *)user)->host;
  int me = ((struct Worker *)user)->number;
  uint64_t seen = 0;
  for (;;) {
    for (int i = 0; i < h->looks && atomic_load_explicit(&h->generation, memory_order_acquire) == seen; i++)
      pause_briefly();
    if (atomic_load_explicit(&h->generation, memory_order_acquire) == seen) {
      pthread_mutex_lock(&h->mutex);
      while (atomic_load(&h->generation) == seen) pthread_cond_wait(&h->wake, &h->mutex);
      pthread_mutex_unlock(&h->mutex);
    }
    seen++;
    if (atomic_load(&h->over)) return NULL;
    take_slots(h, me);
    if (atomic_fetch_sub_explicit(&h->busy, 1, memory_order_acq_rel) == 1) {
      pthread_mutex_lock(&h->mutex);
      pthread_cond_signal(&h->done);
      pthread_mutex_unlock(&h->mutex);
    }
  }
}

static void publish(Host *h) {
  pthread_mutex_lock(&h->mutex);
  atomic_fetch_add_explicit(&h->generation, 1, memory_order_release);
  pthread_cond_broadcast(&h->wake);
  pthread_mutex_unlock(&h->mutex);
}

static int parallel_for(void *user, int64_t n, int (*body)(void *, int64_t, int64_t), void *ctx) {
  Host *h = user;
  if (h->started == 0 || n <= 1) return body(ctx, 0, n);
  h->body = body;
  h->ctx = ctx;
  for (int i = 0; i <= h->started; i++) {
    atomic_store_explicit(&h->lot[i].next, n * i / (h->started + 1), memory_order_relaxed);
    h->lot[i].end = n * (i + 1) / (h->started + 1);
  }
  atomic_store_explicit(&h->status, GDL_OK, memory_order_relaxed);
  atomic_store_explicit(&h->busy, h->started, memory_order_relaxed);
  publish(h);
  take_slots(h, 0);
  for (int i = 0; i < h->looks && atomic_load_explicit(&h->busy, memory_order_acquire) > 0; i++) pause_briefly();
  if (atomic_load_explicit(&h->busy, memory_order_acquire) > 0) {
    pthread_mutex_lock(&h->mutex);
    while (atomic_load(&h->busy) > 0) pthread_cond_wait(&h->done, &h->mutex);
    pthread_mutex_unlock(&h->mutex);
  }
  return atomic_load(&h->status);
}

const gdl_host *rt_host_lend(const Host *h) { return &h->lend; }
int rt_host_threads(const Host *h) { return h->threads; }

void rt_host_close(Host *h) {
  if (!h) return;
  atomic_store(&h->over, true);
  publish(h);
  for (int i = 0; i < h->started; i++) pthread_join(h->thread[i], NULL);
  pthread_cond_destroy(&h->done);
  pthread_cond_destroy(&h->wake);
  pthread_mutex_destroy(&h->mutex);
  free(h);
}

Host *rt_host_open(int threads, Trouble *t) {
  cpu_set_t set;
  int processors = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
  if (threads == 0) threads = processors < THREADS_MOST ? processors : THREADS_MOST;
  Host *h = rt_alloc(1, sizeof *h, t);
  if (!h) return NULL;
  h->lend = (gdl_host){ .user = h, .parallel_for = parallel_for };
  h->threads = threads;
  h->looks = threads <= processors ? LOOKS : 0;
  pthread_mutex_init(&h->mutex, NULL);
  pthread_cond_init(&h->wake, NULL);
  pthread_cond_init(&h->done, NULL);
  for (int i = 1; i < threads; i++) {
    h->worker[i] = (struct Worker){ h, i };
    int error = pthread_create(&h->thread[h->started], NULL, work, &h->worker[i]);
    if (error) {
      rt_fail(t, EXIT_MEMORY, "thread %d of %d could not be started; try a smaller --threads", i + 1, threads);
      rt_host_close(h);
      return NULL;
    }
    h->started++;
  }
  return h;
}
