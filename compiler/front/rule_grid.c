/* rule_grid.c: conv, conv_transpose, upsample, max_pool, mean_pool (RULES 6).
 *
 * Reads the domain and terms of x and whole numbers; gives a value on the domain that results. Clauses [grid.5] to
 * [grid.14] of lang/spec.md, on three lemmas. A window of kernels with K(gx) = s(g) K(x) r(g)^-1 commutes with
 * g where the set of windows is mapped to itself: on a mirrored axis the last window must end where the first
 * begins. The adjoint of an equivariant map is equivariant, so conv_transpose and upsample need no condition. On a
 * torus a stride leaves the translations by its multiples, and mirrors about centres that depend on the kernel.
 * The verdict for an axis is a function of numbers (grid_axis), tried against a plain implementation in
 * tests/unit/test_gridrule.c. Elsewhere: kernels (rep/kernel.c), what is kept (proof.c), domains (space.c). */
#include "front/grid.h"
#include "front/rule.h"
#include <math.h>

/* --- one axis --------------------------------------------------------------------------------- */
AxisVerdict grid_axis(const AxisCase *c) {
  int64_t n = c->size, s = c->stride, reach = c->dilation * (c->kernel - 1);
  AxisVerdict v = { .mirrored = true, .divides = true };
  switch (c->stencil) {
  case STENCIL_CONV: case STENCIL_POOL:
    if (c->wraps) {                                                                  /* [grid.8] */
      v.size = (n + s - 1) / s;
      v.divides = n % s == 0;
      v.off2 = (int32_t)(c->dilation * ((c->kernel - 1) & 1));
      return v;
    }
    if (n + 2 * c->pad - reach - 1 < 0) return v;
    v.size = (n + 2 * c->pad - reach - 1) / s + 1;                                   /* [grid.5] [grid.6] */
    v.rest = (n + 2 * c->pad - reach - 1) % s;
    v.mirrored = v.rest == 0 && (c->stencil == STENCIL_CONV || c->pad < c->kernel);
    return v;
  case STENCIL_TRANSPOSE:                                                            /* [grid.7] */
    v.size = c->wraps ? n * s : (n - 1) * s + reach + 1 - 2 * c->pad;
    v.off2 = -(int32_t)(c->dilation * ((c->kernel - 1) & 1));
    return v;
  case STENCIL_UPSAMPLE:
    v.size = n * s;
    v.off2 = c->smooth ? 0 : -(int32_t)((s - 1) & 1);
    return v;
  }
  bug("stencil %d", (int)c->stencil);
}

int64_t grid_margin(const AxisCase *c, int64_t m) {
  int64_t s = c->stride, reach = c->dilation * (c->kernel - 1), x;
  switch (c->stencil) {
  case STENCIL_CONV: case STENCIL_POOL: return (m + c->pad + s - 1) / s;             /* [grid.10] */
  case STENCIL_TRANSPOSE: x = (m - 1) * s + 1 + reach - c->pad; return x > 0 ? x : 0;
  case STENCIL_UPSAMPLE: return m * s + (c->smooth ? s / 2 : 0);
  }
  bug("stencil %d", (int)c->stencil);
}

/* --- the settings of a use -------------------------------------------------------------------- */
typedef struct Use {                /* of a grid word                                                 */
  const Value *x;
  const Space *from;
  AxisCase axis[2];
  AxisVerdict verdict[2];
  int64_t groups;
} Use;

static const Group *acting(const Space *s) { return s->action ? s->action->group : NULL; }

static bool whole(Site *site, uint32_t i, const char *name, int64_t least, int64_t *n) {
  const Item *x = &site->arg[i];
  Span at = site->arg_at && site->arg_at[i].source ? site->arg_at[i] : site->at;
  if (x->sort == ITEM_POISON) return false;
  if (!item_int(x, n)) {
    site_refuse_code(site, at, E0106, "`%s` takes a whole number", name);
    return false;
  }
  if (*n < least || *n > 1 << 20) {
    site_refuse_code(site, at, E0111, "`%s` lies between %lld and %d, this is %lld", name, (long long)least, 1 << 20,
                     (long long)*n);
    return false;
  }
  return true;
}

