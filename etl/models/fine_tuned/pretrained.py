"""What fine-tuning starts from: a pre-trained model and its tokenizer, from a folder or from a hub.

A folder is never looked for anywhere else, and a name is taken from the cache where it is there.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from etl.errors import InputError, SettingsError
from etl.models.silence import silenced

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

EXTRA = "korean-emotion-etl[transformer]"


@dataclass(frozen=True)
class Base:
    """A pre-trained network with a new head, and what cuts sentences for it."""

    name: str  # of the hub, or of the folder: never a path of this machine
    tokenizer: PreTrainedTokenizerBase
    network: PreTrainedModel


def require() -> None:
    """Checks that transformers is installed.

    Raises:
        SettingsError: it is not; the extra to install is named.
    """
    try:
        import tokenizers  # noqa: F401
        import transformers  # noqa: F401
    except ImportError as error:
        raise SettingsError(
            "fine-tuning needs the extra [transformer]",
            details=[str(error)],
            next_step=f"pip install '{EXTRA}'",
        ) from error


def load(name: str, labels: list[str]) -> Base:
    """Loads a pre-trained model; the weights of its head are drawn from torch's seed.

    Args:
        name: a folder, or the name of a model on the Hugging Face hub.
        labels: what it shall tell apart.

    Raises:
        InputError: it is not there, cannot be reached, or is no encoder for sentences.
    """
    with _explained(name), quiet():
        from transformers import AutoModelForSequenceClassification, AutoTokenizer

        options = _where(name)
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
    return Base(short, tokenizer, network)


@contextmanager
def quiet() -> Iterator[None]:
    """Inside, transformers shows no progress of its own and no advice."""
    with silenced():
        from transformers.utils import logging

    level = logging.get_verbosity()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    # Weights in the old format are read as they are, without asking the hub to convert them.
    os.environ.setdefault("DISABLE_SAFETENSORS_CONVERSION", "1")
    try:
        with silenced():
            yield
    finally:
        logging.set_verbosity(level)


def _where(name: str) -> dict[str, Any]:
    """A folder is taken as it is; a name from the cache, or else from the network."""
    from huggingface_hub import try_to_load_from_cache

    is_here = Path(name).is_dir() or isinstance(try_to_load_from_cache(name, "config.json"), str)
    return {"local_files_only": is_here, "trust_remote_code": False}


@contextmanager
def _explained(name: str) -> Iterator[None]:
    from safetensors import SafetensorError

    try:
        yield
    except (OSError, ValueError, KeyError, RuntimeError, SafetensorError) as error:
        is_folder = Path(name).is_dir()
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        raise InputError(
            f"{name} is no model that can be fine-tuned" if is_folder else f"{name} cannot be loaded",
            details=[
                "expected a folder with config.json, the weights and the tokenizer of an ELECTRA or a BERT"
                if is_folder
                else "expected a folder, or the name of a model that is in the cache or can be downloaded",
                *lines[:2],
            ],
            cause="A file is missing or damaged." if is_folder else "There is no network, or no such model.",
            next_step="where there is a network: `hf download NAME --local-dir DIR`; then give --model DIR",
        ) from error


def _check(name: str, tokenizer: PreTrainedTokenizerBase, network: PreTrainedModel) -> None:
    wrong = ""
    if not tokenizer.is_fast or tokenizer.pad_token_id is None or tokenizer.unk_token_id is None:
        wrong = "a fast tokenizer with tokens for padding and for what is unknown"
    elif network.config.is_encoder_decoder or getattr(network.config, "is_decoder", False):
        wrong = "an encoder such as ELECTRA or BERT"
    elif len(tokenizer) > network.get_input_embeddings().num_embeddings:
        wrong = f"at least {len(tokenizer):,} embeddings, one for each word piece"
    if wrong:
        raise InputError(
            f"{name} is no model that can be fine-tuned",
            details=[f"expected {wrong}, got {network.config.model_type} with {type(tokenizer).__name__}"],
            cause="It is of another kind, or its tokenizer belongs to another model.",
            next_step="take an ELECTRA or a BERT",
        )
