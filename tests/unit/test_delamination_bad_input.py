"""Bad input of delamination cases: exact messages, all problems at once, no tracebacks."""

import copy

import pytest
from test_bad_input import STRANGE, leaves
from test_delamination_case import TABLES

from fem_sei.case import overrides
from fem_sei.case.checks import assess
from fem_sei.case.loader import CaseError, resolve
from fem_sei.problems import dotted

LAW = "interfaces[0]."
SEI = "geometry.layers[sei]."


def problems_of(changes, tables=TABLES):
    with pytest.raises(CaseError) as error:
        resolve(overrides.apply(tables, changes))
    return error.value.problems


def deep():
    tables = overrides.apply(TABLES, {"geometry.dimension": 3, "geometry.depth": "80 nm"})
    tables["interfaces"][0]["flaw"] = {"centre": ["0 nm", "0 nm"], "radius": "8 nm"}
    return tables


def laminate(*rigid):
    """Three layers and an interface in the middle of them, of which some are rigid."""
    layers = [
        {"name": name, "material": "film", "thickness": "4 nm", "rigid": name in rigid} for name in "abc"
    ]
    return {"geometry.layers": layers, "interfaces[0].on": "a|b"}


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        (
            LAW + "on",
            "metal|sie",
            'interfaces[0].on = "metal|sie": is no interface between neighbouring layers.'
            ' Did you mean "metal|sei"?',
        ),
        (
            LAW + "on",
            "sei|metal",
            'interfaces[0].on = "sei|metal": is no interface between neighbouring layers.'
            ' Did you mean "metal|sei"?',
        ),
        (
            LAW + "strength",
            "0 MPa",
            'interfaces[0].strength = "0 MPa": needs a stress or modulus (like "5 GPa") above zero',
        ),
        (
            LAW + "fracture_energy",
            "-1 J/m^2",
            'interfaces[0].fracture_energy = "-1 J/m^2": needs an energy per area (like "0.5 J/m^2") above',
        ),
        (
            LAW + "stiffness",
            "2.5e16 Pa/m",
            'interfaces[0].stiffness = "2.5e16 Pa/m": is too small for the law; needs more than '
            "sigma_c^2/(2 G_c) = 2.5e+16 Pa/m",
        ),
        (
            LAW + "shear_stiffness",
            "1e16 Pa/m",
            'interfaces[0].shear_stiffness = "1e16 Pa/m": is too small for the law; needs more than '
            "sigma_c^2/(2 G_c) of shear = 2.5e+16 Pa/m",
        ),
        (
            LAW + "viscosity",
            0.1,
            'interfaces[0].viscosity = 0.1: goes only with path.control = "load", not with "volume"',
        ),
        (
            LAW + "mixing",
            "benzegagh",
            'needs "benzeggagh_kenane" or "power_law". Did you mean "benzeggagh_kenane"?',
        ),
        (
            LAW + "flaw.end",
            "90 nm",
            'interfaces[0].flaw.end = "90 nm": is outside the film, which goes from 0 to 80 nm',
        ),
        (LAW + "flaw.end", "80 nm", 'interfaces[0].flaw.end = "80 nm": leaves nothing of the interface'),
        (
            LAW + "flaw.start",
            "-1 nm",
            'interfaces[0].flaw.start = "-1 nm": is outside the film, which goes from 0 to 80 nm',
        ),
        (LAW + "flaw.start", "9 nm", 'interfaces[0].flaw.end = "8 nm": needs to be after the start, 9 nm'),
        (LAW + "flaw.ende", "9 nm", 'interfaces[0].flaw.ende is not a known key. Did you mean "end"?'),
        (
            LAW + "flaw",
            {"centre": ["0 nm", "0 nm"], "radius": "8 nm"},
            'needs { start = "0 nm", end = "20 nm" } in 2-D',
        ),
        (LAW + "flaw", 3, "interfaces[0].flaw = 3: needs a table of keys"),
        ("geometry.depth", "1 nm", 'geometry.depth = "1 nm": a 2-D case has none'),
        (
            SEI + "material",
            "NaAlOx",
            'geometry.layers[1].material = "NaAlOx": has no E and no nu, which an elastic layer needs; '
            "give it in [materials]",
        ),
        (
            SEI + "material",
            "fil",
            'geometry.layers[1].material = "fil": is no material of [materials] or of the library.'
            ' Did you mean "film"?',
        ),
        ("materials.film.nu", 0.5, "materials.film.nu = 0.5: needs a plain number above -1 and below 0.5"),
        ("materials.film.nu", -1.0, "materials.film.nu = -1.0: needs a plain number above -1 and below 0.5"),
        (
            "materials.film.E",
            {"law": "arrhenius", "value": "5 GPa", "energy": "1 eV", "reference_temperature": "25 degC"},
            "has a law for E; delamination needs a constant",
        ),
        (
            SEI + "modulus_profile",
            [[0.0, "5 GPa"], [0.9, "6 GPa"]],
            "needs heights that increase from 0 to 1",
        ),
        (
            SEI + "modulus_profile",
            [[0.0, "5 GPa"], [0.0, "5 GPa"], [1.0, "6 GPa"]],
            "needs heights that increase from 0 to 1",
        ),
        (
            SEI + "modulus_profile",
            [[0.0, 5], [1.0, 6]],
            'needs a stress or modulus (like "5 GPa"), got a number',
        ),
        (SEI + "modulus_profile", ["5 GPa"], 'needs a list of heights and values (like [[0.0, "5 GPa"]'),
        (
            "geometry.layers[metal].residual_stress",
            "1 MPa",
            'geometry.layers[0].residual_stress = "1 MPa": a rigid layer has none',
        ),
        ("mechanics.assumption", "plain_strain", 'Did you mean "plane_strain"?'),
        (
            "loading.on",
            "sei|top",
            'loading.on = "sei|top": is none of the interfaces that may open. There are: metal|sei.',
        ),
        ("loading", {}, 'loading needs pressure = "100 MPa", overpotential = "13 mV" or published = "text"'),
        (
            "loading",
            {"pressure": "1 MPa", "published": "text", "metal": "Li"},
            'loading.published = "text": does not go with pressure; give one',
        ),
        ("loading.metal", "Li", 'loading.metal = "Li": goes only with overpotential or published'),
        ("loading.pressure", "0 MPa", 'needs a stress or modulus (like "5 GPa") above zero'),
        (
            "loading",
            {"overpotential": "10 mV"},
            'loading.metal is missing: overpotential needs a metal (like "Li")',
        ),
        (
            "loading",
            {"overpotential": "0 mV", "metal": "Li"},
            'loading.overpotential = "0 mV": needs a potential other than zero',
        ),
        (
            "loading",
            {"overpotential": "10 mV", "metal": "Lii"},
            'loading.metal = "Lii": is no material of [materials] or of the library. Did you mean "Li"?',
        ),
        (
            "loading",
            {"published": "text", "metal": "K"},
            'loading.metal = "K": the text gives a pressure for Li and Na only;'
            ' published = "molar_volume" for any',
        ),
        (
            "loading",
            {"published": "molar_volume", "metal": "film"},
            'loading.metal = "film": is a solid of which only the elasticity matters; needs a metal',
        ),
        (
            "loading.follower",
            True,
            'loading.follower = true: goes only with mechanics.strain = "st_venant_kirchhoff"'
            ' or "neo_hookean"',
        ),
        ("path.control", "volumen", 'Did you mean "volume"?'),
        ("path.first_step", 0.2, "path.first_step = 0.2: is above max_step (0.1)"),
        ("path.min_step", 0.05, "path.min_step = 0.05: is above first_step (0.02)"),
        ("path.max_step", 0.01, "path.max_step = 0.01: is below first_step (0.02)"),
        (
            "boundaries[0].on",
            "lef",
            'boundaries[0].on = "lef": is no boundary of a 2-D case. Did you mean "left"?',
        ),
        ("boundaries[0].on", "front", 'boundaries[0].on = "front": is no boundary of a 2-D case.'),
        ("boundaries[0].on", "bottom", 'belongs to the rigid layer "metal", which does not move'),
        ("boundaries[0].layer", "se", 'boundaries[0].layer = "se": is no layer. Did you mean "sei"?'),
        ("boundaries[0].layer", "metal", 'boundaries[0].layer = "metal": is rigid and does not move'),
        (
            "boundaries[0].displacement",
            {"y": "1 nm"},
            'boundaries[0].displacement = {"y": "1 nm"}: does not go with condition in one entry',
        ),
        (
            "boundaries[0].held",
            True,
            "boundaries[0].held = true: goes only with a displacement or a pressure",
        ),
        (
            "boundaries[0]",
            {"on": "left"},
            'needs condition = "symmetry", displacement = { y = "1 um" } or pressure = "1 MPa"',
        ),
        (
            "boundaries[0]",
            {"on": "top", "displacement": {"z": "1 nm"}},
            'boundaries[0].displacement.z = "1 nm": a 2-D case has no such component',
        ),
        ("boundaries[0]", {"on": "top", "displacement": {}}, "needs one of the components x, y"),
        ("boundaries[0].between", ["3 nm", "2 nm"], "needs a lower and a higher end"),
        (
            "boundaries[0].between",
            ["0 nm", "5 nm"],
            'boundaries[0].between = ["0 nm", "5 nm"]: is outside; the height goes from 0 m to 4 nm',
        ),
        ("boundaries[0].between", ["0 nm"], 'needs a list of two, a length each (like ["20 nm", "20 nm"])'),
    ],
)
def test_one_problem(key, value, message):
    (problem,) = problems_of({key: value})
    assert message in problem


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"mechanics.assumption": "plane_strain"},
            'mechanics.assumption = "plane_strain": a 3-D case has none',
        ),
        (
            {"interfaces[0].flaw": {"start": "0 nm", "end": "8 nm"}},
            'needs { centre = ["0 nm", "0 nm"], radius = "20 nm" } in 3-D',
        ),
        (
            {"interfaces[0].flaw.centre": ["0 nm", "90 nm"]},
            'interfaces[0].flaw.centre = ["0 nm", "90 nm"]: is outside the film, whose depth goes from 0 to'
            " 80 nm",
        ),
        (
            {"interfaces[0].flaw.radius": "80 nm", "geometry.depth": "90 nm"},
            'interfaces[0].flaw.radius = "80 nm": reaches the far end of the width, 80 nm',
        ),
        (
            {"interfaces[0].flaw.centre": ["4 nm", "0 nm"]},
            "is cut by an edge along the width; put the centre on the edge or further in",
        ),
        ({"interfaces[0].flaw.centre": ["0 nm"]}, "needs a list of two, a length each"),
        ({"boundaries[0].between": ["0 nm", "2 nm"]}, "a 3-D case has none; whole sides only"),
    ],
)
def test_one_problem_in_three_dimensions(changes, message):
    (problem,) = problems_of(changes, deep())
    assert message in problem


