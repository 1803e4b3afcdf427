/* act.h: one element of a group at work on the numbers of a sample, in f64, from the matrices of the module.
 *
 *     (g x)(p) = rho(g) x(g^-1 p)         rows move, then the components of each row mix
 *
 * Group 0 is what the proof is about. Beside the element a Move may shift a torus, permute sets, and carry
 * points away: what domains imply. Labels move with their rows and keep their numbers. */
#ifndef GDL_RT_ACT_H
#define GDL_RT_ACT_H
#include "model.h"
#include "rng.h"

typedef enum Shuffle { SHUFFLE_NONE, SHUFFLE_ALL, SHUFFLE_TWO, SHUFFLE_CYCLE } Shuffle;
typedef struct Move {
  const gdl_module *module;
  int32_t group;
  double **matrix;                  /* [nactions]: dim x dim of components, of coordinates; NULL: nothing moves */
  double *memory, *scratch;
  double shift[2];                  /* of a torus, in its elements; for a smaller torus in proportion */
  int32_t shift_of[2];              /* the torus whose elements are counted, 0: no shift            */
  double offset[4];                 /* added to points                                             */
  Shuffle shuffle;                  /* of sets; the permutation is a function of `key` and of the set */
  Key key;
  uint32_t *order;
  int64_t norder;
} Move;

/* act.c */
bool rt_move_open(Move *v, const gdl_module *m, int32_t group, int64_t rows_most, Trouble *t);
void rt_move_close(Move *v);
void rt_move_identity(Move *v);
void rt_move_generator(Move *v, int32_t g, bool inverse);    /* v = v * generator: the new one acts first  */
void rt_move_element(Move *v, int32_t element);              /* of a finite group                          */
void rt_move_random(Move *v, Key key);                       /* uniform on finite groups, one circle, turns of space */
bool rt_move_uniform(const gdl_module *m, int32_t group);    /* whether that is so                         */
bool rt_move_parse(Move *v, const char *word, Trouble *t);   /* "r", "r^2 m", "m r^-1"                     */
void rt_move_name(const gdl_module *m, int32_t group, int32_t element, char *out, size_t n);
bool rt_move_exact(const Move *v);                           /* it maps pixels to pixels on all grids       */
/* One sample: rows x numbers of `arg`, in != out. Rows of pairs: nrows 2, moved on both axes. */
void rt_move_apply(Move *v, const gdl_arg *arg, int64_t rows, int64_t numbers, int32_t nrows, const double *in,
    double *out);
#endif
