"""What the project says of itself agrees with what it is."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from importlib.metadata import requires
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("requirements/*.md"), *ROOT.glob("changelog.d/README.md")]
)
LOCKS = sorted(ROOT.glob("requirements/*.txt"))
POSTGRES = ROOT / "src" / "quarterturn_adapters" / "postgres"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_generated_pages_are_fresh() -> None:
    """Every generated page and schema is as the code is; `nox -s generate` writes them anew."""
    run = subprocess.run(
        [sys.executable, "docs/generate.py", "--check"], cwd=ROOT, capture_output=True, text=True, check=False, encoding="utf-8"
    )
    assert run.returncode == 0, run.stderr


def test_a_stale_page_is_noticed(tmp_path: Path) -> None:
    """A generated page that differs from the code by one line, or that nothing generates any more, fails the check by its name."""
    for folder in ("docs", "src"):
        (tmp_path / folder).mkdir()
    (tmp_path / "docs" / "generate.py").write_text((ROOT / "docs" / "generate.py").read_text(encoding="utf-8"), encoding="utf-8")
    write = [sys.executable, "docs/generate.py"]
    subprocess.run(write, cwd=tmp_path, check=True, capture_output=True)
    with (tmp_path / "docs" / "generated" / "events.md").open("a", encoding="utf-8") as page:
        page.write("And one line more.\n")
    (tmp_path / "docs" / "generated" / "events").mkdir(exist_ok=True)
    (tmp_path / "docs" / "generated" / "events" / "order.forgotten.v1.json").touch()
    run = subprocess.run([*write, "--check"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert run.returncode == 1
    assert "Stale in docs/generated: events.md." in run.stderr
    assert "Left over in docs/generated: events/order.forgotten.v1.json." in run.stderr
    subprocess.run(write, cwd=tmp_path, check=True, capture_output=True)
    subprocess.run([*write, "--check"], cwd=tmp_path, check=True, capture_output=True)


def test_ci_runs_what_readme_tells() -> None:
    """`.ci/run` is README's test command, letter for letter."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    told = [line for line in readme.splitlines() if line.startswith("python -m pip install nox && ")]
    run = [line for line in (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines() if line.startswith("python ")]
    assert [line for line in told if line.endswith("-s tests")] == run


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    """Every relative link of a page names a file that is there."""
    targets = re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text(encoding="utf-8"))
    local = [target for target in targets if "://" not in target and not target.startswith("mailto:")]
    assert [] == [target for target in local if not (page.parent / target).exists()]


def test_laws_name_tests_and_constraints_that_are_there() -> None:
    """A law that names its tests names files that are there; one that names a constraint or a check of the doctor, too."""
    told = (ROOT / "docs" / "explanation" / "laws.md").read_text(encoding="utf-8")
    assert [] == [path for path in re.findall(r"`(tests/\S+)`", told) if not (ROOT / path).is_file()]
    sql = "".join(path.read_text(encoding="utf-8") for path in sorted(POSTGRES.glob("migrations/versions/*.sql")))
    names = re.findall(r"`([a-z_]+_(?:check|key|pkey|lifecycle|append_only|balance|undelivered))`", told)
    assert len(names) > 20
    assert [] == [name for name in names if not re.search(rf"(CONSTRAINT|TRIGGER|INDEX) {name}\b", sql)]
    checks = [name for line in re.findall(r"doctor (`[^|]*)", told) for name in re.findall(r"`([a-z-]+)`", line)]
    examined = "".join((POSTGRES / name).read_text(encoding="utf-8") for name in ("checks.py", "doctor.py"))
    assert len(checks) > 10
    assert [] == [name for name in checks if f'"{name}"' not in examined]


def test_decisions_are_numbered_on() -> None:
    """Each decision has the number after the last one, in its name and in its title."""
    pages = sorted(ROOT.glob("docs/decisions/0*.md"))
    assert [f"{number:04}" for number in range(1, len(pages) + 1)] == [page.name[:4] for page in pages]
    assert [] == [page.name for page in pages if not page.read_text(encoding="utf-8").startswith(f"# {page.name[:4]}: ")]


def test_every_package_says_that_it_is_typed() -> None:
    """All packages that are shipped carry `py.typed`."""
    shipped = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    assert sorted(_name(path) for path in ROOT.glob("src/quarterturn_*")) == sorted(shipped)
    assert [] == [package for package in shipped if not (ROOT / package / "py.typed").is_file()]


def test_attrs_is_the_only_dependency() -> None:
    """Whoever installs the project without extras gets attrs and nothing else."""
    always = [line for line in requires("quarterturn") or [] if "extra ==" not in line]
    assert ["attrs"] == [re.split(r"[<>=!~ ;\[]", line)[0] for line in always]


def test_the_extras_are_documented_and_all_is_all() -> None:
    """Each extra stands in the how-to guide, and `all` names every other."""
    extras = PROJECT["project"]["optional-dependencies"]
    guide = (ROOT / "docs" / "how-to" / "choose-extras.md").read_text(encoding="utf-8")
    assert [] == [extra for extra in extras if f"`{extra}`" not in guide]
    (everything,) = extras["all"]
    assert sorted(set(extras) - {"all"}) == everything.removeprefix("quarterturn[").rstrip("]").split(",")


@pytest.mark.parametrize("lock", LOCKS, ids=_name)
def test_a_lock_pins_by_hash_and_names_no_index(lock: Path) -> None:
    """Every requirement of a lock has one version and hashes, and the file says nothing about where to fetch it."""
    text = lock.read_text(encoding="utf-8").replace("\\\n", " ")
    assert [] == [line for line in text.splitlines() if not re.match(r"[a-z0-9.-]+==\S+ .*--hash=sha256:[0-9a-f]{64}", line)]
    assert "://" not in text


def test_the_locks_know_every_dependency() -> None:
    """What `pyproject.toml` asks for is in `requirements/dev.txt`, or `ops.txt`: whoever adds a dependency writes the lock anew."""
    extras, groups = PROJECT["project"]["optional-dependencies"], PROJECT["dependency-groups"]
    asked = [*PROJECT["project"]["dependencies"], *extras["cli"], *extras["testing"]]
    asked += [line for name, group in groups.items() if name != "ops" for line in group if isinstance(line, str)]
    for lock, lines in (("dev", asked), ("ops", groups["ops"])):
        names = {re.split(r"[<>=!~ ;\[]", line)[0].lower() for line in lines}
        text = (ROOT / "requirements" / f"{lock}.txt").read_text(encoding="utf-8")
        assert set() == names - set(re.findall(r"^([a-z0-9.-]+)==", text, re.MULTILINE)), lock
