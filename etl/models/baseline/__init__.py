"""Baselines: a small recurrent network, convolution or transformer on the tokens of a dataset."""
