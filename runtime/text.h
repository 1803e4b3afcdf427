/* text.h: a text that grows. The first failure stays in `trouble`; what follows writes nothing. */
#ifndef GDL_RT_TEXT_H
#define GDL_RT_TEXT_H
#include "trouble.h"
#include <jansson.h>

typedef struct Text { char *at; size_t n, cap; Trouble *trouble; } Text;

/* text.c */
void rt_print(Text *o, const char *format, ...) __attribute__((format(printf, 2, 3)));
void rt_escape(Text *o, const char *s);                      /* for HTML and SVG                           */
void rt_html(Text *o, const json_t *x);                      /* any JSON value: tables of tables            */

/* curves.c: one panel a score, train and validation over epochs. */
typedef struct Series { const char *title; int64_t n; double *train, *valid; } Series;
void rt_curves(Text *o, const Series *s, int32_t n, const double *epoch, bool alone);
#endif
