import ArgumentParser
import Runtime

/// The option `--precision`.
struct PrecisionOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "How convolutions multiply.",
      discussion: """
        fp32 everywhere; tf32 and bf16x3 on the tensor cores of NVIDIA GPUs of compute capability 8.0 and later: tf32 \
        rounds operands to 11 bits, bf16x3 splits them into two halves and is nearly as close as fp32. auto is tf32 \
        where it can be had, which is what PyTorch does by default, and fp32 elsewhere.
        """,
      valueName: "precision"))
  var precision: PrecisionSelection = .automatic
}

/// A value of `--precision`.
enum PrecisionSelection: Hashable, ExpressibleByArgument {
  /// TF32 on devices with tensor cores for it, as PyTorch does by default; fp32 elsewhere.
  case automatic
  case named(Precision)

  init?(argument: String) {
    if argument == "auto" {
      self = .automatic
    } else if let precision = Precision(rawValue: argument) {
      self = .named(precision)
    } else {
      return nil
    }
  }

  /// The precision as backends take it; nil for automatic.
  var precision: Precision? {
    switch self {
    case .automatic: nil
    case .named(let precision): precision
    }
  }

  var defaultValueDescription: String { precision?.rawValue ?? "auto" }

  static let allValueStrings = ["auto"] + Precision.allCases.map(\.rawValue)
}
