"""A transformer in the web: its word pieces in JavaScript, and what is written, run by onnxruntime-web."""

from __future__ import annotations

import functools
import http.server
import json
import random
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from support.browsers import CHROMIUM, new_tab, start_chromium
from support.node_modules import HAS_ONNXRUNTIME_WEB, NODE_MODULES
from support.tiny_electra import SPECIAL, write_tiny_electra
from support.training_datasets import SEPARABLE, write_splits

from etl.errors import SettingsError
from etl.models.export.check import check_export
from etl.models.export.export import Exported, export
from etl.models.export.pack.word_pieces import pack_word_pieces
from etl.models.export.web import onnxruntime_files, transformer
from etl.models.export.web.modules import RUNTIME
from etl.models.fine_tuned.word_pieces import PieceEncoder
from etl.models.inference.predict import predict

pytest.importorskip("transformers", reason="the extra [transformer] is not installed")

pytestmark = pytest.mark.skipif(shutil.which("node") is None, reason="Node is not installed")
needs_runtime = pytest.mark.skipif(
    not HAS_ONNXRUNTIME_WEB, reason="onnxruntime-web is not installed: make .node/.installed"
)

# What the normalizer of BERT may do: clean_text, handle_chinese_chars, strip_accents, lowercase.
NORMALIZERS = [
    (True, True, None, False),  # of KoELECTRA and KLUE-BERT
    (True, True, None, True),
    (True, False, True, False),
    (False, True, False, True),
]
SENTENCES = [
    "오늘 정말 행복하다 최고 the café naïve Hello World résumé 東京 日本 가나다 123 !!! ㅋㅋㅋ straße",
    "나는 너무 슬퍼서 울었다 the other one of it",
    *["".join(map(chr, range(0x1100, 0x1200))), "a b c d e f g h i j k l m n o p q r s t u v w x y z"],
]
ODD = [
    *["", " ", "[CLS] 오늘 [SEP][MASK] [UNK]", "[cls]", "오늘  <e>\t 행복 <e>", "<e>x<e>", "a<e>", "[MASK"],
    *["İstanbul Iı ſs ß ΑΣ ὈΔΥΣΣΕΎΣ", "CAFÉ Cafe\u0301 café ﬁ ẛ\u0323", "\uac00\u0301 \u1112\u1161\u11ab 한"],
    *[
        "東京tokyo日本",
        "\U00020000\u3400\uf900",
        "ㅋㅋㅋㅋ ㅠ.ㅠ ^^; ...!!",
        "👨‍👩‍👧\ufe0f😀🏽",
        "1,234.5₩ $3 €",
    ],
    *[
        "\x00\x07a\x85b\u200bc\u2028d\u3000e\ufffdf\ufeffg\xadh",
        "\u0344\u0327\u0301\u034f\u0345a\u0300\u0327",
    ],
    *[
        "\U0001e000\u0334 \u302e\u0334\u093c",
        "a" * 100 + " " + "b" * 101,
        "가나다" * 100,
        "·~«»“”、。",
        "##오늘 __proto__",
    ],
    "constructor toString",
]

Make = Callable[[tuple[bool, bool, bool | None, bool]], PieceEncoder]


@pytest.fixture(scope="module")
def make_encoder() -> Make:
    """Makes an encoder whose tokenizer has a normalizer, and tokens of its own."""
    from tokenizers import AddedToken
    from tokenizers.implementations import BertWordPieceTokenizer
    from tokenizers.processors import BertProcessing
    from transformers import PreTrainedTokenizerFast

    @functools.cache
    def make(steps: tuple[bool, bool, bool | None, bool]) -> PieceEncoder:
        names = ("clean_text", "handle_chinese_chars", "strip_accents", "lowercase")
        trained = BertWordPieceTokenizer(**dict(zip(names, steps, strict=True)))
        trained.train_from_iterator(
            SENTENCES * 20, vocab_size=700, min_frequency=1, special_tokens=SPECIAL, show_progress=False
        )
        trained.post_processor = BertProcessing(("[SEP]", 3), ("[CLS]", 2))
        tokenizer = PreTrainedTokenizerFast(
            tokenizer_object=trained._tokenizer,
            **{f"{name}_token": f"[{name.upper()}]" for name in ("pad", "unk", "cls", "sep", "mask")},
        )
        of_text = [
            AddedToken("<e>", lstrip=True, rstrip=True, normalized=False),
            AddedToken("<e>x", normalized=False),
        ]
        tokenizer.add_tokens(
            [AddedToken("행복", normalized=True), AddedToken("Café", normalized=True), *of_text]
        )
        return PieceEncoder(tokenizer)

    return make


