import Runtime

/// Tiles of a matrix product M × N × K on a GPU: a tile's rows are of M, its columns of N, its depth of K.
protocol ProductTiles: SearchParameters {
  var rows: Int { get }
  var columns: Int { get }
  /// Work-items of a group, which computes one tile.
  var group: (Int, Int, Int) { get }
  /// Whether a data sum's tiles leave local memory enough for the moments of their columns: the guard in
  /// kernels/convolution_moments.h.
  var holdMoments: Bool { get }
}

/// An algorithm of tiled matrix products on a GPU.
protocol TiledAlgorithm: ConvolutionAlgorithm {
  associatedtype Tiles: ProductTiles
  var tiles: Tiles { get set }

  /// Parameters that are good with these tiles; nil if the algorithm cannot compute `problem`, with whatever tiles.
  init?(for problem: ConvolutionProblem, tiles: Tiles)
}

extension TiledAlgorithm where Tiles == ConvolutionTiles {
  init?(for problem: ConvolutionProblem, _ precision: Precision, on backend: CLBackend) {
    for tiles in ConvolutionTiles.standard {
      guard let algorithm = Self(for: problem, tiles: tiles) else { return nil }
      if algorithm.fits(problem, on: backend) {
        self = algorithm
        return
      }
    }
    return nil
  }

  static func candidates(for problem: ConvolutionProblem, on backend: CLBackend) -> [Self] {
    ConvolutionTiles.candidates.compactMap { Self(for: problem, tiles: $0) }
  }
}

extension TiledAlgorithm where Tiles == TensorTiles {
  static func isPreferred(for problem: ConvolutionProblem) -> Bool { TensorTiles.pay(for: problem) }

  static func candidates(for problem: ConvolutionProblem, on backend: CLBackend) -> [Self] {
    TensorTiles.candidates(backend.precision, for: problem).compactMap { Self(for: problem, tiles: $0) }
  }

  var kind: AlgorithmKind { tiles.kind }
  var accuracy: AlgorithmAccuracy { tiles.accuracy }
}
