/* test_loops.c: text both ways, the rules of loops.h one by one (a kernel that breaks it, and what the reason says),
 * what the evaluator refuses, and broken text. Agreement with machines: test_llvm.c, test_cuda.c. */
#include "loops_cases.h"
#include <criterion/criterion.h>

static Str dump(const Kernel *k, Arena *arena) {
  Out out = { .arena = arena };
  loops_text(k, &out);
  return out_text(&out);
}
static const char *reason(const Why *why) { return why->reason.n ? why->reason.at[0].text.at : ""; }

Test(loops, text_reads_back_as_the_same_text) {
  for (uint64_t seed = 1; seed <= 20; seed++) {
    Arena arena = { 0 };
    Why why = { .arena = &arena };
    Kernel *k = case_random_kernel(&arena, seed, 8);
    k->name = S("a \"b\"\n\\");
    Str text = dump(k, &arena);
    Kernel *read = loops_read(&arena, text, &why);
    cr_assert(read, "seed %lu: %s", (unsigned long)seed, reason(&why));
    cr_expect(str_equal(text, dump(read, &arena)));
    cr_expect(read->slab == k->slab && read->ins.n == k->ins.n);
    arena_free(&arena);
  }
}

Test(loops, constants_of_every_kind_read_back) {
  static const double x[] = { 0, -0.0, 1.0 / 3, INFINITY, -INFINITY, 0x1p-1074, 0x1.fffffffffffffp1023, -1e300 };
  Arena arena = { 0 };
  Why why = { .arena = &arena };
  Kernel *k = kernel_open(&arena, S("k"), 4, 1, 1, 0);
  for (size_t i = 0; i < sizeof x / sizeof *x; i++) l_const(k, BASE_F64, x[i]);
  l_const(k, BASE_F64, NAN);
  l_const(k, BASE_F32, 0.1);
  l_int(k, INT64_MIN);
  l_int(k, INT64_MAX);
  l_i32(k, INT32_MIN);
  Kernel *read = loops_read(&arena, dump(k, &arena), &why);
  cr_assert(read, "%s", reason(&why));
  for (uint32_t i = 1; i < k->ins.n; i++) {
    const Ins *a = &k->ins.at[i], *b = &read->ins.at[i];
    cr_expect(a->imm == b->imm && (isnan(a->f) ? isnan(b->f) : !memcmp(&a->f, &b->f, 8)));
  }
  arena_free(&arena);
}

Test(loops, broken_text_is_a_reason_with_its_line) {
  static const struct { const char *text, *says; } rows[] = {
    { "", "no kernel" },
    { "kernel \"k\" lanes 4 warps 1 slots 1", "line 1: `sizes` is missing" },
    { "kernel \"k lanes 4", "line 1: `\"` is missing" },
    { "kernel \"k\" lanes 4 warps 1 slots 1 sizes 0\n%2 i64 LANE", "line 2: instructions are numbered" },
    { "kernel \"k\" lanes 4 warps 1 slots 1 sizes 0\n%1 i64v LANES", "line 2: no such operation" },
    { "kernel \"k\" lanes 4 warps 1 slots 1 sizes 0\n%1 LANE", "line 2: a base is missing" },
    { "kernel \"k\" lanes 4 warps 1 slots 1 sizes 0\n%1 f16 CONST 1", "line 2: a base is missing" },
    { "kernel \"k\" lanes 4 warps 1 slots 1 sizes 0\n%1 f32 CONST one", "line 2: a number is missing" },
    { "kernel \"k\" lanes 4 warps 1 slots 1 sizes 0\n%1 f32 CONST 0.1", "line 2: not a number of f32" },
    { "kernel \"k\" lanes 4 warps 1 slots 1 sizes 0\n%1 i64 ICONST 99999999999999999999", "line 2: a" },
    { "kernel \"k\" lanes 4 warps 1 slots 1 sizes 0\n\n%1 i64 SIZE 0", "line 3: a number out of range" },
    { "kernel \"k\" lanes 4 warps 1 slots 1 sizes 0\nslab \"s\" f32 8 at 4", "line 2: a place in the slab" },
    { "kernel \"k\" lanes 4 warps 1 slots 1 sizes 0\nglobal \"s\" i1 in 8", "line 2: a buffer has no such numbers" },
    { "kernel \"k\" lanes 4 warps 1 slots 1 sizes 0\n%1 i64 ICONST 1 2", "line 2: more text" },
    { "kernel \"k\" lanes 3 warps 1 slots 1 sizes 0\n", "lanes 3" },
    { "kernel \"k\" lanes 4 warps 1 slots 1 sizes 0\n%1 i64 ICONST 1\nvar f32", "line 3: variables stand before" },
  };
  Arena arena = { 0 };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    Why why = { .arena = &arena };
    cr_expect(!loops_read(&arena, str_of(rows[i].text), &why), "%s", rows[i].text);
    cr_expect(strstr(reason(&why), rows[i].says), "%s\nsays %s", rows[i].text, reason(&why));
  }
  arena_free(&arena);
}

