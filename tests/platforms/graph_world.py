"""The other side of a Graph mailbox or sender, for the contract classes."""

import copy
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import count

from mailbot.config.servers import GraphServer as Settings
from mailbot.platforms.base import Folder
from mailbot.platforms.graph.autoreplies import GraphAutoReplies
from mailbot.platforms.graph.filing import GraphFiling
from mailbot.platforms.graph.mailbox import GraphMailbox
from mailbot.platforms.graph.rules import GraphForwardRules
from mailbot.platforms.graph.sender import GraphSender
from mailbot.platforms.graph.servers import GraphServers
from mailbot.platforms.replies import AutoReply
from tests.platforms.contract_sender import ANNA, EVA, SERVICE, Crash
from tests.servers.graph_identity import CLIENT_ID, CLIENT_SECRET, TENANT
from tests.servers.graph_server import GraphServer
from tests.servers.graph_tenant import Account, Item


def settings(server: GraphServer, **more: object) -> Settings:
    urls = {"base_url": server.url, "authority_url": server.authority_url}
    values = {"kind": "graph", "tenant": TENANT, "client_id": CLIENT_ID, "secret": "graph", **urls, **more}
    return Settings(**values)  # type: ignore[arg-type]


def servers(**more: object) -> GraphServers:
    """As a new process would have them."""
    return GraphServers(lambda name: CLIENT_SECRET, **more)  # type: ignore[arg-type]


class GraphWorld:
    """ANNA's mailbox."""

    tells_of_flags = True
    oldest_first = False

    def __init__(self, server: GraphServer) -> None:
        self.server = server
        self.account = server.tenant.account(ANNA) or server.tenant.add(ANNA)

    def open(self) -> GraphMailbox:
        return servers().mailbox(settings(self.server), ANNA)

    def create_folder(self, name: str) -> None:
        self.server.tenant.add_folder(self.account, name)

    def delete_folder(self, folder: Folder) -> None:
        self.server.tenant.delete_folder(self.account, folder.id)

    def deliver(self, raw: bytes, *, received_at: datetime, folder: str = "INBOX") -> None:
        self.server.tenant.put(self.account, "inbox" if folder == "INBOX" else folder, raw, received_at)

    def item(self, delivery_id: str) -> Item:
        return self.account.items[delivery_id]

    def delete(self, folder: Folder, delivery_id: str) -> None:
        self.server.tenant.delete(self.account, self.item(delivery_id))

    def move(self, folder: Folder, delivery_id: str, to: Folder) -> None:
        self.server.tenant.move(self.account, self.item(delivery_id), to.id)

    def mark_read(self, folder: Folder, delivery_id: str) -> None:
        self.item(delivery_id).is_read = True
        self.server.tenant.note(self.account, folder.id, self.item(delivery_id))

    def is_read(self, folder: Folder, delivery_id: str) -> bool:
        return self.item(delivery_id).is_read

    def mark(self, folder: Folder, delivery_id: str, kind: str, at: datetime) -> None:
        self.server.tenant.mark(self.account, self.item(delivery_id), kind, at)

    def forget(self, folder: Folder) -> None:
        self.account.forgotten_before[folder.id] = self.server.tenant.number()


class GraphFilingWorld(GraphWorld):
    def open_filing(self) -> GraphFiling:
        return servers().filing(settings(self.server), ANNA)

    def person_categorises(self, delivery_id: str, category: str) -> None:
        self.item(delivery_id).categories.append(category)

    def categories(self, delivery_id: str) -> list[str]:
        return self.item(delivery_id).categories


class GraphAbsenceWorld:
    """ANNA and EVA in the summer of the contract's absences; Exchange takes no window that has passed."""

    def __init__(self, server: GraphServer) -> None:
        self.server = server
        self.tenant = server.tenant
        self.now = datetime(2026, 7, 1, 8, 0, tzinfo=UTC)
        self.tenant.clock = lambda: self.now
        for address in (ANNA, EVA):
            self.tenant.add(address)
        self.account = self.tenant.accounts[ANNA]
        self.servers = servers()

    def other_settings(self) -> object:
        settings = copy.deepcopy(self.account.settings)
        settings.pop("automaticRepliesSetting")
        return settings


class GraphAutoRepliesWorld(GraphAbsenceWorld):
    def open(self) -> GraphAutoReplies:
        return self.servers.auto_replies(settings(self.server))

    def person_sets(self, reply: AutoReply) -> None:
        self.open().install(ANNA, reply)


class GraphForwardRulesWorld(GraphAbsenceWorld):
    def open(self) -> GraphForwardRules:
        return self.servers.forward_rules(settings(self.server))

    def person_adds_rule(self) -> None:
        eva = [{"emailAddress": {"name": "Eva", "address": EVA}}]
        self.account.rules["own"] = {
            "id": "own",
            "displayName": "Projekt",
            "sequence": 1,
            "isEnabled": True,
            "actions": {"redirectTo": eva, "stopProcessingRules": True},
        }

    def own_rules(self) -> object:
        return copy.deepcopy(self.account.rules.get("own"))

    def keeps_original(self) -> bool:
        raw = b"Message-ID: <1@medborgare.example>\r\nFrom: <bo@medborgare.example>\r\nSubject: Hej\r\n\r\nHej\r\n"
        before = len(self.account.within("inbox"))
        self.tenant.transport("bo@medborgare.example", [ANNA], raw)
        return len(self.account.within("inbox")) == before + 1


class GraphSenderWorld:
    refuses_at_once = False
    exactly_once = True

    def __init__(self, server: GraphServer) -> None:
        self.server = server
        self.tenant = server.tenant
        for address in (ANNA, EVA, SERVICE):
            if self.tenant.account(address) is None:
                self.tenant.add(address)

    def open(self) -> GraphSender:
        return servers().sender(settings(self.server), SERVICE)

    def account(self, address: str) -> Account:
        found = self.tenant.account(address)
        assert found is not None
        return found

    def received(self, address: str) -> Sequence[bytes]:
        account = self.tenant.account(address)
        return [item.raw for item in account.items.values() if not item.is_draft] if account else []

    def sent(self) -> Sequence[bytes]:
        return [item.raw for item in self.account(SERVICE).within("sentitems")]

    def drafts(self) -> Sequence[Item]:
        return self.account(SERVICE).within("drafts")

    @contextmanager
    def crash_at(self, step: int) -> Iterator[None]:
        """The process dies before or after a request is done: both are steps."""
        steps = count()
        import httpx

        ask = httpx.Client.request

        def request(client: httpx.Client, method: str, url: str, **more: object) -> httpx.Response:
            changes = method != "GET" and "$batch" not in url and "/oauth2/" not in url
            if changes and next(steps) == step:
                raise Crash
            response = ask(client, method, url, **more)  # type: ignore[arg-type]
            if changes and next(steps) == step:
                raise Crash
            return response

        httpx.Client.request = request  # type: ignore[assignment, method-assign]
        try:
            yield
        finally:
            httpx.Client.request = ask  # type: ignore[method-assign]
