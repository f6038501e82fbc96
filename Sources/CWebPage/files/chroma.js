// The colors of a photograph, as the program computes them. The page can therefore show another strength at once; the
// files that it saves are the program's own.
//
// A network gives a* and b* (CIELAB) for a small copy of the photograph. They are adjusted, then fitted over the small
// copy's lightness: `ChromaPlane.adjusted` and `GuidedChroma` in Sources/Imaging/Coloring.

/** The chroma that no contrast changes. */
const keptChroma = 15;
/** Reduces the slopes of the fit where the lightness hardly changes, in units of L*². */
const regularization = 4;

const linearOfBytes = Float32Array.from({ length: 256 }, (_, byte) => linear(byte / 255));

/** Returns the linear light of a value of sRGB, both in 0...1. */
export function linear(encoded) {
  return encoded > 0.04045 ? ((encoded + 0.055) / 1.055) ** 2.4 : encoded / 12.92;
}

/** Returns the value of sRGB for linear light, both in 0...1. */
export function encoded(light) {
  return light > 0.0031308 ? 1.055 * light ** (1 / 2.4) - 0.055 : 12.92 * light;
}

function curve(value) {
  return value > 0.008856 ? Math.cbrt(value) : 7.787 * value + 16 / 116;
}

function luminanceOf(red, green, blue) {
  return 0.212671 * red + 0.71516 * green + 0.072169 * blue;
}

/** Returns L*, 0...100, of a luminance. */
function lightnessOf(luminance) {
  return 116 * curve(Math.min(Math.max(luminance, 0), 1)) - 16;
}

/** Returns L*, a* and b* of a color of sRGB, given as three bytes. */
export function lab(red, green, blue) {
  const [r, g, b] = [linearOfBytes[red], linearOfBytes[green], linearOfBytes[blue]];
  const fx = curve((0.412453 * r + 0.35758 * g + 0.180423 * b) / 0.95047);
  const fy = curve(luminanceOf(r, g, b));
  const fz = curve((0.019334 * r + 0.119193 * g + 0.950227 * b) / 1.08883);
  return [116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)];
}

/**
 * Returns a* and b* of each pixel multiplied by strength · 2 / (1 + (15 / C)^contrast).
 * @param {Float32Array} chroma a* and b* of each pixel
 */
export function adjusted(chroma, strength, contrast) {
  const result = new Float32Array(chroma.length);
  for (let index = 0; index < chroma.length; index += 2) {
    const [a, b] = [chroma[index], chroma[index + 1]];
    const factor = contrast > 0
      ? (2 * strength) / (1 + (keptChroma / Math.hypot(a, b)) ** contrast)
      : strength;
    // Gray pixels have an infinite quotient, and remain gray.
    result[index] = a * factor;
    result[index + 1] = b * factor;
  }
  return result;
}

/** Returns L* of each pixel of a small copy, given as bytes of red, green and blue. */
export function lightnesses(guide) {
  const result = new Float32Array(guide.length / 3);
  for (let pixel = 0; pixel < result.length; pixel += 1) {
    const first = 3 * pixel;
    result[pixel] = lightnessOf(luminanceOf(
      linearOfBytes[guide[first]], linearOfBytes[guide[first + 1]], linearOfBytes[guide[first + 2]]));
  }
  return result;
}

/** Returns the mean over 3 × 3 pixels about each, with the border repeated. */
function mean(values, width, height, channels) {
  const across = new Float32Array(values.length);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const row = y * width;
      const [left, right] = [row + Math.max(x - 1, 0), row + Math.min(x + 1, width - 1)];
      for (let channel = 0; channel < channels; channel += 1) {
        const own = (row + x) * channels + channel;
        across[own] = values[left * channels + channel] + values[own] + values[right * channels + channel];
      }
    }
  }
  const result = new Float32Array(values.length);
  const length = width * channels;
  for (let y = 0; y < height; y += 1) {
    const [above, below] = [Math.max(y - 1, 0) * length, Math.min(y + 1, height - 1) * length];
    for (let index = 0; index < length; index += 1) {
      result[y * length + index] = (across[above + index] + across[y * length + index] + across[below + index]) / 9;
    }
  }
  return result;
}

/**
 * Returns the line, slope · L* + offset, that gives the chroma about each small pixel: the slopes of a* and b*, and
 * their offsets.
 * @param {Float32Array} chroma a* and b* of each pixel
 * @param {Float32Array} lightness L* of each pixel
 */
