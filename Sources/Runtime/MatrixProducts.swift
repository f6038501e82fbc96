/// How the processor's convolutions multiply matrices.
public enum MatrixProducts: String, Codable, CaseIterable, Sendable {
  /// By this program's own loops on register tiles.
  case vector
  /// By the system's BLAS.
  case blas
}
