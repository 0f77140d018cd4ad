// Elements of HTML and SVG, made by DOM calls: what comes from data can only ever be text.

const SVG = "http://www.w3.org/2000/svg";

/** The shapes of the icons, on a square of 24 by 24; drawn in the text's own colour. */
const ICONS = {
  first: ["M7 5v14", "M18 5.5v13L9 12z"],
  previous: ["M16.5 5.5v13L7.5 12z"],
  play: ["M8 5v14l11-7z"],
  pause: ["M8 5v14", "M16 5v14"],
  next: ["M7.5 5.5v13l9-6.5z"],
  last: ["M17 5v14", "M6 5.5v13l9-6.5z"],
  run: ["M4 6v12l8-6z", "M12.5 6v12l8-6z"],
  search: ["M10.5 4.5a6 6 0 1 0 0 12a6 6 0 1 0 0-12", "M15 15l5 5"],
  plus: ["M12 5v14", "M5 12h14"],
  minus: ["M5 12h14"],
  fit: ["M4 9V4h5", "M15 4h5v5", "M20 15v5h-5", "M9 20H4v-5"],
  follow: ["M12 7a5 5 0 1 0 0 10a5 5 0 1 0 0-10", "M12 2v4", "M12 18v4", "M2 12h4", "M18 12h4"],
  help: ["M9 9a3 3 0 1 1 4.2 2.8c-.9.4-1.2 1-1.2 2.2", "M12 17.5v.5"],
  close: ["M6 6l12 12", "M18 6L6 18"],
  reset: ["M5 12a7 7 0 1 0 2.2-5.1", "M4 4v4.5h4.5"],
  pin: ["M12 16v5", "M8 4h8l-1 6 3 4H6l3-4z"],
  stop: ["M12 6a6 6 0 1 0 0 12a6 6 0 1 0 0-12"],
  warning: ["M12 4L3 19.5h18z", "M12 10v4.5", "M12 17v.4"],
};

const FILLED = new Set(["first", "previous", "play", "next", "last", "run"]);

/** An HTML element; a function as an attribute `onclick` listens, null and false leave one out. */
export function make(tag, attributes = {}, ...children) {
  return furnished(document.createElement(tag), attributes, children);
}

/** The same of SVG. */
export function svg(tag, attributes = {}, ...children) {
  return furnished(document.createElementNS(SVG, tag), attributes, children);
}

function furnished(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) setAttribute(element, name, value);
  element.append(...present(children));
  return element;
}

/** The children that are there: a condition that fails leaves one out. */
function present(children) {
  return children.flat().filter((child) => (child ?? false) !== false);
}

function setAttribute(element, name, value) {
  if (typeof value === "function") element.addEventListener(name.slice(2), value);
  else if (value === null || value === undefined || value === false) element.removeAttribute(name);
  else element.setAttribute(name, value === true ? "" : String(value));
}

/** Make an element the root of a view that the keyboard reaches; gives what undoes all of it. */
export function becomeView(element, title, ...looks) {
  const attributes = { tabindex: "0", role: "group", "aria-label": title };
  element.classList.add("stepgrad", ...looks);
  setAttributes(element, attributes);
  return () => {
    element.replaceChildren();
    element.classList.remove("stepgrad", ...looks);
    for (const name of Object.keys(attributes)) element.removeAttribute(name);
    for (const name of ["ready", "number"]) delete element.dataset[name];
  };
}

/** Write a text or an attribute only where it differs: the page does nothing for what stays. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

export function setAttributes(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    const written = value === true ? "" : String(value);
    if (element.getAttribute(name) !== written) setAttribute(element, name, value);
  }
}

/** Exchange all children at once. */
export function fill(element, ...children) {
  element.replaceChildren(...present(children));
  return element;
}

/** An icon of the list above, which a screen reader passes over. */
export function icon(name) {
  const paths = ICONS[name].map((d) => svg("path", { d }));
  const look = FILLED.has(name) ? "icon filled" : "icon";
  return svg("svg", { viewBox: "0 0 24 24", class: look, "aria-hidden": "true" }, paths);
}

/** A button with an icon; its label is spoken, and shown as a tooltip with the key that does it. */
export function iconButton(name, label, press, key = "") {
  const title = key ? `${label} (${key})` : label;
  const attributes = { type: "button", class: "button icon-button", title, "aria-label": label };
  return make("button", { ...attributes, onclick: press }, icon(name));
}

/** A button with words. */
export function textButton(words, press, attributes = {}) {
  return make("button", { type: "button", class: "button", onclick: press, ...attributes }, words);
}

/** A switch with words: the checkbox is the state, `change` gets whether it is on. */
export function toggle(words, checked, change) {
  const box = make("input", { type: "checkbox" });
  box.checked = checked;
  box.addEventListener("change", () => change(box.checked));
  return { element: make("label", { class: "toggle" }, box, make("span", {}, words)), box };
}
