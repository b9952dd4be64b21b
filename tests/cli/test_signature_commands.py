"""`mailbot signature`: showing the official one, and checking a sent mail with and without a configuration."""

from email.message import EmailMessage
from pathlib import Path

import pytest

from tests.config.base import write
from tests.config.running import run

STARS = "*" * 64
OWN_WORDS = "Hej Bo!\n\nDet går bra på tisdag.\n"
QUOTED = "\nDen 15 mars 2026 kl. 10:12 skrev Bo <bo@privat.example>:\n> Går det på tisdag?\n"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return write(tmp_path)


@pytest.fixture
def signature(config: Path) -> str:
    return run("signature", "show", "eva", "--config", config).out


def sent(folder: Path, text: str, *, sender: str = "eva@by.example", html: str = "") -> Path:
    message = EmailMessage()
    message["From"] = f"Eva Lind <{sender}>"
    message["To"] = "bo@privat.example"
    message["Subject"] = "SV: Fråga"
    message["Message-ID"] = "<1@by.example>"
    if html:
        message.set_content(html, subtype="html")
    else:
        message.set_content(text)
    path = folder / "sent.eml"
    path.write_bytes(message.as_bytes())
    return path


def test_the_signature_as_text_and_as_html(config: Path, signature: str) -> None:
    lines = signature.splitlines()
    assert lines[:2] == [STARS, "Med vänlig hälsning"]
    assert lines[2].startswith("Eva")
    assert "Byns kommun" in lines
    html = run("signature", "show", "eva", "--html", "--config", config).out
    assert html.count("<br>") == len(lines) - 1
    assert "Byns kommun" in html and "<html" not in html


def test_a_right_mail_passes(config: Path, signature: str, tmp_path: Path) -> None:
    ran = run("signature", "check", sent(tmp_path, f"{OWN_WORDS}\n{signature}{QUOTED}"), "--json", "--config", config)
    assert ran.status == 0
    answer = ran.json
    assert (answer["greeting"], answer["signature"], answer["problems"], answer["mended"]) == (
        "fine",
        "right",
        [],
        None,
    )


def test_the_html_that_is_shown_passes_too(config: Path, tmp_path: Path) -> None:
    ending = run("signature", "show", "eva", "--html", "--config", config).out
    page = f"<p>Hej Bo!</p><p>Det går bra på tisdag.</p>{ending}"
    ran = run("signature", "check", sent(tmp_path, "", html=page), "--json", "--config", config)
    assert ran.json["signature"] == "right"


@pytest.mark.parametrize(
    ("ending", "state", "rules"),
    [
        ("Mvh\nEva\n", "missing", ["signature.missing", "organisation.not_visible"]),
        ("", "missing", ["signature.missing", "organisation.not_visible"]),
        (
            "Hälsningar\nLisa Frisk\nSäljare\nBolaget AB\nTel: 08-555 00 00\n",
            "foreign",
            ["signature.foreign", "organisation.not_visible"],
        ),
    ],
)
def test_what_is_wrong_is_told_with_the_mended_ending(
    config: Path, signature: str, tmp_path: Path, ending: str, state: str, rules: list[str]
) -> None:
    ran = run("signature", "check", sent(tmp_path, f"{OWN_WORDS}\n{ending}{QUOTED}"), "--json", "--config", config)
    assert ran.status == 1
    assert ran.json["signature"] == state
    assert [problem["rule"] for problem in ran.json["problems"]] == rules
    assert ran.json["mended"] == signature


def test_an_edited_field_is_named(config: Path, signature: str, tmp_path: Path) -> None:
    edited = signature.replace("Med vänlig hälsning", "Med vänliga hälsningar")
    path = sent(tmp_path, f"{OWN_WORDS}\n{edited}{QUOTED}")
    [problem] = run("signature", "check", path, "--json", "--config", config).json["problems"]
    assert problem == {
        "rule": "signature.outdated.closing",
        "expected": "Med vänlig hälsning",
        "found": "Med vänliga hälsningar",
    }
    words = run("signature", "check", path, "--config", config, "--lang", "sv").out
    assert "«Med vänliga hälsningar» ska vara «Med vänlig hälsning»" in words


@pytest.mark.parametrize("language", ["sv", "nb", "en"])
def test_every_finding_has_words(config: Path, tmp_path: Path, language: str) -> None:
    text = "Tjena\n\nBarnet har diagnosen autism, personnummer 20120314-2384.\n\nMvh\nEva\n"
    ran = run("signature", "check", sent(tmp_path, text), "--config", config, "--lang", language)
    assert ran.status == 1
    assert len([line for line in ran.out.splitlines() if line.startswith("- ")]) >= 4
    assert STARS in ran.out


def test_without_a_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    block = f"{STARS}\nMed vänlig hälsning\nEva Lind\nRegistrator\nBjurholms kommun\nTel: 0932-555 03\n"
    path = sent(tmp_path, f"{OWN_WORDS}\n{block}")
    assert run("signature", "check", path, "--profile", "bjurholm").status == 0
    ran = run("signature", "check", sent(tmp_path, f"{OWN_WORDS}\n{block[65:]}"), "--profile", "bjurholm", "--json")
    assert [problem["rule"] for problem in ran.json["problems"]] == ["signature.absent.delimiter"]
    assert ran.json["mended"] == block


def test_who_wrote_it_may_be_named(config: Path, signature: str, tmp_path: Path) -> None:
    path = sent(tmp_path, f"{OWN_WORDS}\n{signature}", sender="kommunen@by.example")
    assert run("signature", "check", path, "--person", "eva", "--config", config).status == 0
    ran = run("signature", "check", path, "--config", config)
    assert (ran.status, "--person" in ran.err) == (2, True)


@pytest.mark.parametrize("content", [b"", b"\x00\x01\x02"])
def test_what_is_no_mail_is_told(config: Path, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.eml"
    path.write_bytes(content)
    assert run("signature", "check", path, "--config", config).status == 2
    assert run("signature", "check", tmp_path / "none.eml", "--config", config).status == 2
