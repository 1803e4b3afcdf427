/* train.c: the loop. Steps, an evaluation each epoch, checkpoints, and what the terminal shows.
 *
 * A position is (epoch, batch); all that a step reads beside its batch is a function of it, so a training that
 * goes on gives the bits of one that never stopped. `best` is by the validation score (of the training data
 * where nothing is kept for validation). SIGINT and SIGTERM end the step, write a checkpoint, and leave with
 * 128 + signal. The folder is locked while the training runs. */
#include "report.h"
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t caught;                  /* a signal handler can write nothing else        */
static void catch(int signal) { caught = signal; }
bool rt_interrupted(void) { return caught != 0; }

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

typedef struct Training {
  Run *run;
  Samples train, valid, test;
  bool has_valid, has_test;         /* readers of their own                                          */
  Split split;
  uint32_t *order, *all;            /* of an epoch; 0, 1, 2, ...                                     */
  Augment augment;
  Call step;
  void *setting;
  int32_t key[2];
  double *sums, *valid_sums, *train_scores, *scores;
  Log log;
  int lock;
  char *last, *best;
  int64_t batch, batches, steps;    /* batch size; batches an epoch; where to stop, 0: not           */
  double shown, began, speed, evaluating;
  int64_t samples;                  /* trained on by this process                                    */
} Training;

/* --- the folder --------------------------------------------------------------------------------- */
static bool make_folders(const char *path, Trouble *t) {
  char part[4096];
  size_t n = strlen(path);
  if (n >= sizeof part) return rt_fail(t, EXIT_USAGE, "--out: its name is too long");
  for (size_t i = 1; i <= n; i++) {
    if (path[i] && path[i] != '/') continue;
    memcpy(part, path, i);
    part[i] = 0;
    if (mkdir(part, 0777) != 0 && errno != EEXIST)
      return rt_fail(t, EXIT_IO, "%s: the folder cannot be made: %s; choose another with --out", part, strerror(errno));
  }
  return true;
}

static bool open_folder(Training *x, const char *folder, Trouble *t) {
  bool resume = x->run->options->resume;
  if (!make_folders(folder, t)) return false;
  do x->lock = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  while (x->lock < 0 && errno == EINTR);
  if (x->lock < 0) return rt_fail(t, EXIT_IO, "%s: %s; choose another folder with --out", folder, strerror(errno));
  int locked;                       /* the system opens the lock when the process ends, however it does */
  do locked = flock(x->lock, LOCK_EX | LOCK_NB);
  while (locked != 0 && errno == EINTR);
  if (locked != 0 && errno != EWOULDBLOCK)
    return rt_fail(t, EXIT_IO, "%s: cannot be locked: %s; choose another folder with --out", folder, strerror(errno));
  if (locked != 0)
    return rt_fail(t, EXIT_REFUSED,
        "%s: another training writes there; wait for it, or choose another folder with --out", folder);
  x->last = rt_text(t, "%s/last.safetensors", folder);
  x->best = rt_text(t, "%s/best.safetensors", folder);
  if (!x->last || !x->best) return false;
  if (access(folder, W_OK) != 0)
    return rt_fail(t, EXIT_IO, "%s: is not writable; choose another folder with --out", folder);
  bool there = false;
  if (!rt_find_file(x->last, &there, t)) return false;
  if (there && !resume)
    return rt_fail(t, EXIT_REFUSED,
        "%s: holds a training already; go on with it by --resume, or choose another folder with --out", folder);
  if (!there && resume)
    return rt_fail(t, EXIT_REFUSED, "%s: holds no last.safetensors to go on from; leave out --resume", folder);
  return true;
}

/* What the checkpoint says to be the best so far must be there, whole, and of this training. It is that of the epoch
 * after the checkpoint when the training was ended between the two; that epoch comes again. */
static bool check_best(const Training *x, Trouble *t) {
  const State *s = &x->run->state;
  State best = { 0 };
  if (s->best_epoch == 0) return true;
  bool ok = rt_state_open(&best, s->module, t) && rt_checkpoint_load(&best, NULL, x->best, false, t);
  if (ok && (best.best_epoch != best.epoch || (best.epoch != s->best_epoch && best.epoch != s->epoch + 1) ||
      best.origin != s->origin))
    ok = rt_fail(t, EXIT_REFUSED,
        "%s: is not the best of this training, which is that after epoch %lld: put it back, or start anew with "
            "another --out", x->best,
                 (long long)s->best_epoch);
  rt_state_close(&best);
  return ok;
}

