"""Real sentences, tens of thousands of them, are tagged as KoNLPy's Okt tags them."""

import csv
import gzip
import itertools
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from okt_answers import PlainOkt, differing

from etl.settings import Tag


def real_texts(shared_data: Callable[[str], Path], n_reviews: int) -> list[str]:
    kote = (shared_data("kote") / "val.tsv").read_text(encoding="utf-8").splitlines()
    with (shared_data("chatbot") / "ChatbotData.csv").open(encoding="utf-8") as file:
        sentences = [cell for row in csv.reader(file) for cell in row[:2]]
    with gzip.open(shared_data("nsmc") / "reviews-300k.jsonl.gz", "rt", encoding="utf-8") as reviews:
        documents = [json.loads(line) for line in itertools.islice(reviews, n_reviews)]
    texts = [line.split("\t")[1] for line in kote] + sentences
    return list(dict.fromkeys([*texts, *(str(each["review"]) for each in documents)]))


@pytest.mark.parametrize("both", [True, False])
def test_all_of_kote_chatbot_and_50000_reviews_are_tagged_as_konlpy_does(
    both: bool, shared_data: Callable[[str], Path], plain_okt: PlainOkt
) -> None:
    texts = real_texts(shared_data, 50_000)
    assert len(texts) > 60_000
    assert differing(texts, Tag(norm=both, stem=both), plain_okt) == []


@pytest.mark.parametrize(("norm", "stem"), [(True, False), (False, True)])
def test_so_are_some_of_them_with_one_option_alone(
    norm: bool,
    stem: bool,
    shared_data: Callable[[str], Path],
    plain_okt: PlainOkt,
) -> None:
    texts = real_texts(shared_data, 50_000)[::10]
    assert differing(texts, Tag(norm=norm, stem=stem), plain_okt) == []
