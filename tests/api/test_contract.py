"""The API keeps to its own description: schemathesis asks what the OpenAPI document says may be asked, and what may not.

Every request goes to the application itself, in memory. What the checks may object to and is right all the same is listed in
EXCUSES, each with its reason; an excuse that nobody needs any more is still an excuse, so they are as narrow as they can be.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from http import HTTPStatus
from typing import Annotated, Any, Final

import attrs
import pytest
import schemathesis
from litestar import Litestar, get, post
from litestar.exceptions import HTTPException, ValidationException
from litestar.handlers import HTTPRouteHandler
from litestar.params import JSONBody, QueryParameter
from litestar.routes import HTTPRoute
from schemathesis import engine
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import events
from schemathesis.python import asgi
from tests.api.people import Client, People, Person, Seller
from tests.api.victims import fresh, victim
from tests.chaos.shop import FULL

from quarterturn_adapters.clock import ManualClock
from quarterturn_adapters.sandbox.webhooks import SIGNATURE_HEADER, signed
from quarterturn_api import app as application
from quarterturn_api.app import create_app
from quarterturn_api.edge.access import everybody
from quarterturn_api.edge.answering import Service
from quarterturn_api.edge.asking import Ask
from quarterturn_api.edge.bodies import Asked, Body
from quarterturn_api.routes import ROUTES

SIGNATURE: Final = SIGNATURE_HEADER.lower().encode()
DOCUMENT: Final = "/schema/openapi.json"


# The client that schemathesis brings asks anyio for a name that has moved.
pytestmark = pytest.mark.filterwarnings("ignore:The anyio.abc.BlockingPortal alias is deprecated:DeprecationWarning")


@attrs.frozen
class Fault:
    """An answer that a check objects to."""

    check: str
    operation: str
    status: int
    url: str
    text: str
    about: str

    def __str__(self) -> str:
        return f"{self.check}: {self.operation}: {self.about}\n  {self.url}: {self.status} {self.text[:300]}"

    @property
    def details(self) -> Mapping[str, Any]:
        """What the refusal says about itself, if it is one."""
        try:
            said = json.loads(self.text)
        except ValueError:
            return {}
        found = said.get("details", {}) if isinstance(said, dict) else {}
        return found if isinstance(found, dict) else {}


def _refused_by_the_domain(fault: Fault) -> bool:
    # What the description can say is refused while a request is read, field by field; see `refusals.misread`.
    return fault.check == "positive_data_acceptance" and fault.status == 422 and "fields" not in fault.details


def _whole_number_with_a_point(fault: Fault) -> bool:
    fields = fault.details.get("fields", ())
    number = any("Expected `int" in each["message"] and each["message"].endswith("got `float`") for each in fields)
    return fault.check == "positive_data_acceptance" and fault.status == 422 and number


EXCUSES: Final[Mapping[str, Callable[[Fault], bool]]] = {
    "a schema cannot say what makes no sense, such as a cursor that is none, or a price without a currency": _refused_by_the_domain,
    "to JSON Schema 3.0 is a whole number; counts are read strictly, and it is refused": _whole_number_with_a_point,
}
"""What the checks object to and is right: the reason, and which faults it is about."""

CHECKS: Final = {
    # Who may ask is decided before what is asked: another vendor's name is 404 whether or not a header is missing, too.
    "missing_required_header": {"expected-statuses": ["400", "401", "403", "404", "406", "415", "422"]},
}

PHASES: Final = ("examples", "coverage", "fuzzing", "stateful")


@attrs.frozen(eq=False)
class Steadfast:
    """The application for somebody who stays signed in and what they are, although they try everything on themselves, too."""

    app: Litestar
    service: Service
    person: Person
    rows: tuple[Any, Any] = attrs.field(init=False)

    @rows.default
    def _now(self) -> tuple[Any, Any]:
        with self.service.database.begin() as work:
            account_id, session_id = self.person.account_id, self.person.session_id
            return work.accounts.find([account_id])[account_id], work.sessions.find([session_id])[session_id]

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401
        """Serve one request; an event of the provider is signed as the provider would, or else nothing of it would be read."""
        if scope["type"] == "lifespan":
            # Its life has begun with the client of the tests; a second one would take the streams of the first away.
            raise NotImplementedError
        account, session = self.rows
        with self.service.database.begin() as work:
            work.accounts.save([account])
            work.sessions.save([session])
        if scope["path"] == "/api/v1/webhooks/sandbox":
            scope, receive = await self._signed(scope, receive)
        await self.app(scope, receive, send)

    async def _signed(self, scope: Any, receive: Any) -> tuple[Any, Any]:  # noqa: ANN401
        sandbox = self.service.provider.sandbox
        assert sandbox is not None
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        known = [(name, value) for name, value in scope["headers"] if name != SIGNATURE]
        signature = signed(body, sandbox.secrets, self.service.clock.now())[SIGNATURE_HEADER]

        async def again() -> Any:  # noqa: ANN401
            return {"type": "http.request", "body": body, "more_body": False}

        return {**scope, "headers": [*known, (SIGNATURE, signature.encode())]}, again


def faults(
    app: Litestar | Steadfast, headers: Mapping[str, str], *, examples: int, only: str | None = None, without: str | None = None
) -> Counter[str]:
    """What the checks object to without an excuse, and how often, after the operations were tried with these headers.

    Tried are `only` those of one path, and none whose path is like `without`, a regular expression.
    """
    enabled: dict[str, Any] = {each: {"enabled": True} for each in PHASES}
    # That a token is needed is tried once for each operation, before anything is made up.
    enabled["fuzzing"] |= {"checks": {"ignored_auth": {"enabled": False}}}
    config = SchemathesisConfig.from_dict(
        {
            "seed": 1,
            "headers": dict(headers),
            "continue-on-failure": True,
            "workers": 1,
            "generation": {"max-examples": examples, "deterministic": True, "no-shrink": True},
            "phases": enabled,
            "checks": CHECKS,
        }
    )
    schema = schemathesis.openapi.from_asgi(DOCUMENT, app, config=config)
    _without_fields(schema.raw_schema)
    tried = schema if only is None else schema.include(path=only)
    if without is not None:
        tried = tried.exclude(path_regex=without)
    found: Counter[str] = Counter()
    try:
        for event in engine.from_schema(tried).execute():
            assert not isinstance(event, events.FatalError | events.NonFatalError), event
            if isinstance(event, events.ScenarioFinished):
                found.update(str(fault) for fault in _faults(event) if not any(holds(fault) for holds in EXCUSES.values()))
    finally:
        asgi.shutdown_lifespans()
    return found


def _faults(event: events.ScenarioFinished) -> Iterator[Fault]:
    for case_id, checks in event.recorder.checks.items():
        for check in checks:
            if check.failure_info is not None:
                asked = event.recorder.interactions[case_id]
                response = asked.response
                text = "" if response is None or response.content is None else response.content.decode(errors="replace")
                failure = check.failure_info.failure
                yield Fault(
                    check=check.name,
                    operation=event.recorder.label,
                    status=0 if response is None else response.status_code,
                    url=asked.request.uri,
                    text=text,
                    about=f"{failure.title}: {failure.message[:300]}",
                )


def _without_fields(document: Mapping[str, Any]) -> None:
    """Whoever asks for some fields gets some fields, which is not what the description says of all: the next test tries it."""
    for item in document["paths"].values():
        for operation in item.values():
            operation["parameters"] = [each for each in operation["parameters"] if each["name"] != "fields"]


def _client(service: Service, client: Client, people: People, clock: ManualClock) -> Person:
    return fresh(service, victim(client, service, people, clock).buyer)


def _vendor(service: Service, client: Client, people: People, clock: ManualClock) -> Person:
    return fresh(service, victim(client, service, people, clock).seller)


def _admin(service: Service, client: Client, people: People, clock: ManualClock) -> Person:
    victim(client, service, people, clock)
    return people.admin()


# What somebody is refused whatever they say is tried in the full size only: `test_isolation` asks for it in every run.
REFUSED: Final = {_client: "^/api/v1/(admin|vendor)/", _vendor: "^/api/v1/admin/", _admin: "^/api/v1/vendor/"}


@pytest.mark.slow
@pytest.mark.parametrize("role", REFUSED, ids=["client", "vendor", "admin"])
def test_the_api_keeps_to_its_description(
    client: Client, service: Service, people: People, clock: ManualClock, role: Callable[..., Person]
) -> None:
    """No 500, no status, header or body that is not described, nothing accepted that is not, nothing refused that is."""
    person = role(service, client, people, clock)
    headers = dict(person.headers)
    if isinstance(person, Seller):
        # Whoever applies again and again acts for several vendors, and has to say for which.
        headers["X-Vendor-Id"] = str(person.vendor_id)

    without = None if FULL else REFUSED[role]
    found = faults(Steadfast(client.app, service, person), headers, examples=3, without=without)

    assert not found, "\n".join(found)
    # Whoever was signed out on the way has tried nothing since.
    assert 200 == client.get("/api/v1/users/me", headers=person.headers).status_code


def test_fields_that_are_chosen_are_as_described(client: Client, people: People) -> None:
    """Of an object, and of every item of a list: nothing else, each as it is without choosing, and none that there is not."""
    seller = people.vendor()
    whole = client.get("/api/v1/users/me", headers=seller.headers).json()
    page = client.get("/api/v1/vendor/offers", headers=seller.headers).json()

    some = client.get("/api/v1/users/me?fields=id,email", headers=seller.headers).json()
    items = client.get("/api/v1/vendor/offers?fields=sku,price", headers=seller.headers).json()

    assert {"id": whole["id"], "email": whole["email"]} == some
    assert {**page, "items": [{"sku": each["sku"], "price": each["price"]} for each in page["items"]]} == items
    assert items["items"]
    for path in ("/api/v1/users/me", "/api/v1/vendor/offers"):
        refused = client.get(f"{path}?fields=price,nothing,email", headers=seller.headers)
        said = [(each["field"], each["message"].split(":")[0]) for each in refused.json()["details"]["fields"]]
        assert (422, True) == (refused.status_code, ("fields", "There is no field `nothing`") in said), refused.text


def test_every_method_of_a_path_is_named(client: Client) -> None:
    """By OPTIONS, and where another method is refused; the description has the same."""
    document = client.get(DOCUMENT).json()
    for route in client.app.routes:
        if isinstance(route, HTTPRoute) and route.path_format in document["paths"]:
            path = route.path_format.replace("{number}", "1").replace("{sku}", "A").replace("{provider}", "x")
            for parameter in route.path_parameters:
                path = path.replace(f"{{{parameter}}}", "7f3e5a2c-7f0c-4a7e-9a53-0c9e2c4b7f11")
            described = {method.upper() for method in document["paths"][route.path_format]} | {"OPTIONS"}
            described |= {"HEAD"} if "GET" in described else set()
            asked, refused = client.options(path), client.request("TRACE", path)
            assert (204, 405) == (asked.status_code, refused.status_code), path
            assert described == set(asked.headers["allow"].split(", ")) == set(refused.headers["allow"].split(", ")), path


class Asking(Asked):
    """A number."""

    number: int


class Answering(Body):
    """A word."""

    word: str


@post("/planted", summary="Plant", status_code=200, sync_to_thread=False, **everybody())
def crashes(data: JSONBody[Asking]) -> Answering:
    """Of some numbers."""
    return Answering(word=str(1 // (data.number * 0)))


@get("/planted", summary="Plant", sync_to_thread=False, **everybody())
def answers_something_else() -> Answering:
    """Not a word."""
    return Answering(word=1)  # type: ignore[arg-type]


@get("/planted", summary="Plant", sync_to_thread=False, **everybody())
def answers_another_status() -> Answering:
    """None that is described."""
    raise HTTPException(status_code=HTTPStatus.IM_A_TEAPOT)


@get("/planted", summary="Plant", sync_to_thread=False, **everybody())
def takes_anything(request: Ask, planted: Annotated[str, QueryParameter(name="number", pattern="^[0-9]+$")] = "1") -> Answering:
    """Refuses what it says it takes."""
    if len(planted) > 1:
        raise ValidationException(extra=[{"key": "number", "message": request.method}])
    return Answering(word=planted)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("planted", "check"),
    [
        (crashes, "not_a_server_error"),
        (answers_something_else, "response_schema_conformance"),
        (answers_another_status, "status_code_conformance"),
        (takes_anything, "positive_data_acceptance"),
    ],
    ids=lambda each: each if isinstance(each, str) else "",
)
def test_a_route_that_does_not_keep_to_it_is_found(service: Service, planted: HTTPRouteHandler, check: str) -> None:
    """A route that crashes, answers something else, or refuses what it says that it takes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(application, "ROUTES", (*ROUTES, planted))
        app = create_app(service)

    found = faults(app, {}, examples=5, only="/api/v1/planted")

    assert [each for each in found if each.startswith(check)], found
