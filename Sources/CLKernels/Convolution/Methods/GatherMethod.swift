import Runtime

/// How to compute a `ConvolutionGather`: the way, and every size that it has.
///
/// A new way is a type in a file of its own that conforms to `GatherImplementation`, a case here, and one of `MethodFamily`.
public enum GatherMethod: Codable, Hashable, Sendable {
  case naive(sizes: NaiveGather)
  case tiled(sizes: TiledGather)
  case vector(sizes: VectorGather)

  var implementation: any GatherImplementation {
    switch self {
    case .naive(let sizes): sizes
    case .tiled(let sizes): sizes
    case .vector(let sizes): sizes
    }
  }

  var family: MethodFamily {
    switch self {
    case .naive: .naive
    case .tiled: .tiled
    case .vector: .vector
    }
  }

  /// The way with the sizes that are good where nothing was measured; nil if it cannot compute this.
  static func standard(_ family: MethodFamily, for gather: ConvolutionGather, on device: CLDevice) -> GatherMethod? {
    switch family {
    case .naive: .naive(sizes: NaiveGather())
    case .tiled: .tiled(sizes: TiledGather(for: gather))
    case .vector: .vector(sizes: VectorGather(for: gather))
    }
  }
}

/// A way to compute a `ConvolutionGather`, with its sizes.
protocol GatherImplementation {
  var accuracy: MethodAccuracy { get }
  /// Bytes of scratch memory; `add` is given at least as many.
  func workspaceByteCount(for gather: ConvolutionGather) -> Int
  /// Appends the kernels to `launch`.
  func add(_ gather: ConvolutionGather, to launch: CLLaunch, on backend: CLBackend, workspace: CLMemory?)
    throws(BackendError)
}

extension GatherImplementation {
  var accuracy: MethodAccuracy { .plain }
}
