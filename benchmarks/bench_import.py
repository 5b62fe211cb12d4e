"""How long `import quarterturn_domain` takes in a fresh interpreter, beside an interpreter that imports nothing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from time import perf_counter

RUNS = 15
AIM_MILLISECONDS = 100
SRC = Path(__file__).parents[1] / "src"
PARTS = [path.relative_to(SRC).with_suffix("").parts for path in sorted(SRC.glob("quarterturn_domain/**/*.py"))]
EVERY_MODULE = f"import {', '.join('.'.join(parts).removesuffix('.__init__') for parts in PARTS if parts[1] != 'testing')}"


def best_milliseconds(program: str) -> float:
    """The shortest of `RUNS` runs of `program`, each in a fresh interpreter; the shortest is the least disturbed."""
    took = []
    for _ in range(RUNS):
        start = perf_counter()
        subprocess.run([sys.executable, "-c", program], check=True)  # noqa: S603 our own programs, above
        took.append(perf_counter() - start)
    return min(took) * 1000


def main() -> None:
    """Print three rows: nothing, the package, and every module of it but the testing kit."""
    nothing = best_milliseconds("pass")
    print(f"{'program':<40} {'ms':>7} {'more than nothing':>18}")
    print(f"{'an interpreter that imports nothing':<40} {nothing:>7.1f}")
    for name, program in (("import quarterturn_domain", "import quarterturn_domain"), ("every module of the domain", EVERY_MODULE)):
        took = best_milliseconds(program)
        print(f"{name:<40} {took:>7.1f} {took - nothing:>18.1f}")
    print(f"aim: `import quarterturn_domain` below {AIM_MILLISECONDS} ms")


if __name__ == "__main__":
    main()
