const { journey, step } = require('@elastic/synthetics');
const journeys = require('./journeys.cjs');
const work = require('./work.cjs');

for (const [name, drive] of Object.entries(journeys)) {
  journey(name, ({ page }) => {
    step(name, async () => drive(page, work));
  });
}
