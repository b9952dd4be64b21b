"""The calls of Microsoft Graph that the pretended server knows.

Each follows its page at learn.microsoft.com/graph/api/, which its docstring names.
"""

import base64
import binascii
import email
import email.policy
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.header import decode_header, make_header
from email.utils import getaddresses, parsedate_to_datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from werkzeug.datastructures import Headers, MultiDict

from tests.servers.graph_tenant import (
    NO_REPLY,
    Account,
    GraphFolder,
    Item,
    header_fields,
    moment,
    recipients,
    rewritten,
)

if TYPE_CHECKING:
    from tests.servers.graph_server import GraphServer

Json = dict[str, Any]
Query = MultiDict[str, str]
#: an API request is at most 4 MB (learn.microsoft.com/graph/api/user-sendmail)
_LARGEST_REQUEST = 4 * 1024 * 1024


class Problem(Exception):
    def __init__(self, status: int, code: str) -> None:
        super().__init__(status, code)
        self.status = status
        self.code = code


@dataclass
class Told:
    status: int
    body: bytes = b""
    content_type: str = ""
    headers: dict[str, str] = field(default_factory=dict)

    @classmethod
    def json(cls, value: object, status: int = 200) -> "Told":
        return cls(status, json.dumps(value).encode(), "application/json")

    @classmethod
    def error(cls, status: int, code: str, headers: dict[str, str] | None = None) -> "Told":
        # real messages quote addresses and content; whoever logs them is found out
        body = {"error": {"code": code, "message": "PLANTED message about bo@medborgare.example"}}
        return cls(status, json.dumps(body).encode(), "application/json", headers or {})


Function = Callable[["GraphServer", Account, dict[str, str], Query, Headers, bytes], Told]


@dataclass
class Call:
    method: str
    pattern: tuple[str, ...]
    permission: str
    function: Function

    @property
    def needs_mailbox(self) -> bool:
        return len(self.pattern) > 1

    def matches(self, method: str, segments: Sequence[str]) -> dict[str, str] | None:
        if method != self.method or len(segments) != len(self.pattern):
            return None
        values = {}
        for ours, theirs in zip(self.pattern, segments, strict=True):
            if ours.startswith("{"):
                values[ours[1:-1]] = theirs
            elif ours != theirs:
                return None
        return values


CALLS: list[Call] = []


def call(method: str, path: str, permission: str) -> Callable[[Function], Function]:
    def add(function: Function) -> Function:
        CALLS.append(Call(method, tuple(path.strip("/").split("/")), permission, function))
        return function

    return add


# --- folders --------------------------------------------------------------------------------------------------------


@call("GET", "/users/{user}/mailFolders", "Mail.Read")
def list_folders(server: "GraphServer", account: Account, values: dict[str, str], query: Query, *_: Any) -> Told:
    return _folder_page(server, account, "root", query)


@call("GET", "/users/{user}/mailFolders/{folder}/childFolders", "Mail.Read")
def list_child_folders(server: "GraphServer", account: Account, values: dict[str, str], query: Query, *_: Any) -> Told:
    return _folder_page(server, account, _folder(account, values).id, query)


@call("GET", "/users/{user}/mailFolders/{folder}", "Mail.Read")
def get_folder(server: "GraphServer", account: Account, values: dict[str, str], query: Query, *_: Any) -> Told:
    return Told.json(_selected(_folder_json(account, _folder(account, values)), query))


def _folder(account: Account, values: dict[str, str]) -> GraphFolder:
    found = account.folder(values["folder"])
    if found is None:
        raise Problem(404, "ErrorItemNotFound")
    return found


def _folder_page(server: "GraphServer", account: Account, parent: str, query: Query) -> Told:
    """Ten folders a page unless $top says otherwise; hidden ones only when asked for."""
    found = [each for each in account.folders.values() if each.parent == parent and not each.hidden]
    top, skip = int(query.get("$top", "10")), int(query.get("$skip", "0"))
    page: Json = {"value": [_selected(_folder_json(account, each), query) for each in found[skip : skip + top]]}
    if skip + top < len(found):
        where = "mailFolders" if parent == "root" else f"mailFolders/{quote(parent)}/childFolders"
        select = f"&$select={query['$select']}" if "$select" in query else ""
        page["@odata.nextLink"] = (
            f"{server.url}/users/{quote(account.address)}/{where}?$top={top}&$skip={skip + top}{select}"
        )
    return Told.json(page)


