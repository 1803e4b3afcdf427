/* text.c: Kernels as text, and back.
 *
 *     kernel "fashion_step_3" lanes 16 warps 1 slots 16 sizes 1
 *     global "x" f32 in 12 + 784 s0              buffer 0; `out` may be stored to
 *     slab "t" f32 512 at 64                     buffer 1; `tile` likewise
 *     var f32v                                   variable 0
 *     %1 i64 ICONST 0
 *     %2 i64 FOR grid %1 %1 step 1
 *       %3 f32v LOAD b0[%2 + 3] lanes 1 mask %9
 *       %4 f32v STORE b1[%2] lanes 1 = %3
 *     %5 END %2
 *
 * What is read prints the same again. The reader takes one line at a time by the table of operations; any other text
 * is a reason with its line, never a crash. What instructions mean together is asked of loops_verify at the end. */
#include "loops/loops.h"
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

static const char *const base_name[] = { "i1", "i32", "i64", "f32", "f64", NULL };
static const char *const scope_name[] = { "global", "slab", "tile", NULL };
static const char *const kind_name[] = { "seq", "grid", "team", NULL };
static const uint8_t arguments[] = {
#define LOOPS(op, n) n,
  LOOPS_OPS(LOOPS)
#undef LOOPS
};

static bool untyped(LoopsOp op) { return op == L_IF || op == L_END || op == L_BAR; }

/* --- writing -------------------------------------------------------------------------------------------- */
static void name(Out *out, Str s) {
  out_str(out, S("\""));
  for (uint32_t i = 0; i < s.n; i++) {
    unsigned char c = (unsigned char)s.at[i];
    if (c < 32 || c > 126 || c == '"' || c == '\\') out_printf(out, "\\x%02x", c);
    else out_printf(out, "%c", c);
  }
  out_str(out, S("\""));
}

static void buffer(const Buf *b, Out *out) {
  out_printf(out, "%s ", scope_name[b->scope]);
  name(out, b->name);
  out_printf(out, " %s ", base_name[b->base]);
  if (b->scope == SCOPE_GLOBAL) out_printf(out, "%s ", b->out ? "out" : "in");
  out_printf(out, "%" PRId64, b->elems.c);
  for (int i = 0; i < 8; i++)
    if (b->elems.k[i]) out_printf(out, " + %" PRId64 " s%d", b->elems.k[i], i);
  if (b->scope != SCOPE_GLOBAL) out_printf(out, " at %" PRId64, b->at);
  out_str(out, S("\n"));
}

static void place(const Ins *x, Out *out) {
  out_printf(out, " b%d[%%%d", x->buf, x->a[0]);
  if (x->imm) out_printf(out, " + %" PRId64, x->imm);
  out_str(out, S("]"));
  if (x->lstride) out_printf(out, " lanes %d", x->lstride);
}

static void instruction(const Ins *x, uint32_t at, uint32_t depth, Out *out) {
  LoopsOp op = (LoopsOp)x->op;
  out_printf(out, "%*s%%%u ", (int)(2 * depth), "", at);
  if (!untyped(op)) out_printf(out, "%s%s ", base_name[x->base], x->vary ? "v" : "");
  out_str(out, str_of(loops_op_name(op)));
  switch (op) {
  case L_CONST: out_printf(out, isnan(x->f) ? " nan" : " %a", x->f); break;
  case L_ICONST: out_printf(out, " %" PRId64, x->imm); break;
  case L_SIZE: out_printf(out, " %d", x->buf); break;
  case L_LOAD:
    place(x, out);
    if (x->a[1]) out_printf(out, " mask %%%d", x->a[1]);
    break;
  case L_STORE:
    place(x, out);
    out_printf(out, " = %%%d", x->a[1]);
    if (x->a[2]) out_printf(out, " mask %%%d", x->a[2]);
    break;
  case L_GET: out_printf(out, " r%d", x->buf); break;
  case L_SET: out_printf(out, " r%d %%%d", x->buf, x->a[0]); break;
  case L_FOR: out_printf(out, " %s %%%d %%%d step %" PRId64, kind_name[x->kind], x->a[0], x->a[1], x->imm); break;
  case L_END: out_printf(out, " %%%d", x->a[0]); break;
  default:
    for (int i = 0; i < arguments[op]; i++) out_printf(out, " %%%d", x->a[i]);
    if (op == L_LXOR) out_printf(out, " xor %" PRId64, x->imm);
  }
  out_str(out, S("\n"));
}

