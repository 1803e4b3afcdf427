/* expand.h: a checked value becomes Graph values; shared by lower.c and expand_*.c.
 *
 * A value of the language is one Val for each term of its representation (labels and flags: one). The rows of
 * a Val stand first: sample `b`, if anything in it depends on the sample, then the rows of its domain, then
 * REP (unless scalar), then MUL. Constants and weights have no `b`; labels broadcast them where they meet.
 *
 * Axes are named by letters when labels are written: b the sample, X the rows, Y the senders of pairs, W a
 * window; g h components, i o copies. `letters` names those of a Val. */
#ifndef GDLC_GRAPH_EXPAND_H
#define GDLC_GRAPH_EXPAND_H
#include "front/program.h"
#include "graph/graph.h"

typedef struct Terms { Val *at; uint32_t n; } Terms;
typedef struct Pair { Val sum, count; } Pair;    /* what an averaging word adds up; both without axes */

typedef struct Update { uint32_t weight; Val value; } Update;    /* a running statistic, after the step */

typedef struct Lower {
  Arena *arena;
  const Program *program;
  const Model *model;
  Graph *g;
  EntryKind kind;
  bool training;                    /* batch statistics                                          */
  bool draws;                       /* dropout acts                                               */
  Terms *of;                        /* [model->value.n]                                           */
  Pair *pair;                       /* [model->value.n]: of averaging words                       */
  Val *weight;                      /* [model->weight.n], 0 until asked for                       */
  uint64_t *offset;                 /* [model->weight.n]: within param                            */
  uint16_t *dom;                    /* [program->space.n], 0 until asked for                      */
  Val *parent;                      /* [program->space.n]: SET, EDGES: the sample of each row      */
  uint32_t param;                   /* number of the Arg; average instead of param is the host's choice */
  Val key;
  uint32_t ndraws;
  const Value *value;               /* being expanded                                             */
  /* Running statistics that a step writes: new value of a weight. */
  vec(Update) update;
} Lower;

/* --- lower.c ------------------------------------------------------------------------------------ */
uint16_t lower_dom(Lower *l, const Space *s);
Val lower_weight(Lower *l, const Weight *w);                  /* in its canonical layout, REP axes absent */
Val lower_parent(Lower *l, const Space *s);                   /* i32 [rows]: the sample of each row of a set */
bool space_ragged(const Space *s);
const Terms *lower_arg(Lower *l, uint32_t i);                 /* terms of argument i of the value in hand */
/* Terms of argument i, spread from samples to the rows of `on` where that is a set. */
const Terms *lower_arg_on(Lower *l, uint32_t i, const Space *on);
Val lower_spread(Lower *l, Val x, const Space *on);

/* --- letters.c ---------------------------------------------------------------------------------- */
enum { LETTERS = 160 };
bool axis_is_row(const Graph *g, Val x, uint8_t a);
uint8_t rows_of(const Graph *g, Val x);                       /* how many leading ROW axes            */
bool has_rep(const Graph *g, Val x);
Size copies_axis(const Graph *g, Val x);                        /* size of the last MUL axis            */
bool has_sample(const Graph *g, Val x);
/* Appends the letters of x: rows b X Y (and W for a window axis), then rep, then mul; 0 leaves those out. */
void letters(const Graph *g, Val x, char rep, char mul, char *out);
void letters_rows(const Graph *g, const Val *x, uint32_t n, char *out);   /* the union over x, in order  */
/* contract / map over values, labels by letters: each operand with its own rep and mul letters. */
typedef struct Named { Val x; char rep, mul; } Named;
/* result: the union of rows, then tail */
Val contract_named(Lower *l, const Named *x, uint32_t n, const char *tail);
Val map_named(Lower *l, const char *expr, const Named *x, uint32_t n, const char *tail);
Val map_all(Lower *l, const char *expr, const Val *x, uint32_t n);    /* operands share REP and MUL; rows broadcast */
Val squeeze(Lower *l, Val x);                                 /* without its MUL axis of size 1       */
/* x with every row axis of a value on `on` (and the sample, if `sample`): broadcast where it lacks them. */
Val lower_full(Lower *l, Val x, const Space *on, bool sample);
Val lower_ones(Lower *l, Val like_rows_of);                   /* 1 at each row, no REP and MUL        */
ExprId expr_of(Lower *l, const char *text);

/* --- tables.c: constants ------------------------------------------------------------------------- */
/* Basis as [W][h][g][k]: the window (0: none), components in and out where the kinds are not scalar, basis. */
Val table_basis(Lower *l, const Basis *b, uint16_t window, const Kind *in, const Kind *out, const char *what);
Val table_pairs(Lower *l, const Basis *b, const Kind *x, const Kind *y, const Kind *out);    /* [h][e][g][k] */
Val table_rows(Lower *l, uint16_t to, uint16_t from, const Nz *nz, uint32_t n, Str name);    /* [to][from]   */
Val table_index(Lower *l, const Space *of, const uint32_t *index, Str name);    /* i32 over the rows of `of` */
uint16_t window_dom(Lower *l, const Space *s, uint32_t size);

/* --- expand_*.c: one a row of words.def ------------------------------------------------------------- */
#define WORD(name, signature, rule, expand) void expand_##expand(Lower *l, const Value *v, Val *out);
#include "../../lang/words.def"
#undef WORD
/* expand_train.c */
Pair *lower_pair(Lower *l, const Value *v);
bool word_averages(Word w);
/* The stores of a step. Returns 1 where the step changes nothing because something is not finite, else 0. */
Val lower_optimizer(Lower *l, Val loss);

/* What the setting vector holds, for every optimiser; the host fills it (gdl_setting.index). */
#define STEP_SETTINGS(SETTING)                                                                     \
  SETTING(rate, "optimizer.rate") SETTING(beta1, "optimizer.beta1") SETTING(beta2, "optimizer.beta2") \
  SETTING(correction1, "optimizer.correction1") SETTING(correction2, "optimizer.correction2")       \
  SETTING(epsilon, "optimizer.epsilon") SETTING(decay, "optimizer.decay")                            \
  SETTING(momentum, "optimizer.momentum") SETTING(clip, "clip") SETTING(average, "average")
typedef enum StepSetting {
#define SETTING(name, text) STEP_##name,
  STEP_SETTINGS(SETTING)
#undef SETTING
  STEP_SETTING_COUNT
} StepSetting;
const char *step_setting_name(StepSetting s);

/* The layout of the vectors, for the descriptor too. Each weight begins at a multiple of 16 numbers. */
typedef struct ParamLayout { uint64_t *offset, ntrained, nparam, nmoment; } ParamLayout;
ParamLayout param_layout(Arena *arena, const Model *model);
uint32_t model_pairs(const Model *model);                     /* averaging words of the train block    */
#endif
