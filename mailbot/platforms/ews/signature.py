"""The automatic signature of Outlook on the web, on Exchange on-premises: a user configuration object.

Outlook for Windows keeps signatures on the person's own computer, which no server reaches.
"""

from collections.abc import Callable

from mailbot.platforms.ews.failures import NotThere
from mailbot.platforms.ews.folders import distinguished
from mailbot.platforms.ews.session import EwsSession
from mailbot.platforms.ews.xml import Element, M, T, each, text

#: where Outlook on the web keeps what people choose (folder: the root of the mailbox)
_NAME = "OWA.UserOptions"
_TEXT, _HTML, _AUTO, _AUTO_ON_REPLY = "signaturetext", "signaturehtml", "autoaddsignature", "autoaddsignatureonreply"

Value = tuple[str, str]


class EwsSignatures:
    """Of every mailbox on one server; `session` gives the session of one of them."""

    def __init__(self, session: Callable[[str], EwsSession]) -> None:
        self._session = session

    def read(self, address: str) -> str:
        """The plain text; "" where none is set."""
        found = self._options(address) or {}
        return found.get(_TEXT, ("String", ""))[1]

    def install(self, address: str, text: str, html: str) -> None:
        """For new mail and for answers. Everything else that the person has chosen is written back as it was."""
        found = self._options(address)
        options = {
            **(found or {}),
            _TEXT: ("String", text),
            _HTML: ("String", html),
            _AUTO: ("Boolean", "true"),
            _AUTO_ON_REPLY: ("Boolean", "true"),
        }
        configuration = M.UserConfiguration(_name(T.UserConfigurationName), T.Dictionary(*map(_entry, options.items())))
        if found is None:
            self._session(address).one("CreateUserConfiguration", M.CreateUserConfiguration(configuration))
        else:
            self._session(address).one("UpdateUserConfiguration", M.UpdateUserConfiguration(configuration))

    def _options(self, address: str) -> dict[str, Value] | None:
        request = M.GetUserConfiguration(_name(M.UserConfigurationName), M.UserConfigurationProperties("Dictionary"))
        try:
            answer = self._session(address).one("GetUserConfiguration", request)
        except NotThere:
            return None
        entries = each(answer, "m:UserConfiguration/t:Dictionary/t:DictionaryEntry")
        return {text(one, "t:DictionaryKey/t:Value"): _value(one) for one in entries}


def _name(make: Callable[..., Element]) -> Element:
    return make(distinguished("root"), Name=_NAME)


def _value(entry: Element) -> Value:
    return text(entry, "t:DictionaryValue/t:Type", "String"), text(entry, "t:DictionaryValue/t:Value")


def _entry(option: tuple[str, Value]) -> Element:
    name, (kind, value) = option
    return T.DictionaryEntry(
        T.DictionaryKey(T.Type("String"), T.Value(name)), T.DictionaryValue(T.Type(kind), T.Value(value))
    )
