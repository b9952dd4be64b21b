"""References, Message-IDs and fingerprints."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailbot.errors import UserError
from mailbot.store.references import ALPHABET, References, parse_ref
from tests.store.conftest import REFERENCES

OTHER = References(b"another key, as long as needed ..")


def test_the_alphabet_has_32_letters_that_nobody_mixes_up() -> None:
    assert len(set(ALPHABET)) == len(ALPHABET) == 32
    assert not set("0O1I") & set(ALPHABET)


@given(st.text(), st.text())
def test_a_reference_is_short_stable_and_keyed(content_key: str, unit: str) -> None:
    ref = REFERENCES.ref(content_key, unit)
    assert ref == REFERENCES.ref(content_key, unit) == parse_ref(ref) == parse_ref(f" {ref.replace('-', '').lower()} ")
    assert ref != OTHER.ref(content_key, unit) and ref != REFERENCES.ref(content_key, unit, attempt=1)


def test_parts_do_not_run_into_each_other() -> None:
    assert REFERENCES.ref("a", "b") != REFERENCES.ref("ab") and REFERENCES.ref("a\0", "b") != REFERENCES.ref("a", "\0b")


@pytest.mark.parametrize("text", ["", "B7KQ", "B7KQ-2M9", "B7KQ-2M9X0", "B7KO-2M9X", "<a@b.example>", "B7KQ--2M9X"])
def test_what_is_no_reference(text: str) -> None:
    assert parse_ref(text) is None


def test_message_ids_are_fixed_and_recognised_only_with_our_key_and_domain() -> None:
    own = REFERENCES.message_id("forward:1", "by.example")
    assert own == REFERENCES.message_id("forward:1", "by.example")
    assert REFERENCES.is_ours(own, "BY.example") and REFERENCES.is_ours(own.strip("<>"), "by.example")
    assert not REFERENCES.is_ours(own, "elsewhere.example")
    assert not OTHER.is_ours(own, "by.example")
    forged = own.replace("mailbot.a", "mailbot.b") if "mailbot.a" in own else own.replace(own[9], "a", 1)
    assert not REFERENCES.is_ours(forged, "by.example")


@pytest.mark.parametrize("text", ["", "<>", "<x@by.example>", "mailbot.@by.example", "<mailbot.a.b@by.example>"])
def test_other_message_ids_are_not_ours(text: str) -> None:
    assert not REFERENCES.is_ours(text, "by.example")


def test_a_short_key_is_refused_with_the_remedy() -> None:
    with pytest.raises(UserError, match="secret set reference-key"):
        References(b"short")


def test_lone_surrogates_from_broken_headers_are_hashed_too() -> None:
    assert REFERENCES.fingerprint("\udce5") != REFERENCES.fingerprint("å")
