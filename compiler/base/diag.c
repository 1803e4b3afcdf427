/* diag.c: codes, reasons, and reports for people and for tools.
 *
 *     egnn.gdl:7:9: error[E0203]: `relu` cannot act componentwise on `vector`
 *       7 |     let h = relu(v)
 *         |             ^^^^^^^ O(3) mixes these 3 components
 *       rule:    pointwise functions need a permutation representation (odd functions: a signed one)
 *       witness: g = 90 degrees about z, v = (1,-1,0):  relu(g v) = (1,1,0)  but  g relu(v) = (0,1,0)
 *       note:    egnn.gdl:3:5: `v` is `vector on atoms` here
 *       help:    gate it with an invariant: `gate(v, by: norm(v))`
 *
 * Reads errors.def and what the compiler found, writes text, or one JSON object a line. Reports come in the order
 * of their places, files in the order in which they were read; of two with one code at one place the first counts.
 * Bytes of a source may be anything: what is no UTF-8, or moves the cursor, is shown as U+FFFD. Columns count
 * bytes, from 1. */
#include "base/base.h"
#include <stdlib.h>

/* --- codes --- */
static const struct { const char *name, *text, *rule; bool warns; } codes[] = {
  { "", "", "", false },
#define ERROR(code, text, rule) { #code, text, rule, false },
#define WARNING(code, text, rule) { #code, text, rule, true },
#include "../../lang/errors.def"
#undef ERROR
#undef WARNING
};

const char *code_name(Code c) { return codes[c].name; }
const char *code_text(Code c) { return codes[c].text; }
const char *code_rule(Code c) { return codes[c].rule; }
bool code_warns(Code c) { return codes[c].warns; }

Code code_find(Str name) {
  for (Code c = 1; c < CODES; c++)
    if (str_is(name, codes[c].name)) return c;
  return CODE_NONE;
}

/* --- reasons --- */
bool why_no(Why *why, Code code, const char *format, ...) {
  if (!why) return false;
  va_list args;
  va_start(args, format);
  vec_push(why->arena, &why->reason, (Reason){ code, str_format_list(why->arena, format, args) });
  va_end(args);
  return false;
}

bool why_witness(Why *why, const char *format, ...) {
  if (!why) return false;
  va_list args;
  va_start(args, format);
  why->witness = str_format_list(why->arena, format, args);
  va_end(args);
  return false;
}

bool why_help(Why *why, const char *format, ...) {
  if (!why) return false;
  va_list args;
  va_start(args, format);
  why->help = str_format_list(why->arena, format, args);
  va_end(args);
  return false;
}

/* --- reports --- */
static Diag *add(Diags *d, Code code, Span at, Str message) {
  Diag *x = arena_one(d->arena, Diag);
  x->severity = code_warns(code) ? SEVERITY_WARNING : SEVERITY_ERROR;
  x->code = code;
  x->at = at;
  x->message = message;
  x->rule = str_of(code_rule(code));
  vec_push(d->arena, &d->all, x);
  d->nerrors += x->severity == SEVERITY_ERROR;
  return x;
}

Diag *diag_add(Diags *d, Code code, Span at, const char *format, ...) {
  va_list args;
  va_start(args, format);
  Str message = str_format_list(d->arena, format, args);
  va_end(args);
  return add(d, code, at, message);
}

Diag *diag_why(Diags *d, Span at, const Why *why) {
  assert(why->reason.n);                                      /* a "no" without a reason is our mistake      */
  Diag *x = add(d, why->reason.at[0].code, at, str_copy(d->arena, why->reason.at[0].text));
  for (uint32_t i = 1; i < why->reason.n; i++)
    vec_push(d->arena, &x->note, (Note){ { 0 }, str_copy(d->arena, why->reason.at[i].text) });
  if (why->witness.n) x->witness = str_copy(d->arena, why->witness);
  if (why->help.n) x->help = str_copy(d->arena, why->help);
  if (why->rule.n) x->rule = str_copy(d->arena, why->rule);
  return x;
}

void diag_note(Diags *d, Diag *x, Span at, const char *format, ...) {
  va_list args;
  va_start(args, format);
  vec_push(d->arena, &x->note, (Note){ at, str_format_list(d->arena, format, args) });
  va_end(args);
}

