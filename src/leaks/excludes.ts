import picomatch from 'picomatch';

/** What a scan leaves out. */
export interface Excludes {
  /** Whether a file or directory, or one that it lies in, is left out. The path is relative to the folder, with `/`. */
  has(path: string): boolean;
  /** Those that Git understands, too, so that it need not read what is left out; they hold in every directory. */
  readonly pathspecs: readonly string[];
}

/** Globs as in VS Code's `files.exclude`: `**` for any directories, `{a,b}`; a pattern without `**` starts at the top. */
export function excludesOf(globs: readonly string[]): Excludes {
  const patterns = globs.filter((glob) => glob.trim() !== '').flatMap((glob) => [glob, `${glob}/**`]);
  if (patterns.length === 0) return { has: () => false, pathspecs: [] };
  const matches = picomatch(patterns, { dot: true, nonegate: true, noextglob: true });
  const pathspecs = patterns.filter(isGitGlob).map((glob) => `:(exclude,glob)${glob}`);
  return { has: (path) => matches(path), pathspecs };
}

/** Whether a pattern means the same to Git: it knows no braces, and takes `.` and `..` out of a path. */
function isGitGlob(glob: string): boolean {
  return /^\*\*\/[\w.*@/-]+$/.test(glob) && !/\/(\.{0,2})(\/|$)/.test(glob);
}
