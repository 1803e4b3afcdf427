/* samples.h: data bound to the arguments of a module.
 *
 *     file --read_*--> Array --bind--> Column: where number (sample, row, component) of an argument lies
 *     Samples + order --batch--> Batch: the arguments of a call, side by side
 *
 * A Column owns its array. Labels are mapped to 0 ... n - 1 once, when they are bound. What a set has for
 * rows comes with the arrays; the index from rows to samples is made here, by the batch. */
#ifndef GDL_RT_SAMPLES_H
#define GDL_RT_SAMPLES_H
#include "act.h"
#include "array.h"
#include "model.h"

enum { COLUMNS_MOST = 64 };
typedef struct Column {
  const gdl_arg *arg;
  const char *symbol;               /* name of the size that counts the rows of all samples; NULL   */
  int64_t rows, numbers;            /* of one sample                                                */
  int32_t nrows;
  bool shared;                      /* the same for all samples                                     */
  Array array;                      /* numbers; empty for labels and for an index                   */
  int64_t sample, row, number;      /* steps in the array, in elements                              */
  double factor;                    /* 1/255 for bytes that bind to scalars                         */
  int32_t *label;                   /* [samples][rows]; NULL for reals and for an index             */
} Column;
typedef struct Samples {
  Column column[COLUMNS_MOST];
  int32_t ncolumns;
  int64_t n;
  bool consecutive;                 /* windows of one text: not independent of their neighbours      */
} Samples;

/* bind.c: takes the array over, also on failure. */
bool rt_bind(Samples *s, const gdl_module *m, const gdl_kernel *k, const gdl_arg *arg, Array *array, bool shared,
    Trouble *t);
bool rt_bind_indexes(Samples *s, const gdl_module *m, Trouble *t);       /* after all columns                */
void rt_samples_free(Samples *s);
/* data.c */
bool rt_part_exists(const gdl_module *m, const char *part);
bool rt_read_samples(Samples *s, const gdl_module *m, const gdl_kernel *k, const char *part, const char *folder,
    uint32_t *crc, Trouble *t);

typedef struct Augment {            /* moves for training batches                                    */
  const gdl_module *module;
  Move *move;                       /* [module->naugment], or one when only the domains move         */
  int32_t n;
  uint64_t seed, epoch;
} Augment;
bool rt_augment_open(Augment *a, const gdl_module *m, const Samples *s, uint64_t seed, Trouble *t);
void rt_augment_close(Augment *a);

typedef struct Batch {
  const Samples *samples;
  int real;
  int64_t b, most;
  void *at[COLUMNS_MOST];
  double *from, *to;                /* a sample on its way through a Move                            */
} Batch;

/* batch.c */
bool rt_batch_open(Batch *x, const Samples *s, int real, int64_t most, Trouble *t);
void rt_batch_close(Batch *x);
/* Samples index[0 .. b), b <= most; `augment` and `move` may be NULL. Never fails: a thread may do it. */
void rt_batch_fill(Batch *x, const uint32_t *index, int64_t b, Augment *augment, Move *move);
bool rt_batch_attach(const Batch *x, Call *c, Trouble *t);   /* sizes, inputs, targets, indexes by name        */

/* The part of the samples that trains and the one that validates: by a fixed permutation, the same for all seeds;
 * of consecutive samples the end validates. */
typedef struct Split { uint32_t *index, ntrain, nvalid; } Split;         /* training ones first               */
bool rt_split(Split *p, const Samples *s, double valid, Trouble *t);
void rt_order(const Split *p, uint64_t seed, uint64_t epoch, uint32_t *order);   /* of the training samples    */

/* Batches from `first` on, one ahead of the caller, gathered by a thread of their own. */
typedef struct Loader Loader;
Loader *rt_loader_open(const Samples *s, int real, const uint32_t *order, int64_t n, int64_t batch, int64_t first,
    Augment *augment, Move *move, Trouble *t);
const Batch *rt_loader_next(Loader *l);                      /* NULL at the end; valid until the next call     */
void rt_loader_close(Loader *l);
int64_t rt_rows_most(const Samples *s);
#endif
