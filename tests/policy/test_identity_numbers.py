"""Every written form is found; what only looks like an identity number is not. The numbers are computed."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum import luhn
from stdnum.no import fodselsnummer
from stdnum.se import personnummer

from mailbot.policy.identity_numbers import find
from tests.support.growth import grows_linearly


def swedish(date_digits: str, serial: str = "238") -> str:
    """Ten digits with a valid check digit."""
    return date_digits + serial + luhn.calc_check_digit(date_digits + serial)


def norwegian(date_digits: str) -> str:
    """Eleven digits with both check digits, from the first serial that allows them."""
    for serial in range(100, 500):
        digits = f"{date_digits}{serial}"
        digits += fodselsnummer.calc_check_digit1(digits)
        if len(digits) == 10:
            digits += fodselsnummer.calc_check_digit2(digits)
            if len(digits) == 11:
                return digits
    raise AssertionError(date_digits)


TEN = swedish("850714")
COORDINATION = swedish("850774")
# The last four must not read as a time of day, or twelve bare digits count as a timestamp.
TWELVE = "19" + swedish("850714", "779")

RARER = [("144785", "h_number"), ("148785", "synthetic"), ("147285", "synthetic"), ("548785", "synthetic")]

WRITTEN = [
    (f"{TEN[:6]}-{TEN[6:]}", "personnummer"),
    (f"{TEN[:6]}+{TEN[6:]}", "personnummer"),
    (f"{TEN[:6]}–{TEN[6:]}", "personnummer"),
    (f"{TEN[:6]} - {TEN[6:]}", "personnummer"),
    (f"19{TEN[:6]}-{TEN[6:]}", "personnummer"),
    (f"19{TEN[:6]}+{TEN[6:]}", "personnummer"),
    ("1985-07-14-" + TEN[6:], "personnummer"),
    (TWELVE, "personnummer"),
    (f"{TWELVE[:8]} {TWELVE[8:]}", "personnummer"),
    (f"{COORDINATION[:6]}-{COORDINATION[6:]}", "samordningsnummer"),
    (f"19{COORDINATION[:6]}-{COORDINATION[6:]}", "samordningsnummer"),
    (norwegian("140785"), "fodselsnummer"),
    (norwegian("540785"), "d_number"),
    *((f"{norwegian(day)[:6]} {norwegian(day)[6:]}", kind) for day, kind in RARER),
]


@pytest.mark.parametrize("written, kind", WRITTEN)
@pytest.mark.parametrize(
    "around", ["{}", "Hej, det gäller {}.", "({})", "Anna,{}, ring mig", "min sons nummer är\n{}\nTack"]
)
def test_forms_that_speak_for_themselves(written, kind, around):
    text = around.format(written)
    [number] = find(text)
    assert (number.kind, text[number.start : number.end]) == (kind, written)


@pytest.mark.parametrize(
    "written",
    [
        f"{norwegian('140785')[:6]} {norwegian('140785')[6:]}",
        f"{norwegian('140785')[:6]}-{norwegian('140785')[6:]}",
        f"14 07 85 {norwegian('140785')[6:]}",
        f"14.07.85 {norwegian('140785')[6:]}",
        f"{norwegian('140785')[:6]} {norwegian('140785')[6:9]} {norwegian('140785')[9:]}",
    ],
)
def test_norwegian_ways_of_writing(written):
    [number] = find(f"Fødselsnummeret er {written}, hilsen Kari")
    assert number.kind == "fodselsnummer"


@pytest.mark.parametrize("day, kind", RARER)
def test_rarer_norwegian_numbers_without_a_space_need_a_word(day, kind):
    assert [number.kind for number in find(f"Fødselsnummer: {norwegian(day)}")] == [kind]
    assert find(f"kode {norwegian(day)}") == ()


@pytest.mark.parametrize(
    "text",
    [
        f"Personnummer: {TEN}",
        f"personnr {TEN}",
        f"Mitt pnr är {TEN}",
        f"Person-nr\n{TEN}",
        f"Anna är född {TEN} i Umeå",
        f"{TEN} (personnummer)",
        f"Samordningsnummer {COORDINATION}",
        "Personnummer 200507141234"[:13] + "20" + swedish("050714", "123"),
        f"personnummer {TEN[:6]} {TEN[6:]}",
    ],
)
def test_bare_digits_count_beside_a_word_that_says_so(text):
    assert len(find(text)) == 1


def test_interim_numbers_by_letter_and_check_digit_or_by_a_word():
    stem = "850714" + "1" + "23"
    check = luhn.calc_check_digit(stem)
    assert [number.kind for number in find(f"Studenten 850714-T23{check} har flyttat")] == ["interimsnummer"]
    assert [number.kind for number in find("Interimsnummer: 850714-A123")] == ["interimsnummer"]
    assert find("Ritning 850714-A123") == ()


@pytest.mark.parametrize(
    "text",
    [
        f"{TEN}",  # bare digits without a word
        f"Ring {TEN} före fredag",
        f"Fakturanr {TEN[:6]}-{TEN[6:]}",
        f"Fakturanummer: {TWELVE}",
        f"OCR {TEN}",
        f"OCR-nummer: {TEN[:6]}-{TEN[6:]}",
        f"Order {TEN[:6]}-{TEN[6:]}",
        f"KID: {norwegian('140785')}",
        f"Kontonummer {norwegian('140785')}",
        f"tel. {TEN[:6]}-{TEN[6:]}",
        "Organisationsnummer 212000-2643",
        "org.nr 556036-0793",
        "Orgnr 5560360793",
        "070-123 45 67, 0701234567, +46 70 123 45 67, 090-16 10 00",
        "2026-07-14 10:30:00 och 20260714103000",
        "KS 2026/0714-2389",
        f"fil_{TEN[:6]}-{TEN[6:]}.pdf",
        f"9{TEN}",
        f"{TEN[:6]}-{TEN[6:]}1",
        f"1{TEN[:6]}-{TEN[6:]}",
        "1506.86.95088",
        "KID 76387190 er betalt 202610171312. Saken har Dnr 37",  # a diary number is no D-number
        "Ärendet har dnr 4112, skickat 202605271945.",
        "Bankgiro 5050-1055, plusgiro 4 89 01-1",
        "850732-2389 850014-2389 851314-2389",
    ],
)
def test_what_only_looks_like_one(text):
    assert find(text) == ()


def test_a_wrong_check_digit_is_no_number():
    right = int(TEN[9])
    assert [digit for digit in range(10) if find(f"personnummer {TEN[:6]}-{TEN[6:9]}{digit}")] == [right]


def test_the_library_still_rejects_samordningsnummer():
    """Why the day is taken down by 60 before python-stdnum's checks are used; may go when this fails."""
    assert not personnummer.is_valid(f"{COORDINATION[:6]}-{COORDINATION[6:]}")


