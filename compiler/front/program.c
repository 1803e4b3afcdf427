/* program.c: what a checked program says of itself: types as text, the flat list, the certificate, and its invariants.
 *
 * Reads a Program and changes nothing. The certificate is a table a model: each word with its path, type, parameters
 * and verdict, then outputs and claims, then totals; in JSON the same facts under the same names. */
#include "front/program.h"

const char *word_name(Word w) {
  static const char *const names[] = {
#define WORD(name, signature, rule, expand) [WORD_##name] = #name,
#include "../../lang/words.def"
#undef WORD
  };
  assert(w < WORDS);
  return names[w];
}

static const char *fn_name(FnId f) {
  static const char *const names[] = {
#define FN(name, parity, homogeneous, linear, smoothness, value) [FN_##name] = #name,
#include "../../lang/functions.def"
#undef FN
  };
  return names[f];
}

static const char *verdict_name(Verdict v) {
  switch (v) {
  case VERDICT_PROVED: return "proved";
  case VERDICT_AUDITED: return "audited";
  case VERDICT_BROKEN: return "broken";
  }
  bug("verdict %d", (int)v);
}

void type_text(const Type *t, Out *out) {
  switch (t->what) {
  case WHAT_FIELD: rep_text(t->rep, out); break;
  case WHAT_LABEL:
    if (t->to->sort == SPACE_LABELS && t->to->name.n > 7 && !memcmp(t->to->name.at, "labels(", 7))
      out_printf(out, "label(%llu)", (unsigned long long)t->to->count);
    else out_printf(out, "label(%.*s)", STR(t->to->name));
    break;
  case WHAT_FLAG: out_printf(out, "flag"); break;
  case WHAT_POINT: out_printf(out, "point"); break;
  case WHAT_GRAPH: out_printf(out, "graph on %.*s", STR(t->to->base->name)); break;
  }
  if (t->on) out_printf(out, " on %.*s", STR(t->on->name));
}

uint64_t model_parameters(const Model *m) {
  uint64_t n = 0;
  for (uint32_t i = 0; i < m->weight.n; i++)
    if (m->weight.at[i]->trained) n += m->weight.at[i]->count;
  return n;
}

static uint64_t model_statistics(const Model *m) {
  uint64_t n = 0;
  for (uint32_t i = 0; i < m->weight.n; i++)
    if (!m->weight.at[i]->trained) n += m->weight.at[i]->count;
  return n;
}

/* Trained numbers of the weights that a value is the first to use. */
static uint64_t value_parameters(const Value *v) {
  uint64_t n = 0;
  for (uint32_t i = 0; i < v->nweights; i++)
    if (v->weight[i] && v->weight[i]->owner == v->number && v->weight[i]->trained) n += v->weight[i]->count;
  return n;
}

static Str type_str(Arena *a, const Type *t) {
  Out o = { .arena = a };
  type_text(t, &o);
  return out_text(&o);
}

static Str residual_of(const Model *m, const Proof *p) {
  return p->residual.n ? p->residual : m->acts.n ? m->acts : S("nothing");
}

/* --- --emit=types ------------------------------------------------------------------------------ */
static void value_settings(const Value *v, Out *out) {
  struct { const char *name; int64_t value; } whole[] = {
    { "kernel", v->kernel }, { "stride", v->stride }, { "pad", v->pad }, { "dilation", v->dilation },
        { "groups", v->groups },
    { "heads", v->heads }, { "from", v->from },
  };
  for (uint32_t i = 0; i < sizeof whole / sizeof whole[0]; i++)
    if (whole[i].value) out_printf(out, " %s %lld", whole[i].name, (long long)whole[i].value);
  if (v->smooth) out_printf(out, " smooth");
  if (v->x != 0 || v->word == WORD_constant) out_printf(out, " %.17g", v->x);
  if (v->over) out_printf(out, " over %.*s", STR(v->over->name));
}

