/* base.h: memory that states its lifetime, text, places in source, and reasons.
 *
 *   Arena   memory with one end: everything in it is freed together. Scratch is marked and reset.
 *   Str     bytes with a length; never owns them. Not zero-terminated unless made by str_format.
 *   Vec     a growing array in an arena; `vec(T)` declares one, `vec_push` appends.
 *   Span    a place in a source file: the file, and where the text begins and ends.
 *   Why     reasons why something is not so. A failing question fills it, the caller reports once.
 *   Diags   what is reported to the user, in order, each with code, place, rule, witness, notes, help.
 *
 * `bug` is for branches that cannot be: it says so, and exits with 70. What a user can cause is never
 * a bug: it is a `Why` or a Diag. Running out of memory exits with 4 and a message (arena.c). */
#ifndef GDLC_BASE_BASE_H
#define GDLC_BASE_BASE_H
#include <assert.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define PRINTF(text, first) __attribute__((format(printf, text, first)))

/* Exit codes of gdlc and of compiled programs. */
enum { EXIT_REFUSED = 1, EXIT_USAGE = 2, EXIT_AUDIT = 3, EXIT_MEMORY = 4, EXIT_IO = 5, EXIT_BUG = 70 };

/* --- memory: arena.c ------------------------------------------------------------------------ */
typedef struct Chunk Chunk;
typedef struct Arena { Chunk *chunk; size_t used; } Arena;   /* zero-initialised is empty and valid */
typedef struct Mark { Chunk *chunk; size_t used; } Mark;

void *arena_alloc(Arena *a, size_t size);                    /* zeroed, aligned to 16; never NULL  */
void *arena_grow(Arena *a, const void *old, size_t old_size, size_t size);    /* old may be NULL   */
Mark arena_mark(const Arena *a);
void arena_reset(Arena *a, Mark mark);                       /* frees what came after the mark     */
void arena_free(Arena *a);                                   /* frees all; the arena is empty again */
/* What has no arena, freed by free(); never NULL either. heap_alloc is zeroed. */
void *heap_alloc(size_t n, size_t size);
void *heap_grow(void *old, size_t size);                     /* old may be NULL                    */
_Noreturn void no_memory(size_t size);                       /* says so and leaves with EXIT_MEMORY */
#define arena_array(a, T, n) ((T *)arena_alloc((a), sizeof(T) * (size_t)(n)))
#define arena_one(a, T) ((T *)arena_alloc((a), sizeof(T)))

_Noreturn void bug_at(const char *file, int line, const char *format, ...) PRINTF(3, 4);
#define bug(...) bug_at(__FILE__, __LINE__, __VA_ARGS__)

/* A growing array: struct { T *at; uint32_t n, cap; }. The elements move when it grows. */
#define vec(T) struct { T *at; uint32_t n, cap; }
#define vec_push(a, v, ...)                                                                        \
  do {                                                                                             \
    if ((v)->n == (v)->cap) {                                                                      \
      uint32_t cap_ = (v)->cap ? 2 * (v)->cap : 8;                                                 \
      (v)->at = arena_grow((a), (v)->at, sizeof *(v)->at * (v)->n, sizeof *(v)->at * cap_);        \
      (v)->cap = cap_;                                                                             \
    }                                                                                              \
    (v)->at[(v)->n++] = (__VA_ARGS__);                                                             \
  } while (0)

/* --- text: str.c ---------------------------------------------------------------------------- */
typedef struct Str { const char *at; uint32_t n; } Str;
#define S(literal) ((Str){ "" literal, sizeof(literal) - 1 })
#define STR(s) (int)(s).n, (s).at                            /* printf("%.*s", STR(s))             */
Str str_of(const char *c);                                   /* of a zero-terminated text          */
bool str_equal(Str a, Str b);
bool str_is(Str a, const char *c);
int str_compare(Str a, Str b);                               /* by bytes, shorter first            */
uint64_t str_hash(Str s);                                    /* FNV-1a, 64 bits                    */
Str str_copy(Arena *a, Str s);                               /* zero-terminated behind             */
Str str_format(Arena *a, const char *format, ...) PRINTF(2, 3);   /* zero-terminated               */
Str str_format_list(Arena *a, const char *format, va_list args);
uint32_t str_distance(Str a, Str b);                         /* edit distance, for "did you mean"  */

