import pytest
from fabricated import make_planar_run, make_run, make_variants


@pytest.fixture
def two_bumps(tmp_path):
    return make_run(tmp_path / "two_bumps")


@pytest.fixture
def planar(tmp_path):
    return make_planar_run(tmp_path / "planar")


@pytest.fixture
def coatings(tmp_path):
    return make_variants(tmp_path / "coatings")
