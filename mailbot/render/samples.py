"""Sample values for every mail, so that `doctor` can try all templates before the first real one leaves."""

from collections.abc import Mapping
from datetime import UTC, date, datetime

_MORNING = datetime(2026, 3, 12, 8, 5, tzinfo=UTC)
_ITEM = {"ref": "B7KQ-2M9X", "unit": "Kommunstyrelsen", "mailbox": "kommunen@by.example", "received_at": _MORNING}
_ORGANISATION = {
    "name": "Byns kommun",
    "postal_address": "Storgatan 1, 900 00 Byn",
    "phone": "0900-100 00",
    "website": "www.by.example",
    "signature_lines": ("Öppet vardagar 9-15",),
}

_TODAY = date(2026, 3, 12)


def _rows(*lines: Mapping[str, object], more: int = 0) -> Mapping[str, object]:
    return {"shown": lines, "more": more, "total": len(lines) + more}


_REPLY = {
    "ref": "B7KQ-2M9X",
    "mailbox": "kommunen@by.example",
    "received_on": date(2026, 3, 6),
    "asker": "bo@privat.example",
    "subject": "När plogas Skolgatan?",
    "assignee": "Anna Ek",
    "due_on": date(2026, 3, 11),
    "days_late": 1,
    "acknowledged": True,
    "document_request": True,
    "pass_on": True,
    "judged": True,
    "confidential": False,
    "perhaps_answered_on": date(2026, 3, 9),
    "perhaps_answered_from": "anna@by.example",
    "marked_answered": False,
}
_HIDDEN_REPLY = {**_REPLY, "ref": "9XHT-4C3D", "asker": None, "subject": None, "assignee": "", "confidential": True}
_REPLIES = {
    "overdue": _rows(_REPLY, _HIDDEN_REPLY, more=3),
    "due_today": _rows({**_REPLY, "due_on": _TODAY, "days_late": 0, "acknowledged": False}),
    "later": _rows({**_REPLY, "due_on": None, "days_late": 0, "document_request": False, "marked_answered": True}),
    "to_judge": _rows({**_REPLY, "due_on": date(2026, 3, 16), "days_late": 0, "judged": False}),
    "total": 8,
}
_DIARY = {
    "ref": "7MZA-K2PW",
    "mailbox": "kommunen@by.example",
    "unit": "Kommunstyrelsen",
    "received_on": date(2026, 3, 6),
    "direction": "incoming",
    "sender": "bo@privat.example",
    "title": "Bygglov för carport",
    "kind": "application",
    "proposed_number": "KS 2026/12",
    "forwarded": True,
}
_HIDDEN_DIARY = {**_DIARY, "sender": None, "title": None, "kind": None, "proposed_number": None}
_UNREAD = (
    {"mailbox": "anna@by.example", "error": "never read", "last_read_at": None},
    {"mailbox": "bygg@by.example", "error": "not read today", "last_read_at": _MORNING},
)

_CONTACT = {"number": 31, "week": "2026-W31", "name": "Bo Berg", "phone": "0900-100 02", "email": "bo@by.example"}
_ABSENCE = {
    "person": {
        "id": "anna",
        "name": "Anna Ek",
        "department": "Kommunledningskontoret",
        "phone": "0900-100 01",
        "email": "anna@by.example",
    },
    "organisation": "Byns kommun",
    "from_": date(2026, 7, 27),
    "back": date(2026, 8, 10),
    "option": "A",
    "letter": False,
    "audience": "external",
    "colleague": {"name": "Bo Berg", "phone": "0900-100 02", "email": "bo@by.example"},
    "contacts": (_CONTACT, {**_CONTACT, "number": 32, "week": "2026-W32", "name": "Cia Dahl", "phone": ""}),
}

_WEEKS = ({"number": 31, "week": "2026-W31", "first": date(2026, 7, 27), "last": date(2026, 7, 31)},)
_ROLES = ("Bo Berg",)
_CHECK = {"mailbox": "kommunen@by.example", "day": _TODAY, "state": "waiting", "person": "Lars Lind", "how": None}
_MISSED = {**_CHECK, "day": date(2026, 3, 11), "state": "missed"}
_EXAMPLE = {
    "ref": "B7KQ-2M9X",
    "mailbox": "kommunen@by.example",
    "received_on": date(2026, 3, 6),
    "due_on": None,
    "kind": "application",
}
_ABSENCE_LINES = (
    {"ref": "B7KQ-2M9X", "due_on": date(2026, 7, 30), "subject": "En fråga", "confidential": False},
    {"ref": "9XHT-4C3D", "due_on": None, "subject": None, "confidential": True},
)

