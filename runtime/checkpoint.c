/* checkpoint.c: a State as a safetensors file.
 *
 *     8 bytes: length of the header, little-endian    header: JSON, padded with spaces    tensors
 *
 * Reading trusts nothing: the header must parse, name exactly the tensors of this module with their types
 * and shapes, place them one after the other up to the end of the file, carry the hash of this module, and the
 * CRC-32 of all tensor bytes and then of the metadata without it. What is written in f32 is read as f32 only, so that a
 * resumed run is the same. */
#include "state.h"
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum { GROUPS_MOST = 4 };
typedef struct Part { const char *prefix; void *at; int64_t base; bool trained; } Part;   /* tensors of one vector */

static int parts_of(const State *s, bool whole, Part *part) {
  int n = 0;
  part[n++] = (Part){ "", s->param, 0, false };
  if (s->average) part[n++] = (Part){ "average/", s->average, 0, false };
  if (!whole || !s->moment || s->module->ntrained == 0) return n;
  bool two = s->module->nmoment >= 2 * s->module->ntrained;
  part[n++] = (Part){ two ? "adam.m/" : "momentum/", s->moment, 0, true };
  if (two) part[n++] = (Part){ "adam.v/", s->moment, s->module->ntrained, true };
  return n;
}

static uint32_t crc_of(uint32_t crc, const uint8_t *at, size_t n) {
  for (size_t from = 0; from < n; from += 1u << 30)
    crc = (uint32_t)crc32(crc, at + from, (uInt)(n - from < 1u << 30 ? n - from : 1u << 30));
  return crc;
}

/* --- writing ---------------------------------------------------------------------------------- */
static bool text(json_t *o, const char *key, Trouble *t, const char *format, ...) __attribute__((format(printf, 4, 5)));
static bool text(json_t *o, const char *key, Trouble *t, const char *format, ...) {
  char buffer[512];
  va_list args;
  va_start(args, format);
  vsnprintf(buffer, sizeof buffer, format, args);
  va_end(args);
  return json_object_set_new(o, key, json_string(buffer)) == 0 ||
      rt_fail(t, EXIT_MEMORY, "out of memory for the header of a checkpoint");
}

/* Of the metadata as they are in the file, in the order of their names. */
static bool crc_meta(const json_t *meta, uint32_t *crc, Trouble *t) {
  char *all = json_dumps(meta, JSON_COMPACT | JSON_SORT_KEYS);
  if (!all) return rt_fail(t, EXIT_MEMORY, "out of memory for the header of a checkpoint");
  *crc = crc_of(*crc, (const uint8_t *)all, strlen(all));
  free(all);
  return true;
}

static bool metadata(json_t *o, const State *s, const Settings *set, uint32_t crc, Trouble *t) {
  bool ok = text(o, "format", t, "gdl 1") && text(o, "model", t, "%s", s->module->name) &&
            text(o, "hash", t, "%016llx", (unsigned long long)s->module->hash) && text(o, "seed", t, "%llu",
                (unsigned long long)s->seed) && text(o, "epoch", t, "%lld", (long long)s->epoch) &&
            text(o, "batch", t, "%lld", (long long)s->batch) && text(o, "step", t, "%lld", (long long)s->step) &&
            text(o, "best", t, "%a", s->best) && text(o, "best_epoch", t, "%lld", (long long)s->best_epoch) &&
            text(o, "since", t, "%lld", (long long)s->since) && text(o, "data", t, "%08x", s->data) &&
            text(o, "origin", t, "%016llx", (unsigned long long)s->origin);
  json_t *sums = json_array(), *settings = json_object();
  for (int64_t i = 0; i < s->module->nsums; i++) {
    char number[40];
    snprintf(number, sizeof number, "%a", s->sums[i]);
    json_array_append_new(sums, json_string(number));
  }
  for (int32_t i = 0; i < set->n; i++) {
    char number[40];
    snprintf(number, sizeof number, "%.17g", set->at[i].value);
    if (set->at[i].given && strcmp(set->at[i].name, "steps") != 0)
      json_object_set_new(settings, set->at[i].name, json_string(number));
  }
  char *a = json_dumps(sums, JSON_COMPACT), *b = json_dumps(settings, JSON_COMPACT);
  ok = ok && a && b && json_object_set_new(o, "sums", json_string(a)) == 0 && json_object_set_new(o, "settings",
      json_string(b)) == 0;
  free(a);
  free(b);
  json_decref(sums);
  json_decref(settings);
  ok = ok && crc_meta(o, &crc, t);
  return (ok && text(o, "crc32", t, "%08x", crc)) || rt_fail(t, EXIT_MEMORY,
      "out of memory for the header of a checkpoint");
}

