// One open chat: its messages, its socket, and bubbles that appear before the server has heard of them.

import { call, isFaultActive } from "./api.js";
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

  const image = (row) => (row.fileUrl ? [h("img", { src: row.fileUrl, alt: row.fileName ?? "" })] : []);
  const bubble = (row) =>
    h("p", { className: row.userId === me ? "bubble mine" : "bubble" }, row.content, ...image(row));

  // The same message may come twice, and an own one is on the screen already.
  function take(row) {
    if (messages.has(row.messageId)) return;
    const early = [...messages].find(([id, each]) => id.startsWith("temp-") && each.content === row.content);
    if (row.userId === me && early) messages.delete(early[0]);
    messages.set(row.messageId, row);
    draw();
  }

  // Once, when the chat is opened: what is missed while the socket is away stays away.
  async function load() {
    try {
      const asked = [call("chat", `/${chat.chatId}`), call("chat", `/messages/${chat.chatId}`)];
      const [, { message: rows }] = await Promise.all(asked);
      rows.forEach(take);
      await call("user", `/api/workspaces/${chat.workspaceId}/members`);
      await call("chat", `/messages/${chat.chatId}/last-read`, "PUT");
    } catch (error) {
      console.error("Failed to load messages:", error);
    }
  }

  function hear(event) {
    if (event.type === "MESSAGE_RECEIVED") take(event.message);
    if (event.type === "ERROR") console.warn(event.code, event.message);
  }

  // A pasted image waits for the button, is put to S3 by its own URL, and is sent by the URL to read it.
  let pasted;
  input.onpaste = (event) => {
    pasted = [...(event.clipboardData?.items ?? [])].find((each) => each.type.startsWith("image/"))?.getAsFile();
    if (!pasted) return;
    event.preventDefault();
    button.disabled = false;
  };

  async function sendImage(file) {
    const { type: contentType, size: fileSize, name: fileName } = file;
    const asked = { workspaceId: chat.workspaceId, fileName, contentType, fileSize };
    const answered = await call("chat", "/files/presigned-url", "POST", asked);
    // As weAlist's page reads it: the envelope of another service, and so no URL at all.
    const issued = isFaultActive("page-loses-image-url") ? answered : answered.data;
    await fetch(issued.uploadUrl, { method: "PUT", headers: { "Content-Type": contentType }, body: file });
    socket.send({ type: "MESSAGE", content: "", messageType: "IMAGE", fileUrl: issued.downloadUrl, fileName, fileSize });
  }

  function say(event) {
    event.preventDefault();
    if (pasted) {
      sendImage(pasted).catch((error) => console.error(error));
      pasted = undefined;
    }
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
  });
  load();
  const head = h("header", {}, sign("채팅 목록으로", "←", back), h("h3", {}, "채팅"));
  return { content: [head, shown, h("form", { onsubmit: say }, input, button)], close: socket.close };
}
