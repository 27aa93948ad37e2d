/** Every command this extension contributes; a test holds the table against package.json. */
export const commandIds = {
  signIn: 'omi.signIn',
  signInWithToken: 'omi.signInWithToken',
  signOut: 'omi.signOut',
  switchAccount: 'omi.account.switch',
  refreshKeys: 'omi.keys.refresh',
  cancelWork: 'omi.keys.cancel',
  revokeKey: 'omi.key.revoke',
  copyKeyId: 'omi.key.copyId',
  copyKeyPrefix: 'omi.key.copyPrefix',
  showLog: 'omi.showLog',
} as const;

export type CommandId = (typeof commandIds)[keyof typeof commandIds];

export const viewIds = { keys: 'omi.keys' } as const;

/** Names of context keys, as `when` clauses in package.json use them. */
export const contextKeys = { session: 'omi.session', keys: 'omi.keys', working: 'omi.working' } as const;

/** What `contextValue` of a tree item says to the menus: a key that is at rest, with its family. */
export const keyContextValue = (family: string): string => `omi.key.${family}`;
export const busyContextValue = 'omi.busy';

/** The section of every setting. */
export const settingsSection = 'omi';

/** Every setting this extension contributes, without the section. */
export const settingNames = {
  apiBaseUrl: 'apiBaseUrl',
  firebaseApiKey: 'firebase.apiKey',
  authEmulatorHost: 'firebase.authEmulatorHost',
  requestTimeoutSeconds: 'requestTimeoutSeconds',
} as const;