def cut_in_node(packed: dict[str, Any], texts: Sequence[str]) -> list[list[int]]:
    script = (
        f"import {{ openWordPieces }} from {json.dumps((RUNTIME / 'word_pieces.js').as_uri())};\n"
        'import { readFileSync } from "node:fs";\n'
        'const [packed, texts] = JSON.parse(readFileSync(0, "utf8"));\n'
        "const cut = openWordPieces(packed);\n"
        "console.log(JSON.stringify(texts.map((text) => cut(text).ids)));\n"
    )
    run = subprocess.run(
        ["node", "--input-type=module", "--eval", script],
        input=json.dumps([packed, texts]),
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(run.stdout)


def draw_texts(n: int) -> list[str]:
    """Texts of odd parts, of syllables, of marks and of any characters."""
    chance = random.Random(20)
    draws = [
        lambda: chance.choice(ODD)[:40],
        lambda: chr(chance.randint(0xAC00, 0xD7A3)),
        lambda: chr(chance.choice([chance.randint(0x300, 0x36F), chance.randint(0x590, 0x1FFF)])),
        lambda: chr(chance.choice([chance.randint(0, 0xD7FF), chance.randint(0xE000, 0x10FFFF)])),
        lambda: chance.choice("abc ABC  오늘행복"),
    ]
    return ["".join(chance.choice(draws)() for _ in range(chance.randint(1, 15))) for _ in range(n)]


@pytest.mark.training
@pytest.mark.parametrize("steps", NORMALIZERS)
def test_a_text_has_the_ids_that_the_library_gives_it(steps, make_encoder):
    encoder, texts = make_encoder(steps), [*ODD, *draw_texts(3000)]
    expected = encoder._tokenize(texts)
    assert cut_in_node(pack_word_pieces(encoder, 1000), texts) == expected
    assert len({each for ids in expected for each in ids}) > 40  # not only unknown ones


@pytest.mark.training
def test_each_character_is_what_the_library_takes_it_for(make_encoder):
    encoder = make_encoder((True, True, None, True))
    known = [*range(0xD800), *range(0xE000, 0x20000), *range(0xE0000, 0xE0200)]
    texts = [
        "".join(f"a{chr(each)}" for each in known[start : start + 50]) for start in range(0, len(known), 50)
    ]
    assert cut_in_node(pack_word_pieces(encoder, 1000), texts) == encoder._tokenize(texts)


@pytest.mark.training
def test_a_long_text_keeps_its_beginning_and_its_last_id(make_encoder):
    encoder = make_encoder(NORMALIZERS[0])
    [whole] = encoder._tokenize(["오늘 행복 " * 30])
    assert cut_in_node(pack_word_pieces(encoder, 9), ["오늘 행복 " * 30]) == [[*whole[:8], whole[-1]]]


def make_other(kind: str) -> Any:
    """A tokenizer that is none of BERT's."""
    from tokenizers import AddedToken, Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    vocabulary = {name: number for number, name in enumerate([*SPECIAL, "a"])}
    model = models.WordPiece(vocabulary, unk_token="[UNK]")
    if kind == "BPE":
        model = models.BPE(vocabulary, [], unk_token="[UNK]")
    if kind == "Unigram":
        model = models.Unigram([(name, 0.0) for name in vocabulary], unk_id=1)
    tokenizer = Tokenizer(model)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    if kind == "NFKC":
        tokenizer.normalizer = normalizers.NFKC()
    if kind == "Metaspace":
        tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    if kind == "ByteLevel":
        tokenizer.post_processor = processors.ByteLevel()
    if kind == "between words":
        tokenizer.add_tokens([AddedToken("abc", single_word=True)])
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token="[PAD]", unk_token="[UNK]")


