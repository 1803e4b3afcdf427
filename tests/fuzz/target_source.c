/* target_source.c: source text. Parsed and, where it parses, laid out anew (the same tree, and nothing left to do the
 * second time) and checked; what is accepted passes the verifier and is written as text, and whatever was said is
 * printed in both forms. */
#include "front/ast.h"
#include "front/program.h"
#include "fuzz/texts.h"
#include <stdlib.h>

static void print(const Diags *diags, DiagFormat format) {
  char *text = NULL;
  size_t n = 0;
  FILE *f = open_memstream(&text, &n);
  CLAIM(f);
  diag_print(diags, format, f);
  fclose(f);
  CLAIM(diags->all.n == 0 || n > 0);
  free(text);
}

static void format(Arena *arena, Diags *diags, uint32_t source, Str tree) {
  Str once, twice;
  Out again = { .arena = arena };
  CLAIM(text_format(arena, diags, source, &once));
  uint32_t laid = source_add(diags->sources, S("laid.gdl"), once);
  ast_dump(ast_parse(arena, diags, laid), &again);
  CLAIM(!diags->nerrors && str_equal(tree, out_text(&again)));
  CLAIM(text_format(arena, diags, laid, &twice) && str_equal(once, twice));
}

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t n) {
  char library[4096];
  target_library(library);
  Opened o;
  source_open(&o, at, n);
  Out out = { .arena = &o.arena };
  Why why = { .arena = &o.arena };
  const Ast *file = ast_parse(&o.arena, &o.diags, o.source);
  CLAIM(file);
  ast_dump(file, &out);
  if (!o.diags.nerrors) {
    CLAIM(ast_verify(file, &why));
    format(&o.arena, &o.diags, o.source, out_text(&out));
    Program *p = program_check(&o.arena, &o.diags, file, str_of(library));
    CLAIM(p || o.diags.nerrors);
    if (p && !o.diags.nerrors) {
      CLAIM(program_verify(p, &why));
      program_text(p, &out);
    }
    if (p) program_close(p);
  }
  CLAIM(o.sources.all.n < 64);                        /* files are read once or twice, whatever the text says */
  print(&o.diags, DIAG_HUMAN);
  print(&o.diags, DIAG_JSON);
  arena_free(&o.arena);
  return 0;
}
