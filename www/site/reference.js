//! The package's declarations (`pkg/dist/*.d.ts`, which its build writes) -> the reference. Shows what an entry point of
//! `pkg/package.json` exports, in the order of its exports, and nothing else. vite's own parser reads the files: TypeDoc
//! would bring a second TypeScript, since it does not know this one.

import { dirname, join } from 'node:path/posix';
import { parseSync } from 'vite';
import { code, markdown, slug } from './markdown.js';

/** HTML of all entry points. `read` gives a file of the repository, `used` takes the anchors. */
export function reference({ read, page, used }) {
  const manifest = JSON.parse(read('pkg/package.json'));
  const entries = Object.entries(manifest.exports)
    .map(([name, entry]) => [name, entry.types ?? entry.import?.types])
    .filter(([, types]) => types)
    .map(([name, types]) => ({ module: join(manifest.name, name), items: exported(join('pkg', types), read) }));
  const names = new Set(entries.flatMap(({ items }) => items.map(({ name }) => name)));
  const shown = new Set();
  const context = { names, read, prose: (text) => markdown(text, { from: 'pkg/src', page, used: new Set() }) };
  let html = '';
  for (const { module, items } of entries) {
    const id = slug(module.replaceAll('/', ' '));
    used.add(id);
    html += `<h2 id="${id}"><code>${module}</code></h2>\n`;
    for (const item of items) {
      if (shown.has(item.node)) continue;
      shown.add(item.node);
      // Two bindings may export the same name.
      const anchor = used.has(item.name) ? `${id}-${item.name}` : item.name;
      used.add(anchor);
      html += block(item, anchor, context);
    }
  }
  return html;
}

const files = new Map();

/** A declaration file: its syntax tree, and what each comment says about the statement after it. */
function parsed(path, read) {
  const text = read(path);
  if (files.get(path)?.text === text) return files.get(path);
  const { program, comments, errors } = parseSync(path, text);
  if (errors.length) throw new Error(`${path}: ${errors[0].message}`);
  const docs = comments.filter(({ type, value }) => type === 'Block' && value.startsWith('*'));
  /** The comment that ends right before a position. */
  const before = (start) => {
    const found = docs.findLast(({ end }) => end <= start && /^[\s|]*$/.test(text.slice(end, start)));
    return found ? found.value.replace(/^\*/, '').replace(/^[ \t]*\* ?/gm, '').trim() : '';
  };
  const file = { path, text, body: program.body, before };
  files.set(path, file);
  return file;
}

const nameOf = (node) => node.name ?? node.value;

/** What a file exports, as `{ name, node, file, doc }`, followed through re-exports to the declarations. */
function exported(path, read) {
  const file = parsed(path, read);
  const source = ({ value }) => join(dirname(path), value.replace(/\.js$/, '.d.ts'));
  return file.body.flatMap((statement) => {
    if (statement.type === 'TSGlobalDeclaration' || (statement.type === 'TSModuleDeclaration' && statement.kind === 'global')) {
      return statement.body.body.map((node) => item(node, file, node.start));
    }
    if (statement.type === 'ExportAllDeclaration') return exported(source(statement.source), read);
    if (statement.type !== 'ExportNamedDeclaration') return [];
    if (statement.declaration) return [item(statement.declaration, file, statement.start)];
    // A local name without a source is a type helper of the compiler, or `export {}`.
    if (!statement.source) return statement.specifiers.map(({ local, exported: as }) => declared(file, nameOf(local), nameOf(as)));
    if (!statement.source.value.startsWith('.')) return [];
    const all = exported(source(statement.source), read);
    return statement.specifiers.map(({ local, exported: as }) => {
      const found = all.find(({ name }) => name === nameOf(local));
      if (!found) throw new Error(`${path} exports ${nameOf(local)}, which ${statement.source.value} does not declare`);
      return { ...found, name: nameOf(as) };
    });
  });
}

function item(node, file, start) {
  const id = node.id ?? node.declarations?.[0]?.id;
  return { name: id.name, node, file, doc: file.before(start) };
}

function declared(file, name, as) {
  const node = file.body.find((one) => (one.id ?? one.declarations?.[0]?.id)?.name === name);
  if (!node) throw new Error(`${file.path} exports ${name}, which it does not declare`);
  return { ...item(node, file, node.start), name: as };
}

const KINDS = {
  ClassDeclaration: 'class',
  TSInterfaceDeclaration: 'interface',
  TSTypeAliasDeclaration: 'type',
  TSDeclareFunction: 'function',
  FunctionDeclaration: 'function',
  VariableDeclaration: 'constant',
};

