// Runs before the page's own scripts: remembers each of its peer connections.
(() => {
  const Real = window.RTCPeerConnection;
  const all = [];
  window.RTCPeerConnection = class extends Real {
    constructor(...given) { super(...given); all.push(this); }
  };
  window.probesConnections = all;
})()
