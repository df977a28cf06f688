"""pytest as the executor of suites: collect cases as items, send them all, then let the items judge.

`cutover rehearse` and `pytest suites/parity --scenario FILE` both come through here. The fixtures `pair`, `old`, `new`
and `scenario` are for anyone's own tests.
"""

import gc
import signal
import sys
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import FrameType
from typing import Protocol

import pytest

from harness.decide.cases import OWN_TESTS
from harness.engine.masking import mask_of
from harness.engine.own import OneSide
from harness.engine.session import Order, Session
from harness.engine.suites import DNS, LOAD, PARITY, SECURITY, Item, Suites, info_of, key_of, suites_of
from harness.model.check import Tick
from harness.model.errors import CutoverError, HarnessError
from harness.model.event import Event
from harness.model.finding import CaseResult, Summary
from harness.model.outcome import EXIT_OF_VERDICT, ExitCode, Outcome
from harness.model.side import Side
from harness.report.plain import PlainListener
from harness.report.render import render
from harness.report.text import short
from harness.scenario.load import load
from harness.scenario.sets import assignments
from harness.scenario.types import Scenario

MANY_FAILURES = 200
MOST_OF_COMPARISON = 2000  # characters
FIXTURES = {"pair": PARITY, "probe": SECURITY, "threshold": LOAD, "topic": DNS}
"""What a test asks for, and the suite that it then judges."""


class Listener(Protocol):
    """Whoever shows progress; everything comes from events."""

    def begin(self, session: Session, items: Sequence[Item]) -> None:
        """Take note that sending starts."""

    def event(self, event: Event) -> None:
        """Take an event that was journaled."""

    def tick(self, tick: Tick) -> None:
        """Take how a check that takes long is getting on, about once a second."""

    def sent(self) -> None:
        """Take note that judging starts."""

    def finish(self, summary: Summary, files: dict[str, Path]) -> None:
        """Tell the end: all is judged and written."""


def from_options(config: pytest.Config, file: str) -> "Rehearsal":
    """Make the plugin for plain pytest's door; a wrong scenario is pytest's usage error (exit 4)."""
    try:
        sets = assignments(config.getoption("cutover_set"))
        scenario = load(Path(file), sets=sets)
    except CutoverError as error:
        raise pytest.UsageError(f"{error}\n{error.hint}".strip()) from error
    order = Order(runs=Path(config.getoption("cutover_runs")), sets=sets)
    return Rehearsal(scenario=scenario, order=order, listener=PlainListener())


@dataclass(frozen=True, slots=True)
class UnderTest:
    """What `pair`, `probe`, `threshold` and `topic` give: the record of a case or check, already asked and judged."""

    item: Item
    result: CaseResult

    @property
    def outcome(self) -> Outcome:
        """Return the worst outcome over the case's steps and repeats."""
        return self.result.outcome

    def check(self) -> None:
        """Fail with the reasons if the new side does not answer, or decide, as the old one did."""
        if self.result.outcome is Outcome.FAIL:
            pytest.fail(_text(self.result), pytrace=False)


