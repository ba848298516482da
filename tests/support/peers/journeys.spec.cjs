const { test } = require('@playwright/test');
const journeys = require('./journeys.cjs');
const work = require('./work.cjs');

for (const [name, drive] of Object.entries(journeys)) {
  test(name, async ({ page }) => drive(page, work));
}
