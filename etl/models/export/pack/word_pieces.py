r"""The tokenizer of a BERT or an ELECTRA as config of a pack: what makes ids of a cleaned sentence.

What a character is was settled by the version of Unicode that the library `tokenizers` was built with, and
differs from that of a browser. So the library is asked about each code point (`characters`), and its answers
are packed. Ranges are `[first, last]` code points.

encoder
    kind            word_pieces
    unknown_id, padding_id, max_len
    vocabulary      {piece: id}
    unknown         the piece in place of a word that cannot be made of pieces
    prefix          stands in front of each piece of a word but the first
    max_word_chars  a word of more code points is unknown
    added           tokens that are found in the text before it is cut, in this order: those in the text as it
                    is, then those in what the normalizer made of it (`is_normalized`). Of those that begin at
                    one place the longest is taken. {content, id, is_normalized, eats_left, eats_right}: the
                    last two, whether it takes the blanks beside it
    before, after   ids around those of the text
    normalizer      what is done with each character, in this order; null: nothing
        removed     ranges that go
        spaces      ranges that become one space
        padded      ranges that get a space at each side
        decomposed  {character: what it consists of}, besides syllables of Hangul; null: nothing is decomposed
        classes     [first, last, combining class]: after that a row of characters with a class is sorted by
                    it, the order of equals kept
        marks       ranges that go after that
        lowered     {character: its small letters}; null: nothing is lowered
    blanks          ranges that end a word, and go
    punctuation     ranges of characters that are words of their own
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from etl.errors import SettingsError
from etl.language.message import tr
from etl.models.export.pack import characters

if TYPE_CHECKING:
    from tokenizers import Tokenizer

    from etl.models.fine_tuned.word_pieces import PieceEncoder

_EXPECTED = tr("expected BertNormalizer or none, BertPreTokenizer, WordPiece, and a template of one text")


def pack_word_pieces(encoder: PieceEncoder, max_len: int) -> dict[str, Any]:
    """Returns the part `encoder` of a config.

    Args:
        encoder: of a fine-tuned model.
        max_len: the most ids of a sentence.

    Raises:
        SettingsError: the tokenizer does something else than those of BERT and ELECTRA do.
    """
    backend: Tokenizer = encoder.tokenizer.backend_tokenizer
    if getattr(encoder.tokenizer, "split_special_tokens", False):
        raise _refusal("split_special_tokens")
    spelt = json.loads(backend.to_str())
    model, normalizer = spelt["model"], spelt["normalizer"]
    _check(model, "WordPiece")
    _check(spelt["pre_tokenizer"], "BertPreTokenizer")
    if normalizer is not None:
        _check(normalizer, "BertNormalizer")
    if model["unk_token"] not in model["vocab"]:
        raise _refusal(tr("a vocabulary without the piece in place of unknown words"))
    before, after = _surround(spelt["post_processor"])
    return {
        "kind": "word_pieces",
        "unknown_id": encoder.unknown_id,
        "padding_id": encoder.padding_id,
        "max_len": max_len,
        "vocabulary": model["vocab"],
        "unknown": model["unk_token"],
        "prefix": model["continuing_subword_prefix"],
        "max_word_chars": model["max_input_chars_per_word"],
        "added": [_added(token, backend) for token in spelt["added_tokens"]],
        "before": before,
        "after": after,
        "normalizer": normalizer and characters.pack_normalizer(normalizer),
        **characters.pack_cutter(),
    }


def _check(part: dict[str, Any] | None, expected: str) -> None:
    found = tr("none") if part is None else part["type"]
    if found != expected:
        raise _refusal(tr("{found} in place of {expected}", found=found, expected=expected))


def _refusal(found: str) -> SettingsError:
    return SettingsError(
        tr("the tokenizer of this model is not written in JavaScript"),
        details=[_EXPECTED, tr("got {found}", found=found)],
        cause=tr("Its tokenizer.json is of another kind than those of BERT and ELECTRA."),
        next_step=tr("export with `--format onnx`, and use tokenizer.json with a library of Hugging Face"),
    )


def _added(token: dict[str, Any], backend: Tokenizer) -> dict[str, Any]:
    """A token that is found in the text, as it is searched for."""
    content = token["content"]
    if token["normalized"] and backend.normalizer is not None:
        content = backend.normalizer.normalize_str(content)
    if token["single_word"] or not content:
        raise _refusal(
            tr(
                "the added token {token!r}, which is found between words only or is empty",
                token=token["content"],
            )
        )
    return {
        "content": content,
        "id": token["id"],
        "is_normalized": token["normalized"],
        "eats_left": token["lstrip"],
        "eats_right": token["rstrip"],
    }


def _surround(processor: dict[str, Any] | None) -> tuple[list[int], list[int]]:
    """The ids before and after those of a text."""
    if processor is None:
        return [], []
    if processor["type"] in ("BertProcessing", "RobertaProcessing"):
        return [processor["cls"][1]], [processor["sep"][1]]
    _check(processor, "TemplateProcessing")
    parts = [
        None if "Sequence" in part else processor["special_tokens"][part["SpecialToken"]["id"]]["ids"]
        for part in processor["single"]
    ]
    if parts.count(None) != 1:
        raise _refusal(tr("a template with {number} texts", number=parts.count(None)))
    place = parts.index(None)
    before, after = (
        [each for ids in side for each in ids or []] for side in (parts[:place], parts[place + 1 :])
    )
    return before, after
