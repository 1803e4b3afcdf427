/* simplify_map.c: rewrites of map: constants, moves, maps of maps, and terms that cancel.
 *
 * Cancelling is asked of the expression written as a sum of monomials: coefficient times powers of atoms, an atom
 * being whatever is no +, -, *, /. Maps on the same axes that are operands are written in for the question, be they
 * read elsewhere or not; only if a term vanishes the answer replaces the map (0 times x is 0 here, whatever x).
 * Coefficients are doubles: a sum of equal monomials is nothing when it is below 1e-12 of its parts. */
#include "graph/simplify.h"
#include <math.h>
#include <stdlib.h>

enum { NODES_MOST = 64, VIRTUAL_MOST = 256, TERMS_MOST = 64, POWERS_MOST = 16, VISITS_MOST = 4096 };

static Node node(const Rewriter *w, Val v) { return w->g->node.at[v]; }

bool is_move(const Graph *g, const Node *n) { return n->op == OP_map &&
    g->expr.at.at[n->expr].op == EXPR_ARG && n->nargs == 1; }

/* --- factors and terms ------------------------------------------------------------------------ */
/* `most`: how many of either side there may be when e is written; what still waits to be written is not in it. */
static void factors_into(ExprPool *p, ExprId e, bool below, uint32_t most, Factors *f) {
  Expr x = p->at.at[e];
  if (f->nnum + 2 <= most && f->nden + 2 <= most) {
    if (x.op == EXPR_MUL || x.op == EXPR_DIV) {
      factors_into(p, x.a[0], below, most - 1, f);
      factors_into(p, x.a[1], below != (x.op == EXPR_DIV), most, f);
      return;
    }
    if (x.op == EXPR_NEG) { f->num[f->nnum++] = expr_const(p, -1); factors_into(p, x.a[0], below, most, f); return; }
  }
  if (below) f->den[f->nden++] = e;
  else f->num[f->nnum++] = e;
}

void factors_of(ExprPool *p, ExprId e, Factors *f) {
  *f = (Factors){ 0 };
  factors_into(p, e, false, sizeof f->num / sizeof *f->num, f);
}

static void terms_into(const ExprPool *p, ExprId e, bool minus, uint32_t most, Sums *s) {
  const Expr *x = &p->at.at[e];
  if (s->n + 2 <= most) {
    if (x->op == EXPR_ADD || x->op == EXPR_SUB) {
      terms_into(p, x->a[0], minus, most - 1, s);
      terms_into(p, x->a[1], minus != (x->op == EXPR_SUB), most, s);
      return;
    }
    if (x->op == EXPR_NEG) { terms_into(p, x->a[0], !minus, most, s); return; }
  }
  s->term[s->n] = e;
  s->minus[s->n++] = minus;
}

void terms_of(const ExprPool *p, ExprId e, Sums *s) {
  *s = (Sums){ 0 };
  terms_into(p, e, false, sizeof s->term / sizeof *s->term, s);
}

/* --- monomials -------------------------------------------------------------------------------- */
typedef struct Monomial { double c; int n; struct { ExprId atom; int power; } f[POWERS_MOST]; } Monomial;
typedef struct Polynomial { Monomial *at; int n; } Polynomial;

static bool multiply(Monomial *a, ExprId atom, int power) {
  int i = 0;
  while (i < a->n && a->f[i].atom < atom) i++;
  if (i < a->n && a->f[i].atom == atom) {
    a->f[i].power += power;
    if (a->f[i].power == 0) {
      memmove(&a->f[i], &a->f[i + 1], (size_t)(a->n - i - 1) * sizeof *a->f);
      a->n--;
    }
    return true;
  }
  if (a->n == POWERS_MOST) return false;
  memmove(&a->f[i + 1], &a->f[i], (size_t)(a->n - i) * sizeof *a->f);
  a->f[i].atom = atom;
  a->f[i].power = power;
  a->n++;
  return true;
}

static bool product(const Polynomial *a, const Polynomial *b, int power, Arena *arena, Polynomial *out) {
  if (a->n * b->n > TERMS_MOST) return false;
  *out = (Polynomial){ arena_array(arena, Monomial, a->n * b->n + 1), 0 };
  for (int i = 0; i < a->n; i++)
    for (int j = 0; j < b->n; j++) {
      Monomial m = a->at[i];
      m.c = power > 0 ? m.c * b->at[j].c : m.c / b->at[j].c;
      for (int k = 0; k < b->at[j].n; k++)
        if (!multiply(&m, b->at[j].f[k].atom, power * b->at[j].f[k].power)) return false;
      out->at[out->n++] = m;
    }
  return true;
}

static Polynomial single(Arena *arena, double c, ExprId atom, int power) {
  Polynomial p = { arena_one(arena, Monomial), 1 };
  p.at[0].c = c;
  if (atom) multiply(&p.at[0], atom, power);
  return p;
}

