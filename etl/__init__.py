"""Korean emotion corpora in, one dataset that can be trusted out.

    >>> import etl
    >>> etl.load_settings(taxonomy="polarity3").taxonomy
    'polarity3'

`docs/python.md` shows every name. Nothing is loaded before it is used. The steps of a row are one list, in
`etl.ingestion.pipeline`; the commands are in `etl.cli`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from etl.dataset.manifest import Manifest as Manifest
    from etl.dataset.read import Dataset as Dataset
    from etl.dataset.read import open_dataset as open_dataset
    from etl.dataset.vocab import build_vocab as build_vocab
    from etl.errors import EtlError as EtlError
    from etl.errors import FindingsError as FindingsError
    from etl.errors import InputError as InputError
    from etl.errors import LockError as LockError
    from etl.errors import MemoryLimitError as MemoryLimitError
    from etl.errors import SettingsError as SettingsError
    from etl.errors import WriteError as WriteError
    from etl.ingestion.ingest import ingest as ingest
    from etl.models.best import train_best as train_best
    from etl.models.fine_tuned.train import fine_tune as fine_tune
    from etl.models.inference.classifier import open_classifier as open_classifier
    from etl.models.inference.predict import predict as predict
    from etl.models.train import train as train
    from etl.publishing.refresh import refresh as refresh
    from etl.settings import Settings as Settings
    from etl.settings import load_settings as load_settings
    from etl.validation.run import validate as validate

__version__ = "0.1.0"

__all__ = [
    "Dataset",
    "EtlError",
    "FindingsError",
    "InputError",
    "LockError",
    "Manifest",
    "MemoryLimitError",
    "Settings",
    "SettingsError",
    "WriteError",
    "build_vocab",
    "fine_tune",
    "ingest",
    "load_settings",
    "open_classifier",
    "open_dataset",
    "predict",
    "refresh",
    "train",
    "train_best",
    "validate",
]

# Where each public name that is no error is defined.
_MODULES = {
    "Dataset": "dataset.read",
    "Manifest": "dataset.manifest",
    "Settings": "settings",
    "build_vocab": "dataset.vocab",
    "fine_tune": "models.fine_tuned.train",
    "ingest": "ingestion.ingest",
    "load_settings": "settings",
    "open_classifier": "models.inference.classifier",
    "open_dataset": "dataset.read",
    "predict": "models.inference.predict",
    "refresh": "publishing.refresh",
    "train": "models.train",
    "train_best": "models.best",
    "validate": "validation.run",
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'etl' has no attribute {name!r}")
    return getattr(import_module(f"etl.{_MODULES.get(name, 'errors')}"), name)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
