/* str.c: bytes with a length, and texts that grow. */
#include "base/base.h"
#include <math.h>
#include <stdlib.h>

Str str_of(const char *c) { return (Str){ c, c ? (uint32_t)strlen(c) : 0 }; }
bool str_equal(Str a, Str b) { return a.n == b.n && (!a.n || !memcmp(a.at, b.at, a.n)); }
bool str_is(Str a, const char *c) { return str_equal(a, str_of(c)); }

int str_compare(Str a, Str b) {
  uint32_t n = a.n < b.n ? a.n : b.n;
  int order = n ? memcmp(a.at, b.at, n) : 0;
  return order ? order : (a.n > b.n) - (a.n < b.n);
}

uint64_t str_hash(Str s) {
  uint64_t h = 0xcbf29ce484222325u;
  for (uint32_t i = 0; i < s.n; i++) h = (h ^ (unsigned char)s.at[i]) * 0x100000001b3u;
  return h;
}

Str str_copy(Arena *a, Str s) {
  char *p = arena_array(a, char, s.n + 1);
  if (s.n) memcpy(p, s.at, s.n);
  return (Str){ p, s.n };
}

Str str_format_list(Arena *a, const char *format, va_list args) {
  va_list again;
  va_copy(again, args);
  int n = vsnprintf(NULL, 0, format, again);
  va_end(again);
  assert(n >= 0);
  char *p = arena_array(a, char, n + 1);
  vsnprintf(p, (size_t)n + 1, format, args);
  return (Str){ p, (uint32_t)n };
}

Str str_format(Arena *a, const char *format, ...) {
  va_list args;
  va_start(args, format);
  Str s = str_format_list(a, format, args);
  va_end(args);
  return s;
}

/* Levenshtein over one row; names longer than 63 bytes count as far. */
uint32_t str_distance(Str a, Str b) {
  if (a.n > 63 || b.n > 63) return 64;
  uint32_t row[64];
  for (uint32_t j = 0; j <= b.n; j++) row[j] = j;
  for (uint32_t i = 1; i <= a.n; i++) {
    uint32_t diagonal = row[0];
    row[0] = i;
    for (uint32_t j = 1; j <= b.n; j++) {
      uint32_t change = diagonal + (a.at[i - 1] != b.at[j - 1]);
      diagonal = row[j];
      uint32_t least = row[j] < row[j - 1] ? row[j] + 1 : row[j - 1] + 1;
      row[j] = change < least ? change : least;
    }
  }
  return row[b.n];
}

void out_str(Out *o, Str s) {
  uint32_t need = o->text.n + s.n + 1;
  if (need > o->text.cap) {
    uint32_t cap = o->text.cap ? o->text.cap : 256;
    while (cap < need) cap *= 2;
    o->text.at = arena_grow(o->arena, o->text.at, o->text.n, cap);
    o->text.cap = cap;
  }
  if (s.n) memcpy(o->text.at + o->text.n, s.at, s.n);
  o->text.n += s.n;
  o->text.at[o->text.n] = 0;
}

void out_printf(Out *o, const char *format, ...) {
  va_list args;
  va_start(args, format);
  char small[256];
  va_list again;
  va_copy(again, args);
  int n = vsnprintf(small, sizeof small, format, again);
  va_end(again);
  if (n < (int)sizeof small) out_str(o, (Str){ small, (uint32_t)n });
  else out_str(o, str_format_list(o->arena, format, args));
  va_end(args);
}

void out_number(Out *o, double x) {
  char text[40];
  if (isnan(x)) { out_printf(o, "nan"); return; }
  for (int digits = 15; digits <= 17; digits++) {
    snprintf(text, sizeof text, "%.*g", digits, x);
    if (strtod(text, NULL) == x) break;
  }
  out_printf(o, "%s", text);
}

Str out_text(Out *o) {
  out_str(o, S(""));
  return (Str){ o->text.at, o->text.n };
}