bool rt_checkpoint_save(const State *s, const Settings *set, const char *path, bool whole, Trouble *t) {
  const gdl_module *m = s->module;
  Part part[GROUPS_MOST];
  int nparts = parts_of(s, whole, part);
  size_t width = rt_width(s->real), npieces = 2;
  Piece *piece = rt_alloc(2 + (size_t)nparts * (size_t)m->nweights, sizeof *piece, t);
  json_t *root = json_object(), *meta = json_object();
  bool ok = piece && root && meta && json_object_set_new(root, "__metadata__", json_incref(meta)) == 0;
  uint32_t crc = 0;
  int64_t end = 0;
  for (int p = 0; ok && p < nparts; p++)
    for (int32_t i = 0; ok && i < m->nweights; i++) {
      const gdl_weight *w = &m->weights[i];
      if (part[p].trained && !w->trained) continue;
      size_t bytes = (size_t)w->count * width;
      const uint8_t *at = (const uint8_t *)part[p].at + (size_t)(part[p].base + w->offset) * width;
      char *name = rt_text(t, "%s%s", part[p].prefix, w->name);
      json_t *shape = json_array(), *one;
      for (int r = 0; r < w->rank; r++) json_array_append_new(shape, json_integer(w->dims[r]));
      one = json_pack("{s:s, s:o, s:[I, I]}", "dtype", s->real == GDL_F64 ? "F64" : "F32", "shape", shape,
          "data_offsets",
                      (json_int_t)end, (json_int_t)(end + (int64_t)bytes));
      ok = name && one && json_object_set_new(root, name, one) == 0;
      free(name);
      crc = crc_of(crc, at, bytes);
      piece[npieces++] = (Piece){ at, bytes };
      end += (int64_t)bytes;
    }
  ok = ok && metadata(meta, s, set, crc, t);
  char *head = ok ? json_dumps(root, JSON_COMPACT) : NULL;
  if (head) {
    size_t n = strlen(head), padded = (n + 7) / 8 * 8;
    uint8_t length[8];
    for (int i = 0; i < 8; i++) length[i] = (uint8_t)((uint64_t)padded >> 8 * i);
    char *line = rt_text(t, "%s%.*s", head, (int)(padded - n), "        ");
    piece[0] = (Piece){ length, 8 };
    piece[1] = (Piece){ line, padded };
    ok = line && rt_write_file(path, piece, npieces, t);
    free(line);
  } else rt_fail(t, EXIT_MEMORY, "%s: out of memory for its header", path);
  ok = ok && head;
  free(head);
  free(piece);
  json_decref(meta);
  json_decref(root);
  return ok;
}

/* --- reading ------------------------------------------------------------------------------------ */
static const char *meta_text(const json_t *meta, const char *key) {
  const char *x = json_string_value(json_object_get(meta, key));
  return x ? x : "";
}

static bool read_sums(State *s, const json_t *meta) {
  json_t *sums = json_loads(meta_text(meta, "sums"), 0, NULL);
  bool ok = json_is_array(sums) && json_array_size(sums) == (size_t)s->module->nsums;
  for (int64_t i = 0; ok && i < s->module->nsums; i++) {
    const char *x = json_string_value(json_array_get(sums, (size_t)i));
    ok = x != NULL;
    if (ok) s->sums[i] = strtod(x, NULL);
  }
  json_decref(sums);
  return ok;
}

static bool whole_number(const json_t *meta, const char *key, int base, uint64_t *x) {
  const char *at = meta_text(meta, key);
  char *end = NULL;
  *x = strtoull(at, &end, base);
  return end != at && !*end && *at != '-';
}

