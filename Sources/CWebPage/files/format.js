// Numbers in the words of the program.

/** Returns a number with at most `digits` significant digits, as `%g` writes it. */
export function significant(value, digits = 4) {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  if (value === 0) return "0";
  const exponent = Math.floor(Math.log10(Math.abs(value)));
  if (exponent < -4 || exponent >= digits + 2) {
    return value.toExponential(Math.max(digits - 1, 0)).replace(/\.?0+e/, "e").replace("e+", "e");
  }
  return String(Number(value.toPrecision(digits)));
}

/** Returns a whole number with its thousands apart. */
export const count = (value) => String(value).replace(/\B(?=(\d{3})+$)/g, ",");

/** Returns a time in the two largest of its units. */
export function duration(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  const days = Math.floor(whole / 86400);
  const hours = Math.floor(whole / 3600) % 24;
  const minutes = Math.floor(whole / 60) % 60;
  if (days > 0) return `${days} d ${hours} h`;
  if (hours > 0) return `${hours} h ${minutes} min`;
  if (minutes > 0) return `${minutes} min`;
  return `${whole} s`;
}

/** Returns a moment as the reader's machine writes it. */
export const moment = (seconds) =>
  new Date(1000 * seconds).toLocaleString([], { dateStyle: "medium", timeStyle: "short" });

export const plural = (number, word) => `${count(number)} ${word}${number === 1 ? "" : "s"}`;
