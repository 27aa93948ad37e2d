import { window, workspace } from 'vscode';
import { incidentNote, type IncidentFacts } from '../../leaks/incidentNote';
import { incidentWords } from './incidentWords';

/** Opens the note on a leaked key as a Markdown text that is not saved anywhere. Rejects when VS Code cannot. */
export async function openIncidentNote(facts: IncidentFacts): Promise<void> {
  const content = incidentNote(facts, incidentWords());
  const document = await workspace.openTextDocument({ language: 'markdown', content });
  await window.showTextDocument(document, { preview: false });
}
