/* curves.c: learning curves as SVG. Colours are variables, so that a page or a reader's dark mode can set
 * them; alone, the picture brings its own. Values that are not finite leave a gap. */
#include "text.h"
#include <math.h>

enum { WIDTH = 400, HEIGHT = 235, LEFT = 52, RIGHT = 14, TOP = 36, BOTTOM = 48, DOTS_MOST = 30 };

const char rt_curves_style[] =
  ".grid{stroke:var(--rule);fill:none}.best{stroke:var(--soft);stroke-dasharray:2 "
      "4;fill:none}.tick{fill:var(--soft);font:11.5px system-ui,sans-serif}"
  ".title{fill:var(--ink);font:600 14px system-ui,sans-serif}"
  "path.train,path.valid{fill:none;stroke-width:2;stroke-linejoin:round}"
  "path.train{stroke:var(--train)}path.valid{stroke:var(--valid)}circle.train{fill:var(--train)}"
  "circle.valid{fill:var(--valid)}";

typedef struct Axes { double x0, x1, low, high, step; } Axes;

/* 1, 2 or 5 times a power of ten, so that about four of them fill the range. */
static double nice_step(double range) {
  double raw = range > 0 ? range / 4 : 1, power = pow(10, floor(log10(raw))), x = raw / power;
  return (x <= 1 ? 1 : x <= 2 ? 2 : x <= 5 ? 5 : 10) * power;
}

static double place_x(const Axes *a, double x) { return LEFT + (x - a->x0) / (a->x1 - a->x0) * (WIDTH - LEFT - RIGHT); }
static double place_y(const Axes *a,
    double y) { return HEIGHT - BOTTOM - (y - a->low) / (a->high - a->low) * (HEIGHT - TOP - BOTTOM); }

static Axes axes_of(const Series *s, const double *epoch) {
  Axes a = { .low = INFINITY, .high = -INFINITY, .x0 = s->n ? epoch[0] : 1, .x1 = s->n ? epoch[s->n - 1] : 1 };
  for (int64_t i = 0; i < s->n; i++)
    for (int k = 0; k < 2; k++) {
      double y = (k ? s->valid : s->train)[i];
      if (isfinite(y)) a.low = fmin(a.low, y), a.high = fmax(a.high, y);
    }
  if (!isfinite(a.low)) a.low = 0, a.high = 1;
  if (a.x1 <= a.x0) a.x0 -= 0.5, a.x1 += 0.5;          /* one epoch stands in the middle */
  double range = a.high - a.low;
  a.step = nice_step(range > 1e-12 * fabs(a.high) ? range : a.high != 0 ? fabs(a.high) / 2 : 1);
  a.low = floor(a.low / a.step) * a.step;
  a.high = ceil(a.high / a.step) * a.step;
  if (a.high <= a.low) a.high = a.low + a.step;
  return a;
}

static void line(Text *o, const char *class, const double *y, const double *epoch, int64_t n, const Axes *a) {
  bool open = false;
  rt_print(o, "<path class=\"%s\" d=\"", class);
  for (int64_t i = 0; i < n; i++) {
    if (isfinite(y[i])) rt_print(o, "%c%.1f %.1f", open ? 'L' : 'M', place_x(a, epoch[i]), place_y(a, y[i]));
    open = isfinite(y[i]);
  }
  rt_print(o, "\"/>");
  for (int64_t i = n > DOTS_MOST ? n - 1 : 0; i < n; i++)
    if (isfinite(y[i]))
      rt_print(o, "<circle class=\"%s\" cx=\"%.1f\" cy=\"%.1f\" r=\"3\"/>", class, place_x(a, epoch[i]), place_y(a,
          y[i]));
}

