/* known.c: what is known when compiling: numbers, lists, groups, representations, domains.
 *
 * Numbers are exact as long as they can be: rationals, roots, sines and cosines of rational turns (exact.h), and
 * rational multiples of pi, which an Item carries as `turns` (a number is that times pi) so that cos(2 * pi / 5)
 * is exact again. Beyond that they are doubles. A name such as `vector` means a representation of the group in
 * force: the one behind `of`, else the one of the file, else, in a module without a group, the caller's.
 *
 * Built-in names are rows of BUILTINS: what the bare name means, and what a call of it means. Later domains and
 * groups are rows too, and say E0903. Elsewhere: words and layers (call.c), train blocks (train.c). */
#include "front/names.h"
#include <math.h>

Item item_of(ItemSort sort, Span at) { return (Item){ .sort = sort, .at = at }; }
Item item_exact(const Exact *x, Span at) {
  return (Item){ .sort = ITEM_NUMBER, .at = at, .exact = x, .real = exact_real(x) };
}
Item item_number(double real, Span at) { return (Item){ .sort = ITEM_NUMBER, .at = at, .real = real }; }

static Item item_turns(const Exact *turns, Span at) {
  Item x = item_number(exact_real(turns) * 3.14159265358979323846, at);
  x.turns = turns;
  return x;
}

Str number_text(Check *c, const Item *x) {
  Out o = { .arena = c->arena };
  if (x->exact) exact_text(x->exact, &o);
  else out_printf(&o, "%g", item_real(x));
  return out_text(&o);
}

const char *sort_text(const Item *x) {
  switch (x->sort) {
  case ITEM_POISON: return "an error";
  case ITEM_NONE: return "nothing";
  case ITEM_NUMBER: return "a number";
  case ITEM_FLAG: return "a flag";
  case ITEM_TEXT: return "a text";
  case ITEM_LIST: return "a list";
  case ITEM_REP: return "a representation";
  case ITEM_GROUP: return "a group";
  case ITEM_DOMAIN: return "a domain";
  case ITEM_TRANSLATIONS: return "a group that a domain implies";
  case ITEM_LAYER: return "a layer";
  case ITEM_VALUE: return "a value";
  case ITEM_GRAPH: return "a graph";
  case ITEM_TUPLE: return "several values";
  case ITEM_SCHEDULE: return "a schedule";
  case ITEM_READER: return "a reader";
  case ITEM_OPTIMIZER: return "an optimizer";
  case ITEM_HOLE: return "a hole";
  }
  bug("item %d", (int)x->sort);
}

/* --- numbers ------------------------------------------------------------------------------------------- */
static Item exact_or_real(const Exact *x, double real, Span at) {
  return x ? item_exact(x, at) : item_number(real, at);
}

static const Exact *arith(Exacts *pool, char op, const Exact *a, const Exact *b) {
  switch (op) {
  case '+': return exact_add(pool, a, b);
  case '-': return exact_sub(pool, a, b);
  case '*': return exact_mul(pool, a, b);
  default: return exact_div(pool, a, b);
  }
}

static Item power(Check *c, const Item *a, const Item *b, Span at) {
  int64_t k;
  Exacts *pool = c->program->exacts;
  double real = pow(item_real(a), item_real(b));
  if (!isfinite(real)) return refuse(c, at, E0111, "this power is no number");
  if (!a->exact || !b->exact) return item_number(real, at);
  if (item_int(b, &k))
    return k < -100000 || k > 100000 ? item_number(real, at) : exact_or_real(exact_power(pool, a->exact, k), real, at);
  const Exact *twice = exact_mul(pool, b->exact, exact_int(pool, 2));
  const Exact *root = twice && exact_as_int(twice, &k) && k > -64 && k < 64 ? exact_sqrt(pool, a->exact) : NULL;
  return exact_or_real(root ? exact_power(pool, root, k) : NULL, real, at);
}

/* Numbers times pi keep the factor where the result is one again. */
static const Exact *turns_arith(Exacts *pool, char op, const Item *a, const Item *b) {
  if (a->turns && b->turns && (op == '+' || op == '-')) return arith(pool, op, a->turns, b->turns);
  if (a->turns && b->exact && (op == '*' || op == '/')) return arith(pool, op, a->turns, b->exact);
  if (a->exact && b->turns && op == '*') return arith(pool, op, a->exact, b->turns);
  return NULL;
}