static void value_line(const Program *p, const Model *m, const Value *v, Out *out) {
  out_printf(out, "%%%u %s", v->number, v->word == WORD_map ? fn_name(v->fn) : word_name(v->word));
  if (v->name.n) out_printf(out, " %.*s", STR(v->name));
  for (uint32_t i = 0; i < v->nargs; i++)
    if (v->arg[i]) out_printf(out, " %%%u", v->arg[i]->number);
  value_settings(v, out);
  out_printf(out, " : %.*s", STR(type_str(out->arena, &v->type)));
  out_printf(out, " | %s %.*s", verdict_name(v->proof.verdict), STR(residual_of(m, &v->proof)));
  uint32_t named = 0;
  for (uint32_t i = 0; i < v->nweights; i++)
    if (v->weight[i]) out_printf(out, "%s%.*s", named++ ? ", " : " | ", STR(v->weight[i]->name));
  if (v->at.source) {
    Place at = span_place(p->sources, v->at);
    out_printf(out, " | %.*s:%u:%u", STR(at.path), at.line, at.column);
  }
  out_printf(out, "\n");
}

void program_text(const Program *p, Out *out) {
  for (uint32_t i = 0; i < p->model.n; i++) {
    const Model *m = p->model.at[i];
    out_printf(out, "%s %.*s under %.*s\n", m->kernel ? "kernel" : "model", STR(m->name), STR(m->acts));
    for (uint32_t k = 0; k < m->value.n; k++) {
      if (k == m->nmodel && k) out_printf(out, "train %.*s\n", STR(m->name));
      value_line(p, m, m->value.at[k], out);
    }
    for (uint32_t k = 0; k < m->noutputs; k++)
      out_printf(out, "output %.*s %%%u\n", STR(m->output[k].name), m->output[k].value->number);
    for (uint32_t k = 0; k < m->weight.n; k++) {
      const Weight *w = m->weight.at[k];
      out_printf(out, "weight %.*s", STR(w->name));
      for (uint32_t d = 0; d < w->rank; d++)
        out_printf(out, "%s%llu", d ? " x " : " : ", (unsigned long long)w->dim[d]);
      out_printf(out, "%s\n", w->trained ? "" : " statistics");
    }
  }
}

/* --- the certificate --------------------------------------------------------------------------- */
static bool listed(const Value *v) {
  return v->word != WORD_input && v->word != WORD_constant && v->word != WORD_endpoint && v->word != WORD_slice &&
         v->word != WORD_row && !v->step;
}

/* A scan is one row: its steps, of which the first owns the weights, stand right before its last value. */
static const char *listed_word(const Value *v) {
  return v->word == WORD_map ? fn_name(v->fn) : v->word == WORD_rows ? "scan" : word_name(v->word);
}

static uint64_t listed_parameters(const Model *m, const Value *v, bool *any) {
  uint64_t n = value_parameters(v);
  *any = v->nweights > 0;
  for (uint32_t i = v->number; v->word == WORD_rows && i-- > 0 && m->value.at[i]->step;) {
    n += value_parameters(m->value.at[i]);
    *any = *any || m->value.at[i]->nweights > 0;
  }
  return n;
}

static void grouped(uint64_t n, char *text, size_t size) {     /* 194,746 */
  char digits[32];
  int len = snprintf(digits, sizeof digits, "%llu", (unsigned long long)n);
  size_t k = 0;
  for (int i = 0; i < len && k + 2 < size; i++) {
    if (i && (len - i) % 3 == 0) text[k++] = ',';
    text[k++] = digits[i];
  }
  text[k] = 0;
}

static void verdict_text(const Model *m, const Proof *proof, Out *out) {
  out_printf(out, "%s", verdict_name(proof->verdict));
  if (proof->verdict != VERDICT_PROVED)
    out_printf(out, proof->verdict == VERDICT_BROKEN ? ", left: %.*s" : ", proved under %.*s",
               STR(residual_of(m, proof)));
  if (proof->because.n) out_printf(out, " (%.*s)", STR(proof->because));
}

static void table(const Model *m, Out *out) {
  uint32_t path = 5, word = 4, type = 4;
  for (uint32_t i = 0; i < m->nmodel; i++) {
    const Value *v = m->value.at[i];
    if (!listed(v)) continue;
    uint32_t w = (uint32_t)strlen(listed_word(v)), t = type_str(out->arena, &v->type).n;
    if (v->path.n > path) path = v->path.n;
    if (w > word) word = w;
    if (t > type) type = t;
  }
  out_printf(out, "  %-*s  %-*s  %-*s  %12s  %s\n", (int)path, "layer", (int)word, "word", (int)type, "type",
             "parameters", "verdict");
  for (uint32_t i = 0; i < m->nmodel; i++) {
    const Value *v = m->value.at[i];
    if (!listed(v)) continue;
    char n[32] = "";
    bool any;
    Str t = type_str(out->arena, &v->type);
    uint64_t parameters = listed_parameters(m, v, &any);
    if (any) grouped(parameters, n, sizeof n);
    out_printf(out, "  %-*.*s  %-*s  %-*.*s  %12s  ", (int)path, STR(v->path), (int)word, listed_word(v), (int)type,
               STR(t), n);
    verdict_text(m, &v->proof, out);
    out_printf(out, "\n");
  }
}