static bool read_meta(State *s, const char *path, const json_t *meta, Trouble *t) {
  if (!json_is_object(meta) || strcmp(meta_text(meta, "format"), "gdl 1") != 0)
    return rt_fail(t, EXIT_REFUSED, "%s: was not written by a program of gdlc: its metadata name no format `gdl 1`",
        path);
  if (strcmp(meta_text(meta, "model"), s->module->name) != 0)
    return rt_fail(t, EXIT_REFUSED, "%s: holds the model `%s`, this program is `%s`", path, meta_text(meta, "model"),
        s->module->name);
  uint64_t hash, x[6];
  if (!whole_number(meta, "hash", 16, &hash) || hash != s->module->hash)
    return rt_fail(t, EXIT_REFUSED,
        "%s: was written by another version of %s (hash %s, this is %016llx): use the program that wrote it, or train "
            "again",
                   path, s->module->name, meta_text(meta, "hash"), (unsigned long long)s->module->hash);
  static const char *const keys[] = { "seed", "epoch", "batch", "step", "best_epoch", "since" };
  for (int i = 0; i < 6; i++)
    if (!whole_number(meta, keys[i], 10, &x[i]))
      return rt_fail(t, EXIT_REFUSED, "%s: its metadata lack `%s`", path, keys[i]);
  uint64_t data = 0;
  if (!read_sums(s, meta) || !whole_number(meta, "data", 16, &data) || !whole_number(meta, "origin", 16, &s->origin))
    return rt_fail(t, EXIT_REFUSED,
        "%s: its metadata lack `sums`, `data` or `origin`: was it written by another version?", path);
  s->seed = x[0];
  s->epoch = (int64_t)x[1];
  s->batch = (int64_t)x[2];
  s->step = (int64_t)x[3];
  s->best_epoch = (int64_t)x[4];
  s->since = (int64_t)x[5];
  s->best = strtod(meta_text(meta, "best"), NULL);
  s->data = (uint32_t)data;
  return true;
}

static bool read_tensor(const State *s, const char *path, const Part *part, const gdl_weight *w, const json_t *root,
    int64_t *end, const uint8_t *at, size_t n, Trouble *t) {
  char *name = rt_text(t, "%s%s", part->prefix, w->name);
  if (!name) return false;
  const json_t *one = json_object_get(root, name), *shape = json_object_get(one, "shape"),
      *place = json_object_get(one, "data_offsets");
  const char *dtype = json_string_value(json_object_get(one, "dtype")), *want = s->real == GDL_F64 ? "F64" : "F32";
  size_t bytes = (size_t)w->count * rt_width(s->real);
  bool ok = one || rt_fail(t, EXIT_REFUSED, "%s: lacks the tensor `%s`%s", path, name,
      part->trained ? "; it has weights only: resume from last.safetensors" : "");
  if (ok && (!dtype || strcmp(dtype, want) != 0))
    ok = rt_fail(t, EXIT_REFUSED, "%s: `%s` is %s, this program needs %s", path, name, dtype ? dtype : "of no type",
        want);
  bool same = json_array_size(shape) == w->rank;
  for (size_t r = 0; same && r < w->rank; r++) same = json_integer_value(json_array_get(shape, r)) == w->dims[r];
  if (ok && !same)
    ok = rt_fail(t, EXIT_REFUSED, "%s: `%s` has another shape than the weight at %s", path, name,
        w->source ? w->source : w->name);
  int64_t from = ok ? json_integer_value(json_array_get(place, 0)) : 0, to = ok
      ? json_integer_value(json_array_get(place, 1)) : 0;
  if (ok && (json_array_size(place) != 2 || from != *end || to - from != (int64_t)bytes || (uint64_t)to > n))
    ok = rt_fail(t, EXIT_REFUSED, "%s: `%s` does not lie where it must (%lld to %lld)", path, name, (long long)from,
        (long long)to);
  if (ok) {
    memcpy((uint8_t *)part->at + (size_t)(part->base + w->offset) * rt_width(s->real), at + from, bytes);
    *end = to;
  }
  free(name);
  return ok;
}