Item number_arith(Check *c, char op, const Item *a, const Item *b, Span at) {
  Exacts *pool = c->program->exacts;
  if (op == '^') return power(c, a, b, at);
  double x = item_real(a), y = item_real(b);
  if (op == '/' && y == 0) return refuse(c, at, E0111, "division by zero");
  double real = op == '+' ? x + y : op == '-' ? x - y : op == '*' ? x * y : x / y;
  if (!isfinite(real)) return refuse(c, at, E0111, "the number is too large");
  if (a->exact && b->exact) return exact_or_real(arith(pool, op, a->exact, b->exact), real, at);
  if (a->turns && b->turns && op == '/') return exact_or_real(exact_div(pool, a->turns, b->turns), real, at);
  const Exact *turns = turns_arith(pool, op, a, b);
  return turns ? item_turns(turns, at) : item_number(real, at);
}

int number_compare(const Item *a, const Item *b) {
  if (a->exact && b->exact) return exact_compare(a->exact, b->exact);
  double x = item_real(a), y = item_real(b);
  return x < y ? -1 : x > y;
}

Item number_fn(Check *c, FnId fn, const Item *x, Span at) {
  Exacts *pool = c->program->exacts;
  double r = item_real(x);
  switch (fn) {
  case FN_sqrt:
    if (r < 0) return refuse(c, at, E0111, "the root of a negative number");
    return exact_or_real(x->exact ? exact_sqrt(pool, x->exact) : NULL, sqrt(r), at);
  case FN_sin: case FN_cos: {
    const Exact *zero = exact_int(pool, 0);
    const Exact *turns = x->turns ? exact_div(pool, x->turns, exact_int(pool, 2)) : x->exact &&
        exact_is_zero(x->exact) ? zero : NULL;
    const Exact *y = !turns ? NULL : fn == FN_sin ? exact_sin(pool, turns) : exact_cos(pool, turns);
    return exact_or_real(y, fn == FN_sin ? sin(r) : cos(r), at);
  }
  case FN_square: return number_arith(c, '*', x, x, at);
  case FN_abs: {
    Item zero = item_exact(exact_int(pool, 0), at), y = *x;
    return r < 0 ? number_arith(c, '-', &zero, x, at) : y;
  }
  case FN_exp: return isfinite(exp(r)) ? item_number(exp(r), at) : refuse(c, at, E0111, "the number is too large");
  case FN_log: return r > 0 ? item_number(log(r), at) : refuse(c, at, E0111, "the logarithm of what is not positive");
  default: return item_of(ITEM_NONE, at);
  }
}

const Rep *item_rep(Check *c, const Item *x) {
  int64_t n;
  if (x->sort == ITEM_REP) return x->rep;
  if (!item_int(x, &n) || n < 1 || n > 1 << 24) return NULL;
  return rep_of(c->program->reps, kind_scalar(c->program->reps), (uint32_t)n);
}

const Space *item_space(const Item *x, bool *is) {
  *is = x->sort == ITEM_DOMAIN || x->sort == ITEM_GRAPH;
  return *is ? x->space : NULL;
}

/* --- the group in force ------------------------------------------------------------------------ */
static const Group *only_group(Check *c, Module *m, Str what, Span at) {
  if (m->group_decl.n > 1) {
    refuse(c, at, E0106, "several groups are declared: say `%.*s of %.*s`", STR(what), STR(m->group_decl.at[0]->name));
    return NULL;
  }
  Decl *d = m->group_decl.at[0];
  mention_read(c, d->ast->word);
  Item g = decl_item(c, d, at);
  return g.sort == ITEM_GROUP ? g.group : NULL;
}

static const Group *group_in_force(Check *c, Str what, Span at) {
  Names *n = c->names;
  if (n->of) return n->of;
  if (n->module->group_decl.n) return only_group(c, n->module, what, at);
  if (n->main->group_decl.n) return only_group(c, n->main, what, at);
  refuse(c, at, E0106, "`%.*s` is a representation of a group, and the file declares none", STR(what));
  return NULL;
}

static void read_group(Check *c, const Group *g) {
  Module *m = c->names->main;
  for (uint32_t i = 0; g && i < m->group_decl.n; i++)
    if (m->group_decl.at[i]->item.sort == ITEM_GROUP && m->group_decl.at[i]->item.group == g)
      mention_read(c, m->group_decl.at[i]->ast->word);
}