/* What a training is begun with: how long it runs and how often it is kept change no number of it. */
static bool name_origin(Run *r, Trouble *t) {
  static const char *const apart[] = { "seed", "epochs", "steps", "checkpoint" };
  Text text = { .trouble = t };
  rt_print(&text, "%016llx %llu %08x", (unsigned long long)r->module->hash, (unsigned long long)r->state.seed,
      r->state.data);
  for (int32_t i = 0; i < r->settings.n; i++) {
    const Setting *x = &r->settings.at[i];
    bool counts = x->given;
    for (size_t k = 0; k < sizeof apart / sizeof *apart; k++) counts &= strcmp(x->name, apart[k]) != 0;
    if (counts) rt_print(&text, " %s=%.17g", x->name, x->value);
  }
  if (!t->code) r->state.origin = rt_hash(text.at);
  free(text.at);
  return !t->code;
}

/* The checkpoint must be of the training that config.json of its folder tells of; where there is none, of any. */
static bool check_origin(const Training *x, const char *folder, Trouble *t) {
  const State *s = &x->run->state;
  char here[24];
  snprintf(here, sizeof here, "%016llx", (unsigned long long)s->origin);
  json_t *config = rt_read_json(folder, "config.json", false);
  const char *there = json_string_value(json_object_get(config, "origin"));
  long long seed = json_integer_value(json_object_get(config, "seed"));
  bool ok = !there || strcmp(there, here) == 0;
  if (!ok && seed != (long long)s->seed)
    rt_fail(t, EXIT_REFUSED,
        "%s: is of another training, with seed %llu; that of %s/config.json has seed %lld: put its own checkpoint back, "
            "or start anew with another --out", x->last, (unsigned long long)s->seed, folder, seed);
  else if (!ok)
    rt_fail(t, EXIT_REFUSED,
        "%s: is of another training than %s/config.json, begun with other data or settings: put its own checkpoint "
            "back, or start anew with another --out", x->last, folder);
  json_decref(config);
  return ok;
}

static bool read_data(Training *x, const gdl_kernel *k, Trouble *t) {
  const gdl_module *m = x->run->module;
  const char *folder = x->run->options->data ? x->run->options->data : "";
  uint32_t crc = 0;
  if (!rt_read_samples(&x->train, m, k, "data", folder, &crc, t)) return false;
  x->has_valid = rt_part_exists(m, "valid");
  x->has_test = rt_part_exists(m, "test");
  if (x->has_valid && !rt_read_samples(&x->valid, m, k, "valid", folder, NULL, t)) return false;
  if (x->has_test && !rt_read_samples(&x->test, m, k, "test", folder, NULL, t)) return false;
  if (!rt_split(&x->split, &x->train, x->has_valid ? 0 : m->valid_part, t)) return false;
  if (x->run->options->resume && x->run->state.data != crc)
    return rt_fail(t, EXIT_REFUSED,
        "the training data are not those of the checkpoint %s; use the same --data, or start anew with another --out",
        x->last);
  x->run->state.data = crc;
  if (!x->run->options->resume && !name_origin(x->run, t)) return false;
  int64_t n = x->train.n;
  if (x->valid.n > n) n = x->valid.n;
  if (x->test.n > n) n = x->test.n;
  x->all = rt_alloc((size_t)n, sizeof *x->all, t);
  x->order = rt_alloc(x->split.ntrain, sizeof *x->order, t);
  for (int64_t i = 0; x->all && i < n; i++) x->all[i] = (uint32_t)i;
  return x->all && x->order;
}

static void *scratch(Training *x, const gdl_arg *arg) {
  State *s = &x->run->state;
  switch (arg->role) {
  case GDL_PARAM: return s->param;
  case GDL_MOMENT: return s->moment;
  case GDL_AVERAGE: return s->average;
  case GDL_SETTING: return x->setting;
  case GDL_KEY: return x->key;
  case GDL_SUMS: return x->sums;
  default: return NULL;             /* inputs, targets, indexes: rt_batch_attach                      */
  }
}

