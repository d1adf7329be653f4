"""Fine-tunes a pre-trained transformer on a dataset: what `etl train-transformer` does.

The loop, what makes a run stop, the scores and what they are compared with are those of the baseline
(`etl.models.training.fit`, `etl.models.training.report`).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, cast

import msgspec

from etl.dataset.read import open_dataset
from etl.models.baseline import checkpoint
from etl.models.fine_tuned import checkpoint as fine_tuned
from etl.models.fine_tuned import pretrained, schedule, word_pieces
from etl.models.fine_tuned.settings import FineTuneSettings, of_the_loop
from etl.models.training import batches, collapse, loop, resume
from etl.models.training import report as reports
from etl.models.training.collapse import Advice
from etl.models.training.fit import Watcher, fit
from etl.models.training.inputs import Inputs
from etl.models.training.report import Report

if TYPE_CHECKING:
    from etl.models.baseline.network import Model

ADVICE = Advice(
    lr=FineTuneSettings().lr,
    unknown="start from a model that was pre-trained on Korean text, with `--model`",
)


def train(
    dataset: Path,
    model: str,
    out: Path,
    settings: FineTuneSettings | None = None,
    *,
    device: str = "auto",
    is_resuming: bool = False,
    is_quoting: bool = False,
    watcher: Watcher | None = None,
) -> Report:
    """Fine-tunes `model` on the sentences of `dataset` and writes the model folder `out`.

    Args:
        dataset: a folder that `etl ingest` wrote; it needs no vocabulary.
        model: a folder with a pre-trained model, or the name of one on the Hugging Face hub.
        out: a new folder, or an older model, which is replaced.
        settings: the defaults, if None.
        device: auto, cpu or cuda.
        is_resuming: goes on from the last whole epoch of a run that was interrupted, if there is one.
        is_quoting: the report quotes the sentences of the mistakes that it shows.
        watcher: told of epochs and batches.

    Raises:
        SettingsError: `out` is something else, there are no held-out rows, there is no such device, the
            interrupted run had other settings, or the extra [transformer] is not installed.
        InputError: the dataset or the pre-trained model is missing or damaged.
        FindingsError: the model learnt nothing; no model is written.
        WriteError: `out` cannot be written.
    """
    from etl.models.fine_tuned.network import SequenceClassifier

    pretrained.require()
    settings, watcher = settings or FineTuneSettings(), watcher or Watcher()
    checkpoint.check_target(out)
    target = loop.device_named(device)
    source = open_dataset(dataset)
    with loop.deterministic(settings.seed):
        start = pretrained.load(model, source.labels)
        read, settings = _shortened(word_pieces.read(source, start.tokenizer), start, settings)
        classifier = SequenceClassifier(start.network).to(target)
        training = loop.Training(cast("Model", classifier), of_the_loop(settings))
        training.optimisers = [schedule.adam_w(classifier, settings, len(read.train))]
        ground = collapse.ground_of(read, settings.lr, ADVICE)
        progress = fit(training, read, ground, out, watcher, is_resuming=is_resuming)
        watcher.on_note("comparing with TF-IDF and logistic regression, on the same word pieces")
        architecture = classifier.network.config.model_type
        report, probabilities = reports.report_on(training, read, ground, progress, architecture)
    contents = reports.files(out, training, read, report, probabilities, is_quoting=is_quoting)
    fine_tuned.save(out, classifier, start, settings, read, contents)
    resume.remove(out)
    return report


def _shortened(
    read: Inputs, start: pretrained.Base, settings: FineTuneSettings
) -> tuple[Inputs, FineTuneSettings]:
    """Rows cut to what the settings ask for, and to the positions that the network has."""
    wanted = settings.max_len or batches.percentile_length(read.train)
    max_len = min(wanted, getattr(start.network.config, "max_position_embeddings", wanted))
    held_out = {split: word_pieces.cut(rows, max_len) for split, rows in read.held_out.items()}
    shorter = Inputs(
        read.dataset, read.preparation, read.vocabulary, word_pieces.cut(read.train, max_len), held_out
    )
    return shorter, msgspec.structs.replace(settings, max_len=max_len)
