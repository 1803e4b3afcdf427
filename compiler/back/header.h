/* header.h: the C prototypes of what a compiled file exports. */
#ifndef GDLC_BACK_HEADER_H
#define GDLC_BACK_HEADER_H
#include "back/module.h"
void header_text(const ModuleInput *in, Out *out);
#endif
