// A workspace's home: its projects.

import { call } from "./api.js";
import { h } from "./dom.js";
import { inWorkspace } from "./layout.js";

export async function workspace(workspaceId, goTo) {
  const list = h("div", { className: "grid" }, "로딩 중...");
  inWorkspace(workspaceId, goTo, h("h2", {}, "프로젝트"), list);
  try {
    const { data } = await call("board", `/projects/workspace/${workspaceId}`);
    list.replaceChildren(...data.map((project) => h("div", { className: "item" }, h("h3", {}, project.name))));
  } catch (error) {
    console.error(error);
    list.replaceChildren(h("p", { className: "error" }, "데이터를 불러오는 중 오류가 발생했습니다."));
  }
}
