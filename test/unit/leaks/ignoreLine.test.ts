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
    ['ruby', 'a = %w[b c]\nd = "KEY"\n', 'a = %w[b c]\nd = "KEY" # omi:ignore\n'],
    ['perl', 'my @a = qw(b c);\nmy $s = "KEY";\n', 'my @a = qw(b c);\nmy $s = "KEY"; # omi:ignore\n'],
    ['elixir', 'a = ~w(b c)\nd = "KEY"\n', 'a = ~w(b c)\nd = "KEY" # omi:ignore\n'],
    ['nix', '{ a = "KEY"; }\n', '{ a = "KEY"; } # omi:ignore\n'],
    ['rust', 'let a = r"\\d";\nlet b = "KEY";\n', 'let a = r"\\d";\nlet b = "KEY"; // omi:ignore\n'],
    ['csharp', 'var a = @"C:\\b";\nvar c = "KEY";\n', 'var a = @"C:\\b";\nvar c = "KEY"; // omi:ignore\n'],
    ['cpp', 'auto a = R"(b)";\nauto c = "KEY";\n', 'auto a = R"(b)";\nauto c = "KEY"; // omi:ignore\n'],
    [
      'java',
      'var a = """\n"b"\n""";\nvar c = "KEY";',
      'var a = """\n"b"\n""";\nvar c = "KEY"; // omi:ignore',
    ],
    ['go', 'a := \'"\'\nb := "KEY"', 'a := \'"\'\nb := "KEY" // omi:ignore'],
    ['objective-c', 'a = @"KEY";', 'a = @"KEY"; // omi:ignore'],
    ['php', '<?php\n$a = "KEY";\n', '<?php\n$a = "KEY"; // omi:ignore\n'],
    ['php', 'a <?= $b ?>\n<?php\n$a = "KEY";\n', 'a <?= $b ?>\n<?php\n$a = "KEY"; // omi:ignore\n'],
    ['yaml', 'a: &b\n# c\n  - d: e\n    f: KEY\n', 'a: &b\n# c\n  - d: e\n    f: KEY # omi:ignore\n'],
    ['yaml', 'a: # b\n- KEY\n- c\n', 'a: # b\n- KEY # omi:ignore\n- c\n'],
    ['html', '<a b="c > d">\nKEY\n</a>', '<a b="c > d">\nKEY <!-- omi:ignore -->\n</a>'],
    ['markdown', 'a `b`\n[KEY](c)', 'a `b`\n[KEY](c) <!-- omi:ignore -->'],
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
    ['nix', "a = ''\n  KEY\n'';"],
    ['elixir', 'a = ~s(\nKEY\n)'],
    ['elixir', 'a = ~S|\nKEY\n|'],
    ['elixir', "a = '\nKEY\n'"],
    ['coffeescript', "a = '\nKEY\n'"],
    ['ruby', 'a = %q(\nKEY\n)'],
    ['ruby', 'a = %(\nKEY\n)'],
    ['ruby', 'a = %Q|\nKEY\n|'],
    ['ruby', 'a = <<~`E`\n  KEY\nE\n'],
    ['ruby', "# don't\na = '\nKEY\n'"],
    ['perl', 'my $a = q{\nKEY\n};'],
    ['perl', 'my $a = qq !\nKEY\n!;'],
    ['perl', 'print << "E";\nKEY\nE\n'],
    ['perl', 'print <<"E";\nKEY\nE\n'],
    ['php', '<?php $a = "KEY"; ?>\n'],
    ['php', '<p>KEY</p>\n<?php\n'],
    ['php', '<?php\n$a = 1;\n?>\nKEY\n'],
    ['php', '<?php\n$a = <<< E\nKEY\nE;\n'],
    ['sql', "-- don't\nselect '\nKEY\n';"],
    ['sql', 'select $$\nKEY\n$$;'],
    ['sql', 'select $a$\nKEY\n$a$;'],
    ['sql', "select q'[\nit's KEY\n]' from dual;"],
    ['rust', 'a = r#"\n5" KEY\n"#;'],
    ['rust', 'a = r"C:\\";\nb = "\nKEY\n";'],
    ['rust', 'a = \'"\';\nb = "\nKEY\n";'],
    ['cpp', 'auto a = R"(\n5" KEY\n)";'],
    ['c', 'char *a = R"b(\n5" KEY\n)b";'],
    ['csharp', 'var a = @"C:\\"; var b = @"\nKEY\n";'],
    ['csharp', 'var a = """\nKEY\n""";'],
    ['fsharp', 'let a = @"C:\\"\nlet b = @"\nKEY\n"'],
    ['swift', 'let a = #"""\n""" KEY\n"""#'],
    ['swift', 'let a = """\nKEY\n"""'],
    ['kotlin', 'val a = """C:\\"""\nval b = """\nKEY\n"""'],
    ['scala', 'val a = """\nKEY\n"""'],
    ['dart', "var a = r'C:\\';\nvar b = '''\nKEY\n''';"],
    ['dart', "var a = '''\nKEY\n''';"],
    ['groovy', 'a = $/\nKEY\n/$'],
    ['groovy', 'a = /\nKEY\n/'],
    ['go', 'a := `C:\\`\nb := `\nKEY\n`'],
    ['r', 'a <- r"(\n5" KEY\n)"'],
    ['julia', 'a = """\nKEY\n"""'],
    ['haskell', 'a = [r|\nKEY\n|]'],
    ['toml', "a = '''\nKEY\n'''"],
    ['powershell', 'a `\n  -b "KEY" `\n  -c'],
    ['powershell', 'a --% KEY'],
    ['latex', '\\begin{Verbatim}\nKEY\n\\end{Verbatim}'],
    ['latex', '\\url{a\nKEY\n}'],
    ['yaml', "a: 'x\n  b: KEY\n  y'\n"],
    ['yaml', 'a: x\n  - KEY\n'],
    ['yaml', 'a: KEY\n  b\n'],
    ['yaml', '- a: KEY\n    b\n'],
    ['yaml', '- |\n  a: KEY\n'],
    ['yaml', 'a: !b |\n  # c\n  d: KEY\n'],
    ['html', '<a b="() => {\nKEY\n}">'],
    ['html', '<?php $a->b =\n"KEY";\n?>'],
    ['html', '<iframe>\nKEY\n</iframe>'],
    ['markdown', '[a]: http://b/?KEY\n'],
    ['markdown', '> [a]: http://b/?KEY\n'],
    ['markdown', '| KEY |\n| --- |\n'],
    ['markdown', '# KEY #\n'],
    ['markdown', 'a `b\nKEY\nc`\n'],
    ['markdown', '- ```\n  KEY\n  ```\n'],
    ['markdown', '````\n```\nKEY\n````\n'],
    ['markdown', '<a\n  b="KEY"\n>'],
    ['markdown', '<pre>\nKEY\n</pre>'],
    ['markdown', '<!--\n\nKEY\n-->'],
  ])('%s: %j', (languageId, text) => {
    expect(ignored(text, languageId)).toBe(none);
  });
  // Looking again and again for an end that is not there would take minutes here.
  test.each([
    ['markdown', `${'<'.repeat(1_000_000)}> KEY`, '<!-- omi:ignore -->'],
    ['yaml', `${'a: &b- '.repeat(300_000)}x\n  c: KEY`, none],
    ['rust', `${'r#"'.repeat(500_000)}\nKEY`, none],
    ['ruby', `${'%q('.repeat(500_000)}\nKEY`, none],
    ['swift', `${'#'.repeat(200_000)}\nKEY`, '// omi:ignore'],
    ['html', `<a ${'b="'.repeat(500_001)}\nKEY`, none],
  ])('for texts of %s that do not end', (languageId, text, after) => {
    expect(ignored(text, languageId)).toContain(after);
  });
  test('for a line that is not there', () => {
    expect(ignoreChange('a', 1, 'typescript')).toBeUndefined();
  });
});
