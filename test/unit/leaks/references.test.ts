import { randomBytes } from 'node:crypto';
import ts from 'typescript';
import { describe, expect, test } from 'vitest';
import { applyChanges } from '../../../src/keys/envFile';
import { referenceFor, variableFor } from '../../../src/leaks/references';
import { findsIn } from '../../../src/leaks/seenKey';

const raw = `omi_dev_${randomBytes(16).toString('hex')}`;
const X = 'OMI_API_KEY';
const none = 'none';

/** The text with the first key replaced; `KEY` stands for a raw key, before and after. */
function replaced(before: string, languageId: string, path: string, variable = X): string {
  const text = before.replaceAll('KEY!', raw);
  const find = findsIn(text)[0];
  if (!find) throw new Error('There is no key in the text of the test.');
  const reference = referenceFor(text, find, languageId, path, variable);
  if (!reference) return none;
  const after = applyChanges(text, reference.changes);
  expect(after.includes(reference.reads.replaceAll('"', '')) || languageId === 'python').toBe(true);
  return after.replaceAll(raw, 'KEY!');
}

test('each family has a variable of its own', () => {
  expect([variableFor('dev'), variableFor('mcp')]).toEqual(['OMI_API_KEY', 'OMI_MCP_API_KEY']);
});

describe('JavaScript and TypeScript', () => {
  const parses = (text: string, kind: ts.ScriptKind): boolean => {
    const path = kind === ts.ScriptKind.TSX ? 'a.tsx' : 'a.ts';
    const options: ts.TranspileOptions = {
      fileName: path,
      reportDiagnostics: true,
      compilerOptions: { jsx: ts.JsxEmit.Preserve, target: ts.ScriptTarget.ESNext },
    };
    return ts.transpileModule(text, options).diagnostics?.length === 0;
  };
  const plain: readonly (readonly [string, string, string])[] = [
    ['a constant', 'const a = "KEY!";', 'const a = process.env.OMI_API_KEY;'],
    ['in single quotes', "const a = 'KEY!'", 'const a = process.env.OMI_API_KEY'],
    ['a template alone', 'const a = `KEY!`', 'const a = `${process.env.OMI_API_KEY}`'],
    ['an argument', 'f("a", "KEY!")', 'f("a", process.env.OMI_API_KEY)'],
    ['a member', '({ key: "KEY!", b: 1 })', '({ key: process.env.OMI_API_KEY, b: 1 })'],
    [
      'a member of a member',
      'const a = { b: { key: "KEY!" } };',
      'const a = { b: { key: process.env.OMI_API_KEY } };',
    ],
    ['in an array', 'const a = ["KEY!"];', 'const a = [process.env.OMI_API_KEY];'],
    ['a default', 'const a = b ?? "KEY!";', 'const a = b ?? process.env.OMI_API_KEY;'],
    ['returned', 'function f() { return "KEY!"; }', 'function f() { return process.env.OMI_API_KEY; }'],
    ['compared', 'if (a === "KEY!") b();', 'if (a === process.env.OMI_API_KEY) b();'],
    ['chosen', 'const a = b ? "KEY!" : "x";', 'const a = b ? process.env.OMI_API_KEY : "x";'],
    ['chosen last', 'const a = b ? "x" : "KEY!";', 'const a = b ? "x" : process.env.OMI_API_KEY;'],
    ['joined', 'const a = "Bearer " + "KEY!";', 'const a = "Bearer " + process.env.OMI_API_KEY;'],
    ['with a type', 'const a: string = "KEY!";', 'const a: string = process.env.OMI_API_KEY;'],
    ['a field', 'class A { key = "KEY!"; }', 'class A { key = process.env.OMI_API_KEY; }'],
    ['a default of a parameter', 'function f(a = "KEY!") {}', 'function f(a = process.env.OMI_API_KEY) {}'],
    ['a method of it', 'f("KEY!".trim());', 'f(process.env.OMI_API_KEY.trim());'],
    ['in a longer string', 'f("Bearer KEY!");', 'f(`Bearer ${process.env.OMI_API_KEY}`);'],
    ['with text behind', "f('a=KEY!&b=1');", 'f(`a=${process.env.OMI_API_KEY}&b=1`);'],
    ['with backticks', "f('`KEY!`');", 'f(`\\`${process.env.OMI_API_KEY}\\``);'],
    ['with a dollar and a brace', "f('${a} KEY!');", 'f(`\\${a} ${process.env.OMI_API_KEY}`);'],
    [
      'with a dollar right before',
      "f('$KEY! $5');".replace('$KEY', '$ KEY'),
      'f(`$ ${process.env.OMI_API_KEY} $5`);',
    ],
    ['with escapes', "f('it\\'s\\n KEY!');", "f(`it\\'s\\n ${process.env.OMI_API_KEY}`);"],
    ['with two backslashes before', 'f("a\\\\KEY!");', 'f(`a\\\\${process.env.OMI_API_KEY}`);'],
    [
      'instead of the variable',
      'a = process.env.OMI_API_KEY ?? "KEY!";',
      'a = process.env.OMI_API_KEY ?? process.env.OMI_API_KEY;',
    ],
    ['of a member of that name', 'a.OMI_API_KEY = "KEY!";', 'a.OMI_API_KEY = process.env.OMI_API_KEY;'],
    [
      'for another process',
      'f({ env: { ...process.env, OMI_API_KEY: "KEY!" } });',
      'f({ env: { ...process.env, OMI_API_KEY: process.env.OMI_API_KEY } });',
    ],
    [
      'behind the variable itself',
      'process.env.OMI_API_KEY = a\nb = "KEY!"',
      'process.env.OMI_API_KEY = a\nb = process.env.OMI_API_KEY',
    ],
    ['with escaped backticks', "f('\\` KEY!');", 'f(`\\` ${process.env.OMI_API_KEY}`);'],
    ['with other quotes', 'f("it\'s KEY!");', "f(`it's ${process.env.OMI_API_KEY}`);"],
    ['in a template', 'f(`Bearer KEY! ${b}`);', 'f(`Bearer ${process.env.OMI_API_KEY} ${b}`);'],
    ['in a template of several lines', 'f(`a\n"KEY!"\n`);', 'f(`a\n"${process.env.OMI_API_KEY}"\n`);'],
    ['in a hole of a template', 'f(`a ${g("KEY!")}`);', 'f(`a ${g(process.env.OMI_API_KEY)}`);'],
    [
      'behind a regular expression',
      'a = /["\'`]/; b = "KEY!";',
      'a = /["\'`]/; b = process.env.OMI_API_KEY;',
    ],
    [
      'behind a division',
      'a = b / c; d = "KEY!"; e = f / 2;',
      'a = b / c; d = process.env.OMI_API_KEY; e = f / 2;',
    ],
    [
      'behind comments',
      "// don't\n/* it's ` */ a = 'KEY!';",
      "// don't\n/* it's ` */ a = process.env.OMI_API_KEY;",
    ],
    [
      'behind a program line',
      "#!/usr/bin/env node\na = 'KEY!';\n",
      '#!/usr/bin/env node\na = process.env.OMI_API_KEY;\n',
    ],
    ['with CRLF', "a = 1;\r\nb = 'KEY!';\r\n", 'a = 1;\r\nb = process.env.OMI_API_KEY;\r\n'],
    ['the first of two', "f('KEY!', 'KEY!')", "f(process.env.OMI_API_KEY, 'KEY!')"],
    [
      'behind a generic function',
      "const f = <T,>(a: T) => a; f('KEY!');",
      'const f = <T,>(a: T) => a; f(process.env.OMI_API_KEY);',
    ],
    ['behind an assertion', "a!.b / 2; f('KEY!'); a! / 2;", 'a!.b / 2; f(process.env.OMI_API_KEY); a! / 2;'],
  ];
  test.each(plain)('%s', (_, before, after) => {
    expect(replaced(before, 'typescript', 'a.ts')).toBe(after);
    expect(replaced(before, 'typescriptreact', 'a.tsx')).toBe(after);
    expect(parses(after, ts.ScriptKind.TS) && parses(after, ts.ScriptKind.TSX)).toBe(true);
  });

  const jsx: readonly (readonly [string, string, string])[] = [
    ['an attribute', '<A key="KEY!" />', '<A key={process.env.OMI_API_KEY} />'],
    ['an attribute with more', "<A b='Bearer KEY!'></A>", '<A b={`Bearer ${process.env.OMI_API_KEY}`}></A>'],
    ['in braces', '<A>{"KEY!"}</A>', '<A>{process.env.OMI_API_KEY}</A>'],
    ['in an object', '<A b={{ c: "KEY!" }}>x</A>', '<A b={{ c: process.env.OMI_API_KEY }}>x</A>'],
    [
      'behind apostrophes in text',
      "<p>Don't ` <b>it's</b></p>; a = 'KEY!'",
      "<p>Don't ` <b>it's</b></p>; a = process.env.OMI_API_KEY",
    ],
    ['behind a fragment', "<>it's<A/></>; a = 'KEY!';", "<>it's<A/></>; a = process.env.OMI_API_KEY;"],
    [
      'within a mapping',
      '<ul>{a.map((b) => <li k="KEY!">it\'s</li>)}</ul>',
      "<ul>{a.map((b) => <li k={process.env.OMI_API_KEY}>it's</li>)}</ul>",
    ],
  ];
  test.each(jsx)('JSX: %s', (_, before, after) => {
    for (const languageId of ['typescriptreact', 'javascriptreact', 'javascript'])
      expect(replaced(before, languageId, 'a.tsx'), languageId).toBe(after);
    expect(parses(after, ts.ScriptKind.TSX)).toBe(true);
  });

  test.each([
    ['a comment', '// KEY!\n'],
    ['a comment in quotes', 'a(); // "KEY!"\n'],
    ['a block comment', '/* "KEY!" */'],
    ['nothing around it', 'KEY!'],
    ['a regular expression', 'a = /KEY!/;'],
    ['the name of a member', 'a = { "KEY!": 1 };'],
    ['an import', 'import a from "KEY!";'],
    ['a type', 'type A = "KEY!";'],
    ['a type among others', 'type A = "x" | "KEY!";'],
    ['a type of a member', 'interface A { b: "KEY!" }'],
    ['a member of a type', 'type A = { b: "KEY!" }'],
    ['a type of a constant', 'const a: "KEY!" = b;'],
    ['a type of a parameter', 'const f = (a: "KEY!") => a;'],
    ['a type of a result', 'const f = (a): "KEY!" => a;'],
    ['an argument of a type', 'f<"KEY!">();'],
    ['a further argument of a type', 'const a = (): B<C, "KEY!"> => d;'],
    ['a part of a type', 'const a: B["KEY!"] = c;'],
    ['an import that is a call', 'const a = import("KEY!");'],
    ['an import of the old kind', 'const a = require("KEY!");'],
    ['a constant of its own type', 'const a = "KEY!" as const;'],
    ['a value of an enumeration', 'enum A { B = "KEY!" }'],
    ['a directive', '"KEY!";'],
    ['a string that does not end', 'a = "KEY!'],
    ['a text with an open template', 'a = "KEY!"; b = `'],
    ['a text with an open bracket', 'f(a = "KEY!";'],
    ['a word right before', 'function f() { return"KEY!" }'],
    ['octal escapes', "a = '\\01 KEY!';"],
    ['a backslash right before', 'a = "C:\\temp\\KEY!";'],
    ['a backslash right before, in a template', 'a = `x\\KEY!`;'],
    ['three backslashes right before', 'a = "x\\\\\\KEY!";'],
    ['a comment that does not end', 'a = "KEY!"; /* b'],
    ['the variable itself', 'process.env.OMI_API_KEY = "KEY!";'],
    ['the variable itself by its name', "process.env['OMI_API_KEY'] = `KEY!`;"],
    ['the variable itself, of an environment that has a name', 'env.OMI_API_KEY = "KEY!";'],
    ['the variable itself of another type', '(process.env as A).OMI_API_KEY = "KEY!";'],
    ['the variable itself if it has no value', 'process.env.OMI_API_KEY ??= "KEY!";'],
    ['the variable itself or else', 'process.env.OMI_API_KEY = process.env.OMI_API_KEY || "KEY!";'],
    ['the variable itself over lines', 'process.env.OMI_API_KEY =\n  a\n  || b(\n    "KEY!",\n  );'],
    [
      'the variable itself among others',
      'Object.assign(process.env, {\n  A: 1,\n  OMI_API_KEY: "KEY!",\n});',
    ],
  ])('none for %s', (_, before) => {
    expect(replaced(before, 'typescript', 'a.ts')).toBe(none);
    expect(replaced(before, 'typescriptreact', 'a.tsx')).toBe(none);
  });
  test.each([
    ['text between tags', '<p>"KEY!"</p>'],
    ['text behind a colon', '<p>Key: "KEY!", or</p>'],
    ['an attribute with references', '<A b="&amp;KEY!" />'],
    ['an attribute over lines', '<A b="x\nKEY!" />'],
  ])('none for JSX: %s', (_, before) => {
    expect(replaced(before, 'typescriptreact', 'a.tsx')).toBe(none);
  });
});