function block({ name, node, file, doc }, anchor, context) {
  const kind = KINDS[node.type];
  if (!kind) throw new Error(`${file.path}: the reference does not know a ${node.type}`);
  const cut = ({ start, end }) => file.text.slice(start, end);
  const members = node.type === 'ClassDeclaration' || node.type === 'TSInterfaceDeclaration' ? allMembersOf(node, file, context) : alternatives(node, file);
  // A class or an interface is told by its members, everything else by its text.
  const head = node.body?.body ? '' : signature(cut(node).replace(/^declare /, '').replace(/\/\*\*[\s\S]*?\*\/\s*/g, ''), context);
  const rows = members.map(({ signature: text, doc: says }) => `<dt>${inline(text, context)}</dt>\n<dd>${says ? prose(says, context) : ''}</dd>`);
  return `<section class="item"><h3 id="${anchor}"><small>${kind}</small> <code>${name}</code></h3>
${doc ? prose(doc, context) : ''}${members.some((one) => one.only) ? '' : head}${rows.length ? `<dl>${rows.join('\n')}</dl>` : ''}</section>
`;
}

/** An interface's members with those of what it extends, which need not be exported by an entry point. */
function allMembersOf(node, file, { read }) {
  const bases = (node.extends ?? []).map(({ expression }) => interfaceIn(file, expression.name, read)).filter(Boolean);
  return [...bases.flatMap((base) => allMembersOf(base.node, base.file, { read })), ...membersOf(node, file)];
}

/** What a name stands for in a file, if that is of the package: declared there, or imported. */
function interfaceIn(file, name, read) {
  const from = file.body.find(({ type, specifiers }) => type === 'ImportDeclaration' && specifiers.some(({ local }) => local.name === name));
  if (from && !from.source.value.startsWith('.')) return undefined;
  const path = from ? join(dirname(file.path), from.source.value.replace(/\.js$/, '.d.ts')) : file.path;
  return exported(path, read).find((one) => one.name === name && one.node.type === 'TSInterfaceDeclaration');
}

/** Public members. A getter and its setter are one. */
function membersOf(node, file) {
  const { text, before } = file;
  const shown = [];
  for (const member of node.body.body) {
    if (member.accessibility === 'private' || member.key?.type === 'PrivateIdentifier' || member.override) continue;
    // Called by the browser, not by people.
    if (/^(connected|disconnected|attributeChanged|adopted|connectedMove)Callback$|^observedAttributes$/.test(member.key?.name ?? '')) continue;
    const doc = before(member.start);
    const line = text.slice(member.start, member.end).replace(/;$/, '');
    const twin = shown.find(({ key }) => key !== undefined && key === member.key?.name);
    if (member.kind === 'set' && twin) {
      twin.signature = twin.signature.replace(/^readonly /, '');
      continue;
    }
    const name = member.key?.name;
    shown.push({ key: name, doc, signature: line.replace(/^get (\w+)\(\)/, 'readonly $1') });
  }
  return shown.filter(({ key, doc }) => key !== 'constructor' || doc);
}

/** The alternatives of a union of which each is explained. */
function alternatives(node, file) {
  const union = node.type === 'TSTypeAliasDeclaration' && node.typeAnnotation.type === 'TSUnionType' ? node.typeAnnotation.types : [];
  const all = union.map((type) => ({ signature: file.text.slice(type.start, type.end), doc: file.before(type.start), only: true }));
  return all.length && all.every(({ doc }) => doc) ? all : [];
}

/** Names of other items become links, in text that is HTML already. */
function linked(html, { names }) {
  return html.replace(/(<[^>]+>)|\b[A-Z]\w+\b/g, (word, tag) => (tag || !names.has(word) ? word : `<a href="#${word}">${word}</a>`));
}

const signature = (text, context) => linked(code(text, 'ts'), context);
const inline = (text, context) => `<code>${linked(code(text, 'ts').replace(/^<pre><code>|<\/code><\/pre>\n$/g, ''), context)}</code>`;

/** A comment's text; what it returns and throws as sentences of its own. */
function prose(text, { prose: render }) {
  return render(text.replace(/\s*@returns /g, '\n\n**Returns** ').replace(/\s*@throws (\w+) /g, '\n\n**Throws** `$1`: ').replace(/\{@link (\w+)\}/g, '`$1`'));
}
