from __future__ import annotations

import hashlib
import json
import shutil
import signal
import tempfile
from collections import Counter
from pathlib import Path

import pytest
import typer
from hypothesis import example, given, settings
from hypothesis import strategies as st
from support.faults import asking
from support.small_datasets import make_row, write_dataset
from support.small_tables import fingerprints
from typer.testing import CliRunner

from etl.commands.build_vocab import build_vocab
from etl.dataset import vocab
from etl.dataset.manifest import to_bytes
from etl.dataset.read import open_dataset
from etl.errors import InputError, SettingsError, WriteError

SENTENCES = [["나", "집", "나"], ["집", "나", "가다"], ["좋다"], ["가다", "😀"]]


def write_tokens(folder: Path, **splits: list[list[str]]) -> Path:
    """A dataset of which only the tokens matter."""
    rows = [
        make_row(number, tokens=tokens, tags=["Noun"] * len(tokens), split=split)
        for split, sentences in splits.items()
        for number, tokens in enumerate(sentences)
    ]
    return write_dataset(folder, rows, tagger={"fingerprint": "f" * 64}, key_tokens={"sha256": "e" * 64})


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    return write_tokens(tmp_path / "dataset", train=SENTENCES, validation=[["나", "낯선", "낯선"], ["집"]])


def test_ids_go_by_count_and_then_by_code_point(dataset: Path) -> None:
    vocabulary = vocab.build_vocab(dataset, min_count=1)
    assert vocabulary.tokens == ("<pad>", "<unk>", "나", "가다", "집", "좋다", "😀")
    assert vocabulary.counts == (0, 0, 3, 2, 2, 1, 1)


def test_rare_tokens_become_unknown_and_are_counted_there(dataset: Path) -> None:
    vocabulary = vocab.build_vocab(dataset)
    assert vocabulary.tokens == ("<pad>", "<unk>", "나", "가다", "집")
    assert vocabulary.counts[vocab.UNKNOWN] == 2


def test_max_size_counts_the_reserved_ids_and_keeps_the_most_frequent(dataset: Path) -> None:
    assert vocab.build_vocab(dataset, min_count=1, max_size=4).tokens == ("<pad>", "<unk>", "나", "가다")


def test_tokens_that_only_validation_or_test_have_get_no_id(tmp_path: Path) -> None:
    dataset = write_tokens(tmp_path / "d", train=[["나"]], validation=[["집"] * 9], test=[["가다"] * 9])
    assert vocab.build_vocab(dataset, min_count=1).tokens == ("<pad>", "<unk>", "나")


def test_the_same_shards_give_the_same_bytes(dataset: Path) -> None:
    vocab.build_vocab(dataset, min_count=1)
    first = [(dataset / name).read_bytes() for name in ("vocab.json", "manifest.json")]
    vocab.build_vocab(dataset, min_count=1)
    assert [(dataset / name).read_bytes() for name in ("vocab.json", "manifest.json")] == first
    assert sorted(path.name for path in dataset.iterdir()) == [
        *("data", "manifest.json", "vocab.json", "vocab.tsv")
    ]


