"""A bare Locust FastHttpUser, as anybody writes it: what the load engine is measured against."""

import json
import os
import sys
import time
from typing import Any

from locust import FastHttpUser, constant, events, task


class Bare(FastHttpUser):
    """Asks as fast as it is answered."""

    wait_time = constant(0)

    @task
    def ask(self) -> None:
        """Ask once."""
        self.client.get("/x")


def tell(environment: Any, **_: Any) -> None:
    """Tell how many requests a second of CPU was good for, start-up not counted."""
    cpu, sent = time.process_time() - STARTED[0], environment.stats.total.num_requests - STARTED[1]
    sys.stdout.write(json.dumps({"cpu": cpu, "sent": sent, "pid": os.getpid()}) + "\n")


def begin(environment: Any, **_: Any) -> None:
    """Begin to count once all users are there."""
    STARTED[:] = [time.process_time(), environment.stats.total.num_requests]


STARTED: list[float] = [0.0, 0]
HOOKS: Any = events
HOOKS.spawning_complete.add_listener(lambda **_: begin(SEEN[0]))
HOOKS.quitting.add_listener(tell)
SEEN: list[Any] = []
HOOKS.init.add_listener(lambda environment, **_: SEEN.append(environment))
