// A network of its own: a namespace of the kernel with one line to this machine, which can be made to lose what goes over it without
// a word, as a cable or a radio does. It takes root and iproute2; where it cannot be, `why` says so.
//
//   const net = startNet(t)
//   net.here, net.there                  // addresses of this machine and of the namespace
//   net.exec(['outpost', ...])           // a command line that runs in there
//   net.lose('up' | 'down' | 'both')     // what goes from there to here, from here to there
//   net.unplug(); net.slow('80kbit'); net.heal()
import { spawnSync } from 'node:child_process';

const ip = (...args) => spawnSync('ip', args, { encoding: 'utf8' });
const NOBODY = '02:00:00:00:00:99';

function possible() {
  if (process.getuid() !== 0) return 'it takes root';
  const name = `outpost-try-${process.pid}`;
  const made = ip('netns', 'add', name);
  if (made.error || made.status !== 0) return `no namespaces here: ${made.error?.message ?? made.stderr}`;
  ip('netns', 'del', name);
  return false;
}
export const why = possible();

export function startNet(t) {
  const name = `outpost-${process.pid}`;
  const line = `op${process.pid}`;
  const net = `10.${200 + (process.pid % 50)}.${Math.floor(process.pid / 50) % 250}`;
  const [here, there] = [`${net}.1`, `${net}.2`];
  const must = (...args) => {
    const { status, stderr } = ip(...args);
    if (status !== 0) throw new Error(`ip ${args.join(' ')}: ${stderr}`);
  };
  const inside = (...args) => must('netns', 'exec', name, 'ip', ...args);
  must('netns', 'add', name);
  t.after(() => ip('netns', 'del', name)); // takes both ends of the line along
  must('link', 'add', line, 'type', 'veth', 'peer', 'name', 'out', 'netns', name);
  must('addr', 'add', `${here}/30`, 'dev', line);
  must('link', 'set', line, 'up');
  inside('addr', 'add', `${there}/30`, 'dev', 'out');
  inside('link', 'set', 'lo', 'up');
  inside('link', 'set', 'out', 'up');
  const traffic = (...args) => spawnSync('ip', ['netns', 'exec', name, 'tc', 'qdisc', ...args]);
  return {
    here, there,
    exec: (args) => ['netns', 'exec', name, ...args],
    // Sent to a machine that is not there.
    lose: (way) => {
      if (way !== 'down') inside('neigh', 'replace', here, 'lladdr', NOBODY, 'dev', 'out', 'nud', 'permanent');
      if (way !== 'up') must('neigh', 'replace', there, 'lladdr', NOBODY, 'dev', line, 'nud', 'permanent');
    },
    unplug: () => inside('link', 'set', 'out', 'down'),
    slow: (rate) => traffic('add', 'dev', 'out', 'root', 'tbf', 'rate', rate, 'burst', '4kb', 'latency', '2s'),
    heal: () => {
      traffic('del', 'dev', 'out', 'root');
      inside('link', 'set', 'out', 'up');
      ip('netns', 'exec', name, 'ip', 'neigh', 'flush', 'dev', 'out', 'nud', 'all');
      ip('netns', 'exec', name, 'ip', 'neigh', 'del', here, 'dev', 'out');
      ip('neigh', 'del', there, 'dev', line);
    },
  };
}
