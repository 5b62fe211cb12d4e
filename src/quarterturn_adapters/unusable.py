"""What keeps the program from working at all: something that it stands on cannot be used."""

from __future__ import annotations


class Unusable(Exception):
    """Something that the program stands on cannot be used: `problem` says why in one sentence, `remedy` what would help.

    It is for whoever runs the program, not for its users, and no secret is in either sentence.
    """

    def __init__(self, problem: str, remedy: str) -> None:
        super().__init__(f"{problem} {remedy}")
        self.problem = problem
        self.remedy = remedy
