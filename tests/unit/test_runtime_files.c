/* test_runtime_files.c: files in, batches and checkpoints out. Damaged files are refused, never believed. */
#include "../../runtime/samples.h"
#include "../../runtime/state.h"
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

static char *temporary(const char *name) {
  Trouble t = { 0 };
  return rt_text(&t, "test_runtime.%ld.%s", (long)getpid(), name);
}

static Array numbers(ArrayKind kind, size_t item, uint32_t rank, const int64_t *dim) {
  Array a;
  Trouble t = { 0 };
  cr_assert(rt_array_make(&a, "array", kind, item, rank, dim, &t));
  return a;
}

/* --- arrays --------------------------------------------------------------------------------------- */
Test(runtime_files, an_array_written_as_npy_reads_back) {
  const int64_t dim[3] = { 3, 2, 4 };
  Array a = numbers(ARRAY_F64, 8, 3, dim), b;
  Trouble t = { 0 };
  char *path = temporary("a.npy");
  for (int64_t i = 0; i < a.count; i++) ((double *)(void *)a.at)[i] = sqrt((double)i);
  cr_assert(rt_write_array(path, &a, &t) && rt_read_npy(path, &b, &t));
  cr_assert(b.kind == ARRAY_F64 && b.rank == 3 && b.dim[0] == 3 && b.dim[1] == 2 && b.dim[2] == 4);
  cr_assert_arr_eq(a.at, b.at, 24 * 8);
  unlink(path);
  free(path);
  rt_array_free(&a);
  rt_array_free(&b);
}

Test(runtime_files, damaged_npy_is_refused_or_read_never_more) {
  const int64_t dim[2] = { 4, 5 };
  Array a = numbers(ARRAY_F32, 4, 2, dim);
  Trouble t = { 0 };
  char *path = temporary("b.npy");
  uint8_t *at;
  size_t n;
  cr_assert(rt_write_array(path, &a, &t) && rt_read_file(path, 1u << 20, &at, &n, &t));
  for (uint64_t i = 0; i < 6000; i++) {
    Key k = rt_key(DRAW_AUDIT, 1, i);
    size_t place = rt_below(k, 0, n), length = i % 3 ? n : rt_below(k, 1, n);
    uint8_t *copy = malloc(length + 1), old = at[place];   /* of the exact size, so that a byte too far is seen */
    at[place] = (uint8_t)rt_bits(k, 2);
    memcpy(copy, at, length);
    at[place] = old;
    Array b;
    Trouble why = { 0 };
    if (rt_parse_npy("damaged", copy, length, &b, &why)) cr_assert_leq((size_t)b.count * b.item, length);
    else cr_assert(why.code == EXIT_REFUSED || why.code == EXIT_IO || why.code == EXIT_MEMORY);
    rt_array_free(&b);
    free(copy);
  }
  free(at);
  unlink(path);
  free(path);
  rt_array_free(&a);
}

Test(runtime_files, npy_texts_of_both_kinds_are_read) {
  static const char head[] = "{'descr': '<U3', 'fortran_order': False, 'shape': (2,), }";
  uint8_t file[200] = "\x93NUMPY\x01\x00";
  size_t n = sizeof head - 1;
  file[8] = (uint8_t)n;
  memcpy(file + 10, head, n);
  const uint32_t text[6] = { 'a', 0xE9, 0, 0x20AC, 'b', 'c' };
  memcpy(file + 10 + n, text, sizeof text);
  Array a;
  Trouble t = { 0 };
  char word[32];
  cr_assert(rt_parse_npy("texts", file, 10 + n + sizeof text, &a, &t), "%s", t.text);
  rt_array_word(&a, 0, word, sizeof word);
  cr_assert_str_eq(word, "a\xC3\xA9");
  rt_array_word(&a, 1, word, sizeof word);
  cr_assert_str_eq(word, "\xE2\x82\xAC" "bc");
  rt_array_free(&a);
}

Test(runtime_files, csv_columns_are_numbers_or_texts) {
  Trouble t = { 0 };
  char *path = temporary("c.csv");
  static const char table[] = "x,\"the, name\",y\n1,a,2.5\n-3,\"b \"\"q\"\"\",1e3\r\n";
  cr_assert(rt_write_file(path, &(Piece){ table, sizeof table - 1 }, 1, &t));
  Array a;
  char word[32];
  cr_assert(rt_read_csv(path, "y", &a, &t), "%s", t.text);
  cr_assert(a.kind == ARRAY_F64 && a.count == 2 && rt_array_number(&a, 0) == 2.5 && rt_array_number(&a, 1) == 1000);
  rt_array_free(&a);
  cr_assert(rt_read_csv(path, "the, name", &a, &t), "%s", t.text);
  rt_array_word(&a, 1, word, sizeof word);
  cr_assert_str_eq(word, "b \"q\"");
  rt_array_free(&a);
  cr_assert(!rt_read_csv(path, "z", &a, &t) && t.code == EXIT_REFUSED);
  unlink(path);
  free(path);
}

