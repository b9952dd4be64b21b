import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailbot.platforms.base import FolderRole
from mailbot.platforms.maildir.names import decode_utf7, folder_name, folder_role, on_disk, storable, unique_part


@pytest.mark.parametrize(
    ("encoded", "decoded"),
    [
        ("Skr&AOQ-ppost", "Skräppost"),
        ("S&APg-ppelpost", "Søppelpost"),
        ("Papirkurv", "Papirkurv"),
        ("F&APY-retag &- stat", "Företag & stat"),
        ("~peter/mail/&U,BTFw-/&ZeVnLIqe-", "~peter/mail/台北/日本語"),  # RFC 3501 section 5.1.3
        ("&2D3eAA-", "😀"),
        # not in this encoding, so left alone
        ("R&D", "R&D"),
        ("&AOQ", "&AOQ"),
        ("&A-", "&A-"),
        ("&2D0-", "&2D0-"),
        ("Skräppost", "Skräppost"),
        ("", ""),
    ],
)
def test_modified_utf7(encoded: str, decoded: str) -> None:
    assert decode_utf7(encoded) == decoded


@given(st.text())
def test_any_name_decodes_to_something(name: str) -> None:
    assert isinstance(decode_utf7(name), str)


@pytest.mark.parametrize(
    ("directory", "name"),
    [
        (".Sent", "Sent"),
        (".INBOX.Sent", "INBOX/Sent"),
        (".Projekt.V&AOQ-g 353", "Projekt/Väg 353"),
        (".a\u0308rende", "ärende"),  # macOS writes decomposed letters
        (".a\x1b[31mb", ".a\N{REPLACEMENT CHARACTER}[31mb".removeprefix(".")),
    ],
)
def test_names_for_people(directory: str, name: str) -> None:
    assert folder_name(directory) == name


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("Sent", "sent"),
        ("Skickat", "sent"),
        ("Skickade objekt", "sent"),
        ("Sendte elementer", "sent"),
        ("INBOX/Sent", "sent"),
        ("inbox/Sendt", "sent"),
        ("Skickat/2025", "sent"),
        ("Utkast", "drafts"),
        ("Kladder", "drafts"),
        ("Papperskorgen", "trash"),
        ("Papperskorgen/Projekt", "trash"),
        ("Borttagna objekt", "trash"),
        ("Slettede elementer", "trash"),
        ("SKRÄPPOST", "junk"),
        ("Søppelpost", "junk"),
        ("Junk E-mail", "junk"),
        ("Projekt/Skickat", "other"),
        ("Skickat vidare", "other"),
        ("INBOX", "other"),
        ("INBOX/Projekt", "other"),
    ],
)
def test_roles(name: str, role: FolderRole) -> None:
    assert folder_role(name) == role


@pytest.mark.parametrize(
    ("file_name", "unique"),
    [("1.a:2,S", "1.a"), ("1.a,S=3:2,", "1.a,S=3"), ("1.a", "1.a"), ("1.a:1,x:2,S", "1.a"), (":2,S", "")],
)
def test_unique_part(file_name: str, unique: str) -> None:
    assert unique_part(file_name) == unique


@given(st.binary(min_size=1, max_size=20))
def test_any_file_name_can_be_stored_and_found_again(raw: bytes) -> None:
    name = raw.decode("utf-8", "surrogateescape")
    storable(name).encode()
    if not any("\uf780" <= character <= "\uf7ff" for character in name):
        assert on_disk(storable(name)) == name
