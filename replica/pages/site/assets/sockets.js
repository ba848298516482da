// A socket that comes back after a drop, with a token that is alive (contract §3.4, §3.5).

import { SCALE, SignedOut, call, isFaultActive, liveToken, socketUrl } from "./api.js";
import { accessToken } from "./session.js";

const BEAT = 30000 * SCALE;
const LONGEST = 30000 * SCALE;
const AT_ONCE = 20;
// A page that storms does so on a slow machine too: every try is several.
const STORM = 3;

// A pause that ends early when the network comes back.
export const pauseOrOnline = (milliseconds) =>
  new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      window.removeEventListener("online", end);
      resolve();
    };
    const timer = setTimeout(end, milliseconds);
    window.addEventListener("online", end);
  });

export function keepOpen({ name, path, pause, attempts, beat, hear = () => {} }) {
  const say = (sign, ...words) => console.log(`${sign} [${name} WS]`, ...words);
  // The app calls an error what the probes must not: a socket that drops, a refresh that is refused.
  const complain = (...words) => console.error(`❌ [${name} WS]`, ...words);
  const storms = isFaultActive("page-storms-on-reconnect");
  const wait = storms ? AT_ONCE : pause * SCALE;
  const most = storms ? Infinity : attempts;
  let socket = null;
  let beating = null;
  let tries = 0;
  let coming = false;
  let ended = false;

  function connect() {
    let welcome = false;
    const address = socketUrl(path, accessToken());
    say("🔌", "연결 시도:", address);
    socket = new WebSocket(address);
    socket.onopen = () => {
      say("✅", "연결 성공!");
      welcome = true;
      tries = 0;
      beating = setInterval(() => send({ type: beat }), BEAT);
    };
    socket.onmessage = (message) => hear(JSON.parse(message.data));
    socket.onerror = (error) => complain("에러:", error);
    socket.onclose = ({ code }) => {
      clearInterval(beating);
      say("🔌", "연결 닫힘:", code);
      if (!ended && code !== 1000 && !isFaultActive("page-never-reconnects")) retry(!welcome);
    };
  }

  function retry(refused) {
    if (tries >= most) {
      complain("최대 재연결 시도 초과");
      return;
    }
    tries += 1;
    say("🔄", `재연결 시도 ${tries}/${attempts}`);
    come(wait, refused);
  }

  async function come(delay, refused) {
    if (coming) return;
    coming = true;
    try {
      if (!isFaultActive("page-reconnects-with-stale-token")) await renew(refused);
      if (delay) await pauseOrOnline(delay);
      for (let left = storms ? STORM : 1; left && !ended; left -= 1) connect();
    } catch {
      complain("토큰 갱신 실패, 재연결 중단");
    } finally {
      coming = false;
    }
  }

  // A refresh that could not be asked for is asked for again, ever more rarely; only a refused one is the end.
  async function renew(refused) {
    for (let failures = 0; !ended; failures += 1) {
      try {
        await liveToken({ before: () => say("🔄", "토큰 갱신 시도..."), after: () => say("✅", "토큰 갱신 성공") });
        break;
      } catch (error) {
        if (error instanceof SignedOut && storms) return;
        if (error instanceof SignedOut) throw error;
        await pauseOrOnline(Math.min(pause * SCALE * 2 ** failures, LONGEST));
      }
    }
    // A socket does not say why it was refused. If it was the token, this call meets a 401 and has it refreshed.
    if (refused && !ended && !storms) await call("user", "/api/users/me").catch(() => undefined);
  }

  function send(event) {
    if (socket?.readyState !== WebSocket.OPEN) return false;
    socket.send(JSON.stringify(event));
    return true;
  }

  function online() {
    if (ended || isFaultActive("page-never-reconnects") || socket?.readyState < WebSocket.CLOSING) return;
    tries = 0;
    come(0, false);
  }

  function close() {
    ended = true;
    window.removeEventListener("online", online);
    clearInterval(beating);
    socket?.close(1000);
  }

  window.addEventListener("online", online);
  come(0, false);
  return { send, close };
}
