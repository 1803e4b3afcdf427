/* format.c: the layout of a source, made anew. Reads a text that parses, writes the text that `gdlc fmt` gives.
 *
 * The text is a row of pieces: tokens of the lexer, and comments, which stand in the gaps between tokens. Each piece is
 * printed once, in its order, and stands on a new line exactly if it did before; so no comment can be lost and the tree
 * cannot change: only blanks are chosen here. `text_format` reads its own result again and compares the pieces.
 *
 *   blanks    one around operators, behind `,` and `:`; none inside `( )` and `[ ]`, around `^` and `.`, behind a sign,
 *             in a fraction of two whole numbers
 *   indent    a block stands 2 deeper than the statement that has it, a line that goes on as well (6 if it begins with
 *             `->`); inside brackets lines stand below what follows the bracket, or 2 deeper if nothing does
 *   columns   in lines directly below each other: `=` of the same kind of statement, the names of group, rep and
 *             domain, a `|>` as long as the words of the chains before it agree, comments behind the text
 *   lines     at most one blank line, none at the ends of a file or a block
 *
 * Elsewhere: what a token is (lexer.re), which newline ends a statement (layout.c). */
#include "front/parse.h"
#include "grammar.h"

enum { COMMENT = 0 };               /* a kind that no token has                                    */
enum { INDENT = 2, ARROW_INDENT = 6, COMMENT_GAP = 2, COMMENT_STEP = 40 };

typedef struct Piece {
  Str text;
  uint16_t kind;
  bool breaks;                      /* first on its line                                           */
  bool blank;                       /* ... with a blank line above                                 */
  bool starts;                      /* first of a statement or declaration                         */
  bool sign;                        /* a `-` before its operand                                    */
  uint32_t open;                    /* the bracket around it, as a piece + 1; 0: none, also for outer brackets */
  uint32_t line;
  uint32_t gap;                     /* blanks before it, unless it breaks                          */
  uint32_t column;
} Piece;
typedef vec(Piece) Pieces;

static bool opens(int kind) { return kind == T_LPAREN || kind == T_LBRACK || kind == T_LBRACE; }
static bool closes(int kind) { return kind == T_RPAREN || kind == T_RBRACK || kind == T_RBRACE; }
static bool ends_operand(int kind) {
  return kind == T_NAME || kind == T_INT || kind == T_DECIMAL || kind == T_IRREP || kind == T_TEXT || kind == T_HOLE ||
         kind == T_RPAREN || kind == T_RBRACK;
}

/* Characters, not bytes: comments and texts may hold any. */
static uint32_t width(Str s) {
  uint32_t n = 0;
  for (uint32_t i = 0; i < s.n; i++) n += ((unsigned char)s.at[i] & 0xc0) != 0x80;
  return n;
}

/* --- the pieces ------------------------------------------------------------------------------------- */
/* Adds the comments between two tokens; returns how many newlines lie behind the last one. */
static uint32_t add_comments(const Parse *p, Pieces *out, uint32_t from, uint32_t to) {
  uint32_t newlines = 0;
  for (uint32_t i = from; i < to; i++) {
    char c = p->text.at[i];
    newlines += c == '\n';
    if (c != '/') continue;
    uint32_t begin = i;
    while (i < to && p->text.at[i] != '\n') i++;
    uint32_t end = i--;                       /* the newline is counted next                          */
    while (p->text.at[end - 1] == ' ' || p->text.at[end - 1] == '\t' || p->text.at[end - 1] == '\r') end--;
    Piece x = { .text = { p->text.at + begin, end - begin }, .breaks = newlines > 0 || !out->n, .blank = newlines > 1 };
    vec_push(p->scratch, out, x);
    newlines = 0;
  }
  return newlines;
}

static Pieces collect(Parse *p) {
  Pieces out = { 0 };
  Tokens words = lex(p), tokens = layout(p, &words);
  vec(uint32_t) open = { 0 };
  uint32_t end = 0, j = 1;                    /* token 0 is BEGIN                                      */
  bool starts = true;
  for (uint32_t i = 0; i < words.n; i++) {
    Token w = words.at[i];
    uint32_t newlines = add_comments(p, &out, end, w.span.from);
    end = w.span.to;
    for (; tokens.at[j].kind == T_SEP; j++) starts = true;
    if (w.kind == T_END) break;
    Piece x = { .text = parse_text(p, w.span), .kind = w.kind, .breaks = newlines > 0 || !out.n,
                .blank = newlines > 1 };
    if (w.kind != T_SEMICOLON) {
      x.kind = tokens.at[j].kind;
      int before = tokens.at[j++ - 1].kind;
      x.starts = starts && !closes(x.kind);
      x.sign = x.kind == T_MINUS && !ends_operand(before);
      starts = x.kind == T_LBRACE;
    }
    if (closes(x.kind) && open.n) open.n--;
    x.open = open.n ? open.at[open.n - 1] : 0;
    vec_push(p->scratch, &out, x);
    if (opens(x.kind)) vec_push(p->scratch, &open, out.n);
  }
  for (uint32_t i = 0, line = 0; i < out.n; i++) {
    Piece *x = &out.at[i];
    x->blank = x->blank && i && !opens(x[-1].kind) && !closes(x->kind);
    if (x->breaks) line += 1 + x->blank;
    x->line = line;
  }
  return out;
}

