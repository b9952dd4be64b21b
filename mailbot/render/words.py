"""Words of one language for values that rules and store know by fixed names: `templates/LANG/words.toml`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Words:
    """The tables of one language; what is missing is shown as it is."""

    language: str
    tables: Mapping[str, Mapping[str, Any]]

    def word(self, key: object, table: str) -> str:
        """The word for `key` in `[table]`, as in `{{ kind|word("kinds") }}`; an unknown key is its own word."""
        return str(self.tables.get(table, {}).get(str(key), key))

    def phrase(self, key: object, table: str, value: str = "") -> str:
        """The words for `key` in `[table]` with `{value}` filled in."""
        return self.word(key, table).replace("{value}", value)

    def sentence(self, text: str) -> str:
        """`text` as a sentence begins: "Torsdag 12 mars"."""
        return text[:1].upper() + text[1:]

    def reason(self, rule: str) -> str:
        """What a rule found, in words. Of a dotted id the longest known beginning counts ("diary.must.appeal")."""
        reasons = self.tables.get("reasons", {})
        known = rule
        while known and known not in reasons:
            known = known.rpartition(".")[0]
        return str(reasons.get(known, rule))

    def reasons(self, rules: Sequence[str]) -> list[str]:
        """The distinct reasons of `rules`, in order."""
        return list(dict.fromkeys(self.reason(rule) for rule in rules))

    def day(self, value: date) -> str:
        """A local date as people write it: "torsdag 12 mars"; the year only where it is not obvious."""
        calendar = self.tables["calendar"]
        pattern: str = calendar["day"]
        return pattern.format(
            weekday=calendar["weekdays"][value.weekday()],
            day=value.day,
            month=calendar["months"][value.month - 1],
            year=value.year,
        )

    def moment(self, value: datetime) -> str:
        """A local date and time: "torsdag 12 mars 2026 kl. 10.05"."""
        clock: str = self.tables["calendar"]["moment"]
        return clock.format(day=self.day(value), hour=f"{value.hour:02}", minute=f"{value.minute:02}")

    def return_date(self, value: date) -> str:
        """A local date as an automatic reply writes it: "26-08-10" in Swedish (Bjurholm p. 5, XX-XX-XX)."""
        pattern: str = self.tables["calendar"]["return_date"]
        month = self.tables["calendar"]["months"][value.month - 1]
        return value.strftime(pattern.replace("%B", month))

    def genitive(self, name: str) -> str:
        """ "Bjurholms kommuns"; Swedish names that end in s, x or z stay as they are. Other languages need none."""
        plain = self.language != "sv" or name[-1:].lower() in ("s", "x", "z", "")
        return name if plain else f"{name}s"
