// One open chat: its messages, its socket, and bubbles that appear before the server has heard of them.

import { call } from "./api.js";
import { h, sign } from "./dom.js";
import { keepOpen } from "./sockets.js";

const EMPTY = "메시지가 없습니다. 첫 메시지를 보내보세요!";
const HINT = "메시지를 입력하세요... (Ctrl+V로 이미지 붙여넣기)";

export function panel(chat, back) {
  const me = localStorage.getItem("userId");
  const messages = new Map();
  const shown = h("section", { className: "messages" }, EMPTY);
  const input = h("input", { placeholder: HINT });
  const button = h("button", { className: "primary", disabled: true }, "전송");
  let temporary = 0;

  function draw() {
    const rows = [...messages.values()];
    shown.replaceChildren(...(rows.length ? rows.map(bubble) : [EMPTY]));
    shown.scrollTop = shown.scrollHeight;
  }

  const bubble = (row) => h("p", { className: row.userId === me ? "bubble mine" : "bubble" }, row.content);

  // The same message may come twice, and an own one is on the screen already.
  function take(row) {
    if (messages.has(row.messageId)) return;
    const early = [...messages].find(([id, each]) => id.startsWith("temp-") && each.content === row.content);
    if (row.userId === me && early) messages.delete(early[0]);
    messages.set(row.messageId, row);
    draw();
  }

  async function load() {
    const { message: rows } = await call("chat", `/messages/${chat.chatId}`);
    rows.forEach(take);
  }

  function hear(event) {
    if (event.type === "MESSAGE_RECEIVED") take(event.message);
    if (event.type === "ERROR") console.warn(event.code, event.message);
  }

  function say(event) {
    event.preventDefault();
    const content = input.value;
    // While the socket is away nothing is sent, and the text stays.
    if (!content || !socket.send({ type: "MESSAGE", content, messageType: "TEXT" })) return;
    temporary += 1;
    messages.set(`temp-${temporary}`, { content, userId: me });
    draw();
    input.value = "";
    button.disabled = true;
  }

  input.oninput = () => {
    button.disabled = !input.value;
  };
  const socket = keepOpen({
    name: "Chat",
    path: `/api/svc/chat/api/chats/ws/${chat.chatId}`,
    pause: 3000,
    attempts: 5,
    beat: "ping",
    hear,
    opened: () => load().catch((error) => console.warn(error)),
  });
  const head = h("header", {}, sign("채팅 목록으로", "←", back), h("h3", {}, "채팅"));
  return { content: [head, shown, h("form", { onsubmit: say }, input, button)], close: socket.close };
}
