"""picture.py: one picture of a run: how much of the machine's flop rate we and the fastest peer get, a row a workload.

Left the name, in the middle two dots on a scale of the machine's rate (filled: ours; ring: the peer), right the ratio;
without a peer our time. Colours are chosen for a light and for a dark page.
"""
import math
from xml.sax.saxutils import escape

ROW, LEFT, WIDE, RIGHT, TOP = 20, 250, 420, 190, 64
STYLE = """
svg { --ink: #24292f; --faint: #d0d7de; --ours: #0b62c4; --peer: #8a5a00; --miss: #b3261e; --page: #ffffff }
@media (prefers-color-scheme: dark) {
  svg { --ink: #e6edf3; --faint: #3d444d; --ours: #6cb2ff; --peer: #e0a84c; --miss: #ff8a80; --page: #0d1117 }
}
svg { background: var(--page); font: 12px sans-serif }
text { fill: var(--ink) } .head { font-weight: bold }
.grid { stroke: var(--faint) } .bar { stroke: var(--ink); stroke-dasharray: 3 3 }
.ours { fill: var(--ours) } .miss { fill: var(--miss) }
.peer { fill: none; stroke: var(--peer); stroke-width: 2 } .between { stroke: var(--faint); stroke-width: 3 }
"""
HEADS = {"steps": "training steps", "products": "products", "convolutions": "3 x 3 convolutions, batch 64"}


def write(path, results, peak, threads):
    shares = [r.rate(ms) / peak for r in results for ms in [r.ms] + [p[0] for p in r.peers.values()]]
    step = 0.2 if max(shares) <= 1.4 else 0.5
    marks = range(math.ceil(max(1, *shares) / step - 1e-9) + 1)
    most = marks[-1] * step
    x = lambda share: LEFT + WIDE * share / most
    body, y, group = [], TOP, None
    put = body.append
    for r in results:
        if r.w.group != group:
            y += ROW * (0.5 if group else 0)
            put(f'<text class="head" x="12" y="{y + 14}">{HEADS[r.w.group]}</text>')
            group, first = r.w.group, y + ROW
            y += ROW
            n = sum(1 for q in results if q.w.group == group)
            for style, at in [("grid", k * step) for k in marks] + [("bar", r.w.share)] * bool(r.w.share):
                put(f'<line class="{style}" x1="{x(at):.1f}" x2="{x(at):.1f}" y1="{first}" y2="{first + n * ROW}"/>')
        middle, share, peer = y + ROW / 2, r.rate(r.ms) / peak, r.fastest()
        put(f'<text x="24" y="{middle + 4}">{escape(r.w.title)}</text>')
        if peer:
            other = r.rate(r.peers[peer][0]) / peak
            put(f'<line class="between" x1="{x(other):.1f}" x2="{x(share):.1f}" y1="{middle}" y2="{middle}"/>')
            put(f'<circle class="peer" cx="{x(other):.1f}" cy="{middle}" r="4"/>')
        put(f'<circle class="{"miss" if share < r.w.share else "ours"}" cx="{x(share):.1f}" cy="{middle}" r="5"/>')
        if peer:
            slow = any(r.ratio(r.fastest(s)) < least for s, least in r.w.bars if r.fastest(s))
            right = f'<tspan class="{"miss" if slow else "met"}">{r.ratio(peer):.2f}</tspan> x {escape(peer)}'
        else:
            right = f"{r.ms:.{0 if r.ms >= 100 else 1 if r.ms >= 10 else 3}f} ms"
        put(f'<text x="{LEFT + WIDE + 14}" y="{middle + 4}">{right}</text>')
        y += ROW
    width, height = LEFT + WIDE + RIGHT, y + 16
    scale = "".join(f'<text x="{x(k * step):.1f}" y="{TOP - 6}" text-anchor="middle">{100 * k * step:.0f}%</text>'
                    for k in marks)
    peers = any(r.peers for r in results)
    beside = "; ring: the fastest mode of a peer; right: how many times faster ours is" if peers else ""
    title = (f'<text class="head" x="12" y="20">Share of the machine: {peak:.0f} GFLOP/s, {threads} threads</text>'
             f'<text x="12" y="38">dot: ours{beside}; dashed: a bar, red: missed</text>')
    path.write_text(f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
                    f'viewBox="0 0 {width} {height}">\n<style>{STYLE}</style>\n{title}\n{scale}\n' + "\n".join(body) + "\n</svg>\n")
