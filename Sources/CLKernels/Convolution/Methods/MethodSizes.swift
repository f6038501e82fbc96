/// The sizes of a way to compute something, and what the search for good ones needs to know of them.
protocol MethodSizes: Codable, Hashable, Sendable, CustomStringConvertible {
  var accuracy: MethodAccuracy { get }
  /// The same with one size changed, for a search that goes on from here; some may not be usable.
  var neighbours: [Self] { get }
}

extension MethodSizes {
  var accuracy: MethodAccuracy { .plain }
}
