"""Every page of the app before a real browser: both themes, a phone, axe, the policy, its weight, and no script.

The inbox and the forms at work are in test_inbox.py and test_settings.py; here is the list no page may be missing from.
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from django.urls import URLPattern, URLResolver
from lxml import html
from playwright.sync_api import Browser, BrowserContext, Page, Response, expect

from tests.browser.program import PASSWORD, call, chromium, make_owner, running

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
TOO_WIDE = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
BUDGET = 300_000  # bytes of a page with all it loads, gzipped, without charts
LOOKS: dict[str, dict[str, Any]] = {
    "light": {"viewport": {"width": 1440, "height": 900}, "color_scheme": "light"},
    "dark on a phone": {"viewport": {"width": 390, "height": 844}, "color_scheme": "dark", "has_touch": True},
}
PAGES = (
    "/",
    "/?period=all",
    "/explore/",
    "/explore/?by=intent&period=all",
    "/explore/voice/",
    "/explore/movers/",
    "/explore/movers/?by=channel&period=7d",
    "/compare/",
    "/boards/",
    "/boards/1/",
    "/weekly/",
    "/weekly/questions/",
    "/weekly/questions/1/",
    "/compare/?a=period%3Dall%26direction%3Din&b=period%3Dall%26direction%3Dany",
    "/messages/",
    "/inbox/",
    "/inbox/?queue=closed",
    "/inbox/1/",
    "/inbox/3/",
    "/people/",
    "/people/?standing=vip",
    "/people/1/",
    "/people/1/?kind=orders",
    "/people/same/",
    "/apart/",
    "/apart/rules/",
    "/alarms/",
    "/alarms/?show=all",
    "/alarms/1/",
    "/alarms/rules/",
    "/alarms/rules/new/",
    "/alarms/rules/new/?trial=1",
    "/alarms/rules/1/",
    "/categories/",
    "/categories/new/",
    "/categories/1/",
    "/categories/1/change/",
    "/categories/1/examples/?q=parcel",
    "/categories/1/label/",
    "/watches/",
    "/watches/new/",
    "/watches/1/",
    "/watches/1/?show=wrong",
    "/watches/1/change/",
    "/topics/",
    "/topics/?show=adopted",
    "/topics/1/",
    "/topics/1/split/",
    "/search/?q=parcel",
    "/search/?q=zzzz",
    "/new/",
    "/start/",
    "/imports/",
    "/imports/new/",
    "/imports/1/",
    "/imports/2/",
    "/settings/",
    "/settings/people/",
    "/settings/channels/",
    "/settings/channels/connect/",
    "/settings/channels/connect/email/",
    "/settings/channels/connect/webhook/",
    "/settings/channels/connect/telegram/",
    "/settings/channels/connect/webchat/",
    "/settings/channels/1/",
    "/settings/deliveries/",
    "/settings/deliveries/1/",
    "/settings/promises/",
    "/settings/promises/hours/",
    "/settings/promises/hours/1/",
    "/settings/brands/",
    "/settings/products/",
    "/settings/brands/1/",
    "/settings/team/",
    "/settings/tokens/",
    "/settings/audit/",
    "/accounts/password/change/",
    "/accounts/password/reset/",
    "/accounts/reauthenticate/",
    "/accounts/2fa/",
    "/accounts/2fa/totp/activate/",
    "/accounts/logout/",
)
OUTSIDE = ("/accounts/login/", "/accounts/signup/", "/accounts/password/reset/", "/accounts/password/reset/key/1-abc/")
ERRORS = {"/nothing/here/": 404, "/inbox/999999/": 404}
WITH_CHARTS = (
    "/",
    "/alarms/",
    "/explore/",
    "/explore/movers/",
    "/explore/voice/",
    "/boards/1/",
    "/compare/",
    "/topics/",
    "/topics/1/",
)
# Addresses that are no page of their own: parts of one, files, what is only posted to, and pages that only allauth has.
NO_PAGE = {
    "hooks", "start/demo", "start/demo/remove", "preferences", "inbox/rows", "inbox/take", "inbox/views",
    "inbox/do", "inbox/undo", "inbox/reply", "inbox/message", "inbox/file", "favicon.ico", "stream", "imports/rows",
    "settings/brands/move", "settings/deliveries/replay", "settings/audit/audit.csv", "accounts/email",
    "accounts/password/set", "accounts/password/reset/done", "apart/message", "people/same/#", "settings/people/list",
    "boards/keep", "alarms/trials", "weekly/follow", "categories/message", "topics/find", "topics/progress",
    "settings/products/look", "settings/products/names",
}  # fmt: skip

SEED = """
import pathlib, tempfile
from datetime import timedelta
from django.utils import timezone
from crowdalogue import flow
from crowdalogue.act import alarms, handling
from crowdalogue.flow import categories as verbs
from crowdalogue.listen import imports, watches
from crowdalogue.models import *
from crowdalogue.text.watching import typed
from crowdalogue.channels.base import Attachment, Author, Incoming, Raw
from crowdalogue.relate import facts
olga = User.objects.get()
asked = flow.ask(olga, 'Why is the dock returned?')
flow.answer_question(olga, asked, 'The old one does not fit.')
board = Board.objects.create(name='Monday', user=olga, shared=True)
for query in ('measure=messages&by=day', 'measure=negative&by=channel', 'measure=messages&by=intent&across=channel'):
    BoardView.objects.create(board=board, query=query)
