"""What the fold keeps of loads: each one that was begun, with what came of it."""

from harness.decide.fold import fold
from harness.model.event import Event, GateInfo, Loaded, Loading, Planned, Started
from harness.model.load import LoadState
from harness.model.outcome import Verdict

STARTED = Started(
    run="r1", at=1.0, version="0", scenario="s", scenario_files=("s.yaml",), digest="d", environment="",
    mode="rehearse", seed=1, gateways={}, gates=GateInfo(require=("load",)),
)  # fmt: skip


def _loading(seed: int) -> Loading:
    return Loading(
        at=2.0, suite="load", profile="50/s for 2m", order="interleaved", workers=1, seconds=120.0, warm_up=0.0,
        planned={"old": 6_000, "new": 6_000}, mix={"list": 1.0}, seed=seed,
    )  # fmt: skip


def _loaded(state: LoadState) -> Loaded:
    return Loaded(at=3.0, suite="load", state=state.value, started=2.5, seconds=120.0)


def _folded(*events: Event) -> list[tuple[int | None, str | None]]:
    summary = fold([STARTED, Planned(at=1.5, suite="load", cases=()), *events])
    assert summary.verdict is Verdict.HOLD, "a load by itself proves nothing: its checks do"
    return [
        (run.loading.seed if run.loading else None, run.loaded.state if run.loaded else None) for run in summary.loads
    ]


def test_a_load_is_kept_with_what_came_of_it() -> None:
    assert _folded(_loading(7), _loaded(LoadState.FINISHED)) == [(7, "finished")]


def test_a_load_that_was_cut_off_is_kept_beside_the_one_that_was_sent_anew() -> None:
    found = _folded(_loading(1), _loading(2), _loaded(LoadState.ABORTED), _loading(3), _loaded(LoadState.FINISHED))
    assert found == [(1, None), (2, "aborted"), (3, "finished")]


def test_a_result_without_a_beginning_is_not_lost() -> None:
    assert _folded(_loaded(LoadState.FAILED)) == [(None, "failed")]


def test_a_run_without_a_load_has_none() -> None:
    assert _folded() == []
