"""Automatic replies, inbox rules, mail tips, names and user configuration objects."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from lxml import etree

from tests.servers.exchange.organisation import Box, Rule
from tests.servers.exchange.xml import MESSAGES, TYPES, M, T, all_of, instant, parsed, text_of

if TYPE_CHECKING:
    from tests.servers.exchange.operations import Call

Element = etree._Element


def _response(name: str, *content: Element) -> Element:
    response = etree.Element(f"{{{MESSAGES}}}{name}Response", nsmap={"m": MESSAGES, "t": TYPES})
    response.extend(content)
    return response


def _done() -> Element:
    return M.ResponseMessage(M.ResponseCode("NoError"), ResponseClass="Success")


def _refused(code: str) -> Element:
    return M.ResponseMessage(M.MessageText("failed"), M.ResponseCode(code), ResponseClass="Error")


def _addressed(call: "Call") -> Box:
    address = text_of(call.request, "t:Mailbox/t:Address") or ""
    return call.organisation.boxes[address.lower()]


def get_oof(call: "Call") -> Element:
    """https://learn.microsoft.com/exchange/client-developer/web-service-reference/getuseroofsettings-operation

    Text comes back as HTML; a window is always there, even when nothing is scheduled.
    """
    oof = _addressed(call).oof
    midnight = datetime(2026, 11, 29, tzinfo=UTC)
    settings = T.OofSettings(
        T.OofState(oof.state),
        T.ExternalAudience(oof.audience),
        T.Duration(T.StartTime(instant(oof.start or midnight)), T.EndTime(instant(oof.end or midnight))),
        T.InternalReply(T.Message(oof.internal)),
        T.ExternalReply(T.Message(oof.external)),
    )
    return _response("GetUserOofSettings", _done(), settings, M.AllowExternalOof("All"))


def set_oof(call: "Call") -> Element:
    """https://learn.microsoft.com/exchange/client-developer/web-service-reference/setuseroofsettings-operation"""
    given = call.request.find(f"{{{TYPES}}}UserOofSettings")
    oof = _addressed(call).oof
    state = text_of(given, "t:OofState") or "Disabled"
    start, end = text_of(given, "t:Duration/t:StartTime"), text_of(given, "t:Duration/t:EndTime")
    if state == "Scheduled" and not (start and end and parsed(start) < parsed(end)):
        return _response("SetUserOofSettings", _refused("ErrorInvalidScheduledOofDuration"))
    oof.state = state
    oof.audience = text_of(given, "t:ExternalAudience") or "All"
    oof.start, oof.end = (parsed(start), parsed(end)) if start and end else (None, None)
    # Whatever is sent takes the place of what was there, empty texts too.
    oof.internal = _as_html(text_of(given, "t:InternalReply/t:Message") or "")
    oof.external = _as_html(text_of(given, "t:ExternalReply/t:Message") or "")
    return _response("SetUserOofSettings", _done())


def _as_html(text: str) -> str:
    """Exchange keeps replies as HTML, in a document of its own."""
    return f"<html>\n<body>\n{text}\n</body>\n</html>\n" if text and "<html" not in text else text


def get_rules(call: "Call") -> Element:
    rules = [etree.fromstring(each.xml) for each in call.box.rules.values()]
    answer = _response("GetInboxRules", M.ResponseCode("NoError"))
    answer.set("ResponseClass", "Success")
    answer.append(M.OutlookRuleBlobExists("true" if call.box.outlook_rule_blob else "false"))
    if rules:
        answer.append(M.InboxRules(*rules))
    return answer


def update_rules(call: "Call") -> Element:
    """https://learn.microsoft.com/exchange/client-developer/web-service-reference/updateinboxrules-operation"""
    box = call.box
    answer = _response("UpdateInboxRules")
    if box.outlook_rule_blob:
        if text_of(call.request, "m:RemoveOutlookRuleBlob") != "true":
            answer.set("ResponseClass", "Error")
            answer.extend([M.MessageText("blob"), M.ResponseCode("ErrorOutlookRuleBlobExists")])
            return answer
        box.outlook_rule_blob = False
    for operation in call.request.find(f"{{{MESSAGES}}}Operations"):
        kind = etree.QName(operation).localname
        if kind == "DeleteRuleOperation":
            box.rules.pop(text_of(operation, "t:RuleId") or "", None)
            continue
        rule = operation.find(f"{{{TYPES}}}Rule")
        identifier = text_of(rule, "t:RuleId") or call.organisation.new_id("rule")
        if rule.find(f"{{{TYPES}}}RuleId") is None:
            rule.insert(0, T.RuleId(identifier))
        box.rules[identifier] = Rule(
            identifier,
            text_of(rule, "t:DisplayName") or "",
            etree.tostring(rule),
            tuple(each.text for each in all_of(rule, "t:Actions/t:ForwardToRecipients/t:Address/t:EmailAddress")),
            tuple(each.text for each in all_of(rule, "t:Actions/t:RedirectToRecipients/t:Address/t:EmailAddress")),
            text_of(rule, "t:IsEnabled") == "true",
        )
    answer.set("ResponseClass", "Success")
    answer.append(M.ResponseCode("NoError"))
    return answer


