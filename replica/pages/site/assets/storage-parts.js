// Parts of the storage page that only show what they are given.

import { h } from "./dom.js";

const UNITS = ["B", "KB", "MB", "GB"];

export function size(bytes) {
  const power = bytes ? Math.min(Math.floor(Math.log2(bytes) / 10), UNITS.length - 1) : 0;
  return `${Number((bytes / 1024 ** power).toFixed(2))} ${UNITS[power]}`;
}

const day = (time) => time.slice(0, 10);

export function emptyDrive(onNewFolder, onAddFiles) {
  return h(
    "div",
    { className: "empty" },
    h("p", {}, "드라이브로 파일을 드래그하거나 마우스 오른쪽 클릭으로 파일을 추가하세요"),
    h("button", { onclick: onNewFolder }, "새 폴더"),
    h("button", { onclick: onAddFiles }, "파일 추가"),
  );
}

// `on` says what a double click opens and which menu a right click shows.
export function grid({ children, files }, on) {
  const tile = (kind, row) =>
    h(
      "div",
      { className: "item", ondblclick: () => on.open(kind, row), oncontextmenu: (event) => on.menu(event, kind, row) },
      kind === "folder" ? "🗀 " : "🗎 ",
      h("span", {}, row.name),
    );
  const group = (title, kind, rows) =>
    rows.length ? [h("h3", {}, title), h("div", { className: "grid" }, rows.map((row) => tile(kind, row)))] : [];
  return h("div", {}, group("폴더", "folder", children), group("파일", "file", files));
}

export function table({ children, files }, on) {
  const line = (kind, row) =>
    h(
      "tr",
      { ondblclick: () => on.open(kind, row) },
      h("td", {}, row.name),
      h("td", {}, row.uploadedBy ?? row.createdBy),
      h("td", {}, day(row.createdAt)),
      h("td", {}, day(row.updatedAt)),
      h("td", {}, kind === "file" ? size(row.fileSize) : "-"),
    );
  const head = ["이름", "올린사람", "올린날짜", "수정일", "파일크기"].map((text) => h("th", {}, text));
  const lines = [...children.map((row) => line("folder", row)), ...files.map((row) => line("file", row))];
  return h("table", {}, h("thead", {}, h("tr", {}, head)), h("tbody", {}, lines));
}

export function contextMenu(event, entries) {
  event.preventDefault();
  event.stopPropagation();
  document.querySelector(".context")?.remove();
  const menu = h("div", { className: "context menu" });
  const close = () => menu.remove();
  for (const [text, act] of entries) menu.append(h("button", { onclick: () => (close(), act()) }, text));
  Object.assign(menu.style, { left: `${event.clientX}px`, top: `${event.clientY}px` });
  document.body.append(menu);
  document.addEventListener("click", close, { once: true });
}

export function modal(...content) {
  const shade = h("div", { className: "shade" }, h("div", { className: "card", role: "dialog" }, ...content));
  document.body.append(shade);
  return () => shade.remove();
}

export function askFolderName(make) {
  const name = h("input", { placeholder: "폴더 이름 입력" });
  const close = modal(
    h("h3", {}, "새 폴더"),
    name,
    h("button", { onclick: () => (close(), make(name.value)) }, "만들기"),
    h("button", { onclick: () => close() }, "취소"),
  );
}

export function askToTrash(row, trash) {
  const close = modal(
    h("h3", {}, "휴지통으로 이동하시겠습니까?"),
    h("p", {}, row.name),
    h("button", { onclick: () => (close(), trash()) }, "삭제"),
    h("button", { onclick: () => close() }, "취소"),
  );
}

export function uploadProgress(total) {
  const title = h("h3");
  const text = h("p");
  const close = modal(title, text, h("button", { onclick: () => close() }, "닫기"));
  return {
    close,
    at: (done) => {
      title.textContent = `업로드 중... (${done}/${total})`;
    },
    finish: () => {
      title.textContent = "업로드 완료";
      text.textContent = "모든 파일이 업로드되었습니다.";
    },
  };
}
