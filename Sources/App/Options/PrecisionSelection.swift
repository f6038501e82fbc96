import ArgumentParser
import Runtime

/// What `--precision` names.
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

  /// As backends take it.
  var precision: Precision? {
    switch self {
    case .automatic: nil
    case .named(let precision): precision
    }
  }

  var defaultValueDescription: String { precision?.rawValue ?? "auto" }

  static let allValueStrings = ["auto"] + Precision.allCases.map(\.rawValue)
}
