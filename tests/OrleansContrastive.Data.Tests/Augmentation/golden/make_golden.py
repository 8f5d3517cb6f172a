"""Makes the golden files beside it with torchvision's float-tensor operations (written with torchvision 0.14).

    python3 make_golden.py

images.bin   the 8-bit source images, HWC, one after the other
views.bin    the expected views, little-endian float32 CHW, one after the other
cases.json   the images' shapes, and for each view its parameters and its place in views.bin
crops.json   histograms of RandomResizedCrop.get_params, for the tests of the drawn parameters
"""

import json
import pathlib

import numpy as np
import torch
from torchvision.transforms import RandomResizedCrop
from torchvision.transforms import functional as F

HERE = pathlib.Path(__file__).parent
OPERATIONS = ["Brightness", "Contrast", "Saturation", "Hue"]
MEAN, STD = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
GRAY_MEAN, GRAY_STD = [0.2860], [0.3530]


def picture(width, height, channels, seed):
    """Smooth waves with edges, grey and black patches, saturated corners and a little noise."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width]
    planes = []
    for channel in range(channels):
        fx, fy, phase = rng.uniform(0.05, 0.6, 2).tolist() + [rng.uniform(0, 6)]
        wave = 0.5 + 0.5 * np.sin(fx * x + fy * y + phase)
        wave = wave + 0.3 * ((x // 5 + y // 7 + channel) % 2) + rng.normal(0, 0.08, x.shape)
        planes.append(wave * 255)
    image = np.clip(np.stack(planes, -1), 0, 255).astype(np.uint8)
    image[: height // 6, : width // 6] = 255
    image[-(height // 6) :, -(width // 6) :] = 0
    image[height // 3 : height // 2, width // 3 : width // 2] = image[height // 3, width // 3, :1]
    image[0, -1] = [255, 0, 0][:channels]
    image[-1, 0] = [0, 255, 0][:channels]
    return image


def render(image, case):
    """The reference order: crop, flip, jitter, grayscale, blur, solarize, normalize."""
    view = torch.from_numpy(image).permute(2, 0, 1).float() / 255
    size = case["size"]
    if "plain" in case:
        if view.shape[1:] != (size, size):
            view = F.center_crop(F.resize(view, case["plain"], antialias=True), size)
    else:
        x, y, width, height = case["crop"]
        view = F.resized_crop(view, y, x, height, width, [size, size], antialias=True)
    if case.get("flip"):
        view = F.hflip(view)
    if case.get("gray") == "first":
        view = F.rgb_to_grayscale(view, view.shape[0])
    for operation in case.get("order", OPERATIONS):
        if operation not in case.get("jitter", {}):
            continue
        factor = case["jitter"][operation]
        view = getattr(F, "adjust_" + operation.lower())(view, factor)
    if case.get("gray") == "last":
        view = F.rgb_to_grayscale(view, view.shape[0])
    if case.get("sigma"):
        view = F.gaussian_blur(view, [case["kernel"]] * 2, [case["sigma"]] * 2)
    if case.get("solarize"):
        view = F.solarize(view, case["solarize"])
    if case.get("normalize"):
        view = F.normalize(view, MEAN, STD) if view.shape[0] == 3 else F.normalize(view, GRAY_MEAN, GRAY_STD)
    return view


def make_cases():
    shapes = [(50, 38, 3), (20, 20, 3), (28, 28, 1), (97, 61, 1), (3, 2, 3), (1, 1, 3), (40, 40, 3)]
    images = [picture(*shape, seed) for seed, shape in enumerate(shapes)]
    colour, small, fashion, gray, tiny, pixel, square = range(len(shapes))
    cases = []

    def add(name, image, size, **rest):
        cases.append({"name": name, "image": image, "size": size, **rest})

    whole = {i: [0, 0, *shape[:2]] for i, shape in enumerate(shapes)}
    # Resize: shrinking, stretching, both at once, a fraction, one pixel, mirrored; widths that no vector divides.
    add("shrink", colour, 16, crop=whole[colour])
    add("shrink much", colour, 5, crop=whole[colour])
    add("shrink to one", colour, 1, crop=whole[colour])
    add("stretch", colour, 24, crop=[11, 7, 13, 17])
    add("shrink rows, stretch columns", colour, 21, crop=[30, 2, 9, 33])
    add("shrink columns, stretch rows", colour, 21, crop=[2, 20, 45, 9])
    add("mirrored shrink", colour, 19, crop=[3, 4, 40, 30], flip=True)
    add("mirrored stretch", small, 20, crop=[5, 6, 12, 14], flip=True)
    add("same size", small, 20, crop=whole[small])
    add("tiny", tiny, 16, crop=whole[tiny])
    add("one pixel", pixel, 8, crop=whole[pixel])
    add("one column", colour, 12, crop=[20, 0, 1, 38])
    add("gray shrink", gray, 28, crop=whole[gray])
    add("gray stretch", fashion, 28, crop=[3, 5, 19, 21], flip=True)
    add("gray odd", gray, 27, crop=[10, 4, 50, 31])

    # Every operation by itself, at ordinary and at extreme factors.
    for operation, factors in {
        "Brightness": [0, 0.6, 1.4, 1.8],
        "Contrast": [0, 0.6, 1.4, 1.8],
        "Saturation": [0, 0.6, 1.4, 1.8],
        "Hue": [-0.5, -0.4, -0.1, 0.03, 0.25, 0.5],
    }.items():
        for factor in factors:
            add(f"{operation} {factor}", small, 20, crop=whole[small], jitter={operation: factor})
        add(f"gray {operation}", fashion, 28, crop=whole[fashion], jitter={operation: factors[1]})
    add("grayscale", small, 20, crop=whole[small], gray="last")
    add("grayscale of gray", fashion, 28, crop=whole[fashion], gray="last")
    for kernel, sigma in [(3, 0.1), (3, 1.0), (3, 2.0), (5, 0.7), (23, 0.1), (23, 0.5), (23, 1.3), (23, 2.0), (31, 5.0)]:
        add(f"blur {kernel} {sigma}", small, 20, crop=whole[small], kernel=kernel, sigma=sigma)
    add("blur wide", square, 40, crop=whole[square], kernel=23, sigma=2.0)
    add("gray blur", fashion, 28, crop=whole[fashion], kernel=3, sigma=1.5)
    for threshold in [0.25, 0.5, 128 / 255]:
        add(f"solarize {threshold:.3f}", small, 20, crop=whole[small], solarize=threshold)
    add("normalize", small, 20, crop=whole[small], normalize=True)
    add("gray normalize", fashion, 28, crop=whole[fashion], normalize=True)

    # Everything together, in all kinds of order.
    generator = np.random.default_rng(7)
    for turn in range(12):
        image = colour if turn % 3 else gray
        width, height = shapes[image][:2]
        w, h = int(generator.integers(8, width + 1)), int(generator.integers(8, height + 1))
        case = {
            "crop": [int(generator.integers(0, width - w + 1)), int(generator.integers(0, height - h + 1)), w, h],
            "flip": bool(turn % 2),
            "order": [OPERATIONS[i] for i in generator.permutation(4)],
            "jitter": {
                "Brightness": round(float(generator.uniform(0.4, 1.6)), 3),
                "Contrast": round(float(generator.uniform(0.4, 1.6)), 3),
                "Saturation": round(float(generator.uniform(0.4, 1.6)), 3),
                "Hue": round(float(generator.uniform(-0.4, 0.4)), 3),
            },
            "normalize": True,
        }
        if turn % 4 == 1:
            case["gray"] = "first"
        if turn % 4 == 2:
            case["gray"] = "last"
        if turn % 5 < 3:
            case["kernel"], case["sigma"] = 5, round(float(generator.uniform(0.1, 2)), 3)
        if turn % 6 == 5:
            case["solarize"] = 0.5
        add(f"all {turn}", image, [20, 27, 32][turn % 3], **case)

    # Large enough to be worked on in more than one chunk.
    add("chunks", square, 72, crop=[1, 2, 37, 35], order=["Hue", "Contrast", "Brightness", "Saturation"],
        jitter={"Brightness": 1.2, "Contrast": 1.4, "Saturation": 0.7, "Hue": 0.1}, gray="last", kernel=7, sigma=1.7)

    # The plain view.
    add("plain same", small, 20, plain=32)
    add("plain shorter is height", colour, 24, plain=28)
    add("plain without margin", colour, 21, plain=21)
    add("plain portrait", gray, 20, plain=25, normalize=True)
    add("plain square", square, 32, plain=37)
    return shapes, images, cases


def main():
    shapes, images, cases = make_cases()
    views, place = [], 0
    for case in cases:
        view = render(images[case["image"]], case).contiguous().numpy().astype("<f4")
        case["first"] = place
        place += view.size
        views.append(view.ravel())
    (HERE / "images.bin").write_bytes(b"".join(image.tobytes() for image in images))
    (HERE / "views.bin").write_bytes(np.concatenate(views).tobytes())
    lines = ",\n".join("    " + json.dumps(case) for case in cases)
    (HERE / "cases.json").write_text(f'{{\n  "images": {json.dumps(shapes)},\n  "cases": [\n{lines}\n  ]\n}}\n')
    (HERE / "crops.json").write_text(json.dumps(make_crops(), separators=(",", ":")) + "\n")


def make_crops(draws=400_000):
    """For each setting, how often each left, top, width and height of a crop came up."""
    torch.manual_seed(1)
    settings = [
        {"width": 500, "height": 375, "scale": [0.2, 1.0], "ratio": [3 / 4, 4 / 3]},
        {"width": 32, "height": 32, "scale": [0.08, 1.0], "ratio": [3 / 4, 4 / 3]},
        {"width": 90, "height": 30, "scale": [0.5, 1.0], "ratio": [3 / 4, 4 / 3]},
    ]
    for setting in settings:
        image = torch.empty(1, setting["height"], setting["width"])
        boxes = np.array([RandomResizedCrop.get_params(image, setting["scale"], setting["ratio"]) for _ in range(draws)])
        for column, name in enumerate(["tops", "lefts", "heights", "widths"]):
            setting[name] = np.bincount(boxes[:, column]).tolist()
    return settings


if __name__ == "__main__":
    torch.set_num_threads(1)
    main()
