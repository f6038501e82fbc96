/// The measured peaks of a device: the two roofs of Williams, Waterman and Patterson, "Roofline: an insightful visual
/// performance model" (CACM 2009). No operation can be faster than both allow.
public struct DevicePeaks: Sendable {
  /// Of multiply-adds in fp32 on values that stay in registers, each counted as two.
  public let floatingPointOperationsPerSecond: Double
  /// Of a copy much larger than every cache, bytes read and bytes written counted.
  public let bytesPerSecond: Double

  public init(floatingPointOperationsPerSecond: Double, bytesPerSecond: Double) {
    self.floatingPointOperationsPerSecond = floatingPointOperationsPerSecond
    self.bytesPerSecond = bytesPerSecond
  }

  /// Returns the longer one of the times of an operation's fewest products and of its bytes.
  public func leastSeconds(of operation: any Operation) -> Double {
    max(
      Double(operation.leastFloatingPointOperations) / floatingPointOperationsPerSecond,
      Double(operation.minimumBytes) / bytesPerSecond)
  }

  /// Bytes of each of the copy's two halves: several times the largest cache there is.
  public static let copiedByteCount = 256 << 20

  /// The shortest of a few of `body`'s durations, in seconds. The shortest run is the least disturbed one.
  package static func shortest(of body: () throws(BackendError) -> Double) throws(BackendError) -> Double {
    var shortest = try body()
    for _ in 1..<5 { shortest = min(shortest, try body()) }
    return shortest
  }

  /// Multiply-adds a second: doubles the work until it takes long enough to be timed well.
  /// - Parameter body: does `rounds` rounds of work and returns its duration in seconds.
  package static func rounds(perSecondOf body: (_ rounds: Int) throws(BackendError) -> Double) throws(BackendError)
    -> Double
  {
    var rounds = 1 << 10
    while try body(rounds) < 0.02, rounds < 1 << 30 { rounds *= 2 }
    return Double(rounds) / (try shortest { () throws(BackendError) in try body(rounds) })
  }
}
