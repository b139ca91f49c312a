// Returns what is wrong with the page as it is now, one line each.
const faults = [];
const all = (selector) => [...document.querySelectorAll(selector)];

// Nobody scrolls sideways to read.
const page = document.documentElement;
if (page.scrollWidth > page.clientWidth) {
  faults.push(`${page.scrollWidth} pixels wide in a window of ${page.clientWidth}`);
}

// Whoever does not see the page needs to be told what it is and what its parts are.
if (!page.lang) faults.push("no language");
if (!document.title.trim()) faults.push("no title");
if (all("h1").length !== 1) faults.push(`${all("h1").length} headings of the first order`);
if (all("main").length !== 1) faults.push("no main part");
if (!document.styleSheets.length) faults.push("no style sheet");
for (const field of all("input:not([type=hidden])")) {
  if (![...field.labels].some((label) => label.innerText.trim())) faults.push(`no label: ${field.name}`);
}

// Colours as [red, green, blue, alpha] and how they stand out against each other (WCAG 2.2, 1.4.3 and 1.4.11).
const parts = (color) => {
  const [red, green, blue, alpha = 1] = color.match(/[\d.]+/g).map(Number);
  const most = color.startsWith("color(") ? 1 : 255;
  return [red / most, green / most, blue / most, alpha];
};
const over = (front, back) => [0, 1, 2].map((at) => front[at] * front[3] + back[at] * (1 - front[3])).concat(1);
const luminance = (color) => {
  const [red, green, blue] = color.map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
};
const contrast = (one, other) => {
  const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
};
const behind = (element) => {
  if (!element) return matchMedia("(prefers-color-scheme: dark)").matches ? [0, 0, 0, 1] : [1, 1, 1, 1];
  const own = parts(getComputedStyle(element).backgroundColor);
  return own[3] === 1 ? own : over(own, behind(element.parentElement));
};
const standsOut = (what, color, back, least) => {
  const ratio = contrast(over(parts(color), back), back);
  if (ratio < least) faults.push(`contrast ${ratio.toFixed(2)}: ${what}`);
};
const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (texts.nextNode()) {
  const element = texts.currentNode.parentElement;
  const text = texts.currentNode.data.trim();
  if (text && element.offsetParent) standsOut(text, getComputedStyle(element).color, behind(element), 4.5);
}
for (const field of all("input:not([type=hidden])")) {
  standsOut(`border of ${field.name}`, getComputedStyle(field).borderTopColor, behind(field.parentElement), 3);
}

// Whoever works with the keyboard needs to see where they are.
const focused = document.activeElement;
for (const element of all("a, button, input:not([type=hidden])")) {
  element.focus({ focusVisible: true, preventScroll: true });
  const { outlineStyle, outlineWidth, outlineColor } = getComputedStyle(element);
  const name = element.name || element.innerText;
  if (outlineStyle === "none" || parseFloat(outlineWidth) < 1) faults.push(`no focus ring: ${name}`);
  else if (outlineStyle !== "auto") standsOut(`focus ring of ${name}`, outlineColor, behind(element.parentElement), 3);
}
if (focused === document.body) document.activeElement.blur();
else focused.focus({ preventScroll: true });

// A finger needs room (2.5.8).
for (const element of all("button, input:not([type=hidden])")) {
  const { height } = element.getBoundingClientRect();
  if (height < 24) faults.push(`only ${height} pixels high: ${element.name || element.innerText}`);
}
return faults;