Test(runtime_files, csv_empty_lines_and_zero_bytes) {
  Trouble t = { 0 };
  char *path = temporary("e.csv");
  static const char blank[] = "x,y\n1,2\n\n3,4\r\n\r\n\n", zero[] = "x,y\n1,2\n\0,4\n";
  cr_assert(rt_write_file(path, &(Piece){ blank, sizeof blank - 1 }, 1, &t));
  Array a;
  cr_assert(rt_read_csv(path, "x", &a, &t), "%s", t.text);
  cr_assert(a.kind == ARRAY_F64 && a.count == 2 && rt_array_number(&a, 1) == 3);
  rt_array_free(&a);
  cr_assert(rt_write_file(path, &(Piece){ zero, sizeof zero - 1 }, 1, &t));
  cr_assert(!rt_read_csv(path, "x", &a, &t) && t.code == EXIT_REFUSED);
  unlink(path);
  free(path);
}

/* Sizes are asked of the length of the file before memory is. */
Test(runtime_files, hostile_sizes_are_refused_without_memory) {
  Array a;
  Trouble t = { 0 };
  static const uint8_t idx[] = { 0, 0, 14, 2, 255, 255, 255, 255, 0, 255, 255, 255, 1 };
  cr_assert(!rt_parse_idx("huge", idx, sizeof idx, &a, &t) && t.code == EXIT_IO && !a.at);
  char npy[128];
  int n = snprintf(npy + 10, sizeof npy - 10, "{'descr': '<f8', 'fortran_order': False, 'shape': (%lld,), }\n",
      1ll << 56);
  memcpy(npy, "\x93NUMPY\x01\x00", 8);
  npy[8] = (char)n, npy[9] = 0;
  t = (Trouble){ 0 };
  cr_assert(!rt_parse_npy("huge", (const uint8_t *)npy, (size_t)n + 10, &a, &t) && t.code == EXIT_IO && !a.at, "%s",
      t.text);
}

/* --- binding and batches ------------------------------------------------------------------------------ */
/* Bodies: a set whose size comes with the data, a label shared by all samples, and the index of samples. */
static const char *const sizes[] = { "b", "n_bodies" };
static const int64_t d_place[] = { -2, 3 }, d_kind[] = { -2 }, d_energy[] = { -1, 1 };
static const int64_t elements[] = { 1, 6, 8 };
static const gdl_arg args[] = {
  { .name = "place", .axes = "rm", .dims = d_place, .dtype = GDL_F32, .role = GDL_IN, .rank = 2, .rows = -1 },
  { .name = "kind", .axes = "r", .dims = d_kind, .dtype = GDL_I32, .role = GDL_IN, .rank = 1, .rows = -1, .nlabels = 3,
      .labels = elements },
  { .name = "energy", .axes = "bm", .dims = d_energy, .dtype = GDL_F32, .role = GDL_TARGET, .rank = 2, .rows = -1 },
  { .name = "bodies_sample", .axes = "r", .dims = d_kind, .dtype = GDL_I32, .role = GDL_INDEX, .rank = 1, .rows = -1 },
};
static const gdl_kernel kernel = { .name = "bodies_eval", .size_names = sizes, .args = args, .nsizes = 2, .nargs = 4,
    .entry = GDL_EVAL, .dtype = GDL_F32 };
static const gdl_module module = { .kernels = &kernel, .nkernels = 1 };

static void bind_bodies(Samples *s, Trouble *t) {
  const int64_t places[3] = { 5, 4, 3 }, kinds[1] = { 4 }, energies[1] = { 5 };
  Array place = numbers(ARRAY_F32, 4, 3, places), kind = numbers(ARRAY_U8, 1, 1, kinds), energy = numbers(ARRAY_F64, 8,
      1, energies);
  for (int i = 0; i < 60; i++) ((float *)(void *)place.at)[i] = (float)i;
  memcpy(kind.at, "\x08\x01\x06\x01", 4);
  for (int i = 0; i < 5; i++) ((double *)(void *)energy.at)[i] = i;
  *s = (Samples){ 0 };
  cr_assert(rt_bind(s, &module, &kernel, &args[0], &place, false, t), "%s", t->text);
  cr_assert(rt_bind(s, &module, &kernel, &args[1], &kind, true, t), "%s", t->text);
  cr_assert(rt_bind(s, &module, &kernel, &args[2], &energy, false, t), "%s", t->text);
  cr_assert(rt_bind_indexes(s, &module, t), "%s", t->text);
}

