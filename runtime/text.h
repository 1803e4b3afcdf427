/* text.h: a text that grows. The first failure stays in `trouble`; what follows writes nothing. */
#ifndef GDL_RT_TEXT_H
#define GDL_RT_TEXT_H
#include "trouble.h"
#include <jansson.h>

typedef struct Text {
  char *at;
  size_t n, cap;
  Trouble *trouble;
  const char *cell;                 /* the tag of the table's cell that is being written; NULL: none (report.h) */
} Text;

/* text.c */
void rt_print(Text *o, const char *format, ...) __attribute__((format(printf, 2, 3)));
void rt_escape(Text *o, const char *s);                      /* for HTML and SVG                           */
const char *rt_commas(int64_t n, char *buffer, size_t size); /* "194,746"; a buffer of 32 holds any        */
const char *rt_scaled(double x, const char *unit, char *buffer, size_t size);            /* "72.7 MB", x >= 0  */
const char *rt_reason(const char *why, char *buffer, size_t size);       /* without the folders of its places  */

/* curves.c: one panel a score, training and validation over epochs. best: an epoch to mark, 0: none. */
typedef struct Series { const char *title; int64_t n; double *train, *valid; const char *second; } Series;
void rt_curves(Text *o, const Series *s, int32_t n, const double *epoch, int64_t best, bool alone);
extern const char rt_curves_style[];                         /* CSS for all of them on one page             */
#endif
