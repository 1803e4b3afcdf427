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
#include <errno.h>
#include <pthread.h>
#include <time.h>

typedef struct Compilation {
  const Options *options;
  Arena *arena;
  Sources sources;
  Diags diags;
  Program *program;
  const Model *model;
  const Target *target;
  vec(ModuleEntry) entry;
  vec(Graph *) graph;               /* of each entry, after simplify                               */
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
  if (!ok) bug("after %s, %.*s: %.*s", pass, STR(entry), why->reason.n ? (int)why->reason.at[0].text.n : 0, why->reason.n ? why->reason.at[0].text.at : "");
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

/* The entries of a program or library, in the order of the descriptor. */
static const struct { const char *name; EntryKind kind; bool f64, trains, audits; } entries[] = {
  { "infer", ENTRY_INFER, false, false, false },  { "step", ENTRY_STEP, false, true, false },
  { "eval", ENTRY_EVAL, false, true, false },     { "score", ENTRY_SCORE, true, true, false },
  { "trace", ENTRY_TRACE, false, false, true },   { "trace64", ENTRY_TRACE, true, false, true },
  { "slope64", ENTRY_SLOPE, true, true, true },
};
enum { ENTRY_ROWS = sizeof entries / sizeof *entries };

static int choose_model(Compilation *c) {
  for (uint32_t i = 0; i < c->program->model.n; i++) {
    const Model *m = c->program->model.at[i];
    if (c->options->model.n ? str_equal(m->name, c->options->model) : !c->model || !c->model->train || m->train) c->model = m;
  }
  if (c->model) return 0;
  if (c->options->model.n) fprintf(stderr, "gdlc: %.*s has no model `%.*s`\n", STR(c->options->file), STR(c->options->model));
  else fprintf(stderr, "gdlc: %.*s declares no model\n", STR(c->options->file));
  return EXIT_USAGE;
}

static int lower_entries(Compilation *c) {
  bool known = !c->options->entry.n;
  for (int i = 0; i < ENTRY_ROWS; i++) {
    bool wanted = !c->options->entry.n || str_is(c->options->entry, entries[i].name);
    known |= c->options->entry.n && wanted;
    if (!wanted || (entries[i].trains && !c->model->train)) continue;
    if (!c->options->entry.n && entries[i].audits && !c->options->audit) continue;
    Why why = { .arena = c->arena };
    begin(c);
    Graph *g = graph_lower(c->arena, c->program, c->model, entries[i].kind, entries[i].f64);
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
    vec_push(c->arena, &c->entry, (ModuleEntry){ .lowered = g, .name = g->name, .at = c->model->at });
    vec_push(c->arena, &c->graph, s);
  }
  if (!known) {
    fprintf(stderr, "gdlc: there is no entry `%.*s`; entries are", STR(c->options->entry));
    for (int i = 0; i < ENTRY_ROWS; i++) fprintf(stderr, " %s", entries[i].name);
    fputc('\n', stderr);
    return EXIT_USAGE;
  }
  if (!c->entry.n) {
    fprintf(stderr, "gdlc: %.*s has no entry `%.*s`: it has no train block\n", STR(c->model->name), STR(c->options->entry));
    return EXIT_USAGE;
  }
  return 0;
}

static void plan_entries(Compilation *c, const Target *target, Out *comments) {
  begin(c);
  for (uint32_t i = 0; i < c->entry.n; i++) {
    EntryCode *code = entry_plan(c->arena, c->graph.at[i], target, comments);
    Why why = { .arena = c->arena };
    for (uint32_t k = 0; k < code->kernel.n; k++) must(loops_verify(code->kernel.at[k].kernel, &why), &why, "plan", code->kernel.at[k].kernel->name);
    c->entry.at[i].code = code;
  }
  end(c, PASS_plan);
}

static void loops_dump(Compilation *c, Out *out) {
  for (uint32_t i = 0; i < c->entry.n; i++)
    for (uint32_t k = 0; k < c->entry.at[i].code->kernel.n; k++) loops_text(c->entry.at[i].code->kernel.at[k].kernel, out);
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
  Unit *u = context;                                   /* its own, and the quick one THREADS further on, if there is one */
  print_unit(u);
  if (u->care == LLVM_CAREFUL && u[0].c->ncareful == THREADS) print_unit(u + THREADS);
  return NULL;
}

/* n == 1: everything in one unit, as text; else UNITS. */
static bool print_kernels(Compilation *c, Unit *unit, uint32_t n, LlvmOutput output, Why *why) {
  c->ncareful = n == 1 ? 1 : THREADS;
  for (uint32_t u = 0; u < n; u++) { unit[u].c = c; unit[u].output = output; unit[u].care = u < c->ncareful ? LLVM_CAREFUL : LLVM_QUICK; }
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

static bool print_module(Compilation *c, bool program, Bytes *bytes, Why *why) {
  LlvmUnit *u = llvm_open(c->model->name, c->options->march, LLVM_QUICK, why);
  if (!u) return false;
  const Source *source = c->sources.all.at[0];
  ModuleInput in = { .program = c->program, .model = c->model, .entry = c->entry.at, .nentries = c->entry.n,
                     .target = c->target->name, .source = source->text, .the_module = program };
  module_describe(llvm_module(u), c->arena, &in);
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
  bool library = c->options->emit[EMIT_obj] || c->options->emit[EMIT_lib] || c->options->emit[EMIT_so];
  if (!c->options->out.n && !library) return 0;
  for (int kind = EMIT_obj; kind <= EMIT_so; kind++)
    if (c->options->emit[kind] && !c->options->emit_to[kind].n) {
      fprintf(stderr, "gdlc: say where it goes: --emit=%s=FILE\n", kind == EMIT_obj ? "obj" : kind == EMIT_lib ? "lib" : "so");
      return EXIT_USAGE;
    }
  Unit unit[UNITS] = { 0 };
  Why why = { .arena = c->arena };
  begin(c);
  Bytes object[UNITS + 1];
  bool ok = print_kernels(c, unit, UNITS, LLVM_OBJECT, &why) && print_module(c, c->options->out.n > 0, &object[UNITS], &why);
  end(c, PASS_print);
  for (uint32_t u = 0; u < UNITS; u++) object[u] = unit[u].bytes;
  int status = ok ? 0 : complain(&why, EXIT_USAGE);
  begin(c);
  if (ok && c->options->out.n) {
    Str runtime = str_format(c->arena, "%.*s/gdlrt.o", STR(c->options->library));
    if (!link_program(c->arena, c->options->out, runtime, object, UNITS + 1, &why)) status = complain(&why, EXIT_IO);
  }
  if (ok && !status && library) {
    if (c->options->out.n && !print_module(c, false, &object[UNITS], &why)) status = complain(&why, EXIT_USAGE);
    static const LinkKind links[] = { LINK_OBJECT, LINK_STATIC, LINK_SHARED };
    for (int kind = EMIT_obj; !status && kind <= EMIT_so; kind++)
      if (c->options->emit[kind] && !link_library(c->arena, c->options->emit_to[kind], links[kind - EMIT_obj], object, UNITS + 1, &why))
        status = complain(&why, EXIT_IO);
  }
  end(c, PASS_link);
  if (c->options->time)
    for (uint32_t u = 0; u < UNITS; u++)
      fprintf(stderr, "  unit %u     %u LLVM instructions: print %.0f, optimise %.0f, generate %.0f ms\n", u, unit[u].cost.instructions,
              1e3 * unit[u].cost.print, 1e3 * unit[u].cost.optimise, 1e3 * unit[u].cost.generate);
  free_units(unit, UNITS);
  return status;
}

/* --- all of it ------------------------------------------------------------------------------------------ */
static int later_than_check(Compilation *c) {
  const Options *o = c->options;
  bool wants = o->out.n || dumps(c, PASS_lower) || dumps(c, PASS_simplify) || dumps(c, PASS_plan);
  for (int k = EMIT_graph; k < EMIT_COUNT; k++) wants |= o->emit[k];
  if (!wants) return 0;
  int status = choose_model(c);
  if (!status) status = lower_entries(c);
  Out out = text_out(c);
  if (!status && o->emit[EMIT_graph]) {
    for (uint32_t i = 0; i < c->graph.n; i++) graph_text(c->graph.at[i], &out);
    status = emit_text(c, EMIT_graph, &out);
  }
  if (!status && (o->emit[EMIT_cuda] || o->emit[EMIT_ptx] || o->emit[EMIT_cubin])) status = emit_cuda(c);
  bool cpu = o->out.n || dumps(c, PASS_plan) || o->emit[EMIT_loops] || o->emit[EMIT_llvm] || o->emit[EMIT_asm] || o->emit[EMIT_obj] ||
             o->emit[EMIT_lib] || o->emit[EMIT_so] || o->emit[EMIT_header];
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
  if (!status && o->emit[EMIT_header]) {
    out = text_out(c);
    header_text(&(ModuleInput){ .program = c->program, .model = c->model, .entry = c->entry.at, .nentries = c->entry.n }, &out);
    status = emit_text(c, EMIT_header, &out);
  }
  if (!status) status = emit_texts(c);
  return status ? status : emit_objects(c);
}

int compile(const Options *options) {
  Arena arena = { 0 };
  Compilation c = { .options = options, .arena = &arena, .sources = { .arena = &arena } };
  c.diags = (Diags){ .arena = &arena, .sources = &c.sources };
  int known = options->dump_after.n == 0;
  for (int p = 0; p < PASS_COUNT; p++) known |= str_is(options->dump_after, pass_names[p]);
  int status = EXIT_USAGE;
  if (!known) fprintf(stderr, "gdlc: --dump-after has no pass `%.*s` (gdlc --help)\n", STR(options->dump_after));
  else status = front(&c);
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
