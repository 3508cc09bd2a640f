import { BlockList, type LookupFunction } from 'node:net';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isPublicAddress, publicLookup } from './public-address.ts';

test('public addresses are public, and no others', () => {
  for (const address of [
    '1.1.1.1',
    '8.8.8.8',
    '93.184.215.14',
    '172.15.255.255',
    '172.32.0.0',
    '100.128.0.0',
    '192.169.0.1',
    '223.255.255.255',
    '2606:4700:4700::1111',
    '2a00:1450:4001::1',
    '::ffff:8.8.8.8',
    '64:ff9b::808:808',
    '2002:808:808::1',
  ]) {
    expect(isPublicAddress(address), address).toBe(true);
  }
  for (const address of [
    '0.0.0.0',
    '10.0.0.1',
    '100.64.0.1',
    '127.0.0.1',
    '127.255.255.254',
    '169.254.169.254',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.1.1',
    '198.18.0.1',
    '224.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    '::127.0.0.1',
    'fe80::1',
    'fe80::1%eth0',
    'fe80::1%eth0.1',
    'fc00::1',
    'fd12:3456::1',
    'ff02::1',
    '2001:db8::1',
    '::ffff:127.0.0.1',
    '::ffff:7f00:1',
    '::ffff:a9fe:a9fe',
    '::ffff:0:7f00:1',
    '::ffff:0:808:808',
    '64:ff9b::7f00:1',
    '64:ff9b::10.0.0.1',
    '2002:7f00:1::',
    '2002:c0a8:101::1',
    'localhost',
    '',
    '1.2.3',
    '8.8.2056',
    '010.8.8.8',
    '0x8.8.8.8',
    '134744072',
    '2620:4f:8000::1',
    '3fff::1',
    '5f00::1',
    'fec0::1',
    '64:ff9b:1::808:808',
  ]) {
    expect(isPublicAddress(address), address).toBe(false);
  }
});

test('an IPv4 address is what it is in every form in which IPv6 can carry it', () => {
  const loopback = new BlockList();
  loopback.addSubnet('127.0.0.0', 8);
  fc.assert(
    fc.property(fc.ipV4(), (address) => {
      const [a, b, c, d] = address.split('.').map(Number) as [number, number, number, number];
      const hex = `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
      const expected = isPublicAddress(address);
      if (loopback.check(address)) expect(expected).toBe(false);
      for (const form of [
        `::ffff:${address}`,
        `::ffff:${hex}`,
        `0:0:0:0:0:ffff:${hex}`,
        `64:ff9b::${address}`,
        `2002:${hex}::`,
      ]) {
        expect(isPublicAddress(form), form).toBe(expected);
      }
    }),
  );
});

test('whatever Node takes for an address is judged', () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.ipV4(), fc.ipV6()),
      fc.constantFrom('', '%1', '%eth0.1', '%a-b'),
      (address, zone) => {
        const written = address.includes(':') ? address + zone : address;
        expect(isPublicAddress(written)).toBe(isPublicAddress(address));
      },
    ),
  );
});

test('what is connected to is what was checked: a name that answers differently the second time gains nothing', async () => {
  const answers = [
    ['93.184.215.14'],
    ['127.0.0.1'],
    ['93.184.215.14', 'fd00::1'],
    ['2606:4700::1', '1.1.1.1'],
  ];
  const resolve: LookupFunction = (_, options, callback) => {
    const found = answers.shift()!.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
    if (options.all) callback(null, found);
    else callback(null, found[0]!.address, found[0]!.family);
  };
  const lookup = publicLookup(false, resolve);
  const ask = (all: boolean) =>
    new Promise<unknown>((done) =>
      lookup('name.test', { all }, (error, address) => done(error ? error.message : address)),
    );
  expect(await ask(false)).toBe('93.184.215.14');
  expect(await ask(false)).toMatch(/^name\.test \(127\.0\.0\.1\) is not a public address/);
  expect(await ask(true)).toMatch(/^name\.test \(fd00::1\) is not a public address/);
  expect(await ask(true)).toEqual([
    { address: '2606:4700::1', family: 6 },
    { address: '1.1.1.1', family: 4 },
  ]);
});
