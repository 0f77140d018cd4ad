// The view of a training in a notebook: it asks the kernel by messages, and is told by messages.

import { hideStill } from "./still.js";
import { mountTraining } from "./training_view.js";

let views = 0;

function render({ model, el }) {
  const view = `${Date.now()}-${(views += 1)}`; // by which the kernel knows it
  const wish = (content) => model.send({ ...content, view });
  const training = mountTraining(el, model, wish);
  hideStill(el, model.get("still"));
  const hear = (told, buffers) => training.take(told, buffers[0]);
  model.on("msg:custom", hear);
  wish({ want: "hello" });
  return () => {
    model.off("msg:custom", hear);
    wish({ want: "goodbye" });
    training.end();
  };
}

export default { render };
