/* test_llvm.c: what LLVM makes of random Kernels equals the evaluator, bit by bit, for every width of vectors, with and
 * without instructions for fma and masks; what every table entry does is tried. */
#include "back/llvm.h"
#include "loops_cases.h"
#include <criterion/criterion.h>
#include <unistd.h>

static Str text_of(Arena *arena, const Kernel *k) {
  Out out = { .arena = arena };
  loops_text(k, &out);
  return out_text(&out);
}

static void agree(uint64_t seed, int lanes, const char *march, LlvmCare care, bool *used) {
  Arena arena = { 0 };
  Why why = { .arena = &arena };
  Kernel *k = case_random_kernel(&arena, seed, lanes);
  cr_assert(loops_verify(k, &why), "seed %lu, %d lanes: %s", (unsigned long)seed, lanes, why.reason.at[0].text.at);
  for (uint32_t i = 1; i < k->ins.n; i++) used[k->ins.at[i].op] = true;
  CaseMemory a = case_memory(k, seed), b = case_memory(k, seed);
  cr_assert(loops_eval(k, a.buf, a.sizes, 0, k->slots, true, &why), "seed %lu, %d lanes: %s", (unsigned long)seed,
      lanes, why.reason.at[0].text.at);
  LlvmUnit *u = llvm_open(S("random"), str_of(march), care, &why);
  cr_assert(u);
  llvm_kernel(u, k, b.stride);
  LlvmCode *code = llvm_load(u, &why);
  cr_assert(code, "%s", why.reason.n ? why.reason.at[0].text.at : "");
  LlvmFunction *f = llvm_find(code, "random_case");
  cr_assert(f);
  f(b.buf, b.sizes, b.slabs, 0, k->slots);
  const char *differs = case_differs(&arena, k, &a, &b);
  cr_expect(!differs, "seed %lu, %d lanes, %s: %s\n%s", (unsigned long)seed, lanes, march, differs,
      getenv("GDLC_SHOW") ? text_of(&arena, k).at : "");
  llvm_unload(code);
  case_free(&a);
  case_free(&b);
  arena_free(&arena);
}

Test(llvm, random_kernels_give_the_bits_of_the_evaluator) {
  static const int lanes[] = { 2, 4, 8, 16, 32 };
  bool used[L_OPS] = { false };
  for (uint64_t seed = 1; seed <= 15; seed++) agree(seed, lanes[seed % 5], "native", LLVM_CAREFUL, used);
  for (int op = 1; op < L_OPS; op++) cr_expect(used[op], "no kernel has %s", loops_op_name((LoopsOp)op));
}

Test(llvm, a_processor_without_fma_gives_the_same_bits) {
  bool used[L_OPS];
  for (uint64_t seed = 21; seed <= 24; seed++) agree(seed, seed % 2 ? 4 : 8, "x86-64", LLVM_CAREFUL, used);
}

/* The names an object wants from others, one a line. */
static Str undefined(Arena *arena, Bytes object) {
  char path[] = "/tmp/gdlc-object-XXXXXX", *text = arena_array(arena, char, 4096);
  int file = mkstemp(path);
  cr_assert(file >= 0 && write(file, object.at, object.n) == (ssize_t)object.n);
  close(file);
  FILE *names = popen(str_format(arena, "nm -u %s", path).at, "r");
  cr_assert(names);
  size_t n = fread(text, 1, 4095, names);
  cr_assert(pclose(names) == 0);
  unlink(path);
  return (Str){ text, (uint32_t)n };
}

Test(llvm, objects_want_fma_and_rint_of_others_where_the_processor_has_none) {
  static const char *const march[] = { "x86-64", "x86-64-v3", "x86-64-v4" };
  for (int care = LLVM_CAREFUL; care <= LLVM_QUICK; care++)
    for (size_t i = 0; i < sizeof march / sizeof *march; i++) {
      Arena arena = { 0 };
      Why why = { .arena = &arena };
      Bytes object;
      Kernel *k = case_random_kernel(&arena, 41 + i, 8);
      LlvmUnit *u = llvm_open(S("random"), str_of(march[i]), (LlvmCare)care, &why);
      cr_assert(u);
      llvm_kernel(u, k, 4096);
      cr_assert(llvm_emit(u, LLVM_OBJECT, &arena, &object, NULL, &why), "%s", why.reason.n ? why.reason.at[0].text.at
          : "");
      Str names = undefined(&arena, object);
      char *rest = (char *)names.at, *word;
      int wanted = 0;
      while ((word = strtok_r(rest, " \n", &rest))) {
        if (!strcmp(word, "U")) continue;
        wanted++;
        cr_expect(!strcmp(word, "fma") || !strcmp(word, "fmaf") || !strcmp(word, "rint") || !strcmp(word, "rintf"),
            "%s wants %s", march[i], word);
      }
      cr_expect((wanted == 0) == (i > 0), "%s wants %d", march[i], wanted);
      llvm_close(u);
      arena_free(&arena);
    }
}

Test(llvm, haste_gives_the_same_bits) {
  static const int lanes[] = { 4, 8, 16 };
  bool used[L_OPS];
  for (uint64_t seed = 31; seed <= 36; seed++)
    agree(seed, lanes[seed % 3], seed % 4 ? "native" : "x86-64", LLVM_QUICK, used);
}

Test(llvm, an_unknown_processor_is_a_reason) {
  Arena arena = { 0 };
  Why why = { .arena = &arena };
  cr_expect(!llvm_open(S("m"), S("z80"), LLVM_CAREFUL, &why) && strstr(why.reason.at[0].text.at, "z80"));
  arena_free(&arena);
}

/* Two buffers of a slab that share bytes, one used after the other: no store may move before the loads. */
Test(llvm, buffers_that_share_bytes_keep_their_order) {
  Arena arena = { 0 };
  Why why = { .arena = &arena };
  Kernel *k = kernel_open(&arena, S("shared"), 8, 1, 1, 0);
  int in = kernel_global(k, S("in"), BASE_F32, false, (SizeExpr){ 8, { 0 } }), out = kernel_global(k, S("out"),
      BASE_F32, true, (SizeExpr){ 8, { 0 } });
  int p = kernel_local(k, S("p"), BASE_F32, SCOPE_SLAB, 8, 0), q = kernel_local(k, S("q"), BASE_F32, SCOPE_SLAB, 8, 0);
  l_for(k, FOR_GRID, l_int(k, 0), l_int(k, 1), 1);
  Ref zero = l_int(k, 0), x = l_load(k, in, zero, 0, 1, 0);
  l_store(k, p, zero, 0, 1, x, 0);
  Ref y = l_load(k, p, zero, 0, 1, 0);
  l_store(k, q, zero, 0, 1, l_op2(k, L_FADD, y, y), 0);
  l_store(k, out, zero, 0, 1, l_op2(k, L_FADD, l_load(k, q, zero, 0, 1, 0), l_load(k, p, zero, 0, 1, 0)), 0);
  l_end(k);
  LlvmUnit *u = llvm_open(S("m"), S("native"), LLVM_CAREFUL, &why);
  llvm_kernel(u, k, 64);
  LlvmCode *code = llvm_load(u, &why);
  float a[8], b[8] = { 0 };
  for (int i = 0; i < 8; i++) a[i] = (float)i;
  void *bufs[] = { a, b, NULL, NULL };
  char *slab = aligned_alloc(64, 64);
  llvm_find(code, "shared")(bufs, NULL, slab, 0, 1);
  for (int i = 0; i < 8; i++) cr_expect_float_eq(b[i], 4 * (float)i, 0);
  free(slab);
  llvm_unload(code);
  arena_free(&arena);
}
