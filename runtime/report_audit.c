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

static void numbers(Text *o, const char *const *from, const char *const *to, int n) {
  for (int i = 0; i < n; i++) {
    rt_cell(o, "num");
    text(o, from[i], to[i]);
  }
}

/* NAME PLACE F32 F64 QUOTIENT VERDICT */
static bool value_row(Text *o, const char *line) {
  const char *from[WORDS_MOST], *to[WORDS_MOST];
  int n = split(line, from, to), at = 2;
  while (at + 3 < n && !(is_number(from[at], to[at]) && is_number(from[at + 1], to[at + 1]))) at++;
  if (at + 3 >= n) return false;
  bool fails = strncmp(from[at + 3], "FAILS", 5) == 0;
  rt_row_head(o, "");
  text(o, from[0], to[0]);
  rt_cell(o, fails ? "bad" : "good");
  rt_print(o, fails ? "✗ " : "✓ ");
  text(o, from[at + 3], to[n - 1]);
  numbers(o, from + at, to + at, 3);
  rt_cell(o, "soft also");
  text(o, from[1], to[at - 1]);
  rt_end_row(o);
  return true;
}

/* NAME and numbers */
static bool number_row(Text *o, const char *line) {
  const char *from[WORDS_MOST], *to[WORDS_MOST];
  int n = split(line, from, to);
  for (int i = 1; i < n; i++)
    if (!is_number(from[i], to[i])) return false;
  if (n < 2) return false;
  rt_row_head(o, "");
  text(o, from[0], to[0]);
  numbers(o, from + 1, to + 1, n - 1);
  rt_end_row(o);
  return true;
}

/* What stands open while the lines are read. */
typedef enum Block { BLOCK_NONE, BLOCK_LINES, BLOCK_VALUES, BLOCK_NUMBERS } Block;

static void close_block(Text *o, Block *block) {
  if (*block == BLOCK_LINES) rt_print(o, "</p>");
  if (*block > BLOCK_LINES) rt_close_table(o);
  *block = BLOCK_NONE;
}

static void open_table(Text *o, Block *block, Block table, const char *heading) {
  const char *from[WORDS_MOST], *to[WORDS_MOST];
  close_block(o, block);
  *block = table;
  if (table == BLOCK_VALUES) {
    rt_open_table(o, "Audit of each value", "value|verdict|>error, f32|>error, f64|>quotient|-line");
    return;
  }
  char heads[200] = "";
  for (int i = 0, n = split(heading, from, to); i < n; i++) {
    size_t k = strlen(heads);
    snprintf(heads + k, sizeof heads - k, "%s%.*s", i ? "|>" : "", (int)(to[i] - from[i]), from[i]);
  }
  rt_open_table(o, "Stability", heads);
}

/* The first line says of what; the last is the verdict over all. */
static void write_lines(Text *o, char *line) {
  Block block = BLOCK_NONE;
  bool first = true;
  for (char *end; (end = strchr(line, '\n')); line = end + 1, first = false) {
    *end = 0;
    if (strncmp(line, "audit ", 6) == 0 || (strncmp(line, "the audit ", 10) == 0 && !first)) continue;
    if ((block == BLOCK_VALUES && value_row(o, line)) || (block == BLOCK_NUMBERS && number_row(o, line))) continue;
    if (!*line || block > BLOCK_LINES) close_block(o, &block);
    if (strncmp(line, "value  ", 7) == 0) open_table(o, &block, BLOCK_VALUES, line);
    else if (strncmp(line, "  output  ", 10) == 0) open_table(o, &block, BLOCK_NUMBERS, line);
    else if (*line) {
      rt_print(o, block ? "\n" : "<p class=\"lines\">");
      block = BLOCK_LINES;
      rt_escape(o, line);
    }
  }
  close_block(o, &block);
}

AuditSays rt_audit_said(const char *text) {
  return !text ? AUDIT_NONE : strstr(text, "\nthe audit found nothing wrong\n") ? AUDIT_FINE : AUDIT_FAILED;
}

void rt_write_audit(Text *o, const char *text, const char *command) {
  AuditSays says = rt_audit_said(text);
  rt_print(o, "<section id=\"audit\"><h2>Audit of the compiled program</h2>");
  if (says == AUDIT_NONE) {
    rt_print(o, "<p class=\"soft\">Not run yet. This moves inputs by the group, holds every value against its "
                "certificate, and adds the result here:</p><pre class=\"command\">");
    rt_escape(o, command);
    rt_print(o, "</pre>");
  } else {
    bool fine = says == AUDIT_FINE;
    rt_print(o, "<p class=\"%s\"><strong>%s</strong></p>"
                "<p class=\"soft\">Errors are max |f(g x) − g f(x)| as a part of max |f(x)| + max |f(g x)|, "
                "the largest over elements g and inputs x.</p>",
             fine ? "good" : "bad", fine ? "✓ The audit found nothing wrong." : "✗ The audit FAILED.");
    char *copy = rt_text(o->trouble, "%s", text);
    if (copy) write_lines(o, copy);
    free(copy);
  }
  rt_print(o, "</section>\n");
}
