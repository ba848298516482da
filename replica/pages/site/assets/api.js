// Calls of weAlist's API on the page's own host, with one refresh for however many calls that meet a 401.

import { accessToken, expired, forget, keep, refreshToken } from "./session.js";

const ENV = window.__ENV__ ?? {};
const RETRIES = 3;

// weAlist's pauses last this part of their time here.
export const SCALE = ENV.SCALE ?? 1;
const PAUSE = 1000 * SCALE;

export const isFaultActive = (fault) => (ENV.FAULTS ?? []).includes(fault);

const BASES = {
  auth: "/api/svc/auth",
  user: "/api/svc/user",
  board: "/api/svc/board/api",
  chat: "/api/svc/chat/api/chats",
  noti: "/api/svc/noti",
  video: "/api/svc/video/api/video",
  storage: isFaultActive("page-calls-wrong-storage-path") ? "/api/svc/storage/api" : "/api/svc/storage",
};

export const oauthUrl = () => `https://${ENV.API_DOMAIN}/api/oauth2/authorization/google`;

// Sockets and the stream go through the page's own host; neither can send a header (contract §3.4).
export const socketUrl = (path, token) =>
  `${window.location.origin.replace("http", "ws")}${path}?token=${encodeURIComponent(token)}`;
export const streamUrl = (token) =>
  `${url("noti", "/api/notifications/stream")}?token=${encodeURIComponent(token)}`;

const url = (service, path) => `${ENV.API_BASE_URL ?? ""}${BASES[service]}${path}`;
// Sockets that drop together close some time apart on a busy machine: the first waits for a rival, so that the race is
// lost there too. Where only one socket is open, there is none.
const RIVAL_COMES = 1000;
const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

export class SignedOut extends Error {}

let refreshing = null;

// Everybody who needs a fresh token waits for the same one: the refresh token rotates and works once.
export function refreshAccessToken() {
  refreshing ??= refresh().finally(() => {
    refreshing = null;
  });
  return refreshing;
}

// A token that is good at this moment, refreshed if need be. Throws SignedOut when there is no more of them.
export async function liveToken({ before = () => {}, after = () => {} } = {}) {
  // weAlist's own sockets ask for a token at every drop, that of a lost network too.
  const asksOffline = isFaultActive("page-logs-out-on-any-refresh-error") && !navigator.onLine;
  if (expired(accessToken()) || asksOffline) {
    before();
    await (isFaultActive("sockets-race-to-refresh") ? raceToRefresh() : refreshAccessToken());
    after();
  }
  return accessToken();
}

// Who refreshes first of the sockets that race: how to let it go, and its answer.
let first = null;

// The others ask when the first has been answered: auth-service lets in all that ask at once (contract §3.3).
async function raceToRefresh() {
  const token = refreshToken();
  if (first) {
    first.go();
    await first.answered;
    return refresh(token);
  }
  let go;
  const rival = new Promise((resolve) => {
    go = resolve;
  });
  const answered = Promise.race([rival, pause(RIVAL_COMES)]).then(() => refresh(token));
  first = { go, answered };
  return answered.finally(() => {
    first = null;
  });
}

async function refresh(token = refreshToken()) {
  const asking = token && fetch(url("auth", "/api/auth/refresh"), sent("POST", { refreshToken: token }));
  const answer = await (isFaultActive("page-logs-out-on-any-refresh-error") ? asking?.catch?.(() => null) : asking);
  if (!token || answer?.status === 401 || (isFaultActive("page-logs-out-on-any-refresh-error") && !answer?.ok)) {
    signOut();
    throw new SignedOut("로그인이 만료되었습니다.");
  }
  // A refresh that fails by network or 503 says nothing about the session: nobody is signed out for it.
  if (!answer.ok) throw new Error(`토큰을 갱신하지 못했습니다 (${answer.status}).`);
  const pair = await body(answer);
  // A page that was signed out while this came in is on its way to the login, and keeps nothing.
  if (signedOut) throw new SignedOut("로그인이 만료되었습니다.");
  keep(pair);
}

let signedOut = false;

function signOut() {
  if (signedOut) return;
  signedOut = true;
  forget();
  if (isFaultActive("page-storms-on-reconnect")) {
    // The page changes and what it had open goes on.
    showLogin();
    return;
  }
  showLogin();
  window.location.href = "/";
}

// A page that sees that its token is gone shows the login, before the document that was asked for comes.
function showLogin() {
  window.history.replaceState(null, "", "/");
  window.dispatchEvent(new PopStateEvent("popstate"));
}

export async function logout() {
  await fetch(url("auth", "/api/auth/logout"), sent("POST", { refreshToken: refreshToken() })).catch(() => undefined);
  forget("userId");
  window.location.href = "/";
}

// The JSON of an answer; anything else, and every status of 400 or more, is an error.
export async function call(service, path, method = "GET", payload = undefined, more = {}) {
  const token = accessToken();
  let answer = await reach(url(service, path), () => sent(method, payload, more));
  if (answer.status === 401) {
    if (token === accessToken()) await refreshAccessToken();
    answer = await reach(url(service, path), () => sent(method, payload, more));
  }
  const answered = await body(answer);
  if (!answer.ok) {
    throw Object.assign(new Error(answered?.error?.message ?? `HTTP ${answer.status}`), { status: answer.status });
  }
  return answered;
}

function sent(method, payload, more = {}) {
  const headers = { Accept: "application/json", ...more };
  if (accessToken()) headers.Authorization = `Bearer ${accessToken()}`;
  if (payload !== undefined) headers["Content-Type"] = "application/json";
  return { method, headers, body: payload === undefined ? undefined : JSON.stringify(payload) };
}

async function reach(address, request) {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await fetch(address, request());
    } catch (error) {
      if (attempt === RETRIES) throw error;
      await pause(PAUSE);
    }
  }
}

async function body(answer) {
  if (answer.status === 204) return null;
  const type = answer.headers.get("content-type") ?? "";
  if (!type.includes("application/json")) throw new Error(`JSON이 아닌 응답입니다: ${type}`);
  return answer.json();
}
