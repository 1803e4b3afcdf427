/* compile.c: the whole pipeline, visible in one place.
 *
 * Reads Options; every pass below is a few lines: run it, time it, verify what it wrote, dump it when asked. One
 * arena lives as long as the compilation. Errors of the user's program have been reported by diag_print when a pass
 * says no; errors of files and linkers are printed here, with the path. */
#include "compile.h"
#include "back/cuda.h"
#include "back/header.h"
#include "back/link.h"
#include "back/llvm.h"
#include "graph/winograd.h"
#include "back/package.h"
#include <errno.h>
#include <pthread.h>
#include <sys/stat.h>
#include <time.h>

typedef struct Compilation {
  const Options *options;
  Arena *arena;
  Sources sources;
  Diags diags;
  Program *program;
  const Target *target;
  vec(ModuleInput) module;          /* the models that are compiled; each has a run of `entry`      */
  uint32_t chosen;                  /* of module: that of a program                                 */
  int wanted;                       /* OF_PROGRAM ...: which entries, when --entry does not say         */
  vec(ModuleEntry) entry;
  vec(Graph *) graph;               /* of each entry, after its last pass                             */
  uint32_t ncareful;                /* units of kernels that run all the time                      */
  double seconds[PASS_COUNT], began;
} Compilation;

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void begin(Compilation *c) { c->began = now(); }
static void end(Compilation *c, Pass pass) { c->seconds[pass] += now() - c->began; }

static const char *const pass_names[] = {
#define PASS(name, writes, what) #name,
  PASSES(PASS)
#undef PASS
};

static bool dumps(const Compilation *c, Pass pass) { return str_is(c->options->dump_after, pass_names[pass]); }
static Out text_out(Compilation *c) { return (Out){ .arena = c->arena }; }
static void print(Out *o) { Str s = out_text(o); fwrite(s.at, 1, s.n, stdout); }

static int complain(const Why *why, int status) {
  for (uint32_t i = 0; i < why->reason.n; i++) fprintf(stderr, "gdlc: %.*s\n", STR(why->reason.at[i].text));
  if (why->help.n) fprintf(stderr, "  help: %.*s\n", STR(why->help));
  return status;
}

/* A verifier that says no: our mistake. */
static void must(bool ok, const Why *why, const char *pass, Str entry) {
  if (!ok)
    bug("after %s, %.*s: %.*s", pass, STR(entry), why->reason.n ? (int)why->reason.at[0].text.n : 0,
        why->reason.n ? why->reason.at[0].text.at : "");
}

static int emit_bytes(Compilation *c, EmitKind kind, Bytes bytes) {
  Str to = c->options->emit_to[kind];
  if (!to.n) { fwrite(bytes.at, 1, bytes.n, stdout); return 0; }
  Why why = { .arena = c->arena };
  return file_write(c->arena, to, bytes, false, &why) ? 0 : complain(&why, EXIT_IO);
}

static int emit_text(Compilation *c, EmitKind kind, Out *o) {
  Str s = out_text(o);
  return emit_bytes(c, kind, (Bytes){ s.at, s.n });
}

/* --- the passes ------------------------------------------------------------------------------------- */
static int report(Compilation *c) {
  diag_print(&c->diags, c->options->format, c->options->format == DIAG_JSON ? stdout : stderr);
  return c->diags.nerrors ? EXIT_REFUSED : 0;
}

static int front(Compilation *c) {
  begin(c);
  uint32_t source = source_read(&c->sources, c->options->file);
  if (!source) {
    fprintf(stderr, "gdlc: cannot read %.*s: %s\n", STR(c->options->file), strerror(errno));
    return EXIT_IO;
  }
  const Ast *file = ast_parse(c->arena, &c->diags, source);
  end(c, PASS_parse);
  Out out = text_out(c);
  if (c->options->emit[EMIT_ast] || dumps(c, PASS_parse)) {
    ast_dump(file, &out);
    int status = dumps(c, PASS_parse) ? (print(&out), 0) : emit_text(c, EMIT_ast, &out);
    if (status) return status;
  }
  if (c->diags.nerrors) return report(c);
  begin(c);
  c->program = program_check(c->arena, &c->diags, file, c->options->library);
  end(c, PASS_check);
  if (report(c) || !c->program) return EXIT_REFUSED;
  Why why = { .arena = c->arena };
  must(program_verify(c->program, &why), &why, "check", c->options->file);
  out = text_out(c);
  if (c->options->emit[EMIT_types] || dumps(c, PASS_check)) {
    program_text(c->program, &out);
    if (dumps(c, PASS_check)) print(&out);
    else return emit_text(c, EMIT_types, &out);
  }
  return 0;
}

