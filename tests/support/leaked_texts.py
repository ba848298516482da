"""Texts in which a secret was seen to leak: what must go, and what a diagnosis needs."""

from tests.support import planted

TOKEN, SCOPE = planted.token(), "20260102/ap-northeast-2/s3/aws4_request"
STATIC, TEMPORARY = "AKIAQWERTYUIOPASDFGH", "ASIAQWERTYUIOPASDFGH"
RANDOM, HEX = "aB3dE5fG7hI9jK1lM3nO5pQ7rS9t", "0badc0de0badc0de0badc0de0badc0de"
DEEP = "https%3A%2F%2Fh%2Fcb%3Ftoken%3DhunT3r%26next%3D1"
SIGV4 = (
    f"https://s3.ap-northeast-2.amazonaws.com/b/k%20k?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential={TEMPORARY}"
    "%2F20260102%2Fap-northeast-2%2Fs3%2Faws4_request&X-Amz-Date=20260102T051329Z&X-Amz-Expires=300"
    "&X-Amz-Security-Token=FwoGZX%2FhunT3r%3D%3D&X-Amz-SignedHeaders=content-type%3Bhost&X-Amz-Signature=0badc0de"
)
MULTIPART = (
    '--b\r\nContent-Disposition: form-data; name="policy"\r\n\r\n'
    "eyJleHBpcmF0aW9uIjogIjIwMjYifQ==\r\n--b\r\n"
    'Content-Disposition: form-data; name="x-amz-signature"\r\n'
    "Content-Type: text/plain\r\n\r\n0badc0de\r\n--b--"
)

