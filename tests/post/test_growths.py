"""Pictures of film growth, from run folders made by hand."""

import csv

import numpy as np
import pytest
from fabricated_growth import MPA, NM, make_growth, make_growth_sweep
from PIL import Image

from fem_sei.post import compare, film_growth, movie, open_run, plot
from fem_sei.post.design import UNDAMAGED, Design, best, window
from fem_sei.post.grown import grown_frames
from fem_sei.post.growth import grown, moments
from fem_sei.post.open import read_summary
from fem_sei.post.surface import _without_zigzag, surface

PICTURES = ["growth.png", "numerics.png", "surface.png", "film.png"]
COLOURS_AT_LEAST = 60


@pytest.fixture(scope="module")
def bump(tmp_path_factory):
    return make_growth(tmp_path_factory.mktemp("bump") / "run", damage=0.02)


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


def test_all_pictures_of_a_run(bump):
    written = plot(bump)
    assert names(written) == [*PICTURES, "animation.mp4"]
    for path in written[:-1]:
        check_picture(path)
    assert written[-1].stat().st_size > 5_000


def test_moments_divide_the_growth(bump):
    run = open_run(bump)
    assert moments(run, 4) == [0, 1, 3, 4]
    assert grown(run, run.times[2]) == pytest.approx(1.0)  # nm


def test_the_surface_is_where_it_has_grown_to(bump):
    run = open_run(bump)
    start, end = surface(run, 0), surface(run, 4)
    np.testing.assert_array_equal(start.before, start.now)
    assert end.now[0, 1] == pytest.approx(2.0 + 0.5) and end.now[-1, 1] == pytest.approx(2.0)  # nm
    assert (start.text, end.text) == ("at the start", "2 nm grown")
    smooth = _without_zigzag(end.fields["traction_n"])
    assert smooth[0] == pytest.approx(-100 * MPA, rel=1e-2) and smooth[-1] == pytest.approx(0.0, abs=1.0)


def test_frames_have_one_size_that_codecs_take(bump):
    frames = list(grown_frames(open_run(bump), [0, 4]))
    assert frames[0].shape == frames[1].shape
    assert frames[0].shape[0] % 16 == frames[0].shape[1] % 16 == 0
    assert (frames[0] != frames[1]).any()


def test_a_run_under_way(tmp_path, no_movie):
    folder = make_growth(tmp_path / "run", damage=1.0, finished=False)  # with the panels of an open film
    assert names(plot(folder)) == PICTURES
    (folder / "interface.pvd").unlink()
    (folder / "history.csv").unlink()
    assert names(plot(folder)) == ["film.png"]
    (folder / "fields.pvd").unlink()
    assert plot(folder) == []


def test_outputs_before_the_first_step(tmp_path, no_movie):
    folder = make_growth(tmp_path / "run", finished=False)
    for name in ("fields.pvd", "interface.pvd"):
        lines = (folder / name).read_text().splitlines()
        (folder / name).write_text("\n".join(lines[:4] + lines[-2:]))
    (folder / "history.csv").unlink()
    assert names(plot(folder)) == ["surface.png", "film.png"]


def test_in_three_dimensions_there_are_the_curves(tmp_path):
    assert names(plot(make_growth(tmp_path / "run", dimension=3))) == PICTURES[:2]


def test_a_result_called_like_an_axis_keeps_its_unit(tmp_path):
    (tmp_path / "summary.csv").write_text("name,status,grown,grown [m]\nthin,done,little,1e-09\n")
    rows, units = read_summary(tmp_path / "summary.csv")
    assert (rows[0]["grown"], rows[0]["grown [m]"]) == ("little", "1e-09")
    assert (units["grown"], units["grown [m]"]) == ("", "m")


def test_a_sweep_shows_what_to_choose(tmp_path, monkeypatch):
    monkeypatch.setattr(film_growth, "draw_run", lambda run, times: [run.path])
    folder = make_growth_sweep(tmp_path / "sweep")
    rows, units = read_summary(folder / "summary.csv")
    assert (rows[0]["thickness"], rows[0]["grown"]) == ("2 nm", repr(2 * NM))
    assert (units["thickness"], units["grown"]) == ("", "m")
    *variants, design, chart, table, growths = plot(folder)
    assert names(variants) == [row["name"] for row in rows]
    assert names([design, chart, table, growths]) == ["design.png", "map.png", "window.csv", "growths.png"]
    for path in (design, chart, growths):
        check_picture(path)
    with open(table, encoding="utf-8", newline="") as file:
        weak, strong = list(csv.DictReader(file))
    assert (weak["strength"], weak["best_thickness"], weak["from"], weak["to"]) == ("100", *["2 nm"] * 3)
    # the film of 4 nm leaves 0.75, but its moat makes it 0.85 over the lowest point: within 0.1 of the best
    assert (strong["best_thickness"], strong["from"], strong["to"]) == ("2 nm", "2 nm", "4 nm")
    # while the first variants run there is no table yet
    (folder / "summary.csv").unlink()
    assert names(plot(folder)[len(rows) :]) == ["growths.png"]


def test_a_sweep_of_films_that_hold_is_drawn_with_its_tractions(tmp_path, monkeypatch):
    monkeypatch.setattr(film_growth, "draw_run", lambda run, times: [])
    folder = make_growth_sweep(tmp_path / "sweep", cohesive=False, strengths=("weak", "strong"))
    written = plot(folder)
    assert names(written) == ["design.png", "window.csv", "growths.png"]
    check_picture(written[0])
    assert "8 nm" in written[1].read_text()


def test_the_film_to_choose():
    def made(place, ratio, lowest, damage=0.0, done=True):
        results = (ratio, damage, np.nan, 2 * NM, lowest, -1.0, 1.0)
        return Design(f"{place}nm", f"{place} nm", place, "", done, *results)

    thin, good, dip, weak = (
        made(2, 0.6, 0.6),
        made(4, 0.5, 0.52),
        made(8, -0.56, 0.0),
        made(16, 0.3, 0.3, 0.02),
    )
    cut = made(32, 0.1, 0.1, done=False)
    films = [thin, weak, dip, cut, good]
    assert best(films) is good
    assert window(films) == [thin, good, dip]
    assert best([weak, cut]) is None and window([weak, cut]) == []
    assert best([made(2, 0.5, np.nan), thin]).ratio == 0.5
    assert UNDAMAGED < 0.01


def test_runs_are_compared_with_their_growth(bump, tmp_path):
    other = make_growth(tmp_path / "other", left=0.2)
    written = compare([bump, other], tmp_path / "compared")
    assert names(written) == ["growths.png"]
    check_picture(written[0])
