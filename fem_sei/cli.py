"""The command line: fem-sei run | restart | check | mesh | plot | compare | materials | schema | info.

Exit codes: 0 done, 2 bad input (nothing was written), 3 the solver gave up, 4 results cannot be written,
130 stopped early (a signal, or --max-wall) with a checkpoint, 1 a bug.
What is heavy is imported by the verb that needs it.
"""

import argparse
import json
import math
import os
import platform
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

from fem_sei import __version__

DONE, BUG, BAD_INPUT, UNWRITABLE, INTERRUPTED = 0, 1, 2, 4, 130
STARTED = time.monotonic()
PACKAGES = ("numpy", "scipy", "pydantic", "pint", "meshio", "matplotlib", "pyvista")


class InputError(Exception):
    """What the user asked for cannot be done; str() says why."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line `argv` (without the program's name) and return the exit code."""
    argv = list(sys.argv[1:] if argv is None else argv)
    petsc_args = []
    if "--" in argv:
        split = argv.index("--")
        argv, petsc_args = argv[:split], argv[split + 1 :]
    arguments = _parser().parse_args(argv)
    if petsc_args and arguments.verb not in ("run", "restart"):
        _parser().error(f'only "run" and "restart" pass on options after "--", not "{arguments.verb}"')
    arguments.petsc_args = petsc_args
    parallel = arguments.verb in ("run", "restart", "mesh")
    try:
        return arguments.do(arguments)
    except KeyboardInterrupt:
        _say_error("interrupted", parallel)
        return INTERRUPTED
    except BrokenPipeError:  # the reader, such as head, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except Exception as error:
        if isinstance(error, _input_errors()):
            _say_error(str(error), parallel)
            return BAD_INPUT
        if _is_output_error(error):
            if _rank() == error.rank:
                print(error, file=sys.stderr, flush=True)
                _abort_the_other_ranks(UNWRITABLE)
            return UNWRITABLE
        traceback.print_exc()
        if parallel:
            _abort_the_other_ranks(BUG)
        return BUG


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="fem-sei",
        description="Finite-element simulation of metal anodes: plating under layers, delamination of films.",
    )
    parser.add_argument("--version", action="version", version=f"fem_sei {__version__}")
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")

    def verb(name: str, do: Callable[[argparse.Namespace], int], text: str) -> argparse.ArgumentParser:
        added = verbs.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
        added.set_defaults(do=do)
        return added

    def case_verb(name: str, do: Callable[[argparse.Namespace], int], text: str) -> argparse.ArgumentParser:
        added = verb(name, do, text)
        added.add_argument("case", type=Path, metavar="CASE", help="case file (.toml)")
        add_changes(added, 'change a key, such as geometry.layers[1].thickness="50 nm"; may be repeated')
        return added

    def add_changes(added: argparse.ArgumentParser, text: str) -> None:
        added.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help=text)

    def add_manners(added: argparse.ArgumentParser) -> None:
        added.add_argument("--no-pictures", action="store_true", help="draw nothing at the end")
        added.add_argument(
            "--max-wall",
            metavar="TIME",
            help='stop in time, with a checkpoint, such as "30 min" (exit code 130)',
        )
        added.add_argument(
            "--at-once",
            type=int,
            default=1,
            metavar="N",
            help="of the variants or a sweep run N at a time, each on its share of the ranks",
        )

    run = case_verb("run", _run, "run a case; PETSc options may follow after --")
    run.add_argument("--out", type=Path, metavar="DIR", help="run folder, by default runs/NAME")
    run.add_argument("--force", action="store_true", help="replace an earlier run in that folder")
    add_manners(run)
    restart = verb(
        "restart",
        _restart,
        "go on with a run from its last checkpoint, on any number of ranks; of variants the unfinished ones",
    )
    restart.add_argument(
        "run", type=Path, metavar="RUN", help="run folder; what it was run with is kept there"
    )
    restart.add_argument(
        "--until",
        metavar="TIME",
        help='simulated time at which to end, such as "2 h": later steps of the operation are left out, the '
        "last one goes on until then",
    )
    add_changes(restart, "change a key of operation, time, solver or output; may be repeated")
    add_manners(restart)
    case_verb("check", _check, "print the resolved case and the numbers that decide if the run makes sense")
    mesh = case_verb("mesh", _mesh, "build the mesh of a case only")
    mesh.add_argument("--out", type=Path, metavar="FILE", help="file to write the mesh to")
    submit = case_verb(
        "submit", _submit, "write a Slurm job script that runs a case in as many jobs as it takes"
    )
    submit.add_argument("--nodes", type=int, default=1, metavar="N", help="number of nodes")
    submit.add_argument(
        "--ranks-per-node", type=int, required=True, metavar="N", help="one per physical core"
    )
    submit.add_argument("--time", required=True, help='of each job, such as "12 h" or 12:00:00')
    submit.add_argument("--out", type=Path, metavar="DIR", help="run folder, by default runs/NAME")
    submit.add_argument("--script", type=Path, metavar="FILE", help="job script, by default NAME.slurm")
    submit.add_argument("--apptainer", type=Path, metavar="IMAGE", help="run inside this image")
    submit.add_argument(
        "--sbatch", action="append", default=[], metavar="OPTION", help="such as --sbatch=--account=abc"
    )
    submit.add_argument("--go", action="store_true", help="hand the script to sbatch, too")
    plot = verb("plot", _plot, "draw the pictures of run folders")
    plot.add_argument("runs", type=Path, nargs="+", metavar="RUN")
    plot.add_argument(
        "--time", action="append", metavar="TIME", help='moment to show, such as "30 s"; may be repeated'
    )
    compare = verb("compare", _compare, "draw several runs in common figures")
    compare.add_argument("runs", type=Path, nargs="+", metavar="RUN")
    compare.add_argument(
        "--out", type=Path, default=Path("comparison"), metavar="DIR", help="folder for the figures"
    )
    materials = verb("materials", _materials, "list the materials of the library, or print some with sources")
    materials.add_argument("names", nargs="*", metavar="NAME")
    schema = verb("schema", _schema, "print the JSON Schema of case files, for editors")
    schema.add_argument("--keys", action="store_true", help="print a list of all keys to read instead")
    verb("info", _info, "print versions, for bug reports")
    return parser


