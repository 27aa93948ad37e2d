/** A bracket that does not close on its line, or with others inside. */
const open = String.raw`[([{<](?![^\r\n()[\]{}<>]*[)\]}>])`;

/**
 * What opens a text that may hold quotes, or keeps its backslashes, so that counting quotes tells nothing from there
 * on; by languages. Where it is simple, one that closes on its line is let through. No pattern looks far ahead in vain,
 * or a line full of openings would take minutes.
 */
const openings: readonly (readonly [languages: string, opening: RegExp])[] = [
  ['c cpp objective-c objective-cpp', /\b(?:u8|[uUL])?R"([^\s()\\"]{0,16})\((?![^"\r\n]*\)\1")/],
  ['csharp fsharp', /@\$?"(?!"(?!")|[^"\r\n]*[^"\\\r\n]"(?!"))/],
  ['csharp fsharp kotlin scala', /\\"""/],
  ['dart', /\br(["'])[^"'\r\n]*\\\1/],
  ['elixir', new RegExp(String.raw`~[a-zA-Z]+(?:${open}|([|/])(?!.*?\1))`)],
  ['go', /\\`/],
  ['groovy', /\$\/|[=(,][ \t]*\/(?![/*])(?![^/\r\n]*\/)/],
  ['haskell', /\[[\w.]*\|(?![^|\r\n]*\|\])/],
  ['julia', /\braw"[^"\r\n]*\\"/],
  ['latex tex', /\\begin\{(?:[BL]?[vV]erbatim|alltt|comment|filecontents|lstlisting|minted)/],
  ['latex tex', /\\(?:href|nolinkurl|path|url)\{[^{}\r\n]*$/m],
  ['nix', /''/],
  ['perl', new RegExp(String.raw`(?<![$@%&\w>{-])q[qrwx]?[ \t]*(?:${open}|([|!/~^@])(?!.*?\1))`)],
  ['perl', new RegExp(String.raw`(?<![$@%&\w>{-])(?:m|s|tr|y)(?=[{[(<])${open}`)],
  ['perl', /<<~?[ \t]+["']/],
  ['php', /<<<[ \t]*["']?[A-Za-z_]/],
  // A backtick at the end of a line carries the line on; behind the other sign nothing is read as code.
  ['powershell', /`\s*$|--%/],
  ['r', /\br["']-*[([{]/i],
  ['ruby', new RegExp(String.raw`%[qQwWiIxrs]?${open}|%[qQwWIr]([|!/~^@])(?!.*?\1)`)],
  ['rust', /\b[bc]?r(#*)"(?!"\1|[^"\r\n]*[^"\\\r\n]"\1)/],
  ['sql', /\$\w*\$|\bn?q'/i],
  ['swift', /#"(?![^"\r\n]*[^"\\\r\n]"#)/],
];

/** Here-documents, long brackets, and what comes behind the end of a program. */
const anyOpening = /<<[-~]?["'`]?[A-Za-z_]|^.*@["']\s*$|\[=*\[|^__(?:END|DATA)__/m;

/** Languages whose apostrophes hold texts of several lines. */
const longApostrophes = new Set('coffeescript elixir perl php powershell r ruby sql toml'.split(' '));

/**
 * Whether a text of several lines may be open at the end of a part of a program.
 *
 * @param before the program from its start up to the end of a line.
 * @param languageId as VS Code names languages.
 */
export function mayHoldOpenText(before: string, languageId: string): boolean {
  const isPaired = (part: string, quote: string): boolean => bare(part).split(quote).length % 2 === 1;
  if (!['"', '`', '"""', "'''"].every((quote) => isPaired(before, quote))) return true;
  const lines = before.split(/\r\n|\n|\r/);
  // An apostrophe in a comment would make a pair with one that opens a text: each line has to have its own.
  const checked = longApostrophes.has(languageId) ? lines : lines.slice(-1);
  if (!checked.every((line) => isPaired(line, "'"))) return true;
  // What stands outside of the signs of PHP is the page.
  if (languageId === 'php' && before.lastIndexOf('<?') <= before.lastIndexOf('?>')) return true;
  const own = openings.filter(([languages]) => languages.split(' ').includes(languageId));
  return anyOpening.test(before) || own.some(([, opening]) => opening.test(before));
}

/** Without escapes, and without quotes that are characters. */
function bare(part: string): string {
  return part.replaceAll(/\\[^]/g, '').replaceAll(/'["`]'/g, "''");
}
