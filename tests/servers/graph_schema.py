"""Holds every request and response of the pretended Graph to Microsoft's published description.

The description is not part of this project. Where it is absent, only this check is left out.
"""

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

SCHEMA = Path(__file__).parents[3] / "shared" / "schemas" / "graph" / "graph-mail.yaml"


@dataclass
class _Request:
    """A request as openapi-core reads it."""

    method: str
    path: str
    query: Any
    headers: Any
    body: bytes | None
    content_type: str
    host_url: str = "https://graph.microsoft.com"
    parameters: Any = field(init=False)

    def __post_init__(self) -> None:
        from openapi_core.datatypes import RequestParameters

        self.parameters = RequestParameters(query=self.query, header=self.headers)


@dataclass
class _Response:
    data: bytes
    status_code: int
    content_type: str
    headers: Any = field(default_factory=dict)


@cache
def description() -> Any:
    """Reading it takes a second: once for each test session. None where it is absent."""
    if not SCHEMA.exists():
        return None
    import yaml
    from openapi_core import OpenAPI

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return OpenAPI.from_dict(yaml.load(SCHEMA.read_text(encoding="utf-8"), Loader=loader))


def request_problem(method: str, path: str, query: Any, headers: Any, body: bytes, content_type: str) -> str | None:
    """What is wrong with a request; None when nothing is. `path` begins with /v1.0."""
    api = description()
    if api is None:
        return None
    request = _Request(method.lower(), path, query, headers, body or None, content_type.partition(";")[0])
    return _problem(lambda: api.validate_request(request))


def response_problem(
    method: str, path: str, query: Any, headers: Any, status: int, body: bytes, content_type: str
) -> str | None:
    api = description()
    if api is None:
        return None
    request = _Request(method.lower(), path, query, headers, None, "application/json")
    response = _Response(body, status, content_type.partition(";")[0])
    return _problem(lambda: api.validate_response(request, response))


def _problem(check: Any) -> str | None:
    from openapi_core.exceptions import OpenAPIError

    try:
        check()
    except OpenAPIError as error:
        cause = error.__cause__
        details = "; ".join(
            f"{'/'.join(map(str, each.absolute_path))}: {each.message[:200]}"
            for each in getattr(cause, "schema_errors", ())
        )
        return f"{type(error).__name__}: {str(error)[:200]} {details or str(cause)[:300]}"
    return None
