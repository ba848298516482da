// Who is signed in, in weAlist's own localStorage keys. A half set of them is no session.

const TOKENS = ["accessToken", "refreshToken", "nickName", "userEmail"];

export const accessToken = () => localStorage.getItem("accessToken");
export const refreshToken = () => localStorage.getItem("refreshToken");

// Whether a token's time is over; one that cannot be read is for the server to judge.
export function expired(token) {
  if (!token) return true;
  try {
    const claims = JSON.parse(atob(token.split(".")[1].replaceAll("-", "+").replaceAll("_", "/")));
    return claims.exp * 1000 <= Date.now();
  } catch {
    return false;
  }
}

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
