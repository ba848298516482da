// A panel that opens beside the page: a list, or the one thing of it that is open, which is closed when another comes.

import { h } from "./dom.js";

export function sidePanel(list) {
  const side = h("aside", { className: "side", hidden: true });
  let entered = null;

  function show(...content) {
    entered?.close();
    entered = null;
    side.replaceChildren(...content);
  }

  function open(enter) {
    show();
    entered = enter();
    side.replaceChildren(...[entered.content].flat());
  }

  function toggle() {
    side.hidden = !side.hidden;
    if (side.hidden) show();
    else list();
  }

  return { side, show, open, toggle };
}
