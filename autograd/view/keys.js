// The keyboard of a view, which keeps its keys from the notebook around it.

const TYPING = "input:not([type=checkbox]), select, textarea";

/** `actions` has a function by the name of a key; `otherwise(event)` gets what they do not know.
 *
 * Keys that are typed into a field, or that press a button, are the field's or the button's; Escape
 * is always ours. Gives a function that stops listening. */
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
  return () => element.removeEventListener("keydown", press);
}

function isOurs({ key, target }) {
  if (key === "Escape") return true;
  if (target.closest(".scrubber")) return true;
  if (target.closest(TYPING)) return false;
  const presses = key === " " || key === "Enter";
  return !(presses && target.closest("button, input, [role=button]"));
}
