/* target.h: what a fuzz target is, and what all of them share.
 *
 * target_NAME.c has one function that takes any bytes, hands them to the product and returns 0. It is linked with a
 * main: driver.c (gcc, in `make test`), or libFuzzer's (clang, in `make fuzz`). What the product refuses is no finding;
 * what ends the process is: a signal, a report of a sanitizer, `bug`, `assert`, exit, no memory, or a claim below. */
#ifndef GDLC_TESTS_TARGET_H
#define GDLC_TESTS_TARGET_H
#include <stdint.h>
#include <stddef.h>

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t n);

/* For readers that take a path: a file in memory under a name. */
typedef struct Shelf { int file; char path[40]; } Shelf;
Shelf shelf_open(const uint8_t *at, size_t n);
void shelf_close(Shelf *s);

/* The library of layers of this build: BUILD/fuzz/NAME reads BUILD/lib. path: 4096 bytes. */
void target_library(char *path);

void claim_at(const char *file, int line, const char *claim);
#define CLAIM(ok) do { if (!(ok)) claim_at(__FILE__, __LINE__, #ok); } while (0)
#endif
