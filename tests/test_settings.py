from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from etl.errors import SettingsError
from etl.schema import resources
from etl.settings import Settings, load, load_settings


def leaves(tree: Any, path: str = "") -> dict[str, Any]:
    """Every key of a tree with its value: `{"split.seed": 42, …}`."""
    if not isinstance(tree, dict):
        return {path: tree}
    return {
        key: value
        for name, branch in tree.items()
        for key, value in leaves(branch, f"{path}.{name}".lstrip(".")).items()
    }


SHIPPED = leaves(yaml.safe_load(resources.path("schemas", "etl.yaml").read_text(encoding="utf-8")))
DEFAULTS = leaves(msgspec.json.decode(msgspec.json.encode(Settings())))


@pytest.mark.parametrize("key", sorted({*SHIPPED, *DEFAULTS}))
def test_the_commented_file_holds_every_setting_at_its_default(key: str) -> None:
    assert key in DEFAULTS, "there is no such setting"
    assert key in SHIPPED, "the file does not mention it"
    assert SHIPPED[key] == DEFAULTS[key]


def test_the_commented_file_comments_every_section() -> None:
    text = resources.path("schemas", "etl.yaml").read_text(encoding="utf-8")
    assert text.count("#") > len(SHIPPED) / 2


def test_no_file_and_no_options_are_the_defaults() -> None:
    assert load(None, {}) == Settings()
    assert load(None, {"split.seed": None, "taxonomy": None}) == Settings()


def write(folder: Path, content: str) -> Path:
    path = folder / "etl.yaml"
    path.write_text(content, encoding="utf-8")
    return path


def test_an_empty_file_is_the_defaults(tmp_path: Path) -> None:
    assert load(write(tmp_path, "# nothing yet\n"), {}) == Settings()


def test_the_commented_file_is_the_defaults() -> None:
    assert load(resources.path("schemas", "etl.yaml"), {}) == Settings()


def test_an_option_wins_over_the_file(tmp_path: Path) -> None:
    config = write(tmp_path, "split: {seed: 1, validation: 0.3}\ntaxonomy: native11\n")
    settings = load(config, {"split.seed": 2, "read.turns": "all"})
    assert (settings.split.seed, settings.split.validation) == (2, 0.3)
    assert (settings.taxonomy, settings.read.turns) == ("native11", "all")


def test_a_file_with_a_bom_is_read(tmp_path: Path) -> None:
    path = tmp_path / "etl.yaml"
    path.write_text("taxonomy: polarity3\n", encoding="utf-8-sig")
    assert load(path, {}).taxonomy == "polarity3"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("taxonmy: ko7", "taxonmy: there is no such key; did you mean `taxonomy`?"),
        ("split: {sed: 1}", "split.sed: there is no such key; did you mean `seed`?"),
        ("write: {size: 1}", "write.size: there is no such key; expected one of shard_rows, row_group_rows"),
        ("split: {seed: one}", "split.seed: expected a whole number, got 'one'"),
        ("split: {validation: 1.0}", "split.validation: expected less than 1.0, got 1.0"),
        ("split: {validation: -0.1}", "split.validation: expected at least 0.0, got -0.1"),
        ("clean: {max_chars: 0}", "clean.max_chars: expected at least 1, got 0"),
        ("clean: {keep_markup: 1}", "clean.keep_markup: expected true or false, got 1"),
        ("labels: most", "labels: expected one of majority, soft, multi; got 'most'"),
        ("tag: {keep: noun}", "tag.keep: expected a list or null, got 'noun'"),
        ("tag: {norm: }", "tag.norm: expected true or false, got null"),
        ("tables: [{path: a}, {domain: [sns]}]", "tables[1].domain: expected a text, got a list"),
        (
            "validate: {severities: {a: note, b.c: bad}}",
            "validate.severities.b.c: expected one of error, warning, ",
        ),
        ("refresh: {guards: {size: on}}", "refresh.guards.size: expected one of a number, off; got true"),
        ("corrections: {resolve: [3]}", "corrections.resolve[0]: expected a text, got 3"),
        ("write: 3", "write: expected keys with values, got 3"),
    ],
)
def test_what_cannot_be_used_is_named_with_its_key(content: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        load(write(tmp_path, content), {})
    assert caught.value.details[0].startswith(said)
    assert "Next: " in str(caught.value)
    assert "etl.yaml" in str(caught.value)


@pytest.mark.parametrize("content", ["split: [", "- a\n- b", "just words", "\tx: 1"])
def test_what_is_no_mapping_is_refused(content: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"Next: .*etl init"):
        load(write(tmp_path, content), {})


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"none\.yaml cannot be read"):
        load(tmp_path / "none.yaml", {})


def test_a_file_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "etl.yaml"
    path.write_bytes("taxonomy: 긍정".encode("cp949"))
    with pytest.raises(SettingsError, match="Next: "):
        load(path, {})


def test_something_must_be_left_for_train() -> None:
    with pytest.raises(SettingsError, match="nothing for train"):
        load(None, {"split.validation": 0.5, "split.test": 0.5})


def test_yaml_cannot_make_python_objects(tmp_path: Path) -> None:
    with pytest.raises(SettingsError):
        load(write(tmp_path, "taxonomy: !!python/object/apply:os.getcwd []"), {})


@given(st.dictionaries(st.sampled_from(sorted(DEFAULTS)), st.none() | st.integers() | st.text(max_size=5)))
def test_options_give_settings_or_an_explained_error(overrides: dict[str, Any]) -> None:
    try:
        settings = load(None, overrides)
    except SettingsError as error:
        assert error.next_step
    else:
        found = leaves(msgspec.to_builtins(settings))
        assert all(found[key] == value for key, value in overrides.items() if value is not None)


SECTIONS = sorted(msgspec.to_builtins(Settings()))
KEYS = sorted({part for key in DEFAULTS for part in key.split(".")})
WRITTEN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=5) | st.sampled_from(KEYS), inner, max_size=3)
    ),
)


@given(written=st.dictionaries(st.sampled_from(SECTIONS), WRITTEN, min_size=1, max_size=3))
def test_whatever_a_file_holds_it_is_settings_or_a_key_is_named(
    written: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("settings") / "etl.yaml"
    path.write_text(yaml.safe_dump(written, allow_unicode=True), encoding="utf-8")
    try:
        load(path, {})
    except SettingsError as error:
        assert any(section in error.details[0] for section in written)


def test_columns_and_labels_of_tables_may_be_numbers(tmp_path: Path) -> None:
    (tmp_path / "etl.yaml").write_text(
        "table: {text_column: 1, label_column: [2, 3], header: false, labels: {0: 슬픔, 1.5: null}}\n"
        "tables: [{path: 2024, text_column: 1, label_columns: [4, 기쁨], labels: {-1: 1}}]\n",
        encoding="utf-8",
    )
    settings = load_settings(tmp_path / "etl.yaml")
    assert (settings.table.text_column, settings.table.label_column) == ("1", ("2", "3"))
    assert settings.table.labels == {"0": "슬픔", "1.5": None}
    assert settings.tables[0].label_columns == ("4", "기쁨")
    assert (settings.tables[0].path, settings.tables[0].labels) == ("2024", {"-1": "1"})
