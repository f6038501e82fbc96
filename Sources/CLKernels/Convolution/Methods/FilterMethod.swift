import Runtime

/// How to compute a `ConvolutionFilter`: the way, and every size that it has.
///
/// A new way is a type in a file of its own that conforms to `FilterImplementation`, a case here, and one of `MethodFamily`.
public enum FilterMethod: Codable, Hashable, Sendable {
  case naive(sizes: NaiveFilter)
  case tiled(sizes: TiledFilter)
  case vector(sizes: VectorFilter)
  case winograd(sizes: WinogradFilter)
  case winogradVector(sizes: WinogradVectorFilter)
  case tensor(sizes: TensorFilter)

  /// The method as what can be done with it.
  var implementation: any FilterImplementation {
    switch self {
    case .naive(let sizes): sizes
    case .tiled(let sizes): sizes
    case .vector(let sizes): sizes
    case .winograd(let sizes): sizes
    case .winogradVector(let sizes): sizes
    case .tensor(let sizes): sizes
    }
  }

  var family: MethodFamily {
    switch self {
    case .naive: .naive
    case .tiled: .tiled
    case .vector: .vector
    case .winograd: .winograd
    case .winogradVector: .winogradVector
    case .tensor(let sizes): MethodFamily(sizes.tiles.precision) ?? .tensorFloat32
    }
  }

  /// The way with the sizes that are good where nothing was measured; nil if it cannot compute this.
  static func standard(_ family: MethodFamily, for filter: ConvolutionFilter, on backend: CLBackend) -> FilterMethod? {
    switch family {
    case .naive: .naive(sizes: NaiveFilter())
    case .tiled: .tiled(sizes: TiledFilter(for: filter))
    case .vector: .vector(sizes: VectorFilter(for: filter))
    case .winograd: WinogradFilter(for: filter).map { .winograd(sizes: $0) }
    case .winogradVector:
      !Winograd.vectorsBuild(on: backend.device)
        ? nil : WinogradVectorFilter(for: filter).map { .winogradVector(sizes: $0) }
    case .tensorFloat32: .tensor(sizes: TensorFilter(for: filter, .tensorFloat32))
    case .splitBFloat16: .tensor(sizes: TensorFilter(for: filter, .splitBFloat16))
    }
  }

  /// What a search begins with: a few that differ much, of every way that may be the fastest with these bodies. Some may not
  /// be usable.
  static func candidates(for filter: ConvolutionFilter, on backend: CLBackend) -> [FilterMethod] {
    switch backend.bodies {
    case .gpu:
      TiledFilter.candidates(for: filter).map { .tiled(sizes: $0) }
        + WinogradFilter.candidates(for: filter).map { .winograd(sizes: $0) }
        + TensorFilter.candidates(for: filter, backend.precision).map { .tensor(sizes: $0) }
    case .cpu:
      WinogradVectorFilter.candidates(for: filter).map { .winogradVector(sizes: $0) }
        + VectorFilter.candidates(for: filter).map { .vector(sizes: $0) }
    }
  }

  /// The same way with one size changed; some may not be usable.
  var neighbours: [FilterMethod] {
    switch self {
    case .naive(let sizes): sizes.neighbours.map { .naive(sizes: $0) }
    case .tiled(let sizes): sizes.neighbours.map { .tiled(sizes: $0) }
    case .vector(let sizes): sizes.neighbours.map { .vector(sizes: $0) }
    case .winograd(let sizes): sizes.neighbours.map { .winograd(sizes: $0) }
    case .winogradVector(let sizes): sizes.neighbours.map { .winogradVector(sizes: $0) }
    case .tensor(let sizes): sizes.neighbours.map { .tensor(sizes: $0) }
    }
  }
}

/// A way to compute the weights' gradient of a `ConvolutionFilter`, with its sizes. The bias's gradient is computed after it,
/// by kernels that all ways share.
protocol FilterImplementation: MethodSizes {
  /// Whether the kernels can be built with these sizes for this, and the device has room for them.
  func isUsable(for filter: ConvolutionFilter, on backend: CLBackend) -> Bool
  /// Bytes of scratch memory; `add` is given at least as many.
  func workspaceByteCount(for filter: ConvolutionFilter) -> Int
  /// Appends the kernels of the weights' gradient to `launch`.
  func add(_ filter: ConvolutionFilter, to launch: CLLaunch, on backend: CLBackend, workspace: CLMemory?)
    throws(BackendError)
}

extension FilterMethod: CustomStringConvertible {
  public var description: String { implementation.description }
}
