// A workspace's home: its projects, with the socket of the first one's board.

import { call } from "./api.js";
import { h } from "./dom.js";
import { inWorkspace } from "./layout.js";
import { keepOpen } from "./sockets.js";

let board = null;

export function leaveBoard() {
  board?.close();
  board = null;
}

function watch(projectId) {
  leaveBoard();
  board = keepOpen({
    name: "Board",
    path: `/api/svc/board/ws/project/${projectId}`,
    pause: 3000,
    attempts: 5,
    beat: "ping",
  });
}

export async function workspace(workspaceId, goTo) {
  const list = h("div", { className: "grid" }, "로딩 중...");
  inWorkspace(workspaceId, goTo, h("h2", {}, "프로젝트"), list);
  try {
    const { data } = await call("board", `/projects/workspace/${workspaceId}`);
    list.replaceChildren(...data.map((project) => h("div", { className: "item" }, h("h3", {}, project.name))));
    // Whoever has gone on meanwhile does not come back for this.
    if (data.length && list.isConnected) watch(data[0].projectId);
  } catch (error) {
    console.error(error);
    list.replaceChildren(h("p", { className: "error" }, "데이터를 불러오는 중 오류가 발생했습니다."));
  }
}
