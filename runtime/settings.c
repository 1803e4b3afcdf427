/* settings.c: values, ranges, schedules. All in f64; a schedule reads the time t in epochs:
 *
 *     constant a          a                                 warmup over         min(1, t / over)
 *     ramp a b over       a + (b - a) t / over              cosine a b over     b + (a - b) (1 + cos(pi t / over)) / 2
 *     staircase a b over  a b^floor(t / over)               ramp, cosine: b after `over`
 *
 * The corrections of Adam, 1 / (1 - beta^t), belong to the host, since no entry counts steps. */
#include "settings.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const Setting own[] = {      /* what the host needs, where the module does not say            */
  { .name = "batch", .value = 1, .least = 1, .most = 1e9, .index = -1, .whole = true },
  { .name = "epochs", .value = 1, .least = 1, .most = 1e9, .index = -1, .whole = true },
  { .name = "steps", .value = 0, .least = 0, .most = 1e15, .index = -1, .whole = true },       /* 0: no limit */
  { .name = "seed", .value = 0, .least = 0, .most = 2147483647, .index = -1, .whole = true },
  /* 0: at ends of epochs */
  { .name = "checkpoint", .value = 0, .least = 0, .most = 1e15, .index = -1, .whole = true },
  { .name = "stop.patience", .value = 0, .least = 0, .most = 1e9, .index = -1, .whole = true },/* 0: never */
  { .name = "stop.metric", .value = 0, .least = 0, .most = 1e9, .index = -1, .whole = true },
};
enum { NOWN = sizeof own / sizeof *own };
static const struct { const char *name; double value; } defaults[] = {       /* of what a step reads           */
  { "optimizer.epsilon", 1e-8 },
};

static Setting *find(const Settings *s, const char *name, size_t n) {
  for (int32_t i = 0; i < s->n; i++)
    if (strlen(s->at[i].name) == n && strncmp(s->at[i].name, name, n) == 0) return &s->at[i];
  return NULL;
}

bool rt_settings_open(Settings *s, const gdl_module *m, Trouble *t) {
  *s = (Settings){ 0 };
  s->at = rt_alloc((size_t)m->nsettings + NOWN, sizeof *s->at, t);
  if (!s->at) return false;
  for (int32_t i = 0; i < m->nsettings; i++) {
    const gdl_setting *x = &m->settings[i];
    Setting *y = &s->at[s->n++];
    *y = (Setting){ .name = x->name, .value = x->value, .least = x->least, .most = x->most, .index = x->index,
        .npieces = x->npieces, .pieces = x->pieces };
    for (size_t k = 0; k < NOWN; k++) y->whole |= strcmp(own[k].name, x->name) == 0;
    for (size_t k = 0; k < sizeof defaults / sizeof *defaults; k++)
      if (strcmp(defaults[k].name, x->name) == 0 && y->value == 0 && !y->npieces) y->value = defaults[k].value;
    if (strcmp(x->name, "clip") == 0 && y->value == 0 && !y->npieces) y->value = INFINITY;
    if (x->index >= s->width) s->width = x->index + 1;
  }
  for (size_t k = 0; k < NOWN; k++)
    if (!find(s, own[k].name, strlen(own[k].name))) s->at[s->n++] = own[k];
  return true;
}

void rt_settings_close(Settings *s) {
  free(s->at);
  *s = (Settings){ 0 };
}

static bool computed(const char *name) { return strncmp(name, "optimizer.correction", 20) == 0; }

bool rt_settings_set(Settings *s, const char *assignment, Trouble *t) {
  const char *equal = strchr(assignment, '=');
  if (!equal) return rt_fail(t, EXIT_USAGE, "--set %s: expects NAME=VALUE", assignment);
  Setting *x = find(s, assignment, (size_t)(equal - assignment));
  if (!x || computed(x->name)) {
    char all[700] = "";
    for (int32_t i = 0; i < s->n; i++) {
      size_t k = strlen(all);
      if (!computed(s->at[i].name)) snprintf(all + k, sizeof all - k, " %s", s->at[i].name);
    }
    return rt_fail(t, EXIT_USAGE, "--set %s: there is no such setting; there are:%s", assignment, all);
  }
  char *end = NULL;
  double v = strtod(equal + 1, &end);
  if (end == equal + 1 || *end || isnan(v))
    return rt_fail(t, EXIT_USAGE, "--set %s: `%s` is no number", assignment, equal + 1);
  if (x->whole && v != floor(v)) return rt_fail(t, EXIT_USAGE, "--set %s: expects a whole number", assignment);
  if (x->least < x->most && !(v >= x->least && v <= x->most))
    return rt_fail(t, EXIT_USAGE, "--set %s: must lie between %g and %g", assignment, x->least, x->most);
  x->value = v;
  x->npieces = 0;
  x->given = true;
  return true;
}

double rt_piece(const gdl_piece *p, double t) {
  double u = p->over > 0 ? t / p->over : INFINITY;
  if (strcmp(p->kind, "warmup") == 0) return u < 1 ? u : 1;
  if (strcmp(p->kind, "ramp") == 0) return u < 1 ? p->a + (p->b - p->a) * u : p->b;
  if (strcmp(p->kind, "cosine") == 0) return u < 1 ? p->b + (p->a - p->b) * (1 + cos(3.141592653589793 * u)) / 2 : p->b;
  if (strcmp(p->kind, "staircase") == 0) return isinf(u) ? p->a : p->a * pow(p->b, floor(u));
  return p->a;
}

double rt_setting_at(const Setting *s, double epochs) {
  if (!s->npieces) return s->value;
  double x = 1;
  for (int32_t i = 0; i < s->npieces; i++) x *= rt_piece(&s->pieces[i], epochs);
  return x;
}

double rt_setting(const Settings *s, const char *name) {
  const Setting *x = find(s, name, strlen(name));
  return x ? rt_setting_at(x, 0) : 0;
}

void rt_settings_fill(const Settings *s, double epochs, int64_t step, int dtype, void *to) {
  for (int32_t i = 0; i < s->n; i++) {
    const Setting *x = &s->at[i];
    if (x->index < 0) continue;
    double v = rt_setting_at(x, epochs);
    if (computed(x->name)) {
      const Setting *beta = find(s, strcmp(x->name, "optimizer.correction1") == 0 ? "optimizer.beta1"
          : "optimizer.beta2", 15);
      v = 1 / (1 - pow(beta ? rt_setting_at(beta, epochs) : 0, (double)(step + 1)));
    }
    if (dtype == GDL_F64) ((double *)to)[x->index] = v;
    else ((float *)to)[x->index] = (float)v;
  }
}
