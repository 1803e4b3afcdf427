/* header.c: --emit=header. For each model its certificate, where each weight lies, and for each entry a prototype and
 * that of its workspace, with what each argument is and how large it is.
 *
 * Reads the entries that module.c describes; the order of arguments is that of their Graph: sizes, arguments,
 * workspace. A name that is a keyword of C or C++, or one of gdl.h, or taken by one before it, gets `_` at
 * its end. */
#include "back/header.h"
#include "graph/expand.h"
#include <inttypes.h>

static const char *const keywords[] = { "alignas", "alignof", "and", "and_eq", "asm", "auto", "bitand", "bitor",
  "bool", "break", "case", "catch", "char", "char16_t", "char32_t", "char8_t", "class", "co_await", "co_return",
  "co_yield", "compl", "concept", "const", "const_cast", "consteval", "constexpr", "constinit", "continue",
  "decltype", "default", "delete", "do", "double", "dynamic_cast", "else", "enum", "explicit", "export", "extern",
  "false", "float", "for", "friend", "gdl_action", "gdl_arg", "gdl_call", "gdl_claim", "gdl_column", "gdl_device",
  "gdl_dtype", "gdl_entry", "gdl_group", "gdl_host", "gdl_init", "gdl_kernel", "gdl_module", "gdl_moves", "gdl_piece",
  "gdl_reader", "gdl_role", "gdl_setting", "gdl_status", "gdl_term", "gdl_verdict", "gdl_weight", "goto", "if",
  "inline", "int", "int16_t", "int32_t", "INT64_C", "int64_t", "int8_t", "intmax_t", "intptr_t", "linux", "long",
  "max_align_t", "mutable", "namespace", "new", "noexcept", "not", "not_eq", "NULL", "nullptr", "offsetof",
  "operator", "or", "or_eq", "private", "protected", "ptrdiff_t", "public", "register", "reinterpret_cast",
  "requires", "restrict", "return", "short", "signed", "size_t", "sizeof", "static", "static_assert", "static_cast",
  "struct", "switch", "template", "this", "thread_local", "throw", "true", "try", "typedef", "typeid", "typename",
  "typeof", "uint16_t", "uint32_t", "uint64_t", "uint8_t", "uintmax_t", "uintptr_t", "union", "unix", "unsigned",
  "using", "virtual", "void", "volatile", "wchar_t", "while", "xor", "xor_eq" };

/* What begins with two of `_`, or with one and a capital letter, belongs to C: _Bool, __func__. */
static bool reserved(Str name) {
  bool is = name.n > 1 && name.at[0] == '_' && (name.at[1] == '_' || (name.at[1] >= 'A' && name.at[1] <= 'Z'));
  for (size_t i = 0; i < sizeof keywords / sizeof *keywords; i++) is |= str_is(name, keywords[i]);
  return is;
}

void header_name(Str name, Out *out) {
  for (uint32_t i = 0; i < name.n; i++) {
    char c = name.at[i];
    bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
    out_printf(out, "%c", plain ? c : '_');
  }
  if (reserved(name)) out_str(out, S("_"));
}

/* The name of every parameter: sizes, arguments; none twice, none `workspace`. */
static const Str *parameter_names(Arena *arena, const Graph *g) {
  uint32_t n = g->symbol.n + g->arg.n;
  Str *names = arena_array(arena, Str, n);
  for (uint32_t i = 0; i < n; i++) {
    Out out = { .arena = arena };
    header_name(i < g->symbol.n ? g->symbol.at[i] : g->arg.at[i - g->symbol.n].name, &out);
    bool taken = true;
    while (taken) {
      taken = str_is(out_text(&out), "workspace");
      for (uint32_t k = 0; k < i; k++) taken |= str_equal(names[k], out_text(&out));
      if (taken) out_str(&out, S("_"));
    }
    names[i] = out_text(&out);
  }
  return names;
}

static void write_extent(const Str *names, const Arg *a, Out *out) {
  for (uint8_t i = 0; i < a->rank; i++) {
    Size n = a->axis[i].n;
    if (n >= 0) out_printf(out, "[%d]", n);
    else out_printf(out, "[%.*s]", STR(names[-n - 1]));
  }
}

/* What the entry does with an argument: it reads, writes, or does both. */
static const char *use_of(const Graph *g, const Arg *a) {
  switch (a->role) {
  case ARG_IN: case ARG_TARGET: case ARG_INDEX: case ARG_SETTING: case ARG_KEY: case ARG_COTANGENT: return "read";
  case ARG_PARAM: return g->kind == ENTRY_STEP ? "read and written" : "read";
  case ARG_SUMS: return g->kind == ENTRY_SCORE ? "read" : "written";
  case ARG_MOMENT: case ARG_AVERAGE: return "read and written";
  case ARG_OUT: case ARG_GRAD: case ARG_VALUE: return "written";
  }
  bug("role %d", (int)a->role);
}

