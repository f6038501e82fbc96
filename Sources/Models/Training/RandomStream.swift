/// Which stream of the seed's random numbers is for what, so that none is used twice. The upper half of the
/// numbers is left to the orders of the data.
enum RandomStream {
  /// One stream a parameter, counted up from here.
  static let generatorWeights: UInt64 = 0
  static let discriminatorWeights: UInt64 = 1 << 16
}
