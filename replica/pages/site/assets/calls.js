// The side with a workspace's calls: those that go on, those that were, and the one that one is in (contract §7.3).

import { call } from "./api.js";
import { talk } from "./call.js";
import { h } from "./dom.js";
import { sidePanel } from "./side-panel.js";

export function callSide(workspaceId) {
  const { side, show, open, toggle } = sidePanel(() => list());

  const tabs = () =>
    h("div", { role: "tablist" }, h("button", { onclick: list }, "진행중"), h("button", { onclick: past }, "히스토리"));

  async function fill(path, empty, entry) {
    const found = h("div", { className: "list" }, "로딩 중...");
    show(h("h2", {}, "영상통화"), tabs(), found, h("button", { onclick: begin }, "새 통화방 만들기"));
    try {
      const { data: rows } = await call("video", path);
      found.replaceChildren(...(rows.length ? rows.map(entry) : [empty]));
    } catch (error) {
      console.warn(error);
      found.replaceChildren(empty);
    }
  }

  const list = () => fill(`/rooms/workspace/${workspaceId}?active=true`, "활성화된 통화방이 없습니다", ongoing);
  const past = () => fill(`/history/workspace/${workspaceId}`, "통화 기록이 없습니다", over);

  const ongoing = (row) =>
    h("button", { className: "item", onclick: () => enter(row) }, `${row.name} (${row.participantCount}명)`);
  const over = (row) => h("div", { className: "item" }, row.roomName);

  const enter = (row) => open(() => talk(row, list));

  function begin() {
    const name = h("input", { placeholder: "예: 팀 미팅" });
    const make = h("button", { className: "primary", onclick: () => create(name.value) }, "만들기");
    show(h("h3", {}, "새 통화방 만들기"), name, make, h("button", { onclick: list }, "취소"));
  }

  async function create(name) {
    try {
      enter((await call("video", "/rooms", "POST", { name, workspaceId })).data);
    } catch (error) {
      console.warn(error);
      window.alert("통화방을 만들 수 없습니다.");
    }
  }

  return { side, toggle, close: show };
}