def _folder_json(account: Account, folder: GraphFolder) -> Json:
    inside = account.within(folder.id)
    return {
        "id": folder.id,
        "displayName": folder.name,
        "parentFolderId": folder.parent,
        "childFolderCount": sum(1 for each in account.folders.values() if each.parent == folder.id),
        "totalItemCount": len(inside),
        "unreadItemCount": sum(1 for item in inside if not item.is_read),
        "isHidden": folder.hidden,
    }


def _selected(value: Json, query: Query) -> Json:
    if "$select" not in query:
        return value
    wanted = {"id", *query["$select"].split(",")}
    return {name: each for name, each in value.items() if name in wanted or name.startswith("@")}


# --- messages -------------------------------------------------------------------------------------------------------


@call("GET", "/users/{user}/mailFolders/{folder}/messages/delta", "Mail.Read")
def delta(
    server: "GraphServer", account: Account, values: dict[str, str], query: Query, headers: Headers, *_: Any
) -> Told:
    """message-delta, and graph/delta-query-messages: what is asked first is encoded in the links that follow."""
    folder = _folder(account, values)
    token = query.get("$skiptoken") or query.get("$deltatoken")
    if token:
        state = server.tokens.get(token)
        if state is None or state["since"] < account.forgotten_before.get(folder.id, 0):
            raise Problem(410, "SyncStateNotFound")
        if not state["pending"] and "$deltatoken" in query:
            changed = [item for number, place, item in account.log if place == folder.id and number > state["since"]]
            state = {**state, "pending": list(dict.fromkeys(changed)), "since": server.tenant.number()}
    else:
        since = _since(query)
        # newest first, as Outlook lists them
        present = sorted(account.within(folder.id), key=lambda item: item.received_at, reverse=True)
        state = {
            "pending": [item.id for item in present],
            "since": server.tenant.number(),
            "filter": since,
            "asked": {key: query[key] for key in ("$select", "$expand") if key in query},
        }
    size = int((re.search(r"odata\.maxpagesize=(\d+)", headers.get("Prefer", "")) or [0, "10"])[1])
    some, rest = state["pending"][:size], state["pending"][size:]
    following = f"t{server.tenant.number()}"
    server.tokens[following] = {**state, "pending": rest}
    link = f"{server.url}/users/{quote(account.address)}/mailFolders/{quote(folder.id)}/messages/delta"
    name, kind = ("@odata.nextLink", "$skiptoken") if rest else ("@odata.deltaLink", "$deltatoken")
    asked = MultiDict(state["asked"])
    changes = [_change(account, each, folder, asked, headers, state["filter"]) for each in some]
    return Told.json({"value": [each for each in changes if each is not None], name: f"{link}?{kind}={following}"})


def _since(query: Query) -> datetime | None:
    """The only filters that delta takes: receivedDateTime ge or gt."""
    if "$filter" not in query:
        return None
    told = re.fullmatch(r"receivedDateTime (?:ge|gt) (\S+Z)", query["$filter"])
    if told is None:
        raise Problem(400, "ErrorInvalidUrlQueryFilter")
    return datetime.fromisoformat(told[1])


def _change(
    account: Account, item_id: str, folder: GraphFolder, query: Query, headers: Headers, since: datetime | None
) -> Json | None:
    item = account.items.get(item_id)
    if item is None or item.folder != folder.id:
        return {"@odata.type": "#microsoft.graph.message", "id": item_id, "@removed": {"reason": "deleted"}}
    if since is not None and item.received_at < since:
        return None
    return _message(item, query, headers)


