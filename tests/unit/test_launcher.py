"""docker/run: its syntax, its messages, and that all recipes use the same lists of packages."""

import os
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LAUNCHER = ROOT / "docker" / "run"

pytestmark = pytest.mark.skipif(shutil.which("bash") is None, reason="docker/run needs bash")


def launch(*arguments, cwd=ROOT, **environment):
    """Run the launcher with extra environment variables and return the finished process with its texts."""
    return subprocess.run(
        ["bash", str(LAUNCHER), *arguments],
        cwd=cwd,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=60,
    )


def requirements():
    """The requirements of pyproject.toml that the launcher installs."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    return project["dependencies"] + extras["post"] + extras["test"]


@pytest.fixture
def stub(tmp_path):
    """A PATH on which `docker` and `apptainer` only print their arguments, one a line."""
    for name in ("docker", "apptainer"):
        script = tmp_path / "bin" / name
        script.parent.mkdir(exist_ok=True)
        script.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
        script.chmod(0o755)
    return f"{tmp_path / 'bin'}:{os.environ['PATH']}"


@pytest.mark.parametrize("script", [LAUNCHER, ROOT / ".ci" / "run"])
def test_scripts_parse_and_are_executable(script):
    subprocess.run(["bash", "-n", str(script)], check=True)
    assert os.access(script, os.X_OK)


def test_help_names_every_option_and_variable():
    done = launch("--help")
    assert done.returncode == 0
    for word in ("--dolfinx", "--with", "--where", "apptainer", "FEM_SEI_CACHE", "FEM_SEI_MIRROR"):
        assert word in done.stdout


def test_where_builds_nothing(tmp_path):
    done = launch("--where", FEM_SEI_CACHE=str(tmp_path / "cache"))
    assert done.returncode == 0, done.stderr
    assert re.match(r"runtime: .+\nplace:   .+\nstate:   .+\n$", done.stdout)
    assert not (tmp_path / "cache").exists()


def test_where_depends_on_the_dolfinx_that_is_asked_for(tmp_path):
    places = {
        launch("--with", "debian", "--dolfinx", version, "--where", FEM_SEI_CACHE=str(tmp_path)).stdout
        for version in ("0.9", "0.11")
    }
    assert len(places) == 2
    assert all(str(tmp_path) in place for place in places)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "no command given"),
        (["--nonsense", "true"], "unknown option --nonsense"),
        (["--with", "vagrant", "true"], "choose host, debian"),
        (["--with", "debian", "--dolfinx", "0.5", "true"], "can build 0.9 and 0.11"),
    ],
)
def test_wrong_arguments_end_with_2_and_say_why(arguments, message):
    done = launch(*arguments)
    assert done.returncode == 2
    assert message in done.stderr


def test_docker_gets_the_command_the_folders_and_this_repository(stub, tmp_path):
    options = {"cwd": tmp_path, "PATH": stub, "FEM_SEI_CACHE": str(tmp_path / "c")}
    done = launch("--with", "docker", "fem-sei", "info", "a b", **options)
    assert done.returncode == 0, done.stderr
    words = done.stdout.splitlines()
    assert words[-3:] == ["fem-sei", "info", "a b"]
    assert f"{ROOT}:{ROOT}" in words
    assert f"{tmp_path}:{tmp_path}" in words
    assert f"PYTHONPATH={ROOT}" in words


def test_apptainer_builds_once_then_runs(stub, tmp_path):
    options = {"cwd": tmp_path, "PATH": stub, "FEM_SEI_CACHE": str(tmp_path / "c")}
    first = launch("--with", "apptainer", "pytest", "-x", **options)
    second = launch("--with", "apptainer", "pytest", "-x", **options)
    assert "setting up" in first.stderr
    assert second.stderr == ""
    assert first.stdout == second.stdout
    assert first.stdout.splitlines()[-2:] == ["pytest", "-x"]


def test_failed_setup_is_removed_and_shows_its_log(stub, tmp_path):
    (tmp_path / "bin" / "apptainer").write_text("#!/bin/sh\necho no such image\nexit 4\n")
    done = launch("--with", "apptainer", "true", PATH=stub, FEM_SEI_CACHE=str(tmp_path / "c"))
    assert done.returncode == 125
    assert "no such image" in done.stderr
    assert [path.suffix for path in (tmp_path / "c").iterdir() if path.is_dir()] == []


def test_image_recipes_install_the_one_list_of_packages():
    for recipe in ("Dockerfile", "fem_sei.def"):
        text = (ROOT / "docker" / recipe).read_text()
        assert "docker/packages.txt" in text
        assert "python3-dolfinx" not in text
        assert "[post,test]" in text


def test_every_line_of_the_package_list_is_one_package():
    lines = [line for line in (ROOT / "docker" / "packages.txt").read_text().splitlines() if line]
    packages = [line for line in lines if not line.startswith("#")]
    assert len(packages) == len(set(packages))
    assert all(re.fullmatch(r"[a-z0-9][a-z0-9+.-]+", package) for package in packages)


def test_the_key_of_the_python_packages_covers_every_requirement():
    command = re.search(r"requirement_lines\(\) \{ sed -n '(.+)' ", LAUNCHER.read_text()).group(1)
    keyed = subprocess.run(
        ["sed", "-n", command, str(ROOT / "pyproject.toml")], capture_output=True, text=True, check=True
    ).stdout
    assert [name for name in requirements() if f'"{name}"' not in keyed] == []


def test_the_conda_environment_lists_every_requirement():
    text = (ROOT / "docker" / "environment.yml").read_text()
    names = set(re.findall(r"^  - ([a-z0-9-]+)", text, re.MULTILINE))
    wanted = {re.split(r"[<>=]", requirement)[0] for requirement in requirements()}
    assert wanted - {"matplotlib"} <= names
    assert "matplotlib-base" in names