static const struct { const char *name; EntryKind kind; bool f64; int of; } entries[] = {
#define ENTRY(name, kind, f64, of, what) { #name, ENTRY_##kind, f64, of },
  ENTRIES(ENTRY)
#undef ENTRY
};
enum { ENTRY_ROWS = sizeof entries / sizeof *entries };

static bool emits_library(const Options *o) {
  bool any = false;
  for (int kind = EMIT_obj; kind <= EMIT_package; kind++) any |= o->emit[kind];
  return any;
}

/* A program has one model of a file; a library has all of them, if --model names none. What is neither, but a form of
 * the code of a kernel, is of all kernels too: they are for other programs. */
static int choose_models(Compilation *c) {
  const Options *o = c->options;
  const Model *chosen = NULL;
  for (uint32_t i = 0; i < c->program->model.n; i++) {
    const Model *m = c->program->model.at[i];
    if (o->model.n ? str_equal(m->name, o->model) : !chosen || !chosen->train || m->train) chosen = m;
  }
  if (!chosen) {
    if (o->model.n) fprintf(stderr, "gdlc: %.*s has no model `%.*s`\n", STR(o->file), STR(o->model));
    else fprintf(stderr, "gdlc: %.*s declares no model\n", STR(o->file));
    return EXIT_USAGE;
  }
  bool library = emits_library(o) || (chosen->kernel && !o->out.n);
  c->wanted = library && !o->out.n ? OF_LIBRARY : library ? OF_LIBRARY | OF_PROGRAM : OF_PROGRAM;
  if (c->wanted & OF_PROGRAM && o->audit) c->wanted |= OF_AUDIT;
  for (uint32_t i = 0; i < c->program->model.n; i++) {
    const Model *m = c->program->model.at[i];
    if (m == chosen || (library && !o->model.n)) vec_push(c->arena, &c->module, (ModuleInput){ .model = m });
    if (m == chosen) c->chosen = c->module.n - 1;
  }
  return 0;
}

/* --entry=infer,pull; else by the column `of`. */
static bool entry_wanted(const Compilation *c, int row) {
  Str list = c->options->entry;
  if (!list.n) return entries[row].of & c->wanted;
  for (uint32_t from = 0, to; from <= list.n; from = to + 1) {
    for (to = from; to < list.n && list.at[to] != ',';) to++;
    if (str_is((Str){ list.at + from, to - from }, entries[row].name)) return true;
  }
  return false;
}

static void lower_entry(Compilation *c, const Model *m, EntryKind kind, bool f64) {
  Why why = { .arena = c->arena };
  begin(c);
  Graph *g = graph_lower(c->arena, c->program, m, kind, f64);
  end(c, PASS_lower);
  must(graph_verify(g, &why), &why, "lower", g->name);
  Out out = text_out(c);
  if (dumps(c, PASS_lower)) { graph_text(g, &out); print(&out); }
  begin(c);
  Graph *s = graph_simplify(g, c->arena);
  end(c, PASS_simplify);
  must(graph_verify(s, &why), &why, "simplify", g->name);
  out = text_out(c);
  if (dumps(c, PASS_simplify)) { graph_text(s, &out); print(&out); }
  vec_push(c->arena, &c->entry, (ModuleEntry){ .lowered = g, .name = g->name, .at = m->at });
  vec_push(c->arena, &c->graph, s);
}

