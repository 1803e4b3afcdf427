/* text.c: growing texts, and JSON as HTML. */
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

static bool table_of_objects(const json_t *x) {
  for (size_t i = 0; i < json_array_size(x); i++)
    if (!json_is_object(json_array_get(x, i))) return false;
  return json_array_size(x) > 0;
}

/* Columns are the keys of all objects, in the order in which they occur. */
static void html_table(Text *o, const json_t *x) {
  json_t *columns = json_object(), *cell;
  const char *key;
  for (size_t i = 0; i < json_array_size(x); i++)
    json_object_foreach(json_array_get(x, i), key, cell)
      json_object_set_new(columns, key, json_true());
  rt_print(o, "<div class=wide><table><tr>");
  json_object_foreach(columns, key, cell) {
    rt_print(o, "<th>");
    rt_escape(o, key);
  }
  for (size_t i = 0; i < json_array_size(x); i++) {
    rt_print(o, "<tr>");
    json_object_foreach(columns, key, cell) {
      rt_print(o, "<td>");
      rt_html(o, json_object_get(json_array_get(x, i), key));
    }
  }
  rt_print(o, "</table></div>");
  json_decref(columns);
}

void rt_html(Text *o, const json_t *x) {
  const char *key;
  json_t *value;
  switch (x ? json_typeof(x) : JSON_NULL) {
  case JSON_OBJECT:
    rt_print(o, "<div class=wide><table>");
    json_object_foreach((json_t *)(uintptr_t)x, key, value) {
      rt_print(o, "<tr><th>");
      rt_escape(o, key);
      rt_print(o, "<td>");
      rt_html(o, value);
    }
    rt_print(o, "</table></div>");
    break;
  case JSON_ARRAY:
    if (table_of_objects(x)) {
      html_table(o, x);
      break;
    }
    for (size_t i = 0; i < json_array_size(x); i++) {
      rt_print(o, i ? ", " : "");
      rt_html(o, json_array_get(x, i));
    }
    break;
  case JSON_STRING: rt_escape(o, json_string_value(x)); break;
  case JSON_INTEGER: rt_print(o, "%lld", (long long)json_integer_value(x)); break;
  case JSON_REAL: rt_print(o, "%.6g", json_real_value(x)); break;
  case JSON_TRUE: rt_print(o, "yes"); break;
  case JSON_FALSE: rt_print(o, "no"); break;
  case JSON_NULL: rt_print(o, "-"); break;
  }
}