describe('Python', () => {
  const read = 'os.environ["OMI_API_KEY"]';
  const python = (before: string): string => replaced(before, 'python', 'a.py');
  test.each([
    ['a value', 'a = "KEY!"\n', `import os\na = ${read}\n`],
    ['with the module', "import os\na = 'KEY!'\n", `import os\na = ${read}\n`],
    ['with the module among others', 'import sys, os, re\na = "KEY!"', `import sys, os, re\na = ${read}`],
    ['with a part of the module', 'import os.path\na = "KEY!"', `import os.path\na = ${read}`],
    [
      'with the module by another name',
      'import os as o\na = "KEY!"',
      `import os\nimport os as o\na = ${read}`,
    ],
    [
      'with the module in a function',
      'def f():\n    import os\na = "KEY!"',
      `import os\ndef f():\n    import os\na = ${read}`,
    ],
    ['with the module afterwards', 'a = "KEY!"\nimport os\n', `import os\na = ${read}\nimport os\n`],
    [
      'with its name in a text',
      '"""\nimport os\n"""\na = "KEY!"',
      `"""\nimport os\n"""\nimport os\na = ${read}`,
    ],
    [
      'behind documentation',
      '#!/usr/bin/python\n"""It\'s."""\n\na = "KEY!"',
      `#!/usr/bin/python\n"""It's."""\n\nimport os\na = ${read}`,
    ],
    [
      'behind the future',
      '"""D."""\nfrom __future__ import (\n  annotations,\n)\na = "KEY!"',
      `"""D."""\nfrom __future__ import (\n  annotations,\n)\nimport os\na = ${read}`,
    ],
    ['with CRLF', 'import re\r\na = "KEY!"\r\n', `import os\r\nimport re\r\na = ${read}\r\n`],
    ['an argument', 'import os\nf(a, key="KEY!")', `import os\nf(a, key=${read})`],
    ['in a mapping', 'import os\na = {"b": "KEY!"}', `import os\na = {"b": ${read}}`],
    ['in three quotes', 'import os\na = """KEY!"""', `import os\na = ${read}`],
    ['raw', 'import os\na = r"KEY!"', `import os\na = ${read}`],
    ['of a variable of that name', 'import os\nOMI_API_KEY = "KEY!"', `import os\nOMI_API_KEY = ${read}`],
    ['behind another reference', `import os\nf(${read}, "KEY!")`, `import os\nf(${read}, ${read})`],
    [
      'behind the variable itself',
      `import os\n${read} = a; b = "KEY!"`,
      `import os\n${read} = a; b = ${read}`,
    ],
    [
      'behind a default',
      `import os\na = os.getenv("OMI_API_KEY")\nb = "KEY!"`,
      `import os\na = os.getenv("OMI_API_KEY")\nb = ${read}`,
    ],
    ['with a magic command', '%%time\nimport os\na = "KEY!"', `%%time\nimport os\na = ${read}`],
    ['unequal', 'import os\na != "KEY!"', `import os\na != ${read}`],
    ['formatted whole', 'import os\na = f"KEY!"', `import os\na = ${read}`],
    ['returned', 'import os\ndef f():\n  return "KEY!"', `import os\ndef f():\n  return ${read}`],
    [
      'in a longer string',
      'import os\na = "Bearer KEY!"',
      `import os\na = f"Bearer {os.environ['OMI_API_KEY']}"`,
    ],
    ['in single quotes', "import os\na = 'Bearer KEY!'", `import os\na = f'Bearer {${read}}'`],
    ['in a longer text', "import os\na = '''x\nKEY!\n'''", `import os\na = f'''x\n{${read}}\n'''`],
    [
      'with braces',
      'import os\na = "{b} KEY! {}"',
      `import os\na = f"{{b}} {os.environ['OMI_API_KEY']} {{}}"`,
    ],
    ['longer and raw', 'import os\na = r"\\d KEY!"', `import os\na = rf"\\d {os.environ['OMI_API_KEY']}"`],
    [
      'in a formatted string',
      'import os\na = f"{b} KEY!"',
      `import os\na = f"{b} {os.environ['OMI_API_KEY']}"`,
    ],
    [
      'in a formatted string with doubled braces',
      'import os\na = f"{{ KEY! }}"',
      `import os\na = f"{{ {os.environ['OMI_API_KEY']} }}"`,
    ],
    [
      'beside another string',
      'import os\na = ("x "\n  "Bearer KEY!")',
      `import os\na = ("x "\n  f"Bearer {os.environ['OMI_API_KEY']}")`,
    ],
  ])('%s', (_, before, after) => {
    expect(python(before)).toBe(after);
  });
  test.each([
    ['a comment', '# "KEY!"\n'],
    ['no quotes', 'a = KEY!\n'],
    ['bytes', 'a = b"KEY!"'],
    ['raw bytes', 'a = rb"KEY!"'],
    ['documentation', '"""Use KEY!."""\n'],
    ['documentation of a function', 'def f():\n  """KEY!"""\n'],
    ['a pattern', 'match a:\n  case "KEY!":\n    pass'],
    ['the whole of one of several strings', 'a = ("x" "KEY!")'],
    ['a field of a formatted string', 'a = f"{b(\'KEY!\')}"'],
    ['a word right before', 'import os\na = b if"KEY!"else c'],
    ['named characters', 'a = "\\N{DASH} KEY!"'],
    ['another os', 'os = 1\na = "KEY!"'],
    ['a string that does not end', 'a = "KEY!\n'],
    ['a bracket that does not end', 'f(a, "KEY!"'],
    ['a statement behind documentation on its line', '"""D."""; a = "KEY!"'],
    ['a cell with a magic command', '%%time\na = "KEY!"'],
    ['a cell with a program', '# x\n!ls\na = "KEY!"'],
    ['a magic command', 'import os\n%env A="KEY!"'],
    ['a program', 'import os\n!curl --key="KEY!"'],
    ['a program after another', 'import os\n!ls; curl --key="KEY!"'],
    ['the output of a program', 'import os\na = !curl --key="KEY!"'],
    ['a default of the variable itself', 'import os\na = os.getenv("OMI_API_KEY", "KEY!")'],
    ['another default of it', "import os\na = os.environ.get(\n  'OMI_API_KEY'\n) or 'KEY!'"],
    ['the variable itself', 'import os\nos.environ["OMI_API_KEY"] = "KEY!"'],
    ['the variable itself with a type', 'import os\nos.environ["OMI_API_KEY"]: str = "KEY!"'],
    ['the variable itself if it has no value', 'import os\nos.environ.setdefault("OMI_API_KEY", "KEY!")'],
    ['the variable itself among others', 'import os\nos.environ.update(A=1, OMI_API_KEY="KEY!")'],
    ['the variable itself in a longer string', 'import os\nos.environ["OMI_API_KEY"] = f"x KEY!"'],
  ])('none for %s', (_, before) => {
    expect(python(before)).toBe(none);
  });
});

