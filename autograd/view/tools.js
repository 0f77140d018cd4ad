// The tools above the picture: search, level of detail, zoom, and the list of keys.

import { iconButton, make, setAttributes, setText, textButton } from "./elements.js";

const LEVELS = ["nodes", "neurons", "layers"];

const KEYBOARD = [
  ["← →  or  j k", "previous, next step"],
  ["space", "play, pause"],
  ["Home End", "first, last step"],
  ["r", "run to the next stop"],
  ["b", "breakpoint at the selected node, or the current one"],
  ["+ −", "zoom in, zoom out"],
  ["0", "fit the whole graph into the view"],
  ["f", "follow the current node, or not"],
  ["/", "search"],
  ["Escape", "clear the search, the highlights, the selection"],
];

/** `act` has search(words), nextMatch(words), setLevel(level), zoomBy(factor), fit() and
 *  setFollow(is). */
export function createTools(graph, act) {
  const view = { graph, act, following: true, level: "" };
  const parts = [searchField(view), levelChoice(view), zoomButtons(view), helpButton(view)];
  const title = make("h2", { class: "title" }, graph.title);
  const size = make("span", { class: "quiet" }, sizeOf(graph));
  const heading = make("div", { class: "heading" }, title, size);
  view.element = make("header", { class: "tools" }, heading, parts, view.help);
  return {
    element: view.element,
    showMatches: (count) => setText(view.matches, count < 0 ? "" : `${count} found`),
    showLevel: (level) => showLevel(view, level),
    focusSearch: () => view.search.focus(),
    clearSearch: () => clearSearch(view),
    toggleFollow: () => setFollowing(view, !view.following),
    toggleHelp: () => showHelp(view, view.help.hidden),
    closeHelp: () => closeHelp(view),
  };
}

function sizeOf(graph) {
  const counted = (n, one) => `${n.toLocaleString("en")} ${one}${n === 1 ? "" : "s"}`;
  const leaves = graph.leaves.length;
  const inside = leaves === 1 ? "1 leaf" : `${leaves.toLocaleString("en")} leaves`;
  return `${counted(graph.n, "node")} · ${counted(graph.edges, "edge")} · ${inside}`;
}

function searchField(view) {
  const label = "Search nodes by name or operation";
  view.search = make("input", { type: "search", placeholder: "Search", "aria-label": label });
  view.search.title = `${label} (/); Enter goes to the next`;
  view.search.addEventListener("input", () => view.act.search(view.search.value));
  view.search.addEventListener("keydown", (event) => {
    if (event.key === "Enter") view.act.nextMatch(view.search.value);
  });
  view.matches = make("span", { class: "quiet matches", role: "status" });
  return make("div", { class: "search" }, view.search, view.matches);
}

function clearSearch(view) {
  const had = view.search.value !== "";
  view.search.value = "";
  if (had) view.act.search("");
  return had;
}

function levelChoice(view) {
  view.levels = LEVELS.map((level) =>
    textButton(level, () => view.act.setLevel(level), { "data-level": level }));
  const choice = make("div", { class: "joined", role: "group", "aria-label": "Level of detail" });
  choice.append(...view.levels);
  choice.hidden = view.graph.groups.length === 0;
  return choice;
}

function showLevel(view, level) {
  for (const button of view.levels) {
    setAttributes(button, { "aria-pressed": String(button.dataset.level === level) });
  }
}

function zoomButtons(view) {
  const { act } = view;
  const toggleFollow = () => setFollowing(view, !view.following);
  view.follow = iconButton("follow", "Follow the current node", toggleFollow, "f");
  setAttributes(view.follow, { "aria-pressed": "true" });
  return make(
    "div",
    { class: "joined", role: "group", "aria-label": "Zoom" },
    iconButton("minus", "Zoom out", () => act.zoomBy(1 / 1.25), "-"),
    iconButton("plus", "Zoom in", () => act.zoomBy(1.25), "+"),
    iconButton("fit", "Fit the whole graph", act.fit, "0"),
    view.follow,
  );
}

function setFollowing(view, is) {
  view.following = is;
  setAttributes(view.follow, { "aria-pressed": String(is) });
  view.act.setFollow(is);
}

function helpButton(view) {
  const rows = KEYBOARD.map(([keys, words]) =>
    make("div", { class: "key-row" }, make("dt", {}, keys), make("dd", {}, words)));
  view.help = make(
    "div",
    { class: "help", role: "dialog", "aria-label": "Keys", tabindex: "-1", hidden: true },
    make("h3", {}, "Keys"),
    make("dl", {}, rows),
    make("p", { class: "quiet" }, "Click a node to select it, double-click it to run to it."),
  );
  view.helpButton = iconButton("help", "Keys", () => showHelp(view, view.help.hidden), "?");
  setAttributes(view.helpButton, { "aria-expanded": "false" });
  return view.helpButton;
}

function showHelp(view, is) {
  view.help.hidden = !is;
  setAttributes(view.helpButton, { "aria-expanded": String(is) });
  if (is) view.help.focus();
}

/** Gives whether it was open. */
function closeHelp(view) {
  if (view.help.hidden) return false;
  showHelp(view, false);
  view.helpButton.focus();
  return true;
}
