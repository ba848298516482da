import { check } from 'k6';
import http from 'k6/http';

const work = JSON.parse(open(__ENV.BENCH_WORK));

export const options = { insecureSkipTLSVerify: true, batch: 8, batchPerHost: 8, hosts: work.hosts };

export default function ask() {
  const asked = work.questions.map(({ url, headers }) => ['GET', url, null, { headers }]);
  for (const answer of http.batch(asked)) {
    const held = check(answer, { 'is JSON': (one) => one.status === 200 && one.json() !== undefined });
    if (!held) throw new Error(`${answer.url} answered ${answer.status}`);
  }
}
