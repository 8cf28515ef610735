"""Bad input: exact messages, all problems of a file at once, exit code 2, nothing written."""

import tomllib
from pathlib import Path

import pytest

from fem_sei import cli
from fem_sei.case.checks import assess
from fem_sei.case.loader import CaseError, resolve
from fem_sei.cli import main
from fem_sei.problems import dotted

GOOD = """\
schema = 1

[case]
name  = "bad"
study = "plating"

[conditions]
concentration = "1 mol/L"

[geometry]
dimension = 2
width     = "2 um"

[[geometry.layers]]
name      = "metal"
material  = "Li"
thickness = "0.5 um"

[[geometry.layers]]
name      = "coating"
material  = "film"
thickness = "1 um"

[[geometry.layers]]
name      = "electrolyte"
material  = "dilute_electrolyte_model"
thickness = "3 um"

[[geometry.features]]
kind   = "bump"
at     = "0.5 um"
height = "0.2 um"
width  = "0.4 um"

[[geometry.features]]
kind   = "bump"
at     = "1.5 um"
height = "0.2 um"
width  = "0.4 um"

[phase_field]
interface_width = "50 nm"

[operation]
mode = "galvanostatic"

[[operation.steps]]
current_density = "5 A/m^2"
until = { thickness = "0.1 um" }

[materials.film]
extends = "library:Al2O3_model"
"""


