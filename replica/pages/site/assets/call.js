// A call that one is in: LiveKit's room behind the address and the token that video-service gave (contract §7.3).

import { call } from "./api.js";
import { h, sign } from "./dom.js";

const LIBRARY = "/assets/livekit-client.js";
const REJOINS = 3;
const OVER = "통화가 종료되었습니다.";
const LOST = "연결을 복구할 수 없습니다. 다시 참가해주세요.";

let library = null;

// Half a megabyte that only those wait for who talk.
const livekit = () =>
  (library ??= new Promise((resolve, reject) => {
    const loaded = () => resolve(window.LivekitClient);
    document.head.append(h("script", { src: LIBRARY, onload: loaded, onerror: reject }));
  }));

export function talk(row, leave) {
  const people = h("ul", { className: "people" });
  const sound = h("div", { className: "sound" });
  const state = h("p", { className: "state", role: "status" }, "연결 중...");
  const content = h("div", { className: "call" });
  let room = null;
  let rejoins = 0;
  let left = false;

  const mute = toggle("🎤", "마이크 켜기", "마이크 끄기", (on) => room?.localParticipant.setMicrophoneEnabled(on));
  const camera = toggle("📷", "카메라 켜기", "카메라 끄기", (on) => room?.localParticipant.setCameraEnabled(on));
  const end = sign("통화 종료", "✆", () => close().then(leave));

  async function enter() {
    const [{ Room }, { data: seat }] = await Promise.all([livekit(), join()]);
    if (left) return;
    room = new Room({ adaptiveStream: true, dynacast: true });
    room
      .on("trackSubscribed", (track) => sound.append(track.attach()))
      .on("trackUnsubscribed", (track) => track.detach().forEach((element) => element.remove()))
      .on("participantConnected", draw)
      .on("participantDisconnected", draw)
      .on("disconnected", lost);
    await room.connect(seat.wsUrl, seat.token);
    state.textContent = "연결됨";
    draw();
    mute.set(true);
    await room.localParticipant.setMicrophoneEnabled(true);
  }

  const join = () => {
    const name = localStorage.getItem("userName") ?? localStorage.getItem("userId") ?? "";
    return call("video", `/rooms/${row.id}/join?userName=${encodeURIComponent(name)}`, "POST");
  };

  function draw() {
    const all = [room.localParticipant, ...room.remoteParticipants.values()];
    people.replaceChildren(...all.map((one) => h("li", {}, one.name || one.identity)));
  }

  function lost() {
    sound.replaceChildren();
    if (left) return;
    state.textContent = "다시 연결 중...";
    rejoins += 1;
    attempt();
  }

  const attempt = () =>
    enter().catch((error) => {
      console.warn(error);
      if (left) return;
      if ([404, 410].includes(error.status)) fail(OVER);
      else if (room === null || rejoins >= REJOINS) fail(LOST);
    });

  function fail(sentence) {
    const out = h("button", { onclick: () => close().then(leave) }, "나가기");
    content.replaceChildren(h("h2", {}, "연결 오류"), h("p", { className: "error", role: "alert" }, sentence), out);
  }

  async function close() {
    if (left) return;
    left = true;
    await room?.disconnect();
    await call("video", `/rooms/${row.id}/leave`, "POST").catch(() => undefined);
  }

  content.append(h("h2", {}, row.name), state, people, h("div", {}, mute.button, camera.button, end), sound);
  attempt();
  return { content, close };
}

// A button that says what it will do next.
function toggle(drawn, on, off, turn) {
  let active = false;
  const set = (next) => {
    active = next;
    button.title = active ? off : on;
  };
  const button = sign(on, drawn, () => {
    set(!active);
    turn(active);
  });
  return { button, set };
}
