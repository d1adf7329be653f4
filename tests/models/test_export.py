from __future__ import annotations

import functools
import hashlib
import importlib.util
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import typer
from click.testing import Result
from msgspec import structs
from support.training_datasets import SEPARABLE, write_splits
from support.untrained import save_untrained
from typer.testing import CliRunner

from etl.commands.export import export as command
from etl.dataset import vocab
from etl.dataset.read import open_dataset
from etl.errors import FindingsError, InputError, SettingsError
from etl.models.card import BASELINE_WEIGHTS, manifest_sha256, read_card, write_files
from etl.models.checkpoint import load_model, load_module
from etl.models.export.export import Exported, export
from etl.models.inference.evaluate import evaluate

pytest.importorskip("onnxruntime", reason="the extra [onnx] is not installed")

HAS_LITERT = importlib.util.find_spec("litert_torch") is not None
needs_litert = pytest.mark.skipif(
    not HAS_LITERT, reason="litert-torch is not installed; docs/export.md says how"
)


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Path:
    """The folder of the dataset and of what is exported once, which no test changes."""
    return tmp_path_factory.mktemp("exports")


@pytest.fixture(scope="module")
def dataset(place) -> Path:
    """600 held-out sentences, one of which has no token and one of which is longer than all of train."""
    train, validation = SEPARABLE["train"], SEPARABLE["validation"]
    many = [
        ([*tokens, *other], label, source)
        for (tokens, label, source), (other, _, _) in zip(validation * 5, train * 2, strict=False)
    ][:598]
    odd = [([], "중립", "kote"), (["오늘", "집"] * 30, "중립", "kote")]
    return write_splits(place / "dataset", {"train": train, "validation": [*many, *odd]})


@pytest.fixture
def lstm(dataset, tmp_path) -> Path:
    return save_untrained(dataset, tmp_path / "model")


@pytest.fixture(scope="module")
def scripted(dataset, place) -> Exported:
    """An LSTM as TorchScript; it stands beside its model."""
    return export(save_untrained(dataset, place / "scripted"), "torchscript")


@pytest.fixture(scope="module")
def make_onnx(dataset, place) -> Callable[[str], tuple[Path, Result]]:
    """Exports a kind of network with the command; the model, and what the command said."""

    @functools.cache
    def make(kind: str) -> tuple[Path, Result]:
        model = save_untrained(dataset, place / f"{kind}-onnx", kind)
        return model, invoke(model, "--format", "onnx", "--json")

    return make


@pytest.fixture(scope="module")
def make_litert(dataset, place) -> Callable[[str], Exported]:
    """Exports a kind of network to LiteRT; it stands beside its model."""
    return functools.cache(
        lambda kind: export(save_untrained(dataset, place / f"{kind}-litert", kind), "litert")
    )


def read_passed(folder: Path) -> dict[str, Any]:
    """The metadata of an export that gives the model's answers."""
    found: dict[str, Any] = json.loads((folder / "metadata.json").read_bytes())
    assert (found["parity"]["rows"], found["parity"]["differing_predictions"]) == (600, 0)
    assert found["parity"]["largest_difference"] <= 1e-5
    return found


def assert_names_no_place(folder: Path, place: Path) -> None:
    for path in folder.iterdir():
        for named in (place, Path(__file__).parents[2], Path(sys.prefix)):
            assert str(named).encode() not in path.read_bytes()


def answers(model: Path, dataset: Path) -> tuple[np.ndarray, np.ndarray]:
    """Ids that are padded here and nowhere else, and the model's probabilities, one sentence at a time."""
    import torch

    loaded = load_model(model)
    module = load_module(loaded)
    rows = open_dataset(dataset).scan("validation").collect()["tokens"].to_list()[-40:]
    known = {token: number for number, token in enumerate(loaded.encoder.vocabulary.tokens)}
    max_len = loaded.max_len
    ids = np.zeros((len(rows), max_len), dtype=np.int32)
    probabilities = []
    for place, tokens in enumerate(rows):
        own = [known.get(token, vocab.UNKNOWN) for token in tokens][:max_len]
        ids[place, : len(own)] = own
        with torch.inference_mode():
            logits = module(torch.tensor([own or [vocab.PAD]]), torch.tensor([max(1, len(own))]))
        probabilities.append(torch.softmax(logits, dim=1)[0].numpy())
    return ids, np.stack(probabilities)


def run_onnx(path: Path, ids: np.ndarray) -> np.ndarray:
    import onnxruntime

    return onnxruntime.InferenceSession(path).run(None, {"ids": ids})[0]


def run_litert(path: Path, ids: np.ndarray) -> np.ndarray:
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_path=str(path))
    interpreter.allocate_tensors()
    [source], [target] = interpreter.get_input_details(), interpreter.get_output_details()
    assert (source["dtype"], list(source["shape"])) == (np.int32, [1, ids.shape[1]])
    found = []
    for row in ids:
        interpreter.set_tensor(source["index"], row[None, :])
        interpreter.invoke()
        found.append(interpreter.get_tensor(target["index"])[0])
    return np.stack(found)


