/* check.h: the checker at work, shared by check*.c (names, kinds, layers) and rule_*.c (words and the proof).
 *
 * The checker evaluates a program once, with types in place of numbers. An expression evaluates to an Item: a
 * compile-time thing (number, rep, group, domain, layer, ...) or a Value of the program. Each use of a layer is
 * written out on the types found there. Words and layers bind their arguments by the same code (bind.c); a
 * word's rule then looks at its Site and answers with an Item, having added Values with `value_add`.
 *
 * A refusal poisons: the rule reports once through site_refuse and returns ITEM_POISON; whatever is computed
 * from a poisoned Item is poisoned silently, so one mistake gives one error. */
#ifndef GDLC_FRONT_CHECK_H
#define GDLC_FRONT_CHECK_H
#include "front/program.h"

typedef enum ItemSort {
  ITEM_POISON,                      /* reported already                                            */
  ITEM_NONE,                        /* an argument left out whose default is `none`                */
  ITEM_NUMBER,                      /* exact when it can be: number; else real                     */
  ITEM_FLAG, ITEM_TEXT, ITEM_LIST, ITEM_REP, ITEM_GROUP, ITEM_DOMAIN,
  ITEM_TRANSLATIONS,                /* translations, translations(s), permutations, translations(2) * C(4): only in
                                       claims and augment                                          */
  ITEM_LAYER,                       /* a layer, a word, a function, or one of these with holes     */
  ITEM_VALUE,                       /* program value                                               */
  ITEM_GRAPH,                       /* complete(V), causal(V), an input graph: space of its edges   */
  ITEM_TUPLE,                       /* several results: h, x                                       */
  ITEM_SCHEDULE, ITEM_READER, ITEM_OPTIMIZER,      /* in train blocks                              */
  ITEM_HOLE,
} ItemSort;

typedef struct Item {
  ItemSort sort;
  Span at;                          /* where it was written                                        */
  const Exact *exact; double real;  /* NUMBER: exact NULL when only real                           */
  const Exact *turns;               /* NUMBER: not NULL when it is this times pi; exact is NULL then  */
  bool flag; Str text;              /* FLAG; TEXT                                                  */
  uint32_t n; const struct Item *item;              /* LIST TUPLE                                  */
  const Rep *rep; const Group *group; const Space *space;     /* REP GROUP DOMAIN GRAPH             */
  const Value *value;               /* VALUE                                                       */
  const struct Callee *layer;       /* LAYER (check.c's own)                                        */
  bool permutations; int64_t by;    /* TRANSLATIONS: by 0: none, `permutations` alone; group: a factor, or NULL */
  void *train;                      /* SCHEDULE READER OPTIMIZER (train.c's own)                    */
} Item;

typedef struct Check Check;         /* the whole state, below                                      */

/* One use of a word, arguments bound in the order of its signature in words.def. */
typedef struct Site {
  Check *check;
  Word word;
  FnId fn;                          /* of WORD_map                                                 */
  Span at;                          /* the call in the innermost line of the file that is checked   */
  Span written;                     /* the call itself (in a module perhaps); equals `at` otherwise */
  uint32_t nargs;
  const Item *arg;
  const Span *arg_at;               /* where each argument was written; of a default: the call     */
  bool broken, assumed;             /* under `break`, under `assume`                               */
  Str path;                         /* the path that weights of this use get: "conv1"; taken by site_path */
} Site;

struct Check {
  Arena *arena;
  Diags *diags;
  Program *program;
  Model *model;                     /* being checked                                              */
  bool in_train;
  vec(const Group *) declared;      /* groups of the file, in order                                */
  /* proof_shrink, and whatever `break` excuses, counts here: W8 when a `break` adds none */
  uint32_t nbroken;
  struct Names *names;              /* check.c's own: names.h                                      */
};

/* A claim about a value, taken apart by statement.c. */
typedef enum ClaimSort { CLAIM_EQUIVARIANT, CLAIM_RESIDUAL, CLAIM_SMOOTH } ClaimSort;
typedef struct Claimed {
  ClaimSort sort;
  const Value *value;
  Item of;                          /* EQUIVARIANT, RESIDUAL: GROUP or TRANSLATIONS                 */
  bool has_interior, has_within;
  int64_t interior;                 /* equivariant(y, translations, interior: 3)                   */
  double within;                    /* equivariant(y, K, within: 0.05): audited                    */
  int64_t order;                    /* smooth(y) >= 2                                              */
  Str text;                         /* as written                                                  */
  Span at;
} Claimed;

