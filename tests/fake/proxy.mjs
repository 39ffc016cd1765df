// A bad line: a TCP proxy between an edge and its headquarters, which cuts, delays, swallows and trickles, to the byte.
//
//   const line = await startProxy(t, hq.port);       // t, or null: then close() is the caller's
//   hq.dsn({ port: line.port })
//   line.cut({ way: 'up', after: 70_000 })           // the next connection is cut when so many bytes went that way
//   line.cut({ way: 'down', after: 900, each: true })  // and every other after it, until heal()
//   line.break()                                     // all connections are reset now
//   line.reject(true)                                // new ones are reset at once
//   line.half('down')                                // what comes that way vanishes; the other way goes on: null ends it
//   line.delay(200)                                  // ms, each way
//   line.throttle(10_000)                            // bytes a second, each way
//   line.trickle(true)                               // byte by byte
//   line.heal()                                      // as if nothing had been; connections that stand stay
// It lives in the test's own process, so the program must be waited for asynchronously meanwhile (spawn, not execFileSync).
//
//   line.count, line.bytes.up, line.bytes.down       // connections and bytes so far
//   line.turns                                       // how often something went up after something came down: round trips
import net from 'node:net';

const OTHER = { up: 'down', down: 'up' };

export async function startProxy(t, target) {
  const line = new Proxy(target);
  await new Promise((resolve) => line.server.listen(0, '127.0.0.1', resolve));
  line.port = line.server.address().port;
  t?.after(() => line.close());
  return line;
}

class Proxy {
  constructor(target) {
    this.target = target;
    this.pairs = new Set();
    this.count = 0;
    this.turns = 0;
    this.bytes = { up: 0, down: 0 };
    this.server = net.createServer({ noDelay: true }, (socket) => this.accept(socket));
    this.heal();
  }

  heal() {
    Object.assign(this, { cuts: [], rejecting: false, gone: null, ms: 0, rate: 0, single: false });
  }

  cut({ way, after, each = false }) {
    this.cuts.push({ way, after, each });
  }

  reject(on) {
    this.rejecting = on;
  }

  half(way) {
    this.gone = way;
  }

  delay(ms) {
    this.ms = ms;
  }

  throttle(bytesPerSecond) {
    this.rate = bytesPerSecond;
  }

  trickle(on) {
    this.single = on;
  }

  break() {
    for (const pair of this.pairs) pair.reset();
  }

  async close() {
    this.break();
    await new Promise((resolve) => this.server.close(resolve));
  }

  accept(client) {
    this.count++;
    client.on('error', () => {});
    if (this.rejecting) return client.resetAndDestroy();
    const server = net.connect({ port: this.target, host: '127.0.0.1', noDelay: true });
    const pair = new Pair(this, client, server, [...this.cuts]);
    this.cuts = this.cuts.filter((cut) => cut.each);
    this.pairs.add(pair);
  }
}

// One connection: each way is a loop that takes what came, treats it badly, and hands it on before it takes more.
class Pair {
  constructor(line, client, server, cuts) {
    Object.assign(this, { line, client, server, over: false, left: { up: Infinity, down: Infinity } });
    for (const { way, after } of cuts) this.left[way] = Math.min(this.left[way], after);
    server.on('error', () => this.reset());
    client.on('error', () => this.reset());
    this.pass('up', client, server);
    this.pass('down', server, client);
  }

  reset() {
    if (this.over) return;
    this.over = true;
    this.line.pairs.delete(this);
    this.client.resetAndDestroy();
    this.server.destroy(); // its end sees the end of the file, as when a machine in between dies
  }

  async pass(way, from, to) {
    try {
      for await (const chunk of from) {
        if (this.line.gone === way) continue;
        if (way === 'up' && this.last !== 'up') this.line.turns++;
        this.last = way;
        for (const piece of this.pieces(chunk, way)) await this.send(way, to, piece);
        if (this.left[way] <= 0) return this.reset();
      }
      if (!this.over && this.line.gone !== way) to.end();
      if (this.ended === OTHER[way]) this.line.pairs.delete(this);
      this.ended = way;
    } catch {
      this.reset();
    }
  }

  pieces(chunk, way) {
    const whole = chunk.subarray(0, Math.min(chunk.length, this.left[way]));
    this.left[way] -= whole.length;
    const size = this.line.single ? 1 : this.line.rate ? Math.max(1, Math.floor(this.line.rate / 20)) : whole.length;
    const list = [];
    for (let at = 0; at < whole.length; at += size) list.push(whole.subarray(at, at + size));
    return list;
  }

  async send(way, to, piece) {
    const wait = this.line.ms + (this.line.rate ? (piece.length * 1000) / this.line.rate : 0);
    if (wait) await new Promise((resolve) => setTimeout(resolve, wait));
    if (this.over) return;
    this.line.bytes[way] += piece.length;
    if (!to.write(piece)) await new Promise((resolve) => ['drain', 'close'].forEach((event) => to.once(event, resolve)));
  }
}
