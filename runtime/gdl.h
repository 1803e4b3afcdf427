/* gdl.h: the C interface of what gdlc generates. Stand-alone; C11, C17 and C++17.
 *
 * A compiled file has one constant gdl_module for programs that discover it, and typed functions for people.
 * The caller owns everything: inputs, outputs, parameters, state, workspace. Kernels never allocate, print,
 * exit, read the environment or keep mutable globals; two calls may run at once when what they write differs.
 *
 *   sizes[]     symbols of an entry: b samples; then the rows of each set. An extent is a literal or an index.
 *   args[]      one pointer an argument, in the order of kernel->args. f32 or f64 by arg->dtype; i32; sums f64.
 *   param       trained weights, then statistics, each weight at a multiple of 16 numbers (gdl_weight.offset).
 *   workspace   kernel->workspace(sizes) bytes, aligned to kernel->align; need not be cleared.
 *   slots       work is dealt to a fixed number of slots, so bits depend on neither threads nor who lends them.
 *
 * docs/abi.md explains, docs/architecture.md says which entries there are. Structs grow only at the end; read `abi`
 * first. */
#ifndef GDL_H
#define GDL_H
#include <stddef.h>
#include <stdint.h>
#ifdef __cplusplus
extern "C" {
#endif

#define GDL_ABI 1u
enum gdl_status { GDL_OK, GDL_BAD_ABI, GDL_BAD_ARG, GDL_BAD_SIZE, GDL_BAD_WORKSPACE, GDL_BAD_DEVICE, GDL_MORE };
enum gdl_dtype { GDL_F32 = 1, GDL_F64, GDL_F16, GDL_BF16, GDL_I32, GDL_I64 };
enum gdl_role {
  /* GRAD: of a loss by param; PULL: a cotangent, written */
  GDL_IN = 1, GDL_OUT, GDL_PARAM, GDL_GRAD, GDL_TARGET, GDL_INDEX,
  GDL_MOMENT, GDL_AVERAGE, GDL_SETTING, GDL_KEY, GDL_SUMS, GDL_VALUE,  /* VALUE: an inner value, traced     */
  GDL_COTANGENT                                                     /* PULL: of an output, read             */
};
enum gdl_entry { GDL_INFER = 1, GDL_STEP, GDL_EVAL, GDL_SCORE, GDL_TRACE, GDL_SLOPE, GDL_PULL, GDL_PREPARE };
enum gdl_moves { GDL_FIXED, GDL_MATRIX, GDL_GRID, GDL_SET, GDL_FRAMES, GDL_POINT, GDL_TORUS };
enum gdl_device { GDL_CPU = 1, GDL_CUDA = 2 };    /* the numbers of DLPack */
enum gdl_init { GDL_ZEROS, GDL_ONES, GDL_NORMAL, GDL_UNIFORM, GDL_NUMBERS };
enum gdl_verdict { GDL_PROVED, GDL_AUDITED, GDL_BROKEN };

/* group 0 is what the proof is about; further ones are those of `augment` and of claims */
typedef struct gdl_group {
  const char *name;
  int32_t lie, ngenerators, nelements, reserved;
  const int32_t *word;              /* finite: element e is the product of generators word[at[e]] ...
                                       word[at[e + 1] - 1], the last one acting first; -1 - g is the inverse of g */
  const int32_t *at;
  const char *const *generators;    /* their names, "r", "m"; NULL: "1", "2", ...                       */
} gdl_group;                        /* lie > 0: the first `lie` of the ngenerators matrices are a basis of the Lie
                                       algebra, the others representatives of the components            */

/* how a group moves components or rows; number a of group k: actions[k * nactions + a] */
typedef struct gdl_action {
  const char *name;                 /* "regular", "grid(28, 28)"                                        */
  const double *matrix;             /* MATRIX: [generator][dim][dim]; GRID TORUS: [generator][ndim][ndim] on centred
                                       coordinates, on coordinates about element 0                       */
  int32_t moves, dim;               /* dim: components, or number of axes                               */
  int32_t shape[2];                 /* GRID TORUS: rows of each axis; of rows, FIXED: the same, 0 if not on axes */
  double centre;                    /* TORUS: the place of element 0 of the declared torus, in rows, on every axis */
} gdl_action;

typedef struct gdl_term {           /* a summand of what an argument or value is at one row             */
  const char *kind;                 /* "regular"                                                        */
  int32_t dim, copies;              /* laid out [component][copy]                                       */
  int32_t action, reserved;         /* of the components; -1: nothing moves them                        */
} gdl_term;

typedef struct gdl_arg {
  /* rep: "8 scalar + 4 vector", NULL: not moved; axes: b samples, r rows, m numbers, "brm"; source: "f.gdl:6".
                                       Of a cotangent rep and terms are those of its value: it moves by the
                                        transposed inverses of the matrices */
  const char *name, *rep, *axes, *source;
  const int64_t *dims;              /* d >= 0: a literal extent; d < 0: sizes[-d - 1]                   */
  uint8_t dtype, role, rank, verdict;       /* verdict: of a value or output                            */
  int16_t rows, nterms;             /* rows: into actions, how the rows are moved; -1 not                */
  const gdl_term *terms;            /* the last dim is the sum of dim * copies                          */
  const char *word;                 /* VALUE: "conv"; else NULL                                         */
  int32_t nlabels; int32_t reserved;
  const int64_t *labels;            /* a label given by a list of numbers: its entries; else NULL       */
  const char *const *label_texts;   /* ... by a list of texts                                           */
  /* VALUE OUT, verdict BROKEN: 1 for each element of group 0 that is left; else NULL */
  const uint8_t *kept;
} gdl_arg;

typedef struct gdl_weight {         /* one tensor of param                                              */
  const char *name, *rep, *source;  /* "conv1.weight.scalar.regular"                                    */
  const int64_t *dims;
  int64_t offset, count;            /* in numbers                                                       */
  uint8_t rank, trained, init, reserved;
  float scale;                      /* NORMAL: deviation; UNIFORM: bound                                */
  const float *numbers;             /* NUMBERS                                                          */
} gdl_weight;

typedef struct gdl_piece { const char *kind; double a, b, over; } gdl_piece;  /* program.h, Piece        */
typedef struct gdl_setting {        /* "optimizer.rate"; a schedule is a product of pieces over epochs  */
  const char *name;
  double value, least, most;
  int32_t index, npieces;           /* index into the argument `setting`; -1: the host's own            */
  const gdl_piece *pieces;
} gdl_setting;

typedef struct gdl_column { const char *input, *column; int32_t shared, reserved; } gdl_column;
typedef struct gdl_reader {         /* where data come from                                             */
  const char *format, *file, *part; /* "idx", NULL or "train.npz", "data" "valid" "test"                */
  const gdl_column *columns;
  int32_t ncolumns, reserved;
} gdl_reader;

typedef struct gdl_claim { const char *text, *verdict, *residual, *source; double within; } gdl_claim;

typedef struct gdl_host {           /* services that the caller may lend; members may be NULL           */
  void *user;
  int (*parallel_for)(void *user, int64_t n, int (*body)(void *, int64_t, int64_t), void *ctx);
} gdl_host;

typedef struct gdl_call {
  const int64_t *sizes;
  void *const *args;
  void *workspace;
  void *stream, *state;             /* NULL on the CPU                                                  */
  const gdl_host *host;             /* NULL: the calling thread does it all                             */
} gdl_call;

typedef struct gdl_kernel {         /* an entry                                                         */
  const char *name, *source;
  const char *const *size_names;
  const gdl_arg *args;
  int32_t nsizes, nargs, slots, entry;
  size_t align;
  size_t (*workspace)(const int64_t *sizes);
  int (*run)(const gdl_call *call);
  int32_t dtype, nstages;           /* of reals; pipelines                                              */
  const char *const *stages;        /* what each pipeline computes                                      */
  const double *flops;              /* of each pipeline, per sample, as expected; for `bench`           */
} gdl_kernel;

typedef struct gdl_module {
  uint32_t abi, device;
  const char *name, *target, *compiler, *certificate, *source;    /* certificate: JSON; source: the .gdl text */
  uint64_t hash;
  const gdl_kernel *kernels;
  const gdl_weight *weights;
  const gdl_group *groups;
  const gdl_action *actions;
  const gdl_setting *settings;
  const gdl_claim *claims;
  const gdl_reader *readers;
  int32_t nkernels, nweights, ngroups, nactions, nsettings, nclaims, nscores, nreaders;
  int64_t nparam, ntrained, nmoment, nsums;     /* numbers of the vectors; moment 0 where there is no step */
  const char *const *scores;        /* "loss", "accuracy(logits, class)": what SCORE writes, in order   */
  const char *optimizer;            /* "adam", "adamw", "sgd"; NULL: no train block                     */
  double valid_part;                /* a fraction below 1, or a number of samples; 0: none              */
  const int32_t *augment;           /* numbers of groups                                                */
  int32_t naugment, augment_flags;  /* flags: 1 permutations, 2 translations                            */
  int (*open)(void **state);        /* CUDA; NULL on the CPU                                            */
  void (*close)(void *state);
} gdl_module;

#ifdef __cplusplus
}
#endif
#endif
