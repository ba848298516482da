// What is to be asked, as tests/support/bench_work.py wrote it.
const { readFileSync } = require('node:fs');

module.exports = JSON.parse(readFileSync(process.env.BENCH_WORK, 'utf8'));