# (text, what must be gone, what a diagnosis needs)
LEAKS = {
    "token in a log line": (
        f"invalid token: {TOKEN}, err",
        [TOKEN],
        ["token: <access token sub=", ", err"],
    ),
    "token in a query": (
        f"wss://h/ws/1?token={TOKEN}&v=2",
        [TOKEN],
        ["wss://h/ws/1?token=<access", "&v=2"],
    ),
    "token percent-encoded": (
        f"x%3Ft%3D{TOKEN.replace('.', '%2E')}%26",
        TOKEN.split("."),
        ["<access", "%26"],
    ),
    "token after a letter": (f"\\n{TOKEN} x{TOKEN}", [TOKEN], ["<access token sub=b0395e6e…"]),
    "token malformed": (
        "bad eyJx.yy.zz and eyJaa.bb",
        ["eyJ"],
        ["bad <unreadable token #", "> and <unreadable"],
    ),
    "token in a fragment": (
        "https://h/#access_token=hunT3r&x=1",
        ["hunT3r"],
        ["#access_token=<token #", "&x=1"],
    ),
    "opaque in a query": (
        "/cb?accessToken=hunT3r;(,)&refreshToken=0paque",
        ["hunT3r", "(,)", "0paque"],
        ["/cb?"],
    ),
    "token in a nested URL": (
        f"https://h/?u={DEEP}",
        ["hunT3r"],
        ["cb%3Ftoken%3D<token #", "%26next%3D1"],
    ),
    "parameter name encoded": (
        "/cb?%74oken=hunT3r&%61=1",
        ["hunT3r"],
        ["/cb?%74oken=<token #", "&%61=1"],
    ),
    "OAuth answer": (
        "/cb?code=4/0AhunT3r&state=xYz1#f",
        ["hunT3r", "xYz1"],
        ["?code=<secret #", ">#f"],
    ),
    "form": ("password=hunT3r&user=bob", ["hunT3r"], ["&user=bob"]),
    "bearer": (
        "sent bearer hunT3r-opaque, got 401",
        ["hunT3r"],
        ["sent bearer <token #", ", got 401"],
    ),
    "basic": ("Basic dXNlcjpwYXNz", ["dXNlcjpwYXNz"], ["Basic <token #"]),
    "SigV4 query": (
        SIGV4,
        [TEMPORARY, "hunT3r", "0badc0de"],
        [
            "https://s3.ap-northeast-2.amazonaws.com/b/k%20k?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=ASIA…#",
            "%2F20260102%2Fap-northeast-2%2Fs3%2Faws4_request&X-Amz-Date=20260102T051329Z&X-Amz-Expires=300&",
            "&X-Amz-SignedHeaders=content-type%3Bhost&X-Amz-Signature=<signature #",
        ],
    ),
    "SigV4 nested": (
        "r=https%3A%2F%2Fh%3FX-Amz-Credential%3DSWFSkey%252F2026%26X-Amz-Signature%3D0badc0de%26X-Amz-Expires%3D60",
        ["SWFSkey", "0badc0de"],
        ["X-Amz-Credential%3D<key #", "%252F2026%26", "%26X-Amz-Expires%3D60"],
    ),
    "SigV4 header": (
        (
            "authorization: AWS4-HMAC-SHA256 "
            f"Credential={STATIC}/{SCOPE},SignedHeaders=host;x-amz-date,Signature=0badc0de"
        ),
        [STATIC, "0badc0de"],
        [
            "AWS4-HMAC-SHA256 Credential=AKIA…#",
            f"/{SCOPE},SignedHeaders=host;x-amz-date,Signature=<signature #",
        ],
    ),
    "SigV2 query": (
        f"/k?AWSAccessKeyId={STATIC}&Expires=17&Signature=hunT%2B3r%3D",
        [STATIC, "hunT"],
        ["/k?AWSAccessKeyId=AKIA…#", "&Expires=17&Signature=<signature #"],
    ),
    "SigV2 header": (
        (f"Authorization: AWS {STATIC}:hunT3r0badc0de="),
        [STATIC, "hunT3r"],
        ["AWS AKIA…#", ":<sign"],
    ),
    "development credential": (
        f"?X-Amz-Credential=minioadmin%2F{SCOPE}&X-Amz-Signature=0badc0de",
        ["0badc0de"],
        [f"?X-Amz-Credential=minioadmin%2F{SCOPE}&"],
    ),
    "GCS": (
        "?X-Goog-Credential=s%40p.iam%2F2026%2Fauto&X-Goog-Expires=9&X-Goog-Signature=0badc0de&GoogleAccessId=s@p.iam",
        ["s%40p", "0badc0de", "s@p"],
        [
            "?X-Goog-Credential=<key #",
            "%2F2026%2Fauto&X-Goog-Expires=9&X-Goog-Signature=<signature #",
        ],
    ),
    "Azure": (
        "?sv=2024&se=2026&sp=r&sig=hunT%3D3r",
        ["hunT"],
        ["?sv=2024&se=2026&sp=r&sig=<signature #"],
    ),
    "POST policy fields": (
        MULTIPART,
        ["eyJleHBpcmF0aW9u", "0badc0de"],
        [
            'name="policy"\r\n\r\n<policy #',
            'name="x-amz-signature"\r\nContent-Type: text/plain\r\n\r\n<signature #',
        ],
    ),
    "POST policy page": (
        (
            f'<input name="x-amz-credential" value="{STATIC}/{SCOPE}">'
            '<input name="signature" value="hunT3r">'
        ),
        [STATIC, "hunT3r"],
        ['value="AKIA…#', f"/{SCOPE}", '<input name="signature" value="<signature #'],
    ),
    "POST policy JSON": (
        '{"policy":"eyJleHBpcmF0aW9uIjoiMjAyNiJ9c2Rmc2Rm","acl":"private"}',
        ["eyJleHBpcmF0aW9u"],
        ['{"policy":"<policy #', '","acl":"private"}'],
    ),
    "bare key": (
        (f"The key {TEMPORARY} does not exist"),
        [TEMPORARY],
        ["The key ASIA…#", " does not exist"],
    ),
    "STS reply": (
        "<AccessKeyId>SWFSkey</AccessKeyId><SecretAccessKey>hunT3r+/=</SecretAccessKey><SessionToken>0paque</SessionToken>",
        ["SWFSkey", "hunT3r", "0paque"],
        [
            "<AccessKeyId><key #",
            "</AccessKeyId><SecretAccessKey><secret #",
            "<SessionToken><token #",
        ],
    ),
    "userinfo": (
        "redis://user:p@ss@redis:6379/0",
        ["user:", "p@ss"],
        ["redis://<userinfo #", ">@redis:6379/0"],
    ),
    "PEM": (
        (
            "a\n-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4\n\n"
            "MIIhunT3r\n-----END RSA PRIVATE KEY-----\nb"
        ),
        ["MIIhunT3r", "Proc-Type"],
        ["a\n<private key #", ">\nb"],
    ),
    "PEM torn": ("-----BEGIN%20PRIVATE+KEY-----MIIhunT3r", ["MIIhunT3r"], ["<private key #"]),
    "JSON": (
        '{"password":"hun\\"T3r","a":1}',
        ['hun\\"T3r', 'T3r"'],
        ['{"password":"<secret #', '","a":1}'],
    ),
    "JSON in JSON": (
        '{"body":"{\\"apiKey\\":\\"hunT3r\\",\\"a\\":1}"}',
        ["hunT3r"],
        ['\\"apiKey\\":\\"<secret #'],
    ),
    "Python": (
        "{'client_secret': 'hunT3r', 'a': 1}",
        ["hunT3r"],
        ["{'client_secret': '<secret #", "', 'a': 1}"],
    ),
    "YAML": ("api_key: hunT3r\nname: x", ["hunT3r"], ["api_key: <secret #", "\nname: x"]),
    "password in prose": (
        "login with password: hunter",
        ["hunter"],
        ["login with password: <secret #"],
    ),
    "storage call": (
        "localStorage.setItem('accessToken', 'hunT3r')",
        ["hunT3r"],
        ["setItem('accessToken', '<token #"],
    ),
    "header list": (
        '{"name":"X-Internal-API-Key","value":"hunT3r"}',
        ["hunT3r"],
        ['"value":"<secret #'],
    ),
    "quoted authorization": (
        f'{{"authorization":"AWS4-HMAC-SHA256 Credential={STATIC}/{SCOPE}, Signature=0badc0de"}}',
        [STATIC, "0badc0de"],
        ["Credential=AKIA…#", f"/{SCOPE}, Signature=<signature #"],
    ),
    "session in a fragment": (
        "https://h/cb#/home?sid=hunT3r&tab=1",
        ["hunT3r"],
        ["#/home?sid=<secret #", "&tab=1"],
    ),
    "ticket of a single sign-on": (
        "/login?service=x&ticket=ST-1-hunT3r",
        ["hunT3r"],
        ["?service=x&ticket=<secret #"],
    ),
    "random fragment": (f"https://h/w#{RANDOM}", [RANDOM], ["https://h/w#<token #"]),
    "random parameter": (f"/w?page=2&x={RANDOM}&y=3", [RANDOM], ["?page=2&x=<token #", "&y=3"]),
    "random parameter, encoded": (
        f"/r?u=https%3A%2F%2Fh%2Fw%3Fx%3D{RANDOM}%26y%3D3",
        [RANDOM],
        ["w%3Fx%3D<token #", "%26y%3D3"],
    ),
    "random in hex": (f"/w?x={HEX}", [HEX], ["/w?x=<token #"]),
    "matrix parameter": (f"/w;jsessionid={HEX}?a=1", [HEX], [";jsessionid=<secret #"]),
    "userinfo without a scheme": (
        "moved to //user:hunT3r@h/p",
        ["hunT3r"],
        ["to //<userinfo #", ">@h/p"],
    ),
    "userinfo in JSON": ('"https:\\/\\/u:hunT3r@h"', ["hunT3r"], [">@h"]),
    "userinfo encoded": ("?to=https%3A%2F%2Fu%3AhunT3r%40h%2Fp", ["hunT3r"], [">%40h%2Fp"]),
    "userinfo with a slash": ("amqp://u:hu/nT3r@h:5672/v", ["nT3r"], ["amqp://<us", "@h:5672/v"]),
    "private JWK in a text": (
        f"got {{'kty': 'EC', 'kid': 'wealist-auth-key-1', 'd': '{RANDOM}', 'x': 'f83OJ3D2xF1Bg8'}}",
        [RANDOM],
        ["'kid': 'wealist-auth-key-1', 'd': '<private key #", "'x': 'f83OJ3D2xF1Bg8'"],
    ),
    "client secret of Google": ("secret used: GOCSPX-hunT3r0badc0de.", ["hunT3r"], ["used: <tok"]),
    "cookies": (
        'Cookie: sid=hunT3r; theme="da;rk"',
        ["hunT3r", "da;rk", "rk"],
        ["Cookie: sid=<cookie #", "; theme="],
    ),
    "cookie without a name": ("Cookie: 0paque", ["0paque"], ["Cookie: <cookie #"]),
    "set cookie": (
        "set-cookie: sid=hunT3r; Path=/; Max-Age=9; HttpOnly; SameSite=Lax",
        ["hunT3r"],
        ["set-cookie: sid=<cookie #", "; Path=/; Max-Age=9; HttpOnly; SameSite=Lax"],
    ),
    "cookie in a header list": (
        '{"name":"Cookie","value":"sid=hunT3r"}',
        ["hunT3r"],
        ['"value":"sid=<cookie #'],
    ),
    "cookie in a curl line": (
        f"curl -H 'Cookie: sid={TOKEN}' u",
        [TOKEN],
        ["Cookie: sid=<access token", "' u"],
    ),
}
