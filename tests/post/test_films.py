"""Pictures of delamination, from run folders made by hand."""

import json

import numpy as np
import pytest
from fabricated_film import FLAW, MPA, NM, deflection, interface_fields, make_film, make_sweep
from PIL import Image

from fem_sei.post import RunError, compare, delamination, movie, open_run, plot
from fem_sei.post.blister import blister_frames
from fem_sei.post.debonding import given_pressure, interface, marked, moment_text, moments, peak, state
from fem_sei.post.film import exaggerations, film_frames, look_at
from fem_sei.post.open import read_summary
from fem_sei.post.style import prefixed

PICTURES = ["load.png", "numerics.png", "traction.png", "film.png"]
COLOURS_AT_LEAST = 60


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    return make_film(tmp_path_factory.mktemp("film") / "run")


@pytest.fixture(scope="module")
def disc(tmp_path_factory):
    return make_film(tmp_path_factory.mktemp("disc") / "run", dimension=3)


@pytest.fixture
def no_movie(monkeypatch):
    monkeypatch.setattr(movie, "animate", lambda run, folder, frames: [])


def names(paths):
    return [path.name for path in paths]


def check_picture(path):
    with Image.open(path) as image:
        pixels = np.asarray(image.convert("RGB")).astype(int)
    assert min(pixels.shape[:2]) > 400 and max(pixels.shape[:2]) < 3500
    assert pixels.std() > 15.0
    assert len(np.unique(pixels[::2, ::2] @ (65536, 256, 1))) > COLOURS_AT_LEAST
    assert (pixels[[0, -1]] == 255).all() and (pixels[:, [0, -1]] == 255).all()  # nothing is cut off


@pytest.mark.parametrize("which", ["film", "disc"])
def test_all_pictures_of_a_run(which, request):
    written = plot(request.getfixturevalue(which))
    assert names(written) == [*PICTURES, "animation.mp4"]
    for path in written[:-1]:
        check_picture(path)
    assert written[-1].stat().st_size > 10_000


def test_a_state_keeps_the_points_of_each_layer(film):
    run = open_run(film)
    each = state(run, -1)
    assert len(each.points) == 2 * 4 * 121  # 2 layers of 3 cells
    assert each.points[:, 1].max() == pytest.approx(4.0)
    assert np.abs(each.displacement[:, 1]).max() == pytest.approx(
        deflection(0.0, 20, 117.4 * MPA, 4 * NM) / NM
    )
    border = each.points[each.border()]
    length = np.linalg.norm(border[:, 1] - border[:, 0], axis=1).sum()
    assert length == pytest.approx(2 * (2 * 40.0 + 2 * 2.0))  # around each of the layers


def test_the_faces_of_a_block(disc):
    each = state(open_run(disc), 0)
    a, b, c = (each.points[each.border()][:, corner] for corner in range(3))
    area = np.linalg.norm(np.cross(b - a, c - a), axis=1).sum() / 2.0
    assert area == pytest.approx(2 * 20.0 * 20.0 + 4 * 20.0 * 4.0)


def test_the_interface_is_read_with_its_fields(film):
    run = open_run(film)
    found = interface(run, 20.0)
    expected = interface_fields(found["points"] * NM, 20, 117.4 * MPA, 4 * NM, 2)
    for name, values in expected.items():
        np.testing.assert_allclose(found[name], values, rtol=1e-12, atol=1e-12 * np.abs(values).max())
    assert interface(run, 3.0) == {}  # no output at this step


def test_moments_that_are_shown(film):
    run = open_run(film)
    assert run.times.tolist() == [0.0, 4.0, 8.0, 12.0, 16.0, 20.0]
    assert given_pressure(run) == 100 * MPA
    assert peak(run) == 4
    assert marked(run) == [2, 5]  # 91.8 MPa on the way up, though 104 MPa on the way down is nearer
    assert set(marked(run)) | {peak(run)} <= set(moments(run))
    assert moment_text(run, 8.0) == "91.8 MPa, opening 0.0625 nm"
    assert moment_text(run, 0.0) == "0 MPa, opening 0 nm"


def test_displacements_are_exaggerated_by_round_numbers(film):
    run = open_run(film)
    states = [state(run, index) for index in (0, 2, 5)]  # 0, 0.0625 and 0.317 nm
    assert exaggerations(states, 2.7, together=False) == [1.0, 20.0, 5.0]
    assert exaggerations(states, 2.7, together=True) == [5.0, 5.0, 5.0]
    assert exaggerations(states, 0.01, together=False) == [1.0, 1.0, 1.0]  # never made smaller
    look = look_at(run, states, together=True)
    assert look.left == 0.0 and 12.0 < look.right < 40.0
    assert look.top > 4.0 + 5.0 * 0.317 and look.bottom < 0.0


def test_the_film_is_shown_whole_where_half_was_computed(film):
    run = open_run(film)
    run.mesh["mirror"] = True
    states = [state(run, 5)]
    look = look_at(run, states, together=False)
    run.mesh["mirror"] = False
    assert (look.left, look.right) == (-look.right, look_at(run, states, together=False).right)


@pytest.mark.parametrize(("which", "make"), [("film", film_frames), ("disc", blister_frames)])
def test_frames_have_one_size_that_codecs_take(which, make, request):
    frames = list(make(open_run(request.getfixturevalue(which)), [0, 5]))
    assert frames[0].shape == frames[1].shape
    assert frames[0].shape[0] % 16 == frames[0].shape[1] % 16 == 0
    assert (frames[0] != frames[1]).any()


