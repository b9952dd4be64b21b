"""Who works here, from the users of the tenant (learn.microsoft.com/graph/api/user-list)."""

from collections.abc import Iterator

from mailbot.platforms.entries import aliases, language
from mailbot.platforms.graph.answers import Json, Question
from mailbot.platforms.graph.client import GraphClient, path
from mailbot.platforms.people import Person

_SELECT = (
    "id,displayName,mail,userPrincipalName,jobTitle,department,businessPhones,mobilePhone,proxyAddresses,"
    "preferredLanguage,accountEnabled"
)
_PAGE = 500
_NEEDS = "User.Read.All"


class GraphDirectory:
    """Users who have an address and whose account is in use."""

    def __init__(self, client: GraphClient) -> None:
        self._client = client

    def people(self) -> Iterator[Person]:
        where = path("users", select=_SELECT, top=_PAGE, filter="accountEnabled eq true")
        for user in self._client.pages(Question("GET", where, "", _NEEDS)):
            if user.get("accountEnabled") is not False and user.get("mail"):
                yield _person(user)


def _person(user: Json) -> Person:
    email = str(user["mail"]).lower()
    others = aliases(map(str, user.get("proxyAddresses") or ()), email)
    return Person(
        id=email.partition("@")[0],
        name=str(user.get("displayName") or email),
        email=email,
        title=str(user.get("jobTitle") or ""),
        department=str(user.get("department") or ""),
        aliases=tuple(each for each in others if not each.endswith(".onmicrosoft.com")),
        phone=next((str(each) for each in user.get("businessPhones") or ()), ""),
        mobile=str(user.get("mobilePhone") or ""),
        login=str(user.get("userPrincipalName") or "").partition("@")[0].lower(),
        language=language(str(user.get("preferredLanguage") or "")),
    )
