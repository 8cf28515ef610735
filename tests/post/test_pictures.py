import sys

import numpy as np
import pytest
from fabricated import SITES, make_planar_run, make_run, surface
from PIL import Image

from fem_sei.post import RunError, compare, movie, open_run, plot
from fem_sei.post.compare import at_equal_charge, with_distinct_labels
from fem_sei.post.pictures import colour_scale, columns_for
from fem_sei.post.scene import View, front_profile, scene, view_of

CURVES = ["history_charge.png", "history_time.png", "numerics.png"]
MAPS = ["concentration.png", "potential.png", "front.png", "animation.mp4"]


def check_picture(path, colours=60):
    """Large enough for a slide, and with something on it."""
    with Image.open(path) as image:
        pixels = np.asarray(image.convert("RGB")).astype(int)
    assert min(pixels.shape[:2]) > 400 and max(pixels.shape[:2]) < 3500
    assert pixels.std() > 15.0
    assert len(np.unique(pixels[::2, ::2] @ (65536, 256, 1))) > colours
    assert (pixels[[0, -1]] == 255).all() and (pixels[:, [0, -1]] == 255).all()  # nothing is cut off


def names(paths):
    return [path.name for path in paths]


def test_pictures_of_a_run(two_bumps):
    import imageio_ffmpeg

    written = plot(two_bumps)
    assert names(written) == CURVES + MAPS
    assert all(path.parent == two_bumps / "pictures" for path in written)
    for path in written[:-1]:
        check_picture(path)
    frames, seconds = imageio_ffmpeg.count_frames_and_secs(str(written[-1]))
    assert frames >= 7 and seconds > 2.0


def test_chosen_times(two_bumps, monkeypatch):
    monkeypatch.setattr(movie, "animate", lambda run, folder: [])
    plot(two_bumps)
    with Image.open(two_bumps / "pictures" / "concentration.png") as image:
        four = image.size
    plot(two_bumps, times=[100.0])
    with Image.open(two_bumps / "pictures" / "concentration.png") as image:
        assert image.size[1] < four[1] and image.size != four


def test_the_cell_is_shown_whole_where_half_was_computed(two_bumps):
    run = open_run(two_bumps)
    view = view_of(run)
    assert view.extent[:3] == pytest.approx((-2.0, 2.0, -0.2))
    assert 1.2 < view.top < 4.2  # the far electrolyte is left out
    moment = scene(run, 6, view, 200)
    assert moment.metal.shape[1] == 200
    np.testing.assert_array_equal(moment.metal, moment.metal[:, ::-1])
    np.testing.assert_array_equal(moment.fields["c"], moment.fields["c"][:, ::-1])
    assert min(curve[:, 0].min() for curve in moment.front) == pytest.approx(-2.0)
    assert max(curve[:, 0].max() for curve in moment.front) == pytest.approx(2.0)
    assert len(moment.front) == 2


def test_pixels_have_the_values_of_the_fields(two_bumps):
    run = open_run(two_bumps)
    moment = scene(run, 0, view_of(run), 300)
    np.testing.assert_allclose(moment.fields["c"], 1000.0)
    np.testing.assert_allclose(moment.fields["phi_e"], -0.02)
    late = scene(run, 6, view_of(run), 300)
    assert late.outside_metal("c").min() > 300.0
    share = (late.metal > 0.0).mean()
    x = np.linspace(0.0, 2e-6, 2001)
    bottom, top = late.view.extent[2:]
    expected = (surface(x, 0.3e-6, 2.0).mean() * 1e6 - bottom) / (top - bottom)
    assert share == pytest.approx(expected, abs=0.005)


def test_the_front_is_where_it_is(two_bumps):
    run = open_run(two_bumps)
    for index in (0, 3, 6):
        profile = front_profile(run, index)
        assert (np.diff(profile.x) >= 0.0).all()
        expected = surface(np.abs(profile.x) * 1e-6, run.times[index] * 10.0 / SITES, 2.0) * 1e6
        np.testing.assert_allclose(profile.y, expected, atol=0.02)
    flat = np.abs(profile.x) > 1.7
    np.testing.assert_allclose(profile.c[flat], 1000.0 * (1.0 - 0.8 * 0.9 / 1.2), rtol=1e-3)


