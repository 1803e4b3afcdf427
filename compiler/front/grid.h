/* grid.h: what a window, a pool or an upsampling does to one axis: sizes in, verdict out.
 *
 *     conv, 32 elements, kernel 3, stride 2, pad 1      16 elements; not mirrored: (32 + 2 - 2 - 1) mod 2 = 1
 *
 * Numbers alone, no program: tests/unit/test_gridrule.c tries it against a plain implementation. */
#ifndef GDLC_FRONT_GRID_H
#define GDLC_FRONT_GRID_H
#include "base/base.h"

typedef enum Stencil { STENCIL_CONV, STENCIL_TRANSPOSE, STENCIL_POOL, STENCIL_UPSAMPLE } Stencil;

typedef struct AxisCase {
  Stencil stencil;
  bool wraps, smooth;               /* torus or cycle; upsample: linear                            */
  int64_t size, kernel, stride, pad, dilation;      /* upsample: stride is `by`, kernel not read     */
} AxisCase;

typedef struct AxisVerdict {
  int64_t size;                     /* of the result; below 1: no element is left                  */
  int64_t rest;                     /* elements at the far end that no window reads                */
  bool mirrored;                    /* the reversed axis gives the reversed result (torus: about some centre) */
  bool divides;                     /* torus: translations by multiples of the stride are left     */
  int32_t off2; /* torus: twice the place of element 0 of the result, before `by` divides (space_derived) */
} AxisVerdict;

AxisVerdict grid_axis(const AxisCase *c);
/* From how far inside translations hold after it, when they hold from `margin` before it. */
int64_t grid_margin(const AxisCase *c, int64_t margin);
#endif
