// The storage page: it shows what the API holds, and says so when it cannot.

import { isFaultActive } from "./api.js";
import { h, sign } from "./dom.js";
import * as drive from "./drive.js";
import { inWorkspace } from "./layout.js";
import { askFolderName, askToTrash, contextMenu, emptyDrive, grid, size, table, uploadProgress } from "./storage-parts.js";

const LOAD_FAILED = "데이터를 불러오는데 실패했습니다.";
const UPLOAD_FAILED = "파일 업로드에 실패했습니다.";
const DOWNLOAD_FAILED = "파일 다운로드에 실패했습니다.";

export function storage(workspaceId, goTo) {
  const state = { path: [], view: "grid", source: "drive", words: "", shown: { children: [], files: [] } };
  const errors = h("div");
  const crumbs = h("div", { className: "crumbs" });
  const body = h("section", { className: "drive" });
  const used = h("small", {}, "저장용량");
  const picker = h("input", { type: "file", multiple: true, hidden: true });
  let loading = 0;
  const folderId = () => state.path.at(-1)?.id;

  const fail = (text) => (error) => {
    console.error(error);
    const close = () => errors.replaceChildren();
    const box = h("div", { className: "error", role: "alert" }, text, h("button", { onclick: close }, "닫기"));
    errors.replaceChildren(box);
  };

  const sources = {
    drive: () => drive.contents(workspaceId, folderId()),
    recent: () => drive.recent(workspaceId),
    search: () => drive.found(workspaceId, state.words),
    trash: () => drive.trashed(workspaceId),
  };

  async function load() {
    loading += 1;
    const mine = loading;
    body.replaceChildren("로딩 중...");
    try {
      const shown = await sources[state.source]();
      // An answer that a later question has overtaken would show the wrong folder.
      if (mine !== loading) return;
      state.shown = shown;
    } catch (error) {
      if (isFaultActive("page-throws-on-load")) throw error;
      body.replaceChildren();
      fail(LOAD_FAILED)(error);
      return;
    }
    draw();
    await drive.usage(workspaceId).then(showUsage, fail(LOAD_FAILED));
  }

  function showUsage(usage) {
    used.textContent = `저장용량 ${size(usage.totalSize)} / 15GB 사용 중`;
  }

  function draw() {
    const { children, files } = state.shown;
    const full = children.length + files.length > 0;
    const view = state.view === "grid" ? grid : table;
    body.replaceChildren(full ? view(state.shown, { open, menu }) : emptyDrive(newFolder, addFiles));
    crumbs.replaceChildren(...[{ name: "내 드라이브" }, ...state.path].map(crumb));
  }

  const crumb = (folder, depth) => h("button", { onclick: () => enter(state.path.slice(0, depth)) }, folder.name);

  function enter(path) {
    Object.assign(state, { path, source: "drive" });
    return load();
  }

  function open(kind, row) {
    return kind === "folder" ? enter([...state.path, row]) : drive.download(row).catch(fail(DOWNLOAD_FAILED));
  }

  function menu(event, kind, row) {
    const trash = ["삭제", () => askToTrash(row, () => drive.toTrash(kind, row.id).then(load, fail(LOAD_FAILED)))];
    contextMenu(event, [[kind === "folder" ? "열기" : "다운로드", () => open(kind, row)], trash]);
  }

  const addFiles = () => picker.click();
  const newFolder = () =>
    askFolderName((name) => drive.makeFolder(workspaceId, folderId(), name).then(load, fail(LOAD_FAILED)));

  async function uploadAll(files) {
    const progress = uploadProgress(files.length);
    try {
      for (const [done, file] of files.entries()) {
        progress.at(done + 1);
        // All is said to be uploaded as soon as the bytes are, and that is gone once they are confirmed.
        await drive.upload(workspaceId, folderId(), file, () => done + 1 === files.length && progress.finish());
      }
    } catch (error) {
      fail(UPLOAD_FAILED)(error);
    } finally {
      progress.close();
    }
    await load();
  }

  const look = (source) => () => {
    state.source = source;
    return load();
  };
  const arrange = (view) => () => {
    state.view = view;
    draw();
  };
  const search = (event) => {
    state.words = event.target.value;
    return look(state.words ? "search" : "drive")();
  };

  picker.onchange = () => uploadAll([...picker.files]).finally(() => (picker.value = ""));
  body.oncontextmenu = (event) => contextMenu(event, [["새 폴더", newFolder], ["파일 추가", addFiles]]);
  body.ondragover = (event) => event.preventDefault();
  body.ondrop = (event) => (event.preventDefault(), uploadAll([...event.dataTransfer.files]));

  const tools = h(
    "header",
    {},
    crumbs,
    h("input", { placeholder: "파일 검색...", onchange: search }),
    sign("목록", "≣", arrange("list")),
    sign("그리드", "▦", arrange("grid")),
  );
  const aside = h(
    "aside",
    {},
    h("button", { onclick: look("recent") }, "최근 항목"),
    h("button", { onclick: look("trash") }, "휴지통"),
    used,
  );
  inWorkspace(workspaceId, goTo, tools, errors, h("div", { className: "columns" }, aside, body), picker);
  return load();
}