def test_the_library_still_rejects_synthetic_numbers():
    assert not fodselsnummer.is_valid(norwegian("148785"))


@pytest.mark.parametrize("leap_day, count", [("20000229", 1), ("19000229", 0), ("20240229", 1), ("20230229", 0)])
def test_leap_days(leap_day, count):
    number = swedish(leap_day[2:])
    assert len(find(f"{leap_day}-{number[6:]}")) == count


def _ordinary_mail(rng: random.Random) -> str:
    """The numbers that ordinary mail is full of, in the ways people write them."""
    day = f"{rng.randint(2015, 2027)}{rng.randint(1, 12):02}{rng.randint(1, 28):02}"
    time = f"{rng.randint(0, 23):02}{rng.randint(0, 59):02}"
    digits = "".join(rng.choice("0123456789") for _ in range(40))
    when = f"{day[:4]}-{day[4:6]}-{day[6:]} kl. {time[:2]}:{time[2:]}"
    ocr = digits[:9] + luhn.calc_check_digit(digits[:9])
    return (
        f"Hej! Vi sågs {when}. Ring mig på 070-{digits[:3]} {digits[3:5]} {digits[5:7]} eller 07{digits[7:15]}. "
        f"Faktura {digits[:6]}, OCR {ocr}. Bankgiro {digits[5:8]}-{digits[8:12]}."
        f"Ärende KS {day[:4]}/{digits[:3]}, fastighet {digits[:2]}:{digits[2:5]}. Bilaga skannad_{day}{time}.pdf. "
        f"ID {day}{time}. Konto {digits[:4]}.{digits[4:6]}.{digits[6:11]}, kod {digits[16:27]}, ref {digits[28:39]}. "
        f"Tfn {digits[:2]} {digits[2:4]} {digits[4:6]} {digits[6:8]}, {digits[20:22]} {digits[22:25]} kr"
        f", mätare {digits[25:35]}"
    )


def test_at_most_one_ordinary_mail_in_a_thousand_has_a_false_hit():
    rng = random.Random(20261123)
    mails = [_ordinary_mail(rng) for _ in range(5000)]
    assert sum(bool(find(mail)) for mail in mails) <= 5


@given(st.text(alphabet="0123456789-+ .T\npersonu", max_size=200))
def test_offsets_lie_in_the_text_and_do_not_overlap_within_a_country(text):
    numbers = find(text)
    assert all(0 <= number.start < number.end <= len(text) for number in numbers)
    assert list(numbers) == sorted(numbers, key=lambda number: number.start)


@pytest.mark.parametrize("piece", ["1", "12 ", "811218-987", "811218-", "personnr ", "00 00 00 ", "1985-07-14-", "+-"])
def test_hostile_text_costs_linear_time(piece):
    def work_of(size):
        text = piece * (size // len(piece))
        return lambda: find(text)

    assert grows_linearly(work_of, 100_000)
