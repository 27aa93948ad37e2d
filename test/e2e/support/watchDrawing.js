/* global document, Element, MutationObserver, omiSecretPattern, omiSecretSeen */
// Runs in the window from its first moment on: looks at each text and label when it is drawn, and reports where a secret
// was. `omiSecretPattern` and `omiSecretSeen` come from secretWatch.ts.
{
  const secret = new RegExp(omiSecretPattern);
  const look = (text, node) => {
    const match = text === null ? null : secret.exec(text);
    if (match === null) return;
    const element = node instanceof Element ? node : node.parentElement;
    omiSecretSeen(`${match[0].slice(0, 12)}… in ${element?.tagName ?? '?'} ${element?.className ?? ''}`);
  };
  const lookAtLabels = (element) => {
    for (const { value } of element.attributes) look(value, element);
  };
  new MutationObserver((mutations) => {
    for (const { type, target, addedNodes, attributeName } of mutations) {
      if (type === 'characterData') look(target.textContent, target);
      if (type === 'attributes') look(target.getAttribute(attributeName), target);
      for (const node of addedNodes) {
        look(node.textContent, node);
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
