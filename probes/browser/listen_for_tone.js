// Resolves when the tone has been heard for half a second, when the page gives up, or when the time is over.
async ([hertz, pure, seconds, trouble]) => {
  const all = window.probesConnections;
  const began = performance.now();
  const left = () => began + seconds * 1000 - performance.now();
  const context = new AudioContext();
  await context.resume();
  const ears = new Map();
  const step = context.sampleRate / 16384;
  const listen = (track) => {
    const ear = context.createAnalyser();
    ear.fftSize = 16384;
    ear.smoothingTimeConstant = 0;
    context.createMediaStreamSource(new MediaStream([track])).connect(ear);
    return ear;
  };
  const hear = (ear) => {
    const energy = new Float32Array(ear.frequencyBinCount);
    ear.getFloatFrequencyData(energy);
    let best = 0, whole = 0, near = 0;
    energy.forEach((decibels, at) => {
      whole += energy[at] = 10 ** (decibels / 10);
      if (energy[at] > energy[best]) best = at;
    });
    energy.forEach((power, at) => { if (Math.abs(at - best) * step <= 20) near += power; });
    return whole > 1e-9 ? { hertz: best * step, share: near / whole } : { hertz: 0, share: 0 };
  };
  const gaveUp = () => [...document.querySelectorAll("h2")].find((each) => each.textContent.trim() === trouble);
  const found = { hertz: 0, share: 0, after: -1, connected: false, packets: 0, trouble: "", paths: [] };
  let since = -1;
  while (left() > 0 && !gaveUp()) {
    const tracks = all.flatMap((each) => each.getReceivers()).map((each) => each.track);
    for (const track of tracks) if (track.kind === "audio" && !ears.has(track)) ears.set(track, listen(track));
    const heard = [...ears.values()].map(hear).sort((one, other) => other.share - one.share)[0];
    Object.assign(found, heard);
    const ours = heard && Math.abs(heard.hertz - hertz) <= 10 && heard.share >= pure;
    since = ours ? (since < 0 ? performance.now() : since) : -1;
    if (ours && performance.now() - since >= 500) { found.after = (since - began) / 1000; break; }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  found.trouble = gaveUp() ? (gaveUp().nextElementSibling?.textContent ?? trouble) : "";
  found.connected = all.some((each) => each.connectionState === "connected");
  for (const each of all) {
    const stats = await each.getStats();
    for (const stat of stats.values()) {
      if (stat.type === "inbound-rtp" && stat.kind === "audio") found.packets += stat.packetsReceived ?? 0;
      const pair = stat.type === "transport" && stats.get(stat.selectedCandidatePairId);
      const end = pair && stats.get(pair.remoteCandidateId);
      if (end) found.paths.push(`${end.protocol} ${end.address ?? ""}:${end.port} ${end.candidateType}`);
    }
  }
  await context.close();
  return found;
}
