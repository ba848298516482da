// What surrounds every page of a workspace: the sidebar, and the footer with the build id.

import { logout } from "./api.js";
import { bell } from "./bell.js";
import { chatSide } from "./chat.js";
import { h, show, sign } from "./dom.js";
import { enter } from "./live.js";

/* global BUILD */ // esbuild puts the build id here
export const footer = () => h("footer", {}, `All rights reserved Oranges 2025-2026 • ${BUILD}`);

let chat = null;

// Whoever leaves a page leaves its chat.
export const closeChat = () => {
  chat?.close();
  chat = null;
};

export function inWorkspace(workspaceId, goTo, ...content) {
  closeChat();
  chat = chatSide(workspaceId);
  const notices = bell(enter(workspaceId).notifications);
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
        sign("채팅", "🗨", chat.toggle),
        notices.button,
        to("드라이브", "🗁", `${home}/storage`),
        accountMenu(),
      ),
      h("main", { className: "page" }, ...content),
      notices.side,
      chat.side,
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