void loops_text(const Kernel *k, Out *out) {
  uint32_t depth = 0;
  out_str(out, S("kernel "));
  name(out, k->name);
  out_printf(out, " lanes %d warps %d slots %d sizes %u\n", k->lanes, k->warps, k->slots, k->nsizes);
  for (uint32_t i = 0; i < k->buf.n; i++) buffer(&k->buf.at[i], out);
  for (uint32_t i = 0; i < k->var.n; i++)
    out_printf(out, "var %s%s\n", base_name[k->var.at[i].base], k->var.at[i].vary ? "v" : "");
  for (uint32_t i = 1; i < k->ins.n; i++) {
    const Ins *x = &k->ins.at[i];
    if (x->op == L_END && depth) depth--;
    instruction(x, i, depth, out);
    if (x->op == L_FOR || x->op == L_IF) depth++;
  }
}

/* --- reading: tokens ---------------------------------------------------------------------------------------- */
typedef struct Reader { Arena *arena; const char *at, *end; uint32_t line; Why *why; } Reader;

static bool no(Reader *r, const char *what) { return why_no(r->why, CODE_NONE, "line %u: %s", r->line, what); }
static void blanks(Reader *r) {
  while (r->at < r->end && (*r->at == ' ' || *r->at == '\t' || *r->at == '\r')) r->at++;
}
static bool line_ends(Reader *r) {
  blanks(r);
  return r->at == r->end || *r->at == '\n';
}
static bool in_word(char c) { return isalnum((unsigned char)c) || c == '_'; }

/* A word only as a whole, unless a number may follow it (`b0`). */
static bool take(Reader *r, const char *text, bool numbered) {
  blanks(r);
  size_t n = strlen(text);
  if ((size_t)(r->end - r->at) < n || memcmp(r->at, text, n)) return false;
  if (!numbered && in_word(text[n - 1]) && r->at + n < r->end && in_word(r->at[n])) return false;
  r->at += n;
  return true;
}
static bool word(Reader *r, const char *text) { return take(r, text, false); }
static bool expect(Reader *r, const char *text, bool numbered) {
  if (take(r, text, numbered)) return true;
  char message[64];
  snprintf(message, sizeof message, "`%s` is missing", text);
  return no(r, message);
}

/* The characters of a number, for strtoll and strtod, which want an end. */
static bool digits(Reader *r, char *text, size_t room) {
  size_t n = 0;
  blanks(r);
  while (r->at < r->end && n + 1 < room && (in_word(*r->at) || ((*r->at == '-' || *r->at == '+') &&
      (!n || tolower((unsigned char)text[n - 1]) == 'p')) || *r->at == '.'))
    text[n++] = *r->at++;
  text[n] = 0;
  return n > 0;
}
static bool whole(Reader *r, int64_t least, int64_t most, int64_t *out) {
  char text[32], *end = text;
  errno = 0;
  if (digits(r, text, sizeof text)) *out = strtoll(text, &end, 10);
  if (end == text || *end) return no(r, "a whole number is missing");
  return (!errno && *out >= least && *out <= most) || no(r, "a number out of range");
}
static bool small(Reader *r, int32_t least, int32_t most, int32_t *out) {
  int64_t x = 0;
  bool ok = whole(r, least, most, &x);
  *out = (int32_t)x;
  return ok;
}
static bool real(Reader *r, double *out) {
  char text[64], *end = text;
  if (digits(r, text, sizeof text)) *out = strtod(text, &end);
  if (end == text || *end) return no(r, "a number is missing");
  if (isnan(*out)) *out = NAN;
  return true;
}
static bool one_of(Reader *r, const char *const *names, const char *what, bool numbered, uint8_t *out) {
  for (*out = 0; names[*out]; ++*out)
    if (take(r, names[*out], numbered)) return true;
  return no(r, what);
}

