// What surrounds every page of a workspace: the sidebar, and the footer with the build id.

import { logout } from "./api.js";
import { BUILD } from "./build.js";
import { h, show, sign } from "./dom.js";

export const footer = () => h("footer", {}, `All rights reserved Oranges 2025-2026 • ${BUILD}`);

export function inWorkspace(workspaceId, goTo, ...content) {
  const home = `/workspace/${workspaceId}`;
  const to = (title, drawn, path) => sign(title, drawn, () => goTo(path));
  show(
    h(
      "div",
      { className: "layout" },
      h(
        "nav",
        {},
        to("워크스페이스 목록으로", "☰", "/dashboard"),
        to("홈", "⌂", home),
        to("드라이브", "🗁", `${home}/storage`),
        accountMenu(),
      ),
      h("main", { className: "page" }, ...content),
    ),
    footer(),
  );
}

function accountMenu() {
  const menu = h("div", { className: "menu", hidden: true }, h("button", { onclick: logout }, "로그아웃"));
  const open = () => {
    menu.hidden = !menu.hidden;
  };
  return h("div", { className: "account" }, sign("계정 메뉴", "☺", open), menu);
}
