/* race.c: the bookkeeping of race.h: one Touch a location, forgotten at each barrier but for the slots. */
#include "loops/race.h"

enum { NONE = -1, ALL = -2, SEVERAL = -3, BLOCK = 64 };     /* of lanes and warps; BLOCK: the warp outside TEAM */
typedef struct Who { int16_t warp, lane; } Who;
typedef struct Touch {
  int64_t epoch, writes, reads;     /* writes, reads: the slot + 1; 0: none, -1: several           */
  Who writer, reader;               /* since the barrier                                           */
} Touch;
struct Races {
  const Kernel *k;
  Touch **touch;
  int64_t epoch, slot;
  int warp;
};

Races *races_open(Arena *arena, const Kernel *k, const int64_t *extent) {
  Races *r = arena_one(arena, Races);
  *r = (Races){ .k = k, .epoch = 1, .warp = BLOCK };
  r->touch = arena_array(arena, Touch *, k->buf.n + 1);
  for (uint32_t i = 0; i < k->buf.n; i++) r->touch[i] = arena_array(arena, Touch, (extent[i] > 0 ? extent[i] : 0) + 1);
  return r;
}

void race_barrier(Races *r) { r->epoch++; }

void race_enter(Races *r, const Ins *loop, int64_t counter) {
  if (loop->kind == FOR_TEAM) r->warp = 0;
  if (loop->kind == FOR_GRID) r->slot = counter;
}

void race_next(Races *r, const Ins *loop, int64_t counter, bool more) {
  if (loop->kind == FOR_TEAM) r->warp = more ? (r->warp + 1) % r->k->warps : BLOCK;
  if (loop->kind == FOR_GRID) {
    r->slot = counter;
    r->epoch++;                     /* a slab is of one slot, and blocks meet before they use a TILE again */
  }
}

/* A location that `by` touches now and `then` touched before, one of them writing. */
static bool apart(Who by, Who then) {
  if (then.warp == NONE) return false;
  if (then.warp == SEVERAL || then.warp != by.warp) return true;
  return by.lane != then.lane;
}

bool race_touch(Races *r, const Ins *x, uint32_t at, int64_t place, int lane, Why *why) {
  bool writes = x->op == L_STORE;
  const Buf *b = &r->k->buf.at[x->buf];
  Touch *t = &r->touch[x->buf][place];
  Who by = { (int16_t)r->warp, (int16_t)(x->vary ? lane : ALL) }, none = { NONE, NONE };
  if (t->epoch != r->epoch) { t->epoch = r->epoch; t->writer = t->reader = none; }
  bool meets = writes && !x->vary;                                 /* a uniform store: the warp meets */
  Who now = by, writer = t->writer, reader = t->reader;
  if (meets && writer.warp == by.warp) writer.lane = ALL;
  if (meets && reader.warp == by.warp) reader.lane = ALL;
  if (writer.lane == ALL && writer.warp == by.warp) writer.lane = now.lane;      /* they met behind it */
  bool bad = apart(now, writer) || (writes && apart(now, reader));
  int64_t slot = r->slot + 1;
  if (b->scope == SCOPE_GLOBAL) {
    bad = bad || (t->writes && t->writes != slot) || (writes && t->reads && t->reads != slot);
    if (writes) t->writes = slot;
    else t->reads = !t->reads || t->reads == slot ? slot : -1;
  }
  if (bad)
    return why_no(why, CODE_NONE, "L5: %%%u %s %.*s[%ld], which another thread has touched since the last BAR", at,
        writes ? "stores to" : "loads",
                  STR(b->name), (long)place);
  if (meets) t->reader = none;                                     /* those of this warp: behind the meeting */
  if (writes) t->writer = by;
  else if (reader.warp == NONE) t->reader = by;
  else if (reader.warp != by.warp) t->reader = (Who){ SEVERAL, SEVERAL };
  else if (reader.lane != by.lane) t->reader.lane = ALL;
  return true;
}
