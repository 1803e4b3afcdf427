/* test_cuda.c: printed CUDA text, run on the CPU by the shim, equals the evaluator bit by bit, whatever the number of
 * blocks and the order of threads; the shim reports barriers that not all reach; NVRTC takes the text where it is. */
#include "loops_cases.h"
#include "shim/shim.h"
#include <criterion/criterion.h>

static void agree(uint64_t seed, bool *used) {
  Arena arena = { 0 };
  Why why = { .arena = &arena };
  Kernel *k = case_random_kernel(&arena, seed, 32);
  cr_assert(loops_verify(k, &why), "seed %lu: %s", (unsigned long)seed, why.reason.n ? why.reason.at[0].text.at : "");
  for (uint32_t i = 1; i < k->ins.n; i++) used[k->ins.at[i].op] = true;
  CaseMemory a = case_memory(k, seed);
  cr_assert(loops_eval(k, a.buf, a.sizes, 0, k->slots, true, &why), "seed %lu: %s", (unsigned long)seed,
      why.reason.n ? why.reason.at[0].text.at : "");
  Out text = { .arena = &arena };
  cuda_kernel(k, a.stride, &text);
  Str error;
  Shim *s = shim_open(&arena, out_text(&text), S("random_case"), &error);
  cr_assert(s, "seed %lu: %.*s", (unsigned long)seed, STR(error));
  for (int run = 0; run < 3; run++) {
    CaseMemory b = case_memory(k, seed);
    const char *trouble = shim_run(s, k, b.buf, b.sizes, b.slabs, run + 1, run % 2);
    cr_expect(!trouble, "seed %lu: %s", (unsigned long)seed, trouble);
    const char *differs = case_differs(&arena, k, &a, &b);
    cr_expect(!differs, "seed %lu, run %d: %s", (unsigned long)seed, run, differs);
    case_free(&b);
  }
  shim_close(s);
  case_free(&a);
  arena_free(&arena);
}

Test(cuda, random_kernels_give_the_bits_of_the_evaluator) {
  bool used[L_OPS] = { false };
  for (uint64_t seed = 1; seed <= 6; seed++) agree(seed, used);
  for (int op = 1; op < L_OPS; op++) cr_expect(used[op], "no kernel has %s", loops_op_name((LoopsOp)op));
}

/* A tile that warps turn round, in one block for all slots. Without any one of its barriers the text is wrong. */
static Kernel *turning(Arena *arena) {
  Kernel *k = kernel_open(arena, S("turning"), 32, 4, 3, 0);
  int in = kernel_global(k, S("in"), BASE_F32, false, (SizeExpr){ 3 * 128, { 0 } }), out = kernel_global(k, S("out"),
      BASE_F32, true, (SizeExpr){ 3 * 128, { 0 } });
  int tile = kernel_local(k, S("tile"), BASE_F32, SCOPE_TILE, 128, 0);
  Ref slot = l_for(k, FOR_GRID, l_int(k, 0), l_int(k, 3), 1), row = l_muli(k, slot, 128);
  for (int half = 0; half < 2; half++) {
    Ref t = l_for(k, FOR_TEAM, l_int(k, 0), l_int(k, 4), 1), here = l_muli(k, t, 32),
        there = l_muli(k, l_op2(k, L_ISUB, l_int(k, 3), t), 32);
    if (half) l_store(k, out, l_add(k, row, here), 0, 1, l_load(k, tile, there, 0, 1, 0), 0);
    else l_store(k, tile, here, 0, 1, l_load(k, in, l_add(k, row, here), 0, 1, 0), 0);
    l_end(k);
    if (!half) l_bar(k);
  }
  l_end(k);
  return k;
}

static bool turns(Arena *arena, const Kernel *k, Str text) {
  Str error;
  Shim *s = shim_open(arena, text, k->name, &error);
  cr_assert(s, "%.*s", STR(error));
  bool right = true;
  for (int run = 0; run < 2; run++) {
    float in[384], out[384] = { 0 };
    void *bufs[] = { in, out, NULL };
    for (int i = 0; i < 384; i++) in[i] = (float)i;
    right = right && !shim_run(s, k, bufs, NULL, NULL, 1, run);
    for (int i = 0; i < 384; i++) right = right && out[i] == (float)(i / 128 * 128 + 96 - i % 128 / 32 * 32 + i % 32);
  }
  shim_close(s);
  return right;
}

Test(cuda, every_barrier_is_needed) {
  Arena arena = { 0 };
  Why why = { .arena = &arena };
  Kernel *k = turning(&arena);
  cr_assert(loops_verify(k, &why));
  Out out = { .arena = &arena };
  cuda_kernel(k, 512, &out);
  Str text = out_text(&out);
  cr_expect(turns(&arena, k, text));
  int barriers = 0;
  for (const char *at = text.at; (at = strstr(at, "__syncthreads();")); at++, barriers++) {
    Str without = str_copy(&arena, text);
    memset((char *)without.at + (at - text.at), ' ', strlen("__syncthreads();"));
    cr_expect(!turns(&arena, k, without), "barrier %d may go", barriers);
  }
  cr_expect_eq(barriers, 2);
  arena_free(&arena);
}

