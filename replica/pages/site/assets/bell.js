// The bell: what one should know, as it comes.

import { h } from "./dom.js";

const WORDS = { BOARD_ASSIGNED: "보드가 배정되었습니다" };

export function bell(notifications) {
  const count = h("span", { className: "count" });
  const list = h("ul");
  const side = h("aside", { className: "side", hidden: true }, h("h2", {}, "알림"), list);
  const toggle = () => {
    side.hidden = !side.hidden;
  };
  const button = h("button", { title: "알림", onclick: toggle }, h("span", { ariaHidden: "true" }, "🔔"), count);

  const draw = () => {
    const { rows } = notifications;
    const unread = rows.filter((row) => !row.isRead).length;
    count.textContent = unread ? ` ${unread}` : "";
    list.replaceChildren(...(rows.length ? rows.map(item) : [h("li", {}, "알림이 없습니다")]));
  };
  notifications.changed = draw;
  draw();
  return { button, side };
}

const item = (row) => h("li", {}, `${WORDS[row.type] ?? row.type}: ${row.resourceName ?? ""}`);