describe('shell', () => {
  const shell = (before: string, path = 'a.sh'): string => replaced(before, 'shellscript', path);
  test.each([
    ['a word', 'curl -u KEY! x\n', 'curl -u "${OMI_API_KEY}" x\n'],
    ['a part of a word', 'curl -H Bearer:KEY!\n', 'curl -H Bearer:"${OMI_API_KEY}"\n'],
    ['in double quotes', 'curl -H "Bearer KEY!"\n', 'curl -H "Bearer ${OMI_API_KEY}"\n'],
    ['in double quotes alone', 'a="KEY!"\n', 'a="${OMI_API_KEY}"\n'],
    ['in single quotes', "a='KEY!'\n", 'a="${OMI_API_KEY}"\n'],
    ['in longer single quotes', "curl -H 'Bearer KEY!'\n", 'curl -H "Bearer ${OMI_API_KEY}"\n'],
    [
      'in single quotes with double ones',
      `curl -d '{"k":"KEY!"}'\n`,
      `curl -d '{"k":"'"\${OMI_API_KEY}"'"}'\n`,
    ],
    ['in single quotes with a dollar', "a '$b KEY!'", `a '$b '"\${OMI_API_KEY}"''`],
    ['in double quotes with an apostrophe', `a "it's KEY!"`, `a "it's \${OMI_API_KEY}"`],
    ['in a command within quotes', 'a "$(b "KEY!")"', 'a "$(b "${OMI_API_KEY}")"'],
    ['behind a comment', "# don't\na KEY!", '# don\'t\na "${OMI_API_KEY}"'],
    ['behind a here-document', "cat <<'E'\nit's\nE\na KEY!\n", "cat <<'E'\nit's\nE\na \"${OMI_API_KEY}\"\n"],
    ['in a case', 'case $1 in\n  a) b KEY! ;;\nesac\n', 'case $1 in\n  a) b "${OMI_API_KEY}" ;;\nesac\n'],
    ['of another variable', 'export OMI=KEY!', 'export OMI="${OMI_API_KEY}"'],
    [
      'handed to a container',
      'docker run -e OMI_API_KEY=KEY! x',
      'docker run -e OMI_API_KEY="${OMI_API_KEY}" x',
    ],
    ['behind arithmetic', 'a=$((1 << 2)); b KEY!', 'a=$((1 << 2)); b "${OMI_API_KEY}"'],
    ['over lines', 'curl \\\n  -H "Bearer KEY!" \\\n  x', 'curl \\\n  -H "Bearer ${OMI_API_KEY}" \\\n  x'],
  ])('%s', (_, before, after) => {
    expect(shell(before)).toBe(after);
  });
  test.each([
    ['the variable itself', 'export OMI_API_KEY=KEY!\n'],
    ['the variable itself in quotes', 'OMI_API_KEY="KEY!"\n'],
    ['the variable itself in single quotes', "declare -x OMI_API_KEY='KEY!'\n"],
    ['the variable itself for one command', 'OMI_API_KEY=KEY! node a.js\n'],
    ['a default', 'a="${OMI_API_KEY:-KEY!}"\n'],
    ['what would become the number of the process', 'a "$KEY!"\n'],
    ['what would become no reference', 'a "C:\\KEY!"\n'],
    ['a comment', 'a # KEY!\n'],
    ['a here-document', 'cat <<E\nKEY!\nE\n'],
    ['quotes with escapes', "a $'KEY!'\n"],
    ['quotes that do not end', 'a "KEY!\n'],
    ['a here-document that does not end', 'a KEY!\ncat <<E\n'],
  ])('none for %s', (_, before) => {
    expect(shell(before)).toBe(none);
  });
  test('none for other shells', () => {
    expect(shell('a KEY!', 'a.fish')).toBe(none);
    expect(shell('a KEY!', '.tcshrc')).toBe(none);
    expect(shell('#!/usr/bin/env fish\na KEY!')).toBe(none);
    expect(shell('#!/bin/tcsh\na KEY!')).toBe(none);
    expect(shell('#!/usr/bin/env bash\na KEY!')).not.toBe(none);
  });
  test('none where keys belong', () => {
    for (const path of ['.env', 'a/.env.local', 'C:\\a\\prod.env'])
      expect(shell('A=KEY!\n', path), path).toBe(none);
  });
});

