/* report_style.c: how the page looks, and its tables. Colours are variables: light, dark, and for paper; everything
 * else uses them.
 *
 * Text on its ground has a contrast of at least 4.5. Numbers have digits of one width. Tables and pictures that may be
 * wider than a phone scroll inside a `wide`; on paper nothing scrolls. */
#include "report.h"
#include <stdlib.h>
#include <string.h>

static void end_cell(Text *o) { if (o->cell) rt_print(o, "</%s>", o->cell); }

static void begin_cell(Text *o, const char *tag, const char *scope, const char *class, const char *style) {
  if (o->cell) end_cell(o);
  else rt_print(o, "<tr>");
  o->cell = tag;
  rt_print(o, "<%s%s", tag, scope);
  if (*class) rt_print(o, " class=\"%s\"", class);
  if (*style) rt_print(o, " style=\"%s\"", style);
  rt_print(o, ">");
}

void rt_cell(Text *o, const char *class) { begin_cell(o, "td", "", class, ""); }
void rt_styled_cell(Text *o, const char *class, const char *style) { begin_cell(o, "td", "", class, style); }
void rt_row_head(Text *o, const char *class) { begin_cell(o, "th", " scope=\"row\"", class, ""); }
void rt_column_head(Text *o, const char *class) { begin_cell(o, "th", " scope=\"col\"", class, ""); }

void rt_end_row(Text *o) {
  end_cell(o);
  o->cell = NULL;
  rt_print(o, "</tr>\n");
}

void rt_heads(Text *o, const char *heads) {
  for (const char *end; *heads; heads = *end ? end + 1 : end) {
    bool number = *heads == '>', also = *heads == '-';
    heads += number || also;
    end = heads + strcspn(heads, "|");
    char *text = rt_text(o->trouble, "%.*s", (int)(end - heads), heads);
    rt_column_head(o, number ? "num" : also ? "also" : "");
    if (text) rt_escape(o, text);
    free(text);
  }
}

void rt_open_heads(Text *o, const char *label, const char *class, const char *heads) {
  rt_print(o, "<div class=\"wide%s%s\" tabindex=\"0\" role=\"region\" aria-label=\"%s\"><table><thead>",
           *class ? " " : "", class, label);
  rt_heads(o, heads);
}

void rt_open_rows(Text *o) {
  rt_end_row(o);
  rt_print(o, "</thead><tbody>\n");
}

void rt_open_table(Text *o, const char *label, const char *heads) {
  rt_open_heads(o, label, "", heads);
  rt_open_rows(o);
}

void rt_close_table(Text *o) { rt_print(o, "</tbody></table></div>"); }

