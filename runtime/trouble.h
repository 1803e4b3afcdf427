/* trouble.h: what went wrong, in words for the user, with the exit code that says of which kind it is.
 *
 * A function that can fail takes a Trouble, fills it once, and returns false. The text names the file and
 * the place, and ends with the remedy where there is one. main.c prints it; nothing else exits,
 * but for memory of JSON (rt_json_alloc). */
#ifndef GDL_RT_TROUBLE_H
#define GDL_RT_TROUBLE_H
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum { EXIT_OK = 0, EXIT_REFUSED = 1, EXIT_USAGE = 2, EXIT_AUDIT = 3, EXIT_MEMORY = 4, EXIT_IO = 5, EXIT_BUG = 70 };

typedef struct Trouble { int code; char text[1200]; } Trouble;

/* trouble.c. rt_fail returns false, so that a function ends in `return ok || rt_fail(...)`. The first trouble stays. */
bool rt_fail(Trouble *t, int code, const char *format, ...) __attribute__((format(printf, 3, 4)));
void *rt_alloc(size_t n, size_t size, Trouble *t);           /* zeroed, aligned to 64; n or size 0 is one byte */
bool rt_grow(void *at, size_t n, size_t *cap, size_t size, Trouble *t);   /* at: address of the pointer; room for n */
char *rt_text(Trouble *t, const char *format, ...) __attribute__((format(printf, 2, 3)));  /* allocated */
/* A whole file: written beside its place, synced, then renamed, so that a reader sees the old or the new one. */
typedef struct Piece { const void *at; size_t n; } Piece;
bool rt_write_file(const char *path, const Piece *piece, size_t n, Trouble *t);
bool rt_find_file(const char *path, bool *there, Trouble *t);             /* false: it cannot be known         */
bool rt_read_file(const char *path, size_t most, uint8_t **at, size_t *n, Trouble *t);    /* zero behind the end */
void *rt_json_alloc(size_t n);       /* for json_set_alloc_funcs: leaves with EXIT_MEMORY, and never returns NULL */
#endif
