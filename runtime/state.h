/* state.h: the vectors of a model, and how far its training has come.
 *
 *     param    [trained weights | statistics], each weight at a multiple of 16 numbers
 *     moment   [first | second], each laid out as the trained part; average as param
 *
 * A checkpoint is a safetensors file: weights by name in their canonical shape, `average/NAME`, the moments
 * as `adam.m/NAME`, `adam.v/NAME` or `momentum/NAME`, and the rest as texts in its metadata. */
#ifndef GDL_RT_STATE_H
#define GDL_RT_STATE_H
#include "model.h"
#include "settings.h"

typedef struct State {
  const gdl_module *module;
  int real;                         /* GDL_F32 or GDL_F64                                           */
  void *param, *moment, *average;   /* moment, average: NULL if there is none                       */
  uint64_t seed;
  int64_t epoch, batch, step;       /* the next batch to be trained on                               */
  double *sums;                     /* [nsums]: of the batches of this epoch so far                  */
  double best;                      /* the best score so far; NAN before the first                   */
  int64_t best_epoch, since;        /* where it was; epochs without a better one                     */
  uint32_t data;                    /* CRC-32 of the training data                                   */
  uint64_t origin;                  /* what the training was begun with; goes on with it             */
} State;

/* state.c */
bool rt_state_open(State *s, const gdl_module *m, Trouble *t);
void rt_state_close(State *s);
void rt_state_draw(State *s, uint64_t seed);                 /* initial weights, by (seed, name)            */
void rt_state_shake(State *s, uint64_t seed);                /* for the audit: nothing at its initial value */
/* the first weight with such a number, or in its moments; NULL */
const char *rt_state_not_finite(const State *s);
const void *rt_state_eval(const State *s);                   /* average if there is one, else param         */
void rt_convert(const void *from, int from_real, void *to, int to_real, int64_t n);
/* checkpoint.c */
/* whole: with moments */
bool rt_checkpoint_save(const State *s, const Settings *set, const char *path, bool whole, Trouble *t);
/* What was given when it was written is set again where it is not given now; set may be NULL. */
bool rt_checkpoint_load(State *s, Settings *set, const char *path, bool whole, Trouble *t);
#endif
