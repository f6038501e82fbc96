// One quantity of one run: its points, smooth, and reduced to what a chart can show.

/** Numbers that grow at their end. */
class Column {
  #values = new Float64Array(1024);
  length = 0;

  append(values) {
    const length = this.length + values.length;
    if (length > this.#values.length) {
      const larger = new Float64Array(Math.max(length, 2 * this.#values.length));
      larger.set(this.#values.subarray(0, this.length));
      this.#values = larger;
    }
    if (values instanceof Float64Array) {
      this.#values.set(values, this.length);
    } else {
      for (let index = 0; index < values.length; index += 1) this.#values[this.length + index] = values[index] ?? NaN;
    }
    this.length = length;
  }

  cut(length) { this.length = Math.min(this.length, length); }

  get values() { return this.#values.subarray(0, this.length); }
}

/** Returns the first index whose value is not below `bound`; values ascend. */
export function lowerBound(values, bound) {
  let [low, high] = [0, values.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (values[middle] < bound) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Points of a block, whose least and greatest value are kept. */
const blockLength = 16;

/** The values of points, and the extremes of their blocks: charts of many points read the blocks. */
class Values extends Column {
  #least = new Column();
  #greatest = new Column();

  append(values) {
    super.append(values);
    const all = this.values;
    const first = this.#least.length;
    const count = Math.floor(all.length / blockLength) - first;
    const [lowest, highest] = [new Float64Array(count), new Float64Array(count)];
    for (let block = 0; block < count; block += 1) {
      let [least, greatest] = [NaN, NaN];
      const start = (first + block) * blockLength;
      for (let index = start; index < start + blockLength; index += 1) {
        const value = all[index];
        if (!(value >= least)) least = value === value ? value : least;
        if (!(value <= greatest)) greatest = value === value ? value : greatest;
      }
      [lowest[block], highest[block]] = [least, greatest];
    }
    this.#least.append(lowest);
    this.#greatest.append(highest);
  }

  cut(length) {
    super.cut(length);
    this.#least.cut(Math.floor(length / blockLength));
    this.#greatest.cut(Math.floor(length / blockLength));
  }

  /** The extremes of the complete blocks. */
  get least() { return this.#least.values; }
  get greatest() { return this.#greatest.values; }
}

/**
 * Returns what a chart shows of points: of each of `columns` equal parts of an axis the first, least, greatest and last
 * value, 4 numbers a part; NaN where it has none. No extreme is lost, whatever the number of points. Where a part has
 * many points, an extreme may be in the part beside its own.
 */
export function decimated(x, points, columns, scale) {
  const { values: y, least, greatest } = points;
  const parts = new Float64Array(4 * columns).fill(NaN);
  // Neighbors outside lead the line to the edges.
  const start = Math.max(0, lowerBound(x, scale.low) - 1);
  const end = Math.min(x.length, lowerBound(x, scale.high) + 2);
  const factor = columns / (scale.high - scale.low);
  const take = (index, first, low, high, last) => {
    const part = 4 * Math.min(Math.max(Math.floor((x[index] - scale.low) * factor), 0), columns - 1);
    if (parts[part] !== parts[part]) {
      parts[part] = first;
      parts[part + 1] = low;
      parts[part + 2] = high;
    } else {
      if (low < parts[part + 1]) parts[part + 1] = low;
      if (high > parts[part + 2]) parts[part + 2] = high;
    }
    parts[part + 3] = last;
  };
  const takesBlocks = end - start >= 4 * blockLength * columns;
  for (let index = start; index < end;) {
    const block = index / blockLength;
    if (takesBlocks && Number.isInteger(block) && block < least.length && index + blockLength <= end) {
      if (least[block] === least[block]) {
        const [first, last] = [y[index], y[index + blockLength - 1]];
        const [low, high] = [least[block], greatest[block]];
        take(index, first === first ? first : low, low, high, last === last ? last : high);
      }
      index += blockLength;
    } else {
      if (y[index] === y[index]) take(index, y[index], y[index], y[index], y[index]);
      index += 1;
    }
  }
  return parts;
}

export class Series {
  #steps = new Column();
  #values = new Values();
  #times = new Column();
  #elapsed = null;
  #smooth = { window: 0, values: new Values(), sum: 0, weight: 0 };

  get length() { return this.#steps.length; }
  get values() { return this.#values.values; }
  get points() { return this.#values; }

  /** Takes points that begin at an index; returns whether they follow on those that are there. */
  splice({ from, steps, values, times }) {
    if (from > this.length) return false;
    if (from < this.length) {
      for (const column of [this.#steps, this.#values, this.#times]) column.cut(from);
      this.#smooth.window = 0;
    }
    this.#steps.append(steps);
    this.#values.append(values);
    this.#times.append(times);
    this.#elapsed = null;
    return true;
  }

  /** Returns the horizontal places: steps, or seconds since the first point. */
  x(axis) {
    if (axis === "step") return this.#steps.values;
    if (!this.#elapsed) {
      const times = this.#times.values;
      this.#elapsed = times.map((time) => time - times[0]);
    }
    return this.#elapsed;
  }

  /**
   * Returns the mean, as points, of each value and of those before it, whose weights fall to 1/e within `window`
   * points.
   */
  smooth(window) {
    if (window <= 0) return this.#values;
    const state = this.#smooth;
    if (state.window !== window) this.#smooth = { window, values: new Values(), sum: 0, weight: 0 };
    const { values: done } = this.#smooth;
    const kept = Math.exp(-1 / window);
    const fresh = this.values.subarray(done.length);
    const added = new Float64Array(fresh.length);
    let { sum, weight } = this.#smooth;
    for (let index = 0; index < fresh.length; index += 1) {
      if (fresh[index] === fresh[index]) {
        sum = sum * kept + fresh[index];
        weight = weight * kept + 1;
      }
      added[index] = weight > 0 ? sum / weight : NaN;
    }
    Object.assign(this.#smooth, { sum, weight });
    done.append(added);
    return done;
  }
}