/* --- bytes to characters --- */
/* How many bytes the character at s.at[i] has; 0 when it is no well-formed UTF-8 (RFC 3629, section 4). */
static uint32_t character(Str s, uint32_t i) {
  const unsigned char *c = (const unsigned char *)s.at + i;
  uint32_t n = *c < 0x80 ? 1 : *c < 0xc2 ? 0 : *c < 0xe0 ? 2 : *c < 0xf0 ? 3 : *c < 0xf5 ? 4 : 0;
  if (n > s.n - i) return 0;
  for (uint32_t k = 1; k < n; k++)
    if ((c[k] & 0xc0) != 0x80) return 0;
  if ((*c == 0xe0 && c[1] < 0xa0) || (*c == 0xed && c[1] > 0x9f) || (*c == 0xf0 && c[1] < 0x90) ||
      (*c == 0xf4 && c[1] > 0x8f)) return 0;
  return n;
}

static void print_clean(FILE *f, Str s) {
  for (uint32_t i = 0; i < s.n;) {
    uint32_t n = character(s, i);
    bool moves = n == 1 && (unsigned char)s.at[i] < 32 && s.at[i] != '\t';
    if (n == 2 && (unsigned char)s.at[i] == 0xc2 && (unsigned char)s.at[i + 1] < 0xa0) moves = true;     /* C1 */
    if (!n || moves || s.at[i] == 127) fputs("\xef\xbf\xbd", f);
    else fwrite(s.at + i, 1, n, f);
    i += n ? n : 1;
  }
}

static void print_json(FILE *f, Str s) {
  putc('"', f);
  for (uint32_t i = 0; i < s.n;) {
    uint32_t n = character(s, i);
    unsigned char c = (unsigned char)s.at[i];
    if (!n) fputs("\\ufffd", f);
    else if (c == '"' || c == '\\') fprintf(f, "\\%c", c);
    else if (c == '\n') fputs("\\n", f);
    else if (c == '\t') fputs("\\t", f);
    else if (c < 32 || c == 127) fprintf(f, "\\u%04x", c);
    else fwrite(s.at + i, 1, n, f);
    i += n ? n : 1;
  }
  putc('"', f);
}

/* --- for people --- */
static void print_place(FILE *f, const Place *at) {
  print_clean(f, at->path);
  fprintf(f, ":%u:%u: ", at->line, at->column);
}

/* The part of a long line around the caret, cut between characters. */
enum { SHOWN_BEFORE = 80, SHOWN_MOST = 160 };
static Str around(Str line, uint32_t column, uint32_t *skipped) {
  uint32_t from = 0, to = line.n;
  if (line.n > SHOWN_MOST) {
    from = column > SHOWN_BEFORE ? column - SHOWN_BEFORE : 0;
    if (to > from + SHOWN_MOST) to = from + SHOWN_MOST;
    while (from && ((unsigned char)line.at[from] & 0xc0) == 0x80) from--;
    while (to < line.n && ((unsigned char)line.at[to] & 0xc0) == 0x80) to++;
  }
  *skipped = from;
  return (Str){ line.at + from, to - from };
}

static void print_line(FILE *f, const Place *at, Span span, Str label) {
  Str line = at->text;
  if (line.n && line.at[line.n - 1] == '\r') line.n--;
  uint32_t skipped, from = at->column - 1 < line.n ? at->column - 1 : line.n;
  Str part = around(line, from, &skipped);
  from -= skipped;
  uint32_t to = span.to - span.from > part.n - from ? part.n : from + (span.to - span.from);
  int width = fprintf(f, "%3u | ", at->line) - 2;
  print_clean(f, part);
  fprintf(f, "\n%*s| ", width, "");
  for (uint32_t i = 0; i < from;) {
    uint32_t n = character(part, i);
    putc(part.at[i] == '\t' ? '\t' : ' ', f);
    i += n ? n : 1;
  }
  uint32_t carets = 0;
  for (uint32_t i = from; i < to; carets++) {
    uint32_t n = character(part, i);
    putc('^', f);
    i += n ? n : 1;
  }
  if (!carets) putc('^', f);
  if (label.n) { putc(' ', f); print_clean(f, label); }
  putc('\n', f);
}

