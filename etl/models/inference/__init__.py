"""Uses a trained model: sentences and documents in, labels and probabilities out."""
