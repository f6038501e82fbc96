import Foundation

/// A file written into the address itself, so that a page needs none beside it.
public enum DataURI {
  /// A PNG file.
  public static func png(_ bytes: [UInt8]) -> String { "data:image/png;base64," + Data(bytes).base64EncodedString() }
}
