"""What a browser computes of a page: how well its texts can be read."""

# For each element: its text, and the contrast (WCAG 2) of its colour with what it stands on.
CONTRASTS = """elements => elements.map(element => {
  const channels = colour => colour.match(/[\\d.]+/g).map(Number);
  let under = element;
  const behind = () => channels(getComputedStyle(under).backgroundColor);
  while (under.parentElement && behind()[3] === 0) under = under.parentElement;
  const luminance = colour => channels(colour).slice(0, 3).map(value => value / 255)
    .map(value => value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4)
    .reduce((sum, value, at) => sum + value * [0.2126, 0.7152, 0.0722][at], 0);
  const both = [getComputedStyle(element).color, getComputedStyle(under).backgroundColor].map(luminance);
  return [element.innerText, (Math.max(...both) + 0.05) / (Math.min(...both) + 0.05)];
})"""
