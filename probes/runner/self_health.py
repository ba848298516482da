"""How the suite itself fares: whether its loop is late, and whether this machine gives it what it
needs. A time-out of a starved suite says nothing about the target.

It is here, and not among the probes, because it judges the run and asks the target nothing.
"""

import asyncio
import contextlib
import os
import resource
import threading
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from probes import clock

BEAT_S = 0.05  # between two looks at the loop's own delay
SAMPLE_S = 0.25  # between two looks at the machine
KEPT_S = 120.0
# What starves: a time-out of seconds is no proof any more. A healthy run beside its own replica on
# two cores is up to 0.8 s late and waits for a processor for half of its time, and is not starved.
LATE_S = 1.5
LATE_SHARE = 0.8
WAITED_SHARE = 0.7
THROTTLED_SHARE = 0.35
MEMORY_SHARE = 0.97
# Others wait for processors, too, and the target may be among them; alone it proves nothing of us.
PRESSURE_SHARE, LATE_UNDER_PRESSURE_S = 0.95, 0.75
# Below these nothing of ours makes a time-out now and then.
CALM_S, CALM_SHARE = 0.5, 0.3
CLOCK_JUMP_S = 5.0
RECENT_SAMPLES = 3
_PROC, _CGROUP = Path("/proc"), Path("/sys/fs/cgroup")


@dataclass(frozen=True, slots=True)
class Sample:
    """At `taken_at` (monotonic): sums since the machine's or the run's start in seconds, levels as
    shares of what there is; 0 where the kernel does not tell.
    """

    taken_at: float
    cpu_s: float = 0.0
    waited_s: float = 0.0
    throttled_s: float = 0.0
    pressure_s: float = 0.0
    memory_share: float = 0.0
    descriptors_share: float = 0.0


SHARES = ("CPU used", "CPU waited for", "CPU throttled", "CPU pressure", "memory", "descriptors")


@dataclass(frozen=True, slots=True)
class Health:
    """Of a stretch of time. Shares are of its seconds, of the memory or of the descriptors allowed;
    `cpu_share` is that of one processor, `waited_share` that in which our main thread waited for
    one.
    """

    loop_delay_s: float = 0.0
    late_share: float = 0.0
    cpu_share: float = 0.0
    waited_share: float = 0.0
    throttled_share: float = 0.0
    pressure_share: float = 0.0
    memory_share: float = 0.0
    descriptors_share: float = 0.0

    @property
    def is_starved(self) -> bool:
        return (
            self.loop_delay_s >= LATE_S
            or self.late_share >= LATE_SHARE
            or self.waited_share >= WAITED_SHARE
            or self.throttled_share >= THROTTLED_SHARE
            or self.memory_share >= MEMORY_SHARE
            or self._is_late_under_pressure
        )

    @property
    def is_calm(self) -> bool:
        is_late = self.loop_delay_s >= CALM_S or self.late_share >= CALM_SHARE
        is_waiting = max(self.waited_share, self.throttled_share) >= CALM_SHARE
        return not (self.is_starved or is_late or is_waiting)

    @property
    def _is_late_under_pressure(self) -> bool:
        is_late = self.loop_delay_s >= LATE_UNDER_PRESSURE_S
        return is_late and self.pressure_share >= PRESSURE_SHARE

    @property
    def figures(self) -> Mapping[str, float]:
        return {name: round(value, 3) for name, value in asdict(self).items()}

    def __str__(self) -> str:
        shares = zip(SHARES, list(asdict(self).values())[2:], strict=True)
        shown = [f"{name} {share:.0%}" for name, share in shares if share >= 0.005]
        return ", ".join([f"event loop up to {self.loop_delay_s:.2f} s late", *shown])


