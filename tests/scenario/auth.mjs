// What tests of accounts share: a folder with accounts, logins, and the routes and entities as the sources list them.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import * as lib from './lib.mjs';
import { ask, data, post } from './api.mjs';

export const PASSWORD = 'canary-Kartoffel-7';
export const ROLES = ['admin', 'planner', 'sales', 'operator', 'inspector', 'auditor', 'sync-agent'];

export const email = (role) => `${role}@example.org`;
export function addUser(p, role, password = PASSWORD) {
  return lib.json(['user', 'add', email(role), '--role', role, '--password', password, ...p.args]);
}

// A login as a client without cookies.
export const login = (server, who, password = PASSWORD, more = {}) => post(server, '/api/auth/login', { email: who, password, ...more });
export const token = async (server, who, password, more) => (await data(login(server, who, password, more))).token;
export const bearer = (t) => ({ authorization: `Bearer ${t}` });
export const as = (server, t, target, method = 'GET', body) => ask(server, target, { method, headers: bearer(t), body: method === 'GET' ? undefined : (body ?? '') });

export const claims = (t) => JSON.parse(Buffer.from(t.split('.')[1], 'base64url'));
export const head = (t) => JSON.parse(Buffer.from(t.split('.')[0], 'base64url'));

// [{ method, pattern, need, open, body }]
export function routes() {
  const dir = path.join(lib.ROOT, 'src/http');
  const sources = fs.readdirSync(dir).filter((f) => f.startsWith('routes')).map((f) => fs.readFileSync(path.join(dir, f), 'utf8'));
  return sources.flatMap((source) => source.split(/\n {2}\{ (?="[A-Z]+", "\/)/).slice(1)).map((row) => {
    const [, method, pattern, need] = /^"(\w+)",\s+"([^"]+)",\s+\w+,\s+(?:NULL|"([^"]+)")/.exec(row);
    return { method, pattern, need, open: /\.open = true/.test(row), body: /\.body_max/.test(row), by: /\.entity = ENTITY_BY_(\w+)/.exec(row)?.[1] };
  });
}

// [{ name, access, path }]
export function entities() {
  const dir = path.join(lib.ROOT, 'sql/entity');
  return fs.readdirSync(dir).map((file) => {
    const text = fs.readFileSync(path.join(dir, file), 'utf8');
    const of = (key) => new RegExp(`^${key}\\s+(\\S+)`, 'm').exec(text)?.[1];
    return { name: of('entity'), access: of('access'), path: of('path') };
  });
}

// Everything below a folder, as one buffer: what must never hold a secret.
export function everything(dir) {
  const parts = [];
  for (const entry of fs.readdirSync(dir, { recursive: true, withFileTypes: true }))
    if (entry.isFile()) parts.push(fs.readFileSync(path.join(entry.parentPath ?? entry.path, entry.name)));
  return Buffer.concat(parts);
}

export function holdsNone(bytes, secrets, where) {
  for (const secret of secrets) assert.equal(Buffer.from(bytes).indexOf(secret), -1, `${where} holds ${secret.slice(0, 12)}...`);
}
