"""Explorers: pages that show the description of the API, by programs of others, which are pinned to the byte.

A page of this origin is trusted with tokens, so nothing may run in it that somebody could put there later: every program is named
by its version, and a browser that receives other bytes does not run them (Subresource Integrity).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from litestar import Request
from litestar.openapi.plugins import ScalarRenderPlugin, SwaggerRenderPlugin

_SCALAR: Final = "https://cdn.jsdelivr.net/npm/@scalar/api-reference@1.72.1/dist/browser"
_SWAGGER: Final = "https://cdn.jsdelivr.net/npm/swagger-ui-dist@5.35.0"

PINNED: Final[Mapping[str, str]] = {
    f"{_SCALAR}/standalone.js": "sha384-U11tb2XnKvmwt8RlTvnwUnYgrN+ur4Xyh9htLhjajWNR/Oyl5AX5DEz00qRmlrmK",
    f"{_SWAGGER}/swagger-ui-bundle.js": "sha384-gjRm0bEPMeTmMh5jT2cHccIwCUZSTd8YC+j0d0sXw0MdGEfScduGpSyF3ZSSLkX9",
    f"{_SWAGGER}/swagger-ui-standalone-preset.js": "sha384-My2aDM4r2Mbm3ybHcubKm9O9U8FEjvF/O5nGvE9YK5dzqOTbWEKa79RPJ1krdMaF",
    f"{_SWAGGER}/swagger-ui.css": "sha384-WlYgdmXYOOBWL5apwjDEZwN+U3HmXSSu5R6V5aGxEcf7z+KuRNwBhoxKVN1i3D5I",
}
"""What the pages load, and the digest of its bytes: those of the same file in the package of that version on npm."""

_STYLE_OF_ANOTHER: Final = "about:blank"
"""Litestar's page links a style of its own, from wherever its branch is at the moment."""


class PinnedScalar(ScalarRenderPlugin):
    """Scalar's page, the first that there is."""

    def __init__(self) -> None:
        super().__init__(js_url=f"{_SCALAR}/standalone.js", css_url=_STYLE_OF_ANOTHER, favicon="")

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:
        """The page."""
        page = super().render(request, openapi_schema).decode()
        return _pinned(page.replace(f'<link rel="stylesheet" type="text/css" href="{_STYLE_OF_ANOTHER}">', ""))


class PinnedSwagger(SwaggerRenderPlugin):
    """Swagger's page."""

    def __init__(self) -> None:
        super().__init__(
            js_url=f"{_SWAGGER}/swagger-ui-bundle.js",
            css_url=f"{_SWAGGER}/swagger-ui.css",
            standalone_preset_js_url=f"{_SWAGGER}/swagger-ui-standalone-preset.js",
            favicon="",
        )

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:
        """The page."""
        return _pinned(super().render(request, openapi_schema).decode())


def _pinned(page: str) -> bytes:
    """The page, in which every program is told by its digest, too."""
    page = page.replace(" crossorigin></script>", "></script>")
    for url, digest in PINNED.items():
        page = page.replace(f'"{url}"', f'"{url}" integrity="{digest}" crossorigin="anonymous"')
    return page.encode()
