import Runtime

/// An algorithm for the data sum or the filter sum of a convolution, with its parameters: tile sizes, splits, orders.
///
/// A new algorithm is: its kernels, a type for each sum that it computes, in a file of its own, and a case with a row
/// in `AlgorithmKind`.
protocol ConvolutionAlgorithm: SearchParameters {
  /// Parameters that are good where nothing was measured; nil if the algorithm cannot compute `problem`.
  init?(for problem: ConvolutionProblem, _ precision: Precision, on backend: CLBackend)
  /// Whether it is faster than the plain tiles of the same kernel bodies, as far as is known without measuring.
  static func isPreferred(for problem: ConvolutionProblem) -> Bool
  /// Parameters that differ much, which a search begins with; not all are usable.
  static func candidates(for problem: ConvolutionProblem, on backend: CLBackend) -> [Self]

  var kind: AlgorithmKind { get }
  var accuracy: AlgorithmAccuracy { get }
  /// Whether the kernels can be built with these parameters for `problem`, and the device has the local and private
  /// memory.
  func fits(_ problem: ConvolutionProblem, on backend: CLBackend) -> Bool
  /// Bytes of scratch memory; `add` is given at least as many.
  func workspaceByteCount(for problem: ConvolutionProblem) -> Int
  /// Pixels of the blocks whose moments the sum's own kernel finds, for a `problem` with statistics: stage 1 of
  /// kernels/batch_normalization.cl, of which `add` then fills the workspace with the partials. Nil if it finds none.
  func momentsBlock(of problem: ConvolutionProblem) -> Int?
  /// Appends the kernels of the sum to `launch`.
  func add(_ problem: ConvolutionProblem, to launch: CLLaunch, workspace: CLMemory?) throws(BackendError)
}

extension ConvolutionAlgorithm {
  static func isPreferred(for problem: ConvolutionProblem) -> Bool { false }
  static func candidates(for problem: ConvolutionProblem, on backend: CLBackend) -> [Self] { [] }
  var accuracy: AlgorithmAccuracy { .plain }
  func workspaceByteCount(for problem: ConvolutionProblem) -> Int { 0 }
  func momentsBlock(of problem: ConvolutionProblem) -> Int? { nil }
}

/// Parameters among which a search looks for the fastest.
protocol SearchParameters: Codable, Hashable, Sendable, CustomStringConvertible {
  /// The same with one parameter changed; not all are usable.
  var neighbours: [Self] { get }
}

extension SearchParameters {
  /// Returns a copy for each of `values` of one parameter.
  func varying<Value>(_ parameter: WritableKeyPath<Self, Value>, _ values: [Value]) -> [Self] {
    values.map { value in
      var copy = self
      copy[keyPath: parameter] = value
      return copy
    }
  }

  /// Returns copies with half and with twice a parameter's value.
  func scaling(_ parameter: WritableKeyPath<Self, Int>) -> [Self] {
    varying(parameter, [self[keyPath: parameter] / 2, self[keyPath: parameter] * 2])
  }

  /// Returns copies to whose parameter each of `steps` is added.
  func stepping(_ parameter: WritableKeyPath<Self, Int>, by steps: [Int] = [-1, 1]) -> [Self] {
    varying(parameter, steps.map { self[keyPath: parameter] + $0 })
  }
}

/// The accuracy of an algorithm's results.
public struct AlgorithmAccuracy: Sendable {
  /// Largest error on random data, relative to the largest element of the result.
  let tolerance: Double
  /// Whether it only multiplies and adds the numbers that it is given, so that sums of small whole numbers have no
  /// error at all.
  let isExactOnWholeNumbers: Bool

  /// Returns the tolerance of a test that allows `tolerance` to float products; 0 where its data are whole numbers.
  public func tolerance(insteadOf tolerance: Double) -> Double {
    tolerance == 0 && isExactOnWholeNumbers ? 0 : max(tolerance, self.tolerance)
  }

  /// Products and sums in float, in whatever order.
  static let plain = AlgorithmAccuracy(tolerance: 1e-5, isExactOnWholeNumbers: true)
}

/// An algorithm of any kind with its parameters.
struct AnyAlgorithm: Hashable, Sendable, CustomStringConvertible {
  let parameters: any ConvolutionAlgorithm

  init(_ parameters: any ConvolutionAlgorithm) { self.parameters = parameters }

  /// An algorithm with the parameters that are good where nothing was measured; nil if it cannot compute `problem`.
  init?(_ kind: AlgorithmKind, for problem: ConvolutionProblem, on backend: CLBackend) {
    let precision = kind.precision ?? backend.precision
    guard let parameters = kind.type(for: problem.target)?.init(for: problem, precision, on: backend) else {
      return nil
    }
    self.parameters = parameters
  }

  var description: String { parameters.description }
  var neighbours: [AnyAlgorithm] { Self.erased(parameters.neighbours) }

  static func candidates(_ kind: AlgorithmKind, for problem: ConvolutionProblem, on backend: CLBackend)
    -> [AnyAlgorithm]
  {
    erased(kind.type(for: problem.target)?.candidates(for: problem, on: backend) ?? [])
  }

  private static func erased(_ algorithms: [any ConvolutionAlgorithm]) -> [AnyAlgorithm] { algorithms.map { Self($0) } }

  /// Whether the algorithm can compute `problem` here.
  func isUsable(for problem: ConvolutionProblem, on backend: CLBackend) -> Bool {
    parameters.fits(problem, on: backend)
      && parameters.workspaceByteCount(for: problem) <= backend.maximumAllocationByteCount
  }

  static func == (left: AnyAlgorithm, right: AnyAlgorithm) -> Bool {
    AnyHashable(left.parameters) == AnyHashable(right.parameters)
  }

  func hash(into hasher: inout Hasher) { hasher.combine(AnyHashable(parameters)) }
}

/// In files: `{"tiled": {"sizes": {…}}}`.
extension AnyAlgorithm: Encodable {
  private struct Name: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }

    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }

    static let parameters = Name(stringValue: "sizes")
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Name.self)
    let name = Name(stringValue: parameters.kind.fileName)
    var inner = container.nestedContainer(keyedBy: Name.self, forKey: name)
    try inner.encode(parameters, forKey: .parameters)
  }

  /// Reads an algorithm for `target`.
  init(from decoder: any Decoder, for target: ConvolutionProblem.Target) throws {
    let container = try decoder.container(keyedBy: Name.self)
    guard let name = container.allKeys.first, container.allKeys.count == 1,
      let kind = AlgorithmKind.allCases.first(where: { $0.fileName == name.stringValue }),
      let type = kind.type(for: target)
    else {
      throw DecodingError.dataCorrupted(
        DecodingError.Context(codingPath: decoder.codingPath, debugDescription: "no algorithm is named so"))
    }
    let inner = try container.nestedContainer(keyedBy: Name.self, forKey: name)
    parameters = try inner.decode(type, forKey: .parameters)
  }
}