/* visits: how often it may still be called; shared subtrees are written out. */
static bool expand(const ExprPool *p, ExprId e, Arena *arena, int *visits, Polynomial *out) {
  const Expr *x = &p->at.at[e];
  Polynomial a, b;
  if (--*visits < 0) return false;
  switch (x->op) {
  case EXPR_CONST: *out = single(arena, x->x, 0, 0); return isfinite(x->x);
  case EXPR_NEG:
    if (!expand(p, x->a[0], arena, visits, out)) return false;
    for (int i = 0; i < out->n; i++) out->at[i].c = -out->at[i].c;
    return true;
  case EXPR_ADD: case EXPR_SUB:
    if (!expand(p, x->a[0], arena, visits, &a) || !expand(p, x->a[1], arena, visits, &b) || a.n + b.n > TERMS_MOST)
      return false;
    *out = (Polynomial){ arena_array(arena, Monomial, a.n + b.n), a.n + b.n };
    memcpy(out->at, a.at, (size_t)a.n * sizeof *a.at);
    for (int i = 0; i < b.n; i++) {
      out->at[a.n + i] = b.at[i];
      if (x->op == EXPR_SUB) out->at[a.n + i].c = -b.at[i].c;
    }
    return true;
  case EXPR_MUL: return expand(p, x->a[0], arena, visits, &a) && expand(p, x->a[1], arena, visits, &b) &&
      product(&a, &b, 1, arena, out);
  case EXPR_DIV:
    if (!expand(p, x->a[0], arena, visits, &a) || !expand(p, x->a[1], arena, visits, &b)) return false;
    if (b.n != 1) b = single(arena, 1, x->a[1], 1);
    else if (b.at[0].c == 0) return false;
    return product(&a, &b, -1, arena, out);
  default: *out = single(arena, 1, e, 1); return true;
  }
}

static bool like(const Monomial *a, const Monomial *b) {
  if (a->n != b->n) return false;
  for (int i = 0; i < a->n; i++)
    if (a->f[i].atom != b->f[i].atom || a->f[i].power != b->f[i].power) return false;
  return true;
}

static ExprId monomial_expr(ExprPool *p, const Monomial *m) {
  ExprId num = 0, den = 0;
  for (int i = 0; i < m->n; i++)
    for (int k = 0; k < abs(m->f[i].power); k++) {
      ExprId *side = m->f[i].power > 0 ? &num : &den;
      *side = *side ? expr_op(p, EXPR_MUL, *side, m->f[i].atom, 0) : m->f[i].atom;
    }
  ExprId c = expr_const(p, m->c);
  num = num ? expr_op(p, EXPR_MUL, c, num, 0) : c;
  return den ? expr_op(p, EXPR_DIV, num, den, 0) : num;
}

/* e without the terms that cancel, like terms as one where nothing had to be multiplied out; 0: nothing to do. */
static ExprId cancelled(ExprPool *p, ExprId e) {
  Arena scratch = { 0 };
  Polynomial all;
  bool found = false;
  ExprId sum = 0;
  int visits = VISITS_MOST;
  if (expand(p, e, &scratch, &visits, &all)) {
    Sums as_written;
    terms_of(p, e, &as_written);
    bool flat = as_written.n == (uint32_t)all.n;
    for (int i = 0; i < all.n; i++) {                        /* like terms into the first of them */
      double parts = fabs(all.at[i].c);
      bool joined = false;
      for (int j = i + 1; j < all.n; j++) {
        if (!like(&all.at[i], &all.at[j])) continue;
        parts += fabs(all.at[j].c);
        all.at[i].c += all.at[j].c;
        all.at[j--] = all.at[--all.n];
        joined = true;
      }
      if (all.at[i].c == 0 || (joined && fabs(all.at[i].c) <= 1e-12 * parts)) { all.at[i].c = 0; found = true; }
      found |= joined && flat;
    }
    for (int i = 0; found && i < all.n; i++) {
      if (all.at[i].c == 0) continue;
      ExprId t = monomial_expr(p, &all.at[i]);
      sum = sum ? expr_op(p, EXPR_ADD, sum, t, 0) : t;
    }
    if (found && !sum) sum = expr_const(p, 0);
  }
  arena_free(&scratch);
  return sum;
}

/* --- operands --------------------------------------------------------------------------------- */
/* Operands that e does not read leave; equal ones are one. */
static ExprId tidy(Rewriter *w, Product *p, ExprId e) {
  ExprPool *pool = &w->g->expr;
  Product q = { .shape = p->shape };
  ExprId by[ARGS_MOST] = { 0 };
  memcpy(q.labels.out, p->labels.out, RANK_MOST);
  for (uint32_t i = 0; i < p->n; i++) {
    by[i] = expr_arg(pool, i);
    if (expr_reads(pool, e, i)) by[i] = expr_arg(pool, product_add(&q, p->x[i], p->labels.of[i]));
  }
  *p = q;
  return expr_substitute(pool, e, by);
}

