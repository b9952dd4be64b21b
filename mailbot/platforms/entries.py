"""What directories of every make write about a person, in the form mailbot uses."""

from collections.abc import Iterable

_SMTP = "smtp:"


def aliases(proxy_addresses: Iterable[str], email: str) -> tuple[str, ...]:
    """The other mail addresses of a person, lower case: Exchange writes "SMTP:" before the main one, "smtp:" before the
    others, and other protocols' addresses with prefixes of their own."""
    found = (each[len(_SMTP) :].lower() for each in proxy_addresses if each.lower().startswith(_SMTP))
    return tuple(each for each in dict.fromkeys(found) if each != email)


def language(tag: str) -> str:
    """The language mailbot writes to a person in, from a tag like sv-SE or no (BCP 47); "" for any other."""
    code = tag.partition("-")[0].lower()
    return {"sv": "sv", "nb": "nb", "no": "nb", "nn": "nb", "en": "en"}.get(code, "")
