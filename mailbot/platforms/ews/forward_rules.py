"""Forwarding by inbox rules on Exchange: a copy goes on, the original stays, a person's own rules are not touched."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

from mailbot.errors import PermanentError
from mailbot.platforms.ews.failures import NotOffered
from mailbot.platforms.ews.session import EwsSession
from mailbot.platforms.ews.xml import Element, M, T, each, first, text

_NAME = "mailbot: {}"


class ClientOnlyRules(PermanentError):
    """Outlook keeps rules of its own in this mailbox, which the server would delete with any change of rules."""


class EwsForwardRules:
    """Of every mailbox on one server; `session` gives the session of one of them."""

    windowed = False

    def __init__(self, session: Callable[[str], EwsSession]) -> None:
        self._session = session

    def read(self, address: str) -> Sequence[str]:
        try:
            rules = self._ours(self._rules(address))
        except NotOffered:
            return ()
        return [to for rule, to in rules if text(rule, "t:IsEnabled") == "true"]

    def install(
        self,
        address: str,
        forward_to: str,
        *,
        starts_at: datetime | None = None,  # noqa: ARG002
        ends_at: datetime | None = None,  # noqa: ARG002
    ) -> str:
        try:
            return self._installed(address, forward_to)
        except NotOffered:
            raise PermanentError(
                f"the server of {address} has no inbox rules; write inbox_rules = false in its table of the "
                "configuration, and mailbot forwards mail itself, as it is read"
            ) from None

    def _installed(self, address: str, forward_to: str) -> str:
        found = self._rules(address)
        for rule, to in self._ours(found):
            if to == forward_to and text(rule, "t:IsEnabled") == "true":
                return forward_to
        self._refuse_client_only(address, found)
        rule = T.Rule(
            T.DisplayName(_NAME.format(forward_to)),
            T.Priority(str(1 + len(list(each(found, "m:InboxRules/t:Rule"))))),
            T.IsEnabled("true"),
            T.Conditions(),
            T.Exceptions(),
            # A redirected copy stays the citizen's own mail, so that it is known as the same one.
            T.Actions(T.RedirectToRecipients(T.Address(T.EmailAddress(forward_to)))),
        )
        self._update(address, T.CreateRuleOperation(rule))
        return forward_to

    def remove(self, address: str, token: str) -> None:
        try:
            found = self._rules(address)
        except NotOffered:
            return
        ours = [text(rule, "t:RuleId") for rule, to in self._ours(found) if to == token]
        if ours:
            self._refuse_client_only(address, found)
            self._update(address, *(T.DeleteRuleOperation(T.RuleId(one)) for one in ours))

    def require(self, address: str) -> None:
        """NotOffered where the server has no inbox rules."""
        self._rules(address)

    def close(self) -> None:
        """Sessions belong to the server's other users too."""

    def _rules(self, address: str) -> Element:
        return self._session(address).one("GetInboxRules", M.GetInboxRules(M.MailboxSmtpAddress(address)))

    def _ours(self, found: Element) -> Iterator[tuple[Element, str]]:
        """Rules that mailbot made, each with the address that it forwards to."""
        for rule in each(found, "m:InboxRules/t:Rule"):
            to = text(rule, "t:Actions/t:RedirectToRecipients/t:Address/t:EmailAddress")
            if to and text(rule, "t:DisplayName") == _NAME.format(to):
                yield rule, to

    def _refuse_client_only(self, address: str, found: Element) -> None:
        """https://learn.microsoft.com/exchange/client-developer/web-service-reference/updateinboxrules-operation

        Any change deletes Outlook's own copy of the rules; those that run in Outlook only stand nowhere else.
        """
        exists = first(found, "m:OutlookRuleBlobExists")
        if exists is not None and exists.text == "true":
            raise ClientOnlyRules(
                f"Outlook keeps rules of its own in {address}, and changing rules here would delete them; let the "
                "owner set up forwarding in Outlook (Rules and Alerts), or turn off rules that run in Outlook only"
            )

    def _update(self, address: str, *operations: Element) -> None:
        request = M.UpdateInboxRules(M.RemoveOutlookRuleBlob("false"), M.Operations(*operations))
        self._session(address).one("UpdateInboxRules", request)
