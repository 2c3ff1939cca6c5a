"""The API from a notebook: the same tables as the pages, as plain lists of dicts.

from crowdalogue.client import Client

c = Client("https://care.example.com", token)
c.table("negative", by="channel", filters="period=90d").frame()
c.report("response", "brand=Tallowmere")

Filters are those of the pages' addresses, as text ("brand=A&brand=B") or as a dict ({"brand": ["A", "B"]}). Only reads;
nothing is cached. It needs httpx and no other part of Crowdalogue, so this one file can be copied.
"""

from __future__ import annotations

import email.utils
import random
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, TypeAlias
from urllib.parse import quote, urlencode

import httpx

__all__ = ["ApiError", "Client", "Listing", "Rows"]

Filters: TypeAlias = str | Mapping[str, Any]
A_PAGE = 200  # the most the API gives at once
TRY_AGAIN = frozenset({429, 503})  # the API says by these that it did nothing
ATTEMPTS = 5
LONGEST_PAUSE_S = 120.0  # a longer Retry-After is an error that says so
LONGEST_ANSWER = 64 * 1024 * 1024  # bytes


class ApiError(Exception):
    """What the API refused, in its own words (cause, then remedy), or that it was not reached.

    `status` is the HTTP status, None where there was no answer; `fields` the values not understood, as (field, text).
    """

    def __init__(self, text: str, status: int | None = None, fields: tuple[tuple[str, str], ...] = ()) -> None:
        super().__init__(text)
        self.text, self.status, self.fields = text, status, fields


class Rows(list[dict[str, Any]]):
    """A list of dicts. `about` is what the answer says beside its rows: definitions, filters, how fresh."""

    def __init__(self, rows: list[dict[str, Any]], about: dict[str, Any] | None = None) -> None:
        super().__init__(rows)
        self.about: dict[str, Any] = about or {}

    def frame(self) -> Any:
        """A pandas DataFrame, else a pyarrow Table. Raises ImportError where neither is installed."""
        return frame(self)


class Listing:
    """Items of a list, fetched page by page while they are looped over, at most `most` of them.

    `for message in c.messages(): ...` or `c.messages(most=500).rows()`. Every loop begins anew.
    """

    def __init__(self, page: Callable[[dict[str, Any]], Any], most: int) -> None:
        self._page, self._most = page, most

    def __iter__(self) -> Iterator[dict[str, Any]]:
        left, cursor = self._most, ""
        while left > 0:
            page = self._page({"limit": min(A_PAGE, left)} | ({"cursor": cursor} if cursor else {}))
            yield from page["items"][:left]
            left -= len(page["items"])
            if not page["items"] or not page["next"] or page["next"] == cursor:
                return
            cursor = page["next"]

    def rows(self) -> Rows:
        return Rows(list(self))

    def frame(self) -> Any:
        """As `Rows.frame`."""
        return frame(self.rows())


