// The library's own check of a connection, where the page exposes the library; null where it does not.
async ([url, token, seconds]) => {
  const { ConnectionCheck } = window.LivekitClient ?? {};
  if (!ConnectionCheck) return null;
  const check = new ConnectionCheck(url, token);
  const late = new Promise((resolve) => setTimeout(() => resolve({ status: "late", logs: [] }), seconds * 1000));
  const asked = ["checkWebsocket", "checkWebRTC"].map(async (name) => {
    const said = await Promise.race([check[name](), late]);
    const status = ["idle", "running", "skipped", "success", "failed"][said.status] ?? said.status;
    return `${name} ${status} (${said.logs.map((each) => each.message).join("; ")})`;
  });
  return (await Promise.all(asked)).join(", ");
}
