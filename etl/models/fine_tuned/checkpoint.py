"""A fine-tuned model as a folder without pickles, that transformers can load too.

`model.safetensors`, `config.json` and the tokenizer's files are as transformers writes them; beside them lie
the files that every model has (`etl.models.baseline.checkpoint`).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from etl.dataset import preparation, staging
from etl.models import card as cards
from etl.models.card import FineTunedCard
from etl.models.fine_tuned import pretrained
from etl.models.fine_tuned.settings import FineTuneSettings
from etl.models.fine_tuned.word_pieces import PieceEncoder
from etl.models.training.inputs import Inputs
from etl.runtime.files import sha256_file

if TYPE_CHECKING:
    from etl.models.fine_tuned.network import SequenceClassifier

# Keys with which transformers records where it has loaded a model from.
_ORIGINS = {"_name_or_path", "name_or_path", "is_local", "local_files_only"}


def save_fine_tuned(
    folder: Path,
    model: SequenceClassifier,
    base_model: str,
    settings: FineTuneSettings,
    inputs: Inputs,
    contents: dict[str, bytes],
    thresholds: list[float] | None = None,
) -> None:
    """Writes a model folder; an older model at the same path is replaced once the new one is complete.

    Args:
        folder: where; its parents are made.
        model: its weights are saved from whatever device they are on.
        base_model: the name of what fine-tuning started from.
        settings: with `max_len` set.
        inputs: what it was trained on.
        contents: further files by name.
        thresholds: of the labels of a model of sets.

    Raises:
        SettingsError: `folder` exists and is not a model.
        WriteError: it cannot be written.
    """
    with staging.staging(folder, cards.FILE) as partial:
        with pretrained.quieten():
            model.network.save_pretrained(partial, max_shard_size="100GB")  # one file
        inputs.encoder.save(partial)
        _remove_origins(partial)
        (partial / preparation.FILE).write_bytes(preparation.to_bytes(inputs.preparation))
        card = FineTunedCard(
            format=cards.FORMAT,
            kind="fine-tuned",
            base=base_model,
            architecture=model.network.config.model_type,
            settings=settings,
            labels=inputs.dataset.labels,
            vocabulary_size=len(inputs.encoder),
            files={path.name: sha256_file(path) for path in sorted(partial.iterdir())},
            taxonomy=inputs.dataset.manifest.taxonomy.name,
            thresholds=msgspec.UNSET if thresholds is None else thresholds,
            manifest_sha256=cards.manifest_sha256(inputs.dataset),
        )
        cards.write_files(partial, card, contents)


def load_fine_tuned(folder: Path) -> tuple[PieceEncoder, SequenceClassifier]:
    """Loads the tokenizer and the network of a model whose card has been read; on the CPU.

    Raises:
        SettingsError: the extra [transformer] is not installed.
    """
    pretrained.require_transformers()
    from etl.models.fine_tuned.network import SequenceClassifier

    with pretrained.quieten():
        from transformers import AutoModelForSequenceClassification, AutoTokenizer

        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        network = AutoModelForSequenceClassification.from_pretrained(
            folder, local_files_only=True, use_safetensors=True, attn_implementation="eager"
        )
    return PieceEncoder(tokenizer), SequenceClassifier(network).eval()


def _remove_origins(folder: Path) -> None:
    """Removes from the configurations where the pre-trained model lay on this machine."""
    for path in folder.glob("*.json"):
        content = json.loads(path.read_bytes())
        if _ORIGINS & content.keys():
            content = {name: value for name, value in content.items() if name not in _ORIGINS}
            path.write_text(json.dumps(content, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
