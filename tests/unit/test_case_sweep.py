"""Sweeps: runs from the product of axes and variants, their names, what is wrong with them."""

import time
from pathlib import Path

import pytest
from test_delamination_case import FILM

from fem_sei.case import sweep
from fem_sei.case.loader import CaseError, load
from fem_sei.cli import main

PLANAR = Path(__file__).parents[2] / "cases" / "tutorials" / "planar_plating.toml"
THICKNESS = """
[[sweep]]
name   = "thickness"
key    = "geometry.layers[sei].thickness"
values = ["4 nm", "20 nm"]
"""
METAL = """
[[sweep]]
name   = "metal"
values = [
    { name = "Li", set = { "loading.metal" = "Li" } },
    { name = "Na", set = { "loading.metal" = "Na" } },
]
"""
VARIANTS = """
[[variants]]
name = "soft"
set  = { "materials.film.E" = "21 GPa" }

[[variants]]
name = "stiff"
set  = { "materials.film.E" = "100 GPa" }
"""


@pytest.fixture
def film(tmp_path):
    """A function that writes the film of the tutorial, wide enough, with further text and loads it."""

    def loaded(*texts, changes=()):
        path = tmp_path / "film.toml"
        text = FILM.read_text().replace('"80 nm"', '"250 nm"')
        pressure = 'pressure = "100 MPa"'
        assert pressure in text
        path.write_text(text.replace(pressure, 'published = "text"\nmetal = "Li"') + "".join(texts))
        return load(path, changes)

    return loaded


def problems_of(film, *texts):
    with pytest.raises(CaseError) as error:
        film(*texts)
    return [problem.split("film.toml: ", 1)[1] for problem in error.value.problems]


def test_the_product_of_two_axes(film):
    loaded = film(THICKNESS, METAL)
    assert list(loaded.runs) == ["4nm_Li", "4nm_Na", "20nm_Li", "20nm_Na"]
    assert loaded.axes["20nm_Na"] == {"thickness": "20 nm", "metal": "Na"}
    case = loaded.runs["20nm_Na"]
    assert (case.geometry.layers[1].thickness, case.loading.pressure) == (20e-9, 59e6)
    assert loaded.case.geometry.layers[1].thickness == 4e-9


def test_axes_and_variants(film):
    loaded = film(VARIANTS, THICKNESS)
    assert list(loaded.runs) == ["soft_4nm", "soft_20nm", "stiff_4nm", "stiff_20nm"]
    assert loaded.axes["stiff_4nm"] == {"thickness": "4 nm"}
    case = loaded.runs["stiff_20nm"]
    assert (case.materials["film"].value("E"), case.geometry.layers[1].thickness) == (100e9, 20e-9)


def test_the_command_line_changes_every_run(film):
    runs = film(THICKNESS, changes=["mesh.order=1"]).runs
    assert [case.mesh.order for case in runs.values()] == [1, 1]


def test_without_a_sweep_there_are_no_axes(film):
    assert film().axes == {} and film(VARIANTS).axes == {}


def test_other_studies_have_sweeps_too(tmp_path, capsys):
    path = tmp_path / "planar.toml"
    axis = '\n[[sweep]]\nname = "current"\nkey = "operation.steps[0].current_density"\n'
    path.write_text(PLANAR.read_text() + axis + 'values = ["2 A/m^2", "-0.5 mA/cm^2", "5 A/m^2"]\n')
    path.write_text(path.read_text().replace('"-0.5 mA/cm^2", ', ""))
    loaded = load(path)
    assert [case.operation.steps[0].current_density for case in loaded.runs.values()] == [2.0, 5.0]
    assert list(loaded.runs) == ["2Am2", "5Am2"]
    assert main(["check", str(path)]) == 0
    assert "planar_plating/2Am2: ok" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ("4 nm", "4nm"),
        ("0.5 um", "0p5um"),
        ("-50 mV", "minus50mV"),
        ("1e-3 m", "1e-3m"),
        ("0.2 J/m^2", "0p2Jm2"),
        (3, "3"),
        (0.25, "0p25"),
        (-1e-6, "minus1e-06"),
        (True, "true"),
        ("plane_strain", "plane_strain"),
        ({"start": "0 nm", "end": "8 nm"}, "start0nmend8nm"),
    ],
)
def test_names_from_values(value, name):
    assert sweep.name_of("a.key", value) == name


