"""Programs of Debian's packages, unpacked into a folder: nothing is installed, nobody has to be root, and no service is started.

`python tests/debian.py FOLDER PACKAGE...` unpacks the packages and whatever they need that this machine lacks. Exit status 3 where
that cannot be done: this is no Debian, or its archive is out of reach.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

_CANNOT: Final = 3
_ERLANG: Final = "/usr/lib/erlang"


def unpack(packages: Sequence[str], folder: Path) -> None:
    """Unpack packages, and what they need, below `folder`; raises `CalledProcessError` and `OSError`."""
    planned = _said("apt-get", "install", "--simulate", "--no-install-recommends", *packages)
    wanted = [line.split()[1] for line in planned.splitlines() if line.startswith("Inst ")]
    with tempfile.TemporaryDirectory(prefix="debian-") as loaded:
        _said("apt-get", "download", *wanted, at=Path(loaded))
        folder.mkdir(parents=True, exist_ok=True)
        for file in sorted(Path(loaded).glob("*.deb")):
            _said("dpkg", "--extract", str(file), str(folder))
    erl = folder / _ERLANG[1:] / "bin" / "erl"
    if erl.exists():
        # It looks for itself where the package would have put it.
        erl.write_text(erl.read_text().replace(f"ROOTDIR={_ERLANG}", f"ROOTDIR={folder.resolve()}{_ERLANG}"))


def _said(*words: str, at: Path | None = None) -> str:
    return subprocess.run(words, cwd=at, check=True, capture_output=True, text=True).stdout


def main(folder: str, *packages: str) -> int:
    """0 when the packages are there."""
    mark = Path(folder) / "unpacked"
    if mark.exists() and mark.read_text().split() == list(packages):
        return 0
    shutil.rmtree(folder, ignore_errors=True)
    try:
        unpack(packages, Path(folder))
    except subprocess.CalledProcessError as failed:
        sys.stderr.write(f"{failed.cmd[0]} could not get {' '.join(packages)}: {(failed.stderr or '').strip()[-500:]}\n")
        return _CANNOT
    except OSError as failed:
        sys.stderr.write(f"{' '.join(packages)} cannot be unpacked here: {failed}\n")
        return _CANNOT
    mark.write_text("\n".join(packages))
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