static void print_under(FILE *f, const char *what, Str s) {
  if (!s.n) return;
  fprintf(f, "  %-8s ", what);
  print_clean(f, s);
  putc('\n', f);
}

static const char *const severities[] = { "error", "warning", "note" };

static void print_human(const Diags *d, const Diag *x, FILE *f) {
  Place at = span_place(d->sources, x->at);
  if (at.line) print_place(f, &at);
  else fputs("gdlc: ", f);
  fprintf(f, "%s[%s]: ", severities[x->severity], code_name(x->code));
  print_clean(f, x->message);
  putc('\n', f);
  if (at.line) print_line(f, &at, x->at, x->label);
  print_under(f, "rule:", x->rule);
  print_under(f, "witness:", x->witness);
  for (uint32_t i = 0; i < x->note.n; i++) {
    Place note = span_place(d->sources, x->note.at[i].at);
    fputs("  note:    ", f);
    if (note.line) print_place(f, &note);
    print_clean(f, x->note.at[i].text);
    putc('\n', f);
  }
  print_under(f, "help:", x->help);
}

/* --- for tools --- */
static void print_member(FILE *f, const char *name, Str s) {
  if (!s.n) return;
  fprintf(f, ",\"%s\":", name);
  print_json(f, s);
}

static void print_json_place(FILE *f, const Place *at, char before) {
  fprintf(f, "%c\"file\":", before);
  print_json(f, at->path);
  fprintf(f, ",\"line\":%u,\"column\":%u", at->line, at->column);
}

static void print_object(const Diags *d, const Diag *x, FILE *f) {
  Place at = span_place(d->sources, x->at);
  fprintf(f, "{\"severity\":\"%s\",\"code\":\"%s\"", severities[x->severity], code_name(x->code));
  if (at.line) {
    Place end = span_place(d->sources, (Span){ x->at.source, x->at.to, x->at.to });
    print_json_place(f, &at, ',');
    fprintf(f, ",\"end_line\":%u,\"end_column\":%u", end.line, end.column);
  }
  fputs(",\"message\":", f);
  print_json(f, x->message);
  print_member(f, "label", x->label);
  print_member(f, "rule", x->rule);
  print_member(f, "witness", x->witness);
  if (x->note.n) fputs(",\"notes\":[", f);
  for (uint32_t i = 0; i < x->note.n; i++) {
    Place note = span_place(d->sources, x->note.at[i].at);
    if (i) putc(',', f);
    fputs("{\"message\":", f);
    print_json(f, x->note.at[i].text);
    if (note.line) print_json_place(f, &note, ',');
    putc('}', f);
  }
  if (x->note.n) putc(']', f);
  print_member(f, "help", x->help);
  fputs("}\n", f);
}

/* --- all of them --- */
typedef struct Ranked { const Diag *diag; uint32_t rank; } Ranked;

static int by_place(const void *left, const void *right) {
  const Ranked *a = left, *b = right;
  const Span *x = &a->diag->at, *y = &b->diag->at;
  if (x->source != y->source) return x->source < y->source ? -1 : 1;
  if (x->from != y->from) return x->from < y->from ? -1 : 1;
  if (a->diag->code != b->diag->code) return a->diag->code < b->diag->code ? -1 : 1;
  return (a->rank > b->rank) - (a->rank < b->rank);
}

static bool same(const Diag *a, const Diag *b) {
  return a->code == b->code && a->at.source == b->at.source && a->at.from == b->at.from &&
         (a->at.source || str_equal(a->message, b->message));
}

void diag_print(const Diags *d, DiagFormat format, FILE *f) {
  if (!d->all.n) return;
  Arena scratch = { 0 };
  Ranked *sorted = arena_array(&scratch, Ranked, d->all.n);
  for (uint32_t i = 0; i < d->all.n; i++) sorted[i] = (Ranked){ d->all.at[i], i };
  qsort(sorted, d->all.n, sizeof *sorted, by_place);
  for (uint32_t i = 0; i < d->all.n; i++) {
    if (i && same(sorted[i - 1].diag, sorted[i].diag)) continue;
    if (format == DIAG_JSON) print_object(d, sorted[i].diag, f);
    else print_human(d, sorted[i].diag, f);
  }
  arena_free(&scratch);
}
