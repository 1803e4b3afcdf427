/* init.c: `gdlc init NAME`: a folder with a first model, its data, a README and a .gitignore.
 *
 * The texts are those of examples/shapes, where the word `shapes` becomes NAME. The pictures are drawn here: strokes
 * from a point to two, three or four sides, on noise; upright to train on, moved by a random element of D(4) for the
 * test. They are the same for everyone. All is written to a folder of another name, which is renamed when it is
 * complete: a failure leaves nothing behind. */
#include "command.h"
#include "back/link.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SIDE = 12, CLASSES = 3, CLASS_LETTERS = 6, TRAIN_PICTURES = 960, TEST_PICTURES = 240 };
enum { HEADER = 128, FILES_MOST = 8 };
#define TEMPLATE "shapes"

typedef struct File { Str name; Bytes bytes; } File;
typedef struct Project { Arena *arena; Str name; File file[FILES_MOST]; uint32_t n; Why why; } Project;

static void add(Project *p, Str name, const void *at, size_t n) {
  assert(p->n < FILES_MOST);
  p->file[p->n++] = (File){ name, { at, n } };
}

/* --- the data ----------------------------------------------------------------------------------------- */
static uint32_t draw(uint64_t *state, uint32_t below) {         /* splitmix64                              */
  uint64_t z = *state += 0x9e3779b97f4a7c15u;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return (uint32_t)((z ^ (z >> 31)) >> 32) % below;
}

/* Where pixel (y, x) goes by the k-th of the eight turns and mirror images of the square. */
static uint32_t moved(uint32_t y, uint32_t x, uint32_t k) {
  if (k & 4) x = SIDE - 1 - x;
  for (uint32_t i = 0; i < (k & 3); i++) {
    uint32_t t = y;
    y = SIDE - 1 - x;
    x = t;
  }
  return y * SIDE + x;
}

/* Strokes of 2 to 4 pixels up, right, down, left of a point. */
static void draw_picture(uint8_t *picture, uint32_t class, uint32_t k, uint64_t *state) {
  static const bool stroke[CLASSES][4] = { { true, true, false, false }, { false, true, true, true },
                                           { true, true, true, true } };
  static const int step[4][2] = { { -1, 0 }, { 0, 1 }, { 1, 0 }, { 0, -1 } };
  for (uint32_t i = 0; i < SIDE * SIDE; i++) picture[i] = (uint8_t)draw(state, 64);
  uint32_t y = 4 + draw(state, 4), x = 4 + draw(state, 4);
  for (uint32_t s = 0; s < 4; s++) {
    uint32_t length = 2 + draw(state, 3);
    for (uint32_t i = 0; stroke[class][s] && i <= length; i++)
      picture[moved(y + i * (uint32_t)step[s][0], x + i * (uint32_t)step[s][1], k)] = (uint8_t)(192 + draw(state, 64));
  }
}

static void add_array(Project *p, const char *name, const char *type, const char *shape, const void *numbers,
                      size_t n) {
  uint8_t *at = arena_array(p->arena, uint8_t, HEADER + n);
  memset(at, ' ', HEADER);
  memcpy(at, "\x93NUMPY\x01\x00", 8);
  at[8] = HEADER - 10;
  at[9] = 0;
  Str header = str_format(p->arena, "{'descr': '|%s', 'fortran_order': False, 'shape': %s, }", type, shape);
  memcpy(at + 10, header.at, header.n);
  at[HEADER - 1] = '\n';
  memcpy(at + HEADER, numbers, n);
  add(p, str_of(name), at, HEADER + n);
}

static void add_pictures(Project *p, const char *images, const char *classes, uint32_t n, bool upright,
                         uint64_t state) {
  static const char names[CLASSES][CLASS_LETTERS + 1] = { "corner", "tee", "cross" };
  uint8_t *picture = arena_array(p->arena, uint8_t, n * SIDE * SIDE);
  char *name = arena_array(p->arena, char, n * CLASS_LETTERS);
  for (uint32_t i = 0; i < n; i++) {
    uint32_t class = draw(&state, CLASSES);
    memcpy(name + i * CLASS_LETTERS, names[class], CLASS_LETTERS);
    draw_picture(picture + i * SIDE * SIDE, class, upright ? 0 : draw(&state, 8), &state);
  }
  add_array(p, images, "u1", str_format(p->arena, "(%u, %d, %d)", n, SIDE, SIDE).at, picture, n * SIDE * SIDE);
  add_array(p, classes, "S6", str_format(p->arena, "(%u,)", n).at, name, n * CLASS_LETTERS);
}

/* --- the texts ------------------------------------------------------------------------------------------ */
static bool in_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

static Str renamed(Arena *arena, Str text, Str name) {
  const Str word = S(TEMPLATE);
  Out o = { .arena = arena };
  for (uint32_t i = 0; i < text.n;) {
    bool here = i + word.n <= text.n && !memcmp(text.at + i, word.at, word.n) && (!i || !in_name(text.at[i - 1])) &&
                (i + word.n == text.n || !in_name(text.at[i + word.n]));
    out_str(&o, here ? name : (Str){ text.at + i, 1 });
    i += here ? word.n : 1;
  }
  return out_text(&o);
}

