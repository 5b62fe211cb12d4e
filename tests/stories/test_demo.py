"""The demonstration: one order from stock to payout, and every figure of it to the cent."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from itertools import takewhile

import pytest
from httpx import Client, HTTPTransport
from tests.databases import unused_port

from quarterturn_adapters.demo import tell
from quarterturn_api.command import main

IN_MEMORY = ["--database", "memory"]
COMMAND = (sys.executable, "-m", "quarterturn_api", "demo", "--once", *IN_MEMORY)


def test_the_story_splits_refunds_and_pays_out_to_the_cent(capsys: pytest.CaptureFixture[str]) -> None:
    """60.00 and 40.00 give fees of 6.00 and 4.00; a refund of 20.00 takes 18.00 of its vendor and nothing of the other."""
    assert 0 == main(["demo", "--once", "--json", *IN_MEMORY])
    said = json.loads(capsys.readouterr().out)
    columns = ("name", "customerPaid", "commission", "earning", "givenBack", "paidOut")
    assert [
        ("Iron Alley", "60.00", "6.00", "54.00", "0.00", "54.00"),
        ("Mat & Motion", "40.00", "4.00", "36.00", "18.00", "18.00"),
    ] == [tuple(vendor[column] for column in columns) for vendor in said["vendors"]]
    assert ("100.00", "20.00") == (said["customerPaid"], said["refunded"])
    assert "8.00" == said["trialBalance"]["commission_revenue"].removeprefix("-")
    assert said["trialBalance"]["processor_clearing"] == said["atProvider"]
    assert said["balanced"] is True


def test_the_story_goes_through_every_step_and_the_journal_behind_it() -> None:
    """Ten steps, and each kind of entry in the step that makes it."""
    story = tell()
    expected = {
        "Publish": [],
        "Stock": [],
        "Cart": [],
        "Checkout": [],
        "Payment": ["capture"],
        "Split": [],
        "Ship": [],
        "Deliver": [],
        "Partial refund": ["refund", "refund_paid"],
        "Payout": ["release", "release", "payout", "payout", "payout_sent", "payout_sent"],
    }
    assert expected == {step.title: [booked.entry.kind.value for booked in step.booked] for step in story.steps}
    assert [*expected] == [step.title for step in story.steps]


def test_the_story_is_the_same_every_time() -> None:
    """Two runs agree in every id, time and seal."""
    assert tell() == tell()


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_the_story_fits_the_screen(width: int, encoding: str) -> None:
    """No line is longer than the screen, nothing is cut off, and a pipe gets no colours, whatever it can write."""
    environment = {**os.environ, "COLUMNS": str(width), "PYTHONIOENCODING": encoding}
    run = subprocess.run(COMMAND, capture_output=True, check=True, env=environment)
    lines = run.stdout.decode(encoding).splitlines()
    assert width >= max(map(len, lines))
    assert [] == [line for line in lines if "\x1b" in line or "…" in line or "..." in line]
    assert "Everything balances." == lines[-1]


def test_a_reader_who_has_seen_enough_closes_the_pipe_in_peace() -> None:
    """When nobody reads any more the command ends quietly, with the status that a closed pipe has."""
    with subprocess.Popen(COMMAND, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as run:
        assert run.stdout is not None
        assert run.stderr is not None
        run.stdout.close()
        assert b"" == run.stderr.read()
        assert 141 == run.wait(timeout=60)


def test_the_story_ends_where_no_terminal_watches(capsys: pytest.CaptureFixture[str]) -> None:
    """A pipe gets the story and nothing that goes on, with `--once` or without."""
    for arguments in ([], ["--once"]):
        assert 0 == main(["demo", *arguments, *IN_MEMORY])
        told = capsys.readouterr()
        assert ("Everything balances.", "") == (told.out.splitlines()[-1], told.err)


def test_the_api_is_served_after_the_story() -> None:
    """With the accounts that are printed people sign in, and find the money where the story has left it."""
    port = unused_port()
    command = [sys.executable, "-m", "quarterturn_api", "demo", "--serve", "--port", str(port), *IN_MEMORY]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as run:
        assert run.stdout is not None
        told = list(takewhile(lambda line: "Ctrl-C" not in line, run.stdout))
        passwords = {line.split()[0]: line.split()[1] for line in told if "@quarterturn.example" in line}
        try:
            with Client(base_url=f"http://127.0.0.1:{port}/api/v1", transport=HTTPTransport(retries=20)) as client:
                assert 4 == len(passwords)
                for email, password in passwords.items():
                    signed = client.post("/auth/login", json={"email": email, "password": password})
                    assert (email, 200) == (email, signed.status_code)
                    if email.startswith("iron-alley@"):
                        headers = {"Authorization": f"Bearer {signed.json()['accessToken']}"}
                        (payout,) = client.get("/vendor/payouts", headers=headers).json()["items"]
                        assert ("54.00", "paid") == (payout["amount"]["amount"], payout["status"])
        finally:
            run.send_signal(signal.SIGINT)
            run.communicate(timeout=60)


def test_where_nothing_is_said_it_happens_in_a_postgres_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    """Without a word about a database the story is told in an embedded one, twice the same, and the doctor finds it healthy."""
    assert 0 == main(["demo", "--once", "--json"])
    first = capsys.readouterr().out
    assert 0 == main(["demo", "--once", "--json"])
    assert first == capsys.readouterr().out
    assert 0 == main(["doctor", "--database", "embedded:demo"])
    assert capsys.readouterr().out.startswith("Healthy")


@pytest.mark.parametrize(
    ("case", "arguments", "expected"),
    [
        ("nothing is asked", [], 0),
        ("help", ["--help"], 0),
        ("help on a command", ["replay", "--help"], 0),
        ("the version", ["--version"], 0),
        ("an unknown command", ["frobnicate"], 2),
        ("an unknown option", ["demo", "--frobnicate"], 2),
        ("a missing folder", ["replay"], 2),
        ("an unknown database", ["replay", ".", "--database", "stone"], 2),
    ],
)
def test_usage_has_its_own_status(case: str, arguments: list[str], expected: int) -> None:
    """What cannot be understood ends with 2 and one line of why, and never with a stack trace."""
    run = subprocess.run([sys.executable, "-m", "quarterturn_api", *arguments], capture_output=True, text=True, check=False)
    assert expected == run.returncode, case
    assert "Traceback" not in run.stderr
    assert (expected != 0) == bool(run.stderr)


def test_help_is_quick_because_it_loads_nothing() -> None:
    """Who asks what there is waits neither for the domain nor for the screen."""
    loaded = _run_without("nothing", [])
    assert set() == {"quarterturn_domain", "quarterturn_adapters", "rich"} & set(loaded.stdout.splitlines()[-1].split())
    assert 0 == loaded.returncode


@pytest.mark.parametrize(
    ("case", "arguments", "expected", "told"),
    [
        ("a person needs rich", ["demo"], 2, "quarterturn demo needs rich: python -m pip install 'quarterturn[cli]'\n"),
        ("a program does not", ["demo", "--json"], 0, ""),
    ],
)
def test_without_the_extra_it_says_what_to_install(case: str, arguments: list[str], expected: int, told: str) -> None:
    """The bare package has the command, and figures for programs; tables need the extra, which is named."""
    run = _run_without("rich", [*arguments, "--once", *IN_MEMORY])
    assert (expected, told) == (run.returncode, run.stderr), case


def _run_without(module: str, arguments: list[str]) -> subprocess.CompletedProcess[str]:
    """The command where `module` cannot be imported; its last line names the packages that it loaded."""
    script = f"""
import sys
sys.modules[{module!r}] = None
from quarterturn_api.command import main
status = main({arguments!r})
print(*sorted({{name.partition(".")[0] for name, loaded in sys.modules.items() if loaded is not None}}))
raise SystemExit(status)
"""
    return subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