/* --- blanks ------------------------------------------------------------------------------------------ */
/* 1/12 is one number to the eye; what binds tighter than `/` on either side takes that away. */
static bool fraction(const Piece *slash, const Piece *first, const Piece *end) {
  if (slash == first || slash + 1 >= end || slash[-1].kind != T_INT || slash[1].kind != T_INT) return false;
  if (slash - 1 > first && slash[-2].kind == T_CARET) return false;
  int behind = slash + 2 < end && !slash[2].starts ? slash[2].kind : T_SEP;
  return behind != T_NAME && behind != T_IRREP && behind != T_OF && behind != T_CARET && behind != T_DOT &&
         behind != T_LPAREN && behind != T_LBRACK;
}

static uint32_t blanks(const Piece *b, const Piece *first, const Piece *end) {
  const Piece *a = b - 1;
  if (b->kind == COMMENT) return COMMENT_GAP;
  if (a->kind == T_LPAREN || a->kind == T_LBRACK || a->kind == T_DOT || a->kind == T_CARET || a->sign) return 0;
  switch (b->kind) {
  case T_RPAREN: case T_RBRACK: case T_COMMA: case T_SEMICOLON: case T_COLON: case T_DOT: case T_CARET: return 0;
  case T_LPAREN: case T_LBRACK: return !ends_operand(a->kind);
  case T_RBRACE: return a->kind != T_LBRACE;
  case T_SLASH: return !fraction(b, first, end);
  default: return !(a->kind == T_SLASH && fraction(a, first, end));
  }
}

/* From the first character of `from` to that of `to`, on one line. */
static uint32_t distance(const Piece *from, const Piece *to) {
  uint32_t n = 0;
  for (; from < to; from++) n += width(from->text) + from[1].gap;
  return n;
}

/* --- columns: heads of statements --------------------------------------------------------------------- */
typedef struct Head { uint32_t first, equals, run; } Head;      /* pieces; run: the first head of its run */

/* Statements whose `=` stand in one column begin alike: declarations of what a file is about, or with the same word. */
static int likeness(const Piece *x) {
  switch (x->kind) {
  case T_GROUP: case T_REP: case T_DOMAIN: return T_GROUP;
  case T_LET: case T_VAR: case T_PARAM: case T_BREAK: case T_ASSUME: return x->kind;
  default: return T_NAME;
  }
}

static uint32_t find_equals(const Pieces *p, uint32_t first) {
  for (uint32_t i = first + 1; i < p->n && p->at[i].line == p->at[first].line; i++) {
    if (p->at[i].open != p->at[first].open) continue;
    if (p->at[i].starts) return 0;
    if (p->at[i].kind == T_EQ) return i;
  }
  return 0;
}

/* Does the statement at piece i go on with the column of the one before it, y? They stand directly below each other; in
 * a train block, which is a table of settings, values of several lines may lie between. */
static bool goes_on(const Pieces *p, uint32_t i, const Piece *y, bool setting) {
  const Piece *x = &p->at[i], *above = x - 1;
  if (likeness(x) != likeness(y)) return false;
  if (!setting) return y->line + 1 == x->line;
  return above->line + 1 == x->line && !(above->kind == COMMENT && above->breaks);
}

