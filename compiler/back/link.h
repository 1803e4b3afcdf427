/* link.h: files that gdlc writes. Each is written under a temporary name beside it, then renamed. */
#ifndef GDLC_BACK_LINK_H
#define GDLC_BACK_LINK_H
#include "base/base.h"

typedef struct Bytes { const char *at; size_t n; } Bytes;
/* Writes all of it or nothing; false: why, with the path and the reason. */
bool file_write(Arena *arena, Str path, Bytes bytes, bool executable, Why *why);
bool file_is_stream(Arena *arena, Str path);                  /* a pipe, a device: there, and no file     */
/* All of a file; false: why. */
bool file_read(Arena *arena, Str path, Bytes *bytes, Why *why);
/* The folders in which the file `path` is to lie, those that are missing. */
bool folder_make(Arena *arena, Str path, Why *why);
/* Links gdlrt.o and the objects to a program. The linker is $GDLC_LD, ld or ld.lld. */
bool link_program(Arena *arena, Str out, Str runtime, const Bytes *object, uint32_t n, Why *why);
/* One relocatable object from several; a shared library; a static one. Hidden symbols become local. */
typedef enum LinkKind { LINK_OBJECT, LINK_SHARED, LINK_STATIC } LinkKind;
bool link_library(Arena *arena, Str out, LinkKind kind, const Bytes *object, uint32_t n, Why *why);
#endif
