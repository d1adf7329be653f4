"""A tiny ELECTRA with random weights, and its word pieces: what a hub would give, made on the spot."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]


def write_electra(folder: Path, sentences: Iterable[str], *, max_positions: int = 64) -> Path:
    """Writes a discriminator as those of the hub are: encoder, head for pre-training, tokenizer."""
    import torch
    from tokenizers.implementations import BertWordPieceTokenizer
    from transformers import ElectraConfig, ElectraForPreTraining, PreTrainedTokenizerFast
    from transformers.utils import logging

    pieces = BertWordPieceTokenizer(strip_accents=False, lowercase=False)
    pieces.train_from_iterator(sorted(sentences), vocab_size=200, min_frequency=1, special_tokens=SPECIAL, show_progress=False)
    pieces.save(str(folder / "pieces.json")) if folder.mkdir(parents=True) is None else None
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_file=str(folder / "pieces.json"),
        pad_token="[PAD]",
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        mask_token="[MASK]",
    )
    (folder / "pieces.json").unlink()
    config = ElectraConfig(
        vocab_size=len(tokenizer),
        embedding_size=16,
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=max_positions,
    )
    logging.disable_progress_bar()
    with torch.random.fork_rng():
        torch.manual_seed(1)
        ElectraForPreTraining(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder
