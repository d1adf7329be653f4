from __future__ import annotations

from pathlib import Path

import pytest
from support.training_datasets import write_votes

from etl.errors import SettingsError
from etl.models.baseline.train import train
from etl.models.fine_tuned.train import fine_tune


@pytest.mark.parametrize("mode", ["soft", "multi"])
def test_a_dataset_of_several_labels_a_row_is_refused_with_what_works(mode: str, tmp_path: Path) -> None:
    dataset = write_votes(tmp_path / "dataset", mode)
    for is_fine_tuned in (False, True):
        with pytest.raises(SettingsError, match="trained on one label a row") as caught:
            if is_fine_tuned:
                pytest.importorskip("transformers", reason="the extra [transformer] is not installed")
                fine_tune(dataset, tmp_path / "no-model", tmp_path / "model")
            else:
                train(dataset, tmp_path / "model")
        assert f"labels: {mode}" in str(caught.value.details)
        assert "--labels majority" in caught.value.next_step
    assert not (tmp_path / "model").exists()
