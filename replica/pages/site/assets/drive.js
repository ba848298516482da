// A workspace's drive, as the storage service keeps it.

import { call, isFaultActive } from "./api.js";

const query = (fields) => new URLSearchParams(Object.entries(fields).filter(([, value]) => value)).toString();
const storage = async (path, method, payload) => (await call("storage", `/storage${path}`, method, payload)).data;

export async function contents(workspaceId, folderId) {
  const answered = await storage(`/folders/contents?${query({ workspaceId, folderId })}`);
  if (isFaultActive("page-shows-empty-drive")) return { children: [], files: [] };
  const folder = isFaultActive("page-throws-on-load") ? answered.folder : answered;
  // Both are absent when empty.
  return { children: folder.children ?? [], files: folder.files ?? [] };
}

export async function recent(workspaceId) {
  const { files } = await storage(`/workspaces/${workspaceId}/files`);
  return { children: [], files: (files ?? []).sort((a, b) => b.updatedAt.localeCompare(a.updatedAt)) };
}

export async function found(workspaceId, words) {
  const { files } = await storage(`/workspaces/${workspaceId}/files/search?${query({ q: words })}`);
  return { children: [], files: files ?? [] };
}

export async function trashed(workspaceId) {
  const [children, files] = await Promise.all([
    storage(`/workspaces/${workspaceId}/trash/folders`),
    storage(`/workspaces/${workspaceId}/trash/files`),
  ]);
  return { children, files };
}

export const usage = (workspaceId) => storage(`/workspaces/${workspaceId}/usage`);
export function makeFolder(workspaceId, parentId, name) {
  const projectId = isFaultActive("page-names-board-project") ? workspaceId : undefined;
  return storage("/folders", "POST", { workspaceId, parentId, name, projectId });
}
export const toTrash = (kind, id) => storage(`/${kind}s/${id}`, "DELETE");

export async function download(file) {
  const { downloadUrl } = await storage(`/files/${file.id}/download`);
  const link = document.createElement("a");
  link.href = downloadUrl;
  link.click();
}

// The bytes go straight to the bucket, which is asked for any type.
export async function upload(workspaceId, folderId, file, sent) {
  const contentType = file.type || "application/octet-stream";
  const asked = { workspaceId, folderId, fileName: file.name, contentType, fileSize: file.size };
  const issued = await storage("/files/upload-url", "POST", asked);
  await put(issued.uploadUrl, file, contentType);
  sent();
  return storage("/files/confirm", "POST", { fileId: issued.fileId });
}

async function put(url, file, contentType) {
  const request = { method: "PUT", headers: { "Content-Type": contentType }, body: file };
  if (isFaultActive("page-ignores-failed-upload")) return fetch(undefined, request).catch(() => undefined);
  const answer = await fetch(url, request);
  if (!answer.ok) throw new Error(`S3 ${answer.status}`);
}
