import { describe, expect, test } from 'vitest';
import { applyChanges, isVariableName, planVariable } from '../../../src/keys/envFile';

const name = 'OMI_API_KEY';
const value = 'NEW';

/** The file afterwards, and how many lines of that name there were. */
function set(text: string): [string, number] {
  const { existing, changes } = planVariable(text, name, value);
  return [applyChanges(text, changes), existing];
}

describe('a line that is there', () => {
  test.each([
    ['plain', 'OMI_API_KEY=old', 'OMI_API_KEY=NEW'],
    ['with its line end', 'OMI_API_KEY=old\n', 'OMI_API_KEY=NEW\n'],
    ['with CRLF', 'A=1\r\nOMI_API_KEY=old\r\nB=2\r\n', 'A=1\r\nOMI_API_KEY=NEW\r\nB=2\r\n'],
    ['with CR alone', 'A=1\rOMI_API_KEY=old\rB=2', 'A=1\rOMI_API_KEY=NEW\rB=2'],
    ['empty', 'OMI_API_KEY=\nB=2\n', 'OMI_API_KEY=NEW\nB=2\n'],
    ['empty with CRLF', 'OMI_API_KEY=\r\nB=2\r\n', 'OMI_API_KEY=NEW\r\nB=2\r\n'],
    ['empty at the end', 'OMI_API_KEY=', 'OMI_API_KEY=NEW'],
    ['exported', 'export OMI_API_KEY=old\n', 'export OMI_API_KEY=NEW\n'],
    ['exported with a tab', 'export\tOMI_API_KEY=old\n', 'export\tOMI_API_KEY=NEW\n'],
    ['in single quotes', "OMI_API_KEY='old'\n", "OMI_API_KEY='NEW'\n"],
    ['in double quotes', 'OMI_API_KEY="old"\n', 'OMI_API_KEY="NEW"\n'],
    ['in backticks', 'OMI_API_KEY=`old`\n', 'OMI_API_KEY=`NEW`\n'],
    ['in empty quotes', 'OMI_API_KEY=""\n', 'OMI_API_KEY="NEW"\n'],
    ['with other quotes inside', `OMI_API_KEY="it's"\n`, 'OMI_API_KEY="NEW"\n'],
    ['with escaped quotes inside', 'OMI_API_KEY="a\\"b"\n', 'OMI_API_KEY="NEW"\n'],
    ['with a number sign in quotes', 'OMI_API_KEY="a # b" # c\n', 'OMI_API_KEY="NEW" # c\n'],
    ['with an open quote', 'OMI_API_KEY="old\nB=2\n', 'OMI_API_KEY=NEW\nB=2\n'],
    ['with text after its quotes', 'OMI_API_KEY="a"b\nB=2\n', 'OMI_API_KEY=NEW\nB=2\n'],
    ['quoted over two lines', 'OMI_API_KEY="a\nb"\nB=2\n', 'OMI_API_KEY="NEW"\nB=2\n'],
    ['with a comment', 'OMI_API_KEY=old # mine\n', 'OMI_API_KEY=NEW # mine\n'],
    ['with a comment after a tab', 'OMI_API_KEY=old\t# mine\n', 'OMI_API_KEY=NEW\t# mine\n'],
    ['quoted with a comment', "OMI_API_KEY='old'   # don't\n", "OMI_API_KEY='NEW'   # don't\n"],
    ['empty with a comment', 'OMI_API_KEY= # mine\n', 'OMI_API_KEY=NEW # mine\n'],
    ['empty with a comment, spaced', 'OMI_API_KEY =  # mine\r\n', 'OMI_API_KEY =NEW  # mine\r\n'],
    ['with a number sign in the value', 'OMI_API_KEY=a#b\n', 'OMI_API_KEY=NEW\n'],
    ['with spaces around the equals sign', '  OMI_API_KEY =  old  \n', '  OMI_API_KEY =  NEW  \n'],
    ['with spaces alone', 'OMI_API_KEY=   \nB=2', 'OMI_API_KEY=   NEW\nB=2'],
    ['with spaces in the value', 'OMI_API_KEY=old and older\n', 'OMI_API_KEY=NEW\n'],
    ['with more equals signs', 'OMI_API_KEY=a=b==\n', 'OMI_API_KEY=NEW\n'],
    ['after a BOM', '\ufeffOMI_API_KEY=old\n', '\ufeffOMI_API_KEY=NEW\n'],
  ])('%s', (_, before, after) => {
    expect(set(before)).toEqual([after, 1]);
  });

  test('several: all of them', () => {
    const text = 'OMI_API_KEY=a\nX=1\nexport OMI_API_KEY="b" # two\r\n OMI_API_KEY=\n';
    const after = 'OMI_API_KEY=NEW\nX=1\nexport OMI_API_KEY="NEW" # two\r\n OMI_API_KEY=NEW\n';
    expect(set(text)).toEqual([after, 3]);
  });

  test('replaced by itself nothing changes', () => {
    const [once] = set('OMI_API_KEY=old # c\n');
    expect(set(once)).toEqual([once, 1]);
  });

  test('a value with a dollar sign is taken as it is', () => {
    const { changes } = planVariable('A=x\n', 'A', "$&$1$'");
    expect(applyChanges('A=x\n', changes)).toBe("A=$&$1$'\n");
  });
});

