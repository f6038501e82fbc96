import TensorBoard

/// The points of a run's curves, as its event files have them.
struct RunSeries: Sendable {
  /// The points of one curve.
  struct Curve: Sendable {
    var steps: BlockArray<Int> = []
    var values: BlockArray<Float> = []
    /// Seconds since 1970.
    var times: BlockArray<Double> = []

    var count: Int { steps.count }
  }

  /// Points from an index on: what a page that has those before it does not know.
  struct Piece: Encodable, Sendable {
    let from: Int
    let steps: [Int]
    /// Nil for values that are no numbers.
    let values: [Float?]
    let times: [Double]

    init(_ curve: Curve, from start: Int) {
      let start = min(max(start, 0), curve.count)
      from = start
      steps = Array(curve.steps[start...])
      values = curve.values[start...].map { $0.isFinite ? $0 : nil }
      times = Array(curve.times[start...])
    }
  }

  private(set) var curves: [String: Curve] = [:]
  /// The smallest index of each curve that has changed since `takeChanges`.
  private var changed: [String: Int] = [:]
  /// The event of losses before, in the same file, and whether an epoch ended since: the training speed follows.
  private var last: (step: Int, time: Double)?

  /// The curve of the training speed, which is computed from the times of the others.
  static let speedTag = "train/images_per_second"

  /// The last step with a point, and its time.
  var latest: (step: Int, time: Double)? {
    curves.values.compactMap { curve in
      curve.steps.last.flatMap { step in curve.times.last.map { (step, $0) } }
    }.max { $0.0 < $1.0 }
  }

  /// Notes that another file begins.
  mutating func beginFile() { last = nil }

  /// Adds events.
  /// - Parameter batchSize: Images of a step.
  mutating func add(_ events: [RecordedEvent], batchSize: Int) {
    for event in events {
      switch event {
      case .sessionStart(let step): discard(from: step)
      case .point(let tag, let step, let time, let value):
        // JSON has no other numbers.
        guard time.isFinite else { continue }
        append(tag, step, time, value)
        guard tag.hasPrefix("train/") else {
          // The time until the next losses includes a validation.
          last = nil
          continue
        }
        if let last, step > last.step, time > last.time {
          let images = (Double(step) - Double(last.step)) * Double(batchSize)
          append(Self.speedTag, step, time, Float(images / (time - last.time)))
        }
        if last?.step != step { last = (step, time) }
      }
    }
  }

  private mutating func append(_ tag: String, _ step: Int, _ time: Double, _ value: Float) {
    curves[tag, default: Curve()].steps.append(step)
    curves[tag, default: Curve()].values.append(value)
    curves[tag, default: Curve()].times.append(time)
    let index = curves[tag].map { $0.count - 1 } ?? 0
    changed[tag] = min(changed[tag] ?? index, index)
  }

  /// Removes points from a step on: a run that is resumed repeats them.
  private mutating func discard(from step: Int) {
    last = nil
    for (tag, curve) in curves {
      guard let first = curve.steps.lastIndex(where: { $0 < step }).map({ $0 + 1 }) ?? (curve.steps.isEmpty ? nil : 0),
        first < curve.count
      else { continue }
      curves[tag]?.steps.removeLast(curve.count - first)
      curves[tag]?.values.removeLast(curve.count - first)
      curves[tag]?.times.removeLast(curve.count - first)
      changed[tag] = min(changed[tag] ?? first, first)
    }
  }

  /// Returns the points that were added or replaced since the last call.
  mutating func takeChanges() -> [String: Piece] {
    defer { changed = [:] }
    return changed.reduce(into: [:]) { pieces, change in
      if let curve = curves[change.key] { pieces[change.key] = Piece(curve, from: change.value) }
    }
  }

  /// Images per second over the last points.
  var recentSpeed: Double? {
    guard let values = curves[Self.speedTag]?.values.suffix(8).filter(\.isFinite), !values.isEmpty else { return nil }
    return values.reduce(0) { $0 + Double($1) } / Double(values.count)
  }
}