/* Settings that were given when the file was written hold on, unless they are given again. */
static bool read_settings(const State *s, Settings *set, const char *path, const json_t *meta, Trouble *t) {
  json_t *all = json_loads(meta_text(meta, "settings"), 0, NULL), *value;
  const char *name;
  double batch = 0;                 /* of the training that wrote it                                 */
  for (int32_t i = 0; i < s->module->nsettings; i++)
    if (strcmp(s->module->settings[i].name, "batch") == 0) batch = s->module->settings[i].value;
  json_object_foreach(all, name, value) {
    bool given = false;
    const char *text = json_string_value(value);
    for (int32_t i = 0; i < set->n; i++) given |= set->at[i].given && strcmp(set->at[i].name, name) == 0;
    if (text && strcmp(name, "batch") == 0) batch = strtod(text, NULL);
    char *assignment = given || !text ? NULL : rt_text(t, "%s=%s", name, text);
    if (assignment) rt_settings_set(set, assignment, t);
    free(assignment);
  }
  json_decref(all);
  if (s->batch > 0 && batch > 0 && batch != rt_setting(set, "batch"))
    rt_fail(t, EXIT_USAGE,
        "--set batch=%g: %s stands in the middle of an epoch of batches of %g; end the epoch with these",
        rt_setting(set, "batch"), path, batch);
  return !t->code;
}

static bool load(State *s, Settings *set, const char *path, bool whole, json_t *root, const uint8_t *at, size_t n,
    Trouble *t) {
  uint32_t found = crc_of(0, at, n);
  char written[20], right[20];      /* as text, since capital letters are damage, too                */
  json_t *meta = json_object_get(root, "__metadata__");
  if (!read_meta(s, path, meta, t)) return false;
  snprintf(written, sizeof written, "%s", meta_text(meta, "crc32"));
  json_object_del(meta, "crc32");
  if (!crc_meta(meta, &found, t)) return false;
  snprintf(right, sizeof right, "%08x", found);
  if (strcmp(written, right) != 0)
    return rt_fail(t, EXIT_REFUSED, "%s: is damaged: its checksum does not match; use another checkpoint", path);
  Part part[GROUPS_MOST];
  bool has_moments = false;
  const char *key;
  json_t *value;
  json_object_foreach(root, key, value)
    has_moments |= strncmp(key, "adam.", 5) == 0 || strncmp(key, "momentum/", 9) == 0;
  int nparts = parts_of(s, whole || has_moments, part);
  int64_t end = 0;
  size_t expected = 1;
  for (int p = 0; p < nparts; p++)
    for (int32_t i = 0; i < s->module->nweights; i++) {
      if (part[p].trained && !s->module->weights[i].trained) continue;
      expected++;
      if (!read_tensor(s, path, &part[p], &s->module->weights[i], root, &end, at, n, t)) return false;
    }
  if ((size_t)end != n || json_object_size(root) != expected)
    return rt_fail(t, EXIT_REFUSED, "%s: holds tensors that %s does not know", path, s->module->name);
  return !set || read_settings(s, set, path, meta, t);
}

bool rt_checkpoint_load(State *s, Settings *set, const char *path, bool whole, Trouble *t) {
  uint8_t *at = NULL;
  size_t n = 0, length = 0;
  if (!rt_read_file(path, SIZE_MAX / 4, &at, &n, t)) return false;
  for (int i = 8; n >= 8 && i-- > 0;) length = length << 8 | at[i];
  bool ok = (n >= 8 && length <= n - 8 && length < (1u << 28)) ||
      rt_fail(t, EXIT_REFUSED, "%s: is no safetensors file, or ends in its header", path);
  json_error_t error;
  json_t *root = ok ? json_loadb((const char *)at + 8, length, JSON_REJECT_DUPLICATES, &error) : NULL;
  if (ok && !json_is_object(root))
    ok = rt_fail(t, EXIT_REFUSED, "%s: is damaged: its header is no JSON object (%s)", path,
        root ? "a value" : error.text);
  ok = ok && load(s, set, path, whole, root, at + 8 + length, n - 8 - length, t);
  json_decref(root);
  free(at);
  return ok;
}
