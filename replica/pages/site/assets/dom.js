// Elements without a framework: h("button", {title: "x", onclick}, "text", child).

export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  Object.assign(element, properties);
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

// A button that only shows a sign: its title is its name, for people and for screen readers.
export const sign = (title, drawn, onclick) =>
  h("button", { title, onclick }, h("span", { ariaHidden: "true" }, drawn));

export function show(...children) {
  document.getElementById("root").replaceChildren(...children);
}
