/// The methods that were found to be fast on one device: what a tuning file holds.
struct Tuning: Codable, Equatable, Sendable {
  /// One measured method.
  struct Entry<Method: Codable & Equatable & Sendable>: Codable, Equatable, Sendable {
    let key: ConvolutionKey
    let method: Method
    /// How long it took.
    let milliseconds: Double
    /// How long the built-in method took.
    let standardMilliseconds: Double
  }

  /// Of what is written now.
  static let currentFormat = 1

  var format = Tuning.currentFormat
  let identity: TuningIdentity
  var gathers: [Entry<GatherMethod>] = []
  var filters: [Entry<FilterMethod>] = []

  init(_ identity: TuningIdentity) { self.identity = identity }

  var choice: MethodChoice {
    var choice = MethodChoice()
    for entry in gathers { choice.gathers[entry.key] = entry.method }
    for entry in filters { choice.filters[entry.key] = entry.method }
    return choice
  }

  /// Puts an entry in the place of one with its key, or takes that one away if nothing is better than the built-in method.
  mutating func set(_ entry: Entry<GatherMethod>?, for key: ConvolutionKey) {
    gathers = gathers.filter { $0.key != key } + (entry.map { [$0] } ?? [])
  }

  /// The same of a gradient of weights.
  mutating func set(_ entry: Entry<FilterMethod>?, for key: ConvolutionKey) {
    filters = filters.filter { $0.key != key } + (entry.map { [$0] } ?? [])
  }
}