class Client:
    """One house, with one person's token. Close it, or use it in a `with`.

    `timeout_s` is for connecting and for each pause while an answer comes. `transport` is httpx's, for tests and
    unusual networks. Redirects are not followed, so a token reaches the address it was given for and no other.
    """

    def __init__(
        self, address: str, token: str, *, timeout_s: float = 60.0, transport: httpx.BaseTransport | None = None
    ) -> None:
        if not address.startswith(("https://", "http://")):
            raise ValueError("The address begins with https://, such as https://care.example.com.")
        self._http = httpx.Client(
            base_url=address.rstrip("/") + "/api/v1",
            headers={"Authorization": f"Bearer {token}", "Accept": "application/json"},
            timeout=timeout_s,
            transport=transport,
        )

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def close(self) -> None:
        self._http.close()

    # --- numbers

    def report(self, name: str, filters: Filters = "") -> Rows:
        """The rows of a report, such as response, volume, sentiment, topics, voice; `reports()` names them."""
        return _rows(self.get(f"/reports/{quote(name, safe='')}?{_query(filters)}"), "rows")

    def reports(self) -> list[str]:
        return list(self.get("/reports")["reports"])

    def table(self, measure: str, by: str = "", across: str = "", filters: Filters = "") -> Rows:
        """A table of Explore: a measure by a dimension, and by a second. `measures()` names both."""
        asked = {"by": by, "across": across, "filters": _query(filters)}
        return _rows(self.get(f"/tables/{quote(measure, safe='')}", asked), "rows")

    def measures(self) -> Rows:
        return Rows(self.get("/tables")["measures"])

    def compare(self, one: Filters, two: Filters = "", *, rows: int = 200) -> Rows:
        """What sets the people of two groups apart, each group a set of filters; those rows first that stand."""
        return _rows(self.get("/comparisons", {"one": _query(one), "two": _query(two), "rows": rows}), "rows")

    def movers(self, by: str = "topic", filters: Filters = "") -> Rows:
        """The values of a dimension that rose or fell most against the period before, beyond chance."""
        return _rows(self.get("/movers", {"by": by, "filters": _query(filters)}), "rows")

    def week(self, start: str = "", filters: Filters = "") -> Rows:
        """The lines of the weekly page; `part` says whether they are what changed, was done, or is to decide."""
        page = self.get("/weekly", ({"start": start} if start else {}) | {"query": _query(filters)})
        parts = ("changed", "done", "decide")
        lines = [{"part": part, **line} for part in parts for line in page.get(part, ())]
        return Rows(lines, {k: v for k, v in page.items() if k not in parts})

    # --- lists

    def messages(self, filters: Filters = "", *, most: int = 10_000) -> Listing:
        """Messages, the newest first. Filters are the API's: channel, brand (its number), since, until, ..."""
        return self._list("/messages", filters, most)

    def search(self, q: str, by: str = "word", *, most: int = 200) -> Listing:
        """What was found, by `word` or by `meaning`: each with its `message`, `excerpt` and `spans`."""
        return self._list("/search", {"q": q, "by": by}, most)

    def topics(self, *, most: int = 2_000) -> Rows:
        return self._list("/topics", "", most).rows()

    def alarms(self, filters: Filters = "", *, most: int = 1_000) -> Rows:
        return self._list("/alarms", filters, most).rows()

    # --- the wire

    def get(self, path: str, asked: Mapping[str, Any] | None = None) -> Any:
        """Any address of the API below /api/v1, as JSON. Raises ApiError."""
        for attempt in range(1, ATTEMPTS + 1):
            try:
                status, headers, body = self._once(path, asked)
            except httpx.TransportError as error:
                if attempt == ATTEMPTS:
                    raise ApiError(
                        f"Not reached: {type(error).__name__}. Look at the address and the network."
                    ) from None
                pause = _backoff(attempt)
            else:
                if status == 200:
                    return _json(body)
                if status not in TRY_AGAIN or attempt == ATTEMPTS:
                    raise _refusal(status, body)
                pause = _pause(headers.get("Retry-After", ""), attempt)
                if pause > LONGEST_PAUSE_S:
                    raise _refusal(status, body)
            time.sleep(pause)
        raise AssertionError("unreachable")

    def _once(self, path: str, asked: Mapping[str, Any] | None) -> tuple[int, httpx.Headers, bytes]:
        with self._http.stream("GET", path, params=dict(asked) if asked else None) as answer:
            body = bytearray()
            for piece in answer.iter_bytes():
                body += piece
                if len(body) > LONGEST_ANSWER:
                    raise ApiError("The answer is too large. Ask for a shorter period or fewer rows.")
            return answer.status_code, answer.headers, bytes(body)

    def _list(self, path: str, filters: Filters, most: int) -> Listing:
        query = _query(filters)
        return Listing(lambda page: self.get(f"{path}?{'&'.join(filter(None, (query, urlencode(page))))}"), most)


# --- parts


def frame(rows: list[dict[str, Any]]) -> Any:
    """A pandas DataFrame where pandas is installed, else a pyarrow Table."""
    try:
        import pandas as pd  # type: ignore[import-not-found, import-untyped, unused-ignore]
    except ImportError:
        import pyarrow as pa

        return pa.Table.from_pylist(list(rows))
    return pd.DataFrame(list(rows))


def _rows(answer: dict[str, Any], key: str) -> Rows:
    return Rows(answer[key], {k: v for k, v in answer.items() if k != key})


def _query(filters: Filters) -> str:
    if isinstance(filters, str):
        return filters.lstrip("?")
    return urlencode({k: v for k, v in filters.items() if v is not None}, doseq=True)


def _json(body: bytes) -> Any:
    try:
        return httpx.Response(200, content=body).json()
    except ValueError:
        raise ApiError("The answer is not JSON. Is the address that of Crowdalogue?", 200) from None


def _refusal(status: int, body: bytes) -> ApiError:
    try:
        told = httpx.Response(status, content=body).json()["error"]
        fields = tuple((str(f["field"]), str(f["text"])) for f in told.get("fields", ()))
        return ApiError(str(told["text"]), status, fields)
    except (ValueError, KeyError, TypeError, AttributeError):
        return ApiError(f"It answered {status}, not in the API's words. Is the address that of Crowdalogue?", status)


def _pause(said: str, attempt: int) -> float:
    """Seconds to wait: what Retry-After says, in seconds or as a date; without it a growing pause."""
    if said.strip().isdecimal():
        return float(said)
    try:
        return max(0.0, (email.utils.parsedate_to_datetime(said) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return _backoff(attempt)


def _backoff(attempt: int) -> float:
    return float(2 ** (attempt - 1) * random.uniform(0.5, 1.0))  # noqa: S311
