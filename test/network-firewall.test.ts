import fs from 'node:fs';
import * as assert from 'uvu/assert';
import { ensureBridge, removeNetwork } from '../src/network/bridge.ts';
import { checkFirewall, removeFirewall } from '../src/network/firewall/firewall.ts';
import { publishPorts } from '../src/network/ports/publish.ts';
import { temporaryFolder } from './support/cleanup.ts';
import { becomeMachine } from './support/netns.ts';
import { requires, unmet } from './support/requires.ts';

/** The chains that engines share when what was read of them is wrong, in a network namespace of its own that this process moves into. */
const needs = ['root', 'iptables', 'ip'];
const test = requires(...needs);
const host = needs.map(unmet).some(reason => reason !== undefined) ? undefined : await becomeMachine();
const sh = (command: string): string => host!.sh(command);

const bridge = 'mdt-bridge';
const folder = temporaryFolder('firewall');
let count = 0;
const fresh = () => {
  count += 1;
  return { root: `${folder}/${count}`, execRoot: `${folder}/${count}-run` };
};
const backendOf = (name: string) => ({ restore: `iptables-${name}-restore`, save: `iptables-${name}-save` });
const published = {
  shortId: '0123456789ab',
  address: '172.18.0.2',
  ports: [{ hostIp: '0.0.0.0', hostPort: 8080, containerPort: 80, protocol: 'tcp' as const }],
};

/** An iptables-save of which the first readings are what `filter` leaves of them: the kernel had no memory, and it exits with 0. */
function forgetful(backend: string, readings: number, filter: string) {
  const [left, save] = [`${folder}/readings`, `${folder}/save`];
  fs.writeFileSync(left, `${readings}`);
  const script = `#!/bin/sh
left=$(cat ${left}); echo $((left - 1)) >${left}
if [ $left -gt 0 ]; then iptables-${backend}-save "$@" | ${filter} || :; else exec iptables-${backend}-save "$@"; fi`;
  fs.writeFileSync(save, script, { mode: 0o755 });
  return { ...backendOf(backend), save };
}

for (const backend of ['nft', 'legacy']) {
  test(`iptables-${backend}: jumps that stand there more than once are one again with the next look, and all go in the end`, async () => {
    const roots = fresh();
    const iptables = backendOf(backend);
    const network = await ensureBridge(roots, { bridge, iptables });
    const rules = () => sh(`${iptables.save} | grep -v '^[#:]'`);
    const I = `iptables-${backend} -w`;
    sh(`${I} -A FORWARD -s 192.0.2.1/32 -j ACCEPT`);
    const before = rules();
    const more = `for i in 1 2; do ${I} -I FORWARD -j MINIDOCK-FORWARD; ${I} -A FORWARD -j MINIDOCK-FORWARD
      ${I} -A MINIDOCK-FORWARD -j MINIDOCK-USER; ${I} -A MINIDOCK-FORWARD -j MINIDOCK-${bridge}-IN
      ${I} -t raw -I PREROUTING -j MINIDOCK-${bridge}; ${I} -t nat -A POSTROUTING -j MINIDOCK-${bridge}-NAT; done`;
    sh(more);
    assert.is((await checkFirewall(network, iptables)).mended, true);
    assert.is(rules(), before);
    assert.is((await checkFirewall(network, iptables)).mended, false);
    sh(more);
    await removeNetwork(roots, bridge, iptables);
    sh(`${I} -D FORWARD -s 192.0.2.1/32 -j ACCEPT`);
    assert.not.match(sh(iptables.save), /MINIDOCK/);
  });

  test(`iptables-${backend}: where iptables-save did not tell all, no rule of others goes and none comes twice`, async () => {
    const [roots, others] = [fresh(), fresh()];
    const iptables = backendOf(backend);
    const network = await ensureBridge(roots, { bridge, iptables });
    await ensureBridge(others, { bridge: 'mdt-other', iptables });
    await publishPorts({ bridge: 'mdt-other' }, { ...published, shortId: 'ba9876543210' }, iptables);
    await publishPorts(network, published, iptables);
    // Which bridge comes first does not matter.
    const rules = () => sh(`${iptables.save} | grep '^-A'`).split('\n').sort();
    const before = rules();
    const foreign = before.filter(rule => /mdt-other|USER/.test(rule));
    for (const filter of [
      'grep -v .',
      'grep -v MINIDOCK',
      'grep -v -e -FORWARD',
      'grep -v ^-A',
      "sed '/^-A MINIDOCK/d'",
    ]) {
      // Two are the look before the lock, and the one that decides; more are all that it gets.
      for (const readings of [2, 99]) {
        const seen = await checkFirewall(network, forgetful(backend, readings, filter)).catch(String);
        if (typeof seen === 'string') assert.match(seen, /refused "-N MINIDOCK/);
        for (const rule of foreign) assert.ok(rules().includes(rule), `${filter}: ${rule}`);
        await checkFirewall(network, iptables);
        assert.equal(rules(), before, `${filter}, ${readings} times`);
      }
    }
    await removeFirewall(network, forgetful(backend, 1, "grep -v -e '^-A .*FORWARD'"));
    assert.equal(
      rules(),
      before.filter(rule => !rule.includes(bridge)),
    );
    await removeNetwork(roots, bridge, iptables);
    await removeNetwork(others, 'mdt-other', iptables);
    assert.not.match(sh(iptables.save), /MINIDOCK/);
  });
}

test.run();