describe('JSON', () => {
  const strict = (text: string): unknown => JSON.parse(text);
  const entry = { type: 'promptString', id: 'omi-api-key', description: 'Omi API Key', password: true };
  const server = (value: string): object => ({
    servers: { omi: { url: 'x', headers: { Authorization: value } } },
  });
  const write = (value: object): string => JSON.stringify(value, undefined, 2);

  test('mcp.json of VS Code: an input that asks', () => {
    const after = replaced(write(server('Bearer KEY!')), 'jsonc', 'a/.vscode/mcp.json');
    expect(strict(after)).toEqual({ inputs: [entry], ...server('Bearer ${input:omi-api-key}') });
    expect(after).toBe(write({ inputs: [entry], ...server('Bearer ${input:omi-api-key}') }));
  });
  test.each([
    ['no inputs yet', []],
    ['other inputs', [{ type: 'promptString', id: 'x' }]],
  ])('mcp.json with %s', (_, inputs) => {
    const before = write({ ...server('KEY!'), inputs });
    const after = replaced(before, 'json', '/a/.vscode/mcp.json');
    expect(strict(after)).toEqual({ ...server('${input:omi-api-key}'), inputs: [...inputs, entry] });
  });
  test('mcp.json that has the input', () => {
    const before = write({ inputs: [entry], ...server('KEY!') });
    expect(replaced(before, 'json', '.vscode/mcp.json')).toBe(before.replace('KEY!', '${input:omi-api-key}'));
  });
  test('mcp.json with CRLF, tabs, comments and a comma at the end', () => {
    const before = '{\r\n\t// it\'s "x"\r\n\t"servers": {"o": {"args": ["A=KEY!",],},},\r\n}\r\n';
    const after = replaced(before, 'jsonc', '.vscode\\mcp.json', 'OMI_MCP_API_KEY');
    expect(ts.parseConfigFileTextToJson('a.json', after).error).toBeUndefined();
    expect(after.replaceAll('\r\n', '').includes('\n')).toBe(false);
    expect(after).toContain(
      '\t"inputs": [\r\n\t\t{\r\n\t\t\t"type": "promptString",\r\n\t\t\t"id": "omi-mcp-api-key"',
    );
    expect(after).toContain('"A=${input:omi-mcp-api-key}"');
  });
  const env = '${env:OMI_API_KEY}';
  test.each([
    ['.vscode/mcp.json', { servers: { omi: { command: 'x', env: { OMI_API_KEY: 'KEY!' } } } }],
    ['.cursor/mcp.json', { mcpServers: { omi: { headers: { Authorization: 'Bearer KEY!' } } } }],
    ['.vscode/launch.json', { configurations: [{ env: { A: 'KEY!' } }] }],
    ['.vscode/tasks.json', { tasks: [{ args: ['--key=KEY!'] }] }],
    ['.vscode/settings.json', { 'terminal.integrated.env.linux': { A: 'KEY!' } }],
    ['a.code-workspace', { settings: { 'terminal.integrated.env.osx': { A: 'KEY!' } } }],
    ['a.code-workspace', { launch: { configurations: [{ env: { A: 'KEY!' } }] } }],
  ])('%s: %o', (path, value) => {
    const before = write(value);
    expect(replaced(before, 'jsonc', path)).toBe(before.replace('KEY!', env));
  });
  test.each([
    ['other JSON', 'package.json', '{"a": "KEY!"}'],
    [
      'a file that does not read the environment',
      'claude_desktop_config.json',
      '{"mcpServers": {"o": {"env": {"A": "KEY!"}}}}',
    ],
    ['an mcp.json of somebody else', 'mcp.json', '{"servers": {"o": {"args": ["KEY!"]}}}'],
    ['a name', '.vscode/launch.json', '{"KEY!": 1}'],
    ['a comment', '.vscode/launch.json', '{"a": 1} // KEY!'],
    ['an input', '.vscode/mcp.json', '{"inputs": [{"default": "KEY!"}]}'],
    ['a setting that VS Code does not put variables into', '.vscode/settings.json', '{"a.key": "KEY!"}'],
    ['text that is no JSON', '.vscode/launch.json', '{"a": "KEY!"'],
    ['inputs of another form', '.vscode/mcp.json', '{"inputs": {}, "servers": {"o": {"args": ["KEY!"]}}}'],
  ])('none for %s', (_, path, before) => {
    expect(replaced(before, 'jsonc', path)).toBe(none);
  });
});

