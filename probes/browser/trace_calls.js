// Gives the app's own calls of its API our traceparent, so that weAlist's spans join ours.
//
// In the page, and not by the browser's interception: that would answer preflights in S3's place,
// and a header that S3's CORS rules do not name would fail them.
(({ traceparent, api }) => {
  const isOwn = (url) => {
    try {
      return new URL(url, window.location.href).href.startsWith(api);
    } catch {
      return false;
    }
  };
  const { fetch } = window;
  window.fetch = function (input, init) {
    const url = input instanceof Request ? input.url : String(input);
    if (!isOwn(url)) return fetch.call(this, input, init);
    const headers = new Headers(init?.headers ?? (input instanceof Request ? input.headers : {}));
    headers.set("traceparent", traceparent);
    return fetch.call(this, input, { ...init, headers });
  };
  const { open } = XMLHttpRequest.prototype;
  XMLHttpRequest.prototype.open = function (method, url, ...rest) {
    open.call(this, method, url, ...rest);
    if (isOwn(String(url))) this.setRequestHeader("traceparent", traceparent);
  };
})(ARGUMENTS);
