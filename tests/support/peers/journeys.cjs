// Five journeys on a Playwright page; whoever runs them opens the page.
const WAIT = { timeout: 20_000 };

const heading = (page, name) => page.getByRole('heading', { name }).first().waitFor(WAIT);
const press = (page, name) => page.getByRole('button', { name }).first().click({ noWaitAfter: true, ...WAIT });
const reload = (page) => page.reload({ waitUntil: 'domcontentloaded' });

module.exports = {
  'the landing signs in': async (page, work) => {
    await page.goto(work.landing);
    await heading(page, 'My Dashboard');
  },
  'who signs in sees the dashboard': async (page, work) => {
    await page.goto(`${work.apex}/`);
    await press(page, 'GOOGLE 계정으로 계속하기');
    await press(page, work.email);
    await heading(page, 'My Dashboard');
    await reload(page);
    await heading(page, 'My Dashboard');
  },
  'the landing opens the portal': async (page, work) => {
    await page.goto(work.portal);
    await heading(page, 'Dashboard');
    await reload(page);
    await heading(page, 'Dashboard');
  },
  'the dashboard shows its data': async (page, work) => {
    await page.goto(work.portal);
    await heading(page, 'Dashboard');
    await page.waitForLoadState('networkidle');
  },
  'the page shows the drive': async (page, work) => {
    await page.addInitScript((kept) => {
      for (const [name, value] of Object.entries(kept)) localStorage.setItem(name, value);
    }, work.tokens);
    await page.goto(`${work.apex}${work.drive}`);
    await page.getByRole('button', { name: '휴지통' }).first().waitFor(WAIT);
  },
};
