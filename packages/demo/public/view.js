export function element(id) {
  return document.getElementById(id);
}

/** A new element; text is only ever text, whatever a name contains. */
export function show(tag, { text = '', className = '', label, href, children = [] }) {
  const made = document.createElement(tag);
  made.textContent = text;
  made.className = className;
  if (label !== undefined) made.setAttribute('aria-label', label);
  if (href !== undefined) made.href = href;
  made.append(...children);
  return made;
}

export function describeDuration(milliseconds) {
  const seconds = Math.max(0, Math.ceil(milliseconds / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}
