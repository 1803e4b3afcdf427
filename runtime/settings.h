/* settings.h: what `--set` may change: the module's settings, and the host's own where the module has none.
 * A schedule is a product of pieces over epochs; giving a value on the command line replaces it. */
#ifndef GDL_RT_SETTINGS_H
#define GDL_RT_SETTINGS_H
#include "gdl.h"
#include "trouble.h"

typedef struct Setting {
  const char *name;
  double value, least, most;
  int32_t index, npieces;
  const gdl_piece *pieces;
  bool whole, given;                /* a whole number; by the user                                  */
} Setting;
typedef struct Settings { Setting *at; int32_t n, width; } Settings;     /* width: of the argument `setting` */

/* settings.c */
bool rt_settings_open(Settings *s, const gdl_module *m, Trouble *t);
void rt_settings_close(Settings *s);
bool rt_settings_set(Settings *s, const char *assignment, Trouble *t);   /* "optimizer.rate=1e-4"            */
double rt_setting(const Settings *s, const char *name);                  /* at the beginning; must be there   */
double rt_setting_at(const Setting *s, double epochs);
double rt_piece(const gdl_piece *p, double epochs);
/* The argument `setting` of the step that makes step + 1 steps, `epochs` after the beginning. */
void rt_settings_fill(const Settings *s, double epochs, int64_t step, int dtype, void *to);
#endif
