import Files
import MessagePassing
import Runtime

/// Random vectors of replicas and their sums by the binary tree, on any number of ranks.
struct ReplicaSums {
  let replicaCount: Int
  /// Elements of the vectors that are added up side by side: short, odd, and around the length from which vectors are
  /// cut.
  var counts = [1, 2, 3, 7, 1000, 1024, 1025, 1031, 4097, 0, 20_000]

  /// Returns a replica's vector of the given number. Its elements are so different that each order of a sum rounds in
  /// another way.
  func vector(_ number: Int, of replica: Int) -> [Float] {
    var random = Philox(seed: 5, stream: UInt64(replica * counts.count + number))
    return (0..<counts[number]).map { _ in
      let scale = Float(sign: .plus, exponent: Int(random.nextInteger(below: 24)) - 12, significand: 1)
      return random.nextUniform(in: -1...1) * scale
    }
  }

  /// Returns the sum of neighboring replicas by the tree: both halves first.
  func sum(_ number: Int, of replicas: Range<Int>) -> [Float] {
    guard replicas.count > 1 else { return vector(number, of: replicas.lowerBound) }
    let middle = replicas.lowerBound + replicas.count / 2
    return zip(sum(number, of: replicas.lowerBound..<middle), sum(number, of: middle..<replicas.upperBound)).map(+)
  }

  /// Returns the sum of all replicas, one after the other.
  func sumInSequence(_ number: Int) -> [Float] {
    (1..<replicaCount).reduce(vector(number, of: 0)) { zip($0, vector(number, of: $1)).map(+) }
  }

  /// Returns the sums of all vectors: those of a rank's own replicas here, those of the ranks by the communicator.
  func sums(on communicator: Communicator) throws -> [[Float]] {
    let share = replicaCount / communicator.rankCount
    let first = communicator.rank * share
    let places = counts.indices.map { number in
      let place = UnsafeMutableBufferPointer<Float>.allocate(capacity: counts[number])
      _ = place.initialize(from: sum(number, of: first..<first + share))
      return place
    }
    defer { for place in places { place.deallocate() } }
    let sums = places.map { communicator.startSum(of: $0) }
    for sum in sums.reversed() { try communicator.wait(for: sum) }
    return places.map { Array($0) }
  }

  /// Returns a digest of the bits of vectors.
  static func digest(of vectors: [[Float]]) throws -> String {
    var digest = SHA256()
    for vector in vectors { vector.withUnsafeBytes { digest.update($0) } }
    return try digest.finish()
  }
}