describe('YAML', () => {
  const inWorkflow = (before: string): string => replaced(before, 'yaml', 'a/.github/workflows/ci.yml');
  const inCompose = (before: string, path = 'compose.yaml'): string =>
    replaced(before, 'dockercompose', path);
  const secret = '${{ secrets.OMI_API_KEY }}';
  test.each([
    ['a variable', 'env:\n  OMI_API_KEY: KEY!\n'],
    ['in quotes', 'jobs:\n  a:\n    env:\n      A: "Bearer KEY!"\n'],
    ['in single quotes', "env:\n  A: 'KEY!'\n"],
    ['a parameter', 'jobs:\n  a:\n    steps:\n      - uses: x/y@v1\n        with:\n          key: KEY!\n'],
    ['a command', 'jobs:\n  a:\n    steps:\n      - run: curl -H "Bearer KEY!"\n'],
    [
      'a script',
      'jobs:\n  a:\n    steps:\n      - name: x\n        run: |\n          a "it"\n\n          curl -H "Bearer KEY!" | jq .\n',
    ],
    ['in brackets with quotes', 'env: { A: "KEY!" }\n'],
    ['a secret for another workflow', 'jobs:\n  a:\n    uses: x/y.yml@v1\n    secrets:\n      A: KEY!\n'],
    ['a variable of a container', 'jobs:\n  a:\n    container:\n      env:\n        A: KEY!\n'],
    [
      'a password of a container',
      'jobs:\n  a:\n    container:\n      credentials:\n        password: KEY!\n',
    ],
    ['a variable of a service', 'jobs:\n  a:\n    services:\n      b:\n        env:\n          A: KEY!\n'],
    [
      'a password of a service',
      'jobs:\n  a:\n    services:\n      b:\n        credentials: { password: "KEY!" }\n',
    ],
    ['a variable of a step', 'jobs:\n  a:\n    steps:\n    - run: x\n      env:\n        A: KEY!\n'],
    ['a step of a job that is called with', 'jobs:\n  with:\n    steps:\n      - run: x KEY!\n'],
    ['with CRLF', 'env:\r\n  A: KEY!\r\n'],
  ])('a workflow: %s', (_, before) => {
    expect(inWorkflow(before)).toBe(before.replace('KEY!', secret));
  });
  test.each([
    ['a comment', 'env:\n  A: b # KEY!\n'],
    ['a name', 'env:\n  KEY!: b\n'],
    ['brackets', 'env: { A: KEY! }\n'],
    ['brackets over lines', 'env: {\n  A: KEY!\n}\n'],
    ['an expression', "env:\n  A: ${{ format('KEY!') }}\n"],
    [
      'a matrix',
      'jobs:\n  a:\n    strategy:\n      matrix:\n        env: [x]\n        b:\n          - KEY!\n',
    ],
    ['a trigger', 'on:\n  workflow_dispatch:\n    inputs:\n      a:\n        default: KEY!\n'],
    ['a condition', "jobs:\n  a:\n    if: x == 'KEY!'\n"],
    ['a parameter of another workflow', 'jobs:\n  a:\n    uses: x/y.yml@v1\n    with:\n      b: KEY!\n'],
    ['a job that is called run', 'jobs:\n  run:\n    concurrency: KEY!\n'],
    ['a job that is called env', 'jobs:\n  env:\n    name: KEY!\n'],
    ['an image', 'jobs:\n  a:\n    container:\n      image: KEY!\n'],
    ['a service that is called env', 'jobs:\n  a:\n    services:\n      env:\n        image: KEY!\n'],
    ['a default', 'defaults:\n  run:\n    shell: KEY!\n'],
    ['an environment', 'jobs:\n  a:\n    environment:\n      name: KEY!\n'],
    ['a text of a trigger', 'on:\n  workflow_call:\n    inputs:\n      env:\n        default: KEY!\n'],
    [
      'a member behind the variables',
      'jobs:\n  a:\n    container: {\n      env: { A: x }, image: "KEY!" }\n',
    ],
    ['a name of a step', 'jobs:\n  a:\n    steps:\n      - name: KEY!\n        run: x\n'],
  ])('none for a workflow: %s', (_, before) => {
    expect(inWorkflow(before)).toBe(none);
  });
  test.each([
    ['a variable', 'services:\n  a:\n    environment:\n      OMI_API_KEY: KEY!\n'],
    ['a variable in a list', 'services:\n  a:\n    environment:\n      - OMI_API_KEY=KEY!\n'],
    ['in quotes', 'services:\n  a:\n    command: ["x", "--key=KEY!"]\n'],
  ])('Compose: %s', (_, before) => {
    const after = before.replace('KEY!', '${OMI_API_KEY}');
    expect(inCompose(before)).toBe(after);
    expect(inCompose(before, 'x/docker-compose.prod.yml')).toBe(after);
  });
  test('none for other YAML, nor for a default in Compose', () => {
    expect(inCompose('a: KEY!\n', 'values.yaml')).toBe(none);
    expect(inCompose('services:\n  a:\n    command: ${A:-KEY!}\n')).toBe(none);
    expect(inCompose('services:\n  a:\n    command: x $KEY!\n')).toBe(none);
    expect(inCompose('services:\n  a:\n    command: x $$KEY!\n')).toContain('x $$${OMI_API_KEY}');
    expect(inCompose('services:\n  a:\n    command: [x, KEY!]\n')).toBe(none);
  });
});