def test_one_colour_scale_for_all_panels(two_bumps):
    run = open_run(two_bumps)
    view = view_of(run)
    scale = colour_scale("c", [scene(run, index, view, 200) for index in (0, 6)])
    assert scale.norm.vmax == pytest.approx(1.0)
    assert (
        0.39 < scale.norm.vmin < 0.42
    )  # mol/L at the valley of the last scene; less inside the metal does not count
    uniform = colour_scale("c", [scene(run, 0, view, 200)])
    assert uniform.norm.vmax - uniform.norm.vmin > 1e-3


def test_animation_as_gif_without_ffmpeg(two_bumps, monkeypatch, caplog):
    monkeypatch.setitem(sys.modules, "imageio_ffmpeg", None)
    (path,) = movie.animate(open_run(two_bumps), two_bumps)
    assert "not installed" in caplog.text
    with Image.open(path) as image:
        assert image.format == "GIF" and image.n_frames >= 7
        assert image.size[0] == 1280


def test_pictures_of_a_one_dimensional_run(planar):
    written = plot(planar)
    assert names(written) == [*CURVES, "profiles.png"]
    for path in written:
        check_picture(path)


def test_variants_are_drawn_and_compared(coatings, monkeypatch):
    monkeypatch.setattr(movie, "animate", lambda run, folder: [])
    written = plot(coatings)
    ours = [path for path in written if path.parent == coatings / "pictures"]
    kinds = ("charge", "time", "concentration", "potential", "front")
    assert names(ours) == [f"compare_{kind}.png" for kind in kinds]
    for path in ours:
        check_picture(path)
    for variant in ("Al2O3", "bare"):
        inside = [path for path in written if path.parent == coatings / variant / "pictures"]
        assert names(inside) == CURVES + MAPS[:-1]


def test_runs_in_one_dimension_are_compared(tmp_path):
    runs = [make_planar_run(tmp_path / name, drop=drop) for name, drop in (("slow", 0.8), ("fast", 0.2))]
    written = compare(runs, tmp_path / "compared")
    assert names(written) == ["compare_charge.png", "compare_time.png", "compare_profiles.png"]
    for path in written:
        check_picture(path)
    with pytest.raises(RunError, match="nothing to compare"):
        compare(runs[:1], tmp_path / "compared")


def test_a_folder_that_cannot_be_made(planar, tmp_path):
    (planar / "pictures").write_text("")
    with pytest.raises(RunError, match="cannot create the folder"):
        plot(planar)
    with pytest.raises(RunError, match="cannot create the folder"):
        compare([planar, planar], planar / "run.json" / "compared")


@pytest.mark.parametrize(("number", "grid"), [(1, (1, 1)), (2, (1, 2)), (4, (2, 2)), (5, (2, 3))])
def test_panels_fill_a_slide(number, grid):
    columns = columns_for(number, View(-2.0, 2.0, -0.2, 2.2))
    assert (-(-number // columns), columns) == grid


def test_equal_charge_is_what_all_have_reached(tmp_path):
    long, short = (open_run(make_run(tmp_path / name)) for name in ("long", "short"))
    del short.outputs[4:]
    assert at_equal_charge([long, short], 1.0) == [3, 3]
    assert at_equal_charge([long, short], 0.0) == [0, 0]
    assert [run.label for run in with_distinct_labels([long, short])] == [
        f"{tmp_path.name}/long",
        f"{tmp_path.name}/short",
    ]


def test_a_run_that_has_just_started(two_bumps, coatings):
    (two_bumps / "fields.pvd").unlink()
    history = two_bumps / "history.csv"
    history.write_text("\n".join(history.read_text().splitlines()[:2]) + "\n")
    assert names(plot(two_bumps)) == CURVES
    history.write_text(history.read_text().splitlines()[0] + "\n")
    assert plot(two_bumps) == []
    history.unlink()
    assert plot(two_bumps) == []
    (coatings / "bare" / "run.json").unlink()
    (coatings / "Al2O3" / "fields.pvd").unlink()
    assert names(plot(coatings))[:3] == CURVES
    (coatings / "Al2O3" / "run.json").unlink()
    with pytest.raises(RunError, match=r"no variant of .* has started"):
        plot(coatings)