/* --- representations --------------------------------------------------------------------------- */
static Item rep_item(Check *c, const Kind *k, const Why *why, Span at) {
  if (!k) return refuse_why(c, at, why);
  Item x = item_of(ITEM_REP, at);
  x.rep = rep_of(c->program->reps, k, 1);
  return x;
}

static Item rep_sum_item(Check *c, const Rep *r, const Why *why, Span at) {
  if (!r) return refuse_why(c, at, why);
  Item x = item_of(ITEM_REP, at);
  x.rep = r;
  return x;
}

/* What a later version brings is said once a file, however often it is asked for. */
Item later(Check *c, Span at, Str name, const char *what, bool by_name) {
  Str key = by_name ? str_format(c->arena, "%.*s %s", STR(name), what) : str_of(what);
  uint32_t n;
  if (table_find(&c->names->later, key, &n) && c->diags->nerrors) return item_poison(at);
  table_put(c->arena, &c->names->later, key, 1);
  Why why = { .arena = c->arena };
  if (name.n && name.at[name.n - 1] == 'e' && name.at[0] >= '0' && name.at[0] <= '9')
    why_help(&why, "if a number is meant: `%.*s3`, without a `+`", STR(name));
  why_no(&why, E0903, "`%.*s`, %s, belongs to a later version", STR(name), what);
  return refuse_why(c, at, &why);
}

typedef const Kind *Named(Reps *reps, const Group *g, Why *why);
static Item kind_item(Check *c, Named *make, Str name, bool of_lie, Span at) {
  const Group *g = group_in_force(c, name, at);
  if (!g) return item_poison(at);
  if (g->sort == GROUP_LIE && !of_lie)
    return later(c, at, name, str_format(c->arena, "of %.*s, a group of infinitely many elements", STR(g->name)).at,
                 true);
  Why why = { .arena = c->arena };
  return rep_item(c, make(c->program->reps, g, &why), &why, at);
}

static Item name_scalar(Check *c, Str name, Span at) {
  (void)name;
  return rep_item(c, kind_scalar(c->program->reps), NULL, at);
}
static Item name_sign(Check *c, Str name, Span at) { return kind_item(c, kind_sign, name, true, at); }
static Item name_vector(Check *c, Str name, Span at) { return kind_item(c, kind_vector, name, false, at); }
static Item name_pseudovector(Check *c, Str name, Span at) { return kind_item(c, kind_pseudovector, name, false, at); }
static Item name_regular(Check *c, Str name, Span at) { return kind_item(c, kind_regular, name, false, at); }
static Item name_perm(Check *c, Str name, Span at) { return kind_item(c, kind_perm, name, false, at); }

/* Arguments of a built-in call: by position only, a fixed number of them. */
bool plain_args(Check *c, Str name, const Arg *arg, uint32_t nargs, uint32_t least, uint32_t most, Span at) {
  for (uint32_t i = 0; i < nargs; i++)
    if (arg[i].name.n) {
      refuse(c, arg[i].at, E0105, "`%.*s` has no argument called `%.*s`", STR(name), STR(arg[i].name));
      return false;
    }
  if (nargs >= least && nargs <= most) return true;
  if (least == most)
    refuse(c, at, E0105, "`%.*s` takes %u argument%s, not %u", STR(name), least, least == 1 ? "" : "s", nargs);
  else refuse(c, at, E0105, "`%.*s` takes %u to %u arguments, not %u", STR(name), least, most, nargs);
  return false;
}

static bool whole(Check *c, const Arg *arg, int64_t least, int64_t most, const char *what, uint32_t *n) {
  int64_t i;
  if (!item_int(&arg->item, &i)) {
    refuse(c, arg->at, E0106, "%s is a whole number, this is %s", what, sort_text(&arg->item));
    return false;
  }
  if (i < least || i > most) {
    refuse(c, arg->at, E0111, "%s lies between %lld and %lld", what, (long long)least, (long long)most);
    return false;
  }
  *n = (uint32_t)i;
  return true;
}

static Item call_quotient(Check *c, Str name, const Arg *arg, uint32_t nargs, Span at) {
  if (!plain_args(c, name, arg, nargs, 1, 1, at)) return item_poison(at);
  if (arg[0].item.sort != ITEM_GROUP)
    return refuse(c, arg[0].at, E0106, "a group is asked for, this is %s", sort_text(&arg[0].item));
  const Group *g = group_in_force(c, S("quotient(...)"), at);
  if (!g) return item_poison(at);
  Why why = { .arena = c->arena };
  return rep_item(c, kind_quotient(c->program->reps, g, arg[0].item.group, &why), &why, at);
}

