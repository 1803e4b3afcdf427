/* package.h: what other build systems read to find a library that gdlc has written. */
#ifndef GDLC_BACK_PACKAGE_H
#define GDLC_BACK_PACKAGE_H
#include "base/base.h"

typedef struct Package {
  Str name, target;                 /* "fashion", "x86-64-v4"                                      */
  Str library, shared, header;      /* paths; library or shared may be empty                       */
} Package;

/* The name of a package of this source: letters, digits and _ of the file's name, without .gdl. */
Str package_name(Arena *arena, Str source);
/* Texts for a file at path `at`: places are relative to it, so that the folder may be moved as a whole. */
void package_pkgconfig(const Package *p, Arena *arena, Str at, Out *out);
void package_cmake(const Package *p, Arena *arena, Str at, Out *out);
#endif
