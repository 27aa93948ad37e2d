/* global document, Element, MutationObserver, omiExempt, omiSecretPattern, omiSecretSeen */
// Runs in the window from its first moment on: looks at each text and label when it is drawn, and reports where a secret
// was. `omiSecretPattern`, `omiSecretSeen` and `omiExempt` (a selector of what is not looked at) come from secretWatch.ts.
{
  const secret = new RegExp(omiSecretPattern);
  const look = (text, node) => {
    const match = text === null ? null : secret.exec(text);
    if (match === null) return;
    const element = node instanceof Element ? node : node.parentElement;
    omiSecretSeen(`${match[0].slice(0, 12)}… in ${element?.tagName ?? '?'} ${element?.className ?? ''}`);
  };
  // What was taken away in the moment it was drawn was never to be seen, and where it had been cannot be told any more.
  const isExempt = (node) => {
    if (omiExempt === '') return false;
    const element = node instanceof Element ? node : node.parentElement;
    return !node.isConnected || element?.closest(omiExempt) !== null;
  };
  const textOf = (node) => {
    const holdsExempt = omiExempt !== '' && node instanceof Element && node.querySelector(omiExempt) !== null;
    if (!holdsExempt) return node.textContent;
    const copy = node.cloneNode(true);
    // A part of a copy may have left its editor, which the selector asks for.
    const all = node.querySelectorAll('*');
    copy.querySelectorAll('*').forEach((element, index) => {
      if (all[index]?.matches(omiExempt)) element.remove();
    });
    return copy.textContent;
  };
  globalThis.omiTextOnScreen = () => (omiExempt === '' ? document.body.innerText : textOf(document.body));
  const lookAtLabels = (element) => {
    if (isExempt(element)) return;
    for (const { value } of element.attributes) look(value, element);
  };
  new MutationObserver((mutations) => {
    for (const { type, target, addedNodes, attributeName } of mutations) {
      if (isExempt(target)) continue;
      if (type === 'characterData') look(target.textContent, target);
      if (type === 'attributes') look(target.getAttribute(attributeName), target);
      for (const node of addedNodes) {
        if (isExempt(node)) continue;
        look(textOf(node), node);
        if (!(node instanceof Element)) continue;
        lookAtLabels(node);
        node.querySelectorAll('*').forEach(lookAtLabels);
      }
    }
  }).observe(document, {
    subtree: true,
    childList: true,
    characterData: true,
    attributes: true,
    attributeFilter: ['aria-label', 'title', 'value', 'placeholder'],
  });
}
