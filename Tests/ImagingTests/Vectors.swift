import Foundation
import Testing

@testable import Imaging

/// The files that Scripts/make_imaging_vectors.py and Scripts/make_photograph_vectors.py write.
enum Vectors {
  static let folder = Bundle.module.resourceURL?.appendingPathComponent("Vectors").path ?? ""

  static func load<Value: Decodable>(_ name: String, as type: Value.Type = Value.self) throws -> Value {
    try JSONDecoder().decode(type, from: Data(contentsOf: URL(fileURLWithPath: "\(folder)/\(name)")))
  }

  /// The pixels of an image file, and their largest difference from the decoder's.
  private struct Pixels: Decodable {
    let width: Int
    let height: Int
    let tolerance: Int
    let bytes: HexBytes
  }

  /// Returns the names of the image files whose pixels `document` holds.
  static func names(in document: String) throws -> [String] {
    try load(document, as: [String: Pixels].self).keys.sorted()
  }

  /// Expects the pixels of an image file to be those of its entry in `document`.
  static func expectPixels(of path: String, as name: String, in document: String) throws {
    let expected = try #require(load(document, as: [String: Pixels].self)[name])
    let image = try RGBImage(contentsOf: "\(folder)/\(path)")
    #expect(image.width == expected.width && image.height == expected.height)
    let difference = zip(image.bytes, expected.bytes.bytes).map { abs(Int($0) - Int($1)) }.max() ?? 256
    #expect(difference <= expected.tolerance)
  }
}

/// Bytes written as hexadecimal digits.
struct HexBytes: Decodable {
  let bytes: [UInt8]

  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let digits = Array(try container.decode(String.self).utf8)
    bytes = try stride(from: 0, to: digits.count, by: 2).map { index in
      guard let byte = UInt8(String(decoding: digits[index...index + 1], as: UTF8.self), radix: 16) else {
        throw DecodingError.dataCorruptedError(in: container, debugDescription: "not hexadecimal")
      }
      return byte
    }
  }
}
