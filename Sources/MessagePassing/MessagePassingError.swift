/// An error of the messages between ranks. `description` is one line: what failed, and what to do about it.
public enum MessagePassingError: Error, Equatable {
  /// A launcher started the process, and the library that reaches its MPI is not there or cannot be used.
  case library(reason: String)
  /// A call of MPI failed.
  case call(name: String, reason: String)
  /// The number of ranks is no power of two.
  case rankCount(Int)
  /// No message came for so many seconds.
  case silence(of: String, seconds: Double)
  /// The ranks are of different versions, or have different options or data.
  case disagreement(on: String, rank: Int, value: String, firstValue: String)
  /// Two ranks of a machine use the same device.
  case deviceTakenTwice(device: String, ranks: [Int])
  /// What a sum waited for failed.
  case notReady(reason: String)

  /// Whether every rank throws the same error at the same call, so that one line by rank 0 says it for all.
  public var isOfAllRanks: Bool {
    switch self {
    case .rankCount, .disagreement, .deviceTakenTwice: true
    case .library, .call, .silence, .notReady: false
    }
  }
}