/* A text that grows in an arena; `out_text` is what has been written so far, zero-terminated. */
typedef struct Out { Arena *arena; vec(char) text; } Out;
void out_printf(Out *o, const char *format, ...) PRINTF(2, 3);
void out_str(Out *o, Str s);
void out_number(Out *o, double x);                           /* as many digits as read back to x; "nan" */
Str out_text(Out *o);

/* --- places: span.c ------------------------------------------------------------------------- */
typedef struct Source { Str path, text; uint32_t *line; uint32_t nlines; } Source;  /* line[i]: offset of line i+1 */
typedef struct Sources { Arena *arena; vec(Source *) all; } Sources;
typedef struct Span { uint32_t source, from, to; } Span;     /* source: index + 1, 0 is "no place" */
typedef struct Place { Str path; uint32_t line, column; Str text; } Place;   /* from 1; text of the line */
/* Reads a file; NULL and errno when it cannot. Files above 16 MiB are refused with EFBIG. */
uint32_t source_read(Sources *s, Str path);                  /* index + 1, 0 on failure            */
uint32_t source_add(Sources *s, Str path, Str text);
Place span_place(const Sources *s, Span at);
Span span_join(Span a, Span b);                              /* from the first to the last         */

/* --- reasons and reports: diag.c ------------------------------------------------------------ */
typedef enum Code {                                          /* E0101 ... and W1 ...               */
  CODE_NONE,
#define ERROR(code, text, rule) code,
#define WARNING(code, text, rule) code,
#include "../../lang/errors.def"
#undef ERROR
#undef WARNING
  CODES
} Code;
const char *code_name(Code c);                               /* "E0203", "W5"                      */
const char *code_text(Code c);                               /* the one line of errors.def         */
const char *code_rule(Code c);
Code code_find(Str name);                                    /* CODE_NONE if there is none         */
bool code_warns(Code c);

typedef struct Reason { Code code; Str text; } Reason;
typedef struct Why {
  Arena *arena;
  vec(Reason) reason;
  Str witness, help, rule;                                   /* rule: in place of the code's, where that is of others */
} Why;
/* Both return false, so that a question ends in `return ok || why_no(...)`. why may be NULL. */
bool why_no(Why *why, Code code, const char *format, ...) PRINTF(3, 4);
bool why_witness(Why *why, const char *format, ...) PRINTF(2, 3);
bool why_help(Why *why, const char *format, ...) PRINTF(2, 3);

typedef enum Severity { SEVERITY_ERROR, SEVERITY_WARNING, SEVERITY_NOTE } Severity;
typedef struct Note { Span at; Str text; } Note;             /* at.source 0: without a place       */
typedef struct Diag {
  Severity severity;
  Code code;
  Span at;
  Str message, label, rule, witness, help;                   /* label: beside the caret            */
  vec(Note) note;
} Diag;
typedef struct Diags { Arena *arena; Sources *sources; vec(Diag *) all; uint32_t nerrors; } Diags;

/* Adds one; the caller may fill witness, label, help and notes of what it returns. */
Diag *diag_add(Diags *d, Code code, Span at, const char *format, ...) PRINTF(4, 5);
Diag *diag_why(Diags *d, Span at, const Why *why);           /* code and text of the first reason, the rest notes */
void diag_note(Diags *d, Diag *x, Span at, const char *format, ...) PRINTF(4, 5);
typedef enum DiagFormat { DIAG_HUMAN, DIAG_JSON } DiagFormat;
void diag_print(const Diags *d, DiagFormat format, FILE *f); /* sorted by file and place           */
#endif
