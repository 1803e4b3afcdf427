/* header.h: the C prototypes of what a compiled file exports. */
#ifndef GDLC_BACK_HEADER_H
#define GDLC_BACK_HEADER_H
#include "back/module.h"
/* The functions and descriptors of n models. */
void header_text(const ModuleInput *in, uint32_t n, Out *out);
/* A name as C and C++ take it: letters, digits and _; behind a keyword `_`. */
void header_name(Str name, Out *out);
#endif
