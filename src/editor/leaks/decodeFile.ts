import { workspace, type Uri } from 'vscode';
import { decodeText } from '../../leaks/decodeText';

/** The text of a file as VS Code has it; of what it refuses because it seems to be binary, as a scan reads it. */
export async function decodeFile(bytes: Uint8Array, uri: Uri): Promise<string> {
  try {
    return await workspace.decode(bytes, { uri });
  } catch {
    return decodeText(bytes);
  }
}
