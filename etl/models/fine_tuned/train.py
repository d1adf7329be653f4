"""Fine-tunes a pre-trained transformer on a dataset and scores it beside the predictors it has to beat.

The loop, the collapse detector, the scores and the report are those of the baseline: `etl.models.training`.
"""

from __future__ import annotations

import os
from dataclasses import replace

import msgspec

from etl.dataset import staging
from etl.dataset.read import Dataset, open_dataset
from etl.language.message import tr
from etl.models import card as cards
from etl.models.fine_tuned import pretrained, schedule
from etl.models.fine_tuned.checkpoint import save_fine_tuned
from etl.models.fine_tuned.settings import FineTuneSettings
from etl.models.fine_tuned.word_pieces import read_piece_inputs
from etl.models.training import batches, collapse, loop, state
from etl.models.training.collapse import Advice
from etl.models.training.fit import Watcher, fit_and_report
from etl.models.training.inputs import Inputs, describe_cuts
from etl.models.training.loop import Training
from etl.models.training.report import Report
from etl.models.training.settings import Device, check_settings
from etl.runtime.paths import keep_compiled_code, local_path
from etl.settings import PathLike

ADVICE = Advice(
    lr=FineTuneSettings().lr,
    unknown=tr("start from a model that was pre-trained on Korean text, with `--model`"),
)


def fine_tune(
    dataset: PathLike | Dataset,
    base_model: PathLike,
    out: PathLike,
    settings: FineTuneSettings | None = None,
    *,
    device: Device = "auto",
    resume: bool = False,
    show_text: bool = False,
    watcher: Watcher | None = None,
) -> Report:
    """Fine-tunes a pre-trained model on the sentences of a dataset and writes the model folder `out`.

    Args:
        dataset: a folder that `etl ingest` wrote; it needs no vocabulary.
        base_model: a folder with a pre-trained model, or the name of one on the Hugging Face hub.
        out: a new folder, or an older model, which is replaced.
        settings: the defaults, if None.
        device: auto, cpu or cuda.
        resume: continue after the last whole epoch of an interrupted run, if there is one.
        show_text: quote the sentences of mistakes in `report.html`.
        watcher: follows the run.

    Returns:
        The scores of the model and of the predictors that it has to beat.

    Raises:
        SettingsError: a setting is out of its limits, `out` is something else, there are no held-out rows,
            there is no such device, the interrupted run had other settings, or the extra [transformer] is
            not installed.
        InputError: the dataset or the pre-trained model is missing or damaged.
        FindingsError: the model learnt nothing; no model is written.
        LockError: another run trains a model into `out`.
        WriteError: `out` cannot be written.
    """
    from etl.models.fine_tuned.network import SequenceClassifier

    pretrained.require_transformers()
    settings, out = check_settings(settings or FineTuneSettings()), local_path(out)
    cards.check_target(out)
    with staging.lock_target(out, "etl train-transformer"):
        keep_compiled_code()
        target = loop.find_device(device)
        source = open_dataset(dataset)
        with loop.deterministic(settings.seed):
            base = pretrained.load_base_model(os.fspath(base_model), source.labels)
            whole = read_piece_inputs(source, base.tokenizer)
            inputs, settings = _shorten(whole, base, settings)
            for warning in describe_cuts(whole, settings.max_len or 1):
                (watcher or Watcher()).on_note(warning)
            if inputs.train.is_multi:  # for programs that load the folder with transformers alone
                base.network.config.problem_type = "multi_label_classification"
            model = SequenceClassifier(base.network).to(target)
            optimisers = [schedule.make_adam_w(model, settings, len(inputs.train))]
            report, contents = fit_and_report(
                Training(model, settings, optimisers),
                inputs,
                collapse.make_reference(inputs, settings.lr, ADVICE, class_weights=settings.class_weights),
                out,
                watcher or Watcher(),
                architecture=base.network.config.model_type,
                resume=resume,
                show_text=show_text,
            )
        save_fine_tuned(out, model, base.name, settings, inputs, contents, report.thresholds)
        state.remove_run(out)
        return report


def _shorten(
    inputs: Inputs, base: pretrained.BaseModel, settings: FineTuneSettings
) -> tuple[Inputs, FineTuneSettings]:
    """Cuts rows to the length of the settings, and to the positions that the network has."""
    wanted = settings.max_len or batches.percentile_length(inputs.train)
    max_len = min(wanted, getattr(base.network.config, "max_position_embeddings", wanted))
    cut = inputs.encoder.cut
    held_out = {split: cut(rows, max_len) for split, rows in inputs.held_out.items()}
    shortened = replace(inputs, train=cut(inputs.train, max_len), held_out=held_out)
    return shortened, msgspec.structs.replace(settings, max_len=max_len)