# Verbs


def _run(arguments: argparse.Namespace) -> int:
    from fem_sei import tables
    from fem_sei.case.checks import assess
    from fem_sei.case.loader import load

    deadline = _deadline(arguments)
    loaded = load(arguments.case, arguments.set)
    assessments = {name: assess(case) for name, case in loaded.runs.items()}
    _say("\n".join(tables.summary(loaded.case.case.name, assessments)))
    if any(found.verdict == "refuse" for found in assessments.values()):
        raise InputError(f"{arguments.case}: not run; `fem-sei check` shows all numbers")
    _require_dolfinx()
    _check_share(arguments)
    from fem_sei import studies

    return studies.run(
        loaded,
        arguments.out,
        arguments.force,
        not arguments.no_pictures,
        arguments.petsc_args,
        deadline,
        arguments.at_once,
    )


def _restart(arguments: argparse.Namespace) -> int:
    until = None if arguments.until is None else _times("--until", [arguments.until])[0]
    deadline = _deadline(arguments)
    _require_dolfinx()
    _check_share(arguments)
    from fem_sei import studies

    return studies.restart(
        arguments.run,
        until,
        arguments.set,
        not arguments.no_pictures,
        arguments.petsc_args,
        deadline,
        arguments.at_once,
    )


def _check_share(arguments: argparse.Namespace) -> None:
    """Raise InputError if there are not enough ranks for so many runs at a time."""
    from mpi4py import MPI

    ranks = MPI.COMM_WORLD.size
    if not 1 <= arguments.at_once <= ranks:
        raise InputError(f"--at-once {arguments.at_once}: needs 1 to {ranks}, the number of ranks")


