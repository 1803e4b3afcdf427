/* run.h: what the commands share: the options, a module at work, and a folder of results.
 *
 *     main.c      options, one table of commands          train.c       the loop
 *     evaluate.c  sums, scores, confusion                 predict.c     outputs of files
 *     audit.c     laws at work on the binary              show.c        summary, info
 *     report.c    metrics, curves, report.html            bench.c       times of the entries
 *     export.c    weights as a vector                                                                    */
#ifndef GDL_RT_RUN_H
#define GDL_RT_RUN_H
#include "host.h"
#include "samples.h"
#include "state.h"

enum { OPTIONS_MOST = 64 };
typedef struct Options {
  const char *program, *command;
  const char *data, *out, *weights, *part, *move, *output, *epochs, *steps, *seed, *threads;
  const char *entry, *seconds;      /* of bench                                                      */
  const char *set[OPTIONS_MOST], *input[OPTIONS_MOST];
  int nset, ninputs, argc;
  char *const *argv;
  bool resume, csv;
} Options;

typedef struct Run {
  const gdl_module *module;
  const Options *options;
  Host *host;
  Settings settings;
  State state;
  void *device;                     /* what module->open returned                                    */
} Run;

/* A command: false, and why, when it did not do what it should. */
typedef bool Command(Run *r, Trouble *t);
Command rt_train, rt_eval, rt_predict, rt_check, rt_summary, rt_bench, rt_export, rt_info;

/* evaluate.c */
bool rt_evaluate(Run *r, const Samples *s, const uint32_t *index, int64_t n, Move *move, double *sums, Trouble *t);
bool rt_score(Run *r, const double *sums, double *scores, Trouble *t);   /* [module->nscores]             */
bool rt_load_weights(Run *r, Trouble *t);                    /* --weights, or run/best.safetensors         */
const gdl_kernel *rt_data_entry(const gdl_module *m);        /* the entry with all inputs and targets; NULL */
bool rt_interrupted(void);                                   /* train.c: SIGINT or SIGTERM has come         */

/* report.c */
bool rt_report_write(const gdl_module *m, const char *folder, Trouble *t);               /* curves.svg, report.html */
#endif
