// Names under .localhost are this machine (RFC 6761); the resolver of a container may not know.
const dns = require('node:dns');

const isOurs = (name) => typeof name === 'string' && name.endsWith('.localhost');

function preload(lookup) {
  return (name, options, done) => {
    if (!isOurs(name)) return lookup(name, options, done);
    const then = done ?? options;
    const address = { address: '127.0.0.1', family: 4 };
    process.nextTick(() => (options?.all ? then(null, [address]) : then(null, address.address, 4)));
  };
}

dns.lookup = preload(dns.lookup);
const { lookup } = dns.promises;
dns.promises.lookup = async (name, options) => {
  if (!isOurs(name)) return lookup(name, options);
  const address = { address: '127.0.0.1', family: 4 };
  return options?.all ? [address] : address;
};