/* A byte changed, a line left out or doubled, the end cut off: read or refused; what is read is a kernel that
 * prints. */
Test(loops, text_broken_at_random_never_crashes) {
  Arena arena = { 0 };
  RandomCase r = { .state = 5 };
  Str text = dump(case_random_kernel(&arena, 4, 4), &arena);
  int accepted = 0;
  for (int i = 0; i < 600; i++) {
    Mark mark = arena_mark(&arena);
    Why why = { .arena = &arena };
    char *t = (char *)str_copy(&arena, text).at;
    uint32_t n = text.n, at = case_random(&r, n), m = 1 + case_random(&r, 40);
    switch (case_random(&r, 4)) {
    case 0: t[at] = (char)case_random(&r, 256); break;
    case 1: t[at] = "0123456789 %vb[]-"[case_random(&r, 17)]; break;
    case 2: n = at; break;
    case 3: if (at + m < n) { memmove(t + at, t + at + m, n - at - m); n -= m; } break;
    }
    Kernel *k = loops_read(&arena, (Str){ t, n }, &why);
    if (k) {
      accepted++;
      cr_expect(loops_read(&arena, dump(k, &arena), &why));
    } else {
      cr_expect(why.reason.n);
    }
    arena_reset(&arena, mark);
  }
  cr_expect(accepted > 0 && accepted < 600);
  arena_free(&arena);
}