/* The domain of x must have axes [grid.5]. */
static bool open_use(Site *site, Use *u, Stencil stencil) {
  *u = (Use){ .x = site_field(site, 0), .groups = 1 };
  if (!u->x) return false;
  u->from = u->x->type.on;
  if (!u->from || (!space_window(u->from) && !space_wraps(u->from))) {
    site_refuse_code(site, site->at, E0106, "`%s` needs a value on a grid, torus, line or cycle, not on `%.*s`",
                     word_name(site->word), STR(space_name(u->from)));
    return false;
  }
  for (uint32_t d = 0; d < u->from->ndim; d++)
    u->axis[d] = (AxisCase){ .stencil = stencil,
                             .wraps = space_wraps(u->from),
                             .size = u->from->shape[d],
                             .kernel = 1,
                             .stride = 1,
                             .dilation = 1 };
  return true;
}

static void set_axes(Use *u, int64_t kernel, int64_t stride, int64_t pad, int64_t dilation) {
  for (uint32_t d = 0; d < u->from->ndim; d++) {
    u->axis[d].kernel = kernel;
    u->axis[d].stride = stride;
    u->axis[d].pad = pad;
    u->axis[d].dilation = dilation;
  }
}

/* The domain of the result; NULL: E0409 or E0111 was reported. */
static const Space *result_space(Site *site, Use *u) {
  if (u->axis[0].wraps && u->axis[0].pad) {
    site_refuse_code(site, site->at, E0111, "`%.*s` goes around and has no border to pad: leave `pad` out",
        STR(u->from->name));
    return NULL;
  }
  uint32_t shape[2] = { 0, 0 };
  for (uint32_t d = 0; d < u->from->ndim; d++) {
    u->verdict[d] = grid_axis(&u->axis[d]);
    if (u->verdict[d].size < 1) {                                                    /* [grid.9] */
      const AxisCase *a = &u->axis[d];
      Why why = site_why(site);
      why_witness(&why, "a window of %lld does not fit into %lld with %lld of padding on either side",
                  (long long)(a->dilation * (a->kernel - 1) + 1), (long long)a->size, (long long)a->pad);
      why_no(&why, E0409, "no element is left of axis %u of `%.*s`", d, STR(u->from->name));
      site_refuse(site, site->at, &why);
      return NULL;
    }
    if (u->verdict[d].size > 1 << 20) {
      site_refuse_code(site, site->at, E0111, "axis %u would have %lld elements", d, (long long)u->verdict[d].size);
      return NULL;
    }
    shape[d] = (uint32_t)u->verdict[d].size;
  }
  bool up = u->axis[0].stencil == STENCIL_TRANSPOSE || u->axis[0].stencil == STENCIL_UPSAMPLE;
  const GridAction *a = u->from->action;
  bool flips = a && a->group && (a->flips[0] || (a->ndim > 1 && a->flips[1]));
  uint32_t s = (uint32_t)u->axis[0].stride;
  return space_derived(site->check, u->from, shape, up ? 1 : s, up ? s : 1, flips ? u->verdict[0].off2 : 0);
}

/* --- strides that do not fit [grid.6] --------------------------------------------------------- */
/* Does an element that x still keeps flip this axis? */
static bool still_flipped(Check *c, const Value *x, uint32_t axis) {
  const GridAction *a = x->type.on->action;
  if (!a || !a->group || !a->flips[axis]) return false;
  if (!x->proof.kept || !c->model || !c->model->group) return true;
  bool one[2] = { axis == 0, axis == 1 };
  const bool *upright = elements_upright(c, x->type.on, one);
  for (uint32_t e = 0; upright && e < elements_acting(c); e++)
    if (x->proof.kept[e] && !upright[e]) return true;
  return !upright;
}

