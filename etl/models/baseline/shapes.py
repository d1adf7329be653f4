"""The shapes of the weights of each network, by which a damaged file is told before anything is computed."""

from __future__ import annotations

from etl.models.baseline.settings import TrainSettings

CNN_WIDTHS = (2, 3, 4)
TRANSFORMER_LAYERS, TRANSFORMER_HEADS = 2, 4

Shapes = dict[str, tuple[int, ...]]


def weight_shapes(n_ids: int, n_labels: int, settings: TrainSettings) -> Shapes:
    """Returns the shape of each weight by its name, as torch names and lays them out.

    Args:
        n_ids: the rows of the embedding.
        n_labels: the number of logits.
        settings: the architecture and its sizes.
    """
    width = settings.hidden
    match settings.model:
        case "lstm":
            encoder, features = _recurrent("layer", settings, gates=4), width
        case "gru":
            encoder, features = _recurrent("layer", settings, gates=3), width
        case "bilstm":
            encoder = _recurrent("forwards", settings, gates=4) | _recurrent("backwards", settings, gates=4)
            features = 2 * width
        case "cnn":
            encoder, features = _convolutions(settings), len(CNN_WIDTHS) * width
        case "transformer":
            encoder, features = _self_attention(settings), width
    return {
        "embedding.weight": (n_ids, settings.embedding),
        **{f"encoder.{name}": shape for name, shape in encoder.items()},
        "output.weight": (n_labels, 2 * features),
        "output.bias": (n_labels,),
    }


def _recurrent(layer: str, settings: TrainSettings, gates: int) -> Shapes:
    width = gates * settings.hidden
    return {
        f"{layer}.weight_ih_l0": (width, settings.embedding),
        f"{layer}.weight_hh_l0": (width, settings.hidden),
        f"{layer}.bias_ih_l0": (width,),
        f"{layer}.bias_hh_l0": (width,),
    }


def _convolutions(settings: TrainSettings) -> Shapes:
    shapes: Shapes = {}
    for layer, size in enumerate(CNN_WIDTHS):
        shapes[f"layers.{layer}.weight"] = (settings.hidden, settings.embedding, size)
        shapes[f"layers.{layer}.bias"] = (settings.hidden,)
    return shapes


def _self_attention(settings: TrainSettings) -> Shapes:
    width = settings.hidden
    layer = {
        "self_attn.in_proj_weight": (3 * width, width),
        "self_attn.in_proj_bias": (3 * width,),
        "self_attn.out_proj.weight": (width, width),
        "self_attn.out_proj.bias": (width,),
        "linear1.weight": (2 * width, width),
        "linear1.bias": (2 * width,),
        "linear2.weight": (width, 2 * width),
        "linear2.bias": (width,),
        **{f"norm{place}.{name}": (width,) for place in (1, 2) for name in ("weight", "bias")},
    }
    shapes: Shapes = {"enter.weight": (width, settings.embedding), "enter.bias": (width,)}
    for number in range(TRANSFORMER_LAYERS):
        shapes |= {f"layers.layers.{number}.{name}": shape for name, shape in layer.items()}
    return shapes
