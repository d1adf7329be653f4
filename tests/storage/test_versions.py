"""Published versions: one is current, the others are kept, and nobody ever sees half of one."""

import json
import multiprocessing
import os
import shutil
from pathlib import Path

import pytest
from support.patience import PATIENCE
from support.small_tables import fingerprints, ingest, make_rows, write_lines

from etl.dataset.difference import compare
from etl.dataset.read import open_dataset
from etl.errors import InputError, WriteError
from etl.publishing.places import roll_back
from etl.storage.versions.local import LocalStore
from etl.storage.versions.version import VERSION_FILE, Version, choose_version, prune_versions, version_name


@pytest.fixture(scope="module")
def datasets(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The same table twice, the second time with more rows at its end."""
    folder = tmp_path_factory.mktemp("datasets")
    rows = make_rows(600)
    for name, count in (("small", 400), ("large", 600)):
        write_lines(folder / name / "table.jsonl", rows[:count])
        ingest(folder / name, out=folder / f"{name}.dataset", write__shard_rows=50)
    return {name: folder / f"{name}.dataset" for name in ("small", "large")}


def publish(dataset: Path, place: Path) -> Version:
    candidate = place / ".candidate"
    place.mkdir(exist_ok=True)
    shutil.copytree(dataset, candidate)
    try:
        return LocalStore(place).publish(candidate, stages={"ingest": {"code": "abc"}}, raw_files={})
    finally:
        shutil.rmtree(candidate, ignore_errors=True)


def without_facts(folder: Path) -> dict[str, str]:
    return {name: sha256 for name, sha256 in fingerprints(folder).items() if name != VERSION_FILE}


def test_what_is_published_is_current_and_named_after_its_manifest(
    tmp_path: Path, datasets: dict[str, Path]
) -> None:
    version = publish(datasets["small"], tmp_path)
    assert LocalStore(tmp_path).current() == version.name == version_name(datasets["small"])
    assert without_facts(tmp_path / "current") == fingerprints(datasets["small"])
    assert not (tmp_path / "current").readlink().is_absolute()


def test_the_same_dataset_is_the_same_version(tmp_path: Path, datasets: dict[str, Path]) -> None:
    assert publish(datasets["small"], tmp_path).name == publish(datasets["small"], tmp_path).name
    assert [each.number for each in LocalStore(tmp_path).versions()] == [1]


def test_files_that_stayed_the_same_are_shared_and_not_copied(
    tmp_path: Path, datasets: dict[str, Path]
) -> None:
    one, other = (publish(datasets[name], tmp_path) for name in ("small", "large"))
    places = [
        {each.stat().st_ino for each in LocalStore(tmp_path).path_of(version.name).rglob("*")}
        for version in (one, other)
    ]
    shared = places[0] & places[1]
    same = {*fingerprints(datasets["small"]).values()} & {*fingerprints(datasets["large"]).values()}
    assert len(shared) == len(same) > 1
    assert without_facts(tmp_path / "current") == fingerprints(datasets["large"])


def test_a_damaged_file_is_not_handed_on(tmp_path: Path, datasets: dict[str, Path]) -> None:
    old = publish(datasets["small"], tmp_path)
    for file in LocalStore(tmp_path).path_of(old.name).rglob("*.parquet"):
        file.write_bytes(file.read_bytes()[:-1] + b"?")
    publish(datasets["large"], tmp_path)
    assert without_facts(tmp_path / "current") == fingerprints(datasets["large"])


def test_a_damaged_version_is_replaced_by_the_same_dataset(tmp_path: Path, datasets: dict[str, Path]) -> None:
    version = publish(datasets["small"], tmp_path)
    (LocalStore(tmp_path).path_of(version.name) / "labels.json").unlink()
    assert not LocalStore(tmp_path).is_whole(version.name)
    publish(datasets["small"], tmp_path)
    assert without_facts(tmp_path / "current") == fingerprints(datasets["small"])


def test_a_rollback_and_forward_again(tmp_path: Path, datasets: dict[str, Path]) -> None:
    old, new = (publish(datasets[name], tmp_path) for name in ("small", "large"))
    assert LocalStore(tmp_path).rollback().name == old.name == LocalStore(tmp_path).current()
    assert [each.is_withdrawn for each in LocalStore(tmp_path).versions()] == [False, True]
    with pytest.raises(InputError, match="no version before the current one"):
        LocalStore(tmp_path).rollback()
    LocalStore(tmp_path).rollback(new.name[:6])
    assert LocalStore(tmp_path).current() == new.name
    assert [each.is_withdrawn for each in LocalStore(tmp_path).versions()] == [False, False]


def test_what_was_withdrawn_is_not_published_again_by_itself(
    tmp_path: Path, datasets: dict[str, Path]
) -> None:
    old, _ = (publish(datasets[name], tmp_path) for name in ("small", "large"))
    LocalStore(tmp_path).rollback()
    assert publish(datasets["large"], tmp_path).is_withdrawn
    assert LocalStore(tmp_path).current() == old.name


def test_a_version_of_which_a_flipped_bit_says_that_it_was_not_withdrawn_is_damaged(
    tmp_path: Path, datasets: dict[str, Path]
) -> None:
    _, new = (publish(datasets[name], tmp_path) for name in ("small", "large"))
    store = LocalStore(tmp_path)
    store.rollback()
    facts = store.path_of(new.name) / VERSION_FILE
    whole = facts.read_text(encoding="utf-8")
    for word, other in (("is_withdrawn", "is_withdrawm"), ('"number": 2', '"number": 3'), ("true", "false")):
        facts.write_text(whole.replace(word, other), encoding="utf-8")
        with pytest.raises(InputError, match=r"version\.json cannot be read"):
            store.versions()


@pytest.mark.parametrize("lost", ["small", "large"])
def test_versions_that_do_not_say_whether_they_were_withdrawn_are_so_after_a_rollback_to_a_named_one(
    tmp_path: Path, datasets: dict[str, Path], lost: str
) -> None:
    old, new = (publish(datasets[name], tmp_path) for name in ("small", "large"))
    store = LocalStore(tmp_path)
    store.rollback()
    (store.path_of(version_name(datasets[lost])) / VERSION_FILE).write_bytes(b"{")
    with pytest.raises(InputError, match=rf"etl rollback {tmp_path} VERSION"):
        store.rollback()
    store.rollback(old.name)
    assert store.current() == old.name
    withdrawn = {version.name: version.is_withdrawn for version in store.versions()}
    assert withdrawn == {old.name: False, new.name: True}
    assert publish(datasets["large"], tmp_path).is_withdrawn


def test_a_rollback_whose_second_half_fails_is_none(tmp_path: Path, datasets: dict[str, Path]) -> None:
    _, new = (publish(datasets[name], tmp_path) for name in ("small", "large"))
    store = LocalStore(tmp_path)
    before = store.versions()
    with pytest.raises(KeyboardInterrupt), store.undone_on_error():
        store.rollback()
        raise KeyboardInterrupt
    assert (store.current(), store.versions()) == (new.name, before)


def test_a_rollback_to_a_named_version_needs_no_description_of_it(
    tmp_path: Path, datasets: dict[str, Path]
) -> None:
    old, _ = (publish(datasets[name], tmp_path) for name in ("small", "large"))
    store = LocalStore(tmp_path)
    (store.path_of(old.name) / VERSION_FILE).write_bytes(b"{")
    assert roll_back(store, str(tmp_path), old.name) == old.name == store.current()


def test_the_description_of_another_version_is_none(tmp_path: Path, datasets: dict[str, Path]) -> None:
    old, new = (publish(datasets[name], tmp_path) for name in ("small", "large"))
    store = LocalStore(tmp_path)
    shutil.copy(store.path_of(new.name) / VERSION_FILE, store.path_of(old.name) / VERSION_FILE)
    with pytest.raises(InputError, match=f"expected {old.name}, got {new.name}"):
        store.versions()


def test_a_version_that_is_damaged_is_no_place_to_go_back_to(
    tmp_path: Path, datasets: dict[str, Path]
) -> None:
    old, new = (publish(datasets[name], tmp_path) for name in ("small", "large"))
    (LocalStore(tmp_path).path_of(old.name) / "README.md").write_text("edited")
    with pytest.raises(InputError, match=r"README\.md is missing, or not what it was"):
        LocalStore(tmp_path).rollback()
    assert LocalStore(tmp_path).current() == new.name


def test_pruning_never_removes_the_current_version(tmp_path: Path, datasets: dict[str, Path]) -> None:
    old, new = (publish(datasets[name], tmp_path) for name in ("small", "large"))
    LocalStore(tmp_path).rollback()
    assert prune_versions(LocalStore(tmp_path), 1) == []
    LocalStore(tmp_path).rollback(new.name)
    assert prune_versions(LocalStore(tmp_path), 1) == [old.name]
    assert [path.name for path in (tmp_path / "versions").iterdir()] == [new.name]
    assert without_facts(tmp_path / "current") == fingerprints(datasets["large"])


def test_a_name_that_fits_several_versions_or_none_is_refused(
    tmp_path: Path, datasets: dict[str, Path]
) -> None:
    version = publish(datasets["small"], tmp_path)
    with pytest.raises(InputError, match="no version called 'zzz'"):
        choose_version(LocalStore(tmp_path), "zzz")
    assert choose_version(LocalStore(tmp_path), "current").name == version.name


def test_the_difference_names_what_changed(tmp_path: Path) -> None:
    rows = [
        {
            "id": f"r{number}",
            "text": f"{number}번째 이야기 {'가나다라마바사아자차'[number % 10] * 3} {number * 7919}",
            "label": "기쁨",
            "group": f"g{number}",
        }
        for number in range(300)
    ]
    write_lines(tmp_path / "one" / "t.jsonl", rows)
    changed = [{**row} for row in rows[:-20]]
    for row in changed[:10]:
        row["label"] = "슬픔"
    changed[50]["text"] += " 정말"
    changed[60]["group"] = "another group, which goes elsewhere"
    write_lines(tmp_path / "other" / "t.jsonl", changed)
    for name in ("one", "other"):
        ingest(
            tmp_path / name,
            out=tmp_path / f"{name}.d",
            table__id_column="id",
            dedupe__near=0,
            split__validation=0.3,
        )
    one, other = (open_dataset(tmp_path / f"{name}.d") for name in ("one", "other"))
    found = compare(one, other)
    assert (sum(found.added.values()), sum(found.removed.values())) == (0, 20)
    assert (found.relabelled, found.reworded) == (10, 1)
    assert sum(found.moved.values()) <= 1
    assert found.label_drift["train"] == pytest.approx(
        1
        - len([row for row in other.scan("train").collect()["label"] if row == "기쁨"]) / found.rows["train"]
    )
    assert compare(one, one).is_same


def read_again_and_again(place: str, reads: int, broken: "multiprocessing.Queue[str]") -> None:
    for _ in range(reads):
        dataset = open_dataset(Path(place) / "current")
        for name, facts in dataset.manifest.files.items():
            if len((dataset.path / name).read_bytes()) != facts.bytes:
                broken.put(name)
    broken.put("")


def test_a_reader_sees_one_whole_version_whatever_is_published(
    tmp_path: Path, datasets: dict[str, Path]
) -> None:
    names = [publish(datasets[name], tmp_path).name for name in ("small", "large")]
    spawned = multiprocessing.get_context("spawn")
    broken = spawned.Queue()
    reader = spawned.Process(target=read_again_and_again, args=(str(tmp_path), 200, broken))
    reader.start()
    while reader.is_alive():
        for name in names:
            LocalStore(tmp_path).rollback(name)
    assert broken.get(timeout=PATIENCE) == ""
    assert reader.exitcode == 0


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_place_that_cannot_be_written_is_explained(tmp_path: Path) -> None:
    tmp_path.chmod(0o555)
    try:
        with pytest.raises(WriteError, match="cannot be written"), LocalStore(tmp_path / "new").lock("test"):
            pass
    finally:
        tmp_path.chmod(0o755)


def test_what_a_version_says_of_itself_is_readable(tmp_path: Path, datasets: dict[str, Path]) -> None:
    version = publish(datasets["small"], tmp_path)
    facts = json.loads((tmp_path / "current" / VERSION_FILE).read_text())
    assert (facts["name"], facts["number"], facts["stages"]) == (version.name, 1, {"ingest": {"code": "abc"}})


def test_the_manifest_of_another_version_is_refused_by_its_name(
    tmp_path: Path, datasets: dict[str, Path]
) -> None:
    small, large = (publish(datasets[name], tmp_path) for name in ("small", "large"))
    versions = tmp_path / "versions"
    shutil.copyfile(versions / large.name / "manifest.json", versions / small.name / "manifest.json")
    with pytest.raises(InputError, match=f"{small.name}/manifest.json is not the manifest of this version"):
        LocalStore(tmp_path).read_manifest(small.name)