static void explain_stride(const AxisCase *a, const AxisVerdict *v, Why *why) {
  bool pool = a->stencil == STENCIL_POOL;
  int64_t s = a->stride, reach = a->dilation * (a->kernel - 1), last = (v->size - 1) * s - a->pad, n = a->size;
  if (pool && a->pad >= a->kernel) {
    why_help(why, "pad below %lld: a window must hold an element", (long long)a->kernel);
    return;
  }
  if (pool)
    why_witness(why,
                "windows read 0, ..., %lld of %lld elements: x = 1 at element %lld alone gives 0, and not 0 after the "
                "flip: (%lld + 2 * %lld - %lld) mod %lld = %lld",
                (long long)(last + a->kernel - 1), (long long)n, (long long)(n - 1), (long long)n, (long long)a->pad,
                (long long)a->kernel, (long long)s, (long long)v->rest);
  else
    why_witness(why,
                "windows are centred on %lld, %lld, ..., %lld; the flip takes these to %lld, %lld, ..., %lld: "
                "(%lld + 2 * %lld - %lld - 1) mod %lld = %lld",
                (long long)(reach / 2 - a->pad), (long long)(reach / 2 - a->pad + s), (long long)(last + reach / 2),
                (long long)(n - 1 - (reach / 2 - a->pad)), (long long)(n - 1 - (reach / 2 - a->pad + s)),
                (long long)(n - 1 - (last + reach / 2)), (long long)n, (long long)a->pad, (long long)reach,
                (long long)s, (long long)v->rest);
  int64_t size = 0, kernel = 0;
  for (int64_t more = 1; more <= 2 * s && (!size || !kernel); more++) {
    AxisCase t = *a;
    t.size = a->size + more;
    if (!size && grid_axis(&t).mirrored) size = t.size;
    t = *a;
    t.kernel = a->kernel + more;
    if (!kernel && grid_axis(&t).mirrored && grid_axis(&t).size > 0) kernel = t.kernel;
  }
  Out o = { .arena = why->arena };
  if (size) out_printf(&o, "size %lld", (long long)size);
  if (kernel) out_printf(&o, "%s%s %lld", o.text.n ? ", or " : "", pool ? "windows of" : "kernel", (long long)kernel);
  if (!pool) out_printf(&o, "%sstride 1 and a pool of %lld", o.text.n ? ", or " : "", (long long)s);
  why_help(why, "%s", out_text(&o).at);
}

/* false: E0401 or E0403 was reported. */
static bool allow_stride(Site *site, const Use *u) {
  const char *word = word_name(site->word);
  for (uint32_t d = 0; d < u->from->ndim; d++) {
    const AxisCase *a = &u->axis[d];
    bool empty = a->stencil == STENCIL_POOL && a->pad >= a->kernel;
    if (!a->wraps && !u->verdict[d].mirrored && (empty || (!site_free(site) && still_flipped(site->check, u->x, d)))) {
      Why why = site_why(site);
      explain_stride(a, &u->verdict[d], &why);
      if (empty) why.rule = S("every window holds an element");
      if (empty)
        why_no(&why, E0401, "`%s` with %lld of padding has windows that hold nothing", word, (long long)a->pad);
      else
        why_no(&why, E0401, "`%s` with stride %lld does not fit %lld elements, and %.*s flips the axis", word,
               (long long)a->stride, (long long)a->size, STR(acting(u->from)->name));
      site_refuse(site, site->at, &why);
      return false;
    }
    bool down = a->stencil == STENCIL_CONV || a->stencil == STENCIL_POOL;
    if (a->wraps && down && a->stride > 1 && !site_free(site)) {                     /* [grid.8] */
      Why why = site_why(site);
      why_witness(&why,
                  "shift x by 1: %s then reads x at %lld, %lld, ... in place of 0, %lld, ..., not a shift of the "
                      "result",
                  word, (long long)(a->size - 1), (long long)(a->stride - 1), (long long)a->stride);
      why_help(&why, u->verdict[d].divides ? "`break` leaves translations(%lld)"
               : "`break` leaves no translations; of a size that %lld divides it would leave translations(%lld)",
               (long long)a->stride, (long long)a->stride);
      why_no(&why, E0403, "stride %lld on `%.*s` gives the translations up", (long long)a->stride, STR(u->from->name));
      site_refuse(site, site->at, &why);
      return false;
    }
  }
  return true;
}

/* Twice a centre of the mirrors that map the elements of a derived torus to elements, or -1 [grid.8]. */
static int32_t centre2(const Space *s) {
  for (uint32_t k = 0; k < s->divide; k++) {
    int64_t t = s->offset2 + (int64_t)k * s->factor;
    if (t % s->divide == 0) return (int32_t)(t / s->divide);
  }
  return -1;
}

