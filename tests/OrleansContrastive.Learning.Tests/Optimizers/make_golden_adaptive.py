"""Makes golden/adaptive.golden: /usr/bin/python3 make_golden_adaptive.py, in this folder.

AdamW is PyTorch's own. LARS and LARC are written here in plain PyTorch, after the rules of the codes that made them known:
SimCLR, MoCo v3, lightly, solo-learn, apex.
"""

import pathlib
import sys

import torch

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "Golden"))
from golden_file import pattern, write_golden  # noqa: E402

STEPS = 20
# A matrix, a bias, a kernel, a norm's scale that starts from zero, a matrix whose gradient is zero.
SHAPES = [(13, 7), (13,), (5, 3, 3, 3), (5,), (4, 6)]


def parameters(dtype):
    tensors = [torch.from_numpy(pattern(shape, 100 + i)).to(dtype) for i, shape in enumerate(SHAPES)]
    tensors[3].zero_()
    return [torch.nn.Parameter(tensor) for tensor in tensors]


def set_gradients(weights, step):
    for i, weight in enumerate(weights):
        gradient = torch.from_numpy(pattern(SHAPES[i], 1000 + 10 * step + i)).to(weight.dtype)
        weight.grad = torch.zeros_like(gradient) if i == 4 else gradient


def rate_at(step, base):
    """A warm-up of five steps, then falling: the forms differ only when the rate moves."""
    return base * ((step + 1) / 5 if step < 5 else 1 - (step - 5) / 20)


def finish(weight, update, state, rate, momentum, nesterov):
    """Momentum with the rate outside of it."""
    velocity = state.setdefault(weight, torch.zeros_like(weight))
    velocity.mul_(momentum).add_(update)
    weight.data.add_(update + momentum * velocity if nesterov else velocity, alpha=-rate)


def simclr(weight, state, rate, decay, momentum, eta, **_):
    update, ratio = weight.grad, 1.0
    if weight.ndim > 1:
        update = update + decay * weight.data
        if weight.data.norm() > 0 and update.norm() > 0:
            ratio = eta * weight.data.norm() / update.norm()
    velocity = state.setdefault(weight, torch.zeros_like(weight))
    velocity.mul_(momentum).add_(update * (ratio * rate))
    weight.data.sub_(velocity)


def moco_v3(weight, state, rate, decay, momentum, eta, nesterov=False, **_):
    update = weight.grad
    if weight.ndim > 1:
        update = update + decay * weight.data
        if weight.data.norm() > 0 and update.norm() > 0:
            update = update * (eta * weight.data.norm() / update.norm())
    finish(weight, update, state, rate, momentum, nesterov)


def lightly(weight, state, rate, decay, momentum, eta, nesterov=False, excludes=True, **_):
    decay = 0 if excludes and weight.ndim == 1 else decay
    update, size, slope = weight.grad, weight.data.norm(), weight.grad.norm()
    if decay != 0 and size != 0 and slope != 0:
        update = (update + decay * weight.data) * (eta * size / (slope + decay * size + 1e-8))
    finish(weight, update, state, rate, momentum, nesterov)


def solo(weight, state, rate, decay, momentum, eta, clip=False, excludes=True, nesterov=False, **_):
    update, size, slope = weight.grad, weight.data.norm(), weight.grad.norm()
    if (not excludes or weight.ndim > 1) and size != 0 and slope != 0:
        ratio = eta * size / (slope + decay * size + 1e-8)
        if clip:
            ratio = min(ratio / rate, 1)
        update = (update + decay * weight.data) * ratio
    finish(weight, update, state, rate, momentum, nesterov)


def larc(weight, state, rate, decay, momentum, eta, clip=False, excludes=False, nesterov=False, **_):
    decay = 0 if excludes and weight.ndim == 1 else decay
    solo(weight, state, rate, decay, momentum, eta, clip, False, nesterov)


# name, step, options: decay 0.01 unless said
CASES = {
    "lars": (moco_v3, {}),
    "lars-nesterov": (moco_v3, {"nesterov": True}),
    "lars-google": (simclr, {}),
    "lars-lightly": (lightly, {}),
    "lars-lightly-all": (lightly, {"excludes": False}),
    "lars-lightly-no-decay": (lightly, {"decay": 0.0}),
    "lars-solo": (solo, {}),
    "lars-solo-all": (solo, {"excludes": False}),
    "lars-solo-no-decay": (solo, {"decay": 0.0}),
    "lars-solo-clip": (solo, {"clip": True, "eta": 0.3}),
    "larc": (larc, {}),
    "larc-excluded": (larc, {"excludes": True}),
    "larc-clip": (larc, {"clip": True, "eta": 0.3}),
}

arrays = {}


def record(name, weights):
    arrays[name] = torch.cat([weight.detach().flatten() for weight in weights])


for dtype, suffix in [(torch.float32, "32"), (torch.float64, "64")]:
    for name, (rule, options) in CASES.items():
        weights, state = parameters(dtype), {}
        settings = {"decay": 0.01, "momentum": 0.9, "eta": 0.02} | options
        for step in range(STEPS):
            set_gradients(weights, step)
            with torch.no_grad():
                for weight in weights:
                    rule(weight, state, rate_at(step, 0.4), **settings)
        record(f"{name}.{suffix}", weights)

    # As in recipes that spare biases and norms; then everything, with other constants.
    for name, excludes, options in [
        ("adamw", True, {"betas": (0.9, 0.999), "eps": 1e-8, "weight_decay": 0.05}),
        ("adamw-all", False, {"betas": (0.8, 0.95), "eps": 1e-6, "weight_decay": 0.3}),
    ]:
        weights = parameters(dtype)
        groups = [
            {"params": [weight for weight in weights if weight.ndim > 1]},
            {"params": [weight for weight in weights if weight.ndim == 1], **({"weight_decay": 0} if excludes else {})},
        ]
        optimizer = torch.optim.AdamW(groups, lr=1, **options)
        for step in range(STEPS):
            set_gradients(weights, step)
            for group in optimizer.param_groups:
                group["lr"] = rate_at(step, 0.01)
            optimizer.step()
        record(f"{name}.{suffix}", weights)
        for key, state in [("mean", "exp_avg"), ("square", "exp_avg_sq")]:
            arrays[f"{name}.{suffix}.{key}"] = torch.cat([optimizer.state[weight][state].flatten() for weight in weights])

write_golden(pathlib.Path(__file__).with_name("golden") / "adaptive.golden", arrays)