/* --- the rules ------------------------------------------------------------------------------------------------ */
#define HEAD "kernel \"k\" lanes 4 warps 2 slots 1 sizes 1\nglobal \"x\" f32 in 8\nglobal \"y\" f32 out 8\ntile \"t\" f32 8 at 0\nvar f32\n"
#define GRID HEAD "%1 i64 ICONST 0\n%2 i64 ICONST 4\n%3 i64 FOR grid %1 %2 step 1\n"
#define ENDS "END %3\n"
static const struct { const char *text, *says; } broken[] = {
  /* NULL: may be */
  { GRID "%4 f32 CONST 1\n%5 " ENDS, NULL },
  { GRID "%4 f32 FNEG %5\n%5 " ENDS, "line" },
  { GRID "%4 i64 FOR seq %1 %2 step 1\n%5 f32 CONST 1\n%6 END %4\n%7 f32 FNEG %5\n%8 " ENDS, "L1: %7 uses %5" },
  { GRID "%4 i64 FOR seq %1 %2 step 1\n%5 END %3\n", "L1: %5 ends %3, not %4" },
  { GRID, "L1: %3 is not ended" },
  { HEAD "%1 i64 ICONST 0\n%2 END %1\n", "L1: %2 ends nothing" },
  { GRID "%4 f32 GET r0\n%5 " ENDS, "L1: %4 gets variable 0" },
  { GRID "%4 f32 CONST 1\n%5 f32 SET r0 %4\n%6 f32 GET r0\n%7 " ENDS, NULL },
  { GRID "%4 i1 ILT %1 %2\n%5 IF %4\n%6 f32 CONST 1\n%7 f32 SET r0 %6\n%8 END %5\n%9 f32 GET r0\n%10 " ENDS,
      "L1: %9 gets variable 0" },
  { GRID "%4 f32 CONST 1\n%5 f32 SET r0 %4\n%6 i64 FOR team %1 %2 step 1\n%7 f32 GET r0\n%8 f32 SET r0 %7\n%9 END "
      "%6\n%10 " ENDS, "L1: %7 gets variable 0" },
  { GRID "%4 f32 CONST 1\n%5 i64 FOR team %1 %2 step 1\n%6 f32 SET r0 %4\n%7 END %5\n%8 f32 GET r0\n%9 " ENDS,
      "L1: %8 gets variable 0" },
  { GRID "%4 i64v LANE\n%5 i64 IADD %4 %4\n%6 " ENDS, "L2: uniform %5" },
  { GRID "%4 i64v IADD %1 %1\n%5 " ENDS, "L2: %4 IADD is uniform" },
  { GRID "%4 i64 LANE\n%5 " ENDS, "L2: %4 LANE is varying" },
  { GRID "%4 i64v LANE\n%5 i1v ILT %4 %4\n%6 IF %5\n%7 END %6\n%8 " ENDS, "L2: uniform %6 IF uses varying %5" },
  { GRID "%4 f32v LOAD b0[%1] lanes 1\n%5 f32 RSUM %4\n%6 f32 STORE b1[%1] = %5\n%7 " ENDS, NULL },
  { GRID "%4 i64 FOR grid %1 %2 step 1\n%5 END %4\n%6 " ENDS, "L3: GRID %4" },
  { HEAD "%1 i64 ICONST 0\n%2 i64 FOR team %1 %1 step 1\n%3 END %2\n", "L3: TEAM %2 stands outside" },
  { GRID "%4 i64 FOR team %1 %2 step 1\n%5 i64 FOR team %1 %2 step 1\n%6 END %5\n%7 END %4\n%8 " ENDS,
      "L3: TEAM %5 stands in another" },
  { HEAD "%1 i64 ICONST 0\n%2 f32 CONST 1\n%3 f32 STORE b1[%1] = %2\n", "L3: %3 stores outside GRID" },
  { HEAD "%1 i64 ICONST 0\n%2 f32 LOAD b2[%1]\n", "L3: %2 loads of a slab outside GRID" },
  { HEAD "%1 i64 ICONST 0\n%2 i64 FOR grid %1 %1 step 2\n%3 END %2\n", "L3: GRID %2 leaves out slots" },
  { GRID "%4 i64 FOR team %1 %2 step 1\n%5 BAR\n%6 END %4\n%7 " ENDS, "L4: BAR %5" },
  { HEAD "%1 BAR\n", "L4: BAR %1" },
  { GRID "%4 f32 CONST 1\n%5 f32 FADD %4 %1\n%6 " ENDS, "L6: %5 FADD" },
  { GRID "%4 f64 CONST 1\n%5 f64 STORE b1[%1] = %4\n%6 " ENDS, "L6: %5 STORE" },
  { GRID "%4 f32 CONST 1\n%5 f32 STORE b0[%1] = %4\n%6 " ENDS, "L6: %5 STORE" },
  { GRID "%4 i1 IF %1\n%5 " ENDS, "line" },
  { GRID "%4 f32v LOAD b0[%1] lanes 1\n%5 f32v LXOR %4 xor 4\n%6 " ENDS, "%5: no lane 4" },
  { GRID "%4 f32 STORE b1[%1] = %4\n%5 " ENDS, "line" },
};

Test(loops, rules_L1_to_L4_and_L6) {
  Arena arena = { 0 };
  for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
    Why why = { .arena = &arena };
    Kernel *k = loops_read(&arena, str_of(broken[i].text), &why);
    if (broken[i].says)
      cr_expect(!k && strstr(reason(&why), broken[i].says), "%s\nmust say `%s`, says `%s`", broken[i].text,
          broken[i].says, reason(&why));
    else cr_expect(k, "%s\n%s", broken[i].text, reason(&why));
  }
  arena_free(&arena);
}

