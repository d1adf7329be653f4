"""A linear model of tokens and character n-grams: what other models have to beat, and good on its own."""