def test_a_depth_is_needed_in_three_dimensions():
    tables = deep()
    del tables["geometry"]["depth"]
    assert 'geometry.depth is missing: a 3-D case needs a length (like "80 nm")' in problems_of({}, tables)


def test_rigid_layers_in_the_middle_and_next_to_each_other():
    assert problems_of(laminate("b")) == [
        "geometry.layers[1].rigid = true: only the first and the last layer can be rigid"
    ]
    assert (
        problems_of(laminate("a", "b"))[-1]
        == 'interfaces[0].on = "a|b": both of its layers are rigid; one must be able to come off'
    )


def test_nothing_but_rigid_layers():
    assert problems_of({SEI + "rigid": True}) == [
        'interfaces[0].on = "metal|sei": both of its layers are rigid; one must be able to come off',
        "geometry.layers needs a layer that is not rigid",
    ]


def test_pressure_needs_a_flaw():
    without = copy.deepcopy(TABLES)
    del without["interfaces"][0]["flaw"]
    assert problems_of({}, without) == [
        "loading needs an interface with a flaw for the pressure to act on, "
        'flaw = { start = "0 nm", end = "8 nm" }'
    ]
    assert problems_of({"loading.on": "metal|sei"}, without) == [
        'loading.on = "metal|sei": has no flaw for the pressure to act on; give the interface '
        'flaw = { start = "0 nm", end = "8 nm" }'
    ]
    twice = copy.deepcopy(TABLES["interfaces"] * 2)
    assert (
        problems_of({"interfaces": twice})[0]
        == 'interfaces[1].on = "metal|sei": is given by another entry too'
    )