static Item call_irrep(Check *c, Str name, const Arg *arg, uint32_t nargs, Span at) {
  uint32_t k;
  if (!plain_args(c, name, arg, nargs, 1, 1, at) || !whole(c, &arg[0], 0, 1 << 20, "the number of an irrep", &k))
    return item_poison(at);
  const Group *g = group_in_force(c, S("irrep(...)"), at);
  if (!g) return item_poison(at);
  if (g->sort == GROUP_LIE)
    return refuse(c, at, E0903, "irreps of %.*s, a group of infinitely many elements, belong to a later version",
                  STR(g->name));
  Why why = { .arena = c->arena };
  return rep_item(c, kind_irrep(c->program->reps, g, k, &why), &why, at);
}

static Item rep_function(Check *c, Str name, const Arg *arg, uint32_t nargs, Span at) {
  if (!plain_args(c, name, arg, nargs, 1, 1, at)) return item_poison(at);
  const Rep *r = item_rep(c, &arg[0].item);
  if (!r) return refuse(c, arg[0].at, E0106, "a representation is asked for, this is %s", sort_text(&arg[0].item));
  Why why = { .arena = c->arena };
  return rep_sum_item(c, str_is(name, "dual") ? rep_dual(c->program->reps, r)
                      : rep_square(c->program->reps, r, str_is(name, "alt2"), &why), &why, at);
}

static Item call_spherical(Check *c, Str name, const Arg *arg, uint32_t nargs, Span at) {
  (void)arg, (void)nargs;
  return later(c, at, name, "a representation of O(3)", true);
}

/* 8 regular, n rep */
Item copies_of(Check *c, const Item *count, const Item *kind, Span at) {
  int64_t n;
  if (count->sort == ITEM_POISON || kind->sort == ITEM_POISON) return item_poison(at);
  if (!item_int(count, &n))
    return refuse(c, count->at, E0106, "a count is a whole number, this is %s", count->sort == ITEM_NUMBER
                  ? "another number" : sort_text(count));
  if (kind->sort != ITEM_REP)
    return refuse(c, kind->at, E0106, "a representation is asked for behind a count, this is %s", sort_text(kind));
  if (n < 1 || n > 1 << 24 || (uint64_t)n * kind->rep->dim > 1u << 24)
    return refuse(c, count->at, E0111, "a count lies between 1 and 2^24 numbers in all");
  Item x = item_of(ITEM_REP, at);
  x.rep = rep_times(c->program->reps, (uint32_t)n, kind->rep);
  return x;
}

/* --- groups ------------------------------------------------------------------------------------ */
static Item group_item(Check *c, const Group *g, const Why *why, Span at) {
  if (!g) return refuse_why(c, at, why);
  Item x = item_of(ITEM_GROUP, at);
  x.group = g;
  (void)c;
  return x;
}

static Item call_turns(Check *c, Str name, const Arg *arg, uint32_t nargs, Span at) {
  uint32_t n;
  if (!plain_args(c, name, arg, nargs, 1, 1, at) || !whole(c, &arg[0], 1, 1024, "the number of turns", &n))
    return item_poison(at);
  return group_item(c, name.at[0] == 'C' ? group_cyclic(c->program->groups, n) : group_dihedral(c->program->groups, n),
                    NULL, at);
}

static Item call_orthogonal(Check *c, Str name, const Arg *arg, uint32_t nargs, Span at) {
  uint32_t n;
  if (nargs == 2)
    return later(c, at, str_format(c->arena, "%.*s(p, q)", STR(name)), "a group of an indefinite form", true);
  if (!plain_args(c, name, arg, nargs, 1, 2, at) || !whole(c, &arg[0], 1, 16, "the dimension", &n))
    return item_poison(at);
  return group_item(c, group_orthogonal(c->program->groups, n, name.at[0] == 'S'), NULL, at);
}

static Item call_later_group(Check *c, Str name, const Arg *arg, uint32_t nargs, Span at) {
  (void)arg, (void)nargs;
  return later(c, at, name, "a group of complex matrices", true);
}

