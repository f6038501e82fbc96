import Imaging
import MessagePassing
import Runtime

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

  /// Has every rank measure the memory for its device, when all have their data and before one of them takes any of it:
  /// what one has taken is missing in what a control group leaves to the others.
  public func measureMemory(of backend: any Backend) throws(MessagePassingError) {
    guard rankCount > 1 else { return }
    try barrier(hasTimeLimit: false)
    _ = backend.memoryByteCount
    try barrier()
  }

  /// Returns the numbers of every rank in their order, on every rank; as many of each.
  func allGather(_ numbers: [Double]) throws(MessagePassingError) -> [[Double]] {
    try allGather(numbers.withUnsafeBytes { [UInt8]($0) }).map { bytes in
      bytes.withUnsafeBytes { bytes in
        stride(from: 0, to: bytes.count, by: MemoryLayout<Double>.stride).map {
          bytes.loadUnaligned(fromByteOffset: $0, as: Double.self)
        }
      }
    }
  }

  /// Returns the largest of all ranks' numbers at each place, on every rank; as many of each.
  func longest(_ numbers: [Double]) throws(MessagePassingError) -> [Double] {
    let all = try allGather(numbers)
    return numbers.indices.map { place in all.reduce(0) { max($0, $1[place]) } }
  }

  /// Returns the scores of all ranks' images, those of the first rank first.
  func inOrder(_ scores: [ImageScores]) throws(MessagePassingError) -> [ImageScores] {
    guard rankCount > 1 else { return scores }
    let count = Metric.allCases.count
    return try allGather(scores.flatMap(\.values)).flatMap { values in
      stride(from: 0, to: values.count, by: count).map { ImageScores(values: Array(values[$0..<$0 + count])) }
    }
  }
}
