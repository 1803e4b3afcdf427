/* host.c: a pool of threads behind gdl_host.parallel_for.
 *
 * The caller works too. A job is put onto the seat of every worker, open: what to do, and a lot of slots. A worker
 * takes part when it closes its seat first. The caller, when no slot is left, closes the seats where nobody has begun,
 * and waits for the others: a worker that sleeps, or that the machine keeps from running, holds nobody up. A step is a
 * row of short jobs, so workers look for the next one, and the caller for the end, for a short while before they sleep;
 * while nobody sleeps, a job costs a worker two transfers of a cache line, its seat and its end, and no lock. They do
 * not look where threads outnumber processors, since looking would keep the others from running.
 *
 * Sleep: who wants to sleep says so (`asleep`, `waiting`), then looks once more; who has news publishes it, then looks
 * whether somebody sleeps. All four are sequentially consistent, so one of the two sees the other. */
#include "host.h"
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

enum { LOOKS = 4000, LINE = 64 };

/* What its thread reads and the caller writes; others take from a lot when their own is empty. */
typedef struct Seat {
  _Alignas(LINE) _Atomic uint64_t job;               /* even: open; odd: closed                          */
  int (*body)(void *, int64_t, int64_t);             /* NULL: go home                                   */
  void *ctx;
  _Atomic int64_t next;                              /* of the lot: the first slot that nobody has taken */
  int64_t end;
  _Alignas(LINE) _Atomic uint64_t ended;             /* the last job that its thread has ended           */
  Host *host;
} Seat;

struct Host {
  gdl_host lend;
  int threads, started, looks;
  uint64_t job;
  pthread_t thread[THREADS_MOST];
  pthread_mutex_t mutex;
  pthread_cond_t wake, done;
  _Alignas(LINE) _Atomic int asleep;
  _Atomic bool waiting;
  _Atomic int status;
  Seat seat[THREADS_MOST];                           /* 0: the caller's                                  */
};

static void pause_briefly(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

/* First its own lot, the same slots in every job, whose rows and slabs lie in its cache; then what others have left. */
static void take_slots(Host *h, const Seat *own) {
  int seats = h->started + 1, me = (int)(own - h->seat);
  for (int k = 0; k < seats; k++) {
    Seat *s = &h->seat[(me + k) % seats];
    while (atomic_load_explicit(&s->next, memory_order_relaxed) < s->end) {
      int64_t i = atomic_fetch_add_explicit(&s->next, 1, memory_order_relaxed);
      if (i >= s->end) break;
      int status = own->body(own->ctx, i, i + 1), fine = GDL_OK;
      if (status != GDL_OK) atomic_compare_exchange_strong(&h->status, &fine, status);
    }
  }
}

static bool is_open(const Seat *s) { return !(atomic_load(&s->job) & 1); }
static bool close_seat(Seat *s, uint64_t job) { return atomic_compare_exchange_strong(&s->job, &job, job + 1); }

static void *work(void *user) {
  Seat *seat = user;
  Host *h = seat->host;
  for (;;) {
    for (int i = 0; i < h->looks && !is_open(seat); i++) pause_briefly();
    if (!is_open(seat)) {
      pthread_mutex_lock(&h->mutex);
      atomic_fetch_add(&h->asleep, 1);
      while (!is_open(seat)) pthread_cond_wait(&h->wake, &h->mutex);
      atomic_fetch_sub(&h->asleep, 1);
      pthread_mutex_unlock(&h->mutex);
    }
    uint64_t job = atomic_load(&seat->job);
    if (job & 1 || !close_seat(seat, job)) continue;             /* the caller was faster */
    if (!seat->body) return NULL;
    take_slots(h, seat);
    atomic_store(&seat->ended, job);
    if (!atomic_load(&h->waiting)) continue;
    pthread_mutex_lock(&h->mutex);
    pthread_cond_signal(&h->done);
    pthread_mutex_unlock(&h->mutex);
  }
}

static void publish(Host *h, int64_t n, int (*body)(void *, int64_t, int64_t), void *ctx) {
  int seats = h->started + 1;
  h->job += 2;
  for (int i = 0; i < seats; i++) {                  /* all lots, since who is done early takes from the others' */
    Seat *s = &h->seat[i];
    atomic_store_explicit(&s->next, n * i / seats, memory_order_relaxed);
    s->end = n * (i + 1) / seats;
    s->body = body;
    s->ctx = ctx;
  }
  for (int i = 1; i < seats; i++) atomic_store(&h->seat[i].job, h->job);
  if (atomic_load(&h->asleep) == 0) return;
  pthread_mutex_lock(&h->mutex);
  pthread_cond_broadcast(&h->wake);
  pthread_mutex_unlock(&h->mutex);
}

static void wait_for(Host *h, Seat *s) {
  for (int i = 0; i < h->looks && atomic_load(&s->ended) != h->job; i++) pause_briefly();
  if (atomic_load(&s->ended) == h->job) return;
  pthread_mutex_lock(&h->mutex);
  atomic_store(&h->waiting, true);
  while (atomic_load(&s->ended) != h->job) pthread_cond_wait(&h->done, &h->mutex);
  atomic_store(&h->waiting, false);
  pthread_mutex_unlock(&h->mutex);
}

static void wait_for_all(Host *h) {
  for (int i = 1; i <= h->started; i++) {
    Seat *s = &h->seat[i];
    if (atomic_load(&s->ended) == h->job || (is_open(s) && close_seat(s, h->job))) continue;
    wait_for(h, s);
  }
}

static int parallel_for(void *user, int64_t n, int (*body)(void *, int64_t, int64_t), void *ctx) {
  Host *h = user;
  if (h->started == 0 || n <= 1) return body(ctx, 0, n);
  atomic_store_explicit(&h->status, GDL_OK, memory_order_relaxed);
  publish(h, n, body, ctx);
  take_slots(h, &h->seat[0]);
  wait_for_all(h);
  return atomic_load(&h->status);
}

const gdl_host *rt_host_lend(const Host *h) { return &h->lend; }
int rt_host_threads(const Host *h) { return h->threads; }

void rt_host_close(Host *h) {
  if (!h) return;
  publish(h, 0, NULL, NULL);
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
    h->seat[i].host = h;
    h->seat[i].job = 1;
    int error = pthread_create(&h->thread[h->started], NULL, work, &h->seat[i]);
    if (error) {
      rt_fail(t, EXIT_MEMORY, "thread %d of %d could not be started; try a smaller --threads", i + 1, threads);
      rt_host_close(h);
      return NULL;
    }
    h->started++;
  }
  return h;
}