@call("GET", "/users/{user}/messages", "Mail.Read")
@call("GET", "/users/{user}/mailFolders/{folder}/messages", "Mail.Read")
def list_messages(
    server: "GraphServer", account: Account, values: dict[str, str], query: Query, headers: Headers, *_: Any
) -> Told:
    items = list(account.items.values()) if "folder" not in values else account.within(_folder(account, values).id)
    wanted = query.get("$filter", "")
    if told := re.fullmatch(r"internetMessageId eq '((?:[^']|'')*)'", wanted):
        items = [item for item in items if item.message_id == told[1].replace("''", "'")]
    elif wanted:
        since = _since(query)
        items = [item for item in items if since is None or item.received_at >= since]
    return Told.json({"value": [_message(item, query, headers) for item in items[: int(query.get("$top", "10"))]]})


@call("GET", "/users/{user}/messages/{message}", "Mail.Read")
def get_message(
    server: "GraphServer", account: Account, values: dict[str, str], query: Query, headers: Headers, *_: Any
) -> Told:
    return Told.json(_message(_item(account, values), query, headers))


@call("GET", "/users/{user}/messages/{message}/$value", "Mail.Read")
def get_mime(server: "GraphServer", account: Account, values: dict[str, str], *_: Any) -> Told:
    return Told(200, _item(account, values).content(), "application/octet-stream")


def _item(account: Account, values: dict[str, str]) -> Item:
    """By the immutable id, or by the other kind, which is another one after each move (outlook-immutable-id)."""
    name, _, moves = values["message"].partition("~")
    item = account.items.get(name)
    if item is None or (moves and int(moves) != item.moves):
        raise Problem(404, "ErrorItemNotFound")
    return item


def _message(item: Item, query: Query, headers: Headers) -> Json:
    parsed = item.parsed
    immutable = 'IdType="ImmutableId"' in headers.get("Prefer", "")
    stamp = f"{item.received_at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    value: Json = {
        "@odata.etag": 'W/"1"',
        "id": item.id if immutable else f"{item.id}~{item.moves}",
        "receivedDateTime": stamp,
        "sentDateTime": _sent_at(item) or stamp,
        "internetMessageId": item.message_id,
        "subject": _decoded(str(parsed["Subject"] or "")),
        "isRead": item.is_read,
        "isDraft": item.is_draft,
        "parentFolderId": item.folder,
        "categories": item.categories,
        "toRecipients": _people(parsed.get_all("To", [])),
        "ccRecipients": _people(parsed.get_all("Cc", [])),
        "bccRecipients": _people(parsed.get_all("Bcc", [])),
        "replyTo": _people(parsed.get_all("Reply-To", [])),
    }
    for name in ("from", "sender"):
        if people := _people(parsed.get_all("From", [])):
            value[name] = people[0]
    # returned only when it is asked for
    if "body" in query.get("$select", "").split(","):
        value["body"] = _body(item)
    if "internetMessageHeaders" in query.get("$select", "") and item.transported:
        value["internetMessageHeaders"] = list(header_fields(item.raw))
    if "singleValueExtendedProperties" in query.get("$expand", ""):
        known = {
            "String 0x1042": parsed["In-Reply-To"],
            "String 0x1039": parsed["References"],
            "Integer 0x0e08": str(len(item.raw)),
            **item.properties,
        }
        asked = [each for each in known if f"'{each}'" in query["$expand"] and known[each]]
        if asked:  # left out where there are none
            value["singleValueExtendedProperties"] = [_property(each, known[each]) for each in asked]
        return _selected(value, MultiDict({"$select": f"{query['$select']},singleValueExtendedProperties"}))
    return _selected(value, query)


def _body(item: Item) -> Json:
    found = email.message_from_bytes(item.raw, policy=email.policy.default).get_body(("html", "plain"))
    kind = "html" if found is not None and found.get_content_subtype() == "html" else "text"
    return {"contentType": kind, "content": found.get_content() if found is not None else ""}


def _property(asked: str, value: object) -> Json:
    """Its id comes back in a spelling of Graph's own."""
    return {"id": asked.replace(" 0x0", " 0x"), "value": str(value)}


def _sent_at(item: Item) -> str | None:
    try:
        return f"{parsedate_to_datetime(str(item.parsed['Date'])).astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    except ValueError:
        return None


