/* report_audit.c: what `check` wrote to audit.txt, as a section: its table of values as a table, the rest as it stands.
 *
 * A row of the table is a name, a place (which may hold blanks), two errors, a quotient or `-`, and a verdict. Lines
 * for machines (audit NAME VALUE) are left out; the last line is the verdict over all. */
#include "report.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { WORDS_MOST = 24 };

static bool is_number(const char *s, const char *end) {
  char *after = NULL;
  if (s == end || strchr(" \n", *s)) return false;
  strtod(s, &after);
  return after == end;
}

/* The words of a line; how many. */
static int split(const char *line, const char **from, const char **to) {
  int n = 0;
  for (const char *c = line; *c && n < WORDS_MOST;) {
    while (*c == ' ') c++;
    if (!*c) break;
    from[n] = c;
    while (*c && *c != ' ') c++;
    to[n++] = c;
  }
  return n;
}

static void text(Text *o, const char *from, const char *to) {
  char *copy = rt_text(o->trouble, "%.*s", (int)(to - from), from);
  if (copy) rt_escape(o, copy);
  free(copy);
}

static bool table_row(Text *o, const char *line) {
  const char *from[WORDS_MOST], *to[WORDS_MOST];
  int n = split(line, from, to), at = 2;
  while (at + 3 < n && !(is_number(from[at], to[at]) && is_number(from[at + 1], to[at + 1]))) at++;
  if (at + 3 >= n) return false;
  bool fails = strncmp(from[at + 3], "FAILS", 5) == 0;
  rt_print(o, "<tr><th scope=\"row\">");
  text(o, from[0], to[0]);
  rt_print(o, "</th><td class=\"soft\">");
  text(o, from[1], to[at - 1]);
  rt_print(o, "</td>");
  for (int i = at; i < at + 3; i++) {
    rt_print(o, "<td class=\"num\">");
    text(o, from[i], to[i]);
    rt_print(o, "</td>");
  }
  rt_print(o, "<td class=\"%s\">%s", fails ? "bad" : "good", fails ? "✗ " : "✓ ");
  text(o, from[at + 3], to[n - 1]);
  rt_print(o, "</td></tr>\n");
  return true;
}

static void close_block(Text *o, bool *block) {
  if (*block) rt_print(o, "</pre>");
  *block = false;
}

static void write_lines(Text *o, char *line) {
  bool table = false, block = false, first = true;
  for (char *end; (end = strchr(line, '\n')); line = end + 1) {
    *end = 0;
    bool machine = strncmp(line, "audit ", 6) == 0 && !first, heading = strncmp(line, "value  ", 7) == 0;
    first = false;
    if (machine || strncmp(line, "the audit ", 10) == 0) continue;
    if (table && !table_row(o, line)) {
      rt_print(o, "</tbody></table></div>");
      table = false;
    } else if (table) continue;
    if (heading) {
      close_block(o, &block);
      rt_print(o, "<div class=\"wide\" tabindex=\"0\" role=\"region\" aria-label=\"Audit of each value\"><table><thead><tr><th scope=\"col\">value</th><th scope=\"col\">line</th>"
                  "<th scope=\"col\" class=\"num\">error in f32</th><th scope=\"col\" class=\"num\">error in f64</th><th scope=\"col\" class=\"num\">f32 / f64</th><th scope=\"col\">verdict</th></tr></thead><tbody>\n");
      table = true;
      continue;
    }
    if (!*line && !block) continue;
    if (!block) rt_print(o, "<pre class=\"lines\">");
    block = true;
    rt_escape(o, line);
    rt_print(o, "\n");
  }
  if (table) rt_print(o, "</tbody></table></div>");
  close_block(o, &block);
}

AuditSays rt_audit_said(const char *text) {
  return !text ? AUDIT_NONE : strstr(text, "\nthe audit found nothing wrong\n") ? AUDIT_FINE : AUDIT_FAILED;
}

void rt_write_audit(Text *o, const char *text) {
  AuditSays says = rt_audit_said(text);
  rt_print(o, "<section id=\"audit\"><h2>Audit of the compiled program</h2>");
  if (says == AUDIT_NONE) rt_print(o, "<p class=\"soft\">Not run yet. The command <code>check --weights FOLDER/best.safetensors --data DATA</code> of this program moves inputs by the group, "
                                      "holds every value against its certificate, and adds the result here.</p>");
  else {
    rt_print(o, "<p class=\"%s\"><strong>%s</strong></p><p class=\"soft\">Errors are max |f(g x) − g f(x)| as a part of max |f(x)| + max |f(g x)|, the largest over elements g and inputs x.</p>",
             says == AUDIT_FINE ? "good" : "bad", says == AUDIT_FINE ? "✓ The audit found nothing wrong." : "✗ The audit FAILED.");
    char *copy = rt_text(o->trouble, "%s", text);
    if (copy) write_lines(o, copy);
    free(copy);
  }
  rt_print(o, "</section>\n");
}