static int lower_entries(Compilation *c) {
  for (uint32_t k = 0; k < c->module.n; k++) {
    const Model *m = c->module.at[k].model;
    uint32_t first = c->entry.n;
    for (int i = 0; i < ENTRY_ROWS; i++)
      if (entry_wanted(c, i) && (m->train || !(entries[i].of & OF_TRAINING)))
        lower_entry(c, m, entries[i].kind, entries[i].f64);
    c->module.at[k].nentries = c->entry.n - first;
  }
  if (!c->entry.n) {
    fprintf(stderr, "gdlc: %.*s has no entry `%.*s`: it has no train block\n", STR(c->module.at[c->chosen].model->name),
        STR(c->options->entry));
    return EXIT_USAGE;
  }
  for (uint32_t k = 0, first = 0; k < c->module.n; first += c->module.at[k++].nentries) {
    ModuleInput *in = &c->module.at[k];
    *in = (ModuleInput){ .program = c->program,
      .model = in->model,
      .entry = &c->entry.at[first],
      .nentries = in->nentries,
      .prefix = c->options->prefix,
      .source = c->sources.all.at[0]->text };
  }
  return 0;
}

/* For the CPU alone: what it costs is known there. Plain entries are what others are held against. */
static void winograd_entries(Compilation *c) {
  for (uint32_t i = 0; i < c->graph.n; i++) {
    if (!c->graph.at[i]->plain && !str_is(c->options->winograd, "off")) {
      Why why = { .arena = c->arena };
      begin(c);
      c->graph.at[i] = graph_winograd(c->graph.at[i], c->arena, false);
      end(c, PASS_winograd);
      must(graph_verify(c->graph.at[i], &why), &why, "winograd", c->graph.at[i]->name);
    }
    Out out = text_out(c);
    if (dumps(c, PASS_winograd)) { graph_text(c->graph.at[i], &out); print(&out); }
  }
}

static void plan_entries(Compilation *c, const Target *target, Out *comments) {
  begin(c);
  for (uint32_t i = 0; i < c->entry.n; i++) {
    EntryCode *code = entry_plan(c->arena, c->graph.at[i], target, comments);
    Why why = { .arena = c->arena };
    for (uint32_t k = 0; k < code->kernel.n; k++)
      must(loops_verify(code->kernel.at[k].kernel, &why), &why, "plan", code->kernel.at[k].kernel->name);
    c->entry.at[i].code = code;
  }
  end(c, PASS_plan);
}

static void loops_dump(Compilation *c, Out *out) {
  for (uint32_t i = 0; i < c->entry.n; i++)
    for (uint32_t k = 0; k < c->entry.at[i].code->kernel.n; k++)
      loops_text(c->entry.at[i].code->kernel.at[k].kernel, out);
}

static int emit_cuda(Compilation *c) {
  Why why = { .arena = c->arena };
  const Target *target = target_find(S("cuda"), &why);
  if (!target) return complain(&why, EXIT_USAGE);
  plan_entries(c, target, NULL);
  Out out = text_out(c);
  begin(c);
  for (uint32_t i = 0; i < c->entry.n; i++) cuda_text(c->entry.at[i].code, &out);
  end(c, PASS_print);
  int status = c->options->emit[EMIT_cuda] ? emit_text(c, EMIT_cuda, &out) : 0;
  for (int kind = EMIT_ptx; !status && kind <= EMIT_cubin; kind++) {
    if (!c->options->emit[kind]) continue;
    Str code;
    begin(c);
    if (!cuda_compile(c->arena, out_text(&out), kind == EMIT_cubin, &code, &why)) return complain(&why, EXIT_IO);
    end(c, PASS_print);
    status = emit_bytes(c, (EmitKind)kind, (Bytes){ code.at, code.n });
  }
  return status;
}

/* --- objects ------------------------------------------------------------------------------------------ */
/* Kernels are dealt to units by size, largest first. Two threads compile two units each: one of the kernels that a
 * program runs all the time, one of those of the plain entries, which only audits run. */
enum { THREADS = 2, UNITS = 2 * THREADS };
typedef struct Unit {
  const Compilation *c;
  vec(const Kernel *) kernel;
  vec(int64_t) stride;
  uint64_t size;
  LlvmOutput output;
  LlvmCare care;
  Arena arena;                      /* the bytes; freed with the compilation                       */
  Bytes bytes;
  LlvmCost cost;
  Why why;
  bool ok;
} Unit;

