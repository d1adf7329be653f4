"""The checks of `etl validate`, one file each.

A new check is one file and one line in `CHECKS`; the words, severities and thresholds of its findings are
entries in `schemas/checks/`. `etl.validation.check` says what a check consists of.
"""

from __future__ import annotations

from typing import Any

from etl.validation.check import Check
from etl.validation.checks import (
    accounts,
    balance,
    changes,
    columns,
    conflicts,
    constant_labels,
    constant_predictor,
    corrections,
    drift,
    files,
    label_noise,
    label_sets,
    label_source,
    labels,
    leakage,
    output_contract,
    rater_agreement,
    reading,
    repeats,
    row_counts,
    source_overlap,
    texts,
    tokens,
)

# In the order of their keys in findings.json, and of their sections within a chapter of the report.
CHECKS: tuple[Check[Any], ...] = (
    reading.CHECK,
    files.CHECK,
    columns.CHECK,
    row_counts.CHECK,
    accounts.CHECK,
    labels.CHECK,
    label_sets.CHECK,
    balance.CHECK,
    constant_predictor.CHECK,
    constant_labels.CHECK,
    label_source.CHECK,
    drift.CHECK,
    leakage.CHECK,
    repeats.CHECK,
    source_overlap.CHECK,
    conflicts.CHECK,
    corrections.CHECK,
    rater_agreement.CHECK,
    texts.CHECK,
    tokens.CHECK,
    changes.CHECK,
    label_noise.CHECK,
    output_contract.VALUES,
    output_contract.PROMISES,
)