def _people(fields: Sequence[str]) -> list[Json]:
    pairs = getaddresses([str(each) for each in fields])
    return [
        {"emailAddress": {"name": _decoded(name) or address, "address": address}} for name, address in pairs if address
    ]


def _decoded(text: str) -> str:
    return str(make_header(decode_header(text)))


# --- acting ---------------------------------------------------------------------------------------------------------


@call("POST", "/users/{user}/messages", "Mail.ReadWrite")
def create_draft(
    server: "GraphServer", account: Account, values: dict[str, str], query: Query, headers: Headers, body: bytes
) -> Told:
    """graph/outlook-send-mime-message: MIME in base64, of type text/plain."""
    raw = _mime(headers, body)
    item = server.tenant.put(account, "drafts", raw, is_draft=True, transported=False)
    if server.tenant.rewrites_message_ids:
        item.message_id = f"<rewritten{server.tenant.number()}@exchange.example>"
    return Told.json(_message(item, MultiDict(), headers), 201)


@call("POST", "/users/{user}/messages/{message}/send", "Mail.Send")
def send_draft(server: "GraphServer", account: Account, values: dict[str, str], *_: Any) -> Told:
    item = _item(account, values)
    if not item.is_draft:
        raise Problem(404, "ErrorItemNotFound")
    if not recipients(item.parsed):
        raise Problem(400, "ErrorInvalidRecipients")
    server.tenant.send(account, item)
    return Told(202)


@call("POST", "/users/{user}/sendMail", "Mail.Send")
def send_mail(
    server: "GraphServer", account: Account, values: dict[str, str], query: Query, headers: Headers, body: bytes
) -> Told:
    item = server.tenant.put(account, "drafts", _mime(headers, body), is_draft=True, transported=False)
    server.tenant.send(account, item)
    return Told(202)


def _mime(headers: Headers, body: bytes) -> bytes:
    if not headers.get("Content-Type", "").startswith("text/plain"):
        raise Problem(400, "RequestBodyRead")
    if len(body) > _LARGEST_REQUEST:
        raise Problem(413, "RequestEntityTooLarge")
    try:
        return base64.b64decode(body, validate=True)
    except binascii.Error:
        raise Problem(400, "ErrorMimeContentInvalidBase64String") from None


@call("PATCH", "/users/{user}/messages/{message}", "Mail.ReadWrite")
def update_message(
    server: "GraphServer", account: Account, values: dict[str, str], query: Query, headers: Headers, body: bytes
) -> Told:
    item, wanted = _item(account, values), json.loads(body)
    if "internetMessageId" in wanted:
        if not item.is_draft:
            raise Problem(400, "ErrorInvalidPropertySet")
        item.message_id = wanted["internetMessageId"]
    item.is_read = wanted.get("isRead", item.is_read)
    item.categories = wanted.get("categories", item.categories)
    server.tenant.note(account, item.folder, item)
    return Told.json(_message(item, MultiDict(), headers))


@call("POST", "/users/{user}/messages/{message}/move", "Mail.ReadWrite")
def move_message(
    server: "GraphServer", account: Account, values: dict[str, str], query: Query, headers: Headers, body: bytes
) -> Told:
    item = _item(account, values)
    server.tenant.move(account, item, _folder(account, {"folder": json.loads(body)["destinationId"]}).id)
    return Told.json(_message(item, MultiDict(), headers), 201)


@call("DELETE", "/users/{user}/messages/{message}", "Mail.ReadWrite")
def delete_message(server: "GraphServer", account: Account, values: dict[str, str], *_: Any) -> Told:
    server.tenant.delete(account, _item(account, values))
    return Told(204)


