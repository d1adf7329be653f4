"""The one table of what can be broken: commands, the artefacts they leave, and the readers of raw files.

A new command is one row of `COMMANDS`; a new file of a dataset, a model, an export or a publish dir is one
row of `DATASET`, `MODEL`, `EXPORT` or `PUBLISH_DIR`; a new form of raw files is one row of `READERS` in
`faults.readers`. `test_table.py` fails where a row is missing, or stands for nothing.

Commands run in the prepared folder (`faults.prepared.prepare`), so all paths here are relative to it.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Command:
    """A run of `etl` in the prepared folder.

    Args:
        name: of the row; it begins with the name of the command.
        words: of the command line, without `etl`.
        reads: holders of the artefacts that it reads, as `ARTEFACTS` names them before the colon.
        writes: patterns of all that it may leave in the folder, or change there.
        whole: folders among them that appear as a whole, or not at all.
        exit_code: of an undisturbed run.
        is_long: whether it takes more than some seconds, so that only the whole run tries it.
    """

    name: str
    words: tuple[str, ...]
    reads: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    whole: tuple[str, ...] = ()
    exit_code: int = 0
    is_long: bool = False


def _row(name: str, line: str, *reads: str, writes: str = "", is_long: bool = False) -> Command:
    """A row; what is written with a slash at its end is a folder that appears as a whole."""
    patterns = writes.split()
    whole = tuple(pattern.rstrip("/") for pattern in patterns if pattern.endswith("/"))
    return Command(
        name, (*line.split(),), reads, tuple(p.rstrip("/") for p in patterns), whole, is_long=is_long
    )


INGEST = "ingest raw --config etl.yaml --workers 1 --out"
TINY = "--model bilstm --embedding 4 --hidden 4 --epochs 3 --lr 0.02"
PUBLISHED = "place/versions/* place/current place/runs.jsonl place/refresh.lock place/cache/*"

COMMANDS = {
    command.name: command
    for command in (
        _row("doctor", "doctor --tagger whitespace --workers 1"),
        _row("demo", "demo made --workers 1", writes="made", is_long=True),
        _row("sample", "sample made --dialogues 3 --clips 3", writes="made/"),
        _row("sources", "sources --json"),
        _row("labels", "labels --json"),
        _row("init", "init made.yaml --force", writes="made.yaml"),
        _row(
            "tokens",
            "tokens raw/a.jsonl --text-column text --tagger mecab --limit 5 --json",
            "raw",
            "tagger cache",
            "native tagger",
            writes="cache/tagged-v1 cache/mecab-*/*",
        ),
        _row("ingest", f"{INGEST} made", "raw", writes="made/"),
        _row(
            "ingest with corrections",
            f"{INGEST} made --corrections corrections.jsonl",
            *("raw", "corrections"),
            writes="made/",
        ),
        _row("ingest over a dataset", f"{INGEST} dataset", "raw", "dataset", writes="dataset/"),
        _row(
            "ingest with a cache",
            f"{INGEST} made --tagger mecab",
            *("raw", "tagger cache"),
            writes="made/ cache/tagged-v1",
        ),
        _row("rejects", "rejects dataset --json", "dataset"),
        _row(
            "corrections check",
            "corrections check corrections.jsonl --dataset dataset",
            "corrections",
            "dataset",
        ),
        _row(
            "corrections merge",
            "corrections merge corrections.jsonl --out made.jsonl",
            "corrections",
            writes="made.jsonl",
        ),
        _row(
            "corrections export",
            "corrections export dataset --format label-studio --out made.json "
            "--corrections corrections.jsonl",
            *("dataset", "corrections"),
            writes="made.json made.xml",
        ),
        _row(
            "corrections import",
            "corrections import filled.csv --format csv --by kim --at 2026-11-29T12:00:00Z --out made.jsonl",
            "filled spreadsheet",
            writes="made.jsonl",
        ),
        _row("corrections stats", "corrections stats corrections.jsonl --json", "corrections"),
        _row("validate", "validate dataset --data-docs made", "dataset", writes="dataset/validation made"),
        _row(
            "validate against",
            "validate dataset --against place/current --out made --fail-on never",
            *("dataset", "version"),
            writes="made",
        ),
        _row("validate a table", "validate raw/a.jsonl --out made --fail-on never", "raw", writes="made"),
        _row("review", "review dataset --summary --json", "dataset"),
        _row("view", "view dataset --summary --json", "dataset"),
        _row(
            "build-vocab",
            "build-vocab dataset --min-count 2 --json",
            "dataset",
            writes="dataset/vocab.json dataset/vocab.tsv dataset/manifest.json",
        ),
        _row("trace", "trace dataset 오늘 --json", "dataset"),
        _row("train-baseline", f"train-baseline dataset --out made {TINY}", "dataset", writes="made/"),
        _row(
            "train-baseline over a model",
            f"train-baseline dataset --out model --seed 7 {TINY}",
            *("dataset", "model"),
            writes="model/",
        ),
        _row(
            "train-transformer",
            "train-transformer dataset --model tiny --out made --epochs 4 --lr 0.01",
            *("dataset", "pre-trained"),
            writes="made/",
            is_long=True,
        ),
        _row("export onnx", "export model --format onnx --out made", "model", "dataset", writes="made/"),
        _row(
            "export torchscript",
            "export model --format torchscript --out made",
            "model",
            "dataset",
            writes="made/",
        ),
        _row(
            "export litert",
            "export model --format litert --out made",
            "model",
            "dataset",
            writes="made/",
            is_long=True,
        ),
        _row("export check", "export --check export/onnx", "export"),
        _row(
            "predict",
            "predict model 오늘_좋다 raw/a.jsonl --text-column text --format jsonl --workers 1",
            *("model", "raw"),
        ),
        _row(
            "predict with a transformer",
            "predict transformer 오늘_좋다 --format jsonl --workers 1",
            "transformer",
            is_long=True,
        ),
        _row(
            "refresh",
            "refresh --config newer.yaml --workers 1",
            "raw",
            "version",
            "publish dir",
            writes=PUBLISHED,
        ),
        _row(
            "refresh of nothing new",
            "refresh --config etl.yaml --workers 1",
            "raw",
            "version",
            "publish dir",
            writes=PUBLISHED,
        ),
        _row(
            "refresh with a model",
            "refresh --config trained.yaml --workers 1",
            *("raw", "version", "publish dir"),
            writes=PUBLISHED,
            is_long=True,
        ),
        _row("schedule", "schedule cron --config etl.yaml --out made", writes="made"),
        _row("versions", "versions place --json", "version", "publish dir"),
        _row("diff of versions", "diff place OLD current --json", "version", "publish dir"),
        _row("diff of datasets", "diff dataset place/current --json", "dataset", "version"),
        _row("rollback", "rollback place OLD --json", "version", "publish dir", writes=PUBLISHED),
        _row("prune", "prune place --keep 1 --json", "version", "publish dir", writes=PUBLISHED),
        _row("cache", "cache --json", "tagger cache"),
        _row("cache clear", "cache clear --json", "tagger cache", writes="cache/tagged-v1"),
    )
}

# The files of each holder, by name; the patterns are relative to its folder, which HOLDERS names.
DATASET = {
    "train shard": "data/train-*.parquet",
    "validation shard": "data/validation-*.parquet",
    "test shard": "data/test-*.parquet",
    "rejects shard": "rejects/part-*.parquet",
    "manifest": "manifest.json",
    "preparation": "preparation.json",
    "vocabulary": "vocab.json",
    "vocabulary as a table": "vocab.tsv",
    "labels": "labels.json",
    "card": "README.md",
    "Korean card": "README.ko.md",
    "metadata": "croissant.json",
    "contract": "dataset.odcs.yaml",
    "findings": "validation/findings.json",
    "report": "validation/report.html",
}
MODEL = {
    "model": "model.json",
    "weights": "weights.safetensors",
    "metrics": "metrics.json",
    "preparation": "preparation.json",
    "vocabulary": "vocab.json",
    "report": "report.html",
    "events": "tensorboard/events.out.tfevents.*",
}
EXPORT = {
    "metadata": "metadata.json",
    "graph": "model.*",
    "preparation": "preparation.json",
    "vocabulary": "vocab.json",
    "vectors": "vectors.jsonl",
}
TRANSFORMER = {
    name: MODEL[name] for name in ("model", "weights", "metrics", "preparation", "report", "events")
} | {
    "config": "config.json",
    "word pieces": "tokenizer.json",
    "how they are cut": "tokenizer_config.json",
}
PUBLISH_DIR = {
    "link to the current version": "current",
    "record": "runs.jsonl",
    "lock": "refresh.lock",
    "input of a batch": "cache/batches/*/input.json",
    "batch": "cache/batches/*/*.parts",
    "texts that ingest compared": "cache/texts/*/texts/*",
    "batches of these": "cache/texts/*/batches.json",
    "texts that validate compared": "cache/near/*/validated/*",
    "verdicts of the contract": "cache/contract.json",
}
HOLDERS = {
    "raw": ("raw", {"rows": "*.jsonl"}),
    "settings": (".", {"settings": "*.yaml"}),
    "corrections": (".", {"decisions": "corrections.jsonl"}),
    "filled spreadsheet": (".", {"answers": "filled.csv"}),
    "dataset": ("dataset", DATASET),
    "model": ("model", MODEL),
    "pre-trained": (
        "tiny",
        {"weights": "model.safetensors", "config": "config.json", "word pieces": "tokenizer*.json"},
    ),
    "transformer": ("transformer", TRANSFORMER),
    "export": ("export/onnx", EXPORT),
    "export torchscript": ("export/torchscript", EXPORT),
    "version": ("place/versions/*", DATASET | {"version": "version.json"}),
    "publish dir": ("place", PUBLISH_DIR),
    "tagger cache": ("cache", {"tagged sentences": "tagged-v1/*"}),
    "native tagger": ("cache", {"what it reads": "mecab-*/*"}),
}
# Every artefact, as `HOLDER: NAME`, with its pattern in the prepared folder.
ARTEFACTS = {
    f"{holder}: {name}": f"{folder}/{pattern}".removeprefix("./")
    for holder, (folder, files) in HOLDERS.items()
    for name, pattern in files.items()
}