static void *print_unit(void *context) {
  Unit *u = context;
  u->why = (Why){ .arena = &u->arena };
  LlvmUnit *l = llvm_open(S("kernels"), u->c->options->march, u->care, &u->why);
  if (!l) return NULL;
  for (uint32_t i = 0; i < u->kernel.n; i++) llvm_kernel(l, u->kernel.at[i], u->stride.at[i]);
  u->ok = llvm_emit(l, u->output, &u->arena, &u->bytes, &u->cost, &u->why);
  llvm_close(l);
  return NULL;
}

static void *print_units(void *context) {
  Unit *u = context; /* its own, and the quick one THREADS further on, if there is one */
  print_unit(u);
  if (u->care == LLVM_CAREFUL && u[0].c->ncareful == THREADS) print_unit(u + THREADS);
  return NULL;
}

/* n == 1: everything in one unit, as text; else UNITS. */
static bool print_kernels(Compilation *c, Unit *unit, uint32_t n, LlvmOutput output, Why *why) {
  c->ncareful = n == 1 ? 1 : THREADS;
  for (uint32_t u = 0; u < n; u++) {
    unit[u].c = c;
    unit[u].output = output;
    unit[u].care = u < c->ncareful ? LLVM_CAREFUL : LLVM_QUICK;
  }
  uint32_t total = 0;
  for (uint32_t e = 0; e < c->entry.n; e++) total += c->entry.at[e].code->kernel.n;
  struct { const Kernel *k; int64_t stride; bool plain; } *all = arena_alloc(c->arena, sizeof *all * (total + 1));
  total = 0;
  for (uint32_t e = 0; e < c->entry.n; e++)
    for (uint32_t k = 0; k < c->entry.at[e].code->kernel.n; k++) {
      const Kernel *x = c->entry.at[e].code->kernel.at[k].kernel;
      uint32_t at = total++;
      while (n > 1 && at && all[at - 1].k->ins.n < x->ins.n) { all[at] = all[at - 1]; at--; }
      all[at].k = x;
      all[at].stride = c->entry.at[e].code->slab;
      all[at].plain = c->entry.at[e].lowered->plain;
    }
  for (uint32_t i = 0; i < total; i++) {
    uint32_t from = n > 1 && all[i].plain ? THREADS : 0, least = from;
    for (uint32_t u = from; u < from + c->ncareful; u++) if (unit[u].size < unit[least].size) least = u;
    vec_push(c->arena, &unit[least].kernel, all[i].k);
    vec_push(c->arena, &unit[least].stride, all[i].stride);
    unit[least].size += all[i].k->ins.n;
  }
  pthread_t thread[THREADS];
  bool started[THREADS] = { 0 };
  for (uint32_t u = 1; u < c->ncareful; u++) started[u] = !pthread_create(&thread[u], NULL, print_units, &unit[u]);
  print_units(&unit[0]);
  for (uint32_t u = 1; u < c->ncareful; u++) {
    if (started[u]) pthread_join(thread[u], NULL);
    else print_units(&unit[u]);
  }
  for (uint32_t u = 0; u < n; u++)
    if (!unit[u].ok) return why_no(why, CODE_NONE, "%.*s", STR(unit[u].why.reason.at[0].text));
  return true;
}

/* The descriptors: of the one model of a program, or of all. */
static bool print_modules(Compilation *c, bool program, Bytes *bytes, Why *why) {
  LlvmUnit *u = llvm_open(S("module"), c->options->march, LLVM_QUICK, why);
  if (!u) return false;
  for (uint32_t k = 0; k < c->module.n; k++) {
    if (program && k != c->chosen) continue;
    c->module.at[k].target = c->target->name;
    c->module.at[k].the_module = program;
    module_describe(llvm_module(u), c->arena, &c->module.at[k]);
  }
  bool ok = llvm_emit(u, LLVM_OBJECT, c->arena, bytes, NULL, why);
  llvm_close(u);
  return ok;
}

