"""An import contract that names what may be imported from outside, and refuses everything that it does not name."""

from __future__ import annotations

import sys
from typing import cast

from grimp import DetailedImport, ImportGraph
from importlinter import Contract, ContractCheck, fields, output


class ClosedContract(Contract):
    """Modules of `containers` import the standard library, their own root package and `third_party`; nothing else.

    import-linter's own `forbidden` needs a list of everything bad; here the list is of everything good.
    `except_in` names packages below a container that this contract does not speak of.
    """

    type_name = "closed"

    containers = fields.ListField(subfield=fields.StringField())
    third_party = fields.SetField(subfield=fields.StringField())
    except_in = fields.SetField(subfield=fields.StringField(), required=False)

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        """Look at every import of every module inside, and keep those that leave without leave."""
        containers = cast("list[str]", self.containers)
        for container in containers:
            assert container in graph.modules, f"{container} is not there: a contract about nothing always holds"
        allowed = set(sys.stdlib_module_names) | {name.partition(".")[0] for name in containers}
        allowed |= cast("set[str]", self.third_party)
        excepted = cast("set[str] | None", self.except_in) or set()
        strangers = [
            detail
            for module in sorted(graph.modules)
            if _within(module, containers) and not _within(module, excepted)
            for imported in sorted(graph.find_modules_directly_imported_by(module))
            if imported.partition(".")[0] not in allowed
            for detail in graph.get_import_details(importer=module, imported=imported)
        ]
        output.verbose_print(verbose, f"{len(strangers)} imports from outside are not on the list.")
        return ContractCheck(kept=not strangers, metadata={"strangers": strangers})

    def render_broken_contract(self, check: ContractCheck) -> None:
        """Say each import that is not on the list, with its line."""
        for detail in cast("list[DetailedImport]", check.metadata["strangers"]):
            output.print_error(f"{detail['importer']} imports {detail['imported']} (l.{detail['line_number']})")


def _within(module: str, packages: list[str] | set[str]) -> bool:
    return any(module == package or module.startswith(f"{package}.") for package in packages)
