"""A sender that follows a script, for the outcomes that no real server brings about on demand."""

from collections.abc import Callable, Iterator

from mailbot.platforms.sending import Fate, OutgoingMail, Receipt

Step = Exception | Receipt | None


class ScriptedSender:
    """Every `send` takes the next step of the script: raises it, or returns it; after its end all mail is taken."""

    def __init__(self, *script: Step, at_prepare: bool = False, fate: Fate = "unknown", filed: bool = True) -> None:
        self._script: Iterator[Step] = iter(script)
        self._at_prepare = at_prepare
        self.fate_told: Fate = fate
        self._filed = filed
        self.file_error: Exception | None = None
        self.attempts: list[OutgoingMail] = []
        self.taken: list[OutgoingMail] = []
        self.filed: list[str] = []
        self.opened = 0

    def open(self) -> "ScriptedSender":
        self.opened += 1
        return self

    def prepare(self, mail: OutgoingMail) -> str | None:
        if self._at_prepare:
            self._next(mail)
        return "prepared"

    def send(self, mail: OutgoingMail, handle: str | None) -> Receipt:
        assert handle == "prepared"
        receipt = Receipt(filed=self._filed) if self._at_prepare else self._next(mail)
        self.taken.append(mail)
        return receipt

    def _next(self, mail: OutgoingMail) -> Receipt:
        self.attempts.append(mail)
        step = next(self._script, None)
        if isinstance(step, Exception):
            raise step
        return step or Receipt(filed=self._filed)

    def fate(self, message_id: str, handle: str | None) -> Fate:
        return self.fate_told

    def file(self, mail: OutgoingMail) -> None:
        if self.file_error is not None:
            raise self.file_error
        self.filed.append(mail.message_id)

    def close(self) -> None: ...


SenderFactory = Callable[[], ScriptedSender]
