/* text.c: growing texts, and how they write characters and numbers. */
#include "text.h"
#include <stdlib.h>
#include <string.h>

void rt_print(Text *o, const char *format, ...) {
  va_list args, again;
  va_start(args, format);
  va_copy(again, args);
  int n = vsnprintf(NULL, 0, format, args);
  if (n >= 0 && !o->trouble->code && rt_grow(&o->at, o->n + (size_t)n + 1, &o->cap, 1, o->trouble)) {
    vsnprintf(o->at + o->n, (size_t)n + 1, format, again);
    o->n += (size_t)n;
  }
  va_end(again);
  va_end(args);
}

void rt_escape(Text *o, const char *s) {
  for (; *s; s++) {
    switch (*s) {
    case '&': rt_print(o, "&amp;"); break;
    case '<': rt_print(o, "&lt;"); break;
    case '>': rt_print(o, "&gt;"); break;
    case '"': rt_print(o, "&quot;"); break;
    default: rt_print(o, "%c", *s);
    }
  }
}

const char *rt_commas(int64_t n, char *buffer, size_t size) {
  char digits[24];
  int count = snprintf(digits, sizeof digits, "%lld", (long long)(n < 0 ? -n : n));
  size_t k = 0;
  if (n < 0 && size > 1) buffer[k++] = '-';
  for (int i = 0; i < count && k + 2 < size; i++) {
    if (i && (count - i) % 3 == 0) buffer[k++] = ',';
    buffer[k++] = digits[i];
  }
  buffer[k] = 0;
  return buffer;
}

const char *rt_scaled(double x, const char *unit, char *buffer, size_t size) {
  static const char *const prefix[] = { "", "k", "M", "G", "T" };
  int i = 0;
  for (; i < 4 && x >= 999.5; i++) x /= 1000;
  snprintf(buffer, size, x >= 99.5 ? "%.0f %s%s" : x >= 9.95 ? "%.1f %s%s" : "%.2f %s%s", x, prefix[i], unit);
  return buffer;
}

const char *rt_reason(const char *why, char *buffer, size_t size) {
  size_t k = 0, word = 0;
  for (; *why && k + 1 < size; why++) {
    if (*why == ' ' || *why == '(') word = k + 1;
    if (*why == '/') k = word;
    else buffer[k++] = *why;
  }
  buffer[k] = 0;
  return buffer;
}
