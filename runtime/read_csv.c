/* read_csv.c: one column of a table with headings, separated by commas or, where the first line has them, tabs.
 *
 * A column of numbers is an array of f64, any other one of texts. Values may stand in double quotes, "" inside
 * them is a quote. Every line must have as many values as the first; empty lines say nothing. */
#include "array.h"
#include <stdlib.h>
#include <string.h>

enum { TEXT_MOST = 255 };           /* of a value; all texts of a column get the room of the longest      */

/* The next value, from `at`; writes it without its quotes over the text. Returns what stands behind it. */
static char *next_value(char *at, char separator, char **value, bool *last) {
  char *to = at;
  *value = at;
  if (*at == '"') {
    for (at++; *at && (*at != '"' || at[1] == '"'); at++) {
      if (*at == '"') at++;
      *to++ = *at;
    }
    if (*at) at++;
  } else {
    while (*at && *at != separator && *at != '\n' && *at != '\r') *to++ = *at++;
  }
  while (*at && *at != separator && *at != '\n') at++;
  *last = *at != separator;
  if (*at) at++;
  *to = 0;
  return at;
}

static bool parse(const char *path, const char *heading, char *at, char **value, int64_t *n, size_t *longest,
    bool *numbers, Trouble *t) {
  char separator = ',', *x;
  bool last = false;
  for (const char *c = at; *c && *c != '\n'; c++)
    if (*c == '\t') separator = '\t';
  int wanted = -1, width = 0;
  for (; !last; width++) {
    at = next_value(at, separator, &x, &last);
    if (strcmp(x, heading) == 0) wanted = width;
  }
  if (wanted < 0) return rt_fail(t, EXIT_REFUSED, "%s: has no column headed `%s`", path, heading);
  *n = 0, *longest = 1, *numbers = true;
  for (int64_t line = 2; *at; line++) {
    size_t empty = *at == '\n' ? 1 : *at == '\r' && at[1] == '\n' ? 2 : 0;
    if (empty) { at += empty; continue; }
    int i = 0;
    char *v = at, *end = NULL;
    for (last = false; !last && *at; i++) {
      at = next_value(at, separator, &x, &last);
      if (i == wanted) v = x;
    }
    if (i != width)
      return rt_fail(t, EXIT_REFUSED, "%s: line %lld has %d values, the first has %d", path, (long long)line, i, width);
    size_t length = strlen(v);
    if (length > TEXT_MOST)
      return rt_fail(t, EXIT_REFUSED, "%s: line %lld has a value of %zu bytes; at most %d are read", path,
          (long long)line, length, TEXT_MOST);
    if (length > *longest) *longest = length;
    strtod(v, &end);
    *numbers &= end != v && !*end;
    value[(*n)++] = v;
  }
  return true;
}

bool rt_read_csv(const char *path, const char *heading, Array *a, Trouble *t) {
  uint8_t *text = NULL;
  size_t bytes = 0, lines = 1, longest = 1;
  int64_t n = 0;
  bool numbers = true, ok = false;
  *a = (Array){ 0 };
  if (!rt_read_file(path, SIZE_MAX / 4, &text, &bytes, t)) return false;
  for (size_t i = 0; i < bytes; i++) lines += text[i] == '\n';
  if (memchr(text, 0, bytes)) rt_fail(t, EXIT_REFUSED, "%s: is no table: it has a zero byte", path);
  char **value = t->code ? NULL : rt_alloc(lines + 1, sizeof *value, t);
  if (value && parse(path, heading, (char *)text, value, &n, &longest, &numbers, t)) {
    char *name = rt_text(t, "%s: %s", path, heading);
    ok = name && rt_array_make(a, name, numbers ? ARRAY_F64 : ARRAY_BYTES, numbers ? 8 : longest, 1, &n, t);
    free(name);
    for (int64_t i = 0; ok && i < n; i++) {
      if (numbers) ((double *)(void *)a->at)[i] = strtod(value[i], NULL);
      else memcpy(a->at + (size_t)i * longest, value[i], strlen(value[i]));
    }
  }
  free(value);
  free(text);
  return ok;
}