export function fittedLines(chroma, lightness, width, height) {
  const count = width * height;
  const values = new Float32Array(6 * count);
  for (let pixel = 0; pixel < count; pixel += 1) {
    const [light, a, b] = [lightness[pixel], chroma[2 * pixel], chroma[2 * pixel + 1]];
    values.set([light, light * light, a, b, light * a, light * b], 6 * pixel);
  }
  const means = mean(values, width, height, 6);
  const slopes = new Float32Array(2 * count);
  for (let pixel = 0; pixel < count; pixel += 1) {
    const [light, square, a, b, lightA, lightB] = means.subarray(6 * pixel, 6 * pixel + 6);
    const variance = Math.max(0, square - light * light);
    slopes[2 * pixel] = (lightA - a * light) / (variance + regularization);
    slopes[2 * pixel + 1] = (lightB - b * light) / (variance + regularization);
  }
  const smooth = mean(slopes, width, height, 2);
  const lines = new Float32Array(4 * count);
  for (let pixel = 0; pixel < count; pixel += 1) {
    const [a, b] = [smooth[2 * pixel], smooth[2 * pixel + 1]];
    lines[4 * pixel] = a;
    lines[4 * pixel + 1] = b;
    lines[4 * pixel + 2] = chroma[2 * pixel] - a * lightness[pixel];
    lines[4 * pixel + 3] = chroma[2 * pixel + 1] - b * lightness[pixel];
  }
  return lines;
}

/** Returns L* of a color of linear light. */
export function lightnessOfLinear(red, green, blue) {
  return lightnessOf(luminanceOf(red, green, blue));
}

function inverseCurve(value) {
  return value > 0.2068966 ? value * value * value : (value - 16 / 116) / 7.787;
}

function linearOfLab(fy, y, a, b, color) {
  const x = 0.95047 * inverseCurve(fy + a / 500);
  const z = 1.08883 * inverseCurve(fy - b / 200);
  color[0] = 3.240481 * x - 1.537152 * y - 0.498536 * z;
  color[1] = -0.969255 * x + 1.87599 * y + 0.041556 * z;
  color[2] = 0.055647 * x - 0.204041 * y + 1.057311 * z;
  return color;
}

function isInGamut(color) {
  return Math.min(color[0], color[1], color[2]) >= -1e-6 && Math.max(color[0], color[1], color[2]) <= 1 + 1e-6;
}

/** Writes the linear light of a color into `color`; outside the gamut of sRGB its chroma is reduced. */
export function linearInGamut(lightness, a, b, color) {
  const fy = (lightness + 16) / 116;
  const y = inverseCurve(fy);
  if (!isInGamut(linearOfLab(fy, y, a, b, color))) {
    let [low, high] = [0, 1];
    for (let step = 0; step < 12; step += 1) {
      const middle = (low + high) / 2;
      if (isInGamut(linearOfLab(fy, y, a * middle, b * middle, color))) low = middle;
      else high = middle;
    }
    linearOfLab(fy, y, a * low, b * low, color);
  }
  for (let channel = 0; channel < 3; channel += 1) color[channel] = Math.min(Math.max(color[channel], 0), 1);
}

/** Returns the values of `fittedLines` at a place of a photograph, in pixels. */
export function lineAt(lines, columns, rows, { x, y, width, height }) {
  const across = Math.min(Math.max(((x + 0.5) / width) * columns - 0.5, 0), columns - 1);
  const down = Math.min(Math.max(((y + 0.5) / height) * rows - 0.5, 0), rows - 1);
  const [left, top] = [Math.floor(across), Math.floor(down)];
  const [right, bottom] = [Math.min(left + 1, columns - 1), Math.min(top + 1, rows - 1)];
  return [0, 1, 2, 3].map((index) => {
    const value = (column, row) => lines[4 * (row * columns + column) + index];
    const [upper, lower] = [top, bottom].map((row) =>
      value(left, row) + (value(right, row) - value(left, row)) * (across - left));
    return upper + (lower - upper) * (down - top);
  });
}

const byteOf = (light) => Math.round(255 * encoded(light));

/** Writes the bytes of a color of linear light; green compensates the rounding of red and blue in the luminance. */
export function writeBytes(color, bytes, first) {
  const [red, blue] = [byteOf(color[0]), byteOf(color[2])];
  const rest = luminanceOf(color[0], color[1], color[2]) - luminanceOf(linearOfBytes[red], 0, linearOfBytes[blue]);
  bytes[first] = red;
  bytes[first + 1] = byteOf(Math.min(Math.max(rest / 0.71516, 0), 1));
  bytes[first + 2] = blue;
}

export { linearOfBytes, luminanceOf };
