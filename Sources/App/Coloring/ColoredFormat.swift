import ArgumentParser
import Imaging

/// The format of colored pictures, a value of `--format`.
enum ColoredFormat: Equatable {
  /// That of the picture, or PNG where pictures of its format are only read.
  case same
  case named(ImageFormat)

  /// Returns the format of the colored picture of a file, whose first bytes decide what `same` is.
  func format(ofPictureAt path: String) -> ImageFormat {
    switch self {
    case .named(let format): return format
    case .same:
      guard let format = ImageFormat(ofFileAt: path), ImageFormat.writable.contains(format) else { return .png }
      return format
    }
  }

  /// The format of the colored picture of standard input.
  /// - Throws: `ValidationError` for `same`, because the input is read later.
  func formatOfStandardInput() throws(ValidationError) -> ImageFormat {
    switch self {
    case .named(let format): return format
    case .same:
      throw ValidationError(
        "--format same: the format of standard input is not known before it is read; name one of "
          + "\(Format.list(ImageFormat.allValueStrings, "and")).")
    }
  }
}

extension ColoredFormat: ExpressibleByArgument {
  init?(argument: String) {
    if argument == "same" {
      self = .same
    } else if let format = ImageFormat(argument: argument) {
      self = .named(format)
    } else {
      return nil
    }
  }

  static var allValueStrings: [String] { ["same"] + ImageFormat.allValueStrings }
}

extension ImageFormat: ExpressibleByArgument {
  /// Creates a format that is written from its name.
  public init?(argument: String) {
    guard let format = Self.writable.first(where: { $0.rawValue == argument }) else { return nil }
    self = format
  }

  public static var allValueStrings: [String] { writable.map(\.rawValue) }

  /// The endings of the names of written files, for help and messages.
  static let writtenEndings = endings(of: writable)

  /// The formats that have a quality, for help and messages.
  static let lossy = writable.filter(\.isLossy)

  /// Returns the endings of the names of written files of formats.
  static func endings(of formats: [ImageFormat]) -> String {
    Format.list(formats.flatMap(\.writtenFileExtensions).map { ".\($0)" }, "or")
  }
}