void program_certificate(const Program *p, Out *out) {
  for (uint32_t i = 0; i < p->model.n; i++) {
    const Model *m = p->model.at[i];
    char trained[32], statistics[32];
    bool nothing = !m->acts.n || str_is(m->acts, "nothing");
    grouped(model_parameters(m), trained, sizeof trained);
    grouped(model_statistics(m), statistics, sizeof statistics);
    out_printf(out, "%s%s %.*s: ", i ? "\n" : "", m->kernel ? "kernel" : "model", STR(m->name));
    if (nothing) out_printf(out, "nothing acts on the inputs\n");
    else out_printf(out, "what acts on the inputs is %.*s\n", STR(m->acts));
    table(m, out);
    for (uint32_t k = 0; k < m->noutputs; k++) {
      const Output *o = &m->output[k];
      out_printf(out, "  output %.*s: %.*s  ", STR(o->name), STR(type_str(out->arena, &o->value->type)));
      verdict_text(m, &o->value->proof, out);
      out_printf(out, "\n");
    }
    for (uint32_t k = 0; k < m->claim.n; k++)
      out_printf(out, "  claim %.*s  %.*s\n", STR(m->claim.at[k].text), STR(m->claim.at[k].verdict));
    out_printf(out, "  parameters: %s", trained);
    if (model_statistics(m)) out_printf(out, ", statistics: %s", statistics);
    out_printf(out, "\n");
  }
}

/* --- the same in JSON -------------------------------------------------------------------------- */
static void json_text(Out *out, Str s) {
  out_printf(out, "\"");
  for (uint32_t i = 0; i < s.n; i++) {
    unsigned char ch = (unsigned char)s.at[i];
    if (ch == '"' || ch == '\\') out_printf(out, "\\%c", ch);
    else if (ch < 32) out_printf(out, "\\u%04x", ch);
    else out_printf(out, "%c", ch);
  }
  out_printf(out, "\"");
}

static void json_member(Out *out, const char *name, Str s) {
  out_printf(out, ", \"%s\": ", name);
  json_text(out, s);
}

static void json_place(const Program *p, Out *out, Span at) {
  if (!at.source) return;
  Place place = span_place(p->sources, at);
  json_member(out, "file", place.path);
  out_printf(out, ", \"line\": %u, \"column\": %u", place.line, place.column);
}

static void json_proof(const Model *m, const Proof *proof, Out *out) {
  json_member(out, "verdict", str_of(verdict_name(proof->verdict)));
  json_member(out, "residual", residual_of(m, proof));
  if (proof->because.n) json_member(out, "because", proof->because);
}

static void json_model(const Program *p, const Model *m, Out *out) {
  out_printf(out, "{\"name\": ");
  json_text(out, m->name);
  out_printf(out, ", \"kernel\": %s", m->kernel ? "true" : "false");
  json_member(out, "acts", m->acts);
  out_printf(out, ", \"parameters\": %llu, \"statistics\": %llu, \"layers\": [",
             (unsigned long long)model_parameters(m), (unsigned long long)model_statistics(m));
  uint32_t n = 0;
  for (uint32_t i = 0; i < m->nmodel; i++) {
    const Value *v = m->value.at[i];
    if (!listed(v)) continue;
    out_printf(out, "%s{\"path\": ", n++ ? ", " : "");
    json_text(out, v->path);
    bool any;
    json_member(out, "word", str_of(listed_word(v)));
    json_member(out, "type", type_str(out->arena, &v->type));
    out_printf(out, ", \"parameters\": %llu", (unsigned long long)listed_parameters(m, v, &any));
    json_proof(m, &v->proof, out);
    json_place(p, out, v->at);
    out_printf(out, "}");
  }
  out_printf(out, "], \"weights\": [");
  for (uint32_t i = 0; i < m->weight.n; i++) {
    const Weight *w = m->weight.at[i];
    out_printf(out, "%s{\"name\": ", i ? ", " : "");
    json_text(out, w->name);
    out_printf(out, ", \"trained\": %s, \"shape\": [", w->trained ? "true" : "false");
    for (uint32_t d = 0; d < w->rank; d++) out_printf(out, "%s%llu", d ? ", " : "", (unsigned long long)w->dim[d]);
    out_printf(out, "]}");
  }
  out_printf(out, "], \"outputs\": [");
  for (uint32_t i = 0; i < m->noutputs; i++) {
    out_printf(out, "%s{\"name\": ", i ? ", " : "");
    json_text(out, m->output[i].name);
    json_member(out, "type", type_str(out->arena, &m->output[i].value->type));
    json_proof(m, &m->output[i].value->proof, out);
    out_printf(out, "}");
  }
  out_printf(out, "], \"claims\": [");
  for (uint32_t i = 0; i < m->claim.n; i++) {
    out_printf(out, "%s{\"text\": ", i ? ", " : "");
    json_text(out, m->claim.at[i].text);
    json_member(out, "verdict", m->claim.at[i].verdict);
    out_printf(out, ", \"within\": %.17g}", m->claim.at[i].within);
  }
  out_printf(out, "]}");
}

