import Runtime

/// How to compute a `ConvolutionGather`: the way, and every size that it has.
///
/// A new way is a type in a file of its own that conforms to `GatherImplementation`, a case here, and one of `MethodFamily`.
public enum GatherMethod: Codable, Hashable, Sendable {
  case naive(sizes: NaiveGather)
  case tiled(sizes: TiledGather)
  case vector(sizes: VectorGather)
  case winograd(sizes: WinogradGather)
  case winogradVector(sizes: WinogradVectorGather)
  case tensor(sizes: TensorGather)

  /// The method as what can be done with it.
  var implementation: any GatherImplementation {
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
  static func standard(_ family: MethodFamily, for gather: ConvolutionGather, on backend: CLBackend) -> GatherMethod? {
    switch family {
    case .naive: .naive(sizes: NaiveGather())
    case .tiled: .tiled(sizes: TiledGather(for: gather))
    case .vector: .vector(sizes: VectorGather(for: gather))
    case .winograd: WinogradGather(for: gather).map { .winograd(sizes: $0) }
    case .winogradVector:
      !Winograd.vectorsBuild(on: backend.device)
        ? nil : WinogradVectorGather(for: gather, cores: backend.device.computeUnits).map { .winogradVector(sizes: $0) }
    case .tensorFloat32: .tensor(sizes: TensorGather(for: gather, .tensorFloat32))
    case .splitBFloat16: .tensor(sizes: TensorGather(for: gather, .splitBFloat16))
    }
  }

  /// What a search begins with: a few that differ much, of every way that may be the fastest with these bodies. Some may not
  /// be usable.
  static func candidates(for gather: ConvolutionGather, on backend: CLBackend) -> [GatherMethod] {
    switch backend.bodies {
    case .gpu:
      TiledGather.candidates(for: gather).map { .tiled(sizes: $0) }
        + WinogradGather.candidates(for: gather).map { .winograd(sizes: $0) }
        + TensorGather.candidates(for: gather, backend.precision).map { .tensor(sizes: $0) }
    case .cpu:
      WinogradVectorGather.candidates(for: gather, cores: backend.device.computeUnits).map {
        .winogradVector(sizes: $0)
      }
        + VectorGather.candidates(for: gather).map { .vector(sizes: $0) }
    }
  }

  /// The same way with one size changed; some may not be usable.
  var neighbours: [GatherMethod] {
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

/// A way to compute a `ConvolutionGather`, with its sizes.
protocol GatherImplementation: MethodSizes {
  /// Whether the kernels can be built with these sizes for this, and the device has room for them.
  func isUsable(for gather: ConvolutionGather, on backend: CLBackend) -> Bool
  /// Bytes of scratch memory; `add` is given at least as many.
  func workspaceByteCount(for gather: ConvolutionGather) -> Int
  /// Appends the kernels to `launch`.
  func add(_ gather: ConvolutionGather, to launch: CLLaunch, on backend: CLBackend, workspace: CLMemory?)
    throws(BackendError)
}

extension GatherMethod: CustomStringConvertible {
  public var description: String { implementation.description }
}