static bool open_training(Training *x, const char *folder, Trouble *t) {
  Run *r = x->run;
  const gdl_module *m = r->module;
  const Options *o = r->options;
  const gdl_kernel *k = rt_entry_needed(m, GDL_STEP, 0, t);
  if (!k || !rt_entry_needed(m, GDL_EVAL, 0, t) || !rt_entry_needed(m, GDL_SCORE, 0, t) || !open_folder(x, folder, t) ||
      !rt_state_open(&r->state, m, t)) return false;
  uint64_t seed = (uint64_t)rt_setting(&r->settings, "seed");
  if (!o->resume) rt_state_draw(&r->state, seed);
  else {
    if (!rt_checkpoint_load(&r->state, &r->settings, x->last, true, t)) return false;
    if (!check_origin(x, folder, t) || !check_best(x, t)) return false;
    if (o->seed && r->state.seed != seed)
      return rt_fail(t, EXIT_USAGE, "--seed %s: the checkpoint was begun with seed %llu", o->seed,
          (unsigned long long)r->state.seed);
  }
  if (!read_data(x, k, t)) return false;
  x->setting = rt_alloc((size_t)r->settings.width, sizeof(double), t);
  x->sums = rt_alloc((size_t)m->nsums, sizeof(double), t);
  x->valid_sums = rt_alloc((size_t)m->nsums, sizeof(double), t);
  x->scores = rt_alloc((size_t)m->nscores, sizeof(double), t);
  x->train_scores = rt_alloc((size_t)m->nscores, sizeof(double), t);
  if (!x->setting || !x->sums || !x->valid_sums || !x->scores || !x->train_scores) return false;
  x->batch = (int64_t)rt_setting(&r->settings, "batch");
  x->batches = (x->split.ntrain + x->batch - 1) / x->batch;
  x->steps = (int64_t)rt_setting(&r->settings, "steps");
  if (!rt_augment_open(&x->augment, m, &x->train, r->state.seed, t) || !rt_call_open(&x->step, k,
      rt_host_lend(r->host), r->device, t)) return false;
  for (int i = 0; i < k->nargs; i++) x->step.args[i] = scratch(x, &k->args[i]);
  return rt_log_open(&x->log, m, folder, r->state.epoch, t);
}

static void close_training(Training *x) {
  rt_log_close(&x->log);
  rt_call_close(&x->step);
  rt_augment_close(&x->augment);
  rt_samples_free(&x->train);
  rt_samples_free(&x->valid);
  rt_samples_free(&x->test);
  free(x->split.index);
  free(x->order);
  free(x->all);
  free(x->setting);
  free(x->sums);
  free(x->valid_sums);
  free(x->scores);
  free(x->train_scores);
  free(x->last);
  free(x->best);
  if (x->lock >= 0) close(x->lock);
}

/* --- what is shown -------------------------------------------------------------------------------- */
static void show_scores(const gdl_module *m, const double *scores) {
  for (int32_t i = 0; i < m->nscores; i++)
    printf("  %.*s %.4g", (int)strcspn(m->scores[i], "("), m->scores[i], scores[i]);
}

static void time_text(double seconds, char *out, size_t n) {
  long s = seconds > 0 && seconds < 1e9 ? lround(seconds) : 0;
  if (s >= 3600) snprintf(out, n, "%ld:%02ld:%02ld", s / 3600, s / 60 % 60, s % 60);
  else snprintf(out, n, "%ld:%02ld", s / 60, s % 60);
}

static bool show_live(Training *x, int64_t epochs, Trouble *t) {
  Run *r = x->run;
  double time = now();
  if (!isatty(1) || time - x->shown < 0.1) return true;
  x->shown = time;
  if (!rt_score(r, r->state.sums, x->train_scores, t)) return false;
  double spent = time - x->began - x->evaluating;
  double left = (double)((epochs - r->state.epoch) * x->split.ntrain - r->state.batch * x->batch);
  if (x->steps && (double)((x->steps - r->state.step) * x->batch) < left)
    left = (double)((x->steps - r->state.step) * x->batch);
  char rest[32];
  time_text(x->samples ? left * spent / (double)x->samples : 0, rest, sizeof rest);
  printf("\r\033[Kepoch %lld/%lld  %lld/%lld", (long long)r->state.epoch + 1, (long long)epochs,
      (long long)r->state.batch, (long long)x->batches);
  show_scores(r->module, x->train_scores);
  printf("  %.0f samples/s  %s left", (double)x->samples / (spent > 0 ? spent : 1), rest);
  fflush(stdout);
  return true;
}

