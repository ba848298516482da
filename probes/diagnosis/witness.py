"""When a promise is broken, ask the cluster for the fact that tells its rival causes apart.

A fact makes a likely cause a proven one. It never changes the verdict, and a cluster that cannot be
asked changes nothing at all.
"""

import asyncio
from dataclasses import replace

from probes.cluster import sign_in_log
from probes.cluster.budget import BudgetSpentError
from probes.cluster.reader import Cluster
from probes.diagnosis import request_log
from probes.diagnosis.cluster_facts import RULES, Proof, Question, about
from probes.diagnosis.ladder import diagnose
from probes.diagnosis.tempo import Tempo, diagnose_with_trace
from probes.finding import CannotAsk, Certainty, Finding, Rung, with_fact
from probes.recording.recorder import Exchange, Recorder
from probes.transport.http import Web

WITNESS_TIMEOUT_S = 4.0
FAILED = 500  # a status from which on the service itself has failed


async def diagnose_with_witnesses(
    web: Web, cluster: Cluster, tempo: Tempo, finding: Finding, recorder: Recorder
) -> Finding:
    """The ladder's finding, what the cluster proves of its cause, and what the trace shows."""
    exchange = recorder.last
    found = await diagnose_with_witness(web, cluster, finding, recorder)
    return await diagnose_with_trace(tempo, found, exchange, recorder)


async def diagnose_with_witness(
    web: Web, cluster: Cluster, finding: Finding, recorder: Recorder
) -> Finding:
    """The ladder's finding, and what the cluster proves of its cause, where it may be asked."""
    exchange = recorder.last
    found = await diagnose(web, finding, recorder)
    if not cluster.is_named or found.certainty is Certainty.PROVEN:
        return found
    question = about(found, exchange, web.target)
    try:
        async with asyncio.timeout(WITNESS_TIMEOUT_S):
            proof = await _proof(cluster, question)
            if proof is None or not proof.is_proof:
                proof = (
                    await _unseen_start(cluster, question)
                    or await _log_of(cluster, question, exchange)
                    or proof
                )
    except BudgetSpentError as error:
        return replace(found, rungs=(*found.rungs, Rung("cluster", held=True, detail=str(error))))
    except (CannotAsk, TimeoutError) as error:
        recorder.note(f"the cluster proves nothing: {error or 'it did not answer in time'}")
        return found
    return with_proof(found, proof) if proof else found


async def _proof(cluster: Cluster, question: Question) -> Proof | None:
    """The first fact of the first rule that has one, else the first that is worth a note. Raises
    CannotAsk where there is neither, and a list was refused.
    """
    refused: CannotAsk | None = None
    note: Proof | None = None
    for rule in RULES:
        if question.finding.code not in rule.codes:
            continue
        try:
            facts = await cluster.seen_facts(*rule.kinds)
        except CannotAsk as error:
            refused = error
            continue
        for proof in rule.prove(question, facts):
            if proof.is_proof:
                return proof
            note = note or proof
    if refused and not note:
        raise refused
    return note


async def _unseen_start(cluster: Cluster, question: Question) -> Proof | None:
    """That auth-service's filter logged no start at all, this one included."""
    if question.finding.cause != sign_in_log.FILTER_ORDER:
        return None
    if not sign_in_log.is_silent(await cluster.log_of_starts()):
        return None
    return Proof(sign_in_log.UNSEEN, sign_in_log.log_command(question.namespace))


async def _log_of(cluster: Cluster, question: Question, exchange: Exchange | None) -> Proof | None:
    """What the service's log says of the request that it failed."""
    asked = request_log.request_id(exchange) if exchange else ""
    if not (asked and question.service and exchange and (exchange.status or 0) >= FAILED):
        return None
    lines = await cluster.log_of_request(question.service, asked)
    words = request_log.error_of(lines, asked)
    if not words:
        return None
    command = f"kubectl -n {question.namespace} logs deploy/{question.service} | grep {asked}"
    return Proof(f"{question.service} logged of this request: {words}", command)


def with_proof(finding: Finding, proof: Proof) -> Finding:
    """The finding, its cause proven by a fact; or with what is worth a note; pure."""
    detail = f"{proof.fact} ({proof.command})"
    if not proof.is_proof:
        return replace(finding, rungs=(*finding.rungs, Rung("cluster", held=True, detail=detail)))
    rung = Rung("cluster", held=False, detail=detail)
    return replace(with_fact(finding, proof.fact), rungs=(*finding.rungs, rung))
