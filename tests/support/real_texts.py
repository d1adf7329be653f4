"""Real sentences, where they lie beside the repository: comments, dialogues and reviews."""

import csv
import gzip
import itertools
import json
from collections.abc import Callable
from pathlib import Path


def real_texts(shared_data: Callable[[str], Path], n_reviews: int) -> list[str]:
    """The distinct comments of KOTE, sentences of the Chatbot data and first reviews of NSMC, as they are.

    Args:
        shared_data: the fixture; it skips the test where the data are absent.
        n_reviews: how many reviews.
    """
    kote = (shared_data("kote") / "val.tsv").read_text(encoding="utf-8").splitlines()
    with (shared_data("chatbot") / "ChatbotData.csv").open(encoding="utf-8") as file:
        sentences = [cell for row in csv.reader(file) for cell in row[:2]]
    with gzip.open(shared_data("nsmc") / "reviews-300k.jsonl.gz", "rt", encoding="utf-8") as reviews:
        documents = [json.loads(line) for line in itertools.islice(reviews, n_reviews)]
    texts = [line.split("\t")[1] for line in kote] + sentences
    return list(dict.fromkeys([*texts, *(str(each["review"]) for each in documents)]))
