/* names.h: what the names half of the checker keeps: modules and their declarations, scopes, callees, and the
 * blocks in which calls are counted.
 *
 *     Module   a file: nn.gdl        Decl    mlp, evaluated when it is first asked for
 *     Scope    a body:  x, R, h      Entry   one name in it, with its Item
 *     Callee   what can be called: a word, a function, a layer, or one of these with holes
 *     Block    repeat1.2.mlp1: gives weights their paths. Its number is taken when its first weight asks
 *
 * Nothing here is seen by the rules (check.h is) or survives program_check. All lives in the check's arena. */
#ifndef GDLC_FRONT_NAMES_H
#define GDLC_FRONT_NAMES_H
#include "front/check.h"

/* Limits on what a program may ask for; beyond them E0111, never an exhausted machine. */
enum {
  MOST_VALUES = 1000000,            /* written out, a file                                         */
  MOST_BODIES = 200000,             /* layers written out, a file                                  */
  MOST_STEPS = 2000000,             /* expressions evaluated, a file                               */
  MOST_ROUNDS = 1000000,            /* of one repeat                                               */
  MOST_DEPTH = 800,                 /* expressions and layers within each other                    */
  MOST_LAYERS = 64,                 /* layers within each other                                    */
};

/* Names to numbers: open addressing. */
typedef struct Slot { Str name; uint32_t number; } Slot;
typedef struct Table { uint32_t n, cap; Slot *slot; } Table;
bool table_find(const Table *t, Str name, uint32_t *number);
void table_put(Arena *a, Table *t, Str name, uint32_t number);    /* a name that is in it gets the new number */

/* --- declarations ----------------------------------------------------------------------------------- */
typedef struct Module Module;
typedef enum Stage { STAGE_UNSEEN, STAGE_BUSY, STAGE_DONE } Stage;
typedef struct Decl {
  Str name;
  const Ast *ast;                   /* LET_ITEM GROUP REP DOMAIN LAYER MODEL KERNEL                 */
  Module *module;
  Stage stage;
  Item item;                        /* when DONE                                                   */
  bool headed;                      /* layers: its header has been looked at                       */
  uint32_t active;                  /* layers: how many bodies are being written out               */
} Decl;
struct Module {
  Str name;                         /* "nn"                                                        */
  uint32_t source;
  const Ast *file;
  vec(Decl *) decl;
  Table by_name;
  vec(Module *) use;
  vec(const Group *) group;
  vec(Decl *) group_decl;
  Stage stage;
  bool lacks;                       /* a file that it uses was not read: what is unknown may stand there */
};

/* --- bodies ------------------------------------------------------------------------------------------- */
typedef enum EntrySort { ENTRY_LET, ENTRY_VAR, ENTRY_OUTPUT, ENTRY_GENERIC, ENTRY_PARAM } EntrySort;
typedef struct Entry {
  Str name;
  EntrySort sort;
  Item item;
  Span at;                          /* its declaration                                             */
  bool bound;                       /* OUTPUT: assigned; GENERIC: bound; others true               */
  Str by;                           /* GENERIC: the parameter that bound it                        */
  bool nowhere;                     /* GENERIC: bound by values without a domain only, so far      */
  const Ast *type;                  /* OUTPUT: its declared type                                   */
} Entry;
typedef struct Scope {
  struct Scope *up;                 /* repeat: the body around it; else NULL                       */
  Module *module;
  vec(Entry) entry;
  Table by_name;
} Scope;

/* --- what can be called ---------------------------------------------------------------------------------- */
typedef struct Block {
  struct Block *up;                 /* NULL: the model                                             */
  Str word;                         /* "mlp"; of a round: "3"; of a layer made with `_`: its name  */
  bool counted;                     /* a number follows the word: mlp1                             */
  bool known, shared;               /* its path is known; its weights may be met again             */
  bool itself;                      /* one word made with `_`: its weights stand at the path itself */
  struct Block *as;                 /* a use of a layer made with `_`: the path is that one's      */
  Str path;                         /* "repeat1.2." with the dot; "" for the model                 */
  Table count;                      /* how many calls of each layer own weights so far             */
} Block;
typedef struct Arg { Str name; Item item; Span at; } Arg;       /* name empty: by position        */
typedef enum CalleeSort { CALLEE_WORD, CALLEE_FN, CALLEE_LAYER, CALLEE_BUILTIN, CALLEE_PARTIAL,
    CALLEE_CHAIN } CalleeSort;