def test_without_loading_something_else_must_load_the_case():
    tables = copy.deepcopy(TABLES)
    del tables["loading"]
    (problem,) = problems_of({}, tables)
    assert problem.startswith("loading is missing: nothing loads the case; give [loading], a boundary")
    (problem,) = problems_of({"path.control": "volume", SEI + "residual_stress": "1 MPa"}, tables)
    assert problem == 'path.control = "volume": goes only with [loading]; needs opening, arc_length or load'
    resolve(overrides.apply(tables, {SEI + "eigenstrain": 0.01}))


def test_layers_that_nothing_holds():
    free = {"geometry.layers[metal].rigid": False}
    assert problems_of(free) == [
        'boundaries let "metal" and "sei" move freely along y;'
        " give a condition, a displacement or a rigid layer"
    ]
    for held in ({"condition": "clamped"}, {"condition": "symmetry"}, {"displacement": {"y": "0 nm"}}):
        boundaries = [TABLES["boundaries"][0], {"on": "bottom", **held}]
        resolve(overrides.apply(TABLES, {**free, "boundaries": boundaries}))
    resolve(
        overrides.apply(
            TABLES,
            {
                **free,
                "mechanics.assumption": "axisymmetric",
                "boundaries": [{"on": "bottom", "condition": "symmetry"}],
            },
        )
    )


