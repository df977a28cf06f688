"""The load generator as child processes: started, fed, listened to, ended. Locust itself is imported in them alone."""

import contextlib
import json
import os
import secrets
import selectors
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from harness.model.errors import HarnessError

CHILD = Path(__file__).with_name("child.py")

Line = dict[str, Any]

_LONGEST = 64_000_000  # bytes of a line
_AT_ONCE = 1 << 16
_TURN = 1 << 22  # bytes taken in one call: what is more waits in the pipe, and the child with it
_LAST_WORDS = 4000  # bytes of standard error that are kept
_PATIENCE = 5.0  # seconds that a child has to end by itself

# What a child needs of the environment. The rest may hold secrets, or settings of Locust, Python and pytest.
_KEPT = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR", "SYSTEMROOT", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")


def worker_command(host: str, port: int, *, file: Path = CHILD) -> list[str]:
    """Return the command of a worker that takes its orders from a master at host and port."""
    return _locust(file, "--worker", "--master-host", host, "--master-port", str(port))


def worker_process(host: str, port: int) -> subprocess.Popen[bytes]:
    """Start a worker of a master on another machine; what it says goes where our own words go.

    No setting of Locust that lies in the user's folders or environment changes what it does.
    """
    return subprocess.Popen(worker_command(host, port), cwd=CHILD.parent, env=_environment())  # noqa: S603  our own file


def _locust(file: Path, *options: str) -> list[str]:
    # -P: the files beside child.py must not stand in for anybody's modules
    return [sys.executable, "-P", "-m", "locust", "-f", str(file), "--headless", *options]


def _environment(**more: str) -> dict[str, str]:
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    # Locust reads ~/.locust.conf
    return {**kept, "HOME": os.devnull, "PYTHONDONTWRITEBYTECODE": "1", **more}


class Generator:
    """Sends a plan from other processes, as a context: they end with it.

    `plan` is the JSON-able plan that child.py sends; it goes through a pipe, since it holds secrets. With one worker a
    single process sends everything; with more, a Locust master on a free loopback port has that many, and tells them
    the plan once they show the key that they were given through a pipe. `bind` is where workers of other machines are
    awaited, in place of local ones: whoever gets through to it is given the plan with its secrets, unencrypted, since
    Locust's protocol knows neither keys nor encryption. `file` is the Locust file.
    """

    def __init__(
        self, plan: Mapping[str, Any], *, workers: int, bind: tuple[str, int] | None = None, file: Path = CHILD
    ) -> None:
        self._key = "" if bind else secrets.token_hex(16)  # anybody on this machine can reach a loopback port
        self._plan = {**plan, "workers": workers, "key": self._key}
        self._workers = workers
        self._file = file
        self._bind = bind
        self._selector = selectors.DefaultSelector()
        self._lead: _Child | None = None
        self._local: dict[str, _Child] = {}
        self._told: set[str] = set()
        self._outbox = bytearray()
        self._seen = bytearray()
        self._found: list[Line] = []
        self._over = False
        self._said_end = False

    @property
    def ended(self) -> bool:
        """Tell whether the generator has ended, and every line of it was given out."""
        return self._over and not self._found

    @property
    def pid(self) -> int:
        """Return the process id of what sends (one worker) or leads (more)."""
        assert self._lead
        return self._lead.process.pid

    @property
    def trouble(self) -> str:
        """Return the end of what the children said on standard error, one after the other; bounded, printable."""
        children = ([self._lead] if self._lead else []) + list(self._local.values())
        return "\n".join(text for child in children if (text := child.last_words()))[-_LAST_WORDS:]

    def __enter__(self) -> Self:
        options: list[str] = []
        if self._bind or self._workers > 1:
            host, port = self._bind or ("127.0.0.1", 0)
            options = ["--master", "--master-bind-host", host, "--master-bind-port", str(port)]
            options += ["--expect-workers", str(self._workers), "--users", str(self._workers)]
        self._lead = self._start([*_locust(self._file, *options), "--skip-log-setup"], CUTOVER_LOAD_PIPE="lead")
        assert self._lead.process.stdout
        os.set_blocking(self._lead.process.stdout.fileno(), False)
        self._selector.register(self._lead.process.stdout, selectors.EVENT_READ, self._hear)
        self.send(self._plan)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        children = ([self._lead] if self._lead else []) + list(self._local.values())
        for child in children:
            child.close_input()
        deadline = time.monotonic() + _PATIENCE
        for child in children:
            child.end(deadline)
        self._selector.close()
        self._over = True

    def send(self, message: Mapping[str, Any]) -> None:
        """Say something to the generator; waits for nothing."""
        self._outbox += json.dumps(message, separators=(",", ":")).encode() + b"\n"
        self._speak()

    def lines(self, wait: float) -> list[Line]:
        """Return what was said by now, or within `wait` seconds if that is nothing; raises HarnessError for rubbish."""
        deadline = time.monotonic() + wait
        while not self._over:
            self._turn(0.0 if self._found else min(max(deadline - time.monotonic(), 0.0), 0.1))
            if self._found or time.monotonic() >= deadline:
                break
        found, self._found = self._found, []
        return found

    def _turn(self, wait: float) -> None:
        for key, _ in self._selector.select(wait):
            key.data()
        self._speak()
        for name, child in self._local.items():
            if name not in self._told and (code := child.process.poll()) is not None:
                self._told.add(name)
                if not self._said_end:
                    self.send({"type": "lost", "worker": name, "why": f"its process ended with {_code(code)}"})

    def _speak(self) -> None:
        """Hand over what is to be said as far as the pipe takes it."""
        if not self._outbox or not self._lead or not self._lead.process.stdin or self._lead.process.stdin.closed:
            return
        with contextlib.suppress(BlockingIOError):
            try:
                while self._outbox:
                    written = os.write(self._lead.process.stdin.fileno(), self._outbox[: 1 << 16])
                    del self._outbox[:written]
            except BrokenPipeError:
                self._outbox.clear()

    def _hear(self) -> None:
        """Take what the lead has said; its end is the end of everything."""
        assert self._lead
        assert self._lead.process.stdout
        taken = 0
        while taken < _TURN:
            try:
                data = os.read(self._lead.process.stdout.fileno(), _AT_ONCE)
            except BlockingIOError:
                break
            if not data:
                self._take_whole()
                self._finish()
                return
            taken += len(data)
            self._seen += data
        self._take_whole()

    def _take_whole(self) -> None:
        """Take the lines that are there to their end."""
        *whole, rest = bytes(self._seen).split(b"\n")
        self._seen = bytearray(rest)
        if len(rest) > _LONGEST:
            raise HarnessError("the load generator said a line without an end")
        for line in whole:
            self._take(line)

    def _take(self, text: bytes) -> None:
        try:
            line = json.loads(text)
            kind = line["type"]
        except (ValueError, TypeError, KeyError):
            raise HarnessError(f"the load generator said what is no line of its own: {text[:200]!r}") from None
        if kind == "listening":
            if not self._bind:
                self._start_workers(int(line["port"]))
            return
        self._found.append(line)
        if kind == "ended":
            self._said_end = self._over = True

    def _start_workers(self, port: int) -> None:
        for number in range(1, self._workers + 1):
            name = f"worker {number}"
            command = [*worker_command("127.0.0.1", port, file=self._file), "--skip-log-setup"]
            child = self._local[name] = self._start(command, CUTOVER_LOAD_PIPE="worker", CUTOVER_LOAD_NAME=name)
            assert child.process.stdin
            with contextlib.suppress(BrokenPipeError):  # its end is told elsewhere
                os.write(child.process.stdin.fileno(), json.dumps({"key": self._key}).encode() + b"\n")

    def _start(self, command: list[str], **more: str) -> "_Child":
        child = _Child(command, _environment(**more))
        self._selector.register(child.errors, selectors.EVENT_READ, lambda: self._hear_errors(child))
        return child

    def _hear_errors(self, child: "_Child") -> None:
        if not child.hear_errors():
            self._selector.unregister(child.errors)

    def _finish(self) -> None:
        assert self._lead
        assert self._lead.process.stdout
        self._selector.unregister(self._lead.process.stdout)
        self._over = True
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._lead.process.wait(_PATIENCE)
        while self._lead.hear_errors():
            pass
        if not self._said_end:
            why = self.trouble or f"the load generator ended with {_code(self._lead.process.returncode)}"
            self._found.append({"type": "ended", "why": "failed", "detail": why, "unsent": {}, "per_worker": {}})