@dataclass(slots=True, eq=False)
class Rehearsal:
    """The plugin: one run of one scenario."""

    scenario: Scenario
    order: Order
    listener: Listener
    suites: Suites = field(init=False)
    quiet_terminal: bool = False
    summary: Summary | None = None
    failure: BaseException | None = None
    _session: Session | None = None
    _items: list[Item] = field(default_factory=list)
    _collected: set[str] = field(default_factory=set)
    _not_asked: set[str] = field(default_factory=set)
    _interrupted: bool = False
    _torn: bool = False

    def __post_init__(self) -> None:
        self.suites = suites_of(self.scenario, bind=self.order.bind)

    # --- collection -------------------------------------------------------------------------------------------------

    @pytest.hookimpl(trylast=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        """Refuse workers (they would send everything twice); take over the terminal where the command asked."""
        if getattr(config.option, "numprocesses", None) or hasattr(config, "workerinput"):
            raise pytest.UsageError("cutover sends each request once: pytest-xdist (-n) cannot be used with --scenario")
        config.addinivalue_line("markers", "cutover: a test of the harness's own suites")
        reporter = config.pluginmanager.get_plugin("terminalreporter")
        if self.quiet_terminal and reporter is not None:
            config.pluginmanager.unregister(reporter)

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """Make an item of each case for a test that asks for `pair`; likewise `probe`, `threshold` and `topic`."""
        for fixture, suite in FIXTURES.items():
            if fixture in metafunc.fixturenames:
                self._collected.add(suite)
                asked = self._of(suite)
                shown = mask_of(self.scenario).text
                metafunc.parametrize(fixture, asked, ids=[shown(info_of(one).name) for one in asked], indirect=True)

    def _of(self, suite: str) -> tuple[Item, ...]:
        """Return what a suite asks in this run; only parity can be asked of one side at a time."""
        one_sided = self.order.only is not None or bool(self.order.against)
        return () if one_sided and suite != PARITY else self.suites.items.get(suite, ())

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        """Refuse suites that the scenario has no section for; on --resume keep to what the run set out to judge."""
        self._refuse_absent()
        if not self.order.resume or config.option.collectonly:
            return
        before = self._open().planned_before
        if before is None:
            return
        kept = [item for item in items if (asked := _asked_by(item)) is None or key_of(asked) in before]
        config.hook.pytest_deselected(items=[item for item in items if item not in set(kept)])
        items[:] = kept

    def _refuse_absent(self) -> None:
        """Raise pytest's usage error (exit 4) where nothing but suites without a section was collected."""
        absent = sorted(self._collected - set(self.suites.items))
        if absent and set(absent) == self._collected:
            sections = " and no ".join(f"`{suite}`" for suite in absent)
            raise pytest.UsageError(
                f"{self.scenario.files[0]}: the scenario has no {sections} section\nadd it, or name another suite"
            )

    # --- sending ----------------------------------------------------------------------------------------------------

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> None:
        """Send everything that was selected before any item judges."""
        if session.config.option.collectonly or session.testsfailed:
            return
        run = self._open()
        self._items = run.suites.with_controls(_distinct(session.items))
        run.plan(self._items, selection=self._selection(session.config, run))
        run.watching = self.listener.tick
        self.listener.begin(run, self._items)
        try:
            with self._stoppable(run):
                for event in run.run(self._items):
                    self.listener.event(event)
        finally:
            self.listener.sent()
        if _many(run, self._items):
            session.config.option.tbstyle = "no"
        gc.freeze()

    @contextmanager
    def _stoppable(self, run: Session) -> Iterator[None]:
        """Let the first SIGINT or SIGTERM end the run between two events; a second one ends it where it stands."""

        def stop(_number: int, _frame: FrameType | None) -> None:
            if run.stopping:
                self._torn = True
                raise KeyboardInterrupt
            run.stopping = True

        before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _open(self) -> Session:
        if self._session is None:
            self._session = Session.open(self.scenario, self.suites, self._narrowed())
        return self._session

    def _narrowed(self) -> Order:
        """Return the order, narrowed to the suites that were collected where these are not all that there are."""
        narrowed = bool(self._collected) and self._collected < set(self.suites.items)
        return replace(self.order, suites=tuple(sorted(self._collected))) if narrowed else self.order

    def _selection(self, config: pytest.Config, run: Session) -> str:
        if run.planned_before is not None:
            return ""
        words = [f"--suite {suite}" for suite in self._narrowed().suites]
        if config.option.keyword:
            words.append(f"-k {config.option.keyword}")
        if getattr(config.option, "lf", False):
            words.append("--lf")
        return " ".join(words)

    # --- judging ----------------------------------------------------------------------------------------------------

    @pytest.fixture(name="pair")
    def fixture_pair(self, request: pytest.FixtureRequest) -> UnderTest:
        """Return the record of one case; where nothing could be judged the test errs, skips where it was not sent."""
        return self._under_test(request.param)

    @pytest.fixture(name="probe")
    def fixture_probe(self, request: pytest.FixtureRequest) -> UnderTest:
        """Return the record of one cell of the security suite, as `pair` does."""
        return self._under_test(request.param)

    @pytest.fixture(name="threshold")
    def fixture_threshold(self, request: pytest.FixtureRequest) -> UnderTest:
        """Return the record of one threshold of the load suite, as `pair` does."""
        return self._under_test(request.param)

    @pytest.fixture(name="topic")
    def fixture_topic(self, request: pytest.FixtureRequest) -> UnderTest:
        """Return the record of one topic of the DNS suite, as `pair` does."""
        return self._under_test(request.param)

    def _under_test(self, item: Item) -> UnderTest:
        assert self._session is not None
        result = self._session.fold.result(*key_of(item))
        if result.skipped:
            pytest.skip(result.info.skip)
        if result.outcome in {Outcome.ERROR, Outcome.INCONCLUSIVE}:
            pytest.fail(_text(result), pytrace=False)
        return UnderTest(item, result)

    @pytest.fixture(name="scenario")
    def fixture_scenario(self) -> Scenario:
        """Return the scenario of this run."""
        return self.scenario

    @pytest.fixture(name="old")
    def fixture_old(self, request: pytest.FixtureRequest) -> OneSide:
        """Return the old gateway, to be asked by a test of one's own."""
        return self._side(request, Side.OLD)

    @pytest.fixture(name="new")
    def fixture_new(self, request: pytest.FixtureRequest) -> OneSide:
        """Return the new gateway, to be asked by a test of one's own."""
        return self._side(request, Side.NEW)

    def _side(self, request: pytest.FixtureRequest, side: Side) -> OneSide:
        assert self._session is not None
        return OneSide(session=self._session, side=side, item=request.node.name)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Mask what a test of one's own shows of an answer, before pytest prints it or any plugin writes it down."""
        report = yield
        if self._session is not None and "cutover" not in report.keywords:
            _hide(report, self._session.shown)
            if call.excinfo is not None and isinstance(call.excinfo.value, HarnessError):
                self._not_asked.add(report.nodeid)
        return report

    @pytest.hookimpl(tryfirst=True)
    def pytest_assertrepr_compare(self, op: str, left: object, right: object) -> list[str] | None:
        """Tell a comparison that shows a secret in one line: pytest's own diff wraps lines, through a secret too."""
        if self._session is None:
            return None
        try:
            told = f"{left!r} {op} {right!r}"
        except Exception:  # noqa: BLE001  a value that cannot even be shown; pytest has its own words for that
            return None
        shown = self._session.shown(told)
        return None if shown == told else [short(shown, MOST_OF_COMPARISON)]

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Journal the outcome of tests that are not generated from cases."""
        if self._session is None or "cutover" in report.keywords:
            return
        if report.when == "call" or report.outcome != "passed":
            ours = report.when != "call" or report.nodeid in self._not_asked
            outcome = "error" if ours and report.outcome == "failed" else report.outcome
            self._session.judged(OWN_TESTS, report.nodeid, outcome, report.longreprtext)

    # --- the end ----------------------------------------------------------------------------------------------------

    def pytest_keyboard_interrupt(self) -> None:
        """Remember that the run is not whole."""
        self._interrupted = True

    def pytest_internalerror(self, excinfo: pytest.ExceptionInfo[BaseException]) -> bool:
        """Remember what broke; the command tells it in its own words, without a traceback that may hold secrets."""
        self.failure = excinfo.value
        return self.quiet_terminal

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Conclude the run; whatever goes wrong here is the harness's own failure, never Python's exit code 1."""
        if self._session is None:
            return
        try:
            self._conclude(session, self._session)
        except Exception as error:  # noqa: BLE001  it would leave pytest as a traceback, which reads NO-GO
            self.failure = error
            session.exitstatus = int(ExitCode.INTERNAL)
            if not self.quiet_terminal:
                sys.stderr.write(f"\ncutover: the harness failed: {self._session.shown(str(error))}\n")

    def _conclude(self, session: pytest.Session, run: Session) -> None:
        """Seal the journal, write the reports, and let the verdict set the exit status."""
        with run:
            if self.failure is not None or session.exitstatus in {ExitCode.INTERNAL, ExitCode.USAGE}:
                return
            if self._torn:
                return
            run.end(interrupted=self._interrupted)
        self.summary, files = render(run.run_dir)
        self.listener.finish(self.summary, files)
        code = ExitCode.INTERRUPTED if self._interrupted else EXIT_OF_VERDICT[self.summary.verdict]
        session.exitstatus = int(code)


def _hide(report: pytest.TestReport, shown: Callable[[str], str]) -> None:
    """Mask the texts of a report; one without a secret keeps its form and colours."""
    if isinstance(report.longrepr, tuple):
        path, line, why = report.longrepr
        report.longrepr = path, line, shown(why)
    elif report.longrepr is not None:
        text = report.longreprtext
        masked = shown(text)
        if masked != text:
            report.longrepr = masked
    report.sections = [(name, shown(content)) for name, content in report.sections]


def _asked_by(item: pytest.Item) -> Item | None:
    """Return what a test item judges; None for a test of somebody's own."""
    callspec = getattr(item, "callspec", None)
    if callspec is None:
        return None
    asked: Item | None = next((callspec.params[name] for name in FIXTURES if name in callspec.params), None)
    return asked if hasattr(asked, "index") or hasattr(asked, "info") else None  # pytest's own mark for an empty suite


def _distinct(items: Iterable[pytest.Item]) -> list[Item]:
    """Return what was selected; several tests may look at one case."""
    return list({key_of(asked): asked for item in items if (asked := _asked_by(item)) is not None}.values())


def _many(run: Session, items: list[Item]) -> bool:
    bad = 0
    for item in items:
        bad += run.fold.result(*key_of(item)).outcome is not Outcome.PASS
        if bad > MANY_FAILURES:
            return True
    return False


def _text(result: CaseResult) -> str:
    head = f"{result.info.name} ({result.info.operation}): {result.outcome}"
    flaky = [f"seen in {result.flaky} repeats"] if result.flaky else []
    return "\n".join([head, *(f"  {line}" for line in (*result.why, *flaky))])
