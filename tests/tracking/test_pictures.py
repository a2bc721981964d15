"""Few bits say what a video shows: a copy changes few of them, another picture half."""

import numpy as np
import pytest

from amber_id.tracking.pictures import hash_of_pictures, picture_bits


def picture(seed: int, height: int = 96, width: int = 128) -> np.ndarray:
    """Something smooth, as pictures are."""
    coarse = np.random.default_rng(seed).uniform(40, 200, size=(height // 8, width // 8, 3))
    return np.kron(coarse, np.ones((8, 8, 1))).astype(np.uint8)


def differ(one: np.ndarray, other: np.ndarray) -> float:
    return float((picture_bits(one) != picture_bits(other)).mean())


def test_each_bit_says_which_of_two_neighbours_is_brighter() -> None:
    brighter_to_the_right = np.tile(np.arange(34, dtype=np.uint8), (34, 1))
    bits = picture_bits(np.repeat(brighter_to_the_right[:, :, None], 3, axis=2))
    assert bits.shape == (512,)
    assert bits[:256].all()
    assert not bits[256:].any()


@pytest.mark.parametrize("size", [(17, 17), (97, 131), (300, 640), (1080, 1920)])
def test_fields_are_means_of_their_pixels(size: tuple[int, int]) -> None:
    height, width = size
    step = max(1, min(size) // 256)
    rgb = np.random.default_rng(0).integers(0, 255, size=(height, width, 3), dtype=np.uint8)
    grey = rgb[::step, ::step, 1].astype(float)
    H, W = grey.shape
    rows, columns = [i * H // 16 for i in range(17)], [j * W // 17 for j in range(18)]
    fields = [
        [grey[rows[i] : rows[i + 1], columns[j] : columns[j + 1]].mean() for j in range(17)]
        for i in range(16)
    ]
    expected = np.diff(np.array(fields), axis=1) > 1e-4
    assert (picture_bits(rgb)[:256] == expected.ravel()).mean() > 0.99


def test_brightness_and_size_change_little_another_picture_much() -> None:
    one = picture(1)
    assert differ(one, (one * 0.7 + 50).astype(np.uint8)) < 0.02
    assert differ(one, np.kron(one, np.ones((2, 2, 1), np.uint8))) < 0.02
    assert differ(one, picture(2)) > 0.3


def test_five_moments_whatever_the_length() -> None:
    frames = [picture_bits(picture(i)) for i in range(10)]
    assert len(hash_of_pictures(frames)) == 5 * 512 // 4
    assert hash_of_pictures(frames) == hash_of_pictures(frames[1::2])
    assert hash_of_pictures(frames[:1]) == hash_of_pictures(frames[:1] * 7)
    tiny = picture_bits(np.zeros((16, 40, 3), np.uint8))
    assert hash_of_pictures([tiny]) == ""