describe('Dockerfile', () => {
  const docker = (before: string): string => replaced(before, 'dockerfile', 'Dockerfile');
  test.each([
    ['a variable', 'FROM a\nENV A=KEY!\n', 'FROM a\nARG OMI_API_KEY\nENV A=${OMI_API_KEY}\n'],
    [
      'the variable itself',
      'FROM a\nENV OMI_API_KEY=KEY!\n',
      'FROM a\nARG OMI_API_KEY\nENV OMI_API_KEY=${OMI_API_KEY}\n',
    ],
    ['in quotes', 'FROM a\nENV A="x KEY!" B=1\n', 'FROM a\nARG OMI_API_KEY\nENV A="x ${OMI_API_KEY}" B=1\n'],
    ['in single quotes', "FROM a\nENV A='KEY!'\n", 'FROM a\nARG OMI_API_KEY\nENV A="${OMI_API_KEY}"\n'],
    ['the old form', 'FROM a\nENV A KEY!\n', 'FROM a\nARG OMI_API_KEY\nENV A ${OMI_API_KEY}\n'],
    ['the argument', 'FROM a\nARG OMI_API_KEY=KEY!\n', 'FROM a\nARG OMI_API_KEY\n'],
    ['the argument in quotes', 'ARG OMI_API_KEY="KEY!"\nFROM a\n', 'ARG OMI_API_KEY\nFROM a\n'],
    ['another argument', 'FROM a\nARG A=KEY!\n', 'FROM a\nARG OMI_API_KEY\nARG A=${OMI_API_KEY}\n'],
    [
      'with the argument',
      'FROM a\nARG OMI_API_KEY\nENV A=KEY!\n',
      'FROM a\nARG OMI_API_KEY\nENV A=${OMI_API_KEY}\n',
    ],
    [
      'with the argument in another stage',
      'FROM a AS b\nARG OMI_API_KEY\nFROM c\nENV A=KEY!\n',
      'FROM a AS b\nARG OMI_API_KEY\nFROM c\nARG OMI_API_KEY\nENV A=${OMI_API_KEY}\n',
    ],
    [
      'a command',
      'FROM a\nRUN curl -H "Bearer KEY!"\n',
      'FROM a\nARG OMI_API_KEY\nRUN curl -H "Bearer ${OMI_API_KEY}"\n',
    ],
    [
      'a command in single quotes',
      "FROM a\nRUN --mount=type=tmpfs curl -H 'Bearer KEY!'\n",
      'FROM a\nARG OMI_API_KEY\nRUN --mount=type=tmpfs curl -H "Bearer ${OMI_API_KEY}"\n',
    ],
    [
      'a command over lines',
      'FROM a\nRUN x && \\\n  y KEY! \\\n  z\n',
      'FROM a\nARG OMI_API_KEY\nRUN x && \\\n  y "${OMI_API_KEY}" \\\n  z\n',
    ],
    ['with CRLF', 'FROM a\r\nENV A=KEY!\r\n', 'FROM a\r\nARG OMI_API_KEY\r\nENV A=${OMI_API_KEY}\r\n'],
  ])('%s', (_, before, after) => {
    expect(docker(before)).toBe(after);
  });
  test.each([
    ['a comment', 'FROM a\n# KEY!\n'],
    ['a command without a shell', 'FROM a\nRUN ["x", "KEY!"]\n'],
    ['a here-document', 'FROM a\nRUN <<E\nx KEY!\nE\n'],
    ['a label', 'FROM a\nLABEL a=KEY!\n'],
    ['another shell', 'FROM a\nSHELL ["powershell"]\nRUN x KEY!\n'],
    ['another escape', '# escape=`\nFROM a\nENV A=KEY!\n'],
    ['longer single quotes', "FROM a\nENV A='x KEY!'\n"],
    ['a name', 'FROM a\nENV KEY!=b\n'],
    ['a default', 'FROM a\nENV A=${B:-KEY!}\n'],
    ['the variable itself in a command', 'FROM a\nRUN OMI_API_KEY=KEY! x\n'],
  ])('none for %s', (_, before) => {
    expect(docker(before)).toBe(none);
  });
});