static void free_units(Unit *unit, uint32_t n) { for (uint32_t u = 0; u < n; u++) arena_free(&unit[u].arena); }

static int emit_texts(Compilation *c) {
  for (int kind = EMIT_llvm; kind <= EMIT_asm; kind++) {
    if (!c->options->emit[kind]) continue;
    Unit unit[1] = { 0 };
    Why why = { .arena = c->arena };
    bool ok = print_kernels(c, unit, 1, kind == EMIT_llvm ? LLVM_TEXT : LLVM_ASSEMBLY, &why);
    int status = ok ? emit_bytes(c, (EmitKind)kind, unit[0].bytes) : complain(&why, EXIT_USAGE);
    free_units(unit, 1);
    if (status) return status;
  }
  return 0;
}

static int emit_objects(Compilation *c) {
  const Options *o = c->options;
  bool library = o->emit[EMIT_obj] || o->emit[EMIT_lib] || o->emit[EMIT_so];
  if (!o->out.n && !library) return 0;
  Unit unit[UNITS] = { 0 };
  Why why = { .arena = c->arena };
  begin(c);
  Bytes object[UNITS + 1];
  bool ok = print_kernels(c, unit, UNITS, LLVM_OBJECT, &why) && print_modules(c, o->out.n > 0, &object[UNITS], &why);
  end(c, PASS_print);
  for (uint32_t u = 0; u < UNITS; u++) object[u] = unit[u].bytes;
  int status = ok ? 0 : complain(&why, EXIT_USAGE);
  begin(c);
  if (ok && o->out.n) {
    Str runtime = str_format(c->arena, "%.*s/gdlrt.o", STR(o->library));
    if (!link_program(c->arena, o->out, runtime, object, UNITS + 1, &why)) status = complain(&why, EXIT_IO);
  }
  if (ok && !status && library) {
    if (o->out.n && !print_modules(c, false, &object[UNITS], &why)) status = complain(&why, EXIT_USAGE);
    static const LinkKind links[] = { LINK_OBJECT, LINK_STATIC, LINK_SHARED };
    for (int kind = EMIT_obj; !status && kind <= EMIT_so; kind++)
      if (o->emit[kind] && !link_library(c->arena, o->emit_to[kind], links[kind - EMIT_obj], object, UNITS + 1, &why))
        status = complain(&why, EXIT_IO);
  }
  end(c, PASS_link);
  if (o->time)
    for (uint32_t u = 0; u < UNITS; u++)
      fprintf(stderr, "  unit %u     %u LLVM instructions: print %.0f, optimise %.0f, generate %.0f ms\n", u,
          unit[u].cost.instructions, 1e3 * unit[u].cost.print, 1e3 * unit[u].cost.optimise,
          1e3 * unit[u].cost.generate);
  free_units(unit, UNITS);
  return status;
}

/* --- what stands beside a library ----------------------------------------------------------------------- */
static int emit_beside(Compilation *c) {
  const Options *o = c->options;
  Why why = { .arena = c->arena };
  Package p = { package_name(c->arena, o->file), c->target->name, o->emit_to[EMIT_lib], o->emit_to[EMIT_so],
    o->emit_to[EMIT_header] };
  int status = 0;
  if (emits_library(o) && !module_symbols_differ(c->arena, c->module.at, c->module.n, &why)) {
    why_help(&why, "--model=NAME takes one model of the file");
    return complain(&why, EXIT_USAGE);
  }
  if (o->emit[EMIT_header]) {
    Out out = text_out(c);
    header_text(c->module.at, c->module.n, &out);
    status = emit_text(c, EMIT_header, &out);
  }
  if (!status && o->emit[EMIT_gdl]) {
    Bytes bytes;
    if (!file_read(c->arena, str_format(c->arena, "%.*s/gdl.h", STR(o->library)), &bytes, &why))
      return complain(&why, EXIT_IO);
    status = emit_bytes(c, EMIT_gdl, bytes);
  }
  if (!status && o->emit[EMIT_pkgconfig]) {
    Out out = text_out(c);
    package_pkgconfig(&p, c->arena, o->emit_to[EMIT_pkgconfig], &out);
    status = emit_text(c, EMIT_pkgconfig, &out);
  }
  if (!status && o->emit[EMIT_cmake]) {
    Out out = text_out(c);
    package_cmake(&p, c->arena, o->emit_to[EMIT_cmake], &out);
    status = emit_text(c, EMIT_cmake, &out);
  }
  return status;
}