@call("GET", "/users/{user}/messages/{message}/attachments", "Mail.Read")
def list_attachments(
    server: "GraphServer", account: Account, values: dict[str, str], query: Query, headers: Headers, *_: Any
) -> Told:
    """message-list-attachments"""
    found = []
    for number, part in enumerate(
        email.message_from_bytes(_item(account, values).raw, policy=email.policy.default).iter_attachments()
    ):
        enclosed = part.get_content_type() == "message/rfc822"
        value: Json = {
            "@odata.type": f"#microsoft.graph.{'itemAttachment' if enclosed else 'fileAttachment'}",
            "id": f"att{number}",
            "name": part.get_filename() or "",
            "contentType": None if enclosed else part.get_content_type(),
            "isInline": part.get_content_disposition() == "inline",
            "size": len(part.as_bytes()),
        }
        found.append(_selected(value, query))
    return Told.json({"value": found})


@call("POST", "/users/{user}/messages/{message}/attachments", "Mail.ReadWrite")
def attach(
    server: "GraphServer", account: Account, values: dict[str, str], query: Query, headers: Headers, body: bytes
) -> Told:
    """message-post-attachments: up to 3 MB."""
    if len(body) > _LARGEST_REQUEST:
        raise Problem(413, "RequestEntityTooLarge")
    told = json.loads(body)
    content = base64.b64decode(told["contentBytes"])
    _item(account, values).attachments.append({**told, "bytes": content})
    return Told.json({"@odata.type": told["@odata.type"], "id": "AAMkatt", "name": told["name"]}, 201)


@call("POST", "/users/{user}/messages/{message}/attachments/createUploadSession", "Mail.ReadWrite")
def create_upload(
    server: "GraphServer", account: Account, values: dict[str, str], query: Query, headers: Headers, body: bytes
) -> Told:
    """attachment-createuploadsession: from 3 to 150 MB."""
    item, told = _item(account, values), json.loads(body)["AttachmentItem"]
    if not 3 * 1024 * 1024 <= told["size"] <= 150 * 1024 * 1024:
        raise Problem(400, "ErrorAttachmentSizeShouldNotBeLessThanMinimumSize")
    path = f"/upload/{server.tenant.number()}"
    server.uploads[path] = {
        "bytes": b"",
        "size": told["size"],
        "done": lambda content: item.attachments.append({**told, "bytes": content}),
    }
    expires = "2099-01-01T00:00:00Z"
    session = {"uploadUrl": f"{server.origin}{path}", "expirationDateTime": expires, "nextExpectedRanges": ["0-"]}
    return Told.json(session, 201)


# --- settings, rules, tips ------------------------------------------------------------------------------------------


@call("GET", "/users/{user}/mailboxSettings", "MailboxSettings.Read")
def get_settings(server: "GraphServer", account: Account, values: dict[str, str], query: Query, *_: Any) -> Told:
    return Told.json(_selected(account.settings, query))


@call("PATCH", "/users/{user}/mailboxSettings", "MailboxSettings.ReadWrite")
def update_settings(
    server: "GraphServer", account: Account, values: dict[str, str], query: Query, headers: Headers, body: bytes
) -> Told:
    """user-update-mailboxsettings: what is left out keeps its value."""
    wanted = json.loads(body)
    reply = wanted.pop("automaticRepliesSetting", {})
    for name in ("internalReplyMessage", "externalReplyMessage"):
        if name in reply:
            reply[name] = rewritten(reply[name])
    merged = {**NO_REPLY, **account.settings["automaticRepliesSetting"], **reply}
    start, end = (moment(merged[f"scheduled{each}DateTime"]) for each in ("Start", "End"))
    if (
        merged["status"] == "scheduled"
        and ("scheduledEndDateTime" in reply)
        and not (start < end and end > server.now())
    ):
        raise Problem(400, "ErrorInvalidScheduledOofDuration")
    for name, at in (("scheduledStartDateTime", start), ("scheduledEndDateTime", end)):
        merged[name] = {"dateTime": f"{at:%Y-%m-%dT%H:%M:%S}.0000000", "timeZone": "UTC"}
    account.settings.update(wanted, automaticRepliesSetting=merged)
    return Told.json(account.settings)


@call("GET", "/users/{user}/mailFolders/{folder}/messageRules", "MailboxSettings.Read")
def list_rules(server: "GraphServer", account: Account, *_: Any) -> Told:
    return Told.json({"value": list(account.rules.values())})