static bool matrix_of(Check *c, const Item *x, Span at, Matrix *m) {
  if (x->sort == ITEM_POISON) return false;
  uint32_t n = x->sort == ITEM_LIST ? x->n : 0;
  if (!n || n > 64) {
    refuse(c, at, E0106, "a matrix is a list of 1 to 64 rows, as [[0, -1], [1, 0]]; this is %s", sort_text(x));
    return false;
  }
  *m = (Matrix){ .dim = n, .at = arena_array(c->program->arena, const Exact *, n * n) };
  for (uint32_t i = 0; i < n; i++) {
    const Item *row = &x->item[i];
    if (row->sort != ITEM_LIST || row->n != n) {
      refuse(c, row->at.source ? row->at : at, E0106,
             "a row of a square matrix has as many numbers as the matrix has rows, %u", n);
      return false;
    }
    for (uint32_t j = 0; j < n; j++) {
      const Item *e = &row->item[j];
      if (e->sort != ITEM_NUMBER) {
        refuse(c, e->at, E0106, "a number is asked for, this is %s", sort_text(e));
        return false;
      }
      if (!e->exact) {
        Why why = { .arena = c->arena };
        why_help(&why, "angles are fractions of pi: 45 degrees are pi / 4");
        why_no(&why, E0705, "this number is not exact: entries are rationals, roots of them, sines and cosines of "
               "rational turns");
        refuse_why(c, e->at, &why);
        return false;
      }
      m->at[i * n + j] = e->exact;
    }
  }
  return true;
}

/* MATRICES: names and matrices, all of one size. */
static bool matrices_of(Check *c, Scope *s, const Ast *x, Str *name, Matrix *m) {
  for (uint32_t i = 0; i < x->n; i++) {
    const Ast *d = x->child[i];
    for (uint32_t k = 0; k < i; k++)
      if (str_equal(name[k], d->text)) {
        refuse(c, d->word, E0102, "`%.*s` is declared twice", STR(d->text));
        return false;
      }
    Item y = eval(c, s, d->child[0]);
    if (!matrix_of(c, &y, d->child[0]->span, &m[i])) return false;
    name[i] = d->text;
    if (m[i].dim != m[0].dim) {
      refuse(c, d->child[0]->span, E0106, "the matrices have different sizes");
      return false;
    }
  }
  return true;
}

static Item permutations_of(Check *c, Str name, const Ast *x) {
  uint32_t npoints = 0;
  for (uint32_t i = 0; i < x->n; i++)
    for (uint32_t k = 0; k < x->child[i]->child[0]->n; k++) {
      const Ast *cycle = x->child[i]->child[0]->child[k];
      for (uint32_t j = 0; j < cycle->n; j++) {
        const Exact *e = exact_decimal(c->program->exacts, cycle->child[j]->text);
        int64_t p;
        if (!e || !exact_as_int(e, &p) || p < 1 || p > 100000)
          return refuse(c, cycle->child[j]->span, E0111, "points are numbered from 1 to 100000");
        if (p > npoints) npoints = (uint32_t)p;
      }
    }
  Str *gen = arena_array(c->program->arena, Str, x->n);
  uint32_t **image = arena_array(c->program->arena, uint32_t *, x->n);
  for (uint32_t i = 0; i < x->n; i++) {
    gen[i] = x->child[i]->text;
    for (uint32_t k = 0; k < i; k++)
      if (str_equal(gen[k], gen[i]))
        return refuse(c, x->child[i]->word, E0102, "`%.*s` is declared twice", STR(gen[i]));
    image[i] = arena_array(c->program->arena, uint32_t, npoints);
    bool *moved = arena_array(c->arena, bool, npoints);
    for (uint32_t p = 0; p < npoints; p++) image[i][p] = p;
    for (uint32_t k = 0; k < x->child[i]->child[0]->n; k++) {
      const Ast *cycle = x->child[i]->child[0]->child[k];
      for (uint32_t j = 0; j < cycle->n; j++) {
        int64_t a, b;
        exact_as_int(exact_decimal(c->program->exacts, cycle->child[j]->text), &a);
        exact_as_int(exact_decimal(c->program->exacts, cycle->child[(j + 1) % cycle->n]->text), &b);
        if (moved[a - 1])
          return refuse(c, cycle->child[j]->span, E0111, "point %lld stands in two places of one generator",
                        (long long)a);
        moved[a - 1] = true;
        image[i][a - 1] = (uint32_t)(b - 1);
      }
    }
  }
  Why why = { .arena = c->arena };
  return group_item(c, group_permutations(c->program->groups, name, gen, image, x->n, npoints, &why), &why, x->span);
}