/* --emit=package=FOLDER stands for five other forms; those that are given go where they are told. */
static void expand_package(Options *o, Arena *arena) {
  if (!o->emit[EMIT_package]) return;
  Str folder = o->emit_to[EMIT_package], name = package_name(arena, o->file);
  const struct { EmitKind kind; Str folder, file; } usual[] = {
    { EMIT_lib, str_format(arena, "%.*s/lib", STR(folder)), str_format(arena, "lib%.*s.a", STR(name)) },
    { EMIT_header, str_format(arena, "%.*s/include", STR(folder)), str_format(arena, "%.*s.h", STR(name)) },
    { EMIT_gdl, str_format(arena, "%.*s/include", STR(folder)), S("gdl.h") },
    { EMIT_pkgconfig, str_format(arena, "%.*s/lib/pkgconfig", STR(folder)), str_format(arena, "%.*s.pc", STR(name)) },
    { EMIT_cmake, str_format(arena, "%.*s/lib/cmake/%.*s", STR(folder), STR(name)),
        str_format(arena, "%.*s-config.cmake", STR(name)) },
  };
  for (size_t i = 0; i < sizeof usual / sizeof *usual; i++) {
    if (o->emit_to[usual[i].kind].n) continue;
    o->emit[usual[i].kind] = true;
    o->emit_to[usual[i].kind] = str_format(arena, "%.*s/%.*s", STR(usual[i].folder), STR(usual[i].file));
  }
}

static int make_folders(Compilation *c) {
  Why why = { .arena = c->arena };
  for (int kind = EMIT_obj; c->options->emit[EMIT_package] && kind < EMIT_package; kind++)
    if (c->options->emit[kind] && !folder_make(c->arena, c->options->emit_to[kind], &why))
      return complain(&why, EXIT_IO);
  return 0;
}

/* Forms that are not text, or that name others, need files. */
static int check_files(const Options *o) {
  static const struct { EmitKind kind; const char *name; } needs[] = {
    { EMIT_obj, "obj" }, { EMIT_lib, "lib" }, { EMIT_so, "so" }, { EMIT_pkgconfig, "pkgconfig" },
    { EMIT_cmake, "cmake" }, { EMIT_package, "package" } };
  for (size_t i = 0; i < sizeof needs / sizeof *needs; i++)
    if (o->emit[needs[i].kind] && !o->emit_to[needs[i].kind].n) {
      fprintf(stderr, "gdlc: say where it goes: --emit=%s=%s\n", needs[i].name,
          needs[i].kind == EMIT_package ? "FOLDER" : "FILE");
      return EXIT_USAGE;
    }
  bool names = o->emit[EMIT_pkgconfig] || o->emit[EMIT_cmake],
       both = (o->emit_to[EMIT_lib].n || o->emit_to[EMIT_so].n) && o->emit_to[EMIT_header].n;
  if (!names || both || o->emit[EMIT_package]) return 0;
  fprintf(stderr,
      "gdlc: --emit=pkgconfig and cmake say where others lie: give lib=FILE or so=FILE, and header=FILE, with them\n");
  return EXIT_USAGE;
}

