/* audit.h: trials of the compiled program, so that proof and code vouch for each other.
 *
 *     Trial      inputs of some samples in f64, of one kind: random, zero, one-hot, from the data
 *     Values     what an entry made of them: outputs and traced values, in f64 whatever the entry's type
 *
 * audit.c moves trials by the group; audit_slope.c holds gradients against differences; audit_deform.c
 * measures how the outputs answer to small smooth deformations. */
#ifndef GDL_RT_AUDIT_H
#define GDL_RT_AUDIT_H
#include "run.h"
#include "text.h"

/* in: by argument of `infer` */
typedef struct Trial { const char *name; int64_t b, set_rows; double **in; } Trial;
/* by argument; numbers of a sample; at NULL: no output */
typedef struct Values { int n; double **at; int64_t *sample; } Values;
enum { TRIALS_MOST = 12 };

typedef struct Audit {
  Run *run;
  const gdl_kernel *infer, *trace, *trace64, *slope;
  Trial trial[TRIALS_MOST];
  int ntrials, data;                /* data: number of the trial from the data, or -1               */
  int64_t rows_most;
  bool failed;
  char first[600];                  /* the first failure, in words                                   */
  Text out, lines;                  /* all that was said; its numbers for machines, said last         */
} Audit;

/* audit_trial.c */
bool rt_trials(Audit *a, uint64_t seed, Trouble *t);
bool rt_trial_make(Audit *a, const char *name, int64_t b, int64_t set_rows, Trial **trial, Trouble *t);
int64_t rt_trial_rows(const Trial *x, const gdl_arg *arg);
bool rt_values(Audit *a, const gdl_kernel *k, const Trial *x, Move *move, Values *v, Trouble *t);
void rt_values_free(Values *v);
void rt_trials_free(Audit *a);
void rt_say(Audit *a, const char *format, ...) __attribute__((format(printf, 2, 3)));    /* prints, and keeps */
/* a line "audit NAME VALUE" */
void rt_measured(Audit *a, double value, const char *format, ...) __attribute__((format(printf, 3, 4)));
void rt_audit_fail(Audit *a, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* audit_slope.c, audit_deform.c */
bool rt_audit_slope(Audit *a, Trouble *t);
bool rt_audit_deform(Audit *a, Trouble *t);
#endif