static void write_entry(const ModuleInput *in, const ModuleEntry *e, Arena *arena, Out *out) {
  const Graph *g = e->lowered;
  const Str *names = parameter_names(arena, g), *arg = names + g->symbol.n;
  Str symbol = module_symbol(arena, in, e->name, "");
  out_printf(out, "\n/* %.*s", STR(symbol));
  for (uint32_t i = 0; i < g->arg.n; i++) {
    const Arg *a = &g->arg.at[i];
    out_printf(out, "\n *   %.*s", STR(arg[i]));
    write_extent(names, a, out);
    if (a->rep) { out_printf(out, "  "); rep_text(a->rep, out); }
    out_printf(out, ", %s", use_of(g, a));
  }
  out_printf(out, " */\nint %.*s(", STR(symbol));
  for (uint32_t i = 0; i < g->symbol.n; i++) out_printf(out, "int64_t %.*s, ", STR(names[i]));
  for (uint32_t i = 0; i < g->arg.n; i++) {
    const Arg *a = &g->arg.at[i];
    const char *type = a->number != NUMBER_REAL ? "int32_t" : a->role == ARG_SUMS || g->f64 ? "double" : "float";
    out_printf(out, "%s%s *%.*s, ", !strcmp(use_of(g, a), "read") ? "const " : "", type, STR(arg[i]));
  }
  out_printf(out, "void *workspace);\nsize_t %.*s(", STR(module_symbol(arena, in, e->name, "_workspace")));
  for (uint32_t i = 0; i < g->symbol.n; i++) out_printf(out, "%sint64_t %.*s", i ? ", " : "", STR(names[i]));
  out_printf(out, ");\n");
}

/* The certificate in a line an output, and the weights: a table for whoever fills `param`. */
static void write_model(const ModuleInput *in, Arena *arena, Out *out) {
  const Model *m = in->model;
  static const char *const verdicts[] = { "proved", "audited", "broken" };
  Place p = span_place(in->program->sources, m->at);
  for (uint32_t i = 0; i < p.path.n; i++)              /* without folders, so that no path ends the comment */
    if (p.path.at[i] == '/') { p.path = (Str){ p.path.at + i + 1, p.path.n - i - 1 }; i = UINT32_MAX; }
  out_printf(out, "\n/* --- %.*s, %.*s:%u: what acts on the inputs is %.*s", STR(m->name), STR(p.path), p.line,
      STR(m->acts.n ? m->acts : S("nothing")));
  for (uint32_t i = 0; i < m->noutputs; i++) {
    out_printf(out, "\n *   output %.*s: ", STR(m->output[i].name));
    type_text(&m->output[i].value->type, out);
    out_printf(out, ", %s", verdicts[m->output[i].value->proof.verdict]);
  }
  if (m->weight.n) {
    ParamLayout layout = param_layout(arena, m);
    Str nparam = module_symbol(arena, in, m->name, "_nparam"),
        ntrained = module_symbol(arena, in, m->name, "_ntrained");
    out_printf(out, "\n *\n * param: the first of each weight, its shape; those from %.*s on are statistics.",
        STR(ntrained));
    out_printf(out, "\n * A shape [basis][in][out] is");
    out_printf(out, " that of a tensor of a checkpoint; `PROGRAM export` writes the vector as it is wanted here.");
    for (uint32_t i = 0; i < m->weight.n; i++) {
      const Weight *w = m->weight.at[i];
      out_printf(out, "\n *   %8" PRIu64 "  ", layout.offset[i]);
      for (uint32_t k = 0; k < w->rank; k++) out_printf(out, "[%" PRIu64 "]", w->dim[k]);
      out_printf(out, "  %.*s", STR(w->name));
    }
    out_printf(out, " */\n#define %.*s INT64_C(%" PRIu64 ")\n#define %.*s INT64_C(%" PRIu64 ")\n", STR(nparam),
        layout.nparam, STR(ntrained), layout.ntrained);
  } else {
    out_printf(out, " */\n");
  }
}

void header_text(const ModuleInput *in, uint32_t n, Out *out) {
  Arena arena = { 0 };
  Str guard = str_copy(&arena, module_symbol(&arena, in, in->model->name, ""));
  for (uint32_t i = 0; i < guard.n; i++)
    if (guard.at[i] >= 'a' && guard.at[i] <= 'z') ((char *)guard.at)[i] = (char)(guard.at[i] - 'a' + 'A');
  out_printf(out,
      "/* Generated by gdlc. Every function returns a status of gdl.h; docs/abi.md explains. A workspace has the\n"
      " * bytes that NAME_workspace says, aligned to 64, and need not be cleared; what is written may not overlap "
          "what\n"
      " * is read. */\n"
      "#ifndef GDL_%.*s_H\n#define GDL_%.*s_H\n#include \"gdl.h\"\n#ifdef __cplusplus\nextern \"C\" {\n#endif\n",
      STR(guard), STR(guard));
  for (uint32_t k = 0; k < n; k++) {
    write_model(&in[k], &arena, out);
    for (uint32_t i = 0; i < in[k].nentries; i++) write_entry(&in[k], &in[k].entry[i], &arena, out);
    out_printf(out, "\nextern const gdl_module %.*s;\n",
        STR(module_symbol(&arena, &in[k], in[k].model->name, "_module")));
  }
  out_printf(out, "\n#ifdef __cplusplus\n}\n#endif\n#endif\n");
  arena_free(&arena);
}