/* --- check.c, for rules --------------------------------------------------------------------------- */
/* appended to the model; at, path and waived are set; proof is computed by proof_of_args */
Value *value_add(Site *site, Word word, Type type, const Value *const *arg, uint32_t nargs);
Str site_path(Site *site);          /* a path for weights: a use that asks is counted, others are not (LANGUAGE 7.1) */
/* name = path.last_name; fill the rest */
Weight *weight_add(Site *site, Value *owner, WeightRole role, Str last_name);
Item item_value(const Value *v, Span at);
Item item_poison(Span at);
bool item_int(const Item *x, int64_t *i);            /* a whole number                              */
double item_real(const Item *x);
/* Calls a layer with ready arguments, for scan, symmetrize, act: layer. */
Item call_layer(Site *site, const Item *layer, const Item *arg, uint32_t nargs, Str path);
/* one Diag: code, message, witness, help, notes on where operands come from */
Item site_refuse(Site *site, Span at, const Why *why);
Item site_refuse_code(Site *site, Span at, Code code, const char *format, ...) PRINTF(4, 5);
/* Turns numbers, lists and reps into what a parameter asks: a number n into n scalars where a rep is asked, a number
 * into a constant value where a value is asked. NULL: it cannot be; nothing is reported. */
const Value *item_as_value(Site *site, const Item *x);

/* known.c. Spaces without axes: each set is another one, labels of equal entries are one. Both lists NULL: 0 ...
 * n-1. */
const Space *space_set(Check *c, uint64_t count);    /* count 0: it comes with the data             */
const Space *space_labels(Check *c, uint32_t n, const int64_t *number_of, const Str *text_of);

/* --- space.c -------------------------------------------------------------------------------------- */
/* Interned; name is for people. Two spaces from one declaration are one; grids, lines and so on of one size are
 * equal. */
const Space *space_grid(Check *c, SpaceSort sort, uint32_t ndim, const uint32_t *shape, const Group *of, Span at,
    Why *why);
const Space *space_edges(Check *c, Str name, const Space *base);       /* an input graph: another one at each call */
/* A grid of this shape made from one: element j stands at (j * stride + off2 / 2) / by of `from`. */
const Space *space_derived(Check *c, const Space *from, const uint32_t *shape, uint32_t stride, uint32_t by,
    int32_t off2);
const Space *space_pairs(Check *c, const Space *base, PairMask mask);
const Space *space_orbits(Check *c, const Space *base, Why *why);
uint64_t space_count(const Space *s);
uint32_t common_divisor(uint32_t a, uint32_t b);     /* the greatest; of spacings                    */
bool space_same(const Space *a, const Space *b);

/* --- rule_*.c: one function a row of words.def; rule_later and rule_none are check.c's --------------- */
#define WORD(name, signature, rule, expand) Item rule_##rule(Site *site);
#define none none_is_no_rule
#include "../../lang/words.def"
#undef none
#undef WORD
/* --- proof.c ----------------------------------------------------------------------------------------- */
void proof_of_args(Check *c, Value *v);                       /* H, margin and shift from the arguments, by the word */
/* Restricts v's proof to the elements flagged in `kept` (NULL: no change) and translations by multiples of shift
 * (1: no change, 0: none left), because of `because`. */
void proof_shrink(Check *c, Value *v, const bool *kept, uint32_t shift, const char *because);
/* Decides one claim, reports E0402 E0403 E0405 E0801 W7 at claimed->at, else adds a Claim to the model. */
bool rule_claim(Check *c, const Claimed *claimed);
/* `v` is a `param` or a `constant` of a declared type, made by statement.c: may it be? Sets its proof, shrinks it under
 * `break`; or refuses (E0201 E0301, a constant of a moving type E0200) and returns false. */
bool rule_fixed(Site *site, Value *v);
/* What acts on the inputs of m, which are made: sets group, permutations, translations and acts of m, and the proofs of
 * the inputs. Call it before the body. */
void rule_inputs(Check *c, Model *m);
/* At the end of a train block: E0106 for a loss or metric that is no expression of averages. */
bool rule_scores(Check *c);
/* After the last statement of a model: E0405 at its head, W5 for zeros that reach an output. */
void rule_model(Check *c, Span head);
/* --- witness.c: finds numbers that show a refusal, by evaluating the offending primitive -------------- */
void witness_pointwise(Check *c, FnId fn, const Kind *kind, Why *why);
void witness_power(Check *c, double exponent, const Kind *kind, Why *why);
void witness_differ(Check *c, const Kind *a, const Kind *b, Why *why);      /* where two kinds move differently */
void witness_product(Check *c, const Kind *kind, Why *why);             /* by components                  */
void witness_quotient(Check *c, const Kind *kind, bool number, Why *why);  /* number: of a number           */
void witness_max(Check *c, const Kind *kind, Why *why);       /* a maximum of each component of two vectors */
/* averaged over the group: 0 */
void witness_kernel(Check *c, const GridAction *a, uint32_t size, const Kind *in, const Kind *out, Why *why);
/* the sum of squares, else the largest component, changes */
void witness_length(Check *c, const Kind *kind, Why *why);
void witness_fixed(Check *c, const Kind *kind, Why *why);     /* a vector that a generator moves            */
#endif
