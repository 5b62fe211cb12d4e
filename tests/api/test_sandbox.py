"""The sandbox's own pages: strangers ask for them, so that they ask for anything."""

from __future__ import annotations

import pytest
from tests.api.people import Client

from quarterturn_api.edge.answering import Service


@pytest.mark.parametrize("link", ["%00", "a%00b", "%ED%A0%80", "a%20b", "%2e%2e", "\N{LATIN SMALL LETTER E WITH ACUTE}"])
def test_what_cannot_be_a_link_is_not_even_written_down(
    client: Client, service: Service, monkeypatch: pytest.MonkeyPatch, link: str
) -> None:
    """404 before the sandbox, which keeps all that it is asked, hears of it: no database keeps some of these."""
    heard: list[object] = []
    monkeypatch.setattr(type(service.provider.sandbox), "visit", lambda *asked: heard.append(asked))

    answer = client.get(f"/api/v1/sandbox/onboarding/{link}", follow_redirects=False)

    assert (404, []) == (answer.status_code, heard)