Test(runtime_files, sets_are_concatenated_and_rows_know_their_sample) {
  Samples s;
  Trouble t = { 0 };
  Batch x;
  Call call;
  const uint32_t index[3] = { 4, 0, 2 };
  bind_bodies(&s, &t);
  cr_assert(rt_batch_open(&x, &s, GDL_F32, 3, &t) && rt_call_open(&call, &kernel, NULL, NULL, &t));
  rt_batch_fill(&x, index, 3, NULL, NULL);
  cr_assert(rt_batch_attach(&x, &call, &t), "%s", t.text);
  cr_assert(call.sizes[0] == 3 && call.sizes[1] == 12);
  const int32_t label[4] = { 2, 0, 1, 0 };
  for (int i = 0; i < 12; i++) {
    cr_assert_eq(((int32_t *)call.args[3])[i], i / 4);
    cr_assert_eq(((int32_t *)call.args[1])[i], label[i % 4]);
    for (int c = 0; c < 3; c++)
      cr_assert_eq(((float *)call.args[0])[i * 3 + c], (float)((int)index[i / 4] * 12 + i % 4 * 3 + c));
  }
  for (int i = 0; i < 3; i++) cr_assert_eq(((float *)call.args[2])[i], (float)index[i]);
  rt_call_close(&call);
  rt_batch_close(&x);
  rt_samples_free(&s);
}

Test(runtime_files, what_does_not_fit_is_refused) {
  const int64_t four[1] = { 4 }, wide[3] = { 5, 4, 2 }, other[3] = { 5, 3, 3 };
  Samples s;
  Trouble t = { 0 };
  bind_bodies(&s, &t);
  Array bad = numbers(ARRAY_F32, 4, 3, wide);
  cr_assert(!rt_bind(&s, &module, &kernel, &args[0], &bad, false, &t) && t.code == EXIT_REFUSED &&
      strstr(t.text, "needs N x rows x 3"), "%s", t.text);
  t = (Trouble){ 0 };
  bad = numbers(ARRAY_F32, 4, 3, other);
  cr_assert(!rt_bind(&s, &module, &kernel, &args[0], &bad, false, &t) && strstr(t.text, "has 3 rows a sample"), "%s",
      t.text);
  t = (Trouble){ 0 };
  bad = numbers(ARRAY_U8, 1, 1, four);
  bad.at[2] = 7;
  cr_assert(!rt_bind(&s, &module, &kernel, &args[1], &bad, true, &t) && strstr(t.text, "one of 1 6 8"), "%s", t.text);
  t = (Trouble){ 0 };
  bad = numbers(ARRAY_F64, 8, 1, four);
  cr_assert(!rt_bind(&s, &module, &kernel, &args[2], &bad, false, &t) && strstr(t.text, "has 4 samples"), "%s", t.text);
  t = (Trouble){ 0 };
  const int64_t five[1] = { 5 };
  bad = numbers(ARRAY_F64, 8, 1, five);
  ((double *)(void *)bad.at)[3] = NAN;
  cr_assert(!rt_bind(&s, &module, &kernel, &args[2], &bad, false, &t) && strstr(t.text, "sample 3 is not a number"),
      "%s", t.text);
  rt_samples_free(&s);
}

Test(runtime_files, splits_and_orders_hold_each_sample_once) {
  Split p;
  Trouble t = { 0 };
  Samples s = { .n = 12 };
  uint32_t order[11], again[11], seen[12] = { 0 };
  cr_assert(rt_split(&p, &s, 1.0 / 12, &t) && p.ntrain == 11 && p.nvalid == 1);
  rt_order(&p, 3, 5, order);
  rt_order(&p, 3, 5, again);
  cr_assert_arr_eq(order, again, sizeof order);
  for (int i = 0; i < 11; i++) seen[order[i]]++;
  seen[p.index[11]]++;
  for (int i = 0; i < 12; i++) cr_assert_eq(seen[i], 1);
  free(p.index);
  s.consecutive = true;
  cr_assert(rt_split(&p, &s, 3, &t) && p.index[9] == 9 && p.index[11] == 11);
  free(p.index);
  cr_assert(!rt_split(&p, &s, 12, &t) && t.code == EXIT_REFUSED);
}

