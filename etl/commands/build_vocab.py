"""`etl build-vocab`: counts the tokens of train, writes `vocab.json`, shows what it covers."""

from __future__ import annotations

from typing import Annotated

import typer

from etl.language.message import tr
from etl.settings import EngineName


def build_vocab(
    dataset: Annotated[str, typer.Argument(help="A dataset that `etl ingest` wrote, or its URL.")],
    min_count: Annotated[int, typer.Option(min=1, help="Rarer tokens become `<unk>`.")] = 2,
    max_size: Annotated[
        int | None,
        typer.Option(
            min=3, help="At most so many ids, `<pad>` and `<unk>` included; the most frequent stay."
        ),
    ] = None,
    engine: Annotated[
        EngineName, typer.Option(help="Where the tokens are counted: on this machine, or on a Ray cluster.")
    ] = "local",
    address: Annotated[
        str | None,
        typer.Option(help="… of the cluster: HOST:PORT, or auto.  [default: one is started]"),
    ] = None,
    is_json: Annotated[bool, typer.Option("--json", help="Show the result as JSON.")] = False,
) -> None:
    """Give every token of the training split an id, and write them to vocab.json.

    Only train is counted. Ids go by count, then by code point: 0 is `<pad>`, 1 is `<unk>`.
    """
    from etl.dataset import vocab
    from etl.dataset.read import open_dataset
    from etl.runtime import console
    from etl.runtime.engine.open import open_engine
    from etl.storage.datasets import edit_url

    with edit_url(dataset) as folder:
        source = open_dataset(folder)
        with open_engine(engine, address, None) as chosen:
            vocabulary = vocab.count_vocab(source, min_count=min_count, max_size=max_size, engine=chosen)
        # A damaged shard of any split: nothing is written.
        covered = vocab.measure_coverage(vocabulary, source)
        vocab.add_vocab(source, vocabulary)
    file = f"{dataset.rstrip('/')}/{vocab.FILE}"
    if is_json:
        console.json_document(
            {
                "file": file,
                "size": len(vocabulary),
                "sha256": vocab.hash_vocab(vocabulary),
                "min_count": min_count,
                "max_size": max_size,
                "coverage": {
                    split: {
                        "rows": share.rows,
                        "tokens": share.tokens,
                        "unknown": share.unknown,
                        "known_share": share.known_share,
                        "unknown_share": share.unknown_share,
                    }
                    for split, share in covered.items()
                },
            }
        )
        return
    console.table(
        tr("{file}: {ids:,} ids", file=file, ids=len(vocabulary)),
        [tr("split"), tr("rows"), tr("tokens"), tr("known %"), tr("unknown %")],
        [
            [
                split,
                share.rows,
                share.tokens,
                round(100 * share.known_share, 2),
                round(100 * share.unknown_share, 2),
            ]
            for split, share in covered.items()
        ],
    )
