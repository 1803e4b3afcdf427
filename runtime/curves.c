/* curves.c: learning curves as SVG. Colours are variables, so that a page or a reader's dark mode can set
 * them; alone, the picture brings its own. Values that are not finite leave a gap. */
#include "text.h"
#include <math.h>

enum { WIDTH = 440, HEIGHT = 220, LEFT = 52, RIGHT = 16, TOP = 34, BOTTOM = 34 };

/* 1, 2 or 5 times a power of ten, so that about four of them fill the range. */
static double nice_step(double range) {
  double raw = range > 0 ? range / 4 : 1, power = pow(10, floor(log10(raw))), x = raw / power;
  return (x <= 1 ? 1 : x <= 2 ? 2 : x <= 5 ? 5 : 10) * power;
}

static void line(Text *o, const char *class, const double *y, const double *epoch, int64_t n, double x0, double x1, double low, double high) {
  bool open = false;
  double px = 0, py = 0;
  rt_print(o, "<path class=\"%s\" d=\"", class);
  for (int64_t i = 0; i < n; i++) {
    if (!isfinite(y[i])) {
      open = false;
      continue;
    }
    px = LEFT + (epoch[i] - x0) / (x1 - x0) * (WIDTH - LEFT - RIGHT);
    py = HEIGHT - BOTTOM - (y[i] - low) / (high - low) * (HEIGHT - TOP - BOTTOM);
    rt_print(o, "%c%.1f %.1f", open ? 'L' : 'M', px, py);
    open = true;
  }
  rt_print(o, "\"/>");
  if (open) rt_print(o, "<circle class=\"%s dot\" cx=\"%.1f\" cy=\"%.1f\" r=\"3.5\"/>", class, px, py);
}

static void panel(Text *o, const Series *s, const double *epoch, double top) {
  double low = INFINITY, high = -INFINITY, x0 = 1, x1 = s->n > 1 ? epoch[s->n - 1] : 2;
  for (int64_t i = 0; i < s->n; i++) {
    double a = s->train[i], b = s->valid[i];
    if (isfinite(a)) low = fmin(low, a), high = fmax(high, a);
    if (isfinite(b)) low = fmin(low, b), high = fmax(high, b);
  }
  if (!isfinite(low)) low = 0, high = 1;
  double step = nice_step(high - low);
  low = floor(low / step) * step;
  high = ceil(high / step) * step;
  if (high <= low) high = low + step;
  rt_print(o, "<g transform=\"translate(0 %.0f)\"><text class=\"title\" x=\"%d\" y=\"18\">", top, LEFT);
  rt_escape(o, s->title);
  rt_print(o, "</text>");
  for (double y = low; y <= high + step / 2; y += step) {
    double py = HEIGHT - BOTTOM - (y - low) / (high - low) * (HEIGHT - TOP - BOTTOM);
    rt_print(o, "<path class=\"grid\" d=\"M%d %.1fH%d\"/><text class=\"tick\" x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%.4g</text>", LEFT, py, WIDTH - RIGHT,
             LEFT - 8, py + 4, fabs(y) < step * 1e-6 ? 0 : y);
  }
  double every = fmax(1, nice_step((x1 - x0) * 0.7));
  for (double x = every > 1 ? ceil(x0 / every) * every : x0; x <= x1 + 1e-9; x += every)
    rt_print(o, "<text class=\"tick\" x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%.0f</text>", LEFT + (x - x0) / (x1 - x0) * (WIDTH - LEFT - RIGHT), HEIGHT - BOTTOM + 18, x);
  line(o, "train", s->train, epoch, s->n, x0, x1, low, high);
  line(o, "valid", s->valid, epoch, s->n, x0, x1, low, high);
  rt_print(o, "<circle class=\"train dot\" cx=\"%d\" cy=\"14\" r=\"4\"/><text class=\"tick\" x=\"%d\" y=\"18\">training</text>", WIDTH - 182, WIDTH - 172);
  rt_print(o, "<circle class=\"valid dot\" cx=\"%d\" cy=\"14\" r=\"4\"/><text class=\"tick\" x=\"%d\" y=\"18\">validation</text></g>", WIDTH - 92, WIDTH - 82);
}

void rt_curves(Text *o, const Series *s, int32_t n, const double *epoch, bool alone) {
  rt_print(o, "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"learning curves over epochs\">", WIDTH, HEIGHT * (n > 0 ? n : 1));
  if (alone)
    rt_print(o, "<style>:root{--ink:#1c2430;--soft:#6a7482;--rule:#dfe3e8;--train:#2f6fb3;--valid:#c2502e;--page:#fff}"
                "@media(prefers-color-scheme:dark){:root{--ink:#e6e9ee;--soft:#98a2b0;--rule:#333b46;--train:#7ab5f0;--valid:#f0906f;--page:#14181e}}</style>"
                "<rect width=\"100%%\" height=\"100%%\" style=\"fill:var(--page)\"/>");
  rt_print(o, "<style>.grid{stroke:var(--rule);fill:none}.tick{fill:var(--soft);font:12px system-ui,sans-serif}.title{fill:var(--ink);font:600 14px system-ui,sans-serif}"
              "path.train,path.valid{fill:none;stroke-width:2;stroke-linejoin:round}path.train{stroke:var(--train)}path.valid{stroke:var(--valid)}"
              "circle.train{fill:var(--train)}circle.valid{fill:var(--valid)}</style>");
  for (int32_t i = 0; i < n; i++) panel(o, &s[i], epoch, (double)i * HEIGHT);
  rt_print(o, "</svg>\n");
}