@call("POST", "/users/{user}/mailFolders/{folder}/messageRules", "MailboxSettings.ReadWrite")
def create_rule(
    server: "GraphServer", account: Account, values: dict[str, str], query: Query, headers: Headers, body: bytes
) -> Told:
    """mailfolder-post-messagerules: a name, a sequence and an action are required."""
    rule = json.loads(body)
    if not rule.get("displayName") or not rule.get("actions") or not rule.get("sequence"):
        raise Problem(400, "ErrorInvalidRequest")
    rule = {"id": f"AQAA{server.tenant.number()}=", "isEnabled": True, "hasError": False, "isReadOnly": False, **rule}
    account.rules[rule["id"]] = rule
    return Told.json(rule, 201)


@call("PATCH", "/users/{user}/mailFolders/{folder}/messageRules/{rule}", "MailboxSettings.ReadWrite")
def update_rule(
    server: "GraphServer", account: Account, values: dict[str, str], query: Query, headers: Headers, body: bytes
) -> Told:
    if values["rule"] not in account.rules:
        raise Problem(404, "ErrorItemNotFound")
    account.rules[values["rule"]].update(json.loads(body))
    return Told.json(account.rules[values["rule"]])


@call("DELETE", "/users/{user}/mailFolders/{folder}/messageRules/{rule}", "MailboxSettings.ReadWrite")
def delete_rule(server: "GraphServer", account: Account, values: dict[str, str], *_: Any) -> Told:
    if account.rules.pop(values["rule"], None) is None:
        raise Problem(404, "ErrorItemNotFound")
    return Told(204)


@call("POST", "/users/{user}/getMailTips", "Mail.Read")
def mail_tips(
    server: "GraphServer", account: Account, values: dict[str, str], query: Query, headers: Headers, body: bytes
) -> Told:
    """user-getmailtips: automaticReplies says what senders are told now."""
    tips = []
    for address in json.loads(body)["EmailAddresses"]:
        other = server.tenant.account(address)
        text = server.tenant.away_text(other, internal=True) if other else None
        replies: Json = {"message": text or "", "messageLanguage": {"locale": "sv-SE", "displayName": "Swedish"}}
        tips.append({"emailAddress": {"name": "", "address": address}, "automaticReplies": replies})
    return Told.json({"value": tips})


# --- people ---------------------------------------------------------------------------------------------------------


@call("GET", "/users", "User.Read.All")
def list_users(server: "GraphServer", account: Account, values: dict[str, str], query: Query, *_: Any) -> Told:
    """user-list; only the filter that mailbot uses is known."""
    if query.get("$filter", "accountEnabled eq true") != "accountEnabled eq true":
        raise Problem(400, "Request_UnsupportedQuery")
    accounts = [each for each in server.tenant.accounts.values() if each.profile.get("accountEnabled", True)]
    top, skip = int(query.get("$top", "100")), int(query.get("$skiptoken", "0"))
    page: Json = {"value": [_selected(_user(each), query) for each in accounts[skip : skip + top]]}
    if skip + top < len(accounts):
        page["@odata.nextLink"] = f"{server.url}/users?$top={top}&$skiptoken={skip + top}&$select={query['$select']}"
    return Told.json(page)


def _user(account: Account) -> Json:
    return {
        "id": f"guid-{account.address}",
        "displayName": account.name,
        "mail": account.address,
        "userPrincipalName": account.address,
        "accountEnabled": True,
        "proxyAddresses": [f"SMTP:{account.address}", *(f"smtp:{each}" for each in account.aliases)],
        **account.profile,
    }


@call("GET", "/users/{user}/calendarView", "Calendars.ReadBasic")
@call("GET", "/users/{user}/calendar/calendarView", "Calendars.ReadBasic")
def calendar_view(server: "GraphServer", account: Account, values: dict[str, str], query: Query, *_: Any) -> Told:
    """user-list-calendarview: what overlaps the window."""
    start, end = (datetime.fromisoformat(query[f"{each}DateTime"]) for each in ("start", "end"))
    found = [each for each in account.events if moment(each["start"]) < end and moment(each["end"]) > start]
    return Told.json({"value": [_selected(each, query) for each in found]})
