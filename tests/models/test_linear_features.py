from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.feature_extraction.text import CountVectorizer

from etl.errors import InputError
from etl.models.linear import grams
from etl.models.linear.features import RESERVED, UNKNOWN, FeatureEncoder, count_features, read_features

LABELS = ["기쁨", "슬픔"]
WORDS = st.text(st.sampled_from("가나다😀a!ㅋ"), min_size=1, max_size=5)
SENTENCES = st.lists(st.lists(WORDS, max_size=5), min_size=1, max_size=8)


def frame(sentences: list[list[str]]) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "source": ["kote"] * len(sentences),
            "label": [LABELS[0]] * len(sentences),
            "text": [" ".join(words) for words in sentences],
            "tokens": sentences,
        },
        schema_overrides={"tokens": pl.List(pl.String)},
    )


def names(encoder: FeatureEncoder) -> list[str | tuple[str, ...]]:
    spelt = (grams.spell_grams(each.codes, each.symbols) for each in (encoder.tokens, encoder.characters))
    tokens, characters = spelt
    return [*tokens, *("".join(gram) for gram in characters)]


@given(SENTENCES)
def test_features_are_scikit_learns_n_grams_of_two_rows(sentences) -> None:
    found = names(count_features(frame(sentences)))
    words = CountVectorizer(analyzer=lambda words: [*((word,) for word in words), *pairwise(words)], min_df=1)
    # A lone space, the edge of every word, says nothing.
    letters = CountVectorizer(analyzer="char_wb", ngram_range=(1, 4), lowercase=False, min_df=1)
    expected: set[str | tuple[str, ...]] = set()
    for vectorizer, texts in ((words, sentences), (letters, [" ".join(each) for each in sentences])):
        if any(texts):
            counts = vectorizer.fit_transform(texts)
            rows = np.asarray((counts > 0).sum(axis=0)).ravel()
            expected |= {gram for gram, column in vectorizer.vocabulary_.items() if rows[column] > 1}
    assert set(found) == expected - {" "}
    assert len(found) == len(set(found))


@given(SENTENCES, SENTENCES)
def test_a_row_has_the_ids_of_its_features_whatever_stands_beside_it(train, others) -> None:
    encoder = count_features(frame(train))
    rows = encoder.encode(frame(others), LABELS)
    spelt = names(encoder)
    for index, words in enumerate(others):
        alone = encoder.encode(frame([words]), LABELS)
        own = rows.ids[rows.starts[index] :][: rows.lengths[index]]
        assert own.tolist() == alone.ids[alone.starts[0] :][: alone.lengths[0]].tolist()
        known = [spelt[each - RESERVED] for each in own if each > UNKNOWN]
        assert len(known) == len(set(known))
        text = "".join(f" {word} " for word in words)
        assert all(gram in text if isinstance(gram, str) else set(gram) <= set(words) for gram in known)


@given(SENTENCES)
def test_saved_features_give_the_same_ids(tmp_path_factory, sentences) -> None:
    folder = tmp_path_factory.mktemp("features")
    encoder = count_features(frame(sentences))
    encoder.save(folder)
    again = read_features(folder / encoder.file, next_step="")
    assert again.sha256() == encoder.sha256()
    rows, same = (each.encode(frame(sentences), LABELS) for each in (encoder, again))
    assert rows.ids.tolist() == same.ids.tolist()
    assert rows.lengths.tolist() == same.lengths.tolist()


@pytest.mark.parametrize(
    "content",
    [
        "[]",
        '{"format": 7, "tokens": [], "characters": []}',
        '{"format": 1, "tokens": [["나", "너"]], "characters": []}',
        '{"format": 1, "tokens": [["나"], ["나"]], "characters": []}',
        '{"format": 1, "tokens": [], "characters": ["나", "가"]}',
    ],
)
def test_features_that_contradict_themselves_are_refused(tmp_path, content) -> None:
    path = Path(tmp_path / "features.json")
    path.write_text(content, encoding="utf-8")
    with pytest.raises(InputError, match=r"features\.json cannot be read"):
        read_features(path, next_step="")