/* What is left on v: margins [grid.10], strides [grid.6] [grid.8]. */
static void prove(Site *site, Value *v, const Use *u) {
  Check *c = site->check;
  const AxisCase *a = &u->axis[0];
  bool down = a->stencil == STENCIL_CONV || a->stencil == STENCIL_POOL;
  uint32_t s = (uint32_t)a->stride;
  if (a->wraps) {
    if (!down || s == 1) return;
    const Space *on = v->type.on;
    bool divides = u->verdict[0].divides && (u->from->ndim < 2 || u->verdict[1].divides);
    uint32_t shift = on->factor / common_divisor(on->factor, on->divide);
    int32_t centre = centre2(on);
    site_stride(site, v, divides ? shift : 0, divides && centre >= 0 ? centre % (int32_t)shift : v->proof.centre2,
                "a stride on what goes around");
    static const bool both[2] = { true, true };
    if (!divides || centre < 0)
      site_shrink(site, v, elements_upright(c, u->from, both), 1, "a stride on what goes around");
    return;
  }
  if (v->proof.margin >= 0) v->proof.margin = (int32_t)grid_margin(a, v->proof.margin);
  uint32_t *up = down ? &v->proof.spacing : &v->proof.per, common;
  *up *= s;
  common = common_divisor(v->proof.spacing, v->proof.per);
  v->proof.spacing /= common;
  v->proof.per /= common;
  if (down && v->proof.shift)
    v->proof.shift = v->proof.shift / common_divisor(v->proof.shift, v->proof.spacing) * v->proof.spacing;
  bool unfit[2] = { !u->verdict[0].mirrored, u->from->ndim > 1 && !u->verdict[1].mirrored };
  bool flipped = (unfit[0] && still_flipped(c, u->x, 0)) || (unfit[1] && still_flipped(c, u->x, 1));
  if (flipped)
    site_shrink(site, v, elements_upright(c, u->from, unfit), 1, "a stride that does not fit");
}

/* --- conv, conv_transpose --------------------------------------------------------------------- */
/* Kernels of D(4) on pixels and of another group on values: each pair of one of the first and one of the second. */
static const Basis *product_basis(Site *site, const Basis *pixels, const Basis *values) {
  Arena *arena = site->check->program->arena;
  Basis *b = arena_one(arena, Basis);
  *b = (Basis){ .n = pixels->n * values->n, .noffsets = pixels->noffsets, .din = values->din, .dout = values->dout,
                .nnz = pixels->nnz * values->nnz, .audited = pixels->audited || values->audited };
  b->nz = arena_array(arena, BasisEntry, b->nnz);
  uint32_t n = 0;
  for (uint32_t k = 0; k < pixels->n; k++) /* sorted by (k, offset, in, out) */
    for (uint32_t l = 0; l < values->n; l++)
      for (uint32_t i = 0; i < pixels->nnz; i++)
        for (uint32_t j = 0; j < values->nnz; j++) {
          const BasisEntry *p = &pixels->nz[i], *q = &values->nz[j];
          if (p->k == k && q->k == l)
            b->nz[n++] = (BasisEntry){ k * values->n + l, p->offset, q->in, q->out, p->value * q->value };
        }
  return b;
}

/* [grid.11] The group of the kinds acts on the pixels when its `vector` has their axes; else on values only. */
static const Basis *kernels(Site *site, const void *setting, const Kind *in, const Kind *out, Why *why) {
  const Use *u = setting;
  const GridAction *a = u->from->action;
  const Group *g = in->group ? in->group : out->group;
  if (in->group && out->group && in->group != out->group) return NULL;
  uint32_t size = (uint32_t)u->axis[0].kernel;
  if (!g || !a->group || g == a->group) return kernel_basis(site_reps(site), a, size, in, out, why);
  if (g->dim == a->ndim && !is_factor(site->check->model->group, g) &&
      acting_as(site->check, g)) { /* a subgroup, after `restrict` */
    const GridAction *part = grid_action(site_reps(site), g, a->ndim, why);
    return part ? kernel_basis(site_reps(site), part, size, in, out, why) : NULL;
  }
  const Kind *scalar = kind_scalar(site_reps(site));
  const Basis *pixels = kernel_basis(site_reps(site), a, size, scalar, scalar, why);
  const Basis *values = pixels ? hom_basis(site_reps(site), in, out, why) : NULL;
  return values ? product_basis(site, pixels, values) : NULL;
}