@pytest.fixture
def here(tmp_path, monkeypatch):
    """An empty folder to work in; no run may get beyond the check of its input."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(cli, "_require_dolfinx", lambda: pytest.fail("the input was taken for good"))
    return tmp_path


BUMP = '''kind   = "bump"
at     = "1.5 um"
height = "0.2 um"
width  = "0.4 um"'''


def refused(text, capsys, *arguments):
    """The lines on stderr of a run that is refused; checks that nothing is written."""
    Path("bad.toml").write_text(text)
    before = sorted(Path().rglob("*"))
    assert main(["run", "bad.toml", *arguments]) == 2
    assert sorted(Path().rglob("*")) == before
    captured = capsys.readouterr()
    assert "Traceback" not in captured.err
    return captured.err.splitlines()


def test_the_file_the_others_are_made_from_is_good(here, capsys):
    Path("bad.toml").write_text(GOOD)
    assert main(["check", "bad.toml"]) == 0


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (  # wrong dimension
            'thickness = "1 um"',
            'thickness = "20 s"',
            'geometry.layers[1].thickness = "20 s": needs a length (like "20 nm"), got a time',
        ),
        (  # no unit
            'thickness = "1 um"',
            "thickness = 1e-6",
            'geometry.layers[1].thickness = 1e-06: needs a length (like "20 nm"), got a number '
            "without a unit",
        ),
        (  # unknown unit
            '"50 nm"',
            '"50 nmm"',
            'phase_field.interface_width = "50 nmm": needs a length (like "20 nm"), and "nmm" is not '
            "a known unit. "
            'Did you mean "nm"?',
        ),
        (
            "[phase_field]",
            "[mesh]\nelement_across_interface = 6\n[phase_field]",
            'mesh.element_across_interface is not a known key. Did you mean "elements_across_interface"?',
        ),
        ("[phase_field]", "[phase_feild]", 'phase_feild is not a known key. Did you mean "phase_field"?'),
        (
            "[case]",
            "[phase_field2]\n[case]",
            'phase_field2 is not a known key. Did you mean "phase_field"?',
        ),
        (
            '"Li"',
            '"Lithium"',
            'geometry.layers[0].material = "Lithium": is no material of [materials] or of the library. '
            "There are: Li, Na, K, Mg, Ca, Al.",
        ),
        (
            'material  = "film"',
            'material  = "flim"',
            'geometry.layers[1].material = "flim": is no material of [materials] or of the library. '
            'Did you mean "film"?',
        ),
        (
            "library:Al2O3_model",
            "library:Al2O3",
            'materials.film.extends = "library:Al2O3": needs "library:NAME" of a material in the library. '
            'Did you mean "library:Al2O3_model"?',
        ),
        (
            'material  = "film"',
            'material  = "Na"',
            'geometry.layers[1].material = "Na": only the first layer can be a metal',
        ),
        (
            '"Li"',
            '"film"',
            'geometry.layers[0].material = "film": the first layer must be a metal',
        ),
        (
            'material  = "film"',
            'material  = "LLZO"',
            'geometry.layers[1].material = "LLZO": has no D, t_plus, kappa, which plating needs; '
            "give it in [materials]",
        ),
        (
            'thickness = "1 um"',
            'thickness = "0 nm"',
            'geometry.layers[1].thickness = "0 nm": needs a length (like "20 nm") above zero',
        ),
        (
            'thickness = "3 um"',
            'thickness = "-3 um"',
            'geometry.layers[2].thickness = "-3 um": needs a length (like "20 nm") above zero',
        ),
        (
            'at     = "1.5 um"',
            'at     = "1.2 um"',
            'geometry.features[1].at = "1.2 um": overlaps features[0]: 700 nm apart, their widths '
            "add up to 800 nm",
        ),
        (
            'at     = "0.5 um"',
            'at     = "2.5 um"',
            'geometry.features[0].at = "2.5 um": is outside the domain, which goes from 0 to 2 um',
        ),
        (
            'at     = "0.5 um"',
            'at     = "0.2 um"',
            'geometry.features[0].at = "0.2 um": the bump of width 400 nm is cut by the edge; '
            "put it on the edge or further in",
        ),
        (
            'at     = "1.5 um"\nheight = "0.2 um"',
            'at     = "1.5 um"\nheight = "0.9 um"',
            'geometry.features[1].height = "0.9 um": the surface rises to 900.4 nm, higher than the '
            "layer above it "
            'allows: "coating" is 1 um thick, and 3 interface widths must stay free',
        ),
        (
            'at     = "1.5 um"\nheight = "0.2 um"',
            'at     = "1.5 um"\nheight = "-0.4 um"',
            'geometry.layers[0].thickness = "0.5 um": needs 2.5 interface widths below its lowest '
            "point, 524.6 nm",
        ),
        (
            'at     = "1.5 um"\nheight = "0.2 um"',
            'at     = "1.5 um"\nheight = "0 um"',
            'geometry.features[1].height = "0 um": needs a length other than zero',
        ),
        (
            'kind   = "bump"\nat     = "1.5 um"\nheight = "0.2 um"\nwidth  = "0.4 um"',
            'kind = "sinusoid"\namplitude = "20 nm"\nwavelength = "1.5 um"',
            'geometry.features[1].wavelength = "1.5 um": the width must hold an integer number of '
            "half wavelengths; "
            "1.333 um would fit",
        ),
        (
            'kind   = "bump"\nat     = "1.5 um"',
            'kind   = "bmup"\nat     = "1.5 um"',
            'geometry.features[1].kind = "bmup": needs "bump", "sinusoid", "nucleus" or "roughness".'
            ' Did you mean "bump"?',
        ),
        (
            'thickness = "1 um"',
            'thickness = "40 nm"',
            'phase_field.interface_width = "50 nm": is larger than the layer "coating" (40 nm); '
            "choose at most 8 nm",
        ),
        (
            'width  = "0.4 um"\n\n[[geometry.f',
            'width  = "40 nm"\n\n[[geometry.f',
            'phase_field.interface_width = "50 nm": is larger than the width of features[0] (40 nm); '
            "choose at most 5 nm",
        ),
        (
            'thickness = "0.5 um"',
            'thickness = "30 nm"',
            'geometry.layers[0].thickness = "30 nm": needs 2.5 interface widths below its lowest '
            "point, 83.08 nm",
        ),
        ("dimension = 2", "dimension = 1", 'geometry.width = "2 um": a 1-D case has none'),
        ('width     = "2 um"\n', "", 'geometry.width is missing: a 2-D case needs a length (like "2 um")'),
        ("dimension = 2", "dimension = 4", "geometry.dimension = 4: needs 1, 2 or 3"),
        (
            "dimension = 2",
            "dimension = 3",
            'geometry.depth is missing: a 3-D case needs a length (like "2 um")',
        ),
        (
            "dimension = 2",
            "dimension = 3",
            'geometry.features[1].at = "1.5 um": needs a list of two lengths (like ["1 um", "1 um"]) in 3-D',
        ),
        (
            "dimension = 2",
            'dimension = 2\ndepth = "1 um"',
            'geometry.depth = "1 um": a 2-D case has none',
        ),
        (
            'at     = "1.5 um"',
            'at     = ["1.5 um", "1 um"]',
            'geometry.features[1].at = ["1.5 um", "1 um"]: needs one length (like "1 um") in 2-D',
        ),
        (
            'at     = "1.5 um"',
            'at     = ["1.5 um", "1 um", "1 um"]',
            'geometry.features[1].at = ["1.5 um", "1 um", "1 um"]: needs a length (like "20 nm"), or a list'
            " of two",
        ),
        (
            BUMP,
            'kind = "nucleus"\nat = "1.9 um"\nradius = "0.3 um"',
            'geometry.features[1].at = "1.9 um": the nucleus of radius 300 nm is cut by the edge; put it on'
            " the edge or further in",
        ),
        (
            BUMP,
            'kind = "roughness"\nrms = "20 nm"\ncorrelation_length = "1.5 um"\nseed = 1',
            'geometry.features[1].correlation_length = "1.5 um": needs a length of at most half the'
            " width, 1 um",
        ),
        (
            BUMP,
            'kind = "roughness"\nrms = "20 nm"\ncorrelation_length = "0.5 um"\nseed = -1',
            "geometry.features[1].seed = -1: needs a number of at least 0",
        ),
        (
            'name      = "coating"',
            'name      = "metal"',
            'geometry.layers[1].name = "metal": is the name of another layer too',
        ),
        (
            '"bad"',
            '"../bad"',
            'case.name = "../bad": needs a name of letters, digits, "_", "-" and "+"',
        ),
        (
            '"plating"',
            '"platting"',
            'case.study = "platting": needs "plating", "delamination" or "film_growth".'
            ' Did you mean "plating"?',
        ),
        ("schema = 1", "schema = 2", "schema = 2: needs 1"),
        ("schema = 1\n", "", "schema is missing: needs 1"),
        (
            "until = ",
            "#",
            'operation.steps[0].until is missing: stop condition, { duration = "10 s" } or { '
            'thickness = "0.3 um" }',
        ),
        (
            'until = { thickness = "0.1 um" }',
            "until = {}",
            'operation.steps[0].until = {}: needs one of duration = "10 s" or thickness = "0.3 um"',
        ),
        (
            'current_density = "5 A/m^2"',
            'potential = "-0.1 V"',
            "operation.steps[0].current_density is missing: a galvanostatic step needs it",
        ),
        (
            'current_density = "5 A/m^2"',
            'current_density = "5 A/m^2"\npotential = "-0.1 V"',
            'operation.steps[0].potential = "-0.1 V": does not go with mode = galvanostatic',
        ),
        (
            '"galvanostatic"',
            '"galvanostat"',
            'operation.mode = "galvanostat": needs "galvanostatic" or "potentiostatic". '
            'Did you mean "galvanostatic"?',
        ),
        (
            '"5 A/m^2"',
            '"-5 A/m^2"',
            'operation.steps[0].until.thickness = "0.1 um": this step strips, so the thickness must '
            "be negative",
        ),
        (
            '"5 A/m^2"',
            '"0 A/m^2"',
            'operation.steps[0].until.thickness = "0.1 um": is never reached at rest; give a duration',
        ),
        (
            'until = { thickness = "0.1 um" }',
            'until = { duration = "1 s" }\nramp = "2 s"',
            'operation.steps[0].ramp = "2 s": is longer than the step (1 s)',
        ),
        (
            "[materials.film]",
            "[kinetics]\nalpha = 1.0\n[materials.film]",
            "kinetics.alpha = 1.0: needs a number below 1",
        ),
        (
            "[materials.film]",
            '[time]\nmin_step = "1 s"\nmax_step = "1 ms"\n[materials.film]',
            'time.max_step = "1 ms": is below min_step (1 s)',
        ),
        (
            "[materials.film]",
            '[mesh]\ncoarse_size = "1 nm"\n[materials.film]',
            'mesh.coarse_size = "1 nm": is below the element size in the band, 8.333 nm',
        ),
        (
            "[materials.film]",
            '[[variants]]\nname = "pictures"\n[materials.film]',
            'variants[0].name = "pictures": is the name of a folder of every run; choose another',
        ),
        (
            "[materials.film]",
            '[[variants]]\nname = "a"\n[[variants]]\nname = "A"\n[materials.film]',
            'variants[1].name = "A": is the name of another variant too',
        ),
        (
            "[materials.film]",
            '[[variants]]\nname = "a"\nset = { "geometry.layers[1].thicknes" = "3 nm" }\n[materials.film]',
            'variant "a": geometry.layers[1].thicknes is not a known key. Did you mean "thickness"?',
        ),
        (
            "[materials.film]",
            '[[variants]]\nname = "a"\nset = { "geometry.layers[9].thickness" = "3 nm" }\n[materials.film]',
            'variants[0].set: "geometry.layers[9].thickness": there is no entry 9; '
            "the list has 3 entries, counted from 0",
        ),
    ],
)
def test_one_problem(here, capsys, old, new, message):
    assert old in GOOD
    lines = refused(GOOD.replace(old, new, 1), capsys)
    assert f"bad.toml: {message}" in lines
    assert all(line.startswith("bad.toml: ") for line in lines)


def test_all_problems_of_a_file_its_changes_and_variants_at_once(here, capsys):
    text = (
        GOOD.replace('"1 um"', '"20 s"')
        .replace('"Li"', '"Lj"')
        .replace("[phase_field]", "[phase_field]\nmobilty = 3")
    )
    text += '[[variants]]\nname = "thick"\nset = { "phase_field.interface_width" = "5 um" }\n'
    assert refused(text, capsys, "--set", "conditions.temperature=20 nm", "--set", "nonsense") == [
        '--set nonsense: needs key=value, like geometry.layers[1].thickness="50 nm"',
        'bad.toml: conditions.temperature = "20 nm": needs a temperature (like "25 degC"), got a length',
        'bad.toml: geometry.layers[1].thickness = "20 s": needs a length (like "20 nm"), got a time',
        "bad.toml: phase_field.mobilty is not a known key. There are: interface_width, formulation, "
        "interface_mobility.",
        'bad.toml: geometry.layers[0].material = "Lj": is no material of [materials] or of the library. '
        "There are: Li, Na, K, Mg, Ca, Al.",
        'bad.toml: variant "thick": geometry.layers[0].thickness = "0.5 um": needs 2.5 interface widths '
        "below its lowest point, 12.46 um",
        'bad.toml: variant "thick": phase_field.interface_width = "5 um": is larger than the layer '
        '"electrolyte" '
        "(3 um) and the width of features[0] (400 nm) and the width of features[1] (400 nm); choose "
        "at most 50 nm",
    ]


def test_a_current_above_the_limit_without_an_end(here, capsys):
    text = GOOD.replace("5 A/m^2", "50 A/m^2").replace("until =", "#")
    assert refused(text, capsys) == [
        "bad.toml: operation.steps[0].until is missing: stop condition, "
        '{ duration = "10 s" } or { thickness = "0.3 um" }',
        'bad.toml: operation.steps[0].current_density = "50 A/m^2": is above the limiting current of '
        "the stack "
        "(13.8 A/m^2) with no stop condition",
    ]


def test_a_current_above_the_limit_with_a_thickness_it_never_reaches(here, capsys):
    Path("bad.toml").write_text(GOOD.replace("5 A/m^2", "50 A/m^2"))
    assert main(["run", "bad.toml"]) == 2
    captured = capsys.readouterr()
    assert captured.err == "bad.toml: not run; `fem-sei check` shows all numbers\n"
    assert captured.out.splitlines()[1] == (
        "  refused: steps[0]: current / limiting current = 3.631: the salt at the metal runs out after about "
        "597 ms, before the thickness is reached; choose at most 11 A/m^2"
    )
    assert sorted(Path().iterdir()) == [Path("bad.toml")]


def test_files_that_are_no_case_files(here, capsys):
    assert refused("schema = ", capsys) == ["bad.toml: is not valid TOML: Invalid value (at end of document)"]
    assert refused("a = 1\na = 2\n", capsys)[0].startswith(
        "bad.toml: is not valid TOML: Cannot overwrite a value"
    )
    assert main(["run", "none.toml"]) == 2
    assert capsys.readouterr().err == "none.toml: no such file\n"
    Path("folder").mkdir()
    assert main(["run", "folder"]) == 2
    assert capsys.readouterr().err == "folder: cannot be read: Is a directory\n"
    Path("bytes.toml").write_bytes(b"\xff\xfe\x00")
    assert main(["run", "bytes.toml"]) == 2
    assert capsys.readouterr().err == "bytes.toml: is not a text file in UTF-8\n"


@pytest.mark.parametrize(
    "text", ["", "schema = 1", 'geometry = "x"', "geometry = [1]", "variants = 3", "materials = 1"]
)
def test_nearly_empty_files_give_problems_not_tracebacks(here, capsys, text):
    assert len(refused(text, capsys)) >= 5


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("[[geometry.layers]]", "[[geometry.layer]]"),
        ("[[geometry.features]]", "[geometry.features]"),
        ("[[operation.steps]]", "[operation.steps]"),
        ('extends = "library:Al2O3_model"', ""),
        ('extends = "library:Al2O3_model"', "extends = 3"),
        ('extends = "library:Al2O3_model"', "D = []"),
        ('name      = "metal"', "name = {}"),
        ('material  = "Li"', "material = ['Li']"),
        ('at     = "0.5 um"\n', ""),
        ('kind   = "bump"\n', ""),
        ('kind   = "bump"', "kind = []"),
        ('mode = "galvanostatic"', "mode = [1]"),
        ('until = { thickness = "0.1 um" }', "until = 3"),
        ('until = { thickness = "0.1 um" }', "until = { thickness = 3 }"),
    ],
)
def test_any_mutilation_gives_problems_not_tracebacks(here, capsys, old, new):
    assert old in GOOD
    assert refused(GOOD.replace(old, new), capsys)


def leaves(table, place=()):
    """Places of all values in nested tables and lists, tables and lists included."""
    entries = table.items() if isinstance(table, dict) else enumerate(table)
    for key, value in entries:
        yield (*place, key)
        if isinstance(value, (dict, list)):
            yield from leaves(value, (*place, key))


RICH = (
    GOOD.replace("[phase_field]", '[mesh]\ncoarse_size = "0.1 um"\n[kinetics]\nalpha = 0.4\n[phase_field]')
    + "t_plus = { value = 0.4, range = [0.3, 0.5] }\n[solver.petsc]\nksp_rtol = 1e-3\n"
    + '[output]\nfields_every = { time = "1 s" }\n'
    + '[[variants]]\nname = "a"\nset = { "geometry.layers[coating].thickness" = "0.9 um" }\n'
)
STRANGE = [0, -3, 2.5, True, "", "x", "-5 nm", "1e30 m", "3 A/m^2", [], [[]], [{}], {}, {"x": 1}, None]


@pytest.mark.parametrize("place", list(leaves(tomllib.loads(RICH))), ids=dotted)
def test_whatever_a_value_is_replaced_by_the_case_is_judged_or_its_problems_listed(place):
    """None deletes the value. No exception but CaseError may come out."""
    for strange in STRANGE:
        data = tomllib.loads(RICH)
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
            assert assess(case).rows


def test_an_earlier_run_is_not_mixed_with_a_new_one(tmp_path, capsys):
    pytest.importorskip("dolfinx")
    case, folder = tmp_path / "good.toml", tmp_path / "run"
    case.write_text(GOOD)
    folder.mkdir()
    (folder / "run.json").write_text("{}")
    before = {path: path.read_bytes() for path in folder.rglob("*")}
    assert cli.main(["run", str(case), "--out", str(folder)]) == 2
    assert capsys.readouterr().err == (
        f"{folder} holds the results of an earlier run. "
        "Give --force to delete them, or another place with --out DIR.\n"
    )
    assert {path: path.read_bytes() for path in folder.rglob("*")} == before


def test_a_folder_that_cannot_be_written(tmp_path, capsys, monkeypatch):
    run_folder = pytest.importorskip("fem_sei.results.run_folder")
    case = tmp_path / "good.toml"
    case.write_text(GOOD)
    monkeypatch.setattr(run_folder.os, "access", lambda path, mode: False)  # root may write anywhere
    assert cli.main(["run", str(case), "--out", str(tmp_path / "run")]) == 2
    assert f"no permission to write in {tmp_path}" in capsys.readouterr().err
    assert sorted(tmp_path.iterdir()) == [case]


DEEP = [
    ("dimension = 2", 'dimension = 3\ndepth = "1 um"'),
    ('at     = "0.5 um"', 'at     = ["0.5 um", "0.5 um"]'),
]


@pytest.mark.parametrize(
    ("bump", "message"),
    [
        (
            'kind = "sinusoid"\namplitude = "20 nm"\nwavelength = "1 um"\nwavelength_y = "0.3 um"',
            'features[1].wavelength_y = "0.3 um": the depth must hold an integer number of half wavelengths;'
            " 285.7 nm would fit",
        ),
        (
            BUMP.replace('"1.5 um"', '["1.5 um", "1.2 um"]'),
            'features[1].at = ["1.5 um", "1.2 um"]: is outside the domain, which goes from 0 to 1 um',
        ),
        (
            BUMP.replace('"1.5 um"', '["0.9 um", "0.5 um"]'),
            "overlaps features[0]: 400 nm apart, their widths add up to 800 nm",
        ),
        (
            'kind = "nucleus"\nat = ["1.5 um", "0.5 um"]\nradius = "0.45 um"',
            None,
        ),
    ],
)
def test_features_in_three_dimensions(here, capsys, monkeypatch, bump, message):
    text = GOOD
    for old, new in [*DEEP, (BUMP, bump)]:
        assert old in text
        text = text.replace(old, new, 1)
    if message:
        assert any(message in line for line in refused(text, capsys))
    else:
        resolve(tomllib.loads(text))
