import * as vscode from 'vscode';
import { until } from './until';

/** A message that VS Code was asked to show, as a person would have seen it. */
export interface ShownMessage {
  readonly level: 'info' | 'warn' | 'error';
  readonly text: string;
  readonly detail: string | undefined;
  readonly isModal: boolean;
  readonly buttons: readonly string[];
  /** Presses a button; undefined closes the message. */
  press(button: string | undefined): void;
}

type ShowMessage = (message: string, ...rest: unknown[]) => Promise<unknown>;

/**
 * Plays the person at the prompts. In a test run VS Code refuses to show dialogs and nobody can press a toast, so
 * messages are caught on their way; input boxes and picks are the real ones.
 */
export class Person {
  readonly messages: ShownMessage[] = [];
  readonly #restore: (() => void)[] = [];
  #inputBox: vscode.InputBox | undefined;
  #quickPick: vscode.QuickPick<vscode.QuickPickItem> | undefined;
  #next = 0;

  constructor() {
    this.#catchMessages('showInformationMessage', 'info');
    this.#catchMessages('showWarningMessage', 'warn');
    this.#catchMessages('showErrorMessage', 'error');
    this.#watch('createInputBox', (box) => {
      this.#inputBox = box as vscode.InputBox;
    });
    this.#watch('createQuickPick', (pick) => {
      this.#quickPick = pick as vscode.QuickPick<vscode.QuickPickItem>;
    });
  }

  /** The next message that was not looked at yet. */
  async nextMessage(): Promise<ShownMessage> {
    const message = await until('a message', () => this.messages[this.#next]);
    this.#next += 1;
    return message;
  }

  /** How many messages nobody has looked at. */
  get unseen(): number {
    return this.messages.length - this.#next;
  }

  /** The input box that is open. */
  inputBox(): Promise<vscode.InputBox> {
    return until('an input box', () => this.#inputBox);
  }

  /** Fills the open input box and presses Enter; gives what the box says, or nothing when it has closed. */
  async submit(text: string): Promise<string | undefined> {
    const box = await this.inputBox();
    box.validationMessage = undefined;
    box.value = text;
    await this.enter();
    await until('an answer to the input', () => this.#inputBox !== box || box.validationMessage);
    const said = box.validationMessage;
    return this.#inputBox === box ? (typeof said === 'string' ? said : said?.message) : undefined;
  }

  /** Presses Enter in the open input box or pick. */
  async enter(): Promise<void> {
    await vscode.commands.executeCommand('workbench.action.acceptSelectedQuickOpenItem');
  }

  async escape(): Promise<void> {
    await vscode.commands.executeCommand('workbench.action.closeQuickOpen');
  }

  /** The pick that is open, once it has items. */
  async quickPick(): Promise<vscode.QuickPick<vscode.QuickPickItem>> {
    return until('a filled pick', () => (this.#quickPick?.items.length ? this.#quickPick : undefined));
  }

  /** Forgets what was shown; undoes nothing. */
  forget(): void {
    this.messages.length = 0;
    this.#next = 0;
    this.#inputBox = undefined;
    this.#quickPick = undefined;
  }

  leave(): void {
    this.#restore.forEach((restore) => {
      restore();
    });
  }

  #catchMessages(
    name: 'showInformationMessage' | 'showWarningMessage' | 'showErrorMessage',
    level: ShownMessage['level'],
  ): void {
    const show: ShowMessage = (text, ...rest) => {
      const options = rest.find(
        (part): part is vscode.MessageOptions =>
          typeof part === 'object' && part !== null && !('title' in part),
      );
      const buttons = rest.filter((part) => typeof part === 'string');
      return new Promise((resolve) => {
        this.messages.push({
          level,
          text,
          detail: options?.detail,
          isModal: options?.modal === true,
          buttons,
          press: (button) => {
            if (button !== undefined && !buttons.includes(button)) {
              throw new Error(`No button ${button} on “${text}”, only ${buttons.join(', ')}`);
            }
            resolve(button);
          },
        });
      });
    };
    this.#replace(name, show);
  }

  #watch(name: 'createInputBox' | 'createQuickPick', seen: (made: unknown) => void): void {
    const original = vscode.window[name].bind(vscode.window) as () => { onDidHide: vscode.Event<void> };
    this.#replace(name, () => {
      const made = original();
      seen(made);
      made.onDidHide(() => {
        if (name === 'createInputBox') this.#inputBox = undefined;
        else this.#quickPick = undefined;
      });
      return made;
    });
  }

  #replace(name: keyof typeof vscode.window, value: unknown): void {
    const original = Object.getOwnPropertyDescriptor(vscode.window, name);
    if (!original) throw new Error(`vscode.window has no ${name}`);
    Object.defineProperty(vscode.window, name, { value, writable: true, configurable: true });
    this.#restore.push(() => {
      Object.defineProperty(vscode.window, name, original);
    });
  }
}
