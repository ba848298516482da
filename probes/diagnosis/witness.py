"""When a promise is broken, ask the cluster for the fact that tells its rival causes apart.

A fact makes a likely cause a proven one. It never changes the verdict, and a cluster that cannot be
asked changes nothing at all.
"""

import asyncio
from dataclasses import replace

from probes.cluster.reader import Cluster
from probes.diagnosis.cluster_facts import RULES, Proof, Question, about
from probes.diagnosis.ladder import diagnose
from probes.finding import CannotAsk, Certainty, Finding, Rung
from probes.recording.recorder import Recorder
from probes.transport.http import Web

WITNESS_TIMEOUT_S = 4.0


async def diagnose_with_witness(
    web: Web, cluster: Cluster, finding: Finding, recorder: Recorder
) -> Finding:
    """The ladder's finding, and what the cluster proves of its cause, where it may be asked."""
    exchange = recorder.last
    found = await diagnose(web, finding, recorder)
    if not cluster.is_named:
        return found
    try:
        async with asyncio.timeout(WITNESS_TIMEOUT_S):
            proof = await _proof(cluster, about(found, exchange, web.target))
    except (CannotAsk, TimeoutError) as error:
        recorder.note(f"the cluster proves nothing: {error or 'it did not answer in time'}")
        return found
    return with_proof(found, proof) if proof else found


async def _proof(cluster: Cluster, question: Question) -> Proof | None:
    """The first fact of the first rule that has one."""
    for rule in RULES:
        if question.finding.code in rule.codes:
            facts = await cluster.facts(*rule.kinds)
            if proof := next(rule.prove(question, facts), None):
                return proof
    return None


def with_proof(finding: Finding, proof: Proof) -> Finding:
    """The finding, its cause proven by a fact; pure."""
    rung = Rung("cluster", held=False, detail=f"{proof.fact} ({proof.command})")
    cause = f"{finding.cause}; proven: {proof.fact}"
    return replace(finding, cause=cause, certainty=Certainty.PROVEN, rungs=(*finding.rungs, rung))
