"""The baseline: a small recurrent network, convolution or transformer on the key tokens."""