brand = Brand.objects.create(name='Northwind')
given = dict(kind='email', name='Care', brand=brand, state='paused', settings={'address': 'care@example.com'})
mail = Account.objects.create(**given)
words = (
    'Still no parcel, and the tracking page has said on its way since Friday.',
    'It dies after eight minutes. I am very disappointed.',
    'Does the old dock fit the new one? ' + 'x' * 200,
    'Thank you, that helped a lot.',
)
files = {1: (Attachment('light.png', 'image/png', b'x' * 2000),)}
html = {1: '<p>It <b>dies</b></p>'}
def incoming(n):
    who = Author(f'ann{n % 7}@example.com', f'Ann Example {n % 7}')
    at = timezone.now() - timedelta(hours=5 + n)
    more = dict(attachments=files.get(n, ()), html=html.get(n, ''), quoted='> earlier' if n == 1 else '')
    return Incoming(f'<seed{n}@example.com>', who, words[n % 4], sent_at=at, subject=f'Number {n}', **more)
flow.file(mail, [incoming(n) for n in range(40)])
flow.process()
third = Conversation.objects.get(pk=3)
flow.note(olga, third, 'Serial is lot 38', key='note-note-note')
handling.tag(olga, [third], 'battery')
handling.assign(olga, [third], olga)
handling.close(olga, [Conversation.objects.get(pk=5)])
hook = flow.connect('webhook', 'Shop', {'proof': 'signature', 'secret': '', 'map': ''}, user=olga)
flow.receive(hook, Raw(b'{"messages": [{"id": "1"'), trusted=True)
Hours.objects.create(name='Care', week=[[['09:00', '17:00']]] * 5 + [[], []])
folder = pathlib.Path(tempfile.mkdtemp())
(folder / 'past.csv').write_text('id,text,who,date\\n1,' + 'long words ' * 20 + ',ann@example.com,03/04/2024\\n')
imports.begin(folder / 'past.csv', user=olga, confirmed=False)
(folder / 'done.csv').write_text('id,text\\n1,hello there\\n2,\\n')
imports.run(imports.begin(folder / 'done.csv', user=olga), file=flow.file)
parcels = watches.save(olga, name='Parcels', purpose='need', query=typed('any:parcel any:dock -refund'))
WatchSearch.objects.create(watch=parcels, account=mail, last_error='The token ended. Enter a new one.')
watches.fill()
alarms.make_defaults()
rule = AlarmRule.objects.get(pk=1)
AlarmSeries.objects.create(rule=rule, key='', name='Everything customers say', hours=24, state='short')
picture = dict(hours=24, start='2026-11-10T00:00:00+00:00', counts=[1, 26], expected=[None, 1], limit=[None, 9])
found = dict(people=28, texts=27, messages=40, picture=dict(picture, raised=1), examples=[1, 2], changed=[], places=[])
found['words'] = [dict(word='dock', k1=9, n1=28, k2=3, n2=300, ratio=32.1, low=9.0, high=110.0)]
found['channels'] = [dict(value='email', n=20, usual=1.5)]
found['causes'] = [dict(kind='late', text='9 of 40 messages came late.', n=9)]
found['explains'] = [dict(name='complaint', family='intent', share=0.85)]
times = dict.fromkeys(('step_at', 'raised_at', 'began', 'last_at'), timezone.now())
AlarmEpisode.objects.create(rule=rule, family='all', name='Everything customers say', count=30, expected=4, peak=26,
                            needed=9, hours=24, evidence=found, **times)
