/* program.h: a checked program. Layers are gone: each use has been written out, and what remains is a
 * flat list of values in order of evaluation, each made by one word of the language.
 *
 *     %3  conv   x=%2  kernel 5 pad 2       8 regular on X     proved    fashion.gdl:8:8
 *
 * Written by check.c, read by lower.c and by the certificate. Everything lives in program->arena and is
 * never changed after the checker. Spaces, Kinds, Reps and Groups are interned: == is equality. */
#ifndef GDLC_FRONT_PROGRAM_H
#define GDLC_FRONT_PROGRAM_H
#include "front/ast.h"
#include "rep/rep.h"

/* --- domains --------------------------------------------------------------------------------- */
typedef enum SpaceSort {
  SPACE_SET,                        /* set, set(n): nothing orders it; count 0 when it comes with the data */
  SPACE_LABELS,                     /* labels(n): a vocabulary, nothing moves it                 */
  SPACE_LINE, SPACE_CYCLE,          /* one axis                                                  */
  SPACE_GRID, SPACE_TORUS,          /* two axes                                                  */
  SPACE_ORBITS,                     /* orbits(e), orbits(X): one element for each orbit of base  */
  SPACE_PAIRS,                      /* complete(V), causal(V): pairs of elements of base         */
  SPACE_EDGES,                      /* `graph on V` that comes with the data                     */
} SpaceSort;
typedef enum PairMask { PAIRS_ALL, PAIRS_NO_LOOPS, PAIRS_CAUSAL } PairMask;

typedef struct Space {
  SpaceSort sort;
  uint32_t number;                  /* in program->space                                         */
  Str name;                         /* "X", "grid(14, 14)"                                       */
  uint32_t ndim, shape[2];
  uint64_t count;                   /* elements; 0: known with the data only                     */
  const GridAction *action;         /* of the declared group; action->group NULL: only values move */
  const struct Space *base;         /* ORBITS PAIRS EDGES; a torus made by a stride: the declared one */
  uint32_t factor, divide;          /* a torus or cycle made by strides: element i stands in base at the place */
  int32_t offset2;                  /* (i factor + offset2 / 2) / divide, in lowest terms; declared: 1, 1, 0   */
  PairMask mask;
  const uint32_t *orbit;            /* ORBITS: the orbit of each element of base                 */
  uint32_t nlabels;                 /* LABELS by a list: its entries, numbers or texts           */
  const int64_t *number_of;
  const Str *text_of;
} Space;

/* --- types and proofs -------------------------------------------------------------------------- */
typedef enum What { WHAT_FIELD, WHAT_LABEL, WHAT_FLAG, WHAT_POINT, WHAT_GRAPH } What;
typedef struct Type {
  What what;
  const Rep *rep;                   /* FIELD                                                      */
  const Space *on;                  /* NULL: global, the same everywhere                          */
  const Space *to;                  /* LABEL: element of which; GRAPH: its edges (on is NULL)     */
} Type;

typedef enum Verdict { VERDICT_PROVED, VERDICT_AUDITED, VERDICT_BROKEN } Verdict;
typedef struct Proof {              /* under what a value is proved equivariant                   */
  Verdict verdict;                  /* BROKEN: `break` shrank it; AUDITED: `assume`, turned kernels, ties */
  const bool *kept;                 /* elements of model->group that are left; NULL: all          */
  Str residual;                     /* "D(4)", "C(4)", "translations(2) * C(4)"                    */
  Str because;                      /* what broke it, with its place; empty when proved           */
  int32_t margin;                   /* translations of a window hold from this far inside; -1: nowhere */
  uint32_t shift;                   /* translations by multiples of this are left; 0: none        */
  int32_t centre2;                  /* torus, cycle: mirrors are left about c with 2c = this, mod shift */
  /* window: elements of the input for `per` elements here: 2, 1 after a stride of 2 */
  uint32_t spacing, per;
  bool numbered;                    /* elements of a set are told apart: permutations are not left */
} Proof;

/* --- weights ---------------------------------------------------------------------------------- */
typedef enum WeightRole {
  WEIGHT_BLOCK,                     /* [basis][in copies / groups][out copies], on the basis of Hom(in, out) */
  WEIGHT_BIAS,                      /* [basis][out copies], on Hom(1, out)                        */
  WEIGHT_SCALE, WEIGHT_SHIFT, WEIGHT_MEAN, WEIGHT_VARIANCE,      /* [copies]; MEAN, VARIANCE are statistics */
  WEIGHT_PARAM,                     /* [rows][components][copies]: one term of a `param`          */
} WeightRole;
typedef enum Init { INIT_ZEROS, INIT_ONES, INIT_NORMAL, INIT_UNIFORM, INIT_NUMBERS } Init;
typedef struct Weight {
  Str name;                         /* "conv1.weight.scalar.regular"                              */
  WeightRole role;
  bool trained;
  const Kind *in, *out;             /* BLOCK: both; others: out                                   */
  uint32_t ngroups;                 /* conv(groups:), else 1                                      */
  const Basis *basis;               /* BLOCK BIAS                                                 */
  const Space *on;                  /* PARAM: rows, or NULL                                       */
  uint32_t rank;
  uint64_t dim[3], count;           /* canonical layout, slowest first; product of dim            */
  Init init;
  double scale;                     /* NORMAL: deviation; UNIFORM: bound                          */
  const double *number;             /* NUMBERS: count of them                                     */
  uint32_t owner;                   /* the number of the first value that uses it                 */
  Span at;
} Weight;