def test_steps_may_be_chosen(film, no_movie):
    plot(film, times=[8.0])
    with Image.open(film / "pictures" / "film.png") as image:
        one = image.size
    plot(film)
    with Image.open(film / "pictures" / "film.png") as image:
        assert image.size[1] > one[1]


def test_a_run_under_way_and_one_that_failed(tmp_path, no_movie):
    folder = make_film(tmp_path / "run", finished=False)
    assert open_run(folder).title.endswith("(running)")
    assert names(plot(folder)) == PICTURES
    manifest = json.loads((folder / "run.json").read_text())
    (folder / "run.json").write_text(json.dumps(manifest | {"status": "failed", "case": None}))
    assert names(plot(folder)) == PICTURES
    (folder / "interface.pvd").unlink()
    assert names(plot(folder)) == ["load.png", "numerics.png", "film.png"]
    (folder / "fields.pvd").unlink()
    assert names(plot(folder)) == ["load.png", "numerics.png"]
    history = folder / "history.csv"
    history.write_text(history.read_text().splitlines()[0] + "\n")
    assert plot(folder) == []
    history.unlink()
    assert plot(folder) == []


def test_outputs_before_the_first_step(tmp_path, no_movie):
    folder = make_film(tmp_path / "run", finished=False)
    for name in ("fields.pvd", "interface.pvd"):
        lines = (folder / name).read_text().splitlines()
        (folder / name).write_text("\n".join(lines[:4] + lines[-2:]))
    (folder / "history.csv").unlink()
    assert names(plot(folder)) == ["traction.png", "film.png"]


def test_fields_that_are_missing(tmp_path, no_movie):
    some = make_film(tmp_path / "some", leave_out=("von_mises", "traction_t", "energy_damage"))
    assert names(plot(some)) == PICTURES
    few = make_film(
        tmp_path / "few", leave_out=("von_mises", "principal_max", "damage", "traction_n", "delta_n")
    )
    assert names(plot(few)) == PICTURES
    assert state(open_run(few), -1).quantity.label == "displacement (nm)"
    next((some / "fields").glob("interface_000005*.pvtu")).unlink()
    with pytest.raises(RunError, match="is missing"):
        plot(some)


def test_without_pressure_the_reaction_is_the_load(tmp_path, no_movie):
    folder = make_film(tmp_path / "run", given=None)
    history = folder / "history.csv"
    head, *rows = [line.split(",") for line in history.read_text().splitlines()]
    column = head.index("pressure [Pa]")
    history.write_text("\n".join(",".join(r[:column] + r[column + 1 :]) for r in [head, *rows]) + "\n")
    assert names(plot(folder)) == PICTURES
    assert moment_text(open_run(folder), 20.0).startswith("load factor 0.889")


def test_a_sweep_is_drawn_over_its_first_axis(tmp_path, monkeypatch):
    monkeypatch.setattr(delamination, "draw_run", lambda run, times: [run.path])
    folder = make_sweep(tmp_path / "sweep")
    monkeypatch.setattr("fem_sei.post.MOST_DRAWN", 8)
    rows, units = read_summary(folder / "summary.csv")
    assert (rows[0]["name"], rows[0]["thickness"], rows[0]["metal"]) == ("4nm_Li", "4 nm", "Li")
    assert (rows[0]["outcome"], rows[0]["opening"], units["opening"]) == ("delaminates", "", "m")
    *variants, sweep, loads = plot(folder)
    assert names(variants) == [row["name"] for row in rows]
    assert names([sweep, loads]) == ["sweep.png", "loads.png"]
    for path in (sweep, loads):
        check_picture(path)
    # while the first variants run there is no table yet
    (folder / "summary.csv").unlink()
    assert names(plot(folder)) == [*names(variants), "loads.png"]


def test_runs_are_compared_with_their_load_curves(film, disc, tmp_path, two_bumps):
    written = compare([film, disc], tmp_path / "compared")
    assert names(written) == ["loads.png"]
    check_picture(written[0])
    with pytest.raises(RunError, match="different studies, delamination and plating"):
        compare([film, two_bumps], tmp_path / "compared")


def test_a_study_without_pictures(film, tmp_path):
    (tmp_path / "run.json").write_text(json.dumps({"kind": "run", "study": "weather"}))
    with pytest.raises(RunError, match="no pictures for the study weather"):
        plot(tmp_path)


@pytest.mark.parametrize(
    ("largest", "unit", "expected"),
    [
        (FLAW, "m", ("nm", 1e9)),
        (64e-18, "m^2", ("nm²", 1e18)),
        (4e-12, "m^2", ("µm²", 1e12)),
        (3e-26, "m^3", ("nm³", 1e27)),
        (9e-10, "J/m", ("pJ/m", 1e12)),
        (2e-3, "N", ("mN", 1e3)),
        (0.0, "J", ("J", 1.0)),
        (20.0, "Pa", ("MPa", 1e-6)),
    ],
)
def test_units_suit_the_values(largest, unit, expected):
    shown, factor = prefixed(np.array([0.0, -largest]), unit)
    assert (shown, factor) == (expected[0], pytest.approx(expected[1]))
