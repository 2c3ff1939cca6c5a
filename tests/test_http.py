"""Outside calls, against real servers on this machine."""

from __future__ import annotations

import gzip
import socket
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crowdalogue import http
from crowdalogue.errors import Failure
from crowdalogue.reach import Reach, judge

Answer = Callable[[BaseHTTPRequestHandler], None]


class Server:
    """A server that answers by a list of functions, the last one for ever, and remembers what was asked."""

    def __init__(self) -> None:
        self.answers: list[Answer] = []
        self.asked: list[tuple[str, str, dict[str, str], bytes]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def handle_any(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
                headers = {k.lower(): v for k, v in self.headers.items()}
                outer.asked.append((self.command, self.path, headers, body))
                answer = outer.answers[min(len(outer.asked), len(outer.answers)) - 1]
                answer(self)

            do_GET = do_POST = do_PUT = do_DELETE = handle_any

            def log_message(self, *args: object) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        self.port = self.http.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self.http.serve_forever, args=(0.05,), daemon=True).start()


def says(status: int, body: bytes = b"{}", **headers: str) -> Answer:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("content-length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return answer


def hangs_up(handler: BaseHTTPRequestHandler) -> None:
    handler.connection.shutdown(socket.SHUT_RDWR)
    handler.close_connection = True


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    yield made
    made.http.shutdown()
    made.http.server_close()


@pytest.fixture(autouse=True)
def manners() -> Iterator[None]:
    http.configure(backoff=0.01, longest_pause=1.0, read_timeout=0.4, total_timeout=0.8, private_addresses=False)
    yield
    http.configure(backoff=0.5, longest_pause=20.0, read_timeout=20.0, total_timeout=120.0)


def test_answer_is_whole(server: Server) -> None:
    server.answers = [says(200, b'{"ok": true}', Content_Type="application/json")]
    assert http.request("GET", server.url, params={"a": "ö"}).json() == {"ok": True}
    assert server.asked[0][1] == "/?a=%C3%B6"


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_get_is_repeated_after_trouble(server: Server, status: int) -> None:
    server.answers = [says(status), hangs_up, says(200)]
    assert http.request("GET", server.url).status_code == 200
    assert len(server.asked) == 3


def test_repeating_ends(server: Server) -> None:
    server.answers = [says(503)]
    with pytest.raises(http.CallFailed) as caught:
        http.request("GET", server.url)
    assert len(server.asked) == 4
    assert not caught.value.permanent
    assert "trouble of its own (503)" in caught.value.text


@pytest.mark.parametrize(("status", "says_what"), [(401, "password or token"), (404, "Check it"), (400, "settings")])
def test_refusal_is_not_repeated(server: Server, status: int, says_what: str) -> None:
    server.answers = [says(status, b'{"description": "why"}')]
    with pytest.raises(http.CallFailed, match=says_what) as caught:
        http.request("GET", server.url)
    assert len(server.asked) == 1
    assert caught.value.permanent
    assert caught.value.response is not None
    assert caught.value.response.json()["description"] == "why"


def test_post_cut_off_is_uncertain_and_not_repeated(server: Server) -> None:
    server.answers = [hangs_up, says(200)]
    with pytest.raises(http.CallFailed) as caught:
        http.request("POST", server.url, json={"text": "hello"})
    assert caught.value.uncertain
    assert len(server.asked) == 1


def test_post_with_idempotency_key_is_repeated(server: Server) -> None:
    server.answers = [hangs_up, says(200)]
    assert http.request("POST", server.url, json={}, idempotent=True).status_code == 200
    assert server.asked[0][3] == server.asked[1][3] == b"{}"


@pytest.mark.parametrize(
    "body",
    [b'{"parameters": {"retry_after": 0.2}}', b'{"retry_after": 0.2, "global": false}', b'{"retry_after_ms": 200}'],
)
def test_how_long_to_wait_may_be_said_in_the_body(server: Server, body: bytes) -> None:
    server.answers = [says(429, body), says(200)]
    began = time.monotonic()
    assert http.request("POST", server.url, content=b"x").status_code == 200
    assert time.monotonic() - began >= 0.19


def test_post_told_to_wait_is_repeated(server: Server) -> None:
    server.answers = [says(429, Retry_After="0.2"), says(200)]
    began = time.monotonic()
    assert http.request("POST", server.url, content=b"x").status_code == 200
    assert time.monotonic() - began >= 0.19


def test_long_wait_is_handed_to_the_caller_and_remembered(server: Server) -> None:
    server.answers = [says(429, Retry_After="90"), says(200)]
    for _ in range(2):
        with pytest.raises(http.CallFailed, match="call") as caught:
            http.request("GET", server.url, headers={"authorization": "Bearer one"})
        assert caught.value.retry_after == pytest.approx(90, abs=2)
    assert len(server.asked) == 1  # the second was not even sent
    assert http.request("GET", server.url, headers={"authorization": "Bearer two"}).status_code == 200


def test_used_up_allowance_is_waited_for(server: Server) -> None:
    server.answers = [says(200, RateLimit_Remaining="0", RateLimit_Reset="0.3"), says(200)]
    http.request("GET", server.url)
    began = time.monotonic()
    http.request("GET", server.url)
    assert time.monotonic() - began >= 0.25


def test_silence_times_out(server: Server) -> None:
    server.answers = [lambda handler: time.sleep(1.0)]
    with pytest.raises(http.CallFailed, match=r"did not answer within 0\.4 s") as caught:
        http.request("POST", server.url)
    assert caught.value.uncertain


def test_dripping_answer_is_given_up(server: Server) -> None:
    def drips(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("content-length", "1000")
        handler.end_headers()
        for _ in range(20):
            handler.wfile.write(b"x")
            time.sleep(0.1)

    server.answers = [drips]
    with pytest.raises(http.CallFailed, match="took longer"):
        http.request("GET", server.url, attempts=1)


@pytest.mark.parametrize("announced", [True, False])
def test_too_large_is_not_read(server: Server, announced: bool) -> None:
    def endless(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        if announced:
            handler.send_header("content-length", str(3 << 20))
        handler.end_headers()
        try:
            for _ in range(48):
                handler.wfile.write(b"x" * 65536)
        except OSError:
            pass
        handler.close_connection = True

    server.answers = [endless]
    with pytest.raises(http.CallFailed, match="more than 1 MB") as caught:
        http.request("GET", server.url, max_bytes=1 << 20)
    assert caught.value.permanent


def test_size_counts_what_is_unpacked(server: Server) -> None:
    server.answers = [says(200, gzip.compress(b"0" * (4 << 20)), Content_Encoding="gzip")]
    with pytest.raises(http.CallFailed, match="more than 1 MB"):
        http.request("GET", server.url, max_bytes=1 << 20)


def test_nothing_listens() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(http.CallFailed, match="Check the address and port") as caught:
        http.request("POST", f"http://127.0.0.1:{port}/", json={})
    assert not caught.value.permanent
    assert not caught.value.uncertain


def test_unknown_name() -> None:
    with pytest.raises(http.CallFailed, match="could not be found"):
        http.request("GET", "http://nobody.invalid/", attempts=1)


@pytest.mark.parametrize(
    "url", ["ftp://example.com/", "file:///etc/passwd", "http://", "http://a:b@example.com/", "http://[::1", "x"]
)
def test_odd_addresses_are_refused(url: str) -> None:
    with pytest.raises(http.CallFailed, match="must begin with http"):
        http.request("GET", url)


# ---- the guard


@pytest.mark.parametrize(
    ("address", "reach"),
    [
        ("93.184.215.14", Reach.PUBLIC),
        ("2606:2800:21f:cb07:6820:80da:af6b:8b2c", Reach.PUBLIC),
        ("127.0.0.1", Reach.LOOPBACK),
        ("::1", Reach.LOOPBACK),
        ("::ffff:127.0.0.1", Reach.LOOPBACK),
        ("10.1.2.3", Reach.PRIVATE),
        ("192.168.0.1", Reach.PRIVATE),
        ("172.16.0.1", Reach.PRIVATE),
        ("100.64.0.1", Reach.PRIVATE),
        ("fd12::1", Reach.PRIVATE),
        ("::ffff:10.0.0.1", Reach.PRIVATE),
        ("64:ff9b::a00:1", Reach.PRIVATE),
        ("2002:a00:1::", Reach.PRIVATE),
        ("169.254.169.254", Reach.NEVER),
        ("::ffff:169.254.169.254", Reach.NEVER),
        ("64:ff9b::a9fe:a9fe", Reach.NEVER),
        ("fd00:ec2::254", Reach.NEVER),
        ("100.100.100.200", Reach.NEVER),
        ("fe80::1%eth0", Reach.NEVER),
        ("0.0.0.0", Reach.NEVER),
        ("::", Reach.NEVER),
        ("224.0.0.1", Reach.NEVER),
        ("255.255.255.255", Reach.NEVER),
    ],
)
def test_judge(address: str, reach: Reach) -> None:
    assert judge(address) == reach


@given(st.ip_addresses(v=4, network="10.0.0.0/8") | st.ip_addresses(v=4, network="169.254.0.0/16"))
def test_no_spelling_of_an_inner_address_is_public(ip: object) -> None:
    assert judge(str(ip)) > Reach.LOOPBACK
    assert judge(f"::ffff:{ip}") > Reach.LOOPBACK


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "0x7f000001", "2130706433", "[::ffff:127.0.0.1]"])
def test_what_a_payload_names_must_be_public(server: Server, host: str) -> None:
    server.answers = [says(200)]
    with pytest.raises(http.CallFailed, match="not a public address"):
        http.request("GET", f"http://{host}:{server.port}/", trusted=False)
    assert server.asked == []


def test_own_network_needs_the_setting() -> None:
    with pytest.raises(http.CallFailed, match="CROWDALOGUE_PRIVATE_ADDRESSES=yes"):
        http.request("GET", "http://10.255.255.1/")
    with pytest.raises(Failure, match="CROWDALOGUE_PRIVATE_ADDRESSES=yes"):
        http.addresses("10.255.255.1", 993)
    http.configure(private_addresses=True)
    assert http.addresses("10.255.255.1", 993) == ["10.255.255.1"]
    with pytest.raises(http.CallFailed, match="not a public address"):
        http.request("GET", "http://169.254.169.254/latest/meta-data/")


def test_redirect_within_the_origin_is_followed(server: Server) -> None:
    server.answers = [says(302, Location="/there"), says(200, b"here")]
    assert http.request("GET", server.url, headers={"authorization": "Bearer x"}).content == b"here"
    assert server.asked[1][2]["authorization"] == "Bearer x"


def test_redirect_to_another_origin_must_be_public(server: Server) -> None:
    server.answers = [says(302, Location="http://localhost:1/")]
    with pytest.raises(http.CallFailed, match="not a public address"):
        http.request("GET", server.url)


def test_redirects_end_and_post_follows_none(server: Server) -> None:
    server.answers = [says(302, Location="/again")]
    for method, asked in (("GET", 6), ("POST", 7)):
        with pytest.raises(http.CallFailed, match="sent the call elsewhere"):
            http.request(method, server.url)
        assert len(server.asked) == asked


def test_name_is_resolved_once_and_that_address_dialled(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """DNS rebinding: the second answer of the resolver never counts."""
    server.answers = [says(200)]
    real, asked = socket.getaddrinfo, []

    def resolver(host: str, *args: object, **kwargs: object) -> object:
        if host == "rebind.example.com":
            asked.append(host)
            return real("127.0.0.1" if len(asked) == 1 else "10.0.0.1", *args, **kwargs)  # type: ignore[arg-type]
        return real(host, *args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(socket, "getaddrinfo", resolver)
    http.request("GET", f"http://rebind.example.com:{server.port}/")
    assert asked == ["rebind.example.com"]
    assert server.asked[0][2]["host"] == f"rebind.example.com:{server.port}"


def test_accounts_share_no_cookies(server: Server) -> None:
    server.answers = [says(200, Set_Cookie="session=1"), says(200)]
    http.request("GET", server.url)
    http.request("GET", server.url)
    assert "cookie" not in server.asked[1][2]


def test_retry_after_as_date_and_reset_as_clock() -> None:
    assert http.retry_after({"retry-after": formatdate(time.time() + 30, usegmt=True)}) == pytest.approx(30, abs=2)
    assert http.retry_after({"retry-after": "soon"}) is None
    clock = {"x-rate-limit-remaining": "0", "x-rate-limit-reset": str(int(time.time()) + 60)}
    assert http.retry_after(clock) == pytest.approx(60, abs=2)
    date = datetime.now(UTC) + timedelta(seconds=60)
    written = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": date.isoformat().replace("+00:00", "Z")}
    assert http.retry_after(written) == pytest.approx(60, abs=2)
    assert http.retry_after({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "Tomorrow"}) is None
    assert http.retry_after({"x-ratelimit-remaining": "0", "x-ratelimit-reset-after": "1.5"}) == 1.5


@given(st.text(max_size=40))
def test_no_header_is_too_odd(value: str) -> None:
    waits = http.retry_after({"retry-after": value, "ratelimit-remaining": value, "ratelimit-reset": value})
    assert waits is None or waits >= 0


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b'{"error": "gone"}', {"error": "gone"}),
        (b'["gone"]', {}),
        (b"<html>", {}),
        (b"\xff", {}),
        (b"[" * 100_000, {}),
    ],
)
def test_a_refusal_is_read_where_it_is_an_object(body: bytes, told: dict[str, str]) -> None:
    assert http.CallFailed("No.", response=httpx.Response(400, content=body)).told == told
    assert http.CallFailed("No.").told == {}


def test_a_refusal_in_other_words_is_the_same_refusal() -> None:
    response = httpx.Response(429)
    failure = http.CallFailed("No.", uncertain=True, status=429, retry_after=3.0, response=response)
    again = failure.saying("Too fast.", permanent=True)
    assert (again.text, again.permanent) == ("Too fast.", True)
    assert (again.uncertain, again.status, again.retry_after, again.response) == (True, 429, 3.0, response)
    assert not failure.saying("No.", uncertain=False).uncertain