/* --- values ----------------------------------------------------------------------------------- */
typedef enum Word {
#define WORD(name, signature, rule, expand) WORD_##name,
#include "../../lang/words.def"
#undef WORD
  WORDS
} Word;

typedef enum FnId {
#define FN(name, parity, homogeneous, linear, smoothness, value) FN_##name,
#include "../../lang/functions.def"
#undef FN
  FNS
} FnId;

typedef struct Value {
  Word word;
  uint32_t number;                  /* in model->value; arguments have smaller ones               */
  Type type;
  uint32_t nargs;
  const struct Value **arg;
  /* Settings of the word; what a word reads is said in words.def. Unused ones are 0. */
  int32_t kernel, stride, pad, dilation, groups;    /* conv, pooling (kernel: size), by in stride for upsample */
  bool step;                        /* within a scan, whose last value stands for all of it        */
  bool smooth, waived;              /* waived: under `break` or `assume`, its rule is not asked   */
  FnId fn;                          /* map                                                        */
  uint32_t heads, from;             /* dot, scale: groups of copies; slice: first copy of each term */
  double x;                         /* const: the number; power: the exponent; dropout: rate; batch_norm: momentum */
  const double *numbers;            /* const of several: type.rep->dim of them, a term [component][copy] */
  const Space *over;                /* reductions: the space summed over                          */
  Str name;                         /* input, target, output of a word: its name                  */
  uint32_t nweights;
  const Weight **weight;            /* linear, conv, conv_transpose: block of input term i and output term j at
                                       i * nout + j (NULL: no map), then nout biases (NULL: none) */
  Proof proof;
  Span at;                          /* the word in the source of its innermost line in the file checked */
  Str path;                         /* "conv1", "repeat1.2.mlp1.linear2"                           */
} Value;

typedef struct Output { Str name; const Value *value; Type claim; Span at; } Output;
typedef struct Claim { Str text, verdict; double within; const Value *value; const Group *group; Span at; } Claim;
                                    /* verdict: "proved" or "audited"; within 0 when proved        */

/* --- training --------------------------------------------------------------------------------- */
/* "constant" a; "warmup" over; "cosine" a to b over; "ramp", "staircase" */
typedef struct Piece { Str kind; double a, b, over; } Piece;
typedef struct Setting { Str name; double value, least, most; uint32_t npieces; Piece *piece; } Setting;
typedef struct Column { Str input, column; bool shared; } Column;   /* input: name of an input or target */
typedef struct Reader { Str format, file; uint32_t ncolumns; Column *column; Span at; } Reader;
typedef struct Metric { Str text; const Value *value; } Metric;
typedef struct Train {
  uint32_t ntargets; const Value **target;          /* word `input`, beyond the model's inputs    */
  uint32_t ndata, nvalid, ntest; Reader *data, *valid, *test;
  double valid_part;                /* a fraction below 1, or a number of samples; 0: none        */
  const Value *loss;                /* one global scalar                                          */
  uint32_t nmetrics; Metric *metric;
  Str optimizer;                    /* "adam", "adamw", "sgd"                                     */
  uint32_t nsettings; Setting *setting;             /* optimizer.rate, .beta1, .beta2, .decay, .momentum, batch,
                                       epochs, steps, seed, clip, average, stop.patience, stop.metric, checkpoint */
  uint32_t naugment; const Group **augment; bool augment_permutations, augment_translations;
  Str precision;                    /* "f32", "f64"                                               */
} Train;

typedef struct Model {
  Str name;
  bool kernel;                      /* a `kernel`: no weights, no training                        */
  Span at;
  const Group *group;               /* what is declared and acts on the inputs; NULL: nothing     */
  bool permutations, translations;  /* implied by sets; by tori and cycles                        */
  Str acts;                         /* "D(4)", "translations * D(4)": printed with every verdict   */
  uint32_t ninputs; const Value **input;            /* word `input`                               */
  uint32_t noutputs; Output *output;
  vec(Value *) value;               /* the train block's values come after `nmodel`               */
  uint32_t nmodel;
  vec(Weight *) weight;             /* trained ones in order of first use, then statistics        */
  vec(Claim) claim;
  Train *train;                     /* NULL: none                                                 */
} Model;

typedef struct Program {
  Arena *arena;
  Exacts *exacts; Groups *groups; Reps *reps;
  Sources *sources;
  vec(Space *) space;
  vec(Model *) model;
  uint64_t hash;                    /* of the source and of all that it uses                      */
} Program;

/* check.c: names, kinds, types and the proof. NULL when diags->nerrors > 0; warnings do not stop it. */
Program *program_check(Arena *arena, Diags *diags, const Ast *file, Str library);   /* library: the folder of stdlib/ */
void program_close(Program *p);                              /* the exact numbers; the rest is the arena's */
bool program_verify(const Program *p, Why *why);
/* program.c */
void type_text(const Type *t, Out *out);                     /* "8 regular on X", "label(10)"       */
void program_text(const Program *p, Out *out);               /* --emit=types                        */
void program_certificate(const Program *p, Out *out);        /* `gdlc check`: a table per model     */
void program_certificate_json(const Program *p, Out *out);
const char *word_name(Word w);
uint64_t model_parameters(const Model *m);                   /* trained numbers                     */
#endif