# An LSTM is half of a BiLSTM, and becomes ONNX where its int8 variant is made.
@pytest.mark.parametrize("kind", ["bilstm", "gru"])
def test_a_model_gives_the_same_answers_with_onnx_runtime(dataset, place, make_onnx, kind) -> None:
    model, result = make_onnx(kind)
    assert result.exit_code == 0, result.output
    folder = model / "export" / "onnx"
    read_passed(folder)
    assert_names_no_place(folder, place)
    ids, expected = answers(model, dataset)
    assert len(set(expected.argmax(axis=1))) > 1
    np.testing.assert_allclose(run_onnx(folder / "model.onnx", ids), expected, atol=1e-5)
    np.testing.assert_allclose(run_onnx(folder / "model.onnx", ids[:1]), expected[:1], atol=1e-5)


@needs_litert
@pytest.mark.parametrize("kind", ["bilstm", "gru"])
def test_a_model_gives_the_same_answers_on_a_phones_runtime(dataset, place, make_litert, kind) -> None:
    done = make_litert(kind)
    operators = read_passed(done.folder)["built_with"]["operators"]
    assert_names_no_place(done.folder, place)
    assert "SOFTMAX" in operators
    assert not [name for name in operators if "CUSTOM" in name or "Flex" in name]
    ids, expected = answers(done.folder.parents[1], dataset)
    np.testing.assert_allclose(run_litert(done.folder / "model.tflite", ids), expected, atol=1e-5)


@needs_litert
def test_a_file_with_an_operator_that_phones_do_not_have_is_refused(make_litert, tmp_path) -> None:
    import flatbuffers
    from ai_edge_litert import schema_py_generated as schema

    from etl.models.export import litert

    file = make_litert("gru").folder / "model.tflite"
    litert.check_operators(file)
    model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(file.read_bytes(), 0))
    code = model.operatorCodes[0]
    code.builtinCode, code.deprecatedBuiltinCode = (
        schema.BuiltinOperator.CUSTOM,
        schema.BuiltinOperator.CUSTOM,
    )
    code.customCode = b"FlexErf"
    builder = flatbuffers.Builder()
    builder.Finish(model.Pack(builder), b"TFL3")
    (tmp_path / "flex.tflite").write_bytes(bytes(builder.Output()))
    with pytest.raises(FindingsError, match="built-in operators only, got CUSTOM FlexErf"):
        litert.check_operators(tmp_path / "flex.tflite")


def test_torchscript_runs_where_this_tool_is_not_there(scripted, dataset, tmp_path) -> None:
    ids, expected = answers(scripted.folder.parents[1], dataset)
    np.save(tmp_path / "ids.npy", ids)
    script = (
        "import sys, numpy, torch; sys.modules['etl'] = None; "
        "print(torch.jit.load(sys.argv[1])(torch.from_numpy(numpy.load(sys.argv[2]))).tolist())"
    )
    shown = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script, scripted.folder / "model.pt", tmp_path / "ids.npy"],
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
    )
    np.testing.assert_allclose(json.loads(shown.stdout), expected, atol=1e-5)


def invoke(*arguments: object):
    app = typer.Typer()
    app.command()(command)
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def rewrite_weights(model: Path, change) -> None:
    """Changes the weights of a model, and its card with them."""
    from safetensors.torch import load, save

    card = read_card(model)
    weights = load((model / BASELINE_WEIGHTS).read_bytes())
    change(weights)
    content = save(weights)
    (model / BASELINE_WEIGHTS).write_bytes(content)
    write_files(model, structs.replace(card, weights_sha256=hashlib.sha256(content).hexdigest()), {})


def test_a_file_that_gives_other_answers_is_not_written_and_the_older_one_stays(dataset, tmp_path) -> None:
    """Two labels whose logits are huge and nearly the same: what is between them is rounding."""
    model = save_untrained(dataset, tmp_path / "model", "cnn")
    older = export(model, "torchscript", tmp_path / "exports" / "mine", dataset=dataset).folder
    before = {path.name: path.read_bytes() for path in older.iterdir()}

    def change(weights) -> None:
        import torch

        shared = 1e6 * torch.randn(weights["output.weight"].shape[1], generator=torch.manual_seed(0))
        weights["output.weight"][:] = shared
        weights["output.weight"][1] = shared * (1 + 1e-6)

    rewrite_weights(model, change)
    with pytest.raises(FindingsError, match=r"differ by at most 1e-05, got up to") as caught:
        export(model, "onnx", older, dataset=dataset)
    assert caught.value.exit_code == 3
    assert {path.name: path.read_bytes() for path in older.iterdir()} == before
    assert [path.name for path in older.parent.iterdir()] == ["mine"]


