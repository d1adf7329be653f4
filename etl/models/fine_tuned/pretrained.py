"""Loads the pre-trained model and tokenizer that fine-tuning starts from, from a folder or from a hub.

A folder is read without a network, and so is a name that is in the cache of the hub.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from etl.errors import InputError, SettingsError
from etl.language.message import tr
from etl.models.silence import silence
from etl.runtime.signals import delayed

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

EXTRA = "korean-emotion-etl[transformer]"


@dataclass(frozen=True)
class BaseModel:
    """A pre-trained network with a new head, and its tokenizer."""

    name: str  # of the hub, or of the folder: never a path of this machine
    tokenizer: PreTrainedTokenizerBase
    network: PreTrainedModel


def require_transformers() -> None:
    """Checks that transformers is installed.

    Raises:
        SettingsError: it is not; the extra to install is named.
    """
    try:
        with delayed:  # a signal within the import of a library in C is an ImportError there
            import tokenizers  # noqa: F401
            import transformers  # noqa: F401
    except ImportError as error:
        raise SettingsError(
            tr("fine-tuning needs the extra [transformer]"),
            details=[error],
            next_step=f"pip install '{EXTRA}'",
        ) from error


def load_base_model(name: str, labels: list[str]) -> BaseModel:
    """Loads a pre-trained model; the weights of its head are drawn from torch's random generator.

    Args:
        name: a folder, or the name of a model on the Hugging Face hub.
        labels: of the dataset; the head has an output for each.

    Raises:
        InputError: it does not exist, cannot be downloaded, or is no encoder such as ELECTRA or BERT.
    """
    with _explain_errors(name), quieten():
        from transformers import AutoModelForSequenceClassification, AutoTokenizer

        options = _loading_options(name)
        tokenizer = AutoTokenizer.from_pretrained(name, **options)
        network = AutoModelForSequenceClassification.from_pretrained(
            name,
            num_labels=len(labels),
            id2label=dict(enumerate(labels)),
            label2id={label: number for number, label in enumerate(labels)},
            ignore_mismatched_sizes=True,  # a model that was fine-tuned before has a head of another size
            attn_implementation="eager",  # the plain operators, which every export has
            **options,
        )
    _check(name, tokenizer, network)
    short = Path(name).resolve().name if Path(name).is_dir() else name
    return BaseModel(short, tokenizer, network)


@contextmanager
def quieten() -> Iterator[None]:
    """Suppresses the progress bars and the advice of transformers within the block."""
    with silence():
        from transformers.utils import logging

    level = logging.get_verbosity()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    # Weights in the old format are read as they are, without asking the hub to convert them.
    os.environ.setdefault("DISABLE_SAFETENSORS_CONVERSION", "1")
    try:
        with silence():
            yield
    finally:
        logging.set_verbosity(level)


def _loading_options(name: str) -> dict[str, Any]:
    """Returns options with which a folder, and a name that is in the cache, are read without a network."""
    from huggingface_hub import try_to_load_from_cache

    is_here = Path(name).is_dir() or isinstance(try_to_load_from_cache(name, "config.json"), str)
    return {"local_files_only": is_here, "trust_remote_code": False}


@contextmanager
def _explain_errors(name: str) -> Iterator[None]:
    from safetensors import SafetensorError

    try:
        yield
    except (OSError, ValueError, KeyError, RuntimeError, SafetensorError) as error:
        is_folder = Path(name).is_dir()
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        raise InputError(
            tr("{name} is no model that can be fine-tuned", name=name)
            if is_folder
            else tr("{name} cannot be loaded", name=name),
            details=[
                tr(
                    "expected a folder with config.json, the weights and the tokenizer of an ELECTRA "
                    "or a BERT"
                )
                if is_folder
                else tr(
                    "expected a folder, or the name of a model that is in the cache or can be downloaded"
                ),
                *lines[:2],
            ],
            cause=tr("A file is missing or damaged.")
            if is_folder
            else tr("There is no network, or no such model."),
            next_step=tr(
                "where there is a network: `hf download NAME --local-dir DIR`; then give --model DIR"
            ),
        ) from error


def _check(name: str, tokenizer: PreTrainedTokenizerBase, network: PreTrainedModel) -> None:
    wrong = ""
    if not tokenizer.is_fast or tokenizer.pad_token_id is None or tokenizer.unk_token_id is None:
        wrong = tr("a fast tokenizer with tokens for padding and for what is unknown")
    elif network.config.is_encoder_decoder or getattr(network.config, "is_decoder", False):
        wrong = tr("an encoder such as ELECTRA or BERT")
    elif len(tokenizer) > network.get_input_embeddings().num_embeddings:
        wrong = tr("at least {number:,} embeddings, one for each word piece", number=len(tokenizer))
    if wrong:
        raise InputError(
            tr("{name} is no model that can be fine-tuned", name=name),
            details=[
                tr(
                    "expected {expected}, got {kind} with {tokenizer}",
                    expected=wrong,
                    kind=network.config.model_type,
                    tokenizer=type(tokenizer).__name__,
                )
            ],
            cause=tr("It is of another kind, or its tokenizer belongs to another model."),
            next_step=tr("take an ELECTRA or a BERT"),
        )
