"""Which part of the work is ours: the environment and the share of the scenarios of one pod of an
Indexed Job.

Kubernetes numbers the pods of an Indexed Job from 0 and puts the number into JOB_COMPLETION_INDEX
(kubernetes.io/docs/concepts/workloads/controllers/job, "Completion mode").
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass

from probes.finding import BadEnvironment

COMPLETION_INDEX = "JOB_COMPLETION_INDEX"
_SHARD = re.compile(r"(?P<number>index|[1-9]\d{0,3})/(?P<of>[1-9]\d{0,3})")


@dataclass(frozen=True, slots=True)
class Share:
    """One share of the scenarios: `number`, from 1, of `of`."""

    number: int = 1
    of: int = 1

    def holds(self, scenario: str) -> bool:
        """Whether `scenario` is in this share: by its name alone, so that no other scenario can
        move it.
        """
        digest = hashlib.sha256(scenario.encode()).digest()
        return int.from_bytes(digest[:8]) % self.of == self.number - 1

    def __str__(self) -> str:
        return f"{self.number}/{self.of}"


def part(environments: str, shard: str, environ: Mapping[str, str]) -> tuple[str, Share]:
    """The environment and the share that are ours, by --env A,B,C and --shard I/N or index/N.
    Raises BadEnvironment.
    """
    names = [name.strip() for name in environments.split(",")]
    share = _SHARD.fullmatch(shard or "1/1")
    if not share:
        raise BadEnvironment(
            f"--shard must be like 2/4, or index/4 in a pod of an Indexed Job, not {shard!r}"
        )
    of, by_index = int(share["of"]), share["number"] == "index"
    if len(names) == 1 and not by_index:
        return names[0], _share(int(share["number"]), of)
    index, each = _index(environ), of if by_index else 1
    if index >= len(names) * each:
        raise BadEnvironment(
            f"{COMPLETION_INDEX} is {index}, but --env and --shard make {len(names) * each} parts;"
            f" set completions of the Job to {len(names) * each}"
        )
    number = index % each + 1 if by_index else int(share["number"])
    return names[index // each], _share(number, of)


def _share(number: int, of: int) -> Share:
    if number > of:
        raise BadEnvironment(
            f"--shard {number}/{of} names a part that is not there; say 1/{of} to {of}/{of}"
        )
    return Share(number, of)


def _index(environ: Mapping[str, str]) -> int:
    completion_index = environ.get(COMPLETION_INDEX, "")
    if not completion_index.isdecimal():
        raise BadEnvironment(
            f"--env names many environments or --shard says index, and {COMPLETION_INDEX} "
            f"is {completion_index!r};"
            " run in an Indexed Job, or name one environment and one shard"
        )
    return int(completion_index)
