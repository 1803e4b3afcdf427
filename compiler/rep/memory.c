/* memory.c: answers by what was asked, so that nothing is solved twice. A hash table in the arena;
 * it is looked up only, never walked, so addresses decide nothing. */
#include "rep/kind.h"

typedef struct Cell { Asked asked; void *answer; } Cell;
struct Memory { uint32_t n, cap; Cell *cell; };

static Cell *place(const Memory *m, Asked q) {
  uint64_t h = (uint64_t)q.question * 0x9e3779b97f4a7c15u;
  const uint64_t part[] = { (uintptr_t)q.a, (uintptr_t)q.b, (uintptr_t)q.c, q.n };
  for (int i = 0; i < 4; i++) {
    h = (h ^ part[i]) * 0xff51afd7ed558ccdu;
    h ^= h >> 31;
  }
  uint32_t at = (uint32_t)h & (m->cap - 1);
  for (;; at = (at + 1) & (m->cap - 1)) {
    const Asked *p = &m->cell[at].asked;
    if (!m->cell[at].answer) break;
    if (p->question == q.question && p->a == q.a && p->b == q.b && p->c == q.c && p->n == q.n) break;
  }
  return &m->cell[at];
}

void *memory_get(const Reps *reps, Asked asked) {
  return reps->memory ? place(reps->memory, asked)->answer : NULL;
}

void memory_put(Reps *reps, Asked asked, const void *answer) {
  if (!reps->memory) reps->memory = arena_one(reps->arena, Memory);
  Memory *m = reps->memory;
  if (2 * m->n >= m->cap) {
    Memory larger = { m->n, m->cap ? 2 * m->cap : 64, NULL };
    larger.cell = arena_array(reps->arena, Cell, larger.cap);
    for (uint32_t i = 0; i < m->cap; i++)
      if (m->cell[i].answer) *place(&larger, m->cell[i].asked) = m->cell[i];
    *m = larger;
  }
  Cell *c = place(m, asked);
  m->n += !c->answer;
  *c = (Cell){ asked, (void *)answer };             /* whoever puts it knows what may be written */
}
