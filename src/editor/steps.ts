import {
  Disposable,
  InputBoxValidationSeverity,
  QuickInputButtons,
  window,
  type InputBox,
  type QuickPick,
  type QuickPickItem,
} from 'vscode';

/** What was answered; `back` = the person wants the step before, and `value` is what stood here. */
export interface Answer<T> {
  readonly move: 'next' | 'back';
  readonly value: T;
}

/** Where a question stands in a row of questions; `step` counts from 1, and any but the first has a Back button. */
export interface StepFrame {
  readonly title: string;
  readonly step?: number;
  readonly totalSteps?: number;
}

/** What is to be said about a text; a `warning` does not hold it up. */
export interface TextRemark {
  readonly severity: 'error' | 'warning';
  readonly message: string;
}

export interface TextQuestion {
  readonly prompt: string;
  readonly value: string;
  readonly remark: (text: string) => TextRemark | undefined;
}

/** Asks for one line of text; undefined when the person gave up. */
export function askText(frame: StepFrame, question: TextQuestion): Promise<Answer<string> | undefined> {
  const box = window.createInputBox();
  const { prompt, value, remark } = question;
  let warned = '';
  const show = (said: TextRemark | undefined): void => {
    warned = said?.severity === 'warning' ? box.value : '';
    const severity =
      said?.severity === 'error' ? InputBoxValidationSeverity.Error : InputBoxValidationSeverity.Warning;
    box.validationMessage = said && { message: said.message, severity };
  };
  box.prompt = prompt;
  box.value = value;
  box.onDidChangeValue((text) => show(text === '' ? undefined : remark(text)));
  if (value !== '') show(remark(value));
  const isGood = (): boolean => {
    const said = remark(box.value);
    // A warning that was not seen yet is shown before it is passed over.
    const isPassed = said?.severity === 'warning' && warned === box.value;
    show(said);
    return said === undefined || isPassed;
  };
  return ask(box, frame, () => box.value, isGood);
}

export interface Choice<T> extends QuickPickItem {
  readonly value: T;
}

export interface PickQuestion<T> {
  readonly placeholder: string;
  readonly choices: readonly Choice<T>[];
  /** What is active (or ticked) at the start. */
  readonly chosen: readonly T[];
}

/** Asks for one of several choices; undefined when the person gave up. */
export async function askOne<T>(frame: StepFrame, question: PickQuestion<T>): Promise<Answer<T> | undefined> {
  const pick = pickOf(question);
  pick.activeItems = pick.items.filter(({ value }) => question.chosen.includes(value));
  const answer = await ask(
    pick,
    frame,
    () => pick.activeItems,
    () => pick.activeItems.length > 0,
  );
  const [item] = answer?.value ?? [];
  const value = item ? item.value : question.chosen[0];
  return answer && value !== undefined ? { move: answer.move, value } : undefined;
}

/**
 * Asks for some of several choices; undefined when the person gave up.
 *
 * @param nothing what is said when nothing is ticked.
 */
export function askSome<T>(
  frame: StepFrame,
  question: PickQuestion<T>,
  nothing: string,
): Promise<Answer<readonly T[]> | undefined> {
  const pick = pickOf(question);
  pick.canSelectMany = true;
  pick.selectedItems = pick.items.filter(({ value }) => question.chosen.includes(value));
  const isGood = (): boolean => {
    if (pick.selectedItems.length > 0) return true;
    // The placeholder is seen in an empty box alone.
    pick.value = '';
    pick.placeholder = nothing;
    return false;
  };
  return ask(pick, frame, () => pick.selectedItems.map(({ value }) => value), isGood);
}

function pickOf<T>({ placeholder, choices }: PickQuestion<T>): QuickPick<Choice<T>> {
  const pick = window.createQuickPick<Choice<T>>();
  pick.placeholder = placeholder;
  pick.items = choices;
  return pick;
}

function ask<T>(
  box: InputBox | QuickPick<QuickPickItem>,
  { title, step, totalSteps }: StepFrame,
  read: () => T,
  isGood: () => boolean,
): Promise<Answer<T> | undefined> {
  const back = step !== undefined && step > 1 ? [QuickInputButtons.Back] : [];
  // What was answered before must not be lost by a look elsewhere.
  Object.assign(box, { title, step, totalSteps, buttons: back, ignoreFocusOut: true });
  return new Promise((resolve) => {
    let answer: Answer<T> | undefined;
    const end = (move: Answer<T>['move']): void => {
      answer = { move, value: read() };
      box.hide();
    };
    const listeners = Disposable.from(
      box.onDidAccept(() => {
        if (isGood()) end('next');
      }),
      box.onDidTriggerButton((button) => {
        if (button === QuickInputButtons.Back) end('back');
      }),
      box.onDidHide(() => {
        listeners.dispose();
        box.dispose();
        resolve(answer);
      }),
    );
    box.show();
  });
}
