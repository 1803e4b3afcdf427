/* rule_fixed.c: values that do not move: parameters, and constants of a moving type.
 *
 * A weight carries the trivial action, so a proof holds for every weight vector and survives training. Clauses
 * [param.1] to [param.4] of lang/spec.md. Under `break` a fixed value is allowed and leaves its stabiliser:
 * of a constant the elements that fix its numbers, of a parameter those that fix every vector. The witness of a
 * refusal is an element that moves the value, found by trying the generators. */
#include "front/rule.h"
#include <math.h>

/* The first kind of x that something here moves, or NULL. */
static const Kind *moving(Check *c, const Rep *x) {
  for (uint32_t t = 0; t < x->n; t++) {
    const Kind *k = x->term[t].kind;
    if (k->action == ACTION_FIXED || !c->model->group) continue;
    if (group_equal(k->group, c->model->group) || acting_as(c, k->group)) return k;
    if (is_factor(c->model->group, k->group)) return k;
  }
  return NULL;
}

static bool refuse_moving(Site *site, const Kind *k) {
  Why why = site_why(site);
  witness_fixed(site->check, k, &why);
  why_help(&why, "`break param` says that the direction is meant");
  why_no(&why, E0201, "a parameter does not move, and %.*s moves `%.*s`", STR(k->group->name), STR(k->name));
  site_refuse(site, site->at, &why);
  return false;
}

/* Is one row of `on` told apart from another by nothing that acts? */
static bool rows_move(const Space *on) {
  switch (on->sort) {
  case SPACE_LABELS: case SPACE_ORBITS: return false;
  case SPACE_LINE: case SPACE_GRID: return on->action && on->action->group && on->action->npixel > 1;
  case SPACE_PAIRS: return rows_move(on->base);
  case SPACE_SET: case SPACE_EDGES: case SPACE_CYCLE: case SPACE_TORUS: return true;
  }
  bug("space sort %d", (int)on->sort);
}

static const char *element_word(const Space *on) {
  switch (on->sort) {
  case SPACE_GRID: case SPACE_TORUS: return "pixels";
  case SPACE_PAIRS: return "pairs";
  case SPACE_EDGES: return "edges";
  default: return "elements";
  }
}

static bool refuse_rows(Site *site, const Space *on) {
  Why why = site_why(site);
  const Space *orbits = space_orbits(site->check, on, NULL);
  uint64_t n = orbits ? orbits->count : 1;
  if (orbits)
    why_witness(&why, "%llu %s, %llu orbit%s", (unsigned long long)on->count, element_word(on), (unsigned long long)n,
                n == 1 ? "" : "s");
  else why_witness(&why, "swap two %s: what was one's value is the other's", element_word(on));
  if (orbits && n > 1)
    why_help(&why, "a parameter on orbits(%.*s), read as place[orbit(%.*s)], has %llu values", STR(on->name),
             STR(on->name), (unsigned long long)n);
  else if (on->sort == SPACE_CYCLE)
    why_help(&why, "relative(complete(%.*s), ...) has a value for each distance", STR(on->name));
  else why_help(&why, "one parameter for all: leave out `on %.*s`", STR(on->name));
  why_no(&why, E0301, "a value for each of the %s of %.*s, which are moved: %llu orbit%s may have %llu value%s",
         element_word(on), STR(on->name), (unsigned long long)n, n == 1 ? "" : "s", (unsigned long long)n,
         n == 1 ? "" : "s");
  site_refuse(site, site->at, &why);
  return false;
}

typedef struct Fixed { const Value *value; const uint32_t **map; double **m; } Fixed;

/* rho(e) v = v, copy by copy; v stands as [component][copy], term after term. */
static bool fixes_numbers(Check *c, const void *what, uint32_t e) {
  const Fixed *f = what;
  const Rep *rep = f->value->type.rep;
  const double *v = f->value->numbers;
  for (uint32_t t = 0; t < rep->n; v += rep->term[t].copies * rep->term[t].kind->dim, t++) {
    const Kind *k = rep->term[t].kind;
    uint32_t copies = rep->term[t].copies;
    if (!f->map[t]) continue;
    if (f->map[t][e] == NOT_IN) return false;
    kind_element(c->program->reps, k, f->map[t][e], f->m[t]);
    for (uint32_t copy = 0; copy < copies; copy++)
      for (uint32_t i = 0; i < k->dim; i++) {
        double sum = 0, size = 0;
        for (uint32_t j = 0; j < k->dim; j++) {
          sum += f->m[t][i * k->dim + j] * v[j * copies + copy];
          size += fabs(v[j * copies + copy]);
        }
        if (fabs(sum - v[i * copies + copy]) > 1e-12 * (1 + size)) return false;
      }
  }
  return true;
}

static const bool *stabiliser(Check *c, const Value *v) {
  if (!v->numbers) return elements_fixing(c, v->type.rep);                          /* [param.3] every vector */
  Fixed f = { v, arena_array(c->arena, const uint32_t *, v->type.rep->n),
              arena_array(c->arena, double *, v->type.rep->n) };
  for (uint32_t t = 0; t < v->type.rep->n; t++) {
    const Kind *k = v->type.rep->term[t].kind;
    f.map[t] = k->action == ACTION_FIXED ? NULL : acting_as(c, k->group);
    f.m[t] = arena_array(c->arena, double, k->dim * k->dim);
  }
  return elements_that(c, fixes_numbers, &f);                                        /* [param.4] these numbers */
}

bool rule_fixed(Site *site, Value *v) {
  Check *c = site->check;
  const Type *t = &v->type;
  if (t->what != WHAT_FIELD || !c->model) return true;
  const Kind *moves = moving(c, t->rep);
  bool rows = v->word == WORD_param && t->on && rows_move(t->on);
  if (moves && !site_free(site)) {                                                   /* [param.1] */
    if (v->word == WORD_param) return refuse_moving(site, moves);
    Why why = site_why(site);
    witness_fixed(c, moves, &why);
    why_help(&why, "`break let` says that the direction is meant");
    why_no(&why, E0200, "numbers do not move, and %.*s moves `%.*s`", STR(moves->group->name), STR(moves->name));
    site_refuse(site, site->at, &why);
    return false;
  }
  if (rows && (!site_free(site) || !t->on->count)) return refuse_rows(site, t->on);  /* [param.2] */
  if (moves) site_shrink(site, v, stabiliser(c, v), 1, "a fixed direction");
  if (rows) {
    const Space *of = t->on->sort == SPACE_PAIRS ? t->on->base : t->on;
    site_shrink(site, v, elements_still(c, of), space_wraps(of) ? 0 : 1, "a value for each element");
    if (of->sort == SPACE_SET && !v->proof.numbered) {
      v->proof.numbered = true;
      v->proof.verdict = site->assumed ? VERDICT_AUDITED : VERDICT_BROKEN;
      c->nbroken++;
    }
  }
  if (t->on && (space_window(t->on) || t->on->sort == SPACE_PAIRS)) v->proof.margin = -1;
  return true;
}