static int hex(char c) { return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1; }
static bool quoted(Reader *r, Str *out) {
  if (!expect(r, "\"", false)) return false;
  Out text = { .arena = r->arena };
  while (r->at < r->end && *r->at != '"' && *r->at != '\n') {
    if (*r->at != '\\') { out_str(&text, (Str){ r->at++, 1 }); continue; }
    if (r->end - r->at < 4 || r->at[1] != 'x' || hex(r->at[2]) < 0 || hex(r->at[3]) < 0) return no(r, "a bad escape");
    char c = (char)(16 * hex(r->at[2]) + hex(r->at[3]));
    out_str(&text, (Str){ &c, 1 });
    r->at += 4;
  }
  *out = out_text(&text);
  return expect(r, "\"", false);
}

/* f32v */
static bool typed(Reader *r, uint8_t *base, uint8_t *vary) {
  if (!one_of(r, base_name, "a base is missing", true, base)) return false;
  *vary = r->at < r->end && *r->at == 'v';
  r->at += *vary;
  return (r->at == r->end || !in_word(*r->at)) || no(r, "a base is missing");
}

/* --- reading: lines ------------------------------------------------------------------------------------------ */
enum { BYTES_MOST = 1 << 30 };      /* of a slab: keeps sums of bytes in range                      */

static bool read_buffer(Reader *r, Kernel *k, Scope scope) {
  Str called = { 0 };
  uint8_t base = 0, vary = 0;
  SizeExpr e = { 0 };
  int64_t at = 0;
  bool out = false;
  if (!quoted(r, &called) || !typed(r, &base, &vary)) return false;
  if (vary || base == BASE_I1) return no(r, "a buffer has no such numbers");
  if (scope == SCOPE_GLOBAL && !(out = word(r, "out")) && !expect(r, "in", false)) return false;
  if (!whole(r, 0, scope == SCOPE_GLOBAL ? INT64_MAX : BYTES_MOST / 8, &e.c)) return false;
  if (scope != SCOPE_GLOBAL) {
    if (!expect(r, "at", false) || !whole(r, 0, BYTES_MOST, &at)) return false;
    if (at % 64) return no(r, "a place in the slab is no multiple of 64");
    kernel_local(k, called, (Base)base, scope, e.c, at);
    return true;
  }
  while (word(r, "+")) {
    int64_t times;
    int32_t which;
    if (!whole(r, 0, INT64_MAX, &times) || !expect(r, "s", true) || !small(r, 0, (int32_t)k->nsizes - 1, &which))
      return false;
    e.k[which] = times;
  }
  kernel_global(k, called, (Base)base, out, e);
  return true;
}

static bool read_ref(Reader *r, const Kernel *k, Ref *out) {
  return expect(r, "%", true) && small(r, 1, (int32_t)k->ins.n - 1, out);
}

static bool read_place(Reader *r, const Kernel *k, Ins *x) {
  if (!expect(r, "b", true) || !small(r, 0, (int32_t)k->buf.n - 1, &x->buf) || !expect(r, "[", false) ||
      !read_ref(r, k, &x->a[0])) return false;
  if (word(r, "+") && !whole(r, INT64_MIN, INT64_MAX, &x->imm)) return false;
  return expect(r, "]", false) && (!word(r, "lanes") || small(r, INT32_MIN, INT32_MAX, &x->lstride));
}

