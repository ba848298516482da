// What a page keeps open while somebody is in a workspace: presence and notifications.

import { SCALE, SignedOut, call, isFaultActive, liveToken, streamUrl } from "./api.js";
import { accessToken } from "./session.js";
import { keepOpen, pauseOrOnline } from "./sockets.js";

const BACK_OFF = [2000, 4000, 8000, 16000, 30000];
// Were the stream to refresh the token first, these would have nothing to get wrong.
const SOCKETS_ONLY = ["page-reconnects-with-stale-token", "sockets-race-to-refresh"];

let here = null;

// Once for a workspace, however many of its pages are visited.
export function enter(workspaceId) {
  if (here?.workspaceId === workspaceId) return here;
  leave();
  const presence = keepOpen({
    name: "Presence",
    path: "/api/svc/chat/api/chats/ws/presence",
    pause: 5000,
    attempts: 10,
    beat: "heartbeat",
  });
  const notifications = listen(workspaceId);
  here = { workspaceId, presence, notifications };
  return here;
}

export function leave() {
  here?.presence.close();
  here?.notifications.close();
  here = null;
}

function listen(workspaceId) {
  const state = { rows: [], changed: () => {}, close };
  const headers = { "X-Workspace-Id": workspaceId };
  let source = null;
  let failures = 0;
  let coming = false;
  let ended = false;

  // What happened while nobody listened is not sent again, so each new stream begins with a look at the list.
  async function load() {
    const { notifications } = await call("noti", "/api/notifications", "GET", undefined, headers);
    state.rows = notifications;
    state.changed();
  }

  function connect() {
    source = new EventSource(streamUrl(accessToken()));
    source.addEventListener("connected", () => {
      failures = 0;
      load().catch((error) => console.warn(error));
    });
    source.addEventListener("notification", (event) => {
      const row = JSON.parse(event.data);
      state.rows = [row, ...state.rows.filter((each) => each.id !== row.id)];
      state.changed();
    });
    source.onerror = (error) => {
      console.error("[Notifications SSE] 에러:", error);
      source.close();
      if (!isFaultActive("page-never-reconnects")) come();
    };
  }

  async function come() {
    if (coming || ended || failures >= BACK_OFF.length) return;
    coming = true;
    const pause = BACK_OFF[failures] * SCALE;
    failures += 1;
    await pauseOrOnline(pause);
    coming = false;
    await start();
  }

  async function start() {
    try {
      if (!SOCKETS_ONLY.some(isFaultActive)) await liveToken();
      if (!ended) connect();
    } catch (error) {
      if (!(error instanceof SignedOut)) await come();
    }
  }

  function online() {
    failures = 0;
    if (source?.readyState === EventSource.CLOSED && !isFaultActive("page-never-reconnects")) come();
  }

  function close() {
    ended = true;
    window.removeEventListener("online", online);
    source?.close();
  }

  window.addEventListener("online", online);
  start();
  return state;
}
