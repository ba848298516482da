// The chat side: the list of one's chats, a form for a new one, and the panel of the one that is open (contract §3.7).

import { call } from "./api.js";
import { panel } from "./chat-panel.js";
import { h } from "./dom.js";
import { sidePanel } from "./side-panel.js";

export function chatSide(workspaceId) {
  const { side, show, open, toggle } = sidePanel(() => list());

  async function list() {
    const found = h("div", { className: "list" }, "로딩 중...");
    const search = h("input", { placeholder: "채팅방 검색..." });
    show(h("h2", {}, "채팅"), search, found, h("button", { onclick: begin }, "새 채팅 시작"));
    try {
      const { message: chats } = await call("chat", "/my");
      const mine = chats.filter((chat) => chat.workspaceId === workspaceId);
      const draw = () => {
        const seen = mine.filter((chat) => nameOf(chat).includes(search.value));
        found.replaceChildren(...(seen.length ? seen.map(entry) : ["채팅방이 없습니다"]));
      };
      search.oninput = draw;
      draw();
    } catch (error) {
      console.warn(error);
      found.replaceChildren("채팅방이 없습니다");
    }
  }

  const entry = (chat) => h("button", { className: "item", onclick: () => enter(chat) }, nameOf(chat));

  const enter = (chat) => open(() => panel(chat, list));

  async function begin() {
    const people = h("div", {});
    const name = h("input", { placeholder: "그룹 이름 (선택사항)" });
    const start = h("button", { disabled: true, onclick: () => make(chosen(), name.value) }, "1:1 대화 시작");
    const chosen = () => [...people.querySelectorAll("input:checked")].map((box) => box.value);
    people.onchange = () => {
      const count = chosen().length;
      start.disabled = !count;
      start.textContent = count > 1 ? `그룹 채팅 시작 (${count}명)` : "1:1 대화 시작";
    };
    show(h("h2", {}, "새 채팅"), people, name, start, h("button", { onclick: list }, "취소"));
    const members = await call("user", `/api/workspaces/${workspaceId}/members`).catch(() => []);
    const others = members.filter((member) => member.userId !== localStorage.getItem("userId"));
    people.replaceChildren(...others.map(choice));
  }

  const choice = (member) =>
    h("label", {}, h("input", { type: "checkbox", value: member.userId }), member.nickName);

  async function make(participants, chatName) {
    const chatType = participants.length > 1 ? "GROUP" : "DM";
    try {
      enter(await call("chat", "", "POST", { workspaceId, chatType, chatName, participants }));
    } catch (error) {
      console.warn(error);
      window.alert("채팅방을 열 수 없습니다.");
    }
  }

  return { side, toggle, close: show };
}

const nameOf = (chat) => chat.chatName || "1:1 대화";