typedef struct Builtin {
  const char *name;
  Item (*bare)(Check *c, Str name, Span at);                                  /* NULL: calls only */
  Item (*call)(Check *c, Str name, const Arg *arg, uint32_t nargs, Span at);  /* NULL: no call    */
} Builtin;
typedef struct Callee {
  CalleeSort sort;
  Str name;
  Word word;
  FnId fn;
  Decl *decl;                       /* LAYER: a layer, model or kernel                             */
  const Builtin *builtin;
  const struct Callee *target;      /* PARTIAL: what is called ...                                 */
  uint32_t nargs;
  const Arg *arg;                   /* ... with these, some of them holes                          */
  uint32_t nstages;
  const struct Callee *const *stage;    /* CHAIN: partials, one after the other                    */
  Block *own;                       /* PARTIAL CHAIN: where its weights stand                      */
  Str given;                        /* the name that a `let` gave it; empty: none                  */
} Callee;

/* A header as bind.c reads it, of a word or of a layer. */
typedef struct Header { Str name; const Ast *generics, *params; bool word; Word which; } Header;

/* One layer whose body is being written out. */
typedef struct Call { struct Call *up; Str name; Span at; } Call;

/* A place of the file where a name is declared, and whether anything reads it: W6. */
typedef struct Mention { Str name; Span at; bool read; } Mention;

typedef struct Names {
  Str library;
  Module *main, *module;            /* the file that is checked; the one whose text is evaluated   */
  vec(Module *) modules;
  const Group *of;                  /* within `... of G`                                           */
  Block *block;
  Call *call;
  bool broken, assumed;
  uint32_t depth, layers;
  uint64_t steps, nvalues, bodies;
  bool stopped;                     /* a limit was met: nothing is evaluated any more              */
  bool as_claim;                    /* within a claim or `augment`: translations, permutations     */
  const Ast *header[WORDS];         /* LAYER nodes of words.def; NULL: made by syntax, or later    */
  Module *words;                    /* the module that words.def is                                */
  Callee *word_callee[WORDS], *fn_callee[FNS];
  vec(Mention) mention;
  uint32_t *mention_at;             /* [offset in the file]: number in mention + 1                 */
  Table weight;                     /* of the model being checked: name to number in model->weight */
  vec(const Space *) named;         /* spaces that a `domain` declared                             */
  Table later;                      /* what a later version brings and has been said               */
  vec(Str) shelf;                   /* modules of the library, once an unknown name has asked for them */
  Table on_shelf;                   /* their layers: name to number in shelf                        */
} Names;

/* check.c */
Span place_of(const Check *c, Span written);          /* RULES 13: the innermost line of the file checked */
Item refuse(Check *c, Span written, Code code, const char *format, ...) PRINTF(4, 5);     /* poison */
Item refuse_why(Check *c, Span written, const Why *why);
void warn(Check *c, Span written, Code code, const char *format, ...) PRINTF(4, 5);
Str block_path(Check *c, Block *b);
Block *block_new(Check *c, Block *up, Str word, bool counted);
Str source_text(const Check *c, Span at);
bool spend(Check *c, Span at);                        /* one step; false when there is none left    */
Value *value_push(Check *c, Value v);                 /* appended as it is, numbered                */
/* module.c */
Module *module_open(Check *c, const Ast *file, uint32_t source, Str name);   /* and all that it uses */
Item decl_item(Check *c, Decl *d, Span at);
Decl *module_find(Module *m, Str name);
Module *module_used(Module *m, Str name);
void mention_add(Check *c, Str name, Span at);
void mention_read(Check *c, Span at);
/* Entry of a body, then the file, then what it uses, then what is built in; poison and E0101 or E0112 if none. */
Item name_item(Check *c, Scope *s, Str name, Span at);
/* The nearest name to one that is not known: offer each with `nearer`, or `nearer_or_part` where few can be meant and
 * one may be the beginning of the other (padding: pad). near_text: "; did you mean `pad`?", or empty. */
