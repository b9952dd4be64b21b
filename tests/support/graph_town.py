"""The municipality in a pretended Microsoft 365."""

import email
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage, Message

from tests.servers.graph_identity import CLIENT_ID, CLIENT_SECRET, TENANT
from tests.servers.graph_server import GraphServer
from tests.servers.graph_tenant import Account
from tests.support.cloud_town import CITIZEN, OWN_EXTERNAL, OWN_INTERNAL, CloudTown

__all__ = ["CITIZEN", "GraphTown"]


@dataclass(kw_only=True)
class GraphTown(CloudTown):
    server_name = "m365"
    server: GraphServer

    def __post_init__(self) -> None:
        self.tenant = self.server.tenant
        super().__post_init__()

    def server_table(self) -> str:
        return (
            f'kind = "graph"\ntenant = "{TENANT}"\nclient_id = "{CLIENT_ID}"\nsecret = "m365"\n'
            f'base_url = "{self.server.url}"\nauthority_url = "{self.server.authority_url}"'
        )

    def secrets(self) -> dict[str, str]:
        return {"m365": CLIENT_SECRET}

    def add_mailbox(self, address: str, name: str) -> None:
        self.tenant.add(address, name=name)

    def account(self, name: str) -> Account:
        return self.tenant.accounts[self.address(name)]

    def post(self, message: EmailMessage, *to: str) -> None:
        self.tenant.transport(CITIZEN, list(to), message.as_bytes())

    def lay(self, name: str, message: Message, *, folder: str = "inbox", written_here: bool = False) -> None:
        self.tenant.put(self.account(name), folder, message.as_bytes(), transported=not written_here)

    def raw_mails(self, name: str, folder: str) -> list[bytes]:
        return [item.raw for item in self.account(name).within(folder)]

    def add_folder(self, name: str, folder: str, *, parent: str = "") -> str:
        account = self.account(name)
        return self.tenant.add_folder(account, folder, parent=account.named(parent).id if parent else "root").id

    def move(self, name: str, position: int, folder: str) -> None:
        account = self.account(name)
        self.tenant.move(
            account, account.within("inbox")[position], (account.folder(folder) or account.named(folder)).id
        )

    def mark_read(self, name: str, position: int) -> None:
        account = self.account(name)
        item = account.within("inbox")[position]
        item.is_read = True
        self.tenant.note(account, item.folder, item)

    def is_anything_read(self, name: str) -> bool:
        return any(item.is_read for item in self.account(name).items.values())

    def categories(self, name: str) -> list[list[str]]:
        return [item.categories for item in self.account(name).within("inbox")]

    def mark_replied(self, name: str, position: int, at: datetime) -> None:
        account = self.account(name)
        self.tenant.mark(account, account.within("inbox")[position], "replied", at)

    def give_own_settings(self, name: str) -> None:
        account = self.account(name)
        account.settings["automaticRepliesSetting"] |= {
            "status": "alwaysEnabled",
            "internalReplyMessage": OWN_INTERNAL,
            "externalReplyMessage": OWN_EXTERNAL,
        }
        project = self.tenant.add_folder(account, "Projekt")
        account.rules["own"] = {
            "id": "own",
            "displayName": "Projekt",
            "sequence": 1,
            "isEnabled": False,
            "conditions": {"subjectContains": ["Projekt"]},
            "actions": {"moveToFolder": project.id, "stopProcessingRules": True},
        }

    def reply_texts(self, name: str) -> tuple[bool, str, str]:
        setting = self.account(name).settings["automaticRepliesSetting"]
        return setting["status"] != "disabled", setting["internalReplyMessage"], setting["externalReplyMessage"]

    def turn_off(self, name: str) -> None:
        account = self.account(name)
        account.settings["automaticRepliesSetting"]["status"] = "disabled"
        account.rules = {"own": account.rules["own"]}

    def rules(self, name: str) -> list[tuple[str, list[str]]]:
        return [
            (rule["displayName"], [to["emailAddress"]["address"] for to in rule["actions"].get("redirectTo", ())])
            for rule in self.account(name).rules.values()
        ]

    def everything(self) -> list[bytes]:
        return [item.raw for account in self.tenant.accounts.values() for item in account.items.values()]

    def forget(self, name: str) -> None:
        account = self.account(name)
        account.forgotten_before = dict.fromkeys(account.folders, self.tenant.number())

    def count(self) -> dict[str, int]:
        mailboxes = {address: len(account.items) for address, account in self.tenant.accounts.items()}
        return {**mailboxes, "outside": len(self.tenant.outside)}

    def outside(self, address: str = CITIZEN) -> list[Message]:
        return [email.message_from_bytes(raw) for to, raw in self.tenant.outside if to == address]
