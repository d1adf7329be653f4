"""A trained model that is used: sentences and documents in, labels and probabilities out."""
