"""A trained model as one file for another runtime: ONNX, LiteRT (a phone), TorchScript.

A file is only written if it gives the model's own answers to real sentences.
"""
