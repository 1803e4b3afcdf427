/* package.c: --emit=pkgconfig and --emit=cmake.
 *
 * Reads the paths of the other files that are written; writes texts that name them from the place of the text. Paths
 * are made absolute and compared element by element; no file has to exist. A static library goes before a shared
 * one. */
#include "back/package.h"
#include <unistd.h>

Str package_name(Arena *arena, Str source) {
  uint32_t from = source.n, end = source.n;
  while (from && source.at[from - 1] != '/') from--;
  if (end > from + 4 && !memcmp(source.at + end - 4, ".gdl", 4)) end -= 4;
  Out out = { .arena = arena };
  for (uint32_t i = from; i < end; i++) {
    char c = source.at[i];
    bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
    out_printf(&out, "%c", plain ? c : '_');
  }
  return out_text(&out);
}

/* The elements of a path from the root; `.` and `..` are taken away. */
typedef vec(Str) Elements;
static void add_elements(Arena *arena, Elements *e, Str path) {
  for (uint32_t from = 0, to; from < path.n; from = to + 1) {
    for (to = from; to < path.n && path.at[to] != '/';) to++;
    Str one = { path.at + from, to - from };
    if (!one.n || str_is(one, ".")) continue;
    if (!str_is(one, "..")) vec_push(arena, e, one);
    else if (e->n) e->n--;
  }
}

static Elements elements(Arena *arena, Str path) {
  Elements e = { 0 };
  char here[4096];
  if ((!path.n || path.at[0] != '/') && getcwd(here, sizeof here)) add_elements(arena, &e, str_of(here));
  add_elements(arena, &e, path);
  return e;
}

/* The folder of `to`, seen from the folder of `at`: "/../../include", "" where they are one. */
static Str folder_from(Arena *arena, Str at, Str to) {
  Elements a = elements(arena, at), b = elements(arena, to);
  uint32_t same = 0;
  while (same + 1 < a.n && same + 1 < b.n && str_equal(a.at[same], b.at[same])) same++;
  Out out = { .arena = arena };
  for (uint32_t i = same; i + 1 < a.n; i++) out_str(&out, S("/.."));
  for (uint32_t i = same; i + 1 < b.n; i++) out_printf(&out, "/%.*s", STR(b.at[i]));
  return out_text(&out);
}

static Str file_of(Str path) {
  uint32_t from = path.n;
  while (from && path.at[from - 1] != '/') from--;
  return (Str){ path.at + from, path.n - from };
}

/* libfashion.so is -lfashion. */
static bool linker_name(Str file, Str *name) {
  if (file.n <= 6 || memcmp(file.at, "lib", 3) || memcmp(file.at + file.n - 3, ".so", 3)) return false;
  *name = (Str){ file.at + 3, file.n - 6 };
  return true;
}

static void escaped(Out *out, Str path) {                     /* pkg-config takes blanks as ends of words */
  for (uint32_t i = 0; i < path.n; i++)
    out_printf(out, "%s%c", strchr(" \t\"'\\$", path.at[i]) ? "\\" : "", path.at[i]);
}

void package_pkgconfig(const Package *p, Arena *arena, Str at, Out *out) {
  Str library = p->library.n ? p->library : p->shared, name;
  out_printf(out, "libdir=${pcfiledir}");
  escaped(out, folder_from(arena, at, library));
  out_printf(out, "\nincludedir=${pcfiledir}");
  escaped(out, folder_from(arena, at, p->header));
  out_printf(out, "\n\nName: %.*s\nDescription: functions of %.*s.gdl, compiled by gdlc for %.*s\nVersion: 0.1\n",
      STR(p->name), STR(p->name), STR(p->target));
  out_printf(out, "Cflags: -I${includedir}\nLibs: ");
  if (!p->library.n && linker_name(file_of(library), &name)) {
    out_printf(out, "-L${libdir} -l");
    escaped(out, name);
  } else {
    out_printf(out, "${libdir}/");
    escaped(out, file_of(library));
  }
  out_printf(out, " -lm\n");
}

void package_cmake(const Package *p, Arena *arena, Str at, Out *out) {
  Str library = p->library.n ? p->library : p->shared, n = p->name;
  out_printf(out, "# find_package(%.*s): the target %.*s::%.*s, compiled by gdlc for %.*s\n", STR(n), STR(n), STR(n),
      STR(p->target));
  out_printf(out, "if(NOT TARGET %.*s::%.*s)\n  add_library(%.*s::%.*s %s IMPORTED)\n", STR(n), STR(n), STR(n), STR(n),
      p->library.n ? "STATIC" : "SHARED");
  out_printf(out, "  set_target_properties(%.*s::%.*s PROPERTIES\n", STR(n), STR(n));
  out_printf(out, "    IMPORTED_LOCATION \"${CMAKE_CURRENT_LIST_DIR}%.*s/%.*s\"\n",
      STR(folder_from(arena, at, library)), STR(file_of(library)));
  out_printf(out, "    INTERFACE_INCLUDE_DIRECTORIES \"${CMAKE_CURRENT_LIST_DIR}%.*s\"\n",
      STR(folder_from(arena, at, p->header)));
  out_printf(out, "    INTERFACE_LINK_LIBRARIES m)\nendif()\n");
}
