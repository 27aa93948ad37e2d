/**
 * Where secrets are kept: VS Code's SecretStorage, seen from below the editor. Every call may reject when the vault of
 * the system refuses.
 */
export interface Vault {
  get(name: string): Promise<string | undefined>;
  store(name: string, value: string): Promise<void>;
  delete(name: string): Promise<void>;
  /** Tells of a change to any entry, also one made by another window. */
  onDidChange(listener: (name: string) => void): { dispose(): void };
}
