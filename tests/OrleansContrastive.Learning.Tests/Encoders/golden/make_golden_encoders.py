"""Makes the golden files of the wide residual networks and the transformers: /usr/bin/python3 make_golden_encoders.py, here.

Both are written in plain PyTorch for this test, after the papers; parameters have the names and the order of ours.
"""

import math

import torch
import torch.nn.functional as F
from torch import nn

from make_golden import HERE, SplitNorm, layer_norm, mlp, network, tensor, write_golden


class PreActivation(nn.Module):
    """Zagoruyko and Komodakis 2016, figure 1c without dropout."""

    def __init__(self, inputs, width, stride, norm):
        super().__init__()
        self.bn1 = norm(inputs)
        self.conv1 = nn.Conv2d(inputs, width, 3, stride, 1, bias=False)
        self.bn2 = norm(width)
        self.conv2 = nn.Conv2d(width, width, 3, 1, 1, bias=False)
        self.shortcut = nn.Conv2d(inputs, width, 1, stride, bias=False) if stride != 1 or inputs != width else None

    def forward(self, x):
        active = F.relu(self.bn1(x))
        y = self.conv2(F.relu(self.bn2(self.conv1(active))))
        return y + (x if self.shortcut is None else self.shortcut(active))


class WideNet(nn.Module):
    def __init__(self, depth, widening, channels, norm=SplitNorm):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, 16, 3, 1, 1, bias=False)
        inputs = 16
        for stage in range(3):
            width = 16 * 2**stage * widening
            blocks = []
            for i in range((depth - 4) // 6):
                blocks.append(PreActivation(inputs, width, 2 if stage and not i else 1, norm))
                inputs = width
            setattr(self, f"layer{stage + 1}", nn.Sequential(*blocks))
        self.bn1 = norm(inputs)

    def map(self, x):
        return F.relu(self.bn1(self.layer3(self.layer2(self.layer1(self.conv1(x))))))

    def forward(self, x):
        return self.map(x).mean((2, 3))


class Attention(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width)
        self.proj = nn.Linear(width, width)

    def forward(self, x):
        q, k, v = self.qkv(x).chunk(3, dim=-1)
        outputs = []
        size = x.shape[-1] // self.heads
        for h in range(self.heads):
            part = slice(h * size, (h + 1) * size)
            weights = torch.softmax(torch.einsum("bnd,bmd->bnm", q[..., part], k[..., part]) / math.sqrt(size), dim=-1)
            outputs.append(torch.einsum("bnm,bmd->bnd", weights, v[..., part]))
        return self.proj(torch.cat(outputs, dim=-1))


class Perceptron(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.fc1 = nn.Linear(width, 4 * width)
        self.fc2 = nn.Linear(4 * width, width)

    def forward(self, x):
        return self.fc2(F.gelu(self.fc1(x)))


class Block(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.norm1 = nn.LayerNorm(width, eps=1e-6)
        self.attn = Attention(width, heads)
        self.norm2 = nn.LayerNorm(width, eps=1e-6)
        self.mlp = Perceptron(width)

    def forward(self, x):
        x = x + self.attn(self.norm1(x))
        return x + self.mlp(self.norm2(x))


class PatchEmbed(nn.Module):
    def __init__(self, channels, patch, width):
        super().__init__()
        self.proj = nn.Conv2d(channels, width, patch, patch)


class Transformer(nn.Module):
    def __init__(self, width, heads, patch, size, channels, fixed=False, frozen=False):
        super().__init__()
        self.side = size // patch
        self.cls_token = nn.Parameter(torch.zeros(1, 1, width))
        self.pos_embed = nn.Parameter(torch.zeros(1, 1 + self.side**2, width), requires_grad=not fixed)
        self.patch_embed = PatchEmbed(channels, patch, width)
        self.blocks = nn.Sequential(*[Block(width, heads) for _ in range(12)])
        self.norm = nn.LayerNorm(width, eps=1e-6)
        if frozen:
            self.patch_embed.requires_grad_(False)

    def tokens(self, x):
        patches = self.patch_embed.proj(x)
        positions = self.pos_embed
        if patches.shape[2:] != (self.side, self.side):
            positions = resized(positions, self.side, patches.shape[2:])
        x = torch.cat([self.cls_token.expand(x.shape[0], -1, -1), patches.flatten(2).transpose(1, 2)], 1) + positions
        return self.norm(self.blocks(x)), patches.shape[2:]

    def map(self, x):
        tokens, size = self.tokens(x)
        return tokens[:, 1:].transpose(1, 2).unflatten(2, tuple(size))

    def forward(self, x):
        return self.tokens(x)[0][:, 0]


class SignalNet(nn.Module):
    """Convolutions along the rows of an image, one after the other, and torch's own GRU."""

    def __init__(self, width, channels):
        super().__init__()
        widths = [channels, width, width]
        strides = [4, 4, 2]
        self.convs = nn.ModuleList([nn.Conv2d(i, width, (1, 2 * s), (1, s), (0, s // 2), bias=False) for i, s in zip(widths, strides)])
        self.norms = nn.ModuleList([SplitNorm(width) for _ in strides])
        self.gru = nn.GRU(width, width, batch_first=True)

    def contexts(self, x):
        x = x.flatten(2).unsqueeze(2)
        for conv, norm in zip(self.convs, self.norms):
            x = F.relu(norm(conv(x)))
        return self.gru(x.squeeze(2).transpose(1, 2))[0]

    def map(self, x):
        return self.contexts(x).transpose(1, 2).unsqueeze(2)

    def forward(self, x):
        return self.contexts(x).mean(1)


def resized(positions, side, size):
    grid = positions[:, 1:].reshape(1, side, side, -1).permute(0, 3, 1, 2)
    grid = F.interpolate(grid, size=tuple(size), mode="bicubic", align_corners=False)
    return torch.cat([positions[:, :1], grid.flatten(2).transpose(1, 2)], 1)


def sine_cosine(side, width):
    """MoCo v3's fixed positions, with its meshgrid."""
    first, second = torch.meshgrid(torch.arange(side).double(), torch.arange(side).double(), indexing="ij")
    frequency = 1.0 / 10000.0 ** (torch.arange(width // 4) / (width // 4))
    first, second = first.flatten()[:, None] * frequency, second.flatten()[:, None] * frequency
    places = torch.cat([first.sin(), first.cos(), second.sin(), second.cos()], 1)
    return torch.cat([torch.zeros(1, width), places])


def position_embeddings():
    arrays = {"sincos": sine_cosine(3, 16)}
    positions = tensor((1, 1 + 7 * 7, 6), 3).requires_grad_()
    for height, width in ((3, 3), (10, 4)):
        places = resized(positions, 7, (height, width))
        (places * tensor(places.shape, 4)).sum().backward()
        arrays |= {f"{height}x{width}": places, f"{height}x{width}.gradient": positions.grad.clone()}
        positions.grad = None
    write_golden(HERE / "positions.golden", arrays)


position_embeddings()
network("wrn-10-1", WideNet(10, 1, 3), mlp(64, 8), (10, 3, 16, 16), 2)
network("wrn-28-2", WideNet(28, 2, 1), mlp(128, 8), (6, 1, 28, 28), 1)
network("wrn-10-1-ln", WideNet(10, 1, 3, layer_norm), mlp(64, 8), (3, 3, 16, 16), 1)
network("conv1d-gru-w16", SignalNet(16, 1), mlp(16, 8), (6, 1, 16, 16), 2)
network("vit-tiny-p7", Transformer(192, 3, 7, 28, 1), mlp(192, 8), (3, 1, 28, 28), 1)
network("vit-tiny-h6-sincos-frozen", Transformer(192, 6, 16, 96, 3, True, True), mlp(192, 8), (1, 3, 96, 96), 1)