/* --- the loop --------------------------------------------------------------------------------------- */
/* The loss of samples that were gathered, by `eval`; in train_scores[0]. */
static bool loss_of(Training *x, Call *call, const Batch *b, const void *param, Trouble *t) {
  const gdl_kernel *k = call->kernel;
  for (int i = 0; i < k->nargs; i++) {
    if (k->args[i].role == GDL_PARAM) call->args[i] = (void *)(uintptr_t)param;
    if (k->args[i].role == GDL_SUMS) call->args[i] = x->valid_sums;
  }
  return rt_batch_attach(b, call, t) && rt_call_run(call, t) && rt_score(x->run, x->valid_sums, x->train_scores, t);
}

typedef struct Suspects { const Samples *samples; const uint32_t *index; int64_t n; const void *param; } Suspects;

/* How many of them have, each alone, a loss that is not finite, and the first one. -1: it cannot be known. */
static int64_t count_bad(Training *x, const Suspects *of, uint32_t *first) {
  Trouble ignored = { 0 };          /* this only says more of what is wrong already                      */
  const gdl_kernel *k = rt_entry(x->run->module, GDL_EVAL, 0);
  Batch one = { 0 };
  Call call = { 0 };
  int64_t bad = 0;
  bool ok = k && rt_batch_open(&one, of->samples, k->dtype, 1, &ignored) &&
      rt_call_open(&call, k, rt_host_lend(x->run->host), x->run->device, &ignored);
  for (int64_t i = 0; ok && i < of->n; i++) {
    rt_batch_fill(&one, of->index + i, 1, NULL, NULL);
    ok = loss_of(x, &call, &one, of->param, &ignored);
    if (ok && !isfinite(x->train_scores[0]) && bad++ == 0) *first = of->index[i];
  }
  rt_call_close(&call);
  rt_batch_close(&one);
  return ok ? bad : -1;
}

/* Ends a training in which `what` is not finite: after which step, which sample, and what is left. */
static bool not_finite(Training *x, const char *what, const Suspects *of, Trouble *t) {
  const State *s = &x->run->state;
  const char *data = of->samples == &x->valid ? "validation data" : "training data", *look = "the data";
  uint32_t first = 0;
  int64_t bad = count_bad(x, of, &first);
  Trouble ignored = { 0 };
  bool there = false;
  char which[200] = "", kept[300] = "No checkpoint was written yet";
  if (bad == 0 && of->n > 1)
    snprintf(which, sizeof which, "Each of its %lld samples alone has a finite loss. ", (long long)of->n);
  else if (bad > 0 && bad == of->n)
    snprintf(which, sizeof which,
        "Not one of its %lld samples has a finite loss; the first is sample %u of the %s, counted from 0. ",
        (long long)of->n, first, data);
  else if (bad > 0) {
    snprintf(which, sizeof which,
        "The loss of sample %u of the %s, counted from 0, is not finite (%lld of %lld samples). ", first, data,
        (long long)bad, (long long)of->n);
    look = "that sample";
  }
  if (rt_find_file(x->last, &there, &ignored) && there)
    snprintf(kept, sizeof kept, "The last good checkpoint is as it was: %.200s", x->last);
  return rt_fail(t, EXIT_REFUSED,
      "step %lld (epoch %lld, batch %lld): the %s is not finite. %s%s. Look at %s, or try a smaller --set "
          "optimizer.rate=R",
                 (long long)s->step, (long long)s->epoch + 1, (long long)s->batch, what, which, kept, look);
}

/* The samples of the batch that has just been trained on. */
static Suspects last_batch(const Training *x, const Batch *b) {
  const State *s = &x->run->state;
  return (Suspects){ &x->train, x->order + (s->batch - 1) * x->batch, b->b, s->param };
}

