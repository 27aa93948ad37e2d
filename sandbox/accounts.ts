/** The people of the sandbox. Their names are the handles that tests use. */
export type AccountName = 'ada' | 'grace' | 'linus';

/** An Omi account as Firebase knows it. */
export interface SandboxAccount {
  readonly uid: string;
  readonly email: string;
  readonly name: string;
}

/** Ada has keys of every kind, Grace two of her own, Linus none. */
export const accounts: Readonly<Record<AccountName, SandboxAccount>> = {
  ada: { uid: 'sbAda4Xq0LmT7rW2yUeHc9Zk1pVd', email: 'ada@example.com', name: 'Ada Lovelace' },
  grace: { uid: 'sbGrace8Kj3NvB6sQ5xDfR0oYt2A', email: 'grace@example.com', name: 'Grace Hopper' },
  linus: { uid: 'sbLinus5Pw1GhM9zE4uCiJ7lSn3F', email: 'linus@example.com', name: 'Linus Torvalds' },
};

export const accountNames = Object.keys(accounts) as AccountName[];

/** True when the text is the handle of a sandbox account. */
export function isAccountName(text: string): text is AccountName {
  return Object.hasOwn(accounts, text);
}

/** The handle of the account with this uid, or null. */
export function accountOfUid(uid: unknown): AccountName | null {
  return accountNames.find((name) => accounts[name].uid === uid) ?? null;
}