Test(runtime_files, the_loader_gives_every_batch_in_order_from_any_position) {
  Samples s;
  Trouble t = { 0 };
  const uint32_t order[5] = { 3, 1, 4, 0, 2 };
  bind_bodies(&s, &t);
  for (int64_t first = 0; first <= 3; first++) {
    Loader *l = rt_loader_open(&s, GDL_F32, order, 5, 2, first, NULL, NULL, &t);
    cr_assert(l);
    const Batch *x;
    int64_t k = first;
    for (; (x = rt_loader_next(l)); k++) {
      cr_assert_eq(x->b, k == 2 ? 1 : 2);
      for (int64_t i = 0; i < x->b; i++) cr_assert_eq(((float *)x->at[2])[i], (float)order[k * 2 + i]);
    }
    cr_assert_eq(k, 3);
    rt_loader_close(l);
  }
  rt_samples_free(&s);
}

/* --- checkpoints -------------------------------------------------------------------------------------- */
static const int64_t w_dims[] = { 3, 2 }, v_dims[] = { 5 };
static const gdl_weight weights[] = {
  { .name = "a.weight", .dims = w_dims, .offset = 0, .count = 6, .rank = 2, .trained = 1, .init = GDL_NORMAL,
      .scale = 1 },
  { .name = "a.variance", .dims = v_dims, .offset = 16, .count = 5, .rank = 1, .init = GDL_ONES },
};
static const gdl_kernel step = { .name = "s_step", .entry = GDL_STEP, .dtype = GDL_F32 };
static const gdl_module trained = { .name = "s", .hash = 77, .kernels = &step, .nkernels = 1, .weights = weights,
    .nweights = 2, .nparam = 32, .ntrained = 16, .nmoment = 32, .nsums = 3 };

Test(runtime_files, a_checkpoint_reads_back_and_any_damage_is_seen) {
  State a, b;
  Settings set;
  Trouble t = { 0 };
  char *path = temporary("c.safetensors"), *other = temporary("d.safetensors");
  uint8_t *at;
  size_t n;
  cr_assert(rt_state_open(&a, &trained, &t) && rt_state_open(&b, &trained, &t) && rt_settings_open(&set, &trained, &t));
  rt_state_draw(&a, 9);
  for (int i = 0; i < 6; i++) ((float *)a.moment)[i] = (float)i, ((float *)a.moment)[16 + i] = (float)-i;
  a.epoch = 3, a.batch = 4, a.step = 19, a.sums[1] = 1.0 / 3, a.best = 0.1;
  cr_assert(rt_checkpoint_save(&a, &set, path, true, &t) && rt_checkpoint_load(&b, NULL, path, true, &t), "%s", t.text);
  cr_assert(memcmp(a.param, b.param, 32 * 4) == 0 && memcmp(a.moment, b.moment, 32 * 4) == 0);
  cr_assert(b.seed == 9 && b.epoch == 3 && b.batch == 4 && b.step == 19 && b.sums[1] == 1.0 / 3 && b.best == 0.1);
  cr_assert(rt_read_file(path, 1u << 20, &at, &n, &t));
  for (size_t i = 0; i < n; i++) {  /* one byte changed, everywhere: refused, but for a change that means the same */
    uint8_t old = at[i];
    at[i] ^= (uint8_t)(1u << i % 8);
    Trouble why = { 0 };
    cr_assert(rt_write_file(other, &(Piece){ at, n }, 1, &t));
    if (rt_checkpoint_load(&b, NULL, other, true, &why))
      cr_assert(memcmp(a.param, b.param, 32 * 4) == 0 && b.step == 19 && b.epoch == 3 && b.seed == 9, "byte %zu", i);
    else cr_assert(why.code == EXIT_REFUSED, "byte %zu: %s", i, why.text);
    at[i] = old;
    if (i > 64 && i + 64 < n) i += 4;
  }
  for (size_t length = 0; length < n; length += 13) {
    Trouble why = { 0 };
    cr_assert(rt_write_file(other, &(Piece){ at, length }, 1, &t));
    cr_assert(!rt_checkpoint_load(&b, NULL, other, true, &why) && why.code == EXIT_REFUSED, "%zu bytes", length);
  }
  free(at);
  unlink(path);
  unlink(other);
  free(path);
  free(other);
  rt_state_close(&a);
  rt_state_close(&b);
  rt_settings_close(&set);
}

Test(runtime_files, weights_depend_on_seed_and_name_alone) {
  State a, b;
  Trouble t = { 0 };
  gdl_weight swapped[2] = { weights[1], weights[0] };
  swapped[0].offset = 0;
  swapped[1].offset = 16;
  gdl_module m = trained;
  m.weights = swapped;
  cr_assert(rt_state_open(&a, &trained, &t) && rt_state_open(&b, &m, &t));
  rt_state_draw(&a, 5);
  rt_state_draw(&b, 5);
  cr_assert(memcmp(a.param, (float *)b.param + 16, 6 * 4) == 0);
  rt_state_draw(&b, 6);
  cr_assert(memcmp(a.param, (float *)b.param + 16, 6 * 4) != 0);
  rt_state_close(&a);
  rt_state_close(&b);
}

