import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.small_tables import ingest, make_rows, write_lines

from etl.dataset.card import write_cards
from etl.dataset.manifest import Manifest
from etl.language import catalogue
from etl.schema import contract, row


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Manifest]:
    folder = tmp_path_factory.mktemp("card")
    table = write_lines(folder / "table.jsonl", make_rows(300))
    return folder / "dataset", ingest(table, out=folder / "dataset", split__test=0.0, write__shard_rows=100)


def head_of(card: Path) -> dict[str, Any]:
    _, head, _ = card.read_text(encoding="utf-8").split("---\n", 2)
    return dict(yaml.safe_load(head))


def test_the_card_tells_hugging_face_which_files_are_which_split(
    written: tuple[Path, Manifest],
) -> None:
    dataset, manifest = written
    (config,) = head_of(dataset / "README.md")["configs"]
    assert [each["split"] for each in config["data_files"]] == ["train", "validation"]
    for each in config["data_files"]:
        files = list(dataset.glob(each["path"]))
        assert (
            sum(manifest.files[f"data/{file.name}"].rows for file in files)
            == manifest.splits[each["split"]].rows
        )


def test_the_card_names_licence_and_counts_of_each_corpus(written: tuple[Path, Manifest]) -> None:
    dataset, manifest = written
    text = (dataset / "README.md").read_text(encoding="utf-8")
    (line,) = (line for line in text.splitlines() if "(`table`)" in line)
    counts = manifest.counts["table"]
    assert contract.load("table").licence in line
    assert [cell.strip() for cell in line.split("|")][3:6] == [
        str(counts.read),
        str(counts.kept),
        str(sum(counts.rejected.values())),
    ]


def test_croissant_describes_every_column_and_every_shard(written: tuple[Path, Manifest]) -> None:
    dataset, manifest = written
    croissant = json.loads((dataset / "croissant.json").read_text(encoding="utf-8"))
    (records,) = croissant["recordSet"]
    assert [field["name"] for field in records["field"]] == row.columns(is_reject=False)
    files = [each for each in croissant["distribution"] if each["@type"] == "cr:FileObject"]
    assert {each["contentUrl"]: each["sha256"] for each in files} == {
        name: facts.sha256 for name, facts in manifest.files.items() if name.startswith("data/")
    }


def test_the_card_is_there_in_both_languages_whoever_ingests(
    written: tuple[Path, Manifest], tmp_path: Path
) -> None:
    dataset, manifest = written
    catalogue.use("ko")
    try:
        write_cards(tmp_path, manifest)
    finally:
        catalogue.use("en")
    for file in tmp_path.iterdir():
        assert file.read_bytes() == (dataset / file.name).read_bytes(), file.name
    english, korean = ((tmp_path / name).read_text("utf-8") for name in ("README.md", "README.ko.md"))
    assert "| corpus | licence | read | kept | rejected |" in english
    assert "| 말뭉치 | 라이선스 | 읽음 | 채택 | 탈락 |" in korean
    counts = manifest.counts["table"]
    (line,) = (line for line in korean.splitlines() if "(`table`)" in line)
    assert [cell.strip() for cell in line.split("|")][3:5] == [str(counts.read), str(counts.kept)]


def test_a_label_moves_no_number_and_is_no_html(tmp_path: Path) -> None:
    label = "기쁨 | 슬픔 </script>"
    taxonomy = tmp_path / "odd.yaml"
    content = {"name": "odd|`name`", "about": "odd", "targets": [label, "화남"], "maps": {}}
    taxonomy.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    rows = [
        {"text": f"오늘은 문장 {number} 하나를 썼다", "label": label, "group": f"g{number}"}
        for number in range(20)
    ]
    ingest(write_lines(tmp_path / "t.jsonl", rows), out=tmp_path / "dataset", taxonomy=str(taxonomy))
    text = (tmp_path / "dataset" / "README.md").read_text(encoding="utf-8")
    (line,) = (line for line in text.splitlines() if line.startswith("| 기쁨"))
    assert len(line.split("|")) == 6
    assert "</script>" not in text
    assert "odd|" not in text
