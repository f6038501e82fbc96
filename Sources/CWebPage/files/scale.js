import { count, significant } from "./format.js";

// Axes: their range and their ticks, as Sources/Report/AxisScale.swift chooses them.

/** Returns the smallest of 1, 2 and 5 times a power of ten that is not below `step`. */
function roundStep(step) {
  if (!(step > 0) || !Number.isFinite(step)) return 1;
  const power = 10 ** Math.floor(Math.log10(step));
  return [1, 2, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= step * 0.999999) ?? 10 * power;
}

/** Returns the multiples of `step` from `first` to `last`, both as multiples. */
function multiples(first, last, step) {
  const values = [];
  for (let index = first; index <= last; index += 1) values.push(Number((index * step).toPrecision(12)));
  return values;
}

class Scale {
  constructor(low, high, ticks, isLogarithmic = false) {
    Object.assign(this, { low, high, ticks, isLogarithmic });
    this.start = isLogarithmic ? Math.log(low) : low;
    this.span = (isLogarithmic ? Math.log(high) : high) - this.start;
  }

  /** Returns the place of a value: 0 at the axis' first, 1 at its last. */
  position(value) {
    return ((this.isLogarithmic ? Math.log(Math.max(value, Number.MIN_VALUE)) : value) - this.start) / this.span;
  }

  /** Returns the value at a place. */
  value(position) {
    const place = this.start + position * this.span;
    return this.isLogarithmic ? Math.exp(place) : place;
  }
}

/** Returns a scale whose ends are ticks. */
export function valueScale(low, high, tickCount = 5) {
  if (!(high - low > Math.max(Math.abs(low), Math.abs(high)) * 1e-12)) {
    const margin = Math.max(Math.abs(low) / 10, 1e-12);
    [low, high] = [low - margin, high + margin];
  }
  const step = roundStep((high - low) / tickCount);
  const [first, last] = [Math.floor(low / step), Math.ceil(high / step)];
  return new Scale(first * step, last * step, multiples(first, last, step));
}

/** Returns a logarithmic scale of positive values. */
export function logarithmicScale(low, high, tickCount = 5) {
  const powers = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power += 1) powers.push(power);
  const tick = (factor, power) => Number(`${factor}e${power}`);
  const values = powers.flatMap((power) => [1, 2, 5].map((factor) => tick(factor, power)));
  const first = values.findLast((value) => value <= low) ?? low;
  const last = values.find((value) => value >= high) ?? high;
  const inside = values.filter((value) => value >= first && value <= last);
  const tens = powers.map((power) => tick(1, power)).filter((value) => value >= first && value <= last);
  const apart = Math.max(1, Math.ceil(tens.length / tickCount));
  const ticks = inside.length <= tickCount + 3 ? inside : tens.filter((_, index) => index % apart === 0);
  return new Scale(first, last > first ? last : first * 10, ticks, true);
}

/** Returns a scale from the least to the greatest, with ticks inside. */
export function rangeScale(low, high, tickCount = 6) {
  const end = high > low ? high : low + 1;
  const step = roundStep((end - low) / tickCount);
  return new Scale(low, end, multiples(Math.ceil(low / step), Math.floor(end / step), step));
}

const timeUnits = [[1, "s"], [60, "min"], [3600, "h"], [86400, "d"]];

/** Returns the unit, its length in seconds and its name, in which a time is told. */
export function timeUnit(seconds) {
  return timeUnits.findLast(([length]) => seconds >= 2 * length) ?? timeUnits[0];
}

/** Returns the text of a tick. */
export function tickLabel(value) {
  const isCount = Number.isInteger(value) && Math.abs(value) >= 10_000 && Math.abs(value) < 1e9;
  return isCount ? count(value) : significant(value, 6);
}