Item group_define(Check *c, Scope *s, Str name, const Ast *x) {
  if (x->kind == AST_ALGEBRA) return later(c, x->span, S("algebra"), "a group by its Lie algebra", true);
  if (x->kind == AST_PERMS) return permutations_of(c, name, x);
  if (x->kind == AST_MATRICES) {
    Str *gen = arena_array(c->program->arena, Str, x->n);
    Matrix *m = arena_array(c->program->arena, Matrix, x->n);
    if (!matrices_of(c, s, x, gen, m)) return item_poison(x->span);
    Why why = { .arena = c->arena };
    return group_item(c, group_matrices(c->program->groups, name, gen, m, x->n, &why), &why, x->span);
  }
  Item y = eval(c, s, x);
  if (y.sort == ITEM_POISON || y.sort == ITEM_GROUP) return y;
  return refuse(c, x->span, E0106, "a group is asked for, this is %s", sort_text(&y));
}

/* Matrices of a representation: one for each generator, in the group's order. */
static Item rep_matrices(Check *c, Scope *s, Str name, const Ast *x, Span at) {
  const Group *g = group_in_force(c, name, at);
  if (!g) return item_poison(at);
  if (g->sort == GROUP_LIE)
    return refuse(c, at, E0903, "a representation of %.*s by matrices belongs to a later version", STR(g->name));
  Str *gen = arena_array(c->arena, Str, x->n);
  Matrix *m = arena_array(c->arena, Matrix, x->n), *in_order = arena_array(c->program->arena, Matrix, g->ngen);
  if (!matrices_of(c, s, x, gen, m)) return item_poison(at);
  for (uint32_t i = 0; i < x->n; i++) {
    uint32_t k = 0;
    while (k < g->ngen && !str_equal(g->gen[k], gen[i])) k++;
    if (k == g->ngen)
      return refuse(c, x->child[i]->word, E0101, "%.*s has no generator `%.*s`", STR(g->name), STR(gen[i]));
    in_order[k] = m[i];
  }
  for (uint32_t k = 0; k < g->ngen; k++)
    if (!in_order[k].dim)
      return refuse(c, x->span, E0105, "the matrix of the generator `%.*s` of %.*s is missing", STR(g->gen[k]),
                    STR(g->name));
  Why why = { .arena = c->arena };
  return rep_item(c, kind_matrices(c->program->reps, g, name, in_order, &why), &why, x->span);
}

Item rep_define(Check *c, Scope *s, Str name, const Ast *x, Span at) {
  if (x->kind == AST_MATRICES) return rep_matrices(c, s, name, x, at);
  Item y = eval(c, s, x);
  if (y.sort == ITEM_POISON) return y;
  const Rep *r = item_rep(c, &y);
  return r ? rep_sum_item(c, r, NULL, at) : refuse(c, x->span, E0106, "a representation is asked for, this is %s",
                                                   sort_text(&y));
}

/* --- domains ----------------------------------------------------------------------------------- */
static Item domain_of(Check *c, const Space *d, const Why *why, Span at) {
  if (!d) return refuse_why(c, at, why);
  Item x = item_of(ITEM_DOMAIN, at);
  x.space = d;
  return x;
}

static Space *space_new(Check *c, Space like) {
  Space *s = arena_one(c->program->arena, Space);
  *s = like;
  s->number = c->program->space.n;
  s->factor = s->divide = 1;
  vec_push(c->program->arena, &c->program->space, s);
  return s;
}

const Space *space_set(Check *c, uint64_t count) {
  return space_new(c, (Space){ .sort = SPACE_SET, .count = count, .name = count
                               ? str_format(c->program->arena, "set(%llu)", (unsigned long long)count) : S("set") });
}

static bool entries_equal(const Space *s, uint32_t n, const int64_t *number_of, const Str *text_of) {
  if (s->count != n || !s->number_of != !number_of || !s->text_of != !text_of) return false;
  for (uint32_t i = 0; i < n; i++)
    if ((number_of && number_of[i] != s->number_of[i]) || (text_of && !str_equal(text_of[i], s->text_of[i])))
      return false;
  return true;
}