/* A number that is loaded, made larger and stored, by a warp, or by a block of which one warp stores. */
static Kernel *counting(Arena *arena, bool block) {
  Kernel *k = kernel_open(arena, S("counting"), 32, 2, 1, 0);
  int out = kernel_global(k, S("out"), BASE_F32, true, (SizeExpr){ 128, { 0 } }), tile = kernel_local(k, S("tile"),
      BASE_F32, SCOPE_TILE, 1, 0);
  l_for(k, FOR_GRID, l_int(k, 0), l_int(k, 1), 1);
  Ref zero = l_int(k, 0);
  l_store(k, tile, zero, 0, 0, l_const(k, BASE_F32, 0), 0);
  Ref i = l_for(k, FOR_SEQ, zero, l_int(k, 4), 1);
  Ref before = l_load(k, tile, zero, 0, 0, 0);
  l_store(k, tile, zero, 0, 0, l_op2(k, L_FADD, before, l_const(k, BASE_F32, 1)), 0);
  Ref after = l_load(k, tile, l_op2(k, L_IMUL, l_lane(k), zero), 0, 0, 0);
  l_store(k, out, l_muli(k, i, 32), 0, 1, l_op3(k, L_FMA, before, l_const(k, BASE_F32, 100), after), 0);
  l_end(k);
  if (block) {
    l_for(k, FOR_TEAM, zero, zero, 1);                             /* never runs; the block has two warps */
    l_end(k);
  }
  l_end(k);
  return k;
}

static bool counts(Arena *arena, const Kernel *k, Str text) {
  Str error;
  Shim *s = shim_open(arena, text, k->name, &error);
  cr_assert(s, "%.*s", STR(error));
  bool right = true;
  for (int run = 0; run < 2; run++) {
    float out[128] = { 0 };
    void *bufs[] = { out, NULL };
    right = right && !shim_run(s, k, bufs, NULL, NULL, 1, run);
    for (int i = 0; i < 128; i++) right = right && out[i] == (float)(i / 32 * 100 + i / 32 + 1);
  }
  shim_close(s);
  return right;
}

Test(cuda, a_uniform_store_is_fenced_on_both_sides) {
  Arena arena = { 0 };
  for (int block = 0; block < 2; block++) {
    Kernel *k = counting(&arena, block);
    Why why = { .arena = &arena };
    cr_assert(loops_verify(k, &why), "%s", why.reason.at[0].text.at);
    Out out = { .arena = &arena };
    cuda_kernel(k, 64, &out);
    Str text = out_text(&out);
    cr_expect(counts(&arena, k, text));
    /* the inner loop */
    const char *fence = block ? "__syncthreads();" : "__syncwarp();", *store = strstr(strstr(text.at, "#pragma") + 1,
        "#pragma");
    int fences = 0;
    for (const char *at = strstr(store, "(b0 "); store < at && (store = strstr(store, fence)) && fences < 2; store++,
        fences++) {
      Str without = str_copy(&arena, text);
      memset((char *)without.at + (store - text.at), ' ', strlen(fence));
      cr_expect(!counts(&arena, k, without), "%s: fence %d may go", fence, fences);
    }
    cr_expect_eq(fences, 2);
  }
  arena_free(&arena);
}

static const char *run_text(const char *body, int warps) {
  Arena arena = { 0 };
  Str error = { 0 };
  Kernel *k = kernel_open(&arena, S("t"), 32, warps, 1, 0);
  l_for(k, FOR_GRID, l_int(k, 0), l_int(k, 1), 1);
  l_for(k, FOR_TEAM, l_int(k, 0), l_int(k, 1), 1);
  Str text = str_format(&arena,
      "extern \"C\" __global__ void t(char *slabs, long long low, long long high) {\n%s\n}\n", body);
  Shim *s = shim_open(&arena, text, S("t"), &error);
  cr_assert(s, "%.*s", STR(error));
  const char *trouble = shim_run(s, k, NULL, NULL, NULL, 1, false);
  static char kept[256];
  snprintf(kept, sizeof kept, "%s", trouble ? trouble : "");
  shim_close(s);
  arena_free(&arena);
  return kept;
}

Test(cuda, the_shim_reports_barriers_that_not_all_reach) {
  cr_expect(!*run_text("__syncthreads(); __syncwarp();", 2));
  cr_expect(strstr(run_text("if (threadIdx.y == 0) __syncthreads();", 2), "others do not come"));
  cr_expect(strstr(run_text("if (threadIdx.x) __syncwarp();\nelse\n__syncwarp();", 1), "meet at lines"));
}

Test(cuda, names_are_letters_digits_and_underscores) {
  Arena arena = { 0 };
  Kernel *k = kernel_open(&arena, S("1a\"; evil(\xc3\xa9)"), 32, 1, 1, 0);
  l_for(k, FOR_GRID, l_int(k, 0), l_int(k, 1), 1);
  l_end(k);
  Out text = { .arena = &arena };
  cuda_kernel(k, 64, &text);
  cr_expect(strstr(out_text(&text).at, " _1a___evil____("), "%s", out_text(&text).at);
  arena_free(&arena);
}

Test(cuda, nvrtc_takes_the_text_where_it_is_installed) {
  Arena arena = { 0 };
  Why why = { .arena = &arena };
  Kernel *k = case_random_kernel(&arena, 3, 32);
  Out text = { .arena = &arena };
  cuda_kernel(k, 4096, &text);
  Str code = { 0 };
  if (!cuda_compile(&arena, out_text(&text), false, &code, &why)) {
    cr_assert(strstr(why.reason.at[0].text.at, "libnvrtc"), "%s", why.reason.at[0].text.at);
    arena_free(&arena);
    cr_skip_test("NVRTC is not installed");
  }
  cr_expect(strstr(code.at, ".entry random_case"));
  cr_expect(!strstr(code.at, "fma.rn.ftz") && strstr(code.at, ".target sm_90"));
  cr_assert(cuda_compile(&arena, out_text(&text), true, &code, &why), "%s", why.reason.at[0].text.at);
  cr_expect(code.n > 4 && !memcmp(code.at, "\177ELF", 4));
  cr_expect(!cuda_compile(&arena, S("this is no program"), false, &code, &why) && strstr(why.reason.at[0].text.at,
      "error"));
  arena_free(&arena);
}