def test_all_problems_at_once():
    wrong = {
        "case.study": "delaminate",
        LAW + "strength": "0 MPa",
        SEI + "thicknes": "4 nm",
        "boundaries[0].on": "lefft",
        "path.min_step": 2.0,
    }
    assert problems_of(wrong) == [
        'case.study = "delaminate": needs "plating", "delamination" or "film_growth".'
        ' Did you mean "delamination"?',
        'geometry.layers[1].thicknes is not a known key. Did you mean "thickness"?',
        'interfaces[0].strength = "0 MPa": needs a stress or modulus (like "5 GPa") above zero',
        "path.min_step = 2.0: needs a number below 1",
        'boundaries[0].on = "lefft": is no boundary of a 2-D case. Did you mean "left"?',
    ]


def test_a_missing_study_is_guessed_from_the_tables():
    tables = copy.deepcopy(TABLES)
    del tables["case"]["study"]
    tables["interfaces"][0]["strenth"] = "1 MPa"
    assert problems_of({}, tables) == [
        'case.study is missing: needs "plating", "delamination" or "film_growth"',
        'interfaces[0].strenth is not a known key. Did you mean "strength"?',
    ]


RICH = overrides.apply(
    TABLES,
    {
        "geometry.layers[sei].residual_stress": "1 MPa",
        "geometry.layers[sei].modulus_profile": [[0.0, "5 GPa"], [1.0, "6 GPa"]],
        "mechanics.strain": "neo_hookean",
        "interfaces[0].stiffness": "1e20 Pa/m",
        "boundaries": [
            {"on": "left", "condition": "symmetry"},
            {"on": "top", "between": ["1 nm", "2 nm"], "displacement": {"x": "0 nm"}, "held": True},
            {"on": "right", "layer": "sei", "pressure": "1 MPa"},
        ],
        "loading": {"on": "metal|sei", "overpotential": "10 mV", "metal": "Na", "follower": True},
        "path": {"control": "dissipation", "first_step": 0.01},
        "mesh": {"coarse_size": "50 nm", "order": 1},
        "variants": [{"name": "a", "set": {"geometry.width": "90 nm"}}],
        "sweep": [{"name": "metal", "values": [{"name": "Li", "set": {"loading.metal": "Li"}}]}],
    },
)
DEEP = overrides.apply(deep(), {"mesh.elements_across": 3})


@pytest.mark.parametrize("tables", [RICH, DEEP], ids=["2-D", "3-D"])
def test_whatever_a_value_is_replaced_by_the_case_is_judged_or_its_problems_listed(tables):
    """None deletes the value. No exception but CaseError may come out."""
    for place in leaves(tables):
        for strange in STRANGE:
            data = copy.deepcopy(tables)
            container = data
            for part in place[:-1]:
                container = container[part]
            if strange is None:
                del container[place[-1]]
            else:
                container[place[-1]] = strange
            try:
                case = resolve(data)
            except CaseError as error:
                assert error.problems
            else:
                assert assess(case).rows, (dotted(place), strange)
