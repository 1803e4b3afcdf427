/* compile.h: the whole pipeline in one place (compile.c), driven by the command line (main.c).
 *
 *     file --parse--> Ast --check--> Program --lower--> Graph --simplify, winograd--> Graph --plan--> Kernels
 *          --print--> objects --link--> program
 *                                               once per entry (step, eval, ...)
 *
 * A pass is a row of PASSES: its name is what --dump-after and --time call it. The verifier of what a pass wrote runs
 * behind it; what fails there is a bug of ours, and says so. */
#ifndef GDLC_COMPILE_H
#define GDLC_COMPILE_H
#include "front/program.h"
#include "loops/plan.h"

/* PASS(name, writes, what it does) */
#define PASSES(PASS)                                                                               \
  PASS(parse, "ast", "text to tree")                                                               \
  PASS(check, "types", "names, kinds, types and the proof")                                        \
  PASS(lower, "graph", "a model becomes the Graph of each entry; words become core operations")    \
  PASS(simplify, "graph", "algebra, common terms, sums split, dead code")                          \
  PASS(winograd, "graph", "convolutions of 3 x 3 with fewer multiplications, where that pays")      \
  PASS(plan, "loops", "pipelines, memory, stages")                                                 \
  PASS(print, "objects", "LLVM: vector code for the target")                                       \
  PASS(link, "program", "with the runtime")
typedef enum Pass {
#define PASS(name, writes, what) PASS_##name,
  PASSES(PASS)
#undef PASS
  PASS_COUNT
} Pass;

/* EMIT(kind, what) */
#define EMITS(EMIT)                                                                                \
  EMIT(ast, "the syntax tree")                                                                     \
  EMIT(types, "the checked program, one value a line")                                             \
  EMIT(graph, "Graph of each entry, after its last pass; reads back")                                   \
  EMIT(loops, "Loops of each entry, after plan; reads back")                                       \
  EMIT(llvm, "LLVM text of the kernels")                                                           \
  EMIT(asm, "assembly of the kernels")                                                             \
  EMIT(obj, "one relocatable object: kernels, entry functions, descriptors")                       \
  EMIT(lib, "a static library of it")                                                              \
  EMIT(so, "a shared library of it")                                                               \
  EMIT(header, "the C prototypes of its functions")                                                \
  EMIT(gdl, "gdl.h, which the header includes")                                                    \
  EMIT(pkgconfig, "a file for pkg-config: where library and header are")                           \
  EMIT(cmake, "a file for find_package of CMake: the target NAME::NAME")                           \
  EMIT(package, "a folder with lib, header, gdl, pkgconfig and cmake of the names that are usual")  \
  EMIT(cuda, "CUDA text of the kernels")                                                           \
  EMIT(ptx, "PTX of it, by NVRTC")                                                                 \
  EMIT(cubin, "machine code of it for sm_90a, by NVRTC")
typedef enum EmitKind {
#define EMIT(kind, what) EMIT_##kind,
  EMITS(EMIT)
#undef EMIT
  EMIT_COUNT
} EmitKind;

/* ENTRY(name, kind, in f64, what has it when --entry names none, what it does), in the order of the descriptor.
 * OF_AUDIT: not with --no-audit; OF_TRAINING: only with a train block */
enum { OF_PROGRAM = 1, OF_LIBRARY = 2, OF_AUDIT = 4, OF_TRAINING = 8 };
#define ENTRIES(ENTRY)                                                                             \
  ENTRY(infer, INFER, false, OF_PROGRAM | OF_LIBRARY, "inputs to outputs")                         \
  ENTRY(infer64, INFER, true, OF_LIBRARY, "the same in f64")                                       \
  ENTRY(pull, PULL, false, OF_LIBRARY, "cotangents of the outputs to those of inputs and weights") \
  ENTRY(pull64, PULL, true, OF_LIBRARY, "the same in f64")                                         \
  ENTRY(step, STEP, false, OF_PROGRAM | OF_TRAINING, "one step of training")                       \
  ENTRY(eval, EVAL, false, OF_PROGRAM | OF_TRAINING, "sums of the loss and the metrics")           \
  ENTRY(score, SCORE, true, OF_PROGRAM | OF_TRAINING, "from sums to scores")                       \
  ENTRY(trace, TRACE, false, OF_AUDIT, "every value of the language")                              \
  ENTRY(trace64, TRACE, true, OF_AUDIT, "the same in f64")                                         \
  ENTRY(slope64, SLOPE, true, OF_AUDIT | OF_TRAINING, "loss and gradient in f64")

/* Words of the options (entry, dump_after, march) are those of the tables: the command line has refused others. */
typedef struct Options {
  Str file, out;                    /* out: the program; empty when only --emit                    */
  bool check;                       /* prove only                                                  */
  bool emit[EMIT_COUNT];
  Str emit_to[EMIT_COUNT];          /* empty: standard output                                      */
  Str entry;                        /* "step", "infer,pull", ...; empty: those of a program, or of a library */
  Str prefix;                       /* of the symbols of a library: what stands before a model's name */
  Str dump_after;
  Str model;                        /* which model of the file; empty: the one that trains, else the last */
  Str march, library;               /* library: folder with gdlrt.o, gdl.h, stdlib                  */
  DiagFormat format;
  Str winograd;                     /* "off"; empty: on                                            */
  bool time, audit;                 /* audit: with trace and slope entries                         */
} Options;

/* Returns an exit code; everything for the user has been printed. */
int compile(const Options *options);
#endif
