/* target_safetensors.c: checkpoints, read into the state of a module with two weights, a statistic, averages, moments
 * and two settings. The checksum would stop every mutation, so an input is read twice: as it is, and with its checksum
 * put right. */
#include "fuzz/target.h"
#include "state.h"
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

static const int64_t two_three[] = { 2, 3 }, four[] = { 4 };
static const gdl_weight weights[] = {
  { .name = "a.weight", .dims = two_three, .offset = 0, .count = 6, .rank = 2, .trained = 1 },
  { .name = "a.bias", .dims = four, .offset = 16, .count = 4, .rank = 1, .trained = 1 },
  { .name = "mean", .dims = four, .offset = 32, .count = 4, .rank = 1 },
};
static const gdl_arg args[] = { { .name = "average", .dtype = GDL_F32, .role = GDL_AVERAGE } };
static const gdl_kernel kernels[] = { { .name = "m_step", .args = args, .nargs = 1, .entry = GDL_STEP,
    .dtype = GDL_F32 } };
static const gdl_setting settings[] = {
  { .name = "optimizer.rate", .value = 1e-3, .least = 0, .most = 10, .index = 0 },
  { .name = "batch", .value = 8, .least = 1, .most = 1000, .index = -1 },
};
static const gdl_module module = {
  .abi = GDL_ABI, .name = "m", .hash = 0x1234, .kernels = kernels, .weights = weights, .settings = settings,
  .nkernels = 1, .nweights = 3, .nsettings = 2, .nparam = 48, .ntrained = 32, .nmoment = 64, .nsums = 2, .optimizer =
      "adam",
};

static void load(const uint8_t *at, size_t n, bool whole) {
  Shelf shelf = shelf_open(at, n);
  Trouble t = { 0 };
  State s;
  Settings set;
  CLAIM(rt_state_open(&s, &module, &t) && rt_settings_open(&set, &module, &t));
  bool ok = rt_checkpoint_load(&s, &set, shelf.path, whole, &t);
  CLAIM(ok == !t.code && (ok || t.text[0]) && t.code != EXIT_MEMORY);
  if (ok)
    for (int32_t i = 0; i < set.n; i++)
      CLAIM(!(set.at[i].least < set.at[i].most) || (set.at[i].value >= set.at[i].least &&
          set.at[i].value <= set.at[i].most));
  rt_settings_close(&set);
  rt_state_close(&s);
  shelf_close(&shelf);
}

/* The same file with the checksum that it should have: of the tensors, then of the metadata without it. */
static uint8_t *put_right(const uint8_t *at, size_t n, size_t *nfile) {
  uint64_t length = 0;
  for (int i = 8; n >= 8 && i-- > 0;) length = length << 8 | at[i];
  json_t *root = n >= 8 && length <= n - 8 ? json_loadb((const char *)at + 8, length, 0, NULL) : NULL;
  json_t *meta = json_object_get(root, "__metadata__");
  uint8_t *file = NULL;
  if (json_is_object(meta)) {
    json_object_del(meta, "crc32");
    char *text = json_dumps(meta, JSON_COMPACT | JSON_SORT_KEYS), hex[12];
    CLAIM(text);
    uLong crc = crc32(crc32(crc32(0, NULL, 0), at + 8 + length, (uInt)(n - 8 - length)), (const uint8_t *)text,
        (uInt)strlen(text));
    free(text);
    snprintf(hex, sizeof hex, "%08lx", crc);
    json_object_set_new(meta, "crc32", json_string(hex));
    CLAIM((text = json_dumps(root, JSON_COMPACT)));
    size_t head = strlen(text);
    *nfile = 8 + head + n - 8 - length;
    CLAIM((file = malloc(*nfile)));
    for (int i = 0; i < 8; i++) file[i] = (uint8_t)((uint64_t)head >> 8 * i);
    memcpy(file + 8, text, head);
    memcpy(file + 8 + head, at + 8 + length, n - 8 - length);
    free(text);
  }
  json_decref(root);
  return file;
}

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t n) {
  load(at, n, true);
  size_t nfile = 0;
  uint8_t *file = put_right(at, n, &nfile);
  if (file) {
    load(file, nfile, true);
    load(file, nfile, false);
  }
  free(file);
  return 0;
}
