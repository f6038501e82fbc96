import Imaging
import MessagePassing

/// A failure of one rank, as the others throw it, and itself where it is not the first. `description` is one line.
public struct FailedRank: Error, CustomStringConvertible {
  public let rank: Int
  let reason: String

  public var description: String { "rank \(rank): \(reason)" }
}

extension Communicator {
  /// Calls `body` on every rank, and throws on all of them where it throws on one: on rank 0 the error itself where it
  /// failed there, everywhere else `FailedRank` of the first rank that failed.
  public func together<Result>(_ body: () throws -> Result) throws -> Result {
    guard rankCount > 1 else { return try body() }
    let result = Swift.Result { try body() }
    var reason: [UInt8] = []
    if case .failure(let error) = result { reason = Array("\(error)".utf8) }
    let reasons = try allGather(reason)
    guard let failed = reasons.firstIndex(where: { !$0.isEmpty }) else { return try result.get() }
    // Rank 0 says why it failed by itself; the others have nothing to add.
    if failed == 0, rank == 0 { return try result.get() }
    throw FailedRank(rank: failed, reason: String(decoding: reasons[failed], as: UTF8.self))
  }

  /// Calls `body` on the first rank of each machine, and then on the others, which find what it leaves behind. They
  /// wait for it as long as it takes, which for a large folder of photographs is longer than any message may.
  public func onFirstOfHostBefore<Result>(_ body: () throws -> Result) throws -> Result {
    if localRank > 0 { try barrier(hasTimeLimit: false) }
    let result = try body()
    if localRank == 0 { try barrier(hasTimeLimit: false) }
    return result
  }

  /// Returns the scores of all ranks' images, those of the first rank first.
  func inOrder(_ scores: [ImageScores]) throws(MessagePassingError) -> [ImageScores] {
    guard rankCount > 1 else { return scores }
    let own = scores.map { $0.values.withUnsafeBytes { [UInt8]($0) } }.joined()
    let byteCount = Metric.allCases.count * MemoryLayout<Double>.stride
    return try allGather(Array(own)).flatMap { bytes in
      stride(from: 0, to: bytes.count, by: byteCount).map { start in
        bytes.withUnsafeBytes { bytes in
          ImageScores(
            values: Metric.allCases.indices.map {
              bytes.loadUnaligned(fromByteOffset: start + $0 * MemoryLayout<Double>.stride, as: Double.self)
            })
        }
      }
    }
  }
}
