"""One side of the wire, or one door: its queue, its pace, its pools of connections and handles."""

from collections import deque
from collections.abc import Callable
from contextlib import suppress

import pycurl

from harness.model.exchange import Exchange
from harness.model.gateway import Gateway, Limits
from harness.model.request import ClientCertificate, Request
from harness.model.response import Answer, NoResponse, Reason, Response
from harness.wire.bodies import BodyReader
from harness.wire.heads import Head, HeadReader
from harness.wire.made import exchange, response
from harness.wire.options import IDLE_SECONDS, origin_of, settings
from harness.wire.pace import Pace
from harness.wire.pool import Pool, shown
from harness.wire.refusal import Gatekeeper
from harness.wire.transfer import Transfer
from harness.wire.trouble import SEND_FAILED, TIMED_OUT, TOO_LARGE, detail_of, reason_of, too_large

Users = dict[pycurl.Curl, tuple["Lane", Transfer]]


class Lane:
    """Sends one gateway's requests in order, as its limits allow, on connections that no other lane uses.

    `pace` is that of its side: a side and its doors are one gateway, asked no faster than its rate in all.
    """

    def __init__(
        self,
        gateway: Gateway,
        limits: Limits,
        pace: Pace,
        multi: pycurl.CurlMulti,
        users: Users,
        wall: Callable[[], float],
    ) -> None:
        self._multi = multi
        self._users = users
        self._wall = wall
        self._limits = limits
        self._gatekeeper = Gatekeeper(origin_of(gateway.url))
        self._settings = settings(gateway, limits.body)
        self._plain = Pool(self._settings)
        self._showing: dict[ClientCertificate, Pool] = {}
        self._secure = gateway.url.lower().startswith("https:")
        self._pace = pace
        self._queue: deque[tuple[Request, str, object]] = deque()
        self._heads = HeadReader()
        self._bodies = BodyReader(limits.body)
        self.flying: set[Transfer] = set()

    @property
    def pending(self) -> int:
        """Requests queued and in flight."""
        return len(self._queue) + len(self.flying)

    def queue(self, request: Request, token: object) -> str:
        """Put a request at the end of the queue; if it must not be sent, return why instead."""
        target = self._gatekeeper.target(request)
        if not target:
            return self._gatekeeper.why(request)
        if request.certificate is not None and (why := self._unshowable(request.certificate)):
            return why
        self._queue.append((request, target, token))
        return ""

    def start(self, now: float) -> None:
        """Hand over to libcurl as many requests as rate and concurrency allow."""
        room = min(len(self._queue), self._limits.concurrency - len(self.flying))
        if room <= 0:
            return
        granted = self._pace.take(now, room)
        if not granted:
            return
        sent_at = self._wall()
        queue, plain, flying, add = self._queue, self._plain, self.flying, self._multi.add_handle
        for _ in range(granted):
            request, target, token = queue.popleft()
            pool = plain if request.certificate is None else self._showing[request.certificate]
            transfer = pool.idle.pop() if pool.idle else self._transfer(pool)
            transfer.prepare(request, target, token)
            if now < pool.doubtful_until:
                transfer.connect_anew()
            transfer.sent_at = sent_at
            flying.add(transfer)
            add(transfer.handle)

    def _unshowable(self, certificate: ClientCertificate) -> str:
        """Have a pool ready for `certificate`, or return why it cannot be shown."""
        if certificate in self._showing:
            return ""
        if not self._secure:
            return "a client certificate can be shown on https alone"
        from harness.wire.client_certificate import unusable  # noqa: PLC0415  heavy; few runs need it

        why = unusable(certificate)
        if not why:
            self._showing[certificate] = Pool(self._settings + shown(certificate))
        return why

    def _transfer(self, pool: Pool) -> Transfer:
        transfer = Transfer(pool)
        self._users[transfer.handle] = (self, transfer)
        return transfer

    def due(self, now: float) -> float | None:
        """Return the seconds until the next send, None if nothing can be sent before an answer comes."""
        if not self._queue or len(self.flying) >= self._limits.concurrency:
            return None
        return self._pace.due(now)

    def finish(self, transfer: Transfer) -> tuple[object, Exchange]:
        """Read the answer that a transfer brought, and take its handle back."""
        self._multi.remove_handle(transfer.handle)
        self.flying.discard(transfer)
        transfer.pool.idle.append(transfer)
        heads, lines, chunks = self._heads, transfer.lines, transfer.chunks
        data = chunks[0] if len(chunks) == 1 else b"".join(chunks)
        plain = heads.plain(lines)
        answer: Answer
        if plain is None:
            answer = self._unusual(transfer, heads.read(lines), data)
        else:
            line, headers = plain
            coding = heads.coding(headers) if heads.codings else ""
            body = self._bodies.coded(data, coding) if coding else self._bodies.plain(data)
            certificate = transfer.pool.certificate(transfer, self.flying) if self._secure else None
            answer = response(line, headers, body, transfer.timings(), certificate)
        lines.clear()
        chunks.clear()
        return transfer.token, exchange(transfer.request, answer, transfer.sent_at)

    def fail(self, transfer: Transfer, code: int, words: str, now: float) -> tuple[object, Exchange]:
        """Say why a transfer brought no answer, and take its handle back."""
        self._multi.remove_handle(transfer.handle)
        self.flying.discard(transfer)
        transfer.pool.idle.append(transfer)
        answer = self._trouble(transfer, code, words)
        if code == SEND_FAILED and transfer.kept():
            transfer.pool.doubtful_until = now + IDLE_SECONDS + 1
        transfer.spoil()
        return transfer.token, exchange(transfer.request, answer, transfer.sent_at)

    def drop(self) -> None:
        """Forget everything, sent or not; the multi handle may be closed after this."""
        for transfer in self.flying:
            with suppress(pycurl.error):
                self._multi.remove_handle(transfer.handle)
        for transfer in self.flying:
            transfer.close()
        for pool in self._pools():
            for transfer in pool.idle:
                transfer.close()
            pool.idle.clear()
        self.flying.clear()
        self._queue.clear()

    def close(self) -> None:
        """Close the connections; only after the multi handle."""
        for pool in self._pools():
            pool.close()

    def _pools(self) -> tuple[Pool, ...]:
        return self._plain, *self._showing.values()

    def _unusual(self, transfer: Transfer, head: Head, data: bytes) -> Answer:
        """Answer for interim blocks, trailers, bare line feeds; what has no final block is no answer."""
        if head.status is None or not head.complete:
            return NoResponse(
                reason=Reason.PROTOCOL,
                detail="the answer ended within its headers",
                status=head.status,
                headers=head.headers,
                timings=transfer.timings(),
            )
        coding = self._heads.coding(head.headers)
        return Response(
            status=head.status,
            reason=head.reason,
            version=head.version,
            headers=head.headers,
            body=self._bodies.coded(data, coding) if coding else self._bodies.plain(data),
            trailers=head.trailers,
            interim=head.interim,
            timings=transfer.timings(),
            certificate=transfer.pool.certificate(transfer, self.flying) if self._secure else None,
        )

    def _trouble(self, transfer: Transfer, code: int, words: str) -> NoResponse:
        head = self._heads.read(transfer.lines)
        received = sum(map(len, transfer.chunks))
        failure = transfer.failure(code, words)
        reason, detail = reason_of(failure, head), detail_of(failure)
        if code == TIMED_OUT and transfer.stalled():
            reason = Reason.HARNESS
            detail = f"{detail}; this process did not look for {transfer.gap * 1000:.0f} ms of it"
        if code == TOO_LARGE:
            detail = too_large(self._limits.body, received, head.headers)
        if self._secure:
            transfer.pool.certificate(transfer, self.flying)
        return NoResponse(
            reason=reason,
            detail=detail,
            status=head.status,
            headers=head.headers,
            received=received,
            timings=transfer.timings(),
        )
