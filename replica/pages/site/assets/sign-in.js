// The login page, and the landing after Google.

import { oauthUrl } from "./api.js";
import { h, show } from "./dom.js";
import { keep } from "./session.js";

export function login() {
  const go = () => {
    window.location.href = oauthUrl();
  };
  show(
    h(
      "main",
      { className: "card" },
      h("h1", {}, "weAlist"),
      h("p", {}, "Google 계정으로 로그인하고 워크스페이스를 시작하세요."),
      h("button", { className: "primary", onclick: go }, "GOOGLE 계정으로 계속하기"),
    ),
  );
}

export function landing(goTo) {
  const query = new URLSearchParams(window.location.search);
  const given = Object.fromEntries(
    ["accessToken", "refreshToken", "userId", "nickName"].map((name) => [name, query.get(name)]),
  );
  if (given.accessToken && given.refreshToken && given.userId) {
    keep({ ...given, userEmail: query.get("email") });
    goTo("/dashboard", { replace: true });
    return;
  }
  show(h("main", { className: "card" }, h("p", {}, "오류 발생: 로그인 정보를 확인할 수 없습니다. 다시 로그인해주세요.")));
  setTimeout(() => goTo("/", { replace: true }), 3000);
}
