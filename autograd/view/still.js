// The picture that stands for a view where no kernel runs: it does not show beside the view.

import { make } from "./elements.js";

/** Hide the picture for as long as the element is on the page. */
export function hideStill(element, still) {
  element.append(make("style", {}, `[data-still="${CSS.escape(still)}"] { display: none; }`));
}
