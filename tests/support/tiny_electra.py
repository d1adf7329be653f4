"""A tiny ELECTRA with random weights and word pieces of its own, as a hub would give it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]


def write_tiny_electra(folder: Path, sentences: Iterable[Sequence[str]]) -> Path:
    """Writes a discriminator whose word pieces are those of the tokens given."""
    import torch
    from tokenizers.implementations import BertWordPieceTokenizer
    from tokenizers.processors import BertProcessing
    from transformers import ElectraConfig, ElectraForPreTraining, PreTrainedTokenizerFast

    found = BertWordPieceTokenizer(strip_accents=False, lowercase=False)
    texts = [" ".join(tokens) for tokens in sentences]
    found.train_from_iterator(texts, vocab_size=200, special_tokens=SPECIAL, show_progress=False)
    ends = [(name, found.token_to_id(name)) for name in ("[SEP]", "[CLS]")]
    found.post_processor = BertProcessing(*ends)
    PreTrainedTokenizerFast(
        tokenizer_object=found._tokenizer,
        **{f"{name}_token": f"[{name.upper()}]" for name in ("pad", "unk", "cls", "sep", "mask")},
    ).save_pretrained(folder)
    config = ElectraConfig(
        vocab_size=found.get_vocab_size(),
        embedding_size=16,
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=32,
    )
    with torch.random.fork_rng():
        torch.manual_seed(1)
        ElectraForPreTraining(config).save_pretrained(folder)
    return folder
