"""Three dimensions: speed of a plane, potential of a sphere, growth of a wave; balances kept."""

import pytest

from cases.verification.three_dimensions.verify import SLICE, planar, sphere, wave

BALANCE = 1e-10


def test_speed_of_a_plane():
    found = planar(4, thickness="0.12 um")
    assert abs(found.value) < 0.005
    assert max(found.charge, found.salt) < BALANCE


def test_rest_potential_of_a_sphere():
    found = sphere(3, 3, duration="10 s")
    assert abs(found.value - 1.0) < 0.02
    assert max(found.charge, found.salt) < BALANCE


def test_a_wave_along_x_grows_as_in_two_dimensions():
    short = [
        'geometry.layers[coating].thickness="0.6 um"',
        'geometry.layers[electrolyte].thickness="0.2 um"',
        'operation.steps[0].until.thickness="30 nm"',
    ]
    flat = wave(short)
    solid = wave([*short, *SLICE, 'geometry.depth="50 nm"'])
    assert flat.growth[-1] > 1.04
    assert solid.growth[-1] == pytest.approx(flat.growth[-1], rel=0.01)
    assert max(solid.charge, solid.salt) < BALANCE
