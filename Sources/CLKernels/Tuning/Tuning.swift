import Runtime

/// The algorithms that were found to be fast on one device: the contents of a tuning file.
struct Tuning: Sendable {
  /// One measured algorithm.
  struct Entry: Encodable, Equatable, Sendable {
    let key: ConvolutionKey
    let algorithm: AnyAlgorithm
    let milliseconds: Double
    /// Of the built-in algorithm.
    let standardMilliseconds: Double

    private enum CodingKeys: String, CodingKey {
      case key, algorithm = "method", milliseconds, standardMilliseconds
    }
  }

  /// The format that is written.
  static let currentFormat = 1

  let identity: TuningIdentity
  private(set) var entries: [Entry] = []

  init(_ identity: TuningIdentity) { self.identity = identity }

  var choice: AlgorithmChoice {
    var choice = AlgorithmChoice()
    for entry in entries { choice.tuned[entry.key] = entry.algorithm }
    return choice
  }

  /// Replaces the entries with these keys by those that `other` has for them.
  mutating func update(_ keys: Set<ConvolutionKey>, from other: Tuning) {
    entries = entries.filter { !keys.contains($0.key) } + other.entries.filter { keys.contains($0.key) }
  }

  /// Replaces the entry with this key, or removes it where nothing is faster than the built-in algorithm.
  mutating func set(_ entry: Entry?, for key: ConvolutionKey) {
    entries = entries.filter { $0.key != key } + (entry.map { [$0] } ?? [])
  }
}

/// In files, the data sums and the filter sums are two lists.
extension Tuning: Codable {
  private enum CodingKeys: String, CodingKey {
    case format, identity
    case data = "gathers"
    case filters
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(Self.currentFormat, forKey: .format)
    try container.encode(identity, forKey: .identity)
    try container.encode(entries.filter { $0.key.pass != .backwardFilter }, forKey: .data)
    try container.encode(entries.filter { $0.key.pass == .backwardFilter }, forKey: .filters)
  }

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    identity = try container.decode(TuningIdentity.self, forKey: .identity)
    entries =
      try container.decode([Entry].self, forKey: .data) + container.decode([Entry].self, forKey: .filters)
  }
}

extension Tuning.Entry: Decodable {
  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    key = try container.decode(ConvolutionKey.self, forKey: .key)
    // The pass decides whether this is an algorithm of the data sum or of the filter sum.
    algorithm = try AnyAlgorithm(
      from: container.superDecoder(forKey: .algorithm), for: key.pass == .backwardFilter ? .weights : .map)
    milliseconds = try container.decode(Double.self, forKey: .milliseconds)
    standardMilliseconds = try container.decode(Double.self, forKey: .standardMilliseconds)
  }
}

/// The device, the driver and the kernels that algorithms were measured with: they are good for nothing else.
struct TuningIdentity: Codable, Hashable, Sendable {
  let platform: String
  let platformVersion: String
  let device: String
  let driverVersion: String
  let precision: Precision
  /// SHA-256 of the kernel files.
  let kernels: String

  /// Nil where no digest can be computed.
  init?(_ device: CLDevice, _ precision: Precision, _ sources: KernelSources) {
    guard let kernels = sources.digest() else { return nil }
    platform = device.platformName
    platformVersion = device.platformVersion
    self.device = device.name
    driverVersion = device.driverVersion
    self.precision = precision
    self.kernels = kernels
  }

  /// Returns what differs, for a message; nil if both are the same.
  func difference(from other: TuningIdentity) -> String? {
    if (platform, platformVersion) != (other.platform, other.platformVersion) { return "another platform" }
    if device != other.device { return "another device" }
    if driverVersion != other.driverVersion { return "another driver version" }
    if precision != other.precision { return "another precision" }
    return kernels == other.kernels ? nil : "other kernel files"
  }
}