static bool step(Training *x, const Batch *b, Trouble *t) {
  Run *r = x->run;
  State *s = &r->state;
  rt_settings_fill(&r->settings, (double)s->epoch + (double)s->batch / (double)x->batches, s->step,
      x->step.kernel->dtype, x->setting);
  x->key[0] = (int32_t)s->seed;
  x->key[1] = (int32_t)s->step;
  if (!rt_batch_attach(b, &x->step, t) || !rt_call_run(&x->step, t)) return false;
  s->step++;
  s->batch++;
  Suspects of = last_batch(x, b);
  if (x->sums[0] != 0) return not_finite(x, "gradient", &of, t);
  bool finite = true;
  for (int64_t i = 1; i < r->module->nsums; i++) finite &= isfinite(x->sums[i]) != 0;
  if (!finite && !rt_score(r, x->sums, x->train_scores, t)) return false;
  if (!finite && !isfinite(x->train_scores[0])) return not_finite(x, "loss", &of, t);
  for (int64_t i = 1; i < r->module->nsums; i++) s->sums[i] += x->sums[i];
  x->samples += b->b;
  return true;
}

/* A checkpoint is never replaced by one that cannot be gone on with. */
static bool save(Training *x, const char *path, bool whole, Trouble *t) {
  Run *r = x->run;
  const char *name = rt_state_not_finite(&r->state);
  if (name)
    return rt_fail(t, EXIT_REFUSED,
        "step %lld: `%s` has numbers that are not finite; %s is left as it was. Try a smaller --set optimizer.rate=R",
        (long long)r->state.step, name, path);
  return rt_checkpoint_save(&r->state, &r->settings, path, whole, t);
}

/* In mid epoch, where no evaluation says that the loss is still finite after the step. */
static bool save_between(Training *x, const Batch *b, Trouble *t) {
  Run *r = x->run;
  Call call = { 0 };
  bool ok = rt_call_open(&call, rt_entry(r->module, GDL_EVAL, 0), rt_host_lend(r->host), r->device, t) &&
      loss_of(x, &call, b, r->state.param, t);
  Suspects of = last_batch(x, b);
  if (ok && !isfinite(x->train_scores[0])) ok = not_finite(x, "loss after it", &of, t);
  rt_call_close(&call);
  return ok && save(x, x->last, true, t);
}

/* Trains on what is left of the epoch. False with trouble; `*ended` when a signal or --steps ended it. */
static bool train_epoch(Training *x, int64_t epochs, bool *ended, Trouble *t) {
  State *s = &x->run->state;
  int64_t every = (int64_t)rt_setting(&x->run->settings, "checkpoint");
  rt_order(&x->split, s->seed, (uint64_t)s->epoch, x->order);
  x->augment.epoch = (uint64_t)s->epoch;
  *ended = x->steps && s->step >= x->steps;
  Loader *l = rt_loader_open(&x->train, x->step.kernel->dtype, x->order, x->split.ntrain, x->batch, s->batch,
      &x->augment, NULL, t);
  if (!l) return false;
  bool ok = true;
  const Batch *b;
  while (ok && !*ended && (b = rt_loader_next(l))) {
    ok = step(x, b, t) && show_live(x, epochs, t);
    *ended = ok && (caught || (x->steps && s->step >= x->steps));
    if (ok && every && s->step % every == 0) ok = save_between(x, b, t);
  }
  rt_loader_close(l);
  return ok;
}

/* What the epochs are judged by. */
static Suspects judges(const Training *x) {
  const void *param = rt_state_eval(&x->run->state);
  if (x->has_valid) return (Suspects){ &x->valid, x->all, x->valid.n, param };
  if (x->split.nvalid) return (Suspects){ &x->train, x->split.index + x->split.ntrain, x->split.nvalid, param };
  return (Suspects){ &x->train, x->split.index, x->split.ntrain, param };
}

static bool evaluate(Training *x, double *scores, Trouble *t) {
  Suspects of = judges(x);
  if (!rt_evaluate(x->run, of.samples, of.index, of.n, NULL, x->valid_sums, t)) return false;
  if (caught) return true;
  return rt_score(x->run, x->valid_sums, scores, t) && (isfinite(scores[0]) ||
      not_finite(x, "loss that judges the epoch", &of, t));
}

static bool better(const gdl_module *m, int64_t which, double score, double best) {
  bool larger = strncmp(m->scores[which], "accuracy", 8) == 0 || strncmp(m->scores[which], "top", 3) == 0;
  return !isnan(score) && (isnan(best) || (larger ? score > best : score < best));
}

