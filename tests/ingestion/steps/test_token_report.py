import json
import random
from pathlib import Path
from typing import Any

import msgspec
import polars as pl
import pytest

import etl
from etl.ingestion.steps import token_report
from etl.ingestion.steps.key_tokens import key_tokens
from etl.ingestion.steps.token_report import TokenTables, add_counts, count_filtered_tokens, make_token_report
from etl.settings import Settings, Table, Tag
from etl.tagging.policy import Policy, load

POLICY = load(Tag())
SENTENCES = [
    ("a", "영화/Noun 가/Josa 안/VerbPrefix 좋다/Adjective 그/Determiner"),
    ("b", "영화/Noun 가/Noun ㅠㅠ/KoreanParticle 그/Determiner 그/Determiner"),
    ("a", "그/Determiner"),
    ("a", ""),
]


def frame_of(sentences: list[tuple[str, str]], reason: str | None = None) -> pl.DataFrame:
    pairs = [[pair.rsplit("/", 1) for pair in text.split()] for _, text in sentences]
    columns = {
        "source": [source for source, _ in sentences],
        "tokens": [[token for token, _ in each] for each in pairs],
        "tags": [[tag for _, tag in each] for each in pairs],
        "reason": [reason] * len(sentences),
        "detail": [reason] * len(sentences),
    }
    lists, text = pl.List(pl.String), pl.String
    return pl.DataFrame(
        columns, {"source": text, "tokens": lists, "tags": lists, "reason": text, "detail": text}
    )


def reported(*frames: pl.DataFrame, policy: Policy = POLICY) -> dict[str, Any]:
    counts: list[TokenTables] = []
    for frame in frames:
        counts = add_counts(counts, count_filtered_tokens(key_tokens(frame, policy)))
    found: dict[str, Any] = json.loads(msgspec.json.encode(make_token_report(counts, policy)))
    return found


def test_tokens_are_counted_before_and_after_for_all_and_for_each_corpus() -> None:
    found = reported(frame_of(SENTENCES))
    sources = {
        "a": {"sentences": 3, "emptied": 2, "before": 6, "after": 3},
        "b": {"sentences": 1, "emptied": 0, "before": 5, "after": 3},
    }
    assert found["sources"] == sources
    assert {name: found[name] for name in sources["a"]} == {
        "sentences": 4,
        "emptied": 2,
        "before": 11,
        "after": 6,
    }


def test_each_class_says_how_much_of_all_tokens_it_lost() -> None:
    classes = reported(frame_of(SENTENCES))["classes"]
    assert list(classes)[:2] == ["determiner", "noun"]
    assert classes["determiner"] == {"before": 4, "after": 0, "removed_share": round(4 / 11, 4)}
    assert classes["noun"] == {"before": 3, "after": 3, "removed_share": 0.0}
    assert classes["negation"] == {"before": 1, "after": 1, "removed_share": 0.0}
    assert {"particle", "adjective", "emoticon"} <= set(classes)


def test_the_most_frequent_tokens_come_with_tag_and_class_and_equals_by_code_point() -> None:
    found = reported(frame_of(SENTENCES))
    assert found["most_removed"] == [
        {"token": "그", "tag": "Determiner", "class": "determiner", "count": 4},
        {"token": "가", "tag": "Josa", "class": "particle", "count": 1},
    ]
    assert found["most_kept"][0] == {"token": "영화", "tag": "Noun", "class": "noun", "count": 2}
    assert [each["token"] for each in found["most_kept"][1:]] == ["ㅠㅠ", "가", "안", "좋다"]


def test_twenty_tokens_are_listed_however_many_are_equally_frequent() -> None:
    words = " ".join(f"{number:03}낱말/Noun" for number in range(50))
    most_kept = reported(frame_of([("a", words)]))["most_kept"]
    assert [each["token"] for each in most_kept] == [f"{number:03}낱말" for number in range(20)]


def test_a_stop_word_is_removed_from_a_class_that_is_kept(tmp_path: Path) -> None:
    words = tmp_path / "stop.txt"
    words.write_text("영화\n", encoding="utf-8")
    found = reported(frame_of(SENTENCES), policy=load(Tag(stop_words=str(words))))
    assert found["classes"]["noun"] == {"before": 3, "after": 1, "removed_share": round(2 / 11, 4)}
    assert found["most_removed"][1]["token"] == "영화"


@pytest.mark.parametrize("reason", ["label_ambiguous", "tagger_timeout"])
def test_rows_that_were_not_tagged_are_not_counted(reason: str) -> None:
    assert reported(frame_of(SENTENCES), frame_of(SENTENCES, reason)) == reported(frame_of(SENTENCES))
    nothing = reported(frame_of(SENTENCES, reason))
    assert (nothing["sentences"], nothing["before"], nothing["sources"]) == (0, 0, {})
    assert (nothing["classes"], nothing["most_removed"], nothing["most_kept"]) == ({}, [], [])


@pytest.mark.parametrize("few", [0, 500_000])
def test_neither_the_order_of_the_batches_nor_their_size_matters(
    few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(token_report, "_FEW", few)
    chance = random.Random(5)
    pairs = [pair for _, text in SENTENCES for pair in text.split()]
    sentences = [(chance.choice("ab"), " ".join(chance.choices(pairs, k=9))) for _ in range(300)]
    frame = frame_of(sentences)
    whole = json.dumps(reported(frame))
    assert json.dumps(reported(*frame.iter_slices(7))) == whole
    assert json.dumps(reported(*reversed(list(frame.iter_slices(40))))) == whole


def test_the_manifest_is_the_same_with_more_workers_and_other_batches(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ["영화가", "정말", "재미없었어요", "안", "좋다ㅠㅠ", "내일은", "비가", "온다", "못", "갔어"]
    chance = random.Random(3)
    rows = [
        {"text": " ".join(chance.choices(words, k=6)), "label": chance.choice(["기쁨", "슬픔"])}
        for _ in range(200)
    ]
    lines = (json.dumps(row, ensure_ascii=False) for row in rows)
    (tmp_path / "rows.jsonl").write_text("\n".join([*lines, '{"text": "abc def", "label": "기쁨"}']), "utf-8")
    settings = Settings(tag=Tag("mecab"), table=Table(text_column="text", label_column="label"))
    manifests = []
    for workers, batch_rows in ((1, 20_000), (3, 20_000), (2, 9)):
        monkeypatch.setattr("etl.ingestion.sources.units.BATCH_ROWS", batch_rows)
        out = tmp_path / f"{workers}-{batch_rows}"
        manifest = etl.ingest(
            [tmp_path / "rows.jsonl"], out, settings, workers=workers, progress=lambda *_: None
        ).manifest
        manifests.append((out / "manifest.json").read_bytes())
    assert manifests[0] == manifests[1] == manifests[2]
    tokens, counts = manifest.tokens, manifest.counts["table"]
    assert tokens.sentences == 201
    assert tokens.emptied == counts.rejected["no_key_tokens"] == 1
    shards = [out / name for name in manifest.files if name.endswith(".parquet")]
    kept_tokens = sum(pl.read_parquet(shard)["tokens"].list.len().sum() for shard in shards)
    assert tokens.after == kept_tokens
    assert tokens.before == sum(each.before for each in tokens.classes.values())
    assert tokens.after == sum(each.after for each in tokens.classes.values()) < tokens.before
