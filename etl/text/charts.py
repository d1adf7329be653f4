"""Charts of the report: lines over steps as SVG, the ticks of an axis, and shaded cells of a table."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

from etl.text.html import text

# In the units of the drawing: a phone shows them nearly as they are, a desk at most one and a half times.
_WIDTH, _HEIGHT = 400, 190
_LEFT, _RIGHT, _TOP, _BOTTOM = 44, 8, 10, 24
_STEPS = (1.0, 2.0, 5.0, 10.0)
# Of one colour; more would hide the number in it.
_DARKEST = 0.5


def list_ticks(low: float, high: float, most: int = 5) -> list[float]:
    """Returns round numbers of one distance, from the last that is not above `low` to one not below `high`.

    Args:
        low, high: what the axis has to hold; where they are equal, that number is the only tick.
        most: how many distances the axis has room for; the round numbers at its ends may make one more.
    """
    if not high > low:
        return [low]
    step = round_up((high - low) / most, _STEPS)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [tick * step for tick in range(first, last + 1)]


def round_up(number: float, steps: Sequence[float] = (1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)) -> float:
    """Returns the smallest round number that is not below a positive one: the end of an axis.

    Args:
        number: what the axis has to hold.
        steps: first digits of round numbers, ascending; the last is 10.
    """
    power: float = 10.0 ** math.floor(math.log10(number))
    return next(step * power for step in steps if step * power >= number * (1 - 1e-9))


def line_chart(
    title: str,
    lines: Mapping[str, Sequence[float | None]],
    steps: Sequence[str],
    *,
    level: float | None = None,
    from_zero: bool = False,
) -> str:
    """Draws lines over steps, with ticks on both axes; their names stand in a legend.

    Args:
        title: what is drawn, for those who do not see it.
        lines: numbers by colour of `report.css`, one for each step; None leaves a gap.
        steps: what stands below each number.
        level: where a dashed line is drawn across.
        from_zero: let the axis begin at 0.
    """
    known = [value for line in lines.values() for value in line if value is not None]
    known += [level] if level is not None else []
    known += [0.0] if from_zero else []
    if not known:
        return ""
    ticks = list_ticks(min(known), max(known))
    low, high = ticks[0], ticks[-1]

    def across(step: int) -> float:
        return _LEFT + (_WIDTH - _LEFT - _RIGHT) * step / max(1, len(steps) - 1)

    def down(value: float) -> float:
        return _TOP + (_HEIGHT - _TOP - _BOTTOM) * (high - value) / ((high - low) or 1.0)

    drawn = _draw_axes(ticks, steps, across, down)
    if level is not None:
        drawn += (
            f'<path d="M{_LEFT} {down(level):.1f}H{_WIDTH - _RIGHT}" stroke="var(--soft)" '
            'stroke-dasharray="4 4"/>'
        )
    for colour, line in lines.items():
        points = [
            (across(step), down(value)) if value is not None else None for step, value in enumerate(line)
        ]
        drawn += _draw_line(points, colour)
    return (
        f'<svg class="chart" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" '
        f'aria-label="{text(title)}">{drawn}</svg>\n'
    )


def _draw_axes(
    ticks: Sequence[float],
    steps: Sequence[str],
    across: Callable[[int], float],
    down: Callable[[float], float],
) -> str:
    drawn = "".join(
        f'<path class="grid" d="M{_LEFT} {down(tick):.1f}H{_WIDTH - _RIGHT}"/>'
        f'<text x="{_LEFT - 6}" y="{down(tick) + 4:.1f}" text-anchor="end">{_short(tick)}</text>'
        for tick in ticks
    )
    longest = max(map(len, steps), default=1)
    # A character takes about seven units.
    most = max(2, (_WIDTH - _LEFT - _RIGHT) // (7 * longest + 12))
    every = math.ceil(len(steps) / most)
    for step in range(0, len(steps), every):
        at = across(step)
        anchor = "end" if at + 3.5 * len(steps[step]) > _WIDTH else "middle"
        drawn += f'<path class="grid" d="M{at:.1f} {_HEIGHT - _BOTTOM}v4"/>'
        drawn += f'<text x="{at:.1f}" y="{_HEIGHT - 6}" text-anchor="{anchor}">{text(steps[step])}</text>'
    return drawn


def _draw_line(points: Sequence[tuple[float, float] | None], colour: str) -> str:
    path, is_down = "", False
    dots = ""
    for point in points:
        if point is None:
            is_down = False
            continue
        path += f"{'L' if is_down else 'M'}{point[0]:.1f} {point[1]:.1f}"
        dots += f'<circle cx="{point[0]:.1f}" cy="{point[1]:.1f}" r="2.5" fill="var(--{colour})"/>'
        is_down = True
    return (
        f'<path d="{path}" fill="none" stroke="var(--{colour})" stroke-width="2" stroke-linejoin="round"/>'
        f"{dots}"
    )


def _short(number: float) -> str:
    for size, sign in ((1_000_000, "M"), (1_000, "k")):
        if abs(number) >= 10 * size or (abs(number) >= size and number % size == 0):
            return f"{number / size:g}{sign}"
    return f"{round(number, 10):g}"


def shade(cell: str, share: float, what: str) -> str:
    """Shades a cell of a table of the class "heat" by a share of 0 to 1.

    Args:
        cell: what it shows, as HTML.
        share: how dark it is.
        what: what the share is.
    """
    width = f"{100 * _DARKEST * share:.1f}%"
    return f'<span class="heat" style="--share:{width}" title="{text(what)}">{cell}</span>'