SAMPLES: Mapping[str, Mapping[str, object]] = {
    "probe": {"organisation": "Byns kommun"},
    "absence_broken": {
        "absence": _ABSENCE,
        "ref": "B7KQ-2M9X",
        "problems": ("det automatiska svaret är inte påslaget",),
        "put_back": ("texten är en annan",),
        "command": "mailbot absence verify B7KQ-2M9X --mend",
    },
    "absence_forward": {
        **_ITEM,
        "person": "Anna Ek",
        "withheld": "",
        "title": "Bygglov för carport",
        "sender": "bo@privat.example",
        "sender_name": "Bo Berg",
    },
    "absence_returned": {
        "absence": _ABSENCE,
        "forwarded": True,
        "own_restored": True,
        "arrived": 12,
        "answered": 2,
        "open_count": 3,
        "open_lines": _ABSENCE_LINES,
        "open_more": 1,
        "answered_lines": ({"by": "Bo Berg", "count": 2},),
    },
    "absence_week": {
        "absence": _ABSENCE,
        "first": date(2026, 7, 27),
        "last": date(2026, 7, 31),
        "number": 31,
        "is_colleague": True,
        "open_lines": _ABSENCE_LINES,
        "open_more": 1,
    },
    "absence_unplanned": {
        "person": {"name": "Anna Ek", "id": "anna"},
        "first": date(2026, 7, 27),
        "away_now": True,
        "inactive_days": 10,
        "problems": ("återkomstdatum saknas",),
        "command": "mailbot setup-autoreply --for anna --from 2026-07-27",
    },
    "holding_reply": {**_ITEM, "organisation": _ORGANISATION},
    "passed_on": {**_ITEM, "organisation": _ORGANISATION},
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
    "forward_without_original": {**_ITEM, "folder": "Projekt/Skolan", "reason": "too_large"},
    "auto_reply": {"absence": _ABSENCE},
    "absence_cancelled": {"absence": _ABSENCE, "ref": "B7KQ-2M9X"},
    "absence_confirmed": {"absence": _ABSENCE, "ref": "B7KQ-2M9X", "set_up_by": "Karin Berg", "roles": _ROLES},
    "absence_cover": {"absence": _ABSENCE, "weeks": _WEEKS, "looks_after": "A"},
    "absence_form": {
        "person": "Anna Ek",
        "answers": {"from": "20/7", "weeks": ({"number": "30", "name": "Bo Berg"},)},
        "findings": ("Uppgiften saknas.",),
    },
    "absence_head": {"absence": _ABSENCE, "roles": _ROLES},
    "absence_switchboard": {"absence": _ABSENCE, "cancelled": False},
    "absence_uncovered": {
        "absence": _ABSENCE,
        "weeks": _WEEKS,
        "cover": "Bo Berg",
        "reason": "declined",
        "ref": "B7KQ-2M9X",
    },
    "absence_voicemail": {"absence": _ABSENCE},
    "signature_block": {
        "block": ("*" * 64, "Med vänlig hälsning", "Anna Ek", "Byns kommun", "Tel: 0900-100 01"),
        "organisation": _ORGANISATION,
    },
    "stray_mail": {
        **_ITEM,
        "confidential": False,
        "title": "När plogas Skolgatan?",
        "sender": "bo@privat.example",
        "has_original": True,
    },
    "announce_confidential": _ITEM,
    "announce_unparsable": _ITEM,
    "answer_report": {
        "about_items": True,
        "person": "Eva Holm",
        "done": ({"ref": "B7KQ-2M9X", "what": "registered", "value": "KS 2026/12"},),
        "unclear": (
            {"ref": "7MZA-K2PW", "why": "number_not_of_unit", "value": "KS 2026/123"},
            {"ref": "", "why": "which_item", "value": ""},
        ),
    },
    "assigned": {
        **_ITEM,
        "person": "Anna Ek",
        "by": "Lars Lind",
        "due_on": _TODAY,
        "document_due_on": _TODAY,
        "confidential": False,
        "subject": "När plogas Skolgatan?",
        "asker": "bo@privat.example",
    },
    "answer_unproved": {"person": "Eva Holm", "arrived_at": _MORNING},
    "registrar_asks": {
        **_ITEM,
        "registrar": "Eva Holm",
        "title": "Bygglov för carport",
        "question": "Hör det till KS 2026/12?",
    },
    "signature": {
        "organisation": _ORGANISATION,
        "person": {
            "name": "Anna Ek",
            "title": "Handläggare",
            "department": "Kommunledningskontoret",
            "phone": "0900-100 01",
            "mobile": "070-000 00 01",
        },
    },
    "circuit_breaker": {"sent": 301, "limit": 300, "paused_at": _MORNING},
    "check_missed": {
        "day": _TODAY,
        "is_today": True,
        "observing": True,
        "lines": [
            {"mailbox": "kommunen@by.example", "checker": "Lars Lind", "read_at": _MORNING},
            {"mailbox": "bygg@by.example", "checker": "", "read_at": None},
        ],
    },
    "check_stand_in": {
        "unit": "Kommunstyrelsen",
        "unit_id": "ks",
        "days": [date(2026, 3, 16), date(2026, 3, 17)],
        "away": ["Lars Lind", "Eva Holm"],
        "mailboxes": ["kommunen@by.example", "bygg@by.example"],
        "observing": True,
    },
    "digest_registrar": {
        "digest": {
            "today": _TODAY,
            "unit": "Kommunstyrelsen",
            "unconfirmed": _rows(_DIARY, more=1),
            "to_register": _rows({**_DIARY, "title": None, "kind": None, "direction": "outgoing"}),
            "to_decide": _rows({**_DIARY, "proposed_number": None}),
            "confidential": _rows(_HIDDEN_DIARY, more=2),
            "unparsable": _rows(_HIDDEN_DIARY),
            "remind_after": 1,
            "count": 8,
        }
    },
    "digest_staff": {"digest": {"today": _TODAY, "person": "Anna Ek", "replies": _REPLIES, "count": 8}},
    "digest_officer": {
        "digest": {
            "today": _TODAY,
            "unit": "Kommunstyrelsen",
            "checks": (_CHECK, {**_CHECK, "mailbox": "bygg@by.example", "state": "checked", "how": "reply"}),
            "missed": (_MISSED, {**_MISSED, "person": ""}),
            "to_check": True,
            "replies": _REPLIES,
            "unread": _UNREAD,
            "count": 10,
        }
    },
    "digest_head": {
        "digest": {
            "today": _TODAY,
            "missed": (_MISSED, {**_MISSED, "person": ""}),
            "late_documents": _rows(_REPLY),
            "overdue": _rows(_REPLY, {**_HIDDEN_REPLY, "days_late": 4}, more=1),
            "unconfirmed": _rows(_DIARY, more=1),
            "unread": _UNREAD,
            "week": {
                "needing_reply": 31,
                "answered_in_time": 27,
                "answered_late": 1,
                "holding_replies": 2,
                "registered": 14,
                "checks_due": 10,
                "checks_made": 9,
                "most": 31,
            },
            "escalate_after": 3,
            "count": 9,
        }
    },
    "digest_operator": {
        "digest": {
            "today": _TODAY,
            "mode": "observe",
            "paused": {"since": _MORNING, "by": "person:it", "reason": "felaktig mall"},
            "unread": _UNREAD,
            "mailboxes": 12,
            "queue": _rows(
                {"ref": "QK3T-88WD", "kind": "holding_reply", "state": "held", "error": None},
                {"ref": "PL2V-9HTX", "kind": "forward", "state": "failed", "error": "recipient refused"},
                more=1,
            ),
            "waiting": 4,
            "missed": (_MISSED,),
            "refused_answers": (date(2026, 3, 10), _TODAY, _TODAY),
            "would_have": {
                "since": _MORNING,
                "forwarded": (
                    {"to": "Eva Holm", "examples": _rows(_EXAMPLE, more=2)},
                    {"to": "", "examples": _rows(_EXAMPLE)},
                ),
                "announced": ({"to": "Eva Holm", "examples": _rows({**_EXAMPLE, "kind": None})},),
                "asked": (),
                "holding_replies": _rows({**_EXAMPLE, "due_on": _TODAY}, more=1),
                "overdue": _rows(),
                "automatic": 23,
                "messages": 61,
                "digests": (
                    {"kind": "registrar", "to": "Eva Holm", "count": 5},
                    {"kind": "officer", "to": "Lars Lind", "count": 0},
                ),
            },
            "count": 7,
        }
    },
}
