"""The peers' networks: torchvision's ResNet with a choice of depth, width and stem, and MoCo's heads."""
import torch
from torch import nn
from torchvision.models.resnet import BasicBlock

BLOCKS = {"resnet8": (1, 1, 1), "resnet18": (2, 2, 2, 2), "resnet34": (3, 4, 6, 3)}


class SplitBatchNorm(nn.BatchNorm2d):
    """Batch norm whose moments are taken over each of `splits` parts of the batch, as several devices would."""

    def __init__(self, width, splits):
        super().__init__(width)
        self.splits = splits

    def forward(self, x):
        if not self.training or self.splits == 1:
            return super().forward(x)
        return torch.cat([super(SplitBatchNorm, self).forward(part) for part in x.chunk(self.splits)])


class Encoder(nn.Module):
    """A ResNet without its classifier; parameter names are torchvision's."""

    def __init__(self, name="resnet8", width=16, channels=1, stem="cifar", splits=1):
        super().__init__()
        norm = (lambda w: SplitBatchNorm(w, splits)) if splits > 1 else nn.BatchNorm2d
        if stem == "cifar":
            self.conv1 = nn.Conv2d(channels, width, 3, padding=1, bias=False)
            self.maxpool = nn.Identity()
        else:
            self.conv1 = nn.Conv2d(channels, width, 7, stride=2, padding=3, bias=False)
            self.maxpool = nn.MaxPool2d(3, stride=2, padding=1)
        self.bn1 = norm(width)
        self.relu = nn.ReLU(inplace=True)
        self.stages = len(BLOCKS[name])
        inputs = width
        for stage, count in enumerate(BLOCKS[name]):
            outputs, blocks = width << stage, []
            for block in range(count):
                stride = 2 if stage > 0 and block == 0 else 1
                down = None
                if stride != 1 or inputs != outputs:
                    down = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride=stride, bias=False), norm(outputs))
                blocks.append(Block(inputs, outputs, stride, down, norm_layer=norm))
                inputs = outputs
            setattr(self, f"layer{stage + 1}", nn.Sequential(*blocks))
        self.features = inputs
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def map(self, x):
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        for stage in range(self.stages):
            x = getattr(self, f"layer{stage + 1}")(x)
        return x

    def forward(self, x):
        return self.map(x).mean((2, 3))


class Block(BasicBlock):
    """torchvision's basic block at any width."""

    def __init__(self, inputs, outputs, stride, downsample, norm_layer):
        super().__init__(inputs, outputs, stride, downsample, norm_layer=norm_layer)


def head(dims):
    """Linear layers through `dims` with a ReLU between: [64, 64, 128] is MoCo v2's head, [64, 128] MoCo v1's."""
    layers = []
    for index in range(len(dims) - 1):
        if index > 0:
            layers.append(nn.ReLU(inplace=True))
        layers.append(nn.Linear(dims[index], dims[index + 1]))
    return nn.Sequential(*layers)