/* Argument i of e is the map m: m's expression takes its place. */
static ExprId inlined(Rewriter *w, Product *p, ExprId e, uint32_t i, const Node *m) {
  ExprPool *pool = &w->g->expr;
  uint32_t of[ARGS_MOST];
  ExprId inner[ARGS_MOST] = { 0 }, by[ARGS_MOST] = { 0 };
  product_inline(p, i, m, of);
  for (uint32_t k = 0; k < m->nargs; k++) inner[k] = expr_arg(pool, of[k]);
  for (uint32_t k = 0; k < p->n; k++) by[k] = expr_arg(pool, k);
  by[i] = expr_substitute(pool, m->expr, inner);
  return expr_substitute(pool, e, by);
}

static bool all_labels(const Product *p, uint32_t i) {        /* no element of x[i] is read twice */
  for (int a = 0; a < p->shape.rank; a++)
    if (!labels_have(p->labels.of[i], p->labels.out[a])) return false;
  return true;
}

static bool goes_in(const Rewriter *w, const Product *p, ExprId e, uint32_t i, const Node *m) {
  if (m->op != OP_map || m->waived != w->g->waived || !product_room(p, m->nargs)) return false;
  if (m->nargs == 0) return rewrite_on(w, REWRITE_constants);
  if (is_move(w->g, m)) return rewrite_on(w, REWRITE_moves);
  return rewrite_on(w, REWRITE_map_map) && w->uses.at[p->x[i]] <= 1 && all_labels(p, i) &&
         expr_nodes(&w->g->expr, e) + expr_nodes(&w->g->expr, m->expr) <= NODES_MOST;
}

/* A literal of another sort (an int constant) would lose its sort. */
static bool keeps_number(const Rewriter *w, const Product *p, ExprId e) {
  uint8_t of[ARGS_MOST], number;
  for (uint32_t i = 0; i < p->n; i++) of[i] = w->g->node.at[p->x[i]].shape.number;
  return expr_number(&w->g->expr, e, of, p->n, &number) && (number == p->shape.number || number == NUMBERS_ANY);
}

static bool identity(const Rewriter *w, const Product *p, ExprId e) {
  if (w->g->expr.at.at[e].op != EXPR_ARG || p->n != 1 || memcmp(p->labels.of[0], p->labels.out, RANK_MOST))
    return false;
  for (int a = 0; a < p->shape.rank; a++)
    for (int b = 0; b < a; b++)
      if (p->labels.out[a] == p->labels.out[b]) return false;
  return true;
}

/* Maps on the same axes written in, whoever reads them, as far as there is room. */
static ExprId written_in(Rewriter *w, Product *p, ExprId e) {
  for (bool more = true; more;) {
    more = false;
    for (uint32_t i = 0; i < p->n && !more; i++) {
      Node m = node(w, p->x[i]);
      if (m.op != OP_map || m.waived != w->g->waived || !product_room(p, m.nargs) || !expr_reads(&w->g->expr, e, i))
        continue;
      if (!all_labels(p, i) && m.nargs) continue;
      if (expr_nodes(&w->g->expr, e) + expr_nodes(&w->g->expr, m.expr) > VIRTUAL_MOST) continue;
      e = inlined(w, p, e, i, &m);
      e = tidy(w, p, e);
      more = true;
    }
  }
  return e;
}

static bool is_polynomial(const Rewriter *w, ExprId e) {
  uint8_t op = w->g->expr.at.at[e].op;
  return op == EXPR_ADD || op == EXPR_SUB || op == EXPR_MUL || op == EXPR_DIV || op == EXPR_NEG;
}

static bool is_sum(const Rewriter *w, ExprId e) {
  const Expr *x = &w->g->expr.at.at[e];
  if (x->op == EXPR_NEG) x = &w->g->expr.at.at[x->a[0]];
  return x->op == EXPR_ADD || x->op == EXPR_SUB;
}

Val put_map(Rewriter *w, const Product *from, ExprId e) {
  Product p = *from;
  e = tidy(w, &p, e);
  for (bool more = true; more;) {
    more = false;
    for (uint32_t i = 0; i < p.n && !more; i++) {
      Node m = node(w, p.x[i]);
      if (!goes_in(w, &p, e, i, &m)) continue;
      Product q = p;
      ExprId f = inlined(w, &q, e, i, &m);
      f = tidy(w, &q, f);
      if (!keeps_number(w, &q, f)) continue;
      p = q;
      e = f;
      w->applied++;
      more = true;
    }
  }
  if (rewrite_on(w, REWRITE_cancel) && p.shape.number == NUMBER_REAL && is_polynomial(w, e)) {
    Product q = p;
    ExprId f = cancelled(&w->g->expr, e);
    if (!f && is_sum(w, e)) f = cancelled(&w->g->expr, written_in(w, &q, e));
    if (f) {
      w->applied++;
      e = tidy(w, &q, f);
      p = q;
    }
  }
  if (rewrite_on(w, REWRITE_moves) && identity(w, &p, e)) { w->applied++; return p.x[0]; }
  Node n = { .op = OP_map, .nargs = (uint8_t)p.n, .arg = p.x, .labels = &p.labels, .expr = e, .shape = p.shape };
  return put_node(w, &n);
}
