"""Makes the golden files of this folder with PyTorch and torchvision in fp64: /usr/bin/python3 make_golden.py, here.

Inputs and weights come from the integer pattern that C# repeats (Golden/Pattern.cs), so the files hold results only:
outputs, batch moments, and of every gradient its sum, its norm and some of its numbers.
"""

import pathlib
import sys

import numpy
import torch
import torch.nn.functional as F
import torchvision

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent.parent / "Golden"))
from golden_file import pattern, write_golden  # noqa: E402

torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)

INPUT_SEED, LOSS_SEED, WEIGHT_SEED, MOMENT_SEED = 7, 9, 1000, 5000


def tensor(shape, seed):
    return torch.from_numpy(pattern(tuple(shape), seed))


class SplitNorm(torch.nn.BatchNorm2d):
    """Batch norm that normalises every split by itself and keeps what it saw."""

    splits = 1

    def forward(self, x):
        if not self.training:
            return super().forward(x)
        batch, outputs, means, variances = x.shape[0], [], [], []
        for s in range(self.splits):
            part = x[batch * s // self.splits : batch * (s + 1) // self.splits]
            dims = [0] + list(range(2, part.dim()))
            means.append(part.mean(dims))
            variances.append(part.var(dims, unbiased=True))
            outputs.append(F.batch_norm(part, None, None, self.weight, self.bias, True, 0.0, self.eps))
        self.seen = torch.stack(means).mean(0), torch.stack(variances).mean(0)
        return torch.cat(outputs)

    def _check_input_dim(self, x):
        pass


def layer_norm(channels):
    """Over channels and places of each image."""
    return torch.nn.GroupNorm(1, channels)


class Net(torch.nn.Module):
    """torchvision's residual network in another depth or width, without the classifier."""

    def __init__(self, block, blocks, width, channels, cifar, norm=SplitNorm):
        super().__init__()
        make = torchvision.models.ResNet._make_layer
        self._norm_layer, self.dilation, self.groups, self.base_width = norm, 1, 1, 64
        self.conv1 = torch.nn.Conv2d(channels, width, 3, 1, 1, bias=False) if cifar else torch.nn.Conv2d(channels, width, 7, 2, 3, bias=False)
        self.bn1 = norm(width)
        self.pool = not cifar
        self.inplanes = width
        for i, count in enumerate(blocks):
            setattr(self, f"layer{i + 1}", make(self, block, width << i, count, 1 if i == 0 else 2))
        self.depth = len(blocks)

    def forward(self, x):
        x = F.relu(self.bn1(self.conv1(x)))
        if self.pool:
            x = F.max_pool2d(x, 3, 2, 1)
        for i in range(self.depth):
            x = getattr(self, f"layer{i + 1}")(x)
        return x.mean((2, 3))


class Model(torch.nn.Module):
    def __init__(self, encoder, head):
        super().__init__()
        self.encoder = encoder
        self.head = head

    def forward(self, x):
        features = self.encoder(x)
        return features, self.head(features)


def fill(model):
    """Weights of the size that torch would draw, running statistics near those of a trained network."""
    for i, (name, p) in enumerate(model.named_parameters()):
        values = tensor(p.shape, WEIGHT_SEED + i)
        if p.dim() == 4:
            values *= (6.0 / (p.shape[0] * p.shape[2] * p.shape[3])) ** 0.5
        elif p.dim() == 2:
            values /= p.shape[1] ** 0.5
        else:
            values = 0.2 * values + (1.0 if name.endswith("weight") else 0.0)
        p.data.copy_(values)
    for i, (name, b) in enumerate((n, b) for n, b in model.named_buffers() if "running" in n):
        values = 0.3 * tensor(b.shape, MOMENT_SEED + i)
        b.data.copy_(values + 1.0 if name.endswith("var") else values)


def some(values):
    """Sum, norm, and up to nine numbers spread over the tensor."""
    flat = values.detach().reshape(-1)
    stride = max(1, flat.numel() // 9)
    return torch.cat([flat.sum()[None], flat.norm()[None], flat[::stride][:9]])


def calm(model):
    """Norms that leave nearly all activations positive, so that rounding switches no ReLU on or off."""
    for name, p in model.encoder.named_parameters():
        if p.dim() == 1:
            p.data.copy_(0.5 * p.data if name.endswith("weight") else p.data + 2.5)


def gradient(parameter):
    """Zero where nothing is learned."""
    return torch.zeros_like(parameter).double() if parameter.grad is None else parameter.grad.double().clone()


def train(model, shape):
    model.zero_grad()
    x = tensor(shape, INPUT_SEED).to(next(model.parameters()).dtype)
    features, output = model(x)
    (output * tensor(output.shape, LOSS_SEED).to(output.dtype)).sum().backward()
    return features.detach().double(), output.detach().double(), [gradient(p) for p in model.parameters()]


def deviation(model, shape, output, gradients):
    """How far PyTorch's own fp32 is from fp64: of the largest output, and of the norm of each gradient."""
    model.float()
    _, rounded, rounded_gradients = train(model, shape)
    model.double()
    least = 1e-3 * max(g.norm() for g in gradients)
    return numpy.array(
        [
            ((rounded - output).abs().max() / output.abs().max()).item(),
            max(((r - g).norm() / max(g.norm(), least)).item() for r, g in zip(rounded_gradients, gradients)),
        ]
    )


def network(name, encoder, head, shape, splits):
    model = Model(encoder, head)
    for module in model.modules():
        if isinstance(module, SplitNorm):
            module.splits = splits
    fill(model)
    arrays = {"shape": numpy.array(shape, dtype=numpy.int64)}
    x = tensor(shape, INPUT_SEED)

    model.eval()
    with torch.no_grad():
        arrays["eval.features"], arrays["eval.output"] = model(x)
        if hasattr(encoder, "map"):
            arrays["eval.map"] = some(encoder.map(x))

    model.train()
    arrays["train.features"], output, gradients = train(model, shape)
    arrays["train.output"] = output
    for (parameter, _), gradient in zip(model.named_parameters(), gradients):
        arrays[f"gradient.{parameter}"] = some(gradient)
    for module, m in model.named_modules():
        if isinstance(m, SplitNorm):
            arrays[f"moments.{module}.running_mean"], arrays[f"moments.{module}.running_var"] = map(some, m.seen)
    arrays["deviation"] = deviation(model, shape, output, gradients)

    fill(model)
    calm(model)
    _, output, gradients = train(model, shape)
    arrays["calm.output"] = output
    for (parameter, _), gradient in zip(model.named_parameters(), gradients):
        arrays[f"calm.gradient.{parameter}"] = some(gradient)
    arrays["calm.deviation"] = deviation(model, shape, output, gradients)
    print(name, arrays["deviation"], arrays["calm.deviation"])
    write_golden(HERE / f"{name}.golden", arrays)
    return model


def mlp(features, outputs):
    return torch.nn.Sequential(torch.nn.Linear(features, features), torch.nn.ReLU(), torch.nn.Linear(features, outputs))


def simclr(features, outputs):
    linear = torch.nn.Linear
    return torch.nn.Sequential(
        linear(features, features, bias=False), SplitNorm(features), torch.nn.ReLU(), linear(features, outputs, bias=False), SplitNorm(outputs)
    )


def networks():
    basic, bottleneck = torchvision.models.resnet.BasicBlock, torchvision.models.resnet.Bottleneck

    # The widths and names of the real torchvision network.
    ours = Net(basic, [2, 2, 2, 2], 64, 3, False)
    theirs = torchvision.models.resnet18()
    shapes = [(n, tuple(p.shape)) for n, p in theirs.named_parameters() if not n.startswith("fc.")]
    assert shapes == [(n, tuple(p.shape)) for n, p in ours.named_parameters()]

    network("resnet18-imagenet", ours, torch.nn.Sequential(torch.nn.Linear(512, 16)), (3, 3, 96, 96), 1)
    network("resnet18-cifar", Net(basic, [2, 2, 2, 2], 64, 3, True), mlp(512, 16), (4, 3, 32, 32), 1)
    network("resnet8-w16", Net(basic, [1, 1, 1], 16, 1, True), mlp(64, 32), (9, 1, 28, 28), 2)
    network("resnet34-w8", Net(basic, [3, 4, 6, 3], 8, 3, True), mlp(64, 8), (12, 3, 32, 32), 3)
    network("resnet50-w8", Net(bottleneck, [3, 4, 6, 3], 8, 1, False), mlp(256, 12), (8, 1, 96, 96), 1)
    network("resnet8-w8", Net(basic, [1, 1, 1], 8, 1, True), simclr(32, 12), (16, 1, 28, 28), 1)
    network("resnet8-w16-ln", Net(basic, [1, 1, 1], 16, 1, True, layer_norm), mlp(64, 8), (6, 1, 8, 8), 1)
    network("resnet50-w8-ln", Net(bottleneck, [3, 4, 6, 3], 8, 3, False, layer_norm), mlp(256, 8), (3, 3, 96, 96), 1)


def layers():
    arrays = {}
    for kernel, stride, inputs, outputs in ((3, 1, 5, 6), (3, 2, 16, 8), (1, 2, 4, 3), (7, 2, 1, 4), (3, 1, 1, 8)):
        x = tensor((3, inputs, 9, 9), 1).requires_grad_()
        w = tensor((outputs, inputs, kernel, kernel), 2).requires_grad_()
        y = F.conv2d(x, w, None, stride, kernel // 2)
        (y * tensor(y.shape, 3)).sum().backward()
        key = f"conv{kernel}x{kernel}s{stride}i{inputs}"
        arrays |= {f"{key}.output": some(y), f"{key}.input": some(x.grad), f"{key}.weight": some(w.grad)}

    x = tensor((5, 6), 1).requires_grad_()
    w, b = tensor((4, 6), 2).requires_grad_(), tensor((4,), 4).requires_grad_()
    y = F.linear(x, w, b)
    (y * tensor(y.shape, 3)).sum().backward()
    arrays |= {"linear.output": y, "linear.input": x.grad, "linear.weight": w.grad, "linear.bias": b.grad}

    # Batch norm with everything that is fused into it; odd numbers of channels and rows fill no whole vectors.
    for shape in ((6, 3, 5, 5), (8, 16, 7, 7), (7, 20, 3, 3), (9, 40), (4, 64, 4, 4)):
        for splits in (1, 3):
            for rectify in (False, True):
                for shortcut in (False, True):
                    norm = SplitNorm(shape[1])
                    norm.splits = splits
                    # A mean far from zero shows sums that lose digits.
                    x = (tensor(shape, 1) * 2 + 3).requires_grad_()
                    r = tensor(shape, 6).requires_grad_()
                    norm.weight.data = 1 + 0.5 * tensor((shape[1],), 2)
                    norm.bias.data = 0.3 * tensor((shape[1],), 4)
                    y = norm(x)
                    y = y + r if shortcut else y
                    y = F.relu(y) if rectify else y
                    (y * tensor(shape, 3)).sum().backward()
                    key = f"norm{'x'.join(map(str, shape))}s{splits}{'r' if rectify else ''}{'a' if shortcut else ''}"
                    arrays |= {f"{key}.output": some(y), f"{key}.input": some(x.grad)}
                    arrays |= {f"{key}.weight": some(norm.weight.grad), f"{key}.bias": some(norm.bias.grad)}
                    arrays |= {f"{key}.mean": some(norm.seen[0]), f"{key}.variance": some(norm.seen[1])}
                    if shortcut:
                        arrays[f"{key}.shortcut"] = some(r.grad)
    write_golden(HERE / "layers.golden", arrays)


if __name__ == "__main__":
    layers()
    networks()
