// `npm run test:fast` starts every process with this: what would talk to another machine fails, and is written down, so that the run fails
// at its end even if a test took the failure for an answer. Plain JavaScript, since tests start an older Node as well. Native code is
// not seen by it; what opens connections from native code has its tests elsewhere (`*.servers.test.ts`).
import dgram from 'node:dgram';
import dns from 'node:dns';
import { appendFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { isIP, Socket } from 'node:net';

const { connect } = Socket.prototype;
Socket.prototype.connect = function (...parameters) {
  // A name is looked up first, by what follows.
  const host = hostOf(parameters);
  if (isIP(host) && !isHere(host)) throw refusal(host);
  return Reflect.apply(connect, this, parameters);
};

const { send } = dgram.Socket.prototype;
dgram.Socket.prototype.send = function (...parameters) {
  // send(message, [offset, length,] port, address, callback): the address is the last string.
  const host = parameters.slice(1).findLast((value) => typeof value === 'string');
  if (host !== undefined && !isHere(host)) throw refusal(host);
  return Reflect.apply(send, this, parameters);
};

const isQuestion = (name) => /^(lookup|resolve|reverse)/.test(name);
for (const name of Object.keys(dns).filter(isQuestion)) {
  const ask = dns[name];
  dns[name] = (host, ...rest) =>
    isHere(host) ? ask(host, ...rest) : process.nextTick(rest.at(-1), refusal(host));
}
for (const name of Object.keys(dns.promises).filter(isQuestion)) {
  const ask = dns.promises[name];
  dns.promises[name] = async (host, ...rest) => {
    if (!isHere(host)) throw refusal(host);
    return ask(host, ...rest);
  };
}
// For `import { lookup } from 'node:dns'`.
syncBuiltinESMExports();

/** The forms of `socket.connect`: options, port and host, a path, or an array of those that Node has normalised. */
function hostOf(parameters) {
  const [first, second] = Array.isArray(parameters[0]) ? parameters[0] : parameters;
  return String((typeof first === 'object' ? first?.host : second) ?? '').replace(/^\[|\]$/g, '');
}

function isHere(host) {
  return /^((.*\.)?localhost|127\.[\d.]+|0\.0\.0\.0|::1?|::ffff:127\.[\d.]+)?$/i.test(String(host ?? ''));
}

/** As if the name were not known. Those that no machine can have (RFC 6761, 2606) stand for exactly that in tests, and are not written down. */
function refusal(host) {
  const message = `The fast tests have no network, and this would talk to ${host}`;
  const error = Object.assign(new Error(message), {
    code: 'ENOTFOUND',
    syscall: 'getaddrinfo',
    hostname: host,
  });
  if (process.env.TANDEM_OFFLINE_LOG && !/\.(test|invalid|example)$/i.test(host))
    appendFileSync(process.env.TANDEM_OFFLINE_LOG, `${process.argv.slice(1).join(' ')}\n${error.stack}\n\n`);
  return error;
}