/* After the last batch: scores, log, best, last. The state stands at the beginning of the next epoch then. */
static bool end_epoch(Training *x, const char *folder, int64_t epochs, Trouble *t) {
  Run *r = x->run;
  State *s = &r->state;
  const gdl_module *m = r->module;
  int64_t which = (int64_t)rt_setting(&r->settings, "stop.metric");
  if (which >= m->nscores) which = 0;
  double from = now();
  if (!rt_score(r, s->sums, x->train_scores, t) || !evaluate(x, x->scores, t)) return false;
  x->evaluating += now() - from;
  if (caught) return true;          /* the epoch is not over: it will be evaluated when it is resumed  */
  double spent = from - x->began, rate = 0;
  for (int32_t i = 0; i < r->settings.n; i++)
    if (strcmp(r->settings.at[i].name, "optimizer.rate") == 0)
      rate = rt_setting_at(&r->settings.at[i], (double)s->epoch + 1 - 1 / (double)x->batches);
  x->speed = spent > 0 ? (double)x->samples / (spent - x->evaluating + (now() - from)) : 0;
  s->epoch++;
  s->batch = 0;
  memset(s->sums, 0, sizeof(double) * (size_t)m->nsums);
  s->since++;
  bool improved = better(m, which, x->scores[which], s->best);
  if (improved) {
    s->best = x->scores[which];
    s->best_epoch = s->epoch;
    s->since = 0;
  }
  if (isatty(1)) printf("\r\033[K");
  printf("epoch %lld/%lld", (long long)s->epoch, (long long)epochs);
  show_scores(m, x->train_scores);
  printf("  | %s", x->has_valid || x->split.nvalid ? "valid" : "data");
  show_scores(m, x->scores);
  printf("  %.0f samples/s%s\n", x->speed, improved ? "  best" : "");
  fflush(stdout);
  return (!improved || save(x, x->best, false, t)) && rt_log_add(&x->log, r, folder, rate, x->train_scores, x->scores,
      spent, x->speed, t) &&
         save(x, x->last, true, t);
}

/* `stop`: for want of a better score; `early`: by --steps. */
static bool finish(Training *x, const char *folder, bool stop, bool early, Trouble *t) {
  Run *r = x->run;
  char ended[100];
  if (early) snprintf(ended, sizeof ended, "ended after %lld steps", (long long)r->state.step);
  else if (stop)
    snprintf(ended, sizeof ended, "stopped early, after %lld epochs without a better score", (long long)r->state.since);
  else snprintf(ended, sizeof ended, "ended after %lld epochs", (long long)r->state.epoch);
  const gdl_module *m = r->module;
  struct rusage use = { 0 };
  getrusage(RUSAGE_SELF, &use);
  Facts f = { .ended = ended, .ntrain = x->split.ntrain, .nvalid = x->has_valid ? x->valid.n : x->split.nvalid,
      .ntest = x->test.n,
              .speed = x->speed, .memory = use.ru_maxrss, .workspace = x->step.workspace };
  const Samples *s = x->has_test ? &x->test : x->has_valid ? &x->valid : &x->train;
  const uint32_t *index = x->has_test || x->has_valid ? x->all : x->split.nvalid ? x->split.index + x->split.ntrain
      : x->split.index;
  int64_t n = x->has_test ? f.ntest : f.nvalid ? f.nvalid : f.ntrain;
  Answers answers = { .part = x->has_test ? "test" : f.nvalid ? "valid" : "data" };
  bool there = r->state.best_epoch > 0;              /* else no epoch has ended: the last weights are the best */
  bool ok = there ? rt_checkpoint_load(&r->state, NULL, x->best, false, t) : save(x, x->best, false, t);
  if (ok && x->has_test) {
    ok = rt_evaluate(r, s, index, n, NULL, x->valid_sums, t) && rt_score(r, x->valid_sums, x->scores, t);
    f.test = x->scores;
    printf("test (best epoch, %lld)", (long long)r->state.best_epoch);
    if (ok) show_scores(m, x->scores);
    printf("\n");
  }
  ok = ok && rt_answers(r, s, index, n, &answers, t);
  f.answers = &answers;
  ok = ok && rt_config_write(r, folder, &f, t) && rt_pictures_write(r, folder, &answers, t) &&
      rt_report_write(m, folder, t);
  if (ok) printf("%s: %s/best.safetensors, %s/report.html\n", ended, folder, folder);
  rt_answers_close(&answers);
  return ok;
}

