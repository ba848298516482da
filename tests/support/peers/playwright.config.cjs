const work = require('./work.cjs');

module.exports = {
  testDir: __dirname,
  fullyParallel: false,
  workers: 1,
  reporter: 'line',
  outputDir: process.env.BENCH_OUTPUT,
  use: {
    ignoreHTTPSErrors: true,
    launchOptions: { executablePath: work.chromium },
    trace: process.env.BENCH_TRACE || 'off',
  },
};
