"""Octets to text: what a declared charset is worth, and what to do when it lies.

No function here raises. The choice for undeclared and wrongly declared text is that of Nordic mail: UTF-8 if it is
valid UTF-8 (which other charsets almost never are by accident), else windows-1252, the superset of ISO-8859-1.
"""

import codecs
import re
from functools import lru_cache

#: names seen in mail that Python does not know, or that mean something else there
_ALIASES = {
    "ansi_x3.4-1968": "us-ascii",
    "cp-850": "cp850",
    "cp-1252": "cp1252",
    "iso-8859-1-windows-3.1-latin-1": "cp1252",
    "iso-8859-8-i": "iso-8859-8",
    "iso-8859-8-e": "iso-8859-8",
    "iso-8859-6-i": "iso-8859-6",
    "ks_c_5601-1987": "cp949",
    "latin-1": "cp1252",
    "unicode-1-1-utf-8": "utf-8",
    "utf8mb4": "utf-8",
    "utf8mb3": "utf-8",
    "utf-8-strict": "utf-8",
    "windows-31j": "cp932",
    "x-mac-roman": "mac-roman",
    "x-sjis": "cp932",
    "x-windows-1252": "cp1252",
}

#: ISO-8859-1 and ASCII are read as windows-1252, as every mail reader does (WHATWG Encoding Standard, "labels")
_WESTERN = frozenset({"ascii", "iso8859-1", "cp1252"})

#: ASCII octets do not mean ASCII characters in these
_NOT_ASCII_COMPATIBLE = re.compile(r"utf-16|utf-32|iso2022|hz|cp037|cp1140|cp500|cp424|cp273|cp875|cp102[56]")

#: UTF-7 hides words from whoever reads the octets; the rest are no charsets of mail, or quadratic (punycode)
_REFUSED = frozenset({"utf-7", "idna", "punycode", "unicode-escape", "raw-unicode-escape", "undefined", "mbcs", "oem"})

_HIGH_OCTETS = bytes(range(0x80, 0x100))

_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


@lru_cache(maxsize=256)
def codec_name(declared: str) -> str | None:
    """Python's name of the text codec for a declared charset; None when it is unknown or refused."""
    name = declared.partition("(")[0].strip(" \t\"'").lower()[:60]  # without a comment (RFC 2045 5.1)
    try:
        info = codecs.lookup(_ALIASES.get(name, name))
        "".encode(info.name)  # refuses codecs that are not text ("hex", "zlib"), which `lookup` finds
    except (LookupError, ValueError, UnicodeError):
        return None
    return None if info.name.replace("_", "-") in _REFUSED else info.name


def decode(data: bytes, declared: str | None = None) -> tuple[str, bool]:
    """`data` as text without lone surrogates, and whether the declaration (None: there was none) was right."""
    name = codec_name(declared) if declared else None
    honest = name is not None or not declared
    if data.isascii() and (name is None or not _NOT_ASCII_COMPATIBLE.match(name)):
        return data.decode("ascii"), honest
    if data.isascii() and name is not None and name.startswith(("utf-16", "utf-32")) and b"\0" not in data:
        return data.decode("ascii"), False  # pairs of letters would become Chinese characters without any error
    for bom, bom_codec in _BOMS:
        if data.startswith(bom):
            text = data.decode(bom_codec, "replace").removeprefix("\ufeff")
            return text, name in (bom_codec, None) and honest
    if name is None or name in _WESTERN or name == "utf-8":
        return _decode_western(data, name)
    try:
        return _without_surrogates(data.decode(name)), True
    except (UnicodeError, ValueError):
        return _decode_wrong(data, name), False


def _decode_western(data: bytes, name: str | None) -> tuple[str, bool]:
    """UTF-8, windows-1252 or undeclared: which of the two it is shows in the octets."""
    try:
        return data.decode("utf-8"), name == "utf-8"
    except UnicodeDecodeError:
        pass
    if name == "utf-8":
        return _decode_wrong(data, name), False
    text = data.decode("cp1252", "replace")
    return text, name in ("iso8859-1", "cp1252") and "\ufffd" not in text


def _decode_wrong(data: bytes, name: str) -> str:
    """Octets that are not valid in their declared charset."""
    if name != "utf-8":
        try:
            return data.decode("utf-8")
        except UnicodeDecodeError:
            return _without_surrogates(data.decode(name, "replace"))
    # A damaged UTF-8 text (cut in the middle of a character) has few replacements beside many good characters;
    # Latin-1 under a UTF-8 label has nothing but replacements.
    text = data.decode("utf-8", "replace")
    broken = text.count("\ufffd")
    ascii_octets = len(data.translate(None, _HIGH_OCTETS))
    good = len(text) - broken - ascii_octets
    return text if good > broken else data.decode("cp1252", "replace")


def _without_surrogates(text: str) -> str:
    """Some East Asian and UTF-16 codecs let lone surrogates through, which no database or terminal takes."""
    return text.encode("utf-8", "replace").decode("utf-8") if not text.isascii() else text


#: C0/C1 controls, bidirectional overrides and isolates, marks, zero-width and line/paragraph separators
_UNSAFE = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060\u2066-\u2069\ufeff\ufff9-\ufffb\ud800-\udfff]"
)
_SPACE = re.compile(r"[\t\n\v\f\r]+ *")


def one_line(text: str) -> str:
    """`text` fit for one line of a screen or log: no control or bidirectional characters, line breaks as spaces."""
    if text.isprintable():
        return text.strip()
    return _UNSAFE.sub("", _SPACE.sub(" ", text)).strip()
