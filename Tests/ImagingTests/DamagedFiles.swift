import Testing

@testable import Imaging

/// Expectations of every reader where files end too early or are damaged.
enum DamagedFiles {
  /// Expects an error where the file is cut to one of some lengths.
  static func expectErrors(
    of whole: [UInt8], named name: String, cutTo lengths: some Sequence<Int>, isPartAccepted: Bool = false
  ) {
    for length in lengths {
      #expect(throws: ImageError.self, "\(name) cut to \(length) bytes") {
        _ = try Photograph(encoded: Array(whole[..<length]), name: name, isPartAccepted: isPartAccepted)
      }
    }
  }

  /// Damages one byte of the file after the other. The damage may be undetected or an error, but must not crash.
  /// - Parameters:
  ///   - places: Those of the bytes; nil for all.
  ///   - values: Returns the wrong values of a byte.
  static func expectSafety(
    of whole: [UInt8], named name: String, at places: [Int]? = nil, isPartAccepted: Bool = false,
    values: (UInt8) -> [UInt8] = { [0x00, 0x7F, 0xFF, $0 ^ 1] }
  ) {
    for place in places ?? Array(whole.indices) {
      for value in values(whole[place]) {
        var damaged = whole
        damaged[place] = value
        do throws(ImageError) {
          let image = try Photograph(
            encoded: damaged, name: name, pixelLimit: 1 << 20, isPartAccepted: isPartAccepted
          ).rgbImage
          #expect(image.bytes.count == 3 * image.width * image.height)
        } catch {
          #expect(!error.description.isEmpty && !error.description.contains("\n"))
        }
      }
    }
  }
}
