/* link.h: files that gdlc writes. Each is written under a temporary name beside it, then renamed. */
#ifndef GDLC_BACK_LINK_H
#define GDLC_BACK_LINK_H
#include "base/base.h"

typedef struct Bytes { const char *at; size_t n; } Bytes;
/* Writes all of it or nothing; false: why, with the path and the reason. */
bool file_write(Arena *arena, Str path, Bytes bytes, bool executable, Why *why);
/* Links gdlrt.o and the objects to a program. The linker is $GDLC_LD, ld or ld.lld. */
bool link_program(Arena *arena, Str out, Str runtime, const Bytes *object, uint32_t n, Why *why);
/* One relocatable object from several; a shared library; a static one. */
typedef enum LinkKind { LINK_OBJECT, LINK_SHARED, LINK_STATIC } LinkKind;
bool link_library(Arena *arena, Str out, LinkKind kind, const Bytes *object, uint32_t n, Why *why);
#endif
