"""The coatings of Jin 2022 against reference values, shortened to 0.1 um of growth."""

import pytest

from cases.validation import jin

SHORT = ('operation.steps[0].until={thickness="0.1 um"}', "output.fields_every={count=1}")


@pytest.fixture(scope="module")
def found():
    return {layer: jin.outcome(layer, SHORT) for layer in jin.LAYERS}


@pytest.mark.parametrize("layer", jin.LAYERS)
def test_roughness_agrees_with_the_reference(found, layer):
    assert jin.roughness_ratio(found[layer], 0.1e-6) == pytest.approx(jin.REFERENCE[layer][0], rel=0.01)


def test_coatings_are_ordered_and_only_the_fast_one_smooths(found):
    ratios = {layer: jin.roughness_ratio(outcome, 0.1e-6) for layer, outcome in found.items()}
    assert ratios["Al2O3"] > ratios["bare"] > 1.05
    assert ratios["LiAlOx"] < 1.0
    early = {layer: outcome.at("c_tip", 10.0) for layer, outcome in found.items()}  # after 10 s
    assert early["Al2O3"] < early["bare"] < early["LiAlOx"]


def test_runs_are_clean(found):
    for outcome in found.values():
        history = outcome.history
        assert outcome.exit_code == 0
        assert history["charge_balance"].max() < 1e-10 and history["salt_balance"].max() < 1e-10
        assert (history["metal_regions"] == 1).all()
        assert abs(history["profile_width"] - 1).max() < 0.15