const Space *space_labels(Check *c, uint32_t n, const int64_t *number_of, const Str *text_of) {
  for (uint32_t i = 0; i < c->program->space.n; i++)
    if (c->program->space.at[i]->sort == SPACE_LABELS && entries_equal(c->program->space.at[i], n, number_of, text_of))
      return c->program->space.at[i];
  return space_new(c, (Space){ .sort = SPACE_LABELS, .count = n, .number_of = number_of, .text_of = text_of,
                               .nlabels = number_of || text_of ? n : 0,
                               .name = str_format(c->program->arena, "labels(%u)", n) });
}

static Item name_set(Check *c, Str name, Span at) { (void)name; return domain_of(c, space_set(c, 0), NULL, at); }
static Item call_set(Check *c, Str name, const Arg *arg, uint32_t nargs, Span at) {
  uint32_t n;
  if (!plain_args(c, name, arg, nargs, 1, 1, at) || !whole(c, &arg[0], 1, 1 << 24, "a size", &n))
    return item_poison(at);
  return domain_of(c, space_set(c, n), NULL, at);
}

/* labels(n), labels([...]); also what label(...) names */
static Item call_labels(Check *c, Str name, const Arg *arg, uint32_t nargs, Span at) {
  if (!plain_args(c, name, arg, nargs, 1, 1, at)) return item_poison(at);
  const Item *x = &arg[0].item;
  uint32_t n;
  if (x->sort != ITEM_LIST)
    return whole(c, &arg[0], 1, 1 << 24, "the number of labels", &n)
           ? domain_of(c, space_labels(c, n, NULL, NULL), NULL, at) : item_poison(at);
  if (!x->n || x->n > 1 << 20) return refuse(c, arg[0].at, E0111, "a list of labels has 1 to 2^20 entries");
  int64_t *number = arena_array(c->program->arena, int64_t, x->n);
  Str *text = arena_array(c->program->arena, Str, x->n);
  bool texts = x->item[0].sort == ITEM_TEXT;
  for (uint32_t i = 0; i < x->n; i++) {
    const Item *e = &x->item[i];
    if (texts ? e->sort != ITEM_TEXT : !item_int(e, &number[i]))
      return refuse(c, e->at, E0106, "labels are all whole numbers or all texts; this is %s", sort_text(e));
    text[i] = e->text;
    for (uint32_t k = 0; k < i; k++)
      if (texts ? str_equal(text[k], text[i]) : number[k] == number[i])
        return refuse(c, e->at, E0102, "a label stands twice in the list");
  }
  return domain_of(c, space_labels(c, x->n, texts ? NULL : number, texts ? text : NULL), NULL, at);
}

static Item call_grid(Check *c, Str name, const Arg *arg, uint32_t nargs, Span at) {
  SpaceSort sort = str_is(name, "grid") ? SPACE_GRID : str_is(name, "torus") ? SPACE_TORUS : str_is(name, "line")
      ? SPACE_LINE : SPACE_CYCLE;
  uint32_t ndim = sort == SPACE_GRID || sort == SPACE_TORUS ? 2 : 1, shape[2] = { 1, 1 };
  if (!plain_args(c, name, arg, nargs, ndim, ndim, at)) return item_poison(at);
  for (uint32_t i = 0; i < ndim; i++)
    if (!whole(c, &arg[i], 1, 1 << 20, "a size", &shape[i])) return item_poison(at);
  if ((uint64_t)shape[0] * shape[1] > 1u << 24) return refuse(c, at, E0111, "a domain has at most 2^24 elements");
  Why why = { .arena = c->arena };
  const Space *s = space_grid(c, sort, ndim, shape, c->names->of, at, &why);
  if (s && s->action) read_group(c, s->action->group);
  return domain_of(c, s, &why, at);
}

static Item call_orbits(Check *c, Str name, const Arg *arg, uint32_t nargs, Span at) {
  if (!plain_args(c, name, arg, nargs, 1, 1, at)) return item_poison(at);
  bool is;
  const Space *base = item_space(&arg[0].item, &is);
  if (!is) return refuse(c, arg[0].at, E0106, "a domain or a graph is asked for, this is %s", sort_text(&arg[0].item));
  if (!base) return refuse(c, arg[0].at, E0106, "a value without a domain has no orbits");
  Why why = { .arena = c->arena };
  return domain_of(c, space_orbits(c, base, &why), &why, at);
}

