"""The Python API as readers of artefacts, beside the commands of `faults.table`."""

from __future__ import annotations

import json
import traceback
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import etl
from etl.documents.passage import Passage
from etl.documents.sentences import Sentence
from etl.models.baseline.settings import TrainSettings
from etl.validation.checks.output_contract import great_expectations

TEXT = "오늘 진짜 좋다"


@dataclass(frozen=True)
class Function:
    """A use of the API in the prepared folder.

    Args:
        reads: holders of the artefacts that it reads.
        use: returns what it answered.
    """

    reads: tuple[str, ...]
    use: Callable[[], Any]

    def call(self) -> tuple[int, str, str]:
        """Returns exit code, answer and error, as a command would end."""
        try:
            return 0, json.dumps(self.use(), ensure_ascii=False, default=str), ""
        except etl.EtlError as error:
            return error.exit_code, "", error.text()
        except Exception:  # noqa: BLE001 - any other is a defect, which is reported as one
            return 1, "", traceback.format_exc()


def _open_dataset() -> Any:
    dataset = etl.open_dataset("dataset")
    return [dataset.labels, dataset.scan().collect().to_dicts(), dataset.scan_rejects().collect().to_dicts()]


def _open_version() -> Any:
    return etl.open_dataset("place/current").scan("train").collect().to_dicts()


def _open_classifier(model: str = "model") -> Any:
    passage = Passage(TEXT, "text", "line", 1)
    with etl.open_classifier(model) as classifier:
        return classifier(None, [Sentence(passage, 1, TEXT)]).to_dicts()


def _validate() -> Any:
    great_expectations()
    result = etl.validate("place/current", out="made")
    messages = [each.message for each in result.findings]
    if result.exit_code("error"):
        raise etl.FindingsError("findings", details=messages)
    return messages


def _train() -> Any:
    settings = TrainSettings(embedding=4, hidden=4, epochs=3, lr=0.02)
    return etl.train("dataset", "made", settings=settings).model["validation"].macro_f1


def _refresh() -> Any:
    run = etl.refresh("etl.yaml", workers=1)
    if run.exit_code:
        error = etl.EtlError(run.error or "")
        error.exit_code = run.exit_code
        raise error
    return [run.version, run.rows]


API = {
    "open_dataset": Function(("dataset",), _open_dataset),
    "open_dataset of a version": Function(("version", "publish dir"), _open_version),
    "open_classifier": Function(("model",), _open_classifier),
    "build_vocab()": Function(("dataset",), lambda: etl.build_vocab("dataset", min_count=1).tokens),
    "validate()": Function(("version",), _validate),
    "train()": Function(("dataset",), _train),
    "predict()": Function(("model",), lambda: asdict(etl.predict("model", TEXT)[0])),
    "refresh()": Function(("raw", "settings", "version", "publish dir"), _refresh),
}