static void grid(Text *o, const Axes *a) {
  int decimals = a->step >= 1 ? 0 : (int)ceil(-log10(a->step) - 1e-9);
  for (double y = a->low; y <= a->high + a->step / 2; y += a->step) {
    double value = fabs(y) < a->step * 1e-6 ? 0 : y;
    rt_print(o, "<path class=\"grid\" d=\"M%d %.1fH%d\"/><text class=\"tick\" x=\"%d\" y=\"%.1f\" "
        "text-anchor=\"end\">", LEFT, place_y(a, y), WIDTH - RIGHT,
             LEFT - 8, place_y(a, y) + 4);
    if (decimals > 4 || fabs(a->high) >= 1e5) rt_print(o, "%.3g</text>", value);
    else rt_print(o, "%.*f</text>", decimals, value);
  }
  double every = fmax(1, nice_step((a->x1 - a->x0) * 0.7));
  for (double x = ceil(a->x0 / every) * every; x <= a->x1 + 1e-9; x += every)
    rt_print(o, "<text class=\"tick\" x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%.0f</text>", place_x(a, x),
        HEIGHT - BOTTOM + 18, x);
  rt_print(o, "<text class=\"tick\" x=\"%d\" y=\"%d\" text-anchor=\"end\">epoch</text>", WIDTH - RIGHT, HEIGHT - 10);
}

static void panel(Text *o, const Series *s, const double *epoch, int64_t best, double top) {
  Axes a = axes_of(s, epoch);
  rt_print(o, "<g transform=\"translate(0 %.0f)\"><text class=\"title\" x=\"%d\" y=\"18\">", top, LEFT);
  rt_escape(o, s->title);
  rt_print(o, "</text>");
  grid(o, &a);
  if ((double)best >= a.x0 && (double)best <= a.x1 && s->n > 1)
    rt_print(o, "<path class=\"best\" d=\"M%.1f %dV%d\"/>", place_x(&a, (double)best), TOP, HEIGHT - BOTTOM);
  line(o, "train", s->train, epoch, s->n, &a);
  line(o, "valid", s->valid, epoch, s->n, &a);
  rt_print(o, "<circle class=\"train\" cx=\"%d\" cy=\"%d\" r=\"4\"/><text class=\"tick\" x=\"%d\" "
      "y=\"%d\">training</text>", LEFT + 4, HEIGHT - 14, LEFT + 13, HEIGHT - 10);
  if (s->second)
    rt_print(o, "<circle class=\"valid\" cx=\"%d\" cy=\"%d\" r=\"4\"/><text class=\"tick\" x=\"%d\" "
        "y=\"%d\">%s</text>", LEFT + 80, HEIGHT - 14, LEFT + 89, HEIGHT - 10, s->second);
  rt_print(o, "</g>");
}

/* What a reader who does not see the picture is told. */
static void tell(Text *o, const Series *s, const double *epoch) {
  rt_escape(o, s->title);
  rt_print(o, " over epochs");
  if (s->n) rt_print(o, " %.0f to %.0f: training from %.4g to %.4g", epoch[0], epoch[s->n - 1], s->train[0],
      s->train[s->n - 1]);
  if (s->n && s->second) rt_print(o, ", %s from %.4g to %.4g", s->second, s->valid[0], s->valid[s->n - 1]);
  rt_print(o, ". ");
}

void rt_curves(Text *o, const Series *s, int32_t n, const double *epoch, int64_t best, bool alone) {
  rt_print(o, "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"", WIDTH,
      HEIGHT * (n > 0 ? n : 1));
  for (int32_t i = 0; i < n; i++) tell(o, &s[i], epoch);
  rt_print(o, "\">");
  if (alone)
    rt_print(o, "<style>:root{--ink:#1b2330;--soft:#5b6472;--rule:#e1e4e8;--train:#2b6cb0;--valid:#b04c12;--page:#fff}"
                "@media(prefers-color-scheme:dark){:root{--ink:#e7eaee;--soft:#9aa4b1;--rule:#2f3640;--train:#7db3ef;--valid:#f0956a;--page:#14181e}}"
                "%s</style><rect width=\"100%%\" height=\"100%%\" style=\"fill:var(--page)\"/>", rt_curves_style);
  for (int32_t i = 0; i < n; i++) panel(o, &s[i], epoch, best, (double)i * HEIGHT);
  rt_print(o, "</svg>\n");
}
