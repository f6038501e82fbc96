/// How long the parts of a picture's coloring took, which `--verbose` shows. With several pictures the times include
/// waiting: for memory, and for the network, which colors one picture at a time.
struct PictureTimes {
  private let name: String
  private let pixelCount: Int
  private var parts: [(name: String, duration: Duration)] = []
  private var last = ContinuousClock.now

  /// Begins with the time that reading took.
  /// - Parameters:
  ///   - name: the picture's.
  ///   - begun: when reading began.
  init(of name: String, pixelCount: Int, readSince begun: ContinuousClock.Instant) {
    self.name = name
    self.pixelCount = pixelCount
    parts = [("read and decoded", last - begun)]
  }

  /// Adds a part that ends now and began with the end of the one before.
  mutating func add(_ part: String) {
    let now = ContinuousClock.now
    parts.append((part, now - last))
    last = now
  }

  /// One line: the parts in their order, and the whole by megapixel.
  var line: String {
    let seconds = parts.map { $0.duration / .seconds(1) }
    let words = zip(parts, seconds).map { "\($0.name) in \(Format.fixed($1, 3)) s" }.joined(separator: ", ")
    let perMegapixel = seconds.reduce(0, +) / (Double(pixelCount) * 1e-6)
    return "\(name): \(words); \(Format.fixed(perMegapixel, 3)) s a megapixel"
  }
}
