// A mail server for tests: npm's smtp-server, on loopback, with a certificate of its own.
//
//   const post = await smtp(t, { security: 'starttls', user: 'out', password: 'secret' });
//   post.mails      what it took: { id, from, to, bytes }
//   post.tries      every mail whose end of DATA it has read, taken or not
//   post.on.data = async (mail) => { throw refuse(452, 'later') }
//   post.on.rcpt = (address, session) => { ... }
//   post.on.part = (session) => { ... }     a piece of the body has come
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { folder, installed } from '../browser/outpost.mjs';

const load = (name) => import(pathToFileURL(createRequire(installed()).resolve(name)).href);
const { SMTPServer } = await load('smtp-server');
export const { default: PostalMime } = await load('postal-mime');

export const refuse = (code, words) => Object.assign(new Error(words), { responseCode: code });

// { key, cert }: for localhost and 127.0.0.1, signed by itself.
export function certificate(t) {
  const dir = folder(t);
  const [key, cert] = ['key.pem', 'cert.pem'].map((name) => path.join(dir, name));
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2', '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1', '-keyout', key, '-out', cert], { stdio: 'pipe' });
  return { key: fs.readFileSync(key, 'utf8'), cert: fs.readFileSync(cert, 'utf8') };
}

export async function smtp(t, { security = 'starttls', user, password, port = 0, methods = ['PLAIN', 'LOGIN'], ...more } = {}) {
  const { key, cert } = certificate(t);
  const post = { mails: [], tries: [], logins: [], sessions: 0, on: {}, ca: cert };
  const server = new SMTPServer({
    key, cert, secure: security === 'tls', authMethods: methods, authOptional: !user, disableReverseLookup: true, logger: false, closeTimeout: 200,
    disabledCommands: [...(security === 'starttls' ? [] : ['STARTTLS']), ...(user ? [] : ['AUTH'])],
    onConnect: (session, done) => (post.sessions++, done(post.on.connect?.(session))),
    onAuth(auth, session, done) {
      post.logins.push({ method: auth.method, user: auth.username, secure: session.secure });
      if (auth.username === user && auth.password === password) done(null, { user });
      else done(refuse(535, 'no such user or wrong password'));
    },
    onRcptTo(address, session, done) {
      try {
        done(post.on.rcpt?.(address.address, session));
      } catch (error) {
        done(error);
      }
    },
    onData(stream, session, done) {
      const parts = [];
      stream.on('data', (part) => { parts.push(part); post.on.part?.(session); });
      stream.on('end', async () => {
        const bytes = Buffer.concat(parts);
        const mail = { bytes, id: /^Message-ID:\s*<(.*)>/m.exec(bytes)?.[1], from: session.envelope.mailFrom.address, to: session.envelope.rcptTo.map((r) => r.address), secure: session.secure, user: session.user };
        post.tries.push(mail);
        try {
          const words = await post.on.data?.(mail, session);
          post.mails.push(mail);
          done(null, words ?? 'kept');
        } catch (error) {
          done(error);
        }
      });
    },
    ...more,
  });
  server.on('error', () => {}); // clients that go away are what the tests are about
  await new Promise((resolve) => server.listen(port, '127.0.0.1', resolve));
  post.port = server.server.address().port;
  post.server = server;
  let over;
  post.stop = () => (over ??= new Promise((resolve) => server.close(resolve)));
  t.after(() => post.stop());
  return post;
}

export const parsed = (mail) => PostalMime.parse(mail.bytes);