def test_the_manifest_lists_the_vocabulary_and_keeps_the_rest(dataset: Path) -> None:
    before = json.loads(to_bytes(open_dataset(dataset).manifest))
    vocab.build_vocab(dataset)
    after = json.loads((dataset / "manifest.json").read_text())
    content = (dataset / "vocab.json").read_bytes()
    listed = after["files"].pop("vocab.json")
    assert after["files"].pop("vocab.tsv")["bytes"] == (dataset / "vocab.tsv").stat().st_size
    assert listed == {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
    assert after.pop("own_sha256") != before.pop("own_sha256")
    assert after == before


def test_the_vocabulary_says_what_it_was_counted_from(dataset: Path) -> None:
    vocab.build_vocab(dataset)
    document = json.loads((dataset / "vocab.json").read_text())
    shard = "data/train-00000-of-00001.parquet"
    assert document["shards"] == {shard: hashlib.sha256((dataset / shard).read_bytes()).hexdigest()}
    assert (document["tagger"], document["key_tokens"]) == ("f" * 64, "e" * 64)
    assert (document["format"], document["min_count"], document["max_size"]) == (1, 2, None)


TOKENS = st.lists(
    st.lists(st.sampled_from(["가", "나", "힣", "ㅋㅋ", "😀", "a", "<unk>", "<pad>", "￿", ""])), min_size=1
)


@settings(max_examples=40, deadline=None)
@given(TOKENS, st.integers(1, 3))
@example([[], ["<pad>", "가"], []], 1)
def test_counts_are_those_of_a_counter(sentences: list[list[str]], min_count: int) -> None:
    counter = Counter(token for sentence in sentences for token in sentence)
    kept = [
        (token, n)
        for token, n in sorted(counter.items(), key=lambda pair: (-pair[1], pair[0]))
        if n >= min_count and token not in vocab.RESERVED
    ]
    with tempfile.TemporaryDirectory() as folder:
        dataset = write_tokens(Path(folder) / "dataset", train=sentences)
        if not kept:
            with pytest.raises(SettingsError):
                vocab.build_vocab(dataset, min_count=min_count)
            return
        vocabulary = vocab.build_vocab(dataset, min_count=min_count)
        share = vocab.measure_coverage(vocabulary, open_dataset(dataset))["train"]
    assert list(zip(vocabulary.tokens, vocabulary.counts, strict=True))[2:] == kept
    assert sum(vocabulary.counts) == counter.total() == share.tokens
    assert share.unknown == vocabulary.counts[vocab.UNKNOWN]


def test_coverage_is_counted_per_split(dataset: Path) -> None:
    shares = vocab.measure_coverage(vocab.build_vocab(dataset), open_dataset(dataset))
    assert list(shares) == ["train", "validation"]
    assert (shares["train"].rows, shares["train"].tokens, shares["train"].unknown) == (4, 9, 2)
    assert shares["validation"].unknown_share == pytest.approx(2 / 4)
    assert shares["validation"].known_share == pytest.approx(2 / 4)


def test_what_was_built_can_be_loaded(dataset: Path) -> None:
    built = vocab.build_vocab(dataset)
    assert vocab.read_vocab(dataset / "vocab.json") == vocab.read_vocab_of(open_dataset(dataset)) == built


def test_a_dataset_without_training_rows_is_refused(tmp_path: Path) -> None:
    dataset = write_tokens(tmp_path / "d", train=[], validation=[["나"]])
    with pytest.raises(InputError, match="no training rows"):
        vocab.build_vocab(dataset)
    assert not (dataset / "vocab.json").exists()


@pytest.mark.parametrize("options", [{"min_count": 4}, {"max_size": 2}, {"max_size": 0}])
def test_a_vocabulary_without_tokens_is_refused(dataset: Path, options: dict[str, int]) -> None:
    with pytest.raises(SettingsError, match="--min-count 1"):
        vocab.build_vocab(dataset, **options)


def test_the_vocabulary_of_another_dataset_is_refused_naming_both_hashes(
    dataset: Path, tmp_path: Path
) -> None:
    other = write_tokens(tmp_path / "other", train=[["나", "나"]])
    vocab.build_vocab(dataset)
    vocab.build_vocab(other)
    (dataset / "vocab.json").write_bytes((other / "vocab.json").read_bytes())
    shard = "data/train-00000-of-00001.parquet"
    expected, got = (hashlib.sha256((folder / shard).read_bytes()).hexdigest() for folder in (dataset, other))
    with pytest.raises(InputError) as caught:
        vocab.read_vocab_of(open_dataset(dataset))
    assert f"{shard}: expected {expected}, got {got}" in str(caught.value)
    assert f"build it again with `etl build-vocab {dataset}`" in str(caught.value)


def test_another_tagger_makes_a_vocabulary_stale(dataset: Path) -> None:
    vocab.build_vocab(dataset)
    manifest = json.loads((dataset / "manifest.json").read_text())
    manifest["tagger"]["fingerprint"] = "a" * 64
    del manifest["own_sha256"]
    (dataset / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(InputError, match=f"tagger: expected {'a' * 64}, got {'f' * 64}"):
        vocab.read_vocab_of(open_dataset(dataset))


def test_a_missing_vocabulary_names_the_command(dataset: Path) -> None:
    with pytest.raises(InputError, match=f"etl build-vocab {dataset}"):
        vocab.read_vocab_of(open_dataset(dataset))


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("tokens", ["<pad>", "<unk>", "나"], "got 5 for 3 tokens"),
        ("tokens", ["나", "집", "가다", "<pad>", "<unk>"], "begin with"),
        ("tokens", ["<pad>", "<unk>", "나", "나", "집"], "got one twice"),
        ("tokens", "나", "Expected `array`, got `str`"),
        ("format", 2, "expected format 1, got 2"),
        ("surprise", 1, "surprise"),
    ],
)
def test_a_vocabulary_that_was_edited_is_refused(
    dataset: Path, key: str, value: object, message: str
) -> None:
    vocab.build_vocab(dataset)
    document = json.loads((dataset / "vocab.json").read_text())
    (dataset / "vocab.json").write_text(json.dumps(document | {key: value}))
    with pytest.raises(InputError, match=message):
        vocab.read_vocab(dataset / "vocab.json")


