// The list of one's workspaces.

import { call, logout } from "./api.js";
import { h, show, sign } from "./dom.js";
import { footer } from "./layout.js";

export function dashboard(goTo) {
  const list = h("div", { className: "grid" }, "대시보드 로딩 중...");
  const search = h("input", { placeholder: "워크스페이스 검색..." });
  let workspaces = [];

  const draw = () => {
    const seen = workspaces.filter((each) => each.workspaceName.includes(search.value));
    list.replaceChildren(...seen.map((each) => card(each, goTo)));
  };
  const load = async () => {
    try {
      workspaces = await call("user", "/api/workspaces/all");
      draw();
    } catch (error) {
      console.error(error);
      list.replaceChildren(h("p", { className: "error" }, "데이터를 불러오는 중 오류가 발생했습니다."));
    }
  };
  search.oninput = draw;

  const buttons = [
    sign("새로고침", "⟳", load),
    sign("로그아웃", "⎋", logout),
  ];
  const head = h("header", {}, h("h1", {}, "My Dashboard"), search, ...buttons);
  show(h("main", { className: "page" }, head, list, createForm(load)), footer());
  return load();
}

const card = (workspace, goTo) =>
  h(
    "button",
    { className: "item", onclick: () => goTo(`/workspace/${workspace.workspaceId}`) },
    h("h3", {}, workspace.workspaceName),
    h("small", {}, workspace.workspaceDescription),
  );

function createForm(load) {
  const name = h("input", { placeholder: "워크스페이스 이름", required: true });
  const description = h("input", { placeholder: "설명 (선택)" });
  const onsubmit = async (event) => {
    event.preventDefault();
    const asked = { workspaceName: name.value, workspaceDescription: description.value };
    await call("user", "/api/workspaces/create", "POST", asked);
    event.target.reset();
    await load();
  };
  return h("form", { onsubmit }, name, description, h("button", {}, "워크스페이스 만들기"));
}
