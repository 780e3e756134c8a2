"""A logo as a device takes it: a Windows bitmap, one bit a pixel, whole and not compressed. Pure.

0 "BM"   2 size   10 where the pixels begin   14 size of the second head, 40
18 width   22 height, negative from the top   28 bits a pixel   30 compression, 0 is none

Whether a device takes more kinds than this one is unverified on hardware.
"""

from drivers.model import Problem

PIXELS_MAX = (384, 240)
FIRST_HEAD, SECOND_HEAD, COLOURS = 14, 40, 8
HEADS = FIRST_HEAD + SECOND_HEAD
ROW_BITS = 32  # a row of pixels is filled up to so many


def bitmap_trouble(path: str, image: bytes) -> Problem | None:
    """Say why it is not sent; None: it is a picture that fits."""
    width, height = _signed(image, 18), _signed(image, 22)
    if len(image) < HEADS or image[:2] != b"BM" or _number(image, 28, 2) != 1:
        bad = "not a BMP with one bit per pixel"
    elif _number(image, 30, 4) != 0:
        bad = "a compressed BMP: save it without compression"
    elif height < 0:
        bad = "its rows go from the top down: save it the usual way, from the bottom up"
    elif width <= 0 or height == 0:
        bad = f"{width} x {height} pixels: there is nothing to print"
    elif width > PIXELS_MAX[0] or height > PIXELS_MAX[1]:
        sentence = f"{width} x {height} pixels, {PIXELS_MAX[0]} x {PIXELS_MAX[1]} at most"
        return Problem(path, "IMAGE_TOO_LARGE", sentence)
    else:
        bad = _size_trouble(image, -(-width // ROW_BITS) * (ROW_BITS // 8) * height)
    return Problem(path, "IMAGE_BAD", bad) if bad else None


def _size_trouble(image: bytes, pixel_bytes: int) -> str:
    """Say where its sizes contradict each other, or the bytes that are there; "" if nowhere."""
    size, begin, second = (_number(image, at, 4) for at in (2, 10, 14))
    if second != SECOND_HEAD:
        return f"its second head has {second} bytes, not 40: save it as BMP version 3"
    if begin < HEADS + COLOURS:
        return f"its pixels cannot begin at byte {begin}"
    if (end := begin + pixel_bytes) > len(image):
        return f"it is cut: {len(image)} bytes of {end}"
    if size != len(image):
        return f"it says that it has {size} bytes, and has {len(image)}"
    return ""


def _number(image: bytes, at: int, size: int) -> int:
    return int.from_bytes(image[at : at + size], "little")


def _signed(image: bytes, at: int) -> int:
    return int.from_bytes(image[at : at + 4], "little", signed=True)