/* x and y are GLOBAL with 8 numbers, t is TILE; 4 lanes, 2 warps, slots 0 to 3 of which `slots` run */
static const struct { const char *what, *text; int slots; const char *says; } runs[] = {
  { "a load behind the end", "%4 f32 LOAD b0[%1 + 8]\n%5 " ENDS, 1, "L7: %4 loads x[8] of 8" },
  { "a load before the begin", "%4 f32v LOAD b0[%1 + -1] lanes 1\n%5 " ENDS, 1, "L7: %4 loads x[-1]" },
  { "the last lanes", "%4 f32v LOAD b0[%1 + 5] lanes 1\n%5 " ENDS, 1, "L7: %4 loads x[8]" },
  { "the last lanes, masked",
      "%4 i64v LANE\n%5 i64 ICONST 3\n%6 i1v ILT %4 %5\n%7 f32v LOAD b0[%1 + 5] lanes 1 mask %6\n%8 " ENDS, 1, NULL },
  { "two lanes store to one place",
      "%4 i64v LANE\n%5 i64 ICONST 2\n%6 i64v IDIV %4 %5\n%7 f32v LOAD b0[%1] lanes 1\n%8 f32v STORE b2[%6] = %7\n%9 "
          "" ENDS, 1, "L5: %8 stores to t[0]" },
  { "a lane reads what another has stored",
      "%4 f32v LOAD b0[%1] lanes 1\n%5 f32v STORE b2[%1] lanes 1 = %4\n%6 f32v LOAD b2[%1 + 1] lanes 1\n%7 " ENDS, 1,
      "L5: %6 loads t[1]" },
  { "a lane reads what it has stored",
      "%4 f32v LOAD b0[%1] lanes 1\n%5 f32v STORE b2[%1] lanes 1 = %4\n%6 f32v LOAD b2[%1] lanes 1\n%7 " ENDS, 1,
      NULL },
  { "behind a barrier",
      "%4 f32v LOAD b0[%1] lanes 1\n%5 f32v STORE b2[%1] lanes 1 = %4\n%6 BAR\n%7 f32v LOAD b2[%1 + 1] lanes 1\n%8 "
          "" ENDS, 1, NULL },
  { "a uniform load of what a lane has stored",
      "%4 f32v LOAD b0[%1] lanes 1\n%5 f32v STORE b2[%1] lanes 1 = %4\n%6 f32 LOAD b2[%1]\n%7 " ENDS, 1, "L5: %6" },
  { "a uniform store, then loads of the warp",
      "%4 f32 LOAD b0[%1]\n%5 f32 STORE b2[%1] = %4\n%6 f32 LOAD b2[%1]\n%7 f32 STORE b2[%1] = %6\n%8 f32v LOAD "
          "b2[%1] lanes 1\n%9 " ENDS, 1, NULL },
  { "two warps store to one place",
      "%4 i64 FOR team %1 %2 step 1\n%5 f32 LOAD b0[%1]\n%6 f32 STORE b2[%1] = %5\n%7 END %4\n%8 " ENDS, 1,
      "L5: %6 stores to t[0]" },
  { "each warp has its place",
      "%4 i64 FOR team %1 %2 step 1\n%5 f32 LOAD b0[%1]\n%6 f32 STORE b2[%4] = %5\n%7 END %4\n%8 " ENDS, 1, NULL },
  { "a warp reads what another stores",
      "%4 i64 FOR team %1 %2 step 1\n%5 f32 LOAD b2[%1]\n%6 f32 STORE b2[%4] = %5\n%7 END %4\n%8 " ENDS, 1, "L5:" },
  { "two slots store to one place", "%4 f32 LOAD b0[%1]\n%5 f32 STORE b1[%1] = %4\n%6 BAR\n%7 " ENDS, 2,
      "L5: %5 stores to y[0]" },
  { "a slot reads what another stores", "%4 f32 LOAD b1[%1]\n%5 f32 STORE b1[%3] = %4\n%6 BAR\n%7 " ENDS, 2, "L5:" },
  { "each slot has its tile", "%4 f32 LOAD b0[%1]\n%5 f32 STORE b2[%1] = %4\n%6 f32 STORE b1[%3] = %4\n%7 " ENDS, 2,
      NULL },
  { "a divisor of zero", "%4 i64 IDIV %2 %1\n%5 " ENDS, 1, "%4 IDIV: a divisor below 1" },
  { "a float beyond 32 bits", "%4 f32 CONST 0x1p31\n%5 i32 FTOI %4\n%6 " ENDS, 1, "%5 FTOI: out of range" },
  { "a power that is no normal number", "%4 f32 CONST 0x1p7\n%5 f32 SCALE2 %4 %4\n%6 " ENDS, 1,
      "%5 SCALE2: out of range" },
  { "a lane's index beyond 32 bits", "%4 i64v LANE\n%5 i64 ICONST 2147483647\n%6 i64v IADD %4 %5\n%7 " ENDS, 1, "L9" },
};

