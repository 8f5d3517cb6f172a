"""The networks of the zoo: an encoder with a projection head and, for some methods, a predictor, under the names of ours."""
import re

from torch import nn

import peer_models

# layers, batch norm behind the hidden ones, behind the last, with weights there, biases of the linear layers
HEADS = {
    "linear": (1, False, False, False, True),
    "mlp": (2, False, False, False, True),
    "simclr-mlp": (2, True, True, True, False),
    "byol-mlp": (2, True, False, False, True),
    "simsiam-mlp2": (2, True, True, False, False),
    "expander": (3, True, False, False, False),
}
PREDICTOR = (2, True, False, False, True)


def perceptron(shape, inputs, hidden, outputs):
    layers, hidden_norm, output_norm, output_affine, bias = shape
    modules = []
    for layer in range(layers):
        last = layer == layers - 1
        width = outputs if last else hidden
        modules.append(nn.Linear(inputs, width, bias=bias))
        if output_norm if last else hidden_norm:
            modules.append(nn.BatchNorm1d(width, affine=not last or output_affine))
        if not last:
            modules.append(nn.ReLU(inplace=True))
        inputs = width
    return nn.Sequential(*modules)


class Network(nn.Module):
    """`forward` gives embeddings that are not normalised."""

    def __init__(self, encoder, head, hidden, width, predictor=0):
        super().__init__()
        name, first = re.fullmatch(r"(resnet\d+)(?:-w(\d+))?", encoder).groups()
        self.encoder = peer_models.Encoder(name, int(first or 64))
        features = self.encoder.features
        self.head = perceptron(HEADS[head], features, hidden or features, width)
        if predictor:
            self.predictor = perceptron(PREDICTOR, width, predictor, width)

    def forward(self, x):
        return self.head(self.encoder(x))
