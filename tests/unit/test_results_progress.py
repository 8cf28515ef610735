import io

import pytest

from fem_sei.results.progress import Progress, duration


@pytest.fixture(autouse=True)
def a_real_terminal(monkeypatch):
    """The launcher says TERM=dumb where its output is no terminal."""
    monkeypatch.setenv("TERM", "xterm")


class Terminal(io.StringIO):
    def isatty(self):
        return True


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


def go(stream, steps=100, seconds_per_step=0.5, active=True):
    clock = Clock()
    progress = Progress("bare", active=active, stream=stream, clock=clock)
    for step in range(1, steps + 1):
        clock.now = step * seconds_per_step
        progress.update(step / steps, f"t {duration(10.0 * step)}  tip {0.2 + 1e-3 * step:.3f} um")
    progress.finish("done")
    return stream.getvalue()


def test_plain_lines_are_few_and_complete():
    lines = go(io.StringIO()).splitlines()
    assert 10 <= len(lines) <= 22
    assert "bare" in lines[10] and "%" in lines[10] and " t " in lines[10] and "um" in lines[10]
    assert lines[-1] == "bare  done, 50 s wall time"


def test_wall_time_left_is_that_of_the_pace():
    lines = go(io.StringIO()).splitlines()
    half = next(line for line in lines if " 51.0 %" in line or " 50.0 %" in line)
    left = float(half.split("left ")[1].split()[0])
    assert 24.0 <= left <= 25.5


def test_a_terminal_gets_one_line_that_renews_itself():
    text = go(Terminal())
    assert text.count("\n") == 1
    assert text.count("\r") > 50


def test_other_ranks_are_silent():
    assert go(io.StringIO(), active=False) == ""


def test_a_note_keeps_a_line_of_its_own():
    stream = Terminal()
    progress = Progress("bare", stream=stream, clock=Clock())
    progress.update(0.5, "t 1 s")
    progress.note("a warning")
    assert stream.getvalue().endswith("\ra warning\n")
