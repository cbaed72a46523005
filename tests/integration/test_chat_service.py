"""The chat of ``examples/chat_service.py``: two real browsers, and foreign programs by hand.

``HELIANTHUS_SCREENSHOT=docs/_static/chat-page.png`` has the last test take a picture of it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final, Protocol, TypeAlias

import attrs
import pytest
import trio

from examples import chat_service
from tests._serving import PATIENCE_SECONDS
from trio_helianthus import http, testing, websocket

from ._browser import CHROMIUM, DRIVER, Browser, browsers

ROOT: Final = Path(__file__).parents[2]
SHOWN: Final = ".log:not([hidden])"
CUTS: Final = 6
SPREE: Final = """(() => {
    let number = 0;
    const timer = setInterval(() => {
        say(places.get(shown), `${me} ${number}`);
        if (++number === 30) clearInterval(timer);
    }, 40);
    return true;
})()"""

FILL: Final = """(() => {
    for (let line = 0; line < 40; line++) notice(places.get(shown), "some words ".repeat(9));
    return true;
})()"""
TWO_FRAMES: Final = """(() => {
    document.body.dataset.frames = "none";
    requestAnimationFrame(() => requestAnimationFrame(() => document.body.dataset.frames = "two"));
    return true;
})()"""

needs_browsers = [
    pytest.mark.skipif(sys.platform == "win32", reason="ends groups of processes"),
    pytest.mark.skipif(None in (CHROMIUM, DRIVER), reason="needs Chromium and chromedriver"),
]


def with_browsers(test: Callable[..., Awaitable[None]]) -> Any:
    """Mark a test that needs them."""
    marked: Any = test
    for mark in needs_browsers:
        marked = mark(marked)
    return marked


@attrs.define
class Chat:
    """The service, which can be stopped and started again, behind a proxy that can be cut."""

    nursery: trio.Nursery
    origins: list[str] = attrs.Factory(list)
    port: int = 0
    proxy: testing.FaultProxy = attrs.field(init=False)
    _scope: trio.CancelScope = attrs.Factory(trio.CancelScope)

    @property
    def page(self) -> str:
        return f"http://127.0.0.1:{self.proxy.port}/"

    def socket(self, name: str) -> str:
        return f"ws://127.0.0.1:{self.port}/chat?name={name}&key={name}"

    async def start(self) -> None:
        self._scope = trio.CancelScope()
        server: http.Server = await self.nursery.start(self._run)
        self.port = server.port

    def stop(self) -> None:
        """As if it had been killed: nothing of it is left."""
        self._scope.cancel()

    async def _run(self, *, task_status: trio.TaskStatus[http.Server]) -> None:
        limits = http.ServerLimits(half_close_grace=0)
        with self._scope:
            async with chat_service.open_chat(self.origins) as router:
                serve = partial(http.serve, router, self.port, limits=limits)
                await serve(task_status=task_status)


@pytest.fixture
async def chat() -> AsyncIterator[Chat]:
    async with trio.open_nursery() as nursery:
        chat = Chat(nursery)
        await chat.start()
        async with testing.open_fault_proxy("127.0.0.1", chat.port) as chat.proxy:
            chat.origins.append(chat.page.rstrip("/"))
            yield chat
            chat.stop()


@attrs.define
class Person:
    """Somebody with a browser."""

    tab: Browser

    async def come_in(self, page: str, name: str) -> None:
        await self.tab.open(page)
        await self.tab.type("#name", name)
        await self.tab.click("#door button")

    async def enter_by_script(self, name: str) -> None:
        """As ``come_in``, with what cannot be typed."""
        words = json.dumps(name)
        field, door = (f"document.getElementById('{one}')" for one in ("name", "door"))
        await self.tab.until(f"({field}.value = {words}, {door}.requestSubmit(), true)")

    async def say(self, text: str) -> None:
        await self.tab.type("#text", f"{text}\n")

    async def hears(self, text: str) -> None:
        """Wait until a message is to be seen."""
        found = f"[...document.querySelectorAll('{SHOWN} .words')]"
        await self.tab.until(f"{found}.some((words) => words.textContent === {json.dumps(text)})")

    async def sees(self, selector: str, text: str) -> None:
        """Wait until an element has a text."""
        found = f"[...document.querySelectorAll({json.dumps(selector)})]"
        await self.tab.until(f"{found}.some((one) => one.textContent === {json.dumps(text)})")

    async def sees_nothing_unconfirmed(self) -> None:
        await self.tab.until("!document.querySelector('.unconfirmed')")

    async def said(self) -> list[str]:
        """All messages of the room, in their order."""
        found: list[str] = await self.tab.until(
            f"[...document.querySelectorAll('{SHOWN} .words')].map((one) => one.textContent)"
        )
        return found

    async def people(self) -> list[str]:
        found: list[str] = await self.tab.until(
            "[...document.querySelectorAll('#members .name')].map((one) => one.textContent)"
        )
        return found


@pytest.fixture
async def two(chat: Chat, tmp_path: Path) -> AsyncIterator[tuple[Person, Person]]:
    """Ann and Bob, both in the garden."""
    async with browsers(tmp_path / "ann", tmp_path / "bob") as tabs:
        ann, bob = map(Person, tabs)
        await ann.come_in(chat.page, "Ann")
        await ann.sees("#members .name", "Ann")
        await bob.come_in(chat.page, "Bob")
        await bob.sees("#members .name", "Bob")
        yield ann, bob


@with_browsers
async def test_two_people_chat_and_see_each_other_come_and_go(
    chat: Chat, two: tuple[Person, Person]
) -> None:
    ann, bob = two
    await ann.sees(f"{SHOWN} .notice", "Bob has joined")
    assert await ann.people() == ["Ann", "Bob"]
    assert await bob.people() == ["Bob", "Ann"]

    await ann.say("hello Bob")
    await bob.hears("hello Bob")
    await ann.sees(f"{SHOWN} [data-state=delivered] .words", "hello Bob")
    await bob.say("<img src=x onerror=alert(1)> & <b>bold</b>")
    await ann.hears("<img src=x onerror=alert(1)> & <b>bold</b>")
    assert await ann.said() == await bob.said()

    await bob.tab.click("[data-room=kitchen]")
    await bob.sees("#title", "kitchen")
    await ann.say("are you there?")
    await bob.sees("[data-room=garden] .unread", "1")
    await bob.tab.click("[data-room=garden]")
    await bob.hears("are you there?")
    await bob.sees("[data-room=garden] .unread", "")

    await bob.tab.click("#leave")
    await ann.sees(f"{SHOWN} .notice", "Bob has left")
    assert await ann.people() == ["Ann"]
    await bob.tab.click("[data-room=garden]")  # and comes back, as a newcomer
    await bob.hears("are you there?")
    assert await ann.said() == await bob.said()
    assert await ann.tab.complaints() == await bob.tab.complaints() == []


@with_browsers
async def test_it_fits_on_a_phone_and_everything_has_a_name(
    chat: Chat, two: tuple[Person, Person]
) -> None:
    ann, bob = two
    phone = {"width": 360, "height": 640, "deviceScaleFactor": 1, "mobile": True}
    await ann.tab.emulate("setDeviceMetricsOverride", **phone)
    await bob.say("W" * 200)
    await ann.hears("W" * 200)
    await ann.tab.until("document.documentElement.scrollWidth <= 360")
    await ann.tab.until(f"document.querySelector('{SHOWN}').scrollWidth <= 360")
    await ann.tab.until("document.getElementById('composer').getBoundingClientRect().bottom <= 640")
    assert await ann.tab.name_of("#text") == "Your message"
    assert await ann.tab.name_of(SHOWN) == "Messages in garden"
    assert await ann.tab.name_of("#rooms") == "Rooms"
    assert await ann.tab.name_of("aside") == "Who is here (2)"
    assert await ann.tab.name_of("[data-room=garden]") == "garden"
    await ann.say("yes")
    await ann.sees_nothing_unconfirmed()
    assert await ann.tab.name_of(".mine .mark") == "delivered"


@with_browsers
async def test_somebody_else_may_not_have_the_name(chat: Chat, two: tuple[Person, Person]) -> None:
    _, bob = two
    await bob.tab.open(chat.page)
    await bob.tab.clear("#name")
    await bob.tab.type("#name", "ANN")
    await bob.tab.click("#door button")
    await bob.sees("#refusal", "Somebody else here is called ANN")
    await bob.tab.type("#name", "e")  # what stood there is selected
    await bob.tab.click("#door button")
    await bob.sees("#members .name", "e")


@with_browsers
@pytest.mark.parametrize("name", ["👩\u200d💻", "Ann\u00a0Lee", "\u202eevil"])
async def test_a_name_that_the_server_does_not_want_is_said_at_the_door(
    chat: Chat, two: tuple[Person, Person], name: str
) -> None:
    ann, _ = two
    await ann.tab.open(chat.page)
    await ann.enter_by_script(name)
    await ann.tab.until("document.getElementById('refusal').textContent.includes('printable')")
    await ann.tab.until("!document.getElementById('door').hidden && house.hidden")
    await ann.tab.until("document.activeElement.id === 'name'")


@with_browsers
async def test_a_server_that_is_away_from_the_first_is_waited_for(
    chat: Chat, two: tuple[Person, Person]
) -> None:
    ann, _ = two
    await ann.tab.open(chat.page)
    chat.stop()
    await ann.enter_by_script("Ann")
    await ann.tab.until("banner.textContent.includes('cannot be reached')")
    assert await ann.tab.until("composer.hidden && leave.hidden")  # there is no room yet
    await chat.start()
    await ann.sees("#title", "garden")
    await ann.tab.until("banner.hidden && !composer.hidden")
    await ann.say("here I am")
    await ann.sees_nothing_unconfirmed()


@with_browsers
async def test_the_focus_is_never_lost(chat: Chat, two: tuple[Person, Person]) -> None:
    ann, _ = two
    await ann.tab.until("[...rooms.children].find((one) => one.focus() || one === rooms.lastChild)")
    assert await ann.tab.until("document.activeElement.dataset.room") == "workshop"
    chat.proxy.break_all()
    await ann.sees("#link", "reconnecting")
    await ann.sees("#link", "connected")
    await ann.tab.until("places.get('garden').here")
    assert await ann.tab.until("document.activeElement.dataset.room") == "workshop"
    await ann.tab.click("#leave")
    assert await ann.tab.until("document.activeElement.dataset.room") == "garden"


@with_browsers
async def test_what_is_not_sent_yet_stays_in_its_room(
    chat: Chat, two: tuple[Person, Person]
) -> None:
    ann, _ = two
    await ann.tab.type("#text", "about the sunflowers")
    await ann.tab.click("[data-room=kitchen]")
    await ann.tab.until("document.getElementById('text').value === ''")
    await ann.tab.click("[data-room=garden]")
    await ann.tab.until("document.getElementById('text').value === 'about the sunflowers'")


@with_browsers
async def test_the_end_stays_in_sight_unless_somebody_reads_further_up(
    chat: Chat, two: tuple[Person, Person]
) -> None:
    ann, bob = two
    log = f"document.querySelector('{SHOWN}')"
    at_end = f"{log}.scrollHeight - {log}.scrollTop - {log}.clientHeight < 2"
    await ann.tab.until(FILL)
    await ann.tab.until(at_end)
    for width, height in ((390, 740), (1080, 500), (390, 740)):
        device = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": True}
        await ann.tab.emulate("setDeviceMetricsOverride", **device)
        await ann.tab.until(TWO_FRAMES)
        await ann.tab.until("document.body.dataset.frames === 'two'")
        assert await ann.tab.until(f"{at_end} || 'not at the end'") is True
    await ann.tab.until(f"({log}.scrollTop = 0, true)")
    await ann.tab.until(TWO_FRAMES)
    await ann.tab.until("document.body.dataset.frames === 'two'")
    await bob.say("down here")
    await ann.hears("down here")
    assert await ann.tab.until("!newest.hidden || 'nothing tells of it'") is True
    await ann.tab.click("#newest")
    await ann.tab.until(f"newest.hidden && {at_end}")


@with_browsers
async def test_a_name_with_a_space_hides_no_message_of_another(
    chat: Chat, two: tuple[Person, Person]
) -> None:
    ann, _ = two
    for name, tag in (("Eve X", "t"), ("Eve", "X t")):
        async with open_talker("websockets", chat.socket(name.replace(" ", "%20"))) as eve:
            await eve.join()
            body = {"text": f"I am {name}"}
            await eve.tell(type="send", room="garden", tag=tag, body=body)
            await ann.hears(f"I am {name}")


@with_browsers
async def test_after_a_cut_the_messages_of_the_time_between_are_there(
    chat: Chat, two: tuple[Person, Person]
) -> None:
    ann, bob = two
    await ann.say("before")
    await bob.hears("before")
    chat.proxy.faults = testing.Faults(to_server=[testing.ResetAt(0)])
    chat.proxy.break_all()
    for person in two:
        await person.sees("#link", "reconnecting")
        assert "Reconnecting" in await person.tab.text("#banner")
    await ann.say("to whom it may concern")
    async with (
        websocket.open_room_client(chat.socket("Eve")) as client,
        client.join("garden") as garden,
    ):
        await garden.send({"text": "is nobody here?"})
    chat.proxy.faults = testing.Faults()

    for person in two:
        await person.hears("to whom it may concern")
        await person.sees_nothing_unconfirmed()
        assert await person.said() == ["before", "is nobody here?", "to whom it may concern"]
        await person.tab.until("document.getElementById('banner').hidden")


@with_browsers
async def test_nothing_is_lost_or_doubled_however_often_it_is_cut(
    chat: Chat, two: tuple[Person, Person]
) -> None:
    ann, bob = two
    for person in two:
        await person.tab.until(SPREE)
    for _ in range(CUTS):
        await trio.sleep(0.2)
        with trio.fail_after(PATIENCE_SECONDS):
            while not chat.proxy.break_all():  # noqa: ASYNC110 - nobody is back yet
                await trio.sleep(0.01)
    for person in two:
        await person.hears("Ann 29")
        await person.hears("Bob 29")
        await person.sees_nothing_unconfirmed()

    said = await ann.said()
    assert said == await bob.said()
    for name in ("Ann", "Bob"):
        of_one = [text for text in said if text.startswith(name)]
        assert sorted(of_one) == sorted(f"{name} {number}" for number in range(30))


@with_browsers
async def test_a_restart_of_the_server_is_only_a_pause(
    chat: Chat, two: tuple[Person, Person]
) -> None:
    ann, bob = two
    await ann.say("before")
    await bob.hears("before")
    chat.stop()
    for person in two:
        await person.tab.until("!document.getElementById('banner').hidden")
        await person.sees("#link", "reconnecting")
    await ann.say("into the dark")
    await ann.sees(f"{SHOWN} [data-state=waiting] .words", "into the dark")
    await chat.start()

    await bob.hears("into the dark")
    for person in two:
        await person.sees("#link", "connected")
        await person.sees_nothing_unconfirmed()
        assert await person.said() == ["before", "into the dark"]
        await person.tab.until("document.getElementById('members').children.length === 2")
        await person.tab.until("document.getElementById('banner').hidden")


@with_browsers
@pytest.mark.skipif("HELIANTHUS_SCREENSHOT" not in os.environ, reason="no picture is wanted")
async def test_it_takes_the_picture_for_the_documentation(
    chat: Chat, two: tuple[Person, Person]
) -> None:
    ann, bob = two
    picture = Path(os.environ["HELIANTHUS_SCREENSHOT"])
    async with (
        websocket.open_room_client(chat.socket("Clytia")) as client,
        client.join("garden") as garden,
        client.join("kitchen") as kitchen,
    ):
        await ann.tab.click("[data-room=kitchen]")
        await ann.tab.click("[data-room=garden]")
        for person, text in (
            (ann, "The first sunflowers are up, all along the south wall."),
            (bob, "How many of the twelve?"),
            (ann, "Nine."),
            (ann, "The other three were breakfast for a snail."),
            (bob, "Then I bring beer traps tonight. And a saucer for the hedgehog."),
        ):
            await person.say(text)
            await ann.hears(text)
        await garden.send({"text": "The hedgehog says thank you."})
        await ann.hears("The hedgehog says thank you.")
        await kitchen.send({"text": "Soup!"})
        await ann.sees("[data-room=kitchen] .unread", "1")
        await ann.say("So do the sunflowers.")
        await ann.sees_nothing_unconfirmed()
        await ann.tab.resize(1080, 720)
        taken = await ann.tab.window()
    assert len(taken) < 150_000
    await trio.Path(picture).write_bytes(taken)


# Foreign programs, which speak the protocol by hand.


class Foreign(Protocol):
    """A connection of another library."""

    async def send(self, text: str) -> None: ...

    async def receive(self) -> str: ...


@attrs.define
class Websockets:
    """The ``websockets`` package, on trio."""

    connection: Any

    async def send(self, text: str) -> None:
        await self.connection.send(text)

    async def receive(self) -> str:
        return str(await self.connection.recv())


@attrs.define
class TrioWebsocket:
    """The ``trio-websocket`` package."""

    connection: Any

    async def send(self, text: str) -> None:
        await self.connection.send_message(text)

    async def receive(self) -> str:
        return str(await self.connection.get_message())


@asynccontextmanager
async def open_websockets(url: str) -> AsyncIterator[Foreign]:
    trio_client = pytest.importorskip("websockets.trio.client", reason="the foreign client")
    async with trio_client.connect(url) as connection:
        yield Websockets(connection)


@asynccontextmanager
async def open_trio_websocket(url: str) -> AsyncIterator[Foreign]:
    trio_websocket = pytest.importorskip("trio_websocket", reason="the foreign client")
    async with trio_websocket.open_websocket_url(url) as connection:
        yield TrioWebsocket(connection)


OpenForeign: TypeAlias = "Callable[[str], AbstractAsyncContextManager[Foreign]]"
FOREIGN: Final[dict[str, OpenForeign]] = {
    "websockets": open_websockets,
    "trio-websocket": open_trio_websocket,
}


@attrs.define
class Talker:
    """The rooms protocol by hand."""

    connection: Foreign

    async def tell(self, **fields: object) -> None:
        await self.connection.send(json.dumps(fields))

    async def told(self, kind: str) -> dict[str, Any]:
        """The next thing that is told, which has to be of this type."""
        with trio.fail_after(PATIENCE_SECONDS):
            told: dict[str, Any] = json.loads(await self.connection.receive())
        assert told["type"] == kind, told
        return told

    async def join(self, **fields: object) -> dict[str, Any]:
        await self.tell(type="join", ref=1, room="garden", **fields)
        return await self.told("welcome")


@asynccontextmanager
async def open_talker(library: str, url: str) -> AsyncIterator[Talker]:
    async with FOREIGN[library](url) as connection:
        yield Talker(connection)


@pytest.mark.parametrize("one", FOREIGN)
@pytest.mark.parametrize("other", FOREIGN)
async def test_foreign_programs_chat_by_hand(chat: Chat, one: str, other: str) -> None:
    async with open_talker(one, chat.socket("ann")) as ann:
        await ann.tell(type="request", ref="r", body="rooms")
        assert (await ann.told("reply"))["body"] == ["garden", "kitchen", "workshop"]
        assert (await ann.join())["members"] == [{"member": "ann", "info": None}]
        await ann.tell(type="send", ref=2, room="garden", tag="t", body={"text": "is there…?"})
        first = await ann.told("reply")

        async with open_talker(other, chat.socket("bob")) as bob:
            welcome = await bob.join()
            assert [message["tag"] for message in welcome["messages"]] == ["t"]
            assert welcome["id"] == first["id"]
            assert (await ann.told("joined"))["member"] == "bob"
            await bob.tell(type="send", ref=3, room="garden", body={"text": "yes 🌻"})
            reply = await bob.told("reply")
            heard = await ann.told("message")
            assert (heard["from"], heard["body"]["text"]) == ("bob", "yes 🌻")
            assert heard["id"] == reply["id"]
        assert (await ann.told("left"))["member"] == "bob"
        await ann.tell(type="send", ref=4, room="garden", body={"text": "gone already?"})
        await ann.told("reply")

        async with open_talker(other, chat.socket("bob")) as bob_again:
            welcome = await bob_again.join(last_seen=reply["id"])
            assert welcome["resumed"] is True
            assert [message["body"]["text"] for message in welcome["messages"]] == ["gone already?"]


async def test_a_name_that_looks_the_same_is_taken(chat: Chat) -> None:
    async with (
        open_talker("websockets", chat.socket("Ann")) as ann,
        open_talker("websockets", f"ws://127.0.0.1:{chat.port}/chat?name=%EF%BC%A1nn&key=e") as eve,
    ):
        await ann.join()
        await eve.tell(type="join", ref=1, room="garden")
        assert (await eve.told("error"))["code"] == "refused"


@pytest.mark.parametrize("one", FOREIGN)
async def test_what_makes_no_sense_is_refused_in_words(chat: Chat, one: str) -> None:
    async with open_talker(one, chat.socket("ann")) as ann:
        await ann.join()
        refused: list[object] = [{"text": " \n"}, {"text": "a" * 1001}, {"text": 7}, "text", None]
        for body in refused:
            await ann.tell(type="send", ref=2, room="garden", body=body)
            assert (await ann.told("error"))["message"] == "A message has 1 to 1000 characters"
        await ann.tell(type="send", ref=2, room="garden", body={"text": "a" * 9000})
        assert (await ann.told("error"))["code"] == "too_large"
        await ann.tell(type="join", ref=3, room="cellar")
        assert (await ann.told("error"))["message"] == "There is no room cellar"
        await ann.tell(type="request", ref=4, body="secrets")
        assert (await ann.told("error"))["message"] == "Ask for the rooms"
        await ann.tell(type="send", ref=5, room="garden", body={"text": "a" * 1000})
        assert (await ann.told("reply"))["ref"] == 5


@pytest.mark.parametrize(
    "name", ["", " ", "a" * 25, "a%0Ab", "%E2%80%AEevil", "ann&key=" + "k" * 65]
)
async def test_a_bad_name_does_not_come_in(chat: Chat, name: str) -> None:
    url = f"ws://127.0.0.1:{chat.port}/chat?name={name}"
    with pytest.raises(http.UpgradeRefused) as caught:
        async with websocket.open_websocket(url):
            pass
    assert caught.value.response.status == 400


@pytest.mark.parametrize("origin", ["https://elsewhere.example", "null", "http://127.0.0.1:1"])
async def test_a_page_from_elsewhere_does_not_come_in(chat: Chat, origin: str) -> None:
    with pytest.raises(http.UpgradeRefused) as caught:
        async with websocket.open_websocket(chat.socket("ann"), origin=origin):
            pass
    assert caught.value.response.status == 403
    async with websocket.open_websocket(chat.socket("ann"), origin=chat.origins[0]):
        pass


async def test_the_page_may_load_nothing_from_elsewhere(chat: Chat) -> None:
    async with http.open_client(f"http://127.0.0.1:{chat.port}") as client:
        page = await client.get("/")
        assert "default-src 'self'" in page.headers["content-security-policy"]
        for name in ("rooms.js", "chat.js", "style.css", "icon.svg"):
            assert name in page.text
            file = await client.get(f"/{name}")
            assert file.status == 200
            assert "innerHTML" not in file.text
            assert "://" not in file.text.replace("http://www.w3.org/2000/svg", "")


def run_example(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-W", "error", str(ROOT / "examples" / "chat_service.py"), *words]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def test_it_chats_with_itself_and_ends() -> None:
    done = run_example()
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert "another ann: was told: Somebody else here is called Ann" in lines
    assert "bob: ann says 'The sunflowers are up!'" in lines
    assert lines[-1] == "ann: bob has left"


def test_beyond_loopback_it_wants_to_know_where_the_page_is_seen() -> None:
    done = run_example("--serve", "--host", "0.0.0.0")
    assert done.returncode == 2
    assert "--origin" in done.stderr
