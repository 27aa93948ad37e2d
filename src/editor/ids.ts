/** Every command this extension contributes; a test holds the table against package.json. */
export const commandIds = {
  signIn: 'omi.signIn',
  signInWithToken: 'omi.signInWithToken',
  signOut: 'omi.signOut',
  switchAccount: 'omi.account.switch',
  refreshKeys: 'omi.keys.refresh',
  cancelWork: 'omi.keys.cancel',
  createKey: 'omi.key.create',
  placeKey: 'omi.key.place',
  revokeKey: 'omi.key.revoke',
  rotateKey: 'omi.key.rotate',
  resumeRotation: 'omi.rotation.resume',
  undoRotation: 'omi.rotation.undo',
  copyKeyId: 'omi.key.copyId',
  copyKeyPrefix: 'omi.key.copyPrefix',
  revokeUnused: 'omi.keys.revokeUnused',
  sortKeys: 'omi.keys.sort',
  filterKeys: 'omi.keys.filter',
  clearFilter: 'omi.keys.clearFilter',
  respondToLeak: 'omi.leak.respond',
  checkKey: 'omi.leak.check',
  scanWorkspace: 'omi.leak.scanWorkspace',
  scanHistory: 'omi.leak.scanHistory',
  useReference: 'omi.leak.useReference',
  ignoreFile: 'omi.leak.ignoreFile',
  ignoreLine: 'omi.leak.ignoreLine',
  stopIgnoring: 'omi.leak.stopIgnoring',
  addLeakGuard: 'omi.leak.addGuard',
  showLog: 'omi.showLog',
  showActivity: 'omi.showActivity',
  exportActivity: 'omi.exportActivity',
} as const;

export type CommandId = (typeof commandIds)[keyof typeof commandIds];

export const viewIds = { keys: 'omi.keys' } as const;

/** Names of context keys, as `when` clauses in package.json use them. */
export const contextKeys = {
  session: 'omi.session',
  keys: 'omi.keys',
  working: 'omi.working',
  filtered: 'omi.filtered',
  /** Whether a raw key is at the caret or in the selection of the editor that is in use. */
  keyAtCaret: 'omi.keyAtCaret',
} as const;

/** What `contextValue` of a tree item says to the menus: a key that is at rest, with its family. */
export const keyContextValue = (family: string): string => `omi.key.${family}`;
export const busyContextValue = 'omi.busy';
/** A new key whose secret nobody has put anywhere yet. */
export const waitingContextValue = 'omi.waiting';
/** A rotation that is not over. */
export const rotationContextValue = 'omi.rotation';
/** A place of a file at which a key stands. */
export const placeContextValue = 'omi.place';
/** A key that was found in the workspace and is in no signed-in account. */
export const strangerContextValue = 'omi.stranger';

/** The section of every setting. */
export const settingsSection = 'omi';

/** Every setting this extension contributes, without the section. */
export const settingNames = {
  apiBaseUrl: 'apiBaseUrl',
  firebaseApiKey: 'firebase.apiKey',
  authEmulatorHost: 'firebase.authEmulatorHost',
  requestTimeoutSeconds: 'requestTimeoutSeconds',
  staleAfterDays: 'keys.staleAfterDays',
  sortBy: 'keys.sortBy',
  clipboardClearAfterSeconds: 'clipboard.clearAfterSeconds',
  leaksWatch: 'leaks.watch',
  leaksExclude: 'leaks.exclude',
} as const;
