// Making elements. Text only ever becomes a text node here: nothing in this console writes markup from strings.

/**
 * An element with attributes and children. Attributes that are null or false are left out, true becomes an empty
 * one, and `on` holds listeners by event name. Children are nodes or text; empty ones are left out.
 */
export function el(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "on") {
      for (const [event, listener] of Object.entries(value)) made.addEventListener(event, listener);
    } else if (value !== null && value !== undefined && value !== false) {
      made.setAttribute(name, value === true ? "" : String(value));
    }
  }
  made.append(...children.flat().filter((child) => child || child === 0));
  return made;
}

export const byId = (id) => document.getElementById(id);

/** Show an element with this text, or hide it when there is none. */
export function showText(element, text) {
  if (text && element.textContent !== text) element.textContent = text;
  element.hidden = !text;
}

/**
 * Bring a list's children in line with its items, touching only what differs: nodes that stay are never moved, so
 * focus and pointer stay where they are. `fill(node, item)` runs for new items and for those whose stamp changed.
 */
export function reconcile(parent, items, keyOf, stampOf, fill) {
  const wanted = new Set(items.map(keyOf));
  const known = new Map();
  for (const node of [...parent.children]) {
    if (wanted.has(node.dataset.key)) known.set(node.dataset.key, node);
    else node.remove();
  }
  let next = parent.firstElementChild;
  const fresh = [];
  for (const item of items) {
    const key = keyOf(item);
    const stamp = stampOf(item);
    const node = known.get(key) ?? el("li", { "data-key": key });
    if (!known.has(key)) fresh.push(node);
    if (node.dataset.stamp !== stamp) {
      fill(node, item);
      node.dataset.stamp = stamp;
    }
    if (node === next) next = next.nextElementSibling;
    else parent.insertBefore(node, next);
  }
  return fresh;
}