def test_a_vocabulary_with_a_token_exchanged_is_not_the_one_the_manifest_lists(dataset: Path) -> None:
    built = vocab.build_vocab(dataset)
    edited = (dataset / "vocab.json").read_text().replace("가다", "오다")
    (dataset / "vocab.json").write_text(edited)
    with pytest.raises(InputError, match=f"expected sha256 {vocab.hash_vocab(built)}, got [0-9a-f]{{64}}"):
        vocab.read_vocab_of(open_dataset(dataset))


def test_a_shard_that_the_manifest_does_not_list_is_refused(dataset: Path) -> None:
    shard = dataset / "data" / "train-00000-of-00001.parquet"
    (dataset / "data" / "train-00001-of-00001.parquet").write_bytes(shard.read_bytes())
    with pytest.raises(InputError, match="train-00001-of-00001"):
        vocab.build_vocab(dataset)


def test_a_truncated_shard_is_an_input_that_cannot_be_read(dataset: Path) -> None:
    shard = dataset / "data" / "train-00000-of-00001.parquet"
    shard.write_bytes(shard.read_bytes()[:100])
    with pytest.raises(InputError, match="is not the file that its manifest lists"):
        vocab.build_vocab(dataset)


def test_a_vocabulary_that_cannot_be_written_leaves_the_dataset_as_it_was(dataset: Path) -> None:
    (dataset / "vocab.json").mkdir()
    before = (dataset / "manifest.json").read_bytes()
    with pytest.raises(WriteError, match=r"vocab\.json cannot be written"):
        vocab.build_vocab(dataset)
    assert (dataset / "manifest.json").read_bytes() == before
    assert sorted(path.name for path in dataset.iterdir()) == ["data", "manifest.json", "vocab.json"]


def invoke(*arguments: object) -> str:
    app = typer.Typer()
    app.command()(build_vocab)
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert result.exit_code == 0, result.output
    return result.stdout


def test_the_command_shows_the_coverage_of_each_split(dataset: Path) -> None:
    shown = invoke(dataset, "--min-count", 1)
    assert "7 ids" in shown
    assert [line.split()[1:10:2] for line in shown.splitlines() if "validation" in line] == [
        ["validation", "2", "4", "50.0", "50.0"]
    ]


def test_the_command_shows_the_coverage_as_json(dataset: Path) -> None:
    document = json.loads(invoke(dataset, "--json"))
    assert document["size"] == 5
    assert document["coverage"]["train"]["unknown"] == 2
    assert document["sha256"] == hashlib.sha256((dataset / "vocab.json").read_bytes()).hexdigest()


def test_killed_at_any_moment_there_is_the_old_vocabulary_or_the_new_one_and_the_next_run_tidies_up(
    dataset: Path, tmp_path: Path
) -> None:
    old = vocab.build_vocab(dataset)
    with asking() as ask:
        work = shutil.copytree(dataset, tmp_path / "work")
        exit_code, operations = ask("none", 0, work)
        new = vocab.read_vocab_of(open_dataset(work))
        expected = fingerprints(work)
        assert (exit_code, new == old) == (0, False)
        found = []
        for number in range(1, operations + 1):
            shutil.rmtree(work)
            shutil.copytree(dataset, work)
            assert ask("kill", number, work)[0] == -signal.SIGKILL
            found.append(vocab.read_vocab_of(open_dataset(work)))
            vocab.build_vocab(work, min_count=1)
            assert fingerprints(work) == expected, number
    changed = found.index(new)
    assert found == [old] * changed + [new] * (operations - changed)
    assert 0 < changed < operations


def test_a_vocabulary_that_is_damaged_is_to_be_built_again(dataset: Path) -> None:
    vocab.build_vocab(dataset)
    (dataset / "vocab.json").write_text("{}")
    with pytest.raises(InputError, match="etl build-vocab"):
        vocab.read_vocab_of(open_dataset(dataset))
    vocab.build_vocab(dataset)
    vocab.read_vocab_of(open_dataset(dataset))
