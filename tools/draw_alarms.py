"""Draws docs/alarms.svg from what the long test of alarms prints.

.venv/bin/pytest -s -n0 -m prove tests/relate/test_alarms.py | .venv/bin/python tools/draw_alarms.py > docs/alarms.svg
"""

from __future__ import annotations

import re
import sys
from math import log2

LINE = re.compile(
    r"budget ([\d.]+): calm ([\d.]+), with bursts ([\d.]+), found ([\d.]+), delay [\d.]+, swinging ([\d.]+)"
)
WIDTH, HEIGHT, LEFT, TOP, SIDE = 720, 300, 60, 40, 200


def draw(rows: list[tuple[float, ...]]) -> str:
    """Two panels over the budget: false episodes beside the promise, and the share of bursts found."""
    rates = [[row[0], row[1], row[2], row[4]] for row in rows]
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}"',
        'font-family="sans-serif" font-size="12">',
        "<title>False episodes and bursts found, by budget</title>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
        *panel(LEFT, "False episodes per month (line: the promise)", rates, (0.01, 10)),
        *panel(LEFT + 350, "Share of bursts found, %", [[r[0], 100 * r[3]] for r in rows], (80, 100)),
        "</svg>",
    ]
    return "\n".join(parts)


def panel(left: int, title: str, rows: list[list[float]], reach: tuple[float, float]) -> list[str]:
    low, high = reach
    rates = low < 1

    def x(budget: float) -> float:
        return left + 20 + log2(budget / 0.05) * 34

    def y(value: float) -> float:
        share = log2(max(value, low) / low) / log2(high / low) if rates else (value - low) / (high - low)
        return round(TOP + SIDE * (1 - share), 1)

    marks = [0.05, 0.1, 0.25, 0.5, 1, 2, 5] if rates else [80, 85, 90, 95, 100]
    parts = [f'<text x="{left}" y="{TOP - 15}" font-weight="bold">{title}</text>']
    for mark in marks:
        parts.append(f'<line x1="{left}" x2="{left + 260}" y1="{y(mark)}" y2="{y(mark)}" stroke="#ddd"/>')
        parts.append(f'<text x="{left - 8}" y="{y(mark) + 4}" text-anchor="end">{mark:g}</text>')
    if rates:
        parts.append(
            f'<line x1="{x(0.05)}" y1="{y(0.05)}" x2="{x(5)}" y2="{y(5)}" stroke="#888" stroke-dasharray="4"/>'
        )
    for row in rows:
        parts.append(f'<text x="{x(row[0])}" y="{TOP + SIDE + 18}" text-anchor="middle">{row[0]:g}</text>')
        for value, colour in zip(row[1:], ("#1f5fa8", "#b8651b", "#5a8f3c"), strict=False):
            parts.append(f'<circle cx="{x(row[0])}" cy="{y(value)}" r="5" fill="{colour}"/>')
    words = "budget; blue: calm, brown: with bursts, green: swinging" if rates else "budget"
    parts.append(f'<text x="{left}" y="{TOP + SIDE + 40}">{words}</text>')
    return parts


if __name__ == "__main__":
    sys.stdout.write(draw([tuple(map(float, found)) for found in LINE.findall(sys.stdin.read())]) + "\n")