AlarmTrial.objects.create(rule=dict(name='Mail', budget=1, form=dict(name='Mail', family='all', days=30)), state='done',
                          result=dict(days=62, watched=1, short=['quiet'], raised=[]))
watches.judge(olga, parcels, [parcels.hits.first().message_id], False)
assert flow.find_topics()
late = verbs.define(olga, 'Late parcel', 'A parcel that has not come')
verbs.teach(olga, late, [('Where is my parcel', True), ('Thank you', False)], 'pasted')
verbs.learn(olga, late)
while flow.tend_categories(): pass
verbs.label(olga, late, {Message.objects.filter(direction='in').first().pk: True})
verbs.learn(olga, late)
facts.refresh()
"""


@dataclass
class Program:
    browser: Browser
    url: str
    state: Any  # cookies of somebody signed in


def sign_in(page: Page, url: str) -> None:
    page.goto(url + "/accounts/login/?next=/settings/")
    page.locator("input[name=login]").fill("olga@example.com")
    page.locator("input[name=password]").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Settings", exact=True)).to_be_visible(timeout=30_000)


@pytest.fixture(scope="module")
def program(shared_environment: dict[str, str]) -> Iterator[Program]:
    make_owner(shared_environment)
    call(shared_environment, code=SEED)
    with chromium() as browser, running(shared_environment) as url:
        context = browser.new_context()
        sign_in(context.new_page(), url)
        yield Program(browser, url, context.storage_state())


@dataclass
class Watched:
    """A page and what went wrong on it: its console (a broken policy among it), scripts, and answers."""

    page: Page
    wrong: list[str]
    answers: list[Response]
    weights: dict[str, int] = field(default_factory=dict)  # by address, each looked at once

    def visit(self, url: str, status: int = 200) -> list[str]:
        """Everything that is wrong with the page at `url`."""
        self.wrong.clear()
        self.answers.clear()
        answer = self.page.goto(url)
        assert answer is not None
        wrong = [] if answer.status == status else [f"answered {answer.status}"]
        if not self.page.title().removesuffix(" · Crowdalogue").strip():
            wrong.append("no title")
        if (heads := self.page.locator("h1").count()) != 1:
            wrong.append(f"{heads} first headings")
        if (over := self.page.evaluate(TOO_WIDE)) > 0:
            wrong.append(f"{over} px too wide")
        wrong += [w for w in self.wrong if str(status) not in w]
        return wrong + self._axe()

    def weight(self) -> int:
        """Bytes of all that a first visit to this page loads, as a browser that takes gzip gets it."""
        loaded = {r.url: r for r in self.answers if r.status == 200}
        self.weights |= {url: len(gzip.compress(r.body())) for url, r in loaded.items() if url not in self.weights}
        return sum(self.weights[url] for url in loaded)

    def _axe(self) -> list[str]:
        self.page.evaluate(AXE.read_text())
        found = self.page.evaluate("axe.run(document, {resultTypes: ['violations']}).then(r => r.violations)")
        return [f"{v['id']}: {v['nodes'][0]['html'][:160]}" for v in found]


def watch(context: BrowserContext) -> Watched:
    page = context.new_page()
    seen = Watched(page, [], [])
    page.on("console", lambda m: seen.wrong.append(m.text) if m.type in ("error", "warning") else None)
    page.on("pageerror", lambda e: seen.wrong.append(str(e)))
    page.on("response", lambda r: seen.answers.append(r))
    return seen


@pytest.fixture(params=LOOKS, scope="module")
def watched(request: pytest.FixtureRequest, program: Program) -> Iterator[Watched]:
    if not AXE.is_file():
        pytest.skip("axe-core is not here: npm ci")
    context = program.browser.new_context(storage_state=program.state, **LOOKS[request.param])
    yield watch(context)
    context.close()


def weighed(address: str) -> bool:
    """Charts are not counted, and the inbox keeps a stream open whose body never ends."""
    return address.partition("?")[0] not in WITH_CHARTS and not address.startswith("/inbox")


def test_every_page_is_sound(watched: Watched, program: Program) -> None:
    wrong: dict[str, list[str]] = {}
    for address in PAGES:
        found = watched.visit(program.url + address)
        if weighed(address) and (weight := watched.weight()) > BUDGET:
            found.append(f"{weight:,} bytes")
        if found:
            wrong[address] = found
    assert wrong == {}


def test_errors_say_what_to_do(watched: Watched, program: Program) -> None:
    for address, status in ERRORS.items():
        assert watched.visit(program.url + address, status) == [], address
        expect(watched.page.locator("main a").first).to_be_visible()


@pytest.mark.parametrize("look", LOOKS)
def test_pages_before_the_sign_in_are_sound(look: str, program: Program) -> None:
    context = program.browser.new_context(**LOOKS[look])
    outside = watch(context)
    wrong = {address: found for address in OUTSIDE if (found := outside.visit(program.url + address))}
    context.close()
    assert wrong == {}


def test_without_script_every_page_is_read_and_a_message_answered(program: Program) -> None:
    context = program.browser.new_context(storage_state=program.state, java_script_enabled=False)
    for address in PAGES:
        answer = context.request.get(program.url + address)  # what is served is all there is to read
        served = html.fromstring(answer.text())
        assert answer.status == 200, address
        assert served.findtext(".//h1") is not None and len(served.find(".//main").text_content().split()) > 4, address
    page = context.new_page()
    page.goto(program.url + "/inbox/1/")
    page.locator("#answer").fill("It left our store this morning.")
    page.get_by_role("button", name=re.compile(r"^Send(?! and)")).click()
    expect(page.locator(".msg.us")).to_contain_text("left our store this morning")
    context.close()


def _addresses(patterns: list[URLPattern | URLResolver]) -> Iterator[str]:
    for pattern in patterns:
        if isinstance(pattern, URLPattern):
            yield str(pattern.pattern).strip("/")


def test_no_page_is_missing_from_the_list() -> None:
    """A new address is a page here, or is named among those that are none."""
    from crowdalogue.web.urls import urlpatterns

    known = {address.partition("?")[0].strip("/") for address in PAGES}
    shapes = {"/".join("#" if part.isdigit() else part for part in address.split("/")) for address in known}
    missing = []
    for address in _addresses(urlpatterns):
        parts = ["#" if part.startswith("<int") else part for part in address.split("/") if part]
        starts = {"/".join(parts[:n]) for n in range(1, len(parts) + 1)}
        shape = "/".join(parts)
        last_is_a_deed = any(part.startswith("<") for part in parts) or parts[-1:] in (["drop"], ["end"], ["replay"])
        after_number = "#" in parts and parts.index("#") < len(parts) - 1
        if shape not in shapes and not starts & NO_PAGE and not last_is_a_deed and not after_number:
            missing.append(address)
    assert missing == []
