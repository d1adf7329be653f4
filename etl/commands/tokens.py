"""`etl tokens`: what each tagger makes of a sentence, and which tokens are kept."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from etl.commands.choices import DELIMITER, HEADER, TAGGER_METAVAR, parse_tagger
from etl.language.message import joined, tr, translated

if TYPE_CHECKING:
    from rich.text import Text

    from etl.ingestion.tagger_comparison import ComparedSentence, ComparedToken, TaggerResult

_COLOURS = {
    "noun": "cyan",
    "verb": "green",
    "adjective": "yellow",
    "adverb": "blue",
    "interjection": "bright_cyan",
    "negation": "red",
    "emoticon": "magenta",
    "emoji": "bright_magenta",
    "unknown": "bright_yellow",
}
_OTHER_COLOUR = "white"  # a class that is kept by `--keep` only
_NAME_WIDTH = 12
_MAX_SHOWN_CHARS = 2000
# Control characters as their pictures: a terminal must not obey a sentence.
_PICTURES = {**{code: 0x2400 + code for code in range(32)}, **dict.fromkeys(range(127, 160), 0xFFFD)}


def tokens(
    text: Annotated[
        str,
        typer.Argument(
            metavar="TEXT|FILE",
            help="A sentence, or a file: a text with one a line, or a table with a text column.",
            show_default=False,
        ),
    ],
    tagger: Annotated[
        list[str] | None,
        typer.Option(
            parser=parse_tagger,
            metavar=TAGGER_METAVAR,
            help="May be given again.  [default: okt, komoran, mecab, kiwi, as installed]",
        ),
    ] = None,
    keep: Annotated[
        list[str] | None,
        typer.Option(
            metavar="CLASS", help="Keep this coarse class; may be given again.  [default: tag.keep]"
        ),
    ] = None,
    norm: Annotated[
        bool | None, typer.Option("--norm/--no-norm", help="Okt: correct slang and typos first.")
    ] = None,
    stem: Annotated[
        bool | None,
        typer.Option("--stem/--no-stem", help="Okt: verbs and adjectives in their dictionary form."),
    ] = None,
    config: Annotated[Path | None, typer.Option(help="Settings: stop words, a dictionary, tag.keep.")] = None,
    text_column: Annotated[str | None, typer.Option(help="Of a table: the column of sentences.")] = None,
    delimiter: Annotated[str | None, DELIMITER] = None,
    header: Annotated[bool | None, HEADER] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many sentences of a file.")] = 20,
    is_json: Annotated[bool, typer.Option("--json", help="Show the result as JSON.")] = False,
) -> None:
    """Show what taggers make of a sentence, side by side, and which tokens are kept.

    The sentence is cleaned first, as in ingest. Kept tokens are coloured by their coarse class, dropped
    ones dim; where there is no colour, dropped tokens stand in parentheses.
    """
    import sys

    from etl import settings
    from etl.ingestion import tagger_comparison as comparison
    from etl.runtime import console
    from etl.tagging import policy

    overrides: dict[str, Any] = {"tag.keep": keep or None, "tag.norm": norm, "tag.stem": stem}
    overrides |= {"table.text_column": text_column, "table.delimiter": delimiter, "table.header": header}
    chosen = settings.load(config, overrides)
    raw_texts = comparison.parse_sentences(text, limit, chosen.table)
    names, missing = comparison.installed_taggers(tagger or [])
    with console.progress(tr("tagging"), len(names), is_quiet=is_json or not sys.stderr.isatty()) as progress:
        sentences = comparison.compare_taggers(raw_texts, chosen, names, progress)
    if is_json:
        console.json_document([each.document() for each in sentences])
        return
    for error in missing:
        console.note(tr("note: {what}. {next_step}", what=error.what, next_step=error.next_step))
    for warning in policy.load(chosen.tag).warnings():
        console.note(tr("warning: {warning}", warning=warning))
    for sentence in sentences:
        _show(sentence)
    _show_legend(sentences)


def _show(sentence: ComparedSentence) -> None:
    from rich.cells import set_cell_size
    from rich.table import Table

    from etl.runtime import console
    from etl.schema.details import said

    output = console.stdout()
    console.line(_shortened(sentence.raw_text).translate(_PICTURES))
    if sentence.text != sentence.raw_text and sentence.text:
        console.line(set_cell_size(translated(tr("cleaned")), _NAME_WIDTH) + _shortened(sentence.text))
    if sentence.reason is not None:
        console.line(
            tr(
                "{reason}: {detail}. `etl ingest` rejects it, and no tagger sees it.",
                reason=sentence.reason,
                detail=said(sentence.detail or ""),
            )
        )
    if output.is_terminal:
        drawn = Table.grid(padding=(0, 1))
        drawn.add_column(width=_NAME_WIDTH - 1)
        drawn.add_column(overflow="fold")
        for result in sentence.answers:
            drawn.add_row(result.tagger, _line(result))
        output.print(drawn)
    else:
        for result in sentence.answers:
            output.print(f"{result.tagger:{_NAME_WIDTH}}", _line(result), sep="", soft_wrap=True)
    output.print()


def _shortened(text: str) -> str:
    return text if len(text) <= _MAX_SHOWN_CHARS else f"{text[:_MAX_SHOWN_CHARS]}…"


def _line(result: TaggerResult) -> Text:
    """The tokens of one tagger, or why there are none."""
    from rich.text import Text

    from etl.runtime.console import printable
    from etl.schema.details import said

    if result.problem is not None:
        problem = joined(": ", (result.problem, said(result.found or "")))
        return Text(printable(translated(problem)), style="bold red")
    return Text(" ").join(_drawn(token) for token in result.tokens)


def _drawn(token: ComparedToken) -> Text:
    """A token with its tag, never read as markup."""
    from rich.text import Text

    from etl.runtime.console import printable

    if token.is_kept:
        colour = _COLOURS.get(token.coarse, _OTHER_COLOUR)
        return Text.assemble((printable(token.token), f"bold {colour}"), (f"/{token.tag}", colour))
    shown = f"{printable(token.token)}/{token.tag}"
    return Text(shown, style="dim strike") if _has_colour() else Text(f"({shown})")


def _has_colour() -> bool:
    from etl.runtime import console

    output = console.stdout()
    return output.color_system is not None and not output.no_color


def _show_legend(sentences: list[ComparedSentence]) -> None:
    """Which colours were seen, and how a dropped token looks."""
    from rich.text import Text

    from etl.runtime import console

    shown = [token for each in sentences for result in each.answers for token in result.tokens]
    if not shown:
        return
    kept = {token.coarse for token in shown if token.is_kept}
    names = [*(name for name in _COLOURS if name in kept), *sorted(kept - set(_COLOURS))]
    parts = [Text(name, style=f"bold {_COLOURS.get(name, _OTHER_COLOUR)}") for name in names]
    how = translated(tr("dropped"))
    dropped = Text(how, style="dim strike") if _has_colour() else Text(f"({how})")
    listed = Text(", ").join(parts) if parts else translated(tr("nothing"))
    console.stdout().print(Text.assemble(translated(tr("kept: ")), listed, "; ", dropped), soft_wrap=True)