const char *const rt_report_style[] = {
  ":root{color-scheme:light dark;--ink:#1b2330;--soft:#586170;--rule:#e1e4e8;--page:#f6f7f9;--card:#fff;"
  "--train:#2b6cb0;--valid:#b04c12;--good:#17733f;--warn:#8a5a00;--bad:#b3261e;--hit:43,120,214;--miss:222,98,30;"
  "--inset:#f3f5f7}\n",
  "@media(prefers-color-scheme:dark){:root{--ink:#e7eaee;--soft:#9ea8b5;--rule:#2f3640;--page:#0f1216;"
  "--card:#171b21;--train:#7db3ef;--valid:#f0956a;--good:#66cf98;--warn:#e3b655;--bad:#ff8f85;--inset:#11151a}"
  "}\n",
  "*{box-sizing:border-box}html{-webkit-text-size-adjust:100%}"
  "body{margin:0 auto;max-width:1080px;padding:28px 20px 48px;background:var(--page);color:var(--ink);"
  "font:15px/1.55 system-ui,-apple-system,\"Segoe UI\",Roboto,sans-serif}"
  "h1{font-size:27px;line-height:1.2;margin:0 0 6px;letter-spacing:-.01em;overflow-wrap:anywhere}"
  "h2{font-size:18px;line-height:1.3;margin:0 0 8px}p{margin:0 0 10px;max-width:76ch}a{color:var(--train)}"
  ".soft{color:var(--soft)}.small{font-size:12.5px}.good{color:var(--good)}.warn{color:var(--warn)}"
  ".bad{color:var(--bad)}.lead{font-size:17px;max-width:68ch}nav{margin:14px 0 0;font-size:14px}"
  "nav a{margin-right:14px;text-decoration:none;white-space:nowrap}nav a:hover{text-decoration:underline}"
  "section{background:var(--card);border:1px solid var(--rule);border-radius:10px;padding:18px 20px;margin:16px 0}"
  "section>:last-child{margin-bottom:0}\n",
  ".numbers{display:grid;grid-template-columns:repeat(auto-fit,minmax(158px,1fr));gap:12px;margin:20px 0 16px;"
  "padding:0;list-style:none}"
  ".numbers li{background:var(--card);border:1px solid var(--rule);border-radius:10px;padding:12px 14px;"
  "overflow-wrap:anywhere}"
  ".numbers strong{display:block;font-size:23px;font-weight:600;line-height:1.25;font-variant-numeric:tabular-nums;"
  "overflow-wrap:normal}\n",
  ".wide{overflow-x:auto;max-width:100%;margin:0 0 10px}"
  ".wide:focus-visible{outline:2px solid var(--train);outline-offset:2px}.tall{max-height:340px;overflow-y:auto}"
  "table{border-collapse:collapse;font-size:14px;line-height:1.4;font-variant-numeric:tabular-nums}"
  "caption{text-align:left;color:var(--soft);padding:0 0 4px}"
  "th,td{text-align:left;padding:5px 18px 5px 0;border-bottom:1px solid var(--rule);vertical-align:top;"
  "font-weight:400}"
  "thead th{color:var(--soft);font-size:13px;white-space:nowrap;vertical-align:bottom}"
  "tbody tr:last-child>*{border-bottom:0}.num{text-align:right;white-space:nowrap}"
  "tfoot>tr>*{border-top:1px solid var(--rule);border-bottom:0}td:last-child,th:last-child{padding-right:0}"
  ".facts th{color:var(--soft);white-space:nowrap}.facts td{overflow-wrap:anywhere}.tag{white-space:nowrap}"
  ".type{min-width:6.6em}\n",
  "svg{width:100%;height:auto;display:block}"
  ".curves{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,340px),1fr));gap:12px 28px;"
  "margin:0 0 10px}"
  ".curves svg{max-width:480px}.heat td,.heat th{text-align:center;padding:6px 8px;border:0;min-width:42px}"
  ".heat td{white-space:nowrap}"
  ".heat th{max-width:96px;white-space:normal;overflow-wrap:anywhere;vertical-align:bottom}"
  ".heat tbody th,.heat tfoot th{max-width:150px;text-align:right;vertical-align:top}"
  ".heat thead th:first-child{max-width:none;white-space:nowrap;overflow-wrap:normal}"
  ".heat td{border:1px solid var(--card)}.heat .none{color:var(--soft);opacity:.8}.heat .edge{white-space:nowrap}"
  ".heat tfoot td,.heat td.edge,.heat td.edge~td{color:var(--soft)}"
  ".heat .hit{background:rgba(var(--hit),calc(var(--h)*.55))}"
  ".heat .miss{background:rgba(var(--miss),calc(var(--h)*.68))}\n",
  "img{image-rendering:pixelated;max-width:100%;height:auto;vertical-align:top;border-radius:2px;"
  "outline:1px solid var(--rule)}"
  ".pictures,.strip{list-style:none;margin:0;padding:0;display:grid;"
  "grid-template-columns:repeat(auto-fill,minmax(104px,1fr));gap:18px 12px}"
  ".pictures p{margin:6px 0 0;font-size:13.5px;line-height:1.35;overflow-wrap:anywhere}.said{color:var(--valid)}"
  ".strip{grid-template-columns:repeat(auto-fill,minmax(66px,1fr))}"
  ".filters td,.filters th{padding:5px 10px 5px 0;border:0;vertical-align:middle}.filters img{max-width:none}"
  ".filters th{white-space:nowrap}.filters thead th{text-align:center}"
  ".filters thead th:first-child{text-align:left}"
  ".scale{display:inline-block;width:72px;height:10px;vertical-align:baseline;outline:1px solid var(--rule);"
  "background:linear-gradient(90deg,rgb(var(--hit)),rgba(var(--hit),0) 50%,rgba(var(--miss),0) 50%,rgb(var(--miss)))}"
  ".matrix{margin:0;width:min-content;min-width:300px;max-width:100%}.matrix figcaption{margin:6px 0 0}"
  ".wide+.strip{margin-top:16px}.beside{display:flex;flex-wrap:wrap;gap:20px 40px;align-items:flex-start}\n",
  "code,pre{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;font-size:.92em}"
  "pre{overflow-x:auto;margin:0 0 10px;padding:12px 14px;background:var(--inset);border-radius:8px;font-size:13px;"
  "line-height:1.5}"
  "pre.command{white-space:pre-wrap;overflow-wrap:anywhere}.lines{white-space:pre-line}details{margin:10px 0}"
  "summary{cursor:pointer;color:var(--soft);margin:0 0 6px}@media(max-width:560px){body{padding:18px 10px 32px}"
  "section{padding:14px 12px}.numbers{grid-template-columns:1fr 1fr;gap:8px}.numbers strong{font-size:20px}"
  ".lead{font-size:16px}th,td{padding-right:10px}table{font-size:13px}.also{display:none}"
  ".heat td,.heat th{padding:6px 3px;min-width:32px}.heat th{max-width:64px}"
  ".heat tbody th,.heat tfoot th{max-width:84px}"
  ".pictures{grid-template-columns:repeat(auto-fill,minmax(86px,1fr))}}"
  "@media print{:root{color-scheme:light;--ink:#000;--soft:#444;--rule:#bbb;--page:#fff;--card:#fff;"
  "--train:#1b5a9c;--valid:#a8440e;--good:#0e5a2e;--warn:#6e4700;--bad:#8e1a14;--inset:#fff}"
  "body{max-width:none;padding:0;font-size:11pt}section{border:0;padding:0;margin:18pt 0}h2{break-after:avoid}"
  "p,tr,li,svg,figure,.heat,.facts{break-inside:avoid}h2+p{break-after:avoid}tfoot{display:table-row-group}"
  "nav{display:none}.pictures,.strip{display:block}.numbers{padding-right:1px}"
  ".pictures li,.strip li{display:inline-block;width:104px;margin:0 12px 18px 0;vertical-align:top}"
  ".wide,.tall{overflow:visible;max-height:none}"
  "img,.hit,.miss,.scale{-webkit-print-color-adjust:exact;print-color-adjust:exact}}\n",
  NULL
};
