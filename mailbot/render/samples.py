"""Sample values for every mail, so that `doctor` can try all templates before the first real one leaves."""

from collections.abc import Mapping
from datetime import UTC, datetime

_MORNING = datetime(2026, 3, 12, 8, 5, tzinfo=UTC)
_ITEM = {"ref": "B7KQ-2M9X", "unit": "Kommunstyrelsen", "mailbox": "kommunen@by.example", "received_at": _MORNING}
_ORGANISATION = {
    "name": "Byns kommun",
    "postal_address": "Storgatan 1, 900 00 Byn",
    "phone": "0900-100 00",
    "website": "www.by.example",
    "signature_lines": ("Öppet vardagar 9-15",),
}

SAMPLES: Mapping[str, Mapping[str, object]] = {
    "holding_reply": {**_ITEM, "organisation": _ORGANISATION},
    "forward_to_registrar": {
        **_ITEM,
        "sender": "bo@privat.example",
        "sender_name": "Bo Berg",
        "title": "Bygglov för carport",
        "kind": "application",
        "diary_number": "KS 2026/12",
        "direction": "incoming",
        "rules": ("diary.must.application",),
        "has_original": True,
    },
    "announce_confidential": _ITEM,
    "announce_unparsable": _ITEM,
    "circuit_breaker": {"sent": 301, "limit": 300, "paused_at": _MORNING},
}