def test_values_that_a_key_cannot_take_are_listed_once(film):
    wrong = THICKNESS.replace('"20 nm"', '"20 nn", "0 nm"')
    assert problems_of(film, wrong, METAL) == [
        'variant "20nn_Li": geometry.layers[1].thickness = "20 nn": needs a length (like "20 nm"), and "nn"'
        ' is not a known unit. Did you mean "nm"?',
        'variant "0nm_Li": geometry.layers[1].thickness = "0 nm": needs a length (like "20 nm") above zero',
    ]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "layers[sei]",
            "layers[se]",
            'sweep[0].key: "geometry.layers[se].thickness": there is no entry named se. Did you mean "sei"?',
        ),
        (
            "sei].thickness",
            "sei].thicknes",
            'variant "4nm_Li": geometry.layers[1].thicknes is not a known key. Did you mean "thickness"?',
        ),
        ("layers[sei].", "layers[sei]..", "is not a dotted key"),
        ('"4 nm", "20 nm"', "", "sweep[0].values = []: needs at least 1 entry"),
        ('"20 nm"', '"4  nm"', 'sweep[0].values[1] = "4  nm": gives the name "4nm", as values[0] does'),
        ('"20 nm"', '"/"', 'sweep[0].values[1] = "/": needs a letter or a digit, from which the run gets'),
        ('"thickness"', '"metal"', 'sweep[1].name = "metal": is the name of another axis too'),
        ('"thickness"', "3", "sweep[0].name = 3: needs a text"),
        ("values =", "value =", 'sweep[0].value is not a known key. Did you mean "values"?'),
        ("key    =", "# ", 'sweep[0].values[0] = "4 nm": needs a table { name = "Li", set = {'),
        ('name = "Na", set =', 'name = "Na", sett =', "sweep[1].values[1] = {"),
        ('"loading.metal" = "Na"', '"loading.metal.x" = "Na"', 'sweep[1].values[1].set: "loading.metal.x"'),
        ('"loading.metal" = "Na"', '"loading.metal" = "Mo"', 'variant "4nm_Na": loading.metal'),
        (
            'name = "Na"',
            'name = "LI"',
            'sweep[1].values[1] = {"name": "LI", "set": {"loading.metal": "Na"}}: gives',
        ),
    ],
)
def test_what_is_wrong_with_a_sweep(film, old, new, message):
    text = THICKNESS + METAL
    assert old in text
    found = problems_of(film, text.replace(old, new))
    assert any(message in problem for problem in found), found


def test_two_axes_cannot_have_the_same_key(film):
    second = THICKNESS.replace('"thickness"', '"again"')
    assert problems_of(film, THICKNESS, second)[0] == (
        'sweep[1].key = "geometry.layers[sei].thickness": is the key of another axis too'
    )


def test_names_that_come_out_the_same(film):
    variants = VARIANTS.replace('"soft"', '"a"').replace('"stiff"', '"a_b"')
    axis = '\n[[sweep]]\nname = "x"\nvalues = [{ name = "b_c", set = {} }, { name = "c", set = {} }]\n'
    found = problems_of(film, variants, axis)
    assert found == ['sweep: two runs would be called "a_b_c"; give the values names of their own']


@pytest.mark.parametrize(
    ("name", "message"),
    [("fields", '"fields" is the name of a folder of every run'), ("x" * 81, "is longer than 80 characters")],
)
def test_names_that_runs_cannot_have(film, name, message):
    (found,) = problems_of(film, f'\n[[sweep]]\nname = "x"\nvalues = [{{ name = "{name}", set = {{}} }}]\n')
    assert message in found


def test_too_many_runs_are_refused_at_once(film):
    values = ", ".join(str(n / 1000) for n in range(1, 202))
    axes = [f'\n[[sweep]]\nname = "{k}"\nkey = "path.{k}"\nvalues = [{values}]\n' for k in ("a", "b")]
    started = time.monotonic()
    assert problems_of(film, *axes) == ["sweep makes 40401 runs; there can be 10000 at most"]
    assert time.monotonic() - started < 5.0


def test_tables_of_many_runs_stay_readable(film, capsys):
    lengths = ", ".join(f'"{n} nm"' for n in range(4, 12))
    loaded = film(THICKNESS.replace('"4 nm", "20 nm"', lengths), METAL)
    assert main(["check", str(loaded.path)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert max(len(line) for line in lines) < 160
    rows = [line.split() for line in lines if line.startswith("pressure at load factor 1")]
    assert [len(row) for row in rows] == [5 + 12, 5 + 12, 5 + 8]
