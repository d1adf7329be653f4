"""Mood over time: which labels the sentences of a chat have by hour, day, week or month, as one HTML page."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import NamedTuple

import polars as pl

from etl.errors import InputError
from etl.language.message import tr, translated
from etl.text.charts import line_chart, shade
from etl.text.html import COLOURS, count, document, legend, name, percent, section, table, text

# So many steps are drawn at most; a longer time has longer ones.
_MOST_STEPS = 62
_DAYS_OF_A_WEEK = 7
# Of those who wrote most.
_MOST_SPEAKERS = 20
_KEY = ("day", "hour", "speaker", "label")
# What the table, its section and its chart are called, by unit of time.
_UNITS = {
    "hour": (tr("hour"), tr("By hour"), tr("share of each label by hour")),
    "day": (tr("day"), tr("By day"), tr("share of each label by day")),
    "week": (tr("week"), tr("By week"), tr("share of each label by week")),
    "month": (tr("month"), tr("By month"), tr("share of each label by month")),
}


class Steps(NamedTuple):
    """How time is divided: what a step is called, and the step of each row of counts."""

    unit: str
    of_rows: pl.Series
    names: list[str]


def count_moods(rows: Iterable[pl.DataFrame], counted: list[pl.DataFrame]) -> Iterator[pl.DataFrame]:
    """Yields predictions as they come, and appends what has to be known of them to `counted`.

    Args:
        rows: of `etl.models.inference.documents.classify_inputs`.
        counted: gets a frame of sentences by day, hour, speaker and label for each of these.
    """
    for batch in rows:
        time = pl.col("time")
        labelled = batch.lazy().select(
            time.str.slice(0, 10).str.to_date("%Y-%m-%d", strict=False).alias("day"),
            time.str.slice(11, 2).str.to_integer(strict=False).alias("hour"),
            "speaker",
            pl.col("labels").alias("label"),
        )
        known = labelled.drop_nulls(["day", "label"]).explode("label").drop_nulls("label")
        counted.append(known.group_by(_KEY).agg(pl.len().alias("n")).collect())
        yield batch


def render_moods(model: str, counted: Sequence[pl.DataFrame], labels: Sequence[str]) -> str:
    """Renders the mood over time as one HTML document.

    Args:
        model: its name.
        counted: of `count_moods`.
        labels: of the model, in order.

    Raises:
        InputError: no sentence has a label and a time.
    """
    rows = pl.concat(counted).group_by(_KEY).agg(pl.col("n").sum()) if counted else pl.DataFrame()
    if rows.is_empty():
        raise InputError(
            tr("there is no mood over time: no sentence has a label and a time"),
            details=[tr("expected chats, mails or posts with dates")],
            next_step=tr("leave out `--mood`"),
        )
    steps = _divide(rows)
    rows = rows.with_columns(steps.of_rows.alias("step"))
    totals = dict(rows.group_by("label").agg(pl.col("n").sum()).iter_rows())
    shown = sorted(totals, key=lambda label: (-totals[label], labels.index(label)))[:COLOURS]
    days: list[date] = rows["day"].to_list()
    lead = tr(
        "{number} sentences from {first} to {last}, labelled by {model}. A share of few sentences "
        "says little.",
        number=count(sum(totals.values())),
        first=min(days),
        last=max(days),
        model=text(model),
    )
    title = tr("{label} is the commonest mood", label=name(shown[0]))
    kicker = tr("Mood over time")
    header = (
        f'<header class="note">\n<p class="kicker">{text(kicker)}</p>\n'
        f'<h1>{translated(title)}</h1>\n<p class="lead">{translated(lead)}</p>\n</header>\n'
    )
    by_speaker = _by_speaker(rows, shown)
    return document(kicker, header + _over_time(rows, steps, shown) + by_speaker)


def _divide(rows: pl.DataFrame) -> Steps:
    """Divides time into hours of one day, days, weeks or months."""
    days: list[date] = rows["day"].to_list()
    first, last = min(days), max(days)
    span = (last - first).days + 1
    if span == 1:
        hours: list[int] = rows["hour"].fill_null(0).to_list()
        names = [f"{hour:02}:00" for hour in range(min(hours), max(hours) + 1)]
        return Steps("hour", pl.Series([f"{hour:02}:00" for hour in hours]), names)
    unit, every = ("day", "1d") if span <= _MOST_STEPS else ("week", "1w")
    if span > _MOST_STEPS * _DAYS_OF_A_WEEK:
        unit, every = "month", "1mo"
    form = "%Y-%m" if unit == "month" else "%Y-%m-%d"
    begun = rows["day"].dt.truncate(every)
    firsts: list[date] = begun.to_list()
    steps = pl.date_range(min(firsts), max(firsts), every, eager=True)
    return Steps(unit, begun.dt.strftime(form), steps.dt.strftime(form).to_list())


def _over_time(rows: pl.DataFrame, steps: Steps, shown: Sequence[str]) -> str:
    shares = _share(rows, "step")
    lines = {
        f"s{at}": [shares[step][1].get(label, 0.0) if step in shares else None for step in steps.names]
        for at, label in enumerate(shown)
    }
    colours = {label: f"s{at}" for at, label in enumerate(shown)}
    heading, title, chart_title = _UNITS[steps.unit]
    chart = line_chart(chart_title, lines, steps.names, from_zero=True)
    present = [step for step in steps.names if step in shares]
    return section(
        title,
        tr("The share of the sentences of each time that has each label; a gap is a time without sentences."),
        legend(colours),
        chart,
        _table(heading, present, shares, shown),
    )


def _by_speaker(rows: pl.DataFrame, shown: Sequence[str]) -> str:
    shares = _share(rows.drop_nulls("speaker"), "speaker")
    if not shares:
        return ""
    speakers = sorted(shares, key=lambda speaker: (-shares[speaker][0], speaker))[:_MOST_SPEAKERS]
    more = len(shares) - len(speakers)
    about = tr("Of those who wrote most; {number} more are not shown.", number=count(more)) if more else ""
    return section(tr("By speaker"), about, _table(tr("speaker"), speakers, shares, shown))


def _share(rows: pl.DataFrame, key: str) -> dict[str, tuple[int, dict[str, float]]]:
    """Returns the sentences of each value of `key`, and the share of these that each label has."""
    counts: dict[str, dict[str, int]] = {}
    for value, label, n in rows.group_by(key, "label").agg(pl.col("n").sum()).iter_rows():
        counts.setdefault(value, {})[label] = n
    return {
        value: (sum(own.values()), {label: n / sum(own.values()) for label, n in own.items()})
        for value, own in counts.items()
    }


def _table(
    what: str,
    values: Sequence[str],
    shares: dict[str, tuple[int, dict[str, float]]],
    shown: Sequence[str],
) -> str:
    # Dates are not broken over lines, names of people are.
    kind = "label" if what == "speaker" else "name"
    columns = [(what, kind), (tr("sentences"), "n"), *((label, "heat") for label in shown)]
    lines = [
        [
            name(value),
            count(shares[value][0]),
            *(
                shade(percent(own.get(label, 0.0)), own.get(label, 0.0), f"{label}, {value}")
                for own in [shares[value][1]]
                for label in shown
            ),
        ]
        for value in values
    ]
    return table(columns, lines)
