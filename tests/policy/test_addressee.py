"""Whose board a mail is for."""

import pytest

from mailbot.mail.message import parse
from mailbot.policy.addressee import unit_meant

NAMES = {"ks": "Kommunstyrelsen", "mbn": "Miljö- och byggnämnden", "sn": "Socialnämnden"}
PATTERNS = {"ks": r"KS[ -]\d{4}/\d+", "mbn": r"MBN[ -]\d{4}/\d+", "sn": ""}


@pytest.mark.parametrize(
    ("subject", "text", "unit"),
    [
        ("Bygglov", "Hej! Jag vill bygga.", "ks"),
        ("MBN 2026/12", "Komplettering", "mbn"),
        ("Komplettering", "Det gäller ärende MBN-2026/12.", "mbn"),
        # the own board's number beside it, or both
        ("MBN 2026/12 och KS 2026/1", "", "ks"),
        ("KS 2026/1", "Till Socialnämnden", "ks"),
        ("Överklagande till Miljö- och byggnämnden", "", "mbn"),
        ("Överklagande", "Till miljö och byggnämnden\n\nJag överklagar.", "mbn"),
        ("Överklagande", "Hej!\nTill: Socialnämnden i Byn", "sn"),
        ("Fråga", "Miljö- och byggnämndens beslut var fel, säger kommunstyrelsen.", "ks"),
        ("Fråga", "Till socialnämnden och miljö- och byggnämnden", "ks"),
        ("Fråga", "Till dig som arbetar på socialnämndenkontoret", "ks"),
        ("Fråga", "Hej!\n\nMvh\n\n> Till Socialnämnden", "ks"),
    ],
)
def test_unit_meant(subject: str, text: str, unit: str) -> None:
    raw = f"From: a@x.example\nSubject: {subject}\nContent-Type: text/plain; charset=utf-8\n\n{text}\n"
    assert unit_meant(parse(raw.encode()), NAMES, PATTERNS, own="ks") == unit
