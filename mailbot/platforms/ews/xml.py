"""The XML of Exchange Web Services: two namespaces, and what is read from and written to them.

The schema is Microsoft's (messages.xsd, types.xsd); the names are those of its elements.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime

from lxml import etree
from lxml.builder import ElementMaker

MESSAGES = "http://schemas.microsoft.com/exchange/services/2006/messages"
TYPES = "http://schemas.microsoft.com/exchange/services/2006/types"
NAMESPACES: Mapping[str, str] = {"m": MESSAGES, "t": TYPES}

Element = etree._Element


class _Maker:
    """lxml's element maker with types: `M.GetItem(...)` is an element of that name."""

    def __init__(self, namespace: str) -> None:
        self._maker = ElementMaker(namespace=namespace, nsmap=dict(NAMESPACES))

    def __getattr__(self, name: str) -> Callable[..., Element]:
        make: Callable[..., Element] = getattr(self._maker, name)
        return make


M, T = _Maker(MESSAGES), _Maker(TYPES)


def item_ids(*identifiers: str) -> Element:
    return M.ItemIds(*(T.ItemId(Id=each) for each in identifiers))


def shape(*fields: str | Element, mime: bool = False, body: bool = False) -> Element:
    """The id and the named properties of items, and nothing else: the default shapes are expensive.

    With `body`, item:Body comes as it was written, HTML or plain text.
    """
    uris = [T.FieldURI(FieldURI=each) if isinstance(each, str) else each for each in fields]
    parts = [T.BaseShape("IdOnly")]
    if mime:
        parts.append(T.IncludeMimeContent("true"))
    if body:
        parts.append(T.BodyType("Best"))
    if uris:
        parts.append(T.AdditionalProperties(*uris))
    return M.ItemShape(*parts)


def text(element: Element, path: str, default: str = "") -> str:
    """The text below `element` at `path`, whose steps are written m:Name or t:Name."""
    found = element.find(path, dict(NAMESPACES))
    return default if found is None else found.text or default


def first(element: Element, path: str) -> Element | None:
    return element.find(path, dict(NAMESPACES))


def each(element: Element, path: str) -> Iterator[Element]:
    return element.iterfind(path, dict(NAMESPACES))


def identifier(element: Element, path: str = "t:ItemId") -> str:
    """The id below `element`; "" where there is none."""
    found = element.find(path, dict(NAMESPACES))
    return "" if found is None else found.get("Id", "")


def instant(written: str) -> datetime | None:
    """An aware UTC instant; times without a zone are UTC, as every request asks for. None for what is no time."""
    try:
        moment = datetime.fromisoformat(written.replace("Z", "+00:00"))
    except ValueError:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def written(moment: datetime) -> str:
    """An instant for the wire, always UTC."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
