// Which page an address shows (contract §3.1). Behind the login stands only that a token is there.

import { isFaultActive } from "./api.js";
import { dashboard } from "./dashboard.js";
import { closeChat } from "./layout.js";
import { leave } from "./live.js";
import { landing, login } from "./sign-in.js";
import { accessToken, signedIn } from "./session.js";
import { storage } from "./storage.js";
import { leaveBoard, workspace } from "./workspace.js";

const PAGES = [
  [/^\/dashboard$/, () => dashboard(goTo)],
  [/^\/workspaces$/, () => goTo("/dashboard", { replace: true })],
  [/^\/workspace\/([^/]+)$/, (id) => workspace(id, goTo)],
  [/^\/workspace\/([^/]+)\/storage$/, (id) => storage(id, goTo)],
];

function goTo(path, { replace = false } = {}) {
  window.history[replace ? "replaceState" : "pushState"](null, "", path);
  return route();
}

function route() {
  const path = window.location.pathname;
  leaveBoard();
  if (!path.startsWith("/workspace/") && !isFaultActive("page-storms-on-reconnect")) {
    closeChat();
    leave();
  }
  if (path === "/oauth/callback") return landing(goTo);
  if (path === "/") return signedIn() ? goTo("/dashboard", { replace: true }) : login();
  for (const [pattern, page] of PAGES) {
    const match = accessToken() && pattern.exec(path);
    if (match) return page(...match.slice(1));
  }
  return goTo("/", { replace: true });
}

window.addEventListener("popstate", route);
route();