describe('a line that is missing', () => {
  test.each([
    ['an empty file', '', 'OMI_API_KEY=NEW\n'],
    ['a BOM alone', '\ufeff', '\ufeffOMI_API_KEY=NEW\n'],
    ['a file with a final line end', 'A=1\n', 'A=1\nOMI_API_KEY=NEW\n'],
    ['one without', 'A=1', 'A=1\nOMI_API_KEY=NEW\n'],
    ['CRLF', 'A=1\r\n', 'A=1\r\nOMI_API_KEY=NEW\r\n'],
    ['CRLF without a final line end', 'A=1\r\nB=2', 'A=1\r\nB=2\r\nOMI_API_KEY=NEW\r\n'],
    ['empty lines at the end', 'A=1\n\n', 'A=1\n\nOMI_API_KEY=NEW\n'],
    ['a comment with it', '# OMI_API_KEY=old\n', '# OMI_API_KEY=old\nOMI_API_KEY=NEW\n'],
    ['a longer name', 'OMI_API_KEY_2=x\n', 'OMI_API_KEY_2=x\nOMI_API_KEY=NEW\n'],
    ['a name before it', 'VITE_OMI_API_KEY=x\n', 'VITE_OMI_API_KEY=x\nOMI_API_KEY=NEW\n'],
    ['a shorter name', 'OMI_API=x\n', 'OMI_API=x\nOMI_API_KEY=NEW\n'],
    ['another case', 'omi_api_key=x\n', 'omi_api_key=x\nOMI_API_KEY=NEW\n'],
    [
      'names with dots and dashes',
      'OMI_API_KEY.A=x\nOMI_API_KEY-B=y\n',
      'OMI_API_KEY.A=x\nOMI_API_KEY-B=y\nOMI_API_KEY=NEW\n',
    ],
    [
      'it in another value',
      'A=OMI_API_KEY=old\nB="OMI_API_KEY=old"\n',
      'A=OMI_API_KEY=old\nB="OMI_API_KEY=old"\nOMI_API_KEY=NEW\n',
    ],
    ['it in a comment after a value', 'A=1 # OMI_API_KEY=old\n', 'A=1 # OMI_API_KEY=old\nOMI_API_KEY=NEW\n'],
    ['the name without an equals sign', 'OMI_API_KEY\n', 'OMI_API_KEY\nOMI_API_KEY=NEW\n'],
    [
      'a line of a quoted value',
      'A="x\nOMI_API_KEY=old\ny"\n',
      'A="x\nOMI_API_KEY=old\ny"\nOMI_API_KEY=NEW\n',
    ],
    [
      'the same with CRLF and single quotes',
      "A='x\r\nOMI_API_KEY=old\r\n' # c\r\n",
      "A='x\r\nOMI_API_KEY=old\r\n' # c\r\nOMI_API_KEY=NEW\r\n",
    ],
  ])('%s', (_, before, after) => {
    expect(set(before)).toEqual([after, 0]);
  });

  test('between values whose quotes are left open it is a line of its own', () => {
    expect(set(`A="x\nOMI_API_KEY=old\nB="y"\nC=don't\n`)).toEqual([
      `A="x\nOMI_API_KEY=NEW\nB="y"\nC=don't\n`,
      1,
    ]);
  });
});

test.each([
  ['OMI_API_KEY', true],
  ['_a1', true],
  ['1A', false],
  ['', false],
  ['A B', false],
  ['A-B', false],
  ['A=', false],
  ['A\n', false],
  ['É', false],
])('%j names a variable: %s', (text, is) => {
  expect(isVariableName(text)).toBe(is);
});