class _Child:
    """One process in a session of its own, so that Ctrl-C reaches only us; its standard error is kept, bounded."""

    def __init__(self, command: list[str], environment: Mapping[str, str]) -> None:
        self.process = subprocess.Popen(  # noqa: S603  our own file, by our own interpreter
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE if environment["CUTOVER_LOAD_PIPE"] == "lead" else subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            cwd=CHILD.parent,
            env=environment,
            start_new_session=True,
            bufsize=0,
        )
        assert self.process.stdin
        assert self.process.stderr
        self.errors = self.process.stderr
        os.set_blocking(self.errors.fileno(), False)
        os.set_blocking(self.process.stdin.fileno(), False)
        self._kept = b""

    def hear_errors(self) -> bool:
        """Take what it has said on standard error; False when there is nothing more (to come, or now)."""
        try:
            data = os.read(self.errors.fileno(), _AT_ONCE)
        except BlockingIOError:
            return False
        self._kept = (self._kept + data)[-_LAST_WORDS:]
        return bool(data)

    def last_words(self) -> str:
        """Return the end of what it said on standard error, with nothing that a terminal would act on."""
        text = self._kept.decode(errors="replace")
        return "".join(_printable(text)).strip()

    def close_input(self) -> None:
        """Let it see that nothing more will come: it ends by that."""
        assert self.process.stdin
        with contextlib.suppress(OSError):
            self.process.stdin.close()

    def end(self, deadline: float) -> None:
        """Wait for its end until the deadline; then kill it."""
        try:
            self.process.wait(max(deadline - time.monotonic(), 0.0))
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        for pipe in (self.process.stdout, self.process.stderr):
            if pipe:
                pipe.close()


def _printable(text: str) -> Iterator[str]:
    return (one if one.isprintable() or one == "\n" else "?" for one in text)


def _code(code: int | None) -> str:
    return f"signal {-code}" if code is not None and code < 0 else f"exit code {code}"
