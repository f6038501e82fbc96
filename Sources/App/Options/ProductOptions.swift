import ArgumentParser
import CPUKernels
import Runtime

/// The option `--cpu-products`.
struct ProductOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "How convolutions multiply with --device cpu.",
      discussion: """
        vector is by this program's own loops, which are made for AVX2 and AVX-512; blas is by OpenBLAS, or by the \
        library that RECOLOR_BLAS names. auto is blas where that is faster, on processors without AVX2, and vector \
        elsewhere and without a library.
        """,
      valueName: "products"))
  var cpuProducts: ProductSelection = .automatic
}

/// A value of `--cpu-products`.
enum ProductSelection: Hashable, ExpressibleByArgument {
  /// The system's BLAS where it is faster than the vector loops.
  case automatic
  case named(MatrixProducts)

  init?(argument: String) {
    if argument == "auto" {
      self = .automatic
    } else if let products = MatrixProducts(rawValue: argument) {
      self = .named(products)
    } else {
      return nil
    }
  }

  var defaultValueDescription: String {
    switch self {
    case .automatic: "auto"
    case .named(let products): products.rawValue
    }
  }

  static let allValueStrings = ["auto"] + MatrixProducts.allCases.map(\.rawValue)

  /// Returns the library that multiplies; nil for the vector loops.
  /// - Throws: `BackendError.library` where BLAS is asked for and there is none.
  func library() throws(BackendError) -> BLAS? {
    switch self {
    case .automatic: BLAS.automatic
    case .named(.vector): nil
    case .named(.blas): try BLAS.shared()
    }
  }
}