typedef struct Near { Str name, best; uint32_t distance; } Near;
Near near_to(Str name);
void nearer(void *near, Str name);
void nearer_or_part(Near *near, Str name);
Str near_text(const Check *c, const Near *near);
bool name_is_plain(Scope *s, Str name);               /* no body or file declares it: the built-in meaning holds */
Entry *scope_find(Scope *s, Str name, Scope **where);
Entry *scope_add(Check *c, Scope *s, Entry e);        /* NULL and E0102 when the body has it already */
/* known.c: compile-time things */
Item item_of(ItemSort sort, Span at);
Item item_exact(const Exact *x, Span at);
Item item_number(double real, Span at);
Item number_arith(Check *c, char op, const Item *a, const Item *b, Span at);
Item number_fn(Check *c, FnId fn, const Item *x, Span at);       /* ITEM_NONE: this function makes a value */
int number_compare(const Item *a, const Item *b);
const Rep *item_rep(Check *c, const Item *x);         /* a rep, or a number of scalars; NULL: neither */
const Space *item_space(const Item *x, bool *is);     /* a domain, or the edges of a graph          */
Str number_text(Check *c, const Item *x);             /* "3/2", "0.25"                               */
const char *sort_text(const Item *x);                 /* "a number", "a representation", ...        */
Item later(Check *c, Span at, Str name, const char *what, bool by_name);     /* E0903, once a file */
Item builtin_name(Check *c, Str name, Span at);       /* ITEM_NONE: there is none                   */
Item builtin_item(Check *c, const Builtin *b, Str name, Span at);
const Builtin *builtin_find(Str name);                /* one that may be called; NULL               */
bool plain_args(Check *c, Str name, const Arg *arg, uint32_t nargs, uint32_t least, uint32_t most, Span at);
void builtin_names(void (*each)(void *, Str), void *with);
Item group_define(Check *c, Scope *s, Str name, const Ast *definition);
Item rep_define(Check *c, Scope *s, Str name, const Ast *definition, Span at);
Item copies_of(Check *c, const Item *count, const Item *kind, Span at);
/* evaluate.c */
Item eval(Check *c, Scope *s, const Ast *x);
Item operate(Check *c, Word word, const Item *a, const Item *b, Span at);
/* call.c */
Item call(Check *c, const Callee *f, const Arg *arg, uint32_t nargs, Span at);
Item word_site(Check *c, Word word, FnId fn, const Item *arg, uint32_t nargs, Span at);
bool weights_settle(Check *c, uint32_t first_weight, uint32_t first_value, Span at);
const Callee *callee_named(Check *c, const Callee *f, Str name);     /* one made with `_` takes the name of its `let` */
const Callee *callee_chain(Check *c, const Callee *const *stage, uint32_t nstages);
/* The last part of a module's or a file's layer: params, results, block, whichever kind of declaration it is. */
typedef struct Parts { const Ast *generics, *params, *results, *block; } Parts;
Parts decl_parts(const Decl *d);
/* bind.c */
/* Arguments to parameters: positions, then names; kinds and graphs first, then values; generics bound on the way. */
bool bind_args(Check *c, const Header *h, Scope *callee, const Arg *arg, uint32_t nargs, Span at);
bool bind_defaults(Check *c, const Header *h, Scope *callee, Span at);       /* what was left out */
void header_check(Check *c, const Header *h, Module *m);        /* E0104: a generic that nothing binds */
bool type_of(Check *c, Scope *s, const Ast *type, Type *out);   /* a type without holes; or reported */
/* Has the item the declared type? E0200, of domains E0202, at `at`. `exactly`: a value without a domain does not do for
 * a field. Numbers and lists become values. */
bool type_claim(Check *c, Scope *s, const Ast *type, Item *x, Span at, bool exactly, const char *what);
/* statement.c */
Item body_eval(Check *c, Scope *s, const Ast *block, const Ast *results, Span at);
void statement_eval(Check *c, Scope *s, const Ast *x);          /* one of a train block */
void model_check(Check *c, Decl *d, const Ast *train);
Item eval_list(Check *c, Scope *s, const Ast *exprs, uint32_t wanted);      /* a TUPLE of `wanted` items, or poison */
void bind_names(Check *c, Scope *s, const Ast *names, const Item *tuple, EntrySort sort);
/* train.c */
void train_check(Check *c, Scope *model_scope, const Ast *train);
Item train_name(Check *c, Str name, Span at);         /* ITEM_NONE: not one of a train block        */
void train_names(void (*each)(void *, Str), void *with);
Item schedule_operate(Check *c, Word word, const Item *a, const Item *b, Span at);
#endif