Test(loops, rules_L5_L7_L9_and_what_is_undefined) {
  Arena arena = { 0 };
  for (size_t i = 0; i < sizeof runs / sizeof *runs; i++) {
    Why why = { .arena = &arena };
    Kernel *k = loops_read(&arena, str_format(&arena, "%s%s", GRID, runs[i].text), &why);
    cr_assert(k, "%s: %s", runs[i].what, reason(&why));
    float x[8] = { 0 }, y[8] = { 0 };
    int64_t sizes[8] = { 1 };
    void *bufs[] = { x, y, NULL };
    bool ok = loops_eval(k, bufs, sizes, 0, runs[i].slots, true, &why);
    if (runs[i].says)
      cr_expect(!ok && strstr(reason(&why), runs[i].says), "%s: must say `%s`, says `%s`", runs[i].what, runs[i].says,
          reason(&why));
    else cr_expect(ok, "%s: %s", runs[i].what, reason(&why));
  }
  arena_free(&arena);
}

Test(loops, a_slab_holds_nothing_at_the_start_of_a_slot) {
  Arena arena = { 0 };
  Why why = { .arena = &arena };
  Kernel *k = loops_read(&arena,
      S(GRID "%4 f32 LOAD b2[%1]\n%5 f32 STORE b1[%3] = %4\n%6 f32 CONST 0x1p+0\n%7 f32 STORE b2[%1] = %6\n%8 " ENDS),
      &why);
  cr_assert(k, "%s", reason(&why));
  float x[8] = { 0 }, y[8] = { 0 };
  int64_t sizes[8] = { 1 };
  void *bufs[] = { x, y, NULL };
  cr_assert(loops_eval(k, bufs, sizes, 0, 2, false, &why));
  cr_expect(isnan(y[0]) && isnan(y[1]));
  arena_free(&arena);
}

static int op_of(const Kernel *k, Ref r) { return k->ins.at[r].op; }

Test(loops, the_builder_folds_whole_numbers_only) {
  Arena arena = { 0 };
  Kernel *k = kernel_open(&arena, S("k"), 4, 1, 1, 1);
  Ref n = l_size(k, 0);
  cr_expect(l_add(k, n, l_int(k, 0)) == n && l_muli(k, n, 1) == n);
  Ref product = l_op2(k, L_IMUL, l_int(k, 6), l_int(k, 7));
  cr_expect(k->ins.at[product].imm == 42);
  cr_expect(op_of(k, l_op2(k, L_IMUL, l_int(k, INT64_MAX), l_int(k, 2))) == L_IMUL, "what overflows stays");
  cr_expect(op_of(k, l_op2(k, L_IDIV, l_int(k, 1), l_int(k, 0))) == L_IDIV);
  cr_expect(op_of(k, l_op2(k, L_FADD, l_const(k, BASE_F32, 1), l_const(k, BASE_F32, 2))) == L_FADD);
  cr_expect(op_of(k, l_op2(k, L_IADD, l_i32(k, 1), l_i32(k, 2))) == L_IADD, "i32 is Threefry's");
  arena_free(&arena);
}
