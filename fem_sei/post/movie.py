"""The animation of a run: mp4 where ffmpeg is at hand, else gif."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.figure import Figure

from fem_sei.post.open import Run
from fem_sei.post.pictures import Panel, add_colour_bar, colour_scale, moment_text, name_layers
from fem_sei.post.scene import Scene, scene, view_of
from fem_sei.post.style import STYLE, figure

WIDTH = 8.0  # inches
DPI = 160
PANEL_WIDTH = 3.2  # inches, about
AROUND = 1.75  # inches above and below the panels: title, axis, colour bar
LOWEST, HIGHEST = 3.5, 7.0  # inches
PIXELS = 420
SECONDS = 6.0  # length aimed at
SLOWEST, FASTEST = 3.0, 15.0  # frames per second
MOST = 120  # frames; of more field outputs these many, evenly chosen
HOLD = 1.5  # seconds on the last frame

Drawing = Callable[[Run, Sequence[int]], Iterator[np.ndarray]]

log = logging.getLogger(__name__)


def animate(run: Run, folder: Path, draw: Drawing | None = None) -> list[Path]:
    """The field outputs of a run as a film: what ``draw`` makes of the outputs with the numbers it is given,
    by default concentration and potential side by side."""
    last = len(run.outputs) - 1
    indices = sorted({round(index) for index in np.linspace(0, last, min(last + 1, MOST))})
    rate = float(np.clip(len(indices) / SECONDS, SLOWEST, FASTEST))
    frames = _held((draw or _frames)(run, indices), round(HOLD * rate))
    try:
        import imageio_ffmpeg
    except ImportError:
        log.warning("imageio-ffmpeg is not installed: writing the animation as a gif, not as mp4")
        return [_write_gif(frames, rate, folder / "animation.gif")]
    path = folder / "animation.mp4"
    first = next(frames)
    size = first.shape[1], first.shape[0]
    writer = imageio_ffmpeg.write_frames(str(path), size, fps=rate, quality=8, ffmpeg_log_level="error")
    writer.send(None)
    for frame in chain([first], frames):
        writer.send(frame)
    writer.close()
    return [path]


@matplotlib.rc_context(STYLE)
def _frames(run: Run, indices: Sequence[int]) -> Iterator[np.ndarray]:
    """The frames as arrays (rows, columns, 3) of bytes."""
    view = view_of(run)
    scenes: list[Scene] = [scene(run, index, view, PIXELS) for index in indices]
    fields = list(scenes[0].fields)
    height = float(np.clip(PANEL_WIDTH / view.aspect + AROUND, LOWEST, HIGHEST))
    made = figure(WIDTH, round(10.0 * height) / 10.0, dpi=DPI)  # a multiple of 16 pixels, for every codec
    axes = made.subplots(1, len(fields), sharey=True, squeeze=False)[0]
    axes[0].set_ylabel("y (µm)")
    panels = []
    for field, panel in zip(fields, axes, strict=True):
        colours = colour_scale(field, scenes)
        panel.set_xlabel("x (µm)")
        panels.append(Panel(panel, run, view, field, colours))
        add_colour_bar(made, colours, [panel], field, location="bottom")
    name_layers(axes[-1], run, view)
    for moment in scenes:
        for panel in panels:
            panel.show(moment)
        made.suptitle(f"{run.title}\n{moment_text(moment)}", fontsize=11)
        yield pixels(made)


def pixels(made: Figure) -> np.ndarray:
    """The figure as a frame (rows, columns, 3) of bytes."""
    made.canvas.draw()
    made.set_layout_engine("none")  # placed once: nothing may jump from frame to frame
    return np.ascontiguousarray(np.asarray(made.canvas.buffer_rgba())[:, :, :3])


def _held(frames: Iterator[np.ndarray], times: int) -> Iterator[np.ndarray]:
    """The frames, the last one repeated."""
    frame = None
    for frame in frames:
        yield frame
    for _ in range(times):
        yield frame


def _write_gif(frames: Iterator[np.ndarray], rate: float, path: Path) -> Path:
    from PIL import Image

    first, *others = [Image.fromarray(frame) for frame in frames]
    first.save(path, save_all=True, append_images=others, duration=round(1000.0 / rate), loop=0)
    return path