static Item name_later_domain(Check *c, Str name, Span at) { return later(c, at, name, "a domain", true); }
static Item call_later_domain(Check *c, Str name, const Arg *arg, uint32_t nargs, Span at) {
  (void)arg, (void)nargs;
  return later(c, at, name, "a domain", true);
}
static Item name_later_type(Check *c, Str name, Span at) { return later(c, at, name, "a type", true); }
static Item call_later_type(Check *c, Str name, const Arg *arg, uint32_t nargs, Span at) {
  (void)arg, (void)nargs;
  return later(c, at, name, "a type", true);
}

/* --- constants, and what domains imply --------------------------------------------------------- */
static Item name_flag(Check *c, Str name, Span at) {
  (void)c;
  Item x = item_of(ITEM_FLAG, at);
  x.flag = str_is(name, "true");
  return x;
}
static Item name_pi(Check *c, Str name, Span at) {
  (void)name;
  return item_turns(exact_int(c->program->exacts, 1), at);
}

static Item implied(Check *c, Str name, int64_t by, Span at) {
  if (!c->names->as_claim) return refuse(c, at, E0106, "`%.*s` stands in claims and in `augment` only", STR(name));
  Item x = item_of(ITEM_TRANSLATIONS, at);
  x.permutations = str_is(name, "permutations");
  x.by = by;
  return x;
}
static Item name_implied(Check *c, Str name, Span at) {
  return implied(c, name, str_is(name, "permutations") ? 0 : 1, at);
}
static Item call_translations(Check *c, Str name, const Arg *arg, uint32_t nargs, Span at) {
  uint32_t by;
  if (!plain_args(c, name, arg, nargs, 1, 1, at) || !whole(c, &arg[0], 1, 1 << 20, "a shift", &by))
    return item_poison(at);
  return implied(c, name, by, at);
}

/* --- the table --------------------------------------------------------------------------------- */
static const Builtin BUILTINS[] = {
  { "scalar", name_scalar, NULL }, { "sign", name_sign, NULL }, { "pseudoscalar", name_sign, NULL },
      { "vector", name_vector, NULL },
  { "pseudovector", name_pseudovector, NULL }, { "regular", name_regular, NULL }, { "perm", name_perm, NULL },
  { "quotient", NULL, call_quotient }, { "irrep", NULL, call_irrep }, { "dual", NULL, rep_function },
      { "sym2", NULL, rep_function },
  { "alt2", NULL, rep_function }, { "spherical", NULL, call_spherical },
  { "C", NULL, call_turns }, { "D", NULL, call_turns }, { "SO", NULL, call_orthogonal }, { "O", NULL, call_orthogonal },
  { "SU", NULL, call_later_group },
  { "set", name_set, call_set }, { "labels", NULL, call_labels }, { "line", NULL, call_grid },
      { "cycle", NULL, call_grid },
  { "grid", NULL, call_grid }, { "torus", NULL, call_grid }, { "orbits", NULL, call_orbits },
  { "mesh", name_later_domain, call_later_domain }, { "sphere", NULL, call_later_domain },
      { "hyperbolic", NULL, call_later_domain },
  { "point", name_later_type, call_later_type }, { "tangent", NULL, call_later_type },
  { "true", name_flag, NULL }, { "false", name_flag, NULL }, { "pi", name_pi, NULL },
  { "translations", name_implied, call_translations }, { "permutations", name_implied, NULL },
};
enum { NBUILTINS = sizeof BUILTINS / sizeof BUILTINS[0] };

Item builtin_item(Check *c, const Builtin *b, Str name, Span at) {
  if (b->bare) return b->bare(c, name, at);
  Callee *f = arena_one(c->arena, Callee);
  *f = (Callee){ .sort = CALLEE_BUILTIN, .name = name, .builtin = b };
  Item x = item_of(ITEM_LAYER, at);
  x.layer = f;
  return x;
}

Item builtin_name(Check *c, Str name, Span at) {
  for (uint32_t i = 0; i < NBUILTINS; i++)
    if (str_is(name, BUILTINS[i].name)) return builtin_item(c, &BUILTINS[i], name, at);
  return item_of(ITEM_NONE, at);
}

const Builtin *builtin_find(Str name) {
  for (uint32_t i = 0; i < NBUILTINS; i++)
    if (BUILTINS[i].call && str_is(name, BUILTINS[i].name)) return &BUILTINS[i];
  return NULL;
}

void builtin_names(void (*each)(void *, Str), void *with) {
  for (uint32_t i = 0; i < NBUILTINS; i++) each(with, str_of(BUILTINS[i].name));
}