def get_mail_tips(call: "Call") -> Element:
    """https://learn.microsoft.com/exchange/client-developer/web-service-reference/getmailtips-operation"""
    answers = M.ResponseMessages()
    for wanted in all_of(call.request, "m:Recipients/t:Mailbox"):
        address = text_of(wanted, "t:EmailAddress") or ""
        box = call.organisation.boxes.get(address.lower())
        tips = [T.RecipientAddress(T.EmailAddress(address)), T.PendingMailTips("")]
        if box is not None:
            oof, now = box.oof, call.organisation.now()
            scheduled = oof.state == "Scheduled" and oof.start and oof.end and oof.start <= now < oof.end
            text = oof.internal if oof.state == "Enabled" or scheduled else ""
            body = T.ReplyBody(T.Message(text))
            odd = (T.OofState("Disabled"), T.OofReply(T.Message("")))
            tips.append(T.OutOfOffice(*(odd if call.faults.odd_mail_tips else (body,))))
        tips.append(T.InvalidRecipient("false" if box else "true"))
        answers.append(
            M.MailTipsResponseMessageType(M.ResponseCode("NoError"), M.MailTips(*tips), ResponseClass="Success")
        )
    response = _response("GetMailTips", M.ResponseCode("NoError"), answers)
    response.set("ResponseClass", "Success")
    return response


def resolve_names(call: "Call") -> Element:
    wanted = (text_of(call.request, "m:UnresolvedEntry") or "").removeprefix("smtp:").lower()
    found = [box for box in call.organisation.boxes.values() if wanted in (box.address.lower(), box.name.lower())]
    if not found:
        message = M.ResolveNamesResponseMessage(
            M.MessageText("none"), M.ResponseCode("ErrorNameResolutionNoResults"), ResponseClass="Error"
        )
        return _response("ResolveNames", M.ResponseMessages(message))
    full = call.request.get("ReturnFullContactData") == "true"
    resolved = [
        T.Resolution(
            T.Mailbox(T.Name(box.name), T.EmailAddress(box.address), T.RoutingType("SMTP")),
            *([_contact(box)] if full else []),
        )
        for box in found
    ]
    result = M.ResolutionSet(*resolved, TotalItemsInView=str(len(found)), IncludesLastItemInRange="true")
    message = M.ResolveNamesResponseMessage(M.ResponseCode("NoError"), result, ResponseClass="Success")
    return _response("ResolveNames", M.ResponseMessages(message))


def _contact(box: Box) -> Element:
    addresses = [
        T.Entry(f"SMTP:{box.address}", Key="EmailAddress1"),
        T.Entry(f"smtp:info-{box.address}", Key="EmailAddress2"),
    ]
    phones = [T.Entry("0930-140 00", Key="BusinessPhone"), T.Entry("070-555 01 01", Key="MobilePhone")]
    return T.Contact(
        T.DisplayName(box.name),
        T.EmailAddresses(*addresses),
        T.PhoneNumbers(*phones),
        T.Department("Miljö och bygg"),
        T.JobTitle("Handläggare"),
    )


# --- user configuration objects (the on-premises signature lives in one) ---


def _configuration_name(call: "Call", path: str) -> tuple[str, str]:
    name = call.request.find(path, {"m": MESSAGES, "t": TYPES})
    return call.folder(name[0]).id, name.get("Name")


def _configured(call: "Call", operation: str, code: str | None = None, *content: Element) -> Element:
    message = etree.Element(f"{{{MESSAGES}}}{operation}ResponseMessage", ResponseClass="Error" if code else "Success")
    if code:
        message.append(M.MessageText("failed"))
    message.extend([M.ResponseCode(code or "NoError"), *content])
    return _response(operation, M.ResponseMessages(message))


def get_configuration(call: "Call") -> Element:
    key = _configuration_name(call, "m:UserConfigurationName")
    values = call.box.configurations.get(key)
    if values is None:
        return _configured(call, "GetUserConfiguration", "ErrorItemNotFound")
    name = T.UserConfigurationName(T.FolderId(Id=key[0]), Name=key[1])
    entries = [
        T.DictionaryEntry(_typed("DictionaryKey", "String", each), _typed("DictionaryValue", *_value(value)))
        for each, value in values.items()
    ]
    found = M.UserConfiguration(name, T.Dictionary(*entries))
    return _configured(call, "GetUserConfiguration", None, found)


def _typed(tag: str, kind: str, text: str) -> Element:
    return getattr(T, tag)(T.Type(kind), T.Value(text))


def _value(value: object) -> tuple[str, str]:
    if isinstance(value, bool):
        return "Boolean", "true" if value else "false"
    return "String", str(value)


def create_configuration(call: "Call") -> Element:
    return _store(call, "CreateUserConfiguration")


def update_configuration(call: "Call") -> Element:
    return _store(call, "UpdateUserConfiguration")


def _store(call: "Call", operation: str) -> Element:
    key = _configuration_name(call, "m:UserConfiguration/t:UserConfigurationName")
    if operation.startswith("Update") and key not in call.box.configurations:
        return _configured(call, operation, "ErrorItemNotFound")
    values: dict[str, object] = {}
    for entry in all_of(call.request, ".//t:DictionaryEntry"):
        name, kind = text_of(entry, "t:DictionaryKey/t:Value"), text_of(entry, "t:DictionaryValue/t:Type")
        text = text_of(entry, "t:DictionaryValue/t:Value")
        values[name or ""] = text == "true" if kind == "Boolean" else text
    call.box.configurations[key] = values
    return _configured(call, operation)
