"""SOAP and the two namespaces of Exchange Web Services."""

from datetime import UTC, datetime

from lxml import etree
from lxml.builder import ElementMaker

MESSAGES = "http://schemas.microsoft.com/exchange/services/2006/messages"
TYPES = "http://schemas.microsoft.com/exchange/services/2006/types"
ERRORS = "http://schemas.microsoft.com/exchange/services/2006/errors"
SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
M = ElementMaker(namespace=MESSAGES, nsmap={"m": MESSAGES, "t": TYPES})
T = ElementMaker(namespace=TYPES, nsmap={"m": MESSAGES, "t": TYPES})
_S = ElementMaker(namespace=SOAP, nsmap={"s": SOAP})


class SoapFault(Exception):
    """A request that fails as a whole."""

    def __init__(self, code: str, *, back_off: int = 0) -> None:
        super().__init__(code)
        self.code = code
        self.back_off = back_off


class Failed(Exception):
    """One answer of several that fails, with its ResponseCode."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def envelope(body: etree._Element) -> etree._Element:
    version = T.ServerVersionInfo(MajorVersion="15", MinorVersion="1", MajorBuildNumber="2507", Version="V2017_07_11")
    return _S.Envelope(_S.Header(version), _S.Body(body))


def fault(problem: SoapFault) -> etree._Element:
    """https://learn.microsoft.com/exchange/client-developer/exchange-web-services/ews-throttling-in-exchange"""
    e = ElementMaker(namespace=ERRORS, nsmap={"e": ERRORS})
    detail = etree.Element("detail")
    detail.append(e.ResponseCode(problem.code))
    detail.append(e.Message("refused"))
    if problem.back_off:
        detail.append(T.MessageXml(T.Value(str(problem.back_off), Name="BackOffMilliseconds")))
    element = etree.Element(f"{{{SOAP}}}Fault", nsmap={"s": SOAP, "a": TYPES})
    for tag, text in (("faultcode", f"a:{problem.code}"), ("faultstring", "refused")):
        etree.SubElement(element, tag).text = text
    element.append(detail)
    return _S.Envelope(_S.Body(element))


def unknown_request(name: str) -> etree._Element:
    """As another make of server answers what it does not know."""
    element = etree.Element(f"{{{SOAP}}}Fault", nsmap={"s": SOAP})
    for tag, text in (("faultcode", "SOAP:Server"), ("faultstring", f"Unknown request '{name}'.")):
        etree.SubElement(element, tag).text = text
    return _S.Envelope(_S.Body(element))


def instant(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def parsed(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def text_of(element: etree._Element, path: str) -> str | None:
    """Text below `element`; path steps `t:Name` and `m:Name`."""
    found = element.find(path, {"t": TYPES, "m": MESSAGES})
    return None if found is None else (found.text or "")


def all_of(element: etree._Element, path: str) -> list[etree._Element]:
    return element.findall(path, {"t": TYPES, "m": MESSAGES})
