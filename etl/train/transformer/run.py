"""Fine-tunes a pre-trained transformer on a dataset: what `etl train-transformer` does.

The loop, the scores, what they are compared with and what makes a run stop are those of the baseline
(`etl.train.run`).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, cast

import msgspec

from etl.dataset.read import open_dataset
from etl.train import baselines, batches, checkpoint, events, loop, metrics, mistakes, page, resume, run
from etl.train.inputs import Inputs
from etl.train.run import Report, Watcher
from etl.train.transformer import base, pieces, schedule
from etl.train.transformer import checkpoint as fine_tuned
from etl.train.transformer.settings import FineTuneSettings, of_the_loop

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from etl.train.model import Model
    from etl.train.transformer.network import SequenceClassifier

    Floats = npt.NDArray[np.float64]


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
    from etl.train.transformer.network import SequenceClassifier

    base.require()
    settings, watcher = settings or FineTuneSettings(), watcher or Watcher()
    checkpoint.check_target(out)
    target = run._device(device)
    source = open_dataset(dataset)
    with loop.deterministic(settings.seed):
        start = base.load(model, source.labels)
        read, settings = _read(pieces.read(source, start.tokenizer), start, settings)
        classifier = SequenceClassifier(start.network).to(target)
        report, probabilities = _fit(classifier, read, settings, out, watcher, is_resuming=is_resuming)
    wrong = mistakes.find(read, read.chooses, probabilities[read.chooses], is_quoting=is_quoting)
    shown = page.render(out.resolve().name, of_the_loop(settings), source.labels, report, wrong)
    contents = {
        checkpoint.METRICS: run.to_json(report),
        page.FILE: shown.encode(),
        **events.files(resume.folder_of(out)),
    }
    fine_tuned.save(out, classifier, start, settings, read, contents)
    resume.remove(out)
    return report


def _read(read: Inputs, start: base.Base, settings: FineTuneSettings) -> tuple[Inputs, FineTuneSettings]:
    """Rows cut to what the settings ask for, and to the positions that the network has."""
    wanted = settings.max_len or batches.percentile_length(read.train)
    max_len = min(wanted, getattr(start.network.config, "max_position_embeddings", wanted))
    held_out = {split: pieces.cut(rows, max_len) for split, rows in read.held_out.items()}
    shorter = Inputs(
        read.dataset, read.preparation, read.vocabulary, pieces.cut(read.train, max_len), held_out
    )
    return shorter, msgspec.structs.replace(settings, max_len=max_len)


def _fit(
    classifier: SequenceClassifier,
    read: Inputs,
    settings: FineTuneSettings,
    out: Path,
    watcher: Watcher,
    *,
    is_resuming: bool,
) -> tuple[Report, dict[str, Floats]]:
    """The report, and the log probabilities of the held-out rows, (rows, labels) each."""
    model, of_loop, labels = cast("Model", classifier), of_the_loop(settings), read.dataset.labels
    constant = baselines.constant_scores(read)
    ground = run._ground(read, constant[read.chooses], of_loop)
    training = loop.Training(model, of_loop)
    training.optimisers = [schedule.adam_w(classifier, settings, len(read.train))]
    progress = run._fit(training, read, ground, out, watcher, is_resuming=is_resuming)
    assert progress.best is not None
    probabilities = {
        split: loop.predict(model, rows, settings.max_len or 1) for split, rows in read.held_out.items()
    }
    watcher.on_note("comparing with TF-IDF and logistic regression, on the same word pieces")
    report = Report(
        architecture=classifier.network.config.model_type,
        held_out=read.chooses,
        best_epoch=progress.best.epoch,
        max_len=settings.max_len or 1,
        unknown_share=ground.unknown_share,
        empty_share=ground.empty_share,
        epochs=progress.records,
        model={
            split: metrics.score(probabilities[split], rows.labels, rows.sources, labels)
            for split, rows in read.held_out.items()
        },
        tfidf=baselines.tfidf_scores(read),
        constant=constant,
        warnings=run._warnings(progress.records, read.held_out),
    )
    return report, probabilities
