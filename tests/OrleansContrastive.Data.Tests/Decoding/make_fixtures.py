#!/usr/bin/python3
"""Writes the image files and the pixels that Pillow decodes from them (NAME.rgb, NAME.grey: raw bytes, rows from the top).

Run with Debian's python3-pil and python3-numpy: /usr/bin/python3 make_fixtures.py
"""

import io
import json
import struct
import zlib
from pathlib import Path

import numpy
from PIL import Image

OUT = Path(__file__).parent / "fixtures"
WIDTH, HEIGHT = 37, 23  # odd on purpose: chroma blocks and row padding have edges


def picture(width: int, height: int) -> numpy.ndarray:
    """A smooth colour picture with an edge and some texture, from integers only."""
    y, x = numpy.mgrid[0:height, 0:width]
    red = x * 255 // max(width - 1, 1)
    green = y * 255 // max(height - 1, 1)
    blue = 128 + 90 * ((x // 5 + y // 4) % 2) - 60 * (x > y)
    texture = (x * 7919 + y * 104729) % 23
    return numpy.stack([red, green, blue + texture], axis=2).clip(0, 255).astype(numpy.uint8)


def save(name: str, image: Image.Image, **options) -> None:
    image.save(OUT / name, **options)


def bitmap(bits: int, rows: bytes, palette: bytes = b"", compression: int = 0, masks: bytes = b"",
           height: int = HEIGHT, core: bool = False, colours: int = 0) -> bytes:
    """A bitmap file by hand: Pillow writes only some of the variants."""
    if core:
        header = struct.pack("<IHHHH", 12, WIDTH, height, 1, bits)
    else:
        header = struct.pack("<IiiHHIIiiII", 40, WIDTH, height, 1, bits, compression, len(rows), 2835, 2835, colours, 0)
    offset = 14 + len(header) + len(masks) + len(palette)
    return struct.pack("<2sIHHI", b"BM", offset + len(rows), 0, 0, offset) + header + masks + palette + rows


def packed_rows(rows: list, bits: int) -> bytes:
    """Rows of palette indices, most significant first, each padded to 4 bytes."""
    out = b""
    for row in rows:
        text = "".join(format(int(value), f"0{bits}b") for value in row)
        text += "0" * (-len(text) % 32)
        out += int(text, 2).to_bytes(len(text) // 8, "big")
    return out


def bitmaps(pixels: numpy.ndarray) -> None:
    upside = pixels[::-1].astype(numpy.uint32)
    value555 = (upside[..., 0] >> 3) << 10 | (upside[..., 1] >> 3) << 5 | upside[..., 2] >> 3
    value565 = (upside[..., 0] >> 3) << 11 | (upside[..., 1] >> 2) << 5 | upside[..., 2] >> 3
    padding = b"\0" * (-2 * WIDTH % 4)
    rows555 = b"".join(row.astype("<u2").tobytes() + padding for row in value555)
    rows565 = b"".join(row.astype("<u2").tobytes() + padding for row in value565)
    (OUT / "rgb555.bmp").write_bytes(bitmap(16, rows555))
    (OUT / "rgb565.bmp").write_bytes(bitmap(16, rows565, compression=3, masks=struct.pack("<III", 0xF800, 0x07E0, 0x1F)))
    value32 = upside[..., 0] << 16 | upside[..., 1] << 8 | upside[..., 2] | 0x55000000
    rows32 = b"".join(row.astype("<u4").tobytes() for row in value32)
    (OUT / "rgb32.bmp").write_bytes(bitmap(32, rows32))
    downwards = pixels.astype(numpy.uint32)
    value_shifted = downwards[..., 0] << 24 | downwards[..., 1] << 16 | downwards[..., 2] << 8 | 0x7F
    rows_shifted = b"".join(row.astype("<u4").tobytes() for row in value_shifted)
    (OUT / "masks32-topdown.bmp").write_bytes(
        bitmap(32, rows_shifted, compression=3, masks=struct.pack("<III", 0xFF000000, 0xFF0000, 0xFF00), height=-HEIGHT))
    y, x = numpy.mgrid[0:HEIGHT, 0:WIDTH]
    palette4 = b"".join(struct.pack("<BBBB", 17 * i, 255 - 16 * i, (40 * i) % 256, 0) for i in range(11))
    (OUT / "palette4.bmp").write_bytes(bitmap(4, packed_rows(((x + 2 * y) % 11)[::-1], 4), palette4, colours=11))
    palette1 = struct.pack("<BBBB", 10, 20, 30, 0) + struct.pack("<BBBB", 240, 130, 20, 0)
    (OUT / "palette1.bmp").write_bytes(bitmap(1, packed_rows(((x * y // 3) % 2)[::-1], 1), palette1))
    core_palette = b"".join(struct.pack("<BBB", i, 255 - i, i // 2) for i in range(256))
    (OUT / "core8.bmp").write_bytes(bitmap(8, packed_rows(((x * 6 + y) % 256)[::-1], 8), core_palette, core=True))


def png16(grey: bool) -> bytes:
    """A 16-bit PNG by hand. Pillow clips 16-bit grey, so its expected pixels are written here, too."""
    y, x = numpy.mgrid[0:HEIGHT, 0:WIDTH]
    samples = [(x * 1700 + y * 13) % 65536] if grey else [(x * 1700) % 65536, (y * 2800) % 65536, (x * y * 77) % 65536]
    image = numpy.stack(samples, axis=2).astype(">u2")
    raw = b"".join(b"\0" + row.tobytes() for row in image)

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 16, 0 if grey else 2, 0, 0, 0)
    name = "grey16.png" if grey else "rgb16.png"
    high = (image >> 8).astype(numpy.uint8)
    expected[name] = Image.fromarray(numpy.repeat(high, 3, axis=2) if grey else high)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(raw)) + chunk(b"IEND", b"")


expected: dict = {}


def main() -> None:
    OUT.mkdir(exist_ok=True)
    for old in OUT.iterdir():
        old.unlink()
    pixels = picture(WIDTH, HEIGHT)
    colour = Image.fromarray(pixels)
    grey = colour.convert("L")
    translucent = Image.fromarray(numpy.dstack([pixels, (pixels[..., :1] // 2 + 100)]))

    save("420.jpg", colour, quality=88)
    save("444-progressive.jpg", colour, quality=95, subsampling=0, progressive=True)
    save("grey.jpg", grey, quality=90)
    save("cmyk.jpg", colour.convert("CMYK"), quality=92)
    save("rgb.png", colour)
    save("rgba.png", translucent)
    save("grey.png", grey)
    save("grey-alpha.png", translucent.convert("LA"))
    save("palette.png", colour.quantize(23))
    save("bilevel.png", grey.convert("1"))
    (OUT / "rgb16.png").write_bytes(png16(grey=False))
    (OUT / "grey16.png").write_bytes(png16(grey=True))
    save("lossless.webp", colour, lossless=True, exact=True)
    save("lossless-alpha.webp", translucent, lossless=True, exact=True)
    save("lossy.webp", colour, quality=80)
    save("rgb24.bmp", colour)
    save("palette8.bmp", colour.quantize(200))
    save("grey8.bmp", grey)
    bitmaps(pixels)

    frames = [colour, colour.transpose(Image.Transpose.FLIP_LEFT_RIGHT)]
    frames[0].save(OUT / "animation.webp.unsupported", format="WEBP", save_all=True, append_images=frames[1:])

    sizes = {}
    for path in sorted(OUT.iterdir()):
        if path.suffix == ".unsupported":
            continue
        image = expected.get(path.name) or Image.open(path).convert("RGB")
        assert image.size == (WIDTH, HEIGHT), path
        sizes[path.name] = list(image.size)
        path.with_name(path.name + ".rgb").write_bytes(image.tobytes())
        path.with_name(path.name + ".grey").write_bytes(image.convert("L").tobytes())

    # For decoding in a smaller scale: the reference is Pillow's draft mode, which is the codec's own.
    large = Image.fromarray(picture(331, 250))
    save("large.jpg", large, quality=90)
    for size in (125, 62, 31):
        small = Image.open(OUT / "large.jpg")
        small.draft("RGB", (size, size))
        sizes[f"large.jpg.{size}"] = list(small.size)
        (OUT / f"large.jpg.{size}.rgb").write_bytes(small.convert("RGB").tobytes())
    (OUT / "sizes.json").write_text(json.dumps(sizes, indent=1) + "\n")


main()