class SelfHealth:
    """Looks at the loop from within, and at the machine from a thread beside it."""

    def __init__(self) -> None:
        self._delays: deque[tuple[float, float]] = deque()  # (monotonic time, seconds late)
        self._samples: deque[Sample] = deque()
        self._worst_delay_s, self._began = 0.0, take_sample()
        self._ends = threading.Event()
        self._beating: asyncio.Task[None] | None = None
        self._thread = threading.Thread(target=self._watch_machine, daemon=True)
        self._clock_offset_s, self.clock_jump_s = time.time() - time.monotonic(), 0.0

    def start(self) -> None:
        """Call on the loop."""
        self._began = take_sample()
        self._beating = asyncio.create_task(self._watch_loop())
        self._thread.start()

    async def stop(self) -> None:
        self._ends.set()
        if self._beating:
            self._beating.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._beating

    async def _watch_loop(self) -> None:
        while True:
            due = time.monotonic() + BEAT_S
            await asyncio.sleep(BEAT_S)
            now = time.monotonic()
            self.note_delay(now, max(0.0, now - due))

    def note_delay(self, noted_at: float, late_s: float) -> None:
        self._worst_delay_s = max(self._worst_delay_s, late_s)
        self._delays.append((noted_at, late_s))
        while self._delays and self._delays[0][0] < noted_at - KEPT_S:
            self._delays.popleft()

    def _watch_machine(self) -> None:
        while not self._ends.wait(SAMPLE_S):
            self.note_sample(take_sample())
            self.note_clock(time.time() - time.monotonic())

    def note_sample(self, sample: Sample) -> None:
        self._samples.append(sample)
        while self._samples and self._samples[0].taken_at < sample.taken_at - KEPT_S:
            self._samples.popleft()

    def since(self, began_at: float) -> Health:
        """How the suite fared since `began_at` (monotonic), as far as it is remembered."""
        delays = [(at, late_s) for at, late_s in list(self._delays) if at >= began_at]
        worst_s = max((late_s for _, late_s in delays), default=0.0)
        late_s = sum(late_s for _, late_s in delays)
        duration_s = max(time.monotonic() - began_at, BEAT_S)
        earlier = [sample for sample in list(self._samples) if sample.taken_at <= began_at]
        first = earlier[-1] if earlier else self._began
        return _between(first, take_sample(), worst_s, late_s / duration_s)

    @property
    def whole_run(self) -> Health:
        late_s = sum(late_s for _, late_s in self._delays)
        now = take_sample()
        remembered_s = max(min(now.taken_at - self._began.taken_at, KEPT_S), BEAT_S)
        return _between(self._began, now, self._worst_delay_s, late_s / remembered_s)

    def note_clock(self, offset_s: float) -> None:
        """Where the wall clock has jumped against the monotonic one, it is corrected by that much:
        the target's has not jumped with it.
        """
        jump_s = offset_s - self._clock_offset_s
        if abs(jump_s) >= CLOCK_JUMP_S:
            self._clock_offset_s = offset_s
            self.clock_jump_s += jump_s
            clock.correct_by(clock.offset_s() - jump_s)

    @property
    def delay_s(self) -> float:
        """How late the loop is now, or was last."""
        if not self._delays:
            return 0.0
        at, late_s = self._delays[-1]
        return max(late_s, time.monotonic() - at - BEAT_S)

    @property
    def is_watching(self) -> bool:
        return self._beating is not None

    @property
    def waiting_share(self) -> float:
        """Of the time in which we could have run of late, the share in which we had no
        processor.
        """
        samples = list(self._samples)[-RECENT_SAMPLES:]
        if len(samples) < RECENT_SAMPLES:
            return 0.0
        waited_s = samples[-1].waited_s - samples[0].waited_s
        could_run_s = waited_s + samples[-1].cpu_s - samples[0].cpu_s
        return waited_s / could_run_s if could_run_s > 0 else 0.0

    async def calm(self, timeout_s: float) -> bool:
        """Wait until the suite is not starved; whether that came about within `timeout_s`."""
        end = time.monotonic() + timeout_s
        while True:
            looked_at = time.monotonic()
            left_s = end - looked_at
            if left_s <= 0:
                return False
            await asyncio.sleep(min(1.0, left_s))
            if not self.since(looked_at).is_starved:
                return True


def _between(first: Sample, last: Sample, worst_s: float, late_share: float) -> Health:
    seconds = max(last.taken_at - first.taken_at, BEAT_S)
    return Health(
        loop_delay_s=worst_s,
        late_share=late_share,
        cpu_share=(last.cpu_s - first.cpu_s) / seconds,
        waited_share=(last.waited_s - first.waited_s) / seconds,
        throttled_share=(last.throttled_s - first.throttled_s) / seconds,
        pressure_share=(last.pressure_s - first.pressure_s) / seconds,
        memory_share=last.memory_share,
        descriptors_share=last.descriptors_share,
    )


def take_sample(proc: Path = _PROC, cgroup: Path = _CGROUP) -> Sample:
    """What the kernel tells now (proc(5); Documentation/accounting/psi.rst,
    Documentation/admin-guide/cgroup-v2.rst of Linux).
    """
    stat = _table(cgroup / "cpu.stat")
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return Sample(
        taken_at=time.monotonic(),
        cpu_s=usage.ru_utime + usage.ru_stime,
        waited_s=_waited_s(proc),
        throttled_s=stat.get("throttled_usec", 0) / 1e6,
        pressure_s=_pressure_s(proc, cgroup),
        memory_share=_memory_share(cgroup),
        descriptors_share=_descriptors_share(proc),
    )


def _waited_s(proc: Path) -> float:
    """Seconds in which the main thread, whose loop it is, could have run and had no processor
    (Documentation/scheduler/sched-stats.rst of Linux).
    """
    numbers = " ".join(_lines(proc / "self" / "schedstat")).split()
    return int(numbers[1]) / 1e9 if len(numbers) == 3 else 0.0


def _pressure_s(proc: Path, cgroup: Path) -> float:
    """Seconds in which something that could run had to wait for a processor: ours, where the kernel
    counts them by group, else the machine's.
    """
    for path in (cgroup / "cpu.pressure", proc / "pressure" / "cpu"):
        for line in _lines(path):
            if line.startswith("some"):
                return float(line.rpartition("total=")[2]) / 1e6
    return 0.0


def _memory_share(cgroup: Path) -> float:
    current, limit = _lines(cgroup / "memory.current"), _lines(cgroup / "memory.max")
    if not current or not limit or not limit[0].isdecimal():
        return 0.0
    # Pages of files can be given back.
    reclaimable = _table(cgroup / "memory.stat").get("file", 0)
    return max(0.0, (int(current[0]) - reclaimable) / int(limit[0]))


def _descriptors_share(proc: Path) -> float:
    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        return len(os.listdir(proc / "self" / "fd")) / limit  # noqa: PTH208 - names alone are enough
    except OSError:
        return 0.0


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text("utf-8").splitlines()
    except (OSError, ValueError):
        return []


def _table(path: Path) -> dict[str, int]:
    """Lines of a name and a whole number."""
    pairs = [line.split() for line in _lines(path)]
    return {pair[0]: int(pair[1]) for pair in pairs if len(pair) == 2 and pair[1].isdecimal()}
