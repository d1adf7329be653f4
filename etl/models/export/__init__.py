"""A trained model as one file for another runtime: ONNX, LiteRT (a phone), TorchScript.

A file is only written if it gives the same answers to held-out sentences as the model.
"""