@pytest.mark.parametrize(
    ("to", "kind"), [("onnx", "lstm"), pytest.param("litert", "transformer", marks=needs_litert)]
)
def test_the_int8_variant_is_smaller_and_says_what_it_loses(dataset, tmp_path, to, kind) -> None:
    model = save_untrained(dataset, tmp_path / "model", kind, width=64)
    small = export(model, to, int8=True, dataset=dataset).metadata
    assert small.is_int8
    assert small.bytes < 0.6 * (model / BASELINE_WEIGHTS).stat().st_size
    assert small.parity.largest_difference <= 1e-5, "the file it was made of has passed"
    assert small.int8 is not None and small.int8.rows == 600
    # On a processor without VNNI 0.1 of ONNX, if its weights had all 8 bits.
    assert 1e-5 < small.int8.largest_difference < 0.05
    scores = evaluate(load_model(model), open_dataset(dataset), "validation")
    assert small.int8.model_accuracy == pytest.approx(scores.accuracy)
    assert small.int8.model_macro_f1 == pytest.approx(scores.macro_f1)
    assert abs(small.int8.int8_accuracy - scores.accuracy) < 0.05


def test_the_metadata_is_enough_to_use_the_file(make_onnx) -> None:
    model, result = make_onnx("bilstm")
    folder = model / "export" / "onnx"
    assert sorted(path.name for path in folder.iterdir()) == [
        "metadata.json",
        "model.onnx",
        "preparation.json",
        "vectors.jsonl",
        "vocab.json",
    ]
    found = json.loads((folder / "metadata.json").read_bytes())
    assert json.loads(result.stdout) == found, "standard output has it and nothing else"
    content = (folder / found["file"]).read_bytes()
    assert (found["bytes"], found["sha256"]) == (len(content), hashlib.sha256(content).hexdigest())
    assert found["labels"] == ["기쁨", "슬픔", "중립"]
    assert found["input"]["shape"] == ["batch", found["max_len"]] and found["input"]["type"] == "int32"
    how = found["preprocessing"]
    for kind in ("vocabulary", "preparation"):
        copied = (folder / how[f"{kind}_file"]).read_bytes()
        assert copied == (model / how[f"{kind}_file"]).read_bytes()
        assert how[f"{kind}_sha256"] == hashlib.sha256(copied).hexdigest()
    assert how["padding_id"] == vocab.PAD and how["unknown_id"] == vocab.UNKNOWN
    assert found["latency"]["median_ms"] > 0 and found["latency"]["threads"] == 1
    assert {"onnx", "onnxruntime", "torch"} <= set(found["built_with"]["versions"])
    assert found["built_with"]["opset"] == {"ai.onnx": 20}
    card = load_model(model).card
    assert found["model"]["weights_sha256"] == card.weights_sha256


def test_torchscript_names_no_place_of_this_machine(scripted, place) -> None:
    assert_names_no_place(scripted.folder, place)


def test_shorter_sentences_are_cut_as_the_model_is_told_to(lstm, dataset) -> None:
    done = export(lstm, "torchscript", dataset=dataset, max_len=3)
    assert done.metadata.input.shape == ("batch", 3)
    assert done.metadata.parity.differing_predictions == 0


def test_longer_sentences_than_the_model_knows_are_refused(lstm, dataset) -> None:
    with pytest.raises(SettingsError, match="expected 1 to 6, got 40"):
        export(lstm, "onnx", dataset=dataset, max_len=40)


def test_another_dataset_is_refused_naming_both_hashes(lstm, write_dataset, eight) -> None:
    other = write_dataset(eight, name="other")
    expected = load_model(lstm).card.manifest_sha256
    got = manifest_sha256(open_dataset(other))
    with pytest.raises(InputError, match=f"sha256 {expected}, got {got}"):
        export(lstm, "onnx", dataset=other)


def test_a_dataset_that_is_not_beside_the_model_has_to_be_named(lstm, dataset) -> None:
    with pytest.raises(SettingsError, match=r"etl export .* --dataset DATASET"):
        export(lstm, "torchscript")
    assert export(lstm, "torchscript", dataset=dataset).metadata.parity.rows == 600


def test_a_folder_that_is_no_export_is_left_alone(lstm, dataset) -> None:
    with pytest.raises(SettingsError, match="holds something else"):
        export(lstm, "torchscript", dataset)
    assert (dataset / "manifest.json").exists()


def test_there_is_no_int8_variant_of_torchscript(lstm) -> None:
    with pytest.raises(SettingsError, match="no int8 variant"):
        export(lstm, "torchscript", int8=True)


def test_without_onnxruntime_the_extra_to_install_is_named(lstm, monkeypatch) -> None:
    monkeypatch.setitem(
        sys.modules, "onnxruntime", None
    )  # what Python does for a module that must not be found
    with pytest.raises(SettingsError, match=r"pip install 'korean-emotion-etl\[onnx\]'"):
        export(lstm, "onnx")


def test_the_command_says_when_there_were_few_sentences_to_compare_on(
    write_dataset, separable, tmp_path
) -> None:
    dataset = write_dataset(separable)
    model = save_untrained(dataset, tmp_path / "model")
    result = invoke(model, "--format", "torchscript", "--dataset", dataset, "--out", tmp_path / "phone")
    assert result.exit_code == 0, result.output
    assert "120 of 120 sentences of validation: same labels" in result.stdout
    assert "note: validation has only 120 sentences to compare on" in result.stderr
