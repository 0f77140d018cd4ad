// The keyboard of a view, which keeps its keys from the notebook around it.

const TYPING = "input:not([type=checkbox]), select, textarea";

/** Let a button be pressed or not; where it is not, the focus that it had goes to the view, for the
 *  browser would drop it, and no key would work any more. */
export function allowPress(button, is) {
  if (!is && button.matches(":focus")) button.closest(".stepgrad").focus({ preventScroll: true });
  button.disabled = !is;
}

/** `actions` has a function by the name of a key; `otherwise(event)` gets what they do not know.
 *
 * Keys that are typed into a field, or that press a button, are the field's or the button's; Escape
 * is always ours. The view of a page has the keys from the start, unless something else has them;
 * it can be focused already. Gives a function that stops listening. */
export function listenToKeys(element, actions, otherwise) {
  const press = (event) => {
    event.stopPropagation();
    if (event.ctrlKey || event.metaKey || event.altKey || !isOurs(event)) return;
    const action = actions[event.key];
    if (action) {
      action(event);
      event.preventDefault();
    } else {
      otherwise(event);
    }
  };
  element.addEventListener("keydown", press);
  const isPage = element.id === "view"; // in a notebook, the keys are the notebook's
  if (isPage && document.activeElement === document.body) element.focus({ preventScroll: true });
  return () => element.removeEventListener("keydown", press);
}

function isOurs({ key, target }) {
  if (key === "Escape") return true;
  if (target.closest(".scrubber")) return true;
  if (target.closest(TYPING)) return false;
  const presses = key === " " || key === "Enter";
  return !(presses && target.closest("button, input, [role=button]"));
}
