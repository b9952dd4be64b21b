"""What a check of `mailbot doctor` found, in the administrator's language."""

from dataclasses import dataclass
from typing import Literal

from mailbot.config.texts import catalogue

Status = Literal["ok", "warning", "problem"]


@dataclass(frozen=True, slots=True)
class Check:
    """One finding; `remedy` is empty when nothing needs to be done."""

    name: str
    status: Status
    message: str
    remedy: str = ""


class Findings:
    """Makes checks from the texts of one language; `key` names a table with `message` and `remedy`."""

    def __init__(self, language: str) -> None:
        self._texts = catalogue("mailbot.work", "doctor_texts", language)

    def ok(self, name: str, key: str, **values: object) -> Check:
        return self._check(name, "ok", key, values)

    def warning(self, name: str, key: str, **values: object) -> Check:
        return self._check(name, "warning", key, values)

    def problem(self, name: str, key: str, **values: object) -> Check:
        return self._check(name, "problem", key, values)

    def _check(self, name: str, status: Status, key: str, values: dict[str, object]) -> Check:
        message = self._texts[f"{key}.message"].format(**values)
        return Check(name, status, message, self._texts.get(f"{key}.remedy", "").format(**values))
