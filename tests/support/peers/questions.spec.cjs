const { expect, test } = require('@playwright/test');
const work = require('./work.cjs');

for (const { name, url, headers } of work.questions) {
  test(name, async ({ request }) => {
    const answer = await request.get(url, { headers });
    expect(answer.status()).toBe(200);
    await answer.json();
  });
}
