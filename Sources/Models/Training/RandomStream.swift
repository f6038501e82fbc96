/// Which stream of the seed's random numbers is for what, so that none is used twice.
enum RandomStream {
  /// One stream a parameter, counted up from here.
  static let generatorWeights: UInt64 = 0
  static let discriminatorWeights: UInt64 = 1 << 16
  static let split: UInt64 = 1 << 32
  /// One stream an epoch, counted up from here.
  static let shuffle: UInt64 = 1 << 33
}
