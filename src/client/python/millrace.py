"""A client of Millrace's HTTP APIs (docs/clients.md). It needs the standard library only; members are those of schemas/openapi.yaml."""

from __future__ import annotations

import array
import http.client
import json
import pathlib
import random
import re
import ssl
import sys
import threading
import time
import urllib.parse
import uuid
import warnings
from typing import Any, Callable, NamedTuple

_PASSING = {408, 429, 502, 503, 504}  # of statuses that a later attempt may not have
_FIRST_PAUSE = 0.1
_LONGEST_PAUSE = 10.0
_QUESTIONS_AT_ONCE = 100  # serve.max-batch
_PLACE = re.compile(r"(\w+)\[(\d+)\]")


class RefusedError(Exception):
    """A refusal, with the problem that the server told."""

    def __init__(self, status: int, problem: dict[str, Any]):
        super().__init__(f"{status}: {problem.get('detail', 'the answer is no problem of Millrace')}")
        self.status = status
        self.problem = problem


class NoAnswerError(Exception):
    """A server that was not reached, or whose answer did not come."""


class Millrace:
    """Asks servers. Safe for threads; each has connections of its own.

    recall, ingest: addresses of `millrace serve` and `millrace ingest`
    attempts: how often a request is sent at most; orders are sent once
    timeout: seconds
    pause: waits between attempts, in seconds
    """

    def __init__(
        self,
        recall: str = "http://127.0.0.1:8080",
        ingest: str = "http://127.0.0.1:8082",
        token: str | None = None,
        *,
        attempts: int = 6,
        timeout: float = 15,
        tls: ssl.SSLContext | None = None,
        pause: Callable[[float], None] = time.sleep,
    ):
        self._recall = recall
        self._ingest = ingest
        self._headers = {"Content-Type": "application/json"}
        if token is not None:
            self._headers["Authorization"] = "Bearer " + token
        self._attempts = attempts
        self._timeout = timeout
        self._tls = tls
        self._pause = pause
        self._local = threading.local()

    def recall(self, user: str, k: int = 10, **members: Any) -> dict[str, Any]:
        """The best items for a user. Other members of a question are named as exclude_seen or excludeSeen."""
        return self._ask("POST", self._recall, "/v1/recall", _text(_question({"user": user, "k": k, **members})))

    def recall_all(self, questions: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Answers in the order of the questions, however many; a question that is refused has a problem."""
        answers = []
        for at in range(0, len(questions), _QUESTIONS_AT_ONCE):
            asked = [_question(one) for one in questions[at : at + _QUESTIONS_AT_ONCE]]
            answers += self._ask("POST", self._recall, "/v1/recall", _text({"requests": asked}))["answers"]
        return answers

    def similar(self, item: str, k: int = 10, by: str = "vector") -> dict[str, Any]:
        """The items nearest to an item or, by neighbours, those that are clicked beside it."""
        query = urllib.parse.urlencode({"item": item, "k": k, "by": by})
        return self._ask("GET", self._recall, "/v1/similar?" + query)

    def item(self, item: str) -> dict[str, Any]:
        """What the index holds about an item."""
        return self._ask("GET", self._recall, "/v1/items/" + _quoted(item))

    def is_ready(self) -> bool:
        """Whether a generation answers."""
        try:
            self._ask("GET", self._recall, "/readyz", attempts=1)
            return True
        except (RefusedError, NoAnswerError):
            return False

    def send(self, events: dict[str, list[Any]]) -> dict[str, int]:
        """Sends events until the brokers have them: once as far as their ids are the same."""
        return self.send_text(_text(events))

    def send_text(self, events: str) -> dict[str, int]:
        """The same of events that are JSON already."""
        return self._ask("POST", self._ingest, "/v1/events", events)

    def promote(self, generation: str) -> dict[str, Any]:
        return self._order("POST", f"/v1/generations/{_quoted(generation)}/promote")

    def rollback(self) -> dict[str, Any]:
        return self._order("POST", "/v1/generations/rollback")

    def start_experiment(self, name: str, arms: list[str], ramp: list[float], **plan: Any) -> dict[str, Any]:
        body = _text(_question({"arms": arms, "ramp": ramp, **plan}))
        return self._order("POST", f"/v1/experiments/{_quoted(name)}", body)

    def stop_experiment(self, name: str) -> dict[str, Any]:
        return self._order("POST", f"/v1/experiments/{_quoted(name)}/stop")

    def erase(self, user: str) -> dict[str, Any]:
        return self._order("DELETE", "/v1/users/" + _quoted(user))

    def close(self) -> None:
        """Closes the connections of this thread."""
        for base in (self._recall, self._ingest):
            self._drop(base)

    def _order(self, method: str, path: str, body: str | None = None) -> dict[str, Any]:
        self._drop(self._recall)  # a connection that the server has closed would lose the only attempt
        return self._ask(method, self._recall, path, body, attempts=1)

    def _ask(self, method: str, base: str, path: str, body: str | None = None, attempts: int | None = None) -> Any:
        attempt = 1
        while True:
            try:
                status, headers, text = self._try(method, base, path, body)
                if status < 300:
                    return json.loads(text)
                is_problem = headers.get("Content-Type", "").startswith("application/problem+json")
                failure: Exception = RefusedError(status, json.loads(text) if is_problem else {})
                retry_after = float(headers.get("Retry-After", 0))
                is_lasting = status not in _PASSING
            except (OSError, http.client.HTTPException) as no_answer:
                self._drop(base)
                failure = NoAnswerError(f"no answer from {base}{path}: {no_answer!r}")
                retry_after, is_lasting = 0.0, False
            if is_lasting or attempt >= (attempts or self._attempts):
                raise failure
            # full jitter: clients that failed together do not come back together (Brooker 2015)
            self._pause(retry_after + random.uniform(0, min(_LONGEST_PAUSE, _FIRST_PAUSE * 2 ** (attempt - 1))))
            attempt += 1

    def _try(self, method: str, base: str, path: str, body: str | None) -> tuple[int, Any, bytes]:
        connections = self._local.__dict__
        if base not in connections:
            url = urllib.parse.urlsplit(base)
            connections[base] = (
                http.client.HTTPSConnection(url.netloc, timeout=self._timeout, context=self._tls)
                if url.scheme == "https"
                else http.client.HTTPConnection(url.netloc, timeout=self._timeout)
            )
        connections[base].request(method, path, None if body is None else body.encode(), self._headers)
        response = connections[base].getresponse()
        return response.status, response.headers, response.read()

    def _drop(self, base: str) -> None:
        connection = self._local.__dict__.pop(base, None)
        if connection is not None:
            connection.close()


class _Waiting(NamedTuple):
    number: int
    kind: str
    text: str


class EventBatch:
    """Collects events and sends them in batches, in the order in which they were added, one batch after the other.

    An event is written once, with its id and time: however often it is sent, it counts once. Safe for threads.

    max_bytes: of a body; ingest.max-body-bytes at most
    max_wait: seconds that an event waits for others
    max_waiting: events that may wait; beyond them, adding raises
    on_unusable: told of events that cannot be used, which are left out
    on_failure: told of a batch that was not accepted, whose events still wait
    """

    def __init__(
        self,
        client: Millrace,
        *,
        max_events: int = 500,
        max_bytes: int = 1 << 19,
        max_wait: float = 0.2,
        max_waiting: int = 10_000,
        on_unusable: Callable[[dict[str, Any], Any], None] = lambda why, event: warnings.warn(f"left out: {why}"),
        on_failure: Callable[[Exception], None] = lambda failure: warnings.warn(str(failure)),
    ):
        self._client = client
        self._max_events = max_events
        self._max_bytes = max_bytes
        self._max_wait = max_wait
        self._max_waiting = max_waiting
        self._on_unusable = on_unusable
        self._on_failure = on_failure
        self._waiting: list[_Waiting] = []
        self._added = 0
        self._is_closed = False
        self._changed = threading.Condition()
        self._sending = threading.Lock()
        threading.Thread(target=self._send_all, name="millrace-events", daemon=True).start()

    def __enter__(self) -> EventBatch:
        return self

    def __exit__(self, *failure: Any) -> None:
        self.close()

    def exposure(self, user_id: str, item_id: str, **members: Any) -> str:
        """Returns the exposure's id, for its clicks."""
        return self._add_once("exposures", "exposure_id", user_id=user_id, item_id=item_id, **members)

    def click(self, user_id: str, item_id: str, **members: Any) -> str:
        """Returns the click's id."""
        return self._add_once("clicks", "click_id", user_id=user_id, item_id=item_id, **members)

    def user(self, user_id: str, **members: Any) -> None:
        self._add("users", {"time": _now(), "user_id": user_id, **members})

    def item(self, item_id: str, **members: Any) -> None:
        self._add("items", {"time": _now(), "item_id": item_id, **members})

    def remove_item(self, item_id: str) -> None:
        self._add("removed_items", item_id)

    def flush(self) -> None:
        """Returns when all that was added before is accepted; raises if a batch is not, whose events still wait."""
        with self._changed:
            last = self._added
        while True:
            with self._sending:
                with self._changed:
                    if not self._waiting or self._waiting[0].number > last:
                        return
                    batch = self._first_waiting()
                self._send(batch)

    def close(self) -> None:
        """Flushes, and takes no more."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()
        self.flush()

    def _add_once(self, kind: str, id_name: str, **members: Any) -> str:
        event = {"time": _now(), id_name: str(uuid.uuid4()), **members}
        self._add(kind, event)
        return event[id_name]

    def _add(self, kind: str, event: Any) -> None:
        text = _text(event)
        with self._changed:
            if self._is_closed:
                raise RuntimeError("the batch is closed")
            if len(self._waiting) >= self._max_waiting:
                raise RuntimeError(f"{len(self._waiting)} events wait: must be fewer than {self._max_waiting}")
            self._added += 1
            self._waiting.append(_Waiting(self._added, kind, text))
            self._changed.notify_all()

    def _send_all(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._is_closed)
                self._changed.wait_for(lambda: len(self._waiting) >= self._max_events or self._is_closed, self._max_wait)
                if self._is_closed:
                    return self._client.close()
            try:
                self.flush()
            except Exception as failure:  # of any kind: the events still wait, and are sent again
                self._on_failure(failure)

    def _first_waiting(self) -> list[_Waiting]:
        size = 0
        for at, event in enumerate(self._waiting[: self._max_events]):
            size += len(event.text.encode()) + 1
            if at > 0 and size > self._max_bytes:
                return self._waiting[:at]
        return self._waiting[: self._max_events]

    def _send(self, batch: list[_Waiting]) -> None:
        by_kind: dict[str, list[_Waiting]] = {}
        for event in batch:
            by_kind.setdefault(event.kind, []).append(event)
        members = (f'"{kind}":[{",".join(event.text for event in events)}]' for kind, events in by_kind.items())
        try:
            self._client.send_text("{" + ",".join(members) + "}")
            self._remove(batch)
        except RefusedError as refused:
            if refused.status != 422:
                raise
            for unusable in refused.problem["events"]:
                kind, at = _PLACE.fullmatch(unusable["event"]).groups()
                event = by_kind[kind][int(at)]
                self._remove([event])
                self._on_unusable(unusable, json.loads(event.text))

    def _remove(self, events: list[_Waiting]) -> None:
        numbers = {event.number for event in events}
        with self._changed:
            self._waiting = [one for one in self._waiting if one.number not in numbers]


def item_vectors(directory: str) -> tuple[list[str], Any]:
    """Ids and vectors that `millrace model export --vectors` wrote: rows of a NumPy array or, without NumPy, of a list."""
    folder = pathlib.Path(directory)
    ids = (folder / "ids.txt").read_text("utf-8").split("\n")[:-1]  # not splitlines: an id may have a U+2028
    try:
        import numpy

        return ids, numpy.load(folder / "vectors.npy")
    except ImportError:
        data = (folder / "vectors.npy").read_bytes()
        begin = 10 + int.from_bytes(data[8:10], "little")
        rows, width = map(int, re.search(rb"\((\d+), (\d+)\)", data[:begin]).groups())
        floats = array.array("f", data[begin:])
        if sys.byteorder == "big":
            floats.byteswap()
        return ids, [floats[row * width : (row + 1) * width] for row in range(rows)]


def _question(members: dict[str, Any]) -> dict[str, Any]:
    return {re.sub("_(.)", lambda part: part[1].upper(), name): value for name, value in members.items()}


def _text(value: Any) -> str:
    return json.dumps(value, allow_nan=False, separators=(",", ":"), default=_plain)


def _plain(value: Any) -> Any:
    """Arrays and numbers of NumPy, and times."""
    return value.isoformat() if hasattr(value, "isoformat") else value.tolist()


def _quoted(part: str) -> str:
    return urllib.parse.quote(part, safe="")


def _now() -> int:
    return time.time_ns() // 1_000_000
