/* program.h: the programs of this folder go through the models of source files. */
#ifndef GDLC_TESTS_PROGRAM_H
#define GDLC_TESTS_PROGRAM_H
#include "front/program.h"

typedef void ModelTrial(const char *file, const Program *p, const Model *m, void *context);

/* Runs `trial` on each model of a file; a file that does not check is a failure, with its errors. */
static inline void each_model(const char *library, const char *path, ModelTrial *trial, void *context) {
  Arena arena = { 0 };
  Sources sources = { .arena = &arena };
  Diags diags = { .arena = &arena, .sources = &sources };
  uint32_t source = source_read(&sources, str_of(path));
  const Ast *file = source ? ast_parse(&arena, &diags, source) : NULL;
  Program *p = file && !diags.nerrors ? program_check(&arena, &diags, file, str_of(library)) : NULL;
  const char *name = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
  if (!p) {
    printf("fail %s: it is refused\n", name);
    diag_print(&diags, DIAG_HUMAN, stderr);
  }
  for (uint32_t k = 0; p && k < p->model.n; k++) trial(name, p, p->model.at[k], context);
  if (p) program_close(p);
  arena_free(&arena);
}
#endif
