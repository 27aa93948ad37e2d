import { describe, expect, test } from 'vitest';
import { applyChanges } from '../../../src/keys/envFile';
import { ignoreChange, ignoreMark, isIgnoredLine } from '../../../src/leaks/ignoreLine';

const none = 'none';
/** The text with the mark on the line that holds `KEY`. */
function ignored(text: string, languageId: string): string {
  const line = text.split(/\r\n|\n|\r/).findIndex((one) => one.includes('KEY'));
  const change = ignoreChange(text, line, languageId);
  return change ? applyChanges(text, [change]) : none;
}

describe('the mark', () => {
  test.each([
    ['a = 1; // omi:ignore', true],
    ['// omi:ignore because it is dead', true],
    ['<!--omi:ignore-->', true],
    ['omi:ignored', false],
    ['xomi:ignore', false],
    ['omi: ignore', false],
    ['omi:ignore-file', false],
    ['', false],
  ])('%j: %s', (line, is) => {
    expect(isIgnoredLine(line)).toBe(is);
  });
  test('a line that got it is ignored, and gets no second one', () => {
    const once = ignored('a = "KEY";\n', 'typescript');
    expect(once).toBe(`a = "KEY"; // ${ignoreMark}\n`);
    expect(isIgnoredLine(once)).toBe(true);
    expect(ignored(once, 'typescript')).toBe(none);
  });
});

describe('the comment', () => {
  test.each([
    ['typescript', 'a = 1;\r\nb = "KEY";\r\nc', 'a = 1;\r\nb = "KEY"; // omi:ignore\r\nc'],
    ['javascript', 'b = "KEY"', 'b = "KEY" // omi:ignore'],
    ['javascript', '// KEY\n', '// KEY // omi:ignore\n'],
    ['typescript', 'a = `x\n`; b = "KEY";\n', 'a = `x\n`; b = "KEY"; // omi:ignore\n'],
    ['typescriptreact', '<A\n  b="KEY"\n/>', '<A\n  b="KEY" // omi:ignore\n/>'],
    ['go', 'a := "KEY"\rb', 'a := "KEY" // omi:ignore\rb'],
    ['rust', 'let a = "it\'s";\nlet b = "KEY";', 'let a = "it\'s";\nlet b = "KEY"; // omi:ignore'],
    ['jsonc', '{\n  "a": "KEY"\n}', '{\n  "a": "KEY" // omi:ignore\n}'],
    ['python', 'a = "KEY"  \n', 'a = "KEY"  # omi:ignore\n'],
    ['python', '"""D\'s."""\na = f(\n  "KEY",\n)\n', '"""D\'s."""\na = f(\n  "KEY", # omi:ignore\n)\n'],
    ['shellscript', "a 'it'\nb KEY\n", "a 'it'\nb KEY # omi:ignore\n"],
    ['shellscript', 'cat <<E\nx\nE\nb KEY\n', 'cat <<E\nx\nE\nb KEY # omi:ignore\n'],
    ['yaml', 'a:\n  b: KEY\n', 'a:\n  b: KEY # omi:ignore\n'],
    ['yaml', 'a: |\n  x\nb: "KEY"\n', 'a: |\n  x\nb: "KEY" # omi:ignore\n'],
    ['ruby', 'a = "KEY"\n', 'a = "KEY" # omi:ignore\n'],
    ['toml', "a = 'KEY'\n", "a = 'KEY' # omi:ignore\n"],
    ['sql', "select 'KEY';\n", "select 'KEY'; -- omi:ignore\n"],
    ['lua', 'a = "KEY"\n', 'a = "KEY" -- omi:ignore\n'],
    ['clojure', '(def a "KEY")\n', '(def a "KEY") ; omi:ignore\n'],
    ['latex', 'KEY\n', 'KEY % omi:ignore\n'],
    ['html', '<p>KEY</p>\n', '<p>KEY</p> <!-- omi:ignore -->\n'],
    ['xml', '<a b="KEY"/>\n', '<a b="KEY"/> <!-- omi:ignore -->\n'],
    ['markdown', '```\nx\n```\nUse `KEY`.\n', '```\nx\n```\nUse `KEY`. <!-- omi:ignore -->\n'],
  ])('%s: %j', (languageId, before, after) => {
    expect(ignored(before, languageId)).toBe(after);
  });
});

describe('none', () => {
  test.each([
    ['json', '{"a": "KEY"}'],
    ['dotenv', 'A=KEY'],
    ['properties', 'a=KEY'],
    ['dockerfile', 'ENV A=KEY'],
    ['makefile', 'A = KEY'],
    ['plaintext', 'KEY'],
    ['constructor', 'KEY'],
    ['typescript', 'a = `\nKEY\n`;'],
    ['typescript', 'a = "KEY \\\nb";'],
    ['typescript', '/* KEY\n*/'],
    ['typescript', 'a = "KEY'],
    ['typescriptreact', '<p>\nKEY\n</p>'],
    ['javascriptreact', '<p b="KEY">\nx</p>'],
    ['go', 'a := `\nKEY\n`'],
    ['java', 'a = """\nKEY\n"""'],
    ['csharp', 'a = @"\nKEY\n"'],
    ['c', '#define A KEY \\\n  b'],
    ['python', '"""\nKEY\n"""'],
    ['python', 'a = "KEY" \\\n  + b'],
    ['shellscript', "a '\nKEY\n'"],
    ['shellscript', 'a "\nKEY\n"'],
    ['shellscript', 'cat <<E\nKEY\nE\n'],
    ['shellscript', 'a KEY \\\n  b'],
    ['yaml', 'a: |\n  b: KEY\n'],
    ['yaml', 'a:\n  - >-\n    b: KEY\n'],
    ['yaml', 'a: "x\n  b: KEY\n  y"\n'],
    ['yaml', 'a: b\n  KEY\n'],
    ['ruby', 'a = <<~E\n  KEY\nE\n'],
    ['php', "a = '\nKEY\n';"],
    ['powershell', 'a = @"\nKEY\n"@'],
    ['terraform', 'a = <<E\nKEY\nE\n'],
    ['lua', 'a = [[\nKEY\n]]'],
    ['latex', '\\begin{verbatim}\nKEY\n\\end{verbatim}'],
    ['html', '<script>\nKEY\n</script>'],
    ['html', '<p b="KEY"\nc></p>'],
    ['html', '<!-- KEY\n-->'],
    ['xml', '<![CDATA[\nKEY\n]]>'],
    ['markdown', '```\nKEY\n```'],
    ['markdown', '    KEY\n'],
    ['markdown', '---\na: KEY\n---\n'],
  ])('%s: %j', (languageId, text) => {
    expect(ignored(text, languageId)).toBe(none);
  });
  test('for a line that is not there', () => {
    expect(ignoreChange('a', 1, 'typescript')).toBeUndefined();
  });
});