static void align_heads(const Parse *parse, Pieces *p) {
  vec(Head) heads = { 0 };
  uint32_t *last = arena_array(parse->scratch, uint32_t, p->n + 1);       /* by bracket: its last head + 1  */
  for (uint32_t i = 0; i < p->n; i++) {
    const Piece *x = &p->at[i];
    if (!x->starts) continue;
    uint32_t before = last[x->open];
    Head h = { i, find_equals(p, i), heads.n };
    if (before && heads.n) {
      Head *b = &heads.at[before - 1];
      const Piece *y = &p->at[b->first];
      if (y->line == x->line) h.equals = b->equals = 0;                   /* two on one line: neither        */
      bool setting = x->open && p->at[x->open - 1].kind == T_LBRACE && !p->at[x->open - 1].open &&
                     p->at[heads.at[last[0] - 1].first].kind == T_TRAIN;
      if (h.equals && b->equals && goes_on(p, i, y, setting)) h.run = b->run;
    }
    vec_push(parse->scratch, &heads, h);
    last[x->open] = heads.n;
  }
  uint32_t *widest = arena_array(parse->scratch, uint32_t, heads.n);
  for (int pass = 0; pass < 2; pass++) {                                  /* first the words, then the `=`   */
    memset(widest, 0, sizeof *widest * heads.n);
    for (int fill = 0; fill < 2; fill++)
      for (uint32_t i = 0; i < heads.n; i++) {
        const Head *h = &heads.at[i];
        if (!h->equals || (!pass && likeness(&p->at[h->first]) != T_GROUP)) continue;
        Piece *to = &p->at[pass ? h->equals : h->first + 1];
        uint32_t n = distance(&p->at[h->first], to);
        if (fill) to->gap += widest[h->run] - n;
        else if (n > widest[h->run]) widest[h->run] = n;
      }
  }
}

/* --- columns: chains ----------------------------------------------------------------------------------- */
typedef struct Chain {
  uint32_t first, pipe;             /* pieces of a line: its first `|>`, its k-th or 0             */
  bool joined;                      /* to the line above                                           */
} Chain;

static uint32_t next_pipe(const Pieces *p, uint32_t i) {
  for (uint32_t k = i + 1; i && k < p->n && p->at[k].line == p->at[i].line; k++)
    if (p->at[k].kind == T_PIPE && p->at[k].open == p->at[i].open) return k;
  return 0;
}

/* n lines that begin with `|>`, directly below each other. From pipe to pipe lines part, and never join again. */
static void align_chain(Pieces *p, Chain *c, uint32_t n) {
  for (bool more = n > 1; more;) {
    for (uint32_t i = 1; i < n; i++)
      c[i].joined = c[i].joined && str_equal(p->at[c[i].pipe + 1].text, p->at[c[i - 1].pipe + 1].text);
    for (uint32_t i = 0; i < n; i++) c[i].pipe = next_pipe(p, c[i].pipe);
    more = false;
    for (uint32_t i = 0, end; i < n; i = end) {
      uint32_t widest = 0;
      for (end = i; end < n && (end == i || c[end].joined); end++) {
        if (end > i && !(c[end].pipe && c[end - 1].pipe)) { c[end].joined = false; break; }
        uint32_t at = c[end].pipe ? distance(&p->at[c[end].first], &p->at[c[end].pipe]) : 0;
        if (at > widest) widest = at;
      }
      more |= end > i + 1;
      for (; i < end; i++)
        if (c[i].pipe) p->at[c[i].pipe].gap += widest - distance(&p->at[c[i].first], &p->at[c[i].pipe]);
    }
  }
}

static void align_chains(const Parse *parse, Pieces *p) {
  vec(Chain) c = { 0 };
  for (uint32_t i = 0; i < p->n; i++) {
    const Piece *x = &p->at[i], *y = c.n ? &p->at[c.at[c.n - 1].first] : NULL;
    if (!x->breaks || x->kind != T_PIPE) continue;
    bool joined = y && y->line + 1 == x->line && y->open == x->open;
    if (!joined) {
      align_chain(p, c.at, c.n);
      c.n = 0;
    }
    vec_push(parse->scratch, &c, (Chain){ i, i, joined });
  }
  align_chain(p, c.at, c.n);
}

/* --- indents ------------------------------------------------------------------------------------------- */
typedef struct Level {
  bool block;
  uint32_t content, close;          /* columns: of lines inside, of a line that begins with the bracket that closes */
  uint32_t statement;               /* of the one under way                                        */
  uint32_t value;                   /* of its expressions: what stands behind its `=`, else itself */
} Level;

/* Where a line that begins with x stands; `before` is the token before it. */
static uint32_t indent(const Level *l, const Piece *x, const Piece *before) {
  if (closes(x->kind)) return l->close;
  if (!l->block) return l->content + (before->kind == T_COMMA || opens(before->kind) ? 0 : INDENT);
  if (x->starts || !before) return l->content;
  if (x->kind == T_ARROW) return l->statement + ARROW_INDENT;
  return before->kind == T_COMMA ? l->value : l->statement + INDENT;
}

static Level enter(const Pieces *p, uint32_t i, const Level *around, uint32_t line_column) {
  const Piece *x = &p->at[i], *next = x + 1, *end = p->at + p->n;
  if (next < end && next->kind == COMMENT && !next->breaks) next++;
  bool hangs = next < end && next->breaks;
  if (x->kind == T_LBRACE)
    return (Level){ .block = true, .content = hangs ? around->statement + INDENT : x->column + 2,
                    .close = around->statement };
  return (Level){ .content = hangs ? line_column + INDENT : x->column + 1, .close = hangs ? line_column : x->column };
}

