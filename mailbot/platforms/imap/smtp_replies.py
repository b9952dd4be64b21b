"""What an SMTP reply means (RFC 5321 4.2, RFC 3463), in fixed words: servers quote addresses in their own."""

import re
from dataclasses import dataclass
from typing import Self

_ENHANCED = re.compile(r"([245])\.(\d{1,3})\.(\d{1,3})\b")

#: RFC 3463 and its registry, by subject.detail
_WORDS = {
    "1.1": "no such address",
    "1.2": "no such domain",
    "1.3": "the address is malformed",
    "1.6": "the mailbox has moved",
    "1.8": "the sender's domain does not exist",
    "1.10": "the domain takes no mail",
    "2.0": "the mailbox does not take it",
    "2.1": "the mailbox is disabled",
    "2.2": "the mailbox is full",
    "2.3": "too large for the mailbox",
    "3.1": "the server's disk is full",
    "3.2": "the server takes no mail now",
    "3.4": "too large for the server",
    "4.1": "the receiving host does not answer",
    "4.4": "no route to the domain",
    "4.7": "delivery took too long",
    "5.3": "too many recipients",
    "6.3": "its content would have to be converted",
    "6.7": "an address outside ASCII is not taken",
    "7.0": "refused by the server's rules",
    "7.1": "not allowed by the server's rules",
    "7.8": "user or password is wrong",
    "7.9": "this way to log in is too weak for the server",
    "7.11": "TLS is needed first",
    "7.60": "the sender may not send as this address",
}
_BY_CODE = {
    421: "the server closes the connection",
    450: "the mailbox is not available now",
    451: "trouble at the server",
    452: "no room at the server",
    530: "a login is needed",
    550: "refused",
    552: "too large",
    553: "the address is not allowed",
    554: "refused",
}


@dataclass(frozen=True, slots=True)
class Reply:
    """`subject` is the middle of the enhanced status code, -1 without one; no text of the server is kept."""

    code: int
    subject: int = -1
    detail: int = -1

    @classmethod
    def of(cls, code: int, text: bytes | str) -> Self:
        shown = text.decode("ascii", "replace") if isinstance(text, bytes) else text
        match = _ENHANCED.match(shown.lstrip())
        if match is None or match[1] != str(code)[:1]:
            return cls(code)
        return cls(code, int(match[2]), int(match[3]))

    @property
    def positive(self) -> bool:
        return 200 <= self.code < 300

    @property
    def temporary(self) -> bool:
        return 400 <= self.code < 500

    @property
    def permanent(self) -> bool:
        return 500 <= self.code < 600

    @property
    def words(self) -> str:
        """Codes and what they mean, fit for logs."""
        enhanced = f"{self.subject}.{self.detail}" if self.subject >= 0 else ""
        meaning = _WORDS.get(enhanced) or _BY_CODE.get(self.code)
        codes = f"{self.code} {self.code // 100}.{enhanced}" if enhanced else str(self.code)
        return f"{meaning} ({codes})" if meaning else codes

    @property
    def concerns_size(self) -> bool:
        """The mail is too large, for good (RFC 1870 section 6.1)."""
        return self.permanent and ((self.subject, self.detail) in ((3, 4), (2, 3)) or self._is_plain(552))

    @property
    def concerns_conversion(self) -> bool:
        """RFC 6152 section 3: 8-bit content has nowhere to go."""
        return self.permanent and self.subject == 6 and self.detail in (1, 2, 3)

    @property
    def concerns_everything(self) -> bool:
        """Not this mail alone but the service: it is closing, or its system or security rules say later."""
        return self.code == 421 or (self.temporary and self.subject in (3, 7) and self.detail != 1)

    @property
    def wants_tls(self) -> bool:
        return self.code in (523, 538) or (self.permanent and (self.subject, self.detail) == (7, 11))

    def destination(self, recipient: str) -> str:
        """What a deferred recipient stands for: the whole domain where the trouble is on the way there (X.4.*), else
        the address alone."""
        return recipient.rpartition("@")[2].lower() if self.subject == 4 else recipient.lower()

    def _is_plain(self, code: int) -> bool:
        return self.code == code and self.subject < 0
