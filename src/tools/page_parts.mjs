// page_parts.mjs META INDEX - of the build of the page: tells index.html which files belong together, so that the
// browser asks for them at once and not for one after the other has said that it needs the next.
//
//   - what the page starts with: a modulepreload link each
//   - the parts that come later: {"files": [...], "of": {"Dashboard": [0, 4, ...]}}, by the name that lib/lazy.js knows
//     them by. It is a block of data, which no policy for scripts concerns.
//
// META is esbuild's account of what it made. Two parts that export the same name have their files together.
import fs from 'node:fs';
import path from 'node:path';

const [meta, index] = process.argv.slice(2);
const { outputs } = JSON.parse(fs.readFileSync(meta, 'utf8'));

/* The output and all that it cannot run without. */
function needed(output, found = new Set()) {
  if (found.has(output)) return found;
  found.add(output);
  for (const { path: name, kind } of outputs[output].imports) if (kind === 'import-statement') needed(name, found);
  return found;
}

const start = Object.keys(outputs).find((name) => path.basename(name) === 'app.js');
const first = needed(start);
const files = [];
const of = {};
for (const [output, { entryPoint, exports }] of Object.entries(outputs)) {
  if (!entryPoint || first.has(output) || !output.endsWith('.js')) continue;
  const later = [...needed(output)].filter((one) => !first.has(one)).map((one) => path.basename(one));
  for (const file of later) if (!files.includes(file)) files.push(file);
  for (const name of exports) of[name] = [...new Set([...(of[name] ?? []), ...later.map((file) => files.indexOf(file))])];
}

const links = [...first].filter((one) => one !== start).map((one) => `    <link rel="modulepreload" href="${path.basename(one)}">\n`);
const block = `    <script type="application/json" id="parts">${JSON.stringify({ files, of })}</script>\n`;
const html = fs.readFileSync(index, 'utf8');
const script = '    <script type="module"';
if (!html.includes(script)) throw new Error(`${index} has no line that begins with ${script.trim()}`);
fs.writeFileSync(index, html.replace(script, links.join('') + script).replace('  </head>', `${block}  </head>`));
