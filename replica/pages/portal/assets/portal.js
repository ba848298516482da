// The operations portal (contract §6): who is signed in lies in localStorage under `token`, and nowhere else.
//
// Whatever goes wrong with users/me takes the token away and shows the login page without a word, as weAlist's does.

const BASE = "/api/ops-portal";
const API = "/api/ops/api";
const SECTIONS = [
  ["ArgoCD Applications", "/monitoring/applications"],
  ["System Overview (Last Hour)", "/monitoring/metrics/overview"],
  ["Cluster Resources", "/monitoring/metrics/cluster"],
];

// Labels that stand there whatever was answered, as on weAlist's: they say nothing of what went wrong.
const NAVIGATION = ["Dashboard", "Monitoring", "SLO Dashboard", "Error Tracker", "Logs"];

class Unauthorized extends Error {}

function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  Object.assign(element, properties);
  element.append(...children);
  return element;
}

const show = (...children) => document.getElementById("root").replaceChildren(h("main", {}, ...children));
const go = (path) => window.history.replaceState(null, "", BASE + path);

async function get(path) {
  const headers = { Accept: "application/json", Authorization: `Bearer ${localStorage.getItem("token")}` };
  const answer = await fetch(API + path, { headers });
  if (answer.status === 401) {
    localStorage.removeItem("token");
    window.location.href = `${BASE}/login`;
    throw new Unauthorized();
  }
  if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
  return (await answer.json()).data;
}

function login() {
  const landing = `${window.location.origin}${BASE}/login`;
  const onclick = () => {
    window.location.href = `${window.__PORTAL__.AUTH_URL}/api/oauth2/authorization/google?redirect_uri=${encodeURIComponent(landing)}`;
  };
  show(h("h1", {}, "WeAlist Admin Portal"), h("button", { onclick }, "Continue with Google"));
}

function signOut() {
  localStorage.removeItem("token");
  go("/login");
  login();
}

// Who lands with a token is asked for more than once: by the provider of sessions and by the login page.
async function me(landed) {
  const [user] = await Promise.all(landed ? [get("/users/me"), get("/users/me")] : [get("/users/me")]);
  return user;
}

async function dashboard(landed) {
  let user;
  try {
    user = await me(landed);
  } catch (error) {
    if (!(error instanceof Unauthorized)) signOut();
    return;
  }
  go("/");
  const parts = SECTIONS.map(([title]) => h("section", {}, h("h2", {}, title), h("p", {}, "Loading...")));
  const people = h("section", {}, h("h2", {}, "Users"), h("p", {}, "Loading..."));
  const admin = user.role === "admin";
  const navigation = h("nav", {}, ...NAVIGATION.map((label) => h("span", {}, label)));
  const greeting = h("p", {}, `Welcome back, ${user.name}`);
  show(navigation, h("h1", {}, "Dashboard"), greeting, ...parts, ...(admin ? [people] : []));
  await Promise.all([
    ...SECTIONS.map(([, path], number) => fill(parts[number], path)),
    ...(admin ? [fill(people, "/admin/users")] : []),
  ]);
}

async function fill(part, path) {
  let told;
  try {
    told = await get(path);
  } catch (error) {
    // As weAlist's does: what it did not get counts as nothing.
    console.warn(error.message);
    told = [];
  }
  part.lastChild.textContent = Array.isArray(told)
    ? told.map((each) => `${each.name}: ${each.health ?? each.role}`).join(", ")
    : Object.entries(told).map(([name, value]) => `${name}: ${value}`).join(", ");
}

const given = new URLSearchParams(window.location.search).get("accessToken");
if (given) localStorage.setItem("token", given);

if (localStorage.getItem("token")) {
  dashboard(given !== null);
} else {
  go("/login");
  login();
}