test('changes are applied in any order', () => {
  const changes = [
    { start: 4, end: 5, text: 'xyz' },
    { start: 0, end: 0, text: '<' },
    { start: 2, end: 3, text: '' },
  ];
  expect(applyChanges('abcdef', changes)).toBe('<abdxyzf');
  expect(applyChanges('abcdef', [])).toBe('abcdef');
});

describe('files made at random', () => {
  /** A line in three pieces: the middle one is what may change, where it is a value of the variable. */
  type Line = readonly [before: string, value: string | null, after: string];

  function generator(seed: number): (below: number) => number {
    let state = seed;
    return (below) => {
      state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
      return Math.floor((state / 2_147_483_648) * below);
    };
  }

  function makeFile(random: (below: number) => number): { lines: Line[]; text: string; lineEnd: string } {
    const pick = <T>(...choices: [T, ...T[]]): T => choices[random(choices.length)] ?? choices[0];
    const lineEnd = pick('\n', '\r\n');
    const comment = (): string => pick('', '', ' # c', '\t#', ' # it\'s "x" `y` =', '  ');
    const head = (variable: string): string =>
      `${pick('', '', '  ', '\t')}${pick('', '', 'export ', 'export  ')}${variable}${pick('', '', ' ')}=`;
    const ours = (): Line => {
      const quote = pick('', '', '"', "'", '`');
      if (quote === '') {
        const bare = pick('old', 'omi_dev_x', 'a=b', 'a#b', '$HOME/x', 'two words');
        return [head(name) + pick('', ' '), bare, comment()];
      }
      const inside = pick('old', '', 'a # b', 'a\\nb', `x${lineEnd}OMI_API_KEY=inner${lineEnd}y`);
      return [head(name) + pick('', ' ') + quote, inside, quote + comment()];
    };
    const others = (): Line => [
      pick(
        '',
        '   ',
        '# OMI_API_KEY=no',
        `#${lineEnd}`,
        `${head('OMI_API_KEY_2')}x${comment()}`,
        `${head('MY_OMI_API_KEY')}"x"${comment()}`,
        `${head('A')}OMI_API_KEY=no${comment()}`,
        `${head('B')}'x${lineEnd}OMI_API_KEY=no${lineEnd}export OMI_API_KEY="no"'${comment()}`,
        head('C'),
        'no assignment at all',
        'é ñ 🚀 \u0000',
      ),
      null,
      '',
    ];
    const lines = Array.from({ length: random(12) }, () => (random(3) === 0 ? ours() : others()));
    const whole = lines.map(([before, inside, after]) => before + (inside ?? '') + after).join(lineEnd);
    const text = pick('', '', '\ufeff') + whole + (whole === '' ? '' : pick('', lineEnd));
    return { lines, text, lineEnd };
  }

  test('600 files: the values change, every other byte stays', () => {
    const random = generator(20_261_123);
    let added = 0;
    for (let round = 0; round < 600; round += 1) {
      const { lines, text, lineEnd } = makeFile(random);
      const count = lines.filter(([, inside]) => inside !== null).length;
      const [after, existing] = set(text);
      expect([existing, text]).toEqual([count, text]);
      if (count === 0) {
        added += 1;
        expect(after.startsWith(text)).toBe(true);
        const end = text.includes('\r\n') ? '\r\n' : '\n';
        expect(after.slice(text.length).replace(/^\r?\n/, '')).toBe(`OMI_API_KEY=NEW${end}`);
        continue;
      }
      const expected = lines
        .map(([before, inside, rest]) => before + (inside === null ? '' : 'NEW') + rest)
        .join(lineEnd);
      const bom = text.startsWith('\ufeff') ? '\ufeff' : '';
      expect([bom + expected, bom + expected + lineEnd]).toContain(after);
      expect(after.endsWith(lineEnd)).toBe(text.endsWith(lineEnd));
      expect(set(after)).toEqual([after, count]);
    }
    expect(added).toBeGreaterThan(20);
    expect(added).toBeLessThan(500);
  });
});

test('a large file of one line does not hang', () => {
  const started = performance.now();
  set(`A=x${' '.repeat(300_000)}x\nB="${'"x\n'.repeat(2000)}`);
  expect(performance.now() - started).toBeLessThan(3000);
});