def _deadline(arguments: argparse.Namespace) -> float:
    """Reading of time.monotonic() at which the program must have ended."""
    return STARTED + _times("--max-wall", [arguments.max_wall])[0] if arguments.max_wall else math.inf


def _times(option: str, texts: Sequence[str]) -> list[float]:
    """The times (s) given with an option."""
    from fem_sei.units import TIME, UnitError, to_si

    try:
        return [to_si(text, TIME) for text in texts]
    except UnitError as error:
        raise InputError(f"{option} {error}") from None


def _check(arguments: argparse.Namespace) -> int:
    from fem_sei import tables
    from fem_sei.case import describe
    from fem_sei.case.checks import assess
    from fem_sei.case.loader import load
    from fem_sei.geometry.reader import check_file

    loaded = load(arguments.case, arguments.set)
    for case in loaded.runs.values():
        check_file(case)
    for key, value in describe.resolved(loaded.case):
        print(f"{key} = {value}")
    print()
    print("\n".join(tables.values(loaded.runs)))
    print()
    assessments = {name: assess(case) for name, case in loaded.runs.items()}
    print("\n".join(tables.side_by_side(assessments)))
    print()
    print("\n".join(tables.summary(loaded.case.case.name, assessments)))
    return BAD_INPUT if any(found.verdict == "refuse" for found in assessments.values()) else DONE


def _mesh(arguments: argparse.Namespace) -> int:
    from fem_sei.case.loader import load

    loaded = load(arguments.case, arguments.set)
    _require_dolfinx()
    from fem_sei import studies

    return studies.mesh_only(loaded, arguments.out)


def _submit(arguments: argparse.Namespace) -> int:
    import shutil
    import subprocess

    from fem_sei import submit
    from fem_sei.case.checks import assess
    from fem_sei.case.loader import load
    from fem_sei.units import UnitError

    loaded, problems, seconds = load(arguments.case, arguments.set), [], submit.LEAST_TIME
    try:
        seconds = submit.job_time(arguments.time)
    except UnitError as error:
        problems.append(f"--time {error}")
    name = loaded.case.case.name
    job = submit.Job(
        arguments.nodes, arguments.ranks_per_node, seconds, arguments.apptainer, arguments.sbatch
    )
    path, run = arguments.script or Path(f"{name}.slurm"), arguments.out or Path("runs") / name
    problems += job.problems()
    problems += [f"{path} exists; choose another --script"] if path.exists() else []
    problems += ["--go: there is no sbatch here"] if arguments.go and not shutil.which("sbatch") else []
    if any(assess(case).verdict == "refuse" for case in loaded.runs.values()):
        problems.append(f"{arguments.case}: refused; `fem-sei check` shows why")
    if problems:
        raise InputError("\n".join(problems))
    run.parent.mkdir(parents=True, exist_ok=True)  # the log goes beside the run folder
    path.write_text(submit.script(arguments.case, arguments.set, run, name, path, job), encoding="utf-8")
    print(f"wrote {path}" + ("" if arguments.go else f"; hand it in with: sbatch {path}"), flush=True)
    return subprocess.run(["sbatch", str(path)], check=False).returncode if arguments.go else DONE


def _plot(arguments: argparse.Namespace) -> int:
    times = _times("--time", arguments.time) if arguments.time else None
    post = _post()
    for run in arguments.runs:
        print("\n".join(str(file) for file in post.plot(run, times)))
    return DONE


def _compare(arguments: argparse.Namespace) -> int:
    print("\n".join(str(file) for file in _post().compare(arguments.runs, arguments.out)))
    return DONE