Item rule_conv(Site *site) {
  Use u;
  int64_t kernel, stride, pad, dilation;
  if (!open_use(site, &u, site->word == WORD_conv ? STENCIL_CONV : STENCIL_TRANSPOSE)) return item_poison(site->at);
  if (!whole(site, 2, "kernel", 1, &kernel) || !whole(site, 3, "stride", 1, &stride) ||
      !whole(site, 4, "pad", 0, &pad) || !whole(site, 5, "dilation", 1, &dilation) ||
      !whole(site, 6, "groups", 1, &u.groups))
    return item_poison(site->at);
  const Rep *in = u.x->type.rep, *out = site->arg[1].rep;
  set_axes(&u, kernel, stride, pad, dilation);
  const Space *on = result_space(site, &u);
  if (!on || !site_moves_as(site, u.x, out) || !allow_stride(site, &u)) return item_poison(site->at);
  for (uint32_t t = 0; t < in->n + out->n; t++) {                                    /* [grid.12] */
    const Term *term = t < in->n ? &in->term[t] : &out->term[t - in->n];
    if (term->copies % u.groups)
      return site_refuse_code(site, site->at, E0111, "%lld groups do not divide %u copies of `%.*s`",
                              (long long)u.groups, term->copies, STR(term->kind->name));
  }
  Value *v = value_add(site, site->word, type_field(out, on), &u.x, 1);
  v->kernel = (int32_t)kernel;
  v->stride = (int32_t)stride;
  v->pad = (int32_t)pad;
  v->dilation = (int32_t)dilation;
  v->groups = (int32_t)u.groups;
  double reach =
      site->word == WORD_conv ? 1 : 1 / pow((double)stride, on->ndim); /* a share of the offsets reaches one place */
  LinearSetting s = { .out = out,
                      .bias = site->arg[7].flag,
                      .gain = item_real(&site->arg[8]),
                      .reach = reach,
                      .groups = (uint32_t)u.groups };
  Why why = site_why(site);
  if (!weights_linear(site, v, &s, kernels, &u, &why)) {
    if (!why.reason.n) return item_poison(site->at);
    if (why.reason.at[0].code == E0212) {
      why.reason.at[0].text = str_format(site->check->arena, "no equivariant kernel of size %lld from `%.*s` to `%.*s` "
                                         "except zero", (long long)kernel, STR(rep_name(site->check, in)),
                                         STR(rep_name(site->check, out)));
      witness_kernel(site->check, u.from->action, (uint32_t)kernel, in->term[0].kind, out->term[0].kind, &why);
    }
    return site_refuse(site, site->at, &why);
  }
  prove(site, v, &u);
  return item_value(v, site->at);
}

/* --- pooling ---------------------------------------------------------------------------------- */
Item rule_pool(Site *site) {
  Use u;
  int64_t size, stride, pad;
  if (!open_use(site, &u, STENCIL_POOL)) return item_poison(site->at);
  if (!whole(site, 1, "size", 1, &size) || !whole(site, 2, "stride", 1, &stride) || !whole(site, 3, "pad", 0, &pad))
    return item_poison(site->at);
  const Rep *rep = u.x->type.rep;
  for (uint32_t t = 0; site->word == WORD_max_pool && t < rep->n && !site_free(site); t++) {      /* [grid.13] */
    const Kind *k = rep->term[t].kind;
    if (k->action <= ACTION_PERMUTES) continue;
    Why why = site_why(site);
    witness_max(site->check, k, &why);
    why_help(&why, "`mean_pool` takes any representation");
    why.rule = S("a maximum of components needs a group that permutes them");
    why_no(&why, E0203, "a maximum of each component of `%.*s`, which %.*s %s", STR(k->name), STR(k->group->name),
           k->action == ACTION_SIGNS ? "changes in sign" : "mixes");
    return site_refuse(site, site->at, &why);
  }
  set_axes(&u, size, stride, pad, 1);
  const Space *on = result_space(site, &u);
  if (!on || !allow_stride(site, &u)) return item_poison(site->at);
  Value *v = value_add(site, site->word, type_field(rep, on), &u.x, 1);
  v->kernel = (int32_t)size;
  v->stride = (int32_t)stride;
  v->pad = (int32_t)pad;
  v->dilation = 1;
  prove(site, v, &u);
  if (site->word == WORD_max_pool && rep_action(rep) > ACTION_PERMUTES)
    site_shrink(site, v, elements_permuting(site->check, rep), 1, "a maximum of components");
  return item_value(v, site->at);
}

Item rule_upsample(Site *site) {
  Use u;
  int64_t by;
  if (!open_use(site, &u, STENCIL_UPSAMPLE) || !whole(site, 1, "by", 1, &by)) return item_poison(site->at);
  set_axes(&u, by, by, 0, 1);
  for (uint32_t d = 0; d < u.from->ndim; d++) u.axis[d].smooth = site->arg[2].flag;
  const Space *on = result_space(site, &u);
  if (!on) return item_poison(site->at);
  Value *v = value_add(site, WORD_upsample, type_field(u.x->type.rep, on), &u.x, 1);
  v->stride = v->kernel = (int32_t)by;
  v->dilation = 1;
  v->smooth = site->arg[2].flag;
  prove(site, v, &u);
  return item_value(v, site->at);
}
