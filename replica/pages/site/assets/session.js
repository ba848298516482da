// Who is signed in, in weAlist's own localStorage keys. A half set of them is no session.

const TOKENS = ["accessToken", "refreshToken", "nickName", "userEmail"];

export const accessToken = () => localStorage.getItem("accessToken");
export const refreshToken = () => localStorage.getItem("refreshToken");

export function keep(pair) {
  for (const [name, value] of Object.entries(pair)) {
    if (value) localStorage.setItem(name, value);
  }
}

export function forget(...more) {
  for (const name of [...TOKENS, ...more]) localStorage.removeItem(name);
}

export function signedIn() {
  if (accessToken() && localStorage.getItem("userId")) return true;
  forget("userId");
  return false;
}