/* What stands behind the name of an operation. */
static bool read_operands(Reader *r, const Kernel *k, Ins *x) {
  switch ((LoopsOp)x->op) {
  case L_CONST:
    if (!real(r, &x->f)) return false;
    return x->base == BASE_F64 || x->f == (float)x->f || isnan(x->f) || no(r, "not a number of f32");
  case L_ICONST:
    return whole(r, x->base == BASE_I32 ? INT32_MIN : INT64_MIN, x->base == BASE_I32 ? INT32_MAX : INT64_MAX, &x->imm);
  case L_SIZE: return small(r, 0, (int32_t)k->nsizes - 1, &x->buf);
  case L_LOAD: return read_place(r, k, x) && (!word(r, "mask") || read_ref(r, k, &x->a[1]));
  case L_STORE:
    return read_place(r, k, x) && expect(r, "=", false) && read_ref(r, k, &x->a[1]) &&
        (!word(r, "mask") || read_ref(r, k, &x->a[2]));
  case L_GET: return expect(r, "r", true) && small(r, 0, (int32_t)k->var.n - 1, &x->buf);
  case L_SET: return expect(r, "r", true) && small(r, 0, (int32_t)k->var.n - 1, &x->buf) && read_ref(r, k, &x->a[0]);
  case L_FOR:
    return one_of(r, kind_name, "seq, grid or team is missing", false, &x->kind) && read_ref(r, k, &x->a[0]) &&
        read_ref(r, k, &x->a[1]) &&
           expect(r, "step", false) && whole(r, 1, INT32_MAX, &x->imm);
  case L_END: return read_ref(r, k, &x->a[0]);
  case L_LXOR: return read_ref(r, k, &x->a[0]) && expect(r, "xor", false) && whole(r, 0, 63, &x->imm);
  default:
    for (int i = 0; i < arguments[x->op]; i++)
      if (!read_ref(r, k, &x->a[i])) return false;
    return true;
  }
}

static bool read_instruction(Reader *r, Kernel *k) {
  Ins x = { 0 };
  int32_t number;
  if (!expect(r, "%", true) || !small(r, 1, INT32_MAX, &number)) return false;
  if ((uint32_t)number != k->ins.n) return no(r, "instructions are numbered from 1");
  blanks(r);
  bool has_type = r->at < r->end && islower((unsigned char)*r->at);
  if (has_type && !typed(r, &x.base, &x.vary)) return false;
  for (x.op = 1; x.op < L_OPS; x.op++)
    if (word(r, loops_op_name((LoopsOp)x.op))) break;
  if (x.op == L_OPS) return no(r, "no such operation");
  if (untyped((LoopsOp)x.op) == has_type) return no(r, "a base is missing, or too many");
  if (!read_operands(r, k, &x)) return false;
  vec_push(k->arena, &k->ins, x);
  return true;
}

static Kernel *read_head(Reader *r) {
  Str called = { 0 };
  int32_t lanes, warps, slots, sizes;
  if (!expect(r, "kernel", false) || !quoted(r, &called)) return NULL;
  if (!expect(r, "lanes", false) || !small(r, 1, 64, &lanes) || !expect(r, "warps", false) || !small(r, 1, 32, &warps))
    return NULL;
  if (!expect(r, "slots", false) || !small(r, 1, 1 << 24, &slots) || !expect(r, "sizes", false) ||
      !small(r, 0, 8, &sizes)) return NULL;
  return kernel_open(r->arena, called, lanes, warps, slots, (uint32_t)sizes);
}

static bool read_line(Reader *r, Kernel *k) {
  for (uint8_t s = 0; scope_name[s]; s++)
    if (word(r, scope_name[s]))
      return k->ins.n == 1 ? read_buffer(r, k, (Scope)s) : no(r, "buffers stand before instructions");
  if (word(r, "var")) {
    LVar v = { 0 };
    if (k->ins.n > 1) return no(r, "variables stand before instructions");
    if (!typed(r, &v.base, &v.vary)) return false;
    vec_push(k->arena, &k->var, v);
    return true;
  }
  return read_instruction(r, k);
}

Kernel *loops_read(Arena *arena, Str text, Why *why) {
  Reader r = { .arena = arena, .at = text.at, .end = text.at + text.n, .line = 1, .why = why };
  Kernel *k = NULL;
  for (; r.at < r.end; r.line++) {
    if (!line_ends(&r)) {
      if (!(k ? read_line(&r, k) : (k = read_head(&r)) != NULL)) return NULL;
      if (!line_ends(&r)) return no(&r, "more text than the line has room for"), NULL;
    }
    if (r.at < r.end) r.at++;
  }
  if (!k) return no(&r, "no kernel"), NULL;
  return loops_verify(k, why) ? k : NULL;
}
