/// An error of the messages between ranks. `description` is one line: what failed, and what to do about it.
public enum MessagePassingError: Error, Equatable {
  /// A launcher started the process, and the library that reaches its MPI is not there or cannot be used.
  case library(reason: String)
  /// An environment variable has a value that it cannot have.
  case environment(name: String, value: String, expected: String)
  /// A call of MPI failed.
  case call(reason: String)
  /// The number of ranks is no power of two.
  case rankCount(Int)
  /// No message came for so many seconds.
  case silence(of: String, seconds: Double)
  /// The ranks are of different versions, or have different options or data.
  case disagreement(on: String, rank: Int, text: String, firstText: String)
  /// Two ranks of a machine use the same device.
  case deviceTakenTwice(device: String, ranks: [Int])
  /// The work that a sum waited for failed.
  case notReady(reason: String)

  /// Whether every rank throws the same error at the same call, so that one line by rank 0 says it for all.
  public var isOfAllRanks: Bool {
    switch self {
    case .rankCount, .disagreement, .deviceTakenTwice: true
    case .library, .environment, .call, .silence, .notReady: false
    }
  }
}

extension MessagePassingError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .library(let reason): reason
    case .environment(let name, let value, let expected): "\(name)=\(value): must be \(expected)"
    case .call(let reason): "the messages between ranks failed: \(reason)"
    case .rankCount(let count):
      "\(count) ranks: their number must be a power of two; start \(Self.powerOfTwo(upTo: count)) by mpirun -n"
    case .silence(let sender, let seconds):
      "\(sender) in \(seconds.formatted) s (RECOLOR_MPI_TIMEOUT); see whether its process has ended or hangs"
    case .disagreement(let name, let rank, let text, let firstText):
      "ranks 0 and \(rank) differ in \(name) (\(firstText) and \(text)); all ranks must be started alike"
    case .deviceTakenTwice(let device, let ranks):
      "ranks \(ranks.map(String.init).joined(separator: " and ")) of a machine both use \(device); "
        + "start no more ranks on it than it has devices, or use --device auto"
    case .notReady(let reason): reason
    }
  }

  private static func powerOfTwo(upTo count: Int) -> Int {
    var power = 1
    while power * 2 <= count { power *= 2 }
    return power
  }
}

extension Double {
  /// Without a fraction where it is whole.
  fileprivate var formatted: String { self == rounded() && magnitude < 1e9 ? String(Int(self)) : String(self) }
}