static bool add_text(Project *p, Sources *sources, Str library, const char *from, Str to) {
  Str path = str_format(p->arena, "%.*s/" TEMPLATE "/%s", STR(library), from);
  uint32_t source = source_read(sources, path);
  if (!source) return why_no(&p->why, CODE_NONE, "cannot read %s: %s", path.at, strerror(errno));
  Str text = renamed(p->arena, sources->all.at[source - 1]->text, p->name);
  add(p, to, text.at, text.n);
  return true;
}

/* A name of the language, and none that the model itself needs. */
static bool name_fits(Project *p, Sources *sources, Str library) {
  Diags diags = { .arena = p->arena, .sources = sources };
  Str text = { p->file[0].bytes.at, (uint32_t)p->file[0].bytes.n };
  const Ast *file = ast_parse(p->arena, &diags, source_add(sources, p->file[0].name, text));
  Program *program = diags.nerrors ? NULL : program_check(p->arena, &diags, file, library);
  if (program) program_close(program);
  if (!diags.nerrors) return true;
  Str message = diags.all.at[0]->message;
  return why_no(&p->why, CODE_NONE, "a model cannot be called `%.*s`: %.*s", STR(p->name), STR(message));
}

/* --- the folder ------------------------------------------------------------------------------------------ */
static bool write_all(Project *p, Str folder) {
  Str data = str_format(p->arena, "%.*s/data", STR(folder));
  if (mkdir(data.at, 0777)) return why_no(&p->why, CODE_NONE, "cannot make %s: %s", data.at, strerror(errno));
  for (uint32_t i = 0; i < p->n; i++) {
    Str path = str_format(p->arena, "%.*s/%.*s", STR(folder), STR(p->file[i].name));
    if (!file_write(p->arena, path, p->file[i].bytes, false, &p->why)) return false;
  }
  return true;
}

static void remove_all(Project *p, Str folder) {
  for (uint32_t i = 0; i < p->n; i++) unlink(str_format(p->arena, "%.*s/%.*s", STR(folder), STR(p->file[i].name)).at);
  rmdir(str_format(p->arena, "%.*s/data", STR(folder)).at);
  rmdir(folder.at);
}

/* rename, but never onto what is there. */
static bool settle(const char *from, const char *to) {
  if (!renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE)) return true;
  struct stat s;
  if (errno != EINVAL && errno != ENOSYS) return false;         /* the file system does not know the flag  */
  if (!lstat(to, &s)) { errno = EEXIST; return false; }
  return !rename(from, to);
}

static int write_project(Project *p) {
  struct stat s;
  if (!lstat(p->name.at, &s)) {
    why_no(&p->why, CODE_NONE, "%s is there already", p->name.at);
    return EXIT_REFUSED;
  }
  Str folder = str_format(p->arena, ".%s.XXXXXX", p->name.at);
  if (!mkdtemp((char *)folder.at)) {
    why_no(&p->why, CODE_NONE, "cannot make a folder here: %s", strerror(errno));
    return EXIT_IO;
  }
  mode_t mask = umask(0);
  umask(mask);
  bool ok = write_all(p, folder);
  if (ok && (chmod(folder.at, 0777 & ~mask) || !settle(folder.at, p->name.at)))
    ok = why_no(&p->why, CODE_NONE, "cannot make %s: %s", p->name.at, strerror(errno));
  if (!ok) remove_all(p, folder);
  return ok ? 0 : EXIT_IO;
}

static int fill(Project *p, Str library) {
  Sources sources = { .arena = p->arena };
  for (uint32_t i = 0; i < p->name.n; i++)
    if (!in_name(p->name.at[i]) || (!i && p->name.at[i] >= '0' && p->name.at[i] <= '9')) {
      why_no(&p->why, CODE_NONE, "`%s` is no name: a letter or _, then letters, digits and _", p->name.at);
      return EXIT_USAGE;
    }
  if (!add_text(p, &sources, library, TEMPLATE ".gdl", str_format(p->arena, "%s.gdl", p->name.at)) ||
      !add_text(p, &sources, library, "README.md", S("README.md")) ||
      !add_text(p, &sources, library, ".gitignore", S(".gitignore")))
    return EXIT_IO;
  if (!name_fits(p, &sources, library)) return EXIT_USAGE;
  add_pictures(p, "data/train-image.npy", "data/train-class.npy", TRAIN_PICTURES, true, 1);
  add_pictures(p, "data/test-image.npy", "data/test-class.npy", TEST_PICTURES, false, 2);
  return 0;
}

int make_project(const char *name, Str library) {
  Arena arena = { 0 };
  Project p = { .arena = &arena, .name = str_copy(&arena, str_of(name)), .why = { .arena = &arena } };
  int status = fill(&p, library);
  if (!status) status = write_project(&p);
  if (status) fprintf(stderr, "gdlc: %.*s\n", STR(p.why.reason.at[0].text));
  else printf("%s: a model and its data. Next:\n\n  cd %s && gdlc %s.gdl -o %s && ./%s train\n", name, name, name,
              name, name);
  arena_free(&arena);
  return status;
}