static void place(const Parse *parse, Pieces *p) {
  vec(Level) levels = { 0 };
  vec_push(parse->scratch, &levels, (Level){ .block = true });
  const Piece *before = NULL;                                   /* the last token                          */
  uint32_t line_column = 0;
  for (uint32_t i = 0; i < p->n; i++) {
    Piece *x = &p->at[i];
    Level *l = &levels.at[levels.n - 1];
    if (x->breaks && x->kind == COMMENT) {                      /* as the line below it, inside of a block */
      const Piece *y = x, *end = p->at + p->n;
      while (y < end && y->kind == COMMENT) y++;
      x->column = y == end || closes(y->kind) ? l->content : indent(l, y, before);
    } else if (x->breaks) {
      x->column = indent(l, x, before);
    } else {
      x->column = x[-1].column + width(x[-1].text) + x->gap;
    }
    if (x->breaks) line_column = x->column;
    if (x->starts) l->statement = l->value = x->column;
    if (before && before->kind == T_EQ && before->open == x->open && x->kind != COMMENT) l->value = x->column;
    if (closes(x->kind)) levels.n--;
    if (opens(x->kind)) {
      Level inner = enter(p, i, l, line_column);
      vec_push(parse->scratch, &levels, inner);
    }
    if (x->kind != COMMENT) before = x;
  }
}

/* --- columns: comments behind the text -------------------------------------------------------------------- */
typedef struct Behind { Piece *comment; uint32_t indent; } Behind;

static void align_comments(const Parse *parse, Pieces *p) {
  vec(Behind) behind = { 0 };
  uint32_t line_column = 0;
  for (uint32_t i = 0; i < p->n; i++) {
    if (p->at[i].breaks) line_column = p->at[i].column;
    else if (p->at[i].kind == COMMENT) {
      vec_push(parse->scratch, &behind, (Behind){ &p->at[i], line_column });
    }
  }
  for (uint32_t i = 0, end; i < behind.n; i = end) {
    uint32_t widest = 0;
    for (end = i; end < behind.n; end++) {
      const Piece *x = behind.at[end].comment, *above = behind.at[end > i ? end - 1 : i].comment;
      uint32_t step = x->column > above->column ? x->column - above->column : above->column - x->column;
      if (end > i && (x->line != above->line + 1 || behind.at[end].indent != behind.at[i].indent ||
                      step > COMMENT_STEP)) break;
      if (x->column > widest) widest = x->column;
    }
    for (uint32_t k = i; k < end; k++) behind.at[k].comment->gap += widest - behind.at[k].comment->column;
  }
}

/* --- all of it -------------------------------------------------------------------------------------------- */
static void repeat(Out *o, char c, uint32_t n) { while (n--) out_str(o, (Str){ &c, 1 }); }

static Str print(Arena *arena, const Pieces *p) {
  Out o = { .arena = arena };
  for (uint32_t i = 0; i < p->n; i++) {
    const Piece *x = &p->at[i];
    if (x->breaks && i) repeat(&o, '\n', 1 + x->blank);
    repeat(&o, ' ', x->breaks ? x->column : x->gap);
    out_str(&o, x->text);
  }
  if (p->n) out_str(&o, S("\n"));
  return out_text(&o);
}

static void must_agree(const Pieces *p, const Pieces *q) {
  if (p->n != q->n) bug("fmt: %u pieces became %u", p->n, q->n);
  for (uint32_t i = 0; i < p->n; i++) {
    const Piece *x = &p->at[i], *y = &q->at[i];
    if (x->kind != y->kind || x->breaks != y->breaks || x->starts != y->starts || x->open != y->open ||
        !str_equal(x->text, y->text))
      bug("fmt: `%.*s` became `%.*s`", STR(x->text), STR(y->text));
  }
}

bool text_format(Arena *arena, Diags *diags, uint32_t source, Str *text) {
  uint32_t nerrors = diags->nerrors;
  ast_parse(arena, diags, source);
  if (diags->nerrors > nerrors) return false;
  Arena scratch = { 0 };
  Parse parse = { .arena = arena, .scratch = &scratch, .diags = diags, .source = source,
                  .text = diags->sources->all.at[source - 1]->text };
  Pieces p = collect(&parse);
  for (uint32_t i = 1; i < p.n; i++) if (!p.at[i].breaks) p.at[i].gap = blanks(&p.at[i], p.at, p.at + p.n);
  align_heads(&parse, &p);
  align_chains(&parse, &p);
  place(&parse, &p);
  align_comments(&parse, &p);
  *text = print(arena, &p);
  parse.text = *text;
  Pieces again = collect(&parse);
  must_agree(&p, &again);
  arena_free(&scratch);
  return true;
}
