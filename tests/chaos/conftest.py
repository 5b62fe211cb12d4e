"""What was measured beside what was proved is said at the end of the run."""

from __future__ import annotations

import pytest
from tests.chaos.shop import FIGURES


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say the figures, where there are any."""
    if FIGURES:
        terminalreporter.section("chaos")
        for line in FIGURES:
            terminalreporter.write_line(line)
