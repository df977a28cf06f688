"""libcurl's multi interface in one greenlet, beside Locust: the other client that the load engine could have had."""

import json
import sys
import time
from typing import Any

import gevent
import locust  # noqa: F401  patches the sockets, as it does in the engine's process
import pycurl

from harness.load.child import microseconds

FLYING = 64


def main() -> None:
    """Ask as fast as it is answered for some seconds, with two latencies of each request recorded; print JSON."""
    url, seconds = sys.argv[1], float(sys.argv[2])
    multi = pycurl.CurlMulti()
    counted: dict[int, int] = {}
    outcomes: dict[int, int] = {}
    for _ in range(FLYING):
        send(multi, made(url))
    good: list[Any] = []
    done, started, cpu = 0, time.monotonic(), time.process_time()
    while time.monotonic() - started < seconds:
        if not (good or multi.select(0.001)):
            gevent.sleep(0)
        multi.perform()
        left = 1
        while left:
            left, good, bad = multi.info_read(FLYING)
            assert not bad, bad
            now = time.monotonic()
            for curl in good:
                assert isinstance(curl, Handle)
                done += 1
                status = curl.getinfo(pycurl.RESPONSE_CODE)
                outcomes[status] = outcomes.get(status, 0) + 1
                for _ in range(2):
                    value = microseconds(now - curl.sent)
                    counted[value] = counted.get(value, 0) + 1
                multi.remove_handle(curl)
                send(multi, curl)
        gevent.sleep(0)
    sys.stdout.write(json.dumps({"cpu": time.process_time() - cpu, "sent": done}) + "\n")


def made(url: str) -> Any:
    """Return a handle with what this project always sets (docs/decisions/0002)."""
    curl = Handle()
    curl.setopt(pycurl.NOSIGNAL, 1)
    curl.setopt(pycurl.PROXY, "")
    curl.setopt(pycurl.WRITEFUNCTION, len)
    curl.setopt(pycurl.URL, url)
    curl.setopt(pycurl.REQUEST_TARGET, "/x")
    curl.setopt(pycurl.HTTPHEADER, ["Accept: */*", "User-Agent:"])
    curl.setopt(pycurl.TIMEOUT_MS, 35_000)
    curl.setopt(pycurl.PREREQFUNCTION, lambda *_: pycurl.PREREQFUNC_OK)  # a request that goes out twice is seen here
    return curl


class Handle(pycurl.Curl):
    """A handle that knows when it was sent."""

    sent = 0.0


def send(multi: Any, curl: Any) -> None:
    """Start a request."""
    curl.sent = time.monotonic()
    multi.add_handle(curl)


if __name__ == "__main__":
    main()
