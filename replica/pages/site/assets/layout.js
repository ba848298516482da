// What surrounds every page of a workspace: the sidebar, and the footer with the build id.

import { logout } from "./api.js";
import { bell } from "./bell.js";
import { callSide } from "./calls.js";
import { chatSide } from "./chat.js";
import { h, show, sign } from "./dom.js";
import { enter } from "./live.js";

/* global BUILD */ // esbuild puts the build id here
export const footer = () => h("footer", {}, `All rights reserved Oranges 2025-2026 • ${BUILD}`);

let chat = null;
let calls = null;

// Whoever leaves a page leaves its chat, and the call that he is in.
export const closeChat = () => {
  chat?.close();
  calls?.close();
  chat = calls = null;
};

export function inWorkspace(workspaceId, goTo, ...content) {
  closeChat();
  chat = chatSide(workspaceId);
  calls = callSide(workspaceId);
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
        sign("영상통화", "✆", calls.toggle),
        notices.button,
        to("드라이브", "🗁", `${home}/storage`),
        accountMenu(),
      ),
      h("main", { className: "page" }, ...content),
      notices.side,
      chat.side,
      calls.side,
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