def _materials(arguments: argparse.Namespace) -> int:
    from fem_sei import tables
    from fem_sei.materials import library
    from fem_sei.materials.catalogue import FLAGS, KINDS
    from fem_sei.units import number

    try:
        materials = [library.from_library(name) for name in arguments.names]
    except KeyError as error:
        raise InputError(error.args[0]) from None
    if not materials:
        for kind in KINDS:
            rows = [(name, library.tables()[name]["title"]) for name in library.names(kind)]
            if not rows:
                continue
            print("\n".join([f"{kind}:", *("  " + line for line in tables.table(rows)), ""]))
        print("`fem-sei materials NAME` prints the values with their sources.")
        return DONE
    for material in materials:
        rows = [("property", "value", "unit", "range", "flag", "source")]
        for key, found in material.properties.items():
            spread = f"{number(found.range[0])} - {number(found.range[1])}" if found.range else ""
            rows.append((key, found.describe(), found.unit, spread, found.flag, found.source))
        print(
            "\n".join([f"{material.name}: {material.title} ({material.kind})", "", *tables.table(rows), ""])
        )
    used = {found.flag for material in materials for found in material.properties.values()}
    print("\n".join(f"{flag}: {meaning}" for flag, meaning in FLAGS.items() if flag in used))
    return DONE


def _schema(arguments: argparse.Namespace) -> int:
    from fem_sei import tables
    from fem_sei.case import describe
    from fem_sei.case.studies import STUDIES

    if arguments.keys:
        for name, study in STUDIES.items():
            print("\n".join([f'study = "{name}":', "", *tables.table([*describe.keys(study.model)]), ""]))
        print("\n".join(["materials of every study:", "", *tables.table([*describe.material_keys()])]))
    else:
        print(json.dumps(describe.json_schema(), indent=2, ensure_ascii=False))
    return DONE


def _info(arguments: argparse.Namespace) -> int:
    from fem_sei import tables

    rows = {"fem_sei": __version__, "python": f"{platform.python_version()} ({sys.executable})"}
    rows |= {"system": platform.platform(), "cores": str(os.cpu_count())}
    for package in PACKAGES:
        try:
            rows[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            rows[package] = "not installed"
    try:
        from fem_sei.numerics.compat import runtime_info

        rows |= {key: str(value) for key, value in runtime_info().items() if key not in rows}
    except ImportError as error:
        rows["dolfinx"] = f"not usable\n{error}"
    print("\n".join(tables.table(list(rows.items()))))
    return DONE


def _say(text: str) -> None:
    """Print on rank 0."""
    if _rank() == 0:
        print(text, flush=True)


def _say_error(text: str, parallel: bool) -> None:
    if not parallel or _rank() == 0:
        print(text, file=sys.stderr, flush=True)


# What runs underneath


def _rank() -> int:
    """This process's number under mpirun, 0 without MPI."""
    try:
        from mpi4py import MPI
    except ImportError:
        return 0
    return MPI.COMM_WORLD.rank


def _abort_the_other_ranks(code: int) -> None:
    """A rank that fails ends the job: the others would wait for it for ever."""
    try:
        from mpi4py import MPI
    except ImportError:
        return
    if MPI.COMM_WORLD.size > 1:
        sys.stderr.flush()
        MPI.COMM_WORLD.Abort(code)


def _require_dolfinx() -> None:
    try:
        import fem_sei.numerics.compat  # noqa: F401
    except ImportError as error:
        raise InputError(str(error)) from None


def _post() -> Any:
    try:
        from fem_sei import post
    except ImportError as error:
        missing = f"pictures need PyVista and matplotlib ({error}): pip install pyvista matplotlib imageio"
        raise InputError(missing) from None
    return post


def _input_errors() -> tuple[type[Exception], ...]:
    """The errors that are the user's to mend, of the modules in use."""
    found: list[type[Exception]] = [InputError]
    for module, name in (
        ("fem_sei.case.loader", "CaseError"),
        ("fem_sei.geometry.reader", "MeshFileError"),
        ("fem_sei.results.run_folder", "RunFolderError"),
        ("fem_sei.results.checkpoint", "CheckpointError"),
        ("fem_sei.post.open", "RunError"),
    ):
        if module in sys.modules:
            found.append(getattr(sys.modules[module], name))
    return tuple(found)


def _is_output_error(error: Exception) -> bool:
    module = sys.modules.get("fem_sei.results.run_folder")
    return module is not None and isinstance(error, module.OutputError)