/* Two paths of one file, which need not be there yet. What is no file, as /dev/stdout, may be written twice. */
static bool one_file(Arena *arena, Str a, Str b) {
  struct stat x, y;
  bool there = !stat(str_copy(arena, a).at, &x), both = there && !stat(str_copy(arena, b).at, &y);
  if (!both) return str_equal(a, b);
  return S_ISREG(x.st_mode) && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

/* What is written goes to places of its own, and leaves the source alone; what is linked is a file. */
static int check_places(const Options *o, Arena *arena) {
  Str place[EMIT_COUNT + 2] = { o->file, o->out };
  memcpy(place + 2, o->emit_to, sizeof o->emit_to);
  for (uint32_t i = 0; i < EMIT_COUNT + 2; i++)
    for (uint32_t k = 0; k < i; k++)
      if (place[i].n && place[k].n && one_file(arena, place[i], place[k])) {
        if (k == 0) fprintf(stderr, "gdlc: %.*s is the source: write to another file\n", STR(place[i]));
        else fprintf(stderr, "gdlc: two things cannot both be written to %.*s\n", STR(place[i]));
        return EXIT_USAGE;
      }
  Str linked[] = { o->out, o->emit_to[EMIT_obj], o->emit_to[EMIT_lib], o->emit_to[EMIT_so] };
  for (size_t i = 0; i < sizeof linked / sizeof *linked; i++)
    if (linked[i].n && file_is_stream(arena, linked[i])) {
      fprintf(stderr, "gdlc: %.*s is no file, and what is linked needs one\n", STR(linked[i]));
      return EXIT_USAGE;
    }
  return 0;
}

/* --- all of it ------------------------------------------------------------------------------------------ */
static int later_than_check(Compilation *c) {
  const Options *o = c->options;
  bool wants =
      o->out.n || dumps(c, PASS_lower) || dumps(c, PASS_simplify) || dumps(c, PASS_winograd) || dumps(c, PASS_plan);
  for (int k = EMIT_graph; k < EMIT_COUNT; k++) wants |= o->emit[k];
  if (!wants) return 0;
  int status = choose_models(c);
  if (!status) status = lower_entries(c);
  if (!status && (o->emit[EMIT_cuda] || o->emit[EMIT_ptx] || o->emit[EMIT_cubin])) status = emit_cuda(c);
  if (!status) winograd_entries(c);
  Out out = text_out(c);
  if (!status && o->emit[EMIT_graph]) {
    for (uint32_t i = 0; i < c->graph.n; i++) graph_text(c->graph.at[i], &out);
    status = emit_text(c, EMIT_graph, &out);
  }
  bool cpu = o->out.n || dumps(c, PASS_plan) || o->emit[EMIT_loops] || o->emit[EMIT_llvm] || o->emit[EMIT_asm] ||
             emits_library(o);
  if (!status) status = make_folders(c);
  if (status || !cpu) return status;
  Why why = { .arena = c->arena };
  c->target = target_find(o->march, &why);
  if (!c->target) return complain(&why, EXIT_USAGE);
  Out comments = text_out(c);
  plan_entries(c, c->target, &comments);
  if (dumps(c, PASS_plan)) { print(&comments); out = text_out(c); loops_dump(c, &out); print(&out); }
  if (o->emit[EMIT_loops]) {
    out = text_out(c);
    loops_dump(c, &out);
    status = emit_text(c, EMIT_loops, &out);
  }
  if (!status && emits_library(o)) status = emit_beside(c);
  if (!status) status = emit_texts(c);
  return status ? status : emit_objects(c);
}

int compile(const Options *given) {
  Arena arena = { 0 };
  Options own = *given, *options = &own;
  Compilation c = { .options = options, .arena = &arena, .sources = { .arena = &arena } };
  c.diags = (Diags){ .arena = &arena, .sources = &c.sources };
  int status = check_files(options);
  if (!status) {
    expand_package(options, &arena);
    status = check_places(options, &arena);
  }
  if (!status) {
    status = front(&c);
  }
  if (!status && options->check) {
    Out out = text_out(&c);
    if (options->format == DIAG_JSON) program_certificate_json(c.program, &out);
    else program_certificate(c.program, &out);
    print(&out);
  }
  if (!status) status = later_than_check(&c);
  if (options->time) {
    double total = 0;
    for (int p = 0; p < PASS_COUNT; p++) {
      total += c.seconds[p];
      if (c.seconds[p] > 0) fprintf(stderr, "%-10s %7.1f ms\n", pass_names[p], 1e3 * c.seconds[p]);
    }
    fprintf(stderr, "%-10s %7.1f ms\n", "total", 1e3 * total);
  }
  if (c.program) program_close(c.program);
  arena_free(&arena);
  return status;
}
