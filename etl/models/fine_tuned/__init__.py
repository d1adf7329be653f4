"""Fine-tunes a pre-trained ELECTRA or BERT on the sentences themselves, cut into its own word pieces.

The only package that imports transformers.
"""