void program_certificate_json(const Program *p, Out *out) {
  out_printf(out, "{\"models\": [");
  for (uint32_t i = 0; i < p->model.n; i++) {
    if (i) out_printf(out, ", ");
    json_model(p, p->model.at[i], out);
  }
  out_printf(out, "]}\n");
}

/* --- invariants -------------------------------------------------------------------------------- */
static bool type_verify(const Type *t, Why *why) {
  if (t->what == WHAT_FIELD && !t->rep) return why_no(why, CODE_NONE, "a field without a representation");
  if (t->what == WHAT_FIELD && !rep_verify(t->rep, why)) return false;
  if (t->what == WHAT_LABEL && !t->to) return why_no(why, CODE_NONE, "a label of nothing");
  return true;
}

static bool value_verify(const Model *m, const Value *v, uint32_t i, Why *why) {
  if (v->number != i || v->word >= WORDS) return why_no(why, CODE_NONE, "value %u is numbered %u", i, v->number);
  if (!type_verify(&v->type, why)) return why_no(why, CODE_NONE, "in value %u", i);
  for (uint32_t k = 0; k < v->nargs; k++)
    if (v->arg[k] && (v->arg[k]->number >= i || m->value.at[v->arg[k]->number] != v->arg[k]))
      return why_no(why, CODE_NONE, "argument %u of value %u is no earlier value", k, i);
  for (uint32_t k = 0; k < v->nweights; k++) {
    bool found = !v->weight[k];
    for (uint32_t j = 0; !found && j < m->weight.n; j++) found = m->weight.at[j] == v->weight[k];
    if (!found) return why_no(why, CODE_NONE, "weight %u of value %u is not the model's", k, i);
  }
  return true;
}

static bool weight_verify(const Weight *w, Why *why) {
  uint64_t n = 1;
  for (uint32_t d = 0; d < w->rank; d++) n *= w->dim[d];
  if (!w->rank || n != w->count)
    return why_no(why, CODE_NONE, "%.*s has %llu numbers and a shape of %llu", STR(w->name),
                  (unsigned long long)w->count, (unsigned long long)n);
  if (w->init == INIT_NUMBERS && !w->number) return why_no(why, CODE_NONE, "%.*s starts with no numbers", STR(w->name));
  return true;
}

bool program_verify(const Program *p, Why *why) {
  for (uint32_t i = 0; i < p->model.n; i++) {
    const Model *m = p->model.at[i];
    bool statistics = false;
    for (uint32_t k = 0; k < m->value.n; k++)
      if (!value_verify(m, m->value.at[k], k, why)) return false;
    for (uint32_t k = 0; k < m->weight.n; k++) {
      if (!weight_verify(m->weight.at[k], why)) return false;
      if (statistics && m->weight.at[k]->trained) return why_no(why, CODE_NONE, "trained weights behind statistics");
      statistics = !m->weight.at[k]->trained;
      for (uint32_t j = 0; j < k; j++)
        if (m->weight.n < 1000 && str_equal(m->weight.at[j]->name, m->weight.at[k]->name))
          return why_no(why, CODE_NONE, "two weights are called %.*s", STR(m->weight.at[k]->name));
    }
    for (uint32_t k = 0; k < m->noutputs; k++)
      if (m->output[k].value->number >= m->nmodel) return why_no(why, CODE_NONE, "an output made in the train block");
  }
  return true;
}