@pytest.mark.parametrize("kind", ["BPE", "Unigram", "NFKC", "Metaspace", "ByteLevel", "between words"])
def test_another_kind_of_tokenizer_is_refused(kind):
    with pytest.raises(SettingsError, match="not written in JavaScript") as refused:
        pack_word_pieces(PieceEncoder(make_other(kind)), 32)
    assert kind in refused.value.details[1]


@pytest.fixture(scope="module")
def tuned(tmp_path_factory) -> Path:
    """A tiny ELECTRA that has seen a few sentences; its dataset stands beside it."""
    from etl.models.fine_tuned.settings import FineTuneSettings
    from etl.models.fine_tuned.train import fine_tune

    folder = tmp_path_factory.mktemp("tuned")
    splits = {**SEPARABLE, "validation": [*SEPARABLE["validation"], (["오늘"] * 90, "중립", "kote")]}
    dataset = write_splits(folder / "dataset", splits, has_vocabulary=False)
    electra = write_tiny_electra(folder / "tiny-electra", [tokens for tokens, _, _ in SEPARABLE["train"]])
    fine_tune(dataset, electra, folder / "model", FineTuneSettings(epochs=3, lr=0.003, batch_size=16))
    return folder / "model"


@pytest.fixture(scope="module")
def exported(tuned) -> Exported:
    return export(tuned, "web", int8=False, node_modules=NODE_MODULES)


TEXTS = [" ".join(tokens) for tokens, _, _ in SEPARABLE["validation"]][:40]
STRANGE = [*ODD, "<script>alert(1)</script> 오늘", "오늘 " * 50_000, "\ud83d 오늘"]


def ask(folder: Path, texts: Sequence[str]) -> list[dict[str, Any]]:
    """What the exported module answers in Node, all asked at once."""
    script = (
        f"import {{ classify }} from {json.dumps((folder / 'classifier.js').as_uri())};\n"
        'import { readFileSync } from "node:fs";\n'
        'const texts = JSON.parse(readFileSync(0, "utf8"));\n'
        "console.log(JSON.stringify(await Promise.all(texts.map(classify))));\n"
    )
    command = ["node", "--input-type=module", "--eval", script]
    run = subprocess.run(command, input=json.dumps(texts), capture_output=True, text=True, check=True)
    return json.loads(run.stdout)


@needs_runtime
@pytest.mark.training
def test_the_module_answers_as_predict_does(tuned, exported):
    assert exported.metadata.parity.differing_predictions == 0
    assert exported.metadata.parity.largest_difference <= 1e-5
    assert exported.metadata.parity.rows == len(SEPARABLE["validation"]) + 1
    texts = [*TEXTS, *STRANGE]
    for answer, expected in zip(ask(exported.folder, texts), predict(tuned, texts), strict=True):
        assert (answer["label"], answer["reason"]) == (expected.label, expected.reason)
        assert answer["probabilities"] == pytest.approx(expected.probabilities, abs=1e-5)


@needs_runtime
@pytest.mark.training
def test_the_folder_holds_what_it_is_run_with_and_its_vectors(tuned, exported):
    written, folder = exported.metadata, exported.folder
    assert {path.name for path in folder.iterdir()} == {
        *transformer.RUN_FILES,
        *["index.html", "classifier.d.ts", "notice.txt", "metadata.json", "vectors.jsonl"],
    }
    version = json.loads((NODE_MODULES / "onnxruntime-web" / "package.json").read_bytes())["version"]
    assert written.built_with["onnxruntime-web"] == version
    assert written.file == "model.onnx"
    assert not written.is_int8
    checked = check_export(folder)
    assert checked.has_passed
    assert str(tuned.parent).encode() not in b"".join(path.read_bytes() for path in folder.iterdir())


