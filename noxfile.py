"""The project's checks: ``nox`` runs all that guard a change, the longer ones run by name."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import nox
from nox.project import dependency_groups, load_toml, python_versions

nox.needs_version = ">=2025.2.9"
nox.options.default_venv_backend = "uv|virtualenv"
nox.options.reuse_existing_virtualenvs = True
os.environ.setdefault("UV_PYTHON_DOWNLOADS", "never")
# Tests start hundreds of processes; each would compile all that it imports.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

HERE = Path(__file__).parent
BUILD = HERE / "build"
REPORTS = BUILD / "reports"
PYPROJECT = load_toml("pyproject.toml")
EXTRAS = PYPROJECT["project"]["optional-dependencies"]
PYTHONS = python_versions(PYPROJECT)
SOURCES = ("trio_helianthus", "tests", "examples", "scripts", "noxfile.py", "docs/conf.py")
FOREIGN_PLATFORMS = sorted({"linux", "darwin", "win32"} - {sys.platform})
EXAMPLE_SECONDS = 60
# A process for each core; the tests of a file stay in one, for what they share. The files go out by
# name: those whose tests start processes, and take longest, are not the last. ``-n0`` undoes it.
PARALLEL = ("--numprocesses=auto", "--maxprocesses=4", "--dist=loadfile", "--no-loadscope-reorder")

# Rules that stay off, because they forbid what this library is about or hold only by convention:
# ASYNC109 `timeout=` arguments, 114 a list of startable functions, 124 async callbacks that need
# not await, 128 `task_status` handed on, 900 async generators as bodies and event sources,
# 910 to 913 a checkpoint on every path (the checkpoint budget of trio_helianthus.core instead).
FLAKE8_ASYNC_OFF = (
    "ASYNC109,ASYNC114,ASYNC124,ASYNC128,ASYNC900,ASYNC910,ASYNC911,ASYNC912,ASYNC913"
)


def test_runner() -> list[str]:
    """What runs the tests, without the packages that single tests need."""
    runner = ("hypothesis", "pytest")
    return [requirement for requirement in EXTRAS["test"] if requirement.startswith(runner)]


def oldest_pins() -> list[str]:
    """What users install, our own dependencies and extras, each at its lower bound."""
    ranges = list(PYPROJECT["project"]["dependencies"])
    for extra, requirements in EXTRAS.items():
        if extra not in {"all", "docs", "test"}:
            ranges += requirements
    own = PYPROJECT["project"]["name"]
    return [pin.replace(">=", "==") for pin in ranges if not pin.startswith(own)]


def in_venv(home: Path, program: str) -> Path:
    """A program of the virtual environment at ``home``."""
    return home / ("Scripts" if sys.platform == "win32" else "bin") / program


def run_marked(
    session: nox.Session, mark: str, env: dict[str, str] | None = None, hangs_after: int = 3600
) -> None:
    """Run the tests that carry a mark; having none is no failure, but is said.

    :param hangs_after: the seconds after which a test counts as hanging.
    """
    session.install("-e", ".[all,test]")
    report = REPORTS / f"{mark}.xml"
    patience = f"faulthandler_timeout={hangs_after}"
    arguments = ["-m", mark, "-o", patience, f"--junit-xml={report}", *session.posargs]
    no_tests_collected = 5
    session.run(
        "pytest", *arguments, env=env or {}, success_codes=[0, no_tests_collected], silent=False
    )


# ---------------------------------------------------------------- the default sessions


@nox.session
def lint(session: nox.Session) -> None:
    """Style, formatting, async mistakes and the floors of the architecture."""
    session.install(*dependency_groups(PYPROJECT, "lint"))
    session.run("ruff", "check")
    session.run("ruff", "format", "--check")
    files = [file for name in SOURCES for file in python_files(Path(name)) if is_async(file)]
    session.run("flake8-async", "--disable", FLAKE8_ASYNC_OFF, *files, silent=True)
    session.run("lint-imports", "--no-logo")


def python_files(path: Path) -> list[Path]:
    """A file itself, or the Python files under a folder."""
    return [path] if path.is_file() else sorted(path.rglob("*.py"))


def is_async(file: Path) -> bool:
    """Whether there is anything asynchronous in a file; flake8-async takes long for the others."""
    text = file.read_text("utf-8")
    return "async " in text or "import trio\n" in text


@nox.session
def types(session: nox.Session) -> None:
    """Types: strict everywhere, on every platform, and complete for those who import us."""
    tools = dependency_groups(PYPROJECT, "types")
    session.install("-e", ".[all,docs,test]", "nox", *tools)
    session.run("mypy", *SOURCES)
    for platform in FOREIGN_PLATFORMS:
        session.run("mypy", "--platform", platform, "trio_helianthus")
    session.run("pyright", "--verifytypes", "trio_helianthus", "--ignoreexternal")


@nox.session
def tests(session: nox.Session) -> None:
    """All tests, with branch coverage."""
    session.install("-e", ".[all,test]")
    shutil.rmtree(BUILD / "coverage", ignore_errors=True)
    report = f"--junit-xml={REPORTS}/tests.xml"
    session.run("coverage", "run", "-m", "pytest", *PARALLEL, report, *session.posargs)
    session.run("coverage", "combine", "--quiet")
    if session.posargs:
        session.run("coverage", "report", "--fail-under=0")
        return
    session.run("coverage", "xml", "-q", "-o", f"{REPORTS}/coverage.xml", "--fail-under=0")
    session.run("coverage", "report")


@nox.session
def tests_core(session: nox.Session) -> None:
    """The tests with no extra installed: those that need one skip, and say so."""
    session.install("-e", ".", *test_runner())
    session.run("pytest", *PARALLEL, f"--junit-xml={REPORTS}/tests_core.xml", *session.posargs)


@nox.session
def examples(session: nox.Session) -> None:
    """Every example as a script, which has to end by itself."""
    session.install("-e", ".[all]")
    scripts = sorted((HERE / "examples").glob("*.py"))
    if not scripts:
        session.error("there is no example to run")
    failed = []
    for script in scripts:
        began = time.monotonic()
        if complaint := run_example(session, script):
            failed.append(script.name)
            session.log(complaint)
        verdict = "FAILED" if complaint else "ok"
        session.log(f"{verdict} {script.name}, {time.monotonic() - began:.1f} s")
    if failed:
        session.error(f"{len(failed)} of {len(scripts)} examples failed: {', '.join(failed)}")
    session.log(f"{len(scripts)} examples ran")


def run_example(session: nox.Session, script: Path) -> str:
    """Run one example; return what went wrong, or nothing."""
    try:
        done = subprocess.run(
            [Path(session.bin) / "python", "-W", "error", script],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=EXAMPLE_SECONDS,
            encoding="utf-8",
            check=False,
            env={**os.environ, "PYTHONUTF8": "1"},
        )
    except subprocess.TimeoutExpired as expired:
        return f"did not end within {EXAMPLE_SECONDS} s:\n{expired.stdout!r}"
    return f"exit code {done.returncode}:\n{done.stdout}" if done.returncode else ""


@nox.session
def docs(session: nox.Session) -> None:
    """The documentation; every warning is an error."""
    session.install("-e", ".[all,docs]")
    options = ["-W", "--keep-going", "--fresh-env", "-q"]
    session.run("sphinx-build", *options, "-b", "html", "docs", f"{BUILD}/docs")


@nox.session
def build(session: nox.Session) -> None:
    """Source archive and wheel; the wheel has to work in an environment of its own."""
    session.install("build")
    shutil.rmtree(BUILD / "dist", ignore_errors=True)
    session.run("python", "-m", "build", "--outdir", f"{BUILD}/dist", silent=True)
    (wheel,) = (BUILD / "dist").glob("*.whl")
    check_wheel(session, wheel)

    clean = BUILD / "clean"
    session.run(sys.executable, "-m", "virtualenv", "-q", "--clear", clean, external=True)
    python = in_venv(clean, "python")
    session.run(python, "-m", "pip", "install", "-q", f"{wheel}[demo]", external=True)
    with session.chdir(clean):  # away from the source tree
        session.run(python, "-c", "import trio_helianthus", external=True)
        session.run(in_venv(clean, "helianthus"), "demo", external=True)


def check_wheel(session: nox.Session, wheel: Path) -> None:
    """The wheel holds the package, with its types, and nothing else."""
    names = zipfile.ZipFile(wheel).namelist()
    strays = [n for n in names if not n.startswith(("trio_helianthus/", "trio_helianthus-"))]
    if strays or "trio_helianthus/py.typed" not in names:
        session.error(f"{wheel.name}: strays {strays}, or no py.typed")


# ---------------------------------------------------------------- by hand


@nox.session(python=False, default=False)
def all_pythons(session: nox.Session) -> None:
    """The tests on every Python that we promise and this machine has."""
    passed: list[str] = []
    failed: list[str] = []
    missing: list[str] = []
    for version in PYTHONS:
        interpreter = find_python(version)
        if interpreter is None:
            missing.append(version)
            continue
        session.log(f"Python {version}: {interpreter}")
        (passed if passes_on(session, version, interpreter) else failed).append(version)
    session.log(f"passed on: {', '.join(passed) or 'none'}")
    session.log(f"not installed here: {', '.join(missing) or 'none'}")
    if failed:
        session.error(f"failed on: {', '.join(failed)}")
    if not passed:
        session.error("ran on no Python at all")


def find_python(version: str) -> str | None:
    """An interpreter of that version: on the path, installed by pyenv, or known to ``py``."""
    pyenv = Path(os.environ.get("PYENV_ROOT", "~/.pyenv")).expanduser() / "versions"
    candidates = [
        [f"python{version}"],
        *([str(home / "bin" / "python")] for home in sorted(pyenv.glob(f"{version}.*"))),
        ["py", f"-{version}"],
    ]
    question = "import sys; print('%d.%d' % sys.version_info[:2], sys.executable)"
    for command in candidates:
        try:
            answer = subprocess.run(
                [*command, "-c", question], capture_output=True, text=True, check=False
            )
        except OSError:
            continue
        found, _, executable = answer.stdout.strip().partition(" ")
        if found == version:  # version managers leave stubs that only print advice
            return executable
    return None


def passes_on(session: nox.Session, version: str, interpreter: str) -> bool:
    """Whether the tests pass on that interpreter, in an environment kept for the next time."""
    home = BUILD / "pythons" / version
    python = in_venv(home, "python")
    if not python.exists():
        session.run(sys.executable, "-m", "virtualenv", "-q", "-p", interpreter, home)
    session.run(python, "-m", "pip", "install", "-q", "-e", ".[all,test]")
    report = f"--junit-xml={REPORTS}/tests-{version}.xml"
    try:
        session.run(python, "-m", "pytest", *PARALLEL, report, *session.posargs)
    except nox.command.CommandFailed:
        return False
    return True


@nox.session(default=False)
def oldest(session: nox.Session) -> None:
    """The tests with the oldest versions of our dependencies that pyproject.toml allows."""
    session.install("-e", ".", *oldest_pins(), *test_runner())
    session.run("pytest", *PARALLEL, f"--junit-xml={REPORTS}/oldest.xml", *session.posargs)


@nox.session(default=False)
def conformance(session: nox.Session) -> None:
    """Foreign conformance suites."""
    session.install("deno")  # which one of them runs on
    run_marked(session, "conformance")


@nox.session(default=False)
def sweep(session: nox.Session) -> None:
    """Cancellation at every checkpoint, with all seeds."""
    run_marked(session, "sweep", {"HELIANTHUS_SWEEP": "all"})


@nox.session(default=False)
def soak(session: nox.Session) -> None:
    """Load for a while, 60 seconds a test or as told: ``nox -s soak -- 600``."""
    seconds = session.posargs.pop(0) if session.posargs else "60"
    run_marked(session, "soak", {"HELIANTHUS_SOAK_SECONDS": seconds}, 2 * int(seconds) + 120)


@nox.session(default=False)
def bench(session: nox.Session) -> None:
    """``helianthus bench``: echo, to which arguments go, HTTP and WebSocket; and all of bench/."""
    session.install("-e", ".[all,test]")
    session.run("helianthus", "bench", "echo", *session.posargs)
    session.run("helianthus", "bench", "http")
    session.run("helianthus", "bench", "websocket")
    for script in sorted((HERE / "bench").glob("[!_]*.py")):
        session.run("python", script)