// Looking again and again for an end that is not there would take minutes here.
test.each([
  ['a comment of JavaScript', 'javascript', 'a.js', `a = "KEY!";\n${'a/*'.repeat(1_000_000)}`, none],
  ['expressions of YAML', 'yaml', 'compose.yml', `a: ${'${{'.repeat(1_000_000)}\nb: KEY!\n`, none],
  ['variables of YAML', 'yaml', 'compose.yml', `a: ${'${'.repeat(1_000_000)}} KEY!\n`, none],
  ['quotes of YAML', 'yaml', 'compose.yml', `a: "${'\\"'.repeat(1_000_000)}\nb: KEY!\n`, 'b: ${OMI_API_KEY}'],
  [
    'blank lines of a Dockerfile',
    'dockerfile',
    'Dockerfile',
    `${'\n'.repeat(200_000)}ENV A=KEY!\n`,
    'A=${OMI_API_KEY}',
  ],
  [
    'variables of a Dockerfile',
    'dockerfile',
    'Dockerfile',
    `ENV A="${'${'.repeat(200_000)}}KEY!"\n`,
    '}${OMI_API_KEY}',
  ],
])('what does not end: %s', (_, languageId, path, before, after) => {
  expect(replaced(before, languageId, path)).toContain(after);
});

test.each(['plaintext', 'markdown', 'go', 'constructor'])('none for %s', (languageId) => {
  expect(replaced('a = "KEY!"', languageId, 'a.txt')).toBe(none);
});

test('a text in which the key stands very often costs nothing where no reference is known', () => {
  const text = `${raw}\n`.repeat(50_000);
  const isKnown = findsIn(text).some((find) => referenceFor(text, find, 'plaintext', 'a.txt', X));
  expect(isKnown).toBe(false);
});

test('none in a text with characters that could not be decoded', () => {
  expect(replaced('// caf\ufffd\na = "KEY!";\n', 'javascript', 'a.js')).toBe(none);
});
