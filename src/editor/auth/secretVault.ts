import type { SecretStorage } from 'vscode';
import type { Vault } from '../../account/vault';

/** VS Code's SecretStorage as the vault of the rooms below. */
export function secretVault(secrets: SecretStorage): Vault {
  return {
    get: async (name) => secrets.get(name),
    store: async (name, value) => secrets.store(name, value),
    delete: async (name) => secrets.delete(name),
    onDidChange: (listener) => secrets.onDidChange(({ key }) => listener(key)),
  };
}