@needs_runtime
@pytest.mark.training
def test_weights_in_8_bits_are_measured(tuned, tmp_path):
    done = export(tuned, "web", tmp_path / "web", int8=True, node_modules=NODE_MODULES)
    lost = done.metadata.int8
    assert lost is not None
    assert lost.rows == done.metadata.parity.rows
    assert 0 < lost.largest_difference < 0.2
    assert done.metadata.parity.largest_difference <= 1e-5  # of the same model in 32 bits
    assert check_export(done.folder).has_passed


@needs_runtime
@pytest.mark.training
def test_a_text_that_is_cut_shows_which_pieces_are_not_read(exported):
    [answer] = ask(exported.folder, ["오늘 " * 90])
    n_kept = exported.metadata.max_len - 2  # without those around them
    assert [token["isKept"] for token in answer["tokens"]] == [True] * n_kept + [False] * (90 - n_kept)


@contextmanager
def serve(folder: Path) -> Iterator[str]:
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@needs_runtime
@pytest.mark.training
@pytest.mark.browser
@pytest.mark.skipif(not CHROMIUM, reason="there is no Chromium on this machine")
def test_the_page_works_from_a_server_that_it_asks_for_its_own_files_only(tuned, exported):
    asked: list[str] = []
    with serve(exported.folder) as address, start_chromium() as browser:
        tab = new_tab(browser, locale="en-US", viewport={"width": 390, "height": 844})
        tab.on("request", lambda request: asked.append(request.url))
        tab.goto(f"{address}/index.html")
        tab.wait_for_selector("body[data-ready]")
        labels = []
        for text in TEXTS[:10]:
            tab.locator("#answer").evaluate("(shown) => shown.replaceChildren()")
            tab.locator("#text").fill(text)
            labels.append(tab.locator(".label").text_content())
        width = tab.evaluate("document.documentElement.scrollWidth")
    assert labels == [answer.label for answer in predict(tuned, TEXTS[:10])]
    names = ["index.html", "classifier.js", "model.onnx", "preparation.pack", *onnxruntime_files.FILES]
    assert sorted(asked) == sorted(f"{address}/{name}" for name in names)
    assert width <= 390


@needs_runtime
@pytest.mark.training
@pytest.mark.browser
@pytest.mark.skipif(not CHROMIUM, reason="there is no Chromium on this machine")
def test_the_page_says_from_the_disk_that_it_needs_a_server(exported):
    with start_chromium() as browser:
        tab = new_tab(browser, locale="en-US")
        tab.goto((exported.folder / "index.html").as_uri())
        tab.get_by_text("python3 -m http.server").wait_for()
        assert tab.locator("#language").text_content() == "한국어"


@pytest.mark.training
def test_a_page_of_one_file_is_refused(tuned):
    with pytest.raises(SettingsError, match="no page of one file"):
        export(tuned, "web", is_single_file=True)


@pytest.mark.training
def test_without_onnxruntime_web_the_export_says_what_to_install(tuned, tmp_path):
    with pytest.raises(SettingsError, match="needs onnxruntime-web") as refused:
        export(tuned, "web", tmp_path / "web", node_modules=tmp_path)
    assert refused.value.next_step == f"npm install onnxruntime-web@{onnxruntime_files.VERSION}"
    assert not (tmp_path / "web").exists()


def test_onnxruntime_web_is_found_where_npm_installs_it(tmp_path, monkeypatch):
    dist = tmp_path / "node_modules" / "onnxruntime-web" / "dist"
    dist.mkdir(parents=True)
    for name in onnxruntime_files.FILES:
        (dist / name).write_bytes(b"")
    (dist.parent / "package.json").write_text('{"version": "1.2.3"}')
    below = tmp_path / "below"
    below.mkdir()
    (tmp_path / "package.json").write_text("{}")
    for folder in (tmp_path, *([below] if shutil.which("npm") else [])):
        monkeypatch.chdir(folder)
        found = onnxruntime_files.find_onnxruntime_web()
        assert (found.folder.resolve(), found.version) == (dist.resolve(), "1.2.3")
