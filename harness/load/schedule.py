"""When requests are due, reckoned beforehand: pure, and in step with what child.py sends."""

import math
import random
from collections.abc import Iterator, Sequence
from itertools import groupby

from harness.load.recorded import Recorded, recorded
from harness.model.errors import Problem, ScenarioError, UsageError
from harness.scenario.control import Place
from harness.scenario.types import Load, Profile, Scenario, Segment

_SLACK = 1e-6  # requests: what rounding may add to a sum of rates


def segments(profile: Profile) -> tuple[Segment, ...]:
    """Return the stretches of a profile, in order; none for a replay."""
    return profile.segments


def words(profile: Profile) -> str:
    """Return a profile in words ("50/s for 2m")."""
    return profile.text or ", then ".join(_in_words(part) for part in profile.segments) or "as recorded"


def _in_words(part: Segment) -> str:
    rate = f"{part.start:g}/s" if part.start == part.end else f"{part.start:g} to {part.end:g}/s"
    return f"{rate} for {part.seconds:g} s"


def arrivals_of(scenario: Scenario) -> list[float]:
    """Return the arrival times of the scenario's replay; none where its profile is one of rates.

    Raises ScenarioError where the recording cannot be read, or tells no times.
    """
    assert scenario.load is not None
    profile = scenario.load.profile
    if profile.replay is None:
        return []
    where = profile.written or place_of(scenario)
    try:
        found = arrivals(profile, recorded(profile.replay))
    except UsageError as error:
        raise wrong(where, error.message, error.hint) from None
    if not found:
        hint = "a replay needs the time of each request; a profile of rates needs none: {rate: 50, for: 2m}"
        raise wrong(where, f"no line of {profile.replay.name} tells when its request came", hint)
    return found


def arrivals(profile: Profile, recording: Recorded) -> list[float]:
    """Return when the recorded requests came, in seconds from the first, divided by the profile's speed; sorted.

    Most logs tell whole seconds only: then the requests of one second are spread evenly over it, since to send them all
    at its beginning would be a burst that nobody recorded.
    """
    whole = all(at.is_integer() for at in recording.times)
    times = list(_spread(recording.times)) if whole else recording.times
    found = [(at - times[0]) / profile.speed for at in times]
    return [at for at in found if at < profile.seconds] if profile.seconds else found


def _spread(times: Sequence[float]) -> Iterator[float]:
    for second, same in groupby(times):
        count = sum(1 for _ in same)
        yield from (second + number / count for number in range(count))


def planned(load: Load, arrivals: Sequence[float] = (), *, seed: int | None = None) -> int:
    """Return how many requests a side is sent in the measured part.

    Slot i is due where the integral of the rate comes to i. Arrivals at random are counted exactly where the plan's
    `seed` is given, else as many as are expected.
    """
    if arrivals:
        return len(arrivals)
    if load.profile.poisson and seed is not None:
        return _drawn(load.profile, seed)
    return math.ceil(_area(load.profile) - _SLACK)


def _area(profile: Profile) -> float:
    whole = 0.0
    for part in profile.segments:  # the sum as child.py makes it: another order rounds otherwise
        whole += (part.start + part.end) / 2 * part.seconds
    return whole


def _drawn(profile: Profile, seed: int) -> int:
    """Return how many exponential steps fit in the profile, drawn as child.py draws them."""
    chance, whole, count = random.Random(seed + 1), _area(profile), 0  # noqa: S311  a schedule, no secret
    wanted = chance.expovariate(1.0)
    while wanted < whole - _SLACK:
        count += 1
        wanted += chance.expovariate(1.0)
    return count


def warm_up(load: Load, arrivals: Sequence[float] = ()) -> int:
    """Return how many requests a side is sent before the measured part, at the rate that this begins with."""
    if arrivals:
        first = len(arrivals) / max(seconds(load, arrivals), 1.0)
    else:
        first = load.profile.segments[0].start if load.profile.segments else 0.0
    return round(first * load.warm_up)


def seconds(load: Load, arrivals: Sequence[float] = ()) -> float:
    """Return how long the measured part lasts."""
    return float(arrivals[-1]) if arrivals else sum(part.seconds for part in load.profile.segments)


def peak(load: Load, arrivals: Sequence[float] = ()) -> float:
    """Return the highest rate of a side in requests/s; of a replay, the most that came within any one second."""
    if not arrivals:
        return max((max(part.start, part.end) for part in load.profile.segments), default=0.0)
    most = first = 0
    for number, at in enumerate(arrivals):
        while at - arrivals[first] >= 1.0:
            first += 1
        most = max(most, number - first + 1)
    return float(most)


def per_worker(requests: int, workers: int) -> list[int]:
    """Return how many requests each worker sends: slot i goes to worker i % workers."""
    return [len(range(number, requests, workers)) for number in range(workers)]


def place_of(scenario: Scenario) -> Place:
    """Return where the load section is written."""
    assert scenario.load is not None
    return scenario.load.written or Place(file=scenario.files[0], line=1, column=1)


def wrong(where: Place, message: str, hint: str = "") -> ScenarioError:
    """Return the error that says what is wrong at a place of the scenario."""
    problem = Problem(file=where.file, line=where.line, column=where.column, message=message, hint=hint)
    return ScenarioError([problem])


def at_most(scenario: Scenario, arrivals: Sequence[float]) -> None:
    """Raise ScenarioError where a replay goes beyond the section's bounds; rates were checked as they were read."""
    load = scenario.load
    assert load is not None
    if not arrivals:
        return
    where = load.profile.written or place_of(scenario)
    whole = len(arrivals) + warm_up(load, arrivals)
    if whole > load.max_requests:
        message = f"the recording has {whole:,} requests a side, and no more than {load.max_requests:,} may be sent"
        raise wrong(where, message, f"a shorter time (for: 10m), or max_requests: {whole}")
    highest = peak(load, arrivals)
    if load.max_rate is not None and highest > load.max_rate:
        message = (
            f"the recording has {highest:g} requests in one second, and no more than {load.max_rate:g}/s may be sent"
        )
        raise wrong(where, message, f"a lower speed, or max_rate: {highest:g}")