/* --- archives and texts ------------------------------------------------------------------------------- */
/* An NPZ with one stored member, written byte by byte: local header, member, directory, end. */
Test(runtime_files, npz_members_are_found_by_name_and_missing_ones_listed) {
  static const char head[] = "{'descr': '<i4', 'fortran_order': False, 'shape': (2,), }";
  uint8_t member[128] = "\x93NUMPY\x01\x00", zip[400] = { 0 };
  size_t n = sizeof head - 1, k = 0;
  const int32_t value[2] = { 41, -7 };
  member[8] = (uint8_t)n;
  memcpy(member + 10, head, n);
  memcpy(member + 10 + n, value, sizeof value);
  n += 10 + sizeof value;
  uint32_t crc = (uint32_t)crc32(0, member, (uInt)n), size = (uint32_t)n, from;
  const char name[] = "x.npy";
  memcpy(zip, "PK\3\4\x14", 5);
  memcpy(zip + 14, &crc, 4);
  memcpy(zip + 18, &size, 4);
  memcpy(zip + 22, &size, 4);
  zip[26] = 5;
  memcpy(zip + 30, name, 5);
  memcpy(zip + 35, member, n);
  k = 35 + n;
  from = (uint32_t)k;
  memcpy(zip + k, "PK\1\2\x14\0\x14", 7);
  memcpy(zip + k + 16, &crc, 4);
  memcpy(zip + k + 20, &size, 4);
  memcpy(zip + k + 24, &size, 4);
  zip[k + 28] = 5;
  memcpy(zip + k + 46, name, 5);
  k += 51;
  memcpy(zip + k, "PK\5\6", 4);
  zip[k + 8] = zip[k + 10] = 1;
  zip[k + 12] = 51;
  memcpy(zip + k + 16, &from, 4);
  k += 22;
  Trouble t = { 0 };
  Array a;
  char *path = temporary("e.npz");
  cr_assert(rt_write_file(path, &(Piece){ zip, k }, 1, &t));
  cr_assert(rt_read_npz(path, "x", &a, &t), "%s", t.text);
  cr_assert(a.kind == ARRAY_I32 && a.count == 2 && rt_array_number(&a, 0) == 41 && rt_array_number(&a, 1) == -7);
  rt_array_free(&a);
  cr_assert(!rt_read_npz(path, "y", &a, &t) && t.code == EXIT_REFUSED && strstr(t.text, "it has: x"), "%s", t.text);
  unlink(path);
  free(path);
}

Test(runtime_files, a_text_is_cut_into_windows_and_the_same_one_byte_on) {
  static const int64_t d_text[] = { -1, 4 };
  static const gdl_arg text[] = {
    { .name = "text", .axes = "br", .dims = d_text, .dtype = GDL_I32, .role = GDL_IN, .rank = 2, .rows = -1,
        .nlabels = 128 },
    { .name = "next", .axes = "br", .dims = d_text, .dtype = GDL_I32, .role = GDL_TARGET, .rank = 2, .rows = -1,
        .nlabels = 128 },
  };
  static const gdl_kernel eval = { .name = "t_eval", .size_names = sizes, .args = text, .nsizes = 1, .nargs = 2,
      .entry = GDL_EVAL, .dtype = GDL_F32 };
  char *path = temporary("f.txt");
  const gdl_column columns[] = { { "text", "0", 0, 0 }, { "next", "1", 0, 0 } };
  const gdl_reader reader = { "bytes", path, "data", columns, 2, 0 };
  const gdl_module m = { .name = "t", .kernels = &eval, .nkernels = 1, .readers = &reader, .nreaders = 1 };
  Samples s;
  Trouble t = { 0 };
  cr_assert(rt_write_file(path, &(Piece){ "abcdefghijkl", 12 }, 1, &t));
  cr_assert(rt_read_samples(&s, &m, &eval, "data", "", NULL, &t), "%s", t.text);
  cr_assert(s.n == 2 && s.consecutive);     /* eleven bytes have a next one: two windows of four        */
  for (int i = 0; i < 8; i++) cr_assert(s.column[0].label[i] == 'a' + i && s.column[1].label[i] == 'b' + i);
  rt_samples_free(&s);
  unlink(path);
  free(path);
}
