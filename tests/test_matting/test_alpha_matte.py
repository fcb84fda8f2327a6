"""Mattes of drawn objects with exact alpha.

The solver is compiled when it is first imported, which takes a minute: the
tests that use it are slow.
"""

import builtins
from importlib import import_module

import cv2
import numpy as np
import pytest

from segrefiner_mm.errors import InputError
from segrefiner_mm.evaluation.functional import alpha_errors
from segrefiner_mm.matting import alpha_matte, cut_out, default_band
from segrefiner_mm.matting.trimap import trimap_of

COLOURS = (40, 90, 200), (190, 140, 60)


def soft_disc(size=96, radius=26, softness=3.0):
    """A disc with a soft edge on a plain ground: picture and exact alpha."""
    rows, columns = np.mgrid[:size, :size] - size / 2
    away = radius - np.hypot(rows, columns)
    alpha = (away / softness / 2 + 0.5).clip(0, 1).astype(np.float32)
    front, behind = (np.array(colour, np.float32) for colour in COLOURS)
    image = alpha[..., None] * front + (1 - alpha[..., None]) * behind
    return np.rint(image).astype(np.uint8), alpha


def test_the_band_is_open_and_all_else_is_the_mask():
    mask = np.zeros((60, 60), bool)
    mask[20:40, 20:40] = True
    trimap = trimap_of(mask, 4)
    assert (trimap[mask] > 0).all()
    assert (trimap[~mask] < 1).all()
    assert trimap[30, 30] == 1
    assert trimap[30, 10] == 0
    # Four pixels on either side of the edge between columns 19 and 20.
    assert trimap[30, 14:27].tolist() == [0] * 2 + [0.5] * 8 + [1] * 3


def test_thin_parts_stay_foreground_along_their_middle():
    mask = np.zeros((60, 60), bool)
    mask[:, 28:31] = True
    trimap = trimap_of(mask, 6)
    assert (trimap[:, 29] == 1).all()
    assert (trimap[:, [28, 30]] == 0.5).all()


def test_a_mask_at_the_border_has_no_band_there():
    mask = np.zeros((60, 60), bool)
    mask[30:] = True
    assert (trimap_of(mask, 4)[40:] == 1).all()


@pytest.mark.slow
def test_a_soft_edge_is_found():
    pytest.importorskip('pymatting')
    image, true = soft_disc()
    mask = true >= 0.5
    alpha = alpha_matte(image, mask, 8)
    assert alpha.dtype == np.float32
    band = trimap_of(mask, 8) == 0.5
    np.testing.assert_array_equal(alpha[~band], mask[~band])
    feathered = cv2.GaussianBlur(mask.astype(np.float32), (0, 0), 3)
    found = alpha_errors(true, alpha, band)
    for name, error in alpha_errors(true, feathered, band).items():
        assert found[name] < error / 2, name


@pytest.mark.slow
def test_parts_join_without_a_seam(monkeypatch):
    pytest.importorskip('pymatting')
    image, true = soft_disc(160, 60)
    mask = true >= 0.5
    whole = alpha_matte(image, mask, 6)
    # The package has a function of the same name.
    module = import_module('segrefiner_mm.matting.alpha_matte')
    monkeypatch.setattr(module, 'SIDE', 50)
    parts = alpha_matte(image, mask, 6)
    assert np.abs(whole - parts).max() < 0.05


def test_empty_and_full_masks_need_no_solver():
    image = np.zeros((8, 8, 3), np.uint8)
    for value in (False, True):
        mask = np.full((8, 8), value)
        assert (alpha_matte(image, mask) == float(value)).all()


def test_the_band_grows_with_the_object():
    mask = np.zeros((2000, 2000), bool)
    mask[:30, :30] = True
    assert default_band(mask) == 4
    mask[:500, :500] = True
    assert default_band(mask) == 15
    assert default_band(np.ones_like(mask)) == 40


@pytest.mark.slow
def test_a_cut_out_has_the_colours_of_the_object():
    pytest.importorskip('pymatting')
    image, alpha = soft_disc()
    cut = cut_out(image, alpha)
    assert cut.shape == (96, 96, 4)
    np.testing.assert_array_equal(cut[..., 3], np.rint(alpha * 255))
    inside = alpha >= 1
    np.testing.assert_array_equal(cut[inside][:, :3], image[inside])
    assert not cut[alpha == 0].any()
    # The picture has up to half of the ground there; the cut-out has not.
    edge = (alpha > 0.5) & (alpha < 0.9)
    away = np.abs(cut[edge][:, :3].astype(int) - COLOURS[0])
    assert (
        away.mean() < np.abs(image[edge].astype(int) - COLOURS[0]).mean() / 3
    )


def test_mistakes_are_told():
    image, alpha = soft_disc()
    with pytest.raises(InputError, match='an image'):
        alpha_matte(image, alpha[:50] > 0.5)
    for none in (None, image / 255):
        with pytest.raises(InputError, match='an image of uint8, got'):
            alpha_matte(none, alpha > 0.5)
    with pytest.raises(InputError, match='1 pixel or more'):
        alpha_matte(image, alpha > 0.5, 0)
    with pytest.raises(InputError, match='its alpha'):
        cut_out(image[:50], alpha)


def test_without_pymatting_the_extra_is_named(monkeypatch):
    real = builtins.__import__

    def missing(name, *args, **kwargs):
        if name == 'pymatting':
            raise ImportError
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, '__import__', missing)
    image, alpha = soft_disc()
    with pytest.raises(InputError, match=r'segrefiner_mm\[alpha\]'):
        alpha_matte(image, alpha > 0.5)
