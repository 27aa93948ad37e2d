declare module 'picomatch' {
  /** Whether a path matches one of some globs. */
  export default function picomatch(
    globs: readonly string[],
    options?: { readonly dot?: boolean; readonly nonegate?: boolean; readonly noextglob?: boolean },
  ): (path: string) => boolean;
}