/* Whether an earlier process came to the end of finish: it writes the page after the settings say how it ended. */
static bool is_finished(const char *folder, Trouble *t) {
  char *path = rt_text(t, "%s/config.json", folder), *page = rt_text(t, "%s/report.html", folder);
  uint8_t *at = NULL;
  size_t n = 0;
  bool there = false, finished = path && page && rt_find_file(page, &there, t) && there && rt_find_file(path, &there,
      t) && there &&
                                 rt_read_file(path, 1u << 28, &at, &n, t) && !strstr((const char *)at,
                                     "\"state\": \"running\"");
  free(at);
  free(path);
  free(page);
  return finished;
}

static bool train(Training *x, const char *folder, Trouble *t) {
  Run *r = x->run;
  State *s = &r->state;
  int64_t epochs = (int64_t)rt_setting(&r->settings, "epochs"), patience = (int64_t)rt_setting(&r->settings,
      "stop.patience");
  printf("%s: %lld trained numbers, %u samples to train%s, batches of %lld, %d threads, seed %llu\n", r->module->name,
      (long long)rt_count_trained(r->module), x->split.ntrain,
         x->split.nvalid || x->has_valid ? "" : ", none kept for validation", (long long)x->batch,
             rt_host_threads(r->host), (unsigned long long)s->seed);
  if (r->options->resume)
    printf("goes on at epoch %lld, batch %lld\n", (long long)s->epoch + 1, (long long)s->batch + 1);
  bool stop = patience > 0 && s->since >= patience, ended = false;
  if (r->options->resume && (stop || s->epoch >= epochs)) {
    if (stop)
      printf("%s: it was stopped early, after %lld epochs without a better score; more with --set stop.patience=N\n",
          folder, (long long)s->since);
    else printf("%s: its %lld epochs are over; more with --epochs N\n", folder, (long long)s->epoch);
    return is_finished(folder, t) || (!t->code && finish(x, folder, stop, false, t));
  }
  fflush(stdout);
  Facts begun = { .ended = "running", .ntrain = x->split.ntrain, .nvalid = x->has_valid ? x->valid.n : x->split.nvalid,
      .ntest = x->test.n };
  if (!rt_config_write(r, folder, &begun, t)) return false;
  x->began = now();
  while (s->epoch < epochs && !stop && !ended) {
    if (!train_epoch(x, epochs, &ended, t)) return false;
    if (!caught && s->batch == x->batches) {
      if (!end_epoch(x, folder, epochs, t)) return false;
      stop = patience > 0 && s->since >= patience;
    }
    ended |= caught != 0;
  }
  if (ended && !save(x, x->last, true, t)) return false;
  if (isatty(1)) printf("\r\033[K");
  if (caught) {
    printf("interrupted at epoch %lld, batch %lld; %s is safe. Go on with the same command and --resume:\n ",
        (long long)s->epoch + 1, (long long)s->batch + 1, x->last);
    for (int i = 0; i < r->options->argc; i++) printf(" %s", r->options->argv[i]);
    printf("%s\n", r->options->resume ? "" : " --resume");
    t->code = 128 + caught;
    return false;
  }
  return finish(x, folder, stop, ended, t);
}

bool rt_train(Run *r, Trouble *t) {
  const char *folder = r->options->out ? r->options->out : "run";
  struct sigaction action = { .sa_handler = catch, .sa_flags = (int)SA_RESETHAND };   /* a second one ends at once */
  sigemptyset(&action.sa_mask);
  if (sigaction(SIGINT, &action, NULL) != 0 || sigaction(SIGTERM, &action, NULL) != 0)
    return rt_fail(t, EXIT_BUG, "sigaction: %s", strerror(errno));
  Training *x = rt_alloc(1, sizeof *x, t);
  if (!x) return false;
  x->run = r;
  x->lock = -1;
  bool ok = open_training(x, folder, t) && train(x, folder, t);
  close_training(x);
  free(x);
  return ok;
}
